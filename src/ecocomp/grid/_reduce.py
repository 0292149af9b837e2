"""Compiled part of the zonal sums: parcels of one strip against the cells of one strip.

Each takes the parcels first..last−1 of the strip, so that threads can share them.
Each parcel adds to its own row of the output only, cell after cell from north-west to south-east, so a total has the
same bits whatever the number of threads and however the rows are cut into strips. `row_weight` holds one weight for
each row of the strip; `fence` is where the row under the walk ends, which spares a division per cell.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_OPTIONS)
def add_sums(first, last, parcel, ptr, cell, coverage, values, row_weight, width, out_sum, out_weight):  # type: ignore[no-untyped-def]
    """Add coverage · row weight · value, and the weight of the cells that have a value.

    A row is summed by itself and then added: rows are never cut by strips, the sums stay short, and the processor can
    work on the next row before the last one is added.
    """
    one = np.uintp(1)
    for i in range(first, last):
        p = parcel[i]
        for k in range(values.shape[0]):
            layer, total, weight = values[k], out_sum[p, k], out_weight[p, k]
            # Unsigned places spare the test for places counted from the end.
            j, end = np.uintp(ptr[i]), np.uintp(ptr[i + 1])
            while j < end:
                row = cell[j] // width
                fence = (row + 1) * width
                s, a = 0.0, 0.0
                while j < end and cell[j] < fence:
                    v, share = np.float64(layer[np.uintp(cell[j])]), np.float64(coverage[j])
                    if v == v:
                        s += share * v
                        a += share
                    j += one
                total += row_weight[row] * s
                weight += row_weight[row] * a
            out_sum[p, k], out_weight[p, k] = total, weight


@njit(**_OPTIONS)
def add_weights(first, last, parcel, ptr, cell, coverage, row_weight, width, out):  # type: ignore[no-untyped-def]
    """Add coverage · row weight of every cell of the strip, row by row as `add_sums` does, so that both agree to the bit."""
    for i in range(first, last):
        total = out[parcel[i]]
        j, end = ptr[i], ptr[i + 1]
        while j < end:
            row = cell[j] // width
            fence = (row + 1) * width
            a = 0.0
            while j < end and cell[j] < fence:
                a += coverage[j]
                j += 1
            total += row_weight[row] * a
        out[parcel[i]] = total


@njit(**_OPTIONS)
def widen_range(first, last, parcel, ptr, cell, values, out_min, out_max):  # type: ignore[no-untyped-def]
    """Widen the least and the greatest value of the cells a parcel touches; NaN until one is seen."""
    for i in range(first, last):
        p = parcel[i]
        for k in range(values.shape[0]):
            low, high = out_min[p, k], out_max[p, k]
            for j in range(ptr[i], ptr[i + 1]):
                v = np.float64(values[k, cell[j]])
                if v == v:
                    low = v if not low <= v else low
                    high = v if not high >= v else high
            out_min[p, k], out_max[p, k] = low, high


@njit(**_OPTIONS)
def add_classes(first, last, parcel, ptr, cell, coverage, classes, row_weight, width, out):  # type: ignore[no-untyped-def]
    """Add coverage · row weight to the column of the cell's class."""
    for i in range(first, last):
        p, fence, w = parcel[i], 0, 0.0
        for j in range(ptr[i], ptr[i + 1]):
            c = cell[j]
            if c >= fence:
                w, fence = row_weight[c // width], (c // width + 1) * width
            out[p, classes[c]] += coverage[j] * w


@njit(**_OPTIONS)
def add_joint(first, last, parcel, ptr, cell, coverage, one, two, place, n, row_weight, width, out):  # type: ignore[no-untyped-def]
    """Add coverage · row weight to column n · place[one] + place[two]; places of n and above are left out."""
    for i in range(first, last):
        p, fence, w = parcel[i], 0, 0.0
        for j in range(ptr[i], ptr[i + 1]):
            c = cell[j]
            if c >= fence:
                w, fence = row_weight[c // width], (c // width + 1) * width
            a, b = np.int64(place[one[c]]), np.int64(place[two[c]])
            if a < n and b < n:
                out[p, a * n + b] += coverage[j] * w


@njit(**_OPTIONS)
def take_largest(parcel, ptr, cell, coverage, best, winner):  # type: ignore[no-untyped-def]
    """Put each parcel where it covers more of the cell than all before it; the first of equals stays."""
    for i in range(parcel.size):
        for j in range(ptr[i], ptr[i + 1]):
            if coverage[j] > best[cell[j]]:
                best[cell[j]] = coverage[j]
                winner[cell[j]] = parcel[i]
