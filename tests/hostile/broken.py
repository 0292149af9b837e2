"""More than two hundred ways a file can be broken or built to do harm, by kind and format; each is made from a sound file.

A mutation changes a copy of a sound file (forty patches of the invented county, or a small register) and returns the path
to open, or None for the copy itself. What must come of it is said by the last sign of its name: ``!`` it must be refused,
``=`` it must go in with every row, no sign: either, but never anything else.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Mutate = Callable[[Path], "Path | str | None"]
JobKind = Literal["vector", "table", "sheets"]
PATCHES = 40
REGISTER_ROWS = 6


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken file: `id` is ``format/kind``; `must` is "refuse", "accept" or "either"; `rows` those of the sound file."""

    id: str
    base: str
    mutate: Mutate
    must: Literal["refuse", "accept", "either"]
    jobs: tuple[JobKind, ...]
    rows: int


CATALOGUE: dict[str, Broken] = {}


def broken(base: str, name: str, rows: int | None = None, jobs: tuple[JobKind, ...] | None = None) -> Callable[[Mutate], Mutate]:
    """Enter a mutation of a sound file of the format `base` under a name."""

    def enter(mutate: Mutate) -> Mutate:
        must: Literal["refuse", "accept", "either"] = {"!": "refuse", "=": "accept"}.get(name[-1], "either")  # type: ignore[assignment]
        id = f"{base}/{name.rstrip('!=')}"
        assert id not in CATALOGUE, id
        table = base in ("csv", "xlsx", "table")
        kinds: tuple[JobKind, ...] = jobs or (
            ("table", "sheets") if base in ("csv", "xlsx") else ("table",) if table else ("vector",)
        )
        CATALOGUE[id] = Broken(id, base, mutate, must, kinds, rows if rows is not None else REGISTER_ROWS if table else PATCHES)
        return mutate

    return enter


# ---------------------------------------------------------------- sound files
def make_bases(folder: Path) -> dict[str, Path]:
    """Write one sound file of each format and return where they lie."""
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyogrio

    from ecocomp.sample.dltb import make_dltb

    bases = {form: make_dltb(folder / form, PATCHES, 3, faults={}, format=form).path for form in ("gpkg", "shp", "gdb", "parquet")}  # type: ignore[arg-type]
    meta, _, shapes, columns = pyogrio.raw.read(bases["gpkg"])
    keep = [list(meta["fields"]).index(n) for n in ("BSM", "DLBM", "ZLDWDM", "TBMJ")]
    (folder / "geojson").mkdir()
    bases["geojson"] = folder / "geojson" / "DLTB.geojson"
    pyogrio.raw.write(
        bases["geojson"], shapes, [columns[k] for k in keep], [meta["fields"][k] for k in keep],
        geometry_type="Polygon", crs="EPSG:4490", driver="GeoJSON",
    )  # fmt: skip
    header = ["户编码", "户主", "面积", "日期"]
    rows = [[f"H990121{k:06d}", f"云{'一二三四五六'[k]}", f"{k + 1}.50", f"2024-03-0{k + 1}"] for k in range(REGISTER_ROWS)]
    (folder / "tables").mkdir()
    bases["csv"] = folder / "tables" / "户.csv"
    bases["csv"].write_text("".join(",".join(r) + "\r\n" for r in [header, *rows]), encoding="utf-8", newline="")
    book = openpyxl.Workbook()
    for row in [header, *rows]:
        book.active.append(row)  # type: ignore[union-attr]
    bases["xlsx"] = folder / "tables" / "户.xlsx"
    book.save(bases["xlsx"])
    bases["table"] = folder / "tables" / "户.parquet"
    pq.write_table(pa.table({h: [r[i] for r in rows] for i, h in enumerate(header)}), bases["table"], write_page_checksum=True)
    return bases


def copy_of(base: Path, folder: Path) -> Path:
    """Copy a sound file, with the parts of a Shapefile or the folder of a FileGDB, into a folder of its own."""
    folder.mkdir(parents=True)
    if base.is_dir():
        shutil.copytree(base, folder / base.name)
    else:
        for part in base.parent.glob(f"{base.stem}.*") if base.suffix == ".shp" else [base]:
            shutil.copy(part, folder / part.name)
    return folder / base.name


# ---------------------------------------------------------------- helpers
def patch(path: Path, at: int, data: bytes) -> None:
    """Overwrite bytes in place; a place before zero counts from the end."""
    whole = bytearray(path.read_bytes())
    at = at if at >= 0 else len(whole) + at
    whole[at : at + len(data)] = data
    path.write_bytes(whole)


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def with_suffix_text(path: Path, suffix: str, text: str | bytes) -> Path:
    other = path.with_suffix(suffix)
    other.write_bytes(text.encode() if isinstance(text, str) else text)
    return other


# ================================================================ GeoPackage
def sql(*statements: str) -> Mutate:
    def mutate(path: Path) -> None:
        db = sqlite3.connect(path)
        try:
            db.execute("PRAGMA writable_schema=ON")
            for statement in statements:
                db.execute(statement)
            db.commit()
        finally:
            db.close()

    return mutate


_TABLE = "DLTB"
_RECURSE = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x, zeroblob(1000000) AS geometry FROM c"
_SQL: dict[str, tuple[str, ...]] = {
    "view!": ("CREATE VIEW v AS SELECT * FROM DLTB",),
    "view that never ends!": (f"CREATE VIEW v AS {_RECURSE}",),
    "view in place of the layer!": ("ALTER TABLE DLTB RENAME TO d", "CREATE VIEW DLTB AS SELECT fid, zeroblob(1000000000) AS geometry FROM d"),
    "view registered as a layer!": (
        f"CREATE VIEW w AS {_RECURSE}",
        "INSERT INTO gpkg_contents(table_name,data_type,identifier,srs_id) VALUES('w','features','w',4545)",
        "INSERT INTO gpkg_geometry_columns VALUES('w','geometry','POLYGON',4545,0,0)",
    ),
    "trigger!": ("CREATE TRIGGER t AFTER INSERT ON DLTB BEGIN DELETE FROM DLTB; END",),
    "trigger of an index that empties the layer!": ("CREATE TRIGGER rtree_DLTB_geom_insert AFTER INSERT ON DLTB BEGIN DELETE FROM DLTB; END",),
    "trigger with a quoted target!": ("CREATE TRIGGER rtree_DLTB_geom_insert AFTER INSERT ON DLTB BEGIN DELETE FROM 'DLTB'; END",),
    "trigger with a bracketed target!": ("CREATE TRIGGER rtree_DLTB_geom_insert AFTER INSERT ON DLTB BEGIN DELETE FROM [DLTB]; END",),
    "trigger with a backticked target!": ("CREATE TRIGGER rtree_DLTB_geom_insert AFTER INSERT ON DLTB BEGIN DELETE FROM `DLTB`; END",),
    "trigger with a comment before the target!": ("CREATE TRIGGER rtree_DLTB_geom_insert AFTER INSERT ON DLTB BEGIN DELETE/**/FROM/**/DLTB; END",),
    "trigger that replaces!": ("CREATE TRIGGER rtree_DLTB_geom_insert AFTER INSERT ON DLTB BEGIN REPLACE INTO DLTB(fid) VALUES(1); END",),
    "temporary name in the catalogue!": ("CREATE VIEW \"a\"\"b\" AS SELECT 1",),
    "full-text table!": ("CREATE VIRTUAL TABLE f USING fts5(x)",),
    "virtual table called an index!": ("CREATE VIRTUAL TABLE rtree_f USING fts5(x)",),
    "computed column!": ("CREATE TABLE g(x INTEGER, y BLOB GENERATED ALWAYS AS (zeroblob(1000000000)) VIRTUAL)",),
    "computed column, short!": ("CREATE TABLE g(x INTEGER, y BLOB AS (zeroblob(1000000000)))",),
    "index on an expression": ("CREATE INDEX i ON DLTB(abs(TBMJ))",),
    "no contents table!": ("DROP TABLE gpkg_contents",),
    "no geometry columns table": ("DROP TABLE gpkg_geometry_columns",),
    "no reference systems table": ("DROP TABLE gpkg_spatial_ref_sys",),
    "layer not in contents!": ("DELETE FROM gpkg_contents",),
    "layer in contents that is not there!": ("DROP TABLE DLTB",),
    "layer called attributes": ("UPDATE gpkg_contents SET data_type='attributes'", "DELETE FROM gpkg_geometry_columns"),
    "reference system not defined": ("DELETE FROM gpkg_spatial_ref_sys WHERE srs_id=4545",),
    "reference system unknown": ("UPDATE gpkg_geometry_columns SET srs_id=-1",),
    "reference system zero": ("UPDATE gpkg_geometry_columns SET srs_id=0",),
    "reference system that does not exist": ("UPDATE gpkg_geometry_columns SET srs_id=999999", "UPDATE gpkg_contents SET srs_id=999999"),
    "reference system in words": ("UPDATE gpkg_spatial_ref_sys SET definition='三度带' WHERE srs_id=4545",),
    "reference system at an address": ("UPDATE gpkg_spatial_ref_sys SET organization='x', organization_coordsys_id=1, definition='http://127.0.0.1:9/crs' WHERE srs_id=4545",),
    "reference system of ten thousand brackets": (f"UPDATE gpkg_spatial_ref_sys SET organization='x', organization_coordsys_id=1, definition='{'PROJCS[' * 2000}' WHERE srs_id=4545",),
    "reference system of another place": ("UPDATE gpkg_spatial_ref_sys SET organization='EPSG', organization_coordsys_id=32633 WHERE srs_id=4545",),
    "two layers!": (
        "CREATE TABLE zwei(fid INTEGER PRIMARY KEY, geometry BLOB)",
        "INSERT INTO gpkg_contents(table_name,data_type,identifier,srs_id) VALUES('zwei','features','zwei',4545)",
        "INSERT INTO gpkg_geometry_columns VALUES('zwei','geometry','POLYGON',4545,0,0)",
    ),
    "geometry column of another name": ("UPDATE gpkg_geometry_columns SET column_name='form'",),
    "geometry column that is text": ("UPDATE DLTB SET geom='POLYGON((0 0,1 0,1 1,0 0))'",),
    "geometry column that is a number": ("UPDATE DLTB SET geom=42",),
    "no geometry in any row": ("UPDATE DLTB SET geom=NULL",),
    "geometry type that is none": ("UPDATE gpkg_geometry_columns SET geometry_type_name='BANANA'",),
    "geometry type of points": ("UPDATE gpkg_geometry_columns SET geometry_type_name='POINT'",),
    "heights that are not there": ("UPDATE gpkg_geometry_columns SET z=1, m=1",),
    "heights out of range": ("UPDATE gpkg_geometry_columns SET z=77, m=-5",),
    "bounds that are wrong": ("UPDATE gpkg_contents SET min_x=1e300, max_x=-1e300",),
    "bounds that are text": ("UPDATE gpkg_contents SET min_x='west', max_x='east'",),
    "row count of a billion": ("UPDATE gpkg_ogr_contents SET feature_count=1000000000000",),
    "row count below zero": ("UPDATE gpkg_ogr_contents SET feature_count=-5",),
    "no row": ("DELETE FROM DLTB",),
    "unknown extension": (
        "CREATE TABLE IF NOT EXISTS gpkg_extensions(table_name TEXT,column_name TEXT,extension_name TEXT,definition TEXT,scope TEXT)",
        "INSERT INTO gpkg_extensions VALUES('DLTB','geometry','evil_ext','http://127.0.0.1:9/','read-write')",
    ),
    "spatial index that is not there": (
        "CREATE TABLE IF NOT EXISTS gpkg_extensions(table_name TEXT,column_name TEXT,extension_name TEXT,definition TEXT,scope TEXT)",
        "INSERT INTO gpkg_extensions VALUES('DLTB','geometry','gpkg_rtree_index','x','write-only')",
    ),
    "spatial index without entries=": ("CREATE VIRTUAL TABLE rtree_DLTB_geom USING rtree(id,minx,maxx,miny,maxy)",),
    "words in the area column": ("UPDATE DLTB SET TBMJ='约三亩' WHERE fid=1",),
    "bytes in a text column": ("UPDATE DLTB SET ZLDWMC=x'ff00fe' WHERE fid=1",),
    "text that is not UTF-8": ("UPDATE DLTB SET ZLDWMC=CAST(x'c3289f' AS TEXT) WHERE fid=1",),
    "text with a zero byte": ("UPDATE DLTB SET ZLDWMC='a'||char(0)||'b' WHERE fid=1",),
    "text of ten million signs": ("UPDATE DLTB SET BZ=hex(zeroblob(5000000)) WHERE fid=1",),
    "text with direction marks": ("UPDATE DLTB SET ZLDWMC='a'||char(8238)||'b' WHERE fid=1",),
    "whole number beyond 64 bits": ("UPDATE DLTB SET SJNF=9223372036854775807 WHERE fid=1",),
    "real number that is infinite": ("UPDATE DLTB SET TBMJ=9e999 WHERE fid=1",),
    "year as text": ("UPDATE DLTB SET SJNF='二〇二三' WHERE fid=1",),
    "column of an odd name": ("ALTER TABLE DLTB ADD COLUMN \"a'b\"\"c;--\" TEXT",),
    "column without a name": ("ALTER TABLE DLTB ADD COLUMN \"\" TEXT",),
    "column called geometry_1": ("ALTER TABLE DLTB ADD COLUMN geometry_1 TEXT",),
    "column of an unknown type": ("ALTER TABLE DLTB ADD COLUMN z BANANA",),
    "column of bytes": ("ALTER TABLE DLTB ADD COLUMN z BLOB", "UPDATE DLTB SET z=zeroblob(100000)"),
    "three hundred columns!": tuple(f"ALTER TABLE DLTB ADD COLUMN c{k} TEXT" for k in range(300)),
    "catalogue with a broken sentence": ("UPDATE sqlite_master SET sql='CREATE TABLE DLTB(' WHERE name='DLTB'",),
    "catalogue with another layout": ("UPDATE sqlite_master SET sql='CREATE TABLE DLTB(fid INTEGER PRIMARY KEY, geometry BLOB)' WHERE name='DLTB'",),
    "two tables on one page!": ("UPDATE sqlite_master SET rootpage=(SELECT rootpage FROM sqlite_master WHERE name='gpkg_contents') WHERE name='DLTB'",),
    "page that does not exist": ("UPDATE sqlite_master SET rootpage=99999999 WHERE name='DLTB'",),
    "thirty thousand tables!": (),
    "layer of an odd name": (),
}  # fmt: skip
for _name, _statements in _SQL.items():
    if _statements:
        broken("gpkg", _name)(sql(*_statements))


@broken("gpkg", "thirty thousand tables!")
def _(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("BEGIN;" + "".join(f"CREATE TABLE t{k}(x);" for k in range(3000)) + "COMMIT;")
    db.execute("PRAGMA writable_schema=ON")
    db.execute("INSERT INTO sqlite_master SELECT a.type, a.name||'_'||b.name, a.tbl_name||'_'||b.name, a.rootpage,"
               " 'CREATE TABLE '||a.name||'_'||b.name||'(x)' FROM sqlite_master a, (SELECT name FROM sqlite_master WHERE name LIKE 't1__') b"
               " WHERE a.name LIKE 't2__'")  # fmt: skip
    db.execute(
        "INSERT INTO sqlite_master SELECT type, name||'__', tbl_name||'__', rootpage, 'CREATE TABLE '||name||'__(x)' FROM sqlite_master WHERE name LIKE 't%'"
    )
    db.commit()
    db.close()


@broken("gpkg", "layer of an odd name")
def _(path: Path) -> None:
    name = "a'b\"c;DROP TABLE x;--"
    db = sqlite3.connect(path)
    db.execute('ALTER TABLE DLTB RENAME TO "' + name.replace('"', '""') + '"')
    for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents"):
        db.execute(f"UPDATE {table} SET table_name=?", (name,))
    db.commit()
    db.close()


def _blob(wkb: bytes, flags: int = 1, magic: bytes = b"GP", version: int = 0) -> bytes:
    return magic + bytes([version, flags]) + struct.pack("<i", 4545) + wkb


def _ring(points: Sequence[tuple[float, float]], kind: int = 3) -> bytes:
    return struct.pack("<BII", 1, kind, 1) + struct.pack("<I", len(points)) + b"".join(struct.pack("<dd", *p) for p in points)


_X, _Y = 460_100.0, 3_300_100.0
_SQUARE = [(_X, _Y), (_X + 9, _Y), (_X + 9, _Y + 9), (_X, _Y)]
_NESTED = b"".join(struct.pack("<BII", 1, 7, 1) for _ in range(20_000)) + _ring(_SQUARE)
WKB: dict[str, bytes] = {
    "random bytes": bytes(range(200, 256)) * 3,
    "empty": b"",
    "header only": struct.pack("<BI", 1, 3),
    "unknown type": struct.pack("<BII", 1, 999, 0),
    "wrong byte order": b"\x07" + _ring(_SQUARE)[1:],
    "four billion rings": struct.pack("<BII", 1, 3, 0xFFFFFFFF),
    "four billion points": struct.pack("<BIII", 1, 3, 1, 0xFFFFFFFF),
    "a ring cut short": _ring(_SQUARE)[:-12],
    "collections inside collections": _NESTED,
    "NaN coordinates": _ring([(float("nan"), float("nan"))] * 4),
    "one NaN coordinate": _ring([_SQUARE[0], (float("nan"), _Y), *_SQUARE[2:]]),
    "infinite coordinates": _ring([(float("inf"), _Y), *_SQUARE[1:3], (float("inf"), _Y)]),
    "coordinates of 1e308": _ring([(1e308, -1e308), (1e308, 1e308), (-1e308, 1e308), (1e308, -1e308)]),
    "an open ring": _ring(_SQUARE[:3]),
    "a ring of two points": _ring([_SQUARE[0], _SQUARE[0]]),
    "a ring of no point": _ring([]),
    "a point": struct.pack("<BIdd", 1, 1, _X, _Y),
    "a line": struct.pack("<BII", 1, 2, 2) + struct.pack("<dddd", _X, _Y, _X + 1, _Y),
    "a curve polygon": struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 8, 3) + struct.pack("<6d", _X, _Y, _X + 1, _Y + 1, _X, _Y),
    "a surface of triangles": struct.pack("<BII", 1, 16, 1) + struct.pack("<BIII", 1, 17, 1, 4) + b"".join(struct.pack("<dd", *p) for p in _SQUARE),
    "heights by ISO": struct.pack("<BIII", 1, 1003, 1, 4) + b"".join(struct.pack("<ddd", *p, 9.0) for p in _SQUARE),
    "heights by EWKB": struct.pack("<BIII", 1, 3 | 0x80000000, 1, 4) + b"".join(struct.pack("<ddd", *p, 9.0) for p in _SQUARE),
    "a reference system inside": struct.pack("<BIIII", 1, 3 | 0x20000000, 4326, 1, 4) + b"".join(struct.pack("<dd", *p) for p in _SQUARE),
    "degrees for metres": _ring([(108.0, 29.8), (108.1, 29.8), (108.1, 29.9), (108.0, 29.8)]),
}  # fmt: skip


def _one_geometry(path: Path, blob: bytes) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE DLTB SET geom=? WHERE fid=2", (blob,))
    db.commit()
    db.close()


for _name, _wkb in WKB.items():
    broken("gpkg", f"shape: {_name}")(lambda path, wkb=_wkb: _one_geometry(path, _blob(wkb)))
broken("gpkg", "shape: other magic")(lambda path: _one_geometry(path, _blob(_ring(_SQUARE), magic=b"XX")))
broken("gpkg", "shape: version 99")(lambda path: _one_geometry(path, _blob(_ring(_SQUARE), version=99)))
broken("gpkg", "shape: envelope 7")(lambda path: _one_geometry(path, _blob(_ring(_SQUARE), flags=0b1111)))
broken("gpkg", "shape: envelope promised, absent")(lambda path: _one_geometry(path, _blob(_ring(_SQUARE), flags=0b0011)))
broken("gpkg", "shape: said to be empty")(lambda path: _one_geometry(path, _blob(_ring(_SQUARE), flags=0b10001)))
broken("gpkg", "shape: extended type")(lambda path: _one_geometry(path, _blob(b"ABCD" + _ring(_SQUARE), flags=0b100001)))

_BYTES: dict[str, Callable[[Path], None]] = {
    "cut in half!": lambda p: cut(p, 0.5),
    "cut after the header!": lambda p: p.write_bytes(p.read_bytes()[:100]),
    "first sixteen bytes only!": lambda p: p.write_bytes(p.read_bytes()[:16]),
    "last page missing": lambda p: p.write_bytes(p.read_bytes()[:-4096]),
    "empty!": lambda p: p.write_bytes(b""),
    "random behind the magic!": lambda p: p.write_bytes(b"SQLite format 3\x00" + random.Random(1).randbytes(9000)),
    "zeros behind the magic!": lambda p: p.write_bytes(b"SQLite format 3\x00" + bytes(9000)),
    "page size zero": lambda p: patch(p, 16, b"\0\0"),
    "page size three": lambda p: patch(p, 16, b"\0\3"),
    "page size of one megabyte": lambda p: patch(p, 16, b"\xff\xff"),
    "reserved space 255": lambda p: patch(p, 20, b"\xff"),
    "page count of four billion": lambda p: patch(p, 28, b"\xff\xff\xff\xff"),
    "free list into itself": lambda p: patch(p, 32, b"\0\0\0\1\0\0\0\1"),
    "schema format 99": lambda p: patch(p, 44, b"\0\0\0\x63"),
    "text encoding 9": lambda p: patch(p, 56, b"\0\0\0\x09"),
    "application of someone else": lambda p: patch(p, 68, b"EVIL"),
    "application zero": lambda p: patch(p, 68, b"\0\0\0\0"),
    "version of the far future": lambda p: patch(p, 60, b"\x7f\xff\xff\xff"),
    "write version 9": lambda p: patch(p, 18, b"\x09\x09"),
    "first page type wrong": lambda p: patch(p, 100, b"\x99"),
    "cell count too large": lambda p: patch(p, 103, b"\xff\xff"),
    "second page zero": lambda p: patch(p, 4096, bytes(4096)),
    "last page random": lambda p: patch(p, -4096, random.Random(2).randbytes(4096)),
    "bytes behind the end": lambda p: p.write_bytes(p.read_bytes() + random.Random(3).randbytes(5000)),
}
for _name, _change in _BYTES.items():
    broken("gpkg", _name)(_change)


@broken("gpkg", "everything still in the write-ahead log!")
def _(path: Path) -> Path:
    import gc

    other = path.with_name("wal.gpkg")
    db = sqlite3.connect(path)
    text = "\n".join(db.iterdump())
    db.close()
    new = sqlite3.connect(path.with_name("live.gpkg"))
    new.execute("PRAGMA journal_mode=WAL")
    new.execute("PRAGMA wal_autocheckpoint=0")
    new.executescript(text)
    shutil.copy(path.with_name("live.gpkg"), other)
    shutil.copy(path.with_name("live.gpkg-wal"), path.with_name("wal.gpkg-wal"))
    new.close()
    gc.collect()
    return other


@broken("gpkg", "log mode without a log")
def _(path: Path) -> None:
    patch(path, 18, b"\x02\x02")


@broken("gpkg", "a journal left behind=")
def _(path: Path) -> None:
    path.with_name(path.name + "-journal").write_bytes(bytes.fromhex("d9d505f920a163d7") + random.Random(4).randbytes(4000))


@broken("gpkg", "catalogue in UTF-16")
def _(path: Path) -> Path:
    db = sqlite3.connect(path)
    text = "\n".join(line for line in db.iterdump())
    db.close()
    new = sqlite3.connect(path.with_name("u16.gpkg"))
    new.execute("PRAGMA encoding='UTF-16le'")
    new.executescript(text)
    new.execute("PRAGMA application_id=1196444487")
    new.commit()
    new.close()
    return path.with_name("u16.gpkg")


@broken("gpkg", "a row of its index taken away")
def _(path: Path) -> Path:
    import pyogrio

    meta, _, shapes, _ = pyogrio.raw.read(path, columns=[])
    other = path.with_name("indexed.gpkg")
    pyogrio.raw.write(other, shapes, [], [], geometry_type="Unknown", crs=meta["crs"], driver="GPKG", layer=_TABLE)
    db = sqlite3.connect(other)
    db.execute("DELETE FROM rtree_DLTB_geom WHERE id < 20")
    db.commit()
    db.close()
    return other


broken("gpkg", "named as a Shapefile")(lambda p: p.rename(p.with_suffix(".shp")))
broken("gpkg", "named as a table of text")(lambda p: p.rename(p.with_suffix(".csv")))
broken("gpkg", "without a suffix")(lambda p: p.rename(p.with_suffix("")))


# ================================================================ Shapefile
def part(suffix: str, change: Callable[[Path], Any]) -> Mutate:
    return lambda path: change(path.with_suffix(suffix)) and None


_GONE: Callable[[Path], None] = Path.unlink
_SHP: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "no .shx!": (".shx", _GONE),
    "no .dbf!": (".dbf", _GONE),
    "no .prj!": (".prj", _GONE),
    "no .cpg=": (".cpg", _GONE),
    ".shp cut in half!": (".shp", lambda p: cut(p, 0.5)),
    ".shx cut in half!": (".shx", lambda p: cut(p, 0.5)),
    ".dbf cut in half!": (".dbf", lambda p: cut(p, 0.5)),
    ".shp of its header only!": (".shp", lambda p: p.write_bytes(p.read_bytes()[:100])),
    ".shx of its header only!": (".shx", lambda p: p.write_bytes(p.read_bytes()[:100])),
    ".dbf of its header only!": (".dbf", lambda p: p.write_bytes(p.read_bytes()[:32])),
    ".dbf empty!": (".dbf", lambda p: p.write_bytes(b"")),
    ".shx empty!": (".shx", lambda p: p.write_bytes(b"")),
    ".shp length of four gigabytes!": (".shp", lambda p: patch(p, 24, b"\x7f\xff\xff\xff")),
    ".shp length zero": (".shp", lambda p: patch(p, 24, b"\0\0\0\0")),
    ".shx length below zero": (".shx", lambda p: patch(p, 24, b"\xff\xff\xff\xff")),
    ".shx with too few entries!": (".shx", lambda p: patch(p, 24, struct.pack(">i", (100 + 8 * 10) // 2))),
    ".shx place beyond the end": (".shx", lambda p: patch(p, 108, b"\x7f\xff\xff\xf0")),
    ".shx place below zero": (".shx", lambda p: patch(p, 108, b"\xff\xff\xff\x00")),
    ".shx two entries at one place": (".shx", lambda p: patch(p, 108, p.read_bytes()[100:108])),
    ".shx entries all zero": (".shx", lambda p: patch(p, 100, bytes(p.stat().st_size - 100))),
    ".shp record length zero": (".shp", lambda p: patch(p, 104, b"\0\0\0\0")),
    ".shp record length below zero": (".shp", lambda p: patch(p, 104, b"\x80\0\0\0")),
    ".shp record of four billion parts": (".shp", lambda p: patch(p, 144, b"\xff\xff\xff\xff")),
    ".shp record of two billion points": (".shp", lambda p: patch(p, 148, b"\xff\xff\xff\x7f")),
    ".shp record of no point": (".shp", lambda p: patch(p, 148, b"\0\0\0\0")),
    ".shp part that begins behind the points": (".shp", lambda p: patch(p, 152, b"\xff\xff\0\0")),
    ".shp part that begins below zero": (".shp", lambda p: patch(p, 152, b"\xff\xff\xff\xff")),
    ".shp record of points among polygons": (".shp", lambda p: patch(p, 108, b"\1\0\0\0")),
    ".shp record of no shape": (".shp", lambda p: patch(p, 108, b"\0\0\0\0")),
    ".shp record of an unknown kind": (".shp", lambda p: patch(p, 108, b"\x63\0\0\0")),
    ".shp of solid bodies": (".shp", lambda p: patch(p, 32, b"\x1f\0\0\0")),
    ".shp of points in the header": (".shp", lambda p: patch(p, 32, b"\1\0\0\0")),
    ".shp of an unknown kind in the header": (".shp", lambda p: patch(p, 32, b"\x63\0\0\0")),
    ".shp of another version": (".shp", lambda p: patch(p, 28, b"\xff\0\0\0")),
    ".shp bounds not a number": (".shp", lambda p: patch(p, 36, struct.pack("<4d", *[float("nan")] * 4))),
    ".shp points not a number": (".shp", lambda p: patch(p, 160, struct.pack("<2d", float("nan"), float("nan")))),
    ".shp points infinite": (".shp", lambda p: patch(p, 156, struct.pack("<2d", float("inf"), float("-inf")))),
    ".shp wrong magic!": (".shp", lambda p: patch(p, 0, b"\0\0\x27\x0b")),
    ".shp bytes behind the end": (".shp", lambda p: p.write_bytes(p.read_bytes() + b"x" * 999)),
    ".dbf of a billion records!": (".dbf", lambda p: patch(p, 4, b"\0\xca\x9a\x3b")),
    ".dbf of fewer records!": (".dbf", lambda p: patch(p, 4, b"\5\0\0\0")),
    ".dbf of no record!": (".dbf", lambda p: patch(p, 4, b"\0\0\0\0")),
    ".dbf header length zero": (".dbf", lambda p: patch(p, 8, b"\0\0")),
    ".dbf header length odd": (".dbf", lambda p: patch(p, 8, b"\x2b\0")),
    ".dbf header length huge": (".dbf", lambda p: patch(p, 8, b"\xff\xff")),
    ".dbf record length zero": (".dbf", lambda p: patch(p, 10, b"\0\0")),
    ".dbf record length one": (".dbf", lambda p: patch(p, 10, b"\1\0")),
    ".dbf record length huge": (".dbf", lambda p: patch(p, 10, b"\xff\xff")),
    ".dbf field of width zero": (".dbf", lambda p: patch(p, 48, b"\0")),
    ".dbf field of width 255": (".dbf", lambda p: patch(p, 48, b"\xff")),
    ".dbf field of an unknown kind": (".dbf", lambda p: patch(p, 43, b"?")),
    ".dbf field that is a memo": (".dbf", lambda p: patch(p, 43, b"M")),
    ".dbf field with a name of zeros": (".dbf", lambda p: patch(p, 32, bytes(11))),
    ".dbf field with a name of bytes": (".dbf", lambda p: patch(p, 32, b"\xff\xfe\xfd\x81\x82")),
    ".dbf two fields of one name": (".dbf", lambda p: patch(p, 64, p.read_bytes()[32:43])),
    ".dbf without an end of its header": (".dbf", lambda p: patch(p, 32 + 32 * 30, b"\x20")),
    ".dbf rows marked as deleted": (".dbf", lambda p: patch(p, int.from_bytes(p.read_bytes()[8:10], "little"), b"*")),
    ".dbf text that is no text": (".dbf", lambda p: patch(p, int.from_bytes(p.read_bytes()[8:10], "little") + 1, b"\x81\xff\x00\x81\xff")),
    ".dbf with zero bytes for text": (".dbf", lambda p: patch(p, int.from_bytes(p.read_bytes()[8:10], "little") + 1, bytes(18))),
    ".dbf of a language nobody speaks": (".dbf", lambda p: patch(p, 29, b"\xee")),
    ".cpg that lies=": (".cpg", lambda p: p.write_text("UTF-8")),
    ".cpg of an unknown name": (".cpg", lambda p: p.write_text("KLINGON")),
    ".cpg too long": (".cpg", lambda p: p.write_text("x" * 5000)),
    ".cpg with a path": (".cpg", lambda p: p.write_text("../../../etc/passwd")),
    ".prj empty!": (".prj", lambda p: p.write_text("")),
    ".prj in words!": (".prj", lambda p: p.write_text("三度带 36")),
    ".prj at an address!": (".prj", lambda p: p.write_text("http://127.0.0.1:9/crs.prj")),
    ".prj with a path!": (".prj", lambda p: p.write_text("/etc/passwd")),
    ".prj too long!": (".prj", lambda p: p.write_text("PROJCS[" + "x" * 100_000)),
    ".prj of brackets!": (".prj", lambda p: p.write_text("PROJCS[" * 5000)),
    ".prj cut short": (".prj", lambda p: cut(p, 0.5)),
    ".prj as PROJ text!": (".prj", lambda p: p.write_text("+proj=tmerc +nadgrids=/etc/passwd")),
    ".prj of a local system": (".prj", lambda p: p.write_text('LOCAL_CS["x",UNIT["metre",1]]')),
    ".qix index of nonsense=": (".qix", lambda p: p.write_bytes(random.Random(5).randbytes(500))),
    ".sbn index of nonsense=": (".sbn", lambda p: p.write_bytes(random.Random(6).randbytes(500))),
    ".idm index of nonsense=": (".idm", lambda p: p.write_bytes(random.Random(7).randbytes(500))),
}  # fmt: skip
for _name, (_suffix, _change) in _SHP.items():
    broken("shp", _name)(part(_suffix, _change))


@broken("shp", "a part that is a link to another file!")
def _(path: Path) -> None:
    path.with_suffix(".dbf").unlink()
    path.with_suffix(".dbf").symlink_to("/etc/passwd")


@broken("shp", "a part that is a folder!")
def _(path: Path) -> None:
    path.with_suffix(".dbf").unlink()
    path.with_suffix(".dbf").mkdir()


@broken("shp", "a part that is a pipe!")
def _(path: Path) -> None:
    path.with_suffix(".shx").unlink()
    os.mkfifo(path.with_suffix(".shx"))


@broken("shp", "names in capitals=")
def _(path: Path) -> Path:
    for one in list(path.parent.glob("DLTB.*")):
        one.rename(one.with_suffix(one.suffix.upper()))
    return path.with_suffix(".SHP")


@broken("shp", "two tables, one in capitals!")
def _(path: Path) -> None:
    shutil.copy(path.with_suffix(".dbf"), path.with_suffix(".DBF"))
    patch(path.with_suffix(".DBF"), 4, b"\5\0\0\0")


@broken("shp", "parts of two layers!")
def _(path: Path) -> None:
    dbf = path.with_suffix(".dbf")
    head = bytearray(dbf.read_bytes())
    head[4:8] = b"\7\0\0\0"
    width = int.from_bytes(head[10:12], "little")
    dbf.write_bytes(head[: int.from_bytes(head[8:10], "little") + 7 * width])


@broken("shp", "a thousand fields")
def _(path: Path) -> None:
    fields = b"".join(f"F{k:04d}".encode().ljust(11, b"\0") + b"C" + bytes(4) + b"\1\0" + bytes(14) for k in range(1000))
    head = bytearray(32)
    head[0], head[4:8] = 3, struct.pack("<I", PATCHES)
    head[8:12] = struct.pack("<HH", 33 + 32_000, 1001)
    path.with_suffix(".dbf").write_bytes(bytes(head) + fields + b"\r" + (b" " * 1001) * PATCHES)


# ================================================================ archives
def _members(path: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(path.parent.glob("DLTB.*"))}


def zipped(change: Callable[[zipfile.ZipFile, dict[str, bytes]], Any]) -> Mutate:
    def mutate(path: Path) -> Path:
        target = path.with_name("layer.zip")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            change(archive, _members(path))
        return target

    return mutate


def _all(archive: zipfile.ZipFile, parts: dict[str, bytes], folder: str = "") -> None:
    for name, data in parts.items():
        archive.writestr(folder + name, data)


def _link(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
    _all(archive, {n: d for n, d in parts.items() if not n.endswith(".dbf")})
    info = zipfile.ZipInfo("DLTB.dbf")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    archive.writestr(info, "/etc/passwd")


def _bad_crc(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
    _all(archive, parts)
    archive.filelist[0].CRC ^= 1


def _lying_size(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
    _all(archive, parts)
    archive.filelist[0].file_size = 10


def _encrypted(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
    _all(archive, parts)
    for info in archive.filelist:
        info.flag_bits |= 1


def _method_99(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
    _all(archive, parts)
    for info in archive.filelist:
        info.compress_type = 99


def _overlapping(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
    _all(archive, parts)
    for info in archive.filelist[1:]:
        info.header_offset = archive.filelist[0].header_offset


_ZIPS: dict[str, Callable[[zipfile.ZipFile, dict[str, bytes]], Any]] = {
    "sound=": _all,
    "in folders with Chinese names=": lambda a, p: _all(a, p, "三调/地类图斑/"),
    "bomb!": lambda a, p: (_all(a, p), a.writestr("x.bin", bytes(200 << 20))),
    "bomb in a part!": lambda a, p: _all(a, p | {"DLTB.dbf": p["DLTB.dbf"] + bytes(150 << 20)}),
    "path upwards!": lambda a, p: (_all(a, p), a.writestr("../../evil.txt", b"x")),
    "path upwards of a part!": lambda a, p: _all(a, p, "../../"),
    "absolute path!": lambda a, p: _all(a, p, "/tmp/evil/"),
    "path with backslashes!": lambda a, p: _all(a, p, "..\\..\\"),
    "drive letter": lambda a, p: _all(a, p, "C:/evil/"),
    "link!": _link,
    "archive in an archive!": lambda a, p: a.writestr("inner.zip", _zip_bytes(p)),
    "hundred thousand entries!": lambda a, p: [a.writestr(f"x{k}", b"") for k in range(100_000)],
    "encrypted!": _encrypted,
    "method nobody knows!": _method_99,
    "wrong check sum!": _bad_crc,
    "size that lies": _lying_size,
    "entries that overlap!": _overlapping,
    "no layer!": lambda a, p: a.writestr("readme.txt", b"hello"),
    "nothing!": lambda a, p: None,
    "two layers!": lambda a, p: (_all(a, p), _all(a, {n.replace("DLTB", "XZQ"): d for n, d in p.items()})),
    "the same part twice": lambda a, p: (_all(a, p), a.writestr("DLTB.shp", b"x")),
    "a part missing!": lambda a, p: _all(a, {n: d for n, d in p.items() if not n.endswith(".dbf")}),
    "names with control signs": lambda a, p: _all(a, {n.replace("DLTB", "D\u202eL"): d for n, d in p.items()}),
    "names of a thousand signs": lambda a, p: _all(a, p, "x" * 1000 + "/"),
    "a GeoPackage": lambda a, p: a.writestr("DLTB.gpkg", b"SQLite format 3\x00" + bytes(500)),
    "a VRT named as a layer!": lambda a, p: a.writestr("DLTB.shp", b"<OGRVRTDataSource/>"),
    "a very long comment=": lambda a, p: (_all(a, p), setattr(a, "comment", b"x" * 60_000)),
}  # fmt: skip


def _zip_bytes(parts: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        _all(archive, parts)
    return sink.getvalue()


for _name, _fill in _ZIPS.items():
    broken("shp", f"zip: {_name}")(zipped(_fill))


def _zip_bytes_changed(change: Callable[[bytearray], bytes | bytearray]) -> Mutate:
    def mutate(path: Path) -> Path:
        target = path.with_name("layer.zip")
        target.write_bytes(change(bytearray(_zip_bytes(_members(path)))))
        return target

    return mutate


broken("shp", "zip: cut in half!")(_zip_bytes_changed(lambda b: b[: len(b) // 2]))
broken("shp", "zip: no directory!")(_zip_bytes_changed(lambda b: b[:-200]))
broken("shp", "zip: program before it!")(_zip_bytes_changed(lambda b: b"MZ" + bytes(500) + b))
broken("shp", "zip: directory that counts too many")(_zip_bytes_changed(lambda b: b[:-12] + b"\xff\xff" + b[-10:]))
broken("shp", "zip: directory elsewhere!")(_zip_bytes_changed(lambda b: b[:-6] + b"\xff\xff\xff\x7f" + b[-2:]))


# ================================================================ GeoJSON
def document(change: Callable[[dict[str, Any]], Any]) -> Mutate:
    def mutate(path: Path) -> None:
        said = json.loads(path.read_text(encoding="utf-8"))
        new = change(said)
        path.write_text(json.dumps(said if new is None else new, ensure_ascii=False), encoding="utf-8")

    return mutate


def written(change: Callable[[str], str | bytes]) -> Mutate:
    def mutate(path: Path) -> None:
        new = change(path.read_text(encoding="utf-8"))
        path.write_bytes(new.encode("utf-8", "surrogatepass") if isinstance(new, str) else new)

    return mutate


def _first(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said["features"][0]
    return found


def _shape(value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda d: _first(d).update(geometry=value)


def _nest(depth: int) -> Any:
    inner: Any = 1
    for _ in range(depth):
        inner = [inner]
    return inner


_GEOJSON: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no features!": lambda d: d.pop("features") and None,
    "features null!": lambda d: d.update(features=None),
    "features an object!": lambda d: d.update(features={"a": 1}),
    "features of numbers": lambda d: d.update(features=[1, 2, 3]),
    "feature null!": lambda d: d["features"].__setitem__(0, None),
    "feature without a type!": lambda d: _first(d).pop("type") and None,
    "feature without properties=": lambda d: _first(d).pop("properties") and None,
    "properties null=": lambda d: _first(d).update(properties=None),
    "properties a list": lambda d: _first(d).update(properties=[1, 2]),
    "geometry null=": _shape(None),
    "geometry a text": _shape("POLYGON((0 0,1 1,1 0,0 0))"),
    "geometry of an unknown type": _shape({"type": "Banana", "coordinates": [1, 2]}),
    "geometry without coordinates": _shape({"type": "Polygon"}),
    "geometry a point": _shape({"type": "Point", "coordinates": [108, 30]}),
    "geometry a collection": _shape({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [108, 30]}]}),
    "geometry empty=": _shape({"type": "Polygon", "coordinates": []}),
    "coordinates as texts": _shape({"type": "Polygon", "coordinates": [[["108", "30"], ["109", "30"], ["109", "31"], ["108", "30"]]]}),
    "coordinates null": _shape({"type": "Polygon", "coordinates": [[None, None, None, None]]}),
    "coordinates one too deep": _shape({"type": "Polygon", "coordinates": [[[[108, 30], [109, 30], [109, 31], [108, 30]]]]}),
    "coordinates one too flat": _shape({"type": "Polygon", "coordinates": [[108, 30], [109, 30], [109, 31], [108, 30]]}),
    "coordinates of one number": _shape({"type": "Polygon", "coordinates": [[[108], [109], [109], [108]]]}),
    "coordinates of nine numbers": _shape({"type": "Polygon", "coordinates": [[[108, 30, 1, 2, 3, 4, 5, 6, 7]] * 4]}),
    "an open ring": _shape({"type": "Polygon", "coordinates": [[[108, 30], [109, 30], [109, 31]]]}),
    "a ring of two points": _shape({"type": "Polygon", "coordinates": [[[108, 30], [108, 30]]]}),
    "coordinates of 1e308": _shape({"type": "Polygon", "coordinates": [[[1e308, 1e308], [-1e308, 1e308], [0, -1e308], [1e308, 1e308]]]}),
    "coordinates nested five hundred deep": _shape({"type": "Polygon", "coordinates": _nest(500)}),
    "crs at an address": lambda d: d.update(crs={"type": "link", "properties": {"href": "http://127.0.0.1:9/crs", "type": "ogcwkt"}}),
    "crs of an unknown name": lambda d: d.update(crs={"type": "name", "properties": {"name": "urn:x:banana"}}),
    "crs of a file": lambda d: d.update(crs={"type": "name", "properties": {"name": "file:///etc/passwd"}}),
    "crs as PROJ text": lambda d: d.update(crs={"type": "name", "properties": {"name": "+init=/etc/passwd:1"}}),
    "crs null": lambda d: d.update(crs=None),
    "crs a number": lambda d: d.update(crs=4490),
    "property of an object": lambda d: _first(d)["properties"].update(x={"a": {"b": [1, 2]}}),
    "property of lists": lambda d: _first(d)["properties"].update(x=[[1], [2]]),
    "property now number, now text": lambda d: (_first(d)["properties"].update(BSM=1), _first(d)["properties"].update(TBMJ="三亩"), None)[-1],
    "property of a hundred digits": lambda d: _first(d)["properties"].update(x=int("9" * 100)),
    "property without a name": lambda d: _first(d)["properties"].update({"": "x"}),
    "property with a control sign in its name": lambda d: _first(d)["properties"].update({"a\u202eb\u0001": "x"}),
    "property called geometry": lambda d: _first(d)["properties"].update(geometry="x", geometry_1="y"),
    "properties with one name in two cases": lambda d: _first(d)["properties"].update(bsm="x"),
    "a thousand properties!": lambda d: _first(d)["properties"].update({f"c{k}": k for k in range(1000)}),
    "a text of a megabyte": lambda d: _first(d)["properties"].update(x="字" * 400_000),
    "id an object": lambda d: _first(d).update(id={"a": 1}),
    "ids twice": lambda d: (d["features"][0].update(id=1), d["features"][1].update(id=1), None)[-1],
    "ids below zero and beyond": lambda d: (d["features"][0].update(id=-5), d["features"][1].update(id=2**70), None)[-1],
    "bounds of nonsense": lambda d: d.update(bbox=["a", None, 1e999]),
    "a topology!": lambda d: {"type": "Topology", "objects": {}, "arcs": []},
    "an ESRI feature set": lambda d: {"geometryType": "esriGeometryPolygon", "features": [{"attributes": {"a": 1}, "geometry": {"rings": []}}]},
    "an ESRI service elsewhere!": lambda d: {"error": {}, "url": "http://127.0.0.1:9/FeatureServer"},
    "an algorithm of GDAL!": lambda d: {"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd ! write x"},
    "a catalogue of tiles!": lambda d: {"type": "FeatureCollection", "stac_version": "1.0.0", "features": [], "links": [{"href": "http://127.0.0.1:9/"}]},
    "a style file!": lambda d: {"version": 8, "sources": {}, "layers": []},
    "an empty object!": lambda d: {},
    "an empty list!": lambda d: [],
}  # fmt: skip
for _name, _edit in _GEOJSON.items():
    broken("geojson", _name)(document(_edit))

_TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "cut in half!": lambda t: t[: len(t) // 2],
    "last bracket missing!": lambda t: t.rstrip()[:-1],
    "nonsense behind the end": lambda t: t + "}}}]]] <script>",
    "two documents": lambda t: t + t,
    "one feature a line!": lambda t: "\n".join(json.dumps(f) for f in json.loads(t)["features"]),
    "byte order mark=": lambda t: b"\xef\xbb\xbf" + t.encode(),
    "in UTF-16!": lambda t: t.encode("utf-16"),
    "in GB18030": lambda t: t.replace('"BSM"', '"标识码"').encode("gb18030"),
    "zero bytes inside": lambda t: t.replace('"DLBM"', '"DL\0BM"', 1),
    "text with wrong bytes": lambda t: t.encode().replace(b'"DLBM": "', b'"DLBM": "\xff\xfe', 1),
    "half a surrogate": lambda t: t.replace('"DLBM": "', '"DLBM": "\\ud800', 1),
    "NaN for a number": lambda t: t.replace('"TBMJ": ', '"TBMJ": NaN, "y": ', 1),
    "Infinity for a number": lambda t: t.replace('"TBMJ": ', '"TBMJ": Infinity, "y": ', 1),
    "a number of 1e999": lambda t: t.replace('"TBMJ": ', '"TBMJ": 1e999, "y": ', 1),
    "NaN for a coordinate": lambda t: t.replace("[ [ [ ", "[ [ [ NaN, 30.0 ], [ ", 1),
    "a number of a hundred thousand digits": lambda t: t.replace('"TBMJ": ', '"TBMJ": ' + "1" * 100_000 + ', "y": ', 1),
    "keys twice": lambda t: t.replace('"type": "FeatureCollection"', '"type": "FeatureCollection", "features": [], "type": "x"', 1),
    "comments": lambda t: "/* note */" + t,
    "single quotes!": lambda t: t.replace('"', "'"),
    "brackets a hundred thousand deep!": lambda t: '{"type":"FeatureCollection","features":' + "[" * 100_000,
    "objects a hundred thousand deep!": lambda t: '{"a":' * 100_000 + "1" + "}" * 100_000,
    "collections ten thousand deep!": lambda t: '{"type":"Feature","properties":{},"geometry":' + '{"type":"GeometryCollection","geometries":[' * 10_000 + "]}" * 10_000 + "}",
    "blanks before it=": lambda t: " \n\t" * 500 + t,
    "a megabyte of blanks before it": lambda t: " " * 1_000_000 + t,
    "line breaks of three kinds=": lambda t: t.replace("\n", "\r\n\r"),
    "called by a function!": lambda t: f"load({t})",
}  # fmt: skip
for _name, _rewrite in _TEXTS.items():
    broken("geojson", _name)(written(_rewrite))


# ================================================================ GeoParquet
def columns(change: Callable[[Any], Any], **options: Any) -> Mutate:
    def mutate(path: Path) -> None:
        import pyarrow.parquet as pq

        table = pq.ParquetFile(path).read()
        pq.write_table(change(table), path, **options)

    return mutate


def geo(change: Callable[[dict[str, Any]], Any]) -> Mutate:
    def edit(table: Any) -> Any:
        said = json.loads(table.schema.metadata[b"geo"])
        new = change(said)
        text = new if isinstance(new, str | bytes) else json.dumps(said)
        return table.replace_schema_metadata({"geo": text})

    return columns(edit)


def _column(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said["columns"]["geometry"]
    return found


_GEO: dict[str, Callable[[dict[str, Any]], Any]] = {
    "geo no JSON!": lambda g: "{not json",
    "geo a list!": lambda g: "[]",
    "geo a number!": lambda g: "7",
    "geo null!": lambda g: "null",
    "geo of two megabytes!": lambda g: json.dumps(g | {"x": "y" * (2 << 20)}),
    "geo nested a thousand deep!": lambda g: '{"a":' * 1000 + "1" + "}" * 1000,
    "geo of wrong bytes!": lambda g: b"\xff\xfe\xfd",
    "geo without columns!": lambda g: g.pop("columns") and None,
    "geo with columns as a list!": lambda g: g.update(columns=[1]),
    "geo without a primary column!": lambda g: g.pop("primary_column") and None,
    "geo with a primary column that is none!": lambda g: g.update(primary_column="BSM"),
    "geo with a primary column that is a list!": lambda g: g.update(primary_column=["geometry"]),
    "encoding WKT!": lambda g: _column(g).update(encoding="WKT"),
    "encoding polygon!": lambda g: _column(g).update(encoding="polygon"),
    "encoding a number!": lambda g: _column(g).update(encoding=1),
    "version of the far future": lambda g: g.update(version="99.0.0"),
    "crs null!": lambda g: _column(g).update(crs=None),
    "crs left out": lambda g: _column(g).pop("crs") and None,
    "crs a text!": lambda g: _column(g).update(crs="EPSG:4545"),
    "crs an address!": lambda g: _column(g).update(crs="http://127.0.0.1:9/crs.json"),
    "crs an empty object!": lambda g: _column(g).update(crs={}),
    "crs of an unknown type!": lambda g: _column(g).update(crs={"type": "BananaCRS"}),
    "crs nested two hundred deep!": lambda g: _column(g).update(crs={"type": "BoundCRS", "source_crs": _deep_crs(200)}),
    "crs of degrees for metres": lambda g: _column(g).update(crs={"type": "GeographicCRS", "id": {"authority": "OGC", "code": "CRS84"}}),
    "crs id that is a list": lambda g: _column(g).update(crs={"type": "GeographicCRS", "id": [1]}),
    "bounds of nonsense": lambda g: _column(g).update(bbox="everywhere"),
    "edges of nonsense": lambda g: _column(g).update(edges=["x"], orientation=7, epoch="now"),
}  # fmt: skip


def _deep_crs(depth: int) -> Any:
    inner: Any = {"type": "GeographicCRS", "name": "x"}
    for _ in range(depth):
        inner = {"type": "BoundCRS", "source_crs": inner}
    return inner


for _name, _say in _GEO.items():
    broken("parquet", _name)(geo(_say))


def _replace(table: Any, name: str, values: Any) -> Any:
    return table.set_column(table.column_names.index(name), name, values)


def _pa() -> Any:
    import pyarrow as pa

    return pa


def _shapes(change: Callable[[list[Any]], None]) -> Mutate:
    def edit(table: Any) -> Any:
        values = table["geometry"].to_pylist()
        change(values)
        return _replace(table, "geometry", _pa().array(values, _pa().binary()))

    return columns(edit)


for _name, _wkb in WKB.items():
    broken("parquet", f"shape: {_name}")(_shapes(lambda values, wkb=_wkb: values.__setitem__(1, wkb)))
broken("parquet", "shape: none anywhere")(_shapes(lambda values: values.__setitem__(slice(None), [None] * len(values))))


def _deep_type(depth: int) -> Any:
    pa = _pa()
    kind, value = pa.int32(), 1
    for _ in range(depth):
        kind, value = pa.list_(kind), [value]
    return pa.array([value] * PATCHES, kind)


_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "no geo metadata!": lambda t: t.replace_schema_metadata({}),
    "geometry column of numbers": lambda t: _replace(t, "geometry", _pa().array(range(PATCHES))),
    "geometry column of text": lambda t: _replace(t, "geometry", _pa().array(["POLYGON EMPTY"] * PATCHES)),
    "geometry column of lists": lambda t: _replace(t, "geometry", _pa().array([[1.0, 2.0]] * PATCHES)),
    "geometry column as a dictionary": lambda t: _replace(t, "geometry", t["geometry"].combine_chunks().dictionary_encode()),
    "geometry column of large bytes=": lambda t: _replace(t, "geometry", t["geometry"].cast(_pa().large_binary())),
    "geometry column missing!": lambda t: t.drop_columns(["geometry"]),
    "a column of lists": lambda t: t.append_column("x", _pa().array([[1]] * PATCHES)),
    "a column of maps": lambda t: t.append_column("x", _pa().array([[("a", 1)]] * PATCHES, _pa().map_(_pa().string(), _pa().int8()))),
    "a column nested sixty deep": lambda t: t.append_column("x", _deep_type(60)),
    "a column of bytes": lambda t: t.append_column("x", _pa().array([b"\xff"] * PATCHES)),
    "a column of nothing": lambda t: t.append_column("x", _pa().nulls(PATCHES)),
    "a column of spans of time": lambda t: t.append_column("x", _pa().array([1] * PATCHES, _pa().duration("s"))),
    "a column of wide decimals": lambda t: t.append_column("x", _pa().array([10**60] * PATCHES, _pa().decimal256(70, 2))),
    "a column of times in no zone": lambda t: t.append_column("x", _pa().array([1] * PATCHES, _pa().timestamp("s", "Nowhere/Land"))),
    "a column of unsigned giants": lambda t: t.append_column("x", _pa().array([2**64 - 1] * PATCHES, _pa().uint64())),
    "a column without a name": lambda t: t.append_column("", _pa().array([1] * PATCHES)),
    "a column with control signs in its name": lambda t: t.append_column("a\u202e\u0001b", _pa().array([1] * PATCHES)),
    "two columns of one name!": lambda t: t.append_column("BSM", _pa().array(["x"] * PATCHES)),
    "text that is not UTF-8": lambda t: _replace(t, "BSM", _pa().array([b"\xff\xfe"] * PATCHES, _pa().binary()).view(_pa().string())),
    "two thousand columns!": lambda t: _wide_table(t, 2000),
    "no row!": lambda t: t.slice(0, 0),
}  # fmt: skip


def _wide_table(table: Any, count: int) -> Any:
    pa = _pa()
    names = [*table.column_names, *(f"c{k}" for k in range(count))]
    return pa.table([*table.columns, *([pa.nulls(len(table), pa.int8())] * count)], names=names).replace_schema_metadata(
        table.schema.metadata
    )


for _name, _edit_table in _COLUMNS.items():
    broken("parquet", _name)(columns(_edit_table))


@broken("parquet", "a dictionary that grows a thousandfold")
def _(path: Path) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read()
    many = 20_000
    rows = table.take(pa.array(np.zeros(many, np.int64)))
    big = pa.DictionaryArray.from_arrays(pa.array(np.zeros(many, np.int32)), pa.array(["补" * 400_000]))
    pq.write_table(rows.append_column("x", big).replace_schema_metadata(table.schema.metadata), path)


CATALOGUE["parquet/a dictionary that grows a thousandfold"] = Broken(
    "parquet/a dictionary that grows a thousandfold", "parquet",
    CATALOGUE["parquet/a dictionary that grows a thousandfold"].mutate, "refuse", ("vector",), 20_000,
)  # fmt: skip


@broken("parquet", "twenty million rows of nothing!")
def _(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    meta = pq.read_schema(path).metadata
    schema = pa.schema([("geometry", pa.binary())], metadata=meta)
    with pq.ParquetWriter(path, schema) as sink:
        block = pa.table([pa.nulls(4_000_000, pa.binary())], schema=schema)
        for _ in range(6):
            sink.write_table(block)


_PARQUET_BYTES: dict[str, Callable[[Path], Any]] = {
    "cut in half!": lambda p: cut(p, 0.5),
    "footer missing!": lambda p: cut(p, 0.9),
    "magic only!": lambda p: p.write_bytes(b"PAR1"),
    "magic twice!": lambda p: p.write_bytes(b"PAR1PAR1"),
    "footer of two gigabytes!": lambda p: patch(p, -8, b"\xff\xff\xff\x7f"),
    "footer of no length!": lambda p: patch(p, -8, b"\0\0\0\0"),
    "footer of random bytes!": lambda p: patch(p, -200, random.Random(8).randbytes(180)),
    "encrypted footer!": lambda p: patch(p, -4, b"PARE"),
    "pages of random bytes": lambda p: patch(p, 200, random.Random(9).randbytes(300)),
    "pages of zeros": lambda p: patch(p, 4, bytes(2000)),
    "first page header wrong": lambda p: patch(p, 4, b"\xff" * 20),
    "bytes behind the end!": lambda p: p.write_bytes(p.read_bytes() + b"x"),
    "an Arrow file!": lambda p: p.write_bytes(b"ARROW1\0\0" + bytes(500)),
}
for _name, _change in _PARQUET_BYTES.items():
    broken("parquet", _name)(_change)
    broken("table", _name)(_change)


# ================================================================ FileGDB
def inside(pattern: str, change: Callable[[Path], Any]) -> Mutate:
    def mutate(path: Path) -> None:
        for one in sorted(path.glob(pattern)):
            change(one)

    return mutate


def _largest(path: Path) -> Path:
    return max(path.glob("*.gdbtable"), key=lambda p: p.stat().st_size)


_GDB: dict[str, Mutate] = {
    "sound=": lambda p: None,
    "no catalogue!": inside("a00000001.gdbtable", _GONE),
    "no index of the catalogue!": inside("a00000001.gdbtablx", _GONE),
    "no table at all!": inside("*.gdbtable", _GONE),
    "no table of items": inside("a00000004.gdbtable", _GONE),
    "the layer's table missing!": lambda p: _largest(p).unlink(),
    "the layer's index missing": lambda p: _largest(p).with_suffix(".gdbtablx").unlink(),
    "the layer's table cut!": lambda p: cut(_largest(p), 0.5),
    "the layer's table empty!": lambda p: _largest(p).write_bytes(b"") and None,
    "the layer's table of random bytes!": lambda p: _largest(p).write_bytes(random.Random(10).randbytes(5000)) and None,
    "the layer's table of the header only": lambda p: _largest(p).write_bytes(_largest(p).read_bytes()[:40]) and None,
    "the layer's index cut": lambda p: cut(_largest(p).with_suffix(".gdbtablx"), 0.5),
    "the layer's index of random bytes": lambda p: _largest(p).with_suffix(".gdbtablx").write_bytes(random.Random(11).randbytes(5000)) and None,
    "row count of two billion": lambda p: patch(_largest(p), 4, b"\xff\xff\xff\x7f"),
    "row count zero": lambda p: patch(_largest(p), 4, b"\0\0\0\0"),
    "row size of two billion": lambda p: patch(_largest(p), 8, b"\xff\xff\xff\x7f"),
    "version 99": lambda p: patch(_largest(p), 0, b"\x63\0\0\0"),
    "fields beyond the end": lambda p: patch(_largest(p), 32, b"\xff\xff\xff\x7f\0\0\0\0"),
    "catalogue of zeros!": inside("a00000001.gdbtable", lambda f: f.write_bytes(bytes(f.stat().st_size))),
    "catalogue of random bytes!": inside("a00000001.gdbtable", lambda f: f.write_bytes(random.Random(12).randbytes(2000))),
    "two tables changed places": lambda p: _swap(p),
    "indexes of random bytes": inside("*.atx", lambda f: f.write_bytes(random.Random(13).randbytes(500))),
    "spatial index of random bytes": inside("*.spx", lambda f: f.write_bytes(random.Random(14).randbytes(500))),
    "a link to another file!": lambda p: (_largest(p).unlink(), _largest_link(p), None)[-1],
    "a link to a folder": lambda p: (p / "x").symlink_to("/etc"),
    "a folder inside": lambda p: ((p / "sub").mkdir(), shutil.copy(_largest(p), p / "sub" / "a.gdbtable"), None)[-1],
    "a pipe inside": lambda p: os.mkfifo(p / "a000000ff.gdbtable"),
    "ten thousand files inside": lambda p: [(p / f"x{k}").touch() for k in range(10_000)] and None,
    "a lock left behind=": lambda p: (p / "_gdb.pc.1.2.sr.lock").touch(),
    "an empty folder!": lambda p: (shutil.rmtree(p), p.mkdir(), None)[-1],
    "a file of that name!": lambda p: (shutil.rmtree(p), p.write_bytes(b"gdb"), None)[-1],
    "a VRT of that name!": lambda p: (shutil.rmtree(p), p.write_text("<OGRVRTDataSource/>"), None)[-1],
    "zip: sound": lambda p: _gdb_zip(p),
    "zip: path upwards!": lambda p: _gdb_zip(p, "../../"),
    "zip: two of them": lambda p: _gdb_zip(p, twice=True),
    "zip: cut!": lambda p: (z := _gdb_zip(p), cut(z, 0.6), z)[-1],
    "personal database!": lambda p: (shutil.rmtree(p), p.with_suffix(".mdb").write_bytes(b"\0\1\0\0Standard Jet DB\0" + bytes(999)), p.with_suffix(".mdb"))[-1],
}  # fmt: skip


def _swap(path: Path) -> None:
    one, two = _largest(path), path / "a00000001.gdbtable"
    a, b = one.read_bytes(), two.read_bytes()
    one.write_bytes(b)
    two.write_bytes(a)


def _largest_link(path: Path) -> None:
    gone = next(p for p in path.glob("*.gdbtablx") if not p.with_suffix(".gdbtable").exists())
    gone.with_suffix(".gdbtable").symlink_to("/etc/passwd")


def _gdb_zip(path: Path, folder: str = "", twice: bool = False) -> Path:
    target = path.with_name("DLTB.gdb.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("DLTB.gdb", "XZQ.gdb")[: 1 + twice]:
            for one in sorted(path.iterdir()):
                archive.write(one, f"{folder}{name}/{one.name}")
    return target


for _name, _mutate in _GDB.items():
    broken("gdb", _name)(_mutate)

# ================================================================ something else under a good name
_VRT = b"""<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource><SrcSQL>SELECT 1</SrcSQL></OGRVRTLayer></OGRVRTDataSource>"""
_RASTER_VRT = b"<VRTDataset rasterXSize='9' rasterYSize='9'><SourceFilename>/etc/passwd</SourceFilename></VRTDataset>"
IMPOSTORS: dict[str, bytes] = {
    "vector VRT": _VRT,
    "raster VRT": _RASTER_VRT,
    "KML": b"<?xml version='1.0'?><kml><NetworkLink><href>http://127.0.0.1:9/</href></NetworkLink></kml>",
    "GML with a remote schema": b"<?xml version='1.0'?><!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'><gml:FeatureCollection/>",
    "HTML": b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>",
    "web service": b"<OGRWFSDataSource><URL>http://127.0.0.1:9/wfs</URL></OGRWFSDataSource>",
    "OLE file": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000),
    "PDF": b"%PDF-1.7\n" + bytes(500),
    "FlatGeobuf": b"fgb\x03fgb\x00" + bytes(200),
    "DXF": b"  0\nSECTION\n  2\nENTITIES\n  0\nENDSEC\n  0\nEOF\n",
    "MapInfo": b"Version 300\nCharset \"Neutral\"\nColumns 1\n  a Char(10)\nData\n",
    "program": b"\x7fELF" + bytes(300),
    "random bytes": random.Random(15).randbytes(3000),
    "zero bytes": bytes(3000),
    "nothing": b"",
    "one blank": b" ",
}  # fmt: skip
SUFFIXES = {"gpkg": ".gpkg", "shp": ".shp", "geojson": ".geojson", "parquet": ".parquet", "xlsx": ".xlsx"}


def _impostor(content: bytes) -> Mutate:
    def mutate(path: Path) -> None:
        path.write_bytes(content)

    return mutate


for _format in SUFFIXES:
    for _name, _content in IMPOSTORS.items():
        if _format == "xlsx" and _name in ("DXF", "MapInfo"):
            continue  # plain text: a table like any other
        broken(_format, f"really {_name}!")(_impostor(_content))
for _name in ("vector VRT", "HTML", "OLE file", "program", "zero bytes", "nothing"):
    broken("csv", f"really {_name}!")(_impostor(IMPOSTORS[_name]))

# ================================================================ paths that are no files
PATHS: tuple[str, ...] = (
    "/vsicurl/http://127.0.0.1:9/a.gpkg", "/vsizip//etc/a.zip/a.shp", "/vsimem/a.gpkg", "/vsistdin/", "/vsis3/bucket/a.parquet",
    "/vsigzip//etc/passwd", "/vsitar/a.tar/a.shp", "/vsisparse/x", "/VSICURL/http://127.0.0.1:9/a.gpkg", "http://127.0.0.1:9/a.geojson",
    "https://127.0.0.1:9/a.geojson", "ftp://127.0.0.1/a.shp", "file:///etc/passwd", "s3://bucket/a.parquet", "GPKG:/etc/passwd",
    "GeoJSON:/etc/passwd", "OpenFileGDB:/tmp", "PG:dbname=x", "MySQL:x", "WFS:http://127.0.0.1:9/", "CSV:/etc/passwd",
    "<OGRVRTDataSource/>", '{"type":"FeatureCollection","features":[]}', "a\x00.gpkg", "a\n.gpkg", "a\u202egpkg.exe", "",
    ".", "..", "/", "/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/self/mem", "../" * 40 + "etc/passwd", "~root/a.gpkg",
    "x" * 5000, "none.gpkg", "|cat /etc/passwd", "$(id).gpkg", "\\\\server\\share\\a.gpkg", "C:\\a.gpkg", "con", "a.gpkg?mode=rwc",
)  # fmt: skip
for _n, _path in enumerate(PATHS):
    broken("geojson", f"path {_n}!")(lambda path, given=_path: given)


# ================================================================ CSV
_LINES: dict[str, Callable[[str], str | bytes]] = {
    "sound=": lambda t: t,
    "byte order mark=": lambda t: b"\xef\xbb\xbf" + t.encode(),
    "in GB18030=": lambda t: t.encode("gb18030"),
    "in UTF-16!": lambda t: t.encode("utf-16"),
    "half UTF-8, half GB18030!": lambda t: t[: len(t) // 2].encode() + t[len(t) // 2 :].encode("gb18030") + b"\xff\xff",
    "surrogates in UTF-8": lambda t: t.encode().replace(b"H9901", b"\xed\xa0\x80", 1),
    "overlong UTF-8": lambda t: t.encode().replace(b"H9901", b"\xc0\xaf", 1),
    "zero bytes!": lambda t: "\0" + t,
    "zero bytes in a cell": lambda t: t.replace("云一", "云\0一"),
    "zero bytes far down": lambda t: t + "x,y,1,2\r\n" * 2000 + "x,\0,1,2\r\n",
    "direction marks=": lambda t: t.replace("云一", "云\u202e一"),
    "control signs=": lambda t: t.replace("云一", "云\x1b[2J一"),
    "formulas=": lambda t: t.replace("云一", "=cmd|'/c calc'!A1").replace("云二", "@SUM(1+1)").replace("云三", "+1+1"),
    "line breaks in a cell=": lambda t: t.replace("云一", '"云\r\n一"'),
    "a quote that never ends": lambda t: t.replace("云一", '"云一'),
    "quotes inside a cell": lambda t: t.replace("云一", '云"一"'),
    "old line ends": lambda t: t.replace("\r\n", "\r"),
    "line ends of three kinds=": lambda t: t.replace("\r\n", "\n", 3),
    "no line end at the end=": lambda t: t.rstrip(),
    "blank lines between": lambda t: t.replace("\r\n", "\r\n\r\n"),
    "only line ends!": lambda t: "\r\n" * 5000,
    "only a mark": lambda t: b"\xef\xbb\xbf",
    "semicolons": lambda t: t.replace(",", ";"),
    "tabs": lambda t: t.replace(",", "\t"),
    "a row too long": lambda t: t.replace("云一", "云一,x,y,z"),
    "a row too short": lambda t: t.replace(",云一,1.50,2024-03-01", ""),
    "names twice": lambda t: t.replace("户主", "户编码"),
    "a name missing": lambda t: t.replace("户主", "", 1),
    "a hundred thousand columns": lambda t: ",".join(f"c{k}" for k in range(100_000)) + "\n" + "," * 99_999 + "\n",
    "a million columns": lambda t: "," * 1_000_000 + "\n",
    "six hundred columns": lambda t: ",".join(f"c{k}" for k in range(600)) + "\n",
    "a cell of nine megabytes": lambda t: t.replace("云一", "云" * 3_000_000),
    "one line of twenty megabytes": lambda t: "x" * (20 << 20),
    "a hundred thousand blank rows": lambda t: t + ",,,\r\n" * 100_000,
    "quotes only": lambda t: '"' * 100_001,
    "commas in full width": lambda t: t.replace(",", "，"),
    "a title above": lambda t: "青溪县登记表（虚构）\r\n" + t,
    "binary behind the header": lambda t: t.encode() + random.Random(16).randbytes(3000),
    "a private-use sign and a rare one=": lambda t: t.replace("云一", "\ue000𠮷"),
}  # fmt: skip
_OTHER_ROWS = {"zero bytes far down": REGISTER_ROWS + 2001, "a hundred thousand blank rows": REGISTER_ROWS + 100_000}
for _name, _rewrite in _LINES.items():
    broken("csv", _name, rows=_OTHER_ROWS.get(_name))(written(_rewrite))


# ================================================================ XLSX
SHEET = "xl/worksheets/sheet1.xml"


def parts(change: Callable[[dict[str, bytes]], Any]) -> Mutate:
    def mutate(path: Path) -> None:
        with zipfile.ZipFile(path) as old:
            said = {n: old.read(n) for n in old.namelist()}
        change(said)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, data in said.items():
                new.writestr(name, data)

    return mutate


def sheet(change: Callable[[str], str | bytes]) -> Mutate:
    def edit(said: dict[str, bytes]) -> None:
        new = change(said[SHEET].decode())
        said[SHEET] = new.encode() if isinstance(new, str) else new

    return parts(edit)


def rows(xml: str) -> Mutate:
    return sheet(lambda t: t.replace("</sheetData>", xml + "</sheetData>"))


def before_root(text: str) -> Mutate:
    return sheet(lambda t: text + t[t.find("<worksheet") :])


_LAUGH = (
    '<!DOCTYPE x [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
_XLSX: dict[str, Mutate] = {
    "sound=": sheet(lambda t: t),
    "a cell at XFD1048576": rows('<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'),
    "a cell at XFD300000": rows('<row r="300000"><c r="XFD300000" t="inlineStr"><is><t>x</t></is></c></row>'),
    "a cell at XFD1": rows('<row r="8"><c r="XFD8" t="inlineStr"><is><t>x</t></is></c></row>'),
    "a cell at A1048576": rows('<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>'),
    "a cell beyond the last column": rows('<row r="8"><c r="ZZZZ8" t="inlineStr"><is><t>x</t></is></c></row>'),
    "a cell in row zero": rows('<row r="0"><c r="A0" t="inlineStr"><is><t>x</t></is></c></row>'),
    "a cell in row four billion": rows('<row r="4294967299"><c r="A4294967299"><v>1</v></c></row>'),
    "a cell at a place that is none": rows('<row r="8"><c r="1A"><v>1</v></c></row>'),
    "a cell at a place below zero": rows('<row r="8"><c r="A-1"><v>1</v></c></row>'),
    "cells without places": rows("<row><c><v>1</v></c><c><v>2</v></c></row>"),
    "rows backwards": rows('<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>'),
    "one cell twice": rows('<row r="8"><c r="A8"><v>1</v></c><c r="A8"><v>2</v></c></row>'),
    "an extent that lies": sheet(lambda t: t.replace("<dimension ref=", '<dimension ref="A1:XFD1048576" old=')),
    "an extent that is none": sheet(lambda t: t.replace("<dimension ref=", '<dimension ref="banana" old=')),
    "laughing entities, not used": before_root(_LAUGH),
    "laughing entities in a cell!": sheet(lambda t: _LAUGH + t[t.find("<worksheet") :].replace("</sheetData>", '<row r="9"><c r="A9" t="str"><v>&i;</v></c></row></sheetData>')),
    "an entity that reads a file!": sheet(lambda t: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + t[t.find("<worksheet") :].replace("</sheetData>", '<row r="9"><c r="A9" t="str"><v>&e;</v></c></row></sheetData>')),
    "an entity of parameters": before_root('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>'),
    "a remote grammar": before_root('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "elements ten thousand deep": rows("<row r='9'>" + "<x>" * 10_000 + "</x>" * 10_000 + "</row>"),
    "an element with ten thousand attributes": rows("<row r='9' " + " ".join(f"a{k}='1'" for k in range(10_000)) + "/>"),
    "a cell of twenty megabytes": rows('<row r="9"><c r="A9" t="inlineStr"><is><t>' + "x" * (20 << 20) + "</t></is></c></row>"),
    "merged over everything": sheet(lambda t: t.replace("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>')),
    "merged a hundred thousand times": sheet(lambda t: t.replace("</sheetData>", "</sheetData><mergeCells>" + "".join(f'<mergeCell ref="A{k}:B{k}"/>' for k in range(1, 100_001)) + "</mergeCells>")),
    "merges that overlap": sheet(lambda t: t.replace("</sheetData>", '</sheetData><mergeCells><mergeCell ref="A2:C4"/><mergeCell ref="B3:D6"/></mergeCells>')),
    "a merge that is none": sheet(lambda t: t.replace("</sheetData>", '</sheetData><mergeCells><mergeCell ref="banana"/></mergeCells>')),
    "a formula without a value": rows('<row r="8"><c r="A8"><f>1+1</f></c></row>'),
    "a formula that calls a program": rows('<row r="8"><c r="A8"><f>cmd|\'/c calc\'!A0</f><v>7</v></c></row>'),
    "a formula to another book": rows('<row r="8"><c r="A8"><f>[1]Sheet1!A1</f><v>7</v></c></row>'),
    "a formula that fetches": rows('<row r="8"><c r="A8" t="str"><f>WEBSERVICE("http://127.0.0.1:9/")</f><v>x</v></c></row>'),
    "an error for a value": rows('<row r="8"><c r="A8" t="e"><v>#REF!</v></c></row>'),
    "a truth for a value": rows('<row r="8"><c r="A8" t="b"><v>1</v></c></row>'),
    "a number of 1e400": rows('<row r="8"><c r="A8"><v>1e400</v></c></row>'),
    "a number that is none": rows('<row r="8"><c r="A8"><v>banana</v></c></row>'),
    "a number called NaN": rows('<row r="8"><c r="A8"><v>NaN</v></c></row>'),
    "a day before all days": rows('<row r="8"><c r="A8" t="d"><v>-9999-01-01</v></c></row>'),
    "a shared text that is not there": rows('<row r="8"><c r="A8" t="s"><v>99999</v></c></row>'),
    "a shared text below zero": rows('<row r="8"><c r="A8" t="s"><v>-1</v></c></row>'),
    "a cell of an unknown kind": rows('<row r="8"><c r="A8" t="banana"><v>1</v></c></row>'),
    "a style that is not there": rows('<row r="8"><c r="A8" s="99999"><v>1</v></c></row>'),
    "the sheet cut!": sheet(lambda t: t[: len(t) // 2]),
    "the sheet empty!": sheet(lambda t: ""),
    "the sheet no XML!": sheet(lambda t: "hello"),
    "the sheet in UTF-16": sheet(lambda t: t.replace("UTF-8", "UTF-16").encode("utf-16")),
    "the sheet with wrong bytes": sheet(lambda t: t.encode().replace(b"<sheetData>", b"<sheetData>\xff\xfe")),
    "the sheet of another kind": sheet(lambda t: t.replace("worksheet", "chartsheet")),
    "the sheet missing!": parts(lambda p: p.pop(SHEET)),
    "the book missing!": parts(lambda p: p.pop("xl/workbook.xml")),
    "the relations missing!": parts(lambda p: p.pop("xl/_rels/workbook.xml.rels")),
    "the types missing": parts(lambda p: p.pop("[Content_Types].xml")),
    "the styles missing": parts(lambda p: p.pop("xl/styles.xml")),
    "the shared texts missing": parts(lambda p: p.pop("xl/sharedStrings.xml", None)),
    "the shared texts of nonsense": parts(lambda p: p.update({"xl/sharedStrings.xml": b"<sst count='4000000000' uniqueCount='4000000000'><si><t>x"})),
    "shared texts of a bomb!": parts(lambda p: p.update({"xl/sharedStrings.xml": b"<sst><si><t>" + b"x" * (120 << 20) + b"</t></si></sst>"})),
    "a relation upwards": parts(lambda p: p.update({"xl/_rels/workbook.xml.rels": p["xl/_rels/workbook.xml.rels"].replace(b"worksheets/sheet1.xml", b"../../../../etc/passwd")})),
    "a relation elsewhere": parts(lambda p: p.update({"xl/_rels/workbook.xml.rels": p["xl/_rels/workbook.xml.rels"].replace(b'Target="/xl/worksheets/sheet1.xml"', b'TargetMode="External" Target="http://127.0.0.1:9/"')})),
    "a relation to itself": parts(lambda p: p.update({"xl/_rels/workbook.xml.rels": p["xl/_rels/workbook.xml.rels"].replace(b"worksheets/sheet1.xml", b"workbook.xml")})),
    "macros!": parts(lambda p: p.update({"xl/vbaProject.bin": b"x"})),
    "old macros": parts(lambda p: p.update({"xl/macrosheets/sheet1.xml": b"<x/>"})),
    "embedded objects": parts(lambda p: p.update({"xl/embeddings/oleObject1.bin": b"x"})),
    "active controls": parts(lambda p: p.update({"xl/activeX/activeX1.bin": b"x"})),
    "links to other books=": parts(lambda p: p.update({"xl/externalLinks/externalLink1.xml": b"<x/>"})),
    "a connection to a database": parts(lambda p: p.update({"xl/connections.xml": b"<connections><connection connectionString='x'/></connections>"})),
    "an entry upwards!": parts(lambda p: p.update({"../../evil": b"x"})),
    "a bomb inside!": parts(lambda p: p.update({"xl/media/image1.png": bytes(120 << 20)})),
    "eleven thousand entries!": parts(lambda p: p.update({f"x{k}": b"" for k in range(11_000)})),
    "a sheet of an odd name": parts(lambda p: p.update({"xl/workbook.xml": p["xl/workbook.xml"].replace(b'name="Sheet"', 'name="a\u202e&#10;b"'.encode())})),
    "a sheet without a name": parts(lambda p: p.update({"xl/workbook.xml": p["xl/workbook.xml"].replace(b'name="Sheet"', b'name=""')})),
    "a hidden sheet": parts(lambda p: p.update({"xl/workbook.xml": p["xl/workbook.xml"].replace(b'state="visible"', b'state="veryHidden"')})),
    "no sheet at all": parts(lambda p: p.update({"xl/workbook.xml": b"<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheets/></workbook>"})),
    "ten thousand sheets": parts(lambda p: p.update({"xl/workbook.xml": b"<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets>" + b"".join(f"<sheet name='s{k}' sheetId='{k}' r:id='rId1'/>".encode() for k in range(1, 10_001)) + b"</sheets></workbook>"})),
    "a letter, not a book!": parts(lambda p: (p.clear(), p.update({"word/document.xml": b"<x/>", "[Content_Types].xml": b"<Types/>"}))),
    "an open document!": parts(lambda p: (p.clear(), p.update({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}))),
    "a binary book": parts(lambda p: (p.pop("xl/workbook.xml"), p.update({"xl/workbook.bin": b"\x83\x01\x00"}))),
    "cut in half!": lambda p: cut(p, 0.5),
    "its last bytes missing!": lambda p: p.write_bytes(p.read_bytes()[:-30]) and None,
    "sealed with a password!": lambda p: p.write_bytes(IMPOSTORS["OLE file"]) and None,
}  # fmt: skip
_ONE_MORE = (
    "a cell",
    "cells without",
    "one cell",
    "a formula",
    "an error for",
    "a truth",
    "a number",
    "a day before",
    "a shared",
    "a style",
)
for _name, _mutate in _XLSX.items():
    broken("xlsx", _name, rows=REGISTER_ROWS + 1 if _name.startswith(_ONE_MORE) else None)(_mutate)

# ================================================================ plain Parquet tables
_TABLE_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "sound=": lambda t: t,
    "lists!": lambda t: t.append_column("x", _pa().array([[1]] * REGISTER_ROWS)),
    "bytes!": lambda t: t.append_column("x", _pa().array([b"\xff"] * REGISTER_ROWS)),
    "two columns of one name!": lambda t: t.append_column("户主", _pa().array(["x"] * REGISTER_ROWS)),
    "numbers that are none=": lambda t: t.append_column("x", _pa().array([float("nan"), float("inf"), float("-inf"), 1e308, -0.0, None])),
    "times in no zone": lambda t: t.append_column("x", _pa().array([1] * REGISTER_ROWS, _pa().timestamp("s", "Nowhere/Land"))),
    "times beyond all calendars": lambda t: t.append_column("x", _pa().array([2**62] * REGISTER_ROWS, _pa().timestamp("us"))),
    "days beyond all calendars": lambda t: t.append_column("x", _pa().array([2**31 - 1] * REGISTER_ROWS, _pa().date32())),
    "text that is not UTF-8": lambda t: t.append_column("x", _pa().array([b"\xff\xfe"] * REGISTER_ROWS, _pa().binary()).view(_pa().string())),
    "six hundred columns!": lambda t: _wide_table(t, 600),
    "no row": lambda t: t.slice(0, 0),
}  # fmt: skip
for _name, _edit_table in _TABLE_COLUMNS.items():
    broken("table", _name, rows=0 if _name == "no row" else None)(columns(_edit_table))


# ================================================================ chance
def flipped(seed: int, count: int, of: str | None = None) -> Mutate:
    """Change some bytes of the file (or of one of its parts) at random places."""

    def mutate(path: Path) -> None:
        rng = random.Random(seed)
        target = path if of is None else path.with_suffix(of)
        if path.is_dir():
            target = rng.choice(sorted(p for p in path.glob("a*.gdbtabl?") if p.stat().st_size))
        data = bytearray(target.read_bytes())
        for _ in range(count):
            data[rng.randrange(len(data))] = rng.randrange(256)
        target.write_bytes(data)

    return mutate


def shuffled(seed: int) -> Mutate:
    """Cut out, double or move a piece of the file."""

    def mutate(path: Path) -> None:
        rng = random.Random(seed)
        target = rng.choice(sorted(path.glob("a*.gdbtabl?"))) if path.is_dir() else path
        data = target.read_bytes()
        a, b = sorted(rng.randrange(len(data)) for _ in range(2))
        target.write_bytes(rng.choice([data[:a] + data[b:], data[:b] + data[a:], data[b:] + data[a:b] + data[:a], data[:a]]))

    return mutate


def fuzz(each: int) -> Iterator[Broken]:
    """Yield byte-flipped and shuffled files of every format, `each` of both."""
    for base, of in (("gpkg", None), ("shp", None), ("shp", ".dbf"), ("shp", ".shx"), ("shp", ".prj"), ("geojson", None),
                     ("parquet", None), ("gdb", None), ("csv", None), ("xlsx", None), ("table", None)):  # fmt: skip
        jobs: tuple[JobKind, ...] = (
            ("table", "sheets") if base in ("csv", "xlsx") else ("table",) if base == "table" else ("vector",)
        )
        for k in range(each):
            seed = random.Random(f"{base}{of}{k}").randrange(1 << 30)
            yield Broken(
                f"{base}/bytes of {of or 'it'} changed, seed {seed}", base, flipped(seed, 1 << (k % 8), of), "either", jobs, -1
            )
            if of is None:
                yield Broken(f"{base}/pieces moved, seed {seed}", base, shuffled(seed), "either", jobs, -1)


def pairs(count: int, seed: int = 1) -> Iterator[Broken]:
    """Yield files broken in two ways at once."""
    rng = random.Random(seed)
    plain = sorted(b.id for b in CATALOGUE.values() if "/path " not in b.id and "bomb" not in b.id and "thousand" not in b.id)
    by_base: dict[str, list[str]] = {}
    for id in plain:
        by_base.setdefault(CATALOGUE[id].base, []).append(id)
    for _ in range(count):
        base = rng.choice(sorted(by_base))
        one, two = (CATALOGUE[i] for i in rng.sample(by_base[base], 2))

        def both(path: Path, one: Broken = one, two: Broken = two) -> Path | str | None:
            made = one.mutate(path)
            again = None
            with suppress(Exception):  # the second cannot always be applied to what the first left
                again = two.mutate(path)
            return again or made

        yield Broken(f"{one.id} + {two.id.partition('/')[2]}", base, both, "either", one.jobs, -1)
