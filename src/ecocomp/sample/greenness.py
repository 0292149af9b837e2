"""Monthly NDVI of the invented county: seasons of every ecosystem, wet and dry years, clouds, and true disturbances."""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from ecocomp.sample.climate import year_effects
from ecocomp.sample.cover import Cover
from ecocomp.sample.frame import Frame
from ecocomp.sample.noise import fractal_at, white
from ecocomp.sample.survey import Land

CLOUD = -32768
SEASON = {  # lowest and highest monthly NDVI of a good site
    11: (0.34, 0.87),
    12: (0.56, 0.80),
    13: (0.45, 0.84),
    14: (0.26, 0.60),
    21: (0.26, 0.68),
    22: (0.40, 0.62),
    23: (0.17, 0.42),
    31: (0.16, 0.74),
    32: (0.13, 0.48),
    33: (0.16, 0.57),
    34: (0.10, 0.27),
    41: (0.14, 0.60),
    42: (-0.12, -0.06),
    43: (-0.10, -0.03),
    51: (0.16, 0.75),
    52: (0.26, 0.69),
    61: (0.15, 0.29),
    62: (0.25, 0.55),
    63: (0.09, 0.16),
    72: (0.06, 0.11),
    82: (0.04, 0.12),
}
CLOUDY = np.array([0.02, 0.02, 0.03, 0.05, 0.10, 0.20, 0.27, 0.23, 0.13, 0.05, 0.02, 0.02])
STEPS = 16  # height classes of the season table


def season_table(wetness: float) -> NDArray[np.float32]:
    """Return NDVI [100 codes, 12 months, height classes] for a year of this wetness: higher up later, shorter, weaker."""
    out = np.zeros((100, 12, STEPS), np.float32)
    month, high = np.arange(12)[:, None], (np.arange(STEPS) / (STEPS - 1))[None, :]
    bell = np.exp(-(np.abs((month - 6.7 - 0.4 * high) / (2.9 - 0.7 * high)) ** 2.4))
    for code, (low, top) in SEASON.items():
        feels = 0.55 if code in (32, 33, 34, 51) else 0.25
        peak = top * (1 + feels * (wetness - 1)) * (1 - 0.20 * np.maximum(high - 0.65, 0))
        out[code] = low + (peak - low) * bell if top > 0 else low + (top - low) * bell
    return out


@njit(cache=True, parallel=True)
def _ndvi(cover, parcel, rank, row0, table, vigour, kind, since, year_month, cloudy, wave, key):  # type: ignore[no-untyped-def]
    rows, cols = cover.shape
    out = np.empty((12, rows, cols), np.int16)
    for r in prange(rows):
        for c in range(cols):
            code, p = cover[r, c], parcel[r, c] - 1
            if code == 0:
                out[:, r, c] = -32768
                continue
            h = min(15, max(0, int(rank[r, c] * 15.99)))
            site = vigour[p] + 0.05 * fractal_at(c + 0.5, r + row0 + 0.5, 25.0, 2, 0.6, 991)
            for m in range(12):
                value = table[code, m, h]
                if value > 0:
                    value *= site
                age = year_month + m - since[p]
                if age >= 0:
                    if kind[p] == 1:
                        value = 0.14 + (0.10 + 0.004 * age) * (table[33, m, h] / 0.6)
                    elif kind[p] == 2:
                        value = 0.09 + (value - 0.09) * min(0.85, 0.10 + 0.022 * age)
                    elif kind[p] == 3:
                        value = 0.10 + (value - 0.10) * 0.48
                value = min(0.93, value + 0.012 * white(c, r + row0, key + 31 * m))
                out[m, r, c] = np.int16(np.floor(value * 1000.0 + 0.5) * 10.0)
    first, blocks = row0 // 3, (row0 + rows - 1) // 3 - row0 // 3 + 1
    for m in prange(12):  # clouds in blocks of 3 × 3 cells
        for b in range(blocks):
            for gc in range((cols + 2) // 3):
                if fractal_at(gc + 0.5, b + first + 0.5, wave, 4, 0.6, key + 500 + m) > cloudy[m]:
                    top, left = max(0, (b + first) * 3 - row0), gc * 3
                    out[m, top : min(rows, (b + first) * 3 + 3 - row0), left : min(cols, left + 3)] = -32768
    return out


def ndvi_strip(
    frame: Frame, land: Land, cover: Cover, classes: NDArray[np.uint8], year_step: int, row0: int, row1: int
) -> NDArray[np.int16]:
    """Return twelve monthly composites (NDVI × 10,000; −32768 cloud or outside) of the rows row0…row1−1."""
    year = cover.years[year_step]
    wet, _months = year_effects(frame, year)
    spread = np.clip(frame.rng(f"clouds{year}").normal(1.0, 0.25, 12), 0.4, 1.7)
    level = np.array([_level_of(share) for share in np.minimum(CLOUDY * spread, 0.45)])
    vigour = np.clip(frame.rng("vigour").normal(1.0, 0.055, cover.main.shape[1]), 0.8, 1.15)
    part = slice(row0, row1)
    made: NDArray[np.int16] = _ndvi(
        classes,
        cover.parcel[part],
        np.nan_to_num(land.rank[part], nan=0.5),
        row0,
        season_table(wet),
        vigour,
        cover.kind,
        cover.month,
        12 * year_step,
        level,
        max(8.0, min(60.0, frame.n / 24)),
        frame.key(f"ndvi{year}"),
    )
    return made


def _level_of(share: float) -> float:
    """Return the noise level above which about this share of the area lies (the noise is near normal, sd 0.37)."""
    from statistics import NormalDist

    return NormalDist(0, 0.37).inv_cdf(1 - max(share, 0.003))
