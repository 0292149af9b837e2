"""What worked cases can ask of funds answers in plain values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.worked.operation import Setting
from ecocomp.worked.operations.funds import OPERATIONS

BOOK = RuleBook.load([policy_folder()], check=False)
BY_ID = {o.id: o for o in OPERATIONS}
YUAN = Decimal


def ask(operation: str, **given: Any) -> Any:
    op = BY_ID[operation]
    assert set(given) <= {k.rstrip("?") for k in op.given} and {k for k in op.given if not k.endswith("?")} <= set(given)
    found = op.run(given, Setting(BOOK, "CN", date(2026, 12, 31), date(2027, 1, 1), Path()))
    assert set(found) == set(op.found)
    return found


@pytest.mark.parametrize(
    ("operation", "given", "expected"),
    [
        ("funds.apportion", {"total": YUAN("1.00"), "weights": [1, 1, 1]}, {"parts": [YUAN("0.34"), YUAN("0.33"), YUAN("0.33")]}),
        ("funds.ration", {"rule": "equal", "available": YUAN(100), "owed": [YUAN(10), YUAN(60), YUAN(90)]}, {"given": [YUAN(10), YUAN(45), YUAN(45)], "short": YUAN(60)}),
        ("funds.ration", {"rule": "floor_first", "available": YUAN(100), "owed": [YUAN(30), YUAN(200)], "floor": YUAN(40)}, {"given": [YUAN(30), YUAN(70)]}),
        ("funds.ration", {"rule": "rank", "available": YUAN(100), "owed": [YUAN(80), YUAN(60)], "ranks": [1, 0], "holders": ["a", "b"]}, {"given": [YUAN(40), YUAN(60)]}),
        ("funds.match", {"granted": YUAN(100), "matched": YUAN(20), "share": YUAN("0.4"), "effect": "reduce"}, {"required": YUAN(40), "short": YUAN(20), "drawable": YUAN(50)}),
        ("funds.cost_factor", {"factors": {"population_size_factor": YUAN("1.2"), "area_factor": YUAN(2)}}, {"cost_factor": Decimal("1.32")}),
        ("funds.issued", {"place": "hebei"}, {"wrong_rows": 0, "already_plus_this_time": YUAN("33.86"), "total": YUAN("33.86"), "complete": False}),
        ("funds.interest", {"balance": YUAN(1_000_000), "days": 90, "rate": YUAN("0.0035"), "source": "central_transfer"}, {"interest": YUAN(875), "owner": "treasury"}),
        ("funds.standing", {"source": "bond", "events": [{"kind": "grant", "yuan": YUAN(5)}, {"kind": "reduce", "yuan": YUAN(2)}]}, {"usable": YUAN(3)}),
        ("funds.transfer", {"pool": YUAN(320), "parts": {"key": YUAN(320)}, "counties": [{"county": "a", "gap": YUAN(100), "red_line": YUAN("0.4")}, {"county": "b", "gap": YUAN(200)}]},
         {"totals": {"a": YUAN(120), "b": YUAN(200)}, "sum": YUAN(320), "coefficients": {"a": Decimal("1.2"), "b": 1}}),
        ("funds.equalise", {"pool": YUAN(10), "w1": 1, "w2": 0, "regions": [
            {"region": "a", "std_expenditure": YUAN(20), "std_revenue": YUAN(10), "must_pay": YUAN(1), "local_std_revenue": YUAN(1)},
            {"region": "b", "std_expenditure": YUAN(40), "std_revenue": YUAN(10), "must_pay": YUAN(1), "local_std_revenue": YUAN(1)}]},
         {"equalisation": {"a": YUAN("2.5"), "b": YUAN("7.5")}}),
        ("funds.plan", {"plan": {"first_year": YUAN(2026), "years": YUAN(2), "commitments": [{"name": "x", "yuan": {"2026": YUAN(5), "2027": YUAN(5)}}],
                                 "envelopes": [{"id": "C", "source": "bond", "granted_yuan": {"2026": YUAN(7)}}]}},
         {"runs_out": 2027, "short": {"2026": YUAN(0), "2027": YUAN(3)}, "left": {"2026": YUAN(2), "2027": YUAN(0)}, "used": {"C": YUAN(7)}}),
    ],
)  # fmt: skip
def test_an_operation_answers(operation: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    found = ask(operation, **given)
    assert {k: found[k] for k in expected} == expected


def test_every_operation_is_tried() -> None:
    tried = {m.args[1][i][0] for m in [test_an_operation_answers.pytestmark[0]] for i in range(len(m.args[1]))}  # type: ignore[attr-defined]
    assert tried == set(BY_ID)
