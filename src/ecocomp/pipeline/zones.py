"""Zoning of a case: what a year grades and draws, and maps, a proposed line and reserves for planners.

The year of compensation and `ecocomp zones draw` go the same way: services per hectare or the layers of the index method,
maps of importance and sensitivity, a red line, and the zones and grade of every parcel. Drawing needs no registers of
holders or money. What it makes is a proposal: a line holds only once an authority has adopted it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.io.files import disk_words, exclusive_lock
from ecocomp.pipeline.case import Case, load_case
from ecocomp.pipeline.check import rule_book
from ecocomp.pipeline.ground import Ground, make_ground, moved
from ecocomp.pipeline.inputs import take_in
from ecocomp.pipeline.run import edition_key
from ecocomp.pipeline.year import Year, assess_layers
from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.confidence import is_verified
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.reserves.candidates import Selection
    from ecocomp.zoning.maps import Stored
    from ecocomp.zoning.polygons import Zones
    from ecocomp.zoning.redline import RedLine
    from ecocomp.zoning.snap import Snapped
    from ecocomp.zoning.zone import Zoned

Progress = Callable[[int, int, Text], None]
OF_FUNCTION = "zoning.importance_services"


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
def zone_year(y: Year, params: Parameters, folder: Path) -> tuple[Zoned, list[Fault]]:
    """Return the zones and grades of the parcels of a year; maps lie in `folder` only while they are needed."""
    asked = asked_of(y.case, params)
    derive = y.case.zones.get("red_line") == "derive"
    if not asked.functions and not asked.sensitivities and not (derive and "protected" in y.case.zones):
        return _ungraded(y, params, derive), []
    try:
        return zoned(y, params, folder, asked, draw=derive)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def zoned(y: Year, params: Parameters, folder: Path, asked: Asked, *, draw: bool) -> tuple[Zoned, list[Fault]]:
    """Return maps, line, zones and grades of the parcels, and what could not be assessed.

    folder  where the maps are kept, all of them NumPy files
    draw    draw a red line; otherwise the one of the case counts
    """
    from ecocomp.zoning.zone import zone_parcels

    services, notes = service_maps(y, params, asked.wanted, folder / "services")
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


def _ungraded(y: Year, params: Parameters, derive: bool) -> Zoned:
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


def service_maps(y: Year, params: Parameters, services: Sequence[str], folder: Path) -> tuple[dict[str, Stored], list[Fault]]:
    """Return the raster of each service that could be assessed, in the first of the map years that has its layers."""
    found: dict[str, Stored] = {}
    notes: list[Fault] = []
    for year in map_years(y.case):
        left = [s for s in services if s not in found]
        if not left:
            break
        made = assess_layers(y, params, left, year, keep=left, keep_folder=folder / str(year))
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


def map_layers(y: Year, params: Parameters, asked: Asked, functions: Sequence[str]) -> dict[str, Any]:
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


def function_zones(y: Year) -> Zones:
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


# ---------------------------------------------------------------- drawing
@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn for one year.

    zoned       maps, and the zones and grade of each parcel
    line        the line on cell borders, None where nothing could be graded; `snapped` the one on parcel borders
    reserves    candidates for reserves
    cells_km2   area of each class in each map [km2], by kind and name of the map
    grades      per ecological grade: grade, parcels, area_dm2
    notes       what could not be assessed, and why
    unverified  keys of the parameters used whose source has not been read
    files       what was written
    """

    year: int
    asked: Asked
    zoned: Zoned
    line: RedLine | None
    snapped: Snapped | None
    reserves: Selection
    cells_km2: Mapping[tuple[str, str], Mapping[str, float]]
    grades: Sequence[tuple[int, int, int]]
    notes: list[Fault]
    unverified: list[str]
    files: list[Path] = field(default_factory=list)


def draw_case(
    folder: Path,
    *,
    year: int | None = None,
    out: Path | None = None,
    functions: Iterable[str] = (),
    sensitivities: Iterable[str] = (),
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Drawn, list[Fault]]:
    """Draw the maps, a proposed red line and reserves of a case and write them to `out`.

    year           default the last of the case; its reference day says which rules count
    out            default ``<case>/zones/<year>``
    functions, sensitivities  default those of the case, or all of the rules where it names none
    returns        what was drawn, and the warnings about the inputs
    raises         `FaultsError` with every fault of the inputs
    """
    case = loaded(folder, scratch)
    day = year_of(case, year)
    with opened(case, folder, progress) as (ground, book, warnings):
        y = plain_year(case, day, ground, book, progress)
        place = out or folder / "zones" / str(day)
        return _draw(y, place, tuple(functions), tuple(sensitivities)), warnings


def loaded(folder: Path, scratch: Path | None = None) -> Case:
    """Return the case in a folder; faults of its file raise."""
    case, faults = load_case(folder)
    raise_errors(faults)
    assert case is not None
    return replace(case, scratch_folder=scratch)


def year_of(case: Case, year: int | None) -> int:
    """Return a year of the case, its last one by default."""
    if year is None or year in case.years:
        return case.years[-1] if year is None else year
    said = Text("案例没有 {y} 年；有：{k}。", "The case has no year {y}; it has: {k}.")
    raise UsageError(said.fill(y=year, k=", ".join(map(str, case.years))))


@contextmanager
def opened(case: Case, folder: Path, progress: Progress | None) -> Iterator[tuple[Ground, RuleBook, list[Fault]]]:
    """Lock a case, take in its inputs and make its ground; with it come the rules and the warnings about the inputs."""
    with exclusive_lock(case.scratch / "lock"), disk_words(folder):
        book, faults = rule_book(case)
        inputs = take_in(case, progress)
        raise_errors([*faults, *inputs.faults])
        place = case.scratch / "edition" / f"{edition_key(case, inputs)}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        ground, warnings = make_ground(case, inputs, place, progress)
        try:
            yield ground, book, [f for f in (*faults, *inputs.faults, *warnings) if f.severity == "warning"]
        finally:
            ground.close()


@dataclass
class _Quiet:
    """The part of a year's work that drawing needs: where progress is told."""

    progress: Progress | None


def plain_year(case: Case, year: int, ground: Ground, book: RuleBook, progress: Progress | None) -> Year:
    """Return a year without a working folder, for what reads land only."""
    return Year(case, year, case.known_on, ground, book, _Quiet(progress), None, [], None)  # type: ignore[arg-type]


def _draw(y: Year, out: Path, functions: tuple[str, ...], sensitivities: tuple[str, ...]) -> Drawn:
    from ecocomp.pipeline.zone_files import write_drawn

    params = y.params()
    asked = asked_to_draw(y.case, params, functions, sensitivities)
    maps = y.case.scratch / "maps"
    shutil.rmtree(maps, ignore_errors=True)
    try:
        _step(y, 0)
        made, notes = zoned(_with_functions(y), params, maps, asked, draw=True)
        _step(y, 1)
        line, snapped = _lines(y, params, made)
        _step(y, 2)
        drawn = Drawn(
            y.year,
            asked,
            made,
            line,
            snapped,
            _reserves(y, params, made),
            cells_by_class(made, y.ground, params),
            by_grade(made, y.ground),
            notes,
            [],
        )
        drawn = replace(drawn, unverified=[k for k, v in sorted(params.used.items()) if not is_verified(v.confidence)])
        _step(y, 3)
        files = write_drawn(drawn, y, params, out)
        _step(y, 4)
        return replace(drawn, files=files)
    finally:
        shutil.rmtree(maps, ignore_errors=True)


_STEPS = Text("分级、划线、留白、写出", "grade, draw the line, choose reserves, write")


def _step(y: Year, done: int) -> None:
    y.say(done, 4, _STEPS)


def _with_functions(y: Year) -> Year:
    """Return the year with function zones derived where the case has none of its own."""
    zones = y.case.zones
    own = any(zones.get(k) for k in ("function_zones", "whole"))
    return y if own else replace(y, case=replace(y.case, zones={**zones, "derive_functions": True}))


def _lines(y: Year, params: Parameters, made: Zoned) -> tuple[RedLine | None, Snapped | None]:
    """Return the line on cell borders with what was done to reach it, and the one on parcel borders."""
    import numpy as np

    from ecocomp.zoning.maps import extreme_cells
    from ecocomp.zoning.redline import cells_inside, delineate
    from ecocomp.zoning.snap import snap

    grid = y.ground.grid
    law = {"must_include": law_ground(y.ground, "protected"), "special": law_ground(y.ground, "special")}
    masks: dict[str, Any] = {k: cells_inside(v, grid) for k, v in law.items() if v is not None}
    maps = made.maps
    if maps.function is None and maps.sensitive is None and "must_include" not in masks:
        return None, None
    none = np.zeros(grid.shape, bool)
    first, second = (none if m is None else extreme_cells(m) for m in (maps.function, maps.sensitive))
    line = delineate(first, grid, params, sensitive=second, **masks)
    crs = y.ground.edition.crs_wkt
    shapes = np.asarray(moved(line.zones.geometry, grid.crs, crs), object)
    return line, snap(shapes, y.ground.parcel, y.ground.shapes, params, crs=crs)


def _reserves(y: Year, params: Parameters, made: Zoned) -> Selection:
    """Return candidates for reserves, near the proposed line or the reserves there are."""
    import numpy as np

    from ecocomp.reserves.candidates import distances, select

    shapes = y.ground.shapes
    towards = np.concatenate([made.red_line.geometry, y.ground.zone_layer("reserves").geometry])
    metres = None if is_geographic(y.ground.edition.crs_wkt) else distances(shapes, towards)
    return select(y.ground.parcel, made.parcel_zone, params, shapes, distance_m=metres)


def cells_by_class(made: Zoned, ground: Ground, params: Parameters) -> dict[tuple[str, str], dict[str, float]]:
    """Return the area of each class in each map [km2], the whole grid over."""
    import numpy as np

    from ecocomp.grid.georef import cell_area_m2_by_row
    from ecocomp.zoning.maps import row_strips
    from ecocomp.zoning.parcels import class_names

    area = cell_area_m2_by_row(ground.grid)
    out = {}
    for m in every_map(made):
        names = class_names(m, params)
        sums = np.zeros(len(names))
        for row0, row1 in row_strips(ground.grid):
            classes = m.classes.read(row0, row1)[0]
            weight = np.broadcast_to(area[row0:row1, None], classes.shape)
            sums += np.bincount(classes.ravel(), weight.ravel(), len(names))
        out[m.kind, m.name] = {n: float(s) / 1e6 for n, s in zip(names, sums, strict=True)}
    return out


def every_map(made: Zoned) -> list[Any]:
    """Return every map, the joined ones after those they are joined from."""
    maps = made.maps
    found = [*maps.importance.values(), maps.function, *maps.sensitivity.values(), maps.sensitive]
    return [m for m in found if m is not None]


def by_grade(made: Zoned, ground: Ground) -> list[tuple[int, int, int]]:
    """Return (grade, parcels, area in dm2) for grades 1 to 3."""
    import numpy as np

    grade = made.parcel_zone["grade"].to_numpy()
    area = np.asarray(ground.parcel["area_dm2"].to_numpy(), np.int64)
    return [(g, int((grade == g).sum()), int(area[grade == g].sum())) for g in (1, 2, 3)]
