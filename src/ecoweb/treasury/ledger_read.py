"""Reading the ledger: journals, balances on any day as known at any moment, statements, what became of each envelope's money.

The day is the day something belongs to (`book_on`); the moment is when it was booked (the change that wrote it). Balances of
today come from the balances the database keeps; of another day from the last checkpoint before it and what moved since.
Amounts are whole fen; a balance is debit minus credit, so assets are positive and funds and debts negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from ecocomp.ledger.accounts import BANK, BY_NUMBER, CLAIM, ESCROW, FUND, HELD, PAYABLE, TRANSIT
from ecocomp.terms.clocks import end_of_day
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.fields import from_micros, to_micros
from ecoweb.treasury.schema import CARRIED, ENVELOPE_BITS, FAMILY_BITS, LINES_OF

BATCH = 100_000


@dataclass(frozen=True)
class Journal:
    """One occasion on which money moved.

    seq         its number, without gaps
    key         its name for ever
    book_on     the day it belongs to
    memo        why
    reverses    key of the journal it undoes
    first_id, lines   its transfers: the number of the first, and how many
    amount_fen  sum of their amounts
    pending, settling   how many only set money aside, how many move or free what was set aside
    crossing    how many have an account inside and one outside of an envelope
    content     hash of what it says
    prev_hash, hash   its link in the chain
    change      number of the audited change that wrote it
    """

    seq: int
    key: str
    book_on: date
    memo: str
    reverses: str | None
    first_id: int
    lines: int
    amount_fen: int
    pending: int
    settling: int
    crossing: int
    content: str
    prev_hash: str
    hash: str
    change: int


JOURNAL_SQL = (
    "SELECT j.seq, j.key, CAST(j.book_on AS TEXT), j.memo, o.key, j.first_id, j.lines, j.amount_fen,"
    " j.pending, j.settling, j.crossing, j.content, j.prev_hash, j.hash, j.change_id"
    " FROM ledger_journal j LEFT JOIN ledger_journal o ON o.seq = j.reverses_id"
)


def find_journal(office: Office, cursor: Any, key: str) -> Journal | None:
    """Return the journal with a key, within a transaction under way."""
    if "\x00" in key:
        return None
    cursor.execute(f"{JOURNAL_SQL} WHERE j.key = %s", [key])
    row = cursor.fetchone()
    return read_journal(row) if row else None


def read_journal(row: Sequence[Any]) -> Journal:
    """Return a row of `JOURNAL_SQL`."""
    seq, key, book_on, *rest = row
    return Journal(seq, key, date.fromisoformat(book_on), *rest)


def journals(office: Office, key: str | None = None, prefix: str | None = None, last: int | None = None) -> list[Journal]:
    """Return journals in order: the one with a key, those whose key begins with `prefix`, or the last ones."""
    where, values = "", []
    if key is not None:
        where, values = " WHERE j.key = %s", [key]
    elif prefix:
        where, values = " WHERE j.key >= %s AND j.key < %s", [prefix, prefix + "\U0010ffff"]
    tail = f" ORDER BY j.seq DESC LIMIT {int(last)}" if last else " ORDER BY j.seq"
    with office.reading() as cursor:
        cursor.execute(JOURNAL_SQL + where + tail, values)
        found = [read_journal(row) for row in cursor.fetchall()]
    return found[::-1] if last else found


def rows_of_journal(office: Office, cursor: Any, journal: Journal) -> list[dict[str, Any]]:
    """Return the transfers of a journal, with account names, in their order."""
    cursor.execute(
        "SELECT t.id, d.name, c.name, t.amount_fen, t.kind, t.reference, t.phase, t.settles_id, t.released_fen"
        " FROM ledger_transfer t JOIN ledger_account d ON d.code = t.debit"
        " JOIN ledger_account c ON c.code = t.credit WHERE t.id >= %s AND t.id < %s"
        " ORDER BY t.id",
        [journal.first_id, journal.first_id + journal.lines],
    )
    names = ("id", "debit", "credit", "amount_fen", "kind", "reference", "phase", "settles_id", "released_fen")
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# ---------------------------------------------------------------- balances
BALANCES = pa.schema(
    [
        pa.field("account", pa.string()),
        pa.field("envelope", pa.string()),
        pa.field("balance_fen", pa.int64()),
        pa.field("debit_fen", pa.int64()),
        pa.field("credit_fen", pa.int64()),
        pa.field("debit_pending_fen", pa.int64()),
        pa.field("credit_pending_fen", pa.int64()),
        pa.field("available_fen", pa.int64()),
        pa.field("floor_fen", pa.int64()),
        pa.field("ceiling_fen", pa.int64()),
        pa.field("open", pa.bool_()),
    ]
)


def balance(office: Office, account: str, on: date | None = None, known: date | datetime | None = None) -> int:
    """Return the balance of one account in fen, debit minus credit; 0 for one that was never booked on.

    on     at the end of this day; None counts every day
    known  by what had been booked by the end of this day, or by this moment
    """
    with office.reading() as cursor:
        sums = _sums(office, cursor, on, known, account=account)
    return sum(row[1] - row[2] for row in sums)


def balances(
    office: Office, prefix: str = "", on: date | None = None, known: date | datetime | None = None, nonzero: bool = False
) -> pa.Table:
    """Return the balances (`BALANCES`) of the accounts whose names begin with `prefix`, sorted by name.

    balance_fen    debit minus credit
    available_fen  on the account's natural side, without what is set aside against it
    """
    with office.reading() as cursor:
        return _balance_table(office, cursor, prefix, on, known, nonzero)


def _balance_table(
    office: Office, cursor: Any, prefix: str, on: date | None, known: date | datetime | None, nonzero: bool = False
) -> pa.Table:
    sums = {code: rest for code, *rest in _sums(office, cursor, on, known, prefix=prefix)}
    where, values = _prefixed(prefix)
    cursor.execute(
        "SELECT a.code, a.name, e.name, b.side, b.floor_fen, b.ceiling_fen, b.is_open FROM ledger_account a"
        " JOIN ledger_balance b ON b.account = a.code LEFT JOIN ledger_envelope e ON e.number = a.envelope_id"
        f"{where} ORDER BY a.name",
        values,
    )
    rows = []
    for code, name, envelope, side, floor, ceiling, is_open in cursor.fetchall():
        if code not in sums and (on is not None or known is not None):
            continue
        dp, cp, dn, cn = sums.get(code, (0, 0, 0, 0))
        if nonzero and not (dp - cp or dn or cn):
            continue
        free = dp - cp - cn if side == 1 else cp - dp - dn
        rows.append((name, envelope or "", dp - cp, dp, cp, dn, cn, free, floor, ceiling, bool(is_open)))
    return _table(rows, BALANCES)


def _table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    if not rows:
        return schema.empty_table()
    return pa.table([pa.array(list(c), f.type) for c, f in zip(zip(*rows, strict=True), schema, strict=True)], schema=schema)


def _prefixed(prefix: str, column: str = "a.name") -> tuple[str, list[str]]:
    return (f" WHERE {column} >= %s AND {column} < %s", [prefix, prefix + "\U0010ffff"]) if prefix else ("", [])


def _sums(
    office: Office,
    cursor: Any,
    on: date | None,
    known: date | datetime | None,
    prefix: str = "",
    account: str | None = None,
) -> list[tuple[int, int, int, int, int]]:
    """Return code, debits, credits, pending debits and pending credits of accounts."""
    if account is not None:
        cursor.execute("SELECT code FROM ledger_account WHERE name = %s", [account.replace("\x00", "")])
        row = cursor.fetchone()
        if row is None:
            return []
        chosen: tuple[str, list[Any]] = ("= %s", [row[0]])
    else:
        where, values = _prefixed(prefix)
        chosen = (f"IN (SELECT a.code FROM ledger_account a{where})", list(values)) if prefix else ("", [])
    if on is None and known is None:
        tail = f" WHERE account {chosen[0]}" if chosen[0] else ""
        cursor.execute(
            f"SELECT account, debit_posted, credit_posted, debit_pending, credit_pending FROM ledger_balance{tail}", chosen[1]
        )
    else:
        _sums_then(cursor, on, known, chosen)
    return [(int(a), int(b), int(c), int(d), int(e)) for a, b, c, d, e in cursor.fetchall()]


def _sums_then(cursor: Any, on: date | None, known: date | datetime | None, chosen: tuple[str, list[Any]]) -> None:
    """Ask for the sums on a day, as known at a moment: from the last checkpoint where all is known."""
    condition, values = journals_where(on, known)
    carried, before = "", []
    if known is None and on is not None:
        cursor.execute(
            "SELECT journal_id, CAST(closed_to AS TEXT) FROM ledger_close WHERE closed_to <= %s ORDER BY journal_id DESC LIMIT 1",
            [on],
        )
        close = cursor.fetchone()
        if close is not None:
            condition, values = f"{condition} AND j.book_on > %s", [*values, date.fromisoformat(close[1])]
            which = f" AND account {chosen[0]}" if chosen[0] else ""
            carried = (
                " UNION ALL SELECT account, debit_posted, credit_posted, debit_pending, credit_pending FROM ledger_opening"
                f" WHERE journal_id = %s{which}"
            )
            before = [close[0], *chosen[1]]
    sides = [f" AND t.{side} {chosen[0]}" if chosen[0] else "" for side in ("debit", "credit")]
    lines = LINES_OF.format(where=condition, debit=sides[0], credit=sides[1])
    cursor.execute(
        f"SELECT a, sum(dp), sum(cp), sum(dn), sum(cn) FROM ({lines}{carried}) AS moved GROUP BY a",
        [*values, *chosen[1], *values, *chosen[1], *before],
    )


def journals_where(on: date | None, known: date | datetime | None, since: date | None = None) -> tuple[str, list[Any]]:
    """Return the condition on journals `j` (joined with `change` as `h`) for a day and a moment of knowledge."""
    parts, values = ["TRUE"], list[Any]()
    if on is not None:
        parts.append("j.book_on <= %s")
        values.append(on)
    if since is not None:
        parts.append("j.book_on >= %s")
        values.append(since)
    if known is not None:
        exact = isinstance(known, datetime)
        moment = known if isinstance(known, datetime) else end_of_day(known)
        parts.append("h.at <= %s" if exact else "h.at < %s")
        values.append(to_micros(moment))
    return " AND ".join(parts), values


def carried_rows(office: Office, cursor: Any, upto: date) -> list[tuple[str, int, int, int, int]]:
    """Return what every account stands at on the last day of a period that is being closed, by name: the checkpoint."""
    cursor.execute("SELECT journal_id, CAST(closed_to AS TEXT) FROM ledger_close ORDER BY journal_id DESC LIMIT 1")
    last, after = cursor.fetchone() or (None, None)
    day = upto.isoformat()
    quoted = {"to": f"'{day}'", "after": f"'{after}'" if after else "NULL", "last": str(last) if last else "NULL", "seq": "0"}
    if office.vendor == "postgresql":
        quoted |= {"to": f"DATE '{day}'", "after": f"DATE '{after}'" if after else "NULL::date"}
    cursor.execute(
        f"SELECT n.name, x.* FROM ({CARRIED.format(**quoted)}) AS x JOIN ledger_account n ON n.code = x.a ORDER BY n.name"
    )
    return [(name, int(b), int(c), int(d), int(e)) for name, _, _, b, c, d, e in cursor.fetchall()]


def trial_balance(office: Office, on: date | None = None, known: date | datetime | None = None) -> dict[str, int]:
    """Return the balance of every account in fen (debit positive), sorted by name; those of a sound ledger add up to zero."""
    table = balances(office, "", on, known)
    return dict(zip(table["account"].to_pylist(), table["balance_fen"].to_pylist(), strict=True))


# ---------------------------------------------------------------- statements
STATEMENT = pa.schema(
    [
        pa.field("book_on", pa.date32()),
        pa.field("booked_at", pa.timestamp("us", tz="UTC")),
        pa.field("journal", pa.string()),
        pa.field("line", pa.int64()),
        pa.field("kind", pa.string()),
        pa.field("reference", pa.string()),
        pa.field("other_account", pa.string()),
        pa.field("debit_fen", pa.int64()),
        pa.field("credit_fen", pa.int64()),
        pa.field("balance_fen", pa.int64()),
        pa.field("pending_fen", pa.int64()),
        pa.field("memo", pa.string()),
        pa.field("reverses", pa.string()),
    ]
)


def statement(
    office: Office,
    account: str,
    since: date | None = None,
    on: date | None = None,
    known: date | datetime | None = None,
) -> pa.Table:
    """Return what moved on one account (`STATEMENT`), by day and in the order booked, with the balance after each row.

    since, on    first and last day; the first row's balance counts what moved before `since`
    known        by what had been booked by the end of this day, or by this moment
    pending_fen  what a row set aside (positive on the debit side) or set free again
    raises       FaultsError for an account the ledger does not know
    """
    with office.reading() as cursor:
        code = _need_account(cursor, account)
        running = 0
        if since is not None:
            before = date.fromordinal(since.toordinal() - 1)
            running = sum(r[1] - r[2] for r in _sums(office, cursor, before, known, account=account))
        condition, values = journals_where(on, known, since)
        rows = []
        for row in _statement_rows(cursor, code, condition, values):
            day, at, key, id, first, kind, reference, other, debit, moved, aside, memo, undone = row
            running += moved if debit else -moved
            rows.append(
                (date.fromisoformat(day), from_micros(at), key, id - first + 1, kind, reference, other, moved if debit else 0,
                 0 if debit else moved, running, aside if debit else -aside, memo, undone)
            )  # fmt: skip
    return _table(rows, STATEMENT)


def _statement_rows(cursor: Any, code: int, condition: str, values: list[Any]) -> Iterator[tuple[Any, ...]]:
    cursor.execute(
        "SELECT CAST(j.book_on AS TEXT), h.at, j.key, t.id, j.first_id, t.kind, t.reference, n.name, t.debit = %s,"
        " CASE t.phase WHEN 0 THEN t.amount_fen WHEN 2 THEN t.amount_fen ELSE 0 END,"
        " CASE t.phase WHEN 0 THEN 0 WHEN 1 THEN t.amount_fen ELSE -t.released_fen END, j.memo, o.key"
        " FROM (SELECT * FROM ledger_transfer WHERE debit = %s UNION ALL SELECT * FROM ledger_transfer WHERE credit = %s) AS t"
        " JOIN ledger_journal j ON j.seq = t.journal_id JOIN change h ON h.seq = j.change_id"
        " LEFT JOIN ledger_journal o ON o.seq = j.reverses_id"
        " JOIN ledger_account n ON n.code = CASE WHEN t.debit = %s THEN t.credit ELSE t.debit END"
        f" WHERE {condition} ORDER BY j.book_on, j.seq, t.id",
        [code, code, code, code, *values],
    )
    while rows := cursor.fetchmany(BATCH):
        yield from rows


def _need_account(cursor: Any, account: str) -> int:
    cursor.execute("SELECT code FROM ledger_account WHERE name = %s", [account.replace("\x00", "")])
    row = cursor.fetchone()
    if row is not None:
        return int(row[0])
    raise FaultsError(
        [
            Fault(
                "ledger.unknown_account",
                "ledger",
                ascii(account)[1:121],
                Text("账本里没有这个科目。", "The ledger has no such account."),
                Text("用 ledger balance 列出科目。", "List the accounts with ledger balance."),
            )
        ]
    )


# ---------------------------------------------------------------- what became of each envelope's money
FUNDS = pa.schema(
    [
        pa.field("envelope", pa.string()),
        *(
            pa.field(f"{name}_fen", pa.int64())
            for name in (
                "opening",
                "granted",
                "interest",
                "moved_in",
                "moved_out",
                "other_in",
                "lapsed",
                "other_out",
                "allocated",
                "paid",
                "left",
                "at_bank",
                "in_transit",
                "in_escrow",
                "owed",
                "held",
                "pending",
            )
        ),
    ]
)
FLOWS = pa.schema(
    [
        pa.field("envelope", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("to", pa.string()),
        pa.field("from", pa.string()),
        pa.field("rows", pa.int64()),
        pa.field("amount_fen", pa.int64()),
    ]
)


def fund_statement(
    office: Office, on: date | None = None, known: date | datetime | None = None, since: date | None = None
) -> pa.Table:
    """Return one row for each envelope (`FUNDS`): what came in, what went out and why, what is left and where it lies.

    opening      left in the fund before `since`
    granted, interest, moved_in, other_in     what came into the fund: grants and openings, interest, reallocations, the rest
    moved_out, lapsed, other_out, allocated   what left it: reallocations, lapses, the rest, and what is now owed to holders
    left         in the fund (opening + in - out); what moves against the sense of its column counts negative there
    paid         paid to holders of payables in the time asked for, less what came back; other debts, as interest of the
                 treasury or deposits of the credit market, are none
    at_bank, in_transit, in_escrow            where the money lies at the end
    owed, held   owed to holders and others (interest of the treasury) and not yet paid, owed to whoever is found to hold
                 disputed land
    pending      set aside from the fund
    """
    with office.reading() as cursor:
        flows = _flows(cursor, on, known, since)
        stock = _stock(office, cursor, on, known)
        before = _stock(office, cursor, date.fromordinal(since.toordinal() - 1), known) if since else {}
        cursor.execute("SELECT number, name FROM ledger_envelope ORDER BY name")
        rows = [(str(name), *_fund_row(int(n), flows, stock, before)) for n, name in cursor.fetchall()]
    return _table(rows, FUNDS)


_FUNDS_FAMILIES = (FUND, 7)
_PAYABLES = (PAYABLE, 21)


def _flows(
    cursor: Any, on: date | None, known: date | datetime | None, since: date | None
) -> dict[tuple[int, int, str], tuple[int, int]]:
    """Return what moved between families of accounts: (debit's head, credit's head, kind) → rows, fen."""
    condition, values = journals_where(on, known, since)
    cursor.execute(
        f"SELECT t.debit >> {FAMILY_BITS}, t.credit >> {FAMILY_BITS}, CASE WHEN j.reverses_id IS NULL THEN t.kind ELSE"
        " '-' || t.kind END, count(*), sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_journal j ON j.seq = t.journal_id"
        f" JOIN change h ON h.seq = j.change_id WHERE {condition} AND t.phase IN (0, 2) GROUP BY 1, 2, 3",
        values,
    )
    return {(int(a), int(b), str(k)): (int(n), int(s)) for a, b, k, n, s in cursor.fetchall()}


def _stock(office: Office, cursor: Any, on: date | None, known: date | datetime | None) -> dict[int, tuple[int, int, int]]:
    """Return by head (envelope and family) the balance and what is set aside on each side."""
    out: dict[int, list[int]] = {}
    for code, dp, cp, dn, cn in _sums(office, cursor, on, known):
        sums = out.setdefault(code >> FAMILY_BITS, [0, 0, 0])
        for i, value in enumerate((dp - cp, dn, cn)):
            sums[i] += value
    return {head: (a, b, c) for head, (a, b, c) in out.items()}


def _fund_row(
    number: int,
    flows: dict[tuple[int, int, str], tuple[int, int]],
    stock: dict[int, tuple[int, int, int]],
    before: dict[int, tuple[int, int, int]],
) -> list[int]:
    shift = ENVELOPE_BITS - FAMILY_BITS
    mine = {(number << shift) + f: f for f in BY_NUMBER}
    sums = dict.fromkeys((f.name.removesuffix("_fen") for f in FUNDS if f.name != "envelope"), 0)
    for (debit, credit, kind), (_, fen) in flows.items():
        sign, word = (-1, kind[1:]) if kind.startswith("-") else (1, kind)
        if sign < 0:
            debit, credit = credit, debit
        into, out = mine.get(credit) in _FUNDS_FAMILIES, mine.get(debit) in _FUNDS_FAMILIES
        if into != out:
            name = _IN.get(word, "other_in") if into else _OUT.get(word, "other_out")
            sums[name] += sign * fen * (1 if into == (name in _COMES_IN) else -1)
        if mine.get(debit) == PAYABLE and mine.get(credit) in (TRANSIT, BANK):
            sums["paid"] += sign * fen
        elif mine.get(credit) == PAYABLE and mine.get(debit) in (TRANSIT, BANK):
            sums["paid"] -= sign * fen

    def at(stocks: dict[int, tuple[int, int, int]], families: Sequence[int], part: int = 0) -> int:
        return sum(stocks[h][part] for h, f in mine.items() if f in families and h in stocks)

    sums["opening"], sums["left"] = -at(before, _FUNDS_FAMILIES), -at(stock, _FUNDS_FAMILIES)
    sums["at_bank"], sums["in_transit"], sums["in_escrow"] = at(stock, [BANK]), at(stock, [TRANSIT]), at(stock, [ESCROW])
    sums["owed"], sums["held"] = -at(stock, _PAYABLES), -at(stock, [HELD])
    sums["pending"] = at(stock, _FUNDS_FAMILIES, 1)
    return list(sums.values())


_COMES_IN = ("granted", "interest", "moved_in", "other_in")
_BOTH = {"grant": "granted", "opening": "granted", "interest": "interest", "lapse": "lapsed", "allocation": "allocated",
         "escrow": "allocated"}  # fmt: skip
_IN = _BOTH | {"reallocation": "moved_in"}
_OUT = _BOTH | {"reallocation": "moved_out"}


def fund_flows(
    office: Office,
    envelope: str | None = None,
    on: date | None = None,
    known: date | datetime | None = None,
    since: date | None = None,
) -> pa.Table:
    """Return what moved from where to where for what (`FLOWS`), by envelope; personal accounts of one family are one row."""
    with office.reading() as cursor:
        flows = _flows(cursor, on, known, since)
        cursor.execute("SELECT number, name FROM ledger_envelope")
        names = {int(n): str(name) for n, name in cursor.fetchall()}
    shift = ENVELOPE_BITS - FAMILY_BITS
    rows = []
    for (debit, credit, kind), (n, fen) in flows.items():
        heads = [(names.get(h >> shift, ""), BY_NUMBER[h & 255].pattern) for h in (debit, credit)]
        for name in sorted({e for e, _ in heads if e} or {""}):
            if envelope is None or name == envelope:
                to, source = (_shown(pattern, e) for e, pattern in heads)
                rows.append((name, kind, to, source, n, fen))
    return _table(sorted(rows), FLOWS)


def _shown(pattern: str, envelope: str) -> str:
    return pattern[:-1] + envelope if envelope and pattern.endswith("*") else pattern


__all__ = [
    "BALANCES", "CLAIM", "FLOWS", "FUNDS", "STATEMENT", "Journal", "balance", "balances", "carried_rows", "find_journal",
    "fund_flows", "fund_statement", "journals", "journals_where", "rows_of_journal", "statement", "trial_balance",
]  # fmt: skip
