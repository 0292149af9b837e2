"""What a reform would change against the year as run: who wins, who loses and why, what it costs, how it is shared.

Two amounts are compared: what holders are *entitled* to, and what the envelopes can really pay (*funded*); winners and
losers are counted by what is paid. All sums are whole fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.simulation.base import Base
from ecocomp.simulation.groups import DIMENSIONS, Codes, codes_of, income_groups, parcel_groups
from ecocomp.simulation.inequality import gini, lorenz, theil_parts
from ecocomp.simulation.outcome import Outcome, column
from ecocomp.standard.words import STEPS
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

STEP_NAMES: dict[str, Text] = {
    **STEPS,
    "compliance": Text("合规系数", "compliance factor"),
    "eligibility": Text("能否获得支付", "whether it is paid at all"),
    "funding": Text("资金是否足够", "whether the funds suffice"),
}
EQUITY_BY = ("income", "village", "owner", "function_zone")


@dataclass(frozen=True)
class People:
    """Everybody with a row in the entitlements, and what does not depend on the reform."""

    ids: pa.Array
    of_row: np.ndarray
    parcel_of_row: np.ndarray
    parcel_ids: pa.Array
    holder_groups: dict[str, Codes]
    parcel_groups: dict[str, Codes]

    @property
    def count(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Comparison:
    """One reform against the year as run."""

    base: Outcome
    outcome: Outcome
    totals: dict[str, Any]
    groups: pa.Table
    holders: pa.Table
    parcels: pa.Table
    budget: pa.Table
    equity: pa.Table
    curve: pa.Table

    @property
    def name(self) -> Text:
        """Return the name of the reform."""
        return Text("现行", "as run") if self.outcome.reform is None else self.outcome.reform.name


def people_of(base: Base, claims: pa.Table) -> People:
    """Return the holders and parcels behind the rows of the entitlements."""
    parcel = base.table("parcel").sort_by("parcel_id")
    parcel_ids = parcel["parcel_id"].combine_chunks()
    row_parcel = pc.index_in(claims["parcel_id"].combine_chunks(), value_set=parcel_ids).to_numpy().astype(np.int64)
    holder = base.table("holder")
    coded = codes_of(claims["holder_id"])
    names = coded.names[1:] if coded.names and coded.names[0] == "" else coded.names
    of_row = coded.index - (len(coded.names) - len(names))
    ids = pa.array(names, pa.string())
    at = pc.index_in(ids, value_set=holder["holder_id"].combine_chunks())
    known = (
        holder.append_column("group", pa.array(_names(income_groups(holder)), pa.string())).take(pc.fill_null(at, 0))
        if len(holder)
        else None
    )
    parts = parcel_groups(parcel, base.table("parcel_zone"))

    def of_holder(name: str) -> Codes:
        if known is None:
            return Codes(["none"], np.zeros(len(ids), np.int64))
        values = pc.if_else(at.is_valid(), known[name].combine_chunks(), "none")
        return codes_of(values)

    groups = {"owner": of_holder("kind"), "income": of_holder("group"), "village": of_holder("village_code")}
    people = People(ids, of_row, row_parcel, parcel_ids, groups, parts)
    groups["function_zone"] = _main_zone(people, claims)
    return people


def _names(codes: Codes) -> list[str]:
    return [codes.names[i] for i in codes.index.tolist()]


def _main_zone(people: People, claims: pa.Table) -> Codes:
    """Return the function zone in which each holder has most area (ties: the first by name)."""
    zone = people.parcel_groups["function_zone"]
    held = people.of_row >= 0
    share = column(claims, "share_num") / np.maximum(column(claims, "share_den"), 1)
    area = column(claims, "area_dm2") * share
    table = np.zeros((people.count, max(len(zone.names), 1)))
    np.add.at(table, (people.of_row[held], zone.index[people.parcel_of_row[held]]), area[held])
    return Codes(zone.names, table.argmax(axis=1) if people.count else np.zeros(0, np.int64))


def compare(base: Base, before: Outcome, after: Outcome, people: People | None = None) -> Comparison:
    """Return what `after` changes against `before`; both have the same rows."""
    people = people or people_of(base, before.claims)
    paid = [column(o.claims, "funded_fen") for o in (before, after)]
    owed = [column(o.claims, "entitled_fen") for o in (before, after)]
    holder_paid = [_sums(people.of_row, p, people.count) for p in paid]
    holder_owed = [_sums(people.of_row, p, people.count) for p in owed]
    n = len(people.parcel_ids)
    parcel_paid = [_sums(people.parcel_of_row, p, n) for p in paid]
    effects = _effects(before, after, people, paid, owed)
    holders = _holders(people, holder_owed, holder_paid, effects)
    parcels = _parcels(people, before, after, parcel_paid, effects)
    groups = _groups(people, holder_paid, parcel_paid)
    equity, curve = _equity(people, holder_paid)
    totals = _totals(before, after, owed, paid, holder_paid, parcel_paid)
    return Comparison(before, after, totals, groups, holders, parcels, _budget(base, before, after), equity, curve)


def _sums(at: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Return exact sums by place; rows with place −1 (nobody) are left out."""
    out = np.zeros(n, np.int64)
    held = at >= 0
    np.add.at(out, at[held], values[held]) if not held.all() else np.add.at(out, at, values)
    return out


# ---------------------------------------------------------------- why
def _effects(
    before: Outcome, after: Outcome, people: People, paid: list[np.ndarray], owed: list[np.ndarray]
) -> dict[str, np.ndarray]:
    """Return how far each step moved each row, in fen (floats: they only rank the reasons)."""
    claims = (before.claims, after.claims)
    out_before, out_after = (pc.equal(c["state"], "excluded").to_numpy(zero_copy_only=False) for c in claims)
    turned = out_before != out_after
    area = column(claims[0], "area_dm2") / PPM * column(claims[0], "share_num") / np.maximum(column(claims[0], "share_den"), 1)
    factor = [column(c, "compliance_ppm") / PPM for c in claims]
    at = people.parcel_of_row
    effects: dict[str, np.ndarray] = {}
    plain = ~turned & ~out_after
    for name in dict.fromkeys([*before.steps, *after.steps]):
        zero = np.zeros(len(people.parcel_ids), np.int64)
        change = after.steps.get(name, zero) - before.steps.get(name, zero)
        if change.any():
            effects[name] = np.where(plain, change[at] * area * factor[0], 0.0)
    rate = column(claims[1], "rate_fen_per_ha")
    if (factor[0] != factor[1]).any():
        effects["compliance"] = np.where(plain, rate * area * (factor[1] - factor[0]), 0.0)
    if turned.any():
        effects["eligibility"] = np.where(turned, owed[1] - owed[0], 0).astype(float)
    short = (owed[0] - paid[0]) - (owed[1] - paid[1])
    if short.any():
        effects["funding"] = short.astype(float)
    return effects


def _reason(effects: Mapping[str, np.ndarray], at: np.ndarray, n: int, change: np.ndarray) -> pa.Array:
    """Return for each place the step that moved it most in the direction it went; empty where it did not move."""
    names = list(effects)
    if not names:
        return pa.array([""] * n, pa.string())
    held = at >= 0
    table = np.stack([np.bincount(at[held], effects[k][held], n) for k in names])
    best = (table * np.sign(change)).argmax(axis=0)
    return pa.array([*names, ""]).take(pa.array(np.where(change == 0, len(names), best)))


def _holders(people: People, owed: list[np.ndarray], paid: list[np.ndarray], effects: Mapping[str, np.ndarray]) -> pa.Table:
    change = paid[1] - paid[0]
    named = {
        k: pa.array(c.names).take(pa.array(c.index)) if len(c.names) else pa.array([], pa.string())
        for k, c in people.holder_groups.items()
    }
    return pa.table(
        {
            "holder_id": people.ids,
            **named,
            "entitled_before_fen": owed[0],
            "entitled_after_fen": owed[1],
            "paid_before_fen": paid[0],
            "paid_after_fen": paid[1],
            "change_fen": change,
            "reason": _reason(effects, people.of_row, people.count, change),
        }
    )


def _parcels(
    people: People, before: Outcome, after: Outcome, paid: list[np.ndarray], effects: Mapping[str, np.ndarray]
) -> pa.Table:
    rates = [column(o.standard, "rate_fen_per_ha") for o in (before, after)]
    change = paid[1] - paid[0]
    named = {k: pa.array(c.names).take(pa.array(c.index)) for k, c in people.parcel_groups.items()}
    return pa.table(
        {
            "parcel_id": people.parcel_ids,
            **named,
            "rate_before_fen_per_ha": rates[0],
            "rate_after_fen_per_ha": rates[1],
            "paid_before_fen": paid[0],
            "paid_after_fen": paid[1],
            "change_fen": change,
            "floor_bites": pa.array(_bites(after, "floor")),
            "cap_bites": pa.array(_bites(after, "cap")),
            "reason": _reason(effects, people.parcel_of_row, len(people.parcel_ids), change),
        }
    )


def _bites(o: Outcome, step: str) -> np.ndarray:
    found = o.steps.get(step)
    return np.zeros(len(o.standard), bool) if found is None else found != 0


# ---------------------------------------------------------------- sums
def _groups(people: People, holder_paid: list[np.ndarray], parcel_paid: list[np.ndarray]) -> pa.Table:
    parts = []
    for name in DIMENSIONS:
        by_parcel = name in people.parcel_groups
        codes = (people.parcel_groups if by_parcel else people.holder_groups)[name]
        paid = parcel_paid if by_parcel else holder_paid
        n = len(codes.names)
        change = paid[1] - paid[0]
        sums = [_sums(codes.index, p, n) for p in paid]
        parts.append(
            pa.table(
                {
                    "by": pa.array([name] * n, pa.string()),
                    "value": pa.array(codes.names, pa.string()),
                    "counted": pa.array(["parcels" if by_parcel else "holders"] * n, pa.string()),
                    "number": np.bincount(codes.index, minlength=n).astype(np.int64),
                    "winners": np.bincount(codes.index[change > 0], minlength=n).astype(np.int64),
                    "losers": np.bincount(codes.index[change < 0], minlength=n).astype(np.int64),
                    "paid_before_fen": sums[0],
                    "paid_after_fen": sums[1],
                    "change_fen": sums[1] - sums[0],
                }
            )
        )
    return pa.concat_tables(parts)


def _totals(
    before: Outcome,
    after: Outcome,
    owed: list[np.ndarray],
    paid: list[np.ndarray],
    holder_paid: list[np.ndarray],
    parcel_paid: list[np.ndarray],
) -> dict[str, Any]:
    change, parcels = holder_paid[1] - holder_paid[0], parcel_paid[1] - parcel_paid[0]
    out: dict[str, Any] = {}
    for k, name in ((0, "before"), (1, "after")):
        o = (before, after)[k]
        out[name] = {
            "entitled_fen": int(owed[k].sum()),
            "paid_fen": int(paid[k].sum()),
            "shortfall_fen": int(owed[k].sum() - column(o.claims, "funded_fen").sum()),
            "available_fen": int(column(o.balance, "opening_fen").sum() + column(o.balance, "granted_fen").sum()),
            "holders_paid": int((holder_paid[k] > 0).sum()),
            "parcels_paid": int((parcel_paid[k] > 0).sum()),
            "floor_bites": int(_bites(o, "floor").sum()),
            "cap_bites": int(_bites(o, "cap").sum()),
            "limit_bites": int(_bites(o, "limit").sum()),
        }
    out |= {
        "winners": int((change > 0).sum()),
        "losers": int((change < 0).sum()),
        "unchanged": int((change == 0).sum()),
        "parcels_up": int((parcels > 0).sum()),
        "parcels_down": int((parcels < 0).sum()),
        "gained_fen": int(change[change > 0].sum()),
        "lost_fen": int(change[change < 0].sum()),
        "net_fen": int(change.sum()),
    }
    return out


def _budget(base: Base, before: Outcome, after: Outcome) -> pa.Table:
    """Return what each envelope has, gives and keeps, before and after."""
    names = {r["envelope_id"]: r for r in base.table("envelope").to_pylist()}
    rows: dict[str, dict[str, Any]] = {}
    for o, when in ((before, "before"), (after, "after")):
        for r in o.balance.to_pylist():
            row = rows.setdefault(r["envelope_id"], {"envelope_id": r["envelope_id"], "source": r["source"]})
            row |= {
                f"available_{when}_fen": r["opening_fen"] + r["granted_fen"],
                f"allocated_{when}_fen": r["allocated_fen"],
                f"left_{when}_fen": r["closing_fen"],
                f"lapsed_{when}_fen": r["lapsed_fen"],
            }
            row["name_zh"] = names.get(r["envelope_id"], {}).get("name_zh", "")
            row["name_en"] = names.get(r["envelope_id"], {}).get("name_en", "")
    schema = pa.schema(
        [(n, pa.string()) for n in ("envelope_id", "source", "name_zh", "name_en")]
        + [(f"{n}_{w}_fen", pa.int64()) for w in ("before", "after") for n in ("available", "allocated", "left", "lapsed")]
    )
    return pa.Table.from_pylist([rows[k] for k in sorted(rows)], schema=schema)


# ---------------------------------------------------------------- equity
def _equity(people: People, paid: list[np.ndarray]) -> tuple[pa.Table, pa.Table]:
    rows: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    for when, x in (("before", paid[0]), ("after", paid[1])):
        exact = gini(x)
        rows.append(
            {
                "when": when,
                "measure": "gini",
                "by": "",
                "value": None if exact is None else float(exact),
                "exact": "" if exact is None else str(exact),
            }
        )
        for name in EQUITY_BY:
            found = theil_parts(x, people.holder_groups[name].index) if people.count else None
            for measure, value in zip(("theil", "theil_within", "theil_between"), found or (None,) * 3, strict=True):
                if measure != "theil" or name == EQUITY_BY[0]:
                    rows.append(
                        {"when": when, "measure": measure, "by": "" if measure == "theil" else name, "value": value, "exact": ""}
                    )
        points += [{"when": when, "holders_share": p, "paid_share": v} for p, v in lorenz(x)]
    shape = pa.schema(
        [("when", pa.string()), ("measure", pa.string()), ("by", pa.string()), ("value", pa.float64()), ("exact", pa.string())]
    )
    curve = pa.schema([("when", pa.string()), ("holders_share", pa.float64()), ("paid_share", pa.float64())])
    return pa.Table.from_pylist(rows, schema=shape), pa.Table.from_pylist(points, schema=curve)


def biggest(table: pa.Table, n: int, *, gain: bool) -> list[dict[str, Any]]:
    """Return the `n` rows with the largest gain or loss, equal ones by id."""
    change = table["change_fen"].to_numpy()
    order = np.argsort(-change if gain else change, kind="stable")[:n]
    picked = order[change[order] > 0] if gain else order[change[order] < 0]
    found: list[dict[str, Any]] = table.take(pa.array(picked)).to_pylist()
    return found
