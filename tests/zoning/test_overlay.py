"""Zones of parcels: exact shares, the dominant zone, grades, and the faults of zone layers."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.land.pieces import subdivided
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import PARCEL
from ecocomp.zoning.overlay import dominant_zone, ecological_grade, parcel_zone
from ecocomp.zoning.polygons import Zones, check_zones, no_zones, share_matrix, shares


@pytest.fixture(scope="module")
def params() -> Parameters:
    return RuleBook.load([policy_folder()]).resolve("science", date(2023, 7, 1), date(2024, 7, 1))


def table(n: int) -> pa.Table:
    return PARCEL.table(
        [
            {
                "parcel_id": f"P{i:06}",
                "village_code": "990121001001",
                "land_class": "0301",
                "ecosystem": "13",
                "area_dm2": 1_000_000,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for i in range(n)
        ]
    )


def squares(*corners: tuple[float, float], side: float = 10.0) -> Any:
    return np.array([shapely.box(x, y, x + side, y + side) for x, y in corners], object)


def zones(*boxes: tuple[str, tuple[float, float, float, float]]) -> Zones:
    return Zones(
        [f"Z{i + 1}" for i in range(len(boxes))], [k for k, _ in boxes], np.array([shapely.box(*b) for _, b in boxes], object)
    )


def run(params: Parameters, geometry: Any, **layers: Any) -> list[dict[str, Any]]:
    given_ = {"zones": no_zones(), "red_line": no_zones(), "reserves": no_zones(), "importance": None, **layers}
    return parcel_zone(table(len(geometry)), geometry, params=params, **given_).to_pylist()


def test_shares_are_exact_parts_per_million(params: Parameters) -> None:
    layer = zones(("water", (0, 0, 7, 100)), ("soil", (7, 0, 100, 100)))
    rows = run(
        params,
        squares((0, 0), (5, 0), (20, 20), (200, 0)),
        zones=layer,
        red_line=zones(("", (0, 0, 100, 2.5))),
        reserves=zones(("", (20, 20, 30, 23))),
    )
    assert [(r["function_zone"], r["zone_share_ppm"]) for r in rows] == [
        ("water", 700_000),
        ("soil", 800_000),
        ("soil", 1_000_000),
        ("none", 1_000_000),
    ]
    assert [r["red_line_ppm"] for r in rows] == [250_000, 250_000, 0, 0]
    assert [r["reserve_ppm"] for r in rows] == [0, 0, 300_000, 0]
    assert {r["importance"] for r in rows} == {"not_assessed"} and {r["grade"] for r in rows} == {3}


def test_mostly_outside_is_outside_and_ties_go_to_the_first_in_the_code_list(params: Parameters) -> None:
    rows = run(
        params,
        squares((0, 0), (100, 0)),
        zones=zones(("soil", (0, 0, 4, 10)), ("sand", (100, 0, 105, 10)), ("water", (105, 0, 110, 10))),
    )
    assert [(r["function_zone"], r["zone_share_ppm"]) for r in rows] == [("none", 600_000), ("water", 500_000)]


def test_several_polygons_of_one_type_add_up_and_overlapping_red_lines_count_once(params: Parameters) -> None:
    layer = zones(("water", (0, 0, 3, 10)), ("soil", (3, 0, 7, 10)), ("water", (7, 0, 10, 10)))
    rows = run(params, squares((0, 0)), zones=layer, red_line=zones(("", (0, 0, 6, 10)), ("", (4, 0, 8, 10))))
    assert (rows[0]["function_zone"], rows[0]["zone_share_ppm"], rows[0]["red_line_ppm"]) == ("water", 600_000, 800_000)


def test_a_hole_is_outside(params: Parameters) -> None:
    ring = shapely.Polygon([(-50, -50), (50, -50), (50, 50), (-50, 50)], [[(0, 0), (5, 0), (5, 10), (0, 10)]])
    assert run(params, squares((0, 0)), red_line=Zones.of([ring]))[0]["red_line_ppm"] == 500_000


def test_grade_takes_the_better_of_importance_and_red_line(params: Parameters) -> None:
    grades = ["extreme", "important", "general", "not_assessed", "general"]
    assert ecological_grade(grades, np.array([0, 0, 0, 499_999, 500_000]), params).tolist() == [1, 2, 3, 3, 1]


def test_faults_name_both_zones_and_all_of_them() -> None:
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    layer = Zones(
        ["A", "B", "C", "D", "E"],
        ["water", "soil", "wald", "sand", "soil"],
        np.array(
            [shapely.box(0, 20, 10, 30), shapely.box(5, 20, 15, 30), shapely.box(10, 40, 20, 50), bow, shapely.Point(1, 1)], object
        ),
    )
    found = {f.code: f for f in check_zones(layer, "zones.gpkg", FUNCTION_ZONES, 1.0)}
    assert (
        found["zoning.overlap"].record == "A"
        and "B" in found["zoning.overlap"].clash.en
        and "50.00" in found["zoning.overlap"].clash.en
    )
    assert found["zoning.kind"].record == "C" and "wald" in found["zoning.kind"].clash.zh
    assert found["zoning.invalid_geometry"].record == "D" and "Self-intersection" in found["zoning.invalid_geometry"].clash.en
    assert found["zoning.geometry_kind"].record == "E"


def test_slivers_under_the_tolerance_pass_and_faults_stop_the_overlay(params: Parameters) -> None:
    close = zones(("water", (0, 0, 10.01, 10)), ("soil", (10, 0, 20, 10)))
    assert check_zones(close, "z", FUNCTION_ZONES, 1.0) == []
    with pytest.raises(FaultsError, match="Z2"):
        run(params, squares((0, 0)), zones=zones(("water", (0, 0, 10, 10)), ("soil", (9, 0, 20, 10))))


def test_degrees_are_weighed_by_true_area() -> None:
    parcel = np.array([shapely.box(100, 30, 101, 40)], object)
    half = np.array([shapely.box(100, 35, 101, 40)], object)
    true = (np.sin(np.radians(40)) - np.sin(np.radians(35))) / (np.sin(np.radians(40)) - np.sin(np.radians(30)))
    assert share_matrix(parcel, [half], geographic=True)[0, 0] == pytest.approx(true, rel=1e-12)
    assert share_matrix(parcel, [half])[0, 0] == 0.5


def star(n: int, radius: float, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    r = radius * (
        0.75 + 0.2 * np.cos(np.outer(a, range(3, 12)) + rng.uniform(0, 6, 9)).mean(axis=1) + 0.001 * rng.uniform(-1, 1, n)
    )
    return shapely.Polygon(np.c_[r * np.cos(a), r * np.sin(a)])


def test_pieces_of_a_large_polygon_cover_it_once() -> None:
    zone = star(20_000, 1000, 1)
    pieces, _ = subdivided(np.array([zone], object))
    assert shapely.get_num_coordinates(pieces).max() <= 256 and len(pieces) > 50
    assert shapely.area(pieces).sum() == pytest.approx(zone.area, rel=1e-12)
    parcels = np.array([shapely.box(x, y, x + 40, y + 40) for x in range(-1000, 1000, 40) for y in range(-1000, 1000, 40)], object)
    plain = shapely.area(shapely.intersection(parcels, zone)) / 1600
    assert np.abs(shares(parcels, np.array([zone], object)) - plain).max() < 1e-9


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.5, 9.5), min_size=1, max_size=6, unique=True), st.permutations(range(7)))
def test_zones_that_tile_the_ground_share_it_out_whatever_their_order(cuts: list[float], order: list[int]) -> None:
    edges = [0.0, *sorted(cuts), 10.0]
    strips = [shapely.box(a, -5, b, 15) for a, b in itertools.pairwise(edges)]
    kinds = list(FUNCTION_ZONES)[:4]
    of = [kinds[i % 4] for i in range(len(strips))]
    mix = [i for i in order if i < len(strips)]
    layers = [np.array([strips[i] for i in mix if of[i] == k], object) for k in kinds]
    share = share_matrix(squares((0, 0)), layers)
    assert share.sum() == pytest.approx(1.0, abs=1e-12)
    zone, ppm = dominant_zone(kinds, share)
    assert zone[0] in kinds and ppm[0] >= 1_000_000 / 4 - 1


def test_a_hundred_thousand_parcels_share_out_a_long_line(params: Parameters) -> None:
    side = 317
    x, y = np.meshgrid(np.arange(side) * 100.0, np.arange(side) * 100.0)
    parcels = shapely.box(x, y, x + 100, y + 100).ravel()
    middle = side * 50.0
    line = shapely.transform(star(50_000, middle, 2), lambda xy: xy + middle)
    half = zones(("water", (0, 0, middle, 1e5)), ("soil", (middle, 0, 1e5, 1e5)))
    out = parcel_zone(
        table(len(parcels)), parcels, zones=half, red_line=Zones.of([line]), reserves=no_zones(), importance=None, params=params
    )
    total = np.asarray(out["red_line_ppm"].to_numpy(), float).sum() / 1e6 * 1e4
    assert total == pytest.approx(line.area, rel=1e-6)
