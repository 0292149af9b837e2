"""Sensitive personal data: sealed to their place, masked, found by token, erased with proofs standing, key wrong or changed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ecocomp.terms.faults import FaultsError
from ecoweb.office import KEY, KEY_VARIABLE, Office, write_key
from ecoweb.people.queries import find
from ecoweb.records import cipher
from ecoweb.records.log import verify_log
from ecoweb.records.personal import erase, erase_payload, reveal, rotate_key
from ecoweb.records.queries import changes, register_state, rows
from ecoweb.records.store import record

from .conftest import WHO, Delta, Offices, person
from .test_log import alter

ACTOR = {"actor": "u:officer", "reason": "核对"}
PHONE = "13800001234"


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("id_number", "11010519491231002X", "110***********002X"), ("account", "6222020200112233445", "***************3445"),
        ("phone", "13800001234", "138****1234"), ("phone", "1234567", "*****67"), ("account", "12", "**"), ("id_number", "", ""),
    ],
)  # fmt: skip
def test_masks_keep_what_the_law_allows(column: str, value: str, shown: str) -> None:
    assert cipher.mask(column, value) == shown


def test_a_seal_opens_only_in_its_place() -> None:
    from cryptography.exceptions import InvalidTag

    sealer = cipher.Sealer(b"k" * 32)
    key, wrapped = sealer.new_key("party", "H1")
    sealed = sealer.seal(key, "party", 7, "phone", PHONE)
    assert sealer.open(sealer.unwrap("party", "H1", wrapped), "party", 7, "phone", sealed) == PHONE
    assert sealer.seal(key, "party", 7, "phone", PHONE) != sealed
    for place in (("member", 7, "phone"), ("party", 8, "phone"), ("party", 7, "account")):
        with pytest.raises(InvalidTag):
            sealer.open(key, *place, sealed)
    with pytest.raises(InvalidTag):
        sealer.unwrap("party", "H2", wrapped)
    with pytest.raises(InvalidTag):
        cipher.Sealer(b"x" * 32).unwrap("party", "H1", wrapped)
    assert sealer.token("party", "phone", PHONE) != sealer.token("party", "account", PHONE)


def test_a_value_moved_to_another_row_does_not_open(office: Office) -> None:
    record(office, Delta(added={"party": [person("H1"), person("H2", account="6222020200119999999")]}), **WHO)
    alter(office, "UPDATE party SET account = (SELECT account FROM party WHERE id = 2) WHERE id = 1")
    with pytest.raises(FaultsError) as caught:
        rows(office, "party")
    assert [(f.code, f.record) for f in caught.value.faults] == [("records.moved_seal", "H1 #1")]


def test_who_sees_it_in_full_is_in_the_log(office: Office) -> None:
    record(office, Delta(added={"party": [person()]}), **WHO)
    seen = reveal(office, "H1", **ACTOR)
    assert seen == {"id_number": "11010519491231002X", "account": "6222020200112233445", "phone": PHONE}
    assert changes(office, None).to_pylist()[-1]["act"] == "party.reveal"
    with pytest.raises(FaultsError):
        reveal(office, "nobody", **ACTOR)
    assert len(changes(office, None)) == 3
    assert verify_log(office) == []


def test_erasure_leaves_rows_and_proofs(office: Office) -> None:
    record(office, Delta(added={"party": [person(), person("H2")]}), **WHO)
    assert len(find(office, phone=PHONE)) == 2
    erase(office, "H1", actor="u:officer", reason="本人申请删除")
    (one, two) = rows(office, "party").to_pylist()
    assert (one["name"], one["phone"], one["account"], two["phone"]) == ("张三", cipher.HIDDEN, cipher.HIDDEN, "138****1234")
    assert find(office, phone=PHONE)["party_id"].to_pylist() == ["H2"]
    assert verify_log(office) == []
    with pytest.raises(FaultsError):
        erase(office, "H1", **ACTOR)
    erase_payload(office, 1, **ACTOR)
    assert verify_log(office) == []
    assert register_state(office, "party")["phone"].to_pylist() == [cipher.HIDDEN] * 2


def test_an_erased_party_can_be_written_on(office: Office) -> None:
    record(office, Delta(added={"party": [person()]}), **WHO)
    erase(office, "H1", **ACTOR)
    (row,) = rows(office, "party").to_pylist()
    new = {k: v for k, v in row.items() if not k.startswith("known")} | {"phone": "13711112222"}
    record(office, Delta({"party": [row]}, {"party": [new]}), **WHO)
    (row,) = rows(office, "party").to_pylist()
    assert (row["phone"], row["account"]) == ("137****2222", None)
    assert verify_log(office) == []


def test_the_key_is_for_its_owner_only_and_may_be_elsewhere(
    offices: Offices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place, _ = offices.fresh()
    assert stat.S_IMODE((place / KEY).stat().st_mode) == 0o600
    office = offices.open(place)
    record(office, Delta(added={"party": [person()]}), **WHO)
    elsewhere = tmp_path / "safe" / "county.key"
    elsewhere.parent.mkdir()
    (place / KEY).rename(elsewhere)
    blind = offices.open(place)
    assert rows(blind, "party")["phone"].to_pylist() == [cipher.HIDDEN]
    for act in (lambda: find(blind, phone=PHONE), lambda: record(blind, Delta(added={"party": [person("H2")]}), **WHO)):
        with pytest.raises(FaultsError) as caught:
            act()
        assert [f.code for f in caught.value.faults] == ["office.key_missing"]
    record(blind, Delta(added={"party": [person("H3", id_number=None, account=None, phone=None)]}), **WHO)
    monkeypatch.setenv(KEY_VARIABLE, str(elsewhere))
    assert find(offices.open(place), phone=PHONE)["party_id"].to_pylist() == ["H1"]


@pytest.mark.parametrize(
    ("said", "code"), [("ab" * 32, "office.key_wrong"), ("not a key", "office.key"), ("ab", "office.key"), ("", "office.key")]
)
def test_a_wrong_key_is_refused_when_the_office_is_opened(offices: Offices, said: str, code: str) -> None:
    place, _ = offices.fresh()
    (place / KEY).write_text(said)
    with pytest.raises(FaultsError) as caught:
        offices.open(place)
    assert [f.code for f in caught.value.faults] == [code]


def test_a_new_key_opens_what_the_old_one_sealed(offices: Offices) -> None:
    place, _ = offices.fresh()
    office = offices.open(place)
    record(office, Delta(added={"party": [person("H1"), person("H2", phone="13900000000")]}), **WHO)
    erase(office, "H2", **ACTOR)
    old = (place / KEY).read_text()
    rotate_key(office, **ACTOR)
    assert (place / KEY).read_text() != old
    assert stat.S_IMODE((place / KEY).stat().st_mode) == 0o600
    for now in (office, offices.open(place)):
        assert find(now, phone=PHONE)["party_id"].to_pylist() == ["H1"]
        assert len(find(now, phone="13900000000")) == 0
        assert verify_log(now) == []
    (place / KEY).write_text(old)
    with pytest.raises(FaultsError):
        offices.open(place)


def test_two_who_hold_the_office_open_change_its_key_one_after_the_other(offices: Offices) -> None:
    place, _ = offices.fresh()
    one, two = offices.open(place), offices.open(place)
    record(one, Delta(added={"party": [person()]}), **WHO)
    assert len(find(two, phone=PHONE)) == 1
    rotate_key(one, **ACTOR)
    assert len(find(one, phone=PHONE)) == 1
    rotate_key(two, **ACTOR)
    assert len(find(offices.open(place), phone=PHONE)) == 1
    with pytest.raises(FaultsError) as caught:
        record(one, Delta(added={"party": [person("H2")]}), **WHO)
    assert [f.code for f in caught.value.faults] == ["office.key_wrong"]


def test_a_change_of_key_killed_after_its_commit_is_finished(offices: Offices) -> None:
    place, _ = offices.fresh()
    office = offices.open(place)
    record(office, Delta(added={"party": [person()]}), **WHO)
    old = (place / KEY).read_text()
    rotate_key(office, **ACTOR)
    os.rename(place / KEY, place / (KEY + cipher.NEW_KEY))
    (place / KEY).write_text(old)
    assert find(offices.open(place), phone=PHONE)["party_id"].to_pylist() == ["H1"]
    assert not (place / (KEY + cipher.NEW_KEY)).exists()


def test_a_change_of_key_killed_before_its_commit_leaves_the_old_one(offices: Offices) -> None:
    place, _ = offices.fresh()
    record(offices.open(place), Delta(added={"party": [person()]}), **WHO)
    write_key(place / (KEY + cipher.NEW_KEY), b"n" * 32)
    assert find(offices.open(place), phone=PHONE)["party_id"].to_pylist() == ["H1"]
