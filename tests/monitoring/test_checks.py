"""Faults of the register of field checks."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from ecocomp.monitoring.checks import check_field_checks
from ecocomp.terms.tables import FIELD_CHECK

PARCEL = pa.table({"parcel_id": ["P1", "P2"]})


def check(i: str, **more: Any) -> dict[str, Any]:
    base = {"parcel_id": "P1", "checked_on": date(2023, 9, 1), "verdict": "confirmed", "evidence": "photo", "inspector": "I1"}
    return {"check_id": i, **base, **more}


def test_a_sound_register_has_no_faults() -> None:
    rows = [
        check("C1"),
        check("C2", checked_on=date(2023, 10, 1), verdict="force_majeure"),
        check("C3", parcel_id="P2", verdict="refuted"),
    ]
    assert check_field_checks(FIELD_CHECK.table(rows), PARCEL) == []
    assert check_field_checks(FIELD_CHECK.empty(), PARCEL) == []


def test_every_fault_is_named() -> None:
    rows = [
        check("C1", parcel_id="P9"),
        check("C2", parcel_id="P2", verdict="guilty", inspector=" "),
        check("C3", parcel_id="P2", checked_on=date(2023, 9, 2), verdict="none"),
        check("C4"),
        check("C5", verdict="refuted"),
    ]
    found = check_field_checks(FIELD_CHECK.table(rows), PARCEL)
    assert {(f.code.removeprefix("monitoring."), f.record) for f in found} == {
        ("unknown_parcel", "C1"),
        ("verdict", "C2"),
        ("unsigned", "C2"),
        ("verdict", "C3"),
        ("at_odds", "C5"),
    }
    odd = next(f for f in found if f.record == "C5")
    assert "C4" in odd.clash.en and "refuted" in odd.clash.zh and "confirmed" in odd.clash.zh
