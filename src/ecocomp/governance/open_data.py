"""Text cells of open data made harmless: no cell may act as a formula in the spreadsheet of whoever opens it.

For exports and published tables. Spreadsheets take a cell that begins with ``= + - @``, a tab or a carriage
return for a formula; masked names can look like one too (``=*``). Such a cell gets an apostrophe in front,
control characters and marks that turn the direction of writing are dropped. Numbers stay numbers.

Reference: OWASP, CSV Injection.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.unseen import UNSEEN_CLASS, without_unseen

_ACTIVE = "[=+\\-@\t\r\\x00\uff1d\uff0b\uff0d\uff20]"
_STARTS = re.compile(_ACTIVE)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_SUSPECT = f"^{_ACTIVE}|{UNSEEN_CLASS}|\t"


def guarded_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; what is no text, or a plain number, is returned as it is.

    >>> guarded_cell("=1+1"), guarded_cell("-*"), guarded_cell("-12.50"), guarded_cell(-3)
    ("'=1+1", "'-*", '-12.50', -3)
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    clean = without_unseen(value).replace("\t", "")
    return "'" + clean if _STARTS.match(value) or _STARTS.match(clean) else clean


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
