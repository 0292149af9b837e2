"""An edition takes the place of the one before it: from its first day on, where both are of one kind and one region.

Whatever the order in which editions are handed in, on every day one edition of a kind is in force in a region, and what
was in force before, as it was known before, stays answerable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from ecocomp.tenure.versions import Delta
from ecocomp.terms.codes import region_holds
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.cadastre.operations import adopt_edition
from ecoweb.office import Office
from ecoweb.records.models import Change
from ecoweb.records.queries import versions
from ecoweb.records.store import record


@dataclass(frozen=True)
class Adopted:
    """What came of handing in an edition.

    row       its row in the register
    change    the change that registered it; None if it was there already
    replaced  editions that ended where it begins
    """

    row: Mapping[str, Any]
    change: Change | None
    replaced: tuple[str, ...] = ()


def editions_known(office: Office, kind: str, region_code: str) -> list[dict[str, Any]]:
    """Return the editions of a kind and region now known, in the order of their days."""
    found = versions(office, "edition", {"kind": kind, "region_code": region_code})
    current = found.filter(pc.is_null(found["known_to"])).to_pylist()
    return sorted(current, key=lambda r: r["valid_from"])


def edition_id(kind: str, region_code: str, valid_from: date, fingerprint: str) -> str:
    """Return the code of an edition: kind, region, first day, and the head of its fingerprint.

    >>> edition_id("parcel", "990121", date(2024, 12, 31), "0123456789abcdef")
    'parcel-990121-20241231-01234567'
    """
    return f"{kind}-{region_code}-{valid_from:%Y%m%d}-{fingerprint[:8]}"


def succeed(
    office: Office,
    staged: Path,
    row: Mapping[str, Any],
    *,
    actor: str,
    reason: str,
    source: str = "",
    also: Callable[[Mapping[str, Any]], Delta] | None = None,
    why: str = "",
) -> Adopted:
    """Register an edition, ending the one in force before it and ending itself where a later one begins.

    row     its row without edition_id, valid_to and path; `fingerprint` is that of the staged file
    also    what else changes in the same transaction, given the whole row: the restriction that rests on the edition
    why     the reason of the restriction that rests on it
    raises  FaultsError: another edition of this kind and region begins on the same day
    """
    known = editions_known(office, row["kind"], row["region_code"])
    twin = next((e for e in known if e["valid_from"] == row["valid_from"] and _same_layer(e, row)), None)
    if twin is not None:
        staged.unlink(missing_ok=True)
        return _with_papers(office, twin, row, why, actor=actor, reason=reason, source=source)
    rival = next((e for e in known if e["valid_from"] == row["valid_from"]), None)
    if rival is not None:
        raise FaultsError([_same_day(row, rival)])
    if row["kind"] == "parcel":
        raise_errors(_inside_each_other(office, row))
    before = [e for e in known if e["valid_from"] < row["valid_from"] and (e["valid_to"] or date.max) > row["valid_from"]]
    after = [e["valid_from"] for e in known if e["valid_from"] > row["valid_from"]]
    name = edition_id(row["kind"], row["region_code"], row["valid_from"], row["fingerprint"])
    whole = {**row, "edition_id": name, "valid_to": min(after, default=None)}
    ended = [{k: v for k, v in e.items() if k not in ("known_from", "known_to")} | {"valid_to": row["valid_from"]} for e in before]
    more = also(whole) if also is not None else Delta()
    delta = Delta({**more.closed, "edition": before}, {**more.added, "edition": ended})
    change = adopt_edition(office, staged, whole, actor=actor, reason=reason, source=source, delta=delta)
    return Adopted(whole, change, tuple(e["edition_id"] for e in before))


def _same_layer(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Return whether two rows are of one layer: the same edition file, or made of the same source with the same result."""
    if one["fingerprint"] == two["fingerprint"]:
        return True
    same = all(one[k] == two[k] for k in ("source_sha256", "rows", "area_dm2"))
    return bool(one["source_sha256"]) and same


def _inside_each_other(office: Office, row: Mapping[str, Any]) -> list[Fault]:
    """Return a fault where the parcels of a region inside this one, or around it, are in force from the same day on."""
    found = versions(office, "edition", {"kind": "parcel"})
    code, day = row["region_code"], row["valid_from"]
    others = [
        e
        for e in found.filter(pc.is_null(found["known_to"])).to_pylist()
        if e["region_code"] != code
        and (region_holds(code, e["region_code"]) or region_holds(e["region_code"], code))
        and (e["valid_to"] or date.max) > day
    ]
    clash = Text(
        "{r} 已有生效的地块版次 {e}，同一块地会有两版。", "parcels of {r} are in force already ({e}): ground would be there twice."
    )
    remedy = Text(
        "用同一级的区划代码（--region），或交全县的版次。", "Hand in editions of one level (--region), or of the whole county."
    )
    return [
        Fault(
            "cadastre.regions_overlap",
            "edition",
            str(row["source_name"]),
            clash.fill(r=e["region_code"], e=e["edition_id"]),
            remedy,
        )
        for e in others
    ]


def _with_papers(
    office: Office, twin: Mapping[str, Any], row: Mapping[str, Any], why: str, *, actor: str, reason: str, source: str
) -> Adopted:
    """Give an edition that is there already the papers it lacked, and those of what rests on it: a proposal is adopted."""
    said = {c: row[c] for c in ("authority", "document", "adopted_on") if row.get(c) and row[c] != twin[c]}
    found = versions(office, "restriction", {"edition_id": twin["edition_id"]})
    resting = found.filter(pc.is_null(found["known_to"])).to_pylist()
    reasons = {"reason": why} if why else {}
    changed = [r for r in resting if any(r[k] != v for k, v in (said | reasons).items())]
    if not said and not changed:
        return Adopted(twin, None)

    def anew(old: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
        return {**{k: v for k, v in old.items() if k not in ("known_from", "known_to")}, **more}

    closed = {"edition": [twin] if said else [], "restriction": changed}
    added = {"edition": [anew(twin, said)] if said else [], "restriction": [anew(r, said | reasons) for r in changed]}
    change = record(office, Delta(closed, added), act="edition.papers", actor=actor, reason=reason, source=source)
    return Adopted({**twin, **said}, change)


def _same_day(row: Mapping[str, Any], rival: Mapping[str, Any]) -> Fault:
    clash = Text("{k} {r} 自 {d} 起已有另一版次 {e}。", "{k} {r} has another edition from {d}, {e}.")
    remedy = Text(
        "同一天只能有一版生效：核对是否重复提交；确为更正时，用 --from 写明更正后生效的日期。",
        "One edition holds from a day: see whether it was handed in twice; a corrected one takes the day it holds from (--from).",
    )
    said = clash.fill(k=row["kind"], r=row["region_code"], d=row["valid_from"], e=rival["edition_id"])
    return Fault("cadastre.same_day", "edition", str(row["source_name"]), said, remedy)
