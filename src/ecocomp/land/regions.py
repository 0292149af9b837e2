"""Administrative codes through time: lists and their changes as register rows, and what became of a code.

A survey of 2018 names counties that have another code today. The registers `region` and `region_change` keep every
edition of the list with the days on which it held; `resolve` follows a code to a given day and says the way, and
`check_region_codes` tells for each code of a survey whether it holds, held once, or never did.

Lists are read and checked in `ecocomp.land.region_list`, editions compared in `ecocomp.land.region_compare`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ecocomp.land.region_compare import DIFFERENCES, KINDS, compare_lists
from ecocomp.land.region_list import (
    INVENTED,
    LEVELS,
    PROVINCES,
    Region,
    RegionList,
    full_code,
    level_of,
    list_of_table,
    parent_of,
    read_list,
    region_list,
)
from ecocomp.terms.codes import REGION_CHANGES
from ecocomp.terms.faults import Fault, Severity
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import pyarrow as pa

COUNTY = 3
LOCATION_DIGITS = 19
"""Digits of a location unit code of the survey (坐落单位代码); its first 12 are the village."""


# ---------------------------------------------------------------- rows of the registers
def region_rows(regions: RegionList, valid_from: date, valid_to: date | None = None) -> list[dict[str, Any]]:
    """Return the rows of the register `region` for a list that holds from a day (without the columns of what is known)."""
    return [
        {
            "region_code": r.code,
            "name": r.name,
            "level": r.level,
            "parent_code": r.parent,
            "list_edition": regions.edition,
            "valid_from": valid_from,
            "valid_to": valid_to,
        }
        for r in regions.regions.values()
    ]


def change_rows(differences: pa.Table, on: date, document: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of the register `region_change` for a comparison of lists, all as of one day.

    What was kept, and what lies outside a list, is no change. A code without a counterpart has an empty one.
    """
    return [
        {
            "from_code": r["from_code"],
            "to_code": r["to_code"],
            "kind": r["kind"],
            "evidence": str(Text(r["evidence_zh"], r["evidence_en"])),
            "document": document,
            "valid_from": on,
            "valid_to": None,
        }
        for r in differences.to_pylist()
        if r["kind"] in REGION_CHANGES
    ]


# ---------------------------------------------------------------- a code on a day
@dataclass(frozen=True, slots=True)
class Step:
    """One change on the way of a code. day: first day of the code after."""

    from_code: str
    to_code: str
    kind: str
    day: date
    evidence: str

    def say(self) -> Text:
        """Return the step in words."""
        what = REGION_CHANGES.get(self.kind, Text(self.kind, self.kind))
        zh, _, en = self.evidence.partition(" / ")  # the register has both languages in one text, or one only
        why = Text(zh.strip(" 。"), (en or zh).strip(" .。"))
        said = Text("{d} {a} → {b}（{k}：{e}）", "{d} {a} → {b} ({k}: {e})")
        return said.fill(d=self.day.isoformat(), a=self.from_code or "?", b=self.to_code or "?", k=what, e=why)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a code is on a day.

    code        the code that holds on the day; None if it cannot be told, `faults` say why
    chain       the changes on the way, in the order they were followed
    candidates  codes among which it must be, where there are several
    """

    code: str | None
    chain: tuple[Step, ...] = ()
    faults: tuple[Fault, ...] = ()
    candidates: tuple[str, ...] = ()


def resolve(code: str, on: date, regions: pa.Table, changes: pa.Table | None = None, where: str = "") -> Resolution:
    """Follow a code to a day, forward through later changes or back through those that had not yet happened.

    regions, changes  rows of the registers `region` and `region_change` as they are known
    """
    return _Book(regions, changes).resolve(code, on, where)


def check_region_codes(
    codes: Iterable[str], regions: pa.Table, on: date, changes: pa.Table | None = None, where: str = ""
) -> list[Fault]:
    """Check codes of regions (6, 9, 12 digits, or the 19 of a location unit) against the list of a day; one fault per code.

    County, town and village are checked as far down as the list goes: below a town of which it has no villages, nothing
    is asked. A code that held once and has one successor is a warning that names it; all else is an error. The fault
    says how many rows have the code.
    """
    book = _Book(regions, changes)
    found: list[Fault] = []
    for code, rows in sorted(Counter(str(c).strip() for c in codes).items()):
        found += book.check(code, on, rows, where)
    return found


class _Book:
    """The registers, ready to be asked: days on which each code holds, and changes by code."""

    def __init__(self, regions: pa.Table, changes: pa.Table | None) -> None:
        self.days: defaultdict[str, list[tuple[date, date | None]]] = defaultdict(list)
        self.levels: set[tuple[str | None, int]] = set()
        for r in _current(regions):
            self.days[r["region_code"]].append((r["valid_from"], r["valid_to"]))
            if r["level"] >= COUNTY:
                self.levels.add(_level(r["region_code"]))
        self.steps = [
            Step(r["from_code"], r["to_code"], r["kind"], r["valid_from"], r["evidence"])
            for r in _current(changes)
            if r["from_code"] != r["to_code"]
        ]
        self.steps.sort(key=lambda s: (s.day, s.from_code, s.to_code))
        self.after, self.before = _by(self.steps, "from_code"), _by(self.steps, "to_code")

    def holds(self, code: str, on: date) -> bool:
        """Whether a code is in the list of a day."""
        return any(a <= on and (b is None or on < b) for a, b in self.days.get(code, ()))

    # ------------------------------------------------------------ following a code
    def resolve(self, text: str, on: date, where: str) -> Resolution:
        """Return what a code is on a day."""
        code = full_code(text)
        if code is None:
            return Resolution(None, (), (_bad_code(where, text, 0),))
        if self.holds(code, on):
            return Resolution(code)
        if not self._known(code):
            return self._below(code, on, where)
        return self._follow(code, on, where, forward=self._past(code, on))

    def _past(self, code: str, on: date) -> bool:
        """Whether a code that does not hold on a day held before it (else it holds only after)."""
        begun = [a for a, _ in self.days.get(code, ())] or [s.day for s in self.before[code]]
        return bool(begun and min(begun) <= on) or any(s.day <= on for s in self.after[code])

    def _follow(self, code: str, on: date, where: str, forward: bool) -> Resolution:
        chain: list[Step] = []
        here = code
        while not self.holds(here, on):
            steps = self._next(here, on, chain, forward)
            others = sorted({s.to_code if forward else s.from_code for s in steps})
            if len(others) != 1 or not others[0] or any(s.kind == "unresolved" for s in steps):
                found = tuple(o for o in others if o)
                return Resolution(
                    None, (*chain, *steps), (_dead_end(where, code, on, here, [*chain, *steps], found, forward),), found
                )
            chain.append(steps[0])
            here = others[0]
        return Resolution(here, tuple(chain))

    def _next(self, here: str, on: date, chain: list[Step], forward: bool) -> list[Step]:
        """Return the changes of one day that come next: after the last one and not after the day asked for (or before)."""
        last = chain[-1].day if chain else None
        if forward:
            open_steps = [s for s in self.after[here] if s.day <= on and s not in chain and (last is None or s.day >= last)]
            day = max((s.day for s in open_steps), default=None) if not chain else min((s.day for s in open_steps), default=None)
        else:
            open_steps = [s for s in self.before[here] if s.day > on and s not in chain and (last is None or s.day <= last)]
            day = min((s.day for s in open_steps), default=None) if not chain else max((s.day for s in open_steps), default=None)
        return [s for s in open_steps if s.day == day]

    def _known(self, code: str) -> bool:
        return code in self.days or code in self.after or code in self.before

    def _below(self, code: str, on: date, where: str) -> Resolution:
        """A town or village the list does not have: what became of the nearest region above it that it has."""
        ups = [code[:n] for n in (9, 6) if n < len(code)]
        if not ups:
            return Resolution(None, (), (_unknown(where, code, on, 0),))
        above = next((u for u in ups if self._known(u)), ups[-1])
        upper = self.resolve(above, on, where)
        if upper.code == above:
            if (above, len(above) + 3) in self.levels:
                return Resolution(None, (), (_unknown(where, code, on, 0),))
            return Resolution(code)  # the list does not go down so far
        likely = tuple(u + code[len(above) :] for u in ([upper.code] if upper.code else upper.candidates))
        faults = (_other_parent(where, code, above, upper, likely[0]),) if upper.code else upper.faults
        return Resolution(None, upper.chain, faults, likely)

    # ------------------------------------------------------------ checking a code
    def check(self, text: str, on: date, rows: int, where: str) -> list[Fault]:
        """Return the fault of one code, if it has one."""
        code = full_code(text[:12] if len(text) == LOCATION_DIGITS else text)
        if code is None or (level_of(code) < COUNTY and code not in self.days):  # 441900 is a city without counties
            return [_bad_code(where, text, rows)]
        for part in (code[:6], code[:9], code[:12]):
            if (_level(part) in self.levels or part in self.after) and not self.holds(part, on):
                return [self._told(part, code, on, rows, where)]
        return []

    def _told(self, part: str, code: str, on: date, rows: int, where: str) -> Fault:
        """Say of a code, or of the region above it, what became of it."""
        if part not in self.days and part not in self.after:
            return _unknown(where, code, on, rows, part)
        made = self.resolve(part, on, where)
        if made.code is None:
            return _said(made.faults[0], code, rows)
        way = _way(made.chain)
        clash = Text(
            "{p} 在 {d} 无效，当日应为 {n}：{w}；{r} 行。", "{p} does not hold on {d}, on that day it is {n}: {w}; {r} row(s)."
        )
        clash = clash.fill(p=part, d=on.isoformat(), n=made.code, w=way, r=rows)
        remedy = Text("请改用 {n}；下级代码请按新代码表核对。", "Use {n}; check the digits below it in the new list.").fill(
            n=made.code
        )
        return _fault("changed_code", where, code, clash, remedy, "warning")


def _level(code: str) -> tuple[str | None, int]:
    """Return what a list must have so that a code can be asked for in it: others below the same region, of as many digits."""
    return parent_of(code) if len(code) > 6 else None, len(code)


def _current(table: pa.Table | None) -> list[dict[str, Any]]:
    """Return the rows that stand, where the table says what was corrected."""
    if table is None:
        return []
    return [r for r in table.to_pylist() if r.get("known_to") is None]


def _by(steps: list[Step], end: str) -> defaultdict[str, list[Step]]:
    out: defaultdict[str, list[Step]] = defaultdict(list)
    for s in steps:
        out[getattr(s, end)].append(s)
    return out


# ---------------------------------------------------------------- faults
def _way(chain: Iterable[Step]) -> Text:
    said = [s.say() for s in chain]
    return Text("；".join(t.zh for t in said), "; ".join(t.en for t in said))


def _dead_end(where: str, code: str, on: date, here: str, chain: list[Step], candidates: tuple[str, ...], forward: bool) -> Fault:
    """Nothing, or more than one thing, became of a code."""
    way = _way(chain) if chain else Text("没有记录它的变更", "no change of it is recorded")
    if len(candidates) > 1:
        listed = ", ".join(candidates)
        clash = Text("{h} 在 {d} 可能是 {c}：{w}。", "on {d}, {h} may be any of {c}: {w}.").fill(
            h=here, d=on.isoformat(), c=listed, w=way
        )
        remedy = Text("请按地块位置或批复文件确定是哪一个。", "Tell by the place of the parcel, or by the decree, which one it is.")
        return _fault("ambiguous_code", where, code, clash, remedy)
    state = Text("已不再使用", "is no longer used") if forward else Text("尚未启用", "is not yet used")
    clash = Text("{h} 在 {d} {s}，去向未查明：{w}。", "on {d}, {h} {s}, and where it belongs is not known: {w}.")
    remedy = Text("请查批复文件，并登记这项变更。", "Look up the decree and enter the change in the register.")
    return _fault("unresolved_code", where, code, clash.fill(h=here, d=on.isoformat(), s=state, w=way), remedy)


def _other_parent(where: str, code: str, above: str, upper: Resolution, likely: str) -> Fault:
    clash = Text(
        "代码表没有 {c}；其上级 {a} 已改为 {n}：{w}。", "the list has no {c}; what is above it, {a}, became {n}: {w}."
    ).fill(c=code, a=above, n=upper.code, w=_way(upper.chain))
    remedy = Text("可能是 {l}；请按新代码表核对。", "It is probably {l}; check it in the new list.").fill(l=likely)
    return _fault("parent_changed", where, code, clash, remedy)


def _unknown(where: str, code: str, on: date, rows: int, part: str = "") -> Fault:
    part = part or code
    clash = Text("{d} 的代码表没有 {p}，以前也没有{r}。", "the list of {d} has no {p}, nor had any before{r}.")
    clash = clash.fill(d=on.isoformat(), p=part, r=_rows(rows))
    return _fault(
        "unknown_code", where, code, clash, Text("请核对代码，或导入包含它的代码表。", "Check it, or import a list that has it.")
    )


def _bad_code(where: str, text: str, rows: int) -> Fault:
    clash = Text("“{t}”不是县、乡、村代码{r}。", "“{t}” is no code of a county, town or village{r}.").fill(
        t=text[:40], r=_rows(rows)
    )
    remedy = Text("应为 6、9 或 12 位数字（坐落单位代码为 19 位）。", "Enter 6, 9 or 12 digits (19 for a location unit).")
    return _fault("bad_code", where, text[:40], clash, remedy)


def _rows(rows: int) -> Text:
    return Text("；{n} 行", "; {n} row(s)").fill(n=rows) if rows else Text("", "")


def _said(fault: Fault, record: str, rows: int) -> Fault:
    """Return a fault of a region for the record that has its code."""
    more = Text(" 共 {n} 行。", " {n} row(s).").fill(n=rows)
    clash = Text(fault.clash.zh + more.zh, fault.clash.en + more.en)
    return Fault(fault.code, fault.where, record, clash, fault.remedy, fault.severity)


def _fault(code: str, where: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> Fault:
    return Fault(f"region.{code}", where, record, clash, remedy, severity)


__all__ = [
    "DIFFERENCES",
    "INVENTED",
    "KINDS",
    "LEVELS",
    "PROVINCES",
    "Region",
    "RegionList",
    "Resolution",
    "Step",
    "change_rows",
    "check_region_codes",
    "compare_lists",
    "full_code",
    "level_of",
    "list_of_table",
    "parent_of",
    "read_list",
    "region_list",
    "region_rows",
    "resolve",
]
