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
    work on the next row before the last one is added. Layers go four at a time, each with sums of its own, because one
    sum alone waits for its last addition; the order of additions, and so every bit, is that of one layer by itself.
    """
    layers = values.shape[0]
    for i in range(first, last):
        p, k = parcel[i], 0
        while k + 4 <= layers:
            _four_sums(p, k, ptr[i], ptr[i + 1], cell, coverage, values, row_weight, width, out_sum, out_weight)
            k += 4
        while k < layers:
            _one_sum(p, k, ptr[i], ptr[i + 1], cell, coverage, values[k], row_weight, width, out_sum, out_weight)
            k += 1


@njit(**_OPTIONS)
def _one_sum(p, k, start, stop, cell, coverage, layer, row_weight, width, out_sum, out_weight):  # type: ignore[no-untyped-def]
    """Add one layer of one parcel."""
    one, total, weight = np.uintp(1), out_sum[p, k], out_weight[p, k]
    # Unsigned places spare the test for places counted from the end.
    j, end = np.uintp(start), np.uintp(stop)
    row = cell[j] // width
    fence = (row + 1) * width
    while j < end:
        while cell[j] >= fence:
            row += 1
            fence += width
        begin, s, a = j, 0.0, 0.0
        while j < end and cell[j] < fence:
            share = np.float64(coverage[j])
            s += share * np.float64(layer[np.uintp(cell[j])])
            a += share
            j += one
        if s != s:
            s, a = _gappy_row(begin, j, cell, coverage, layer)
        total += row_weight[row] * s
        weight += row_weight[row] * a
    out_sum[p, k], out_weight[p, k] = total, weight


@njit(**_OPTIONS)
def _gappy_row(j, end, cell, coverage, layer):  # type: ignore[no-untyped-def]
    """Sum and weight of those cells of a row that have a value."""
    s, a, one = 0.0, 0.0, np.uintp(1)
    while j < end:
        v, share = np.float64(layer[np.uintp(cell[j])]), np.float64(coverage[j])
        if v == v:
            s += share * v
            a += share
        j += one
    return s, a


@njit(**_OPTIONS)
def _four_sums(p, k, start, stop, cell, coverage, values, row_weight, width, out_sum, out_weight):  # type: ignore[no-untyped-def]
    """Add layers k to k + 3 of one parcel; they share the weight of a row unless one of them has a gap there."""
    one = np.uintp(1)
    v0, v1, v2, v3 = values[k], values[k + 1], values[k + 2], values[k + 3]
    t0, t1, t2, t3 = out_sum[p, k], out_sum[p, k + 1], out_sum[p, k + 2], out_sum[p, k + 3]
    w0, w1, w2, w3 = out_weight[p, k], out_weight[p, k + 1], out_weight[p, k + 2], out_weight[p, k + 3]
    j, end = np.uintp(start), np.uintp(stop)
    row = cell[j] // width
    fence = (row + 1) * width
    while j < end:
        while cell[j] >= fence:
            row += 1
            fence += width
        begin, a, s0, s1, s2, s3 = j, 0.0, 0.0, 0.0, 0.0, 0.0
        while j < end and cell[j] < fence:
            c, share = np.uintp(cell[j]), np.float64(coverage[j])
            s0 += share * np.float64(v0[c])
            s1 += share * np.float64(v1[c])
            s2 += share * np.float64(v2[c])
            s3 += share * np.float64(v3[c])
            a += share
            j += one
        w, together, a0, a1, a2, a3 = row_weight[row], s0 + s1 + s2 + s3, a, a, a, a
        if together != together:
            s0, a0 = _gappy_row(begin, j, cell, coverage, v0)
            s1, a1 = _gappy_row(begin, j, cell, coverage, v1)
            s2, a2 = _gappy_row(begin, j, cell, coverage, v2)
            s3, a3 = _gappy_row(begin, j, cell, coverage, v3)
        t0, t1, t2, t3 = t0 + w * s0, t1 + w * s1, t2 + w * s2, t3 + w * s3
        w0, w1, w2, w3 = w0 + w * a0, w1 + w * a1, w2 + w * a2, w3 + w * a3
    out_sum[p, k], out_sum[p, k + 1], out_sum[p, k + 2], out_sum[p, k + 3] = t0, t1, t2, t3
    out_weight[p, k], out_weight[p, k + 1], out_weight[p, k + 2], out_weight[p, k + 3] = w0, w1, w2, w3


@njit(**_OPTIONS)
def add_weights(first, last, parcel, ptr, cell, coverage, row_weight, width, out):  # type: ignore[no-untyped-def]
    """Add coverage · row weight of every cell of the strip, row by row as `add_sums` does, so that both agree to the bit."""
    for i in range(first, last):
        total = out[parcel[i]]
        j, end = ptr[i], ptr[i + 1]
        row = cell[j] // width
        fence = (row + 1) * width
        while j < end:
            while cell[j] >= fence:
                row += 1
                fence += width
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
