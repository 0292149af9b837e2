"""Storm rain of the year as a layer: the rain of all days from a threshold on, made once from daily rain.

For flood regulation. A year of days would be hundreds of bands in every strip of the pass; here they are read a few rows
at a time, so that memory stays flat, and one band is left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numba import njit

from ecocomp.services.derive import Making, StoredLayer, digest_of, keep
from ecocomp.services.site import PASS, StripReader

CODE_VERSION = "storm-rain-1"
"""Changes whenever the stored numbers would; part of the name of the file."""
GIVES = ("storm_rain_year_mm",)
NEEDS = ("rain_daily",)
KEY = "services.flood.storm_day_mm"
_ROWS = 16


def make(making: Making) -> dict[str, StripReader]:
    """Return the storm rain of a year [mm]; nothing where there is no rule of what a storm day is, or no whole year."""
    daily, grid = making.layers["rain_daily"], making.grid
    if not making.params.has(KEY) or daily.bands not in (365, 366):
        return {}
    least = making.params.number(KEY)

    def build(path: Path) -> None:
        out = np.lib.format.open_memmap(path, "w+", np.float32, grid.shape)
        for first in range(0, grid.height, _ROWS):
            last = min(first + _ROWS, grid.height)
            out[first:last] = storm_sum(np.ascontiguousarray(daily.read(first, last), np.float32), least)
        out.flush()

    path = keep(making.folder, GIVES[0], [CODE_VERSION, grid.fingerprint(), least, digest_of(daily, grid, _ROWS)], build)
    return {GIVES[0]: StoredLayer(path)}


@njit(**PASS)  # type: ignore[untyped-decorator]
def storm_sum(daily, least_mm):  # type: ignore[no-untyped-def]
    """Return the rain of days of at least `least_mm` (rows, columns) from days (days, rows, columns); a missing day: NaN."""
    out = np.zeros(daily.shape[1:], np.float64)
    for day in range(daily.shape[0]):
        for r in range(daily.shape[1]):
            for c in range(daily.shape[2]):
                v = daily[day, r, c]
                out[r, c] += 0.0 if v < least_mm else v
    return out.astype(np.float32)


__all__ = ["CODE_VERSION", "GIVES", "NEEDS", "make", "storm_sum"]
