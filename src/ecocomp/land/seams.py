"""Seams between parcels: where two lie on the same ground, and where a strip between them belongs to nobody.

Nearly all parcels of a sound survey fit their neighbours edge to edge. So edges are matched first, tile by tile, and only
what is left over at the end is looked at with geometry. Any number of parcels in Hilbert order; a few tiles in memory.

Overlaps. The rim of an overlap is made of edges without a match. So parcels with such edges are compared with all
whose boxes they meet; then, where an overlap was found, those around it, until nothing new comes up: this reaches the
middle of a layer that lies on another one, where every edge has its match.

Gaps. The edges without a match enclose every piece of ground that nobody has. They are first freed from vertices that
only one of two neighbours has on their common line, then cut at their crossings and joined to faces; a face on which no
parcel lies is a gap, unless it is large.

Reference for the faces: M. de Berg et al. (2008), Computational Geometry, chapter 2 (overlay of subdivisions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.land.area import polygon_areas_m2
from ecocomp.land.finds import Find, TopologyLimits, metres
from ecocomp.land.pieces import PIECE_VERTICES, Edges, edges_of, subdivided, unmatched
from ecocomp.land.shapes import ground_of, perimeters_m, polygons_in
from ecocomp.land.spool import Tiles, rows_of, shapes_of
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRS = 40_000
SPREADS_M2 = 0.01
WINDOW_EDGES = 300_000
REACH_M = 500.0
Progress = Callable[[int, int], None]


@dataclass
class Seams:
    """The seams of one layer. `matched()` first; then `overlaps()` and `gaps()` in any order."""

    tiles: Tiles
    crs: Any
    limits: TopologyLimits
    progress: Progress | None = None
    edges: Edges = field(default_factory=lambda: Edges.joined([]))

    def __len__(self) -> int:
        return int(self.tiles.starts[-1])

    def matched(self) -> Seams:
        """Match the edges of all parcels; keep those without a match in `edges`."""
        left: list[Edges] = []
        total = len(self.tiles.starts) - 1
        for tile in range(total):
            edges = edges_of(shapes_of(self.tiles.table(tile).select(["geometry"])))
            edges = edges.of(unmatched(edges))
            left.append(Edges(edges.start, edges.end, edges.owner + self.tiles.starts[tile]))
            if self.progress:
                self.progress(tile + 1, total)
        every = Edges.joined(left)
        self.edges = every.of(unmatched(every))
        return self

    # ------------------------------------------------------------ parcels of some rows
    def shapes(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
        """Return the shapes of rows (ascending) and which of them are valid; the others are made valid for the time being."""
        import shapely

        shapes = shapes_of(rows_of(self.tiles, rows, ["geometry"]))
        sound = np.asarray(shapely.is_valid(shapes))
        for i in np.flatnonzero(~sound):
            shapes[i] = ground_of(shapely.make_valid(shapes[i]))
        return shapes, sound

    def names(self, rows: NDArray[np.int64]) -> dict[int, str]:
        """Return the codes of some rows."""
        rows = np.unique(rows)
        return dict(zip(rows.tolist(), rows_of(self.tiles, rows, ["parcel_id"])["parcel_id"].to_pylist(), strict=True))

    def meeting(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield, tile by tile, pairs (row, other row) whose boxes meet, for the rows given (ascending)."""
        import shapely

        boxes = self.tiles.boxes
        tile = np.searchsorted(self.tiles.starts, rows, side="right") - 1
        for piece in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(tile)) + 1):
            if not len(piece):
                continue
            asked = rows[piece]
            near = np.flatnonzero(_meets(boxes, _total(boxes[asked])))
            tree = shapely.STRtree(shapely.box(*boxes[near].T))
            one, two = tree.query(shapely.box(*boxes[asked].T))
            yield asked[one], near[two]

    # ------------------------------------------------------------ overlaps
    def overlaps(self) -> list[Find]:
        """Return every two parcels that share more than `sliver_m2` of ground; those of one shape as `duplicate_shape`."""
        n = len(self)
        found: list[Shared] = []
        done, todo = np.zeros(n, bool), np.zeros(n, bool)
        todo[self.edges.owner] = True
        while todo.any():
            new = [shared for a, b in self._pairs(todo, done) for shared in [self._shared(a, b)] if len(shared.a)]
            found += new
            done |= todo
            todo = self._around(new) & ~done
        return self._overlap_finds(found)

    def _pairs(self, todo: NDArray[np.bool_], done: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield pairs not compared yet, one of them to do, whose boxes share an area."""
        boxes = self.tiles.boxes
        for a, b in self.meeting(np.flatnonzero(todo)):
            keep = (a != b) & ~done[b] & (~todo[b] | (a < b))
            wide = np.minimum(boxes[a, 2], boxes[b, 2]) > np.maximum(boxes[a, 0], boxes[b, 0])
            high = np.minimum(boxes[a, 3], boxes[b, 3]) > np.maximum(boxes[a, 1], boxes[b, 1])
            keep &= wide & high
            a, b = a[keep], b[keep]
            for start in range(0, len(a), PAIRS):
                yield a[start : start + PAIRS], b[start : start + PAIRS]

    def _shared(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> Shared:
        """Return which of these pairs share more than a trace of ground, how much, and where."""
        import shapely

        rows = np.unique(np.concatenate([a, b]))
        shapes, sound = self.shapes(rows)
        i, j = np.searchsorted(rows, a), np.searchsorted(rows, b)
        keep = sound[i] & sound[j]
        i, j = i[keep], j[keep]
        large = shapely.get_num_coordinates(shapes) > PIECE_VERTICES
        slow = large[i] | large[j]
        parts, pair = _common(shapes, i[~slow], j[~slow])
        pair = np.flatnonzero(~slow)[pair]
        if slow.any():
            more, of = _common_large(shapes, i[slow], j[slow])
            parts, pair = np.concatenate([parts, more]), np.concatenate([pair, np.flatnonzero(slow)[of]])
        areas = polygon_areas_m2(parts, self.crs) if len(parts) else np.zeros(0)
        total = np.bincount(pair, weights=areas, minlength=len(i)).astype(np.float64)
        kept = np.flatnonzero(total > min(SPREADS_M2, self.limits.sliver_m2))
        best = _largest(pair, areas, len(i))[kept]
        inside = shapely.point_on_surface(parts[best]) if len(kept) else np.zeros(0, object)
        same = np.asarray(shapely.equals(shapes[i[kept]], shapes[j[kept]]), bool) if len(kept) else np.zeros(0, bool)
        return Shared(rows[i[kept]], rows[j[kept]], total[kept], shapely.get_x(inside), shapely.get_y(inside), same)

    def _around(self, found: list[Shared]) -> NDArray[np.bool_]:
        """Return the rows whose boxes meet a parcel that overlaps another."""
        out = np.zeros(len(self), bool)
        members = np.unique(np.concatenate([np.zeros(0, np.int64), *(s.a for s in found), *(s.b for s in found)]))
        for _, other in self.meeting(members):
            out[other] = True
        return out

    def _overlap_finds(self, found: list[Shared]) -> list[Find]:
        pairs = [(s, k) for s in found for k in np.flatnonzero(s.area_m2 > self.limits.sliver_m2)]
        rows = np.array([r for s, k in pairs for r in (s.a[k], s.b[k])], np.int64)
        names = self.names(rows)
        source = getattr(self.tiles, "source_rows", np.arange(len(self)))
        finds = []
        for s, k in pairs:
            one, two = sorted((int(s.a[k]), int(s.b[k])), key=lambda r: int(source[r]))
            kind = "duplicate_shape" if s.same[k] else "overlap"
            place = float(s.x[k]), float(s.y[k])
            finds.append(Find(kind, names[one], names[two], *place, float(s.area_m2[k]), (one, two)))
        return sorted(finds, key=lambda f: (int(source[f.rows[0]]), int(source[f.rows[1]])))

    # ------------------------------------------------------------ gaps
    def gaps(self) -> list[Find]:
        """Return the holes in the coverage that are neither traces nor large, each with the two parcels longest beside it.

        Where more than `WINDOW_EDGES` edges have no match, the layer is looked at in windows, and a gap longer than
        `REACH_M` beyond its window is not seen. Gaps beside a shape that is not valid are left to the day it is mended.
        """
        faces = [f for window in self._windows() for f in self._faces(*window)]
        if not faces:
            return []
        free = self._uncovered(np.array(faces, object))
        return self._gap_finds(free) if len(free) else []

    def gap_shapes(self) -> NDArray[np.object_]:
        """Return the shapes of the gaps, in the order of `gaps()`."""
        return self._gap_polygons

    _gap_polygons: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, object))

    def _windows(self) -> Iterator[tuple[Edges, tuple[float, float, float, float]]]:
        """Yield edges and the window in which the faces made of them count."""
        edges = self.edges
        whole = (-np.inf, -np.inf, np.inf, np.inf)
        if len(edges) <= WINDOW_EDGES:
            yield edges, whole
            return
        kx, ky = metres(self.crs, self.tiles.boxes)
        side = int(np.ceil(np.sqrt(len(edges) / (WINDOW_EDGES / 2))))
        xs = _cuts(edges.start[:, 0], side)
        for x0, x1 in pairwise(xs):
            column = _within(edges, (x0 - REACH_M / kx, -np.inf, x1 + REACH_M / kx, np.inf))
            if not column.any():
                continue
            band = edges.of(column)
            ys = _cuts(band.start[:, 1], side)
            for y0, y1 in pairwise(ys):
                near = _within(band, (x0 - REACH_M / kx, y0 - REACH_M / ky, x1 + REACH_M / kx, y1 + REACH_M / ky))
                yield band.of(near), (x0, y0, x1, y1)

    def _faces(self, edges: Edges, window: tuple[float, float, float, float]) -> list[Any]:
        """Return the faces between edges that could be gaps and whose inner point lies in the window."""
        import shapely

        kx, ky = metres(self.crs, self.tiles.boxes)
        start, end = healed(edges, self.limits.touch_m / max(kx, ky))
        if not len(start):
            return []
        lines = shapely.union_all(shapely.linestrings(np.stack([start, end], axis=1)))
        faces = polygons_in(shapely.polygonize(shapely.get_parts(lines)))
        if not len(faces):
            return []
        areas, around = polygon_areas_m2(faces, self.crs), perimeters_m(faces, self.crs)
        width = 2 * areas / around
        small = (areas <= self.limits.max_gap_m2) | (width <= self.limits.max_gap_width_m)
        faces = faces[small & (areas > SPREADS_M2) & (width > self.limits.touch_m / 2)]
        inner = shapely.point_on_surface(faces)
        x, y = shapely.get_x(inner), shapely.get_y(inner)
        here = (x >= window[0]) & (x < window[2]) & (y >= window[1]) & (y < window[3])
        return list(faces[here])

    def _uncovered(self, faces: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return the ground of faces on which no parcel lies, joined where they touch."""
        import shapely

        inner = shapely.point_on_surface(faces)
        covered = np.zeros(len(faces), bool)
        for rows, face in self._beside(inner):
            shapes, _ = self.shapes(np.unique(rows))
            at = np.searchsorted(np.unique(rows), rows)
            hit = shapely.intersects(shapes[at], inner[face])
            covered[face[hit]] = True
        free = faces[~covered]
        return polygons_in(shapely.union_all(free)) if len(free) else free

    def _beside(self, things: NDArray[np.object_]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield, tile by tile, pairs (row, thing) of parcels whose box meets a thing."""
        import shapely

        boxes, starts = self.tiles.boxes, self.tiles.starts
        tree = shapely.STRtree(things)
        total = _total(shapely.bounds(things))
        for tile in range(len(starts) - 1):
            rows = np.arange(starts[tile], starts[tile + 1])
            rows = rows[_meets(boxes[rows], total)]
            if not len(rows):
                continue
            one, two = tree.query(shapely.box(*boxes[rows].T))
            if len(one):
                yield rows[one], two

    def _gap_finds(self, gaps: NDArray[np.object_]) -> list[Find]:
        import shapely

        areas, around = polygon_areas_m2(gaps, self.crs), perimeters_m(gaps, self.crs)
        width = 2 * areas / around
        keep = areas > self.limits.sliver_m2
        keep &= (areas <= self.limits.max_gap_m2) | (width <= self.limits.max_gap_width_m)
        gaps, areas, width = gaps[keep], areas[keep], width[keep]
        beside, broken = self._neighbours(gaps)
        every = np.array([r for near in beside for r in near], np.int64)
        names = self.names(every)
        inner = shapely.point_on_surface(gaps)
        finds: list[Find] = []
        kept: list[int] = []
        for g in np.lexsort((shapely.get_y(inner), shapely.get_x(inner))):
            if broken[g] or not beside[g]:
                continue
            near = beside[g]
            note = Text("平均宽 {w:.2f} m", "{w:.2f} m wide on average").fill(w=width[g])
            other = names[near[1]] if len(near) > 1 else None
            place = float(shapely.get_x(inner[g])), float(shapely.get_y(inner[g]))
            rows = (near[0], near[1] if len(near) > 1 else -1)
            finds.append(Find("gap", names[near[0]], other, *place, float(areas[g]), rows, None, note))
            kept.append(int(g))
        self._gap_polygons = gaps[kept]
        return finds

    def _neighbours(self, gaps: NDArray[np.object_]) -> tuple[list[list[int]], NDArray[np.bool_]]:
        """Return for each gap the rows beside it, the longest common line first, and whether one of them is not valid."""
        import shapely

        kx, ky = metres(self.crs, self.tiles.boxes)
        touch = 2 * self.limits.touch_m / max(kx, ky)
        lengths: list[list[tuple[float, int]]] = [[] for _ in gaps]
        broken = np.zeros(len(gaps), bool)
        if not len(gaps):
            return [], broken
        for rows, gap in self._beside(shapely.buffer(gaps, touch)):
            unique = np.unique(rows)
            shapes, sound = self.shapes(unique)
            at = np.searchsorted(unique, rows)
            wide = shapely.buffer(shapes[at], touch, quad_segs=2)
            long = shapely.length(shapely.intersection(shapely.boundary(gaps[gap]), wide))
            for k in np.flatnonzero(long > 4 * touch):
                lengths[gap[k]].append((-round(float(long[k]), 6), int(rows[k])))
                broken[gap[k]] |= not sound[at[k]]
        return [[row for _, row in sorted(near)] for near in lengths], broken


@dataclass(frozen=True, slots=True)
class Shared:
    """Pairs of rows that share ground: area (m²), a place in the largest piece, and whether the two are one shape."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    area_m2: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    same: NDArray[np.bool_]


def healed(edges: Edges, touch: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cut edges at vertices of others that lie on them (within `touch`), and drop what then has its match."""
    import shapely

    points = np.unique(np.concatenate([edges.start, edges.end]), axis=0)
    lines = shapely.linestrings(np.stack([edges.start, edges.end], axis=1))
    line, point = shapely.STRtree(shapely.points(points)).query(lines, predicate="dwithin", distance=touch)
    along = edges.end[line] - edges.start[line]
    t = ((points[point] - edges.start[line]) * along).sum(axis=1) / (along**2).sum(axis=1)
    other = np.any(points[point] != edges.start[line], axis=1) & np.any(points[point] != edges.end[line], axis=1)
    inner = other & (t > 0) & (t < 1)
    n = len(edges)
    owner = np.concatenate([np.arange(n), line[inner], np.arange(n)])
    where = np.concatenate([np.full(n, -1.0), t[inner], np.full(n, 2.0)])
    xy = np.concatenate([edges.start, points[point[inner]], edges.end])
    order = np.lexsort((where, owner))
    owner, xy = owner[order], xy[order]
    step = owner[1:] == owner[:-1]
    start, end = xy[:-1][step], xy[1:][step]
    return _net(start, end)


def _net(start: NDArray[np.float64], end: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each line once that is not walked as often one way as the other."""
    real = np.any(start != end, axis=1)
    start, end = start[real], end[real]
    if not len(start):
        return start, end
    forward = (start[:, 0] < end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] < end[:, 1]))
    line = np.column_stack([np.where(forward[:, None], start, end), np.where(forward[:, None], end, start)])
    lines, at = np.unique(line, axis=0, return_inverse=True)
    balance = np.bincount(at.reshape(-1), weights=np.where(forward, 1.0, -1.0), minlength=len(lines))
    left = lines[balance != 0]
    return left[:, :2], left[:, 2:]


def _common(
    shapes: NDArray[np.object_], i: NDArray[np.int64], j: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the polygons two shapes share and the number of the pair of each."""
    import shapely

    common = shapely.intersection(shapes[i], shapes[j])
    parts, pair = shapely.get_parts(common, return_index=True)
    flat = np.isin(shapely.get_type_id(parts), (3, 6))
    return np.asarray(parts[flat], object), pair[flat].astype(np.int64)


def _common_large(
    shapes: NDArray[np.object_], i: NDArray[np.int64], j: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The same for shapes of many vertices, piece by piece."""
    import shapely

    rows = np.unique(np.concatenate([i, j]))
    pieces, owner = subdivided(shapes[rows])
    owner = rows[owner]
    pair_key = i * len(shapes) + j
    order = np.argsort(pair_key)
    one, two = shapely.STRtree(pieces).query(pieces)
    key = owner[one] * len(shapes) + owner[two]
    place = np.minimum(np.searchsorted(pair_key[order], key), len(order) - 1)
    asked = pair_key[order][place] == key
    parts, at = _common(pieces, one[asked], two[asked])
    return parts, order[place[asked]][at]


def _largest(group: NDArray[np.int64], values: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Return for each of n groups where its largest value stands; 0 for a group without any."""
    out = np.zeros(n, np.int64)
    order = np.argsort(values, kind="stable")
    out[group[order]] = order
    return out


def _total(boxes: NDArray[np.float64]) -> tuple[float, float, float, float]:
    return (*map(float, boxes[:, :2].min(axis=0)), *map(float, boxes[:, 2:].max(axis=0)))  # type: ignore[return-value]


def _meets(boxes: NDArray[np.float64], box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    found = (boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0]) & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1])
    return np.asarray(found, bool)


def _within(edges: Edges, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    low, high = np.minimum(edges.start, edges.end), np.maximum(edges.start, edges.end)
    return _meets(np.column_stack([low, high]), box)


def _cuts(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return n + 1 bounds, minus infinity to infinity, between which the values fall in about equal numbers."""
    inner = np.unique(np.quantile(values, np.linspace(0, 1, n + 1)[1:-1]))
    return np.concatenate([[-np.inf], inner, [np.inf]])
