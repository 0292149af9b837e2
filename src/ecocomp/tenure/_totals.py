"""Total rows of a sheet: found by their words, recomputed from the rows they stand for, never used for anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ecocomp.tenure import cells
from ecocomp.tenure._headers import FIELDS
from ecocomp.terms.text import Text

SUMMED = ("area", "area_contract", "members")
LEAST = Decimal("0.0001")
_TOTAL = re.compile(r"^.{0,12}?(小计|合计|总计|共计|累计|总合计)([:(].*)?$")
_SUBTOTAL = "小计"


@dataclass(slots=True)
class Sums:
    """What one row adds to the columns that are summed; None where its cell could not be read."""

    line: Any
    total: str = ""
    values: dict[str, Decimal | None] = field(default_factory=dict)
    household: object = None


def total_word(line_cells: Sequence[str], kinds: str) -> str:
    """Return ``小计``, ``合计``, … if the row is a total by one of its first words, else empty.

    >>> total_word(["", "合  计", "", "12.5"], " s n")
    '合计'
    """
    words = [cells.word(c) for c, k in zip(line_cells, kinds, strict=False) if k == "s"][:3]
    for said in words:
        found = _TOTAL.match(said)
        if found:
            return found[1]
    return ""


def check_totals(rows: Sequence[Sums], report: Callable[..., None]) -> None:
    """Compare each total with the rows it can stand for: since the last total of its kind, the whole sheet, what follows."""
    for i, row in enumerate(rows):
        if not row.total:
            continue
        for column, said in row.values.items():
            if said is None:
                continue
            found = [(s, _slack(said, part, column)) for part in _parts(rows, i) if (s := _sum(part, column)) is not None]
            if found and not any(abs(s - said) <= slack for s, slack in found):
                _disagrees(row, column, said, found[0][0], report)


def _parts(rows: Sequence[Sums], at: int) -> list[list[Sums]]:
    """Return the sets of rows the total in row `at` may stand for, the likeliest first."""
    total = rows[at].total
    before = [r for r in rows[:at] if not r.total]
    since = _since(rows, at, any_total=total == _SUBTOTAL)
    if not since:  # a total above its rows
        after = rows[at + 1 :]
        stop = next((n for n, r in enumerate(after) if r.total == total), len(after))
        return [[r for r in after[:stop] if not r.total]]
    if total == _SUBTOTAL:
        return [since]
    return [before, since] if all(r.total != total for r in rows[:at]) else [since, before]


def _since(rows: Sequence[Sums], at: int, any_total: bool) -> list[Sums]:
    out: list[Sums] = []
    for row in reversed(rows[:at]):
        if row.total and (any_total or row.total == rows[at].total):
            break
        if not row.total:
            out.append(row)
    return out[::-1]


def _sum(rows: Sequence[Sums], column: str) -> Decimal | None:
    """Return the exact sum; None where there are no rows or one of them could not be read. Persons count once a household."""
    total = Decimal(0)
    counted: set[int] = set()
    for row in rows:
        if column not in row.values:
            continue
        value = row.values[column]
        if value is None:
            return None
        if column == "members" and row.household is not None:
            if id(row.household) in counted:
                continue
            counted.add(id(row.household))
        total += value
    return total if rows else None


def _slack(said: Decimal, rows: Sequence[Sums], column: str) -> Decimal:
    """Return what rounding explains: half a unit of the total, and 1.5 units of the rows times the root of their number.

    A total typed from unrounded figures differs from the sum of rounded ones by about 0.3 units times that root; five
    times as much is let pass. A unit is at most 0.01 for the rows and 0.1 for the total, however short they are written.
    """
    values = [v for r in rows if (v := r.values.get(column)) is not None]
    if column == "members":
        return Decimal(0)
    unit = min([Decimal("0.01"), *(_unit(v) for v in values)])
    return min(_unit(said), Decimal("0.1")) / 2 + unit * Decimal("1.5") * Decimal(len(values)).sqrt() + LEAST


def _unit(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)


def _disagrees(row: Sums, column: str, said: Decimal, found: Decimal, report: Callable[..., None]) -> None:
    difference = said - found
    report(
        "total", row.line, column,
        Text(
            "{t}写的{c}是 {a}，各行相加是 {b}，差 {d}。",
            "the {t} of {c} says {a}; the rows add up to {b}, a difference of {d}.",
        ).fill(t=row.total, c=FIELDS[column].meaning, a=_plain(said), b=_plain(found), d=_plain(difference)),
        Text(
            "找出漏行、重行或错数；付款只用各行，不用合计。",
            "Find the row that is missing, double or wrong; payment uses the rows, never a total.",
        ),
        "warning",
    )  # fmt: skip


def _plain(value: Decimal) -> str:
    return f"{round(value, 4).normalize():f}"
