"""What can be wrong with a shape by itself: nothing there, crossings, doubled vertices, spikes, slivers, parts, holes.

Many shapes at once; vertices are looked at as arrays, and only what looks wrong is looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.land.area import polygon_areas_m2
from ecocomp.land.finds import Find, TopologyLimits, metres
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

REASONS = {
    "Self-intersection": Text("边界自相交", "the boundary crosses itself"),
    "Ring Self-intersection": Text("边界自相触", "the boundary touches itself"),
    "Hole lies outside shell": Text("洞在外边界之外", "a hole lies outside"),
    "Nested shells": Text("部分互相包含", "parts lie inside each other"),
    "Nested holes": Text("洞互相包含", "holes lie inside each other"),
    "Interior is disconnected": Text("内部被切断", "the inside is cut apart"),
    "Too few points in geometry component": Text("节点太少", "too few vertices"),
}


_ENDLESS = Text("有坐标不是有限的数", "a coordinate is not a finite number")


@dataclass(frozen=True, slots=True)
class Looked:
    """Shapes looked at: which are polygons with an extent, which of these are valid, area of the valid ones (m²)."""

    polygon: NDArray[np.bool_]
    sound: NDArray[np.bool_]
    area_m2: NDArray[np.float64]


def look(shapes: NDArray[np.object_], crs: Any) -> Looked:
    """Say which shapes can be used, and measure them on the ellipsoid."""
    import shapely

    kinds = shapely.get_type_id(shapes)
    polygon = ((kinds == 3) | (kinds == 6)) & ~shapely.is_empty(shapes) & ~endless(shapes)
    sound = polygon & shapely.is_valid(shapes)
    area = np.zeros(len(shapes))
    if sound.any():
        area[sound] = polygon_areas_m2(shapes if sound.all() else shapes[sound], crs)
    return Looked(polygon, sound, area)


def endless(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which shapes have a coordinate that is not a finite number: no geometry library computes with these."""
    import shapely

    points, owner = shapely.get_coordinates(shapes, return_index=True)
    out = np.zeros(len(shapes), bool)
    out[owner[~np.isfinite(points).all(axis=1)]] = True
    return out


def broken_finds(ids: Sequence[str], shapes: NDArray[np.object_], looked: Looked, crs: Any, first_row: int = 0) -> list[Find]:
    """Return shapes that are missing, no polygons, or not valid: each with the reason and the place."""
    import shapely

    found: list[Find] = []
    for i in np.flatnonzero(~looked.polygon).tolist():
        row = (first_row + int(i), -1)
        if shapes[i] is None or shapely.is_empty(shapes[i]):
            found.append(Find("empty_shape", ids[i], rows=row))
        elif endless(shapes[i : i + 1])[0]:
            found.append(Find("crossed_shape", ids[i], rows=row, note=_ENDLESS))
        else:
            kind = shapely.GeometryType(int(shapely.get_type_id(shapes[i]))).name.lower()
            found.append(Find("not_a_polygon", ids[i], rows=row, note=Text(kind, kind)))
    return found + _crossed(ids, shapes, np.flatnonzero(looked.polygon & ~looked.sound), crs, first_row)


def _crossed(ids: Sequence[str], shapes: NDArray[np.object_], at: NDArray[np.int64], crs: Any, first_row: int) -> list[Find]:
    """Return the finds of shapes that are not valid; the area is that of the smaller pieces the crossing cuts off."""
    import shapely

    if not len(at):
        return []
    parts = [polygons_in(shape) for shape in shapely.make_valid(shapes[at])]
    areas = _areas_of(parts, crs)
    found = []
    for i, reason, pieces in zip(at.tolist(), shapely.is_valid_reason(shapes[at]), areas, strict=True):
        place = re.search(r"\[([^\]]+)\]", str(reason))
        x, y = (float(v) for v in place.group(1).split()[:2]) if place else (float("nan"), float("nan"))
        note = REASONS.get(str(reason).split("[")[0], Text("图形无效", "the shape is not valid"))
        cut = float(np.sort(pieces)[:-1].sum())
        found.append(Find("crossed_shape", ids[i], None, x, y, cut, (first_row + int(i), -1), None, note))
    return found


def _areas_of(groups: Sequence[NDArray[np.object_]], crs: Any) -> list[NDArray[np.float64]]:
    """Return the areas (m²) of groups of polygons, all measured at once: a single call costs a millisecond by itself."""
    sizes = [len(g) for g in groups]
    every = np.concatenate([np.zeros(0, object), *groups])
    areas = polygon_areas_m2(every, crs) if len(every) else np.zeros(0)
    return np.split(areas, np.cumsum(sizes)[:-1]) if sizes else []


def polygons_in(shape: Any) -> NDArray[np.object_]:
    """Return the polygons a shape consists of; lines and points are left out."""
    import shapely

    parts = shapely.get_parts(np.atleast_1d(shape))
    parts = shapely.get_parts(parts[shapely.get_type_id(parts) != 7]) if (shapely.get_type_id(parts) == 7).any() else parts
    parts = shapely.get_parts(parts)
    return np.asarray(parts[shapely.get_type_id(parts) == 3], object)


def ground_of(shape: Any) -> Any:
    """Return the polygons a shape consists of as one multipolygon, empty if there is none."""
    import shapely

    return shapely.MultiPolygon(list(polygons_in(shape)))


def form_finds(
    ids: Sequence[str], shapes: NDArray[np.object_], looked: Looked, crs: Any, limits: TopologyLimits, first_row: int = 0
) -> list[Find]:
    """Return what is odd about the form of shapes: no area, slivers, vertices twice, spikes, several parts, holes."""
    found = _areas(ids, shapes, looked, crs, limits, first_row)
    found += _vertices(ids, shapes, looked.polygon, crs, limits, first_row)
    if limits.multi_part:
        found += _parts(ids, shapes, looked.sound, crs, first_row)
    if limits.holes:
        found += _holes(ids, shapes, looked.sound, crs, first_row)
    return found


def _inside(shape: Any) -> tuple[float, float]:
    import shapely

    point = shapely.point_on_surface(shape)
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def _areas(
    ids: Sequence[str], shapes: NDArray[np.object_], looked: Looked, crs: Any, limits: TopologyLimits, first_row: int
) -> list[Find]:
    at = np.flatnonzero(looked.sound)
    if not len(at):
        return []
    around = perimeters_m(shapes[at], crs)
    area = looked.area_m2[at]
    with np.errstate(divide="ignore", invalid="ignore"):
        width, compact = 2 * area / around, 4 * np.pi * area / around**2
    none = np.rint(area * 100) <= 0
    found = []
    for k in np.flatnonzero(none):
        found.append(Find("no_area", ids[at[k]], None, *_inside(shapes[at[k]]), float(area[k]), (first_row + int(at[k]), -1)))
    for k in np.flatnonzero(~none & (width < limits.thin_width_m) & (compact < limits.thin_compactness)):
        note = Text("平均宽 {w:.3f} m", "{w:.3f} m wide on average").fill(w=width[k])
        row = (first_row + int(at[k]), -1)
        found.append(Find("thin", ids[at[k]], None, *_inside(shapes[at[k]]), float(area[k]), row, None, note))
    return found


def perimeters_m(shapes: NDArray[np.object_], crs: Any) -> NDArray[np.float64]:
    """Return the length of all boundaries (m), in the plane of the coordinates."""
    import shapely

    kx, ky = metres(crs, shapely.bounds(shapes))
    if kx == ky:
        return np.asarray(shapely.length(shapes) * kx, np.float64)
    return np.asarray(shapely.length(shapely.transform(shapes, lambda xy: xy * np.array([kx, ky]))), np.float64)


@dataclass(frozen=True, slots=True)
class Rings:
    """Vertices of many rings, each with its first vertex again at the end."""

    xy: NDArray[np.float64]
    ring: NDArray[np.int64]
    owner: NDArray[np.int64]

    @staticmethod
    def of(shapes: NDArray[np.object_]) -> Rings:
        """Take polygons and multipolygons apart; `owner` is by vertex."""
        import shapely

        parts, shape = shapely.get_parts(shapes, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        return Rings(xy, ring, shape[part][ring] if len(ring) else np.zeros(0, np.int64))


def doubled(rings: Rings, scale: tuple[float, float], same_m: float) -> NDArray[np.bool_]:
    """Return which vertices are nearer than `same_m` to the one before them in their ring."""
    out = np.zeros(len(rings.xy), bool)
    step = (rings.xy[1:] - rings.xy[:-1]) * np.array(scale)
    out[1:] = (rings.ring[1:] == rings.ring[:-1]) & (np.hypot(step[:, 0], step[:, 1]) < same_m)
    return out


def spiked(rings: Rings, scale: tuple[float, float], limits: TopologyLimits) -> NDArray[np.bool_]:
    """Return which vertices (the last of each ring left out) are the tip of a spike; no vertex may be doubled."""
    n = len(rings.xy)
    out = np.zeros(n, bool)
    if n < 4:
        return out
    first = np.append(True, rings.ring[1:] != rings.ring[:-1])
    last = np.append(first[1:], True)
    before, after = np.arange(n) - 1, np.arange(n) + 1
    starts, ends = np.flatnonzero(first), np.flatnonzero(last)
    before[starts] = ends - 1
    after[ends] = ends
    factor = np.array(scale)
    u, v = (rings.xy[before] - rings.xy) * factor, (rings.xy[after] - rings.xy) * factor
    a, b = np.hypot(u[:, 0], u[:, 1]), np.hypot(v[:, 0], v[:, 1])
    cross, dot = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]), (u * v).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = (np.arctan2(cross, dot) < np.deg2rad(limits.spike_deg)) & (cross / np.maximum(a, b) < limits.spike_width_m)
    out &= ~last & (a > 0) & (b > 0)
    return np.asarray(out, bool)


def without(rings: Rings, gone: NDArray[np.bool_]) -> Rings:
    """Return the rings without some vertices, closed again where the first one went."""
    kept = Rings(rings.xy[~gone], rings.ring[~gone], rings.owner[~gone])
    if not len(kept.xy):
        return kept
    first = np.append(True, kept.ring[1:] != kept.ring[:-1])
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(kept.xy)) - 1
    open_ = np.any(kept.xy[starts] != kept.xy[ends], axis=1)
    xy = np.insert(kept.xy, ends[open_] + 1, kept.xy[starts[open_]], axis=0)
    ring = np.insert(kept.ring, ends[open_] + 1, kept.ring[starts[open_]])
    owner = np.insert(kept.owner, ends[open_] + 1, kept.owner[starts[open_]])
    return Rings(xy, ring, owner)


def _vertices(
    ids: Sequence[str], shapes: NDArray[np.object_], polygon: NDArray[np.bool_], crs: Any, limits: TopologyLimits, first_row: int
) -> list[Find]:
    import shapely

    at = np.flatnonzero(polygon)
    if not len(at):
        return []
    rings = Rings.of(shapes[at])
    scale = metres(crs, shapely.bounds(shapes[at]))
    twice = doubled(rings, scale, limits.same_vertex_m)
    plain = without(rings, twice) if twice.any() else rings
    tips = spiked(plain, scale, limits)
    found: list[Find] = []
    for kind, which, where in (("same_vertex", twice, rings), ("spike", tips, plain)):
        rows, first, times = np.unique(where.owner[which], return_index=True, return_counts=True)
        places = where.xy[which]
        for row, k, n in zip(rows, first, times, strict=True):
            note = Text("{n} 处", "{n} time(s)").fill(n=int(n))
            i = int(at[row])
            found.append(Find(kind, ids[i], None, float(places[k, 0]), float(places[k, 1]), None, (first_row + i, -1), None, note))
    return found


def _parts(ids: Sequence[str], shapes: NDArray[np.object_], sound: NDArray[np.bool_], crs: Any, first_row: int) -> list[Find]:
    import shapely

    at = np.flatnonzero(sound & (shapely.get_num_geometries(shapes) > 1))
    groups = [shapely.get_parts(shape) for shape in shapes[at]]
    found = []
    for i, parts, areas in zip(at.tolist(), groups, _areas_of(groups, crs), strict=True):
        k = int(np.argmin(areas))
        n = Text(str(len(parts)), str(len(parts)))
        found.append(Find("multi_part", ids[i], None, *_inside(parts[k]), float(areas[k]), (first_row + int(i), -1), None, n))
    return found


def _holes(ids: Sequence[str], shapes: NDArray[np.object_], sound: NDArray[np.bool_], crs: Any, first_row: int) -> list[Find]:
    import shapely

    parts, owner = shapely.get_parts(shapes, return_index=True)
    holed = sound[owner] & (shapely.get_num_interior_rings(parts) > 0)
    at = np.unique(owner[holed])
    groups = [np.array([shapely.polygons(r) for p in parts[(owner == i) & holed] for r in p.interiors], object) for i in at]
    found = []
    for i, rings, areas in zip(at.tolist(), groups, _areas_of(groups, crs), strict=True):
        n = Text(str(len(rings)), str(len(rings)))
        found.append(Find("hole", ids[i], None, *_inside(rings[0]), float(areas.sum()), (first_row + int(i), -1), None, n))
    return found
