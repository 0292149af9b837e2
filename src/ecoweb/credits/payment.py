"""Delivery against payment: deposits and what open bids reserve of them; trades are written and booked with the units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecocomp.credits import postings
from ecocomp.credits.instrument import Instrument
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.credits.desk import Desk
from ecoweb.credits.faults import fault
from ecoweb.office import Office


@dataclass(frozen=True)
class Sale:
    """Units that change hands against money; `serials` in words."""

    buyer: str
    seller: str
    quantity: int
    amount_fen: int
    serials: str
    buy_order: str
    sell_order: str
    receipt: str = ""


def settle(
    desk: Desk, inst: Instrument, sales: Sequence[Sale], place: str, accounts: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Write trades and post their money; the units have been moved in the same transaction."""
    lines: list[postings.Money] = []
    fees = 0
    traded = _Traded(desk, inst)
    for s in sales:
        envelope = accounts[s.seller]["envelope"] or ""
        each = (0, 0) if s.receipt else traded.fees(s)
        fees += sum(each)
        sides = (place, inst.id, desk.day, s.buyer, s.seller, s.quantity, s.amount_fen)
        number = desk.insert("credit_trade", desk.event, *sides, *each, s.serials, s.buy_order, s.sell_order, envelope, s.receipt)
        lines += postings.sale(s.buyer, s.seller, s.amount_fen, *each, envelope, s.receipt, f"credit:{number}")
    if lines:
        post(desk, lines)
    return {"trades": len(sales), "amount_fen": sum(s.amount_fen for s in sales), "fees_fen": fees}


class _Traded:
    """What each order has traded so far. Its fees are those of the whole, whatever fills it comes in: rounding adds nothing."""

    def __init__(self, desk: Desk, inst: Instrument) -> None:
        self.desk, self.inst = desk, inst
        self.sums: dict[tuple[str, str], int] = {}

    def fees(self, sale: Sale) -> tuple[int, int]:
        """Return the fees of buyer and seller for one more sale, in fen, and count it."""
        return self._fee("buy", sale.buy_order, sale.amount_fen), self._fee("sell", sale.sell_order, sale.amount_fen)

    def _fee(self, side: str, order: str, amount_fen: int) -> int:
        before = self.sums.get((side, order))
        if before is None:
            sql = f"SELECT coalesce(sum(amount_fen), 0) FROM credit_trade WHERE instrument = %s AND {side}_order = %s"
            before = int(self.desk.ask(sql, self.inst.id, order)[0][0])
        self.sums[side, order] = before + amount_fen
        return postings.fee(before + amount_fen, self.inst.fee_share) - postings.fee(before, self.inst.fee_share)


def post(desk: Desk, lines: Sequence[postings.Money]) -> None:
    """Book transfers in the ledger, within the operation's transaction, as its journal."""
    ledger = _ledger()
    transfers = [ledger.Transfer(m.debit, m.credit, m.amount_fen, m.kind, m.reference) for m in lines]
    ledger.post(desk.work, transfers, key=f"credits/{desk.event}", book_on=desk.day, memo=f"credits {desk.event}")


def _ledger() -> Any:
    from importlib import import_module
    from importlib.util import find_spec

    if find_spec("ecoweb.treasury.ledger") is None:
        clash = Text("这个办公室没有账本。", "this office has no ledger.")
        remedy = Text("用 --receipt 登记场外付款。", "Register a payment made outside with --receipt.")
        raise FaultsError([Fault("credits.no_ledger", "ledger", "", clash, remedy)])
    return import_module("ecoweb.treasury.ledger")


# ---------------------------------------------------------------- deposits
def deposited(office: Office, account: str) -> int:
    """Return what an account has deposited, in fen (the ledger shows a debt as a negative balance)."""
    return -int(_ledger().balance(office, postings.deposit_of(account)))


def reserved(desk: Desk, account: str) -> int:
    """Return what the open bids of an account may still cost, fees included, in fen."""
    total = 0
    sql = (
        "SELECT instrument, open, price, CASE WHEN open = quantity THEN 0 ELSE (SELECT coalesce(sum(t.amount_fen), 0)"
        " FROM credit_trade t WHERE t.instrument = o.instrument AND t.buy_order = o.order_id) END"
        " FROM credit_order o WHERE account = %s AND side = 'buy' AND open > 0"
    )
    for id, open_, price, traded in desk.ask(sql, account):
        inst = desk.instrument(str(id))
        amount = int(open_) * int(price or 0) // inst.one
        total += amount + postings.fee(int(traded) + amount, inst.fee_share) - postings.fee(int(traded), inst.fee_share)
    return total


def free_deposit(desk: Desk, account: str) -> int:
    """Return what an account may spend or take out: its deposit less what its open bids reserve, in fen."""
    return deposited(desk.office, account) - reserved(desk, account)


def cost(inst: Instrument, amount_fen: int) -> int:
    """Return what a purchase costs the buyer, its fee included, in fen."""
    return amount_fen + postings.fee(amount_fen, inst.fee_share)


def deposit_faults(desk: Desk, inst: Instrument, account: str, amount_fen: int) -> list[Fault]:
    """Return a fault if the free deposit of an account does not cover a purchase."""
    needed, free = cost(inst, amount_fen), free_deposit(desk, account)
    if needed <= free:
        return []
    clash = Text("最多需 {c} 元，可用保证金 {f} 元。", "it may cost {c} yuan; {f} yuan are free.")
    remedy = Text("先用 credits deposit 存入，或减少数量。", "Deposit first (credits deposit), or buy fewer.")
    return [fault("deposit", account, clash.fill(c=say_yuan(needed), f=say_yuan(free)), remedy)]
