"""The frame of the invented county: grid, projection, outline, and one stream of chance for every matter."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

COUNTY = "990121"
CRS = "EPSG:4543"  # CGCS2000, 3-degree Gauss-Kruger, central meridian 102° E
CELL_M = 30.0
EAST_M, NORTH_M = 452_400.0, 3_118_800.0  # upper left corner, a whole number of cells
OUTLET_ANGLE, INLET_ANGLE = -0.62, 2.45  # where the main river leaves (south-east) and enters (north-west)
SAND_ANGLE = 0.80  # the windy, dry corner lies in the north-east


@dataclass(frozen=True)
class Frame:
    """Grid of n × n cells of 30 m and the county's outline on it.

    parcels   number of survey parcels wanted
    seed      seed of everything
    n         cells per side
    """

    parcels: int
    seed: int
    n: int

    @property
    def side_m(self) -> float:
        """Side of the grid (m)."""
        return self.n * CELL_M

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine coefficients a..f of the grid in the order of rasterio."""
        return (CELL_M, 0.0, EAST_M, 0.0, -CELL_M, NORTH_M)

    def rng(self, matter: str) -> np.random.Generator:
        """Return the random stream of one matter; streams do not depend on each other or on the order of calls."""
        return np.random.Generator(np.random.PCG64(self.key(matter)))

    def key(self, matter: str) -> int:
        """Return a 32-bit seed for one matter."""
        digest = hashlib.sha256(f"qingxi|{self.seed}|{self.parcels}|{matter}".encode()).digest()
        return int.from_bytes(digest[:4], "big")

    def radius(self, angle: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the outline's distance from the centre, as a share of the grid's side, by angle (rad, east = 0)."""
        rng = self.rng("outline")
        out = np.full(np.shape(angle), 1.0)
        for k in range(2, 34):
            size = 0.055 / (k / 2) ** 0.95
            out = out + size * rng.normal() * np.cos(k * angle + rng.uniform(0, 2 * math.pi))
        square = (np.abs(np.cos(angle)) ** 3.2 + np.abs(np.sin(angle)) ** 3.2) ** (-1 / 3.2)
        return np.clip(0.415 * square * out, 0.25, 0.452 * square)

    def inside(self, x: NDArray[np.float64], y: NDArray[np.float64], grow: float = 1.0) -> NDArray[np.bool_]:
        """Return which points (CRS, m) lie inside the outline grown by the factor `grow`."""
        dx, dy = (x - EAST_M) / self.side_m - 0.5, (y - NORTH_M) / self.side_m + 0.5
        reach = np.interp(np.arctan2(dy, dx), *_outline(self))
        return np.hypot(dx, dy) <= reach * grow

    def at_angle(self, angle: float, grow: float = 1.0) -> tuple[float, float]:
        """Return the point of the outline at an angle, as (x, y) shares of the side from the upper left corner."""
        r = float(self.radius(np.array([angle]))[0]) * grow
        return 0.5 + r * math.cos(angle), 0.5 - r * math.sin(angle)

    def to_crs(self, col: NDArray[np.float64], row: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x, y (m) of points given in cells from the upper left corner."""
        return EAST_M + col * CELL_M, NORTH_M - row * CELL_M

    def cells_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return row and column of the cells that hold points, clipped to the grid."""
        row = np.clip(np.floor((NORTH_M - y) / CELL_M), 0, self.n - 1).astype(np.intp)
        col = np.clip(np.floor((x - EAST_M) / CELL_M), 0, self.n - 1).astype(np.intp)
        return row, col


@cache
def _outline(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the outline as a table of angles and radii."""
    angle = np.linspace(-math.pi, math.pi, 4097)
    return angle, frame.radius(angle)


def frame_of(parcels: int, seed: int) -> Frame:
    """Return the frame: 3,000 cells a side for 100,000 parcels, so that parcels are equally large in every size."""
    return Frame(parcels, seed, max(96, round(3000 * math.sqrt(parcels / 100_000))))
