"""Months of NDVI that clouds hid, drawn between the clear months before and after; made as it is read, never stored.

For models that need every month of a year (wind erosion, production). Plants grow steadily from month to month, so a gap of
a month or two between clear ones is drawn straight; a longer one stays a gap, and the cell without a value. December and
January of the same year count as neighbours. Models of a season take the clear months alone and do not read this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.services.derive import Making
from ecocomp.services.site import PASS, StripReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

GIVES = ("ndvi_filled",)
NEEDS = ("ndvi",)
KEY = "services.cover.gap_months"


@dataclass(frozen=True)
class FilledMonths:
    """Twelve bands of NDVI without short gaps; can be sent to another process if its source can.

    source  reader of twelve bands, NaN where not seen
    longest gap that is drawn through [months]
    """

    source: StripReader
    longest: int
    bands: int = 12

    def read(self, row0: int, row1: int) -> NDArray[np.float32]:
        """Return rows row0..row1-1 as (12, rows, columns)."""
        values = np.ascontiguousarray(self.source.read(row0, row1), np.float32).copy()
        fill_gaps(values.reshape(12, -1), self.longest)
        return values


def make(making: Making) -> dict[str, StripReader]:
    """Return NDVI with short gaps drawn through; nothing where the year is one composite or the rules allow no gap."""
    source = making.layers["ndvi"]
    if source.bands != 12 or not making.params.has(KEY):
        return {}
    longest = int(making.params.number(KEY))
    return {"ndvi_filled": FilledMonths(source, longest)} if longest > 0 else {}


@njit(**PASS)  # type: ignore[untyped-decorator]
def fill_gaps(months, longest):  # type: ignore[no-untyped-def]
    """Draw through gaps of at most `longest` of the 12 rows of (12, cells), in place; the year is a ring."""
    n = months.shape[0]
    for i in range(months.shape[1]):
        first = -1
        for m in range(n):
            if months[m, i] == months[m, i]:
                first = m
                break
        if first < 0:
            continue
        last = first
        for step in range(1, n + 1):
            m = (first + step) % n
            v = months[m, i]
            if v == v:
                gap = (m - last + n - 1) % n
                if 0 < gap <= longest:
                    a = np.float64(months[last, i])
                    for k in range(1, gap + 1):
                        months[(last + k) % n, i] = a + (np.float64(v) - a) * k / (gap + 1)
                last = m


__all__ = ["GIVES", "KEY", "NEEDS", "FilledMonths", "fill_gaps", "make"]
