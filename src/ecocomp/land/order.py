"""An order of parcels in which neighbours in the file are neighbours on the ground: the Hilbert curve.

Reference: D. Hilbert (1891), Über die stetige Abbildung einer Linie auf ein Flächenstück, Math. Ann. 38,
doi:10.1007/BF01199431.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 16


def hilbert_distance(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Return how far along a Hilbert curve of 2¹⁶ × 2¹⁶ cells over their bounding box each point lies."""
    if len(x) == 0:
        return np.zeros(0, np.uint32)
    column, row = _cell(x), _cell(y)
    distance = np.zeros(len(x), np.uint32)
    for bit in range(BITS - 1, -1, -1):
        side = np.uint32(1 << bit)
        right, up = (column & side) > 0, (row & side) > 0
        quarter = (3 * right.astype(np.uint32)) ^ up.astype(np.uint32)
        distance += side * side * quarter
        turn = ~up
        mirror = turn & right
        last = np.uint32((1 << BITS) - 1)
        column = np.where(mirror, last - column, column)
        row = np.where(mirror, last - row, row)
        column, row = np.where(turn, row, column), np.where(turn, column, row)
    return distance


def _cell(values: NDArray[np.float64]) -> NDArray[np.uint32]:
    low, high = float(values.min()), float(values.max())
    if high == low:
        return np.zeros(len(values), np.uint32)
    scaled = (values - low) * (((1 << BITS) - 1) / (high - low))
    return np.clip(np.floor(scaled), 0, (1 << BITS) - 1).astype(np.uint32)
