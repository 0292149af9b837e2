"""A line on parcel borders: whole parcels, clean polygons, areas that add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.rules import Parameters
from ecocomp.zoning.polygons import Zones
from ecocomp.zoning.snap import REASONS, check_line, snap

CRS = "EPSG:4543"
WEST, SOUTH = 452_400.0, 3_118_800.0
Made = Callable[..., Parameters]


def box(x0: float, y0: float, x1: float, y1: float) -> Any:
    return shapely.box(WEST + x0, SOUTH + y0, WEST + x1, SOUTH + y1)


def squares(*corners: tuple[float, float], side: float = 100.0) -> tuple[pa.Table, Any]:
    shapes = np.array([box(x, y, x + side, y + side) for x, y in corners], object)
    return table(shapes), shapes


def table(shapes: Any) -> pa.Table:
    names = [f"P{i:03}" for i in range(len(shapes))]
    return pa.table({"parcel_id": names, "area_dm2": areas_dm2(polygon_areas_m2(shapes, CRS))})


@pytest.fixture(scope="module")
def params(given_rules: Made) -> Parameters:
    return rules(given_rules)


def rules(given_rules: Made, **values: float) -> Parameters:
    base = {"least_patch_km2": 0.015, "sliver_m2": 50, "parcel_share_ppm": 500_000, "neighbours": 4, **values}
    return given_rules({f"zoning.red_line.{k}": v for k, v in base.items()}, place="science")


def test_a_parcel_is_in_when_half_of_it_is(params: Parameters) -> None:
    parcel, shapes = squares((0, 0), (100, 0), (200, 0), (300, 0))
    got = snap(np.array([box(-50, 0, 250, 100)], object), parcel, shapes, params, crs=CRS)
    rows = {r["parcel_id"]: r for r in got.members.to_pylist()}
    assert {k: (r["inside_ppm"], r["patch"], r["reason"]) for k, r in rows.items()} == {
        "P000": (1_000_000, "L1", "share"),
        "P001": (1_000_000, "L1", "share"),
        "P002": (500_000, "L1", "share"),
    }
    assert shapely.equals(got.zones.geometry[0], box(0, 0, 300, 100)), "nobody's parcel is cut"
    assert got.area_dm2.tolist() == [sum(parcel["area_dm2"].to_pylist()[:3])]
    assert snap(np.array([box(0, 0, 249.9, 100)], object), parcel, shapes, params, crs=CRS).area_dm2 < got.area_dm2


def test_small_patches_go_unless_special_and_the_law_brings_in(params: Parameters) -> None:
    parcel, shapes = squares((0, 0), (100, 0), (500, 0), (900, 0), (1300, 0))
    line = np.array([box(0, 0, 200, 100), box(500, 0, 600, 100), box(900, 0, 1000, 100)], object)
    flag = np.array([False, False, False, True, False])
    got = snap(line, parcel, shapes, params, crs=CRS, special=flag)
    assert [r["reason"] for r in got.members.to_pylist()] == ["share", "share", "small_patch", "share"] and got.dropped == 1
    must, out = np.array([False] * 4 + [True]), np.array([True, False, False, False, True])
    got = snap(line, parcel, shapes, params, crs=CRS, special=must | flag, must_include=must, keep_out=out)
    reasons = {r["parcel_id"]: r["reason"] for r in got.members.to_pylist()}
    assert reasons == {"P000": "kept_out", "P001": "small_patch", "P002": "small_patch", "P003": "share", "P004": "must_include"}
    assert set(reasons.values()) <= set(REASONS)


def test_corners_join_or_do_not(given_rules: Made) -> None:
    parcel, shapes = squares((0, 0), (100, 100))
    line = np.array([box(0, 0, 200, 200)], object)
    for neighbours, patches in ((4, 0), (8, 1)):
        got = snap(line, parcel, shapes, rules(given_rules, neighbours=neighbours), crs=CRS)
        assert len(got.zones) == patches and shapely.is_valid(got.zones.geometry).all()


def test_gaps_below_a_sliver_are_closed_but_nobodys_parcel_is_swallowed(params: Parameters) -> None:
    ring = [box(0, 0, 300, 100), box(0, 100, 147, 105), box(153, 100, 300, 105), box(0, 105, 300, 200)]
    small = box(147, 100, 153, 105)
    line = np.array([box(0, 0, 300, 200).difference(small)], object)
    empty = snap(line, table(np.array(ring, object)), np.array(ring, object), params, crs=CRS)
    assert shapely.equals(empty.zones.geometry[0], box(0, 0, 300, 200)) and empty.closed_m2 == pytest.approx(30, rel=2e-3)
    owned = np.array([*ring, small], object)
    kept = snap(line, table(owned), owned, params, crs=CRS)
    assert kept.closed_m2 == 0 and shapely.get_num_interior_rings(kept.zones.geometry[0]) == 1
    assert [f.code for f in check_line(kept.zones, 50, CRS)] == ["zoning.sliver"]
    assert check_line(empty.zones, 50, CRS) == []


def test_ground_of_no_parcel_is_kept_if_asked(params: Parameters) -> None:
    parcel, shapes = squares((0, 0), (120, 0))
    line = np.array([box(0, 0, 220, 100.2)], object)
    bare = snap(line, parcel, shapes, params, crs=CRS)
    assert len(bare.zones) == 0 and bare.dropped == 2, "two patches of one hectare each"
    got = snap(line, parcel, shapes, params, crs=CRS, remainder=True)
    assert len(got.zones) == 1 and got.remainder_dm2 == pytest.approx(204_400, rel=2e-3)
    assert int(got.area_dm2[0]) == sum(parcel["area_dm2"].to_pylist()) + got.remainder_dm2


def test_what_is_wrong_with_a_line_is_named() -> None:
    zones = Zones(["A", "B"], ["red_line"] * 2, np.array([box(0, 0, 10, 10), box(5, 5, 8, 8)], object))
    found = check_line(zones, 20, CRS)
    assert [f.code for f in found] == ["zoning.overlap", "zoning.sliver"] and found[1].record == "B" and "9.0" in found[1].clash.en


def test_nothing_in_nothing_out(params: Parameters) -> None:
    parcel, shapes = squares((0, 0))
    got = snap(np.zeros(0, object), parcel, shapes, params, crs=CRS, remainder=True)
    assert len(got.zones) == 0 and got.area_dm2.size == 0 and len(got.members) == 0


BOXES = st.tuples(*[st.floats(0, 800)] * 2, *[st.floats(20, 500)] * 2)


@settings(max_examples=40, deadline=None)
@given(st.lists(BOXES, min_size=1, max_size=4), st.randoms(), st.sets(st.integers(0, 63)), st.booleans())
def test_clean_polygons_of_whole_parcels_in_any_order(
    params: Parameters, boxes: list[tuple[float, ...]], chance: Any, must: set[int], remainder: bool
) -> None:
    parcel, shapes = squares(*[(x * 105.0, y * 100.0) for x in range(8) for y in range(8)])
    line = np.array([box(x, y, x + w, y + h) for x, y, w, h in boxes], object)
    flag = np.isin(np.arange(64), list(must))
    got = snap(line, parcel, shapes, params, crs=CRS, must_include=flag, special=flag, remainder=remainder)
    assert check_line(got.zones, 50, CRS) == []
    inside = {r["parcel_id"]: r["patch"] for r in got.members.to_pylist() if r["patch"]}
    area = dict(zip(parcel["parcel_id"].to_pylist(), parcel["area_dm2"].to_pylist(), strict=True))
    assert int(got.area_dm2.sum()) == sum(area[p] for p in inside) + got.remainder_dm2, "the sum of the member parcels"
    drawn = areas_dm2(polygon_areas_m2(got.zones.geometry, CRS)).sum() if len(got.zones) else 0
    assert drawn == pytest.approx(int(got.area_dm2.sum()) + got.closed_m2 * 100, rel=1e-6, abs=3)
    assert flag.sum() == sum(r["reason"] == "must_include" for r in got.members.to_pylist()), "special patches stay"
    order = chance.sample(range(64), 64)
    again = snap(
        line, parcel.take(order), shapes[order], params, crs=CRS, must_include=flag[order], special=flag[order], remainder=remainder
    )
    assert again.members.equals(got.members) and again.area_dm2.tolist() == got.area_dm2.tolist()
    bare = snap(line, parcel, shapes, params, crs=CRS, remainder=remainder)
    assert {r["parcel_id"] for r in bare.members.to_pylist() if r["patch"]} <= set(inside), "what the law adds takes nothing away"
