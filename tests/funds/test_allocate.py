"""Envelopes are shared without loss, never over what is owed or there, and no cut ever raises a payment."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.funds.world import PARAMS, PURSES, ROWS, Row, entitlements, envelopes, funded

from ecocomp.funds.allocate import allocate, check_envelopes, open_envelopes
from ecocomp.registry import entries
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.codes import FUND_SOURCES
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import CREDIT, ENVELOPE_BALANCE, SETTLEMENT

WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "allocations.yaml")[0])


def run(rows: dict[str, Any], given_: dict[str, Any]) -> tuple[pa.Table, pa.Table, pa.Table]:
    envelope = envelopes(given_)
    opening = open_envelopes(envelope, None, SETTLEMENT.empty(), CREDIT.empty(), 2022, PARAMS)
    return allocate(*entitlements(rows), envelope, opening, PARAMS, 2022)


@pytest.mark.parametrize("case", WORKED, ids=[c["name"] for c in WORKED])
def test_worked_case(case: dict[str, Any]) -> None:
    entitlement, _, balance = run(case["rows"], case["envelopes"])
    assert funded(entitlement) == {i: int(f) for i, f in case["expect"].items()}
    got = {r["envelope_id"]: [r["allocated_fen"], r["escrow_fen"], r["closing_fen"], r["lapsed_fen"]] for r in balance.to_pylist()}
    assert got == {i: [int(x) for x in v] for i, v in case["balances"].items()}


# ---------------------------------------------------------------- properties
@given(rows=ROWS, purses=PURSES)
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_and_nobody_gets_more_than_owed(rows: dict[str, Row], purses: dict[str, Any]) -> None:
    entitlement, allocation, balance = run(rows, purses)
    by_row: dict[str, int] = {}
    by_purse: dict[str, int] = {}
    for a in allocation.to_pylist():
        assert a["amount_fen"] > 0
        by_row[a["entitlement_id"]] = by_row.get(a["entitlement_id"], 0) + a["amount_fen"]
        by_purse[a["envelope_id"]] = by_purse.get(a["envelope_id"], 0) + a["amount_fen"]
        zone, group, red = rows[a["entitlement_id"]][1:4]
        e = purses[a["envelope_id"]]
        assert zone in (e["earmark_zones"].split() or [zone]) and group[0] in (e["earmark_ecosystems"].split() or [group[0]])
        assert not e["earmark_red_line"] or red >= 500_000
    for r in entitlement.to_pylist():
        assert r["funded_fen"] == by_row.get(r["entitlement_id"], 0) <= r["entitled_fen"]
        assert r["funded_fen"] + r["shortfall_fen"] == r["entitled_fen"]
        assert r["state"] != "excluded" or r["funded_fen"] == 0
    for b in balance.to_pylist():
        assert b["allocated_fen"] == by_purse.get(b["envelope_id"], 0)
        assert b["opening_fen"] + b["granted_fen"] == b["allocated_fen"] + b["closing_fen"] + b["lapsed_fen"]
        assert all(v >= 0 for k, v in b.items() if k.endswith("_fen"))


@given(rows=ROWS, purses=PURSES, data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_cut_in_any_one_envelope_never_raises_a_payment(
    rows: dict[str, Row], purses: dict[str, Any], data: st.DataObject
) -> None:
    which = data.draw(st.sampled_from(sorted(purses)))
    cut = data.draw(st.integers(0, purses[which]["fen"]))
    before, after = funded(run(rows, purses)[0]), funded(run(rows, {**purses, which: {**purses[which], "fen": cut}})[0])
    assert all(after[i] <= before[i] for i in before)


@given(rows=ROWS, purses=PURSES, data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_larger_claim_of_one_never_raises_what_another_gets(
    rows: dict[str, Row], purses: dict[str, Any], data: st.DataObject
) -> None:
    who = data.draw(st.sampled_from(sorted(rows)))
    more = (rows[who][0] + data.draw(st.integers(1, 1000)), *rows[who][1:])
    before, after = funded(run(rows, purses)[0]), funded(run({**rows, who: more}, purses)[0])
    assert all(after[i] <= before[i] for i in before if i != who)


@given(rows=ROWS, purses=PURSES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_does_not_matter(rows: dict[str, Row], purses: dict[str, Any], data: st.DataObject) -> None:
    entitlement, parcel, zone = entitlements(rows)
    envelope = envelopes(purses)
    opening = open_envelopes(envelope, None, SETTLEMENT.empty(), CREDIT.empty(), 2022, PARAMS)
    order = pa.array(data.draw(st.permutations(range(len(rows)))))
    mixed = allocate(
        entitlement.take(order),
        parcel.take(order),
        zone.take(order),
        envelope.take(pa.array(range(len(envelope)))[::-1]),
        opening,
        PARAMS,
        2022,
    )
    for a, b in zip(mixed, allocate(entitlement, parcel, zone, envelope, opening, PARAMS, 2022), strict=True):
        assert a.equals(b)


# ---------------------------------------------------------------- opening and checks
def _settlement(rows: list[list[Any]]) -> pa.Table:
    return SETTLEMENT.table(
        [
            {"agreement_id": a, "year": 2022, "clause": f"c{i}", "payer": p, "payee": q, "amount_fen": f, "evidence": "{}"}
            for i, (a, p, q, f) in enumerate(rows)
        ]
    )


def _credit(rows: list[list[int]]) -> pa.Table:
    return CREDIT.table(
        [
            {
                "lot_id": f"L{i}",
                "year": y,
                "origin": f"o{i}",
                "issued_t": t,
                "held_back_t": 0,
                "sold_t": t,
                "held_t": 0,
                "price_fen_per_t": p,
                "proceeds_fen": t * p,
                "buyer": "B",
            }
            for i, (y, t, p) in enumerate(rows)
        ]
    )


def test_every_source_of_the_code_list_is_an_entry_and_its_examples_hold() -> None:
    known = entries("funds.sources")
    assert set(known) == set(FUND_SOURCES)
    for entry in known.values():
        for example in entry.spec.examples:
            place = example.inputs.get("place", "990121")
            rows = [[a, *("990121" if x == place else x for x in pq), f] for a, *pq, f in example.inputs.get("settlement", [])]
            env = {"envelope_id": "E", "document": "", **example.inputs["envelope"]}
            assert (
                entry.module.grant_fen(env, _settlement(rows), _credit(example.inputs.get("credit", [])), 2022, PARAMS)
                == example.outputs["granted_fen"]
            )


def test_derived_grants_and_carried_money_open_the_year() -> None:
    envelope = envelopes(
        {
            "H1": {"fen": 0, "source": "horizontal_agreement", "document": "a1"},
            "H2": {"fen": 0, "source": "horizontal_agreement", "document": "a2"},
            "K": {"fen": 0, "source": "carbon_credit"},
            "B": {"fen": 50, "source": "local_budget"},
        }
    )
    settlement = _settlement([["a1", "990122", "990121", 900], ["a2", "990121", "990122", 70]])
    last = ENVELOPE_BALANCE.table(
        [
            {
                "envelope_id": i,
                "year": 2021,
                "source": "green_fund",
                "opening_fen": 0,
                "granted_fen": 9,
                "allocated_fen": 0,
                "paid_fen": 0,
                "escrow_fen": 0,
                "closing_fen": 9,
                "lapsed_fen": 0,
            }
            for i in ("B", "gone")
        ]
    )
    opening = open_envelopes(envelope, last, settlement, _credit([[2022, 5, 100], [2021, 7, 100]]), 2022, PARAMS)
    got = {r["envelope_id"]: (r["opening_fen"], r["granted_fen"]) for r in opening.to_pylist()}
    assert got == {"H1": (0, 900), "H2": (0, 0), "K": (0, 500), "B": (9, 50), "gone": (9, 0)}
    rows = {"r1": (10_000, "water", "11", 0, "payable")}
    _, _, balance = allocate(*entitlements(rows), envelope, opening, PARAMS, 2022)
    end = {r["envelope_id"]: (r["allocated_fen"], r["lapsed_fen"]) for r in balance.to_pylist()}
    assert end == {"H1": (900, 0), "H2": (0, 0), "K": (500, 0), "B": (59, 0), "gone": (0, 9)}


def test_money_left_over_keeps_the_terms_of_its_envelope_until_its_last_day() -> None:
    old = envelopes({"E": {"fen": 100, "earmark_zones": "soil", "carry_over": True, "valid_to": date(2022, 6, 30)}}, 2021)
    last = ENVELOPE_BALANCE.table(
        [
            {
                "envelope_id": "E",
                "year": 2021,
                "source": "central_transfer",
                "opening_fen": 0,
                "granted_fen": 100,
                "allocated_fen": 40,
                "paid_fen": 40,
                "escrow_fen": 0,
                "closing_fen": 60,
                "lapsed_fen": 0,
            }
        ]
    )
    opening = open_envelopes(old, last, SETTLEMENT.empty(), CREDIT.empty(), 2022, PARAMS)
    rows = {"r1": (50, "soil", "11", 0, "payable"), "r2": (50, "water", "11", 0, "payable")}
    entitlement, _, balance = allocate(*entitlements(rows), old, opening, PARAMS, 2022)
    assert funded(entitlement) == {"r1": 50, "r2": 0}
    assert (balance["opening_fen"][0].as_py(), balance["closing_fen"][0].as_py(), balance["lapsed_fen"][0].as_py()) == (60, 0, 10)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"fen": -5}, "funds.negative", "granted_fen is −0.05 yuan"),
        (
            {"fen": 99_999, "floor_fen": 100_000},
            "funds.floor",
            "999.99 yuan are granted, below the statutory floor of 1,000.00 yuan: 0.01 short",
        ),
        ({"fen": 1, "source": "lottery"}, "funds.source", "Source lottery is not known"),
        ({"fen": 1, "valid_to": date(2021, 12, 31)}, "funds.expired", "to 2021-12-31, which is not in 2022"),
        ({"fen": 1, "valid_from": date(2023, 1, 1)}, "funds.expired", "from 2023-01-01"),
        ({"fen": 1, "earmark_zones": "water moon"}, "funds.earmark", "moon in earmark_zones"),
        ({"fen": 1, "earmark_ecosystems": "9"}, "funds.earmark", "9 in earmark_ecosystems"),
        ({"fen": 1, "source": "local_budget", "carry_over": True}, "funds.carry_over", "which local budget match may not"),
    ],
)
def test_a_bad_envelope_is_named(change: dict[str, Any], code: str, said: str) -> None:
    found = check_envelopes(envelopes({"E": change, "good": {"fen": 1}}), PARAMS, 2022)
    assert [f.record for f in found if f.code == code] == ["E"] and said in " ".join(f.say("en") for f in found)
    assert {f.record for f in found} == {"E"}


def test_a_derived_grant_is_held_to_its_floor_and_to_the_register() -> None:
    envelope = envelopes({"K": {"fen": 700, "source": "carbon_credit", "floor_fen": 600}})
    opening = open_envelopes(envelope, None, SETTLEMENT.empty(), _credit([[2022, 5, 100]]), 2022, PARAMS)
    assert [f.code for f in check_envelopes(envelope, PARAMS, 2022, opening)] == ["funds.derived", "funds.floor"]


@pytest.mark.parametrize(
    ("source", "documents", "clash"),
    [
        ("carbon_credit", ["", ""], "K1 K2"),
        ("carbon_credit", ["x", "y"], "K1 K2"),
        ("carbon_credit", [""], ""),
        ("horizontal_agreement", ["a1", "a2"], ""),
        ("horizontal_agreement", ["a1", "a1"], "K1 K2"),
        ("horizontal_agreement", ["a1", ""], "K1 K2"),
        ("horizontal_agreement", ["a1", "a2", "Caizi 7"], "K1 K2 K3"),
        ("local_budget", ["", ""], ""),
    ],
)
def test_derived_money_goes_to_one_envelope(source: str, documents: list[str], clash: str) -> None:
    envelope = envelopes({f"K{n}": {"fen": 0, "source": source, "document": d} for n, d in enumerate(documents, 1)})
    settlement = _settlement([["a1", "990122", "990121", 900], ["a2", "990122", "990121", 70]])
    credit = _credit([[2022, 5, 100]])
    opening = open_envelopes(envelope, None, settlement, credit, 2022, PARAMS)
    found = [f for f in check_envelopes(envelope, PARAMS, 2022, opening, settlement) if f.code == "funds.derived_twice"]
    assert " ".join(f.record for f in found) == clash
    whole = {"carbon_credit": 500, "horizontal_agreement": 970, "local_budget": 0}[source]
    assert found or sum(opening["granted_fen"].to_pylist()) == whole


def test_derived_money_named_twice_is_found_before_anything_is_settled() -> None:
    def codes(*documents: str) -> list[str]:
        made = {f"H{n}": {"fen": 0, "source": "horizontal_agreement", "document": d} for n, d in enumerate(documents)}
        return [f.code for f in check_envelopes(envelopes(made), PARAMS, 2022)]

    assert codes("a1", "a1") == codes("", "a1") == ["funds.derived_twice"] * 2
    assert codes("a1", "a2") == []


def test_an_envelope_entered_twice_is_named() -> None:
    one = envelopes({"E": {"fen": 1}})
    assert [f.code for f in check_envelopes(pa.concat_tables([one, one]), PARAMS, 2022)] == ["funds.duplicate"]


def test_an_unknown_sharing_rule_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "990121" / "funds"
    folder.mkdir(parents=True)
    text = (
        "parameters: [{key: funds.ration, name: {zh: 甲, en: a}, "
        "unit: '1', kind: text, values: [{value: lottery, document: x, confidence: S}]}]"
    )
    (folder / "r.yaml").write_text(text, encoding="utf-8")
    params = RuleBook.load([policy_folder(), tmp_path], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))
    with pytest.raises(FaultsError, match="lottery"):
        allocate(
            *entitlements({"r": (1, "water", "11", 0, "payable")}),
            envelopes({"E": {"fen": 1}}),
            ENVELOPE_BALANCE.empty(),
            params,
            2022,
        )
