"""Random counties and rules for the properties of the standard: every rule, every step, ranges, and numbers of absurd size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from ecocomp.rules import Parameters
from ecocomp.terms.tables import ECONOMY, PARCEL, PARCEL_ZONE, SCORECARD, SERVICE_VALUE, STANDARD

YEAR = 2024
RULES = ("composite", "per_area_by_grade", "bounded", "value_development", "priority", "differentiated", "restoration")
ZONES = ("water", "soil", "none")
GROUPS = ("1", "3")
UNITS = {
    "standard.rule": "text",
    "standard.opportunity.method": "text",
    "standard.priority.unit": "text",
    "standard.development.t": "text",
    "standard.restoration.capital": "CNY/ha",
    "standard.past_capital": "CNY/mu",
    "standard.floor.forest_state": "CNY/mu/a",
    "standard.floor.grassland_ban": "CNY/mu/a",
}
BASE: dict[str, Any] = {
    "standard.least_observed": "0.5",
    "standard.eligible_groups": ["1", "3"],
    "standard.protection_cost": {"1": "300", "3": "200.5"},
    "standard.protection_zone_factor": {"water": "1.10", "soil": "1", "none": "0.9"},
    "standard.opportunity_cost": {"1": "900", "3": "777.77"},
    "standard.opportunity.method": "table",
    "standard.opportunity.uses": {"1.maize": "700", "1.fruit": "1250.25", "3.grazing": "310"},
    "standard.opportunity.income_reference": "21000",
    "standard.opportunity.population": "12345",
    "standard.opportunity.area_ha": "70000.7",
    "standard.restriction.red_line": "1",
    "standard.restriction.reserve": "0.8",
    "standard.restriction.outside": "0.35",
    "standard.value_share": {"water": "0.02", "soil": "0.033", "none": "0.01"},
    "standard.value_grade_coefficient": {"1": "1.25", "2": "1", "3": "0.75"},
    "standard.value_cap_share": "0.03",
    "standard.value_cap": "900",
    "standard.regional_base": "150",
    "standard.regional.engel_reference": "0.35",
    "standard.regional.income_reference": "16000",
    "standard.regional.income_factor_low": "0.8",
    "standard.regional.income_factor_high": "1.2",
    "standard.floor.forest_state": "10",
    "standard.floor.grassland_ban": "7.5",
    "standard.floors": [
        {"ecosystem_group": "1", "tenure": "state", "floor": "standard.floor.forest_state"},
        {"ecosystem_group": "3", "restriction": "ban", "floor": "standard.floor.grassland_ban"},
    ],
    "standard.ban_red_line": "0.5",
    "standard.cap": {"1": "6000", "3": "1800"},
    "standard.limit_up": "0.10",
    "standard.limit_down": "0.07",
    "standard.per_area.rate": {f"{z}.{g}": f"{900 + 37 * n}.{n}1" for n, (z, g) in enumerate((z, g) for z in ZONES for g in "123")},
    "standard.per_area.ecosystem_factor": {"1": "1", "3": "0.9"},
    "standard.affordable": "2600",
    "standard.development.factor": {"water": "0.013", "soil": "0.02", "none": "0.01"},
    "standard.priority.unit": "parcel",
    "standard.priority.population": "20000",
    "standard.priority.area_ha": "70000",
    "standard.priority.factor": {"potential": "0.1", "secondary": "0.55", "priority": "1"},
    "standard.priority.cuts": {"potential": "0.27", "secondary": "1.41"},
    "standard.differentiated.base": {"1": "800", "3": "400"},
    "standard.differentiated.factors": [
        {"by": "grade", "factor": "standard.differentiated.rank"},
        {"by": "village", "factor": "standard.differentiated.location"},
        {"by": "restriction", "factor": "standard.differentiated.duty"},
        {"by": "region", "factor": "standard.differentiated.fiscal"},
    ],
    "standard.differentiated.rank": {"1": "1.37", "2": "1", "3": "0.71"},
    "standard.differentiated.location": {"v1": "1.13", "*": "1"},
    "standard.differentiated.duty": {"ban": "1.3", "balance": "0.9"},
    "standard.differentiated.fiscal": "1.07",
    "standard.restoration.capital": {"1": "21000", "3": "4000"},
    "standard.restoration.capital.rate": "0.045",
    "standard.restoration.capital.years": "20",
    "standard.restoration.share": {"1": "0.2", "2": "0.5", "3": "1"},
    "standard.restoration.upkeep": {"1": "75", "3": "15.15"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "past capital": {
        "standard.past_capital": {"1": "1500", "3": "90"},
        "standard.past_capital.rate": "0.03",
        "standard.past_capital.years": "15",
    },
    "best use": {"standard.opportunity.method": "best_use"},
    "income gap": {"standard.opportunity.method": "income_gap"},
    "baseline": {"standard.baseline_value": {"1": "123.45", "3": "67"}},
    "index": {"standard.index": {"2020": "100", "2024": "107.3"}, "standard.index_base_year": "2020"},
    "region": {"standard.priority.unit": "region"},
    "urban Engel": {"standard.engel.urban": "0.29", "standard.engel.rural": "0.34", "standard.engel.urban_share": "0.613"},
    "water": {
        "standard.restoration.water.found": {"NH3-N": "1.43"},
        "standard.restoration.water.agreed": {"NH3-N": "1"},
        "standard.restoration.water.flow": "12345678",
        "standard.restoration.water.cost": {"NH3-N": "11.3"},
        "standard.restoration.water.exponent": {"NH3-N": "0.41"},
        "standard.restoration.water.area_ha": "3210",
    },
    "mixed rules": {
        "standard.rules_by": [
            {"ecosystem_group": "3", "restriction": "ban", "rule": "per_area_by_grade"},
            {"tenure": "state", "rule": "bounded"},
        ]
    },
    "ranges": {
        "standard.protection_cost": ({"1": "250", "3": "200.5"}, {"1": "300", "3": "200.5"}, {"1": "310", "3": "260"}),
        "standard.value_cap": ("800", "900", "1200"),
        "standard.limit_down": ("0.05", "0.07", "0.2"),
        "standard.regional.engel_reference": ("0.3", "0.35", "0.4"),
        "standard.floor.forest_state": ("9", "10", "12"),
        "standard.cap": ({"1": "5000", "3": "1700"}, {"1": "6000", "3": "1800"}, {"1": "6100", "3": "2800"}),
        "standard.priority.cuts": (
            {"potential": "0.2", "secondary": "1.3"},
            {"potential": "0.27", "secondary": "1.41"},
            {"potential": "0.5", "secondary": "2"},
        ),
        "standard.restoration.capital.rate": ("0.04", "0.045", "0.06"),
        "standard.differentiated.fiscal": ("1", "1.07", "1.2"),
    },
}


def rules(make: Callable[..., Parameters], rule: str, options: tuple[str, ...] = (), **change: Any) -> Parameters:
    """Return parameters with a rule, some options and further changes (keys with `__` for dots)."""
    values = {**BASE, "standard.rule": rule}
    for name in options:
        values |= OPTIONS[name]
    if "ranges" not in options and "urban Engel" not in options:
        pass
    return make(values | {k.replace("__", "."): v for k, v in change.items()}, units=UNITS)


def land(**more: Any) -> dict[str, Any]:
    """Return a parcel, changed as asked."""
    return {
        "ecosystem": "12",
        "function_zone": "water",
        "grade": 2,
        "red_line_ppm": 500_000,
        "reserve_ppm": 100_000,
        "area_dm2": 2_000_000,
        "worth": (3_000_000, 4_000_000, 5_000_000),
        "village": "v1",
        "tenure": "",
        "last": 0,
        "observed_ppm": None,
        **more,
    }


_fen = st.one_of(st.integers(-(10**6), 10**9), st.integers(-(2**62), 2**62), st.sampled_from([0, 2**63 - 1, 1, 5, 10**15]))
_ppm = st.one_of(st.integers(0, 10**6), st.sampled_from([0, 500_000, 10**6]))
LANDS = st.lists(
    st.fixed_dictionaries(
        {
            "ecosystem": st.sampled_from(["11", "34", "51"]),
            "function_zone": st.sampled_from(ZONES),
            "grade": st.integers(1, 3),
            "red_line_ppm": _ppm,
            "reserve_ppm": _ppm,
            "area_dm2": st.one_of(st.integers(1, 10**8), st.sampled_from([1, 2**62, 10**6, 2_000_000])),
            "worth": st.one_of(st.none(), st.tuples(_fen, _fen, _fen).map(lambda t: tuple(sorted(t)))),
            "village": st.sampled_from(["v1", "v2"]),
            "tenure": st.sampled_from(["", "state", "collective"]),
            "last": st.one_of(st.just(0), st.integers(1, 400_000), st.sampled_from([2**55])),
            "observed_ppm": st.one_of(st.none(), st.integers(1, 10**6)),
        }
    ),
    min_size=1,
    max_size=12,
)


def tables(lands: list[dict[str, Any]], reward: int | None = None, **economy: int) -> dict[str, Any]:
    """Return the arguments of `set_standard` but the rules: two services a parcel, last year's rates where there are any."""
    ids = [f"p{n:03d}" for n in range(len(lands))]
    pairs = list(zip(ids, lands, strict=True))
    parcel = {"declared_area_dm2": None, "x": 0.0, "y": 0.0, "land_class": "0301"}
    zone = {"zone_share_ppm": 1_000_000, "importance": "general"}
    value = [
        {
            "parcel_id": p,
            "year": YEAR,
            "service": service,
            "value_fen": v["worth"][1] if service == "water" else 7,
            "low_fen": v["worth"][0] if service == "water" else 6,
            "high_fen": v["worth"][2] if service == "water" else 9,
            "price_year": YEAR,
            "method": "m@1",
            "observed_ppm": v["observed_ppm"] if service == "water" else None,
        }
        for p, v in pairs
        if v["worth"] is not None
        for service in ("soil", "water")
    ]
    found = {"engel_ppm": 350_000, "income_fen_per_head": 1_600_000, "gdp_fen_per_head": 5_000_000, **economy}
    last = {c.name: 0 for c in STANDARD.columns} | {"year": YEAR - 1, "rule": "r@1"}
    return {
        "parcel": PARCEL.table(
            [
                {
                    "parcel_id": p,
                    "village_code": v["village"],
                    "ecosystem": v["ecosystem"],
                    "area_dm2": v["area_dm2"],
                    **parcel,
                }
                for p, v in pairs
            ]
        ),
        "parcel_zone": PARCEL_ZONE.table(
            [
                {"parcel_id": p, **{k: v[k] for k in ("function_zone", "grade", "red_line_ppm", "reserve_ppm")}, **zone}
                for p, v in pairs
            ]
        ),
        "service_value": SERVICE_VALUE.table(value),
        "economy": ECONOMY.table([{"region_code": "990121", "year": YEAR - 1, **found}]),
        "region_code": "990121",
        "year": YEAR,
        "standard_last": STANDARD.table([{**last, "parcel_id": p, "rate_fen_per_ha": v["last"]} for p, v in pairs]),
        "tenure": {p: v["tenure"] for p, v in pairs if v["tenure"]},
        "scorecard_last": None if reward is None else scorecard(reward),
    }


def scorecard(reward: int) -> pa.Table:
    """Return last year's scorecard with one reward for the water zone."""
    row = {"score": 80.0, "score_low": 70.0, "score_high": 90.0, "weight_assessed_ppm": 1_000_000, "grade": "B", "parameters": ""}
    return SCORECARD.table([{"area_code": "water", "function_zone": "water", "year": YEAR - 1, "reward_ppm": reward, **row}])
