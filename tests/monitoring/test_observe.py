"""The yearly judgement on an invented plain with planted clearings, droughts and clouds."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from ecocomp.grid.coverage import Coverage, build_coverage
from ecocomp.grid.georef import Grid
from ecocomp.monitoring.observe import REASONS, observe, read_evidence
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.codes import LIGHTS, VERDICTS
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import FIELD_CHECK, PARCEL, PARCEL_ZONE

YEARS = (2018, 2019, 2020, 2021, 2022, 2023)
GRID = Grid("EPSG:4543", 452_400, 3_118_800, 10, 10, 120, 80)
MONTHLY = np.array([0.2, 0.22, 0.3, 0.4, 0.55, 0.7, 0.75, 0.74, 0.6, 0.45, 0.3, 0.22])


@dataclass
class Layer:
    """A raster in memory, read as the clean rasters of `ecocomp.io` are."""

    values: Any

    @property
    def bands(self) -> int:
        return self.values.shape[0]

    def read(self, row0: int, row1: int) -> Any:
        return self.values[:, row0:row1].astype(np.float32)


@pytest.fixture(scope="module")
def params() -> Parameters:
    return RuleBook.load([policy_folder()]).resolve("990121", date(2023, 7, 1), date(2024, 7, 1))


@pytest.fixture(scope="module")
def plots() -> tuple[pa.Table, pa.Table, Coverage]:
    """24 × 16 parcels of 50 m (25 cells), a quarter of them each forest or grass in the zones water or soil; the last is a pond."""
    boxes, rows, zones = [], [], []
    for i in range(384):
        c, r = i % 24, i // 24
        x, y = 452_400 + 50 * c, 3_118_800 - 50 * r
        boxes.append(shapely.box(x, y - 50, x + 50, y))
        rows.append(
            {
                "parcel_id": f"P{i:03}",
                "village_code": "990121001001",
                "land_class": "0301",
                "ecosystem": "42" if i == 383 else "13" if c < 12 else "33",
                "area_dm2": 250_000,
                "declared_area_dm2": None,
                "x": x + 25.0,
                "y": y - 25.0,
            }
        )
        zones.append(
            {
                "parcel_id": f"P{i:03}",
                "function_zone": "water" if r < 8 else "soil",
                "zone_share_ppm": 1_000_000,
                "red_line_ppm": 0,
                "reserve_ppm": 0,
                "importance": "not_assessed",
                "grade": 3,
            }
        )
    return PARCEL.table(rows), PARCEL_ZONE.table(zones), build_coverage(boxes, GRID)


def ndvi(noise: float = 0.02, weather: dict[int, float] | None = None) -> dict[int, Any]:
    rng = np.random.default_rng(11)
    out = {}
    for y in YEARS:
        cells = MONTHLY[:, None, None] + rng.normal(0, noise, (12, 80, 120)) + rng.normal(0, 0.015)
        out[y] = cells + (weather or {}).get(y, 0.0) * MONTHLY[:, None, None]
    return out


def plant(cube: Any, i: int, change: float) -> None:
    c, r = i % 24, i // 24
    cube[:, 5 * r : 5 * r + 5, 5 * c : 5 * c + 5] += change


CHECKS = FIELD_CHECK.empty()


def judged(
    plots: Any, params: Parameters, layers: dict[int, Any], checks: pa.Table = CHECKS, year: int = 2023
) -> tuple[Any, dict[str, dict[str, Any]]]:
    parcel, zone, coverage = plots
    readers = {y: Layer(v) for y, v in layers.items()}
    observation, compliance = observe(
        layers=readers,
        grid=GRID,
        coverage=coverage,
        parcel=parcel,
        parcel_zone=zone,
        field_check=checks,
        params=params,
        year=year,
        years_available=YEARS,
    )
    rows = {r["parcel_id"]: r for r in compliance.to_pylist()}
    for r in rows.values():
        assert r["light"] in LIGHTS and r["verdict"] in VERDICTS and read_evidence(r["evidence"])["reason"] in REASONS
    return observation, rows


def test_planted_clearings_are_found_and_little_else(plots: Any, params: Parameters) -> None:
    layers = ndvi()
    cleared = [5, 40, 77, 130, 200, 250, 301, 350]
    thinned = [10, 90, 260]
    for i in cleared:
        plant(layers[2023], i, -0.30)
    for i in thinned:
        plant(layers[2023], i, -0.11)
    _, rows = judged(plots, params, layers)
    red = {int(p[1:]) for p, r in rows.items() if r["light"] == "red"}
    yellow = {int(p[1:]) for p, r in rows.items() if r["light"] == "yellow"}
    assert red == set(cleared), f"recall {len(red & set(cleared))}/{len(cleared)}, false alarms {red - set(cleared)}"
    assert yellow == set(thinned)
    told = read_evidence(rows["P005"]["evidence"])
    assert (
        float(told["drop"]) == pytest.approx(-0.30, abs=0.03)
        and float(told["z"]) < -3
        and told["months"] == "5"
        and told["past"] == "5"
    )
    assert int(told["refs"]) == 96 and rows["P005"]["confidence"] > 0.8
    assert (
        rows["P383"]["light"] == "grey"
        and read_evidence(rows["P383"]["evidence"])["reason"] == "not_vegetated"
        and rows["P383"]["confidence"] is None
    )


def test_a_drought_that_all_share_turns_no_light_on_and_hides_no_clearing(plots: Any, params: Parameters) -> None:
    layers = ndvi(weather={2023: -0.35})
    plant(layers[2023], 33, -0.30)
    _, rows = judged(plots, params, layers)
    assert [p for p, r in rows.items() if r["light"] in ("red", "yellow")] == ["P033"]
    told = read_evidence(rows["P100"]["evidence"])
    assert (
        told["reason"] == "shared"
        and float(told["drop"]) < -0.15
        and float(told["ref"]) == pytest.approx(float(told["drop"]), abs=0.05)
    )


def test_a_drought_in_one_zone_only_is_weather_there(plots: Any, params: Parameters) -> None:
    layers = ndvi()
    layers[2023][:, :40] -= 0.25
    _, rows = judged(plots, params, layers)
    assert not [p for p, r in rows.items() if r["light"] == "red"]


def test_a_good_year_of_the_others_is_no_offence(plots: Any, params: Parameters) -> None:
    layers = ndvi()
    layers[2023] += 0.25
    plant(layers[2023], 33, -0.24)
    _, rows = judged(plots, params, layers)
    assert rows["P033"]["light"] != "red"


def test_clouds_make_grey_not_green(plots: Any, params: Parameters) -> None:
    layers = ndvi()
    layers[2023][4:7, :, :60] = np.nan
    plant(layers[2023], 20, -0.3)
    observation, rows = judged(plots, params, layers)
    assert rows["P000"]["light"] == "grey" and read_evidence(rows["P000"]["evidence"])["reason"] == "insufficient"
    assert "months=2" in rows["P000"]["evidence"] and rows["P020"]["light"] == "red"
    values = {(r["parcel_id"], r["signal"]): r for r in observation.to_pylist()}
    assert values["P000", "ndvi_drop"]["value"] is None and values["P000", "fvc"]["value"] is None
    assert values["P000", "fvc"]["coverage"] == pytest.approx(0.4)
    assert len(values) == 3 * 384


def test_the_first_year_has_no_past_and_a_missing_layer_is_said(plots: Any, params: Parameters) -> None:
    _, rows = judged(plots, params, ndvi(), year=2018)
    assert {read_evidence(r["evidence"])["reason"] for r in rows.values()} == {"no_history", "not_vegetated"}
    layers = ndvi()
    del layers[2023]
    observation, rows = judged(plots, params, layers)
    assert {r["evidence"] for r in rows.values()} == {"reason=no_layer"} and {r["light"] for r in rows.values()} == {"grey"}
    assert observation["value"].null_count == len(observation)


def test_too_few_references_are_a_hint_only(plots: Any, params: Parameters) -> None:
    parcel, zone, coverage = plots
    rare = parcel.set_column(
        3,
        parcel.schema.field(3),
        pa.array(
            [
                "41" if i == "P033" else e
                for i, e in zip(parcel["parcel_id"].to_pylist(), parcel["ecosystem"].to_pylist(), strict=True)
            ]
        ),
    )
    layers = ndvi()
    plant(layers[2023], 33, -0.3)
    _, rows = judged((rare, zone, coverage), params, layers)
    assert rows["P033"]["light"] == "yellow" and read_evidence(rows["P033"]["evidence"])["reason"] == "no_reference"


def test_the_latest_check_of_the_year_is_the_verdict(plots: Any, params: Parameters) -> None:
    def check(i: str, day: date, verdict: str) -> dict[str, Any]:
        return {"check_id": i, "parcel_id": "P005", "checked_on": day, "verdict": verdict, "evidence": "photo", "inspector": "I1"}

    checks = FIELD_CHECK.table(
        [
            check("C1", date(2023, 9, 1), "confirmed"),
            check("C2", date(2023, 10, 1), "force_majeure"),
            check("C3", date(2022, 9, 1), "refuted"),
        ]
    )
    layers = ndvi()
    plant(layers[2023], 5, -0.3)
    _, rows = judged(plots, params, layers, checks)
    assert (rows["P005"]["light"], rows["P005"]["verdict"], rows["P005"]["confidence"]) == ("red", "force_majeure", 1.0)
    assert rows["P005"]["evidence"].endswith(";check=C2") and rows["P006"]["verdict"] == "none"


def test_yearly_layers_need_one_value(plots: Any, params: Parameters) -> None:
    layers = {y: v[4:9].mean(axis=0, keepdims=True) for y, v in ndvi().items()}
    plant(layers[2023], 5, -0.3)
    _observation, rows = judged(plots, params, layers)
    assert [p for p, r in rows.items() if r["light"] == "red"] == ["P005"] and "months=1" in rows["P005"]["evidence"]
    with pytest.raises(FaultsError, match="2023"):
        judged(plots, params, {**ndvi(), 2022: layers[2022]})


def test_a_sliver_is_judged_from_its_border_cells_and_marked(params: Parameters, plots: Any) -> None:
    parcel, zone, _ = plots
    boxes = [
        shapely.box(452_400 + 50 * (i % 24), 3_118_750 - 50 * (i // 24), 452_450 + 50 * (i % 24), 3_118_800 - 50 * (i // 24))
        for i in range(384)
    ]
    boxes[5] = shapely.box(452_650, 3_118_752, 452_700, 3_118_755)
    layers = ndvi()
    plant(layers[2023], 5, -0.3)
    _, rows = judged((parcel, zone, build_coverage(boxes, GRID)), params, layers)
    assert rows["P005"]["light"] == "red" and ";edge=1" in rows["P005"]["evidence"]
    assert rows["P005"]["confidence"] == pytest.approx(0.5 * 5 / 6, abs=0.01) and ";edge" not in rows["P006"]["evidence"]


def test_border_cells_do_not_speak_for_a_parcel(params: Parameters, plots: Any) -> None:
    parcel, zone, _ = plots
    boxes = [
        shapely.box(452_400 + 50 * (i % 24), 3_118_750 - 50 * (i // 24), 452_450 + 50 * (i % 24), 3_118_800 - 50 * (i // 24))
        for i in range(384)
    ]
    boxes[5] = shapely.box(452_650, 3_118_750, 452_704, 3_118_800)  # reaches 4 m into the neighbour's cells
    layers = ndvi(noise=0.0)
    plant(layers[2023], 6, -0.5)
    observation, _ = judged((parcel, zone, build_coverage(boxes, GRID)), params, layers)
    value = {(r["parcel_id"], r["signal"]): r["value"] for r in observation.to_pylist()}
    assert value["P005", "ndvi_drop"] == pytest.approx(value["P004", "ndvi_drop"], abs=1e-6)


def test_cover_and_trend_are_in_the_table(plots: Any, params: Parameters) -> None:
    layers = ndvi(noise=0.0)
    for k, y in enumerate(YEARS):
        layers[y][:, :5, :5] += 0.02 * k
    observation, _ = judged(plots, params, layers)
    value = {(r["parcel_id"], r["signal"]): (r["value"], r["unit"]) for r in observation.to_pylist()}
    rest = value["P100", "ndvi_trend"][0]
    assert value["P000", "ndvi_trend"] == (pytest.approx(rest + 0.02, abs=0.005), "1/a")
    season = layers[2023][4:9, 20, 20]
    assert value["P100", "fvc"] == (pytest.approx(float(np.clip((season - 0.05) / 0.85, 0, 1).mean()), abs=1e-4), "1")


def test_a_real_clear_cut_is_seen_in_its_year(shared_data: Path, params: Parameters) -> None:
    """MODIS 16-day NDVI of one pine plantation, felled in 2004/05, among parcels that follow its earlier seasons."""
    path = shared_data / "labelled_series" / "pine_harvest_ndvi_16day.csv"
    if not path.exists():
        pytest.skip("labelled series are not here")
    series = _by_month(path)
    years = sorted(series)[1:]
    calm = np.nanmean([series[y] for y in years if y < 2004], axis=0)
    rng = np.random.default_rng(5)
    grid = Grid("EPSG:4543", 452_400, 3_118_800, 10, 10, 60, 10)
    boxes = [shapely.box(452_400 + 20 * i, 3_118_700, 452_420 + 20 * i, 3_118_800) for i in range(30)]
    parcel = PARCEL.table(
        [
            {
                "parcel_id": f"P{i:02}",
                "village_code": "v",
                "land_class": "0301",
                "ecosystem": "12",
                "area_dm2": 200_000,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for i in range(30)
        ]
    )
    zone = PARCEL_ZONE.table(
        [
            {
                "parcel_id": f"P{i:02}",
                "function_zone": "soil",
                "zone_share_ppm": 1_000_000,
                "red_line_ppm": 0,
                "reserve_ppm": 0,
                "importance": "general",
                "grade": 3,
            }
            for i in range(30)
        ]
    )
    layers = {}
    for y in years:
        cells = np.repeat((calm + rng.normal(0, 0.02))[:, None, None], 10, axis=1).repeat(60, axis=2) + rng.normal(
            0, 0.02, (12, 10, 60)
        )
        cells[:, :, :2] = series[y][:, None, None]
        layers[y] = Layer(cells)
    coverage = build_coverage(boxes, grid)
    light = {}
    for y in years[3:]:
        _, compliance = observe(
            layers=layers,
            grid=grid,
            coverage=coverage,
            parcel=parcel,
            parcel_zone=zone,
            field_check=CHECKS,
            params=params,
            year=y,
            years_available=years,
        )
        light[y] = compliance.to_pylist()[0]["light"]
        assert [r["light"] for r in compliance.to_pylist()[1:]].count("red") == 0
    assert light[2005] == "red", light
    assert all(light[y] != "red" for y in years[3:] if y < 2004), light


def _by_month(path: Path) -> dict[int, Any]:
    with path.open(encoding="utf-8") as f:
        rows = list(csv.reader(f))
    out: dict[int, Any] = {}
    for row in rows[1:]:
        when = float(row[0])
        out.setdefault(int(when), [[] for _ in range(12)])[min(11, int((when % 1) * 12))].append(float(row[-1]))
    return {y: np.array([np.mean(m) if m else np.nan for m in months]) for y, months in out.items()}
