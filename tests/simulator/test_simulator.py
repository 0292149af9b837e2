"""Histories under faults on both databases, and proof that the simulator sees what it is there to see."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.office.conftest import Offices, offices, postgres, templates
from tests.simulator import ledgers, payments
from tests.simulator.faults import Machine, ViolationError

from ecoweb.treasury import ledger

__all__ = ["offices", "postgres", "templates"]


@pytest.mark.parametrize("seed", range(8))
def test_a_history_of_the_ledger_loses_nothing_and_doubles_nothing(offices: Offices, seed: int) -> None:
    history = ledgers.History(offices.fresh()[0], seed, 120)
    history.run()
    assert history.machine.tally["done"] > 20


@pytest.mark.parametrize("seed", range(4))
def test_a_payment_run_pays_each_claim_once(offices: Offices, seed: int) -> None:
    history = payments.History(offices.fresh()[0], seed, 60)
    history.run()
    assert sum(history.bank.paid.values()) > 0


def test_over_a_few_histories_everything_that_can_befall_has_befallen(offices: Offices) -> None:
    tally: Counter[str] = Counter()
    for seed in range(100, 104):
        history = ledgers.History(offices.fresh()[0], seed, 120, harm=0.8)
        history.run()
        tally += history.machine.tally
    for kind in ("killed.before", "killed.after", "killed.commit_before", "killed.commit_after", "locked", "refused.disk_full"):
        assert tally[kind], tally


def test_one_seed_is_one_history(offices: Offices) -> None:
    first, second = (ledgers.History(offices.fresh()[0], 7, 60) for _ in range(2))
    first.run()
    second.run()
    assert first.machine.tally == second.machine.tally
    assert first.model == second.model


# ---------------------------------------------------------------- what it must see
def violated(history: Any) -> None:
    """Run a history that must not come to its end."""
    with pytest.raises(ViolationError):
        history.run()


def test_it_sees_a_database_that_forgets_what_it_confirmed(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    befalling = Machine._at_commit

    def forgetful(self: Machine, *, late: bool) -> Any:
        if late:
            connection: Any = self.office.connection
            connection._commit = connection._rollback
            self.rng.random()
            return _after(lambda: connection.__dict__.pop("_commit", None))
        return befalling(self, late=late)

    monkeypatch.setattr(Machine, "_at_commit", forgetful)
    violated(ledgers.History(offices.fresh()[0], 3, 400, harm=0.8))


class _after:
    """Do something when a block ends."""

    def __init__(self, do: Any) -> None:
        self.do = do

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        self.do()


def test_it_sees_a_ledger_that_forgets_its_keys(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    post = ledger.post

    def careless(work: Any, lines: Any, *, key: str, **more: Any) -> Any:
        work.cursor.execute("SELECT count(*) FROM ledger_journal")
        return post(work, lines, key=f"{key}-{work.cursor.fetchone()[0]}", **more)

    monkeypatch.setattr(ledgers.ledger, "post", careless)
    violated(ledgers.History(offices.fresh()[0], 5, 200))


def test_it_sees_a_file_that_is_sent_twice(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    takes = payments.Bank.takes

    def twice(self: payments.Bank, batch: str, lines: dict[int, int]) -> None:
        takes(self, batch, lines)
        for key, outcome in self.truth.items():
            self.paid[key] += key[0] == batch and outcome == "paid"

    monkeypatch.setattr(payments.Bank, "takes", twice)
    violated(payments.History(offices.fresh()[0], 1, 60))
