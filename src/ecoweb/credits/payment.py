"""Delivery against payment: trades are written and their money is booked in the transaction that moves the units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecocomp.credits import postings
from ecocomp.credits.instrument import Instrument
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecoweb.credits.desk import Desk
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
    for s in sales:
        envelope = accounts[s.seller]["envelope"] or ""
        each = (0, 0) if s.receipt else (postings.fee(s.amount_fen, inst.fee_share),) * 2
        fees += sum(each)
        row = (
            place,
            inst.id,
            desk.day,
            s.buyer,
            s.seller,
            s.quantity,
            s.amount_fen,
            *each,
            s.serials,
            s.buy_order,
            s.sell_order,
            envelope,
        )
        number = desk.insert("credit_trade", desk.event, *row, s.receipt)
        lines += postings.sale(s.buyer, s.seller, s.amount_fen, *each, envelope, s.receipt, f"credit:{number}")
    if lines:
        post(desk, lines)
    return {"trades": len(sales), "amount_fen": sum(s.amount_fen for s in sales), "fees_fen": fees}


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


def deposited(office: Office, account: str) -> int:
    """Return what an account has deposited, in fen (the ledger shows a debt as a negative balance)."""
    return -int(_ledger().balance(office, postings.deposit_of(account)))
