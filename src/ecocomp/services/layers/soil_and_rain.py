"""Soil texture from the shares of its particles, and erosivity from monthly rain; made as they are read, never stored.

For zoning, whose scores ask for a class of texture and a year's erosivity where a county has particle sizes and months.

References
----------
1. Soil Science Division Staff (2017), Soil Survey Manual, USDA Handbook 18, textural triangle (as remembered).
2. Wischmeier, W. H., Smith, D. D. (1978), USDA Agriculture Handbook 537, see `services.factors.rain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.services.derive import Making
from ecocomp.services.factors.rain import erosivity_wischmeier
from ecocomp.services.factors.soil import texture_class
from ecocomp.services.site import PASS, StripReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

GIVES = ("erosivity_of_months",)
NEEDS = ("rain",)


@dataclass(frozen=True)
class MonthlyErosivity:
    """R of a year [MJ·mm/(ha·h·a)] from twelve bands of rain [mm]; NaN where a month is not known."""

    rain: StripReader
    bands: int = 1

    def read(self, row0: int, row1: int) -> NDArray[np.float32]:
        """Return rows row0..row1-1 as (1, rows, columns)."""
        rain = np.ascontiguousarray(self.rain.read(row0, row1), np.float32)
        out = np.empty(rain.shape[1:], np.float32)
        _year(rain.reshape(12, -1), out.reshape(-1))
        return out[None]


@dataclass(frozen=True)
class TextureOfParticles:
    """USDA class of texture (1–12, 0 unknown) from sand, silt and clay [%]."""

    sand: StripReader
    silt: StripReader
    clay: StripReader
    bands: int = 1

    def read(self, row0: int, row1: int) -> NDArray[np.uint8]:
        """Return rows row0..row1-1 as (1, rows, columns)."""
        parts = [np.ascontiguousarray(r.read(row0, row1), np.float32) for r in (self.sand, self.silt, self.clay)]
        out = np.empty(parts[0].shape, np.uint8)
        _textures(*(p.reshape(-1) for p in parts), out.reshape(-1))
        return out


def make(making: Making) -> dict[str, StripReader]:
    """Return the erosivity; nothing where rain is one sum of the year, from which months cannot be told."""
    rain = making.layers["rain"]
    return {"erosivity_of_months": MonthlyErosivity(rain)} if rain.bands == 12 else {}


@njit(**PASS)  # type: ignore[untyped-decorator]
def _year(rain, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        total, cubes = 0.0, 0.0
        for m in range(rain.shape[0]):
            p = np.float64(rain[m, i])
            total += p
            cubes += p * p * p
        out[i] = erosivity_wischmeier(total, cubes)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _textures(sand, silt, clay, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = texture_class(np.float64(sand[i]), np.float64(silt[i]), np.float64(clay[i]))
