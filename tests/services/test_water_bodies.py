"""Water bodies: one lake is one lake whatever the strips, its area is its cells', reservoirs are counted once or named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.grid.georef import Grid, cell_area_m2_by_row
from ecocomp.services.derive import Making
from ecocomp.services.layers import water_bodies
from ecocomp.terms import tables
from ecocomp.terms.faults import FaultsError

METRIC = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 40, 30)
DEGREES = Grid("EPSG:4490", 103.0, 31.0, 0.001, 0.001, 40, 30)


class Rows:
    """A layer held in memory, read by rows."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.bands = array, array.shape[0]

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


@pytest.fixture
def waters(tmp_path: Path, given_rules: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Make the layers of a mask of water; anything else is forest, and what `empty` marks has no land cover."""
    params = given_rules({"services.flood.lake_zone": "eastern_plain"}, units={"services.flood.lake_zone": "text"})

    def make(mask: np.ndarray, grid: Grid = METRIC, rows: int = 7, table: Any = None, empty: Any = None) -> dict[str, Any]:
        cover = np.where(mask, 42, 11).astype(np.uint8)
        if empty is not None:
            cover[empty] = 0
        given_tables = {} if table is None else {"reservoir": table}
        # Each height of strips in a folder of its own, so that nothing is taken from the cache of another.
        making = Making({"land_cover": Rows(cover[None])}, grid, tmp_path / f"{rows}", params, 2023, given_tables)
        made = water_bodies.water_layers(making, rows)
        return {"made": made} | {name: layer.read(0, grid.height)[0] for name, layer in made.items()}

    return make


def by_scipy(mask: np.ndarray, grid: Grid) -> np.ndarray:
    """Return the area of the water of each cell [km²] by another program."""
    from scipy import ndimage

    labels, n = ndimage.label(mask, np.ones((3, 3)))
    area = cell_area_m2_by_row(grid)[:, None] * np.ones(grid.shape)
    sums = np.concatenate([[0.0], ndimage.sum_labels(area, labels, np.arange(1, n + 1))])
    return np.asarray(sums[labels] / 1e6)


def spiral(shape: tuple[int, int]) -> np.ndarray:
    """Return a winding lake whose arms meet only at its heart, the hardest case for labels from the north."""
    mask = np.zeros(shape, bool)
    top, left, bottom, right = 0, 0, shape[0] - 1, shape[1] - 1
    while top < bottom and left < right:
        mask[top, left : right + 1] = mask[top : bottom + 1, right] = mask[bottom, left : right + 1] = True
        mask[top + 2 : bottom + 1, left] = True
        if top + 2 < bottom:
            mask[top + 2, left : left + 2] = True
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    return mask


@pytest.mark.parametrize("grid", [METRIC, DEGREES], ids=["metric", "degrees"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.45, 0.9])
def test_areas_as_another_program_finds_them_whatever_the_strips(share: float, grid: Grid, waters: Any) -> None:
    mask = np.random.default_rng(int(100 * share)).random(grid.shape) < share
    whole = waters(mask, grid, 256)["lake_km2"]
    np.testing.assert_allclose(whole, by_scipy(mask, grid), rtol=1e-6)
    for rows in (1, 2, 7, 29):
        assert np.array_equal(waters(mask, grid, rows)["lake_km2"], whole)


def test_a_winding_lake_is_one(waters: Any) -> None:
    mask = spiral(METRIC.shape)
    found = waters(mask, rows=4)["lake_km2"]
    np.testing.assert_allclose(found, by_scipy(mask, METRIC), rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=8, max_size=8))
def test_any_small_mask(cells: list[list[bool]]) -> None:
    grid = Grid("EPSG:4545", 0.0, 0.0, 30.0, 30.0, 9, 8)
    mask, none = np.array(cells), np.zeros(0, np.int64)
    cover = Rows(np.where(mask, 42, 11).astype(np.uint8)[None])
    one, two = (water_bodies.measure_waters(cover, grid, none, none, np.zeros(0), rows) for rows in (8, 3))
    assert np.array_equal(one.root, two.root) and np.array_equal(one.area_m2, two.area_m2)
    assert one.area_m2.sum() == pytest.approx(900.0 * mask.sum())
    assert sorted(one.area_m2[one.area_m2 > 0] / 1e6) == pytest.approx(
        sorted(np.unique([(a, b) for a, b in zip(by_scipy(mask, grid)[mask], labels(mask)[mask], strict=True)], axis=0)[:, 0])
        if mask.any()
        else []
    )


def labels(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return np.asarray(ndimage.label(mask, np.ones((3, 3)))[0])


def test_rivers_and_marsh_are_no_lakes_and_missing_land_cover_is_not_known(tmp_path: Path, given_rules: Any, waters: Any) -> None:
    mask, empty = np.zeros(METRIC.shape, bool), np.zeros(METRIC.shape, bool)
    mask[3:9, 3:9], empty[0] = True, True
    found = waters(mask, empty=empty)["lake_km2"]
    assert np.isnan(found[0]).all() and found[5, 5] == pytest.approx(36 * 900 / 1e6) and found[20, 20] == 0.0


def reservoirs(*rows: tuple[str, float, float, float]) -> Any:
    return tables.RESERVOIR.table([dict(zip(("reservoir_id", "x", "y", "capacity_m3"), r, strict=True)) for r in rows])


def at(row: int, column: int) -> tuple[float, float]:
    return 500_000.0 + 30.0 * (column + 0.5), 3_300_000.0 - 30.0 * (row + 0.5)


def test_a_reservoir_is_spread_over_its_water_and_is_not_a_lake_too(waters: Any) -> None:
    mask = np.zeros(METRIC.shape, bool)
    mask[2:12, 2:6], mask[11:20, 5:9], mask[2:6, 20:25] = True, True, True  # the first two touch
    table = reservoirs(("R1", *at(2, 2), 3e6), ("R2", *at(19, 8), 1e6))
    found = waters(mask, table=table)
    lake, held = found["lake_km2"], found["reservoir_capacity_m3_per_ha"]
    one = mask.copy()
    one[:, 19:] = False
    assert np.all(lake[one] == 0.0) and np.all(held[mask & ~one] == 0.0) and np.all(held[~mask] == 0.0)
    assert (held * 0.09).sum() == pytest.approx(4e6, rel=1e-6) and np.ptp(held[one]) == 0.0
    assert lake[3, 22] == pytest.approx(20 * 900 / 1e6)
    assert np.array_equal(waters(mask, rows=1, table=table)["reservoir_capacity_m3_per_ha"], held)


def test_a_reservoir_off_water_or_off_the_raster_is_named_with_its_volume(waters: Any) -> None:
    mask = np.zeros(METRIC.shape, bool)
    mask[2:6, 2:6] = True
    with pytest.raises(FaultsError) as told:
        waters(mask, table=reservoirs(("A", *at(20, 20), 5e6), ("B", 0.0, 0.0, 7e6), ("C", *at(3, 3), 1e6)))
    notes = told.value.faults
    assert [n.record for n in notes] == ["A", "B"] and all(n.severity == "error" for n in notes)
    assert "5000000 m3" in notes[0].say("en") and "lies on no water" in notes[0].say("en")
    assert "7000000 立方米" in notes[1].say("zh") and "栅格之外" in notes[1].say("zh")


def test_without_a_register_there_is_no_layer_of_reservoirs(waters: Any) -> None:
    mask = np.zeros(METRIC.shape, bool)
    assert set(waters(mask)["made"]) == {"lake_km2"}
    assert set(waters(mask, table=tables.RESERVOIR.empty())["made"]) == {"lake_km2"}


def test_a_second_run_maps_the_files_and_another_register_makes_others(waters: Any) -> None:
    mask = np.zeros(METRIC.shape, bool)
    mask[2:6, 2:6] = True
    table = reservoirs(("C", *at(3, 3), 1e6))
    one, two = (waters(mask, table=table)["made"]["lake_km2"].path for _ in range(2))
    assert one == two
    assert waters(mask, table=reservoirs(("C", *at(3, 3), 2e6)))["made"]["lake_km2"].path != one


def test_the_whole_way_from_land_cover_and_register_to_the_volumes_of_parcels(tmp_path: Path, given_rules: Any) -> None:
    """Parcels that divide a lake and a reservoir add up to what the equation and the register give for the whole."""
    import shapely

    from ecocomp.grid.coverage import build_coverage
    from ecocomp.services.derive import derived_layers
    from ecocomp.services.engine import assess

    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 60, 50)
    cover = np.full((1, *grid.shape), 11, np.uint8)
    cover[0, 2:32, 2:22], cover[0, 36:48, 40:55] = 42, 42
    x, y = 500_000.0 + 30.0 * 45.5, 3_300_000.0 - 30.0 * 40.5
    params = given_rules(
        {"services.flood.lake_zone": "tibetan_plateau", "services.flood.storm_rain_mm": "200"},
        units={"services.flood.lake_zone": "text"},
        place="990121",
    )
    reader = Rows(cover)
    layers = derived_layers(
        ["flood_regulation"], {"land_cover": reader}, grid, tmp_path, params, 2023, {"reservoir": reservoirs(("R", x, y, 8e5))}
    )
    boxes = [shapely.box(500_000.0 + 450.0 * i, 3_298_500.0, 500_450.0 + 450.0 * i, 3_300_000.0) for i in range(4)]
    found = assess(
        models=["flood_regulation"], layers=layers, grid=grid, coverage=build_coverage(boxes, grid), parcel_ids=list("abcd"),
        params=params, year=2023,
    ).service.to_pylist()  # fmt: skip
    total = {s: sum(r["quantity"] or 0.0 for r in found if r["service"] == f"flood_regulation.{s}") for s in ("lake", "reservoir")}
    area = 30 * 20 * 900 / 1e6
    assert total["lake"] == pytest.approx(1e4 * np.exp(6.636) * area**0.678, rel=1e-5)
    assert total["reservoir"] == pytest.approx(0.35 * 8e5, rel=1e-5)
    forest = next(r for r in found if r["service"] == "flood_regulation.vegetation" and r["parcel_id"] == "c")
    assert forest["unit"] == "m3/a" and forest["low"] < forest["quantity"] < forest["high"]
