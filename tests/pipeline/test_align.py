"""A layer on another grid: refused with the way out named, resampled only where its declaration says how."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.warp import Resampling, calculate_default_transform, reproject

from ecocomp.pipeline.case import load_case
from ecocomp.pipeline.check import class_faults
from ecocomp.pipeline.inputs import Inputs, LayerReader, take_in
from ecocomp.sample.county import make_county
from ecocomp.terms.codes import ECOSYSTEMS


@pytest.fixture(scope="module")
def county_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("align") / "county"
    make_county(folder, parcels=150, seed=7, years=(2023,))
    for name, how in (("soil_depth", Resampling.bilinear), ("land_cover_2023", Resampling.nearest)):
        _to_degrees(folder / "inputs" / f"{name}.tif", how)
    return folder


def _to_degrees(path: Path, how: Resampling) -> None:
    """Put a layer on a grid in degrees, as it often comes."""
    with rasterio.open(path) as source:
        transform, width, height = calculate_default_transform(source.crs, "EPSG:4326", source.width, source.height, *source.bounds)
        turned = np.full((height, width), source.nodata, source.dtypes[0])
        reproject(
            source.read(1), turned, src_transform=source.transform, src_crs=source.crs, src_nodata=source.nodata,
            dst_transform=transform, dst_crs="EPSG:4326", dst_nodata=source.nodata, resampling=how,
        )  # fmt: skip
        profile = source.profile | {"crs": "EPSG:4326", "transform": transform, "width": width, "height": height}
        profile |= {"blockxsize": 256, "blockysize": 256, "tiled": True}
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(turned, 1)


def taken(folder: Path, tmp_path: Path, **resample: str) -> tuple[Any, Inputs]:
    """Take in the inputs with `resample` written under the layers named."""
    text = (folder / "case.toml").read_text(encoding="utf-8")
    for name, how in resample.items():
        text = re.sub(rf"(\[layers\.{name}\][^\n]*\n)", rf'\1resample = "{how}"\n', text)
    place = tmp_path / "case"
    place.mkdir(parents=True)
    (place / "case.toml").write_text(text, encoding="utf-8")
    (place / "inputs").symlink_to(folder / "inputs")
    case, faults = load_case(place)
    assert case is not None and not faults
    from dataclasses import replace

    case = replace(case, allow_outside=(folder,))
    return case, take_in(case)


def test_without_a_word_it_is_refused_and_the_way_out_is_named(county_folder: Path, tmp_path: Path) -> None:
    from ecocomp.pipeline.ground import common_grid

    _, inputs = taken(county_folder, tmp_path)
    faults = common_grid(inputs)[1]
    about = {f.where: f for f in faults}
    assert {"layer.soil_depth", "layer.land_cover.2023"} <= set(about)
    assert 'resample = "bilinear"' in about["layer.soil_depth"].remedy.en
    assert 'resample = "nearest"' in about["layer.land_cover.2023"].remedy.en


def test_asked_for_it_is_done_and_said(county_folder: Path, tmp_path: Path) -> None:
    from ecocomp.pipeline.ground import common_grid

    case, inputs = taken(county_folder, tmp_path, soil_depth="bilinear", land_cover="nearest")
    assert [f for f in inputs.faults if f.severity == "error"] == [] and common_grid(inputs)[1] == []
    notes = {f.where: f for f in inputs.faults if f.code == "grid.resampled"}
    assert set(notes) == {"layer.soil_depth", "layer.land_cover.2023"} and "EPSG:4326" in notes["layer.soil_depth"].clash.en
    depth = LayerReader(inputs.clean["layer.soil_depth"], case.layers["soil_depth"])
    cover = LayerReader(inputs.clean["layer.land_cover.2023"], case.layers["land_cover"])
    before = LayerReader(inputs.clean["layer.land_cover.2022"], case.layers["land_cover"])
    n = inputs.facts["layer.elevation"]["height"]
    metres, codes, old = (r.read(0, n)[0] for r in (depth, cover, before))
    assert metres.shape == codes.shape == old.shape
    inside = np.isfinite(metres)
    assert 0.8 < inside.mean() / (old > 0).mean() < 1.1 and metres[inside].min() >= 80 and metres[inside].max() <= 2500
    assert {f"{c:02d}" for c in np.unique(codes)} <= set(ECOSYSTEMS) and np.mean(codes[old > 0] == old[old > 0]) > 0.8


def test_the_same_bytes_again(county_folder: Path, tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        _, inputs = taken(county_folder, tmp_path / name, soil_depth="average", land_cover="mode")
        made.append(inputs.clean["layer.soil_depth"].read_bytes())
    assert made[0] == made[1]


def test_a_layer_that_lies_elsewhere_is_a_fault(county_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "county"
    shutil.copytree(county_folder, folder)
    for name in ("soil_depth", "land_cover_2023"):
        with rasterio.open(folder / "inputs" / f"{name}.tif", "r+") as layer:
            a, b, c, d, e, f = list(layer.transform)[:6]
            layer.transform = rasterio.Affine(a, b, c + 20.0, d, e, f)
    case, inputs = taken(folder, tmp_path / "made", soil_depth="bilinear", land_cover="nearest")
    faults = {f.where: f for f in inputs.faults if f.code == "grid.no_overlap"}
    assert set(faults) == {"layer.soil_depth", "layer.land_cover.2023"} and faults["layer.soil_depth"].severity == "error"
    assert "does not overlap" in faults["layer.soil_depth"].clash.en
    assert class_faults(case, inputs) == []  # told already, and only once


def test_a_layer_without_any_class_is_a_fault(county_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "county"
    shutil.copytree(county_folder, folder)
    with rasterio.open(folder / "inputs" / "land_cover_2022.tif", "r+") as layer:
        layer.write(np.zeros((layer.height, layer.width), layer.dtypes[0]), 1)
    case, inputs = taken(folder, tmp_path / "made", land_cover="nearest")
    (fault,) = [f for f in [*inputs.faults, *class_faults(case, inputs)] if f.severity == "error"]
    assert (fault.code, fault.where) == ("io.all_empty", "layer.land_cover.2022")


def test_a_scale_of_zero_is_a_fault(county_folder: Path, tmp_path: Path) -> None:
    text = (county_folder / "case.toml").read_text(encoding="utf-8")
    (tmp_path / "case.toml").write_text(re.sub(r"(\[layers\.elevation\]\n)", r"\1scale = 0\n", text), encoding="utf-8")
    _, faults = load_case(tmp_path)
    assert [f.code for f in faults if "elevation.scale" in f.record] == ["case.layer"]


def test_classes_cannot_be_averaged(county_folder: Path, tmp_path: Path) -> None:
    _, inputs = taken(county_folder, tmp_path, land_cover="bilinear", soil_depth="sharpest")
    wrong = {f.record: f for f in inputs.faults if f.code == "case.resample"}
    assert set(wrong) == {"layers.land_cover.resample", "layers.soil_depth.resample"}
    assert "mode" in wrong["layers.land_cover.resample"].remedy.en
