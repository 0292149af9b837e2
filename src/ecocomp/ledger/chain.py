"""The bytes that are hashed: one form for the ledger of a bundle and for the ledger of an office.

A row is its values in UTF-8, separated by tabs and ended by a newline; no text may hold a control character, so that two
different rows never have the same bytes. A link is the SHA-256 of such bytes which begin with the link before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc

ZERO_HASH = "0" * 64
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
CONTROL_RE2 = r"[\x00-\x1f\x7f]"
MARK_BYTES = 8


def row_bytes(*values: object) -> bytes:
    """Return one row as it is hashed.

    >>> row_bytes("a", 5)
    b'a\\t5\\n'
    """
    return ("\t".join(str(v) for v in values) + "\n").encode()


def link(before: str, *values: object) -> str:
    """Return the hash of a row that follows the row with hash `before`."""
    return sha256(row_bytes(before, *values)).hexdigest()


def joined(columns: Sequence[pa.Array | pa.ChunkedArray | pa.Scalar]) -> pa.LargeStringArray:
    """Return the rows of text columns as they are hashed, without a Python object for each value."""
    parts = [c.cast(pa.large_string()) for c in columns]
    lines = pc.binary_join_element_wise(*parts, pa.scalar("\t", pa.large_string()))
    ended = pc.binary_join_element_wise(lines, pa.scalar("\n", pa.large_string()), pa.scalar("", pa.large_string()))
    return ended.combine_chunks() if isinstance(ended, pa.ChunkedArray) else ended


def body(lines: pa.LargeStringArray) -> memoryview:
    """Return all rows of `joined` one after another, without a copy."""
    if not len(lines):
        return memoryview(b"")
    offsets = memoryview(lines.buffers()[1]).cast("q")
    return memoryview(lines.buffers()[2])[offsets[lines.offset] : offsets[lines.offset + len(lines)]]


def marks(lines: pa.LargeStringArray) -> bytes:
    """Return the first eight bytes of the SHA-256 of each row: by them `check` finds which row of a journal is not as it was."""
    return b"".join([sha256(line).digest()[:MARK_BYTES] for line in lines.cast(pa.large_binary()).to_pylist()])
