"""Writing to the registers: every write is one transaction with its actor, its reason and its entry in the audit log.

`record` writes what a deed changes (a delta of few rows, each closed row still as it was read); `load` writes whole
registers fast. Nothing is overwritten: a closed row gets the moment until which it was known, an added row begins there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp import __version__
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.registers import MOMENT, REGISTERS, object_key
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records import cipher, log
from ecoweb.records.checks import row_faults
from ecoweb.records.fields import from_micros, to_micros
from ecoweb.records.models import Change, sealed_columns
from ecoweb.records.tables import (
    BATCH_ROWS,
    insert,
    object_name,
    object_names,
    read_stored,
    row_digests,
    stored_schema,
    written_schema,
)

TOOL = f"ecocomp {__version__}"
CLOCK_SLACK = timedelta(minutes=5)
"""How far the machine's clock may stand behind the last change before a write is refused."""
_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


class SupportsDelta(Protocol):
    """What a deed changes: rows to end and rows to add, by register (`ecocomp.tenure.deeds.Delta`)."""

    @property
    def closed(self) -> Mapping[str, list[dict[str, Any]]]:
        """Complete rows as they were read, whose `known_to` is to be set."""

    @property
    def added(self) -> Mapping[str, list[dict[str, Any]]]:
        """Rows with every column but `known_from` and `known_to`."""


def record(
    office: Office, delta: SupportsDelta, *, act: str, actor: str, reason: str, source: str = "", at: datetime | None = None
) -> Change:
    """Write a delta; return the change.

    act      what was done, dotted lower case, e.g. ``tenure.transfer``
    actor    who, e.g. ``u:clerk01``
    reason   why, in words
    source   the document it rests on
    at       the moment it is known from; now if None, never before the last change
    raises   FaultsError with every fault of the rows; `records.conflict` when a row to end is no longer as it was read,
             naming who changed it and when; `office.locked` when another writer does not finish
    """
    tables = delta_tables(delta.added)
    raise_errors([f for register, table in tables.items() for f in row_faults(register, table, masked=True)])
    closed = {register: rows for register, rows in delta.closed.items() if rows}
    with writing(office, act=act, actor=actor, reason=reason, source=source, at=at) as work:
        raise_errors([f for register, rows in closed.items() for f in work.close(register, rows)])
        raise_errors([f for register, table in tables.items() for f in work.add(register, table)])
    return work.change


def load(
    office: Office,
    tables: Mapping[str, pa.Table],
    *,
    act: str,
    actor: str,
    reason: str,
    source: str = "",
    at: datetime | None = None,
    keep_known: bool = False,
) -> Change:
    """Write whole tables in one transaction, a batch at a time; return the change.

    tables      by register, with the register's columns; `known_from` and `known_to` may be absent unless kept
    keep_known  keep the clock of knowledge of an older register that is taken over; else all is known from `at`
    raises      FaultsError with every fault of the rows, or of those that clash with versions already there
    """
    given = {register: _given(register, table, keep_known) for register, table in tables.items()}
    raise_errors([f for register, table in given.items() for f in row_faults(register, table)])
    with writing(office, act=act, actor=actor, reason=reason, source=source, at=at) as work:
        raise_errors([f for register, table in given.items() for f in work.add(register, table)])
    return work.change


# ---------------------------------------------------------------- one transaction
class Work:
    """A transaction under way: adds and ends rows, and at its end writes the change and its entry."""

    def __init__(self, office: Office, cursor: Any, seq: int, at: datetime, facts: dict[str, Any]) -> None:
        self.office, self.cursor, self.seq, self.at, self.facts = office, cursor, seq, at, facts
        self.written = log.Written()
        self._named: list[str] = []
        self.change = Change()

    def close(self, register: str, rows: list[dict[str, Any]]) -> list[Fault]:
        """End rows that must still be current; return a fault for each that is not."""
        faults, ids = [], []
        for row in rows:
            id, fault = self._current(register, row)
            faults += [fault] if fault else []
            ids.append(id)
        if not faults:
            sql = f'UPDATE "{register}" SET known_to = %s, ended_by_id = %s WHERE id = %s AND known_to IS NULL'
            self.cursor.executemany(sql, [(to_micros(self.at), self.seq, id) for id in ids])
            self.written.closed.setdefault(register, []).extend(ids)
            self._name(register, (object_name(register, row) for row in rows))
        return faults

    def _current(self, register: str, row: dict[str, Any]) -> tuple[int, Fault | None]:
        names = [*object_key(register), "valid_from", "known_from"]
        where = " AND ".join(f'"{n}" = %s' for n in names)
        values = [to_micros(row[n]) if n == "known_from" else row[n] for n in names]
        self.cursor.execute(f'SELECT id, ended_by_id FROM "{register}" WHERE {where}', values)
        found = self.cursor.fetchone()
        if found is None:
            return 0, _unknown(register, row)
        if found[1] is None:
            return int(found[0]), None
        self.cursor.execute("SELECT seq, at, act, actor FROM change WHERE seq = %s", [found[1]])
        return 0, _conflict(register, row, self.cursor.fetchone())

    def add(self, register: str, table: pa.Table) -> list[Fault]:
        """Add rows, a batch at a time; return a fault for each that clashes with a version already there."""
        if not len(table):
            return []
        if register in self.written.added:
            raise UsageError(Text("一次变更中每个登记簿只能增加一次。", "One change adds to each register once."))
        if "known_from" in table.schema.names and (ahead := _ahead(register, table, self.at)):
            return ahead
        self.cursor.execute(f'SELECT coalesce(max(id), 0) + 1 FROM "{register}"')
        first = next_id = int(self.cursor.fetchone()[0])
        digests: list[bytes] = []
        faults: list[Fault] = []
        for start in range(0, len(table), BATCH_ROWS):
            batch = table.slice(start, BATCH_ROWS)
            stored = self._stored(register, batch, next_id)
            next_id += len(batch)
            faults += self._insert(register, stored, only_look=bool(faults))
            digests += row_digests(register, stored) if not faults else []
        self.written.added[register] = (first, digests)
        self._name(register, object_names(register, table.slice(0, 2)))
        return faults

    def _insert(self, register: str, stored: pa.Table, only_look: bool) -> list[Fault]:
        from django.db import DatabaseError, transaction

        if not only_look:
            try:
                with transaction.atomic(using=self.office.alias):
                    insert(self.office, self.cursor, register, stored)
                return []
            except DatabaseError as exc:
                if "ecoweb:overlap" not in str(exc):
                    raise
        return [f for row in stored.to_pylist() for f in self._clash(register, row)]

    def _clash(self, register: str, row: dict[str, Any]) -> list[Fault]:
        """Find the stored version that a row to be added would hold beside."""
        same = " AND ".join(f'"{k}" = %s' for k in object_key(register))
        sql = (
            f'SELECT change_id, valid_from FROM "{register}" WHERE {same} AND (valid_to IS NULL OR valid_to > %s)'
            " AND (known_to IS NULL OR known_to > %s)"
        )
        values = [*(row[k] for k in object_key(register)), row["valid_from"], to_micros(row["known_from"])]
        for clock, end in (("valid_from", row["valid_to"]), ("known_from", row["known_to"])):
            if end is not None:
                sql += f" AND {clock} < %s"
                values.append(to_micros(end) if clock == "known_from" else end)
        self.cursor.execute(sql, values)
        found = self.cursor.fetchone()
        if found is None:
            return []
        self.cursor.execute("SELECT seq, at, act, actor FROM change WHERE seq = %s", [found[0]])
        return [_overlap(register, row, found[1], self.cursor.fetchone())]

    def _stored(self, register: str, batch: pa.Table, first: int) -> pa.Table:
        """Return rows as they are stored: with ids, clocks and change, sealed columns sealed."""
        ids = pa.array(np.arange(first, first + len(batch)))
        at = pa.scalar(self.at, MOMENT)
        made: dict[str, Any] = {name: batch[name] for name in batch.schema.names}
        if "known_from" not in made:
            made["known_from"], made["known_to"] = pa.repeat(at, len(batch)), pa.nulls(len(batch), MOMENT)
        change = pa.repeat(pa.scalar(self.seq, pa.int64()), len(batch))
        made |= {"id": ids, "change_id": change}
        made["ended_by_id"] = pc.if_else(pc.is_valid(made["known_to"]), change, pa.scalar(None, pa.int64()))
        made |= self._sealed(register, batch, ids.to_pylist())
        schema = stored_schema(register)
        return pa.table({name: made[name] for name in schema.names}, schema=schema)

    def _sealed(self, register: str, batch: pa.Table, ids: list[int]) -> dict[str, pa.Array]:
        columns = sealed_columns(register)
        clear = {c: batch[c].to_pylist() for c in columns}
        if not any(v is not None for values in clear.values() for v in values):
            return {c: pa.nulls(len(batch), pa.binary()) for c in columns}
        names = object_names(register, batch)
        self._unmask(register, names, clear)
        sealed = cipher.need_sealer(self.office)
        having = [n for i, n in enumerate(names) if any(values[i] is not None for values in clear.values())]
        keys = cipher.object_keys(self.office, self.cursor, register, having, make=True)
        tokens = [
            (register, n, c, sealed.token(register, c, v)) for c in columns for n, v in zip(names, clear[c], strict=True) if v
        ]
        cipher.add_tokens(self.office, self.cursor, tokens)
        return {
            c: pa.array(
                [
                    None if v is None else sealed.seal(keys[n], register, i, c, v)
                    for n, i, v in zip(names, ids, clear[c], strict=True)
                ],
                pa.binary(),
            )
            for c in columns
        }

    def _unmask(self, register: str, names: list[str], clear: dict[str, list[str | None]]) -> None:
        """Put the object's own value in the place of a masked one, as rows read from the register and written back have it."""
        faults = []
        for place, name in enumerate(names):
            if not any(cipher.MASK in (values[place] or "") for values in clear.values()):
                continue
            own = self._own_values(register, name)
            for column, values in clear.items():
                shown = values[place]
                if shown is None or cipher.MASK not in shown:
                    continue
                fit = [v for v in own[column] if cipher.mask(column, v) == shown]
                if fit:
                    values[place] = fit[0]
                elif shown == cipher.HIDDEN and not own[column]:
                    values[place] = None
                else:
                    faults.append(_no_clear(register, name, column))
        raise_errors(faults)

    def _own_values(self, register: str, name: str) -> dict[str, list[str]]:
        """Return the values an object has had, the latest first."""
        where = "WHERE " + " AND ".join(f'"{k}" = %s' for k in object_key(register))
        found: dict[str, list[str]] = {c: [] for c in sealed_columns(register)}
        for stored in read_stored(self.office, self.cursor, register, where, name.split("/", len(object_key(register)) - 1)):
            sealed = {c: stored[c].to_pylist() for c in found}
            ids = stored["id"].to_pylist()
            opened = cipher.opened_values(self.office, self.cursor, register, [name] * len(ids), ids, sealed)
            for column, values in opened.items():
                found[column] = [v for v in reversed(values) if v and v != cipher.HIDDEN] + found[column]
        return found

    def _name(self, register: str, names: Any) -> None:
        self._named += [f"{register}:{n}" for n in names]

    def finish(self) -> None:
        """Write the change, its entry and its payload."""
        touched = set(self._named)
        obj = (
            touched.pop()
            if len(touched) == 1 and sum(len(d) for _, d in self.written.added.values()) <= 1
            else f"change:{self.seq}"
        )
        digest = log.append(self.cursor, self.seq, self.at, self.facts, self.written, obj)
        names = ("act", "actor", "reason", "source", "tool")
        values = [self.facts[n] for n in names]
        self.cursor.execute(
            "INSERT INTO change (seq, at, act, actor, reason, source, tool, digest) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [self.seq, to_micros(self.at), *values, digest],
        )
        self.change = Change(seq=self.seq, at=self.at, digest=digest, **dict(zip(names, values, strict=True)))


class writing:
    """Context manager: one transaction of an office that writes a change; an error in it leaves everything as it was."""

    def __init__(
        self, office: Office, *, act: str, actor: str, reason: str, source: str = "", at: datetime | None = None, **more: Any
    ) -> None:
        _check_words(act, actor, reason)
        self.office, self.at = office, at
        self.facts = {"act": act, "actor": actor, "reason": reason, "source": source, "tool": TOOL, **more}
        if office.login:
            self.facts["login"] = office.login  # who acts is stated; under which account it was typed is seen
        self._outer: Any = None
        self._work: Work | None = None

    def __enter__(self) -> Work:
        self._outer = self.office.writing()
        cursor = self._outer.__enter__()
        try:
            seq, at = next_change(cursor, self.at)
        except BaseException as exc:
            self._outer.__exit__(type(exc), exc, exc.__traceback__)
            raise
        self._work = Work(self.office, cursor, seq, at, {**self.facts, "at": to_micros(at)})
        return self._work

    def __exit__(self, kind: Any, exc: Any, trace: Any) -> bool:
        if exc is None and self._work is not None:
            try:
                self._work.finish()
            except BaseException as error:
                if not self._outer.__exit__(type(error), error, error.__traceback__):
                    raise
        return bool(self._outer.__exit__(kind, exc, trace))


def next_change(cursor: Any, at: datetime | None) -> tuple[int, datetime]:
    """Return the number of the next change and the moment it is known from, which is after the last one's."""
    cursor.execute("SELECT seq, at FROM change ORDER BY seq DESC LIMIT 1")
    found = cursor.fetchone()
    now = datetime.now(UTC) if at is None else at
    if found is None:
        return 0, now
    seq, last = int(found[0]) + 1, from_micros(found[1])
    slack = CLOCK_SLACK if at is None else timedelta(seconds=1)
    if now <= last:
        if last - now >= slack:
            raise FaultsError([_behind(now, last, given=at is not None)])
        now = last + timedelta(microseconds=1)
    return seq, now


def first_entry(office: Office) -> None:
    """Write whose database this is and the first entry of its log."""
    check = cipher.need_sealer(office).check
    with writing(office, act="office.create", actor="system", reason="办公室建立 / the office was made") as work:
        values = [office.alias.removeprefix("office-"), office.name, office.region_code, check]
        work.cursor.execute("INSERT INTO office (office, name, region_code, key_check) VALUES (%s, %s, %s, %s)", values)


# ---------------------------------------------------------------- what is given
def _check_words(act: str, actor: str, reason: str) -> None:
    if not _NAME.fullmatch(act):
        raise UsageError(Text("动作“{a}”应为小写点分名称。", "The act “{a}” must be a dotted lower-case name.").fill(a=act))
    for word, zh, en in ((actor, "经办人", "an actor"), (reason, "理由", "a reason")):
        if not word.strip():
            raise UsageError(Text("变更必须写明{w}。", "A change needs {w}.").fill(w=Text(zh, en)))


def delta_tables(added: Mapping[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    tables, faults = {}, []
    for register, rows in added.items():
        if not rows:
            continue
        schema = written_schema(_spec(register))
        stray = sorted({k for row in rows for k in row} - set(schema.names) - {"known_from", "known_to"})
        if stray:
            raise UsageError(Text("{r} 没有这些列：{s}", "{r} has no such columns: {s}").fill(r=register, s=", ".join(stray)))
        try:
            tables[register] = pa.Table.from_pylist(rows, schema=schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as exc:
            faults.append(_wrong_type(register, str(exc)))
    raise_errors(faults)
    return tables


def _spec(register: str) -> Any:
    if register not in REGISTERS:
        raise UsageError(Text("没有登记簿“{r}”。", "There is no register “{r}”.").fill(r=register))
    return REGISTERS[register]


def _given(register: str, table: pa.Table, keep_known: bool) -> pa.Table:
    spec = _spec(register)
    schema = spec.schema() if keep_known else written_schema(spec)
    missing = [f.name for f in schema if f.name not in table.schema.names]
    stray = [n for n in table.schema.names if n not in spec.schema().names]
    if missing or stray:
        raise UsageError(
            Text("{r}：缺少列 {m}，多出列 {s}。", "{r}: columns {m} are missing, columns {s} are not of the register.").fill(
                r=register, m=missing, s=stray
            )
        )
    try:
        return table.select(schema.names).cast(pa.schema([f.with_nullable(True) for f in schema]))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as exc:
        raise FaultsError([_wrong_type(register, str(exc))]) from None


def batches(table: pa.Table) -> Iterator[pa.Table]:
    """Return a table in pieces of `BATCH_ROWS`."""
    for start in range(0, len(table), BATCH_ROWS):
        yield table.slice(start, BATCH_ROWS)


# ---------------------------------------------------------------- faults
def _ahead(register: str, table: pa.Table, at: datetime) -> list[Fault]:
    """Find rows taken over that claim to have been recorded or corrected after the moment they are taken over."""
    now = pa.scalar(at, MOMENT)
    late = pc.or_(pc.greater(table["known_from"], now), pc.fill_null(pc.greater(table["known_to"], now), False))
    return [
        Fault(
            "records.known",
            register,
            object_name(register, row),
            Text("记录或更正时刻晚于接收时刻 {t}。", "it was recorded or corrected after it is taken over, {t}.").fill(
                t=log.stamp(at)
            ),
            Text("改正旧登记簿的时刻。", "Correct the moments of the older register."),
        )
        for row in table.filter(late).to_pylist()
    ]


def _who(change: tuple[Any, ...] | None) -> dict[str, object]:
    seq, at, act, actor = change or ("?", 0, "?", "?")
    return {"n": seq, "t": log.stamp(from_micros(at)), "a": act, "u": actor}


def _conflict(register: str, row: dict[str, Any], change: tuple[Any, ...] | None) -> Fault:
    return Fault(
        "records.conflict",
        register,
        object_name(register, row),
        Text(
            "读取之后已被 {u} 在 {t} 更改（变更 {n}，{a}）。", "it was changed by {u} at {t} after it was read (change {n}, {a})."
        ).fill(**_who(change)),
        Text("重新读取，再决定是否还要更改。", "Read it again and decide whether the change is still wanted."),
    )


def _unknown(register: str, row: dict[str, Any]) -> Fault:
    return Fault(
        "records.unknown_version",
        register,
        object_name(register, row),
        Text("登记簿里没有这个版本（自 {d} 起）。", "the register has no such version (from {d}).").fill(d=row.get("valid_from")),
        Text("从登记簿重新读取这一行。", "Read the row from the register again."),
    )


def _overlap(register: str, row: dict[str, Any], since: Any, change: tuple[Any, ...] | None) -> Fault:
    return Fault(
        "records.overlap",
        register,
        object_name(register, row),
        Text(
            "登记簿已有同一时间的版本（自 {d} 起；变更 {n}，{u}，{t}）。",
            "the register already has a version that holds then (from {d}; change {n} by {u} at {t}).",
        ).fill(d=since, **_who(change)),
        Text("先结束那个版本，或改正日期。", "End that version first, or correct the dates."),
    )


def _no_clear(register: str, name: str, column: str) -> Fault:
    return Fault(
        "records.masked",
        register,
        name,
        Text("{c} 是遮挡后的内容，而此对象没有相应的值。", "{c} is masked, and the object has no such value.").fill(c=column),
        Text("给出完整的值，或留空。", "Give the whole value, or leave it empty."),
    )


def _wrong_type(register: str, said: str) -> Fault:
    return Fault(
        "records.type",
        register,
        "",
        Text("值的类型不对：{s}", "a value has the wrong type: {s}").fill(s=said),
        Text("按登记簿的列类型给出。", "Give it in the type of the register's column."),
    )


def _behind(now: datetime, last: datetime, given: bool) -> Fault:
    return Fault(
        "records.clock",
        "change",
        "",
        Text("时刻 {n} 早于最后一次变更 {l}。", "the moment {n} is before the last change, {l}.").fill(
            n=log.stamp(now), l=log.stamp(last)
        ),
        Text("给出更晚的时刻。", "Give a later moment.")
        if given
        else Text("校正本机时钟。", "Set the clock of this machine right."),
    )
