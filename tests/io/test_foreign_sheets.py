"""Whole workbooks come out row for row with what each cell was; hostile ones are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq

from ecocomp.io.worker import Answer, Job, SheetsJob

Open = Callable[[Job], Answer]


def test_every_row_of_every_sheet_is_there_with_its_merges(opened: Open, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    one = book.active
    one.title = "甲村"
    one["B2"] = "标题"
    one.merge_cells("B2:D2")
    one["B4"], one["C4"], one["D4"], one["E4"] = "张三", 1.5, date(2019, 3, 1), True
    one["C5"] = 110105194912310020
    one.merge_cells("B4:B5")
    book.create_sheet("空")
    hidden = book.create_sheet("旧")
    hidden["A1"], hidden.sheet_state = "x", "hidden"
    book.save(tmp_path / "a.xlsx")
    answer = opened(SheetsJob("a", tmp_path / "a.xlsx"))
    assert answer.ok and answer.path is not None and answer.faults == []
    assert [(s["name"], s["visible"], s["rows"]) for s in answer.facts["sheets"]] == [
        ("甲村", True, 5),
        ("空", True, 0),
        ("旧", False, 1),
    ]
    rows = pq.read_table(answer.path).to_pylist()
    assert [(r["sheet"], r["row"], r["kinds"]) for r in rows] == [
        (0, 1, "     "), (0, 2, " shh "), (0, 3, "     "), (0, 4, " sndb"), (0, 5, " vn  "), (2, 1, "s"),
    ]  # fmt: skip
    assert (
        rows[4]["c2"] == "张三" and rows[4]["c3"] == "110105194912310000" and rows[3]["c4"] == "2019-03-01" and rows[1]["c3"] == ""
    )


def test_a_text_table_keeps_its_blank_lines_and_ragged_rows(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes('标题\r\n\r\n姓名;编码;\r\n"张\n三";001\r\n'.encode("gb18030"))
    answer = opened(SheetsJob("a", tmp_path / "a.csv"))
    assert answer.ok and answer.path is not None and answer.facts["encoding"] == "gb18030" and answer.facts["delimiter"] == ";"
    rows = pq.read_table(answer.path).to_pylist()
    assert [(r["row"], r["kinds"], r["c1"], r["c2"]) for r in rows] == [
        (1, "s", "标题", ""), (2, "", "", ""), (3, "ss", "姓名", "编码"), (4, "ss", "张\n三", "001"),
    ]  # fmt: skip


def test_what_is_no_table_or_too_large_is_refused(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n" * 100)
    (tmp_path / "b.csv").write_bytes(b"<html></html>")
    (tmp_path / "c.csv").write_bytes("姓名".encode("utf-16"))
    assert [f.code for f in opened(SheetsJob("a", tmp_path / "a.csv", max_rows=99)).faults] == ["io.too_many_rows"]
    assert [f.code for f in opened(SheetsJob("b", tmp_path / "b.csv")).faults] == ["io.wrong_format"]
    assert [f.code for f in opened(SheetsJob("c", tmp_path / "c.csv")).faults] == ["io.wrong_format"]


def test_merges_that_cover_the_sheet_over_and_over_are_refused(opened: Open, tmp_path: Path) -> None:
    import zipfile

    book = openpyxl.Workbook()
    sheet = book.active
    for n in range(1, 1001):
        sheet.cell(n, 1, n)
        sheet.cell(n, 50, n)
    sheet.merge_cells("B1:C1000")
    book.save(tmp_path / "a.xlsx")
    many = "".join(f'<mergeCell ref="B1:AW{n}"/>' for n in range(500, 1000))
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</mergeCells>", many.encode() + b"</mergeCells>")
            target.writestr(item, data)
    answer = opened(SheetsJob("a", tmp_path / "b.xlsx"))
    assert not answer.ok and [f.code for f in answer.faults] == ["io.too_many_merges"]
