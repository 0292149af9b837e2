"""Tables as finance bureaus keep them, read into typed rows: Chinese or English headings, units in the heading, all faults at once.

A heading may carry its unit in brackets (元, 万元, 亿元, yuan; km², ha, 公顷, 亩; %), and titles may stand above it. Where the
heading of a sum has none but 元, a cell may have its own (100万, 1.5亿元). Empty, ``-`` and ``—`` mean that there is no value
and are never read as zero. Rows of totals (合计, total) are passed over, counted.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.money import yuan_written
from ecocomp.terms.text import Text

Cells = tuple[str, Sequence[str]]
"""What a row is called (``row 7``) and its cells as text."""
_UNITS: dict[str, tuple[str, Decimal]] = {
    "元": ("money", Decimal(1)),
    "yuan": ("money", Decimal(1)),
    "cny": ("money", Decimal(1)),
    "千元": ("money", Decimal(1_000)),
    "万元": ("money", Decimal(10_000)),
    "10000yuan": ("money", Decimal(10_000)),
    "百万元": ("money", Decimal(1_000_000)),
    "亿元": ("money", Decimal(100_000_000)),
    "100millionyuan": ("money", Decimal(100_000_000)),
    "km2": ("area", Decimal(1)),
    "平方公里": ("area", Decimal(1)),
    "平方千米": ("area", Decimal(1)),
    "ha": ("area", Decimal("0.01")),
    "公顷": ("area", Decimal("0.01")),
    "亩": ("area", Decimal(1) / Decimal(1500)),
    "mu": ("area", Decimal(1) / Decimal(1500)),
    "万亩": ("area", Decimal(10_000) / Decimal(1500)),
    "%": ("share", Decimal("0.01")),
    "percent": ("share", Decimal("0.01")),
    "人": ("number", Decimal(1)),
    "persons": ("number", Decimal(1)),
    "个": ("number", Decimal(1)),
}
NOTHING = frozenset({"", "-", "—", "–", "－", "/", "无", "n/a", "na", "null"})
TOTALS = frozenset({"合计", "总计", "全省合计", "全国合计", "小计", "total", "totals", "sum", "all"})
_BRACKET = re.compile(r"^(.*?)\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")
_LARGEST = Decimal(10) ** 17


@dataclass(frozen=True)
class Column:
    """One column of such a table.

    name   what the row is asked for
    heads  headings that mean it, Chinese and English, without units
    kind   money (yuan), area (km²), share (0..1), number, text or a word of `words`
    needed whether every row must have it
    least, most  bounds of a number
    words  for kind "word": heading → code
    """

    name: str
    heads: tuple[str, ...]
    kind: str = "text"
    needed: bool = False
    least: Decimal | None = Decimal(0)
    most: Decimal | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> Text:
        """The heading in both languages."""
        zh = next((h for h in self.heads if not h.isascii()), self.name)
        return Text(zh, self.name)


@dataclass
class Read:
    """What was read: rows by column name (None where there is no value), the headings met, rows of totals, faults."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    totals: int = 0
    faults: list[Fault] = field(default_factory=list)


def read(
    lines: Iterable[Cells],
    columns: Sequence[Column],
    where: str,
    *,
    prefixes: Mapping[str, Sequence[str]] | None = None,
    key: str = "",
    keep_totals: bool = False,
) -> Read:
    """Return the rows of a table.

    lines     every row with its name, titles above the heading included
    prefixes  name → how it may be written: headings ``prefix:anything`` are kept as numbers (``kind:national_park``)
    key       column whose value must be one of a kind
    keep_totals  whether rows of totals are rows like the others
    """
    listed = [(n, [_plain(c) for c in cells]) for n, cells in lines]
    out = Read()
    prefixes = prefixes or {}
    at = _header(listed, columns, prefixes)
    if at is None:
        out.faults.append(_no_header(where, columns))
        return out
    places, out.heads = _places(listed[at][1], columns, prefixes, where, out.faults)
    out.faults += _missing(places, columns, where)
    if any(f.severity == "error" for f in out.faults):
        return out
    seen: dict[str, str] = {}
    for record, cells in listed[at + 1 :]:
        if not any(c not in NOTHING for c in cells):
            continue
        if not keep_totals and any(c.lower().replace(" ", "") in TOTALS for c in cells[:2]):
            out.totals += 1
            continue
        row = {name: _value(cells, i, column, unit, where, record, out.faults) for name, (i, column, unit) in places.items()}
        out.faults += _beyond(cells, len(listed[at][1]), where, record)
        out.faults += [
            _empty(where, record, c) for c in columns if c.needed and row.get(c.name) is None and not _told(out, record, c)
        ]
        if key and row.get(key) is not None:
            if row[key] in seen:
                out.faults.append(_twice(where, record, seen[row[key]], str(row[key])))
            seen.setdefault(row[key], record)
        out.rows.append({"record": record, **{c.name: None for c in columns}, **row})
    if not out.rows:
        out.faults.append(_no_rows(where))
    out.faults = [
        f for c in dict.fromkeys(f.code for f in out.faults) for f in capped([g for g in out.faults if g.code == c], c, where)
    ]
    return out


def checked(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    where: str,
    *,
    prefixes: Sequence[str] = (),
    key: str = "",
) -> Read:
    """Return rows that come as values, not as a file, after the same checks; rows that were read from a file stay as they are.

    rows      by column name; numbers as int, Decimal or text, never float; words as code or as a file may write them
    prefixes  names before the colon of columns like ``kind:national_park``, which are numbers
    key       column whose value must be one of a kind
    A key that is no column is an error here: nobody sees it being left out.
    """
    out = Read(heads=[c.name for c in columns])
    known = {c.name: c for c in columns}
    seen: dict[str, str] = {}
    for i, given in enumerate(rows, 1):
        if not isinstance(given, Mapping):
            out.faults.append(_no_table(where, f"row {i}", given))
            continue
        record = str(given.get("record", f"row {i}"))
        row: dict[str, Any] = {"record": record, **dict.fromkeys(known)}
        for name, value in given.items():
            before, sign, after = str(name).partition(":")
            column = Column(str(name), (str(name),), "number") if sign and after and before in prefixes else known.get(str(name))
            if column is not None:
                row[column.name] = _given(value, column, where, record, out.faults)
            elif name != "record":
                out.faults.append(_no_column(where, record, str(name), columns))
        out.faults += [_empty(where, record, c) for c in columns if c.needed and row[c.name] is None and not _told(out, record, c)]
        if key and row.get(key) is not None:
            if row[key] in seen:
                out.faults.append(_twice(where, record, seen[row[key]], str(row[key])))
            seen.setdefault(row[key], record)
        out.rows.append(row)
    if not rows:
        out.faults.append(_no_rows(where))
    out.faults = [
        f for c in dict.fromkeys(f.code for f in out.faults) for f in capped([g for g in out.faults if g.code == c], c, where)
    ]
    return out


# ---------------------------------------------------------------- headings
def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell.replace("\ufeff", "")).strip()


def _squeezed(head: str) -> str:
    return re.sub(r"[\s_\-、，,。:：]+", "", unicodedata.normalize("NFKC", head)).casefold()


def _split(head: str) -> tuple[str, str]:
    """Return a heading without its unit, and the unit."""
    found = _BRACKET.match(head)
    if found and _unit(found[2]) is not None:
        return found[1], found[2]
    for tail in ("_yuan", "_km2", "_ha", "_percent"):
        if head.casefold().endswith(tail):
            return head[: -len(tail)], tail[1:]
    return head, ""


def _unit(text: str) -> tuple[str, Decimal] | None:
    return _UNITS.get(text.replace(" ", "").replace("²", "2").casefold())


def _prefixed(head: str, prefixes: Mapping[str, Sequence[str]]) -> str | None:
    before, sign, after = head.replace("：", ":").partition(":")
    for name, spelled in prefixes.items():
        if sign and after.strip() and before.strip().casefold() in {name, *(w.casefold() for w in spelled)}:
            return f"{name}:{after.strip()}"
    return None


def _match(head: str, columns: Sequence[Column]) -> Column | None:
    wanted = _squeezed(_split(head)[0])
    whole = _squeezed(head)
    return next(
        (c for c in columns for h in (c.name, *c.heads) if _squeezed(_split(h)[0]) == wanted or _squeezed(h) == whole), None
    )


def _header(lines: list[tuple[str, list[str]]], columns: Sequence[Column], prefixes: Mapping[str, Sequence[str]]) -> int | None:
    scored = [
        (sum(_match(c, columns) is not None or _prefixed(c, prefixes) is not None for c in cells if c), -i)
        for i, (_, cells) in enumerate(lines[:30])
    ]
    best = max(scored, default=(0, 0))
    return -best[1] if best[0] >= min(2, len(columns)) else None


def _places(
    heads: list[str], columns: Sequence[Column], prefixes: Mapping[str, Sequence[str]], where: str, faults: list[Fault]
) -> tuple[dict[str, tuple[int, Column, Decimal]], list[str]]:
    out: dict[str, tuple[int, Column, Decimal]] = {}
    for i, head in enumerate(heads):
        if not head:
            continue
        name = _prefixed(head, prefixes)
        column = Column(name, (head,), "number") if name else _match(head, columns)
        if column is None:
            faults.append(_unknown(where, head, columns))
            continue
        if column.name in out:
            faults.append(_two_heads(where, column, heads[out[column.name][0]], head))
            continue
        unit = _unit(_split(head)[1]) if _split(head)[1] else None
        if unit is not None and unit[0] != column.kind and not name:
            faults.append(_wrong_unit(where, head, column))
            continue
        out[column.name] = (i, column, unit[1] if unit else Decimal(1))
    return out, [h for h in heads if h]


# ---------------------------------------------------------------- cells
def _value(cells: list[str], i: int, column: Column, unit: Decimal, where: str, record: str, faults: list[Fault]) -> Any:
    cell = cells[i] if i < len(cells) else ""
    if cell.casefold() in NOTHING:
        return None
    if column.kind == "text":
        if any(unicodedata.category(ch) in ("Cc", "Cf") for ch in cell):
            faults.append(
                _cell(
                    where,
                    record,
                    column,
                    cell.encode("unicode_escape").decode(),
                    Text("没有不可见字符的文字", "text without unseen characters"),
                )
            )
            return None
        return cell
    if column.kind == "word":
        code = column.words.get(_squeezed(cell))
        if code is None:
            known = ", ".join(dict.fromkeys(column.words.values()))
            faults.append(_cell(where, record, column, cell, Text("其中之一：{k}", "one of {k}").fill(k=known)))
        return code
    return _number(cell, column, unit, where, record, faults)


def _given(value: Any, column: Column, where: str, record: str, faults: list[Fault]) -> Any:
    """Return a value that came as such: checked like a cell, and a code of a column of words kept."""
    if value is None:
        return None
    if isinstance(value, str):
        if column.kind == "word" and value in column.words.values():
            return value
        return _value([_plain(value)], 0, column, Decimal(1), where, record, faults)
    if column.kind == "text" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    if column.kind in ("text", "word") or isinstance(value, bool | float) or not isinstance(value, int | Decimal):
        faults.append(_cell(where, record, column, str(value), _kind_of(column)))
        return None
    number = Decimal(value)
    if not number.is_finite():
        faults.append(_cell(where, record, column, str(value), _kind_of(column)))
        return None
    return _bounded(number, str(value), column, where, record, faults)


def _kind_of(column: Column) -> Text:
    if column.kind == "word":
        return Text("其中之一：{k}", "one of {k}").fill(k=", ".join(dict.fromkeys(column.words.values())))
    return Text("文字", "text") if column.kind == "text" else Text("一个数（整数或 Decimal）", "a number (int or Decimal)")


def _number(cell: str, column: Column, unit: Decimal, where: str, record: str, faults: list[Fault]) -> Decimal | None:
    text = cell.replace(" ", "").replace("−", "-")
    percent = text.endswith("%")
    text = text.rstrip("%")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    try:
        number = Decimal(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", text) else None
    except InvalidOperation:
        number = None
    if number is None and column.kind == "money" and unit == 1:
        written = yuan_written(cell)
        number = None if written is None else Decimal(written.numerator) / Decimal(written.denominator)
    if number is None or (percent and column.kind != "share"):
        faults.append(_cell(where, record, column, cell, _a_number(column, unit)))
        return None
    return _bounded(number / 100 if percent else number * unit, cell, column, where, record, faults)


def _a_number(column: Column, unit: Decimal) -> Text:
    if column.kind != "money":
        return Text("一个数", "a number")
    if unit == 1:
        return Text("一个数，或写明单位的金额，如 100万、1.5亿元", "a number, or an amount with its unit, e.g. 100万, 1.5亿元")
    return Text("一个数，单位已在表头", "a number, without a unit: the heading has one")


def _bounded(number: Decimal, cell: str, column: Column, where: str, record: str, faults: list[Fault]) -> Decimal | None:
    if abs(number) >= _LARGEST:
        faults.append(_cell(where, record, column, cell, Text("小于 10¹⁷ 的数", "a number below 10^17")))
        return None
    most = Decimal(1) if column.kind == "share" and column.most is None else column.most
    if (column.least is not None and number < column.least) or (most is not None and number > most):
        span = Text("{a} 到 {b}", "{a} to {b}").fill(
            a="−∞" if column.least is None else column.least, b="∞" if most is None else most
        )
        faults.append(_cell(where, record, column, cell, span))
        return None
    return number


def _told(out: Read, record: str, column: Column) -> bool:
    return any(f.record == f"{record} {column.name}" for f in out.faults[-20:])


# ---------------------------------------------------------------- faults
def _no_header(where: str, columns: Sequence[Column]) -> Fault:
    named = [c.title for c in columns if c.needed] or [c.title for c in columns[:4]]
    return Fault(
        "table.header",
        where,
        "",
        Text("前 30 行里没有认得的表头。", "None of the first 30 rows is a heading that is known."),
        Text("写一行表头，至少有：{h}。", "Write a heading with at least: {e}.").fill(
            h="、".join(n.zh for n in named), e=", ".join(n.en for n in named)
        ),
    )


def _no_rows(where: str) -> Fault:
    return Fault(
        "table.empty",
        where,
        "",
        Text("只有表头，没有一行。", "There is a heading and no row."),
        Text("补上数据。", "Add the rows."),
    )


def _missing(places: Mapping[str, Any], columns: Sequence[Column], where: str) -> list[Fault]:
    return [
        Fault(
            "table.missing_column",
            where,
            c.name,
            Text("缺少列“{z}”。", "Column {e} is missing.").fill(z=c.title.zh, e=c.name),
            Text("补上这一列；可用的表头：{h}。", "Add it; it may be headed {h}.").fill(h=" / ".join((c.name, *c.heads))),
        )
        for c in columns
        if c.needed and c.name not in places
    ]


def _unknown(where: str, head: str, columns: Sequence[Column]) -> Fault:
    names = {h: c for c in columns for h in (c.name, *c.heads)}
    near = next(iter(difflib.get_close_matches(head, list(names), 1)), "—")
    return Fault(
        "table.unknown_column",
        where,
        head[:60],
        Text("不认识的列，未使用。", "This column is not known and was not used."),
        Text("最相近的表头是 {n}。", "The nearest heading is {n}.").fill(n=near),
        "warning",
    )


def _no_table(where: str, record: str, given: object) -> Fault:
    return Fault(
        "table.row",
        where,
        record,
        Text("这一行是“{v}”。", "The row is '{v}'.").fill(v=str(given)[:40]),
        Text("每行是键值表。", "Each row is a table of keys."),
    )


def _no_column(where: str, record: str, name: str, columns: Sequence[Column]) -> Fault:
    near = next(iter(difflib.get_close_matches(name, [c.name for c in columns], 1)), "—")
    return Fault(
        "table.unknown_column",
        where,
        f"{record} {name[:60]}",
        Text("没有这一列。", "There is no such column."),
        Text("最相近的是 {n}；可用：{a}。", "The nearest is {n}; known: {a}.").fill(n=near, a=", ".join(c.name for c in columns)),
    )


def _two_heads(where: str, column: Column, one: str, two: str) -> Fault:
    return Fault(
        "table.two_columns",
        where,
        column.name,
        Text("“{a}”和“{b}”是同一列。", "{a!r} and {b!r} are the same column.").fill(a=one, b=two),
        Text("只留一个。", "Keep one of them."),
    )


def _wrong_unit(where: str, head: str, column: Column) -> Fault:
    return Fault(
        "table.unit",
        where,
        head,
        Text("单位不适用于“{c}”。", "The unit does not fit {e}.").fill(c=column.title.zh, e=column.name),
        Text(
            "金额用元、万元、亿元；面积用 km²、公顷、亩；比例用 %。",
            "Money in yuan, 万元, 亿元; areas in km2, ha, mu; shares in %.",
        ),
    )


def _cell(where: str, record: str, column: Column, cell: str, expected: Text) -> Fault:
    return Fault(
        "table.cell",
        where,
        f"{record} {column.name}",
        Text("{m}是“{v}”。", "{e} is '{v}'.").fill(m=column.title.zh, e=column.name, v=cell[:40]),
        Text("应为{x}。", "It should be {x}.").fill(x=expected),
    )


def _empty(where: str, record: str, column: Column) -> Fault:
    return Fault(
        "table.no_value",
        where,
        f"{record} {column.name}",
        Text("{m}没有值；没有值不当作零。", "{e} has no value; no value is not read as zero.").fill(
            m=column.title.zh, e=column.name
        ),
        Text("补上；确实是零就写 0。", "Fill it in; write 0 if it is zero."),
    )


def _twice(where: str, record: str, first: str, name: str) -> Fault:
    return Fault(
        "table.twice",
        where,
        f"{record} {name}",
        Text("与 {a} 是同一个。", "It is the same as {a}.").fill(a=first),
        Text("一个县一行。", "One row for each."),
    )


def _beyond(cells: list[str], width: int, where: str, record: str) -> list[Fault]:
    if not any(c for c in cells[width:]):
        return []
    return [
        Fault(
            "table.ragged",
            where,
            record,
            Text("这一行比表头长。", "The row is longer than the heading."),
            Text("含逗号的值写在双引号里。", "Put values with commas into double quotes."),
        )
    ]
