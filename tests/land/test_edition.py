"""A survey edition: every fault at once, areas on the ellipsoid, one file that never changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.io.files import write_json, write_table
from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.land.edition import Edition, FieldMap, Tolerances, make_edition, read_edition
from ecocomp.land.topology import check_overlaps
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import PARCEL

SQUARES = [shapely.box(400_000 + 100 * i, 3_400_000, 400_100 + 100 * i, 3_400_100) for i in range(4)]
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a layer as the worker would, four squares unless told otherwise."""

    def write(shapes: list[Any] | None = None, epsg: int = 4545, **columns: Any) -> Path:
        import pyproj

        shapes = SQUARES if shapes is None else shapes
        n = len(shapes)
        base: dict[str, Any] = {
            "BSM": [f"P{i}" for i in range(n)],
            "DLBM": ["0301"] * n,
            "ZLDWDM": ["5101820010010000000"] * n,
            "TBMJ": [None] * n,
        }
        table = pa.table(
            base | columns | {"geometry": pa.array([None if s is None else shapely.to_wkb(s) for s in shapes], pa.binary())}
        )
        path = tmp_path / "layer.parquet"
        write_table(table, path)
        facts = {"crs_wkt": pyproj.CRS.from_epsg(epsg).to_wkt(), "epsg": epsg, "source": "地类图斑.gpkg", "sha256_source": "0" * 64}
        write_json(facts, path.with_suffix(".json"))
        return path

    return write


@pytest.fixture
def made(put: Put, tmp_path: Path) -> Callable[..., tuple[Edition, list[Fault]]]:
    """Make an edition of a layer; each call a new one."""
    count = iter(range(100))

    def make(
        shapes: list[Any] | None = None, epsg: int = 4545, fields: FieldMap | None = None, **more: Any
    ) -> tuple[Edition, list[Fault]]:
        known = {k: more.pop(k) for k in ("bounds", "tolerances") if k in more}
        return make_edition(put(shapes, epsg, **more), tmp_path / f"edition{next(count)}.parquet", fields, **known)

    return make


def faults_of(make: Callable[..., object], *args: Any, **more: Any) -> list[Fault]:
    with pytest.raises(FaultsError) as caught:
        make(*args, **more)
    return list(caught.value.faults)


def test_a_sound_layer_becomes_the_gate_table(made: Callable[..., tuple[Edition, list[Fault]]]) -> None:
    edition, warnings = made(DLBM=["0301K", "0101", "1104A", "13"])
    assert warnings == [] and edition.parcels == 4 and edition.epsg == 4545
    assert edition.bounds == (400_000, 3_400_000, 400_400, 3_400_100)
    table = edition.gate()
    assert table.schema.equals(PARCEL.schema())
    assert table["ecosystem"].to_pylist() == ["13", "51", "42", "13"]
    assert set(table["village_code"].to_pylist()) == {"510182001001"}
    expected = areas_dm2(polygon_areas_m2(np.array(SQUARES), "EPSG:4545"))
    assert table["area_dm2"].to_pylist() == expected.tolist()
    assert all(abs(a - 1_000_000) < 500 and a != 1_000_000 for a in expected), "the plane area is not what is paid on"


def test_rows_and_shapes_stand_in_one_order(made: Callable[..., tuple[Edition, list[Fault]]]) -> None:
    edition, _ = made()
    ids = edition.table()["parcel_id"].to_pylist()
    for name, shape, x, y in zip(ids, edition.polygons(), *(edition.table()[c].to_pylist() for c in "xy"), strict=True):
        assert shape.equals(SQUARES[int(name[1:])]) and shape.contains(shapely.Point(x, y))


def test_the_file_is_geoparquet_with_boxes(made: Callable[..., tuple[Edition, list[Fault]]]) -> None:
    edition, _ = made()
    geo = json.loads(pq.read_schema(edition.path).metadata[b"geo"])
    assert geo["version"] == "1.1.0" and geo["columns"]["geometry"]["crs"]["id"]["code"] == 4545
    table = pq.read_table(edition.path)
    np.testing.assert_array_equal(
        np.stack([table[c].to_numpy() for c in ("xmin", "ymin", "xmax", "ymax")], 1), shapely.bounds(edition.polygons())
    )


def test_the_order_of_the_rows_brought_does_not_matter(put: Put, tmp_path: Path) -> None:
    one, _ = make_edition(put(), tmp_path / "one.parquet")
    turned = {"BSM": ["P3", "P2", "P1", "P0"]}
    two, _ = make_edition(put(SQUARES[::-1], **turned), tmp_path / "two.parquet")
    assert one.fingerprint == two.fingerprint and one.path.read_bytes() == two.path.read_bytes()
    assert read_edition(one.path) == one


def test_an_edition_never_changes(put: Put, tmp_path: Path) -> None:
    edition, _ = make_edition(put(), tmp_path / "edition.parquet")
    assert make_edition(put(), edition.path)[0] == edition
    (fault,) = faults_of(make_edition, put(DLBM=["0101"] * 4), edition.path)
    assert fault.code == "land.edition_exists"
    assert read_edition(edition.path) == edition


def test_every_fault_is_told_at_once(made: Callable[..., object]) -> None:
    bow = shapely.Polygon([(400_000, 3_400_000), (400_100, 3_400_100), (400_100, 3_400_000), (400_000, 3_400_100)])
    shapes = [*SQUARES, bow, None, shapely.LineString([(400_000, 3_400_000), (400_001, 3_400_000)])]
    found = faults_of(
        made, shapes, BSM=["A", "A", "", "D", "E", "F", "G"], DLBM=["0301", "0501", *["0301"] * 5],
        ZLDWDM=["510182001001"] * 6 + ["5101"], TBMJ=["1", "-3", "x", None, None, None, None],
    )  # fmt: skip
    assert sorted(f.code for f in found) == [
        "land.bad_declared_area", "land.bad_declared_area", "land.bad_village_code", "land.crossed_shape", "land.duplicate_id",
        "land.empty_shape", "land.no_id", "land.not_a_polygon", "land.unknown_class",
    ]  # fmt: skip
    said = {f.code: f.say("en") for f in found}
    assert "rows 1 and 2" in said["land.duplicate_id"]
    assert "row 3" in said["land.no_id"]
    assert "400050, 3400050" in said["land.crossed_shape"]
    assert "0501" in said["land.unknown_class"] and "2023" in said["land.unknown_class"]
    assert all(f.where == "地类图斑.gpkg" for f in found)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (shapely.box(400_090, 3_400_000, 400_190, 3_400_100), 1000),  # overlap
        (shapely.box(400_020, 3_400_020, 400_030, 3_400_030), 100),  # inside
        (SQUARES[0], 10_000),  # the same twice
        (shapely.Polygon([(400_100, 3_400_000), (400_200, 3_400_000), (400_200, 3_400_100), (400_090, 3_400_050)]), 273),  # a tooth
    ],
)
def test_an_overlap_names_both_parcels_and_the_area(made: Callable[..., object], other: shapely.Polygon, shared: float) -> None:
    found = faults_of(made, [SQUARES[0], other, SQUARES[3]])
    assert [f.code for f in found] == ["land.overlap"]
    assert found[0].record == "P0" and "P1" in found[0].say("zh")
    told = float(found[0].clash.en.split(" by ")[1].split(" m²")[0].replace(",", ""))
    plane = SQUARES[0].intersection(other).area
    assert told == pytest.approx(plane, rel=1e-3)
    assert plane == pytest.approx(shared, rel=0.1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 6)] * 2), min_size=2, max_size=12))
def test_the_quick_search_finds_every_overlap(boxes: list[tuple[int, int, int, int]]) -> None:
    import pyproj

    shapes = np.array([shapely.box(4e5 + 10 * x, 3.4e6 + 10 * y, 4e5 + 10 * (x + w), 3.4e6 + 10 * (y + h)) for x, y, w, h in boxes])
    ids = [f"P{i:02d}" for i in range(len(shapes))]
    found = check_overlaps(ids, shapes, pyproj.CRS.from_epsg(4545), 1.0, "x")
    every = {(i, j) for j in range(len(shapes)) for i in range(j) if shapes[i].intersection(shapes[j]).area > 1}
    assert {(int(f.record[1:]), int(f.clash.en.split("overlaps P")[1][:2])) for f in found} == every


def test_slivers_and_unmatched_vertices_pass(made: Callable[..., tuple[Edition, list[Fault]]]) -> None:
    sliver = shapely.box(400_099.995, 3_400_000, 400_200, 3_400_100)  # 5 mm over 100 m: half a square metre
    stepped = shapely.Polygon(
        [(400_200, 3_400_000), (400_300, 3_400_000), (400_300, 3_400_100), (400_200, 3_400_100), (400_200, 3_400_033)]
    )
    assert made([SQUARES[0], sliver, stepped])[0].parcels == 3
    assert faults_of(made, [SQUARES[0], sliver], tolerances=Tolerances(sliver_m2=0.1))[0].code == "land.overlap"


def test_overlaps_in_degrees_are_in_square_metres(made: Callable[..., object]) -> None:
    shapes = [shapely.box(105, 31, 105.01, 31.01), shapely.box(105.009, 31, 105.02, 31.01)]
    (fault,) = faults_of(made, shapes, 4490)
    expected = polygon_areas_m2(np.array([shapes[0].intersection(shapes[1])]))[0]
    assert f"{expected:,.2f} m²" in fault.say("en")


def test_outside_the_rasters_is_an_error_and_partly_outside_a_warning(made: Callable[..., Any]) -> None:
    inside = (400_050.0, 3_300_000.0, 400_250.0, 3_500_000.0)
    found = faults_of(made, bounds=inside)
    assert [(f.code, f.record, f.severity) for f in found] == [
        ("land.outside_grid", "P3", "error"),
        ("land.partly_outside_grid", "P0", "warning"),
        ("land.partly_outside_grid", "P2", "warning"),
    ]
    _, warnings = made(SQUARES[:3], bounds=inside)
    assert [f.record for f in warnings] == ["P0", "P2"]


@pytest.mark.parametrize(
    ("shapes", "epsg", "words"),
    [
        ([shapely.box(105, 31, 105.1, 31.1)], 4545, "degrees, not metres"),
        ([shapely.box(400_000, 3_400_000, 400_100, 3_400_100)], 4490, "metres, not degrees"),
        ([shapely.box(3_400_000, 400_000, 3_400_100, 400_100)], 4545, "swapped"),
        ([shapely.box(31, 105, 31.1, 105.1)], 4490, "swapped"),
        ([shapely.box(36_400_000, 3_400_000, 36_400_100, 3_400_100)], 4545, "zone"),
    ],
)
def test_coordinates_that_do_not_suit_the_crs(made: Callable[..., object], shapes: list[Any], epsg: int, words: str) -> None:
    (fault,) = faults_of(made, shapes, epsg)
    assert fault.code == "land.misplaced" and words in fault.say("en")


def test_registered_areas_in_their_units(made: Callable[..., tuple[Edition, list[Fault]]]) -> None:
    for unit, value, dm2 in (("m2", "10000.5", 1_000_050), ("mu", 15, 1_000_000), ("ha", "1", 1_000_000), ("mu", "0.1", 6_667)):
        tolerance = Tolerances(declared_area=2.0)
        edition, warnings = made(SQUARES[:1], fields=FieldMap(declared_unit=unit), TBMJ=[value], tolerances=tolerance)  # type: ignore[arg-type]
        assert edition.table()["declared_area_dm2"].to_pylist() == [dm2] and not warnings
    edition, warnings = made(SQUARES[:2], TBMJ=[10_000.0, 5_000.0])
    assert [(f.code, f.record, f.severity) for f in warnings] == [("land.declared_area", "P1", "warning")]
    edition, _ = made(SQUARES[:1], fields=FieldMap(declared_area=None))
    assert edition.table()["declared_area_dm2"].to_pylist() == [None]


def test_numeric_codes_of_a_dbf_are_taken_whole(made: Callable[..., tuple[Edition, list[Fault]]]) -> None:
    edition, _ = made(SQUARES[:1], BSM=[510182001.0], ZLDWDM=pa.array([510182001001], pa.int64()))
    assert edition.table().to_pylist()[0]["parcel_id"] == "510182001"


def test_missing_fields_name_what_there_is(made: Callable[..., object]) -> None:
    (fault,) = faults_of(made, fields=FieldMap(parcel_id="地块编码"))
    assert fault.code == "land.missing_field" and "地块编码" in fault.say("zh") and "BSM, DLBM" in fault.say("zh")


def test_many_faults_of_one_kind_are_counted(made: Callable[..., object]) -> None:
    shapes = [shapely.box(400_000 + 10 * i, 3_400_000, 400_010 + 10 * i, 3_400_010) for i in range(80)]
    found = faults_of(made, shapes, DLBM=["9999"] * 80)
    assert len(found) == 51 and "80" in found[-1].say("zh")


def test_what_is_no_edition(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    for name in ("a.parquet", "none.parquet"):
        with pytest.raises(FaultsError) as caught:
            read_edition(tmp_path / name)
        assert caught.value.faults[0].code == "land.no_edition"


def test_a_shapefile_all_the_way(tmp_path: Path) -> None:
    import pyogrio

    from ecocomp.io.worker import VectorJob, Worker

    fields = [np.array([f"P{i}" for i in range(4)], object), np.array(["0301"] * 4, object), np.array(["510182001001"] * 4, object)]
    pyogrio.raw.write(
        tmp_path / "a.shp", shapely.to_wkb(np.array(SQUARES)), [*fields, np.full(4, 10_000.0)], ["BSM", "DLBM", "ZLDWDM", "TBMJ"],
        geometry_type="Polygon", crs="EPSG:4545", driver="ESRI Shapefile",
    )  # fmt: skip
    with Worker() as worker:
        answer = worker.run([VectorJob("dltb", tmp_path / "a.shp")], tmp_path / "clean")[0]
    assert answer.ok and answer.path
    edition, warnings = make_edition(answer.path, tmp_path / "edition.parquet")
    assert edition.parcels == 4 and not warnings


def test_parcels_are_found_by_code_and_by_window(made: Callable[..., tuple[Edition, list[Fault]]]) -> None:
    shapes = [shapely.box(400_000 + 100 * i, 3_400_000, 400_100 + 100 * i, 3_400_100) for i in range(300)]
    edition, _ = made(shapes, BSM=[f"P{i:03d}" for i in range(300)])
    table = edition.table()
    rows = edition.find(["P007", "P299", "none", "P007"])
    assert rows.schema.names == [*PARCEL.schema().names, "geometry"] and sorted(rows["parcel_id"].to_pylist()) == ["P007", "P299"]
    want = [r for r in table.to_pylist() if r["parcel_id"] in ("P007", "P299")]
    assert rows.drop_columns(["geometry"]).to_pylist() == want
    assert len(edition.find([])) == 0 and edition.find(["no"], ["parcel_id", "area_dm2"]).schema.names == ["parcel_id", "area_dm2"]
    near = edition.window((400_150, 3_400_050, 400_250, 3_400_060), ["parcel_id"])["parcel_id"].to_pylist()
    assert sorted(near) == ["P001", "P002"] and len(edition.window((0, 0, 1, 1))) == 0
    assert edition.extras() == []
    edition.path.chmod(0o644)
    edition.path.write_bytes(b"no longer")
    with pytest.raises(FaultsError) as caught:
        edition.find(["P007"])
    assert caught.value.faults[0].code == "land.no_edition"


@pytest.mark.parametrize("tile_rows", [7, 64, 10_000])
def test_tiles_and_batches_change_nothing(tile_rows: int, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecocomp.land import edition as module
    from ecocomp.land.spool import Spool

    rng = np.random.default_rng(3)
    corners = rng.permutation(400)
    shapes = [
        shapely.box(4e5 + 50 * (k % 20), 3.4e6 + 50 * (k // 20), 4e5 + 50 * (k % 20 + 1), 3.4e6 + 50 * (k // 20 + 1))
        for k in corners
    ]
    path = put(shapes, BSM=[f"P{k:03d}" for k in corners])
    whole, _ = make_edition(path, tmp_path / "whole.parquet")
    monkeypatch.setattr(module, "Spool", lambda folder: Spool(folder, tile_rows))
    monkeypatch.setattr(module.batches, "__defaults__", (13,))
    pieces, _ = make_edition(path, tmp_path / "pieces.parquet")
    assert pieces.fingerprint == whole.fingerprint
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_faults_are_found_across_tiles_and_named_by_their_rows(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecocomp.land import edition as module
    from ecocomp.land.spool import Spool

    shapes = [shapely.box(4e5 + 50 * k, 3.4e6, 4e5 + 50 * k + 51, 3.4e6 + 50) for k in range(40)]
    path = put([*shapes, None], BSM=[f"P{k:02d}" for k in range(39)] + ["P00", ""])
    whole = faults_of(make_edition, path, tmp_path / "a.parquet")
    monkeypatch.setattr(module, "Spool", lambda folder: Spool(folder, 3))
    monkeypatch.setattr(module.batches, "__defaults__", (4,))
    assert faults_of(make_edition, path, tmp_path / "b.parquet") == whole
    codes = [f.code for f in whole]
    assert codes.count("land.overlap") == 39 and {f.record for f in whole if f.code in ("land.no_id", "land.empty_shape")} == {
        "row 41"
    }
    assert "rows 1 and 40" in next(f for f in whole if f.code == "land.duplicate_id").say("en")


def test_what_a_killed_process_left_is_swept(put: Put, tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        (tmp_path / f".edition.parquet.{pid}.spool").mkdir()
    other = tmp_path / ".another.parquet.1.spool"
    other.mkdir()
    make_edition(put(), tmp_path / "edition.parquet")
    assert [p.name for p in tmp_path.glob(".*.spool")] == [other.name]
