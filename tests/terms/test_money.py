"""Money: rounding, splitting without loss, monotone cuts, capital numerals."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import (
    HOW_WRITTEN,
    MOST_WRITTEN_FEN,
    apportion,
    fen_of_option,
    fen_written,
    half_even,
    say_capital,
    say_yuan,
    to_fen,
    to_yuan,
    yuan_written,
)

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any)


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_half_even_is_the_nearest_whole_number_and_ties_are_even(numerator: int, denominator: int) -> None:
    q = half_even(numerator, denominator)
    distance = abs(Fraction(numerator, denominator) - q)
    assert distance <= Fraction(1, 2)
    assert distance != Fraction(1, 2) or q % 2 == 0


@given(st.decimals(-(10**9), 10**9, places=6))
def test_to_fen_equals_decimal_rounding(yuan: Decimal) -> None:
    assert to_fen(yuan) == int((yuan * 100).to_integral_value(ROUND_HALF_EVEN))


@given(weights, st.integers(0, 10**13))
def test_apportion_loses_nothing(w: list[int], total: int) -> None:
    parts = apportion(total, w)
    assert sum(parts) == total
    assert all(p >= 0 for p in parts)
    assert all(p == 0 for p, x in zip(parts, w, strict=True) if x == 0)


@given(weights, st.data())
def test_apportion_never_exceeds_a_weight(w: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(w)))
    assert all(p <= x for p, x in zip(apportion(total, w), w, strict=True))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any), st.integers(0, 60))
def test_a_cut_never_raises_a_part(w: list[int], total: int) -> None:
    more, less = apportion(total + 1, w), apportion(total, w)
    assert all(a >= b for a, b in zip(more, less, strict=True))


def test_the_case_where_largest_remainder_would_raise_a_part() -> None:
    # The Alabama paradox: with largest remainders the third part falls from 2 to 1 when the house grows from 10 to 11.
    assert [apportion(n, [6, 6, 2])[2] for n in (10, 11)] == sorted(apportion(n, [6, 6, 2])[2] for n in (10, 11))


@given(weights)
def test_apportioning_the_sum_gives_the_weights(w: list[int]) -> None:
    assert apportion(sum(w), w) == w


def test_ties_go_to_the_earlier_position() -> None:
    assert apportion(1, [5, 5]) == [1, 0]
    assert apportion(2, [5, 5, 5]) == [1, 1, 0]


@pytest.mark.parametrize(("total", "w"), [(-1, [1]), (1, [-1]), (1, [0])])
def test_apportion_refuses_nonsense(total: int, w: list[int]) -> None:
    with pytest.raises(ValueError, match=r"negative|zero weights"):
        apportion(total, w)


@given(st.integers(-(10**15), 10**15))
def test_fen_and_yuan_are_the_same_money(fen: int) -> None:
    assert to_fen(to_yuan(fen)) == fen


def test_money_is_never_nan() -> None:
    with pytest.raises(ValueError, match="not an amount"):
        to_fen(Decimal("NaN"))


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (73120480, "柒拾叁万壹仟贰佰零肆元捌角整"),
        (335016, "叁仟叁佰伍拾元壹角陆分"),
        (1000500, "壹万零伍元整"),
        (10005, "壹佰元零伍分"),
        (5, "伍分"),
        (50, "伍角整"),
        (0, "零元整"),
        (100_000_000_01, "壹亿元零壹分"),
        (10_000_000_100, "壹亿零壹元整"),
        (-6264, "负陆拾贰元陆角肆分"),
        (1010_00, "壹仟零壹拾元整"),
        (10_0010_00, "壹拾万零壹拾元整"),
    ],
)
def test_capital_numerals(fen: int, words: str) -> None:
    assert say_capital(fen) == words


def test_amounts_as_people_read_them() -> None:
    assert [say_yuan(x) for x in (335016, -6264, 0, 5)] == ["3,350.16", "−62.64", "0.00", "0.05"]


# ---------------------------------------------------------------- amounts as people write them
WRITTEN = {
    "3350.16": 335_016,
    "1,234.5": 123_450,
    "1，234.50": 123_450,
    "￥３,000.００": 300_000,
    "¥ 12": 1_200,
    "CNY 12.30": 1_230,
    "12元": 1_200,
    "12 yuan": 1_200,
    "500万": 500_000_000,
    "2,000万元": 2_000_000_000,
    "2000 wan": 2_000_000_000,
    "3.2亿元": 32_000_000_000,
    "1.5 亿": 15_000_000_000,
    "3千元": 300_000,
    "0.000001万元": 1,
    "-62.64": -6_264,
    "−62.64": -6_264,
    "－1": -100,
    "+1": 100,
    " 7 ": 700,
    "1.500": 150,
    "0": 0,
}
NOT_WRITTEN = [
    *("", " ", "-", "元", "万", "abc", "nan", "NaN", "inf", "-inf", "1e6", "1E6", "0x10", "1_000", "1/3", "85%"),
    *("12,34", "1,2345", ",123", "1,,234", "1.2.3", "1.", ".5", "1 234", "--1", "1-", "5万亿", "5元万", "5 km", "（5）", "五"),
    *("٣", "1.005", "0.0000001万元", "9" * 100, "1\n2", "1;2", "=1+1"),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_an_amount_is_read_as_it_is_written(text: str) -> None:
    assert fen_written(text) == WRITTEN[text]


@pytest.mark.parametrize("text", NOT_WRITTEN)
def test_what_is_no_amount_is_never_guessed(text: str) -> None:
    assert fen_written(text) is None


def test_parts_of_a_fen_are_kept_exactly_where_they_are_asked_for() -> None:
    assert yuan_written("1.005") == Fraction(1005, 1000) and yuan_written("0.0000001万元") == Fraction(1, 1000)


def test_units_of_ten_thousand_only_where_they_are_allowed() -> None:
    assert [fen_written(x, units=False) for x in ("5万", "5亿元", "5千元", "5元", "5")] == [None, None, None, 500, 500]


@given(st.integers(-MOST_WRITTEN_FEN, MOST_WRITTEN_FEN))
def test_what_is_said_can_be_read_again(fen: int) -> None:
    assert fen_written(say_yuan(fen)) == fen == fen_written(f"{to_yuan(fen)}") == fen_written(f"{say_yuan(fen)}元", units=False)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    made = yuan_written(text)
    assert made is None or (any(c.isdigit() for c in text) and fen_written(text) in (None, made * 100))


def test_a_refusal_names_the_option_the_text_and_the_remedy() -> None:
    with pytest.raises(UsageError) as told:
        fen_of_option("1e6", "--budget")
    assert told.value.message.en == f"--budget: “1e6” is no amount of money. {HOW_WRITTEN.en}"
    assert "--budget：“1e6”不是金额。" in told.value.message.zh
    for text in ("-1", "1000001亿"):
        with pytest.raises(UsageError, match="is not between") as told:
            fen_of_option(text, "--pool")
        assert "不在" in told.value.message.zh
    assert fen_of_option("-1", "--pool", least=-100) == -100 and fen_of_option("1000000亿", "--pool") == MOST_WRITTEN_FEN
