"""Every signal has a whole specification, and its checked examples hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.monitoring.season import season_means
from ecocomp.monitoring.signals.ndvi_drop import group_median, own_change
from ecocomp.registry import entries

SIGNALS = entries("monitoring.signals")


@pytest.mark.parametrize(("id", "number"), [(i, k) for i, e in SIGNALS.items() for k in range(len(e.spec.examples))])
def test_the_examples_hold(id: str, number: int) -> None:
    example = SIGNALS[id].spec.examples[number]
    got = SIGNALS[id].module.evaluate(**example.inputs)
    for name, value in example.outputs.items():
        assert got[name] == pytest.approx(value, rel=example.tolerance, abs=1e-12), name


def test_the_three_signals_are_there_and_whole() -> None:
    assert set(SIGNALS) == {"fvc", "ndvi_trend", "ndvi_drop"}
    assert [f for e in SIGNALS.values() for f in e.spec.faults()] == []


def test_a_season_seen_only_in_a_poor_month_is_not_a_poor_season() -> None:
    level = np.array([0.3, 0.6, 0.9])[None, :, None]
    ndvi = np.repeat(level, 4, axis=0).repeat(1, axis=2)
    ndvi[2, 1:, 0] = np.nan
    assert season_means(ndvi, 1)[:, 0] == pytest.approx([0.6] * 4)
    assert np.isnan(season_means(ndvi, 2)[2, 0])


def test_a_month_missing_this_year_is_left_out_of_the_past_too() -> None:
    past = np.array([[[0.3], [0.9]], [[0.3], [0.9]]])
    drop, before, months, years = own_change(np.array([[0.3], [np.nan]]), past)
    assert drop[0] == pytest.approx(0.0) and months[0] == 1 and years[0] == 2 and before.shape == (2, 1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.one_of(st.just(float("nan")), st.floats(-1, 1)), st.integers(0, 4)), min_size=1, max_size=40))
def test_group_medians_agree_with_numpy(rows: list[tuple[float, int]]) -> None:
    values, group = np.array([v for v, _ in rows]), np.array([g for _, g in rows])
    middle, number = group_median(values, group)
    for g in set(group.tolist()):
        mine = values[(group == g) & np.isfinite(values)]
        assert (number[group == g] == mine.size).all()
        if mine.size:
            assert (middle[group == g] == np.median(mine)).all()
        else:
            assert np.isnan(middle[group == g]).all()
