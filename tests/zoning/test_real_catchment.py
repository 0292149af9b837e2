"""A real catchment: sensitivity, importance by a real service, a red line; what the data lack is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from ecocomp.grid.georef import Grid
from ecocomp.rules import Parameters
from ecocomp.zoning.maps import InMemory, extreme_cells
from ecocomp.zoning.redline import delineate
from ecocomp.zoning.snap import check_line
from ecocomp.zoning.surface import zone_maps


def band(path: Path, scale: float = 1.0, nodata: float | None = None) -> Any:
    import rasterio

    with rasterio.open(path) as source:
        values, missing = source.read(1), source.nodata if nodata is None else nodata
    return values if missing is None else np.where(values == missing, np.nan, values.astype(np.float32) * scale).astype(np.float32)


def test_mula_mutha(shared_data: Path, given_rules: Callable[..., Parameters], tmp_path: Path) -> None:
    import rasterio

    folder = shared_data / "region_mula_mutha_in"
    if not folder.is_dir():
        pytest.skip("the catchment is not among the real data here")
    with rasterio.open(folder / "dem_srtm_90m.tif") as source:
        grid = Grid.from_transform("EPSG:4326", source.transform, source.width, source.height)
        dem = source.read(1).astype(np.float32)
        dem[dem == source.nodata] = np.nan
    rain, ndvi = band(folder / "precip_2020.tif", 0.1), band(folder / "ndvi_2020.tif", 1e-4)
    erosivity = (79.0 + 0.363 * rain).astype(np.float32)  # Singh et al. (1981), for India
    with rasterio.open(folder / "soil_texture_usda_250m.tif") as source:
        texture = np.zeros(grid.shape, np.uint8)
        if (source.height, source.width) == grid.shape:
            texture = np.nan_to_num(source.read(1)).astype(np.uint8)
    layers = {
        "elevation": InMemory(dem), "rain": InMemory(rain), "ndvi": InMemory(ndvi), "erosivity": InMemory(erosivity),
        "soil_texture": InMemory(texture),
    }  # fmt: skip
    inside = np.isfinite(ndvi).astype(np.uint8)
    params = given_rules({"zoning.red_line.merge_gap_m": 200}, place="IN-MM")
    service = {"water_conservation": InMemory(np.where(inside, np.maximum(rain - 600, 0), np.nan).astype(np.float32))}
    found = zone_maps(layers=layers, services=service, grid=grid, params=params, folder=tmp_path, inside=InMemory(inside))
    noted = {n.record for n in found.notes}
    assert noted == {"soil", "sand", "biodiversity", "desertification", "rocky_desertification", "salinisation"}
    assert found.function is not None and found.sensitive is not None
    water, erosion = found.importance["water"], found.sensitivity["soil_erosion"]
    assert water.values is not None
    values, classes = water.values.read(0, grid.height)[0], water.classes.array()
    carried = [float(np.nansum(np.where(classes == k, values, 0), dtype=np.float64)) for k in (1, 2, 3)]
    shares = np.cumsum(carried) / sum(carried)
    assert 0.5 <= shares[0] < 0.52 and 0.8 <= shares[1] < 0.83, "the crossing cells belong to the higher class"
    factors_missing = (texture == 0) | np.isnan(ndvi) | np.isnan(dem) | np.isnan(rain)
    assert (erosion.classes.array()[factors_missing] == 0).all()
    line = delineate(extreme_cells(found.function), grid, params, sensitive=extreme_cells(found.sensitive))
    assert len(line.zones) > 0 and shapely.is_valid(line.zones.geometry).all() and (line.area_dm2 >= 1e8 * 0.99).all()
    assert check_line(line.zones, 400.0) == []
    again = delineate(extreme_cells(found.function), grid, params, sensitive=extreme_cells(found.sensitive), strip_cells=200_000)
    assert np.array_equal(line.cells, again.cells)
