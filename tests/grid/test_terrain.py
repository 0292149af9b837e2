"""Slopes and water on grounds whose answers are known: planes, cones, lakes; and what holds for any ground."""

from __future__ import annotations

import doctest
import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ecocomp.grid import terrain, threads
from ecocomp.grid.georef import Grid, metres_per_cell
from ecocomp.grid.terrain import (
    NONE,
    OUT,
    accumulate,
    area_length_factor,
    aspect_width,
    drain,
    fill,
    gradient,
    invest_exponent,
    invest_length_factor,
    slope_deg,
    slope_length_m,
    slope_sin,
    slope_tangent,
)
from ecocomp.terms.faults import UsageError

STEPS = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]

grounds = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.one_of(st.integers(0, 6).map(float), st.just(float("nan"))),
)


def flat(shape: tuple[int, int], dx: float = 30.0, dy: float = 30.0) -> Grid:
    """A projected grid of the shape."""
    return Grid("EPSG:4545", 400_000.0, 3_500_000.0, dx, dy, shape[1], shape[0])


def plane(shape: tuple[int, int], east: float, south: float, dx: float, dy: float) -> np.ndarray:
    """Heights of a plane that rises `east` and `south` per metre."""
    return np.add.outer(np.arange(shape[0]) * dy * south, np.arange(shape[1]) * dx * east).astype(np.float32)


@pytest.mark.parametrize(("east", "south"), [(0.25, 0.0), (0.0, -0.5), (0.125, 0.25), (0.0, 0.0)])
def test_a_plane_is_exact_up_to_its_edges_and_around_holes(east: float, south: float) -> None:
    z = plane((9, 12), east, south, 16.0, 32.0)
    z[4, 5] = z[8, 0] = np.nan
    found = gradient(z, flat(z.shape, 16.0, 32.0))
    valid = ~np.isnan(z)
    assert np.array_equal(found[0][valid], np.full(valid.sum(), east, np.float32))
    assert np.array_equal(found[1][valid], np.full(valid.sum(), south, np.float32))
    assert np.isnan(found[0][~valid]).all()


def test_angle_sine_and_contour_width_of_a_plane() -> None:
    z = plane((5, 5), 0.75, 1.0, 4.0, 4.0)
    grid = flat(z.shape, 4.0, 4.0)
    np.testing.assert_allclose(slope_tangent(z, grid), 1.25, rtol=1e-6)
    np.testing.assert_allclose(slope_deg(z, grid), np.degrees(np.arctan(1.25)), rtol=1e-6)
    np.testing.assert_allclose(slope_sin(z, grid), 1.25 / np.hypot(1, 1.25), rtol=1e-6)
    np.testing.assert_allclose(aspect_width(z, grid), 1.75 / 1.25, rtol=1e-6)
    assert (aspect_width(np.zeros((3, 3)), flat((3, 3))) == 1).all()


@pytest.mark.parametrize("latitude", [0.0, 35.0, 53.0])
def test_degrees_are_never_taken_for_metres(latitude: float) -> None:
    """A hillside of one in ten is one in ten at every latitude, eastward and southward alike."""
    grid = Grid("EPSG:4490", 100.0, latitude + 0.005, 0.001, 0.001, 10, 10)
    across, along = metres_per_cell(grid)
    eastward = (np.arange(10) * 0.1)[None, :] * across[:, None]
    southward = np.cumsum(along)[:, None] * 0.1 + np.zeros((1, 10))
    np.testing.assert_allclose(gradient(eastward, grid)[0], 0.1, rtol=2e-5)
    np.testing.assert_allclose(gradient(southward, grid)[1], 0.1, rtol=2e-5)


def test_a_cone_has_one_slope_and_drains_outward() -> None:
    n, cell = 101, 10.0
    y, x = np.mgrid[:n, :n] - (n // 2)
    radius = np.hypot(x, y) * cell
    z = 1000.0 - 0.5 * radius
    away = radius > 50
    np.testing.assert_allclose(slope_tangent(z, flat(z.shape, cell, cell))[away], 0.5, rtol=0.02)
    water = drain(z, flat(z.shape, cell, cell))
    assert np.array_equal(water.filled_m, z.astype(np.float32))
    assert (water.outlets == ((np.abs(x) == n // 2) | (np.abs(y) == n // 2))).sum() >= n * n - 4 * n
    assert water.cells[n // 2, n // 2] == 1
    assert water.cells[water.outlets].sum() == n * n
    rows, columns = np.nonzero(water.way < OUT)
    step = np.array(STEPS)[water.way[rows, columns]]
    assert (radius[rows + step[:, 0], columns + step[:, 1]] > radius[rows, columns]).all()


def lowest_way_out(z: np.ndarray) -> np.ndarray:
    """Filled height by its meaning: over all ways to the border of the data, the least highest point."""
    rows, columns = z.shape
    out = np.full(z.shape, np.nan, np.float32)
    border = [
        (float(z[r, c]), r, c)
        for r in range(rows)
        for c in range(columns)
        if z[r, c] == z[r, c]
        and any(not (0 <= r + a < rows and 0 <= c + b < columns) or z[r + a, c + b] != z[r + a, c + b] for a, b in STEPS)
    ]
    heapq.heapify(border)
    while border:
        level, r, c = heapq.heappop(border)
        if out[r, c] == out[r, c]:
            continue
        out[r, c] = level
        for a, b in STEPS:
            y, x = r + a, c + b
            if 0 <= y < rows and 0 <= x < columns and z[y, x] == z[y, x] and out[y, x] != out[y, x]:
                heapq.heappush(border, (max(level, float(z[y, x])), y, x))
    return out


def down(way: np.ndarray, r: int, c: int) -> tuple[int, int] | None:
    """The next cell, None at an outlet."""
    if way[r, c] == OUT:
        return None
    a, b = STEPS[way[r, c]]
    return r + a, c + b


@settings(max_examples=200, deadline=None)
@given(grounds)
def test_any_ground_fills_to_its_lowest_way_out_and_drains(z: np.ndarray) -> None:
    grid = flat(z.shape)
    filled = fill(z, grid)
    np.testing.assert_array_equal(filled, lowest_way_out(z))
    water = drain(z, grid)
    valid = ~np.isnan(z)
    assert np.array_equal(water.way == NONE, ~valid)
    through = np.zeros(z.shape)
    for r, c in zip(*np.nonzero(valid), strict=True):
        at: tuple[int, int] | None = (int(r), int(c))
        level, steps = np.inf, 0
        while at is not None:
            assert filled[at] <= level
            level, steps = filled[at], steps + 1
            assert steps <= z.size, "water goes round in a circle"
            through[at] += 1
            at = down(water.way, *at)
    np.testing.assert_array_equal(np.where(valid, through, np.nan), water.cells)
    assert water.cells[water.outlets].sum() == valid.sum()


@settings(max_examples=30, deadline=None)
@given(grounds, st.integers(0, 1000))
def test_weights_are_kept(z: np.ndarray, seed: int) -> None:
    weight = np.random.default_rng(seed).integers(0, 1000, z.shape)
    water = drain(z, flat(z.shape))
    assert accumulate(water.way, weight)[water.outlets].sum() == weight[~np.isnan(z)].sum()


def test_a_large_rough_ground_closes_and_does_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    z = np.round(np.cumsum(rng.normal(size=(400, 300)), axis=0) * 2 + 100)
    z[100:130, 40:90] = np.nan
    grid = flat(z.shape)
    one, angle = drain(z, grid), slope_deg(z, grid)
    monkeypatch.setattr(threads, "SMALL_LOAD", 0)
    with threads.limit(3):
        two = drain(z, grid)
        assert one.way.tobytes() == two.way.tobytes() and one.cells.tobytes() == two.cells.tobytes()
        assert angle.tobytes() == slope_deg(z, grid).tobytes()
    assert one.cells[one.outlets].sum() == np.isfinite(z).sum()
    assert one.cells.dtype == np.float64


def test_a_lake_is_level_and_leaves_at_its_sill() -> None:
    z = np.full((7, 7), 10.0)
    z[2:5, 2:5] = 3.0
    z[3, 5], z[3, 6] = 5.0, 4.0
    water = drain(z, flat(z.shape))
    assert (water.filled_m[2:5, 2:5] == 5.0).all()
    assert water.filled_m[3, 6] == 4.0
    assert water.outlets[3, 6]
    assert water.cells[3, 6] > 9


def test_steepness_counts_metres_not_cells() -> None:
    """A drop of 5 m over 10 m east beats 6 m over 30 m south."""
    z = np.full((5, 5), 100.0)
    z[2, 3], z[3, 2] = 95.0, 94.0
    z[2, 4], z[4, 2] = 1.0, 1.0
    assert drain(z, flat(z.shape, 10.0, 30.0)).way[2, 2] == 0
    assert drain(z, flat(z.shape, 30.0, 10.0)).way[2, 2] == 6


def test_slope_length_on_a_plane_is_the_distance_from_the_top() -> None:
    z = plane((20, 5), 0.0, -0.25, 30.0, 20.0)
    grid = flat(z.shape, 30.0, 20.0)
    water, sine = drain(z, grid), slope_sin(z, grid)
    expected = ((np.arange(20) + 0.5) * 20.0)[:, None] * np.ones(5)
    expected[-1] = expected[-2] + 20.0
    np.testing.assert_allclose(slope_length_m(water, sine), expected, rtol=1e-6)
    np.testing.assert_allclose(slope_length_m(water, sine, longest_m=100.0), np.minimum(expected, 100.0), rtol=1e-6)
    ended = slope_length_m(water, sine, stream_cells=8)
    assert (ended[7:] == 0).all()
    np.testing.assert_allclose(ended[:7], expected[:7], rtol=1e-6)


def test_a_slope_ends_where_it_flattens_to_less_than_half() -> None:
    """Ten rows fall by 0.5, ten by 0.1, ten by 0.08: a new slope starts at the first break only."""
    fall = np.repeat([0.5, 0.1, 0.08], 10) * 20.0
    z = (1000.0 - np.cumsum(fall))[:, None] * np.ones(5)
    grid = flat(z.shape, 20.0, 20.0)
    length = slope_length_m(drain(z, grid), slope_sin(z, grid))[:, 2]
    starts = np.flatnonzero(length == 10.0)
    assert starts[0] == 0 and starts.size == 2 and 9 <= starts[1] <= 11
    assert (np.diff(length)[starts[1] :] == 20.0).all()
    assert (np.diff(slope_length_m(drain(z, grid), slope_sin(z, grid), ratio=0.1)[:, 2]) == 20.0).all()


def test_diagonal_steps_are_longer() -> None:
    z = plane((8, 8), -0.25, -0.25, 10.0, 10.0)
    length = slope_length_m(drain(z, flat(z.shape, 10.0, 10.0)), slope_sin(z, flat(z.shape, 10.0, 10.0)))
    np.testing.assert_allclose(np.diag(length), (np.arange(8) + 0.5) * 10 * np.sqrt(2), rtol=1e-6)


def test_slope_length_without_data_is_nan() -> None:
    z = plane((6, 6), 0.0, -0.25, 10.0, 10.0)
    z[2, 2] = np.nan
    grid = flat(z.shape, 10.0, 10.0)
    length = slope_length_m(drain(z, grid), slope_sin(z, grid))
    assert np.array_equal(np.isnan(length), np.isnan(z))


@pytest.mark.parametrize("m", [0.2, 0.5, 0.7])
def test_area_factor_of_a_plane_averages_to_that_of_the_whole_slope(m: float) -> None:
    """The cells of a slope of n·D metres have a mean L of (n·D / 22.13)^m: the form is built so (Foster & Wischmeier)."""
    z = plane((40, 5), 0.0, -0.25, 16.0, 16.0)
    grid = flat(z.shape, 16.0, 16.0)
    factor = area_length_factor(drain(z, grid), aspect_width(z, grid), m)
    np.testing.assert_allclose(factor.mean(axis=0), (40 * 16.0 / 22.13) ** m, rtol=1e-9)


def test_invest_factor_of_the_worked_example() -> None:
    """Slope 20 %, 10 cells of 30 m: L 1.24573, m 0.61418 (models sheet, worked example 13)."""
    assert invest_length_factor(10.0, 20.0, 30.0) == pytest.approx(1.24573, rel=1e-5)
    assert invest_exponent(20.0) == pytest.approx(0.61418, rel=1e-5)
    assert invest_exponent(np.array([0.0, 1.0, 3.5, 5.0, 9.0])).tolist() == [0.2, 0.2, 0.3, 0.4, 0.5]
    assert np.isnan(invest_exponent(np.nan))


def test_elevation_of_another_shape_is_refused_with_both_shapes() -> None:
    with pytest.raises(UsageError, match=r"shape \(3, 4\), the grid \(4, 3\)"):
        drain(np.zeros((3, 4)), flat((4, 3)))


def test_nothing_but_gaps() -> None:
    water = drain(np.full((4, 4), np.nan), flat((4, 4)))
    assert (water.way == NONE).all() and np.isnan(water.cells).all() and not water.outlets.any()


def test_examples_in_the_docs_run() -> None:
    assert doctest.testmod(terrain, globs={"np": np, "Grid": Grid, "drain": drain}).failed == 0
