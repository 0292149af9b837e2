"""Polygons that cover an area without gap or overlap: wavy Voronoi cells, merged and slit along their edges.

Every edge is made once and used by the two cells beside it, so shared borders are equal to the last digit.
An edge is bent only towards the two seeds it separates; it stays inside the kite of seed, end, seed, end, and
kites of different edges never overlap. Strips (ditches, paths) come from pulling an edge path apart: its
vertices get a left and a right copy, cells keep the copy on their side, and the strip fills the opening.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

INNER = 3  # bends per edge
ROUND_M = 3  # decimals of coordinates
SPECK_M = 0.8


@dataclass
class Edges:
    """Edges of a Voronoi diagram: the two cells beside, the two end vertices, and all points along.

    cells    (E, 2) seed indices, vertices (E, 2) indices into `corner`, points (E, INNER + 2, 2) coordinates
    """

    seeds: NDArray[np.float64]
    corner: NDArray[np.float64]
    cells: NDArray[np.intp]
    vertices: NDArray[np.intp]
    points: NDArray[np.float64]

    def lengths(self) -> NDArray[np.float64]:
        """Return the straight lengths of the edges (m)."""
        return np.hypot(*(self.points[:, -1] - self.points[:, 0]).T)


def voronoi(seeds: NDArray[np.float64], rng: np.random.Generator, bend: float = 0.3) -> Edges:
    """Return the bent edges of the Voronoi diagram of `seeds`; edges that run to infinity are left out."""
    from scipy.spatial import Voronoi

    centre = seeds.mean(axis=0)
    diagram = Voronoi(seeds - centre)
    vertices = np.asarray(diagram.ridge_vertices)
    keep = (vertices >= 0).all(axis=1)
    cells, vertices = diagram.ridge_points[keep].astype(np.intp), vertices[keep].astype(np.intp)
    corner, vertices, cells = _without_specks(np.round(diagram.vertices + centre, ROUND_M), vertices, cells)
    order = np.lexsort((cells.max(axis=1), cells.min(axis=1)))
    cells, vertices = cells[order], vertices[order]
    return Edges(seeds, corner, cells, vertices, _bent(seeds, corner, cells, vertices, rng, bend))


def _without_specks(corner: Any, vertices: Any, cells: Any) -> tuple[Any, Any, Any]:
    """Join the ends of edges shorter than `SPECK_M` to one vertex and drop those edges."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    short = np.hypot(*(corner[vertices[:, 0]] - corner[vertices[:, 1]]).T) < SPECK_M
    links = coo_matrix((np.ones(int(short.sum())), tuple(vertices[short].T)), shape=(len(corner), len(corner)))
    _, name = connected_components(links, directed=False)
    first = np.full(int(name.max()) + 1, len(corner))
    np.minimum.at(first, name, np.arange(len(corner)))
    vertices = first[name][vertices]
    keep = vertices[:, 0] != vertices[:, 1]
    return corner, vertices[keep], cells[keep]


def _bent(seeds: Any, corner: Any, cells: Any, vertices: Any, rng: np.random.Generator, bend: float) -> NDArray[np.float64]:
    """Return points along every edge, drawn towards one seed or the other."""
    a, b = corner[vertices[:, 0]], corner[vertices[:, 1]]
    at = (np.arange(1, INNER + 1) / (INNER + 1))[None, :, None]
    straight = a[:, None] * (1 - at) + b[:, None] * at
    wave = rng.uniform(-1, 1, (len(cells), 1)) * 0.6 + rng.uniform(-1, 1, (len(cells), INNER)) * 0.4
    towards = np.where(wave[..., None] > 0, seeds[cells[:, 0]][:, None], seeds[cells[:, 1]][:, None])
    inner = straight + np.abs(wave[..., None]) * bend * np.sin(np.pi * at) * (towards - straight)
    along = b - a
    far = np.maximum((along**2).sum(axis=1), 1e-12)
    share = ((inner - a[:, None]) * along[:, None]).sum(axis=2) / far[:, None]
    run = np.column_stack([np.full(len(share), 0.0), share, np.full(len(share), 1.0)])
    bad = (np.diff(run, axis=1) < 0.04).any(axis=1) | (far < 4.0)
    inner[bad] = straight[bad]
    return np.round(np.concatenate([a[:, None], inner, b[:, None]], axis=1), ROUND_M)


def rings(edges: Edges, keep: NDArray[np.bool_], left: NDArray[np.float64] | None = None, right: Any = None) -> Any:
    """Return one polygon per kept cell (shapely array, in the order of the kept seeds).

    left, right   points of the edges as seen from `cells[:, 0]` and `cells[:, 1]` (default: the same points)
    """
    import shapely

    first = edges.points if left is None else left
    second = edges.points if right is None else right
    cell = np.concatenate([edges.cells[:, 0], edges.cells[:, 1]])
    points = np.concatenate([first, second])
    corner = np.concatenate([edges.points, edges.points])
    use = keep[cell]
    cell, points, corner = cell[use], points[use], corner[use]
    seed = edges.seeds[cell]
    a, b = corner[:, 0] - seed, corner[:, -1] - seed
    turn = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] < 0
    points = np.where(turn[:, None, None], points[:, ::-1], points)
    start = np.where(turn[:, None], b, a)
    order = np.lexsort((np.arctan2(start[:, 1], start[:, 0]), cell))
    k = points.shape[1] - 1
    coords = points[order][:, :k].reshape(-1, 2)
    ring = np.repeat(np.cumsum(keep)[cell[order]] - 1, k)
    return shapely.polygons(shapely.linearrings(coords, indices=ring))


def sound_rings(edges: Edges, keep: NDArray[np.bool_]) -> Any:
    """Return the kept cells after straightening, in place, the edges of cells that bends or rounding made unsound."""

    at = np.linspace(0, 1, INNER + 2)[None, :, None]
    doubt = keep
    for _ in range(6):
        bad = np.flatnonzero(doubt)[unsound(rings(edges, doubt))]
        if not len(bad):
            return rings(edges, keep)
        touched = np.isin(edges.cells, bad).any(axis=1)
        a, b = edges.points[touched, :1], edges.points[touched, -1:]
        edges.points[touched] = np.round(a * (1 - at) + b * at, ROUND_M)
        near = np.isin(edges.cells, edges.cells[touched]).any(axis=1)
        doubt = keep & np.isin(np.arange(len(keep)), edges.cells[near])  # the changed cells and all around them
    raise AssertionError(f"{len(bad)} cells stay unsound")


def unsound(polygons: Any) -> NDArray[np.bool_]:
    """Return which polygons are invalid or do not fit their neighbours exactly."""
    import shapely

    out: NDArray[np.bool_] = ~shapely.is_valid(polygons) | ~shapely.is_empty(shapely.coverage_invalid_edges(polygons))
    return out


def union_by(polygons: Any, group: NDArray[np.intp], count: int) -> Any:
    """Return the union of the polygons of each group 0…count−1; shared edges vanish, other vertices stay."""

    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(count + 1))
    out = np.empty(count, object)
    size = np.diff(starts)
    single = size == 1
    out[single] = polygons[order[starts[:-1][single]]]
    for g in np.flatnonzero(~single):
        out[g] = _union(polygons[order[starts[g] : starts[g + 1]]])
    return out


def _union(parts: Any) -> Any:
    """Return the union of cells; a hairline spike, rare, needs the slower general union."""
    import shapely

    try:
        return shapely.coverage_union_all(parts)
    except shapely.errors.GEOSException:
        return shapely.union_all(parts)


def slit(edges: Edges, path: NDArray[np.intp], width_m: NDArray[np.float64]) -> tuple[Any, Any, list[NDArray[np.float64]]]:
    """Pull paths of edges apart; return the points seen from the first and the second cell, and the strips' rings.

    path      (E,) number of the path each edge belongs to, −1 for none; paths must not touch each other
    width_m   width of each path
    """
    left, right = edges.points.copy(), edges.points.copy()
    strips: list[NDArray[np.float64]] = []
    side = _SideTable(edges)
    for p in range(len(width_m)):
        strips.append(_open_path(edges, np.flatnonzero(path == p), width_m[p], left, right, side))
    return left, right, strips


class _SideTable:
    """Edges by end vertex."""

    def __init__(self, edges: Edges) -> None:
        ends = edges.vertices.ravel()
        self.order = np.argsort(ends, kind="stable")
        self.starts = np.searchsorted(ends[self.order], np.arange(len(edges.corner) + 1))

    def of(self, vertex: int) -> NDArray[np.intp]:
        """Return the edges that end at a vertex."""
        found: NDArray[np.intp] = self.order[self.starts[vertex] : self.starts[vertex + 1]] // 2
        return found


def chain(edges: Edges, members: NDArray[np.intp]) -> tuple[list[int], list[bool], list[int]]:
    """Return the edges of a simple path in order, whether each is walked backwards, and its vertices."""
    left = {int(e) for e in members}
    count: dict[int, int] = {}
    for e in members:
        for v in edges.vertices[e]:
            count[int(v)] = count.get(int(v), 0) + 1
    at = min(v for v, c in count.items() if c == 1)
    walk, back, seen = [], [], [at]
    while left:
        e = min(e for e in left if at in edges.vertices[e])
        left.remove(e)
        reverse = bool(edges.vertices[e][1] == at)
        at = int(edges.vertices[e][0 if reverse else 1])
        walk.append(e)
        back.append(reverse)
        seen.append(at)
    return walk, back, seen


def _open_path(edges: Edges, members: Any, width: float, left: Any, right: Any, table: _SideTable) -> NDArray[np.float64]:
    """Open one path and return the ring of its strip; the two ends stay closed, so the strip tapers there."""
    walk, back, seen = chain(edges, members)
    line = [edges.points[e][::-1] if r else edges.points[e] for e, r in zip(walk, back, strict=True)]
    middle = np.concatenate([line[0], *[part[1:] for part in line[1:]]])
    step = np.gradient(middle, axis=0)
    normal = np.column_stack([-step[:, 1], step[:, 0]]) / np.maximum(np.hypot(*step.T), 1e-9)[:, None]
    half = np.full(len(middle), width / 2)
    half[[0, -1]] = 0.0
    one = np.round(middle + normal * half[:, None], ROUND_M)
    two = np.round(middle - normal * half[:, None], ROUND_M)
    k = edges.points.shape[1] - 1
    on_path = set(walk)
    for t, (e, reverse) in enumerate(zip(walk, back, strict=True)):
        span = slice(t * k, t * k + k + 1)
        a, b = (one[span][::-1], two[span][::-1]) if reverse else (one[span], two[span])
        seed = edges.seeds[edges.cells[e, 0]] - middle[t * k]
        first_is_left = float(seed @ normal[t * k + 1]) > 0
        left[e], right[e] = (a, b) if first_is_left else (b, a)
    for t in range(1, len(walk)):
        for e in table.of(seen[t]):
            if int(e) in on_path:
                continue
            end = 0 if edges.vertices[e, 0] == seen[t] else -1
            near = edges.points[e, 1 if end == 0 else -2] - middle[t * k]
            at = one[t * k] if float(near @ normal[t * k]) > 0 else two[t * k]
            left[e, end] = right[e, end] = at
    return np.concatenate([one, two[-2:0:-1]])
