"""Everything wrong with an agreement as written: shape, the seven items, parties, sections, term, weights, clauses, guidance.

Errors stop it from being settled or signed; warnings are told: what is left open, what the national guidance of 2016 would
have otherwise (base of three to five years before signing; above the national target; only better, never worse).

References: Regulation on Ecological Protection Compensation (Decree 779), art. 17; Caijian (2016) 928.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ecocomp.agreements.indicators import INDICATORS, code_of
from ecocomp.agreements.model import ROLES, Party, bound, text_of
from ecocomp.agreements.readings import FORCE_RULES, MISSING_RULES, Flaw, open_keys, party_code, short
from ecocomp.agreements.shape import AGREEMENT, CLAUSE, Wrong, is_number, misshapen, normal
from ecocomp.registry import entries
from ecocomp.rules.lines import Line
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.faults import Fault, Severity
from ecocomp.terms.text import Text

#: The seven items of article 17, in its order, with the keys that carry them.
ITEMS: tuple[tuple[tuple[str, ...], Text], ...] = (
    (("scope",), Text("补偿的具体范围", "the exact scope of compensation")),
    (("targets", "indicators"), Text("预期保护目标及监测、评价指标", "the target with its monitoring and evaluation indicators")),
    (("duties",), Text("保护责任", "the duties of protection")),
    (("form", "clauses"), Text("补偿方式及落实保障", "the form of compensation and how it is delivered")),
    (("term",), Text("协议期限", "the term")),
    (("breach",), Text("违约处理", "the handling of breach")),
    (("other",), Text("其他事项（可空，须写明）", "other items (may be empty, but must stand there)")),
)
COMBINE = ("each", "worst", "mean")
CLEARING = ("bilateral", "multilateral", "account")
SHARED = ("section", "indicators", "base_years", "data_rules", "year_starts")
"""Keys a clause takes from the agreement when it does not carry them itself."""
_CODE = re.compile(r"[^\s/\\:,;'\"<>|*?\x00-\x1f]{1,80}")


class Place:
    """Where things stand in the file: the tree with lines, if it was read from one."""

    def __init__(self, where: str, tree: Any = None) -> None:
        self.where, self.tree = where, tree

    def line(self, *path: Any) -> int:
        """Return the line of the value at a path, of the last part of the path that is there; 0 without lines."""
        at, line = self.tree, 0
        for step in (None, *path):
            if step is not None:
                inner = at.value if isinstance(at, Line) else at
                try:
                    at = inner[step]
                except (KeyError, IndexError, TypeError):
                    return line
            if isinstance(at, Line):
                line = at.line
        return line

    def fault(
        self, code: str, path: Sequence[Any], clash: Text, remedy: Text, severity: Severity = "error", name: str | None = None
    ) -> Fault:
        """Return a fault at a path, its line in front."""
        line = self.line(*path)
        words = name if name is not None else " ".join(str(p + 1) if isinstance(p, int) else str(p) for p in path)
        return Fault(code, self.where, f"line {line} {words}".strip() if line else words, clash, remedy, severity)


def check_all(data: Mapping[str, Any], place: Place) -> list[Fault]:
    """Return every fault and warning of an agreement's data."""
    found = [*_missing_items(data, place), *_shape_faults(data, place)]
    sound = normal_of(data)
    checks = (
        _identity, _parties, _sections, _term, _indicators, _data_rules,
        _clauses, _money_rules, _published, _marks, _open, _guidance,
    )  # fmt: skip
    return list(dict.fromkeys([*found, *(f for check in checks for f in check(sound, place))]))


# ---------------------------------------------------------------- shape
def _shape_faults(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    """Return a fault for each unknown key, clause kind or value of the wrong kind."""
    source = place.tree.value if isinstance(place.tree, Line) else data
    found = misshapen({k: v for k, v in source.items() if k != "clauses"}, AGREEMENT)
    clauses = source.get("clauses")
    listed = clauses.value if isinstance(clauses, Line) else clauses
    if listed is not None and not isinstance(listed, list):
        found += misshapen(clauses, [CLAUSE], "clauses")
    for n, clause in enumerate(listed if isinstance(listed, list) else [], 1):
        found += _clause_shape_faults(clause, n)
    for wrong in found:
        record = f"line {wrong.line} {wrong.at}".strip() if wrong.line else wrong.at
        yield Fault("agreements.shape", place.where, record, wrong.clash, wrong.remedy)


def _clause_shape_faults(clause: Any, n: int) -> list[Wrong]:
    shape = clause_shape(clause)
    if shape is not None:
        return misshapen(clause, shape, f"clauses {n}")
    bare = clause.value if isinstance(clause, Line) else clause
    kind = bare.get("kind") if isinstance(bare, Mapping) else bare
    line = kind.line if isinstance(kind, Line) else clause.line if isinstance(clause, Line) else 0
    said = str(kind.value if isinstance(kind, Line) else kind)[:40]
    known = list(entries("agreements.clauses"))
    near = next(iter(difflib.get_close_matches(said, known, 1)), "—")
    clash = Text("没有条款类型 {k}。", "There is no clause kind {k}.").fill(k=said)
    remedy = Text("最相近的是 {n}；可用：{all}。", "The nearest is {n}; known: {all}.").fill(n=near, all=", ".join(known))
    return [Wrong(f"clauses {n}", clash, remedy, line)]


def clause_shape(clause: Any) -> Any:
    """Return the shape of a clause by its kind; None when there is no such kind."""
    clause = clause.value if isinstance(clause, Line) else clause
    kind = clause.get("kind") if isinstance(clause, Mapping) else None
    kind = kind.value if isinstance(kind, Line) else kind
    known = entries("agreements.clauses")
    return {**CLAUSE, **known[kind].module.SHAPE} if isinstance(kind, str) and kind in known else None


def normal_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the well-shaped part of the data in normal form; faults of the rest are told by the shape check.

    Indicators are known by their codes whatever name was written (``氨氮``, ``NH3-N``: nh3n).
    """
    clauses = data.get("clauses")
    shaped = [(c, clause_shape(c)) for c in clauses] if isinstance(clauses, list) else []
    rest = normal({k: v for k, v in data.items() if k != "clauses"}, AGREEMENT)
    return _coded({**rest, "clauses": [normal(c, shape) for c, shape in shaped if shape is not None]})


_BY_INDICATOR = ("limits", "class_limits", "national_limits", "targets", "per_tonne_yuan")


def _coded(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [_coded(v, key) for v in value]
    if not isinstance(value, dict):
        return value
    if key in _BY_INDICATOR:
        return {code_of(k) or k: _coded(v) for k, v in value.items()}
    made = {k: _coded(v, k) for k, v in value.items()}
    if key == "indicators" and isinstance(made.get("code"), str):
        made["code"] = code_of(made["code"]) or made["code"]
    return made


# ---------------------------------------------------------------- the seven items
def _missing_items(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    """Return a fault for each of the seven items that is absent or, except the last, empty.

    In a file written from the public record (`from_record: true`) an item under `unknown` is a warning: it is open.
    """
    record = data.get("from_record") is True
    left_open = open_keys(data) if record and isinstance(data.get("unknown"), list) else set()
    for number, (keys, name) in enumerate(ITEMS, 1):
        for key in keys:
            if key in data and (key == "other" or _filled(key, data.get(key))):
                continue
            if key in left_open or (key == "indicators" and _clauses_have_indicators(data)):
                continue
            clash = Text("第十七条第{n}项“{w}”没有写（键 {k}）。", "Item {n} of article 17, {w}, is not there (key {k}).").fill(
                n=number, w=name, k=key
            )
            remedy = Text("写上 {k} 后才能结算。", "Write {k}; without it the agreement cannot be settled.").fill(k=key)
            if _one_language(data.get(key)):
                remedy = Text("{k} 须有中文和英文（zh、en）。", "{k} needs both languages (zh and en).").fill(k=key)
            yield place.fault("agreements.agr17", (key,), clash, remedy)
    for key in ("id", "name"):
        if not data.get(key):
            clash = Text("没有 {k}。", "{k} is missing.").fill(k=key)
            yield place.fault("agreements.agr17", (key,), clash, Text("写上 {k}。", "Write {k}.").fill(k=key))


def _clauses_have_indicators(data: Mapping[str, Any]) -> bool:
    clauses = data.get("clauses")
    return (
        isinstance(clauses, list)
        and bool(clauses)
        and all(isinstance(c, Mapping) and (c.get("indicators") or c.get("limits") or c.get("targets")) for c in clauses)
    )


def _one_language(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.get("zh")) != bool(value.get("en"))


def _filled(key: str, value: Any) -> bool:
    if key in ("scope", "targets", "duties", "form", "breach"):
        return isinstance(value, Mapping) and bool(value.get("zh")) and bool(value.get("en"))
    return bool(value)


# ---------------------------------------------------------------- who and where
def _identity(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    for key in ("id", "previous"):
        code = data.get(key)
        if code is not None and not _CODE.fullmatch(code):
            clash = Text(
                "编码“{c}”含有空格、斜杠等字符，或太长。", "The code '{c}' has spaces, slashes or the like, or is too long."
            ).fill(c=code[:40])
            yield place.fault("agreements.id", (key,), clash, Text("用字母、数字、- 和 _。", "Use letters, digits, - and _."))
    if data.get("previous") is not None and data.get("previous") == data.get("id"):
        clash = Text("previous 就是它自己（{i}）。", "previous is the agreement itself ({i}).").fill(i=data["id"])
        yield place.fault(
            "agreements.renewal",
            ("previous",),
            clash,
            Text("续签是新协议，用新的编码。", "A renewal is a new agreement with a new code."),
        )
    version = data.get("version")
    if version is not None and version < 1:
        yield place.fault(
            "agreements.renewal",
            ("version",),
            Text("version 是 {v}。", "version is {v}.").fill(v=version),
            Text("从 1 起。", "Begin with 1."),
        )


def _parties(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    parties = data.get("parties", [])
    codes = [str(p.get("code", "")) for p in parties]
    if len(set(codes)) < 2:
        clash = Text("只有 {n} 个不同的当事方。", "There are {n} different parties.").fill(n=len(set(codes)))
        yield place.fault("agreements.parties", ("parties",), clash, Text("协议至少要有两方。", "An agreement needs two or more."))
    for code in sorted(c for c, times in Counter(codes).items() if times > 1 or not c):
        clash = Text("当事方代码“{c}”为空或重复。", "Party code '{c}' is empty or twice there.").fill(c=code)
        at = ("parties", codes.index(code))
        yield place.fault(
            "agreements.parties",
            at,
            clash,
            Text("每一方用自己的行政区划代码。", "Give each party its own administrative code."),
            name=code or "parties",
        )
    for n, p in enumerate(parties):
        if p.get("role") not in ROLES:
            yield place.fault(
                "agreements.parties",
                ("parties", n, "role"),
                Text("角色 {r} 不认识。", "Role {r} is not known.").fill(r=p.get("role")),
                Text("用 {r}。", "Use {r}.").fill(r=", ".join(ROLES)),
                name=str(p.get("code")),
            )


def _sections(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    listed = data.get("sections") or []
    codes = {str(p.get("code")) for p in data.get("parties", [])}
    ids = [s.get("id") for s in listed]
    for n, s in enumerate(listed):
        if not s.get("id") or ids.index(s["id"]) != n:
            clash = Text("断面编码“{c}”为空或重复。", "Section code '{c}' is empty or twice there.").fill(c=s.get("id") or "")
            yield place.fault(
                "agreements.sections", ("sections", n), clash, Text("每个断面一个编码。", "Give each section its own code.")
            )
        if s.get("bank") not in (None, "left", "right", "both"):
            clash = Text("bank 写的是 {b}。", "bank says {b}.").fill(b=s["bank"])
            yield place.fault(
                "agreements.sections",
                ("sections", n, "bank"),
                clash,
                Text("写 left、right 或 both。", "Write left, right or both."),
            )
        if s.get("weight") is not None and s["weight"] <= 0:
            clash = Text("断面权重 {w} 不是正数。", "The section's weight {w} is not positive.").fill(w=s["weight"])
            yield place.fault("agreements.sections", ("sections", n, "weight"), clash, Text("写正数。", "Write a positive number."))
        for role in ("upstream", "downstream"):
            side = s.get(role)
            strange = [c for c in (list(side) if isinstance(side, Mapping) else [side]) if c is not None and c not in codes]
            if strange:
                clash = Text("{r} {c} 不是当事方。", "{r} {c} is not a party.").fill(r=role, c=", ".join(strange))
                remedy = Text("当事方：{all}。", "The parties are {all}.").fill(all=", ".join(sorted(codes)))
                yield place.fault("agreements.sections", ("sections", n, role), clash, remedy)
    if not listed:
        return
    known = {i for i in ids if i}
    for path, section in _section_uses(data):
        if section not in known:
            near = next(iter(difflib.get_close_matches(section, sorted(known), 1, 0.3)), "—")
            clash = Text("断面 {s} 不在 sections 里。", "Section {s} is not among the sections.").fill(s=section)
            remedy = Text("最相近的是 {n}；可用：{all}。", "The nearest is {n}; known: {all}.").fill(
                n=near, all=", ".join(sorted(known))
            )
            yield place.fault("agreements.sections", path, clash, remedy)


def _section_uses(data: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if data.get("section"):
        yield ("section",), data["section"]
    for n, clause in enumerate(data["clauses"]):
        if clause.get("section"):
            yield ("clauses", n, "section"), clause["section"]
        for m, section in enumerate(clause.get("sections") or ()):
            yield ("clauses", n, "sections", m), section
        for key in ("deductions", "only_if"):
            for m, rule in enumerate(clause.get(key) or ()):
                if rule.get("section"):
                    yield ("clauses", n, key, m, "section"), rule["section"]
        for m, reach in enumerate(clause.get("reaches") or ()):
            for key in ("entry", "exit"):
                if reach.get(key):
                    yield ("clauses", n, "reaches", m, key), reach[key]
            for k, section in enumerate(reach.get("sections") or ()):
                yield ("clauses", n, "reaches", m, "sections", k), section


# ---------------------------------------------------------------- term
def _term(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    starts = data.get("year_starts")
    if starts is not None and not 1 <= starts <= 12:
        clash = Text("year_starts 是 {m}。", "year_starts is {m}.").fill(m=starts)
        yield place.fault("agreements.term", ("year_starts",), clash, Text("写 1 到 12 月。", "Write a month from 1 to 12."))
    for key in ("due",):
        yield from _day_faults(data.get(key), (key,), place)
    for key in ("prepay", "deadlines"):
        for n, item in enumerate(data.get(key) or ()):
            if key != "prepay" or item.get("month") is not None or item.get("day") is not None:
                yield from _day_faults(item, (key, n), place)
    term = data.get("term")
    if not term:
        return
    first, last = term.get("from"), term.get("to")
    if first is None or last is None:
        yield place.fault(
            "agreements.term",
            ("term",),
            Text("期限没有可读的 from 和 to。", "The term has no readable 'from' and 'to'."),
            Text("写成 {from: 2022-01-01, to: 2024-12-31}。", "Write {from: 2022-01-01, to: 2024-12-31}."),
        )
        return
    if last <= first:
        clash = Text("期限止于 {b}，早于起始 {a}。", "The term ends on {b}, not after its start {a}.").fill(a=first, b=last)
        yield place.fault("agreements.term", ("term",), clash, Text("更正 from 或 to。", "Mend 'from' or 'to'."))
    for n, year in enumerate(data.get("years") or ()):
        if not first.year - 2 <= year <= last.year + 1:
            clash = Text("结算年 {y} 离期限 {a}–{b} 太远。", "Year {y} lies far from the term {a}–{b}.").fill(
                y=year, a=first, b=last
            )
            yield place.fault("agreements.term", ("years", n), clash, Text("更正 years 或 term。", "Mend years or the term."))


def _day_faults(item: Mapping[str, Any] | None, path: tuple[Any, ...], place: Place) -> Iterator[Fault]:
    if not item:
        return
    month, day = item.get("month"), item.get("day")
    if (
        month is None
        or day is None
        or not 1 <= month <= 12
        or not 1 <= day <= 28 + (month != 2) * (2 + (month in (1, 3, 5, 7, 8, 10, 12)))
    ):
        clash = Text("{m} 月 {d} 日不是日子。", "Month {m}, day {d} is no day.").fill(m=month, d=day)
        yield place.fault("agreements.term", path, clash, Text("写 month 和 day。", "Write month and day."))


# ---------------------------------------------------------------- indicators and data
def _indicators(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    """Return faults of the indicators of the agreement, and of those clauses, deductions and conditions have for themselves."""
    yield from _weights(data.get("indicators", []), place, ("indicators",), weighted=_weights_matter(data))
    for n, clause in enumerate(data["clauses"]):
        if "indicators" in clause:
            yield from _weights(clause["indicators"], place, ("clauses", n, "indicators"))
        for key in ("deductions", "only_if"):
            for m, rule in enumerate(clause.get(key) or ()):
                yield from _weights(rule.get("indicators") or [], place, ("clauses", n, key, m, "indicators"), weighted=False)


_WEIGHTED = frozenset({"index_bands", "class_and_change", "change_rate", "space_time"})


def _weights_matter(data: Mapping[str, Any]) -> bool:
    return (
        not data["clauses"]
        or any(c.get("kind") in _WEIGHTED and "indicators" not in c for c in data["clauses"])
        or any("weight" in i for i in data.get("indicators", []))
    )


def _weights(found: list[Mapping[str, Any]], place: Place, path: tuple[Any, ...], weighted: bool = True) -> Iterator[Fault]:
    codes = [i.get("code") for i in found]
    for n, i in enumerate(found):
        weight, base, code = i.get("weight"), i.get("base"), i.get("code")
        if not code:
            clash = Text("指标没有 code。", "The indicator has no code.")
            yield place.fault("agreements.indicator", (*path, n), clash, Text("写 code。", "Write its code."))
        if weighted and not _positive(weight):
            clash = Text("权重 {w} 不是正数。", "Weight {w} is not positive.").fill(w=weight)
            yield place.fault(
                "agreements.weight", (*path, n), clash, Text("写一个正的权重。", "Write a positive weight."), name=str(code)
            )
        if base is not None and not _positive(base):
            clash = Text("基准 {b} 不是正数。", "Base {b} is not positive.").fill(b=base)
            remedy = Text("写正的基准浓度（mg/L）或用 base_years。", "Write a positive concentration (mg/L) or use base_years.")
            yield place.fault("agreements.base", (*path, n), clash, remedy, name=str(code))
        if code is not None and codes.index(code) != n:
            clash = Text("指标 {c} 写了两次。", "Indicator {c} is there twice.").fill(c=code)
            yield place.fault("agreements.weight", (*path, n), clash, Text("只留一处。", "Keep one of them."), name=str(code))
        if base is not None and code in INDICATORS and base > INDICATORS[code].most:
            clash = Text("基准 {b} 超出 {c} 的可能范围（单位 {u}）。", "Base {b} is beyond what {c} can be ({u}).").fill(
                b=base, c=INDICATORS[code].name, u=INDICATORS[code].unit
            )
            yield place.fault(
                "agreements.base",
                (*path, n),
                clash,
                Text("核对单位和小数点。", "Look at the unit and the decimal point."),
                name=str(code),
            )
    whole = sum((Fraction(i["weight"]) for i in found if _positive(i.get("weight"))), Fraction(0))
    if found and weighted and whole != 1:
        clash = Text("权重之和是 {s}，应为 1。", "The weights add up to {s}, not 1.").fill(s=float(whole))
        yield place.fault(
            "agreements.weight", path, clash, Text("更正权重（可写 1/3）。", "Mend the weights (1/3 may be written).")
        )


def _positive(value: Any) -> bool:
    return is_number(value) and value > 0


def _data_rules(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    found = [
        (("data_rules",), data.get("data_rules")),
        *((("clauses", n, "data_rules"), c.get("data_rules")) for n, c in enumerate(data["clauses"])),
    ]
    for path, rules in found:
        if not rules:
            continue
        for key, allowed in (("missing", MISSING_RULES), ("force_majeure", FORCE_RULES)):
            if rules.get(key) is not None and rules[key] not in allowed:
                clash = Text("{k} 写的是 {v}。", "{k} says {v}.").fill(k=key, v=rules[key])
                yield place.fault(
                    "agreements.data_rules", (*path, key), clash, Text("写 {a}。", "Write one of {a}.").fill(a=", ".join(allowed))
                )
        if rules.get("missing") == "exclude" and not rules.get("exclude_up_to"):
            clash = Text("missing: exclude 没有说最多剔除几个月。", "missing: exclude does not say how many months at most.")
            yield place.fault(
                "agreements.data_rules", path, clash, Text("写 exclude_up_to: 2 之类。", "Write exclude_up_to, such as 2.")
            )
        for key, low, high in (("exclude_up_to", 0, 11), ("months_needed", 1, 12), ("censored_factor", 0, 1)):
            value = rules.get(key)
            if value is not None and not low <= value <= high:
                clash = Text("{k} 是 {v}。", "{k} is {v}.").fill(k=key, v=value)
                yield place.fault(
                    "agreements.data_rules", (*path, key), clash, Text("写 {a} 到 {b}。", "Write {a} to {b}.").fill(a=low, b=high)
                )


# ---------------------------------------------------------------- clauses
def _clauses(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    known = entries("agreements.clauses")
    parties = tuple(party_of(p) for p in data.get("parties", []))
    shared = {k: data[k] for k in SHARED if k in data}
    agreement_open = list(data.get("unknown") or ())
    positions = _positions(place, len(data["clauses"]))
    for n, clause in enumerate(data["clauses"]):
        module, at = known[clause["kind"]].module, positions[n]
        sections = clause.get("sections") or ()
        section = sections[0] if sections else clause.get("section", data.get("section"))
        whole = {**shared, **clause, "unknown": [*agreement_open, *(clause.get("unknown") or ())]}
        if sections and not whole.get("section"):
            whole["section"] = sections[0]
        flaws = [Flaw(*f) for f in module.check(whole, bound(parties, data.get("sections") or (), section))]
        for flaw in flaws:
            yield place.fault(
                "agreements.clause", ("clauses", at, *flaw.at), flaw.clash, flaw.remedy, name=f"clauses {at + 1} {clause['kind']}"
            )
        yield from _combine_faults(clause, module, place, at)
        yield from _condition_faults({**shared, **clause}, place, at)
        yield from _indexation_faults(clause, {p.code for p in parties}, place, at)


def _positions(place: Place, count: int) -> list[int]:
    """Return where each well-shaped clause stands in the file (misshapen ones are left out of the normal form)."""
    listed = place.tree.value.get("clauses") if isinstance(place.tree, Line) and isinstance(place.tree.value, Mapping) else None
    items = listed.value if isinstance(listed, Line) and isinstance(listed.value, list) else None
    at = [n for n, c in enumerate(items) if clause_shape(c) is not None] if items is not None else []
    return at if len(at) == count else list(range(count))


def _combine_faults(clause: Mapping[str, Any], module: Any, place: Place, n: int) -> Iterator[Fault]:
    combine, many = clause.get("combine"), len(clause.get("sections") or ()) > 1
    if combine is not None and combine not in COMBINE:
        clash = Text("combine 写的是 {c}。", "combine says {c}.").fill(c=combine)
        yield place.fault(
            "agreements.clause", ("clauses", n, "combine"), clash, Text("写 each、worst 或 mean。", "Write each, worst or mean.")
        )
    if many and combine is None and not getattr(module, "POOLS_SECTIONS", False):
        clash = Text("有多个断面，没有说怎么合起来。", "There are several sections, and it is not said how they combine.")
        remedy = Text(
            "写 combine：each（各算各的，相加）、worst（按最差断面）、mean（按加权平均）。",
            "Write combine: each (every section for itself), worst (the worst decides) or mean (their weighted mean).",
        )
        yield place.fault("agreements.clause", ("clauses", n, "sections"), clash, remedy)


def _condition_faults(clause: Mapping[str, Any], place: Place, n: int) -> Iterator[Fault]:
    for m, rule in enumerate(clause.get("only_if") or ()):
        whole = {**clause, **rule}
        at = ("clauses", n, "only_if", m)
        if not whole.get("section") and not whole.get("sections"):
            yield place.fault(
                "agreements.clause",
                at,
                Text("条件没有断面。", "The condition has no section."),
                Text("写 section。", "Write section."),
            )
        if not rule.get("limits") and rule.get("target_class") is None:
            clash = Text("条件没有限值，也没有目标类别。", "The condition has neither limits nor a target class.")
            yield place.fault("agreements.clause", at, clash, Text("写 limits 或 target_class。", "Write limits or target_class."))
        if rule.get("target_class") is not None and not whole.get("indicators"):
            yield place.fault(
                "agreements.clause",
                at,
                Text("条件没有指标。", "The condition has no indicators."),
                Text("写 indicators。", "Write indicators."),
            )
        if rule.get("judge") not in (None, "year", "month", "both"):
            clash = Text("judge 写的是 {j}。", "judge says {j}.").fill(j=rule["judge"])
            yield place.fault("agreements.clause", at, clash, Text("写 year 或 both。", "Write year or both."))


def _indexation_faults(clause: Mapping[str, Any], codes: set[str], place: Place, n: int) -> Iterator[Fault]:
    rule = clause.get("indexation")
    if not rule:
        return
    at = ("clauses", n, "indexation")
    for key in ("series", "parties", "from"):
        if not rule.get(key):
            yield place.fault(
                "agreements.clause",
                at,
                Text("indexation 没有 {k}。", "indexation has no {k}.").fill(k=key),
                Text("写上。", "Write it."),
            )
    weights = rule.get("weights") or {}
    named = {*map(str, rule.get("parties") or ()), *map(str, weights)}
    if strange := sorted(named - codes):
        clash = Text("indexation 中的 {c} 不是当事方。", "{c} in indexation is not a party.").fill(c=", ".join(strange))
        yield place.fault(
            "agreements.clause", at, clash, Text("当事方：{a}。", "The parties are {a}.").fill(a=", ".join(sorted(codes)))
        )
    if weights and sum(Fraction(w) for w in weights.values()) != 1:
        yield place.fault(
            "agreements.clause",
            at,
            Text("权重之和不是 1。", "The weights do not add up to 1."),
            Text("更正权重。", "Mend the weights."),
        )


# ---------------------------------------------------------------- money rules of the whole agreement
def _money_rules(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    parties = tuple(party_of(p) for p in data.get("parties", []))
    codes = {p.code for p in parties}
    clearing = data.get("clearing") or {}
    account = (clearing.get("account") or {}).get("code")
    if clearing.get("mode") is not None and clearing["mode"] not in CLEARING:
        clash = Text("clearing.mode 写的是 {m}。", "clearing.mode says {m}.").fill(m=clearing["mode"])
        yield place.fault(
            "agreements.money", ("clearing",), clash, Text("写 {a}。", "Write one of {a}.").fill(a=", ".join(CLEARING))
        )
    if clearing.get("mode") == "account" and not account:
        clash = Text("经专户清算，但没有写专户。", "It clears through an account, and the account is not written.")
        yield place.fault("agreements.money", ("clearing",), clash, Text("写 account: {code: …}。", "Write account: {code: …}."))
    if account is not None and account in codes:
        clash = Text("专户代码 {c} 与当事方相同。", "The account's code {c} is that of a party.").fill(c=account)
        yield place.fault("agreements.money", ("clearing",), clash, Text("用另一个代码。", "Use another code."))
    uses = [(("caps", n, "party"), x.get("party"), False) for n, x in enumerate(data.get("caps") or ())]
    uses += [(("prepay", n, k), x.get(k), True) for n, x in enumerate(data.get("prepay") or ()) for k in ("payer", "payee")]
    uses += [(("pass_through", n, "party"), x.get("party"), False) for n, x in enumerate(data.get("pass_through") or ())]
    for path, name, or_account in uses:
        if party_code(name, parties) is None and not (or_account and name is not None and name == account):
            clash = Text("“{n}”不是唯一的一方。", "'{n}' is not exactly one party.").fill(n=name or "")
            yield place.fault(
                "agreements.money",
                path,
                clash,
                Text("写当事方代码：{c}。", "Write a party's code: {c}.").fill(c=", ".join(sorted(codes))),
            )
    for n, x in enumerate(data.get("prepay") or ()):
        if x.get("amount_yuan") is None:
            yield place.fault(
                "agreements.money",
                ("prepay", n),
                Text("没有 amount_yuan。", "amount_yuan is missing."),
                Text("写上。", "Write it."),
            )
    known = _labels([c["kind"] for c in data["clauses"]])
    for n, x in enumerate(data.get("caps") or ()):
        if x.get("most_paid_yuan") is None and x.get("most_received_yuan") is None:
            clash = Text("封顶没有金额。", "The cap has no amount.")
            yield place.fault(
                "agreements.money",
                ("caps", n),
                clash,
                Text("写 most_paid_yuan 或 most_received_yuan。", "Write most_paid_yuan or most_received_yuan."),
            )
        for label in x.get("clauses") or ():
            if label not in known:
                clash = Text("没有条款 {l}。", "There is no clause {l}.").fill(l=label)
                yield place.fault(
                    "agreements.money", ("caps", n, "clauses"), clash, Text("可用：{k}。", "Known: {k}.").fill(k=", ".join(known))
                )
    yield from _pass_faults(data, codes, place)
    late = data.get("late_per_day")
    if late is not None and not 0 <= late < 1:
        clash = Text("late_per_day 是 {v}。", "late_per_day is {v}.").fill(v=late)
        yield place.fault(
            "agreements.money", ("late_per_day",), clash, Text("写每日比例，如 0.0005。", "Write a daily rate such as 0.0005.")
        )


def _pass_faults(data: Mapping[str, Any], codes: set[str], place: Place) -> Iterator[Fault]:
    seen: set[str | None] = set()
    parties = tuple(party_of(p) for p in data.get("parties", []))
    for n, rule in enumerate(data.get("pass_through") or ()):
        shares = rule.get("shares") or {}
        code = party_code(rule.get("party"), parties)
        if code is not None and code in seen:
            clash = Text("{p} 的钱下拨了两次。", "The money of {p} is passed on twice.").fill(p=code)
            yield place.fault("agreements.money", ("pass_through", n), clash, Text("合成一条。", "Make one entry of them."))
        seen.add(code)
        total = sum((Fraction(v) for v in shares.values()), Fraction(0))
        if shares and total != 1 and all(0 <= v < 1 for v in shares.values()):
            clash = Text(
                "下拨份额合计 {t}，不是 1；按比例全部下拨。",
                "The shares passed on add up to {t}, not to 1; all of the money is passed on in their ratio.",
            ).fill(t=short(total))
            remedy = Text(
                "使份额合计为 100%，或写整数比（3、4、3）。",
                "Make them add up to 100%, or write a ratio of whole numbers (3, 4, 3).",
            )
            yield place.fault("agreements.money", ("pass_through", n, "shares"), clash, remedy, "warning")
        if not shares or any(v < 0 for v in shares.values()) or not any(shares.values()):
            clash = Text("下拨份额是 {s}。", "The shares passed on are {s}.").fill(s={k: str(v) for k, v in shares.items()})
            remedy = Text("写不小于零、且不全为零的数。", "Write numbers of zero or more, not all zero.")
            yield place.fault("agreements.money", ("pass_through", n, "shares"), clash, remedy)
        if twice := sorted(set(shares) & (codes - {str(rule.get("party"))})):
            clash = Text(
                "{c} 自己是当事方，又从下拨中得款，会重复计算。", "{c} is a party itself and would be counted twice."
            ).fill(c=", ".join(twice))
            yield place.fault("agreements.money", ("pass_through", n, "shares"), clash, Text("只留一处。", "Keep one of them."))
        if rule.get("of") not in (None, "received", "both"):
            clash = Text("of 写的是 {o}。", "of says {o}.").fill(o=rule["of"])
            yield place.fault(
                "agreements.money", ("pass_through", n), clash, Text("写 received 或 both。", "Write received or both.")
            )


def _published(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    from ecocomp.agreements.facts import read_facts

    for n, case in enumerate(data.get("published") or ()):
        if case.get("year") is None and not case.get("years"):
            yield place.fault(
                "agreements.published",
                ("published", n),
                Text("没有年份。", "The year is missing."),
                Text("写 year 或 years。", "Write year or years."),
            )
        if case.get("mark") is not None and case["mark"] not in MARKS:
            clash = Text("标记 {m} 不认识。", "Mark {m} is not known.").fill(m=case["mark"])
            yield place.fault(
                "agreements.published", ("published", n), clash, Text("用 {a}。", "Use one of {a}.").fill(a=", ".join(MARKS))
            )
        for path, value in _means(case.get("means") or {}):
            if value < 0:
                yield place.fault(
                    "agreements.published",
                    ("published", n, "means", *path),
                    Text("均值 {v} 小于零。", "The mean {v} is below zero.").fill(v=short(value)),
                    Text("写公布的浓度或水量。", "Write the concentration or volume that was published."),
                )
        facts = case.get("facts")
        if facts is not None:
            found = read_facts(facts)[1] if isinstance(facts, Mapping) else []
            if not isinstance(facts, Mapping) or found:
                clash = found[0].clash if found else Text("facts 不是键值表。", "facts is no mapping.")
                yield place.fault(
                    "agreements.published",
                    ("published", n, "facts"),
                    clash,
                    Text("按 agreements.facts 写。", "Write it as agreements.facts shows."),
                )


def _means(means: Mapping[Any, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for year, sections in means.items():
        for section, codes in sections.items():
            for code, value in codes.items():
                yield (year, section, code), value


def _marks(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    for path, marks in [
        (("marks",), data.get("marks")),
        *((("clauses", n, "marks"), c.get("marks")) for n, c in enumerate(data["clauses"])),
    ]:
        for key, mark in (marks or {}).items():
            if mark not in MARKS:
                clash = Text("标记 {m} 不认识。", "Mark {m} is not known.").fill(m=mark)
                yield place.fault(
                    "agreements.marks", (*path, key), clash, Text("用 {a}。", "Use one of {a}.").fill(a=", ".join(MARKS))
                )


def _open(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    """Warn of each thing left open, and that a file written from the record is no signed text."""
    listed: list[tuple[tuple[Any, ...], Mapping[str, Any], str]] = [
        (("unknown", n), u, "") for n, u in enumerate(data.get("unknown") or ())
    ]
    for n, clause in enumerate(data["clauses"]):
        listed += [(("clauses", n, "unknown", m), u, f"{clause['kind']}: ") for m, u in enumerate(clause.get("unknown") or ())]
        for k, rule in enumerate(clause.get("deductions") or ()):
            listed += [
                (("clauses", n, "deductions", k, "unknown", m), u, f"{clause['kind']}: ")
                for m, u in enumerate(rule.get("unknown") or ())
            ]
    for path, item, head in listed:
        if not item.get("key") or not (item.get("zh") or item.get("en")):
            clash = Text("unknown 的一项没有 key，或没有说明。", "An entry of unknown has no key, or no words.")
            yield place.fault(
                "agreements.open", path, clash, Text("写成 {key: …, zh: …, en: …}。", "Write {key: …, zh: …, en: …}.")
            )
            continue
        said = text_of(item)
        clash = Text(f"{head}{item['key']} 未知：{said.zh.rstrip('。')}。", f"{head}{item['key']} is open: {said.en.rstrip('.')}.")
        yield place.fault(
            "agreements.open",
            path,
            clash,
            Text("查得后写上，删去这一项。", "Write it once it is known, and delete this entry."),
            "warning",
        )
    if data.get("from_record"):
        clash = Text("按公开资料写成，不是签署文本。", "Written from the public record; it is not the signed text.")
        yield place.fault(
            "agreements.from_record",
            ("from_record",),
            clash,
            Text("只供查考和试算，不能据此签署。", "For study and trial only; nothing is signed by it."),
            "warning",
        )


# ---------------------------------------------------------------- the national guidance of 2016
def _guidance(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    if data.get("from_record"):
        return
    yield from _base_year_warnings(data, place)
    sections = {s.get("id"): s for s in data.get("sections") or ()}
    for n, clause in enumerate(data["clauses"]):
        whole = {**{k: data[k] for k in SHARED if k in data}, **clause}
        for section in whole.get("sections") or ([whole["section"]] if whole.get("section") else []):
            yield from _national_warnings(whole, sections.get(section) or {}, place, n)
        for m, band in enumerate(clause.get("bands") or ()):
            if band.get("up_to") is not None and band["up_to"] > 1 and _to_upstream(band):
                clash = Text(
                    "P 到 {u} 仍付给上游，水质比基准差。",
                    "Up to P = {u} upstream is paid although the water is worse than the base.",
                ).fill(u=band["up_to"])
                yield _advice(
                    place,
                    ("clauses", n, "bands", m),
                    clash,
                    Text("水质只能更好、不能变差。", "Quality may only get better, never worse."),
                )


def _to_upstream(band: Mapping[str, Any]) -> bool:
    return band.get("payee") == "upstream" and bool(band.get("amount_yuan"))


def _base_year_warnings(data: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    first = (data.get("term") or {}).get("from")
    for path, years in [
        (("base_years",), data.get("base_years")),
        *((("clauses", n, "base_years"), c.get("base_years")) for n, c in enumerate(data["clauses"])),
    ]:
        if not years:
            continue
        if not 3 <= len(years) <= 5:
            clash = Text("基准取 {n} 年的均值。", "The base is the mean of {n} years.").fill(n=len(years))
            yield _advice(
                place,
                path,
                clash,
                Text("指导意见：签订前三至五年的均值。", "Guidance: the mean of the three to five years before signing."),
            )
        if first is not None and max(years) >= first.year:
            clash = Text("基准年 {y} 在协议期内。", "Base year {y} lies within the term.").fill(y=max(years))
            yield _advice(place, path, clash, Text("指导意见：签订之前的年份。", "Guidance: years before signing."))


def _national_warnings(clause: Mapping[str, Any], section: Mapping[str, Any], place: Place, n: int) -> Iterator[Fault]:
    national, target = section.get("national_class"), clause.get("target_class")
    if national is not None and target is not None and target > national:
        clash = Text("目标 {t} 类低于国家考核的 {n} 类。", "Target class {t} is worse than the national target {n}.").fill(
            t=target, n=national
        )
        yield _advice(
            place,
            ("clauses", n, "target_class"),
            clash,
            Text("基准应高于国家目标。", "The base should lie above the national target."),
        )
    limits = section.get("national_limits") or {}
    own = {
        **{i["code"]: i["base"] for i in clause.get("indicators") or () if i.get("base") is not None and "code" in i},
        **(clause.get("limits") or {}),
    }
    for code, limit in limits.items():
        if code in own and own[code] > limit:
            clash = Text("{c} 的基准 {b} 比国家目标 {l} 宽。", "The base {b} of {c} is laxer than the national target {l}.").fill(
                c=code, b=own[code], l=limit
            )
            yield _advice(
                place, ("clauses", n), clash, Text("基准应高于国家目标。", "The base should lie above the national target.")
            )


def _advice(place: Place, path: Sequence[Any], clash: Text, remedy: Text) -> Fault:
    return place.fault("agreements.guidance", path, clash, remedy, "warning")


# ---------------------------------------------------------------- small things
def party_of(item: Mapping[str, Any]) -> Party:
    """Return a party; one without a name is called by its code."""
    code = str(item.get("code"))
    name = text_of(item["name"]) if item.get("name") else Text(code, code)
    return Party(code, name if name.zh else Text(code, code), str(item.get("role")))


def _labels(kinds: Sequence[str]) -> list[str]:
    times, seen, out = Counter(kinds), Counter[str](), []
    for kind in kinds:
        seen[kind] += 1
        out.append(kind if times[kind] == 1 else f"{kind}#{seen[kind]}")
    return out
