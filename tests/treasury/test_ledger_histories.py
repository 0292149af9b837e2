"""Random histories of a ledger against a model kept in plain Python: nothing lost, nothing twice, no limit passed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ecocomp.ledger.accounts import read_name
from ecocomp.terms.faults import FaultsError
from ecoweb.office import Office
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger_check import check

from .books import T, act

NAMES = ["asset:bank:E1", "fund:E1", "asset:transit:E1", "liability:payable:H1:E1", "liability:payable:H2:E1", "asset:bank:E2",
         "fund:E2", "liability:payable:H1:E2", "claim:forest", "liability:owed:H1", "liability:interest:treasury:E1"]  # fmt: skip
START = date(2025, 1, 1)
ROWS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(1, 60), st.sampled_from(["grant", "payment", "reallocation", "interest", "lapse", "allocation", "escrow", "release"]),
              st.sampled_from(["", "文1"])),
    min_size=1, max_size=4,
)  # fmt: skip
DAYS = st.integers(0, 300)


def side(name: str) -> int:
    account = read_name(name)
    assert account is not None
    return account.family.side


def envelope(name: str) -> str:
    account = read_name(name)
    assert account is not None
    return account.envelope


class History(RuleBasedStateMachine):
    """The ledger of an office beside a dictionary."""

    make: Callable[[], Office]

    def __init__(self) -> None:
        super().__init__()
        self.office = type(self).make()
        self.posted: dict[str, int] = dict.fromkeys(NAMES, 0)
        self.aside: dict[str, list[int]] = {n: [0, 0] for n in NAMES}
        self.journals: dict[str, tuple[Any, ...]] = {}
        self.pending: dict[str, list[tuple[str, str, int, str, str]]] = {}
        self.undone: set[str] = set()
        self.closed: date | None = None
        self.closes: set[date] = set()
        self.n = 0
        self.book("seed", [("asset:bank:E1", "fund:E1", 500, "grant", ""), ("asset:bank:E2", "fund:E2", 300, "grant", "")], START)

    def allowed(self, moves: dict[str, int], aside: dict[str, list[int]]) -> bool:
        """Whether the limits hold afterwards."""
        for name in NAMES:
            now = self.posted[name] + moves.get(name, 0)
            d, c = (a + b for a, b in zip(self.aside[name], aside.get(name, [0, 0]), strict=True))
            free = now - c if side(name) == 1 else -now - d
            if not name.startswith("claim") and free < 0:
                return False
        return all(sum(self.posted[n] + moves.get(n, 0) for n in NAMES if envelope(n) == e) >= 0 for e in ("E1", "E2"))

    def fits(self, rows: list[tuple[str, str, int, str, str]], day: date) -> bool:
        for debit, credit, _, kind, reference in rows:
            a, b = envelope(debit), envelope(credit)
            if debit == credit or (a and b and a != b and not (kind == "reallocation" and reference)):
                return False
            if kind == "interest" and (a != b or not a):
                return False
        return self.closed is None or day > self.closed

    def book(self, key: str, rows: list[tuple[str, str, int, str, str]], day: date, pending: bool = False) -> bool:
        moves: dict[str, int] = {}
        aside: dict[str, list[int]] = {}
        for debit, credit, fen, _, _ in rows:
            for name, sign, i in ((debit, 1, 0), (credit, -1, 1)):
                if pending:
                    aside.setdefault(name, [0, 0])[i] += fen
                else:
                    moves[name] = moves.get(name, 0) + sign * fen
        right = self.fits(rows, day) and self.allowed(moves, aside)
        try:
            act(self.office, lambda w: ledger.post(w, [T(*r) for r in rows], key=key, book_on=day, pending=pending))
        except FaultsError as stop:
            assert not right, stop
            return False
        assert right, (rows, day)
        self.apply(moves, aside)
        self.journals[key] = (rows, day, pending)
        if pending:
            self.pending[key] = rows
        return True

    def apply(self, moves: dict[str, int], aside: dict[str, list[int]]) -> None:
        for name, fen in moves.items():
            self.posted[name] += fen
        for name, (d, c) in aside.items():
            self.aside[name][0] += d
            self.aside[name][1] += c

    @rule(rows=ROWS, day=DAYS, pending=st.booleans())
    def post(self, rows: list[tuple[str, str, int, str, str]], day: int, pending: bool) -> None:
        self.n += 1
        self.book(f"k{self.n}", rows, START + timedelta(day), pending)

    @rule(data=st.data())
    def post_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.journals)))
        rows, day, pending = self.journals[key]
        before = len(ledger.journals(self.office))
        act(self.office, lambda w: ledger.post(w, [T(*r) for r in rows], key=key, book_on=day, pending=pending))
        assert len(ledger.journals(self.office)) == before
        with pytest.raises(FaultsError):
            act(self.office, lambda w: ledger.post(w, [T(*r) for r in rows], key=key, book_on=day, memo="other", pending=pending))

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), move=st.booleans())
    def settle(self, data: st.DataObject, move: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.pending)))
        rows = self.pending[key]
        day = self.journals[key][1]
        moves: dict[str, int] = {}
        aside: dict[str, list[int]] = {}
        for debit, credit, fen, _, _ in rows:
            for name, sign, i in ((debit, 1, 0), (credit, -1, 1)):
                aside.setdefault(name, [0, 0])[i] -= fen
                if move:
                    moves[name] = moves.get(name, 0) + sign * fen
        right = (self.closed is None or day > self.closed) and self.allowed(moves, aside)
        try:
            act(self.office, lambda w: ledger.settle_pending(w, key, post=move))
        except FaultsError as stop:
            assert not right, stop
            return
        assert right
        self.apply(moves, aside)
        del self.pending[key]

    @rule(data=st.data(), day=DAYS)
    def reverse(self, data: st.DataObject, day: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.journals)))
        rows, booked, pending = self.journals[key]
        on = START + timedelta(day)
        moves: dict[str, int] = {}
        for debit, credit, fen, _, _ in rows:
            moves[debit] = moves.get(debit, 0) - fen
            moves[credit] = moves.get(credit, 0) + fen
        right = (
            not pending
            and key not in self.undone
            and on >= booked
            and (self.closed is None or on > self.closed)
            and self.allowed(moves, {})
        )
        try:
            act(self.office, lambda w: ledger.reverse(w, key, new_key=f"{key}/r{self.n}", book_on=on, reason="r"))
        except FaultsError as stop:
            assert not right, stop
            return
        self.n += 1
        assert right
        self.undone.add(key)
        self.apply(moves, {})

    @rule(day=DAYS)
    def close(self, day: int) -> None:
        upto = START + timedelta(day // 3)
        try:
            ledger.close_period(self.office, upto, actor="u:a")
        except FaultsError:
            assert self.closed is not None
            assert upto < self.closed
            return
        if upto not in self.closes:
            assert self.closed is None or upto > self.closed
            self.closes.add(upto)
            self.closed = upto

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        found = ledger.trial_balance(self.office)
        assert sum(found.values()) == 0
        assert {n: fen for n, fen in found.items() if fen} == {n: fen for n, fen in self.posted.items() if fen}
        late = date(2026, 12, 31)
        assert {n: f for n, f in ledger.trial_balance(self.office, late).items() if f} == {n: f for n, f in found.items() if f}

    @invariant()
    def funds_close(self) -> None:
        """What an envelope began with, and what came in and went out since, is what is left of it."""
        for since in (None, START + timedelta(100)):
            for row in ledger.fund_statement(self.office, since=since).to_pylist():
                came = sum(row[f"{n}_fen"] for n in ("opening", "granted", "interest", "moved_in", "other_in"))
                went = sum(row[f"{n}_fen"] for n in ("moved_out", "lapsed", "other_out", "allocated"))
                assert came - went == row["left_fen"] == -self.posted[f"fund:{row['envelope']}"]
                lies = sum(row[f"{n}_fen"] for n in ("at_bank", "in_transit", "in_escrow"))
                assert lies == sum(self.posted[n] for n in NAMES if n.startswith("asset") and envelope(n) == row["envelope"])

    def teardown(self) -> None:
        assert check(self.office) == []
        self.office.close()


def test_any_history(offices) -> None:
    class Here(History):
        make = staticmethod(offices.new)

    few = settings(
        max_examples=25 if offices.vendor == "sqlite" else 6, stateful_step_count=20, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Here, settings=few)
