"""A foreign vector layer made clean: Parquet with plain columns and a 2-D WKB geometry, and the facts about it.

GeoPackage, Shapefile (a file with its parts, or a ZIP of one), File Geodatabase (its folder, or a ZIP of one),
GeoJSON, GeoParquet. What a file is, is judged by its first bytes; the driver is named to the library, and a File
Geodatabase, a folder of tables, is opened only where our own name for it says so; a GeoPackage is searched for code
first. Heights and measures are left out and that is said; curves are refused, because the steps in which someone
turns them into lines decide an area.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ecocomp.io.files import write_batches
from ecocomp.io.foreign import dbf, geopackage
from ecocomp.io.foreign.table import _PARQUET, check_zip, without_zone
from ecocomp.io.foreign.words import GDB_TABLE, Refuse, fault, head_of, not_a, size_of
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

BATCH_ROWS = 65_536
JSON_BYTES = 512 << 20
COUNTED_JSON_BYTES = 64 << 20
PART_BYTES = {".prj": 64 << 10, ".cpg": 64}
_GEOMETRY = "geometry"
_AGAIN = Text("请用原软件重新导出。", "Export it again with the software it came from.")
Made = tuple[dict[str, Any], list[Fault], str]


def clean(spec: dict[str, Any]) -> Made:
    """Make the layer clean; return facts, warnings and the name of the file made."""
    files: dict[str, str] = spec["files"]
    where = spec["where"]
    path = next(iter(files.values()))
    if ".gdb" not in files and head_of(path, 4).startswith(b"PK\x03\x04"):
        files = _unpack(path, where)
        path = next(files[s] for s in (".gdb", ".shp") if s in files)
    if ".gdb" in files:
        return _geodatabase(path, spec)
    head = head_of(path, 4096)
    if head.startswith(b"\x00\x00\x27\x0a"):
        return _shapefile(path, files, spec)
    if head.startswith(b"SQLite format 3\x00"):
        return _geopackage(path, spec)
    if head.startswith(b"PAR1"):
        return _geoparquet(path, spec)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return _geojson(path, spec)
    wanted = Text("GeoPackage、Shapefile、GeoJSON 或 GeoParquet", "a GeoPackage, Shapefile, GeoJSON or GeoParquet")
    raise not_a(wanted, where, head, Text("请用原软件另存为 GeoPackage。", "Save it as GeoPackage with the software it came from."))


# ---------------------------------------------------------------- Shapefile
def _shapefile(path: str, files: dict[str, str], spec: dict[str, Any]) -> Made:
    where = spec["where"]
    missing = [s for s in (".shx", ".dbf", ".prj") if s not in files]
    if missing:
        clash = Text("Shapefile 缺少 {p}。", "the Shapefile lacks {p}.").fill(p=", ".join(missing))
        remedy = Text(
            "请把同名的 .shp .shx .dbf .prj（及 .cpg）放在同一文件夹。",
            "Put .shp .shx .dbf .prj (and .cpg) of one name into one folder.",
        )
        raise Refuse(fault("missing_part", where, clash, remedy))
    _check_whole(files, where)
    cpg = _small_text(files.get(".cpg"), ".cpg", where)
    prj = _small_text(files[".prj"], ".prj", where) or ""
    encoding, how = dbf.encoding_of(files[".dbf"], cpg, spec["encoding"], where)
    crs = _crs_of_wkt(prj, where)
    facts: dict[str, Any] = {"format": "shapefile", "encoding": encoding, "encoding_known_by": how, **crs}
    # Read as Latin-1, every byte is one character: the texts are then decoded here, strictly.
    return _through_ogr(path, 0, spec, facts, raw_encoding="ISO-8859-1", encoding=encoding)


def _check_whole(files: dict[str, str], where: str) -> None:
    """Compare the three parts with what their headers promise: the library fills gaps of a cut file with nothing."""
    found: list[Fault] = []
    for suffix in (".shp", ".shx"):
        head = head_of(files[suffix], 100)
        promised = 2 * int.from_bytes(head[24:28], "big")
        if len(head) < 100 or promised > size_of(files[suffix]):
            found.append(_cut(where, suffix, promised, size_of(files[suffix])))
    table = dbf.read_header(files[".dbf"], where)
    promised = table.header_bytes + table.records * table.record_bytes
    if promised > size_of(files[".dbf"]):
        found.append(_cut(where, ".dbf", promised, size_of(files[".dbf"])))
    shapes = (2 * int.from_bytes(head_of(files[".shx"], 28)[24:28], "big") - 100) // 8
    if not found and shapes != table.records:
        clash = Text("有 {a:,} 个图形，却有 {b:,} 条属性。", "there are {a:,} shapes but {b:,} rows of the table.")
        found.append(fault("incomplete", where, clash.fill(a=shapes, b=table.records), _AGAIN))
    if found:
        raise Refuse(*found)


def _cut(where: str, suffix: str, promised: int, size: int) -> Fault:
    clash = Text("{s} 应有 {a:,} 字节，只有 {b:,}。", "{s} should have {a:,} bytes; it has {b:,}.").fill(
        s=suffix, a=promised, b=size
    )
    return fault("incomplete", where, clash, Text("文件不完整，请重新复制或导出。", "It is incomplete; copy or export it again."))


def _small_text(path: str | None, suffix: str, where: str) -> str | None:
    if path is None:
        return None
    if size_of(path) > PART_BYTES[suffix]:
        clash = Text("{s} 有 {n:,} 字节，太大。", "{s} has {n:,} bytes, which is too large.").fill(s=suffix, n=size_of(path))
        raise Refuse(fault("unreadable", where, clash, _AGAIN))
    return Path(path).read_bytes().decode("utf-8", "replace").removeprefix("\ufeff").strip()


def _unpack(path: str, where: str) -> dict[str, str]:
    """Unpack the one Shapefile or File Geodatabase of an archive under our own names into the job folder."""
    with zipfile.ZipFile(path) as archive:
        check_zip(archive, where)
        entries = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
        shapes = [i.filename[:-4] for i in entries if i.filename.lower().endswith(".shp")]
        folders = sorted({m.group() for i in entries if (m := re.match(r"(.*/)?[^/]*\.gdb(?=/)", i.filename, re.IGNORECASE))})
        if len(shapes) + len(folders) != 1:
            clash = Text(
                "压缩包里有 {n} 个 .shp、{m} 个 .gdb，应恰好一个。",
                "the archive holds {n} .shp files and {m} .gdb folders; one is needed.",
            ).fill(n=len(shapes), m=len(folders))
            raise Refuse(fault("missing_part", where, clash, Text("请每个压缩包只放一个图层。", "Pack one layer per archive.")))
        Path("out/parts").mkdir()
        return _unpack_folder(archive, entries, folders[0]) if folders else _unpack_shape(archive, entries, shapes[0])


def _unpack_shape(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], stem: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for entry in entries:
        suffix = entry.filename[len(stem) :].lower()
        if entry.filename.startswith(stem) and suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            files[suffix] = f"out/parts/source{suffix}"
            _extract(archive, entry, files[suffix])
    return files


def _unpack_folder(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: str) -> dict[str, str]:
    """Only the tables of the geodatabase come out, under names that are known; anything else stays in the archive."""
    Path("out/parts/source.gdb").mkdir()
    for entry in entries:
        name = entry.filename[len(folder) + 1 :].lower()
        if entry.filename.startswith(f"{folder}/") and GDB_TABLE.fullmatch(name):
            _extract(archive, entry, f"out/parts/source.gdb/{name}")
    return {".gdb": "out/parts/source.gdb"}


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: str) -> None:
    with archive.open(entry) as source, Path(target).open("xb") as sink:
        while piece := source.read(1 << 20):
            sink.write(piece)


# ---------------------------------------------------------------- File Geodatabase
def _geodatabase(path: str, spec: dict[str, Any]) -> Made:
    import pyogrio

    names = {p.name for p in Path(path).iterdir()}
    remedy = Text("请复制完整的 .gdb 文件夹，或另存为 GeoPackage。", "Copy the whole .gdb folder, or save it as GeoPackage.")
    if any(n.endswith(".cdf") for n in names):
        clash = Text("地理数据库被压缩过（.cdf），读不出来。", "the geodatabase is compressed (.cdf) and cannot be read.")
        raise Refuse(
            fault("unreadable", spec["where"], clash, Text("请先解压缩该地理数据库。", "Uncompress the geodatabase first."))
        )
    lacking = [n for n in ("a00000001.gdbtable", "a00000001.gdbtablx") if n not in names]
    lacking += [f"{n[:9]}.gdbtablx" for n in sorted(names) if n.endswith(".gdbtable") and f"{n[:9]}.gdbtablx" not in names]
    if lacking:
        clash = Text("地理数据库缺少 {n}。", "the geodatabase lacks {n}.").fill(n=", ".join(sorted(set(lacking))[:10]))
        raise Refuse(fault("missing_part", spec["where"], clash, remedy))
    layer = _chosen([str(row[0]) for row in pyogrio.list_layers(path) if row[1] is not None], spec)
    facts = {"format": "filegdb", "encoding": "utf-8", "encoding_known_by": "standard", "layer": layer}
    return _through_ogr(path, layer, spec, facts)


def _chosen(layers: list[str], spec: dict[str, Any]) -> str:
    """Return the layer to read: the one named, else the only one; anything else is refused with the names there are."""
    wanted: str | None = spec["layer"]
    if wanted is None and len(layers) == 1:
        wanted = layers[0]
    if wanted is not None and wanted in layers:
        return wanted
    why = (
        Text("没有图层“{l}”", "there is no layer “{l}”").fill(l=wanted)
        if wanted
        else Text("需要指明图层", "the layer must be named")
    )
    clash = Text("{w}，现有：{n}。", "{w}; there are: {n}.").fill(w=why, n=", ".join(layers[:20]) or "—")
    raise Refuse(fault("which_layer", spec["where"], clash, Text("请在声明中写明图层名。", "Name the layer in the declaration.")))


# ---------------------------------------------------------------- GeoPackage and GeoJSON
def _geopackage(path: str, spec: dict[str, Any]) -> Made:
    import pyogrio

    geopackage.inspect(path, spec["where"])
    layers = [str(row[0]) for row in pyogrio.list_layers(f"GPKG:{path}") if row[1] is not None]
    wanted = _chosen(layers, spec)
    facts = {"format": "gpkg", "encoding": "utf-8", "encoding_known_by": "standard", "layer": wanted}
    return _through_ogr(f"GPKG:{path}", wanted, spec, facts)


def _geojson(path: str, spec: dict[str, Any]) -> Made:
    size = size_of(path)
    if size > JSON_BYTES:
        clash = Text("GeoJSON 有 {a:,} 字节，上限为 {b:,}。", "the GeoJSON has {a:,} bytes; {b:,} are allowed.").fill(
            a=size, b=JSON_BYTES
        )
        raise Refuse(fault("file_too_large", spec["where"], clash, Text("请另存为 GeoPackage。", "Save it as GeoPackage.")))
    facts = {"format": "geojson", "encoding": "utf-8", "encoding_known_by": "standard"}
    return _through_ogr(f"GeoJSON:{path}", 0, spec, facts)


def _through_ogr(
    path: str,
    layer: str | int,
    spec: dict[str, Any],
    facts: dict[str, Any],
    raw_encoding: str | None = None,
    encoding: str | None = None,
) -> Made:
    import pyogrio

    info = pyogrio.read_info(path, layer=layer, encoding=raw_encoding, force_feature_count=True)
    _check_caps(int(info["features"]), len(info["fields"]), spec)
    if "crs_wkt" not in facts:
        said = info["crs"] or (geopackage.definition(path.removeprefix("GPKG:"), str(layer)) if path.startswith("GPKG:") else "")
        facts |= _crs_of_ogr(said, spec["where"])
    facts.setdefault("layer", "" if isinstance(layer, int) else layer)
    with pyogrio.open_arrow(
        path, layer=layer, encoding=raw_encoding, batch_size=BATCH_ROWS, use_pyarrow=True, datetime_as_string=True
    ) as (meta, reader):
        geometry = meta["geometry_name"] or "wkb_geometry"
        tables = (pa.Table.from_batches([b]) for b in reader)
        made = _write(tables, geometry, spec, facts, encoding)
    said = _counted_in(path.removeprefix("GeoJSON:")) if facts["format"] == "geojson" else int(info["features"])
    return _all_read(made, said, spec["where"])


def _all_read(made: Made, said: int | None, where: str) -> Made:
    """Compare what was read with what the file says it holds: the library leaves out what it cannot read and is silent."""
    facts, faults, output = made
    if said is None or said == facts["features"]:
        return made
    if facts["format"] != "shapefile":
        clash = Text("文件说有 {a:,} 个要素，只读出 {b:,} 个。", "it says it has {a:,} features; {b:,} could be read.")
        raise Refuse(fault("incomplete", where, clash.fill(a=said, b=facts["features"]), _AGAIN))
    clash = Text("有 {n:,} 行已被标记为删除，未读入。", "{n:,} rows are marked as deleted and were left out.")
    remedy = Text("若不该删除，请取消标记后重新导出。", "If they should stay, take the marks away and export again.")
    return facts, [*faults, fault("deleted_rows", where, clash.fill(n=said - facts["features"]), remedy, warn=True)], output


def _counted_in(path: str) -> int | None:
    """Return how many features a GeoJSON document lists, None where it is a single one, or too large to count."""
    if size_of(path) > COUNTED_JSON_BYTES:
        return None
    try:
        said = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    features = said.get("features") if isinstance(said, dict) else None
    return len(features) if isinstance(features, list) else None


def _check_caps(features: int, fields: int, spec: dict[str, Any]) -> None:
    found: list[Fault] = []
    if features > spec["max_features"]:
        clash = Text("有 {a:,} 个要素，上限为 {b:,}。", "it has {a:,} features; {b:,} are allowed.").fill(
            a=features, b=spec["max_features"]
        )
        found.append(fault("too_many_features", spec["where"], clash, Text("请裁剪到本县范围。", "Clip it to the county.")))
    if fields > spec["max_fields"]:
        clash = Text("有 {a:,} 个字段，上限为 {b:,}。", "it has {a:,} fields; {b:,} are allowed.").fill(
            a=fields, b=spec["max_fields"]
        )
        found.append(fault("too_many_columns", spec["where"], clash, Text("请只保留需要的字段。", "Keep the fields needed only.")))
    if features == 0:
        clash = Text("图层里没有要素。", "the layer holds no features.")
        found.append(
            fault("no_features", spec["where"], clash, Text("请检查导出时的筛选条件。", "Check what was selected when exporting."))
        )
    if found:
        raise Refuse(*found)


# ---------------------------------------------------------------- GeoParquet
def _geoparquet(path: str, spec: dict[str, Any]) -> Made:
    where = spec["where"]
    file = pq.ParquetFile(path, **_PARQUET)
    raw = (file.schema_arrow.metadata or {}).get(b"geo")
    geo = json.loads(raw) if raw is not None and len(raw) < (1 << 20) else None
    column = geo.get("columns", {}).get(geo.get("primary_column"), {}) if isinstance(geo, dict) else {}
    if column.get("encoding") != "WKB":
        clash = Text("Parquet 文件没有 GeoParquet 的 WKB 几何列。", "the Parquet file has no WKB geometry column of GeoParquet.")
        remedy = Text(
            "请按 GeoParquet 1.0 以上导出，或另存为 GeoPackage。", "Export it as GeoParquet 1.0 or later, or as GeoPackage."
        )
        raise Refuse(fault("wrong_format", where, clash, remedy))
    assert isinstance(geo, dict)
    name = str(geo["primary_column"])
    _check_caps(file.metadata.num_rows, len(file.schema_arrow), spec)
    crs = column.get("crs", {"type": "GeographicCRS", "id": {"authority": "OGC", "code": "CRS84"}})
    facts = {
        "format": "geoparquet",
        "encoding": "utf-8",
        "encoding_known_by": "standard",
        "layer": "",
        **_crs_of_projjson(crs, where),
    }
    tables = (_whole(b) for b in file.iter_batches(BATCH_ROWS, use_threads=False))
    return _write(tables, name, spec, facts)


def _whole(batch: pa.RecordBatch) -> pa.Table:
    batch.validate(full=True)
    return pa.Table.from_batches([batch])


# ---------------------------------------------------------------- coordinate systems
def _crs_of_wkt(wkt: str, where: str) -> dict[str, Any]:
    import pyproj

    if not wkt.upper().startswith(("PROJCS", "GEOGCS", "PROJCRS", "GEOGCRS", "COMPD", "BOUNDCRS", "GEODCRS")):
        raise Refuse(_no_crs(where))
    try:
        return _crs_facts(pyproj.CRS.from_wkt(wkt))
    except pyproj.exceptions.CRSError:
        raise Refuse(_no_crs(where)) from None


def _crs_of_ogr(text: str | None, where: str) -> dict[str, Any]:
    """The library gives `EPSG:n` or WKT of the file; nothing else is passed on."""
    import pyproj

    if text and text.startswith("EPSG:") and text[5:].isdigit():
        return _crs_facts(pyproj.CRS.from_epsg(int(text[5:])))
    return _crs_of_wkt(text or "", where)


def _crs_of_projjson(crs: Any, where: str) -> dict[str, Any]:
    import pyproj

    code = crs.get("id", {}) if isinstance(crs, dict) else {}
    try:
        if code.get("authority") == "OGC" and code.get("code") == "CRS84":
            return _crs_facts(pyproj.CRS.from_authority("OGC", "CRS84")) | {"epsg": 4326}
        if not isinstance(crs, dict) or "type" not in crs:
            raise Refuse(_no_crs(where))
        return _crs_facts(pyproj.CRS.from_json_dict(crs))
    except pyproj.exceptions.CRSError:
        raise Refuse(_no_crs(where)) from None


def _crs_facts(crs: Any) -> dict[str, Any]:
    """WKT and EPSG code; a CRS without code gets the one of the CGCS2000 system it equals, if any."""
    import pyproj

    code = crs.to_epsg(min_confidence=70)
    if code is None and "CGCS2000" in crs.name.upper().replace("_", "").replace(" ", ""):
        for candidate in (4490, *range(4491, 4555)):
            if crs.equals(pyproj.CRS.from_epsg(candidate), ignore_axis_order=True) or _same_projection(crs, candidate):
                code = candidate
                break
    if code is not None:
        crs = pyproj.CRS.from_epsg(code)
    return {"crs_wkt": crs.to_wkt(), "epsg": code}


def _same_projection(crs: Any, code: int) -> bool:
    """Whether a CRS written by other software (ESRI names) is this EPSG system: ellipsoid, method and parameters."""
    import pyproj

    other = pyproj.CRS.from_epsg(code)
    if crs.is_geographic or other.is_geographic:
        return bool(crs.is_geographic and other.is_geographic)
    mine = {p.name.lower(): p.value for p in crs.coordinate_operation.params}
    theirs = {p.name.lower(): p.value for p in other.coordinate_operation.params}
    return mine == theirs and crs.axis_info[0].unit_conversion_factor == 1.0


def _no_crs(where: str) -> Fault:
    return fault(
        "no_crs",
        where,
        Text("没有可用的坐标系。", "it has no usable coordinate system."),
        Text(
            "请写入坐标系（如 CGCS2000 三度带）后重新导出。",
            "Set the coordinate system (such as a CGCS2000 3-degree zone) and export again.",
        ),
    )


# ---------------------------------------------------------------- plain columns
class _Tally:
    def __init__(self) -> None:
        self.features = self.empty = 0
        self.kinds: set[str] = set()
        self.flattened = False
        self.bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])


def _write(
    tables: Iterator[pa.Table], geometry: str, spec: dict[str, Any], facts: dict[str, Any], encoding: str | None = None
) -> Made:
    tally = _Tally()
    dropped: list[str] = []
    first = next(tables, None)
    if first is None:
        _check_caps(0, 0, spec)
        raise AssertionError
    plan = _plan(first.schema, geometry, dropped, encoding, spec["where"])
    schema = pa.schema([pa.field(n, t) for _, n, t in plan] + [pa.field(_GEOMETRY, pa.binary())])

    def made() -> Iterator[pa.Table]:
        table: pa.Table | None = first
        while table is not None:
            columns = [_readable(_plain(table[old], kind, encoding), new, spec, tally.features) for old, new, kind in plan]
            columns.append(_flat(table[geometry], tally, spec))
            yield pa.table(columns, schema=schema)
            if tally.features > spec["max_features"]:
                _check_caps(tally.features, 0, spec)
            table = next(tables, None)

    write_batches(schema, made(), "out/clean.parquet")
    facts |= {
        "features": tally.features,
        "empty_geometries": tally.empty,
        "geometry_types": sorted(tally.kinds),
        "bounds": [float(v) for v in tally.bounds] if np.isfinite(tally.bounds).all() else None,
        "fields": [{"name": n, "type": str(t)} for _, n, t in plan],
        "dimension_dropped": tally.flattened,
    }
    return facts, _dropped(dropped, spec["where"]) + _flattened(tally, spec["where"]), "clean.parquet"


def _plan(
    schema: pa.Schema, geometry: str, dropped: list[str], encoding: str | None, where: str
) -> list[tuple[str, str, pa.DataType]]:
    """Say for each column its clean name and one of three types: text, int64, double."""
    plan: list[tuple[str, str, pa.DataType]] = []
    for field in schema:
        if field.name == geometry:
            continue
        name = dbf.decode(field.name.encode("latin-1"), encoding) if encoding else field.name
        kind = _kind(field.type)
        if kind is None:
            dropped.append(name)
        else:
            plan.append((field.name, f"{name}_1" if name == _GEOMETRY else name, kind))
    names = [n for _, n, _ in plan]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        clash = Text("字段名重复：{c}。", "field names are used twice: {c}.").fill(c=", ".join(twice[:20]))
        raise Refuse(fault("double_column_name", where, clash, Text("请改名或删除其一。", "Rename or delete one of them.")))
    return plan


def _kind(kind: pa.DataType) -> pa.DataType | None:
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return pa.int64()
    if pa.types.is_decimal(kind) and kind.precision > 15:  # a float cannot hold its digits: a code of 18, say
        return pa.int64() if kind.scale == 0 and kind.precision <= 18 else pa.string()
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_temporal(kind):
        return pa.string()
    return None


def _plain(column: pa.ChunkedArray, kind: pa.DataType, encoding: str | None) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    column = without_zone(column).cast(kind)
    if encoding and pa.types.is_string(kind):
        return pa.chunked_array([_decoded(c, encoding) for c in column.chunks], pa.string())
    return column


def _readable(column: pa.ChunkedArray, name: str, spec: dict[str, Any], before: int) -> pa.ChunkedArray:
    """Refuse texts that are no UTF-8: the library hands on whatever bytes a file holds."""
    if not pa.types.is_string(column.type):
        return column
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        row = next((i for i, v in enumerate(column.cast(pa.binary())) if not _is_utf8(v.as_py())), 0)
        clash = Text("字段 {c} 第 {r} 行的文字不是 UTF-8。", "the text of field {c} in row {r} is not UTF-8.")
        clash = clash.fill(c=name, r=before + row + 1)
        remedy = Text("请改正该处文字，或用原软件重新导出。", "Correct the text there, or export it again with its own software.")
        raise Refuse(fault("other_encoding", spec["where"], clash, remedy, record=f"row {before + row + 1}")) from None
    return column


def _is_utf8(data: bytes | None) -> bool:
    try:
        return data is None or data.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False


def _decoded(chunk: pa.Array, encoding: str) -> pa.Array:
    words = chunk.dictionary_encode()
    texts = [None if w is None else dbf.decode(w.encode("latin-1"), encoding) for w in words.dictionary.to_pylist()]
    return pc.take(pa.array(texts, pa.string()), words.indices)


def _flat(column: pa.ChunkedArray, tally: _Tally, spec: dict[str, Any]) -> pa.ChunkedArray:
    """Return the geometries as little-endian 2-D WKB; null where there is none."""
    import shapely

    wkb = column.cast(pa.binary()).combine_chunks()
    _refuse_curves(wkb, tally.features, spec["where"])
    shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False))
    void = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    points = shapely.get_num_coordinates(shapes)
    if len(points) and points.max() > spec["max_vertices"]:
        row = tally.features + int(points.argmax()) + 1
        clash = Text("有 {a:,} 个节点，上限为 {b:,}。", "it has {a:,} vertices; {b:,} are allowed.").fill(
            a=int(points.max()), b=spec["max_vertices"]
        )
        raise Refuse(
            fault(
                "too_many_vertices",
                spec["where"],
                clash,
                Text("请拆分或化简该要素。", "Split or simplify it."),
                record=f"row {row}",
            )
        )
    tally.flattened |= bool(shapely.has_z(shapes).any() or shapely.has_m(shapes).any())
    tally.kinds |= {shapely.GeometryType(int(k)).name.title() for k in np.unique(shapely.get_type_id(shapes[~void]))}
    if not void.all():
        box = shapely.total_bounds(shapes[~void])
        tally.bounds[:2] = np.minimum(tally.bounds[:2], box[:2])
        tally.bounds[2:] = np.maximum(tally.bounds[2:], box[2:])
    tally.features += len(shapes)
    tally.empty += int(void.sum())
    flat = shapely.to_wkb(shapely.force_2d(shapes), byte_order=1, output_dimension=2)
    return pa.chunked_array([pa.array(flat, pa.binary(), mask=void)])


def _refuse_curves(wkb: pa.Array, before: int, where: str) -> None:
    """Refuse arcs and other shapes that are not made of straight edges, told by the type in the head of each WKB."""
    kinds = _kinds_of(wkb)
    odd = np.flatnonzero((kinds >= 8) & (kinds <= 17))
    if len(odd):
        said = ", ".join(dict.fromkeys(_CURVES.get(int(k), str(k)) for k in kinds[odd]))
        clash = Text(
            "有 {n} 个要素是曲线或曲面（{k}），首个在第 {r} 行。",
            "{n} features are curves or surfaces ({k}), the first in row {r}.",
        )
        clash = clash.fill(n=len(odd), k=said, r=before + int(odd[0]) + 1)
        remedy = Text(
            "请先把弧段按规定的步长加密为折线，再导出：步长决定面积，不能由程序代定。",
            "Turn arcs into lines in the prescribed steps, then export: the steps decide the area, no program may choose them.",
        )
        raise Refuse(fault("curves", where, clash, remedy, record=f"row {before + int(odd[0]) + 1}"))


_CURVES = {8: "CircularString", 9: "CompoundCurve", 10: "CurvePolygon", 11: "MultiCurve", 12: "MultiSurface", 13: "Curve",
           14: "Surface", 15: "PolyhedralSurface", 16: "TIN", 17: "Triangle"}  # fmt: skip


def _kinds_of(wkb: pa.Array) -> np.ndarray[Any, Any]:
    """Return the type (1 point ... 17 triangle) in the head of each WKB, 0 where there is none; Z and M are left out."""
    offsets = np.frombuffer(wkb.buffers()[1], np.int32)[wkb.offset : wkb.offset + len(wkb) + 1].astype(np.int64)
    kinds = np.zeros(len(wkb), np.int64)
    at = np.flatnonzero(np.diff(offsets) >= 5)
    if len(at):
        data = np.frombuffer(wkb.buffers()[2], np.uint8)
        heads = data[offsets[at][:, None] + np.arange(5)].astype(np.int64)
        little, big = heads[:, 1:] @ [1, 1 << 8, 1 << 16, 1 << 24], heads[:, 1:] @ [1 << 24, 1 << 16, 1 << 8, 1]
        kinds[at] = (np.where(heads[:, 0] == 1, little, big) & 0x0FFF_FFFF) % 1000
    return kinds


def _dropped(names: list[str], where: str) -> list[Fault]:
    if not names:
        return []
    clash = Text("字段 {c} 不是文字或数字，未读入。", "the fields {c} are neither text nor numbers and were left out.").fill(
        c=", ".join(names[:20])
    )
    return [
        fault(
            "column_left_out",
            where,
            clash,
            Text("若需要，请转换类型后重新导出。", "If needed, convert and export again."),
            warn=True,
        )
    ]


def _flattened(tally: _Tally, where: str) -> list[Fault]:
    if not tally.flattened:
        return []
    clash = Text(
        "图形带有高程或测量值（Z/M），只读入平面坐标。", "its shapes have heights or measures (Z/M); only the plane was read."
    )
    remedy = Text(
        "面积按平面坐标在椭球上计算，无需改动。", "Areas follow the plane coordinates on the ellipsoid; nothing need be done."
    )
    return [fault("heights_left_out", where, clash, remedy, warn=True)]
