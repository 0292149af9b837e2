"""Reading the registers: what held on a day, as it was known on a day; what changed; a whole register at once.

Every answer is an Arrow table in the register's schema. A day of knowledge counts to its end in the office's zone; a moment
may be given instead. Sealed columns come masked; `register_state` does not open them at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.clocks import end_of_day, start_of_day
from ecocomp.terms.faults import UsageError
from ecocomp.terms.registers import MOMENT, REGISTERS, object_key
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records import cipher, snapshot
from ecoweb.records.fields import to_micros
from ecoweb.records.models import sealed_columns
from ecoweb.records.tables import object_names, read_stored, stored_schema

Known = date | datetime | None
_IN_ONE = 10_000
_MANY = 50_000
"""Above so many versions a register is taken whole rather than row by row."""
CHANGES = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("at", MOMENT, nullable=False),
        pa.field("act", pa.string(), nullable=False),
        pa.field("actor", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("tool", pa.string(), nullable=False),
        pa.field("register", pa.string(), nullable=False),
        pa.field("added", pa.int64(), nullable=False),
        pa.field("ended", pa.int64(), nullable=False),
        pa.field("objects", pa.list_(pa.string()), nullable=False),
    ]
)
"""One row for each change and register: how many versions it added and ended, and the first of the objects touched."""


def rows(
    office: Office,
    register: str,
    where: Mapping[str, Any] | None = None,
    prefix: Mapping[str, str] | None = None,
    *,
    on: date | None = None,
    known: Known = None,
) -> pa.Table:
    """Return the versions that held on a day as they were known.

    where   column -> value, or a list of values any of which will do; a sealed column is compared by its clear value
    prefix  column -> text its value begins with (a region code, a village)
    on      the day; today if None
    known   the day (to its end) or moment of knowledge; now if None
    """
    day, moment = on or office.today(), known_before(office, known)
    return _read(
        office,
        register,
        where,
        prefix,
        "valid_from <= %s AND (valid_to IS NULL OR valid_to > %s) AND known_from < %s AND (known_to IS NULL OR known_to >= %s)",
        [day, day, moment, moment],
    )


def versions(
    office: Office,
    register: str,
    where: Mapping[str, Any] | None = None,
    prefix: Mapping[str, str] | None = None,
    *,
    known: Known = None,
) -> pa.Table:
    """Return every version of the objects asked for that was recorded by then, corrected ones too."""
    return _read(office, register, where, prefix, "known_from < %s", [known_before(office, known)])


def register_state(office: Office, register: str, on: date | None = None, known: Known = None) -> pa.Table:
    """Return a whole register as it held on a day and was known; sealed values appear as `***`.

    The first call after a change reads the database; what it read is kept as an Arrow file in the office's `cache` folder,
    which may be deleted at any time.
    """
    _spec(register)
    whole = snapshot.current(office, register)
    return _cut(whole.select(REGISTERS[register].schema().names), on or office.today(), known_before(office, known))


def history(office: Office, register: str) -> pa.Table:
    """Return every version of every object of a register, sealed values as `***`."""
    _spec(register)
    return snapshot.current(office, register).select(REGISTERS[register].schema().names)


def moved(
    office: Office, register: str, since: date, until: date, where: Mapping[str, Any] | None = None, *, on: date | None = None
) -> pa.Table:
    """Return the versions that came into or went out of knowledge from `since` to `until` (both days included).

    on  only those that hold on this day
    """
    spec = _spec(register)
    start, end = to_micros(end_of_day(since - timedelta(days=1))), to_micros(end_of_day(until))
    with office.reading() as cursor:
        first = _first_change(cursor, start)
        if first is None:
            return spec.checked(spec.empty())
        # A version is known from its change or, taken over from an older register, from before it: never from after it.
        came, went = ((c, [first, start, end]) for c in (_CAME, _WENT))
        if not where and _at_least(cursor, register, (came, went), _MANY):
            return _moved_of(history(office, register), start, end, on)
        found = _read(office, register, where, None, f"(({_CAME}) OR ({_WENT}))", [*came[1], *went[1]])
    return _moved_of(found, start, end, on)


def _first_change(cursor: Any, start: int) -> int | None:
    cursor.execute("SELECT min(seq) FROM change WHERE at >= %s", [start])
    found = cursor.fetchone()[0]
    return None if found is None else int(found)


_CAME = "change_id >= %s AND known_from >= %s AND known_from < %s"
_WENT = "ended_by_id >= %s AND known_to >= %s AND known_to < %s"


def _at_least(cursor: Any, register: str, conditions: Iterable[tuple[str, list[int]]], most: int) -> bool:
    """Return whether more than so many versions meet one of some conditions, counted no further than it matters."""
    counted = 0
    for condition, params in conditions:
        cursor.execute(f'SELECT count(*) FROM (SELECT 1 FROM "{register}" WHERE {condition} LIMIT {most + 1}) AS few', params)
        counted += int(cursor.fetchone()[0])
    return counted > most


def _moved_of(found: pa.Table, start: int, end: int, on: date | None) -> pa.Table:
    low, high = (pa.scalar(v, pa.int64()).cast(MOMENT) for v in (start, end))
    came = pc.and_(pc.greater_equal(found["known_from"], low), pc.less(found["known_from"], high))
    went = pc.and_(pc.greater_equal(found["known_to"], low), pc.less(found["known_to"], high))
    found = found.filter(pc.or_(came, pc.fill_null(went, False)))
    if on is None:
        return found
    day = pa.scalar(on, pa.date32())
    over = pc.fill_null(pc.less_equal(found["valid_to"], day), False)
    return found.filter(pc.and_not(pc.less_equal(found["valid_from"], day), over))


def known_before(office: Office, known: Known) -> int:
    """Return the moment (microseconds since 1970) before which a row must be known to count as known then."""
    if isinstance(known, datetime):
        return to_micros(known + timedelta(microseconds=1))
    return to_micros(end_of_day(known or office.today()))


# ---------------------------------------------------------------- what changed
def changes(
    office: Office,
    since: Known,
    until: Known = None,
    *,
    register: str | None = None,
    objects: int = 100,
) -> pa.Table:
    """Return the changes recorded from `since` on until `until` (both days included), with what they touched.

    since, until  days, or moments; None: from the beginning, until now
    register      only changes of this register
    objects       at most so many objects are named for each change and register
    """
    start = 0 if since is None else to_micros(since) if isinstance(since, datetime) else to_micros(start_of_day(since))
    with office.reading() as cursor:
        cursor.execute(
            "SELECT seq, at, act, actor, reason, source, tool FROM change WHERE at >= %s AND at < %s ORDER BY seq",
            [start if since is not None else -(1 << 62), known_before(office, until) if until is not None else 1 << 62],
        )
        found: list[list[Any]] = []
        for change in cursor.fetchall():
            for name in [register] if register else sorted(REGISTERS):
                added, ended = _counts(cursor, name, change[0])
                if added or ended:
                    found.append([*change, name, added, ended, _touched(cursor, name, change[0], objects)])
            if not register and (not found or found[-1][0] != change[0]):
                found.append([*change, "", 0, 0, []])
    return _changes_table(found)


def _changes_table(found: list[list[Any]]) -> pa.Table:
    if not found:
        return CHANGES.empty_table()
    columns = [list(c) for c in zip(*found, strict=True)]
    arrays = [
        pa.array(values, pa.int64()).cast(MOMENT) if field.name == "at" else pa.array(values, field.type)
        for values, field in zip(columns, CHANGES, strict=True)
    ]
    return pa.table(arrays, schema=CHANGES)


def _counts(cursor: Any, register: str, seq: int) -> tuple[int, int]:
    cursor.execute(f'SELECT count(*) FROM "{register}" WHERE change_id = %s', [seq])
    added = int(cursor.fetchone()[0])
    cursor.execute(f'SELECT count(*) FROM "{register}" WHERE ended_by_id = %s AND change_id <> %s', [seq, seq])
    return added, int(cursor.fetchone()[0])


def _touched(cursor: Any, register: str, seq: int, limit: int) -> list[str]:
    """Return the first objects a change ended or added, each once."""
    names = " || '/' || ".join(f'"{k}"' for k in object_key(register))
    found: dict[str, None] = {}
    for column in ("ended_by_id", "change_id"):
        cursor.execute(f'SELECT {names} FROM "{register}" WHERE {column} = %s ORDER BY id LIMIT %s', [seq, limit])
        found |= dict.fromkeys(row[0] for row in cursor.fetchall())
    return sorted(found)[:limit]


# ---------------------------------------------------------------- reading
def _spec(register: str) -> Any:
    if register not in REGISTERS:
        raise UsageError(Text("没有登记簿“{r}”。", "There is no register “{r}”.").fill(r=register))
    return REGISTERS[register]


def _read(
    office: Office,
    register: str,
    where: Mapping[str, Any] | None,
    prefix: Mapping[str, str] | None,
    clocks: str,
    moments: Sequence[Any],
) -> pa.Table:
    spec = _spec(register)
    given = dict(where or {})
    _known_columns(spec, [*given, *(prefix or {})])
    with office.reading() as cursor:
        sealed = {c: _several(given.pop(c)) for c in sealed_columns(register) if c in given}
        for column, chosen in sealed.items():
            given |= _holders_of(office, cursor, register, column, chosen, given)
        terms, params = _terms(office, given, prefix or {})
        long = [(c, v) for c, v in given.items() if isinstance(v, list) and len(v) > _IN_ONE]
        condition = " AND ".join([*terms, clocks])
        parts = list(read_stored(office, cursor, register, f"WHERE {condition}", [*params, *moments]))
        stored = pa.concat_tables(parts) if parts else stored_schema(register).empty_table()
        for column, many in long:
            stored = stored.filter(pc.is_in(stored[column], pa.array(many, stored[column].type)))
        shown, clear = _shown(office, cursor, register, stored)
    for column, wanted in sealed.items():
        kept = [v in wanted for v in clear[column]]
        shown = shown.filter(pa.array(kept, pa.bool_()))
        clear = {c: [v for v, keep in zip(values, kept, strict=True) if keep] for c, values in clear.items()}
    table: pa.Table = spec.checked(shown)
    return table


def _known_columns(spec: Any, names: Sequence[str]) -> None:
    stray = sorted(set(names) - set(spec.schema().names))
    if stray:
        raise UsageError(Text("{r} 没有列 {s}。", "{r} has no column {s}.").fill(r=spec.name, s=", ".join(stray)))


def _several(value: Any) -> frozenset[str]:
    """Return the sealed values asked for, of which any will do."""
    return frozenset(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else frozenset([str(value)])


def _holders_of(
    office: Office, cursor: Any, register: str, column: str, values: frozenset[str], given: dict[str, Any]
) -> dict[str, Any]:
    """Return the condition on the object's code that sealed values come to."""
    (key,) = object_key(register)
    found = cipher.find(office, cursor, register, column, sorted(values))
    if key in given:
        asked = given[key] if isinstance(given[key], list | tuple | set) else [given[key]]
        found = [n for n in found if n in set(asked)]
    return {key: found}


def _terms(office: Office, where: Mapping[str, Any], prefix: Mapping[str, str]) -> tuple[list[str], list[Any]]:
    terms: list[str] = []
    params: list[Any] = []
    for column, value in where.items():
        if value is None:
            terms.append(f'"{column}" IS NULL')
        elif isinstance(value, list | tuple | set | frozenset):
            values = list(value)
            if len(values) > _IN_ONE:
                continue
            terms.append(f'"{column}" IN ({", ".join(["%s"] * len(values))})' if values else "1 = 0")
            params += [_wire(v) for v in values]
        else:
            terms.append(f'"{column}" = %s')
            params.append(_wire(value))
    for column, start in prefix.items():
        if not start:
            continue
        if office.vendor == "sqlite":
            terms.append(f'"{column}" >= %s AND "{column}" < %s')
            params += [start, start[:-1] + chr(ord(start[-1]) + 1)]
        else:
            terms.append(f'"{column}" LIKE %s')
            params.append(start.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
    return terms, params


def _wire(value: Any) -> Any:
    return to_micros(value) if isinstance(value, datetime) else value


def _shown(office: Office, cursor: Any, register: str, stored: pa.Table) -> tuple[pa.Table, dict[str, list[str | None]]]:
    """Return stored rows in the register's schema, sealed columns masked; and these in clear, for the one who compares."""
    schema = REGISTERS[register].schema()
    sealed = {c: stored[c].to_pylist() for c in sealed_columns(register)}
    clear: dict[str, list[str | None]] = {}
    made: dict[str, Any] = {}
    if sealed and len(stored):
        names, ids = object_names(register, stored), stored["id"].to_pylist()
        if cipher.sealer(office) is None or not any(v is not None for values in sealed.values() for v in values):
            clear = {c: [None if v is None else cipher.HIDDEN for v in values] for c, values in sealed.items()}
        else:
            having = [i for i in range(len(ids)) if any(values[i] is not None for values in sealed.values())]
            clear = {c: [None] * len(ids) for c in sealed}
            part = {c: [values[i] for i in having] for c, values in sealed.items()}
            opened = cipher.opened_values(office, cursor, register, [names[i] for i in having], [ids[i] for i in having], part)
            for column, values in opened.items():
                for place, value in zip(having, values, strict=True):
                    clear[column][place] = value
        made = {c: pa.array([_masked(c, v) for v in values], pa.string()) for c, values in clear.items()}
    elif sealed:
        made = {c: pa.array([], pa.string()) for c in sealed}
        clear = {c: [] for c in sealed}
    return pa.table(
        {f.name: made.get(f.name, stored[f.name]) if f.name in made else stored[f.name] for f in schema}, schema=schema
    ), clear


def _masked(column: str, value: str | None) -> str | None:
    return value if value is None or value == cipher.HIDDEN else cipher.mask(column, value)


def _cut(table: pa.Table, day: date, before: int) -> pa.Table:
    """Return the rows that held on a day and were known just before a moment (microseconds)."""
    on, moment = pa.scalar(day, pa.date32()), pa.scalar(before, pa.int64()).cast(MOMENT)
    begun = pc.and_(pc.less_equal(table["valid_from"], on), pc.less(table["known_from"], moment))
    for name, end, compare in (("valid_to", on, pc.greater), ("known_to", moment, pc.greater_equal)):
        if table[name].null_count < len(table):
            begun = pc.and_(begun, pc.fill_null(compare(table[name], end), True))
    return table if pc.all(begun).as_py() is not False else table.filter(begun)
