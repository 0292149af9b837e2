"""Bureau tables are read as they are kept: titles, units in headings, either language, no value is not zero, every fault at once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.funds.sheet import Column, Read, read
from ecocomp.funds.transfer import COLUMNS, PREFIXES


def table(text: str, **how: object) -> Read:
    lines = [(f"row {i}", line.split("|")) for i, line in enumerate(text.strip().splitlines(), 1)]
    return read(lines, COLUMNS, "x.csv", prefixes=PREFIXES, **how)  # type: ignore[arg-type]


def test_titles_units_and_either_language() -> None:
    got = table(
        """某省测算表||||
县（市、区）|标准财政收支缺口（万元）|红线占比 (%)|国家级自然保护区面积（公顷）|考核结果
甲县|1,234.5|45|200|变好
 乙县 |－|０.５%|－|明显变差
合计|9|||
||||"""
    )
    assert not got.faults and got.totals == 1
    assert [(r["county"], r["gap"], r["red_line"], r["national_reserve_area"], r["result"]) for r in got.rows] == [
        ("甲县", Decimal("12345000"), Decimal("0.45"), Decimal(2), "better"),
        ("乙县", None, Decimal("0.005"), None, "worse"),
    ]
    english = table("county|gap_yuan|red_line|kind:park|grade\nA|5|0.2|7|D")
    assert (
        english.rows[0] | {"gap": Decimal(5), "red_line": Decimal("0.2"), "kind:park": Decimal(7), "result": "grade:D"}
        == english.rows[0]
    )


def test_a_sum_may_have_its_own_unit_where_the_heading_has_none() -> None:
    got = table("county|标准财政收支缺口|red_line\n甲|100万|0.1\n乙|1.5亿元|0.1\n丙|¥1,234.50|0.1")
    assert not got.faults
    assert [r["gap"] for r in got.rows] == [Decimal(1_000_000), Decimal(150_000_000), Decimal("1234.5")]
    twice = table("county|标准财政收支缺口（万元）|red_line\n甲|100万|0.1")
    assert [f.code for f in twice.faults] == ["table.cell"]
    assert "表头" in twice.faults[0].remedy.zh
    assert [f.code for f in table("county|gap|red_line\n甲|1|10万").faults] == ["table.cell"]


def test_every_fault_at_once() -> None:
    got = table("县|标准财政收支缺口|红线占比|敏感性|备注\n甲|abc|1.5|很敏感|x\n甲|3|0.2|一般|\n|4|0.1||\n丁|1|2|3|4|5")
    said = [(f.code, f.record) for f in got.faults if f.severity == "error"]
    assert (
        ("table.cell", "row 2 gap") in said
        and ("table.cell", "row 2 red_line") in said
        and ("table.cell", "row 2 sensitivity") in said
    )
    assert ("table.twice", "row 3 甲") in said or table("county|gap\n甲|1\n甲|2", key="county").faults[0].code == "table.twice"
    assert ("table.no_value", "row 4 county") in said and ("table.ragged", "row 5") in said
    assert [f.record for f in got.faults if f.severity == "warning"] == ["备注"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a|b\n1|2", "table.header"),
        ("县|标准财政收支缺口", "table.empty"),
        ("县|gap|标准财政收支缺口（元）\n甲|1|2", "table.two_columns"),
        ("县|标准财政收支缺口（公顷）\n甲|1", "table.unit"),
        ("标准财政收支缺口|红线占比\n1|0.2", "table.missing_column"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(text: str, code: str) -> None:
    got = table(text)
    assert code in [f.code for f in got.faults] and not got.rows


@given(cells=st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=5), max_size=6))
@settings(max_examples=200, deadline=None)
def test_nothing_a_cell_may_hold_ends_in_anything_but_faults(cells: list[list[str]]) -> None:
    lines = [
        ("row 1", ["县", "标准财政收支缺口", "红线占比", "敏感性", "考核结果"]),
        *((f"row {i}", c) for i, c in enumerate(cells, 2)),
    ]
    got = read(lines, COLUMNS, "x", prefixes=PREFIXES, key="county")
    assert all(f.clash.zh and f.clash.en and f.remedy.zh and f.remedy.en for f in got.faults)


def test_numbers_no_sum_can_reach_are_refused() -> None:
    got = read([("r1", ["a", "n"]), ("r2", ["x", "9e17"])], (Column("a", ()), Column("n", (), "number")), "x")
    assert [f.code for f in got.faults] == ["table.cell"]
