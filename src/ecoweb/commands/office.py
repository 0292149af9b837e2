"""`ecocomp office`: make an office, say what it holds, verify its log and its editions, bring it to a newer version."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.options import Named, common, t, voice_of
from ecocomp.terms.text import Text
from ecoweb.commands.base import login_of, office_options, opened, target


@click.group(help=t("办公室：登记簿所在的文件夹和数据库。", "Office: the folder and database of the registers."))
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def office(lang: str | None) -> None:
    """The group; the language is read before parsing."""


@office.command("new", help=t("新建一个办公室。", "Make a new office."))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", required=True, help=t("名称", "name"))
@click.option("--region", required=True, help=t("区划代码", "region code"))
@click.option("--database", envvar="ECOCOMP_DATABASE", metavar="URL", help=t("PostgreSQL 地址（空库）", "PostgreSQL URL (empty)"))
@common
def office_new(folder: Path, name: str, region: str, database: str | None, **kwargs: Any) -> None:
    """Make an office."""
    from ecoweb.office import create_office

    voice = voice_of(kwargs)
    with create_office(folder, database, name=name, region_code=region, login=login_of()) as made:
        voice.data({"folder": str(made.folder), "name": made.name, "region_code": made.region_code, "database": made.vendor})
        said = Text(
            "已新建办公室 {n}（{r}，{v}）：{f}。个人信息的密钥在 {k}，请另行备份并妥善保管。",
            "Made the office {n} ({r}, {v}): {f}. The key of its personal data is {k}: back it up elsewhere and guard it.",
        )
        voice.say(said.fill(n=made.name, r=made.region_code, v=made.vendor, f=made.folder, k=made.key_file))


@office.command("show", help=t("说明办公室里有什么。", "Say what the office holds."))
@office_options
@common
def office_show(folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Say what an office holds."""
    from ecocomp.terms.registers import REGISTERS

    voice = voice_of(kwargs)
    with opened(folder, database) as made, made.reading() as cursor:
        counts = {}
        for register in REGISTERS:
            cursor.execute(f'SELECT count(*), count(known_to) FROM "{register}"')
            rows, ended = cursor.fetchone()
            counts[register] = {"versions": int(rows), "known_now": int(rows) - int(ended)}
        cursor.execute("SELECT count(*) FROM change")
        changes = int(cursor.fetchone()[0])
        voice.data(
            {"name": made.name, "region_code": made.region_code, "database": made.vendor, "changes": changes, "registers": counts}
        )
        voice.say(
            Text("{n}（{r}，{v}），{c:,} 次变更", "{n} ({r}, {v}), {c:,} changes").fill(
                n=made.name, r=made.region_code, v=made.vendor, c=changes
            )
        )
    heads = [Text("登记簿", "register"), Text("现知版本", "versions known now"), Text("全部版本", "versions in all")]
    rows = [
        [
            f"{REGISTERS[r].title.to(voice.lang)}（{r}）" if voice.lang == "zh" else f"{REGISTERS[r].title.en} ({r})",
            f"{c['known_now']:,}",
            f"{c['versions']:,}",
        ]
        for r, c in counts.items()
        if c["versions"]
    ]
    if rows:
        voice.table(Text("登记簿", "Registers"), heads, rows, right=(1, 2))


@office.command(
    "verify",
    help=t(
        "核对审计日志、登记内容与版次文件：被改动的会被指出。",
        "Verify audit log, registers and edition files: what was altered is named.",
    ),
)
@office_options
@click.option(
    "--checkpoint",
    "kept",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=t(
        "另处保存的存证点（office checkpoint）：日志须以它为开头",
        "a checkpoint kept elsewhere (office checkpoint): the log must begin with it",
    ),
)
@common
def office_verify(folder: Path | None, database: str | None, kept: Path | None, **kwargs: Any) -> None:
    """Verify an office."""
    from ecoweb.cadastre.operations import check_editions
    from ecoweb.records.guards import check_guards
    from ecoweb.records.log import verify_log
    from ecoweb.records.personal import check_seals
    from ecoweb.treasury.shape import check_tables

    voice = voice_of(kwargs)
    with opened(folder, database) as made:
        size, root = _kept(kept) if kept is not None else (None, None)
        guards = [*check_guards(made), *check_tables(made)]
        faults = [*verify_log(made, size, root), *guards, *check_seals(made), *check_editions(made)]
    voice.data({"ok": not faults, "faults": [f.as_json() for f in faults]})
    voice.faults([] if voice.as_json else faults)
    if faults:
        sys.exit(1)
    voice.say(Text("审计日志、登记内容和版次文件完整。", "The audit log, the registers and the edition files are whole."))


def _kept(file: Path) -> tuple[int, bytes]:
    """Return the size and the root a checkpoint states."""
    from ecocomp.governance.merkle import read_checkpoint

    _, size, root = read_checkpoint(file.read_text(encoding="utf-8", errors="replace"))
    return size, root


@office.command(
    "checkpoint",
    help=t(
        "写出审计日志的存证点，交他处保存：日后连最后几条被删也能发现。",
        "Write a checkpoint of the audit log, to be kept elsewhere: later even the loss of its last entries is found.",
    ),
)
@office_options
@click.option("--out", type=Named(path_type=Path), help=t("写到哪里，缺省为屏幕", "where to write, default the screen"))
@common
def office_checkpoint(folder: Path | None, database: str | None, out: Path | None, **kwargs: Any) -> None:
    """Write a checkpoint."""
    from ecocomp.io.files import write_bytes
    from ecoweb.records.log import checkpoint

    voice = voice_of(kwargs)
    target(out, folder)
    with opened(folder, database) as made:
        text = checkpoint(made, f"ecocomp.office/{made.region_code}/audit")
    voice.data({"checkpoint": text, "file": None if out is None else str(out)})
    if out is None:
        voice.say(text.rstrip())
        return
    write_bytes(text.encode(), out)
    voice.say(Text("已写入 {p}：请交另一方保存。", "Wrote {p}: give it to another party to keep.").fill(p=out))


@office.command(
    "upgrade", help=t("升级到本版本的表结构（SQLite 先复制一份）。", "Bring the tables to this version (SQLite is copied first).")
)
@office_options
@common
def office_upgrade(folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Upgrade an office."""
    from ecocomp.terms.faults import UsageError
    from ecoweb.office import upgrade_office

    voice = voice_of(kwargs)
    if folder is None:
        raise UsageError(Text("请用 --office 写明办公室文件夹。", "Say which office with --office DIR."))
    copy = upgrade_office(folder, database)
    voice.data({"copy": None if copy is None else str(copy)})
    voice.say(
        Text("已是本版本的表结构。", "The tables are of this version.")
        if copy is None
        else Text("已升级；升级前的副本：{p}。", "Upgraded; the copy made before: {p}.").fill(p=copy)
    )
