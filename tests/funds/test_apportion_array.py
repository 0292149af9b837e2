"""The split over arrays is unit for unit the split over lists, whatever the sums, the ties and the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.terms.money import apportion, apportion_array, apportion_groups, sum_array

WEIGHTS = st.lists(
    st.integers(0, 5) | st.integers(0, 1000) | st.integers(0, 2**45) | st.sampled_from([7, 14, 2**52, 2**61]),
    min_size=1,
    max_size=30,
)


@given(weights=WEIGHTS, share=st.fractions(0, 2), more=st.integers(0, 3))
@settings(max_examples=600, deadline=None)
def test_unit_for_unit_the_same(weights: list[int], share: object, more: int) -> None:
    whole = sum(weights)
    total = min(int(whole * share) + more, 2**62) if whole else 0  # type: ignore[operator]
    made = apportion_array(total, np.array(weights, np.int64))
    assert made.tolist() == apportion(total, weights)
    assert made.dtype == np.int64 and sum_array(made) == total


@given(groups=st.lists(st.tuples(WEIGHTS, st.fractions(0, 1)), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_groups_are_each_split_by_themselves(groups: list[tuple[list[int], object]]) -> None:
    totals = [int(sum(w) * s) for w, s in groups]  # type: ignore[operator]
    weights = np.array([x for w, _ in groups for x in w], np.int64)
    first = np.cumsum([0, *(len(w) for w, _ in groups)])[:-1]
    if max(totals) >= 2**62:
        return
    made = apportion_groups(np.array(totals, np.int64), weights, first)
    assert made.tolist() == [x for t, (w, _) in zip(totals, groups, strict=True) for x in apportion(t, w)]


LIGHT = st.lists(st.integers(0, 3) | st.integers(0, 2**25), min_size=1, max_size=9)


@given(groups=st.lists(st.tuples(LIGHT, st.integers(0, 40) | st.integers(0, 2**61)), min_size=1, max_size=12), heavy=st.booleans())
@settings(max_examples=400, deadline=None)
def test_light_groups_are_settled_together_alone_and_beside_a_heavy_one(groups: list[tuple[list[int], int]], heavy: bool) -> None:
    if heavy:
        groups = [*groups, ([2**40, 3, 2**33], 2**35 + 1)]
        groups = [(w, t % 2**40) for w, t in groups]
    groups = [(w, t if any(w) else 0) for w, t in groups]
    first = np.cumsum([0, *(len(w) for w, _ in groups)])[:-1]
    made = apportion_groups(np.array([t for _, t in groups]), np.array([x for w, _ in groups for x in w]), first)
    assert made.tolist() == [x for w, t in groups for x in apportion(t, w)]


@pytest.mark.parametrize("kind", ["equal", "large", "ladder", "small"])
def test_many_rows_with_many_ties(kind: str) -> None:
    rng = np.random.default_rng(7)
    weights = {
        "equal": np.full(20_000, 12_345),
        "large": np.concatenate([[10**12], rng.integers(1, 9, 20_000)]),
        "ladder": np.arange(1, 20_001),
        "small": rng.integers(0, 3, 20_000),
    }[kind]
    for part in (3, 5, 7):
        total = int(weights.sum()) * part // 9
        assert apportion_array(total, weights).tolist() == apportion(total, weights.tolist())


def test_impossible_splits_are_refused() -> None:
    for total, weights in ((1, [0, 0]), (-1, [1]), (1, [-1, 2]), (1, [])):
        with pytest.raises(ValueError):
            apportion_array(total, np.array(weights, np.int64))
    with pytest.raises(ValueError):
        apportion_groups(np.array([1, 1]), np.array([1, 0]), np.array([0, 1]))


def test_sums_beyond_int64_are_exact() -> None:
    assert sum_array(np.full(4, 2**62)) == 2**64 and sum_array(np.array([-5, 2**62, -(2**62)])) == -5
