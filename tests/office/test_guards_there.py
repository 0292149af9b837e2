"""Guards that were dropped, changed or added, and seals that were destroyed behind the program, are named."""

from __future__ import annotations

import pytest

from ecoweb.office import Office
from ecoweb.records.guards import check_guards
from ecoweb.records.personal import check_seals, erase, rotate_key
from ecoweb.records.store import record

from .conftest import WHO, Delta, person


def sql(office: Office, *statements: str) -> None:
    with office.writing() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_guards(office: Office) -> None:
    assert check_guards(office) == []
    on = "" if office.vendor == "sqlite" else " ON tenure"
    sql(office, f"DROP TRIGGER tenure_no_delete{on}")
    assert [(f.code, f.record) for f in check_guards(office)] == [("records.guard", "tenure_no_delete")]
    if office.vendor == "sqlite":
        sql(office, "CREATE TRIGGER tenure_no_delete BEFORE DELETE ON tenure WHEN 0 BEGIN SELECT 1; END")
        sql(office, "CREATE TRIGGER evil AFTER INSERT ON tenure BEGIN SELECT 1; END")
        assert [f.record for f in check_guards(office)] == ["tenure_no_delete", "evil"]
    else:
        sql(office, "ALTER TABLE party DISABLE TRIGGER party_no_update")
        sql(office, "CREATE OR REPLACE FUNCTION duty_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$")
        assert {f.record for f in check_guards(office)} == {"tenure_no_delete", "party_no_update", "duty_no_update"}


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM seal WHERE object = 'H1'", "DELETE FROM seal_blind WHERE object = 'H1'", "UPDATE seal_blind SET object = 'H2'"],
)
def test_seals(office: Office, statement: str) -> None:
    two = [person("H1"), person("H2", id_number="440524188001010014"), person("H3", id_number="990121195001101014")]
    record(office, Delta(added={"party": two}), **WHO)
    who = {k: v for k, v in WHO.items() if k != "act"}
    rotate_key(office, **who)
    erase(office, "H3", **who)
    assert check_seals(office) == []
    if "UPDATE" in statement:
        sql(office, "DELETE FROM seal_blind WHERE object = 'H2'")
    sql(office, statement)
    assert ("records.seal", "H1") in [(f.code, f.record) for f in check_seals(office)]
