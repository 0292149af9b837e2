"""How much each number moves the standard: one number at a time, for every kind of land, in exact arithmetic.

For the officer who must defend a rate. Each number a rule has used is put at the low and at the high end of its range,
all others held; the means by area of each kind of land (ecosystem, zone, grade) are set anew. Numbers whose source
states no range are moved by an assumed share. A second table says which step (floor, cap, yearly limit …) touches how
many parcels. Numbers that decide what is counted, and not how much, are left as they are (`corners.CHOICES`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from ecocomp.standard.corners import CHOICES, given, numbers_of
from ecocomp.standard.engine import Task
from ecocomp.standard.exact import Ints
from ecocomp.standard.lands import Codes, combinations, sorted_by_parcel
from ecocomp.standard.vector import Outcome, outcome
from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PPM, STANDARD_BOUND, STANDARD_SENSITIVITY
from ecocomp.terms.text import Text

SPREAD = Decimal("0.1")
"""Share by which a number without a stated range is moved each way."""


@dataclass(frozen=True)
class Kinds:
    """Kinds of land (ecosystem, zone, grade) and which each parcel is of."""

    names: list[tuple[str, str, int]]
    inverse: Ints
    area_dm2: Ints

    def means(self, rate: Ints) -> list[int]:
        """Return the mean of a column by area for each kind, half-even."""
        return [half_even(m, a) for m, a in zip(self._sums(rate), self._sums(np.ones(len(rate), np.int64)), strict=True)]

    def counts(self, chosen: Ints) -> list[int]:
        """Return how many parcels of each kind are chosen."""
        return [int(n) for n in np.bincount(self.inverse[chosen], minlength=len(self.names))]

    def _sums(self, rate: Ints) -> list[int]:
        """Return Σ area × rate of each kind; the two halves of a rate are added apart, so that nothing overflows."""
        out = [0] * len(self.names)
        for shift, half in ((31, rate >> 31), (0, rate & (2**31 - 1))):
            for bits, part in ((31, self.area_dm2 >> 31), (0, self.area_dm2 & (2**31 - 1))):
                if not (half.any() and part.any()):
                    continue
                product = half * part
                for move, piece in ((31, product >> 31), (0, product & (2**31 - 1))):
                    sums = np.zeros(len(out), np.int64)
                    np.add.at(sums, self.inverse, piece)
                    out = [o + (int(s) << (shift + bits + move)) for o, s in zip(out, sums, strict=True)]
        return out


@dataclass(frozen=True)
class _Move:
    """One input moved: its name, its row for a kind of land, its two ends, and the task with it there."""

    name: str
    unit: str
    numbers: dict[str, tuple[Decimal, Decimal, Decimal]]
    stated: bool
    task: Callable[[int], Task]

    def row(self, kind: tuple[str, str, int]) -> tuple[str, tuple[Decimal, Decimal, Decimal]] | None:
        """Return the row that is for a kind of land, or None where the input has none."""
        ecosystem, zone, grade = kind
        names = ("", ecosystem[:1], zone, str(grade), f"{zone}.{grade}")
        found = next((n for n in names if n in self.numbers), None)
        if found is None and len(self.numbers) == 1:
            found = next(iter(self.numbers))
        return (found, self.numbers[found]) if found is not None else None


def kinds_of(task: Task, parcel: pa.Table) -> Kinds:
    """Return the kinds of the compensated parcels' land."""
    ecosystem = Codes.of(sorted_by_parcel(parcel)["ecosystem"])
    kinds, inverse = combinations([ecosystem, task.lands.function_zone, task.lands.grade], len(task.lands))
    return Kinds([(str(e), str(z), int(g)) for e, z, g in kinds], inverse, task.lands.area_dm2)


def sensitivity(task: Task, parcel: pa.Table, spread: Decimal = SPREAD) -> tuple[pa.Table, pa.Table]:
    """Return the `standard_sensitivity` and `standard_bound` tables of a task.

    parcel  the table the task was read from
    spread  share by which a number without a range is moved, between 0 and 1
    """
    if not 0 < spread < 1:
        raise UsageError(Text("幅度 {s} 应在 0 与 1 之间。", "The spread {s} must lie between 0 and 1.").fill(s=spread))
    if not len(task.lands):
        return STANDARD_SENSITIVITY.empty(), STANDARD_BOUND.empty()
    kinds, found = kinds_of(task, parcel), outcome(task)
    middle = kinds.means(found.rate)
    paid = [k[0][:1] in task.eligible for k in kinds.names]
    parcels = kinds.counts(np.ones(len(task.lands), bool))
    rows: list[dict[str, Any]] = []
    for move in _moves(task, spread):
        low, high = (_means(kinds, move.task(end)) for end in (-1, +1))
        for n, kind in enumerate(kinds.names):
            row = move.row(kind)
            if row is not None and paid[n]:
                ends = None if low is None else low[n], None if high is None else high[n]
                rows.append(_row(task.year, kind, move, row, parcels[n], middle[n], *ends))
    _rank(rows)
    return STANDARD_SENSITIVITY.table(rows), _bounds(task, kinds, found, paid, parcels)


def _means(kinds: Kinds, task: Task) -> list[int] | None:
    """Return the means of a task, None where the rules refuse it (a floor above its cap, cuts out of order)."""
    try:
        return kinds.means(outcome(task).rate)
    except FaultsError:
        return None


def _moves(task: Task, spread: Decimal) -> Iterator[_Move]:
    """Yield every input that can be moved: the numbers of the rules used so far, the services, the economy."""
    for key, held in sorted(task.params.used.items()):
        numbers = numbers_of(held) if key.startswith("standard.") and key not in CHOICES else {}
        if not numbers:
            continue
        stated = any(low != high for low, _, high in numbers.values())
        ends = {c: n if n[0] != n[2] else (n[1] - abs(n[1]) * spread, n[1], n[1] + abs(n[1]) * spread) for c, n in numbers.items()}

        def at(end: int, key: str = key, table: bool = held.kind == "table", ends: dict[str, Any] = ends) -> Task:
            values = {c: n[1 + end] for c, n in ends.items()}
            return replace(task, params=given(task.params, {key: values if table else values[""]}))

        yield _Move(key, held.unit, ends, stated, at)
    lands = task.lands
    if lands.assessed.any():
        worth = {-1: lands.low_fen, 1: lands.high_fen}
        wide = bool((lands.low_fen != lands.high_fen).any())
        whole = Decimal(100)
        ends = {"": (whole - whole * spread, whole, whole + whole * spread)}
        if wide:
            ends = {"": _shares(lands.low_fen, lands.value_fen, lands.high_fen)}

        def value(end: int) -> Task:
            moved = worth[end] if wide else _moved(lands.value_fen, end, spread)
            region = replace(task.region, worth_fen=sum(moved.tolist()))
            return replace(task, lands=replace(lands, value_fen=moved), region=region)

        yield _Move("service_value", "%", ends, wide, value)
    for name, attribute, per in (("engel", "engel_ppm", PPM), ("income", "income_fen_per_head", 100)):
        now = int(getattr(task.region, attribute))
        low, high = (int(now + end * now * spread) for end in (-1, +1))
        if name == "engel":
            low, high = max(low, 1), min(high, PPM)

        def economy(end: int, attribute: str = attribute, ends: tuple[int, int] = (low, high)) -> Task:
            changed: dict[str, Any] = {attribute: ends[end > 0]}
            return replace(task, region=replace(task.region, **changed))

        ends = {"": (Decimal(low) / per, Decimal(now) / per, Decimal(high) / per)}
        yield _Move(name, "1" if name == "engel" else "CNY/a", ends, False, economy)


def _shares(low: Ints, value: Ints, high: Ints) -> tuple[Decimal, Decimal, Decimal]:
    """Return the sums of low and high in percent of the value's."""
    sums = [sum(c.tolist()) for c in (low, value, high)]
    if sums[1] <= 0:
        return Decimal(100), Decimal(100), Decimal(100)
    ends = [(Decimal(100) * s / sums[1]).quantize(Decimal("0.0001")) for s in sums]
    return ends[0], ends[1], ends[2]


def _moved(values: Ints, end: int, spread: Decimal) -> Ints:
    share = Fraction(1 + end * spread)
    return np.array([half_even(v * share.numerator, share.denominator) for v in values.tolist()], np.int64)


def _row(
    year: int,
    kind: tuple[str, str, int],
    move: _Move,
    row: tuple[str, tuple[Decimal, Decimal, Decimal]],
    parcels: int,
    rate: int,
    at_low: int | None,
    at_high: int | None,
) -> dict[str, Any]:
    code, (low, value, high) = row
    ends = [e for e in (at_low, at_high, rate) if e is not None]
    elasticity = None
    if at_low is not None and at_high is not None and rate > 0 and value > 0 and high > low:
        found = Fraction(at_high - at_low, rate) / ((Fraction(high) - Fraction(low)) / Fraction(value)) * PPM
        elasticity = half_even(found.numerator, found.denominator)
    return {
        "year": year,
        "ecosystem": kind[0],
        "function_zone": kind[1],
        "grade": kind[2],
        "input": move.name,
        "code": code,
        "unit": move.unit,
        "value": _said(value),
        "low": _said(low),
        "high": _said(high),
        "range": "stated" if move.stated else "assumed",
        "parcels": parcels,
        "rate_fen_per_ha": rate,
        "at_low_fen_per_ha": at_low,
        "at_high_fen_per_ha": at_high,
        "swing_fen_per_ha": max(ends) - min(ends),
        "elasticity_ppm": elasticity,
    }


def _said(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else "0"


def _rank(rows: list[dict[str, Any]]) -> None:
    by_kind: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault((row["ecosystem"], row["function_zone"], row["grade"]), []).append(row)
    for found in by_kind.values():
        for rank, row in enumerate(sorted(found, key=lambda r: (-int(r["swing_fen_per_ha"]), str(r["input"]))), 1):
            row["rank"] = rank


def _bounds(task: Task, kinds: Kinds, found: Outcome, paid: list[bool], parcels: list[int]) -> pa.Table:
    rows = []
    for step, amount in found.amounts.items():
        raised, lowered, means = kinds.counts(amount > 0), kinds.counts(amount < 0), kinds.means(amount)
        rows += [
            {
                "year": task.year,
                "ecosystem": kind[0],
                "function_zone": kind[1],
                "grade": kind[2],
                "step": step,
                "parcels": parcels[n],
                "raised_parcels": raised[n],
                "lowered_parcels": lowered[n],
                "amount_fen_per_ha": means[n],
            }
            for n, kind in enumerate(kinds.names)
            if paid[n] and step != "ineligible"
        ]
    return STANDARD_BOUND.table(rows)
