"""Zone layers: named polygons with a type, their faults, and shares of parcels inside them.

For the zone, red-line and reserve layers a case brings. Shares are areas of exact intersections over the area of the
parcel, both in the plane of the reference system, where the scale of the projection cancels within a parcel; degrees are
first brought to the equal-area cylinder, so that shares are right there too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.land.pieces import subdivided
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Floats = NDArray[np.float64]

NOISE_SHARE = 1e-9
"""Shares within this of 0 or 1 are rounding of cut vertices."""


@dataclass(frozen=True, eq=False)
class Zones:
    """Polygons of one zone layer, in the reference system of the parcels.

    zone_id   name of each polygon as the layer gives it
    kind      type of each polygon: a function zone code, or empty where the layer has only one type
    geometry  shapely Polygon or MultiPolygon (polygons,)
    """

    zone_id: Sequence[str]
    kind: Sequence[str]
    geometry: Geometries

    @classmethod
    def of(cls, geometry: Sequence[Any] | Geometries, kind: str = "", prefix: str = "") -> Zones:
        """Return unnamed polygons of one type, numbered from 1."""
        made = np.array(geometry, object).reshape(-1)
        return cls([f"{prefix}{i + 1}" for i in range(made.size)], [kind] * made.size, made)

    def __len__(self) -> int:
        return len(self.zone_id)


def no_zones() -> Zones:
    """Return a layer without polygons."""
    return Zones.of(np.array([], object))


def check_zones(
    zones: Zones, where: str, known: Mapping[str, Text] | Collection[str] = (), overlap_m2: float | None = None
) -> list[Fault]:
    """Return every fault of a zone layer.

    where       layer as the user knows it
    known       types allowed; empty: any
    overlap_m2  two polygons may overlap by this area [CRS unit squared] and no more; None: overlaps are allowed
    """
    import shapely

    usable, valid = _usable(zones), np.zeros(len(zones), bool)
    valid[usable] = shapely.is_valid(zones.geometry[usable])
    found = [
        _unknown_kinds(zones, where, known),
        shape_faults(zones, where),
        _overlaps(zones, np.flatnonzero(valid), where, overlap_m2),
    ]
    return [f for group in found if group for f in capped(group, group[0].code, where)]


def shape_faults(zones: Zones, where: str) -> list[Fault]:
    """Return a fault for every geometry that is missing, no polygon or invalid, all of them."""
    import shapely

    usable, valid = _usable(zones), np.zeros(len(zones), bool)
    valid[usable] = shapely.is_valid(zones.geometry[usable])
    return [
        *(_no_polygon(zones, int(i), where) for i in np.flatnonzero(~usable)),
        *(_invalid(zones, int(i), where) for i in np.flatnonzero(usable & ~valid)),
    ]


def in_crs(shapes: Geometries, here: str, there: str) -> Geometries:
    """Return shapes in another reference system, x east and y north; unchanged where both are the same."""
    import pyproj
    import shapely

    one, two = pyproj.CRS.from_user_input(here), pyproj.CRS.from_user_input(there)
    if one.equals(two, ignore_axis_order=True):
        return shapes
    turn = pyproj.Transformer.from_crs(one, two, always_xy=True)
    return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1]))), object)


def _usable(zones: Zones) -> NDArray[np.bool_]:
    import shapely

    return np.asarray(np.isin(shapely.get_type_id(zones.geometry), (3, 6)) & ~shapely.is_empty(zones.geometry))


def shares(parcels: Geometries, zones: Geometries) -> Floats:
    """Return the share of each parcel inside the union of `zones`, 0 to 1 (parcels,).

    Zones may overlap each other; a parcel without area gets 0.
    """
    return share_matrix(parcels, [zones])[:, 0]


def share_matrix(parcels: Geometries, layers: Sequence[Geometries], geographic: bool = False) -> Floats:
    """Return the share of each parcel inside each layer (parcels, layers); polygons of one layer may overlap."""
    import shapely

    parcels, *layers = (equal_area(g) for g in (parcels, *layers)) if geographic else (parcels, *layers)
    tree = shapely.STRtree(parcels)
    whole = shapely.area(parcels)
    out = np.zeros((len(parcels), len(layers)))
    for k, layer in enumerate(layers):
        out[:, k] = _inside_area(tree, parcels, whole, apart(layer))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(whole[:, None] > 0, out / whole[:, None], 0.0)
    share[share > 1 - NOISE_SHARE] = 1.0
    share[share < NOISE_SHARE] = 0.0
    return share


def equal_area(geometry: Geometries) -> Geometries:
    """Bring longitude and latitude to the equal-area cylinder of the sphere, so that plane areas are true shares.

    The ellipsoid's own authalic latitude differs from this by less than 1e-6 of the area within one parcel.
    """
    import shapely

    def to_cylinder(xy: Floats) -> Floats:
        return np.stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))], axis=1)

    return np.asarray(shapely.transform(geometry, to_cylinder), object)


def _inside_area(tree: Any, parcels: Geometries, whole: Floats, zones: Geometries) -> Floats:
    """Return the area of each parcel inside zones that do not overlap."""
    out = np.zeros(len(parcels))
    if not zones.size:
        return out
    ground = Ground(zones)
    _, inside = ground.covering(tree)
    out[inside] = whole[inside]
    z, p = ground.touching(tree)
    border = ~np.isin(p, inside)
    z, p = z[border], p[border]
    np.add.at(out, p, ground.clipped(z, parcels, p))
    return out


class Ground:
    """Polygons made ready once to be laid over many blocks of parcels.

    zones   the polygons; they may overlap
    pieces  the same ground in small pieces, so that clipping a small parcel never walks a whole county's border
    owner   row of the polygon each piece comes from
    """

    def __init__(self, zones: Geometries) -> None:
        import shapely

        self.zones = zones
        self.pieces, self.owner = subdivided(zones) if zones.size else (zones, np.zeros(0, np.int64))
        shapely.prepare(self.zones)
        shapely.prepare(self.pieces)
        self._zone_boxes, self._piece_boxes = (shapely.bounds(g).reshape(-1, 4) for g in (self.zones, self.pieces))

    def covering(self, tree: Any, box: Sequence[float] | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs (polygon, parcel) where a polygon covers a parcel of the tree whole: no clipping is needed there.

        box  extent of the parcels, so that polygons elsewhere are not looked at
        """
        at = _in_box(self._zone_boxes, box)
        z, p = tree.query(self.zones[at], predicate="covers")
        return at[z], p

    def touching(self, tree: Any, box: Sequence[float] | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs (piece, parcel) that meet, in the order of parcel and piece."""
        at = _in_box(self._piece_boxes, box)
        z, p = tree.query(self.pieces[at], predicate="intersects")
        z = at[z]
        order = np.lexsort((z, p))
        return z[order], p[order]

    def clipped(self, piece: NDArray[np.int64], parcels: Geometries, parcel: NDArray[np.int64]) -> Floats:
        """Return the area of each parcel inside each piece, in the unit of the plane squared."""
        import shapely

        return np.asarray(shapely.area(shapely.intersection(self.pieces[piece], parcels[parcel])))


def _in_box(boxes: Floats, box: Sequence[float] | None) -> NDArray[np.int64]:
    if box is None:
        return np.arange(len(boxes))
    with np.errstate(invalid="ignore"):
        meet = (boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0]) & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1])
    return np.flatnonzero(meet)


def apart(zones: Geometries) -> Geometries:
    """Return the polygons as they are where none overlap, else the parts of their union."""
    import shapely

    zones = zones[~(shapely.is_missing(zones) | shapely.is_empty(zones))]
    a, _b = overlapping(zones)
    return shapely.get_parts(shapely.union_all(zones)) if a.size else zones


def overlapping(zones: Geometries) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs whose interiors meet, each once, in order."""
    import shapely

    if zones.size < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    shapely.prepare(zones)
    a, b = shapely.STRtree(zones).query(zones, predicate="intersects")
    a, b = a[a < b], b[a < b]
    meet = ~shapely.touches(zones[a], zones[b])
    order = np.lexsort((b[meet], a[meet]))
    return a[meet][order], b[meet][order]


def _unknown_kinds(zones: Zones, where: str, known: Mapping[str, Text] | Collection[str]) -> list[Fault]:
    clash = Text("类型“{k}”不在代码表中。", "the type “{k}” is not in the code list.")
    remedy = Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(known))
    return [
        Fault("zoning.kind", where, i, clash.fill(k=k), remedy)
        for i, k in zip(zones.zone_id, zones.kind, strict=True)
        if known and k not in known
    ]


def _no_polygon(zones: Zones, i: int, where: str) -> Fault:
    clash = Text("图形为空或不是面。", "the geometry is empty or no polygon.")
    return Fault(
        "zoning.geometry_kind", where, zones.zone_id[i], clash, Text("补绘该面或删去该行。", "Draw the polygon or delete the row.")
    )


def _invalid(zones: Zones, i: int, where: str) -> Fault:
    import shapely

    why = shapely.is_valid_reason(zones.geometry[i])
    clash = Text("图形无效：{w}。", "the geometry is invalid: {w}.").fill(w=why)
    remedy = Text("在该坐标处修复自相交或重叠的边界。", "Mend the crossing or doubled border at that coordinate.")
    return Fault("zoning.invalid_geometry", where, zones.zone_id[i], clash, remedy)


def _overlaps(zones: Zones, valid: NDArray[np.int64], where: str, overlap_m2: float | None) -> list[Fault]:
    import shapely

    if overlap_m2 is None:
        return []
    geometry = zones.geometry[valid]
    a, b = overlapping(geometry)
    area = shapely.area(shapely.intersection(geometry[a], geometry[b]))
    clash = Text("与 {b} 重叠 {m:.2f} 平方米（容差 {t:g}）。", "overlaps {b} by {m:.2f} m2 (tolerance {t:g}).")
    remedy = Text("一块地只能属一类分区：裁去其中一处的重叠。", "Ground has one zone: cut the overlap from one of the two.")
    return [
        Fault("zoning.overlap", where, zones.zone_id[valid[i]], clash.fill(b=zones.zone_id[valid[j]], m=m, t=overlap_m2), remedy)
        for i, j, m in zip(a, b, area, strict=True)
        if m > overlap_m2
    ]
