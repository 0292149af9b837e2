"""Where water goes from each cell and what it gathers: one way, two ways or all ways down; the path to the nearest stream.

For sediment connectivity, slope length and water services. Arrays are (rows, columns); no data is NaN (heights, weights)
or `terrain.NONE` (directions). All sums are float64 and put together in the order of the directions, so results have the
same bits whatever the tile size and the number of threads.

What costs most is to find an order in which every cell comes after those above it; `course` does it once, and any number
of passes (`add_from_above`, `run`) go along it.

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
from ecocomp.grid.terrain import NONE, accumulate, directions, refuse_circle
from ecocomp.grid.threads import spread
from ecocomp.grid.tiling import TILE, Scratch, by_strips, tiles_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Raster = NDArray[np.float32]
    Ways = NDArray[np.uint8]
    Tile = tuple[int, int] | None

METHODS = ("D8", "MFD", "DINF")
BATCH = 16
"""Windows whose orders are held at once."""


@dataclass(frozen=True, eq=False)
class Shares:
    """How what leaves each cell is shared among its eight neighbours.

    kind       place in `METHODS`
    filled_m   elevation without depressions [m]
    way        D8 direction, for level ground and outlets
    aux        MFD: inverse of the sum of the falls per metre, 0 where nothing is lower; DINF: direction in eighths of a turn,
               −1 where nothing is lower; D8: unused
    onto       the neighbours a cell gives to, bit d for direction d
    """

    grid: Grid
    kind: int
    filled_m: Raster
    way: Ways
    aux: Floats
    onto: Ways

    def fractions(self) -> Floats:
        """Return the shares as (8, rows, columns), 0 east and on against the clock; for inspection, not for large grids."""
        from ecocomp.grid._routes import share

        out, columns = np.zeros((8, *self.way.shape)), self.way.shape[1]
        kind, z, aux, inverse, step, _ = self.args()
        for r, c in np.argwhere(self.onto):
            for d in range(8):
                if self.onto[r, c] >> d & 1:
                    i = r * columns + c
                    out[d, r, c] = share(kind, z, aux, inverse, r, i, i + step[d], d)
        return out

    def args(self) -> tuple[Any, ...]:
        """What every pass along a course needs of the rule: kind, heights, `aux`, metres of a step inverted, places, columns."""
        step = np.array([0, -1, -1, -1, 0, 1, 1, 1]) * self.grid.width + np.array([1, 1, 0, -1, -1, -1, 0, 1])
        flat = (frozen(self.filled_m.reshape(-1)), frozen(self.aux.reshape(-1)))
        return (self.kind, *flat, frozen(1.0 / steps_m(self.grid)), frozen(step), self.grid.width)


@dataclass(frozen=True, eq=False)
class Course:
    """All cells with data in an order in which each comes after all that give to it.

    order   place of the cell in the grid, counted by rows
    stages  (stage, first, last + 1) of pieces of the order; pieces of one stage have nothing to do with each other
    into    the neighbours that give to a cell, bit d for direction d
    """

    rule: Shares
    order: NDArray[np.unsignedinteger[Any]]
    stages: NDArray[np.int64]
    into: Ways

    def run(self, work: Callable[[NDArray[Any]], object], scratch: Scratch, *, upward: bool = False) -> None:
        """Call work(piece of the order) on all pieces from above to below; upward: from below, the work going back along each."""
        stage, cells = self.stages[:, 0], self.rule.way.size
        groups = np.split(self.stages, np.flatnonzero(np.diff(stage)) + 1)
        for group in reversed(groups) if upward else groups:

            def some(first: int, last: int, group: NDArray[np.int64] = group) -> None:
                for _, a, b in group[first:last]:
                    work(self.order[a:b])
                    scratch.release()

            spread(some, len(group), cells)


def course(rule: Shares, tile: Tile = TILE, scratch: Scratch | None = None) -> Course:
    """Return the order of the ways of a rule; directions that go round in a circle are refused.

    tile  rows and columns worked on at once, None for all; no result along the order depends on it
    """
    scratch, shape = scratch or Scratch(), rule.way.shape
    into, waiting = _givers(rule, scratch)
    order = scratch.empty((rule.way.size,), np.uint32 if rule.way.size < 2**32 else np.int64)
    stages, cells = _walked((shape[0], shape[1]), tile, frozen(rule.onto), waiting, order, scratch)
    _refuse_circles(waiting, scratch)
    return Course(rule, order[:cells], stages, into)


def follow(rule: Shares, order: NDArray[Any], stages: NDArray[np.int64], scratch: Scratch) -> Course:
    """Return the course of a rule whose order and stages were kept."""
    into, _ = _givers(rule, scratch)
    return Course(rule, order, stages, into)


def _givers(rule: Shares, scratch: Scratch) -> tuple[Ways, Ways]:
    """Return who gives to each cell and how many they are."""
    from ecocomp.grid._routes import givers_of

    into, waiting = (scratch.empty(rule.way.shape, np.uint8) for _ in range(2))
    way, onto = frozen(rule.way), frozen(rule.onto)
    by_strips(lambda a, b: givers_of(a, b, way, onto, into, waiting), into.shape[0], into.shape[1], scratch.release)
    return into, waiting


def _walked(
    shape: tuple[int, int], tile: Tile, onto: Ways, waiting: Ways, order: NDArray[Any], scratch: Scratch
) -> tuple[NDArray[np.int64], int]:
    """Fill the order by windows, moved by half every other time; return the pieces and the number of cells."""
    from ecocomp.grid._routes import released

    size = tile if tile is not None else shape
    nothing = np.empty(0, np.int64)
    todo = dict.fromkeys(tiles_of(shape, tile), nothing)
    pieces, at, stage = [], 0, 0
    while todo:
        left: list[NDArray[np.int64]] = []
        places = list(todo)
        for k in range(0, len(places), BATCH):
            for found, beyond in _windows(places[k : k + BATCH], todo, onto, waiting, order.dtype, scratch):
                order[at : at + found.size] = found
                pieces.append((stage, at, at + found.size))
                at += found.size
                left.append(beyond)
        free, stage = released(np.concatenate(left), waiting), stage + 1
        todo = _by_window(free, shape, size, stage % 2)
    return np.array(pieces, np.int64).reshape(-1, 3), at


def _windows(
    places: list[tuple[int, int, int, int]], todo: dict[Any, Any], onto: Ways, waiting: Ways, dtype: Any, scratch: Scratch
) -> list[tuple[NDArray[Any], NDArray[np.int64]]]:
    """Walk some windows; return the order found in each and what it gave to cells beyond."""
    from ecocomp.grid._routes import walk

    out: list[Any] = [None] * len(places)

    def some(first: int, last: int) -> None:
        for k in range(first, last):
            r0, r1, c0, c1 = places[k]
            found, beyond = np.empty((r1 - r0) * (c1 - c0), dtype), np.empty(10 * (r1 - r0 + c1 - c0), np.int64)
            n, m = walk(r0, r1, c0, c1, todo[places[k]], onto, waiting, found, beyond)
            out[k] = found[:n].copy(), beyond[:m].copy()
            scratch.release()

    spread(some, len(places), onto.size)
    return out


def _by_window(
    free: NDArray[np.int64], shape: tuple[int, int], size: tuple[int, int], moved: int
) -> dict[tuple[int, int, int, int], NDArray[np.int64]]:
    """Return which cells lie in which window, the windows `moved` by half or not."""
    by = [moved * (s // 2) for s in size]
    i, j = (free // shape[1] + by[0]) // size[0], (free % shape[1] + by[1]) // size[1]
    across = (shape[1] + by[1]) // size[1] + 1
    window = i * across + j
    ranks = np.argsort(window, kind="stable")
    out = {}
    for cells in np.split(free[ranks], np.flatnonzero(np.diff(window[ranks])) + 1):
        if cells.size:
            r = (cells[0] // shape[1] + by[0]) // size[0] * size[0] - by[0]
            c = (cells[0] % shape[1] + by[1]) // size[1] * size[1] - by[1]
            place = (int(max(r, 0)), int(min(r + size[0], shape[0])), int(max(c, 0)), int(min(c + size[1], shape[1])))
            out[place] = cells
    return out


def _refuse_circles(waiting: Ways, scratch: Scratch) -> None:
    from ecocomp.grid._routes import DONE

    left: list[tuple[int, int]] = []

    def look(first: int, last: int) -> None:
        if (waiting[first:last] != DONE).any():
            r, c = np.argwhere(waiting[first:last] != DONE)[0]
            left.append((int(r) + first, int(c)))

    by_strips(look, waiting.shape[0], waiting.shape[1], scratch.release)
    refuse_circle(left)


def add_from_above(ways: Course, totals: Floats, scratch: Scratch) -> None:
    """Turn weights into sums over each cell and, by shares, all from which water comes.

    totals  (rows, columns) or, for five weights side by side, (rows, columns, 5); float64, NaN where there is no data
    """
    from ecocomp.grid._routes import gather, gather_five

    kernel, flat = (gather, totals.reshape(-1)) if totals.ndim == 2 else (gather_five, totals.reshape(-1, 5))
    args = (*ways.rule.args(), frozen(ways.into.reshape(-1)), flat)
    ways.run(lambda piece: kernel(frozen(piece), *args), scratch)


def mean_ahead(rule: Shares, value: Floats, scratch: Scratch) -> Floats:
    """Return the mean, by shares, of a value over the cells a cell gives to; cells where it is NaN count as 0."""
    from ecocomp.grid._routes import mean_below

    kind, *rest = rule.args()
    out: Floats = scratch.empty(rule.way.shape, np.float64)
    ground = (frozen(rule.filled_m), frozen(value), frozen(rule.onto), frozen(rule.aux))
    by_strips(lambda a, b: mean_below(a, b, kind, *ground, *rest, out), *rule.grid.shape, scratch.release)
    return out


def d8_shares(filled_m: Raster, grid: Grid, way: Ways | None = None, scratch: Scratch | None = None) -> Shares:
    """Return the rule that sends everything to the steepest of eight neighbours; `way` is found where not given.

    scratch  where arrays are kept, in memory where None; so for the other rules
    """
    from ecocomp.grid._routes import links_one

    scratch = scratch or Scratch()
    way = directions(filled_m, grid, TILE, scratch) if way is None else way
    onto: Ways = scratch.empty(grid.shape, np.uint8)
    by_strips(lambda first, last: links_one(first, last, frozen(way), onto), *grid.shape, scratch.release)
    return Shares(grid, METHODS.index("D8"), _heights(filled_m), way, np.empty((1, 1)), onto)


def mfd_fractions(filled_m: Raster, grid: Grid, way: Ways | None = None, scratch: Scratch | None = None) -> Shares:
    """Return the rule that shares among all lower neighbours in proportion to the fall per metre (Quinn et al. 1991).

    InVEST's routing keeps each share as one of sixteen steps; here they are kept in full.
    """
    from ecocomp.grid._routes import links_all

    scratch, z = scratch or Scratch(), _heights(filled_m)
    way = directions(z, grid, TILE, scratch) if way is None else way
    unit, onto = scratch.empty(grid.shape, np.float64), scratch.empty(grid.shape, np.uint8)
    args = (frozen(z), frozen(way), frozen(1.0 / steps_m(grid)), unit, onto)
    by_strips(lambda first, last: links_all(first, last, *args), *grid.shape, scratch.release)
    return Shares(grid, METHODS.index("MFD"), z, way, unit, onto)


def dinf_fractions(filled_m: Raster, grid: Grid, way: Ways | None = None, scratch: Scratch | None = None) -> Shares:
    """Return the rule that shares between the two neighbours beside the steepest direction (D-infinity, Tarboton 1997)."""
    from ecocomp.grid._routes import facets, links_two

    scratch, z = scratch or Scratch(), _heights(filled_m)
    way = directions(z, grid, TILE, scratch) if way is None else way
    turn, onto = scratch.empty(grid.shape, np.float64), scratch.empty(grid.shape, np.uint8)
    ground = (frozen(z), frozen(way), *_metres(grid))

    def some(first: int, last: int) -> None:
        facets(first, last, *ground, turn)
        links_two(first, last, ground[1], turn, onto)

    by_strips(some, *grid.shape, scratch.release)
    return Shares(grid, METHODS.index("DINF"), z, way, turn, onto)


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
    if rule.kind == METHODS.index("D8"):
        return accumulate(rule.way, weight, tile, scratch)
    scratch = scratch or Scratch()
    totals = weights(rule.way, weight, scratch)
    add_from_above(course(rule, tile, scratch), totals, scratch)
    return totals


def weights(way: Ways, weight: NDArray[Any] | None, scratch: Scratch) -> Floats:
    """Return a copy of the weights (1 where None), NaN without data, to be turned into sums."""
    out: Floats = scratch.empty((way.shape[0], way.shape[1]), np.float64)

    def some(first: int, last: int) -> None:
        out[first:last] = 1.0 if weight is None else weight[first:last]
        out[first:last][way[first:last] == NONE] = np.nan

    by_strips(some, way.shape[0], way.shape[1], scratch.release)
    return out


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
    scratch = scratch or Scratch()
    return path_along(course(rule, tile, scratch), cost, streams, scratch)


def path_along(ways: Course, cost: NDArray[Any], streams: NDArray[np.bool_], scratch: Scratch) -> Floats:
    """As `downslope_path`, along a course."""
    from ecocomp.grid._routes import path_down

    rule, metres = ways.rule, steps_m(ways.rule.grid)
    given = (np.ascontiguousarray(cost, np.float64), np.ascontiguousarray(streams, np.bool_))
    length = blank(rule.way.shape, scratch)
    flat = (frozen(x.reshape(-1)) for x in (rule.onto, rule.way))
    edge = 0.5 * (metres[:, 0] + metres[:, 2])
    args = (*rule.args(), *flat, frozen(metres), frozen(edge), *(frozen(x.reshape(-1)) for x in given), length.reshape(-1))
    ways.run(lambda piece: path_down(frozen(piece), *args), scratch, upward=True)
    return length


def blank(shape: tuple[int, ...], scratch: Scratch) -> Floats:
    """Return an array of NaN."""
    out: Floats = scratch.empty(shape, np.float64)

    def some(first: int, last: int) -> None:
        out[first:last] = np.nan

    by_strips(some, shape[0], shape[1], scratch.release)
    return out


def steps_m(grid: Grid) -> Floats:
    """Return the length of a step from each row in each direction [m], (rows, 8)."""
    across, along = metres_per_cell(grid)
    corner = np.hypot(across, along)
    return np.stack([across, corner, along, corner] * 2, axis=1)


def streams(accumulated: NDArray[Any], least: float) -> NDArray[np.bool_]:
    """Return where at least `least` (cells, or what was accumulated) drains through; False without data."""
    return np.asarray(accumulated >= least)


def _heights(filled_m: NDArray[Any]) -> Raster:
    return np.ascontiguousarray(filled_m, np.float32)


def _metres(grid: Grid) -> tuple[Floats, Floats]:
    across, along = metres_per_cell(grid)
    return frozen(across), frozen(along)
