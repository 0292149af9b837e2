"""The frame: ellipsoidal areas and lengths against independent figures, and disagreements said in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from ecocomp.grid.georef import Grid, authority, cell_area_m2_by_row, metres_per_cell
from ecocomp.terms.faults import FaultsError


def projected(**changes: object) -> Grid:
    """A grid in the 3-degree zone of 108° E."""
    values = {"crs": "EPSG:4545", "x0": 400_000.0, "y0": 3_500_000.0, "dx": 30.0, "dy": 20.0, "width": 50, "height": 40}
    return Grid(**{**values, **changes})  # type: ignore[arg-type]


def test_one_degree_quadrangle_has_the_area_of_the_survey_rule() -> None:
    """Vectors of the survey rule for CGCS2000: 1° × 1° at 30-31 N, and 0.01° × 0.01° at 35 N."""
    assert cell_area_m2_by_row(Grid("EPSG:4490", 100, 31, 1, 1, 1, 1))[0] == pytest.approx(10_642_393_438.71, abs=0.01)
    assert cell_area_m2_by_row(Grid("EPSG:4490", 100, 35.01, 0.01, 0.01, 1, 1))[0] == pytest.approx(1_012_695.42, abs=0.01)


def test_cells_of_the_whole_globe_add_up_to_the_ellipsoid() -> None:
    grid = Grid("EPSG:4490", -180, 90, 0.5, 0.25, 720, 720)
    e2 = (f := 1 / 298.257222101) * (2 - f)
    e, a = np.sqrt(e2), 6378137.0
    surface = 2 * np.pi * a * a * (1 + (1 - e2) / e * np.arctanh(e))
    assert cell_area_m2_by_row(grid).sum() * grid.width == pytest.approx(surface, rel=1e-13)


def test_small_rows_lose_no_digits() -> None:
    """Rows of a few centimetres add up to the row they divide: no two nearly equal numbers are subtracted."""
    whole = Grid("EPSG:4490", 100, 35.001, 0.001, 0.001, 1, 1)
    fine = Grid("EPSG:4490", 100, 35.001, 0.001, 1e-7, 1, 10_000)
    assert cell_area_m2_by_row(fine).sum() == pytest.approx(cell_area_m2_by_row(whole)[0], rel=1e-11)


@given(st.floats(-89, 89), st.floats(1e-4, 1e-2))
def test_lengths_agree_with_geodesics(latitude: float, cell: float) -> None:
    grid = Grid("EPSG:4490", 100, latitude + cell / 2, cell, cell, 1, 1)
    across, along = metres_per_cell(grid)
    geod = Geod(a=6378137.0, rf=298.257222101)
    south_north = geod.inv(100, latitude - cell / 2, 100, latitude + cell / 2)[2]
    west_east = geod.inv(100, latitude, 100 + cell, latitude)[2]
    assert along[0] == pytest.approx(south_north, rel=1e-7)
    assert across[0] == pytest.approx(west_east, rel=1e-4 if abs(latitude) > 80 else 1e-6)


def test_projected_grids_use_their_own_unit() -> None:
    assert cell_area_m2_by_row(projected()).tolist() == [600.0] * 40
    feet = projected(crs="EPSG:2263")
    foot = 1200 / 3937
    assert metres_per_cell(feet)[0][0] == pytest.approx(30 * foot, rel=1e-12)
    assert cell_area_m2_by_row(feet)[0] == pytest.approx(600 * foot**2, rel=1e-12)


def test_pixels_and_coordinates_are_inverse_with_x_east() -> None:
    grid = projected()
    column, row = grid.to_pixels([400_000.0, 400_015.0], [3_500_000.0, 3_499_970.0])
    assert (column.tolist(), row.tolist()) == ([0.0, 0.5], [0.0, 1.5])
    x, y = grid.to_coordinates(column, row)
    assert (x.tolist(), y.tolist()) == ([400_000.0, 400_015.0], [3_500_000.0, 3_499_970.0])
    assert grid.bounds == (400_000.0, 3_499_200.0, 401_500.0, 3_500_000.0)
    assert Grid.from_transform("EPSG:4545", grid.transform, 50, 40) == grid


def test_strips_tile_the_rows() -> None:
    grid = projected(height=600)
    assert grid.strips() == [(0, 256), (256, 512), (512, 600)]
    assert grid.rows_of_strip(2) == (512, 600)


def test_grid_over_bounds_covers_them_on_whole_cells() -> None:
    grid = Grid.over("EPSG:4545", (400_001, 3_499_001, 400_100, 3_499_999), 30)
    left, bottom, right, top = grid.bounds
    assert left <= 400_001 and right >= 400_100 and bottom <= 3_499_001 and top >= 3_499_999
    assert left % 30 == 0 and top % 30 == 0 and grid.width == 4


def test_a_system_written_in_another_way_is_the_same() -> None:
    """The WKT that GDAL writes for a Gauss-Krüger zone lacks the axes; still it is the same plane."""
    for style in ("WKT2_2019", "WKT1_GDAL"):
        twin = projected(crs=CRS.from_epsg(4545).to_wkt(style))
        assert authority(twin.crs) == "EPSG:4545"
        assert twin.fingerprint() == projected().fingerprint()
        assert projected().difference(twin) == []
    assert authority(CRS.from_epsg(4546).to_wkt("WKT1_GDAL")) == "EPSG:4546"


def test_fingerprint_sees_the_last_bit() -> None:
    prints = {
        projected().fingerprint(),
        projected(x0=np.nextafter(400_000.0, 1e9)).fingerprint(),
        projected(crs="EPSG:4546").fingerprint(),
        projected(width=51).fingerprint(),
        projected(dy=20.000001).fingerprint(),
    }
    assert len(prints) == 5


@pytest.mark.parametrize(
    ("changes", "english", "chinese"),
    [
        ({"crs": "EPSG:4546"}, "reference systems differ: EPSG:4545 and EPSG:4546", "坐标系不同"),
        ({"dx": 10.0}, "cell sizes differ: 30 × 20 and 10 × 20", "像元大小不同"),
        ({"width": 49}, "40 rows × 50 columns and 40 × 49", "行列数不同"),
        ({"x0": 400_015.0}, "0.5 cells east, 0 cells south (not whole cells", "非整像元"),
        ({"y0": 3_499_960.0}, "0 cells east, 2 cells south (whole cells)", "整像元"),
    ],
)
def test_differences_are_said_in_words(changes: dict[str, object], english: str, chinese: str) -> None:
    (text,) = projected().difference(projected(**changes))
    assert english in text.en
    assert chinese in text.zh


def test_rounding_in_a_header_is_no_difference() -> None:
    one = Grid("EPSG:4490", 100, 35, 1 / 3600, 1 / 3600, 3600, 3600)
    assert one.difference(Grid("EPSG:4490", 100.0000000001, 35, 0.000277777777778, 0.000277777777778, 3600, 3600)) == []


def test_all_faults_of_a_grid_are_named_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        projected(dx=-30.0, width=0, crs="EPSG:999999")
    assert {f.code for f in caught.value.faults} == {"grid.cell_size", "grid.shape", "grid.crs"}


def test_degrees_in_a_metre_system_and_turned_rasters_are_refused() -> None:
    with pytest.raises(FaultsError, match="beyond the poles"):
        projected(crs="EPSG:4490")
    with pytest.raises(FaultsError, match="not north-up"):
        Grid.from_transform("EPSG:4545", (30, 0, 4e5, 0, 30, 3e6), 10, 10)
    with pytest.raises(FaultsError, match="neither geographic nor projected"):
        projected(crs="EPSG:4978")


def test_decimated_grid_keeps_the_corner_and_covers_all() -> None:
    coarse = projected().decimated(7)
    assert (coarse.x0, coarse.y0, coarse.dx, coarse.shape) == (400_000.0, 3_500_000.0, 210.0, (6, 8))
