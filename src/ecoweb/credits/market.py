"""The market of an office: deposits, orders, the continuous book, sealed call auctions, and delivery against payment.

Units and money move in one transaction: a sale that the buyer's deposit does not cover moves nothing. The units of an
offer are locked while it is open, the money of a bid is counted as reserved. An owner never trades with itself, whatever
accounts it uses: the engine sees parties, not accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from ecocomp.credits import postings
from ecocomp.credits.auction import Clearing, Order, clear, clearing_data, order_faults
from ecocomp.credits.blocks import ranges, say_ranges
from ecocomp.credits.book import OrderBook
from ecocomp.credits.instrument import Instrument
from ecocomp.credits.issuing import Event
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.credits import operations
from ecoweb.credits.desk import Desk, Done, Rules, run
from ecoweb.credits.payment import Sale, deposited, post, settle
from ecoweb.office import Office

BOOK = "book"


# ---------------------------------------------------------------- money
def reserved(desk: Desk, account: str) -> int:
    """Return what the open bids of an account may cost, fees included, in fen."""
    total = 0
    found = desk.ask("SELECT instrument, open, price FROM credit_order WHERE account = %s AND side = 'buy' AND open > 0", account)
    for id, open_, price in found:
        inst = desk.instrument(str(id))
        amount = int(open_) * int(price or 0) // inst.one
        total += amount + postings.fee(amount, inst.fee_share)
    return total


def move_money(
    office: Office,
    rules: Rules,
    account: str,
    amount_fen: int,
    document: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
) -> Done:
    """Register a deposit of an account with the market, or (negative) a withdrawal, on the bank's paper."""
    asked = {"account": account, "amount_fen": amount_fen, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        desk.account(account)
        faults = []
        if not document.strip():
            faults.append(
                _fault(
                    "missing",
                    account,
                    Text("缺少银行回单。", "the bank's paper is missing."),
                    Text("用 --document 写明。", "Give it with --document."),
                )
            )
        if amount_fen == 0:
            faults.append(
                _fault("amount", account, Text("金额是零。", "the amount is zero."), Text("改正金额。", "Mend the amount."))
            )
        if amount_fen < 0:
            free = deposited(office, account) - reserved(desk, account)
            if -amount_fen > free:
                clash = Text("可取 {f} 元，要取 {a} 元。", "{f} yuan are free, {a} are asked for.").fill(
                    f=say_yuan(free), a=say_yuan(-amount_fen)
                )
                faults.append(_fault("deposit", account, clash, Text("先撤买单，或少取。", "Cancel bids first, or take less.")))
        raise_errors(faults)
        post(desk, postings.deposit(account, amount_fen, document))
        return {"account": account, "amount_fen": amount_fen}

    return run(
        office,
        rules,
        act="deposit",
        actor=actor,
        reason=reason,
        instrument="",
        day=day,
        asked=asked,
        do=do,
        key=key,
        source=document,
    )


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
    actor: str,
    reason: str,
    key: str = "",
    call: str = "",
    steps: Sequence[Event] = (),
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
        "steps": [[e.step, str(e.on), str(e.until or ""), e.document, e.by] for e in steps],
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

    return run(office, rules, act="order", actor=actor, reason=reason, instrument=instrument, day=None, asked=asked, do=do, key=key)


def cancel_order(office: Office, rules: Rules, order: str, *, actor: str, reason: str, key: str = "") -> Done:
    """Cancel what is open of an order; locked units are free again."""
    with office.reading() as cursor:
        cursor.execute("SELECT instrument FROM credit_order WHERE order_id = %s", [order])
        found = cursor.fetchone()
    if found is None:
        raise FaultsError(
            [
                _fault(
                    "no_order",
                    order,
                    Text("没有这个订单。", "there is no such order."),
                    Text("用 credits book 查看。", "See credits book."),
                )
            ]
        )
    instrument = str(found[0])

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        account, side, open_ = desk.ask("SELECT account, side, open FROM credit_order WHERE order_id = %s", order)[0]
        if not open_:
            raise FaultsError(
                [
                    _fault(
                        "order_closed",
                        order,
                        Text("订单已经了结。", "the order is closed."),
                        Text("无须撤单。", "There is nothing to cancel."),
                    )
                ]
            )
        _close(desk, inst, order, str(account), str(side))
        return {"order": order, "cancelled": int(open_)}

    return run(
        office,
        rules,
        act="order_cancel",
        actor=actor,
        reason=reason,
        instrument=instrument,
        day=None,
        asked={"order": order},
        do=do,
        key=key,
    )


def _order_faults(
    desk: Desk, inst: Instrument, holder: dict[str, Any], order: Order, operation: str, steps: Sequence[Event]
) -> list[Fault]:
    """Return the faults of an order. The other side is unknown, so an offer brings the evidence of every step."""
    id = holder["account_id"]
    faults = [*operations.operation_faults(inst, operation, id), *operations.holder_faults(desk.office, inst, holder, desk.day)]
    faults += order_faults([order], tick=inst.tick_fen, lot=inst.lot)
    free = holder["known_from"] + timedelta(hours=inst.delay_hours)
    if desk.work.at < free:
        clash = Text(
            "账户自 {s} 起登记，须等 {h} 小时才能交易。", "the account was registered at {s}; it waits {h} hours before it trades."
        )
        clash = clash.fill(s=holder["known_from"].isoformat(timespec="minutes"), h=inst.delay_hours)
        faults.append(
            _fault(
                "new_counterparty",
                id,
                clash,
                Text("{t} 之后再下单。", "Order after {t}.").fill(t=free.isoformat(timespec="minutes")),
            )
        )
    if order.side == "sell":
        faults += operations.step_faults(desk, inst, inst.transfer_steps, steps, id, cross_region=True, other_sector=True)
        faults += operations.surplus_faults(desk, inst, id, order.quantity)
    if order.side == "buy" and order.price is not None and not faults:
        amount = order.quantity * order.price // inst.one
        cost = amount + postings.fee(amount, inst.fee_share)
        free_fen = deposited(desk.office, id) - reserved(desk, id)
        if cost > free_fen:
            clash = Text("最多需 {c} 元，可用保证金 {f} 元。", "it may cost {c} yuan; {f} yuan are free.").fill(
                c=say_yuan(cost), f=say_yuan(free_fen)
            )
            faults.append(
                _fault(
                    "deposit",
                    id,
                    clash,
                    Text("先用 credits deposit 存入，或减少数量。", "Deposit first (credits deposit), or bid for fewer."),
                )
            )
    return faults


def _enter(desk: Desk, inst: Instrument, holder: dict[str, Any], order: Order, market: str) -> None:
    """Write an order; the units of an offer are locked for it."""
    desk.insert(
        "credit_order", order.id, market, inst.id, holder["account_id"], order.side, order.quantity, order.price, desk.event
    )
    if order.side == "sell":
        step = operations.taken(desk, inst, "lock", holder["account_id"], order.quantity, lien=order.id)
        locked = [b for b in step.made if b.lien == order.id]
        raise_errors(operations.use_faults(desk, inst, locked, holder["account_id"], retire=False))
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
        buyer, cost = accounts[order.id], sum(s.amount_fen + postings.fee(s.amount_fen, inst.fee_share) for s in sales)
        free = deposited(desk.office, buyer) - reserved(desk, buyer)
        if cost > free:
            clash = Text("需 {c} 元，可用保证金 {f} 元。", "it costs {c} yuan; {f} yuan are free.").fill(
                c=say_yuan(cost), f=say_yuan(free)
            )
            raise FaultsError(
                [_fault("deposit", buyer, clash, Text("先用 credits deposit 存入。", "Deposit first (credits deposit)."))]
            )
    return settle(desk, inst, sales, place, {s.seller: desk.account(s.seller) for s in sales})


def _delivered(desk: Desk, inst: Instrument, buyer: str, seller: str, quantity: int, price: int, buy: str, sell: str) -> Sale:
    """Move units from an offer to the buyer, and count both orders down."""
    locked = desk.blocks(inst.id, "b.lien = %s AND b.state = 'locked'", sell)
    step = operations.taken(desk, inst, "settle", seller, quantity, condition=" AND b.lien = %s", values=[sell], to=buyer)
    before = ranges(locked)
    desk.apply(inst.id, step)
    after = ranges(desk.blocks(inst.id, "b.lien = %s AND b.state = 'locked'", sell))
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
    if side == "sell" and desk.blocks(inst.id, "b.lien = %s AND b.state = 'locked'", order):
        desk.apply(inst.id, operations.taken(desk, inst, "unlock", account, None, condition=" AND b.lien = %s", values=[order]))


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
        locked = desk.blocks(inst.id, "b.lien = %s AND b.state = 'locked'", order)
        if operations.use_faults(desk, inst, locked, str(account), retire=False):
            _close(desk, inst, str(order), str(account), "sell")


# ---------------------------------------------------------------- call auction
def run_call(
    office: Office,
    rules: Rules,
    instrument: str,
    call: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    reference: int | None = None,
    orders: Sequence[Order] = (),
) -> tuple[Done, Clearing | None]:
    """Clear a sealed call: one price, delivery against payment for all, and what is left of every order ends.

    reference  price the last step leans on, fen per unit; the last price of the instrument if None
    orders     orders of a file, entered first; their `account` is an account of this office
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
            raise FaultsError(
                [
                    _fault(
                        "no_orders",
                        call,
                        Text("这场竞价没有订单。", "the call has no orders."),
                        Text("先用 credits order --call 下单。", "Place orders first: credits order --call."),
                    )
                ]
            )
        given = {f"{call}:{o.id}": o.time for o in orders}
        found = [Order(o.id, o.account, o.side, o.quantity, o.price, given.get(o.id, o.time)) for o in found]
        raise_errors(order_faults(found, tick=inst.tick_fen, lot=inst.lot))
        result = clear(
            found, reference=reference or last_price(desk, inst), tick=inst.tick_fen, lot=inst.lot, allocation=inst.allocation
        )
        held.append(result)
        sales = [
            _delivered(desk, inst, accounts[m.buy.id], accounts[m.sell.id], m.quantity, result.price or 0, m.buy.id, m.sell.id)
            for m in result.matches
        ]
        done = _settled(desk, inst, sales, "auction", None, accounts)
        for o in found:
            if result.fills[o.id] < o.quantity:
                _close(desk, inst, o.id, accounts[o.id], o.side)
        return done | clearing_data(result) | {"call": call}

    done = run(
        office, rules, act="auction", actor=actor, reason=reason, instrument=instrument, day=None, asked=asked, do=do, key=key
    )
    return done, held[0] if held else None


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
    """Return the price of the last trade against money in whole fen per unit on the grid; None without one."""
    found = desk.ask("SELECT amount_fen, quantity FROM credit_trade WHERE instrument = %s ORDER BY seq DESC LIMIT 1", inst.id)
    if not found:
        return None
    price = int(found[0][0]) * inst.one // int(found[0][1])
    return max(inst.tick_fen, price - price % inst.tick_fen)


def parse_serials(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return ranges written 1-20 or 31; `UsageError` for anything else, or ranges that overlap.

    >>> parse_serials(["1-20", "31"])
    [(1, 20), (31, 31)]
    """
    found = []
    for text in texts:
        first, _, last = text.replace(" ", "").partition("-")
        if not (first.isascii() and first.isdigit() and len(first) < 18) or (
            last and not (last.isascii() and last.isdigit() and len(last) < 18)
        ):
            raise UsageError(Text("编号“{t}”应写成 1-20 或 31。", "The serials “{t}” must be written 1-20 or 31.").fill(t=text))
        a, b = int(first), int(last or first)
        if a < 1 or b < a:
            raise UsageError(Text("编号“{t}”应从小到大。", "The serials “{t}” must go up.").fill(t=text))
        found.append((a, b))
    found.sort()
    for (_, b), (c, _) in pairwise(found):
        if c <= b:
            raise UsageError(Text("编号 {c} 写了两次。", "The serial {c} stands twice.").fill(c=c))
    return found


def _fault(kind: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"credits.{kind}", "credits", record, clash, remedy)
