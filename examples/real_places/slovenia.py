"""A square kilometre in Slovenia: heights, land-use polygons and 68 dates of Sentinel-2 NDVI with cloud masks, cells of 10 m.

What they carry: carbon storage and habitat quality of 88 real land-use polygons and a monthly NDVI of 2017. There is no rain
and no soil: soil retention is not assessed, unless `--assume` puts a constant erosivity and erodibility everywhere. There is
no radiation or temperature: net primary production is not assessed.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from casefiles import read, recoded, write_case, write_polygons, write_raster

YEAR = 2017
TO_ECOSYSTEM = {0: 0, 1: 51, 2: 13, 3: 31, 4: 21, 8: 61}
"""LULC_ID → HJ 1172-2021. 1 cultivated land: cropland. 2 forest: mixed forest (kinds are not parted). 3 grassland: meadow.
4 shrubland (RABA 1410, 1500: land overgrown by trees and shrubs): broadleaf shrub. 8 artificial surface: settlement.
0 has no name in the source (RABA 1600) and stays nodata. Names as in the polygons' LULC_NAME; the mapping is our own [D]."""
ASSUMED = {
    "erosivity": (2302.0, "mean of Slovenia, Panagos et al. (2015), Rainfall erosivity in Europe, Sci. Total Environ. 511 [R]"),
    "erodibility": (0.032, "mean of the EU, Panagos et al. (2014), Soil erodibility in Europe, Sci. Total Environ. 479-480 [v]"),
}

CASE = """# A square kilometre in Slovenia: 88 land-use polygons cut to the raster. Services only.
[case]
name_zh = "斯洛文尼亚一平方公里 2017{zh}"
name_en = "A square kilometre in Slovenia, 2017{en}"
place = "SI-PATCH"
years = [2017]
known_on = "2026-06-30"
purpose = "assess"
services = ["carbon_storage", "habitat_quality", "soil_retention", "net_primary_production"]

[survey]
file = "inputs/polygons.gpkg"
parcel_id = "name"

[rules]
folders = ["rules"]

[layers.elevation]
file = "inputs/dem_m.tif"
unit = "m"
[layers.land_cover]
file = "inputs/land_cover.tif"
[layers.ndvi]
file = "inputs/ndvi_{{year}}.tif"
bands = "month"
"""
LAYER = """[layers.{name}]
file = "inputs/{name}_assumed.tif"  # assumed: {value} everywhere, {why}
"""


def prepare(shared: Path, out: Path, *, assume: bool = False) -> None:
    """Write the case folder `out`."""
    source, inputs = shared / "s2_patch_slovenia", out / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "dem_m.tif", inputs / "dem_m.tif")
    classes, grid = read(source / "lulc.tif")
    write_raster(inputs / "land_cover.tif", recoded(classes, TO_ECOSYSTEM), grid, 0)
    write_raster(inputs / f"ndvi_{YEAR}.tif", monthly_ndvi(source / "ndvi_68dates_2015_2017.nc"), grid, float("nan"))
    toml = CASE.format(zh="（含假定常数）" if assume else "", en=" (with assumed constants)" if assume else "")
    for name, (value, why) in ASSUMED.items() if assume else ():
        write_raster(inputs / f"{name}_assumed.tif", np.full(classes.shape, value, np.float32), grid, float("nan"))
        toml += LAYER.format(name=name, value=value, why=why)
    count = _polygons(source / "lulc_polygons.gpkg", grid, inputs / "polygons.gpkg")
    write_case(out, toml, "slovenia")
    print(f"{count} polygons -> {out}")


def monthly_ndvi(path: Path) -> np.ndarray:
    """Return (12, rows, columns): the median of the dates of each month of YEAR that are valid and free of cloud; else NaN.

    The median, not the greatest: a cloud edge the mask missed lowers NDVI, a wrong reading over shadow may raise it.
    """
    import warnings

    bands, days = {}, []
    for name in ("ndvi", "cloud", "valid"):
        bands[name], days = _variable(path, name)
    ndvi = np.where((bands["cloud"] == 0) & (bands["valid"] == 1), bands["ndvi"], np.nan).astype(np.float32)
    out = np.full((12, *ndvi.shape[1:]), np.nan, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a cell with no clear date in a month stays NaN
        for month in range(1, 13):
            dates = [k for k, day in enumerate(days) if (day.year, day.month) == (YEAR, month)]
            if dates:
                out[month - 1] = np.nanmedian(ndvi[dates], axis=0)
    return out


def _variable(path: Path, name: str) -> tuple[np.ndarray, list[datetime]]:
    """Return a variable (dates, rows from north, columns) and its dates.

    The file names its axes without saying what they are, so that GDAL would read it upside down: its rows run from north.
    """
    import warnings

    import rasterio

    with warnings.catch_warnings(), rasterio.Env(GDAL_NETCDF_BOTTOMUP="NO"):
        warnings.simplefilter("ignore")  # the file itself has no geotransform: its grid is that of the land use beside it
        with rasterio.open(f"netcdf:{os.fspath(path)}:{name}") as file:
            tags: dict[str, Any] = file.tags()
            values = file.read()
    start = datetime.fromisoformat(re.sub(r"^seconds since ", "", tags["time#units"]))
    seconds = [int(s) for s in tags["NETCDF_DIM_time_VALUES"].strip("{}").split(",")]
    return values, [start + timedelta(seconds=s) for s in seconds]


def _polygons(path: Path, grid: dict[str, Any], out: Path) -> int:
    """Cut the polygons to the raster, name them by their index and return how many there are."""
    import pyogrio.raw
    import shapely
    from rasterio.transform import array_bounds

    meta, _, wkb, fields = pyogrio.raw.read(path)
    names = [str(n) for n in fields[list(meta["fields"]).index("index")]]
    whole = shapely.box(*array_bounds(grid["height"], grid["width"], grid["transform"]))
    cut = [shapely.intersection(s, whole) for s in shapely.make_valid(shapely.from_wkb(wkb))]
    write_polygons(out, cut, names, str(meta["crs"]))
    return len(names)
