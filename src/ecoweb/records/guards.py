"""What the database itself refuses, whoever writes: deleting, overwriting, two versions of one object at once.

SQLite: row triggers. PostgreSQL: row triggers for update and delete, and a trigger per statement for inserted rows, which
first takes the writer's lock, so that two transactions cannot each miss the other's rows; it works on every server without
an extension, and sets of rows are checked as sets. A rule is broken with the words `ecoweb:` + what + register + object.
An UPDATE may only set `known_to` and `ended_by_id`, once, on a row where they are empty.

References: sqlite.org/lang_createtrigger.html (REPLACE deletes without delete triggers: therefore the checks before insert);
PostgreSQL 15 manual, CREATE TRIGGER (transition tables), section 13.2.1 (each statement of read committed sees anew).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.db.migrations.operations.base import Operation

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text
from ecoweb.office import WRITER_LOCK, Office


class Guard(Operation):
    """Migration step: put the guards on the table of one register.

    register  name of the table
    key       columns that name the object
    columns   every column of the table, with its kind: text, whole, day or sealed
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, register: str, key: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
        self.register, self.key, self.columns = register, tuple(key), tuple((a, b) for a, b in columns)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return how to write the step down."""
        return self.__class__.__qualname__, [self.register, self.key, self.columns], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing in the models."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make the triggers."""
        for statement in guard_sql(schema_editor.connection.vendor, self.register, self.key, self.columns):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop them."""
        for statement in unguard_sql(schema_editor.connection.vendor, self.register):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        """Return what the step does."""
        return f"Guard the versions of {self.register}"


class AppendOnly(Operation):
    """Migration step: rows of these tables are never changed or deleted."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, *tables: str) -> None:
        self.tables = tables

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return how to write the step down."""
        return self.__class__.__qualname__, list(self.tables), {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing in the models."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make the triggers."""
        for table in self.tables:
            for statement in append_only_sql(schema_editor.connection.vendor, table):
                schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop them."""
        for table in self.tables:
            for statement in unguard_sql(schema_editor.connection.vendor, table):
                schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        """Return what the step does."""
        return f"Rows of {', '.join(self.tables)} stay as they are"


class Triggers(Operation):
    """Migration step: the triggers of a module that says them itself.

    module  dotted name of a module with `statements(vendor)` and `dropping(vendor)`, each a list of SQL statements
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, module: str) -> None:
        self.module = module

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return how to write the step down."""
        return self.__class__.__qualname__, [self.module], {}

    def statements(self, vendor: str) -> list[str]:
        """Return the statements that make them."""
        found: list[str] = import_module(self.module).statements(vendor)
        return found

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing in the models."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make the triggers."""
        for statement in self.statements(schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop them."""
        for statement in import_module(self.module).dropping(schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        """Return what the step does."""
        return f"Triggers of {self.module}"


def append_only_sql(vendor: str, table: str) -> list[str]:
    """Return the statements that forbid changing and deleting rows of a table."""
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {_stop('delete', table)}; END",
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {_stop('update', table)}; END",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE seq = NEW.seq)"
            f" BEGIN {_stop('update', table)}; END",
        ]
    return [
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'ecoweb:% {table}', lower(TG_OP); END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
    ]


def guard_sql(vendor: str, register: str, key: Sequence[str], columns: Sequence[tuple[str, str]]) -> list[str]:
    """Return the statements that put the guards on a register."""
    return _sqlite(register, key, columns) if vendor == "sqlite" else _postgres(register, key)


def unguard_sql(vendor: str, register: str) -> list[str]:
    """Return the statements that take the guards away (only a migration does so)."""
    names = ("no_delete", "no_update", "no_replace", "type", "one", "no_change", "no_truncate", "lock")
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {register}_{name}" for name in names]
    drops = [f"DROP TRIGGER IF EXISTS {register}_{name} ON {register}" for name in names]
    return [*drops, *(f"DROP FUNCTION IF EXISTS {register}_{name}()" for name in ("refuse", "one", "lock", "end"))]


# ---------------------------------------------------------------- SQLite
def _stop(what: str, register: str, named: str = "''") -> str:
    """Return the statement that ends the transaction's statement with our words (a message is a literal in SQLite 3.40)."""
    return f"SELECT RAISE(ABORT, 'ecoweb:{what} {register}')"


_WRONG = {
    "text": "typeof(\"{c}\") NOT IN ('text', 'null')",
    "whole": "typeof(\"{c}\") NOT IN ('integer', 'null')",
    "day": '"{c}" IS NOT date("{c}")',
    "sealed": "typeof(\"{c}\") NOT IN ('blob', 'null')",
}


def _sqlite(register: str, key: Sequence[str], columns: Sequence[tuple[str, str]]) -> list[str]:
    wrong = " OR ".join(_WRONG[kind].replace('"{c}"', f'NEW."{name}"') for name, kind in columns)
    kept = " AND ".join(
        f'OLD."{name}" IS NEW."{name}"' for name in ["id", *(n for n, _ in columns if n not in ("known_to", "ended_by_id"))]
    )
    once = "OLD.known_to IS NULL AND NEW.known_to IS NOT NULL AND NEW.ended_by_id IS NOT NULL"
    same = " AND ".join(f'o."{k}" = NEW."{k}"' for k in key)
    return [
        f"CREATE TRIGGER {register}_no_delete BEFORE DELETE ON {register} BEGIN {_stop('delete', register)}; END",
        f"CREATE TRIGGER {register}_no_update BEFORE UPDATE ON {register} WHEN NOT ({once} AND {kept})"
        f" BEGIN {_stop('update', register)}; END",
        f"CREATE TRIGGER {register}_no_replace BEFORE INSERT ON {register}"
        f" WHEN EXISTS (SELECT 1 FROM {register} WHERE id = NEW.id) BEGIN {_stop('update', register)}; END",
        f"CREATE TRIGGER {register}_type BEFORE INSERT ON {register} WHEN {wrong} BEGIN {_stop('type', register)}; END",
        f"CREATE TRIGGER {register}_one BEFORE INSERT ON {register} WHEN EXISTS (SELECT 1 FROM {register} o WHERE {same}"
        f" AND {_overlap('NEW')}) BEGIN {_stop('overlap', register)}; END",
    ]


def _overlap(new: str) -> str:
    """Return when version `o` and version `new` hold on one day and are known at one moment, or have the same key."""
    return (
        f"((o.valid_to IS NULL OR o.valid_to > {new}.valid_from) AND ({new}.valid_to IS NULL OR {new}.valid_to > o.valid_from)"
        f" AND (o.known_to IS NULL OR o.known_to > {new}.known_from) AND ({new}.known_to IS NULL OR {new}.known_to > o.known_from)"
        f" AND (o.known_to IS NULL OR o.known_to > o.known_from)"
        f" AND ({new}.known_to IS NULL OR {new}.known_to > {new}.known_from)"
        f" OR (o.valid_from = {new}.valid_from AND o.known_from = {new}.known_from))"
    )


# ---------------------------------------------------------------- PostgreSQL
def _postgres(register: str, key: Sequence[str]) -> list[str]:
    same = " AND ".join(f'o."{k}" = f."{k}"' for k in key)
    named = " || '/' || ".join(f'f."{k}"' for k in key)
    return [
        *append_only_sql("postgresql", register)[:1],
        f"CREATE FUNCTION {register}_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.known_to IS NULL AND NEW.known_to IS NOT NULL AND NEW.ended_by_id IS NOT NULL AND"
        " (to_jsonb(OLD) - 'known_to' - 'ended_by_id') = (to_jsonb(NEW) - 'known_to' - 'ended_by_id') THEN RETURN NEW; END IF;"
        f" RAISE EXCEPTION 'ecoweb:update {register}'; END $$",
        f"CREATE TRIGGER {register}_no_delete BEFORE DELETE ON {register} FOR EACH ROW EXECUTE FUNCTION {register}_refuse()",
        f"CREATE TRIGGER {register}_no_truncate BEFORE TRUNCATE ON {register} FOR EACH STATEMENT"
        f" EXECUTE FUNCTION {register}_refuse()",
        f"CREATE TRIGGER {register}_no_update BEFORE UPDATE ON {register} FOR EACH ROW EXECUTE FUNCTION {register}_end()",
        f"CREATE FUNCTION {register}_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF current_setting('transaction_isolation') <> 'read committed' THEN"
        f" RAISE EXCEPTION 'ecoweb:isolation {register}'; END IF;"
        f" PERFORM pg_advisory_xact_lock({WRITER_LOCK}); RETURN NULL; END $$",
        f"CREATE TRIGGER {register}_lock BEFORE INSERT ON {register} FOR EACH STATEMENT EXECUTE FUNCTION {register}_lock()",
        f"CREATE FUNCTION {register}_one() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE found text; BEGIN"
        f" SELECT {named} INTO found FROM fresh f JOIN {register} o ON {same} AND o.id <> f.id WHERE {_overlap('f')} LIMIT 1;"
        f" IF found IS NOT NULL THEN RAISE EXCEPTION 'ecoweb:overlap {register} %', found; END IF; RETURN NULL; END $$",
        f"CREATE TRIGGER {register}_one AFTER INSERT ON {register} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT"
        f" EXECUTE FUNCTION {register}_one()",
    ]


def columns_of(model: Any) -> list[tuple[str, str]]:
    """Return the columns of a register's model with their kinds, as `Guard` wants them."""
    kinds = {"TextField": "text", "DateField": "day", "SealedField": "sealed", "BinaryField": "sealed"}
    return [(f.column, kinds.get(f.get_internal_type(), "whole")) for f in model._meta.concrete_fields if f.column != "id"]


# ---------------------------------------------------------------- are they there
def check_guards(office: Office) -> list[Fault]:
    """Return a fault for each guard that is missing, was changed or switched off, and for each trigger that is none of ours."""
    expected = _expected(office.vendor)
    with office.reading() as cursor:
        cursor.execute(_PRESENT[office.vendor])
        found = {str(name): _plain(str(sql)) for name, sql in cursor.fetchall()}
    faults = [_unguarded(n, _GONE if n not in found else _OTHER) for n, sql in expected.items() if found.get(n) != sql]
    return [*faults, *(_unguarded(n, _FOREIGN) for n in sorted(set(found) - set(expected)))]


_PRESENT = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')",
    "postgresql": "SELECT t.tgname, c.relname || ' ' || p.prosrc || CASE WHEN t.tgenabled IN ('O', 'A') THEN '' ELSE ' off' END"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal",
}


def _expected(vendor: str) -> dict[str, str]:
    """Return the triggers the migrations make, by name, as `_PRESENT` gives them."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    statements: list[str] = []
    for app, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if not apps.is_installed(f"ecoweb.{app[0]}"):
            continue
        for step in migration.operations:
            if isinstance(step, Guard):
                statements += guard_sql(vendor, step.register, step.key, step.columns)
            elif isinstance(step, AppendOnly):
                statements += [s for t in step.tables for s in append_only_sql(vendor, t)]
            elif isinstance(step, Triggers):
                statements += step.statements(vendor)
    if vendor == "sqlite":
        return {m[1]: _plain(s) for s in statements if (m := re.match(r"CREATE TRIGGER (\w+)", s))}
    bodies = {m[1]: m[2] for s in statements if (m := re.match(r"CREATE FUNCTION (\w+)\(\).*?\$\$(.*)\$\$$", s, re.S))}
    made = (re.match(r"CREATE TRIGGER (\w+) .*? ON (\w+) .*EXECUTE FUNCTION (\w+)\(\)$", s, re.S) for s in statements)
    return {m[1]: _plain(f"{m[2]} {bodies[m[3]]}") for m in made if m}


def _plain(sql: str) -> str:
    return " ".join(sql.split())


_GONE = Text("登记簿的保护（触发器）缺失", "a guard of the registers (a trigger) is missing")
_OTHER = Text("登记簿的保护（触发器）被改动或停用", "a guard of the registers (a trigger) was changed or switched off")
_FOREIGN = Text("数据库里有不属于本系统的触发器或视图", "the database has a trigger or view that is none of ours")


def _unguarded(name: str, what: Text) -> Fault:
    return Fault(
        "records.guard",
        "database",
        name,
        what,
        Text(
            "数据库被绕过程序改动：从备份恢复，并追查。",
            "The database was changed behind the program: restore a backup and find out by whom.",
        ),
    )
