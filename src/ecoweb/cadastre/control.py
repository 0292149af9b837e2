"""Use control in the office: layers adopted as restrictions with ground, what lies on the parcels, and what clashes there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.worker import VectorJob, Worker
from ecocomp.land.edition import read_edition
from ecocomp.rules import Parameters
from ecocomp.tenure.versions import Delta
from ecocomp.terms.clocks import as_known
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.zoning.conflicts import CONFLICT, GroundLayer, conflicts, ground_conflicts
from ecocomp.zoning.control import PROGRAMMES
from ecocomp.zoning.editions import Parcels, ZoneEdition, ZoneFields, make_zone_edition, read_zone_edition, shares
from ecocomp.zoning.versions import binding_on, check_restrictions
from ecoweb.cadastre.queries import edition_file, edition_in_force
from ecoweb.cadastre.succession import Adopted, succeed
from ecoweb.office import Office
from ecoweb.records.queries import history, register_state
from ecoweb.records.rules import params_of


def rules_of(office: Office, on: date, known: date) -> Parameters:
    """Return the dated rules that hold at the office's region: its own, else those of the regions above it, else the nation's."""
    return params_of(office, on, known)


# ---------------------------------------------------------------- layers
@dataclass(frozen=True)
class Papers:
    """What a restriction rests on: name, reason, authority, document, the day it was adopted, the days it holds."""

    name: str
    reason: str
    authority: str
    document: str
    adopted_on: date | None
    valid_from: date


def staged_layer(
    file: Path, work: Path, fields: ZoneFields, layer: str | None, encoding: str | None
) -> tuple[ZoneEdition, list[Fault]]:
    """Open a foreign zone layer in the worker and make an edition of it in a work folder; return it with the warnings.

    raises  FaultsError with every fault
    """
    with Worker() as worker:
        answer = worker.run([VectorJob("zones", file, layer, encoding)], work)[0]
    if not answer.ok or answer.path is None:
        raise FaultsError(answer.faults)
    made, faults = make_zone_edition(answer.path, fields, work / "edition.parquet")
    return made, [*answer.faults, *faults]


def adopt_layer(
    office: Office, layer: ZoneEdition, papers: Papers, source: tuple[str, str], *, region_code: str, actor: str, reason: str
) -> Adopted:
    """Register a zone layer and the restriction it lays on its ground; the one before it of this kind and region ends.

    source  name and SHA-256 of the file it came from
    """
    shared = {"authority": papers.authority, "document": papers.document, "adopted_on": papers.adopted_on}
    row = {
        "kind": layer.kind,
        "region_code": region_code,
        "title": papers.name,
        **shared,
        "fingerprint": layer.fingerprint,
        "rows": layer.rows,
        "area_dm2": layer.area_dm2,
        "source_name": source[0],
        "source_sha256": source[1],
        "valid_from": papers.valid_from,
    }

    def restriction(whole: Mapping[str, Any]) -> Delta:
        code = f"{layer.kind}-{region_code}"
        known = [r for r in history(office, "restriction").to_pylist() if r["known_to"] is None and r["restriction_id"] == code]
        before = [r for r in known if r["valid_from"] < papers.valid_from < (r["valid_to"] or date.max)]
        ended = [
            {k: v for k, v in r.items() if k not in ("known_from", "known_to")} | {"valid_to": papers.valid_from} for r in before
        ]
        head = {"restriction_id": code, "kind": layer.kind, "name": papers.name, "category": None, "parcel_id": None}
        ground = {"edition_id": whole["edition_id"], "valid_from": papers.valid_from, "valid_to": whole["valid_to"]}
        return Delta({"restriction": before}, {"restriction": [*ended, {**head, "reason": papers.reason, **shared, **ground}]})

    return succeed(office, layer.path, row, actor=actor, reason=reason, source=papers.document, also=restriction, why=papers.reason)


def layers_in_force(office: Office, on: date, known: date) -> dict[str, ZoneEdition]:
    """Return the zone editions in force on a day, by edition code."""
    found = register_state(office, "edition", on, known)
    rows = [r for r in found.to_pylist() if r["kind"] != "parcel"]
    return {r["edition_id"]: read_zone_edition(edition_file(office, r)) for r in rows}


def parcels_in_force(office: Office, on: date, known: date, region: str = "") -> list[Parcels]:
    """Return the parcels of each edition in force, with their shapes; FaultsError where there is none."""
    rows = edition_in_force(office, "parcel", region_code=region[:6] or None, on=on, known=known).to_pylist()
    if not rows:
        clash = Text("{d} 没有生效的地块版次。", "no edition of parcels is in force on {d}.").fill(d=on)
        remedy = Text("先用 ecocomp survey import 导入。", "Import one first: ecocomp survey import.")
        raise FaultsError([Fault("cadastre.no_edition", "edition", "", clash, remedy)])
    return [Parcels.read(edition_file(office, r), region=region) for r in rows]


# ---------------------------------------------------------------- what lies on the parcels, and what clashes
def on_parcel(office: Office, parcel: pa.Table, edition: Mapping[str, Any], on: date, known: date) -> pa.Table:
    """Return the restrictions that bind on one parcel, by their ground or by its code, with the area they take (SHARE).

    parcel, edition  its row in the edition's file and the row of that edition (`queries.parcel`)
    """
    import shapely

    restriction, editions = (history(office, n) for n in ("restriction", "edition"))
    binding = binding_on(restriction, editions, on, known)
    shape = np.asarray(shapely.from_wkb(parcel["geometry"].to_pylist()), object)
    crs = read_edition(edition_file(office, dict(edition))).crs_wkt
    return shares(Parcels.of(parcel, shape, crs), binding, layers_in_force(office, on, known))[0]


@dataclass(frozen=True)
class Control:
    """Use control on the parcels of a day: shares of parcels under restrictions, conflicts, and the faults of the inputs."""

    share: pa.Table
    conflict: pa.Table
    faults: list[Fault]
    rules: Parameters


def control(office: Office, on: date, known: date, region: str = "", programmes: Mapping[str, str] | None = None) -> Control:
    """Return what lies on the parcels in force on a day, as known on a day, and what clashes there.

    region  only parcels of this county, town or village (12 digits at most), by the beginning of their village codes
    """
    layers = layers_in_force(office, on, known)
    restriction, edition = (as_known(history(office, n), known) for n in ("restriction", "edition"))
    faults = list(check_restrictions(restriction, edition, on, known))
    binding = binding_on(restriction, edition, on, known)
    state = {n: register_state(office, n, on, known) for n in ("tenure", "duty", "party", "mortgage")}
    rules = rules_of(office, on, known)
    tables, conflict = [], []
    for some in parcels_in_force(office, on, known, region):
        share, said = shares(some, binding, layers)
        near = {n: t.filter(pc.is_in(t["parcel_id"], value_set=some.ids)) for n, t in state.items() if n in ("tenure", "duty")}
        grounds = {r["restriction_id"]: layers[r["edition_id"]] for r in binding.to_pylist() if r["edition_id"] in layers}
        found, told = conflicts(
            some,
            near["tenure"],
            near["duty"],
            share,
            rules,
            restriction=binding,
            edition=edition,
            mortgage=state["mortgage"],
            party=state["party"],
            layers=grounds,
            programmes=programmes,
        )
        tables.append(share)
        conflict += [found, ground_conflicts(_plots(layers, some), rules, some.crs_wkt, some)]
        faults += [*(f for f in said if f.code != "zoning.restriction_parcel"), *told]
    return Control(pa.concat_tables(tables), CONFLICT.checked(pa.concat_tables(conflict)), list(dict.fromkeys(faults)), rules)


def _plots(layers: Mapping[str, ZoneEdition], parcels: Parcels) -> list[GroundLayer]:
    """Return the layers in force whose polygons are plots of a programme, in the reference system of the parcels."""
    return [
        GroundLayer(name, f"duty.{layer.kind}", parcels.zones(layer)) for name, layer in layers.items() if layer.kind in PROGRAMMES
    ]
