"""The peers run in an interpreter of their own, made by `scripts/peers.sh` and named by ECOCOMP_PEERS; without it, tests here are skipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
JOB = ROOT / "benchmarks" / "invest_job.py"
CELL_M = 30.0
ROWS, COLUMNS = 110, 90
CODES = (11, 12, 13, 21, 32, 33, 41, 51, 52, 61, 82)
"""Ecosystem codes on the invented map."""

Arrays = dict[str, np.ndarray]
Invest = Callable[..., Arrays]
Ours = Callable[..., Arrays]


@pytest.fixture(scope="session")
def peers_python() -> str:
    """The interpreter that has InVEST."""
    own = ROOT / ".venv-peers" / "bin" / "python"
    named = os.environ.get("ECOCOMP_PEERS") or (str(own) if own.exists() else sys.executable)
    asked = [named, "-c", "import natcap.invest, osgeo"]
    if not Path(named).exists() or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("no interpreter with natcap.invest: run scripts/peers.sh, or name one in ECOCOMP_PEERS")
    return named


@pytest.fixture(scope="session")
def invest(peers_python: str, tmp_path_factory: pytest.TempPathFactory) -> Invest:
    """Run an InVEST model on arrays and return its rasters, NaN for nodata: see `benchmarks/invest_job.py`."""

    def run(
        model: str,
        layers: Mapping[str, np.ndarray],
        tables: Mapping[str, str],
        args: Mapping[str, Any],
        take: Mapping[str, str],
        cell_m: float = 30.0,
        watersheds: int = 1,
    ) -> Arrays:
        folder = tmp_path_factory.mktemp(model.rpartition(".")[2])
        np.savez(folder / "layers.npz", **layers)
        job = {"model": model, "args": dict(args), "tables": dict(tables), "take": dict(take)}
        job |= {"cell_m": cell_m, "watersheds": watersheds}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run([peers_python, str(JOB), str(folder)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        return dict(np.load(folder / "taken.npz"))

    return run


@pytest.fixture(scope="session")
def land_cover() -> np.ndarray:
    """Patches of every class, uint8 (rows, columns), with a corner of nodata (0 with us, 255 with the peer)."""
    side = 10
    codes = np.random.default_rng(1).choice(CODES, (ROWS // side, COLUMNS // side)).repeat(side, 0).repeat(side, 1)
    codes[:7, :13] = 0
    return codes.astype(np.uint8)


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """Return values from `least` to `most`, float32 (rows, columns), others for each seed, with a few holes where asked."""

    def made(least: float, most: float, seed: int, holes: bool = False) -> np.ndarray:
        rng = np.random.default_rng(seed)
        values = (least + (most - least) * rng.random((ROWS, COLUMNS))).astype(np.float32)
        if holes:
            values[rng.random(values.shape) < 0.01] = np.nan
        return values

    return made


@pytest.fixture(scope="session")
def ours() -> Ours:
    """Compute a service by its own pass over whole rasters at the value of every parameter, per hectare.

    Returns {product, or the id of the service where it is one: float32 (rows, columns)}; layers are (rows, columns) or
    (bands, rows, columns), and what the service needs besides is made from them.
    """
    from ecocomp.grid.georef import Grid
    from ecocomp.registry import entry
    from ecocomp.services.derive import derived_layers
    from ecocomp.services.site import IN_PARCEL, AtValue, Site, StripData

    def run(id: str, layers: Mapping[str, np.ndarray], params: Any, folder: Path, tables: Any = None) -> Arrays:
        shape = next(iter(layers.values())).shape[-2:]
        grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, CELL_M, CELL_M, shape[1], shape[0])
        given = {name: _InMemory(array) for name, array in layers.items()}
        have = derived_layers([id], given, grid, folder, params, 2023, tables)
        site = Site(AtValue.of_all(params), {name: reader.bands for name, reader in have.items()}, grid, 2023)
        plan = entry("services.models", id).module.prepare(site)
        read = {name: np.ascontiguousarray(have[name].read(0, shape[0])).reshape(have[name].bands, -1) for name in plan.layers}
        cells = shape[0] * shape[1]
        strip = StripData(0, *shape, read, np.full(cells, IN_PARCEL, np.uint8))
        names = plan.products or (id,)
        out = np.full((3 * len(names), cells), np.nan, np.float32)
        plan.fill(strip, 0, shape[0], out)
        return {name: out[3 * p + 1].reshape(shape) for p, name in enumerate(names)}

    return run


class _InMemory:
    """A layer held in memory, read by strips."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array if array.ndim == 3 else array[None]
        self.bands = len(self.array)

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


@pytest.fixture(scope="session")
def same_cells() -> Callable[..., float]:
    """Assert that two rasters have values in the same cells and agree in each; return the largest relative difference."""

    def check(ours: np.ndarray, theirs: np.ndarray, relative: float, absolute: float = 0.0) -> float:
        assert np.array_equal(np.isnan(ours), np.isnan(theirs)), f"{(np.isnan(ours) != np.isnan(theirs)).sum()} cells only in one"
        assert np.isfinite(theirs).sum() > 1000
        np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.nanmax(np.where(theirs != 0, np.abs(ours / theirs - 1), np.abs(ours))))

    return check
