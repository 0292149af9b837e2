"""Rows of payment: a later calculation never pays twice, a split loses nothing, netting never goes below zero."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.ledger.watch import overdue, spells
from ecocomp.payments.flow import MOVES, STATES, STEPS, order_faults
from ecocomp.payments.payable import Standing, arrears_fen_days, difference, divide, net

ENVELOPES = st.dictionaries(st.sampled_from(["E1", "E2", "E3"]), st.integers(1, 10_000), max_size=3)
STATE = st.sampled_from(["ready", "held", "in_file", "sent", "paid", "failed", "unknown"])


@given(st.lists(st.tuples(STATE, ENVELOPES.filter(bool)), max_size=4), ENVELOPES)
def test_after_a_difference_the_rows_come_to_what_is_wanted(rows: list[tuple[str, dict[str, int]]], wanted: dict[str, int]) -> None:
    standing = [Standing(i, s, x) for i, (s, x) in enumerate(rows)]
    found = difference(standing, wanted, "ready")
    left = [s for s in standing if s.row not in found.cancel]
    total = sum(sum(s.sources.values()) for s in left) + sum(a.amount_fen for a in found.add)
    assert total == sum(wanted.values())
    committed = {s.row for s in standing if s.state not in ("ready", "held")}
    assert not committed & set(found.cancel)
    assert all((a.amount_fen < 0) == (a.kind == "clawback") for a in found.add)
    assert all(x > 0 for a in found.add if a.kind != "clawback" for x in a.sources.values())
    paid = sum(sum(s.sources.values()) for s in standing if s.row in committed)
    more = sum(a.amount_fen for a in found.add if a.amount_fen > 0) + sum(
        sum(s.sources.values()) for s in left if s.row not in committed
    )
    assert paid + more <= max(paid, sum(wanted.values()))
    if not found.moved:
        sums: dict[str, int] = {}
        for sources in [*(s.sources for s in left), *(a.sources for a in found.add)]:
            for e, x in sources.items():
                sums[e] = sums.get(e, 0) + x
        assert {e: x for e, x in sums.items() if x} == wanted


@given(st.lists(st.tuples(STATE, ENVELOPES.filter(bool)), max_size=4), ENVELOPES)
def test_a_calculation_told_twice_changes_nothing(rows: list[tuple[str, dict[str, int]]], wanted: dict[str, int]) -> None:
    standing = [Standing(i, s, x) for i, (s, x) in enumerate(rows)]
    found = difference(standing, wanted, "ready")
    kept = [s for s in standing if s.row not in found.cancel]
    kept += [Standing(100 + i, "held" if a.kind == "clawback" else "ready", a.sources) for i, a in enumerate(found.add)]
    again = difference(kept, wanted, "ready")
    before = sum(sum(s.sources.values()) for s in kept)
    after = sum(sum(s.sources.values()) for s in kept if s.row not in again.cancel) + sum(a.amount_fen for a in again.add)
    assert before == after == sum(wanted.values())
    if not found.moved:
        assert (again.cancel, again.add) == ([], [])


@given(ENVELOPES, st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_a_split_loses_nothing_and_leaves_nobody_below_zero(sources: dict[str, int], weights: list[int]) -> None:
    shares = {f"H{i}": Fraction(x, sum(weights)) for i, x in enumerate(weights)}
    made = divide(sources, shares)
    for envelope, fen in sources.items():
        assert sum(p.get(envelope, 0) for p in made.values()) == fen
    assert all(x > 0 for p in made.values() for x in p.values())


def test_shares_that_are_not_one_are_refused() -> None:
    for shares in ({"a": Fraction(1, 2)}, {"a": Fraction(3, 2), "b": Fraction(-1, 2)}):
        with pytest.raises(ValueError, match="shares"):
            divide({"E1": 1}, shares)


@given(ENVELOPES, ENVELOPES)
def test_netting_stays_in_its_envelope_and_never_goes_below_zero(owed: dict[str, int], back: dict[str, int]) -> None:
    left = net(owed, back)
    if left is None:
        assert any(x > owed.get(e, 0) for e, x in back.items())
    else:
        assert all(x > 0 for x in left.values())
        assert sum(left.values()) == sum(owed.values()) - sum(back.values())


@given(st.integers(1, 1000), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 400)), max_size=4), st.integers(10, 60))
def test_arrears_are_the_sum_of_each_day(due: int, paid: list[tuple[int, int]], until: int) -> None:
    by_day = sum(max(0, due - sum(x for d, x in paid if d <= day)) for day in range(11, until + 1))
    assert arrears_fen_days(due, 10, paid, until) == by_day


def test_every_state_can_be_reached_and_every_step_follows_one() -> None:
    assert {s for pair in MOVES for s in pair} == set(STATES)
    taken: list[str] = []
    for step in [s for s in STEPS if s != "cancelled"]:
        later = [s for s in STEPS if s not in taken and s not in (step, "cancelled")]
        assert all(order_faults("B", s, taken) for s in later)
        assert order_faults("B", step, taken) == []
        taken.append(step)
    assert order_faults("B", "cancelled", taken)


def test_arrears_are_counted_as_the_watch_of_the_books_counts_them() -> None:
    """Due on day 40, 60 paid on day 45, 40 on day 50: days 41 to 44 at 100, 45 to 49 at 40."""
    first = date(2025, 1, 1)
    moves = [(first, 100, 0), (first + timedelta(45), 0, 60), (first + timedelta(50), 0, 40)]
    until = first + timedelta(60)
    watched = sum(s.fen_days for s in spells("arrears", "", "", overdue(moves, 40, until), until))
    start = first.toordinal()
    assert watched == arrears_fen_days(100, start + 40, [(start + 45, 60), (start + 50, 40)], start + 60) == 4 * 100 + 5 * 40
