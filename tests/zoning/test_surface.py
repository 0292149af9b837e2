"""Maps in streams: the same as cell by cell, as the whole at once, and honest about what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ecocomp.grid.georef import Grid, cell_area_m2_by_row
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.zoning import maps
from ecocomp.zoning.factors import FACTORS, Work, factor
from ecocomp.zoning.importance import grade_cells, importance_limits, streamed_limits
from ecocomp.zoning.maps import InMemory, ZoneMap, graded, highest, joined, row_strips
from ecocomp.zoning.sensitivity import CLASSES, MODELS
from ecocomp.zoning.surface import INDICES, factor_ranges, index_map, lacks, sensitivity_map, zone_maps

GRID = Grid("EPSG:4543", 452_400, 3_118_800, 90, 90, 23, 40)
Made = Callable[..., Parameters]


@pytest.fixture
def params(given_rules: Made) -> Parameters:
    return given_rules({}, place="science")


def scene(grid: Grid = GRID, seed: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def layer(bands: int, low: float, high: float) -> InMemory:
        values = rng.uniform(low, high, (bands, *grid.shape)).astype(np.float32)
        values[rng.integers(bands), rng.random(grid.shape) < 0.03] = np.nan
        return InMemory(values)

    texture = rng.integers(0, 13, (1, *grid.shape)).astype(np.uint8)
    made = {
        "npp": (1, 0, 900), "rain": (12, 0, 200), "temperature": (12, -5, 30), "humidity": (12, 20, 95),
        "wind_speed": (12, 0, 9), "elevation": (1, 100, 1900), "slope": (1, 0, 60), "erodibility": (1, 0.001, 0.1),
        "ndvi": (12, -0.1, 0.95), "erosivity": (1, 0, 900), "windy_days": (1, 0, 50), "carbonate_share": (1, 0, 100),
        "water_evaporation": (1, 400, 2500), "groundwater_depth": (1, 0, 20), "groundwater_salt": (1, 0, 40),
    }  # fmt: skip
    return {name: layer(*spec) for name, spec in made.items()} | {"soil_texture": InMemory(texture)}


def of_cell(layers: dict[str, Any], r: int, c: int) -> dict[str, Any]:
    return {k: v.values[:, r, c].astype(float) for k, v in layers.items()}


def test_index_maps_equal_the_formulas_cell_by_cell(params: Parameters, tmp_path: Path) -> None:
    layers = scene()
    names = [*params.items("zoning.npp.scaled_factors")]
    ends = factor_ranges(names, layers, GRID, params)
    formulas = entries("zoning.indices")
    found = {name: index_map(name, layers, GRID, params, tmp_path)[0] for name in INDICES}
    calc = {id: e.evaluate for id, e in formulas.items()}
    thirteenths = params.table("zoning.npp.seepage")
    known = 0
    for r, c in np.random.default_rng(0).integers(0, (40, 23), (120, 2)):
        x = of_cell(layers, r, c)
        code = int(x["soil_texture"][0])
        wind = [u * 0.2 ** (1 / 7) for u in x["wind_speed"]]
        raw = {
            "rain": sum(x["rain"]),
            "temperature": sum(x["temperature"]) / 12,
            "slope": x["slope"][0],
            "elevation": x["elevation"][0],
            "erodibility": x["erodibility"][0],
            "climatic_erosivity": calc["climatic_erosivity"](
                wind_2m=wind, temperature_c=x["temperature"], humidity=x["humidity"] / 100, rain_mm=x["rain"]
            )["climatic_erosivity"],
        }
        scaled = {k: calc["min_max_scaling"](value=v, low=ends[k][0], high=ends[k][1])["scaled"] for k, v in raw.items()}
        scaled |= {"seepage": float(thirteenths[str(code)]) / 13 if code else np.nan, "npp": x["npp"][0]}
        scaled["roughness"] = calc["surface_roughness"](slope_deg=x["slope"][0])["roughness"]
        ids = {
            "water": "npp_water_conservation", "soil": "npp_soil_conservation", "sand": "npp_sand_fixation",
            "biodiversity": "npp_biodiversity",
        }  # fmt: skip
        for name, id in ids.items():
            arguments = {a.name: scaled[a.name] for a in formulas[id].spec.arguments}
            wanted = calc[id](**arguments)["index"]
            assert found[name] is not None
            assert found[name].array()[r, c] == pytest.approx(wanted, rel=2e-6, abs=1e-9, nan_ok=True), (name, r, c)
            known += np.isfinite(wanted)
    assert known > 200


def test_sensitivity_maps_equal_the_formulas_and_nodata_stays_nodata(params: Parameters, tmp_path: Path) -> None:
    layers = scene()
    made = {m: sensitivity_map(m, layers, GRID, params, tmp_path) for m in MODELS}
    calc = {id: e.evaluate for id, e in entries("zoning.indices").items()}
    score = {k: params.table(f"zoning.sensitivity.{k}.texture_score") for k in ("soil", "desert", "salt")}
    work = Work(layers, GRID, params, 0, GRID.height)
    relief, cover = factor("relief", work), factor("cover", work)
    unknown = 0
    for r, c in np.random.default_rng(1).integers(0, (40, 23), (150, 2)):
        x = of_cell(layers, r, c)
        texture = {k: float(t.get(str(int(x["soil_texture"][0])), 0)) for k, t in score.items()}
        dry = calc["dryness_index"](temperature_c=x["temperature"], rain_mm=x["rain"])["dryness"] + 0 * sum(x["rain"])
        ratio = x["water_evaporation"][0] / sum(x["rain"])
        arguments = {
            "soil_erosion": {"erosivity": x["erosivity"][0], "texture_score": texture["soil"], "relief_m": relief[r, c],
                             "cover": cover[r, c]},
            "desertification": {"dryness": dry, "windy_days": x["windy_days"][0], "texture_score": texture["desert"],
                                "cover": cover[r, c]},
            "rocky_desertification": {"carbonate_share": x["carbonate_share"][0], "slope_deg": x["slope"][0], "cover": cover[r, c]},
            "salinisation": {"evaporation_ratio": ratio, "groundwater_salt": x["groundwater_salt"][0],
                             "groundwater_depth": x["groundwater_depth"][0], "texture_score": texture["salt"]},
        }  # fmt: skip
        for m, given_ in arguments.items():
            zone_map = made[m]
            assert isinstance(zone_map, ZoneMap) and zone_map.values is not None
            value, cls = zone_map.values.read(r, r + 1)[0, 0, c], zone_map.classes.array()[r, c]
            if any(not np.isfinite(v) for v in given_.values()) or given_.get("texture_score") == 0:
                assert np.isnan(value) and cls == 0, (m, given_)
                unknown += 1
            else:
                wanted = calc[f"sensitivity_{m}"](**given_)
                assert value == pytest.approx(wanted["index"], rel=1e-6) and CLASSES[cls] == wanted["class"]
    assert unknown > 10


def test_strips_leave_no_seam(params: Parameters, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    grid = Grid("EPSG:4326", 100, 30, 0.001, 0.001, 17, 67)
    layers = scene(grid)
    layers.pop("slope")
    whole = {n: factor(n, Work(layers, grid, params, 0, grid.height)) for n in FACTORS}
    for row0, row1 in grid.strips(16):
        for n, wanted in whole.items():
            got = factor(n, Work(layers, grid, params, row0, row1))
            assert np.array_equal(got, wanted[row0:row1], equal_nan=True), n
    one = zone_maps(layers=layers, services={}, grid=grid, params=params, folder=tmp_path / "a")
    monkeypatch.setattr(maps, "STRIP_CELLS", 1)
    assert len(row_strips(grid)) == 5
    two = zone_maps(layers=layers, services={}, grid=grid, params=params, folder=tmp_path / "b")
    assert set(one.sensitivity) == set(MODELS)
    for m, made in one.sensitivity.items():
        assert np.array_equal(made.classes.array(), two.sensitivity[m].classes.array())


def test_relief_is_the_range_of_heights_in_the_window(params: Parameters) -> None:
    height = np.arange(GRID.height)[:, None] * 10.0 + np.arange(GRID.width)[None, :]
    height[20, 10] = np.nan
    layers = {"elevation": InMemory(height.astype(np.float32))}
    relief = factor("relief", Work(layers, GRID, params, 0, GRID.height))
    reach = round(500 / 90)
    assert relief[reach, 11] == pytest.approx(2 * reach * 10 + 2 * reach), "a square of 1 km"
    assert relief[0, 0] == pytest.approx(reach * 10 + reach) and np.isnan(relief[20, 10]) and np.isfinite(relief[21, 10])


def test_fixed_ends_make_years_compare(given_rules: Made, tmp_path: Path) -> None:
    layers = scene()
    wetter = layers | {"rain": InMemory(layers["rain"].values * np.float32(1.5))}
    free = given_rules({}, place="science")
    ends = {f"zoning.npp.range.{n}": [0, 4000] for n in ("rain", "temperature", "elevation")}
    fixed = given_rules(ends, place="science")

    def mean(layers_: dict[str, Any], params: Parameters, folder: str) -> float:
        made, notes = index_map("biodiversity", layers_, GRID, params, tmp_path / folder)
        assert made is not None and notes == []
        return float(np.nanmean(np.array(made.array()), dtype=np.float64))

    assert mean(wetter, free, "a") == pytest.approx(mean(layers, free, "b"), rel=1e-4), "scaled by itself, rain cancels out"
    assert mean(wetter, fixed, "c") == pytest.approx(1.5 * mean(layers, fixed, "d"), rel=1e-4)
    with pytest.raises(FaultsError, match="ascending"):
        index_map("water", layers, GRID, given_rules({"zoning.npp.range.rain": [9, 3]}, place="science"), tmp_path)


def test_a_factor_without_spread_has_no_say_and_is_noted(params: Parameters, tmp_path: Path) -> None:
    layers = scene()
    even = np.full((1, *GRID.shape), 800.0, np.float32)
    even[0, 0, 0] = np.nan
    layers |= {"rain": InMemory(even), "slope": InMemory(np.where(np.isnan(even), even, 5.0))}
    made, notes = index_map("water", layers, GRID, params, tmp_path)
    assert made is not None and [n.record for n in notes] == ["water rain", "water slope"] and notes[0].severity == "warning"
    seep = factor("seepage", Work(layers, GRID, params, 0, GRID.height))
    wanted = layers["npp"].values[0] * seep
    wanted[0, 0] = np.nan
    assert np.allclose(made.array(), wanted, rtol=1e-6, equal_nan=True), "neutral, yet nodata stays nodata"


def test_everything_missing_is_named_at_once(given_rules: Made, tmp_path: Path) -> None:
    params = given_rules({"zoning.importance_method": "npp_index"}, units={"zoning.importance_method": "text"}, place="science")
    layers = {"rain": InMemory(np.ones((1, *GRID.shape), np.float32)), "elevation": scene()["elevation"]}
    found = zone_maps(layers=layers, services={}, grid=GRID, params=params, folder=tmp_path)
    said = {n.record: n.clash.en for n in found.notes}
    assert set(said) == {"water", "soil", "sand", "biodiversity", *MODELS} and found.function is None and found.sensitive is None
    assert "npp, soil_texture" in said["water"] and "slope" not in said["water"], "slope comes from the heights"
    assert "npp, erodibility, wind_speed (12 bands), temperature (12 bands), humidity (12 bands), rain (12 bands)" in said["sand"]
    assert "temperature (12 bands), rain (12 bands), windy_days, soil_texture, ndvi" in said["desertification"]
    assert "water_evaporation, groundwater_salt, groundwater_depth, soil_texture" in said["salinisation"].replace(
        " (1/12 bands)", ""
    )
    assert all(n.severity == "warning" and n.remedy.zh for n in found.notes)
    assert lacks(["cover", "cover"], {}) == ["ndvi"]


def test_the_method_is_one_for_the_whole_map(given_rules: Made, tmp_path: Path) -> None:
    layers, unit = scene(), {"zoning.importance_method": "text"}
    service = {"water_conservation": InMemory(layers["npp"].values), "habitat_quality": InMemory(layers["slope"].values)}
    by_model = given_rules({}, place="science")
    by_npp = given_rules({"zoning.importance_method": "npp_index"}, units=unit, place="science")
    one = zone_maps(layers=layers, services=service, grid=GRID, params=by_model, folder=tmp_path, sensitivities=[])
    two = zone_maps(layers=layers, services=service, grid=GRID, params=by_npp, folder=tmp_path, sensitivities=[])
    assert set(one.importance) == {"water", "biodiversity"} and {n.record for n in one.notes} == {"soil", "sand"}
    assert set(two.importance) == set(INDICES) and {m.method for m in two.importance.values()} == {"npp_index"}
    with pytest.raises(FaultsError, match=r"npp_index.*model") as stop:
        joined([one.importance["water"], two.importance["soil"], two.importance["sand"]], GRID, tmp_path)
    assert [f.record for f in stop.value.faults] == ["soil", "sand"]
    wrong = given_rules({"zoning.importance_method": "both"}, units=unit, place="science")
    with pytest.raises(FaultsError, match="npp_index, model"):
        zone_maps(layers=layers, services=service, grid=GRID, params=wrong, folder=tmp_path)
    with pytest.raises(UsageError, match="water"):
        zone_maps(layers=layers, services=service, grid=GRID, params=by_model, folder=tmp_path, functions=["wind"])


def test_a_joined_map_takes_the_highest_known_class(tmp_path: Path) -> None:
    a, b = np.array([[0, 1, 2, 3, 0]], np.uint8), np.array([[0, 3, 3, 0, 2]], np.uint8)
    assert highest([a, b], "importance").tolist() == [[0, 1, 2, 3, 2]]
    assert highest([a, b], "sensitivity").tolist() == [[0, 3, 3, 3, 2]]
    assert highest([b, a], "importance").tolist() == highest([a, b], "importance").tolist()


def test_cells_outside_the_area_are_not_graded(tmp_path: Path) -> None:
    grid = Grid("EPSG:4543", 452_400, 3_118_800, 90, 90, 4, 1)
    values, inside = InMemory(np.array([[90, 50, 30, 20]], np.float32)), InMemory(np.array([[0, 1, 1, 1]], np.uint8))
    made = graded("water", "model", values, grid, (0.5, 0.8), tmp_path, inside)
    assert made.classes.array().tolist() == [[0, 1, 2, 3]] and made.limits == (50.0, 30.0)


RASTERS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.one_of(st.integers(0, 5).map(float), st.floats(0, 1e6, width=32), st.just(float("nan")), st.just(-1.0)),
)


@settings(max_examples=80, deadline=None)
@given(RASTERS, st.sampled_from([(0.5, 0.8), (0.1, 1.0), (0.5, 0.75)]), st.booleans(), st.integers(1, 5))
def test_streams_grade_like_the_whole(values: Any, cuts: tuple[float, float], degrees: bool, rows: int) -> None:
    grid = Grid("EPSG:4326", 100, 60, 0.5, 0.5, *values.shape[::-1]) if degrees else None
    area = cell_area_m2_by_row(grid) if grid else np.ones(len(values))
    counted = np.isfinite(values) & (values > 0)
    per_cell = np.broadcast_to(area[:, None], values.shape)
    pieces = [
        (v[k], w[k]) for v, w, k in ((a[i : i + rows] for a in (values, per_cell, counted)) for i in range(0, len(values), rows))
    ]
    got = streamed_limits(pieces, pieces, cuts)
    assert got == importance_limits(values[counted], per_cell[counted], cuts)


def test_a_large_map_is_graded_by_strips_as_in_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    grid = Grid("EPSG:4326", 100, 45, 0.01, 0.01, 333, 701)
    values = np.round(rng.lognormal(3, 2, grid.shape), 1).astype(np.float32)
    values[rng.random(grid.shape) < 0.2] = np.nan
    made = graded("soil", "model", InMemory(values), grid, (0.5, 0.8), tmp_path)
    assert np.array_equal(made.classes.array(), grade_cells(values, None, cell_area_m2_by_row(grid), (0.5, 0.8)))
