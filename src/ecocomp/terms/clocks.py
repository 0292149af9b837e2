"""Two clocks: when a thing holds (valid) and when it was recorded (known).

Rows carry `valid_from`, `valid_to`, `known_from`, `known_to`; each interval includes its start and
excludes its end, and an empty end is open. A correction closes the old row's `known_to` and adds a new
row, so that any past state of knowledge can be asked for. Case registers know days, the registers of an office
(`terms.registers`) know moments; what was recorded in the course of a day is known on that day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

OFFICE_ZONE = timezone(timedelta(hours=8))
"""The zone in which an office counts its days (China keeps one, without summer time)."""


def today() -> date:
    """Return the day it is in the zone of the office, wherever the machine stands."""
    return datetime.now(OFFICE_ZONE).date()


def end_of_day(day: date) -> datetime:
    """Return the first moment after a day of the office, in UTC: what was recorded before it was known on that day."""
    return datetime.max.replace(tzinfo=UTC) if day == date.max else start_of_day(day + timedelta(days=1))


def start_of_day(day: date) -> datetime:
    """Return the first moment of a day of the office, in UTC."""
    if day == date.min:
        return datetime.min.replace(tzinfo=UTC)
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE_ZONE).astimezone(UTC)


def as_of(table: pa.Table, valid_on: date, known_on: date) -> pa.Table:
    """Return the rows that held on `valid_on`, as they were known on `known_on`."""
    import pyarrow.compute as pc

    mask = pc.and_(_within(table, "valid_from", "valid_to", valid_on), _within(table, "known_from", "known_to", known_on))
    return _kept(table, mask)


def as_known(table: pa.Table, known_on: date) -> pa.Table:
    """Return the rows as they were known on `known_on`, whenever they held: the history as it was seen then."""
    return _kept(table, _within(table, "known_from", "known_to", known_on))


def _kept(table: pa.Table, mask: pa.ChunkedArray) -> pa.Table:
    """Return the rows marked; the table itself, not a copy, where all are."""
    import pyarrow.compute as pc

    return table if pc.all(mask, skip_nulls=False, min_count=0).as_py() else table.filter(mask)


def _within(table: pa.Table, start: str, end: str, day: date) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(table[start].type):
        moment = pa.scalar(end_of_day(day), table[start].type)
        begun, ended = pc.less(table[start], moment), pc.fill_null(pc.less(table[end], moment), False)
    else:
        scalar = pa.scalar(day, pa.date32())
        begun, ended = pc.less_equal(table[start], scalar), pc.fill_null(pc.less_equal(table[end], scalar), False)
    return pc.and_not(begun, ended)
