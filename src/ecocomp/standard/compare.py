"""Equal land, equal duty, other side of a border: is a different rate explained, and by which number and document?

For neighbouring counties, for towns and villages of one county, and for two years of one place. Parcels are put side by
side by ecosystem, function zone, grade, red-line class and kind of holder. Where the mean rates differ, each step whose
mean amount differs is looked into: which numbers put in differ, which rules they come from, and what document states
them. A difference is *explained* when every such step had other numbers put in and every rule behind them names its
document; it is *flagged* when the same numbers gave other amounts, or a rule that makes the difference has no source.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import STANDARD_COMPARISON
from ecocomp.terms.text import Text, same

LEVELS: dict[str, int] = {"province": 2, "city": 4, "county": 6, "town": 9, "village": 12}
"""Digits of a village code that name the place of each level."""
_ON_WHAT_CAME_BEFORE = frozenset({"index", "reward", "limit", "floor", "cap"})
_INSIDE_PPM = 500_000
_SHOWN = 4
_SILENT = frozenset({"low_fen", "high_fen", "services"})
"""Numbers that only describe the range of another, or how much of a service was observed."""
Kind = tuple[str, str, int, str, str]


@dataclass(frozen=True)
class Side:
    """One side of a comparison: the tables of a year and what the rules behind them rest on.

    name     what people call it, e.g. the bundle's folder
    holders  kind of the holder by parcel, where known
    towns    code of the town by village, where known
    """

    name: str
    year: int
    parcel: pa.Table
    parcel_zone: pa.Table
    standard: pa.Table
    standard_step: pa.Table
    parameter: pa.Table | None = None
    holders: Mapping[str, str] = field(default_factory=dict)
    towns: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Group:
    """The parcels of one kind of land on one side: area and rate of each, and the rules they follow."""

    side: Side
    place: str
    area: dict[str, int] = field(default_factory=dict)
    rate: dict[str, int] = field(default_factory=dict)
    rules: set[str] = field(default_factory=set)

    @property
    def mean(self) -> int:
        return half_even(sum(a * self.rate[p] for p, a in self.area.items()), sum(self.area.values()))


def compare(one: Side, two: Side) -> pa.Table:
    """Return the `standard_comparison` table of two sides: a row for each kind of land that both have."""
    a, b = _groups(one, None), _groups(two, None)
    pairs = [(kind, next(iter(a[kind].values())), next(iter(b[kind].values()))) for kind in sorted(set(a) & set(b))]
    return _table("bundle", max(one.year, two.year), pairs)


def compare_within(side: Side, level: str) -> pa.Table:
    """Return the same between the places of one side at a level: for each kind of land the lowest and the highest place."""
    if level not in LEVELS:
        raise UsageError(Text("没有层级 {v}；可用：{a}。", "There is no level {v}; known: {a}.").fill(v=level, a=", ".join(LEVELS)))
    pairs = []
    for kind, groups in sorted(_groups(side, level).items()):
        if len(groups) > 1:
            ordered = sorted(groups.values(), key=lambda g: (g.mean, g.place))
            pairs.append((kind, ordered[0], ordered[-1]))
    return _table(level, side.year, pairs)


def place_of(side: Side, village: str, level: str | None) -> str:
    """Return the place a village lies in at a level; without a level the side itself."""
    if level is None:
        return side.name
    if level == "town" and village in side.towns:
        return side.towns[village]
    return village[: LEVELS[level]]


def _groups(side: Side, level: str | None) -> dict[Kind, dict[str, _Group]]:
    zones = {r["parcel_id"]: r for r in side.parcel_zone.select(_ZONE).to_pylist()}
    lands = {r["parcel_id"]: r for r in side.parcel.select(["parcel_id", "village_code", "ecosystem", "area_dm2"]).to_pylist()}
    out: dict[Kind, dict[str, _Group]] = defaultdict(dict)
    faults = []
    for row in side.standard.select(["parcel_id", "rule", "rate_fen_per_ha"]).to_pylist():
        parcel = row["parcel_id"]
        if parcel not in lands or parcel not in zones:
            faults.append(_unknown(side.name, parcel))
            continue
        land, zone = lands[parcel], zones[parcel]
        line = _line(zone["red_line_ppm"])
        kind = (land["ecosystem"], zone["function_zone"], zone["grade"], line, side.holders.get(parcel, ""))
        place = place_of(side, land["village_code"], level)
        group = out[kind].setdefault(place, _Group(side, place))
        group.area[parcel], group.rate[parcel] = land["area_dm2"], row["rate_fen_per_ha"]
        group.rules.add(row["rule"])
    if faults:
        raise FaultsError(faults[:50])
    return out


def _line(ppm: int) -> str:
    return "inside" if ppm >= _INSIDE_PPM else "partly" if ppm > 0 else "outside"


_ZONE = ["parcel_id", "function_zone", "grade", "red_line_ppm"]


def _unknown(side: str, parcel: str) -> Fault:
    return Fault(
        "standard.comparison",
        side,
        parcel,
        Text("标准表有这个地块，地块表或分区表没有。", "The standard has this parcel, the parcels or zones have not."),
        Text("用同一成果包的表。", "Take the tables of one bundle."),
    )


def _table(level: str, year: int, pairs: list[tuple[Kind, _Group, _Group]]) -> pa.Table:
    rows = []
    steps = _Steps(
        {g.side.name: g.side for _, a, b in pairs for g in (a, b)}, (p for _, a, b in pairs for g in (a, b) for p in g.area)
    )
    for kind, a, b in pairs:
        low, high = sorted((a, b), key=lambda g: (g.mean, g.place))
        reasons = steps.reasons(low, high) if low.mean != high.mean else []
        flagged = [r for r in reasons if r["flag"]]
        rows.append(
            {
                **dict(zip(("ecosystem", "function_zone", "grade", "red_line", "holder_kind"), kind, strict=True)),
                "year": year,
                "level": level,
                "lower_place": low.place,
                "higher_place": high.place,
                "lower_parcels": len(low.area),
                "higher_parcels": len(high.area),
                "lower_fen_per_ha": low.mean,
                "higher_fen_per_ha": high.mean,
                "result": "equal" if low.mean == high.mean else "flagged" if flagged or not reasons else "explained",
                "reasons": json.dumps(reasons, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            }
        )
    return STANDARD_COMPARISON.table(rows)


class _Steps:
    """The steps of the parcels compared, and what makes two groups differ."""

    def __init__(self, sides: Mapping[str, Side], parcels: Iterable[str]) -> None:
        wanted = pa.array(sorted(set(parcels)), pa.string())
        self._sides = sides
        self._rows: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
        names = ("parcel_id", "step", "amount_fen_per_ha", "after_fen_per_ha", "inputs", "parameters")
        for name, side in sides.items():
            table = side.standard_step.filter(pc.is_in(side.standard_step["parcel_id"], value_set=wanted))
            found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
            for parcel, *row in zip(*(table[n].to_pylist() for n in names), strict=True):
                found[parcel].append(tuple(row))
            self._rows[name] = found
        self._values = cache(_values)

    def reasons(self, low: _Group, high: _Group) -> list[dict[str, Any]]:
        """Return what makes the two differ, step by step, largest first; a step that nothing explains carries a flag."""
        sides = (self._by_step(low), self._by_step(high))
        out: list[dict[str, Any]] = []
        if low.rules != high.rules:
            out.append(self._other_rules(low, high))
        for step in dict.fromkeys([*sides[0], *sides[1]]):
            ends = [s.get(step) or _Step() for s in sides]
            means = [half_even(e.money, sum(g.area.values())) for e, g in zip(ends, (low, high), strict=True)]
            if means[0] != means[1]:
                out.append(self._step(step, means, ends, (low, high)))
        return sorted(out, key=lambda r: (-abs(r["difference_fen_per_ha"]), r["step"]))

    def _by_step(self, group: _Group) -> dict[str, _Step]:
        out: dict[str, _Step] = {}
        for parcel, area in group.area.items():
            for step, amount, after, inputs, parameters in self._rows[group.side.name].get(parcel, ()):
                made = out.setdefault(step, _Step())
                made.money += area * amount
                made.keys.update(parameters.split())
                before = after - amount if step in _ON_WHAT_CAME_BEFORE else 0
                made.seen.setdefault((inputs, before), amount)
        return out

    def _step(self, step: str, means: list[int], ends: list[_Step], groups: tuple[_Group, _Group]) -> dict[str, Any]:
        same = ends[0].seen.keys() & ends[1].seen.keys()
        clash = sorted(str(k[0]) for k in same if ends[0].seen[k] != ends[1].seen[k])
        numbers = self._numbers(ends)
        rules = _rules(ends, groups)
        flag = ""
        if clash:
            flag = "same_numbers"
        elif any(_undocumented(r["key"], ends, groups) for r in rules):
            flag = "no_document"
        elif not numbers and not rules and ends[0].seen.keys() == ends[1].seen.keys() and len(ends[0].seen) == 1:
            flag = "same_numbers"
        return {
            "step": step,
            "lower_fen_per_ha": means[0],
            "higher_fen_per_ha": means[1],
            "difference_fen_per_ha": means[1] - means[0],
            "numbers": numbers,
            "rules": rules,
            "flag": flag,
        }

    def _numbers(self, ends: list[_Step]) -> list[dict[str, Any]]:
        """Return the names of the numbers put in whose values differ, with a few values of each side."""
        sides = [_by_name(self._values(inputs) for inputs, _ in e.seen) for e in ends]
        for side, end in zip(sides, ends, strict=True):
            if any(before for _, before in end.seen):
                side["rate_before_fen_per_ha"] = {str(before) for _, before in end.seen}
        out = []
        for name in sorted(sides[0].keys() | sides[1].keys()):
            lower, higher = (s.get(name, set()) for s in sides)
            if lower != higher and name not in _SILENT:
                out.append({"name": name, "lower": _few(lower), "higher": _few(higher)})
        return out

    def _other_rules(self, low: _Group, high: _Group) -> dict[str, Any]:
        found = [_parameter(g.side, "standard.rule") for g in (low, high)]
        docs = [f.get("document", "") for f in found]
        return {
            "step": "rule",
            "lower_fen_per_ha": low.mean,
            "higher_fen_per_ha": high.mean,
            "difference_fen_per_ha": 0,
            "numbers": [{"name": "rule", "lower": sorted(low.rules), "higher": sorted(high.rules)}],
            "rules": [_rule("standard.rule", found[0], found[1])] if all(found) else [],
            "flag": "" if all(docs) else "no_document",
        }


@dataclass
class _Step:
    """What one step did to the parcels of a group: Σ area × amount, keys used, and the amount for each set of numbers."""

    money: int = 0
    keys: set[str] = field(default_factory=set)
    seen: dict[tuple[str, int], int] = field(default_factory=dict)


def _values(inputs: str) -> tuple[tuple[str, str], ...]:
    """Return the numbers put into a step as (name, text); what lies inside another is named name.inner."""
    try:
        found = json.loads(inputs) if inputs else {}
    except ValueError:
        return (("?", inputs),)
    return tuple(_flat("", found)) if isinstance(found, dict) else (("?", inputs),)


def _flat(prefix: str, values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _by_name(rows: Iterable[tuple[tuple[str, str], ...]]) -> dict[str, set[str]]:
    out: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name, value in row:
            out[name].add(value)
    return out


def _few(values: set[str]) -> list[str]:
    """Return a few values; of many numbers the least and the greatest."""
    ordered = sorted(values, key=lambda v: (0, float(v), v) if _is_number(v) else (1, 0.0, v))
    return ordered if len(ordered) <= _SHOWN else [ordered[0], "…", ordered[-1]]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()


def _rules(ends: list[_Step], groups: tuple[_Group, _Group]) -> list[dict[str, Any]]:
    """Return the rules of a step that say something else on the two sides, each with its document."""
    if groups[0].side.name == groups[1].side.name:
        return []
    out = []
    for key in sorted(ends[0].keys | ends[1].keys):
        lower, higher = (_parameter(g.side, key) for g in groups)
        if lower.get("value") != higher.get("value") or not lower or not higher:
            out.append(_rule(key, lower, higher))
    return out


def _undocumented(key: str, ends: list[_Step], groups: tuple[_Group, _Group]) -> bool:
    """Return whether a side that uses a rule cannot say which document it stands in."""
    used = (g for end, g in zip(ends, groups, strict=True) if key in end.keys)
    return any(not _parameter(g.side, key).get("document") for g in used)


def _rule(key: str, lower: Mapping[str, Any], higher: Mapping[str, Any]) -> dict[str, Any]:
    made = {"key": key}
    for name, side in (("lower", lower), ("higher", higher)):
        made |= {f"{name}_{c}": str(side.get(c, "")) for c in ("value", "document", "confidence", "file")}
    return made


def _parameter(side: Side, key: str) -> dict[str, Any]:
    if side.parameter is None:
        return {}
    rows = side.parameter.filter(pc.equal(side.parameter["key"], key)).to_pylist()
    return dict(rows[0]) if rows else {}


_SAID = {
    "same_numbers": Text(
        "相同的数得出不同的金额，没有规则能解释", "the same numbers gave other amounts; no rule can account for that"
    ),
    "no_document": Text("造成差别的规则没有写明文件", "a rule that makes the difference names no document"),
}


def say_reason(reason: Mapping[str, Any]) -> Text:
    """Return one reason as a sentence: the step, both amounts, what was put in otherwise, and the documents."""
    from ecocomp.standard.words import INPUTS, say_input, step_name
    from ecocomp.terms.money import say_yuan

    said = [
        Text("{n} {a} 对 {b}", "{n} {a} against {b}").fill(
            n=INPUTS.get(n["name"].rpartition(".")[2], same(n["name"])),
            a="/".join(say_input(n["name"], v) for v in n["lower"]) or "—",
            b="/".join(say_input(n["name"], v) for v in n["higher"]) or "—",
        )
        for n in reason["numbers"]
    ]
    docs = [
        Text("{k}（{a} 对 {b}）", "{k} ({a} against {b})").fill(
            k=r["key"], a=r["lower_document"] or "—", b=r["higher_document"] or "—"
        )
        for r in reason["rules"]
    ]
    parts = [*said, *docs, *([_SAID[reason["flag"]]] if reason["flag"] else [])]
    name = Text("定标规则", "rule") if reason["step"] == "rule" else step_name(str(reason["step"]))
    return Text("{s}：{a} 对 {b} 元/公顷；{p}", "{s}: CNY {a} against {b} per ha; {p}").fill(
        s=name,
        a=say_yuan(int(reason["lower_fen_per_ha"])),
        b=say_yuan(int(reason["higher_fen_per_ha"])),
        p=Text("；".join(p.zh for p in parts) or "构成不同", "; ".join(p.en for p in parts) or "other make-up"),
    )
