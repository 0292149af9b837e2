"""Are the tables of an office those its models make? Columns, constraints and indexes of registers, payments, credits and the log.

For `ledger check`, `payments verify` and `office verify`: a CHECK that was weakened, a unique key or an index that was dropped is
told by its name. The tables of the ledger are made by statements of their own and compared by `ledger_tables`; triggers are
compared by `records.guards.check_guards`. What is expected is made anew from the migrations each time, never read from the office.

SQLite keeps the words of each statement, so they are compared whole. PostgreSQL keeps them parsed: there the columns with type
and NOT NULL, and the names, numbers and texts of each constraint and index are compared.

References: sqlite.org/schematab.html; PostgreSQL 15 manual, section 53.13 (pg_constraint), pg_get_indexdef.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.treasury.ledger_tables import _words
from ecoweb.treasury.schema import TABLES

_MADE = re.compile(r'CREATE (?:UNIQUE )?(TABLE|INDEX) "(\w+)"(?: ON "(\w+)")?')
_NAMED = re.compile(r'CONSTRAINT "(\w+)" (CHECK|UNIQUE|FOREIGN KEY)')
_LEFT_OUT = {"public", "btree", "date_ops", "int8_ops", "text_ops"}
"""What PostgreSQL writes into the text of an index, or leaves out of it, of itself."""


def check_tables(office: Office, prefixes: Iterable[str] = ("",)) -> list[Fault]:
    """Return a fault for each table, constraint and index that is missing, was changed, or is none of ours, by its name.

    prefixes  only tables whose names begin with one of these
    """
    wanted = tuple(prefixes)
    statements, columns = _expected(office)
    with office.reading() as cursor:
        find = _sqlite if office.vendor == "sqlite" else _postgres
        found = find(cursor, statements, columns)
    return [_fault(table, name, what) for table, name, what in found if table.startswith(wanted)]


Found = list[tuple[str, str, Text]]
"""Table, what of it (empty: all of it), what is wrong."""


def _expected(office: Office) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the statements that make the tables, and the columns of each with type and NOT NULL; nothing is executed."""
    from django.db.migrations.loader import MigrationLoader

    connection = office.connection
    editor: Any = connection.schema_editor(collect_sql=True)
    editor.deferred_sql = []
    columns: dict[str, dict[str, str]] = {}
    for model in MigrationLoader(None).project_state().apps.get_models():
        table = model._meta.db_table
        if table not in TABLES:
            editor.create_model(model)
            columns[table] = {
                str(f.column): f"{f.db_type(connection)}{'' if f.null else ' not null'}" for f in model._meta.local_concrete_fields
            }
    for statement in editor.deferred_sql:
        editor.execute(statement)
    return [" ".join(s.rstrip("; \n").split()) for s in editor.collected_sql], columns


def _table_of(statement: str) -> tuple[str, str] | None:
    """Return the table a statement is about and, of an index, its name."""
    made = _MADE.match(statement)
    if made is None:
        return None
    return (made[2], "") if made[1] == "TABLE" else (made[3], made[2])


def _constraints(statement: str) -> dict[str, str]:
    """Return the named constraints of a statement: name to kind and what stands after it."""
    out: dict[str, str] = {}
    for m in _NAMED.finditer(statement):
        rest = statement[m.end() :]
        at = rest.index("(")
        end = _closing(rest, at)
        tail = re.match(r"( REFERENCES \"\w+\" \([^)]*\))?", rest[end:])
        out[m[1]] = f"{m[2]} {rest[at:end]}{tail[0] if tail else ''}"
    return out


def _closing(text: str, at: int) -> int:
    """Return the place after the bracket that closes the one at a place."""
    depth, quoted = 0, False
    for place in range(at, len(text)):
        quoted ^= text[place] == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            return place + 1
    return len(text)


# ---------------------------------------------------------------- SQLite
def _sqlite(cursor: Any, statements: list[str], columns: Mapping[str, Any]) -> Found:
    cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL")
    there = {str(name): (str(table), " ".join(str(sql).split())) for name, table, sql in cursor.fetchall()}
    out: Found = []
    expected = set()
    for statement in statements:
        named = _table_of(statement)
        if named is None:
            continue
        table, index = named
        name = index or table
        expected.add(name)
        if name not in there:
            out.append((table, index, _GONE))
        elif there[name][1] != statement:
            out += [(table, index, _OTHER)] if index else _which(table, statement, there[name][1])
    strange = sorted((t, n) for n, (t, _) in there.items() if t in columns and n not in expected)
    return [*out, *((t, n, _FOREIGN) for t, n in strange)]


def _which(table: str, made: str, found: str) -> Found:
    """Name the constraints of a table that are not as they were made."""
    ours, theirs = _constraints(made), _constraints(found)
    out: Found = [(table, n, _OTHER if n in theirs else _GONE) for n, text in ours.items() if theirs.get(n) != text]
    out += [(table, n, _FOREIGN) for n in theirs if n not in ours]
    return out or [(table, "", _COLUMNS)]


# ---------------------------------------------------------------- PostgreSQL
_COLUMNS_SQL = (
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
)
_CONSTRAINTS_SQL = (
    "SELECT c.relname, k.conname, k.contype, pg_get_constraintdef(k.oid), k.convalidated FROM pg_constraint k"
    " JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY (current_schemas(false)) AND k.contype IN ('c', 'f', 'p', 'u', 'x')"
)
_INDEXES_SQL = (
    "SELECT c.relname, i.relname, pg_get_indexdef(i.oid), x.indisvalid FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
    " JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY (current_schemas(false)) AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid)"
)


def _postgres(cursor: Any, statements: list[str], columns: Mapping[str, Mapping[str, str]]) -> Found:
    ours, indexes = _said(statements)
    theirs, made = _there(cursor, _CONSTRAINTS_SQL), _there(cursor, _INDEXES_SQL)
    cursor.execute(_COLUMNS_SQL)
    present: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in cursor.fetchall():
        present[str(table)][str(column)] = str(kind)
    out: Found = []
    for table, wanted in columns.items():
        if table not in present:
            out.append((table, "", _GONE))
            continue
        if present[table] != wanted:
            out.append((table, "", _COLUMNS))
        keys = {n: d for n, d in theirs.get(table, {}).items() if not d[0].startswith("PRIMARY KEY")}
        if len(keys) == len(theirs.get(table, {})):
            out.append((table, "PRIMARY KEY", _GONE))
        out += _compared(table, ours.get(table, {}), keys)
        out += _compared(table, indexes.get(table, {}), made.get(table, {}))
    return out


Texts = dict[str, dict[str, tuple[str, bool]]]


def _there(cursor: Any, sql: str) -> Texts:
    """Return what the database says: table, name, text, whether it is in force."""
    cursor.execute(sql)
    out: Texts = defaultdict(dict)
    for table, name, *_, text, sound in cursor.fetchall():
        out[str(table)][str(name)] = (str(text), bool(sound))
    return out


def _said(statements: list[str]) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Return the constraints and the indexes the statements make, by table and name."""
    constraints: dict[str, dict[str, str]] = defaultdict(dict)
    indexes: dict[str, dict[str, str]] = defaultdict(dict)
    for statement in statements:
        named = _table_of(statement)
        if named is not None and named[1]:
            indexes[named[0]][named[1]] = statement
            continue
        altered = re.match(r'ALTER TABLE "(\w+)"', statement)
        table = named[0] if named is not None else altered[1] if altered else ""
        constraints[table] |= _constraints(statement)
        if named is not None:  # a key that stands with its column has the name PostgreSQL gives it
            alone = re.findall(r'[(,] "(\w+)" [^,()]*? UNIQUE(?=[ ,)])', statement.replace('("', '( "', 1))
            constraints[table] |= {f"{table}_{c}_key": f'UNIQUE ("{c}")' for c in alone}
    return constraints, indexes


def _compared(table: str, ours: Mapping[str, str], theirs: Mapping[str, tuple[str, bool]]) -> Found:
    out: Found = []
    for name, text in ours.items():
        if name not in theirs:
            out.append((table, name, _GONE))
        elif not theirs[name][1] or _sense(theirs[name][0]) != _sense(text):
            out.append((table, name, _OTHER))
    return [*out, *((table, n, _FOREIGN) for n in sorted(set(theirs) - set(ours)))]


def _sense(text: str) -> tuple[bool, Counter[str]]:
    """Return what a constraint or index says, however it is written: whether it is unique, and its names, numbers and texts."""
    plain = re.sub(r" ON \w+\.", " ON ", text)
    words = Counter({w: n for w, n in _words(plain).items() if w not in _LEFT_OUT})
    return " UNIQUE" in f" {plain}", words


# ---------------------------------------------------------------- words
_GONE = Text("缺失", "it is missing")
_OTHER = Text("被改动或停用", "it was changed or switched off")
_COLUMNS = Text("列被改动", "its columns were changed")
_FOREIGN = Text("不属于本系统", "it is none of ours")


def _fault(table: str, name: str, what: Text) -> Fault:
    said = Text("表 {t} 的约束或索引 {n}{w}。", "{n}, a constraint or index of table {t}: {w}.") if name else _WHOLE
    return Fault(
        "records.table",
        "database",
        name or table,
        said.fill(t=table, n=name, w=what),
        Text(
            "数据库被绕过程序改动：从备份恢复，并追查。",
            "The database was changed behind the program: restore a backup and find out by whom.",
        ),
    )


_WHOLE = Text("表 {t}：{w}。", "Table {t}: {w}.")
