"""`ecocomp standard`: how rates come about, what moves them, whether equals are paid equally, and which rules there are.

Everything is read from sealed bundles; a case folder stands for its latest bundle.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.options import common, may_write, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text, same

LEVELS = ("province", "city", "county", "town", "village")
_year = click.option("--year", type=int, help=t("年度，缺省为最后一年", "year, default the last"))
_path = click.Path(path_type=Path)


@click.group(
    help=t(
        "补偿标准：逐步说明、费率表、敏感性、跨界同地同价、可选规则。",
        "The standard: step by step, table of rates, sensitivity, equal land across borders, rules to choose from.",
    )
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def standard(lang: str | None) -> None:
    """The standard; the language is read before parsing."""


@standard.command(
    "show",
    help=t(
        "说明一个地块的标准怎么来：每一步、代入的数和文件。",
        "Say how a parcel's rate comes about: each step, its numbers and documents.",
    ),
)
@click.argument("bundle", type=_path)
@click.argument("parcel")
@_year
@common
def show(bundle: Path, parcel: str, year: int | None, **kwargs: Any) -> None:
    """Show the steps of one parcel."""
    from ecocomp.standard.words import say_step, step_name
    from ecocomp.terms.money import say_yuan

    voice, folder = voice_of(kwargs), bundle_of(bundle, year)
    rows = _where(_table(folder, "standard"), parcel)
    if not rows:
        some = ", ".join(_table(folder, "standard")["parcel_id"].slice(0, 3).to_pylist()) or "—"
        raise FaultsError(
            [
                Fault(
                    "standard.no_parcel",
                    folder.name,
                    parcel,
                    Text("标准表里没有这个地块。", "The standard has no such parcel."),
                    Text("用地块编码，例如 {s}。", "Use the code of a parcel, e.g. {s}.").fill(s=some),
                )
            ]
        )
    row = rows[0]
    steps = sorted(_where(_table(folder, "standard_step"), parcel), key=lambda r: int(r["seq"]))
    sources = {r["key"]: r for r in _table(folder, "parameter").to_pylist()}
    told = [{**s, "name": step_name(s["step"]), "words": say_step(s["step"], s["inputs"])} for s in steps]
    voice.data({**row, "steps": [{**s, **_both(s, "name", "words")} for s in told], "sources": _cited(steps, sources)})
    voice.say(
        Text(
            "地块 {p}，{y} 年，规则 {r}：{f} 元/公顷（区间 {a}～{b}）", "Parcel {p}, {y}, rule {r}: CNY {f}/ha (range {a} to {b})"
        ).fill(
            p=parcel,
            y=row["year"],
            r=row["rule"],
            f=say_yuan(row["rate_fen_per_ha"]),
            a=say_yuan(row["low_fen_per_ha"]),
            b=say_yuan(row["high_fen_per_ha"]),
        )
    )
    for s in told:
        voice.say(
            Text("  {n}. {s}  {a}  → {f}    {w}", "  {n}. {s}  {a}  → {f}    {w}").fill(
                n=s["seq"], s=s["name"], a=say_yuan(s["amount_fen_per_ha"]), f=say_yuan(s["after_fen_per_ha"]), w=s["words"]
            )
        )
    voice.say(Text("依据：", "What it rests on:"))
    for source in _cited(steps, sources):
        where = f"{source['document']} ({source['file']}:{source['line']})"
        voice.say(f"  {source['key']} = {source['value']} {source['unit']}  [{source['confidence']}] {where}")


@standard.command(
    "table",
    help=t(
        "费率表：按生态系统、功能区、等级列出平均、最低、最高和区间。",
        "Table of rates by ecosystem, zone and grade: mean, lowest, highest, and the range.",
    ),
)
@click.argument("bundle", type=_path)
@_year
@common
def table(bundle: Path, year: int | None, **kwargs: Any) -> None:
    """Print the table of rates."""
    from ecocomp.standard.rate_table import rate_table
    from ecocomp.terms.codes import ECOSYSTEMS, FUNCTION_ZONES
    from ecocomp.terms.money import say_yuan

    voice, folder = voice_of(kwargs), bundle_of(bundle, year)
    rows = rate_table(*(_table(folder, n) for n in ("parcel", "parcel_zone", "standard"))).to_pylist()
    voice.data(rows)
    voice.table(
        Text("{b} 的标准，元/公顷·年", "Rates of {b}, CNY/ha/a").fill(b=folder.name),
        [
            Text("生态系统", "ecosystem"),
            Text("功能区", "zone"),
            Text("等级", "grade"),
            Text("地块", "parcels"),
            Text("面积（公顷）", "area (ha)"),
            Text("平均", "mean"),
            Text("最低", "lowest"),
            Text("最高", "highest"),
            Text("区间", "range"),
        ],
        [
            [
                ECOSYSTEMS.get(r["ecosystem"], same(r["ecosystem"])).to(voice.lang),
                FUNCTION_ZONES.get(r["function_zone"], same(r["function_zone"])).to(voice.lang),
                str(r["grade"]),
                str(r["parcels"]),
                f"{r['area_dm2'] / 1e6:,.1f}",
                *(say_yuan(r[f"{n}_fen_per_ha"]) for n in ("mean", "lowest", "highest")),
                _span(say_yuan(r["low_fen_per_ha"]), say_yuan(r["high_fen_per_ha"])).to(voice.lang),
            ]
            for r in rows
        ],
        right=(2, 3, 4, 5, 6, 7),
    )


@standard.command(
    "sensitivity",
    help=t(
        "逐个变动每个数，看标准动多少（龙卷风图的数），以及哪一步在起作用。",
        "Move each number alone and see how much the rates move (the numbers of a tornado chart), and which step binds.",
    ),
)
@click.argument("bundle", type=_path)
@_year
@click.option(
    "--spread",
    default="0.1",
    show_default=True,
    help=t("没有注明区间的数上下变动的比例", "share by which numbers without a stated range are moved each way"),
)
@click.option(
    "--top", type=click.IntRange(1), default=8, show_default=True, help=t("每类土地列几项", "inputs shown for each kind of land")
)
@click.option(
    "--out", type=_path, help=t("另把两张表写成 Parquet 到这个文件夹", "also write both tables as Parquet into this folder")
)
@common
def sensitivity(bundle: Path, year: int | None, spread: str, top: int, out: Path | None, **kwargs: Any) -> None:
    """Print what moves the rates."""
    from decimal import Decimal, InvalidOperation

    from ecocomp.standard.sensitivity import sensitivity as moved

    voice = voice_of(kwargs)
    try:
        share = Decimal(spread)
        if not share.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise UsageError(Text("幅度 {s} 不是数。", "The spread {s} is not a number.").fill(s=spread)) from None
    may_write(out, bundle)
    folder = bundle_of(bundle, year)
    found, bounds = moved(task_of(folder), _table(folder, "parcel"), share)
    if out is not None:
        _write(out, standard_sensitivity=found, standard_bound=bounds)
    rows = found.to_pylist()
    voice.data({"sensitivity": rows, "bounds": bounds.to_pylist()})
    _say_sensitivity(voice, rows, bounds.to_pylist(), top)


@standard.command(
    "compare",
    help=t(
        "同样的地、同样的义务、不同的钱：比较两个成果包（相邻的县、两个年度），或一个成果包内的各地。",
        "Same land, same duty, other pay: compare two bundles (neighbouring counties, two years), or the places inside one.",
    ),
)
@click.argument("bundle", type=_path)
@click.argument("other", type=_path, required=False)
@click.option("--level", type=click.Choice(LEVELS), help=t("只有一个成果包时比较的层级", "level to compare inside one bundle"))
@click.option("--flagged", is_flag=True, help=t("只列存疑的", "only those flagged"))
@click.option("--out", type=_path, help=t("另把表写成 Parquet 到这个文件夹", "also write the table as Parquet into this folder"))
@common
def compare(bundle: Path, other: Path | None, level: str | None, flagged: bool, out: Path | None, **kwargs: Any) -> None:
    """Compare two bundles, or the places of one."""
    from ecocomp.standard.compare import compare as between
    from ecocomp.standard.compare import compare_within

    voice = voice_of(kwargs)
    if (other is None) == (level is None):
        raise UsageError(
            Text(
                "给出第二个成果包，或用 --level 写明层级（二者取一）。",
                "Name a second bundle, or a level with --level (one of the two).",
            )
        )
    may_write(out, bundle, other)
    one = side_of(bundle_of(bundle, None))
    if other is not None:
        two = side_of(bundle_of(other, None))
        found = between(*_told_apart(one, two))
    else:
        found = compare_within(one, str(level))
    if out is not None:
        _write(out, standard_comparison=found)
    _say_comparison(voice, found.to_pylist(), flagged)
    if any(r["result"] == "flagged" for r in found.to_pylist()):
        sys.exit(1)


@standard.command(
    "rules", help=t("列出可选的定标规则、公式和参数。", "List the rules to choose from, their formulas and parameters.")
)
@click.argument("id", required=False)
@common
def rules(id: str | None, **kwargs: Any) -> None:
    """List the rules."""
    from ecocomp.registry import entries, entry

    voice = voice_of(kwargs)
    found = [entry("standard.rules", id)] if id else list(entries("standard.rules").values())
    voice.data([_spec(e.spec) for e in found])
    for e in found:
        spec = e.spec
        voice.say(f"{spec.id}  {spec.name.to(voice.lang)}")
        voice.say(f"  {spec.summary.to(voice.lang)}")
        for line in spec.formula.splitlines():
            voice.say(f"    {line}")
        if id:
            for use in spec.parameters:
                mark = Text("（可选）", " (optional)").to(voice.lang) if use.optional else ""
                voice.say(f"    {use.name}  [{use.unit or '—'}]  {use.meaning.to(voice.lang)}{mark}")
            for text in (spec.holds, spec.differs):
                if text.zh:
                    voice.say(f"  {text.to(voice.lang)}")
            for r in spec.references:
                voice.say(f"  [{r.confidence}] {r.title}")


# ---------------------------------------------------------------- bundles
def bundle_of(folder: Path, year: int | None) -> Path:
    """Return the bundle a folder is, or the one of a year (the last) of the case it is; `FaultsError` where there is none."""
    from ecocomp.governance.bundle import open_bundle

    if (folder / "bundle.json").is_file():
        facts = open_bundle(folder)
        if year is not None and int(facts["year"]) != year:
            raise UsageError(
                Text("这个成果包是 {a} 年的，不是 {b} 年。", "This bundle is of {a}, not {b}.").fill(a=facts["year"], b=year)
            )
        return folder
    years = sorted(int(p.name) for p in folder.glob("bundles/*") if p.name.isdigit() and (p / "bundle.json").is_file())
    wanted = year if year is not None else (years[-1] if years else None)
    if wanted is None or wanted not in years:
        raise FaultsError(
            [
                Fault(
                    "standard.no_bundle",
                    str(folder),
                    "" if year is None else str(year),
                    Text("这里没有成果包；有：{y}。", "There is no bundle here; there are: {y}.").fill(
                        y=", ".join(map(str, years)) or "—"
                    ),
                    Text(
                        "给出 ecocomp run 生成的年度文件夹，或先运行 ecocomp run。",
                        "Name a yearly folder made by ecocomp run, or run the case first.",
                    ),
                )
            ]
        )
    return folder / "bundles" / str(wanted)


def task_of(folder: Path) -> Any:
    """Return the task of the standard of a bundle, from its own tables and rules and from last year's bundle beside it."""
    from datetime import date

    from ecocomp.governance.bundle import open_bundle, read_bundle_table
    from ecocomp.governance.recompute import tenure_of
    from ecocomp.rules import RuleBook
    from ecocomp.standard.engine import prepare_task
    from ecocomp.tenure.rights import payable_rights

    facts = open_bundle(folder)
    book = RuleBook.load([folder / "rules", *sorted(folder.glob("rules-case-*"))])
    params = book.resolve(
        str(facts["case"]["place"]), date.fromisoformat(facts["reference_day"]), date.fromisoformat(facts["known_on"])
    )
    before = folder.parent / str((facts.get("previous") or {}).get("year", ""))
    if facts.get("previous") and not (before / "bundle.json").is_file():
        raise FaultsError(
            [
                Fault(
                    "standard.no_last_year",
                    str(folder),
                    str(facts["previous"]["year"]),
                    Text(
                        "上一年的成果包不在旁边，年度限幅与奖惩算不出。",
                        "Last year's bundle is not beside it; limit and reward cannot be set.",
                    ),
                    Text("把它放回旁边。", "Put it beside this one."),
                )
            ]
        )

    def last(name: str) -> Any:
        return read_bundle_table(before, name) if facts.get("previous") else None

    payable = payable_rights(_table(folder, "right"), _table(folder, "parcel"), _table(folder, "contract"))
    return prepare_task(
        _table(folder, "parcel"),
        _table(folder, "parcel_zone"),
        _table(folder, "service_value"),
        _table(folder, "economy"),
        str(facts["region_code"]),
        params,
        int(facts["year"]),
        last("scorecard"),
        last("standard"),
        tenure=tenure_of(_table(folder, "holder"), payable),
        named=False,
    )


def side_of(folder: Path) -> Any:
    """Return a bundle as one side of a comparison."""
    from ecocomp.governance.bundle import open_bundle, read_bundle_table
    from ecocomp.standard.compare import Side
    from ecocomp.tenure.rights import payable_rights

    facts = open_bundle(folder)
    kinds = dict(zip(*(_table(folder, "holder")[n].to_pylist() for n in ("holder_id", "kind")), strict=True))
    payable = payable_rights(_table(folder, "right"), _table(folder, "parcel"), _table(folder, "contract"))
    holders: dict[str, str] = {}
    for parcel, holder in zip(payable["parcel_id"].to_pylist(), payable["holder_id"].to_pylist(), strict=True):
        holders.setdefault(parcel, kinds.get(holder, ""))
    villages = read_bundle_table(folder, "village")
    towns = {} if villages is None else dict(zip(*(villages[n].to_pylist() for n in ("village_code", "region_code")), strict=True))
    tables = [_table(folder, n) for n in ("parcel", "parcel_zone", "standard", "standard_step", "parameter")]
    name = f"{facts['case'].get('place', folder.name)} {facts['year']}"
    parcel, zone, rates, steps, parameter = tables
    return Side(name, int(facts["year"]), parcel, zone, rates, steps, parameter, holders, towns)


def _told_apart(one: Any, two: Any) -> tuple[Any, Any]:
    """Return both sides with names that differ."""
    from dataclasses import replace

    return (one, two) if one.name != two.name else (replace(one, name=f"A {one.name}"), replace(two, name=f"B {two.name}"))


def _table(folder: Path, name: str) -> Any:
    from ecocomp.governance.bundle import read_bundle_table

    found = read_bundle_table(folder, name)
    if found is None:
        raise FaultsError(
            [
                Fault(
                    "standard.no_table",
                    str(folder),
                    name,
                    Text("成果包缺这张表。", "The bundle lacks this table."),
                    Text("用完整的成果包。", "Use a whole bundle."),
                )
            ]
        )
    return found


def _where(table: Any, parcel: str) -> list[dict[str, Any]]:
    import pyarrow.compute as pc

    found: list[dict[str, Any]] = table.filter(pc.equal(table["parcel_id"], parcel)).to_pylist()
    return found


def _write(folder: Path, **tables: Any) -> None:
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")


# ---------------------------------------------------------------- words
def _both(row: dict[str, Any], *names: str) -> dict[str, str]:
    return {f"{n}_{lang}": row[n].to(lang) for n in names for lang in ("zh", "en")} | {n: str(row[n]) for n in names}


def _cited(steps: list[dict[str, Any]], sources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    keys = dict.fromkeys(k for s in steps for k in s["parameters"].split())
    return [sources[k] for k in keys if k in sources]


def _spec(spec: Any) -> dict[str, Any]:
    return {
        "id": spec.id,
        "name_zh": spec.name.zh,
        "name_en": spec.name.en,
        "summary_zh": spec.summary.zh,
        "summary_en": spec.summary.en,
        "formula": spec.formula,
        "parameters": [
            {"key": u.name, "unit": u.unit, "zh": u.meaning.zh, "en": u.meaning.en, "optional": u.optional} for u in spec.parameters
        ],
        "references": [{"title": r.title, "confidence": r.confidence} for r in spec.references],
        "version": spec.version,
    }


def _kind(row: dict[str, Any], voice: Voice) -> str:
    from ecocomp.terms.codes import ECOSYSTEMS, FUNCTION_ZONES

    return " · ".join(
        (
            ECOSYSTEMS.get(row["ecosystem"], same(row["ecosystem"])).to(voice.lang),
            FUNCTION_ZONES.get(row["function_zone"], same(row["function_zone"])).to(voice.lang),
            str(row["grade"]),
        )
    )


def _span(low: str, high: str) -> Text:
    return Text(f"{low}～{high}", f"{low}–{high}")


def _say_sensitivity(voice: Voice, rows: list[dict[str, Any]], bounds: list[dict[str, Any]], top: int) -> None:
    from ecocomp.standard.words import step_name
    from ecocomp.terms.money import say_yuan

    def yuan(fen: int | None) -> str:
        return "—" if fen is None else say_yuan(fen)

    kinds = dict.fromkeys((r["ecosystem"], r["function_zone"], r["grade"]) for r in rows)
    for kind in kinds:
        found = [r for r in rows if (r["ecosystem"], r["function_zone"], r["grade"]) == kind]
        first = found[0]
        title = Text("{k}：{n} 块，平均 {r} 元/公顷", "{k}: {n} parcels, mean CNY {r}/ha").fill(
            k=_kind(first, voice), n=first["parcels"], r=say_yuan(first["rate_fen_per_ha"])
        )
        voice.table(
            title,
            [
                Text("输入", "input"),
                Text("现值", "value"),
                Text("低～高", "low to high"),
                Text("区间", "range"),
                Text("低端标准", "rate at low"),
                Text("高端标准", "rate at high"),
                Text("摆幅", "swing"),
                Text("弹性", "elasticity"),
            ],
            [
                [
                    f"{r['input']}{'[' + r['code'] + ']' if r['code'] else ''}",
                    f"{r['value']} {r['unit']}".removesuffix(" 1"),  # a plain number needs no unit
                    _span(str(r["low"]), str(r["high"])).to(voice.lang),
                    {"stated": Text("注明", "stated"), "assumed": Text("假定", "assumed")}[r["range"]].to(voice.lang),
                    yuan(r["at_low_fen_per_ha"]),
                    yuan(r["at_high_fen_per_ha"]),
                    yuan(r["swing_fen_per_ha"]),
                    "—" if r["elasticity_ppm"] is None else f"{r['elasticity_ppm'] / 1e6:.3f}".replace("-", "−"),
                ]
                for r in sorted(found, key=lambda r: r["rank"])[:top]
            ],
            right=(4, 5, 6, 7),
            whole=(0,),
        )
        moved = [
            Text("{s} 抬高 {a}、压低 {b}", "{s} raises {a}, lowers {b}").fill(
                s=step_name(b["step"]), a=b["raised_parcels"], b=b["lowered_parcels"]
            )
            for b in bounds
            if (b["ecosystem"], b["function_zone"], b["grade"]) == kind
            and b["step"] in ("index", "reward", "limit", "floor", "cap")
            and b["raised_parcels"] + b["lowered_parcels"]
        ]
        if moved:
            voice.say(
                Text("  起作用的步骤（地块数）：{m}", "  Steps that bind (parcels): {m}").fill(
                    m=Text("；".join(m.zh for m in moved), "; ".join(m.en for m in moved))
                )
            )


def _say_comparison(voice: Voice, rows: list[dict[str, Any]], flagged: bool) -> None:
    import json

    from ecocomp.standard.compare import say_reason
    from ecocomp.terms.codes import HOLDER_KINDS
    from ecocomp.terms.money import say_yuan

    lines = {
        "inside": Text("红线内", "inside the red line"),
        "partly": Text("部分在红线内", "partly inside"),
        "outside": Text("红线外", "outside"),
    }
    results = {"equal": Text("相等", "equal"), "explained": Text("已解释", "explained"), "flagged": Text("存疑", "flagged")}
    shown = [{**r, "reasons": json.loads(r["reasons"])} for r in rows if not flagged or r["result"] == "flagged"]
    voice.data([{**r, "reasons": [{**x, "zh": say_reason(x).zh, "en": say_reason(x).en} for x in r["reasons"]]} for r in shown])
    for r in shown:
        voice.say(
            Text(
                "{k} · {l} · {h}：{a} {x} 元/公顷（{n} 块），{b} {y}（{m} 块）：{r}",
                "{k} · {l} · {h}: {a} CNY {x}/ha ({n} parcels), {b} {y} ({m}): {r}",
            ).fill(
                k=_kind(r, voice),
                l=lines[r["red_line"]],
                h=HOLDER_KINDS.get(r["holder_kind"], same("—")),
                a=r["lower_place"],
                b=r["higher_place"],
                x=say_yuan(r["lower_fen_per_ha"]),
                y=say_yuan(r["higher_fen_per_ha"]),
                n=r["lower_parcels"],
                m=r["higher_parcels"],
                r=results[r["result"]],
            )
        )
        for reason in r["reasons"]:
            voice.say(f"    {say_reason(reason).to(voice.lang)}")
    counts = {k: sum(r["result"] == k for r in rows) for k in results}
    voice.say(
        Text(
            "{n} 类土地两边都有：{e} 相等，{x} 已解释，{f} 存疑。",
            "{n} kinds of land on both sides: {e} equal, {x} explained, {f} flagged.",
        ).fill(n=len(rows), e=counts["equal"], x=counts["explained"], f=counts["flagged"])
    )
