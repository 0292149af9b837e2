"""The checks: a year that closes passes, one fen or one dm2 off fails with both numbers, what is missing is not run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.accounts.checks import checks
from ecocomp.accounts.land import land_account
from ecocomp.accounts.transition import land_transition
from ecocomp.ledger.book import Posting, post
from ecocomp.terms import tables as t
from ecocomp.terms.faults import UsageError

YEAR = 2024


def _fill(spec: t.TableSpec, rows: list[dict[str, Any]]) -> pa.Table:
    """Build a table whose unnamed columns are empty or zero."""
    blank: dict[str, Any] = {
        c.name: None if c.nullable else 0 if c.type == pa.int64() else 0.0 if c.type == pa.float64() else "" for c in spec.columns
    }
    return spec.table([{**blank, **({"year": YEAR} if "year" in blank else {}), **row} for row in rows])


def _good() -> dict[str, pa.Table]:
    """A small year that closes: two parcels, two holders of one and one of the other, two envelopes, one order in escrow."""
    moves = [("p", "12", "12", 600), ("p", "12", "51", 400), ("q", "32", "32", 500)]
    split = _fill(
        t.PARCEL_TRANSITION, [{"parcel_id": p, "from_ecosystem": a, "to_ecosystem": b, "area_dm2": dm2} for p, a, b, dm2 in moves]
    )
    last = [
        {"parcel_id": p, "year": YEAR - 1, "from_ecosystem": a, "to_ecosystem": a, "area_dm2": dm2}
        for p, a, dm2 in (("p", "12", 1000), ("q", "32", 500))
    ]
    claims = [("e1", "p", 1, 3, 100, 90, "payable"), ("e2", "p", 2, 3, 200, 200, "payable"), ("e3", "q", 1, 1, 50, 50, "escrow")]
    entitlement = [
        {
            "entitlement_id": e,
            "programme": "forest",
            "parcel_id": p,
            "holder_id": f"h{e}",
            "share_num": n,
            "share_den": d,
            "gross_fen": full,
            "entitled_fen": full,
            "funded_fen": got,
            "shortfall_fen": full - got,
            "state": s,
        }
        for e, p, n, d, full, got, s in claims
    ]
    given = [("e1", "E1", 90), ("e2", "E1", 110), ("e2", "E2", 90), ("e3", "E2", 50)]
    orders = [("o1", "ready", 90), ("o2", "held", 200), ("o3", "escrow", 50)]
    sources = [("o1", "E1", 90), ("o2", "E1", 110), ("o2", "E2", 90), ("o3", "E2", 50)]
    balance = [
        {
            "envelope_id": "E1",
            "source": "central_transfer",
            "opening_fen": 50,
            "granted_fen": 200,
            "allocated_fen": 200,
            "paid_fen": 90,
            "closing_fen": 50,
        },
        {"envelope_id": "E2", "source": "green_fund", "granted_fen": 150, "allocated_fen": 140, "escrow_fen": 50, "lapsed_fen": 10},
    ]
    books = [
        Posting("g1", "grant", "E1", (("asset:bank:E1", 250), ("fund:E1", -250))),
        Posting("g2", "grant", "E2", (("asset:bank:E2", 150), ("fund:E2", -150))),
        Posting("a1", "allocation", "E1", (("fund:E1", 200), ("claim:forest", -200))),
        Posting("a2", "allocation", "E2", (("fund:E2", 140), ("claim:forest", -140))),
        Posting("l2", "lapse", "E2", (("fund:E2", 10), ("asset:bank:E2", -10))),
    ]
    return {
        "parcel": _fill(t.PARCEL, [{"parcel_id": "p", "area_dm2": 1000}, {"parcel_id": "q", "area_dm2": 500}]),
        "parcel_transition": split,
        "land_transition": land_transition(split),
        "land_account": land_account(land_transition(split)),
        "land_account_last": land_account(land_transition(_fill(t.PARCEL_TRANSITION, last))),
        "standard": _fill(t.STANDARD, [{"parcel_id": "p", "rate_fen_per_ha": 7, "value_fen_per_ha": 7}]),
        "standard_step": _fill(
            t.STANDARD_STEP, [{"parcel_id": "p", "seq": 1, "step": "value", "amount_fen_per_ha": 7, "after_fen_per_ha": 7}]
        ),
        "service_value": _fill(t.SERVICE_VALUE, [{"parcel_id": "p", "service": "water_conservation", "price_year": YEAR}]),
        "entitlement": _fill(t.ENTITLEMENT, entitlement),
        "allocation": _fill(t.ALLOCATION, [{"entitlement_id": e, "envelope_id": v, "amount_fen": fen} for e, v, fen in given]),
        "order": _fill(t.ORDER, [{"order_id": o, "state": s, "amount_fen": fen} for o, s, fen in orders]),
        "order_source": _fill(t.ORDER_SOURCE, [{"order_id": o, "envelope_id": v, "amount_fen": fen} for o, v, fen in sources]),
        "envelope_balance": _fill(t.ENVELOPE_BALANCE, balance),
        "ledger": post(books, YEAR),
    }


def _results(tables: dict[str, pa.Table | None]) -> dict[str, tuple[str, str]]:
    return {r["check"]: (r["result"], r["detail_en"]) for r in checks(tables, YEAR).to_pylist()}


def _with(tables: dict[str, pa.Table], name: str, row: int, column: str, change: Callable[[Any], Any]) -> dict[str, pa.Table]:
    rows = tables[name].to_pylist()
    rows[row][column] = change(rows[row][column])
    return {**tables, name: pa.Table.from_pylist(rows, schema=tables[name].schema)}


def _more(value: int) -> int:
    return value + 1


def test_a_year_that_closes_passes_everything() -> None:
    found = _results(_good())
    assert {r for r, _ in found.values()} == {"pass"}, found
    assert found["allocation_is_funded"][1] == "4 rows, 340 fen in all"


@pytest.mark.parametrize(
    ("name", "row", "column", "failing"),
    [
        ("land_account", 0, "closing_dm2", {"land_account_closes"}),
        ("land_account_last", 0, "closing_dm2", {"land_opening_is_last_closing"}),
        ("land_transition", 0, "area_dm2", {"land_area_is_parcel_area"}),
        ("parcel_transition", 0, "area_dm2", {"parcel_split_closes"}),
        ("standard_step", 0, "amount_fen_per_ha", {"standard_steps_give_rate"}),
        ("entitlement", 0, "gross_fen", {"entitlement_sums"}),
        ("entitlement", 0, "funded_fen", {"entitlement_sums", "allocation_is_funded", "orders_are_funded"}),
        ("entitlement", 0, "share_num", {"entitlement_shares_close"}),
        ("allocation", 0, "amount_fen", {"allocation_is_funded", "envelope_allocation"}),
        ("order", 0, "amount_fen", {"orders_are_funded", "order_sources_close"}),
        ("order_source", 0, "amount_fen", {"order_sources_close", "envelope_pays_what_is_ordered"}),
        ("envelope_balance", 0, "granted_fen", {"envelope_closes", "ledger_is_envelopes"}),
        ("envelope_balance", 0, "paid_fen", {"envelope_pays_what_is_ordered"}),
        ("ledger", 0, "amount_fen", {"ledger_balanced"}),
    ],
)
def test_one_off_fails_just_the_checks_it_should(name: str, row: int, column: str, failing: set[str]) -> None:
    found = _results(_with(_good(), name, row, column, _more))
    assert {c for c, (result, _) in found.items() if result == "fail"} == failing


def test_a_failure_says_both_numbers() -> None:
    found = _results(_with(_good(), "order", 0, "amount_fen", _more))
    assert found["order_sources_close"] == ("fail", "o1: 90 ≠ 91")


def test_books_that_disagree_with_an_envelope_fail() -> None:
    tables = _with(_with(_good(), "envelope_balance", 0, "closing_fen", _more), "envelope_balance", 0, "granted_fen", _more)
    found = _results(tables)
    assert {c for c, (result, _) in found.items() if result == "fail"} == {"ledger_is_envelopes"}


def test_a_negative_envelope_fails() -> None:
    tables = _with(
        _with(_good(), "envelope_balance", 0, "closing_fen", lambda _: -10), "envelope_balance", 0, "granted_fen", lambda v: v - 60
    )
    assert _results(tables)["envelope_never_negative"] == ("fail", "E1 closing_fen -10")


def test_mixed_price_years_fail() -> None:
    rows = _fill(t.SERVICE_VALUE, [{"parcel_id": p, "service": "s", "price_year": y} for p, y in (("p", 2010), ("q", 2024))])
    assert _results({**_good(), "service_value": rows})["values_have_one_price_year"] == ("fail", "price year 2010, 2024")


def test_what_is_missing_is_not_run_and_never_passed() -> None:
    found = _results({"ledger": None, "order": _good()["order"]})
    assert {r for r, _ in found.values()} == {"not_run"}
    assert found["order_sources_close"][1] == "not run: table order_source is missing"


def test_a_table_no_check_reads_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="No check reads table orders"):
        checks({"orders": _good()["order"]}, YEAR)
