"""Services of any polygons: no registers are asked for, and the tables, rasters and totals say the same."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from ecocomp.pipeline.assess import assess_case
from ecocomp.sample.county import make_county
from ecocomp.terms.faults import FaultsError, UsageError

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
