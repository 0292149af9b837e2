"""File Geodatabases, and survey layers with Chinese content in every form people bring."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import pytest
import shapely

from ecocomp.io.files import read_table
from ecocomp.io.worker import Answer, Job, Limits, RasterJob, TableJob, VectorJob, Worker

Open = Callable[[Job], Answer]
STANDARD = ["BSM", "DLBM", "DLMC", "QSDWMC", "ZLDWDM", "TBMJ", "KCXS"]
CHINESE = ["标识码", "地类编码", "地类名称", "权属单位", "坐落单位", "图斑面积", "扣除系数"]
ROWS: list[tuple[Any, ...]] = [
    ("990121200000000001", "0103", "旱地", "青石村", "9901210010010000000", 10_000.12, 0.1234),
    ("990121200000000002", "0201K", "可调整果园", "白鹿、㼆村〇组", "9901210010010000000", 10_000.0, None),
    ("990121200000000003", "05H1", "商业服务业设施用地", None, "9901210010020000000", 10_000.5, None),
]


def squares(count: int = 3) -> Any:
    x = 400_000 + 100.0 * np.arange(count)
    return shapely.box(x, 3_400_000, x + 100, 3_400_100)


def columns() -> list[Any]:
    return [np.array(c, float if i > 4 else object) for i, c in enumerate(zip(*ROWS, strict=True))]


def write(path: Path, driver: str, fields: list[str], shapes: Any = None, layer: str | None = None, **more: Any) -> Path:
    wkb = np.array(shapes if shapes is not None else shapely.to_wkb(squares()), object)
    data = columns() if len(wkb) == 3 else [c[: len(wkb)] for c in columns()]
    options = {"geometry_type": "Polygon", "crs": "EPSG:4545"} | more
    pyogrio.raw.write(path, wkb, data, fields, driver=driver, layer=layer, **options)
    return path


def check_rows(answer: Answer, fields: list[str]) -> None:
    assert answer.ok and answer.path is not None, (answer.faults, answer.trace)
    table = read_table(answer.path)
    assert table.column_names[:-1] == fields
    assert [tuple(r.values())[:-1] for r in table.to_pylist()] == ROWS
    assert answer.facts["epsg"] == 4545 and answer.facts["features"] == 3
    assert [round(shapely.from_wkb(g).area, 3) for g in table["geometry"].to_pylist()] == [10_000.0] * 3


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return write(tmp_path / "县.gdb", "OpenFileGDB", STANDARD, layer="DLTB")


# ---------------------------------------------------------------- the folder and the archive
def test_a_folder(opened: Open, database: Path) -> None:
    answer = opened(VectorJob("a", database))
    check_rows(answer, STANDARD)
    assert answer.facts["format"] == "filegdb" and answer.facts["layer"] == "DLTB" and answer.faults == []
    assert answer.facts["source"] == "县.gdb" and answer.isolation["files"] == opened(VectorJob("a", database)).isolation["files"]


@pytest.mark.parametrize("inside", ["县.gdb", "成果/2025/county.GDB"])
def test_an_archive(opened: Open, database: Path, tmp_path: Path, inside: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir(f"{inside}/")
        for part in sorted(database.iterdir()):
            archive.write(part, f"{inside}/{part.name}")
        archive.writestr("__MACOSX/县.gdb/._gdb", "x")
    check_rows(opened(VectorJob("a", tmp_path / "a.zip")), STANDARD)


@pytest.mark.parametrize("extra", ["a.gdb/../../evil.gdbtable", "a.gdb/sub/a00000001.gdbtable", "a.gdb/run.py"])
def test_only_the_tables_come_out_of_an_archive(opened: Open, database: Path, tmp_path: Path, extra: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in sorted(database.iterdir()):
            archive.write(part, f"a.gdb/{part.name}")
        archive.writestr(extra, "x")
    answer = opened(VectorJob("a", tmp_path / "a.zip"))
    if ".." in extra:
        assert [f.code for f in answer.faults] == ["io.unsafe_archive"] and not list(tmp_path.rglob("evil*"))
    else:
        check_rows(answer, STANDARD)


def test_an_archive_with_two_layers_of_files(opened: Open, database: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("a.gdb", "b.gdb"):
            archive.write(database / "a00000001.gdbtable", f"{name}/a00000001.gdbtable")
    answer = opened(VectorJob("a", tmp_path / "a.zip"))
    assert answer.faults[0].code == "io.missing_part" and "2" in answer.faults[0].say("en")


def test_locks_and_indexes_stay_behind_and_do_not_change_the_hash(opened: Open, database: Path) -> None:
    before = opened(VectorJob("a", database)).facts["sha256_source"]
    (database / "PC-01.4711.sr.lock").write_bytes(b"")
    (database / "timestamps").write_bytes(b"other")
    (database / "a00000009.spx").unlink(missing_ok=True)
    answer = opened(VectorJob("a", database))
    check_rows(answer, STANDARD)
    assert answer.facts["sha256_source"] == before
    table = database / "a00000009.gdbtable"
    table.write_bytes(table.read_bytes().replace("青石村".encode(), "青岩村".encode()))
    assert opened(VectorJob("a", database)).facts["sha256_source"] != before


def test_what_is_no_geodatabase(opened: Open, database: Path, tmp_path: Path) -> None:
    other = tmp_path / "folder"
    shutil.copytree(database, other)
    assert opened(VectorJob("a", other)).faults[0].code == "io.not_a_file", "a folder by another name"
    assert opened(RasterJob("a", database)).faults[0].code == "io.not_a_file"
    assert opened(TableJob("a", database)).faults[0].code == "io.not_a_file"
    (tmp_path / "empty.gdb").mkdir()
    assert opened(VectorJob("a", tmp_path / "empty.gdb")).faults[0].code == "io.missing_part"
    (tmp_path / "file.gdb").write_bytes(b"x" * 100)
    assert opened(VectorJob("a", tmp_path / "file.gdb")).faults[0].code == "io.wrong_format"


def test_parts_that_are_missing_or_links(opened: Open, database: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (database / "a00000009.gdbtablx").unlink()
    answer = opened(VectorJob("a", database))
    assert answer.faults[0].code == "io.missing_part" and "a00000009.gdbtablx" in answer.faults[0].say("zh")
    (database / "a00000009.gdbtablx").symlink_to(tmp_path / "secret.txt")
    assert opened(VectorJob("a", database)).faults[0].code == "io.not_a_file"
    (database / "a00000009.gdbtablx").unlink()
    os.mkfifo(database / "a00000009.gdbtablx")
    assert opened(VectorJob("a", database)).faults[0].code == "io.not_a_file"


def test_a_compressed_one_is_said_to_be_so(opened: Open, database: Path) -> None:
    (database / "a00000009.cdf").write_bytes(b"x")
    answer = opened(VectorJob("a", database))
    assert answer.faults[0].code == "io.unreadable" and ".cdf" in answer.faults[0].say("en")


def test_caps_on_size_and_number(database: Path, tmp_path: Path) -> None:
    with Worker(Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=60, input_bytes=20_000)) as worker:
        assert worker.run([VectorJob("a", database)], tmp_path / "o")[0].faults[0].code == "io.file_too_large", "all files count"
        for n in range(4200):
            (database / f"a{n + 4096:08x}.gdbtable").touch()
        assert worker.run([VectorJob("a", database)], tmp_path / "o")[0].faults[0].code == "io.too_many_tables"


def test_several_layers_must_be_named(opened: Open, database: Path) -> None:
    write(database, "OpenFileGDB", STANDARD, layer="图斑2024", append=True)
    answer = opened(VectorJob("a", database))
    assert answer.faults[0].code == "io.which_layer" and "图斑2024" in answer.faults[0].say("en")
    check_rows(opened(VectorJob("a", database, layer="图斑2024")), STANDARD)
    assert opened(VectorJob("a", database, layer="DLTB2")).faults[0].code == "io.which_layer"


def test_broken_ones_are_faults_never_a_crash_of_the_run(opened: Open, database: Path, tmp_path: Path) -> None:
    rng = random.Random(4)
    for n in range(12):
        broken = tmp_path / f"b{n}.gdb"
        shutil.copytree(database, broken)
        part = rng.choice(sorted(p for p in broken.iterdir() if p.suffix in (".gdbtable", ".gdbtablx")))
        data = bytearray(part.read_bytes())
        if n % 2:
            data = data[: rng.randrange(len(data))]
        else:
            for _ in range(8):
                data[rng.randrange(len(data))] = rng.randrange(256)
        part.write_bytes(data)
        answer = opened(VectorJob("a", broken))
        assert answer.ok or answer.faults[0].code.startswith("io."), n


# ---------------------------------------------------------------- the same rows in every form
@pytest.mark.parametrize("fields", [STANDARD, CHINESE], ids=["standard", "chinese"])
@pytest.mark.parametrize(
    "form", ["gdb", "gpkg", "geojson", "parquet", "shp utf-8", "shp gb18030", "shp gb18030 no cpg", "shp gbk 0x4d"]
)
def test_the_same_rows_from_every_form(opened: Open, tmp_path: Path, form: str, fields: list[str]) -> None:
    kind, _, encoding = form.partition(" ")
    path = tmp_path / f"图层.{kind}"
    if kind == "parquet":
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {
            "encoding": "WKB", "geometry_types": ["Polygon"], "crs": pyproj.CRS.from_epsg(4545).to_json_dict()}}}  # fmt: skip
        data = {n: pa.array([r[i] for r in ROWS]) for i, n in enumerate(fields)} | {"geometry": list(shapely.to_wkb(squares()))}
        pq.write_table(pa.table(data).replace_schema_metadata({"geo": json.dumps(geo)}), path)
        check_rows(opened(VectorJob("a", path)), fields)
        return
    if kind != "shp":
        write(path, {"gdb": "OpenFileGDB", "gpkg": "GPKG", "geojson": "GeoJSON"}[kind], fields)
        check_rows(opened(VectorJob("a", path)), fields)
        return
    _shapefile(path, encoding, fields)
    cut = [_cut(f, "utf-8" if encoding == "utf-8" else "gb18030") for f in fields]
    answer = opened(VectorJob("a", path))
    assert answer.ok and answer.path, (answer.faults, answer.trace)
    assert read_table(answer.path).column_names[:-1] == cut
    assert answer.facts["encoding"] == ("utf-8" if encoding == "utf-8" else "gb18030")
    rows = read_table(answer.path).drop(["geometry"]).to_pylist()
    assert [tuple(r.values()) for r in rows] == ROWS


def _cut(name: str, encoding: str) -> str:
    return name.encode(encoding)[:10].decode(encoding, "ignore")


def _shapefile(path: Path, encoding: str, fields: list[str]) -> None:
    """A Shapefile whose table is written here byte by byte, as survey software does: names and texts in one encoding."""
    write(path, "ESRI Shapefile", [f"F{i}" for i in range(len(fields))], encoding="UTF-8")
    codec = "utf-8" if encoding == "utf-8" else "gb18030"
    widths = [(b"C", 60)] * 5 + [(b"N", 15), (b"N", 8)]
    head = struct.pack("<4BIHH", 3, 125, 11, 22, 3, 32 + 32 * len(fields) + 1, 1 + sum(w for _, w in widths))
    head += bytes(17) + (b"\x4d" if "0x4d" in encoding else b"\x00") + bytes(2)
    for name, (kind, width) in zip(fields, widths, strict=True):
        places = 0 if kind == b"C" else 2 if width == 15 else 4
        head += _cut(name, codec).encode(codec).ljust(11, b"\0") + kind + bytes(4) + bytes([width, places]) + bytes(14)
    body = b""
    for row in ROWS:
        body += b" "
        for value, (kind, width) in zip(row, widths, strict=True):
            text = "" if value is None else str(value)
            body += text.encode(codec).ljust(width) if kind == b"C" else text.encode().rjust(width)
    path.with_suffix(".dbf").write_bytes(head + b"\r" + body + b"\x1a")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if encoding in ("utf-8", "gb18030"):
        path.with_suffix(".cpg").write_text("UTF-8" if encoding == "utf-8" else "GB18030")


def test_long_decimals_keep_their_digits(opened: Open, tmp_path: Path) -> None:
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {
        "encoding": "WKB", "geometry_types": ["Polygon"], "crs": pyproj.CRS.from_epsg(4545).to_json_dict()}}}  # fmt: skip
    values = [Decimal("990121200000000001"), None, Decimal("990121200000000003")]
    data = {
        "BSM": pa.array(values, pa.decimal128(18, 0)),
        "TBMJ": pa.array([Decimal("12345.60"), None, Decimal("0.01")], pa.decimal128(15, 2)),
        "LONG": pa.array([Decimal("1234567890123456.78"), None, Decimal("0.10")], pa.decimal128(20, 2)),
        "geometry": list(shapely.to_wkb(squares())),
    }
    pq.write_table(pa.table(data).replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "a.parquet")
    answer = opened(VectorJob("a", tmp_path / "a.parquet"))
    assert answer.ok and answer.path
    assert read_table(answer.path).drop(["geometry"]).to_pydict() == {
        "BSM": [990121200000000001, None, 990121200000000003],
        "TBMJ": [12345.6, None, 0.01],
        "LONG": ["1234567890123456.78", None, "0.10"],
    }


# ---------------------------------------------------------------- curves, heights, measures
def circle(kind: int = 10) -> bytes:
    """A circle as a curve polygon (10) or a multi-surface (12) in WKB."""
    points = [(0, 0), (1, 1), (2, 0), (1, -1), (0, 0)]
    line = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", 400_000 + 100 * a, 3.4e6 + 100 * b) for a, b in points)
    polygon = struct.pack("<BII", 1, 10, 1) + line
    return polygon if kind == 10 else struct.pack("<BII", 1, 12, 1) + polygon


@pytest.mark.parametrize(("suffix", "driver"), [("gdb", "OpenFileGDB"), ("gpkg", "GPKG")])
@pytest.mark.filterwarnings("ignore:A geometry of type")
def test_curves_are_refused_in_words(opened: Open, tmp_path: Path, suffix: str, driver: str) -> None:
    straight = shapely.to_wkb(squares(1))[0]
    path = write(tmp_path / f"a.{suffix}", driver, STANDARD, [straight, circle(), straight])
    answer = opened(VectorJob("a", path))
    assert [f.code for f in answer.faults] == ["io.curves"] and answer.faults[0].record == "row 2"
    assert "MultiSurface" in answer.faults[0].say("en") or "CurvePolygon" in answer.faults[0].say("en")


def _unwatched(path: Path) -> sqlite3.Connection:
    """A GeoPackage opened as a plain database, without the triggers of its spatial index."""
    db = sqlite3.connect(path)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f'DROP TRIGGER "{name}"')
    return db


def _head(db: sqlite3.Connection) -> bytes:
    """The head of a geometry without a box, with the reference system of the first row."""
    reference: bytes = db.execute("SELECT geom FROM a").fetchone()[0][4:8]
    return b"GP\x00\x01" + reference


def test_a_curve_hidden_in_a_geopackage_of_polygons(opened: Open, tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", "GPKG", STANDARD)
    with _unwatched(path) as db:
        db.execute("UPDATE a SET geom = ? WHERE fid = 3", (_head(db) + circle(),))
    db.close()
    answer = opened(VectorJob("a", path))
    assert [(f.code, f.record) for f in answer.faults] == [("io.curves", "row 3")]


def ring_of(dimension: str) -> Any:
    more = " 7" * len(dimension)
    places = ((4e5, 34e5), (400_100, 34e5), (400_100, 3_400_100), (4e5, 3_400_100), (4e5, 34e5))
    return shapely.from_wkt(f"POLYGON {dimension} (({', '.join(f'{x} {y}{more}' for x, y in places)}))")


def check_flat(answer: Answer) -> None:
    assert answer.ok and answer.path, answer.faults
    assert [(f.code, f.severity) for f in answer.faults] == [("io.heights_left_out", "warning")]
    assert answer.facts["dimension_dropped"] is True
    made = shapely.from_wkb(read_table(answer.path)["geometry"][0].as_py())
    assert not made.has_z and not shapely.has_m(made) and round(made.area) == 10_000


@pytest.mark.parametrize(("suffix", "driver"), [("gdb", "OpenFileGDB"), ("gpkg", "GPKG")])
def test_heights_are_left_out_and_that_is_said(opened: Open, tmp_path: Path, suffix: str, driver: str) -> None:
    wkb = [shapely.to_wkb(ring_of("Z"), output_dimension=3, flavor="iso")] * 3
    check_flat(opened(VectorJob("a", write(tmp_path / f"a.{suffix}", driver, STANDARD, wkb, geometry_type="Polygon Z"))))


@pytest.mark.parametrize("dimension", ["M", "ZM"])
def test_measures_are_left_out_and_that_is_said(opened: Open, tmp_path: Path, dimension: str) -> None:
    path = write(tmp_path / "a.gpkg", "GPKG", STANDARD)
    with _unwatched(path) as db:
        shape = shapely.to_wkb(ring_of(dimension), output_dimension=4, flavor="iso")
        db.execute("UPDATE a SET geom = ?", (_head(db) + shape,))
        db.execute("UPDATE gpkg_geometry_columns SET m = 1, z = ?", (int("Z" in dimension),))
    db.close()
    check_flat(opened(VectorJob("a", path)))
