"""Wrong units of the layers of services: each is told at once, with its likely cause."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio

from ecocomp.pipeline.check import check_case
from ecocomp.sample.county import make_county
from ecocomp.terms.faults import Fault


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("units") / "county"
    make_county(folder, parcels=150, seed=3, years=(2023,))
    return folder


def spoil(path: Path, change: object) -> None:
    """Change the stored numbers of a raster where it has any."""
    with rasterio.open(path) as source:
        values, profile = source.read().astype(np.float64), source.profile
    here = values != profile["nodata"]
    values[here] = change(values[here])  # type: ignore[operator]
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(values.astype(profile["dtype"]))


SPOILED = {
    # layer file: what somebody did to it, word of the cause
    "temperature": (lambda v: v + 2731.5, "kelvin"),
    "et0": (lambda v: np.minimum(v * 10.0, 65000), "tenths"),
    "radiation": (lambda v: np.minimum(v / 0.0864, 65000), "W/m²"),
    "water_capacity": (lambda v: v * 100.0, "%"),
    "storm_rain": (lambda v: np.minimum(v * 100.0, 65000), ""),
    "rain_2023": (lambda v: np.rint(v / 1000.0), "metres"),
    "ndvi_2023": (lambda v: np.clip(v * 3.5, -30000, 32000), ""),
    "carbonate_share": (lambda v: v * 10.0, ""),
}


def test_every_wrong_unit_is_told_at_once_with_its_cause(county: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(county, case)
    for name, (change, _) in SPOILED.items():
        spoil(case / "inputs" / f"{name}.tif", change)
    found = check_case(case).faults
    for name, (_, word) in SPOILED.items():
        about = [f for f in found if name in f.where and f.severity == "error" and f.code.startswith("io.")]
        assert about, f"{name}: nothing was said"
        assert any(word in f.remedy.en for f in about), (name, [f.say("en") for f in about])


def test_slope_in_percent_and_unknown_soil_groups_are_refused(county: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(county, case)
    with rasterio.open(case / "inputs" / "elevation.tif") as dem:
        profile = dem.profile
        percent = np.where(dem.read(1) == profile["nodata"], profile["nodata"], 140.0).astype(np.float32)
    with rasterio.open(case / "inputs" / "slope.tif", "w", **profile) as sink:
        sink.write(percent, 1)
    text = (case / "case.toml").read_text(encoding="utf-8")
    text += '\n[layers.slope]\nfile = "inputs/slope.tif"\nunit = "°"\nnodata = [-9999]\n'
    (case / "case.toml").write_text(text, encoding="utf-8")
    spoil(case / "inputs" / "hydrologic_group.tif", lambda v: v + 10)
    found = check_case(case).faults
    assert any("percent" in f.remedy.en for f in said(found, "slope"))
    assert said(found, "hydrologic_group") and "1–4" in said(found, "hydrologic_group")[0].remedy.en


def said(found: list[Fault], name: str) -> list[Fault]:
    return [f for f in found if name in f.where and f.severity == "error"]
