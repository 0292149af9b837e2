"""What the database itself refuses, tried with SQL past every line of ours."""

from __future__ import annotations

from typing import Any

import pytest

from ecoweb.office import Office, setup
from ecoweb.records.store import load, record

from .conftest import WHO, Delta, Offices, person, right

setup()
from django.db import Error, transaction  # noqa: E402

DAY = 86_400_000_000


def raw(office: Office, statement: str, params: list[Any] | None = None) -> None:
    with transaction.atomic(using=office.alias), office.connection.cursor() as cursor:
        cursor.execute(statement, params)


def refused(office: Office, statement: str, params: list[Any] | None = None) -> str:
    with pytest.raises(Error) as caught:
        raw(office, statement, params)
    return str(caught.value)


def insert(**values: Any) -> tuple[str, list[Any]]:
    base = {
        "id": 100, "right_id": "R9", "parcel_id": "p", "holder_id": "H", "kind": "contract", "share_num": 1, "share_den": 1,
        "state": "clear", "document": "d", "valid_from": "2020-01-01", "valid_to": None, "known_from": 5, "known_to": None,
        "change_id": 0, "ended_by_id": None,
    } | values  # fmt: skip
    return f"INSERT INTO tenure ({', '.join(base)}) VALUES ({', '.join(['%s'] * len(base))})", list(base.values())


def test_a_sound_row_goes_in(office: Office) -> None:
    raw(office, *insert())
    raw(office, *insert(id=101, valid_from="2019-01-01", valid_to="2020-01-01"))


@pytest.mark.parametrize(
    "values",
    [
        {"share_num": 0}, {"share_num": 2}, {"share_num": -1, "share_den": -1}, {"kind": "lease"}, {"state": "unclear"},
        {"valid_to": "2020-01-01"}, {"valid_to": "2019-12-31"}, {"known_to": 4, "ended_by_id": 0}, {"known_to": 6},
        {"ended_by_id": 0}, {"right_id": ""}, {"right_id": None}, {"holder_id": None}, {"change_id": 77}, {"valid_from": "2020-13-01"},
        {"share_num": "one"},
    ],
)  # fmt: skip
def test_a_broken_row_is_refused(office: Office, values: dict[str, Any]) -> None:
    refused(office, *insert(**values))


@pytest.mark.parametrize(("column", "value"), [("amount_fen", 0), ("rank", 0)])
def test_ranges_are_kept(office: Office, column: str, value: int) -> None:
    row = {"amount_fen": 1, "rank": 1} | {column: value}
    refused(
        office,
        'INSERT INTO mortgage (mortgage_id, right_id, creditor_id, amount_fen, "rank", document, valid_from, known_from, change_id)'
        " VALUES ('M', 'R', 'B', %s, %s, 'd', '2020-01-01', 5, 0)",
        [row["amount_fen"], row["rank"]],
    )


@pytest.mark.parametrize(
    ("valid", "known", "clashes"),
    [
        (("2020-01-01", None), (6, None), True),
        (("2019-01-01", "2020-01-02"), (6, None), True),
        (("2019-01-01", "2020-01-01"), (6, None), False),
        (("2021-01-01", "2022-01-01"), (6, None), True),
        (("2020-01-01", None), (1, 5), False),
        (("2020-01-01", None), (1, 6), True),
        (("2020-06-01", None), (3, 3), False),
        (("2020-01-01", None), (5, 5), True),  # the same key
    ],
)
def test_no_two_versions_at_once(
    office: Office, valid: tuple[str, str | None], known: tuple[int, int | None], clashes: bool
) -> None:
    raw(office, *insert())
    more = insert(
        id=101,
        valid_from=valid[0],
        valid_to=valid[1],
        known_from=known[0],
        known_to=known[1],
        ended_by_id=None if known[1] is None else 0,
    )
    if clashes:
        assert "overlap" in refused(office, *more) or office.vendor == "postgresql"
    else:
        raw(office, *more)
    raw(office, *insert(id=102, right_id="R10"))  # another object never clashes


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tenure", "UPDATE tenure SET holder_id = 'X'", "UPDATE tenure SET share_den = 2", "UPDATE tenure SET valid_to = '2030-01-01'",
        "UPDATE tenure SET known_to = 9", "UPDATE tenure SET known_to = 9, ended_by_id = 0, holder_id = 'X'", "UPDATE tenure SET id = 7",
        "UPDATE tenure SET change_id = 0", "DELETE FROM change", "UPDATE change SET actor = 'x'", "DELETE FROM audit_entry",
        "UPDATE audit_entry SET entry = '{}'",
    ],
)  # fmt: skip
def test_nothing_is_deleted_or_overwritten(office: Office, statement: str) -> None:
    change = record(office, Delta(added={"tenure": [right()]}), **WHO)
    before = dump(office)
    assert change.seq == 1
    refused(office, statement)
    assert dump(office) == before


def dump(office: Office) -> list[Any]:
    with office.reading() as cursor:
        found = []
        for table in ("tenure", "change", "audit_entry"):
            cursor.execute(f"SELECT * FROM {table}")
            found += cursor.fetchall()
    return found


def test_an_end_is_set_once(office: Office) -> None:
    raw(office, *insert())
    raw(office, "UPDATE tenure SET known_to = 9, ended_by_id = 0")
    refused(office, "UPDATE tenure SET known_to = 10, ended_by_id = 0")
    refused(office, "UPDATE tenure SET known_to = NULL, ended_by_id = NULL")


def test_replace_and_truncate_are_no_way_round(office: Office) -> None:
    raw(office, *insert())
    if office.vendor == "sqlite":
        office.connection.cursor().execute("PRAGMA recursive_triggers = OFF")
        for more in (
            {"holder_id": "X"},
            {"id": 555, "holder_id": "X"},
            {"id": 556, "known_from": 5, "known_to": 5, "ended_by_id": 0},
        ):
            statement, params = insert(**more)
            refused(office, statement.replace("INSERT", "INSERT OR REPLACE"), params)
        refused(office, "INSERT OR REPLACE INTO change VALUES (0, 1, 'a', 'b', 'c', 'd', 'e', 'f')")
        refused(office, "INSERT OR REPLACE INTO audit_entry VALUES (0, '{}')")
    else:
        for table in ("tenure", "change", "audit_entry"):
            assert "truncate" in refused(office, f"TRUNCATE {table} CASCADE")


def test_postgresql_refuses_rows_from_a_transaction_that_may_not_see_others(office: Office) -> None:
    if office.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with pytest.raises(Error, match="isolation"), transaction.atomic(using=office.alias), office.connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(*insert())


def test_both_databases_refuse_sealed_data_in_clear(offices: Offices) -> None:
    office = offices.new()
    record(office, Delta(added={"party": [person()]}), **WHO)
    with office.reading() as cursor:
        cursor.execute("SELECT id_number, account, phone FROM party")
        stored = b"".join(bytes(v) for v in cursor.fetchone())
    for clear in ("11010519491231002X", "6222020200112233445", "13800001234"):
        assert clear.encode() not in stored
    if office.vendor == "sqlite":
        refused(
            office,
            "INSERT INTO party (party_id, kind, name, region_code, phone, valid_from, known_from, change_id)"
            " VALUES ('H2', 'household', 'n', 'r', '13800001234', '2020-01-01', 5, 0)",
        )
        with open(office.folder / "office.sqlite3", "rb") as file:
            assert b"13800001234" not in file.read()


def test_load_meets_the_same_guards(office: Office) -> None:
    import pyarrow as pa

    record(office, Delta(added={"tenure": [right("R1")]}), **WHO)
    from ecocomp.terms.faults import FaultsError
    from ecocomp.terms.registers import TENURE
    from ecoweb.records.tables import written_schema

    table = pa.Table.from_pylist(
        [
            right("R0"),
            right("R1"),
            right("R2"),
            right("R1", valid_from=right()["valid_from"].replace(year=2010), valid_to=right()["valid_from"]),
        ],
        schema=written_schema(TENURE),
    )
    with pytest.raises(FaultsError) as caught:
        load(office, {"tenure": table}, **WHO)
    assert [(f.code, f.record) for f in caught.value.faults] == [("records.overlap", "R1")]
    assert "u:clerk01" in str(caught.value)
