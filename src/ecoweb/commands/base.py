"""What the commands of an office share: which office, who acts and why, on which day and as known when."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import day_of, may_write, t
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecoweb.office import Office


@dataclass(frozen=True)
class Asked:
    """The day asked about, and the day whose knowledge counts; None means today."""

    on: date | None
    known: date | None

    def said(self, today: date) -> Text:
        """Return both days in words."""
        on, known = self.on or today, self.known or today
        return Text("{o} 的情况，按 {k} 所知", "on {o}, as known on {k}").fill(o=on, k=known)


def office_options(command: Any) -> Any:
    """Add `--office DIR` and `--database URL`."""
    command = click.option(
        "--database",
        envvar="ECOCOMP_DATABASE",
        metavar="URL",
        help=t("PostgreSQL 地址，代替办公室文件夹里的数据库", "PostgreSQL URL, instead of the database in the folder"),
    )(command)
    return click.option(
        "--office",
        "folder",
        envvar="ECOCOMP_OFFICE",
        type=click.Path(path_type=Path, file_okay=False),
        help=t("办公室文件夹（也可用环境变量 ECOCOMP_OFFICE）", "folder of the office (or the variable ECOCOMP_OFFICE)"),
    )(command)


def day_options(command: Any) -> Any:
    """Add `--on DATE` and `--known DATE`."""
    command = click.option(
        "--known",
        metavar="DATE",
        help=t("按这一天为止的记录回答，缺省为今天", "answer by what had been recorded by this day, default today"),
    )(command)
    return click.option("--on", metavar="DATE", help=t("问哪一天的情况，缺省为今天", "the day asked about, default today"))(command)


def act_options(command: Any) -> Any:
    """Add `--actor NAME` and `--reason TEXT`."""
    command = click.option("--reason", default="", help=t("为什么这样做，记入审计日志", "why, for the audit log"))(command)
    return click.option(
        "--actor", default=None, help=t("经办人，缺省为登录名；记入审计日志", "who acts, default the login name; for the audit log")
    )(command)


def target(path: Path | None, folder: Path | None = None, *inputs: Path | None) -> None:
    """Refuse to write over a file that is read, or into the office anywhere but its reports; `UsageError`."""
    may_write(path, *inputs)
    if path is None:
        return
    real = path.resolve()
    if folder is not None and real.is_relative_to(folder.resolve()):
        inside = real.relative_to(folder.resolve())
        if not inside.parts or inside.parts[0] != "reports":
            raise UsageError(
                Text(
                    "{p} 在办公室文件夹里；结果只能写到它的 reports 或别处。",
                    "{p} lies in the folder of the office; results go into its reports, or elsewhere.",
                ).fill(p=path)
            )


def asked(on: str | None, known: str | None) -> Asked:
    """Return the days of `--on` and `--known`."""
    return Asked(day_of(on), day_of(known))


def login_of() -> str:
    """Return the account of the operating system this process runs under, as the system knows it; empty where it does not.

    The variables USER and LOGNAME are not asked where the system itself can say: whoever types a command can set them.
    """
    try:
        import pwd
    except ImportError:  # no POSIX system
        try:
            return getpass.getuser()
        except (KeyError, OSError, ImportError):
            return ""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid:{number}"


def actor_of(name: str | None) -> str:
    """Return who acts: the name given, else the login name. What is given is stated, not proved: `login_of` is logged beside it."""
    if name is not None and not name.strip():
        raise UsageError(Text("--actor 是空的。", "--actor is empty."))
    login = name or login_of()
    if not login:
        raise UsageError(Text("无法得知登录名；用 --actor 写明经办人。", "The login name is not known; say who acts with --actor."))
    return name or f"u:{login}"


@contextmanager
def opened(folder: Path | None, database: str | None, make: Callable[[], tuple[str, str]] | None = None) -> Iterator[Office]:
    """Open the office, or make it if `make` gives its name and region code and there is none yet."""
    from ecoweb import office as offices

    if folder is None:
        raise UsageError(
            Text("请用 --office 写明办公室文件夹。", "Say which office with --office DIR (or the variable ECOCOMP_OFFICE).")
        )
    if make is not None and not (folder / offices.CONFIG).exists():
        name, region = make()
        office = offices.create_office(folder, database, name=name, region_code=region, login=login_of())
    else:
        office = offices.open_office(folder, database, login=login_of())
    with office:
        yield office
