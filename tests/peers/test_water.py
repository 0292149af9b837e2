"""Water against InVEST: annual water yield, and what is held of a storm (urban flood risk mitigation)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

CODES = (11, 12, 13, 21, 32, 33, 41, 51, 52, 61, 82)
M3_PER_HA_MM = 10.0
FLOAT32 = 1e-6
"""Relative: the peer keeps AET/P and the yield in float32 and works in float32 between; so is what we write."""


def with_255(codes: np.ndarray) -> np.ndarray:
    return np.where(codes == 0, 255, codes).astype(np.uint8)


@pytest.fixture(scope="module")
def climate(noise: Any) -> dict[str, np.ndarray]:
    return {
        "rain": noise(150, 1800, 1, holes=True), "et0": noise(500, 1400, 2, holes=True),
        "soil_depth": noise(100, 2500, 3, holes=True), "water_capacity": noise(0.04, 0.3, 4, holes=True),
    }  # fmt: skip


@pytest.mark.parametrize("z", [1.5, 6.0, 28.0])
def test_water_yield(
    invest: Any, ours: Any, land_cover: np.ndarray, climate: Any, given_rules: Any, z: float, tmp_path: Any, same_cells: Any
) -> None:
    kc = {str(c): round(0.2 + 0.011 * c, 4) for c in CODES}
    root = {str(c): 120.0 + 37.0 * c for c in CODES}
    plants = {str(c): int(c < 50) for c in CODES}
    keys = {"kc": kc, "root_depth_mm": root, "vegetated": plants, "z": z}
    units = {"kc": "1", "root_depth_mm": "mm", "vegetated": "1", "z": "1"}
    params = given_rules(
        {f"services.water_yield.{k}": v for k, v in keys.items()},
        units={f"services.water_yield.{k}": v for k, v in units.items()},
        place="990121",
    )
    mine = ours("water_yield", {"land_cover": land_cover, **climate}, params, tmp_path)["water_yield"] / M3_PER_HA_MM
    theirs = invest(
        "annual_water_yield",
        {"lulc": with_255(land_cover), **climate},
        {"table": "lucode,kc,root_depth,lulc_veg\n" + "".join(f"{c},{kc[c]},{root[c]},{plants[c]}\n" for c in map(str, CODES))},
        {
            "lulc_path": "@raster lulc", "depth_to_root_rest_layer_path": "@raster soil_depth", "precipitation_path": "@raster rain",
            "pawc_path": "@raster water_capacity", "eto_path": "@raster et0", "watersheds_path": "@watersheds",
            "biophysical_table_path": "@table table", "seasonality_constant": z,
        },
        {"wyield": "wyield", "fractp": "share"},
    )  # fmt: skip
    # The peer rounds AET/P to float32 before it takes it from 1: what is left of the rain is uncertain by a part of the rain.
    same_cells(mine, theirs["wyield"], FLOAT32, absolute=2.0**-23 * 1800.0)


@pytest.mark.parametrize("storm_mm", [25.0, 80.0, 210.0])
def test_storm_retention(
    invest: Any,
    ours: Any,
    land_cover: np.ndarray,
    given_rules: Any,
    storm_mm: float,
    tmp_path: Any,
    same_cells: Callable[..., float],
) -> None:
    groups = np.random.default_rng(9).integers(1, 5, land_cover.shape).astype(np.uint8)
    numbers = {f"{c} {g}": min(100, 28 + c % 30 + 11 * k) for c in CODES for k, g in enumerate("ABCD")}
    keys = {"services.storm.curve_number": numbers, "services.storm.depth_mm": storm_mm, "services.storm.initial_share": 0.2}
    units = {"services.storm.curve_number": "1", "services.storm.depth_mm": "mm", "services.storm.initial_share": "1"}
    params = given_rules(keys, units=units, place="990121")
    mine = ours("storm_retention", {"land_cover": land_cover, "hydrologic_group": groups}, params, tmp_path)["storm_retention"]
    rows = "".join(f"{c}," + ",".join(str(numbers[f"{c} {g}"]) for g in "ABCD") + "\n" for c in CODES)
    theirs = invest(
        "urban_flood_risk_mitigation",
        {"lulc": with_255(land_cover), "soil": groups},
        {"numbers": "lucode,cn_a,cn_b,cn_c,cn_d\n" + rows},
        {
            "aoi_watersheds_path": "@watersheds", "rainfall_depth": storm_mm, "lulc_path": "@raster lulc",
            "soils_hydrological_group_raster_path": "@raster soil", "curve_number_table_path": "@table numbers",
        },
        {"q_mm": "runoff", "runoff_retention_m3": "held_m3"},
    )  # fmt: skip
    cell_ha = 0.09
    # Held water is a difference from the storm's depth, in float32 with the peer.
    same_cells(mine * cell_ha, theirs["held_m3"], FLOAT32, absolute=2.0**-23 * storm_mm * M3_PER_HA_MM * cell_ha)
    same_cells(storm_mm - mine / M3_PER_HA_MM, theirs["runoff"], FLOAT32, absolute=2.0**-22 * storm_mm)
