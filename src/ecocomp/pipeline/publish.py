"""Publish: gather a year's tables, rules, report and open data into one folder, seal it, put it in its place."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.governance.bundle import checkpoint_root, seal
from ecocomp.governance.open_data import guard_table
from ecocomp.governance.scan import scan_files
from ecocomp.io.files import publish_folder, read_table, recover_folder, sha256_of, write_json, write_table
from ecocomp.pipeline.mapdata import map_base
from ecocomp.pipeline.software import software
from ecocomp.pipeline.stages import STAGES
from ecocomp.pipeline.year import Year, paid_on, parameters_used, region_of
from ecocomp.report.build import build_report
from ecocomp.rules import Parameters, policy_folder
from ecocomp.terms.confidence import is_verified
from ecocomp.terms.faults import raise_errors
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text

PUBLIC = (
    "disclosure",
    "envelope_balance",
    "scorecard",
    "indicator",
    "land_account",
    "gep",
    "service_account",
    "fund_account",
    "equity",
    "settlement",
    "check",
    "parameter",
)


def publish(y: Year, final: Path) -> str:
    """Write and seal the bundle of a year at `final`; return its root. The old bundle stays until the new one is whole."""
    staged = final.with_name(f".{final.name}.staged")
    recover_folder(final)
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    params = parameters_used(y)
    _tables(y, params, staged / "tables")
    shutil.copyfile(y.ground.edition.path, staged / "edition.parquet")
    _red_line(y, staged / "red_line.parquet")
    _rules(y, params, staged / "rules")
    write_json(_facts(y, params), staged / "bundle.json")
    label = Text("{y} 报告", "{y} report").fill(y=y.year)
    build_report(staged, map_base(y), y.previous, lambda done, total, what: y.say(done, total, label))
    _public(staged)
    raise_errors(scan_files(staged, list((staged / "public").iterdir())))
    previous = checkpoint_root(y.previous) if y.previous else ""
    root = seal(staged, origin=f"ecocomp/{y.case.place}", inputs=_inputs(y), previous=previous)
    publish_folder(staged, final)
    return root


def _tables(y: Year, params: Parameters, folder: Path) -> None:
    folder.mkdir()
    for name in TABLES:
        if y.work.has(name):
            write_table(y.work.table(name), folder / f"{name}.parquet")
    write_table(TABLES["parameter"].table(params.rows()), folder / "parameter.parquet")


def _red_line(y: Year, path: Path) -> None:
    """Write the red line the year was computed with as GeoParquet, in the reference system of the survey."""
    metadata = read_edition_schema(y.ground.edition.path)
    table = y.work.table("red_line")
    geo = json.loads(metadata[b"geo"])
    geo["columns"] = {"geometry": {"encoding": "WKB", "geometry_types": [], "crs": geo["columns"]["geometry"]["crs"]}}
    write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)


def read_edition_schema(path: Path) -> dict[bytes, bytes]:
    """Return the metadata of an edition file."""
    import pyarrow.parquet as pq

    found: dict[bytes, bytes] = pq.read_schema(path).metadata
    return found


def _rules(y: Year, params: Parameters, folder: Path) -> None:
    """Copy the rule files the run rested on, byte for byte, with the list of places."""
    roots = [policy_folder(), *y.case.rule_folders]
    for value in params.used.values():
        target = rules_folder(folder, value.layer) / value.file
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(roots[value.layer] / value.file, target)
    if y.case.programmes:
        _programme_files(roots, y.book.chain(y.case.place), folder)
    for layer, root in enumerate(roots):
        if (root / "places.yaml").is_file():
            place = rules_folder(folder, layer)
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / "places.yaml", place / "places.yaml")


def _programme_files(roots: list[Path], places: list[str], folder: Path) -> None:
    """Copy every programme file of the case's places: what a programme excludes is said in the files of others too."""
    for layer, root in enumerate(roots):
        for place in places:
            for file in sorted((root / place / "programmes").glob("*.yaml")):
                target = rules_folder(folder, layer) / place / "programmes" / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


def rules_folder(folder: Path, layer: int) -> Path:
    """Return where the files of one rule folder go: ``rules`` for what ships, ``rules-case-1`` … for the case's own."""
    return folder if layer == 0 else folder.with_name(f"{folder.name}-case-{layer}")


def _facts(y: Year, params: Parameters) -> dict[str, Any]:
    warnings = [
        w for stage, _ in STAGES if (y.work.folder / stage / "done.json").is_file() for w in y.work.notes(stage).get("warnings", [])
    ]
    services = sorted(set(y.case.services))
    service = y.work.table("service")
    known = service.filter(pc.is_valid(service["quantity"]))["service"].unique().to_pylist()
    missing = sorted(set(services) - {name.partition(".")[0] for name in known})
    why = _reasons(warnings)
    unverified = sorted(k for k, v in params.used.items() if not is_verified(v.confidence))
    paid = paid_on(y)
    return {
        "case": {
            "name_zh": y.case.name.zh,
            "name_en": y.case.name.en,
            "place": y.case.place,
            "invented": y.case.invented,
            "purpose": y.case.purpose,
            "programme": y.case.programme,
            "stacks_as": y.case.stacks_as,
            "programmes": list(y.case.programmes),
            "map_approval": y.case.map_approval,
        },
        "year": y.year,
        "run_key": y.work.key,
        "known_on": y.known_on.isoformat(),
        "reference_day": y.case.reference_date(y.year).isoformat(),
        "base_year": y.case.base_year,
        "region_code": region_of(y),
        "parcels_total": len(y.ground.parcel),
        "services": services,
        "notice": y.work.notes("disclose")["notice"],
        "not_assessed": [
            {"service": s, "reason_zh": why.get(s, {}).get("clash_zh", ""), "reason_en": why.get(s, {}).get("clash_en", "")}
            for s in missing
        ],
        "unverified": unverified,
        "unverified_shown": [k for k in unverified if k not in paid],
        "accepted_unverified": list(y.case.accept_unverified),
        "previous": {"year": y.year - 1, "root": checkpoint_root(y.previous)} if y.previous else None,
        "warnings": warnings,
        "sources": sorted({f["file"] for f in y.ground.inputs.fingerprints}),
        "software": software(),
    }


def _reasons(warnings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the warning that says why a service was not assessed; of several the one made for that says it."""
    ordered = sorted(warnings, key=lambda w: w["code"] == "services.not_assessed")
    return {w["where"]: w for w in ordered} | {w["record"]: w for w in ordered}


def _inputs(y: Year) -> list[dict[str, Any]]:
    files = [{"role": "case", "file": "case.toml"}, *({"role": "agreement", "file": f} for f in y.case.agreements)]
    own = [f | {"sha256": sha256_of(y.case.folder / f["file"]), "bytes": (y.case.folder / f["file"]).stat().st_size} for f in files]
    return sorted([*own, *y.ground.inputs.fingerprints], key=lambda f: (str(f["role"]), str(f["file"])))


def _public(folder: Path) -> None:
    """Write the open data: no names, no accounts; village totals, rates by zone, results, parameters."""
    out = folder / "public"
    out.mkdir()
    for name in PUBLIC:
        path = folder / "tables" / f"{name}.parquet"
        if path.is_file():
            _write_csv(read_table(path), out / f"{name}.csv")
    standard, zone = (read_table(folder / "tables" / f"{n}.parquet") for n in ("standard", "parcel_zone"))
    _write_csv(standard.join(zone, "parcel_id").sort_by("parcel_id"), out / "parcel_rates.csv")


def _write_csv(table: pa.Table, path: Path) -> None:
    """Write a table for the public: money in yuan, area in m2, both with two places; codes as they are."""
    import pyarrow.csv as pcsv

    pcsv.write_csv(guard_table(readable(table)), path, pcsv.WriteOptions(quoting_style="needed"))


def readable(table: pa.Table) -> pa.Table:
    """Return the table with `_fen` columns as `_cny` and `_dm2` columns as `_m2`, exact decimals with two places."""
    for n, name in enumerate(table.column_names):
        for stored, said in (("_fen", "_cny"), ("_dm2", "_m2")):
            if stored in name and pa.types.is_integer(table[name].type):
                value = pc.multiply(table[name].cast(pa.decimal128(19, 0)), pa.scalar(Decimal("0.01"), pa.decimal128(2, 2)))
                table = table.set_column(n, name.replace(stored, said), value)
    return table
