"""Habitat quality: exact distances, the index against plain Python, what is refused, the same bits however rows are cut."""

from __future__ import annotations

import csv
import inspect
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.grid.georef import Grid, metres_per_cell
from ecocomp.registry import entries
from ecocomp.services.derive import Making, derived_layers
from ecocomp.services.factors import habitat
from ecocomp.services.layers import threats
from ecocomp.services.models import habitat_quality
from ecocomp.services.site import AtValue, Draws, NotAssessed, Site, StripData

GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 41, 33)
DEGREES = Grid("EPSG:4326", 104.0, 31.0, 0.002, 0.003, 41, 33)
MINE = ("threat_decay", "habitat_degradation")
FORMULAS = entries("services.factors")


class Held:
    """A layer in memory."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.bands = array, len(array)

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


@pytest.fixture(scope="module")
def params(params: Callable[..., Any]) -> Callable[..., Any]:
    """Return national parameters, whatever the sample county has of its own."""
    return partial(params, "CN")


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    rng = np.random.default_rng(2)
    share = [0.3, 0.2, 0.2, 0.2, 0.03, 0.02, 0.02, 0.03]
    return rng.choice(np.array([11, 12, 21, 32, 51, 61, 63, 0], np.uint8), (1, *GRID.shape), p=share)


def distances(path: Path, codes: np.ndarray, grid: Grid, rows: int, *which: int) -> np.ndarray:
    found = [threats.Threat(str(code), 0, (code,)) for code in which]
    threats.write_distances(path, found, {"land_cover": Held(codes)}, grid, rows)
    return np.load(path)


def naive(codes: np.ndarray, grid: Grid, code: int) -> np.ndarray:
    """Return every distance by trying every threat; a step east has the length of the row of the cell itself."""
    across, along = metres_per_cell(grid)
    north = np.cumsum(along) - 0.5 * along
    r0, c0 = np.nonzero(codes[0] == code)
    out = np.full(grid.shape, np.inf)
    for r, c in np.ndindex(*grid.shape):
        if len(r0):
            out[r, c] = np.sqrt((north[r] - north[r0]) ** 2 + (across[r] * (c - c0)) ** 2).min()
    return out


# ---------------------------------------------------------------- distances
@pytest.mark.parametrize("grid", [GRID, DEGREES], ids=["metres", "degrees"])
def test_distance_is_exact(tmp_path: Path, codes: np.ndarray, grid: Grid) -> None:
    found = distances(tmp_path / "d.npy", codes, grid, 8, 51, 63)
    for k, code in enumerate((51, 63)):
        assert np.allclose(found[k], naive(codes, grid, code), rtol=2e-7, atol=0)


def test_distance_equals_a_known_transform_on_a_larger_raster(tmp_path: Path) -> None:
    from scipy.ndimage import distance_transform_edt

    rng = np.random.default_rng(7)
    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 20.0, 307, 251)
    codes = np.where(rng.random((1, *grid.shape)) < 0.002, 61, 11).astype(np.uint8)
    found = distances(tmp_path / "d.npy", codes, grid, 64, 61)[0]
    assert np.allclose(found, distance_transform_edt(codes[0] != 61, sampling=(20.0, 30.0)), rtol=2e-7)


@pytest.mark.parametrize("rows", [1, 5, 33, 200])
def test_same_bits_however_the_rows_are_cut(tmp_path: Path, codes: np.ndarray, rows: int) -> None:
    whole, cut = (distances(tmp_path / f"{n}.npy", codes, DEGREES, n, 51, 61) for n in (64, rows))
    assert np.array_equal(whole, cut)


def test_distance_turns_with_the_map(tmp_path: Path, codes: np.ndarray) -> None:
    square = codes[:, :, :33]
    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 33, 33)
    straight = distances(tmp_path / "a.npy", square, grid, 8, 61)[0]
    for k in (1, 2, 3):
        turned = distances(tmp_path / f"{k}.npy", np.rot90(square, k, (1, 2)).copy(), grid, 8, 61)[0]
        assert np.array_equal(np.rot90(turned, -k), straight)


def test_a_threat_the_raster_has_not_is_infinitely_far_and_one_cell_is_a_circle(tmp_path: Path) -> None:
    codes = np.full((1, *GRID.shape), 11, np.uint8)
    codes[0, 10, 20] = 61
    found = distances(tmp_path / "d.npy", codes, GRID, 8, 61, 63)
    assert np.all(np.isinf(found[1])) and found[0, 10, 20] == 0.0
    assert found[0, 14, 23] == 150.0 and found[0, 10, 0] == 600.0


def test_layers_of_threats_join_the_ecosystems_and_gaps_are_no_threat(tmp_path: Path, params: Callable[..., Any]) -> None:
    codes = np.full((1, *GRID.shape), 11, np.uint8)
    road = np.full((1, *GRID.shape), np.nan, np.float32)
    road[0, 5, 5], road[0, 5, 6] = 0.4, 0.0
    rules = params(services__habitat__threats=["road linear threat_road 63", "town exponential 61"])
    readers = {"land_cover": Held(codes), "threat_road": Held(road)}
    made = derived_layers(["habitat_quality"], readers, GRID, tmp_path, rules, 2023)["threat_distance"]
    both = made.read(0, GRID.height)
    assert made.bands == 2 and both[0, 5, 5] == 0.0 and both[0, 5, 6] == 30.0 and np.all(np.isinf(both[1]))
    files = list(tmp_path.iterdir())
    derived_layers(["habitat_quality"], readers, GRID, tmp_path, params(services__habitat__threats=rules.items(threats.KEY)), 2024)
    assert list(tmp_path.iterdir()) == files  # the same map is not measured twice
    assert threats.make(Making({"land_cover": Held(codes)}, GRID, tmp_path, rules, 2023, {})) == {}


# ---------------------------------------------------------------- the index
@pytest.mark.parametrize("id", MINE)
def test_examples_of_the_formulas(id: str) -> None:
    e = FORMULAS[id]
    assert e.evaluate is not None and len(e.spec.examples) >= 2
    for example in e.spec.examples:
        found = e.evaluate(**example.inputs)
        for name, value in example.outputs.items():
            assert found[name] == pytest.approx(value, rel=example.tolerance, abs=1e-9), name


def run(params: Any, codes: np.ndarray, folder: Path, grid: Grid = GRID, **more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the index (columns, height, width) and the distances it came from."""
    readers: dict[str, Any] = {"land_cover": Held(codes), **{n: Held(a) for n, a in more.items()}}
    plain = params.params if isinstance(params, Draws) else params
    made = derived_layers(["habitat_quality"], readers, grid, folder, plain, 2023)
    plan = habitat_quality.prepare(Site(params, {n: r.bands for n, r in made.items()}, grid, 2023))
    h, w = grid.shape
    flat = {n: np.asarray(made[n].read(0, h)).reshape(made[n].bands, -1) for n in plan.layers}
    wide = len(params.numbers) if isinstance(params, Draws) else 3
    out = np.full((wide, h * w), np.nan, np.float32)
    plan.fill(StripData(0, h, w, flat, np.full(h * w, 2, np.uint8)), 0, h, out)
    return out.reshape(wide, h, w), flat["threat_distance"].reshape(-1, h, w)


def test_the_index_equals_plain_python(params: Callable[..., Any], codes: np.ndarray, tmp_path: Path) -> None:
    """As InVEST writes it: every threat decays with the distance to its nearest cell, weights are divided by their sum."""
    p = params()
    out, far = run(AtValue.of_all(p), codes, tmp_path)
    weight, most = p.table("services.habitat.weight"), p.table("services.habitat.max_distance_km")
    fit, feel = p.table("services.habitat.suitability"), p.table("services.habitat.sensitivity")
    names = ["cropland", "settlement", "works"]
    total = sum(float(weight[n]) for n in names)
    for r, c in np.ndindex(*GRID.shape):
        code = str(codes[0, r, c])
        if code == "0":
            assert np.isnan(out[1, r, c])
            continue
        harm = 0.0
        for k, name in enumerate(names):
            d, end = float(far[k, r, c]), 1000.0 * float(most[name])
            left = 0.0 if d > end else (1.0 - d / end if name == "cropland" else math.exp(-2.99 * d / end))
            harm += float(weight[name]) / total * left * float(feel.get(f"{code} {name}", 0))
        quality = float(fit[code]) * (1.0 - harm**2.5 / (harm**2.5 + 0.05**2.5))
        assert out[1, r, c] == pytest.approx(quality, rel=1e-5, abs=1e-9)


def test_evaluate_is_the_same_formula(params: Callable[..., Any], codes: np.ndarray, tmp_path: Path) -> None:
    p = params(services__habitat__threats=["settlement exponential 61", "works exponential 63"])
    out, far = run(AtValue.of_all(p), codes, tmp_path)
    for r, c in [(0, 0), (8, 30), (20, 12), (32, 40)]:
        code = str(codes[0, r, c])
        if code not in ("11", "12", "21", "32"):
            continue
        found = habitat_quality.evaluate(
            suitability=float(p.table("services.habitat.suitability")[code]),
            distance_m=[float(x) for x in far[:, r, c]],
            max_distance_m=[5000.0, 6000.0],
            weight=[0.9, 1.0],
            sensitivity=[float(p.table("services.habitat.sensitivity")[f"{code} {n}"]) for n in ("settlement", "works")],
        )
        assert out[1, r, c] == pytest.approx(found["quality"], rel=1e-5)


def test_willamette_sensitivities_equal_the_written_formula(params: Callable[..., Any], shared_data: Path, tmp_path: Path) -> None:
    """The land classes and sensitivities of InVEST's own sample, with its threats' decays, on an invented map."""
    table = shared_data / "invest_parameter_tables" / "habitatquality_sensitivity_willamette.csv"
    rows = {int(r["lucode"]): r for r in csv.DictReader(table.open(encoding="utf-8-sig"))}
    names = ["crops", "railroad", "urban", "timber", "roads1", "roads2", "roads3"]
    decays = ["linear"] * 3 + ["exponential"] * 4
    most, weight = [8.0, 5.0, 10.0, 7.0, 3.0, 1.0, 0.5], [1.0, 0.7, 1.0, 0.7, 0.7, 0.6, 0.5]
    fit = {str(k): float(r["habitat"]) for k, r in rows.items()}
    feel = {f"{k} {n}": float(r[n]) for k, r in rows.items() for n in names}
    # each threat is one code of the ecosystem list here; the index does not care which
    sources = ["51", "63", "61", "52", "71", "72", "73"]
    p = params(
        services__habitat__threats=[f"{n} {d} {s}" for n, d, s in zip(names, decays, sources, strict=True)],
        services__habitat__weight=dict(zip(names, weight, strict=True)),
        services__habitat__max_distance_km=dict(zip(names, most, strict=True)),
        services__habitat__suitability=fit,
        services__habitat__sensitivity=feel,
    )
    codes = np.random.default_rng(5).choice(np.array(sorted(rows), np.uint8), (1, *GRID.shape))
    out, far = run(p, codes, tmp_path)
    harm = np.zeros(GRID.shape)
    for k, name in enumerate(names):
        end = 1000.0 * most[k]
        left = np.where(far[k] > end, 0.0, (1.0 - far[k] / end) if decays[k] == "linear" else np.exp(-2.99 * far[k] / end))
        harm += weight[k] / sum(weight) * left * np.vectorize(lambda c, n=name: float(rows[c][n]))(codes[0])
    quality = np.vectorize(lambda c: fit[str(c)])(codes[0]) * (1.0 - harm**2.5 / (harm**2.5 + 0.05**2.5))
    assert np.allclose(out[1], quality, rtol=1e-5, atol=1e-7) and np.array_equal(out[0], out[1])


def test_draws_are_columns_and_the_value_lies_among_them(params: Callable[..., Any], codes: np.ndarray, tmp_path: Path) -> None:
    drawn, _ = run(Draws(params(), tuple(range(16)), 9), codes, tmp_path)
    central, _ = run(AtValue.of_all(params()), codes, tmp_path)
    assert np.array_equal(central[0], central[2], equal_nan=True)
    one, _ = run(Draws(params(), (5, 11), 9), codes, tmp_path)
    assert np.array_equal(one, drawn[[5, 11]], equal_nan=True)  # a draw depends on its own number alone
    total = np.nansum(drawn, axis=(1, 2))
    assert total.min() < np.nansum(central[1]) < total.max()
    assert np.nanmin(drawn) >= 0.0 and np.nanmax(drawn) <= 1.0
    assert not habitat_quality.MONOTONE


def test_weights_are_relative_and_farther_reach_never_helps(params: Callable[..., Any], codes: np.ndarray, tmp_path: Path) -> None:
    weight = {k: float(v) for k, v in params().table("services.habitat.weight").items()}
    plain, _ = run(AtValue.of_all(params()), codes, tmp_path)
    scaled, _ = run(AtValue.of_all(params(services__habitat__weight={k: 3 * v for k, v in weight.items()})), codes, tmp_path)
    assert np.allclose(plain, scaled, rtol=1e-6, equal_nan=True)
    far = {"cropland": 20.0, "settlement": 20.0, "works": 20.0}
    reach, _ = run(AtValue.of_all(params(services__habitat__max_distance_km=far)), codes, tmp_path)
    known = np.isfinite(plain[1])
    assert np.all(reach[1][known] <= plain[1][known] + 1e-6)


def test_without_threats_quality_is_suitability(params: Callable[..., Any], tmp_path: Path) -> None:
    codes = np.full((1, *GRID.shape), 12, np.uint8)
    out, _ = run(AtValue.of_all(params()), codes, tmp_path)
    assert np.all(out == np.float32(0.95))


def test_a_class_without_a_sensitivity_is_left_out_unless_it_is_no_habitat(params: Callable[..., Any], codes: np.ndarray) -> None:
    feel = {k: float(v) for k, v in params().table("services.habitat.sensitivity").items() if k != "12 works"}
    p = AtValue.of_all(params(services__habitat__sensitivity=feel))
    plan = habitat_quality.prepare(Site(p, {"land_cover": 1, "threat_distance": 3}, GRID, 2023))
    assert [n.record for n in plan.notes] == ["12"]


def test_what_is_missing_or_wrong_is_named(params: Callable[..., Any]) -> None:
    bands = {"land_cover": 1}
    with pytest.raises(NotAssessed) as stop:
        habitat_quality.prepare(Site(AtValue.of_all(params(services__habitat__threats=["road linear threat_road"],
                                                           services__habitat__weight={"road": 1.0},
                                                           services__habitat__max_distance_km={"road": 1.0})), bands, GRID, 2023))  # fmt: skip
    assert [n.record for n in stop.value.notes] == ["threat_road"]
    with pytest.raises(NotAssessed) as stop:
        habitat_quality.prepare(Site(AtValue.of_all(params(services__habitat__threats=["mine linear 63"])), bands, GRID, 2023))
    assert "mine" in stop.value.notes[0].say("en")
    from ecocomp.terms.faults import FaultsError

    for line in ("road", "road quadratic 63", "road linear", "road linear 99", "road linear slope"):
        with pytest.raises(FaultsError) as wrong:
            threats.threats_of(params(services__habitat__threats=[line]))
        assert line in wrong.value.faults[0].say("en") and line in wrong.value.faults[0].say("zh")


@given(st.floats(0, 2e4), st.floats(1, 1e4), st.sampled_from(habitat.DECAYS))
def test_a_threat_only_fades(distance: float, farthest: float, form: str) -> None:
    here = habitat.threat_decay(distance_m=distance, max_distance_m=farthest, form=form)["impact"]
    further = habitat.threat_decay(distance_m=distance * 1.5 + 1.0, max_distance_m=farthest, form=form)["impact"]
    assert 0.0 <= further <= here <= 1.0
    assert (here == 0.0) or distance <= farthest


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1))
def test_quality_falls_with_degradation_from_suitability_on(h: float, d: float, k: float) -> None:
    at = habitat_quality.evaluate(suitability=h, degradation=d, half_saturation=k)["quality"]
    more = habitat_quality.evaluate(suitability=h, degradation=min(d + 0.1, 1.0), half_saturation=k)["quality"]
    assert isinstance(at, float) and isinstance(more, float) and -1e-12 <= more <= at + 1e-12 <= h + 1e-9


def test_arguments_are_those_of_evaluate() -> None:
    assert [a.name for a in habitat_quality.SPEC.arguments] == list(inspect.signature(habitat_quality.evaluate).parameters)
    with pytest.raises(TypeError, match="distance_m"):
        habitat_quality.evaluate(suitability=1.0)


def test_through_the_pass_with_draws_the_range_holds_the_value(
    params: Callable[..., Any], codes: np.ndarray, tmp_path: Path
) -> None:
    import shapely

    from ecocomp.grid.coverage import build_coverage
    from ecocomp.services.engine import assess

    west, south, east, north = GRID.bounds
    middle = 0.5 * (south + north)
    parcels = [
        shapely.box(west, south, east, north),
        shapely.box(west, middle, east, north),
        shapely.box(west, south, east, middle),
    ]
    layers = derived_layers(["habitat_quality"], {"land_cover": Held(codes)}, GRID, tmp_path, params(), 2023)
    given: dict[str, Any] = {
        "models": ["habitat_quality"], "layers": layers, "grid": GRID, "parcel_ids": ["all", "n", "s"], "params": params(), "year": 2023,
    }  # fmt: skip
    found, cut = (assess(**given, coverage=build_coverage(parcels, GRID, rows=rows)).service for rows in (256, 7))
    rows = found.to_pylist()
    assert [r["quantity"] for r in rows] == cut["quantity"].to_pylist()
    assert [r["high"] for r in rows] == pytest.approx(cut["high"].to_pylist(), rel=1e-12)
    index, _ = run(AtValue.of_all(params()), codes, tmp_path)
    assert rows[0]["quantity"] == pytest.approx(float(np.nansum(index[1], dtype=np.float64)) * 0.09, rel=1e-6)
    assert rows[0]["quantity"] == pytest.approx(rows[1]["quantity"] + rows[2]["quantity"], rel=1e-6)
    assert all(r["low"] < r["quantity"] < r["high"] and r["unit"] == "ha" for r in rows)
    assert "nearest threat; cropland:linear, settlement:exponential" in rows[0]["method"] and rows[0]["coverage"] < 1.0


def test_distance_to_built_land_equals_a_published_layer(tmp_path: Path, shared_data: Path) -> None:
    """Plum Island 1985: somebody else's distances, on cells that are not quite square, grown again from where they are 0."""
    import rasterio

    with rasterio.open(shared_data / "pie_us_multidate_lulc" / "distance_to_built_1985_m.tif") as source:
        known = source.read(1)
        grid = Grid.from_transform("EPSG:26986", source.transform, source.width, source.height)
    codes = np.where(known == 0.0, 61, 11).astype(np.uint8)[None]
    found = distances(tmp_path / "d.npy", codes, grid, 100, 61)[0]
    seen = known >= 0.0
    assert seen.sum() > 100_000 and np.allclose(found[seen], known[seen], rtol=1e-6)
