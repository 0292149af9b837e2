"""Use control: what may be done on a parcel on a day, by which rule of which document, and why.

For the desk officer who is asked, and for the conflict finder. Categories of ground and activities are code lists; what
each allows lies in dated rules (`ecopolicy/*/zoning`, keys ``zoning.control.*``), each clause with document, article,
confidence mark and dates. A county may set its own clauses over the national ones under the same key. Clauses of all
categories on a parcel are taken together and the strictest wins:

    forbidden > not known > conditional > allowed > not regulated

A pair of which no clause speaks on that day is `not known`, never allowed: an old day before the rules begin says so.
A category that is recorded only by its kind (a red line without core or general) is read as the strictest of the kind.

References
----------
1. 厅字〔2019〕48号 (three control lines); 自然资发〔2022〕142号 (red line); Land Administration Law (2019) art. 35, 37;
   Forest Law (2019) art. 37, 39, 48, 49, 55; Grassland Law art. 33, 38-52; Decree 367 art. 16, 29, 31, 62; regulation on nature
   reserves (Decree 167, from 2026-03-15 Decree 830); National Park Law (from 2026-01-01). What was read and what is remembered
   stands at each clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from ecocomp.rules import Parameters
from ecocomp.terms.codes import RESTRICTION_KINDS
from ecocomp.terms.faults import Fault
from ecocomp.terms.tables import TableSpec
from ecocomp.terms.tables import column as _c
from ecocomp.terms.text import Text

PREFIX = "zoning.control."

CATEGORIES: dict[str, Text] = {
    "red_line.core": Text("生态保护红线（核心保护区）", "ecological red line, core area"),
    "red_line.general": Text("生态保护红线（核心区外）", "ecological red line, outside core areas"),
    "permanent_basic_farmland": Text("永久基本农田", "permanent basic farmland"),
    "use_control.town": Text("城镇开发边界内", "inside the town development boundary"),
    "use_control.agricultural": Text("农业空间", "agricultural space"),
    "use_control.ecological": Text("一般生态空间", "ordinary ecological space"),
    "reserve": Text("生态留白", "ecological reserve"),
    "grazing_ban": Text("禁牧", "grazing ban"),
    "grass_livestock_balance": Text("草畜平衡", "grass-livestock balance"),
    "welfare_forest.national_1": Text("一级国家级公益林", "national welfare forest, class 1"),
    "welfare_forest.national_2": Text("二级国家级公益林", "national welfare forest, class 2"),
    "welfare_forest.local": Text("地方公益林", "local welfare forest"),
    "forest_conversion": Text("退耕还林还草地", "cropland returned to forest or grass"),
    "protected_area.national_park_core": Text("国家公园核心保护区", "national park, core"),
    "protected_area.national_park_general": Text("国家公园一般控制区", "national park, general control"),
    "protected_area.core": Text("自然保护区核心保护区", "nature reserve, core"),
    "protected_area.general": Text("自然保护区一般控制区", "nature reserve, general control"),
    "function_zone": Text("主体功能区", "function zone"),
}
"""Category of ground: the kind of restriction, and after a dot its category where the kind has several."""

ACTIVITIES: dict[str, Text] = {
    "annual_crops": Text("种植一年生作物", "growing annual crops"),
    "orchard": Text("发展林果业", "planting orchards"),
    "reclaim": Text("开垦", "breaking new fields"),
    "grazing": Text("放牧", "grazing"),
    "afforestation": Text("造林种草", "planting forest or grass"),
    "forest_conversion": Text("退耕还林还草", "returning cropland to forest or grass"),
    "tending": Text("抚育和更新", "tending and renewal"),
    "logging": Text("商品性采伐", "commercial cutting"),
    "understorey": Text("林下经营", "use under the trees"),
    "housing": Text("建房", "building houses"),
    "town_building": Text("城镇和工业建设", "town and industrial building"),
    "lines": Text("线性基础设施", "roads, rails and lines"),
    "water_works": Text("防洪供水工程", "flood and water works"),
    "mining": Text("采矿采石取土", "mining and digging"),
    "tourism": Text("旅游设施", "tourism facilities"),
    "fish_ponds": Text("挖塘养殖", "fish ponds"),
    "research": Text("调查监测科研", "survey, monitoring and research"),
}
VERDICTS: dict[str, Text] = {
    "forbidden": Text("禁止", "forbidden"),
    "not_known": Text("不明（没有当日的规则）", "not known (no rule of that day)"),
    "conditional": Text("有条件", "on conditions"),
    "allowed": Text("允许", "allowed"),
    "not_regulated": Text("未作规定", "not regulated"),
}
"""Verdicts, the strictest first."""

PROGRAMMES: dict[str, Text] = {
    "forest_conversion": Text("退耕还林还草补助", "conversion subsidy"),
    "welfare_forest": Text("国家级公益林补偿", "national welfare-forest compensation"),
    "welfare_forest_local": Text("地方公益林补偿", "local welfare-forest compensation"),
    "grazing_ban": Text("禁牧补助", "grazing-ban subsidy"),
    "grass_livestock_balance": Text("草畜平衡奖励", "balance reward"),
    "wetland": Text("湿地生态效益补偿", "wetland compensation"),
    "reserve": Text("生态留白补偿", "reserve compensation"),
    "eco_zone": Text("生态功能区综合补偿", "compensation of the ecological function zone"),
}
"""Programmes that pay on ground, as the stacking rules name them (`ecocomp.zoning.conflicts`)."""

_RANK = {v: i for i, v in enumerate(VERDICTS)}
_S, _B, _D = pa.string(), pa.bool_(), pa.date32()


USE = TableSpec(
    "use",
    Text("地块可以做什么", "what may be done on a parcel"),
    ("activity",),
    (
        _c("activity", _S, "control.ACTIVITIES", "活动", "activity"),
        _c("verdict", _S, "control.VERDICTS", "结论", "verdict"),
        _c("category", _S, "control.CATEGORIES", "起决定作用的类别", "category that decides", True),
        _c("rule", _S, "", "规则", "rule that decides", True),
        _c("document", _S, "", "文件和条款", "document and article", True),
        _c("confidence", _S, "confidence.MARKS", "可信度", "confidence", True),
        _c("why_zh", _S, "", "理由（中文）", "why, in Chinese"),
        _c("why_en", _S, "", "理由（英文）", "why, in English"),
        _c("ties", _S, "", "同样严格的其他规则", "other rules that are as strict"),
        _c("assumed", _B, "", "类别未细分，按最严的读", "category not recorded in full: read as the strictest"),
    ),
    "zone",
)
CLAUSE = TableSpec(
    "use_clause",
    Text("用途管制条款", "clauses of use control"),
    ("category", "activity", "rule", "verdict"),
    (
        _c("category", _S, "control.CATEGORIES", "类别", "category"),
        _c("activity", _S, "control.ACTIVITIES", "活动", "activity"),
        _c("rule", _S, "", "规则", "rule"),
        _c("verdict", _S, "control.VERDICTS", "结论", "verdict"),
        _c("condition_zh", _S, "", "规定（中文）", "what it says, in Chinese"),
        _c("condition_en", _S, "", "规定（英文）", "what it says, in English"),
        _c("document", _S, "", "文件和条款", "document and article"),
        _c("confidence", _S, "confidence.MARKS", "可信度", "confidence"),
        _c("valid_from", _D, "date", "生效日", "holds from"),
        _c("valid_to", _D, "date", "失效日（空为至今）", "holds until (empty: still)", True),
        _c("place", _S, "", "规则所在地", "place of the rule"),
    ),
    "zone",
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence of one rule: what holds for one activity on one category of ground."""

    category: str
    activity: str
    verdict: str
    rule: str
    says: Text
    document: str
    confidence: str
    valid_from: date
    valid_to: date | None
    place: str

    @property
    def rank(self) -> int:
        """Place of the verdict, 0 the strictest."""
        return _RANK[self.verdict]


def category_of(kind: str, category: str | None = None) -> str:
    """Return the code of a category of ground from the kind and category of a restriction.

    >>> category_of("red_line", "core"), category_of("grazing_ban"), category_of("reserve", "corridor")
    ('red_line.core', 'grazing_ban', 'reserve.corridor')
    """
    return f"{kind}.{category}" if category else kind


def clauses(rules: Parameters) -> list[Clause]:
    """Return every clause that holds at the place and on the day of `rules`; clauses that cannot be read are left out
    (`check_control` names them)."""
    return [c for key in control_keys(rules, PREFIX) for c in _read(rules, key)[0]]


def check_control(rules: Parameters) -> list[Fault]:
    """Return every fault of the clauses: unknown categories, activities or verdicts, missing sentences."""
    return [f for key in control_keys(rules, PREFIX) for f in _read(rules, key)[1]]


def control_keys(rules: Parameters, prefix: str) -> list[str]:
    """Return the keys under a prefix that hold at the place and on the day of `rules`, in order."""
    return [k for k in rules.book.keys if k.startswith(prefix) and rules.has(k)]


def _read(rules: Parameters, key: str) -> tuple[list[Clause], list[Fault]]:
    held, out, faults = rules.get(key), [], []
    for row in held.value if held.kind == "list" else []:
        wrong = _wrong(row)
        faults += [entry_fault(held, text) for text in wrong]
        if wrong:
            continue
        says, paper = Text(str(row["zh"]), str(row["en"])), " ".join(x for x in (held.document, held.article) if x)
        dates = (held.valid_from, held.valid_to, held.place)
        out += [
            Clause(c, a, str(row["verdict"]), key.removeprefix(PREFIX), says, paper, held.confidence, *dates)
            for c in row["categories"]
            for a in row["activities"]
        ]
    if held.kind != "list":
        faults.append(entry_fault(held, Text("应是条款的列表", "it should be a list of clauses")))
    return out, faults


def _wrong(row: Any) -> list[Text]:
    if not isinstance(row, dict):
        return [Text("条款不是键值表", "a clause is no mapping")]
    missing = [k for k in ("categories", "activities", "verdict", "zh", "en") if not row.get(k)]
    if missing:
        return [Text("缺少 {m}", "{m} missing").fill(m=", ".join(missing))]
    known: tuple[tuple[str, Mapping[str, Text]], ...] = (("categories", CATEGORIES), ("activities", ACTIVITIES))
    out = [Text("{k} 应是列表", "{k} should be a list").fill(k=k) for k, _ in known if not isinstance(row[k], list)]
    if out:
        return out
    strange = [str(v) for k, codes in known for v in row[k] if v not in codes and not (k == "categories" and _known_kind(v))]
    strange += [] if row["verdict"] in VERDICTS else [str(row["verdict"])]
    return [Text("代码 {c} 不认识", "the code {c} is not known").fill(c=", ".join(strange))] if strange else []


def _known_kind(category: Any) -> bool:
    return str(category).split(".")[0] in RESTRICTION_KINDS


def entry_fault(held: Any, what: Text) -> Fault:
    """Return a fault of one entry of a rule (`RuleValue`) that cannot be read."""
    clash = Text("{k}：{w}。", "{k}: {w}.").fill(k=held.key, w=what)
    return Fault("zoning.rule", held.file, f"line {held.line}", clash, Text("更正这一条规则。", "Mend this rule."))


def clause_table(rules: Parameters, categories: Iterable[str] | None = None) -> pa.Table:
    """Return all clauses of a day (CLAUSE), of some categories if given: the whole list behind a verdict."""
    wanted = None if categories is None else {c for code in categories for c in _read_as(code, clauses(rules))[0]}
    rows: dict[tuple[str, ...], dict[str, object]] = {}
    for c in clauses(rules):
        if wanted is None or c.category in wanted:
            said = {"condition_zh": c.says.zh, "condition_en": c.says.en, "document": c.document, "confidence": c.confidence}
            head = {"category": c.category, "activity": c.activity, "rule": c.rule, "verdict": c.verdict}
            dates = {"valid_from": c.valid_from, "valid_to": c.valid_to, "place": c.place}
            rows.setdefault((c.category, c.activity, c.rule, c.verdict), {**head, **said, **dates})
    return CLAUSE.table(list(rows.values()))


def what_may_be_done(categories: Iterable[str], rules: Parameters) -> pa.Table:
    """Return for every activity the verdict of the strictest clause, which rule it is and why (USE).

    categories  categories of ground on the parcel (`category_of`), as the share table gives them
    rules       parameters of the place and day, `RuleBook.resolve(place, on, known)`

    Several rules may be equally strict: the first by category and rule is named and the others stand in `ties`.
    """
    held, codes = clauses(rules), sorted(set(categories))
    read = {code: _read_as(code, held) for code in codes}
    by_pair: dict[tuple[str, str], list[Clause]] = {}
    for c in held:
        by_pair.setdefault((c.category, c.activity), []).append(c)
    return USE.table([_verdict(activity, read, by_pair) for activity in ACTIVITIES])


def _read_as(code: str, held: Iterable[Clause]) -> tuple[list[str], bool]:
    """Return the categories a code is read as, and whether that was assumed: itself, its kind, or all of its kind."""
    spoken = {c.category for c in held}
    kind = code.split(".")[0]
    if code in spoken or code in CATEGORIES:
        return [code], False
    if kind in spoken or kind in CATEGORIES:
        return [kind], False
    below = [c for c in CATEGORIES if c.startswith(kind + ".")]
    return below or [code], bool(below)


def _verdict(
    activity: str, read: Mapping[str, tuple[list[str], bool]], by_pair: Mapping[tuple[str, str], list[Clause]]
) -> dict[str, object]:
    found: list[Clause] = []
    unknown: list[str] = []
    assumed: set[str] = set()
    for code, (ways, guess) in read.items():
        here = [c for way in ways for c in by_pair.get((way, activity), ())]
        found += here
        assumed |= {c.category for c in here} if guess else set()
        unknown += [] if here else [code]
    found.sort(key=lambda c: (c.rank, c.category, c.rule))
    if unknown and (not found or found[0].rank > _RANK["not_known"]):
        return _no_rule(activity, unknown)
    if not found:
        return _nothing_here(activity)
    first, ties = found[0], [c for c in found[1:] if c.rank == found[0].rank]
    name = CATEGORIES.get(first.category, RESTRICTION_KINDS.get(first.category.split(".")[0], Text(first.category, first.category)))
    why = Text("{c}：{s}", "{c}: {s}").fill(c=name, s=first.says)
    return {
        "activity": activity,
        "verdict": first.verdict,
        "category": first.category,
        "rule": first.rule,
        "document": first.document,
        "confidence": first.confidence,
        "why_zh": why.zh,
        "why_en": why.en,
        "ties": "; ".join(f"{c.category}/{c.rule}" for c in ties),
        "assumed": first.category in assumed,
    }


def _no_rule(activity: str, unknown: list[str]) -> dict[str, object]:
    clash = Text("没有对 {c} 作规定的当日规则", "no rule of that day speaks of it on {c}").fill(c=", ".join(unknown))
    blank = dict.fromkeys(("category", "rule", "document", "confidence"))
    said = {"why_zh": clash.zh, "why_en": clash.en, "ties": "", "assumed": False}
    return {"activity": activity, "verdict": "not_known", **blank, **said}


def _nothing_here(activity: str) -> dict[str, object]:
    blank = dict.fromkeys(("category", "rule", "document", "confidence"))
    said = {"why_zh": "地块上没有登记任何管制类别", "why_en": "no category of use control is recorded on the parcel"}
    return {"activity": activity, "verdict": "not_regulated", **blank, **said, "ties": "", "assumed": False}
