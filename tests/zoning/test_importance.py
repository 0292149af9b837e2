"""Importance by cumulative share: worked cases and what holds for every raster."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ecocomp.grid.coverage import build_coverage
from ecocomp.grid.georef import Grid
from ecocomp.zoning.importance import class_weights, grade_cells, importance_of_parcels

CUTS = (0.5, 0.8)
NAN = np.nan


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([50, 30, 20], [1, 2, 3]),  # cuts met exactly: the next cell begins the next class
        ([40, 30, 20, 10], [1, 1, 2, 3]),  # the cell that crosses a cut belongs to the higher class
        ([1, 1, 1, 1], [1, 1, 1, 1]),  # equal cells share the class of the first
        ([60, 10, 10, 10, 10], [1, 2, 2, 2, 2]),
        ([90, 5, 5, 0, NAN, -3], [1, 3, 3, 0, 0, 0]),
        ([7], [1]),
        ([0, NAN], [0, 0]),
    ],
)
def test_worked_cases(values: list[float], classes: list[int]) -> None:
    assert grade_cells(np.array([values], np.float32), None, None, CUTS).tolist() == [classes]


def test_cells_weigh_by_their_area() -> None:
    values = np.array([[3.0], [2.0], [1.0]], np.float32)
    assert grade_cells(values, None, np.array([1.0, 1.0, 1.0]), CUTS).ravel().tolist() == [1, 2, 3]
    # Rows a hundred times as large: the poorest ground now carries most of the service and crosses both cuts.
    assert grade_cells(values, None, np.array([1.0, 1.0, 100.0]), CUTS).ravel().tolist() == [1, 1, 1]


def test_cells_left_out_are_not_graded() -> None:
    values = np.array([[50.0, 30.0, 20.0]])
    assert grade_cells(values, np.array([[False, True, True]]), None, CUTS).tolist() == [[0, 1, 2]]


def test_wrong_cuts_are_refused() -> None:
    for cuts in ((0.8, 0.5), (0.5,), (0.0, 0.5), (0.5, 1.2)):
        with pytest.raises(ValueError, match="ascending"):
            grade_cells(np.ones((1, 1)), None, None, cuts)


# Whole numbers, so that another unit leaves equal cells equal.
RASTERS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([NAN, 0.0, *map(float, range(1, 40))]),
)


@given(RASTERS)
def test_the_classes_cover_all_cells_and_keep_their_shares(values: np.ndarray) -> None:
    out = grade_cells(values, None, None, CUTS)
    counted = np.nan_to_num(values) > 0
    assert np.array_equal(out > 0, counted)
    if not counted.any():
        return
    total = float(values[counted].sum(dtype=np.float64))
    for k, cut in ((1, CUTS[0]), (2, CUTS[1])):
        upper = counted & (out <= k)
        held = values[upper].sum(dtype=np.float64)
        least = values[upper].min()
        assert held >= cut * total * (1 - 1e-9), "a class reaches its cut"
        assert held - values[upper & (values == least)].sum(dtype=np.float64) < cut * total, (
            "and would not without its poorest cells"
        )
        assert not counted[out > k].any() or values[out > k].max() < least, "richer cells are never in a lower class"


@given(RASTERS, st.randoms(), st.sampled_from([0.001, 3.0, 1000.0, 1e6, 1 / 7]))
def test_order_unit_and_nodata_do_not_matter(values: np.ndarray, chance: object, unit: float) -> None:
    out = grade_cells(values, None, None, CUTS)
    flat = np.arange(values.size)
    np.random.default_rng(chance.randrange(2**32)).shuffle(flat)  # type: ignore[attr-defined]
    mixed = grade_cells(values.ravel()[flat][None], None, None, CUTS)
    assert np.array_equal(mixed[0], out.ravel()[flat])
    scaled = grade_cells((values.astype(np.float64) * unit), None, None, CUTS)
    assert np.array_equal(scaled, out)
    wider = np.pad(values, 2, constant_values=np.nan)
    assert np.array_equal(grade_cells(wider, None, None, CUTS)[2:-2, 2:-2], out)


def test_the_class_of_a_parcel_is_that_of_its_middle_cell() -> None:
    grid = Grid("EPSG:4545", 500_000, 3_000_000, 10, 10, 6, 4)
    cells = np.array([[1, 1, 2, 3, 0, 0], [1, 1, 2, 3, 0, 0], [1, 3, 2, 2, 0, 3], [1, 3, 2, 2, 0, 0]], np.uint8)
    at = [(0, 2, 2, 4), (0, 0, 2, 4), (2, 0, 4, 4), (4, 0, 6, 4), (2, 2, 4, 4)]
    parcels = [
        shapely.box(500_000 + 10 * a, 3_000_000 - 40 + 10 * b, 500_000 + 10 * c, 3_000_000 - 40 + 10 * d) for a, b, c, d in at
    ]
    coverage = build_coverage(parcels, grid)
    assert importance_of_parcels(coverage, cells, least_share=0.5, least_assessed=0.25) == [
        "extreme",
        "extreme",
        "important",
        "not_assessed",
        "important",
    ]
    assert importance_of_parcels(coverage, cells, least_share=0.8, least_assessed=0.1) == [
        "extreme",
        "general",
        "general",
        "general",
        "general",
    ]
    assert class_weights(coverage, cells)[4].tolist() == [0, 0, 2, 2]


def test_nine_million_cells_are_graded() -> None:
    values = np.random.default_rng(3).gamma(2.0, 100.0, (3000, 3000)).astype(np.float32)
    out = grade_cells(values, None, None, CUTS)
    assert (out > 0).all() and values[out == 1].sum(dtype=np.float64) >= values.sum(dtype=np.float64) * 0.5
