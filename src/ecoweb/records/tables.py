"""From rows of the database to Arrow tables and back, and the digest of a row.

The digest is over the row as it was written, in a form both databases give alike, so that a later reader can see whether
someone changed it behind the log's back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.registers import MOMENT, P3, REGISTERS, object_key
from ecocomp.terms.tables import TableSpec
from ecoweb.office import Office

BATCH_ROWS = 50_000
HOUSE = ("id", "change_id", "ended_by_id")
"""Columns a stored row has besides those of its register."""


@cache
def stored_schema(register: str) -> pa.Schema:
    """Return the schema of a register as stored: sealed columns as bytes, and the columns of `HOUSE`."""
    fields = [pa.field("id", pa.int64())]
    for column in REGISTERS[register].columns:
        fields.append(pa.field(column.name, pa.binary() if column.unit == P3 else column.type))
    return pa.schema([*fields, pa.field("change_id", pa.int64()), pa.field("ended_by_id", pa.int64())])


def quoted(names: Iterable[str]) -> str:
    """Return names as an SQL list."""
    return ", ".join(f'"{n}"' for n in names)


def _wire(field: pa.Field, table: str = "") -> str:
    """Return the SQL that reads a column: days as text, so that no Python date is made for each of a million."""
    name = f'{table}"{field.name}"'
    return f"CAST({name} AS TEXT)" if pa.types.is_date(field.type) else name


def select(register: str, table: str = "") -> str:
    """Return the select list of a register as stored."""
    return ", ".join(_wire(f, table) for f in stored_schema(register))


def to_table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Return rows read with `select` as a table."""
    if not rows:
        return schema.empty_table()
    columns = zip(*rows, strict=True)
    return pa.table([_array(list(values), f.type) for values, f in zip(columns, schema, strict=True)], schema=schema)


def _array(values: list[Any], type: pa.DataType) -> pa.Array:
    if pa.types.is_date(type):
        return pa.array(values, pa.string()).cast(type)
    if pa.types.is_timestamp(type):
        return pa.array(values, pa.int64()).cast(type)
    return pa.array(values, type)


def read_stored(office: Office, cursor: Any, register: str, where: str = "", params: Sequence[Any] = ()) -> Iterator[pa.Table]:
    """Read the stored rows of a register that meet a condition, in order of id, a batch of `BATCH_ROWS` at a time."""
    sql = f'SELECT {select(register)} FROM "{register}" {where} ORDER BY id'
    schema = stored_schema(register)
    if not where:
        yield from _copied(cursor, sql, schema) if office.vendor == "postgresql" else _packed(cursor, register, schema)
        return
    cursor.execute(sql, list(params) or None)
    while rows := cursor.fetchmany(BATCH_ROWS):
        yield to_table(rows, schema)


def read_table(office: Office, cursor: Any, table: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read the columns of `schema` of a table that has an `id`, in order of id, a batch at a time."""
    if office.vendor == "postgresql":
        yield from _copied(cursor, f'SELECT {", ".join(_wire(f) for f in schema)} FROM "{table}" ORDER BY id', schema)
    else:
        yield from _packed(cursor, table, schema)


NOTHING = "\x1a" * 4
"""What stands for no value where SQLite packs a column; no text may hold it (`records.checks`)."""


def _packed(cursor: Any, register: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read a whole register from SQLite a column at a time: the engine joins a batch of each column into one text.

    Twice as fast as rows, since no Python object is made for a value. A batch in which a text holds the separator does not
    come apart into as many values as it has rows; it is read row by row.
    """
    cursor.execute(f'SELECT coalesce(min(id), 1) FROM "{register}"')
    start = int(cursor.fetchone()[0])
    columns = ", ".join(f"group_concat(ifnull({_packable(f)}, '{NOTHING}'), char(31))" for f in schema)
    while True:
        span = f"WHERE id >= {start} ORDER BY id LIMIT {BATCH_ROWS}"  # by rows, not by numbers: a far number costs nothing
        cursor.execute(f'SELECT count(*), max(id), {columns} FROM (SELECT * FROM "{register}" {span})')
        count, last, *packed = cursor.fetchone()
        if not count:
            return
        values = [pc.split_pattern(pa.array([text], pa.large_string()), "\x1f").values for text in packed]
        if all(len(v) == count for v in values):
            yield pa.table([_unpacked(v, f.type) for v, f in zip(values, schema, strict=True)], schema=schema)
        else:
            cursor.execute(f'SELECT {", ".join(_wire(f) for f in schema)} FROM "{register}" {span}')
            yield to_table(cursor.fetchall(), schema)
        start = int(last) + 1


def _packable(field: pa.Field) -> str:
    if not pa.types.is_binary(field.type):
        return f'"{field.name}"'
    return f'CASE WHEN "{field.name}" IS NOT NULL THEN hex("{field.name}") END'


def _unpacked(values: pa.Array, type: pa.DataType) -> pa.Array:
    texts = values.cast(pa.string())
    nothing = pc.equal(texts, NOTHING)
    if pc.any(nothing).as_py():
        texts = pc.if_else(nothing, pa.scalar(None, pa.string()), texts)
    if pa.types.is_binary(type):
        return pa.array([None if v is None else bytes.fromhex(v) for v in texts.to_pylist()], type)
    if pa.types.is_timestamp(type):
        return texts.cast(pa.int64()).cast(type)
    return texts.cast(type)


def _copied(cursor: Any, sql: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read with COPY as CSV, which Arrow parses; an empty text is quoted there and so told from no value."""
    import pyarrow.csv as csv

    wire = [pa.field(f.name, pa.int64() if pa.types.is_timestamp(f.type) else _csv_type(f.type)) for f in schema]
    parse = csv.ParseOptions(newlines_in_values=True)
    convert = csv.ConvertOptions(
        column_types=pa.schema(wire), null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    waiting = bytearray()
    with cursor.cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as copy:
        for piece in copy:
            waiting += piece
            if len(waiting) > 16 << 20:  # a piece of COPY ends at the end of a row
                yield _parsed(waiting, schema, parse, convert)
                waiting = bytearray()
    if waiting:
        yield _parsed(waiting, schema, parse, convert)


def _csv_type(type: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_binary(type) else type


def _parsed(data: bytearray, schema: pa.Schema, parse: Any, convert: Any) -> pa.Table:
    import pyarrow.csv as csv

    read = csv.ReadOptions(column_names=schema.names, block_size=len(data) + 1)
    table = csv.read_csv(pa.BufferReader(bytes(data)), read, parse, convert)
    return pa.table([_from_csv(table[f.name], f.type) for f in schema], schema=schema)


def _from_csv(column: pa.ChunkedArray, type: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_binary(type):  # PostgreSQL writes bytes as \x and hexadecimal digits
        return pa.chunked_array([pa.array([None if v is None else bytes.fromhex(v[2:]) for v in column.to_pylist()], type)])
    return column.cast(type)


# ---------------------------------------------------------------- to the database
def to_rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a stored table as tuples of what both drivers take: days as text, moments as integers."""
    columns: list[list[Any]] = []
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_date(field.type):
            column = column.cast(pa.string())
        elif pa.types.is_timestamp(field.type):
            column = column.cast(pa.int64())
        columns.append(column.to_pylist())
    return zip(*columns, strict=True)


def insert(office: Office, cursor: Any, register: str, table: pa.Table) -> None:
    """Insert stored rows in one go."""
    names = table.schema.names
    if office.vendor == "postgresql":
        with office.connection.wrap_database_errors, cursor.cursor.copy(f'COPY "{register}" ({quoted(names)}) FROM STDIN') as copy:
            for row in to_rows(table):
                copy.write_row(row)
        return
    _many_at_once(cursor, f'INSERT INTO "{register}" ({quoted(names)}) VALUES', "", len(names), to_rows(table))


def write_many(
    office: Office, cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], if_new: bool = False
) -> None:
    """Insert rows into a table that is no register, fast on both databases; with `if_new`, rows already there are passed over."""
    names = quoted(columns)
    clash = " ON CONFLICT DO NOTHING" if if_new else ""
    if office.vendor == "sqlite":
        _many_at_once(cursor, f'INSERT INTO "{table}" ({names}) VALUES', clash, len(columns), rows)
        return
    cursor.execute(f'CREATE TEMPORARY TABLE fresh_rows ON COMMIT DROP AS SELECT {names} FROM "{table}" WITH NO DATA')
    with office.connection.wrap_database_errors, cursor.cursor.copy(f"COPY fresh_rows ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM fresh_rows{clash}')
    cursor.execute("DROP TABLE fresh_rows")


ROWS_AT_ONCE = 64
"""Rows in one INSERT of SQLite: a statement with triggers that may refuse opens a journal of its own, dear for a single row."""


def _many_at_once(cursor: Any, head: str, tail: str, width: int, rows: Iterable[Sequence[Any]]) -> None:
    """Insert with many rows in one statement; the last ones, fewer, in another."""
    one = f"({', '.join(['%s'] * width)})"
    waiting, last = iter(rows), []

    def whole() -> Iterator[list[Any]]:
        while part := list(islice(waiting, ROWS_AT_ONCE)):
            if len(part) < ROWS_AT_ONCE:
                last.extend(part)
                return
            yield [v for row in part for v in row]

    cursor.executemany(f"{head} {', '.join([one] * ROWS_AT_ONCE)}{tail}", whole())
    if last:
        cursor.execute(f"{head} {', '.join([one] * len(last))}{tail}", [v for row in last for v in row])


# ---------------------------------------------------------------- digests
def row_digests(register: str, stored: pa.Table) -> list[bytes]:
    """Return the SHA-256 of each row as it was written: what a later change ended counts as open again.

    A row is its values in the order of the register, with its id and change, joined by the unit separator; no value is
    a backslash and 0; a backslash or separator inside a text is written with a backslash before it.
    """
    texts = [_as_text(stored, field) for field in stored.schema if field.name != "ended_by_id"]
    joined = pc.binary_join_element_wise(*texts, pa.scalar("\x1f"), null_handling="emit_null")
    return [sha256(line.encode()).digest() for line in joined.to_pylist()]


def _as_text(stored: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    column = stored[field.name]
    if field.name == "known_to":  # as written: empty, unless the row came in already ended
        came_ended = pc.fill_null(pc.equal(stored["ended_by_id"], stored["change_id"]), False)
        column = pc.if_else(came_ended, column, pa.scalar(None, column.type))
    if pa.types.is_binary(field.type):
        column = pa.chunked_array([pa.array([None if v is None else v.hex() for v in column.to_pylist()], pa.string())])
    elif pa.types.is_timestamp(field.type):
        column = column.cast(pa.int64()).cast(pa.string())
    elif pa.types.is_string(field.type):
        if pc.any(pc.match_substring_regex(column, "[\\\\\x1f]")).as_py():
            column = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), "\x1f", "\\\x1f")
    else:
        column = column.cast(pa.string())
    return pc.fill_null(column, "\\0")


# ---------------------------------------------------------------- objects and rows of a register
def object_names(register: str, table: pa.Table) -> list[str]:
    """Return the name of the object each row is a version of; several key columns are joined by a slash."""
    parts = [table[k].to_pylist() for k in object_key(register)]
    return parts[0] if len(parts) == 1 else ["/".join(row) for row in zip(*parts, strict=True)]


def object_name(register: str, row: Any) -> str:
    """Return the name of the object a row (a mapping) is a version of."""
    return "/".join(str(row[k]) for k in object_key(register))


def written_schema(spec: TableSpec) -> pa.Schema:
    """Return the schema of rows to be added: the register's without the clock of knowledge."""
    return pa.schema([f for f in spec.schema() if f.name not in ("known_from", "known_to")])


__all__ = [
    "BATCH_ROWS", "HOUSE", "MOMENT", "insert", "object_name", "object_names", "quoted", "read_stored", "read_table", "row_digests",
    "select", "stored_schema", "to_rows", "to_table", "written_schema",
]  # fmt: skip
