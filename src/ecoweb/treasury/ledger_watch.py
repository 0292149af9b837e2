"""Earmark and arrears by day: what `ecocomp.ledger.watch` finds in the ledger of an office."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from ecocomp.ledger.accounts import OWED, PAYABLE, TRANSIT
from ecocomp.ledger.watch import Spell, overdue, spells
from ecoweb.office import Office
from ecoweb.treasury.ledger_read import BATCH, journals_where
from ecoweb.treasury.schema import ENVELOPE_BITS, FAMILY_BITS, LINES_OF

LIMITS = ("pay_within", "confirm_within", "hand_over_within")
"""Days allowed: to pay what is owed, to confirm a payment, to hand over interest; parameters ``ledger.watch.<name>_days``."""

WATCH = pa.schema(
    [
        pa.field("finding", pa.string()),
        pa.field("envelope", pa.string()),
        pa.field("what", pa.string()),
        pa.field("first", pa.date32()),
        pa.field("last", pa.date32()),
        pa.field("amount_fen", pa.int64()),
        pa.field("days", pa.int64()),
        pa.field("fen_days", pa.int64()),
    ]
)
_OTHER_DEBT = 21


def watch(
    office: Office,
    on: date | None = None,
    known: date | datetime | None = None,
    since: date | None = None,
    *,
    pay_within: int | None = None,
    confirm_within: int | None = None,
    hand_over_within: int | None = None,
    by_account: bool = False,
) -> pa.Table:
    """Return the spells (`WATCH`) in which money stood where it should not, until a day; an empty table means none.

    on          the last day looked at, default today
    known       by what had been booked by the end of this day, or by this moment
    since       the first day looked at
    by_account  arrears for each holder's account instead of for each envelope as a whole
    ..._within  days allowed; None for what the rules of the office's region say on the last day looked at
    """
    until = on or office.today()
    days = {**limits(office, until), **_given(pay_within, confirm_within, hand_over_within)}
    with office.reading() as cursor:
        seen = _Seen(cursor, until, known)
        found = [
            *seen.debts(PAYABLE, "arrears", days["pay_within"], since, by_account),
            *seen.debts(_OTHER_DEBT, "interest", days["hand_over_within"], since, True, "liability:interest:"),
            *seen.debts(OWED, "uncovered", days["pay_within"], since, by_account),
            *seen.transit(days["confirm_within"], since),
            *seen.short(since),
            *seen.moved(since),
            *seen.bank(since),
        ]
    rows = [(s.finding, s.envelope, s.what, s.first, s.last, s.fen, s.days, s.fen_days) for s in sorted(found, key=_order)]
    if not rows:
        return WATCH.empty_table()
    return pa.table([pa.array(list(c), f.type) for c, f in zip(zip(*rows, strict=True), WATCH, strict=True)], schema=WATCH)


def limits(office: Office, on: date) -> dict[str, int]:
    """Return the days (`LIMITS`) that the rules of the office's region allow on a day, its own rule files first."""
    from ecoweb.records.rules import params_of
    from ecoweb.treasury.payments_base import number

    params = params_of(office, on)
    return {name: number(params, f"ledger.watch.{name}_days") for name in LIMITS}


def _given(*days: int | None) -> dict[str, int]:
    return {name: n for name, n in zip(LIMITS, days, strict=True) if n is not None}


def _order(s: Spell) -> tuple[str, str, str, date]:
    return s.finding, s.envelope, s.what, s.first


class _Seen:
    """What moved until a day, as known at a moment."""

    def __init__(self, cursor: Any, until: date, known: date | datetime | None) -> None:
        self.cursor, self.until = cursor, until
        self.where, self.values = journals_where(until, known)
        cursor.execute("SELECT number, name FROM ledger_envelope")
        self.names = {int(n): str(name) for n, name in cursor.fetchall()}

    def _daily(self, family: int) -> dict[int, list[tuple[date, int, int]]]:
        """Return what moved on the accounts of a family by day: (day, debits, credits)."""
        test = f" AND ((t.{{s}} >> {FAMILY_BITS}) & 255) = {family}"
        lines = LINES_OF.format(where=self.where, debit=test.format(s="debit"), credit=test.format(s="credit"))
        lines = lines.replace(" AS a,", " AS a, j.book_on AS day,").replace("SELECT t.credit,", "SELECT t.credit, j.book_on,")
        self.cursor.execute(
            f"SELECT a, CAST(day AS TEXT), sum(dp), sum(cp) FROM ({lines}) AS moved GROUP BY a, day ORDER BY a, day",
            [*self.values, *self.values],
        )
        out: dict[int, list[tuple[date, int, int]]] = defaultdict(list)
        while rows := self.cursor.fetchmany(BATCH):
            for code, day, debit, credit in rows:
                out[int(code)].append((date.fromisoformat(day), int(debit), int(credit)))
        return out

    def _accounts(self, codes: list[int]) -> dict[int, str]:
        names = {}
        for start in range(0, len(codes), 500):
            part = codes[start : start + 500]
            self.cursor.execute(f"SELECT code, name FROM ledger_account WHERE code IN ({', '.join(['%s'] * len(part))})", part)
            names.update(self.cursor.fetchall())
        return names

    def debts(self, family: int, finding: str, allowed: int, since: date | None, by_account: bool, only: str = "") -> list[Spell]:
        """Return what was owed longer than allowed, of each account or of each envelope together."""
        late: dict[int, list[tuple[date, int]]] = {}
        for code, moves in self._daily(family).items():
            steps = overdue([(day, credit, debit) for day, debit, credit in moves], allowed, self.until)
            if steps:
                late[code] = steps
        if by_account:
            names = self._accounts(sorted(late))
            return [
                s
                for code, steps in late.items()
                if names[code].startswith(only)
                for s in spells(finding, self.names.get(code >> ENVELOPE_BITS, ""), names[code], steps, self.until, since)
            ]
        sums: dict[int, list[tuple[date, int]]] = defaultdict(list)
        for code, steps in late.items():
            sums[code >> ENVELOPE_BITS] += steps
        return [s for e, steps in sums.items() for s in spells(finding, self.names.get(e, ""), "", steps, self.until, since)]

    def transit(self, allowed: int, since: date | None) -> list[Spell]:
        """Return what was sent to the bank and not heard of for longer than allowed, the oldest first."""
        out = []
        for code, moves in self._daily(TRANSIT).items():
            steps = overdue(moves, allowed, self.until)
            out += spells("transit", self.names.get(code >> ENVELOPE_BITS, ""), "", steps, self.until, since)
        return out

    def short(self, since: date | None) -> list[Spell]:
        """Return when an envelope's accounts held less than was promised from it, by the day things belong to.

        The database keeps this from happening in the order of booking; a day written earlier can still show it.
        """
        steps: dict[int, list[tuple[date, int]]] = defaultdict(list)
        lines = LINES_OF.format(where=self.where, debit=_CROSSING, credit=_CROSSING)
        lines = lines.replace(" AS a,", " AS a, j.book_on AS day,").replace("SELECT t.credit,", "SELECT t.credit, j.book_on,")
        self.cursor.execute(
            f"SELECT a >> {ENVELOPE_BITS}, CAST(day AS TEXT), sum(cp) - sum(dp) FROM ({lines}) AS moved GROUP BY 1, 2",
            [*self.values, *self.values],
        )
        for number, day, change in self.cursor.fetchall():
            if number:
                steps[int(number)].append((date.fromisoformat(day), int(change)))
        return [s for e, found in steps.items() for s in spells("short", self.names[e], "", found, self.until, since)]

    def moved(self, since: date | None) -> list[Spell]:
        """Return how much of an envelope's money lay at the banks of another, and for how long."""
        self.cursor.execute(
            f"SELECT t.credit >> {ENVELOPE_BITS}, t.debit >> {ENVELOPE_BITS}, CAST(j.book_on AS TEXT), sum(t.amount_fen)"
            " FROM ledger_transfer t JOIN ledger_journal j ON j.seq = t.journal_id JOIN change h ON h.seq = j.change_id"
            f" WHERE {self.where} AND t.phase IN (0, 2) AND t.debit >> {ENVELOPE_BITS} <> t.credit >> {ENVELOPE_BITS}"
            f" AND t.debit >> {ENVELOPE_BITS} <> 0 AND t.credit >> {ENVELOPE_BITS} <> 0"
            f" AND ((t.debit >> {FAMILY_BITS}) & 255) IN (1, 2, 3) AND ((t.credit >> {FAMILY_BITS}) & 255) IN (1, 2, 3)"
            " GROUP BY 1, 2, 3",
            self.values,
        )
        steps: dict[tuple[int, int], list[tuple[date, int]]] = defaultdict(list)
        for source, target, day, fen in self.cursor.fetchall():
            steps[(int(source), int(target))].append((date.fromisoformat(day), int(fen)))
            steps[(int(target), int(source))].append((date.fromisoformat(day), -int(fen)))
        return [
            s
            for (source, target), found in steps.items()
            for s in spells("moved", self.names[source], self.names[target], found, self.until, since)
        ]

    def bank(self, since: date | None) -> list[Spell]:
        """Return on which days the bank's statement and the books differed, with what the books said more or less."""
        self.cursor.execute(
            "SELECT b.account, n.name, CAST(b.on_day AS TEXT), b.said_fen, b.document FROM ledger_bank b JOIN ledger_account n"
            " ON n.code = b.account WHERE b.on_day <= %s ORDER BY b.account, b.on_day, b.seq",
            [self.until],
        )
        said: dict[tuple[int, str], dict[date, tuple[int, str]]] = defaultdict(dict)
        for code, name, day, fen, document in self.cursor.fetchall():
            said[(int(code), str(name))][date.fromisoformat(day)] = (int(fen), str(document))
        out = []
        for (code, name), days in said.items():
            booked = self._booked(code)
            for day, (fen, document) in sorted(days.items()):
                now = sum(x for d, x in booked if d <= day)
                if now != fen and (since is None or day >= since):
                    envelope = self.names.get(code >> ENVELOPE_BITS, "")
                    out.append(Spell("bank", envelope, f"{name} {document}", day, day, now - fen, 1, now - fen))
        return out

    def _booked(self, code: int) -> list[tuple[date, int]]:
        lines = LINES_OF.format(where=self.where, debit=f" AND t.debit = {code}", credit=f" AND t.credit = {code}")
        lines = lines.replace(" AS a,", " AS a, j.book_on AS day,").replace("SELECT t.credit,", "SELECT t.credit, j.book_on,")
        self.cursor.execute(
            f"SELECT CAST(day AS TEXT), sum(dp) - sum(cp) FROM ({lines}) AS moved GROUP BY day", [*self.values, *self.values]
        )
        return [(date.fromisoformat(d), int(x)) for d, x in self.cursor.fetchall()]


_CROSSING = f" AND t.debit >> {ENVELOPE_BITS} <> t.credit >> {ENVELOPE_BITS}"
__all__ = ["LIMITS", "WATCH", "limits", "watch"]
