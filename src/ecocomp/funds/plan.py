"""The years ahead: what is promised, which source covers it, what is short, and when the money runs out.

For a finance bureau. A plan is a YAML file (docs page *funds*) with ``commitments`` (tranches by age, rates on areas with an
index, or sums by year) and ``envelopes`` (grants by year, carry-over, last year of use, interest).

Three scenarios: *expected*; *low*, in
which grants come at their low and needs at their high end; *high*, the other way round.

In each year envelopes are used in the order of their priority; each gives the smaller of what it holds and what is unmet of the
commitments it may pay, shared pro rata; money that expires first is used first. Interest is earned on what was carried in, and
belongs to whom rule ``funds.interest_owner`` says. Everything is whole fen: need = covered + short, and for each
envelope carried in + granted + interest = used + lapsed + left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.rules import Parameters
from ecocomp.rules.lines import Line, strip
from ecocomp.terms.codes import FUND_SOURCES
from ecocomp.terms.faults import Fault, FaultsError, Severity, raise_errors
from ecocomp.terms.money import apportion, half_even, say_yuan
from ecocomp.terms.text import Text

SCENARIOS: dict[str, Text] = {"expected": Text("预期", "expected"), "low": Text("偏低", "low"), "high": Text("偏高", "high")}
HA_PER_MU = Fraction(1, 15)
MOST_YEARS = 60
_COMMON_KEYS = ("name", "programme", "note", "low", "high")
_NEED_KEYS = ("area_ha", "area_mu", "starts", "tranches", "rate_yuan_per_ha", "rate_yuan_per_mu", "from", "to", "yuan", "index")
_COMMITMENT_KEYS = frozenset((*_COMMON_KEYS, *_NEED_KEYS))
_TERM_KEYS = ("carry_over", "keeps_years", "last_year", "priority", "programmes", "interest", "low", "high")
_ENVELOPE_KEYS = frozenset(("id", "source", "note", "granted_yuan", "opening_yuan", *_TERM_KEYS))


@dataclass(frozen=True)
class Commitment:
    """Something promised: what is needed in each year at its expected value (exact fen), and its low and high factor."""

    name: str
    programme: str
    need: Mapping[int, Fraction]
    low: Fraction = Fraction(1)
    high: Fraction = Fraction(1)


@dataclass(frozen=True)
class Purse:
    """A source of money over the years: grants in fen by year, what it holds at the start, how long a grant may be used."""

    id: str
    source: str
    granted: Mapping[int, int]
    opening: int = 0
    carry_over: bool = True
    keeps_years: int | None = None
    last_year: int | None = None
    priority: int = 50
    programmes: tuple[str, ...] = ()
    interest: Fraction = Fraction(0)
    low: Fraction = Fraction(1)
    high: Fraction = Fraction(1)
    interest_owner: str = "envelope"

    def until(self, year: int) -> int:
        """Return the last year in which money of `year` may be used."""
        own = year if not self.carry_over else year + (self.keeps_years if self.keeps_years is not None else MOST_YEARS * 2)
        return own if self.last_year is None else min(own, self.last_year)


@dataclass(frozen=True)
class PurseYear:
    """One envelope in one year, fen: opening + granted + interest = used + lapsed + closing; interest owed to others apart."""

    id: str
    source: str
    opening: int
    granted: int
    interest: int
    interest_due: int
    used: int
    lapsed: int
    closing: int


@dataclass(frozen=True)
class Year:
    """One year of one scenario, fen: need = covered + short, in all and by commitment."""

    year: int
    need: int
    covered: int
    short: int
    by_commitment: Mapping[str, tuple[int, int]]
    purses: tuple[PurseYear, ...]


@dataclass(frozen=True)
class Outlook:
    """One scenario: its years, and the first year in which money is short (None: never in the plan)."""

    scenario: str
    years: tuple[Year, ...]

    @property
    def runs_out(self) -> int | None:
        """The first year with a shortfall."""
        return next((y.year for y in self.years if y.short), None)

    @property
    def short(self) -> int:
        """All shortfalls together."""
        return sum(y.short for y in self.years)


@dataclass
class Plan:
    """What is planned for: first year, number of years, commitments, envelopes."""

    first: int
    years: int
    commitments: list[Commitment] = field(default_factory=list)
    purses: list[Purse] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    """Warnings: what the file says and the plan makes no use of."""


def outlook(plan: Plan, scenario: str = "expected") -> Outlook:
    """Return the years of one scenario."""
    lots: dict[str, list[tuple[int, int]]] = {
        p.id: [(p.until(plan.first - 1), p.opening)] if p.opening else [] for p in plan.purses
    }
    years = []
    for year in range(plan.first, plan.first + plan.years):
        years.append(_year(plan, year, scenario, lots))
    return Outlook(scenario, tuple(years))


def _year(plan: Plan, year: int, scenario: str, lots: dict[str, list[tuple[int, int]]]) -> Year:
    grant_end = {"expected": None, "low": "low", "high": "high"}[scenario]
    need_end = {"expected": None, "low": "high", "high": "low"}[scenario]
    needs = [_fen(c.need.get(year, Fraction(0)) * (getattr(c, need_end) if need_end else 1)) for c in plan.commitments]
    unmet = list(needs)
    found = []
    for p in sorted(plan.purses, key=lambda x: (x.priority, x.id)):
        held = sorted(lots[p.id])
        gone = sum(fen for until, fen in held if until < year)  # the last day was before this year
        held = [(until, fen) for until, fen in held if until >= year]
        opening = sum(fen for _, fen in held) + gone
        earned = _fen((opening - gone) * p.interest)
        kept = earned if p.interest_owner == "envelope" else 0
        granted = _fen(p.granted.get(year, 0) * (getattr(p, grant_end) if grant_end else Fraction(1)))
        if granted + kept:
            held.append((p.until(year), granted + kept))
        usable = sum(fen for until, fen in held if until >= year)
        eligible = [i for i, c in enumerate(plan.commitments) if unmet[i] and (not p.programmes or c.programme in p.programmes)]
        used = min(usable, sum(unmet[i] for i in eligible))
        for i, part in zip(eligible, apportion(used, [unmet[i] for i in eligible]), strict=True):
            unmet[i] -= part
        left = _take(held, used)
        stays = [(until, fen) for until, fen in left if until > year]
        lapsed = sum(fen for until, fen in left if until <= year) + gone
        lots[p.id] = stays
        closing = sum(fen for _, fen in stays)
        found.append(PurseYear(p.id, p.source, opening, granted, kept, earned - kept, used, lapsed, closing))
    by = {c.name: (n, u) for c, n, u in zip(plan.commitments, needs, unmet, strict=True)}
    return Year(year, sum(needs), sum(needs) - sum(unmet), sum(unmet), by, tuple(found))


def _take(held: Sequence[tuple[int, int]], used: int) -> list[tuple[int, int]]:
    """Return what is left of lots after `used` was taken, first from those that expire first."""
    out = []
    for until, fen in sorted(held):
        taken = min(fen, used)
        used -= taken
        if fen - taken:
            out.append((until, fen - taken))
    return out


def _fen(x: Fraction | int) -> int:
    exact = Fraction(x)
    return half_even(exact.numerator, exact.denominator)


# ---------------------------------------------------------------- reading a plan
def plan_of(raw: Any, params: Parameters, where: str, years: int | None = None) -> Plan:
    """Return the plan of a file's content: values with their lines as `rules.lines.read_yaml` gives them, or plain ones.

    raises  FaultsError with every fault, with its line where lines are given: unknown keys, keys that have no part in the form
            of a commitment, missing or impossible values, names used twice, unknown sources
    """
    lines = dict(_lines_of(raw, ""))
    try:
        plan = _plan_of(strip(raw), params, where, years)
    except FaultsError as wrong:
        raise FaultsError([_at_line(f, lines) for f in wrong.faults]) from None
    plan.notes[:] = [_at_line(f, lines) for f in plan.notes]
    return plan


def _lines_of(value: Any, path: str, line: int = 0) -> Iterator[tuple[str, int]]:
    """Yield the line of each value of a document by the path that faults use: ``commitments 1 name yuan 2027``."""
    if isinstance(value, Line):
        value, line = value.value, value.line
    if line and path:
        yield path, line
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _lines_of(item, f"{path} {key}".strip(), line)
    for i, item in enumerate(value if isinstance(value, list) else (), 1):
        yield from _lines_of(item, f"{path} {i}", line)
        held = item.value if isinstance(item, Line) else item
        named = (held.get("name") or held.get("id")) if isinstance(held, dict) else None
        if named is not None:
            yield from _lines_of(item, f"{path} {i} {strip(named)}", line)


def _at_line(fault: Fault, lines: Mapping[str, int]) -> Fault:
    words = fault.record.split(" ")
    path = next((p for n in range(len(words), 0, -1) if (p := " ".join(words[:n])) in lines), None)
    return fault if path is None else replace(fault, record=f"line {lines[path]} {fault.record}")


def _plan_of(raw: Any, params: Parameters, where: str, years: int | None) -> Plan:
    faults: list[Fault] = []
    if not isinstance(raw, dict):
        raise_errors([_fault(where, "", Text("文件不是键值表。", "The file is no mapping."), _DOCS)])
    _unknown(raw, frozenset({"first_year", "years", "indices", "commitments", "envelopes", "note"}), where, "", faults)
    first = _year_of(raw.get("first_year"), where, "first_year", faults)
    n = years if years is not None else _whole(raw.get("years", Decimal(5)), where, "years", faults, 1, MOST_YEARS) or 1
    plan = Plan(first or 2000, n)
    indices = {str(k): v for k, v in _mapping(raw.get("indices", {}), where, "indices", faults).items()}
    for i, item in enumerate(_list(raw.get("commitments"), where, "commitments", faults), 1):
        made = _commitment(item, plan, indices, where, f"commitments {i}", faults)
        plan.commitments += [made] if made else []
    for i, item in enumerate(_list(raw.get("envelopes"), where, "envelopes", faults), 1):
        purse = _purse(item, plan, params, where, f"envelopes {i}", faults)
        plan.purses += [purse] if purse else []
    plan.notes += [*_unmatched(plan, where), *_unused(raw, indices, where)]
    for kind, names in (("commitments", [c.name for c in plan.commitments]), ("envelopes", [p.id for p in plan.purses])):
        for twice in sorted({x for x in names if names.count(x) > 1}):
            faults.append(
                _fault(
                    where,
                    f"{kind} {twice}",
                    Text("写了两次。", "It is written twice."),
                    Text("各取一个名称。", "Give each its own name."),
                )
            )
    raise_errors(faults)
    return plan


def _unmatched(plan: Plan, where: str) -> list[Fault]:
    """Return a warning for each programme an envelope is tied to and no commitment belongs to."""
    known = sorted({c.programme for c in plan.commitments})
    return [
        _fault(
            where,
            f"envelopes {i} {p.id} programmes",
            Text("限定于项目 {c}，而没有它的支出。", "It is tied to programme {c}, to which no commitment belongs.").fill(c=c),
            Text("核对代码；有：{a}。", "Look at the code; there are: {a}.").fill(a=", ".join(known) or "—"),
            "warning",
        )
        for i, p in enumerate(plan.purses, 1)
        for c in p.programmes
        if c not in known
    ]


def _unused(raw: Mapping[str, Any], indices: Mapping[str, Any], where: str) -> list[Fault]:
    """Return a warning for each index that nothing uses."""
    rows = raw.get("commitments")
    used = (
        {r.get("index") for r in rows if isinstance(r, dict) and isinstance(r.get("index"), str)}
        if isinstance(rows, list)
        else set()
    )
    said, remedy = (
        Text("没有一项支出用它。", "No commitment uses it."),
        Text("写进 index，或删去。", "Name it as index, or delete it."),
    )
    return [_fault(where, f"indices {i}", said, remedy, "warning") for i in indices if i not in used]


#: What each form of a commitment reads beside what all of them do.
_FORMS: dict[str, tuple[str, ...]] = {
    "yuan": ("yuan",),
    "tranches": ("tranches", "area_ha", "area_mu", "starts"),
    "rate": ("rate_yuan_per_ha", "rate_yuan_per_mu", "area_ha", "area_mu", "from", "to"),
}


def _commitment(
    item: Any, plan: Plan, indices: Mapping[str, Any], where: str, record: str, faults: list[Fault]
) -> Commitment | None:
    row = _mapping(item, where, record, faults)
    _unknown(row, _COMMITMENT_KEYS, where, record, faults)
    name = str(row.get("name") or "").strip()
    if not name:
        faults.append(_fault(where, record, Text("缺少 name。", "name is missing."), _DOCS))
        return None
    record = f"{record} {name}"
    before = len(faults)
    low, high = (_plain(row.get(k, Decimal(1)), where, f"{record} {k}", faults, least=0) for k in ("low", "high"))
    _ends(low, high, where, record, faults)
    span = range(plan.first, plan.first + plan.years)
    factor = _index(row.get("index"), indices, plan, where, record, faults)
    forms = [k for k in ("tranches", "yuan", "rate") if k in row or any(x.startswith(k) for x in row)]
    if len(forms) != 1:
        faults.append(
            _fault(
                where,
                record,
                Text(
                    "应有 tranches、rate_yuan_per_ha（或 mu）、yuan 三者之一，却有：{f}。",
                    "It needs one of tranches, rate_yuan_per_ha (or mu) and yuan, and has: {f}.",
                ).fill(f=", ".join(forms) or "—"),
                _DOCS,
            )
        )
        return None
    for key in row:
        if key in _NEED_KEYS and key not in (*_FORMS[forms[0]], "index"):
            clash = Text("写成 {f} 的支出不用它。", "A commitment given as {f} makes no use of it.").fill(f=forms[0])
            faults.append(
                _fault(where, f"{record} {key}", clash, Text("删去它，或换一种写法。", "Delete it, or use another form."))
            )
    need: dict[int, Fraction] = {}
    if forms[0] == "yuan":
        for year, value in _by_year(row["yuan"], where, f"{record} yuan", faults).items():
            need[year] = value * 100
    else:
        area = _area_ha(row, where, record, faults)
        if forms[0] == "tranches":
            starts = _year_of(row.get("starts"), where, f"{record} starts", faults) or plan.first
            for j, tranche in enumerate(_list(row["tranches"], where, f"{record} tranches", faults), 1):
                t = _mapping(tranche, where, f"{record} tranches {j}", faults)
                _unknown(t, frozenset({"year", "yuan_per_ha", "yuan_per_mu"}), where, f"{record} tranches {j}", faults)
                age = _whole(t.get("year"), where, f"{record} tranches {j} year", faults, 1, 200)
                rate = _rate_ha(t, "yuan_per", where, f"{record} tranches {j}", faults)
                if age is not None and rate is not None and area is not None:
                    year = starts + age - 1
                    need[year] = need.get(year, Fraction(0)) + area * rate * 100
        else:
            rate = _rate_ha(row, "rate_yuan_per", where, record, faults)
            begin = _year_of(row.get("from", Decimal(plan.first)), where, f"{record} from", faults)
            end = _year_of(row.get("to", Decimal(plan.first + plan.years - 1)), where, f"{record} to", faults)
            if begin and end and begin > end:
                clash = Text("from {a} 晚于 to {b}。", "from {a} is after to {b}.").fill(a=begin, b=end)
                faults.append(_fault(where, record, clash, Text("更正年份。", "Mend the years.")))
            if begin and end and rate is not None and area is not None:
                need = dict.fromkeys(range(max(begin, plan.first), min(end, span.stop - 1) + 1), area * rate * 100)
    if len(faults) > before:
        return None
    needed = {y: v * factor.get(y, Fraction(1)) for y, v in need.items() if y in span}
    return Commitment(name, str(row.get("programme") or name), needed, Fraction(low or 0), Fraction(high or 0))


def _purse(item: Any, plan: Plan, params: Parameters, where: str, record: str, faults: list[Fault]) -> Purse | None:
    row = _mapping(item, where, record, faults)
    _unknown(row, _ENVELOPE_KEYS, where, record, faults)
    id = str(row.get("id") or "").strip()
    source = str(row.get("source") or "")
    if not id:
        faults.append(_fault(where, record, Text("缺少 id。", "id is missing."), _DOCS))
        return None
    record = f"{record} {id}"
    before = len(faults)
    if source not in FUND_SOURCES:
        faults.append(
            _fault(
                where,
                record,
                Text("来源 {s} 不认识。", "Source {s} is not known.").fill(s=source or "—"),
                Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(FUND_SOURCES)),
            )
        )
    granted = {y: _fen(v * 100) for y, v in _by_year(row.get("granted_yuan", {}), where, f"{record} granted_yuan", faults).items()}
    opening = _plain(row.get("opening_yuan", Decimal(0)), where, f"{record} opening_yuan", faults, least=0)
    keeps = _whole(row["keeps_years"], where, f"{record} keeps_years", faults, 0, 100) if "keeps_years" in row else None
    last = _year_of(row["last_year"], where, f"{record} last_year", faults) if "last_year" in row else None
    order = _plain(row.get("priority", Decimal(0)), where, f"{record} priority", faults, least=0, most=10_000)
    interest = _plain(row.get("interest", Decimal(0)), where, f"{record} interest", faults, least=0, most=1)
    low, high = (_plain(row.get(k, Decimal(1)), where, f"{record} {k}", faults, least=0) for k in ("low", "high"))
    _ends(low, high, where, record, faults)
    carry = row.get("carry_over", True)
    if not isinstance(carry, bool):
        faults.append(_fault(where, f"{record} carry_over", Text("应为 true 或 false。", "It should be true or false."), _DOCS))
    programmes = row.get("programmes", [])
    if not isinstance(programmes, list):
        faults.append(_fault(where, f"{record} programmes", Text("应是列表。", "It should be a list."), _DOCS))
        programmes = []
    if len(faults) > before:
        return None
    from ecocomp.funds.events import interest_owner
    from ecocomp.funds.source import priority

    return Purse(
        id,
        source,
        granted,
        _fen(Fraction(opening or 0) * 100),
        bool(carry),
        keeps,
        last,
        int(order or 0) or priority(source, params),
        tuple(str(p) for p in programmes),
        Fraction(interest or 0),
        Fraction(low or 0),
        Fraction(high or 0),
        interest_owner(source, params),
    )


# ---------------------------------------------------------------- values of a plan
def _index(value: Any, indices: Mapping[str, Any], plan: Plan, where: str, record: str, faults: list[Fault]) -> dict[int, Fraction]:
    """Return the factor by year: a growth rate per year from the first year on, or factors by year (each on the year before)."""
    if value is None:
        return {}
    if isinstance(value, str):
        if value not in indices:
            faults.append(
                _fault(
                    where,
                    record,
                    Text("指数 {i} 没有定义。", "Index {i} is not defined.").fill(i=value),
                    Text("写在 indices 下。", "Write it under indices."),
                )
            )
            return {}
        value = indices[value]
    out = {plan.first: Fraction(1)}
    by_year = _by_year(value, where, f"{record} index", faults) if isinstance(value, dict) else None
    growth = _plain(value, where, f"{record} index", faults, least=Decimal("-0.99"), most=10) if by_year is None else None
    for year in range(plan.first + 1, plan.first + plan.years):
        step = by_year.get(year, Fraction(1)) if by_year is not None else 1 + Fraction(growth or 0)
        out[year] = out[year - 1] * step
    return out


def _area_ha(row: Mapping[str, Any], where: str, record: str, faults: list[Fault]) -> Fraction | None:
    given = [k for k in ("area_ha", "area_mu") if k in row]
    if len(given) != 1:
        faults.append(
            _fault(
                where,
                record,
                Text("面积写 area_ha 或 area_mu，二者取一。", "Give the area as area_ha or as area_mu, one of them."),
                _DOCS,
            )
        )
        return None
    value = _plain(row[given[0]], where, f"{record} {given[0]}", faults, least=0)
    return None if value is None else Fraction(value) * (HA_PER_MU if given[0] == "area_mu" else 1)


def _rate_ha(row: Mapping[str, Any], head: str, where: str, record: str, faults: list[Fault]) -> Fraction | None:
    given = [k for k in (f"{head}_ha", f"{head}_mu") if k in row]
    if len(given) != 1:
        faults.append(
            _fault(
                where,
                record,
                Text("标准写 {h}_ha 或 {h}_mu，二者取一。", "Give the rate as {h}_ha or as {h}_mu, one of them.").fill(h=head),
                _DOCS,
            )
        )
        return None
    value = _plain(row[given[0]], where, f"{record} {given[0]}", faults, least=0)
    return None if value is None else Fraction(value) * (15 if given[0].endswith("_mu") else 1)


def _by_year(value: Any, where: str, record: str, faults: list[Fault]) -> dict[int, Fraction]:
    out: dict[int, Fraction] = {}
    for key, v in _mapping(value, where, record, faults).items():
        year = _year_of(Decimal(str(key)) if str(key).isdigit() else key, where, f"{record} {key}", faults)
        number = _plain(v, where, f"{record} {key}", faults, least=0)
        if year is not None and number is not None:
            out[year] = Fraction(number)
    return out


def _plain(value: Any, where: str, record: str, faults: list[Fault], least: Any = None, most: Any = None) -> Decimal | None:
    fits = isinstance(value, Decimal) and value.is_finite() and abs(value) < Decimal(10) ** 15
    if fits and (least is None or value >= least) and (most is None or value <= most):
        return Decimal(value)
    span = Text("{a} 到 {b} 的数", "a number from {a} to {b}").fill(
        a="−∞" if least is None else least, b="10^15" if most is None else most
    )
    faults.append(
        _fault(
            where,
            record,
            Text("值是 {v}。", "The value is {v}.").fill(v=str(value)[:40]),
            Text("应为{x}。", "It should be {x}.").fill(x=span),
        )
    )
    return None


def _ends(low: Decimal | None, high: Decimal | None, where: str, record: str, faults: list[Fault]) -> None:
    if low is not None and high is not None and low > high:
        clash = Text("low {a} 大于 high {b}。", "low {a} is above high {b}.").fill(a=low, b=high)
        faults.append(_fault(where, record, clash, Text("对调二者。", "Swap them.")))


def _whole(value: Any, where: str, record: str, faults: list[Fault], least: int, most: int) -> int | None:
    """Return a whole number of years; a part of a year is refused, not cut off."""
    number = _plain(value, where, record, faults, least=least, most=most)
    if number is None or number == number.to_integral_value():
        return None if number is None else int(number)
    clash, remedy = Text("{v} 不是整年数。", "{v} is no whole number of years."), Text("写整数。", "Write a whole number.")
    faults.append(_fault(where, record, clash.fill(v=number), remedy))
    return None


def _year_of(value: Any, where: str, record: str, faults: list[Fault]) -> int | None:
    if isinstance(value, Decimal) and value == value.to_integral_value() and 1980 <= value <= 2200:
        return int(value)
    faults.append(
        _fault(
            where,
            record,
            Text("{v} 不是年份。", "{v} is no year.").fill(v=str(value)[:20]),
            Text("写 1980 到 2200 的年份。", "Write a year from 1980 to 2200."),
        )
    )
    return None


def _mapping(value: Any, where: str, record: str, faults: list[Fault]) -> dict[Any, Any]:
    if isinstance(value, dict):
        return value
    faults.append(_fault(where, record, Text("应是键值表。", "It should be a mapping."), _DOCS))
    return {}


def _list(value: Any, where: str, record: str, faults: list[Fault]) -> list[Any]:
    if isinstance(value, list) and value:
        return value
    faults.append(_fault(where, record, Text("应是列表，且不为空。", "It should be a list with at least one entry."), _DOCS))
    return []


def _unknown(row: Mapping[Any, Any], known: frozenset[str], where: str, record: str, faults: list[Fault]) -> None:
    import difflib

    for key in row:
        if key not in known:
            near = next(iter(difflib.get_close_matches(str(key), sorted(known), 1)), "—")
            faults.append(
                _fault(
                    where,
                    f"{record} {key}".strip(),
                    Text("不认识的键。", "This key is not known."),
                    Text("最相近的是 {n}；可用：{a}。", "The nearest is {n}; known: {a}.").fill(n=near, a=", ".join(sorted(known))),
                )
            )


_DOCS = Text("写法见文档“资金”页。", "See the page 'funds' of the docs for the form.")


def _fault(where: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> Fault:
    return Fault("funds.plan", where, record, clash, remedy, severity)


def warnings(found: Outlook, where: str) -> list[Fault]:
    """Return a warning for each year that is short."""
    return [
        Fault(
            "funds.plan_short",
            where,
            str(y.year),
            Text("需要 {n} 元，落实 {c} 元，缺 {s} 元。", "{n} yuan are needed, {c} covered: {s} short.").fill(
                n=say_yuan(y.need), c=say_yuan(y.covered), s=say_yuan(y.short)
            ),
            Text("增加来源，或调整标准、面积和年限。", "Find another source, or change rates, areas or terms."),
            "warning",
        )
        for y in found.years
        if y.short
    ]
