"""What a GeoPackage would run when it is opened, judged before any layer is: views, triggers, computed columns.

A GeoPackage is an SQLite database, and the database itself may hold code. Its catalogue is read here without
running any of it. Reference: OGC 12-128r19 (GeoPackage), annexes on triggers and the R-tree extension; SQLite
documentation, "Defense against the dark arts".
"""

from __future__ import annotations

import re
import sqlite3
import time

from ecocomp.io.foreign.words import Refuse, fault, head_of, not_a
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

SCAN_S = 10.0
_SPATIAL_INDEX = re.compile(r"rtree_.+_(insert|update\d?|delete)", re.IGNORECASE)
_COUNTS = re.compile(r"trigger_(insert|delete)_feature_count_.+", re.IGNORECASE)
_TARGET = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE(?!\s+OF\b)|DELETE\s+FROM|REPLACE\s+INTO)\s*[\"\[`]?([\w]+)", re.IGNORECASE
)
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|--[^\n]*", re.DOTALL)
_ODD = re.compile(
    r"\b(?:WITH|RECURSIVE|zeroblob|randomblob|load_extension|readfile|writefile|fts\w*|printf|replicate|GENERATED)\b", re.IGNORECASE
)


def inspect(path: str, where: str) -> None:
    """Refuse the file unless it is a plain GeoPackage without code of its own."""
    head = head_of(path)
    if not head.startswith(b"SQLite format 3\x00"):
        raise not_a(
            Text("GeoPackage", "a GeoPackage"), where, head,
            Text("请用原软件另存为 GeoPackage。", "Save it as GeoPackage with the software it came from."),
        )  # fmt: skip
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON"):
            connection.execute(f"PRAGMA {pragma}")
        until = time.monotonic() + SCAN_S
        connection.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
        rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master LIMIT 20001").fetchall()
        shared = connection.execute(
            "SELECT min(name), max(name) FROM sqlite_master WHERE rootpage > 0 GROUP BY rootpage HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
    finally:
        connection.close()
    found = [f for kind, name, _, sql in rows if (f := _judge(str(kind), str(name), str(sql), where))]
    if len(rows) > 20_000:
        found.append(_code(where, "", Text("目录里的对象过多", "too many objects in the catalogue")))
    if shared:
        found.append(_one_page(where, str(shared[0]), str(shared[1])))
    names = {str(name).lower() for kind, name, _, _ in rows if kind == "table"}
    if "gpkg_contents" not in names:
        found.append(_plain_sqlite(where))
    if found:
        raise Refuse(*found[:50])


def definition(path: str, layer: str) -> str:
    """Return the text by which the file defines the reference system of a layer, or nothing; read without running any of it.

    For systems without an EPSG code, which the library does not always pass on.
    """
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON"):
            connection.execute(f"PRAGMA {pragma}")
        until = time.monotonic() + SCAN_S
        connection.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
        row = connection.execute(
            "SELECT s.definition FROM gpkg_geometry_columns g JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id"
            " WHERE g.table_name = ? AND length(s.definition) < 20000",
            (layer,),
        ).fetchone()
    except sqlite3.Error:
        return ""
    finally:
        connection.close()
    return str(row[0]) if row and isinstance(row[0], str) else ""


def _judge(kind: str, name: str, sql: str, where: str) -> Fault | None:
    if kind == "view":
        return _code(where, name, Text("视图", "a view"))
    if kind == "trigger" and not _harmless_trigger(name, sql):
        return _code(where, name, Text("非标准的触发器", "a trigger that is not of the standard"))
    if kind == "table" and re.match(r"\s*CREATE\s+VIRTUAL\s+TABLE", sql, re.IGNORECASE):
        if not re.search(r"\bUSING\s+rtree\s*\(", sql, re.IGNORECASE) or not name.lower().startswith("rtree_"):
            return _code(where, name, Text("虚拟表", "a virtual table"))
    elif kind == "table" and re.search(r"\bGENERATED\s+ALWAYS\b|[\s)\"\]]AS\s*\(", sql, re.IGNORECASE):
        return _code(where, name, Text("计算列", "a computed column"))
    return None


def _harmless_trigger(name: str, sql: str) -> bool:
    """The triggers of the standard: they keep the spatial index and the row counts, or refuse bad tile matrices."""
    sql = _COMMENT.sub(" ", re.sub(r"'(?:[^']|'')*'", " LITERAL ", sql))
    body = sql[sql.upper().find("BEGIN") :]
    if _ODD.search(sql):
        return False
    targets = [t.lower() for t in _TARGET.findall(body)]
    if _SPATIAL_INDEX.fullmatch(name):
        return all(t.startswith("rtree_") for t in targets)
    if _COUNTS.fullmatch(name):
        return all(t == "gpkg_ogr_contents" for t in targets)
    return name.lower().startswith("gpkg_") and not targets and "RAISE" in body.upper()


def _code(where: str, name: str, what: Text) -> Fault:
    return fault(
        "gpkg_code",
        where,
        Text(
            "GeoPackage 含有{w}“{n}”，打开时会执行其中的语句。",
            "the GeoPackage holds {w} “{n}”; opening it would run its statements.",
        ).fill(w=what, n=name[:80]),
        Text(
            "请把图层另存为新的 GeoPackage（不含视图与触发器）。", "Save the layer to a new GeoPackage without views and triggers."
        ),
        record=name[:80],
    )


def _one_page(where: str, one: str, two: str) -> Fault:
    return fault(
        "unreadable",
        where,
        Text("目录已损坏：“{a}”与“{b}”指向同一页。", "its catalogue is damaged: “{a}” and “{b}” lie on one page.").fill(
            a=one[:80], b=two[:80]
        ),
        Text("请从备份恢复，或用原软件重新导出。", "Restore it from a copy, or export it again with the software it came from."),
    )


def _plain_sqlite(where: str) -> Fault:
    return fault(
        "wrong_format",
        where,
        Text(
            "是 SQLite 数据库，但不是 GeoPackage（缺 gpkg_contents 表）。",
            "it is an SQLite database but no GeoPackage (no table gpkg_contents).",
        ),
        Text("请用原软件另存为 GeoPackage。", "Save it as GeoPackage with the software it came from."),
    )
