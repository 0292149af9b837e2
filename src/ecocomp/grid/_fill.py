"""Compiled part of filling depressions, tile by tile, with the surface of the whole grid as the result.

Inside a tile the flood starts from the rim of the tile and from the border of the data. That gives every cell the least
highest point of its ways to the rim, and a label: the part of the rim it drains to. Where two labels meet, the
lowest pass between them is noted; a flood over this small graph of labels gives the level water really stands at, and
cells below it are raised. Heights are never raised by a small step, so filled heights are heights of the input.

The flood climbs slopes by plain queues; only cells from which it may spill into a depression wait on the heap.

References
----------
1. R. Barnes (2016), Parallel priority-flood depression filling for trillion cell digital elevation models on desktops or
   clusters, Computers & Geosciences 96:56-68. doi:10.1016/j.cageo.2016.07.001
2. G. Zhou, Z. Sun, S. Fu (2016), An efficient variant of the Priority-Flood algorithm for filling depressions in raster
   digital elevation models, Computers & Geosciences 90:87-96. doi:10.1016/j.cageo.2016.02.021
"""

from __future__ import annotations

import numpy as np
from numba import njit

OCEAN = 1
"""Label of what lies beyond the data."""

WALL = -1
"""Mark of cells without data, and of the frame around a tile."""

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
    for r in range(h + 2):
        label[r, 0], label[r, w + 1] = WALL, WALL
    for c in range(w + 2):
        label[0, c], label[h + 1, c] = WALL, WALL


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def flood_tile(z, r0, r1, c0, c1, filled, top, bottom, left, right):  # type: ignore[no-untyped-def]
    """Flood rows r0..r1−1, columns c0..c1−1 from the rim; return (number of labels, *passes).

    `filled` gets the surface of the tile by itself; `top` … `right` get the labels of its rim. Passes are (labels,
    labels, heights) of labels that touch, each pair once; labels count from `OCEAN`.
    """
    h, w = r1 - r0, c1 - c0
    f = np.empty((h + 2, w + 2), np.float32)
    label = np.empty((h + 2, w + 2), np.int32)
    _framed(z, r0, r1, c0, c1, f, label)
    labels = _flood(f, label, h, w)
    for r in range(h):
        filled[r0 + r, c0:c1] = f[r + 1, 1 : w + 1]
        left[r0 + r], right[r0 + r] = label[r + 1, 1], label[r + 1, w]
    for c in range(w):
        top[c0 + c], bottom[c0 + c] = label[1, c + 1], label[h, c + 1]
    one, two, height = _passes(f, label, h, w)
    return labels, one, two, height


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _flood(f, label, h, w):  # type: ignore[no-untyped-def]
    wide = w + 2
    flat, mark = f.reshape(-1), label.reshape(-1)
    bits = flat.view(np.int32)
    step = np.array([1, 1 - wide, -wide, -1 - wide, -1, wide - 1, wide, wide + 1])
    heap, n = np.empty(4096, np.int64), 0
    pit, slope = np.empty(4096, np.int64), np.empty(4096, np.int64)
    for r in range(1, h + 1):
        for c in range(1, w + 1):
            i = r * wide + c
            if mark[i] == OCEAN or (mark[i] == 0 and (r == 1 or c == 1 or r == h or c == w)):
                heap = _room(heap, n)
                _push(heap, n, _key(bits[i], i))
                n += 1
    labels = OCEAN
    while n > 0:
        i = heap[0] & 0xFFFFFFFF
        n -= 1
        _sift(heap, n)
        if mark[i] == 0:
            labels += 1
            mark[i] = labels
        level, here = flat[i], mark[i]
        pit[0], head, tail, climb = i, 0, 1, 0
        while head < tail:  # the depression below this cell, if there is one
            j = pit[head]
            head += 1
            for d in range(8):
                k = j + step[d]
                if mark[k] != 0:
                    continue
                mark[k] = here
                if flat[k] <= level:
                    flat[k] = level
                    pit = _room(pit, tail)
                    pit[tail] = k
                    tail += 1
                else:
                    slope = _room(slope, climb)
                    slope[climb] = k
                    climb += 1
        first = 0
        while first < climb:  # the slopes above it
            j = slope[first]
            first += 1
            spills = False
            for d in range(8):
                k = j + step[d]
                if mark[k] != 0:
                    continue
                if flat[k] >= flat[j]:
                    mark[k] = here
                    slope = _room(slope, climb)
                    slope[climb] = k
                    climb += 1
                elif not spills:
                    spills = not _reached(flat, mark, step, k)
            if spills:
                heap = _room(heap, n)
                _push(heap, n, _key(bits[j], j))
                n += 1
    return labels


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _reached(flat, mark, step, k):  # type: ignore[no-untyped-def]
    """Whether a lower neighbour is known: it stands in the queue or on the heap then, and this cell is climbed to from there."""
    for d in range(8):
        m = k + step[d]
        if mark[m] > 0 and flat[m] <= flat[k]:
            return True
    return False


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _room(a, n):  # type: ignore[no-untyped-def]
    if n < a.size:
        return a
    out = np.empty(2 * a.size, a.dtype)
    out[: a.size] = a
    return out


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _passes(f, label, h, w):  # type: ignore[no-untyped-def]
    """Return (labels, labels, heights): the lowest pass of every pair of labels that touch."""
    keys, heights, used = np.full(1024, -1, np.int64), np.empty(1024, np.float32), 0
    for r in range(1, h + 1):
        here, below = label[r], label[r + 1]
        for start in range(1, w + 1, 64):
            end = min(start + 64, w + 1)
            if _same(here, below, start, end):
                continue
            for c in range(start, end):
                a = here[c]
                for d in range(4):
                    x = c + 1 if d == 0 else c + d - 2
                    b = here[x] if d == 0 else below[x]
                    if b == a or a == WALL or b == WALL:
                        continue
                    if 2 * used >= keys.size:
                        keys, heights = _rehashed(keys, heights)
                    used += _note(keys, heights, a, b, max(f[r, c], f[r + (0 if d == 0 else 1), x]))
    one, two, height = np.empty(used, np.int64), np.empty(used, np.int64), np.empty(used, np.float32)
    n = 0
    for k in range(keys.size):
        if keys[k] >= 0:
            one[n], two[n], height[n] = keys[k] >> 32, keys[k] & 0xFFFFFFFF, heights[k]
            n += 1
    return one, two, height


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _same(here, below, start, end):  # type: ignore[no-untyped-def]
    """Whether all labels of a stretch of a row, and those that touch it eastward and southward, are one."""
    mixed = np.int32(0)
    for c in range(start, end):
        mixed |= (here[c] ^ here[c + 1]) | (here[c] ^ below[c - 1]) | (here[c] ^ below[c]) | (here[c] ^ below[c + 1])
    return mixed == 0


@njit(**_INLINE)  # type: ignore[untyped-decorator]
def _note(keys, heights, a, b, height):  # type: ignore[no-untyped-def]
    """Keep the lower pass of a pair in a table with open addressing; return 1 for a new pair."""
    key = (np.int64(min(a, b)) << 32) | np.int64(max(a, b))
    k = (key * 0x1F123BB5 ^ (key >> 32)) & (keys.size - 1)
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
    start = np.zeros(labels + 2, np.int64)
    for k in range(one.size):
        start[one[k] + 1] += 1
        start[two[k] + 1] += 1
    for i in range(labels + 1):
        start[i + 1] += start[i]
    to, high, place = np.empty(2 * one.size, np.int64), np.empty(2 * one.size, np.float32), start.copy()
    for k in range(one.size):
        for a, b in ((one[k], two[k]), (two[k], one[k])):
            to[place[a]], high[place[a]] = b, height[k]
            place[a] += 1
    out = np.full(labels + 1, np.inf, np.float32)
    done = np.zeros(labels + 1, np.bool_)
    out[OCEAN] = -np.inf
    bits = out.view(np.int32)
    heap, n = np.empty(4096, np.int64), 1
    heap[0] = _key(bits[OCEAN], OCEAN)
    while n > 0:
        i = heap[0] & 0xFFFFFFFF
        n -= 1
        _sift(heap, n)
        if done[i]:
            continue
        done[i] = True
        for k in range(start[i], start[i + 1]):
            j = to[k]
            level = max(out[i], high[k])
            if level < out[j]:
                out[j] = level
                heap = _room(heap, n)
                _push(heap, n, _key(bits[j], j))
                n += 1
    return out


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def raise_tile(r0, r1, c0, c1, filled, top, bottom, left, right, level):  # type: ignore[no-untyped-def]
    """Raise the cells of a tile that lie below the level of the rim they drain to, from the rim inward.

    A raised cell stands level with all raised cells it touches, so no order is needed.
    """
    queue, tail, columns = np.empty(4096, np.int64), 0, filled.shape[1]
    for r in range(r0, r1):
        stride = 1 if r == r0 or r == r1 - 1 else max(1, c1 - 1 - c0)
        for c in range(c0, c1, stride):
            a = top[c] if r == r0 else (bottom[c] if r == r1 - 1 else (left[r] if c == c0 else right[r]))
            if a >= OCEAN and filled[r, c] < level[a]:
                filled[r, c] = level[a]
                queue = _room(queue, tail)
                queue[tail] = r * columns + c
                tail += 1
    head = 0
    while head < tail:
        r, c = queue[head] // columns, queue[head] % columns
        head += 1
        for y in range(max(r - 1, r0), min(r + 2, r1)):
            for x in range(max(c - 1, c0), min(c + 2, c1)):
                if filled[y, x] < filled[r, c]:
                    filled[y, x] = filled[r, c]
                    queue = _room(queue, tail)
                    queue[tail] = y * columns + x
                    tail += 1
