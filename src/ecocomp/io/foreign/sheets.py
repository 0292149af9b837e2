"""A whole workbook or text table as it lies there, cell by cell: for registers that clerks keep, with titles and merged cells.

Where `table` wants one header and one rectangle, this gives every row of every sheet: its number, its cells as text
and what each cell was. Nothing is interpreted; `ecocomp.tenure.sheets` does that. The archive, the extent of the cells
and the encoding are looked over as for every table.

The clean file has the columns `sheet` (number in the list of sheets), `row` (as the spreadsheet counts, from 1), `kinds`
(one letter a cell) and `c1`, `c2`, … (text; column A is `c1`). Kinds: blank empty, ``s`` text, ``n`` number, ``d`` date,
``b`` truth, ``v`` covered by a merge with the cell above it (its text is repeated), ``h`` covered by a merge otherwise.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.io.files import write_batches
from ecocomp.io.foreign.table import cell_text, look_over, text_encoding
from ecocomp.io.foreign.words import Refuse, fault, head_of, not_a
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

BATCH_ROWS = 16_384
FIELD_BYTES = 1 << 20
MERGED_CELLS = 4_000_000
Row = tuple[int, int, str, list[str]]
Made = tuple[dict[str, Any], list[Fault], str]


def clean(spec: dict[str, Any]) -> Made:
    """Write every row of every sheet; return facts, warnings and the name of the file made."""
    path = next(iter(spec["files"].values()))
    head = head_of(path, 4096)
    if head.startswith(b"PK\x03\x04"):
        return _workbook(path, spec)
    if not head.strip() or b"\x00" in head or head.lstrip()[:1] == b"<" or head.startswith((b"\xff\xfe", b"\xfe\xff", b"PAR1")):
        wanted = Text("CSV 或 XLSX 表", "a table in CSV or XLSX")
        raise not_a(wanted, spec["where"], head, Text("请另存为 XLSX 或 CSV（UTF-8）。", "Save it as XLSX or CSV (UTF-8)."))
    return _text(path, spec)


# ---------------------------------------------------------------- text
def _text(path: str, spec: dict[str, Any]) -> Made:
    encoding = text_encoding(path, spec["where"])
    delimiter = _delimiter(path, encoding)
    rows = width = 0
    for row in _records(path, encoding, delimiter):
        rows, width = rows + 1, max(width, _used(row))
        _cap(rows, width, spec)
    made = _write(_text_rows(path, encoding, delimiter), width)
    sheet = {"name": "", "visible": True, "rows": made, "columns": width}
    return {"format": "csv", "encoding": encoding, "delimiter": delimiter, "sheets": [sheet]}, [], "clean.parquet"


def _text_rows(path: str, encoding: str, delimiter: str) -> Iterator[Row]:
    for number, cells in enumerate(_records(path, encoding, delimiter), start=1):
        kept = cells[: _used(cells)]
        yield 0, number, "".join("s" if c.strip() else " " for c in kept), kept


def _records(path: str, encoding: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(FIELD_BYTES)
    with Path(path).open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        yield from csv.reader(file, delimiter=delimiter)


def _used(cells: list[str]) -> int:
    """Return how many cells there are up to the last that is not empty."""
    return next((i + 1 for i in range(len(cells) - 1, -1, -1) if cells[i].strip()), 0)


def _delimiter(path: str, encoding: str) -> str:
    with Path(path).open(encoding=encoding, newline="") as file:
        lines = [file.readline(FIELD_BYTES) for _ in range(60)]
    return max(",\t;|", key=lambda d: (sum(1 for line in lines if d in line), sum(line.count(d) for line in lines)))


# ---------------------------------------------------------------- XLSX
def _workbook(path: str, spec: dict[str, Any]) -> Made:
    import python_calamine

    warnings = look_over(path, spec["where"])
    book = python_calamine.CalamineWorkbook.from_path(path)
    listed = [m for m in book.sheets_metadata if m.typ == python_calamine.SheetTypeEnum.WorkSheet]
    sheets: list[dict[str, Any]] = []
    total = width = 0
    for meta in listed:
        sheet = book.get_sheet_by_name(meta.name)
        height, reach = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
        total, width = total + height, max(width, reach)
        _cap(total, width, spec)
        visible = meta.visible == python_calamine.SheetVisibleEnum.Visible
        sheets.append({"name": meta.name, "visible": visible, "rows": height, "columns": reach})
    _write(_book_rows(book, [s["name"] for s in sheets], spec["where"]), width)
    return {"format": "xlsx", "encoding": "utf-8", "sheets": sheets}, warnings, "clean.parquet"


def _book_rows(book: Any, names: list[str], where: str) -> Iterator[Row]:
    for n, name in enumerate(names):
        sheet = book.get_sheet_by_name(name)
        if sheet.end is None:
            continue
        covered = _covered(sheet, where)
        before = [""] * sheet.start[1]
        above: dict[tuple[int, int], str] = {}
        for r, values in enumerate(sheet.iter_rows()):
            cells = before + [cell_text(v) for v in values]
            kinds = [" "] * len(before) + [_kind(v) for v in values]
            if covered:
                _fill(r, cells, kinds, covered, above)
            yield n, r + 1, "".join(kinds), cells


def _covered(sheet: Any, where: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Return, for each cell a merge covers inside the extent of the sheet, the cell that holds its value."""
    last_row, last_column = sheet.end
    out: dict[tuple[int, int], tuple[int, int]] = {}
    laid = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        bottom, right = min(bottom, last_row), min(right, last_column)
        laid += max(0, bottom - top + 1) * max(0, right - left + 1)
        if laid > MERGED_CELLS:
            clash = Text("合并单元格盖住的格子超过 {n:,} 个。", "merged cells cover more than {n:,} cells.").fill(n=MERGED_CELLS)
            raise Refuse(fault("too_many_merges", where, clash, Text("请取消合并后另存。", "Unmerge them and save again.")))
        for r in range(top, bottom + 1):
            for c in range(left, right + 1):
                out[r, c] = (top, left)
    return out


def _fill(
    r: int,
    cells: list[str],
    kinds: list[str],
    covered: dict[tuple[int, int], tuple[int, int]],
    above: dict[tuple[int, int], str],
) -> None:
    for c in range(len(cells)):
        home = covered.get((r, c))
        if home is None:
            continue
        if home == (r, c):
            above[home] = cells[c]
        elif home[1] == c:
            cells[c], kinds[c] = above.get(home, ""), "v"
        else:
            cells[c], kinds[c] = "", "h"


def _kind(value: Any) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        return " "
    if isinstance(value, str):
        return "s"
    if isinstance(value, bool):
        return "b"
    return "d" if isinstance(value, date | time) else "n"


# ---------------------------------------------------------------- both
def _cap(rows: int, width: int, spec: dict[str, Any]) -> None:
    if width > spec["max_columns"] or rows > spec["max_rows"] or rows * max(1, width) > spec["max_cells"]:
        clash = Text(
            "行、列或格数超过上限（{r:,} 行，{w:,} 列，{c:,} 格）。",
            "more rows, columns or cells than allowed ({r:,} rows, {w:,} columns, {c:,} cells).",
        ).fill(r=spec["max_rows"], w=spec["max_columns"], c=spec["max_cells"])
        remedy = Text("请分成几个文件，只保留需要的列。", "Split it into several files and keep the columns needed only.")
        raise Refuse(fault("too_many_rows", spec["where"], clash, remedy))


def _write(rows: Iterable[Row], width: int) -> int:
    fields = [pa.field("sheet", pa.int64()), pa.field("row", pa.int64()), pa.field("kinds", pa.string())]
    schema = pa.schema([*fields, *(pa.field(f"c{i + 1}", pa.string()) for i in range(width))])
    return write_batches(schema, _batches(rows, schema, width), "out/clean.parquet")


def _batches(rows: Iterable[Row], schema: pa.Schema, width: int) -> Iterator[pa.Table]:
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == BATCH_ROWS:
            yield _table(waiting, schema, width)
            waiting = []
    if waiting:
        yield _table(waiting, schema, width)


def _table(rows: list[Row], schema: pa.Schema, width: int) -> pa.Table:
    columns: list[list[Any]] = [[r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]]
    columns += [[r[3][i] if i < len(r[3]) else "" for r in rows] for i in range(width)]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
