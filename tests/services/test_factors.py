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

from ecocomp.services import vector_math

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
