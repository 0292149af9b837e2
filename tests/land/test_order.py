"""The Hilbert order: each cell once, and each step to a neighbour."""

from __future__ import annotations

import numpy as np

from ecocomp.land.order import hilbert_distance


def test_the_curve_visits_every_cell_and_steps_to_a_neighbour() -> None:
    side = 16
    x, y = (a.ravel().astype(float) for a in np.meshgrid(np.arange(side), np.arange(side)))
    # two corners stretch the box, so that each point lies in the middle of one of 16 × 16 blocks
    distance = hilbert_distance(np.append(x + 0.5, [0, side]), np.append(y + 0.5, [0, side]))[:-2].astype(np.int64)
    order = np.argsort(distance, kind="stable")
    assert len(set(distance.tolist())) == side * side
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert (steps == 1).all()


def test_one_point_and_none() -> None:
    assert hilbert_distance(np.array([5.0]), np.array([7.0])).tolist() == [0]
    assert len(hilbert_distance(np.zeros(0), np.zeros(0))) == 0
