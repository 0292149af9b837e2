"""Measures of inequality: values by hand, and what must hold for all payments."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.simulation.groups import income_groups
from ecocomp.simulation.inequality import gini, lorenz, theil, theil_parts
from ecocomp.terms.tables import TABLES

amounts = st.lists(st.integers(0, 10**14), min_size=1, max_size=40).filter(any)


def test_by_hand() -> None:
    assert gini(np.array([0, 0, 0, 12])) == Fraction(3, 4)
    assert gini(np.array([1, 2, 3, 4])) == Fraction(1, 4)
    assert gini(np.array([0, 0])) is None
    assert theil(np.array([5, 5])) == 0
    assert theil(np.array([0, 10])) == pytest.approx(log(2))
    assert theil(np.array([])) is None
    assert lorenz(np.array([1, 3]), 2) == [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]


@given(amounts)
def test_gini_equals_the_mean_difference_and_twice_the_area_above_the_curve(x: list[int]) -> None:
    a = np.array(x, np.int64)
    n, total = len(x), sum(x)
    assert gini(a) == Fraction(sum(abs(i - j) for i in x for j in x), 2 * n * total)
    curve = lorenz(a, n)
    area = sum((p1 - p0) * (v0 + v1) / 2 for (p0, v0), (p1, v1) in pairwise(curve))
    assert float(gini(a) or 0) == pytest.approx(1 - 2 * area, abs=1e-9)


@given(amounts, st.data())
def test_theil_is_the_sum_of_within_and_between(x: list[int], data: st.DataObject) -> None:
    group = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(x), max_size=len(x))))
    found = theil_parts(np.array(x), group)
    assert found is not None
    whole, within, between = found
    assert whole == pytest.approx(within + between, abs=1e-9)
    assert min(whole, within, between) >= -1e-9
    assert whole <= log(len(x)) + 1e-9


@given(amounts, st.integers(1, 50))
def test_scale_does_not_matter_and_copies_do_not_either(x: list[int], k: int) -> None:
    a = np.array(x, np.int64)
    assert gini(a * k) == gini(a) == gini(np.tile(a, 3))


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=20))
def test_a_gift_from_rich_to_poor_lowers_both(x: list[int]) -> None:
    x = sorted(x)
    if x[-1] - x[0] < 2:
        return
    after = [x[0] + 1, *x[1:-1], x[-1] - 1]
    assert gini(np.array(after)) < gini(np.array(x))  # type: ignore[operator]
    assert theil(np.array(after)) < theil(np.array(x)) + 1e-12  # type: ignore[operator]


def test_large_sums_are_exact() -> None:
    x = np.full(5, 2**61, np.int64)
    assert gini(x) == 0
    x[0] = 0
    assert gini(x) == Fraction(1, 5)


def test_income_groups_are_fifths_of_income_per_member() -> None:
    rows = [
        {
            "holder_id": f"H{i}",
            "kind": "household",
            "name": "",
            "village_code": "V",
            "members": 1 + i % 2,
            "income_fen": (1 + i % 2) * 100 * (i + 1),
        }
        for i in range(10)
    ]
    rows.append({"holder_id": "C", "kind": "collective", "name": "", "village_code": "V", "members": 1, "income_fen": None})
    holder = TABLES["holder"].table(rows)
    codes = income_groups(holder)
    found = dict(zip(holder["holder_id"].to_pylist(), (codes.names[i] for i in codes.index), strict=True))
    assert [found[f"H{i}"] for i in range(10)] == ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5"]
    assert found["C"] == "none"
