"""The zoning of a year in one call, over a small scene; memory that does not grow with the raster."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from ecocomp.grid.coverage import build_coverage
from ecocomp.grid.georef import Grid
from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.rules import Parameters
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import PARCEL
from ecocomp.zoning.maps import InMemory, Stored, new_raster
from ecocomp.zoning.polygons import Zones, no_zones
from ecocomp.zoning.surface import zone_maps
from ecocomp.zoning.zone import Zoned, zone_parcels

CRS = "EPSG:4543"
GRID = Grid(CRS, 452_400, 3_118_800, 50, 50, 40, 40)  # two kilometres square
Made = Callable[..., Parameters]
TEXTS = dict.fromkeys(("zoning.importance_method", "zoning.red_line.follow"), "text")


def scene(folder: Path) -> dict[str, Any]:
    """Sixteen parcels of half a kilometre; the north-west is rich in water, the south-east steep, bare and rained upon."""
    shapes = np.array(
        [
            shapely.box(452_400 + x, 3_116_800 + y, 452_900 + x, 3_117_300 + y)
            for y in range(0, 2000, 500)
            for x in range(0, 2000, 500)
        ],
        object,
    )
    base = {"village_code": "v", "land_class": "0301", "ecosystem": "13", "declared_area_dm2": None, "x": 0.0, "y": 0.0}
    area = areas_dm2(polygon_areas_m2(shapes, CRS)).tolist()
    parcel = PARCEL.table([{**base, "parcel_id": f"P{i:02}", "area_dm2": a} for i, a in enumerate(area)])
    water = np.full(GRID.shape, 1.0, np.float32)
    water[:20, :20] = 30.0
    erosivity, ndvi = np.full(GRID.shape, 200.0, np.float32), np.full(GRID.shape, 0.8, np.float32)
    erosivity[20:, 20:], ndvi[20:, 20:] = 900.0, 0.1
    height = np.zeros(GRID.shape, np.float32)
    height[:, 20:] = np.cumsum(np.full((40, 20), 60.0), axis=1)
    layers = {"erosivity": erosivity, "ndvi": ndvi, "elevation": height, "soil_texture": np.full(GRID.shape, 8, np.uint8)}
    return {
        "parcel": parcel, "geometry": shapes, "coverage": build_coverage(shapes, GRID), "grid": GRID,
        "layers": {k: InMemory(v) for k, v in layers.items()}, "services": {"water_conservation": InMemory(water)},
        "folder": folder, "zones": no_zones(), "reserves": no_zones(), "red_line": None, "to_survey": lambda g: g, "crs": CRS,
        "sensitivities": ["soil_erosion"], "functions": ["water"],
    }  # fmt: skip


def rows(zoned: Zoned) -> dict[str, dict[str, Any]]:
    return {r["parcel_id"]: r for r in zoned.parcel_zone.to_pylist()}


def test_importance_sensitivity_line_and_grade_come_together(given_rules: Made, tmp_path: Path) -> None:
    params = given_rules({"zoning.red_line.least_patch_km2": 0.5}, place="science")
    got = zone_parcels(**scene(tmp_path), params=params, derive_functions=True)
    found = rows(got)
    rich, bare, other = ("P08", "P09", "P12", "P13"), ("P02", "P03", "P06", "P07"), ("P00", "P15")
    assert {found[p]["importance"] for p in rich} == {"extreme"} and {found[p]["function_zone"] for p in rich} == {"water"}
    assert {found[p]["grade"] for p in (*rich, *bare)} == {1} and {found[p]["function_zone"] for p in bare} == {"none"}
    assert {found[p]["red_line_ppm"] for p in (*rich, *bare)} == {1_000_000} and {found[p]["red_line_ppm"] for p in other} == {0}
    assert got.red_cells == 800 and got.notes == [] and len(got.members) == 0
    maps = {(r["kind"], r["map"]) for r in got.parcel_grading.to_pylist()}
    assert maps == {("importance", "water"), ("importance", "all"), ("sensitivity", "soil_erosion"), ("sensitivity", "all")}
    assert len(got.parcel_grading) == 4 * 16


def test_a_line_may_follow_parcels_or_be_given(given_rules: Made, tmp_path: Path) -> None:
    rule = {"zoning.red_line.least_patch_km2": 0.5, "zoning.red_line.follow": "parcels"}
    got = zone_parcels(**scene(tmp_path), params=given_rules(rule, units=TEXTS, place="science"))
    assert {r["reason"] for r in got.members.to_pylist()} == {"share"} and len(got.members) == 8
    assert shapely.area(got.red_line.geometry).sum() == pytest.approx(2e6)
    official = Zones.of([shapely.box(452_400, 3_116_800, 452_900, 3_117_300)])
    given_ = zone_parcels(**{**scene(tmp_path), "red_line": official}, params=given_rules(rule, units=TEXTS, place="science"))
    assert [p for p, r in rows(given_).items() if r["red_line_ppm"]] == ["P00"] and given_.red_cells == 0
    wrong = given_rules({"zoning.red_line.follow": "roads"}, units=TEXTS, place="science")
    with pytest.raises(FaultsError, match="roads"):
        zone_parcels(**scene(tmp_path), params=wrong)


def test_the_law_brings_ground_in_and_special_ground_stays(given_rules: Made, tmp_path: Path) -> None:
    params = given_rules({"zoning.red_line.least_patch_km2": 0.5, "zoning.red_line.merge_gap_m": 0}, place="science")
    x, y = 452_400, 3_118_800
    far = np.array([shapely.box(x + 1700, y - 200, x + 1900, y - 100)], object)
    beside = np.array([shapely.box(x + 1000, y - 500, x + 1200, y - 100)], object)
    bare = zone_parcels(**scene(tmp_path), params=params)
    more = zone_parcels(**scene(tmp_path), params=params, protected=np.concatenate([far, beside]))
    assert more.red_cells == bare.red_cells + 32, "what is small and lies apart is dropped, protected or not"
    most = zone_parcels(**scene(tmp_path), params=params, protected=far, special=far)
    assert most.red_cells == bare.red_cells + 8 and len(most.red_line) == len(bare.red_line) + 1


def test_without_maps_nothing_is_drawn_and_nothing_guessed(given_rules: Made, tmp_path: Path) -> None:
    bare = {**scene(tmp_path), "layers": {}, "services": {}}
    got = zone_parcels(**bare, params=given_rules({}, place="science"))
    assert len(got.red_line) == 0 and {r["importance"] for r in rows(got).values()} == {"not_assessed"}
    assert {n.record for n in got.notes} == {"water", "soil_erosion"} and len(got.parcel_grading) == 0


def test_memory_does_not_grow_with_the_raster(given_rules: Made, tmp_path: Path) -> None:
    params = given_rules({"zoning.importance_method": "npp_index"}, units=TEXTS, place="science")

    def peak(rows_: int) -> int:
        grid = Grid(CRS, 452_400, 3_118_800, 30, 30, 1500, rows_)
        layers: dict[str, Any] = {}
        for name in ("npp", "rain", "slope", "erodibility", "soil_texture"):
            made = new_raster(tmp_path / f"{name}-{rows_}.npy", grid, np.uint8 if name == "soil_texture" else np.float32)
            made[:] = (np.arange(rows_)[:, None] * 7 + np.arange(1500)) % 12 + 1
            made.flush()
            layers[name] = Stored(tmp_path / f"{name}-{rows_}.npy")
        tracemalloc.start()
        zone_maps(
            layers=layers, services={}, grid=grid, params=params, folder=tmp_path, functions=["water", "soil"], sensitivities=[]
        )
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    small, large = peak(700), peak(2800)
    assert large < 1.15 * small and large < 8 * 1500 * 2800, "not even one float64 band of the whole"
