"""Which parcels share a border, and how long it is: what connectivity of a selection is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Borders:
    """Shared borders of parcels.

    one, two   indices of the parcels of each pair (pairs,), one < two
    length     length of the shared border [CRS unit] (pairs,)
    perimeter  length of the whole border of each parcel (parcels,)
    """

    one: NDArray[np.int64]
    two: NDArray[np.int64]
    length: Floats
    perimeter: Floats

    def taken(self, order: NDArray[np.int64]) -> Borders:
        """Return the borders of the parcels in another order: row k of the new order is the old row order[k]."""
        place = np.empty(order.size, np.int64)
        place[order] = np.arange(order.size)
        a, b = place[self.one], place[self.two]
        one, two = np.minimum(a, b), np.maximum(a, b)
        turn = np.lexsort((two, one))
        return Borders(one[turn], two[turn], self.length[turn], self.perimeter[order])

    def around(self, chosen: NDArray[np.bool_]) -> float:
        """Return the length of the border around a selection, inner borders left out."""
        inner = chosen[self.one] & chosen[self.two]
        return float(self.perimeter[chosen].sum() - 2.0 * self.length[inner].sum())

    def clusters(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the cluster of each chosen parcel, numbered from 0 by its first parcel; −1 where not chosen."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        inner = chosen[self.one] & chosen[self.two]
        n = chosen.size
        graph = coo_matrix((np.ones(int(inner.sum()), bool), (self.one[inner], self.two[inner])), shape=(n, n))
        _, label = connected_components(graph, directed=False)
        label = np.where(chosen, label, -1)
        _, first, inverse = np.unique(label[chosen], return_index=True, return_inverse=True)
        rank = np.empty(first.size, np.int64)
        rank[np.argsort(first, kind="stable")] = np.arange(first.size)
        out = np.full(n, -1, np.int64)
        out[chosen] = rank[inverse]
        return out


def borders(geometry: Geometries, tolerance: float = 0.0) -> Borders:
    """Return the shared borders of parcels; those that meet in points only, or leave a wider gap, share none.

    geometry   shapely polygons (parcels,)
    tolerance  edges within this distance count as shared [CRS unit]: digitised borders whose vertices differ by rounding
    """
    import shapely

    shapes: Any = np.asarray(geometry, object)
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    if tolerance > 0.0:
        a, b = tree.query(shapes, predicate="dwithin", distance=tolerance)
    else:
        a, b = tree.query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    order = np.lexsort((b, a))
    a, b = a[order], b[order]
    length = _shared(shapes, a, b, tolerance)
    real = length > 0
    return Borders(a[real].astype(np.int64), b[real].astype(np.int64), length[real], np.asarray(shapely.length(shapes), np.float64))


def _shared(shapes: Any, a: NDArray[np.int64], b: NDArray[np.int64], tolerance: float) -> Floats:
    """Return the length of the border each pair has in common."""
    import shapely

    edge = shapely.boundary(shapes)
    length = np.asarray(shapely.length(shapely.intersection(edge[a], edge[b])), np.float64)
    if tolerance <= 0.0:
        return length
    near = shapely.buffer(edge[b], tolerance, cap_style="flat", join_style="mitre")
    within = np.asarray(shapely.length(shapely.intersection(edge[a], near)), np.float64)
    # A corner that is met leaves its edges inside for about the tolerance; that is no border.
    return np.maximum(length, np.where(within > 8.0 * tolerance, within - 2.0 * tolerance, 0.0))
