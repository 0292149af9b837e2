"""Where the cells of a raster lie: one frame for every layer, with the metres and square metres of each row.

For everyone who reads, aligns or sums rasters. Rows run southward from the upper-left corner and columns
eastward, x is always easting or longitude and y northing or latitude, whatever axis order the registry gives a
reference system. Degrees never pass for metres: lengths and areas come from the ellipsoid of the system.

References
----------
1. J. P. Snyder (1987), Map Projections: A Working Manual, USGS Professional Paper 1395, eqs. 3-12 and 4-20 (authalic
   function, radii of curvature). doi:10.3133/pp1395
2. GB 22021-2008 (CGCS2000: a = 6378137 m, 1/f = 298.257222101).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pyproj import CRS

STRIP_ROWS = 256
"""Rows of one strip: the unit in which rasters are read and parcels summed."""

SAME_CELLS = 1e-3
"""Corners that lie nearer than this share of a cell, on any side of the raster, are taken as the same."""


@dataclass(frozen=True)
class Grid:
    """A north-up raster frame.

    crs      authority code such as ``EPSG:4545``, or WKT
    x0, y0   upper-left corner of the upper-left cell (CRS units; x = easting or longitude)
    dx, dy   cell size (CRS units, both positive)
    width    columns
    height   rows
    """

    crs: str
    x0: float
    y0: float
    dx: float
    dy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        raise_errors(_faults(self))

    @classmethod
    def from_transform(cls, crs: str, transform: Sequence[float], width: int, height: int) -> Grid:
        """Return the grid of an affine transform (a, b, c, d, e, f), as rasterio gives it.

        Raises `FaultsError` for a turned, mirrored or south-up raster.
        """
        a, b, c, d, e, f = (float(v) for v in tuple(transform)[:6])
        raise_errors(_transform_faults(a, b, d, e))
        return cls(crs, c, f, a, -e, int(width), int(height))

    @classmethod
    def over(cls, crs: str, bounds: Sequence[float], dx: float, dy: float | None = None) -> Grid:
        """Return the grid of whole cells (corners on multiples of the cell size) that covers (xmin, ymin, xmax, ymax)."""
        dy = dx if dy is None else dy
        left, bottom = math.floor(bounds[0] / dx), math.floor(bounds[1] / dy)
        right, top = math.ceil(bounds[2] / dx), math.ceil(bounds[3] / dy)
        return cls(crs, left * dx, top * dy, dx, dy, max(1, right - left), max(1, top - bottom))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, in the order of an array."""
        return self.height, self.width

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax (CRS units)."""
        return self.x0, self.y0 - self.height * self.dy, self.x0 + self.width * self.dx, self.y0

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """The affine transform (a, b, c, d, e, f): x = a·col + c, y = e·row + f."""
        return self.dx, 0.0, self.x0, 0.0, -self.dy, self.y0

    @property
    def is_geographic(self) -> bool:
        """True where cells are measured in degrees."""
        return bool(_crs(self.crs).is_geographic)

    def to_pixels(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (column, row) of coordinates, counted from the upper-left corner; cell (c, r) spans [c, c+1) × [r, r+1)."""
        return (np.asarray(x, np.float64) - self.x0) / self.dx, (self.y0 - np.asarray(y, np.float64)) / self.dy

    def to_coordinates(self, column: ArrayLike, row: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (x, y) of pixel coordinates; the centre of cell (c, r) is (c + 0.5, r + 0.5)."""
        return self.x0 + np.asarray(column, np.float64) * self.dx, self.y0 - np.asarray(row, np.float64) * self.dy

    def strips(self, rows: int = STRIP_ROWS) -> list[tuple[int, int]]:
        """Return the fixed strips (first row, row after the last) from north to south."""
        return [(start, min(start + rows, self.height)) for start in range(0, self.height, rows)]

    def rows_of_strip(self, k: int, rows: int = STRIP_ROWS) -> tuple[int, int]:
        """Return (first row, row after the last) of strip `k`."""
        return self.strips(rows)[k]

    def decimated(self, step: int) -> Grid:
        """Return the grid of cells `step` times as wide and high over the same corner, the last ones reaching over the edge."""
        return replace(self, dx=self.dx * step, dy=self.dy * step, width=-(-self.width // step), height=-(-self.height // step))

    def fingerprint(self) -> str:
        """Return the SHA-256 of the frame: system, corner, cell size and shape, exact to the last bit."""
        numbers = [float(v).hex() for v in (self.x0, self.y0, self.dx, self.dy)]
        words = [authority(self.crs), *numbers, str(self.width), str(self.height)]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()

    def difference(self, other: Grid) -> list[Text]:
        """Say in words how `other` disagrees with this grid; empty where the two are one.

        The shift is counted in cells of this grid, so that a half-cell shift (centre taken for corner) can be seen.
        """
        found = [_system_difference(self, other), _size_difference(self, other), _shape_difference(self, other)]
        if found[1] is None:
            found.append(_shift(self, other))
        return [text for text in found if text is not None]


def cell_area_m2_by_row(grid: Grid) -> NDArray[np.float64]:
    """Return the area of one cell of each row [m2], shape (height,).

    Geographic grids: exact area of the ellipsoidal quadrangle (Snyder 1987 eq. 3-12, written without subtracting
    nearly equal numbers). Projected grids: dx·dy in the plane of the projection; what is paid on is the ellipsoidal area
    of a parcel, so these serve to sum quantities, never to measure land.
    """
    crs = _crs(grid.crs)
    unit = _unit(crs)
    if not crs.is_geographic:
        return np.full(grid.height, grid.dx * grid.dy * unit**2)
    edges = np.asarray((grid.y0 - np.arange(grid.height + 1) * grid.dy) * unit, np.float64)
    return grid.dx * unit * _band_m2(edges[1:], edges[:-1], *_ellipsoid(crs))


def metres_per_cell(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the width and the height of a cell at the middle of each row [m], two arrays of shape (height,).

    Geographic grids: N·cos φ·Δλ and M·Δφ with the radii of curvature of the prime vertical and of the meridian
    (Snyder 1987 eqs. 4-20 and 4-19). Projected grids: the plane of the projection.
    """
    crs = _crs(grid.crs)
    unit = _unit(crs)
    if not crs.is_geographic:
        return np.full(grid.height, grid.dx * unit), np.full(grid.height, grid.dy * unit)
    a, e2 = _ellipsoid(crs)
    latitude = (grid.y0 - (np.arange(grid.height) + 0.5) * grid.dy) * unit
    w2 = 1.0 - e2 * np.sin(latitude) ** 2
    across = a / np.sqrt(w2) * np.cos(latitude) * grid.dx * unit
    along = a * (1.0 - e2) / w2**1.5 * grid.dy * unit
    return across, along


@lru_cache(maxsize=64)
def authority(crs: str) -> str:
    """Return the authority code of a reference system, or its own text where the registry knows none that is equivalent."""
    if crs.partition(":")[2].isdigit():
        return crs.upper()
    own = _crs(crs).to_json_dict().get("id")
    # The code the text itself bears comes first: two codes may stand for one plane (6-degree and 3-degree zones share meridians).
    code = (own["authority"], str(own["code"])) if own else _crs(crs).to_authority(min_confidence=25)
    name = ":".join(code) if code else ""
    return name if name and _same_plane(_crs(name), _crs(crs)) else crs


def _same_plane(one: CRS, two: CRS) -> bool:
    """Whether two systems give the same easting and northing, whatever they call and in which order they list their axes.

    The WKT that GDAL writes for a Gauss-Krüger zone drops the axes, which makes the registry's own comparison say no.
    """
    if one.equals(two, ignore_axis_order=True):
        return True
    if not (one.is_projected and two.is_projected) or _unit(one) != _unit(two):
        return False
    return bool(one.geodetic_crs.equals(two.geodetic_crs, ignore_axis_order=True)) and _conversion(one) == _conversion(two)


def _conversion(crs: CRS) -> tuple[str, ...]:
    steps = crs.coordinate_operation
    params = sorted((p.code or p.name, p.value * p.unit_conversion_factor) for p in steps.params)
    return (steps.method_code or steps.method_name, *(f"{code}={value:.12g}" for code, value in params))


@lru_cache(maxsize=64)
def _crs(crs: str) -> CRS:
    from pyproj import CRS

    return CRS.from_user_input(crs)


def _unit(crs: CRS) -> float:
    """Metres (projected) or radians (geographic) of one CRS unit."""
    return float(crs.axis_info[0].unit_conversion_factor)


def _ellipsoid(crs: CRS) -> tuple[float, float]:
    """Semi-major axis [m] and squared first eccentricity."""
    a, inverse_f = crs.ellipsoid.semi_major_metre, crs.ellipsoid.inverse_flattening
    f = 1.0 / inverse_f if inverse_f else 0.0
    return a, f * (2.0 - f)


def _band_m2(south: NDArray[np.float64], north: NDArray[np.float64], a: float, e2: float) -> NDArray[np.float64]:
    """Area between two parallels per radian of longitude [m2]; latitudes in radians."""
    s1, s2 = np.sin(south), np.sin(north)
    ds = 2.0 * np.cos(0.5 * (north + south)) * np.sin(0.5 * (north - south))
    rational = ds * (1.0 + e2 * s1 * s2) / ((1.0 - e2 * s1 * s1) * (1.0 - e2 * s2 * s2))
    if e2 == 0.0:
        return np.asarray(a * a * ds)
    e = math.sqrt(e2)
    inverse = np.arctanh(e * ds / (1.0 - e2 * s1 * s2)) / e
    return np.asarray(0.5 * a * a * (1.0 - e2) * (rational + inverse))


def _fault(code: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"grid.{code}", "", "", clash, remedy)


def _faults(grid: Grid) -> list[Fault]:
    found = []
    if not all(math.isfinite(v) for v in (grid.x0, grid.y0, grid.dx, grid.dy)) or grid.dx <= 0 or grid.dy <= 0:
        clash = Text(
            "栅格的角点（{x}，{y}）应为有限数，像元大小（{dx}，{dy}）应大于 0。",
            "The corner ({x}, {y}) must be finite and the cell size ({dx}, {dy}) above 0.",
        ).fill(x=grid.x0, y=grid.y0, dx=grid.dx, dy=grid.dy)
        found.append(_fault("cell_size", clash, Text("检查栅格的地理变换参数。", "Check the raster's geotransform.")))
    if grid.width < 1 or grid.height < 1:
        clash = Text("栅格只有 {w} 列 {h} 行。", "The raster has {w} columns and {h} rows.").fill(w=grid.width, h=grid.height)
        found.append(_fault("shape", clash, Text("至少需要一列一行。", "It needs at least one of each.")))
    return found + _system_faults(grid)


def _system_faults(grid: Grid) -> list[Fault]:
    from pyproj.exceptions import CRSError

    try:
        crs = _crs(grid.crs)
    except CRSError:
        clash = Text("坐标系“{crs}”无法识别。", "The reference system “{crs}” is not known.").fill(crs=grid.crs[:80])
        remedy = Text("写成 EPSG 代码（如 EPSG:4545）或 WKT。", "Give an EPSG code (such as EPSG:4545) or WKT.")
        return [_fault("crs", clash, remedy)]
    if crs.is_geographic or crs.is_projected:
        return _latitude_faults(grid, crs)
    clash = Text("坐标系“{crs}”既不是地理也不是投影坐标系。", "“{crs}” is neither geographic nor projected.")
    return [
        _fault(
            "crs_kind",
            clash.fill(crs=grid.crs[:80]),
            Text("改用二维地理或投影坐标系。", "Use a two-dimensional geographic or projected system."),
        )
    ]


def _latitude_faults(grid: Grid, crs: CRS) -> list[Fault]:
    if not crs.is_geographic or not all(math.isfinite(v) for v in grid.bounds):
        return []
    quarter = math.pi / 2 / _unit(crs) * (1 + 1e-9)
    south, north = grid.bounds[1], grid.bounds[3]
    if -quarter <= south and north <= quarter:
        return []
    clash = Text("纬度范围 {s} 至 {n} 超出两极。", "Latitudes {s} to {n} reach beyond the poles.").fill(s=south, n=north)
    remedy = Text("检查坐标系是否应为投影坐标系，或经纬度是否颠倒。", "Is the system projected, or are the axes swapped?")
    return [_fault("latitude", clash, remedy)]


def _transform_faults(a: float, b: float, d: float, e: float) -> list[Fault]:
    if b == 0 and d == 0 and a > 0 and e < 0:
        return []
    clash = Text(
        "栅格不是正北朝上（变换参数 a={a} b={b} d={d} e={e}）。",
        "The raster is not north-up (transform a={a} b={b} d={d} e={e}).",
    ).fill(a=a, b=b, d=d, e=e)
    return [_fault("north_up", clash, Text("先用 gdalwarp 转为正北朝上。", "Warp it north-up first, for example with gdalwarp."))]


def _system_difference(one: Grid, two: Grid) -> Text | None:
    if authority(one.crs) == authority(two.crs) or _same_plane(_crs(one.crs), _crs(two.crs)):
        return None
    names = {"a": same(_system_name(one.crs)), "b": same(_system_name(two.crs))}
    return Text("坐标系不同：{a} 与 {b}。", "The reference systems differ: {a} and {b}.").fill(**names)


def _system_name(crs: str) -> str:
    code = authority(crs)
    return code if len(code) < 40 else _crs(crs).name


def _size_difference(one: Grid, two: Grid) -> Text | None:
    # A size that is off by a hair adds up over the raster: what counts is the drift at the far edge.
    drift = max(abs(two.dx / one.dx - 1) * one.width, abs(two.dy / one.dy - 1) * one.height)
    if drift < SAME_CELLS:
        return None
    sizes = {"a": f"{one.dx:.10g} × {one.dy:.10g}", "b": f"{two.dx:.10g} × {two.dy:.10g}"}
    return Text("像元大小不同：{a} 与 {b}。", "The cell sizes differ: {a} and {b}.").fill(**sizes)


def _shape_difference(one: Grid, two: Grid) -> Text | None:
    if one.shape == two.shape:
        return None
    return Text("行列数不同：{h} 行 {w} 列与 {h2} 行 {w2} 列。", "The shapes differ: {h} rows × {w} columns and {h2} × {w2}.").fill(
        h=one.height, w=one.width, h2=two.height, w2=two.width
    )


def _shift(one: Grid, two: Grid) -> Text | None:
    east, south = (two.x0 - one.x0) / one.dx, (one.y0 - two.y0) / one.dy
    if max(abs(east), abs(south)) < SAME_CELLS:
        return None
    whole = all(abs(v - round(v)) < SAME_CELLS for v in (east, south))
    kind = Text("整像元", "whole cells") if whole else Text("非整像元，需重采样", "not whole cells, resampling needed")
    return Text(
        "左上角错开：向东 {east} 个像元、向南 {south} 个像元（{kind}）。",
        "The corners are apart: {east} cells east, {south} cells south ({kind}).",
    ).fill(east=f"{east:.6g}", south=f"{south:.6g}", kind=kind)
