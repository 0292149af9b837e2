"""How `ecocomp zones` says what it drew, what a new line touches, and which lines hold when."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.cli.say import Voice
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from ecocomp.pipeline.line_change import Changed, LineVersion
    from ecocomp.pipeline.zone_draw import Drawn

DM2_PER_HA, M2_PER_HA = 1_000_000, 10_000
_KINDS = {"importance": Text("重要性", "importance"), "sensitivity": Text("敏感性", "sensitivity")}
_MIDDLE = ("important", "sensitive")
_UNVERIFIED = Text(
    "依据 {n} 个未核实的参数（提案可用，划定前须核实）：{k}",
    "Rests on {n} unverified parameters (fit for a proposal, to be verified before a line is adopted): {k}",
)


def say_drawn(voice: Voice, drawn: Drawn, warnings: list[Fault], out: Path) -> None:
    """Print the maps, the grades, the line, the reserves, and what could not be computed."""
    from ecocomp.pipeline.zone_files import summary

    found = summary(drawn)
    voice.data({**found, "files": [str(p) for p in drawn.files], "warnings": [f.as_json() for f in warnings]})
    if voice.as_json:
        return
    voice.faults(warnings, show=10)
    _say_maps(voice, found)
    _say_grades(voice, found)
    _say_line(voice, found)
    _say_reserves(voice, found)
    if found["asked"]["from_rules"]:
        voice.say(
            Text(
                "案例没有写明的，按规则全部评估：{w}。",
                "What the case does not name was taken from the rules, all of it: {w}.",
            ).fill(w=", ".join(found["asked"]["from_rules"]))
        )
    voice.faults(drawn.notes, show=20)
    if drawn.unverified:
        voice.say(_UNVERIFIED.fill(n=len(drawn.unverified), k=", ".join(drawn.unverified)))
    voice.say(Text("已写入 {p}（{n} 个文件）。", "Wrote {p} ({n} files).").fill(p=out, n=len(drawn.files)))


def map_words(kind: str, name: str) -> Text:
    """Return the name of a map."""
    if name == "all":
        return Text("综合", "joined")
    if kind == "importance":
        return FUNCTION_ZONES.get(name, same(name))
    from ecocomp.zoning.sensitivity import MODELS

    return MODELS[name].name if name in MODELS else same(name)


def _say_maps(voice: Voice, found: dict[str, Any]) -> None:
    heads = [
        Text("图", "map"),
        Text("", ""),
        Text("极重要/极敏感 km²", "extreme km²"),
        Text("重要/敏感 km²", "middle km²"),
        Text("一般 km²", "general km²"),
        Text("未评估 km²", "not assessed km²"),
    ]
    rows = []
    for m in found["maps_km2"]:
        middle = sum(m.get(k, 0.0) for k in _MIDDLE)
        whole = sum(v for v in m.values() if not isinstance(v, str))
        figures = [m.get("extreme", 0.0), middle, m.get("general", 0.0), m.get("not_assessed", 0.0)]
        rows.append(
            [_KINDS[m["kind"]].to(voice.lang), map_words(m["kind"], m["map"]).to(voice.lang), *(_share(v, whole) for v in figures)]
        )
    title = Text("{y} 年规则下的分级（方法 {m}）", "Grading under the rules of {y} (method {m})")
    voice.table(title.fill(y=found["year"], m=found["method"]), heads, rows, right=(2, 3, 4, 5))


def _share(part: float, whole: float) -> str:
    return f"{part:,.2f}  {part / whole:4.0%}" if whole else "—"


def _say_grades(voice: Voice, found: dict[str, Any]) -> None:
    heads = [Text("等级", "grade"), Text("地块", "parcels"), Text("面积（公顷）", "area (ha)"), Text("占比", "share")]
    whole = sum(g["area_dm2"] for g in found["grades"])
    rows = [
        [str(g["grade"]), f"{g['parcels']:,}", _ha(g["area_dm2"]), f"{g['area_dm2'] / whole:.1%}" if whole else "—"]
        for g in found["grades"]
    ]
    voice.table(Text("地块的生态等级（1 最高）", "Ecological grade of parcels (1 highest)"), heads, rows, right=(1, 2, 3))


def _ha(area_dm2: float) -> str:
    return f"{area_dm2 / DM2_PER_HA:,.2f}"


def _say_line(voice: Voice, found: dict[str, Any]) -> None:
    line = found["red_line"]
    if line is None:
        voice.say(Text("没有可分级的图，未划红线。", "Nothing could be graded, so no red line was drawn."))
        return
    drawn = Text(
        "建议红线（像元）：{p} 个斑块，{a} 公顷；填补 {f} 个像元的孔洞，连接 {j} 个像元的间隙；"
        "舍去 {d} 个小斑块（{m} 公顷），因特殊地保留小斑块 {k} 个。",
        "Proposed red line (cells): {p} patches, {a} ha; {f} cells of holes filled, {j} cells of gaps joined;"
        " {d} small patches dropped ({m} ha), {k} small ones kept for what lies in them.",
    )
    voice.say(
        drawn.fill(
            p=line["patches"],
            a=_ha(line["area_dm2"]),
            f=line["filled_cells"],
            j=line["joined_cells"],
            d=line["dropped_patches"],
            m=f"{line['dropped_area_m2'] / M2_PER_HA:,.2f}",
            k=line["kept_small"],
        )
    )
    snapped = Text(
        "建议红线（沿地块界）：{n} 个地块，{p} 个斑块，{a} 公顷；舍去 {d} 个小斑块。提案而已：经批准才生效。",
        "Proposed red line (parcel borders): {n} parcels, {p} patches, {a} ha; {d} small patches dropped."
        " A proposal: it holds once it is adopted.",
    )
    voice.say(
        snapped.fill(
            n=line["parcels"],
            p=line["parcel_patches"],
            a=_ha(line["parcel_area_dm2"]),
            d=line["parcel_patches_dropped"],
        )
    )


def _say_reserves(voice: Voice, found: dict[str, Any]) -> None:
    r = found["reserves"]
    said = Text(
        "生态留白候选：{n} 个地块，{c} 片，{a} 公顷（占比上限为 {m} 公顷；与最优的差距不超过 {g}）。",
        "Candidates for reserves: {n} parcels in {c} clusters, {a} ha (the share allows {m} ha; within {g} of the best choice).",
    )
    voice.say(said.fill(n=r["parcels"], c=r["clusters"], a=_ha(r["area_dm2"]), m=_ha(r["most_dm2"]), g=f"{r['gap']:.1%}"))
    if r["area_dm2"] > r["most_dm2"]:
        over = Text("现有留白已超过占比上限，未再新选。", "The reserves there are exceed the share already, so none was added.")
        voice.say(over)


# ---------------------------------------------------------------- a new line
_SOURCES = {
    "bundle": Text("成果包", "the bundle"),
    "case": Text("案例的红线文件", "the file of the case"),
    "derived": Text("按案例规则划定", "drawn by the rules of the case"),
    "none": Text("没有", "none"),
}
_ITEMS = {
    "parcels": Text("触及的地块", "parcels touched"),
    "parcels_without_rate": Text("其中没有标准的", "of these without a rate"),
    "rights": Text("触及的权利", "rights touched"),
    "holders": Text("触及的权利人", "holders touched"),
    "contracts": Text("触及的合同", "contracts touched"),
    "before_dm2": Text("原红线内（公顷）", "inside the old line (ha)"),
    "kept_dm2": Text("两版都在内（公顷）", "inside both (ha)"),
    "gained_dm2": Text("划入（公顷）", "taken in (ha)"),
    "lost_dm2": Text("调出（公顷）", "let out (ha)"),
    "after_dm2": Text("新红线内（公顷）", "inside the new line (ha)"),
    "gained_fen": Text("划入涉及（元/年）", "money on ground taken in (CNY/a)"),
    "lost_fen": Text("调出涉及（元/年）", "money on ground let out (CNY/a)"),
    "gained_fen_not_assigned": Text("划入金额中未落到权利的（元/年）", "of the first, assigned to no right (CNY/a)"),
    "lost_fen_not_assigned": Text("调出金额中未落到权利的（元/年）", "of the second, assigned to no right (CNY/a)"),
}
_TOP = 10


def say_changed(voice: Voice, made: Changed, out: Path) -> None:
    """Print the totals of a change, the parcels it touches most, and what is not known."""
    from ecocomp.pipeline.line_change import closes

    top = touched_most(made)
    voice.data(
        {
            "year": made.year,
            "old_line": made.source,
            "money_known": made.money,
            "closes": closes(made.impact),
            "outside_parcels_dm2": made.outside_dm2,
            "totals": {k: v for k, v in made.totals().items() if made.money or _tells_no_money(k)},
            "parcels": top,
            "notes": [f.as_json() for f in made.notes],
            "files": [str(p) for p in made.files],
        }
    )
    if voice.as_json:
        return
    voice.faults(made.notes, show=10)
    voice.say(Text("原红线：{s}。", "Old line: {s}.").fill(s=_SOURCES[made.source]))
    _say_totals(voice, made)
    _say_touched(voice, made, top)
    closed = Text(
        "每个地块和合计都闭合：原有 + 划入 − 调出 = 新版。", "It closes for every parcel and in total: old + in − out = new."
    )
    voice.say(closed if closes(made.impact) else Text("账目不闭合，请报告。", "The ledger does not close; please report this."))
    outside = Text("新红线另有 {a} 公顷不在任何地块内。", "Besides, {a} ha of the new line lie in no parcel.")
    voice.say(outside.fill(a=_ha(made.outside_dm2)))
    voice.say(Text("已写入 {p}（{n} 个文件）。", "Wrote {p} ({n} files).").fill(p=out, n=len(made.files)))


def _tells_no_money(item: str) -> bool:
    return "fen" not in item and item != "parcels_without_rate"


def touched_most(made: Changed) -> list[dict[str, Any]]:
    """Return the parcels the change touches most, largest area that moves first."""
    rows = [r for r in made.impact.ledger.to_pylist() if r["gained_dm2"] or r["lost_dm2"]]
    return sorted(rows, key=lambda r: (-(r["gained_dm2"] + r["lost_dm2"]), r["parcel_id"]))[:_TOP]


def _say_totals(voice: Voice, made: Changed) -> None:
    rows = []
    amounts = made.totals()
    for item in _ITEMS:
        amount = amounts[item]
        if made.money or _tells_no_money(item):
            said = _ha(amount) if item.endswith("_dm2") else say_yuan(amount) if "_fen" in item else f"{amount:,}"
            rows.append([_ITEMS[item].to(voice.lang), said])
    title = Text("{y} 年：新红线触及什么", "{y}: what the new red line touches")
    heads = [Text("项目", "item"), Text("数值", "amount")]
    voice.table(title.fill(y=made.year), heads, rows, right=(1,))


def _say_touched(voice: Voice, made: Changed, top: list[dict[str, Any]]) -> None:
    if not top:
        return
    heads = [
        Text("地块", "parcel"),
        Text("划入（公顷）", "in (ha)"),
        Text("调出（公顷）", "out (ha)"),
        Text("权利", "rights"),
        Text("权利人", "holders"),
        Text("合同", "contracts"),
        *([Text("划入（元/年）", "in (CNY/a)"), Text("调出（元/年）", "out (CNY/a)")] if made.money else []),
    ]
    rows = []
    for r in top:
        money = ["—" if r[k] is None else say_yuan(r[k]) for k in ("gained_fen", "lost_fen")] if made.money else []
        counts = [f"{r[k]:,}" for k in ("rights", "holders", "contracts")]
        rows.append([r["parcel_id"], _ha(r["gained_dm2"]), _ha(r["lost_dm2"]), *counts, *money])
    voice.table(Text("触及最多的地块", "Parcels touched most"), heads, rows, right=tuple(range(1, len(heads))))


# ---------------------------------------------------------------- the lines of the years
def say_versions(voice: Voice, found: list[LineVersion], case: Path) -> None:
    """Print the red line each sealed year rests on."""
    voice.data({"versions": [asdict(v) for v in found]})
    if not found:
        voice.say(Text("还没有成果包：先运行 ecocomp run {c}。", "There are no bundles yet: run ecocomp run {c}.").fill(c=case))
        return
    heads = [
        Text("年", "year"),
        Text("基准日", "reference day"),
        Text("已知日", "known on"),
        Text("斑块", "patches"),
        Text("面积（公顷）", "area (ha)"),
        Text("图层指纹", "fingerprint"),
        Text("与上一年", "against the year before"),
    ]
    words = {None: Text("—", "—"), True: Text("有变", "changed"), False: Text("相同", "the same")}
    rows = [
        [
            str(v.year),
            v.reference_day,
            v.known_on,
            f"{v.patches:,}",
            _ha(v.area_dm2),
            v.fingerprint[:16],
            words[v.changed].to(voice.lang),
        ]
        for v in found
    ]
    voice.table(Text("各年所依据的红线", "The red line each year rests on"), heads, rows, right=(3, 4))
