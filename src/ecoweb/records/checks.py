"""What is wrong with rows before they are written: every fault at once, in words, where the database would stop at the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms import codes
from ecocomp.terms.faults import Fault
from ecocomp.terms.registers import REGISTERS, object_key
from ecocomp.terms.text import Text
from ecoweb.records.cipher import MASK
from ecoweb.records.models import AT_LEAST, AT_MOST, sealed_columns
from ecoweb.records.tables import NOTHING, object_name

_SUM = Text("改正后重新提交；没有写入任何内容。", "Correct it and submit again; nothing was written.")


def row_faults(register: str, table: pa.Table, masked: bool = False) -> list[Fault]:
    """Return the faults of rows to be added to a register (with or without the clock of knowledge).

    masked  whether a sealed column may hold a masked value (it then stands for the value the object has)
    """
    faults = [*_empty(register, table), *_codes(register, table), *_ranges(register, table), *_intervals(register, table)]
    faults += _texts(register, table)
    if not masked:
        faults += _masked(register, table)
    return [*faults, *_twice(register, table)]


def _at(register: str, table: pa.Table, mask: Any) -> Iterator[dict[str, Any]]:
    yield from table.filter(pc.fill_null(mask, False)).to_pylist()


def _fault(code: str, register: str, row: dict[str, Any], zh: str, en: str, **values: object) -> Fault:
    return Fault(f"records.{code}", register, object_name(register, row), Text(zh, en).fill(**values), _SUM)


def _empty(register: str, table: pa.Table) -> list[Fault]:
    faults, key = [], object_key(register)
    for column in REGISTERS[register].columns:
        if column.name not in table.schema.names:
            continue
        missing = pc.is_null(table[column.name]) if not column.nullable else pa.scalar(False)
        if column.name in key:
            missing = pc.or_(missing, pc.fill_null(pc.equal(table[column.name], ""), False))
        if isinstance(missing, pa.Scalar) or not pc.any(missing).as_py():
            continue
        for row in _at(register, table, missing):
            faults.append(_fault("empty", register, row, "缺少{c}。", "{c} is missing.", c=column.meaning))
    return faults


def _codes(register: str, table: pa.Table) -> list[Fault]:
    faults = []
    for column in REGISTERS[register].columns:
        if not column.unit.startswith("codes."):
            continue
        allowed = sorted(getattr(codes, column.unit.removeprefix("codes.")))
        wrong = pc.and_(pc.is_valid(table[column.name]), pc.invert(pc.is_in(table[column.name], pa.array(allowed))))
        for row in _at(register, table, wrong):
            faults.append(
                _fault(
                    "code",
                    register,
                    row,
                    "{c}“{v}”不在代码表中。",
                    "{c} “{v}” is not in the code list.",
                    c=column.meaning,
                    v=row[column.name],
                )
            )
    return faults


def _ranges(register: str, table: pa.Table) -> list[Fault]:
    faults = []
    for column in REGISTERS[register].columns:
        if column.name not in AT_LEAST:
            continue
        wrong = pc.less(table[column.name], AT_LEAST[column.name])
        if column.name in AT_MOST:
            wrong = pc.or_(wrong, pc.greater(table[column.name], AT_MOST[column.name]))
        for row in _at(register, table, wrong):
            faults.append(_fault("range", register, row, "{c}为 {v}。", "{c} is {v}.", c=column.meaning, v=row[column.name]))
    if "share_num" in table.schema.names:
        num, den = table["share_num"], table["share_den"]
        wrong = pc.or_(pc.fill_null(pc.or_(pc.less(num, 1), pc.less(den, num)), False), pc.xor(pc.is_null(num), pc.is_null(den)))
        for row in _at(register, table, wrong):
            said = f"{row['share_num']}/{row['share_den']}"
            faults.append(_fault("share", register, row, "份额 {v} 不是真分数。", "the share {v} is not between 0 and 1.", v=said))
    return faults


def _intervals(register: str, table: pa.Table) -> list[Fault]:
    faults = []
    for row in _at(register, table, pc.less_equal(table["valid_to"], table["valid_from"])):
        faults.append(
            _fault(
                "interval",
                register,
                row,
                "失效日 {b} 不晚于生效日 {a}。",
                "it ends on {b}, not after it begins on {a}.",
                a=row["valid_from"],
                b=row["valid_to"],
            )
        )
    if "known_from" in table.schema.names:
        for row in _at(register, table, pc.less(table["known_to"], table["known_from"])):
            faults.append(_fault("known", register, row, "更正时刻早于记录时刻。", "it was corrected before it was recorded."))
    return faults


def _texts(register: str, table: pa.Table) -> list[Fault]:
    """Find texts with characters that no database here keeps: the empty character, and our mark for no value."""
    faults = []
    for column in REGISTERS[register].columns:
        if not pa.types.is_string(column.type) or not len(table):
            continue
        values = table[column.name]
        wrong = pc.or_(pc.match_substring(values, "\x00"), pc.match_substring(values, NOTHING))
        for row in _at(register, table, wrong):
            faults.append(
                _fault(
                    "text",
                    register,
                    row,
                    "{c}含有不可保存的控制字符。",
                    "{c} holds control characters that cannot be kept.",
                    c=column.meaning,
                )
            )
    return faults


def _masked(register: str, table: pa.Table) -> list[Fault]:
    faults = []
    for column in sealed_columns(register):
        for row in _at(register, table, pc.match_substring(table[column], MASK)):
            faults.append(
                _fault("masked", register, row, "{c} 是遮挡后的内容，不能保存。", "{c} is masked and cannot be kept.", c=column)
            )
    return faults


def _twice(register: str, table: pa.Table) -> list[Fault]:
    """Find versions of one object in the same table that hold on one day and are known at one moment."""
    key = list(object_key(register))
    counts = table.group_by(key).aggregate([([], "count_all")])
    if not pc.any(pc.greater(counts["count_all"], 1)).as_py():
        return []
    names = [k for k in (*key, "valid_from", "valid_to", "known_from", "known_to") if k in table.schema.names]
    several = counts.filter(pc.greater(counts["count_all"], 1)).select(key)
    rows = table.select(names).join(several, keys=key, join_type="inner").to_pylist()
    by_object: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_object.setdefault(object_name(register, row), []).append(row)
    faults = []
    for name in sorted(by_object):
        found = sorted(by_object[name], key=lambda r: (r["valid_from"], str(r.get("known_from"))))
        for place, one in enumerate(found):
            if any(_clash(one, other) for other in found[place + 1 :]):
                faults.append(
                    _fault(
                        "overlap",
                        register,
                        one,
                        "同一时间有两个版本（自 {a} 起）。",
                        "two versions hold at once (from {a}).",
                        a=one["valid_from"],
                    )
                )
    return faults


def _clash(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return _meet(one, other, "valid") and ("known_from" not in one or _meet(one, other, "known"))


def _meet(one: dict[str, Any], other: dict[str, Any], clock: str) -> bool:
    start, end = f"{clock}_from", f"{clock}_to"
    latest = max(one[start], other[start])
    ends = [e for e in (one[end], other[end]) if e is not None]
    return not ends or min(ends) > latest or (one[start] == other[start])
