"""Orders pay exactly what was allocated, hold only what is objected to, and the books end where the envelopes do."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from payment_tables import PARAMS, contracts, lights, objections, parcels, rights, standards

from ecocomp.funds.allocate import allocate, open_envelopes
from ecocomp.ledger.book import check_ledger, post, trial_balance
from ecocomp.payments.entitle import entitle
from ecocomp.payments.orders import hold, orders, settle_balances
from ecocomp.payments.postings import KINDS, postings, reconcile
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import CREDIT, ENVELOPE, PARCEL_ZONE, SETTLEMENT


def _envelopes(fens: dict[str, int], year: int, carry: bool) -> pa.Table:
    return ENVELOPE.table(
        [
            {
                "envelope_id": e,
                "year": year,
                "source": "central_transfer",
                "name_zh": "甲",
                "name_en": "a",
                "granted_fen": f,
                "floor_fen": 0,
                "priority": i + 1,
                "earmark_zones": "water" if i == 0 else "",
                "earmark_ecosystems": "",
                "earmark_red_line": False,
                "carry_over": carry,
                "valid_from": date(2020, 1, 1),
                "valid_to": date(2030, 1, 1),
                "document": "",
            }
            for i, (e, f) in enumerate(fens.items())
        ]
    )


def _year(
    rows: list[Any],
    fens: dict[str, int],
    objected: pa.Table,
    carry: bool = True,
    year: int = 2022,
    last: Any = None,
    book: Any = None,
) -> dict[str, pa.Table]:
    """Run entitlement to ledger; rows are (holder, fen, state, zone), one parcel each."""
    ids = [f"P{i}" for i in range(len(rows))]
    parcel = parcels(dict.fromkeys(ids, 10**6))
    zone = PARCEL_ZONE.table(
        [
            {
                "parcel_id": p,
                "function_zone": r[3],
                "zone_share_ppm": 10**6,
                "red_line_ppm": 0,
                "reserve_ppm": 0,
                "importance": "general",
                "grade": 1,
            }
            for p, r in zip(ids, rows, strict=True)
        ]
    )
    entitlement = entitle(
        standards({p: r[1] for p, r in zip(ids, rows, strict=True)}, year),
        parcel,
        rights([(p, r[0], 1, 1, r[2]) for p, r in zip(ids, rows, strict=True)]),
        contracts([(p, r[0]) for p, r in zip(ids, rows, strict=True)]),
        lights({}),
        PARAMS,
        year,
        "forest",
    )
    envelope = _envelopes(fens, year, carry)
    opening = open_envelopes(envelope, last, SETTLEMENT.empty(), CREDIT.empty(), year, PARAMS)
    entitlement, allocation, balance = allocate(entitlement, parcel, zone, envelope, opening, PARAMS, year)
    order, source = orders(entitlement, allocation, objected)
    balance = settle_balances(balance, order, source)
    ledger = post(postings(balance, entitlement, allocation, order, source, year, book), year, book)
    return {
        "entitlement": entitlement,
        "allocation": allocation,
        "balance": balance,
        "order": order,
        "source": source,
        "ledger": ledger,
    }


def test_a_year_of_two_holders_by_hand() -> None:
    rows = [
        ("H1", 600, "clear", "water"),
        ("H1", 400, "clear", "soil"),
        ("H2", 600, "disputed", "water"),
        ("H2", 200, "clear", "soil"),
    ]
    made = _year(rows, {"E1": 900, "E2": 1000}, objections(("H2", "P3", "open"), ("H1", "P3", "open"), ("H1", "P0", "rejected")))
    # E1 (water): 450 to P0 and 450 to P2; E2 has 1000 for the 900 that is lacking; 100 is left.
    assert [(r["order_id"], r["state"], r["amount_fen"], r["entitlements"]) for r in made["order"].to_pylist()] == [
        ("2022-H1-ready", "ready", 1000, 2),
        ("2022-H2-escrow", "escrow", 600, 1),
        ("2022-H2-held", "held", 200, 1),
    ]
    assert [(r["order_id"], r["envelope_id"], r["amount_fen"]) for r in made["source"].to_pylist()] == [
        ("2022-H1-ready", "E1", 450),
        ("2022-H1-ready", "E2", 550),
        ("2022-H2-escrow", "E1", 450),
        ("2022-H2-escrow", "E2", 150),
        ("2022-H2-held", "E2", 200),
    ]
    assert [(r["allocated_fen"], r["paid_fen"], r["escrow_fen"], r["closing_fen"]) for r in made["balance"].to_pylist()] == [
        (900, 450, 450, 0),
        (900, 550, 150, 100),
    ]
    assert {a: f for a, f in trial_balance(made["ledger"]).items() if f} == {
        "asset:bank:E2": 300,
        "asset:escrow:E1": 450,
        "asset:escrow:E2": 150,
        "fund:E2": -100,
        "liability:escrow:P2": -600,
        "liability:payable:H2": -200,
    }
    assert check_ledger(made["ledger"]) == [] == reconcile(made["ledger"], made["balance"])
    assert set(made["ledger"]["kind"].to_pylist()) <= set(KINDS)


def test_an_open_objection_without_a_parcel_holds_all_rows_of_the_objector_only() -> None:
    rows = [("H1", 6, "clear", "water"), ("H1", 4, "disputed", "soil"), ("H2", 5, "clear", "soil")]
    made = _year(rows, {"E1": 0, "E2": 99}, objections(("H1", "", "open")))
    assert [(r["holder_id"], r["state"], r["amount_fen"]) for r in made["order"].to_pylist()] == [
        ("H1", "escrow", 4),
        ("H1", "held", 6),
        ("H2", "ready", 5),
    ]
    held = hold(made["entitlement"], objections(("H1", "P0", "upheld")))
    assert held["state"].to_pylist() == ["payable", "escrow", "payable"]


def test_no_money_no_orders() -> None:
    made = _year([("H1", 6, "clear", "water")], {"E1": 0}, objections())
    assert len(made["order"]) == len(made["source"]) == 0
    assert trial_balance(made["ledger"]) == {"claim:forest": 6, "liability:payable:H1": -6}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["H1", "H2", "H3"]),
        st.integers(0, 30) | st.integers(0, 10**6),
        st.sampled_from(["clear", "clear", "disputed"]),
        st.sampled_from(["water", "soil"]),
    ),
    min_size=1,
    max_size=8,
)
FENS = st.fixed_dictionaries({"E1": st.integers(0, 10**6), "E2": st.integers(0, 60) | st.integers(0, 10**6)})


@given(
    rows=ROWS,
    fens=FENS,
    more=FENS,
    carry=st.booleans(),
    open_=st.lists(st.tuples(st.sampled_from(["H1", "H2"]), st.sampled_from(["P0", "P1", ""]), st.just("open")), max_size=2),
)
@settings(max_examples=60, deadline=None)
def test_two_years_of_books_close_with_the_envelopes(rows: Any, fens: Any, more: Any, carry: bool, open_: Any) -> None:
    first = _year(rows, fens, objections(*open_), carry)
    second = _year(rows, more, objections(), carry, 2023, first["balance"], first["ledger"])
    whole = pa.concat_tables([first["ledger"], second["ledger"]])
    assert check_ledger(whole) == []
    assert reconcile(first["ledger"], first["balance"]) == [] == reconcile(whole, second["balance"])
    assert sum(trial_balance(whole).values()) == 0
    for made in (first, second):
        funded = sum(made["entitlement"]["funded_fen"].to_pylist())
        assert (
            funded
            == sum(made["order"]["amount_fen"].to_pylist())
            == sum(made["source"]["amount_fen"].to_pylist())
            == sum(made["allocation"]["amount_fen"].to_pylist())
        )
        shortfall = sum(made["entitlement"]["shortfall_fen"].to_pylist())
        assert trial_balance(made["ledger"]).get("claim:forest", 0) == shortfall
        sums: dict[str, int] = {}
        for r in made["source"].to_pylist():
            sums[r["order_id"]] = sums.get(r["order_id"], 0) + r["amount_fen"]
        assert sums == dict(zip(made["order"]["order_id"].to_pylist(), made["order"]["amount_fen"].to_pylist(), strict=True))


def test_books_that_do_not_agree_are_named() -> None:
    made = _year([("H1", 6, "clear", "water")], {"E1": 10, "E2": 5}, objections())
    rows = made["balance"].to_pylist()
    rows[1]["closing_fen"] += 1
    wrong = pa.Table.from_pylist(rows, schema=made["balance"].schema)
    assert [f.code for f in reconcile(made["ledger"], wrong)] == ["payments.closing", "payments.sum"]
    with pytest.raises(FaultsError, match="E2"):
        _year([("H1", 6, "clear", "water")], {"E1": 10}, objections(), year=2023, last=wrong, book=made["ledger"])


def test_the_opening_is_booked_when_there_is_no_ledger_yet() -> None:
    made = _year([("H1", 6, "clear", "water")], {"E1": 10}, objections())
    later = _year([("H1", 1, "clear", "water")], {"E1": 0}, objections(), year=2023, last=made["balance"])
    assert later["ledger"]["kind"].to_pylist()[:2] == ["opening", "opening"]
    assert reconcile(later["ledger"], later["balance"]) == []
