"""Where the text of a table breaks: between words and between Chinese characters, never within a number, a code or a key.

A *piece* is what stays on one line: a run of characters without blanks or wide (Chinese) characters, or one wide character with
the marks that may not begin a line. Widths are in cells of a terminal; a wide character takes two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_OPEN, _SHUT = "（《“‘「『【〔", "，。、；：？！）》”’」』】〕…～"
_WIDE = r"\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003fffd"
_PIECE = re.compile(rf"(\s*)([{_OPEN}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPEN}]+)[{_SHUT}]*|[{_OPEN}]+)")
_LETTER = re.compile(r"[^\W\d_]")
GAP, EDGE = 3, 1
"""Cells between columns, and those around a table beyond them."""
EASY = 20
"""Cells in which a sentence can be read; fewer are given to it only where a screen is too narrow."""


def pieces(text: str) -> list[tuple[str, str]]:
    """Return the pieces of one line of text, each with the blanks before it.

    >>> pieces("共 2,147.44–2,207.88 元，见 a.b")
    [('', '共'), (' ', '2,147.44–2,207.88'), (' ', '元，'), ('', '见'), (' ', 'a.b')]
    """
    return [(m[1], m[2]) for m in _PIECE.finditer(text)]


def broken(text: str, width: int, *, fold: bool = False) -> str:
    """Return text broken into lines of at most `width` cells; a piece that is wider has a line of its own.

    fold  whether such a piece is cut instead, unless it is a number

    >>> broken("soil conservation", 8), broken("1,234,567.00", 4)
    ('soil\\nconservation', '1,234,567.00')
    """
    return "\n".join(line for part in text.split("\n") for line in _lines(part, width, fold))


def _lines(text: str, width: int, fold: bool) -> list[str]:
    from rich.cells import cell_len, chop_cells

    out = [""]
    for blank, piece in pieces(text):
        if cell_len(out[-1] + blank + piece) <= width:
            out[-1] += blank + piece
            continue
        if out[-1]:
            out.append("")
        cut = fold and cell_len(piece) > width and not _is_number(piece)
        parts = chop_cells(piece, width) if cut else [piece]
        out[-1] = parts[0]
        out += parts[1:]
    return out


def _is_number(piece: str) -> bool:
    return any(c.isdigit() for c in piece) and _LETTER.search(piece) is None


def widths(columns: Sequence[Sequence[str]], most: int, firm: Sequence[int] = (), *, fold: bool = False) -> list[int]:
    """Return how wide each column is [cells] so that a table takes `most` cells, or as much more as its pieces need.

    The widest column gives way first, down to its widest piece or `EASY` cells; columns named in `firm` never do.

    columns  the cells of each column, its head among them
    fold     whether columns may become narrower than that where a table would take more than `most`: down to their widest
             number or 12 cells
    """
    from rich.cells import cell_len

    lines = [[part for cell in column for part in cell.split("\n")] for column in columns]
    wide = [max((cell_len(part) for part in column), default=0) for column in lines]
    parts = [[p for part in column for _, p in pieces(part)] for column in lines]
    least = [
        w if i in firm else max([min(w, EASY), *(cell_len(p) for p in some)])
        for i, (w, some) in enumerate(zip(wide, parts, strict=True))
    ]
    room = most - GAP * len(columns) - EDGE
    _give_way(wide, least, room)
    if fold:
        numbers = [max((cell_len(p) for p in some if _is_number(p)), default=0) for some in parts]
        _give_way(wide, [w if i in firm else max(min(w, 12), numbers[i]) for i, w in enumerate(least)], room)
    return wide


def _give_way(wide: list[int], least: Sequence[int], room: int) -> None:
    """Make the widest column that may be narrower one cell narrower until all fit, or none may."""
    while sum(wide) > room:
        able = [i for i, w in enumerate(wide) if w > least[i]]
        if not able:
            return
        wide[max(able, key=lambda i: wide[i])] -= 1


__all__ = ["broken", "pieces", "widths"]
