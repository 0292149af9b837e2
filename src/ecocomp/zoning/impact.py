"""What a change of the red line touches: land, rights, contracts and money, as a ledger that closes.

For the office that adopts a new version and for those it concerns. Areas are whole dm2 of the parcel's surveyed area and
money is whole fen, so that for every parcel and in total

    before + gained − lost = after ,   gained = after − kept ,   lost = before − kept .

Money is the rate of today on the area that moves: what is at stake each year, not what will be paid under the new line,
for a rate may itself depend on the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.money import apportion, half_even
from ecocomp.terms.tables import (
    PPM,
    RED_LINE_CHANGE,
    RED_LINE_CONTRACT,
    RED_LINE_LEDGER,
    RED_LINE_RIGHT,
    RED_LINE_TOTAL,
)
from ecocomp.zoning.polygons import share_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.polygons import Geometries

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Impact:
    """Four tables: `ledger` (parcels inside either line), `right`, `contract` (touched ones), `total`."""

    ledger: pa.Table
    right: pa.Table
    contract: pa.Table
    total: pa.Table


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas of each parcel [dm2]: inside the old line, both, the new one; kept ≤ before, after ≤ area."""

    before: Ints
    kept: Ints
    after: Ints

    @property
    def gained(self) -> Ints:
        """Area taken in."""
        return self.after - self.kept

    @property
    def lost(self) -> Ints:
        """Area let out."""
        return self.before - self.kept


def red_line_areas(old: Geometries, new: Geometries, area_dm2: Ints, geometry: Geometries, geographic: bool = False) -> Areas:
    """Return how much of each parcel lies inside the old line, the new one, and both, in whole dm2 that close.

    old, new   polygons of the two lines, in the reference system of the parcels
    area_dm2   surveyed area of each parcel
    geometry   polygon of each parcel, in the same order
    """
    import shapely

    both = shapely.get_parts(shapely.intersection(shapely.union_all(old), shapely.union_all(new)))
    both = both[np.isin(shapely.get_type_id(both), (3, 6))]
    share = share_matrix(np.asarray(geometry, object), [old, both, new], geographic)
    before, kept, after = np.rint(share.T * area_dm2).astype(np.int64)
    kept = np.minimum(kept, np.minimum(before, after))
    # Rounding may let the parts exceed the parcel by one; the ground both lines hold makes up for it.
    kept = np.maximum(kept, before + after - area_dm2)
    return Areas(before, kept, after)


def red_line_difference(
    old: Geometries, new: Geometries, parcel: pa.Table, geometry: Geometries, geographic: bool = False
) -> pa.Table:
    """Return the parcels that a new red line touches otherwise than the old one, with the area taken in and let out.

    old, new  polygons of the two lines
    geometry  polygon of each row of `parcel`, in the same order
    """
    area = np.asarray(parcel["area_dm2"].to_numpy(), np.int64)
    found = red_line_areas(old, new, area, geometry, geographic)
    rows = np.flatnonzero((found.gained > 0) | (found.lost > 0))
    return RED_LINE_CHANGE.table(
        {
            "parcel_id": parcel["parcel_id"].take(pa.array(rows)),
            "before_ppm": _ppm(found.before[rows], area[rows]),
            "after_ppm": _ppm(found.after[rows], area[rows]),
            "gained_dm2": found.gained[rows],
            "lost_dm2": found.lost[rows],
        }
    )


def _ppm(part: Ints, whole: Ints) -> Ints:
    return np.rint(part / np.maximum(whole, 1) * PPM).astype(np.int64)


def red_line_impact(
    old: Geometries,
    new: Geometries,
    parcel: pa.Table,
    geometry: Geometries,
    *,
    right: pa.Table,
    contract: pa.Table,
    right_payable: pa.Table | None = None,
    standard: pa.Table | None = None,
    entitlement: pa.Table | None = None,
    geographic: bool = False,
) -> Impact:
    """Return what the change from one line to another touches.

    old, new       polygons of the two lines, in the reference system of the parcels
    geometry       polygon of each row of `parcel`, in the same order
    right          rights that hold (`tenure.rights.rights_on`)
    contract       contracts in force
    right_payable  rights that are paid, whose shares of a parcel add up to one: money is split over these
    standard       rate of each parcel, one year (`terms.tables.STANDARD`); without it no money is said
    entitlement    entitlements of one year; what is entitled on a touched parcel now is reported beside

    A parcel is touched where the line moves by at least one dm2. Money of parcels whose payable shares do not add up to one
    is in the totals as not assigned.
    """
    area = np.asarray(parcel["area_dm2"].to_numpy(), np.int64)
    areas = red_line_areas(old, new, area, geometry, geographic)
    ids = parcel["parcel_id"].combine_chunks()
    touched = (areas.gained > 0) | (areas.lost > 0)
    rate, has_rate = _column(standard, "rate_fen_per_ha", ids)
    gained_fen, lost_fen = (_money(rate, a) for a in (areas.gained, areas.lost))
    at_right, at_contract = (_touched_rows(t, ids, touched) for t in (right, contract))
    split = _split(right_payable, ids, touched & has_rate, gained_fen, lost_fen)
    ledger = _ledger(parcel, areas, rate, has_rate, gained_fen, lost_fen, at_right, at_contract, entitlement)
    rights = _rights(at_right, ids, areas, split)
    return Impact(ledger, rights, _contracts(at_contract, ids, areas), _totals(ledger, rights, at_contract, touched, has_rate))


def _column(table: pa.Table | None, column: str, ids: pa.Array) -> tuple[Ints, NDArray[np.bool_]]:
    """Return a whole-number column by parcel (0 where absent) and where it was found."""
    if table is None:
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), bool)
    if len(pc.unique(table["parcel_id"])) != len(table):
        raise ValueError("a parcel has several rows: give the table of one year")
    at = pc.index_in(ids, value_set=table["parcel_id"].combine_chunks())
    found = at.is_valid().to_numpy(zero_copy_only=False)
    return pc.fill_null(table[column].take(at), 0).to_numpy().astype(np.int64), found


def _money(rate: Ints, area_dm2: Ints) -> list[int]:
    return [half_even(r * a, DM2_PER_HA) for r, a in zip(rate.tolist(), area_dm2.tolist(), strict=True)]


def _touched_rows(table: pa.Table, ids: pa.Array, touched: NDArray[np.bool_]) -> pa.Table:
    """Return the rows of a register that lie on touched parcels."""
    return table.filter(pc.is_in(table["parcel_id"], value_set=ids.filter(pa.array(touched)))).combine_chunks()


def _split(
    payable: pa.Table | None, ids: pa.Array, wanted: NDArray[np.bool_], gained: Sequence[int], lost: Sequence[int]
) -> dict[str, tuple[int, int]]:
    """Return the money of each payable right, (gained, lost), nothing lost in the splitting."""
    if payable is None:
        return {}
    at = pc.index_in(payable["parcel_id"], value_set=ids).to_pylist()
    rows: dict[int, list[tuple[str, int, int]]] = {}
    columns = (payable[c].to_pylist() for c in ("right_id", "share_num", "share_den"))
    for p, name, num, den in zip(at, *columns, strict=True):
        if p is not None and wanted[p]:
            rows.setdefault(p, []).append((name, num, den))
    out: dict[str, tuple[int, int]] = {}
    for p, held in sorted(rows.items()):
        held.sort()
        weights = _weights(held)
        if weights is not None:
            parts = [apportion(total[p], weights) for total in (gained, lost)]
            out |= {name: (g, m) for (name, _, _), g, m in zip(held, *parts, strict=True)}
    return out


def _weights(held: Sequence[tuple[str, int, int]]) -> list[int] | None:
    """Return the shares as whole weights over their common denominator, or None when they do not add up to one."""
    if any(den <= 0 or num < 0 for _, num, den in held):
        return None
    common = lcm(*(den for _, _, den in held))
    weights = [num * (common // den) for _, num, den in held]
    return weights if sum(weights) == common else None


def _counted(table: pa.Table, column: str, ids: pa.Array) -> Ints:
    """Return how many different values of a column each parcel has."""
    grouped = table.group_by("parcel_id").aggregate([(column, "count_distinct")])
    return _column(grouped, f"{column}_count_distinct", ids)[0]


def _ledger(
    parcel: pa.Table,
    areas: Areas,
    rate: Ints,
    has_rate: NDArray[np.bool_],
    gained_fen: Sequence[int],
    lost_fen: Sequence[int],
    right: pa.Table,
    contract: pa.Table,
    entitlement: pa.Table | None,
) -> pa.Table:
    ids = parcel["parcel_id"].combine_chunks()
    rows = pa.array(np.flatnonzero((areas.before > 0) | (areas.after > 0)))
    summed = None if entitlement is None else entitlement.group_by("parcel_id").aggregate([("entitled_fen", "sum")])
    entitled, has_entitled = _column(summed, "entitled_fen_sum", ids)
    columns: dict[str, Any] = {
        "parcel_id": ids,
        "area_dm2": parcel["area_dm2"],
        "before_dm2": areas.before,
        "kept_dm2": areas.kept,
        "gained_dm2": areas.gained,
        "lost_dm2": areas.lost,
        "after_dm2": areas.after,
        "rights": _counted(right, "right_id", ids),
        "holders": _counted(right, "holder_id", ids),
        "contracts": _counted(contract, "contract_id", ids),
        "rate_fen_per_ha": pa.array(rate, mask=~has_rate),
        "gained_fen": pa.array(np.array(gained_fen, np.int64), mask=~has_rate),
        "lost_fen": pa.array(np.array(lost_fen, np.int64), mask=~has_rate),
        "entitled_fen": pa.array(entitled, mask=~has_entitled),
    }
    return RED_LINE_LEDGER.table(dict(pa.table(columns).take(rows).to_pydict()))


def _at(table: pa.Table, ids: pa.Array) -> Ints:
    return pc.index_in(table["parcel_id"], value_set=ids).to_numpy().astype(np.int64)


def _rights(right: pa.Table, ids: pa.Array, areas: Areas, split: dict[str, tuple[int, int]]) -> pa.Table:
    at = _at(right, ids)
    money = [split.get(name, (None, None)) for name in right["right_id"].to_pylist()]
    return RED_LINE_RIGHT.table(
        {
            **{c: right[c] for c in ("right_id", "parcel_id", "holder_id", "kind", "share_num", "share_den")},
            "gained_dm2": areas.gained[at],
            "lost_dm2": areas.lost[at],
            "gained_fen": pa.array([g for g, _ in money], pa.int64()),
            "lost_fen": pa.array([m for _, m in money], pa.int64()),
        }
    )


def _contracts(contract: pa.Table, ids: pa.Array, areas: Areas) -> pa.Table:
    at = _at(contract, ids)
    columns = {c: contract[c] for c in ("contract_id", "parcel_id", "holder_id", "programme", "duty")}
    return RED_LINE_CONTRACT.table({**columns, "gained_dm2": areas.gained[at], "lost_dm2": areas.lost[at]})


def _totals(
    ledger: pa.Table, right: pa.Table, contract: pa.Table, touched: NDArray[np.bool_], has_rate: NDArray[np.bool_]
) -> pa.Table:
    def total(table: pa.Table, column: str) -> int:
        return int(pc.sum(table[column]).as_py() or 0)

    areas = ("before_dm2", "kept_dm2", "gained_dm2", "lost_dm2", "after_dm2")
    money = ("gained_fen", "lost_fen")
    rows: list[tuple[str, int, str]] = [
        ("parcels", int(touched.sum()), ""),
        ("parcels_without_rate", int((touched & ~has_rate).sum()), ""),
        ("rights", len(right), ""),
        ("holders", len(pc.unique(right["holder_id"])), ""),
        ("contracts", len(contract), ""),
        *((c, total(ledger, c), "dm2") for c in areas),
        *((c, total(ledger, c), "fen/a") for c in money),
        *((f"{c}_not_assigned", total(ledger, c) - total(right, c), "fen/a") for c in money),
    ]
    return RED_LINE_TOTAL.table([{"item": i, "amount": n, "unit": u} for i, n, u in rows])
