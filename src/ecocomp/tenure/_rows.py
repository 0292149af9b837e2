"""The rows of a clerk's sheet: what each is (data, total, heading, remark, nothing), and what its cells say.

For `tenure.sheets`. A row keeps its place, so that every fault names file, sheet and cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

from ecocomp.tenure import cells
from ecocomp.tenure._headers import FIELDS, Layout, field_of, letter
from ecocomp.tenure._households import Household, People
from ecocomp.tenure._mapping import OneSheet, SheetMapping
from ecocomp.terms.faults import Severity
from ecocomp.terms.text import Text

_NOTE = re.compile(
    r"^(注|备注|说明|填表|制表|审核|负责人|经办|单位|日期|联系人|签字|签章|盖章|公示|监督|以上|第\d+页|共\d+页|填报|核对|村委会?盖章|村民?代表|\d+[.、].{6,})"
)
_GROUP_HEADING = re.compile(r"^第?([一二三四五六七八九十]+|\d{1,3})(村民小组|小组|组|社|队)$")
_VILLAGE_LINE = re.compile(r"村(?:委会|级)?(?:代码|编码)[:(]?(\d{12})")
VILLAGE = re.compile(r"^\d{12}")


@dataclass(slots=True)
class Sheet:
    file: str
    name: str
    digest: str
    rules: OneSheet
    layout: Layout | None = None
    lines: list[Line] = field(default_factory=list)
    unit: str = "mu"
    village: str | None = None
    usual: str | None = None

    @property
    def where(self) -> str:
        return f"{self.file} · {self.name}" if self.name else self.file


@dataclass(slots=True)
class Line:
    """One row; `state` is used, total, empty, header or refused."""

    sheet: Sheet
    number: int
    kinds: str
    cells: list[str]
    state: str = "used"
    why: str = ""

    def place(self, column: str) -> str:
        """Return where the cell is, with the sheet: ``户表.xlsx · 桃园村 F12``."""
        return f"{self.sheet.where} {self.cell(column)}"

    def cell(self, column: str) -> str:
        """Return the address of a cell, ``F12``; the row alone where the sheet has no such column."""
        at = self.sheet.layout.columns.get(column) if self.sheet.layout else None
        return f"{'' if at is None else letter(at)}{self.number}"

    def text(self, column: str) -> str:
        at = self.sheet.layout.columns.get(column) if self.sheet.layout else None
        return self.cells[at] if at is not None and at < len(self.cells) else ""

    def kind(self, column: str) -> str:
        at = self.sheet.layout.columns.get(column) if self.sheet.layout else None
        return self.kinds[at] if at is not None and at < len(self.kinds) else " "

    def says(self, column: str) -> bool:
        return not cells.is_none(self.text(column))


@dataclass(slots=True)
class Claim:
    """One right as one row states it; `share` None is joint ownership."""

    line: Line
    parcel: str
    unit_code: str | None
    kind: str
    holder: Household
    share: Fraction | None
    start: date | None
    end: date | None
    contract_no: str | None
    certificate_no: str | None
    area_dm2: int | None


class Desk(Protocol):
    """What reading a row needs of the whole call."""

    mapping: SheetMapping
    villages: dict[str, str]
    people: People
    claims: list[Claim]
    spoiled: set[str]
    cut: dict[str, set[int]]

    def report(self, code: str, line: Line, column: str, clash: Text, remedy: Text, severity: Severity = "error") -> None:
        """Write a fault of one cell; an error holds its row back."""

    def said(self, line: Line, column: str) -> str:
        """Return the value of a cell as a fault may show it."""

    def wrong(self, line: Line, column: str, wanted: Text, code: str = "value") -> None:
        """Write that a cell cannot be read, and what it should be."""


def clean_rows(clean: Path) -> Iterator[tuple[int, int, str, list[str]]]:
    """Yield sheet, row, kinds and cells of every row of a clean copy, in order."""
    for batch in pq.ParquetFile(clean).iter_batches(16_384, use_threads=False):
        sheets, rows, kinds, *columns = [c.to_pylist() for c in batch.columns]
        width = len(columns)
        for i in range(len(rows)):
            yield sheets[i], rows[i], kinds[i].ljust(width), [c[i] or "" for c in columns]


def mark(lines: Iterable[Line], state: str) -> None:
    for line in lines:
        line.state = state


def refuse(lines: Iterable[Line], why: str) -> None:
    for line in lines:
        line.state, line.why = "refused", why


def hold(claims: Iterable[Claim], why: str) -> None:
    for claim in claims:
        claim.line.state, claim.line.why = "refused", claim.line.why or why


def is_empty(line: Line) -> bool:
    """A row is empty if nothing is written in it; a running number alone or what merged cells repeat does not count."""
    filled = [c for c, k in zip(line.cells, line.kinds, strict=False) if c.strip() and k != "v"]
    return not filled or (len(filled) == 1 and line.cells[0] == filled[0] and bool(re.fullmatch(r"\d{1,6}", filled[0].strip())))


def is_header_again(line: Line, layout: Layout) -> bool:
    filled = [c for c in line.cells if c.strip()]
    if len(filled) < 3 or "n" in line.kinds or sum(field_of(c) is not None for c in filled[:3]) < 2:
        return False
    return sum(field_of(c) is not None for c in filled) * 2 > len(filled)


def heading(line: Line) -> str:
    """Return the group a heading row such as 第三组 names, empty if it is none."""
    filled = [c for c, k in zip(line.cells, line.kinds, strict=False) if c.strip() and k in "sn"]
    if len(filled) == 1 and _GROUP_HEADING.match(said := cells.word(filled[0])):
        return said
    return ""


def is_note(line: Line) -> bool:
    filled = [(i, c) for i, (c, k) in enumerate(zip(line.cells, line.kinds, strict=False)) if c.strip() and k != "v"]
    first = cells.word(filled[0][1])
    if _NOTE.match(first) and not re.search(r"\d{4}", line.text("parcel") + line.text("unit_code")):
        return True
    if len(filled) > 1 or line.sheet.layout is None:
        return False
    at = filled[0][0]
    held = next((f for f, c in line.sheet.layout.columns.items() if c == at), "")
    return held in ("", "seq", "note", "other") or len(first) > 16


def above_header(sheet: Sheet, find: Callable[[str], str | None]) -> str | None:
    """Return what a line above the header declares, such as 单位：亩 or 村代码：510121001002."""
    assert sheet.layout is not None
    for line in sheet.lines:
        if line.number > sheet.layout.header[1]:
            return None
        for text in line.cells:
            if text and (found := find(cells.word(text))):
                return found
    return None


def unit_in(words: str) -> str | None:
    found = re.search(r"单位[:(]?(.{0,8})", words)
    return cells.unit_of(found[1]) if found else None


def village_in(words: str) -> str | None:
    found = _VILLAGE_LINE.search(words)
    return found[1] if found else None


def usual_village(lines: Iterable[Line], column: str) -> str | None:
    """Return the 12 digits with which more than half of the codes of a column begin, where codes carry the village.

    Those are household codes of 18 digits, parcel codes of 19 and unit codes of 28 characters; others say nothing.
    """
    counted: Counter[str] = Counter()
    for line in lines:
        if line.state in ("used", "refused") and line.says(column) and line.kind(column) == "s":
            code = cells.code(line.text(column)) or ""
            if len(code) in ((18,) if column == "household_code" else (19, 28)) and (found := VILLAGE.match(code)):
                counted[found.group()] += 1
    if not counted:
        return None
    (best, times), *_ = counted.most_common(1)
    return best if 2 * times > counted.total() else None


def cut_ids(lines: Iterable[Line], column: str) -> set[int]:
    """Return the rows whose long numbers were all cut to 15 digits, told by how many of a column end in three zeros.

    A cut number passes its check digit one time in eleven; alone it cannot be told from a right one.
    """
    codes = [(line.number, cells.code(line.text(column)) or "") for line in lines if line.says(column)]
    long = [(n, c) for n, c in codes if len(c) == 18]
    cut = {n for n, c in long if c.endswith("000")}
    return cut if len(cut) >= 3 and 10 * len(cut) >= len(long) else set()


def counts_in(line: Line, column: str, total: str) -> bool:
    if line.kind(column) == "v" or not line.says(column):
        return False
    assert line.sheet.layout is not None
    return column in line.sheet.layout.columns and (not total or line.kind(column) in "ns")


def summand(line: Line, column: str) -> Decimal | None:
    try:
        return cells.number(line.text(column))
    except cells.Unreadable:
        return None


def meaning(column: str) -> Text:
    """Return what a field is, in words."""
    return FIELDS[column].meaning
