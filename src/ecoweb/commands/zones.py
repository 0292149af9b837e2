"""`ecocomp zones` of an office: layers adopted, two editions compared, and what a proposed one touches before it is adopted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.io.scratch import scratch_folder
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.faults import Fault, FaultsError, UsageError, errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, asked, day_options, office_options, opened
from ecoweb.commands.say import plain, rows_of, say_rows
from ecoweb.commands.survey import edition_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ecocomp.zoning.editions import ZoneEdition, ZoneFields
    from ecocomp.zoning.impact import ZonesImpact
    from ecoweb.office import Office

_PATH = click.Path(path_type=Path)


def layer_options(command: Any) -> Any:
    """Add what says which fields of a zone layer mean what."""
    for option in (
        click.option("--encoding", help=t("Shapefile 的文字编码", "encoding of a Shapefile's texts")),
        click.option("--layer", help=t("图层名", "name of the layer")),
        click.option("--document-field", help=t("文号字段", "field of the document")),
        click.option("--name-field", help=t("名称字段", "field of the name")),
        click.option("--category", help=t("整层的类别", "category of the whole layer")),
        click.option("--category-field", help=t("类别字段", "field of the category")),
        click.option("--id-field", help=t("图斑编码字段", "field of the code of each polygon")),
        click.option("--kind", default="red_line", show_default=True, help=t("图层类型", "kind of layer")),
    ):
        command = option(command)
    return command


def _fields(kwargs: dict[str, Any]) -> ZoneFields:
    from ecocomp.terms.codes import EDITION_KINDS
    from ecocomp.zoning.editions import ZoneFields

    kinds = [k for k in EDITION_KINDS if k != "parcel"]
    if kwargs["kind"] not in kinds:
        raise UsageError(
            Text("没有图层类型 {k}；有：{a}。", "No kind of layer {k}; there are: {a}.").fill(k=kwargs["kind"], a=", ".join(kinds))
        )
    return ZoneFields(
        kwargs["kind"],
        kwargs["id_field"],
        kwargs["category_field"],
        kwargs["category"],
        name=kwargs["name_field"],
        document=kwargs["document_field"],
    )


def join_zones(group: click.Group) -> None:
    """Add the commands of an office to `ecocomp zones`; `impact` asks the case, or with `--office` the registers."""
    of_case = group.commands["impact"]
    for command in (zones_import, zones_diff, zones_allowed, zones_impact(of_case.callback)):
        group.add_command(command)


# ---------------------------------------------------------------- import
@click.command(
    "import",
    help=t(
        "把红线、永久基本农田、禁牧、公益林、留白等图层作为有文号、有日期的限制登记入库。",
        "Register a layer (red line, permanent basic farmland, grazing ban, welfare forest, reserve …) as a dated restriction.",
    ),
)
@click.argument("file", type=_PATH)
@office_options
@layer_options
@click.option("--name", default="", help=t("名称", "name"))
@click.option("--why", default="", help=t("设定的理由", "the reason it is imposed"))
@click.option("--authority", default="", help=t("批准机关", "authority"))
@click.option("--document", default="", help=t("文号", "document number"))
@click.option("--adopted-on", metavar="DATE", help=t("批准日", "day of adoption"))
@click.option("--from", "valid_from", metavar="DATE", required=True, help=t("自哪天起生效", "the day it holds from"))
@click.option("--region", help=t("区划代码，缺省为办公室的", "region code, default that of the office"))
@click.option("--dry-run", is_flag=True, help=t("只检查，不入库", "check only, change nothing"))
@act_options
@common
def zones_import(file: Path, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Register a zone layer."""
    from ecocomp.io.files import sha256_of
    from ecoweb.cadastre.control import Papers, adopt_layer, staged_layer

    voice = voice_of(kwargs)
    day = day_of(kwargs["valid_from"])
    assert day is not None
    fields = _fields(kwargs)
    with opened(folder, database) as office, scratch_folder("zones-", office.staging) as work:
        layer, faults = staged_layer(file, work, fields, kwargs["layer"], kwargs["encoding"])
        papers = Papers(
            kwargs["name"] or file.stem,
            kwargs["why"],
            kwargs["authority"],
            kwargs["document"],
            day_of(kwargs["adopted_on"]),
            day,
        )
        faults += _papers_faults(papers, file.name)
        adopted = None
        if not kwargs["dry_run"] and not errors(faults):
            adopted = adopt_layer(
                office,
                layer,
                papers,
                (file.name, sha256_of(file) if file.is_file() else ""),
                region_code=kwargs["region"] or office.region_code,
                actor=actor_of(kwargs["actor"]),
                reason=kwargs["reason"] or f"zones import {file.name}",
            )
    row = None if adopted is None else {k: plain(v) for k, v in adopted.row.items()}
    voice.data(
        {
            "ok": not errors(faults),
            "dry_run": kwargs["dry_run"],
            "zones": layer.rows,
            "area_dm2": layer.area_dm2,
            "edition": row,
            "replaced": list(adopted.replaced) if adopted else [],
            "faults": [f.as_json() for f in faults],
        }
    )
    voice.faults([] if voice.as_json else faults)
    voice.say(
        Text("{n:,} 个图斑，{a:,.4f} 公顷。", "{n:,} polygons, {a:,.4f} ha.").fill(n=layer.rows, a=layer.area_dm2 / DM2_PER_HA)
    )
    if errors(faults):
        voice.say(Text("有错误，未入库。", "There are errors, so nothing went in."))
        sys.exit(1)
    if adopted is None:
        voice.say(Text("只作检查，未入库。", "Checked only; nothing was changed."))
    elif adopted.change is None:
        voice.say(Text("同一图层已入库，未作改动。", "This very layer is in already; nothing changed."))
    else:
        assert row is not None
        voice.say(Text("已入库：{e}，自 {d} 起。", "In force: {e}, from {d}.").fill(e=row["edition_id"], d=row["valid_from"]))


def _papers_faults(papers: Any, where: str) -> list[Fault]:
    """Return a warning for each paper a restriction lacks: it is on record, but binds nobody before it has them."""
    words = {
        "authority": Text("批准机关（--authority）", "authority (--authority)"),
        "document": Text("文号（--document）", "document (--document)"),
        "adopted_on": Text("批准日（--adopted-on）", "day of adoption (--adopted-on)"),
        "reason": Text("理由（--why）", "reason (--why)"),
    }
    clash = Text("没有{w}。", "has no {w}.")
    remedy = Text("没有依据的划定只是提案，不产生约束。", "Without it the layer is a proposal and binds nobody.")
    why = Text(
        "请补上理由；它不影响约束力，但应在案可查。", "Give the reason; the layer binds without it, but it belongs on record."
    )
    return [
        Fault("zoning.no_papers", where, "", clash.fill(w=w), why if k == "reason" else remedy, "warning")
        for k, w in words.items()
        if not str(getattr(papers, k) or "").strip()
    ]


# ---------------------------------------------------------------- diff
@click.command(
    "diff",
    help=t(
        "比较同一类图层的两个版次，逐地块的面积账闭合到 0.01 平方米。",
        "Compare two editions of a layer; per parcel the ledger closes to 0.01 m2.",
    ),
)
@click.argument("old")
@click.argument("new")
@office_options
@layer_options
@click.option(
    "--parcels", help=t("地块版次，缺省为新版生效日的", "edition of parcels, default the one in force when the new one begins")
)
@click.option("--out", type=Named(path_type=Path), help=t("把各表写到这个文件夹", "write the tables to this folder"))
@common
def zones_diff(old: str, new: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Compare two zone editions."""
    from ecocomp.zoning.editions import Parcels, compare_zones, diff_summary, same_kind

    voice = voice_of(kwargs)
    with opened(folder, database) as office, scratch_folder("zones-", office.staging) as work:
        one, two = (_edition(office, n, work / str(i), kwargs) for i, n in enumerate((old, new)))
        same_kind(one, two)
        parcels = Parcels.read(_parcels_path(office, kwargs["parcels"], office.today()))
        change = compare_zones(one, two, parcels)
        summary = diff_summary(one, two, change)
    if kwargs["out"] is not None:
        _write(kwargs["out"], {"ledger": change.ledger, "total": change.total, "patches": change.patches})
    voice.data(
        {"summary": summary, "ledger": change.ledger.to_pylist() if voice.as_json else [], "files": str(kwargs["out"] or "")}
    )
    if voice.as_json:
        return
    _say_totals(voice, summary)
    say_rows(
        voice,
        Text("变化最大的地块（面积为公顷）", "Parcels that change most (areas in ha)"),
        _most(change.ledger),
        ["parcel_id", "category", "before_dm2", "gained_dm2", "lost_dm2", "after_dm2"],
        None,
        20,
    )


def _edition(office: Office, name: str, work: Path, kwargs: dict[str, Any]) -> ZoneEdition:
    """Return a zone edition by code, or made of a foreign file."""
    from ecocomp.zoning.editions import read_zone_edition
    from ecoweb.cadastre.control import staged_layer

    path = Path(name)
    if not path.exists():
        return read_zone_edition(edition_of(office, name)[1])
    work.mkdir(parents=True, exist_ok=True)
    return staged_layer(path, work, _fields(kwargs), kwargs["layer"], kwargs["encoding"])[0]


def _parcels_path(office: Office, name: str | None, day: date) -> Path:
    from ecoweb.cadastre.queries import edition_file, edition_in_force

    if name:
        return edition_of(office, name)[1]
    found = edition_in_force(office, "parcel", region_code=office.region_code, on=day).to_pylist()
    if not found:
        clash = Text("{d} 没有生效的地块版次。", "no edition of parcels is in force on {d}.").fill(d=day)
        remedy = Text("用 --parcels 写明，或先导入地块。", "Say which with --parcels, or import parcels first.")
        raise FaultsError([Fault("cadastre.no_edition", "edition", "", clash, remedy)])
    return edition_file(office, found[-1])


def _most(ledger: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    moved = pc.add(ledger["gained_dm2"], ledger["lost_dm2"])
    order = pc.sort_indices(moved, sort_keys=[("", "descending")])
    found = ledger.take(order)
    return found.filter(pc.greater(pc.add(found["gained_dm2"], found["lost_dm2"]), 0))


def _write(folder: Path, tables: dict[str, pa.Table]) -> None:
    from ecocomp.io.files import write_table

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet")


def _say_totals(voice: Voice, summary: dict[str, Any]) -> None:
    from ecocomp.zoning.control import CATEGORIES

    heads = [
        Text("类别", "category"),
        Text("原有（公顷）", "before (ha)"),
        Text("划入", "in"),
        Text("调出", "out"),
        Text("现有", "after"),
    ]
    rows = []
    for name, r in summary["totals"].items():
        word = (
            CATEGORIES[name].to(voice.lang) if name in CATEGORIES else Text("合计", "all").to(voice.lang) if name == "all" else name
        )
        rows.append([word, *(f"{r[k] / DM2_PER_HA:,.4f}" for k in ("before_dm2", "gained_dm2", "lost_dm2", "after_dm2"))])
    voice.table(Text("地块内的面积账", "Ledger on the parcels"), heads, rows, right=(1, 2, 3, 4))
    closed = Text(
        "逐地块和合计都闭合：原有 + 划入 − 调出 = 现有。", "It closes for every parcel and in total: before + in − out = after."
    )
    voice.say(closed if summary["closes"] else Text("账目不闭合，请报告。", "The ledger does not close; please report this."))


# ---------------------------------------------------------------- what may be done
@click.command(
    "allowed",
    help=t(
        "在这些类别的地上（如 red_line.core），或某个地块上，可以做什么、依据什么。",
        "What may be done on ground of some categories (such as red_line.core), or on a parcel, and by which rule.",
    ),
)
@click.argument("categories", nargs=-1)
@office_options
@click.option("--parcel", help=t("地块编码（需要办公室）", "parcel (needs an office)"))
@day_options
@common
def zones_allowed(
    categories: tuple[str, ...],
    folder: Path | None,
    database: str | None,
    parcel: str | None,
    on: str | None,
    known: str | None,
    **kwargs: Any,
) -> None:
    """Say what may be done."""
    from ecocomp.zoning.control import ACTIVITIES, CATEGORIES, VERDICTS, what_may_be_done

    voice, days = voice_of(kwargs), asked(on, known)
    if bool(categories) == bool(parcel):
        raise UsageError(
            Text("写明类别，或用 --parcel 写明地块，两者之一。", "Say categories, or a parcel with --parcel: one of the two.")
        )
    strange = [c for c in categories if c not in CATEGORIES and not any(k.startswith(c + ".") for k in CATEGORIES)]
    if strange:
        said = Text("没有类别 {s}；有：{k}。", "No category {s}; there are: {k}.")
        raise UsageError(said.fill(s=", ".join(strange), k=", ".join(CATEGORIES)))
    if parcel:
        categories, rules = _on_parcel(folder, database, parcel, days)
    else:
        rules = _nation(days)
    found = what_may_be_done(categories, rules)
    voice.data({"categories": list(categories), "uses": rows_of(found)})
    rows = [
        [
            ACTIVITIES[r["activity"]].to(voice.lang),
            VERDICTS[r["verdict"]].to(voice.lang),
            r[f"why_{voice.lang}"],
            " ".join(x for x in (r["document"], f"[{r['confidence']}]" if r["confidence"] else "") if x),
        ]
        for r in found.to_pylist()
    ]
    heads = [Text("活动", "activity"), Text("结论", "verdict"), Text("理由", "why"), Text("依据 [可信度]", "document [mark]")]
    names = [CATEGORIES[c].to(voice.lang) if c in CATEGORIES else c for c in categories]
    voice.say(", ".join(names) or Text("没有登记的管制。", "No restriction is on record.").to(voice.lang))
    voice.table(Text("可以做什么", "What may be done"), heads, rows)


def _nation(days: Any) -> Any:
    """Return the rules of the nation on the days asked about."""

    from ecocomp.rules import RuleBook, policy_folder
    from ecocomp.terms import clocks

    today = clocks.today()
    return RuleBook.load([policy_folder()]).resolve("CN", days.on or today, days.known or today)


def _on_parcel(folder: Path | None, database: str | None, parcel: str, days: Any) -> tuple[tuple[str, ...], Any]:
    """Return the categories that bind on a parcel, and the rules of its office."""
    from ecoweb.cadastre.control import on_parcel, rules_of
    from ecoweb.cadastre.queries import parcel as find

    with opened(folder, database) as office:
        on, known = days.on or office.today(), days.known or office.today()
        found = find(office, parcel, on=on, known=known)
        if not len(found["parcel"]):
            clash = Text("生效的版次中没有这个地块。", "no edition in force has this parcel.")
            raise FaultsError(
                [Fault("tenure.no_parcel", "edition", parcel, clash, Text("核对编码或日期。", "Check the code or the day."))]
            )
        share = on_parcel(office, found["parcel"], found["edition"].to_pylist()[0], on, known)
        return tuple(sorted(set(share["category"].to_pylist()) - {"uncovered"})), rules_of(office, on, known)


# ---------------------------------------------------------------- impact
def zones_impact(of_case: Callable[..., Any] | None) -> click.Command:
    """Return `zones impact`: of a case as before, of an office with `--office`."""

    @click.command(
        "impact",
        help=t(
            "新图层（红线等）采纳之前，触及哪些地块、权利人、合同和钱：给出案例文件夹，或问办公室的登记簿。",
            "What a new layer (a red line …) touches before it is adopted: parcels, holders, contracts and money."
            " Name a case folder, or ask the registers of an office.",
        ),
    )
    @click.argument("case", type=click.Path(path_type=Path), required=False)
    @click.option("--line", "--file", "line", type=_PATH, required=True, help=t("新图层", "the new layer"))
    @click.option("--year", type=int, help=t("年度（案例），缺省为最后一年", "year (of a case), default the last"))
    @click.option(
        "--old", help=t("原图层版次（办公室），缺省为现行的", "edition it takes the place of (office), default the one in force")
    )
    @click.option("--parcels", help=t("地块版次（办公室）", "edition of parcels (office)"))
    @click.option(
        "--bundle", type=_PATH, help=t("取标准和应付额的成果包（办公室）", "bundle that gives rates and entitlements (office)")
    )
    @click.option("--out", type=Named(path_type=Path), help=t("输出目录", "folder to write"))
    @office_options
    @layer_options
    @day_options
    @common
    def impact(case: Path | None, line: Path, folder: Path | None, database: str | None, **kwargs: Any) -> None:
        """Say what a new layer touches."""
        if case is not None and of_case is not None:
            of_case(case=case, line=line, year=kwargs["year"], out=kwargs["out"], lang=kwargs["lang"], json=kwargs["json"])
            return
        _impact_of_office(line, folder, database, kwargs)

    return impact


def _impact_of_office(line: Path, folder: Path | None, database: str | None, kwargs: dict[str, Any]) -> None:
    from ecocomp.zoning.impact import Registers
    from ecocomp.zoning.impact import zones_impact as find
    from ecoweb.cadastre.control import layers_in_force, rules_of
    from ecoweb.cadastre.queries import edition_file, edition_in_force
    from ecoweb.records.queries import history

    voice, days = voice_of(kwargs), asked(kwargs["on"], kwargs["known"])
    with opened(folder, database) as office, scratch_folder("zones-", office.staging) as work:
        on, known = days.on or office.today(), days.known or office.today()
        new = _edition(office, str(line), work / "new", kwargs)
        current = edition_in_force(office, new.kind, region_code=office.region_code, on=on, known=known).to_pylist()
        old = edition_of(office, kwargs["old"])[1] if kwargs["old"] else edition_file(office, current[-1]) if current else None
        names = ("tenure", "duty", "mortgage", "restriction", "edition", "party")
        standard, entitlement = _rates(kwargs["bundle"])
        found = find(
            old,
            new.path,
            _parcels_path(office, kwargs["parcels"], on),
            Registers(**{n: history(office, n) for n in names}),
            on,
            known,
            rules=rules_of(office, on, known),
            layer_paths={k: v.path for k, v in layers_in_force(office, on, known).items()},
            standard=standard,
            entitlement=entitlement,
        )
    tables = {"parcel": found.impact.parcel, "right": found.impact.right, "contract": found.impact.contract,
              "mortgage": found.impact.mortgage, "conflict": found.impact.conflict, "total": found.impact.total}  # fmt: skip
    if kwargs["out"] is not None:
        _write(kwargs["out"], tables)
    voice.data(
        {
            **found.summary,
            "parcels": rows_of(found.impact.parcel) if voice.as_json else [],
            "conflicts": rows_of(found.impact.conflict) if voice.as_json else [],
        }
    )
    if not voice.as_json:
        _say_impact(voice, found)
        if kwargs["out"] is not None:
            voice.say(Text("已写入 {p}。", "Wrote {p}.").fill(p=kwargs["out"]))


def _rates(bundle: Path | None) -> tuple[Any, Any]:
    """Return the tables of rates and entitlements of a bundle, None without one."""
    if bundle is None:
        return None, None
    from ecocomp.governance.bundle import open_bundle, read_bundle_table

    open_bundle(bundle)
    return read_bundle_table(bundle, "standard"), read_bundle_table(bundle, "entitlement")


_ITEMS = {
    "parcels": Text("触及的地块", "parcels touched"),
    "parcels_without_rate": Text("其中没有标准的", "of these without a rate"),
    "rights": Text("触及的权利", "rights touched"),
    "holders": Text("触及的权利人", "holders touched"),
    "contracts": Text("触及的合同", "contracts touched"),
    "mortgages": Text("触及的抵押", "mortgages touched"),
    "before_dm2": Text("原有（公顷）", "before (ha)"),
    "gained_dm2": Text("划入（公顷）", "taken in (ha)"),
    "lost_dm2": Text("调出（公顷）", "let out (ha)"),
    "after_dm2": Text("现有（公顷）", "after (ha)"),
    "gained_fen": Text("划入涉及（元/年）", "money on ground taken in (CNY/a)"),
    "lost_fen": Text("调出涉及（元/年）", "money on ground let out (CNY/a)"),
    "conflicts_arises": Text("将产生的冲突", "conflicts that would arise"),
    "conflicts_vanishes": Text("将消失的冲突", "conflicts that would vanish"),
}


def _say_impact(voice: Voice, found: ZonesImpact) -> None:
    sums = found.summary["impact"]
    unknown = Text("未知", "not known").to(voice.lang)
    rows = []
    for item, word in _ITEMS.items():
        amount = sums.get(item)
        said = (
            unknown
            if amount is None
            else f"{amount / DM2_PER_HA:,.4f}"
            if item.endswith("_dm2")
            else say_yuan(amount)
            if item.endswith("_fen")
            else f"{amount:,}"
        )
        rows.append([word.to(voice.lang), said])
    voice.table(
        Text("新图层触及什么", "What the new layer touches"), [Text("项目", "item"), Text("数值", "amount")], rows, right=(1,)
    )
    columns = ["parcel_id", "gained_dm2", "lost_dm2", "rights", "holders", "contracts", "gained_fen", "lost_fen"]
    say_rows(voice, Text("触及的地块（面积为公顷）", "Parcels touched (areas in ha)"), found.impact.parcel, columns, None, 15)
    say_rows(
        voice,
        Text("冲突（面积为公顷）", "Conflicts (areas in ha)"),
        found.impact.conflict,
        ["change", "parcel_id", "kind", "a_mark", "b_mark", "area_dm2", "document"],
        None,
        15,
    )
    voice.faults(found.impact.faults, show=10)
