"""CSV, XLSX and Parquet as people bring them, and as someone who means harm would."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.io.files import read_table
from ecocomp.io.worker import Answer, Job, TableJob

Open = Callable[[Job], Answer]


def rows(answer: Answer) -> list[dict[str, str]]:
    assert answer.ok and answer.path is not None, (answer.faults, answer.trace)
    found: list[dict[str, str]] = read_table(answer.path).to_pylist()
    return found


def refused(answer: Answer) -> tuple[str, str]:
    assert not answer.ok and answer.path is None
    return answer.faults[0].code, answer.faults[0].say("en")


@pytest.mark.parametrize(("codec", "told"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030")])
def test_csv_in_the_encodings_of_chinese_offices(opened: Open, tmp_path: Path, codec: str, told: str) -> None:
    (tmp_path / "a.csv").write_bytes("户编码,户主\r\n001,张三\r\n002,𠮷野\r\n".encode(codec))
    answer = opened(TableJob("a", tmp_path / "a.csv"))
    assert rows(answer) == [{"户编码": "001", "户主": "张三"}, {"户编码": "002", "户主": "𠮷野"}]
    assert answer.facts["encoding"] == told


def test_every_cell_stays_the_text_it_was(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b,c\n007,1e5,\n"x,\ny",NA,true\n,null, 1 \n', encoding="utf-8")
    assert rows(opened(TableJob("a", tmp_path / "a.csv"))) == [
        {"a": "007", "b": "1e5", "c": ""},
        {"a": "x,\ny", "b": "NA", "c": "true"},
        {"a": "", "b": "null", "c": " 1 "},
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.text(st.characters(codec="gb18030", exclude_characters="\x00\r\n")), min_size=2, max_size=2), max_size=5)
)
def test_csv_comes_back_cell_by_cell(opened: Open, tmp_path: Path, cells: list[list[str]]) -> None:
    import csv

    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["甲", "乙"], *cells])
    answer = opened(TableJob("a", tmp_path / "a.csv"))
    assert [list(r.values()) for r in rows(answer)] == cells


def test_text_in_no_known_encoding_names_the_byte(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1," + b"\xff\xff\n")
    code, words = refused(opened(TableJob("a", tmp_path / "a.csv")))
    assert code == "io.other_encoding" and "utf-8: 6" in words
    (tmp_path / "b.csv").write_bytes("a,b\n1,2\n".encode("utf-16"))
    assert "UTF-16" in refused(opened(TableJob("a", tmp_path / "b.csv")))[1]


def test_ragged_rows_are_all_named(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n1,2,3\n1\n3,4\n", encoding="utf-8")
    answer = opened(TableJob("a", tmp_path / "a.csv"))
    assert [f.code for f in answer.faults] == ["io.ragged_row"] * 2
    assert "it has 3 columns, the header has 2" in answer.faults[0].say("en")


def test_headers_must_be_there_once(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,,a\n1,2,3\n", encoding="utf-8")
    assert [f.code for f in opened(TableJob("a", tmp_path / "a.csv")).faults] == ["io.no_column_name", "io.double_column_name"]
    (tmp_path / "b.csv").write_text("\n1,2\n", encoding="utf-8")
    assert opened(TableJob("a", tmp_path / "b.csv")).faults[0].code == "io.no_header"


def test_a_table_of_a_header_alone_is_empty(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n", encoding="utf-8")
    answer = opened(TableJob("a", tmp_path / "a.csv"))
    assert rows(answer) == [] and answer.facts["columns"] == ["a", "b"]


def test_row_caps_hold(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n" + "1\n" * 100, encoding="utf-8")
    assert refused(opened(TableJob("a", tmp_path / "a.csv", max_rows=99)))[0] == "io.too_many_rows"
    assert opened(TableJob("a", tmp_path / "a.csv", max_rows=100)).ok


# ---------------------------------------------------------------- XLSX
def book(path: Path, cells: dict[str, object]) -> Path:
    made = openpyxl.Workbook()
    for place, value in cells.items():
        made.active[place] = value  # type: ignore[index]
    made.save(path)
    return path


def test_xlsx_cells_come_as_text(opened: Open, tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", {"A1": "户编码", "B1": "面积", "C1": "日期", "A2": "0012", "B2": 12.5, "C2": date(2026, 3, 1),
                                      "A3": 510182001001, "B3": 3.0, "A5": "x"})  # fmt: skip
    assert rows(opened(TableJob("a", path))) == [
        {"户编码": "0012", "面积": "12.5", "日期": "2026-03-01"},
        {"户编码": "510182001001", "面积": "3", "日期": ""},
        {"户编码": "x", "面积": "", "日期": ""},
    ]


def test_a_code_that_lost_digits_is_a_warning(opened: Open, tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", {"A1": "身份证号", "A2": 510182199001011234})
    answer = opened(TableJob("a", path))
    assert answer.ok and [f.code for f in answer.faults] == ["io.lost_digits"] and "row 2" in answer.faults[0].say("en")


@pytest.mark.parametrize("corner", ["XFD300000", "A1048576", "XFD1"])
def test_a_cell_in_a_far_corner_is_refused_and_named(opened: Open, tmp_path: Path, corner: str) -> None:
    path = book(tmp_path / "a.xlsx", {"A1": "a", "A2": "1", corner: "x"})
    answer = opened(TableJob("a", path))
    if corner == "XFD300000":
        assert refused(answer)[0] == "io.sheet_too_large" and corner in refused(answer)[1]
    elif corner == "XFD1":
        assert refused(answer)[0] == "io.too_many_columns"
    else:
        assert rows(answer) == [{"a": "1"}, {"a": "x"}]


def rewrite(path: Path, extra: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "a") as archive:
        for name, data in extra.items():
            archive.writestr(name, data)
    return path


def test_macros_are_refused_and_links_reported(opened: Open, tmp_path: Path) -> None:
    macro = rewrite(book(tmp_path / "m.xlsx", {"A1": "a", "A2": 1}), {"xl/vbaProject.bin": b"x"})
    assert refused(opened(TableJob("a", macro)))[0] == "io.active_content"
    links = rewrite(book(tmp_path / "l.xlsx", {"A1": "a", "A2": 1}), {"xl/externalLinks/externalLink1.xml": b"<x/>"})
    answer = opened(TableJob("a", links))
    assert rows(answer) == [{"a": "1"}] and [f.code for f in answer.faults] == ["io.external_links"]


def test_entities_do_not_expand(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "' + "&a;" * 1000 + '">]>'
    with zipfile.ZipFile(book(path, {"A1": "a", "A2": "b"})) as old:
        parts = {n: old.read(n) for n in old.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    parts["xl/worksheets/sheet1.xml"] = (
        bomb + sheet.replace("</sheetData>", '<row r="3"><c r="A3" t="str"><v>&b;</v></c></row></sheetData>')
    ).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    answer = opened(TableJob("a", path))
    assert not answer.ok or "lollol" not in str(rows(answer))


@pytest.mark.parametrize("kind", ["climb", "dense", "many"])
def test_unsafe_archives_are_refused_by_their_directory(opened: Open, tmp_path: Path, kind: str) -> None:
    path = book(tmp_path / "a.xlsx", {"A1": "a"})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        if kind == "climb":
            archive.writestr("../../evil", b"x")
        elif kind == "dense":
            archive.writestr("xl/big", bytes(100 << 20))
        else:
            for i in range(10_001):
                archive.writestr(f"x{i}", b"")
    assert refused(opened(TableJob("a", path)))[0] == "io.unsafe_archive"
    assert not (tmp_path.parent / "evil").exists()


def test_several_sheets_must_be_named(opened: Open, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active["A1"] = "a"  # type: ignore[index]
    made.create_sheet("农户")["A1"] = "b"
    made.save(tmp_path / "a.xlsx")
    assert "农户" in refused(opened(TableJob("a", tmp_path / "a.xlsx")))[1]
    assert opened(TableJob("a", tmp_path / "a.xlsx", sheet="农户")).facts["columns"] == ["b"]


# ---------------------------------------------------------------- Parquet
def test_parquet_columns_become_text(opened: Open, tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": [1, None],
            "f": [2.0, 0.1],
            "s": ["01", None],
            "d": [date(2026, 1, 2), None],
            "b": [True, False],
            "t": pa.array([0, None], pa.timestamp("s", "Asia/Shanghai")),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert rows(opened(TableJob("a", tmp_path / "a.parquet"))) == [
        {"n": "1", "f": "2", "s": "01", "d": "2026-01-02", "b": "1", "t": "1970-01-01 00:00:00.000"},
        {"n": "", "f": "0.1", "s": "", "d": "", "b": "0", "t": ""},
    ]


def test_nested_and_broken_parquet_is_refused(opened: Open, tmp_path: Path) -> None:
    pq.write_table(pa.table({"l": [[1]]}), tmp_path / "l.parquet")
    assert refused(opened(TableJob("a", tmp_path / "l.parquet")))[0] == "io.nested_columns"
    pq.write_table(pa.table({"n": list(range(1000))}), tmp_path / "n.parquet")
    data = bytearray((tmp_path / "n.parquet").read_bytes())
    footer = bytearray(data)
    footer[-8:-4] = b"\xff\xff\xff\x7f"
    for broken in (bytes(footer), bytes(data[:-100]), b"PAR1" + bytes(500) + b"PAR1"):
        (tmp_path / "x.parquet").write_bytes(broken)
        assert refused(opened(TableJob("a", tmp_path / "x.parquet")))[0] == "io.unreadable"
    pq.write_table(pa.table({"n": list(range(10_000))}), tmp_path / "c.parquet", write_page_checksum=True)
    data = bytearray((tmp_path / "c.parquet").read_bytes())
    data[len(data) // 3] ^= 0xFF
    (tmp_path / "x.parquet").write_bytes(data)
    assert refused(opened(TableJob("a", tmp_path / "x.parquet")))[0] == "io.unreadable"
