"""Continuous book: price, then time; deterministic, and the same however often it is replayed.

An order meets the best resting price first, of equal prices the order that came first, and trades at the resting price.
A market order goes no further from the best price than its protection, and what is left of it ends. An order that would
meet one of its own account stops there: what is left of it ends, the resting one stays. Orders can be cancelled.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ecocomp.credits.auction import Order, order_faults
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade of the book, at the resting order's price (fen per unit)."""

    buy: str
    sell: str
    buyer: str
    seller: str
    price: int
    quantity: int
    resting: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an order: its trades, what rests in the book, what ended and why."""

    fills: tuple[Fill, ...]
    rests: int
    ended: int
    why: Text | None = None


@dataclass
class OrderBook:
    """The open orders of one instrument.

    protection  how far a market order may go from the best price (share)
    tick        price step, fen
    """

    protection: Fraction = Fraction(1, 10)
    tick: int = 1
    resting: dict[str, Order] = field(default_factory=dict)
    _heaps: dict[str, list[tuple[int, int, str]]] = field(default_factory=lambda: {"buy": [], "sell": []})
    _came: int = 0
    _seen: set[str] = field(default_factory=set)

    def place(self, order: Order) -> Taken:
        """Take an order (price None: at the market); return what came of it. An id used before is refused with ValueError."""
        if order.id in self._seen:
            raise ValueError(order.id)
        self._seen.add(order.id)
        other = "sell" if order.side == "buy" else "buy"
        limit, why = order.price, None
        if limit is None:
            best = self.best(other)
            if best is None:
                return Taken((), 0, order.quantity, Text("没有对手单。", "there is no order on the other side."))
            limit = self._protected(best, order.side)
            why = Text("超出价格保护范围（{p} 元）。", "the rest lies beyond the protected price ({p} yuan).").fill(
                p=say_yuan(limit)
            )
        fills, left, own = self._meet(order, limit, other)
        if own is not None:
            stop = Text(
                "会与自己的订单 {o} 成交，剩余部分取消。", "it would meet the account's own order {o}; the rest ends."
            ).fill(o=own)
            return Taken(tuple(fills), 0, left, stop)
        if order.price is None:
            return Taken(tuple(fills), 0, left, why if left else None)
        if left:
            self._rest(replace(order, quantity=left))
        return Taken(tuple(fills), left, 0)

    def cancel(self, id: str) -> int:
        """End a resting order; return what was open of it (0 if it is not in the book)."""
        order = self.resting.pop(id, None)
        return order.quantity if order else 0

    def best(self, side: str) -> int | None:
        """Return the best price of a side."""
        top = self._top(side)
        return None if top is None else top.price

    def depth(self, side: str) -> list[tuple[int, int, int]]:
        """Return (price, smallest units, orders) of each level, best first."""
        levels: dict[int, list[int]] = {}
        for o in self.resting.values():
            if o.side == side and o.price is not None:
                held = levels.setdefault(o.price, [0, 0])
                held[0], held[1] = held[0] + o.quantity, held[1] + 1
        return [(p, q, n) for p, (q, n) in sorted(levels.items(), reverse=side == "buy")]

    def restore(self, orders: Iterable[Order]) -> None:
        """Put open orders into an empty book, in the order in which they came."""
        for order in orders:
            self._seen.add(order.id)
            self._rest(order)

    def _protected(self, best: int, side: str) -> int:
        """Return the worst price a market order takes, on the grid, never beyond the share."""
        share = 1 + self.protection if side == "buy" else 1 - self.protection
        exact = best * share / self.tick
        whole = exact.numerator // exact.denominator if side == "buy" else -(-exact.numerator // exact.denominator)
        return max(whole, 1) * self.tick

    def _meet(self, order: Order, limit: int, other: str) -> tuple[list[Fill], int, str | None]:
        fills: list[Fill] = []
        left = order.quantity
        while left:
            top = self._top(other)
            if top is None or top.price is None or (top.price > limit if order.side == "buy" else top.price < limit):
                break
            if top.account == order.account:
                return fills, left, top.id
            part = min(left, top.quantity)
            buy, sell = (order, top) if order.side == "buy" else (top, order)
            fills.append(Fill(buy.id, sell.id, buy.account, sell.account, top.price, part, top.id))
            left -= part
            if part == top.quantity:
                del self.resting[top.id]
            else:
                self.resting[top.id] = replace(top, quantity=top.quantity - part)
        return fills, left, None

    def _rest(self, order: Order) -> None:
        assert order.price is not None
        self.resting[order.id] = order
        self._came += 1
        heapq.heappush(self._heaps[order.side], (-order.price if order.side == "buy" else order.price, self._came, order.id))

    def _top(self, side: str) -> Order | None:
        heap = self._heaps[side]
        while heap:
            order = self.resting.get(heap[0][2])
            if order is not None:
                return order
            heapq.heappop(heap)
        return None


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a book's history: an order, or (`order` None) the cancelling of one."""

    id: str
    order: Order | None


def replay(
    messages: Iterable[Message], *, protection: Fraction = Fraction(1, 10), tick: int = 1
) -> tuple[OrderBook, list[Fill], list[Fault]]:
    """Return the book after a history, its trades in order, and the lines that could not be taken."""
    book, faults = OrderBook(protection, tick), list[Fault]()
    fills: list[Fill] = []
    for m in messages:
        if m.order is None:
            if not book.cancel(m.id):
                clash = Text("没有可撤的订单。", "there is no open order to cancel.")
                faults.append(
                    Fault("credits.no_order", "orders", m.id, clash, Text("核对订单号。", "Check its number."), "warning")
                )
            continue
        wrong = order_faults([m.order], tick=tick)
        if wrong:
            faults += wrong
            continue
        try:
            fills += book.place(m.order).fills
        except ValueError:
            clash = Text("订单号出现两次。", "the order number stands twice.")
            faults.append(Fault("credits.order_twice", "orders", m.id, clash, Text("每个订单用自己的编号。", "Give each its own.")))
    return book, fills, faults
