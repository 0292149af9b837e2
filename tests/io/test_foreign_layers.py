"""GeoPackage, Shapefile, GeoJSON and GeoParquet as people bring them, and as someone who means harm would."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from ecocomp.io.files import read_table
from ecocomp.io.worker import Answer, Job, VectorJob

Open = Callable[[Job], Answer]
Layer = Callable[..., Path]
ESRI = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_108E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",108.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def check_squares(answer: Answer, count: int = 3) -> None:
    assert answer.ok and answer.path is not None, (answer.faults, answer.trace)
    table = read_table(answer.path)
    assert table.drop(["geometry"]).to_pylist() == [{"名称": f"地块{i}", "BSM": f"{i:06d}", "TBMJ": 10_000.0} for i in range(count)]
    assert [shapely.from_wkb(g).area for g in table["geometry"].to_pylist()] == [10_000.0] * count
    assert answer.facts["epsg"] == 4545 and answer.facts["features"] == count
    assert answer.facts["bounds"] == [400_000, 3_400_000, 400_000 + 100 * count, 3_400_100]


@pytest.mark.parametrize(("name", "driver"), [("a.gpkg", "GPKG"), ("a.geojson", "GeoJSON"), ("a.shp", "ESRI Shapefile")])
def test_the_same_squares_from_every_format(opened: Open, write_layer: Layer, name: str, driver: str) -> None:
    check_squares(opened(VectorJob("a", write_layer(name, driver, encoding="UTF-8" if driver != "GPKG" else None))))


def test_geoparquet(opened: Open, tmp_path: Path) -> None:
    import pyproj

    shapes = shapely.to_wkb(shapely.box([400_000, 400_100, 400_200], 3_400_000, [400_100, 400_200, 400_300], 3_400_100))
    table = pa.table(
        {"名称": [f"地块{i}" for i in range(3)], "BSM": [f"{i:06d}" for i in range(3)], "TBMJ": [10_000.0] * 3, "geom": shapes}
    )
    column = {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": pyproj.CRS.from_epsg(4545).to_json_dict()}
    geo = json.dumps({"version": "1.1.0", "primary_column": "geom", "columns": {"geom": column}})
    pq.write_table(table.replace_schema_metadata({"geo": geo}), tmp_path / "a.parquet")
    check_squares(opened(VectorJob("a", tmp_path / "a.parquet")))
    pq.write_table(table, tmp_path / "b.parquet")
    assert opened(VectorJob("a", tmp_path / "b.parquet")).faults[0].code == "io.wrong_format"


@pytest.mark.parametrize("language", [0x00, 0x57, 0x03])
@pytest.mark.parametrize("codec", ["GB18030", "UTF-8"])
def test_a_dbf_that_says_nothing_about_its_encoding(opened: Open, write_layer: Layer, codec: str, language: int) -> None:
    path = write_layer("a.shp", "ESRI Shapefile", encoding=codec)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[29] = language
    path.with_suffix(".dbf").write_bytes(dbf)
    answer = opened(VectorJob("a", path))
    check_squares(answer)
    assert (answer.facts["encoding"], answer.facts["encoding_known_by"]) == (codec.lower(), "found")


def test_a_cpg_that_lies_is_overruled_and_a_declaration_is_not(opened: Open, write_layer: Layer) -> None:
    path = write_layer("a.shp", "ESRI Shapefile", encoding="GB18030")
    path.with_suffix(".cpg").write_text("UTF-8")
    check_squares(opened(VectorJob("a", path)))
    answer = opened(VectorJob("a", path, encoding="gbk"))
    check_squares(answer)
    assert answer.facts["encoding_known_by"] == "declared"
    assert opened(VectorJob("a", path, encoding="klingon")).faults[0].code == "io.other_encoding"


def test_a_text_cut_in_the_middle_of_a_character_is_no_obstacle(opened: Open, write_layer: Layer) -> None:
    path = write_layer("a.shp", "ESRI Shapefile", encoding="GB18030")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    width, header = dbf[32 + 16], int.from_bytes(dbf[8:10], "little")
    full = ("长" * 200).encode("gb18030")[: width - 1] + "名".encode("gb18030")[:1]
    dbf[header + 1 : header + 1 + width] = (b"a" + full)[:width] if width % 2 == 0 else full
    path.with_suffix(".dbf").write_bytes(dbf)
    answer = opened(VectorJob("a", path))
    assert answer.ok and answer.facts["encoding"] == "gb18030"


def test_the_names_esri_gives_to_cgcs2000_are_understood(opened: Open, write_layer: Layer) -> None:
    path = write_layer("a.shp", "ESRI Shapefile", encoding="UTF-8")
    path.with_suffix(".prj").write_text(ESRI)
    check_squares(opened(VectorJob("a", path)))


def test_a_shapefile_in_a_zip_and_one_that_lacks_parts(opened: Open, write_layer: Layer, tmp_path: Path) -> None:
    path = write_layer("a.shp", "ESRI Shapefile", encoding="UTF-8")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in path.parent.glob("a.*"):
            if part.suffix != ".zip":
                archive.write(part, f"图层/{part.name}")
    check_squares(opened(VectorJob("a", tmp_path / "a.zip")))
    path.with_suffix(".prj").unlink()
    path.with_suffix(".shx").unlink()
    answer = opened(VectorJob("a", path))
    assert answer.faults[0].code == "io.missing_part" and ".shx, .prj" in answer.faults[0].say("zh")


def test_all_parts_of_a_shapefile_count_for_its_hash(opened: Open, write_layer: Layer) -> None:
    path = write_layer("a.shp", "ESRI Shapefile", encoding="UTF-8")
    before = opened(VectorJob("a", path)).facts["sha256_source"]
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[-3] = ord("1")
    path.with_suffix(".dbf").write_bytes(dbf)
    assert opened(VectorJob("a", path)).facts["sha256_source"] != before


HARM = {
    "view": "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c",
    "trigger": "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END",
    "trigger in disguise": "CREATE TRIGGER rtree_a_geom_insert2 AFTER INSERT ON a BEGIN DELETE FROM a; END",
    "quoted target": "CREATE TRIGGER rtree_a_geom_insert3 AFTER INSERT ON a BEGIN DELETE FROM 'a'; END",
    "virtual table": "CREATE VIRTUAL TABLE f USING fts5(x)",
    "computed column": "CREATE TABLE g (x INTEGER, y BLOB GENERATED ALWAYS AS (zeroblob(1000000000)) VIRTUAL)",
    "computed column, short": "CREATE TABLE g (x INTEGER, y BLOB AS (zeroblob(1000000000)))",
}


@pytest.mark.parametrize("kind", sorted(HARM))
def test_a_geopackage_with_code_of_its_own_is_refused_at_once(opened: Open, write_layer: Layer, kind: str) -> None:
    path = write_layer("a.gpkg", "GPKG")
    with sqlite3.connect(path) as db:
        db.execute(HARM[kind])
    db.close()
    answer = opened(VectorJob("a", path))
    assert [f.code for f in answer.faults] == ["io.gpkg_code"], (answer.faults, answer.trace)


def test_an_sqlite_file_that_is_no_geopackage(opened: Open, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.gpkg") as db:
        db.execute("CREATE TABLE x (y)")
    db.close()
    assert opened(VectorJob("a", tmp_path / "a.gpkg")).faults[0].code == "io.wrong_format"


def test_several_layers_must_be_named(opened: Open, write_layer: Layer) -> None:
    import pyogrio

    path = write_layer("a.gpkg", "GPKG")
    pyogrio.raw.write(
        path,
        shapely.to_wkb([shapely.Point(1, 1)]),
        [],
        [],
        geometry_type="Point",
        crs="EPSG:4545",
        driver="GPKG",
        layer="点",
        append=True,
    )
    answer = opened(VectorJob("a", path))
    assert answer.faults[0].code == "io.which_layer" and "点" in answer.faults[0].say("en")
    check_squares(opened(VectorJob("a", path, layer="a")))


def test_caps_on_features_fields_and_vertices(opened: Open, write_layer: Layer) -> None:
    path = write_layer("a.gpkg", "GPKG")
    answer = opened(VectorJob("a", path, max_features=2, max_fields=2))
    assert [f.code for f in answer.faults] == ["io.too_many_features", "io.too_many_columns"]
    assert opened(VectorJob("a", path, max_vertices=4)).faults[0].code == "io.too_many_vertices"


def test_layers_without_crs_or_features_are_refused(opened: Open, write_layer: Layer, tmp_path: Path) -> None:
    assert opened(VectorJob("a", write_layer("a.gpkg", "GPKG", crs=None))).faults[0].code == "io.no_crs"
    (tmp_path / "b.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    assert opened(VectorJob("a", tmp_path / "b.geojson")).faults[0].code == "io.no_features"


def test_heights_are_dropped_and_said(opened: Open, tmp_path: Path) -> None:
    shape = {"type": "Polygon", "coordinates": [[[105, 31, 9], [106, 31, 9], [106, 32, 9], [105, 31, 9]]]}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "Feature", "properties": {"n": 1}, "geometry": shape}))
    answer = opened(VectorJob("a", tmp_path / "a.geojson"))
    assert answer.ok and answer.path and answer.facts["dimension_dropped"] is True
    assert not shapely.from_wkb(read_table(answer.path)["geometry"][0].as_py()).has_z


def test_broken_layers_are_faults(opened: Open, write_layer: Layer) -> None:
    for name, driver in (("a.gpkg", "GPKG"), ("b.shp", "ESRI Shapefile"), ("c.geojson", "GeoJSON")):
        path = write_layer(name, driver, 50, encoding=None if driver == "GPKG" else "UTF-8")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        answer = opened(VectorJob("a", path))
        assert not answer.ok and answer.faults[0].code.startswith("io."), name
