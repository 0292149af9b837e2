"""A cluster of processes: the same bits as here, the loss of a worker, addresses and workers that cannot be used."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from ecocomp.services.derive import StoredLayer
from ecocomp.services.engine import Assessment, assess
from ecocomp.terms.faults import UsageError

pytest.importorskip("distributed", reason="the optional extra 'cluster' is not installed")
pytestmark = pytest.mark.xdist_group("cluster")

SERVICES = ("carbon_sequestration", "sand_fixation", "soil_retention", "water_conservation")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler with two worker processes of one thread each; their nannies start lost ones again."""
    from distributed import LocalCluster

    from ecocomp.io.code import code_fingerprint

    code_fingerprint.cache_clear()
    with LocalCluster(processes=True, n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as made:
        yield made


@pytest.fixture(scope="module")
def ground(fused: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A county of 180 × 180 cells in thin strips, its layers in files, its matrix in a folder."""
    import shapely

    from ecocomp.grid.coverage import Coverage, build_coverage

    folder, scene = tmp_path_factory.mktemp("cluster"), fused.make_scene(180)
    layers = {}
    for name, array in scene.layers.items():
        np.save(folder / f"{name}.npy", array)
        layers[name] = StoredLayer(folder / f"{name}.npy", array.shape[0])
    rng = np.random.default_rng(8)
    x, y = scene.grid.x0 + rng.uniform(0, 4800, 150), scene.grid.y0 - rng.uniform(0, 4800, 150)
    parcels = shapely.box(x, y - rng.uniform(40, 900, 150), x + rng.uniform(40, 900, 150), y)
    build_coverage(parcels, scene.grid, rows=9).save(folder / "matrix")
    return {
        "models": SERVICES, "layers": layers, "grid": scene.grid, "coverage": Coverage.load(folder / "matrix"), "year": 2023,
        "parcel_ids": [f"{i:03d}" for i in range(150)], "params": scene.params, "wind": scene.wind, "matrix": folder / "matrix",
    }  # fmt: skip


def run(ground: dict[str, Any], **changes: Any) -> Assessment:
    return assess(**{**ground, **changes})


def test_a_cluster_gives_the_bits_of_this_machine(cluster: Any, ground: dict[str, Any], params: Any) -> None:
    """By corners and by draws, with the matrix in a folder and with strips sent along, rasters included."""
    drawn = params(services__interval__method="monte_carlo", services__interval__draws=Decimal(8))
    for changes in (
        {"keep": ["soil_retention"]},
        {"matrix": None, "keep": ["soil_retention"]},
        {"params": drawn, "models": SERVICES[:1]},
    ):
        here, there = run(ground, **changes), run(ground, scheduler=cluster.scheduler_address, **changes)
        assert there.service.equals(here.service) and there.notes == here.notes
        assert np.nansum(there.service["quantity"].to_numpy(zero_copy_only=False)) > 0
        assert all(np.array_equal(there.cells[id], here.cells[id], equal_nan=True) for id in changes.get("keep", ()))


def test_the_loss_of_a_worker_changes_nothing(cluster: Any, ground: dict[str, Any]) -> None:
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if done == 3:
            pid = next(iter(cluster.workers.values())).pid
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    there = run(ground, scheduler=cluster.scheduler_address, progress=kill_one)
    assert killed and there.service.equals(run(ground).service)


def test_a_worker_that_cannot_read_a_file_says_which(cluster: Any, ground: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "rain.npy"
    np.save(path, np.zeros((12, *ground["grid"].shape), np.float32))
    layers = {**ground["layers"], "rain": StoredLayer(path, 12)}
    path.unlink()
    with pytest.raises(UsageError) as told:
        run(ground, layers=layers, scheduler=cluster.scheduler_address)
    assert str(path) in told.value.message.en and "同一路径" in told.value.message.zh


def test_workers_with_other_code_are_refused(cluster: Any, ground: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from ecocomp.services import cluster as ours

    monkeypatch.setattr(ours, "code_fingerprint", lambda: "f" * 64)
    with pytest.raises(UsageError) as told:
        run(ground, scheduler=cluster.scheduler_address)
    assert "code" in told.value.message.en and "ffffffffffff" in told.value.message.en and "拒绝" in told.value.message.zh


def test_a_worker_checks_the_code_of_each_recipe_it_is_sent(ground: dict[str, Any]) -> None:
    """Workers may join after the run began."""
    from ecocomp.services.cluster import Recipe, Refusal, _one_strip, _Order, _packed, software_here
    from ecocomp.services.site import Site

    site = Site(ground["params"], {n: r.bands for n, r in ground["layers"].items()}, ground["grid"], 2023, ground["wind"])
    blob = _packed(Recipe(SERVICES, ground["layers"], site, (), ground["matrix"]))
    found = _one_strip(_Order(blob, "a", {**software_here(), "numba": "0.1"}), 0, None)
    assert isinstance(found, Refusal) and "numba" in found.words.en
    assert not isinstance(_one_strip(_Order(blob, "b", software_here()), 0, None), Refusal)


def test_layers_in_memory_that_cannot_be_sent_are_named(cluster: Any, ground: dict[str, Any]) -> None:
    class Held:
        bands = 12

        def read(self, row0: int, row1: int) -> np.ndarray:
            return np.zeros((12, row1 - row0, 180), np.float32)

    with pytest.raises(UsageError, match="rain"):
        run(ground, layers={**ground["layers"], "rain": Held()}, scheduler=cluster.scheduler_address)


def test_an_address_without_a_scheduler_is_told_within_seconds(ground: dict[str, Any]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for address in (f"tcp://127.0.0.1:{port}", "walrus://x:1", "tcp://x", "foo", ""):
        begin = time.monotonic()
        with pytest.raises(UsageError) as told:
            run(ground, scheduler=address or " ")
        assert "tcp://host:8786" in told.value.message.en and "调度器" in told.value.message.zh
        assert time.monotonic() - begin < 20


def test_a_scheduler_without_workers_is_told(ground: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    from ecocomp.services import cluster as ours

    monkeypatch.setattr(ours, "WORKERS_WITHIN_S", 1)
    with LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1") as empty, pytest.raises(UsageError) as told:
        run(ground, scheduler=empty.scheduler_address)
    assert "no workers" in told.value.message.en and "没有工作进程" in told.value.message.zh


def test_a_case_run_on_a_cluster_has_the_checkpoint_of_one_run_here(
    cluster: Any, county: Any, county_copy: Any, ecocomp: Any
) -> None:
    case = county_copy()
    done = ecocomp("run", case, "--year", 2023, "--scheduler", cluster.scheduler_address)
    assert done.returncode == 0, done.stderr
    assert (case / "bundles" / "2023" / "checkpoint").read_text(encoding="utf-8") == county.root(2023)


def test_a_case_run_with_a_wrong_address_says_so_before_anything_is_done(county_copy: Any, ecocomp: Any) -> None:
    case = county_copy(cache=False)
    done = ecocomp("run", case, "--scheduler", "nowhere")
    assert done.returncode == 2 and "tcp://host:8786" in done.stderr and not (case / ".ecocomp").exists()
