"""Compiled part of the coverage matrix: signed areas of edges, gathered row by row.

Every edge is walked down the rows it crosses. In each row it adds, cell by cell, the area between itself and the right
border of the cell, with the sign of its direction; the running sum along the row is then the covered share of each cell.
Each edge's part in a row is computed from the edge as a whole and in the order of the ring, so the result cannot
depend on how rows are cut into strips or parcels into batches.

References
----------
1. The signed-area accumulation of font rasterisers, as described by R. Levien (2016), "Inside the fastest font
   renderer in the world". The formulation here is our own, in float64 and cut at the border of the raster.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_OPTIONS)
def ring_frames(x, y, ring_ptr, is_shell, sign, y_range, area):  # type: ignore[no-untyped-def]
    """Fill, per ring, the sign that turns it the standard way, its rows from and to, and its signed area [cells].

    Holes get a negative area. The area is summed from the ring's first vertex, so that a small ring far from the
    corner of the raster loses nothing.
    """
    for k in range(ring_ptr.size - 1):
        s, e = ring_ptr[k], ring_ptr[k + 1]
        twice, low, high = 0.0, np.inf, -np.inf
        for i in range(s, e):
            low, high = min(low, y[i]), max(high, y[i])
            if i + 1 < e:
                twice += (x[i] - x[s]) * (y[i + 1] - y[s]) - (x[i + 1] - x[s]) * (y[i] - y[s])
        # An edge that runs south opens the parcel, one that runs north closes it: a shell has to go south on its west side.
        wanted = -1.0 if is_shell[k] else 1.0
        sign[k] = wanted if twice >= 0.0 else -wanted
        y_range[k, 0], y_range[k, 1] = low, high
        area[k] = -wanted * 0.5 * abs(twice)


@njit(**_OPTIONS)
def _add_piece(buf, o, w, lo, hi, d):  # type: ignore[no-untyped-def]
    """Add a piece of an edge inside one row that leaves its first cell: from column `lo` to `hi`, signed height `d`."""
    if hi <= 0.0:
        buf[o] += d
        return
    g, c = d / (hi - lo), 0
    if lo < 0.0:
        buf[o] -= g * lo
        lo = 0.0
    else:
        c = int(lo)
    while c < hi and c < w:
        end = c + 1.0
        right = hi if hi < end else end
        p, f = g * (right - lo), 0.5 * (lo + right) - c
        buf[o + c] += p * (1.0 - f)
        buf[o + c + 1] += p * f
        lo = end
        c += 1


@njit(**_OPTIONS)
def _add_ring(x, y, s, e, sign, r0, r1, c0, w, buf, span):  # type: ignore[no-untyped-def]
    """Add the edges of one ring to rows r0..r1-1 of the buffer, whose first column is c0 and whose stride is w + 1."""
    for k in range(s, e - 1):
        xa, ya, xb, yb, sg = x[k], y[k], x[k + 1], y[k + 1], sign
        if ya == yb:
            continue
        if ya > yb:
            xa, ya, xb, yb, sg = xb, yb, xa, ya, -sg
        if yb <= r0 or ya >= r1:
            continue
        m, west, east = (xb - xa) / (yb - ya), min(xa, xb), max(xa, xb)
        r = max(int(np.floor(ya)), r0)
        top = max(ya, float(r))
        # Where the edge enters the row; it leaves it where it enters the next, so each place is computed once.
        u = xa if top == ya else min(max(xa + (top - ya) * m, west), east)
        while r < yb and r < r1:
            bottom = min(yb, r + 1.0)
            q = xb if bottom == yb else min(max(xa + (bottom - ya) * m, west), east)
            lo, hi = min(u, q) - c0, max(u, q) - c0
            i = r - r0
            if lo < w:
                o, c, d = i * (w + 1), max(int(lo), 0), (bottom - top) * sg
                if lo >= 0.0 and hi <= c + 1:
                    f = 0.5 * (lo + hi) - c
                    buf[o + c] += d * (1.0 - f)
                    buf[o + c + 1] += d * f
                else:
                    _add_piece(buf, o, w, lo, hi, d)
                span[i, 0] = min(span[i, 0], c)
                span[i, 1] = max(span[i, 1], min(max(int(np.ceil(hi)), 1), w))
            else:  # An edge on or beyond the last column closes nothing: the row is open up to there.
                span[i, 1] = w
            u, top = q, bottom
            r += 1


@njit(**_OPTIONS)
def _harvest(buf, span, h, w, first, width, tolerance, cell, coverage, k, total):  # type: ignore[no-untyped-def]
    """Turn the buffer into cells and shares from place `k` on, wipe it; return the next free place and `total` plus the shares.

    The shares are added as they are stored and row by row, so that `add_weights` of the stored matrix finds the same bits.
    """
    for r in range(h):
        o, a, of_row = r * (w + 1), 0.0, 0.0
        lo, hi = span[r, 0], span[r, 1]
        for c in range(lo, hi):
            a += buf[o + c]
            buf[o + c] = 0.0
            # Written in any case, kept where it counts: there is room for every cell of the box, and no branch to guess.
            cell[k] = first + r * width + c
            coverage[k] = a
            of_row += np.float64(np.float32(a)) if a > tolerance else 0.0
            k += a > tolerance
        if hi > 0:
            buf[o + hi] = 0.0
        span[r, 0], span[r, 1] = w, 0
        total += of_row
    return k, total


@njit(**_OPTIONS)
def cover_batch(  # type: ignore[no-untyped-def]
    first,
    last,
    x,
    y,
    ring_ptr,
    sign,
    y_range,
    parcel_ptr,
    box,
    tolerance,
    parcels,
    chunks,
    room,
    start,
    stop,
    width,
    cell,
    coverage,
    count,
    inside,
    end,
):
    """Cover chunks first..last-1 of a batch of parcels on rows start..stop-1.

    Chunk t takes parcels[chunks[t]:chunks[t + 1]] and writes its cells without gaps from room[t] on, up to end[t]. `box`
    holds, per parcel, first and last column and row on the grid (ends excluded); `count` gets the cells of each parcel here, and
    `inside`, one place per parcel of the edition, grows by their shares.
    """
    for t in range(first, last):
        size, rows = 1, 1
        for i in range(chunks[t], chunks[t + 1]):
            p = parcels[i]
            h = min(stop, box[p, 3]) - max(start, box[p, 2])
            size, rows = max(size, h * (box[p, 1] - box[p, 0] + 1)), max(rows, h)
        buf = np.zeros(size, np.float64)
        span = np.empty((rows, 2), np.int64)
        k = room[t]
        for i in range(chunks[t], chunks[t + 1]):
            p = parcels[i]
            r0, r1 = max(start, box[p, 2]), min(stop, box[p, 3])
            c0, w = box[p, 0], box[p, 1] - box[p, 0]
            for r in range(r1 - r0):
                span[r, 0], span[r, 1] = w, 0
            for j in range(parcel_ptr[p], parcel_ptr[p + 1]):
                if y_range[j, 1] > r0 and y_range[j, 0] < r1:
                    _add_ring(x, y, ring_ptr[j], ring_ptr[j + 1], sign[j], r0, r1, c0, w, buf, span)
            before = k
            at, share = (r0 - start) * width + c0, tolerance[p]
            k, inside[p] = _harvest(buf, span, r1 - r0, w, at, width, share, cell, coverage, k, inside[p])
            count[i] = k - before
        end[t] = k
