"""Two ways to make many polygons quick to compare: cut the large ones into pieces, and find those that do not fit edge to edge.

For overlap checks and intersection areas of parcels and zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE_VERTICES = 256


def subdivided(shapes: NDArray[np.object_], vertices: int = PIECE_VERTICES) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Cut polygons with more vertices than given into boxes; return the pieces and the row each comes from.

    The pieces of a shape cover its ground exactly once.
    """
    import shapely

    todo, owner = shapely.get_parts(shapes, return_index=True)
    done, owners = [], []
    for _ in range(40):
        large = shapely.get_num_coordinates(todo) > vertices
        done.append(todo[~large])
        owners.append(owner[~large])
        todo, owner = todo[large], owner[large]
        if not todo.size:
            break
        todo, owner = _halved(todo, owner)
    return np.concatenate([*done, todo]), np.concatenate([*owners, owner]).astype(np.int64)


def _halved(shapes: NDArray[np.object_], owner: NDArray[np.int64]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Cut each shape across the middle of the longer side of its box."""
    import shapely

    x0, y0, x1, y1 = shapely.bounds(shapes).T
    wide = (x1 - x0) >= (y1 - y0)
    xm, ym = np.where(wide, (x0 + x1) / 2, x1), np.where(wide, y1, (y0 + y1) / 2)
    one = shapely.intersection(shapes, shapely.box(x0, y0, xm, ym))
    two = shapely.intersection(shapes, shapely.box(np.where(wide, xm, x0), np.where(wide, y0, ym), x1, y1))
    parts, at = shapely.get_parts(np.concatenate([one, two]), return_index=True)
    flat = np.isin(shapely.get_type_id(parts), (3, 6))
    return np.asarray(parts[flat], object), np.concatenate([owner, owner])[at[flat]]


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of rings, the ground of their polygon on the left hand.

    start, end  (m, 2) coordinates
    owner       (m,) which polygon each belongs to
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    owner: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.owner)

    def of(self, which: NDArray[Any]) -> Edges:
        """Return some of them."""
        return Edges(self.start[which], self.end[which], self.owner[which])

    @staticmethod
    def joined(parts: Sequence[Edges]) -> Edges:
        """Return several as one."""
        if not parts:
            return Edges(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, np.int64))
        start, end = np.concatenate([p.start for p in parts]), np.concatenate([p.end for p in parts])
        return Edges(start, end, np.concatenate([p.owner for p in parts]))


def edges_of(shapes: NDArray[np.object_]) -> Edges:
    """Return the edges of polygons and multipolygons that have a length; `owner` is the row of the shape."""
    import shapely

    # Rings are those of polygons; of a multipolygon none would be given, and nothing in it would be compared.
    parts, shape = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    ring_owner = shape[part]
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy = xy + 0.0  # −0.0 and 0.0 are one place
    inner = np.flatnonzero(ring[1:] == ring[:-1])
    start, end = xy[inner], xy[inner + 1]
    real = np.any(start != end, axis=1)
    return Edges(start[real], end[real], ring_owner[ring[inner[real]]].astype(np.int64))


def unmatched(edges: Edges) -> NDArray[np.bool_]:
    """Return which edges are not the exact reverse of just one other, that is the same line walked the other way once."""
    start, end = edges.start, edges.end
    forward = (start[:, 0] < end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] < end[:, 1]))
    low, high = np.where(forward[:, None], start, end), np.where(forward[:, None], end, start)
    return ~_matched(np.column_stack([low, high]), forward)


def misfits(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which polygons have an edge that is not the exact reverse of one edge of one other ring.

    Walk over the ground and count the polygons overhead: the count changes only at such edges, because at all others one
    polygon ends where another begins. So the rim of every overlap belongs to a misfit; only where one whole layer lies on
    another do the polygons in the middle fit, each in its own layer.
    """
    edges = edges_of(shapes)
    out = np.zeros(len(shapes), bool)
    out[edges.owner[unmatched(edges)]] = True
    return out


def _matched(edges: NDArray[np.float64], forward: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which edges occur exactly twice, once in each direction. edges (n, 4)."""
    key = _mixed(np.ascontiguousarray(edges).view(np.uint64))
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    same_next = np.zeros(len(key), bool)
    same_next[:-1] = ranked[1:] == ranked[:-1]
    same_before = np.roll(same_next, 1)
    first = np.flatnonzero(same_next & ~same_before)
    pair = first[~same_next[first + 1]]
    a, b = order[pair], order[pair + 1]
    true = np.all(edges[a] == edges[b], axis=1) & (forward[a] != forward[b])
    out = np.zeros(len(key), bool)
    out[a[true]] = out[b[true]] = True
    return out


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return one well-spread number per row of bits; equal rows give equal numbers."""
    out: Any = np.zeros(len(bits), np.uint64)
    with np.errstate(over="ignore"):
        for column in bits.T:
            out = (out ^ column) * np.uint64(0x9E3779B97F4A7C15)
            out ^= out >> np.uint64(29)
    return np.asarray(out, np.uint64)
