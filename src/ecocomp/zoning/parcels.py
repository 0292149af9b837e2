"""From maps to parcels: grading of every parcel, function zones by dominant importance.

A parcel's class is the highest that, with those above it, fills enough of it; its function zone is the one most of its
cells belong to. A cell belongs to the function in which it has its highest class; among equals to the one in which its
value stands furthest above the limit of the first class, and among equals still to the first of a list in the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ecocomp.grid.georef import Grid, cell_area_m2_by_row
from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import PARCEL_GRADING
from ecocomp.terms.text import Text
from ecocomp.zoning.importance import class_weights, cuts_of, grade_units, grades_of_weights
from ecocomp.zoning.maps import Stored, ZoneMap, check_one_method, highest, new_raster, row_strips
from ecocomp.zoning.overlay import IMPORTANCE, dominant_zone, to_ppm
from ecocomp.zoning.sensitivity import CLASSES as SENSITIVITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage
    from ecocomp.zoning.surface import ZoneMaps

ZONES = tuple(z for z in FUNCTION_ZONES if z != "none")
"""Function zones by the number they have in a raster of zones, from 1; 0 is outside all of them."""


def class_names(zone_map: ZoneMap, params: Parameters) -> list[str]:
    """Return the word of each class number of a map, 0 first."""
    return list(SENSITIVITY) if zone_map.kind == "sensitivity" else [IMPORTANCE[0], *cuts_of(params)[1]]


def parcel_classes(zone_map: ZoneMap, coverage: Coverage, grid: Grid, params: Parameters) -> tuple[list[str], NDArray[np.float64]]:
    """Return the class of each parcel in a map, and the share of each class in it (parcels, classes), unknown first.

    Parameters read: ``zoning.importance_least_share``, ``zoning.importance_least_assessed``.
    """
    names = class_names(zone_map, params)
    weight = class_weights(coverage, zone_map.classes.array(), cell_area_m2_by_row(grid), len(names))
    rank = _highest_first(zone_map, len(names))
    limits = (params.number(f"zoning.importance_least_{k}") for k in ("share", "assessed"))
    grade = grades_of_weights(weight[:, rank], *limits)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(weight / weight.sum(axis=1, keepdims=True))
    return [names[rank[g]] for g in grade.tolist()], share


def _highest_first(zone_map: ZoneMap, n: int) -> list[int]:
    """Return class numbers with the unknown first and then the highest downward."""
    return [0, *range(n - 1, 0, -1)] if zone_map.kind == "sensitivity" else list(range(n))


def parcel_importance(
    maps: ZoneMaps, coverage: Coverage, grid: Grid, params: Parameters, basin: Sequence[str] | None = None
) -> list[str]:
    """Return the importance of each parcel over all functions, by the ranked unit of the rules.

    basin  basin of each parcel, for the unit ``basin``

    cell    the parcel's class in the joined map of graded cells
    parcel  parcels are ranked by their service per area, function by function; the highest class counts
    basin   basins are, and a parcel has the class of its basin

    Parameters read: ``zoning.importance_unit`` and those of grading.
    """
    unit = params.text(_UNIT)
    if unit not in ("cell", "parcel", "basin") or (unit == "basin" and basin is None):
        raise FaultsError([_no_unit(params, unit)])
    if maps.function is None:
        return [IMPORTANCE[0]] * len(coverage)
    if unit == "cell":
        return parcel_classes(maps.function, coverage, grid, params)[0]
    names = [str(i) for i in range(len(coverage))] if unit == "parcel" or basin is None else list(basin)
    found = [_unit_classes(m, coverage, grid, params, names) for m in maps.importance.values()]
    words = [IMPORTANCE[0], *cuts_of(params)[1]]
    return [words[c] for c in highest(found, "importance").tolist()]


_UNIT = "zoning.importance_unit"


def _unit_classes(zone_map: ZoneMap, coverage: Coverage, grid: Grid, params: Parameters, unit: Sequence[str]) -> NDArray[np.uint8]:
    """Return the class of the unit each parcel belongs to, units ranked by their service per observed area."""
    from ecocomp.grid.coverage import reduce_sums

    assert zone_map.values is not None
    total, seen = np.zeros((len(coverage), 1)), np.zeros((len(coverage), 1))
    area = cell_area_m2_by_row(grid)
    for strip in coverage.strips:
        values = np.ascontiguousarray(zone_map.values.read(strip.start, strip.stop)[0], np.float32)
        reduce_sums(strip, values, total, seen, area[strip.rows])
    _, at = np.unique(np.asarray(unit, object), return_inverse=True)
    sums, areas = (np.bincount(at, v[:, 0]).astype(np.float64) for v in (total, seen))
    with np.errstate(invalid="ignore", divide="ignore"):
        classes, _ = grade_units(sums / areas, areas, cuts_of(params)[0])
    return classes[at]


def _no_unit(params: Parameters, unit: str) -> Fault:
    held = params.get(_UNIT)
    clash = Text("{k} 是 {u}，或没有给出各地块所属流域。", "{k} is {u}, or the basin of each parcel is not given.")
    remedy = Text("可用：cell、parcel、basin（需要流域）。", "Known: cell, parcel, basin (needs basins).")
    return Fault("zoning.unit", held.file, f"line {held.line}", clash.fill(k=_UNIT, u=unit), remedy)


def covered_cells(coverage: Coverage, grid: Grid, folder: Path) -> Stored:
    """Return a raster of 1 where some parcel lies and 0 elsewhere, to grade the ground of parcels alone."""
    path = folder / "covered-cells.npy"
    out = new_raster(path, grid, np.uint8)
    for strip in coverage.strips:
        rows = np.zeros(strip.cells, np.uint8)
        rows[strip.cell] = 1
        out[strip.rows] = rows.reshape(-1, strip.width)
    out.flush()
    return Stored(path)


def parcel_grading(
    maps: Sequence[ZoneMap], coverage: Coverage, parcel_ids: Sequence[str], grid: Grid, params: Parameters
) -> pa.Table:
    """Return the grading of every parcel in every map (PARCEL_GRADING); importance maps must be of one method."""
    importance = [m for m in maps if m.kind == "importance"]
    if importance:
        check_one_method(importance)
    rows: list[dict[str, object]] = []
    for zone_map in maps:
        words, share = parcel_classes(zone_map, coverage, grid, params)
        names = class_names(zone_map, params)
        ppm = {
            k: to_ppm(share[:, [i for i, n in enumerate(names) if n in words_]].sum(axis=1)).tolist()
            for k, words_ in _LEVELS.items()
        }
        rows += [
            {
                "parcel_id": id,
                "kind": zone_map.kind,
                "map": zone_map.name,
                "method": zone_map.method,
                **{k: v[i] for k, v in ppm.items()},
                "class": words[i],
            }
            for i, id in enumerate(parcel_ids)
        ]
    return PARCEL_GRADING.table(rows)


_LEVELS = {
    "high_ppm": ("extreme",),
    "middle_ppm": ("important", "sensitive"),
    "low_ppm": ("general",),
    "unknown_ppm": ("not_assessed",),
}


def function_zone_cells(maps: Sequence[ZoneMap], grid: Grid, params: Parameters, folder: Path) -> Stored:
    """Return the function zone of each cell (uint8 file, number in `ZONES` from 1, 0 outside) by dominant importance.

    maps  one importance map per function, all of one method

    Parameters read: ``zoning.function_zone.classes`` (classes that make a zone), ``zoning.function_zone.order``.
    """
    check_one_method(maps)
    order = [str(z) for z in params.items("zoning.function_zone.order")]
    ranked = sorted(maps, key=lambda m: order.index(m.name) if m.name in order else len(order))
    names = [IMPORTANCE[0], *cuts_of(params)[1]]
    counts = np.array([n in params.items("zoning.function_zone.classes") for n in names])
    path = folder / f"function-zones-{maps[0].method}.npy"
    out = new_raster(path, grid, np.uint8)
    for row0, row1 in row_strips(grid):
        out[row0:row1] = _dominant(ranked, counts, row0, row1)
    out.flush()
    return Stored(path)


def _dominant(maps: Sequence[ZoneMap], counts: NDArray[np.bool_], row0: int, row1: int) -> NDArray[np.uint8]:
    best = np.full(maps[0].classes.read(row0, row1)[0].shape, 255, np.uint8)
    ahead = np.full(best.shape, -np.inf)
    zone = np.zeros(best.shape, np.uint8)
    for m in maps:
        classes = m.classes.read(row0, row1)[0]
        own = np.where(counts[classes], classes, 255).astype(np.uint8)
        lead = _lead(m, row0, row1, best.shape)
        better = (own < best) | ((own == best) & (own < 255) & (lead > ahead))
        best, ahead = np.where(better, own, best), np.where(better, lead, ahead)
        zone[better] = ZONES.index(m.name) + 1
    return zone


def _lead(zone_map: ZoneMap, row0: int, row1: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return how many times the limit of the first class each value is; 0 where the map keeps no values."""
    if zone_map.values is None or not zone_map.limits or not np.isfinite(zone_map.limits[0]):
        return np.zeros(shape)
    values = np.asarray(zone_map.values.read(row0, row1)[0], np.float64)
    return np.nan_to_num(values, nan=0.0) / zone_map.limits[0]


def function_zone_of_parcels(zones: Stored, coverage: Coverage, grid: Grid) -> tuple[list[str], NDArray[np.int64]]:
    """Return the dominant function zone of each parcel by the cells it covers, and its share [ppm]."""
    weight = class_weights(coverage, zones.array(), cell_area_m2_by_row(grid), len(ZONES) + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(weight / weight.sum(axis=1, keepdims=True))
    return dominant_zone(ZONES, share[:, 1:])
