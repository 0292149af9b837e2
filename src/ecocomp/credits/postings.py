"""Credit sales in the books: what a sale, a deposit or a fee moves, as transfers of the ledger; and as lots for a year's run.

Money of the credit market lies in the envelope ``CREDITS``: what an account has deposited is
``liability:settlement:<account>:CREDITS``, fees are ``fund:fees:CREDITS``. What an account with an envelope of its own
sells pays into ``fund:<envelope>`` and its bank account, so that the money can be spent through `funds`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ecocomp.terms.money import half_even

MARKET = "CREDITS"
"""Envelope of the market's own money: deposits and fees."""


@dataclass(frozen=True, slots=True)
class Money:
    """One transfer: so many fen from the credit account to the debit account of the ledger (whole fen, above zero)."""

    debit: str
    credit: str
    amount_fen: int
    kind: str
    reference: str


def deposit_of(account: str) -> str:
    """Return the ledger account of what an account has deposited.

    >>> deposit_of("A1")
    'liability:settlement:A1:CREDITS'
    """
    return f"liability:settlement:{account}:{MARKET}"


def deposit(account: str, amount_fen: int, document: str) -> list[Money]:
    """Return the transfer of a deposit; of a withdrawal if the amount is negative."""
    bank, owed = f"asset:bank:{MARKET}", deposit_of(account)
    if amount_fen > 0:
        return [Money(bank, owed, amount_fen, "deposit", document)]
    return [Money(owed, bank, -amount_fen, "withdrawal", document)]


def fee(amount_fen: int, share: Fraction) -> int:
    """Return the fee of one side, half-even to the fen."""
    return half_even(amount_fen * share.numerator, share.denominator)


def sale(
    buyer: str, seller: str, amount_fen: int, buyer_fee: int, seller_fee: int, envelope: str, receipt: str, reference: str
) -> list[Money]:
    """Return the transfers of a sale.

    envelope  the seller's; empty: the money stays in the seller's deposit
    receipt   bank receipt of a payment made to the seller's own bank account; then nothing passes through deposits
    """
    if receipt:
        return (
            [Money(f"asset:bank:{envelope}", f"fund:{envelope}", amount_fen, "proceeds", receipt)]
            if envelope and amount_fen
            else []
        )
    fees = f"fund:fees:{MARKET}"
    lines = [
        Money(deposit_of(buyer), deposit_of(seller), amount_fen, "sale", reference),
        Money(deposit_of(buyer), fees, buyer_fee, "fee", reference),
        Money(deposit_of(seller), fees, seller_fee, "fee", reference),
    ]
    if envelope:
        net = amount_fen - seller_fee
        lines += [
            Money(f"asset:bank:{envelope}", f"asset:bank:{MARKET}", net, "reallocation", reference),
            Money(deposit_of(seller), f"fund:{envelope}", net, "reallocation", reference),
        ]
    return [line for line in lines if line.amount_fen > 0]


def lots(sales: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the sold units of a year as rows of the gate's table `credit`, exact to the fen.

    A lot has one price in whole fen, so a sale whose amount is no multiple of its quantity makes two lots whose prices are
    one fen apart and whose sum is the amount: 16,500 t for 247,800.00 yuan are 3,000 t at 15.01 and 13,500 t at 15.02.

    sales  rows with id, year, origin, quantity (smallest units), net_fen and buyer

    >>> [(r["sold_t"], r["price_fen_per_t"]) for r in lots([{"id": "a", "year": 2023, "origin": "x", "quantity": 16500,
    ...     "net_fen": 24780000, "buyer": "b"}])]
    [(3000, 1501), (13500, 1502)]
    """
    out = []
    for s in sales:
        price, more = divmod(s["net_fen"], s["quantity"])
        parts = [(s["quantity"] - more, price), (more, price + 1)]
        parts = [(q, p) for q, p in parts if q]
        for k, (quantity, each) in enumerate(parts):
            end = f".{k + 1}" if len(parts) > 1 else ""
            out.append(
                {
                    "lot_id": f"{s['id']}{end}",
                    "year": s["year"],
                    "origin": f"{s['origin']}{end}",
                    "issued_t": quantity,
                    "held_back_t": 0,
                    "sold_t": quantity,
                    "held_t": 0,
                    "price_fen_per_t": each,
                    "proceeds_fen": quantity * each,
                    "buyer": s["buyer"],
                }
            )
    return out
