"""Versions of registered objects: rows with both clocks, a working copy of them, and the difference a deed makes.

For the deeds of `ecocomp.tenure.deeds` and for whoever stores what they change. A *book* holds the versions of a few
objects that are known now (`known_to` empty). A deed is written on a working copy; what it did is a `Delta`: versions
that are known no longer, and versions that are known from now on. Nothing is overwritten, so what was known at any past
moment stays as it was.

Reference: ISO 19152-2:2025, VersionedObject; R. T. Snodgrass (1999), Developing Time-Oriented Database Applications in SQL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.registers import CADASTRE, object_key

Row = dict[str, Any]
FOREVER = date.max
"""Stands for an end that is open while days are compared; never stored."""
KNOWN = ("known_from", "known_to")
SHARE_LIMIT = 2**62
"""Numerators and denominators of shares stay below this, so that they fit the registers (int64)."""


@dataclass(frozen=True)
class Delta:
    """What changes in the registers, by name of register.

    closed  versions known until now, complete as they are stored; their `known_to` is to be set to the present moment
    added   versions known from now on; every column but `known_from` and `known_to`, which the store sets
    """

    closed: Mapping[str, list[Row]] = field(default_factory=dict)
    added: Mapping[str, list[Row]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.closed.values()) or any(self.added.values())

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many versions are closed and added, per register that is touched."""
        names = [n for n in CADASTRE if self.closed.get(n) or self.added.get(n)]
        return {n: (len(self.closed.get(n, ())), len(self.added.get(n, ()))) for n in names}


class Book:
    """The versions known now of the objects a deed may touch.

    rows     versions by register; those with a `known_to` are left out
    today    the office's day; deeds that take effect before it must say so. None: not checked
    parcels  codes of the parcels of the survey edition in force. None: not checked
    """

    def __init__(
        self,
        rows: Mapping[str, Iterable[Row]] | None = None,
        *,
        today: date | None = None,
        parcels: Collection[str] | None = None,
    ) -> None:
        self.rows = {n: [r for r in (rows or {}).get(n, ()) if r.get("known_to") is None] for n in CADASTRE}
        self.today, self.parcels = today, parcels

    @classmethod
    def of_tables(
        cls, tables: Mapping[str, pa.Table], *, today: date | None = None, parcels: Collection[str] | None = None
    ) -> Book:
        """Return the book of register tables; versions that were corrected are left out."""
        known = {n: t.filter(pc.is_null(t["known_to"])).to_pylist() for n, t in tables.items() if n in CADASTRE}
        return cls(known, today=today, parcels=parcels)


def end_of(row: Row) -> date:
    """Return the first day a version no longer holds; `FOREVER` where that is open."""
    end = row["valid_to"]
    return FOREVER if end is None else end


def holds(row: Row, day: date) -> bool:
    """Return whether a version holds on a day."""
    return bool(row["valid_from"] <= day < end_of(row))


def share_of(row: Row) -> Fraction:
    """Return the share of a right or of a member as an exact fraction."""
    return Fraction(row["share_num"], row["share_den"])


def content(row: Row) -> tuple[tuple[str, Any], ...]:
    """Return what a version says, without when that was recorded."""
    return tuple(sorted((k, v) for k, v in row.items() if k not in KNOWN))


def object_of(register: str, row: Row) -> tuple[Any, ...]:
    """Return the values that name the object a row is a version of."""
    return tuple(row[k] for k in object_key(register))


def applied(rows: Mapping[str, list[Row]], delta: Delta, moment: datetime) -> dict[str, list[Row]]:
    """Return the registers after a delta was recorded at `moment`: for tests, dry runs and stores in memory.

    raises  ValueError: a version to be closed is not among the rows known now, so that the delta was made on another state
    """
    out = {n: list(rows.get(n, ())) for n in dict.fromkeys([*rows, *delta.added])}
    for name, gone in delta.closed.items():
        left = {(content(r), r["known_from"]) for r in gone}
        for i, r in enumerate(out[name]):
            if r["known_to"] is None and (content(r), r["known_from"]) in left:
                left.discard((content(r), r["known_from"]))
                out[name][i] = {**r, "known_to": moment}
        if left:
            raise ValueError(f"{name}: {len(left)} versions to be closed are not known now")
    for name, new in delta.added.items():
        out[name] += [{**r, "known_from": moment, "known_to": None} for r in new]
    return out


class Work:
    """A working copy of a book: finds versions, takes them out and puts others in, and can go back."""

    def __init__(self, book: Book) -> None:
        self.today, self.parcels = book.today, book.parcels
        self._rows: dict[str, dict[int, Row]] = {n: {id(r): r for r in rows} for n, rows in book.rows.items()}
        self._first = {n: dict(rows) for n, rows in self._rows.items()}
        self._index: dict[tuple[str, str], dict[Any, dict[int, Row]]] = {}
        self._steps: list[tuple[str, bool, Row]] = []

    # ------------------------------------------------ reading
    def find(self, register: str, **equal: Any) -> list[Row]:
        """Return the versions whose columns equal the values given, in the order of object and validity."""
        found: Iterable[Row] = self._rows[register].values()
        if equal:
            column = next(iter(equal))
            found = self._by(register, column).get(equal[column], {}).values()
        kept = [r for r in found if all(r[k] == v for k, v in equal.items())]
        return sorted(kept, key=lambda r: (*map(str, object_of(register, r)), r["valid_from"]))

    def on(self, register: str, day: date, **equal: Any) -> list[Row]:
        """Return the versions found that hold on a day."""
        return [r for r in self.find(register, **equal) if holds(r, day)]

    def since(self, register: str, day: date, **equal: Any) -> list[Row]:
        """Return the versions found that hold on a day or later."""
        return [r for r in self.find(register, **equal) if end_of(r) > day]

    def _by(self, register: str, column: str) -> dict[Any, dict[int, Row]]:
        index = self._index.get((register, column))
        if index is None:
            index = self._index[register, column] = {}
            for key, row in self._rows[register].items():
                index.setdefault(row[column], {})[key] = row
        return index

    # ------------------------------------------------ writing
    def remove(self, register: str, row: Row) -> None:
        """Take a version out: it is known no longer."""
        self._steps.append((register, False, row))
        self._out(register, row)

    def add(self, register: str, row: Row) -> None:
        """Put a version in, as known from now on."""
        names = [c.name for c in CADASTRE[register].columns if c.name not in KNOWN]
        made = {n: row.get(n) for n in names}
        self._steps.append((register, True, made))
        self._in(register, made)

    def rewrite(self, register: str, key: Row, since: date, until: date, changes: Row | None) -> None:
        """Write the versions of one object anew on [since, until): with changes, or struck out where these are None.

        What the versions say before and after that time stays as it is.
        """
        for row in self.find(register, **key):
            start, stop = max(row["valid_from"], since), min(end_of(row), until)
            if start >= stop:
                continue
            self.remove(register, row)
            if row["valid_from"] < start:
                self.add(register, {**row, "valid_to": start})
            if changes is not None:
                self.add(register, {**row, **changes, "valid_from": start, "valid_to": None if stop == FOREVER else stop})
            if stop < end_of(row):
                self.add(register, {**row, "valid_from": stop})

    def _out(self, register: str, row: Row) -> None:
        del self._rows[register][id(row)]
        for (name, column), index in self._index.items():
            if name == register:
                del index[row[column]][id(row)]

    def _in(self, register: str, row: Row) -> None:
        self._rows[register][id(row)] = row
        for (name, column), index in self._index.items():
            if name == register:
                index.setdefault(row[column], {})[id(row)] = row

    # ------------------------------------------------ what was done
    def mark(self) -> int:
        """Return where the writing stands, to go back to or to look back from."""
        return len(self._steps)

    def back(self, mark: int) -> None:
        """Undo everything written since a mark."""
        while len(self._steps) > mark:
            register, added, row = self._steps.pop()
            (self._out if added else self._in)(register, row)

    def touched(self, register: str, mark: int) -> Iterator[Row]:
        """Return the versions of a register taken out or put in since a mark."""
        return (row for name, _, row in self._steps[mark:] if name == register)

    def before(self, register: str, mark: int, **equal: Any) -> list[Row]:
        """Return what `find` would have found at a mark."""
        found = {id(r): r for r in self.find(register, **equal)}
        for name, added, row in reversed(self._steps[mark:]):
            if name == register and all(row[k] == v for k, v in equal.items()):
                if added:
                    found.pop(id(row), None)
                else:
                    found[id(row)] = row
        return list(found.values())

    def delta(self) -> Delta:
        """Return everything written, as a difference to the book it began with."""
        closed, added = {}, {}
        for name, now in self._rows.items():
            gone = [r for k, r in self._first[name].items() if k not in now]
            new = [r for k, r in now.items() if k not in self._first[name]]
            gone, new = _without_same(gone, new)
            if gone:
                closed[name] = gone
            if new:
                added[name] = new
        return Delta(closed, added)


def _without_same(gone: list[Row], new: list[Row]) -> tuple[list[Row], list[Row]]:
    """Leave out versions that were taken out and put in again unchanged: what stands needs no new record."""
    said = {content(r) for r in new}
    kept = {content(r) for r in gone if content(r) in said}
    return [r for r in gone if content(r) not in kept], [r for r in new if content(r) not in kept]
