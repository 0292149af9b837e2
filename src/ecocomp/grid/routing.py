"""Where water goes from each cell and what it gathers: one way, two ways or all ways down; the path to the nearest stream.

For sediment connectivity, slope length and water services. Arrays are (rows, columns); no data is NaN (heights, weights)
or `terrain.NONE` (directions). All sums are float64 and put together in the order of the directions, so results have the
same bits whatever the tile size and the number of threads.

Three rules of sharing: `d8_shares` (everything to the steepest of eight), `mfd_fractions` (to all lower neighbours in
proportion to the fall per metre, Quinn et al. 1991, as InVEST's routing) and `dinf_fractions` (to the two neighbours on
either side of the steepest direction, Tarboton 1997). On level ground every rule follows the D8 way out.

References: see `ecocomp.grid._routes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import Grid, metres_per_cell
from ecocomp.grid.strip import frozen
from ecocomp.grid.terrain import NONE, accumulate, directions, found, unknown
from ecocomp.grid.tiling import TILE, Scratch, by_strips, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Raster = NDArray[np.float32]
    Ways = NDArray[np.uint8]
    Tile = tuple[int, int] | None

METHODS = ("D8", "MFD", "DINF")


@dataclass(frozen=True, eq=False)
class Shares:
    """How what leaves each cell is shared among its eight neighbours.

    kind       place in `METHODS`
    filled_m   elevation without depressions [m]
    way        D8 direction, for level ground and outlets
    aux        MFD: sum of the falls per metre; DINF: direction in eighths of a turn, −1 where nothing is lower; D8: unused
    """

    grid: Grid
    kind: int
    filled_m: Raster
    way: Ways
    aux: Floats

    def fractions(self) -> Floats:
        """Return the shares as (8, rows, columns), 0 east and on against the clock; for inspection, not for large grids."""
        from ecocomp.grid import _routes

        out = np.zeros((8, *self.way.shape))
        rows, columns = self.way.shape
        for r, c in np.argwhere(self.way != NONE):
            for d in range(8):
                y, x = r + _routes._DR[d], c + _routes._DC[d]
                if 0 <= y < rows and 0 <= x < columns and self.way[y, x] != NONE:
                    out[d, r, c] = _routes._share(*self._args(), r, c, d)
        return out

    def _args(self) -> tuple[Any, ...]:
        return (self.kind, frozen(self.filled_m), frozen(self.way), frozen(self.aux), *_metres(self.grid))


def d8_shares(filled_m: Raster, grid: Grid, way: Ways | None = None, scratch: Scratch | None = None) -> Shares:
    """Return the rule that sends everything to the steepest of eight neighbours; `way` is found where not given.

    scratch  where arrays are kept, in memory where None; so for the other rules
    """
    way = directions(filled_m, grid, TILE, scratch) if way is None else way
    return Shares(grid, METHODS.index("D8"), _heights(filled_m), way, np.empty((1, 1)))


def mfd_fractions(filled_m: Raster, grid: Grid, way: Ways | None = None, scratch: Scratch | None = None) -> Shares:
    """Return the rule that shares among all lower neighbours in proportion to the fall per metre (Quinn et al. 1991).

    InVEST's routing keeps each share as one of sixteen steps; here they are kept in full.
    """
    from ecocomp.grid._routes import falls

    return _with_aux("MFD", filled_m, grid, way, scratch, falls)


def dinf_fractions(filled_m: Raster, grid: Grid, way: Ways | None = None, scratch: Scratch | None = None) -> Shares:
    """Return the rule that shares between the two neighbours beside the steepest direction (D-infinity, Tarboton 1997)."""
    from ecocomp.grid._routes import facets

    return _with_aux("DINF", filled_m, grid, way, scratch, facets)


def shares(method: str, filled_m: Raster, grid: Grid, way: Ways | None = None, scratch: Scratch | None = None) -> Shares:
    """Return the rule of a method of `METHODS`."""
    return {"D8": d8_shares, "MFD": mfd_fractions, "DINF": dinf_fractions}[method](filled_m, grid, way, scratch)


def dinf_angle(filled_m: Raster, grid: Grid, way: Ways | None = None) -> Floats:
    """Return the D-infinity direction [radians, 0 east, against the clock], −1 where nothing is lower, NaN without data."""
    eighths = dinf_fractions(filled_m, grid, way).aux
    across, along = metres_per_cell(grid)
    corner = np.arctan2(along, across)[:, None]
    k = np.floor(np.where(eighths >= 0, eighths, 0)).astype(np.int64)
    quarter, odd, part = k // 2, k % 2, eighths - k
    # Within a quarter turn the diagonal lies at `corner` from the east-west axis, so at π/2 − corner from the other one.
    first = np.where(quarter % 2 == 0, corner, 0.5 * np.pi - corner)
    turned = np.where(odd == 0, part * first, first + part * (0.5 * np.pi - first))
    return np.where(eighths >= 0, quarter * (0.5 * np.pi) + turned, eighths)


def d8_accumulate(way: Ways, weight: NDArray[Any] | None = None, tile: Tile = TILE, scratch: Scratch | None = None) -> Floats:
    """Return the sum of `weight` (1 where None) over each cell and all that drain through it by D8."""
    return accumulate(way, weight, tile, scratch)


def accumulate_split(rule: Shares, weight: NDArray[Any] | None = None, tile: Tile = TILE, scratch: Scratch | None = None) -> Floats:
    """Return the sum of `weight` (1 where None) over each cell and, by shares, over all from which water comes; float64.

    The sum over outlets equals the sum of the weights over cells with data. A weight of NaN makes everything below NaN.
    """
    from ecocomp.grid._routes import D8, gather_shares

    if rule.kind == D8:
        return accumulate(rule.way, weight, tile, scratch)
    scratch = scratch or Scratch()
    given = np.empty((0, 0)) if weight is None else np.asarray(weight, np.float64)
    total: Floats = unknown(rule.way, np.float64, scratch)
    args = (*rule._args(), frozen(given), total)
    settle(rule.way.shape, tile, lambda *window: gather_shares(*window, *args), scratch.release)
    return np.asarray(found(total, scratch))


def downslope_path(
    rule: Shares, cost: NDArray[Any], streams: NDArray[np.bool_], tile: Tile = TILE, scratch: Scratch | None = None
) -> Floats:
    """Return the mean over the ways down of Σ cost · step length [cost · m] from each cell to the first stream cell; float64.

    D(x) = Σ_d share(x, d) · (cost(x) · length of the step + D(neighbour d)), 0 at stream cells. With cost = 1/(W·S) this is
    D_dn of the index of connectivity (Borselli et al. 2008). Where water leaves the data the path ends after half the
    cell's width and half its height.

    Parameters
    ----------
    cost : (rows, columns)
        Cost of one metre in each cell.
    streams : (rows, columns)
        True where the path ends.
    """
    from ecocomp.grid._routes import path_down

    scratch = scratch or Scratch()
    length: Floats = unknown(rule.way, np.float64, scratch)
    args = (*rule._args(), frozen(np.asarray(cost, np.float64)), frozen(np.asarray(streams, np.bool_)), length)
    settle(rule.way.shape, tile, lambda *window: path_down(*window, *args), scratch.release)
    return np.asarray(found(length, scratch))


def streams(accumulated: NDArray[Any], least: float) -> NDArray[np.bool_]:
    """Return where at least `least` (cells, or what was accumulated) drains through; False without data."""
    return np.asarray(accumulated >= least)


def _with_aux(name: str, filled_m: Raster, grid: Grid, way: Ways | None, scratch: Scratch | None, kernel: Any) -> Shares:
    scratch, z = scratch or Scratch(), _heights(filled_m)
    way = directions(z, grid, TILE, scratch) if way is None else way
    out: Floats = scratch.empty(grid.shape, np.float64)
    args = (frozen(z), frozen(way), *_metres(grid), out)
    by_strips(lambda first, last: kernel(first, last, *args), *grid.shape, scratch.release)
    return Shares(grid, METHODS.index(name), z, way, out)


def _heights(filled_m: NDArray[Any]) -> Raster:
    return np.ascontiguousarray(filled_m, np.float32)


def _metres(grid: Grid) -> tuple[Floats, Floats]:
    across, along = metres_per_cell(grid)
    return frozen(across), frozen(along)
