"""Four kinds of chart: stacked bars, values with ranges, a histogram, and the flow of money.

Zero-based, direct labels, ranges drawn, one axis. Each is laid out for a page and again for a phone,
where labels stand above their bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ecocomp.report import look
from ecocomp.report.svg import HATCH, Sheet, shortened, two_lines, width_of
from ecocomp.terms.text import Lang, Text, same

PAGE, PHONE = 880, 380
Say = Callable[[float], Text]


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart with its words."""

    label: Text
    colour: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of stacked bars.

    parts  one value per series, negative ones are drawn left of zero
    says   the label at the end (the total, exact)
    low, high  range of the total, drawn as a whisker
    """

    label: Text
    parts: tuple[float, ...]
    says: Text
    low: float | None = None
    high: float | None = None


def bars(
    rows: Sequence[Bar], series: Sequence[Series], axis: Text, say_tick: Say, title: Text, *, net_mark: bool = False
) -> Callable[[Lang, bool], bytes]:
    """Return a drawer of horizontal stacked bars; `net_mark` draws a tick at the sum of the parts."""

    def draw(lang: Lang, narrow: bool) -> bytes:
        sheet = Sheet(PHONE if narrow else PAGE, lang)
        size = 14.0
        label_room = 0.0 if narrow else min(250.0, max(width_of(r.label.to(lang), size) for r in rows) + 14)
        end_room = max(width_of(r.says.to(lang), size) for r in rows) + 14
        left, right = label_room + 4, sheet.width - end_room
        low = min(0.0, *(sum(p for p in r.parts if p < 0) for r in rows), *(r.low for r in rows if r.low is not None))
        high = max(0.0, *(sum(p for p in r.parts if p > 0) for r in rows), *(r.high for r in rows if r.high is not None))
        ticks = look.nice_ticks(low, high, 3 if narrow else 5)
        ticks = [t for t in ticks if t >= low or t == 0]
        at = _scale(min(low * 1.02, 0.0), ticks[-1], left, right)
        y = _legend(sheet, series, lang) if len(series) > 1 else 8.0
        y = _axis_title(sheet, axis.to(lang), left if not narrow else 4, y)
        thick, step = (20.0, 52.0) if narrow else (24.0, 40.0)
        bottom = y + step * len(rows) + 6
        for t in ticks:
            sheet.line(at(t), y, at(t), bottom, look.HAIR if t else look.MUTED)
            _tick(sheet, at(t), bottom + 17, say_tick(t).to(lang))
        for i, row in enumerate(rows):
            _bar(sheet, row, series, at, y + i * step, thick, label_room, narrow, net_mark)
        return sheet.done(bottom + 28, title.to(lang))

    return draw


def _bar(
    sheet: Sheet,
    row: Bar,
    series: Sequence[Series],
    at: Callable[[float], float],
    y: float,
    thick: float,
    label_room: float,
    narrow: bool,
    net_mark: bool,
) -> None:
    lang = sheet.lang
    top = y + (24 if narrow else 8)
    if narrow:
        sheet.text(4, y + 17, shortened(row.label.to(lang), 14, sheet.width - 8), 14)
    else:
        lines = two_lines(row.label.to(lang), 14, label_room - 8)
        for n, said in enumerate(lines):
            sheet.text(label_room - 6, top + thick / 2 + (5 if len(lines) == 1 else 16 * n - 3), said, 14, anchor="end")
    plus = minus = 0.0
    for value, kind in zip(row.parts, series, strict=True):
        if value == 0:
            continue
        start = plus if value > 0 else minus
        sheet.rect(at(start), top, at(start + value) - at(start), thick, kind.colour, stroke="#FFFFFF")
        plus, minus = (plus + value, minus) if value > 0 else (plus, minus + value)
    end = at(max(plus, 0.0))
    mid = top + thick / 2
    if row.low is not None and row.high is not None:
        a, b = at(row.low), at(row.high)
        sheet.line(a, mid, b, mid, "#FFFFFF", 4.5)
        sheet.line(a, mid, b, mid, look.TEXT, 1.6)
        for x in (a, b):
            sheet.line(x, mid - 5, x, mid + 5, look.TEXT, 1.6)
        end = max(end, b)
    if net_mark:
        net = at(plus + minus)
        sheet.path(f"M{net:.2f} {top - 1:.2f}l-6 -8h12z", look.TEXT)
    sheet.text(end + 8, mid + 5, row.says.to(lang), 14, bold=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """One value with its range; None is not observed and is said in words."""

    value: float | None
    low: float | None
    high: float | None
    says: Text


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One row: a label and one mark per series."""

    label: Text
    marks: tuple[Mark, ...]


def dots(
    rows: Sequence[MarkRow],
    series: Sequence[Series],
    axis: Text,
    say_tick: Say,
    title: Text,
    *,
    domain: tuple[float, float] | None = None,
    steps: Sequence[tuple[float, Text]] = (),
) -> Callable[[Lang, bool], bytes]:
    """Return a drawer of values with ranges on one scale; `steps` are marked thresholds (grades)."""

    def draw(lang: Lang, narrow: bool) -> bytes:
        sheet = Sheet(PHONE if narrow else PAGE, lang)
        label_room = 0.0 if narrow else min(230.0, max(width_of(r.label.to(lang), 14) for r in rows) + 14)
        end_room = max(width_of(m.says.to(lang), 13) for r in rows for m in r.marks) + 18
        seen = [v for r in rows for m in r.marks for v in (m.value, m.low, m.high) if v is not None]
        low, high = domain or ((min(seen), max(seen)) if seen else (0.0, 1.0))
        ticks = look.nice_ticks(low, high, 4 if narrow else 5)
        at = _scale(ticks[0], ticks[-1], label_room + 14, sheet.width - end_room - 8)
        y = _legend(sheet, series, lang) if len(series) > 1 else 8.0
        y = _axis_title(sheet, axis.to(lang), 4 if narrow else label_room + 4, y)
        y += 18 if steps else 0
        lane = 24.0
        step = lane * len(series) + (34 if narrow else 20)
        bottom = y + step * len(rows) + 4
        for t in ticks:
            sheet.line(at(t), y, at(t), bottom, look.HAIR)
            _tick(sheet, at(t), bottom + 17, say_tick(t).to(lang))
        for t, said in steps:
            sheet.line(at(t), y, at(t), bottom, look.MUTED, 1.2, "4 3")
            sheet.text(at(t) + 3, y - 4, said.to(lang), 12.5, fill=look.MUTED)
        for i, row in enumerate(rows):
            _marks(sheet, row, series, at, y + i * step, lane, label_room, narrow)
            if i:
                sheet.line(4, y + i * step, sheet.width - 4, y + i * step, "#EDF0ED")
        return sheet.done(bottom + 28, title.to(lang))

    return draw


def _marks(
    sheet: Sheet,
    row: MarkRow,
    series: Sequence[Series],
    at: Callable[[float], float],
    y: float,
    lane: float,
    label_room: float,
    narrow: bool,
) -> None:
    lang = sheet.lang
    if narrow:
        sheet.text(4, y + 20, shortened(row.label.to(lang), 14, sheet.width - 8), 14)
    else:
        sheet.text(
            label_room - 6, y + 10 + lane * len(series) / 2 + 5, shortened(row.label.to(lang), 14, label_room - 8), 14, anchor="end"
        )
    for i, (mark, kind) in enumerate(zip(row.marks, series, strict=True)):
        mid = y + (26 if narrow else 10) + lane * (i + 0.5)
        if mark.low is not None and mark.high is not None:
            sheet.line(at(mark.low), mid, at(mark.high), mid, kind.colour, 3)
            for x in (at(mark.low), at(mark.high)):
                sheet.line(x, mid - 5, x, mid + 5, kind.colour, 2)
        if mark.value is not None:
            sheet.dot(at(mark.value), mid, 6, kind.colour)
        sheet.text(sheet.width - 6, mid + 5, mark.says.to(lang), 13, anchor="end", bold=i == len(series) - 1)


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    beyond: int,
    median: float,
    says_median: Text,
    band: tuple[float, float],
    axis: Text,
    unit: Text,
    say_tick: Say,
    title: Text,
) -> Callable[[Lang, bool], bytes]:
    """Return a drawer of a histogram with the median and the middle eighty per cent; `beyond` are larger than the last edge."""

    def draw(lang: Lang, narrow: bool) -> bytes:
        sheet = Sheet(PHONE if narrow else PAGE, lang)
        left, right, top, height = 52.0, sheet.width - (16 if not beyond else 58), 62.0, 210.0
        bottom = top + height
        ticks = look.nice_ticks(0, max([*counts, beyond, 1]), 4)
        at = _scale(edges[0], edges[-1], left, right)
        up = _scale(0, ticks[-1], bottom, top)
        sheet.text(4, 18, unit.to(lang), 13, fill=look.MUTED)
        for t in ticks:
            sheet.line(left, up(t), right, up(t), look.HAIR)
            sheet.text(left - 6, up(t) + 4, f"{t:,.0f}", 12.5, fill=look.MUTED, anchor="end")
        a, b = (min(max(v, edges[0]), edges[-1]) for v in band)
        sheet.rect(at(a), top, at(b) - at(a), height, "#E9F1EC")
        for i, n in enumerate(counts):
            inside = a <= (edges[i] + edges[i + 1]) / 2 <= b
            x, x2 = at(edges[i]), at(edges[i + 1])
            sheet.rect(x + 0.6, up(n), max(0.8, x2 - x - 1.2), bottom - up(n), look.SERIES[0] if inside else look.SERIES[4])
        if beyond:
            sheet.rect(right + 16, up(beyond), 22, bottom - up(beyond), look.SERIES[4])
            sheet.text(right + 27, bottom + 17, f"> {say_tick(edges[-1]).to(lang)}", 11.5, fill=look.MUTED, anchor="middle")
        sheet.line(left, bottom, right, bottom, look.MUTED)
        for t in [t for t in look.nice_ticks(edges[0], edges[-1], 4 if narrow else 8) if edges[0] <= t < edges[-1] * 0.97]:
            _tick(sheet, at(t), bottom + 17, say_tick(t).to(lang))
        sheet.line(at(median), top - 12, at(median), bottom, look.TEXT, 2)
        said = says_median.to(lang)
        flip = at(median) + width_of(said, 14) + 8 > sheet.width
        sheet.text(at(median) + (-6 if flip else 6), top - 4, said, 14, bold=True, halo=True, anchor="end" if flip else "start")
        sheet.text((left + right) / 2, bottom + 38, axis.to(lang), 13, fill=look.MUTED, anchor="middle")
        return sheet.done(bottom + 48, title.to(lang))

    return draw


@dataclass(frozen=True, slots=True)
class Node:
    """One box of the flow."""

    label: Text
    colour: str
    says: Callable[[float], Text]


def flow(
    columns: Sequence[Sequence[Node]], links: Sequence[dict[tuple[int, int], int]], heads: Sequence[Text], title: Text
) -> Callable[[Lang, bool], bytes]:
    """Return a drawer of a flow: `links[c]` maps (node in column c, node in column c + 1) to an amount.

    Heights are in proportion to the amounts; a node is as tall as the larger of what enters and leaves.
    """

    def draw(lang: Lang, narrow: bool) -> bytes:
        sheet = Sheet(PHONE if narrow else PAGE, lang)
        size, thick = (12.0, 12.0) if narrow else (13.5, 16.0)
        totals = _node_totals(columns, links)
        full = max(sum(t) for t in totals)
        gap, top = (40.0 if narrow else 36.0), 66.0
        most = max(len(c) for c in columns)
        height = max(250.0, 70.0 * most)
        unit = (height - gap * (most - 1)) / full if full else 0.0
        x_at = [4 + i * (sheet.width - 8 - thick) / (len(columns) - 1) for i in range(len(columns))]
        tops = []
        for sizes in totals:
            used = sum(sizes) * unit + gap * (len(sizes) - 1)
            y, found = top + (height - used) / 2, []
            for t in sizes:
                found.append(y)
                y += t * unit + gap
            tops.append(found)
        _ribbons(sheet, columns, links, tops, x_at, thick, unit)
        for c, column in enumerate(columns):
            anchor = "start" if c == 0 else "end" if c == len(columns) - 1 else "middle"
            x_text = {"start": x_at[c], "end": x_at[c] + thick, "middle": x_at[c] + thick / 2}[anchor]
            sheet.text(x_text, 16, heads[c].to(lang), 13, fill=look.MUTED, anchor=anchor)
            room = (sheet.width - 8) / len(columns) * (1.0 if narrow else 1.35 if c == 0 else 1.1)
            for n, node in enumerate(column):
                sheet.rect(x_at[c], tops[c][n], thick, max(1.5, totals[c][n] * unit), node.colour)
                sheet.text(
                    x_text, tops[c][n] - (size + 6), shortened(node.label.to(lang), size, room), size, anchor=anchor, halo=True
                )
                sheet.text(x_text, tops[c][n] - 4, node.says(totals[c][n]).to(lang), size, anchor=anchor, bold=True, halo=True)
        return sheet.done(top + height + 12, title.to(lang))

    return draw


def _node_totals(columns: Sequence[Sequence[Node]], links: Sequence[dict[tuple[int, int], int]]) -> list[list[int]]:
    out = []
    for c, column in enumerate(columns):
        leaving = (
            [sum(v for (a, _), v in links[c].items() if a == n) for n in range(len(column))]
            if c < len(links)
            else [0] * len(column)
        )
        coming = [sum(v for (_, b), v in links[c - 1].items() if b == n) for n in range(len(column))] if c else [0] * len(column)
        out.append([max(a, b) for a, b in zip(leaving, coming, strict=True)])
    return out


def _ribbons(
    sheet: Sheet,
    columns: Sequence[Sequence[Node]],
    links: Sequence[dict[tuple[int, int], int]],
    tops: list[list[float]],
    x_at: list[float],
    thick: float,
    unit: float,
) -> None:
    for c, found in enumerate(links):
        left, right = list(tops[c]), list(tops[c + 1])
        for (a, b), amount in sorted(found.items()):
            h = amount * unit
            x1, x2 = x_at[c] + thick, x_at[c + 1]
            mid = (x1 + x2) / 2
            y1, y2 = left[a], right[b]
            d = (
                f"M{x1:.2f} {y1:.2f}C{mid:.2f} {y1:.2f} {mid:.2f} {y2:.2f} {x2:.2f} {y2:.2f}L{x2:.2f} {y2 + h:.2f}"
                f"C{mid:.2f} {y2 + h:.2f} {mid:.2f} {y1 + h:.2f} {x1:.2f} {y1 + h:.2f}Z"
            )
            sheet.path(d, columns[c][a].colour, opacity=0.35)
            left[a] += h
            right[b] += h


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda v: start + (v - low) / span * (end - start)


def _legend(sheet: Sheet, series: Sequence[Series], lang: Lang) -> float:
    """Draw the legend in as many lines as it needs; return where the chart may start."""
    x, y = 4.0, 6.0
    for item in series:
        said = item.label.to(lang)
        room = 22 + width_of(said, 13.5) + 18
        if x > 4 and x + room > sheet.width:
            x, y = 4.0, y + 24
        sheet.rect(x, y + 2, 15, 15, item.colour, stroke="#7A868E" if item.colour == HATCH else "")
        sheet.text(x + 21, y + 14.5, said, 13.5)
        x += room
    return y + 32


def _tick(sheet: Sheet, x: float, y: float, said: str) -> None:
    """Write a tick centred on `x`, moved inward where it would leave the sheet."""
    half = width_of(said, 12.5) / 2 + 1
    sheet.text(min(max(x, half), sheet.width - half), y, said, 12.5, fill=look.MUTED, anchor="middle")


def _axis_title(sheet: Sheet, said: str, x: float, y: float) -> float:
    if not said:
        return y
    sheet.text(x, y + 12, said, 13, fill=look.MUTED)
    return y + 22


def say_number(value: float) -> Text:
    """Return a tick as a plain number."""
    return same(f"{value:,.10g}".replace("-", "−"))
