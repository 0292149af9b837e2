"""The operations of worked cases reach the code that serves users, in yuan and units as papers print them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError
from ecocomp.worked.operation import Setting
from ecocomp.worked.operations.credits import OPERATIONS

RUN = {op.id.removeprefix("credits."): op for op in OPERATIONS}
SETTING = Setting(RuleBook.load([policy_folder()]), "CN", date(2026, 11, 1), date(2026, 11, 22), Path())
CALL = [
    {"order": "1", "side": "sell", "quantity": 100, "price": 14}, {"order": "2", "side": "buy", "quantity": 80, "price": 15},
    {"order": "3", "side": "buy", "quantity": 60, "price": Decimal("14.5")}, {"order": "4", "side": "buy", "quantity": 60, "price": 13},
]  # fmt: skip
STEPS = [{"step": "surplus_check", "on": date(2026, 1, 5), "document": "d"}]
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("issue", {"instrument": "ccer", "quantity": 1005}, {"held": 905, "buffer": 100, "expires_on": ""}),
    ("issue", {"instrument": "pollution_right", "quantity": Decimal("1.5"), "from": date(2024, 2, 29)}, {"held": Fraction(3, 2), "expires_on": date(2029, 3, 1)}),
    ("evidence", {"instrument": "pollution_right", "operation": "transfer", "steps": STEPS}, {"faults": []}),
    ("evidence", {"instrument": "pollution_right", "operation": "transfer", "steps": STEPS, "cross_region": True}, {"faults": ["step_missing"]}),
    ("notice", {"from": date(2026, 7, 17), "to": date(2026, 8, 13)}, {"working_days": 20}),
    ("crediting_period", {"instrument": "ccer", "from": date(2020, 1, 1), "to": date(2040, 1, 1)}, {"allowed": True}),
    ("crediting_period", {"instrument": "ccer", "from": date(2020, 1, 1)}, {"allowed": False}),
    ("double_claim", {"claims": [
        {"project": "a", "instrument": "ccer", "parcel": "G", "share": "1/2", "from": date(2020, 1, 1), "to": date(2040, 1, 1)},
        {"project": "b", "instrument": "carbon_ticket", "parcel": "G", "share": "0.6", "from": date(2030, 1, 1)},
    ]}, {"double": ["G"]}),
    ("surrender", {"duty": "allowance", "due": 1000, "surrendered": {"allowance": 900, "ccer": 80}}, {
        "missing": 50, "offsets": 50, "not_counted": 30, "limit": 50, "faults": ["offset_limit"]}),
    ("penalty", {"duty": "allowance", "missing": 1000, "mean_price": 90}, {"low": 450_000, "high": 900_000, "cut": 1000}),
    ("mean_price", {"quantity": 16_500, "amount": 247_800}, {"mean": Fraction(247_800, 16_500), "mean_fen": Decimal("15.02")}),
    ("mean_price", {"trades": [{"quantity": 139_000, "amount": 59_000}]}, {"mean_fen": Decimal("0.42")}),
    ("lots", {"quantity": 16_500, "amount": 247_800}, {"proceeds": 247_800}),
    ("split", {"instrument": "land_ticket", "gross": 300_000, "cost": 100_000}, {"cost": 100_000, "household": 170_000, "collective": 30_000}),
    ("match", {"instrument": "wetland_quota", "quantity": 2, "quality": "2", "need": 2, "need_quality": "3"}, {"allowed": False, "faults": ["match_quality"]}),
    ("conservation", {"issued": 100, "held": 60, "retired": 30, "buffer": 9}, {"gap": 1, "conserved": False}),
    ("auction", {"orders": CALL}, {"price": Fraction(29, 2), "volume": 100, "surplus": 40, "amount": 1450, "fills": {"1": 100, "2": 80, "3": 20, "4": 0}}),
    ("book", {"orders": CALL}, {"open": {"3": 40, "4": 60}}),
]  # fmt: skip


@pytest.mark.parametrize(("id", "given", "found"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_an_operation(id: str, given: dict[str, Any], found: dict[str, Any]) -> None:
    op = RUN[id]
    assert set(given) <= {k.rstrip("?") for k in op.given}
    got = op.run(given, SETTING)
    assert {k: got[k] for k in found} == found
    assert set(got) <= set(op.found) or "*" in op.found


_BELOW: list[tuple[str, dict[str, Any], list[str]]] = [
    ("issue", {"instrument": "ccer", "quantity": -5}, ["quantity"]),
    ("surrender", {"duty": "allowance", "due": -1, "surrendered": {"ccer": -2}}, ["surrendered.ccer", "due"]),
    ("penalty", {"duty": "allowance", "missing": -1000, "mean_price": -90}, ["missing", "mean_price"]),
    ("mean_price", {"quantity": 16_500, "amount": -1}, ["trades[1].amount"]),
    ("mean_price", {"trades": [{"quantity": 1, "amount": 1}, {"quantity": -1, "amount": -1}]}, ["trades[2].quantity", "trades[2].amount"]),
    ("lots", {"quantity": 1, "amount": -247_800}, ["amount"]),
    ("lots", {"quantity": -1, "amount": "x"}, ["quantity", "amount"]),
    ("split", {"instrument": "land_ticket", "gross": -1, "cost": -2}, ["gross", "cost"]),
    ("match", {"instrument": "wetland_quota", "quantity": -2, "quality": "2", "need": -2, "need_quality": "3"}, ["quantity", "need"]),
    ("conservation", {"issued": -100, "held": -100}, ["issued", "held"]),
    ("auction", {"orders": CALL, "reference": -1}, ["reference"]),
]  # fmt: skip


@pytest.mark.parametrize(("id", "given", "places"), _BELOW, ids=[f"{c[0]}-{i}" for i, c in enumerate(_BELOW)])
def test_what_lies_below_zero_is_refused_in_words(id: str, given: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(FaultsError) as caught:
        RUN[id].run(given, SETTING)
    assert [(f.code, f.record) for f in caught.value.faults] == [("worked.values", p) for p in places]
    assert all(f.remedy.zh and f.remedy.en for f in caught.value.faults)


def test_every_operation_has_a_case() -> None:
    assert {c[0] for c in CASES} == set(RUN)
