"""A server of PostgreSQL of the tests' own, in a temporary folder, reached by a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class NoServerError(Exception):
    """There is no PostgreSQL here, and why."""


@dataclass(frozen=True)
class Server:
    """A private cluster in a temporary folder, reached by a socket in it."""

    folder: Path

    def url(self, database: str, password: str = "a-secret", user: str = "office") -> str:
        """The address of a database."""
        return f"postgresql://{user}:{password}@/{database}?host={self.folder}"

    def copy(self, name: str, template: str) -> str:
        """Make a database that is a copy of another; return its address."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as k:
            quick = "STRATEGY FILE_COPY" if k.info.server_version >= 150_000 else ""
            k.execute(f"CREATE DATABASE {name} TEMPLATE {template} {quick}")  # type: ignore[arg-type]
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run a statement outside a transaction."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


@contextmanager
def running() -> Iterator[Server]:
    """Start a server and end it with the block; `NoServerError` where there is none to start."""
    found = subprocess.run(["sh", str(ROOT / "scripts" / "postgres.sh"), "--find"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise NoServerError(found.stderr.strip().splitlines()[-1])
    programs = Path(found.stdout.strip())
    folder = Path(tempfile.mkdtemp(prefix="ecopg-", dir=_room()))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = next((u for u in ("postgres", "nobody") if _exists(u)), None)
        if user is None:
            raise NoServerError("PostgreSQL does not run as root, and there is no user postgres or nobody")
        entry = pwd.getpwnam(user)
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    password = folder / "password"
    password.write_text("a-secret\n")
    password.chmod(0o644)
    folder.chmod(0o755)
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"HOME": str(folder)}
    made = subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "office", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-sync"],
        capture_output=True, text=True, check=False, cwd=folder, env=env, **who,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    options = [
        "fsync=off",
        "full_page_writes=off",
        "listen_addresses=",
        f"unix_socket_directories={folder}",
        "shared_buffers=128MB",
    ]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *(a for o in options for a in ("-c", o))],
            stdout=log, stderr=log, cwd=folder, env=env, **who,
        )  # fmt: skip
    server = Server(folder)
    try:
        _wait(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # nothing of it is kept
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _room() -> str:
    """Where its files lie: in memory if there is plenty, for they are written much and kept for nobody."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30 else "/tmp"


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    for _ in range(600):
        assert process.poll() is None, (server.folder / "log").read_text()
        try:
            server.sql("SELECT 1")
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError((server.folder / "log").read_text())
