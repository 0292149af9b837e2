"""A year of four parcels whose every figure can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.rules import Parameters
from ecocomp.simulation.base import Base
from ecocomp.simulation.outcome import outcome
from ecocomp.simulation.reform import Ground
from ecocomp.tenure.rights import payable_rights
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text

YEAR = 2024
CLOCKS = {"valid_from": date(2020, 1, 1), "valid_to": None, "known_from": date(2020, 1, 1), "known_to": None}

RULES: dict[str, Any] = {
    "standard.rule": "per_area_by_grade",
    "standard.eligible_groups": ["1", "3"],
    "standard.per_area.rate": {"water.1": "1000", "soil.2": "500"},
    "standard.per_area.ecosystem_factor": {"1": "1", "3": "1"},
    "standard.cap": {"1": "5000", "3": "5000"},
    "standard.floor.test": "100",
    "standard.floors": [{"ecosystem_group": "3", "floor": "standard.floor.test"}],
}


@pytest.fixture
def ground(given_rules: Callable[..., Parameters]) -> Ground:
    """The rules the little year is run with."""
    units = {"standard.per_area.ecosystem_factor": "1", "standard.rule": "text"}
    params = given_rules(RULES, place="990121", units=units)
    return Ground(params.book, "990121", date(YEAR, 12, 31), date(2030, 1, 1), ("CENTRAL",))


@pytest.fixture
def base(ground: Ground) -> Base:
    """P1 1 ha at 1,000 for H1; P2 2 ha at 500 for H2 and C1; P3 0.5 ha at 1,000 for C1; P4 a settlement. 2,500 yuan."""
    tables = dict(_tables())
    made = Base(tables, {}, ground, YEAR, "eco", "990121", Text("试", "test"))
    tables["entitlement"] = outcome(made).claims
    return made


def _tables() -> dict[str, pa.Table]:
    land = [("P1", "V1", "11", 10), ("P2", "V2", "31", 20), ("P3", "V1", "12", 5), ("P4", "V2", "61", 10)]
    zones = {"P1": ("water", 1), "P2": ("soil", 2), "P3": ("water", 1), "P4": ("none", 3)}
    rights = [("P1", "H1", 1, 1), ("P2", "H2", 1, 2), ("P2", "C1", 1, 2), ("P3", "C1", 1, 1), ("P4", "H1", 1, 1)]
    holders = [
        ("H1", "household", "V1", 2, 1_000_000),
        ("H2", "household", "V2", 2, 4_000_000),
        ("C1", "collective", "V1", 1, None),
    ]
    parcel = TABLES["parcel"].table(
        [
            {
                "parcel_id": p,
                "village_code": v,
                "land_class": "0301",
                "ecosystem": e,
                "area_dm2": a * 100_000,
                "x": float(n),
                "y": 0.0,
            }
            for n, (p, v, e, a) in enumerate(land)
        ]
    )
    zone = TABLES["parcel_zone"].table(
        [
            {
                "parcel_id": p,
                "function_zone": z,
                "zone_share_ppm": 1_000_000,
                "red_line_ppm": 0,
                "reserve_ppm": 0,
                "importance": "general",
                "grade": g,
            }
            for p, (z, g) in zones.items()
        ]
    )
    holder = TABLES["holder"].table(
        [{"holder_id": h, "kind": k, "name": h, "village_code": v, "members": m, "income_fen": i} for h, k, v, m, i in holders]
    )
    right = TABLES["right"].table(
        [
            {
                "right_id": f"R{n}",
                "parcel_id": p,
                "holder_id": h,
                "kind": "contract",
                "share_num": a,
                "share_den": b,
                "state": "clear",
                "document": "",
                **CLOCKS,
            }
            for n, (p, h, a, b) in enumerate(rights)
        ]
    )
    contract = TABLES["contract"].table(
        [
            {
                "contract_id": f"K{n}",
                "holder_id": h,
                "parcel_id": p,
                "programme": "eco",
                "duty": "",
                "signed_on": date(2020, 1, 1),
                **CLOCKS,
            }
            for n, (p, h, _, _) in enumerate(rights)
        ]
    )
    envelope = TABLES["envelope"].table(
        [
            {
                "envelope_id": "CENTRAL", "year": YEAR, "source": "central_transfer", "name_zh": "中央", "name_en": "central",
                "granted_fen": 250_000, "floor_fen": 0, "priority": 1, "earmark_zones": "", "earmark_ecosystems": "",
                "earmark_red_line": False, "carry_over": True, "valid_from": date(2024, 1, 1), "valid_to": date(2025, 12, 31), "document": "test",
            }
        ]
    )  # fmt: skip
    economy = TABLES["economy"].table(
        [
            {
                "region_code": "990121",
                "year": YEAR,
                "engel_ppm": 350_000,
                "income_fen_per_head": 1_500_000,
                "gdp_fen_per_head": 3_000_000,
            }
        ]
    )
    return {
        "parcel": parcel,
        "parcel_zone": zone,
        "holder": holder,
        "right": right,
        "contract": contract,
        "envelope": envelope,
        "economy": economy,
        "right_payable": payable_rights(right, parcel, contract),
        "compliance": TABLES["compliance"].empty(),
        "service_value": TABLES["service_value"].empty(),
    }
