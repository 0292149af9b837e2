"""Constraints and indexes that were dropped, weakened or added behind the program are told by name."""

from __future__ import annotations

import re

import pytest

from ecoweb.office import Office
from ecoweb.treasury.shape import check_tables

from .test_guards_there import sql


def rewrite(office: Office, table: str, old: str, new: str) -> None:
    """Write the words of a table of SQLite anew, as who has the file can."""
    with office.writing() as cursor:
        cursor.execute("PRAGMA writable_schema = ON")
        cursor.execute("UPDATE sqlite_master SET sql = replace(sql, %s, %s) WHERE name = %s", [old, new, table])
        assert cursor.rowcount == 1
        cursor.execute("PRAGMA writable_schema = OFF")


def told(office: Office) -> list[str]:
    return [f.record for f in check_tables(office)]


def test_a_fresh_office_has_the_tables_its_models_make(office: Office) -> None:
    assert told(office) == []


@pytest.mark.parametrize("table", ["pay_row", "tenure", "credit_block"])
def test_a_weakened_check_is_told(office: Office, table: str) -> None:
    with office.reading() as cursor:
        if office.vendor == "sqlite":
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [table])
            made = re.search(r'CONSTRAINT "(\w+)" CHECK \((.*?)\)(?:, CONSTRAINT|\)$)', str(cursor.fetchone()[0]))
            assert made is not None
            name, body = made[1], made[2]
        else:
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c' ORDER BY 1 LIMIT 1", [table]
            )
            name = str(cursor.fetchone()[0])
    if office.vendor == "sqlite":
        rewrite(office, table, f'CONSTRAINT "{name}" CHECK ({body})', f'CONSTRAINT "{name}" CHECK (1 OR {body})')
    else:
        sql(office, f'ALTER TABLE {table} DROP CONSTRAINT "{name}"', f'ALTER TABLE {table} ADD CONSTRAINT "{name}" CHECK (1 = 1)')
    assert told(office) == [name]


def test_a_dropped_index_one_of_anothers_and_a_lost_key_are_told(office: Office) -> None:
    sql(office, "DROP INDEX pay_event_paid_once", "CREATE INDEX strange ON pay_row (document)")
    assert sorted(told(office)) == ["pay_event_paid_once", "strange"]
    sql(office, "CREATE INDEX pay_event_paid_once ON pay_event (row) WHERE to_state = 'paid'")
    assert sorted(told(office)) == ["pay_event_paid_once", "strange"]
    if office.vendor == "sqlite":
        rewrite(office, "officer", '"person_id" text NOT NULL', '"person_id" text')
        assert "officer" in told(office)
    else:
        sql(office, "ALTER TABLE officer ALTER person_id DROP NOT NULL", "ALTER TABLE pay_row DROP CONSTRAINT pay_row_key")
        assert sorted(told(office)) == ["officer", "pay_event_paid_once", "pay_row_key", "strange"]
        sql(office, "ALTER TABLE pay_row ADD CONSTRAINT pay_row_kind2 CHECK (part >= 0) NOT VALID")
        assert "pay_row_kind2" in told(office)
    assert [f.record for f in check_tables(office, ("credit_",))] == []
