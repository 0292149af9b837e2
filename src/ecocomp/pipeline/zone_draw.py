"""Drawing for planners: maps, a proposed red line, function zones, grades and reserves, without registers or money.

What is made is a proposal: a line holds only once an authority has adopted it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.io.files import disk_words, exclusive_lock
from ecocomp.pipeline.case import Case, load_case
from ecocomp.pipeline.check import rule_book
from ecocomp.pipeline.ground import Ground, make_ground, moved
from ecocomp.pipeline.inputs import take_in
from ecocomp.pipeline.run import edition_key
from ecocomp.pipeline.year import Year, assess_layers
from ecocomp.pipeline.zone_files import write_drawn
from ecocomp.pipeline.zones import Asked, asked_to_draw, every_map, is_geographic, law_ground, zoned
from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.confidence import is_verified
from ecocomp.terms.faults import Fault, UsageError, raise_errors
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.reserves.candidates import Selection
    from ecocomp.zoning.redline import RedLine
    from ecocomp.zoning.snap import Snapped
    from ecocomp.zoning.zone import Zoned

Progress = Callable[[int, int, Text], None]


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
    params = y.params()
    asked = asked_to_draw(y.case, params, functions, sensitivities)
    maps = y.case.scratch / "maps"
    shutil.rmtree(maps, ignore_errors=True)
    try:
        _step(y, 0)
        made, notes = zoned(_with_functions(y), params, maps, asked, partial(assess_layers, y), draw=True)
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


def by_grade(made: Zoned, ground: Ground) -> list[tuple[int, int, int]]:
    """Return (grade, parcels, area in dm2) for grades 1 to 3."""
    import numpy as np

    grade = made.parcel_zone["grade"].to_numpy()
    area = np.asarray(ground.parcel["area_dm2"].to_numpy(), np.int64)
    return [(g, int((grade == g).sum()), int(area[grade == g].sum())) for g in (1, 2, 3)]
