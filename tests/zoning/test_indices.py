"""The zoning formulas on plain numbers: specs, examples, hand-worked cases, and how they must behave."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.registry import Entry, entries
from ecocomp.terms.faults import UsageError
from ecocomp.zoning.indices import climate, npp

ALL = entries("zoning.indices")
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "indices.yaml").read_text(encoding="utf-8"))


def agrees(got: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(wanted, str):
        return bool(got == wanted)
    return bool(np.allclose(got, wanted, rtol=tolerance, atol=1e-12))


@pytest.mark.parametrize("entry", ALL.values(), ids=ALL)
def test_spec_signature_and_examples_agree(entry: Entry) -> None:
    spec, evaluate = entry.spec, entry.evaluate
    assert evaluate is not None and spec.faults() == [] and len(spec.examples) >= 2 and spec.holds.zh and spec.holds.en
    signature = inspect.signature(evaluate).parameters
    assert list(signature) == [a.name for a in spec.arguments]
    outputs = {o.name for o in spec.outputs}
    for example in spec.examples:
        got = evaluate(**example.inputs)
        assert set(got) == outputs and set(example.outputs) <= outputs
        for name, wanted in example.outputs.items():
            assert agrees(got[name], wanted, example.tolerance), (name, got[name], wanted)
    for a in spec.arguments:
        default = signature[a.name].default
        assert (default is inspect.Parameter.empty) == (a.default is None)
        assert a.default is None or agrees(default, a.default, 0.0)


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{c['id']}" for i, c in enumerate(CASES)])
def test_worked_case(case: dict[str, Any]) -> None:
    evaluate = ALL[case["id"]].evaluate
    assert evaluate is not None
    got = evaluate(**case["given"])
    for name, wanted in case["gives"].items():
        assert agrees(got[name], wanted, 1e-6), (case["source"], name, got[name])


def test_humidity_in_per_cent_is_refused_by_its_bounds() -> None:
    """The paper's legend says per cent; with 60 for 60 % the evaporation would turn negative."""
    argument = next(a for a in ALL["monthly_potential_evaporation"].spec.arguments if a.name == "humidity")
    assert (argument.least, argument.most) == (0, 1)
    assert climate.monthly_evaporation(20.0, 60.0) < 0 < climate.monthly_evaporation(20.0, 0.6)


def test_wet_months_never_count_against_dry_ones() -> None:
    dry = climate.month_erosivity(4.0, 100.0, 20.0, 30.0)
    wet = climate.month_erosivity(4.0, 100.0, 900.0, 30.0)
    assert dry == pytest.approx(64 * 0.8 * 0.3) and wet == 0.0
    assert climate.month_erosivity(4.0, 0.0, 0.0, 30.0) == 0.0, "no evaporation is no division by nothing"


def test_no_warm_season_has_no_dryness_and_no_rain_in_it_is_endless() -> None:
    assert math.isnan(climate.dryness(np.float64(0.0), np.float64(0.0)))
    assert math.isinf(climate.dryness(np.float64(500.0), np.float64(0.0)))


@given(st.floats(0.0, 1.55))
def test_cosine_is_the_cosine(angle: float) -> None:
    assert climate.cosine(angle) == pytest.approx(math.cos(angle), abs=1e-15)


def test_seepage_rises_in_thirteenths_from_heavy_clay_to_sand() -> None:
    steps = [npp.seepage(t) * 13 for t in npp.TEXTURES]
    assert steps == pytest.approx(range(1, 14))


SHARE = st.floats(0.0, 1.0)


@settings(max_examples=60)
@given(st.floats(0.0, 2000.0), SHARE, SHARE, SHARE, st.floats(0.1, 10.0))
def test_indices_scale_with_npp_and_vanish_without_it(n: float, a: float, b: float, c: float, times: float) -> None:
    for made in (npp.water_index, npp.biodiversity_index):
        assert made(times * n, a, b, c) == pytest.approx(times * made(n, a, b, c))
        assert made(0.0, a, b, c) == 0.0
    assert npp.soil_index(times * n, a, b) == pytest.approx(times * npp.soil_index(n, a, b))
    assert npp.sand_index(n, a, b, 1.0 + c) >= npp.sand_index(n, a, b, 1.0)
    assert math.isnan(npp.water_index(n, math.nan, b, c)) and math.isnan(npp.soil_index(n, a, math.nan))


@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=30), st.randoms(), st.floats(1e-3, 1e3))
def test_grading_a_list_knows_neither_order_nor_unit(values: list[float], chance: Any, unit: float) -> None:
    grade = ALL["importance_by_cumulative_share"].evaluate
    assert grade is not None
    whole = [float(round(v, 1)) for v in values]
    classes = dict(zip(whole, grade(values=whole)["classes"], strict=True))
    mixed = chance.sample(whole, len(whole))
    assert grade(values=mixed)["classes"] == [classes[v] for v in mixed]
    assert grade(values=mixed, areas=[unit] * len(mixed))["classes"] == [classes[v] for v in mixed]
    assert grade(values=whole)["classes"][whole.index(max(whole))] == 1


@pytest.mark.parametrize(
    ("id", "given_", "said"),
    [
        ("dryness_index", {"temperature_c": [20.0] * 11, "rain_mm": [1.0] * 12}, "temperature_c: 11"),
        ("min_max_scaling", {"value": 1.0, "low": 2.0, "high": 2.0}, "must rise"),
        ("importance_by_cumulative_share", {"values": [1.0, 2.0], "areas": [1.0]}, "values: 2, areas: 1"),
        ("importance_by_cumulative_share", {"values": [1.0], "cuts": [0.8, 0.5]}, "must rise"),
        ("sensitivity_soil_erosion", {"erosivity": 1, "texture_score": 1, "relief_m": 1, "cover": 1, "cuts": [4, 2]}, "must rise"),
    ],
)
def test_impossible_lists_are_refused_in_words(id: str, given_: dict[str, Any], said: str) -> None:
    evaluate = ALL[id].evaluate
    assert evaluate is not None
    with pytest.raises(UsageError, match=said) as stop:
        evaluate(**given_)
    assert stop.value.message.zh


def test_a_month_colder_than_minus_20_evaporates_nothing() -> None:
    assert climate.monthly_evaporation(np.array([-20.0, -30.0, -60.0]), 0.3).tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(climate.monthly_evaporation(np.array([np.nan]), 0.3)).all()
