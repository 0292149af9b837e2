"""Text cells of open data: none acts as a formula, numbers stay numbers, schema and nulls stay."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.governance.open_data import guard_table, guarded_cell, write_guarded


def test_a_table_is_written_for_spreadsheets_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.csv"
    write_guarded(pa.table({"a": ["=1+1", "甲"], "n": [-3, 4]}), path)
    assert path.read_bytes().decode("utf-8-sig").splitlines()[1:] == ['"\'=1+1",-3', '"甲",4']
    before = path.read_bytes()
    assert before.startswith(b"\xef\xbb\xbf")
    with pytest.raises(pa.ArrowInvalid):
        write_guarded(pa.table({"a": [[1]]}), path)  # a list is no cell
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("value", "guarded"),
    [
        ("=1+1", "'=1+1"),
        ("=*", "'=*"),
        ("-*", "'-*"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("\x00=1", "'=1"),
        ("\u202e=1", "'=1"),
        ("＝1+1", "'＝1+1"),
        ("云\x1b[31m一", "云[31m一"),
        ("云*", "云*"),
        ("a-b=c", "a-b=c"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("-12.50", "-12.50"),
        ("+3", "+3"),
        ("", ""),
    ],
)
def test_cells(value: str, guarded: str) -> None:
    assert guarded_cell(value) == guarded


@pytest.mark.parametrize("value", [-3, -2.5, Decimal("-1.10"), None, True, b"=1"])
def test_what_is_no_text_is_left_as_it_is(value: object) -> None:
    assert guarded_cell(value) is value


@given(st.text())
def test_no_guarded_cell_begins_like_a_formula_and_guarding_twice_changes_nothing(value: str) -> None:
    guarded = guarded_cell(value)
    assert guarded_cell(guarded) == guarded
    assert not guarded.startswith(("=", "@", "\t", "\r", "\0"))
    assert not guarded.startswith(("+", "-")) or guarded[1:].replace(".", "").isdecimal()


def test_a_table_keeps_schema_nulls_and_numbers() -> None:
    schema = pa.schema(
        [
            pa.field("name", pa.string(), nullable=False, metadata={"a": "b"}),
            pa.field("note", pa.large_string()),
            pa.field("kind", pa.dictionary(pa.int8(), pa.string())),
            pa.field("amount_fen", pa.int64()),
            pa.field("share", pa.float64()),
        ],
        metadata={"c": "d"},
    )
    table = pa.table(
        [
            pa.chunked_array([["=*"], ["云*"]]),
            pa.chunked_array([["@x", None]], pa.large_string()),
            pa.array(["-*", "ok"]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())),
            pa.array([-5, None]),
            pa.array([-0.5, None]),
        ],
        schema=schema,
    )
    made = guard_table(table)
    assert made.schema.equals(schema, check_metadata=True)
    assert made.to_pylist() == [
        {"name": "'=*", "note": "'@x", "kind": "'-*", "amount_fen": -5, "share": -0.5},
        {"name": "云*", "note": None, "kind": "ok", "amount_fen": None, "share": None},
    ]


def test_a_table_without_such_cells_is_returned_unchanged() -> None:
    table = pa.table({"name": ["云*", None], "empty": pa.array([], pa.string()).take(pa.array([None, None], pa.int64()))})
    assert guard_table(table) is table
