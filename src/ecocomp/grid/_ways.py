"""Compiled part of routing by one way: steepest descent, ways over level ground, accumulation and slope length along them.

Windows, blocks and `PENDING` are as in `ecocomp.grid._routes`; so is the promise that results do not depend on them.

Level ground is crossed on the shortest way, counted in steps, to a cell that has a lower neighbour or leaves the data; of
equally short ways the first of east, north, west, south, north-east, north-west, south-west, south-east is taken.

References
----------
1. J. F. O'Callaghan, D. M. Mark (1984), The extraction of drainage networks from digital elevation data, Computer
   Vision, Graphics, and Image Processing 28:323-344. doi:10.1016/S0734-189X(84)80011-0
2. R. Barnes, C. Lehman, D. Mulla (2014), An efficient assignment of drainage direction over flat surfaces in raster digital
   elevation models, Computers & Geosciences 62:128-135. doi:10.1016/j.cageo.2013.01.009
"""

from __future__ import annotations

import numpy as np
from numba import njit

OUT = 8
NONE = 255
LEVEL = 254
"""Direction of a cell with no lower neighbour inside the data, until the way over the level ground is found."""

MOST_COUNTED = 2**26
"""Cells of a window up to which counts fit 32 bits with four to spare."""

FAR = np.int32(2**31 - 1)
PENDING = -np.inf

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
_INLINE = {**_OPTIONS, "forceinline": True}

_DR = np.array([0, -1, -1, -1, 0, 1, 1, 1])
_DC = np.array([1, 1, 0, -1, -1, -1, 0, 1])
_SIDES_FIRST = np.array([0, 2, 4, 6, 1, 3, 5, 7])
_LOWEST = np.array([0 if m == 0 else (m & -m).bit_length() - 1 for m in range(256)], np.int64)
"""Place of the lowest bit set."""


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _better(here, there, shift, inverse, d, best, way, n):  # type: ignore[no-untyped-def]
    """Take direction d where it falls more steeply than the best so far; rows have one cell more at either end."""
    for c in range(n):
        fall = (here[c + 1] - there[c + shift]) * inverse
        steeper = fall > best[c]
        best[c] = fall if steeper else best[c]
        way[c] = d if steeper else way[c]


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _line(z, r, c0, c1, out):  # type: ignore[no-untyped-def]
    """Copy columns c0−1..c1 of row r; NaN beyond the grid."""
    rows, columns = z.shape
    if r < 0 or r >= rows:
        out[:] = np.nan
        return
    out[0] = z[r, c0 - 1] if c0 > 0 else np.nan
    out[1 : c1 - c0 + 1] = z[r, c0:c1]
    out[c1 - c0 + 1] = z[r, c1] if c1 < columns else np.nan


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def steepest_tile(r0, r1, c0, c1, z, across, along, way, steps):  # type: ignore[no-untyped-def]
    """Fill the direction of steepest descent of a tile; where nothing is lower `OUT` on the border of the data, else `LEVEL`.

    `steps` gets `FAR` where the way is `LEVEL` and is 0 elsewhere. Return the number of such cells.
    """
    n, found = c1 - c0, 0
    lines = np.empty((3, n + 2))
    best, chosen = np.empty(n), np.empty(n)
    _line(z, r0 - 1, c0, c1, lines[0])
    _line(z, r0, c0, c1, lines[1])
    for r in range(r0, r1):
        up, here, down = lines[(r - r0) % 3], lines[(r - r0 + 1) % 3], lines[(r - r0 + 2) % 3]
        _line(z, r + 1, c0, c1, down)
        best[:], chosen[:] = 0.0, LEVEL
        diagonal, east, north = 1.0 / np.hypot(across[r], along[r]), 1.0 / across[r], 1.0 / along[r]
        _better(here, here, 2, east, 0.0, best, chosen, n)
        _better(here, up, 2, diagonal, 1.0, best, chosen, n)
        _better(here, up, 1, north, 2.0, best, chosen, n)
        _better(here, up, 0, diagonal, 3.0, best, chosen, n)
        _better(here, here, 0, east, 4.0, best, chosen, n)
        _better(here, down, 0, diagonal, 5.0, best, chosen, n)
        _better(here, down, 1, north, 6.0, best, chosen, n)
        _better(here, down, 2, diagonal, 7.0, best, chosen, n)
        for c in range(n):
            d = np.uint8(chosen[c])
            if d == LEVEL:
                if here[c + 1] != here[c + 1]:
                    d = np.uint8(NONE)
                elif _open(up, here, down, c):
                    d = np.uint8(OUT)
                else:
                    steps[r, c0 + c] = FAR
                    found += 1
            way[r, c0 + c] = d
    return found


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _open(up, here, down, c):  # type: ignore[no-untyped-def]
    """Whether one of the eight neighbours has no data."""
    total = up[c] + up[c + 1] + up[c + 2] + here[c] + here[c + 2] + down[c] + down[c + 1] + down[c + 2]
    return total != total


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def cross_level(r0, r1, c0, c1, size, corner, touched, z, way, steps):  # type: ignore[no-untyped-def]
    """Shorten the ways over level ground inside the window as far as is known; `steps` counts the cells to its end."""
    # No cell stands in the ring twice, so it never overflows. Arrays that grew inside the loops would cost more than these.
    h, w = r1 - r0, c1 - c0
    ring, waits, head, n = np.empty(h * w, np.int64), np.zeros((h, w), np.bool_), 0, 0
    found = np.empty(h * w, np.int32)
    for r in range(r0, r1):
        for c in range(c0, c1):
            if way[r, c] != LEVEL:
                continue
            least = steps[r, c]
            for d in range(8):
                y, x = r + _DR[d], c + _DC[d]
                if steps[y, x] < least - 1 and z[y, x] == z[r, c]:
                    least = steps[y, x] + 1
            if least < steps[r, c]:
                ring[n], found[n] = (r << 32) | c, least
                n += 1
    # Set only now: a number set in passing would run ahead along the row and have to be mended.
    for k in range(n):
        r, c = ring[k] >> 32, ring[k] & 0xFFFFFFFF
        steps[r, c], waits[r - r0, c - c0] = found[k], True
    while n > 0:
        r, c = ring[head] >> 32, ring[head] & 0xFFFFFFFF
        head, n = head + 1 if head + 1 < ring.size else 0, n - 1
        waits[r - r0, c - c0] = False
        for d in range(8):
            y, x = r + _DR[d], c + _DC[d]
            # Cells that are not level have 0 steps.
            if steps[y, x] <= steps[r, c] + 1 or z[y, x] != z[r, c]:
                continue
            if r0 <= y < r1 and c0 <= x < c1:
                steps[y, x] = steps[r, c] + 1
                if not waits[y - r0, x - c0]:
                    waits[y - r0, x - c0] = True
                    tail = head + n
                    ring[tail if tail < ring.size else tail - ring.size] = (y << 32) | x
                    n += 1
            else:
                touched[y // size[0] - corner[0] + 1, x // size[1] - corner[1] + 1] = 1


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def level_ways(r0, r1, c0, c1, z, way, steps):  # type: ignore[no-untyped-def]
    """Set the direction of cells on level ground to a neighbour nearer to its end; `OUT` in a pit, which has no end."""
    for r in range(r0, r1):
        for c in range(c0, c1):
            if steps[r, c] == 0:
                continue
            way[r, c] = OUT
            for k in range(8):
                d = _SIDES_FIRST[k]
                y, x = r + _DR[d], c + _DC[d]
                if z[y, x] == z[r, c] and steps[y, x] < steps[r, c]:
                    way[r, c] = d
                    break


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _from(there, shift, d, bit, out, n):  # type: ignore[no-untyped-def]
    for c in range(n):
        out[c] |= np.uint8(bit) if there[c + shift] == np.uint8(d) else np.uint8(0)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _ways_line(way, r, c0, c1, out):  # type: ignore[no-untyped-def]
    rows, columns = way.shape
    if r < 0 or r >= rows:
        out[:] = NONE
        return
    out[0] = way[r, c0 - 1] if c0 > 0 else np.uint8(NONE)
    out[1 : c1 - c0 + 1] = way[r, c0:c1]
    out[c1 - c0 + 1] = way[r, c1] if c1 < columns else np.uint8(NONE)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def givers(r0, r1, c0, c1, way):  # type: ignore[no-untyped-def]
    """Return, for a tile, which neighbours drain into each cell: bit d for the neighbour in direction d."""
    n = c1 - c0
    out, lines = np.zeros((r1 - r0, n), np.uint8), np.empty((3, n + 2), np.uint8)
    _ways_line(way, r0 - 1, c0, c1, lines[0])
    _ways_line(way, r0, c0, c1, lines[1])
    for r in range(r0, r1):
        up, here, down = lines[(r - r0) % 3], lines[(r - r0 + 1) % 3], lines[(r - r0 + 2) % 3]
        _ways_line(way, r + 1, c0, c1, down)
        into = out[r - r0]
        _from(here, 2, 4, 1, into, n)
        _from(up, 2, 5, 2, into, n)
        _from(up, 1, 6, 4, into, n)
        _from(up, 0, 7, 8, into, n)
        _from(here, 0, 0, 16, into, n)
        _from(down, 0, 1, 32, into, n)
        _from(down, 1, 2, 64, into, n)
        _from(down, 2, 3, 128, into, n)
    return out


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _waiting(r0, c0, bits, value):  # type: ignore[no-untyped-def]
    """Return how many of the neighbours that drain into each cell are not done yet."""
    h, w = bits.shape
    out = np.empty((h, w), np.uint8)
    untouched = True
    for r in range(h):
        out[r] = _count(bits[r])
        untouched = untouched and not _any_done(value[r0 + r, c0 : c0 + w])
    for r in range(h):
        # In a window not worked in before, only cells on its rim may have neighbours that are done.
        stride = max(1, w - 1) if untouched and 0 < r < h - 1 else 1
        for c in range(0, w, stride):
            if out[r, c] == 0 or value[r0 + r, c0 + c] != PENDING:
                continue
            m = bits[r, c]
            while m:
                d = _LOWEST[m]
                m &= m - 1
                if value[r0 + r + _DR[d], c0 + c + _DC[d]] != PENDING:
                    out[r, c] -= 1
    return out


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _count(bits):  # type: ignore[no-untyped-def]
    """Number of bits set in each byte."""
    x = bits - ((bits >> np.uint8(1)) & np.uint8(0x55))
    x = (x & np.uint8(0x33)) + ((x >> np.uint8(2)) & np.uint8(0x33))
    return (x + (x >> np.uint8(4))) & np.uint8(0x0F)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _any_done(line):  # type: ignore[no-untyped-def]
    found = 0
    for c in range(line.size):
        found += line[c] > PENDING
    return found > 0


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _any_pending(line):  # type: ignore[no-untyped-def]
    found = 0
    for c in range(line.size):
        found += line[c] == PENDING
    return found > 0


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _pulled(way, total, r, c):  # type: ignore[no-untyped-def]
    """Sum of what drains into a cell, in the order of the directions; `PENDING` if a giver is not done."""
    rows, columns = way.shape
    s = 0.0
    for d in range(8):
        y, x = r + _DR[d], c + _DC[d]
        if 0 <= y < rows and 0 <= x < columns and way[y, x] == (d + 4) & 7:
            if total[y, x] == PENDING:
                return PENDING
            s += total[y, x]
    return s


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _gather_rest(r0, r1, c0, c1, size, corner, touched, way, weight, total):  # type: ignore[no-untyped-def]
    """As `gather_way`, for a window in which few cells are left: looks at these alone."""
    for first in range(r0, r1):
        for part in range(c0, c1, 64):
            end = min(part + 64, c1)
            if not _any_pending(total[first, part:end]):
                continue
            for start in range(part, end):
                r, c = first, start
                while total[r, c] == PENDING:
                    s = _pulled(way, total, r, c)
                    if s == PENDING:
                        break
                    total[r, c] = s + (np.float64(weight[r, c]) if weight.shape[0] else 1.0)
                    d = way[r, c]
                    if d >= OUT:
                        break
                    r, c = r + _DR[d], c + _DC[d]
                    if r < r0 or r >= r1 or c < c0 or c >= c1:
                        touched[r // size[0] - corner[0] + 1, c // size[1] - corner[1] + 1] = 1
                        break


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _count_down(r0, r1, c0, c1, size, corner, touched, way, bits, total):  # type: ignore[no-untyped-def]
    """Count the cells above those of a window to which nothing comes from outside: whole numbers, exact in any order.

    From each cell that nobody gives to, the count is handed down for as long as the next cell waits for nobody else. A
    state is 16 times the count so far and the number of givers still to come; a frame around the window never gets free.
    """
    h, w = bits.shape
    wide = w + 2
    state, to = np.empty((h + 2, wide), np.int32), np.empty((h + 2, wide), np.uint8)
    state[0], state[h + 1], to[0], to[h + 1] = 15, 15, OUT, OUT
    step = np.array([1, 1 - wide, -wide, -1 - wide, -1, wide - 1, wide, wide + 1])
    for r in range(h):
        here, left, ways = state[r + 1], _count(bits[r]), way[r0 + r, c0:c1]
        here[0], here[w + 1], to[r + 1, 0], to[r + 1, w + 1] = 15, 15, OUT, OUT
        to[r + 1, 1 : w + 1] = ways
        for c in range(w):
            here[c + 1] = np.int32(16) + np.int32(left[c]) if ways[c] != NONE else np.int32(15)
    flat, onward = state.reshape(-1), to.reshape(-1)
    for r in range(h):
        for c in range(w):
            i = (r + 1) * wide + c + 1
            if bits[r, c] != 0 or onward[i] >= OUT:
                continue
            carry = np.int32(16)
            while onward[i] < OUT:
                i += step[onward[i]]
                carry = flat[i] + carry - np.int32(1)
                flat[i] = carry
                if carry & 15:
                    break
    for r in range(h):
        here, out = state[r + 1], total[r0 + r, c0:c1]
        for c in range(w):
            out[c] = np.float64(here[c + 1] >> 4) if here[c + 1] & 15 == 0 else out[c]
        stride = 1 if r == 0 or r == h - 1 else max(1, w - 1)
        for c in range(0, w, stride):
            if out[c] != PENDING and to[r + 1, c + 1] < OUT:
                y, x = r0 + r + _DR[to[r + 1, c + 1]], c0 + c + _DC[to[r + 1, c + 1]]
                if y < r0 or y >= r1 or x < c0 or x >= c1:
                    touched[y // size[0] - corner[0] + 1, x // size[1] - corner[1] + 1] = 1


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def begin(first, last, way, out):  # type: ignore[no-untyped-def]
    """Fill `PENDING`, NaN without data."""
    for r in range(first, last):
        for c in range(way.shape[1]):
            out[r, c] = np.nan if way[r, c] == NONE else PENDING


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def first_pending(first, last, values):  # type: ignore[no-untyped-def]
    """Return the first cell (row, column) of these rows that is `PENDING`; row −1 if none is."""
    for r in range(first, last):
        if _any_pending(values[r]):
            for c in range(values.shape[1]):
                if values[r, c] == PENDING:
                    return r, c
    return -1, -1


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def gather_way(r0, r1, c0, c1, size, corner, touched, way, weight, total):  # type: ignore[no-untyped-def]
    """Do every cell of the window that can be done: its weight (1 where `weight` has no rows) and what drains into it."""
    for r in range(r0, r1):
        if _any_done(total[r, c0:c1]):
            _gather_rest(r0, r1, c0, c1, size, corner, touched, way, weight, total)
            return
    bits = givers(r0, r1, c0, c1, way)
    if weight.shape[0] == 0 and bits.size < MOST_COUNTED:
        _count_down(r0, r1, c0, c1, size, corner, touched, way, bits, total)
        _gather_rest(r0, r1, c0, c1, size, corner, touched, way, weight, total)
        return
    waiting = _waiting(r0, c0, bits, total)
    for first in range(r0, r1):
        for start in range(c0, c1):
            r, c = first, start
            while waiting[r - r0, c - c0] == 0 and total[r, c] == PENDING:
                s, m = 0.0, bits[r - r0, c - c0]
                while m:
                    d = _LOWEST[m]
                    m &= m - 1
                    s += total[r + _DR[d], c + _DC[d]]
                total[r, c] = s + (np.float64(weight[r, c]) if weight.shape[0] else 1.0)
                d = way[r, c]
                if d >= OUT:
                    break
                r, c = r + _DR[d], c + _DC[d]
                if r < r0 or r >= r1 or c < c0 or c >= c1:
                    touched[r // size[0] - corner[0] + 1, c // size[1] - corner[1] + 1] = 1
                    break
                waiting[r - r0, c - c0] -= 1


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _step(across, along, r, d):  # type: ignore[no-untyped-def]
    """Length of the step out of a cell of row r [m]; where water leaves the data, the root of the cell's area."""
    if d == OUT:
        return np.sqrt(across[r] * along[r])
    if d & 1:
        return np.hypot(across[r], along[r])
    return along[r] if d & 2 else across[r]


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def run_out_way(r0, r1, c0, c1, size, corner, touched, way, sine, cells, least, across, along, ratio, longest, length):  # type: ignore[no-untyped-def]
    """Fill the slope length to the middle of each cell [m]; see `ecocomp.grid.terrain.slope_length_m`.

    A cell through which `least` cells drain is a stream: 0 there, and nothing runs on from it.
    """
    bits = givers(r0, r1, c0, c1, way)
    for r in range(r0, r1):
        for c in range(c0, c1):
            if length[r, c] == PENDING and cells[r, c] >= least:
                length[r, c] = 0.0
            if length[r, c] != PENDING:
                bits[r - r0, c - c0] = 0
                continue
            # A stream gives nothing, so nobody needs to wait for it.
            m, kept = bits[r - r0, c - c0], np.uint8(0)
            while m:
                d = _LOWEST[m]
                m &= m - 1
                if cells[r + _DR[d], c + _DC[d]] < least:
                    kept |= np.uint8(1 << d)
            bits[r - r0, c - c0] = kept
    waiting = _waiting(r0, c0, bits, length)
    for first in range(r0, r1):
        for start in range(c0, c1):
            r, c = first, start
            while waiting[r - r0, c - c0] == 0 and length[r, c] == PENDING:
                run, m = np.float32(0.0), bits[r - r0, c - c0]
                while m:
                    d = _LOWEST[m]
                    m &= m - 1
                    y, x = r + _DR[d], c + _DC[d]
                    if sine[r, c] >= ratio * sine[y, x]:
                        run = max(run, np.float32(length[y, x] + _step(across, along, y, (d + 4) & 7)))
                d = way[r, c]
                if run == 0.0:
                    run = np.float32(0.5 * _step(across, along, r, d))
                length[r, c] = min(run, np.float32(longest))
                if d >= OUT:
                    break
                r, c = r + _DR[d], c + _DC[d]
                if r < r0 or r >= r1 or c < c0 or c >= c1:
                    touched[r // size[0] - corner[0] + 1, c // size[1] - corner[1] + 1] = 1
                    break
                if cells[r, c] >= least:
                    break
                waiting[r - r0, c - c0] -= 1
