"""Class of soil texture from the shares of its particles; made as it is read, never stored.

For zoning, whose scores ask for a class of texture where a county has particle sizes.

References
----------
1. Soil Science Division Staff (2017), Soil Survey Manual, USDA Handbook 18, textural triangle (as remembered).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.services.derive import Making
from ecocomp.services.factors.soil import texture_class
from ecocomp.services.site import PASS, StripReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

GIVES = ("soil_texture",)
NEEDS = ("sand", "silt", "clay")


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
    """Return the class of texture of each cell."""
    sand, silt, clay = (making.layers[name] for name in NEEDS)
    return {"soil_texture": TextureOfParticles(sand, silt, clay)}


@njit(**PASS)  # type: ignore[untyped-decorator]
def _textures(sand, silt, clay, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = texture_class(np.float64(sand[i]), np.float64(silt[i]), np.float64(clay[i]))
