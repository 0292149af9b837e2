"""Clerks write the last day of a contract, registers the day after."""

from __future__ import annotations

from datetime import date

import pytest

from ecocomp.programmes.sheets import contracts_of, read_sheet

HEAD = ["合同编号", "项目", "权利人编码", "村代码", "地块编码", "合同面积（亩）", "期限起"]
ROW = ["K1", "grassland", "H1", "990121001001", "P1", "3", "2021-01-01"]


@pytest.mark.parametrize(
    ("heading", "cell", "ends"),
    [
        ("终止日", "2028-12-31", date(2029, 1, 1)),
        ("期限止", "2024-02-28", date(2024, 2, 29)),
        ("失效日", "2029-01-01", date(2029, 1, 1)),
        ("term_to", "2029-01-01", date(2029, 1, 1)),
    ],
)
def test_the_last_day_of_a_contract_counts(heading: str, cell: str, ends: date) -> None:
    sheet = read_sheet("contract", [(1, [*HEAD, heading]), (2, [*ROW, cell])], where="s")
    heads, _, faults = contracts_of(sheet)
    assert not faults
    assert [h["term_to"] for h in heads] == [ends]
