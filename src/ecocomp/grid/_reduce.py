"""Compiled part of the zonal sums: parcels of one strip against the cells of one strip.

Each parcel adds to its own row of the output only, cell after cell from north-west to south-east, so a total has the
same bits whatever the number of threads and however the rows are cut into strips.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

_OPTIONS = {"parallel": True, "cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def add_sums(parcel, ptr, cell, coverage, values, row_weight, width, out_sum, out_weight):  # type: ignore[no-untyped-def]
    """Add coverage · row weight · value, and the weight of the cells that have a value."""
    for i in prange(parcel.size):
        p = parcel[i]
        for k in range(values.shape[0]):
            total, weight = out_sum[p, k], out_weight[p, k]
            for j in range(ptr[i], ptr[i + 1]):
                v = np.float64(values[k, cell[j]])
                if v == v:
                    share = coverage[j] * row_weight[cell[j] // width]
                    total += share * v
                    weight += share
            out_sum[p, k], out_weight[p, k] = total, weight


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def add_weights(parcel, ptr, cell, coverage, row_weight, width, out):  # type: ignore[no-untyped-def]
    """Add coverage · row weight of every cell of the strip."""
    for i in prange(parcel.size):
        p = parcel[i]
        total = out[p]
        for j in range(ptr[i], ptr[i + 1]):
            total += coverage[j] * row_weight[cell[j] // width]
        out[p] = total


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def widen_range(parcel, ptr, cell, values, out_min, out_max):  # type: ignore[no-untyped-def]
    """Widen the least and the greatest value of the cells a parcel touches; NaN until one is seen."""
    for i in prange(parcel.size):
        p = parcel[i]
        for k in range(values.shape[0]):
            low, high = out_min[p, k], out_max[p, k]
            for j in range(ptr[i], ptr[i + 1]):
                v = np.float64(values[k, cell[j]])
                if v == v:
                    low = v if not low <= v else low
                    high = v if not high >= v else high
            out_min[p, k], out_max[p, k] = low, high


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def add_classes(parcel, ptr, cell, coverage, classes, row_weight, width, out):  # type: ignore[no-untyped-def]
    """Add coverage · row weight to the column of the cell's class."""
    for i in prange(parcel.size):
        p = parcel[i]
        for j in range(ptr[i], ptr[i + 1]):
            out[p, classes[cell[j]]] += coverage[j] * row_weight[cell[j] // width]


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def add_joint(parcel, ptr, cell, coverage, one, two, place, n, row_weight, width, out):  # type: ignore[no-untyped-def]
    """Add coverage · row weight to column n · place[one] + place[two]; places of n and above are left out."""
    for i in prange(parcel.size):
        p = parcel[i]
        for j in range(ptr[i], ptr[i + 1]):
            a, b = np.int64(place[one[cell[j]]]), np.int64(place[two[cell[j]]])
            if a < n and b < n:
                out[p, a * n + b] += coverage[j] * row_weight[cell[j] // width]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def take_largest(parcel, ptr, cell, coverage, best, winner):  # type: ignore[no-untyped-def]
    """Put each parcel where it covers more of the cell than all before it; the first of equals stays."""
    for i in range(parcel.size):
        for j in range(ptr[i], ptr[i + 1]):
            if coverage[j] > best[cell[j]]:
                best[cell[j]] = coverage[j]
                winner[cell[j]] = parcel[i]
