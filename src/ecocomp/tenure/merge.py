"""What an incoming register brings against the one the office keeps: new objects, those already there, those that differ.

For imports, so that a file taken in twice changes nothing the second time, and one that contradicts the register says
so object by object instead of standing over it. Pure: tables in, tables out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ecocomp.terms.faults import Fault
from ecocomp.terms.registers import CADASTRE, P3, object_key
from ecocomp.terms.text import Text

_KNOWN = ("known_from", "known_to")


@dataclass(frozen=True)
class Merge:
    """What became of the rows of one incoming register.

    new      rows of objects the office does not know, to be added
    same     rows of objects of which every incoming version is in the register already
    changed  rows of objects whose versions differ
    closed   the current rows of those objects, which an update would end
    sealed   (object, column) of personal numbers that differ, where these were compared apart
    """

    register: str
    new: pa.Table
    same: pa.Table
    changed: pa.Table
    closed: pa.Table
    sealed: frozenset[tuple[str, str]] = frozenset()

    @property
    def counts(self) -> dict[str, int]:
        """Return the rows of each fate; they add up to the rows that came in."""
        return {"new": len(self.new), "same": len(self.same), "changed": len(self.changed)}


def merge(register: str, incoming: pa.Table, current: pa.Table) -> Merge:
    """Compare incoming versions with the versions now known; known times do not count, they are the office's own.

    incoming  rows in the schema of the register (its known columns may be null)
    current   rows of the register now known, at least those of the incoming objects
    """
    key = object_key(register)
    said = [c for c in CADASTRE[register].schema().names if c not in _KNOWN]
    if not len(current):
        none = incoming.slice(0, 0)
        return Merge(register, incoming, none, none, current)
    theirs, ours = _joined(incoming, key), _joined(current, key)
    known = np.asarray(pc.is_in(theirs, value_set=ours.combine_chunks()).to_numpy(zero_copy_only=False), bool)
    fits = _objects_equal(theirs, _joined(incoming, said), ours, _joined(current, said))
    differs = known & ~fits
    touched = pc.unique(theirs.filter(pa.array(differs)))
    closed = current.filter(pc.is_in(ours, value_set=touched))
    new, same, changed = (incoming.filter(pa.array(mask)) for mask in (~known, known & fits, differs))
    return Merge(register, new, same, changed, closed)


def _joined(table: pa.Table, columns: Iterable[str]) -> pa.ChunkedArray:
    """Return one text per row made of some columns; an empty cell differs from an empty text."""
    parts = [pc.fill_null(table[c].cast(pa.string()), "\x00") for c in columns]
    return pc.binary_join_element_wise(*parts, "\x1f") if len(parts) > 1 else parts[0]


def _objects_equal(
    their_key: pa.ChunkedArray, theirs: pa.ChunkedArray, our_key: pa.ChunkedArray, ours: pa.ChunkedArray
) -> NDArray[np.bool_]:
    """Return per incoming row whether the register has every incoming version of its object (it may know older ones besides)."""
    found = np.asarray(pc.is_in(theirs, value_set=ours.combine_chunks()).to_numpy(zero_copy_only=False), bool)
    index = pc.dictionary_encode(pa.chunked_array([*their_key.chunks, *our_key.chunks])).combine_chunks()
    codes = np.asarray(index.indices if isinstance(index, pa.DictionaryArray) else index.chunk(0).indices, np.int64)
    mine = codes[: len(their_key)]
    missing = np.bincount(mine[~found], minlength=int(codes.max(initial=-1)) + 1) > 0
    return np.asarray(~missing[mine], bool)


def differences(found: Merge) -> list[Fault]:
    """Return a fault for each object that differs, naming the columns and both values; personal numbers are not told."""
    if not len(found.changed):
        return []
    key = list(object_key(found.register))
    hidden = {c.name for c in CADASTRE[found.register].columns if c.unit == P3}
    was: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in found.closed.to_pylist():
        was[tuple(row[k] for k in key)] = row
    out: list[Fault] = []
    seen: set[tuple[Any, ...]] = set()
    for row in found.changed.to_pylist():
        name = tuple(row[k] for k in key)
        if name in seen:
            continue
        seen.add(name)
        same = {c for c in hidden if found.sealed and (str(name[0]), c) not in found.sealed}
        out.append(_differs(found.register, " ".join(map(str, name)), was.get(name, {}), row, hidden, same))
    return out


_MEND = Text(
    "若登记有误，用 --update 作为更正导入（旧版本留存）；若情况变了，请按凭证登记变动（ecocomp tenure record）。",
    "If the register is wrong, import with --update as a correction (the old version stays on record); if things changed,"
    " record the deed (ecocomp tenure record).",
)


def _differs(register: str, record: str, old: dict[str, Any], new: dict[str, Any], hidden: set[str], same: set[str]) -> Fault:
    words = {c.name: c.meaning for c in CADASTRE[register].columns}
    zh, en = [], []
    for column, value in new.items():
        if column in _KNOWN or column in same or old.get(column) == value:
            continue
        if column in hidden:
            zh.append(f"{words[column].zh}与登记不同")
            en.append(f"the {words[column].en} differs from the register")
            continue
        a, b = _v(old.get(column)), _v(value)
        zh.append(f"{words[column].zh}登记为“{a}”，文件为“{b}”")
        en.append(f"{words[column].en} is '{a}' in the register, '{b}' in the file")
    clash = Text("；".join(zh) or "版本数不同", "; ".join(en) or "the number of versions differs")
    return Fault("tenure.differs", register, record, Text(f"{clash.zh}。", f"{clash.en}."), _MEND)


def _v(value: Any) -> str:
    return "" if value is None else str(value)
