"""The ecological red line: from cells to patches on the ground. What a change of it touches is in `impact`.

The union of extremely important and extremely sensitive cells and of land that must be in by law is joined into patches,
gaps and small holes are closed, small patches are dropped unless something special lies in them, and the rest is traced
along cell borders; `snap` then brings the line to the borders of parcels. The result is a proposal, never a boundary in
law.

Order of the steps (design): gaps first, then holes, so that a ring of cells around a hole counts with it; then patches.
More ground inside never makes the line smaller.

References
----------
1. 生态保护红线划定指南 (2017), overlay and treatment of patches; the least patch of 1 km2 is remembered (parameter).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import Grid, cell_area_m2_by_row, metres_per_cell
from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.rules import Parameters
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text
from ecocomp.zoning.impact import red_line_difference
from ecocomp.zoning.patches import close_gaps, close_holes, find_patches, strips_of, traced
from ecocomp.zoning.polygons import Zones

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.polygons import Geometries

    Mask = NDArray[np.bool_]

__all__ = ["RedLine", "cells_inside", "delineate", "red_line_difference"]

M2_PER_KM2 = 1e6


@dataclass(frozen=True, eq=False)
class RedLine:
    """A proposed line and what was done to reach it.

    zones             one polygon per patch, largest first, ids ``P1``, ``P2`` ...
    area_dm2          area of each patch on the ellipsoid, by the survey rule, from its polygon
    cells             the cells inside
    filled_cells      cells of holes that were closed
    dropped_patches   patches that were too small
    dropped_area_m2   their area
    kept_small        patches below the least area kept because something special lies in them
    joined_cells      cells of gaps that were closed to merge neighbouring patches
    """

    zones: Zones
    area_dm2: NDArray[np.int64]
    cells: Mask
    filled_cells: int
    dropped_patches: int
    dropped_area_m2: float
    kept_small: int
    joined_cells: int = 0


def delineate(
    extreme: Mask,
    grid: Grid,
    params: Parameters,
    *,
    sensitive: Mask | None = None,
    must_include: Mask | None = None,
    special: Mask | None = None,
    keep_out: Mask | None = None,
    scratch: Path | None = None,
    strip_cells: int | None = None,
) -> RedLine:
    """Draw the red line around the cells that belong in it.

    extreme       extremely important cells (rows, columns), in memory or mapped from a file
    sensitive     extremely sensitive cells, joined to them
    must_include  cells protected by law, joined to them
    special       cells of species habitat or source protection: a patch that holds one is kept however small
    keep_out      cells that no closing of gaps or holes may take in
    scratch       folder for the working masks of a raster larger than memory; None: they are kept in memory, one byte a cell
    strip_cells   cells worked on at a time; the line does not depend on it

    Parameters read: ``zoning.red_line.least_patch_km2``, ``zoning.red_line.close_holes_km2``, ``zoning.red_line.neighbours``
    (4 or 8 cells), ``zoning.red_line.merge_gap_m``.
    """
    shape, area = np.shape(extreme), cell_area_m2_by_row(grid)
    strips = strips_of(grid, strip_cells) if strip_cells else strips_of(grid)
    known = [m for m in (extreme, sensitive, must_include) if m is not None and _same_shape(m, shape)]
    closed_off, extra = (_rows_of(m) if _same_shape(m, shape) else _none_of(shape) for m in (keep_out, special))
    inside = _working(scratch, "inside", shape)
    for row0, row1 in strips:
        inside[row0:row1] = np.logical_or.reduce([np.asarray(m[row0:row1], bool) for m in known])
    eight = _eight_neighbours(params)
    gap, joined = _gap_cells(params, grid), 0
    if max(gap):
        before, inside = inside, _working(scratch, "joined", shape)
        joined = close_gaps(before, closed_off, gap, strips, inside)
    limit_m2 = params.number("zoning.red_line.close_holes_km2") * M2_PER_KM2
    filled = close_holes(inside, closed_off, area, limit_m2, eight, strips)
    patches = find_patches(_rows_of(inside), area, eight, strips)
    small = patches.area_m2 < params.number("zoning.red_line.least_patch_km2") * M2_PER_KM2
    marked = patches.touched(extra)
    keep = ~small | marked
    small[0] = keep[0] = False
    order = np.lexsort((np.arange(keep.size), -patches.area_m2))
    order = order[keep[order]]
    polygons = _objects(traced(patches, order, grid))
    for k, (row0, row1) in enumerate(strips):
        # Only this strip of the mask is read to number its patches, so it may be written as soon as that is done.
        inside[row0:row1] = keep[patches.numbers(k)]
    return RedLine(
        Zones([f"P{i + 1}" for i in range(order.size)], ["red_line"] * order.size, polygons),
        areas_dm2(polygon_areas_m2(polygons, grid.crs)) if order.size else np.zeros(0, np.int64),
        inside,
        filled,
        int((small & ~marked).sum()),
        float(patches.area_m2[small & ~marked].sum()),
        int((small & marked).sum()),
        joined,
    )


def cells_inside(polygons: Geometries, grid: Grid) -> Mask:
    """Return the cells whose middle lies inside polygons (rows, columns), such as protected areas for `must_include`.

    polygons  shapely polygons in the reference system of the grid
    """
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    shapes = [p for p in np.asarray(polygons, object) if p is not None and not p.is_empty]
    if not shapes:
        return np.zeros(grid.shape, bool)
    return np.asarray(rasterize(shapes, out_shape=grid.shape, transform=Affine(*grid.transform), dtype="uint8") > 0)


def _eight_neighbours(params: Parameters) -> bool:
    n = int(params.decimal("zoning.red_line.neighbours"))
    if n not in (4, 8):
        raise UsageError(
            Text(
                "zoning.red_line.neighbours 是 {n}，只能是 4 或 8。", "zoning.red_line.neighbours is {n}; it must be 4 or 8."
            ).fill(n=n)
        )
    return n == 8


def _same_shape(mask: Mask | None, shape: tuple[int, ...]) -> bool:
    """Return whether there is a mask; one of another shape is refused."""
    if mask is not None and np.shape(mask) != shape:
        raise ValueError(f"masks have shapes {np.shape(mask)} and {shape}")
    return mask is not None


def _rows_of(mask: Mask | None) -> Callable[[int, int], Mask]:
    assert mask is not None
    return lambda row0, row1: np.asarray(mask[row0:row1], bool)


def _none_of(shape: tuple[int, ...]) -> Callable[[int, int], Mask]:
    return lambda row0, row1: np.zeros((row1 - row0, shape[1]), bool)


def _working(scratch: Path | None, name: str, shape: tuple[int, ...]) -> Mask:
    if scratch is None:
        return np.zeros(shape, bool)
    scratch.mkdir(parents=True, exist_ok=True)
    return np.lib.format.open_memmap(scratch / f"red-line-{name}.npy", mode="w+", dtype=bool, shape=shape)


def _gap_cells(params: Parameters, grid: Grid) -> tuple[int, int]:
    """Return the gap that is closed, in whole cells down and across."""
    gap_m = params.number("zoning.red_line.merge_gap_m")
    across, along = (float(np.median(m)) for m in metres_per_cell(grid))
    return int(gap_m / along * (1 + 1e-9)), int(gap_m / across * (1 + 1e-9))


def _objects(items: list[Any]) -> Geometries:
    out = np.empty(len(items), object)
    out[:] = items
    return out
