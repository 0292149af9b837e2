"""The gate: an office and a case say the same about who is paid, on every day as known on every day."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from office_book import PAPER, Office

from ecocomp.tenure.deeds import deed
from ecocomp.tenure.gate import from_gate, gate_tables, office_days, office_moments
from ecocomp.tenure.rights import check_rights, payable_rights, rights_on
from ecocomp.terms.clocks import as_of
from ecocomp.terms.registers import REGISTERS
from ecocomp.terms.tables import CONTRACT, HOLDER, PARCEL, RIGHT

FIRST = date(2020, 1, 1)
DAYS = [FIRST + timedelta(days=d) for d in (0, 1, 40, 41, 200, 365)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Draw holders, rights and contracts of a case, sound or not; no version is known for no day."""
    day = st.sampled_from(DAYS)
    rights, contracts = {}, {}
    for i in range(draw(st.integers(0, 12))):
        known = sorted(draw(st.lists(day, min_size=2, max_size=2, unique=True)))
        row = {
            "right_id": f"R{draw(st.integers(0, 4))}",
            "parcel_id": f"P{draw(st.integers(0, 2))}",
            "holder_id": f"H{draw(st.integers(0, 3))}",
            "kind": draw(st.sampled_from(["ownership", "contract", "management", "use"])),
            "share_num": draw(st.integers(1, 2)),
            "share_den": draw(st.integers(1, 3)),
            "state": draw(st.sampled_from(["clear", "clear", "disputed"])),
            "document": "D",
            "valid_from": draw(day),
            "valid_to": draw(st.none() | day),
            "known_from": known[0],
            "known_to": draw(st.none() | st.just(known[1])),
        }
        rights[row["right_id"], row["valid_from"], row["known_from"]] = row
        duty = {k: row[k] for k in ("holder_id", "parcel_id", "valid_from", "valid_to", "known_from", "known_to")}
        contracts[f"K{i}", row["valid_from"], row["known_from"]] = {
            "contract_id": f"K{i}", "programme": "p", "duty": "d", "signed_on": FIRST, **duty,
        }  # fmt: skip
    holders = [
        {
            "holder_id": f"H{i}",
            "kind": "household",
            "name": f"户{i}",
            "village_code": "990121001001",
            "members": i + 1,
            "income_fen": None,
        }
        for i in range(3)
    ]
    return HOLDER.table(holders), RIGHT.table(list(rights.values())), CONTRACT.table(list(contracts.values()))


@given(cases())
@settings(max_examples=20, deadline=None)
def test_a_case_comes_back_from_an_office_unchanged(case: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    holder, right, contract = case
    registers = from_gate(*case)
    for name, table in registers.items():
        assert table.schema.equals(REGISTERS[name].schema())
    back = gate_tables(registers)
    assert back["right"].equals(right) and back["contract"].equals(contract) and back["holder"].equals(holder)
    parcel = PARCEL.table(
        [
            {
                "parcel_id": f"P{i}",
                "village_code": "990121001001",
                "land_class": "0301",
                "ecosystem": "13",
                "area_dm2": 1,
                "x": 0.0,
                "y": 0.0,
            }
            for i in range(3)
        ]
    )
    for valid in DAYS:
        for known in DAYS:
            tenure = as_of(registers["tenure"], valid, known).select(RIGHT.schema().names[:8])
            assert (
                tenure.sort_by("right_id").to_pylist()
                == rights_on(right, valid, known).select(tenure.schema.names).sort_by("right_id").to_pylist()
            )
            duty = as_of(contract, valid, known)
            one, two = (payable_rights(rights_on(t, valid, known), parcel, duty) for t in (right, back["right"]))
            assert one.equals(two)
            if valid == known:
                faults = check_rights(back["right"], back["holder"], parcel, valid, known, duty)
                assert faults == check_rights(right, holder, parcel, valid, known, duty)


def test_what_was_recorded_and_corrected_on_one_day_is_not_in_the_case() -> None:
    office = Office()
    morning = datetime(2024, 3, 1, 1, tzinfo=UTC)  # nine o'clock at the office
    office.record(deed("transfer", on="2024-03-01", source=PAPER, right_id="R4", to="H3", duties_to="H3"), morning)
    office.record(
        deed("correct", on="2024-03-02", source=PAPER, register="tenure", id="R4", set={"holder_id": "H2"}),
        morning + timedelta(hours=14),
    )
    late = datetime(2024, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight of the next day at the office
    office.record(deed("correct", on="2024-03-02", source=PAPER, register="tenure", id="R4", set={"holder_id": "N2"}), late)
    right = gate_tables(office.tables())["right"]
    rows = [r for r in right.filter(pc.equal(right["right_id"], "R4")).to_pylist() if r["valid_from"] == date(2024, 3, 1)]
    assert [(r["holder_id"], r["known_from"], r["known_to"]) for r in rows] == [
        ("H2", date(2024, 3, 1), date(2024, 3, 2)), ("N2", date(2024, 3, 2), None),
    ]  # fmt: skip
    assert len([r for r in office.rows["tenure"] if r["right_id"] == "R4" and r["valid_from"] == date(2024, 3, 1)]) == 3


def test_an_office_and_its_case_agree_on_every_pair_of_days() -> None:
    office = Office()
    office.do("transfer", "2023-02-01", right_id="R1", to="H3 1/3")
    office.do("settle_dispute", "2023-05-01", dispute_id="D9")
    tables = office.tables()
    right = gate_tables(tables)["right"]
    days = [
        date(2019, 12, 31),
        date(2020, 1, 1),
        date(2020, 1, 2),
        date(2023, 2, 1),
        date(2023, 6, 1),
        date(2024, 6, 1),
        date(2030, 1, 1),
    ]
    names = RIGHT.schema().names[:8]
    for valid in days:
        for known in days:
            one = as_of(tables["tenure"], valid, known).select(names).sort_by("right_id").to_pylist()
            assert one == rights_on(right, valid, known).select(names).sort_by("right_id").to_pylist()
    assert len(as_of(tables["tenure"], days[4], days[1])) == 0 < len(as_of(tables["tenure"], days[4], days[2]))


def test_holders_are_those_who_can_hold_as_they_are_last_or_on_a_day() -> None:
    office = Office()
    office.do("change_party", "2023-06-01", party_id="H2", name="云二（新）", members=5)
    office.do(
        "set_members", "2023-06-01", group_id="G1", members={"N1": "co_owner 1/3", "N2": "co_owner 1/3", "N3": "co_owner 1/3"}
    )
    last = {r["holder_id"]: r for r in gate_tables(office.tables())["holder"].to_pylist()}
    assert "B1" not in last and last["H2"]["name"] == "云二（新）" and last["H2"]["members"] == 5
    assert last["N1"]["members"] == 1 and last["G1"]["members"] == 3 and last["H1"]["members"] == 2 and last["V1"]["members"] == 0
    then = {r["holder_id"]: r for r in gate_tables(office.tables(), on=date(2023, 5, 31))["holder"].to_pylist()}
    assert then["H2"]["name"] == "云二" and then["G1"]["members"] == 2 and then.keys() == last.keys()
    office.do("end_party", "2024-01-01", party_id="N4")
    assert "N4" in gate_tables(office.tables())["holder"]["holder_id"].to_pylist()


def test_a_span_of_validity_keeps_what_meets_it() -> None:
    office = Office()
    office.do("terminate", "2022-01-01", right_id="R4", duties_to="H2")
    kept = gate_tables(office.tables(), valid=(date(2022, 1, 1), date(2023, 1, 1)))["right"]
    assert not any(r["right_id"] == "R4" and r["known_to"] is None for r in kept.to_pylist())
    assert len(gate_tables(office.tables(), valid=(date(2010, 1, 1), date(2020, 1, 1)))["right"]) == 0


def test_an_empty_office_gives_empty_tables_and_back() -> None:
    made = gate_tables({})
    assert {n: len(t) for n, t in made.items()} == {"holder": 0, "right": 0, "contract": 0}
    assert {n: len(t) for n, t in from_gate(**made).items()} == {"party": 0, "tenure": 0, "duty": 0}


@given(st.lists(st.none() | st.dates(date(1949, 1, 1), date(2100, 1, 1)), max_size=9))
def test_days_become_moments_and_days_again(days: list[date | None]) -> None:
    column = pa.chunked_array([pa.array(days, pa.date32())])
    assert office_days(office_moments(column)).to_pylist() == days
