"""Totals: parcels are completed strip by strip, blocks do not show in the table, draws and ceilings come out the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ecocomp.grid.coverage import build_coverage
from ecocomp.services import engine, totals
from ecocomp.services.strip_pass import Interval, Run, StripResult, Work
from ecocomp.services.totals import Totals

SERVICES = ("carbon_storage", "carbon_sequestration", "air_purification", "soil_retention", "water_conservation")


def assess(fused: Any, scene: Any, coverage: Any, ids: list[str], params: Any) -> pa.Table:
    readers = {n: fused.InMemory(np.asarray(a)) for n, a in scene.layers.items()}
    return engine.assess(
        models=SERVICES, layers=readers, grid=scene.grid, coverage=coverage, params=params, parcel_ids=ids, year=2023
    ).service


@pytest.mark.parametrize("method", ["corners", "monte_carlo"])
def test_blocks_do_not_show_in_the_table(method: str, fused: Any, scene: Any, params: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import shapely

    x = scene.grid.x0 + 30.0 * np.arange(0.5, 60, 7.3)
    boxes = shapely.box(x, scene.grid.y0 - 1500.0, x + 333.0, scene.grid.y0 - 50.0)
    coverage = build_coverage(boxes, scene.grid, rows=13)
    ids = [f"{i:02d}" for i in np.random.default_rng(5).permutation(len(boxes))]
    rules = params(services__interval__method=method, services__air__emission_t={"so2": 0.01, "nox": 1e6, "dust": 0.5})
    whole = assess(fused, scene, coverage, ids, rules)
    with monkeypatch.context() as small:
        small.setattr(totals, "BLOCK", 4)
        small.setattr(engine, "BLOCK", 4)
        pieces = assess(fused, scene, coverage, ids, rules)
    assert pieces.equals(whole) and whole["parcel_id"].num_chunks == 1
    known = whole.filter(pa.compute.is_valid(whole["quantity"]))
    assert {s.partition(".")[0] for s in known["service"].unique().to_pylist()} >= {"air_purification", "carbon_storage"}
    so2 = whole.filter(pa.compute.equal(whole["service"], "air_purification.so2"))
    assert sum(q or 0.0 for q in so2["quantity"].to_pylist()) == pytest.approx(0.01)  # the ceiling holds over all blocks


def work(draws: int = 0) -> Work:
    """One service with one product and, where wanted, draws."""
    plan: Any = SimpleNamespace(products=(), ceiling=None)
    run = Run(
        SimpleNamespace(spec=SimpleNamespace(id="trial")), plan, drawn=(plan,) * (draws // 8), interval=Interval(draws, 0, 0.1, 0.9)
    )  # type: ignore[arg-type]
    return Work((run,), np.zeros((256, 0)))


def strip(start: int, parcels: list[int]) -> Any:
    return SimpleNamespace(start=start, parcel=np.array(parcels, np.int32))


def test_room_is_that_of_the_parcels_under_way() -> None:
    """A thousand strips touch three parcels each, one of which comes back once more much later."""
    made, n = work(8), 1000
    strips = [strip(k, sorted({k, k + 1, n + k // 500})) for k in range(n)]
    given = Totals(made, strips, n + 2)
    rng = np.random.default_rng(2)
    expected, draws = np.zeros((n + 2, made.columns)), np.zeros((n + 2, 8))
    for one in strips:
        sums, some = rng.integers(1, 9, (one.parcel.size, made.columns)).astype(float), rng.random((one.parcel.size, 8))
        expected[one.parcel] += sums
        draws[one.parcel] += some
        given.add(one, StripResult(sums, np.zeros_like(sums), some, (1,), {}))
        assert len(given._live.total) <= 8
    [block] = given.blocks()
    assert given.negative == [n] and np.array_equal(block.sums, expected)
    low, high = np.quantile(draws, [0.1, 0.9], axis=1)
    found = block.low_value_high(made.runs[0], 0)
    assert found[:, 0] == pytest.approx(np.minimum(low, expected[:, 1])) and found[:, 1] == pytest.approx(expected[:, 1])
    assert found[:, 2] == pytest.approx(np.maximum(high, expected[:, 1]))


def test_a_parcel_no_strip_touches_has_nothing() -> None:
    made = work()
    given = Totals(made, [strip(0, [1])], 3, place=np.array([2, 0, 1]))
    given.add(strip(0, [1]), StripResult(np.full((1, made.columns), 7.0), np.zeros((1, made.columns)), np.zeros((1, 0)), (0,), {}))
    [block] = given.blocks()
    assert np.array_equal(block.area_ha(), [7.0, 0.0, 0.0])
