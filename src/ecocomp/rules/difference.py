"""What differs between two sides of a rule book: two days, two places, or two states of knowledge.

For each key: what both sides say, and in which respects they differ (value, bounds, unit, document, mark, dates), for
tables row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecocomp.rules.book import RuleBook, RuleValue

ASPECTS = ("value", "low", "high", "unit", "document", "confidence", "name")


@dataclass(frozen=True)
class Difference:
    """One key on two sides; a side without a value is None.

    changed  the respects in which the sides differ; ``absent`` where one side has no value
    codes    rows of a table that differ in value or bounds
    """

    key: str
    first: RuleValue | None
    second: RuleValue | None
    changed: tuple[str, ...]
    codes: tuple[str, ...] = ()

    @property
    def only_source(self) -> bool:
        """Whether both sides say the same amount and only where it comes from differs."""
        return not {"absent", "value", "low", "high", "unit"} & set(self.changed)


def side(book: RuleBook, place: str, day: date, known: date) -> dict[str, RuleValue]:
    """Return every value that holds at a place on a day, as known on another day."""
    chain = book.chain(place)
    found = ((k, book.find(k, chain, day, known)) for k in book.keys)
    return {k: v for k, v in found if v is not None}


def differences(one: Mapping[str, RuleValue], two: Mapping[str, RuleValue]) -> list[Difference]:
    """Return the keys on which two sides differ, by key."""
    out = []
    for key in sorted(one.keys() | two.keys()):
        first, second = one.get(key), two.get(key)
        if first is None or second is None:
            out.append(Difference(key, first, second, ("absent",)))
            continue
        changed = tuple(a for a in ASPECTS if _aspect(first, a) != _aspect(second, a))
        if changed:
            out.append(Difference(key, first, second, changed, _codes(first, second)))
    return out


def _aspect(v: RuleValue, aspect: str) -> Any:
    return f"{v.document} {v.article}".strip() if aspect == "document" else getattr(v, aspect)


def _codes(first: RuleValue, second: RuleValue) -> tuple[str, ...]:
    if first.kind != "table" or second.kind != "table":
        return ()
    ends = [(v.value, v.low, v.high) for v in (first, second)]
    codes = dict.fromkeys([*first.value, *second.value])
    return tuple(c for c in codes if [t.get(c) for t in ends[0]] != [t.get(c) for t in ends[1]])
