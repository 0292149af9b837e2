"""What a page is made of, before it is HTML or paper: headings, paragraphs, figures, tables, gaps.

A section returns a list of these; every sentence is a `Text`, so both languages always exist. The two
renderers (`page`, `paper`) take the blocks as plain values, never as markup, so no name can become code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ecocomp.terms.text import Lang, Text

Align = Literal["l", "r"]


def sides(numbers: int) -> tuple[Align, ...]:
    """Return the alignment of a table with one column of words and `numbers` columns of numbers."""
    return ("l", *(["r"] * numbers))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph; `note` is set small and muted, `warn` in a bordered box."""

    text: Text
    look: Literal["plain", "note", "warn"] = "plain"


@dataclass(frozen=True, slots=True)
class Sub:
    """A heading inside a section."""

    text: Text


@dataclass(frozen=True, slots=True)
class Card:
    """One key figure: never alone, always with unit, as-of date, range or share covered, and where the why is."""

    label: Text
    value: Text
    unit: Text
    notes: tuple[Text, ...]
    anchor: str


@dataclass(frozen=True, slots=True)
class Cards:
    """The key figures in one row."""

    items: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: numbers right, units in the head, totals over all rows.

    marks  per row: "group" heads those below it, "part" belongs to the row above; empty where all rows are alike
    """

    title: Text
    head: tuple[Text, ...]
    align: tuple[Align, ...]
    rows: tuple[tuple[Text, ...], ...]
    total: tuple[Text, ...] | None = None
    note: Text | None = None
    widths: tuple[float, ...] | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A map or chart: its title states the finding, `alt` says it to those who cannot see it.

    draw  (language, narrow) -> bytes of a PNG (maps) or SVG (charts); narrow is the phone's layout
    """

    name: str
    kind: Literal["map", "chart"]
    title: Text
    alt: Text
    source: Text
    draw: Callable[[Lang, bool], bytes] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Absent:
    """What is not here and why; stands where a figure would have been."""

    what: Text
    reason: Text


@dataclass(frozen=True, slots=True)
class Gallery:
    """Maps side by side; what could not be mapped takes its place among them."""

    pictures: tuple[Picture, ...]
    gaps: tuple[Absent, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with the table of its numbers."""

    picture: Picture
    table: Grid | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of short sentences; a dense one is set in columns."""

    items: tuple[Text, ...]
    dense: bool = False


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands to type, each with what it shows."""

    lines: tuple[tuple[str, Text], ...]


Block = Para | Sub | Cards | Grid | Gallery | Chart | Absent | Listing | Commands


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered section."""

    anchor: str
    title: Text
    blocks: tuple[Block, ...]


def pictures_of(sections: list[Section]) -> list[Picture]:
    """Return every picture in reading order."""
    out: list[Picture] = []
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Gallery):
                out += block.pictures
            elif isinstance(block, Chart):
                out.append(block.picture)
    return out


def plain(block: Block, lang: Lang) -> dict[str, Any]:
    """Return a block as plain values in one language, for a template to lay out."""
    out: dict[str, Any] = {"kind": type(block).__name__.lower()}
    for name in block.__slots__ if hasattr(block, "__slots__") else ():
        out[name] = _value(getattr(block, name), lang)
    return out


def _value(value: Any, lang: Lang) -> Any:
    if isinstance(value, Text):
        return value.to(lang)
    if isinstance(value, tuple):
        return [_value(v, lang) for v in value]
    if isinstance(value, Picture):
        return {
            "name": value.name,
            "kind": value.kind,
            "file": figure_file(value, lang),
            "narrow": figure_file(value, lang, narrow=True),
            "title": value.title.to(lang),
            "alt": value.alt.to(lang),
            "source": value.source.to(lang),
        }
    if isinstance(value, Card | Grid | Absent):
        return {n: _value(getattr(value, n), lang) for n in value.__slots__}
    return value


def figure_file(picture: Picture, lang: Lang, *, narrow: bool = False) -> str:
    """Return the file of a picture, relative to the report folder; a map has one layout for all widths."""
    if picture.kind == "map":
        return f"figures/{picture.name}.{lang}.png"
    return f"figures/{picture.name}.{lang}{'.narrow' if narrow else ''}.svg"
