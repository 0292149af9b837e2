"""Slope layers: known planes, the store, and refusal of an unknown method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecocomp.grid.georef import Grid
from ecocomp.services.factors import slope as factors
from ecocomp.services.layers.terrain import terrain_arrays, terrain_layers
from ecocomp.terms.faults import FaultsError

GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 8, 40)
NUMBERS = {"longest_slope_m": 300.0, "stream_ha": 1e9, "slope_break_ratio": 0.5}


def plane(percent: float) -> np.ndarray:
    return (1000.0 - np.arange(40)[:, None] * 30.0 * percent / 100 + np.zeros((1, 8))).astype(np.float32)


@pytest.mark.parametrize("method", ["CSLE", "HJ1173"])
def test_a_plane_has_one_slope_and_ls_grows_downhill_to_the_longest_slope(method: str) -> None:
    made = terrain_arrays(plane(14.0), GRID, method, **NUMBERS)
    degrees = np.degrees(np.arctan(0.14))
    assert made["slope_degrees"] == pytest.approx(np.full(GRID.shape, degrees), rel=1e-4)
    middle = made["ls_factor"][:, 4]
    assert np.all(np.diff(middle) >= -1e-3) and middle[0] < middle[-1]
    assert middle[-1] == pytest.approx(factors.ls_factor(degrees, 300.0, factors.LS_METHODS.index(method)), rel=1e-3)
    assert made["relief_m"][20, 4] == pytest.approx(2 * 30 * 0.14, rel=1e-4)


def test_holes_stay_holes() -> None:
    heights = plane(10.0)
    heights[5, 3] = np.nan
    made = terrain_arrays(heights, GRID, "HJ1173", **NUMBERS)
    assert all(np.isnan(made[name][5, 3]) for name in made) and np.isfinite(made["ls_factor"][20, 3])


def test_stored_layers_are_read_back_and_made_anew_only_when_something_changed(tmp_path: Path, fused: Any, params: Any) -> None:
    elevation = fused.InMemory(plane(12.0)[None])
    first = terrain_layers(elevation, GRID, tmp_path, params())
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    again = terrain_layers(elevation, GRID, tmp_path, params())
    assert {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == stamps and len(stamps) == 3
    assert np.array_equal(first["ls_factor"].read(3, 9), again["ls_factor"].read(3, 9))
    assert again["ls_factor"].read(3, 9).shape == (1, 6, 8)
    terrain_layers(fused.InMemory(plane(13.0)[None]), GRID, tmp_path, params())
    terrain_layers(elevation, GRID, tmp_path, params(services__soil__ls_method="CSLE"))
    assert len(list(tmp_path.iterdir())) == 9


def test_an_unknown_method_is_refused_with_the_file_it_stands_in(tmp_path: Path, fused: Any, params: Any) -> None:
    with pytest.raises(FaultsError, match=r"services\.soil\.ls_method"):
        terrain_layers(fused.InMemory(plane(1.0)[None]), GRID, tmp_path, params(services__soil__ls_method="INVEST"))
