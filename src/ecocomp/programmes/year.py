"""The programmes of a year together: each by its file, then what they owe each other on the same parcels, as entitlements.

For the year's run (stage ``enrol``) and for `ecocomp programme owed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import lcm

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.programmes.county import CountyShare, county_shares
from ecocomp.programmes.owed import Given, Owed, ground_year, owed
from ecocomp.programmes.programme import Programme
from ecocomp.programmes.rates import on_day, unaccepted
from ecocomp.programmes.stacking import LIVE, Mark, Stacked, ground_of, marks_of, resolve
from ecocomp.rules import Parameters, RuleValue
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import apportion, half_even
from ecocomp.terms.tables import DUE, DUE_SOURCE, ENROLMENT, ENTITLEMENT, PPM

FEN_PER_HA = {"CNY/mu": 1500, "CNY/ha": 100}


@dataclass
class ProgrammeYear:
    """What the rule-file programmes of a year come to.

    entitlement  ENTITLEMENT rows to be put beside those of the standard-based programme
    due, source  the same in full (`terms.tables.DUE`, `terms.tables.DUE_SOURCE`), with what waits and what goes to suppliers
    stacking     what gave way to what (`terms.tables.STACKED`)
    county       rules for the county as a whole
    rules        the dated values used; `unaccepted` tells which of them a payment may not rest on
    """

    entitlement: pa.Table
    due: pa.Table
    source: pa.Table
    stacking: pa.Table
    county: list[CountyShare]
    faults: list[Fault]
    rules: list[RuleValue] = field(default_factory=list)

    def unaccepted(self, params: Parameters, accepted: tuple[str, ...] = ()) -> list[Fault]:
        """Return a fault for each unverified value used that was not accepted by name."""
        return unaccepted(self.rules, params, accepted)


def entitlements(
    programmes: Sequence[Programme],
    tables: Mapping[str, pa.Table | None],
    params: Parameters,
    year: int,
    *,
    beside: Mapping[str, tuple[pa.Table, str]] | None = None,
    others: Sequence[Programme] = (),
) -> ProgrammeYear:
    """Return what several programmes owe in a year.

    tables   gate tables by name: contract, right_payable, parcel; where there are any inspection, enrolment, holder,
             parcel_zone, overlay, paid_before
    beside   programme → (its ENTITLEMENT rows, its code in the stacking rules): programmes that are no rule file
    others   programmes that are not asked for, yet have ground that those asked for may have to give way to
    """
    asked = {p.id for p in programmes}
    both = [*programmes, *(p for p in others if p.id not in asked)]
    found = {p.id: _owed(p, tables, params, year, None, None) for p in sorted(both, key=lambda p: p.id)}
    signed = _signed(tables, params)
    parcel = tables["parcel"]
    assert parcel is not None
    standard = _beside(beside or {}, found, signed)
    shared = {m.parcel_id for m in standard}
    now = [(o.programme, ground_of(o, year)) for o in found.values()]
    marks, at = {year: [*marks_of(now, signed, year, shared), *standard]}, {year: params}
    for then in _years_before(found, year):
        at[then] = params.book.resolve(params.chain[0], on_day(params.valid_on, then), params.known_on)
        marks[then] = [*_marks_then(found, tables, at[then], then, year, shared, signed), *standard]
    stacked = resolve({o.programme.id: o.programme for o in found.values()}, marks, parcel, at)
    for id, cuts in stacked.cuts.items():
        if id in found:
            found[id] = _again(found[id], tables, params, year, cuts)
    found = {id: o for id, o in found.items() if id in asked}
    due = DUE.checked(pa.concat_tables([o.due for o in found.values()])) if found else DUE.empty()
    source = DUE_SOURCE.checked(pa.concat_tables([o.source for o in found.values()])) if found else DUE_SOURCE.empty()
    county, faults = _county(programmes, tables, params)
    faults = [f for o in found.values() for f in o.faults] + stacked.faults + faults
    rules = [r for o in found.values() for r in o.rules]
    return ProgrammeYear(as_entitlements(due, {p.id: p for p in programmes}), due, source, stacked.table, county, faults, rules)


def _owed(
    programme: Programme,
    tables: Mapping[str, pa.Table | None],
    params: Parameters,
    year: int,
    stacked: Mapping[tuple[str, int], Given] | None,
    only: pa.Array | None,
    seen: int | None = None,
) -> Owed:
    contract, right, parcel = tables["contract"], tables["right_payable"], tables["parcel"]
    assert contract is not None and right is not None and parcel is not None
    more = {k: tables.get(k) for k in ("enrolment", "holder", "parcel_zone", "overlay", "paid_before")}
    seen_on = tables.get("inspection")
    return owed(programme, contract, seen_on, right, parcel, params, year, stacked=stacked, only=only, seen=seen, **more)


def _again(
    one: Owed, tables: Mapping[str, pa.Table | None], params: Parameters, year: int, cuts: Mapping[tuple[str, int], Given]
) -> Owed:
    """Work out again only the contracts that give up ground."""
    ids = pa.array(sorted({id for id, _ in cuts}), pa.string())
    part = _owed(one.programme, tables, params, year, cuts, ids)
    gone = pc.is_in(one.due["contract_id"], value_set=ids)
    kept = one.due.filter(pc.invert(gone))
    left = pc.is_in(one.source["due_id"], value_set=one.due.filter(gone)["due_id"].combine_chunks())
    source = pa.concat_tables([one.source.filter(pc.invert(left)), part.source])
    return Owed(
        one.programme,
        DUE.checked(pa.concat_tables([kept, part.due])),
        DUE_SOURCE.checked(source),
        one.faults,
        one.rules,
        one.running,
    )


def _years_before(found: Mapping[str, Owed], year: int) -> list[int]:
    """Return the earlier years whose ground is paid for in a year."""
    out: set[int] = set()
    for one in found.values():
        for p in one.programme.payments:
            if p.by_area:
                live = pc.and_(pc.is_in(one.due["state"], value_set=pa.array(LIVE)), pc.equal(one.due["payment"], p.id))
                years = one.due.filter(live)["for_year"].unique().to_numpy()
                out |= {int(y) for y in ground_year(p, years) if y < year}
    return sorted(out)


def _marks_then(
    found: Mapping[str, Owed],
    tables: Mapping[str, pa.Table | None],
    params: Parameters,
    then: int,
    year: int,
    shared: set[str],
    signed: Mapping[str, date],
) -> list[Mark]:
    """Return who holds ground in an earlier year, as known today, on parcels for which some of that year is paid now.

    What this year's run says of that year counts; beside it what was paid before, and tranches that run. A yearly claim of
    another programme that was never decided holds its ground no longer; a tranche does while it is still waited for.
    """
    now = {id: ground_of(o, then, running=False) for id, o in found.items()}
    parcels = pa.chunked_array([c for t in now.values() for c in t["parcel_id"].chunks], pa.string()).unique()
    ids = _contracts_on(parcels, tables)
    known = tables.get("paid_before")
    paid = None if known is None else frozenset(zip(*(known[c].to_pylist() for c in _PAID), strict=True))
    grounds = []
    for id, one in found.items():
        was = ground_of(_owed(one.programme, {**tables, "paid_before": None}, params, then, None, ids, seen=year), then)
        listed = set(now[id]["contract_id"].to_pylist())
        live = _live(one)
        kept = []
        for row in was.to_pylist():
            if row["contract_id"] in listed:
                continue
            if row["yearly"]:
                row["takes_dm2"] = row["firm_dm2"] if paid is None or (id, row["contract_id"], then) in paid else 0
            elif row["contract_id"] not in live:
                row["takes_dm2"] = row["firm_dm2"]
            if row["takes_dm2"]:
                kept.append(row | {"firm_dm2": min(row["firm_dm2"], row["takes_dm2"])})
        grounds.append((one.programme, pa.concat_tables([now[id], pa.Table.from_pylist(kept, schema=was.schema)])))
    return marks_of(grounds, {**_signed(tables, params), **signed}, then, shared, paid or frozenset())


_PAID = ("programme", "contract_id", "for_year")


def _live(one: Owed) -> set[str]:
    """Return the contracts that are paid, claimed or running this year."""
    rows = one.due.filter(pc.is_in(one.due["state"], value_set=pa.array(LIVE)))
    running = [] if one.running is None else one.running["contract_id"].to_pylist()
    return {*rows["contract_id"].to_pylist(), *running}


def _contracts_on(parcels: pa.Array, tables: Mapping[str, pa.Table | None]) -> pa.Array:
    """Return the contracts that ever stood on parcels."""
    out: set[str] = set()
    for name in ("contract", "enrolment"):
        table = tables.get(name)
        if table is not None:
            out |= set(table.filter(pc.is_in(table["parcel_id"], value_set=parcels))["contract_id"].to_pylist())
    return pa.array(sorted(out), pa.string())


def _signed(tables: Mapping[str, pa.Table | None], params: Parameters) -> dict[str, date]:
    contract, enrolment = tables["contract"], tables.get("enrolment")
    assert contract is not None
    now = as_of(contract, params.valid_on, params.known_on)
    out: dict[str, date] = dict(zip(now["contract_id"].to_pylist(), now["signed_on"].to_pylist(), strict=True))
    if enrolment is not None:
        held = as_of(enrolment, params.valid_on, params.known_on)
        out = {**dict(zip(held["contract_id"].to_pylist(), held["term_from"].to_pylist(), strict=True)), **out}
    return out


def _beside(beside: Mapping[str, tuple[pa.Table, str]], found: Mapping[str, Owed], signed: Mapping[str, date]) -> list[Mark]:
    """Return the marks of programmes that are no rule file, on parcels where a rule-file programme pays too."""
    parcels = {p for o in found.values() for p in o.due["parcel_id"].to_pylist()} if beside else set()
    out = []
    for id, (table, code) in beside.items():
        live = table.filter(pc.is_in(table["state"], value_set=pa.array(["payable", "escrow", "held"])))
        live = live.filter(pc.is_in(live["parcel_id"], value_set=pa.array(sorted(parcels), pa.string())))
        seen: set[str] = set()
        for r in live.select(["parcel_id", "contract_id", "holder_id", "area_dm2"]).to_pylist():
            if r["parcel_id"] not in seen:
                seen.add(r["parcel_id"])
                out.append(
                    Mark(
                        r["parcel_id"],
                        r["contract_id"],
                        r["holder_id"],
                        id,
                        "",
                        code,
                        "",
                        f"{id}/{r['parcel_id']}",
                        r["area_dm2"],
                        signed.get(r["contract_id"]),
                        r["area_dm2"],
                        r["area_dm2"],
                    )
                )
    return out


def _county(
    programmes: Sequence[Programme], tables: Mapping[str, pa.Table | None], params: Parameters
) -> tuple[list[CountyShare], list[Fault]]:
    enrolment, contract, parcel = tables.get("enrolment"), tables["contract"], tables["parcel"]
    assert contract is not None and parcel is not None
    out: list[CountyShare] = []
    faults: list[Fault] = []
    for p in programmes:
        shares, wrong = county_shares(p, contract, ENROLMENT.empty() if enrolment is None else enrolment, parcel, params)
        out += shares
        faults += wrong
    return out, faults


def as_entitlements(due: pa.Table, programmes: Mapping[str, Programme]) -> pa.Table:
    """Return due rows as entitlements (ENTITLEMENT): one for each holder, parcel, programme, year and tranche.

    The first payment of a programme carries the programme's code, each further one ``programme.payment``. What waits is
    excluded with its reason and its amount before deduction; what goes to suppliers is left out.
    """
    due = due.filter(pc.not_equal(due["payee"], "supplier"))
    if not len(due):
        return ENTITLEMENT.empty()
    first = pa.array([f"{p.id}.{p.payments[0].id}" for p in programmes.values()])
    both = pc.binary_join_element_wise(due["programme"], due["payment"], ".")
    name = pc.if_else(pc.is_in(both, value_set=first), due["programme"], both)
    refused = pc.is_in(due["state"], value_set=pa.array(["waiting", "excluded"]))
    zero = pa.scalar(0, pa.int64())
    entitled = pc.if_else(refused, zero, due["net_fen"])
    state = pc.if_else(pc.equal(due["state"], "waiting"), "excluded", due["state"])
    n = len(due)
    table = {
        "entitlement_id": due["due_id"],
        "year": due["year"],
        "programme": name,
        "parcel_id": due["parcel_id"],
        "holder_id": due["holder_id"],
        "right_id": due["right_id"],
        "contract_id": due["contract_id"],
        "area_dm2": pc.if_else(pc.is_in(due["unit"], value_set=pa.array(list(FEN_PER_HA))), due["paid_dm2"], zero),
        "share_num": due["share_num"],
        "share_den": due["share_den"],
        "rate_fen_per_ha": _rates(due),
        "compliance_ppm": np.full(n, PPM),
        "gross_fen": due["gross_fen"],
        "deduction_fen": pc.subtract(due["gross_fen"], entitled),
        "entitled_fen": entitled,
        "funded_fen": np.zeros(n, np.int64),
        "shortfall_fen": entitled,
        "state": state,
        "reason": due["reason"],
        "tranche": due["tranche"],
    }
    return _once(ENTITLEMENT.table(table))


def _rates(due: pa.Table) -> pa.Array:
    """Return the rates in whole fen per hectare as they are shown; the money was worked out from the exact rate."""
    both = pc.binary_join_element_wise(due["unit"], due["rate"], "|").combine_chunks().dictionary_encode()
    shown = []
    for text in both.dictionary.to_pylist():
        unit, _, rate = text.partition("|")
        value = Fraction(rate or "0") * FEN_PER_HA.get(unit, 0)
        shown.append(half_even(value.numerator, value.denominator))
    return pa.array(shown, pa.int64()).take(both.indices) if shown else pa.array([], pa.int64())


_KEY = ("holder_id", "parcel_id", "programme", "year", "tranche")


def _once(table: pa.Table) -> pa.Table:
    """Join live rows that are one by (holder, parcel, programme, year, tranche): plots of different variants on one parcel."""
    live = table.filter(pc.not_equal(table["state"], "excluded"))
    counts = live.group_by([*_KEY, "state"], use_threads=False).aggregate([([], "count_all")])
    if not len(counts) or pc.max(counts["count_all"]).as_py() == 1:
        return table
    seen: dict[tuple[object, ...], dict[str, object]] = {}
    out: list[dict[str, object]] = []
    for row in table.to_pylist():
        key = tuple(row[k] for k in (*_KEY, "state"))
        if row["state"] == "excluded" or key not in seen:
            seen[key] = row
            out.append(row)
            continue
        kept = seen[key]
        for name in ("area_dm2", "gross_fen", "deduction_fen", "entitled_fen", "shortfall_fen"):
            kept[name] = int(kept[name]) + int(row[name])  # type: ignore[call-overload]
        if kept["rate_fen_per_ha"] != row["rate_fen_per_ha"]:
            kept["rate_fen_per_ha"] = 0
    return ENTITLEMENT.table(out)


_GROUND = ("programme", "payment", "contract_id", "parcel_id", "variant", "for_year", "tranche")


def own_areas(due: pa.Table) -> list[int]:
    """Return of each due row the part of its paid area that is its recipient's own [dm2]: sums of them count ground once.

    ``paid_dm2`` is what the plot is paid on; where several hold it, it stands in each of their rows. It is split here by their
    shares as the money is (`terms.money.apportion`); a row that is not paid has none.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, key in enumerate(zip(*(due[c].to_pylist() for c in _GROUND), strict=True)):
        groups.setdefault(key, []).append(i)
    paid, num, den = (due[c].to_pylist() for c in ("paid_dm2", "share_num", "share_den"))
    out = list(paid)
    for rows in groups.values():
        if len(rows) == 1:
            continue
        common = lcm(*(den[i] or 1 for i in rows))
        weights = [(num[i] or 0) * (common // (den[i] or 1)) for i in rows]
        parts = apportion(max(paid[i] for i in rows), weights if any(weights) else [1] * len(rows))
        for i, part in zip(rows, parts, strict=True):
            out[i] = part if paid[i] else 0
    return out


__all__ = ["ProgrammeYear", "Stacked", "as_entitlements", "entitlements", "own_areas"]
