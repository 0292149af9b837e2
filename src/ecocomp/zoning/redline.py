"""The ecological red line: from cells to patches on the ground, and what a new line changes for every parcel.

The union of extremely important and extremely sensitive cells and of land that must be in by law is joined into patches,
small holes are closed, small patches are dropped unless something special lies in them, and the rest is traced along cell
borders. Survey lines and field marks come after this, by hand: the result is a proposal, never a boundary in law.

Order of the steps (design): holes first, so that a ring of cells around a hole counts with it; then patches.

References
----------
1. 生态保护红线划定指南 (2017), overlay and treatment of patches; the least patch of 1 km2 is remembered (parameter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ecocomp.grid.georef import Grid, cell_area_m2_by_row
from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.rules import Parameters
from ecocomp.terms.faults import UsageError
from ecocomp.terms.tables import RED_LINE_CHANGE
from ecocomp.terms.text import Text
from ecocomp.zoning.polygons import Zones, share_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.polygons import Geometries

    Mask = NDArray[np.bool_]

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
    """

    zones: Zones
    area_dm2: NDArray[np.int64]
    cells: Mask
    filled_cells: int
    dropped_patches: int
    dropped_area_m2: float
    kept_small: int


def delineate(
    extreme: Mask,
    grid: Grid,
    params: Parameters,
    *,
    sensitive: Mask | None = None,
    must_include: Mask | None = None,
    special: Mask | None = None,
    keep_out: Mask | None = None,
) -> RedLine:
    """Draw the red line around the cells that belong in it.

    extreme       extremely important cells (rows, columns)
    sensitive     extremely sensitive cells, joined to them
    must_include  cells protected by law, joined to them
    special       cells of species habitat or source protection: a patch that holds one is kept however small
    keep_out      cells that no closing of holes may take in

    Parameters read: ``zoning.red_line.least_patch_km2``, ``zoning.red_line.close_holes_km2``, ``zoning.red_line.neighbours``
    (4 or 8 cells).
    """
    inside = np.array(extreme, bool)
    for more in (sensitive, must_include):
        inside |= _same_shape(more, inside)
    area = np.broadcast_to(cell_area_m2_by_row(grid)[:, None], grid.shape)
    eight = _eight_neighbours(params)
    filled = _close_holes(inside, _same_shape(keep_out, inside), area, params.number("zoning.red_line.close_holes_km2"), eight)
    labels, size = _patches(inside, area, eight)
    least_m2 = params.number("zoning.red_line.least_patch_km2") * M2_PER_KM2
    marked = np.zeros(size.size, bool)
    marked[np.unique(labels[_same_shape(special, inside) & inside])] = True
    small = size < least_m2
    keep = (~small | marked) & (np.arange(size.size) > 0)
    dropped = small & ~marked & (np.arange(size.size) > 0)
    order = [int(k) for k in np.lexsort((np.arange(size.size), -size)) if keep[k]]
    geometry = _traced(labels, keep, grid)
    polygons = _objects([geometry[k] for k in order])
    return RedLine(
        Zones([f"P{i + 1}" for i in range(len(order))], ["red_line"] * len(order), polygons),
        areas_dm2(polygon_areas_m2(polygons, grid.crs)) if order else np.zeros(0, np.int64),
        keep[labels],
        filled,
        int(dropped.sum()),
        float(size[dropped].sum()),
        int((small & marked & (np.arange(size.size) > 0)).sum()),
    )


def red_line_difference(
    old: Geometries, new: Geometries, parcel: pa.Table, geometry: Geometries, geographic: bool = False
) -> pa.Table:
    """Return the parcels that a new red line touches otherwise than the old one, with the area taken in and let out.

    old, new  polygons of the two lines
    geometry  polygon of each row of `parcel`, in the same order
    """
    import shapely

    both = shapely.get_parts(shapely.intersection(shapely.union_all(old), shapely.union_all(new)))
    both = both[np.isin(shapely.get_type_id(both), (3, 6))]
    before, after, kept = share_matrix(np.asarray(geometry, object), [old, new, both], geographic).T
    area = np.asarray(parcel["area_dm2"].to_numpy(), np.float64)
    gained, lost = (np.rint(np.maximum(0.0, s - kept) * area).astype(np.int64) for s in (after, before))
    rows = np.flatnonzero((gained > 0) | (lost > 0))
    return RED_LINE_CHANGE.table(
        {
            "parcel_id": parcel["parcel_id"].take(pa.array(rows)),
            "before_ppm": np.rint(before[rows] * 1e6).astype(np.int64),
            "after_ppm": np.rint(after[rows] * 1e6).astype(np.int64),
            "gained_dm2": gained[rows],
            "lost_dm2": lost[rows],
        }
    )


def _eight_neighbours(params: Parameters) -> bool:
    n = int(params.decimal("zoning.red_line.neighbours"))
    if n not in (4, 8):
        raise UsageError(
            Text(
                "zoning.red_line.neighbours 是 {n}，只能是 4 或 8。", "zoning.red_line.neighbours is {n}; it must be 4 or 8."
            ).fill(n=n)
        )
    return n == 8


def _same_shape(mask: Mask | None, like: Mask) -> Mask:
    if mask is None:
        return np.zeros(like.shape, bool)
    if mask.shape != like.shape:
        raise ValueError(f"masks have shapes {mask.shape} and {like.shape}")
    return np.asarray(mask, bool)


def _labels(mask: Mask, eight: bool) -> tuple[NDArray[np.int32], int]:
    from scipy import ndimage

    labels, n = ndimage.label(mask, np.ones((3, 3)) if eight else None)
    return np.asarray(labels, np.int32), int(n)


def _patches(mask: Mask, area: NDArray[np.float64], eight: bool) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the patch of each cell (0: none) and the area of each patch [m2]."""
    labels, n = _labels(mask, eight)
    return labels, np.bincount(labels.ravel(), area.ravel(), minlength=n + 1).astype(np.float64)


def _close_holes(inside: Mask, keep_out: Mask, area: NDArray[np.float64], limit_km2: float, eight: bool) -> int:
    """Close holes smaller than the limit, in place; return how many cells were taken in. The sea of outside is no hole."""
    labels, size = _patches(~inside, area, not eight)
    open_ = np.zeros(size.size, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1], labels[keep_out]):
        open_[edge] = True
    fill = (size < limit_km2 * M2_PER_KM2) & ~open_
    fill[0] = False
    taken = fill[labels]
    inside |= taken
    return int(taken.sum())


def _traced(labels: NDArray[np.int32], keep: NDArray[np.bool_], grid: Grid) -> dict[int, Any]:
    """Return the polygon of each kept patch; parts that meet only at a corner make one multipolygon."""
    import shapely
    from rasterio.features import shapes
    from rasterio.transform import Affine

    wanted = np.where(keep[labels], labels, 0).astype(np.int32)
    # Tracing side neighbours only keeps every ring valid; the parts of a patch are gathered by its number.
    found = list(shapes(wanted, mask=wanted > 0, connectivity=4, transform=Affine(*grid.transform)))
    parts = [shapely.Polygon(g["coordinates"][0], g["coordinates"][1:]) for g, _ in found]
    return {k: _joined(v) for k, v in _grouped(parts, [int(v) for _, v in found]).items()}


def _grouped(parts: list[Any], of: list[int]) -> dict[int, list[Any]]:
    out: dict[int, list[Any]] = {}
    for part, k in zip(parts, of, strict=True):
        out.setdefault(k, []).append(part)
    return out


def _joined(parts: list[Any]) -> Any:
    import shapely

    made = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return made if made.is_valid else shapely.make_valid(made, method="structure", keep_collapsed=False)


def _objects(items: list[Any]) -> Geometries:
    out = np.empty(len(items), object)
    out[:] = items
    return out
