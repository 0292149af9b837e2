"""Rights follow the ground when a new survey edition redraws the parcels.

Parcels that share ground in two editions form groups; each group is carried over by one deed of resurvey. A group whose
ground was not held alike would hand land from one holder to another: it is told, and left for a document to decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

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
    day = new[0]["valid_from"]
    rights = _rights(office, made.parcels.to_pylist(), day)
    told = [*_exchanged(made.pieces.to_pylist(), groups, rights), *_gone(made.parcels.to_pylist(), rights)]
    told += _grown(made.parcels.to_pylist(), groups, rights)
    deeds = [_deed(office, new[0], g) for g in groups if any(o in rights for o, _, _ in g)]
    if not deeds:
        return Recorded(None, Delta(), told)
    done = record_deeds(office, deeds, actor=actor, reason=reason, dry_run=dry_run, act="tenure.carry", apart=True)
    return Recorded(done.change, done.delta, [*told, *done.faults])


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


def _rights(office: Office, parcels: Iterable[Mapping[str, Any]], day: date) -> dict[str, frozenset[tuple[Any, ...]]]:
    """Return who holds what on each old parcel on a day or later: kind, holder, share and state; parcels without rights not."""
    ids = sorted(r["parcel_id"] for r in parcels if r["side"] == "old" and r["relation"] not in ("same", "reclassed"))
    out: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for row in known_now(office, "tenure", ids, "parcel_id").to_pylist() if ids else []:
        if row["valid_to"] is None or row["valid_to"] > day:
            share = Fraction(row["share_num"], row["share_den"])
            out[row["parcel_id"]].add((row["kind"], row["holder_id"], share, row["state"]))
    return {p: frozenset(v) for p, v in out.items()}


def _exchanged(
    pieces: Iterable[Mapping[str, Any]], groups: Iterable[list[Piece]], rights: Mapping[str, frozenset[tuple[Any, ...]]]
) -> list[Fault]:
    """Tell ground that passed between parcels whose codes go on and whose holders differ: their rights stay with the codes.

    The most of a parcel is an error, a strip a warning.
    """
    seen = {o for g in groups for o, _, _ in g}
    clash = Text(
        "{a} dm² 归入 {n}，而两者权利人不同；权利仍随编码。",
        "{a} dm2 of it went to {n}, held by others; rights stay with the codes.",
    )
    remedy = Text(
        "核对界线和编码；确已变动的，凭文件另行登记。", "Check line and codes; where the ground did change hands, record the deed."
    )
    return [
        Fault(
            "tenure.moved_ground",
            "tenure",
            r["old_id"],
            clash.fill(a=r["area_dm2"], n=r["new_id"]),
            remedy,
            "error" if r["part"] == "main" else "warning",
        )
        for r in pieces
        if r["part"] != "sliver"
        and r["old_id"] != r["new_id"]
        and r["old_id"] not in seen
        and rights.get(r["old_id"], frozenset()) != rights.get(r["new_id"], frozenset())
    ]


def _gone(parcels: Iterable[Mapping[str, Any]], rights: Mapping[str, frozenset[tuple[Any, ...]]]) -> list[Fault]:
    """Tell old parcels with rights that have ground in no parcel of the new edition; one that is gone altogether is an error."""
    clash = Text(
        "{a} dm² 在新版次中不属于任何地块；权利未动。", "{a} dm2 of it lie in no parcel of the new edition; its rights stand."
    )
    remedy = Text(
        "核对测绘成果；确已灭失的，凭文件注销权利。", "Check the survey; where the ground is lost, end the rights by a document."
    )
    return [
        Fault(
            "tenure.ground_lost",
            "tenure",
            r["parcel_id"],
            clash.fill(a=r["alone_dm2"]),
            remedy,
            "error" if r["relation"] == "gone" else "warning",
        )
        for r in parcels
        if r["side"] == "old" and r["parcel_id"] in rights and r["alone_dm2"] > max(100, r["area_dm2"] // 1000)
    ]


def _grown(
    parcels: Iterable[Mapping[str, Any]], groups: Iterable[list[Piece]], rights: Mapping[str, frozenset[tuple[Any, ...]]]
) -> list[Fault]:
    """Tell new parcels that carry rights over ground that was in no parcel of the old edition."""
    carried = {n for g in groups for o, n, _ in g if o in rights}
    clash = Text("含 {a} dm² 旧版次中不属于任何地块的土地。", "{a} dm2 of it were in no parcel of the old edition.")
    remedy = Text("核对这部分土地的权属。", "Check whose that ground is.")
    return [
        Fault("tenure.ground_gained", "tenure", r["parcel_id"], clash.fill(a=r["alone_dm2"]), remedy, "warning")
        for r in parcels
        if r["side"] == "new"
        and (r["parcel_id"] in carried or r["parcel_id"] in rights)
        and r["alone_dm2"] > max(100, r["area_dm2"] // 1000)
    ]


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
