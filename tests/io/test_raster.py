"""Declared encodings, strips, classes, and values that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecocomp.io.raster import CleanRaster, GridInfo, LayerEncoding, open_clean
from ecocomp.io.worker import Answer, Job, RasterJob
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.variables import variable

Open = Callable[[Job], Answer]


def clean(opened: Open, path: Path, encoding: LayerEncoding) -> CleanRaster:
    answer = opened(RasterJob("a", path, encoding=encoding))
    assert answer.ok and answer.path, answer.faults
    return open_clean(answer.path, encoding)


def test_every_fill_is_nan_then_scale_and_offset(opened: Open, write_tiff: Callable[..., Path]) -> None:
    stored = np.array([[-3000, 0, 5000], [32767, 10_000, -9999]], np.int16)
    encoding = LayerEncoding("1", scale=0.0001, offset=0.0, nodata=(-3000, 32767))
    with clean(opened, write_tiff(stored, nodata=-9999), encoding) as raster:
        values = raster.read_strip(0, 2)
        assert values.dtype == np.float32
        np.testing.assert_array_equal(np.isnan(values), [[True, False, False], [True, False, True]])
        np.testing.assert_allclose(values[~np.isnan(values)], [0, 0.5, 1], rtol=1e-7)
        assert raster.judge(variable("ndvi")) == []
        assert raster.facts["statistics"][0]["valid_share"] == 0.5


def test_our_declaration_overrides_the_scale_in_the_file(opened: Open, tmp_path: Path, write_tiff: Callable[..., Path]) -> None:
    import rasterio

    path = write_tiff(np.full((4, 4), 100, np.int16))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.5,), (7.0,)
    encoding = LayerEncoding("m", scale=2.0, offset=1.0)
    with clean(opened, path, encoding) as raster:
        assert raster.facts["file_scales"] == [0.5]
        assert (raster.read_strip(0, 4) == 201).all()


def test_valid_range_and_wide_integers(opened: Open, write_tiff: Callable[..., Path]) -> None:
    stored = np.array([[16_777_217, -5, 2_000_000_000]], np.int32)
    encoding = LayerEncoding("m", scale=0.001, valid_min=0, valid_max=100_000_000)
    with clean(opened, write_tiff(stored), encoding) as raster:
        values = raster.read_strip(0, 1)
        assert values[0, 0] == np.float32(16_777.217)
        assert np.isnan(values[0, 1:]).all()


def test_strips_together_are_the_whole(opened: Open, write_tiff: Callable[..., Path]) -> None:
    cells = np.random.default_rng(3).random((1100, 70), np.float32)
    with clean(opened, write_tiff(cells), LayerEncoding("m")) as raster:
        assert list(raster.strips()) == [(0, 512), (512, 1024), (1024, 1100)]
        np.testing.assert_array_equal(np.concatenate([raster.read_strip(a, b) for a, b in raster.strips()]), cells)
        assert raster.grid == GridInfo.of(raster.facts)


def test_classes(opened: Open, write_tiff: Callable[..., Path]) -> None:
    path = write_tiff(np.array([[11, 82, 255]], np.uint8))
    with clean(opened, path, LayerEncoding("class", nodata=(255,))) as raster:
        np.testing.assert_array_equal(raster.read_classes(0, 1), np.array([[11, 82, 0]], np.uint8))
        assert raster.judge(variable("ecosystem")) == []
    with clean(opened, path, LayerEncoding("class")) as raster, pytest.raises(FaultsError, match="whole numbers"):
        raster.read_classes(0, 1, empty=82)
    half = write_tiff(np.array([[1.5]], np.float32), "half.tif")
    with clean(opened, half, LayerEncoding("class")) as raster, pytest.raises(FaultsError, match="whole numbers"):
        raster.read_classes(0, 1)


@pytest.mark.parametrize(
    ("id", "unit", "values", "words"),
    [
        ("ndvi", "1", [-2000, 4000, 9000], "NDVI×10000"),
        ("rain_year_mm", "mm", [0.2, 0.9, 1.4], "metres"),
        ("rain_year_mm", "mm", [6000, 9000, 14_000], "tenths of mm"),
        ("temperature_c", "°C", [262, 280, 300], "kelvin"),
        ("elevation", "m", [-9999, 500, 900], "fill value"),
        ("elevation", "m", [500, 900, 32767], "32767"),
        ("sand_percent", "%", [100, 420, 700], "g/kg"),
        ("clay_percent", "%", [0.1, 0.2, 0.4], "fraction"),
        ("wind_m_s", "m/s", [-3, 1, 4], "component"),
        ("et0_month_mm", "mm", [-90, -50, -10], "ECMWF"),
        ("npp_g_c_m2", "g C/m²/a", [100, 400, 3276.7], "32760"),
        ("practice_factor", "1", [10, 50, 100], "percent"),
        ("soc_g_kg", "g/kg", [100, 200, 400], "dg/kg"),
    ],
)
def test_values_that_cannot_be_name_their_likely_cause(
    opened: Open, write_tiff: Callable[..., Path], id: str, unit: str, values: list[float], words: str
) -> None:
    cells = np.array([values], np.float32)
    with clean(opened, write_tiff(cells), LayerEncoding(unit)) as raster:
        (fault,) = raster.judge(variable(id))
        assert fault.severity == "error" and words in fault.say("en") and fault.where == "layer.tif"


def test_another_unit_and_an_empty_layer_are_faults(opened: Open, write_tiff: Callable[..., Path]) -> None:
    path = write_tiff(np.full((3, 3), -1, np.int16))
    with clean(opened, path, LayerEncoding("cm", nodata=(-1,))) as raster:
        assert [f.code for f in raster.judge(variable("elevation"))] == ["io.other_unit", "io.all_empty"]


def test_a_clean_raster_that_was_changed_or_lost_is_a_fault(opened: Open, write_tiff: Callable[..., Path]) -> None:
    answer = opened(RasterJob("a", write_tiff(np.ones((3, 3), np.uint8))))
    assert answer.path
    answer.path.write_bytes(b"II*\x00")
    with pytest.raises(FaultsError, match="Import the original file again"):
        open_clean(answer.path)
    answer.path.with_suffix(".json").unlink()
    with pytest.raises(FaultsError, match="does not exist"):
        open_clean(answer.path)
