"""Compiled part of the trend statistics: one series after another, every inner loop fit for wide instructions.

The median of the pair slopes is found without sorting: the interval of values is halved by counting until a handful is
left, which is then put in order. The result is the exact order statistic. Counts are kept as float32, exact up to 16.7
million, because their sums can be taken eight or sixteen at a time; series hold at most a few thousand pairs.
Each series is computed by itself, so threads and chunks cannot change a bit.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

CHUNK = 64
FEW = 12
_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
# Missing years are taken out beforehand: these loops never meet a NaN, and sums of whole counts may be regrouped.
_WIDE = {**_OPTIONS, "fastmath": {"nnan", "nsz", "reassoc"}}


@njit(**_WIDE)  # type: ignore[untyped-decorator]
def _fill_slopes(x, t, n, slope):  # type: ignore[no-untyped-def]
    """Fill the slopes of all pairs of the first n values; return S and the number of tied pairs."""
    one, zero = np.float32(1), np.float32(0)
    up, down, k = zero, zero, 0
    for a in range(n - 1):
        xa, ta = x[a], t[a]
        for e in range(n - 1 - a):
            d = x[a + 1 + e] - xa
            up += one if d > 0 else zero
            down += one if d < 0 else zero
            slope[k + e] = d / (t[a + 1 + e] - ta)
        k += n - 1 - a
    return int(up) - int(down), k - int(up) - int(down)


@njit(**_WIDE)  # type: ignore[untyped-decorator]
def _tie_sum(x, n):  # type: ignore[no-untyped-def]
    """Sum of t(t−1)(2t+5) over groups of t equal values: every member adds (t−1)(2t+5)."""
    total = 0
    for a in range(n):
        t = 0
        for e in range(n):
            t += x[e] == x[a]
        total += (t - 1) * (2 * t + 5)
    return total


@njit(**_WIDE)  # type: ignore[untyped-decorator]
def _count(b, k, limit):  # type: ignore[no-untyped-def]
    """Number of the first k values that do not exceed the limit."""
    one, zero = np.float32(1), np.float32(0)
    total = zero
    for i in range(k):
        total += one if b[i] <= limit else zero
    return int(total)


@njit(**_WIDE)  # type: ignore[untyped-decorator]
def _range(b, k):  # type: ignore[no-untyped-def]
    low, high = b[0], b[0]
    for i in range(k):
        low, high = min(low, b[i]), max(high, b[i])
    return low, high


@njit(**_WIDE)  # type: ignore[untyped-decorator]
def _least_above(b, k, limit, top):  # type: ignore[no-untyped-def]
    out = top
    for i in range(k):
        out = min(out, b[i] if b[i] > limit else top)
    return out


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _kth(b, k, rank, few):  # type: ignore[no-untyped-def]
    """Value of a rank (from 0) among the first k, the greatest value, and how many do not exceed the value found."""
    least, top = _range(b, k)
    if least == top:
        return least, top, k
    low, high, below, upto = least - (top - least), top, 0, k
    while upto - below > FEW:
        mid = low + (high - low) / b.dtype.type(2)
        if mid <= low or mid >= high:
            return high, top, upto  # neighbours in floating point: all that is left has one value
        c = _count(b, k, mid)
        if c > rank:
            high, upto = mid, c
        else:
            low, below = mid, c
    m = 0
    for i in range(k):
        few[m] = b[i]
        m += (b[i] > low) & (b[i] <= high)
    for i in range(1, m):
        v, j = few[i], i - 1
        while j >= 0 and few[j] > v:
            few[j + 1] = few[j]
            j -= 1
        few[j + 1] = v
    v = few[rank - below]
    return v, top, _count(b, k, v)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _median(b, k, few):  # type: ignore[no-untyped-def]
    rank = (k - 1) // 2
    v, top, upto = _kth(b, k, rank, few)
    if k % 2 == 1 or upto > rank + 1:
        return np.float64(v)
    return (np.float64(v) + np.float64(_least_above(b, k, v, top))) / 2.0


@njit(parallel=True, **_OPTIONS)  # type: ignore[untyped-decorator]
def series_trends(values, years, out_slope, out_s, out_var, out_n):  # type: ignore[no-untyped-def]
    """Fill slope, S, its variance and the number of values of each column of (years, series)."""
    n, cells = values.shape
    for chunk in prange((cells + CHUNK - 1) // CHUNK):
        x, t = np.empty(n, values.dtype), np.empty(n, values.dtype)
        slope, few = np.empty(n * (n - 1) // 2, values.dtype), np.empty(FEW + 1, values.dtype)
        for c in range(chunk * CHUNK, min(cells, (chunk + 1) * CHUNK)):
            m = 0
            for i in range(n):
                v = values[i, c]
                if math.isfinite(v):
                    x[m], t[m] = v, years[i]
                    m += 1
            out_n[c] = m
            if m < 2:
                continue
            s, tied = _fill_slopes(x, t, m, slope)
            out_s[c] = s
            var = m * (m - 1) * (2 * m + 5)
            if tied > 0:
                var -= _tie_sum(x, m)
            out_var[c] = var / 18.0
            out_slope[c] = _median(slope, m * (m - 1) // 2, few)
