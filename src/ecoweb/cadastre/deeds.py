"""Deeds of a land office recorded in its registers: read what they touch, perform them, write what changes, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.tenure.deed_spec import Deed
from ecocomp.tenure.deeds import gathered, perform
from ecocomp.tenure.versions import Delta
from ecocomp.terms.faults import Fault, errors
from ecoweb.cadastre.intake import fetcher, parcels_of
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
    book = gathered(deeds, fetcher(office), today=office.today(), parcels=_parcels(office, deeds))
    delta, faults = perform(book, deeds, apart=apart)
    if dry_run or not delta or (errors(faults) and not apart):
        return Recorded(None, delta, faults)
    kinds = sorted({d.kind for d in deeds})
    name = f"tenure.{kinds[0]}" if len(kinds) == 1 and act == "tenure.record" else act
    source = str(deeds[0].values.get("source") or "") if isinstance(deeds[0].values.get("source"), str) else ""
    return Recorded(record(office, delta, act=name, actor=actor, reason=reason, source=source, at=at), delta, faults)


def _parcels(office: Office, deeds: Sequence[Deed]) -> set[str] | None:
    """Return those parcels the deeds name that an edition in force has; None where there is no edition to compare with."""
    named = {str(d.values["parcel_id"]) for d in deeds if d.values.get("parcel_id")}
    named |= {p for d in deeds for _, new, _ in d.values.get("pieces", []) for p in (new,) if p}
    days = sorted({max(d.on, office.today()) for d in deeds})
    found: set[str] = set()
    seen = False
    for day in {office.today(), *days}:
        parcels = parcels_of(office, on=day, columns=("parcel_id",))
        if parcels is not None:
            seen = True
            ids = parcels["parcel_id"]
            found |= set(ids.filter(pc.is_in(ids, value_set=pa.array(sorted(named), pa.string()))).to_pylist())
    return found if seen else None
