"""Relief with a drained valley network: uplift against rivers that cut down, coarse first, then finer.

Rivers follow the stream-power law dz/dt = U − A^m·S, solved implicitly down the drainage tree; all water of
the county leaves at one outlet, and a trunk river enters from the county upstream. Each refinement adds
small-scale noise and cuts again. The end is filled by priority flood in whole centimetres, with at least
1 cm of fall per cell, so every cell drains.

References: Braun & Willett, Geomorphology 180–181 (2013), doi:10.1016/j.geomorph.2012.10.008;
Barnes, Lehman & Mulla, Computers & Geosciences 62 (2014), doi:10.1016/j.cageo.2013.04.024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecocomp.sample.frame import CELL_M, INLET_ANGLE, OUTLET_ANGLE, SAND_ANGLE, Frame
from ecocomp.sample.noise import fractal

LOW_M, RELIEF_M = 1900.0, 2000.0
GROW = 1.07  # the relief reaches a little beyond the outline, so that edge parcels lie on it
SIZES = (130, 430)  # sides of the coarse grids, cells
INFLOW_SHARE = 0.9  # the trunk river brings water of an area of this share of the grid
CONCAVITY = 0.42
SLOPE_KM2 = 0.22
MEDIAN_SLOPE = 0.36  # tangent; counties too small for the whole relief get less of it


@dataclass
class Relief:
    """elevation (m, float32, NaN outside), receiver (cell index, −1 at the outlet), upstream area in cells, and
    height above the river it drains to (m); `order` lists cells from the outlet upwards."""

    mask: NDArray[np.bool_]
    elevation: NDArray[np.float32]
    receiver: NDArray[np.int32]
    order: NDArray[np.int32]
    area_cells: NDArray[np.float32]
    above_river_m: NDArray[np.float32]
    slope: NDArray[np.float32]
    inlet: int
    outlet: int


@njit(cache=True)
def _flood(z, mask, outlet, least):  # type: ignore[no-untyped-def]
    """Fill to the outlet with at least `least` of rise per cell; return filled heights and the order upwards."""
    rows, cols = z.shape
    f = z.copy().ravel()
    open_ = mask.copy().ravel()
    total = open_.sum()
    order = np.empty(total, np.int32)
    keys = np.empty(total + 1, f.dtype)
    cells = np.empty(total + 1, np.int32)
    keys[0], cells[0], size, found = f[outlet], outlet, 1, 0
    open_[outlet] = False
    while size:
        i, e = cells[0], keys[0]
        size -= 1
        v, w, k = keys[size], cells[size], 0
        while True:
            m = 2 * k + 1
            if m >= size:
                break
            if m + 1 < size and (keys[m + 1] < keys[m] or (keys[m + 1] == keys[m] and cells[m + 1] < cells[m])):
                m += 1
            if keys[m] > v or (keys[m] == v and cells[m] >= w):
                break
            keys[k], cells[k] = keys[m], cells[m]
            k = m
        keys[k], cells[k] = v, w
        order[found] = i
        found += 1
        r, c = i // cols, i % cols
        for y in range(max(r - 1, 0), min(r + 2, rows)):
            for x in range(max(c - 1, 0), min(c + 2, cols)):
                j = y * cols + x
                if not open_[j]:
                    continue
                open_[j] = False
                if f[j] < e + least:
                    f[j] = e + least
                v, k = f[j], size
                size += 1
                while k > 0:
                    p = (k - 1) >> 1
                    if keys[p] < v or (keys[p] == v and cells[p] <= j):
                        break
                    keys[k], cells[k] = keys[p], cells[p]
                    k = p
                keys[k], cells[k] = v, j
    return f, order[:found]


@njit(cache=True)
def _receivers(f, mask, order, cols, outlet):  # type: ignore[no-untyped-def]
    """Return the steepest lower neighbour of every cell (−1 outside and at the outlet)."""
    out = np.full(f.size, -1, np.int32)
    flat = mask.ravel()
    rows = f.size // cols
    for t in range(order.size):
        i = order[t]
        if i == outlet:
            continue
        r, c = i // cols, i % cols
        best, to = 0.0, -1
        for y in range(max(r - 1, 0), min(r + 2, rows)):
            for x in range(max(c - 1, 0), min(c + 2, cols)):
                j = y * cols + x
                if j == i or not flat[j]:
                    continue
                fall = float(f[i] - f[j])
                if y != r and x != c:
                    fall *= 0.7071067811865476
                if fall > best:
                    best, to = fall, j
        out[i] = to
    return out


@njit(cache=True)
def _gather(receiver, order, extra_at, extra):  # type: ignore[no-untyped-def]
    """Return upstream cells, with `extra` cells of inflow entering at one cell."""
    area = np.zeros(receiver.size, np.float32)
    for t in range(order.size):
        area[order[t]] = 1.0
    area[extra_at] += extra
    for t in range(order.size - 1, -1, -1):
        i = order[t]
        if receiver[i] >= 0:
            area[receiver[i]] += area[i]
    return area


@njit(cache=True)
def _cut(f, receiver, order, area, uplift, soft, cols, cell_km, dt, concavity, slope_km2):  # type: ignore[no-untyped-def]
    """Lift by U·dt and let rivers cut: implicit step of the stream-power law, from the outlet upwards.

    Below `slope_km2` of upstream area the ground counts as hillslope, whose steepness no longer grows uphill.
    """
    cell_km2 = cell_km * cell_km
    for t in range(order.size):
        i = order[t]
        to = receiver[i]
        if to < 0:
            continue
        far = cell_km * (1.4142135623730951 if (i // cols != to // cols and i % cols != to % cols) else 1.0)
        pull = dt * soft[i] * max(area[i] * cell_km2, slope_km2) ** concavity / far
        f[i] = (f[i] + uplift[i] * dt + pull * f[to]) / (1.0 + pull)


@njit(cache=True)
def _above_river(f, receiver, order, area, river_cells):  # type: ignore[no-untyped-def]
    """Return the height of every cell above the first river cell on its way down."""
    base = np.zeros(f.size, f.dtype)
    out = np.zeros(f.size, f.dtype)
    for t in range(order.size):
        i = order[t]
        base[i] = f[i] if (receiver[i] < 0 or area[i] >= river_cells) else base[receiver[i]]
        out[i] = f[i] - base[i]
    return out


@njit(cache=True)
def _smooth(z, mask, rate):  # type: ignore[no-untyped-def]
    """Soil creep: let every cell move towards the mean of its neighbours inside the mask."""
    rows, cols = z.shape
    out = z.copy()
    for r in range(rows):
        for c in range(cols):
            if not mask[r, c]:
                continue
            total, count = 0.0, 0
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                y, x = r + dy, c + dx
                if 0 <= y < rows and 0 <= x < cols and mask[y, x]:
                    total += z[y, x]
                    count += 1
            if count:
                out[r, c] += rate * (total / count - z[r, c])
    return out


def _refined(z: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return z resampled bilinearly to size × size, by cell centres."""
    at = np.clip((np.arange(size) + 0.5) * len(z) / size - 0.5, 0, len(z) - 1)
    low = np.minimum(at.astype(int), len(z) - 2)
    part = at - low
    rows = z[low] * (1 - part)[:, None] + z[low + 1] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, low + 1] * part


def _mask(frame: Frame, size: int) -> NDArray[np.bool_]:
    at = (np.arange(size) + 0.5) * frame.n / size
    x, y = frame.to_crs(at, at)
    return np.stack([frame.inside(x, np.full(size, v), GROW) for v in y])


def _gate(frame: Frame, mask: NDArray[np.bool_], angle: float) -> int:
    """Return the cell of the mask nearest to the grown outline at an angle."""
    u, v = frame.at_angle(angle, GROW)
    rows, cols = np.nonzero(mask)
    size = len(mask)
    best = np.argmin((cols + 0.5 - u * size) ** 2 + (rows + 0.5 - v * size) ** 2, axis=0)
    return int(rows[best] * size + cols[best])


def _uplift(frame: Frame, size: int) -> NDArray[np.float64]:
    """Return uplift (relative): mountains rise in noise belts, less in the dry basin and along the trunk valley."""
    wave = size * min(0.6, 22_000 / frame.side_m)
    belts = fractal(0, size, size, wave, 4, 0.5, frame.key("belts")).astype(float)
    v, u = np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size, indexing="ij")
    bx, by = frame.at_angle(SAND_ANGLE, 0.72)
    basin = np.exp(-(((u - bx) / 0.17) ** 2 + ((v - by) / 0.15) ** 2))
    (ax, ay), (zx, zy) = frame.at_angle(INLET_ANGLE), frame.at_angle(OUTLET_ANGLE)
    bend = 0.07 * np.sin(9 * (u + v)) + 0.05 * fractal(0, size, size, size * 0.3, 2, 0.5, frame.key("bend"))
    off = ((u - ax) * (zy - ay) - (v - ay) * (zx - ax)) / math.hypot(zx - ax, zy - ay) + bend
    valley = np.exp(-((off / 0.10) ** 2))
    return np.clip((1.0 + 0.9 * belts) * (1 - 0.9 * basin) * (1 - 0.55 * valley), 0.06, 3.0)


def make_relief(frame: Frame) -> Relief:
    """Return the relief of the frame; heights from 1,900 m up, 2,000 m of relief in counties of usual size."""
    z = np.zeros((0, 0))
    sizes = [s for s in SIZES if s < 0.8 * frame.n] + [frame.n]
    for level, size in enumerate(sizes):
        z = _level(frame, z, level, size)
    return _finished(frame, z)


def _level(frame: Frame, z: NDArray[np.float64], level: int, size: int) -> NDArray[np.float64]:
    """Run one resolution: rough the ground, then let the rivers cut."""
    mask, uplift = _mask(frame, size), _uplift(frame, size) * 0.3
    cell_km = frame.side_m / size / 1000
    outlet, inlet = _gate(frame, mask, OUTLET_ANGLE), _gate(frame, mask, INLET_ANGLE)
    rough = fractal(0, size, size, 24 if level else size / 3, 6, 0.75, frame.key(f"rough{level}"))
    if level == 0:
        z, steps, dt = 1.2 * rough.astype(float) + 0.5 * _uplift(frame, size), 60, 0.5
    else:
        z, steps, dt = _refined(z, size) + cell_km * 0.55 * rough * (0.6 + 0.5 * uplift / 0.3), 12 if size < 1200 else 2, 0.15
    soft = np.exp(1.1 * fractal(0, size, size, 30, 4, 0.75, frame.key(f"soft{level}"))).astype(float).ravel()
    inflow = INFLOW_SHARE * size * size
    for step in range(steps):
        f, order = _flood(z, mask, outlet, 1e-5)
        receiver = _receivers(f, mask, order, size, outlet)
        area = _gather(receiver, order, inlet, inflow)
        _cut(f, receiver, order, area, uplift.ravel(), soft, size, cell_km, dt, CONCAVITY, SLOPE_KM2)
        z = f.reshape(size, size)
        if step % 2 == 0:
            z = _smooth(z, mask, 0.25)
    return z


def _finished(frame: Frame, z: NDArray[np.float64]) -> Relief:
    """Scale to metres, fill in whole centimetres and derive what the other modules need."""
    n, mask = frame.n, _mask(frame, frame.n)
    outlet, inlet = _gate(frame, mask, OUTLET_ANGLE), _gate(frame, mask, INLET_ANGLE)
    low, high = z.ravel()[outlet], np.quantile(z[mask], 0.9995)
    steep = float(np.median(slope_of(z.astype(np.float32))[mask]))
    scale = min(RELIEF_M / (high - low), MEDIAN_SLOPE / steep)
    cm = np.rint((LOW_M + (z - low) * scale) * 100).astype(np.int32)
    f, order = _flood(cm, mask, outlet, 1)
    receiver = _receivers(f, mask, order, n, outlet)
    area = _gather(receiver, order, inlet, INFLOW_SHARE * n * n)
    above = _above_river(f, receiver, order, area, river_cells(frame)).astype(np.float32) / np.float32(100)
    metres = np.where(mask, f.reshape(n, n).astype(np.float64) / 100, np.nan).astype(np.float32)
    return Relief(mask, metres, receiver, order, area, above.reshape(n, n), slope_of(metres), inlet, outlet)


def river_cells(frame: Frame) -> float:
    """Return the upstream area (cells) from which a stream counts as a valley stream: 2 km2, less in tiny counties."""
    return min(2200.0, frame.n * frame.n / 60)


def slope_of(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return slope (tangent) by central differences; at the edge of the mask by what is there, else 0."""
    p = np.pad(z, 1, constant_values=np.nan)
    gx = _difference(p[1:-1, :-2], z, p[1:-1, 2:])
    gy = _difference(p[:-2, 1:-1], z, p[2:, 1:-1])
    return np.sqrt(gx * gx + gy * gy)


def _difference(a: NDArray[np.float32], z: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    two = (b - a) / np.float32(2 * CELL_M)
    one = np.where(np.isnan(a), b - z, z - a) / np.float32(CELL_M)
    out = np.where(np.isnan(two), one, two)
    return np.nan_to_num(out, nan=0.0).astype(np.float32)
