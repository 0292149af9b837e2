"""Compiled part of routing: the shares of water that leave a cell, what arrives from above, how far it is to a stream.

Every kernel works inside a window (first row, row after the last, first column, column after the last) of arrays that
hold the whole grid, and reads the cells around it. A cell is done once all cells it depends on are done, wherever they
lie, and its value is put together from its neighbours in the order of the directions. So the bits of a result depend
neither on the windows nor on the order in which they are visited. Cells still to be done hold `PENDING`.

A window is made of blocks; `touched[i, j]` says that something became known in this window that a cell of block (i, j)
of the 4 × 4 blocks around waits for.

References
----------
1. D. G. Tarboton (1997), A new method for the determination of flow directions and upslope areas in grid digital elevation
   models, Water Resour. Res. 33:309-319. doi:10.1029/96WR03137
2. P. Quinn et al. (1991), The prediction of hillslope flow paths for distributed hydrological modelling using digital
   terrain models, Hydrol. Process. 5:59-79. doi:10.1002/hyp.3360050106
3. L. Borselli, P. Cassi, D. Torri (2008), Prolegomena to sediment and flow connectivity in the landscape, Catena
   75:268-277. doi:10.1016/j.catena.2008.07.006
"""

from __future__ import annotations

import numpy as np
from numba import njit

OUT = 8
NONE = 255

D8, MFD, DINF = 0, 1, 2

PENDING = -np.inf

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
_INLINE = {**_OPTIONS, "forceinline": True}

_DR = np.array([0, -1, -1, -1, 0, 1, 1, 1])
_DC = np.array([1, 1, 0, -1, -1, -1, 0, 1])


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _metres(across, along, r, d):  # type: ignore[no-untyped-def]
    """Length of a step from row r in direction d [m]."""
    if d & 1:
        return np.sqrt(across[r] * across[r] + along[r] * along[r])
    return along[r] if d & 2 else across[r]


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _gives(kind, z, way, aux, r, c, d):  # type: ignore[no-untyped-def]
    """Whether `_share` is above 0."""
    if kind == MFD and aux[r, c] > 0.0:
        return z[r, c] > z[r + _DR[d], c + _DC[d]]
    if kind == DINF and aux[r, c] >= 0.0:
        first = int(aux[r, c])
        return d == first or (d == (first + 1) & 7 and aux[r, c] > first)
    return way[r, c] == d


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _share(kind, z, way, aux, across, along, r, c, d):  # type: ignore[no-untyped-def]
    """Share of what leaves (r, c) that goes in direction d, to a cell of the grid; where nothing is lower all goes by `way`."""
    if kind == MFD and aux[r, c] > 0.0:
        fall = np.float64(z[r, c]) - np.float64(z[r + _DR[d], c + _DC[d]])
        return fall / _metres(across, along, r, d) / aux[r, c] if fall > 0.0 else 0.0
    if kind == DINF and aux[r, c] >= 0.0:
        first = int(aux[r, c])
        part = aux[r, c] - first
        if d == first:
            return 1.0 - part
        return part if d == (first + 1) & 7 else 0.0
    return 1.0 if way[r, c] == d else 0.0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def falls(first, last, z, way, across, along, out):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the sum of the falls per metre to all lower neighbours; 0 where none is, NaN without data."""
    rows, columns = z.shape
    for r in range(first, last):
        for c in range(columns):
            total = 0.0 if way[r, c] != NONE else np.nan
            for d in range(8):
                y, x = r + _DR[d], c + _DC[d]
                if 0 <= y < rows and 0 <= x < columns:
                    fall = np.float64(z[r, c]) - np.float64(z[y, x])
                    if fall > 0.0:
                        total += fall / _metres(across, along, r, d)
            out[r, c] = total


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _facet(z, r, c, f, d1, d2):  # type: ignore[no-untyped-def]
    """Fall per metre of the triangle between directions f and f + 1 and where it points, as a part of the way from f to f + 1.

    Where one of the two cells lacks, the fall towards the other.
    """
    rows, columns = z.shape
    side, corner = (f, f + 1) if f % 2 == 0 else ((f + 1) & 7, f)
    here, e1, e2 = np.float64(z[r, c]), np.nan, np.nan
    y, x = r + _DR[side], c + _DC[side]
    if 0 <= y < rows and 0 <= x < columns:
        e1 = np.float64(z[y, x])
    y, x = r + _DR[corner], c + _DC[corner]
    if 0 <= y < rows and 0 <= x < columns:
        e2 = np.float64(z[y, x])
    s1, s2, s3 = (here - e1) / d1, (e1 - e2) / d2, (here - e2) / np.hypot(d1, d2)
    full = np.arctan2(d2, d1)
    fall, part = s1, 0.0
    if e1 != e1 or (s2 > 0.0 and np.arctan2(s2, s1) >= full):
        fall, part = s3, 1.0
    elif s2 > 0.0 and s1 > 0.0:
        fall, part = np.hypot(s1, s2), np.arctan2(s2, s1) / full
    return fall, (part if f % 2 == 0 else 1.0 - part)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def facets(first, last, z, way, across, along, out):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the D-infinity direction in eighths of a turn (0 east, against the clock).

    A number k + p means: 1 − p to neighbour k, p to neighbour k + 1. −1 where nothing is lower, NaN without data.
    """
    for r in range(first, last):
        for c in range(z.shape[1]):
            best, out[r, c] = 0.0, (-1.0 if way[r, c] != NONE else np.nan)
            if way[r, c] == NONE:
                continue
            for f in range(8):
                along_f = (f + 1) // 2 % 2 == 1  # the side cell of the triangle lies north or south
                d1, d2 = (along[r], across[r]) if along_f else (across[r], along[r])
                fall, part = _facet(z, r, c, f, d1, d2)
                if fall > best:
                    best = fall
                    out[r, c] = f + part if f + part < 8.0 else 0.0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _arriving(kind, z, way, aux, across, along, total, r, c):  # type: ignore[no-untyped-def]
    """Sum of what arrives at (r, c) from its neighbours, in the order of the directions; `PENDING` if one is not done."""
    rows, columns = way.shape
    s = 0.0
    for d in range(8):
        y, x = r + _DR[d], c + _DC[d]
        if y < 0 or x < 0 or y >= rows or x >= columns or way[y, x] == NONE:
            continue
        part = _share(kind, z, way, aux, across, along, y, x, (d + 4) & 7)
        if part > 0.0:
            if total[y, x] == PENDING:
                return PENDING
            s += part * total[y, x]
    return s


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _linked(r0, r1, c0, c1, kind, z, way, aux, value, above, bits, waiting):  # type: ignore[no-untyped-def]
    """Fill, for a window, which neighbours a cell depends on (a bit each) and how many of them are not done.

    above  True: it depends on those that give to it; False: on those it gives to
    """
    rows, columns = way.shape
    for r in range(r0, r1):
        for c in range(c0, c1):
            found, still = 0, 0
            if value[r, c] == PENDING:
                for d in range(8):
                    y, x = r + _DR[d], c + _DC[d]
                    if y < 0 or x < 0 or y >= rows or x >= columns or way[y, x] == NONE:
                        continue
                    if _gives(kind, z, way, aux, y, x, (d + 4) & 7) if above else _gives(kind, z, way, aux, r, c, d):
                        found |= 1 << d
                        still += value[y, x] == PENDING
            bits[r - r0, c - c0], waiting[r - r0, c - c0] = found, still


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def gather_shares(r0, r1, c0, c1, size, corner, touched, kind, z, way, aux, across, along, weight, total):  # type: ignore[no-untyped-def]
    """Do every cell of the window that can be done: its weight (1 where `weight` has no rows) and what arrives from above."""
    rows, columns = way.shape
    bits, waiting = np.empty((r1 - r0, c1 - c0), np.uint8), np.empty((r1 - r0, c1 - c0), np.uint8)
    _linked(r0, r1, c0, c1, kind, z, way, aux, total, True, bits, waiting)
    stack = np.empty(bits.size + 1, np.int64)  # no cell stands on it twice
    for r in range(r0, r1):
        for c in range(c0, c1):
            if total[r, c] != PENDING or waiting[r - r0, c - c0] != 0:
                continue
            stack[0], n = (r << 32) | c, 1
            while n > 0:
                n -= 1
                i, j = stack[n] >> 32, stack[n] & 0xFFFFFFFF
                s, m = 0.0, bits[i - r0, j - c0]
                for d in range(8):
                    if m >> d & 1:
                        y, x = i + _DR[d], j + _DC[d]
                        s += _share(kind, z, way, aux, across, along, y, x, (d + 4) & 7) * total[y, x]
                total[i, j] = s + (np.float64(weight[i, j]) if weight.shape[0] else 1.0)
                for d in range(8):
                    y, x = i + _DR[d], j + _DC[d]
                    if y < 0 or x < 0 or y >= rows or x >= columns or way[y, x] == NONE:
                        continue
                    if not _gives(kind, z, way, aux, i, j, d):
                        continue
                    if r0 <= y < r1 and c0 <= x < c1:
                        waiting[y - r0, x - c0] -= 1
                        if waiting[y - r0, x - c0] == 0:
                            stack[n] = (y << 32) | x
                            n += 1
                    else:
                        touched[y // size[0] - corner[0] + 1, x // size[1] - corner[1] + 1] = 1


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def path_down(r0, r1, c0, c1, size, corner, touched, kind, z, way, aux, across, along, cost, stream, length):  # type: ignore[no-untyped-def]
    """Do every cell of the window that can be done: mean cost of the way down to the nearest stream cell, 0 there."""
    rows, columns = way.shape
    bits, waiting = np.empty((r1 - r0, c1 - c0), np.uint8), np.empty((r1 - r0, c1 - c0), np.uint8)
    _linked(r0, r1, c0, c1, kind, z, way, aux, length, False, bits, waiting)
    stack = np.empty(bits.size + 1, np.int64)  # no cell stands on it twice
    for r in range(r0, r1):
        for c in range(c0, c1):
            # A stream waits for nobody; one that was reached from below before its turn is done already.
            if length[r, c] != PENDING or (waiting[r - r0, c - c0] != 0 and not stream[r, c]):
                continue
            stack[0], n = (r << 32) | c, 1
            while n > 0:
                n -= 1
                i, j = stack[n] >> 32, stack[n] & 0xFFFFFFFF
                if length[i, j] != PENDING:
                    continue
                s, m = 0.0, bits[i - r0, j - c0]
                if not stream[i, j]:
                    here = np.float64(cost[i, j])
                    if way[i, j] == OUT:
                        s = here * 0.5 * (across[i] + along[i])
                    for d in range(8):
                        if m >> d & 1:
                            ahead = length[i + _DR[d], j + _DC[d]]
                            part = _share(kind, z, way, aux, across, along, i, j, d)
                            s += part * (here * _metres(across, along, i, d) + ahead)
                length[i, j] = s
                for d in range(8):
                    y, x = i + _DR[d], j + _DC[d]
                    if y < 0 or x < 0 or y >= rows or x >= columns or way[y, x] == NONE:
                        continue
                    if not _gives(kind, z, way, aux, y, x, (d + 4) & 7):
                        continue
                    if r0 <= y < r1 and c0 <= x < c1:
                        if length[y, x] == PENDING:
                            waiting[y - r0, x - c0] -= 1
                            if waiting[y - r0, x - c0] == 0:
                                stack[n] = (y << 32) | x
                                n += 1
                    else:
                        touched[y // size[0] - corner[0] + 1, x // size[1] - corner[1] + 1] = 1
