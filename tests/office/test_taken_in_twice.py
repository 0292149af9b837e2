"""Personal numbers in a file taken in twice; region of a conflict by village code; what moved by the change that wrote it."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from ecoweb.cadastre import intake
from ecoweb.office import Office
from ecoweb.records.queries import history, moved, rows

COLUMNS = {"kind": "household", "region_code": "990121100200", "members": 3, "id_number": "11010519491231002X"}


def _file(account: str, n: int = 3) -> intake.Intake:
    made = [
        {"party_id": f"Z{i}", "name": f"户{i}", "account": account, "valid_from": date(2020, 1, 1), **COLUMNS} for i in range(n)
    ]
    table = pa.Table.from_pylist(made, schema=intake._loose("party"))
    return intake.Intake("sheets", {"party": table}, [], {"rows_in": n, "used": n, "left_out": 0, "refused": 0})


def test_numbers_taken_in_twice_are_the_same(office: Office) -> None:
    intake.write(office, intake.plan(office, _file("6222000000000000001")), actor="u:a", reason="r")
    again = intake.plan(office, _file("6222000000000000001"))
    assert again.ok and again.counts == {"party": {"new": 0, "same": 3, "changed": 0}}
    other = intake.plan(office, _file("6222000000000000009"))
    assert not other.ok and other.counts["party"]["changed"] == 3
    assert len(rows(office, "party", {"id_number": ["11010519491231002X", "x"]})) == 3


@pytest.mark.parametrize("days", [(date(2000, 1, 1), date(2001, 1, 1)), (date(2020, 1, 1), date(2099, 1, 1))])
def test_moved_is_what_the_whole_register_says(office: Office, days: tuple[date, date]) -> None:
    intake.write(office, intake.plan(office, _file("6222000000000000001")), actor="u:a", reason="r")
    assert len(moved(office, "party", *days)) == (len(history(office, "party")) if days[1].year == 2099 else 0)
