"""Theil–Sen and Mann–Kendall: published example, an independent computation, gaps, ties, both precisions."""

from __future__ import annotations

import itertools
import math
import statistics
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.grid.coverage import build_coverage
from ecocomp.grid.georef import Grid
from ecocomp.monitoring.trend import parcel_trends, trends
from ecocomp.rules import RuleBook, policy_folder


def plain(values: list[float], years: list[int]) -> tuple[float, int, float]:
    """Slope, S and variance straight from the definitions, with Python's own numbers."""
    seen = [(t, v) for t, v in zip(years, values, strict=True) if not math.isnan(v)]
    pairs = list(itertools.combinations(seen, 2))
    s = sum((b > a) - (b < a) for (_, a), (_, b) in pairs)
    n = len(seen)
    groups = [len(list(g)) for _, g in itertools.groupby(sorted(v for _, v in seen))]
    var = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in groups)) / 18
    return statistics.median((b - a) / (u - t) for (t, a), (u, b) in pairs), s, var


def test_the_published_example() -> None:
    t = trends(np.array([[0.42, 0.45, 0.44, 0.47, 0.50, 0.49, 0.53, 0.52, 0.56, 0.58]]).T, range(10))
    assert (t.s[0], t.var[0], t.n[0]) == (39, 125, 10)
    assert t.z[0] == pytest.approx(3.398823, abs=5e-7) and t.p[0] == pytest.approx(0.000677, abs=5e-7)
    assert t.slope[0] == pytest.approx(0.016667, abs=5e-7)


VALUE = st.one_of(st.just(math.nan), st.integers(-4, 4).map(float), st.floats(-1, 1, width=32))


@settings(deadline=None)
@given(st.lists(VALUE, min_size=3, max_size=30), st.integers(0, 3))
def test_it_agrees_with_the_definitions(values: list[float], gap: int) -> None:
    years = [2000 + i + (gap if i > len(values) // 2 else 0) for i in range(len(values))]
    t = trends(np.array([values]).T, years)
    n = sum(not math.isnan(v) for v in values)
    assert t.n[0] == n
    if n < 3:
        assert math.isnan(t.slope[0]) and math.isnan(t.z[0]) and math.isnan(t.p[0])
        return
    slope, s, var = plain(values, years)
    assert (t.s[0], t.var[0]) == (s, pytest.approx(var))
    assert t.slope[0] == pytest.approx(slope, rel=1e-12, abs=1e-15)
    expected = 0.0 if s == 0 or var == 0 else (s - math.copysign(1, s)) / math.sqrt(var)
    assert t.z[0] == pytest.approx(expected) and t.p[0] == pytest.approx(math.erfc(abs(expected) / math.sqrt(2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_medians_are_exact_order_statistics(dtype: type) -> None:
    rng = np.random.default_rng(7)
    for n in (3, 4, 5, 24, 41):
        x = rng.standard_normal((n, 500)).astype(dtype)
        x[:, :200] = np.round(x[:, :200], 1)
        x[rng.random(x.shape) < 0.2] = np.nan
        i, j = np.triu_indices(n, 1)
        slopes = (x[j] - x[i]) / (j - i).astype(dtype)[:, None]
        t = trends(x, range(n))
        with np.errstate(all="ignore"):
            known = np.isfinite(x).sum(axis=0) >= 3
            middle = np.nanmedian(slopes[:, known].astype(np.float64), axis=0)
        assert np.array_equal(t.slope[known], middle)


def test_series_do_not_touch_each_other() -> None:
    x = np.random.default_rng(8).standard_normal((12, 333)).astype(np.float32)
    whole = trends(x, range(12))
    for k in (0, 64, 332):
        assert trends(x[:, k : k + 1], range(12)).slope[0] == whole.slope[k]
    assert np.array_equal(trends(x.reshape(12, 9, 37), range(12)).slope.ravel(), whole.slope)


def test_infinite_values_are_missing_and_years_must_ascend() -> None:
    t = trends(np.array([[1.0, np.inf, 2.0, 3.0, -np.inf]]).T, range(5))
    assert t.n[0] == 3 and t.slope[0] == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="ascending"):
        trends(np.ones((3, 1)), [2000, 2002, 2001])
    assert trends(np.ones((5, 0)), range(5)).slope.shape == (0,)


def test_it_equals_all_pairs_in_numpy() -> None:
    x = (np.random.default_rng(0).standard_normal((24, 40_000)) + np.arange(24)[:, None] * 0.05).astype(np.float32)
    t = trends(x, range(24))
    i, j = np.triu_indices(24, 1)
    y = np.ascontiguousarray(x.T)
    d = y[:, j] - y[:, i]
    slope, s = np.median(d / (j - i).astype(np.float32), axis=1), np.sign(d).sum(axis=1)
    assert np.abs(slope - t.slope).max() < 1e-7 and np.array_equal(s, t.s)


def test_parcels_gather_the_trends_of_their_cells() -> None:
    grid = Grid("EPSG:4545", 500_000, 3_000_000, 10, 10, 4, 2)
    years = np.arange(2000, 2012)
    cube = np.full((12, 2, 4), 0.5)
    cube[:, 0, 0] += 0.01 * (years - 2000)
    cube[:, 0, 1] -= 0.02 * (years - 2000)
    cube[:, 1, 0] = np.nan
    coverage = build_coverage(
        [shapely.box(500_000, 2_999_980, 500_020, 3_000_000), shapely.box(500_020, 2_999_980, 500_040, 3_000_000)], grid
    )
    params = RuleBook.load([policy_folder()]).resolve("science", date(2023, 7, 1), date(2024, 7, 1))
    got = parcel_trends(coverage, lambda a, b: cube[:, a:b], years.tolist(), params)
    assert got.slope == pytest.approx([(0.01 - 0.02 + 0.0) / 3, 0.0])
    assert (
        got.rising == pytest.approx([1 / 3, 0])
        and got.falling == pytest.approx([1 / 3, 0])
        and got.observed == pytest.approx([0.75, 1.0])
    )
