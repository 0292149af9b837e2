"""The standard's programme beside rule-file programmes: what it gives up, exact to the fen, and no year paid twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from ecocomp.payments.enrol import Adopted, enrolled, given_way, paid_before
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.tables import CONTRACT, DUE, ENTITLEMENT, HOLDER, INSPECTED, PAID_BEFORE, PARCEL, RIGHT, STACKED

CLOCKS = {"valid_from": date(1990, 1, 1), "valid_to": None, "known_from": date(1990, 1, 1), "known_to": None}


def claim(number: int, fen: int, area: int = 1_000_000) -> dict[str, object]:
    return {"entitlement_id": f"E{number}", "year": 2024, "programme": "eco", "parcel_id": "P", "holder_id": f"H{number}", "right_id": "R",
            "contract_id": "C", "area_dm2": area, "share_num": 1, "share_den": 1, "rate_fen_per_ha": 1, "compliance_ppm": 1_000_000,
            "gross_fen": fen + 5, "deduction_fen": 5, "entitled_fen": fen, "funded_fen": 0, "shortfall_fen": fen, "state": "payable",
            "reason": ""}  # fmt: skip


def cut(dm2: int, against: str) -> dict[str, object]:
    return {"parcel_id": "P", "contract_id": "C", "programme": "eco", "against": against, "against_programme": "x", "verdict": "excluded",
            "on": "ground", "cut_dm2": dm2, "rule": "r", "document": "d", "confidence": "D", "says_zh": "", "says_en": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("cuts", "left"),
    [([600_000, 600_000], 400_000), ([500_000], 500_000), ([1_000_000], 0), ([2_000_000], 0), ([1], 999_999)],
)
def test_a_parcel_gives_up_its_largest_cut_once_and_loses_no_fen(cuts: list[int], left: int) -> None:
    owed = [333, 333, 334, 0]
    claims = ENTITLEMENT.table([claim(i, fen) for i, fen in enumerate(owed)])
    rows = given_way(claims, STACKED.table([cut(c, f"K{i}") for i, c in enumerate(cuts)]), "eco").to_pylist()
    assert sum(r["entitled_fen"] for r in rows) == round(1000 * left / 1_000_000)
    assert all(r["gross_fen"] - r["deduction_fen"] == r["entitled_fen"] == r["shortfall_fen"] >= 0 for r in rows)
    assert {r["state"] for r in rows} == ({"payable"} if left else {"excluded"})


def test_half_a_fen_of_several_holders_is_rounded_for_the_parcel_not_for_each() -> None:
    claims = ENTITLEMENT.table([claim(i, 1) for i in range(4)])
    rows = given_way(claims, STACKED.table([cut(500_000, "K")]), "eco").to_pylist()
    assert sum(r["entitled_fen"] for r in rows) == 2


def test_without_a_register_of_payments_no_earlier_year_is_paid_again() -> None:
    book = RuleBook.load([policy_folder()], check=False)
    tables: dict[str, pa.Table | None] = {
        "contract": CONTRACT.table([{"contract_id": "K", "holder_id": "H", "parcel_id": "P", "programme": "welfare_forest", "duty": "d",
                                     "signed_on": date(2015, 1, 1), **CLOCKS}]),
        "right_payable": pa.Table.from_pylist([{"right_id": "R", "parcel_id": "P", "holder_id": "H", "kind": "contract", "share_num": 1,
                                                "share_den": 1, "state": "clear", "document": "d", **CLOCKS}], schema=RIGHT.schema()),
        "parcel": PARCEL.table([{"parcel_id": "P", "village_code": "990121001001", "land_class": "0301", "ecosystem": "11",
                                 "area_dm2": 200_000, "declared_area_dm2": None, "x": 0.0, "y": 0.0}]),
        "holder": HOLDER.table([{"holder_id": "H", "kind": "household", "name": "H", "village_code": "990121001001", "members": 3,
                                 "income_fen": None}]),
        "inspection": INSPECTED.table([{"inspection_id": f"I{y}", "contract_id": "K", "year": y, "level": "county",
                                        "inspected_on": date(y, 10, 1), "result": "accepted", "accepted_dm2": 200_000, "survival_ppm": None,
                                        "certificate": None, "events": None, "inspector": "u"} for y in (2022, 2023, 2024)]),
        "parcel_zone": None, "enrolment": None, "overlay": None, "paid_before": paid_before(PAID_BEFORE.empty(), None, None),
    }  # fmt: skip
    params = book.resolve("990121", date(2024, 12, 31), date(2030, 1, 1))
    adopted = Adopted("eco", programmes=("welfare_forest",), accept=("programmes.*",))
    folders: list[Path] = [policy_folder()]
    claims, made = enrolled(ENTITLEMENT.empty(), adopted, folders, tables, params, 2024)
    assert made is not None
    assert [(r["reason"], r["entitled_fen"]) for r in claims.to_pylist()] == [("", 4725)]


def test_what_last_year_paid_is_known_this_year_and_what_it_did_not_pay_is_still_owed() -> None:
    due = {f.name: None for f in DUE.schema()} | {
        "payee": "holder", "variant": "", "holder_id": "H", "right_id": "R", "parcel_id": "P", "share_num": 1, "share_den": 1,
        "rate": "1", "unit": "CNY/mu", "months": 12, "rule": "", "document": "", "inspection_id": "", "against": "", "reason": "",
        "programme": "p", "payment": "cash", "contract_id": "K",
    }  # fmt: skip
    whole = {n: 0 for n in DUE.schema().names if n.endswith(("_dm2", "_fen"))}
    rows = [
        due | whole | {"due_id": f"d{y}", "year": 2024, "for_year": y, "state": state}
        for y, state in ((2022, "payable"), (2023, "waiting"), (2024, "escrow"))
    ]
    own = PAID_BEFORE.table([{"contract_id": "K", "programme": "p", "payment": "cash", "for_year": 2021, "tranche": None}])
    carried = PAID_BEFORE.table([{"contract_id": "K", "programme": "p", "payment": "cash", "for_year": 2022, "tranche": None}])
    known = paid_before(own, DUE.table(rows), carried)
    assert known is not None
    assert known["for_year"].to_pylist() == [2021, 2022, 2024]
    first = paid_before(PAID_BEFORE.empty(), DUE.empty(), None)
    assert first is not None and not len(first)
    assert paid_before(PAID_BEFORE.empty(), None, None) is None
