"""Zion National Park, Utah: a height model in degrees, NLCD 2011 on cells of 30 m in another system, the boundary in a third.

What they carry: carbon storage and habitat quality of one polygon, with the land cover brought onto the grid of the heights
by nearest neighbour (`resample = "nearest"`). There is no rain, soil or NDVI: soil retention is not assessed. A design storm
is stated by the rules; without a map of hydrologic soil groups storm retention is not assessed either, unless `--assume` puts
one group everywhere.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from casefiles import read, recoded, write_case, write_polygons, write_raster

TO_ECOSYSTEM = {
    255: 0, 11: 42, 21: 62, 22: 61, 23: 61, 31: 82, 41: 11, 42: 12, 43: 13, 52: 21, 71: 32, 81: 31, 82: 51, 90: 41, 95: 41,
}  # fmt: skip
"""NLCD 2011 → HJ 1172-2021. 11 open water: lake. 21 developed, open space: urban green. 22, 23 developed: settlement.
31 barren: bare land. 41, 42, 43 deciduous, evergreen, mixed forest: broadleaf, needleleaf, mixed. 52 shrub/scrub (over 20 %
cover): broadleaf shrub. 71 grassland: steppe. 81 pasture/hay: meadow. 82 crops: cropland. 90, 95 wetlands: marsh.
The meaning of the NLCD codes is remembered from its legend [M]; the mapping is our own [D]."""
ASSUMED = {"hydrologic_group": (4, "D everywhere: bare rock and thin soil over sandstone; no map was read [D]")}

PARK_CRS = "EPSG:26912"
"""The boundary comes as UTM 12 on GRS 1980 with a shift of zero, without a code: that is NAD83 / UTM zone 12N."""

CASE = """# Zion National Park: three systems of coordinates on purpose; the heights lead. Services only.
[case]
name_zh = "锡安国家公园（Zion）2011{zh}"
name_en = "Zion National Park 2011{en}"
place = "US-ZION"
years = [2011]
known_on = "2026-06-30"
purpose = "assess"
services = ["carbon_storage", "habitat_quality", "storm_retention", "soil_retention"]

[survey]
file = "inputs/park.gpkg"
parcel_id = "name"

[rules]
folders = ["rules"]

[layers.elevation]
file = "inputs/srtm.tif"
unit = "m"
nodata = [65535]
[layers.land_cover]
file = "inputs/land_cover_{{year}}.tif"
resample = "nearest"
"""
GROUP = """[layers.hydrologic_group]
file = "inputs/hydrologic_group_assumed.tif"  # assumed: {why}
"""


def prepare(shared: Path, out: Path, *, assume: bool = False) -> None:
    """Write the case folder `out`."""
    source, inputs = shared / "zion_us_cc0", out / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "srtm.tif", inputs / "srtm.tif")
    _park(source / "zion.gpkg", inputs / "park.gpkg")
    classes, grid = read(source / "nlcd2011.tif")
    write_raster(inputs / "land_cover_2011.tif", recoded(classes, TO_ECOSYSTEM), grid, 0)
    toml = CASE.format(zh="（含假定常数）" if assume else "", en=" (with assumed constants)" if assume else "")
    if assume:
        value, why = ASSUMED["hydrologic_group"]
        heights, like = read(source / "srtm.tif")
        write_raster(inputs / "hydrologic_group_assumed.tif", np.full(heights.shape, value, np.uint8), like, 0)
        toml += GROUP.format(why=why)
    write_case(out, toml, "zion")
    print(f"1 park -> {out}")


def _park(path: Path, out: Path) -> None:
    """Write the boundary under the name of its unit, in the system its own description amounts to."""
    import pyogrio.raw
    import pyproj
    import shapely

    meta, _, wkb, fields = pyogrio.raw.read(path)
    own, named = pyproj.CRS.from_wkt(meta["crs"]).source_crs, pyproj.CRS.from_user_input(PARK_CRS)
    told = [{p.name: p.value for p in crs.coordinate_operation.params} for crs in (own, named)]
    if told[0] != told[1] or own.ellipsoid.inverse_flattening != named.ellipsoid.inverse_flattening:
        raise SystemExit(f"{path} is not in {PARK_CRS}")
    names = [str(n) for n in fields[list(meta["fields"]).index("UNIT_CODE")]]
    write_polygons(out, list(shapely.from_wkb(wkb)), names, PARK_CRS)
