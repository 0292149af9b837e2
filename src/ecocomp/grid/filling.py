"""Depressions filled by tiles, in the memory of a few tiles, with the surface that the whole grid at once would give.

For routing. Beside the arrays of the grid, which may be files, only the rims of the tiles are kept: their labels and
heights, and the passes between labels (see `ecocomp.grid._fill`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.threads import spread
from ecocomp.grid.tiling import tiles_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Raster = NDArray[np.float32]
    Passes = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]


@dataclass(eq=False)
class _Rims:
    """Labels and heights along the rims: the first and the last line of every row (or column) of tiles."""

    height: int
    width: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    high_rows: Raster
    high_columns: Raster

    @classmethod
    def over(cls, shape: tuple[int, int], tile: tuple[int, int]) -> _Rims:
        up, across = -(-shape[0] // tile[0]), -(-shape[1] // tile[1])
        rows, columns = (2 * up, shape[1]), (2 * across, shape[0])
        labels = np.zeros(rows, np.int64), np.zeros(columns, np.int64)
        return cls(*tile, *labels, np.empty(rows, np.float32), np.empty(columns, np.float32))

    def sides(self, r0: int, c0: int) -> tuple[NDArray[np.int64], ...]:
        """Labels along the top, bottom, left and right of a tile, as whole lines of the grid."""
        i, j = 2 * (r0 // self.height), 2 * (c0 // self.width)
        return self.rows[i], self.rows[i + 1], self.columns[j], self.columns[j + 1]

    def lift(self, r0: int, r1: int, c0: int, c1: int, by: int) -> None:
        """Count the labels of a tile on from those of the tiles before it; the ocean is one and the same for all."""
        for k, side in enumerate(self.sides(r0, c0)):
            part = side[c0:c1] if k < 2 else side[r0:r1]
            part[part > 1] += by

    def note_heights(self, r0: int, r1: int, c0: int, c1: int, filled: Raster) -> None:
        i, j = 2 * (r0 // self.height), 2 * (c0 // self.width)
        self.high_rows[i, c0:c1], self.high_rows[i + 1, c0:c1] = filled[r0, c0:c1], filled[r1 - 1, c0:c1]
        self.high_columns[j, r0:r1], self.high_columns[j + 1, r0:r1] = filled[r0:r1, c0], filled[r0:r1, c1 - 1]

    def passes(self) -> list[Passes]:
        """The passes across all seams."""
        from ecocomp.grid._fill import seam

        lines = ((self.rows, self.high_rows), (self.columns, self.high_columns))
        return [
            seam(label[k], label[k + 1], high[k], high[k + 1]) for label, high in lines for k in range(1, label.shape[0] - 1, 2)
        ]


def fill_tiles(z: Raster, filled: Raster, tile: tuple[int, int] | None = None, release: Callable[[], None] | None = None) -> None:
    """Put the surface without depressions into `filled` (which may be `z` itself); float32, NaN = nodata.

    release  called after each tile, to give back memory
    """
    from ecocomp.grid._fill import flood_tile, levels, raise_tile

    tile = (min(tile[0], z.shape[0]), min(tile[1], z.shape[1])) if tile is not None else (z.shape[0], z.shape[1])
    places, rims = tiles_of((z.shape[0], z.shape[1]), tile), _Rims.over((z.shape[0], z.shape[1]), tile)
    found: list[Any] = [None] * len(places)

    def flood(first: int, last: int) -> None:
        for k in range(first, last):
            found[k] = flood_tile(z, *places[k], filled, *rims.sides(places[k][0], places[k][2]))
            rims.note_heights(*places[k], filled)
            if release is not None:
                release()

    spread(flood, len(places), z.size)
    if len(places) == 1:
        return
    labels = _number_on(found, places, rims)
    passes = [f[1:] for f in found] + rims.passes()
    found.clear()
    level = levels(labels, *(np.concatenate([p[k] for p in passes]) for k in range(3)))

    def lift(first: int, last: int) -> None:
        for place in places[first:last]:
            raise_tile(*place, filled, *rims.sides(place[0], place[2]), level)
            if release is not None:
                release()

    spread(lift, len(places), z.size)


def _number_on(found: list[Any], places: list[tuple[int, int, int, int]], rims: _Rims) -> int:
    """Make the labels of the tiles one count, in the order of the tiles; return the last."""
    last = 1
    for k, (labels, one, two, _) in enumerate(found):
        for ends in (one, two):
            ends[ends > 1] += last - 1
        rims.lift(*places[k], last - 1)
        last += labels - 1
    return last
