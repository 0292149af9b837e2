"""Assess the services of a case and nothing else: for researchers, evaluators and anyone who has rasters and polygons.

No holders, rights or money are needed (`purpose = "assess"`), though any case can be assessed. What comes out is what the
year of compensation would use: the same layers, models, rules and ranges; quantities per polygon, their value, a GEP
account, the parameters used with their marks, and, if asked, the rasters.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.io.files import disk_words, exclusive_lock, write_json, write_table
from ecocomp.pipeline.case import Case, load_case
from ecocomp.pipeline.check import rule_book
from ecocomp.pipeline.ground import Ground, make_ground
from ecocomp.pipeline.inputs import take_in
from ecocomp.pipeline.run import edition_key
from ecocomp.pipeline.year import Year, assess_layers
from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.codes import SERVICE_CHAPTERS
from ecocomp.terms.confidence import is_verified
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text

Progress = Callable[[int, int, Text], None]


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

    services   ids, default those of the case
    years      default all of the case
    out        default ``<case>/assessed``
    rasters    also write each service per hectare as a cloud-optimised GeoTIFF
    scheduler  address of a dask scheduler, see `run_case`
    returns    the years, and the warnings about the inputs
    raises     `FaultsError` with every fault of the inputs
    """
    case, faults = load_case(folder)
    raise_errors(faults)
    assert case is not None
    case = replace(case, scratch_folder=scratch, services=tuple(services) or case.services)
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
    raise_errors([*faults, *inputs.faults])
    place = case.scratch / "edition" / f"{edition_key(case, inputs)}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    ground, warnings = make_ground(case, inputs, place, progress)
    try:
        found = [_year(case, year, ground, book, out / str(year), rasters, scheduler, progress) for year in wanted]
    finally:
        ground.close()
    return found, [f for f in (*faults, *inputs.faults, *warnings) if f.severity == "warning"]


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
    made = Assessed(year, found.service, value, [*found.notes, *notes], _unverified(params, found.service), area_ha=_areas(ground))
    made.files = _write(made, params, ground, out)
    return made


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
    import pyarrow.compute as pc

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
        writer.writerows(rows)
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
