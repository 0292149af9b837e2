"""Earmark and arrears by day, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.ledger.watch import overdue, spells
from ecoweb.office import Office
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger_watch import limits, watch

from .books import T, act

D = date


@pytest.fixture
def year(office: Office) -> Office:
    """E1 lends E2 4 yuan from February to November, pays H1 late and H2 in time; 1 yuan of interest waits for its owner."""
    for key, day, rows in (
        ("grant", D(2025, 1, 1), [T("asset:bank:E1", "fund:E1", 1000, "grant", "文1"), T("asset:bank:E2", "fund:E2", 1000, "grant", "文2")]),
        ("owe", D(2025, 2, 1), [T("fund:E1", "liability:payable:H1:E1", 300, "allocation", "R1"), T("fund:E1", "liability:payable:H2:E1", 200, "allocation", "R2")]),
        ("lend", D(2025, 2, 10), [T("asset:bank:E2", "asset:bank:E1", 400, "reallocation", "文9"), T("fund:E1", "fund:E2", 400, "reallocation", "文9")]),
        ("pay2", D(2025, 2, 20), [T("liability:payable:H2:E1", "asset:transit:E1", 200, "confirmation", "P2"), T("asset:transit:E1", "asset:bank:E1", 200, "payment", "P2")]),
        ("interest", D(2025, 3, 31), [T("asset:bank:E1", "liability:interest:treasury:E1", 100, "interest", "Q1")]),
        ("send1", D(2025, 5, 1), [T("asset:transit:E1", "asset:bank:E1", 300, "payment", "P1")]),
        ("pay1", D(2025, 5, 20), [T("liability:payable:H1:E1", "asset:transit:E1", 300, "confirmation", "P1")]),
        ("back", D(2025, 11, 30), [T("asset:bank:E1", "asset:bank:E2", 400, "reallocation", "文10"), T("fund:E2", "fund:E1", 400, "reallocation", "文10")]),
    ):  # fmt: skip
        act(office, lambda w, k=key, d=day, r=rows: ledger.post(w, r, key=k, book_on=d))
    return office


def found(office: Office, *args: object, **more: object) -> list[tuple[object, ...]]:
    """The spells as tuples."""
    table = watch(office, *args, **more)  # type: ignore[arg-type]
    return [(r["finding"], r["envelope"], r["what"], r["first"], r["last"], r["amount_fen"]) for r in table.to_pylist()]


def test_what_a_year_end_balance_hides(year: Office) -> None:
    assert found(year, D(2025, 12, 31)) == [
        ("arrears", "E1", "", D(2025, 3, 4), D(2025, 5, 19), 300),
        ("interest", "E1", "liability:interest:treasury:E1", D(2025, 6, 30), None, 100),
        ("moved", "E1", "E2", D(2025, 2, 10), D(2025, 11, 29), 400),
        ("transit", "E1", "", D(2025, 5, 7), D(2025, 5, 19), 300),
    ]


def test_one_day_in_between(year: Office) -> None:
    assert [f[:3] for f in found(year, D(2025, 2, 15))] == [("moved", "E1", "E2")]
    assert found(year, D(2025, 12, 31), None, D(2025, 12, 1), hand_over_within=1000) == []
    named = found(year, D(2025, 4, 1), by_account=True)
    assert ("arrears", "E1", "liability:payable:H1:E1", D(2025, 3, 4), None, 300) in named


def test_the_county_sets_its_own_days(year: Office) -> None:
    folder = year.folder / "rules" / year.region_code / "ledger"
    folder.mkdir(parents=True)
    head = "name: {zh: 天数, en: days}, unit: days, kind: number"
    values = (
        "[{to: 2025-12-30, value: 30, document: 县规, confidence: D}, {from: 2025-12-31, value: 77, document: 县规, confidence: D}]"
    )
    (folder / "watch.yaml").write_text(
        f"parameters: [{{key: ledger.watch.pay_within_days, {head}, values: {values}}}]", encoding="utf-8"
    )
    assert limits(year, D(2025, 12, 30)) == {"pay_within": 30, "confirm_within": 5, "hand_over_within": 90}
    assert limits(year, D(2025, 12, 31))["pay_within"] == 77
    assert [f[3] for f in found(year, D(2025, 12, 30)) if f[0] == "arrears"] == [D(2025, 3, 4)]
    assert [f[3] for f in found(year, D(2025, 12, 31)) if f[0] == "arrears"] == [D(2025, 4, 20)]
    assert [f[3] for f in found(year, D(2025, 12, 31), pay_within=30) if f[0] == "arrears"] == [D(2025, 3, 4)]


def test_a_promise_written_for_an_earlier_day_than_its_money(office: Office) -> None:
    act(office, lambda w: ledger.post(w, [T("asset:bank:E1", "fund:E1", 9, "grant", "")], key="g", book_on=D(2025, 1, 1)))
    act(office, lambda w: ledger.post(w, [T("fund:E1", "claim:f", 5, "allocation", "")], key="a", book_on=D(2025, 6, 1)))
    act(
        office,
        lambda w: ledger.post(w, [T("claim:f", "liability:payable:H:E1", 5, "entitlement", "")], key="b", book_on=D(2025, 5, 1)),
    )
    assert ("short", "E1", "", D(2025, 5, 1), D(2025, 5, 31), 5) in found(office, D(2025, 6, 2))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 50), st.integers(0, 50)), max_size=12),
    st.integers(0, 20),
)
def test_overdue_by_day_is_what_counting_every_day_gives(moves: list[tuple[int, int, int]], allowed: int) -> None:
    start = D(2025, 1, 1)
    until = start + timedelta(80)
    dated = [(start + timedelta(d), owed, paid) for d, owed, paid in sorted(moves)]
    by_day = {}
    for s in spells("x", "", "", overdue(dated, allowed, until), until):
        for n in range(s.days):
            by_day[s.first + timedelta(n)] = s.fen
    for n in range(81):
        day = start + timedelta(n)
        paid = sum(p for d, _, p in dated if d <= day)
        old = sum(o for d, o, _ in dated if d + timedelta(allowed) < day)
        assert by_day.get(day, 0) == max(0, old - paid)
