"""Cells as people write them are read one way only; what could mean two things is not read at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.tenure import cells
from ecocomp.tenure._headers import FIELDS, field_of


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        ("2019-03-01", "s", date(2019, 3, 1)), ("2019/3/1", "s", date(2019, 3, 1)), ("2019.3.1", "s", date(2019, 3, 1)),
        ("2019年3月1日", "s", date(2019, 3, 1)), ("20190301", "s", date(2019, 3, 1)), ("20190301", "n", date(2019, 3, 1)),
        ("43525", "n", date(2019, 3, 1)), ("２０１９－０３－０１", "s", date(2019, 3, 1)), (" 2019年 3月 1日 ", "s", date(2019, 3, 1)),
        ("2019-03-01 00:00:00", "s", date(2019, 3, 1)), ("长期", "s", None), ("", " ", None), ("—", "s", None),
    ],
)  # fmt: skip
def test_days_in_every_form(text: str, kind: str, wanted: date | None) -> None:
    assert cells.day(text, kind) == wanted


@pytest.mark.parametrize("text", ["19-3-1", "2019-13-01", "2019-02-30", "3/1/2019", "2019", "去年", "123", "2019年3月", "99999"])
def test_days_that_are_not_read(text: str) -> None:
    with pytest.raises(cells.Unreadable):
        cells.day(text, "n" if text.isdigit() else "s")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2019-2049", (date(2019, 1, 1), date(2049, 12, 31), None)), ("30年", (None, None, 30)), ("三十年", (None, None, 30)),
        ("2019年3月1日至2049年2月28日", (date(2019, 3, 1), date(2049, 2, 28), None)), ("长期", (None, None, None)),
        ("2019.3.1-2049.2.28", (date(2019, 3, 1), date(2049, 2, 28), None)), ("2019-03-01～长期", (date(2019, 3, 1), None, None)),
        ("2019年—2049年", (date(2019, 1, 1), date(2049, 12, 31), None)),
    ],
)  # fmt: skip
def test_terms_in_every_form(text: str, wanted: tuple[date | None, date | None, int | None]) -> None:
    assert cells.term(text) == wanted


@pytest.mark.parametrize("text", ["2049-2019", "以后", "2019-", "2019-02-30至2049-01-01"])
def test_terms_that_are_not_read(text: str) -> None:
    with pytest.raises(cells.Unreadable):
        cells.term(text)


@pytest.mark.parametrize(
    ("text", "holders", "wanted"),
    [
        ("1/2", 1, ["1/2"]), ("½", 1, ["1/2"]), ("50%", 1, ["1/2"]), ("0.5", 1, ["1/2"]), ("二分之一", 1, ["1/2"]), ("33.33%", 1, ["3333/10000"]),
        ("1/3，2/3", 2, ["1/3", "2/3"]), ("各半", 2, ["1/2", "1/2"]), ("各1/3", 3, ["1/3"] * 3), ("十二分之五", 1, ["5/12"]),
        ("", 1, ["1"]), ("单独所有", 1, ["1"]), ("１／４", 1, ["1/4"]), ("100%", 1, ["1"]), ("¼", 1, ["1/4"]), ("1", 1, ["1"]),
    ],
)  # fmt: skip
def test_shares_in_every_form(text: str, holders: int, wanted: list[str]) -> None:
    assert cells.shares(text, holders) == [Fraction(w) for w in wanted]


@pytest.mark.parametrize(
    ("text", "holders"), [("5/4", 1), ("1/0", 1), ("0", 1), ("一半多", 1), ("1/2", 2), ("", 2), ("-1/2", 1), ("2", 1)]
)
def test_shares_that_are_not_read(text: str, holders: int) -> None:
    with pytest.raises(cells.Unreadable):
        cells.shares(text, holders)


def test_joint_ownership_has_no_shares() -> None:
    assert cells.shares("共同共有", 3) is None and cells.shares("共 同 共 有") is None


@pytest.mark.parametrize(
    ("text", "unit", "dm2"),
    [("1.5", "mu", 100_000), ("0.1", "ha", 100_000), ("1000", "m2", 100_000), ("0.1公顷", "mu", 100_000), ("１．５亩", "ha", 100_000),
     ("1,500.0㎡", "mu", 150_000), ("12.340000000000002", "mu", 822_667), ("0.0001", "mu", 7)],
)  # fmt: skip
def test_areas_in_their_units(text: str, unit: str, dm2: int) -> None:
    assert cells.area_dm2(text, unit) == dm2


@given(st.integers(0, 10**9))
def test_an_area_in_mu_comes_back_to_the_dm2(dm2: int) -> None:
    exact = Decimal(dm2 * 3) / Decimal(200_000)
    assert cells.area_dm2(f"{exact:f}", "mu") == dm2


@pytest.mark.parametrize("text", ["一亩半", "1.5.2", "约3", "-1", "1e99", "3+2", "见附图"])
def test_areas_that_are_not_read(text: str) -> None:
    with pytest.raises(cells.Unreadable):
        cells.area_dm2(text, "mu")


@pytest.mark.parametrize(
    ("text", "kind", "digits", "damaged"),
    [("1.10105E+17", "s", 18, True), ("110105194912310000", "n", 18, True), ("110105194912310000", "s", 18, False), ("123456", "n", 18, False),
     ("1.1E+17", "s", 6, False), ("9.90101e18", "s", 19, True), ("13800000001", "n", 11, False)],
)  # fmt: skip
def test_codes_a_spreadsheet_has_spoiled(text: str, kind: str, digits: int, damaged: bool) -> None:
    assert cells.is_damaged(text, kind, digits) is damaged


def test_names_keep_what_belongs_to_them() -> None:
    assert [cells.name(n) for n in ("张 三", "欧阳　娜娜", "Zhaxi  Dolma", "扎西•顿珠", "无")] == [
        "张三",
        "欧阳娜娜",
        "Zhaxi Dolma",
        "扎西·顿珠",
        None,
    ]
    assert cells.names("和志强、和平；李 四") == ["和志强", "和平", "李四"]


@given(st.text(max_size=30), st.sampled_from("snd "))
def test_no_text_breaks_a_reader(text: str, kind: str) -> None:
    for read in (
        cells.number,
        cells.whole,
        cells.term,
        lambda t: cells.day(t, kind),
        cells.shares,
        lambda t: cells.area_dm2(t, "mu"),
    ):
        try:
            read(text)
        except cells.Unreadable as told:
            assert told.wanted.zh and told.wanted.en
    assert isinstance(cells.plain(text), str) and field_of(text) in (None, *FIELDS)


def test_every_alias_names_its_own_field() -> None:
    for field, spec in FIELDS.items():
        for alias in spec.aliases:
            assert field_of(alias) == field, alias
            assert field_of(f" {alias[:1]} {alias[1:]} ") == field
