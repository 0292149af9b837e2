"""Erosivity from daily rain, and soil retention with each form of its factors."""

from __future__ import annotations

import calendar
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecocomp.grid.georef import Grid
from ecocomp.services.derive import Making, derived_layers
from ecocomp.services.engine import assess
from ecocomp.services.factors import rain
from ecocomp.services.layers import erosivity as maker
from ecocomp.services.models import sediment_delivery, soil_retention
from ecocomp.services.site import Draws, Site, StripData
from ecocomp.terms.faults import FaultsError

GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 5, 6)


class InMemory:
    def __init__(self, array: np.ndarray) -> None:
        self.array, self.bands = array, array.shape[0]

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


def daily_rain(days: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((days, *GRID.shape)) < 0.35) * rng.gamma(0.7, 14.0, (days, *GRID.shape)).astype(np.float32)


def by_half_months(days: np.ndarray, year: int, method: str) -> float:
    """Return R of one cell as the method writes it: twenty-four half-months one by one."""
    first, total = 0, 0.0
    erosive = days[days >= 12.0].astype(np.float64)
    for month in range(1, 13):
        length = calendar.monthrange(year, month)[1]
        for part in (days[first : first + 15], days[first + 15 : first + length]):
            if method == "zhang_half_month":
                total += rain.half_month(
                    rain_mm=part.tolist(), erosive_mean_mm=erosive.mean(), erosive_year_mm=erosive.sum()
                )["erosivity"]  # fmt: skip
            else:
                season = "warm" if 5 <= month <= 9 else "cold"
                total += rain.half_month_hj1173(rain_mm=part.tolist(), season=season)["erosivity"]
        first += length
    return total


@pytest.mark.parametrize("method", maker.DAILY_METHODS)
@pytest.mark.parametrize("year", [2023, 2024])
def test_a_year_of_days_is_the_sum_of_its_half_months(method: str, year: int) -> None:
    days = daily_rain(366 if year == 2024 else 365)
    made = maker.erosivity_of_days(days, method, 12.0)
    expected = [[by_half_months(days[:, r, c], year, method) for c in range(5)] for r in range(6)]
    assert made == pytest.approx(np.array(expected), rel=1e-5)
    assert np.all((made > 100) & (made < 50_000))


@pytest.mark.parametrize("method", maker.DAILY_METHODS)
def test_a_missing_day_leaves_its_cell_without_and_a_drizzle_has_none(method: str) -> None:
    days = daily_rain(365)
    days[200, 1, 1] = np.nan
    days[:, 2, 2] = 11.99
    made = maker.erosivity_of_days(days, method, 12.0)
    assert np.isnan(made[1, 1]) and np.isnan(made).sum() == 1 and made[2, 2] == 0.0


def test_coefficients_of_many_years_stand_in_for_those_of_the_year() -> None:
    days = daily_rain(365)
    own, given = (maker.erosivity_of_days(days, "zhang_half_month", 12.0, *more) for more in ((), (25.0, 400.0)))
    gamma, alpha = rain.zhang_coefficients(25.0, 400.0)
    one = days[:, 3, 3].astype(np.float64)
    assert given[3, 3] == pytest.approx(alpha * (one[one >= 12.0] ** gamma).sum(), rel=1e-5) and not np.allclose(own, given)


def making(params: Any, folder: Any, days: np.ndarray) -> Making:
    return Making({"rain_daily": InMemory(days)}, GRID, folder, params, 2023, {})


def test_rows_at_once_do_not_show_and_the_file_is_found_again(params: Any, tmp_path: Any, monkeypatch: Any) -> None:
    days = daily_rain(365)
    one = maker.make(making(params(), tmp_path / "a", days))["erosivity"].read(0, 6)
    monkeypatch.setattr(maker, "BYTES_AT_ONCE", 365 * 5 * 4 * 2)
    two = maker.make(making(params(), tmp_path / "b", days))
    assert np.array_equal(one, two["erosivity"].read(0, 6)) and len(list((tmp_path / "b").iterdir())) == 1
    maker.make(
        making(params(services__soil__erosive_rain_mm=params().decimal("services.soil.erosive_rain_mm") - 2), tmp_path / "b", days)
    )
    assert len(list((tmp_path / "b").iterdir())) == 2


def test_an_unknown_form_is_named(params: Any, tmp_path: Any) -> None:
    with pytest.raises(FaultsError, match="hj1173_half_month"):
        maker.make(making(params(services__soil__erosivity_daily_method="rainmaking"), tmp_path, daily_rain(365)))


# ---------------------------------------------------------------- soil retention
def run(fused: Any, scene: Any, params: Any, without: tuple[str, ...] = (), **layers: np.ndarray) -> Any:
    given = {n: a for n, a in {**scene.layers, **layers}.items() if n not in without}
    ids = [f"{i:04d}" for i in range(scene.parcels)]
    return assess(models=["soil_retention"], layers={n: InMemory(np.asarray(a)) for n, a in given.items()}, grid=scene.grid,
                  coverage=scene.coverage, parcel_ids=ids, params=params, year=2023, keep=["soil_retention"])  # fmt: skip


def flat(scene: Any, value: float) -> np.ndarray:
    return np.full((1, *scene.grid.shape), value, np.float32)


def test_given_erosivity_and_erodibility_make_the_pass_equal_to_plain_numbers(fused: Any, scene: Any, params: Any) -> None:
    rng = np.random.default_rng(9)
    r, k, p = (rng.uniform(a, b, (1, *scene.grid.shape)).astype(np.float32) for a, b in ((500, 9000), (0.005, 0.06), (0.1, 1)))
    without = ("rain", "sand", "silt", "clay", "organic_matter", "land_cover")
    rules = params(services__soil__cover_ndvi_method="cai_2000", services__soil__method="RUSLE")
    found = run(fused, scene, rules, without, erosivity=r, erodibility=k, practice_factor=p)
    method = found.service["method"][0].as_py()
    assert "R=layer; K=layer" in method and "C=cai_2000" in method and "P=raster" in method
    from ecocomp.services.factors.cover import cai, share_from_ndvi

    months = [int(m) - 1 for m in rules.items("services.cover.season_months")]
    cells = found.cells["soil_retention"]
    for row, column in rng.integers(0, 90, (200, 2)):
        green = float(scene.layers["ndvi"][months, row, column].max())
        c = cai(cover_percent=100 * share_from_ndvi(ndvi=green)["cover"])["cover_factor"]
        one = soil_retention.evaluate(
            erosivity=float(r[0, row, column]), erodibility=float(k[0, row, column]),
            ls=float(scene.layers["ls_factor"][0, row, column]), cover_factor=c, practice_factor=float(p[0, row, column]),
        )["retained_t"]  # fmt: skip
        assert cells[row, column] == pytest.approx(one, rel=1e-5)


def test_a_given_layer_in_another_unit_scales_the_result(fused: Any, scene: Any, params: Any) -> None:
    one = run(fused, scene, params(), erosivity=flat(scene, 3000.0), erodibility=flat(scene, 0.02)).cells["soil_retention"]
    us = run(fused, scene, params(), erosivity=flat(scene, 3000.0 / 17.02), erodibility=flat(scene, 0.02 / 0.1317)).cells
    assert us["soil_retention"] * 17.02 * 0.1317 == pytest.approx(one, rel=1e-5, nan_ok=True)


@pytest.mark.parametrize("layer", ["erosivity", "erodibility", "ls_factor"])
def test_nodata_in_a_given_factor_is_nodata(fused: Any, scene: Any, params: Any, layer: str) -> None:
    layers = {"erosivity": flat(scene, 3000.0), "erodibility": flat(scene, 0.02), "ls_factor": flat(scene, 2.0)}
    layers[layer][:, :, :45] = np.nan
    cells = run(fused, scene, params(), **layers).cells["soil_retention"]
    assert np.all(np.isnan(cells[:, :45])) and not np.all(np.isnan(cells[:, 45:]))


def test_daily_rain_gives_erosivity_and_the_method_says_so(fused: Any, scene: Any, params: Any, tmp_path: Any) -> None:
    rng = np.random.default_rng(2)
    days = ((rng.random((365, *scene.grid.shape)) < 0.3) * 30.0).astype(np.float32)
    base = {n: InMemory(a) for n, a in scene.layers.items() if n != "rain"} | {"rain_daily": InMemory(days)}
    readers = derived_layers(["soil_retention"], base, scene.grid, tmp_path, params(), 2023)
    ids = [f"{i:04d}" for i in range(scene.parcels)]
    found = assess(models=["soil_retention"], layers=readers, grid=scene.grid, coverage=scene.coverage, parcel_ids=ids,
                   params=params(), year=2023)  # fmt: skip
    assert "R=zhang_half_month" in found.service["method"][0].as_py() and found.notes == [
        n for n in found.notes if n.code != "services.not_assessed"
    ]
    given = derived_layers(
        ["soil_retention"], base | {"erosivity": InMemory(flat(scene, 1.0))}, scene.grid, tmp_path, params(), 2023
    )
    assert np.all(given["erosivity"].read(0, 3) == 1.0)


def test_all_that_is_missing_is_named_at_once(fused: Any, scene: Any, params: Any) -> None:
    found = run(fused, scene, params(), without=("rain", "ls_factor", "silt", "ndvi"))
    assert {n.record for n in found.notes} == {"rain", "ls_factor", "ndvi", "soil"}


def test_paddy_has_no_erosion_and_cropland_the_formula(fused: Any, scene: Any, params: Any) -> None:
    code = np.full((1, *scene.grid.shape), 51, np.uint8)
    lines = [str(x) for x in params().items("services.soil.cover_class_map")]
    paddy = params(services__soil__cover_class_map=[x.replace("51 cropland_formula", "51 paddy") for x in lines])
    dry, wet = (run(fused, scene, rules, land_cover=code).cells["soil_retention"] for rules in (params(), paddy))
    potential = run(fused, scene, params(services__soil__cover_method="cai_2000"), land_cover=code,
                    ndvi=np.full((12, *scene.grid.shape), 0.95, np.float32)).cells["soil_retention"]  # fmt: skip
    assert wet == pytest.approx(potential, rel=1e-6) and np.all(dry <= wet) and np.any(dry < 0.7 * wet)


# ---------------------------------------------------------------- columns
@pytest.mark.parametrize("module", [soil_retention, sediment_delivery])
def test_draws_are_carried_side_by_side(scene: Any, params: Any, module: Any) -> None:
    """Eight draws give eight columns; with every range closed they all equal the value."""
    rng = np.random.default_rng(3)
    shape = scene.grid.shape
    layers = dict(scene.layers) | {
        "connectivity_index": rng.uniform(-6, 1, (1, *shape)).astype(np.float32),
        "sediment_trapped": rng.uniform(0, 2, (1, *shape)).astype(np.float32),
    }
    arrays = {n: np.ascontiguousarray(a.reshape(a.shape[0], -1)) for n, a in layers.items()}
    covered = np.ones(shape[0] * shape[1], np.uint8)
    for array in (*arrays.values(), covered):
        array.flags.writeable = False
    strip = StripData(0, *shape, arrays, covered)

    def columns(rules: Any) -> np.ndarray:
        site = Site(rules, {n: a.shape[0] for n, a in layers.items()}, scene.grid, 2023)
        out = np.full((8, covered.size), np.nan, np.float32)
        module.prepare(site).fill(strip, 0, shape[0], out)
        return out

    rules = params()
    drawn = columns(Draws(rules, tuple(range(8)), 7))
    assert np.isfinite(drawn).mean() > 0.5 and np.all(np.nanstd(drawn, axis=0)[np.isfinite(drawn[0])].mean() > 0)
    again = columns(Draws(rules, tuple(range(8, 16)), 7))
    assert not np.array_equal(drawn, again, equal_nan=True)
    closed = SimpleNamespace(**{n: getattr(rules, n) for n in ("number", "text", "items", "table", "has", "get")})
    closed.interval = lambda key: (rules.number(key),) * 3
    closed.table_interval = lambda key: (rules.table_interval(key)[1],) * 3
    same = columns(Draws(closed, tuple(range(8)), 7))  # type: ignore[arg-type]
    assert np.array_equal(same, np.broadcast_to(same[0], same.shape), equal_nan=True)
