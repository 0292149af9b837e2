"""Does the year close? One small named check after another; each passes, fails with numbers, or says it was not run.

For the auditor who reads one page first. A check whose tables are missing is reported *not run*, never as passed;
a sum that differs by one fen or one dm2 fails.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.ledger.book import check_ledger
from ecocomp.payments.postings import reconcile
from ecocomp.standard.setting import check_steps
from ecocomp.terms.faults import UsageError
from ecocomp.terms.tables import CHECK
from ecocomp.terms.text import Text

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: how much it looked at, and the disagreements (each with its two numbers)."""

    looked_at: Text
    wrong: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    needs: tuple[str, ...]
    run: Callable[[Tables, int], Finding]


def checks(tables: Mapping[str, pa.Table | None], year: int) -> pa.Table:
    """Return the `check` table of `year`: one row per check, with what was compared in both languages.

    tables  by their names in `terms.tables` (parcel, land_transition, land_account, entitlement, allocation, order,
            order_source, envelope_balance, ledger, ...); last year's land account as ``land_account_last``. What is
            missing or None makes its checks *not run*. The ledger is the whole ledger up to the end of the year.
    """
    unknown = sorted(set(tables) - CHECKED)
    if unknown:
        raise UsageError(
            Text("核对不认识表 {t}。可用：{k}", "No check reads table {t}. Known: {k}").fill(
                t=", ".join(unknown), k=", ".join(sorted(CHECKED))
            )
        )
    given = {name: table for name, table in tables.items() if table is not None}
    return CHECK.table([_row(check, given, year) for check in _CHECKS])


def _row(check: _Check, given: Tables, year: int) -> dict[str, object]:
    missing = [n for n in check.needs if n not in given]
    if missing:
        said, result = _NOT_RUN.fill(t=", ".join(missing)), "not_run"
    else:
        found = check.run(given, year)
        said, result = (_said(found), "fail") if found.wrong else (found.looked_at, "pass")
    return {"check": check.name, "result": result, "detail_zh": said.zh, "detail_en": said.en}


def _said(found: Finding, most: int = 5) -> Text:
    shown = found.wrong[:most]
    more = Text("；另有 {n} 处", "; and {n} more").fill(n=len(found.wrong) - most) if len(found.wrong) > most else Text("", "")
    return Text("；".join(w.zh for w in shown) + more.zh, "; ".join(w.en for w in shown) + more.en)


_NOT_RUN = Text("未运行：没有表 {t}", "not run: table {t} is missing")
_DIFFERS = Text("{r}：{a} ≠ {b}", "{r}: {a} ≠ {b}")
_LOOKED = Text("{n} 行，合计 {s} {u}", "{n} rows, {s} {u} in all")


def _differs(record: object, a: object, b: object) -> Text:
    return _DIFFERS.fill(r=record, a=a, b=b)


def _equal(record: str, a: int, b: int, rows: int, unit: str) -> Finding:
    return Finding(_LOOKED.fill(n=rows, s=f"{a:,}", u=unit), () if a == b else (_differs(record, a, b),))


def _land_account_closes(tables: Tables, year: int) -> Finding:
    rows = _of(tables["land_account"], year)
    wrong = [
        _differs(f"{r['ecosystem']}", r["opening_dm2"] + r["additions_dm2"] - r["reductions_dm2"], r["closing_dm2"])
        for r in rows
        if r["opening_dm2"] + r["additions_dm2"] - r["reductions_dm2"] != r["closing_dm2"]
    ]
    opening, closing = _sum(rows, "opening_dm2"), _sum(rows, "closing_dm2")
    if opening != closing:
        wrong.append(_differs("Σ", opening, closing))
    return Finding(_LOOKED.fill(n=len(rows), s=f"{closing:,}", u="dm2"), tuple(wrong))


def _land_opening_is_last_closing(tables: Tables, year: int) -> Finding:
    now = {r["ecosystem"]: r["opening_dm2"] for r in _of(tables["land_account"], year)}
    last = {r["ecosystem"]: r["closing_dm2"] for r in _of(tables["land_account_last"], year - 1)}
    wrong = tuple(
        _differs(e, now.get(e, 0), last.get(e, 0)) for e in sorted(now.keys() | last.keys()) if now.get(e, 0) != last.get(e, 0)
    )
    return Finding(_LOOKED.fill(n=len(now), s=f"{sum(now.values()):,}", u="dm2"), wrong)


def _land_area_is_parcel_area(tables: Tables, year: int) -> Finding:
    transition = _sum(_of(tables["land_transition"], year), "area_dm2")
    parcels = pc.sum(tables["parcel"]["area_dm2"]).as_py() or 0
    return _equal("Σ land_transition, Σ parcel", transition, parcels, len(tables["parcel"]), "dm2")


def _parcel_split_closes(tables: Tables, year: int) -> Finding:
    areas = dict(zip(tables["parcel"]["parcel_id"].to_pylist(), tables["parcel"]["area_dm2"].to_pylist(), strict=True))
    split = _sums(tables["parcel_transition"], year, ("parcel_id",), "area_dm2")
    wrong = tuple(_differs(p, split.get((p,), 0), dm2) for p, dm2 in sorted(areas.items()) if split.get((p,), 0) != dm2)
    return Finding(_LOOKED.fill(n=len(areas), s=f"{sum(areas.values()):,}", u="dm2"), wrong)


def _standard_steps(tables: Tables, year: int) -> Finding:
    faults = check_steps(_table_of(tables["standard"], year), _table_of(tables["standard_step"], year))
    rows = len(_table_of(tables["standard_step"], year))
    return Finding(Text("{n} 步", "{n} steps").fill(n=rows), tuple(Text(f.say("zh"), f.say("en")) for f in faults))


def _one_price_year(tables: Tables, year: int) -> Finding:
    years = sorted(_table_of(tables["service_value"], year)["price_year"].unique().to_pylist())
    said = Text("价格年 {y}", "price year {y}").fill(y=", ".join(map(str, years)) or "—")
    return Finding(said, (said,) if len(years) > 1 else ())


def _entitlement_sums(tables: Tables, year: int) -> Finding:
    rows = [r for r in _of(tables["entitlement"], year) if r["state"] != "excluded"]
    wrong = []
    for r in rows:
        if r["gross_fen"] - r["deduction_fen"] != r["entitled_fen"]:
            wrong.append(
                _differs(f"{r['entitlement_id']} gross − deduction", r["gross_fen"] - r["deduction_fen"], r["entitled_fen"])
            )
        if r["funded_fen"] + r["shortfall_fen"] != r["entitled_fen"]:
            wrong.append(
                _differs(f"{r['entitlement_id']} funded + shortfall", r["funded_fen"] + r["shortfall_fen"], r["entitled_fen"])
            )
    return Finding(_LOOKED.fill(n=len(rows), s=f"{_sum(rows, 'entitled_fen'):,}", u="fen"), tuple(wrong))


def _shares_close(tables: Tables, year: int) -> Finding:
    """Shares of one parcel under one programme must not add up to more than the whole."""
    shares: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    rows = [r for r in _of(tables["entitlement"], year) if r["state"] != "excluded"]
    for r in rows:
        shares[r["parcel_id"], r["programme"]] += Fraction(r["share_num"], r["share_den"])
    wrong = tuple(_differs(f"{p} {programme} Σ", share, 1) for (p, programme), share in sorted(shares.items()) if share > 1)
    return Finding(Text("{n} 个地块与项目", "{n} parcels × programmes").fill(n=len(shares)), wrong)


def _allocation_is_funded(tables: Tables, year: int) -> Finding:
    entitlement = _of(tables["entitlement"], year)
    given: dict[str, int] = defaultdict(int)
    for eid, fen in _rows(tables["allocation"], "entitlement_id", "amount_fen"):
        given[eid] += fen
    funded = {r["entitlement_id"]: r["funded_fen"] for r in entitlement}
    wrong = tuple(
        _differs(e, given.get(e, 0), funded.get(e, 0))
        for e in sorted(given.keys() | funded.keys())
        if given.get(e, 0) != funded.get(e, 0)
    )
    return Finding(_LOOKED.fill(n=len(tables["allocation"]), s=f"{sum(given.values()):,}", u="fen"), wrong)


def _orders_are_funded(tables: Tables, year: int) -> Finding:
    """Ready and held orders together carry what is payable; escrow orders carry what is in escrow."""
    kind = {"ready": "payable", "held": "payable", "payable": "payable", "escrow": "escrow"}
    ordered: dict[str, int] = defaultdict(int)
    funded: dict[str, int] = defaultdict(int)
    for state, fen in _rows(_table_of(tables["order"], year), "state", "amount_fen"):
        ordered[kind[state]] += fen
    for state, fen in _rows(_table_of(tables["entitlement"], year), "state", "funded_fen"):
        if state in kind:
            funded[kind[state]] += fen
        elif fen:
            funded[state] += fen
    wrong = tuple(_differs(s, ordered[s], funded[s]) for s in sorted(ordered.keys() | funded.keys()) if ordered[s] != funded[s])
    return Finding(_LOOKED.fill(n=len(tables["order"]), s=f"{sum(ordered.values()):,}", u="fen"), wrong)


def _order_sources_close(tables: Tables, year: int) -> Finding:
    orders = {(o,): fen for o, fen in _rows(_table_of(tables["order"], year), "order_id", "amount_fen")}
    sources = _sums(tables["order_source"], None, ("order_id",), "amount_fen")
    wrong = tuple(
        _differs(k[0], sources.get(k, 0), orders.get(k, 0))
        for k in sorted(orders.keys() | sources.keys())
        if sources.get(k, 0) != orders.get(k, 0)
    )
    return Finding(_LOOKED.fill(n=len(orders), s=f"{sum(orders.values()):,}", u="fen"), wrong)


def _envelope_allocation(tables: Tables, year: int) -> Finding:
    given = _sums(tables["allocation"], None, ("envelope_id",), "amount_fen")
    booked = {(r["envelope_id"],): r["allocated_fen"] for r in _of(tables["envelope_balance"], year)}
    wrong = tuple(
        _differs(k[0], given.get(k, 0), booked.get(k, 0))
        for k in sorted(given.keys() | booked.keys())
        if given.get(k, 0) != booked.get(k, 0)
    )
    return Finding(_LOOKED.fill(n=len(booked), s=f"{sum(booked.values()):,}", u="fen"), wrong)


def _envelope_closes(tables: Tables, year: int) -> Finding:
    rows = _of(tables["envelope_balance"], year)
    wrong = tuple(
        _differs(r["envelope_id"], came, went)
        for r in rows
        for came, went in [(r["opening_fen"] + r["granted_fen"], r["allocated_fen"] + r["closing_fen"] + r["lapsed_fen"])]
        if came != went
    )
    return Finding(_LOOKED.fill(n=len(rows), s=f"{_sum(rows, 'granted_fen'):,}", u="fen"), wrong)


def _envelope_never_negative(tables: Tables, year: int) -> Finding:
    rows = _of(tables["envelope_balance"], year)
    names = ("opening_fen", "granted_fen", "allocated_fen", "paid_fen", "escrow_fen", "closing_fen", "lapsed_fen")
    wrong = [
        Text("{e} {n} {v}", "{e} {n} {v}").fill(e=r["envelope_id"], n=n, v=r[n])
        for r, n in itertools.product(rows, names)
        if r[n] < 0
    ]
    wrong += [
        _differs(f"{r['envelope_id']} paid + escrow ≤ allocated", r["paid_fen"] + r["escrow_fen"], r["allocated_fen"])
        for r in rows
        if r["paid_fen"] + r["escrow_fen"] > r["allocated_fen"]
    ]
    return Finding(_LOOKED.fill(n=len(rows), s=f"{_sum(rows, 'closing_fen'):,}", u="fen"), tuple(wrong))


def _envelope_pays_what_is_ordered(tables: Tables, year: int) -> Finding:
    """What an envelope paid and put in escrow is what its ready and its escrow orders carry."""
    state = dict(_rows(_table_of(tables["order"], year), "order_id", "state"))
    carried: dict[tuple[str, str], int] = defaultdict(int)
    for order_id, envelope, fen in _rows(tables["order_source"], "order_id", "envelope_id", "amount_fen"):
        carried[envelope, state.get(order_id, "")] += fen
    rows = _of(tables["envelope_balance"], year)
    wrong = tuple(
        _differs(f"{r['envelope_id']} {s}", carried[r["envelope_id"], s], r[column])
        for r in rows
        for s, column in (("ready", "paid_fen"), ("escrow", "escrow_fen"))
        if carried[r["envelope_id"], s] != r[column]
    )
    return Finding(_LOOKED.fill(n=len(rows), s=f"{_sum(rows, 'paid_fen'):,}", u="fen"), wrong)


def _ledger_balanced(tables: Tables, year: int) -> Finding:
    faults = check_ledger(tables["ledger"])
    said = Text("{n} 行，指纹相连，各笔借贷相等", "{n} rows, hashes join, every posting balances").fill(n=len(tables["ledger"]))
    return Finding(said, tuple(Text(f.say("zh"), f.say("en")) for f in faults if f.severity == "error"))


def _ledger_is_envelopes(tables: Tables, year: int) -> Finding:
    faults = reconcile(tables["ledger"], _table_of(tables["envelope_balance"], year))
    said = Text("{n} 个资金包与账本一致", "{n} envelopes agree with the ledger").fill(
        n=len(_table_of(tables["envelope_balance"], year))
    )
    return Finding(said, tuple(Text(f.say("zh"), f.say("en")) for f in faults))


_CHECKS = (
    _Check("land_account_closes", ("land_account",), _land_account_closes),
    _Check("land_opening_is_last_closing", ("land_account", "land_account_last"), _land_opening_is_last_closing),
    _Check("land_area_is_parcel_area", ("land_transition", "parcel"), _land_area_is_parcel_area),
    _Check("parcel_split_closes", ("parcel_transition", "parcel"), _parcel_split_closes),
    _Check("standard_steps_give_rate", ("standard", "standard_step"), _standard_steps),
    _Check("values_have_one_price_year", ("service_value",), _one_price_year),
    _Check("entitlement_sums", ("entitlement",), _entitlement_sums),
    _Check("entitlement_shares_close", ("entitlement",), _shares_close),
    _Check("allocation_is_funded", ("allocation", "entitlement"), _allocation_is_funded),
    _Check("orders_are_funded", ("order", "entitlement"), _orders_are_funded),
    _Check("order_sources_close", ("order", "order_source"), _order_sources_close),
    _Check("envelope_allocation", ("envelope_balance", "allocation"), _envelope_allocation),
    _Check("envelope_closes", ("envelope_balance",), _envelope_closes),
    _Check("envelope_never_negative", ("envelope_balance",), _envelope_never_negative),
    _Check("envelope_pays_what_is_ordered", ("envelope_balance", "order", "order_source"), _envelope_pays_what_is_ordered),
    _Check("ledger_balanced", ("ledger",), _ledger_balanced),
    _Check("ledger_is_envelopes", ("ledger", "envelope_balance"), _ledger_is_envelopes),
)
CHECKED = frozenset(n for c in _CHECKS for n in c.needs)
"""Names of the tables that some check reads."""


def _table_of(table: pa.Table, year: int) -> pa.Table:
    return table.filter(pc.equal(table["year"], year))


def _of(table: pa.Table, year: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _table_of(table, year).to_pylist()
    return rows


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[n].to_pylist() for n in names), strict=True)


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(r[name] for r in rows)


def _sums(table: pa.Table, year: int | None, keys: tuple[str, ...], name: str) -> dict[tuple[Any, ...], int]:
    out: dict[tuple[Any, ...], int] = defaultdict(int)
    for *key, fen in _rows(table if year is None else _table_of(table, year), *keys, name):
        out[tuple(key)] += fen
    return out
