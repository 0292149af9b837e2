"""Water-quality readings of the sections: kept as written, evaluated by a stated rule, never guessed.

A laboratory writes ``<0.02`` (or ``0.02L``) when a value lies under its detection limit. The text stays in the table; for
a mean it counts as the limit times the agreement's `censored_factor`, else parameter ``agreements.censored_factor``. An
empty cell or ``-`` means that the month was not available. Where one value by itself has to keep a limit or a class, it may
lie anywhere from zero to its detection limit unless the agreement states a factor of its own; if that leaves open whether
it is kept, the value shows nothing and counts as not available. A month that is not available is never counted as met: the year
is not settled, unless the agreement itself says that so many months may be left out (`data_rules`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import pyarrow as pa

from ecocomp.agreements.indicators import indicator as indicator_of
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.money import apportion, half_even, say_yuan
from ecocomp.terms.text import Text

_NUMBER = re.compile(r"\s*(<)?\s*(\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?)\s*([Ll])?\s*", re.ASCII)
_UNAVAILABLE = frozenset({"", "-", "--", "—", "——", "/", "\\"})
_MONTH = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?", re.ASCII)
MISSING_RULES = ("not_settled", "exclude", "as_missed")
FORCE_RULES = ("not_settled", "exclude", "as_measured")


@dataclass(frozen=True, slots=True)
class Row:
    """One result of a clause: payer, payee, amount in fen, evidence as plain JSON values, and the steps in words."""

    payer: str
    payee: str
    amount_fen: int
    evidence: Mapping[str, Any]
    steps: tuple[Text, ...] = ()


class Flaw(NamedTuple):
    """What is wrong with a clause as signed; `at` leads to the value: keys, and positions from 0."""

    clash: Text
    remedy: Text
    at: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Mean:
    """Annual mean (volumes: sum) of one indicator; `value` is None when fewer months than needed can be used."""

    value: Fraction | None
    months: int
    censored: int
    missing: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """A weighted index of the section, or the months that are missing for it."""

    value: Fraction | None
    parts: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    steps: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a target was met; None with the missing months when it cannot be said."""

    met: bool | None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    steps: tuple[Text, ...] = ()


class Readings:
    """The readings of all sections; `faults` lists values that are no concentration and values said twice differently.

    facts   what is no reading: `force_majeure`, `determined`, `growth` (see `agreements.facts`)
    """

    def __init__(self, reading: pa.Table, params: Parameters, facts: Mapping[str, Any] | None = None) -> None:
        self.params = params
        self.facts: Mapping[str, Any] = facts or {}
        self._values: dict[tuple[str, str], dict[str, str]] = {}
        self._virtual: dict[str, Mapping[str, Fraction]] = {}
        faults = []
        columns = (reading[c].to_pylist() for c in ("station_id", "month", "indicator", "value"))
        for station, month, indicator, value in zip(*columns, strict=True):
            text = unicodedata.normalize("NFKC", value or "").strip()
            month = month or ""
            if not _MONTH.fullmatch(month) or (text not in _UNAVAILABLE and not _NUMBER.fullmatch(text)):
                faults.append(_unreadable(station, month, indicator, value))
                continue
            known = self._values.setdefault((station, indicator), {})
            if known.setdefault(month, text) != text:
                faults.append(_twice(station, month, indicator, known[month], text))
        self.faults = capped(faults, "agreements.reading", "reading")

    # ------------------------------------------------------------ the rules for data
    def rules(self, clause: Mapping[str, Any]) -> dict[str, Any]:
        """Return how readings count under a clause: its own `data_rules`, else the parameters."""
        own = clause.get("data_rules") or {}
        factor, needed = own.get("censored_factor"), own.get("months_needed")
        return {
            "censored_factor": Fraction(self.params.decimal("agreements.censored_factor") if factor is None else factor),
            "months_needed": int(self.params.decimal("agreements.months_needed") if needed is None else needed),
            "missing": own.get("missing", "not_settled"),
            "exclude_up_to": int(own.get("exclude_up_to", 0)),
            "force_majeure": own.get("force_majeure", "not_settled"),
        }

    def months(self, clause: Mapping[str, Any], year: int) -> list[str]:
        """Return the twelve months of an accounting year, from `year_starts` on (January if it says nothing)."""
        first = int(clause.get("year_starts") or 1)
        return [f"{year + (first + m - 1) // 12}-{(first + m - 1) % 12 + 1:02d}" for m in range(12)]

    def joined(self, name: str, members: Mapping[str, Fraction]) -> None:
        """Let `name` stand for the weighted mean of several sections."""
        self._virtual[name] = members

    # ------------------------------------------------------------ single values
    def concentration(self, value: str, factor: Fraction | None = None) -> Fraction | None:
        """Return a reading in its unit; ``<x`` counts as x times the censored factor; None when not available."""
        found = _NUMBER.fullmatch(value)
        if found is None:
            return None
        if factor is None:
            factor = Fraction(self.params.decimal("agreements.censored_factor"))
        return Fraction(found[2]) * (factor if found[1] or found[3] else 1)

    def at(self, section: str, code: str, month: str, clause: Mapping[str, Any], factor: Fraction | None = None) -> Fraction | None:
        """Return the value of a month; None when it is not available or was struck by force majeure the parties established.

        factor  what a value under the detection limit counts as, in limits; default as the clause or the parameters say
        """
        if section in self._virtual:
            parts = {s: self.at(s, code, month, clause, factor) for s in self._virtual[section]}
            weights = self._virtual[section]
            if any(v is None for v in parts.values()):
                return None
            return sum((weights[s] * v for s, v in parts.items() if v is not None), Fraction(0)) / sum(weights.values())
        rules = self.rules(clause)
        if rules["force_majeure"] != "as_measured" and self._struck(section, code, month):
            return None
        text = self._values.get((section, code), {}).get(month)
        return None if text is None else self.concentration(text, rules["censored_factor"] if factor is None else factor)

    def span(self, section: str, code: str, month: str, clause: Mapping[str, Any]) -> tuple[Fraction, Fraction] | None:
        """Return the least and the most that the value of a month may be; None when it is not available.

        A value under its detection limit lies anywhere from zero to the limit, unless the agreement itself says what it counts
        as (`censored_factor` in its `data_rules`): that the parties have signed, and it is the value then.
        """
        signed = (clause.get("data_rules") or {}).get("censored_factor") is not None
        low, high = (self.at(section, code, month, clause, None if signed else Fraction(x)) for x in (0, 1))
        return None if low is None or high is None else (low, high)

    def censored(self, section: str, code: str, month: str) -> bool:
        """Return whether a month's value lies under its detection limit (of joined sections: that of any of them)."""
        if section in self._virtual:
            return any(self.censored(s, code, month) for s in self._virtual[section])
        found = _NUMBER.fullmatch(self._values.get((section, code), {}).get(month, ""))
        return bool(found and (found[1] or found[3]))

    def _struck(self, section: str, code: str, month: str) -> bool:
        return any(
            e.get("section") in (None, section) and e.get("indicator") in (None, code) and month in (e.get("months") or ())
            for e in self.facts.get("force_majeure") or ()
        )

    def left_out(self, section: str, codes: Iterable[str], year: int, clause: Mapping[str, Any]) -> tuple[set[str], set[str]]:
        """Return the months that the agreement lets leave out, and those that stay missing, for these indicators together."""
        rules, codes = self.rules(clause), list(codes)
        gone = {m for m in self.months(clause, year) if any(self.at(section, c, m, clause) is None for c in codes)}
        struck = {m for m in gone if any(self._struck(s, c, m) for c in codes for s in self._virtual.get(section, {section: 0}))}
        out = struck if rules["force_majeure"] == "exclude" else set()
        rest = gone - out
        if rules["missing"] == "exclude" and len(rest) <= rules["exclude_up_to"]:
            return out | rest, set()
        return out, rest

    # ------------------------------------------------------------ years
    def annual_mean(self, section: str, indicator: str, year: int, clause: Mapping[str, Any] | None = None) -> Mean:
        """Return the plain mean of the months (volumes: their sum); a value published for the whole year if there are no months."""
        clause = clause or {}
        months = self.months(clause, year)
        found = {m: self.at(section, indicator, m, clause) for m in months}
        used = [x for x in found.values() if x is not None]
        if not used and (whole := self.at(section, indicator, str(year), clause)) is not None:
            return Mean(whole, 12, int(self.censored(section, indicator, str(year))))
        out, rest = self.left_out(section, [indicator], year, clause)
        missing = tuple(f"{section} {indicator} {m}" for m in months if found[m] is None and m not in out)
        censored = sum(self.censored(section, indicator, m) for m in months)
        summed = indicator_of(indicator).summed
        enough = bool(used) and (not rest or (not summed and len(used) >= self.rules(clause)["months_needed"]))
        if summed and out:
            enough = False  # a sum without a month is no sum of the year
            missing = tuple(f"{section} {indicator} {m}" for m in months if found[m] is None)
        total = sum(used, Fraction(0))
        value = (total if summed else total / len(used)) if enough else None
        return Mean(value, len(used), censored, missing, tuple(sorted(out)))

    def base(self, clause: Mapping[str, Any], indicator: Mapping[str, Any]) -> Mean:
        """Return the base of an indicator: as signed, or the mean of the base years."""
        if indicator.get("base") is not None:
            return Mean(Fraction(indicator["base"]), 0, 0)
        means = [self.annual_mean(clause["section"], indicator["code"], int(y), clause) for y in clause["base_years"]]
        missing = tuple(m for x in means if x.value is None for m in x.missing)
        known = [x.value for x in means if x.value is not None]
        whole = len(known) == len(means) and known
        return Mean(sum(known, Fraction(0)) / len(known) if whole else None, sum(x.months for x in means), 0, missing)

    def index(self, clause: Mapping[str, Any], year: int, base_year: int | None = None) -> Index:
        """Return sum of w_i * C_i / C_i0 over the clause's indicators, exactly.

        C_i0 is the base of the agreement, or the mean of `base_year` when that is given.
        """
        total, missing, parts, steps = Fraction(0), [], {}, []
        for indicator in clause["indicators"]:
            code, section = indicator["code"], clause["section"]
            now = self.annual_mean(section, code, year, clause)
            base = self.base(clause, indicator) if base_year is None else self.annual_mean(section, code, base_year, clause)
            if now.value is None or not base.value:
                missing += [*(now.missing if now.value is None else ()), *(base.missing if not base.value else ())]
                if base.value == 0 and now.value is not None:
                    missing.append(f"{section} {code}: base 0")
                continue
            part = Fraction(indicator["weight"]) * now.value / base.value
            total += part
            parts[code] = {"mean": say(now.value), "base": say(base.value), "months": now.months, "censored": now.censored}
            if now.excluded:
                parts[code]["excluded"] = list(now.excluded)
            steps.append(
                Text(
                    "{i}：年均 {c}，基准 {b}，权重 {w}，{w} × {c} ÷ {b} = {p}。",
                    "{i}: annual mean {c}, base {b}, weight {w}; {w} × {c} ÷ {b} = {p}.",
                ).fill(
                    i=indicator_of(code).name, c=short(now.value), b=short(base.value), w=short(indicator["weight"]), p=short(part)
                )
            )
            if now.censored or now.excluded:
                steps.append(_data_step(code, now))
        if missing:
            return Index(None, parts, tuple(missing))
        steps.append(Text("指数 = {t}。", "Index = {t}.").fill(t=short(total)))
        return Index(total, parts, (), tuple(steps))

    # ------------------------------------------------------------ facts established by the parties or by who decides
    def determined(self, section: str, year: int) -> Mapping[str, Any] | None:
        """Return what was established on a section and year beside the readings (a joint finding, a decision), if anything."""
        for found in self.facts.get("determined") or ():
            if str(found.get("section")) == section and int(found.get("year", year)) == year:
                return found  # type: ignore[no-any-return]
        return None


def _data_step(code: str, mean: Mean) -> Text:
    return Text(
        "其中 {i} 有 {n} 个月低于检出限；按协议剔除的月份：{x}。",
        "Of {i}, {n} months lie under the detection limit; months left out by the agreement: {x}.",
    ).fill(i=indicator_of(code).name, n=mean.censored, x=", ".join(mean.excluded) or "—")


# ---------------------------------------------------------------- judging
def grade(code: str, value: Fraction, limits: Sequence[Any]) -> int:
    """Return the class of a value: 1 best, one more than the last limit when worse than all; a limit itself is still in its class.

    Limits that fall (dissolved oxygen) mean that more is better; for pH the two limits are the range, and outside it is class 6.
    """
    exact = [Fraction(x) for x in limits]
    if indicator_of(code).better == "range" and len(exact) == 2:
        return 1 if exact[0] <= value <= exact[1] else 6
    falling = len(exact) > 1 and exact[0] > exact[-1]
    return 1 + sum(value < x if falling else value > x for x in exact)


def class_limits(clause: Mapping[str, Any], code: str, params: Parameters) -> list[Any]:
    """Return the upper limits of the classes: those of the clause, else of the rules."""
    own = (clause.get("class_limits") or {}).get(code)
    return list(own) if own is not None else params.items(f"agreements.class_limits.{code}")


def class_of(clause: Mapping[str, Any], values: Mapping[str, Fraction], params: Parameters) -> tuple[int, dict[str, int]]:
    """Return the class of a set of values, the worst indicator deciding, and the class of each."""
    classes = {code: grade(code, v, class_limits(clause, code, params)) for code, v in values.items()}
    return max(classes.values()), classes


def worst_class(
    clause: Mapping[str, Any], readings: Readings, year: int, params: Parameters
) -> tuple[int | None, dict[str, Any], tuple[str, ...]]:
    """Return the class of the annual means, the worst indicator deciding (1 best, one more than the last limit: worse than all).

    Limits are those of the clause (`class_limits`) or parameter ``agreements.class_limits.<code>``; a mean equal
    to a limit is still in that class. The class is None, with the missing months, when a mean is not known, or when it keeps
    the class only by values under a detection limit that lies above the limit of that class.
    """
    values: dict[str, Fraction] = {}
    missing: list[str] = []
    section = str(clause["section"])
    for indicator in clause["indicators"]:
        mean = readings.annual_mean(section, indicator["code"], year, clause)
        if mean.value is None:
            missing += mean.missing
        else:
            values[indicator["code"]] = mean.value
    if not values:
        return None, {}, tuple(missing)
    worst, classes = class_of(clause, values, params)
    if not missing:
        rule = {**clause, "target_class": worst, "limits": {}}
        missing += [f"{section} {c} {m}" for c in values for m in blind_months(rule, readings, section, c, year, params)]
    return (None if missing else worst), classes, tuple(missing)


def within(code: str, value: Fraction, limit: Any) -> bool:
    """Return whether a value keeps a limit; for an indicator of which more is better the limit is the least."""
    return value >= Fraction(limit) if indicator_of(code).better == "higher" else value <= Fraction(limit)


def codes_judged(rule: Mapping[str, Any]) -> list[str]:
    """Return the indicators a target looks at: those with a limit, and all of them when a class is the target."""
    named = list(rule.get("limits") or ())
    if rule.get("target_class") is not None:
        named += [i["code"] for i in rule.get("indicators") or () if "code" in i]
    return list(dict.fromkeys(named))


def judge_values(rule: Mapping[str, Any], values: Mapping[str, Fraction], params: Parameters) -> tuple[bool, dict[str, Any]]:
    """Return whether values keep the target class and the limits of a rule, with what each came to."""
    evidence: dict[str, Any] = {"values": {c: say(v) for c, v in values.items()}}
    met = all(within(c, values[c], x) for c, x in (rule.get("limits") or {}).items())
    if rule.get("target_class") is not None:
        codes = [i["code"] for i in rule["indicators"]]
        worst, classes = class_of(rule, {c: values[c] for c in codes}, params)
        evidence |= {"class": worst, "classes": classes}
        met = met and worst <= int(rule["target_class"])
    return met, evidence


def shows_nothing(rule: Mapping[str, Any], readings: Readings, section: str, code: str, when: str, params: Parameters) -> bool:
    """Return whether a value lies under a detection limit and may keep the limit or the class to be kept, or not."""
    span = readings.span(section, code, when, rule)
    if span is None or span[0] == span[1]:
        return False
    limit, target = (rule.get("limits") or {}).get(code), rule.get("target_class")
    if limit is not None and within(code, span[0], limit) != within(code, span[1], limit):
        return True
    if target is None or code not in [i.get("code") for i in rule.get("indicators") or ()]:
        return False
    kept = {grade(code, v, class_limits(rule, code, params)) <= int(target) for v in span}
    return len(kept) > 1


def blind_months(rule: Mapping[str, Any], readings: Readings, section: str, code: str, year: int, params: Parameters) -> list[str]:
    """Return the months (or the year, where only its value was published) that go into a mean and show nothing by themselves."""
    used = [m for m in readings.months(rule, year) if readings.at(section, code, m, rule) is not None]
    return [m for m in used or [str(year)] if shows_nothing(rule, readings, section, code, m, params)]


def judge_year(rule: Mapping[str, Any], readings: Readings, year: int, params: Parameters) -> Judged:
    """Return whether the annual means keep the target; what the parties or a decision established comes first.

    Means that keep it only by values under a detection limit that lies above the limit or class to be kept show nothing.
    """
    section = str(rule["section"])
    if (fixed := readings.determined(section, year)) is not None and "met" in fixed:
        return _by_fact(section, year, fixed)
    values: dict[str, Fraction] = {}
    missing: list[str] = []
    unseen: list[str] = []
    for code in codes_judged(rule):
        mean = readings.annual_mean(section, code, year, rule)
        unseen += [f"{section} {code} {m}" for m in blind_months(rule, readings, section, code, year, params)]
        if mean.value is None:
            missing += mean.missing
        else:
            values[code] = mean.value
    if missing or not values:
        return Judged(None, {"values": {c: say(v) for c, v in values.items()}}, tuple(missing or [f"{section} {year}"]))
    met, evidence = judge_values(rule, values, params)
    if met and unseen:
        return Judged(None, evidence, tuple(unseen))
    return Judged(met, {**evidence, "met": met}, (), (_judged_step(section, str(year), rule, values, met, evidence),))


def judge_month(rule: Mapping[str, Any], readings: Readings, month: str, params: Parameters) -> Judged:
    """Return whether the values of one month keep the target.

    A value under a detection limit that itself lies above the limit to be kept shows nothing: the month is not available.
    """
    section = str(rule["section"])
    values: dict[str, Fraction] = {}
    missing: list[str] = []
    for code in codes_judged(rule):
        value = readings.at(section, code, month, rule)
        if value is None or shows_nothing(rule, readings, section, code, month, params):
            missing.append(f"{section} {code} {month}")
        else:
            values[code] = value
    if missing or not values:
        return Judged(None, {}, tuple(missing or [f"{section} {month}"]))
    met, evidence = judge_values(rule, values, params)
    return Judged(met, {**evidence, "met": met}, (), (_judged_step(section, month, rule, values, met, evidence),))


@dataclass(frozen=True, slots=True)
class Months:
    """The months of a year judged one by one: month -> met; those left out by the agreement, those that are missing."""

    met: Mapping[str, bool]
    excluded: tuple[str, ...]
    missing: tuple[str, ...]
    failed: tuple[str, ...]


def judge_months(rule: Mapping[str, Any], readings: Readings, year: int, params: Parameters) -> Months:
    """Return every month of the year judged; a month without values is left out, missed or missing as the agreement says."""
    found = {m: judge_month(rule, readings, m, params) for m in readings.months(rule, year)}
    gone = {m for m, j in found.items() if j.met is None}
    out, rest = readings.left_out(str(rule["section"]), codes_judged(rule), year, rule)
    rest |= gone - out
    out -= rest
    if readings.rules(rule)["missing"] == "as_missed":
        met = {m: bool(j.met) for m, j in found.items() if m not in out}
        return Months(met, tuple(sorted(out)), (), tuple(m for m, ok in met.items() if not ok))
    met = {m: bool(j.met) for m, j in found.items() if j.met is not None and m not in out}
    missing = tuple(x for m in sorted(rest) for x in found[m].missing)
    return Months(met, tuple(sorted(out)), missing, tuple(m for m, ok in met.items() if not ok))


def _by_fact(section: str, year: int, fixed: Mapping[str, Any]) -> Judged:
    met = bool(fixed["met"])
    word = Text("达标", "met") if met else Text("未达标", "missed")
    step = Text("{s} {y} 年：{w}，由{b}认定（{d}）。", "{s} in {y}: {w}, as established by {b} ({d}).").fill(
        s=section, y=year, w=word, b=fixed.get("by") or Text("各方", "the parties"), d=fixed.get("document") or "—"
    )
    return Judged(met, {"met": met, "determined": {k: str(v) for k, v in fixed.items()}}, (), (step,))


def _judged_step(
    section: str, when: str, rule: Mapping[str, Any], values: Mapping[str, Fraction], met: bool, evidence: Mapping[str, Any]
) -> Text:
    said = ", ".join(f"{c} {short(v)}" for c, v in values.items())
    wanted = ", ".join(f"{c} ≤ {short(x)}" for c, x in (rule.get("limits") or {}).items())
    text = Text("{s} {w}：{v}", "{s} {w}: {v}").fill(s=section, w=when, v=said)
    if rule.get("target_class") is not None:
        more = Text("；{a} 类，目标 {t} 类", "; class {a}, target class {t}").fill(a=evidence["class"], t=rule["target_class"])
        text = Text(text.zh + more.zh, text.en + more.en)
    if wanted:
        more = Text("；限值 {l}", "; limit {l}").fill(l=wanted)
        text = Text(text.zh + more.zh, text.en + more.en)
    end = Text("：达标。", ": met.") if met else Text("：未达标。", ": missed.")
    return Text(text.zh + end.zh, text.en + end.en)


# ---------------------------------------------------------------- rows
def not_settled(missing: Sequence[str], **evidence: Any) -> Row:
    """Return the row of a clause that could not be judged: nobody pays, and the reason is kept."""
    listed = sorted(set(missing))
    said = ", ".join(listed[:6]) + (" …" if len(listed) > 6 else "")
    step = Text("没有结算：缺 {m}。缺测不得视为达标。", "Not settled: {m} missing. What is missing is never counted as met.").fill(
        m=said
    )
    return Row("", "", 0, {"state": "not_settled", "reason": "agreements.months_missing", "missing": listed, **evidence}, (step,))


def open_terms(terms: Sequence[Mapping[str, Any]], **evidence: Any) -> Row:
    """Return the row of a clause some of whose terms are not known: not settled, with what is open in words."""
    steps = tuple(
        Text("没有结算：{w}。", "Not settled: {e}.").fill(
            w=str(t.get("zh") or t.get("key") or "").rstrip("。"), e=str(t.get("en") or t.get("key") or "").rstrip(".")
        )
        for t in terms
    )
    said = {
        "state": "not_settled",
        "reason": "agreements.open",
        "missing": [str(t.get("en") or t.get("key")) for t in terms],
        "open": [dict(t) for t in terms],
    }
    return Row("", "", 0, {**said, **evidence}, steps)


def party_code(name: object, parties: Sequence[Any]) -> str | None:
    """Return the code of the party called by code, or by a role that exactly one party has; None if there is none."""
    codes = [p.code for p in parties if p.code == str(name)] or [p.code for p in parties if p.role == name]
    return codes[0] if len(codes) == 1 else None


def side_of(side: Any, parties: Sequence[Any]) -> dict[str, Fraction] | None:
    """Return who stands on a side, with shares: one party by code or role, or several by a mapping of shares; None if unknown."""
    if isinstance(side, Mapping):
        codes = {party_code(k, parties): Fraction(v) for k, v in side.items()}
        known = {c: v for c, v in codes.items() if c is not None and v > 0}
        return known if len(known) == len(side) else None
    code = party_code(side, parties)
    return None if code is None else {code: Fraction(1)}


def split(total: int, shares: Mapping[str, Any]) -> dict[str, int]:
    """Split whole fen by exact shares, nothing lost; ties go to the one named first."""
    exact = [Fraction(v) for v in shares.values()]
    scale = lcm(*(s.denominator for s in exact)) if exact else 1
    return dict(zip(shares, apportion(total, [int(s * scale) for s in exact]), strict=True))


def pay(
    payer: Any, payee: Any, fen: int, parties: Sequence[Any], evidence: Mapping[str, Any], steps: Iterable[Text] = ()
) -> list[Row]:
    """Return the rows of a payment between two sides; a negative sum goes the other way."""
    if fen < 0:
        payer, payee, fen = payee, payer, -fen
    givers, takers = side_of(payer, parties) or {}, side_of(payee, parties) or {}
    rows = []
    for giver, part in split(fen, givers).items():
        for taker, sum_fen in split(part, takers).items():
            text = Text("{a} 付给 {b} {f} 元。", "{a} pays {b} {f} yuan.").fill(
                a=name_of(giver, parties), b=name_of(taker, parties), f=say_yuan(sum_fen)
            )
            rows.append(Row(giver, taker, sum_fen, evidence, (*steps, text)))
    return rows


def side_flaws(value: Any, key: str, parties: Sequence[Any], at: tuple[Any, ...] = ()) -> list[Flaw]:
    """Return what is wrong with a payer or payee."""
    if not value or side_of(value, parties) is not None:
        return []
    roles = sorted({p.role for p in parties})
    codes = [p.code for p in parties]
    return [
        Flaw(
            Text("{k} {v} 不是唯一的一方。", "{k} {v} is not exactly one party.").fill(k=key, v=value),
            Text(
                "写当事方代码（{c}），或只有一方担任的角色（{r}），或各方份额。",
                "Write a party's code ({c}), a role that one party alone has ({r}), or shares of several.",
            ).fill(c=", ".join(codes), r=", ".join(roles)),
            at,
        )
    ]


def two_sides(parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong when a clause between upstream and downstream has not one of each."""
    return [
        Flaw(
            Text("没有唯一的 {r} 方。", "There is not exactly one {r} party.").fill(r=role),
            Text(
                "这种条款要有一个上游和一个下游；多方时在 sections 里为断面写 upstream 和 downstream。",
                "This kind of clause needs one upstream and one downstream party; "
                "with more, give the section its upstream and downstream.",
            ),
        )
        for role in ("upstream", "downstream")
        if party_code(role, parties) is None
    ]


def name_of(code: str, parties: Sequence[Any]) -> Text:
    """Return a party's name; its code when it has none."""
    found = next((p for p in parties if p.code == code), None)
    return found.name if found is not None and found.name.zh and found.name.en else Text(code, code)


def missing_keys(clause: Mapping[str, Any], keys: Sequence[str]) -> list[Flaw]:
    """Return a flaw for each key that a clause needs and does not have, and for indicators without a code.

    A key that stands under `unknown` is open by intent: it is told elsewhere, and the clause is not settled.
    """
    left_open = open_keys(clause)
    absent = [k for k in keys if clause.get(k) in (None, "", [], {}) and k not in left_open]
    if "indicators" in keys and any("code" not in i for i in clause.get("indicators") or []):
        absent.append("indicators.code")
    return [
        Flaw(
            Text("没有 {k}。", "{k} is missing.").fill(k=k),
            Text("写上 {k}；确实不知道的，列在 unknown 下。", "Write {k}; what really is not known is listed under unknown.").fill(
                k=k
            ),
        )
        for k in absent
    ]


def open_keys(clause: Mapping[str, Any]) -> set[str]:
    """Return the keys that are left open in a clause."""
    return {str(u.get("key")) for u in clause.get("unknown") or () if isinstance(u, Mapping)}


def target_flaws(clause: Mapping[str, Any]) -> list[Flaw]:
    """Return what is wrong with how a clause says what counts as met: limits, or a class with the indicators it is judged by."""
    out = []
    if not clause.get("limits") and clause.get("target_class") is None and not {"limits", "target_class"} & open_keys(clause):
        out.append(
            Flaw(
                Text("没有 limits，也没有 target_class。", "There are neither limits nor a target_class."),
                Text("写限值 {tp: 0.05}，或目标类别。", "Write limits such as {tp: 0.05}, or a target class."),
            )
        )
    if clause.get("target_class") is not None:
        out += missing_keys(clause, ("indicators",))
    return out


# ---------------------------------------------------------------- numbers
def to_whole_fen(yuan: Any) -> int:
    """Return a signed amount of yuan (int, Decimal or Fraction) as fen, half-even."""
    fen = Fraction(yuan) * 100
    return half_even(fen.numerator, fen.denominator)


def say(value: Fraction) -> str:
    """Return a fraction as a decimal text for evidence: exact when it ends within twelve places, else rounded and marked `~`."""
    text = plain(value)
    return text if value * 10**12 == round(value * 10**12) else f"~{text}"


def plain(value: Fraction) -> str:
    """Return a fraction as a decimal text that data hold, to twelve places."""
    return f"{Decimal(round(value * 10**12)).scaleb(-12):f}".rstrip("0").rstrip(".")


def short(value: Any) -> str:
    """Return a number as a step shows it: exact when short, else six places and ``≈``; with a true minus sign, as sums have."""
    exact = Fraction(value)
    scaled = exact * 10**6
    whole = round(scaled)
    text = f"{Decimal(whole).scaleb(-6):,f}"
    text = text.rstrip("0").rstrip(".")
    return text if scaled == whole else f"≈{text}"


def _unreadable(station: str, month: str, indicator: str, value: str) -> Fault:
    return Fault(
        "agreements.reading",
        "reading",
        f"{station} {month} {indicator}",
        Text("“{v}”（月份“{m}”）不是浓度。", "'{v}' (month '{m}') is not a concentration.").fill(v=value, m=month),
        Text(
            "写数字、<检出限，或留空表示未取得；月份写 YYYY-MM。",
            "Write a number, <detection limit, or leave it empty when there is none; months as YYYY-MM.",
        ),
    )


def _twice(station: str, month: str, indicator: str, first: str, second: str) -> Fault:
    return Fault(
        "agreements.reading_twice",
        "reading",
        f"{station} {month} {indicator}",
        Text(
            "同一断面、月份和指标有两个值：“{a}”和“{b}”。", "One section, month and indicator has two values: '{a}' and '{b}'."
        ).fill(a=first, b=second),
        Text("只留认定的一个。", "Keep the one that was established."),
    )


def pairs(net: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Return who pays whom so that every net sum is met exactly: each payer's sum over what the payees still lack."""
    lack = {c: n for c, n in net.items() if n > 0}
    out = []
    for payer, owed in ((c, -n) for c, n in net.items() if n < 0):
        for payee, fen in zip(list(lack), apportion(owed, list(lack.values())), strict=True):
            lack[payee] -= fen
            if fen:
                out.append((payer, payee, fen))
    return out
