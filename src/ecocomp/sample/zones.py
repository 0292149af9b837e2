"""Function zones, red line and reserves of the invented county, drawn from relief, rain and sand as planners would.

The outlines are coarser than parcels and cut through them, as real zone boundaries do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecocomp.sample.frame import EAST_M, NORTH_M, SAND_ANGLE, Frame
from ecocomp.sample.noise import fractal_at
from ecocomp.sample.survey import Land, Survey
from ecocomp.sample.tessellation import sound_rings, union_by, voronoi

RED_LINE_SHARE, RESERVE_SHARE = 0.35, 0.035
TITLES = {
    "water": ("水源涵养区", "water conservation area"),
    "soil": ("水土保持区", "soil conservation area"),
    "sand": ("防风固沙区", "sand fixation area"),
    "biodiversity": ("生物多样性维护区", "biodiversity area"),
}


def make_zones(frame: Frame, land: Land, survey: Survey) -> tuple[dict[str, Any], Any, Any]:
    """Return zone polygons by type, the patches of the red line, and the reserves."""
    import shapely

    county = shapely.coverage_union_all(survey.geometry)
    zones = _function_zones(frame, land, county)
    cells, x, y = _cells(frame, "red line", 170)
    wild, area = _wildness(frame, land, x, y), shapely.area(shapely.intersection(cells, county))
    red = _greatest(wild, area, RED_LINE_SHARE * float(area.sum()))
    quiet = np.where(red, -9.0, _quiet(frame, land, x, y))
    kept = _greatest(quiet, area, RESERVE_SHARE * float(area.sum()))
    return zones, _patches(cells[red], county), _patches(cells[kept], county)


def _cells(frame: Frame, matter: str, count: int) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
    """Return large wavy cells over the grid and their seeds."""
    rng = frame.rng(matter)
    side = int(np.ceil(np.sqrt(count)))
    at = (
        np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2) + rng.uniform(0.05, 0.95, (side * side, 2))
    ) / side
    rim = np.linspace(-0.25, 1.25, 2 * side)
    far = np.concatenate([np.column_stack([rim, np.full(len(rim), v)]) for v in (-0.2, 1.2)])
    seeds = np.concatenate([at, far, far[:, ::-1]]) * frame.side_m + rng.uniform(0, 1, (len(at) + 4 * len(rim), 2))
    seeds = np.column_stack([EAST_M + seeds[:, 0], NORTH_M - seeds[:, 1]])
    edges = voronoi(seeds, frame.rng(f"{matter} edges"), bend=0.42)
    keep = np.arange(len(seeds)) < len(at)
    return sound_rings(edges, keep), seeds[keep, 0], seeds[keep, 1]


def _function_zones(frame: Frame, land: Land, county: Any) -> dict[str, Any]:
    """Return zones: sand in the dry corner, water at the headwaters, biodiversity in old high forest, soil on steep slopes."""
    import shapely

    cells, x, y = _cells(frame, "zones", 150)
    u, v = (x - EAST_M) / frame.side_m, (NORTH_M - y) / frame.side_m
    bx, by = frame.at_angle(SAND_ANGLE, 0.72)
    sand = np.hypot(u - bx, v - by) < 0.19
    rank, slope, wet = (_local(frame, field, x, y) for field in (land.rank, land.relief.slope, land.rain_mm))
    mood = _noise(x, y, 0.5 * frame.side_m, frame.key("zone mood"))
    valley = rank < 0.20
    water = (wet > np.nanquantile(wet, 0.58)) & (rank > 0.45)
    rare = (rank > 0.5) & (mood > 0.05)
    kind = np.select([sand, valley, water & (mood < 0.12), rare, slope > np.nanquantile(slope, 0.30)], [0, 4, 1, 2, 3], 4)
    out = {}
    for code, name in ((1, "water"), (3, "soil"), (0, "sand"), (2, "biodiversity")):
        chosen = cells[kind == code]
        if len(chosen):
            whole = union_by(chosen, np.zeros(len(chosen), np.intp), 1)[0]
            out[name] = shapely.intersection(whole, county)
    return {name: zone for name, zone in out.items() if not shapely.is_empty(zone)}


def _local(frame: Frame, field: NDArray[np.float32], x: Any, y: Any) -> NDArray[np.float64]:
    """Return the mean of a field around points, over a twentieth of the side."""
    row, col = frame.cells_of(x, y)
    reach, step = max(2, frame.n // 40), max(1, frame.n // 400)
    out = np.full(len(x), np.nan)
    for k, (r, c) in enumerate(zip(row, col, strict=True)):
        part = field[max(0, r - reach) : r + reach + 1 : step, max(0, c - reach) : c + reach + 1 : step]
        if np.isfinite(part).any():
            out[k] = np.nanmean(part)
    return out


def _noise(x: Any, y: Any, wave: float, key: int) -> NDArray[np.float64]:
    made: NDArray[np.float64] = _noise_at(x, y, wave, key)
    return made


@njit(cache=True)
def _noise_at(x, y, wave, key):  # type: ignore[no-untyped-def]
    out = np.empty(len(x))
    for i in range(len(x)):
        out[i] = fractal_at(x[i], y[i], wave, 2, 0.5, key)
    return out


def _wildness(frame: Frame, land: Land, x: Any, y: Any) -> NDArray[np.float64]:
    """Return how much a cell asks for the red line: high, wet, far from villages."""
    far = np.hypot(x[:, None] - land.village_x, y[:, None] - land.village_y).min(axis=1) / frame.side_m
    rank, wet = _local(frame, land.rank, x, y), _local(frame, land.rain_mm, x, y)
    spread = float(np.nanstd(wet)) or 1.0
    score = rank + 0.25 * (wet - np.nanmean(wet)) / spread + 2.0 * far + 0.45 * _noise(x, y, 0.3 * frame.side_m, frame.key("wild"))
    return np.nan_to_num(score, nan=-9.0)


def _quiet(frame: Frame, land: Land, x: Any, y: Any) -> NDArray[np.float64]:
    """Return how much a cell asks to be left blank for later: remote land of middle height."""
    rank = _local(frame, land.rank, x, y)
    return np.nan_to_num(-np.abs(rank - 0.5) + 0.6 * _noise(x, y, 0.25 * frame.side_m, frame.key("quiet")), nan=-9.0)


def _greatest(score: NDArray[np.float64], area: Any, wanted: float) -> NDArray[np.bool_]:
    order = np.argsort(-score, kind="stable")
    taken = np.zeros(len(score), bool)
    taken[order[: int(np.searchsorted(np.cumsum(area[order]), wanted)) + 1]] = True
    return taken & (score > -8)


def _patches(cells: Any, county: Any) -> Any:
    """Return the union of cells inside the county, one polygon per patch, from the largest."""
    import shapely

    whole = shapely.intersection(union_by(cells, np.zeros(len(cells), np.intp), 1)[0], county)
    parts = shapely.get_parts(whole)
    parts = parts[shapely.area(parts) > 1e4]
    return parts[np.lexsort((shapely.get_coordinates(shapely.centroid(parts))[:, 0], -shapely.area(parts)))]
