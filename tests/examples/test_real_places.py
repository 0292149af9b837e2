"""The example places: prepared and assessed from the real rasters, against what can be worked out by hand."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from ecocomp.pipeline.assess import Assessed, assess_case, totals

ROOT = Path(__file__).resolve().parents[2]
PLACES = ROOT / "examples" / "real_places"
FOREST, BUILT = {1985: 49_013, 1991: 47_031, 1999: 45_377}, {1985: 37_122, 1991: 40_350, 1999: 43_455}
Made = Callable[..., Path]


@pytest.fixture(scope="module")
def made(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Prepare a place as its README says and return its folder."""

    def prepare(place: str, *more: str) -> Path:
        out = tmp_path_factory.mktemp(place) / "case"
        command = [sys.executable, str(PLACES / "prepare.py"), place, str(shared_data), str(out), *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return out

    return prepare


@pytest.fixture(scope="module")
def plum(made: Made) -> tuple[Path, dict[int, Assessed]]:
    folder = made("plum_island")
    return folder, {a.year: a for a in assess_case(folder, rasters=True)[0]}


def quantities(found: Assessed) -> dict[str, float | None]:
    return {row["service"]: row["quantity"] for row in totals(found.service, found.service_value, found.area_ha)}


def not_assessed(found: Assessed) -> dict[str, set[str]]:
    """Return the inputs that each service lacks, as the notes name them."""
    out: dict[str, set[str]] = {}
    for note in found.notes:
        if note.code == "services.not_assessed":
            out.setdefault(note.where, set()).add(note.record)
    return out


# ---------------------------------------------------------------- Plum Island
def test_carbon_falls_as_the_forest_cells_do(plum: tuple[Path, dict[int, Assessed]]) -> None:
    """Dead matter stands in forest alone, so that its ratio is that of the counted cells; the rest adds up by hand."""
    folder, years = plum
    with rasterio.open(folder / "inputs" / "land_cover_1985.tif") as file:
        cell_ha = abs(file.transform.a * file.transform.e) / 1e4
    assert cell_ha == pytest.approx(0.998761, rel=1e-6)
    found = {year: quantities(a) for year, a in years.items()}
    dead = {year: float(q["carbon_storage.dead"] or 0) for year, q in found.items()}
    assert dead[1991] / dead[1985] == pytest.approx(47_031 / 49_013, rel=1e-6)
    assert dead[1999] / dead[1985] == pytest.approx(45_377 / 49_013, rel=1e-6)
    for year, q in found.items():
        for pool, forest, built in (("above", 48, 1), ("below", 12, 0.3), ("soil", 80, 25), ("dead", 6, 0)):
            by_hand = cell_ha * (FOREST[year] * forest + BUILT[year] * built)
            assert q[f"carbon_storage.{pool}"] == pytest.approx(by_hand, rel=1e-5), (year, pool)


def test_habitat_falls_where_built_land_spreads(plum: tuple[Path, dict[int, Assessed]]) -> None:
    folder, years = plum
    quality = [quantities(years[y])["habitat_quality"] or 0.0 for y in (1985, 1991, 1999)]
    assert quality[0] > quality[1] > quality[2] > 0.0 and quality[0] < 0.998761 * FOREST[1985]
    maps = {}
    for name, path in {"q": "assessed/1985/rasters/habitat_quality.tif", "cover": "inputs/land_cover_1985.tif"}.items():
        with rasterio.open(folder / path) as file:
            maps[name] = file.read(1)
    assert np.all(maps["q"][maps["cover"] == 61] == 0.0) and np.isnan(maps["q"][maps["cover"] == 0]).all()
    beside = np.zeros(maps["q"].shape, bool)
    beside[1:] |= maps["cover"][:-1] == 61
    sideways = np.zeros(maps["q"].shape, bool)
    sideways[:, 1:] |= maps["cover"][:, :-1] == 61
    near, forest = beside & ~sideways, maps["cover"] == 13
    # One cell of 99.955 m from built land of 5 km reach, sensitivity 0.8, k = 0.4; a nearer one to the east takes a little more.
    degraded = 0.8 * np.exp(-2.99 * 99.95485 / 5000.0)
    assert maps["q"][forest & near].max() == pytest.approx(1.0 / (1.0 + (degraded / 0.4) ** 2.5), rel=1e-5)
    assert maps["q"][forest].mean() > maps["q"][forest & near].mean()


def test_plum_island_says_what_it_lacks(plum: tuple[Path, dict[int, Assessed]]) -> None:
    lacks = not_assessed(plum[1][1999])
    assert lacks["soil_retention"] == {"rain", "ndvi", "soil"}
    assert {"rain", "et0", "soil_depth", "water_capacity"} == lacks["water_yield"]
    assert "hydrologic_group" in lacks["storm_retention"] and "sediment_delivery" in lacks
    shares = {
        r["service"]: r["observed"] for r in totals(plum[1][1999].service, plum[1][1999].service_value, plum[1][1999].area_ha)
    }
    land = (FOREST[1999] + BUILT[1999]) * 0.998761 / sum(plum[1][1999].area_ha.values())
    assert shares["carbon_storage.soil"] == pytest.approx(land, rel=2e-3)


def test_its_own_slope_is_taken_and_ls_is_believable(
    plum: tuple[Path, dict[int, Assessed]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PLACES))
    from terrain import terrain  # type: ignore[import-not-found]

    layers = terrain(plum[0])
    with rasterio.open(plum[0] / "inputs" / "slope_deg.tif") as file:
        given = file.read(1, masked=True).filled(np.nan)
    np.testing.assert_array_equal(layers["slope_degrees"], given)
    ls = layers["ls_factor"][np.isfinite(layers["ls_factor"])]
    assert ls.size == 113_563 and ls.min() >= 0.0 and 0.5 < np.median(ls) < 5.0 and ls.max() < 100.0


# ---------------------------------------------------------------- Zion
def test_zion_on_three_systems_of_coordinates(made: Made) -> None:
    folder = made("zion")
    (found,), warnings = assess_case(folder)
    assert [w.where for w in warnings if w.code == "grid.resampled"] == ["layer.land_cover.2011"]
    assert sum(found.area_ha.values()) == pytest.approx(59_700, rel=0.01)  # the park's own figure is about 147,000 acres
    q = quantities(found)
    with rasterio.open(folder / "inputs" / "land_cover_2011.tif") as file:
        codes = file.read(1)
    counts = np.bincount(codes[codes > 0], minlength=256) / np.count_nonzero(codes)
    densities = {11: 50, 12: 45, 13: 48, 21: 10, 31: 1.5, 32: 0.7, 41: 3, 51: 2.5, 61: 1, 62: 12}
    whole = sum(counts[c] * d for c, d in densities.items())  # mean of the rectangle around the park
    assert 0.7 * whole < (q["carbon_storage.above"] or 0) / sum(found.area_ha.values()) < 1.4 * whole
    lacks = not_assessed(found)
    assert lacks["storm_retention"] == {"hydrologic_group"} and lacks["soil_retention"] == {"rain", "ndvi", "soil"}


def test_a_storm_on_assumed_soil(made: Made) -> None:
    from ecocomp.services.models.storm_retention import evaluate

    folder = made("zion", "--assume")
    (found,), _ = assess_case(folder, services=["storm_retention"], rasters=True)
    with rasterio.open(folder / "assessed" / "2011" / "rasters" / "storm_retention.tif") as file:
        per_ha = file.read(1)
    seen = set(np.round(per_ha[np.isfinite(per_ha)], 2).tolist())
    by_class = [evaluate(curve_number=n, rain_mm=50.0, area_ha=1.0)["volume_m3"] for n in (79, 79, 79, 77, 78, 84, 89, 92, 80, 94)]
    assert all(min(abs(s - v) for v in by_class) < 0.02 for s in seen)  # D: forest, shrub, meadow, steppe, cropland, towns, bare
    held = quantities(found)["storm_retention"] or 0.0
    assert 0.3 < held / (10.0 * 50.0 * sum(found.area_ha.values())) < 1.0
    assert any(n.code == "services.class_not_assessed" for n in found.notes)


# ---------------------------------------------------------------- Slovenia
def test_a_year_of_ndvi_lies_on_its_land_use(made: Made) -> None:
    folder = made("slovenia", "--assume")
    with rasterio.open(folder / "inputs" / "ndvi_2017.tif") as ndvi, rasterio.open(folder / "inputs" / "land_cover.tif") as cover:
        months, codes = ndvi.read(), cover.read(1)
    assert months.shape == (12, 101, 100)
    july = {c: float(np.nanmean(months[6][codes == c])) for c in (13, 31, 61)}
    assert july[13] > july[31] > july[61], "forest, meadow, artificial surface: the raster lies the wrong way round"
    assert np.nanmean(months[6]) > np.nanmean(months[0])
    upside_down = float(np.nanmean(months[6][::-1][codes == 61]))
    assert july[61] < upside_down - 0.05

    (found,), _ = assess_case(folder, rasters=True)
    area = sum(found.area_ha.values())
    assert len(found.area_ha) == 88 and area == pytest.approx(100.9, rel=2e-3)
    q = quantities(found)
    counts = {c: int((codes == c).sum()) for c in (13, 21, 31, 51, 61)}
    cell_ha = 9.99479222 * 9.99744837 / 1e4
    by_hand = cell_ha * (counts[13] * 48 + counts[21] * 10 + counts[31] * 1.5 + counts[51] * 2.5 + counts[61] * 1)
    assert q["carbon_storage.above"] == pytest.approx(by_hand, rel=1e-4)
    assert 0.0 < (q["habitat_quality"] or 0.0) < area
    retained = (q["soil_retention"] or 0.0) / area
    mean_ls = retained / (2302 * 0.032)  # nearly all is kept under forest and meadow
    assert 2.0 < mean_ls < 8.0
    assert {"radiation", "temperature"} <= not_assessed(found)["net_primary_production"]
    assert "services.carbon.pool_above_t_c_per_ha" in found.unverified
    assert not [key for key in found.unverified if key.startswith("services.production.")], "nothing rests on what was not assessed"


def test_without_assumptions_soil_retention_is_not_assessed(made: Made) -> None:
    folder = made("slovenia")
    assert not list((folder / "inputs").glob("*assumed*"))
    (found,), _ = assess_case(folder, services=["soil_retention"])
    assert not_assessed(found) == {"soil_retention": {"rain", "soil"}} and quantities(found) == {"soil_retention": None}


# ---------------------------------------------------------------- Gura
def test_gura_on_means(made: Made, ecocomp: Callable[..., Any], shared_data: Path) -> None:
    folder = made("gura")
    months = list(csv.DictReader((folder / "months.csv").open(encoding="utf-8")))
    rain = [float(r["rain_mm"]) for r in months]
    with rasterio.open(shared_data / "gura_kenya_invest" / "precip_monthly" / "precip_4.tif") as file:
        april = file.read(1)
    assert rain[3] == pytest.approx(april[april != -32767].mean(), abs=1e-3) and sum(rain) == pytest.approx(1555.487)
    done = ecocomp("try", "erosivity_monthly", "--table", folder / "erosivity.csv", "--out", folder / "r.csv")
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader((folder / "r.csv").open(encoding="utf-8-sig"))
    by_hand = 17.02 * sum(1.735 * 10 ** (1.5 * np.log10(p * p / sum(rain)) - 0.8188) for p in rain)
    assert float(row["erosivity"]) == pytest.approx(by_hand, rel=1e-6)
    done = ecocomp("try", "budyko_fu", "z=6", "--table", folder / "budyko.csv", "--out", folder / "b.csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((folder / "b.csv").open(encoding="utf-8-sig")))
    names = [r["land_cover"] for r in csv.DictReader((folder / "land_cover.csv").open(encoding="utf-8"))]
    share = dict(zip(names, (float(r["evaporated_share"]) for r in rows), strict=True))
    assert 0.0 < share["Urban and paved roads"] < share["Grass"] < share["Forest"] < 1.0
    assert share["Urban and paved roads"] == pytest.approx(0.2 * 1259.613 / 1555.487, rel=1e-4)


# ---------------------------------------------------------------- the commands
def test_check_passes_and_the_command_says_so(plum: tuple[Path, dict[int, Assessed]], ecocomp: Callable[..., Any]) -> None:
    done = ecocomp("check", plum[0])
    assert done.returncode == 0, done.stderr
    assert "storm_retention" in done.stderr + done.stdout


def test_a_wrong_place_or_flag_is_a_sentence(tmp_path: Path) -> None:
    for words in (["atlantis", "x", "y"], ["zion", "x"], ["gura", "x", str(tmp_path), "--assume"]):
        done = subprocess.run([sys.executable, str(PLACES / "prepare.py"), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "Traceback" not in done.stderr and done.stderr.strip()
