"""The ledger of the office: post, set aside and settle, reverse, limit and close, within one audited transaction.

`post` books a journal of transfers inside `records.store.writing`; a key makes it happen once, whatever is sent again. What
the rules of the ledger are, and how the database keeps them whoever writes, is said in `treasury.schema`. Reading is in
`treasury.ledger_read`, checking in `treasury.ledger_check`, what lies where it should not in `treasury.ledger_watch`; their
functions can be called from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.ledger import journal as rules
from ecocomp.ledger.accounts import read_name
from ecocomp.ledger.chain import CONTROL, ZERO_HASH, joined, link
from ecocomp.ledger.journal import COLUMNS, PENDING, PHASES, POSTED, SETTLED, VOIDED, Transfer, as_table
from ecocomp.terms.faults import Fault, FaultsError, UsageError, capped, raise_errors
from ecocomp.terms.money import INT64_MAX, apportion, half_even, say_yuan
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.store import Work, writing
from ecoweb.treasury.ledger_names import Names
from ecoweb.treasury.ledger_read import (
    Journal,
    balance,
    balances,
    carried_rows,
    find_journal,
    fund_flows,
    fund_statement,
    journals,
    rows_of_journal,
    statement,
    trial_balance,
)
from ecoweb.treasury.schema import ENVELOPE_BITS

KEY_MAX, MEMO_MAX = 200, 2000
_MANY = 50
"""Rows in one INSERT of SQLite."""


# ---------------------------------------------------------------- posting
def post(
    work: Work,
    transfers: Sequence[Transfer] | pa.Table,
    *,
    key: str,
    book_on: date,
    memo: str = "",
    pending: bool = False,
    reverses: str | None = None,
) -> Journal:
    """Book transfers as one journal inside an open `store.writing`; all of them or none.

    transfers  amounts from credit to debit account; unknown accounts are opened with the limits of their family
    key        names the journal for ever: the same key with the same content returns the first journal and books nothing
    book_on    the day it belongs to; not in a closed period
    memo       why, in words
    pending    only set the money aside (`settle_pending` moves it or sets it free)
    reverses   key of the journal this one undoes, as `reverse` writes it
    raises     FaultsError with every fault: rows, `ledger.key_reused`, `ledger.period`, `ledger.limit`, `ledger.account_closed`,
               `ledger.uncovered`, `ledger.ring_fence`
    """
    table = as_table(transfers)
    phases = _phases(len(table), PENDING) if pending else None
    return _book(work, table, phases, key, book_on, memo, reverses)


def _phases(n: int, phase: int) -> pa.Table:
    return pa.table([pa.repeat(pa.scalar(phase, pa.int8()), n), pa.nulls(n, pa.int64()), pa.nulls(n, pa.int64())], schema=PHASES)


def _book(
    work: Work, table: pa.Table, phases: pa.Table | None, key: str, book_on: date, memo: str, reverses: str | None
) -> Journal:
    _check_head(key, book_on, memo)
    lines = rules.lines_of(table, phases)
    content = rules.content_hash(lines, key, book_on, memo, reverses or "")
    before = find_journal(work.office, work.cursor, key)
    if before is not None:
        if before.content == content:
            return before
        raise FaultsError([_key_reused(before)])
    names = Names(work)
    codes, strange = names.codes(table["debit"], table["credit"])
    sides = (codes[0] >> ENVELOPE_BITS, codes[1] >> ENVELOPE_BITS)
    faults = [*_period_faults(work, book_on), *rules.journal_faults(table, strange, sides)]
    target, found = _to_reverse(work, reverses)
    raise_errors([*faults, *found])
    head = _Head(work, key, book_on, memo, target, content)
    with _diagnosed(work, head, table, phases, names, codes):
        names.open_new()
        head.write(len(table), _total(table), _counts(phases, sides), rules.marks(lines), table, phases, codes)
    names.keep()
    return head.done(reverses)


def _total(table: pa.Table) -> int:
    high = pc.max(table["amount_fen"]).as_py() * len(table)
    if high <= INT64_MAX:
        return int(pc.sum(table["amount_fen"]).as_py())
    total = sum(table["amount_fen"].to_pylist())
    if total > INT64_MAX:
        raise FaultsError([_overflow("", total)])
    return total


def _counts(phases: pa.Table | None, sides: tuple[np.ndarray, np.ndarray]) -> tuple[int, int, int]:
    crossing = int((sides[0] != sides[1]).sum())
    if phases is None:
        return 0, 0, crossing
    phase = phases["phase"].to_numpy()
    return int((phase == PENDING).sum()), int((phase > PENDING).sum()), crossing


def _check_head(key: str, book_on: date, memo: str) -> None:
    if not isinstance(key, str) or not key.strip() or len(key) > KEY_MAX or len(memo) > MEMO_MAX:
        raise UsageError(
            Text(
                "一笔账要有编号（至多 {n} 字），摘要至多 {m} 字。", "A journal has a key of up to {n} characters, a memo of {m}."
            ).fill(n=KEY_MAX, m=MEMO_MAX)
        )
    if not isinstance(book_on, date) or isinstance(book_on, datetime) or not 1900 <= book_on.year <= 9998:
        raise UsageError(Text("记账日应为 1900 年以后的日期：{d}", "The book date must be a day after 1900: {d}").fill(d=book_on))
    raise_errors([rules.control_fault(ascii(t)[:80]) for t in (key, memo) if CONTROL.search(t)])


@dataclass
class _Head:
    """A journal under way."""

    work: Work
    key: str
    book_on: date
    memo: str
    reverses: Journal | None
    content: str
    journal: Journal | None = None

    def write(
        self,
        lines: int,
        total: int,
        counts: tuple[int, int, int],
        marks: bytes,
        table: pa.Table | None,
        phases: pa.Table | None,
        codes: tuple[np.ndarray, np.ndarray] | None,
        closed_to: date | None = None,
    ) -> None:
        """Write what is begun, its rows, its marks and, last, the journal, which the database checks and seals."""
        cursor, reverses = self.work.cursor, self.reverses
        cursor.execute("SELECT seq, first_id + lines, hash FROM ledger_journal ORDER BY seq DESC LIMIT 1")
        seq, first, prev = cursor.fetchone() or (0, 1, ZERO_HASH)
        seq += 1
        hash = journal_hash(prev, seq, self.key, self.book_on, self.memo, reverses.key if reverses else "", first, lines, total,
                            *counts, self.content, self.work.seq)  # fmt: skip
        cursor.execute("INSERT INTO ledger_open (journal, first_id) VALUES (%s, %s)", [seq, first])
        if table is not None and codes is not None:
            _insert(self.work, seq, first, table, phases, codes)
        if closed_to is not None:
            cursor.execute("INSERT INTO ledger_close (journal_id, closed_to) VALUES (%s, %s)", [seq, closed_to])
        cursor.execute("INSERT INTO ledger_mark (journal_id, marks) VALUES (%s, %s)", [seq, marks])
        values = [seq, self.key, self.book_on, self.memo, reverses.seq if reverses else None, first, lines, total, *counts,
                  self.content, prev, hash, self.work.seq, 0]  # fmt: skip
        cursor.execute(
            "INSERT INTO ledger_journal (seq, key, book_on, memo, reverses_id, first_id, lines, amount_fen, pending, settling,"
            f" crossing, content, prev_hash, hash, change_id, sealed) VALUES ({', '.join(['%s'] * len(values))})",
            values,
        )
        self.journal = Journal(seq, self.key, self.book_on, self.memo, reverses.key if reverses else None, first, lines, total,
                               *counts, self.content, prev, hash, self.work.seq)  # fmt: skip

    def done(self, reverses: str | None = None) -> Journal:
        """Name the journal in the audited payload and return it."""
        assert self.journal is not None
        self.work.facts.setdefault("ledger", []).append([self.journal.seq, self.journal.key, self.journal.hash])
        return self.journal


def journal_hash(prev: str, seq: int, key: str, book_on: date, memo: str, *rest: object) -> str:
    """Return the link of the chain for a journal that follows the one with hash `prev`."""
    return link(prev, seq, key, book_on.isoformat(), memo, *rest)


# ---------------------------------------------------------------- writing rows
def _insert(
    work: Work, seq: int, first: int, table: pa.Table, phases: pa.Table | None, codes: tuple[np.ndarray, np.ndarray]
) -> None:
    ids = np.arange(first, first + len(table))
    columns: dict[str, Any] = {
        "id": ids,
        "journal_id": seq,
        "debit": _same(codes[0]),
        "credit": _same(codes[1]),
        "amount_fen": table["amount_fen"].to_numpy(),
        "kind": _same_text(table["kind"]),
        "reference": table["reference"],
    }
    if phases is not None:
        columns |= {"phase": _same(phases["phase"].to_numpy())}
        if phases["settles"].null_count < len(phases):
            columns |= {"settles_id": phases["settles"], "released_fen": phases["released_fen"]}
    if work.office.vendor == "sqlite":
        _insert_lite(work.office, columns, len(table))
    else:
        _copy(work, columns, len(table))


def _same(values: np.ndarray) -> Any:
    """Return the one value an array holds, or the array."""
    return int(values[0]) if len(values) and (values == values[0]).all() else values


def _same_text(column: pa.ChunkedArray) -> Any:
    found = pc.unique(column)
    return found[0].as_py() if len(found) == 1 else column


def _insert_lite(office: Office, columns: dict[str, Any], n: int) -> None:
    """Insert with many rows in one statement; what is the same in all rows is written into it."""
    varying = {k: v for k, v in columns.items() if not isinstance(v, int | str)}
    literal = {k: f"'{v}'" if isinstance(v, str) else str(v) for k, v in columns.items() if isinstance(v, int | str)}
    one = "(" + ", ".join("?" if c in varying else literal[c] for c in columns) + ")"
    head = f"INSERT INTO ledger_transfer ({', '.join(columns)}) VALUES "
    lists = [v.tolist() if isinstance(v, np.ndarray) else v.to_pylist() for v in varying.values()]
    connection, width = office.connection, len(lists)
    whole = n - n % _MANY
    flat: list[Any] = [None] * (n * width)
    for i, values in enumerate(lists):
        flat[i::width] = values
    step = _MANY * width
    with connection.wrap_database_errors:
        if whole:
            pieces = (flat[i : i + step] for i in range(0, whole * width, step))
            connection.connection.executemany(head + ", ".join([one] * _MANY), pieces)
        if n > whole:
            connection.connection.execute(head + ", ".join([one] * (n - whole)), flat[whole * width :])


def _copy(work: Work, columns: dict[str, Any], n: int) -> None:
    """Insert with COPY, whose text Arrow makes."""
    parts = []
    for value in columns.values():
        if isinstance(value, int | str):
            parts.append(pa.repeat(pa.scalar(str(value), pa.large_string()), n))
            continue
        array = value if isinstance(value, pa.ChunkedArray) else pa.array(value)
        texts = array.cast(pa.large_string())
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            texts = pc.replace_substring(texts, "\\", "\\\\")
        parts.append(pc.fill_null(texts, "\\N"))
    data = rules.body(joined(parts))
    names = ", ".join(columns)
    with (
        work.office.connection.wrap_database_errors,
        work.cursor.cursor.copy(f"COPY ledger_transfer ({names}) FROM STDIN") as copy,
    ):
        for start in range(0, len(data), 1 << 20):
            copy.write(data[start : start + (1 << 20)])


# ---------------------------------------------------------------- settling what is pending
def settle_pending(
    work: Work,
    key: str,
    *,
    post: bool = True,
    fraction: Fraction | None = None,
    amounts: Mapping[str, int] | None = None,
    only: Collection[str] | None = None,
    keep_rest: bool = False,
    new_key: str | None = None,
    book_on: date | None = None,
    memo: str = "",
) -> Journal:
    """Move the money that a pending journal set aside, all or part of it, or set it free.

    post       True moves it, False sets it free
    fraction   move this part of every amount, split so that the total is exact; the rest is set free
    amounts    reference → fen to move of the transfers with that reference; 0 sets them free
    only       references to settle now; the other transfers stay pending
    keep_rest  what is not moved of a settled transfer stays pending (as a transfer of the new journal)
    new_key    key of the journal written, default ``<key>/posted`` or ``<key>/voided``
    book_on    default the day of the pending journal
    raises     FaultsError: no such journal, nothing pending (any more), more than was set aside
    """
    source = _need(work, key)
    new_key = new_key or f"{key}/{'posted' if post else 'voided'}"
    known = find_journal(work.office, work.cursor, new_key)
    rows = _pending_rows(work, source, known)
    wanted = set(only) if only is not None else None
    rows = [r for r in rows if wanted is None or r["reference"] in wanted]
    if not rows:
        raise FaultsError([_nothing_pending(key)])
    moved = _to_move(rows, post, fraction, amounts)
    table, phases = _settling(rows, moved, keep_rest)
    return _book(work, table, phases, new_key, book_on or source.book_on, memo, None)


def _pending_rows(work: Work, source: Journal, known: Journal | None) -> list[dict[str, Any]]:
    """Return the transfers still pending, and those that the journal already written settled (so that it is found equal)."""
    rows = [r for r in rows_of_journal(work.office, work.cursor, source) if r["phase"] == PENDING]
    work.cursor.execute(
        "SELECT settles_id, journal_id FROM ledger_transfer WHERE settles_id >= %s AND settles_id < %s",
        [source.first_id, source.first_id + source.lines],
    )
    settled = {int(a) for a, j in work.cursor.fetchall() if known is None or j != known.seq}
    return [r for r in rows if r["id"] not in settled]


def _to_move(rows: list[dict[str, Any]], post: bool, fraction: Fraction | None, amounts: Mapping[str, int] | None) -> list[int]:
    full = [r["amount_fen"] for r in rows]
    if not post:
        if fraction is not None or amounts:
            raise UsageError(Text("释放时不写金额。", "Setting money free takes no amounts."))
        return [0] * len(rows)
    if fraction is not None:
        if amounts or not 0 < fraction <= 1:
            raise UsageError(Text("比例应在 0 和 1 之间，且不同时写金额。", "A fraction lies between 0 and 1, without amounts."))
        total = half_even(sum(full) * fraction.numerator, fraction.denominator)
        return apportion(total, full)
    if amounts is None:
        return full
    faults, out = [], []
    for row in rows:
        fen = amounts.get(row["reference"], row["amount_fen"])
        if type(fen) is not int or not 0 <= fen <= row["amount_fen"]:
            faults.append(_beyond_pending(row, fen))
        out.append(fen)
    for reference in sorted(set(amounts) - {r["reference"] for r in rows}):
        faults.append(_nothing_pending(reference))
    raise_errors(faults)
    return out


def _settling(rows: list[dict[str, Any]], moved: list[int], keep_rest: bool) -> tuple[pa.Table, pa.Table]:
    """Return the transfers that settle `rows`: what moves, what is set free, and what stays pending as new transfers."""
    made: list[dict[str, Any]] = []
    for row, fen in zip(rows, moved, strict=True):
        base = {c: row[c] for c in COLUMNS.names} | {"settles": row["id"], "released_fen": row["amount_fen"]}
        made.append(base | ({"amount_fen": fen, "phase": SETTLED} if fen else {"phase": VOIDED}))
        if keep_rest and fen < row["amount_fen"]:
            made.append(base | {"amount_fen": row["amount_fen"] - fen, "phase": PENDING, "settles": None, "released_fen": None})
    return pa.Table.from_pylist(made, schema=COLUMNS), pa.Table.from_pylist(made, schema=PHASES)


# ---------------------------------------------------------------- reversal
def reverse(work: Work, key: str, *, new_key: str, book_on: date, reason: str) -> Journal:
    """Undo a journal by its exact mirror, once; the journal and its mirror stay in the books.

    reason  why, in words; it is the memo of the new journal
    raises  FaultsError: no such journal, reversed already, a reversal itself, a journal of pending or freed money, an earlier
            day, or accounts that no longer hold what would have to come back
    """
    if not reason.strip():
        raise UsageError(Text("冲销必须写明理由。", "A reversal needs a reason."))
    source = _need(work, key)
    rows = rows_of_journal(work.office, work.cursor, source)
    if any(r["phase"] not in (POSTED, SETTLED) for r in rows) or not rows:
        raise FaultsError([_cannot_reverse(source, _NOT_POSTED)])
    if book_on < source.book_on:
        raise FaultsError([_cannot_reverse(source, _EARLIER.fill(d=source.book_on))])
    mirror = [{c: r[c] for c in COLUMNS.names} | {"debit": r["credit"], "credit": r["debit"]} for r in rows]
    return _book(work, pa.Table.from_pylist(mirror, schema=COLUMNS), None, new_key, book_on, reason, key)


def _to_reverse(work: Work, key: str | None) -> tuple[Journal | None, list[Fault]]:
    if key is None:
        return None, []
    source = _need(work, key)
    if source.reverses is not None:
        return source, [_cannot_reverse(source, _IS_REVERSAL.fill(k=source.reverses))]
    work.cursor.execute("SELECT key FROM ledger_journal WHERE reverses_id = %s", [source.seq])
    row = work.cursor.fetchone()
    return source, [_cannot_reverse(source, _TWICE.fill(k=row[0]))] if row else []


def _need(work: Work, key: str) -> Journal:
    found = find_journal(work.office, work.cursor, key)
    if found is None:
        raise FaultsError(
            [
                _fault(
                    ascii(key)[:120] if CONTROL.search(key) else key,
                    "unknown_key",
                    Text("账本里没有这笔账。", "The ledger has no such journal."),
                    Text("核对编号。", "Check the key."),
                )
            ]
        )
    return found


# ---------------------------------------------------------------- limits and periods
def set_account(
    work: Work, account: str, *, floor_fen: int | None = None, ceiling_fen: int | None = None, is_open: bool = True
) -> None:
    """Give an account new limits (None: free), close it or open it again; the account is opened if it is not there.

    floor_fen    lowest balance on its natural side, money set aside against it included
    ceiling_fen  highest balance on its natural side
    raises       FaultsError: no account name, or its balance lies beyond the new limits
    """
    names = Names(work)
    column = pa.chunked_array([pa.array([account])])
    codes, strange = names.codes(column, column)
    raise_errors(rules.name_faults(strange))
    names.open_new()
    names.keep()
    work.cursor.execute("SELECT count(*) FROM ledger_rule")
    seq = int(work.cursor.fetchone()[0]) + 1
    values = [seq, int(codes[0][0]), floor_fen, ceiling_fen, int(is_open), work.seq]
    with _plain_faults(work, lambda said: [_limit_now(account, floor_fen, ceiling_fen)] if "ledger_balance" in said else []):
        work.cursor.execute(
            "INSERT INTO ledger_rule (seq, account, floor_fen, ceiling_fen, is_open, change_id) VALUES (%s, %s, %s, %s, %s, %s)",
            values,
        )
    work.facts.setdefault("ledger_rules", []).append([seq, account, str(floor_fen), str(ceiling_fen), int(is_open)])


def record_bank_day(work: Work, account: str, on: date, said_fen: int, document: str) -> None:
    """Write down what the bank's own statement says an account held at the end of a day; `watch` compares it with the books."""
    found = read_name(account)
    if found is None or found.family.number not in (1, 2):
        raise UsageError(Text("不是银行科目：{a}", "Not an account at a bank: {a}").fill(a=account))
    if not document.strip() or CONTROL.search(document):
        raise UsageError(Text("写明对账单编号。", "Name the bank's statement."))
    names = Names(work)
    column = pa.chunked_array([pa.array([account])])
    codes, _ = names.codes(column, column)
    names.open_new()
    names.keep()
    work.cursor.execute("SELECT coalesce(max(seq), 0) + 1 FROM ledger_bank")
    seq = int(work.cursor.fetchone()[0])
    work.cursor.execute(
        "INSERT INTO ledger_bank (seq, account, on_day, said_fen, document, change_id) VALUES (%s, %s, %s, %s, %s, %s)",
        [seq, int(codes[0][0]), on, said_fen, document, work.seq],
    )
    work.facts.setdefault("ledger_bank", []).append([seq, account, on.isoformat(), said_fen, document])


def close_period(
    office: Office, upto: date, *, actor: str, reason: str = "结账 / period closed", source: str = "", at: datetime | None = None
) -> Journal:
    """Close the books to a day: nothing is booked on it or before any more, and every balance is carried over as a checkpoint.

    raises  FaultsError: the day lies ahead, or a period that ends then or later is closed already
    """
    if upto >= office.today():
        raise FaultsError([_close_ahead(upto, office.today())])
    with writing(office, act="ledger.close", actor=actor, reason=reason, source=source, at=at) as work:
        made = _close(work, upto, reason)
    return made


def _close(work: Work, upto: date, reason: str) -> Journal:
    key = f"close/{upto.isoformat()}"
    before = find_journal(work.office, work.cursor, key)
    if before is not None:
        return before
    raise_errors(_period_faults(work, upto))
    _check_head(key, upto, reason)
    rows = carried_rows(work.office, work.cursor, upto)
    lines = opening_lines(rows)
    head = _Head(work, key, upto, reason, None, rules.content_hash(lines, key, upto, reason, ""))
    head.write(0, 0, (0, 0, 0), rules.marks(lines), None, None, None, closed_to=upto)
    return head.done()


def opening_lines(rows: Sequence[tuple[str, int, int, int, int]]) -> pa.LargeStringArray:
    """Return what is carried over as it is hashed: account, debits, credits, pending debits, pending credits."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    return joined([pa.array(list(columns[0]), pa.string()), *(pa.array(list(c), pa.int64()) for c in columns[1:])])


def _period_faults(work: Work, book_on: date) -> list[Fault]:
    closed = closed_to(work.cursor)
    if closed is None or book_on > closed:
        return []
    return [
        _fault(
            book_on.isoformat(),
            "period",
            Text("账已结到 {c}。", "The books are closed to {c}.").fill(c=closed),
            Text("记到以后的日期；更正用冲销。", "Book it on a later day; correct what is closed by a reversal."),
        )
    ]


def closed_to(cursor: Any) -> date | None:
    """Return the last day of the last closed period."""
    cursor.execute("SELECT max(closed_to) FROM ledger_close")
    found = cursor.fetchone()[0]
    return date.fromisoformat(found) if isinstance(found, str) else found


# ---------------------------------------------------------------- what the database refused, in words
@contextmanager
def _plain_faults(work: Work, explain: Any) -> Iterator[None]:
    """Run statements that the database may refuse; what it refuses becomes faults, and nothing of it stays."""
    from django.db import DatabaseError, transaction

    try:
        with transaction.atomic(using=work.office.alias):
            yield
    except DatabaseError as exc:
        faults = explain(str(exc))
        if not faults:
            raise
        raise FaultsError(faults) from exc


@contextmanager
def _diagnosed(
    work: Work, head: _Head, table: pa.Table, phases: pa.Table | None, names: Names, codes: tuple[np.ndarray, np.ndarray]
) -> Iterator[None]:
    def explain(said: str) -> list[Fault]:
        if not any(mark in said for mark in ("ledger_", "out of range", "integer overflow", "cannot store REAL")):
            return []
        found = _account_faults(work, head, table, phases, names, codes)
        if not found and head.reverses is not None:
            found = [_cannot_reverse(head.reverses, _NOT_MIRROR)]
        return found or [_refused(head.key, said)]

    with _plain_faults(work, explain):
        yield


def _account_faults(
    work: Work, head: _Head, table: pa.Table, phases: pa.Table | None, names: Names, codes: tuple[np.ndarray, np.ndarray]
) -> list[Fault]:
    """Find the accounts and envelopes that the journal would bring beyond their limits."""
    moves = _moves(table, phases, codes)
    faults = []
    for account, state in names.states(sorted(moves)).items():
        debit, credit, set_debit, set_credit = moves[account]
        dp, cp, dn, cn = (
            state.debit + debit,
            state.credit + credit,
            state.debit_pending + set_debit,
            state.credit_pending + set_credit,
        )
        low, high = (dp - cp - cn, dp - cp + dn) if state.side == 1 else (cp - dp - dn, cp - dp + cn)
        if max(dp, cp, dn, cn) > INT64_MAX:
            faults.append(_overflow(state.name, max(dp, cp, dn, cn)))
        if not state.is_open:
            faults.append(_account_closed(state.name))
        if state.floor is not None and low < state.floor:
            faults.append(_limit(state.name, state.low, low, state.floor, _BELOW))
        if state.ceiling is not None and high > state.ceiling:
            faults.append(_limit(state.name, state.low, high, state.ceiling, _ABOVE))
    if not faults:
        faults += _envelope_faults(work, names, moves)
    return capped(faults, "ledger.more", "ledger")


def _moves(table: pa.Table, phases: pa.Table | None, codes: tuple[np.ndarray, np.ndarray]) -> dict[int, list[int]]:
    """Return what a journal does to each account: debits, credits, and what it sets aside of both, in whole numbers."""
    moves: dict[int, list[int]] = {}
    fen = table["amount_fen"].to_pylist()
    phase = phases["phase"].to_pylist() if phases is not None else [POSTED] * len(fen)
    free = phases["released_fen"].to_pylist() if phases is not None else [None] * len(fen)
    for a, b, x, p, r in zip(codes[0].tolist(), codes[1].tolist(), fen, phase, free, strict=True):
        moved, aside = (x if p in (POSTED, SETTLED) else 0), (x if p == PENDING else -r if r is not None else 0)
        for side, code in ((0, a), (1, b)):
            sums = moves.setdefault(code, [0, 0, 0, 0])
            sums[side] += moved
            sums[side + 2] += aside
    return moves


def _envelope_faults(work: Work, names: Names, moves: dict[int, list[int]]) -> list[Fault]:
    """Find envelopes from which more would be promised than lies in their accounts."""
    net: dict[int, int] = {}
    for code, sums in moves.items():
        if code >> ENVELOPE_BITS:
            net[code >> ENVELOPE_BITS] = net.get(code >> ENVELOPE_BITS, 0) + sums[0] - sums[1]
    faults = []
    for number, change in sorted(net.items()):
        work.cursor.execute("SELECT name, debits - credits FROM ledger_envelope WHERE number = %s", [number])
        name, now = work.cursor.fetchone() or (names.envelope(number), 0)
        if now + change < 0:
            faults.append(_uncovered(name, now + change))
    return faults


def _fault(record: str, kind: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"ledger.{kind}", "ledger", record, clash, remedy)


def _key_reused(before: Journal) -> Fault:
    return _fault(
        before.key,
        "key_reused",
        Text(
            "这个编号已记过另一笔账（第 {s} 笔，{d}，{n} 行，合计 {y} 元）。",
            "This key was used for another journal (number {s}, {d}, {n} rows, {y} yuan in all).",
        ).fill(s=before.seq, d=before.book_on, n=before.lines, y=say_yuan(before.amount_fen)),
        Text("同一笔账原样重发；另一笔账用新编号。", "Send the same journal unchanged, or use a new key for another one."),
    )


_BELOW = Text("低于下限", "below its floor")
_ABOVE = Text("高于上限", "above its ceiling")


def _limit(account: str, now: int, then: int, limit: int, what: Text) -> Fault:
    return _fault(
        account,
        "limit",
        Text(
            "可用余额 {n} 元，记账后为 {t} 元，{w} {l} 元。", "It has {n} yuan free and would have {t} yuan, {w} of {l} yuan."
        ).fill(n=say_yuan(now), t=say_yuan(then), l=say_yuan(limit), w=what),
        Text("减少金额，或先补足资金。", "Lower the amount, or bring in the money first."),
    )


def _limit_now(account: str, floor: int | None, ceiling: int | None) -> Fault:
    shown = [say_yuan(v) if v is not None else "–" for v in (floor, ceiling)]
    return _fault(
        account,
        "limit",
        Text(
            "现有余额超出新的限额（下限 {a}，上限 {b}）。", "Its balance lies beyond the new limits (floor {a}, ceiling {b})."
        ).fill(a=shown[0], b=shown[1]),
        Text("先调整余额，或改正限额。", "Change the balance first, or correct the limits."),
    )


def _account_closed(account: str) -> Fault:
    return _fault(
        account,
        "account_closed",
        Text("科目已停用。", "The account is closed."),
        Text("用另一个科目，或先重新启用。", "Use another account, or open this one again first."),
    )


def _uncovered(envelope: str, fen: int) -> Fault:
    return _fault(
        envelope,
        "uncovered",
        Text(
            "资金包承诺支出的比其账户里的钱多 {y} 元。",
            "{y} yuan more would be promised from the envelope than lies in its accounts.",
        ).fill(y=say_yuan(-fen)),
        Text("先从其 fund 科目落实资金。", "Take the money from its fund first."),
    )


def _overflow(account: str, total: int) -> Fault:
    return _fault(
        account,
        "overflow",
        Text("合计 {t} 分，超过可记的 {m} 分。", "It adds up to {t} fen, beyond the {m} fen that can be kept.").fill(
            t=total, m=INT64_MAX
        ),
        Text("核对金额。", "Check the amounts."),
    )


def _refused(key: str, said: str) -> Fault:
    return _fault(
        key,
        "refused",
        Text("数据库拒绝了这笔账：{s}", "The database refused the journal: {s}").fill(s=said.splitlines()[0]),
        Text("没有记账；用 ledger check 检查账本。", "Nothing was booked; look at the ledger with ledger check."),
    )


def _nothing_pending(key: str) -> Fault:
    return _fault(
        key,
        "nothing_pending",
        Text("没有待结的转账。", "Nothing of it is pending."),
        Text("核对编号；可能已经支付或释放。", "Check the key; it may have been moved or set free already."),
    )


def _beyond_pending(row: dict[str, Any], fen: object) -> Fault:
    return _fault(
        row["reference"] or f"#{row['id']}",
        "beyond_pending",
        Text("要支付 {f} 分，预留为 {a} 分。", "{f} fen are to be moved, {a} fen were set aside.").fill(f=fen, a=row["amount_fen"]),
        Text("金额不超过预留额；多出的另记一笔。", "Move no more than was set aside; book the rest as a journal of its own."),
    )


_NOT_POSTED = Text("它含有预留或释放的转账", "it holds money that was only set aside or set free")
_EARLIER = Text("冲销日早于它的记账日 {d}", "the reversal would lie before its day, {d}")
_IS_REVERSAL = Text("它本身是对 {k} 的冲销", "it is itself the reversal of {k}")
_TWICE = Text("它已被 {k} 冲销", "it was reversed already by {k}")
_NOT_MIRROR = Text("各行不是它的镜像", "the rows are not its mirror")


def _cannot_reverse(source: Journal, what: Text) -> Fault:
    return _fault(
        source.key,
        "reversal",
        Text("不能冲销：{w}。", "It cannot be reversed: {w}.").fill(w=what),
        Text(
            "预留的用 settle 释放；其余用新的一笔账更正。",
            "Set pending money free by settling; correct anything else by a new journal.",
        ),
    )


def _close_ahead(upto: date, today: date) -> Fault:
    return _fault(
        upto.isoformat(),
        "close_ahead",
        Text("今天是 {t}，这一天还没有过去。", "Today is {t}; that day is not over.").fill(t=today),
        Text("结账到已经过去的一天。", "Close to a day that has passed."),
    )


__all__ = [
    "Journal", "Transfer", "balance", "balances", "close_period", "closed_to", "fund_flows", "fund_statement", "journals", "post",
    "record_bank_day", "reverse", "set_account", "settle_pending", "statement", "trial_balance",
]  # fmt: skip
