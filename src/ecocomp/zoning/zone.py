"""The zoning of a year in one call: maps, red line, and the zones and grades of every parcel.

For the pipeline, which brings the layers, the service rasters and the polygons of the case, and keeps the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ecocomp.grid.georef import Grid
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import RED_LINE_MEMBER
from ecocomp.terms.text import Text
from ecocomp.zoning.factors import Layers
from ecocomp.zoning.maps import StripReader, extreme_cells
from ecocomp.zoning.overlay import parcel_zone
from ecocomp.zoning.parcels import (
    function_zone_cells,
    function_zone_of_parcels,
    parcel_classes,
    parcel_grading,
    parcel_importance,
)
from ecocomp.zoning.polygons import Zones, no_zones
from ecocomp.zoning.redline import RedLine, cells_inside, delineate
from ecocomp.zoning.snap import snap
from ecocomp.zoning.surface import ZoneMaps, zone_maps

if TYPE_CHECKING:
    from ecocomp.grid.coverage import Coverage
    from ecocomp.zoning.polygons import Geometries

FOLLOW = "zoning.red_line.follow"


@dataclass(frozen=True, eq=False)
class Zoned:
    """What zoning found.

    parcel_zone     zones, importance and grade of each parcel
    parcel_grading  shares of the classes of every map in each parcel
    red_line        polygons of the line, given or derived, in the reference system of the parcels
    members         parcels of a derived line that follows parcels (RED_LINE_MEMBER), else empty
    maps            the maps of importance and sensitivity
    red_cells       cells inside a derived line
    """

    parcel_zone: pa.Table
    parcel_grading: pa.Table
    red_line: Zones
    members: pa.Table
    maps: ZoneMaps
    red_cells: int

    @property
    def notes(self) -> list[Fault]:
        """What could not be assessed, and why."""
        return self.maps.notes


def zone_parcels(
    *,
    parcel: pa.Table,
    geometry: Geometries,
    coverage: Coverage,
    grid: Grid,
    layers: Layers,
    services: Mapping[str, StripReader],
    params: Parameters,
    folder: Path,
    zones: Zones,
    reserves: Zones,
    red_line: Zones | None,
    to_survey: Callable[[Geometries], Geometries],
    crs: Any = None,
    geographic: bool = False,
    inside: StripReader | None = None,
    functions: Sequence[str] | None = None,
    sensitivities: Sequence[str] | None = None,
    derive_functions: bool = False,
    basin: Sequence[str] | None = None,
    protected: Geometries | None = None,
    special: Geometries | None = None,
    keep_out: Geometries | None = None,
) -> Zoned:
    """Grade cells and parcels, draw the red line if none is given, and overlay the zones.

    parcel, geometry  parcel table and the polygon of each row, in the order of `coverage`
    layers, services  layers of the case and service rasters per area, on `grid`
    zones             function zones; not read where `derive_functions`
    red_line          the official line, or None: one is drawn around extremely important and extremely sensitive ground
    to_survey         brings polygons of the grid to the reference system of the parcels
    crs, geographic   that system (for areas), and whether its coordinates are degrees
    inside            uint8, 0 for cells outside the area that is graded; None: all cells count
    functions, sensitivities  what to assess; None: as the rules say
    derive_functions  take function zones from dominant importance
    basin             basin of each parcel, where basins are ranked
    protected, special, keep_out  polygons on the grid's system: ground the law puts into a derived line, ground whose patch is
                      kept however small, ground no closing may take in

    Parameters read: those of `surface.zone_maps`, `redline.delineate`, `snap.snap`, `overlay.parcel_zone`, and
    ``zoning.red_line.follow`` (cells or parcels).
    """
    maps = zone_maps(
        layers=layers,
        services=services,
        grid=grid,
        params=params,
        folder=folder,
        inside=inside,
        functions=functions,
        sensitivities=sensitivities,
    )
    every = [*maps.importance.values(), *maps.sensitivity.values(), *(m for m in (maps.function, maps.sensitive) if m)]
    importance = parcel_importance(maps, coverage, grid, params, basin) if maps.function else None
    sensitivity = parcel_classes(maps.sensitive, coverage, grid, params)[0] if maps.sensitive else None
    function = None
    if derive_functions and maps.importance:
        cells = function_zone_cells(list(maps.importance.values()), grid, params, folder)
        function = function_zone_of_parcels(cells, coverage, grid)
    drawn, members, red_cells = no_zones() if red_line is None else red_line, RED_LINE_MEMBER.empty(), 0
    if red_line is None and (maps.function or maps.sensitive or protected is not None):
        given = {"must_include": protected, "special": special, "keep_out": keep_out}
        masks = {k: cells_inside(v, grid) for k, v in given.items() if v is not None}
        line = _drawn(maps, grid, params, masks)
        drawn, members = _followed(line, params, parcel, geometry, to_survey, crs)
        red_cells = int(line.cells.sum())
    table = parcel_zone(
        parcel,
        geometry,
        zones=zones,
        red_line=drawn,
        reserves=reserves,
        importance=importance,
        params=params,
        geographic=geographic,
        sensitivity=sensitivity,
        function=function,
    )
    grading = parcel_grading(every, coverage, parcel["parcel_id"].to_pylist(), grid, params)
    return Zoned(table, grading, drawn, members, maps, red_cells)


def _drawn(maps: ZoneMaps, grid: Grid, params: Parameters, masks: dict[str, Any]) -> RedLine:
    """Draw the line around extremely important and extremely sensitive cells, and those the law puts in."""
    none = np.zeros(grid.shape, bool)
    extreme, sensitive = (none if m is None else extreme_cells(m) for m in (maps.function, maps.sensitive))
    return delineate(extreme, grid, params, sensitive=sensitive, **masks)


def _followed(
    line: RedLine,
    params: Parameters,
    parcel: pa.Table,
    geometry: Geometries,
    to_survey: Callable[[Geometries], Geometries],
    crs: Any,
) -> tuple[Zones, pa.Table]:
    """Return the line on cell or parcel borders, as the rules wish, and its parcels."""
    follow = params.text(FOLLOW)
    if follow not in ("cells", "parcels"):
        held = params.get(FOLLOW)
        clash = Text("{k} 是 {f}。", "{k} is {f}.").fill(k=FOLLOW, f=follow)
        remedy = Text("写 cells 或 parcels。", "Write cells or parcels.")
        raise FaultsError([Fault("zoning.rule", held.file, f"line {held.line}", clash, remedy)])
    shapes = np.asarray(to_survey(line.zones.geometry), object)
    if follow == "cells":
        return Zones(line.zones.zone_id, line.zones.kind, shapes), RED_LINE_MEMBER.empty()
    snapped = snap(shapes, parcel, geometry, params, crs=crs)
    return snapped.zones, snapped.members
