"""Small tables for the tests of payments."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.tables import COMPLIANCE, CONTRACT, OBJECTION, PARCEL, RIGHT, STANDARD

PARAMS = RuleBook.load([policy_folder()], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))
CLOCKS = {"valid_from": date(2020, 1, 1), "valid_to": None, "known_from": date(2020, 1, 1), "known_to": None}


def parcels(areas: dict[str, int]) -> pa.Table:
    return PARCEL.table(
        [
            {
                "parcel_id": p,
                "village_code": "v",
                "land_class": "0301",
                "ecosystem": "11",
                "area_dm2": a,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for p, a in areas.items()
        ]
    )


def standards(rates: dict[str, int], year: int = 2022) -> pa.Table:
    parts = [c.name for c in STANDARD.columns if c.name.endswith("_fen_per_ha") and c.name != "rate_fen_per_ha"]
    return STANDARD.table(
        [{"parcel_id": p, "year": year, "rule": "r", "rate_fen_per_ha": r, **dict.fromkeys(parts, 0)} for p, r in rates.items()]
    )


def rights(rows: list[tuple[str, str, int, int, str]]) -> pa.Table:
    return RIGHT.table(
        [
            {
                "right_id": f"{p}/{h}/{i:03d}",
                "parcel_id": p,
                "holder_id": h,
                "kind": "contract",
                "share_num": n,
                "share_den": d,
                "state": s,
                "document": "",
                **CLOCKS,
            }
            for i, (p, h, n, d, s) in enumerate(rows)
        ]
    )


def contracts(rows: list[tuple[str, str]], **change: Any) -> pa.Table:
    return CONTRACT.table(
        [
            {
                "contract_id": f"C-{p}-{h}",
                "holder_id": h,
                "parcel_id": p,
                "programme": "forest",
                "duty": "",
                "signed_on": date(2020, 1, 1),
                **CLOCKS,
                **change,
            }
            for p, h in rows
        ]
    )


def lights(rows: dict[str, tuple[str, str]], year: int = 2022) -> pa.Table:
    return COMPLIANCE.table(
        [{"parcel_id": p, "year": year, "light": a, "evidence": "", "confidence": None, "verdict": v} for p, (a, v) in rows.items()]
    )


def objections(*rows: tuple[str, str, str]) -> pa.Table:
    return OBJECTION.table(
        [
            {
                "objection_id": str(i),
                "year": 2022,
                "holder_id": h,
                "parcel_id": p,
                "kind": "area",
                "received_on": date(2023, 3, 1),
                "outcome": o,
                "answered_on": None if o == "open" else date(2023, 3, 2),
            }
            for i, (h, p, o) in enumerate(rows)
        ]
    )
