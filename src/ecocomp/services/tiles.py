"""Small compiled pieces of a pass that several models use: sums over months, the season's NDVI, skipping empty tiles."""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.services.vector_math import INLINE


@njit(**INLINE)  # type: ignore[untyped-decorator]
def any_covered(covered, start, stop):  # type: ignore[no-untyped-def]
    """Return whether any cell start..stop-1 lies in a parcel."""
    for i in range(start, stop):  # noqa: SIM110  (compiled code knows no generators)
        if covered[i] != 0:
            return True
    return False


@njit(**INLINE)  # type: ignore[untyped-decorator]
def any_number(layer, start, stop):  # type: ignore[no-untyped-def]
    """Return whether any band of a layer (bands, cells) has a number in cells start..stop-1; ends at the first."""
    for band in range(layer.shape[0]):
        row = layer[band]
        for i in range(start, stop):
            if row[i] == row[i]:
                return True
    return False


@njit(**INLINE)  # type: ignore[untyped-decorator]
def sum_bands(layer, start, n, out):  # type: ignore[no-untyped-def]
    """Put the sum over the bands into out[:n]; a month without a value leaves the year without one."""
    out[:n] = 0.0
    for band in range(layer.shape[0]):
        row = layer[band, start : start + n]
        for i in range(n):
            out[i] += row[i]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def sum_cubes(layer, start, n, out):  # type: ignore[no-untyped-def]
    """Put the sum of the cubes over the bands into out[:n]."""
    out[:n] = 0.0
    for band in range(layer.shape[0]):
        row = layer[band, start : start + n]
        for i in range(n):
            v = np.float64(row[i])
            out[i] += v * v * v


@njit(**INLINE)  # type: ignore[untyped-decorator]
def season_value(layer, months, least, take_max, start, n, out, seen):  # type: ignore[no-untyped-def]
    """Put the greatest (or mean) value of the season's bands into out[:n]; NaN where fewer than `least` have a value.

    Clouded months are passed over; a layer of a single band is taken as the season's value as it stands.
    """
    if layer.shape[0] == 1:
        row = layer[0, start : start + n]
        for i in range(n):
            out[i] = row[i]
        return
    out[:n] = -np.inf if take_max else 0.0
    seen[:n] = 0.0
    for j in range(months.size):
        row = layer[months[j], start : start + n]
        for i in range(n):
            v = np.float64(row[i])
            here = v == v
            known = v if here else (-np.inf if take_max else 0.0)
            out[i] = (known if known > out[i] else out[i]) if take_max else out[i] + known
            seen[i] += 1.0 if here else 0.0
    for i in range(n):
        value = out[i] if take_max else out[i] / seen[i]
        out[i] = value if seen[i] >= least else np.nan
