"""Money: rounding, splitting without loss, monotone cuts, capital numerals."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.terms.money import apportion, half_even, say_capital, say_yuan, to_fen, to_yuan

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
