"""Tables in a file or a pipe: numbers, codes and keys stay whole whatever the width, and nothing of a text is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ecocomp.cli.layout import broken, pieces, widths
from ecocomp.cli.say import Voice
from ecocomp.terms.text import Text, same

LINES = st.text("ab1 2.,–　地块（）。《》😀\n", max_size=60)
KEY = "programmes.bird_damage." + "x" * 90
RANGE = "2,147.44–2,207.88"


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(LINES, st.integers(1, 30), st.booleans())
def test_breaking_loses_nothing_and_keeps_the_width(text: str, width: int, fold: bool) -> None:
    made = broken(text, width, fold=fold)
    assert bare(made) == bare(text)
    whole = [p for _, p in pieces(text.replace("\n", " "))]
    for line in made.split("\n"):
        assert cell_len(line.strip()) <= width or len(pieces(line)) == 1 or any(cell_len(p) > width for p in whole)
    if not fold:
        kept = {p for line in made.split("\n") for _, p in pieces(line)}
        assert {p for line in text.split("\n") for _, p in pieces(line)} == kept


@given(st.lists(st.lists(LINES, min_size=2, max_size=2), min_size=1, max_size=5), st.integers(10, 200))
def test_every_piece_has_room_in_its_column(columns: list[list[str]], most: int) -> None:
    for wide, column in zip(widths(columns, most), columns, strict=True):
        assert all(cell_len(p) <= wide for cell in column for line in cell.split("\n") for _, p in pieces(line))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("whole", [(), (0,)])
def test_nothing_is_cut_off_a_terminal(capsys: pytest.CaptureFixture[str], lang: str, whole: tuple[int, ...]) -> None:
    heads = [Text("键", "key"), Text("名称", "name"), Text("区间", "range"), *(Text(f"数{i}", f"number {i}") for i in range(8))]
    name = "a long sentence about what this is and where it comes from 长句 " * 4
    rows = [[KEY, name, RANGE, *(["1,234,567.89"] * 8)]]
    Voice(lang).table(Text("标题 " + KEY, "title " + KEY), heads, rows, right=tuple(range(3, 11)), whole=whole)  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert out.count(KEY) == 2
    assert (out.count(RANGE), out.count("1,234,567.89")) == (1, 8)
    assert all(line == line.rstrip() for line in out.splitlines())
    assert bare(out).count("sentence") == 4
    assert "…" not in out


def test_a_narrow_screen_folds_words_and_no_numbers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    Voice("en").table(same("t"), [same("key"), same("range"), same("n")], [[KEY, RANGE, "1,234,567.89"]], right=(2,))
    out = capsys.readouterr().out
    assert RANGE in out
    assert "1,234,567.89" in out
    assert KEY not in out
