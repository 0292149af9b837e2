"""Inspections, notices and objections: who may judge, what is published stays what is paid, answers with their reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import DUE
from ecoweb.cadastre.operations import adopt_edition
from ecoweb.office import Office
from ecoweb.programmes import queries
from ecoweb.programmes.operations import answer_objection, close_notice, open_notice, receive_objection
from ecoweb.programmes.year import due_of_region, office_year
from ecoweb.records.log import verify_log

from ..office.conftest import edition
from .conftest import MU3, Desk


def codes(caught: pytest.ExceptionInfo[FaultsError]) -> set[str]:
    return {f.code.removeprefix("programmes.") for f in caught.value.faults}


def ground(office: Office, tmp_path: Path) -> None:
    """Adopt an edition with parcels A, B and C of 3 mu."""
    ids = ["A", "B", "C"]
    table = pa.table(
        {
            "parcel_id": ids,
            "village_code": ["990121001001"] * 3,
            "land_class": ["0301"] * 3,
            "ecosystem": ["13"] * 3,
            "area_dm2": pa.array([MU3] * 3, pa.int64()),
        }
    )
    file = tmp_path / "edition.parquet"
    pq.write_table(table, file)
    adopt_edition(office, file, edition(valid_from=date(2020, 1, 1), adopted_on=date(2020, 1, 1)), actor="u:setup", reason="测试")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"inspector": "u:clerk01"}, "same_person"), ({"inspector": "u:clerk02"}, "same_person"), ({"inspector": "H1"}, "same_person"),
        ({"contract_id": "K9"}, "no_contract"), ({"plot_id": "K1/9"}, "no_plot"), ({"accepted_dm2": MU3 + 1}, "more_than_agreed"),
        ({"accepted_dm2": 0}, "result_area"), ({"result": "rejected"}, "result_area"), ({"survival_ppm": 1_000_001}, "survival_range"),
        ({"inspected_on": date(2199, 1, 1)}, "future"),
    ],
)  # fmt: skip
def test_an_inspection_that_cannot_be_is_refused(desk: Desk, more: dict[str, object], code: str) -> None:
    desk.signed()
    with pytest.raises(FaultsError) as caught:
        desk.inspected(**more)
    assert code in codes(caught)
    assert queries.last(desk.office, "inspection", {}) == []


def test_each_level_sends_another_person_and_codes_are_used_once(desk: Desk) -> None:
    desk.signed()
    desk.inspected()
    with pytest.raises(FaultsError) as caught:
        desk.inspected("I2", judged_by="province")
    assert codes(caught) == {"two_levels"}
    with pytest.raises(FaultsError) as caught:
        desk.inspected("I1", inspector="u:other", judged_by="province")
    assert codes(caught) == {"exists"}
    desk.inspected("I2", inspector="u:other", judged_by="province", accepted_dm2=MU3 // 2, result="partial")
    assert len(queries.last(desk.office, "inspection", {})) == 2


def test_nothing_is_accepted_on_a_draft(desk: Desk) -> None:
    desk.drafted()
    with pytest.raises(FaultsError) as caught:
        desk.inspected()
    assert codes(caught) == {"contract_state"}


def test_what_the_office_owes_is_published_and_paid_only_as_published(desk: Desk, tmp_path: Path) -> None:
    ground(desk.office, tmp_path)
    desk.signed()
    found = office_year(desk.office, desk.rules, ["conversion_round2"], 2020)
    assert {r["state"] for r in found.due.to_pylist()} == {"waiting"}
    desk.inspected()
    due = due_of_region(desk.office, desk.rules, "conversion_round2", 2020, "12-31", "990121001")
    assert sum(r["net_fen"] for r in due.to_pylist() if r["state"] == "payable") == 150_000
    opens = desk.office.today()
    open_notice(desk.office, desk.rules, "N1", "conversion_round2", 2020, "990121001001", due, opens, desk.by())
    row = queries.one(desk.office, "notice", "notice_id", "N1")
    assert (row["rows"], row["published_fen"], row["state"], row["closes_on"]) == (2, 150_000, "open", opens + timedelta(days=6))
    with pytest.raises(FaultsError) as caught:
        open_notice(desk.office, desk.rules, "N2", "conversion_round2", 2020, "990121001001", due, opens, desk.by())
    assert codes(caught) == {"notice_open"}
    with pytest.raises(FaultsError) as caught:
        close_notice(desk.office, desk.rules, "N1", opens, desk.by(), due=due)
    assert codes(caught) == {"notice_early"}
    rows = due.to_pylist()
    rows[0]["net_fen"] += 1
    with pytest.raises(FaultsError) as caught:
        close_notice(desk.office, desk.rules, "N1", opens + timedelta(days=7), desk.by(), due=DUE.table(rows))
    assert codes(caught) == {"notice_changed"}
    close_notice(desk.office, desk.rules, "N1", opens + timedelta(days=7), desk.by(), due=due)
    assert queries.one(desk.office, "notice", "notice_id", "N1")["state"] == "closed"
    assert verify_log(desk.office) == []


def test_an_objection_is_registered_answered_once_and_reaches_the_gate(desk: Desk, tmp_path: Path) -> None:
    ground(desk.office, tmp_path)
    desk.signed()
    desk.inspected()
    due = due_of_region(desk.office, desk.rules, "conversion_round2", 2020, "12-31", "990121001001")
    day = desk.office.today()
    open_notice(desk.office, desk.rules, "N1", "conversion_round2", 2020, "990121001001", due, day, desk.by())
    row = {
        "objection_id": "O1",
        "notice_id": "N1",
        "holder_id": "H1",
        "parcel_id": "A",
        "kind": "area",
        "said": "少了",
        "received_on": day,
    }
    with pytest.raises(FaultsError) as caught:
        receive_objection(desk.office, desk.rules, row | {"kind": "colour"}, desk.by())
    assert {f.code for f in caught.value.faults} == {"governance.objection_kind"}
    assert receive_objection(desk.office, desk.rules, row, desk.by()).warnings == []
    late = receive_objection(
        desk.office, desk.rules, row | {"objection_id": "O2", "received_on": day + timedelta(days=30)}, desk.by()
    )
    assert [f.code for f in late.warnings] == ["governance.objection_window"]
    with pytest.raises(FaultsError) as caught:
        answer_objection(desk.office, desk.rules, "O1", "maybe", " ", day, desk.by())
    assert codes(caught) == {"outcome", "answer_empty"}
    answer_objection(desk.office, desk.rules, "O1", "upheld", "重新测量", day, desk.by())
    with pytest.raises(FaultsError) as caught:
        answer_objection(desk.office, desk.rules, "O1", "rejected", "不成立", day, desk.by())
    assert codes(caught) == {"answered"}
    tables, _ = queries.year_tables(desk.office)
    assert [(r["objection_id"], r["outcome"], r["year"]) for r in tables["objection"].to_pylist()] == [
        ("O1", "upheld", 2020),
        ("O2", "open", 2020),
    ]
    told = close_notice(desk.office, desk.rules, "N1", day + timedelta(days=7), desk.by(), withdraw=True)
    assert [f.code for f in told.warnings] == ["programmes.objection_open"]


def test_a_contract_of_several_plots_may_be_accepted_as_a_whole_but_not_in_part(desk: Desk) -> None:
    from ecoweb.programmes.operations import draft, sign
    from ecoweb.records.store import record

    from ..office.conftest import Delta, right

    record(
        desk.office,
        Delta(added={"tenure": [right("RA2", parcel_id="A2", holder_id="H1")]}),
        act="test.set",
        actor="u:setup",
        reason="测试",
    )
    draft(desk.office, desk.rules, [desk.head(area_dm2=2 * MU3)], [desk.plot(), desk.plot(n=2, parcel_id="A2")], desk.by())
    sign(desk.office, desk.rules, ["K1"], date(2020, 5, 1), desk.by(), activate=True)
    desk.inspected("I1", accepted_dm2=2 * MU3)
    tables, wrong = queries.year_tables(desk.office)
    assert wrong == []
    assert sorted((r["contract_id"], r["accepted_dm2"]) for r in tables["inspection"].to_pylist()) == [("K1/1", MU3), ("K1/2", MU3)]
    desk.inspected("I2", year=2022, accepted_dm2=MU3, result="partial")
    _, wrong = queries.year_tables(desk.office)
    assert [(f.code, f.record) for f in wrong] == [("programmes.which_plot", "I2")]


def test_what_was_known_on_a_day_stays(desk: Desk) -> None:
    desk.signed()
    desk.inspected()
    tables, _ = queries.year_tables(desk.office, desk.office.today() - timedelta(days=1))
    assert len(tables["inspection"]) == 0


def test_the_office_takes_the_rules_of_the_nearest_place_above_it(desk: Desk) -> None:
    assert desk.rules.place == "990121"
    with pytest.raises(Exception, match="no programme"):
        desk.rules.get("conversion_top_up")
    shanxi = replace(desk.rules, place="140000")
    assert shanxi.get("conversion_top_up").place == "140000"


def test_what_is_published_of_one_programme_gives_way_to_the_others(desk: Desk, tmp_path: Path) -> None:
    from ecoweb.programmes.operations import draft, sign

    ground(desk.office, tmp_path)
    desk.signed()
    desk.inspected()
    paper = '{"agreement_id": "协2020-1", "compensation": "每亩每年16元"}'
    head = desk.head("W1", programme="welfare_forest", items=paper, term_from=date(2020, 1, 1))
    draft(desk.office, desk.rules, [head], [desk.plot("W1", variant="forest")], desk.by())
    sign(desk.office, desk.rules, ["W1"], date(2020, 6, 1), desk.by("u:clerk02"), activate=True)
    desk.inspected("I2", contract_id="W1", inspector="u:other", survival_ppm=None)
    alone = office_year(desk.office, desk.rules, ["welfare_forest"], 2020)
    both = office_year(desk.office, desk.rules, ["welfare_forest", "conversion_round2"], 2020)
    mine = [r for r in both.due.to_pylist() if r["programme"] == "welfare_forest"]
    assert alone.due.to_pylist() == mine
    assert [(r["state"], r["reason"], r["net_fen"]) for r in mine] == [("excluded", "stacked", 0)]
