"""Registers: from text columns as the clerk saved them to typed tables, with every wrong cell named.

Columns are matched by the names of `terms.tables`; a cell that does not fit its column is a fault with
row, column, value and what was expected. Row numbers count the header as row 1, as spreadsheets do.
"""

from __future__ import annotations

import difflib

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms import codes, confidence
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.tables import Column, TableSpec
from ecocomp.terms.text import Text
from ecocomp.terms.unseen import UNSEEN_CLASS, first_unseen

_TOO_LARGE = r"^[+-]?0*(9[0-9]{17}|[1-9][0-9]{18,})$"  # 9e17 and more; int64 ends at 9.2e18
_PATTERNS = {
    pa.int64(): (r"^[+-]?[0-9]+$", Text("整数", "a whole number")),
    pa.float64(): (r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$", Text("数", "a number")),
    pa.date32(): (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", Text("日期，如 2023-06-30", "a date such as 2023-06-30")),
    pa.bool_(): (r"^(true|false|1|0|是|否|yes|no)$", Text("是或否", "true or false")),
}


def read_register(spec: TableSpec, text: pa.Table, where: str) -> tuple[pa.Table | None, list[Fault]]:
    """Return the typed table (None if a column is missing or a cell is wrong) and all faults."""
    faults = _columns(spec, text, where)
    if any(f.severity == "error" for f in faults):
        return None, faults
    made: dict[str, pa.ChunkedArray] = {}
    for column in spec.columns:
        if column.name not in text.column_names:
            made[column.name] = pa.chunked_array([pa.nulls(len(text), column.type)])
            continue
        values, found = _column(column, text[column.name], where)
        faults += found
        if values is not None:
            made[column.name] = values
    if len(made) == len(spec.columns):
        faults += _duplicates(spec, made, where)
    if any(f.severity == "error" for f in faults):
        return None, faults
    return spec.checked(pa.table({c.name: made[c.name] for c in spec.columns})), faults


def _columns(spec: TableSpec, text: pa.Table, where: str) -> list[Fault]:
    names = [c.name for c in spec.columns]
    out = []
    for column in spec.columns:
        if column.name not in text.column_names and not column.nullable:
            near = next(iter(difflib.get_close_matches(column.name, text.column_names, 1)), "")
            out.append(
                Fault(
                    "register.missing_column",
                    where,
                    column.name,
                    Text("缺少列 {c}（{m}）；文件有 {h}。", "Column {c} ({m}) is missing; the file has {h}.").fill(
                        c=column.name, m=column.meaning, h=", ".join(text.column_names[:12])
                    ),
                    Text("补上这一列；最相近的是 {n}。", "Add it; the nearest in the file is {n}.").fill(n=near or "—"),
                )
            )
    for name in text.column_names:
        if name not in names:
            near = next(iter(difflib.get_close_matches(name, names, 1)), "")
            out.append(
                Fault(
                    "register.unknown_column",
                    where,
                    name,
                    Text("不认识的列 {c}，未使用。", "Unknown column {c} was not used.").fill(c=name),
                    Text("最相近的列是 {n}。", "The nearest known column is {n}.").fill(n=near or "—"),
                    "warning",
                )
            )
    return out


def _column(column: Column, values: pa.ChunkedArray, where: str) -> tuple[pa.ChunkedArray | None, list[Fault]]:
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    empty = pc.or_(pc.is_null(text), pc.equal(pc.fill_null(text, ""), ""))
    faults: list[Fault] = []
    if not column.nullable and column.type != pa.string():
        faults += _cells(column, text, empty, where, "register.empty", Text("必填", "a value"))
    pattern = _PATTERNS.get(column.type)
    if pattern:
        fits = pc.fill_null(pc.match_substring_regex(text, pattern[0], ignore_case=True), False)
        faults += _cells(column, text, pc.and_not(pc.invert(fits), empty), where, "register.value", pattern[1])
    if column.type == pa.int64():
        faults += _size_faults(column, text, where)
    faults += _unseen_faults(column, values, where)
    faults += _code_faults(column, text, empty, where)
    if faults:
        return None, faults
    blank = pa.scalar(None, pa.string()) if column.nullable or column.type != pa.string() else pa.scalar("")
    return _cast(column, pc.if_else(empty, blank, text), where)


def _size_faults(column: Column, text: pa.ChunkedArray, where: str) -> list[Fault]:
    """Return a fault for each whole number no sum or count can reach; such a cell is digits, so it is not called none."""
    large = pc.fill_null(pc.match_substring_regex(text, _TOO_LARGE), False)
    beyond = (
        Text("小于 9×10¹⁷ 分；它大于任何可能的金额", "less than 9×10^17 fen; it is larger than any sum of money")
        if column.unit.startswith("fen")
        else Text("绝对值小于 9×10¹⁷；它超出任何可能的数", "less than 9×10^17; it is beyond any number a register can hold")
    )
    return _cells(column, text, large, where, "register.too_large", beyond)


def _unseen_faults(column: Column, values: pa.ChunkedArray, where: str) -> list[Fault]:
    """Return a fault for each cell with a control character or a mark that turns the direction of writing."""
    text = pc.utf8_trim(values.cast(pa.string()), characters=" \t\r\n")
    rows = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(text, UNSEEN_CLASS), False)).to_pylist()
    found = [
        Fault(
            "register.unseen",
            where,
            f"row {i + 2} {column.name}",
            Text("{m}含有不可见的字符 {c}。", "{m} holds the unseen character {c}.").fill(
                m=column.meaning, c=first_unseen(text[i].as_py())
            ),
            Text("删去它后重写。", "Write it again without that character."),
        )
        for i in rows[:60]
    ]
    if len(rows) > 60:
        found += [found[-1]] * (len(rows) - 60)
    return capped(found, "register.unseen", where)


def _cast(column: Column, text: pa.ChunkedArray, where: str) -> tuple[pa.ChunkedArray | None, list[Fault]]:
    if column.type == pa.bool_():
        return pc.fill_null(pc.match_substring_regex(text, "^(true|1|是|yes)$", ignore_case=True), False), []
    try:
        made = text.cast(column.type)
        if column.type == pa.float64():
            faults = _cells(
                column, text, pc.fill_null(pc.is_inf(made), False), where, "register.value", Text("有限的数", "a finite number")
            )
            return (None, faults) if faults else (made, [])
        return made, []
    except pa.ArrowInvalid as error:
        return None, [
            Fault(
                "register.value",
                where,
                column.name,
                Text("列 {c} 有不成立的值：{e}。", "Column {c} holds an impossible value: {e}.").fill(
                    c=column.name, e=str(error)[:120]
                ),
                Text("更正该值。", "Mend that value."),
            )
        ]


def _code_faults(column: Column, text: pa.ChunkedArray, empty: pa.ChunkedArray, where: str) -> list[Fault]:
    module, _, name = column.unit.partition(".")
    if module not in ("codes", "confidence"):
        return []
    known = list(getattr(codes if module == "codes" else confidence, name))
    wrong = pc.and_not(pc.invert(pc.is_in(text, value_set=pa.array(known))), empty)
    return _cells(column, text, wrong, where, "register.code", Text("其中之一：{k}", "one of {k}").fill(k=", ".join(known)))


def _cells(column: Column, text: pa.ChunkedArray, wrong: pa.ChunkedArray, where: str, code: str, expected: Text) -> list[Fault]:
    rows = pc.indices_nonzero(wrong).to_pylist()
    found = [
        Fault(
            code,
            where,
            f"row {i + 2} {column.name}",
            Text("{m}是“{v}”。", "{m} is '{v}'.").fill(m=column.meaning, v=_said(text[i].as_py() or "")),
            Text("应为{x}。", "It should be {x}.").fill(x=expected),
        )
        for i in rows[:60]
    ]
    if len(rows) > 60:
        found += [found[-1]] * (len(rows) - 60)
    return capped(found, code, where)


def _said(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:59]}…"


def _duplicates(spec: TableSpec, columns: dict[str, pa.ChunkedArray], where: str) -> list[Fault]:
    if not spec.key:
        return []
    table = pa.table({k: columns[k] for k in spec.key})
    counted = table.group_by(list(spec.key)).aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted["count_all"], 1))
    found = [
        Fault(
            "register.duplicate",
            where,
            " ".join(str(row[k]) for k in spec.key),
            Text("{k} 相同的行有 {n} 条。", "{n} rows share {k}.").fill(k="+".join(spec.key), n=row["count_all"]),
            Text("保留正确的一条。", "Keep the right one."),
        )
        for row in twice.to_pylist()
    ]
    return capped(found, "register.duplicate", where)
