"""Two clocks: when a thing holds (valid) and when it was recorded (known).

Rows carry `valid_from`, `valid_to`, `known_from`, `known_to`; each interval includes its start and
excludes its end, and an empty end is open. A correction closes the old row's `known_to` and adds a new
row, so that any past state of knowledge can be asked for.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc


def as_of(table: pa.Table, valid_on: date, known_on: date) -> pa.Table:
    """Return the rows that held on `valid_on`, as they were known on `known_on`."""
    mask = pc.and_(_within(table, "valid_from", "valid_to", valid_on), _within(table, "known_from", "known_to", known_on))
    return table.filter(mask)


def _within(table: pa.Table, start: str, end: str, day: date) -> pa.ChunkedArray:
    scalar = pa.scalar(day, pa.date32())
    begun = pc.less_equal(table[start], scalar)
    ended = pc.fill_null(pc.less_equal(table[end], scalar), False)
    return pc.and_not(begun, ended)
