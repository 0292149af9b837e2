"""Equal land, equal rate: differences between villages are explained by what was put in, or flagged."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ecocomp.standard.equity import equity
from ecocomp.terms.tables import PARCEL, PARCEL_ZONE, STANDARD, STANDARD_STEP


def _county(steps: dict[str, list[tuple[str, int, str]]], villages: dict[str, str]) -> tuple[pa.Table, ...]:
    """Build the four tables from (step, amount, inputs) of each parcel."""
    parcel = PARCEL.table(
        [
            {
                "parcel_id": p,
                "village_code": villages[p],
                "land_class": "0301",
                "ecosystem": "12",
                "area_dm2": 1_000_000,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for p in steps
        ]
    )
    zone = PARCEL_ZONE.table(
        [
            {
                "parcel_id": p,
                "function_zone": "water",
                "zone_share_ppm": 1_000_000,
                "red_line_ppm": 0,
                "reserve_ppm": 0,
                "importance": "general",
                "grade": 1,
            }
            for p in steps
        ]
    )
    zero: dict[str, Any] = {c.name: 0 for c in STANDARD.columns}
    standard = STANDARD.table(
        [
            {**zero, "parcel_id": p, "year": 2024, "rule": "r", "rate_fen_per_ha": sum(a for _, a, _ in found)}
            for p, found in steps.items()
        ]
    )
    rows = []
    for p, found in steps.items():
        after = 0
        for seq, (name, amount, inputs) in enumerate(found, 1):
            after += amount
            rows.append(
                {
                    "parcel_id": p,
                    "year": 2024,
                    "seq": seq,
                    "step": name,
                    "amount_fen_per_ha": amount,
                    "after_fen_per_ha": after,
                    "inputs": inputs,
                    "parameters": "",
                }
            )
    return parcel, zone, standard, STANDARD_STEP.table(rows)


VILLAGES = {"a": "east", "b": "west"}


def test_equal_land_with_equal_rates() -> None:
    same = [("protection", 100, "{}"), ("cap", 0, "{}")]
    row = equity(*_county({"a": same, "b": same}, VILLAGES)).to_pylist()[0]
    assert (row["result"], row["steps"], row["lowest_fen_per_ha"], row["highest_fen_per_ha"]) == ("equal", "", 100, 100)


def test_a_difference_in_what_was_put_in_explains_a_difference_in_rate() -> None:
    steps = {
        "a": [("opportunity", 50, '{"red":0}'), ("value", 10, '{"fen":500}')],
        "b": [("opportunity", 90, '{"red":1}'), ("value", 12, '{"fen":600}')],
    }
    row = equity(*_county(steps, VILLAGES)).to_pylist()[0]
    assert (row["result"], row["steps"]) == ("explained", "opportunity value")
    assert (row["lowest_village"], row["highest_village"], row["highest_fen_per_ha"]) == ("east", "west", 102)


def test_the_same_numbers_with_other_amounts_are_flagged() -> None:
    steps = {"a": [("opportunity", 50, '{"red":0}')], "b": [("opportunity", 51, '{"red":0}')]}
    row = equity(*_county(steps, VILLAGES)).to_pylist()[0]
    assert (row["result"], row["steps"]) == ("flagged", "opportunity")


def test_a_cap_that_takes_more_from_more_is_explained() -> None:
    steps = {
        "a": [("protection", 90, '{"z":1}'), ("cap", 0, '{"cap":100}')],
        "b": [("protection", 120, '{"z":2}'), ("cap", -20, '{"cap":100}')],
    }
    assert equity(*_county(steps, VILLAGES)).to_pylist()[0]["result"] == "explained"


def test_one_village_alone_has_nothing_to_compare_with() -> None:
    assert len(equity(*_county({"a": [("protection", 1, "{}")], "b": [("protection", 2, "{}")]}, {"a": "east", "b": "east"}))) == 0
