"""The money of a year computed again, with or without a reform: standard, entitlements, funds.

Only what a reform can change is computed: the value of services if a valuation key changed, the reading of land if a
key says which services or zones count, else just the rates, the entitlements and the sharing of the funds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.funds.allocate import allocate, check_envelopes, is_derived, open_envelopes
from ecocomp.payments.enrol import GIVEN, enrolled
from ecocomp.payments.entitle import entitle
from ecocomp.payments.orders import hold
from ecocomp.rules import Parameters
from ecocomp.simulation.base import Base
from ecocomp.simulation.reform import Reform, apply_change
from ecocomp.standard.engine import Task, prepare_task
from ecocomp.standard.land import PART_NAMES
from ecocomp.standard.vector import PIECE, set_columns
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.money import to_fen, to_yuan
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text
from ecocomp.valuation.value import value_services

READS_LAND = ("standard.value_services", "standard.least_observed", "standard.ban_red_line")
ADJUST = "adjust"


@dataclass(frozen=True)
class Outcome:
    """What a year comes to.

    standard    rates and parts of parcels, sorted by parcel
    steps       what each step adds to the rate of each parcel (fen/ha/a, int64): parts, then index, reward, limit, floor, cap
    claims      entitlements with what is funded
    balance     envelopes at year end
    allocation  which envelope gave what
    """

    reform: Reform | None
    standard: pa.Table
    steps: dict[str, np.ndarray]
    claims: pa.Table
    balance: pa.Table
    allocation: pa.Table
    warnings: tuple[Fault, ...] = ()


def outcome(base: Base, reform: Reform | None = None) -> Outcome:
    """Return the money of the year under a reform (None: under the rules it was run with)."""
    params = base.params(() if reform is None else reform.values)
    task = _task(base, reform, params)
    task = replace(task, params=params, eligible=frozenset(str(g) for g in params.items("standard.eligible_groups")))
    standard = set_columns(task, steps=False, ranges=False)[0]
    steps = _steps(task, standard)
    programme, year = base.programme, base.year
    claims = entitle(
        standard,
        base.table("parcel"),
        base.table("right_payable"),
        base.table("contract"),
        base.table("compliance"),
        params,
        year,
        programme,
    )
    if base.adopted is not None and base.adopted.programmes:
        tables = {n: base.tables.get(n) if base.load is None else base.tables.get(n, base.load(n)) for n in GIVEN}
        claims, _ = enrolled(claims, base.adopted, base.roots, tables, params, year)
    envelope = base.table("envelope") if reform is None else changed_envelopes(base.table("envelope"), reform, year)
    empty = {n: base.tables.get(n, TABLES[n].empty()) for n in ("settlement", "credit", "objection")}
    opening = open_envelopes(envelope, base.last.get("envelope_balance"), empty["settlement"], empty["credit"], year, params)
    changed = reform is not None and bool(reform.envelopes)
    faults = check_envelopes(envelope, params, year, opening, empty["settlement"]) if changed else []
    raise_errors(faults)
    claims, allocation, balance = allocate(
        claims, base.table("parcel"), base.table("parcel_zone"), envelope, opening, params, year, base.table("holder")
    )
    claims = hold(claims, empty["objection"])
    warnings = [*(f for f in faults if f.severity == "warning")]
    if reform is not None:
        still = _unchanged(base.table("envelope"), envelope, reform, year)
        warnings = [*reform.warnings, *warnings, *_unread(reform, set(params.used), base), *still]
    return Outcome(reform, standard, steps, claims, balance, allocation, tuple(warnings))


def _task(base: Base, reform: Reform | None, params: Parameters) -> Task:
    """Return the parcels as the standard reads them; the same ones for every reform that does not change how they are read."""
    keys = frozenset() if reform is None else reform.keys
    valued = any(k.startswith("valuation.") for k in keys)
    if not valued and not keys & set(READS_LAND):
        if "task" not in base.kept:
            base.kept["task"] = _prepared(base, base.table("service_value"), base.params())
        found: Task = base.kept["task"]
        return found
    if valued:
        return _prepared(base, value_services(base.table("service"), params, base.year), params)
    return _prepared(base, base.table("service_value"), params)


def _prepared(base: Base, value: pa.Table, params: Parameters) -> Task:
    return prepare_task(
        base.table("parcel"),
        base.table("parcel_zone"),
        value,
        base.table("economy"),
        base.region_code,
        params,
        base.year,
        base.last.get("scorecard"),
        base.last.get("standard"),
        tenure=base.tenure,
        named=False,
    )


def _steps(task: Task, standard: pa.Table) -> dict[str, np.ndarray]:
    """Return what each part and each adjustment adds to the rate of each parcel."""
    out = {n: standard[f"{n}_fen_per_ha"].to_numpy().astype(np.int64) for n in PART_NAMES}
    rate = sum(out.values())
    adjustments = task.rules().adjustments
    paid = np.array([g in task.eligible for g in task.lands.group.names], bool)[task.lands.group.index]
    made: dict[str, np.ndarray] = {}
    for start in range(0, len(task.lands), PIECE):
        rows = start + np.flatnonzero(paid[start : start + PIECE])
        if not len(rows):
            continue
        now: Any = np.asarray(rate)[rows]
        for bound in adjustments.on(task.lands.take(rows)):
            before, now = now, bound.apply(now)
            made.setdefault(bound.step, np.zeros(len(task.lands), np.int64))[rows] = (now - before).astype(np.int64)
    return out | made


def changed_envelopes(envelope: pa.Table, reform: Reform, year: int) -> pa.Table:
    """Return the register of envelopes with the changes of a reform to the rows of `year`."""
    if not reform.envelopes:
        return envelope
    rows = envelope.to_pylist()
    for row in rows:
        if row["year"] != year:
            continue
        for column, value in reform.envelopes.get(row["envelope_id"], {}).items():
            if column == "granted_yuan":
                row["granted_fen"] = _granted(row, value)
            elif column == "priority":
                row[column] = int(value)
            else:
                row[column] = " ".join(map(str, value)) if isinstance(value, list) else value
    return pa.Table.from_pylist(rows, schema=envelope.schema)


def _granted(row: dict[str, Any], value: Any) -> int:
    """Return the changed grant of an envelope in fen; a sum that no table of money holds is a fault."""
    fen = to_fen(apply_change(to_yuan(row["granted_fen"]), value))
    if fen <= 10**16:
        return fen
    said = Text("granted_yuan {v} 得出的金额超过 10^14 元。", "granted_yuan {v} makes more than 10^14 yuan.").fill(v=value)
    raise FaultsError([Fault("reform.value", "envelopes", str(row["envelope_id"]), said, Text("更正改动。", "Mend the change."))])


def _unread(reform: Reform, used: set[str], base: Base) -> list[Fault]:
    """Return a warning for each changed key that nothing read in this year: it had no effect."""
    return [
        Fault(
            "reform.no_effect",
            v.file,
            f"line {v.line}",
            Text("{k} 在 {y} 年没有被用到，改它没有作用。", "{k} was not used in {y}; changing it has no effect.").fill(
                k=v.key, y=base.year
            ),
            Text("核对键名，或同时改动选用它的规则。", "Check the key, or also change the rule that would use it."),
            "warning",
        )
        for v in sorted(reform.values, key=lambda v: v.key)
        if v.key not in used
    ]


def _unchanged(before: pa.Table, after: pa.Table, reform: Reform, year: int) -> list[Fault]:
    """Return a warning for each change of an envelope that leaves it as it was, with the reason where the grant is derived."""
    old, new = ({r["envelope_id"]: r for r in t.to_pylist() if r["year"] == year} for t in (before, after))
    out = []
    for id, changes in reform.envelopes.items():
        for name, value in changes.items():
            held = "granted_fen" if name == "granted_yuan" else name
            if id not in new or old[id][held] != new[id][held]:
                continue
            said = str(value).lower() if isinstance(value, bool) else value
            clash = Text("{c}：{v} 没有改变它。", "{c}: {v} does not change it.").fill(c=name, v=said)
            remedy = Text("核对改动。", "Look at the change.")
            if name == "granted_yuan" and is_derived(old[id]["source"]):
                clash = Text(
                    "{c}：{v} 没有作用；下达额由协议结算或成交得出，登记为 0。",
                    "{c}: {v} has no effect; the grant is derived from settlement or sale, and the register says 0.",
                ).fill(c=name, v=value)
                remedy = Text(
                    "改动协议或碳汇的规则，而不是下达额。", "Change what the agreement or the sale rests on, not the grant."
                )
            out.append(Fault("reform.no_effect", "envelopes", id, clash, remedy, "warning"))
    return out


def column(table: pa.Table, name: str) -> np.ndarray:
    """Return a whole-number column."""
    return pc.fill_null(table[name], 0).to_numpy().astype(np.int64)
