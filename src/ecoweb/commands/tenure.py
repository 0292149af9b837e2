"""`ecocomp tenure`: rights into the office, deeds recorded, and what a desk officer asks of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.io.scratch import scratch_folder
from ecocomp.terms import clocks
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.faults import Fault, FaultsError, UsageError, errors
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, asked, day_options, office_options, opened, target
from ecoweb.commands.say import office_time, plain, rows_of, say_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from ecoweb.cadastre.intake import Intake, Plan
    from ecoweb.office import Office

_PATH = click.Path(path_type=Path)
_FATES = {"new": Text("新增", "new"), "same": Text("已有", "there already"), "changed": Text("不同", "different")}
SHOWN = {
    "party": ("party_id", "kind", "name", "region_code", "members", "id_number", "valid_from", "valid_to"),
    "member": ("group_id", "member_id", "role", "share", "valid_from", "valid_to"),
    "tenure": ("right_id", "parcel_id", "holder_id", "kind", "share", "state", "document", "valid_from", "valid_to"),
    "duty": ("contract_id", "parcel_id", "holder_id", "programme", "duty", "valid_from", "valid_to"),
    "restriction": ("restriction_id", "kind", "name", "authority", "document", "valid_from", "valid_to"),
    "mortgage": ("mortgage_id", "right_id", "creditor_id", "amount_fen", "rank", "valid_from", "valid_to"),
    "dispute": ("dispute_id", "parcel_id", "claimant_id", "state", "claim", "valid_from", "valid_to"),
    "source": ("source_id", "kind", "number", "title", "issuer", "dated"),
}
"""Columns shown to people, by register."""


@click.group(
    help=t(
        "权属：权利、主体、合同、争议，在任何一天，按任何一天所知。",
        "Tenure: rights, parties, duties, disputes, on any day, as known on any.",
    )
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def tenure(lang: str | None) -> None:
    """The group; the language is read before parsing."""


# ---------------------------------------------------------------- import
@tenure.command(
    "import",
    help=t(
        "导入权利：案例登记表文件夹（holder、right、contract）、村镇的表格（XLSX、CSV）或 LADM 交换文件。",
        "Import rights: a folder of case registers (holder, right, contract), clerks' sheets (XLSX, CSV) or a LADM exchange file.",
    ),
)
@click.argument("files", type=_PATH, nargs=-1, required=True)
@office_options
@click.option("--mapping", type=_PATH, help=t("表格的列映射文件", "mapping file of the sheets' columns"))
@click.option("--dry-run", is_flag=True, help=t("只检查，不入库", "check only, change nothing"))
@click.option(
    "--update", is_flag=True, help=t("与登记不同的，作为更正写入", "write what differs from the registers as a correction")
)
@click.option(
    "--on",
    metavar="DATE",
    help=t("没有写明日期的权利自哪天起生效，缺省为今天", "rights that say no day hold from this one, default today"),
)
@click.option("--document", default="", help=t("依据文件", "document this rests on"))
@click.option(
    "--report", type=Named(path_type=Path), help=t("完整问题清单：.csv .xlsx 或 .json", "every fault: .csv, .xlsx or .json")
)
@act_options
@common
def tenure_import(files: tuple[Path, ...], folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Import rights."""
    from ecoweb.cadastre import intake

    voice = voice_of(kwargs)
    dry = kwargs["dry_run"]
    target(kwargs["report"], folder, *files, *(p for f in files if f.is_dir() for p in f.iterdir()), kwargs["mapping"])
    if folder is None and not dry:
        raise UsageError(
            Text("请用 --office 写明办公室，或加 --dry-run 只检查。", "Say which office with --office, or add --dry-run.")
        )
    none_yet = folder is None or not (folder / "office.toml").exists()
    region = ""
    if none_yet:
        with scratch_folder("ecocomp-tenure-") as work:
            read = intake.take_in(files, work, on=day_of(kwargs["on"]) or clocks.today(), mapping=kwargs["mapping"])
            made = intake.plan(None, read)
        if dry or not made.ok:
            _say_import(voice, made, None, kwargs, folder)
            return
        region = _region_of(read)
    assert folder is not None
    with (
        opened(folder, database, make=lambda: (folder.resolve().name, region)) as office,
        scratch_folder("tenure-", office.staging) as work,
    ):
        day = day_of(kwargs["on"]) or office.today()
        read = intake.take_in(
            files,
            work,
            on=day,
            mapping=kwargs["mapping"],
            parcels=intake.parcels_of(office, on=day),
            villages=_villages(office),
        )
        made = intake.plan(office, read, update=kwargs["update"])
        if dry or not made.ok:
            _say_import(voice, made, None, kwargs, folder)
            return
        reason = kwargs["reason"] or f"tenure import {' '.join(p.name for p in files)}"
        change = intake.write(office, made, actor=actor_of(kwargs["actor"]), reason=reason, source=kwargs["document"])
        _say_import(voice, made, change, kwargs, folder, written=True)


def _region_of(read: Intake) -> str:
    """Return the county most parties of a first import are of, for the office that is made for it."""
    party = read.registers.get("party")
    codes = Counter(c[:6] for c in (party["region_code"].to_pylist() if party is not None else []) if c)
    if not codes:
        said = Text(
            "文件没有说明是哪个县；先用 ecocomp office new 建立办公室。",
            "The file names no county; make the office first: ecocomp office new.",
        )
        raise UsageError(said)
    return codes.most_common(1)[0][0]


def _villages(office: Office) -> dict[str, str]:
    """Return the names of villages that occur once, with their codes."""
    from ecoweb.records.queries import rows

    found = rows(office, "region", {"level": 5}).select(["name", "region_code"]).to_pylist()
    times = Counter(r["name"] for r in found)
    return {r["name"]: r["region_code"] for r in found if times[r["name"]] == 1}


def _say_import(
    voice: Voice, made: Plan, change: Any, kwargs: dict[str, Any], folder: Path | None, *, written: bool = False
) -> None:
    from ecocomp.land.report import write_report
    from ecocomp.terms.registers import REGISTERS

    report = kwargs["report"]
    if report is not None:
        if report.suffix.lower() not in (".csv", ".xlsx", ".json"):
            raise UsageError(Text("问题清单的后缀应是 .csv、.xlsx 或 .json。", "A report ends in .csv, .xlsx or .json."))
        report.parent.mkdir(parents=True, exist_ok=True)
        write_report(made.faults, report)
    counts = made.intake.counts
    wrong = errors(made.faults)
    voice.data(
        {
            "ok": made.ok,
            "dry_run": kwargs["dry_run"],
            "form": made.intake.form,
            "counts": counts,
            "sheets": made.intake.details,
            "registers": made.counts,
            "change": None if change is None else int(change.seq),
            "report": None if report is None else str(report),
            "faults": [f.as_json() for f in made.faults],
        }
    )
    if voice.as_json:
        sys.exit(0 if made.ok else 1)
    voice.faults(made.faults)
    said = Text(
        "{rows_in:,} 行读入，{used:,} 行可用，{left_out:,} 行为标题、合计或空行，{refused:,} 行退回；错误 {e:,}，注意 {w:,}。",
        "{rows_in:,} rows in: {used:,} fit, {left_out:,} are headings, totals or empty, {refused:,} refused;"
        " {e:,} errors, {w:,} warnings.",
    )
    voice.say(said.fill(**counts, e=len(wrong), w=len(made.faults) - len(wrong)))
    if made.counts:
        heads = [Text("登记簿", "register"), *_FATES.values()]
        rows = [[REGISTERS[r].title.to(voice.lang), *(f"{c[k]:,}" for k in _FATES)] for r, c in made.counts.items()]
        voice.table(Text("与登记比较", "Against the registers"), heads, rows, right=(1, 2, 3))
    if report is not None:
        voice.say(Text("完整清单：{p}", "All of them: {p}").fill(p=report))
    if not made.ok:
        voice.say(Text("有错误，全部未入库；登记未受影响。", "There are errors, so nothing went in; the registers are untouched."))
        sys.exit(1)
    if kwargs["dry_run"]:
        voice.say(Text("只作检查，未入库。", "Checked only; nothing was changed."))
    elif written and change is None:
        voice.say(Text("登记已有全部内容，未作改动。", "The registers have all of it already; nothing changed."))
    else:
        voice.say(Text("已入库（变更 {n}）。", "Recorded (change {n}).").fill(n=change.seq))


# ---------------------------------------------------------------- queries
@tenure.command("find", help=t("按姓名、号码或地区查找主体。", "Find parties by name, number or region."))
@office_options
@click.option("--name", help=t("姓名或名称", "name"))
@click.option("--id-number", help=t("公民身份号码（不显示、不记录）", "citizen identity number (neither shown nor kept)"))
@click.option("--account", help=t("银行账号", "bank account"))
@click.option("--phone", help=t("电话", "telephone"))
@click.option("--credit-code", help=t("统一社会信用代码", "unified social credit code"))
@click.option("--region", help=t("区划代码开头", "beginning of the region code"))
@day_options
@common
def tenure_find(folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any) -> None:
    """Find parties."""
    from ecocomp.terms.registers import PARTY
    from ecoweb.people.queries import find

    voice, days = voice_of(kwargs), asked(on, known)
    asked_for = {k: kwargs[k] for k in ("name", "id_number", "account", "phone", "credit_code", "region")}
    if not any(asked_for.values()):
        raise UsageError(Text("至少写一个条件。", "Give at least one thing to look for."))
    with opened(folder, database) as office:
        found = find(office, **asked_for, on=days.on, known=days.known)
    voice.data({"parties": rows_of(found, PARTY)})
    if not len(found):
        voice.say(Text("没有找到。", "Nobody was found."))
    say_rows(voice, PARTY.title, found, SHOWN["party"], PARTY)


@tenure.command(
    "holder",
    help=t("一个主体的全部权利、合同、抵押、争议和成员。", "All rights, duties, mortgages, disputes and members of a party."),
)
@click.argument("party")
@office_options
@day_options
@common
def tenure_holder(party: str, folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any) -> None:
    """Show a party."""
    from ecoweb.cadastre import queries

    _show(kwargs, folder, database, on, known, "party", party, queries.holder)


@tenure.command(
    "parcel",
    help=t(
        "一个地块的全部权利人、限制、合同、争议与历史。", "All holders, restrictions, duties, disputes and the history of a parcel."
    ),
)
@click.argument("parcel")
@office_options
@day_options
@common
def tenure_parcel(parcel: str, folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any) -> None:
    """Show a parcel."""
    from ecoweb.cadastre import queries

    _show(kwargs, folder, database, on, known, "parcel", parcel, queries.parcel)


def _show(
    kwargs: dict[str, Any],
    folder: Path | None,
    database: str | None,
    on: str | None,
    known: str | None,
    what: str,
    name: str,
    query: Callable[..., dict[str, pa.Table]],
) -> None:
    from ecocomp.terms.registers import REGISTERS

    voice, days = voice_of(kwargs), asked(on, known)
    with opened(folder, database) as office:
        found = query(office, name, on=days.on, known=days.known)
        today = office.today()
        control = _control(office, found, days.on or today, days.known or today)
    if not any(len(v) for v in found.values()):
        raise FaultsError([_nothing(what, name, days.said(today))])
    voice.data(
        {
            "asked": name,
            "on": str(days.on or today),
            "known": str(days.known or today),
            "control": rows_of(control) if control is not None else [],
            **{
                k: rows_of(v.drop_columns([c for c in ("geometry",) if c in v.column_names]), REGISTERS.get(k))
                for k, v in found.items()
            },
        }
    )
    if voice.as_json:
        return
    voice.say(Text("{n}：{d}", "{n}: {d}").fill(n=name, d=days.said(today)))
    ground = found.get("parcel")
    if ground is not None and len(ground):
        _say_ground(voice, ground.to_pylist()[0], found["edition"].to_pylist()[0])
    elif ground is not None:
        voice.say(Text("那时所知的版次中没有这个地块。", "No edition known then has this parcel."))
    if control is not None:
        from ecocomp.zoning.editions import SHARE

        title = Text("地上的用途管制（公顷）", "Use control on its ground (ha)")
        say_rows(voice, title, control, ["category", "restriction_id", "area_dm2"], SHARE)
    for register, columns in SHOWN.items():
        if register in found:
            say_rows(voice, REGISTERS[register].title, found[register], columns, REGISTERS[register])
    if "history" in found and len(found["history"]) > len(found["tenure"]):
        columns = (*SHOWN["tenure"], "known_from", "known_to")
        say_rows(voice, Text("权利的全部版本", "Every version of the rights"), found["history"], columns, REGISTERS["tenure"])


def _control(office: Office, found: dict[str, pa.Table], on: date, known: date) -> pa.Table | None:
    """Return what binds on the ground of a parcel; None for a party, or a parcel no edition has."""
    if not len(found.get("parcel", ())) or "geometry" not in found["parcel"].column_names:
        return None
    from ecoweb.cadastre.control import on_parcel

    return on_parcel(office, found["parcel"], found["edition"].to_pylist()[0], on, known)


def _say_ground(voice: Voice, row: dict[str, Any], edition: dict[str, Any]) -> None:
    from ecocomp.land.classes import class_text
    from ecocomp.terms.codes import ECOSYSTEMS

    code = row["land_class"]
    name = class_text(code)
    if not name.zh:
        name = ECOSYSTEMS.get(row["ecosystem"], name)
    said = Text(
        "地类 {c} {n}，{a:,.4f} 公顷（{m:,.2f} 亩），村 {v}，版次 {e}。",
        "Class {c} {n}, {a:,.4f} ha ({m:,.2f} mu), village {v}, edition {e}.",
    )
    area = row["area_dm2"]
    voice.say(said.fill(c=code, n=name, a=area / DM2_PER_HA, m=area * 3 / 200_000, v=row["village_code"], e=edition["edition_id"]))


def _nothing(what: str, name: str, days: Text) -> Fault:
    word = Text("主体", "party") if what == "party" else Text("地块", "parcel")
    clash = Text("登记中没有{w} {n}（{d}）。", "the registers know no {w} {n} ({d}).").fill(w=word, n=name, d=days)
    remedy = Text("核对编码；或用 --on、--known 换一天。", "Check the code; or ask about another day with --on and --known.")
    return Fault(f"tenure.no_{what}", "register", name, clash, remedy)


@tenure.command(
    "changes",
    help=t(
        "自某天以来登记了哪些变更；加 --on 只问它们怎样改变了那一天的情况。",
        "What was recorded since a day; with --on, how it changed what is known of that day.",
    ),
)
@office_options
@click.option("--since", metavar="DATE", help=t("自哪天起记录，缺省为 30 天前", "recorded from this day on, default 30 days ago"))
@click.option("--until", metavar="DATE", help=t("到哪天为止记录（同 --known）", "recorded until this day (the same as --known)"))
@click.option("--register", default=None, help=t("只看这个登记簿", "this register only"))
@click.option("--parcel", default=None, help=t("只看这个地块", "this parcel only"))
@click.option("--holder", default=None, help=t("只看这个主体", "this party only"))
@day_options
@common
def tenure_changes(
    folder: Path | None,
    database: str | None,
    since: str | None,
    until: str | None,
    register: str | None,
    parcel: str | None,
    holder: str | None,
    on: str | None,
    known: str | None,
    **kwargs: Any,
) -> None:
    """Say what changed."""
    from ecocomp.terms.registers import REGISTERS
    from ecoweb.records import queries

    voice = voice_of(kwargs)
    if register is not None and register not in REGISTERS:
        raise UsageError(
            Text("没有登记簿 {r}；有：{k}。", "No register {r}; there are: {k}.").fill(r=register, k=", ".join(REGISTERS))
        )
    with opened(folder, database) as office:
        last = day_of(until) or day_of(known) or office.today()
        first = day_of(since) or date.fromordinal(max(1, last.toordinal() - 30))
        found = queries.changes(office, first, last, register=register, objects=20)
        moved = _moved(office, first, last, day_of(on), register, parcel, holder) if on or parcel or holder else {}
    rows = [{k: plain(v) for k, v in r.items()} for r in found.to_pylist()]
    voice.data(
        {
            "since": str(first),
            "until": str(last),
            "on": on,
            "changes": rows,
            "moved": {k: rows_of(v, REGISTERS[k]) for k, v in moved.items()} if voice.as_json else {},
        }
    )
    if voice.as_json:
        return
    if on or parcel or holder:
        _say_moved(voice, moved)
        return
    heads = [Text("变更", "change"), Text("时刻", "at"), Text("事项", "act"), Text("经办人", "actor"), Text("登记簿", "register"),
             Text("新增", "added"), Text("终止", "ended"), Text("对象", "objects")]  # fmt: skip
    said = [
        [
            str(r["seq"]), office_time(r["at"]), r["act"], r["actor"], r["register"],
            f"{r['added']:,}", f"{r['ended']:,}",
            ", ".join(r["objects"][:3]) + (" …" if len(r["objects"]) > 3 else ""),
        ]
        for r in rows
    ]  # fmt: skip
    voice.table(
        Text("{a} 至 {b} 记录的变更", "Changes recorded from {a} to {b}").fill(a=first, b=last), heads, said, right=(0, 5, 6)
    )


def _moved(
    office: Office, first: date, last: date, on: date | None, register: str | None, parcel: str | None, holder: str | None
) -> dict[str, pa.Table]:
    """Return by register the versions that came into or went out of knowledge from `first` to `last`, of one day if given."""
    from ecoweb.records import queries

    out = {}
    columns = {"tenure": "holder_id", "duty": "holder_id", "party": "party_id", "dispute": "claimant_id"}
    for name in [register] if register else ["party", "member", "tenure", "duty", "restriction", "mortgage", "dispute", "edition"]:
        where = {}
        if parcel and name in ("tenure", "duty", "restriction", "dispute"):
            where["parcel_id"] = parcel
        if holder and name in columns:
            where[columns[name]] = holder
        if (parcel or holder) and not where:
            continue
        found = queries.moved(office, name, first, last, where, on=on)
        if len(found):
            out[name] = found
    return out


def _say_moved(voice: Voice, moved: dict[str, pa.Table]) -> None:
    from ecocomp.terms.registers import REGISTERS

    if not moved:
        voice.say(Text("没有变化。", "Nothing changed."))
    for name, table in moved.items():
        columns = [*SHOWN.get(name, REGISTERS[name].key[:1]), "known_from", "known_to"]
        say_rows(
            voice,
            Text("{t}：新记录或被更正的版本", "{t}: versions recorded or corrected").fill(t=REGISTERS[name].title),
            table,
            columns,
            REGISTERS[name],
        )


@tenure.command("blocked", help=t("哪些地块的权属使补偿不能支付，为什么。", "Whose title blocks payment, and why."))
@office_options
@day_options
@click.option("--region", default="", help=t("只看村代码以此开头的地块", "only parcels whose village code begins so"))
@click.option("--reason", default=None, help=t("只看这种原因", "this reason only"))
@click.option("--info", is_flag=True, help=t("也列出不妨碍支付的提示", "also what does not stop a payment"))
@common
def tenure_blocked(
    folder: Path | None,
    database: str | None,
    on: str | None,
    known: str | None,
    region: str,
    reason: str | None,
    info: bool,
    **kwargs: Any,
) -> None:
    """Say whose title blocks payment."""
    from ecocomp.tenure.standing import REASONS, STANDING

    voice, days = voice_of(kwargs), asked(on, known)
    if reason is not None and reason not in REASONS:
        raise UsageError(Text("没有原因 {r}；有：{k}。", "No reason {r}; there are: {k}.").fill(r=reason, k=", ".join(REASONS)))
    with opened(folder, database) as office:
        today = office.today()
        found, parcels = blocked(office, days.on, days.known, region)
    import pyarrow.compute as pc

    if not info:
        found = found.filter(pc.not_equal(found["severity"], "info"))
    if reason:
        found = found.filter(pc.equal(found["reason"], reason))
    counted = found.group_by("reason").aggregate([([], "count_all")]).to_pylist()
    by_reason = {r["reason"]: r["count_all"] for r in counted}
    voice.data(
        {
            "on": str(days.on or today),
            "known": str(days.known or today),
            "parcels": parcels,
            "by_reason": by_reason,
            "rows": rows_of(found, STANDING) if voice.as_json else [],
        }
    )
    if voice.as_json:
        return
    voice.say(Text("{n:,} 个地块，{d}", "{n:,} parcels, {d}").fill(n=parcels, d=days.said(today)))
    heads = [Text("原因", "reason"), Text("编码", "code"), Text("地块", "parcels")]
    voice.table(
        Text("不能支付的原因", "What stands against payment"),
        heads,
        [[REASONS[r][0].to(voice.lang), r, f"{n:,}"] for r, n in by_reason.items()],
        right=(2,),
    )
    say_rows(voice, Text("地块", "Parcels"), found, ["parcel_id", "reason", "holder_ids", "detail"], STANDING)


def blocked(office: Office, on: date | None, known: date | None, region: str = "") -> tuple[pa.Table, int]:
    """Return the standing of the titles of all parcels in force (table STANDING) and the number of parcels."""
    import pyarrow.compute as pc

    from ecocomp.tenure.standing import groundless, standing
    from ecoweb.cadastre.intake import parcels_of
    from ecoweb.records.queries import history

    day = on or office.today()
    parcels = parcels_of(office, on=day, known=known, columns=("parcel_id", "village_code") if region else ("parcel_id",))
    if parcels is None:
        raise FaultsError([_no_parcels(day)])
    if region:
        parcels = parcels.filter(pc.starts_with(parcels["village_code"], region))
    names = ("tenure", "party", "mortgage", "duty")
    told = known or office.today()
    if len(parcels) <= _FEW_PARCELS:
        registers = _registers_of(office, parcels["parcel_id"].to_pylist())
    else:
        registers = {n: history(office, n) for n in names}
    found = standing(parcels["parcel_id"], registers, day, told)
    if not region:  # a parcel in no edition has no village
        import pyarrow as pa

        whole = registers["tenure"] if len(parcels) > _FEW_PARCELS else history(office, "tenure")
        found = pa.concat_tables([found, groundless(whole, parcels["parcel_id"], day, told)])
    return found, len(parcels)


_FEW_PARCELS = 5_000
"""Up to so many parcels their rights are asked for by name; above, whole registers are read."""


def _registers_of(office: Office, parcels: list[str]) -> dict[str, pa.Table]:
    """Return every version of the rights and duties of some parcels, of their holders and mortgages."""
    from ecoweb.records.queries import versions

    with office.reading():
        tenure, duty = (versions(office, n, {"parcel_id": parcels}) for n in ("tenure", "duty"))
        holders, rights = (tenure[c].unique().to_pylist() for c in ("holder_id", "right_id"))
        party, mortgage = versions(office, "party", {"party_id": holders}), versions(office, "mortgage", {"right_id": rights})
    return {"tenure": tenure, "party": party, "mortgage": mortgage, "duty": duty}


def _no_parcels(day: date) -> Fault:
    clash = Text("{d} 没有生效的地块版次。", "no edition of parcels is in force on {d}.").fill(d=day)
    return Fault(
        "cadastre.no_edition",
        "edition",
        "",
        clash,
        Text("先用 ecocomp survey import 导入。", "Import one first: ecocomp survey import."),
    )


@tenure.command(
    "conflicts",
    help=t(
        "权利与管制的冲突：红线内的耕作、基本农田退耕、双重划定、同一块地两个项目。",
        "Rights against restrictions: crops in the red line, farmland converted, double designation, two programmes at once.",
    ),
)
@office_options
@day_options
@click.option("--region", default="", help=t("只看这个区划（6 至 12 位）", "only this region (6 to 12 digits)"))
@click.option("--out", type=Named(path_type=Path), help=t("写成 CSV", "write as CSV"))
@common
def tenure_conflicts(
    folder: Path | None, database: str | None, on: str | None, known: str | None, region: str, out: Path | None, **kwargs: Any
) -> None:
    """Find conflicts."""
    from ecocomp.zoning.conflicts import CONFLICT, KINDS, conflict_faults
    from ecoweb.cadastre.control import control

    voice, days = voice_of(kwargs), asked(on, known)
    target(out, folder)
    with opened(folder, database) as office:
        day, told = days.on or office.today(), days.known or office.today()
        found = control(office, day, told, region)
    by_kind: dict[str, int] = {}
    for kind in found.conflict["kind"].to_pylist():
        by_kind[kind] = by_kind.get(kind, 0) + 1
    if out is not None:
        from ecocomp.governance.open_data import write_guarded

        write_guarded(found.conflict, out)
    voice.data(
        {
            "on": str(day),
            "known": str(told),
            "by_kind": by_kind,
            "conflicts": _with_words(found) if voice.as_json else [],
            "faults": [f.as_json() for f in found.faults],
        }
    )
    if voice.as_json:
        return
    voice.faults(found.faults, show=20)
    heads = [Text("类型", "kind"), Text("数目", "number")]
    rows = [[KINDS[k].to(voice.lang), f"{n:,}"] for k, n in sorted(by_kind.items())]
    if rows:
        voice.say(days.said(day))
        voice.table(Text("冲突", "Conflicts"), heads, rows, right=(1,))
    columns = ["parcel_id", "severity", "a_mark", "b_mark", "area_dm2", "holder_ids", "document"]
    say_rows(voice, Text("冲突（面积为公顷）", "Conflicts (areas in ha)"), found.conflict, columns, CONFLICT)
    remedies = {f.remedy for f in conflict_faults(found.conflict, found.rules)}
    for remedy in sorted(remedies, key=lambda r: r.zh):
        voice.say(remedy)
    voice.say(Text("{n:,} 处冲突。", "{n:,} conflicts.").fill(n=len(found.conflict)))


def _with_words(found: Any) -> list[dict[str, Any]]:
    """Return the conflicts, each with what clashes and what to do in words."""
    from ecocomp.zoning.conflicts import conflict_faults

    said = conflict_faults(found.conflict, found.rules)
    words = ("clash_zh", "clash_en", "remedy_zh", "remedy_en")
    return [r | {k: f.as_json()[k] for k in words} for r, f in zip(rows_of(found.conflict), said, strict=True)]


# ---------------------------------------------------------------- deeds
@tenure.command(
    "deeds",
    help=t("列出可登记的业务及其各项，附样例。", "List the deeds that can be recorded, their fields, and an example of each."),
)
@click.argument("kind", required=False)
@common
def tenure_deeds(kind: str | None, **kwargs: Any) -> None:
    """List deeds."""
    from ecocomp.tenure.deed_spec import COMMON
    from ecocomp.tenure.deeds import DEEDS

    voice = voice_of(kwargs)
    if kind is not None and kind not in DEEDS:
        raise UsageError(Text("没有业务 {k}；有：{a}。", "No deed {k}; there are: {a}.").fill(k=kind, a=", ".join(DEEDS)))
    chosen = [DEEDS[kind]] if kind else list(DEEDS.values())
    voice.data(
        {
            "deeds": [
                {
                    "deed": s.id,
                    "title_zh": s.title.zh,
                    "title_en": s.title.en,
                    "fields": [
                        {
                            "name": f.name,
                            "kind": f.kind,
                            "required": f.required,
                            "choices": list(f.choices),
                            "zh": f.title.zh,
                            "en": f.title.en,
                        }
                        for f in (*COMMON, *s.fields)
                    ],
                    "example": {k: plain(v) for k, v in s.example.items()},
                }
                for s in chosen
            ]
        }
    )
    if voice.as_json:
        return
    if kind is None:
        rows = [[s.id, s.title.to(voice.lang), s.says.to(voice.lang)] for s in chosen]
        voice.table(Text("业务（ecocomp tenure deeds 名称 看各项）", "Deeds (ecocomp tenure deeds NAME for the fields)"),
                    [Text("名称", "name"), Text("业务", "deed"), Text("含义", "meaning")], rows)  # fmt: skip
        return
    _say_deed(voice, chosen[0], COMMON)


def _say_deed(voice: Voice, spec: Any, shared: Any) -> None:
    import yaml

    voice.say(Text("{t}：{s}", "{t}: {s}").fill(t=spec.title, s=spec.says))
    must = Text("必填", "required")
    rows = [
        [
            f.name,
            f.title.to(voice.lang),
            f.kind,
            must.to(voice.lang) if f.required else "",
            " ".join([f.note.to(voice.lang), *f.choices]),
        ]
        for f in (*shared, *spec.fields)
    ]
    heads = [Text("项", "field"), Text("含义", "meaning"), Text("形式", "kind"), Text("", ""), Text("说明", "note")]
    voice.table(Text("各项", "Fields"), heads, rows)
    voice.say(Text("样例（deeds.yaml）：", "Example (deeds.yaml):"))
    voice.say(yaml.safe_dump([{"deed": spec.id, **spec.example}], allow_unicode=True, sort_keys=False))


@tenure.command(
    "record",
    help=t(
        "登记一个业务文件（YAML、TOML、CSV）：一份文件一次变更，全部成立或全部不成立。",
        "Record a file of deeds (YAML, TOML, CSV): one change, all of it or nothing.",
    ),
)
@click.argument("file", type=_PATH)
@office_options
@click.option("--dry-run", is_flag=True, help=t("只检查，不入库", "check only, change nothing"))
@act_options
@common
def tenure_record(file: Path, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Record deeds."""
    from ecocomp.tenure.deed_file import read_deeds
    from ecoweb.cadastre.deeds import record_deeds

    voice = voice_of(kwargs)
    if not file.is_file():
        raise FaultsError([_no_file(file)])
    deeds, faults = read_deeds(file)
    if errors(faults):
        raise FaultsError(faults)
    with opened(folder, database) as office:
        made = record_deeds(
            office,
            deeds,
            actor=actor_of(kwargs["actor"]),
            reason=kwargs["reason"] or f"tenure record {file.name}",
            dry_run=kwargs["dry_run"],
        )
    _say_recorded(voice, made, [*faults, *made.faults], dry_run=kwargs["dry_run"])


def _no_file(file: Path) -> Fault:
    return Fault(
        "io.missing_file", str(file), "", Text("文件不存在。", "the file does not exist."), Text("请检查路径。", "Check the path.")
    )


def _say_recorded(voice: Voice, made: Any, faults: list[Fault], *, dry_run: bool) -> None:
    from ecocomp.terms.registers import REGISTERS

    bad = bool(errors(faults))
    voice.data(
        {
            "ok": not bad,
            "dry_run": dry_run,
            "change": None if made.change is None else int(made.change.seq),
            "registers": {n: {"ended": a, "added": b} for n, (a, b) in made.delta.counts().items()},
            "faults": [f.as_json() for f in faults],
        }
    )
    if voice.as_json:
        sys.exit(1 if bad else 0)
    voice.faults(faults)
    rows = [[REGISTERS[n].title.to(voice.lang), f"{a:,}", f"{b:,}"] for n, (a, b) in made.delta.counts().items()]
    if rows:
        heads = [Text("登记簿", "register"), Text("终止的版本", "versions ended"), Text("新增的版本", "versions added")]
        voice.table(Text("变更", "What changes"), heads, rows, right=(1, 2))
    if made.change is not None and bad:
        said = Text("已登记其余部分（变更 {n}）；有错误的未登记。", "The rest is recorded (change {n}); what has errors is not.")
    elif made.change is not None:
        said = Text("已登记（变更 {n}）。", "Recorded (change {n}).")
    elif bad:
        said = Text("有错误，全部未登记。", "There are errors, so nothing was recorded.")
    elif dry_run:
        said = Text("只作检查，未登记。", "Checked only; nothing was recorded.")
    else:
        said = Text("没有要登记的。", "There is nothing to record.")
    voice.say(said.fill(n="" if made.change is None else made.change.seq))
    if bad:
        sys.exit(1)


@tenure.command(
    "carry",
    help=t(
        "新版次把地块分割、合并或改码后，把权利、合同转记到新地块；地换了权利人的，只报告。",
        "Carry rights and duties over to the parcels of a new edition that were split, merged or given other codes;"
        " ground that would change hands is only told.",
    ),
)
@click.argument("old")
@click.argument("new")
@office_options
@click.option("--dry-run", is_flag=True, help=t("只检查，不入库", "check only, change nothing"))
@act_options
@common
def tenure_carry(old: str, new: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Carry rights over."""
    from ecoweb.cadastre.carry import carry
    from ecoweb.commands.survey import edition_of

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        one, two = edition_of(office, old), edition_of(office, new)
        reason = kwargs["reason"] or f"tenure carry {one[0]['edition_id']} {two[0]['edition_id']}"
        made = carry(office, one, two, actor=actor_of(kwargs["actor"]), reason=reason, dry_run=kwargs["dry_run"])
    _say_recorded(voice, made, list(made.faults), dry_run=kwargs["dry_run"])


# ---------------------------------------------------------------- out
@tenure.command(
    "export",
    help=t(
        "导出：案例登记表（CSV 与地块 GeoParquet，ecocomp run 可直接使用），或 LADM 交换文件（--ladm）。",
        "Export: the registers of a case (CSV, and the parcels as GeoParquet, as ecocomp run reads them), or a LADM exchange file.",
    ),
)
@office_options
@click.option(
    "--to",
    "out",
    type=Named(path_type=Path, file_okay=False),
    help=t("案例登记表写到这个文件夹", "folder for the registers of a case"),
)
@click.option("--ladm", type=Named(path_type=Path), help=t("LADM 交换文件（.ladm.jsonl）", "LADM exchange file (.ladm.jsonl)"))
@day_options
@common
def tenure_export(
    folder: Path | None,
    database: str | None,
    out: Path | None,
    ladm: Path | None,
    on: str | None,
    known: str | None,
    **kwargs: Any,
) -> None:
    """Export registers."""
    from ecoweb.cadastre.export import export_case, export_ladm

    voice, days = voice_of(kwargs), asked(on, known)
    if (out is None) == (ladm is None):
        raise UsageError(Text("用 --to 文件夹 或 --ladm 文件，两者之一。", "Say one of --to FOLDER and --ladm FILE."))
    target(out or ladm, folder)
    with opened(folder, database) as office:
        if out is not None:
            files = export_case(office, out, on=days.on, known=days.known)
        else:
            assert ladm is not None
            files = export_ladm(office, ladm)
    voice.data({"files": [str(f) for f in files]})
    for f in files:
        voice.say(Text("已写入 {p}", "Wrote {p}").fill(p=f))
    if out is not None:
        voice.say(
            Text(
                '在 case.toml 的 [survey] 中写：file = "parcels.parquet"，parcel_id、land_class、village_code 同名，'
                'declared_area = "declared_area_dm2"，declared_unit = "dm2"；'
                "[registers] 的 holder、right、contract、village 指向这里的 CSV。",
                'In case.toml under [survey] say: file = "parcels.parquet", parcel_id, land_class and village_code of the same'
                ' name, declared_area = "declared_area_dm2", declared_unit = "dm2";'
                " [registers] holder, right, contract, village: the CSV files here.",
            )
        )
