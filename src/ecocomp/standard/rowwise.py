"""The standard set parcel by parcel in Python integers and fractions: slow, plain, and what the column engine must equal."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ecocomp.standard.corners import ranged
from ecocomp.standard.engine import Rules, Task
from ecocomp.standard.land import PART_NAMES, Land, say
from ecocomp.terms.tables import STANDARD, STANDARD_STEP


def set_rows(task: Task) -> tuple[pa.Table, pa.Table]:
    """Return the `standard` and `standard_step` tables of a task."""
    out, rules = _Columns(task.year), task.rules()
    lands = list(task.lands.rows())
    for land in lands:
        if land.group in task.eligible:
            out.add(land, rules)
        else:
            out.add_ineligible(land, rules)
    if ranged(task.params):
        low, high = task.rules(-1), task.rules(+1)
        for n, land in enumerate(lands):
            if land.group in task.eligible:
                out.widen(n, _end(land, low, "low"), _end(land, high, "high"))
    return STANDARD.table(out.standard), STANDARD_STEP.table(out.steps)


def _end(land: Land, rules: Rules, end: str) -> int:
    """Return the rate of a parcel at one end of the ranges."""
    fen = sum(getattr(p, end) for p in rules.rule_of(land)[1](land))
    for bound in rules.adjustments.of(land):
        fen = bound.apply(fen)
    return int(fen)


class _Columns:
    """Collects both tables as columns."""

    def __init__(self, year: int) -> None:
        self._year = year
        self.standard: dict[str, Any] = {c.name: [] for c in STANDARD.columns}
        self.steps: dict[str, Any] = {c.name: [] for c in STANDARD_STEP.columns}

    def add(self, land: Land, rules: Rules) -> None:
        name, rule = rules.rule_of(land)
        parts = rule(land)
        rate = low = high = 0
        for seq, (part_name, part) in enumerate(zip(PART_NAMES, parts, strict=True), start=1):
            rate, low, high = rate + part.fen, low + part.low, high + part.high
            self._step(land.parcel_id, seq, part_name, part.fen, rate, part.inputs, part.parameters)
        whole = rate
        for seq, bound in enumerate(rules.adjustments.of(land), start=1 + len(parts)):
            before, rate = rate, bound.apply(rate)
            low, high = bound.apply(low), bound.apply(high)
            self._step(land.parcel_id, seq, bound.step, rate - before, rate, bound.inputs, bound.parameters)
        self._row(land.parcel_id, name, rate, [p.fen for p in parts], rate - whole, min(low, rate), max(high, rate))

    def add_ineligible(self, land: Land, rules: Rules) -> None:
        inputs = say(ecosystem_group=land.group)
        self._step(land.parcel_id, 1, "ineligible", 0, 0, inputs, "standard.eligible_groups")
        self._row(land.parcel_id, rules.rule_of(land)[0], 0, [0] * len(PART_NAMES), 0, 0, 0)

    def widen(self, row: int, low: int, high: int) -> None:
        rate = self.standard["rate_fen_per_ha"][row]
        self.standard["low_fen_per_ha"][row] = min(low, rate)
        self.standard["high_fen_per_ha"][row] = max(high, rate)

    def _row(self, parcel_id: str, rule: str, rate: int, parts: list[int], adjust: int, low: int, high: int) -> None:
        values = {
            "parcel_id": parcel_id,
            "year": self._year,
            "rule": rule,
            "rate_fen_per_ha": rate,
            "adjust_fen_per_ha": adjust,
            "low_fen_per_ha": low,
            "high_fen_per_ha": high,
        }
        values |= {f"{name}_fen_per_ha": fen for name, fen in zip(PART_NAMES, parts, strict=True)}
        for name, value in values.items():
            self.standard[name].append(value)

    def _step(self, parcel_id: str, seq: int, step: str, amount: int, after: int, inputs: str, parameters: str) -> None:
        row = (parcel_id, self._year, seq, step, amount, after, inputs, parameters)
        for column, value in zip(STANDARD_STEP.columns, row, strict=True):
            self.steps[column.name].append(value)
