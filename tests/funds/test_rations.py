"""Every rule of sharing: sum exact, nobody above what is owed, a cut never raises anyone, order irrelevant, chains monotone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.funds.claims import Claims, floors, plain
from ecocomp.registry import entries

RULES = sorted(entries("funds.rations"))
ROW = st.tuples(st.integers(0, 30) | st.integers(0, 10**6), st.integers(0, 4), st.integers(0, 2))
ROWS = st.lists(ROW, min_size=1, max_size=12)


def share(rule: str, available: int, unmet: np.ndarray, claims: Claims) -> np.ndarray:
    some = np.flatnonzero(unmet)
    out = np.zeros_like(unmet)
    if available > 0 and len(some):
        out[some] = entries("funds.rations")[rule].module.share(available, unmet[some], claims.take(some))
    return out


def claims_of(rows: list[tuple[int, int, int]], floor: int) -> Claims:
    return plain([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], floor)


@pytest.mark.parametrize("rule", RULES)
@given(rows=ROWS, available=st.integers(0, 3 * 10**6) | st.integers(0, 60), floor=st.integers(0, 50))
@settings(max_examples=150, deadline=None)
def test_the_sum_is_what_is_there_and_nobody_gets_more_than_is_unmet(
    rule: str, rows: list[tuple[int, int, int]], available: int, floor: int
) -> None:
    claims = claims_of(rows, floor)
    given_ = share(rule, available, claims.due, claims)
    assert int(given_.sum()) == min(available, int(claims.due.sum()))
    assert (given_ >= 0).all() and (given_ <= claims.due).all()


@pytest.mark.parametrize("rule", RULES)
@given(rows=ROWS, available=st.integers(0, 3 * 10**6) | st.integers(0, 60), cut=st.integers(0, 50), floor=st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_a_cut_never_raises_anyone(rule: str, rows: list[tuple[int, int, int]], available: int, cut: int, floor: int) -> None:
    claims = claims_of(rows, floor)
    before, after = (share(rule, a, claims.due, claims) for a in (available, max(0, available - cut)))
    assert (after <= before).all()


@pytest.mark.parametrize("rule", RULES)
@given(rows=ROWS, available=st.integers(0, 3 * 10**6) | st.integers(0, 60), who=st.integers(0, 11), floor=st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_more_unmet_of_one_leaves_nobody_less_unmet(
    rule: str, rows: list[tuple[int, int, int]], available: int, who: int, floor: int
) -> None:
    """The step by which chains of envelopes are monotone: what is left over rises with what was unmet before."""
    claims = claims_of(rows, floor)
    unmet = claims.due - claims.due // 3
    more = unmet.copy()
    i = who % len(rows)
    more[i] = min(more[i] + 1, int(claims.due[i]))
    left = unmet - share(rule, available, unmet, claims)
    assert (more - share(rule, available, more, claims) >= left).all()


@pytest.mark.parametrize("rule", RULES)
@given(rows=ROWS, purses=st.lists(st.integers(0, 80), min_size=1, max_size=4), which=st.integers(0, 3), cut=st.integers(0, 20),
       ties=st.lists(st.integers(1, 2**12 - 1), min_size=4, max_size=4), floor=st.integers(0, 50))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_cut_in_one_of_a_chain_of_envelopes_raises_no_payment(
    rule: str, rows: list[tuple[int, int, int]], purses: list[int], which: int, cut: int, ties: list[int], floor: int
) -> None:
    claims = claims_of([(r[0] % 40, r[1], r[2]) for r in rows], floor)

    def paid(sums: list[int]) -> np.ndarray:
        unmet = claims.due.copy()
        for k, s in enumerate(sums):
            fits = np.array([bool(ties[k] >> i & 1) for i in range(len(rows))])
            unmet = unmet - share(rule, s, np.where(fits, unmet, 0), claims)
        return claims.due - unmet

    less = [max(0, p - cut) if k == which % len(purses) else p for k, p in enumerate(purses)]
    assert (paid(less) <= paid(purses)).all()


@given(rows=ROWS, available=st.integers(0, 3 * 10**6) | st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_equal_shares_differ_by_a_fen_at_most_among_those_who_could_take_more(
    rows: list[tuple[int, int, int]], available: int
) -> None:
    claims = claims_of(rows, 0)
    given_ = share("equal", available, claims.due, claims)
    got = {h: int(given_[claims.holder == h].sum()) for h in set(claims.holder.tolist())}
    owed = {h: int(claims.due[claims.holder == h].sum()) for h in got}
    open_ = [h for h in got if got[h] < owed[h]]
    for h in open_:
        assert all(got[h] >= got[k] - 1 for k in got)


@given(rows=ROWS, available=st.integers(0, 3 * 10**6), floor=st.integers(0, 10**5))
@settings(max_examples=150, deadline=None)
def test_everyone_has_the_floor_or_nobody_has_more_than_it(rows: list[tuple[int, int, int]], available: int, floor: int) -> None:
    claims = claims_of(rows, floor)
    given_ = share("floor_first", available, claims.due, claims)
    for h in set(claims.holder.tolist()):
        mine = claims.holder == h
        least = min(floor, int(claims.due[mine].sum()))
        assert int(claims.floor[mine].sum()) == least
        if available >= int(claims.floor.sum()):
            assert int(given_[mine].sum()) >= least
        else:
            assert (given_ <= claims.floor).all()


@given(rows=ROWS, available=st.integers(0, 3 * 10**6))
@settings(max_examples=100, deadline=None)
def test_no_later_rank_is_paid_while_an_earlier_one_is_short(rows: list[tuple[int, int, int]], available: int) -> None:
    claims = claims_of(rows, 0)
    left = claims.due - share("rank", available, claims.due, claims)
    given_ = claims.due - left
    for r in (0, 1):
        if left[claims.rank == r].sum():
            assert not given_[claims.rank > r].sum()


@given(rows=ROWS, available=st.integers(0, 2 * 10**6), order=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_numbers_of_holders_do_not_matter(rows: list[tuple[int, int, int]], available: int, order: Any) -> None:
    names = list(range(5))
    order.shuffle(names)
    one, two = claims_of(rows, 7), claims_of([(r[0], names[r[1]], r[2]) for r in rows], 7)
    for rule in RULES:
        assert share(rule, available, one.due, one).tolist() == share(rule, available, two.due, two).tolist()


def test_the_examples_of_the_rules_hold() -> None:
    for entry in entries("funds.rations").values():
        for example in entry.spec.examples:
            x: dict[str, Any] = dict(example.inputs)
            claims = plain(x["unmet"], x.get("holder"), x.get("rank"), x.get("floor_fen", 0))
            assert share(entry.spec.id, x["available"], claims.due, claims).tolist() == example.outputs["given"], entry.spec.id


def test_floors_are_split_by_what_is_owed() -> None:
    assert floors(np.array([30, 10, 50]), np.array([1, 1, 2]), 20).tolist() == [15, 5, 20]
    assert floors(np.array([3, 1]), np.array([1, 1]), 20).tolist() == [3, 1]
    assert floors(np.array([3]), np.array([1]), 0).tolist() == [0]
