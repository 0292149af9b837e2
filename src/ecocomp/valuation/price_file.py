"""A place's own prices from one table: a CSV file with Chinese or English headings becomes a dated rule file.

For the price or finance bureau that issues a catalogue of prices and does not write YAML. One row is one price: of which
service (or product), by which method, in which unit, of which year, from which document. All faults of all rows are told
at once; nothing is written unless every row holds. The rule file that comes out is an overlay like any other
(`<place>/valuation/prices.yaml` in the rules folder of a case).
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise

from ecocomp.registry import Entry, entries
from ecocomp.terms.codes import PRODUCTS_WORDS, SERVICES_WORDS, service_words
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import LANGS, Lang, Text
from ecocomp.valuation.value import method_of

MOST_ROWS = 5_000
MOST_BYTES = 2_000_000
FILE = "valuation/prices.yaml"
"""Where the rule file belongs, below the folder of its place."""

COLUMNS: dict[str, tuple[Text, bool]] = {
    "service": (Text("服务", "service"), True),
    "method": (Text("方法", "method"), False),
    "price": (Text("单价", "price"), True),
    "low": (Text("下限", "low"), False),
    "high": (Text("上限", "high"), False),
    "unit": (Text("单位", "unit"), True),
    "price_year": (Text("价格年", "price_year"), True),
    "source": (Text("来源", "source"), True),
    "article": (Text("条款", "article"), False),
    "confidence": (Text("可信度", "confidence"), True),
    "from": (Text("起", "from"), False),
    "to": (Text("止", "to"), False),
    "checked": (Text("核对日", "checked"), False),
    "note": (Text("备注", "note"), False),
}
"""Column → (heading in both languages, whether every row must fill it)."""

_TURN = str.maketrans({"，": ",", "．": ".", "／": "/", "³": "3", "²": "2", "₂": "2", "　": " ", "−": "-", "–": "-"})
_MONEY = ("CNY", "元", "RMB", "yuan")
_UNIT_WORDS = {
    "立方米": "m3",
    "平方米": "m2",
    "千瓦时": "kWh",
    "千瓦·时": "kWh",
    "度": "kWh",
    "公顷": "ha",
    "hm2": "ha",
    "亩": "mu",
    "吨": "t",
    "千克": "kg",
    "公斤": "kg",
    "tCO2": "t",
    "tCO2e": "t",
    "tO2": "t",
}
_SAME = {"CNY/m2": {"m2": Fraction(1), "ha": Fraction(10_000), "mu": Fraction(2000, 3), "km2": Fraction(10**6)}}
_PLAIN = {"CNY/m3": {"m3": Fraction(1), "10^4m3": Fraction(10_000)}, "CNY/t": {"t": Fraction(1), "kg": Fraction(1, 1000)}}
_FIRST, _LAST = date(1900, 1, 1), date.max
_TEMPLATE = (
    ("water_conservation", "reservoir_cost", "7.06", "6.40", "7.80", "CNY/m3", "2010"),
    ("soil_retention", "dredging", "15.58", "", "", "CNY/m3", "2010"),
    ("sand_fixation", "sand_control", "3.75", "", "", "CNY/m2", "2010"),
    ("carbon_sequestration", "carbon_price", "70", "60", "85", "CNY/t", "2024"),
    ("air_purification.so2", "air_treatment", "1200", "", "", "CNY/t", "2010"),
)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price as read: the rule it sets, the exact number in the unit of that rule, and where it comes from."""

    row: int
    service: str
    method: str
    key: str
    unit: str
    price: Decimal
    low: Decimal
    high: Decimal
    price_year: int
    source: str
    article: str
    confidence: str
    start: date | None
    end: date | None
    checked: date | None
    note: str

    @property
    def period(self) -> tuple[date, date]:
        """First and last day on which the price holds."""
        return self.start or _FIRST, self.end or _LAST


def price_rules(text: str, methods: Mapping[str, str], where: str = "prices.csv") -> str:
    """Return the rule file (YAML) that a price table stands for.

    text     the table as CSV, headings Chinese or English (`COLUMNS`), in any order
    methods  the pricing methods in force (`ecocomp.valuation.value.pricing`): a row without a method takes its own from
             here, and a row with another one changes the list, which is then written whole
    where    name of the file, for faults and as the source of that list

    Raises `FaultsError` with every fault of every row: unknown service, method or unit; a bad number; a year, unit, source
    or confidence that is missing; two prices for one rule on one day; two price years for one method.
    """
    rows = read_prices(text, methods, where)
    return rule_file(rows, methods, where)


def template(lang: Lang) -> str:
    """Return an example table with headings in `lang` (CSV, to be opened in a spreadsheet)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([heading.to(lang) for heading, _ in COLUMNS.values()])
    source = Text("某县生态产品价格目录（示例，请改写）", "price catalogue of the county (example, replace)").to(lang)
    for service, method, price, low, high, unit, year in _TEMPLATE:
        name = (service_words(service) or Text(service, service)).zh if lang == "zh" else service
        writer.writerow([name, method, price, low, high, unit, year, source, "", "D", "", "", "", ""])
    return out.getvalue()


def read_prices(text: str, methods: Mapping[str, str], where: str = "prices.csv") -> list[PriceRow]:
    """Return the prices of a table, in order; raises `FaultsError` with every fault found."""
    if len(text.encode()) > MOST_BYTES:
        raise FaultsError([_fault(where, "", "size", Text("文件过大。", "The file is too large."), _SPLIT)])
    try:
        lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        raise FaultsError([_fault(where, "", "csv", Text(f"不是 CSV：{error}。", f"It is no CSV: {error}."), _SAVE)]) from None
    lines = lines or [[]]
    if len(lines) > MOST_ROWS:
        raise FaultsError([_fault(where, "", "size", Text("超过 {n} 行。", "More than {n} rows.").fill(n=MOST_ROWS), _SPLIT)])
    places, faults = _headings(lines[0], where)
    if faults:
        raise FaultsError(faults)
    rows: list[PriceRow] = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(c.strip() for c in cells):
            continue
        row = {name: cells[k].strip() if k < len(cells) else "" for name, k in places.items()}
        made, found = _Reader(row, number, methods, where).read()
        faults += found
        if made is not None:
            rows.append(made)
    if not rows and not faults:
        faults.append(_fault(where, "", "empty", Text("表中没有价格。", "The table holds no prices."), _FILL))
    faults += _clashes(rows, where)
    if faults:
        raise FaultsError(faults)
    return rows


# ---------------------------------------------------------------- reading
_SPLIT = Text("分成几个文件。", "Split it into several files.")
_SAVE = Text("用电子表格另存为 CSV（UTF-8）。", "Save it from a spreadsheet as CSV (UTF-8).")
_FILL = Text("按模板填写。", "Fill in the template.")


def _headings(cells: Sequence[str], where: str) -> tuple[dict[str, int], list[Fault]]:
    """Return column → position; unknown, doubled and missing headings are faults."""
    names = {heading.to(lang): name for name, (heading, _) in COLUMNS.items() for lang in LANGS}
    places: dict[str, int] = {}
    faults = []
    known = Text("、".join(h.zh for h, _ in COLUMNS.values()), ", ".join(h.en for h, _ in COLUMNS.values()))
    for k, cell in enumerate(cells):
        word = cell.strip()
        name = names.get(word) or names.get(word.lower())
        if not word:
            continue
        if name is None or name in places:
            clash = Text("表头 {w} 不认识或重复。", "Heading {w} is unknown or doubled.").fill(w=word)
            faults.append(_fault(where, "row 1", "heading", clash, Text("可用：{a}。", "Known: {a}.").fill(a=known)))
        else:
            places[name] = k
    missing = [heading for name, (heading, needed) in COLUMNS.items() if needed and name not in places]
    if missing:
        listed = Text("、".join(h.zh for h in missing), ", ".join(h.en for h in missing))
        faults.append(_fault(where, "row 1", "heading", Text("缺少列 {m}。", "Columns {m} are missing.").fill(m=listed), _FILL))
    return places, faults


class _Reader:
    """Reads one row and keeps every fault it meets."""

    def __init__(self, row: Mapping[str, str], number: int, methods: Mapping[str, str], where: str) -> None:
        self.row, self.number, self.methods, self.where = row, number, methods, where
        self.faults: list[Fault] = []

    def read(self) -> tuple[PriceRow | None, list[Fault]]:
        """Return the price, or None, and the faults."""
        for name, (heading, needed) in COLUMNS.items():
            if needed and not self.row.get(name):
                self._add("missing", Text("{c} 为空。", "{c} is empty.").fill(c=heading), Text("填写它。", "Fill it in."))
        service = self._service()
        method = self._method(service)
        key = self._key(service, method)
        factor = self._factor(service, method)
        price, low, high = (self._number(name, factor) for name in ("price", "low", "high"))
        low, high = (price if low is None else low), (price if high is None else high)
        if price is not None and low is not None and high is not None and not low <= price <= high:
            clash = Text("单价 {p} 不在下限 {a} 与上限 {b} 之间。", "Price {p} does not lie between low {a} and high {b}.")
            self._add("range", clash.fill(p=price, a=low, b=high), Text("更正三个数。", "Mend the three numbers."))
        year = self._year()
        days = {name: self._day(name) for name in ("from", "to", "checked")}
        if days["from"] and days["to"] and days["to"] < days["from"]:
            clash = Text("止 {b} 早于起 {a}。", "'to' {b} lies before 'from' {a}.").fill(a=days["from"], b=days["to"])
            self._add("dates", clash, Text("更正日期。", "Mend the dates."))
        mark = self.row.get("confidence", "")
        if mark and mark not in MARKS:
            remedy = Text("可用：{a}。", "One of: {a}.").fill(a=", ".join(MARKS))
            self._add("confidence", Text("可信度 {m} 不认识。", "Confidence {m} is unknown.").fill(m=mark), remedy)
        if self.faults or method is None or price is None or low is None or high is None:
            return None, self.faults
        made = PriceRow(
            self.number, service, method.spec.id, key, _price_unit(service, method), price, low, high, year, self.row["source"],
            self.row.get("article", ""), mark, days["from"], days["to"], days["checked"], self.row.get("note", ""),
        )  # fmt: skip
        return made, []

    def _service(self) -> str:
        """Return the id of the service or product, given by id or by its name in either language."""
        word = self.row.get("service", "")
        found = _service_ids().get(word, word)
        if word and service_words(found) is None:
            clash = Text("服务 {s} 不认识。", "Service {s} is unknown.").fill(s=word)
            self._add("service", clash, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(SERVICES_WORDS)))
        return found

    def _method(self, service: str) -> Entry | None:
        """Return the method of the row, or the one in force for its service."""
        known = entries("valuation.methods")
        word = self.row.get("method", "")
        named = {m.spec.name.to(lang): id for id, m in known.items() for lang in LANGS}
        id = named.get(word, word) or method_of(service, self.methods) or ""
        if id in known:
            return known[id]
        clash = (
            Text("方法 {m} 不认识。", "Method {m} is unknown.").fill(m=id)
            if id
            else Text("服务 {s} 没有写方法，也没有默认的方法。", "Service {s} has no method here and none in force.").fill(
                s=service
            )
        )
        self._add("method", clash, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(known)))
        return None

    def _key(self, service: str, method: Entry | None) -> str:
        """Return the rule that the price sets; a method with prices by product needs a product."""
        if method is None:
            return ""
        prices: Mapping[str, str] = method.module.PRICES
        product = _product(service, prices)
        if product in prices:
            return prices[product]
        if prices:
            clash = Text("方法 {m} 按产品定价，{s} 没有写产品。", "Method {m} prices by product; {s} names none of them.")
            remedy = Text("写成 {a}。", "Write {a}.").fill(a=", ".join(f"{service.partition('.')[0]}.{p}" for p in prices))
        else:
            clash = Text("方法 {m}（{s}）没有单一价格。", "Method {m} ({s}) has no single price.")
            remedy = Text("直接写规则文件。", "Write its rule file by hand.")
        self._add("product", clash.fill(m=method.spec.id, s=service), remedy)
        return ""

    def _factor(self, service: str, method: Entry | None) -> Fraction | None:
        """Return how many units of the rule one unit of the row is, so that the price is divided by it."""
        word = self.row.get("unit", "").translate(_TURN).replace(" ", "").removesuffix("/a").removesuffix("/年")
        if method is None or not word:
            return None
        rule = _price_unit(service, method)
        accepted = _accepted(rule, method.module.UNITS)
        money, _, unit = word.partition("/")
        ten_thousand = money.startswith("万")
        if money.removeprefix("万") in _MONEY and (found := accepted.get(_UNIT_WORDS.get(unit, unit))) is not None:
            return found / 10_000 if ten_thousand else found
        clash = Text("单位 {u} 不能换算为 {r}。", "Unit {u} cannot be converted to {r}.").fill(u=self.row["unit"], r=rule)
        remedy = Text("用 CNY/ 加上：{a}。", "Use CNY/ and one of: {a}.").fill(a=", ".join(accepted))
        self._add("unit", clash, remedy)
        return None

    def _number(self, name: str, factor: Fraction | None) -> Decimal | None:
        """Return a price in the unit of its rule as an exact decimal; None where it is empty or wrong."""
        word = self.row.get(name, "").translate(_TURN).replace(",", "").replace(" ", "")
        if not word:
            return None
        try:
            number = Decimal(word)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0 or abs(number.adjusted()) > 15 or len(number.as_tuple().digits) > 20:
            clash = Text("{c} {v} 不是非负数。", "{c} {v} is not a number of zero or more.").fill(c=COLUMNS[name][0], v=word)
            self._add("number", clash, Text("只写数字，单位另列。", "Write digits only; the unit has its own column."))
            return None
        if factor is None:
            return number
        found = _decimal(Fraction(number) / factor)
        if found is None:
            clash = Text("{v} 换算后不是有限小数。", "{v} has no finite decimal form once converted.").fill(v=word)
            self._add("number", clash, Text("先换算为规则的单位再填。", "Convert it to the unit of the rule first."))
        return found

    def _year(self) -> int:
        word = self.row.get("price_year", "")
        if len(word) == 4 and word.isascii() and word.isdigit() and 1949 <= int(word) <= 2100:
            return int(word)
        if word:
            self._add(
                "year",
                Text("价格年 {y} 不是年份。", "Price year {y} is no year.").fill(y=word),
                Text("写四位年份。", "Write four digits."),
            )
        return 0

    def _day(self, name: str) -> date | None:
        word = self.row.get(name, "")
        if not word:
            return None
        try:
            return date.fromisoformat(word)
        except ValueError:
            clash = Text("{c} {d} 不是日期。", "{c} {d} is no date.").fill(c=COLUMNS[name][0], d=word)
            self._add("dates", clash, Text("写成 2025-01-01。", "Write it as 2025-01-01."))
            return None

    def _add(self, code: str, clash: Text, remedy: Text) -> None:
        self.faults.append(_fault(self.where, f"row {self.number}", code, clash, remedy))


def _product(service: str, prices: Mapping[str, str]) -> str:
    """Return which of a method's prices a row is about: its own product's, or the one for all."""
    product = service.partition(".")[2]
    return product if product in prices or "" not in prices else ""


def _price_unit(service: str, method: Entry) -> str:
    """Return the unit of the rule a row sets."""
    units: Mapping[str, str] = getattr(method.module, "PRICE_UNITS", {})
    unit: str = units.get(_product(service, method.module.PRICES), method.module.PRICE_UNIT)
    return unit


def _service_ids() -> dict[str, str]:
    """Return service and product ids by their names in both languages."""
    ids = [*SERVICES_WORDS, *(f"{s}.{p}" for s in SERVICES_WORDS for p in PRODUCTS_WORDS)]
    return {words.to(lang): id for id in ids for words in [service_words(id)] if words is not None for lang in LANGS}


def _accepted(rule_unit: str, quantities: Mapping[str, Fraction]) -> Mapping[str, Fraction]:
    """Return the units a price may be per, as multiples of the unit of its rule.

    A method whose price is per unit of its quantity takes the units of the quantity; one that converts first (silt in m3
    for soil in t) takes those of its price.
    """
    own = rule_unit.partition("/")[2]
    if rule_unit in _SAME:
        return _SAME[rule_unit]
    if own in quantities and quantities[own] == 1:
        return quantities
    return _PLAIN.get(rule_unit, {own: Fraction(1), **quantities} if own == "t" else {own: Fraction(1)})


def _decimal(number: Fraction) -> Decimal | None:
    """Return an exact finite decimal, or None where there is none of at most 30 places."""
    for places in range(31):
        if 10**places % number.denominator == 0:
            return Decimal(number.numerator * (10**places // number.denominator)).scaleb(-places)
    return None


# ---------------------------------------------------------------- rows against each other
def _clashes(rows: Sequence[PriceRow], where: str) -> list[Fault]:
    """Return a fault for two prices of one rule, two price years or two methods of one service, on the same day."""
    faults = _overlaps(rows, where, lambda r: r.key, _price_said, "duplicate")
    faults += _overlaps(rows, where, _year_key, lambda r: str(r.price_year), "price_years")
    chosen: dict[str, PriceRow] = {}
    for r in rows:
        had = chosen.setdefault(r.service.partition(".")[0], r)
        if had.method != r.method:
            clash = Text("同一服务用了方法 {a}（第 {n} 行）和 {b}。", "One service is priced by {a} (row {n}) and by {b}.")
            remedy = Text("一项服务只用一种方法。", "Use one method for a service.")
            faults.append(_fault(where, f"row {r.row}", "methods", clash.fill(a=had.method, b=r.method, n=had.row), remedy))
    return faults


def _price_said(r: PriceRow) -> str:
    return f"{r.price.normalize():f} ({r.low.normalize():f}–{r.high.normalize():f}) {r.unit} {r.service}"


def _year_key(r: PriceRow) -> str:
    return f"{r.key.rpartition('.')[0]}.price_year"


def _overlaps(
    rows: Sequence[PriceRow], where: str, key: Callable[[PriceRow], str], said: Callable[[PriceRow], str], code: str
) -> list[Fault]:
    """Return a fault for two rows of one key that hold on the same day and do not say the same.

    Two rows of one service and one key clash even if they say the same: one of them was meant to be something else. Two
    services may share one price, as water conservation and flood regulation share the cost of a reservoir.
    """
    faults = []
    groups: dict[str, list[PriceRow]] = defaultdict(list)
    for r in rows:
        groups[key(r)].append(r)
    for name, found in sorted(groups.items()):
        for k, b in enumerate(found):
            for a in found[:k]:
                meet = max(a.period[0], b.period[0]) <= min(a.period[1], b.period[1])
                shared = code == "duplicate" and a.service != b.service
                agrees = _same_price(a, b) if shared else code != "duplicate" and said(a) == said(b)
                if meet and not agrees:
                    clash = Text(
                        "{k} 在同一天有两个值：{a}（第 {n} 行）与 {b}。", "{k} has two values on one day: {a} (row {n}) and {b}."
                    )
                    remedy = Text("只留一个，或用起、止分开日期。", "Keep one, or part them by 'from' and 'to'.")
                    faults.append(_fault(where, f"row {b.row}", code, clash.fill(k=name, a=said(a), b=said(b), n=a.row), remedy))
                    break
    return faults


def _same_price(a: PriceRow, b: PriceRow) -> bool:
    return (a.price, a.low, a.high, a.price_year, a.period) == (b.price, b.low, b.high, b.price_year, b.period)


# ---------------------------------------------------------------- writing
def rule_file(rows: Sequence[PriceRow], methods: Mapping[str, str], where: str) -> str:
    """Return the rule file of prices that do not clash, in a stable order."""
    known = entries("valuation.methods")
    out = [f"# {_quoted(where)}: made from a price table by ecocomp. Change the table and make it anew.", "parameters:"]
    prices: dict[str, list[PriceRow]] = defaultdict(list)
    years: dict[str, list[PriceRow]] = defaultdict(list)
    for r in rows:
        if not any(_same_price(r, had) for had in prices[r.key]):
            prices[r.key].append(r)
        years[_year_key(r)].append(r)
    for key, found in sorted(prices.items()):
        meaning = next((u.meaning for u in known[found[0].method].spec.parameters if u.name == key), Text(key, key))
        out += _parameter(key, meaning, found[0].unit, [_value(r, _number(r.price), *_bounds(r)) for r in _by_day(found)])
    for key, found in sorted(years.items()):
        name = Text("价格年", "price year")
        out += _parameter(key, name, "year", [_value(r, str(r.price_year)) for r in _merged(found)])
    out += _methods(rows, methods, where)
    return "\n".join(out) + "\n"


def _by_day(rows: Sequence[PriceRow]) -> list[PriceRow]:
    return sorted(rows, key=lambda r: r.period)


def _merged(rows: Sequence[PriceRow]) -> list[PriceRow]:
    """Return one row for each stretch of days on which the price year of a method stays the same."""
    out: list[PriceRow] = []
    for r in _by_day(rows):
        last = out[-1] if out else None
        if last is not None and last.price_year == r.price_year and _touch(last.period[1], r.period[0]):
            end = None if _LAST in (last.period[1], r.period[1]) else max(last.period[1], r.period[1])
            out[-1] = replace(last, end=end)
        else:
            out.append(r)
    assert all(a.period[1] < b.period[0] for a, b in pairwise(out)), "price years that overlap were refused before"
    return out


def _touch(end: date, start: date) -> bool:
    return end == _LAST or start <= end + timedelta(days=1)


def _bounds(r: PriceRow) -> tuple[str, str]:
    return ("", "") if r.low == r.price == r.high else (_number(r.low), _number(r.high))


def _number(d: Decimal) -> str:
    return f"{d.normalize():f}"


def _parameter(key: str, name: Text, unit: str, values: Sequence[str]) -> list[str]:
    head = [f"  - key: {key}", f"    name: {{zh: {_quoted(name.zh)}, en: {_quoted(name.en)}}}", f"    unit: {_quoted(unit)}"]
    return [*head, "    kind: number", "    values:", *values]


def _value(r: PriceRow, value: str, low: str = "", high: str = "") -> str:
    """Return one dated value as the lines of a rule file."""
    parts = {
        "from": r.start.isoformat() if r.start else "",
        "to": r.end.isoformat() if r.end else "",
        "value": value,
        "low": low,
        "high": high,
        "document": _quoted(r.source),
        "article": _quoted(r.article) if r.article else "",
        "confidence": r.confidence,
        "last_checked": r.checked.isoformat() if r.checked else "",
        "note": _quoted(r.note) if r.note else "",
    }
    lines = [f"{k}: {v}" for k, v in parts.items() if v]
    return "\n".join(f"      {'-' if n == 0 else ' '} {line}" for n, line in enumerate(lines))


def _methods(rows: Sequence[PriceRow], methods: Mapping[str, str], where: str) -> list[str]:
    """Return the list of methods where the table changes it; services the table does not name keep theirs."""
    changed = {r.service.partition(".")[0]: r.method for r in rows if method_of(r.service, methods) != r.method}
    if not changed:
        return []
    merged = {s: m for s, m in methods.items() if s.partition(".")[0] not in changed} | changed
    items = [f"          - {{service: {s}, method: {m}}}" for s, m in sorted(merged.items())]
    name = Text("服务的定价方法", "pricing method of each service")
    head = [
        "  - key: valuation.methods",
        f"    name: {{zh: {_quoted(name.zh)}, en: {_quoted(name.en)}}}",
        "    unit: valuation.methods",
        "    kind: list",
        "    values:",
        "      - value:",
        *items,
    ]
    return [*head, f"        document: {_quoted(where)}", "        confidence: D"]


def _quoted(text: str) -> str:
    """Return a text as a YAML string that can hold anything a cell can."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def _fault(where: str, record: str, code: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"price_file.{code}", where, record, clash, remedy)
