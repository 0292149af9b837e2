"""Readings as laboratories and hydrological stations hand them in: a table of cells into the gate's `reading` table.

Three layouts are understood, with Chinese or English heads, titles above them and empty rows between:

- long   one value a row: section, month, indicator, value (and unit)
- wide   one month a row: section, month, and a column for each indicator, its unit in the head, ``总磷(mg/L)``
- year   one indicator a row: section, year, indicator, and columns 1月 … 12月

Values stay text: ``<0.02`` and ``0.02L`` lie under a detection limit; empty, ``-`` and ``/`` are not available. A year
without a month is a value published for the whole year. Units are converted to those of `indicators`. Every fault is told
at once with file, row and column; nothing is guessed.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ecocomp.agreements.indicators import INDICATORS, code_of, factor, indicator, nearest, squeezed
from ecocomp.agreements.model import Agreement
from ecocomp.agreements.readings import plain, say
from ecocomp.terms.faults import Fault, Severity, capped
from ecocomp.terms.tables import READING
from ecocomp.terms.text import Text

HEADS: Mapping[str, tuple[str, ...]] = {
    "station": (
        "station",
        "station_id",
        "stationid",
        "section",
        "sectionid",
        "site",
        "断面",
        "断面名称",
        "断面编码",
        "断面代码",
        "监测断面",
        "考核断面",
        "站点",
        "站名",
        "站点名称",
        "水文站",
        "测站",
        "点位",
        "点位名称",
    ),
    "month": (
        "month",
        "date",
        "period",
        "time",
        "月份",
        "月",
        "年月",
        "监测月份",
        "监测时间",
        "监测日期",
        "采样日期",
        "采样时间",
        "日期",
        "时间",
        "所属月份",
    ),
    "year": ("year", "年", "年份", "年度", "监测年份"),
    "indicator": (
        "indicator",
        "item",
        "parameter",
        "指标",
        "项目",
        "监测项目",
        "监测指标",
        "因子",
        "监测因子",
        "指标名称",
        "indicatorcode",
    ),
    "value": (
        "value",
        "result",
        "concentration",
        "reading",
        "值",
        "数值",
        "浓度",
        "监测值",
        "结果",
        "监测结果",
        "测值",
        "读数",
        "均值",
        "月均值",
    ),
    "unit": ("unit", "单位", "计量单位"),
}
_HEAD_OF = {squeezed(name): key for key, names in HEADS.items() for name in names}
_BLANK = frozenset({"", "-", "--", "—", "——", "/", "\\", "缺测", "无数据", "未监测", "断流", "n/a", "na", "null", "none", "nan"})
_VALUE = re.compile(r"(<)?\s*(\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?)\s*(L)?", re.ASCII | re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])", re.ASCII)
"""Commas that set thousands apart; any other comma (``0,31``) is no reading rather than a hundred times as much."""
_UNIT_IN_HEAD = re.compile(
    r"^(.*?)[(（\[【,，/]?\s*(mg/l|g/m3|ug/l|μg/l|µg/l|毫克/升|微克/升|万立方米|亿立方米|立方米|万m3|亿m3|m3/s|m3|无量纲)\s*[)）\]】]?\s*$",
    re.IGNORECASE,
)
_MONTHS = {
    name: n
    for n in range(1, 13)
    for name in (
        f"{n}月",
        f"{n:02d}月",
        f"m{n}",
        f"m{n:02d}",
        ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")[n - 1] + "月",
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")[n - 1],
    )
}
HEAD_ROWS = 30
"""How far down a head is looked for under titles."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One sheet: file and sheet name, rows as (number, cells)."""

    where: str
    rows: Sequence[tuple[int, Sequence[str]]]


@dataclass
class _Layout:
    """Which column is what; `wide` column -> (indicator, unit), `months` column -> month of the year."""

    columns: dict[str, int] = field(default_factory=dict)
    wide: dict[int, tuple[str, str]] = field(default_factory=dict)
    months: dict[int, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether a row can be read by it."""
        has = self.columns.keys()
        when = "month" in has or "year" in has
        return "station" in has and when and (("indicator" in has and ("value" in has or bool(self.months))) or bool(self.wide))


def read_cells(sheets: Iterable[Cells], agreement: Agreement | None = None) -> tuple[pa.Table, list[Fault]]:
    """Return the readings of all sheets as a READING table, and every fault and warning.

    agreement  whose sections and indicators are looked for: names of sections are taken for their codes, and what is there
               for no section of it is told
    """
    reader = _Reader(agreement)
    for sheet in sheets:
        reader.sheet(sheet)
    return reader.finish()


def table_cells(table: pa.Table, where: str) -> Cells:
    """Return an Arrow table as cells, its column names as the head."""
    columns = [table[name].to_pylist() for name in table.schema.names]
    rows: list[tuple[int, list[str]]] = [(0, [str(n) for n in table.schema.names])]
    rows += [(n, ["" if v is None else str(v) for v in row]) for n, row in enumerate(zip(*columns, strict=True), 1)]
    return Cells(where, rows)


class _Reader:
    def __init__(self, agreement: Agreement | None) -> None:
        self.faults: list[Fault] = []
        self.found: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.sections = _section_names(agreement) if agreement else {}
        self.agreement = agreement
        self.strangers: dict[str, str] = {}

    def fault(self, code: str, where: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> None:
        self.faults.append(Fault(code, where, record, clash, remedy, severity))

    # ------------------------------------------------------------ one sheet
    def sheet(self, sheet: Cells) -> None:
        layout, start = self._head(sheet)
        if layout is None:
            if any(any(c.strip() for c in cells) for _, cells in sheet.rows):
                self._no_head(sheet)
            return
        for number, cells in sheet.rows[start:]:
            if any(c.strip() for c in cells):
                self._row(sheet.where, number, cells, layout)

    def _head(self, sheet: Cells) -> tuple[_Layout | None, int]:
        for n, (_, cells) in enumerate(sheet.rows[:HEAD_ROWS]):
            layout = _layout(cells)
            if layout.ok:
                return layout, n + 1
        return None, 0

    def _no_head(self, sheet: Cells) -> None:
        best = max((cells for _, cells in sheet.rows[:HEAD_ROWS]), key=lambda c: len(_layout(c).columns), default=[])
        found = _layout(best)
        lacking = [k for k in ("station", "month", "indicator", "value") if k not in found.columns]
        said = ", ".join(c.strip() for c in best if c.strip())[:120]
        words = {
            "station": Text("断面", "section"),
            "month": Text("月份", "month"),
            "indicator": Text("指标", "indicator"),
            "value": Text("值", "value"),
        }
        zh, en = "、".join(words[k].zh for k in lacking), ", ".join(words[k].en for k in lacking)
        self.fault(
            "agreements.data_head",
            sheet.where,
            "",
            Text(
                f"没有认出表头；找到的列：{said or '—'}；缺：{zh}。",
                f"No head was understood; columns found: {said or '—'}; missing: {en}.",
            ),
            Text(
                "表头写 断面、月份、指标、值（或 断面、月份 加每个指标一列，或 断面、年份、指标 加 1月…12月）。",
                "Heads: section, month, indicator, value (or section, month and a column for each indicator; "
                "or section, year, indicator and 1月 … 12月).",
            ),
        )

    def _row(self, where: str, number: int, cells: Sequence[str], layout: _Layout) -> None:
        def cell(key: str) -> str:
            at = layout.columns.get(key)
            return cells[at].strip() if at is not None and at < len(cells) else ""

        record = f"row {number}"
        station = self._station(where, record, cell("station"))
        if station is None:
            return
        if layout.wide:
            when = self._when(where, record, cell("month"), cell("year"))
            for at, (known, unit) in layout.wide.items():
                if when is not None and at < len(cells):
                    self._value(where, f"{record} {_letter(at)}", station, when, known, cells[at], unit)
            return
        code = self._indicator(where, record, cell("indicator"))
        if code is None:
            return
        if layout.months:
            when = self._when(where, record, "", cell("year"))
            for at, month in layout.months.items():
                if when is not None and at < len(cells):
                    self._value(where, f"{record} {_letter(at)}", station, f"{when}-{month:02d}", code, cells[at], cell("unit"))
            return
        at_month = self._when(where, record, cell("month"), cell("year"))
        if at_month is not None:
            self._value(where, record, station, at_month, code, cell("value"), cell("unit"))

    # ------------------------------------------------------------ one cell
    def _station(self, where: str, record: str, text: str) -> str | None:
        if not text:
            self.fault(
                "agreements.data",
                where,
                record,
                Text("没有断面。", "There is no section."),
                Text("写上断面。", "Write the section."),
            )
            return None
        name = self.sections.get(squeezed(text))
        if name is None and self.sections:
            self.strangers.setdefault(text, f"{where} {record}")
        return name or text

    def _when(self, where: str, record: str, month: str, year: str) -> str | None:
        found = _period(month, year)
        if found is None:
            said = " ".join(x for x in (year, month) if x)
            clash = Text("“{v}”不是月份。", "'{v}' is not a month.").fill(v=said)
            self.fault("agreements.data", where, record, clash, Text("写成 2024-03。", "Write it as 2024-03."))
        return found

    def _indicator(self, where: str, record: str, text: str) -> str | None:
        code = code_of(text) or (text if text in self._own_codes() else None)
        if code is None:
            clash = Text("不认识的指标“{v}”。", "Unknown indicator '{v}'.").fill(v=text)
            remedy = Text("最相近的是 {n}；用 {a}。", "The nearest is {n}; use {a}.").fill(n=nearest(text), a=", ".join(INDICATORS))
            self.fault("agreements.data", where, record, clash, remedy)
        return code

    def _own_codes(self) -> set[str]:
        if self.agreement is None:
            return set()
        rules = [self.agreement.data, *self.agreement.clauses]
        return {i["code"] for r in rules for i in r.get("indicators") or () if "code" in i} | {
            c for r in rules for c in r.get("limits") or () if isinstance(c, str)
        }

    def _value(self, where: str, record: str, station: str, when: str, code: str, text: str, unit: str) -> None:
        clean = unicodedata.normalize("NFKC", text).strip().replace("≤", "<")
        clean = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), clean)
        if clean.casefold() in _BLANK:
            value = ""
        else:
            made = self._number(where, f"{record} {station} {when} {code}", code, clean, unit)
            if made is None:
                return
            value = made
        key = (station, when, code)
        before = self.found.get(key)
        if before is None:
            self.found[key] = (value, f"{where} {record}")
        elif before[0] != value:
            clash = Text(
                "同一断面、月份和指标（{k}）有两个值：“{a}”（{p}）和“{b}”。",
                "One section, month and indicator ({k}) has two values: '{a}' ({p}) and '{b}'.",
            ).fill(k=" ".join(key), a=before[0], b=value, p=before[1])
            self.fault(
                "agreements.reading_twice",
                where,
                record,
                clash,
                Text(
                    "只留认定的一个；一月多次采样的，写月值。",
                    "Keep the one that was established; for several samples a month write the month's value.",
                ),
            )
        else:
            clash = Text("{k} 重复（{p}）。", "{k} is there twice ({p}).").fill(k=" ".join(key), p=before[1])
            self.fault("agreements.reading_repeated", where, record, clash, Text("删去一行。", "Delete one row."), "warning")

    def _number(self, where: str, record: str, code: str, text: str, unit: str) -> str | None:
        known = indicator(code)
        found = _VALUE.fullmatch(text)
        if found is None:
            word = Text("未检出的写成 <检出限（如 <0.025）。", "For 'not detected' write <detection limit, such as <0.025.")
            remedy = (
                word
                if re.search(r"未检出|nd|not detected", text, re.IGNORECASE)
                else Text(
                    "写数字、<检出限，或留空表示未取得。", "Write a number, <detection limit, or leave it empty when there is none."
                )
            )
            self.fault(
                "agreements.reading", where, record, Text("“{v}”不是读数。", "'{v}' is no reading.").fill(v=text[:40]), remedy
            )
            return None
        times = factor(unit, known.unit) if unit.strip() else Fraction(1)
        if times is None:
            clash = Text("单位“{u}”不能换算成 {k}（{i}）。", "The unit '{u}' cannot be turned into {k} ({i}).").fill(
                u=unit, k=known.unit, i=known.name
            )
            self.fault("agreements.unit", where, record, clash, Text("核对单位。", "Look at the unit."))
            return None
        value = Fraction(found[2]) * times
        if value > known.most or (known.better == "higher" and known.unit == "mg/L" and value > known.most):
            clash = Text("{i} 为 {v} {u}，超出可能范围（最大 {m}）。", "{i} is {v} {u}, beyond what it can be (at most {m}).").fill(
                i=known.name, v=say(value), u=known.unit, m=known.most
            )
            self.fault(
                "agreements.range",
                where,
                record,
                clash,
                Text("核对单位（µg/L？）和小数点。", "Look at the unit (µg/L?) and the decimal point."),
            )
            return None
        return ("<" if found[1] or found[3] else "") + (found[2] if times == 1 else _exact(value))

    # ------------------------------------------------------------ the whole
    def finish(self) -> tuple[pa.Table, list[Fault]]:
        self._told_strangers()
        self.faults += _swapped({k: v for k, (v, _) in self.found.items()})
        rows: list[dict[str, object]] = [
            {"station_id": s, "month": m, "indicator": c, "value": v} for (s, m, c), (v, _) in sorted(self.found.items())
        ]
        by_code: dict[str, list[Fault]] = {}
        for f in self.faults:
            by_code.setdefault(f.code, []).append(f)
        told = [f for code, found in by_code.items() for f in capped(found, code, found[0].where)]
        return READING.table(rows), told

    def _told_strangers(self) -> None:
        if self.agreement is None:
            return
        known = self.agreement.sections()
        for name, where in sorted(self.strangers.items()):
            near = next(iter(difflib.get_close_matches(name, known, 1)), "—")
            clash = Text("断面“{s}”不在协议里。", "Section '{s}' is not in the agreement.").fill(s=name)
            remedy = Text(
                "若是协议的断面，改成它的编码（最相近的是 {n}；有：{a}）；否则不用理会。",
                "If it is one of its sections write its code (nearest: {n}; there are: {a}); else let it be.",
            ).fill(n=near, a=", ".join(known))
            self.fault("agreements.station", where, name, clash, remedy, "warning")
        have = {s for s, _, _ in self.found}
        for section in known:
            if section not in have and self.found:
                clash = Text("没有断面 {s} 的读数。", "There are no readings of section {s}.").fill(s=section)
                self.fault(
                    "agreements.station",
                    "data",
                    section,
                    clash,
                    Text("补上；缺测不得视为达标。", "Add them; what is missing is never counted as met."),
                    "warning",
                )


def _section_names(agreement: Agreement) -> dict[str, str]:
    names = {squeezed(s): s for s in agreement.sections()}
    for s in agreement.data.get("sections") or ():
        for word in (s.get("name") or {}).values():
            if word:
                names.setdefault(squeezed(str(word)), s["id"])
                names.setdefault(squeezed(str(word).removesuffix("断面")), s["id"])
    return names


def _layout(cells: Sequence[str]) -> _Layout:
    layout = _Layout()
    for at, raw in enumerate(cells):
        text = squeezed(raw)
        if not text:
            continue
        key = _HEAD_OF.get(text)
        name, unit = raw, ""
        if found := _UNIT_IN_HEAD.match(unicodedata.normalize("NFKC", raw).strip()):
            name, unit = found[1], found[2]
        if key is None and _HEAD_OF.get(squeezed(name)) in ("value",):
            key = "value"
        if key is not None:
            layout.columns.setdefault(key, at)
        elif text in _MONTHS:
            layout.months[at] = _MONTHS[text]
        elif (code := code_of(name)) is not None and code not in {c for c, _ in layout.wide.values()}:
            layout.wide[at] = (code, unit)
    if "indicator" in layout.columns:
        layout.wide = {}
    return layout


def _period(month: str, year: str) -> str | None:
    """Return a month as 2024-03, or a year as 2024; None for anything else."""
    text = unicodedata.normalize("NFKC", month).strip().removesuffix(".0")
    y = re.fullmatch(r"(\d{4})年?(?:度|\.0)?", unicodedata.normalize("NFKC", year).strip())
    if not text:
        return y[1] if y else None
    for pattern in (
        r"(\d{4})-(\d{1,2})(?:-\d{1,2})?(?:[ T].*)?",
        r"(\d{4})[/.](\d{1,2})(?:[/.]\d{1,2})?(?: .*)?",
        r"(\d{4})年(\d{1,2})月(?:\d{1,2}日)?",
        r"(\d{4})(\d{2})(?:\d{2})?",
    ):
        found = re.fullmatch(pattern, text)
        if found:
            return f"{found[1]}-{int(found[2]):02d}" if 1 <= int(found[2]) <= 12 and (y is None or y[1] == found[1]) else None
    if y is None:
        return text.removesuffix("年").removesuffix("年度") if re.fullmatch(r"\d{4}(年度?)?", text) else None
    found = re.fullmatch(r"(\d{1,2})月?", text)
    number = int(found[1]) if found else _MONTHS.get(squeezed(text), 0)
    return f"{y[1]}-{number:02d}" if 1 <= number <= 12 else None


def _exact(value: Fraction) -> str:
    """Return a decimal fraction in full."""
    places = next((n for n in range(40) if (value * 10**n).denominator == 1), 12)
    return f"{Decimal(int(value * 10**places)).scaleb(-places):f}"


def _letter(at: int) -> str:
    out = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        out = chr(65 + rest) + out
    return out


#: Of each pair the first holds the second, so it can never be smaller.
_HOLDS = (("cod", "codmn"), ("cod", "bod5"), ("tn", "nh3n"))


def _swapped(found: Mapping[tuple[str, str, str], str]) -> list[Fault]:
    """Warn where an indicator that contains another is smaller than it: names or units are probably swapped."""
    out = []
    for whole, part in _HOLDS:
        by_station: dict[str, list[str]] = {}
        counted: dict[str, int] = {}
        for (station, when, code), value in found.items():
            if code != whole or not value or value.startswith("<"):
                continue
            other = found.get((station, when, part), "")
            if other and not other.startswith("<"):
                counted[station] = counted.get(station, 0) + 1
                if Fraction(value) < Fraction(other):
                    by_station.setdefault(station, []).append(when)
        for station, months in sorted(by_station.items()):
            often = len(months) * 2 > counted[station]
            clash = Text("{s}：{a} 小于 {b}，有 {n} 个月（{m}…）。", "{s}: {a} is smaller than {b} in {n} months ({m}…).").fill(
                s=station, a=indicator(whole).name, b=indicator(part).name, n=len(months), m=sorted(months)[0]
            )
            remedy = Text(
                "前者包含后者，不可能更小；核对两个指标是否写反。",
                "The first contains the second and cannot be smaller; see whether the two are swapped.",
            )
            out.append(Fault("agreements.swapped", "data", station, clash, remedy, "error" if often else "warning"))
    return out


def readings_of(means: Mapping[str, Any]) -> pa.Table:
    """Return yearly values given in a file, ``{2024: {QX-OUT: {tp: 0.05}}}``, as a READING table."""
    rows: list[dict[str, object]] = [
        {"station_id": str(s), "month": str(y), "indicator": code_of(str(c)) or str(c), "value": plain(Fraction(v))}
        for y, sections in means.items()
        for s, codes in sections.items()
        for c, v in codes.items()
    ]
    return READING.table(rows)
