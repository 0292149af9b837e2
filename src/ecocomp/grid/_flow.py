"""Compiled part of terrain: gradients, filling, directions, accumulation and path lengths.

Directions are the eight neighbours counted from east against the clock (0 east, 1 north-east, … 7 south-east); `OUT`
marks a cell that drains off the data, `NONE` a cell without data.

References
----------
1. B. K. P. Horn (1981), Hill shading and the reflectance map, Proc. IEEE 69:14-47. doi:10.1109/PROC.1981.11918
2. R. Barnes, C. Lehman, D. Mulla (2014), Priority-flood: an optimal depression-filling and watershed-labeling algorithm,
   Computers & Geosciences 62:117-127. doi:10.1016/j.cageo.2013.04.024
3. J. F. O'Callaghan, D. M. Mark (1984), The extraction of drainage networks from digital elevation data, Computer
   Vision, Graphics, and Image Processing 28:323-344. doi:10.1016/S0734-189X(84)80011-0
"""

from __future__ import annotations

import numpy as np
from numba import njit

OUT = 8
NONE = 255

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}

_DR = np.array([0, -1, -1, -1, 0, 1, 1, 1])
_DC = np.array([1, 1, 0, -1, -1, -1, 0, 1])


@njit(**_OPTIONS)
def _seen(z, r, c, r2, c2):  # type: ignore[no-untyped-def]
    """Height at (r2, c2), or where there is none, the height opposite of it mirrored in (r, c); NaN if that lacks too."""
    rows, columns = z.shape
    if 0 <= r2 < rows and 0 <= c2 < columns and z[r2, c2] == z[r2, c2]:
        return np.float64(z[r2, c2])
    r3, c3 = 2 * r - r2, 2 * c - c2
    if 0 <= r3 < rows and 0 <= c3 < columns:
        return 2.0 * np.float64(z[r, c]) - np.float64(z[r3, c3])
    return np.nan


@njit(**_OPTIONS)
def _height(z, r, c, r2, c2):  # type: ignore[no-untyped-def]
    """Height of a neighbour, made up where it is missing so that a plane stays a plane up to its corners.

    First by mirroring, then for a corner by adding the rises to the two sides, at last the height of the cell itself.
    """
    h = _seen(z, r, c, r2, c2)
    if h == h:
        return h
    here = np.float64(z[r, c])
    if r2 == r or c2 == c:
        return here
    a, b = _seen(z, r, c, r2, c), _seen(z, r, c, r, c2)
    return (a if a == a else here) + (b if b == b else here) - here


@njit(**_OPTIONS)
def horn(first, last, z, across, along, east, south):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the rise per metre eastward and southward by the third-order differences of Horn (1981)."""
    for r in range(first, last):
        for c in range(z.shape[1]):
            if z[r, c] != z[r, c]:
                east[r, c], south[r, c] = np.nan, np.nan
                continue
            nw, n, ne = _height(z, r, c, r - 1, c - 1), _height(z, r, c, r - 1, c), _height(z, r, c, r - 1, c + 1)
            w, e = _height(z, r, c, r, c - 1), _height(z, r, c, r, c + 1)
            sw, s, se = _height(z, r, c, r + 1, c - 1), _height(z, r, c, r + 1, c), _height(z, r, c, r + 1, c + 1)
            east[r, c] = ((ne + 2.0 * e + se) - (nw + 2.0 * w + sw)) / (8.0 * across[r])
            south[r, c] = ((sw + 2.0 * s + se) - (nw + 2.0 * n + ne)) / (8.0 * along[r])


@njit(**_OPTIONS)
def _push(keys, items, n, key, item):  # type: ignore[no-untyped-def]
    """Put an item on the heap; the lower height comes first, of equals the lower cell number."""
    k = n
    while k > 0:
        up = (k - 1) >> 1
        if keys[up] < key or (keys[up] == key and items[up] < item):
            break
        keys[k], items[k] = keys[up], items[up]
        k = up
    keys[k], items[k] = key, item


@njit(**_OPTIONS)
def _sift(keys, items, n):  # type: ignore[no-untyped-def]
    """Close the gap at the top with the item at place n; the heap then holds n items."""
    key, item, k = keys[n], items[n], 0
    while True:
        m = 2 * k + 1
        if m >= n:
            break
        if m + 1 < n and (keys[m + 1] < keys[m] or (keys[m + 1] == keys[m] and items[m + 1] < items[m])):
            m += 1
        if keys[m] > key or (keys[m] == key and items[m] > item):
            break
        keys[k], items[k] = keys[m], items[m]
        k = m
    keys[k], items[k] = key, item


@njit(**_OPTIONS)
def flood(z, filled, found_from):  # type: ignore[no-untyped-def]
    """Raise every depression to its lowest way out (Barnes et al. 2014, with a plain queue inside depressions and flats).

    `found_from` gets the direction towards the cell from which the flood came: a way down, or level and nearer to an
    outlet. The flood starts from every cell on the border of the data; those get `OUT`. No height is raised by a small
    step, so filled heights are heights of the input.
    """
    rows, columns = z.shape
    keys, items, heap = np.empty(1024, np.float32), np.empty(1024, np.int64), 0
    queue, head, tail = np.empty(1024, np.int64), 0, 0
    for r in range(rows):
        for c in range(columns):
            filled[r, c], found_from[r, c] = z[r, c], NONE
            if z[r, c] != z[r, c]:
                continue
            border = False
            for d in range(8):
                y, x = r + _DR[d], c + _DC[d]
                if y < 0 or x < 0 or y >= rows or x >= columns or z[y, x] != z[y, x]:
                    border = True
            if border:
                found_from[r, c] = OUT
                if heap == keys.size:
                    keys, items = _doubled(keys), _doubled(items)
                _push(keys, items, heap, z[r, c], r * columns + c)
                heap += 1
    while head < tail or heap > 0:
        if head < tail:
            i = queue[head]
            head += 1
        else:
            head, tail, i = 0, 0, items[0]
            heap -= 1
            _sift(keys, items, heap)
        r, c = i // columns, i % columns
        level = filled[r, c]
        for d in range(8):
            y, x = r + _DR[d], c + _DC[d]
            if y < 0 or x < 0 or y >= rows or x >= columns or found_from[y, x] != NONE or z[y, x] != z[y, x]:
                continue
            found_from[y, x] = (d + 4) & 7
            if z[y, x] <= level:
                filled[y, x] = level
                if tail == queue.size:
                    queue = _doubled(queue)
                queue[tail] = y * columns + x
                tail += 1
            else:
                if heap == keys.size:
                    keys, items = _doubled(keys), _doubled(items)
                _push(keys, items, heap, z[y, x], y * columns + x)
                heap += 1


@njit(**_OPTIONS)
def _doubled(a):  # type: ignore[no-untyped-def]
    out = np.empty(2 * a.size, a.dtype)
    out[: a.size] = a
    return out


@njit(**_OPTIONS)
def steepest(first, last, filled, found_from, across, along, way):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the direction of steepest descent.

    Where nothing is lower, the way the flood came (level ground) or `OUT`.
    """
    rows, columns = filled.shape
    for r in range(first, last):
        diagonal = np.hypot(across[r], along[r])
        for c in range(columns):
            way[r, c] = found_from[r, c]
            best, here = 0.0, np.float64(filled[r, c])
            for d in range(8):
                y, x = r + _DR[d], c + _DC[d]
                if y < 0 or x < 0 or y >= rows or x >= columns:
                    continue
                length = diagonal if d & 1 else (along[r] if d & 2 else across[r])
                fall = (here - np.float64(filled[y, x])) / length
                if fall > best:  # never true where either is NaN
                    best, way[r, c] = fall, d


@njit(**_OPTIONS)
def _givers(way, waiting):  # type: ignore[no-untyped-def]
    """Count the cells that drain into each cell."""
    rows, columns = way.shape
    for r in range(rows):
        for c in range(columns):
            if way[r, c] < OUT:
                waiting[r + _DR[way[r, c]], c + _DC[way[r, c]]] += 1


@njit(**_OPTIONS)
def gather(way, weight, total):  # type: ignore[no-untyped-def]
    """Add every cell's weight to itself and all cells below it, in one walk from the divides down."""
    rows, columns = way.shape
    waiting = np.zeros((rows, columns), np.uint8)
    _givers(way, waiting)
    for r in range(rows):
        for c in range(columns):
            total[r, c] = weight[r, c] if way[r, c] != NONE else np.nan
    for r0 in range(rows):
        for c0 in range(columns):
            r, c = r0, c0
            # A cell is done once; 255 marks it so that the walk that frees it and this loop do not both start from it.
            while waiting[r, c] == 0 and way[r, c] != NONE:
                waiting[r, c] = 255
                if way[r, c] == OUT:
                    break
                y, x = r + _DR[way[r, c]], c + _DC[way[r, c]]
                total[y, x] += total[r, c]
                waiting[y, x] -= 1
                r, c = y, x


@njit(**_OPTIONS)
def run_out(way, sine, stream, across, along, ratio, longest, length):  # type: ignore[no-untyped-def]
    """Fill the slope length to the middle of each cell [m]; see `ecocomp.grid.terrain.slope_length_m`."""
    rows, columns = way.shape
    waiting = np.zeros((rows, columns), np.uint8)
    _givers(way, waiting)
    for r in range(rows):
        for c in range(columns):
            length[r, c] = 0.0 if way[r, c] != NONE else np.nan
    for r0 in range(rows):
        for c0 in range(columns):
            r, c = r0, c0
            while waiting[r, c] == 0 and way[r, c] != NONE:
                waiting[r, c] = 255
                d = way[r, c]
                if d == OUT:
                    step = np.sqrt(across[r] * along[r])
                else:
                    step = np.hypot(across[r], along[r]) if d & 1 else (along[r] if d & 2 else across[r])
                if stream[r, c]:
                    length[r, c] = 0.0
                elif length[r, c] == 0.0:
                    length[r, c] = 0.5 * step
                if length[r, c] > longest:
                    length[r, c] = longest
                if d == OUT:
                    break
                y, x = r + _DR[d], c + _DC[d]
                if not stream[r, c] and sine[y, x] >= ratio * sine[r, c]:
                    length[y, x] = max(length[y, x], length[r, c] + step)
                waiting[y, x] -= 1
                r, c = y, x
