"""An office: a folder with `office.toml`, its database, `editions/`, `staging/` and the key of its personal data.

For everything of the platform: it opens the folder, gives connections, and turns what a database says into sentences.
The database is `office.sqlite3` in the folder (SQLite, write-ahead log, every commit synced) or a PostgreSQL server named
by a URL. Several offices can be open in one process; each has its own connection alias. Every write takes the one writer's
lock of the office first, so that two processes write one after the other. Nothing upgrades a schema behind one's back:
`open_office` refuses an older one and names `upgrade_office`, which copies an SQLite file before it changes anything.

References: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous; PostgreSQL 15 manual, sections 13.2, 13.3.5.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.dispatch import Signal

from ecocomp.io.files import disk_words, exclusive_lock, write_bytes
from ecocomp.terms import clocks
from ecocomp.terms.clocks import OFFICE_ZONE
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecoweb.settings")

CONFIG, DATABASE, EDITIONS, STAGING, KEY = "office.toml", "office.sqlite3", "editions", "staging", "office.key"
KEY_VARIABLE = "ECOCOMP_OFFICE_KEY"
"""Environment variable that names the file of the key, for an office whose key is kept apart from its folder."""
WRITER_LOCK = 0x65636F63
"""Number of the advisory lock that every writer of a PostgreSQL office takes (the letters `ecoc`)."""

opened = Signal()
"""Sent with `office` after an office was opened: the apps sweep what a killed process left behind."""
created = Signal()
"""Sent with `office` after its tables were made: the apps write their first rows."""


@dataclass(frozen=True)
class Office:
    """An open office.

    folder       where its files lie
    name         what the office is called
    region_code  code of its region
    zone         offset of its days from UTC in hours (China: 8)
    alias        name of its connection in Django
    vendor       ``sqlite`` or ``postgresql``
    key_file     the file of its key (it may be absent: then personal data cannot be read)
    login        the account of the operating system a command runs under, for the audit log; empty: no command
    """

    folder: Path
    name: str
    region_code: str
    zone: int
    alias: str
    vendor: str
    key_file: Path
    wait_s: float = 30.0
    login: str = ""
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def connection(self) -> BaseDatabaseWrapper:
        """The database connection of this thread."""
        from django.db import connections

        return connections[self.alias]

    @property
    def editions(self) -> Path:
        """The folder of the published edition files."""
        return self.folder / EDITIONS

    @property
    def staging(self) -> Path:
        """The folder in which files are made before they are published."""
        return self.folder / STAGING

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Give a cursor inside one transaction that holds the writer's lock; all or nothing.

        raises  FaultsError `office.locked` when another writer kept the lock longer than `wait_s`
        """
        from django.db import transaction

        with self.words(), transaction.atomic(using=self.alias, durable=True), self.connection.cursor() as cursor:
            if self.vendor == "postgresql":
                cursor.execute(f"SET LOCAL lock_timeout = '{int(self.wait_s * 1000)}ms'")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITER_LOCK])
            yield cursor

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Give a cursor that sees one state of the database, whatever is written meanwhile."""
        with self.words(), self.connection.cursor() as cursor:
            connection = self.connection
            if connection.in_atomic_block or getattr(connection, "ecoweb_reading", False):
                yield cursor
                return
            cursor.execute("BEGIN" if self.vendor == "sqlite" else "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            setattr(connection, "ecoweb_reading", True)  # noqa: B010 - a mark of ours on Django's object
            try:
                yield cursor
            finally:
                setattr(connection, "ecoweb_reading", False)  # noqa: B010
                cursor.execute("ROLLBACK")

    @contextmanager
    def words(self) -> Iterator[None]:
        """Turn what a database reports into a `FaultsError`; a fault of its own passes."""
        from django.db import Error

        try:
            with disk_words(self.folder):
                yield
        except (Error, sqlite3.Error) as exc:
            self._free()
            raise FaultsError([database_fault(exc, self.place)]) from exc

    def _free(self) -> None:
        """End a transaction that nobody owns, for a BEGIN or ROLLBACK was itself broken off, and close its connection.

        Closing alone would leave it the writer's lock as long as anything still refers to one of its statements.
        """
        connection = self.connection
        if connection.connection is None or connection.in_atomic_block or getattr(connection, "ecoweb_reading", False):
            return
        raw = connection.connection
        if raw.in_transaction if self.vendor == "sqlite" else raw.info.transaction_status:
            with suppress(Exception):
                raw.rollback()
            connection.close()

    @property
    def place(self) -> str:
        """What faults call the database: the file or the server's database, never a password."""
        return str(self.folder / DATABASE) if self.vendor == "sqlite" else f"postgresql:{self.connection.settings_dict['NAME']}"

    def today(self) -> date:
        """Return the day it is in the zone of the office."""
        return clocks.today()

    def close(self) -> None:
        """Close this thread's connection and forget the alias."""
        from django.db import connections

        with suppress(Exception):
            connections[self.alias].close()
        with suppress(AttributeError):
            del connections[self.alias]
        connections.databases.pop(self.alias, None)

    def __enter__(self) -> Office:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# ---------------------------------------------------------------- make, open, upgrade
def create_office(
    folder: Path | str, database_url: str | None = None, *, name: str, region_code: str, wait_s: float = 30.0, login: str = ""
) -> Office:
    """Make a new office in `folder` (new or empty) and open it.

    database_url  a PostgreSQL URL whose database exists and is empty; None for SQLite in the folder
    login         the account of the operating system that asks, where a command does
    raises        FaultsError when there is an office already, or the database cannot be reached or is not empty
    """
    place = Path(folder)
    if (place / CONFIG).exists() or ((place / DATABASE).exists() and not _half_made(place / DATABASE)):
        raise FaultsError([_there_already(place)])
    if not name.strip() or not region_code.strip():
        raise UsageError(Text("新办公室要有名称和区划代码。", "A new office needs a name and a region code."))
    with disk_words(place):
        for sub in (place, place / EDITIONS, place / STAGING):
            sub.mkdir(parents=True, exist_ok=True)
    with disk_words(place), exclusive_lock(place / STAGING / ".making"):
        return _made(place, database_url, name, region_code, wait_s, login)


def _made(place: Path, database_url: str | None, name: str, region_code: str, wait_s: float, login: str) -> Office:
    """Make the office while nobody else does."""
    if (place / CONFIG).exists():
        raise FaultsError([_there_already(place)])
    if not database_url:
        for left in (place / f"{DATABASE}{end}" for end in ("", "-wal", "-shm")):  # of an office whose making was killed
            left.unlink(missing_ok=True)
    key_file = _key_file(place)
    if not key_file.exists():
        write_key(key_file, os.urandom(32))
    office = _connected(place, {"name": name, "region_code": region_code}, database_url, wait_s, login)
    try:
        _check_reachable(office)
        _refuse_used(office)
        _migrate(office)
        with office.words():
            created.send(sender=Office, office=office)
        _write_config(place, name, region_code, database_url)
    except BaseException:
        office.close()
        raise
    return office


def open_office(folder: Path | str, database_url: str | None = None, *, wait_s: float = 30.0, login: str = "") -> Office:
    """Open the office in `folder`.

    database_url  instead of the one in `office.toml`
    wait_s        how long a write waits for another writer
    login         the account of the operating system that asks, where a command does; stands in the log beside the actor
    raises        FaultsError: no office there, its file damaged, the server not reachable, the schema older or newer
    """
    place = Path(folder)
    config = _read_config(place)
    office = _connected(place, config, database_url or config.get("database_url") or None, wait_s, login)
    try:
        _check_reachable(office)
        _check_schema(office)
        opened.send(sender=Office, office=office)
    except BaseException:
        office.close()
        raise
    return office


def upgrade_office(folder: Path | str, database_url: str | None = None, *, wait_s: float = 30.0) -> Path | None:
    """Bring an office of an older version to this one's schema; return the copy that was made of its SQLite file.

    A PostgreSQL office is changed in transactions; copying it first (`pg_dump`) is the server's administrator's.
    """
    place = Path(folder)
    config = _read_config(place)
    office = _connected(place, config, database_url or config.get("database_url") or None, wait_s)
    with office:
        _check_reachable(office)
        missing, unknown = _schema_gap(office)
        if unknown:
            raise FaultsError([_newer(office, unknown)])
        if not missing:
            return None
        copy = _copied(office) if office.vendor == "sqlite" else None
        _migrate(office)
        return copy


def setup() -> None:
    """Load Django once in this process."""
    from django.apps import apps

    if not apps.ready:
        django.setup()


# ---------------------------------------------------------------- connection
def _connected(place: Path, config: dict[str, Any], url: str | None, wait_s: float, login: str = "") -> Office:
    setup()
    from django.db import connections

    alias = f"office-{uuid.uuid4().hex[:12]}"
    settings = _postgres(url, place) if url else _sqlite(place / DATABASE, wait_s)
    connections.databases[alias] = connections.configure_settings({"default": {}, alias: settings})[alias]
    vendor = "postgresql" if url else "sqlite"
    return Office(
        place.absolute(),
        str(config["name"]),
        str(config["region_code"]),
        int(config.get("zone", 8)),
        alias,
        vendor,
        _key_file(place),
        wait_s,
        login,
    )


def _sqlite(file: Path, wait_s: float) -> dict[str, Any]:
    pragmas = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "cache_size=-65536",
        "secure_delete=ON",
    )
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file.absolute()),
        "OPTIONS": {
            "timeout": wait_s,
            "transaction_mode": "IMMEDIATE",
            "init_command": ";".join(f"PRAGMA {p}" for p in pragmas),
        },
    }


def _postgres(url: str, place: Path) -> dict[str, Any]:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = dict(conninfo_to_dict(url))
        if not re.match(r"postgres(ql)?://", url) or not parts.get("dbname"):
            raise ValueError
    except (psycopg.Error, ValueError):
        raise FaultsError([_bad_url(place)]) from None
    taken = {k: str(parts.pop(p, "") or "") for k, p in (("NAME", "dbname"), ("USER", "user"), ("PASSWORD", "password"))}
    host = {"HOST": str(parts.pop("host", "") or ""), "PORT": str(parts.pop("port", "") or "")}
    return {"ENGINE": "django.db.backends.postgresql", **taken, **host, "OPTIONS": {"connect_timeout": 10, **parts}}


def _check_reachable(office: Office) -> None:
    with office.words(), office.connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if office.vendor == "sqlite":
            cursor.execute("PRAGMA schema_version")
            return
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])
    if version < 150000:
        raise FaultsError([_old_server(office, version)])


# ---------------------------------------------------------------- schema
def _schema_gap(office: Office) -> tuple[list[str], list[str]]:
    """Return the migrations the database lacks, and those it has that this version does not know."""
    from django.db.migrations.loader import MigrationLoader

    with office.words():
        loader = MigrationLoader(office.connection)
    known, applied = set(loader.disk_migrations), set(loader.applied_migrations)
    ours = {app for app, _ in known}
    missing = [f"{a}.{n}" for a, n in sorted(known - applied)]
    return missing, [f"{a}.{n}" for a, n in sorted(applied - known) if a in ours]


def _check_schema(office: Office) -> None:
    missing, unknown = _schema_gap(office)
    if unknown:
        raise FaultsError([_newer(office, unknown)])
    if missing:
        raise FaultsError([_older(office, missing)])


def _migrate(office: Office) -> None:
    from django.db.migrations.executor import MigrationExecutor

    with office.words():
        executor = MigrationExecutor(office.connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


def _refuse_used(office: Office) -> None:
    with office.words():
        tables = office.connection.introspection.table_names()
    if tables:
        raise FaultsError(
            [
                Fault(
                    "office.database_used",
                    office.place,
                    "",
                    Text("数据库里已有 {n} 张表（如 {t}）。", "the database already holds {n} tables (such as {t}).").fill(
                        n=len(tables), t=tables[0]
                    ),
                    Text("为新办公室新建一个空数据库。", "Make an empty database for the new office."),
                )
            ]
        )


def _copied(office: Office) -> Path:
    """Copy the SQLite file as it is now, whole, beside itself."""
    copy = office.folder / f"{DATABASE}.before-{datetime.now(OFFICE_ZONE):%Y%m%d-%H%M%S}"
    with office.words(), office.connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    return copy


# ---------------------------------------------------------------- files
def _read_config(place: Path) -> dict[str, Any]:
    file = place / CONFIG
    try:
        config = tomllib.loads(file.read_text(encoding="utf-8"))
        wrong = [k for k in ("name", "region_code") if not isinstance(config.get(k), str) or not config[k].strip()]
        wrong += ["database_url"] if not isinstance(config.get("database_url", ""), str) else []
        wrong += ["zone"] if type(config.get("zone", 8)) is not int or not -12 <= config.get("zone", 8) <= 14 else []
    except (FileNotFoundError, NotADirectoryError):
        raise FaultsError([_no_office(place)]) from None
    except (OSError, ValueError, RecursionError) as exc:
        raise FaultsError([_bad_config(file, str(exc))]) from None
    if wrong:
        raise FaultsError([_bad_config(file, ", ".join(wrong))])
    if not config.get("database_url") and not (place / DATABASE).is_file():
        raise FaultsError([_no_office(place)])
    return config


def _write_config(place: Path, name: str, region_code: str, url: str | None) -> None:
    lines = [f"name = {_toml(name)}", f"region_code = {_toml(region_code)}", "zone = 8  # hours from UTC / 与协调世界时相差的小时"]
    if url:
        lines.append(f"database_url = {_toml(url)}")
    write_bytes(("\n".join(lines) + "\n").encode(), place / CONFIG)
    (place / CONFIG).chmod(0o600 if url else 0o644)


def _toml(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key_file(place: Path) -> Path:
    named = os.environ.get(KEY_VARIABLE)
    return Path(named) if named else (place / KEY).absolute()


def write_key(file: Path, key: bytes) -> None:
    """Write a key of 32 bytes as 64 hexadecimal digits into a file only its owner can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as out:
        out.write(key.hex() + "\n")
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def _half_made(file: Path) -> bool:
    """Whether an SQLite file holds nothing yet but the making of an office, which was killed before `office.toml` was written."""
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)
        try:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            setup()
            from django.apps import apps

            ours = {"django_migrations", "sqlite_sequence", *(m._meta.db_table for m in apps.get_models())}
            if "change" not in tables:
                return tables <= ours
            return int(connection.execute("SELECT count(*) FROM change").fetchone()[0]) <= 1
        finally:
            connection.close()
    except sqlite3.Error:
        return False


# ---------------------------------------------------------------- what a database says, as faults
def database_fault(exc: Exception, place: str) -> Fault:
    """Return the fault that says what a database error means; an unknown one keeps the database's own words."""
    said, low = str(exc).strip().split("\n")[0], str(exc).lower()
    for marks, code, clash, remedy in _SAID:
        if any(m in low for m in marks):
            return Fault(code, place, "", clash.fill(said=same(said)), remedy)
    return Fault(
        "office.database",
        place,
        "",
        Text("数据库报告：{said}", "the database reports: {said}").fill(said=said),
        Text("没有写入任何内容；按所述改正后重试。", "Nothing was written; mend what is said and try again."),
    )


_SAID: tuple[tuple[tuple[str, ...], str, Text, Text], ...] = (
    (
        ("database is locked", "lock timeout", "database table is locked"),
        "office.locked",
        Text("另一个进程正在写这个办公室。", "another process is writing to this office."),
        Text("等它结束后重试；没有写入任何内容。", "Try again when it has ended; nothing was written."),
    ),
    (
        ("readonly database", "read-only", "attempt to write a readonly", "permission denied"),
        "office.read_only",
        Text("不能写入数据库：{said}", "the database cannot be written: {said}"),
        Text(
            "检查文件夹和文件的权限，或数据库账号的权限。",
            "Check the permissions of the folder and file, or of the database account.",
        ),
    ),
    (
        ("unable to open database file",),
        "office.cannot_open",
        Text("打不开数据库文件：{said}", "the database file cannot be opened: {said}"),
        Text("检查文件夹是否存在、是否可写。", "Check that the folder exists and can be written."),
    ),
    (
        ("not a database", "malformed", "disk i/o error"),
        "office.damaged",
        Text("数据库文件已损坏：{said}", "the database file is damaged: {said}"),
        Text("从备份恢复 office.sqlite3。", "Restore office.sqlite3 from a backup."),
    ),
    (
        ("database or disk is full", "no space left", "could not extend file"),
        "office.disk_full",
        Text("磁盘空间不足：{said}", "the disk is full: {said}"),
        Text("腾出空间后重试；没有写入任何内容。", "Free some space and try again; nothing was written."),
    ),
    (
        ("password authentication failed", "no password supplied", "authentication failed"),
        "office.password",
        Text("数据库服务器拒绝了账号或密码。", "the database server refused the account or its password."),
        Text("检查 office.toml 中的 database_url。", "Check database_url in office.toml."),
    ),
    (
        ("does not exist",),
        "office.no_database",
        Text("数据库服务器上没有所指的数据库或账号：{said}", "the server has no such database, account or table: {said}"),
        Text("请管理员新建，或改正 database_url。", "Have it made by its administrator, or correct database_url."),
    ),
    (
        (
            "connection refused",
            "could not connect",
            "could not translate",
            "timeout expired",
            "connection failed",
            "is the server running",
        ),
        "office.unreachable",
        Text("连不上数据库服务器：{said}", "the database server cannot be reached: {said}"),
        Text("检查地址、端口，以及服务器是否在运行。", "Check address and port, and that the server is running."),
    ),
    (
        ("server closed the connection", "terminating connection", "connection is closed", "connection already closed"),
        "office.connection_lost",
        Text("与数据库服务器的连接中断。", "the connection to the database server was lost."),
        Text("重试；未提交的内容没有写入。", "Try again; what was not committed was not written."),
    ),
)


def _there_already(place: Path) -> Fault:
    return Fault(
        "office.exists",
        str(place),
        "",
        Text("这里已经有一个办公室。", "there is an office here already."),
        Text("直接打开它，或换一个文件夹。", "Open it, or choose another folder."),
    )


def _no_office(place: Path) -> Fault:
    return Fault(
        "office.missing",
        str(place),
        "",
        Text(
            "这里没有办公室（缺 office.toml 或 office.sqlite3）。",
            "there is no office here (office.toml or office.sqlite3 is missing).",
        ),
        Text(
            "检查文件夹名称，或新建：ecocomp office new 文件夹 --name 名称 --region 区划代码。",
            "Check the name of the folder, or make one: ecocomp office new FOLDER --name NAME --region CODE.",
        ),
    )


def _bad_config(file: Path, said: str) -> Fault:
    return Fault(
        "office.config",
        str(file),
        "",
        Text("读不懂：{s}", "cannot be read: {s}").fill(s=said),
        Text("改正该行；需要 name 和 region_code 两项文字。", "Correct the line; `name` and `region_code` are needed, both text."),
    )


def _bad_url(place: Path) -> Fault:
    return Fault(
        "office.url",
        str(place / CONFIG),
        "database_url",
        Text("这不是 PostgreSQL 数据库地址。", "this is no address of a PostgreSQL database."),
        Text("写成 postgresql://账号:密码@主机:端口/数据库。", "Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE."),
    )


def _old_server(office: Office, version: int) -> Fault:
    return Fault(
        "office.server_version",
        office.place,
        "",
        Text("PostgreSQL 版本为 {v}，需要 15 或更新。", "the server is PostgreSQL {v}; 15 or newer is needed.").fill(
            v=version // 10000
        ),
        Text("升级服务器，或用文件夹中的 SQLite。", "Upgrade the server, or use SQLite in the folder."),
    )


def _newer(office: Office, unknown: list[str]) -> Fault:
    return Fault(
        "office.newer_schema",
        office.place,
        unknown[-1],
        Text("数据库由更新版本的 ecocomp 建立。", "the database was made by a newer version of ecocomp."),
        Text("升级本机的 ecocomp 后再打开。", "Upgrade ecocomp on this machine, then open it."),
    )


def _older(office: Office, missing: list[str]) -> Fault:
    return Fault(
        "office.older_schema",
        office.place,
        missing[0],
        Text(
            "数据库的结构是旧版本的，缺 {n} 步。", "the database has the structure of an older version; {n} steps are missing."
        ).fill(n=len(missing)),
        Text("运行 upgrade_office（先自动备份）。", "Run upgrade_office (it makes a copy first)."),
    )


setup()  # whoever imports a module of the registers imports this one first, and needs no step of its own
