"""`ecocomp regions`: code lists of regions by edition, what became of a code, and the codes the registers use."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import Fault, UsageError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, asked, day_options, office_options, opened, target

if TYPE_CHECKING:
    import pyarrow as pa

_PATH = click.Path(path_type=Path)


@click.group(help=t("行政区划：代码表的版次、变更和核对。", "Regions: editions of code lists, their changes, and checks."))
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def regions(lang: str | None) -> None:
    """The group; the language is read before parsing."""


@regions.command(
    "import", help=t("把一版区划代码表登记入库，说明与前一版的差异。", "Register an edition of a code list and say how it differs.")
)
@click.argument("file", type=_PATH)
@office_options
@click.option("--edition", required=True, help=t("代码表版次名称", "name of the edition of the list"))
@click.option("--from", "valid_from", metavar="DATE", required=True, help=t("自哪天起生效", "the day it holds from"))
@click.option(
    "--level",
    type=click.IntRange(1, 5),
    help=t("全表只有一级时写明（1 省 … 5 村）", "its level, if it has one only (1 province … 5 village)"),
)
@click.option("--document", default="", help=t("文号", "document number"))
@click.option("--dry-run", is_flag=True, help=t("只检查，不入库", "check only, change nothing"))
@act_options
@common
def regions_import(file: Path, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Import a code list."""
    from ecocomp.land.regions import read_list
    from ecoweb.cadastre.code_lists import adopt_list

    voice = voice_of(kwargs)
    read, faults = read_list(file, kwargs["edition"], level=kwargs["level"])
    raise_errors(faults)
    day = day_of(kwargs["valid_from"])
    assert day is not None
    with opened(folder, database, make=lambda: (folder.resolve().name if folder else "", _common_code(read.regions))) as office:
        made = adopt_list(
            office,
            read,
            day,
            actor=actor_of(kwargs["actor"]),
            reason=kwargs["reason"] or f"regions import {file.name}",
            document=kwargs["document"],
            dry_run=kwargs["dry_run"],
        )
    voice.data(
        {
            "ok": True,
            "dry_run": kwargs["dry_run"],
            "regions": len(read),
            "ended": made.ended,
            "added": made.added,
            "change": None if made.change is None else int(made.change.seq),
            "differences": made.differences.to_pylist(),
            "faults": [f.as_json() for f in faults],
        }
    )
    voice.faults([] if voice.as_json else faults)
    if made.ended:
        _say_differences(voice, made.differences)
    said = Text("{n:,} 个区划；终止 {e:,} 行，新增 {a:,} 行。", "{n:,} regions; {e:,} rows ended, {a:,} added.")
    voice.say(said.fill(n=len(read), e=made.ended, a=made.added))
    if kwargs["dry_run"]:
        voice.say(Text("只作检查，未入库。", "Checked only; nothing was changed."))


def _common_code(codes: Any) -> str:
    return Counter(c[:6] for c in codes).most_common(1)[0][0] if codes else "000000"


@regions.command("compare", help=t("比较两份区划代码表，不需要办公室。", "Compare two code lists; no office is needed."))
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.option("--level", type=click.IntRange(1, 5), help=t("两表都只有一级时写明", "their level, if they have one only"))
@click.option("--out", type=Named(path_type=Path), help=t("把差异写成 CSV", "write the differences as CSV"))
@common
def regions_compare(old: Path, new: Path, level: int | None, out: Path | None, **kwargs: Any) -> None:
    """Compare two lists."""
    from ecocomp.governance.open_data import write_guarded
    from ecocomp.land.regions import compare_lists, read_list

    voice = voice_of(kwargs)
    target(out, None, old, new)
    one, faults = read_list(old, old.stem, level=level)
    two, more = read_list(new, new.stem, level=level)
    raise_errors([*faults, *more])
    found = compare_lists(one, two)
    if out is not None:
        write_guarded(found, out)
    voice.data({"differences": found.to_pylist(), "faults": [f.as_json() for f in [*faults, *more]]})
    voice.faults([] if voice.as_json else [*faults, *more])
    _say_differences(voice, found)
    if out is not None:
        voice.say(Text("已写入 {p}。", "Wrote {p}.").fill(p=out))


def _say_differences(voice: Voice, found: pa.Table) -> None:
    from ecocomp.land.region_compare import KINDS

    counted = Counter(found["kind"].to_pylist())
    heads = [Text("类型", "kind"), Text("数目", "number")]
    if counted:
        voice.table(
            Text("两版的差异", "Differences"),
            heads,
            [[KINDS[k].to(voice.lang), f"{n:,}"] for k, n in counted.most_common()],
            right=(1,),
        )
    rows = [r for r in found.to_pylist() if r["kind"] != "kept"]
    said = [
        [r["from_code"], r["from_name"], r["to_code"], r["to_name"], KINDS[r["kind"]].to(voice.lang), r[f"evidence_{voice.lang}"]]
        for r in rows[:40]
    ]
    heads = [
        Text("原代码", "before"),
        Text("原名称", "name"),
        Text("新代码", "after"),
        Text("新名称", "name"),
        Text("类型", "kind"),
        Text("依据", "evidence"),
    ]
    if said:
        voice.table(Text("变更", "Changes"), heads, said, whole=(0, 2))
    if len(rows) > 40:
        voice.say(
            Text("另有 {n:,} 行，用 --json 或 --out 取得全部。", "{n:,} more; --json or --out gives all.").fill(n=len(rows) - 40)
        )


@regions.command(
    "resolve", help=t("一个代码在某天是哪个区划，中间经过哪些变更。", "What a code is on a day, and by which changes.")
)
@click.argument("code")
@office_options
@day_options
@common
def regions_resolve(code: str, folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any) -> None:
    """Resolve a code."""
    from ecocomp.land.regions import resolve

    voice, days = voice_of(kwargs), asked(on, known)
    with opened(folder, database) as office:
        table, changes = _lists(office, days.known)
        found = resolve(code, days.on or office.today(), table, changes)
    voice.data(
        {
            "code": code,
            "resolved": found.code,
            "chain": [{"zh": s.say().zh, "en": s.say().en} for s in found.chain],
            "candidates": list(found.candidates),
            "faults": [f.as_json() for f in found.faults],
        }
    )
    voice.faults([] if voice.as_json else found.faults)
    for step in found.chain:
        voice.say(step.say())
    if found.code:
        voice.say(Text("{a} → {b}", "{a} → {b}").fill(a=code, b=found.code))
    sys.exit(0 if found.code else 1)


@regions.command(
    "check", help=t("核对地块所用的村代码在某天是否有效。", "Check whether the village codes of the parcels hold on a day.")
)
@office_options
@day_options
@common
def regions_check(folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any) -> None:
    """Check the codes the parcels use."""
    from ecocomp.land.regions import check_region_codes
    from ecoweb.cadastre.intake import parcels_of

    voice, days = voice_of(kwargs), asked(on, known)
    with opened(folder, database) as office:
        day = days.on or office.today()
        table, changes = _lists(office, days.known)
        if not len(table):
            raise UsageError(
                Text("还没有区划代码表：ecocomp regions import。", "There is no code list yet: ecocomp regions import.")
            )
        parcels = parcels_of(office, on=day, known=days.known, columns=("village_code",))
        codes = [] if parcels is None else parcels["village_code"].to_pylist()
        faults: list[Fault] = list(check_region_codes(codes, table, day, changes))
    wrong = [f for f in faults if f.severity == "error"]
    voice.data({"ok": not wrong, "codes": len(set(codes)), "faults": [f.as_json() for f in faults]})
    voice.faults([] if voice.as_json else faults)
    voice.say(Text("{n:,} 个代码，{e} 处错误。", "{n:,} codes, {e} errors.").fill(n=len(set(codes)), e=len(wrong)))
    sys.exit(1 if wrong else 0)


def _lists(office: Any, known: date | None) -> tuple[Any, Any]:
    """Return the registers of regions and of their changes as known on a day, all their days."""
    import pyarrow.compute as pc

    from ecocomp.terms.clocks import as_known
    from ecoweb.records.queries import history

    made = []
    for name in ("region", "region_change"):
        table = as_known(history(office, name), known or office.today())
        made.append(table.filter(pc.is_null(table["known_to"])))
    return made[0], made[1]
