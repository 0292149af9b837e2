"""The parts rules are made of, each for one parcel (`of`) and for many at once (`on`).

A part is protection cost, opportunity cost, service value or regional economy. Most depend on few attributes of the
land (`ByKind`) and are computed once for each combination; those that depend on every parcel's own numbers have a
column form that rounds exactly as the form for one parcel does. Texts of steps are made only when asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import lcm
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters, RuleValue
from ecocomp.standard.exact import Ints, add, clip, narrowed, parts_of, ratio, whole
from ecocomp.standard.land import (
    NOT_ASSESSED,
    Land,
    Part,
    Parts,
    Region,
    certain,
    development_level,
    money_per_ha,
    not_negative,
    number_per_ha,
    per_mu,
    restriction_degree,
    row_of,
    say,
    worth_per_ha,
)
from ecocomp.standard.lands import Lands
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

Words = str | tuple[Sequence[str], Ints] | Callable[[], pa.Array]
"""Text of every row: the same for all, one of a few by number, or made when asked for."""

MOST_YEARS = 200


@dataclass(frozen=True)
class PartColumn:
    """One part of many parcels: fen, low and high (fen/ha/a), and the texts of its step."""

    fen: Ints
    low: Ints
    high: Ints
    inputs: Words
    parameters: Words


PartColumns = tuple[PartColumn, PartColumn, PartColumn, PartColumn]


class Block(Protocol):
    """Something that gives one part."""

    def of(self, land: Land) -> Part: ...
    def on(self, lands: Lands) -> PartColumn: ...


@dataclass(frozen=True)
class Sum:
    """A rule whose four parts do not depend on each other."""

    protection: Block
    opportunity: Block
    value: Block
    regional: Block

    def __call__(self, land: Land) -> Parts:
        """Return the four parts of one parcel."""
        return self.protection.of(land), self.opportunity.of(land), self.value.of(land), self.regional.of(land)

    def on(self, lands: Lands) -> PartColumns:
        """Return the four parts of many parcels."""
        return self.protection.on(lands), self.opportunity.on(lands), self.value.on(lands), self.regional.on(lands)


class ByKind:
    """A part that depends on few attributes of the land, computed once for each combination that occurs."""

    def __init__(self, names: tuple[str, ...], make: Callable[..., Part]) -> None:
        self.names, self._make = names, cache(make)

    def of(self, land: Land) -> Part:
        """Return the part of one parcel."""
        return self._make(*(getattr(land, n) for n in self.names))

    def on(self, lands: Lands) -> PartColumn:
        """Return the part of many parcels."""
        kinds, inverse = lands.kinds(*self.names)
        parts = [self._make(*k) for k in kinds]
        fen, low, high = (whole([getattr(p, n) for p in parts])[inverse] for n in ("fen", "low", "high"))
        return PartColumn(fen, low, high, ([p.inputs for p in parts], inverse), ([p.parameters for p in parts], inverse))


def nothing() -> ByKind:
    """Return the part a rule does not have: zero."""
    empty = certain(0, say(), "")
    return ByKind((), lambda: empty)


def to_fen(amount: Fraction) -> int:
    """Return an exact amount as whole fen, half-even."""
    return half_even(amount.numerator, amount.denominator)


# ---------------------------------------------------------------- texts
@dataclass(frozen=True)
class Raw:
    """A column of texts that are JSON already."""

    text: pa.Array


def strings(words: Words, size: int) -> pa.Array:
    """Return the text of every row."""
    if isinstance(words, str):
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int32)), pa.array([words], pa.string())).cast(pa.string())
    if isinstance(words, tuple):
        return pa.array(list(words[0]), pa.string()).take(pa.array(words[1]))
    return words()


def json_column(size: int, **columns: Any) -> pa.Array:
    """Return, row by row, what `land.say` says of the same numbers.

    A column is a single value, whole numbers (numpy), texts (Arrow), JSON (`Raw`), or (values, number of each row's value).
    """
    pieces: list[Any] = []
    text = "{"
    for name in sorted(columns):
        text += f"{json.dumps(name)}:"
        value = columns[name]
        if isinstance(value, np.ndarray | pa.Array | tuple | Raw):
            pieces += [pa.scalar(text), _json_values(value)]
            text = ","
        else:
            text += _dumped(value) + ","
    text = text.removesuffix(",") + "}"
    if not pieces:
        return strings(text, size)
    return pc.binary_join_element_wise(*pieces, pa.scalar(text), "")


def _json_values(value: Any) -> pa.Array:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, tuple):
        return pa.array([_dumped(v) for v in value[0]], pa.string()).take(pa.array(value[1]))
    if isinstance(value, np.ndarray):
        return as_text(value)
    if pc.any(pc.match_substring_regex(value, r'[\x00-\x1f"\\\x7f]')).as_py():
        return pa.array([_dumped(v) for v in value.to_pylist()], pa.string())
    return pc.binary_join_element_wise(pa.scalar('"'), value, pa.scalar('"'), "")


def as_text(column: Ints) -> pa.Array:
    """Return whole numbers as text."""
    if column.dtype == object:
        return pa.array([str(v) for v in column.tolist()], pa.string())
    return pa.array(column).cast(pa.string())


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


# ---------------------------------------------------------------- protection cost
def protection(params: Parameters) -> ByKind:
    """Return the protection cost: amount of the group × factor of the zone, and the yearly part of capital spent before.

    `standard.past_capital` (CNY/ha by group), `.rate` and `.years` are optional; where they are given, what was
    planted or built before is paid off in equal yearly amounts and added.
    """

    def make(group: str, zone: str) -> Part:
        key, zone_key = "standard.protection_cost", "standard.protection_zone_factor"
        cost, factor = row_of(params, key, group), row_of(params, zone_key, zone)
        amount = money_per_ha(params.get(key), cost) * Fraction(factor)
        numbers: dict[str, object] = {
            "cost": cost,
            "ecosystem_group": group,
            "function_zone": zone,
            "zone_factor": factor,
            **per_mu(params.get(key)),
        }
        keys = [key, zone_key]
        if params.has("standard.past_capital"):
            capital = row_of(params, "standard.past_capital", group)
            rate, years = annuity_terms(params, "standard.past_capital")
            yearly = capital_per_ha(params.get("standard.past_capital"), capital) * annuity_factor(rate, years)
            amount += yearly
            numbers |= {"capital": capital, "rate": rate, "years": years, "annuity_fen": to_fen(yearly)}
            keys += ["standard.past_capital", "standard.past_capital.rate", "standard.past_capital.years"]
        return certain(to_fen(amount), say(**numbers), " ".join(keys))

    return ByKind(("group", "function_zone"), make)


def annuity_terms(params: Parameters, key: str) -> tuple[Decimal, int]:
    """Return the yearly rate and the number of years under `key`.rate and `key`.years; refuses what gives no annuity."""
    rate, years = params.decimal(f"{key}.rate"), params.decimal(f"{key}.years")
    if rate < 0 or years != int(years) or not 1 <= years <= MOST_YEARS:
        held = params.get(f"{key}.years")
        raise _fault(
            "standard.annuity",
            held,
            Text("利率 {r}、年数 {n} 算不出年金。", "A rate of {r} over {n} years gives no annuity.").fill(r=rate, n=years),
            Text("利率不小于 0，年数为 1 至 {m} 的整数。", "The rate is at least 0, the years a whole number from 1 to {m}.").fill(
                m=MOST_YEARS
            ),
        )
    return rate, int(years)


def annuity_factor(rate: Decimal, years: int) -> Fraction:
    """Return i(1+i)^n/((1+i)^n − 1), the yearly share of a capital that pays it off; 1/n where i is 0.

    >>> float(annuity_factor(Decimal("0.06"), 10))
    0.13586795822038
    """
    if rate == 0:
        return Fraction(1, years)
    grown = (1 + Fraction(rate)) ** years
    return Fraction(rate) * grown / (grown - 1)


def capital_per_ha(held: RuleValue, value: Decimal) -> Fraction:
    """Return a one-time amount of a rule as fen per hectare; its unit is CNY per hectare or per mu."""
    per = {"CNY/ha": 1, "CNY/mu": 15}
    if held.unit not in per:
        raise _fault(
            "standard.unit",
            held,
            Text("{k} 的单位是 {u}。", "{k} is in {u}.").fill(k=held.key, u=held.unit),
            Text("写成 CNY/ha 或 CNY/mu。", "State it in CNY/ha or CNY/mu."),
        )
    return Fraction(value) * 100 * per[held.unit]


# ---------------------------------------------------------------- opportunity cost
class Opportunity:
    """What the land could have earned × how far its zones forbid that.

    What it could have earned, by `standard.opportunity.method`: ``table`` (the default), an amount for each group
    (`standard.opportunity_cost`); ``best_use``, the highest of the uses of a group (`standard.opportunity.uses`, keyed
    group.use); ``income_gap``, (reference income − income here) × people / area.
    """

    def __init__(self, params: Parameters, economy: Region) -> None:
        self._params, self._economy = params, economy
        self._earned = cache(self._earned_by)
        self._weights = [f"standard.restriction.{k}" for k in ("red_line", "reserve", "outside")]
        for key in self._weights:
            not_negative(params.get(key), params.decimal(key))
        self._whole = cache(self._part)

    def of(self, land: Land) -> Part:
        """Return the part of one parcel."""
        return self._whole(land.group, land.red_line_ppm, land.reserve_ppm)

    def _part(self, group: str, red_line_ppm: int, reserve_ppm: int) -> Part:
        earned, numbers, keys = self._earned(group)
        red, reserve, outside = (self._params.decimal(k) for k in self._weights)
        degree = restriction_degree(red_line_ppm, reserve_ppm, red, reserve, outside)
        inputs = say(**numbers, red_line_ppm=red_line_ppm, reserve_ppm=reserve_ppm, red_line=red, reserve=reserve, outside=outside)
        return certain(to_fen(earned * degree), inputs, " ".join([*keys, *self._weights]))

    def on(self, lands: Lands) -> PartColumn:
        """Return the part of many parcels."""
        kinds, inverse = lands.kinds("group")
        found = [self._earned(*k) for k in kinds]
        red, reserve, outside = (self._params.decimal(k) for k in self._weights)
        weights = [Fraction(w) for w in (red, reserve, outside)]
        common = lcm(*(w.denominator for w in weights))
        scaled = [w.numerator * (common // w.denominator) for w in weights]
        inside = np.minimum(lands.red_line_ppm, PPM)
        kept = np.minimum(lands.reserve_ppm, PPM - inside)
        num, den = parts_of([f[0] for f in found], inverse) if found else (whole([])[inverse], whole([])[inverse])
        shares = (inside, kept, PPM - inside - kept)
        fen = ratio([[num, s, w] for s, w in zip(shares, scaled, strict=True)], [den, common, PPM], len(lands))

        def inputs() -> pa.Array:
            names = sorted({n for _, numbers, _ in found for n in numbers})
            columns = {n: ([f[1][n] for f in found], inverse) for n in names}
            return json_column(
                len(lands),
                **columns,
                red_line_ppm=lands.red_line_ppm,
                reserve_ppm=lands.reserve_ppm,
                red_line=red,
                reserve=reserve,
                outside=outside,
            )

        return PartColumn(fen, fen, fen, inputs, ([" ".join([*f[2], *self._weights]) for f in found], inverse))

    def _earned_by(self, group: str) -> tuple[Fraction, dict[str, object], list[str]]:
        """Return fen per hectare of fully restricted land, the numbers put in and the keys used."""
        params = self._params
        method = params.text("standard.opportunity.method") if params.has("standard.opportunity.method") else "table"
        if method == "table":
            key = "standard.opportunity_cost"
            cost = row_of(params, key, group)
            held = params.get(key)
            return money_per_ha(held, cost), {"cost": cost, "ecosystem_group": group, **per_mu(held)}, [key]
        makers = {"best_use": self._best_use, "income_gap": self._income_gap}
        if method not in makers:
            held = params.get("standard.opportunity.method")
            raise _fault(
                "standard.method",
                held,
                Text("机会成本的算法是 {m}。", "The method of opportunity cost is {m}.").fill(m=method),
                Text("可用：table、best_use、income_gap。", "It is one of table, best_use, income_gap."),
            )
        earned, numbers, keys = makers[method](group)
        return earned, numbers, ["standard.opportunity.method", *keys]

    def _best_use(self, group: str) -> tuple[Fraction, dict[str, object], list[str]]:
        key = "standard.opportunity.uses"
        uses = {c.partition(".")[2]: v for c, v in self._params.table(key).items() if c.partition(".")[0] == group}
        if not uses:
            row_of(self._params, key, f"{group}.*")
        use, cost = max(uses.items(), key=lambda u: (u[1], u[0]))
        held = self._params.get(key)
        numbers = {"form": "best_use", "cost": cost, "use": use, "uses": len(uses), "ecosystem_group": group, **per_mu(held)}
        return money_per_ha(held, max(cost, Decimal(0))), numbers, [key]

    def _income_gap(self, group: str) -> tuple[Fraction, dict[str, object], list[str]]:
        names = ("income_reference", "population", "area_ha")
        keys = [f"standard.opportunity.{n}" for n in names]
        income, people, area = (self._params.decimal(k) for k in keys)
        if area <= 0:
            raise not_positive(self._params.get(keys[2]))
        here = self._economy.income_fen_per_head
        gap = max(Fraction(income) * 100 - here, Fraction(0))
        numbers: dict[str, object] = {
            "form": "income_gap",
            "income_reference": income,
            "income_fen_per_head": here,
            "population": people,
            "area_ha": area,
            "ecosystem_group": group,
        }
        return gap * Fraction(people) / Fraction(area), numbers, keys


# ---------------------------------------------------------------- value of the services
@dataclass(frozen=True)
class Taken:
    """How a kind of land's service value enters: what stood before is left out, a share is taken, then it is bounded.

    baseline  fen/ha/a that the land gives without protection and nobody pays for
    share     share of the rest
    cap       fen/ha/a, None is open
    numbers   what the step says of them
    """

    baseline: Fraction
    share: Fraction
    cap: int | None
    numbers: dict[str, object]


class Value:
    """A share of the worth of a parcel's services per hectare, by kinds of land; never below zero."""

    def __init__(self, names: tuple[str, ...], taken: Callable[..., Taken], keys: str) -> None:
        self.names, self._taken, self._keys = names, cache(taken), keys

    def of(self, land: Land, *costs: Part) -> Part:
        """Return the part of one parcel; with costs, what the value adds above them."""
        taken = self._taken(*(getattr(land, n) for n in self.names))
        lower = {"lower_fen_per_ha": sum(c.fen for c in costs)} if costs else {}
        if land.worth is None:
            return certain(0, say(service_value=NOT_ASSESSED, **lower), self._keys)

        def fen(worth: int) -> int:
            amount = to_fen(max((worth_per_ha(worth, land.area_dm2) - taken.baseline) * taken.share, Fraction(0)))
            return amount if taken.cap is None else min(amount, taken.cap)

        worth = land.worth
        inputs = say(
            service_value_fen=worth.value_fen,
            low_fen=worth.low_fen,
            high_fen=worth.high_fen,
            services=worth.services,
            area_dm2=land.area_dm2,
            **taken.numbers,
            **lower,
        )
        ends = {"fen": fen(worth.value_fen), "low": fen(worth.low_fen), "high": fen(worth.high_fen)}
        if costs:
            ends = {n: max(v - sum(getattr(c, n) for c in costs), 0) for n, v in ends.items()}
        return Part(ends["fen"], ends["low"], ends["high"], inputs, self._keys)

    def on(self, lands: Lands, *costs: PartColumn) -> PartColumn:
        """Return the part of many parcels."""
        kinds, inverse = lands.kinds(*self.names)
        taken = [self._taken(*k) for k in kinds]
        ends = [self._fen(lands, worth, taken, inverse) for worth in (lands.value_fen, lands.low_fen, lands.high_fen)]
        lower = {"lower_fen_per_ha": total(costs, "fen")} if costs else {}
        if costs:
            under = [total(costs, n) for n in ("fen", "low", "high")]
            ends = [narrowed(np.maximum(add(e, -u), 0)) for e, u in zip(ends, under, strict=True)]
        return PartColumn(ends[0], ends[1], ends[2], lambda: self._inputs(lands, taken, inverse, lower), self._keys)

    def _fen(self, lands: Lands, worth: Ints, taken: list[Taken], inverse: Ints) -> Ints:
        base_num, base_den = parts_of([t.baseline for t in taken], inverse)
        num, den = parts_of([t.share for t in taken], inverse)
        terms: list[list[Ints | int]] = [[worth, DM2_PER_HA, num]]
        dens: list[Ints | int] = [lands.area_dm2, den]
        if any(t.baseline for t in taken):
            terms = [[worth, DM2_PER_HA, num, base_den], [lands.area_dm2, num, base_num, -1]]
            dens.append(base_den)
        fen = np.where(lands.assessed, np.maximum(ratio(terms, dens, len(lands)), 0), 0)
        if not taken or all(t.cap is None for t in taken):
            return fen
        caps = whole([_NO_CAP if t.cap is None else t.cap for t in taken])[inverse]
        return narrowed(clip(fen, None, caps))

    def _inputs(self, lands: Lands, taken: list[Taken], inverse: Ints, lower: dict[str, Ints]) -> pa.Array:
        names = sorted({n for t in taken for n in t.numbers})
        made = json_column(
            len(lands),
            service_value_fen=lands.value_fen,
            low_fen=lands.low_fen,
            high_fen=lands.high_fen,
            services=pc.fill_null(lands.services, ""),
            area_dm2=lands.area_dm2,
            **{n: ([t.numbers[n] for t in taken], inverse) for n in names},
            **lower,
        )
        unseen = json_column(len(lands), service_value=NOT_ASSESSED, **lower)
        return pc.if_else(pa.array(lands.assessed), made, unseen)


_NO_CAP = 2**62


def graded_share(params: Parameters) -> Value:
    """Return the composite rule's value part: share of the zone × coefficient of the grade, both capped."""
    cap_share = params.decimal("standard.value_cap_share")
    cap = to_fen(number_per_ha(params, "standard.value_cap")) if params.has("standard.value_cap") else None
    keys = [f"standard.{k}" for k in ("value_share", "value_grade_coefficient", "value_cap_share")]
    keys += ["standard.value_cap"] if cap is not None else []

    def taken(zone: str, grade: int) -> Taken:
        share = row_of(params, "standard.value_share", zone)
        coefficient = row_of(params, "standard.value_grade_coefficient", str(grade))
        numbers = {"share": share, "grade": grade, "grade_coefficient": coefficient, "cap_share": cap_share}
        numbers |= {"cap_fen_per_ha": cap}
        return Taken(Fraction(0), min(Fraction(share) * Fraction(coefficient), Fraction(cap_share)), cap, numbers)

    return Value(("function_zone", "grade"), taken, " ".join(keys))


def developed_value(params: Parameters, economy: Region, *, form: str, factor: str | None = None, cap: str | None = None) -> Value:
    """Return value × development coefficient L (× a factor of the zone): min((ESV − what stood before)·L·k, cap).

    factor  key of a table of factors by zone, used where a place has it
    cap     key of an amount per hectare, used where a place has it
    """
    level, spoken, keys = development(params, economy)
    baseline = "standard.baseline_value"
    if params.has(baseline):
        keys.append(baseline)
    factor = factor if factor is not None and params.has(factor) else None
    cap = cap if cap is not None and params.has(cap) else None
    keys += [k for k in (factor, cap) if k is not None]
    most = None if cap is None else to_fen(number_per_ha(params, cap))
    if most is not None and most < 0:
        raise not_positive(params.get(str(cap)))

    def taken(group: str, zone: str) -> Taken:
        numbers: dict[str, object] = {"form": form, "affordable_fen_per_ha": most, "factor": "1", "function_zone": zone, **spoken}
        before, k = Fraction(0), Fraction(1)
        numbers["baseline"] = "0"
        if params.has(baseline):
            row = row_of(params, baseline, group)
            before, numbers["baseline"] = money_per_ha(params.get(baseline), row), row
        if factor is not None:
            row = row_of(params, factor, zone)
            k, numbers["factor"] = Fraction(row), row
        return Taken(before, level * k, most, numbers)

    return Value(("group", "function_zone"), taken, " ".join(keys))


def development(params: Parameters, economy: Region) -> tuple[Fraction, dict[str, object], list[str]]:
    """Return L = 1/(1 + e^−t), t = 1/En − 3, the numbers put in and the keys used.

    En is that of the economy table, or En_urban·φ + En_rural·(1 − φ) where `standard.engel.urban` and its fellows are
    given. `standard.development.t` may say ``inverse``; ``engel`` (t = En, as one paper prints) is refused.
    """
    keys: list[str] = []
    if params.has("standard.development.t"):
        keys.append("standard.development.t")
        _refuse_wrong_stage(params)
    engel = economy.engel_ppm
    if params.has("standard.engel.urban"):
        names = [f"standard.engel.{n}" for n in ("urban", "rural", "urban_share")]
        urban, rural, share = (Fraction(params.decimal(n)) for n in names)
        engel = to_fen((urban * share + rural * (1 - share)) * PPM)
        keys += names
    level = development_level(engel)
    numbers: dict[str, object] = {"level": level, "engel_ppm": engel, "region": economy.region_code, "economy_year": economy.year}
    return Fraction(level), numbers, keys


def _refuse_wrong_stage(params: Parameters) -> None:
    form = params.text("standard.development.t")
    if form == "inverse":
        return
    raise _fault(
        "standard.development",
        params.get("standard.development.t"),
        Text(
            "t 的取法是 {f}；直接取 t = En 时，恩格尔系数越高（越穷）发展系数反而越高。",
            "t is taken as {f}; with t = En the coefficient rises with the Engel coefficient: poorer places would count as richer.",
        ).fill(f=form),
        Text("写 inverse，即 t = 1/En − 3。", "Write inverse, that is t = 1/En − 3."),
    )


# ---------------------------------------------------------------- regional economy
def regional(params: Parameters, economy: Region) -> ByKind:
    """Return the composite rule's regional part: a base × development here by reference × income of reference by here."""
    names = ("engel_reference", "income_reference", "income_factor_low", "income_factor_high")
    keys = [f"standard.regional.{k}" for k in names]
    engel, income, low, high = (params.decimal(k) for k in keys)
    level, reference = development_level(economy.engel_ppm), development_level(int(engel * 1_000_000))
    # A poorer region gets the larger factor: it can spare less for protection that others enjoy.
    factor = min(max(Fraction(income) * 100 / max(economy.income_fen_per_head, 1), Fraction(low)), Fraction(high))
    fen = to_fen(number_per_ha(params, "standard.regional_base") * Fraction(level) / Fraction(reference) * factor)
    inputs = say(
        base=params.decimal("standard.regional_base"),
        region=economy.region_code,
        economy_year=economy.year,
        engel_ppm=economy.engel_ppm,
        level=level,
        engel_reference=engel,
        level_reference=reference,
        income_fen_per_head=economy.income_fen_per_head,
        income_reference=income,
        factor_low=low,
        factor_high=high,
        **per_mu(params.get("standard.regional_base")),
    )
    part = certain(fen, inputs, " ".join(["standard.regional_base", *keys]))
    return ByKind((), lambda: part)


# ---------------------------------------------------------------- helpers of rules
def scaled(fen: Ints, num: Ints, den: Ints) -> Ints:
    """Return amounts × num/den, each rounded half-even."""
    return ratio([[fen, num]], [den], len(fen))


def total(parts: Sequence[PartColumn], name: str) -> Ints:
    """Return the sum of fen, low or high of parts."""
    return add(*(getattr(p, name) for p in parts))


def joined(words: Words, more: str, size: int) -> Words:
    """Return the texts with a word added after each."""
    if isinstance(words, str):
        return f"{words} {more}"
    if isinstance(words, tuple):
        return [f"{w} {more}" for w in words[0]], words[1]
    return lambda: pc.binary_join_element_wise(strings(words, size), pa.scalar(more), " ")


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """Return base^exponent with ten places, the same on every machine; 0 where base is not positive."""
    if base <= 0:
        return Decimal(0)
    with localcontext() as context:
        context.prec = 34
        return (base**exponent).quantize(Decimal("1e-10"))


def not_positive(held: RuleValue) -> FaultsError:
    """Return the fault of a value that must be above zero."""
    return _fault(
        "standard.not_positive",
        held,
        Text("{k} 是 {v}。", "{k} is {v}.").fill(k=held.key, v=held.value),
        Text("它应大于零；核对规则文件。", "It must be above zero; check the rule file."),
    )


def _fault(code: str, held: RuleValue, clash: Text, remedy: Text) -> FaultsError:
    return FaultsError([Fault(code, held.file, f"line {held.line}", clash, remedy)])
