"""The market of an office: deposits, orders, the continuous book, sealed call auctions, and delivery against payment.

Units and money move in one transaction: a sale that the buyer's deposit does not cover moves nothing. The units of an
offer are locked while it is open, the money of a bid is counted as reserved. An owner never trades with itself, whatever
accounts it uses: the engine sees parties, not accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from ecocomp.credits import postings
from ecocomp.credits.auction import Clearing, Order, clear, clearing_data, order_faults
from ecocomp.credits.blocks import ranges, say_ranges
from ecocomp.credits.book import OrderBook
from ecocomp.credits.instrument import Instrument
from ecocomp.credits.issuing import Event
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.credits.checks import holder_faults, operation_faults, step_faults, surplus_faults, use_faults, wait_faults
from ecoweb.credits.desk import Act, DatedAct, Desk, Done, Rules, run, said_steps
from ecoweb.credits.faults import fault, missing
from ecoweb.credits.payment import Sale, cost, deposit_faults, free_deposit, post, settle
from ecoweb.credits.units import bound, taken
from ecoweb.office import Office

BOOK = "book"
_LOCKED = "b.lien = %s AND b.state = 'locked'"


# ---------------------------------------------------------------- money
def move_money(office: Office, rules: Rules, account: str, amount_fen: int, document: str, **act: Unpack[DatedAct]) -> Done:
    """Register a deposit of an account with the market, or (negative) a withdrawal, on the bank's paper."""
    asked = {"account": account, "amount_fen": amount_fen, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        desk.account(account)
        faults = missing("missing", account, document, Text("缺少银行回单。", "the bank's paper is missing."), "--document")
        if amount_fen == 0:
            clash = Text("金额是零。", "the amount is zero.")
            faults.append(fault("amount", account, clash, Text("改正金额。", "Mend the amount.")))
        if amount_fen < 0 and -amount_fen > (free := free_deposit(desk, account)):
            clash = Text("可取 {f} 元，要取 {a} 元。", "{f} yuan are free, {a} are asked for.")
            remedy = Text("先撤买单，或少取。", "Cancel bids first, or take less.")
            faults.append(fault("deposit", account, clash.fill(f=say_yuan(free), a=say_yuan(-amount_fen)), remedy))
        raise_errors(faults)
        post(desk, postings.deposit(account, amount_fen, document))
        return {"account": account, "amount_fen": amount_fen}

    return run(office, rules, do, act="deposit", instrument="", asked=asked, source=document, **act)


# ---------------------------------------------------------------- orders
def place_order(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    side: str,
    quantity: str,
    price: int | None,
    *,
    call: str = "",
    steps: Sequence[Event] = (),
    **act: Unpack[Act],
) -> Done:
    """Place an order in the continuous book, or (`call`) in a sealed call auction.

    price  fen per unit; None: at any price (in the book: at the market, what is left of it ends)
    """
    asked = {
        "account": account,
        "side": side,
        "quantity": quantity.strip(),
        "price": price,
        "call": call,
        "steps": said_steps(steps),
    }

    def do(desk: Desk) -> dict[str, Any]:
        inst, holder = desk.instrument(instrument), desk.account(account)
        order = Order(f"O{desk.event}", holder["party_id"], side, inst.parse(quantity), price, desk.event)
        raise_errors(_order_faults(desk, inst, holder, order, "auction" if call else "book", steps))
        market = f"call:{call}" if call else BOOK
        _enter(desk, inst, holder, order, market)
        found = {"order": order.id, "account": account, "side": side, "quantity": order.quantity, "price": price, "market": market}
        if call:
            raise_errors(order_faults(_open_orders(desk, inst, market)[0], tick=inst.tick_fen, lot=inst.lot))
            return found | {"open": order.quantity, "trades": 0}
        return found | _run_book(desk, inst, order)

    return run(office, rules, do, act="order", instrument=instrument, asked=asked, **act)


def cancel_order(office: Office, rules: Rules, order: str, **act: Unpack[Act]) -> Done:
    """Cancel what is open of an order; locked units are free again."""
    with office.reading() as cursor:
        cursor.execute("SELECT instrument FROM credit_order WHERE order_id = %s", [order])
        found = cursor.fetchone()
    if found is None:
        clash = Text("没有这个订单。", "there is no such order.")
        raise FaultsError([fault("no_order", order, clash, Text("用 credits book 查看。", "See credits book."))])
    instrument = str(found[0])

    def do(desk: Desk) -> dict[str, Any]:
        account, side, open_ = desk.ask("SELECT account, side, open FROM credit_order WHERE order_id = %s", order)[0]
        if not open_:
            clash = Text("订单已经了结。", "the order is closed.")
            raise FaultsError([fault("order_closed", order, clash, Text("无须撤单。", "There is nothing to cancel."))])
        _close(desk, desk.instrument(instrument), order, str(account), str(side))
        return {"order": order, "cancelled": int(open_)}

    return run(office, rules, do, act="order_cancel", instrument=instrument, asked={"order": order}, **act)


def _order_faults(
    desk: Desk, inst: Instrument, holder: dict[str, Any], order: Order, operation: str, steps: Sequence[Event]
) -> list[Fault]:
    """Return the faults of an order. The other side is unknown, so an offer brings the evidence of every step."""
    id = holder["account_id"]
    faults = [*operation_faults(inst, operation, id), *holder_faults(desk.office, inst, holder, desk.day)]
    faults += order_faults([order], tick=inst.tick_fen, lot=inst.lot)
    clash = Text(
        "账户自 {s} 起登记，须等 {h} 小时才能交易。", "the account was registered at {s}; it waits {h} hours before it trades."
    )
    faults += wait_faults(desk, inst, id, holder["known_from"], clash, Text("{t} 之后再下单。", "Order after {t}."))
    if order.side == "sell":
        faults += step_faults(desk, inst, inst.transfer_steps, steps, id, cross_region=True, other_sector=True)
        faults += surplus_faults(desk, inst, id, order.quantity)
    if order.side == "buy" and order.price is not None and not faults:
        faults += deposit_faults(desk, inst, id, order.quantity * order.price // inst.one)
    return faults


def _enter(desk: Desk, inst: Instrument, holder: dict[str, Any], order: Order, market: str) -> None:
    """Write an order; the units of an offer are locked for it."""
    id = holder["account_id"]
    desk.insert("credit_order", order.id, market, inst.id, id, order.side, order.quantity, order.price, desk.event)
    if order.side == "sell":
        step = taken(desk, inst, "lock", id, order.quantity, use="move", lien=order.id)
        raise_errors(use_faults(desk, inst, [b for b in step.made if b.lien == order.id], id, retire=False))
        desk.apply(inst.id, step)


def _open_orders(desk: Desk, inst: Instrument, market: str) -> tuple[list[Order], dict[str, str]]:
    """Return the open orders of a market, first come first, by party; and the account of each."""
    found = desk.ask(
        "SELECT order_id, account, side, open, price, seq FROM credit_order WHERE instrument = %s AND market = %s AND open > 0"
        " ORDER BY seq",
        inst.id,
        market,
    )
    accounts = {str(o): str(a) for o, a, *_ in found}
    known = {a: desk.account(a)["party_id"] for a in sorted(set(accounts.values()))}
    orders = [Order(str(o), known[str(a)], str(s), int(q), None if p is None else int(p), int(n)) for o, a, s, q, p, n in found]
    return orders, accounts


def _run_book(desk: Desk, inst: Instrument, order: Order) -> dict[str, Any]:
    """Let a new order meet the book; deliver what trades, end what does not rest."""
    _end_expired(desk, inst, BOOK)
    orders, accounts = _open_orders(desk, inst, BOOK)
    book = OrderBook(inst.protection, inst.tick_fen)
    book.restore(o for o in orders if o.id != order.id)
    taken = book.place(order)
    sales = []
    for f in taken.fills:
        sales.append(_delivered(desk, inst, accounts[f.buy], accounts[f.sell], f.quantity, f.price, f.buy, f.sell))
    done = _settled(desk, inst, sales, "book", order, accounts)
    if taken.ended:
        _close(desk, inst, order.id, accounts[order.id], order.side)
    return done | {
        "open": taken.rests,
        "ended": taken.ended,
        "why": None if taken.why is None else {"zh": taken.why.zh, "en": taken.why.en},
        "fills": [
            {"price": f.price, "quantity": f.quantity, "against": f.sell if f.buy == order.id else f.buy} for f in taken.fills
        ],
    }


def _settled(
    desk: Desk, inst: Instrument, sales: list[Sale], place: str, order: Order | None, accounts: Mapping[str, str]
) -> dict[str, Any]:
    if not sales:
        return {"trades": 0, "amount_fen": 0}
    if order is not None and order.side == "buy" and order.price is None:
        raise_errors(deposit_faults(desk, inst, accounts[order.id], sum(s.amount_fen for s in sales)))
    return settle(desk, inst, sales, place, {s.seller: desk.account(s.seller) for s in sales})


def _delivered(desk: Desk, inst: Instrument, buyer: str, seller: str, quantity: int, price: int, buy: str, sell: str) -> Sale:
    """Move units from an offer to the buyer, and count both orders down."""
    before = ranges(desk.blocks(inst.id, _LOCKED, sell))
    desk.apply(inst.id, bound(desk, inst, "settle", seller, sell, quantity, to=buyer))
    after = ranges(desk.blocks(inst.id, _LOCKED, sell))
    for order in (buy, sell):
        desk.cursor.execute("UPDATE credit_order SET open = open - %s WHERE order_id = %s", [quantity, order])
    return Sale(buyer, seller, quantity, quantity * price // inst.one, say_ranges(_without(before, after)), buy, sell)


def _without(whole: list[tuple[int, int]], left: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the serials of `whole` that are not in `left`."""
    out = []
    for first, last in whole:
        at = first
        for a, b in left:
            if b < at or a > last:
                continue
            if a > at:
                out.append((at, a - 1))
            at = b + 1
        if at <= last:
            out.append((at, last))
    return out


def _close(desk: Desk, inst: Instrument, order: str, account: str, side: str) -> None:
    """End what is open of an order."""
    desk.cursor.execute("UPDATE credit_order SET open = 0 WHERE order_id = %s AND open > 0", [order])
    if side == "sell" and desk.blocks(inst.id, _LOCKED, order):
        desk.apply(inst.id, bound(desk, inst, "unlock", account, order))


def _end_expired(desk: Desk, inst: Instrument, market: str) -> None:
    """End offers whose units have expired or have left the period in which they may move."""
    if not inst.valid_years and not inst.within_period:
        return
    found = desk.ask(
        "SELECT order_id, account FROM credit_order WHERE instrument = %s AND market = %s AND side = 'sell' AND open > 0",
        inst.id,
        market,
    )
    for order, account in found:
        if use_faults(desk, inst, desk.blocks(inst.id, _LOCKED, order), str(account), retire=False):
            _close(desk, inst, str(order), str(account), "sell")


# ---------------------------------------------------------------- call auction
def run_call(
    office: Office,
    rules: Rules,
    instrument: str,
    call: str,
    *,
    reference: int | None = None,
    orders: Sequence[Order] = (),
    **act: Unpack[Act],
) -> tuple[Done, Clearing | None]:
    """Clear a sealed call: one price, delivery against payment for all, and what is left of every order ends.

    reference  price the last step leans on, fen per unit; the last price of the market if None
    orders     orders of a file, entered after those that wait, by their time and number; their `account` is an account here
    """
    asked = {
        "call": call,
        "reference": reference,
        "orders": [[o.id, o.account, o.side, o.quantity, o.price, o.time] for o in orders],
    }
    held: list[Clearing] = []

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        market = f"call:{call}"
        _enter_file(desk, inst, orders, market, call)
        _end_expired(desk, inst, market)
        found, accounts = _open_orders(desk, inst, market)
        if not found:
            clash = Text("这场竞价没有订单。", "the call has no orders.")
            remedy = Text("先用 credits order --call 下单。", "Place orders first: credits order --call.")
            raise FaultsError([fault("no_orders", call, clash, remedy)])
        raise_errors(order_faults(found, tick=inst.tick_fen, lot=inst.lot))
        result, uncovered = _cleared(desk, inst, found, accounts, reference or last_price(desk, inst))
        held.append(result)
        sales = [
            _delivered(desk, inst, accounts[m.buy.id], accounts[m.sell.id], m.quantity, result.price or 0, m.buy.id, m.sell.id)
            for m in result.matches
        ]
        done = _settled(desk, inst, sales, "auction", None, accounts)
        for o in found:
            if result.fills.get(o.id, 0) < o.quantity:
                _close(desk, inst, o.id, accounts[o.id], o.side)
        return done | clearing_data(result) | {"call": call, "uncovered": uncovered}

    done = run(office, rules, do, act="auction", instrument=instrument, asked=asked, **act)
    return done, held[0] if held else None


def _cleared(
    desk: Desk, inst: Instrument, orders: Sequence[Order], accounts: Mapping[str, str], reference: int | None
) -> tuple[Clearing, list[str]]:
    """Clear a call without the bids at any price that a deposit does not cover; return the result and those bids.

    A bid with a limit has reserved its money when it was placed. One at any price shows what it costs only now: an account
    whose bids at any price cost more than its free deposit leaves the call with them, and the rest is cleared again.
    """
    left, uncovered = list(orders), list[str]()
    while True:
        result = clear(left, reference=reference, tick=inst.tick_fen, lot=inst.lot, allocation=inst.allocation)
        amounts: dict[str, int] = {}
        for o in left:
            if o.side == "buy" and o.price is None:
                amount = result.fills[o.id] * (result.price or 0) // inst.one
                amounts[accounts[o.id]] = amounts.get(accounts[o.id], 0) + cost(inst, amount)
        short = {a for a, needed in amounts.items() if needed and needed > free_deposit(desk, a)}
        if not short:
            return result, uncovered
        gone = [o.id for o in left if o.side == "buy" and o.price is None and accounts[o.id] in short]
        uncovered += gone
        left = [o for o in left if o.id not in gone]


def _enter_file(desk: Desk, inst: Instrument, orders: Sequence[Order], market: str, call: str) -> None:
    faults: list[Fault] = []
    for o in sorted(orders, key=lambda o: (o.time, o.id)):
        try:
            holder = desk.account(o.account)
            order = Order(f"{call}:{o.id}", holder["party_id"], o.side, o.quantity, o.price, o.time)
            found = _order_faults(desk, inst, holder, order, "auction", ())
            if not found:
                _enter(desk, inst, holder, order, market)
        except FaultsError as exc:
            found = list(exc.faults)
        faults += [Fault(f.code, "orders", f"{o.id} {f.record}", f.clash, f.remedy, f.severity) for f in found]
    raise_errors(faults)


def last_price(desk: Desk, inst: Instrument) -> int | None:
    """Return the last price of the market, in whole fen per unit on the grid; None without one.

    Bilateral deals do not count: what two parties agree on between themselves must not move the price of a call.
    """
    sql = "SELECT amount_fen, quantity FROM credit_trade WHERE instrument = %s AND place <> 'deal' ORDER BY seq DESC LIMIT 1"
    found = desk.ask(sql, inst.id)
    if not found:
        return None
    price = int(found[0][0]) * inst.one // int(found[0][1])
    return max(inst.tick_fen, price - price % inst.tick_fen)
