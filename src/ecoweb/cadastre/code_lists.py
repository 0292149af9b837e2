"""Code lists of regions in the office: each new edition ends what it drops or renames, and says what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.land.regions import RegionList, change_rows, compare_lists, region_list, region_rows
from ecocomp.tenure.versions import Delta
from ecoweb.office import Office
from ecoweb.records.models import Change
from ecoweb.records.queries import history
from ecoweb.records.store import record


@dataclass(frozen=True)
class Listed:
    """What came of a new edition of a code list: the change, the differences from the list before, rows ended and added."""

    change: Change | None
    differences: pa.Table
    ended: int
    added: int


def regions_known(office: Office) -> pa.Table:
    """Return the regions now known, all their days."""
    found = history(office, "region")
    return found.filter(pc.is_null(found["known_to"]))


def adopt_list(
    office: Office, regions: RegionList, on: date, *, actor: str, reason: str, document: str = "", dry_run: bool = False
) -> Listed:
    """Register an edition of a code list that holds from a day; regions of levels it does not have stay as they are."""
    known = [r for r in regions_known(office).to_pylist() if r["valid_from"] <= on and (r["valid_to"] or date.max) > on]
    levels = {r.level for r in regions.regions.values()}
    before = {r["region_code"]: r for r in known if r["level"] in levels}
    old, _ = region_list([(r["region_code"], r["name"], r["parent_code"]) for r in before.values()], "office")
    differences = compare_lists(old, regions)
    rows = {r["region_code"]: r for r in region_rows(regions, on)}
    fits = {c for c, r in rows.items() if c in before and all(before[c][k] == r[k] for k in ("name", "level", "parent_code"))}
    closed = [r for c, r in before.items() if c not in fits]
    ended = [_bare(r) | {"valid_to": on} for r in closed if r["valid_from"] < on]
    added = [r for c, r in rows.items() if c not in fits]
    changes = change_rows(differences, on, document or None) if before else []
    delta = Delta({"region": closed}, {"region": [*ended, *added], "region_change": changes})
    if dry_run or not delta:
        return Listed(None, differences, len(closed), len(added))
    change = record(office, delta, act="region.list", actor=actor, reason=reason, source=document)
    return Listed(change, differences, len(closed), len(added))


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("known_from", "known_to")}
