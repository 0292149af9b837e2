"""Recording: all or nothing, nothing lost, every write with its reason, and the clash of two officers said in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.registers import REGISTERS, TENURE
from ecoweb.office import Office
from ecoweb.records.log import verify_log
from ecoweb.records.queries import changes, rows, versions
from ecoweb.records.store import load, record
from ecoweb.records.tables import written_schema

from .conftest import WHO, Delta, edition, person, right


def current(office: Office, register: str, **where: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows(office, register, where).to_pylist()
    return found


def without_known(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("known_from", "known_to")} | more


def codes(caught: pytest.ExceptionInfo[FaultsError]) -> list[tuple[str, str]]:
    return [(f.code, f.record) for f in caught.value.faults]


def test_one_row_of_every_register_comes_back_as_it_went_in(office: Office) -> None:
    day = date(2021, 5, 6)
    added = {
        "party": person(), "member": {"group_id": "G", "member_id": "H1", "role": "head", "share_num": 1, "share_den": 3},
        "tenure": right(basis="R0", term_to=day, source_id="S1", unit_code="u" * 28),
        "duty": {"contract_id": "C", "holder_id": "H1", "parcel_id": "p", "programme": "退耕", "duty": "管护\n每月", "signed_on": day, "source_id": None},
        "restriction": {"restriction_id": "X", "kind": "red_line", "name": "线", "category": None, "parcel_id": None, "edition_id": "e", "reason": "r\\\x1f", "authority": "a", "document": "", "adopted_on": day},
        "mortgage": {"mortgage_id": "M", "right_id": "R1", "creditor_id": "B", "amount_fen": 2**62, "rank": 1, "document": "d"},
        "source": {"source_id": "S", "kind": "will", "number": "1", "title": "“遗嘱”, \"x\"", "issuer": "i", "dated": None, "sha256": None},
        "dispute": {"dispute_id": "D", "parcel_id": "p", "claimant_id": "H1", "state": "open", "claim": "c", "document": "d"},
        "region": {"region_code": "990121", "name": "县", "level": 3, "parent_code": "9901", "list_edition": "2020"},
        "region_change": {"from_code": "1", "to_code": "2", "kind": "merged", "evidence": "e", "document": None},
        "officer": {"officer_id": "u:a", "person_id": "P1", "name": "甲", "roles": "maker checker", "region_code": "990121", "delegated_by": "u:b", "kin": None, "document": "d"},
        "edition": edition() | {"fingerprint": "f", "path": "p"},
        "envelope": {"envelope_id": "E", "source": "bond", "name_zh": "债", "name_en": "bond", "payer": "p", "floor_fen": 0, "priority": 0, "earmark_zones": None, "earmark_ecosystems": "1", "earmark_red_line": 1, "earmark_programmes": None, "earmark_regions": None, "purposes": None, "ration": None, "carry_over": 0, "usable_from": day, "usable_to": day, "match_ppm": None, "matches": None, "interest_owner": None, "document": "d"},
        "envelope_event": {"event_id": "V", "envelope_id": "E", "kind": "stop", "year": 2021, "fen": 0, "happened_on": day, "act": "divert", "owner": None, "document": "d"},
        "contract": {"contract_id": "K", "programme": "grassland", "holder_id": "H1", "region_code": "990121001001", "state": "in_force", "items": "{}", "signed_on": day, "term_from": day, "term_to": None, "area_dm2": 0, "renews": None, "source_id": None},
        "plot": {"plot_id": "K/1", "contract_id": "K", "parcel_id": "p", "holder_id": "H1", "variant": "ban", "area_dm2": 1, "class_before": None, "slope_tenths": 255, "base_fen": None, "facts": '{"a": "b"}'},
        "inspection": {"inspection_id": "I", "contract_id": "K", "plot_id": None, "year": 2020, "judged_by": "county", "inspected_on": day, "inspector": "u:i", "result": "accepted", "accepted_dm2": 1, "survival_ppm": 900_000, "certificate": "1", "events": None, "evidence": "", "source_id": None},
        "notice": {"notice_id": "N", "programme": "grassland", "year": 2020, "region_code": "990121001001", "state": "open", "opens_on": day, "closes_on": day, "rows": 1, "published_dm2": 1, "published_fen": 0, "digest": "0", "source_id": None},
        "objection": {"objection_id": "O", "notice_id": "N", "year": 2020, "holder_id": "H1", "parcel_id": "", "kind": "area", "received_on": day, "outcome": "open", "answered_on": None, "said": "少了", "answer": None},
        "agreement": {"agreement_id": "A", "name": "协议", "version": 1, "previous": None, "state": "draft", "parties": "990121 990122", "signed_on": None, "term_from": day, "term_to": day, "body": "id: A\n", "sha256": "0", "document": "d"},
        "agreement_year": {"agreement_id": "A", "year": "2021", "state": "open", "result": "{}", "facts": "{}", "readings_sha256": "0", "document": "d"},
        "agreement_dispute": {"case_id": "C", "agreement_id": "A", "year": "2021", "clause": "pool_shares", "state": "open", "claim": "c", "decision": None, "decided_by": None, "document": "d"},
        "agreement_payment": {"payment_id": "P", "agreement_id": "A", "year": "2021", "payer": "990122", "payee": "990121", "amount_fen": 1, "paid_on": day, "journal": None, "document": "d"},
        "credit_account": {"account_id": "K", "party_id": "H1", "name": "户", "kind": "company", "role": "holder", "region_code": "990121", "sector": None, "envelope": "E1", "document": "d"},
        "credit_trust": {"account_id": "K", "counterparty_id": "L", "document": "d"},
        "credit_project": {"project_id": "PJ", "instrument": "ccer", "benefit": "carbon", "title": "林", "account_id": "K", "region_code": "990121", "methodology": None, "quality": "2", "document": "d"},
        "credit_ground": {"project_id": "PJ", "parcel_id": "p", "share_num": 1, "share_den": 2},
        "credit_duty": {"account_id": "K", "instrument": "allowance", "period": "2024", "due": 10, "document": "d"},
    }  # fmt: skip
    span = {"valid_from": date(2020, 1, 1), "valid_to": None}
    given = {r: [span | row] for r, row in added.items()}
    assert set(given) == set(REGISTERS)
    at = datetime(2026, 1, 5, 1, 2, 3, 4, tzinfo=UTC)
    with pytest.raises(FaultsError, match="before the last change"):
        record(office, Delta(added=given), **WHO, at=at)
    at = datetime.now(UTC) + timedelta(seconds=1)
    change = record(office, Delta(added=given), **WHO, at=at, source="文1")
    assert (change.at, change.source, change.actor) == (at, "文1", "u:clerk01")
    shown = {"id_number": "110***********002X", "account": "***************3445", "phone": "138****1234"}
    for register, (row,) in given.items():
        expected = row | {"known_from": at, "known_to": None} | (shown if register == "party" else {})
        (found,) = current(office, register)
        assert found == expected
        assert rows(office, register).schema.equals(REGISTERS[register].schema())
    assert verify_log(office) == []


def test_a_correction_ends_what_was_known_and_keeps_it(office: Office) -> None:
    first = record(office, Delta(added={"tenure": [right()]}), **WHO)
    (row,) = current(office, "tenure")
    second = record(office, Delta({"tenure": [row]}, {"tenure": [without_known(row, holder_id="H2")]}), **WHO)
    found = versions(office, "tenure").to_pylist()
    assert [(v["holder_id"], v["known_from"], v["known_to"]) for v in found] == [
        ("H1", first.at, second.at),
        ("H2", second.at, None),
    ]
    assert rows(office, "tenure", known=first.at)["holder_id"].to_pylist() == ["H1"]
    assert rows(office, "tenure", known=second.at)["holder_id"].to_pylist() == ["H2"]
    assert verify_log(office) == []


def test_the_second_of_two_officers_is_told_who_was_first(office: Office) -> None:
    record(office, Delta(added={"tenure": [right("R1"), right("R2")]}), **WHO)
    read = current(office, "tenure")
    first = record(office, Delta({"tenure": read[:1]}), act="tenure.end", actor="u:first", reason="注销")
    with pytest.raises(FaultsError) as caught:
        record(office, Delta({"tenure": read}, {"party": [person()]}), act="tenure.end", actor="u:second", reason="注销")
    assert codes(caught) == [("records.conflict", "R1")]
    assert "u:first" in str(caught.value)
    assert f"change {first.seq}" in str(caught.value)
    assert len(current(office, "tenure")) == 1
    assert current(office, "party") == []
    with pytest.raises(FaultsError) as caught:
        record(office, Delta({"tenure": [read[1] | {"valid_from": date(1999, 1, 1)}]}), **WHO)
    assert codes(caught) == [("records.unknown_version", "R2")]


def test_every_fault_at_once_and_nothing_written(office: Office) -> None:
    bad = [
        right("A", kind="lease"), right("B", share_num=3, share_den=2), right("C", valid_to=date(2019, 1, 1)), right(""),
        right("D"), right("D", valid_from=date(2021, 1, 1)), right("E", holder_id=None), right("F", share_num=0),
        right("T", document="a\x00b"), right("U", document="\x1a" * 5),
    ]  # fmt: skip
    people = [person("P", phone="138****1234"), person("Q", kind="x", members=-1)]
    with pytest.raises(FaultsError) as caught:
        record(office, Delta(added={"tenure": bad, "party": people}), **WHO)
    assert set(codes(caught)) == {
        ("records.code", "A"), ("records.share", "B"), ("records.share", "F"), ("records.interval", "C"), ("records.empty", ""),
        ("records.overlap", "D"), ("records.empty", "E"), ("records.text", "T"), ("records.text", "U"), ("records.code", "Q"), ("records.range", "Q"),
    }  # fmt: skip
    with pytest.raises(FaultsError) as caught:
        record(office, Delta(added={"tenure": [right()], "party": people[:1]}), **WHO)
    assert codes(caught) == [("records.masked", "P")]
    assert [len(rows(office, r)) for r in ("tenure", "party")] == [0, 0]
    assert len(changes(office, None)) == 1
    with office.reading() as cursor:
        cursor.execute("SELECT count(*) FROM seal")
        assert cursor.fetchone()[0] == 0


@pytest.mark.parametrize("words", [{"act": "Write it"}, {"actor": " "}, {"reason": ""}, {"act": ""}])
def test_a_change_without_actor_or_reason_is_wrong_use(office: Office, words: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        record(office, Delta(added={"tenure": [right()]}), **WHO | words)
    with pytest.raises(UsageError):
        record(office, Delta(added={"tenures": [right()]}), **WHO)
    with pytest.raises(UsageError):
        record(office, Delta(added={"tenure": [right(colour="red")]}), **WHO)


def test_values_of_the_wrong_type_are_a_fault(office: Office) -> None:
    with pytest.raises(FaultsError) as caught:
        record(office, Delta(added={"tenure": [right(share_num="one")], "party": [person(members=2**70)]}), **WHO)
    assert codes(caught) == [("records.type", ""), ("records.type", "")]


def test_personal_data_read_masked_and_written_back_stay_what_they_are(office: Office) -> None:
    record(office, Delta(added={"party": [person(), person("H2", account=None, phone="13900001234")]}), **WHO)
    read = current(office, "party")
    moved = [without_known(r, region_code="990121002001") for r in read]
    record(office, Delta({"party": read}, {"party": moved}), **WHO)
    from ecoweb.people.queries import find

    assert find(office, phone="13800001234")["region_code"].to_pylist() == ["990121002001"]
    assert find(office, phone="13900001234")["party_id"].to_pylist() == ["H2"]
    assert find(office, id_number="11010519491231002X", region="990121002")["party_id"].to_pylist() == ["H1", "H2"]
    assert verify_log(office) == []
    (one,) = current(office, "party", party_id="H2")
    record(office, Delta({"party": [one]}, {"party": [without_known(one, phone="13711112222")]}), **WHO)
    assert len(find(office, phone="13900001234")) == 0
    assert len(find(office, phone="13711112222")) == 1


# ---------------------------------------------------------------- bulk
def table(count: int, start: int = 0, **more: Any) -> pa.Table:
    return pa.Table.from_pylist([right(f"R{i:06d}", **more) for i in range(start, start + count)], schema=written_schema(TENURE))


def test_a_load_in_many_batches_is_one_change(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecoweb.records import store, tables

    monkeypatch.setattr(store, "BATCH_ROWS", 100)
    monkeypatch.setattr(tables, "BATCH_ROWS", 100)
    given = table(1234)
    change = load(office, {"tenure": given}, **WHO)
    found = rows(office, "tenure")
    assert found.select(given.schema.names).equals(given)
    assert set(found["known_from"].to_pylist()) == {change.at}
    (_, said) = changes(office, None, objects=3).to_pylist()
    assert (said["register"], said["added"], said["ended"], said["objects"]) == (
        "tenure",
        1234,
        0,
        ["R000000", "R000001", "R000002"],
    )
    assert verify_log(office) == []
    with pytest.raises(FaultsError) as caught:
        load(office, {"tenure": table(700, 1000)}, **WHO)
    assert codes(caught) == [("records.overlap", f"R{i:06d}") for i in range(1000, 1234)]
    assert len(rows(office, "tenure")) == 1234


def test_a_register_taken_over_keeps_when_it_knew(office: Office) -> None:
    then, later = datetime(2021, 3, 1, 4, tzinfo=UTC), datetime(2022, 3, 1, tzinfo=UTC)
    old = [right() | {"known_from": then, "known_to": later}, right(holder_id="H2") | {"known_from": later, "known_to": None}]
    load(office, {"tenure": TENURE.table(old)}, **WHO, keep_known=True)
    assert rows(office, "tenure", known=date(2021, 3, 1))["holder_id"].to_pylist() == ["H1"]
    assert rows(office, "tenure", known=date(2021, 2, 28))["holder_id"].to_pylist() == []
    assert rows(office, "tenure", known=date(2022, 3, 1))["holder_id"].to_pylist() == ["H2"]
    assert rows(office, "tenure")["holder_id"].to_pylist() == ["H2"]
    assert verify_log(office) == []
    (row,) = current(office, "tenure")
    record(office, Delta({"tenure": [row]}), **WHO)
    assert verify_log(office) == []


def test_what_was_known_cannot_lie_after_the_taking_over(office: Office) -> None:
    ahead = datetime.now(UTC) + timedelta(days=2)
    with pytest.raises(FaultsError) as caught:
        load(office, {"tenure": TENURE.table([right() | {"known_from": ahead, "known_to": None}])}, **WHO, keep_known=True)
    assert codes(caught) == [("records.known", "R1")]


def test_the_clock_never_runs_back(office: Office) -> None:
    last = datetime.now(UTC) + timedelta(seconds=100)
    record(office, Delta(added={"tenure": [right("A")]}), **WHO, at=last)
    assert record(office, Delta(added={"tenure": [right("B")]}), **WHO).at == last + timedelta(microseconds=1)
    record(office, Delta(added={"tenure": [right("C")]}), **WHO, at=last + timedelta(days=1))
    with pytest.raises(FaultsError) as caught:
        record(office, Delta(added={"tenure": [right("D")]}), **WHO)
    assert codes(caught) == [("records.clock", "")]
