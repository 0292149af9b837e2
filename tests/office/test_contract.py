"""Every register has its table, column for column; no migration is missing; the guards stand."""

from __future__ import annotations

from io import StringIO

import pyarrow as pa
import pytest

from ecocomp.terms.registers import MOMENT, P3, REGISTERS, object_key
from ecoweb.office import Office, setup

setup()
from django.apps import apps  # noqa: E402
from django.db import models  # noqa: E402

from ecoweb.records.fields import MomentField, SealedField  # noqa: E402
from ecoweb.records.models import Version  # noqa: E402

MODELS = {m.register: m for m in apps.get_models() if issubclass(m, Version)}
FIELDS = {pa.string(): models.TextField, pa.int64(): models.BigIntegerField, pa.date32(): models.DateField, MOMENT: MomentField}


def test_every_register_has_one_table_and_no_table_has_none() -> None:
    assert set(MODELS) == set(REGISTERS)
    assert {m._meta.db_table for m in MODELS.values()} == set(REGISTERS)


@pytest.mark.parametrize("register", sorted(REGISTERS))
def test_the_fields_are_those_of_the_register(register: str) -> None:
    fields = {f.name: f for f in MODELS[register]._meta.concrete_fields if f.name not in ("id", "change", "ended_by")}
    assert set(fields) == {c.name for c in REGISTERS[register].columns}
    for column in REGISTERS[register].columns:
        expected = SealedField if column.unit == P3 else FIELDS[column.type]
        assert type(fields[column.name]) is expected, column.name
        assert fields[column.name].null is column.nullable, column.name


def test_no_migration_is_missing() -> None:
    from django.core.management import call_command

    said = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said)
    except SystemExit:
        pytest.fail(said.getvalue())


@pytest.mark.parametrize("register", sorted(REGISTERS))
def test_the_guards_of_the_migrations_are_those_of_the_models(register: str) -> None:
    from django.db.migrations.loader import MigrationLoader

    from ecoweb.records.guards import Guard, columns_of

    loader = MigrationLoader(None)
    guards = [o for m in loader.disk_migrations.values() for o in m.operations if isinstance(o, Guard) and o.register == register]
    assert guards, "no guard"
    assert guards[-1].key == object_key(register)
    assert list(guards[-1].columns) == columns_of(MODELS[register])


def test_the_guards_stand_in_the_database(office: Office) -> None:
    query = (
        "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
        if office.vendor == "sqlite"
        else "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgenabled = 'O'"
    )
    with office.reading() as cursor:
        cursor.execute(query)
        found = {(t, n.removeprefix(t + "_")) for t, n in cursor.fetchall()}
    names = {"no_delete", "no_update", "one"} | ({"no_replace", "type"} if office.vendor == "sqlite" else {"no_truncate", "lock"})
    for register in REGISTERS:
        assert {n for t, n in found if t == register} == names, register
    for table in ("change", "audit_entry"):
        assert {t for t, _ in found} >= {table}
