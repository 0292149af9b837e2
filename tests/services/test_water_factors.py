"""Formulas of water and energy: worked examples as data, errors of public codes, what must hold for any numbers."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.services.factors import energy, water

FOUND = {f.spec.id: f for f in (*water.FORMULAS, *energy.FORMULAS)}
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "water.yaml").read_text(encoding="utf-8"))


def call(id: str, **numbers: float) -> dict[str, Any]:
    return dict(FOUND[id].evaluate(**numbers))


@pytest.mark.parametrize("case", CASES, ids=[c["note"] for c in CASES])
def test_worked_example(case: dict[str, Any]) -> None:
    found = call(case["call"], **case["given"])
    for name, value in case["gives"].items():
        assert found[name] == pytest.approx(value, rel=case.get("tolerance", 1e-5)), name


@pytest.mark.parametrize("id", FOUND)
def test_arguments_outputs_and_examples_are_those_of_the_function(id: str) -> None:
    spec, evaluate = FOUND[id].spec, FOUND[id].evaluate
    assert [a.name for a in spec.arguments] == list(inspect.signature(evaluate).parameters) and spec.faults() == []
    assert len(spec.examples) >= 2 and all(" = " in line for line in spec.formula.splitlines())
    for example in spec.examples:
        found = evaluate(**example.inputs)
        assert set(found) == {u.name for u in spec.outputs}
        for name, value in example.outputs.items():
            assert found[name] == pytest.approx(value, rel=example.tolerance, abs=1e-9), name


# ---------------------------------------------------------------- errors of public codes, each told apart by number
def test_a_negative_balance_is_not_turned_positive() -> None:
    """One public code takes abs(P − R − ET), by which dry land conserves the more water the more it lacks."""
    found = call("water_balance", rain_mm=300, runoff_mm=15, aet_mm=500, area_ha=1)
    assert found["volume_m3"] == -2150.0 != abs(found["volume_m3"])


def test_marsh_is_in_cubic_metres() -> None:
    """The paper labels 0.3·S·10⁶ as 10⁴ m3; taken at its word the result would be ten thousand times too large."""
    assert call("marsh_storage", area_ha=100, depth_m=0.3)["storage_m3"] == pytest.approx(0.3 * 1 * 1e6)


def test_humidity_is_a_fraction() -> None:
    """A paper that quotes the formula says percent: 0.19·(20 + T)²·(1 − 60) is negative."""
    assert 0.19 * 40.0**2 * (1 - 60) < 0 < call("etpot_redline", temperature_c=20, humidity=0.6)["etp_mm"]
    assert next(a for a in FOUND["etpot_redline"].spec.arguments if a.name == "humidity").most == 1.0


def test_all_rain_gives_more_than_runoff_generating_rain_and_a_difference_against_bare_land_is_another_thing() -> None:
    balance = call("water_balance", rain_mm=1000, runoff_mm=30, aet_mm=500, area_ha=1)["volume_m3"]
    part = call("water_balance", rain_mm=600, runoff_mm=18, aet_mm=500, area_ha=1)["volume_m3"]
    bare = call("runoff_against_bare", rain_mm=1000, runoff_rain_share=0.6, rate_bare=0.6, rate_ecosystem=0.03, area_ha=1)
    assert balance == 4700 and part == 820 and bare["volume_m3"] == pytest.approx(3420)


# ---------------------------------------------------------------- what must hold for any numbers
rain, pet = st.floats(0.1, 4000), st.floats(0.0, 3000)


@given(rain, pet, st.floats(0, 600), st.floats(0.1, 30), st.sampled_from([0.0, 1.0]))
def test_evaporation_stays_within_rain_and_within_what_the_air_can_take(p: float, e: float, awc: float, z: float, v: float) -> None:
    share = water.evaporated_share(p, e, awc, v, z)
    assert -1e-9 <= share <= min(1.0, e / p) * (1 + 1e-9) + 1e-12


@given(rain, st.floats(1, 3000), st.floats(1, 600), st.floats(0.5, 20))
def test_deeper_roots_higher_z_and_thirstier_plants_evaporate_more(p: float, e: float, awc: float, z: float) -> None:
    base = water.evaporated_share(p, e, awc, 1.0, z)
    more = [water.evaporated_share(p, *x) for x in ((e, 1.3 * awc, 1.0, z), (e, awc, 1.0, 1.3 * z), (1.3 * e, awc, 1.0, z))]
    assert min(more) >= base - 1e-9


def test_without_rain_all_of_it_evaporates_and_a_factor_that_is_not_known_leaves_nothing_known() -> None:
    assert water.evaporated_share(0.0, 900.0, 50.0, 1.0, 6.0) == 1.0
    for k in range(5):
        numbers = [500.0, 900.0, 50.0, 0.0, 6.0]
        numbers[k] = math.nan
        assert math.isnan(water.evaporated_share(*numbers))


@given(st.floats(1, 100), st.floats(0, 500), st.floats(0, 0.5))
def test_a_storm_is_held_or_runs_off_and_higher_numbers_hold_less(cn: float, p: float, share: float) -> None:
    found = call("curve_number_retention", curve_number=cn, rain_mm=p, initial_share=share)
    assert 0.0 <= found["runoff_mm"] <= p + 1e-9 and -1e-9 <= found["held_share"] <= 1.0
    sealed = call("curve_number_retention", curve_number=min(cn + 5, 100), rain_mm=p, initial_share=share)
    assert sealed["runoff_mm"] >= found["runoff_mm"] - 1e-9


@given(st.floats(0.01, 5000), st.sampled_from([(6.636, 0.678), (4.924, 1.128), (5.653, 0.680), (5.808, 0.866), (4.904, 0.927)]))
def test_lakes_as_the_power_law_says(area: float, zone: tuple[float, float]) -> None:
    found = call("lake_storage", area_km2=area, a=zone[0], b=zone[1])
    assert found["storage_10k_m3"] == pytest.approx(math.exp(zone[0]) * area ** zone[1], rel=1e-9)
    assert found["storage_m3"] == pytest.approx(1e4 * found["storage_10k_m3"])


def test_no_water_has_no_storage() -> None:
    assert call("lake_storage", area_km2=0, a=6.636, b=0.678)["storage_m3"] == 0.0


@given(st.floats(0, 500), st.floats(0, 100), st.floats(0, 1e4))
def test_purification_never_exceeds_emission_or_capacity(capacity: float, area: float, emission: float) -> None:
    found = call("capped_purification", capacity_t_per_km2=capacity, area_km2=area, emission_t=emission)
    assert found["purified_t"] == min(found["capacity_t"], emission)


@given(st.floats(0, 1000), st.floats(0, 100))
def test_cooling_scales_with_area_days_and_water(mm: float, area: float) -> None:
    one, two = (call("water_surface_cooling", evaporation_mm=mm, area_ha=a)["water_surface_kwh"] for a in (area, 2 * area))
    assert two == pytest.approx(2 * one)
    short, long = (call("transpiration_cooling", heat_kj_m2_d=969.83, area_ha=area, days=d)["transpiration_kwh"] for d in (30, 90))
    assert long == pytest.approx(3 * short)


def test_a_month_colder_than_minus_20_evaporates_nothing() -> None:
    assert [call("etpot_redline", temperature_c=t, humidity=0.2)["etp_mm"] for t in (-20, -30, -60)] == [0.0, 0.0, 0.0]
    assert math.isnan(water.etpot_redline_mm(math.nan, 0.2))


@given(st.floats(1e-12, 10.0), st.floats(0.0, 3000.0), st.floats(0.0, 300.0), st.floats(0.0, 30.0))
def test_hardly_any_rain_never_evaporates_more_than_falls(p: float, e: float, awc: float, z: float) -> None:
    assert water.evaporated_share(p, e, awc, 1.0, z) <= 1.0
