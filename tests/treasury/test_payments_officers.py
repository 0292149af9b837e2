"""Who may register whom, and what the log says of who typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecocomp.terms.faults import FaultsError
from ecoweb.commands.base import login_of
from ecoweb.office import Office, open_office
from ecoweb.treasury import payments
from ecoweb.treasury.payments_officers import appoint

from .pay_world import START, World, officer

WHEN = {"since": START.date()}


def act(account: str, hours: int = 0) -> payments.Act:
    from datetime import timedelta

    return payments.Act(account, "任命", "任1", None, START + timedelta(hours=hours))


def refused(office: Office, name: str, who: payments.Act, **values: Any) -> set[str]:
    with pytest.raises(FaultsError) as caught:
        appoint(office, name, who, {**WHEN, **values})
    assert all(f.clash.zh and f.remedy.zh for f in caught.value.faults)
    return {f.code for f in caught.value.faults}


def test_the_first_officer_is_anyones_the_others_are_not(office: Office) -> None:
    first = appoint(office, "u:sup", act("u:anyone"), {"person": "P-sup", "roles": "supervisor", **WHEN})
    assert first.first
    assert "not checked" in first.words().en
    assert refused(office, "u:a", act("u:anyone", 1), person="P-a", roles="maker") == {"payments.no_officer"}
    assert not appoint(office, "u:a", act("u:sup", 2), {"person": "P-a", "roles": "maker", **WHEN}).first
    assert refused(office, "u:b", act("u:a", 3), person="P-b", roles="checker") == {"payments.appoint_role"}
    with office.reading() as cursor:
        cursor.execute(
            "SELECT payload FROM audit_payload p JOIN change c ON c.seq = p.seq WHERE c.act = 'officer.appoint' ORDER BY 1"
        )
        said = sorted((json.loads(bytes(r[0]).partition(b"\n")[0]) for r in cursor.fetchall()), key=lambda f: int(f["at"]))
    assert [(f["officer"], f["first"], f.get("person")) for f in said] == [("u:sup", 1, None), ("u:a", 0, "P-sup")]


def test_nobody_registers_widens_or_ends_their_own_person(office: Office) -> None:
    appoint(office, "u:sup", act("u:x"), {"person": "P-sup", "roles": "supervisor", **WHEN})
    appoint(office, "u:root", act("u:sup", 1), {"person": "P-root", "roles": "sysadmin", **WHEN})
    own = {"payments.own_appointment"}
    assert refused(office, "u:sup", act("u:sup", 2), person="P-sup", roles="supervisor inspector") == own  # widened
    assert refused(office, "u:sup", act("u:sup", 3), person="P-sup", roles="supervisor", until=START.date()) == own  # ended
    assert refused(office, "u:sup", act("u:sup", 4), person="P-new", roles="maker") == own  # handed to another
    assert refused(office, "u:second", act("u:sup", 5), person="P-sup", roles="maker") == own  # another account
    assert refused(office, "u:other", act("u:sup", 6), person="P-o", roles="supervisor", delegated_by="u:sup") == own
    appoint(office, "u:for", act("u:root", 7), {"person": "P-for", "roles": "supervisor", "delegated_by": "u:sup", **WHEN})
    assert refused(office, "u:sup", act("u:for", 8), person="P-sup", roles="supervisor maker") == own  # through who acts for them
    assert not appoint(office, "u:sup", act("u:root", 9), {"person": "P-sup", "roles": "supervisor inspector", **WHEN}).first


def test_who_moves_money_or_is_of_elsewhere_registers_nobody(office: Office) -> None:
    appoint(office, "u:sup", act("u:x"), {"person": "P-sup", "roles": "supervisor", **WHEN})
    far = office.region_code + "001"
    appoint(office, "u:town", act("u:sup", 1), {"person": "P-town", "roles": "supervisor", "region": far, **WHEN})
    assert refused(office, "u:z", act("u:town", 2), person="P-z", roles="village") == {"payments.region"}
    appoint(office, "u:both", act("u:sup", 3), {"person": "P-both", "roles": "supervisor", **WHEN})
    appoint(office, "u:both2", act("u:sup", 4), {"person": "P-both", "roles": "maker", **WHEN})
    assert refused(office, "u:z", act("u:both", 5), person="P-z", roles="checker") == {"payments.appoint_money"}


def test_where_nobody_may_register_any_officer_registers_one_who_may(office: Office) -> None:
    appoint(office, "u:m", act("u:x"), {"person": "P-m", "roles": "maker", **WHEN})
    assert refused(office, "u:c", act("u:m", 1), person="P-c", roles="checker") == {"payments.appoint_role"}
    assert "payments.own_appointment" in refused(office, "u:m2", act("u:m", 2), person="P-m", roles="supervisor")
    appoint(office, "u:s", act("u:m", 3), {"person": "P-s", "roles": "supervisor", **WHEN})
    assert refused(office, "u:s2", act("u:m", 4), person="P-s2", roles="supervisor") == {"payments.appoint_role"}
    appoint(office, "u:c", act("u:s", 5), {"person": "P-c", "roles": "checker", **WHEN})


def test_two_accounts_of_one_person_are_one_pair_of_eyes(office: Office, tmp_path: Path) -> None:
    w = World(office, tmp_path)
    w.load("officer", [officer("u:maker2", "P-maker", "approver")])
    w.load(
        "officer", [officer("u:chief", "P-chief", "maker approver"), officer("u:aide", "P-aide", "maker", delegated_by="u:chief")]
    )
    w.wait(days=2)
    n = payments.propose(w.office, "waive", "H1", "account_shared", w.act("maker"))
    with pytest.raises(FaultsError) as caught:
        payments.confirm(w.office, n, w.act("u:maker2"))
    assert {f.code for f in caught.value.faults} == {"payments.same_person"}
    n = payments.propose(w.office, "waive", "H2", "account_shared", w.act("u:aide"))
    with pytest.raises(FaultsError) as caught:  # who proposed it did so with the powers of who would confirm it
        payments.confirm(w.office, n, w.act("u:chief"))
    assert {f.code for f in caught.value.faults} == {"payments.same_person"}
    assert payments.confirm(w.office, n, w.act("approver"))["again"] is False


def test_the_login_of_the_machine_stands_beside_the_stated_actor(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecoweb.commands.base import opened
    from ecoweb.records.log import verify_log

    appoint(office, "u:sup", act("u:x"), {"person": "P-sup", "roles": "supervisor", **WHEN})
    monkeypatch.setenv("USER", "someone-else")
    monkeypatch.setenv("LOGNAME", "someone-else")
    with opened(office.folder, None) as again:
        appoint(again, "u:a", act("u:sup", 1), {"person": "P-a", "roles": "maker", **WHEN})
        assert verify_log(again) == []
    with open_office(office.folder) as plain, plain.reading() as cursor:
        cursor.execute("SELECT payload FROM audit_payload ORDER BY seq DESC LIMIT 2")
        last, before = (json.loads(bytes(r[0]).partition(b"\n")[0]) for r in cursor.fetchall())
    assert login_of() not in ("", "someone-else")
    assert (last["actor"], last["login"]) == ("u:sup", login_of())
    assert "login" not in before
