"""Land transitions of a year, apportioned so that every parcel's area closes to the dm2 and years join without a seam.

Shares of a parcel by (opening, closing) ecosystem come from two land-cover maps. The opening areas of a parcel are its
closing areas of the year before, as whole dm2; each opening area is then split over where it went. So rows sum to the
opening exactly, columns make the closing, and next year starts from these very numbers: opening equals last closing by
construction, not by luck of rounding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import Fault, capped, raise_errors
from ecocomp.terms.money import apportion
from ecocomp.terms.tables import LAND_TRANSITION, PARCEL_TRANSITION
from ecocomp.terms.text import Text

JOINT_COLUMNS = ("parcel_id", "from_ecosystem", "to_ecosystem", "share")
# Shares are floats; twelve digits are far finer than one dm2 of any parcel and leave int arithmetic exact.
_SHARE_UNITS = 10**12

_Joint = Mapping[str, Mapping[str, Mapping[str, int]]]


def transitions_from_shares(parcel: pa.Table, joint: pa.Table, year: int, last: pa.Table | None = None) -> pa.Table:
    """Return the `land_transition` table of the whole territory; see `parcel_transitions` for the arguments."""
    return land_transition(parcel_transitions(parcel, joint, year, last))


def parcel_transitions(parcel: pa.Table, joint: pa.Table, year: int, last: pa.Table | None = None) -> pa.Table:
    """Return the `parcel_transition` table of `year`.

    parcel   the `parcel` table; its areas are split, its ecosystem stands where nothing was observed
    joint    columns parcel_id, from_ecosystem, to_ecosystem, share (0..1 of the parcel). Shares of a parcel need not
             add up to 1: what was not observed is split like what was
    last     last year's `parcel_transition`; its closing is this year's opening. None in the first year

    A parcel without shares keeps what it had (last year's closing, else its surveyed ecosystem); `unobserved` lists
    these. A parcel whose area was surveyed anew is opened in last year's proportions, and the check "opening equals
    last closing" then reports it.

    Raises `FaultsError` for shares that are negative or not numbers, unknown parcels and unknown ecosystem codes.
    """
    areas = {p: (dm2, eco) for p, dm2, eco in _rows(parcel, "parcel_id", "area_dm2", "ecosystem")}
    shares = _shares(joint, areas)
    before = _closings(last, year - 1)
    out: dict[str, Any] = {c.name: [] for c in PARCEL_TRANSITION.columns}
    for parcel_id in sorted(areas):
        area_dm2, ecosystem = areas[parcel_id]
        went = shares.get(parcel_id, {})
        opening = _opening(area_dm2, ecosystem, went, before.get(parcel_id))
        for source in sorted(opening):
            for target, dm2 in _split(opening[source], source, went.get(source, {})):
                for name, value in zip(out, (parcel_id, year, source, target, dm2), strict=True):
                    out[name].append(value)
    return PARCEL_TRANSITION.table(out)


def land_transition(parcel_transition: pa.Table) -> pa.Table:
    """Return the territory's `land_transition`: the sum of the parcels."""
    keys = ["year", "from_ecosystem", "to_ecosystem"]
    summed = parcel_transition.group_by(keys).aggregate([("area_dm2", "sum")]).rename_columns([*keys, "area_dm2"])
    return LAND_TRANSITION.checked(summed)


def unobserved(parcel: pa.Table, joint: pa.Table) -> list[str]:
    """Return the parcels that have no observed share at all, in order."""
    seen = set(joint.filter(pc.greater(joint["share"], 0.0))["parcel_id"].to_pylist())
    return sorted(set(parcel["parcel_id"].to_pylist()) - seen)


def _opening(
    area_dm2: int, ecosystem: str, went: Mapping[str, Mapping[str, int]], last: Mapping[str, int] | None
) -> dict[str, int]:
    if last and sum(last.values()) == area_dm2:
        return dict(last)
    weights = last or {source: sum(to.values()) for source, to in sorted(went.items())} or {ecosystem: 1}
    names = sorted(weights)
    parts = zip(names, apportion(area_dm2, [weights[n] for n in names]), strict=True)
    return {name: dm2 for name, dm2 in parts if dm2}


def _split(opening_dm2: int, source: str, to: Mapping[str, int]) -> list[tuple[str, int]]:
    """Split an opening area over where it went; a class that this year's maps do not show in the parcel stays."""
    if not to:
        return [(source, opening_dm2)]
    names = sorted(to)
    return [(n, dm2) for n, dm2 in zip(names, apportion(opening_dm2, [to[n] for n in names]), strict=True) if dm2]


def _shares(joint: pa.Table, areas: Mapping[str, Any]) -> _Joint:
    out: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    faults = []
    for parcel_id, source, target, share in _rows(joint, *JOINT_COLUMNS):
        wrong = _wrong(parcel_id, source, target, share, areas)
        if wrong is not None:
            faults.append(wrong)
            continue
        units = round(share * _SHARE_UNITS)
        if units:
            had = out[parcel_id][source].get(target, 0)
            out[parcel_id][source][target] = had + units
    raise_errors(capped(faults, "accounts.share", "joint"))
    return out


def _wrong(parcel_id: str, source: str, target: str, share: float, areas: Mapping[str, Any]) -> Fault | None:
    record = f"{parcel_id} {source}→{target}"
    if parcel_id not in areas:
        return _fault(record, Text("地块不在地块表中。", "The parcel is not in the parcel table."))
    for code in (source, target):
        if code not in ECOSYSTEMS:
            return _fault(
                record, Text("生态系统代码 {c} 不在代码表中。", "Ecosystem code {c} is not in the code list.").fill(c=code)
            )
    # A comparison with NaN is false, so this refuses NaN as well.
    if not 0.0 <= share <= 1.0 + 1e-6:
        return _fault(record, Text("占比是 {s}。", "The share is {s}.").fill(s=share))
    return None


def _fault(record: str, clash: Text) -> Fault:
    return Fault(
        "accounts.share",
        "joint",
        record,
        clash,
        Text("核对土地覆被图与覆盖矩阵。", "Check the land-cover maps and the coverage matrix."),
    )


def _closings(last: pa.Table | None, year: int) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    if last is not None:
        of_year = last.filter(pc.equal(last["year"], year))
        for parcel_id, ecosystem, dm2 in _rows(of_year, "parcel_id", "to_ecosystem", "area_dm2"):
            out[parcel_id][ecosystem] += dm2
    return out


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[n].to_pylist() for n in names), strict=True)
