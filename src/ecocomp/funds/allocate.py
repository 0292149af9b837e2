"""Envelopes are opened, checked and shared over what is owed; nothing is lost and no cut ever helps anyone.

For the finance officer. Envelopes are used one after the other in the order of their priority (ties by id). Each
gives the smaller of what it holds and what is still unmet on the parcels it may be used for, shared in
proportion to what is unmet (`terms.money.apportion`, rows in the order of entitlement_id).

What is proved of this, in whole fen and for any earmarks and any number of envelopes:

*A cut in any one envelope never raises what any entitlement gets.* Let u be the unmet sums before a step and
U their total over the eligible rows. The step leaves r = u − apportion(e, u), which is Webster's split of
U − e over u with the ties the other way round. (1) Less e leaves every r_i as high or higher: the split is
house monotone. (2) A higher u_j with e unchanged leaves every r_i as high or higher: U − e grows with u_j by
one unit; would the divisor fall, all i ≠ j could only lose and j could win at most one, since the multiplier is
at most 1; so j takes exactly that unit and nobody else moves; would it rise, nobody loses. So a step is
monotone in u and e, and so is any chain of steps. What is *not* true: that a cut hits only its own purpose. Money that
is no longer met by a tied envelope is met from the general ones, which then give less to everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.funds.source import may_carry_over, may_earmark, priority
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES, FUND_SOURCES
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import apportion, say_yuan
from ecocomp.terms.tables import ALLOCATION, ENTITLEMENT, ENVELOPE_BALANCE, PPM
from ecocomp.terms.text import Text

FUNDED_STATES = ("payable", "escrow", "held")


def open_envelopes(
    envelope: pa.Table, balance_last: pa.Table | None, settlement: pa.Table, credit: pa.Table, year: int, params: Parameters
) -> pa.Table:
    """Return the envelopes of `year` at its start: carried in and granted, nothing yet allocated (ENVELOPE_BALANCE).

    Grants of derived sources (agreements, carbon) come from `settlement` and `credit`, not from the register.
    Money left over last year whose envelope has no row this year keeps that envelope's terms until its last day;
    if the register no longer knows the envelope, it is brought in all the same and lapses when the year is closed.
    """
    known = entries("funds.sources")
    left = {} if balance_last is None else {r["envelope_id"]: r for r in balance_last.to_pylist() if r["closing_fen"]}
    rows = []
    for env in in_force(envelope, balance_last, year):
        source = known[env["source"]].module if env["source"] in known else None
        this_year = env["year"] == year
        granted = env["granted_fen"] if source is None else source.grant_fen(env, settlement, credit, year, params)
        opening = left.get(env["envelope_id"], {}).get("closing_fen", 0)
        rows.append(
            {
                "envelope_id": env["envelope_id"],
                "year": year,
                "source": env["source"],
                "opening_fen": opening,
                "granted_fen": granted if this_year else 0,
                "allocated_fen": 0,
                "paid_fen": 0,
                "escrow_fen": 0,
                "closing_fen": opening + (granted if this_year else 0),
                "lapsed_fen": 0,
            }
        )
    seen = {r["envelope_id"] for r in rows}
    rows += [
        {
            **r,
            "year": year,
            "opening_fen": r["closing_fen"],
            **dict.fromkeys(("granted_fen", "allocated_fen", "paid_fen", "escrow_fen", "lapsed_fen"), 0),
        }
        for i, r in left.items()
        if i not in seen
    ]
    return ENVELOPE_BALANCE.table(rows)


def in_force(envelope: pa.Table, balance_last: pa.Table | None, year: int) -> list[dict[str, Any]]:
    """Return the register rows that matter in `year`: this year's, and the latest older one of each envelope with money left."""
    rows = envelope.to_pylist()
    now = [r for r in rows if r["year"] == year]
    have = {r["envelope_id"] for r in now}
    left = set() if balance_last is None else {r["envelope_id"] for r in balance_last.to_pylist() if r["closing_fen"]} - have
    older = [
        max((r for r in rows if r["envelope_id"] == i and r["year"] < year), key=lambda r: int(r["year"]), default=None)
        for i in sorted(left)
    ]
    return [*now, *(r for r in older if r is not None)]


# ---------------------------------------------------------------- checks
def check_envelopes(envelope: pa.Table, params: Parameters, year: int, opening: pa.Table | None = None) -> list[Fault]:
    """Return every fault of the envelopes of `year`.

    opening  the result of `open_envelopes`; with it the statutory floor is compared with derived grants too

    Errors: negative amount, grant below the statutory floor (both numbers named), unknown source, not usable in the
    year, entered twice, earmark that names no known zone or ecosystem group, carry-over or earmark the source does not allow.
    """
    rows = [r for r in envelope.to_pylist() if r["year"] == year]
    granted = {} if opening is None else {r["envelope_id"]: r["granted_fen"] for r in opening.to_pylist()}
    out: list[Fault] = []
    ids = [r["envelope_id"] for r in rows]
    for row in rows:
        out += _amount_faults(row, granted) + _date_faults(row, year) + _source_faults(row, params) + _earmark_faults(row)
    for i in sorted({i for i in ids if ids.count(i) > 1}):
        out.append(
            _fault(
                i,
                "duplicate",
                Text("{y} 年登记了 {n} 次。", "It is entered {n} times for {y}.").fill(y=year, n=ids.count(i)),
                Text("一个资金包一年一行。", "One row for an envelope and year."),
            )
        )
    return out


def _amount_faults(row: dict[str, Any], granted: Mapping[str, int]) -> list[Fault]:
    out = [
        _fault(
            row["envelope_id"],
            "negative",
            Text("{k} 是 {v} 元。", "{k} is {v} yuan.").fill(k=k, v=say_yuan(row[k])),
            Text("写不小于零的金额。", "Write zero or more."),
        )
        for k in ("granted_fen", "floor_fen")
        if row[k] < 0
    ]
    derived = _is_derived(row["source"])
    got = granted.get(row["envelope_id"], row["granted_fen"])
    if derived and row["granted_fen"] not in (0, got):
        out.append(
            _fault(
                row["envelope_id"],
                "derived",
                Text(
                    "登记下达 {a} 元，而结算或成交得出 {b} 元。", "The register grants {a} yuan; settlement or sale gives {b} yuan."
                ).fill(a=say_yuan(row["granted_fen"]), b=say_yuan(got)),
                Text("登记为 0，由计算得出；或核对结算。", "Enter 0 and let it be derived, or check the settlement."),
            )
        )
    if got < row["floor_fen"] and not (derived and row["envelope_id"] not in granted):
        out.append(
            _fault(
                row["envelope_id"],
                "floor",
                Text(
                    "下达 {g} 元，低于法定最低额 {f} 元，少 {d} 元。",
                    "{g} yuan are granted, below the statutory floor of {f} yuan: {d} short.",
                ).fill(g=say_yuan(got), f=say_yuan(row["floor_fen"]), d=say_yuan(row["floor_fen"] - got)),
                Text("补足预算，或核对最低额的文件。", "Add to the budget, or check the document of the floor."),
            )
        )
    return out


def _is_derived(source: str) -> bool:
    known = entries("funds.sources")
    return source in known and bool(known[source].module.DERIVED)


def _date_faults(row: dict[str, Any], year: int) -> list[Fault]:
    if row["valid_from"] <= date(year, 12, 31) and date(year, 1, 1) <= row["valid_to"] and row["valid_from"] <= row["valid_to"]:
        return []
    return [
        _fault(
            row["envelope_id"],
            "expired",
            Text("可用期 {a} 至 {b} 不含 {y} 年。", "It may be used from {a} to {b}, which is not in {y}.").fill(
                a=row["valid_from"], b=row["valid_to"], y=year
            ),
            Text("更正可用期，或改用别的资金包。", "Mend the dates or use another envelope."),
        )
    ]


def _source_faults(row: dict[str, Any], params: Parameters) -> list[Fault]:
    source = row["source"]
    if source not in entries("funds.sources"):
        return [
            _fault(
                row["envelope_id"],
                "source",
                Text("来源 {s} 不认识。", "Source {s} is not known.").fill(s=source),
                Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(entries("funds.sources"))),
            )
        ]
    name = FUND_SOURCES.get(source, Text(source, source))
    out = []
    if row["carry_over"] and not may_carry_over(source, params):
        out.append(
            _fault(
                row["envelope_id"],
                "carry_over",
                Text("登记为可结转，而{s}不可结转。", "It says it may be carried over, which {s} may not.").fill(s=name),
                Text("改为不可结转，或在规则 funds.may_carry_over 中更正。", "Say no, or mend rule funds.may_carry_over."),
            )
        )
    tied = row["earmark_zones"] or row["earmark_ecosystems"] or row["earmark_red_line"]
    if tied and not may_earmark(source, params):
        out.append(
            _fault(
                row["envelope_id"],
                "earmark",
                Text("限定了用途，而{s}不可限定。", "It is tied to a purpose, which {s} may not be.").fill(s=name),
                Text("去掉限定，或在规则 funds.may_earmark 中更正。", "Drop the tie, or mend rule funds.may_earmark."),
            )
        )
    return out


def _earmark_faults(row: dict[str, Any]) -> list[Fault]:
    out = []
    for key, known in (("earmark_zones", FUNCTION_ZONES), ("earmark_ecosystems", ECOSYSTEM_GROUPS)):
        out += [
            _fault(
                row["envelope_id"],
                "earmark",
                Text("{k} 中的 {c} 不认识。", "{c} in {k} is not known.").fill(k=key, c=code),
                Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(known)),
            )
            for code in row[key].split()
            if code not in known
        ]
    return out


def _fault(record: str, kind: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"funds.{kind}", "envelope", record, clash, remedy)


# ---------------------------------------------------------------- sharing
def allocate(
    entitlement: pa.Table,
    parcel: pa.Table,
    parcel_zone: pa.Table,
    envelope: pa.Table,
    opening: pa.Table,
    params: Parameters,
    year: int,
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Share the envelopes over the entitlements; see the module for the rule and its theorem.

    opening  ENVELOPE_BALANCE at the start of the year, from `open_envelopes`
    returns  (entitlement with funded and shortfall, allocation, envelope_balance at year end)

    Rows in escrow or held are funded too, so that the money is there when title or objection is settled;
    excluded rows get nothing. What is left is carried over where the envelope says so and its dates allow, else it lapses.
    """
    _known_ration(params)
    table = ENTITLEMENT.checked(entitlement)
    unmet = np.where(
        pc.is_in(table["state"], value_set=pa.array(FUNDED_STATES)).to_numpy(zero_copy_only=False),
        table["entitled_fen"].to_numpy(),
        0,
    )
    traits = _Traits(table, parcel, parcel_zone, params)
    balances = {r["envelope_id"]: dict(r) for r in opening.to_pylist()}
    taken: dict[str, np.ndarray] = {}
    known = in_force_rows(envelope, balances, year)
    for balance in balances.values():
        balance.update(closing_fen=0, lapsed_fen=balance["opening_fen"] + balance["granted_fen"])
    for env in _in_order(known, params):
        balance = balances[env["envelope_id"]]
        usable = env["valid_from"] <= date(year, 12, 31) and date(year, 1, 1) <= env["valid_to"]
        available = balance["opening_fen"] + balance["granted_fen"] if usable else 0
        given = _share(available, np.where(traits.eligible(env), unmet, 0))
        unmet = unmet - given
        taken[env["envelope_id"]] = given
        _close(balance, env, given, table, year)
    funded = table["entitled_fen"].to_numpy() - unmet
    return _funded(table, funded), _allocation(table, taken), ENVELOPE_BALANCE.table(list(balances.values()))


def in_force_rows(envelope: pa.Table, balances: Mapping[str, Any], year: int) -> list[dict[str, Any]]:
    """Return for each opened envelope its register row: this year's, else the latest older one."""
    latest: dict[str, dict[str, Any]] = {}
    for row in sorted(envelope.to_pylist(), key=lambda r: int(r["year"])):
        if row["year"] <= year and row["envelope_id"] in balances:
            latest[row["envelope_id"]] = row
    return list(latest.values())


def _known_ration(params: Parameters) -> None:
    rule = params.text("funds.ration")
    if rule != "pro_rata":
        raise FaultsError(
            [
                Fault(
                    "funds.ration",
                    "ecopolicy",
                    "funds.ration",
                    Text("分配办法 {r} 不认识。", "Sharing rule {r} is not known.").fill(r=rule),
                    Text("可用：pro_rata。", "Known: pro_rata."),
                )
            ]
        )


def _in_order(rows: Sequence[dict[str, Any]], params: Parameters) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda r: (r["priority"] or priority(r["source"], params), r["envelope_id"]))


class _Traits:
    """Zone, ecosystem group and red line of each entitlement row, for earmarks."""

    def __init__(self, entitlement: pa.Table, parcel: pa.Table, parcel_zone: pa.Table, params: Parameters) -> None:
        ids = entitlement["parcel_id"]
        at = pc.index_in(ids, value_set=parcel["parcel_id"].combine_chunks())
        self._group = pc.utf8_slice_codeunits(pc.fill_null(parcel["ecosystem"].take(at), ""), 0, 1)
        at = pc.index_in(ids, value_set=parcel_zone["parcel_id"].combine_chunks())
        self._zone = pc.fill_null(parcel_zone["function_zone"].take(at), "none")
        line = pc.fill_null(parcel_zone["red_line_ppm"].take(at), 0).to_numpy()
        self._red = line >= int(params.decimal("funds.red_line_share") * PPM)

    def eligible(self, env: Mapping[str, Any]) -> np.ndarray:
        """Return which rows `env` may pay: every earmark it has must hold."""
        out = np.ones(len(self._red), bool)
        for wanted, have in ((env["earmark_zones"].split(), self._zone), (env["earmark_ecosystems"].split(), self._group)):
            if wanted:
                out &= pc.is_in(have, value_set=pa.array(wanted)).to_numpy(zero_copy_only=False)
        return out & self._red if env["earmark_red_line"] else out


def _share(available: int, unmet: np.ndarray) -> np.ndarray:
    """Split what an envelope has over the unmet sums; all of them in full when there is enough."""
    total = _exact_sum(unmet)
    if available >= total:
        return unmet.copy()
    some = np.flatnonzero(unmet)
    given = np.zeros_like(unmet)
    if available > 0:
        given[some] = apportion(available, unmet[some].tolist())
    return given


def _exact_sum(values: np.ndarray) -> int:
    """Return the sum in Python integers (int64 could overflow over many rows)."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _close(balance: dict[str, Any], env: Mapping[str, Any], given: np.ndarray, table: pa.Table, year: int) -> None:
    """Write the year's end of an envelope: allocated, of it in escrow, left or lapsed."""
    allocated = _exact_sum(given)
    escrow = _exact_sum(given[pc.equal(table["state"], "escrow").to_numpy(zero_copy_only=False)])
    left = balance["opening_fen"] + balance["granted_fen"] - allocated
    stays = bool(env["carry_over"]) and env["valid_to"] > date(year, 12, 31)
    balance.update(allocated_fen=allocated, escrow_fen=escrow, closing_fen=left if stays else 0, lapsed_fen=0 if stays else left)


def _funded(table: pa.Table, funded: np.ndarray) -> pa.Table:
    entitled = table["entitled_fen"].to_numpy()
    paid = np.where(pc.is_in(table["state"], value_set=pa.array(FUNDED_STATES)).to_numpy(zero_copy_only=False), funded, 0)
    for name, values in (("funded_fen", paid), ("shortfall_fen", entitled - paid)):
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), pa.array(values, pa.int64()))
    return table


def _allocation(table: pa.Table, taken: Mapping[str, np.ndarray]) -> pa.Table:
    ids, envelopes, amounts = [], [], []
    for envelope_id, given in sorted(taken.items()):
        some = np.flatnonzero(given)
        ids.append(table["entitlement_id"].take(pa.array(some)).combine_chunks())
        envelopes.append(np.full(len(some), envelope_id, dtype=object))
        amounts.append(given[some])
    if not ids:
        return ALLOCATION.empty()
    return ALLOCATION.table(
        {"entitlement_id": pa.concat_arrays(ids), "envelope_id": np.concatenate(envelopes), "amount_fen": np.concatenate(amounts)}
    )


__all__ = ["FUNDED_STATES", "allocate", "check_envelopes", "in_force", "in_force_rows", "open_envelopes"]
