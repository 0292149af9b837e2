"""The complete report of an import: every fault, none left out, for the clerk, the spreadsheet and the machine.

A fault log holds any number of faults: those that do not fit memory lie on disk. It is written as CSV (UTF-8 with the
mark that makes Excel show Chinese), XLSX and JSON, each whole or not at all.

Reference for cells that a spreadsheet would take for a formula: OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.io.files import atomic_write, disk_words
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text
from ecocomp.terms.unseen import guarded_cell

HELD = 20_000
SHOWN = 50
XLSX_ROWS = 1_000_000
COLUMNS = ("severity", "code", "where", "record", "clash_zh", "clash_en", "remedy_zh", "remedy_en", "x", "y")
_TITLES = ("级别 severity", "代码 code", "文件 where", "记录 record", "问题（中文）", "what clashes", "处理（中文）", "what to do",
           "x", "y")  # fmt: skip
SCHEMA = pa.schema([pa.field(c, pa.float64() if c in "xy" else pa.string()) for c in COLUMNS])
Place = tuple[float, float]


class FaultLog(Sequence[Fault]):
    """All faults of one import in the order found; `len`, `for` and `[i]` work as on a list.

    whole   False: only the first `SHOWN` of a kind are held, the others are counted
    stages  faults added under a stage can be taken back together with `discard`
    """

    def __init__(self, whole: bool = True) -> None:
        self.whole = whole
        self._held: list[tuple[int, Fault, Place | None]] = []
        self._files: list[Path] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._gone: set[int] = set()
        self._counts: Counter[tuple[int, str, str]] = Counter()
        self._first: dict[tuple[int, str, str], list[Fault]] = {}
        self._wrong: dict[int, set[str]] = {}

    # ------------------------------------------------------------ taking in
    def add(self, faults: Iterable[Fault], stage: int = 0, places: Sequence[Place | None] | None = None) -> None:
        """Take in faults; `places` are the coordinates of each, where they are known."""
        for n, fault in enumerate(faults):
            kind = (stage, fault.severity, fault.code)
            self._counts[kind] += 1
            if fault.severity == "error" and fault.record:
                self._wrong.setdefault(stage, set()).add(fault.record)
            first = self._first.setdefault(kind, [])
            if len(first) < SHOWN:
                first.append(fault)
            if self.whole:
                self._held.append((stage, fault, places[n] if places else None))
                if len(self._held) >= HELD:
                    self._spill()

    def discard(self, stage: int) -> None:
        """Take back all faults of a stage."""
        self._gone.add(stage)

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="ecocomp-faults-")
        path = Path(self._folder.name) / f"{len(self._files):06d}.arrow"
        rows = pa.table({"stage": [s for s, _, _ in self._held], **_columns([(f, p) for _, f, p in self._held])})
        with (
            disk_words(path, rows.nbytes),
            pa.ipc.new_file(str(path), rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as sink,
        ):
            sink.write_table(rows)
        self._files.append(path)
        self._held = []

    # ------------------------------------------------------------ giving out
    def rows(self) -> Iterator[tuple[Fault, Place | None]]:
        """Yield every fault with its place, if known."""
        for path in self._files:
            with pa.OSFile(str(path)) as file:
                for row in pa.ipc.open_file(file).read_all().to_pylist():
                    if row["stage"] not in self._gone:
                        yield _fault_of(row)
        for stage, fault, place in self._held:
            if stage not in self._gone:
                yield fault, place

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, _ in self.rows())

    def __len__(self) -> int:
        return sum(n for (stage, _, _), n in self._counts.items() if stage not in self._gone)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def by_code(self, severity: str) -> dict[str, int]:
        """Return how many faults there are of each code."""
        out: Counter[str] = Counter()
        for (stage, kind, code), n in self._counts.items():
            if stage not in self._gone and kind == severity:
                out[code] += n
        return dict(sorted(out.items()))

    def records_in_error(self) -> int:
        """Return how many different records have an error."""
        return len(set().union(*(names for stage, names in self._wrong.items() if stage not in self._gone)))

    def count(self, value: Any) -> int:
        """Return how many faults there are of a severity, or how often one fault occurs."""
        if isinstance(value, str):
            return sum(self.by_code(value).values())
        return sum(fault == value for fault in self)

    def shown(self, where: str) -> list[Fault]:
        """Return what fits a screen: errors first, kinds in the order of their stages, of each the first and how many more."""
        kinds = [k for k in self._first if k[0] not in self._gone]
        kinds.sort(key=lambda k: (k[1] == "warning", k[0]))
        codes: dict[str, tuple[list[Fault], int]] = {}
        for kind in kinds:
            held, n = codes.get(kind[2], ([], 0))
            codes[kind[2]] = ((held + self._first[kind])[:SHOWN], n + self._counts[kind])
        return [f for code, (held, n) in codes.items() for f in (*held, *_more(code, where, held, n))]


def _more(code: str, where: str, held: list[Fault], n: int) -> list[Fault]:
    if n <= len(held):
        return []
    clash = Text("另有 {n} 处同类问题，共 {t} 处。", "{n} more of the same kind, {t} in all.").fill(n=n - len(held), t=n)
    remedy = Text("先改正所列的；再检查时会列出其余。", "Mend those listed; the next check lists the rest.")
    return [Fault(code, where, "", clash, remedy, held[0].severity)]


def _columns(rows: list[tuple[Fault, Place | None]]) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {c: [] for c in COLUMNS}
    for fault, place in rows:
        for name, value in fault.as_json().items():
            made[name].append(value)
        made["x"].append(place[0] if place else None)
        made["y"].append(place[1] if place else None)
    return made


def _fault_of(row: dict[str, Any]) -> tuple[Fault, Place | None]:
    clash, remedy = Text(row["clash_zh"], row["clash_en"]), Text(row["remedy_zh"], row["remedy_en"])
    fault = Fault(row["code"], row["where"], row["record"], clash, remedy, row["severity"])
    return fault, None if row["x"] is None else (row["x"], row["y"])


# ---------------------------------------------------------------- counts
def counts(rows_in: int, rows_out: int, refused: int, faults: FaultLog) -> dict[str, Any]:
    """Return what went in and what came of it; `ValueError` if rows in are not rows out and rows refused."""
    if rows_in != rows_out + refused:
        raise ValueError(f"{rows_in} rows in, but {rows_out} out and {refused} refused")
    return {
        "rows_in": rows_in,
        "rows_out": rows_out,
        "rows_refused": refused,
        "records_in_error": faults.records_in_error(),
        "errors": faults.by_code("error"),
        "warnings": faults.by_code("warning"),
        "errors_total": faults.count("error"),
        "warnings_total": faults.count("warning"),
    }


# ---------------------------------------------------------------- files
def write_report(faults: FaultLog | Sequence[Fault], path: Path | str) -> Path:
    """Write every fault to a file, CSV, XLSX or JSON by its suffix; return the path.

    A workbook has one sheet per million faults. Raises `ValueError` for another suffix.
    """
    place = Path(path)
    writer = {".csv": _csv, ".xlsx": _xlsx, ".json": _json}.get(place.suffix.lower())
    if writer is None:
        raise ValueError(f"{place.suffix}: a report is .csv, .xlsx or .json")
    writer(_rows(faults), place)
    return place


def _rows(faults: FaultLog | Sequence[Fault]) -> Iterator[list[Any]]:
    pairs: Iterable[tuple[Fault, Place | None]] = faults.rows() if isinstance(faults, FaultLog) else ((f, None) for f in faults)
    for fault, place in pairs:
        said = fault.as_json()
        known = place is not None and all(map(math.isfinite, place))
        yield [*(said[c] for c in COLUMNS[:-2]), *(place if known and place else (None, None))]


def _csv(rows: Iterator[list[Any]], path: Path) -> None:
    with atomic_write(path) as temp, temp.open("w", encoding="utf-8-sig", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(COLUMNS)
        for row in rows:
            out.writerow(["" if cell is None else guarded_cell(cell) for cell in row])


def _json(rows: Iterator[list[Any]], path: Path) -> None:
    with atomic_write(path) as temp, temp.open("w", encoding="utf-8") as sink:
        sink.write("[")
        for n, row in enumerate(rows):
            sink.write(",\n" if n else "\n")
            sink.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False, sort_keys=True))
        sink.write("\n]\n")


def _xlsx(rows: Iterator[list[Any]], path: Path) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    sheet = None
    for n, row in enumerate(rows):
        if n % XLSX_ROWS == 0:
            sheet = _sheet(book, n // XLSX_ROWS)
        cells = []
        for value in row:
            text = ILLEGAL_CHARACTERS_RE.sub("?", value)[:32_000] if isinstance(value, str) else value
            cell = WriteOnlyCell(sheet, guarded_cell(text))
            if isinstance(text, str):
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)  # type: ignore[union-attr]
    if sheet is None:
        _sheet(book, 0)
    with atomic_write(path) as temp:
        book.save(temp)


def _sheet(book: Any, n: int) -> Any:
    sheet = book.create_sheet("faults" if n == 0 else f"faults {n + 1}")
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDEFGHIJ", (10, 26, 22, 22, 50, 50, 46, 46, 14, 14), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append(list(_TITLES))
    return sheet
