"""Slope layers: known planes, the store, and refusal of an unknown method."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecocomp.grid import terrain, tiling
from ecocomp.grid.georef import Grid
from ecocomp.grid.routing import METHODS as ROUTINGS
from ecocomp.services.derive import Making
from ecocomp.services.factors import slope as factors
from ecocomp.services.factors.slope import LS_METHODS, csle, hj1173, sine_of
from ecocomp.services.layers.terrain import _ls_rows, ls_report, make, terrain_arrays, terrain_layers
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
    assert {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == stamps and len(stamps) == 4
    assert np.array_equal(first["ls_factor"].read(3, 9), again["ls_factor"].read(3, 9))
    assert again["ls_factor"].read(3, 9).shape == (1, 6, 8)
    terrain_layers(fused.InMemory(plane(13.0)[None]), GRID, tmp_path, params())
    terrain_layers(elevation, GRID, tmp_path, params(services__soil__ls_method="CSLE"))
    assert len(list(tmp_path.iterdir())) == 12


def test_an_unknown_method_is_refused_with_the_file_it_stands_in(tmp_path: Path, fused: Any, params: Any) -> None:
    with pytest.raises(FaultsError, match=r"services\.soil\.ls_method"):
        terrain_layers(fused.InMemory(plane(1.0)[None]), GRID, tmp_path, params(services__soil__ls_method="USLE"))


@pytest.mark.parametrize("flow", ROUTINGS)
def test_the_form_of_invest_takes_its_length_from_the_cells_above(flow: str) -> None:
    """On a plane that falls along the columns, k cells drain through the k-th row, whatever the routing.

    Slope 20 %, tenth row, 30 m: LS 3.48151 (models sheet, worked example 13).
    """
    made = terrain_arrays(plane(20.0), GRID, "INVEST", **NUMBERS, flow_method=flow)
    rows = np.arange(1, 40)
    if flow != "MFD":
        assert made["ls_factor"][9, 4] == pytest.approx(3.48151, rel=1e-4)
        by_hand = [factors.ls_invest(20.0, float(k), 30.0, 122.0) for k in rows]
        assert made["ls_factor"][:39, 4] == pytest.approx(by_hand, rel=1e-4)
    assert np.all(np.diff(made["ls_factor"][:39, 4]) > 0)
    held = terrain_arrays(plane(20.0), GRID, "INVEST", **NUMBERS, flow_method=flow, l_max=1.0)
    assert held["ls_factor"].max() == pytest.approx(2.79475, rel=1e-4)


def test_a_slope_of_the_case_is_used_as_it_stands(tmp_path: Path, fused: Any, params: Any) -> None:
    slope = np.full(GRID.shape, 8.0, np.float32)
    slope[3, 3] = np.nan
    layers = {"elevation": fused.InMemory(plane(12.0)[None]), "slope": fused.InMemory(slope[None])}
    given = make(Making(layers, GRID, tmp_path, params(), 2023, {}))
    own = make(Making({"elevation": layers["elevation"]}, GRID, tmp_path, params(), 2023, {}))
    np.testing.assert_array_equal(given["slope_degrees"].read(0, 40)[0], slope)
    assert np.isnan(given["ls_factor"].read(3, 4)[0, 0, 3]) and not np.isnan(own["ls_factor"].read(3, 4)[0, 0, 3])
    assert given["ls_factor"].read(10, 11)[0, 0, 4] != own["ls_factor"].read(10, 11)[0, 0, 4]


def test_ls_beyond_reason_is_counted_and_kept(tmp_path: Path, fused: Any, params: Any) -> None:
    elevation = fused.InMemory(plane(60.0)[None])
    made = terrain_layers(elevation, GRID, tmp_path, params(services__soil__ls_limit=Decimal(20)))["ls_factor"]
    values, report = made.read(0, 40), ls_report(made.path)
    assert report is not None and report.cells == 320 and report.limit == 20
    assert report.beyond == (values > 20).sum() > 0 and report.most == pytest.approx(values.max())
    assert str(report.beyond) in report.note().en and "20" in report.note().zh
    calm = terrain_layers(elevation, GRID, tmp_path, params(services__soil__ls_limit=Decimal(10**6)))["ls_factor"]
    assert ls_report(calm.path).note() is None
    assert ls_report(tmp_path / "none.npy") is None


def test_nothing_is_left_behind_when_the_elevation_cannot_be_read(tmp_path: Path, fused: Any, params: Any) -> None:
    class Broken(fused.InMemory):  # type: ignore[name-defined,misc]
        reads = 0

        def read(self, row0: int, row1: int) -> np.ndarray:
            type(self).reads += 1
            if type(self).reads > 1:
                raise OSError("the file is gone")
            return super().read(row0, row1)

    with pytest.raises(OSError, match="gone"):
        terrain_layers(Broken(plane(5.0)[None]), GRID, tmp_path, params())
    assert not list(tmp_path.iterdir())


def test_invest_takes_the_slope_of_the_filled_ground() -> None:
    """In a pit the slope layer keeps the ground as it is, while LS sees the level surface of the filled one."""
    pit = plane(20.0)
    pit[8:11, 3:6] -= 40.0
    made = terrain_arrays(pit, GRID, "INVEST", **NUMBERS)
    level = terrain_arrays(terrain.fill(pit, GRID), GRID, "INVEST", **NUMBERS)
    assert made["ls_factor"].tobytes() == level["ls_factor"].tobytes()
    assert not np.array_equal(made["slope_degrees"], level["slope_degrees"])


@pytest.mark.parametrize("method", ["CSLE", "HJ1173"])
def test_layer_of_ls_is_the_formula_cell_by_cell(method: str) -> None:
    rng = np.random.default_rng(6)
    length = rng.uniform(0.0, 300.0, (1, 500)).astype(np.float32)
    slope = np.concatenate([rng.uniform(0.0, 80.0, 493), [0, 1, 3, 5, 10, 28.81, 90]]).astype(np.float32)[None]
    out = np.empty(slope.shape, np.float32)
    _ls_rows(slope, length, np.array([15.0]), LS_METHODS.index(method), 0, 1, out)
    by_hand = {"CSLE": csle, "HJ1173": hj1173}[method]
    plain = [by_hand(slope_deg=float(s), length_m=max(float(m), 15.0))["ls"] for s, m in zip(slope[0], length[0], strict=True)]
    np.testing.assert_allclose(out[0], plain, rtol=1e-6)
    np.testing.assert_allclose([float(sine_of(float(s))) for s in slope[0]], np.sin(np.radians(slope[0], dtype=float)), atol=1e-13)


def test_files_and_memory_give_the_same_bits(tmp_path: Path, fused: Any, params: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "HELD_PER_CELL", 0)
    rng = np.random.default_rng(3)
    z = (np.cumsum(rng.normal(size=(300, 70)), axis=0) * 3 + 500).astype(np.float32)
    z[50:60, 20:30] = np.nan
    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 70, 300)
    stored = terrain_layers(fused.InMemory(z[None]), grid, tmp_path, params())
    p = params()
    numbers = {k: p.number(f"services.soil.{k}") for k in ("longest_slope_m", "stream_ha", "slope_break_ratio")}
    held = terrain_arrays(z, grid, p.text("services.soil.ls_method"), **numbers)
    for name, array in held.items():
        assert stored[name].read(0, 300)[0].tobytes() == array.tobytes(), name
