"""Histories of the ledger: what a model of double entry in plain numbers allows is booked once, the rest is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.simulator.faults import KINDS, Machine, ViolationError

from ecoweb.office import Office
from ecoweb.records.fields import from_micros
from ecoweb.records.store import writing
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger import Transfer
from ecoweb.treasury.ledger_check import check

ENVELOPES, HOLDERS = ("E1", "E2", "E3"), ("H1", "H2", "H3", "H4")
FIRST_DAY = date(2025, 1, 1)


@dataclass
class Pot:
    """An account of the model: what was posted and set aside on each side."""

    debit: int = 0
    credit: int = 0
    debit_pending: int = 0
    credit_pending: int = 0

    def lowest(self, account: str) -> int:
        """The least the account may come to hold on its natural side."""
        if account.startswith(("asset:", "claim:")):
            return self.debit - self.credit - self.credit_pending
        return self.credit - self.debit - self.debit_pending


@dataclass
class Booked:
    """A journal of the model."""

    lines: tuple[Transfer, ...]
    day: date
    pending: bool = False
    reversed: bool = False
    settled: bool = False
    reverses: bool = False


@dataclass
class Model:
    """What the books must say."""

    pots: dict[str, Pot] = field(default_factory=dict)
    journals: dict[str, Booked] = field(default_factory=dict)
    closed: date | None = None
    made: int = 0

    def fits(self, lines: tuple[Transfer, ...], *, pending: bool = False) -> bool:
        """Whether no account would fall below nothing."""
        after: dict[str, Pot] = {}
        for t in lines:
            for name in (t.debit, t.credit):
                old = self.pots.get(name, Pot())
                after.setdefault(name, Pot(old.debit, old.credit, old.debit_pending, old.credit_pending))
        _move(after, lines, pending)
        return all(a.startswith("claim:") or p.lowest(a) >= 0 for a, p in after.items())

    def book(self, key: str, entry: Booked) -> None:
        """Write a journal."""
        for t in entry.lines:
            self.pots.setdefault(t.debit, Pot())
            self.pots.setdefault(t.credit, Pot())
        _move(self.pots, entry.lines, entry.pending)
        self.journals[key] = entry


def _move(pots: dict[str, Pot], lines: tuple[Transfer, ...], pending: bool) -> None:
    for t in lines:
        if pending:
            pots[t.debit].debit_pending += t.amount_fen
            pots[t.credit].credit_pending += t.amount_fen
        else:
            pots[t.debit].debit += t.amount_fen
            pots[t.credit].credit += t.amount_fen


class History:
    """One history: acts drawn from a seed, done on the machine and on the model, compared after each."""

    def __init__(self, folder: Path, seed: int, acts: int, *, harm: float = 0.3) -> None:
        self.rng, self.acts, self.harm = random.Random(seed), acts, harm
        self.machine, self.model, self.now = Machine(folder, self.rng), Model(), datetime(2027, 1, 1, tzinfo=UTC)

    def run(self) -> None:
        """Run it to the end and check the books as a whole."""
        drawn: tuple[Callable[[], None], ...] = (
            self.move, self.move, self.move, self.many, self.pend, self.settle, self.undo, self.repeat, self.reuse, self.astray, self.close,
            self.backward,
        )  # fmt: skip
        try:
            for e in ENVELOPES:  # money to begin with, part of it given out and under way
                bank, fund, transit = f"asset:bank:{e}", f"fund:{e}", f"asset:transit:{e}"
                owed = tuple(Transfer(fund, f"liability:payable:{h}:{e}", 90_000, "move", "r0") for h in HOLDERS)
                self._post((Transfer(bank, fund, 900_000, "move", "r0"), Transfer(transit, bank, 400_000, "move", "r0"), *owed))
            for _ in range(self.acts):
                self.rng.choice(drawn)()
            self.whole()
        finally:
            self.machine.office.close()

    # ------------------------------------------------------------ acts
    def lines(self, n: int) -> tuple[Transfer, ...]:
        """Draw transfers: grants, allocations, money on its way and arrived."""
        out = []
        for _ in range(n):
            e, h, fen = self.rng.choice(ENVELOPES), self.rng.choice(HOLDERS), self.rng.randrange(1, 5000)
            bank, fund, transit, owed = f"asset:bank:{e}", f"fund:{e}", f"asset:transit:{e}", f"liability:payable:{h}:{e}"
            fen *= self.rng.choice((1, 1, 1, 100))
            pair = self.rng.choice(
                (
                    (bank, fund),
                    (bank, fund),
                    (bank, fund),
                    (fund, owed),
                    (transit, bank),
                    (owed, transit),
                    (bank, transit),
                    ("claim:f", f"liability:owed:{h}"),
                )
            )
            out.append(Transfer(*pair, fen, "move", f"r{self.rng.randrange(9)}"))
        return tuple(out)

    def move(self) -> None:
        """Book one transfer or a few."""
        self._post(self.lines(self.rng.randrange(1, 4)))

    def many(self) -> None:
        """Book a larger journal."""
        self._post(self.lines(self.rng.randrange(20, 130)))

    def pend(self) -> None:
        """Set money aside."""
        self._post(self.lines(1), pending=True)

    def _post(self, lines: tuple[Transfer, ...], *, pending: bool = False) -> None:
        self.model.made += 1
        key, day = f"k{self.model.made}", FIRST_DAY + timedelta(days=self.rng.randrange(0, 200))
        allowed = self.model.fits(lines, pending=pending) and not self._is_closed(day)
        entry = Booked(lines, day, pending)
        self._once(
            lambda work: ledger.post(work, lines, key=key, book_on=day, pending=pending),
            allowed,
            lambda: self.model.book(key, entry),
            key,
        )

    def settle(self) -> None:
        """Move what was set aside, part of it or nothing."""
        waiting = [k for k, j in self.model.journals.items() if j.pending and not j.settled]
        if not waiting:
            return
        key = self.rng.choice(waiting)
        found = self.model.journals[key]
        part = self.rng.choice((None, Fraction(1, 2), Fraction(1, 3)))
        keep = self.rng.random() < 0.7
        (t,) = found.lines
        fen = 0 if not keep else t.amount_fen if part is None else round(Fraction(t.amount_fen) * part)
        if keep and part is not None and fen in (0, t.amount_fen):
            part, fen = None, t.amount_fen
        allowed = not self._is_closed(found.day)

        def after() -> None:
            found.settled = True
            debit, credit = self.model.pots[t.debit], self.model.pots[t.credit]
            debit.debit_pending -= t.amount_fen
            credit.credit_pending -= t.amount_fen
            debit.debit += fen
            credit.credit += fen
            self.model.journals[new] = Booked((), found.day, settled=True, reverses=True)

        new = f"{key}/settled"
        self._once(
            lambda work: ledger.settle_pending(work, key, post=keep, fraction=part if keep else None, new_key=new),
            allowed,
            after,
            new,
        )

    def undo(self) -> None:
        """Reverse a journal, once."""
        some = [k for k, j in self.model.journals.items() if not j.pending and not j.settled and not j.reverses]
        if not some:
            return
        key = self.rng.choice(some)
        found = self.model.journals[key]
        mirror = tuple(t._replace(debit=t.credit, credit=t.debit) for t in found.lines)
        day = max(found.day, FIRST_DAY + timedelta(days=self.rng.randrange(0, 200)))
        self.model.made += 1
        new = f"u{self.model.made}"
        allowed = not found.reversed and self.model.fits(mirror) and not self._is_closed(day)

        def after() -> None:
            found.reversed = True
            self.model.book(new, Booked(mirror, day, reverses=True))

        self._once(lambda work: ledger.reverse(work, key, new_key=new, book_on=day, reason="更正"), allowed, after, new)

    def repeat(self) -> None:
        """Send something again that was booked: the same journal answers, nothing is booked."""
        some = [k for k, j in self.model.journals.items() if j.lines and not j.reverses]
        if not some:
            return
        key = self.rng.choice(some)
        j = self.model.journals[key]
        before = self._count()
        how, answer = self.machine.try_to(
            self._act(lambda work: ledger.post(work, j.lines, key=key, book_on=j.day, pending=j.pending)), None
        )
        if how != "done" or answer.key != key or self._count() != before:
            raise ViolationError(f"{key} sent again: {how} {answer}")

    def reuse(self) -> None:
        """Use a key for something else: refused."""
        if not self.model.journals:
            return
        key = self.rng.choice(sorted(self.model.journals))
        lines = (*self.lines(1), Transfer("asset:bank:E1", "fund:E1", 77_777, "other", "x"))
        how, codes = self.machine.try_to(self._act(lambda work: ledger.post(work, lines, key=key, book_on=date(2025, 12, 1))), None)
        if how != "refused" or "ledger.key_reused" not in codes:
            raise ViolationError(f"{key} reused: {how} {codes}")
        self._compare(key)

    def astray(self) -> None:
        """Try what no rule allows: money of one envelope into another, nothing, less than nothing, to itself."""
        wrong: tuple[Any, ...] = self.rng.choice(
            (
                ("asset:bank:E1", "fund:E2", 5, "move", "r"),
                ("liability:payable:H1:E2", "asset:bank:E3", 5, "move", "r"),
                ("asset:bank:E1", "asset:bank:E1", 5, "move", "r"),
                ("asset:bank:E1", "fund:E1", 0, "move", "r"),
                ("asset:bank:E1", "fund:E1", -4, "move", "r"),
                ("asset:bank:E1", "fund:E1", 2**63, "move", "r"),
                ("nowhere", "fund:E1", 3, "move", "r"),
                ("asset:bank:E1", "fund:E1", 3, "move", "a\tb"),
            )
        )
        lines = (Transfer("asset:bank:E1", "fund:E1", 1, "move", "r"), Transfer(*wrong))
        how, _ = self.machine.try_to(
            self._act(lambda work: ledger.post(work, lines, key="astray", book_on=date(2025, 12, 1))), None
        )
        if how != "refused":
            raise ViolationError(f"{wrong}: {how}")
        self._compare("astray")

    def backward(self) -> None:
        """Act by a clock that has gone back: refused, and the next act by a right clock goes through."""
        with self.machine.office.reading() as cursor:
            cursor.execute("SELECT at FROM change ORDER BY seq DESC LIMIT 1")
            last = from_micros(cursor.fetchone()[0])
        back, lines = last - timedelta(days=self.rng.randrange(1, 4000)), self.lines(1)

        def act(office: Office) -> Any:
            with writing(office, act="sim.post", actor="u:acc", reason="模拟", at=back) as work:
                return ledger.post(work, lines, key="backward", book_on=date(2025, 12, 1))

        how, codes = self.machine.try_to(act, None)
        if how != "refused" or codes != {"records.clock"}:
            raise ViolationError(f"a clock {last - back} behind: {how} {codes}")
        self._compare("backward")

    def close(self) -> None:
        """Close the books to a day."""
        if self.rng.random() < 0.9:
            return
        day = FIRST_DAY + timedelta(days=self.rng.randrange(0, 120))
        new = self.model.closed is None or day > self.model.closed

        def closing(office: Office) -> Any:
            return ledger.close_period(office, day, actor="u:acc", at=self._at())

        def after() -> None:
            if new:
                self.model.closed = day

        self._once_office(closing, new, after, f"close/{day}")

    # ------------------------------------------------------------ doing
    def _is_closed(self, day: date) -> bool:
        return self.model.closed is not None and day <= self.model.closed

    def _at(self) -> datetime:
        """The time of the next act; the clock may leap ahead by years, or stand still."""
        self.now += self.rng.choice((timedelta(seconds=1), timedelta(0), timedelta(days=40), timedelta(microseconds=1)))
        return self.now

    def _act(self, do: Callable[[Any], Any]) -> Callable[[Office], Any]:
        at = self._at()

        def act(office: Office) -> Any:
            with writing(office, act="sim.post", actor="u:acc", reason="模拟", at=at) as work:
                return do(work)

        return act

    def _once(self, do: Callable[[Any], Any], allowed: bool, after: Callable[[], None], key: str) -> None:
        self._once_office(self._act(do), allowed, after, key)

    def _once_office(self, act: Callable[[Office], Any], allowed: bool, after: Callable[[], None], key: str) -> None:
        """Do an act that something may befall, and again until it is answered, as a client does; compare with the model."""
        kind = self.rng.choice(KINDS) if self.rng.random() < self.harm else None
        how, answer = self.machine.try_to(act, kind)
        if how == "done" and kind == "locked":
            raise ViolationError(f"{key}: two writers at once")
        if kind is not None and how != "done":
            how, answer = self.machine.try_to(act, None)
        if (how == "done") != allowed and not (key.startswith("close/") and how == "done"):
            wanted = "done" if allowed else "refused"
            raise ViolationError(f"{key} after {kind}: {how} {answer}, the model says {wanted}; {self.machine.said}")
        if allowed:
            after()
        if kind is not None or self.model.made % 8 == 0:
            self._compare(key)

    def _count(self) -> int:
        with self.machine.office.reading() as cursor:
            cursor.execute("SELECT count(*) FROM ledger_journal")
            return int(cursor.fetchone()[0])

    def _compare(self, key: str) -> None:
        """Compare every balance with the model."""
        found = ledger.trial_balance(self.machine.office)
        wanted = {a: p.debit - p.credit for a, p in self.model.pots.items()}
        if sum(found.values()) or {a: x for a, x in found.items() if x} != {a: x for a, x in wanted.items() if x}:
            raise ViolationError(f"after {key}: {found} is not {wanted}")

    def whole(self) -> None:
        """Check chain, balances and log; every journal of the model is there, once."""
        from ecoweb.records.log import verify_log

        office = self.machine.office
        faults = [*check(office), *verify_log(office)]
        if faults:
            raise ViolationError([f.say("en") for f in faults])
        keys = [j.key for j in ledger.journals(office) if not j.key.startswith("close/")]
        if sorted(keys) != sorted(self.model.journals):
            raise ViolationError(set(keys) ^ set(self.model.journals))
