"""What a case's own rules, or a lower place, may not do to the rules that stand above them.

For those who check a case and those who audit it. A statutory floor (`standard.floor.*`) may be raised below but
never lowered; the list of which floor is for which land (`standard.floors`) may grow but never lose an entry; a
place that ships may not be moved under another (`rules.place_moved`, told as the book is read). Any other value
that ships and that a case replaces is told as a warning, so that no one has to find it by comparing files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ecocomp.rules.book import RuleBook, RuleValue
from ecocomp.terms.area import MU_PER_HA
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.text import Text

FLOOR = "standard.floor."
FLOORS = "standard.floors"
_MANY = 300
_END = date.max
_PER_HA = {"CNY/ha/a": 1, "CNY/mu/a": MU_PER_HA}


@dataclass(frozen=True, slots=True)
class _Pair:
    """A value and one that stands above it, with the first day on which both are in force."""

    low: RuleValue
    high: RuleValue
    day: date


def override_faults(book: RuleBook) -> list[Fault]:
    """Return an error for each floor that is lowered or lost, a warning for each other shipped value that is replaced.

    Codes: ``rules.floor_lowered``, ``rules.overridden`` (the first 50, then their number), ``rules.too_many``.
    """
    out: list[Fault] = []
    replaced: list[Fault] = []
    for key in book.keys:
        found = book.values(key)
        statutory = key.startswith(FLOOR) or key == FLOORS
        if statutory and len(found) > _MANY:
            out.append(_too_many(key, found))
        elif statutory:
            out += _lowered(book, found)
        elif any(v.layer for v in found):
            replaced += [_overridden(p) for p in _replaced(book, found)]
    return [*out, *capped(replaced, "rules.overridden", "ecopolicy")]


# ---------------------------------------------------------------- floors
def _lowered(book: RuleBook, found: list[RuleValue]) -> list[Fault]:
    """Return one fault for each value that undercuts one above it, against the highest it undercuts."""
    out = []
    for low in found:
        pairs = [p for p in _above(book, low, found) if _undercuts(low, p.high)]
        if pairs:
            out.append(_floor_fault(max(pairs, key=lambda p: (_amount(p.high), p.high.place, p.high.valid_from))))
    return out


def _undercuts(low: RuleValue, high: RuleValue) -> bool:
    if high.key == FLOORS:
        return not _entries(high) <= _entries(low)
    if high.unit not in _PER_HA or low.unit not in _PER_HA:
        return low.unit != high.unit or _plain(low) < _plain(high)
    return _amount(low) < _amount(high)


def _amount(v: RuleValue) -> Decimal:
    return _plain(v) * _PER_HA.get(v.unit, 1)


def _plain(v: RuleValue) -> Decimal:
    """Return the number of a floor; what is no number holds nothing up and counts as lower than any."""
    return v.value if isinstance(v.value, Decimal) else Decimal("-Infinity")


def _entries(v: RuleValue) -> set[str]:
    items = v.value if isinstance(v.value, list) else []
    return {json.dumps(item, sort_keys=True, default=str, ensure_ascii=False) for item in items}


def _above(book: RuleBook, low: RuleValue, found: list[RuleValue]) -> Iterator[_Pair]:
    """Yield the values above `low` — of a higher place, or of the same place in a folder below — that share a day with it."""
    higher = set(book.chain(low.place)[1:]) if low.place in book.places else set()
    for high in found:
        if high.place in higher or (high.place == low.place and high.layer < low.layer):
            day = _common_day(low, high, found)
            if day is not None:
                yield _Pair(low, high, day)


def _common_day(low: RuleValue, high: RuleValue, found: Iterable[RuleValue]) -> date | None:
    """Return the first day on which both are in force as known when the later of them was recorded, or None.

    The earliest such state of knowledge is the one with the fewest corrections, so no later one has to be looked at.
    """
    start, end = max(low.valid_from, high.valid_from), min(low.valid_to or _END, high.valid_to or _END)
    known = max(low.recorded, high.recorded)
    later = [v for v in found if v.recorded <= known and (_corrects(v, low, across=True) or _corrects(v, high, across=False))]
    for v in sorted(later, key=lambda v: v.valid_from):
        if v.valid_from > start:
            break
        start = max(start, v.valid_to or _END)
    return start if start < end else None


def _corrects(v: RuleValue, old: RuleValue, *, across: bool) -> bool:
    """Return whether `v` stands in for `old` at its place: recorded later, or (`across`) in a folder laid over it."""
    if v.place != old.place or v is old:
        return False
    if v.layer == old.layer:
        return (v.recorded, v.valid_from) > (old.recorded, old.valid_from)
    return across and v.layer > old.layer


def _floor_fault(pair: _Pair) -> Fault:
    low, high = pair.low, pair.high
    if high.key == FLOORS:
        held = "; ".join(sorted(_entries(high) - _entries(low)))[:300]
        clash = Text(
            "{d} 起，{p} 的 {k}（{fa}）少了 {q} 的条目 {b}（{fb}）。",
            "From {d}, {k} at {p} ({fa}) lacks entries that {q} holds: {b} ({fb}).",
        )
    else:
        held = _told(high)
        clash = Text(
            "{d} 起，{p} 的 {k} 是 {a}（{fa}），低于 {q} 的法定下限 {b}（{fb}）。",
            "From {d}, {k} at {p} is {a} ({fa}), below the statutory floor of {q}, {b} ({fb}).",
        )
    return Fault(
        "rules.floor_lowered",
        low.file,
        f"line {low.line}",
        clash.fill(k=low.key, p=low.place, a=_told(low), fa=_from(low), q=high.place, b=held, fb=_from(high), d=pair.day),
        Text(
            "下限只能提高，不能降低或去掉：更正或删去这个值。",
            "A floor may be raised, never lowered or dropped: mend or delete this value.",
        ),
    )


def _too_many(key: str, found: list[RuleValue]) -> Fault:
    last = found[-1]
    return Fault(
        "rules.too_many",
        last.file,
        f"line {last.line}",
        Text("{k} 有 {n} 个值，上限为 {m}。", "{k} has {n} values; {m} are allowed.").fill(k=key, n=len(found), m=_MANY),
        Text("删去多余的值。", "Delete those that are not needed."),
    )


# ---------------------------------------------------------------- other values
def _replaced(book: RuleBook, found: list[RuleValue]) -> Iterator[_Pair]:
    """Yield for each own value the shipped ones of the nearest place it stands over, where anything differs."""
    shipped: dict[str, list[RuleValue]] = {}
    for v in found:
        if not v.layer:
            shipped.setdefault(v.place, []).append(v)
    for own in found:
        if not own.layer or own.place not in book.places:
            continue
        for place in book.chain(own.place):
            shared = [_Pair(own, v, max(own.valid_from, v.valid_from)) for v in shipped.get(place, ()) if _meet(own, v)]
            if shared:
                yield from (p for p in shared if _differ(p))
                break


def _meet(a: RuleValue, b: RuleValue) -> bool:
    return max(a.valid_from, b.valid_from) < min(a.valid_to or _END, b.valid_to or _END)


def _differ(pair: _Pair) -> bool:
    a, b = pair.low, pair.high
    return (a.kind, a.unit, a.value, a.low, a.high) != (b.kind, b.unit, b.value, b.low, b.high)


def _overridden(pair: _Pair) -> Fault:
    own, old = pair.low, pair.high
    return Fault(
        "rules.overridden",
        own.file,
        f"line {own.line}",
        Text(
            "{k}：随附的值 {b}（{fb}）被本案的值 {a}（{fa}）取代。",
            "{k}: the shipped value {b} ({fb}) is replaced by the case's own {a} ({fa}).",
        ).fill(k=own.key, a=_told(own), fa=_from(own), b=_told(old), fb=_from(old)),
        Text("核对这是有意的。", "Check that this is meant."),
        "warning",
    )


def _told(v: RuleValue) -> str:
    text = _short(v.value)
    return f"{text} {v.unit}" if v.kind == "number" and v.unit not in ("", "1", "-") else text


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal | str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def _from(v: RuleValue) -> Text:
    layer = Text("本案 ", "case ") if v.layer else Text("随附 ", "shipped ")
    return Text(f"{layer.zh}{v.file}:{v.line}", f"{layer.en}{v.file}:{v.line}")
