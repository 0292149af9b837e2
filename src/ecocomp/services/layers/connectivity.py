"""Index of connectivity IC of each cell to the streams as a layer, made once for a year and kept on disk.

For sediment delivery. IC = log10(D_up/D_dn): above, mean cover factor times mean slope times the root of the area that
drains here; below, the path to the nearest stream, each metre weighed by 1/(W·S). It is +∞ on streams, and NaN where a
factor is not known here or on the way down; cells without a cover factor are left out of the means of what lies below
them. What leaves the data ends there as at a stream.

References
----------
1. Borselli et al. (2008). doi:10.1016/j.catena.2008.07.006
2. Cavalli et al. (2013), clamped slope. doi:10.1016/j.geomorph.2012.05.007
3. natcap/invest source 54ff9ca and natcap/pygeoprocessing, distance to channel.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.grid._routes import _LOWEST, D8, row_of, share
from ecocomp.services.derive import Making, StoredLayer, keep
from ecocomp.services.factors.sediment import connectivity, held, upslope_component
from ecocomp.services.layers._drained import CODE_VERSION as DRAINED
from ecocomp.services.layers._drained import chosen, routing, store, ways
from ecocomp.services.site import PASS, NotAssessed, Site, StripReader
from ecocomp.services.water_erosion import whole_factors
from ecocomp.terms.faults import FaultsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.routing import Course, Shares
    from ecocomp.grid.tiling import Scratch

    Floats = NDArray[np.float64]

CODE_VERSION = "connectivity-3"
"""Changes whenever the stored numbers would; part of their fingerprint."""
GIVES = ("connectivity_index",)
NEEDS = ("elevation", "ndvi")
PATHS = ("metres", "invest_steps")
"""Path below: metres weighed by the cost of each cell; or, as the code of InVEST, the cost of the next cell at each
step, with D8 of the cell itself."""
NUMBERS = ("stream_ha", "slope_least", "slope_most", "cover_least")
ROWS = 256
LANES = 5
"""What is gathered side by side from above: cells, W, S, cells whose W is known, area [m2]."""


def make(making: Making) -> dict[str, StripReader]:
    """Return IC of the year; nothing where the cover factor cannot be told, which the service then says itself."""
    p, grid = making.params, making.grid
    site = Site(p, {name: reader.bands for name, reader in making.layers.items()}, grid, making.year)
    try:
        factors = whole_factors("sediment_delivery", site, making.layers, with_rkls=False)
    except (NotAssessed, FaultsError):  # a layer, method or rule is missing; the service names it when it is prepared
        return {}
    path_form = chosen(p, "services.sediment.path_form", PATHS)
    numbers = {k: p.number(f"services.sediment.{k}") for k in NUMBERS}

    def build(path: Path) -> None:
        from ecocomp.grid.tiling import Scratch

        scratch = Scratch(making.folder)
        cover = scratch.empty(grid.shape, np.float64)
        for a, b in grid.strips(ROWS):
            cover[a:b] = factors.rows(a, b)[1]
        along = ways(making, routing(p), scratch)
        index = index_of_connectivity(along.rule, cover, path_form, scratch=scratch, along=along, **numbers)  # type: ignore[arg-type]
        store(path, index, scratch.release)

    words = (CODE_VERSION, DRAINED, grid.fingerprint(), making.digest("elevation"), *factors.known(),
             routing(p), path_form, *numbers.values())  # fmt: skip
    return {"connectivity_index": StoredLayer(keep(making.folder, "connectivity_index", words, build))}


def index_of_connectivity(
    shared: Shares,
    cover: Floats,
    path_form: str,
    *,
    stream_ha: float,
    slope_least: float,
    slope_most: float,
    cover_least: float,
    folder: Path | None = None,
    scratch: Scratch | None = None,
    along: Course | None = None,
) -> NDArray[np.float32]:
    """Return IC (rows, columns) float32; +∞ on streams, NaN where it is not known.

    Parameters
    ----------
    shared : rule of sharing water, whose elevation has no depressions
    cover : cover factor C (rows, columns), NaN where it is not known
    path_form : one of `PATHS`
    stream_ha : area above a cell from which on it is a stream [ha]
    slope_least, slope_most, cover_least : ends within which slope [m/m] and cover factor are held
    folder : where intermediate arrays live, in memory where None
    scratch : the same, where the caller has one
    along : order of the ways by this rule, found where it is not given
    """
    from ecocomp.grid.routing import add_from_above, course, path_along
    from ecocomp.grid.tiling import TILE, Scratch, by_strips

    grid, scratch = shared.grid, scratch or Scratch(folder)
    along = course(shared, TILE, scratch) if along is None else along
    above, cost = scratch.empty((*grid.shape, LANES), np.float64), scratch.empty(grid.shape, np.float64)
    _weights(along, cover, (slope_least, slope_most, cover_least), above, cost, scratch)
    add_from_above(along, above, scratch)
    stream = scratch.empty(grid.shape, np.bool_)
    by_strips(lambda a, b: np.greater_equal(above[a:b, :, 4], stream_ha * 1e4, out=stream[a:b]), *grid.shape, scratch.release)
    below = (path_along if path_form == "metres" else steps_along)(along, cost, stream, scratch)
    out: NDArray[np.float32] = scratch.empty(grid.shape, np.float32)
    args = above, below, stream, cost, out
    by_strips(lambda a, b: _index(*(x[a:b] for x in args)), *grid.shape, scratch.release)
    return out


def _weights(along: Course, cover: Floats, ends: tuple[float, float, float], above: Floats, cost: Floats, scratch: Scratch) -> None:
    """Put what is to be gathered into `above` (rows, columns, lanes) and the cost of a metre, 1/(W·S), into `cost`."""
    from ecocomp.grid._flow import horn
    from ecocomp.grid.georef import cell_area_m2_by_row, metres_per_cell
    from ecocomp.grid.tiling import by_strips

    grid, z = along.rule.grid, along.rule.filled_m
    metres, area_m2 = metres_per_cell(grid), cell_area_m2_by_row(grid)

    def weigh(a: int, b: int) -> None:
        east, south = (np.empty((b - a, grid.width), np.float32) for _ in range(2))
        horn(a, b, z, *metres, east, south)
        _weigh(east, south, cover[a:b], area_m2[a:b], *ends, above[a:b], cost[a:b])

    by_strips(weigh, *grid.shape, scratch.release)


def steps_along(along: Course, cost: Floats, stream: NDArray[np.bool_], scratch: Scratch) -> Floats:
    """Return the path below as the code of InVEST has it: at each step the cost of the next cell, whatever its length.

    The mean over the ways down leaves out those that never reach a stream; where none does, there is no path (NaN).
    """
    from ecocomp.grid.routing import blank
    from ecocomp.grid.strip import frozen

    rule, length = along.rule, blank(along.rule.way.shape, scratch)
    flat = (frozen(x.reshape(-1)) for x in (rule.onto, np.ascontiguousarray(cost, np.float64), np.ascontiguousarray(stream)))
    args = (*rule.args(), *flat, length.reshape(-1))
    along.run(lambda piece: _steps_down(frozen(piece), *args), scratch, upward=True)
    return length


@njit(**PASS)  # type: ignore[untyped-decorator]
def _weigh(east, south, cover, area_m2, slope_least, slope_most, cover_least, above, cost):  # type: ignore[no-untyped-def]
    """Put 1, W (0 where not known), S, whether W is known and the area into `above`, and 1/(W·S) into `cost`."""
    for r in range(east.shape[0]):
        for c in range(east.shape[1]):
            x, y = np.float64(east[r, c]), np.float64(south[r, c])
            slope = held(np.sqrt(x * x + y * y), slope_least, slope_most)
            weight = held(np.float64(cover[r, c]), cover_least, 1.0)
            known = 1.0 if weight == weight else 0.0
            cost[r, c] = 1.0 / (weight * slope)
            above[r, c, 0] = 1.0
            above[r, c, 1] = weight if weight == weight else 0.0
            above[r, c, 2] = slope
            above[r, c, 3] = known
            above[r, c, 4] = area_m2[r] if slope == slope else np.nan


@njit(**PASS)  # type: ignore[untyped-decorator]
def _index(above, below, stream, cost, out):  # type: ignore[no-untyped-def]
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            cells, w, s, known, area_m2 = above[r, c, 0], above[r, c, 1], above[r, c, 2], above[r, c, 3], above[r, c, 4]
            # The cost is NaN where the cell's own factors are not known.
            found = connectivity(upslope_component(w / known, s / cells, area_m2), below[r, c]) + 0.0 * cost[r, c]
            out[r, c] = np.inf if stream[r, c] else found


@njit(**PASS)  # type: ignore[untyped-decorator]
def _steps_down(order, kind, z, aux, inverse, step, columns, onto, cost, stream, length):  # type: ignore[no-untyped-def]
    """Fill the path, back along the order; flat arrays."""
    per = 1.0 / columns
    for k in range(order.size - 1, -1, -1):
        i = np.int64(order[k])
        if stream[i]:
            length[i] = 0.0
            continue
        s, whole, r, bits = 0.0, 0.0, row_of(i, per), onto[i]
        while bits:
            d = _LOWEST[bits]
            bits &= bits - 1
            j = i + step[d]
            ahead = length[j]
            # The peer charges the cell itself where water goes one way, and the next cell where it is shared.
            metre = cost[i] if kind == D8 else cost[j]
            part = share(kind, z, aux, inverse, r, i, j, d) if ahead == ahead else 0.0
            s += part * ((metre if metre == metre else 0.0) + (ahead if ahead == ahead else 0.0))
            whole += part
        length[i] = s / whole if whole > 0.0 else np.nan


__all__ = ["CODE_VERSION", "GIVES", "NEEDS", "PATHS", "index_of_connectivity", "make", "steps_along"]
