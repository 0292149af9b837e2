"""Gura, Kenya: twelve months of rain and reference evapotranspiration on cells of 1 km, and tables by land cover.

A sub-watershed of a real water fund. Heights, land cover and soil are not in the copy, so there is no case to assess: what can
be done is a study on catchment means through `ecocomp try --table`, one row for each land cover of the source's table.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from casefiles import write_table

ASSUMED: dict[str, object] = {}
SOIL_DEPTH_MM = 1500.0
"""Depth to what stops roots, everywhere. Study value [D]: deep volcanic soils; no map was read."""
WATER_CAPACITY = 0.15
"""Plant-available share of water, everywhere. Study value [D]: the middle of the usual 0.1 to 0.2."""


def prepare(shared: Path, out: Path, *, assume: bool = False) -> None:
    """Write the tables `months.csv` (means), `erosivity.csv`, `budyko.csv` and `land_cover.csv` (what the rows are)."""
    source = shared / "gura_kenya_invest"
    rain, et0 = (_means(source, folder, name) for folder, name in (("precip_monthly", "precip"), ("et0_monthly", "et0")))
    write_table(out / "months.csv", ["month", "rain_mm", "et0_mm"], [(m + 1, rain[m], et0[m]) for m in range(12)])
    write_table(out / "erosivity.csv", ["rain_month_mm"], [[",".join(map(str, rain))]])
    with (source / "annual_water_yield_biophysical_table_gura.csv").open(encoding="utf-8-sig") as stream:
        covers = list(csv.DictReader(stream))
    heads = ["rain_mm", "et0_mm", "kc", "root_depth_mm", "soil_depth_mm", "water_capacity", "vegetated"]
    year = (round(sum(rain), 3), round(sum(et0), 3))
    write_table(
        out / "budyko.csv",
        heads,
        [[*year, c["Kc"], c["root_depth"], SOIL_DEPTH_MM, WATER_CAPACITY, c["LULC_veg"]] for c in covers],
    )
    write_table(
        out / "land_cover.csv",
        ["row", "lucode", "land_cover"],
        [(k, c["lucode"], c["description"]) for k, c in enumerate(covers, 1)],
    )
    print(f"{len(covers)} kinds of land cover, rain {year[0]} mm, ET0 {year[1]} mm -> {out}")


def _means(source: Path, folder: str, name: str) -> list[float]:
    """Return the mean of each month over the cells that have one, rounded to 0.001 mm."""
    import rasterio

    found = []
    for month in range(1, 13):
        with rasterio.open(source / folder / f"{name}_{month}.tif") as file:
            values = file.read(1, masked=True).astype(np.float64)
        found.append(round(float(values.mean()), 3))
    return found
