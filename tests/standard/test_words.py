"""Every step a rule writes can be said in words, with the numbers that were put in."""

from __future__ import annotations

import json

import pytest

from ecocomp.standard.words import STEPS, say_step, step_name

# fmt: off
CASES = [
    ("protection", {"cost": "315", "ecosystem_group": "1", "function_zone": "soil", "zone_factor": "1.05"}, ["315", "1.05", "soil conservation"]),
    (
        "opportunity",
        {"cost": "930", "ecosystem_group": "1", "red_line_ppm": 250_000, "reserve_ppm": 100_000, "red_line": "1", "reserve": "0.80", "outside": "0.45"},
        ["930", "25%", "10%", "65%", "0.45"],
    ),
    (
        "value",
        {"service_value_fen": 4_000_000, "area_dm2": 2_000_000, "share": "0.02", "grade": 2, "grade_coefficient": "1.00", "cap_share": "0.03",
         "cap_fen_per_ha": 75_000, "services": "soil_retention", "low_fen": 1, "high_fen": 2},
        ["40,000.00", "2.000 ha", "0.02", "750.00", "soil retention"],
    ),
    ("value", {"service_value": "not_assessed"}, ["not assessed"]),
    ("reward", {"function_zone": "water", "grade": "B", "reward_ppm": 20_000}, ["water conservation", "+2%"]),
    ("reward", {"scorecard": "none"}, ["no scorecard"]),
    ("limit", {"last_fen_per_ha": 129_196, "low": 116_277, "high": 142_115}, ["1,291.96", "1,162.77", "1,421.15"]),
    ("limit", {"last_fen_per_ha": "none"}, ["no rate of the year before"]),
    ("floor", {"floors": {"standard.floor.forest_collective": 24_000}}, ["240.00"]),
    ("floor", {"floors": {}}, ["no statutory floor"]),
    ("cap", {"ecosystem_group": "1", "cap": "2400"}, ["2400", "forest"]),
    ("ineligible", {"ecosystem_group": "5"}, ["farmland"]),
]
# fmt: on


@pytest.mark.parametrize(("step", "inputs", "words"), CASES)
def test_a_step_says_its_numbers(step: str, inputs: dict[str, object], words: list[str]) -> None:
    said = say_step(step, json.dumps(inputs))
    assert all(w in said.en for w in words), said.en
    assert said.zh and "{" not in said.zh and step_name(step).zh


def test_a_step_of_an_unknown_rule_is_shown_as_it_is() -> None:
    assert say_step("bonus", '{"a": 1}').en == "a = 1"
    assert step_name("bonus").en == "bonus"


def test_inputs_of_another_shape_never_fail() -> None:
    for step in STEPS:
        assert say_step(step, '{"x": [1, {"y": null}]}').zh
