"""Plum Island, Massachusetts: three land-cover maps (1985, 1991, 1999), elevation and slope on cells of about 100 m.

What they carry: carbon stored in forest and in built land, and its change; habitat quality with built land as the threat.
The source knows three classes. "Other" is fields, marsh, water and more in one: no ecosystem can be read into it, so it is
nodata here, and the share observed tells how much that is.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from casefiles import read, recoded, write_case, write_polygons, write_raster

YEARS = (1985, 1991, 1999)
FOREST, BUILT, OTHER = 1, 2, 3
TO_ECOSYSTEM = {0: 0, FOREST: 13, BUILT: 61, OTHER: 0}
"""13 mixed forest: the source does not part broadleaf from needleleaf. 61 settlement: nor housing from works and roads."""
BLOCK = 50
"""Cells along a block: the polygons are blocks of about 5 km, made here, no units of any authority."""

CASE = """# Plum Island, Massachusetts: real rasters, blocks of about 5 km as polygons. Services only.
[case]
name_zh = "梅岛（Plum Island）1985–1999：碳储量与生境质量"
name_en = "Plum Island 1985 to 1999: carbon storage and habitat quality"
place = "US-PIE"
years = [1985, 1991, 1999]
known_on = "2026-06-30"
purpose = "assess"
# The last four are asked for on purpose: the data cannot carry them and the command says what is missing.
services = ["carbon_storage", "habitat_quality", "soil_retention", "sediment_delivery", "water_yield", "storm_retention"]

[survey]
file = "inputs/blocks.gpkg"
parcel_id = "name"

[rules]
folders = ["rules"]

[layers.elevation]
file = "inputs/elevation_m.tif"
unit = "m"
nodata = [-9999]
[layers.slope]
file = "inputs/slope_deg.tif"
unit = "°"
nodata = [-9999]
[layers.land_cover]
file = "inputs/land_cover_{year}.tif"
"""


def prepare(shared: Path, out: Path, *, assume: bool = False) -> None:
    """Write the case folder `out`."""
    source, inputs = shared / "pie_us_multidate_lulc", out / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for name in ("elevation_m", "slope_deg"):
        shutil.copyfile(source / f"{name}.tif", inputs / f"{name}.tif")
    for year in YEARS:
        classes, grid = read(source / f"lulc_{year}.tif")
        write_raster(inputs / f"land_cover_{year}.tif", recoded(classes, TO_ECOSYSTEM), grid, 0)
    count = _blocks(classes != 0, grid["transform"], grid["crs"].to_string(), inputs / "blocks.gpkg")
    write_case(out, CASE, "plum_island")
    print(f"{count} blocks -> {out}")


def _blocks(land: np.ndarray, place: object, crs: str, path: Path) -> int:
    """Write the blocks that hold any mapped cell, along cell edges, and return how many there are."""
    import shapely

    shapes, names = [], []
    for r in range(0, land.shape[0], BLOCK):
        for c in range(0, land.shape[1], BLOCK):
            below, right = min(r + BLOCK, land.shape[0]), min(c + BLOCK, land.shape[1])
            if land[r:below, c:right].any():
                (x0, y0), (x1, y1) = place * (c, r), place * (right, below)  # type: ignore[operator]
                shapes.append(shapely.box(x0, y1, x1, y0))
                names.append(f"R{r // BLOCK + 1:02d}C{c // BLOCK + 1:02d}")
    write_polygons(path, shapes, names, crs)
    return len(names)
