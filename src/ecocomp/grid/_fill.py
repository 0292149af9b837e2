"""Compiled part of filling depressions, tile by tile, with the surface of the whole grid as the result.

Every cell drains down to some pit or to the border of the data; the cells of a pit are its basin. Inside a basin a cell
stands at its own height or at the level of the pit, whichever is higher, so levels are needed for basins only. They follow
from the lowest passes between basins that touch, by a flood over this small graph instead of over cells.

A tile by itself is flooded from the border of the data and from its rim, where a basin may spill into the next tile. Each
basin gets a level and a label: the part of the rim it spills to. Where two labels touch, inside a tile or across a seam,
the lowest pass between them is noted; a second flood, over labels, gives the level water really stands at, and
cells below it are raised. Heights are never raised by a small step, so filled heights are heights of the input.

References
----------
1. R. Barnes (2016), Parallel priority-flood depression filling for trillion cell digital elevation models on desktops or
   clusters, Computers & Geosciences 96:56-68. doi:10.1016/j.cageo.2016.07.001
2. G. Cordonnier, B. Bovy, J. Braun (2019), A versatile, linear complexity algorithm for flow routing in topographies with
   depressions, Earth Surf. Dynam. 7:549-562. doi:10.5194/esurf-7-549-2019
"""

from __future__ import annotations

import numpy as np
from numba import njit

OCEAN = 1
"""Label of what lies beyond the data."""

WALL = -1
"""Mark of cells without data, and of the frame around a tile."""

_LOWEST = np.array([0 if m == 0 else (m & -m).bit_length() - 1 for m in range(256)], np.int64)
"""Place of the lowest bit set."""

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
_INLINE = {**_OPTIONS, "forceinline": True}


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _key(bits, i):  # type: ignore[no-untyped-def]
    """Height (its bits, made to sort like the number) and place in one integer: the lower first, of equals the earlier."""
    return (np.int64(bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))) << 32) | i


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _push(heap, n, key):  # type: ignore[no-untyped-def]
    k = n
    while k > 0:
        up = (k - 1) >> 1
        if heap[up] < key:
            break
        heap[k] = heap[up]
        k = up
    heap[k] = key


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _sift(heap, n):  # type: ignore[no-untyped-def]
    """Close the gap at the top with the key at place n; the heap then holds n keys."""
    key, k = heap[n], 0
    while True:
        m = 2 * k + 1
        if m >= n:
            break
        if m + 1 < n and heap[m + 1] < heap[m]:
            m += 1
        if heap[m] > key:
            break
        heap[k] = heap[m]
        k = m
    heap[k] = key


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _framed(z, r0, r1, c0, c1, f, label):  # type: ignore[no-untyped-def]
    """Copy a tile into the middle of framed arrays; label data 0, data from which water can leave `OCEAN`, all else `WALL`."""
    rows, columns = z.shape
    h, w = r1 - r0, c1 - c0
    for r in range(-1, h + 1):
        for c in range(-1, w + 1):
            y, x = r0 + r, c0 + c
            inside = 0 <= y < rows and 0 <= x < columns
            f[r + 1, c + 1] = z[y, x] + np.float32(0.0) if inside else np.float32(np.nan)
            label[r + 1, c + 1] = 0 if f[r + 1, c + 1] == f[r + 1, c + 1] else WALL
    for r in range(1, h + 1):
        for c in range(1, w + 1):
            if label[r, c] != WALL:
                continue
            for a in range(max(r - 1, 1), min(r + 2, h + 1)):
                for b in range(max(c - 1, 1), min(c + 2, w + 1)):
                    if label[a, b] == 0:
                        label[a, b] = OCEAN
    for r in range(1, h + 1):
        for c in range(1, w + 1):
            if (r == 1 or c == 1 or r == h or c == w) and label[r, c] == 0:
                for a in range(r - 1, r + 2):
                    for b in range(c - 1, c + 2):
                        if label[a, b] == WALL:
                            label[r, c] = OCEAN
    label[:, 0], label[:, w + 1], label[0], label[h + 1] = WALL, WALL, WALL, WALL
    f[:, 0], f[:, w + 1], f[0], f[h + 1] = np.nan, np.nan, np.nan, np.nan


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def flood_tile(z, r0, r1, c0, c1, filled, top, bottom, left, right):  # type: ignore[no-untyped-def]
    """Flood rows r0..r1−1, columns c0..c1−1 from the rim; return (number of labels, *passes).

    `filled` gets the surface of the tile by itself; `top` … `right` get the labels of its rim. Passes are (labels,
    labels, heights) of labels that touch, each pair once; labels count from `OCEAN`.
    """
    h, w = r1 - r0, c1 - c0
    f = np.empty((h + 2, w + 2), np.float32)
    basin = np.empty((h + 2, w + 2), np.int32)
    _framed(z, r0, r1, c0, c1, f, basin)
    basins = _basins(f, basin, h, w)
    one, two, height = _touching(f, basin, h, w)
    level, label, labels = _spilled(_exits(f, basin, h, w, basins), one, two, height)
    for r in range(h):
        here, heights = basin[r + 1], f[r + 1]
        for c in range(w):
            b = here[c + 1]
            own = heights[c + 1]
            filled[r0 + r, c0 + c] = level[b] if b != WALL and level[b] > own else own
    for r in range(h):
        a, b = basin[r + 1, 1], basin[r + 1, w]
        left[r0 + r], right[r0 + r] = (label[a] if a != WALL else WALL), (label[b] if b != WALL else WALL)
    for c in range(w):
        a, b = basin[1, c + 1], basin[h, c + 1]
        top[c0 + c], bottom[c0 + c] = (label[a] if a != WALL else WALL), (label[b] if b != WALL else WALL)
    keys, heights = np.full(1024, -1, np.int64), np.empty(1024, np.float32)
    used = 0
    for k in range(one.size):
        a, b = one[k], two[k]
        if label[a] != label[b]:
            if 2 * used >= keys.size:
                keys, heights = _rehashed(keys, heights)
            used += _note(keys, heights, label[a], label[b], max(height[k], max(level[a], level[b])))
    a, b, c = _listed(keys, heights, used)
    return labels, a, b, c


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _lower(here, there, shift, d, best, to, n):  # type: ignore[no-untyped-def]
    """Take direction d where it leads lower than the best so far."""
    for c in range(n):
        lower = there[c + shift] < best[c]
        best[c] = there[c + shift] if lower else best[c]
        to[c] = np.int32(d) if lower else to[c]


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _basins(f, basin, h, w):  # type: ignore[no-untyped-def]
    """Number the basins: every cell drains to its lowest neighbour, or to a level one that comes before it; return the last."""
    wide, last = w + 2, OCEAN
    step = np.array([1, 1 - wide, -wide, -1 - wide, -1, wide - 1, wide, wide + 1])
    mark = basin.reshape(-1)
    ways, best, row = np.empty((h + 2, wide), np.uint8), np.empty(w, np.float32), np.empty(w, np.int32)
    for r in range(1, h + 1):
        here, up, down = f[r], f[r - 1], f[r + 1]
        best[:], row[:] = here[1 : w + 1], 8
        _lower(here, here, 2, 0, best, row, w)
        _lower(here, up, 2, 1, best, row, w)
        _lower(here, up, 1, 2, best, row, w)
        _lower(here, up, 0, 3, best, row, w)
        _lower(here, here, 0, 4, best, row, w)
        _lower(here, down, 0, 5, best, row, w)
        _lower(here, down, 1, 6, best, row, w)
        _lower(here, down, 2, 7, best, row, w)
        for c in range(w):
            d = row[c]
            if d == 8:
                if up[c + 2] == here[c + 1]:
                    d = 1
                elif up[c + 1] == here[c + 1]:
                    d = 2
                elif up[c] == here[c + 1]:
                    d = 3
                elif here[c] == here[c + 1]:
                    d = 4
            ways[r, c + 1] = d
    way, path = ways.reshape(-1), np.empty(h * w + 1, np.int32)
    for r in range(1, h + 1):
        for start in range(r * wide + 1, r * wide + 1 + w):
            i, n = start, 0
            while mark[i] == 0:
                path[n] = i
                n += 1
                if way[i] == 8:
                    last += 1
                    mark[i] = last
                else:
                    i += step[way[i]]
            b = mark[i]
            for k in range(n):
                mark[path[k]] = b
    return last


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _exits(f, basin, h, w, basins):  # type: ignore[no-untyped-def]
    """Return the lowest height at which each basin 0..basins reaches the rim of the tile; −∞ for the ocean, ∞ if it does not."""
    out = np.full(basins + 1, np.inf, np.float32)
    for r in range(1, h + 1):
        stride = 1 if r == 1 or r == h else max(1, w - 1)
        for c in range(1, w + 1, stride):
            b = basin[r, c]
            if b != WALL:
                out[b] = min(out[b], f[r, c])
    out[OCEAN] = -np.inf
    return out


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _beside(f, g, basin, other, shift, bit, out, n):  # type: ignore[no-untyped-def]
    """Set a bit where the neighbour is in another basin and not higher."""
    for c in range(n):
        out[c] |= np.int32(bit) * np.int32(other[c + shift] != basin[c + 1]) * np.int32(g[c + shift] <= f[c + 1])


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _note_row(found, mark, flat, step, first, keys, heights):  # type: ignore[no-untyped-def]
    """Note the passes of a row to the neighbours whose bits are set; the table has room for them. Return how many are new."""
    new = 0
    for c in range(found.size):
        m, before, i = found[c], -1, first + c
        while m:
            b = mark[i + step[_LOWEST[m]]]
            m &= m - 1
            if b != before:
                new += _note(keys, heights, mark[i], b, flat[i])
                before = b
    return new


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _touching(f, basin, h, w):  # type: ignore[no-untyped-def]
    """Return (basins, basins, heights): the lowest pass of every two basins that touch."""
    size = 4096
    while size * 8 < h * w or size < 32 * w:
        size *= 2
    keys, heights, used = np.full(size, -1, np.int64), np.empty(size, np.float32), 0
    found, flat, mark, wide = np.empty(w, np.int32), f.reshape(-1), basin.reshape(-1), w + 2
    step = np.array([1, 1 - wide, -wide, -1 - wide, -1, wide - 1, wide, wide + 1])
    for r in range(1, h + 1):
        here, up, down, own, north, south = f[r], f[r - 1], f[r + 1], basin[r], basin[r - 1], basin[r + 1]
        found[:] = 0
        _beside(here, here, own, own, 2, 1, found, w)
        _beside(here, up, own, north, 2, 2, found, w)
        _beside(here, up, own, north, 1, 4, found, w)
        _beside(here, up, own, north, 0, 8, found, w)
        _beside(here, here, own, own, 0, 16, found, w)
        _beside(here, down, own, south, 0, 32, found, w)
        _beside(here, down, own, south, 1, 64, found, w)
        _beside(here, down, own, south, 2, 128, found, w)
        if 2 * (used + 8 * w) >= keys.size:
            keys, heights = _rehashed(keys, heights)
        used += _note_row(found, mark, flat, step, r * wide + 1, keys, heights)
    return _listed(keys, heights, used)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _spilled(exits, one, two, height):  # type: ignore[no-untyped-def]
    """Flood the basins of a tile from where they can spill; return their levels, their labels and the last label."""
    start, to, high = _graph(exits.size, one, two, height)
    level, label, labels = exits.copy(), np.zeros(exits.size, np.int64), OCEAN
    done, bits = np.zeros(exits.size, np.bool_), level.view(np.int32)
    heap, n = np.empty(exits.size + to.size + 1, np.int64), 0
    for b in range(OCEAN, exits.size):
        if level[b] < np.inf:
            _push(heap, n, _key(bits[b], b))
            n += 1
    label[OCEAN] = OCEAN
    while n > 0:
        b = heap[0] & 0xFFFFFFFF
        n -= 1
        _sift(heap, n)
        if done[b]:
            continue
        done[b] = True
        if label[b] == 0:
            labels += 1
            label[b] = labels
        for k in range(start[b], start[b + 1]):
            other = to[k]
            reached = max(level[b], high[k])
            if reached < level[other]:
                level[other], label[other] = reached, label[b]
                _push(heap, n, _key(bits[other], other))
                n += 1
    return level, label, labels


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _graph(nodes, one, two, height):  # type: ignore[no-untyped-def]
    """Return (place of the first link of each node, nodes linked to, heights) of pairs, each both ways."""
    start = np.zeros(nodes + 1, np.int64)
    for k in range(one.size):
        start[one[k] + 1] += 1
        start[two[k] + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    to, high, place = np.empty(2 * one.size, np.int64), np.empty(2 * one.size, np.float32), start.copy()
    for k in range(one.size):
        for a, b in ((one[k], two[k]), (two[k], one[k])):
            to[place[a]], high[place[a]] = b, height[k]
            place[a] += 1
    return start, to, high


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _listed(keys, heights, used):  # type: ignore[no-untyped-def]
    """Return the pairs and heights of a table."""
    one, two, height = np.empty(used, np.int64), np.empty(used, np.int64), np.empty(used, np.float32)
    n = 0
    for k in range(keys.size):
        if keys[k] >= 0:
            one[n], two[n], height[n] = keys[k] >> 32, keys[k] & 0xFFFFFFFF, heights[k]
            n += 1
    return one, two, height


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _note(keys, heights, a, b, height):  # type: ignore[no-untyped-def]
    """Keep the lower pass of a pair in a table with open addressing; return 1 for a new pair."""
    key = (np.int64(min(a, b)) << 32) | np.int64(max(a, b))
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    k = np.int64(mixed >> np.uint64(30)) & (keys.size - 1)
    while keys[k] >= 0 and keys[k] != key:
        k = (k + 1) & (keys.size - 1)
    if keys[k] == key:
        heights[k] = min(heights[k], height)
        return 0
    keys[k], heights[k] = key, height
    return 1


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _rehashed(keys, heights):  # type: ignore[no-untyped-def]
    more, high = np.full(2 * keys.size, -1, np.int64), np.empty(2 * keys.size, np.float32)
    for k in range(keys.size):
        if keys[k] >= 0:
            _note(more, high, keys[k] >> 32, keys[k] & 0xFFFFFFFF, heights[k])
    return more, high


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def seam(one, two, high_one, high_two):  # type: ignore[no-untyped-def]
    """Return the passes across a seam: labels and heights of the lines of cells on its two sides, corner neighbours included."""
    n = one.size
    a, b, height, k = np.empty(3 * n, np.int64), np.empty(3 * n, np.int64), np.empty(3 * n, np.float32), 0
    for i in range(n):
        for j in range(max(i - 1, 0), min(i + 2, n)):
            if one[i] < OCEAN or two[j] < OCEAN or one[i] == two[j]:
                continue
            if k > 0 and a[k - 1] == one[i] and b[k - 1] == two[j]:
                height[k - 1] = min(height[k - 1], max(high_one[i], high_two[j]))
                continue
            a[k], b[k], height[k] = one[i], two[j], max(high_one[i], high_two[j])
            k += 1
    return a[:k].copy(), b[:k].copy(), height[:k].copy()


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def levels(labels, one, two, height):  # type: ignore[no-untyped-def]
    """Return the level of each label 0..labels: the least highest pass on its ways to the ocean."""
    exits = np.full(labels + 1, np.inf, np.float32)
    exits[OCEAN] = -np.inf
    return _spilled(exits, one, two, height)[0]


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def raise_tile(r0, r1, c0, c1, filled, top, bottom, left, right, level):  # type: ignore[no-untyped-def]
    """Raise the cells of a tile that lie below the level of the rim they drain to, from the rim inward.

    A raised cell stands level with all raised cells it touches, so no order is needed.
    """
    queue, tail = np.empty((r1 - r0) * (c1 - c0), np.int64), 0
    for r in range(r0, r1):
        stride = 1 if r == r0 or r == r1 - 1 else max(1, c1 - 1 - c0)
        for c in range(c0, c1, stride):
            a = top[c] if r == r0 else (bottom[c] if r == r1 - 1 else (left[r] if c == c0 else right[r]))
            if a >= OCEAN and filled[r, c] < level[a]:
                filled[r, c] = level[a]
                queue[tail] = (r << 32) | c
                tail += 1
    head = 0
    while head < tail:
        r, c = queue[head] >> 32, queue[head] & 0xFFFFFFFF
        head += 1
        for y in range(max(r - 1, r0), min(r + 2, r1)):
            for x in range(max(c - 1, c0), min(c + 2, c1)):
                if filled[y, x] < filled[r, c]:
                    filled[y, x] = filled[r, c]
                    queue[tail] = (y << 32) | x
                    tail += 1
