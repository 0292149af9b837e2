"""What a year owes in all: the programme that the standard sets, and beside it the programmes that are rule files.

For the year's run and for whoever computes it again from a bundle: both call `enrolled`, so that they cannot differ. Where
a rule of stacking makes the standard's own programme give way on some ground, its entitlements there are cut by the share
of the parcel that was given up, so that no ground is paid twice: the ground the other was accepted on, or claims while its
inspection is not decided; ground it was refused is given up to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.payments.entitle import REASONS as OWN_REASONS
from ecocomp.programmes.programme import load_programmes
from ecocomp.programmes.words import REASONS as PROGRAMME_REASONS
from ecocomp.programmes.year import ProgrammeYear, entitlements
from ecocomp.rules import Parameters
from ecocomp.terms.faults import raise_errors
from ecocomp.terms.money import apportion, half_even
from ecocomp.terms.tables import ENTITLEMENT, PAID_BEFORE
from ecocomp.terms.text import Text

REASONS: dict[str, Text] = {**PROGRAMME_REASONS, **OWN_REASONS}
"""Why an entitlement of any programme is as it is."""
GIVEN = ("contract", "right_payable", "parcel", "holder", "parcel_zone", "enrolment", "inspection", "overlay", "paid_before")
"""Tables the rule-file programmes read."""


@dataclass(frozen=True)
class Adopted:
    """What a case has adopted.

    programme   code of the programme the standard sets
    stacks_as   what that programme is called in the rules of stacking
    programmes  ids of rule-file programmes
    accept      unverified parameters accepted by name
    paying      whether it is for payment: then unverified values that are not accepted stop the year
    """

    programme: str
    stacks_as: str = "eco_zone"
    programmes: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    paying: bool = True


def adopted_of(case: Mapping[str, Any]) -> Adopted:
    """Return what the case of a bundle had adopted, from the facts the bundle states; what it rested on was accepted then."""
    programmes = tuple(str(p) for p in case.get("programmes") or ())
    return Adopted(str(case["programme"]), str(case.get("stacks_as") or "eco_zone"), programmes, paying=False)


def enrolled(
    claims: pa.Table,
    adopted: Adopted,
    folders: Iterable[Path],
    tables: Mapping[str, pa.Table | None],
    params: Parameters,
    year: int,
) -> tuple[pa.Table, ProgrammeYear | None]:
    """Return the entitlements of all programmes of a year, and what the rule-file ones come to in full (None: there are none).

    claims   entitlements of the standard's programme (`payments.entitle`)
    folders  rule folders, the later over the earlier; programme files lie in ``<place>/programmes``
    tables   those of `GIVEN` by name; what is absent counts as empty. `paid_before` absent: what was paid in earlier years is
             not known, and only this year's payments are owed; a table, even an empty one, is taken at its word
    raises   FaultsError with every fault of files and rows; UsageError for a programme the place does not have
    """
    if not adopted.programmes:
        return claims, None
    found = load_programmes(folders)
    raise_errors(found.faults)
    chosen = [found.get(params.book, params.chain[0], i) for i in dict.fromkeys(adopted.programmes)]
    beside = {adopted.programme: (claims, adopted.stacks_as)}
    made = entitlements(chosen, tables, params, year, beside=beside)
    raise_errors(made.faults)
    if adopted.paying:
        raise_errors(made.unaccepted(params, adopted.accept))
    own = given_way(claims, made.stacking, adopted.programme)
    return ENTITLEMENT.checked(pa.concat_tables([own, made.entitlement])), made


def paid_before(register: pa.Table, last_due: pa.Table | None, last_before: pa.Table | None) -> pa.Table | None:
    """Return what was paid in earlier years: the case's own register, what last year knew, and what last year paid.

    last_due, last_before  `programme_due` and `paid_before` of last year's bundle; None: it ran no rule-file programme

    Without either nothing is known (None): a register without a row would say that no year was ever paid, and every one of
    them would be paid again.
    """
    if last_due is None:
        return register if len(register) else None
    paid = last_due.filter(pc.is_in(last_due["state"], value_set=pa.array(["payable", "escrow", "in_kind"])))
    parts = [register, PAID_BEFORE.empty() if last_before is None else last_before, paid.select(PAID_BEFORE.schema().names)]
    whole = pa.concat_tables([p.cast(PAID_BEFORE.schema()) for p in parts])
    first = whole.append_column("n", pa.array(np.arange(len(whole)))).group_by(list(PAID_BEFORE.key)).aggregate([("n", "min")])
    return PAID_BEFORE.checked(whole.take(first["n_min"]))


def given_way(claims: pa.Table, stacking: pa.Table, programme: str) -> pa.Table:
    """Return the claims of `programme` with what it gives up to others taken off.

    A parcel gives up the largest cut of its rows, as every rule-file programme does: each row already counts all the ground
    of its winner. What is left of the parcel is rounded half-even once and split over its claims without loss.
    """
    mine = stacking.filter(pc.and_(pc.equal(stacking["programme"], programme), pc.greater(stacking["cut_dm2"], 0)))
    if not len(mine):
        return claims
    cuts: dict[str, int] = {}
    for parcel, cut in zip(mine["parcel_id"].to_pylist(), mine["cut_dm2"].to_pylist(), strict=True):
        cuts[parcel] = max(cuts.get(parcel, 0), cut)
    live = pc.and_(pc.is_in(claims["parcel_id"], value_set=pa.array(sorted(cuts))), pc.not_equal(claims["state"], "excluded"))
    touched = np.flatnonzero(live.to_numpy(zero_copy_only=False))
    if not len(touched):
        return claims
    rows = claims.to_pylist()
    by_parcel: dict[str, list[dict[str, Any]]] = {}
    for i in touched:
        by_parcel.setdefault(rows[i]["parcel_id"], []).append(rows[i])
    for parcel, found in by_parcel.items():
        _cut(found, cuts[parcel])
    return ENTITLEMENT.checked(pa.Table.from_pylist(rows, schema=claims.schema))


def _cut(rows: list[dict[str, Any]], cut: int) -> None:
    """Take the share of the parcel that is given up off its claims, by what each was owed."""
    area = rows[0]["area_dm2"]
    cut = min(cut, area)
    owed = [r["entitled_fen"] for r in rows]
    left = half_even(sum(owed) * (area - cut), area)
    parts = apportion(left, owed) if sum(owed) else owed
    for row, part in zip(rows, parts, strict=True):
        row |= {"entitled_fen": part, "shortfall_fen": part, "deduction_fen": row["gross_fen"] - part, "reason": "stacked"}
        if cut == area:
            row |= {"state": "excluded", "gross_fen": 0, "deduction_fen": 0}
