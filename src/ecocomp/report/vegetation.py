"""The part of section 4 on vegetation: a chart of each signal by zone, levels this year and last, trends this year."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from ecocomp.report import look, say
from ecocomp.report import words as w
from ecocomp.report.blocks import Block, Chart, Grid, Picture, sides
from ecocomp.report.bundle import ZONES, Bundle, numbers
from ecocomp.report.charts import Mark, MarkRow, Series, dots, say_number
from ecocomp.report.frame import Story, cap, entry_name, entry_unit, file_safe, fixed, listed
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.text import Text, same

_NOT_CHARTED = ("ndvi_drop",)
"""Signals that serve the yearly judgement: a mean over a zone says nothing, parcel by parcel they are in the compliance map."""
_SHARES = ("fvc",)
"""Signals of unit 1 that are shares of the ground, said in per cent; an index such as NDVI is not one."""


def vegetation(story: Story) -> list[Block]:
    """Return a chart of each vegetation signal by zone: levels this year and last, trends this year."""
    table = story.bundle.table("observation")
    if table is None:
        return [story.absent(Text("植被观测", "Vegetation"), "observation")]
    found = sorted(pc.unique(table["signal"]).to_pylist())
    charts = [_signal_chart(story, s) for s in found if s not in _NOT_CHARTED]
    return [c for c in charts if c is not None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How a signal's values are said: factor, places after the point, the unit said after a value."""

    unit: str
    factor: float
    places: int
    trend: bool

    @classmethod
    def of(cls, signal: str, unit: str, values: np.ndarray) -> Scale:
        """Return the scale of a signal: per cent for shares, else enough places to tell its values apart."""
        if signal in _SHARES and unit == "1":
            return cls("%", 100.0, 1, False)
        seen = np.abs(values[np.isfinite(values)])
        most = float(seen.max()) if seen.size and seen.max() > 0 else 1.0
        return cls(unit, 1.0, max(0, min(6, (1 if unit.endswith("/a") else 2) - math.floor(math.log10(most)))), unit.endswith("/a"))

    def say(self, value: float, *, signed: bool = False) -> Text:
        """Return a value as people read it."""
        if not math.isfinite(value):
            return say.UNSEEN
        said = fixed(value * self.factor, self.places).zh
        plus = "+" if signed and value > 0 and any(c in "123456789" for c in said) else ""
        return same(plus + said + ("%" if self.unit == "%" else ""))

    def moved(self, change: float) -> Text:
        """Return a difference of two values in words."""
        return w.POINTS.fill(v=say.points(change)) if self.unit == "%" else self.say(change, signed=True)

    def axis(self, word: Text) -> Text:
        """Return the title of the axis: what, how averaged, in which unit."""
        unit = w.SIGNAL_UNITS.get(self.unit) or same(self.unit)
        if self.unit in ("", "1"):
            return w.SIGNAL_AXIS_PLAIN.fill(signal=word, signal_cap=cap(word))
        return w.SIGNAL_AXIS.fill(signal=word, signal_cap=cap(word), unit=unit)


def _signal_chart(story: Story, signal: str) -> Chart | None:
    """Return the chart of a signal with its table; None where nothing was observed in any zone."""
    b = story.bundle
    now, last = _zone_means(b, signal, last=False), _zone_means(b, signal, last=True)
    shown = [i for i in range(len(ZONES)) if np.isfinite(now[0][i])]
    if not shown:
        return None
    word = entry_name("monitoring.signals", signal)
    scale = Scale.of(signal, now[2] or entry_unit("monitoring.signals", signal), np.concatenate([now[0], last[0]]))
    has_last = not scale.trend and any(np.isfinite(last[0][i]) for i in shown)
    series = [
        *([Series(w.THIS_YEAR.fill(y=b.last_year), look.SERIES[4])] if has_last else []),
        Series(w.THIS_YEAR.fill(y=b.year), look.SERIES[0]),
    ]
    rows = [
        MarkRow(FUNCTION_ZONES[ZONES[i]], tuple(_mark(float(v), scale) for v in ([last[0][i]] if has_last else []) + [now[0][i]]))
        for i in shown
    ]
    title, axis = _signal_title(b, scale, word, shown, now[0], last[0] if has_last else None), scale.axis(word)
    seen = [m.value for r in rows for m in r.marks if m.value is not None]
    domain = (0.0, 100.0) if scale.unit == "%" else (min(0.0, *seen), max(0.0, *seen))
    drawer = dots(rows, series, axis, say_number, title, domain=domain)
    alt = listed([(r.label, r.marks[-1].says) for r in rows])
    picture = Picture(f"signal_{file_safe(signal)}", "chart", title, alt, story.chart_source("observation"), drawer)
    lines = tuple(
        (
            r.label,
            *(m.says for m in r.marks),
            *([_moved(scale, float(now[0][i] - last[0][i]))] if has_last else []),
            say.percent(float(now[1][i])),
        )
        for i, r in zip(shown, rows, strict=True)
    )
    change = w.CHANGE_POINTS if scale.unit == "%" else w.CHANGE
    head = (w.DATA_HEAD_ZONE, *(s.label for s in series), *([change] if has_last else []), w.SHARE_OBSERVED)
    return Chart(picture, Grid(axis, head, sides(len(head) - 1), lines))


def _signal_title(b: Bundle, scale: Scale, word: Text, shown: list[int], now: np.ndarray, last: np.ndarray | None) -> Text:
    """Return the finding: what a trend does fastest, where a level changed most, else what is shown."""
    named = {"signal": word, "signal_cap": cap(word)}
    if scale.trend:
        most = max(shown, key=lambda i: abs(now[i]))
        title = w.TREND_DOWN if now[most] < 0 else w.TREND_UP
        per = w.SIGNAL_UNITS.get(scale.unit) or same(scale.unit)
        said = scale.say(float(now[most]), signed=True)
        if not any(c in "123456789" for c in said.en):
            return w.TREND_STILL.fill(**named)
        title = title if len(shown) > 1 else w.TREND_ONE
        return title.fill(zone=FUNCTION_ZONES[ZONES[most]], v=Text(f"{per.zh}{said.zh}", f"{said.en} {per.en}"), **named)
    if last is not None:
        most = max(shown, key=lambda i: abs(now[i] - last[i]) if np.isfinite(last[i]) else -1.0)
        return w.SIGNAL_MOVED.fill(zone=FUNCTION_ZONES[ZONES[most]], v=scale.moved(float(now[most] - last[most])), **named)
    if len(shown) == 1:
        return w.SIGNAL_SINGLE.fill(zone=FUNCTION_ZONES[ZONES[shown[0]]], v=scale.say(float(now[shown[0]])), **named)
    return w.SIGNAL_ONE.fill(year=b.year, **named)


def _moved(scale: Scale, change: float) -> Text:
    if not math.isfinite(change):
        return say.NONE
    return say.points(change) if scale.unit == "%" else scale.say(change, signed=True)


def _mark(value: float, scale: Scale) -> Mark:
    return Mark(value * scale.factor if math.isfinite(value) else None, None, None, scale.say(value))


def _zone_means(b: Bundle, signal: str, *, last: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Return area-weighted mean and share observed by zone, and the unit."""
    table = b.table("observation", last=last)
    nothing = np.full(len(ZONES), np.nan)
    rows = table.filter(pc.equal(table["signal"], signal)) if table is not None else None
    if rows is None or not len(rows):
        return nothing, nothing, ""
    land_of = b.parcels_before if last and len(b.parcels_before.ids) else b.parcels
    at = land_of.rows(rows["parcel_id"])
    zone, area = np.append(land_of.zone, ZONES.index("none"))[at], np.append(land_of.area_dm2, 0)[at].astype(float)
    value, share = numbers(rows["value"]), numbers(rows["coverage"])
    seen = np.where(np.isfinite(value), area, 0.0)
    weight = np.bincount(zone, seen, len(ZONES))
    whole_area = np.bincount(zone, area, len(ZONES))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(zone, np.nan_to_num(value) * seen, len(ZONES)) / weight
        covered = np.bincount(zone, np.nan_to_num(share) * area, len(ZONES)) / whole_area
    return np.where(weight > 0, mean, np.nan), covered, str(rows["unit"][0].as_py())
