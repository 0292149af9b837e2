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

from ecocomp.grid._routes import _DC, _DR, NONE, PENDING, _gives, _linked, _share
from ecocomp.services.derive import Making, StoredLayer, digest_of, keep
from ecocomp.services.factors.sediment import connectivity, held, upslope_component
from ecocomp.services.layers._drained import CODE_VERSION as DRAINED
from ecocomp.services.layers._drained import chosen, routing, rule, store
from ecocomp.services.site import PASS, NotAssessed, Site, StripReader
from ecocomp.services.water_erosion import whole_factors
from ecocomp.terms.faults import FaultsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.routing import Shares
    from ecocomp.grid.tiling import Scratch

    Floats = NDArray[np.float64]

CODE_VERSION = "connectivity-2"
"""Changes whenever the stored numbers would; part of their fingerprint."""
GIVES = ("connectivity_index",)
NEEDS = ("elevation", "ndvi")
PATHS = ("metres", "invest_steps")
"""Path below: metres weighed by the cost of each cell; or, as the code of InVEST, the cost of the next cell at each
step, with D8 of the cell itself."""
NUMBERS = ("stream_ha", "slope_least", "slope_most", "cover_least")
ROWS = 256
D8 = 0
"""Place of D8 in `grid.routing.METHODS`."""


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
        store(path, index_of_connectivity(rule(making, scratch), cover, path_form, folder=making.folder, **numbers))

    words = (CODE_VERSION, DRAINED, grid.fingerprint(), digest_of(making.layers["elevation"], grid), *factors.known(),
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
    """
    from ecocomp.grid.georef import cell_area_m2_by_row
    from ecocomp.grid.routing import accumulate_split, downslope_path
    from ecocomp.grid.tiling import TILE, Scratch, by_strips

    grid, scratch = shared.grid, Scratch(folder)
    area = accumulate_split(shared, np.broadcast_to(cell_area_m2_by_row(grid)[:, None], grid.shape), TILE, scratch)
    cost, ends = scratch.empty(grid.shape, np.float64), (slope_least, slope_most, cover_least)
    mean_w, mean_s = _means_above(shared, cover, ends, cost, scratch, folder)
    stream = scratch.empty(grid.shape, np.bool_)
    by_strips(lambda a, b: np.greater_equal(area[a:b], stream_ha * 1e4, out=stream[a:b]), *grid.shape, scratch.release)
    below = (downslope_path if path_form == "metres" else steps_down)(shared, cost, stream, TILE, scratch)
    out: NDArray[np.float32] = scratch.empty(grid.shape, np.float32)
    args = mean_w, mean_s, area, below, stream, cost, out
    by_strips(lambda a, b: _index(*(x[a:b] for x in args)), *grid.shape, scratch.release)
    return out


def _means_above(
    shared: Shares, cover: Floats, ends: tuple[float, float, float], cost: Floats, scratch: Scratch, folder: Path | None
) -> tuple[Floats, Floats]:
    """Return the means of W and S over what drains to each cell, and put the cost of a metre, 1/(W·S), into `cost`."""
    from ecocomp.grid._flow import horn
    from ecocomp.grid.georef import metres_per_cell
    from ecocomp.grid.routing import accumulate_split
    from ecocomp.grid.tiling import TILE, Scratch, by_strips

    grid, inner = shared.grid, Scratch(folder)
    w, s, known = (inner.empty(grid.shape, np.float64) for _ in range(3))
    metres, width = metres_per_cell(grid), grid.width

    def weigh(a: int, b: int) -> None:
        east, south = (np.empty((b - a, width), np.float32) for _ in range(2))
        horn(a, b, shared.filled_m, *metres, east, south)
        _weigh(east, south, cover[a:b], *ends, w[a:b], s[a:b], known[a:b], cost[a:b])

    by_strips(weigh, *grid.shape, inner.release)
    out = []
    for value, count in ((w, known), (s, None)):
        total, n = (accumulate_split(shared, x, TILE, inner) for x in (value, count))
        mean = scratch.empty(grid.shape, np.float64)
        by_strips(lambda a, b, t=total, n=n, m=mean: _quotient(t[a:b], n[a:b], m[a:b]), *grid.shape, inner.release)  # type: ignore[misc]
        out.append(mean)
    return out[0], out[1]


def steps_down(
    shared: Shares, cost: Floats, stream: NDArray[np.bool_], tile: tuple[int, int] | None = None, scratch: Scratch | None = None
) -> Floats:
    """Return the path below as the code of InVEST has it: at each step the cost of the next cell, whatever its length.

    The mean over the ways down leaves out those that never reach a stream; where none does, there is no path (NaN).
    """
    from ecocomp.grid.terrain import unknown
    from ecocomp.grid.tiling import Scratch, settle

    scratch = scratch or Scratch()
    length: Floats = unknown(shared.way, np.float64, scratch)
    args = (*shared._args(), np.ascontiguousarray(cost, np.float64), np.ascontiguousarray(stream), length)
    settle(shared.way.shape, tile, lambda *window: _steps_down(*window, *args), scratch.release)
    return length


@njit(**PASS)  # type: ignore[untyped-decorator]
def _weigh(east, south, cover, slope_least, slope_most, cover_least, w, s, known, cost):  # type: ignore[no-untyped-def]
    """Put W (0 where not known), S, whether W is known, and 1/(W·S) into the last four."""
    for r in range(east.shape[0]):
        for c in range(east.shape[1]):
            slope = np.hypot(np.float64(east[r, c]), np.float64(south[r, c]))
            s[r, c] = held(slope, slope_least, slope_most)
            weight = held(np.float64(cover[r, c]), cover_least, 1.0)
            cost[r, c] = 1.0 / (weight * s[r, c])
            known[r, c] = 1.0 if weight == weight else 0.0
            w[r, c] = weight if weight == weight else 0.0


@njit(**PASS)  # type: ignore[untyped-decorator]
def _quotient(total, count, out):  # type: ignore[no-untyped-def]
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[r, c] = total[r, c] / count[r, c]


@njit(**PASS)  # type: ignore[untyped-decorator]
def _index(mean_w, mean_s, area_m2, below, stream, cost, out):  # type: ignore[no-untyped-def]
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            if stream[r, c]:
                out[r, c] = np.inf
            else:  # the cost is NaN where the cell's own factors are not known
                d_up = upslope_component(mean_w[r, c], mean_s[r, c], area_m2[r, c])
                out[r, c] = connectivity(d_up, below[r, c]) + 0.0 * cost[r, c]


@njit(**PASS)  # type: ignore[untyped-decorator]
def _steps_down(r0, r1, c0, c1, size, corner, touched, kind, z, way, aux, across, along, cost, stream, length):  # type: ignore[no-untyped-def]
    """Do every cell of the window that can be done, from the streams and outlets up."""
    rows, columns = way.shape
    bits, waiting = np.empty((r1 - r0, c1 - c0), np.uint8), np.empty((r1 - r0, c1 - c0), np.uint8)
    _linked(r0, r1, c0, c1, kind, z, way, aux, length, False, bits, waiting)
    stack = np.empty(bits.size + 1, np.int64)
    for r in range(r0, r1):
        for c in range(c0, c1):
            if length[r, c] != PENDING or (waiting[r - r0, c - c0] != 0 and not stream[r, c]):
                continue
            stack[0], n = r * columns + c, 1
            while n > 0:
                n -= 1
                i, j = stack[n] // columns, stack[n] % columns
                if length[i, j] != PENDING:
                    continue
                if stream[i, j]:
                    length[i, j] = 0.0
                else:
                    s, whole, m = 0.0, 0.0, bits[i - r0, j - c0]
                    for d in range(8):
                        if m >> d & 1:
                            y, x = i + _DR[d], j + _DC[d]
                            ahead = length[y, x]
                            if ahead == ahead:
                                # The peer charges the cell itself where water goes one way, and the next cell where it is shared.
                                step = cost[i, j] if kind == D8 else cost[y, x]
                                part = _share(kind, z, way, aux, across, along, i, j, d)
                                s += part * ((step if step == step else 0.0) + ahead)
                                whole += part
                    length[i, j] = s / whole if whole > 0.0 else np.nan
                for d in range(8):
                    y, x = i + _DR[d], j + _DC[d]
                    if y < 0 or x < 0 or y >= rows or x >= columns or way[y, x] == NONE:
                        continue
                    if not _gives(kind, z, way, aux, y, x, (d + 4) & 7):
                        continue
                    if r0 <= y < r1 and c0 <= x < c1:
                        if length[y, x] == PENDING:
                            waiting[y - r0, x - c0] -= 1
                            if waiting[y - r0, x - c0] == 0:
                                stack[n] = y * columns + x
                                n += 1
                    else:
                        touched[y // size[0] - corner[0] + 1, x // size[1] - corner[1] + 1] = 1


__all__ = ["CODE_VERSION", "GIVES", "NEEDS", "PATHS", "index_of_connectivity", "make", "steps_down"]
