"""Compute the money of a bundle again from its own tables and rules, and compare every row.

For the auditor who has a bundle and nothing else: no case folder, no raster, no geospatial library. What the
services, rights, contracts, compliance and envelopes say is taken from the bundle; value, standard, entitlement,
agreement settlement, allocation, orders and ledger are computed again with the rule files the bundle carries.
Where last year's bundle stands beside it, its scorecard, rates and balances enter as they did; where it is missing
and was used, that is said and the check is not run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.funds.allocate import allocate, open_envelopes
from ecocomp.governance.bundle import MANIFEST, checkpoint_root, open_bundle, read_bundle_table, rule_roots
from ecocomp.io.files import read_json
from ecocomp.ledger.book import post
from ecocomp.payments.enrol import GIVEN, adopted_of, enrolled
from ecocomp.payments.entitle import entitle
from ecocomp.payments.orders import hold, orders, settle_balances
from ecocomp.payments.postings import postings
from ecocomp.rules import Parameters, RuleBook
from ecocomp.standard.setting import set_standard
from ecocomp.tenure.rights import payable_rights
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.valuation.gep import gep_account
from ecocomp.valuation.value import value_services


def recompute_money(folder: Path) -> list[Fault]:
    """Return every table of the money half that comes out differently, and every broken tie to rules and neighbours."""
    facts = open_bundle(folder)
    faults = [*_rule_faults(folder), *_stranger_faults(folder), *_neighbour_faults(folder, facts)]
    before = _previous(folder, facts)
    if facts.get("previous") and before is None:
        return [
            *faults,
            Fault(
                "bundle.not_rerun",
                folder.name,
                str(facts["previous"]["year"]),
                Text(
                    "上一年的成果包不在旁边，钱没有重算。",
                    "The bundle of the year before is not beside it; the money was not computed again.",
                ),
                Text("把它放回旁边再核验。", "Put it beside this one and verify again."),
                "warning",
            ),
        ]
    try:
        for name, again in _again(folder, facts, before):
            stored = read_bundle_table(folder, name)
            if stored is None or not stored.equals(again):
                faults.append(_different(name, stored, again))
    except FaultsError as stop:
        faults += stop.faults
    return faults


def _again(folder: Path, facts: dict[str, Any], before: Path | None) -> Iterator[tuple[str, pa.Table]]:
    """Yield (name, table) of the money half in the order of the year, each from what the bundle holds."""

    def table(name: str) -> pa.Table:
        found = read_bundle_table(folder, name)
        if found is None:
            raise FaultsError([_lacking(name)])
        return found

    def last(name: str) -> pa.Table | None:
        return None if before is None else read_bundle_table(before, name)

    year, params = int(facts["year"]), _params(folder, facts)
    value = value_services(table("service"), params, year)
    yield "service_value", value
    yield "gep", gep_account(table("service"), value, params, year)
    payable = payable_rights(table("right"), table("parcel"), table("contract"))
    standard, steps = set_standard(
        table("parcel"),
        table("parcel_zone"),
        value,
        table("economy"),
        str(facts["region_code"]),
        params,
        year,
        last("scorecard"),
        last("standard"),
        tenure=tenure_of(table("holder"), payable),
    )
    yield "standard", standard
    yield "standard_step", steps
    claims = entitle(
        standard, table("parcel"), payable, table("contract"), table("compliance"), params, year, str(facts["case"]["programme"])
    )
    claims, made = enrolled(claims, adopted_of(facts["case"]), rule_roots(folder), _programme_tables(folder, payable), params, year)
    if made is not None:
        yield "programme_due", made.due
        yield "programme_source", made.source
        yield "programme_stacking", made.stacking
    opening = open_envelopes(table("envelope"), last("envelope_balance"), table("settlement"), table("credit"), year, params)
    claims, allocation, balance = allocate(
        claims, table("parcel"), table("parcel_zone"), table("envelope"), opening, params, year, table("holder")
    )
    yield "allocation", allocation
    claims = hold(claims, table("objection"))
    yield "entitlement", claims
    order, source = orders(claims, allocation, table("objection"))
    yield "order", order
    yield "order_source", source
    balance = settle_balances(balance, order, source)
    yield "envelope_balance", balance
    book = last("ledger")
    rows = post(postings(balance, claims, allocation, order, source, year, book), year, book)
    yield "ledger", rows if book is None else pa.concat_tables([book, rows])


def _programme_tables(folder: Path, payable: pa.Table) -> dict[str, pa.Table | None]:
    return {n: payable if n == "right_payable" else read_bundle_table(folder, n) for n in GIVEN}


def tenure_of(holder: pa.Table, right_payable: pa.Table) -> dict[str, str]:
    """Return ``state`` or ``collective`` by parcel, from the kind of the holder that is paid for it."""
    kinds = dict(zip(holder["holder_id"].to_pylist(), holder["kind"].to_pylist(), strict=True))
    pairs = zip(right_payable["parcel_id"].to_pylist(), right_payable["holder_id"].to_pylist(), strict=True)
    return {p: "state" if kinds.get(h) == "state_unit" else "collective" for p, h in pairs}


def _params(folder: Path, facts: dict[str, Any]) -> Parameters:
    book = RuleBook.load(rule_roots(folder))
    return book.resolve(
        str(facts["case"]["place"]), date.fromisoformat(facts["reference_day"]), date.fromisoformat(facts["known_on"])
    )


def _previous(folder: Path, facts: dict[str, Any]) -> Path | None:
    year = (facts.get("previous") or {}).get("year")
    place = folder.parent / str(year)
    return place if year and (place / "bundle.json").is_file() else None


def _rule_faults(folder: Path) -> list[Fault]:
    """Compare the parameter table with the rule files of the bundle: same file, same fingerprint."""
    parameters = read_bundle_table(folder, "parameter")
    if parameters is None:
        return [_lacking("parameter")]
    out = []
    for file, sha in sorted(set(zip(parameters["file"].to_pylist(), parameters["sha256"].to_pylist(), strict=True))):
        found = [r / file for r in rule_roots(folder) if (r / file).is_file()]
        if not any(hashlib.sha256(path.read_bytes()).hexdigest() == sha for path in found):
            out.append(
                Fault(
                    "bundle.rule",
                    f"rules/{file}",
                    "",
                    Text(
                        "规则文件与参数表记下的指纹不符。", "The rule file does not match the fingerprint in the parameter table."
                    ),
                    _REMEDY,
                )
            )
    return out


def _stranger_faults(folder: Path) -> list[Fault]:
    """Name payees that are in no register of the bundle."""
    holder, order = read_bundle_table(folder, "holder"), read_bundle_table(folder, "order")
    if holder is None or order is None:
        return [_lacking("holder" if holder is None else "order")]
    unknown = order.filter(pc.invert(pc.is_in(order["holder_id"], value_set=holder["holder_id"].combine_chunks())))
    return [
        Fault(
            "bundle.stranger",
            "tables/order.parquet",
            str(row["order_id"]),
            Text("收款人 {h} 不在权利人表里。", "Payee {h} is not in the holder table.").fill(h=row["holder_id"]),
            _REMEDY,
        )
        for row in unknown.to_pylist()
    ]


def _neighbour_faults(folder: Path, facts: dict[str, Any]) -> list[Fault]:
    """Compare what the bundle cites of last year's with the bundle that stands beside it."""
    before = _previous(folder, facts)
    cited = str(read_json(folder / MANIFEST).get("previous_root", ""))
    if before is None or not cited or checkpoint_root(before) == cited:
        return []
    return [
        Fault(
            "bundle.neighbour",
            before.name,
            "",
            Text(
                "旁边 {y} 年成果包的存证点是 {a}…，本包引用的是 {b}…。",
                "The bundle of {y} beside it has checkpoint {a}…, this one cites {b}….",
            ).fill(y=before.name, a=checkpoint_root(before)[:16], b=cited[:16]),
            _REMEDY,
        )
    ]


def _different(name: str, stored: pa.Table | None, again: pa.Table) -> Fault:
    """Name the first row that differs."""
    record, said = "", Text("没有这张表", "there is no such table")
    if stored is not None:
        said = Text("有 {a} 行，重算有 {b} 行", "it has {a} rows, computed again {b}").fill(a=len(stored), b=len(again))
        for n, (a, b) in enumerate(zip(stored.to_pylist(), again.to_pylist(), strict=False)):
            if a != b:
                keys = [k for k in a if k not in b or a[k] != b[k]]
                record = f"row {n + 1} " + " ".join(str(v) for v in list(a.values())[:2])
                said = Text("{k} 为 {a}，重算为 {b}", "{k} is {a}, computed again {b}").fill(
                    k=", ".join(keys[:3]), a=[a[k] for k in keys[:3]], b=[b.get(k) for k in keys[:3]]
                )
                break
    return Fault("bundle.recomputed", f"tables/{name}.parquet", record, Text(said.zh + "。", said.en + "."), _REMEDY)


def _lacking(name: str) -> Fault:
    return Fault("bundle.table", f"tables/{name}.parquet", "", Text("成果包缺这张表。", "The bundle lacks this table."), _REMEDY)


_REMEDY = Text("不要据此支付；从可信副本恢复。", "Pay nothing on it; restore it from a trusted copy.")
