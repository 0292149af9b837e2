"""Smooth chance: fractal gradient noise from integer hashes, evaluated for any strip of the grid alone.

Because a value depends only on its place and a key, strips can be made one by one and memory stays flat.
Reference: Perlin, Improving noise, ACM TOG 21 (2002), doi:10.1145/566654.566636.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray


@njit(cache=True, inline="always")
def mix(x: int, y: int, key: int) -> np.uint32:
    """Return 32 well-mixed bits of two whole numbers and a key."""
    h = (np.uint32(x) * np.uint32(0x9E3779B1)) ^ (np.uint32(y) * np.uint32(0x85EBCA77)) ^ np.uint32(key)
    h = np.uint32(h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h = np.uint32(h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    return np.uint32(h ^ (h >> np.uint32(16)))


@njit(cache=True, inline="always")
def _slope(h: np.uint32, dx: float, dy: float) -> float:
    k = np.uint32(h) & np.uint32(7)
    if k == 0:
        return dx + 0.41421356 * dy
    if k == 1:
        return dx - 0.41421356 * dy
    if k == 2:
        return -dx + 0.41421356 * dy
    if k == 3:
        return -dx - 0.41421356 * dy
    if k == 4:
        return 0.41421356 * dx + dy
    if k == 5:
        return -0.41421356 * dx + dy
    if k == 6:
        return 0.41421356 * dx - dy
    return -0.41421356 * dx - dy


@njit(cache=True)
def gradient_noise(x: float, y: float, key: int) -> float:
    """Return gradient noise, about −1…1, with one feature per unit length."""
    fx, fy = np.floor(x), np.floor(y)
    ix, iy = int(fx), int(fy)
    dx, dy = x - fx, y - fy
    u = dx * dx * dx * (dx * (dx * 6.0 - 15.0) + 10.0)
    v = dy * dy * dy * (dy * (dy * 6.0 - 15.0) + 10.0)
    a = _slope(mix(ix, iy, key), dx, dy)
    b = _slope(mix(ix + 1, iy, key), dx - 1.0, dy)
    c = _slope(mix(ix, iy + 1, key), dx, dy - 1.0)
    d = _slope(mix(ix + 1, iy + 1, key), dx - 1.0, dy - 1.0)
    top = a + u * (b - a)
    low = c + u * (d - c)
    return 1.4 * (top + v * (low - top))


@njit(cache=True)
def fractal_at(x: float, y: float, wave: float, octaves: int, gain: float, key: int) -> float:
    """Return fractal noise at one point; `wave` is the longest wavelength in the unit of x and y."""
    total, size, norm, scale = 0.0, 1.0, 0.0, 1.0 / wave
    for k in range(octaves):
        total += size * gradient_noise(x * scale + 17.3 * k, y * scale - 9.7 * k, key + k)
        norm += size * size
        size *= gain
        scale *= 2.0
    return total / np.sqrt(norm)


@njit(cache=True, parallel=True)
def fractal(row0: int, row1: int, cols: int, wave: float, octaves: int, gain: float, key: int) -> NDArray[np.float32]:
    """Return fractal noise (standard deviation near 0.4) of the rows row0…row1−1; `wave` in cells."""
    out = np.empty((row1 - row0, cols), np.float32)
    for r in prange(row1 - row0):
        for c in range(cols):
            out[r, c] = fractal_at(c + 0.5, r + row0 + 0.5, wave, octaves, gain, key)
    return out


@njit(cache=True, inline="always")
def white(x: int, y: int, key: int) -> float:
    """Return white noise of standard deviation near 1: the sum of four even parts, cheap and free of libm."""
    h = mix(x, y, key)
    total = float(h & np.uint32(255)) + float((h >> np.uint32(8)) & np.uint32(255))
    total += float((h >> np.uint32(16)) & np.uint32(255)) + float(h >> np.uint32(24))
    return (total - 510.0) * 0.006767
