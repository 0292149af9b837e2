"""The ground: how steep it is, where its water goes, and how long a slope is above each point.

For soil conservation (CSLE, RUSLE, InVEST) and water services. Elevation is float32 metres, (rows, columns), NaN where
there is none. Lengths come from `metres_per_cell`, so grids in degrees are right at every latitude. Water is routed by the
steepest of eight neighbours over a surface without depressions; every cell drains to the border of the data, so the
accumulation at the outlets adds up to the number of cells.

References
----------
1. B. K. P. Horn (1981). doi:10.1109/PROC.1981.11918
2. R. Barnes, C. Lehman, D. Mulla (2014). doi:10.1016/j.cageo.2013.04.024
3. R. Hickey (2000), Slope angle and slope length solutions for GIS, Cartography 29:1-8. doi:10.1080/00690805.2000.9714334
4. P. J. J. Desmet, G. Govers (1996), A GIS procedure for automatically calculating the USLE LS factor on topographically
   complex landscape units, J. Soil Water Conserv. 51:427-433.
5. InVEST 3.14+ Sediment Delivery Ratio source (its `up` is a length).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import Grid, metres_per_cell
from ecocomp.grid.strip import frozen
from ecocomp.grid.tiling import TILE, Scratch, by_strips, by_tiles, settle
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Raster = NDArray[np.float32]
    Ways = NDArray[np.uint8]
    Tile = tuple[int, int] | None

DEPOSITION_RATIO = 0.5
"""A slope ends where the sine of its angle falls below this share of the one above (Hickey 2000: 0.5 to 0.7)."""

UNIT_PLOT_M = 22.13

INVEST_M = ((1.0, 0.2), (3.5, 0.3), (5.0, 0.4), (9.0, 0.5))
"""InVEST's slope-length exponent by slope [%] up to which it holds; above the last it follows from rill erosion."""

OUT = 8
"""Direction of a cell that drains off the data."""

NONE = 255
"""Direction of a cell without data."""


def gradient(elevation_m: NDArray[Any], grid: Grid) -> tuple[Raster, Raster]:
    """Return the rise per metre eastward and southward (Horn 1981), two float32 arrays, NaN where there is no height.

    A missing neighbour is replaced by mirroring the opposite one, which keeps planes exact up to the edge.
    """
    from ecocomp.grid._flow import horn

    z = _heights(elevation_m, grid)
    east, south = np.empty(grid.shape, np.float32), np.empty(grid.shape, np.float32)
    metres = _metres(grid)
    by_strips(lambda a, b: horn(a, b, z, *metres, east[a:b], south[a:b]), *grid.shape)
    return east, south


def slope_tangent(elevation_m: NDArray[Any], grid: Grid) -> Raster:
    """Return rise over run."""
    east, south = gradient(elevation_m, grid)
    return np.hypot(east, south)


def slope_deg(elevation_m: NDArray[Any], grid: Grid, scratch: Scratch | None = None) -> Raster:
    """Return the slope angle [degrees]; `scratch` says where the array is kept, in memory where None."""
    from ecocomp.grid._flow import degrees, horn

    scratch = scratch or Scratch()
    z, metres = _heights(elevation_m, grid), _metres(grid)
    out: Raster = scratch.empty(grid.shape, np.float32)

    def some(first: int, last: int) -> None:
        east, south = (np.empty((last - first, grid.width), np.float32) for _ in range(2))
        horn(first, last, z, *metres, east, south)
        degrees(east, south, out[first:last])

    by_strips(some, *grid.shape, scratch.release)
    return out


def slope_sin(elevation_m: NDArray[Any], grid: Grid) -> Raster:
    """Return the sine of the slope angle."""
    t = slope_tangent(elevation_m, grid)
    return t / np.sqrt(1.0 + t * t)


def aspect_width(elevation_m: NDArray[Any], grid: Grid) -> Raster:
    """Return |sin α| + |cos α| of the aspect α: contour length crossing a cell, in cells (Desmet & Govers 1996); 1 where level."""
    east, south = gradient(elevation_m, grid)
    steepness = np.hypot(east, south)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(steepness == 0, np.float32(1), (np.abs(east) + np.abs(south)) / steepness).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Drainage:
    """Where the water goes; all arrays are (rows, columns).

    filled_m    elevation with every depression raised to its lowest way out [m]
    way         direction of flow, 0 east, 1 north-east, … 7 south-east; `OUT` leaves the data, `NONE` has no data
    cells       number of cells that drain through each, itself included; NaN without data
    """

    grid: Grid
    filled_m: Raster
    way: Ways
    cells: Floats

    @property
    def outlets(self) -> NDArray[np.bool_]:
        """Cells from which water leaves the data."""
        return np.asarray(self.way == OUT)


def drain(elevation_m: NDArray[Any], grid: Grid, tile: Tile = TILE, scratch: Scratch | None = None) -> Drainage:
    """Return filled elevation, flow directions and accumulation in one go.

    tile     rows and columns worked on at once, None for all; the result does not depend on it
    scratch  where the arrays are kept, in memory where None

    >>> grid = Grid("EPSG:4545", 0.0, 90.0, 30.0, 30.0, 3, 3)
    >>> drain(np.array([[3.0, 3, 3], [2, 2, 2], [1, 1, 1]]), grid).cells[2].tolist()
    [3.0, 3.0, 3.0]
    """
    filled = fill(elevation_m, grid, tile, scratch)
    way = directions(filled, grid, tile, scratch)
    return Drainage(grid, filled, way, accumulate(way, None, tile, scratch))


def fill(elevation_m: NDArray[Any], grid: Grid, tile: Tile = TILE, scratch: Scratch | None = None) -> Raster:
    """Fill depressions and return the filled elevation [m].

    Nothing is raised above the pour point, so lakes and flats stay level. The border of the data, holes in it included, is
    where water may leave.
    """
    from ecocomp.grid.filling import fill_tiles

    scratch = scratch or Scratch()
    filled: Raster = scratch.empty(grid.shape, np.float32)
    fill_tiles(_heights(elevation_m, grid), filled, tile, scratch.release)
    return filled


def directions(filled_m: Raster, grid: Grid, tile: Tile = TILE, scratch: Scratch | None = None) -> Ways:
    """Return D8 directions: the steepest fall per metre; on level ground the shortest way out, counted in cells.

    Water leaves the data (`OUT`) from cells on its border that have no lower neighbour. Level ground is left towards a cell
    that has a lower neighbour or leaves the data; of equally short ways the first of east, north, west, south, north-east,
    north-west, south-west, south-east is taken. Where depressions were not filled, water ends in them (`OUT`).
    """
    from ecocomp.grid._ways import cross_level, level_ways, steepest_tile

    scratch = scratch or Scratch()
    z, metres = _heights(filled_m, grid), _metres(grid)
    way: Ways = scratch.empty(grid.shape, np.uint8)
    steps = scratch.empty(grid.shape, np.int32)
    by_tiles(lambda *place: steepest_tile(*place, z, *metres, way, steps), grid.shape, tile, scratch.release)
    settle(grid.shape, tile, lambda *window: cross_level(*window, z, way, steps), scratch.release)
    by_tiles(lambda *place: level_ways(*place, z, way, steps), grid.shape, tile, scratch.release)
    return way


def accumulate(way: Ways, weight: NDArray[Any] | None = None, tile: Tile = TILE, scratch: Scratch | None = None) -> Floats:
    """Return the sum of `weight` (1 where None) over each cell and all that drain through it, float64.

    Counts are exact up to 9e15 cells. Sums are put together from a cell and its neighbours in the order of the directions,
    so they have the same bits for all tile sizes. The sum over the outlets equals the sum of the weights over cells with data.
    """
    from ecocomp.grid._ways import gather_way

    scratch = scratch or Scratch()
    given = np.empty((0, 0)) if weight is None else np.asarray(weight, np.float64)
    args = (frozen(way), frozen(given), unknown(way, np.float64, scratch))
    settle(way.shape, tile, lambda *window: gather_way(*window, *args), scratch.release)
    return found(args[-1], scratch)


def unknown(way: Ways, dtype: Any, scratch: Scratch) -> NDArray[Any]:
    """Return an array that is NaN without data and `PENDING` (−inf) where the value is still to be found."""
    from ecocomp.grid._ways import begin

    out, ways = scratch.empty((way.shape[0], way.shape[1]), dtype), frozen(way)
    by_strips(lambda first, last: begin(first, last, ways, out), out.shape[0], out.shape[1], scratch.release)
    return out


def found(values: NDArray[Any], scratch: Scratch) -> NDArray[Any]:
    """Return the array if no value is `PENDING` any more; directions that go round in a circle are refused."""
    from ecocomp.grid._ways import first_pending

    left: list[tuple[int, int]] = []

    def look(first: int, last: int) -> None:
        r, c = first_pending(first, last, values)
        if r >= 0:
            left.append((int(r), int(c)))

    by_strips(look, values.shape[0], values.shape[1], scratch.release)
    refuse_circle(left)
    return values


def refuse_circle(left: list[tuple[int, int]]) -> None:
    """Raise where cells (row, column) are left that wait for each other."""
    if left:
        text = Text(
            "流向成环，例如第 {r} 行第 {c} 列。", "The directions go round in a circle, for example at row {r}, column {c}."
        )
        raise UsageError(text.fill(r=min(left)[0], c=min(left)[1]))


def slope_length_m(
    drainage: Drainage,
    slope_sine: NDArray[Any],
    stream_cells: float | None = None,
    ratio: float = DEPOSITION_RATIO,
    longest_m: float = np.inf,
    tile: Tile = TILE,
    scratch: Scratch | None = None,
) -> Raster:
    """Return the horizontal slope length λ from where runoff starts to the middle of each cell [m], along D8 paths.

    λ of a cell is the longest that arrives from above plus the step to its own middle. It starts anew, at half a step,
    on divides and where the slope flattens to less than `ratio` of the one above, since soil settles there (Hickey 2000).
    Streams end every slope: λ is 0 where at least `stream_cells` cells drain through (never, if None).

    Parameters
    ----------
    slope_sine : (rows, columns)
        Sine of the slope angle of the unfilled ground, from `slope_sin`.
    longest_m : float
        Upper limit of λ [m].
    """
    from ecocomp.grid._ways import run_out_way

    scratch = scratch or Scratch()
    least, length = float(np.inf if stream_cells is None else stream_cells), unknown(drainage.way, np.float32, scratch)
    given = (frozen(drainage.way), frozen(np.asarray(slope_sine, np.float32)), frozen(drainage.cells))
    args = (*given, least, *_metres(drainage.grid), float(ratio), float(longest_m), length)
    settle(drainage.way.shape, tile, lambda *window: run_out_way(*window, *args), scratch.release)
    return length


def area_length_factor(drainage: Drainage, width: NDArray[Any], exponent: NDArray[Any] | float) -> Floats:
    """Return the slope-length factor L from the specific area above a cell (Desmet & Govers 1996, eq. 8).

    L = [(A + D²)^(m+1) − A^(m+1)] / [D^(m+2) · x^m · 22.13^m], A the area that drains *into* the cell [m2], D the side of
    the cell [m] (the root of its area where it is not square), x = `aspect_width`, m the exponent.
    """
    across, along = metres_per_cell(drainage.grid)
    cell_m2 = (across * along)[:, None]
    above_m2, m = (drainage.cells - 1.0) * cell_m2, np.asarray(exponent, np.float64)
    grown = (above_m2 + cell_m2) ** (m + 1.0) - above_m2 ** (m + 1.0)
    return np.asarray(grown / (cell_m2 ** (0.5 * m + 1.0) * np.asarray(width, np.float64) ** m * UNIT_PLOT_M**m))


def invest_exponent(slope_pct: NDArray[Any] | float) -> Floats:
    """Return InVEST's slope-length exponent m for slopes [%]."""
    pct = np.asarray(slope_pct, np.float64)
    sine = np.sin(np.arctan(pct / 100.0))
    beta = (sine / 0.0896) / (3.0 * sine**0.8 + 0.56)
    steps = [pct <= limit for limit, _ in INVEST_M]
    m = np.select(steps, [np.full(pct.shape, m) for _, m in INVEST_M], beta / (1.0 + beta))
    return np.where(np.isnan(pct), np.nan, m)


def invest_length_factor(cells: NDArray[Any] | float, slope_pct: NDArray[Any] | float, cell_m: float) -> Floats:
    """Return L as the code of InVEST's sediment model has it, for side-by-side checks only.

    There the upslope quantity is √((FA − 1)·D²), a length that is added to an area, and x is |sin| + |cos| of the slope
    angle, not of the aspect; `area_length_factor` keeps the published form.
    """
    pct = np.asarray(slope_pct, np.float64)
    angle, m = np.arctan(pct / 100.0), invest_exponent(pct)
    above = np.sqrt((np.asarray(cells, np.float64) - 1.0) * cell_m**2)
    x = np.abs(np.sin(angle)) + np.abs(np.cos(angle))
    grown = (above + cell_m**2) ** (m + 1.0) - above ** (m + 1.0)
    return np.asarray(grown / (cell_m ** (m + 2.0) * x**m * UNIT_PLOT_M**m))


def _metres(grid: Grid) -> tuple[Floats, Floats]:
    across, along = metres_per_cell(grid)
    return frozen(across), frozen(along)


def _heights(elevation_m: NDArray[Any], grid: Grid) -> Raster:
    if elevation_m.shape != grid.shape:
        text = Text("高程为 {a} 行列，栅格为 {b}。", "The elevation has shape {a}, the grid {b}.")
        raise UsageError(text.fill(a=elevation_m.shape, b=grid.shape))
    return frozen(np.asarray(elevation_m, np.float32))
