"""Sand fixation: the pass against plain numbers for every form, periods, irrigation, draws, and what must hold."""

from __future__ import annotations

import calendar
import math
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from ecocomp.grid.georef import Grid
from ecocomp.rules import Parameters
from ecocomp.services.factors import cover, wind
from ecocomp.services.models import sand_fixation
from ecocomp.services.site import IN_PARCEL, Draws, NotAssessed, Site, StripData, columns
from ecocomp.terms import tables

GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 6, 4)
YEAR = 2023
CELLS = GRID.width * GRID.height
CODES = np.array([11, 21, 32, 51, 71, 73], np.uint8)
COEFFICIENTS = {11: 0.1535, 21: 0.0921, 32: 0.1151, 51: 0.0438, 71: 0.0658, 73: 0.0768}


def make_layers() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(8)

    def some(low: float, high: float, bands: int = 1) -> np.ndarray:
        return rng.uniform(low, high, (bands, CELLS)).astype(np.float32)

    return {
        "rain": some(0, 40, 12), "ndvi": some(0.02, 0.5, 12), "sand": some(50, 85), "silt": some(5, 12), "clay": some(3, 10),
        "organic_matter": some(0.2, 2), "caco3": some(0, 3), "elevation": some(200, 1500), "slope_degrees": some(0, 20),
        "relief_m": some(0.0, 0.3), "land_cover": np.resize(CODES, (1, CELLS)),
    }  # fmt: skip


LAYERS = make_layers()


def make_wind(year: int = YEAR) -> Any:
    rng = np.random.default_rng(3)
    days = 366 if calendar.isleap(year) else 365
    return tables.WIND.table(
        [
            {"station_id": "S", "x": GRID.x0, "y": GRID.y0, "date": date(year, 1, 1) + timedelta(d), "u10_m_s": float(rng.gamma(4.0, 1.0)),
             "temperature_c": float(12 - 11 * math.cos(d / 58.0)), "snow_depth_mm": 40.0 if d in (3, 4, 20) else 0.0}
            for d in range(days)
        ]
    )  # fmt: skip


WIND = make_wind()


def fill(params: Parameters | Draws, drop: tuple[str, ...] = (), **layers: np.ndarray) -> np.ndarray:
    arrays = {n: np.ascontiguousarray(a) for n, a in {**LAYERS, **layers}.items() if n not in drop}
    covered = np.ones(CELLS, np.uint8)
    for array in (*arrays.values(), covered):
        array.flags.writeable = False
    plan = sand_fixation.prepare(Site(params, {n: len(a) for n, a in arrays.items()}, GRID, YEAR, WIND))
    out = np.full((columns(params), CELLS), np.nan, np.float32)
    plan.fill(StripData(0, *GRID.shape, arrays, covered), 0, GRID.height, out)
    return out


def plain(rules: Parameters, cell: int, **choice: str) -> float:
    """Return t/ha of a cell by the functions of plain numbers, period by period."""
    x = {n: a[:, cell].astype(np.float64) for n, a in LAYERS.items() if n != "land_cover"}
    code = int(LAYERS["land_cover"][0, cell])
    half = choice.get("period") == "half_month"
    soil = {n: float(x[n][0]) for n in ("sand", "silt", "clay", "organic_matter")}
    rows = WIND.to_pylist()
    total = 0.0
    for month in range(1, 13):
        length = calendar.monthrange(YEAR, month)[1]
        for first, last in ((1, 15), (16, length)) if half else ((1, length),):
            days = last - first + 1
            mine = [r for r in rows if r["date"].month == month and first <= r["date"].day <= last]
            celsius = math.fsum(r["temperature_c"] for r in mine) / len(mine)
            radiation = float(rules.table("services.sand.radiation_mj_m2_day")[str(month)])
            form = choice.get("evaporation", "samani_pessarakli_1986")
            etp = wind.evaporation_samani if form.startswith("samani") else wind.evaporation_hargreaves
            evaporation = etp(radiation_mj_m2_day=radiation, temperature_c=celsius)["evaporation"] * days
            share = float(rules.table("services.sand.rain_day_share")[str(month)])
            irrigation = 25.0 * days / length if choice.get("irrigated") and code == 51 and month == 4 else 0.0
            wf = wind.weather(
                wind=wind.erosivity(u2_m_s=[wind.wind_at_2m(r["u10_m_s"]) for r in mine], days=days)["wind"],
                density=wind.density(elevation_km=x["elevation"][0] / 1000, temperature_c=celsius)["density"],
                wetness=wind.wetness(evaporation_mm=evaporation, rain_mm=x["rain"][month - 1] * days / length, rain_days=share * days,
                                     days=days, irrigation_mm=irrigation,
                                     form=choice.get("wetness", "fryrear_1998"))["wetness"],
                snow=wind.snow(snow_depth_mm=[r["snow_depth_mm"] for r in mine])["snow"],
            )["weather"]  # fmt: skip
            green = float(x["ndvi"][month - 1])
            f = cover.share_from_ndvi(ndvi=green)["cover"]
            c = wind.plants(coefficient=COEFFICIENTS[code], cover_percent=100 * f)["cover"]
            roughness = choice.get("roughness", "slope_cosine")
            ground = {"relief_cm": 100 * float(x["relief_m"][0]), "length_cm": 6000.0}
            if roughness == "slope_cosine":
                k = wind.cosine(slope_deg=float(x["slope_degrees"][0]))["roughness"]
            elif roughness == "smith_carson":
                k = wind.smith_carson(**ground)["roughness"]
            else:
                k, with_plants = (wind.smith_carson_cover(**ground, cover=g)["roughness"] for g in (0.0, f))
                c *= with_plants / k
            method = choice.get("method", "HJ1173-2021")
            if method == "GEP-2020-short":
                c = wind.plants_ndvi(ndvi=green)["cover"]
            total += sand_fixation.evaluate(
                weather=wf, erodible=wind.erodible(**soil, caco3=float(x["caco3"][0]))["erodible"],
                crust=wind.crust(clay=soil["clay"], organic_matter=soil["organic_matter"])["crust"], roughness=k, cover=c, method=method,
            )["fixed_t"]  # fmt: skip
    return total


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"period": "half_month"},
        {"method": "GEP-2020-short"},
        {"method": "GEP-2020-short", "period": "half_month", "wetness": "per_rain_day"},
        {"roughness": "smith_carson", "evaporation": "hargreaves_1985"},
        {"roughness": "smith_carson_cover", "wetness": "rain_times_days"},
        {"irrigated": "yes"},
        {"irrigated": "yes", "period": "half_month"},
    ],
    ids=lambda c: "-".join(c.values()) or "as_shipped",
)
def test_the_pass_equals_plain_numbers(params: Any, choice: dict[str, str]) -> None:
    keys = {"method": "method", "period": "period", "roughness": "roughness_method", "wetness": "soil_wetness_method",
            "evaporation": "evaporation_method"}  # fmt: skip
    rules = params(**{f"services__sand__{keys[k]}": v for k, v in choice.items() if k in keys})
    if "irrigated" in choice:
        rules = irrigated(rules)
    out = fill(rules)
    expected = np.array([plain(rules, cell, **choice) for cell in range(CELLS)])
    assert expected.max() > 0.01 and out[1] == pytest.approx(expected, rel=2e-5, abs=1e-6)
    assert np.all(out[0] <= out[1]) and np.all(out[1] <= out[2])


def irrigated(rules: Parameters) -> Parameters:
    """Return the rules of a place that waters its cropland with 25 mm in April."""
    table = rules.get("services.sand.rain_day_share")
    codes = rules.get("services.sand.cover_class_map")
    water = {str(m): Decimal(25 if m == 4 else 0) for m in range(1, 13)}
    rules.used["services.sand.irrigation_mm"] = replace(
        table, key="services.sand.irrigation_mm", value=water, low=water, high=water
    )
    rules.used["services.sand.irrigated_classes"] = replace(codes, key="services.sand.irrigated_classes", value=["51"])
    rules.has = lambda key: key.startswith("services.sand.irrigat") or Parameters.has(rules, key)  # type: ignore[method-assign]
    return rules


def test_half_months_add_up_to_the_days_of_the_year() -> None:
    for year in (2023, 2024):
        months, halves = (sand_fixation.period_days(year, p) for p in sand_fixation.PERIODS)
        assert sum(months) == sum(halves) == (366 if year == 2024 else 365) and len(halves) == 24
        assert [a + b for a, b in zip(halves[::2], halves[1::2], strict=True)] == months


def test_the_two_methods_name_themselves_and_differ(params: Any) -> None:
    plans = []
    for method in sand_fixation.METHODS:
        rules = params(services__sand__method=method)
        plans.append(sand_fixation.prepare(Site(rules, {n: len(a) for n, a in LAYERS.items()}, GRID, YEAR, WIND)).method)
    assert "full form" in plans[0] and "0.1699" in plans[1]
    full, short = (fill(params(services__sand__method=m))[1] for m in sand_fixation.METHODS)
    assert np.nanmax(np.abs(full / short - 1.0)) > 0.5


@pytest.mark.parametrize("layer", ["rain", "ndvi", "sand", "clay", "organic_matter", "caco3", "elevation", "slope_degrees"])
@pytest.mark.parametrize("method", sand_fixation.METHODS)
def test_nodata_in_a_factor_is_nodata(params: Any, layer: str, method: str) -> None:
    holed = LAYERS[layer].copy()
    holed[-1, ::2] = np.nan
    out = fill(params(services__sand__method=method), **{layer: holed})
    assert np.all(np.isnan(out[:, ::2])) and np.all(np.isfinite(out[:, 1::2]))


@pytest.mark.parametrize("method", sand_fixation.METHODS)
def test_bare_ground_fixes_nothing_and_unknown_classes_are_unknown(params: Any, method: str) -> None:
    rules = params(services__sand__method=method)
    bare = fill(rules, ndvi=np.full((12, CELLS), -0.1, np.float32))
    assert np.all(bare == 0.0)
    assert np.all(np.isnan(fill(rules, land_cover=np.full((1, CELLS), 42, np.uint8))))


def test_more_water_on_the_ground_means_less_to_hold(params: Any) -> None:
    dry, wet = fill(params())[1], fill(irrigated(params()))[1]
    crops = LAYERS["land_cover"][0] == 51
    assert np.all(wet[crops] < dry[crops]) and np.array_equal(wet[~crops], dry[~crops])


def test_the_result_rises_and_falls_with_z_so_that_its_range_is_left_out() -> None:
    case = {"weather": 20.0, "erodible": 0.5, "crust": 0.6, "roughness": 0.9, "cover": 0.8}
    fixed = [sand_fixation.evaluate(**case, z_m=z)["fixed"] for z in (5.0, 20.0, 30.0, 100.0, 200.0)]
    steps = np.sign(np.diff(fixed))
    assert 1.0 in steps and -1.0 in steps and "z_m" not in sand_fixation.SENSES


@pytest.mark.parametrize("method", sand_fixation.METHODS)
def test_draws_are_carried_side_by_side(params: Any, method: str) -> None:
    rules = params(services__sand__method=method)
    out = fill(Draws(rules, tuple(range(8)), 11))
    low, _, high = fill(rules)
    assert (
        out.shape == (8, CELLS)
        and np.all(out >= low * (1 - 1e-5))
        and np.all(out <= high * (1 + 1e-5))
        and np.all(np.ptp(out, axis=0) > 0)
    )


def test_everything_missing_is_named_at_once_and_unknown_forms_are_refused(params: Any) -> None:
    with pytest.raises(NotAssessed) as found:
        sand_fixation.prepare(Site(params(), {"rain": 1, "ndvi": 12}, GRID, YEAR))
    assert {n.record for n in found.value.notes} == {
        "rain", "land_cover", "elevation", "slope_degrees", "sand", "silt", "clay", "organic_matter", "wind",
    }  # fmt: skip
    with pytest.raises(NotAssessed):
        fill(params(services__sand__period="week"))


def test_a_gale_makes_negative_cells_that_are_kept_and_counted(params: Any) -> None:
    rows = [{**r, "u10_m_s": 4.0 * r["u10_m_s"]} for r in WIND.to_pylist()]
    arrays = {n: np.ascontiguousarray(a) for n, a in {**LAYERS, "ndvi": np.full((12, CELLS), 0.06, np.float32)}.items()}
    covered = np.full(CELLS, IN_PARCEL, np.uint8)
    covered[: GRID.width] = 1  # a raster only
    for array in (*arrays.values(), covered):
        array.flags.writeable = False
    plan = sand_fixation.prepare(Site(params(), {n: len(a) for n, a in arrays.items()}, GRID, YEAR, tables.WIND.table(rows)))
    assert plan.negative_meaning is not None and plan.negative_meaning.zh and plan.negative_meaning.en
    out = np.full((columns(params()), CELLS), np.nan, np.float32)
    counted = plan.fill(StripData(0, *GRID.shape, arrays, covered), 0, GRID.height, out)
    assert counted == int(np.sum((out[1] < 0.0) & (covered == IN_PARCEL))) > 0
