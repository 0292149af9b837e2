"""Soil of the invented county: sand, silt, clay (tenths of a percent, adding up to 100 %), organic matter, depth, water."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecocomp.sample.frame import Frame
from ecocomp.sample.noise import fractal
from ecocomp.sample.survey import Land

OUTSIDE = 65535


def soil_strip(frame: Frame, land: Land, parcel: NDArray[np.int32], row0: int, row1: int) -> dict[str, NDArray[np.uint16]]:
    """Return the soil layers of the rows, 65535 outside.

    `sand`, `silt`, `clay` (0.1 %), `organic_matter` (0.01 %), `soil_depth` (mm down to rock), `water_capacity` (0.001 of the
    volume), `hydrologic_group` (1–4 for A–D, from sand and clay), `carbonate_share` (0.1 % of the ground that is bare limestone).
    Sand prevails in the dry corner and on steep ground, clay on valley floors; organic matter grows with cold and wet.
    """
    part, n = slice(row0, row1), frame.n
    one = fractal(row0, row1, n, 130.0, 5, 0.55, frame.key("clay"))
    two = fractal(row0, row1, n, 170.0, 5, 0.55, frame.key("organic"))
    above, rank = land.relief.above_river_m[part], np.nan_to_num(land.rank[part], nan=0.5)
    sandy = np.clip(land.sandy[part], 0, 1)
    clay = np.clip(24 + 7 * one - 0.02 * above - 26 * sandy, 3, 48)
    sand = np.clip(36 + 9 * two + 10 * rank + 52 * sandy - 6 * one, 8, 92)
    silt = np.maximum(100 - clay - sand, 4)
    total = clay + sand + silt
    organic = np.clip(1.3 + 4.2 * rank + 1.1 * two + 0.0022 * (land.rain_mm[part] - 750) - 2.4 * sandy, 0.15, 14)
    outside = parcel[part] == 0
    clay10, silt10 = np.rint(1000 * clay / total), np.rint(1000 * silt / total)
    limestone = np.clip(110 * (fractal(row0, row1, n, 260.0, 4, 0.5, frame.key("limestone")) - 0.35), 0, 80)
    depth = np.clip(1900 - 1500 * rank + 220 * two + 300 * sandy, 80, 2500)
    held = np.clip(0.09 + 0.0011 * (100 * silt / total) + 0.006 * organic - 0.0004 * (100 * sand / total), 0.03, 0.3)
    sand10 = 1000 - clay10 - silt10
    group = np.select([sand10 >= 700, (sand10 >= 450) & (clay10 < 250), clay10 < 350], [1, 2, 3], 4)
    made = {
        "sand": sand10,
        "silt": silt10,
        "clay": clay10,
        "organic_matter": np.rint(100 * organic),
        "soil_depth": np.rint(depth),
        "water_capacity": np.rint(1000 * held),
        "hydrologic_group": group,
        "carbonate_share": np.rint(10 * limestone),
    }
    return {name: np.where(outside, OUTSIDE, value).astype(np.uint16) for name, value in made.items()}


def make_soil(frame: Frame, land: Land, parcel: NDArray[np.int32], rows: int = 256) -> dict[str, NDArray[np.uint16]]:
    """Return the soil layers of the whole grid, made strip by strip."""
    strips = [soil_strip(frame, land, parcel, at, min(frame.n, at + rows)) for at in range(0, frame.n, rows)]
    return {name: np.concatenate([strip[name] for strip in strips]) for name in strips[0]}
