"""Characters nobody sees are found, dropped and escaped; everything people write is kept."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.terms.unseen import UNSEEN_CLASS, escape_unseen, first_unseen, without_unseen

UNSEEN = [*range(9), *range(11, 32), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]


def test_exactly_the_stated_characters() -> None:
    found = [c for c in range(0x11_0000) if not 0xD800 <= c < 0xE000 and first_unseen(chr(c))]
    assert found == UNSEEN
    assert first_unseen("a\u202eb") == "U+202E" and first_unseen("云\t一\n") == ""


def test_arrow_reads_the_class_alike() -> None:
    text = [chr(c) for c in range(0x2100)]
    assert pc.match_substring_regex(pa.array(text), UNSEEN_CLASS).to_pylist() == [bool(first_unseen(t)) for t in text]


@given(st.text())
def test_dropping_leaves_none_and_escaping_keeps_the_value(text: str) -> None:
    assert first_unseen(without_unseen(text)) == ""
    written = escape_unseen(json.dumps({"a": text}, ensure_ascii=False, indent=1))
    assert first_unseen(written) == "" and json.loads(written) == {"a": text}
