"""Zoning of a case: what a year grades, the maps, the line and the zones and grade of every parcel.

The year of compensation and `ecocomp zones draw` go the same way: services per hectare or the layers of the index method,
maps of importance and sensitivity, a red line, and the zones and grade of every parcel.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from ecocomp.pipeline.case import Case
from ecocomp.pipeline.ground import Ground, moved
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.zoning.maps import Stored
    from ecocomp.zoning.polygons import Zones
    from ecocomp.zoning.zone import Zoned

OF_FUNCTION = "zoning.importance_services"


class LandYear(Protocol):
    """What zoning reads of a year: the case, its ground, and its registers."""

    @property
    def case(self) -> Case: ...
    @property
    def ground(self) -> Ground: ...
    def register(self, name: str) -> pa.Table: ...


Assess = Callable[..., Any]
"""How the layers of a year are assessed: `year.assess_layers` with the year bound."""


# ---------------------------------------------------------------- what is asked for
@dataclass(frozen=True)
class Asked:
    """What is graded: functions by one method, the service of each (model method), and sensitivities.

    widened  what the case does not name and was taken from the rules: ``functions``, ``sensitivities``
    """

    method: str
    functions: tuple[str, ...]
    services: Mapping[str, str]
    sensitivities: tuple[str, ...]
    widened: tuple[str, ...] = ()

    @property
    def wanted(self) -> list[str]:
        """Services to assess, each once."""
        return list(dict.fromkeys(self.services.values())) if self.method != "npp_index" else []


def named_services(case: Case) -> list[str]:
    """Return the services a case names for importance, each once."""
    single = case.zones.get("importance_service")
    return list(dict.fromkeys([*([str(single)] if single else []), *map(str, case.zones.get("importance_services", []))]))


def asked_of(case: Case, params: Parameters) -> Asked:
    """Return what the year of a case grades: what it names, and nothing else unless the rules say the index method."""
    method, named = params.text("zoning.importance_method"), named_services(case)
    functions, services = _functions(named, params) if named else ((), {})
    if not named and method == "npp_index":
        functions = tuple(map(str, params.items("zoning.importance_functions")))
    return Asked(method, functions, services, tuple(map(str, case.zones.get("sensitivities", []))))


def asked_to_draw(case: Case, params: Parameters, functions: Sequence[str] = (), sensitivities: Sequence[str] = ()) -> Asked:
    """Return what is drawn: what is asked for, else what the case names, else all that the rules name."""
    from ecocomp.zoning.sensitivity import MODELS
    from ecocomp.zoning.surface import INDICES

    known = Text("没有 {n} 这一项；可用：{k}。", "There is no {n}; known: {k}.")
    for names, all_ in ((functions, INDICES), (sensitivities, MODELS)):
        strange = [n for n in names if n not in all_]
        if strange:
            raise UsageError(known.fill(n=", ".join(strange), k=", ".join(all_)))
    found, of, widened = asked_of(case, params), _of_function(params), []
    chosen = tuple(dict.fromkeys(functions)) or found.functions
    if not chosen:
        chosen, widened = tuple(map(str, params.items("zoning.importance_functions"))), ["functions"]
    models = tuple(dict.fromkeys(sensitivities)) or found.sensitivities
    if not models:
        models = tuple(map(str, params.items("zoning.sensitivity.models")))
        widened.append("sensitivities")
    return Asked(found.method, chosen, {f: of[f] for f in chosen if f in of}, models, tuple(widened))


def _of_function(params: Parameters) -> dict[str, str]:
    """Return the service of each function as the rules say; a fault where a line is no pair."""
    pairs = [str(line).split() for line in params.items(OF_FUNCTION)]
    if all(len(p) == 2 for p in pairs):
        return {p[0]: p[1] for p in pairs}
    held = params.get(OF_FUNCTION)
    clash = Text("{k} 里有一行不是“功能 服务”。", "a line of {k} is not “function service”.").fill(k=OF_FUNCTION)
    remedy = Text("例如 soil soil_retention。", "For example: soil soil_retention.")
    raise FaultsError([Fault("zoning.rule", held.file, f"line {held.line}", clash, remedy)])


def _functions(named: Sequence[str], params: Parameters) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the functions the named services stand for; a fault for each service that stands for none."""
    of = _of_function(params)
    known = ", ".join(of.values())
    clash = Text("服务 {s} 不对应任何功能；对应的有：{k}。", "the service {s} stands for no function; these do: {k}.")
    remedy = Text("改用其中一项，或在本案规则中改写 {r}。", "Name one of these, or change {r} in the rules of the case.").fill(
        r=OF_FUNCTION
    )
    raise_errors(
        [
            Fault("zoning.no_function", "case.toml", "zones.importance_services", clash.fill(s=s, k=known), remedy)
            for s in named
            if s not in of.values()
        ]
    )
    chosen = {f: s for f, s in of.items() if s in named}
    return tuple(chosen), chosen


# ---------------------------------------------------------------- maps and parcels
def zone_year(y: LandYear, params: Parameters, folder: Path, assess: Assess) -> tuple[Zoned, list[Fault]]:
    """Return the zones and grades of the parcels of a year; maps lie in `folder` only while they are needed."""
    asked = asked_of(y.case, params)
    derive = y.case.zones.get("red_line") == "derive"
    if not asked.functions and not asked.sensitivities and not (derive and "protected" in y.case.zones):
        return _ungraded(y, params, derive), []
    try:
        return zoned(y, params, folder, asked, assess, draw=derive)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def zoned(y: LandYear, params: Parameters, folder: Path, asked: Asked, assess: Assess, *, draw: bool) -> tuple[Zoned, list[Fault]]:
    """Return maps, line, zones and grades of the parcels, and what could not be assessed.

    folder  where the maps are kept, all of them NumPy files
    draw    draw a red line; otherwise the one of the case counts
    """
    from ecocomp.zoning.zone import zone_parcels

    services, notes = service_maps(y, params, asked.wanted, folder / "services", assess)
    functions = [f for f in asked.functions if asked.method == "npp_index" or asked.services.get(f) in services]
    law = {name: law_ground(y.ground, name) for name in ("protected", "special")}
    made = zone_parcels(
        parcel=y.ground.parcel,
        geometry=y.ground.shapes,
        coverage=y.ground.coverage,
        grid=y.ground.grid,
        layers=map_layers(y, params, asked, functions),
        services=services,
        params=params,
        folder=folder,
        zones=function_zones(y),
        reserves=y.ground.zone_layer("reserves"),
        red_line=None if draw else y.ground.zone_layer("red_line"),
        to_survey=lambda shapes: moved(shapes, y.ground.grid.crs, y.ground.edition.crs_wkt),
        crs=y.ground.edition.crs_wkt,
        geographic=is_geographic(y.ground.edition.crs_wkt),
        functions=functions,
        sensitivities=asked.sensitivities,
        derive_functions=bool(y.case.zones.get("derive_functions")),
        **law,
    )
    left_out = [f for f in asked.functions if f not in functions and f not in asked.services]
    return made, [*notes, *map(_no_service, left_out), *made.notes]


def _no_service(function: str) -> Fault:
    clash = Text("没有对应的服务，未评估。", "has no service in the rules and is not assessed.")
    remedy = Text("在 {r} 中写上它的服务。", "Give its service in {r}.").fill(r=OF_FUNCTION)
    return Fault("zoning.not_assessed", "zoning", function, clash, remedy, "warning")


def _ungraded(y: LandYear, params: Parameters, derive: bool) -> Zoned:
    """Return the zones of parcels where nothing is graded."""
    from ecocomp.terms.tables import PARCEL_GRADING, RED_LINE_MEMBER
    from ecocomp.zoning.overlay import parcel_zone
    from ecocomp.zoning.polygons import no_zones
    from ecocomp.zoning.surface import ZoneMaps
    from ecocomp.zoning.zone import Zoned

    line = no_zones() if derive else y.ground.zone_layer("red_line")
    table = parcel_zone(
        y.ground.parcel,
        y.ground.shapes,
        zones=function_zones(y),
        red_line=line,
        reserves=y.ground.zone_layer("reserves"),
        importance=None,
        params=params,
        geographic=is_geographic(y.ground.edition.crs_wkt),
    )
    return Zoned(table, PARCEL_GRADING.empty(), line, RED_LINE_MEMBER.empty(), ZoneMaps("model"), 0)


def is_geographic(crs_wkt: str) -> bool:
    """Return whether the coordinates of a reference system are degrees."""
    import pyproj

    return bool(pyproj.CRS.from_wkt(crs_wkt).is_geographic)


def map_years(case: Case) -> tuple[int, ...]:
    """Return the years maps are made of, first choice first: fixed for a case, so that grades do not move with the weather."""
    return tuple(dict.fromkeys((case.base_year, case.years[0])))


def service_maps(
    y: LandYear, params: Parameters, services: Sequence[str], folder: Path, assess: Assess
) -> tuple[dict[str, Stored], list[Fault]]:
    """Return the raster of each service that could be assessed, in the first of the map years that has its layers."""
    found: dict[str, Stored] = {}
    notes: list[Fault] = []
    for year in map_years(y.case):
        left = [s for s in services if s not in found]
        if not left:
            break
        made = assess(params, left, year, keep=left, keep_folder=folder / str(year))
        found |= {s: _unpacked(made.files[s], folder / f"{s}.npy", y.ground) for s in left if s in made.files}
        # What the first year lacked is told only if the second lacks it too.
        notes = [*(n for n in notes if not ({n.record, n.where} & set(left))), *made.notes]
    return found, list(dict.fromkeys(notes))


def _unpacked(tif: Path, path: Path, ground: Ground) -> Stored:
    """Turn a compressed raster into a file that is mapped and read many times over; the former is removed."""
    import numpy as np
    import rasterio
    from rasterio.windows import Window

    from ecocomp.zoning.maps import Stored, new_raster

    grid = ground.grid
    out = new_raster(path, grid, np.float32)
    with rasterio.open(tif) as raster:
        for row0, row1 in grid.strips(512):
            out[row0:row1] = raster.read(1, window=Window(0, row0, grid.width, row1 - row0))
    out.flush()
    tif.unlink()
    return Stored(path)


def map_layers(y: LandYear, params: Parameters, asked: Asked, functions: Sequence[str]) -> dict[str, Any]:
    """Return the layers the index method and the sensitivities read, those included that are made from others."""
    from ecocomp.services.derive import layers_made
    from ecocomp.zoning.factors import FACTORS, way_of
    from ecocomp.zoning.sensitivity import MODELS
    from ecocomp.zoning.surface import INDICES

    names = [f.name for m in asked.sensitivities if m in MODELS for f in MODELS[m].factors]
    if asked.method == "npp_index":
        names += [n for f in functions if f in INDICES for n in INDICES[f].factors]
    if not names:
        return {}
    years = [(len(y.ground.readers(n)), n) for n in map_years(y.case)]
    year = max(years, key=lambda pair: pair[0])[1]
    have = y.ground.readers(year)
    wanted = [w for n in dict.fromkeys(names) if way_of(FACTORS[n], have) is None for way in FACTORS[n].ways for w in way]
    tables = {"reservoir": y.register("reservoir")}
    return layers_made(list(dict.fromkeys(wanted)), have, y.ground.grid, y.case.scratch / "layers", params, year, tables)


def law_ground(ground: Ground, name: str) -> Any:
    """Return polygons the law names, on the system of the grid, or None where the case has none; faults of the layer raise."""
    from ecocomp.zoning.polygons import check_zones

    found = ground.zone_layer(name)
    if not len(found):
        return None
    raise_errors(check_zones(found, name))
    return moved(found.geometry, ground.edition.crs_wkt, ground.grid.crs)


def function_zones(y: LandYear) -> Zones:
    """Return the function zones of a case: its layer, its whole extent, or none."""
    from ecocomp.zoning.polygons import Zones, no_zones

    whole = y.case.zones.get("whole")
    if whole:
        import shapely

        west, south, east, north = y.ground.edition.bounds
        return Zones.of([shapely.box(west, south, east, north)], str(whole), "whole-")
    if "function_zones" not in y.case.zones:
        return no_zones()
    return y.ground.zone_layer("function_zones", str(y.case.zones.get("zone_field", "zone")))


def every_map(made: Zoned) -> list[Any]:
    """Return every map, the joined ones after those they are joined from."""
    maps = made.maps
    found = [*maps.importance.values(), maps.function, *maps.sensitivity.values(), maps.sensitive]
    return [m for m in found if m is not None]
