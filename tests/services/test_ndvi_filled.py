"""Short gaps of NDVI are drawn between clear months; long ones stay gaps."""

from __future__ import annotations

import numpy as np
import pytest

from ecocomp.services.layers.ndvi_filled import FilledMonths, fill_gaps


def filled(values: list[float], longest: int) -> list[float]:
    months = np.array(values, np.float32).reshape(12, 1)
    fill_gaps(months, longest)
    return months[:, 0].tolist()


CLEAR = [0.1 * m for m in range(12)]


def test_a_gap_is_drawn_straight_and_a_longer_one_stays() -> None:
    nan = float("nan")
    two = [*CLEAR[:4], nan, nan, *CLEAR[6:]]
    assert filled(two, 2) == pytest.approx(CLEAR, abs=1e-6)
    assert np.isnan(filled(two, 1)[4:6]).all() and filled(two, 1)[:4] == pytest.approx(CLEAR[:4])


def test_the_year_is_a_ring() -> None:
    nan = float("nan")
    found = filled([nan, 0.2, *[0.3] * 8, 0.5, nan], 2)
    assert found[11] == pytest.approx(0.4) and found[0] == pytest.approx(0.3)


def test_nothing_seen_stays_nothing_and_one_month_fills_no_year() -> None:
    assert np.isnan(filled([float("nan")] * 12, 11)).all()
    one = filled([float("nan")] * 5 + [0.4] + [float("nan")] * 6, 10)
    assert one[5] == pytest.approx(0.4) and np.isnan(one).sum() == 11


def test_what_was_seen_is_never_changed_and_the_source_stays_as_it_was() -> None:
    rng = np.random.default_rng(3)
    seen = rng.random((12, 5, 7)).astype(np.float32)
    seen[rng.random(seen.shape) < 0.4] = np.nan

    class Reader:
        bands = 12

        def read(self, row0: int, row1: int) -> np.ndarray:
            return seen[:, row0:row1]

    before = seen.copy()
    made = FilledMonths(Reader(), 2).read(1, 4)
    assert np.array_equal(seen, before, equal_nan=True)
    here = ~np.isnan(seen[:, 1:4])
    assert np.array_equal(made[here], seen[:, 1:4][here]) and np.isnan(made).sum() < (~here).sum()
    assert np.nanmin(made) >= np.nanmin(seen) and np.nanmax(made) <= np.nanmax(seen)
