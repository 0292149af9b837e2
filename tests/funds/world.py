"""Entitlements, envelopes and random ones of them, for the tests of funds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.tables import ENTITLEMENT, ENVELOPE, PARCEL, PARCEL_ZONE

BOOK = RuleBook.load([policy_folder()], check=False)
PARAMS = BOOK.resolve("990121", date(2022, 12, 31), date(2023, 6, 1))
Row = tuple[int, str, str, int, str]


def entitlements(rows: dict[str, Any]) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Entitlement, parcel and zone tables; one parcel for each row."""
    made = ENTITLEMENT.table(
        [
            {
                "entitlement_id": i,
                "year": 2022,
                "programme": "x",
                "parcel_id": f"P{i}",
                "holder_id": "H",
                "right_id": "R",
                "contract_id": "C",
                "area_dm2": 1,
                "share_num": 1,
                "share_den": 1,
                "rate_fen_per_ha": 1,
                "compliance_ppm": 1,
                "gross_fen": int(r[0]),
                "deduction_fen": 0,
                "entitled_fen": int(r[0]),
                "funded_fen": 0,
                "shortfall_fen": int(r[0]),
                "state": r[4],
                "reason": "",
            }
            for i, r in rows.items()
        ]
    )
    parcel = PARCEL.table(
        [
            {
                "parcel_id": f"P{i}",
                "village_code": "v",
                "land_class": "0301",
                "ecosystem": r[2],
                "area_dm2": 1,
                "declared_area_dm2": 1,
                "x": 0.0,
                "y": 0.0,
            }
            for i, r in rows.items()
        ]
    )
    zone = PARCEL_ZONE.table(
        [
            {
                "parcel_id": f"P{i}",
                "function_zone": r[1],
                "zone_share_ppm": 10**6,
                "red_line_ppm": int(r[3]),
                "reserve_ppm": 0,
                "importance": "general",
                "grade": 1,
            }
            for i, r in rows.items()
        ]
    )
    return made, parcel, zone


def envelopes(given_: dict[str, Any], year: int = 2022) -> pa.Table:
    base = {
        "year": year,
        "source": "central_transfer",
        "name_zh": "甲",
        "name_en": "a",
        "floor_fen": 0,
        "earmark_zones": "",
        "earmark_ecosystems": "",
        "earmark_red_line": False,
        "carry_over": False,
        "valid_from": date(2020, 1, 1),
        "valid_to": date(2030, 1, 1),
        "document": "",
        "priority": 1,
    }
    rows = [
        {
            **base,
            **{k: v for k, v in e.items() if k != "fen"},
            "envelope_id": i,
            "granted_fen": int(e["fen"]),
            "priority": int(e.get("priority", 1)),
        }
        for i, e in given_.items()
    ]
    return ENVELOPE.table(rows)


def funded(table: pa.Table) -> dict[str, int]:
    return dict(zip(table["entitlement_id"].to_pylist(), table["funded_fen"].to_pylist(), strict=True))


ROWS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.tuples(
        st.integers(0, 40) | st.integers(0, 10**7),
        st.sampled_from(["water", "soil", "sand"]),
        st.sampled_from(["11", "31", "51"]),
        st.sampled_from([0, 500_000, 10**6]),
        st.sampled_from(["payable", "payable", "escrow", "held", "excluded"]),
    ),
    min_size=1,
    max_size=12,
)
PURSE = st.fixed_dictionaries(
    {
        "fen": st.integers(0, 60) | st.integers(0, 10**7),
        "priority": st.integers(1, 3),
        "carry_over": st.booleans(),
        "earmark_zones": st.sampled_from(["", "", "water", "soil", "water sand"]),
        "earmark_ecosystems": st.sampled_from(["", "", "1", "1 3"]),
        "earmark_red_line": st.booleans(),
    }
)
PURSES = st.dictionaries(st.sampled_from(["E1", "E2", "E3", "E4", "E5"]), PURSE, min_size=1, max_size=5)
