"""Call auctions: most volume at one price, found as a search over every price finds it; fair, lossless, order of rows irrelevant."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.credits.auction import Clearing, Order, clear, order_faults


def order(id: str, side: str, quantity: int, price: int | None, time: int = 0, account: str = "") -> Order:
    return Order(id, account or f"{side}-{id}", side, quantity, price, time)


ORDERS = st.lists(
    st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 9), st.one_of(st.none(), st.integers(1, 12)), st.integers(0, 3)),
    min_size=0,
    max_size=9,
).map(lambda rows: [order(str(i), s, q, p, t) for i, (s, q, p, t) in enumerate(rows)])


def demand(orders: list[Order], price: int) -> int:
    return sum(o.quantity for o in orders if o.side == "buy" and (o.price is None or o.price >= price))


def supply(orders: list[Order], price: int) -> int:
    return sum(o.quantity for o in orders if o.side == "sell" and (o.price is None or o.price <= price))


def searched(orders: list[Order], reference: int | None) -> int | None:
    """The four steps over every price of the grid between the limits, written out."""
    limits = [o.price for o in orders if o.price is not None]
    if not limits:
        return reference if reference is not None and demand(orders, 1) and supply(orders, 1) else None
    grid = range(min(limits), max(limits) + 1)
    table = [(p, demand(orders, p), supply(orders, p)) for p in grid]
    most = max(min(d, s) for _, d, s in table)
    if not most:
        return None
    left = [(p, d - s) for p, d, s in table if min(d, s) == most]
    least = min(abs(x) for _, x in left)
    left = [(p, x) for p, x in left if abs(x) == least]
    if all(x > 0 for _, x in left):
        return left[-1][0]
    if all(x < 0 for _, x in left):
        return left[0][0]
    low, high = left[0][0], left[-1][0]
    if reference is not None:
        return min(max(reference, low), high)
    middle, odd = divmod(low + high, 2)
    return middle + (odd and middle % 2)


@given(ORDERS, st.one_of(st.none(), st.integers(1, 12)), st.sampled_from(["time", "pro_rata"]))
@settings(max_examples=400, deadline=None)
def test_the_price_is_the_one_a_search_over_all_prices_finds(orders: list[Order], reference: int | None, rule: str) -> None:
    found = clear(orders, reference=reference, allocation=rule)
    assert found.price == searched(orders, reference)
    if found.price is not None:
        assert found.volume == min(demand(orders, found.price), supply(orders, found.price))
    check(orders, found)


def check(orders: list[Order], found: Clearing) -> None:
    """Nothing lost, nobody gets more than asked or at a worse price, better prices first."""
    by_id = {o.id: o for o in orders}
    assert set(found.fills) == set(by_id)
    for side in ("buy", "sell"):
        assert sum(q for o, q in found.fills.items() if by_id[o].side == side) == found.volume
    assert sum(m.quantity for m in found.matches) == found.volume
    for o, q in found.fills.items():
        assert 0 <= q <= by_id[o].quantity
        assert q == sum(m.quantity for m in found.matches if o in (m.buy.id, m.sell.id))
        if q and by_id[o].price is not None:
            assert by_id[o].price >= found.price if by_id[o].side == "buy" else by_id[o].price <= found.price  # type: ignore[operator]
    for a, b in itertools.permutations(orders, 2):
        if a.side == b.side and found.price is not None and found.fills[b.id] and better(a, b):
            assert found.fills[a.id] == a.quantity


def better(a: Order, b: Order) -> bool:
    if a.price is None or b.price is None:
        return a.price is None and b.price is not None
    return a.price > b.price if a.side == "buy" else a.price < b.price


@given(ORDERS, st.one_of(st.none(), st.integers(1, 12)), st.sampled_from(["time", "pro_rata"]), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_rows_is_irrelevant(orders: list[Order], reference: int | None, rule: str, rng: random.Random) -> None:
    shuffled = orders[:]
    rng.shuffle(shuffled)
    first, second = (clear(rows, reference=reference, allocation=rule) for rows in (orders, shuffled))
    assert (first.price, first.volume, first.fills, set(first.matches)) == (
        second.price,
        second.volume,
        second.fills,
        set(second.matches),
    )


@given(ORDERS, st.one_of(st.none(), st.integers(1, 12)), st.sampled_from(["time", "pro_rata"]), st.integers(1, 6), st.data())
@settings(max_examples=400, deadline=None)
def test_raising_a_bid_never_wins_less(
    orders: list[Order], reference: int | None, rule: str, more: int, data: st.DataObject
) -> None:
    bids = [o for o in orders if o.side == "buy" and o.price is not None]
    if not bids:
        return
    one = data.draw(st.sampled_from(bids))
    assert one.price is not None
    raised = Order(one.id, one.account, one.side, one.quantity, one.price + more, one.time)
    after = clear([raised if o.id == one.id else o for o in orders], reference=reference, allocation=rule)
    assert after.fills[one.id] >= clear(orders, reference=reference, allocation=rule).fills[one.id]


def by_the_unit(orders: list[Order], side: str, price: int, volume: int) -> dict[str, int]:
    """Serve one unit after the other to the order that stands first: any price, then better price, earlier time, number."""
    got = {o.id: 0 for o in orders if o.side == side}
    for _ in range(volume):
        waiting = [o for o in orders if o.side == side and got[o.id] < o.quantity]
        waiting = [o for o in waiting if o.price is None or (o.price >= price if side == "buy" else o.price <= price)]
        sign = -1 if side == "buy" else 1
        first = min(waiting, key=lambda o: (o.price is not None, sign * (o.price or 0), o.time, o.id))
        got[first.id] += 1
    return got


@given(ORDERS, st.one_of(st.none(), st.integers(1, 12)), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_by_time_each_unit_goes_to_the_order_that_stands_first(
    orders: list[Order], reference: int | None, rng: random.Random
) -> None:
    rng.shuffle(orders)
    found = clear(orders, reference=reference)
    if found.price is not None:
        for side in ("buy", "sell"):
            got = by_the_unit(orders, side, found.price, found.volume)
            assert {o: q for o, q in found.fills.items() if o in got} == got


@given(ORDERS, st.one_of(st.none(), st.integers(1, 12)), st.integers(1, 4))
@settings(max_examples=300, deadline=None)
def test_in_proportion_only_one_level_shares_and_by_whole_lots(orders: list[Order], reference: int | None, lot: int) -> None:
    """At the margin each gets its exact share rounded to one lot or the other; nobody with more gets less."""
    orders = [Order(o.id, o.account, o.side, o.quantity * lot, o.price, o.time) for o in orders]
    found = clear(orders, reference=reference, lot=lot, allocation="pro_rata")
    for side in ("buy", "sell"):
        levels: dict[int | None, list[Order]] = {}
        for o in orders:
            if o.side == side:
                levels.setdefault(o.price, []).append(o)
        shared = 0
        for level in levels.values():
            got, whole = sum(found.fills[o.id] for o in level), sum(o.quantity for o in level)
            shared += 0 < got < whole
            for o in level:
                assert found.fills[o.id] % lot == 0
                assert abs(found.fills[o.id] * whole - got * o.quantity) < lot * whole
                assert all(
                    found.fills[p.id] <= found.fills[o.id] + (p.quantity == o.quantity) * lot
                    for p in level
                    if p.quantity <= o.quantity
                )
        assert shared <= 1


@given(ORDERS, st.one_of(st.none(), st.integers(1, 60)), st.integers(2, 5))
@settings(max_examples=300, deadline=None)
def test_on_a_coarser_grid_the_price_is_still_the_one_a_search_finds(orders: list[Order], reference: int | None, tick: int) -> None:
    """Prices in steps: the search over the steps, with the reference put on the grid (half to even, never below a step)."""
    scaled = [Order(o.id, o.account, o.side, o.quantity, None if o.price is None else o.price * tick, o.time) for o in orders]
    found = clear(scaled, reference=reference, tick=tick)
    near = None if reference is None else round(reference / tick)
    if near == 0 and not any(o.price for o in orders):
        near = 1
    expected = searched(orders, near)
    assert found.price == (None if expected is None else expected * tick)


def test_most_volume_comes_first() -> None:
    found = clear([order("a", "buy", 5, 10), order("b", "buy", 5, 8), order("c", "sell", 3, 6), order("d", "sell", 6, 8)])
    assert (found.price, found.volume, found.surplus) == (8, 9, 1)
    assert found.fills == {"a": 5, "b": 4, "c": 3, "d": 6}


def test_then_the_least_left_over_then_pressure_then_the_reference() -> None:
    # 10 trade from 7 to 9; at 7 buyers ask 14, from 8 on 10: nothing is left over from 8 to 9
    orders = [order("a", "buy", 10, 9), order("b", "buy", 4, 7), order("c", "sell", 10, 7)]
    assert clear(orders).price == 8  # between 8 and 9, half-even
    assert clear(orders, reference=9).price == 9
    assert clear(orders, reference=3).price == 8
    assert clear([order("a", "buy", 10, 9), order("c", "sell", 4, 5)]).price == 9  # only buyers left over: highest
    assert clear([order("a", "buy", 4, 9), order("c", "sell", 10, 5)]).price == 5  # only sellers: lowest
    assert [s.en for s in clear([order("a", "buy", 4, 9), order("c", "sell", 10, 5)]).steps][-1].startswith("only sellers")


def test_the_price_grid_is_kept() -> None:
    orders = [order("a", "buy", 10, 1200), order("b", "sell", 10, 900)]
    assert clear(orders, tick=100).price == 1000  # 10.5 steps, half to even
    assert clear(orders, tick=100, reference=1149).price == 1100


def test_no_trade_is_said_so() -> None:
    apart = clear([order("a", "buy", 4, 5), order("b", "sell", 4, 6)])
    assert (apart.price, apart.volume, apart.fills, apart.matches) == (None, 0, {"a": 0, "b": 0}, ())
    assert "nothing trades" in apart.steps[0].en
    assert clear([]).price is None
    assert clear([order("a", "buy", 4, 5)]).price is None
    market = [order("a", "buy", 4, None), order("b", "sell", 3, None)]
    assert clear(market).price is None
    assert (clear(market, reference=7).price, clear(market, reference=7).volume) == (7, 3)


def test_at_the_margin_by_time_or_in_proportion() -> None:
    orders = [
        order("s", "sell", 10, 5),
        order("late", "buy", 6, 5, 2),
        order("early", "buy", 6, 5, 1),
        order("top", "buy", 4, 6, 9),
    ]
    assert clear(orders).fills == {"s": 10, "late": 0, "early": 6, "top": 4}
    assert clear(orders, allocation="pro_rata").fills == {"s": 10, "late": 3, "early": 3, "top": 4}
    lots = [order("s", "sell", 50, 5), order("x", "buy", 40, 5), order("y", "buy", 40, 5), order("z", "buy", 20, 5)]
    assert clear(lots, allocation="pro_rata", lot=10).fills == {"s": 50, "x": 20, "y": 20, "z": 10}


@pytest.mark.parametrize(
    ("orders", "codes"),
    [
        ([order("a", "buy", 0, 5)], ["credits.lot"]),
        ([order("a", "buy", 15, 5)], ["credits.lot"]),
        ([order("a", "buy", 10, 7)], ["credits.tick"]),
        ([order("a", "buy", 10, -5)], ["credits.tick"]),
        ([order("a", "give", 10, 5)], ["credits.side"]),
        ([order("a", "buy", 10, 5), order("a", "sell", 10, 10)], ["credits.order_twice"]),
        ([order("a", "buy", 10, 10, account="X"), order("b", "sell", 10, 10, account="X")], ["credits.self_trade"]),
        ([order("a", "buy", 10, None, account="X"), order("b", "sell", 10, 100, account="X")], ["credits.self_trade"]),
        ([order("a", "buy", 10, 5, account="X"), order("b", "sell", 10, 10, account="X")], []),
        (
            [order("a", "buy", 15, 7), order("a", "x", 10, 5)],
            ["credits.lot", "credits.tick", "credits.order_twice", "credits.side"],
        ),
    ],
)
def test_every_fault_of_the_orders_at_once(orders: list[Order], codes: list[str]) -> None:
    found = order_faults(orders, tick=5, lot=10)
    assert [f.code for f in found] == codes
    assert all(f.remedy.zh and f.remedy.en and f.clash.zh != f.clash.en for f in found)


def test_a_large_call_is_cleared_whole() -> None:
    rng = random.Random(5)
    orders = [order(str(i), rng.choice(["buy", "sell"]), rng.randint(1, 500), rng.randint(900, 1100), i) for i in range(20_000)]
    found = clear(orders)
    assert found.price is not None
    volume = max(min(demand(orders, p), supply(orders, p)) for p in (found.price - 1, found.price, found.price + 1))
    assert sum(m.quantity for m in found.matches) == found.volume == volume
