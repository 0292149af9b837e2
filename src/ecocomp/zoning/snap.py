"""The red line on parcel borders: a line drawn on cells becomes a union of whole parcels.

The guideline has the line follow survey lines. A parcel is in when at least a stated share of it lies inside the line, or
the law puts it in. The result is made of whole parcels, so nobody's field is cut, its area is the sum of what is in the
register, and its borders are those people know. Ground that belongs to no parcel may be kept besides. Patches that are too
small after this are dropped, gaps between parcels that are smaller than a sliver are closed.

References
----------
1. 生态保护红线划定指南 (2017), fitting of the boundary to survey lines. Share, slivers: design of this project (parameters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.rules import Parameters
from ecocomp.terms.area import DM2_PER_M2
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.tables import RED_LINE_MEMBER
from ecocomp.terms.text import Text
from ecocomp.zoning.overlay import to_ppm
from ecocomp.zoning.polygons import Zones, check_zones, share_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.polygons import Geometries

    Flags = NDArray[np.bool_]

DM2_PER_KM2 = 1_000_000 * DM2_PER_M2

REASONS: dict[str, Text] = {
    "share": Text("占比达到要求", "enough of it lies inside"),
    "must_include": Text("依法必须划入", "in by law"),
    "below_share": Text("占比不足", "too little of it lies inside"),
    "kept_out": Text("不得划入", "kept out"),
    "small_patch": Text("所在斑块过小", "its patch is too small"),
}


@dataclass(frozen=True, eq=False)
class Snapped:
    """A line on parcel borders.

    zones          one polygon per patch, largest first, ids ``L1``, ``L2`` …; valid, without overlaps
    area_dm2       area of each patch: the parcels as surveyed, and the kept ground between them
    members        every parcel that lies inside the drawn line or was taken in (RED_LINE_MEMBER), with the reason
    remainder_dm2  ground of no parcel that was kept
    closed_m2      gaps between parcels that were closed
    dropped        patches that were too small
    """

    zones: Zones
    area_dm2: NDArray[np.int64]
    members: pa.Table
    remainder_dm2: int
    closed_m2: float
    dropped: int


def snap(
    line: Geometries,
    parcel: pa.Table,
    geometry: Geometries,
    params: Parameters,
    *,
    crs: Any = None,
    must_include: Flags | None = None,
    keep_out: Flags | None = None,
    special: Flags | None = None,
    remainder: bool = False,
) -> Snapped:
    """Bring a line to the borders of parcels.

    line          polygons of the line, in the reference system of the parcels
    geometry      polygon of each row of `parcel`, in the same order; parcels do not overlap
    crs           reference system (anything pyproj takes); None: longitude and latitude
    must_include  parcels that are in whatever their share; keep_out: parcels that never are (must_include is stronger)
    special       parcels with habitat or water sources: their patch is kept however small
    remainder     keep ground inside the line that belongs to no parcel

    Parameters read: ``zoning.red_line.parcel_share_ppm``, ``zoning.red_line.least_patch_km2``, ``zoning.red_line.sliver_m2``,
    ``zoning.red_line.neighbours``.
    """
    n = len(parcel)
    must, out_, extra = (np.zeros(n, bool) if f is None else np.asarray(f, bool) for f in (must_include, keep_out, special))
    geometry = np.asarray(geometry, object)
    ppm = to_ppm(share_matrix(geometry, [line], _geographic(crs))[:, 0])
    enough = ppm >= int(params.decimal("zoning.red_line.parcel_share_ppm"))
    member = must | (enough & ~out_)
    sliver_m2 = params.number("zoning.red_line.sliver_m2")
    between = _between(line, geometry, crs, sliver_m2) if remainder else np.zeros(0, object)
    parts, closed = _merged(np.concatenate([geometry[member], between]), geometry, crs, sliver_m2)
    eight = int(params.decimal("zoning.red_line.neighbours")) == 8
    patch, of_piece = _patches(parts, np.concatenate([geometry[member], between]), eight)
    piece_dm2 = np.concatenate([np.asarray(parcel["area_dm2"].to_numpy(), np.int64)[member], _dm2(between, crs)])
    area = np.zeros(int(patch.max(initial=-1)) + 1, np.int64)
    np.add.at(area, of_piece, piece_dm2)
    marked = np.zeros(area.size, bool)
    marked[of_piece[: int(member.sum())][extra[member]]] = True
    keep = (area >= params.number("zoning.red_line.least_patch_km2") * DM2_PER_KM2) | marked
    order = np.lexsort((np.arange(area.size), -area))
    order = order[keep[order]]
    names = np.full(area.size, "", object)
    names[order] = [f"L{i + 1}" for i in range(order.size)]
    patch_of_parcel = np.full(n, "", object)
    patch_of_parcel[member] = names[of_piece[: int(member.sum())]]
    reason = np.select(
        [member & (patch_of_parcel == ""), must, member, out_ & enough],
        ["small_patch", "must_include", "share", "kept_out"],
        "below_share",
    )
    members = _members(parcel, ppm, patch_of_parcel, reason, member)
    polygons = _polygons(parts, patch, order)
    kept_between = keep[of_piece[int(member.sum()) :]]
    return Snapped(
        Zones([str(names[k]) for k in order], ["red_line"] * order.size, polygons),
        area[order],
        members,
        int(piece_dm2[int(member.sum()) :][kept_between].sum()),
        closed,
        int((~keep).sum()),
    )


def check_line(zones: Zones, sliver_m2: float, crs: Any = None, where: str = "red_line") -> list[Fault]:
    """Return every fault of a line's polygons: invalid, overlapping, parts or holes smaller than a sliver."""
    faults = check_zones(zones, where, overlap_m2=0.0 if not _geographic(crs) else 1e-14)
    small = [
        _sliver(zones, i, kind, m2, sliver_m2, where)
        for kind, shapes, owner in (_parts_of(zones), _holes_of(zones.geometry))
        for i, m2 in zip(owner.tolist(), polygon_areas_m2(shapes, crs).tolist() if len(shapes) else [], strict=True)
        if m2 < sliver_m2
    ]
    return [*faults, *(capped(small, "zoning.sliver", where) if small else [])]


def _parts_of(zones: Zones) -> tuple[Text, Any, NDArray[np.int64]]:
    import shapely

    parts, owner = shapely.get_parts(zones.geometry, return_index=True)
    return Text("部分", "part"), shapely.polygons(shapely.get_exterior_ring(parts)) if len(parts) else parts, owner


def _holes_of(geometry: Geometries) -> tuple[Text, Any, NDArray[np.int64]]:
    """Return the holes of polygons as polygons, with the row each lies in."""
    import shapely

    parts, owner = shapely.get_parts(geometry, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    inner = np.diff(part, prepend=-1) == 0  # the first ring of a part is its outer one
    made = shapely.polygons(rings[inner]) if inner.any() else np.zeros(0, object)
    return Text("孔洞", "hole"), made, owner[part[inner]]


def _sliver(zones: Zones, i: int, kind: Text, m2: float, limit: float, where: str) -> Fault:
    clash = Text("有一处{k}只有 {m:.2f} 平方米（下限 {t:g}）。", "has a {k} of {m:.2f} m2 (least {t:g}).").fill(
        k=kind, m=m2, t=limit
    )
    remedy = Text("删去这处碎片或填上这处孔洞。", "Delete the sliver or close the hole.")
    return Fault("zoning.sliver", where, zones.zone_id[i], clash, remedy)


def _geographic(crs: Any) -> bool:
    if crs is None:
        return True
    import pyproj

    return bool(pyproj.CRS.from_user_input(crs).is_geographic)


def _dm2(shapes: Geometries, crs: Any) -> NDArray[np.int64]:
    return areas_dm2(polygon_areas_m2(shapes, crs)) if len(shapes) else np.zeros(0, np.int64)


def _between(line: Geometries, geometry: Geometries, crs: Any, sliver_m2: float) -> Geometries:
    """Return the pieces of the line that lie in no parcel, without slivers."""
    import shapely

    whole = shapely.get_parts(shapely.union_all(np.asarray(line, object)))
    shapely.prepare(whole)
    near = np.unique(shapely.STRtree(geometry).query(whole, predicate="intersects")[1])
    pieces = shapely.get_parts(shapely.difference(shapely.union_all(whole), shapely.union_all(geometry[near])))
    pieces = pieces[shapely.get_type_id(pieces) == 3]
    return np.asarray(pieces[polygon_areas_m2(pieces, crs) >= sliver_m2] if len(pieces) else pieces, object)


def _merged(pieces: Geometries, parcels: Geometries, crs: Any, sliver_m2: float) -> tuple[Geometries, float]:
    """Return the parts of the union of the pieces, small gaps closed, and the area of the gaps [m2]."""
    import shapely

    if not len(pieces):
        return np.zeros(0, object), 0.0
    whole = shapely.union_all(pieces)
    _, holes, _ = _holes_of(np.array([whole], object))
    small = holes[polygon_areas_m2(holes, crs) < sliver_m2] if len(holes) else holes
    if len(small):
        # A hole that is somebody's parcel is no gap: that parcel is not in.
        hole, own = shapely.STRtree(parcels).query(small, predicate="intersects")
        held = np.bincount(hole, shapely.area(shapely.intersection(small[hole], parcels[own])), len(small))
        owned = held > 0.5 * shapely.area(small)
        small = small[~owned]
    if len(small):
        whole = shapely.union_all([whole, *small])
    parts = shapely.get_parts(whole)
    parts = parts[shapely.get_type_id(parts) == 3]
    return np.asarray(parts, object), float(polygon_areas_m2(small, crs).sum()) if len(small) else 0.0


def _patches(parts: Geometries, pieces: Geometries, eight: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the patch of each part and of each piece; parts that share a piece, or a corner if so wished, are one patch."""
    import shapely
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(parts):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    bits, piece = shapely.get_parts(pieces, return_index=True)
    tree = shapely.STRtree(parts)
    bit, part = tree.query(shapely.point_on_surface(bits), predicate="intersects")
    first = np.zeros(len(pieces), np.int64)
    first[piece[bit][::-1]] = part[::-1]
    links = [np.column_stack([first[piece[bit]], part])]
    if eight:
        links.append(tree.query(parts, predicate="intersects").T)
    pairs = np.concatenate(links)
    graph = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(parts), len(parts)))
    _, patch = connected_components(graph, directed=False)
    order = _by_place(parts, patch)
    return order, order[first]


def _by_place(parts: Geometries, patch: NDArray[Any]) -> NDArray[np.int64]:
    """Number patches by their north-western corner, so that the order of parcels does not matter."""
    import shapely

    x0, _, _, y1 = shapely.bounds(parts).T
    n = int(patch.max()) + 1
    west, north = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(west, patch, x0)
    np.maximum.at(north, patch, y1)
    rank = np.empty(n, np.int64)
    rank[np.lexsort((west, -north))] = np.arange(n)
    return rank[patch]


def _polygons(parts: Geometries, patch: NDArray[np.int64], order: NDArray[np.int64]) -> Geometries:
    import shapely

    out = np.empty(order.size, object)
    for i, k in enumerate(order.tolist()):
        own = parts[patch == k]
        out[i] = shapely.normalize(own[0] if len(own) == 1 else shapely.multipolygons(own))
    return out


def _members(parcel: pa.Table, ppm: NDArray[np.int64], patch: NDArray[Any], reason: NDArray[Any], member: Flags) -> pa.Table:
    rows = np.flatnonzero(member | (ppm > 0))
    at = pa.array(rows)
    return RED_LINE_MEMBER.table(
        {
            "parcel_id": parcel["parcel_id"].take(at),
            "inside_ppm": ppm[rows],
            "patch": pa.array(patch[rows].tolist(), pa.string()),
            "area_dm2": parcel["area_dm2"].take(at),
            "reason": pa.array(reason[rows].tolist(), pa.string()),
        }
    )
