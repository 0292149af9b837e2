"""Assess the services of a case and nothing else: for researchers, evaluators and anyone who has rasters and polygons.

No holders, rights or money are needed (`purpose = "assess"`), though any case can be assessed. What comes out is what the
year of compensation would use: the same layers, models, rules and ranges; quantities per polygon, their value, a GEP
account, the parameters used with their marks, and, if asked, the rasters.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.governance.open_data import guarded_cell
from ecocomp.io.files import (
    disk_words,
    exclusive_lock,
    publish_folder,
    recover_folder,
    remove_folder,
    write_json,
    write_table,
)
from ecocomp.pipeline.case import Case, load_case
from ecocomp.pipeline.check import class_faults, rule_book, service_faults
from ecocomp.pipeline.ground import Ground, make_ground
from ecocomp.pipeline.inputs import take_in
from ecocomp.pipeline.run import edition_key
from ecocomp.pipeline.year import Year, assess_layers
from ecocomp.registry import entries
from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.codes import SERVICE_CHAPTERS
from ecocomp.terms.confidence import is_verified
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text

Progress = Callable[[int, int, Text], None]
_PART = ".part-"


@dataclass
class Assessed:
    """What was assessed in one year.

    service        rows of `terms.tables.SERVICE`
    service_value  rows of `terms.tables.SERVICE_VALUE`; empty where the rules price nothing
    notes          what was not assessed and why, and other warnings
    unverified     keys of the parameters used whose source has not been read
    files          what was written
    area_ha        area of each polygon
    """

    year: int
    service: pa.Table
    service_value: pa.Table
    notes: list[Fault]
    unverified: list[str]
    files: list[Path] = field(default_factory=list)
    area_ha: dict[str, float] = field(default_factory=dict)


def assess_case(
    folder: Path,
    *,
    services: Iterable[str] = (),
    years: Iterable[int] = (),
    out: Path | None = None,
    rasters: bool = False,
    scheduler: str | None = None,
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> tuple[list[Assessed], list[Fault]]:
    """Assess the services of a case and write tables (and rasters) to `out`, one folder a year.

    The folder of a year is replaced as a whole, once all years are done; a fault or a kill leaves what was there before.

    services   ids, default those of the case
    years      default all of the case
    out        default ``<case>/assessed``
    rasters    also write each service per hectare as a cloud-optimised GeoTIFF
    scheduler  address of a dask scheduler, see `run_case`
    returns    the years, and the warnings about the inputs
    raises     `FaultsError` with every fault of the inputs; where another run writes to `out`; where a folder of `out` that
               would be replaced holds something else
    """
    case, faults = load_case(folder)
    chosen = tuple(dict.fromkeys(services)) or (case.services if case is not None else ())
    raise_errors([*faults, *service_faults(chosen)])
    assert case is not None
    case = replace(case, scratch_folder=scratch, services=chosen)
    wanted = sorted(set(years)) or list(case.years)
    strange = [y for y in wanted if y not in case.years]
    if strange:
        raise UsageError(Text("案例没有 {y} 年。", "The case has no year {y}.").fill(y=", ".join(map(str, strange))))
    if not case.services:
        raise UsageError(Text("没有写明要评估的服务（case.services）。", "No services are named (case.services)."))
    if scheduler:
        from ecocomp.services.cluster import check_scheduler

        check_scheduler(scheduler)
    with exclusive_lock(case.scratch / "lock"), disk_words(folder):
        return _assess(case, wanted, out or folder / "assessed", rasters, scheduler, progress)


def _assess(
    case: Case, wanted: list[int], out: Path, rasters: bool, scheduler: str | None, progress: Progress | None
) -> tuple[list[Assessed], list[Fault]]:
    book, faults = rule_book(case)
    inputs = take_in(case, progress)
    raise_errors([*faults, *inputs.faults, *class_faults(case, inputs), *_foreign(out, wanted)])
    place = case.scratch / "edition" / f"{edition_key(case, inputs)}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    ground, warnings = make_ground(case, inputs, place, progress)
    try:
        with _folder(out):
            raise_errors(_foreign(out, wanted))
            found = [_year(case, year, ground, book, out / f"{_PART}{year}", rasters, scheduler, progress) for year in wanted]
            for made in found:
                _publish(made, out)
    finally:
        ground.close()
    return found, [f for f in (*faults, *inputs.faults, *warnings) if f.severity == "warning"]


@contextmanager
def _folder(out: Path) -> Iterator[None]:
    """Hold the folder `out` for this run alone; unfinished years are removed, and after a fault whatever was made here."""
    new = [p for p in (out, *out.parents) if not p.exists()]
    had_lock = (out / ".lock").exists()
    try:
        with exclusive_lock(out / ".lock"):
            _clear(out)
            for year in out.glob("[0-9]*"):
                recover_folder(year)
            try:
                yield
            except BaseException:
                _clear(out)
                if not had_lock:
                    (out / ".lock").unlink(missing_ok=True)
                raise
    except BaseException:
        with suppress(OSError):  # a folder that holds something stays
            for made in new:
                made.rmdir()
        raise


def _clear(out: Path) -> None:
    for part in out.glob(f"{_PART}*"):
        if part.is_dir() and not part.is_symlink():
            remove_folder(part)


def _foreign(out: Path, years: list[int]) -> list[Fault]:
    """Return a fault for each folder of a year that was not written here, since it would be replaced as a whole."""
    places = [out / str(year) for year in years]
    return [
        Fault(
            "assess.foreign",
            str(place),
            "",
            Text("已有同名的东西，且不是 ecocomp assess 写的。", "it is there already and was not written by ecocomp assess."),
            Text("用 --out 换一个目录，或先把它移走。", "Name another folder with --out, or move it away first."),
        )
        for place in places
        if (place.exists() or place.is_symlink()) and not _ours(place)
    ]


def _ours(place: Path) -> bool:
    """Return whether a folder is empty or holds the tables of an assessment."""
    if place.is_symlink() or not place.is_dir():
        return False
    names = {p.name for p in place.iterdir()}
    return not names or {"facts.json", "totals.csv"} <= names


def _publish(made: Assessed, out: Path) -> None:
    part, final = out / f"{_PART}{made.year}", out / str(made.year)
    publish_folder(part, final)
    made.files = [final / file.relative_to(part) for file in made.files]


def _year(
    case: Case,
    year: int,
    ground: Ground,
    book: RuleBook,
    out: Path,
    rasters: bool,
    scheduler: str | None,
    progress: Progress | None,
) -> Assessed:
    y = Year(case, year, case.known_on, ground, book, _Quiet(progress), None, [], scheduler)  # type: ignore[arg-type]
    params = y.params()
    out.mkdir(parents=True, exist_ok=True)
    keep = list(case.services) if rasters else []
    found = assess_layers(y, params, list(case.services), year, keep, out / "rasters" if rasters else None)
    value, notes = _valued(found.service, params, year)
    told = [*found.notes, *unsaid(found.service, found.notes, case.layers)]
    made = Assessed(year, found.service, value, [*told, *notes], _unverified(params, found.service), area_ha=_areas(ground))
    made.files = _write(made, params, ground, out)
    return made


def unsaid(service: pa.Table, notes: list[Fault], layers: Iterable[str] = ()) -> list[Fault]:
    """Return a note for each service that has no quantity on any polygon though no note says why.

    A note says why if it is that the service was not assessed, or where its method is meant for no ground that is there.

    layers  what the case brings: an input that a service can do without is one it reads if it is there
    """
    known, there = entries("services.models"), set(layers)
    out = []
    for name in sorted(set(service["service"].to_pylist())):
        rows = service.filter(pc.equal(service["service"], name)).select(["quantity", "applicable"]).to_pylist()
        about = {n.code for n in notes if n.where in (name, name.partition(".")[0])}
        meant = any(r["applicable"] is None or r["applicable"] > 0 for r in rows)
        if any(r["quantity"] is not None for r in rows) or "services.not_assessed" in about or (about and not meant):
            continue
        found = known.get(name.partition(".")[0])
        reads = [u.name for u in found.spec.inputs if not u.optional or u.name in there] if found is not None else []
        out.append(_no_cell(name, reads))
    return out


def _no_cell(service: str, reads: list[str]) -> Fault:
    return Fault(
        "services.not_assessed",
        service,
        " ".join(reads),
        Text(
            "未评估：多边形内没有一个像元同时具备它的全部输入：{l}。",
            "not assessed: no cell of the polygons has all its inputs: {l}.",
        ).fill(l=", ".join(reads) or "—"),
        Text("核对这些图层的范围和无数据值。", "Check the extent of these layers and where they are empty."),
        "warning",
    )


@dataclass
class _Quiet:
    """The part of a year's work that assessing needs: where progress is told."""

    progress: Progress | None


def _areas(ground: Ground) -> dict[str, float]:
    rows = ground.parcel.select(["parcel_id", "area_dm2"]).to_pylist()
    return {row["parcel_id"]: row["area_dm2"] / 1e6 for row in rows}


def _valued(service: pa.Table, params: Parameters, year: int) -> tuple[pa.Table, list[Fault]]:
    """Return the value table; what the rules of the place do not price is said, not an error."""
    from ecocomp.terms.tables import SERVICE_VALUE
    from ecocomp.valuation.value import unpriced, value_services

    if not params.has("valuation.methods"):
        return SERVICE_VALUE.empty(), []
    try:
        return value_services(service, params, year), unpriced(service, params)
    except FaultsError as stop:
        faults = list(stop.faults)
    if any(f.code != "rules.missing" for f in faults):
        return SERVICE_VALUE.empty(), [replace(f, severity="warning") for f in faults]
    return _valued_one_by_one(service, params, year)


def _valued_one_by_one(service: pa.Table, params: Parameters, year: int) -> tuple[pa.Table, list[Fault]]:
    """Return the values of the services whose prices are there, with a warning for each price that is missing."""
    from ecocomp.terms.tables import SERVICE_VALUE
    from ecocomp.valuation.value import unpriced, value_services

    parts, notes = [], unpriced(service, params)
    for name in sorted(service["service"].unique().to_pylist()):
        try:
            parts.append(value_services(service.filter(pc.equal(service["service"], name)), params, year))
        except FaultsError as stop:
            notes += [replace(f, severity="warning") for f in stop.faults]
    return (pa.concat_tables(parts) if parts else SERVICE_VALUE.empty()), notes


def _unverified(params: Parameters, service: pa.Table) -> list[str]:
    """Return the unverified keys that a quantity rests on; what only services read that were not assessed is none."""
    rows = service.select(["service", "quantity"]).to_pylist()
    asked = {row["service"].partition(".")[0] for row in rows}
    silent = asked - {row["service"].partition(".")[0] for row in rows if row["quantity"] is not None}
    readers = params.used_by
    moot = {key for key in params.used if readers.get(key) and readers[key] <= silent}
    return [key for key, v in sorted(params.used.items()) if key not in moot and not is_verified(v.confidence)]


def _write(made: Assessed, params: Parameters, ground: Ground, out: Path) -> list[Path]:
    """Write tables as Parquet and CSV, totals, parameters, notes and fingerprints."""
    files = []
    for name, table in (("service", made.service), ("service_value", made.service_value)):
        path = out / f"{name}.parquet"
        write_table(table, path)
        files.append(path)
        files.append(
            _csv(out / f"{name}.csv", table.schema.names, (row for batch in table.to_batches() for row in batch.to_pylist()))
        )
    rows = totals(made.service, made.service_value, made.area_ha)
    files.append(_csv(out / "totals.csv", list(rows[0]) if rows else ["service"], rows))
    facts = {
        "year": made.year,
        "parameters": json.loads(json.dumps(params.rows(), default=str)),
        "unverified": made.unverified,
        "notes": [f.as_json() for f in made.notes],
        "inputs": ground.inputs.fingerprints,
    }
    write_json(facts, out / "facts.json")
    return [*files, out / "facts.json", *sorted((out / "rasters").glob("*.tif"))]


def _csv(path: Path, names: list[str], rows: Iterable[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: guarded_cell(row[name]) for name in names} for row in rows)
    return path


def totals(service: pa.Table, value: pa.Table, area_ha: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
    """Return one row for each service: quantity with its range, unit, value in fen, price year, method and share observed.

    The share is that of the ground the method is meant for, over all polygons by area (each alike where `area_ha` is not
    given); each polygon's own stands in the `service` table.
    """
    ground = area_ha or {}
    worth: dict[str, list[int]] = {}
    year_of: dict[str, set[int]] = {}
    for row in value.select(["service", "value_fen", "low_fen", "high_fen", "price_year"]).to_pylist():
        sums = worth.setdefault(row["service"], [0, 0, 0])
        for k, name in enumerate(("value_fen", "low_fen", "high_fen")):
            sums[k] += row[name]
        year_of.setdefault(row["service"], set()).add(row["price_year"])
    out = []
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in service.to_pylist():
        by_name.setdefault(row["service"], []).append(row)
    order = [id for _, ids in SERVICE_CHAPTERS for id in ids]
    place = {id: k for k, id in enumerate(order)}
    for name, rows in sorted(by_name.items(), key=lambda x: (place.get(x[0].partition(".")[0], len(order)), x[0])):
        seen = [r for r in rows if r["quantity"] is not None]
        sums3 = [math.fsum(r[k] for r in seen) if seen else None for k in ("quantity", "low", "high")]
        fen = worth.get(name)
        years = sorted(year_of.get(name, ()))
        size = [ground.get(r["parcel_id"], 1.0) for r in rows]
        meant = math.fsum(a * (1.0 if r["applicable"] is None else r["applicable"]) for a, r in zip(size, rows, strict=True))
        known = math.fsum(a * r["coverage"] for a, r in zip(size, rows, strict=True))
        out.append(
            {
                "service": name,
                "quantity": sums3[0],
                "low": sums3[1],
                "high": sums3[2],
                "unit": rows[0]["unit"],
                "value_fen": fen[0] if fen else None,
                "value_low_fen": fen[1] if fen else None,
                "value_high_fen": fen[2] if fen else None,
                "price_year": years[0] if len(years) == 1 else None,
                "polygons": len(seen),
                "observed": min(1.0, known / meant) if meant else None,
                "method": rows[0]["method"],
            }
        )
    return out
