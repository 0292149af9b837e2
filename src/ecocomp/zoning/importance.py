"""Importance of cells and parcels by cumulative share of a service (生态系统服务重要性分级).

Cells are taken from the richest downward until a cut of the whole service is reached. What counts is the share of the
*service*, not of the ground: where a few cells carry most of it, few cells are extremely important.

Rules (design of this project): nodata and cells without service are left out; the cell that crosses a cut belongs to the
higher class; equal cells share the class of the first of them, so that the order of rows cannot matter.

References
----------
1. 生态保护红线划定指南 (2017), grading by cumulative share of service, cuts 50 % and 80 % (remembered; parameters).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.zoning.overlay import IMPORTANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage

CLASSES = len(IMPORTANCE)
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


def grade_cells(
    values: NDArray[Any], valid: NDArray[np.bool_] | None, cell_area_by_row: NDArray[np.float64] | None, cuts: Sequence[float]
) -> NDArray[np.uint8]:
    """Return the class of each cell: 1 extreme, 2 important, 3 general, 0 not assessed (rows, columns).

    values            service per area (rows, columns), float32 or float64; NaN is nodata, 0 and less carry no service
    valid             further cells to leave out where False, or None
    cell_area_by_row  area of a cell in each row (rows,), or None where all are equal
    cuts              ascending shares of the whole service, two for the three classes
    """
    if len(cuts) != CLASSES - 2 or not all(0 < a < b <= 1 for a, b in zip(cuts, [*cuts[1:], 1.0], strict=True)):
        raise ValueError(f"{CLASSES - 2} ascending shares between 0 and 1 are needed, not {list(cuts)}")
    with np.errstate(invalid="ignore"):
        counted = np.isfinite(values) & (values > 0)
    if valid is not None:
        counted &= valid
    area = np.ones(values.shape[0]) if cell_area_by_row is None else np.asarray(cell_area_by_row, np.float64)
    weights = np.broadcast_to(area[:, None], values.shape)[counted]
    first, second = importance_limits(values[counted], weights, cuts)
    out = np.zeros(values.shape, np.uint8)
    out[counted] = 3
    out[counted & (values >= second)] = 2
    out[counted & (values >= first)] = 1
    return out


def class_weights(
    coverage: Coverage, cells: NDArray[np.uint8], cell_area_by_row: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the weight of each class in each parcel (parcels, 4); column 0 is what was not assessed."""
    from ecocomp.grid.coverage import reduce_classes

    out = np.zeros((len(coverage), CLASSES))
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
    graded = weight[:, 1:]
    assessed = graded.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.cumsum(graded, axis=1) / assessed[:, None]
        seen = assessed / weight.sum(axis=1)
    grade = 1 + np.argmax(share >= least_share - SAME_SHARE, axis=1)
    known = np.nan_to_num(seen) >= max(least_assessed, SAME_SHARE)
    return [IMPORTANCE[g] if k else IMPORTANCE[0] for g, k in zip(grade.tolist(), known.tolist(), strict=True)]
