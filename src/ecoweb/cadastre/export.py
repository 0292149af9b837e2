"""Registers out of the office: as a case reads them, and as a LADM exchange file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import atomic_write, read_table
from ecocomp.tenure.gate import gate_tables
from ecocomp.terms.clocks import end_of_day
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.registers import MOMENT, REGISTERS
from ecocomp.terms.text import Text
from ecoweb.cadastre.queries import edition_file, edition_in_force
from ecoweb.office import Office
from ecoweb.records.queries import history


def export_case(office: Office, folder: Path, *, on: date | None = None, known: date | None = None) -> list[Path]:
    """Write holder, right, contract and village as CSV and the parcels in force as GeoParquet; return the files.

    on     the day whose edition of parcels is taken; rights go with all their days
    known  leave out what was recorded later
    """
    registers = {n: _recorded_by(history(office, n), known) for n in ("party", "member", "tenure", "duty")}
    tables = gate_tables(registers, on=on)
    parcels = _parcels(office, on, known)
    region = _recorded_by(history(office, "region"), known)
    folder.mkdir(parents=True, exist_ok=True)
    files = [_csv(folder / f"{name}.csv", table) for name, table in tables.items()]
    villages = _villages(region, on or office.today())
    if len(villages):
        files.append(_csv(folder / "village.csv", villages))
    return [*files, *(_copied(source, folder / name) for name, source in parcels)]


def _recorded_by(table: pa.Table, known: date | None) -> pa.Table:
    """Return the versions recorded by a day with their history; what was corrected later stands as not corrected yet."""
    if known is None:
        return table
    moment = pa.scalar(end_of_day(known), MOMENT)
    found = table.filter(pc.less(table["known_from"], moment))
    end = pc.if_else(pc.fill_null(pc.less(found["known_to"], moment), False), found["known_to"], pa.scalar(None, MOMENT))
    return found.set_column(found.schema.get_field_index("known_to"), found.schema.field("known_to"), end)


def _parcels(office: Office, on: date | None, known: date | None) -> list[tuple[str, Path]]:
    editions = edition_in_force(office, "parcel", on=on, known=known).to_pylist()
    if not editions:
        clash = Text("{d} 没有生效的地块版次。", "no edition of parcels is in force on {d}.").fill(d=on or office.today())
        remedy = Text("用 --on 换一天，或先导入地块。", "Ask for another day with --on, or import parcels first.")
        raise FaultsError([Fault("cadastre.no_edition", "edition", "", clash, remedy)])
    if len(editions) == 1:
        return [("parcels.parquet", edition_file(office, editions[0]))]
    return [(f"parcels-{e['region_code']}.parquet", edition_file(office, e)) for e in editions]


def _villages(region: pa.Table, day: date) -> pa.Table:
    """Return the villages of the register of regions as a case has them; names in English are not kept in it."""
    rows = [
        {"village_code": r["region_code"], "region_code": r["parent_code"] or "", "name_zh": r["name"], "name_en": r["name"]}
        for r in region.to_pylist()
        if r["level"] == 5 and r["known_to"] is None and r["valid_from"] <= day and (r["valid_to"] is None or r["valid_to"] > day)
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({})


def _csv(path: Path, table: pa.Table) -> Path:
    with atomic_write(path) as temp, temp.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.schema.names)
        for batch in table.to_batches(65_536):
            writer.writerows(_cells(batch))
    return path


def _cells(batch: pa.RecordBatch) -> Iterator[list[Any]]:
    for row in zip(*(c.to_pylist() for c in batch.columns), strict=True):
        yield ["" if v is None else v for v in row]


def _copied(source: Path, target: Path) -> Path:
    import shutil

    with atomic_write(target, source.stat().st_size) as temp:
        shutil.copyfile(source, temp)
    return target


def export_ladm(office: Office, path: Path) -> list[Path]:
    """Write the registers and the parcels in force as a LADM exchange file, without sensitive personal data; return it."""
    from ecocomp.tenure import ladm

    parcels = _spatial_units(office)
    registers: dict[str, pa.Table | Path] = {n: history(office, n) for n in REGISTERS}
    ladm.export_ladm(path, registers, office.today(), spatial_units=parcels)
    return [path]


def _spatial_units(office: Office) -> pa.Table | None:
    """Return the parcels of the editions in force, without their shapes: those stay with the edition files."""
    editions = edition_in_force(office, "parcel").to_pylist()
    tables = []
    for e in editions:
        table = read_table(edition_file(office, e), ["parcel_id", "village_code", "land_class", "area_dm2"])
        tables.append(table.append_column("edition_id", pa.array([e["edition_id"]] * len(table), pa.string())))
    return pa.concat_tables(tables) if tables else None
