"""Importance of cells and parcels by cumulative share of a service (生态系统服务重要性分级).

Cells are taken from the richest downward until a cut of the whole service is reached. What counts is the share of the
*service*, not of the ground: where a few cells carry most of it, few cells are extremely important.

Rules (design of this project): nodata and cells without service are left out; the cell that crosses a cut belongs to the
higher class; equal cells share the class of the first of them, so that the order of rows cannot matter. The list of cuts
and the ranked unit (cell, parcel, basin) are parameters. A large map is graded from histograms of the bits of its float32
values, so that memory does not grow with the raster and the cut is still exact.

References
----------
1. 生态保护红线划定指南 (2017), grading by cumulative share of service, cuts 50 % and 80 % (remembered; parameters).
2. Gong Shihan et al. (2017), doi:10.5846/stxb201512012406: basins ranked, four classes cut at 50, 75 and 90 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.zoning.overlay import IMPORTANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage
    from ecocomp.rules import Parameters

    Piece = tuple[NDArray[np.float32], NDArray[np.float64]]
CLASSES = len(IMPORTANCE)
CUTS = "zoning.importance_cuts"
NAMES = "zoning.importance_names"
SAME_SHARE = 1e-9
"""Shares of the service nearer than this are one: sums over millions of cells are not surer, and a unit must not matter."""


def importance_limits(values: NDArray[Any], weights: NDArray[np.float64], cuts: Sequence[float]) -> list[float]:
    """Return the least value of each class but the last, highest class first.

    values   service per area of the cells graded, all above 0 (cells,)
    weights  area of the cells, any unit (cells,)
    cuts     ascending shares of the whole service, such as 0.5 and 0.8
    """
    if not values.size:
        return [np.inf] * len(cuts)
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    amount = np.cumsum(ranked.astype(np.float64) * weights[order])
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    before = np.where(starts > 0, amount[starts - 1], 0.0)
    # A group of equal cells is in the class if it begins before the cut: that is the cell that crosses it.
    last = np.searchsorted(before, (np.asarray(cuts) - SAME_SHARE) * amount[-1], side="left") - 1
    return [float(ranked[starts[max(i, 0)]]) for i in last]


def streamed_limits(pieces: Iterable[Piece], again: Iterable[Piece], cuts: Sequence[float]) -> list[float]:
    """Return what `importance_limits` returns, from two passes over pieces of a map, in memory that does not grow with it.

    pieces, again  the same (values, weights) twice, float32 values above 0; the order of the pieces is fixed by the caller

    The bits of positive float32 numbers rise with the numbers. The first pass sums the service by the upper half of the
    bits; the second resolves, by the lower half, those bins in which a cut falls. So the limit is the very value.
    """
    upper = np.zeros(_BINS)
    for values, weights in pieces:
        upper += np.bincount(_bits(values) >> 16, values.astype(np.float64) * weights, _BINS)
    total = float(upper[::-1].cumsum()[-1])
    if total <= 0.0:
        return [np.inf] * len(cuts)
    above = np.concatenate([upper[::-1].cumsum()[::-1][1:], [0.0]])
    wanted = [(cut - SAME_SHARE) * total for cut in cuts]
    # The bin that holds the first value of the last group before the cut: the lowest one with less than the cut above it.
    bins = [int(np.flatnonzero((above < w) & (upper > 0))[0]) for w in wanted]
    lower = {b: np.zeros(_BINS) for b in bins}
    for values, weights in again:
        bits = _bits(values)
        for b, area in lower.items():
            at = (bits >> 16) == b
            area += np.bincount(bits[at] & 0xFFFF, weights[at], _BINS)
    return [_limit(b, lower[b], float(above[b]), w) for b, w in zip(bins, wanted, strict=True)]


_BINS = 1 << 16


def _bits(values: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.int64)


def _limit(upper: int, area: NDArray[np.float64], above: float, wanted: float) -> float:
    """Return the least value in a bin before which less than `wanted` of the service lies."""
    present = np.flatnonzero(area > 0)[::-1]
    values = ((upper << 16) | present).astype(np.uint32).view(np.float32)
    amount = values.astype(np.float64) * area[present]
    before = above + np.concatenate([[0.0], np.cumsum(amount)[:-1]])
    return float(values[max(int(np.searchsorted(before, wanted, side="left")) - 1, 0)])


def check_cuts(cuts: Sequence[float]) -> None:
    """Raise `ValueError` unless the cuts ascend between 0 and 1."""
    if not cuts or not all(a < b for a, b in pairwise([0.0, *cuts])) or cuts[-1] > 1.0:
        raise ValueError(f"ascending shares between 0 and 1 are needed, not {list(cuts)}")


def cuts_of(params: Parameters) -> tuple[list[float], list[str]]:
    """Return the cuts of the rules and the importance each class stands for; a fault where the two do not fit.

    Parameters read: ``zoning.importance_cuts`` and ``zoning.importance_names`` (one name more than cuts).
    """
    cuts, names = [float(c) for c in params.items(CUTS)], [str(n) for n in params.items(NAMES)]
    try:
        check_cuts(cuts)
        sound = len(names) == len(cuts) + 1 and set(names) <= set(IMPORTANCE[1:])
    except ValueError:
        sound = False
    if sound:
        return cuts, names
    held = params.get(CUTS)
    clash = Text("分级界限 {c} 与等级名称 {n} 不配套。", "the cuts {c} and the names {n} of the classes do not fit.")
    remedy = Text(
        "界限在 0 与 1 之间递增，名称（extreme、important、general）比界限多一个。",
        "Cuts ascend between 0 and 1; there is one name (extreme, important, general) more than cuts.",
    )
    raise FaultsError([Fault("zoning.cuts", held.file, f"line {held.line}", clash.fill(c=cuts, n=names), remedy)])


def classes_above(values: NDArray[Any], limits: Sequence[float]) -> NDArray[np.uint8]:
    """Return the class of each value: 1 from the first limit up, 2 from the second, …; 0 where it is nodata or not above 0."""
    out = np.full(values.shape, len(limits) + 1, np.uint8)
    with np.errstate(invalid="ignore"):
        for k, limit in reversed(list(enumerate(limits))):
            out[values >= limit] = k + 1
        out[~(values > 0)] = 0
    return out


def grade_units(
    per_area: NDArray[np.float64], area: NDArray[np.float64], cuts: Sequence[float]
) -> tuple[NDArray[np.uint8], list[float]]:
    """Return the class of each unit (parcel, basin, cell of a list) and the limits of the classes.

    per_area  service per area of each unit; NaN is nodata, 0 and less carry no service
    area      area of each unit, any unit of measure
    """
    check_cuts(cuts)
    values = np.where(np.isfinite(per_area) & (per_area > 0), per_area, np.nan)
    counted = ~np.isnan(values)
    limits = importance_limits(values[counted], area[counted], cuts)
    return classes_above(values, limits), limits


def grade_cells(
    values: NDArray[Any], valid: NDArray[np.bool_] | None, cell_area_by_row: NDArray[np.float64] | None, cuts: Sequence[float]
) -> NDArray[np.uint8]:
    """Return the class of each cell: 1 extreme, 2 important, 3 general, 0 not assessed (rows, columns).

    values            service per area (rows, columns), float32 or float64; NaN is nodata, 0 and less carry no service
    valid             further cells to leave out where False, or None
    cell_area_by_row  area of a cell in each row (rows,), or None where all are equal
    cuts              ascending shares of the whole service, two for the three classes
    """
    if len(cuts) != CLASSES - 2:
        raise ValueError(f"{CLASSES - 2} ascending shares between 0 and 1 are needed, not {list(cuts)}")
    area = np.ones(values.shape[0]) if cell_area_by_row is None else np.asarray(cell_area_by_row, np.float64)
    kept = values if valid is None else np.where(valid, values, np.nan)
    per_cell = np.broadcast_to(area[:, None], values.shape)
    return grade_units(kept, per_cell, cuts)[0]


def class_weights(
    coverage: Coverage, cells: NDArray[np.uint8], cell_area_by_row: NDArray[np.float64] | None = None, classes: int = CLASSES
) -> NDArray[np.float64]:
    """Return the weight of each class in each parcel (parcels, classes); column 0 is what was not assessed.

    cells  classes of the whole grid (rows, columns), in memory or mapped from a file
    """
    from ecocomp.grid.coverage import reduce_classes

    out = np.zeros((len(coverage), classes))
    for strip in coverage.strips:
        weight = None if cell_area_by_row is None else cell_area_by_row[strip.rows]
        reduce_classes(strip, np.ascontiguousarray(cells[strip.rows]).reshape(-1), out, weight)
    return out


def importance_of_parcels(
    coverage: Coverage,
    cells: NDArray[np.uint8],
    *,
    least_share: float,
    least_assessed: float,
    cell_area_by_row: NDArray[np.float64] | None = None,
) -> list[str]:
    """Return the importance of each parcel: the highest class that, with those above it, fills enough of the parcel.

    least_share     share of the assessed ground a class and those above it have to fill (0.5: the middle cell decides)
    least_assessed  below this share of assessed ground the parcel is ``not_assessed``
    """
    weight = class_weights(coverage, cells, cell_area_by_row)
    grade = grades_of_weights(weight, least_share, least_assessed)
    return [IMPORTANCE[g] for g in grade.tolist()]


def grades_of_weights(weight: NDArray[np.float64], least_share: float, least_assessed: float) -> NDArray[np.int64]:
    """Return the class of each parcel from the weights of `class_weights`, highest class first; 0: not assessed."""
    graded = weight[:, 1:]
    assessed = graded.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.cumsum(graded, axis=1) / assessed[:, None]
        seen = assessed / weight.sum(axis=1)
    grade = 1 + np.argmax(share >= least_share - SAME_SHARE, axis=1)
    known = np.nan_to_num(seen) >= max(least_assessed, SAME_SHARE)
    return np.where(known, grade, 0)
