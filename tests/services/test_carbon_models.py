"""Carbon, oxygen and air: worked cases as data, the pass against plain numbers cell by cell, what is refused and why."""

from __future__ import annotations

import csv
import importlib
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.grid.georef import Grid
from ecocomp.registry import entries
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.services.factors import carbon
from ecocomp.services.models import air_purification, carbon_sequestration, carbon_storage, oxygen_release
from ecocomp.services.site import NotAssessed, Site, StripData

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "carbon.yaml").read_text(encoding="utf-8"))
MINE = ("carbon_pools", "carbon_change", "carbon_npv", "soil_respiration_month")
FORMULAS = entries("services.factors")
GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 24, 30)


def run(model: Any, params: Any, layers: dict[str, np.ndarray], year: int = 2023) -> np.ndarray:
    """Return the pass of a model over a whole small raster (rows of out, height, width)."""
    site = Site(params, {name: len(a) for name, a in layers.items()}, GRID, year)
    plan = model.prepare(site)
    h, w = GRID.shape
    flat = {name: a.reshape(len(a), -1) for name, a in layers.items() if name in plan.layers}
    out = np.full((3 * max(len(plan.products), 1), h * w), np.nan, np.float32)
    plan.fill(StripData(0, h, w, flat, np.full(h * w, 2, np.uint8)), 0, h, out)
    return out.reshape(-1, h, w)


@pytest.fixture(scope="module")
def params(params: Callable[..., Any]) -> Callable[..., Any]:
    """Return national parameters, whatever the sample county has of its own."""
    return partial(params, "CN")


@pytest.fixture(scope="module")
def ground() -> dict[str, np.ndarray]:
    """Layers of a small raster: patches of ecosystems, months of weather, a hole in production."""
    rng = np.random.default_rng(11)
    h, w = GRID.shape
    codes = np.array([11, 12, 13, 21, 32, 41, 51, 61, 0, 99], np.uint8)
    npp = rng.uniform(50, 1500, (1, h, w)).astype(np.float32)
    npp[0, 3, 5] = np.nan
    return {
        "land_cover": rng.choice(codes, (1, h, w)), "npp": npp, "rain": rng.uniform(0, 200, (12, h, w)).astype(np.float32),
        "temperature": rng.uniform(-15, 28, (12, h, w)).astype(np.float32),
    }  # fmt: skip


# ---------------------------------------------------------------- formulas
@pytest.mark.parametrize("case", CASES, ids=[c["note"] for c in CASES])
def test_worked_case(case: dict[str, Any]) -> None:
    found = FORMULAS[case["formula"]].evaluate(**case["inputs"])  # type: ignore[misc]
    for name, value in case["gives"].items():
        assert found[name] == pytest.approx(value, rel=case.get("tolerance", 1e-9), abs=1e-9), name


@pytest.mark.parametrize("id", MINE)
def test_examples_of_the_formulas(id: str) -> None:
    e = FORMULAS[id]
    assert e.evaluate is not None and len(e.spec.examples) >= 2
    for example in e.spec.examples:
        found = e.evaluate(**example.inputs)
        for name, value in example.outputs.items():
            assert found[name] == pytest.approx(value, rel=example.tolerance, abs=1e-9), name


@given(st.floats(-5, 20), st.floats(-5, 10), st.integers(1, 60))
def test_npv_is_the_sum_year_by_year_and_continuous_where_the_ratio_is_one(d: float, c: float, n: int) -> None:
    r, mean = carbon.npv_factor(d, c, n)
    assert mean == pytest.approx(math.fsum(r**k for k in range(n)) / n, rel=1e-6)
    assert carbon.npv_factor(1e-9, 0.0, n)[1] == pytest.approx(1.0, rel=1e-5)


def test_change_scales_with_area_and_turns_its_sign() -> None:
    one = carbon.change(before_t_c_per_ha=86.0, after_t_c_per_ha=28.0, area_ha=3.0)
    back = carbon.change(before_t_c_per_ha=28.0, after_t_c_per_ha=86.0, area_ha=6.0)
    assert back["change_t_c"] == -2 * one["change_t_c"] == pytest.approx(348.0)


# ---------------------------------------------------------------- storage
def test_storage_equals_the_densities_of_willamette_to_the_bit(params: Callable[..., Any], shared_data: Path) -> None:
    """Given the same densities every pool is InVEST's, which puts the table value into a float32 cell."""
    table = shared_data / "invest_parameter_tables" / "carbon_carbon_pools_willamette.csv"
    rows = {int(r["lucode"]): r for r in csv.DictReader(table.open(encoding="utf-8-sig"))}
    pools = {p: {str(k): float(r[f"C_{p}"]) for k, r in rows.items()} for p in carbon_storage.POOLS}
    known = params(**{f"services__carbon__pool_{p}_t_c_per_ha": t for p, t in pools.items()})
    codes = np.resize(np.array([*rows, 0, 250], np.uint8), GRID.shape)[None]
    out = run(carbon_storage, known, {"land_cover": codes}).reshape(4, 3, *GRID.shape)
    for k, pool in enumerate(carbon_storage.POOLS):
        expected = np.array([np.float32(rows[c][f"C_{pool}"]) if c in rows else np.nan for c in codes.ravel()], np.float32)
        for column in range(3):
            assert np.array_equal(out[k, column].ravel(), expected, equal_nan=True)


def test_storage_has_low_value_high_and_leaves_out_a_class_that_lacks_a_pool(params: Callable[..., Any], ground: Any) -> None:
    out = run(carbon_storage, params(), ground).reshape(4, 3, *GRID.shape)
    seen = np.isfinite(out[0, 1])
    assert np.array_equal(seen, (ground["land_cover"][0] > 0) & (ground["land_cover"][0] < 99))
    assert np.all(out[:, 0][:, seen] <= out[:, 1][:, seen]) and np.all(out[:, 1][:, seen] <= out[:, 2][:, seen])
    dead = {k: float(v) for k, v in params().table("services.carbon.pool_dead_t_c_per_ha").items() if k != "11"}
    less = run(carbon_storage, params(services__carbon__pool_dead_t_c_per_ha=dead), ground)
    assert np.array_equal(np.isnan(less[0]), ~seen | (ground["land_cover"][0] == 11))
    plan = carbon_storage.prepare(Site(params(services__carbon__pool_dead_t_c_per_ha=dead), {"land_cover": 1}, GRID, 2023))
    assert [n.record for n in plan.notes] == ["11"] and plan.products == carbon_storage.POOLS


# ---------------------------------------------------------------- sequestration and oxygen
@pytest.mark.parametrize("method", ["rate", "nep", "nep_soil"])
def test_uptake_equals_its_plain_numbers_cell_by_cell(params: Callable[..., Any], ground: Any, method: str) -> None:
    p = params(services__carbon__method=method)
    out = run(carbon_sequestration, p, ground)
    oxygen = run(oxygen_release, p, ground)
    for r, c in [(0, 0), (2, 7), (11, 13), (29, 23), (3, 5), (17, 2)]:
        code = str(ground["land_cover"][0, r, c])
        npp = float(ground["npp"][0, r, c])
        known = code in p.table("services.carbon.rate_t_co2_per_ha_a")
        if method == "nep_soil":
            pairs = zip(ground["temperature"][:, r, c], ground["rain"][:, r, c], strict=True)
            breathed = sum(carbon.respiration(temperature_c=t, rain_mm=x)["respired_g_c_m2"] for t, x in pairs)
            expected = carbon_sequestration.evaluate(area_ha=1.0, npp_g_c_m2=npp, respired_g_c_m2=breathed)["uptake_t_co2"]
        elif method == "nep":
            share = float(p.table("services.carbon.nep_share_of_npp").get(code, math.nan))
            expected = carbon_sequestration.evaluate(area_ha=1.0, npp_g_c_m2=npp, nep_share=share)["uptake_t_co2"]
        else:
            expected = float(p.table("services.carbon.rate_t_co2_per_ha_a")[code]) if known else math.nan
        assert out[1, r, c] == pytest.approx(expected, rel=1e-6, nan_ok=True)
        assert oxygen[1, r, c] == pytest.approx(32.0 / 44.0 * expected, rel=1e-6, nan_ok=True)
    seen = np.isfinite(out[1])
    assert seen.any() and np.all(out[0][seen] <= out[1][seen]) and np.all(out[1][seen] <= out[2][seen])
    if method != "rate":
        assert np.all(np.isnan(out[:, 3, 5]))


def test_a_source_of_carbon_stays_negative_and_is_counted(params: Callable[..., Any], ground: Any) -> None:
    p = params(services__carbon__method="nep_soil")
    hot = {**ground, "npp": np.full_like(ground["npp"], 100.0), "temperature": np.full_like(ground["temperature"], 25.0)}
    site = Site(p, {name: len(a) for name, a in hot.items()}, GRID, 2023)
    plan = carbon_sequestration.prepare(site)
    cells = GRID.height * GRID.width
    out = np.empty((3, cells), np.float32)
    flat = {n: a.reshape(len(a), -1) for n, a in hot.items()}
    negative = plan.fill(StripData(0, GRID.height, GRID.width, flat, np.full(cells, 2, np.uint8)), 0, GRID.height, out)
    assert negative == cells and np.all(out[1] < 0) and plan.negative_meaning is not None


def test_oxygen_of_growth_is_another_quantity_than_oxygen_on_balance(params: Callable[..., Any], ground: Any) -> None:
    growth = run(oxygen_release, params(services__oxygen__method="npp_dry_matter"), ground)
    cell = oxygen_release.evaluate(npp_g_c_m2=float(ground["npp"][0, 0, 0]))["growth_t_o2"]
    assert growth[1, 0, 0] == pytest.approx(cell, rel=1e-6)
    net = run(oxygen_release, params(services__carbon__method="nep"), ground)
    both = np.isfinite(net[1])
    assert np.all(growth[1][both] > 2.0 * net[1][both])


def test_methods_do_not_mix(params: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="do not mix"):
        carbon_sequestration.evaluate(area_ha=1.0, rate_t_co2_per_ha_a=2.0, npp_g_c_m2=500.0)
    site = Site(params(services__carbon__method="biomass"), {"land_cover": 1}, GRID, 2023)
    with pytest.raises(NotAssessed) as stop:
        carbon_sequestration.prepare(site)
    assert "rate, nep, nep_soil" in stop.value.notes[0].say("en")


def test_without_production_every_layer_that_would_make_it_is_named(params: Callable[..., Any]) -> None:
    site = Site(params(services__carbon__method="nep_soil"), {"land_cover": 1, "rain": 12}, GRID, 2023)
    with pytest.raises(NotAssessed) as stop:
        carbon_sequestration.prepare(site)
    assert {n.record for n in stop.value.notes} == {"npp", "temperature", "radiation", "ndvi", "aet", "et0"}


# ---------------------------------------------------------------- air
@pytest.fixture(scope="module")
def emitting(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Return the parameters of a place with the given emissions."""

    def made(**emissions: float) -> Any:
        folder = tmp_path_factory.mktemp("policy")
        (folder / "990121" / "services").mkdir(parents=True)
        words = ", ".join(f"{k}: {v}" for k, v in emissions.items())
        text = (
            "parameters:\n  - key: services.air.emission_t\n    name: {zh: 排放量, en: emissions}\n    unit: t/a\n    kind: table\n"
            f"    values:\n      - value: {{{words}}}\n        spread: 0.1\n        document: test\n        confidence: S\n"
        )
        (folder / "990121" / "services" / "air.yaml").write_text(text, encoding="utf-8")
        return RuleBook.read([policy_folder(), folder])[0].resolve("990121", date(2023, 12, 31), date(2024, 12, 31))

    return made


def test_air_is_capacity_per_hectare_with_the_emissions_as_ceiling(emitting: Any, ground: Any) -> None:
    p = emitting(so2=2.0, dust=30.0)
    out = run(air_purification, p, ground).reshape(2, 3, *GRID.shape)
    capacity = p.table("services.air.capacity_so2_t_per_km2_a")
    for r, c in [(0, 0), (5, 9), (20, 20)]:
        code = str(ground["land_cover"][0, r, c])
        expected = float(capacity[code]) / 100.0 if code in capacity else math.nan
        assert out[0, 1, r, c] == pytest.approx(expected, rel=1e-6, nan_ok=True)
    plan = air_purification.prepare(Site(p, {"land_cover": 1}, GRID, 2023))
    assert plan.products == ("so2", "dust") and plan.ceiling == pytest.approx(np.array([[1.8, 2.0, 2.2], [27.0, 30.0, 33.0]]))
    assert [n.record for n in plan.notes if n.code == "services.not_assessed"] == ["services.air.emission_t/nox"]


def test_without_emissions_nothing_is_said_of_the_air(params: Callable[..., Any]) -> None:
    with pytest.raises(NotAssessed) as stop:
        air_purification.prepare(Site(params(), {"land_cover": 1}, GRID, 2023))
    assert len(stop.value.notes) == 3 and all("overstate" in n.say("en") and "高估" in n.say("zh") for n in stop.value.notes)
    with pytest.raises(TypeError, match="emission_so2"):
        air_purification.evaluate(area_km2=[1.0], capacity_so2=[8.0])


def test_what_parcels_clean_never_exceeds_what_is_emitted(emitting: Any, ground: Any) -> None:
    import shapely

    from ecocomp.grid.coverage import build_coverage
    from ecocomp.services.engine import assess

    class Held:
        bands = 1

        def read(self, a: int, b: int) -> np.ndarray:
            return np.asarray(ground["land_cover"][:, a:b])

    west, south, east, north = GRID.bounds
    middle = 0.5 * (west + east)
    parcels = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    coverage = build_coverage(parcels, GRID)
    given: dict[str, Any] = {
        "models": ["air_purification"], "layers": {"land_cover": Held()}, "grid": GRID, "coverage": coverage,
        "parcel_ids": ["w", "e"], "year": 2023,
    }  # fmt: skip
    free = assess(**given, params=emitting(so2=1e9, nox=1e9, dust=1e9)).service.to_pylist()
    capped = assess(**given, params=emitting(so2=1.0, nox=1e9, dust=1e9)).service.to_pylist()
    amounts = {(r["service"], r["parcel_id"]): r["quantity"] for r in free}
    cut = {(r["service"], r["parcel_id"]): r["quantity"] for r in capped}
    so2 = [cut["air_purification.so2", k] for k in ("w", "e")]
    assert sum(so2) == pytest.approx(1.0, rel=1e-9) and amounts["air_purification.so2", "w"] > so2[0]
    assert so2[0] / so2[1] == pytest.approx(amounts["air_purification.so2", "w"] / amounts["air_purification.so2", "e"], rel=1e-9)
    assert cut["air_purification.dust", "w"] == amounts["air_purification.dust", "w"]
    assert all(r["low"] <= r["quantity"] <= r["high"] for r in capped)


@pytest.mark.parametrize("id", ["carbon_storage", "carbon_sequestration", "oxygen_release", "air_purification"])
def test_arguments_are_those_of_evaluate(id: str) -> None:
    import inspect

    module = importlib.import_module(f"ecocomp.services.models.{id}")
    assert [a.name for a in module.SPEC.arguments] == list(inspect.signature(module.evaluate).parameters)
    assert replace(module.SPEC).faults() == [] and module.SPEC.differs.zh and len(module.SPEC.examples) >= 2
