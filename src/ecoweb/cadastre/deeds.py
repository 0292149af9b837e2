"""Deeds of a land office recorded in its registers: read what they touch, perform them, write what changes, at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import read_table
from ecocomp.tenure.deed_spec import Deed
from ecocomp.tenure.deeds import DEEDS, gathered, perform
from ecocomp.tenure.versions import Delta
from ecocomp.terms.faults import Fault, errors
from ecocomp.terms.text import Text
from ecoweb.cadastre.intake import fetcher
from ecoweb.cadastre.queries import edition_file, edition_in_force
from ecoweb.office import Office
from ecoweb.records.models import Change
from ecoweb.records.store import record


@dataclass(frozen=True)
class Recorded:
    """What came of deeds: the change (None if nothing was written), what it changes, and every fault."""

    change: Change | None
    delta: Delta
    faults: Sequence[Fault]


def record_deeds(
    office: Office,
    deeds: Sequence[Deed],
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    act: str = "tenure.record",
    apart: bool = False,
    at: datetime | None = None,
) -> Recorded:
    """Perform deeds in their order as one change; with an error in any of them nothing is written.

    dry_run  perform them, write nothing
    apart    deeds that do not rest on each other: those with an error are left out and told, the others are written
    raises   FaultsError `records.conflict` when somebody changed what they touch in the meantime
    """
    mark = _mark(deeds)
    if act == "tenure.record" and (before := _recorded_before(office, mark)) is not None:
        return Recorded(None, Delta(), [before])
    book = gathered(deeds, fetcher(office), today=office.today(), parcels=_parcels(office, deeds))
    delta, faults = perform(book, deeds, apart=apart)
    if dry_run or not delta or (errors(faults) and not apart):
        return Recorded(None, delta, faults)
    kinds = sorted({d.kind for d in deeds})
    name = f"tenure.{kinds[0]}" if len(kinds) == 1 and act == "tenure.record" else act
    papers = list(dict.fromkeys(_number(d.values.get("source")) for d in deeds))
    said = f"{reason} [{mark}]" if act == "tenure.record" else reason
    change = record(office, delta, act=name, actor=actor, reason=said, source="; ".join(filter(None, papers)), at=at)
    return Recorded(change, delta, faults)


def _number(paper: object) -> str:
    """Return the number of the document a deed rests on, however it was written."""
    return str(paper.get("number") or "") if isinstance(paper, Mapping) else str(paper or "")


def _mark(deeds: Sequence[Deed]) -> str:
    """Return the fingerprint of what deeds say, wherever and in whatever file they were written; personal numbers are left out."""
    secret = {d.kind: {f.name for f in DEEDS[d.kind].fields if f.kind == "secret"} for d in deeds}
    said = [[d.kind, d.on.isoformat(), {k: v for k, v in d.values.items() if k not in secret[d.kind]}] for d in deeds]
    return "deeds " + sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:16]


def _recorded_before(office: Office, mark: str) -> Fault | None:
    """Return the fault that these very deeds are on record already; a deed done twice would give the land away twice."""
    with office.reading() as cursor:
        cursor.execute("SELECT seq FROM change WHERE reason LIKE %s ORDER BY seq LIMIT 1", [f"%[{mark}]"])
        found = cursor.fetchone()
    if found is None:
        return None
    return Fault(
        "tenure.recorded_before",
        "deed",
        mark,
        Text("同样的业务已登记（变更 {n}）。", "these very deeds are on record already (change {n}).").fill(n=found[0]),
        Text(
            "无须再次登记；确是另一件业务的，写它自己的文号。",
            "There is nothing to do; another deed has a document number of its own.",
        ),
    )


def _parcels(office: Office, deeds: Sequence[Deed]) -> set[str] | None:
    """Return those parcels the deeds name that an edition in force has; None where there is no edition to compare with."""
    named = {str(d.values["parcel_id"]) for d in deeds if d.values.get("parcel_id")}
    named |= {p for d in deeds for _, new, _ in d.values.get("pieces", []) for p in (new,) if p}
    days = {office.today(), *(max(d.on, office.today()) for d in deeds)}
    editions = {e["edition_id"]: e for day in days for e in edition_in_force(office, "parcel", on=day).to_pylist()}
    if not editions:
        return None
    found: set[str] = set()
    for edition in editions.values() if named else ():
        ids = read_table(edition_file(office, edition), ["parcel_id"])["parcel_id"]
        found |= set(ids.filter(pc.is_in(ids, value_set=pa.array(sorted(named), pa.string()))).to_pylist())
    return found
