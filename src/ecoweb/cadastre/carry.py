"""Rights follow the ground when a new survey edition redraws the parcels.

Parcels that share ground in two editions form groups; each group is carried over by one deed of resurvey. A group whose
ground was not held alike would hand land from one holder to another: it is told, and left for a document to decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.land.compare import compare
from ecocomp.land.edition import read_edition
from ecocomp.tenure.deed_spec import Deed
from ecocomp.tenure.deeds import deed
from ecocomp.tenure.versions import Delta
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text
from ecoweb.cadastre.deeds import Recorded, record_deeds
from ecoweb.cadastre.intake import known_now
from ecoweb.office import Office

Piece = tuple[str, str, int]


def carry(
    office: Office,
    old: tuple[Mapping[str, Any], Path],
    new: tuple[Mapping[str, Any], Path],
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
) -> Recorded:
    """Carry rights and duties from the parcels of one edition to those of the next, from its first day on.

    old, new  row and file of each edition
    returns   what was written, and the faults: an error for each group that was left for a document
    """
    made = compare(read_edition(old[1]), read_edition(new[1]))
    groups = redrawn(made.pieces.to_pylist())
    held = _with_rights(office, {o for g in groups for o, _, _ in g if o}, new[0]["valid_from"])
    deeds = [_deed(office, new[0], g) for g in groups if any(o in held for o, _, _ in g)]
    gone = _gone(office, made.parcels.to_pylist(), new[0])
    if not deeds:
        return Recorded(None, Delta(), gone)
    done = record_deeds(office, deeds, actor=actor, reason=reason, dry_run=dry_run, act="tenure.carry", apart=True)
    return Recorded(done.change, done.delta, [*gone, *done.faults])


def _gone(office: Office, parcels: Iterable[Mapping[str, Any]], edition: Mapping[str, Any]) -> list[Fault]:
    """Return a warning for each parcel with rights whose ground is in no parcel of the new edition."""
    lost = {r["parcel_id"] for r in parcels if r["side"] == "old" and r["relation"] == "gone"}
    clash = Text("有权利，但其地在 {e} 中不属于任何地块。", "carries rights, but its ground is in no parcel of {e}.")
    remedy = Text(
        "核对调查成果；确已灭失的，按凭证登记终止（terminate）。",
        "Check the survey; if the land is gone, record its end (terminate) on a document.",
    )
    said = clash.fill(e=edition["edition_id"])
    return [
        Fault("cadastre.ground_gone", "tenure", p, said, remedy, "warning")
        for p in sorted(_with_rights(office, lost, edition["valid_from"]))
    ]


def redrawn(pieces: Iterable[Mapping[str, Any]]) -> list[list[Piece]]:
    """Return the groups of parcels that share ground and whose codes are not the same before and after.

    pieces  rows of `compare.PIECES`; slivers do not tie parcels together
    """
    rows = [r for r in pieces if r["part"] != "sliver" and r["old_id"] not in ("", None, "none")]
    names = sorted({("o", r["old_id"]) for r in rows} | {("n", r["new_id"]) for r in rows if r["new_id"]})
    place = {n: i for i, n in enumerate(names)}
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = [(place["o", r["old_id"]], place["n", r["new_id"]]) for r in rows if r["new_id"]]
    a, b = np.array(ends, np.int64).reshape(-1, 2).T
    _, label = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(len(names), len(names))), directed=False)
    groups: dict[int, list[Piece]] = defaultdict(list)
    for r in rows:
        groups[int(label[place["o", r["old_id"]]])].append((r["old_id"], r["new_id"] or "", int(r["area_dm2"])))
    return [g for _, g in sorted(groups.items()) if {o for o, _, _ in g} != {n for _, n, _ in g}]


def _with_rights(office: Office, parcels: set[str], day: date) -> set[str]:
    """Return the parcels that carry rights which hold on a day or later."""
    if not parcels:
        return set()
    found = known_now(office, "tenure", sorted(parcels), "parcel_id")
    over = pc.fill_null(pc.less_equal(found["valid_to"], pa.scalar(day, pa.date32())), False)
    return set(found.filter(pc.invert(over))["parcel_id"].to_pylist())


def _deed(office: Office, edition: Mapping[str, Any], pieces: list[Piece]) -> Deed:
    paper = {
        "number": edition["document"] or edition["edition_id"],
        "kind": "survey",
        "title": edition["title"],
        "issuer": edition["authority"] or office.name,
        "dated": edition["valid_from"],
    }
    return deed(
        "resurvey",
        on=edition["valid_from"],
        source=paper,
        retroactive=edition["valid_from"] < office.today(),
        pieces=[list(p) for p in pieces],
    )
