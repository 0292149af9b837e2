"""Eco-credit instruments as data: what one unit is, what may be done with it, by whom, under which limits and approvals.

An instrument is a set of dated parameters ``credits.<instrument>.<field>`` in a rule file (`ecopolicy/<place>/credits/`):
carbon ticket, verified reduction, allowance, land ticket, forest-cover quota, wetland quota, pollution and water right,
and any other that a province writes. No instrument is named in code. A field an instrument does not set is taken from
``credits.default.<field>``. The parameter ``credits.<id>.instrument`` makes it exist: its name is the instrument's name,
its unit the unit of one credit, its value the benefit the unit stands for (one ground and period carry one benefit once).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.codes import PARTY_KINDS
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text

OPERATIONS: dict[str, Text] = {
    "issue": Text("签发", "issue"),
    "import": Text("转入登记", "import"),
    "transfer": Text("转让", "transfer"),
    "deal": Text("协议成交", "bilateral deal"),
    "auction": Text("集合竞价", "call auction"),
    "book": Text("连续竞价", "continuous book"),
    "pledge": Text("质押", "pledge"),
    "release": Text("解除质押", "release"),
    "lock": Text("冻结", "lock"),
    "unlock": Text("解冻", "unlock"),
    "retire": Text("注销使用", "retire"),
    "cancel": Text("作废", "cancel"),
    "export": Text("转出登记", "export"),
    "reverse": Text("逆转", "reversal"),
    "unbuffer": Text("缓冲返还", "release of the buffer"),
}
"""What can be done with units. A transfer, deal, auction or book order moves them to another account."""
ROLES: dict[str, Text] = {
    "holder": Text("持有人", "holder"),
    "reserve": Text("政府储备", "government reserve"),
    "regulator": Text("主管部门工作人员", "staff of a regulator"),
    "registry": Text("登记机构工作人员", "staff of the registry"),
    "exchange": Text("交易机构工作人员", "staff of the exchange"),
    "verifier": Text("核查与技术服务机构", "verifier or technical service"),
    "officer": Text("经办干部", "officer"),
}
"""What the holder of an account is to the market."""
GROUNDS: dict[str, Text] = {
    "parcel": Text("产生于地块和期间", "arises on parcels in a period"),
    "none": Text("不依附地块", "is tied to no parcel"),
}
ALLOCATIONS: dict[str, Text] = {
    "time": Text("边际价位按时间先后", "at the margin, by time"),
    "pro_rata": Text("边际价位按数量比例", "at the margin, in proportion to quantity"),
}
WHEN: dict[str, Text] = {
    "always": Text("每次", "always"),
    "cross_region": Text("跨县区时", "when the regions differ"),
    "other_sector": Text("跨行业时", "when the sectors differ"),
}
_ID = re.compile(r"[a-z][a-z0-9_]*")
_PREFIX = "credits."
_COMMON = frozenset({"default", "hold_back", "calendar"})
"""Second parts of a key that name no instrument."""

FIELDS: dict[str, tuple[str, Text]] = {
    "instrument": ("text", Text("凭证（值为所代表的效益）", "the instrument (value: the benefit it stands for)")),
    "decimals": ("number", Text("单位的小数位", "decimals of the unit")),
    "operations": ("list", Text("允许的操作", "operations allowed")),
    "holders": ("list", Text("可持有的主体类型", "kinds of party that may hold it")),
    "barred": ("list", Text("不得持有和交易的身份", "roles that may not hold or trade")),
    "ground": ("text", Text("是否依附地块", "whether it arises on parcels")),
    "stacks_with": ("list", Text("可在同一地块叠加的其他效益", "other benefits that may be claimed on the same ground")),
    "issue_steps": ("list", Text("签发前的程序", "steps before issue")),
    "transfer_steps": ("list", Text("转移前的程序", "steps before units move")),
    "retire_steps": ("list", Text("注销前的程序", "steps before retirement")),
    "hold_back": ("number", Text("缓冲比例", "share held back as buffer")),
    "buffer_scope": ("text", Text("缓冲共担范围：project 或 instrument", "who shares the buffer: project or instrument")),
    "crediting_years": ("table", Text("计入期年数（min、max）", "years of the crediting period (min, max)")),
    "valid_years": ("number", Text("有效年数（0 为不限）", "years a unit stays valid (0: no limit)")),
    "within_period": ("number", Text("只能在本期使用（1）", "1: usable only inside its own period")),
    "purposes": ("list", Text("注销用途", "purposes of retirement")),
    "surrender_share": ("number", Text("可抵应缴量的比例上限", "highest share of the amount due it may settle")),
    "match": ("list", Text("使用时须同时相符的项目", "what must match when it is used")),
    "surplus_only": ("number", Text("只许转出多余部分（1）", "1: only what exceeds one's own need may move")),
    "split": ("table", Text("净收益分配比例", "shares of the net proceeds")),
    "fee_share": ("number", Text("每方手续费率", "fee of each side, share of the amount")),
    "delay_hours": ("number", Text("新对手方的等待小时数", "hours a new counterparty waits")),
    "persons": ("number", Text("转移所需人数", "persons a movement needs")),
    "lot": ("number", Text("交易单位数量", "quantity of one lot")),
    "tick_yuan": ("number", Text("最小变动价位（元/单位）", "price step (yuan per unit)")),
    "protection": ("number", Text("市价单的价格保护比例", "how far a market order may go from the best price")),
    "allocation": ("text", Text("边际价位的分配规则", "rule of allocation at the margin")),
    "fine_times": (
        "table",
        Text("欠缴罚款倍数（low、high）", "fine for what is not surrendered, times the mean price (low, high)"),
    ),
    "cut_next": ("number", Text("欠缴部分等量核减下年配额（1）", "1: what is not surrendered is cut from the next year")),
    "fund_source": ("text", Text("收入的资金来源代码", "source of funds its proceeds are")),
}
"""Every field of an instrument: kind of parameter and meaning."""
_CHOICES: dict[str, Mapping[str, Text]] = {
    "operations": OPERATIONS,
    "holders": PARTY_KINDS,
    "barred": ROLES,
    "ground": GROUNDS,
    "allocation": ALLOCATIONS,
    "buffer_scope": {"project": Text("项目", "project"), "instrument": Text("凭证", "instrument")},
}
_SHARES = ("hold_back", "surrender_share", "fee_share", "protection")
_WHOLE = ("decimals", "valid_years", "delay_hours", "persons")
_FLAGS = ("within_period", "surplus_only", "cut_next")
MATCHES: dict[str, Text] = {"quantity": Text("数量", "quantity"), "quality": Text("质量等级", "grade of quality")}


@dataclass(frozen=True, slots=True)
class NeededStep:
    """One dated event that must have happened before an operation.

    id            as evidence names it
    name          what it is
    by            who does it
    when          ``always``, ``cross_region`` or ``other_sector``
    working_days  a public notice: working days it must have stood, both ends counted; 0 for other events
    """

    id: str
    name: Text
    by: Text
    when: str = "always"
    working_days: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument as it holds at a place on a day; fields as `FIELDS` says."""

    id: str
    name: Text
    unit: str
    benefit: str
    decimals: int
    operations: frozenset[str]
    holders: frozenset[str]
    barred: frozenset[str]
    ground: str
    stacks_with: frozenset[str]
    issue_steps: tuple[NeededStep, ...]
    transfer_steps: tuple[NeededStep, ...]
    retire_steps: tuple[NeededStep, ...]
    hold_back: Fraction
    buffer_scope: str
    crediting_years: tuple[Fraction, Fraction]
    valid_years: int
    within_period: bool
    purposes: Mapping[str, Text]
    surrender_share: Fraction
    match: tuple[str, ...]
    surplus_only: bool
    split: Mapping[str, Decimal]
    fee_share: Fraction
    delay_hours: int
    persons: int
    lot: int
    tick_fen: int
    protection: Fraction
    allocation: str
    fine_times: tuple[Fraction, Fraction]
    cut_next: bool
    fund_source: str

    @property
    def one(self) -> int:
        """Smallest units in one unit."""
        return int(10**self.decimals)

    def parse(self, text: str) -> int:
        """Return a quantity as written, in whole smallest units.

        raises  UsageError when it is no positive number or has more decimals than the instrument
        """
        return parse_quantity(text, self.decimals)

    def say(self, units: int) -> str:
        """Return smallest units as people read them, without the unit's name."""
        return say_quantity(units, self.decimals)


def parse_quantity(text: str, decimals: int) -> int:
    """Return a positive quantity as whole smallest units of 10^-decimals.

    >>> parse_quantity("1.25", 2)
    125
    """
    plain = text.strip().replace(",", "")
    wrong = UsageError(
        Text("数量“{t}”应是大于零、至多 {d} 位小数的数。", "The quantity “{t}” must be above zero with at most {d} decimals.").fill(
            t=text, d=decimals
        )
    )
    if not re.fullmatch(r"\d{1,15}(\.\d{1,9})?", plain, re.ASCII):
        raise wrong
    units = Fraction(plain) * 10**decimals
    if units.denominator != 1 or units <= 0 or units > 2**53:
        raise wrong
    return int(units)


def say_quantity(units: int, decimals: int) -> str:
    """Return smallest units as a number with thousands marks.

    >>> say_quantity(-123456, 2)
    '−1,234.56'
    """
    sign, (whole, part) = "−" if units < 0 else "", divmod(abs(units), 10**decimals)
    return f"{sign}{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")


# ---------------------------------------------------------------- reading
def instrument_ids(params: Parameters) -> list[str]:
    """Return the instruments that hold here on the day, in order of their ids."""
    found = [k.split(".")[1] for k in params.book.keys if re.fullmatch(r"credits\.[^.]+\.instrument", k) and params.has(k)]
    return sorted(i for i in found if i not in _COMMON)


def instrument(id: str, params: Parameters) -> Instrument:
    """Return one instrument.

    raises  UsageError when there is none of that name here; FaultsError with every fault of its fields
    """
    if f"{_PREFIX}{id}.instrument" not in params.book.keys or not params.has(f"{_PREFIX}{id}.instrument"):
        known = instrument_ids(params)
        near = next(iter(difflib.get_close_matches(id, known, 1)), "")
        raise UsageError(
            Text("没有凭证“{i}”{n}；有：{k}。", "There is no instrument “{i}”{n}; there are: {k}.").fill(
                i=id, n=Text(f"（是否指 {near}）", f" (did you mean {near})") if near else Text("", ""), k=", ".join(known) or "—"
            )
        )
    reader = _Reader(id, params)
    made = reader.made()
    if reader.faults:
        raise FaultsError(reader.faults)
    assert made is not None
    return made


def instruments(params: Parameters) -> tuple[dict[str, Instrument], list[Fault]]:
    """Return every instrument that can be read, and the faults of all, also of keys that no field has."""
    found: dict[str, Instrument] = {}
    faults = unknown_fields(params.book)
    for id in instrument_ids(params):
        try:
            found[id] = instrument(id, params)
        except FaultsError as exc:
            faults += exc.faults
    return found, faults


def unknown_fields(book: RuleBook) -> list[Fault]:
    """Return a fault for each parameter of an instrument that is no field of `FIELDS`, or whose instrument is not declared."""
    faults = []
    declared = {k.split(".")[1] for k in book.keys if re.fullmatch(r"credits\.[^.]+\.instrument", k)}
    for key in book.keys:
        parts = key.split(".")
        if parts[0] != "credits" or len(parts) != 3 or parts[1] == "calendar":
            continue
        value = book.values(key)[0]
        at = f"line {value.line}"
        if parts[2] not in FIELDS:
            near = next(iter(difflib.get_close_matches(parts[2], list(FIELDS), 1)), "—")
            clash = Text("凭证没有字段 {f}。", "Instruments have no field {f}.").fill(f=parts[2])
            remedy = Text("最相近的字段是 {n}；可用：{a}。", "The nearest field is {n}; known: {a}.").fill(
                n=near, a=", ".join(FIELDS)
            )
            faults.append(Fault("credits.unknown_field", value.file, at, clash, remedy))
        elif parts[1] != "default" and parts[1] not in declared:
            clash = Text("{k} 属于没有声明的凭证 {i}。", "{k} belongs to instrument {i}, which is not declared.").fill(
                k=key, i=parts[1]
            )
            remedy = Text("加上参数 credits.{i}.instrument。", "Add the parameter credits.{i}.instrument.").fill(i=parts[1])
            faults.append(Fault("credits.undeclared", value.file, at, clash, remedy))
    return faults


class _Reader:
    """Reads the fields of one instrument and gathers every fault."""

    def __init__(self, id: str, params: Parameters) -> None:
        self.id, self.params = id, params
        self.faults: list[Fault] = []

    def made(self) -> Instrument | None:
        head = self.params.get(f"{_PREFIX}{self.id}.instrument")
        if not _ID.fullmatch(self.id):
            self._fault("instrument", Text("编码应为小写字母、数字和下划线", "the id must be lower-case letters, digits and _"))
        numbers = {f: self._number(f) for f in (*_SHARES, *_WHOLE, *_FLAGS, "lot", "tick_yuan")}
        texts = {f: self._text(f) for f in ("ground", "allocation", "buffer_scope", "fund_source")}
        codes = {f: self._codes(f) for f in ("operations", "holders", "barred")}
        steps = {f: self._steps(f) for f in ("issue_steps", "transfer_steps", "retire_steps")}
        years, times = self._pair("crediting_years", "min", "max"), self._pair("fine_times", "low", "high")
        purposes, split = self._purposes(), self._split()
        stacks = frozenset(str(x) for x in self._list("stacks_with"))
        match = tuple(self._list("match"))
        for name in match:
            if name not in MATCHES:
                self._fault("match", Text(f"{name} 不是 {'、'.join(MATCHES)} 之一", f"{name} is none of {', '.join(MATCHES)}"))
        lot, tick = self._grid(numbers)
        if self.faults:
            return None
        return Instrument(
            self.id,
            head.name,
            head.unit,
            str(head.value),
            int(numbers["decimals"]),
            codes["operations"],
            codes["holders"],
            codes["barred"],
            texts["ground"],
            stacks,
            steps["issue_steps"],
            steps["transfer_steps"],
            steps["retire_steps"],
            Fraction(numbers["hold_back"]),
            texts["buffer_scope"],
            years,
            int(numbers["valid_years"]),
            bool(numbers["within_period"]),
            purposes,
            Fraction(numbers["surrender_share"]),
            match,
            bool(numbers["surplus_only"]),
            split,
            Fraction(numbers["fee_share"]),
            int(numbers["delay_hours"]),
            int(numbers["persons"]),
            lot,
            tick,
            Fraction(numbers["protection"]),
            texts["allocation"],
            times,
            bool(numbers["cut_next"]),
            texts["fund_source"],
        )

    def _key(self, field: str) -> str:
        own = f"{_PREFIX}{self.id}.{field}"
        return own if self.params.has(own) else f"{_PREFIX}default.{field}"

    def _value(self, field: str) -> Any:
        try:
            value = self.params.get(self._key(field))
        except FaultsError as exc:
            self.faults += exc.faults
            return None
        if value.kind != FIELDS[field][0]:
            self._fault(
                field, Text(f"kind 是 {value.kind}，应是 {FIELDS[field][0]}", f"kind is {value.kind}, not {FIELDS[field][0]}")
            )
            return None
        return value.value

    def _number(self, field: str) -> Decimal:
        value = self._value(field)
        if value is None:
            return Decimal(0)
        if field in _SHARES and not 0 <= value <= 1:
            self._fault(field, Text(f"{value} 不在 0 与 1 之间", f"{value} does not lie between 0 and 1"))
        if field in _WHOLE and (value != int(value) or not 0 <= value <= 1_000_000):
            self._fault(field, Text(f"{value} 不是非负整数", f"{value} is no whole number of zero or more"))
        if field == "persons" and value not in (1, 2):
            self._fault(field, Text(f"{value} 不是 1 或 2", f"{value} is neither 1 nor 2"))
        if field == "decimals" and value > 6:
            self._fault(field, Text("小数位多于 6", "more than 6 decimals"))
        if field in _FLAGS and value not in (0, 1):
            self._fault(field, Text(f"{value} 不是 0 或 1", f"{value} is neither 0 nor 1"))
        return Decimal(value)

    def _grid(self, numbers: Mapping[str, Decimal]) -> tuple[int, int]:
        """Return the lot in smallest units, and the price step in fen per unit."""
        one = 10 ** min(max(int(numbers["decimals"]), 0), 6)
        lot, tick = numbers["lot"] * one, numbers["tick_yuan"] * 100
        if lot != int(lot) or lot <= 0:
            self._fault("lot", Text("不是最小单位的正整数倍", "is no positive multiple of the smallest unit"))
        if self._key("tick_yuan").startswith(f"{_PREFIX}default.") and tick > 0:
            tick = Decimal(-(-int(tick) // one) * one)  # the default step, as fine as the smallest unit lets it be
        if tick != int(tick) or tick <= 0 or int(tick) % one:
            self._fault(
                "tick_yuan",
                Text("最小单位乘以它应是整数分", "times the smallest unit it must make whole fen"),
            )
        return int(lot), int(tick)

    def _text(self, field: str) -> str:
        value = str(self._value(field) or "")
        if field in _CHOICES and value not in _CHOICES[field]:
            self._fault(
                field, Text(f"{value} 不是 {'、'.join(_CHOICES[field])} 之一", f"{value} is none of {', '.join(_CHOICES[field])}")
            )
        return value

    def _list(self, field: str) -> list[Any]:
        value = self._value(field)
        return list(value) if isinstance(value, list) else []

    def _codes(self, field: str) -> frozenset[str]:
        found = [str(x) for x in self._list(field)]
        for code in found:
            if code not in _CHOICES[field]:
                near = next(iter(difflib.get_close_matches(code, list(_CHOICES[field]), 1)), "—")
                self._fault(
                    field, Text(f"{code} 不在代码表中（最相近：{near}）", f"{code} is not in the code list (nearest: {near})")
                )
        return frozenset(found)

    def _pair(self, field: str, low: str, high: str) -> tuple[Fraction, Fraction]:
        value = self._value(field)
        if not isinstance(value, dict):
            return Fraction(0), Fraction(0)
        if set(value) != {low, high} or not 0 <= value[low] <= value[high]:
            self._fault(
                field, Text(f"应有 {low} 和 {high}，且前者不大于后者", f"needs {low} and {high}, the first not above the second")
            )
            return Fraction(0), Fraction(0)
        return Fraction(value[low]), Fraction(value[high])

    def _purposes(self) -> dict[str, Text]:
        out = {}
        for item in self._list("purposes"):
            row = item if isinstance(item, dict) else {}
            if not {"purpose", "zh", "en"} <= set(row) or set(row) - {"purpose", "zh", "en"}:
                self._fault("purposes", Text(f"每项写成 purpose、zh、en：{item}", f"each is written purpose, zh, en: {item}"))
                continue
            out[str(row["purpose"])] = Text(str(row["zh"]), str(row["en"]))
        return out

    def _split(self) -> dict[str, Decimal]:
        value = self._value("split")
        if not isinstance(value, dict):
            return {}
        if value and (sum(value.values()) != 1 or any(v < 0 for v in value.values())):
            self._fault("split", Text(f"各份合计 {sum(value.values())}，应是 1", f"the shares make {sum(value.values())}, not 1"))
        return {str(k): v for k, v in value.items()}

    def _steps(self, field: str) -> tuple[NeededStep, ...]:
        out: list[NeededStep] = []
        known = {"step", "zh", "en", "by_zh", "by_en", "when", "working_days"}
        for item in self._list(field):
            row = item if isinstance(item, dict) else {}
            when, days = str(row.get("when", "always")), row.get("working_days", Decimal(0))
            proper = isinstance(days, Decimal | int) and days == int(days) and days >= 0
            if not {"step", "zh", "en"} <= set(row) or set(row) - known or when not in WHEN or not proper:
                self._fault(
                    field,
                    Text(
                        f"每项写成 step、zh、en，可有 by_zh、by_en、when（{'、'.join(WHEN)}）、working_days：{item}",
                        f"each is written step, zh, en, and perhaps by_zh, by_en, when ({', '.join(WHEN)}), working_days: {item}",
                    ),
                )
                continue
            if any(s.id == str(row["step"]) for s in out):
                self._fault(field, Text(f"{row['step']} 出现两次", f"{row['step']} stands twice"))
            by = Text(str(row.get("by_zh", "")), str(row.get("by_en", "")))
            out.append(NeededStep(str(row["step"]), Text(str(row["zh"]), str(row["en"])), by, when, int(days)))
        return tuple(out)

    def _fault(self, field: str, what: Text) -> None:
        found = self.params.book.find(self._key(field), self.params.chain, self.params.valid_on, self.params.known_on)
        where, line = (found.file, f"line {found.line}") if found else ("ecopolicy", "")
        self.faults.append(
            Fault(
                "credits.field",
                where,
                line,
                Text("{i} 的 {f}（{m}）：{w}。", "{f} of {i} ({m}): {w}.").fill(i=self.id, f=field, m=FIELDS[field][1], w=what),
                Text("改正规则文件的这一项。", "Mend this entry of the rule file."),
            )
        )


def holidays(params: Parameters, years: Iterable[int]) -> tuple[frozenset[date], frozenset[date]]:
    """Return the days off that are no weekend and the weekend days worked, from ``credits.calendar.*`` where given."""
    off: set[date] = set()
    worked: set[date] = set()
    for key, found in (("credits.calendar.days_off", off), ("credits.calendar.days_worked", worked)):
        if key in params.book.keys and params.has(key):
            found |= {x for x in params.items(key) if isinstance(x, date)}
    wanted = set(years)
    return frozenset(d for d in off if d.year in wanted), frozenset(d for d in worked if d.year in wanted)
