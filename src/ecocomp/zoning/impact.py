"""What a change of the red line, or of any zone layer, touches: land, rights, contracts and money, as a ledger that closes.

For the office that adopts a new version and for those it concerns. Areas are whole dm2 of the parcel's surveyed area and
money is whole fen, so that for every parcel and in total

    before + gained − lost = after ,   gained = after − kept ,   lost = before − kept .

Money is the rate of today on the area that moves: what is at stake each year, not what will be paid under the new line,
for a rate may itself depend on the line. A rate that is not known is not 0: what rests on it stays empty.

`red_line_impact` reads the tables of a case; `zone_impact` reads two editions of a layer of any kind and the registers of an
office, as they held on a day and were known on a day, and also tells mortgages and which conflicts would arise or vanish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import lcm
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import apportion, half_even
from ecocomp.terms.tables import (
    CONTRACT,
    PPM,
    RED_LINE_CHANGE,
    RED_LINE_CONTRACT,
    RED_LINE_LEDGER,
    RED_LINE_RIGHT,
    RED_LINE_TOTAL,
    RIGHT,
    Column,
    TableSpec,
)
from ecocomp.terms.tables import column as _c
from ecocomp.terms.text import Text
from ecocomp.zoning.conflicts import CONFLICT, conflicts
from ecocomp.zoning.editions import (
    ALL,
    Parcels,
    ZoneChange,
    ZoneEdition,
    compare_zones,
    diff_summary,
    read_zone_edition,
    same_kind,
    shares,
)
from ecocomp.zoning.polygons import Zones, no_zones, share_matrix
from ecocomp.zoning.versions import binding_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.rules import Parameters
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
    touched = (areas.gained > 0) | (areas.lost > 0)
    return _impact_of(areas, touched, parcel, right, contract, right_payable, standard, entitlement)


def _impact_of(
    areas: Areas,
    touched: NDArray[np.bool_],
    parcel: pa.Table,
    right: pa.Table,
    contract: pa.Table,
    right_payable: pa.Table | None,
    standard: pa.Table | None,
    entitlement: pa.Table | None,
) -> Impact:
    ids = parcel["parcel_id"].combine_chunks()
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


# ---------------------------------------------------------------- any layer, the registers of an office
def _renamed(spec: TableSpec, name: str, zh: str, en: str, *more: Column) -> TableSpec:
    """Return the same table for a layer of any kind."""
    columns = [
        replace(c, meaning=Text(c.meaning.zh.replace("红线", "范围"), c.meaning.en.replace("line", "layer"))) for c in spec.columns
    ]
    return replace(spec, name=name, title=Text(zh, en), columns=(*columns, *more))


ZONE_IMPACT = _renamed(
    RED_LINE_LEDGER,
    "zone_impact",
    "分区调整涉及的地块",
    "parcels a change of zones touches",
    _c("mortgages", pa.int64(), "", "涉及抵押数", "mortgages touched"),
)
ZONE_RIGHT = _renamed(RED_LINE_RIGHT, "zone_right", "分区调整涉及的权利", "rights a change of zones touches")
ZONE_CONTRACT = _renamed(RED_LINE_CONTRACT, "zone_contract", "分区调整涉及的合同", "contracts a change of zones touches")
ZONE_MORTGAGE = TableSpec(
    "zone_mortgage",
    Text("分区调整涉及的抵押", "mortgages a change of zones touches"),
    ("mortgage_id",),
    (
        _c("mortgage_id", pa.string(), "", "抵押编码", "mortgage code"),
        _c("right_id", pa.string(), "", "权利编码", "right it lies on"),
        _c("parcel_id", pa.string(), "", "地块编码", "parcel code"),
        _c("creditor_id", pa.string(), "", "抵押权人", "creditor"),
        _c("amount_fen", pa.int64(), "fen", "担保金额", "amount secured"),
        _c("gained_dm2", pa.int64(), "dm2", "地块划入面积", "area of the parcel taken in"),
        _c("lost_dm2", pa.int64(), "dm2", "地块调出面积", "area of the parcel let out"),
    ),
    "zone",
)
ZONE_CONFLICT = replace(
    CONFLICT,
    name="zone_conflict",
    title=Text("分区调整产生和消除的冲突", "conflicts a change of zones makes or ends"),
    key=("change", *CONFLICT.key),
    columns=(_c("change", pa.string(), "arises|vanishes", "变化", "change"), *CONFLICT.columns),
)
ZONE_IMPACT_TOTAL = TableSpec(
    "zone_impact_total",
    Text("分区调整影响合计", "totals of the impact of a change of zones"),
    ("item",),
    (
        _c("item", pa.string(), "", "项目", "item"),
        _c("amount", pa.int64(), "", "数值（空为不知道）", "amount (empty: not known)", True),
        _c("unit", pa.string(), "", "单位", "unit"),
    ),
    "zone",
)


@dataclass(frozen=True, eq=False)
class Registers:
    """The registers of an office (`terms.registers`), all versions; what is not given is not told.

    party  for the kind of holders, which some conflicts ask for
    """

    tenure: pa.Table
    duty: pa.Table
    mortgage: pa.Table | None = None
    restriction: pa.Table | None = None
    edition: pa.Table | None = None
    party: pa.Table | None = None


@dataclass(frozen=True, eq=False)
class ZoneImpact:
    """What a change of a layer touches.

    change    the two layers compared: ledger by category, patches
    parcel    touched parcels: areas, rights, holders, contracts, mortgages, money (ZONE_IMPACT)
    right, contract, mortgage  the touched ones
    conflict  conflicts that would arise and that would vanish
    total     sums; an amount that is not known is empty
    faults    of the inputs and of the rules
    """

    change: ZoneChange
    parcel: pa.Table
    right: pa.Table
    contract: pa.Table
    mortgage: pa.Table
    conflict: pa.Table
    total: pa.Table
    faults: list[Fault]


def zone_impact(
    old: ZoneEdition | Zones | None,
    new: ZoneEdition | Zones,
    parcels: Parcels,
    registers: Registers,
    on: date,
    known: date,
    *,
    kind: str | None = None,
    rules: Parameters | None = None,
    layers: Mapping[str, ZoneEdition | Zones] | None = None,
    standard: pa.Table | None = None,
    entitlement: pa.Table | None = None,
    programmes: Mapping[str, str] | None = None,
) -> ZoneImpact:
    """Return what adopting `new` in place of `old` would touch, before it is adopted.

    old          edition that holds, or None: all ground of the new one is taken in
    registers    rights, contracts, mortgages and restrictions; those that hold on the day `on` as known on `known` count
    kind         kind of the layer where both are bare `Zones`
    rules        with them the conflicts that would arise and vanish are told, on the touched parcels
    layers       zone edition of each edition_id other restrictions lie on
    standard     rate of each parcel, one year; without a rate a parcel's money stays unknown
    entitlement  entitlements of one year
    """
    change = compare_zones(old if old is not None else no_zones(), new, parcels)
    areas, moved = _areas_of(change, parcels)
    rights, duties = as_of(registers.tenure, on, known), as_of(registers.duty, on, known)
    payable = _payable(rights, duties) if standard is not None else None
    found = _impact_of(areas, moved, parcels.table, rights, duties, payable, standard, entitlement)
    secured = _mortgages(registers.mortgage, found.right, on, known)
    parcel = _touched_parcels(found.ledger, parcels.ids.filter(pa.array(moved)), secured)
    what = kind or (new.kind if isinstance(new, ZoneEdition) else next(iter(new.kind), "").split(".")[0])
    told, faults = _conflict_change(
        old, new, parcels.take(np.flatnonzero(moved)), registers, (on, known), what, rules, layers or {}, rights, duties, programmes
    )
    total = _zone_totals(change, parcel, found, secured, told, rules is not None)
    right, contract = (spec.checked(t) for spec, t in ((ZONE_RIGHT, found.right), (ZONE_CONTRACT, found.contract)))
    return ZoneImpact(change, parcel, right, contract, secured, told, total, faults)


def _areas_of(change: ZoneChange, parcels: Parcels) -> tuple[Areas, NDArray[np.bool_]]:
    """Return the areas of all parcels for the layer as a whole, and where it moves or changes category."""
    whole = change.ledger.filter(pc.equal(change.ledger["category"], ALL))
    at = _row_of(whole, parcels.ids)
    columns = []
    for name in ("before_dm2", "kept_dm2", "after_dm2"):
        values = np.zeros(len(parcels), np.int64)
        values[at] = whole[name].to_numpy()
        columns.append(values)
    moves = pc.or_(pc.greater(change.ledger["gained_dm2"], 0), pc.greater(change.ledger["lost_dm2"], 0))
    moved = np.zeros(len(parcels), bool)
    moved[_row_of(change.ledger.filter(moves), parcels.ids)] = True
    return Areas(*columns), moved


def _row_of(table: pa.Table, ids: pa.Array) -> Ints:
    return np.asarray(pc.index_in(table["parcel_id"], value_set=ids).to_numpy(), np.int64)


def _payable(rights: pa.Table, duties: pa.Table) -> pa.Table:
    """Return the rights that are paid, of rows of the register brought to the table of the gate."""
    from ecocomp.tenure.rights import payable_rights

    return payable_rights(_gate(rights, RIGHT), None, _gate(duties, CONTRACT))


def _gate(table: pa.Table, spec: TableSpec) -> pa.Table:
    days = [
        c.cast(pa.date32(), safe=False) if pa.types.is_timestamp(c.type) else c for c in (table[n] for n in spec.schema().names)
    ]
    return pa.table(dict(zip(spec.schema().names, days, strict=True)), schema=spec.schema())


def _mortgages(mortgage: pa.Table | None, right: pa.Table, on: date, known: date) -> pa.Table:
    """Return the mortgages on touched rights."""
    if mortgage is None:
        return ZONE_MORTGAGE.empty()
    held = as_of(mortgage, on, known)
    at = pc.index_in(held["right_id"], value_set=right["right_id"].combine_chunks())
    held, at = held.filter(pc.is_valid(at)), pc.drop_null(at)
    columns = {n: held[n] for n in ("mortgage_id", "right_id", "creditor_id", "amount_fen")}
    return ZONE_MORTGAGE.table({**columns, **{n: right[n].take(at) for n in ("parcel_id", "gained_dm2", "lost_dm2")}})


def _touched_parcels(ledger: pa.Table, moved: pa.Array, mortgage: pa.Table) -> pa.Table:
    here = ledger.filter(pc.is_in(ledger["parcel_id"], value_set=moved))
    counts = _counted(mortgage, "mortgage_id", here["parcel_id"].combine_chunks())
    return ZONE_IMPACT.checked(here.append_column("mortgages", pa.array(counts)).cast(ZONE_IMPACT.schema()))


def _conflict_change(
    old: ZoneEdition | Zones | None,
    new: ZoneEdition | Zones,
    parcels: Parcels,
    registers: Registers,
    days: tuple[date, date],
    kind: str,
    rules: Parameters | None,
    layers: Mapping[str, ZoneEdition | Zones],
    rights: pa.Table,
    duties: pa.Table,
    programmes: Mapping[str, str] | None,
) -> tuple[pa.Table, list[Fault]]:
    """Return the conflicts on the touched parcels that only the new layer, or only the old one, brings."""
    if rules is None or not len(parcels):
        return ZONE_CONFLICT.empty(), []
    others, place = _other_restrictions(registers, days, old, kind)
    more: dict[str, Any] = {
        "mortgage": None if registers.mortgage is None else as_of(registers.mortgage, *days),
        "party": None if registers.party is None else as_of(registers.party, *days),
        "programmes": programmes,
    }
    tables, faults = [], dict[tuple[str, str, str], Fault]()
    for layer in (old if old is not None else no_zones(), new):
        rows = pa.concat_tables([others, pa.table({**place, "edition_id": [_HERE]}, schema=others.schema)])
        grounds = {**layers, _HERE: layer}
        share, said = shares(parcels, rows, grounds)
        by_id = {r["restriction_id"]: grounds[r["edition_id"]] for r in rows.to_pylist() if r["edition_id"] in grounds}
        right, duty = (t.filter(pc.is_in(t["parcel_id"], value_set=parcels.ids)) for t in (rights, duties))
        table, told = conflicts(parcels, right, duty, share, rules, layers=by_id, **more)
        tables.append(table)
        # A restriction on a parcel that is not touched is no fault here: only the touched ones are laid out.
        faults |= {(f.code, f.where, f.record): f for f in (*said, *told) if f.code != "zoning.restriction_parcel"}
    return _conflicts_apart(*tables), list(faults.values())


_HERE = "(layer)"
_GROUND = ("restriction_id", "kind", "category", "parcel_id", "edition_id")


def _other_restrictions(
    registers: Registers, days: tuple[date, date], old: ZoneEdition | Zones | None, kind: str
) -> tuple[pa.Table, dict[str, list[str | None]]]:
    """Return the restrictions that bind beside the layer that changes, and the head of the row that stands for it.

    The row keeps the code of the restriction that rests on the old edition now, found by the fingerprint of its file.
    """
    schema = pa.schema([(n, pa.string()) for n in _GROUND])
    rows, name = schema.empty_table(), kind
    if registers.restriction is not None and registers.edition is not None:
        rows = binding_on(registers.restriction, registers.edition, *days).select(list(_GROUND)).cast(schema)
        if isinstance(old, ZoneEdition):
            mine = pc.equal(registers.edition["fingerprint"], old.fingerprint)
            layer = pa.array(registers.edition["edition_id"].filter(mine).to_pylist(), pa.string())
            here = pc.and_(pc.is_in(rows["edition_id"], value_set=layer), pc.is_valid(rows["edition_id"]))
            name = next(iter(rows["restriction_id"].filter(here).to_pylist()), kind)
            rows = rows.filter(pc.invert(here))
    return rows, {"restriction_id": [name], "kind": [kind], "category": [None], "parcel_id": [None]}


def _conflicts_apart(before: pa.Table, after: pa.Table) -> pa.Table:
    """Return the conflicts of one table that the other has not; a change of category alone makes no other conflict."""
    names = ("parcel_id", "kind", "rule", "a", "b")
    keys = [list(zip(*(t[n].to_pylist() for n in names), strict=True)) for t in (before, after)]
    parts = []
    for word, table, mine, others in (("arises", after, keys[1], set(keys[0])), ("vanishes", before, keys[0], set(keys[1]))):
        rows = [i for i, k in enumerate(mine) if k not in others]
        some = table.take(pa.array(rows, pa.int64()))
        parts.append(some.add_column(0, "change", pa.array([word] * len(some), pa.string())).cast(ZONE_CONFLICT.schema()))
    return ZONE_CONFLICT.checked(pa.concat_tables(parts))


def _zone_totals(
    change: ZoneChange, parcel: pa.Table, found: Impact, mortgage: pa.Table, conflict: pa.Table, asked: bool
) -> pa.Table:
    whole = change.total.filter(pc.equal(change.total["category"], ALL)).to_pylist()[0]
    without = parcel["rate_fen_per_ha"].null_count
    amounts: list[tuple[str, int | None, str]] = [
        ("parcels", len(parcel), ""),
        ("parcels_without_rate", without, ""),
        ("rights", len(found.right), ""),
        ("holders", len(pc.unique(found.right["holder_id"])), ""),
        ("contracts", len(found.contract), ""),
        ("mortgages", len(mortgage), ""),
        ("mortgaged_fen", int(pc.sum(mortgage["amount_fen"]).as_py() or 0), "fen"),
        *((n, whole[n], "dm2") for n in ("before_dm2", "kept_dm2", "gained_dm2", "lost_dm2", "after_dm2")),
    ]
    for name in ("gained_fen", "lost_fen"):
        known = pc.sum(parcel[name]).as_py()  # None where no rate is known: not known, not nothing
        amounts += [(name, known if not without else None, "fen/a"), (f"{name}_known", known, "fen/a")]
    amounts.append(("entitled_fen", pc.sum(parcel["entitled_fen"]).as_py(), "fen/a"))
    for word in ("arises", "vanishes"):
        n = int(pc.sum(pc.equal(conflict["change"], word)).as_py() or 0)
        amounts.append((f"conflicts_{word}", n if asked else None, ""))
    return ZONE_IMPACT_TOTAL.table([{"item": i, "amount": n, "unit": u} for i, n, u in amounts])


@dataclass(frozen=True, eq=False)
class ZonesImpact:
    """The impact of a proposed edition, with a summary of plain numbers for the command line."""

    old: ZoneEdition | None
    new: ZoneEdition
    impact: ZoneImpact
    summary: dict[str, Any]


def zones_impact(
    old_path: Path | str | None,
    new_path: Path | str,
    parcel_edition_path: Path | str,
    registers: Registers,
    on: date,
    known: date,
    *,
    rules: Parameters | None = None,
    layer_paths: Mapping[str, Path | str] | None = None,
    standard: pa.Table | None = None,
    entitlement: pa.Table | None = None,
    programmes: Mapping[str, str] | None = None,
) -> ZonesImpact:
    """Return what a proposed zone edition would touch, from files and registers; see `zone_impact`.

    layer_paths  file of each edition_id other restrictions lie on
    raises       `FaultsError` if a file is missing or broken, or the two editions are of different kinds
    """
    old, new = None if old_path is None else read_zone_edition(old_path), read_zone_edition(new_path)
    if old is not None:
        same_kind(old, new)
    layers = {name: read_zone_edition(path) for name, path in (layer_paths or {}).items()}
    more: dict[str, Any] = {"standard": standard, "entitlement": entitlement, "programmes": programmes}
    found = zone_impact(old, new, Parcels.read(parcel_edition_path), registers, on, known, rules=rules, layers=layers, **more)
    sums = {r["item"]: r["amount"] for r in found.total.to_pylist()}
    summary = {"on": on.isoformat(), "known": known.isoformat(), **diff_summary(old, new, found.change), "impact": sums}
    return ZonesImpact(old, new, found, {**summary, "faults": [f.as_json() for f in found.faults]})
