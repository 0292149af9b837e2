"""Layers made for zoning: classes of texture from particles, erosivity from months."""

from __future__ import annotations

import numpy as np
import pytest

from ecocomp.services.factors.rain import erosivity_wischmeier
from ecocomp.services.factors.soil import texture_class
from ecocomp.services.layers.erosivity_of_months import MonthlyErosivity
from ecocomp.services.layers.texture import TextureOfParticles


class Reader:
    def __init__(self, array: np.ndarray) -> None:
        self.array, self.bands = array.astype(np.float32), array.shape[0]

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


def test_every_point_of_the_triangle_has_a_class_and_the_corners_theirs() -> None:
    seen = {int(texture_class(float(s), float(100 - s - c), float(c))) for s in range(101) for c in range(101 - s)}
    assert seen == set(range(1, 13))
    assert [int(texture_class(*x)) for x in ((100.0, 0.0, 0.0), (0.0, 100.0, 0.0), (0.0, 0.0, 100.0))] == [12, 10, 1]
    assert int(texture_class(0.0, 0.0, 0.0)) == 0 and int(texture_class(float("nan"), 50.0, 50.0)) == 0


def test_shares_count_by_their_sum() -> None:
    rng = np.random.default_rng(1)
    parts = rng.dirichlet((1.0, 1.0, 1.0), 200) * 100.0
    for sand, silt, clay in parts:
        assert texture_class(sand, silt, clay) == texture_class(0.5 * sand, 0.5 * silt, 0.5 * clay)


def test_read_as_layers_with_nodata() -> None:
    rng = np.random.default_rng(2)
    parts = rng.dirichlet((2.0, 2.0, 2.0), (5, 4)).transpose(2, 0, 1) * 100.0
    parts[1, 2, 3] = np.nan
    made = TextureOfParticles(*(Reader(p[None]) for p in parts))
    assert made.read(0, 5).dtype == np.uint8 and made.read(2, 3)[0, 0, 3] == 0
    assert made.read(1, 4)[0, 0, 0] == texture_class(*(float(np.float32(p[1, 0])) for p in parts))
    rain = rng.random((12, 5, 4)) * 200.0
    rain[3, 0, 0] = np.nan
    erosivity = MonthlyErosivity(Reader(rain)).read(0, 5)
    months = rain[:, 2, 1].astype(np.float32).astype(float)
    assert np.isnan(erosivity[0, 0, 0]) and np.isnan(erosivity).sum() == 1
    assert erosivity[0, 2, 1] == pytest.approx(erosivity_wischmeier(months.sum(), (months**3).sum()), rel=1e-6)
