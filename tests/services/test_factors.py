"""Formulas: worked examples as data, the errors of public codes as negative tests, the arithmetic of vector_math."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.registry.calculate import calculate
from ecocomp.services import vector_math
from ecocomp.terms.faults import FaultsError

FAMILIES = ("rain", "soil", "slope", "cover", "wind", "sediment")
factors = SimpleNamespace(
    **{k: v for f in FAMILIES for k, v in vars(importlib.import_module(f"ecocomp.services.factors.{f}")).items()}
)
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "factors.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[c["note"] for c in CASES])
def test_worked_example(case: dict[str, Any]) -> None:
    found = getattr(factors, case["call"])(*case["args"])
    assert found == pytest.approx(case["gives"], rel=case.get("tolerance", 1e-5), abs=1e-12)


def test_daily_erosivity_coefficients_of_example_11() -> None:
    gamma, alpha = factors.zhang_coefficients(25.0, 400.0)
    assert (gamma, alpha) == (pytest.approx(1.6232, rel=1e-4), pytest.approx(0.66342, rel=1e-4))


def test_monthly_erosivity_is_the_sum_that_wischmeier_writes() -> None:
    rain = [10.0, 20.0, 0.0, 90.0, 140.0, 210.0, 180.0, 170.0, 100.0, 60.0, 30.0, 15.0]
    total = sum(rain)
    written = 17.02 * sum(1.735 * 10 ** (1.5 * math.log10(p * p / total) - 0.8188) for p in rain if p > 0)
    assert factors.erosivity_wischmeier(total, sum(p**3 for p in rain)) == pytest.approx(written, rel=1e-12)
    assert factors.erosivity_wischmeier(0.0, 0.0) == 0.0


def test_slope_factors_jump_up_at_the_breaks_of_the_standard_and_end_at_its_cap() -> None:
    assert factors.steepness_hj1173(5.1399) == pytest.approx(0.99757, rel=1e-3)
    assert factors.steepness_hj1173(5.1401) > factors.steepness_hj1173(5.1399)
    degrees = np.linspace(0, 60, 601)
    for steepness in (factors.steepness_csle, factors.steepness_hj1173):
        values = np.array([steepness(d) for d in degrees])
        assert np.all(np.diff(values) >= -1e-2) and values[0] == pytest.approx(0.03)


@pytest.mark.parametrize("method", [0, 1])
def test_ls_without_slope_or_length_is_not_known(method: int) -> None:
    assert math.isnan(factors.ls_factor(math.nan, 100.0, method)) and math.isnan(factors.ls_factor(5.0, math.nan, method))
    assert factors.ls_factor(8.0, 100.0, method) == pytest.approx((2.12574 if method == 0 else 2.36264) * 1.83811, rel=1e-5)


# ---------------------------------------------------------------- errors of public codes, each told apart by number
def test_plants_reduce_wind_erosion_and_never_raise_it() -> None:
    """One public code has the sign of a·SC wrong, so that plants multiply the loss."""
    assert factors.cover_wind(0.1151, 40.0) == pytest.approx(math.exp(-4.604)) and factors.cover_wind(0.1151, 40.0) < 1.0


def test_loss_has_twice_z_in_front_and_not_two_minus_z() -> None:
    """One public code writes (2 − z)/s², which is negative at z = 50."""
    wrong = (2 - 50.0) / 87.561673**2 * 474.336 * math.exp(-((50 / 87.561673) ** 2))
    assert wrong < 0 < factors.wind_soil_loss(4.32, 50.0)


def test_field_length_has_the_constant_150_71() -> None:
    """One public code has 105.71."""
    assert factors.critical_field_length(1.0) == pytest.approx(150.71) and abs(factors.critical_field_length(1.0) - 105.71) > 40


def test_cover_enters_in_percent() -> None:
    """One public code feeds a share of 0 to 1, which leaves almost no effect of plants."""
    assert factors.cover_wind(0.1535, 60.0) < 1e-3 < 0.9 < factors.cover_wind(0.1535, 0.60)


def test_erodibility_is_held_at_zero_and_cropland_cover_at_one() -> None:
    """Sands fall below 0 after the Chinese correction, thin crops above 1; codes that do not hold them give back negative soil."""
    assert factors.erodibility_corrected(0.02) == 0.0 and factors.cover_factor_cropland(0.04) == 1.0
    assert 0.221 - 0.595 * math.log10(0.04) > 1.0


def test_cropland_cover_is_a_share_and_cai_takes_percent() -> None:
    """The two forms take cover in different units; a share given to Cai gives almost bare ground."""
    assert factors.cover_factor_cropland(0.6) == pytest.approx(0.353, rel=1e-3) and factors.cover_factor_cai(60.0) < 0.05
    assert factors.cover_factor_cai(0.6) > 0.7


def test_rain_below_the_limit_is_not_erosive_and_missing_rain_is_not_known() -> None:
    assert factors.erosive_day(11.999, 1.0, 1.7265, 12.0) == 0.0 and factors.erosive_day(12.0, 1.0, 1.7265, 12.0) > 70.0
    assert math.isnan(factors.erosive_day(math.nan, 1.0, 1.7265, 12.0))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_formula_gives_its_examples(family: str) -> None:
    for made in importlib.import_module(f"ecocomp.services.factors.{family}").FORMULAS:
        names = {use.name for use in made.spec.outputs}
        assert made.spec.faults() == [] and len(made.spec.examples) >= 2
        for example in made.spec.examples:
            found = made.evaluate(**example.inputs)
            assert set(found) <= names
            for name, value in example.outputs.items():
                expected = value if isinstance(value, str) else pytest.approx(value, rel=example.tolerance, abs=1e-9)
                assert found[name] == expected, (made.spec.id, name)


def test_the_short_form_is_another_model() -> None:
    """0.1699·(WF·EF·SCF·K')^1.3711·(1 − C^1.3711) gives 0.45216 where the full form with z = 50 gives 1.745953."""
    short = 0.1699 * 5.4**1.3711 * (1 - 0.8**1.3711)
    full = factors.wind_soil_loss(5.4, 50.0) - factors.wind_soil_loss(4.32, 50.0)
    assert short == pytest.approx(0.45216, rel=1e-4) and full == pytest.approx(1.745953, rel=1e-6)


# ---------------------------------------------------------------- arithmetic
@given(st.floats(-700, 700))
def test_exp(x: float) -> None:
    assert vector_math.exp(x) == pytest.approx(math.exp(x), rel=2e-12)


@given(st.floats(1e-200, 1e200))
def test_log(x: float) -> None:
    assert vector_math.log(x) == pytest.approx(math.log(x), rel=1e-12, abs=1e-12)


@given(st.floats(1e-6, 1e6), st.floats(0.1, 3))
def test_power(x: float, y: float) -> None:
    assert vector_math.power(x, y) == pytest.approx(x**y, rel=1e-10)


def test_nan_stays_nan_and_ends_are_held() -> None:
    assert all(math.isnan(f) for f in (vector_math.exp(math.nan), vector_math.log(math.nan), vector_math.power(math.nan, 0.5)))
    assert vector_math.exp(-1e9) > 0.0 and vector_math.power(0.0, 0.7422) < 1e-200 and vector_math.exp(0.0) == 1.0


@given(st.floats(0, 60), st.floats(0, 1))
def test_plants_hold_sand_within_the_range_of_the_equation(x: float, c: float) -> None:
    """Below X of about 61 more force means more loss, so what is fixed is never negative."""
    assert factors.wind_soil_loss(x, 50.0) >= factors.wind_soil_loss(x * c, 50.0) * (1 - 1e-12)


def test_ridges_smooth_the_wind_only_up_to_where_the_form_is_least() -> None:
    least = (0.934 * 2.41 / 1.86) ** (1.0 / 0.066)  # 1.86 = 0.934·2.41·Kr^−0.066
    assert pytest.approx(least, rel=1e-12) == factors.SMOOTHEST_RIDGE_CM
    assert factors.smith_carson(relief_cm=math.sqrt(5 * 0.9 * least), length_cm=1.0)["roughness"] > 0.093848
    at_least = factors.smith_carson(relief_cm=math.sqrt(5 * least), length_cm=1.0)["roughness"]
    assert at_least == pytest.approx(math.exp(1.86 * least - 2.41 * least**0.934), rel=1e-9)
    for kr in (20.0, 200.0, 1e6):
        found = factors.smith_carson(relief_cm=math.sqrt(5 * kr), length_cm=1.0)
        assert found["ridge"] == pytest.approx(kr) and found["roughness"] == pytest.approx(at_least, rel=1e-9)
    assert math.isnan(factors.roughness_smith_carson(math.nan, 1.0))


def test_sand_fixed_in_a_gale_is_negative_and_without_plants_to_cross_there_is_no_length() -> None:
    gale = {"weather": 100.0, "erodible": 1.0, "crust": 1.0, "roughness": 1.0}
    assert factors.rweq(**gale, cover=0.5)["fixed"] < 0.0
    covered = factors.rweq(**gale, cover=0.0)
    assert covered["s_m"] is None and covered["loss"] == 0.0 and covered["fixed"] == covered["loss_potential"] > 0.0


def test_cover_a_hair_below_a_step_reaches_it() -> None:
    steps = [0.45, 0.24, 0.15, 0.09, 0.043, 0.011]
    for share, c in ((0.8999999999999999, 0.011), (0.9, 0.011), (0.89999, 0.043), (0.1 - 1e-16, 0.24)):
        assert factors.from_table(cover_percent=100.0 * share, factors=steps)["cover_factor"] == c


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("cover_factor_table", {"cover_percent": 5, "factors": [0.3, 0.2]}, "2 factors for 6 steps"),
    ("cover_factor_table", {"cover_percent": 5, "factors": [0.3, 0.2], "steps_percent": [10, 0]}, "must rise"),
    ("cover_factor_table", {"cover_percent": 5, "factors": [0.2, 0.3], "steps_percent": [0, 10]}, "must not rise"),
    ("vegetation_cover", {"ndvi": 0.3, "ndvi_bare": 0.9, "ndvi_full": 0.9}, "must exceed"),
    ("erodibility_epic", {"sand": 40, "silt": 40, "clay": 30, "organic_carbon": 1}, "110"),
    ("erodibility_corrected", {"sand": 4, "silt": 4, "clay": 2, "organic_carbon": 1}, "10 %"),
    ("soil_wetness", {"evaporation_mm": 10, "rain_mm": 1, "rain_days": 31, "days": 30}, "31 days"),
    ("erosivity_monthly", {"rain_month_mm": [10.0] * 11}, "twelve"),
    ("connectivity_index", {"mean_w": 0.1, "mean_s": 0.2, "area_m2": 900, "d_dn": 0}, "D_dn = 0"),
    ("connectivity_index", {"mean_w": 0.1, "mean_s": 0, "area_m2": 900, "d_dn": 10}, "S_m = 0"),
    ("fpar_from_ndvi", {"ndvi": 0.3, "ndvi_max": 0.1, "ndvi_min": 0.1}, "must exceed"),
    ("fpar_from_ndvi", {"ndvi": 0.3, "ndvi_max": 0.7, "fpar_min": 0.9, "fpar_max": 0.1}, "must exceed"),
    ("carbon_npv", {"change_t_c": 1, "price_per_t_c": 1, "years": 2.5}, "whole number"),
    ("lake_storage", {"area_km2": 1, "a": 21, "b": 1}, "20"),
    ("lake_storage", {"area_km2": 1, "a": 1, "b": 3.1}, "3"),
    ("air_purification", {"area_km2": [1, 2], "capacity_so2": [1], "emission_so2": 5}, "for each ecosystem"),
    ("water_conservation", {"rain_mm": 1, "aet_mm": -1, "runoff_coefficient": 0, "area_m2": 1}, "aet_mm"),
    ("fvc", {"ndvi": [0.3], "ndvi_soil": 0.5, "ndvi_vegetation": 0.4}, "must exceed"),
    ("dryness_index", {"temperature_c": [5.0] * 12, "rain_mm": [1.0] * 12}, "10 °C"),
    ("dryness_index", {"temperature_c": [15.0] * 12, "rain_mm": [0.0] * 12}, "no rain"),
    ("sensitivity_soil_erosion", {"erosivity": 1, "texture_score": 1, "relief_m": 1, "cover": 1, "cuts": [2, 3, 4]}, "two cuts"),
    ("sensitivity_factor_score", {"value": 1, "limits": [1, 2, 3]}, "two or four"),
    ("importance_by_cumulative_share", {"values": [1, 2], "areas": [1, -1]}, "areas"),
]


@pytest.mark.parametrize(("id", "numbers", "said"), REFUSED, ids=[f"{r[0]}-{k}" for k, r in enumerate(REFUSED)])
def test_numbers_that_make_no_sense_are_refused_in_both_languages(id: str, numbers: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultsError) as stop:
        calculate(id, numbers)
    (fault,) = stop.value.faults
    whole = f"{fault.clash.en} {fault.remedy.en}"
    assert said in whole and any("\u4e00" <= c <= "\u9fff" for c in fault.clash.zh)
    if fault.code == "calculate.impossible":
        assert " / " in fault.clash.zh
