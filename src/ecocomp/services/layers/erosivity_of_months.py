"""Erosivity of a year from its monthly rain; made as it is read, never stored.

For zoning, whose scores ask for a year's erosivity where a county has months.

References
----------
1. Wischmeier, W. H., Smith, D. D. (1978), USDA Agriculture Handbook 537, see `services.factors.rain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.services.derive import Making
from ecocomp.services.factors.rain import erosivity_wischmeier
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
