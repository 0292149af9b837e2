"""Cutting large polygons and finding those that do not fit edge to edge."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.land.pieces import Edges, edges_of, misfits, subdivided, unmatched


def tiling(seed: int, n: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(rng.random((n, 2)) * 100)))
    return np.asarray(cells, object)


def test_in_a_tiling_only_the_outside_does_not_fit() -> None:
    cells = tiling(1)
    outside = shapely.intersects(cells, shapely.boundary(shapely.union_all(cells)))
    touches_by_edge = shapely.length(shapely.intersection(cells, shapely.boundary(shapely.union_all(cells)))) > 0
    assert np.array_equal(misfits(cells), touches_by_edge)
    assert outside.any() and not misfits(cells).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 39), st.floats(0.01, 5))
def test_of_two_that_overlap_at_least_one_does_not_fit(seed: int, which: int, by: float) -> None:
    cells = tiling(seed)
    k = which % len(cells)
    cells[k] = shapely.buffer(cells[k], by)
    bad = misfits(cells)
    one, two = shapely.STRtree(cells).query(cells, predicate="intersects")
    overlapping = (one < two) & (shapely.area(shapely.intersection(cells[one], cells[two])) > 1e-9)
    assert np.all(bad[one[overlapping]] | bad[two[overlapping]])


def test_a_doubled_parcel_and_one_inside_another_do_not_fit() -> None:
    square = shapely.box(0, 0, 10, 10)
    assert misfits(np.array([square, square], object)).all()
    assert misfits(np.array([square, shapely.box(2, 2, 4, 4)], object)).all()


def test_a_hole_that_is_filled_fits() -> None:
    ring = shapely.difference(shapely.box(0, 0, 10, 10), shapely.box(2, 2, 4, 4))
    assert misfits(np.array([ring, shapely.box(2, 2, 4, 4)], object)).tolist() == [True, False]


def test_zero_has_no_sign() -> None:
    left, right = shapely.Polygon([(-1, 0), (-0.0, 0), (-0.0, 1), (-1, 1)]), shapely.Polygon([(0.0, 0), (1, 0), (1, 1), (0.0, 1)])
    both = np.array([left, right], object)
    assert misfits(both).all()  # each has outer edges
    ring = shapely.Polygon([(-5, -5), (5, -5), (5, 5), (-5, 5)], [[(-0.0, 0), (1, 0), (1, 1), (-0.0, 1)]])
    assert misfits(np.array([ring, right], object)).tolist() == [True, False]


@pytest.mark.parametrize("vertices", [8, 64, 256])
def test_pieces_cover_the_ground_once_and_know_where_they_come_from(vertices: int) -> None:
    shapes = np.array([shapely.buffer(shapely.Point(0, 0), 10, quad_segs=200), shapely.box(20, 0, 21, 1)], object)
    pieces, owner = subdivided(shapes, vertices)
    assert np.all(shapely.get_num_coordinates(pieces) <= max(vertices, 5) + 4)
    assert np.bincount(owner, weights=shapely.area(pieces)) == pytest.approx(shapely.area(shapes), rel=1e-12)


def test_parts_of_multipolygons_are_compared_like_polygons() -> None:
    import shapely

    one, two, far = shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10), shapely.box(50, 0, 60, 10)
    plain = np.array([one, two, far], object)
    multi = np.array([shapely.MultiPolygon([g]) for g in plain], object)
    assert misfits(plain).tolist() == misfits(multi).tolist() and misfits(multi).all()
    both = np.array([shapely.MultiPolygon([one, far]), shapely.MultiPolygon([shapely.box(10, 0, 20, 10), two])], object)
    assert misfits(both).all()
    fitting = np.array([shapely.MultiPolygon([shapely.box(x, 0, x + 1, 1)]) for x in range(4)], object)
    assert misfits(fitting).sum() == misfits(np.array([g.geoms[0] for g in fitting], object)).sum()


def test_edges_of_shapes_and_which_have_no_match() -> None:
    pair = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], object)
    edges = edges_of(pair)
    alone = unmatched(edges)
    assert len(edges) == 8 and alone.sum() == 6 and set(edges.owner.tolist()) == {0, 1}
    shared = edges.of(~alone)
    assert np.array_equal(shared.start[0], shared.end[1]) and np.array_equal(shared.end[0], shared.start[1])
    assert len(Edges.joined([])) == 0 and len(Edges.joined([edges, shared])) == 10


def test_of_a_layer_on_a_layer_only_the_rim_does_not_fit() -> None:
    """What `misfits` cannot tell, and why whoever looks for overlaps has to go on from the rim."""
    fine = [shapely.box(x, y, x + 1, y + 1) for x in range(3) for y in range(3)]
    coarse = [shapely.box(x * 0.6, y * 0.6, x * 0.6 + 0.6, y * 0.6 + 0.6) for x in range(5) for y in range(5)]
    assert not misfits(np.array(fine + coarse, object))[4]
