"""Account names and their codes: found in memory or in the database, opened when they are new.

An office keeps the codes of accounts it has seen in memory (`ledger_index`). Accounts are never renamed or removed, so what
was committed once stays right; what the transaction under way opens is kept only by that transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.ledger.accounts import Account, read_name
from ecoweb.records.store import Work
from ecoweb.records.tables import write_many
from ecoweb.treasury.ledger_index import NameIndex
from ecoweb.treasury.schema import ENVELOPE_BITS, FAMILY_BITS

_MANY = 500
_BY_NAME = 1_000
"""Up to so many names, each is looked up by itself."""
_LOAD_ALL = 5_000
"""From so many unknown names on, all accounts are read at once."""
_READ = 50_000


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
        self.index: NameIndex = work.office.memory.setdefault("ledger.index", NameIndex())
        self.known: dict[str, int] = work.office.memory.setdefault("ledger.codes", {})
        self.own: dict[str, int] = _own(work)
        self.fresh: dict[str, tuple[int, Account]] = {}
        self.new_envelopes: dict[str, int] = {}

    def codes(self, debit: pa.ChunkedArray, credit: pa.ChunkedArray) -> tuple[tuple[np.ndarray, np.ndarray], list[str]]:
        """Return the codes of two columns of names, and the names that say nothing (their code is 0)."""
        strange: list[str] = []
        found = []
        for column in (debit, credit):
            coded = column.combine_chunks().dictionary_encode()
            codes = self._codes(coded.dictionary, strange)
            found.append(codes[coded.indices.to_numpy()] if len(codes) else codes)
        return (found[0], found[1]), list(dict.fromkeys(strange))

    def _codes(self, names: pa.StringArray, strange: list[str]) -> np.ndarray:
        """Return the codes of names that differ."""
        codes = self.index.find(names) if len(names) > _BY_NAME else np.zeros(len(names), np.int64)
        missing = np.flatnonzero(codes == 0)
        if len(missing) > _LOAD_ALL:
            self._load()
            codes[missing] = self.index.find(names.take(pa.array(missing)))
            missing = np.flatnonzero(codes == 0)
        if len(missing):
            texts = names.take(pa.array(missing)).to_pylist()
            self._look_up([t for t in texts if t not in self.known and t not in self.own])
            codes[missing] = [self.known.get(t) or self._code(t, strange) for t in texts]
        return codes

    def _code(self, name: str, strange: list[str]) -> int:
        code = self.own.get(name)
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
        """Ask the database for names, unless so many are missing that they must be new: then all others are in memory."""
        if len(missing) > _LOAD_ALL:
            return
        cursor = self.work.cursor
        for start in range(0, len(missing), _MANY):
            part = missing[start : start + _MANY]
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(f"SELECT name, code, change_id FROM ledger_account WHERE name IN ({marks})", part)
            for name, code, change in cursor.fetchall():
                (self.known if change < self.work.seq else self.own)[name] = code

    def _load(self) -> None:
        """Read all accounts that were committed and are not in memory yet; the database joins them into one text each time."""
        cursor, lite = self.work.cursor, self.work.office.vendor == "sqlite"
        join = "group_concat({}, '\x1f')" if lite else "string_agg({}, '\x1f')"
        cursor.execute("SELECT coalesce(max(number), 0) FROM ledger_account WHERE change_id < %s", [self.work.seq])
        last = int(cursor.fetchone()[0])
        names, codes = [], []
        for start in range(self.index.last, last, _READ):
            cursor.execute(
                f"SELECT count(*), {join.format('name')}, {join.format('CAST(code AS TEXT)')} FROM ledger_account"
                " WHERE number > %s AND number <= %s AND change_id < %s",
                [start, min(start + _READ, last), self.work.seq],
            )
            count, *texts = cursor.fetchone()
            if count:
                part = [pc.split_pattern(pa.array([text], pa.large_string()), "\x1f").values for text in texts]
                names.append(part[0].cast(pa.large_string()))
                codes.append(part[1].cast(pa.string()).cast(pa.int64()).to_numpy())
        if names:
            self.index.add(names, codes, last)

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
