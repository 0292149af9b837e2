"""What an incoming register brings: nothing twice, nothing silently changed, every row counted once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.tenure.merge import differences, merge
from ecocomp.terms.registers import PARTY

AT = datetime(2024, 5, 1, tzinfo=UTC)


def party(
    id: str, name: str, start: date = date(2020, 1, 1), end: date | None = None, known: datetime | None = AT, **more: Any
) -> dict:
    row = {c.name: None for c in PARTY.columns}
    return row | {"party_id": id, "kind": "household", "name": name, "region_code": "990121001001",
                  "valid_from": start, "valid_to": end, "known_from": known, **more}  # fmt: skip


def table(*rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=PARTY.schema())


def test_nothing_is_there_yet() -> None:
    found = merge("party", table(party("H1", "云一", known=None)), table())
    assert found.counts == {"new": 1, "same": 0, "changed": 0}


def test_taken_in_twice_changes_nothing() -> None:
    rows = [party("H1", "云一"), party("H2", "石二", end=date(2022, 1, 1)), party("H2", "石二", start=date(2022, 1, 1), members=3)]
    found = merge("party", table(*(r | {"known_from": None} for r in rows)), table(*rows))
    assert found.counts == {"new": 0, "same": 3, "changed": 0} and not differences(found)


def test_a_difference_names_column_and_both_values_but_no_personal_number() -> None:
    found = merge("party", table(party("H1", "云二", id_number="990121190001010010")), table(party("H1", "云一", id_number="x")))
    (fault,) = differences(found)
    assert fault.record == "H1" and "云一" in fault.clash.zh and "云二" in fault.clash.zh
    assert "990121190001010010" not in fault.clash.zh + fault.clash.en and "--update" in fault.remedy.en


def test_a_file_that_tells_only_the_latest_version_contradicts_nothing() -> None:
    both = [party("H1", "云一", end=date(2022, 1, 1)), party("H1", "云二", start=date(2022, 1, 1))]
    assert merge("party", table(both[1]), table(*both)).counts == {"new": 0, "same": 1, "changed": 0}


def test_a_version_that_never_ended_in_the_file_differs_from_one_that_did() -> None:
    both = [party("H1", "云一", end=date(2022, 1, 1)), party("H1", "云二", start=date(2022, 1, 1))]
    found = merge("party", table(party("H1", "云一")), table(*both))
    assert found.counts["changed"] == 1 and len(found.closed) == 2


_ids = st.sampled_from(["A", "B", "C"])
_rows = st.lists(st.tuples(_ids, st.sampled_from(["x", "y"]), st.integers(1, 3)), max_size=8, unique_by=lambda r: (r[0], r[2]))


@given(_rows, _rows)
def test_every_row_has_one_fate(incoming: list, current: list) -> None:
    make = lambda rows: table(*(party(i, n, date(2000 + y, 1, 1), date(2001 + y, 1, 1)) for i, n, y in rows))  # noqa: E731
    found = merge("party", make(incoming), make(current))
    assert sum(found.counts.values()) == len(incoming)
    for row in found.same.to_pylist():
        mine = {r for r in incoming if r[0] == row["party_id"]}
        assert mine <= {r for r in current if r[0] == row["party_id"]}
    known = {r[0] for r in current}
    assert all(r["party_id"] not in known for r in found.new.to_pylist())
    assert all(r["party_id"] in known for r in found.changed.to_pylist())
