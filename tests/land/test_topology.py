"""Topology: all that was planted is found, with its place and area, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.io.files import write_json, write_table
from ecocomp.land.area import polygon_areas_m2
from ecocomp.land.edition import FieldMap, make_edition
from ecocomp.land.finds import KINDS, TopologyLimits, metres
from ecocomp.land.shapes import ground_of
from ecocomp.land.topology import Topology, topology

CRS = pyproj.CRS.from_epsg(4545)
X0, Y0 = 400_000.0, 3_400_000.0
CELL = 100.0


def grid(side: int = 5, seed: int | None = None, cell: float = CELL) -> np.ndarray:
    """A tessellation of quadrilaterals, bent by a seed; vertices to the millimetre."""
    rng = np.random.default_rng(seed)
    bend = rng.uniform(-cell / 5, cell / 5, (side + 1, side + 1, 2)) if seed is not None else 0.0
    x, y = np.meshgrid(np.arange(side + 1) * cell, np.arange(side + 1) * cell)
    c = np.round(np.stack([X0 + x, Y0 + y], -1) + bend, 3)
    return shapely.polygons(np.stack([c[:-1, :-1], c[:-1, 1:], c[1:, 1:], c[1:, :-1]], 2).reshape(-1, 4, 2))


def names(n: int) -> list[str]:
    return [f"P{i:03d}" for i in range(n)]


def look(shapes: Any, limits: TopologyLimits | None = None, crs: Any = CRS, region: Any = None) -> Topology:
    shapes = np.asarray(shapes, object)
    return topology((names(len(shapes)), shapes), crs, limits, region)


def said(found: Topology) -> list[tuple[str, str, str | None]]:
    return [(r["kind"], r["parcel_id"], r["other_id"]) for r in found.finds.to_pylist()]


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_sound_tessellation_has_nothing(seed: int | None) -> None:
    found = look(grid(6, seed))
    assert said(found) == [] and found.faults == [] and found.facts == {"parcels": 36, "finds": {}}


def moved(shape: Any, vertex: int, by: tuple[float, float]) -> Any:
    xy = shapely.get_coordinates(shape)
    xy[vertex] += by
    if vertex == 0:
        xy[-1] = xy[0]
    return shapely.polygons(xy)


def test_a_vertex_moved_out_of_one_parcel_makes_gaps_and_overlaps_of_the_right_size() -> None:
    shapes = grid()
    shapes[12] = moved(shapes[12], 2, (6, 6))  # the corner shared by 12, 13, 17, 18 goes into 18
    found = look(shapes).finds.to_pylist()
    assert sorted((f["kind"], f["parcel_id"], f["other_id"]) for f in found) == [
        ("overlap", "P012", "P013"), ("overlap", "P012", "P017"), ("overlap", "P012", "P018")]  # fmt: skip
    for f in found:
        one, two = (shapes[int(f[k][1:])] for k in ("parcel_id", "other_id"))
        common = shapely.intersection(one, two)
        assert f["area_m2"] == pytest.approx(polygon_areas_m2(np.array([common], object), CRS)[0])
        assert common.contains(shapely.Point(f["x"], f["y"]))


def test_a_gap_names_the_longest_neighbours_the_place_and_the_area() -> None:
    shapes = grid()
    shapes[12] = shapely.difference(shapes[12], shapely.box(X0 + 295, Y0 + 200, X0 + 300, Y0 + 300))
    (gap,) = look(shapes).finds.to_pylist()
    assert gap["kind"] == "gap" and {gap["parcel_id"], gap["other_id"]} == {"P012", "P013"}
    assert gap["area_m2"] == pytest.approx(500, rel=1e-3) and 295 < gap["x"] - X0 < 300 and 200 < gap["y"] - Y0 < 300


def test_a_parcel_left_out_is_a_gap_only_if_it_is_small() -> None:
    shapes = np.delete(grid(), 12)
    assert [k for k, _, _ in said(look(shapes, TopologyLimits(max_gap_m2=11_000)))] == ["gap"]
    assert said(look(shapes, TopologyLimits(max_gap_m2=9_000, max_gap_width_m=10))) == []  # a lake
    assert [k for k, _, _ in said(look(shapes, TopologyLimits(max_gap_m2=9_000, max_gap_width_m=60)))] == ["gap"]


def test_the_outer_boundary_and_bays_are_no_gaps() -> None:
    shapes = np.delete(grid(), [2, 14, 24])
    assert said(look(shapes)) == []


def test_an_island_in_a_gap_takes_its_ground_from_it() -> None:
    shapes = np.append(np.delete(grid(), 12), shapely.box(X0 + 240, Y0 + 240, X0 + 260, Y0 + 260))
    (gap,) = look(shapes).finds.to_pylist()
    assert gap["kind"] == "gap" and gap["area_m2"] == pytest.approx(10_000 - 400, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
def test_vertices_only_one_neighbour_has_make_neither_gaps_nor_overlaps(seed: int, extra: int, rounded: bool) -> None:
    rng = np.random.default_rng(seed)
    shapes = grid(4, seed)
    for k in rng.choice(16, 8, replace=False):
        xy = shapely.get_coordinates(shapes[k])
        at = int(rng.integers(0, 4))
        t = ((np.arange(extra) + rng.uniform(0.1, 0.9, extra)) / extra)[:, None]  # apart: two at one place would be a find
        new = xy[at] + t * (xy[at + 1] - xy[at])
        shapes[k] = shapely.polygons(np.insert(xy, at + 1, np.round(new, 3) if rounded else new, axis=0))
    assert said(look(shapes)) == []


def enclosed(shapes: Any) -> list[Any]:
    """All ground that is enclosed by parcels and belongs to none, by the union of all of them."""
    union = shapely.union_all(shapes)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all([shapely.boundary(union)]))))
    return [f for f in faces if not shapely.intersects(union, shapely.point_on_surface(f))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 6)] * 2), min_size=2, max_size=14))
def test_boxes_thrown_at_random_give_the_overlaps_and_gaps_of_brute_force(boxes: list[tuple[int, int, int, int]]) -> None:
    shapes = np.array([shapely.box(X0 + 10 * x, Y0 + 10 * y, X0 + 10 * (x + w), Y0 + 10 * (y + h)) for x, y, w, h in boxes], object)
    found = look(shapes).finds.to_pylist()
    pairs = {(f["parcel_id"], f["other_id"]) for f in found if f["kind"] in ("overlap", "duplicate_shape")}
    n = names(len(shapes))
    assert pairs == {(n[j], n[i]) for i in range(len(shapes)) for j in range(i) if shapes[i].intersection(shapes[j]).area > 1}
    same = {(f["parcel_id"], f["other_id"]) for f in found if f["kind"] == "duplicate_shape"}
    assert same == {(n[j], n[i]) for i in range(len(shapes)) for j in range(i) if boxes[i] == boxes[j]}
    free = enclosed(shapes)
    wanted = sorted(float(polygon_areas_m2(np.array([p], object), CRS)[0]) for p in free)
    assert sorted(f["area_m2"] for f in found if f["kind"] == "gap") == pytest.approx(wanted, rel=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sets(st.integers(0, 35), min_size=1, max_size=6), st.floats(0.3, 12))
def test_parcels_blown_up_and_shrunk_are_all_found(seed: int, which: set[int], by: float) -> None:
    shapes = grid(6, seed)
    for k in which:
        shapes[k] = shapely.buffer(shapes[k], by if k % 2 else -0.6 * by, join_style="mitre")
    found = look(shapes).finds.to_pylist()
    n = names(36)
    tree = shapely.STRtree(shapes)
    one, two = tree.query(shapes)
    area = polygon_areas_m2(np.array([ground_of(g) for g in shapely.intersection(shapes[one], shapes[two])], object), CRS)
    every = {(n[a], n[b]) for a, b, m in zip(one, two, area, strict=True) if a < b and m > 1.0}
    assert {(f["parcel_id"], f["other_id"]) for f in found if f["kind"] == "overlap"} == every
    free = enclosed(shapes)
    areas = [float(polygon_areas_m2(np.array([q], object), CRS)[0]) for q in free]
    gaps = [f for f in found if f["kind"] == "gap"]
    # Gaps that meet in a point are one by the union and two here, or the other way round: the ground is the same.
    places = shapely.points([f["x"] for f in gaps], [f["y"] for f in gaps]) if gaps else np.zeros(0, object)
    assert all(any(shapely.dwithin(q, place, 1e-3) for q in free) for place in places)
    assert all(any(shapely.dwithin(q, place, 1e-3) for place in places) for q, m in zip(free, areas, strict=True) if m > 4.0)
    assert sum(f["area_m2"] for f in gaps) == pytest.approx(sum(areas), rel=1e-3, abs=4.0)


def test_one_layer_on_another_is_found_to_the_middle() -> None:
    shapes = np.concatenate([grid(6, None, 100.0), grid(10, None, 60.0)])
    found = look(shapes)
    pairs = {(f["parcel_id"], f["other_id"]) for f in found.finds.to_pylist()}
    n = names(len(shapes))
    assert pairs == {(n[i], n[j]) for i in range(36) for j in range(36, 136) if shapes[i].intersection(shapes[j]).area > 1}


@pytest.mark.parametrize(
    ("wkt", "kind", "at", "area"),
    [
        ("POLYGON EMPTY", "empty_shape", None, None),
        (None, "empty_shape", None, None),
        ("LINESTRING (0 0, 5 5)", "not_a_polygon", None, None),
        ("POLYGON ((0 0, 50 50, 50 0, 0 50, 0 0))", "crossed_shape", (25, 25), 625),
        ("POLYGON ((0 0, 50 0, 50 50, 0 49.7, 0.3 50, 0 0))", "crossed_shape", None, None),  # a tiny bow tie
        ("POLYGON ((0 0, 50 0, 50 50, 50 50.0001, 0 50, 0 0))", "same_vertex", (50, 50), None),
        ("POLYGON ((0 0, 50 0, 50 50, 60 50.02, 50 50.01, 0 50, 0 0))", "spike", (60, 50), None),
        ("POLYGON ((0 0, 50 0, 50 50, 60 50, 50 50, 0 50, 0 0))", "spike", (60, 50), None),  # of no width: not valid
        ("POLYGON ((0 0, 40 0, 40 0.2, 0 0.2, 0 0))", "thin", (20, 0.1), 8),
        ("POLYGON ((0 0, 0.05 0, 0.05 0.05, 0 0))", "no_area", None, None),
        ("MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0)), ((20 0, 30 0, 30 10, 20 0)))", "multi_part", (6, 3), 40.5),
    ],
)
def test_what_is_wrong_with_one_shape(wkt: str | None, kind: str, at: tuple[float, float] | None, area: float | None) -> None:
    shape = None if wkt is None else shapely.transform(shapely.from_wkt(wkt), lambda xy: xy + np.array([X0 - 500, Y0]))
    found = look([shape, *grid(2)])
    assert [f["kind"] for f in found.finds.to_pylist()] == [kind]
    (row,) = found.finds.to_pylist()
    assert row["parcel_id"] == "P000"
    if at is not None:
        assert (row["x"] - X0 + 500, row["y"] - Y0) == pytest.approx(at, abs=6 if kind == "multi_part" else 0.2)
    if area is not None:
        assert row["area_m2"] == pytest.approx(area, rel=2e-3)
    fault = found.faults[0]
    assert fault.code == f"land.{kind}" and fault.record == "P000" and "{" not in fault.say("zh") + fault.say("en")
    assert fault.severity == ("error" if kind in ("empty_shape", "not_a_polygon", "crossed_shape", "no_area")
                              or "60 50, 50 50," in (wkt or "") else "warning")  # fmt: skip


def test_holes_are_told_on_request() -> None:
    ring = shapely.difference(grid(1)[0], shapely.box(X0 + 20, Y0 + 20, X0 + 40, Y0 + 40))
    filled = shapely.box(X0 + 20, Y0 + 20, X0 + 40, Y0 + 40)
    assert said(look([ring, filled])) == []
    (hole,) = look([ring, filled], TopologyLimits(holes=True)).finds.to_pylist()
    assert hole["kind"] == "hole" and hole["area_m2"] == pytest.approx(400, rel=1e-3)


def test_parcels_out_of_the_region_and_at_its_line() -> None:
    region = shapely.box(X0, Y0, X0 + 450, Y0 + 400)
    found = look(grid(), region=region).finds.to_pylist()
    kinds = {f["parcel_id"]: (f["kind"], round(f["area_m2"], -2)) for f in found}
    assert {p for p, (k, _) in kinds.items() if k == "outside_region"} == {"P020", "P021", "P022", "P023", "P024"}
    assert {p: a for p, (k, a) in kinds.items() if k == "partly_outside_region"} == dict.fromkeys(
        ("P004", "P009", "P014", "P019"), 5000
    )


def test_single_parcels_with_swapped_or_strange_coordinates() -> None:
    shapes = grid(6)
    shapes[3] = shapely.transform(shapes[3], lambda xy: xy[:, ::-1])
    shapes[7] = shapely.transform(shapes[7], lambda xy: xy + np.array([2_000_000, 0]))
    kinds = {(k, p) for k, p, _ in said(look(shapes)) if k != "gap"}
    assert kinds == {("swapped", "P003"), ("far_off", "P007")}


def test_a_broken_neighbour_makes_no_second_find() -> None:
    shapes = grid()
    xy = shapely.get_coordinates(shapes[12])
    shapes[12] = shapely.polygons(xy[[0, 2, 1, 3, 0]])
    assert said(look(shapes)) == [("crossed_shape", "P012", None)]


def test_degrees_are_measured_in_metres() -> None:
    shapes = shapely.transform(grid(4), lambda xy: np.column_stack([105 + (xy[:, 0] - X0) / 1e5, 31 + (xy[:, 1] - Y0) / 1e5]))
    assert said(look(shapes, crs=pyproj.CRS.from_epsg(4490))) == []
    shapes[5] = shapely.difference(shapes[5], shapely.box(105.00198, 31.001, 105.002, 31.002))
    (gap,) = look(shapes, crs=pyproj.CRS.from_epsg(4490)).finds.to_pylist()
    assert gap["kind"] == "gap" and gap["area_m2"] == pytest.approx(2e-5 * 111_320 * np.cos(np.deg2rad(31)) * 111, rel=0.01)
    kx, ky = metres(pyproj.CRS.from_epsg(4490), shapely.bounds(shapes))
    assert kx / ky == pytest.approx(np.cos(np.deg2rad(31)), rel=1e-3)


@pytest.fixture
def layer(tmp_path: Path) -> Callable[[Any], Path]:
    import pyarrow as pa

    def write(shapes: Any) -> Path:
        n = len(shapes)
        table = pa.table({
            "BSM": names(n), "DLBM": ["0301"] * n, "ZLDWDM": ["510182001001"] * n, "TBMJ": [None] * n,
            "geometry": pa.array(shapely.to_wkb(np.asarray(shapes, object)), pa.binary()),
        })  # fmt: skip
        path = tmp_path / "layer.parquet"
        write_table(table, path)
        write_json(
            {"crs_wkt": CRS.to_wkt(), "epsg": 4545, "source": "a.gpkg", "sha256_source": "0" * 64}, path.with_suffix(".json")
        )
        return path

    return write


def test_a_clean_layer_and_its_edition_give_the_same_finds(layer: Callable[[Any], Path], tmp_path: Path) -> None:
    shapes = grid(6, 4)
    shapes[14] = shapely.difference(shapes[14], shapely.buffer(shapes[15], 3))
    path = layer(shapes)
    edition, _ = make_edition(path, tmp_path / "edition.parquet", FieldMap(declared_area=None))
    one, two = topology(path, id_field="BSM"), topology(edition.path)
    assert one.finds.to_pylist() == two.finds.to_pylist() and one.finds.num_rows >= 1
    assert one.faults[0].where == "a.gpkg" and two.faults[0].where == "edition.parquet"


def test_the_places_open_in_a_gis(tmp_path: Path) -> None:
    import pyogrio

    shapes = np.append(grid(), [None])
    shapes[12] = shapely.difference(shapes[12], shapely.box(X0 + 295, Y0 + 200, X0 + 300, Y0 + 300))
    found = look(shapes)
    info = pyogrio.read_info(found.write_finds(tmp_path / "places.gpkg"))
    assert info["features"] == 2 and info["crs"] == "EPSG:4545" and list(info["fields"]) == found.finds.schema.names
    table = pq.read_table(found.write_finds(tmp_path / "places.parquet"))
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["columns"]["geometry"]["crs"]["id"]["code"] == 4545
    places = shapely.from_wkb(table["geometry"].to_pylist())
    assert [p is None for p in places] == [x is None for x in table["x"].to_pylist()]
    with pytest.raises(ValueError, match="gpkg"):
        found.write_finds(tmp_path / "places.shp")


def test_every_kind_has_both_languages() -> None:
    for kind, (severity, clash, remedy) in KINDS.items():
        assert severity in ("error", "warning"), kind
        assert any("\u4e00" <= c <= "\u9fff" for c in clash.zh) and any("\u4e00" <= c <= "\u9fff" for c in remedy.zh), kind
        assert not any("\u3000" <= c <= "\uffef" for c in clash.en + remedy.en), kind


def county(side: int, seed: int = 5) -> np.ndarray:
    """A tessellation of side² parcels with 14 vertices each, bent lines, millimetres."""
    rng = np.random.default_rng(seed)
    cells = np.arange(side + 1) * 60.0
    x, y = np.meshgrid(cells, cells)
    c = np.round(np.stack([X0 + x, Y0 + y], -1) + rng.uniform(-15, 15, (side + 1, side + 1, 2)), 3)

    def between(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
        t = (np.arange(1, n + 1) / (n + 1))[:, None]
        line = a[..., None, :] + (b - a)[..., None, :] * t
        return np.round(line + rng.uniform(-2, 2, line.shape), 3)

    h, v = between(c[:, :-1], c[:, 1:], 3), between(c[:-1], c[1:], 2)
    ring = [
        c[:-1, :-1, None],
        h[:-1],
        c[:-1, 1:, None],
        v[:, 1:],
        c[1:, 1:, None],
        h[1:, :, ::-1],
        c[1:, :-1, None],
        v[:, :-1, ::-1],
    ]
    return shapely.polygons(np.concatenate(ring, 2).reshape(side * side, -1, 2))


def plant(shapes: np.ndarray, side: int, n: int, seed: int) -> tuple[np.ndarray, set[tuple[str, str, str | None]], list[str]]:
    """Put n faults of ten kinds into a county, each three parcels from the next; return shapes, what must be found, codes."""
    rng = np.random.default_rng(seed)
    shapes = shapes.copy()
    spots = [j * side + i for j in range(2, side - 3, 4) for i in range(2, side - 3, 4)]
    wanted: set[tuple[str, str, str | None]] = set()
    gone, added = [], []
    label = names(len(shapes))
    for k, p in enumerate(rng.choice(spots, n, replace=False)):
        p = int(p)
        xy = shapely.get_coordinates(shapes[p])
        middle = (xy[5] + xy[6]) / 2  # on the line to the right neighbour
        match k % 10:
            case 0:
                shapes[p] = shapely.union(shapes[p], shapely.buffer(shapely.Point(middle), 3))
                wanted.add(("overlap", label[p], label[p + 1]))
            case 1:
                shapes[p] = shapely.difference(shapes[p], shapely.buffer(shapely.Point(middle), 3))
                wanted.add(("gap", *sorted((label[p], label[p + 1]))))  # type: ignore[arg-type]
            case 2:
                added.append((p, shapes[p]))
                wanted.add(("duplicate_shape", label[p], "copy" + label[p]))
            case 3:
                one, two = (xy[4] + 2 * (xy[k] - xy[4]) / np.hypot(*(xy[k] - xy[4])) for k in (5, 3))
                shapes[p] = shapely.polygons(np.concatenate([xy[:4], [one, two], xy[5:]]))  # a bow tie of 2 m at a corner
                wanted.add(("crossed_shape", label[p], None))
            case 4:
                tip = xy[6] + (xy[6] - middle) * 0.9
                shapes[p] = shapely.polygons(np.insert(xy, [7, 7], [tip, xy[6]], axis=0))
                wanted.add(("spike", label[p], None))
            case 5:
                shapes[p] = shapely.polygons(np.insert(xy, 3, xy[2], axis=0))
                wanted.add(("same_vertex", label[p], None))
            case 6:
                gone.append(p)
            case 7:
                strip = shapely.LineString(xy[5:7]).buffer(0.2, cap_style="flat")
                added.append(
                    (p, shapely.polygons(shapely.get_coordinates(shapely.get_parts(shapely.intersection(strip, shapes[p]))[0])))
                )
                shapes[p] = shapely.difference(shapes[p], strip)
                wanted.add(("thin", "copy" + label[p], None))
            case 8:
                shapes[p] = None
                wanted.add(("empty_shape", label[p], None))
            case 9:
                shapes[p] = shapely.transform(shapes[p], lambda xy: xy[:, ::-1])
                wanted.add(("swapped", label[p], None))
    label = [*label, *("copy" + label[p] for p, _ in added)]
    shapes = np.append(shapes, np.array([g for _, g in added], object))
    keep = np.ones(len(shapes), bool)
    keep[gone] = False
    return shapes[keep], wanted, [n for n, k in zip(label, keep, strict=True) if k]


@pytest.mark.parametrize(("side", "n"), [(60, 150), pytest.param(316, 5_000, marks=pytest.mark.slow)])
def test_all_that_is_planted_in_a_county_is_found_and_nothing_else(side: int, n: int) -> None:
    shapes, wanted, label = plant(county(side), side, n, 1)
    rows = topology((label, shapes), CRS, TopologyLimits(max_gap_m2=1_000, same_vertex_m=1e-6)).finds.to_pylist()
    found = [(r["kind"], *([r["parcel_id"], r["other_id"]] if r["kind"] != "gap" else sorted([r["parcel_id"], r["other_id"]])))
             for r in rows]  # fmt: skip
    assert set(found) == wanted and len(found) == len(wanted)
