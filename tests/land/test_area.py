"""The survey's ellipsoidal area: the vectors of the rule, the rule written out, and the speed promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.land.area import areas_dm2, polygon_areas_m2, series

GEOD = {"a": 6378137.0, "rf": 298.257222101}
KITE = [(102.00, 33.50), (102.02, 33.51), (102.03, 33.49), (102.01, 33.47)]


def by_the_rule(ring: np.ndarray[Any, Any], meridian_deg: float) -> float:
    """The formula of the survey as it is printed, edge by edge."""
    a, b, c, d, e = series()
    b2 = (6378137.0 * (1 - 1 / 298.257222101)) ** 2
    total = 0.0
    for (l1, p1), (l2, p2) in zip(np.deg2rad(ring[:-1]), np.deg2rad(ring[1:]), strict=True):
        dl, db, bm = (l1 + l2) / 2 - np.deg2rad(meridian_deg), p2 - p1, (p1 + p2) / 2
        total += 2 * b2 * dl * sum(
            s * k * np.sin(n * db / 2) * np.cos(n * bm) for s, k, n in ((1, a, 1), (-1, b, 3), (1, c, 5), (-1, d, 7), (1, e, 9))
        )  # fmt: skip
    return abs(float(total))


@pytest.mark.parametrize(
    ("shape", "area_m2", "within"),
    [
        (shapely.box(100, 30, 101, 31), 10_642_393_438.71, 0.005),
        (shapely.box(100, 35, 100.01, 35.01), 1_012_695.42, 0.005),
        (shapely.Polygon(KITE), 6_699_860.0, 0.5),
    ],
)
def test_vectors_of_the_policy_sheet(shape: shapely.Polygon, area_m2: float, within: float) -> None:
    assert abs(polygon_areas_m2(np.array([shape]))[0] - area_m2) <= within


def test_the_rule_is_not_the_geodesic_area_and_both_meet_when_edges_are_densified() -> None:
    import pyproj

    geod = pyproj.Geod(**GEOD)
    kite = shapely.Polygon(KITE)
    rule, geodesic = polygon_areas_m2(np.array([kite]))[0], abs(geod.geometry_area_perimeter(kite)[0])
    assert round(geodesic) == 6_699_535 and rule / geodesic - 1 == pytest.approx(4.85e-5, rel=0.02)
    dense = shapely.segmentize(kite, 1e-4)
    dense_rule, dense_geodesic = polygon_areas_m2(np.array([dense]))[0], abs(geod.geometry_area_perimeter(dense)[0])
    assert dense_rule == pytest.approx(dense_geodesic, rel=1e-8)
    assert rule / dense_rule - 1 == pytest.approx(1.6e-5, rel=0.02), "vertices added on a straight line do change the rule's sum"


@settings(deadline=None)
@given(
    st.floats(75, 135), st.floats(4, 53), st.floats(1e-4, 0.2), st.integers(3, 12), st.integers(0, 2**32 - 1)
)  # fmt: skip
def test_the_short_form_is_the_printed_rule(lon: float, lat: float, size: float, corners: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    ring = np.stack([lon + size * rng.uniform(0.5, 1, corners) * np.cos(angle), lat + size * np.sin(angle)], 1)
    ring = np.concatenate([ring, ring[:1]])
    area = polygon_areas_m2(np.array([shapely.Polygon(ring)]))[0]
    assert area == pytest.approx(by_the_rule(ring, lon), rel=1e-9, abs=1e-3)


def test_holes_are_taken_off_and_parts_are_added() -> None:
    outer, hole, other = (
        shapely.box(100, 30, 100.1, 30.1),
        shapely.box(100.02, 30.02, 100.05, 30.05),
        shapely.box(101, 31, 101.1, 31.1),
    )
    holed = shapely.Polygon(outer.exterior, [hole.exterior])
    shapes = np.array([outer, hole, other, holed, shapely.MultiPolygon([holed, other]), shapely.Polygon(), None], object)
    a = polygon_areas_m2(shapes)
    assert a[3] == pytest.approx(a[0] - a[1], rel=1e-14)
    assert a[4] == pytest.approx(a[3] + a[2], rel=1e-14)
    assert a[5] == a[6] == 0


def test_direction_start_and_company_do_not_matter() -> None:
    ring = np.array(KITE)
    shapes = np.array([shapely.Polygon(np.roll(r, k, axis=0)) for r in (ring, ring[::-1]) for k in range(4)])
    one_by_one = np.array([polygon_areas_m2(np.array([s]))[0] for s in shapes])
    assert np.ptp(one_by_one) < 1e-6
    assert (polygon_areas_m2(shapes) == one_by_one).all(), "an area must not depend on what else is computed with it"
    many = np.tile(shapes, 3000)
    assert (polygon_areas_m2(many).reshape(3000, -1) == one_by_one).all()


def test_a_ring_over_the_date_line() -> None:
    here, there = shapely.Polygon([(179, 10), (-179, 10), (-179, 11), (179, 11)]), shapely.box(100, 10, 102, 11)
    a = polygon_areas_m2(np.array([here, there]))
    assert a[0] == pytest.approx(a[1], rel=1e-12)


def test_plane_coordinates_are_brought_back_first_whatever_axis_order_the_registry_has() -> None:
    import pyproj

    degrees = shapely.box(102.0, 33.0, 102.01, 33.01)
    for epsg in (4543, 4522):
        forward = pyproj.Transformer.from_crs(4490, epsg, always_xy=True)
        plane = shapely.transform(degrees, lambda xy, f=forward: np.stack(f.transform(xy[:, 0], xy[:, 1]), 1))
        assert polygon_areas_m2(np.array([plane]), f"EPSG:{epsg}")[0] == pytest.approx(
            polygon_areas_m2(np.array([degrees]))[0], rel=1e-9
        )


def test_what_is_no_polygon_is_refused() -> None:
    with pytest.raises(ValueError, match="geometry 1 is no polygon"):
        polygon_areas_m2(np.array([shapely.box(1, 1, 2, 2), shapely.Point(1, 1)]))


def test_whole_square_decimetres() -> None:
    assert areas_dm2(np.array([1.004, 0.0, 6_699_860.126])).tolist() == [100, 0, 669_986_013]


def test_it_agrees_with_geodesic_areas_of_small_parcels() -> None:
    import pyproj

    rng = np.random.default_rng(1)
    angle = np.linspace(0, 2 * np.pi, 15)[:-1]
    radius = 0.0005 * (1 + 0.3 * rng.random((500, 14)))
    centre = rng.uniform((100, 28), (104, 34), (500, 2))
    shapes = shapely.polygons(centre[:, None] + radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], 1))
    geod = pyproj.Geod(**GEOD)
    theirs = np.array([abs(geod.geometry_area_perimeter(s)[0]) for s in shapes])
    assert np.abs(polygon_areas_m2(shapes) / theirs - 1).max() < 1e-6
