"""The red line: patches, holes, polygons, and what a new line changes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ecocomp.grid.georef import Grid
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import UsageError
from ecocomp.zoning.redline import delineate, red_line_difference

GRID = Grid("EPSG:4543", 452_400, 3_118_800, 100, 100, 40, 40)  # a hundred cells make 1 km2


def made(folder: Path, **values: object) -> Parameters:
    head = "kind: number, unit: x, name: {zh: 试验, en: test}"
    tail = "document: test, confidence: D"
    rows = [f"  - {{key: zoning.red_line.{k}, {head}, values: [{{value: {v}, {tail}}}]}}" for k, v in values.items()]
    (folder / "science" / "zoning").mkdir(parents=True, exist_ok=True)
    (folder / "science" / "zoning" / "overlay.yaml").write_text("parameters:\n" + "\n".join(rows), encoding="utf-8")
    return RuleBook.load([policy_folder(), folder]).resolve("science", date(2023, 7, 1), date(2024, 7, 1))


@pytest.fixture(scope="module")
def params() -> Parameters:
    return RuleBook.load([policy_folder()]).resolve("science", date(2023, 7, 1), date(2024, 7, 1))


def mask(*blocks: tuple[int, int, int, int]) -> Any:
    out = np.zeros(GRID.shape, bool)
    for r0, c0, r1, c1 in blocks:
        out[r0:r1, c0:c1] = True
    return out


def test_small_patches_go_unless_something_special_lies_in_them(params: Parameters) -> None:
    extreme = mask((0, 0, 10, 10), (20, 20, 29, 31), (35, 0, 38, 3))
    line = delineate(extreme, GRID, params)
    assert line.zones.zone_id == ["P1"] or len(line.zones) == 1
    assert line.dropped_patches == 2 and line.dropped_area_m2 == (99 + 9) * 1e4
    assert line.area_dm2[0] == pytest.approx(1e8, rel=2e-3), "the ellipsoid, not the plane"
    kept = delineate(extreme, GRID, params, special=mask((36, 1, 37, 2)))
    assert len(kept.zones) == 2 and kept.kept_small == 1 and kept.cells.sum() == 109


def test_union_of_important_sensitive_and_protected(params: Parameters) -> None:
    line = delineate(mask((0, 0, 5, 10)), GRID, params, sensitive=mask((5, 0, 8, 10)), must_include=mask((8, 0, 10, 10)))
    assert line.cells.sum() == 100 and line.dropped_patches == 0


def test_holes_are_closed_before_patches_are_measured(params: Parameters) -> None:
    ring = mask((0, 0, 10, 10)) & ~mask((4, 4, 7, 7))
    assert delineate(ring, GRID, params).cells.sum() == 100
    assert delineate(ring, GRID, params).filled_cells == 9
    assert delineate(ring, GRID, params, keep_out=mask((5, 5, 6, 6))).dropped_patches == 1, (
        "91 cells are too few once the hole stays"
    )
    big = mask((0, 0, 20, 20)) & ~mask((5, 5, 9, 9))
    assert delineate(big, GRID, params).filled_cells == 0, "a hole above the limit stays open"
    assert shapely.get_num_interior_rings(delineate(big, GRID, params).zones.geometry[0]) == 1


def test_corners_join_or_do_not(params: Parameters, tmp_path: Path) -> None:
    two = mask((0, 0, 8, 8), (8, 8, 16, 16))
    joined = delineate(two, GRID, params)
    assert len(joined.zones) == 1 and joined.zones.geometry[0].is_valid and joined.cells.sum() == 128
    apart = delineate(two, GRID, made(tmp_path, neighbours=4))
    assert len(apart.zones) == 0 and apart.dropped_patches == 2
    with pytest.raises(UsageError, match="6"):
        delineate(two, GRID, made(tmp_path, neighbours=6))


def test_nothing_in_nothing_out(params: Parameters) -> None:
    line = delineate(mask(), GRID, params)
    assert len(line.zones) == 0 and line.area_dm2.size == 0 and not line.cells.any()


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Parameters]:
    folder = tmp_path_factory.mktemp("rules")
    return {n: made(folder / str(n), neighbours=n, least_patch_km2=0, close_holes_km2=0) for n in (4, 8)}


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(bool, (12, 14)), st.sampled_from([4, 8]))
def test_polygons_are_valid_and_cover_exactly_the_cells(free: dict[int, Parameters], cells: Any, neighbours: int) -> None:
    grid = Grid("EPSG:4543", 452_400, 3_118_800, 30, 30, 14, 12)
    line = delineate(cells, grid, free[neighbours])
    assert np.array_equal(line.cells, cells) and shapely.is_valid(line.zones.geometry).all()
    assert shapely.area(line.zones.geometry).sum() == pytest.approx(cells.sum() * 900)
    x, y = grid.to_coordinates(np.arange(14) + 0.5, np.full(14, 6.5))
    inside = shapely.contains_xy(shapely.union_all(line.zones.geometry), x, y) if len(line.zones) else np.zeros(14, bool)
    assert np.array_equal(inside, cells[6])


def test_what_a_new_line_takes_in_and_lets_out() -> None:
    parcels = np.array([shapely.box(x, 0, x + 10, 10) for x in (0, 10, 20, 30)], object)
    parcel = pa.table({"parcel_id": ["A", "B", "C", "D"], "area_dm2": [10_000] * 4})
    old, new = np.array([shapely.box(0, 0, 15, 10)], object), np.array([shapely.box(5, 0, 25, 10)], object)
    rows = red_line_difference(old, new, parcel, parcels).to_pylist()
    assert [(r["parcel_id"], r["gained_dm2"], r["lost_dm2"]) for r in rows] == [("A", 0, 5_000), ("B", 5_000, 0), ("C", 5_000, 0)]
    assert [(r["before_ppm"], r["after_ppm"]) for r in rows] == [(1_000_000, 500_000), (500_000, 1_000_000), (0, 500_000)]
    assert len(red_line_difference(new, new, parcel, parcels)) == 0
    assert len(red_line_difference(np.array([], object), new, parcel, parcels)) == 3
