"""Sensitivity to soil erosion: scores, the geometric mean, missing factors."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.zoning.sensitivity import classify, index, score, soil_erosion


def test_scores_stand_at_their_limits() -> None:
    values = np.array([99.0, 100.0, 600.0, 601.0, np.nan])
    assert score(values, (100, 600)).tolist() == [1, 3, 3, 5, 0]
    assert score(np.array([0.7, 0.6, 0.2, 0.1, np.nan]), (0.2, 0.6), rising=False).tolist() == [1, 3, 3, 5, 0]


def test_geometric_mean_and_classes() -> None:
    factors = [np.array(v, np.uint8) for v in ([1, 5, 3, 0, 1], [1, 5, 3, 5, 1], [1, 5, 5, 5, 1], [1, 5, 1, 5, 5])]
    value = index(*factors)
    assert value[:3] == pytest.approx([1.0, 5.0, 45**0.25]) and value[4] == pytest.approx(5**0.25)
    assert np.isnan(value[3]), "a missing factor is not a low one"
    assert classify(value, (2.0, 4.0)).tolist() == [1, 3, 2, 0, 1]
    assert classify(np.array([2.0, 4.0], np.float32), (2.0, 4.0)).tolist() == [1, 2]


def test_the_shipped_tables_give_every_class() -> None:
    params = RuleBook.load([policy_folder()]).resolve("990121", date(2023, 7, 1), date(2024, 7, 1))
    value, cls = soil_erosion(
        np.array([[50.0, 300.0, 900.0]]),
        np.array([[1, 7, 8]], np.uint8),
        np.array([[10.0, 100.0, 400.0]]),
        np.array([[0.9, 0.4, 0.1]]),
        params,
    )
    assert value.tolist() == [[1.0, 3.0, 5.0]] and cls.tolist() == [[1, 2, 3]]
