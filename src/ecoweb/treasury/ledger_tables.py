"""Are the tables of the ledger those that were made? Constraints and indexes, compared with `schema.tables_sql`.

SQLite keeps the words of each statement, so they are compared whole. PostgreSQL keeps them parsed: there the number of
constraints of each kind, that none is marked as not validated, and the names, numbers and texts of each CHECK are compared.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from ecocomp.terms.text import Text
from ecoweb.treasury.schema import TABLES, tables_sql

GONE = Text("表或索引缺失", "this table or index is missing")
OTHER = Text("表的列、约束或索引被改动", "its columns, constraints or indexes were changed")
FOREIGN = Text("账本的表上有不属于本系统的索引", "the tables of the ledger have an index that is none of ours")
_HEAD = re.compile(r"CREATE (?:UNIQUE )?(?:TABLE|INDEX) (\w+)")
_WORD = re.compile(r"'(?:[^']|'')*'|[a-z_][a-z_0-9]*|\d+")
_COMMON = {"text", "bigint", "integer", "coalesce"}
"""Types and a function; the words of SQL itself stand in capitals and are not counted."""


def changed_tables(vendor: str, cursor: Any) -> list[tuple[str, Text]]:
    """Return what is not as it was made: its name and what is wrong with it."""
    made = {m[1]: s for s in tables_sql(vendor) if (m := _HEAD.match(s))}
    return _sqlite(made, cursor) if vendor == "sqlite" else _postgres(made, cursor)


def _sqlite(made: dict[str, str], cursor: Any) -> list[tuple[str, Text]]:
    marks = ", ".join(["%s"] * len(TABLES))
    cursor.execute(
        f"SELECT name, sql FROM sqlite_master WHERE tbl_name IN ({marks}) AND type IN ('table', 'index') AND sql IS NOT NULL",
        list(TABLES),
    )
    found = {str(name): str(sql) for name, sql in cursor.fetchall()}
    wrong = [(name, OTHER if name in found else GONE) for name, sql in made.items() if found.get(name) != sql]
    return [*wrong, *((name, FOREIGN) for name in sorted(set(found) - set(made)))]


def _postgres(made: dict[str, str], cursor: Any) -> list[tuple[str, Text]]:
    cursor.execute(
        "SELECT c.relname, k.contype, pg_get_constraintdef(k.oid), k.convalidated FROM pg_constraint k JOIN pg_class c"
        " ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false))"
        " AND c.relname = ANY (%s) AND k.contype IN ('c', 'f', 'p', 'u')",
        [list(TABLES)],
    )
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for table, kind, text, sound in cursor.fetchall():
        kinds[table][str(kind) if sound else "off"] += 1
        if kind == "c":
            words[table] += _words(text.partition("CHECK")[2])
    cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = ANY (current_schemas(false))")
    indexes = {str(row[0]) for row in cursor.fetchall()}
    out = []
    for name, sql in made.items():
        if name not in TABLES:
            out += [] if name in indexes else [(name, GONE)]
        elif kinds[name] != _kinds(sql):
            out.append((name, OTHER if kinds[name] else GONE))
        elif words[name] != sum((_words(text) for text in _checks(sql)), Counter[str]()):
            out.append((name, OTHER))
    return out


def _kinds(sql: str) -> Counter[str]:
    """Return how many constraints of each kind a statement makes, in PostgreSQL's letters."""
    found = {"c": len(_checks(sql)), "f": sql.count(" REFERENCES "), "p": sql.count("PRIMARY KEY"), "u": sql.count(" UNIQUE")}
    return Counter({k: n for k, n in found.items() if n})


def _checks(sql: str) -> list[str]:
    """Return what stands in the brackets after each CHECK."""
    out = []
    for match in re.finditer(r"CHECK \(", sql):
        depth, at, quoted = 1, match.end(), False
        while depth:
            quoted ^= sql[at] == "'"
            depth += 0 if quoted else {"(": 1, ")": -1}.get(sql[at], 0)
            at += 1
        out.append(sql[match.end() : at - 1])
    return out


def _words(text: str) -> Counter[str]:
    """Return the names, numbers and texts in a condition; how PostgreSQL writes brackets, casts and lists is left out."""
    plain = re.sub(r"'-?(\d+)'", r"\1", text.replace('"', "").replace("E'", "'"))  # it writes -1 as '-1'::integer
    return Counter(w for w in _WORD.findall(plain) if w not in _COMMON)


__all__ = ["FOREIGN", "GONE", "OTHER", "changed_tables"]
