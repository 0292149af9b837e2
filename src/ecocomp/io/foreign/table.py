"""A foreign table made clean: Parquet of text columns, empty text for empty cells, codes with all their zeros.

CSV in UTF-8 or GB18030, told apart strictly; XLSX, its archive and its extent looked over before a cell is read;
Parquet under limits. Tables stream through; nothing is guessed about types.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ecocomp.io.files import CHUNK_BYTES, write_batches
from ecocomp.io.foreign.words import Refuse, fault, head_of, not_a
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

BATCH_ROWS = 65_536
LINE_BYTES = 8 << 20
ZIP_ENTRIES = 10_000
ZIP_RATIO = 400
ZIP_BYTES = 8 << 30
CELL_DIGITS = 15
_PARQUET = {
    "thrift_string_size_limit": 64 << 20,
    "thrift_container_size_limit": 1 << 20,
    "page_checksum_verification": True,
    "arrow_extensions_enabled": False,
}
Made = tuple[dict[str, Any], list[Fault], str]
_MORE = Text("请另存为 UTF-8 编码的 CSV。", "Save it as CSV in UTF-8.")


def clean(spec: dict[str, Any]) -> Made:
    """Make the table clean; return facts, warnings and the name of the file made."""
    path = next(iter(spec["files"].values()))
    head = head_of(path, 4096)
    if head.startswith(b"PAR1"):
        return _parquet(path, spec)
    if head.startswith(b"PK\x03\x04"):
        return _workbook(path, spec)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        clash = Text("文本是 UTF-16 编码。", "the text is in UTF-16.")
        raise Refuse(fault("other_encoding", spec["where"], clash, _MORE))
    if not head.strip() or b"\x00" in head or head.lstrip()[:1] == b"<":
        wanted = Text("CSV、XLSX 或 Parquet 表", "a table in CSV, XLSX or Parquet")
        raise not_a(wanted, spec["where"], head, Text("请另存为 CSV（UTF-8）或 XLSX。", "Save it as CSV (UTF-8) or XLSX."))
    return _csv(path, spec)


# ---------------------------------------------------------------- CSV
def text_encoding(path: str, where: str) -> str:
    """Return `utf-8` or `gb18030`, whichever the whole file strictly is; refuse a file that is neither."""
    places: list[str] = []
    for name in ("utf-8", "gb18030"):
        wrong = _first_wrong_byte(path, name)
        if wrong is None:
            return name
        places.append(f"{name}: {wrong:,}")
    clash = Text(
        "既不是 UTF-8 也不是 GB18030（首个错误字节的位置 {p}）。",
        "the text is neither UTF-8 nor GB18030 (first wrong byte at {p}).",
    )
    raise Refuse(fault("other_encoding", where, clash.fill(p=", ".join(places)), _MORE))


def _first_wrong_byte(path: str, name: str) -> int | None:
    decoder = codecs.getincrementaldecoder(name)("strict")
    read = 0
    with Path(path).open("rb") as file:
        while True:
            piece = file.read(CHUNK_BYTES)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as exc:
                return read - held + exc.start
            if not piece:
                return None
            read += len(piece)


def _csv(path: str, spec: dict[str, Any]) -> Made:
    where = spec["where"]
    encoding = text_encoding(path, where)
    header, delimiter, skip = _csv_header(path, encoding, spec)
    names = _names(header, spec)
    faults: list[Fault] = []
    ragged = 0

    def odd(row: Any) -> str:
        nonlocal ragged
        ragged += 1
        if ragged <= 50:
            faults.append(_ragged(where, row.number, row.actual_columns, row.expected_columns))
        return "skip"

    try:
        stream = pacsv.open_csv(
            path,
            read_options=pacsv.ReadOptions(
                use_threads=False, encoding=encoding, column_names=names, skip_rows=skip, block_size=LINE_BYTES
            ),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=odd),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, null_values=[], check_utf8=True
            ),
        )
        rows = _write(_counted((pa.Table.from_batches([b]) for b in stream), spec), names)
    except StopIteration:
        rows = _write(iter(()), names)
    except pa.ArrowInvalid as exc:
        if "Empty CSV" not in str(exc):
            raise
        rows = _write(iter(()), names)
    if ragged > 50:
        faults.append(_more(where, ragged - 50))
    if faults:
        raise Refuse(*faults)
    facts = {"format": "csv", "encoding": encoding, "delimiter": delimiter, "columns": names, "rows": rows}
    return facts, [], "clean.parquet"


def _csv_header(path: str, encoding: str, spec: dict[str, Any]) -> tuple[list[str], str, int]:
    """Return the column names, the delimiter, and how many lines stand above the data."""
    import csv

    name = "utf-8-sig" if encoding == "utf-8" else encoding
    with Path(path).open(encoding=name, newline="") as file:
        lines = [file.readline(1 << 20) for _ in range(spec["header_row"])]
        if not lines[-1].strip():
            raise Refuse(_no_header(spec))
        delimiter = max(",\t;|", key=lines[-1].count)
        while lines[-1].count('"') % 2:  # a column name with a line break inside
            more = file.readline(1 << 20)
            if not more or len(lines[-1]) > (1 << 20):
                raise Refuse(_no_header(spec))
            lines[-1] += more
        header = next(csv.reader([lines[-1]], delimiter=delimiter))
        return header, delimiter, sum(text.count("\n") or 1 for text in lines)


def _ragged(where: str, row: int | None, found: int, wanted: int) -> Fault:
    return fault(
        "ragged_row",
        where,
        Text("有 {a} 列，表头有 {b} 列。", "it has {a} columns, the header has {b}.").fill(a=found, b=wanted),
        Text("请检查该行的分隔符和引号。", "Check the separators and quotes of this row."),
        record="" if row is None else f"row {row}",
    )


def _more(where: str, n: int) -> Fault:
    clash = Text("另有 {n:,} 行列数不符。", "{n:,} more rows have another number of columns.").fill(n=n)
    return fault("ragged_row", where, clash, Text("请一并改正。", "Correct them as well."))


# ---------------------------------------------------------------- XLSX
def _workbook(path: str, spec: dict[str, Any]) -> Made:
    import python_calamine

    where = spec["where"]
    warnings = look_over(path, where)
    book = python_calamine.CalamineWorkbook.from_path(path)
    sheet = book.get_sheet_by_name(_pick_sheet(book, spec))
    if sheet.total_width > spec["max_columns"]:
        raise Refuse(_too_wide(where, sheet.total_width, spec["max_columns"]))
    rows = iter(sheet.iter_rows())
    for _ in range(spec["header_row"] - 1):
        next(rows, None)
    header = [cell_text(v) for v in next(rows, [])]
    while header and not header[-1].strip():
        header.pop()
    names = _names(header, spec)
    lossy: list[int] = []
    made = _write(_counted(_sheet_tables(rows, names, lossy, spec), spec), names)
    if lossy:
        warnings.append(_lost_digits(where, lossy))
    facts = {"format": "xlsx", "encoding": "utf-8", "sheet": sheet.name, "columns": names, "rows": made}
    return facts, warnings, "clean.parquet"


def look_over(path: str, where: str) -> list[Fault]:
    """Judge the archive by its directory and each sheet by the extent of its cells, before anything is loaded."""
    with zipfile.ZipFile(path) as archive:
        check_zip(archive, where)
        names = {i.filename.lower(): i.filename for i in archive.infolist()}
        found: list[Fault] = []
        if any(n.endswith("vbaproject.bin") for n in names):
            found.append(_strange(where, Text("宏", "macros")))
        if any("/embeddings/" in n or "/activex/" in n for n in names):
            found.append(_strange(where, Text("嵌入对象", "embedded objects")))
        if found:
            raise Refuse(*found)
        if not any(n == "xl/workbook.xml" for n in names):
            raise not_a(
                Text("XLSX 工作簿", "an XLSX workbook"), where, b"PK\x03\x04",
                Text("请另存为 XLSX 或 CSV。", "Save it as XLSX or CSV."),
            )  # fmt: skip
        wrong = 0
        for low, real in sorted(names.items()):
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", low):
                wrong += _check_extent(archive, real, where)
        links = any(n.startswith("xl/externallinks/") for n in names)
    return [_links(where)] * links + [_error_cells(where, wrong)] * bool(wrong)


def _error_cells(where: str, count: int) -> Fault:
    clash = Text("有 {n:,} 个单元格的值是错误（如 #REF!），读作空格。", "{n:,} cells hold an error such as #REF!; read as empty.")
    remedy = Text("请改正公式后重新保存。", "Correct the formulas and save it again.")
    return fault("error_cells", where, clash.fill(n=count), remedy, warn=True)


def check_zip(archive: zipfile.ZipFile, where: str) -> None:
    """Refuse an archive by its directory: too many entries, too large, too dense, encrypted, or with names that climb."""
    entries = archive.infolist()
    found: list[Text] = []
    if len(entries) > ZIP_ENTRIES:
        found.append(Text("有 {n:,} 个条目", "{n:,} entries").fill(n=len(entries)))
    whole = sum(i.file_size for i in entries)
    packed = sum(i.compress_size for i in entries)
    if whole > ZIP_BYTES or (whole > 64 << 20 and whole > ZIP_RATIO * max(1, packed)):
        found.append(Text("解压后有 {n:,} 字节", "{n:,} bytes when unpacked").fill(n=whole))
    if any(i.flag_bits & 1 for i in entries):
        found.append(Text("已加密", "encryption"))
    if any(i.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", i.filename) for i in entries):
        found.append(Text("条目名指向包外", "a name that points outside"))
    if any((i.external_attr >> 16) & 0o170000 == 0o120000 for i in entries):
        found.append(Text("含有链接", "a link"))
    if len({i.filename for i in entries}) != len(entries):
        found.append(Text("条目重名", "a name twice"))
    if found:
        what = Text("；".join(f.zh for f in found), "; ".join(f.en for f in found))
        clash = Text("压缩包不安全：{w}。", "the archive is not safe: {w}.").fill(w=what)
        raise Refuse(fault("unsafe_archive", where, clash, Text("请重新打包，只放数据文件。", "Pack it anew with the data only.")))


_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=[\"']([A-Za-z]{1,4})(\d{1,20})[\"']")
_ERROR_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\bt=[\"']e[\"']")
_LAST_ROW = 1_048_576
_MAX_SHEET_CELLS = 200_000_000


def _check_extent(archive: zipfile.ZipFile, name: str, where: str) -> int:
    """Refuse a sheet whose cells span far more than they fill: readers lay out the whole rectangle.

    Returns how many cells hold an error such as #REF! instead of a value.
    """
    far_row, far_column, cells, wrong = 1, 1, 0, 0
    far = ("A1", "A1")
    rest = b""
    with archive.open(name) as sheet:
        while piece := sheet.read(1 << 20):
            text = rest + piece
            cut = text.rfind(b"<")
            rest = text[cut:] if len(text) - cut < 4096 else b""
            whole = text[:cut] if rest else text
            wrong += len(_ERROR_CELL.findall(whole))
            for letters, digits in _CELL.findall(whole):
                cells += 1
                column, row = _column_number(letters), int(digits)
                if row > far_row:
                    far_row, far = row, ((letters + digits).decode(), far[1])
                if column > far_column:
                    far_column, far = column, (far[0], (letters + digits).decode())
    box = far_row * far_column
    if box > max(2_000_000, 50 * cells) or box > _MAX_SHEET_CELLS or far_row > _LAST_ROW:
        clash = Text(
            "工作表 {s} 的单元格伸到 {a} 与 {b}（{x:,} 格），实际只有 {c:,} 格有内容。",
            "cells of sheet {s} reach to {a} and {b} ({x:,} cells), but only {c:,} are filled.",
        ).fill(s=name.rsplit("/", 1)[-1], a=far[0], b=far[1], x=box, c=cells)
        remedy = Text("请删除远处的单元格，或只把数据区另存。", "Delete the far cells, or save the data area alone.")
        raise Refuse(fault("sheet_too_large", where, clash, remedy))
    return wrong


def _column_number(letters: bytes) -> int:
    number = 0
    for c in letters.upper():
        number = number * 26 + c - 64
    return number


def _pick_sheet(book: Any, spec: dict[str, Any]) -> str:
    names: list[str] = list(book.sheet_names)
    wanted = spec["sheet"]
    if wanted is not None:
        if wanted in names:
            return str(wanted)
        raise Refuse(_which_sheet(spec["where"], names, Text("没有工作表“{s}”", "there is no sheet “{s}”").fill(s=wanted)))
    if len(names) == 1:
        return names[0]
    filled = [n for n in names if book.get_sheet_by_name(n).total_height > 0]
    if len(filled) == 1:
        return filled[0]
    raise Refuse(_which_sheet(spec["where"], names, Text("有多个工作表", "there are several sheets")))


def _which_sheet(where: str, names: list[str], why: Text) -> Fault:
    clash = Text("{w}：{n}。", "{w}: {n}.").fill(w=why, n=", ".join(names[:20]))
    return fault("which_sheet", where, clash, Text("请在声明中写明工作表名。", "Name the sheet in the declaration."))


def _sheet_tables(rows: Iterator[list[Any]], names: list[str], lossy: list[int], spec: dict[str, Any]) -> Iterator[pa.Table]:
    width = len(names)
    columns: list[list[str]] = [[] for _ in names]
    wide: list[Fault] = []
    for number, row in enumerate(rows, start=spec["header_row"] + 1):
        cells = [cell_text(v) for v in row]
        if not any(cells):
            continue
        if any(cells[width:]) and len(wide) < 50:
            wide.append(_ragged(spec["where"], number, len(cells), width))
        if any(isinstance(v, float) and abs(v) >= 10**CELL_DIGITS for v in row):
            lossy.append(number)
        for i in range(width):
            columns[i].append(cells[i] if i < len(cells) else "")
        if len(columns[0]) == BATCH_ROWS:
            yield pa.table([pa.array(c, pa.string()) for c in columns], names=names)
            columns = [[] for _ in names]
    if wide:
        raise Refuse(*wide)
    if columns[0]:
        yield pa.table([pa.array(c, pa.string()) for c in columns], names=names)


def cell_text(value: Any) -> str:
    """Return a cell as text: whole numbers without a point, dates as ISO 8601, truth as 1 and 0."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e22 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return str(value)


def _strange(where: str, what: Text) -> Fault:
    return fault(
        "active_content",
        where,
        Text("工作簿含有{w}。", "the workbook holds {w}.").fill(w=what),
        Text("请另存为不含宏的 XLSX，或存为 CSV。", "Save it as an XLSX without them, or as CSV."),
    )


def _links(where: str) -> Fault:
    return fault(
        "external_links",
        where,
        Text(
            "工作簿链接到别的文件；链接没有打开，只用了已存的值。",
            "the workbook links to other files; they were not opened, stored values were used.",
        ),
        Text("请核对这些单元格的值是否最新。", "Check that the values of these cells are up to date."),
        warn=True,
    )


def _lost_digits(where: str, rows: list[int]) -> Fault:
    return fault(
        "lost_digits",
        where,
        Text(
            "{n:,} 行里有超过 15 位的数字；表格软件只保留 15 位，编码可能已损坏。",
            "{n:,} rows hold numbers of more than 15 digits; spreadsheets keep only 15, so codes may be spoiled.",
        ).fill(n=len(rows)),
        Text("请把该列设为文本格式后重新录入或导出。", "Set the column to text and enter or export it again."),
        record="row " + ", ".join(str(r) for r in rows[:10]),
        warn=True,
    )


# ---------------------------------------------------------------- Parquet
def _parquet(path: str, spec: dict[str, Any]) -> Made:
    file = pq.ParquetFile(path, **_PARQUET)
    schema = file.schema_arrow
    nested = [f.name for f in schema if pa.types.is_nested(f.type) or pa.types.is_binary(f.type)]
    if nested:
        clash = Text("列 {c} 不是简单类型。", "the columns {c} are not of a simple type.").fill(c=", ".join(nested[:20]))
        raise Refuse(fault("nested_columns", spec["where"], clash, Text("请去掉或展开这些列。", "Drop or flatten them.")))
    names = _names(list(schema.names), spec)
    tables = (_as_text(pa.Table.from_batches([b]), names) for b in file.iter_batches(BATCH_ROWS, use_threads=False))
    rows = _write(_counted(tables, spec), names)
    return {"format": "parquet", "encoding": "utf-8", "columns": names, "rows": rows}, [], "clean.parquet"


def _as_text(table: pa.Table, names: list[str]) -> pa.Table:
    table.validate(full=True)
    return pa.table([_column_as_text(c) for c in table.columns], names=names)


def _column_as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_floating(kind):
        return pa.chunked_array([pa.array(["" if v is None else cell_text(v) for v in column.to_pylist()], pa.string())])
    return pc.fill_null(without_zone(column).cast(pa.string()), "")


def without_zone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times with a zone as times in UTC; a machine needs no zone database for that."""
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return column.cast(pa.timestamp(column.type.unit))
    return column


# ---------------------------------------------------------------- shared by all three
def _names(header: list[str], spec: dict[str, Any]) -> list[str]:
    """Return the trimmed column names; refuse too many at once, and none, empty or doubled."""
    where = spec["where"]
    names = [h.strip().removeprefix("\ufeff") for h in header]
    if not any(names):
        raise Refuse(_no_header(spec))
    if len(names) > spec["max_columns"]:
        raise Refuse(_too_wide(where, len(names), spec["max_columns"]))
    found: list[Fault] = []
    empty = [str(i + 1) for i, n in enumerate(names) if not n]
    twice = sorted(n for n, times in Counter(names).items() if n and times > 1)
    if empty:
        clash = Text("第 {c} 列没有列名。", "column {c} has no name.").fill(c=", ".join(empty[:20]))
        found.append(fault("no_column_name", where, clash, Text("请填写列名或删除空列。", "Name it or delete the empty column.")))
    if twice:
        clash = Text("列名重复：{c}。", "column names are used twice: {c}.").fill(c=", ".join(twice[:20]))
        found.append(fault("double_column_name", where, clash, Text("请改名或删除其一。", "Rename or delete one of them.")))
    if found:
        raise Refuse(*found)
    return names


def _no_header(spec: dict[str, Any]) -> Fault:
    clash = Text("第 {n} 行不是表头。", "row {n} is not a header.").fill(n=spec["header_row"])
    return fault(
        "no_header", spec["where"], clash, Text("请把列名放在第一行，或写明表头行。", "Put names in row 1, or declare the row.")
    )


def _too_wide(where: str, found: int, cap: int) -> Fault:
    clash = Text("有 {a:,} 列，上限为 {b:,}。", "it has {a:,} columns; {b:,} are allowed.").fill(a=found, b=cap)
    return fault("too_many_columns", where, clash, Text("请只保留需要的列。", "Keep the columns needed only."))


def _counted(tables: Iterator[pa.Table], spec: dict[str, Any]) -> Iterator[pa.Table]:
    rows = cells = 0
    for table in tables:
        rows += len(table)
        cells += len(table) * table.num_columns
        if rows > spec["max_rows"] or cells > spec["max_cells"]:
            clash = Text("行数或格数超过上限（{r:,} 行，{c:,} 格）。", "more rows or cells than allowed ({r:,} rows, {c:,} cells).")
            remedy = Text("请分成几个文件。", "Split it into several files.")
            raise Refuse(fault("too_many_rows", spec["where"], clash.fill(r=spec["max_rows"], c=spec["max_cells"]), remedy))
        yield table


def _write(tables: Iterator[pa.Table], names: list[str]) -> int:
    schema = pa.schema([pa.field(n, pa.string(), nullable=False) for n in names])
    return write_batches(schema, (t.cast(schema) for t in tables), "out/clean.parquet")
