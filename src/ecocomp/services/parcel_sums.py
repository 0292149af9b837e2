"""Sums per parcel over the cells of one strip, so exact that neither strips nor machines show in them.

For the engine. Each row of cells is summed from west to east; the rows are then added with the rounding error of each
addition kept beside the sum (Neumaier's variant of Kahan's). What a strip gives, sum and remainder, is added to the
totals in the same way, so a total is the exact sum of its rows rounded once, wherever the strips are cut and whoever
computed them. The functions take the parcels first..last−1 of a strip, for threads to share; each parcel has a row of
its own in the output. The cells of parcel i are begin[i]..end[i]−1; the arrays of cells start at the cell `base`, so that
a strip can be summed in pieces of rows, one after the other.

References
----------
1. A. Neumaier (1974), Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, ZAMM 54:39-51,
   doi:10.1002/zamm.19740540106
2. T. Ogita, S. M. Rump, S. Oishi (2005), Accurate sum and dot product, SIAM J. Sci. Comput. 26(6):1955-1988,
   doi:10.1137/030601818 (the error-free sum of two numbers)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.services.site import PASS
from ecocomp.services.vector_math import INLINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.services.site import Floats

LANES = 4
"""Rows of values that are summed side by side, so that the processor need not wait for one addition to end."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _add(total, rest, x):  # type: ignore[no-untyped-def]
    """Return total + x and the remainder so far with what this addition rounded off."""
    s = total + x
    b = s - total
    return s, rest + ((total - (s - b)) + (x - b))


@njit(**PASS)  # type: ignore[untyped-decorator]
def add_three(first, last, begin, end, cell, base, coverage, values, row_weight, width, total, rest, column, weight_column):  # type: ignore[no-untyped-def]
    """Add low, value and high of each product and the weight of the cells where its value was observed.

    values  float32 (3 · products, cells); sums go to `column` and on, weights to `weight_column` and on
    """
    one = np.uintp(1)
    for i in range(first, last):
        for g in range(values.shape[0] // 3):
            low, mid, high = values[3 * g], values[3 * g + 1], values[3 * g + 2]
            c, w = column + 3 * g, weight_column + g
            t0, t1, t2, t3 = total[i, c], total[i, c + 1], total[i, c + 2], total[i, w]
            r0, r1, r2, r3 = rest[i, c], rest[i, c + 1], rest[i, c + 2], rest[i, w]
            j, stop = np.uintp(begin[i]), np.uintp(end[i])
            while j < stop:
                row = cell[j] // width
                fence = (row + 1) * width
                s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
                while j < stop and cell[j] < fence:
                    at, share = np.uintp(cell[j] - base), np.float64(coverage[j])
                    v0, v1, v2 = np.float64(low[at]), np.float64(mid[at]), np.float64(high[at])
                    s0 += share * v0 if v0 == v0 else 0.0
                    s1 += share * v1 if v1 == v1 else 0.0
                    s2 += share * v2 if v2 == v2 else 0.0
                    s3 += share if v1 == v1 else 0.0
                    j += one
                h = row_weight[row]
                t0, r0 = _add(t0, r0, h * s0)
                t1, r1 = _add(t1, r1, h * s1)
                t2, r2 = _add(t2, r2, h * s2)
                t3, r3 = _add(t3, r3, h * s3)
            total[i, c], total[i, c + 1], total[i, c + 2], total[i, w] = t0, t1, t2, t3
            rest[i, c], rest[i, c + 1], rest[i, c + 2], rest[i, w] = r0, r1, r2, r3


@njit(**PASS)  # type: ignore[untyped-decorator]
def add_draws(first, last, begin, end, cell, base, coverage, values, row_weight, width, total, rest, column):  # type: ignore[no-untyped-def]
    """Add draws: float32 (4 · n, cells), rows of cells without a value counting nothing."""
    one = np.uintp(1)
    for i in range(first, last):
        for g in range(values.shape[0] // 4):
            v0, v1, v2, v3 = values[4 * g], values[4 * g + 1], values[4 * g + 2], values[4 * g + 3]
            c = column + 4 * g
            t0, t1, t2, t3 = total[i, c], total[i, c + 1], total[i, c + 2], total[i, c + 3]
            r0, r1, r2, r3 = rest[i, c], rest[i, c + 1], rest[i, c + 2], rest[i, c + 3]
            j, stop = np.uintp(begin[i]), np.uintp(end[i])
            while j < stop:
                row = cell[j] // width
                fence = (row + 1) * width
                s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
                while j < stop and cell[j] < fence:
                    at, share = np.uintp(cell[j] - base), np.float64(coverage[j])
                    a, b, d, e = np.float64(v0[at]), np.float64(v1[at]), np.float64(v2[at]), np.float64(v3[at])
                    s0 += share * a if a == a else 0.0
                    s1 += share * b if b == b else 0.0
                    s2 += share * d if d == d else 0.0
                    s3 += share * e if e == e else 0.0
                    j += one
                h = row_weight[row]
                t0, r0 = _add(t0, r0, h * s0)
                t1, r1 = _add(t1, r1, h * s1)
                t2, r2 = _add(t2, r2, h * s2)
                t3, r3 = _add(t3, r3, h * s3)
            total[i, c], total[i, c + 1], total[i, c + 2], total[i, c + 3] = t0, t1, t2, t3
            rest[i, c], rest[i, c + 1], rest[i, c + 2], rest[i, c + 3] = r0, r1, r2, r3


@njit(**PASS)  # type: ignore[untyped-decorator]
def add_area(first, last, begin, end, cell, coverage, row_weight, width, total, rest, column):  # type: ignore[no-untyped-def]
    """Add the weight of every covered cell, observed or not, summed as `add_three` does, so that both agree to the bit."""
    for i in range(first, last):
        t, r = total[i, column], rest[i, column]
        j, stop = begin[i], end[i]
        while j < stop:
            row = cell[j] // width
            fence = (row + 1) * width
            s = 0.0
            while j < stop and cell[j] < fence:
                s += np.float64(coverage[j])
                j += 1
            t, r = _add(t, r, row_weight[row] * s)
        total[i, column], rest[i, column] = t, r


@njit(**PASS)  # type: ignore[untyped-decorator]
def add_flagged(first, last, begin, end, cell, base, coverage, codes, flags, row_weight, width, total, rest, column):  # type: ignore[no-untyped-def]
    """Add the weight of the cells whose code is in each set: codes uint8 (cells,), flags 1.0 or 0.0 (256, 4 · n)."""
    one = np.uintp(1)
    for i in range(first, last):
        for g in range(flags.shape[1] // 4):
            k, c = 4 * g, column + 4 * g
            t0, t1, t2, t3 = total[i, c], total[i, c + 1], total[i, c + 2], total[i, c + 3]
            r0, r1, r2, r3 = rest[i, c], rest[i, c + 1], rest[i, c + 2], rest[i, c + 3]
            j, stop = np.uintp(begin[i]), np.uintp(end[i])
            while j < stop:
                row = cell[j] // width
                fence = (row + 1) * width
                s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
                while j < stop and cell[j] < fence:
                    share, flag = np.float64(coverage[j]), flags[codes[np.uintp(cell[j] - base)]]
                    s0 += share * flag[k]
                    s1 += share * flag[k + 1]
                    s2 += share * flag[k + 2]
                    s3 += share * flag[k + 3]
                    j += one
                h = row_weight[row]
                t0, r0 = _add(t0, r0, h * s0)
                t1, r1 = _add(t1, r1, h * s1)
                t2, r2 = _add(t2, r2, h * s2)
                t3, r3 = _add(t3, r3, h * s3)
            total[i, c], total[i, c + 1], total[i, c + 2], total[i, c + 3] = t0, t1, t2, t3
            rest[i, c], rest[i, c + 1], rest[i, c + 2], rest[i, c + 3] = r0, r1, r2, r3


@njit(**PASS)  # type: ignore[untyped-decorator]
def cut_at(begin, end, cell, limit, out):  # type: ignore[no-untyped-def]
    """Put into out where the cells of each parcel, begin to end, reach the cell `limit`."""
    for i in range(begin.size):
        a, b = begin[i], end[i]
        while a < b:
            middle = (a + b) // 2
            if cell[middle] < limit:
                a = middle + 1
            else:
                b = middle
        out[i] = a


def add_parts(total: Floats, rest: Floats, rows: NDArray[np.int32], sums: Floats, rests: Floats) -> None:
    """Add the sums and remainders of a strip to `rows` (each named once) of the totals, keeping what is rounded off."""
    before = total[rows]
    after = before + sums
    with np.errstate(invalid="ignore"):
        back = after - before
        rest[rows] += ((before - (after - back)) + (sums - back)) + rests
    total[rows] = after


def rounded(total: Floats, rest: Floats) -> Floats:
    """Return the sums rounded once; an infinite one has no remainder."""
    return np.asarray(np.where(np.isfinite(total), total + np.where(np.isfinite(rest), rest, 0.0), total))
