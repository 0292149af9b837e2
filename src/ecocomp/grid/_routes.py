"""Compiled part of routing: the shares of water that leave a cell, the order of its ways, and passes along that order.

First the ways are written down once: for each cell, as eight bits, the neighbours it gives to and those that give to it
(`links_…`, `givers_of`), and then all cells in an order in which every cell comes after those above it (`walk`). A pass
runs along this order, or back along it, and puts each value together from the neighbours in the order of the directions.
So the bits of a result depend neither on the windows of the walk nor on the threads.

Cells are numbered by rows; arrays named `flat` below hold the grid in one dimension.

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

from ecocomp.grid._ways import _DC, _DR, _LOWEST, NONE, OUT, _count, _line

D8, MFD, DINF = 0, 1, 2

DONE = np.uint8(255)
"""Cells of the walk that wait for nothing any more, those without data included."""

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
_INLINE = {**_OPTIONS, "forceinline": True}


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def share(kind, z, aux, inverse, r, giver, taker, d):  # type: ignore[no-untyped-def]
    """Share of what leaves a cell of row r that goes to the cell in direction d, one of those it gives to; flat arrays.

    Where nothing is lower all goes one way.
    """
    if kind == MFD:
        unit = aux[giver]
        part = (np.float64(z[giver]) - np.float64(z[taker])) * inverse[r, d] * unit
        return part if unit > 0.0 else 1.0
    if kind == DINF:
        turn = aux[giver]
        if turn < 0.0:
            return 1.0
        first = int(turn)
        part = turn - first
        return 1.0 - part if d == first else part
    return 1.0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _lower(here, there, shift, inverse, bit, total, bits, n):  # type: ignore[no-untyped-def]
    """Add the fall per metre to a neighbour that is lower, and its bit; rows have one cell more at either end."""
    for c in range(n):
        fall = here[c + 1] - there[c + shift]
        down = fall > 0.0
        total[c] += fall * inverse if down else 0.0
        bits[c] += bit if down else 0.0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def links_all(first, last, z, way, inverse, unit, onto):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the inverse of the sum of the falls per metre, 0 where nothing is lower, and who is given to."""
    n = z.shape[1]
    lines, total, bits = np.empty((3, n + 2)), np.empty(n), np.empty(n)
    _line(z, first - 1, 0, n, lines[0])
    _line(z, first, 0, n, lines[1])
    for r in range(first, last):
        up, here, down = lines[(r - first) % 3], lines[(r - first + 1) % 3], lines[(r - first + 2) % 3]
        _line(z, r + 1, 0, n, down)
        total[:], bits[:], to = 0.0, 0.0, inverse[r]
        _lower(here, here, 2, to[0], 1.0, total, bits, n)
        _lower(here, up, 2, to[1], 2.0, total, bits, n)
        _lower(here, up, 1, to[2], 4.0, total, bits, n)
        _lower(here, up, 0, to[3], 8.0, total, bits, n)
        _lower(here, here, 0, to[4], 16.0, total, bits, n)
        _lower(here, down, 0, to[5], 32.0, total, bits, n)
        _lower(here, down, 1, to[6], 64.0, total, bits, n)
        _lower(here, down, 2, to[7], 128.0, total, bits, n)
        for c in range(n):
            unit[r, c] = 1.0 / total[c] if total[c] > 0.0 else 0.0
        for c in range(n):
            onto[r, c] = np.uint8(np.int64(bits[c])) if bits[c] > 0.0 else _one(way[r, c])


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _one(d):  # type: ignore[no-untyped-def]
    return np.uint8(1 << d) if d < OUT else np.uint8(0)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def links_one(first, last, way, onto):  # type: ignore[no-untyped-def]
    """Fill who is given to where all goes one way."""
    for r in range(first, last):
        for c in range(way.shape[1]):
            onto[r, c] = _one(way[r, c])


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def links_two(first, last, way, turn, onto):  # type: ignore[no-untyped-def]
    """Fill who is given to where what leaves is shared between two."""
    for r in range(first, last):
        for c in range(way.shape[1]):
            t = turn[r, c]
            if t >= 0.0:
                k = int(t)
                onto[r, c] = np.uint8(1 << k) | (np.uint8(1 << ((k + 1) & 7)) if t > k else np.uint8(0))
            else:
                onto[r, c] = _one(way[r, c])


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _given(there, shift, bit, d, out, n):  # type: ignore[no-untyped-def]
    for c in range(n):
        out[c] |= np.uint8(d) if there[c + shift] & np.uint8(bit) else np.uint8(0)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def givers_of(first, last, way, onto, into, waiting):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, who gives to each cell and how many they are; `DONE` without data."""
    n = way.shape[1]
    lines = np.empty((3, n + 2), np.uint8)
    _bits_line(onto, first - 1, lines[0])
    _bits_line(onto, first, lines[1])
    for r in range(first, last):
        up, here, down = lines[(r - first) % 3], lines[(r - first + 1) % 3], lines[(r - first + 2) % 3]
        _bits_line(onto, r + 1, down)
        out = into[r]
        out[:] = 0
        _given(here, 2, 16, 1, out, n)
        _given(up, 2, 32, 2, out, n)
        _given(up, 1, 64, 4, out, n)
        _given(up, 0, 128, 8, out, n)
        _given(here, 0, 1, 16, out, n)
        _given(down, 0, 2, 32, out, n)
        _given(down, 1, 4, 64, out, n)
        _given(down, 2, 8, 128, out, n)
        waiting[r] = _count(out)
        for c in range(n):
            waiting[r, c] = DONE if way[r, c] == NONE else waiting[r, c]


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _bits_line(onto, r, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    if 0 <= r < onto.shape[0]:
        out[1 : onto.shape[1] + 1] = onto[r]


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _there(z, y, x):  # type: ignore[no-untyped-def]
    rows, columns = z.shape
    return np.float64(z[y, x]) if 0 <= y < rows and 0 <= x < columns else np.nan


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _facet(here, e1, e2, d1, d2, d3):  # type: ignore[no-untyped-def]
    """Fall per metre of a triangle and its falls towards the side cell and on towards the corner.

    Where one of the two cells lacks, the fall towards the other. (1, 0) and (0, 1) as the two falls mean: straight to the side,
    straight to the corner.
    """
    s1, s2, s3 = (here - e1) / d1, (e1 - e2) / d2, (here - e2) / d3
    # Beyond the corner: the angle atan2(s2, s1) is not below atan2(d2, d1).
    if e1 != e1 or (s2 > 0.0 and s2 * d1 >= s1 * d2):
        return s3, 0.0, 1.0
    if s2 > 0.0 and s1 > 0.0:
        return np.sqrt(s1 * s1 + s2 * s2), s1, s2
    return s1, 1.0, 0.0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def facets(first, last, z, way, across, along, out):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the D-infinity direction in eighths of a turn (0 east, against the clock).

    A number k + p means: 1 − p to neighbour k, p to neighbour k + 1. −1 where nothing is lower, NaN without data.
    """
    for r in range(first, last):
        d3 = np.sqrt(across[r] * across[r] + along[r] * along[r])
        wide = np.arctan2(across[r], along[r]), np.arctan2(along[r], across[r])  # of triangles with the side north or south; else
        for c in range(z.shape[1]):
            best, best_f, best_1, best_2, out[r, c] = 0.0, 0, 1.0, 0.0, (-1.0 if way[r, c] != NONE else np.nan)
            if way[r, c] == NONE:
                continue
            here = np.float64(z[r, c])
            for f in range(8):
                side, corner = (f, f + 1) if f % 2 == 0 else ((f + 1) & 7, f)
                e1, e2 = _there(z, r + _DR[side], c + _DC[side]), _there(z, r + _DR[corner], c + _DC[corner])
                d1, d2 = (along[r], across[r]) if side & 2 else (across[r], along[r])
                fall, s1, s2 = _facet(here, e1, e2, d1, d2, d3)
                if fall > best:
                    best, best_f, best_1, best_2 = fall, f, s1, s2
            if best > 0.0:
                part = 1.0 if best_1 == 0.0 else 0.0
                if best_1 != 0.0 and best_2 != 0.0:
                    part = np.arctan2(best_2, best_1) / (wide[0] if (best_f + 1) & 2 else wide[1])
                turn = best_f + (part if best_f % 2 == 0 else 1.0 - part)
                out[r, c] = turn if turn < 8.0 else 0.0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def walk(r0, r1, c0, c1, ready, onto, waiting, order, beyond):  # type: ignore[no-untyped-def]
    """Put the cells of a window that can be done into `order`, each after those above it; return how many, and how many `beyond`.

    ready   cells to begin with; none means all that wait for nothing
    beyond  gets the cells outside the window that were given to, as often as they were
    """
    columns, n, m = onto.shape[1], 0, 0
    stack = np.empty(order.size + 1, np.int64)  # no cell stands on it twice
    if ready.size:
        for k in range(ready.size):
            stack[k] = (np.int64(ready[k]) // columns << 32) | np.int64(ready[k]) % columns
        return _onward(r0, r1, c0, c1, stack, ready.size, onto, waiting, order, beyond, 0, 0)
    for r in range(r0, r1):
        for c in range(c0, c1):
            if waiting[r, c] == 0:
                stack[0] = (r << 32) | c
                n, m = _onward(r0, r1, c0, c1, stack, 1, onto, waiting, order, beyond, n, m)
    return n, m


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _onward(r0, r1, c0, c1, stack, high, onto, waiting, order, beyond, n, m):  # type: ignore[no-untyped-def]
    """Empty the stack, putting on it what comes free on the way."""
    columns = onto.shape[1]
    while high > 0:
        high -= 1
        r, c = stack[high] >> 32, stack[high] & 0xFFFFFFFF
        order[n], waiting[r, c] = r * columns + c, DONE
        n += 1
        bits = onto[r, c]
        while bits:
            d = _LOWEST[bits]
            bits &= bits - 1
            y, x = r + _DR[d], c + _DC[d]
            if r0 <= y < r1 and c0 <= x < c1:
                left = waiting[y, x] - np.uint8(1)
                waiting[y, x] = left
                stack[high] = (y << 32) | x  # taken back by the next where it is not free yet
                high += left == 0
            else:
                beyond[m] = y * columns + x
                m += 1
    return n, m


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def released(beyond, waiting):  # type: ignore[no-untyped-def]
    """Take what was given across the borders of windows off what cells wait for; return those that are free now."""
    flat, n = waiting.reshape(-1), 0
    free = np.empty(beyond.size, np.int64)
    for k in range(beyond.size):
        i = beyond[k]
        flat[i] -= np.uint8(1)
        if flat[i] == 0:
            free[n] = i
            n += 1
    return free[:n].copy()


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def row_of(i, per):  # type: ignore[no-untyped-def]
    """Row of a cell; `per` is 1/columns. Exact up to 2^51 cells times columns, and quicker than a division of integers."""
    return np.int64((np.float64(i) + 0.5) * per)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def gather(order, kind, z, aux, inverse, step, columns, into, total):  # type: ignore[no-untyped-def]
    """Add what arrives from above to every cell of the order; `total` comes with the weights; flat arrays."""
    per = 1.0 / columns
    for k in range(order.size):
        i = np.int64(order[k])
        bits, r, s = into[i], row_of(i, per), total[i]
        while bits:
            d = _LOWEST[bits]
            bits &= bits - 1
            j = i + step[d]
            s += share(kind, z, aux, inverse, r + _DR[d], j, i, (d + 4) & 7) * total[j]
        total[i] = s


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def gather_five(order, kind, z, aux, inverse, step, columns, into, total):  # type: ignore[no-untyped-def]
    """As `gather`, for five weights side by side: `total` is (cells, 5)."""
    per = 1.0 / columns
    for k in range(order.size):
        i = np.int64(order[k])
        bits, r, own = into[i], row_of(i, per), total[i]
        s0, s1, s2, s3, s4 = own[0], own[1], own[2], own[3], own[4]
        while bits:
            d = _LOWEST[bits]
            bits &= bits - 1
            j = i + step[d]
            part, given = share(kind, z, aux, inverse, r + _DR[d], j, i, (d + 4) & 7), total[j]
            s0 += part * given[0]
            s1 += part * given[1]
            s2 += part * given[2]
            s3 += part * given[3]
            s4 += part * given[4]
        own[0], own[1], own[2], own[3], own[4] = s0, s1, s2, s3, s4


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _weigh_lower(here, there, value, shift, inverse, total, n):  # type: ignore[no-untyped-def]
    """Add the value of a lower neighbour times the fall per metre, where it has one; rows have one cell more at either end."""
    for c in range(n):
        fall, v = here[c + 1] - there[c + shift], value[c + shift]
        total[c] += fall * inverse * v if (fall > 0.0) & (v == v) else 0.0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def mean_below(first, last, kind, grid_z, value, onto, unit, z, aux, inverse, step, columns, out):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the mean by shares of a value over the cells that are given to; NaN counts as 0.

    grid_z, value, onto, unit, out are (rows, columns); z and aux are flat
    """
    n = columns
    lines, values, total = np.empty((3, n + 2)), np.empty((3, n + 2)), np.empty(n)
    if kind == MFD:
        for r in range(first - 1, first + 1):
            _line(grid_z, r, 0, n, lines[(r - first + 1) % 3])
            _line(value, r, 0, n, values[(r - first + 1) % 3])
    for r in range(first, last):
        if kind == MFD:
            a, b, e = (r - first) % 3, (r - first + 1) % 3, (r - first + 2) % 3
            _line(grid_z, r + 1, 0, n, lines[e])
            _line(value, r + 1, 0, n, values[e])
            here, to = lines[b], inverse[r]
            total[:] = 0.0
            _weigh_lower(here, lines[b], values[b], 2, to[0], total, n)
            _weigh_lower(here, lines[a], values[a], 2, to[1], total, n)
            _weigh_lower(here, lines[a], values[a], 1, to[2], total, n)
            _weigh_lower(here, lines[a], values[a], 0, to[3], total, n)
            _weigh_lower(here, lines[b], values[b], 0, to[4], total, n)
            _weigh_lower(here, lines[e], values[e], 0, to[5], total, n)
            _weigh_lower(here, lines[e], values[e], 1, to[6], total, n)
            _weigh_lower(here, lines[e], values[e], 2, to[7], total, n)
            for c in range(n):
                out[r, c] = total[c] * unit[r, c]
        for c in range(n):
            if kind == MFD and unit[r, c] > 0.0:
                continue
            s, bits, i = 0.0, onto[r, c], r * columns + c
            while bits:
                d = _LOWEST[bits]
                bits &= bits - 1
                v = value[r + _DR[d], c + _DC[d]]
                s += share(kind, z, aux, inverse, r, i, i + step[d], d) * v if v == v else 0.0
            out[r, c] = s


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def path_down(order, kind, z, aux, inverse, step, columns, onto, way, metres, edge, cost, stream, length):  # type: ignore[no-untyped-def]
    """Fill, back along the order, the mean cost of the way down to the nearest stream cell, 0 there; flat arrays.

    metres  length of a step from each row in each direction; edge: of the way off the data from a cell of each row
    """
    per = 1.0 / columns
    for k in range(order.size - 1, -1, -1):
        i = np.int64(order[k])
        s, r, bits = 0.0, row_of(i, per), onto[i]
        if not stream[i]:
            here = cost[i]
            if way[i] == OUT:
                s = here * edge[r]
            while bits:
                d = _LOWEST[bits]
                bits &= bits - 1
                j = i + step[d]
                part = share(kind, z, aux, inverse, r, i, j, d)
                s += part * (here * metres[r, d] + length[j])
        length[i] = s
