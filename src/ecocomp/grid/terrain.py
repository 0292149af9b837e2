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
5. InVEST 3.14+ Sediment Delivery Ratio, as written down in the models sheet of this project (its `up` is a length).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import Grid, metres_per_cell
from ecocomp.grid.strip import frozen
from ecocomp.grid.threads import spread
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Raster = NDArray[np.float32]
    Ways = NDArray[np.uint8]

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
    spread(lambda first, last: horn(first, last, z, *metres, east, south), grid.height, z.size)
    return east, south


def slope_tangent(elevation_m: NDArray[Any], grid: Grid) -> Raster:
    """Return rise over run."""
    east, south = gradient(elevation_m, grid)
    return np.hypot(east, south)


def slope_deg(elevation_m: NDArray[Any], grid: Grid) -> Raster:
    """Return the slope angle [degrees]."""
    return np.degrees(np.arctan(slope_tangent(elevation_m, grid)))


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


def drain(elevation_m: NDArray[Any], grid: Grid) -> Drainage:
    """Return filled elevation, flow directions and accumulation in one go.

    >>> grid = Grid("EPSG:4545", 0.0, 90.0, 30.0, 30.0, 3, 3)
    >>> drain(np.array([[3.0, 3, 3], [2, 2, 2], [1, 1, 1]]), grid).cells[2].tolist()
    [3.0, 3.0, 3.0]
    """
    filled, found_from = fill(elevation_m, grid)
    way = directions(filled, found_from, grid)
    return Drainage(grid, filled, way, accumulate(way))


def fill(elevation_m: NDArray[Any], grid: Grid) -> tuple[Raster, Ways]:
    """Fill depressions and return (filled elevation [m], the way back to the outlet of each cell).

    Nothing is raised above the pour point, so lakes and flats stay level; the second array tells how to cross them. The
    border of the data, holes in it included, is where water may leave.
    """
    from ecocomp.grid._flow import flood

    filled, found_from = np.empty(grid.shape, np.float32), np.empty(grid.shape, np.uint8)
    flood(_heights(elevation_m, grid), filled, found_from)
    return filled, found_from


def directions(filled_m: Raster, found_from: Ways, grid: Grid) -> Ways:
    """Return D8 directions: the steepest fall per metre, on level ground the way `fill` found, `OUT` at outlets."""
    from ecocomp.grid._flow import steepest

    way = np.empty(grid.shape, np.uint8)
    args = (_heights(filled_m, grid), frozen(found_from), *_metres(grid), way)
    spread(lambda first, last: steepest(first, last, *args), grid.height, way.size)
    return way


def accumulate(way: Ways, weight: NDArray[Any] | None = None) -> Floats:
    """Return the sum of `weight` (1 where None) over each cell and all that drain through it, float64.

    Counts are exact up to 9e15 cells. The sum over the outlets equals the sum of the weights over cells with data.
    """
    from ecocomp.grid._flow import gather

    given = np.ones(way.shape) if weight is None else np.asarray(weight, np.float64)
    total = np.empty(way.shape, np.float64)
    gather(frozen(way), frozen(given), total)
    return total


def slope_length_m(
    drainage: Drainage,
    slope_sine: NDArray[Any],
    stream_cells: float | None = None,
    ratio: float = DEPOSITION_RATIO,
    longest_m: float = np.inf,
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
    from ecocomp.grid._flow import run_out

    stream = drainage.cells >= (np.inf if stream_cells is None else stream_cells)
    length = np.empty(drainage.way.shape, np.float32)
    sine = frozen(np.asarray(slope_sine, np.float32))
    run_out(frozen(drainage.way), sine, frozen(stream), *_metres(drainage.grid), float(ratio), float(longest_m), length)
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
