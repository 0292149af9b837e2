"""The continuous book: price then time, at the resting price, never with oneself, the same however often it is replayed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.credits.auction import Order
from ecocomp.credits.book import Fill, Message, OrderBook, replay


def order(id: str, account: str, side: str, quantity: int, price: int | None) -> Order:
    return Order(id, account, side, quantity, price)


def test_better_price_first_then_the_earlier_at_the_resting_price() -> None:
    book = OrderBook()
    for id, quantity, price in (("a", 5, 10), ("b", 5, 9), ("c", 5, 9)):
        assert book.place(order(id, id, "sell", quantity, price)).rests == quantity
    taken = book.place(order("x", "x", "buy", 12, 10))
    assert [(f.sell, f.price, f.quantity) for f in taken.fills] == [("b", 9, 5), ("c", 9, 5), ("a", 10, 2)]
    assert (taken.rests, taken.ended, book.depth("sell"), book.depth("buy")) == (0, 0, [(10, 3, 1)], [])


def test_a_partly_filled_order_keeps_its_place() -> None:
    book = OrderBook()
    book.place(order("a", "a", "sell", 10, 9))
    book.place(order("b", "b", "sell", 10, 9))
    book.place(order("x", "x", "buy", 4, 9))
    assert [(f.sell, f.quantity) for f in book.place(order("y", "y", "buy", 8, 9)).fills] == [("a", 6), ("b", 2)]


def test_a_market_order_stays_within_its_protection() -> None:
    book = OrderBook(Fraction(1, 10), 5)
    for id, price in (("a", 100), ("b", 110), ("c", 115)):
        book.place(order(id, id, "sell", 10, price))
    taken = book.place(order("x", "x", "buy", 50, None))
    assert ([f.price for f in taken.fills], taken.rests, taken.ended) == ([100, 110], 0, 30)
    assert taken.why is not None and "1.10" in taken.why.en
    assert book.place(order("y", "y", "sell", 1, None)).ended == 1  # nobody buys
    assert book.best("sell") == 115


def test_nobody_trades_with_himself() -> None:
    book = OrderBook()
    book.place(order("a", "one", "sell", 5, 9))
    book.place(order("b", "two", "sell", 5, 10))
    taken = book.place(order("x", "one", "buy", 8, 10))
    assert (taken.fills, taken.rests, taken.ended, set(book.resting)) == ((), 0, 8, {"a", "b"})
    book.place(order("c", "three", "sell", 2, 8))
    taken = book.place(order("y", "one", "buy", 8, 10))
    assert ([f.sell for f in taken.fills], taken.ended) == (["c"], 6)


def test_cancelling_and_using_a_number_twice() -> None:
    book = OrderBook()
    book.place(order("a", "a", "buy", 5, 9))
    assert (book.cancel("a"), book.cancel("a"), book.best("buy")) == (5, 0, None)
    with pytest.raises(ValueError, match="a"):
        book.place(order("a", "a", "buy", 5, 9))
    _, fills, faults = replay(
        [Message("a", order("a", "a", "buy", 5, 9)), Message("q", None), Message("a", order("a", "b", "sell", 5, 9))]
    )
    assert (fills, [(f.code, f.severity) for f in faults]) == (
        [],
        [("credits.no_order", "warning"), ("credits.order_twice", "error")],
    )


MESSAGES = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from("ABC"), st.sampled_from(["buy", "sell"]), st.integers(1, 9), st.one_of(st.none(), st.integers(1, 8))
        ),
        st.integers(0, 25),
    ),
    max_size=40,
).map(
    lambda rows: [
        Message(f"o{r}", None) if isinstance(r, int) else Message(f"o{i}", order(f"o{i}", r[0], r[1], r[2], r[3]))
        for i, r in enumerate(rows)
    ]
)


class Slow:
    """The same rules written out over one list, without heaps."""

    def __init__(self) -> None:
        self.resting: list[Order] = []
        self.fills: list[tuple[str, str, int, int]] = []

    def take(self, m: Message) -> None:
        if m.order is None:
            self.resting = [o for o in self.resting if o.id != m.id]
            return
        o, left = m.order, m.order.quantity
        sign = 1 if o.side == "buy" else -1
        others = lambda: sorted((r for r in self.resting if r.side != o.side), key=lambda r: sign * (r.price or 0))  # noqa: E731
        if o.price is None and not others():
            return
        limit = o.price if o.price is not None else others()[0].price * (1 + sign * Fraction(1, 10))  # type: ignore[operator]
        while left and others():
            top = others()[0]
            assert top.price is not None
            if sign * (top.price - limit) > 0:
                break
            if top.account == o.account:
                return
            part = min(left, top.quantity)
            pair = (o.id, top.id) if o.side == "buy" else (top.id, o.id)
            self.fills.append((*pair, top.price, part))
            left -= part
            place = self.resting.index(top)
            rest = [Order(top.id, top.account, top.side, top.quantity - part, top.price)] if top.quantity > part else []
            self.resting[place : place + 1] = rest
        if left and o.price is not None:
            self.resting.append(Order(o.id, o.account, o.side, left, o.price))


@given(MESSAGES)
@settings(max_examples=300, deadline=None)
def test_the_book_trades_as_the_rules_written_out(messages: list[Message]) -> None:
    book, fills, _ = replay(messages)
    slow = Slow()
    for m in messages:
        slow.take(m)
    assert [(f.buy, f.sell, f.price, f.quantity) for f in fills] == slow.fills
    assert {o.id: o.quantity for o in slow.resting} == {o.id: o.quantity for o in book.resting.values()}
    assert all(f.buyer != f.seller for f in fills)
    best_bid, best_offer = book.best("buy"), book.best("sell")
    assert best_bid is None or best_offer is None or best_bid < best_offer


@given(MESSAGES, st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_a_replay_and_a_restored_book_are_the_same(messages: list[Message], cut: int) -> None:
    book, fills, _ = replay(messages)
    again, fills_again, _ = replay(messages)
    assert (fills, book.resting) == (fills_again, again.resting)
    half, before, _ = replay(messages[:cut])
    fresh = OrderBook()
    fresh.restore(list(half.resting.values()))
    after: list[Fill] = []
    for m in messages[cut:]:
        if m.order is None:
            fresh.cancel(m.id)
        else:
            after += fresh.place(m.order).fills
    assert before + after == fills
    assert fresh.resting == book.resting
    placed = sum(m.order.quantity for m in messages if m.order)
    assert 2 * sum(f.quantity for f in fills) + sum(o.quantity for o in book.resting.values()) <= placed


@pytest.mark.parametrize(
    ("side", "quantity", "price", "code"),
    [
        ("sel", 5, 1000, "credits.side"),
        ("sell", 0, 1000, "credits.lot"),
        ("sell", -5, 1000, "credits.lot"),
        ("sell", 5, -10, "credits.tick"),
        ("sell", 5, 1003, "credits.tick"),
    ],
)
def test_an_impossible_order_of_a_history_is_told_and_left_out(side: str, quantity: int, price: int, code: str) -> None:
    book, fills, faults = replay([Message("a", Order("a", "A", side, quantity, price))], tick=5)
    assert [f.code for f in faults] == [code] and not fills and not book.resting


@given(MESSAGES)
@settings(max_examples=200, deadline=None)
def test_a_book_restored_before_every_order_trades_the_same(messages: list[Message]) -> None:
    """As an office keeps it: only what is open is stored, in the order in which it came; partly filled orders keep their place."""
    whole, fills, _ = replay(messages)
    stored: dict[str, Order] = {}
    found: list[Fill] = []
    for m in messages:
        if m.order is None:
            stored.pop(m.id, None)
            continue
        book = OrderBook()
        book.restore(stored.values())
        found += book.place(m.order).fills
        stored = {id: book.resting[id] for id in [*stored, m.id] if id in book.resting}
    assert found == fills
    assert stored == whole.resting


@given(MESSAGES)
@settings(max_examples=200, deadline=None)
def test_nothing_is_lost_and_the_book_never_stays_crossed(messages: list[Message]) -> None:
    book, fills, _ = replay(messages)
    placed = {m.id: m.order for m in messages if m.order is not None}
    for id, order in placed.items():
        traded = sum(f.quantity for f in fills if id in (f.buy, f.sell))
        open_ = book.resting[id].quantity if id in book.resting else 0
        assert 0 <= traded + open_ <= order.quantity
    for f in fills:
        bid, offer = placed[f.buy].price, placed[f.sell].price
        assert (bid is None or bid >= f.price) and (offer is None or offer <= f.price)
        assert f.price == placed[f.resting].price
    for buy in (o for o in book.resting.values() if o.side == "buy"):
        for sell in (o for o in book.resting.values() if o.side == "sell"):
            assert (buy.price or 0) < (sell.price or 0), "crossed orders rest"
