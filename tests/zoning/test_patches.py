"""Patches found strip by strip, gaps and holes closed, and a red line that more ground never shrinks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from ecocomp.grid.georef import Grid
from ecocomp.rules import Parameters
from ecocomp.zoning.patches import close_gaps, find_patches
from ecocomp.zoning.redline import cells_inside, delineate

GRID = Grid("EPSG:4543", 452_400, 3_118_800, 30, 30, 14, 18)
MASKS = hnp.arrays(bool, GRID.shape)
Made = Callable[..., Parameters]


def rules(given_rules: Made, **values: float) -> Parameters:
    return given_rules({f"zoning.red_line.{k}": v for k, v in values.items()}, place="science")


@pytest.fixture(scope="module")
def small(given_rules: Made) -> Parameters:
    """Patches from 8 cells up, holes below 3 cells, gaps up to 2 cells."""
    return rules(given_rules, least_patch_km2=8 * 900e-6, close_holes_km2=2.5 * 900e-6, merge_gap_m=60)


def read(mask: Any) -> Any:
    return lambda a, b: mask[a:b]


@settings(max_examples=60, deadline=None)
@given(MASKS, st.booleans(), st.integers(1, 18))
def test_patches_of_strips_are_those_of_the_whole(mask: Any, eight: bool, rows: int) -> None:
    area = np.linspace(1.0, 2.0, GRID.height)
    found = find_patches(read(mask), area, eight, GRID.strips(rows))
    numbers = np.concatenate([found.numbers(k) for k in range(len(found.strips))])
    labels, n = ndimage.label(mask, np.ones((3, 3)) if eight else None)
    assert len(found) == n and np.array_equal(numbers > 0, mask)
    pairs = np.unique(np.column_stack([labels[mask], numbers[mask]]), axis=0)
    assert len(pairs) == n, "each patch of the whole is one patch, and no two are one"
    weight = np.broadcast_to(area[:, None], mask.shape)
    assert found.area_m2[1:] == pytest.approx([weight[numbers == k].sum() for k in range(1, n + 1)])
    firsts = [int(np.flatnonzero(numbers.ravel() == k)[0]) for k in range(1, n + 1)]
    assert rows < GRID.height or eight or firsts == sorted(firsts)


@pytest.mark.parametrize(("gap", "closed"), [(0, 0), (29, 0), (30, 1), (59, 1), (60, 2), (90, 3), (120, 4)])
def test_a_gap_is_closed_as_wide_as_the_rule_says(given_rules: Made, gap: float, closed: int) -> None:
    params = rules(given_rules, least_patch_km2=0, close_holes_km2=0, merge_gap_m=gap)
    for wide in range(1, 5):
        for turn in (False, True):
            mask = np.zeros(GRID.shape, bool)
            mask[2:5, 2:10] = mask[5 + wide : 8 + wide, 2:10] = True
            if turn:
                mask = np.ascontiguousarray(mask[:14].T)
                mask = np.concatenate([mask, np.zeros((4, 14), bool)])
            line = delineate(mask, GRID, params)
            assert line.joined_cells == (8 * wide if wide <= closed else 0)
            assert len(line.zones) == (1 if wide <= closed else 2)


def test_what_must_stay_out_is_never_taken_in(small: Parameters) -> None:
    mask, keep_out = np.zeros(GRID.shape, bool), np.zeros(GRID.shape, bool)
    mask[2:5, 2:10] = mask[6:9, 2:10] = True
    keep_out[5] = True
    line = delineate(mask, GRID, small, keep_out=keep_out)
    assert len(line.zones) == 2 and line.joined_cells == 0 and not (line.cells & keep_out).any()


@settings(max_examples=60, deadline=None)
@given(MASKS, MASKS, MASKS)
def test_more_ground_never_shrinks_the_line(small: Parameters, extreme: Any, sensitive: Any, protected: Any) -> None:
    extreme, sensitive, protected = (m & np.roll(m, 1, 0) for m in (extreme, sensitive, protected))
    bare = delineate(extreme, GRID, small).cells
    more = delineate(extreme, GRID, small, sensitive=sensitive).cells
    most = delineate(extreme, GRID, small, sensitive=sensitive, must_include=protected).cells
    assert not (bare & ~more).any() and not (more & ~most).any()
    assert np.array_equal(delineate(protected | extreme, GRID, small, sensitive=sensitive).cells, most), "the order is no matter"


@settings(max_examples=40, deadline=None)
@given(MASKS, MASKS, st.integers(1, 200))
def test_the_line_does_not_depend_on_the_strips(small: Parameters, extreme: Any, keep_out: Any, cells: int) -> None:
    one = delineate(extreme, GRID, small, keep_out=keep_out)
    two = delineate(extreme, GRID, small, keep_out=keep_out, strip_cells=cells)
    assert np.array_equal(one.cells, two.cells) and one.zones.zone_id == two.zones.zone_id
    assert (one.filled_cells, one.joined_cells, one.dropped_patches) == (two.filled_cells, two.joined_cells, two.dropped_patches)
    assert shapely.is_valid(two.zones.geometry).all()
    assert shapely.equals(shapely.union_all(one.zones.geometry), shapely.union_all(two.zones.geometry))
    assert sorted(shapely.area(one.zones.geometry)) == pytest.approx(sorted(shapely.area(two.zones.geometry)))


def test_working_masks_may_lie_in_files(small: Parameters, tmp_path: Path) -> None:
    mask = np.zeros(GRID.shape, bool)
    mask[3:9, 3:9] = True
    line = delineate(mask, GRID, small, scratch=tmp_path)
    assert isinstance(line.cells, np.memmap) and np.array_equal(line.cells, delineate(mask, GRID, small).cells)


@settings(max_examples=40, deadline=None)
@given(MASKS, st.integers(0, 3), st.integers(0, 3), st.integers(1, 18))
def test_closing_a_gap_is_a_closing(mask: Any, down: int, across: int, rows: int) -> None:
    def closed(m: Any, by: int) -> Any:
        out = np.zeros_like(m)
        close_gaps(m, lambda a, b: np.zeros((b - a, m.shape[1]), bool), (down, across), GRID.strips(by), out)
        return out

    once = closed(mask, rows)
    assert not (mask & ~once).any() and np.array_equal(closed(once, 18), once) and np.array_equal(closed(mask, 18), once)


def test_cells_inside_polygons_are_those_whose_middle_is() -> None:
    box = shapely.box(452_400 + 30, 3_118_800 - 90, 452_400 + 74, 3_118_800)
    inside = cells_inside(np.array([box], object), GRID)
    assert inside.sum() == 3 and inside[:3, 1].all(), "14 of 30 m of the next column are not enough"
    assert not cells_inside(np.array([], object), GRID).any()
