"""Account names and their codes: found in memory or in the database, opened when they are new.

An office keeps the codes of accounts it has seen in memory. Accounts are never renamed or removed, so what was committed
once stays right; what the transaction under way opens is kept only by that transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ecocomp.ledger.accounts import Account, read_name
from ecoweb.records.store import Work
from ecoweb.records.tables import write_many
from ecoweb.treasury.schema import ENVELOPE_BITS, FAMILY_BITS

_MANY = 500
_LOAD_ALL = 5_000
"""From so many unknown names on, all accounts are read at once."""


@dataclass(frozen=True)
class State:
    """What an account stands at."""

    name: str
    side: int
    floor: int | None
    ceiling: int | None
    is_open: bool
    debit: int = 0
    credit: int = 0
    debit_pending: int = 0
    credit_pending: int = 0

    @property
    def low(self) -> int:
        """The balance on its natural side without what is set aside against it."""
        if self.side == 1:
            return self.debit - self.credit - self.credit_pending
        return self.credit - self.debit - self.debit_pending


class Names:
    """The codes of accounts within one transaction."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.known: dict[str, int] = work.office.memory.setdefault("ledger.codes", {})
        self.own: dict[str, int] = _own(work)
        self.fresh: dict[str, tuple[int, Account]] = {}
        self.new_envelopes: dict[str, int] = {}

    def codes(self, debit: pa.ChunkedArray, credit: pa.ChunkedArray) -> tuple[tuple[np.ndarray, np.ndarray], list[str]]:
        """Return the codes of two columns of names, and the names that say nothing (their code is 0)."""
        coded = [c.combine_chunks().dictionary_encode() for c in (debit, credit)]
        names = [c.dictionary.to_pylist() for c in coded]
        self._look_up([n for part in names for n in part if n not in self.known and n not in self.own])
        strange: list[str] = []
        found = []
        for array, part in zip(coded, names, strict=True):
            known = list(map(self.known.get, part))
            if None in known:
                known = [code or self._code(name, strange) for code, name in zip(known, part, strict=True)]
            values = np.array(known, np.int64)
            found.append(values[array.indices.to_numpy()] if len(part) else np.zeros(0, np.int64))
        return (found[0], found[1]), list(dict.fromkeys(strange))

    def _code(self, name: str, strange: list[str]) -> int:
        code = self.known.get(name) or self.own.get(name)
        if code:
            return code
        if name not in self.fresh:
            account = read_name(name)
            if account is None:
                strange.append(name)
                return 0
            self.fresh[name] = (self._give(account), account)
        return self.fresh[name][0]

    def _look_up(self, missing: list[str]) -> None:
        cursor = self.work.cursor
        if len(missing) > _LOAD_ALL:
            query = "SELECT name, code FROM ledger_account WHERE number > %s AND change_id"
            cursor.execute(f"{query} < %s", [self._seen(), self.work.seq])
            rows = cursor.fetchall()
            self.known.update(rows)
            self.work.office.memory["ledger.seen"] = max(self._seen(), len(self.known))
            cursor.execute(f"{query} = %s", [self._seen(), self.work.seq])
            self.own.update(cursor.fetchall())
            return
        for start in range(0, len(missing), _MANY):
            part = missing[start : start + _MANY]
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(f"SELECT name, code, change_id FROM ledger_account WHERE name IN ({marks})", part)
            for name, code, change in cursor.fetchall():
                (self.known if change < self.work.seq else self.own)[name] = code

    def _seen(self) -> int:
        """Return the number up to which all accounts are in memory."""
        return int(self.work.office.memory.get("ledger.seen", 0))

    # ------------------------------------------------------------ opening accounts
    def _give(self, account: Account) -> int:
        envelope = self._envelope(account.envelope) if account.envelope else 0
        if not hasattr(self, "_next"):
            self.work.cursor.execute("SELECT coalesce(max(number), 0) FROM ledger_account")
            self._next = int(self.work.cursor.fetchone()[0])
        self._next += 1
        return (envelope << ENVELOPE_BITS) + (account.family.number << FAMILY_BITS) + self._next

    def _envelope(self, name: str) -> int:
        if not hasattr(self, "_envelopes"):
            self.work.cursor.execute("SELECT name, number FROM ledger_envelope")
            self._envelopes = {str(n): int(i) for n, i in self.work.cursor.fetchall()}
        if name not in self._envelopes:
            self._envelopes[name] = self.new_envelopes[name] = max(self._envelopes.values(), default=0) + 1
        return self._envelopes[name]

    def envelope(self, number: int) -> str:
        """Return the name of an envelope that is new in this journal."""
        return next((n for n, i in self.new_envelopes.items() if i == number), str(number))

    def open_new(self) -> None:
        """Write the accounts and envelopes that are new."""
        if not self.fresh:
            return
        office, cursor = self.work.office, self.work.cursor
        if self.new_envelopes:
            cursor.executemany(
                "INSERT INTO ledger_envelope (number, name, debits, credits) VALUES (%s, %s, 0, 0)",
                [(number, name) for name, number in self.new_envelopes.items()],
            )
        columns = ("number", "code", "name", "family", "envelope_id", "side", "floor_fen", "change_id", "ready")
        rows = (
            (
                code & ((1 << FAMILY_BITS) - 1),
                code,
                name,
                account.family.number,
                (code >> ENVELOPE_BITS) or None,
                account.family.side,
                account.family.floor,
                self.work.seq,
                0,
            )
            for name, (code, account) in self.fresh.items()
        )
        write_many(office, cursor, "ledger_account", columns, rows)

    def keep(self) -> None:
        """Remember the new accounts for the rest of the transaction."""
        self.own.update({name: code for name, (code, _) in self.fresh.items()})
        self.fresh.clear()
        self.new_envelopes.clear()

    # ------------------------------------------------------------ what they stand at
    def states(self, codes: Sequence[int]) -> dict[int, State]:
        """Return what accounts stand at; new ones at nothing."""
        out: dict[int, State] = {}
        fresh = {code: (name, account) for name, (code, account) in self.fresh.items()}
        for code in codes:
            if code in fresh:
                name, account = fresh[code]
                out[code] = State(name, account.family.side, account.family.floor, None, True)
        asked = [c for c in codes if c not in fresh]
        for start in range(0, len(asked), _MANY):
            part = asked[start : start + _MANY]
            self.work.cursor.execute(
                "SELECT b.account, a.name, b.side, b.floor_fen, b.ceiling_fen, b.is_open, b.debit_posted, b.credit_posted,"
                " b.debit_pending, b.credit_pending FROM ledger_balance b JOIN ledger_account a ON a.code = b.account"
                f" WHERE b.account IN ({', '.join(['%s'] * len(part))})",
                part,
            )
            for code, name, side, floor, ceiling, is_open, *sums in self.work.cursor.fetchall():
                out[code] = State(name, side, floor, ceiling, bool(is_open), *sums)
        return {code: out[code] for code in codes if code in out}


def _own(work: Work) -> dict[str, int]:
    """Return the names opened by the transaction under way, which end with it."""
    found: dict[str, int] = work.__dict__.setdefault("ledger_names", {})
    return found
