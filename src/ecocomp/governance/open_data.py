"""Text cells of open data made harmless: no cell may act as a formula in the spreadsheet of whoever opens it.

For exports and published tables. Spreadsheets take a cell that begins with ``= + - @``, a tab or a carriage
return for a formula; masked names can look like one too (``=*``). Such a cell gets an apostrophe in front,
control characters and marks that turn the direction of writing are dropped. Numbers stay numbers.

Reference: OWASP, CSV Injection.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.unseen import ACTIVE_CLASS, UNSEEN_CLASS, guarded_cell

_SUSPECT = f"^{ACTIVE_CLASS}|{UNSEEN_CLASS}|\t"


def guard_table(table: pa.Table) -> pa.Table:
    """Return the table with every text cell guarded as `guarded_cell` does; schema, nulls and other columns stay."""
    for i, field in enumerate(table.schema):
        column = table.column(i)
        guarded = _guarded(column)
        if guarded is not column:
            table = table.set_column(i, field, guarded)
    return table


def _guarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        plain = column.cast(kind.value_type)
        guarded = _guarded(plain)
        return column if guarded is plain else guarded.cast(kind)
    if not _is_text(kind) or not pc.any(pc.match_substring_regex(column, _SUSPECT)).as_py():
        return column
    return pa.chunked_array([pa.array([guarded_cell(v) for v in chunk.to_pylist()], kind) for chunk in column.chunks], kind)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def write_guarded(table: pa.Table, path: Path) -> None:
    """Write a table as CSV that a spreadsheet opens as it is (UTF-8 with a mark, no formulas), whole or not at all."""
    from pyarrow.csv import WriteOptions, write_csv

    from ecocomp.io.files import atomic_write

    with atomic_write(path, table.nbytes) as part, part.open("wb") as sink:
        sink.write(b"\xef\xbb\xbf")
        write_csv(guard_table(table), sink, WriteOptions(quoting_style="needed"))


__all__ = ["guard_table", "guarded_cell", "write_guarded"]
