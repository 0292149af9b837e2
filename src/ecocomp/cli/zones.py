"""How `ecocomp zones` says what it drew, what a new line touches, and which lines hold when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.cli.say import Voice
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from ecocomp.pipeline.line_change import Changed
    from ecocomp.pipeline.zones import Drawn

DM2_PER_HA, M2_PER_HA = 1_000_000, 10_000
_KINDS = {"importance": Text("重要性", "importance"), "sensitivity": Text("敏感性", "sensitivity")}
_MIDDLE = ("important", "sensitive")
_UNVERIFIED = Text("依据 {n} 个未核实的参数（提案可用，划定前须核实）：{k}",
                   "Rests on {n} unverified parameters (fit for a proposal, to be verified before a line is adopted): {k}")  # fmt: skip


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
        rows.append([_KINDS[m["kind"]].to(voice.lang), map_words(m["kind"], m["map"]).to(voice.lang), *(_share(v, whole) for v in figures)])
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
            p=line["patches"], a=_ha(line["area_dm2"]), f=line["filled_cells"], j=line["joined_cells"],
            d=line["dropped_patches"], m=f"{line['dropped_area_m2'] / M2_PER_HA:,.2f}", k=line["kept_small"],
        )  # fmt: skip
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
        "生态留白候选：{n} 个地块，{c} 片，{a} 公顷（上限 {m} 公顷；与最优的差距不超过 {g}）。",
        "Candidates for reserves: {n} parcels in {c} clusters, {a} ha (at most {m} ha; within {g} of the best choice).",
    )
    voice.say(
        said.fill(n=r["parcels"], c=r["clusters"], a=_ha(r["area_dm2"]), m=_ha(r["most_dm2"]), g=f"{r['gap']:.1%}")
    )
