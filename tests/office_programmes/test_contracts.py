"""Contracts from draft to end: what may not be signed is told in full, states follow one another, ground is given once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ecocomp.programmes.contracts import NEXT
from ecocomp.programmes.owed import owed
from ecocomp.terms.codes import CONTRACT_STATES
from ecocomp.terms.faults import FaultsError
from ecoweb.programmes import queries
from ecoweb.programmes.operations import draft, move, renew, sign
from ecoweb.records.log import verify_log
from ecoweb.records.queries import changes, rows

from .conftest import DUTY, MU3, Desk


def faults(caught: pytest.ExceptionInfo[FaultsError]) -> set[tuple[str, str]]:
    return {(f.code.removeprefix("programmes."), f.record) for f in caught.value.faults}


def state(desk: Desk, id: str = "K1") -> str:
    return str(queries.one(desk.office, "contract", "contract_id", id)["state"])


def test_a_contract_is_drafted_signed_and_paid_on(desk: Desk) -> None:
    desk.signed()
    assert state(desk) == "in_force"
    (duty,) = rows(desk.office, "duty", {"contract_id": "K1/1"}, on=date(2020, 6, 1)).to_pylist()
    assert (duty["holder_id"], duty["parcel_id"], duty["duty"], duty["valid_from"]) == ("H1", "A", "每月巡护", date(2020, 5, 1))
    desk.inspected()
    tables, wrong = queries.year_tables(desk.office)
    assert wrong == []
    assert tables["contract"]["contract_id"].to_pylist() == ["K1/1"]
    assert tables["enrolment"]["variant"].to_pylist() == ["forest"]
    assert tables["inspection"]["contract_id"].to_pylist() == ["K1/1"]
    assert verify_log(desk.office) == []
    acts = [c["act"] for c in changes(desk.office, None).to_pylist() if c["register"] == "contract"]
    assert acts == ["contract.draft", "contract.sign"]


def test_the_office_pays_what_its_registers_say(desk: Desk) -> None:
    from ecocomp.terms.tables import PARCEL

    desk.signed()
    desk.inspected()
    tables, _ = queries.year_tables(desk.office)
    parcel = PARCEL.table(
        [
            {
                "parcel_id": "A",
                "village_code": "990121001001",
                "land_class": "0301",
                "ecosystem": "13",
                "area_dm2": MU3,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
        ]
    )
    params = desk.rules.params(date(2020, 12, 31), date(2099, 1, 1))
    right, _ = queries.payable(desk.office, ["A"], date(2020, 12, 31), tables["contract"])
    found = owed(
        desk.rules.get("conversion_round2"),
        tables["contract"],
        tables["inspection"],
        right,
        parcel,
        params,
        2020,
        enrolment=tables["enrolment"],
    )
    cash = [r for r in found.due.to_pylist() if r["payment"] == "cash"]
    assert [(r["holder_id"], r["net_fen"], r["state"], r["inspection_id"]) for r in cash] == [("H1", 150_000, "payable", "I1")]


def test_everything_wrong_with_a_contract_is_told_at_once_and_nothing_is_signed(desk: Desk) -> None:
    head = desk.head(
        items='{"method": "-", "scope_and_area": "x", "breech": "x"}',
        holder_id="V",
        area_dm2=MU3 + 1,
        term_to=date(2021, 1, 1),
        term_from=date(2022, 1, 1),
    )
    draft(
        desk.office,
        desk.rules,
        [head],
        [desk.plot(variant="forrest", class_before="0301", parcel_id="B"), desk.plot(n=2, parcel_id="Z")],
        desk.by(),
    )
    before = len(changes(desk.office, None))
    with pytest.raises(FaultsError) as caught:
        sign(desk.office, desk.rules, ["K1"], date(2020, 5, 1), desk.by())
    assert faults(caught) >= {
        ("items", "K1"), ("term", "K1"), ("recipient", "K1"), ("area_sum", "K1"), ("variant", "K1/1"),
        ("land_class", "K1/1"), ("not_the_holder", "K1/1"), ("title_no_right", "K1"), ("item_unknown", "K1"),
    }  # fmt: skip
    missing = next(f.clash.en for f in caught.value.faults if f.code == "programmes.items" and "missing" in f.clash.en)
    assert missing.startswith("7 items are missing (GFG-24): rates of survival")
    assert (state(desk), len(changes(desk.office, None))) == ("draft", before)


def test_all_nine_items_are_needed_each(desk: Desk) -> None:
    import json

    from .conftest import ITEMS

    items = json.loads(ITEMS)
    assert len(items) == 9
    for n, key in enumerate(items):
        desk.drafted(f"K{n}", items=json.dumps({k: v for k, v in items.items() if k != key}))
        with pytest.raises(FaultsError) as caught:
            sign(desk.office, desk.rules, [f"K{n}"], date(2020, 5, 1), desk.by())
        assert [f.code for f in caught.value.faults] == ["programmes.items"], key
        assert f"({key})" in caught.value.faults[0].clash.en


def test_no_ground_is_enrolled_twice(desk: Desk) -> None:
    desk.signed()
    desk.drafted("K2")
    with pytest.raises(FaultsError) as caught:
        sign(desk.office, desk.rules, ["K2"], date(2021, 5, 1), desk.by())
    assert faults(caught) == {("enrolled_twice", "K2/1")}
    move(desk.office, ["K1"], "terminated", date(2021, 1, 1), desk.by())
    sign(desk.office, desk.rules, ["K2"], date(2021, 5, 1), desk.by())
    assert state(desk, "K2") == "signed"


def test_two_of_one_batch_may_not_take_the_same_ground_either(desk: Desk) -> None:
    desk.drafted("K1")
    desk.drafted("K2")
    with pytest.raises(FaultsError) as caught:
        sign(desk.office, desk.rules, ["K1", "K2"], date(2020, 5, 1), desk.by())
    assert faults(caught) == {("enrolled_twice", "K2/1")}


def test_a_disputed_title_is_told_and_an_ended_holder_refused(desk: Desk) -> None:
    from ecoweb.records.store import record

    from ..office.conftest import Delta, right

    disputed = right("RD", parcel_id="D", holder_id="H1", state="disputed")
    record(desk.office, Delta(added={"tenure": [disputed]}), act="test.set", actor="u:setup", reason="测试")
    desk.drafted("K1", plot={"parcel_id": "D"})
    done = sign(desk.office, desk.rules, ["K1"], date(2020, 5, 1), desk.by())
    assert [(f.code, f.severity) for f in done.warnings] == [("programmes.title_disputed", "warning")]


@pytest.mark.parametrize("start", ["signed", "in_force", "suspended", "breached", "ended", "terminated"])
def test_states_follow_one_another_as_they_may_and_not_otherwise(desk: Desk, start: str) -> None:
    ways: dict[str, list[str]] = {"signed": [], "in_force": ["in_force"], "suspended": ["in_force", "suspended"], "breached": ["in_force", "breached"],
                                  "ended": ["in_force", "ended"], "terminated": ["terminated"]}  # fmt: skip
    desk.drafted()
    sign(desk.office, desk.rules, ["K1"], date(2020, 5, 1), desk.by())
    for n, to in enumerate(ways[start]):
        move(desk.office, ["K1"], to, date(2020, 6, 1 + n), desk.by())
    assert state(desk) == start
    for to in CONTRACT_STATES:
        if to in NEXT[start] and to not in ("renewed", "signed"):
            continue
        with pytest.raises(FaultsError):
            move(desk.office, ["K1"], to, date(2020, 7, 1), desk.by())
    assert state(desk) == start


def test_a_suspended_contract_leaves_the_gate_and_comes_back(desk: Desk) -> None:
    desk.signed()
    move(desk.office, ["K1"], "suspended", date(2021, 1, 1), desk.by())
    move(desk.office, ["K1"], "in_force", date(2022, 1, 1), desk.by())
    tables, _ = queries.year_tables(desk.office)
    held = [(r["valid_from"], r["valid_to"]) for r in tables["contract"].to_pylist()]
    assert held == [(date(2020, 5, 1), date(2021, 1, 1)), (date(2022, 1, 1), None)]
    waits = [(r["state"], r["valid_from"]) for r in tables["enrolment"].to_pylist()]
    assert waits == [("in_force", date(2020, 5, 1)), ("suspended", date(2021, 1, 1)), ("in_force", date(2022, 1, 1))]


def test_a_duty_without_a_contract_of_a_programme_counts_as_before(desk: Desk) -> None:
    from ecoweb.records.store import record

    from ..office.conftest import Delta

    duty: dict[str, Any] = {"contract_id": "OLD", "holder_id": "H2", "parcel_id": "B", "programme": "eco", "duty": "管护", "signed_on": date(2019, 1, 1),
                            "source_id": None, "valid_from": date(2019, 1, 1), "valid_to": None}  # fmt: skip
    record(desk.office, Delta(added={"duty": [duty]}), act="test.set", actor="u:setup", reason="测试")
    desk.signed()
    tables, _ = queries.year_tables(desk.office)
    assert sorted(tables["contract"]["contract_id"].to_pylist()) == ["K1/1", "OLD"]
    assert tables["enrolment"]["contract_id"].to_pylist() == ["K1/1"]


def test_ending_a_contract_ends_its_duties(desk: Desk) -> None:
    desk.signed()
    move(desk.office, ["K1"], "terminated", date(2021, 3, 1), desk.by())
    assert len(rows(desk.office, "duty", {"contract_id": "K1/1"}, on=date(2021, 3, 1))) == 0
    assert len(rows(desk.office, "duty", {"contract_id": "K1/1"}, on=date(2021, 2, 28))) == 1


def test_renewal_is_a_new_version_of_its_own_code(desk: Desk) -> None:
    desk.signed()
    renew(desk.office, desk.rules, "K1", {"contract_id": "K1-2", "term_from": date(2025, 5, 1)}, [], date(2025, 5, 1), desk.by())
    assert (state(desk), state(desk, "K1-2")) == ("renewed", "draft")
    assert queries.one(desk.office, "contract", "contract_id", "K1-2")["renews"] == "K1"
    sign(desk.office, desk.rules, ["K1-2"], date(2025, 5, 1), desk.by(), activate=True)
    assert state(desk, "K1-2") == "in_force"
    assert len(rows(desk.office, "duty", {"parcel_id": "A"}, on=date(2025, 6, 1))) == 1


def test_drafts_of_many_go_in_all_or_none(desk: Desk) -> None:
    heads = [desk.head("K1"), desk.head("K2", programme="conversion_round3"), desk.head("K1")]
    with pytest.raises(FaultsError) as caught:
        draft(desk.office, desk.rules, heads, [desk.plot("K9")], desk.by())
    assert faults(caught) == {("unknown_programme", "K2"), ("exists", "K1"), ("plot_without_contract", "K9")}
    assert len(rows(desk.office, "contract", {})) == 0


def test_a_village_as_a_body_signs_nothing_and_terms_have_a_limit(desk: Desk) -> None:
    draft(
        desk.office, desk.rules,
        [desk.head("G1", programme="grassland", holder_id="V", items=DUTY, term_from=date(2021, 1, 1), term_to=date(2031, 1, 1))],
        [desk.plot("G1", variant="ban", holder_id="V")], desk.by(),
    )  # fmt: skip
    with pytest.raises(FaultsError) as caught:
        sign(desk.office, desk.rules, ["G1"], date(2021, 1, 1), desk.by())
    assert faults(caught) == {("recipient", "G1"), ("term_long", "G1"), ("not_the_holder", "G1/1")}


def test_land_not_contracted_to_households_joins_for_its_seedlings(desk: Desk) -> None:
    import json

    from ecoweb.records.store import record

    from ..office.conftest import Delta, right
    from .conftest import ITEMS

    record(
        desk.office,
        Delta(added={"tenure": [right("RW", parcel_id="W", holder_id="V", kind="ownership")]}),
        act="test.set",
        actor="u:setup",
        reason="测试",
    )
    body = {"holder_id": "V", "plot": {"parcel_id": "W", "holder_id": "V"}}
    desk.drafted("K1", **body)
    with pytest.raises(FaultsError) as caught:
        sign(desk.office, desk.rules, ["K1"], date(2020, 5, 1), desk.by())
    assert [f.code for f in caught.value.faults if f.severity == "error"] == ["programmes.items"]
    assert "village_decision" in next(f for f in caught.value.faults if f.severity == "error").clash.en
    paper = json.dumps(json.loads(ITEMS) | {"village_decision": "2020-04-20 村民会议〔2020〕3号"}, ensure_ascii=False)
    desk.drafted("K2", items=paper, **body)
    done = sign(desk.office, desk.rules, ["K2"], date(2020, 5, 1), desk.by(), activate=True)
    assert [f.code for f in done.warnings] == ["programmes.seedlings_only"]
    desk.drafted("K3", items=paper, holder_id="V", plot={"parcel_id": "C", "holder_id": "V"})  # a household's land
    with pytest.raises(FaultsError) as caught:
        sign(desk.office, desk.rules, ["K3"], date(2020, 5, 1), desk.by())
    assert ("not_the_holder", "K3/1") in faults(caught)
