"""Village sheets of contracts, inspections and notices, as clerks keep them: titles, units, totals that do not add up.

Every total of a sheet is worked out again from its rows; each that disagrees is told with both numbers and its row. Nothing
is ever taken from a total: a sheet of totals alone is refused. Rows are used only when no total disagrees, or when someone
signs off the disagreement by name and reason (policy sheet 6.3).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from ecocomp.tenure import cells
from ecocomp.terms.area import say_mu
from ecocomp.terms.codes import INSPECTION_LEVELS, INSPECTION_RESULTS
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.money import half_even, say_yuan
from ecocomp.terms.text import Text

TOTALS = ("合计", "小计", "总计", "共计", "汇总", "total", "sum", "subtotal", "totals")
HEADER_LEAST = 2
_NUMBERS = frozenset(("序号", "行号", "no", "no.", "#", "№"))
"""Headings of columns that only number the lines."""
Read = Callable[[str, str], Any]


class Unread(ValueError):
    """A cell that does not say what its column wants."""

    def __init__(self, wanted: Text) -> None:
        super().__init__(wanted.en)
        self.wanted = wanted


# ---------------------------------------------------------------- cells
def _word(text: str, unit: str) -> str | None:
    said = cells.plain(text)
    return None if cells.is_none(said) else said


def _day(text: str, unit: str) -> date | None:
    said = cells.plain(text)
    if cells.is_none(said):
        return None
    found = re.fullmatch(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?(?: 00:00(?::00)?)?", said)
    try:
        return date(*(int(g) for g in found.groups())) if found else date.fromisoformat(said)
    except (ValueError, TypeError):
        raise Unread(Text("日期，如 2020-05-01", "a day such as 2020-05-01")) from None


def _number(text: str) -> Decimal | None:
    said = cells.plain(text).replace(",", "").replace("，", "")
    if cells.is_none(said):
        return None
    try:
        value = Decimal(said)
    except InvalidOperation:
        raise Unread(Text("数", "a number")) from None
    if not value.is_finite() or abs(value.adjusted()) > 15:
        raise Unread(Text("大小合理的数", "a number of sensible size"))
    return value


def _area(text: str, unit: str) -> int | None:
    match = re.fullmatch(r"(.*?)\s*(亩|mu|公顷|ha|hm2|平方米|m2|㎡)?", cells.plain(text))
    value = _number(match.group(1) if match else text)
    if value is None:
        return None
    if value < 0:
        raise Unread(Text("不小于零的面积", "an area of zero or more"))
    own = (match.group(2) if match else None) or unit or "亩"
    dm2 = Fraction(value) * {
        "亩": Fraction(200_000, 3),
        "mu": Fraction(200_000, 3),
        "平方米": Fraction(100),
        "m2": Fraction(100),
        "㎡": Fraction(100),
    }.get(own, Fraction(1_000_000))
    return half_even(dm2.numerator, dm2.denominator)


def _money(text: str, unit: str) -> int | None:
    value = _number(cells.plain(text).removesuffix("元"))
    if value is None:
        return None
    if value != value.quantize(Decimal("0.01")):
        raise Unread(Text("最多两位小数的金额（元）", "yuan with at most two decimals"))
    return int(value * 100)


def _whole(text: str, unit: str) -> int | None:
    value = _number(text)
    if value is None:
        return None
    if value != int(value):
        raise Unread(Text("整数", "a whole number"))
    return int(value)


def _rate(text: str, unit: str) -> int | None:
    said = cells.plain(text)
    value = _number(said.removesuffix("%"))
    if value is None:
        return None
    share = value / 100 if said.endswith("%") or "%" in unit or value > 1 else value
    if not 0 <= share <= 1:
        raise Unread(Text("0 至 100% 的成活率", "a rate of survival from 0 to 100 %"))
    return int(share * 1_000_000)


def _slope(text: str, unit: str) -> int | None:
    value = _number(cells.plain(text).rstrip("°度"))
    if value is None:
        return None
    if not 0 <= value <= 90:
        raise Unread(Text("0 至 90 度", "0 to 90 degrees"))
    return int(value * 10)


def _choice(known: Mapping[str, Text]) -> Read:
    def read(text: str, unit: str) -> str | None:
        said = cells.plain(text)
        if cells.is_none(said):
            return None
        for code, words in known.items():
            if said.lower() in (code, words.zh, words.en.lower()) or said in (
                words.zh.removesuffix("级验收"),
                words.zh.removesuffix("验收"),
            ):
                return code
        raise Unread(Text("、".join(w.zh for w in known.values()), ", ".join(known)))

    return read


@dataclass(frozen=True)
class Heading:
    """A column a sheet may have: names clerks give it, how its cells are read, whether it is needed, whether totals sum it."""

    names: tuple[str, ...]
    read: Read
    needed: bool = False
    summed: bool = False
    carried: bool = False


CONTRACT_SHEET: dict[str, Heading] = {
    "contract_id": Heading(("合同编号", "合同编码", "合同号", "contract"), _word, True, carried=True),
    "programme": Heading(("项目", "项目代码", "programme"), _word, True, carried=True),
    "holder_id": Heading(("权利人编码", "户编码", "承包方编码", "签订人", "holder"), _word, True, carried=True),
    "region_code": Heading(("村代码", "区划代码", "所在村", "region", "village_code"), _word, True, carried=True),
    "parcel_id": Heading(("地块编码", "地块代码", "地块", "parcel"), _word, True),
    "variant": Heading(("措施", "措施类型", "林种", "variant"), _word),
    "area_dm2": Heading(("合同面积", "面积", "退耕面积", "area"), _area, True, summed=True),
    "class_before": Heading(("实施前地类", "原地类", "class_before"), _word),
    "slope_tenths": Heading(("坡度", "slope"), _slope),
    "term_from": Heading(("期限起", "起始日", "term_from", "from"), _day, True, carried=True),
    "last_day": Heading(("期限止", "终止日", "到期日", "last_day", "to"), _day, carried=True),
    "term_to": Heading(("term_to", "失效日"), _day, carried=True),
    "base_fen": Heading(("计算基数", "base"), _money),
}
INSPECTION_SHEET: dict[str, Heading] = {
    "inspection_id": Heading(("验收编号", "验收编码", "inspection"), _word, True),
    "contract_id": Heading(("合同编号", "合同编码", "合同号", "contract"), _word, True, carried=True),
    "plot_id": Heading(("合同地块", "合同地块编码", "plot"), _word),
    "year": Heading(("年度", "所验年度", "year"), _whole, True),
    "judged_by": Heading(("级别", "验收级别", "level"), _choice(INSPECTION_LEVELS), True),
    "inspected_on": Heading(("检查日", "验收日期", "inspected_on", "day"), _day, True),
    "inspector": Heading(("检查人", "验收人", "inspector"), _word, True, carried=True),
    "result": Heading(("结果", "验收结果", "result"), _choice(INSPECTION_RESULTS), True),
    "accepted_dm2": Heading(("合格面积", "验收面积", "面积", "accepted"), _area, True, summed=True),
    "survival_ppm": Heading(("成活率", "保存率", "survival"), _rate),
    "certificate": Heading(("合格证号", "验收合格证", "certificate"), _word),
    "events": Heading(("发现的行为", "问题", "events"), _word),
    "evidence": Heading(("证据", "evidence"), _word),
}
NOTICE_SHEET: dict[str, Heading] = {
    "holder_id": Heading(("权利人编码", "户编码", "holder"), _word, True),
    "name": Heading(("户主", "姓名", "户主姓名", "name"), _word),
    "parcel_id": Heading(("地块编码", "地块", "parcel"), _word),
    "people": Heading(("人口", "家庭人口", "人数", "people"), _whole, summed=True),
    "area_dm2": Heading(("面积", "补助面积", "补奖面积", "area"), _area, True, summed=True),
    "amount_fen": Heading(("金额", "补助金额", "补助资金", "金额(元)", "amount"), _money, True, summed=True),
}
SHEETS = {"contract": CONTRACT_SHEET, "inspection": INSPECTION_SHEET, "notice": NOTICE_SHEET}


@dataclass
class Sheet:
    """What a sheet says: its rows, what is wrong, and what became of every line."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: {"lines": 0, "used": 0, "totals": 0, "headings": 0, "empty": 0, "refused": 0}
    )
    sums: dict[str, int] = field(default_factory=dict)


def read_sheet(kind: str, lines: Sequence[tuple[int, Sequence[str]]], where: str, signed_off: str = "") -> Sheet:
    """Read one sheet.

    lines       (row number as the spreadsheet counts, cells as text)
    signed_off  why totals that disagree are let pass; empty: each is an error
    returns     the rows by the names of the register; every line is accounted for
    """
    known, out = SHEETS[kind], Sheet()
    at, columns = _header(lines, known)
    if at is None:
        out.faults.append(_no_header(where, known, lines))
        out.counts |= {"lines": len(lines), "refused": len(lines)}
        return out
    out.counts["headings"] = at + 1
    missing = [k for k, h in known.items() if h.needed and k not in columns]
    if missing:
        said = Text("、".join(known[k].names[0] for k in missing), ", ".join(f"{k} ({known[k].names[0]})" for k in missing))
        out.faults.append(
            _fault(
                "column",
                where,
                lines[at][0],
                Text("缺少列：{m}。", "Columns are missing: {m}.").fill(m=said),
                Text("补上这些列。", "Add these columns."),
            )
        )
    facts = _fact_columns(lines[at][1]) if kind == "contract" else {}
    out.faults += _odd_columns(known, columns, facts, lines[at], where)
    carried: dict[str, Any] = {}
    since: dict[str, int] = dict.fromkeys((k for k, h in known.items() if h.summed), 0)
    whole, rows_since = dict(since), 0
    for number, row in lines[at + 1 :]:
        texts = [c for c in row if cells.plain(c)]
        if not texts:
            out.counts["empty"] += 1
        elif (word := _total_word(row)) is not None:
            out.counts["totals"] += 1
            base = since if word in ("小计", "subtotal") else whole
            out.faults += _disagree(
                known, columns, row, base, where, number, signed_off, len(out.rows) if base is whole else rows_since
            )
            since, rows_since = dict.fromkeys(since, 0), 0
        elif _again(row, columns, lines[at][1]):
            out.counts["headings"] += 1
        else:
            made, faults = _row(known, columns, row, carried, where, number)
            out.faults += faults
            out.counts["refused" if faults else "used"] += 1
            if made is not None:
                told = {n: cells.plain(row[i]) for n, i in facts.items() if i < len(row) and not cells.is_none(row[i])}
                out.rows.append(made | {"row": number} | ({"facts": json.dumps(told, ensure_ascii=False)} if told else {}))
                rows_since += 1
                for k in since:
                    since[k] += made.get(k) or 0
                    whole[k] += made.get(k) or 0
    out.sums = whole
    out.counts["lines"] = len(lines)
    if not out.rows and not missing:
        clash = Text("没有一行明细，只有标题或合计。", "It has no rows, only headings or totals.")
        out.faults.append(
            _fault(
                "no_rows",
                where,
                lines[at][0],
                clash,
                Text(
                    "按户按地块逐行填写；不按合计登记或支付。",
                    "Fill in a row for each household and parcel; nothing is registered or paid from a total.",
                ),
            )
        )
    out.faults = capped(out.faults, "programmes.sheet", where, 500)
    return out


def _header(
    lines: Sequence[tuple[int, Sequence[str]]], known: Mapping[str, Heading]
) -> tuple[int | None, dict[str, tuple[int, str]]]:
    """Return which line is the header, and the column and unit of each heading."""
    best: tuple[int, int | None, dict[str, tuple[int, str]]] = (0, None, {})
    for i, (_, row) in enumerate(lines[:40]):
        found: dict[str, tuple[int, str]] = {}
        for place, text in enumerate(row):
            word = cells.word(text)
            unit = re.search(r"[(（](.*?)[)）]", word)
            bare = re.sub(r"[(（].*?[)）]", "", word)
            for key, heading in known.items():
                if key not in found and (bare == key or bare in heading.names or word in heading.names):
                    found[key] = (place, unit.group(1) if unit else "")
                    break
        if len(found) > max(best[0], HEADER_LEAST - 1):
            best = (len(found), i, found)
    return best[1], best[2]


def _named(text: str, known: Mapping[str, Heading]) -> str | None:
    """Return the column a heading names; a unit in brackets is left aside."""
    word = cells.word(text)
    bare = re.sub(r"[(（].*?[)）]", "", word)
    return next((k for k, h in known.items() if bare == k or bare in h.names or word in h.names), None)


def _odd_columns(
    known: Mapping[str, Heading],
    columns: Mapping[str, tuple[int, str]],
    facts: Mapping[str, int],
    header: tuple[int, Sequence[str]],
    where: str,
) -> list[Fault]:
    """Tell columns that are not used: those nobody knows, and a second one of the same meaning, of which neither is taken."""
    number, row = header
    used = {place for place, _ in columns.values()} | set(facts.values())
    out = []
    for place, text in enumerate(row):
        head = cells.plain(text)
        if place in used or not head or cells.word(text) in _NUMBERS:
            continue
        same = _named(text, known)
        if same is not None:
            clash = Text(
                "“{a}”和“{b}”是同一列（{k}），不知用哪一列。",
                "“{a}” and “{b}” are the same column ({k}); which one counts is open.",
            )
            said = clash.fill(a=cells.plain(row[columns[same][0]])[:40], b=head[:40], k=same)
            out.append(_fault("two_columns", where, number, said, Text("只留一列。", "Keep one of them.")))
            continue
        names = {n: k for k, h in known.items() for n in (k, *h.names)}
        near = next(iter(difflib.get_close_matches(cells.word(text), names, 1)), "—")
        told = _fault(
            "unknown_column",
            where,
            number,
            Text("不认识的列“{c}”，未使用。", "Column “{c}” is not known and was not used.").fill(c=head[:40]),
            Text("最相近的表头是 {n}。", "The nearest heading is {n}.").fill(n=near),
        )
        out.append(replace(told, severity="warning"))
    return out


def _fact_columns(header: Sequence[str]) -> dict[str, int]:
    """Return the columns of further facts of a plot, headed ``facts.NAME`` or ``属性.NAME``, that a rate may depend on."""
    found = ((re.fullmatch(r"(?:facts|属性)[.．](.+)", cells.word(text)), place) for place, text in enumerate(header))
    return {match.group(1): place for match, place in found if match}


def _total_word(row: Sequence[str]) -> str | None:
    """Return the word that makes a line a total, if its first cells hold one."""
    for text in [c for c in row if cells.plain(c)][:2]:
        word = cells.word(text).rstrip(":：")
        for total in TOTALS:
            if word == total or (total in TOTALS[:5] and (word.endswith(total) or word.startswith(total)) and len(word) <= 12):
                return total
    return None


def _again(row: Sequence[str], columns: Mapping[str, tuple[int, str]], header: Sequence[str]) -> bool:
    same = [cells.word(row[p]) == cells.word(header[p]) for p, _ in columns.values() if p < len(row)]
    return bool(same) and all(same)


def _row(
    known: Mapping[str, Heading],
    columns: Mapping[str, tuple[int, str]],
    row: Sequence[str],
    carried: dict[str, Any],
    where: str,
    number: int,
) -> tuple[dict[str, Any] | None, list[Fault]]:
    made: dict[str, Any] = dict.fromkeys(known)
    faults: list[Fault] = []
    for key, heading in known.items():
        if key not in columns:
            continue
        place, unit = columns[key]
        text = row[place] if place < len(row) else ""
        try:
            value = heading.read(text, unit)
        except Unread as stop:
            faults.append(
                _fault(
                    "cell",
                    where,
                    number,
                    Text("“{c}”是“{v}”，应为{w}。", "“{c}” is “{v}”; {w} is wanted.").fill(
                        c=heading.names[0], v=text[:40], w=stop.wanted
                    ),
                    Text("改正这一格。", "Mend this cell."),
                )
            )
            continue
        if value is None and heading.carried:
            value = carried.get(key)
        if value is None and heading.needed:
            faults.append(
                _fault(
                    "cell",
                    where,
                    number,
                    Text("“{c}”空着。", "“{c}” is empty.").fill(c=heading.names[0]),
                    Text("补上。", "Fill it in."),
                )
            )
        elif value is not None and heading.carried:
            carried[key] = value
        made[key] = value
    return (None if faults else made), faults


def _disagree(
    known: Mapping[str, Heading],
    columns: Mapping[str, tuple[int, str]],
    row: Sequence[str],
    sums: Mapping[str, int],
    where: str,
    number: int,
    signed_off: str,
    rows: int,
) -> list[Fault]:
    """Compare a line of totals with the sums of the rows above it."""
    out = []
    for key in sums:
        if key not in columns:
            continue
        place, unit = columns[key]
        text = row[place] if place < len(row) else ""
        try:
            said = known[key].read(text, unit)
        except Unread as stop:
            out.append(
                _fault(
                    "total_cell",
                    where,
                    number,
                    Text("合计“{c}”是“{v}”，应为{w}。", "The total of “{c}” is “{v}”; {w} is wanted.").fill(
                        c=known[key].names[0], v=text[:40], w=stop.wanted
                    ),
                    Text("改正。", "Mend it."),
                    signed_off,
                )
            )
            continue
        apart = 0 if said is None else said - sums[key]
        if said is not None and key.endswith("_fen") and abs(apart) == 1:
            out.append(_one_fen(known[key].names[0], said, sums[key], where, number, signed_off))
        elif said is not None and abs(apart) > (rows // 2 if key.endswith("_dm2") and unit not in ("平方米", "m2") else 0):
            shown = say_mu if key.endswith("_dm2") else say_yuan if key.endswith("_fen") else str
            clash = Text(
                "合计“{c}”写 {a}，{n} 行相加是 {b}，差 {d}。", "The total of “{c}” says {a}; its {n} rows add up to {b}, {d} apart."
            )
            out.append(
                _fault(
                    "total",
                    where,
                    number,
                    clash.fill(c=known[key].names[0], a=shown(said), b=shown(sums[key]), n=rows, d=shown(apart)),
                    Text(
                        "逐行核对；属实的，由负责人写明理由签认。",
                        "Check row by row; if the rows are right, someone signs off the difference with a reason.",
                    ),
                    signed_off,
                )
            )
    return out


def _one_fen(name: str, said: int, rows: int, where: str, number: int, signed_off: str) -> Fault:
    """Return the note that a total lies one fen off its rows, as one worked out from unrounded amounts may."""
    clash = Text("合计“{c}”写 {a}，各行相加是 {b}，差一分。", "The total of “{c}” says {a}; its rows add up to {b}, one fen apart.")
    remedy = Text("属取整之差，以各行为准；不影响使用。", "A difference of rounding: the rows count, and the sheet may be used.")
    made = _fault("total_fen", where, number, clash.fill(c=name, a=say_yuan(said), b=say_yuan(rows)), remedy, signed_off)
    return replace(made, severity="warning")


def _no_header(where: str, known: Mapping[str, Heading], lines: Sequence[tuple[int, Sequence[str]]]) -> Fault:
    words = [cells.word(c) for _, row in lines[:10] for c in row if cells.plain(c)]
    near = [w for w in words if difflib.get_close_matches(w, [n for h in known.values() for n in h.names], 1, 0.7)]
    return _fault(
        "header",
        where,
        lines[0][0] if lines else 1,
        Text("没有找到表头；有：{w}。", "No header was found; there are: {w}.").fill(w=", ".join((near or words)[:8]) or "—"),
        Text("表头应有：{n}。", "The header should have: {n}.").fill(
            n=Text("、".join(h.names[0] for h in known.values() if h.needed), ", ".join(k for k, h in known.items() if h.needed))
        ),
    )


def _fault(code: str, where: str, number: int, clash: Text, remedy: Text, signed_off: str = "") -> Fault:
    severity: Any = "warning" if signed_off else "error"
    if signed_off:
        remedy = Text("已签认：{r}", "Signed off: {r}").fill(r=signed_off)
    return Fault(f"programmes.sheet_{code}", where, f"row {number}", clash, remedy, severity)


def _ends(row: Mapping[str, Any]) -> date | None:
    """Return the first day a contract no longer holds: clerks write its last day, registers the day after."""
    last: date | None = row.get("last_day")
    ends: date | None = row["term_to"]
    return ends if last is None else last + timedelta(days=1)


def contracts_of(sheet: Sheet, items: str = "{}") -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Fault]]:
    """Return the contracts and plots of a sheet of contracts: a row is a plot; rows of one contract must agree on its head."""
    heads: dict[str, dict[str, Any]] = {}
    plots: list[dict[str, Any]] = []
    faults: list[Fault] = []
    names = ("programme", "holder_id", "region_code", "term_from", "term_to")
    needed = [k for k, h in CONTRACT_SHEET.items() if h.needed]
    for given in sheet.rows:
        if any(given[k] is None for k in needed):
            continue  # a column is missing, which is told already
        row = given | {"term_to": _ends(given)}
        id = row["contract_id"]
        head = heads.setdefault(
            id, {"contract_id": id, **{n: row[n] for n in names}, "items": items, "area_dm2": 0, "row": row["row"]}
        )
        for n in names:
            if n != "holder_id" and head[n] != row[n]:
                clash = Text("合同 {i} 的{n}在第 {a} 行是 {x}，本行是 {y}。", "{n} of contract {i} is {x} in row {a}, {y} here.")
                faults.append(
                    _fault(
                        "head",
                        "contract",
                        row["row"],
                        clash.fill(i=id, n=n, a=head["row"], x=head[n], y=row[n]),
                        Text("改为一致。", "Make them agree."),
                    )
                )
        head["area_dm2"] += row["area_dm2"]
        head["plots"] = head.get("plots", 0) + 1
        plots.append(
            {
                "plot_id": f"{id}/{head['plots']}",
                "contract_id": id,
                "parcel_id": row["parcel_id"],
                "holder_id": row["holder_id"],
                "variant": row["variant"] or "",
                "area_dm2": row["area_dm2"],
                "facts": row.get("facts"),
                "class_before": row["class_before"],
                "slope_tenths": row["slope_tenths"],
                "base_fen": row["base_fen"],
            }
        )
    return [{k: v for k, v in h.items() if k not in ("row", "plots")} for h in heads.values()], plots, faults


def items_text(items: Mapping[str, str]) -> str:
    """Return items as the register keeps them."""
    return json.dumps(dict(items), ensure_ascii=False, sort_keys=True)
