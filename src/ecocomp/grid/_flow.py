"""Compiled part of terrain: gradients.

References
----------
1. B. K. P. Horn (1981), Hill shading and the reflectance map, Proc. IEEE 69:14-47. doi:10.1109/PROC.1981.11918
"""

from __future__ import annotations

import numpy as np
from numba import njit

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}


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
def _rises(z, r, c, across, along):  # type: ignore[no-untyped-def]
    """Rise per metre eastward and southward at a cell that may lack neighbours."""
    nw, n, ne = _height(z, r, c, r - 1, c - 1), _height(z, r, c, r - 1, c), _height(z, r, c, r - 1, c + 1)
    w, e = _height(z, r, c, r, c - 1), _height(z, r, c, r, c + 1)
    sw, s, se = _height(z, r, c, r + 1, c - 1), _height(z, r, c, r + 1, c), _height(z, r, c, r + 1, c + 1)
    east = ((ne + 2.0 * e + se) - (nw + 2.0 * w + sw)) / (8.0 * across[r])
    return east, ((sw + 2.0 * s + se) - (nw + 2.0 * n + ne)) / (8.0 * along[r])


@njit(**_OPTIONS)
def horn(first, last, z, across, along, east, south):  # type: ignore[no-untyped-def]
    """Fill, on rows first..last−1, the rise per metre eastward and southward by the third-order differences of Horn (1981).

    `east` and `south` hold these rows only.
    """
    rows, columns = z.shape
    for r in range(first, last):
        to_east, to_south = east[r - first], south[r - first]
        if 0 < r < rows - 1:
            up, here, down = z[r - 1], z[r], z[r + 1]
            x, y = 1.0 / (8.0 * across[r]), 1.0 / (8.0 * along[r])
            for c in range(1, columns - 1):
                left = np.float64(up[c - 1]) + 2.0 * np.float64(here[c - 1]) + np.float64(down[c - 1])
                right = np.float64(up[c + 1]) + 2.0 * np.float64(here[c + 1]) + np.float64(down[c + 1])
                above = np.float64(up[c - 1]) + 2.0 * np.float64(up[c]) + np.float64(up[c + 1])
                below = np.float64(down[c - 1]) + 2.0 * np.float64(down[c]) + np.float64(down[c + 1])
                to_east[c], to_south[c] = (right - left) * x, (below - above) * y
        for c in range(columns):
            edge = r == 0 or c == 0 or r == rows - 1 or c == columns - 1
            if z[r, c] != z[r, c]:
                to_east[c], to_south[c] = np.nan, np.nan
            elif edge or to_east[c] != to_east[c] or to_south[c] != to_south[c]:
                to_east[c], to_south[c] = _rises(z, r, c, across, along)


@njit(**_OPTIONS)
def degrees(east, south, out):  # type: ignore[no-untyped-def]
    """Fill the slope angle [degrees]."""
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            x, y = np.float64(east[r, c]), np.float64(south[r, c])
            out[r, c] = np.arctan(np.sqrt(x * x + y * y)) * (180.0 / np.pi)
