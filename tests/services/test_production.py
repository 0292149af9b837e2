"""Net primary production: CASA and Miami against plain numbers, the layer made from it, the exchanged rows of a printed table."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.grid.georef import Grid
from ecocomp.registry import entries
from ecocomp.services.derive import Making, derived_layers
from ecocomp.services.factors import production as factors
from ecocomp.services.layers import production as layer
from ecocomp.services.models import net_primary_production as model
from ecocomp.services.site import NotAssessed, Site, StripData

GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 22, 26)
MINE = ("fpar_from_ndvi", "casa_month", "npp_miami")
FORMULAS = entries("services.factors")


@dataclass(frozen=True)
class Held:
    """A layer in memory."""

    array: np.ndarray

    @property
    def bands(self) -> int:
        return len(self.array)

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


@pytest.fixture(scope="module")
def params(params: Callable[..., Any]) -> Callable[..., Any]:
    """Return national parameters, whatever the sample county has of its own."""
    return partial(params, "CN")


@pytest.fixture(scope="module")
def ground() -> dict[str, np.ndarray]:
    """A year of weather and plants on a small raster."""
    rng = np.random.default_rng(4)
    h, w = GRID.shape
    months = np.arange(12)[:, None, None]
    warm = np.cos((months - 6) / 6.0 * np.pi) + rng.uniform(-0.1, 0.1, (12, h, w))
    of = {
        "temperature": 5.0 + 18.0 * warm, "radiation": 13.0 + 5.0 * warm, "ndvi": 0.42 + 0.33 * warm, "et0": 70.0 + 50.0 * warm,
        "aet": 45.0 + 40.0 * warm, "rain": 80.0 + 70.0 * warm,
    }  # fmt: skip
    made = {name: a.astype(np.float32) for name, a in of.items()}
    made["land_cover"] = rng.choice(np.array([11, 12, 13, 21, 32, 51, 82, 42, 61, 0], np.uint8), (1, h, w))
    return made


def run(params: Any, layers: dict[str, np.ndarray], year: int = 2023) -> np.ndarray:
    plan = model.prepare(Site(params, {name: len(a) for name, a in layers.items()}, GRID, year))
    h, w = GRID.shape
    flat = {name: layers[name].reshape(len(layers[name]), -1) for name in plan.layers}
    out = np.full((3, h * w), np.nan, np.float32)
    plan.fill(StripData(0, h, w, flat, np.full(h * w, 2, np.uint8)), 0, h, out)
    return out.reshape(3, h, w)


@pytest.mark.parametrize("id", MINE)
def test_examples_of_the_formulas(id: str) -> None:
    e = FORMULAS[id]
    assert e.evaluate is not None and len(e.spec.examples) >= 2
    for example in e.spec.examples:
        found = e.evaluate(**example.inputs)
        for name, value in example.outputs.items():
            assert found[name] == pytest.approx(value, rel=example.tolerance, abs=1e-9), name


def test_arguments_and_outputs_are_those_of_evaluate() -> None:
    assert [a.name for a in model.SPEC.arguments] == list(inspect.signature(model.evaluate).parameters)
    found = model.evaluate(**model.SPEC.examples[0].inputs)  # type: ignore[arg-type]
    assert set(found) == {u.name for u in model.SPEC.outputs}
    with pytest.raises(ValueError, match="twelve"):
        model.evaluate(**{**model.SPEC.examples[0].inputs, "ndvi": [0.5]})  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["mean", "ndvi", "simple_ratio"])
def test_casa_equals_its_plain_numbers_cell_by_cell(params: Callable[..., Any], ground: Any, form: str) -> None:
    p = params(services__production__fpar_method=form)
    out = run(p, ground)
    epsilon, highest = (p.table_interval(f"services.production.{k}")[1] for k in ("epsilon_max", "ndvi_max"))
    classes = {"13": "mixed", "21": "shrub", "32": "grass", "51": "cropland", "82": "other"}
    checked = 0
    for r, c in np.ndindex(6, 8):
        name = classes.get(str(ground["land_cover"][0, r, c]))
        if name is None:
            continue
        months = {
            a: ground[b][:, r, c].tolist()
            for a, b in (("radiation_mj_m2_day", "radiation"), ("temperature_c", "temperature"), ("ndvi", "ndvi"),
                         ("aet_mm", "aet"), ("et0_mm", "et0"))
        }  # fmt: skip
        expected = model.evaluate(**months, epsilon_max=epsilon[name], ndvi_max=highest[name], fpar_method=form)
        assert out[1, r, c] == pytest.approx(expected["production_t_c"], rel=1e-6)
        checked += 1
    assert checked > 10
    seen = np.isfinite(out[1])
    assert np.array_equal(seen, np.isin(ground["land_cover"][0], [11, 12, 13, 21, 32, 51, 82]))
    assert np.all(out[0][seen] <= out[1][seen]) and np.all(out[1][seen] <= out[2][seen]) and np.all(out[0][seen] < out[2][seen])


def test_a_layer_of_fpar_comes_first(params: Callable[..., Any], ground: Any) -> None:
    with_fpar = {**ground, "fpar": np.full_like(ground["ndvi"], 0.4)}
    twice = {**ground, "fpar": np.full_like(ground["ndvi"], 0.8)}
    one, two = run(params(), with_fpar), run(params(), twice)
    assert np.allclose(two, 2 * one, rtol=1e-6, equal_nan=True) and not np.allclose(one, run(params(), ground), equal_nan=True)
    with pytest.raises(NotAssessed) as stop:
        run(params(services__production__fpar_method="layer"), ground)
    assert [n.record for n in stop.value.notes] == ["fpar"]


@pytest.mark.parametrize("name", ["radiation", "temperature", "ndvi", "aet", "et0", "land_cover"])
def test_a_month_without_a_factor_leaves_the_year_without_a_value(params: Callable[..., Any], ground: Any, name: str) -> None:
    holed = ground[name].copy()
    holed[-1, :, :9] = 0 if name == "land_cover" else np.nan
    whole, out = run(params(), ground), run(params(), {**ground, name: holed})
    assert np.all(np.isnan(out[:, :, :9])) and np.array_equal(out[:, :, 9:], whole[:, :, 9:], equal_nan=True)


def test_months_of_a_leap_year_count_their_days(params: Callable[..., Any], ground: Any) -> None:
    february = {k: v.copy() for k, v in ground.items()}
    february["radiation"][[m for m in range(12) if m != 1]] = 0.0
    common, leap = run(params(), february, 2023), run(params(), february, 2024)
    assert np.allclose(leap, common * 29.0 / 28.0, rtol=1e-6, equal_nan=True)


def test_no_growth_in_a_month_of_deep_frost(params: Callable[..., Any], ground: Any) -> None:
    frozen = {**ground, "temperature": np.full_like(ground["temperature"], -10.0)}
    assert np.nanmax(run(params(), frozen)) == 0.0


def test_missing_layers_are_named_all_at_once(params: Callable[..., Any], ground: Any) -> None:
    with pytest.raises(NotAssessed) as stop:
        run(params(), {k: v for k, v in ground.items() if k in ("land_cover", "ndvi")})
    assert {n.record for n in stop.value.notes} == {"radiation", "temperature", "aet", "et0"}
    with pytest.raises(NotAssessed) as stop:
        run(params(services__production__method="VPM"), ground)
    assert "casa, miami, layer" in stop.value.notes[0].say("en")


# ---------------------------------------------------------------- the known trap of a printed table
def test_the_two_broadleaf_rows_are_not_exchanged(params: Callable[..., Any]) -> None:
    """A paper prints 0.692 for evergreen and 0.985 for deciduous broadleaf forest; two public scripts have them the other way."""
    table = params().table("services.production.epsilon_max")
    assert (float(table["evergreen_broadleaf"]), float(table["deciduous_broadleaf"])) == (0.985, 0.692)
    month = {"sol_mj_m2": 500.0, "fpar": 0.8, "temperature_c": 24.0, "optimum_c": 24.0, "aet_mm": 90.0, "et0_mm": 100.0}
    right, exchanged = (
        factors.casa_month(**month, epsilon_max=float(table[k])) for k in ("evergreen_broadleaf", "deciduous_broadleaf")
    )
    assert exchanged["npp_g_c_m2"] / right["npp_g_c_m2"] == pytest.approx(0.692 / 0.985)


def test_ranges_hold_what_the_sources_say_of_mixed_forest_and_shrub(params: Callable[..., Any]) -> None:
    low, _, high = params().table_interval("services.production.epsilon_max")
    assert low["mixed"] <= 0.475 and high["mixed"] >= 0.768 and low["shrub"] <= 0.429 and high["shrub"] >= 0.494


# ---------------------------------------------------------------- properties
@given(st.floats(-20, 40), st.floats(-30, 45))
def test_stress_lies_between_nothing_and_all(optimum: float, celsius: float) -> None:
    assert 0.0 <= factors.optimum_stress(optimum) <= 1.0 + 1e-12
    assert 0.0 <= factors.warmth_stress(optimum, celsius) < 1.184


@given(st.floats(0, 300), st.floats(0, 300))
def test_water_stress_halves_at_worst(aet: float, et0: float) -> None:
    assert 0.5 <= factors.water_stress(aet, et0) <= 1.0


@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(0, 2))
def test_fpar_grows_with_ndvi_and_stays_in_its_range(a: float, b: float, form: int) -> None:
    low, high = sorted((a, b))
    one, two = (factors.fpar_of_ndvi(v, 0.023, 0.7, 0.001, 0.95, form) for v in (low, high))
    assert 0.001 <= one <= two <= 0.95


@given(st.floats(-20, 35), st.floats(0, 4000))
def test_miami_takes_what_limits_more(celsius: float, rain: float) -> None:
    found = float(factors.miami(celsius, rain))
    warm, wet = 3000.0 / (1.0 + np.exp(1.315 - 0.119 * celsius)), 3000.0 * (1.0 - np.exp(-0.000664 * rain))
    assert found == pytest.approx(min(warm, wet), rel=1e-9, abs=1e-7)


# ---------------------------------------------------------------- the layer
def test_the_layer_is_the_value_of_the_model(params: Callable[..., Any], ground: Any, tmp_path: Path) -> None:
    readers = {name: Held(a) for name, a in ground.items()}
    made = derived_layers(["carbon_sequestration"], readers, GRID, tmp_path, params(services__carbon__method="nep"), 2023)
    npp = np.concatenate([made["npp"].read(a, min(a + 7, GRID.height)) for a in range(0, GRID.height, 7)], axis=1)
    assert np.array_equal(npp, made["npp"].read(0, GRID.height), equal_nan=True) and npp.dtype == np.float32
    assert np.allclose(npp[0] * 0.01, run(params(), ground)[1], rtol=1e-6, equal_nan=True)
    again = pickle.loads(pickle.dumps(made["npp"]))
    assert np.array_equal(again.read(3, 9), npp[:, 3:9], equal_nan=True)


def test_a_layer_of_the_case_is_never_made_again_and_none_is_made_without_months(
    params: Callable[..., Any], ground: Any, tmp_path: Path
) -> None:
    own = Held(np.full((1, *GRID.shape), 700.0, np.float32))
    readers: dict[str, Any] = {name: Held(a) for name, a in ground.items()}
    growth = params(services__oxygen__method="npp_dry_matter")
    assert derived_layers(["oxygen_release"], {**readers, "npp": own}, GRID, tmp_path, growth, 2023)["npp"] is own
    assert "npp" in derived_layers(["oxygen_release"], readers, GRID, tmp_path, growth, 2023)
    every = ["oxygen_release", "carbon_sequestration", "net_primary_production"]
    assert "npp" not in derived_layers(every, readers, GRID, tmp_path, params(), 2023)  # by rates nobody reads it
    del readers["radiation"]
    assert "npp" not in derived_layers(["oxygen_release"], readers, GRID, tmp_path, growth, 2023)
    making = Making(readers, GRID, tmp_path, params(services__production__method="layer"), 2023, {})
    assert layer.make(making) == {}


def test_miami_needs_only_the_climate(params: Callable[..., Any], ground: Any, tmp_path: Path) -> None:
    p = params(services__production__method="miami", services__oxygen__method="npp_dry_matter")
    ground = {**ground, "land_cover": ground["land_cover"].copy()}
    warm, wet = float(ground["temperature"][:, 2, 3].mean()), float(ground["rain"][:, 2, 3].sum())
    ground["land_cover"][0, 2, 3] = 32
    expected = factors.npp_miami(temperature_c=warm, rain_mm=wet)["npp_g_c_m2"] * 0.01
    out = run(p, {k: ground[k] for k in ("land_cover", "temperature", "rain")})
    assert out[1, 2, 3] == pytest.approx(expected, rel=1e-5) and out[0, 2, 3] < out[1, 2, 3] < out[2, 2, 3]
    readers = {k: Held(ground[k]) for k in ("land_cover", "temperature", "rain")}
    made = derived_layers(["oxygen_release"], readers, GRID, tmp_path, p, 2023)["npp"].read(0, GRID.height)
    assert np.allclose(made[0] * 0.01, out[1], rtol=1e-6, equal_nan=True)
    yearly = {**ground, "temperature": ground["temperature"].mean(0, keepdims=True), "rain": ground["rain"].sum(0, keepdims=True)}
    assert np.allclose(run(p, yearly), out, rtol=1e-5, equal_nan=True)


def test_production_as_the_case_brings_it(params: Callable[..., Any]) -> None:
    npp = np.full((1, *GRID.shape), 640.0, np.float32)
    npp[0, 0, 0] = np.nan
    out = run(params(services__production__method="layer"), {"npp": npp})
    assert np.allclose(out[:, 1, 1], [5.12, 6.4, 7.68]) and np.all(np.isnan(out[:, 0, 0]))


def test_a_method_nobody_knows_is_told_by_the_services_that_read_the_layer(
    params: Callable[..., Any], ground: Any, tmp_path: Path
) -> None:
    from ecocomp.services.models import oxygen_release

    for key, word in (("method", "VPM"), ("fpar_method", "lai")):
        p = params(**{f"services__production__{key}": word, "services__oxygen__method": "npp_dry_matter"})
        made = derived_layers(["oxygen_release"], {n: Held(a) for n, a in ground.items()}, GRID, tmp_path, p, 2023)
        assert "npp" not in made
        with pytest.raises(NotAssessed) as stop:
            oxygen_release.prepare(Site(p, {n: r.bands for n, r in made.items()}, GRID, 2023))
        assert [n.record for n in stop.value.notes] == [f"services.production.{key}"] and word in stop.value.notes[0].say("zh")
