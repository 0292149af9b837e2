"""What cannot be computed is told in words by the operation itself, every fault at once, never as a traceback."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import EcocompError, FaultsError
from ecocomp.worked.operation import Setting, operations

AT = Setting(RuleBook.load([policy_folder()], check=False), "CN", date(2026, 12, 31), date(2027, 1, 1), Path())


def told(operation: str, /, **given: Any) -> list[str]:
    with pytest.raises(FaultsError) as stop:
        operations()[operation].run(given, AT)
    return [f"{f.record}: {f.clash.en} {f.remedy.en}" for f in stop.value.faults]


@pytest.mark.parametrize(
    ("operation", "given", "place", "said"),
    [
        ("payments.divided", {"sources": {"E1": 1}, "shares": {"H1": "1/2", "H2": "1/3"}}, "shares", "5/6"),
        ("funds.apportion", {"total": 1, "weights": [0, 0]}, "weights", "above zero"),
        ("funds.apportion", {"total": "a lot", "weights": [1]}, "total", "a lot"),
        ("funds.ration", {"rule": "nosuch", "available": 1, "owed": [1, 2]}, "rule", "pro_rata"),
        ("funds.ration", {"rule": "rank", "available": 1, "owed": [1, 2], "ranks": [1]}, "ranks", "2 values"),
        ("funds.match", {"granted": 1, "matched": 1, "share": 0}, "share", "above zero"),
        ("funds.interest", {"balance": 1, "days": "ten", "rate": 1}, "days", "ten"),
        ("funds.plan", {"plan": []}, "plan", "table of keys"),
        ("funds.standing", {"source": "bond", "events": [{"kind": "grant", "yuan": 1, "day": 3}]}, "events[1].day", "not known"),
        ("credits.notice", {"from": "tomorrow", "to": date(2026, 7, 1)}, "from", "tomorrow"),
        ("credits.auction", {"orders": [{"order": "a", "side": "buy", "quantity": "5x"}]}, "orders[1].quantity", "5x"),
        ("credits.book", {"orders": [{"order": "a", "kind": "cancle"}]}, "orders[1].kind", "cancel"),
        ("credits.evidence", {"instrument": "ccer", "operation": "burn"}, "operation", "retire"),
        ("credits.mean_price", {"trades": [{"quantity": 1}]}, "trades[1].amount", "missing"),
        ("ledger.arrears", {"moves": [{"owed": 5}], "days": 3}, "moves[1].on", "missing"),
        ("ledger.post", {"transfers": [], "reverse": [2]}, "reverse", "1 to 0"),
        ("payments.returned", {"batch": "B", "sent": [{"row": "x", "amount": 1}], "rows": []}, "sent[1].row", "x"),
        ("payments.arrears", {"due": 1, "due_on": "soon", "until": date(2026, 1, 1)}, "due_on", "soon"),
        ("simulate.change", {"old": 1, "change": "*x"}, "change", "neither a number nor a change"),
        ("simulate.inequality", {"payments": [1, 2], "groups": ["a"]}, "groups", "2 values"),
        ("target.auction", {"bids": "none"}, "bids", "a list"),
        ("standard.annuity", {"capital": 1, "rate": 0, "years": "ten"}, "years", "ten"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_told_where_it_stands(operation: str, given: dict[str, Any], place: str, said: str) -> None:
    lines = told(operation, **given)
    assert any(line.startswith(f"{place}: ") and said in line for line in lines), lines


def test_every_fault_is_told_at_once() -> None:
    lines = told("credits.auction", orders=[{"ordr": "a", "side": "buy", "quantity": "many"}, {"order": "b", "side": "buy"}], lot=0)
    assert [line.partition(":")[0] for line in lines] == [
        "lot",
        "orders[1].ordr",
        "orders[1].order",
        "orders[2].quantity",
        "orders[1].quantity",
    ]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("standard.development", {"engel": "high"}),
        ("standard.development", {"urban": Decimal("0.3")}),
        ("credits.conservation", {"issued": "ten"}),
        ("credits.lots", {"quantity": 0, "amount": 1}),
        ("funds.transfer", {"counties": [1], "pool": 1}),
        ("funds.equalise", {"regions": [{"region": "a", "std_revenue": "x"}], "pool": 1, "w1": 1, "w2": 0}),
        ("funds.cost_factor", {"factors": {"remot": 1}}),
    ],
)
def test_other_impossible_values_are_refused_in_words(operation: str, given: dict[str, Any]) -> None:
    with pytest.raises(EcocompError):
        operations()[operation].run(given, AT)
