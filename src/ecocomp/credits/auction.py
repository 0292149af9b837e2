"""Sealed call auction: one price for all, the price at which the most changes hands.

Pure and deterministic. The price is found in four steps: most volume; least left over; where only buyers are left over
the highest such price, where only sellers the lowest (market pressure); else the price nearest to the reference (without
one the middle, half-even to the price step). Better prices are served first, market orders before all; the price level
that cannot be served whole is shared by time, or in proportion to quantity by whole lots (`terms.money.apportion`,
nothing lost). Equal times go by the order's id, so that the order of rows never matters.

Reference for the four steps: the call-auction rules published by exchanges (e.g. Xetra Market Model, chapter 10; ASX
Operating Rules, procedure 4.5); here the candidate prices are all steps of the price grid, not only the limits given.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

from ecocomp.terms.faults import Fault
from ecocomp.terms.money import apportion, half_even, say_yuan
from ecocomp.terms.text import Text

SIDES: dict[str, Text] = {"buy": Text("买", "buy"), "sell": Text("卖", "sell")}


@dataclass(frozen=True, slots=True)
class Order:
    """A bid or an offer.

    id        unique in its auction or book
    account   whose
    side      ``buy`` or ``sell``
    quantity  smallest units, > 0
    price     fen per unit; None: at any price
    time      when it came, as a whole number that grows with time
    """

    id: str
    account: str
    side: str
    quantity: int
    price: int | None
    time: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """So many smallest units go from one order to another."""

    buy: Order
    sell: Order
    quantity: int


@dataclass(frozen=True, slots=True)
class Level:
    """One candidate price: what would be bought and sold at it."""

    price: int
    demand: int
    supply: int

    @property
    def volume(self) -> int:
        """Smallest units that could change hands."""
        return min(self.demand, self.supply)

    @property
    def surplus(self) -> int:
        """What is left over: positive of buyers, negative of sellers."""
        return self.demand - self.supply


@dataclass(frozen=True, slots=True)
class Clearing:
    """The result of a call.

    price    fen per unit; None if nothing trades
    volume   smallest units traded
    surplus  what is bid for less what is offered at the price: positive of buyers left over, negative of sellers
    fills    order id → smallest units, of every order
    matches  who trades with whom
    steps    why this price, sentence by sentence
    levels   the candidate prices, lowest first
    """

    price: int | None
    volume: int
    surplus: int
    fills: dict[str, int]
    matches: tuple[Match, ...]
    steps: tuple[Text, ...]
    levels: tuple[Level, ...]


def order_faults(orders: Sequence[Order], *, tick: int = 1, lot: int = 1) -> list[Fault]:
    """Return every fault of the orders of one call: ids twice, quantities and prices off their grid, crossing oneself."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for o in orders:
        if o.id in seen:
            faults.append(_fault("order_twice", o.id, Text("订单号出现两次。", "the order number stands twice."), _ONCE))
        seen.add(o.id)
        if o.side not in SIDES:
            faults.append(_fault("side", o.id, Text("方向是“{s}”。", "the side is “{s}”.").fill(s=o.side), _SIDE))
        if o.quantity <= 0 or o.quantity % lot:
            clash = Text("数量 {q} 不是交易单位 {l} 的正整数倍。", "the quantity {q} is no positive multiple of the lot {l}.")
            faults.append(_fault("lot", o.id, clash.fill(q=o.quantity, l=lot), Text("改成整数倍。", "Make it a multiple.")))
        if o.price is not None and (o.price <= 0 or o.price % tick):
            clash = Text(
                "价格 {p} 元不是最小变动价位 {t} 元的正整数倍。", "the price {p} yuan is no positive multiple of the step {t} yuan."
            )
            faults.append(
                _fault(
                    "tick",
                    o.id,
                    clash.fill(p=say_yuan(o.price), t=say_yuan(tick)),
                    Text("改到价位上。", "Put it on the grid."),
                )
            )
    return [*faults, *_own_crossings(orders)]


def _own_crossings(orders: Iterable[Order]) -> list[Fault]:
    """Find accounts whose own bid meets their own offer: in a call they could trade with themselves."""
    best: dict[str, dict[str, Order]] = {}
    for o in orders:
        if o.side not in SIDES:
            continue
        sides = best.setdefault(o.account, {})
        held = sides.get(o.side)
        if held is None or _better(o, held):
            sides[o.side] = o
    faults = []
    for account in sorted(best):
        sides = best[account]
        if len(sides) < 2:
            continue
        bid, offer = sides["buy"], sides["sell"]
        if bid.price is None or offer.price is None or bid.price >= offer.price:
            faults.append(
                _fault(
                    "self_trade",
                    bid.id,
                    Text(
                        "账户 {a} 的买单 {b} 与自己的卖单 {s} 会成交。", "account {a} would trade with itself: bid {b}, offer {s}."
                    ).fill(a=account, b=bid.id, s=offer.id),
                    Text("撤去其一，或使买价低于卖价。", "Withdraw one, or bid below the offer."),
                )
            )
    return faults


def _better(a: Order, b: Order) -> bool:
    if b.price is None or a.price is None:
        return a.price is None and b.price is not None
    return a.price > b.price if a.side == "buy" else a.price < b.price


def clearing_data(result: Clearing) -> dict[str, Any]:
    """Return a clearing as JSON may show it: prices in fen per unit, quantities in smallest units."""
    return {
        "price_fen": result.price,
        "volume": result.volume,
        "surplus": result.surplus,
        "fills": [{"order": o, "quantity": q} for o, q in result.fills.items()],
        "matches": [{"buy": m.buy.id, "sell": m.sell.id, "quantity": m.quantity} for m in result.matches],
        "steps": [{"zh": s.zh, "en": s.en} for s in result.steps],
        "levels": [{"price_fen": x.price, "demand": x.demand, "supply": x.supply} for x in result.levels],
    }


# ---------------------------------------------------------------- the price
def clear(
    orders: Sequence[Order], *, reference: int | None = None, tick: int = 1, lot: int = 1, allocation: str = "time"
) -> Clearing:
    """Return the price, the volume, and what each order gets. The orders must be without `order_faults`.

    reference   price the last step leans on, e.g. the last price, fen per unit
    allocation  ``time`` or ``pro_rata`` at the price level that is not served whole
    """
    buys = [o for o in orders if o.side == "buy"]
    sells = [o for o in orders if o.side == "sell"]
    levels = _levels(buys, sells, tick, reference)
    nothing = dict.fromkeys((o.id for o in orders), 0)
    if not levels:
        return Clearing(None, 0, 0, nothing, (), (_no_price(buys, sells),), ())
    price, steps = _price(levels, reference, tick)
    if price is None:
        return Clearing(None, 0, 0, nothing, (), steps, tuple(levels))
    level = _level(buys, sells, price)
    fills = nothing | _fill(buys, level.volume, price, lot, allocation) | _fill(sells, level.volume, price, lot, allocation)
    matches = _pair(buys, sells, fills)
    return Clearing(price, level.volume, level.surplus, fills, matches, steps, tuple(levels))


def _levels(buys: list[Order], sells: list[Order], tick: int, reference: int | None) -> list[Level]:
    limits = sorted({o.price for o in (*buys, *sells) if o.price is not None})
    if not limits:
        # Orders at any price trade at the reference, put on the grid: never for nothing.
        if reference is None or reference <= 0 or not buys or not sells:
            return []
        return [_level(buys, sells, max(_on_grid(reference, tick), tick))]
    # Demand and supply change only at limits: just beside each limit stand the ends of every stretch on which they are constant.
    prices = sorted({q for p in limits for q in (p - tick, p, p + tick) if limits[0] <= q <= limits[-1]})
    demand, supply = _curve(buys, False), _curve(sells, True)
    return [Level(p, demand(p), supply(p)) for p in prices]


def _curve(orders: list[Order], selling: bool):  # type: ignore[no-untyped-def]
    """Return a function price → smallest units offered or asked at it."""
    market = sum(o.quantity for o in orders if o.price is None)
    limits = sorted((o.price, o.quantity) for o in orders if o.price is not None)
    prices = [p for p, _ in limits]
    sums = [0, *accumulate(q for _, q in limits)]
    if selling:
        return lambda price: market + sums[bisect_right(prices, price)]
    return lambda price: market + sums[-1] - sums[bisect_left(prices, price)]


def _level(buys: list[Order], sells: list[Order], price: int) -> Level:
    return Level(price, _curve(buys, False)(price), _curve(sells, True)(price))


def _price(levels: list[Level], reference: int | None, tick: int) -> tuple[int | None, tuple[Text, ...]]:
    steps: list[Text] = []
    most = max(x.volume for x in levels)
    if most == 0:
        return None, (Text("最高买价低于最低卖价，没有成交。", "The highest bid lies below the lowest offer; nothing trades."),)
    left = [x for x in levels if x.volume == most]
    steps.append(_said(Text("成交量最大为 {v}", "the most volume is {v}").fill(v=most), left))
    if len(left) > 1:
        least = min(abs(x.surplus) for x in left)
        left = [x for x in left if abs(x.surplus) == least]
        steps.append(_said(Text("剩余最小为 {s}", "the least left over is {s}").fill(s=least), left))
    if len(left) > 1 and all(x.surplus > 0 for x in left):
        left = left[-1:]
        steps.append(_said(Text("剩余都在买方，取最高价", "only buyers are left over: the highest price"), left))
    elif len(left) > 1 and all(x.surplus < 0 for x in left):
        left = left[:1]
        steps.append(_said(Text("剩余都在卖方，取最低价", "only sellers are left over: the lowest price"), left))
    low, high = left[0].price, left[-1].price
    if low == high:
        return low, tuple(steps)
    if reference is None:
        price = half_even(low + high, 2 * tick) * tick
        steps.append(
            Text("没有参考价，取中间 {p} 元。", "Without a reference price, the middle: {p} yuan.").fill(p=say_yuan(price))
        )
        return price, tuple(steps)
    price = min(max(_on_grid(reference, tick), low), high)
    words = Text("取最接近参考价 {r} 元的价格：{p} 元。", "The price nearest to the reference, {r} yuan: {p} yuan.")
    steps.append(words.fill(r=say_yuan(reference), p=say_yuan(price)))
    return price, tuple(steps)


def _on_grid(price: int, tick: int) -> int:
    return half_even(price, tick) * tick


def _said(what: Text, left: list[Level]) -> Text:
    low, high = say_yuan(left[0].price), say_yuan(left[-1].price)
    where = (
        Text("价格 {a} 元", "at {a} yuan").fill(a=low)
        if low == high
        else Text("价格 {a} 至 {b} 元", "at {a} to {b} yuan").fill(a=low, b=high)
    )
    return Text("{w}（{x}）。", "{w} ({x}).").fill(w=what, x=where)


def _no_price(buys: list[Order], sells: list[Order]) -> Text:
    if not buys or not sells:
        return Text("只有一方报价，没有成交。", "Only one side has orders; nothing trades.")
    return Text("全是市价单且没有参考价，没有成交。", "All orders are at any price and there is no reference; nothing trades.")


# ---------------------------------------------------------------- who gets how much
def priority(order: Order) -> tuple[int, int, int, str]:
    """Return the key by which orders of one side are served: any price first, then better price, earlier time, id."""
    if order.price is None:
        return 0, 0, order.time, order.id
    return 1, -order.price if order.side == "buy" else order.price, order.time, order.id


def _fill(orders: list[Order], volume: int, price: int, lot: int, allocation: str) -> dict[str, int]:
    willing = sorted((o for o in orders if _accepts(o, price)), key=priority)
    out: dict[str, int] = {}
    left = volume
    for _, group in groupby(willing, key=lambda o: priority(o)[:2]):
        level = list(group)
        whole = sum(o.quantity for o in level)
        if allocation == "pro_rata" and 0 < left < whole:
            parts = apportion(left // lot, [o.quantity // lot for o in level])
            out |= {o.id: p * lot for o, p in zip(level, parts, strict=True)}
            left = 0
            continue
        for o in level:
            got = min(o.quantity, left)
            out[o.id] = got
            left -= got
    return out


def _accepts(order: Order, price: int) -> bool:
    return order.price is None or (order.price >= price if order.side == "buy" else order.price <= price)


def _pair(buys: list[Order], sells: list[Order], fills: dict[str, int]) -> tuple[Match, ...]:
    """Pair what buyers get with what sellers give, both in order of priority."""
    out: list[Match] = []
    queue = [o for o in sorted(sells, key=priority) if fills[o.id]]
    rest = [fills[o.id] for o in queue]
    at = 0
    for buy in sorted(buys, key=priority):
        need = fills[buy.id]
        while need:
            part = min(need, rest[at])
            out.append(Match(buy, queue[at], part))
            need -= part
            rest[at] -= part
            at += rest[at] == 0
    return tuple(out)


_ONCE = Text("每个订单用自己的编号。", "Give each order a number of its own.")
_SIDE = Text("写 buy（买）或 sell（卖）。", "Write buy or sell.")


def _fault(kind: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"credits.{kind}", "orders", record, clash, remedy)
