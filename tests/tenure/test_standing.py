"""Whose title blocks payment: planted reasons, agreement with the rule of who is paid, and its cost."""

from __future__ import annotations

import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from office_book import Office

from ecocomp.tenure.gate import gate_tables
from ecocomp.tenure.rights import payable_rights, rights_on
from ecocomp.tenure.standing import REASONS, STANDING, not_run, standing
from ecocomp.terms.registers import PARTY, TENURE

DAY, KNOWN = date(2024, 5, 1), date(2030, 1, 1)
PARCELS = pa.array(["P1", "P2", "P3", "P4", "P5", "P6"])


def reasons(office: Office, valid: date = DAY, known: date = KNOWN, **more: object) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for r in standing(PARCELS, office.tables(), valid, known, **more).to_pylist():  # type: ignore[arg-type]
        assert r["severity"] == REASONS[r["reason"]][1]
        out.setdefault(r["parcel_id"], {})[r["reason"]] = f"{r['holder_ids']}|{r['detail']}"
    return out


def test_the_village_as_it_is() -> None:
    assert reasons(Office()) == {
        "P2": {"mortgage_consent": "H2|M9"},
        "P5": {"disputed": "H1 H2|P5~contract~H1~20200101 P5~contract~H2~20200101"},
        "P6": {"no_right": "|"},
    }


def test_planted_reasons_are_all_found_and_none_invented() -> None:
    office = Office()
    office.do("end_party", "2024-03-01", party_id="N1")
    office.do("end_party", "2024-03-01", party_id="H2")
    office.do("correct", "2024-03-01", register="tenure", id="R1", set={"share": "1/2", "term_to": "2024-05-01"})
    for row in office.rows["tenure"]:
        if row["right_id"] == "O3":
            row["document"] = " "
            row["holder_id"] = "X1"
    found = reasons(office)
    assert found["P1"] == {"shares_incomplete": "H1|1/2", "term_expired": "H1|R1"}
    assert found["P3"] == {"holder_unknown": "X1|O3", "no_document": "X1|O3"}
    assert found["P4"] == {"holder_dead": "N1|R4"} and found["P2"]["holder_ended"] == "H2|R2"
    assert "holder_dead" not in reasons(office, date(2024, 2, 29)).get("P4", {})
    assert "P4" not in reasons(office, DAY, date(2024, 5, 31))  # the death was recorded in June


def test_shares_beyond_one_and_conflicts_from_elsewhere() -> None:
    office = Office()
    for row in office.rows["tenure"]:
        if row["right_id"] == "O3":
            row["share_num"] = 2
    conflicts = pa.table({"parcel_id": ["P1", "P1", "P99"], "detail": ["red_line", "farmland", "red_line"]})
    found = reasons(office, conflicts=conflicts)
    assert found["P3"] == {"shares_exceed": "V1|2"} and found["P1"] == {"restriction_conflict": "|red_line farmland"}
    assert "P99" not in found


def test_a_check_without_its_register_says_it_was_not_run() -> None:
    office = Office()
    right = gate_tables(office.tables())["right"]
    assert set(not_run({"tenure": right})) == {
        "holder_unknown", "holder_dead", "holder_ended", "mortgage_consent", "term_expired", "restriction_conflict",
    }  # fmt: skip
    table = standing(PARCELS, {"tenure": right}, DAY, KNOWN)
    assert {(r["parcel_id"], r["reason"]) for r in table.to_pylist()} == {("P5", "disputed"), ("P6", "no_right")}
    assert not_run(office.tables(), pa.table({"parcel_id": pa.array([], pa.string())})) == ()
    assert len(standing(pa.array([], pa.string()), office.tables(), DAY, KNOWN)) == 0
    assert standing(pa.chunked_array([PARCELS, PARCELS]), office.tables(), DAY, KNOWN).equals(
        standing(PARCELS, office.tables(), DAY, KNOWN)
    )


_RIGHTS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["ownership", "contract", "use", "management"]), st.integers(1, 3), st.booleans()),
    max_size=10,
)


@given(_RIGHTS)
@settings(max_examples=100, deadline=None)
def test_a_parcel_is_paid_exactly_where_its_shares_stand(drawn: list[tuple[int, str, int, bool]]) -> None:
    rows = [
        {
            "right_id": f"R{i}", "parcel_id": f"P{p}", "holder_id": "H1", "kind": kind, "share_num": 1, "share_den": den, "document": "D",
            "state": "clear" if clear else "disputed", "valid_from": date(2020, 1, 1), "known_from": datetime(2020, 1, 1),
        }
        for i, (p, kind, den, clear) in enumerate(drawn)
    ]  # fmt: skip
    tenure = TENURE.table(rows) if rows else TENURE.empty()
    ids = pa.array([f"P{i}" for i in range(4)])
    table = standing(ids, {"tenure": tenure}, DAY, KNOWN).to_pylist()
    blocked = {r["parcel_id"] for r in table if r["severity"] == "block"}
    paid = payable_rights(rights_on(gate_tables({"tenure": tenure})["right"], DAY, KNOWN)).to_pylist()
    assert blocked == set(ids.to_pylist()) - {r["parcel_id"] for r in paid}
    waits = {r["parcel_id"] for r in paid if r["state"] == "disputed"}
    assert waits <= {r["parcel_id"] for r in table if r["reason"] == "disputed"}


@pytest.mark.parametrize("size", [100_000])
def test_a_hundred_thousand_parcels_cost_little(size: int) -> None:
    moment = datetime(2020, 1, 1)
    n = size * 6 // 5
    parcel = np.concatenate([np.arange(size), np.arange(n - size) * 3 % size])
    rows = {
        "right_id": [f"R{i:07d}" for i in range(n)], "parcel_id": [f"P{p:07d}" for p in parcel], "holder_id": [f"H{i % 9_000}" for i in range(n)],
        "kind": ["contract"] * n, "share_num": [1] * n, "share_den": np.bincount(parcel)[parcel].tolist(), "state": ["clear"] * n,
        "document": ["D"] * n, "valid_from": [date(2020, 1, 1)] * n, "known_from": [moment] * n,
    }  # fmt: skip
    party = [
        {
            "party_id": f"H{i}",
            "kind": "household",
            "name": "x",
            "region_code": "99",
            "valid_from": date(2020, 1, 1),
            "known_from": moment,
        }
        for i in range(8_999)
    ]
    registers = {"tenure": TENURE.table(rows), "party": PARTY.table(party)}
    ids = pa.array([f"P{p:07d}" for p in range(size + 5)])
    start = time.process_time()
    table = standing(ids, registers, DAY, KNOWN)
    assert time.process_time() - start < timedelta(seconds=1.5).total_seconds()
    counts = {r["reason"]: r["count_all"] for r in table.group_by("reason").aggregate([([], "count_all")]).to_pylist()}
    unknown = {rows["parcel_id"][i] for i in range(n) if i % 9_000 == 8_999}
    assert counts == {"no_right": 5, "holder_unknown": len(unknown)} and table.schema.equals(STANDING.schema())
