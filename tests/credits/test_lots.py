"""Carbon lots are conserved, claimed once, and bring quantity times price to the fen."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ecocomp.credits.lots import check_lots, hold_back, proceeds
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.tables import CREDIT

WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "lots.yaml")[0])


def _lot(id: str, origin: str, year: int, figures: list[Any], buyer: str = "B") -> dict[str, Any]:
    names = ("issued_t", "held_back_t", "sold_t", "held_t", "price_fen_per_t", "proceeds_fen")
    return {
        "lot_id": id,
        "year": year,
        "origin": origin,
        "buyer": buyer,
        **{n: int(f) for n, f in zip(names, figures, strict=True)},
    }


@pytest.mark.parametrize("case", WORKED, ids=[c["name"] for c in WORKED])
def test_worked_case(case: dict[str, Any]) -> None:
    table = CREDIT.table([_lot("L1", "990121", 2022, case["lot"])])
    assert [f.code for f in check_lots(table)] == case["faults"]
    assert proceeds(table, 2022) == int(case["lot"][2] * case["lot"][4])
    assert proceeds(table, 2021) == 0


def test_one_result_has_one_claim_and_a_sale_has_a_buyer() -> None:
    table = CREDIT.table(
        [
            _lot("a", "X", 2022, [1, 0, 0, 1, 0, 0]),
            _lot("b", "X", 2022, [1, 0, 1, 0, 5, 5], buyer=""),
            _lot("c", "X", 2023, [1, 0, 0, 1, 0, 0]),
        ]
    )
    found = check_lots(table)
    assert sorted((f.code, f.record) for f in found) == [
        ("credits.buyer", "b"),
        ("credits.double_claim", "a"),
        ("credits.double_claim", "b"),
    ]
    assert "X 的 2022 年结果有 2 个批次" in found[-1].say("zh")


def test_the_share_held_back_is_a_dated_rule_of_unverified_mark() -> None:
    params = RuleBook.load([policy_folder()], check=False).resolve("990121", date(2022, 12, 31), date(2023, 1, 1))
    assert [hold_back(t, params) for t in (100, 105, 115, 0)] == [10, 10, 12, 0]
    assert params.unaccepted([])[0].code == "rules.unaccepted"
