"""Notices and objections of the office's register: what they hold, what frees it, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ecocomp.terms.clocks import OFFICE_ZONE
from ecocomp.terms.faults import FaultsError
from ecoweb.office import Office
from ecoweb.records.queries import versions
from ecoweb.treasury import payments

from .pay_world import YEAR, Claim, World

CLAIMS = [
    Claim("H1", "p1", {"E1": 1000}),
    Claim("H2", "p2", {"E1": 700}),
    Claim("H2", "p4", {"E1": 50}),
    Claim("H3", "p3", {"E1": 500}),
]
ROW = "forest/2025/p2/H2"


@pytest.fixture
def w(office: Office, tmp_path: Path) -> World:
    world = World(office, tmp_path)
    world.take(CLAIMS)
    return world


def codes(caught: pytest.ExceptionInfo[FaultsError]) -> set[str]:
    return {f.code for f in caught.value.faults}


def today(w: World) -> date:
    return w.now.astimezone(OFFICE_ZONE).date()


def object_to(w: World, notice: str, *, days: int = 1, number: str = "O1", holder: str = "H2", parcel: str = "p2") -> None:
    """Enter an objection so many days after the notice began."""
    day = today(w) + timedelta(days=days)
    row = {
        "objection_id": number, "notice_id": notice, "year": YEAR, "holder_id": holder, "parcel_id": parcel, "kind": "amount",
        "received_on": day, "outcome": "open", "answered_on": None, "said": "少算一亩", "answer": None, "valid_from": day, "valid_to": None,
    }  # fmt: skip
    w.load("objection", [row])


def registered(w: World) -> list[dict[str, Any]]:
    """The notices of the register as they stand."""
    found = versions(w.office, "notice", {}, known=w.tick()).to_pylist()
    return [r for r in found if r["known_to"] is None and r["valid_to"] is None]


def answer(w: World, outcome: str, number: str = "O1") -> None:
    """Answer it."""
    w.change("objection", {"objection_id": number}, outcome=outcome, answered_on=today(w), answer="已核")


def test_a_notice_stands_in_the_register_once(w: World) -> None:
    given = payments.give_notice(w.office, YEAR, w.act("maker"))
    (row,) = registered(w)
    assert (row["programme"], row["year"], row["region_code"], row["state"]) == ("forest", YEAR, "990121", "open")
    assert (row["opens_on"], row["closes_on"], row["rows"], row["published_fen"], row["digest"]) == (
        given.opens, given.closes, 4, 2250, given.digest,
    )  # fmt: skip
    again = payments.give_notice(w.office, YEAR, w.act("maker"))
    assert (again.notice_id, again.again, len(registered(w))) == (given.notice_id, True, 1)
    w.take([*CLAIMS, Claim("H1", "p9", {"E1": 5})])
    with pytest.raises(FaultsError) as caught:
        payments.give_notice(w.office, YEAR, w.act("maker"))
    assert codes(caught) == {"payments.notice_runs"}
    w.wait(days=8)
    second = payments.give_notice(w.office, YEAR, w.act("maker"))
    assert {n["notice_id"]: n["state"] for n in registered(w)} == {
        given.notice_id: "closed",
        second.notice_id: "open",
    }


def test_a_withdrawn_notice_pays_nobody(w: World) -> None:
    given = payments.give_notice(w.office, YEAR, w.act("maker"))
    w.wait(days=8)
    w.change("notice", {"notice_id": given.notice_id}, state="withdrawn")
    with pytest.raises(FaultsError) as caught:
        w.made()
    assert codes(caught) == {"payments.nothing_to_pay"}


def test_rows_are_bound_to_a_notice_that_showed_them(w: World) -> None:
    day = today(w)
    base = {
        "programme": "forest", "year": YEAR, "region_code": "990121", "state": "open", "opens_on": day,
        "closes_on": day + timedelta(days=6), "rows": 4, "published_dm2": 400, "digest": "d", "source_id": None, "valid_from": day,
        "valid_to": None,
    }  # fmt: skip
    w.load(
        "notice",
        [base | {"notice_id": "G1", "published_fen": 2249}, base | {"notice_id": "G2", "published_fen": 2250, "programme": "x"}],
    )
    for name, code in (("G1", "payments.notice_less"), ("G2", "payments.notice_other"), ("G9", "payments.no_notice")):
        with pytest.raises(FaultsError) as caught:
            payments.give_notice(w.office, YEAR, w.act("maker"), programme="forest", notice_id=name)
        assert codes(caught) == {code}
    w.change("notice", {"notice_id": "G1"}, published_fen=2250)
    assert payments.give_notice(w.office, YEAR, w.act("maker"), notice_id="G1").rows == 4
    with pytest.raises(FaultsError) as caught:
        payments.give_notice(w.office, YEAR, w.act("maker"), notice_id="G1")
    assert codes(caught) == {"payments.notice_bound"}
    w.wait(days=8)
    assert w.made().rows == 4


def test_an_open_objection_holds_its_own_rows_and_a_rejected_one_frees_them(w: World) -> None:
    notice = payments.give_notice(w.office, YEAR, w.act("maker")).notice_id
    object_to(w, notice)
    w.wait(days=8)
    batch = w.made()
    assert (batch.rows, batch.left_out, w.states()[ROW]) == (3, {"objection_open": 1}, ("held", "objection_open"))
    payments.cancel_batch(w.office, batch.batch_id, w.act("maker"))
    answer(w, "rejected")
    assert w.made().rows == 4


def test_an_objection_without_a_parcel_holds_all_of_the_holder(w: World) -> None:
    notice = payments.give_notice(w.office, YEAR, w.act("maker")).notice_id
    object_to(w, notice, parcel="")
    w.wait(days=8)
    assert w.made().left_out == {"objection_open": 2}


def test_one_that_came_too_late_holds_nothing_until_it_is_upheld(w: World) -> None:
    notice = payments.give_notice(w.office, YEAR, w.act("maker")).notice_id
    object_to(w, notice, days=20)
    w.wait(days=30)
    batch = w.made()
    assert batch.rows == 4
    answer(w, "upheld")
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, batch.batch_id, w.act("checker"))
    assert [(f.code, f.record) for f in caught.value.faults] == [("payments.objected", ROW)]


def test_what_was_upheld_stays_until_it_is_corrected(w: World) -> None:
    notice = payments.give_notice(w.office, YEAR, w.act("maker")).notice_id
    object_to(w, notice)
    w.wait(days=8)
    answer(w, "upheld")
    batch = w.made()
    assert (batch.rows, w.states()[ROW]) == (3, ("held", "objection_upheld"))
    payments.cancel_batch(w.office, batch.batch_id, w.act("maker"))
    w.take([c if c.parcel != "p2" else Claim("H2", "p2", {"E1": 900}) for c in CLAIMS])
    w.noticed()
    made = w.made()
    assert (made.rows, made.sum_fen, made.left_out) == (5, 2450, {})  # what was owed and what is added to it


def test_two_persons_may_say_that_what_was_upheld_changes_no_money(w: World) -> None:
    notice = payments.give_notice(w.office, YEAR, w.act("maker")).notice_id
    object_to(w, notice, parcel="")
    w.wait(days=8)
    answer(w, "upheld")
    number = payments.propose(w.office, "waive", "H2", "objection_upheld", w.act("maker"))
    assert w.made(limit=9).left_out == {"objection_upheld": 2}
    payments.cancel_batch(w.office, w.sql("SELECT batch_id FROM pay_batch")[0][0], w.act("maker"))
    payments.confirm(w.office, number, w.act("checker"))
    made = w.made()
    assert made.rows == 4
    payments.cancel_batch(w.office, made.batch_id, w.act("maker"))
    w.change("objection", {"objection_id": "O1"}, answer="再次核实，确有少算")  # upheld anew, after the decision
    assert w.made().left_out == {"objection_upheld": 2}


def test_an_objection_to_a_batch_under_way_stops_its_next_step(w: World) -> None:
    notice = payments.give_notice(w.office, YEAR, w.act("maker")).notice_id
    w.wait(days=8)
    name = w.compared()
    w.now -= timedelta(days=8)
    object_day = today(w)
    w.now += timedelta(days=8)
    object_to(w, notice, days=(object_day - today(w)).days)
    with pytest.raises(FaultsError) as caught:
        payments.release(w.office, name, w.act("releaser"))
    assert codes(caught) == {"payments.objected"}
    assert {s for s, _ in w.states().values()} == {"in_file"}


def test_a_row_the_bundle_holds_is_freed_when_its_objection_is_rejected(office: Office, tmp_path: Path) -> None:
    w = World(office, tmp_path)
    w.take([CLAIMS[0], Claim("H2", "p2", {"E1": 700}, state="held")])
    notice = payments.give_notice(w.office, YEAR, w.act("maker")).notice_id
    object_to(w, notice)
    w.wait(days=8)
    batch = w.made()
    assert w.states()[ROW] == ("held", "objection")
    payments.cancel_batch(w.office, batch.batch_id, w.act("maker"))
    answer(w, "rejected")
    assert w.made().rows == 2
