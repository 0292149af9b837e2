"""Histories of payment runs against a bank that pays whatever it is sent: nothing lost, nothing twice, nobody paid wrongly."""

from __future__ import annotations

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.simulator.faults import KINDS, Machine, ViolationError
from tests.treasury.pay_world import YEAR, Claim, World, bundle, officer

from ecocomp.payments.bank_return import Result
from ecoweb.office import Office
from ecoweb.treasury import payments
from ecoweb.treasury.ledger_check import check
from ecoweb.treasury.payments import Act

HOLDERS = tuple(f"H{n}" for n in range(1, 7))
ENVELOPES = ("E1", "E2", "E3")


class Bank:
    """A bank without any care: each file it gets it pays, line by line, as often as it gets it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.paid: Counter[tuple[str, int]] = Counter()
        self.truth: dict[tuple[str, int], str] = {}
        self.fen: dict[tuple[str, int], int] = {}

    def takes(self, batch: str, lines: dict[int, int]) -> None:
        """Take a file and pay its lines, but for those it fails."""
        for no, fen in lines.items():
            outcome = self.rng.choice(("paid", "paid", "paid", "failed"))
            self.truth[batch, no], self.fen[batch, no] = outcome, fen
            if outcome == "paid":
                self.paid[batch, no] += 1

    def says(self, batch: str) -> list[Result]:
        """Answer some lines: some never, some as not known, some twice, some wrong in sum, number or batch."""
        rows = []
        for (b, no), outcome in self.truth.items():
            if b != batch or self.rng.random() < 0.15:
                continue
            said = "unknown" if self.rng.random() < 0.15 else outcome
            rows.append(Result(len(rows) + 2, b, no, self.fen[b, no], said))
            if self.rng.random() < 0.1:
                rows.append(Result(len(rows) + 2, b, no, self.fen[b, no], said))
        for wrong in (Result(900, batch, 1, 1, "paid"), Result(901, batch, 9999, 5, "paid"), Result(902, "B-none-1", 1, 5, "paid")):
            if self.rng.random() < 0.2:
                rows.append(wrong)
        self.rng.shuffle(rows)
        return rows


class History:
    """One payment run from the bundle to the end of its last batch."""

    def __init__(self, folder: Path, seed: int, acts: int, *, harm: float = 0.3) -> None:
        self.rng, self.harm, self.rounds = random.Random(seed), harm, max(2, acts // 25)
        self.machine, self.bank = Machine(folder, self.rng), Bank(self.rng)
        self.room = tempfile.TemporaryDirectory(prefix="sim-")
        self.claims: dict[tuple[str, str], Claim] = {}

    def run(self) -> None:
        """Run it to the end and compare bank, books and rows."""
        try:
            self._run()
        finally:
            self.machine.office.close()
            self.room.cleanup()

    def _run(self) -> None:
        self.world = World(self.machine.office, Path(self.room.name), HOLDERS)
        self.world.load("officer", [officer("u:supervisor", "P-supervisor", "supervisor")])
        self.world.wait(days=3)
        self._take(self._draw(self.rng.randrange(4, 14)))
        self.do(lambda o, a: payments.give_notice(o, YEAR, a), "maker")
        self.world.wait(days=9)
        for _ in range(self.rounds):
            self._round()
            if self.rng.random() < 0.2:
                self._more()
        for _ in range(6):
            if not self._open():
                break
            self._round(calm=True)
        self._whole()

    # ------------------------------------------------------------ acts
    def _draw(self, n: int) -> list[Claim]:
        out = []
        for i in range(n):
            part = {e: self.rng.randrange(1, 90_000) for e in self.rng.sample(ENVELOPES, self.rng.randrange(1, 4))}
            out.append(Claim(self.rng.choice(HOLDERS), f"p{len(self.claims) + i}", part))
        return out

    def _take(self, claims: list[Claim]) -> None:
        self.claims |= {(c.holder, c.parcel): c for c in claims}
        place = bundle(Path(self.room.name), list(self.claims.values()))
        self.do(lambda o, a: payments.take_in(o, place, a), "maker")
        if self.rng.random() < 0.5:
            _, again = self.do(lambda o, a: payments.take_in(o, place, a), "maker")
            if not again.again:
                raise ViolationError("a bundle was taken in twice")

    def _more(self) -> None:
        """A later calculation of the same year owes more people: only they are added."""
        self._take(self._draw(self.rng.randrange(1, 4)))
        self.do(lambda o, a: payments.give_notice(o, YEAR, a), "maker", may_refuse=True)
        self.world.wait(days=9)

    def _round(self, *, calm: bool = False) -> None:
        """One batch, with attempts to skip a step, to act in two roles, to send again."""
        how, made = self.do(lambda o, a: payments.make_batch(o, a), "maker", key=True, may_refuse=True)
        if how == "done":
            name = made.batch_id
            for step, role in ((payments.check_batch, "checker"), (payments.approve_batch, "approver")):
                self._mischief(name)
                self.do(lambda o, a, step=step: step(o, name, a), role)
            if not calm and self.rng.random() < 0.1:
                self.do(lambda o, a: payments.cancel_batch(o, name, a), "maker", may_refuse=True)
                return
            _, written = self.do(lambda o, a: payments.write_file(o, name, a), "releaser")
            copy = Path(self.room.name) / f"{name}.copy"
            copy.write_bytes(written.path.read_bytes())
            self._mischief(name)
            self.do(lambda o, a: payments.compare_copy(o, name, copy, a), "releaser")
            self.do(lambda o, a: payments.release(o, name, a), "releaser")
            self.bank.takes(name, self._lines(name))
        for batch in sorted({b for b, _ in self.bank.truth}):
            if calm or self.rng.random() < 0.7:
                self._answer(batch, final=calm or self.rng.random() < 0.3)
        self._resolve()
        self.world.wait(days=self.rng.randrange(0, 15))

    def _mischief(self, name: str) -> None:
        """Things nobody may do: each is refused and changes nothing."""
        before = self._fingerprint()
        tries: tuple[tuple[Callable[[Office, Act], Any], str], ...] = (
            (lambda o, a: payments.release(o, name, a), "releaser"),
            (lambda o, a: payments.approve_batch(o, name, a), "maker"),
            (lambda o, a: payments.check_batch(o, name, a), "u:nobody"),
            (lambda o, a: payments.archive(o, name, a), "reconciler"),
        )
        act, role = self.rng.choice(tries)
        who = self.world.act(role)
        how, _ = self.machine.try_to(lambda o: act(o, who), None)
        self.world.office = self.machine.office
        if how != "refused" or self._fingerprint() != before:
            raise ViolationError(f"{name}: {role} went through")

    def _answer(self, batch: str, *, final: bool) -> None:
        rows = self.bank.says(batch)
        if not rows and not final:
            return
        total = sum(r.amount_fen for r in rows) if self.rng.random() < 0.1 else None
        for _ in range(self.rng.randrange(1, 3)):
            self.do(lambda o, a: payments.post_return(o, batch, rows, total, a, final=final), "reconciler", may_refuse=True)

    def _resolve(self) -> None:
        """What is not known is settled by the bank's statement and two persons; what failed is issued again."""
        for batch, line in self.world.sql(
            "SELECT DISTINCT b.batch_id, p.line FROM pay_state s JOIN pay_slip p ON p.row = s.row AND p.batch = s.batch"
            " JOIN pay_batch b ON b.seq = p.batch WHERE s.state = 'unknown'"
        ):
            truth = self.bank.truth[batch, line]
            how, number = self.do(
                lambda o, a, b=batch, n=line, t=truth: payments.propose(o, "resolve", f"{b}/{n}", t, a),
                "reconciler",
                may_refuse=True,
            )
            if how == "done":
                self.do(lambda o, a, n=number: payments.confirm(o, n, a), "supervisor")
        for (batch,) in self.world.sql(
            "SELECT DISTINCT b.batch_id FROM pay_state s JOIN pay_slip p ON p.row = s.row JOIN pay_batch b ON b.seq = p.batch"
            " WHERE s.state = 'failed'"
        ):
            self.do(lambda o, a, b=batch: payments.reissue(o, b, a), "maker", may_refuse=True)

    # ------------------------------------------------------------ doing
    def do(self, act: Callable[[Office, Act], Any], role: str, *, key: bool = False, may_refuse: bool = False) -> tuple[str, Any]:
        """Do an act that something may befall, and again with the same key until it is answered, as a client does."""
        who = self.world.act(role, key=f"k{self.world.now.isoformat()}" if key else None)
        kind = self.rng.choice(KINDS) if self.rng.random() < self.harm else None
        how, answer = self.machine.try_to(lambda o: act(o, who), kind)
        if kind is not None and how != "done":
            how, answer = self.machine.try_to(lambda o: act(o, who), None)
        self.world.office = self.machine.office
        if how == "refused" and not may_refuse:
            raise ViolationError(f"{role} after {kind}: {answer} {self.machine.said}")
        self._cheap()
        return how, answer

    def _lines(self, name: str) -> dict[int, int]:
        return dict(
            self.world.sql("SELECT l.no, l.amount_fen FROM pay_line l JOIN pay_batch b ON b.seq = l.batch WHERE b.batch_id = %s", [name])
        )  # fmt: skip

    def _open(self) -> bool:
        return any(s not in ("paid", "cancelled", "reissued") for s, _ in self.world.states().values())

    def _fingerprint(self) -> Any:
        return self.world.states(), self.world.books(), self.world.sql("SELECT count(*) FROM change")

    def _cheap(self) -> None:
        """Tests after every act: the books add up to nothing, no claim is paid beyond what is owed."""
        if sum(self.world.books().values()):
            raise ViolationError("the books do not add up")

    def _whole(self) -> None:
        """Compare what the bank has paid, what the books say and what the rows say."""
        from ecoweb.records.log import verify_log

        office, sql = self.machine.office, self.world.sql
        twice = {k: n for k, n in self.bank.paid.items() if n > 1}
        slips = sql(
            "SELECT b.batch_id, p.line, r.holder_id, r.parcel_id, r.amount_fen, s.state, s.batch, p.batch FROM pay_slip p"
            " JOIN pay_batch b ON b.seq = p.batch JOIN pay_row r ON r.seq = p.row JOIN pay_state s ON s.row = r.seq"
        )
        got: dict[tuple[str, str], int] = defaultdict(int)
        for batch, line, holder, parcel, fen, *_ in slips:
            got[holder, parcel] += fen * self.bank.paid[batch, line]
        owed = {k: sum(c.sources.values()) for k, c in self.claims.items()}
        over = {k: (got[k], owed.get(k, 0)) for k in got if got[k] > owed.get(k, 0)}
        said = defaultdict(int)
        for holder, parcel, fen in sql(
            "SELECT r.holder_id, r.parcel_id, r.amount_fen FROM pay_row r JOIN pay_state s ON s.row = r.seq WHERE s.state = 'paid'"
        ):
            said[holder, parcel] += fen
        differs = {k: (said[k], got[k]) for k in set(said) | set(got) if said[k] != got[k]}
        books = self.world.books()
        left = -sum(x for a, x in books.items() if a.startswith("liability:payable:"))
        if twice or over or differs or left != sum(owed.values()) - sum(said.values()):
            raise ViolationError(f"twice {twice}, over {over}, rows and bank {differs}, left {left} of {sum(owed.values())}")
        faults = [*check(office), *verify_log(office)]
        if faults:
            raise ViolationError([f.say("en") for f in faults])
