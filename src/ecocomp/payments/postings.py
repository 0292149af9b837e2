"""The year in the books: grants, entitlements, allocations, payments, escrow and lapses as ledger postings.

Accounts (see `ledger.book` for how to read them):

    asset:bank:<envelope>        money at the bank
    asset:escrow:<envelope>      money set apart while title is disputed
    fund:<envelope>              money with a purpose that is not allocated yet
    claim:<programme>            owed but not covered; what stays at year end is the shortfall
    liability:payable:<holder>   owed to a holder
    liability:escrow:<parcel>    owed to whoever is found to hold the disputed parcel
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from ecocomp.ledger.book import Posting, trial_balance
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

KINDS: dict[str, Text] = {
    "opening": Text("上年结转", "carried in"),
    "grant": Text("资金下达", "grant"),
    "entitlement": Text("确认应付", "entitlement recognised"),
    "allocation": Text("资金落实", "allocation"),
    "payment": Text("支付", "payment"),
    "escrow": Text("转入暂存", "moved to escrow"),
    "lapse": Text("收回", "lapsed and returned"),
}


def postings(
    envelope_balance: pa.Table,
    entitlement: pa.Table,
    allocation: pa.Table,
    order: pa.Table,
    order_source: pa.Table,
    year: int,
    ledger_last: pa.Table | None = None,
) -> list[Posting]:
    """Return the postings of `year`, in the order of the year, for `ledger.book.post`.

    ledger_last  the ledger so far; its fund balances must equal what is carried in (else FaultsError), and then
                 nothing is posted for the opening, since the money is in the books already
    """
    return [
        *_opening(envelope_balance, year, ledger_last),
        *_grants(envelope_balance, year),
        *_entitlements(entitlement),
        *_allocations(entitlement, allocation),
        *_orders(order, order_source),
        *_lapses(envelope_balance, year),
    ]


def _opening(balance: pa.Table, year: int, ledger_last: pa.Table | None) -> Iterator[Posting]:
    booked = {} if ledger_last is None else trial_balance(ledger_last)
    faults = []
    for row in balance.to_pylist():
        e, opening = row["envelope_id"], row["opening_fen"]
        if ledger_last is None:
            if opening:
                yield Posting(f"{year}/opening/{e}", "opening", e, ((f"asset:bank:{e}", opening), (f"fund:{e}", -opening)))
        elif -booked.get(f"fund:{e}", 0) != opening:
            faults.append(_differs(e, "opening", Text("上年账本", "last year's ledger"), -booked.get(f"fund:{e}", 0), opening))
    if faults:
        raise FaultsError(faults)


def _grants(balance: pa.Table, year: int) -> Iterator[Posting]:
    for row in balance.to_pylist():
        e, fen = row["envelope_id"], row["granted_fen"]
        if fen:
            yield Posting(f"{year}/grant/{e}", "grant", e, ((f"asset:bank:{e}", fen), (f"fund:{e}", -fen)))


def _owed_to(state: str, holder: str, parcel: str) -> str:
    return f"liability:escrow:{parcel}" if state == "escrow" else f"liability:payable:{holder}"


def _entitlements(entitlement: pa.Table) -> Iterator[Posting]:
    names = ("entitlement_id", "programme", "state", "holder_id", "parcel_id", "entitled_fen")
    for eid, programme, state, holder, parcel, fen in zip(*(entitlement[n].to_pylist() for n in names), strict=True):
        if fen and state != "excluded":
            yield Posting(
                f"{eid}/entitlement", "entitlement", eid, ((f"claim:{programme}", fen), (_owed_to(state, holder, parcel), -fen))
            )


def _allocations(entitlement: pa.Table, allocation: pa.Table) -> Iterator[Posting]:
    programme = dict(zip(entitlement["entitlement_id"].to_pylist(), entitlement["programme"].to_pylist(), strict=True))
    lines: dict[str, list[tuple[str, int]]] = {}
    for eid, envelope, fen in zip(
        *(allocation[n].to_pylist() for n in ("entitlement_id", "envelope_id", "amount_fen")), strict=True
    ):
        lines.setdefault(eid, []).append((f"fund:{envelope}", fen))
    for eid, debits in lines.items():
        total = sum(fen for _, fen in debits)
        yield Posting(f"{eid}/allocation", "allocation", eid, (*debits, (f"claim:{programme[eid]}", -total)))


def _orders(order: pa.Table, order_source: pa.Table) -> Iterator[Posting]:
    """Yield what the orders do: ready ones pay, escrow ones set money apart, held ones wait and book nothing."""
    sources: dict[str, list[tuple[str, int]]] = {}
    for oid, envelope, fen in zip(*(order_source[n].to_pylist() for n in ("order_id", "envelope_id", "amount_fen")), strict=True):
        sources.setdefault(oid, []).append((envelope, fen))
    for oid, holder, state, fen in zip(
        *(order[n].to_pylist() for n in ("order_id", "holder_id", "state", "amount_fen")), strict=True
    ):
        credits = tuple((f"asset:bank:{e}", -x) for e, x in sources[oid])
        if state == "ready":
            yield Posting(f"{oid}/payment", "payment", oid, ((f"liability:payable:{holder}", fen), *credits))
        elif state == "escrow":
            yield Posting(f"{oid}/escrow", "escrow", oid, (*((f"asset:escrow:{e}", x) for e, x in sources[oid]), *credits))


def _lapses(balance: pa.Table, year: int) -> Iterator[Posting]:
    for row in balance.to_pylist():
        e, fen = row["envelope_id"], row["lapsed_fen"]
        if fen:
            yield Posting(f"{year}/lapse/{e}", "lapse", e, ((f"fund:{e}", fen), (f"asset:bank:{e}", -fen)))


def reconcile(ledger: pa.Table, envelope_balance: pa.Table) -> list[Fault]:
    """Return a fault for each envelope whose books do not end where its balance does.

    ledger  the whole ledger up to the end of the year
    Tested: ``fund:E`` = left at year end; within the balance, carried in + granted = allocated + left + lapsed.
    """
    booked = trial_balance(ledger)
    out = []
    for row in envelope_balance.to_pylist():
        e = row["envelope_id"]
        if -booked.get(f"fund:{e}", 0) != row["closing_fen"]:
            out.append(_differs(e, "closing", Text("账本", "the ledger"), -booked.get(f"fund:{e}", 0), row["closing_fen"]))
        came, went = row["opening_fen"] + row["granted_fen"], row["allocated_fen"] + row["closing_fen"] + row["lapsed_fen"]
        if came != went:
            out.append(_differs(e, "sum", Text("来源合计", "what came in"), came, went))
    return out


def _differs(envelope: str, kind: str, what: Text, a: int, b: int) -> Fault:
    return Fault(
        f"payments.{kind}",
        "envelope_balance",
        envelope,
        Text("{w}是 {a} 元，资金包收支是 {b} 元。", "{w} says {a} yuan, the envelope balance {b} yuan.").fill(
            w=what, a=say_yuan(a), b=say_yuan(b)
        ),
        Text("两者须相等，核对上年结转与本年记账。", "They must be equal; check what was carried in and what was booked."),
    )
