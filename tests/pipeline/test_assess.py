"""Services of any polygons: no registers are asked for, and the tables, rasters and totals say the same."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from ecocomp.io.files import exclusive_lock
from ecocomp.pipeline.assess import _csv, assess_case
from ecocomp.sample.county import make_county
from ecocomp.terms.faults import EcocompError, FaultsError, UsageError

SERVICES = ("carbon_sequestration", "soil_retention", "water_conservation")


@pytest.fixture(scope="module")
def basins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented county's rasters with four basins in place of its parcels, and nothing else."""
    import pyogrio
    import shapely
    from pyogrio.raw import write

    folder = tmp_path_factory.mktemp("basins") / "case"
    make_county(folder, parcels=150, seed=5, years=(2023,))
    with rasterio.open(folder / "inputs" / "elevation.tif") as dem:
        west, south, east, north = dem.bounds
        crs = dem.crs.to_wkt()
    x, y = np.linspace(west, east, 3), np.linspace(south, north, 3)
    boxes = [shapely.box(x[i], y[j], x[i + 1], y[j + 1]) for i in range(2) for j in range(2)]
    write(
        folder / "inputs" / "basins.gpkg", shapely.to_wkb(boxes), [np.array(["B1", "B2", "B3", "B4"], object)], ["name"],
        layer="basins", driver="GPKG", geometry_type="Polygon", crs=crs,
    )  # fmt: skip
    text = (folder / "case.toml").read_text(encoding="utf-8")
    text = re.sub(
        r"\[survey\].*?(?=\[layers\.elevation\])", '[survey]\nfile = "inputs/basins.gpkg"\nparcel_id = "name"\n\n', text, flags=re.S
    )
    text = re.sub(r"\[agreements\].*", "", text, flags=re.S).replace('purpose = "payment"', 'purpose = "assess"')
    text = re.sub(r"services = \[.*?\]", f"services = {list(SERVICES)}", text, flags=re.S)
    (folder / "case.toml").write_text(text, encoding="utf-8")
    assert pyogrio.read_info(folder / "inputs" / "basins.gpkg")["features"] == 4
    return folder


def test_tables_totals_and_rasters_agree(basins: Path, tmp_path: Path) -> None:
    found, _ = assess_case(basins, out=tmp_path, rasters=True)
    (made,) = found
    rows = made.service.to_pylist()
    assert {r["service"] for r in rows} == set(SERVICES) and len(rows) == 12
    totals = {r["service"]: r for r in csv.DictReader((tmp_path / "2023" / "totals.csv").open(encoding="utf-8-sig"))}
    for service in SERVICES:
        whole = sum(r["quantity"] for r in rows if r["service"] == service)
        assert float(totals[service]["quantity"]) == pytest.approx(whole, rel=1e-12)
        with rasterio.open(tmp_path / "2023" / "rasters" / f"{service}.tif") as raster:
            per_ha = raster.read(1).astype(np.float64)
            cell_ha = abs(raster.transform.a * raster.transform.e) / 1e4
        assert np.nansum(per_ha) * cell_ha == pytest.approx(whole, rel=1e-6)
        assert float(totals[service]["low"]) <= whole <= float(totals[service]["high"])
    facts = json.loads((tmp_path / "2023" / "facts.json").read_text(encoding="utf-8"))
    assert "services.soil.erosivity_monthly_method" in facts["unverified"] == made.unverified
    assert {"layer.rain.2023", "survey"} <= {f["role"] for f in facts["inputs"]}


def test_a_year_is_replaced_whole_and_nothing_of_others_is_touched(
    basins: Path, ecocomp: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "out"
    (found,), _ = assess_case(basins, services=["soil_retention"], out=out)
    assert sorted(found.files) == sorted(p for p in (out / "2023").rglob("*") if p.is_file())
    (out / "2023" / "rasters").mkdir()
    (out / "2023" / "rasters" / "old.tif").touch()
    (out / ".part-2021").mkdir()
    with exclusive_lock(out / ".lock"), pytest.raises(FaultsError):
        assess_case(basins, services=["soil_retention"], out=out)
    (again,), _ = assess_case(basins, services=["soil_retention"], out=out)
    assert sorted(p.name for p in out.iterdir()) == [".lock", "2023"] and not (out / "2023" / "rasters").exists()
    assert again.service.equals(found.service) and all(p.is_file() for p in again.files)
    other = tmp_path / "other"
    (other / "2023").mkdir(parents=True)
    (other / "2023" / "mine.tif").touch()
    done = ecocomp("assess", basins, "--out", other)
    assert done.returncode == 1 and "mine.tif" in [p.name for p in (other / "2023").iterdir()]
    assert [p.name for p in other.iterdir()] == ["2023"]
    assert ecocomp("assess", basins, "--out", "").returncode == 2


def test_a_fault_on_the_way_leaves_nothing(basins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ecocomp.pipeline.assess.write_json", full)
    with pytest.raises(EcocompError):
        assess_case(basins, services=["soil_retention"], out=tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_unknown_services_and_codes_are_told_before_anything_is_computed(
    basins: Path, ecocomp: Callable[..., Any], tmp_path: Path
) -> None:
    case = tmp_path / "case"
    shutil.copytree(basins, case, ignore=shutil.ignore_patterns(".ecocomp"))
    with pytest.raises(FaultsError) as stop:
        assess_case(case, services=["soil", "soil_retention", "bees"])
    assert [f.code for f in stop.value.faults] == ["case.service"] * 2 and not (case / ".ecocomp").exists()
    with rasterio.open(case / "inputs" / "land_cover_2023.tif", "r+") as layer:
        codes = layer.read(1)
        codes[0, :25] = np.arange(200, 225)
        layer.write(codes, 1)
    done = ecocomp("assess", case, "--out", tmp_path / "out")
    assert done.returncode == 1 and all(f"{c} (1)" in done.stderr for c in range(200, 225)) and not (tmp_path / "out").exists()


def test_no_service_is_left_without_a_reason(basins: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(basins, case, ignore=shutil.ignore_patterns(".ecocomp"))
    with rasterio.open(case / "inputs" / "rain_2023.tif", "r+") as layer:
        half = layer.width // 2
        rain = layer.read()
        rain[:, :, half:] = layer.nodata
        layer.write(rain)
    with rasterio.open(case / "inputs" / "elevation.tif", "r+") as layer:
        empty = layer.nodata
        height = layer.read(1)
        height[:, :half] = empty
        layer.write(height, 1)
    (made,), _ = assess_case(case, services=["soil_retention"], out=tmp_path / "out")
    assert set(made.service["quantity"].to_pylist()) == {None}
    (note,) = [n for n in made.notes if n.code == "services.not_assessed"]
    assert note.where == "soil_retention" and "rain" in note.clash.en and "no cell of the polygons" in note.clash.en


def test_texts_that_look_like_formulas_are_written_as_texts(tmp_path: Path) -> None:
    path = _csv(tmp_path / "t.csv", ["parcel_id", "x"], [{"parcel_id": "=1+1", "x": -2.5}])
    assert path.read_text(encoding="utf-8-sig") == "parcel_id,x\n'=1+1,-2.5\n"


def test_the_command_prints_them_and_nothing_else_is_needed(basins: Path, ecocomp: Callable[..., Any], tmp_path: Path) -> None:
    done = ecocomp("assess", basins, "--service", "soil_retention", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    (year,) = json.loads(done.stdout)["years"]
    assert [s["service"] for s in year["services"]] == ["soil_retention"] and year["services"][0]["polygons"] == 4
    assert ecocomp("check", basins).returncode == 0


def test_what_cannot_be_assessed_is_said_in_a_sentence(basins: Path, ecocomp: Callable[..., Any], tmp_path: Path) -> None:
    done = ecocomp("run", basins)
    assert done.returncode == 2 and "ecocomp assess" in done.stderr
    assert ecocomp("assess", basins, "--service", "soil", "--out", tmp_path).returncode in (1, 2)
    with pytest.raises(UsageError, match="2031"):
        assess_case(basins, years=[2031], out=tmp_path)
    with pytest.raises(FaultsError):
        assess_case(tmp_path)
