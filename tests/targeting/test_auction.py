"""Reverse auctions: payments by hand, and what must hold for every auction."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.targeting.auction import Bid, Outcome, Terms, bids_of, hold
from ecocomp.terms.faults import FaultsError, UsageError


def bid(id: str, yuan: int, score: int = 1, bidder: str = "", region: str = "", ground: str = "", received: str = "") -> Bid:
    return Bid(id, bidder or id, yuan * 100, Fraction(score), Fraction(1), region, ground, received)


FOUR = [bid("a", 10), bid("b", 20), bid("c", 30), bid("d", 40)]


def paid(o: Outcome) -> dict[str, int]:
    return {b.id: p // 100 for b, p in zip(o.order, o.paid_fen, strict=True)}


def test_each_is_paid_as_bid() -> None:
    o = hold(FOUR, Terms(budget_fen=7_000, rule="discriminative"))
    assert paid(o) == {"a": 10, "b": 20, "c": 30, "d": 0}
    assert o.facts()["paid_fen"] == 6_000


def test_a_smaller_bid_behind_one_that_does_not_fit_is_still_taken_as_bid() -> None:
    o = hold([bid("a", 10, 10), bid("b", 80, 40), bid("c", 30, 10)], Terms(budget_fen=5_000, rule="discriminative"))
    assert paid(o) == {"a": 10, "b": 0, "c": 30}


def test_all_winners_get_the_price_of_the_first_refused() -> None:
    o = hold(FOUR, Terms(budget_fen=7_000))
    assert paid(o) == {"a": 30, "b": 30, "c": 0, "d": 0}
    assert (o.price, o.set_by) == (Fraction(3_000), "c")


def test_the_budget_bounds_the_one_price() -> None:
    o = hold(FOUR, Terms(budget_fen=10_000))
    assert o.price == Fraction(10_000, 3)
    assert o.set_by == "budget"
    assert o.paid_fen == [3_333, 3_333, 3_333, 0]


def test_the_other_option_pays_the_last_accepted_price() -> None:
    o = hold(FOUR, Terms(budget_fen=10_000, price="last_accepted"))
    assert paid(o) == {"a": 30, "b": 30, "c": 30, "d": 0}


def test_a_quantity_sought_ends_the_auction() -> None:
    o = hold(FOUR, Terms(quantity=Fraction(2)))
    assert paid(o) == {"a": 30, "b": 30, "c": 0, "d": 0}
    assert o.result == ["accepted", "accepted", "target", "behind"]


def test_the_reserve_refuses_and_bounds_the_price() -> None:
    o = hold(FOUR, Terms(quantity=Fraction(9), reserve_fen=Fraction(2_500)))
    assert o.result == ["accepted", "accepted", "reserve", "reserve"]
    assert paid(o) == {"a": 25, "b": 25, "c": 0, "d": 0}
    assert o.set_by == "reserve"


def test_without_a_refused_bid_and_a_reserve_the_last_price_counts() -> None:
    o = hold(FOUR[:2], Terms(budget_fen=100_000))
    assert paid(o) == {"a": 20, "b": 20}


def test_scores_rank_the_bids_and_share_the_price() -> None:
    o = hold([bid("a", 100, 50), bid("b", 90, 30), bid("c", 80, 20)], Terms(budget_fen=30_000))
    assert [b.id for b in o.order] == ["a", "b", "c"]
    assert o.price == Fraction(30_000, 80)
    assert paid(o) == {"a": 187, "b": 112, "c": 0}


def test_caps_of_bidders_regions_and_grounds() -> None:
    bids = [
        bid("a", 1, bidder="x", region="N"),
        bid("b", 2, bidder="x", region="N"),
        bid("c", 3, region="N"),
        bid("d", 4, region="S", ground="g"),
        bid("e", 5, region="S", ground="g"),
    ]
    o = hold(bids, Terms(budget_fen=100_000, rule="discriminative", most_per_bidder=1, most_per_region=2))
    assert o.result == ["accepted", "bidder_cap", "accepted", "accepted", "ground"]
    one = hold(bids, Terms(budget_fen=100_000, rule="discriminative", most_per_region=1))
    assert one.result == ["accepted", "region_cap", "region_cap", "accepted", "ground"]


def test_ties_follow_the_stated_rule() -> None:
    bids = [bid("b", 10, received="2026-01-02"), bid("a", 10, received="2026-01-03"), bid("c", 10, received="2026-01-01")]
    order = lambda terms: [b.id for b in hold(bids, terms).order]  # noqa: E731
    assert order(Terms(budget_fen=1_000)) == ["a", "b", "c"]
    assert order(Terms(budget_fen=1_000, ties="received")) == ["c", "b", "a"]
    drawn = order(Terms(budget_fen=1_000, ties="lot", seed="s1"))
    assert drawn == order(Terms(budget_fen=1_000, ties="lot", seed="s1"))
    assert len({tuple(order(Terms(budget_fen=1_000, ties="lot", seed=str(k)))) for k in range(40)}) > 2


bids_drawn = st.lists(
    st.tuples(st.integers(1, 60), st.integers(1, 6), st.sampled_from("NS"), st.sampled_from("xyz")), min_size=1, max_size=8
).map(lambda rows: [bid(f"b{i}", yuan, score, who + str(i % 3), region) for i, (yuan, score, region, who) in enumerate(rows)])
terms_drawn = st.builds(
    Terms,
    budget_fen=st.integers(0, 30_000),
    quantity=st.none() | st.integers(0, 5).map(Fraction),
    rule=st.sampled_from(["uniform", "discriminative"]),
    price=st.sampled_from(["first_rejected", "last_accepted"]),
    reserve_fen=st.none() | st.integers(1, 4_000).map(Fraction),
    most_per_bidder=st.none() | st.integers(1, 2),
    most_per_region=st.none() | st.integers(1, 3),
)


@settings(max_examples=300, deadline=None)
@given(bids_drawn, terms_drawn)
def test_no_winner_gets_less_than_the_bid_and_the_budget_holds(bids: list[Bid], terms: Terms) -> None:
    o = hold(bids, terms)
    assert sum(o.paid_fen) <= (terms.budget_fen or 0)
    for b, result, fen in zip(o.order, o.result, o.paid_fen, strict=True):
        assert (fen >= b.fen) if result == "accepted" else fen == 0
        if o.price is not None and result == "accepted":
            assert fen == o.price * b.score // 1
            assert terms.reserve_fen is None or o.price <= terms.reserve_fen


@settings(max_examples=300, deadline=None)
@given(bids_drawn, terms_drawn, st.integers(0, 7), st.integers(1, 100))
def test_a_loser_who_asks_more_never_lowers_what_others_get(bids: list[Bid], terms: Terms, which: int, more: int) -> None:
    o = hold(bids, terms)
    losers = [b for b, r in zip(o.order, o.result, strict=True) if r != "accepted"]
    if not losers:
        return
    loser = losers[which % len(losers)]
    again = hold([replace(b, fen=b.fen + more * 100) if b.id == loser.id else b for b in bids], terms)
    then = {b.id: fen for b, fen in zip(again.order, again.paid_fen, strict=True)}
    for b, fen in zip(o.order, o.paid_fen, strict=True):
        assert b.id == loser.id or then[b.id] >= fen


@settings(max_examples=300, deadline=None)
@given(bids_drawn, terms_drawn, st.integers(0, 7), st.integers(1, 59))
def test_a_winner_who_asks_less_still_wins(bids: list[Bid], terms: Terms, which: int, less: int) -> None:
    won = hold(bids, terms).winners
    if not won:
        return
    winner = won[which % len(won)]
    cheaper = [replace(b, fen=max(100, b.fen - less * 100)) if b.id == winner.id else b for b in bids]
    assert winner.id in {b.id for b in hold(cheaper, terms).winners}


@settings(max_examples=200, deadline=None)
@given(bids_drawn, terms_drawn, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(bids: list[Bid], terms: Terms, random: object) -> None:
    other = list(bids)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert hold(other, terms).rows() == hold(bids, terms).rows()


def bids_table(**columns: list[str]) -> pa.Table:
    return pa.table(columns)


def test_bids_are_never_rounded_for_the_bidder() -> None:
    t = bids_table(id=["a", "b"], bid_yuan=["100.005", "103"])
    with pytest.raises(FaultsError, match=r"100\.005"):
        bids_of(t, "bids.csv")
    with pytest.raises(FaultsError) as error:
        bids_of(bids_table(id=["a", "b"], bid_yuan=["100", "103"]), "bids.csv", step_yuan=Decimal(5))
    assert [(f.code, f.record) for f in error.value.faults] == [("auction.step", "row 2 b")]


def test_wrong_bids_are_faults_all_at_once() -> None:
    t = bids_table(id=["a", "", "c", "d"], bid_yuan=["nan", "0", "-3", "7"], score=["1", "2", "inf", "0"])
    with pytest.raises(FaultsError) as error:
        bids_of(t, "bids.csv")
    assert len(error.value.faults) >= 5
    with pytest.raises(FaultsError, match="2"):
        hold([bid("a", 1), bid("a", 2)], Terms(budget_fen=100))


def test_what_looks_like_collusion_is_a_warning() -> None:
    same = [bid(f"b{i}", 500, bidder=f"h{i}") for i in range(6)]
    found = {f.code for f in hold([*same, bid("z", 700)], Terms(budget_fen=100_000)).faults}
    assert found == {"auction.alike", "auction.round"}
    twice = hold([bid("a", 3, bidder="x", ground="g"), bid("b", 4, bidder="x", ground="g")], Terms(budget_fen=1_000))
    assert [f.code for f in twice.faults] == ["auction.several"]


@pytest.mark.parametrize(
    "terms",
    [
        Terms(),
        Terms(budget_fen=1, rule="english"),
        Terms(budget_fen=1, ties="luck"),
        Terms(budget_fen=-1),
        Terms(budget_fen=1, reserve_fen=Fraction(0)),
    ],
)
def test_terms_that_cannot_work_are_refused(terms: Terms) -> None:
    with pytest.raises(UsageError):
        hold(FOUR, terms)


def test_a_file_of_bids_is_read(tmp_path: Path) -> None:
    from ecocomp.targeting.auction import read_bids

    path = tmp_path / "bids.csv"
    path.write_text("id,bid_yuan,score,bidder\nA,12.50,2.5,h1\nB,9,1,h2\n", encoding="utf-8")
    assert [(b.id, b.fen, b.score, b.bidder) for b in read_bids(path)] == [
        ("A", 1250, Fraction(5, 2), "h1"),
        ("B", 900, Fraction(1), "h2"),
    ]
