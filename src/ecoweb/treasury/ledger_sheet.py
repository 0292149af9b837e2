"""Transfers as a finance officer writes them: a sheet with a row for each, amounts in yuan; and tables to take away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.ledger.journal import Transfer
from ecocomp.terms.faults import Fault, UsageError, capped
from ecocomp.terms.money import INT64_MAX, fen_written
from ecocomp.terms.text import Lang, Text

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: dict[str, tuple[str, ...]] = {
    "debit": ("debit", "借方", "借方科目"),
    "credit": ("credit", "贷方", "贷方科目"),
    "amount": ("amount", "amount_yuan", "yuan", "金额", "金额（元）", "金额(元)"),
    "kind": ("kind", "业务", "业务类型"),
    "reference": ("reference", "依据", "文号", "依据编码"),
}
"""What a sheet's columns may be called."""
MAX_SHEET_ROWS = 1_000_000


def read_file(path: Path | str) -> tuple[list[Transfer], list[Fault]]:
    """Return the transfers of a CSV, XLSX or Parquet file, opened as every foreign file is, and every fault of its rows."""
    from ecocomp.io.files import read_table
    from ecocomp.io.scratch import scratch_folder
    from ecocomp.io.worker import TableJob, Worker

    with scratch_folder("ecocomp-ledger-") as work, Worker() as worker:
        answer = worker.run([TableJob("transfers", path)], work)[0]
        if not answer.ok or answer.path is None:
            return [], list(answer.faults)
        made, faults = read_rows(read_table(answer.path), Path(path).name)
    return made, [*answer.faults, *faults]


def read_rows(table: pa.Table, where: str) -> tuple[list[Transfer], list[Fault]]:
    """Return the transfers of a table of texts, and every fault of its rows."""
    known = {word: name for name, words in COLUMNS.items() for word in words}
    columns = {known[c.strip().lower()]: c for c in table.schema.names if c.strip().lower() in known}
    missing = [n for n in COLUMNS if n not in columns]
    if missing:
        return [], [_columns_missing(where, missing, table.schema.names)]
    made, faults = [], []
    for n, row in enumerate(table.select(list(columns.values())).to_pylist(), 2):
        cells = {name: (row[c] or "").strip() for name, c in columns.items()}
        if not any(cells.values()):
            continue
        fen = fen_written(cells["amount"], units=False)
        if fen is None or fen < 0:
            faults.append(_amount(where, n, cells["amount"]))
            continue
        made.append(Transfer(cells["debit"], cells["credit"], min(fen, INT64_MAX + 1), cells["kind"], cells["reference"]))
    return made, capped(faults, "ledger.more", where)


def _columns_missing(where: str, missing: list[str], have: list[str]) -> Fault:
    return Fault(
        "ledger.columns",
        where,
        "",
        Text("缺少列：{m}；有：{h}。", "Columns are missing: {m}; it has: {h}.").fill(
            m=", ".join(missing), h=", ".join(have)[:200]
        ),
        Text(
            "表头为 debit, credit, amount, kind, reference，或 借方、贷方、金额、业务、依据。",
            "Head the columns debit, credit, amount, kind, reference.",
        ),
    )


def _amount(where: str, n: int, text: str) -> Fault:
    return Fault(
        "ledger.amount",
        where,
        Text("第 {n} 行", "row {n}").fill(n=n).en,
        Text("金额“{t}”不能识别。", "The amount '{t}' cannot be read.").fill(t=text[:60]),
        Text("写成元，至多两位小数，如 1234.50。", "Write yuan with at most two decimals, e.g. 1234.50."),
    )


# ---------------------------------------------------------------- tables to take away
ENDINGS = (".csv", ".xlsx", ".parquet")


def check_ending(path: Path | None) -> None:
    """Refuse a file of another kind than can be written; `UsageError`."""
    if path is not None and path.suffix.lower() not in ENDINGS:
        raise UsageError(Text("结果的后缀应是 {e}。", "The result ends in {e}.").fill(e=", ".join(ENDINGS)))


def write_out(table: pa.Table, path: Path, heads: Mapping[str, Text], lang: Lang, title: Text) -> None:
    """Write a table as CSV or XLSX with amounts in yuan and heads in words, or as Parquet as it is; whole or not at all."""
    from ecocomp.io.files import write_table

    if path.suffix.lower() == ".parquet":
        write_table(table, path)
        return
    names = table.schema.names
    titles = [heads[n].to(lang) if n in heads else n.removesuffix("_fen") for n in names]
    rows = (
        [_cell(n, v) for n, v in zip(names, row, strict=True)] for row in zip(*(c.to_pylist() for c in table.columns), strict=True)
    )
    if path.suffix.lower() == ".csv":
        _csv(titles, rows, path)
    else:
        _xlsx(titles, rows, path, title.to(lang))


def _cell(name: str, value: Any) -> Any:
    from datetime import datetime

    from ecocomp.terms.clocks import OFFICE_ZONE
    from ecocomp.terms.money import to_yuan
    from ecocomp.terms.unseen import guarded_cell

    if value is None:
        return None
    if name.endswith("_fen"):
        return to_yuan(value)
    if isinstance(value, datetime):
        return value.astimezone(OFFICE_ZONE).replace(tzinfo=None)
    return guarded_cell(value) if isinstance(value, str) else value


def _csv(titles: list[str], rows: Any, path: Path) -> None:
    import csv

    from ecocomp.io.files import atomic_write

    with atomic_write(path) as temp, temp.open("w", encoding="utf-8-sig", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(titles)
        out.writerows(["" if cell is None else cell for cell in row] for row in rows)


def _xlsx(titles: list[str], rows: Any, path: Path, title: str) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    from ecocomp.io.files import atomic_write

    book = openpyxl.Workbook(write_only=True)
    sheet: Any = None
    for n, row in enumerate(rows):
        if n % MAX_SHEET_ROWS == 0:
            sheet = _sheet(book, titles, f"{title[:25]} {n // MAX_SHEET_ROWS + 1}" if n else title[:31])
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    if sheet is None:
        _sheet(book, titles, title[:31])
    with atomic_write(path) as temp:
        book.save(temp)


def _sheet(book: Any, titles: list[str], name: str) -> Any:
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", name)[:31])
    sheet.freeze_panes = "A2"
    sheet.append(titles)
    return sheet
