"""Quantity: water delivered against a base volume (a given one, or the mean inflow since a year); more water, more reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ecocomp.agreements.readings import (
    Flaw,
    Readings,
    Row,
    missing_keys,
    not_settled,
    open_keys,
    pay,
    say,
    short,
    to_whole_fen,
    two_sides,
)
from ecocomp.agreements.uses import NEEDED, SETTLEMENT
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_TERMS = {"base_volume_m3": 1_000_000, "per_10k_m3_yuan": 50, "more_cap_yuan": 4000, "less_cap_yuan": 1000}

SPEC = Spec(
    id="quantity",
    name=Text("水量补偿", "quantity"),
    summary=Text(
        "来水量比基准水量（给定，或某年以来的平均）每多一万立方米下游付一份，每少一万立方米上游付一份；也可按来水量付单价。",
        "For each 10,000 m3 delivered above the base (given, or the mean since a year) downstream pays a sum, for each below "
        "upstream pays it; or each 10,000 m3 delivered has a price.",
    ),
    unit="fen",
    inputs=(Use("reading", "m3", Text("断面各月水量（指标 volume）", "monthly volume at the section (indicator volume)")),),
    outputs=(SETTLEMENT,),
    parameters=(NEEDED,),
    formula="amount = clamp(per_10k_m3 * (V - V0) / 10^4, -less_cap, +more_cap) + delivered_per_10k_m3 * V / 10^4",
    holds=Text(
        "年水量是十二个月之和，缺一个月就不结算；base_from 是均值的起始年，到结算年的上一年止。",
        "The year's volume is the sum of twelve months, none missing; "
        "base_from is the first year of the mean, which ends the year before.",
    ),
    references=(
        Reference("Chaobai agreement (Hebei-Beijing): quantity against the mean inflow since 2000, more water more reward", "v"),
    ),
    examples=(
        Example({"means": {"volume": "100000"}, "clause": _TERMS}, {"rows": [["D", "U", 100000]]}, "1.2 M m3: 20 x 50 yuan"),
        Example(
            {"means": {"volume": "50000"}, "clause": _TERMS},
            {"rows": [["U", "D", 100000]]},
            "0.6 M m3: 40 x 50 = 2000, capped at 1000",
        ),
        Example(
            {"means": {"volume": "100000"}, "clause": {"delivered_per_10k_m3_yuan": "0.42"}},
            {"rows": [["D", "U", 5040]]},
            "120 x 0.42 yuan",
        ),
        Example(
            {"means": {"volume": "100000"}, "previous": {"volume": "90000"}, "clause": {"base_from": 2021, "per_10k_m3_yuan": 50}},
            {"rows": [["D", "U", 60000]]},
            "base 1.08 M m3 (mean since 2021): 12 x 50",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {
    "base_volume_m3": "number",
    "base_from": "whole",
    "per_10k_m3_yuan": "yuan",
    "less_per_10k_m3_yuan": "yuan",
    "more_cap_yuan": "yuan",
    "less_cap_yuan": "yuan",
    "delivered_per_10k_m3_yuan": "yuan",
}
NEEDS = ("section",)


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return one row in the direction of the sum."""
    section = str(clause["section"])
    now = readings.annual_mean(section, "volume", year, clause)
    if now.value is None:
        return [not_settled(now.missing)]
    steps = [Text("{s} {y} 年水量 {v} 立方米。", "{s}: {v} m3 in {y}.").fill(s=section, y=year, v=short(now.value))]
    evidence: dict[str, Any] = {"state": "settled", "volume_m3": say(now.value)}
    total = Fraction(0)
    if clause.get("per_10k_m3_yuan") is not None:
        base, missing = _base(clause, readings, year)
        if base is None:
            return [not_settled(missing, volume_m3=say(now.value))]
        more = (now.value - base) / 10_000
        less = clause.get("less_per_10k_m3_yuan")
        price = Fraction(clause["per_10k_m3_yuan"] if more >= 0 or less is None else less)
        change = more * price
        for key, sign in (("more_cap_yuan", 1), ("less_cap_yuan", -1)):
            if clause.get(key) is not None:
                change = min(change, Fraction(clause[key])) if sign > 0 else max(change, -Fraction(clause[key]))
        total += change
        evidence |= {"base_m3": say(base), "change_yuan": say(change)}
        steps.append(
            Text(
                "基准 {b} 立方米，相差 {m} 万立方米 × {p} 元 = {f} 元，封顶后 {c} 元。",
                "Base {b} m3; {m} × 10,000 m3 × {p} yuan = {f} yuan, within the caps {c} yuan.",
            ).fill(b=short(base), m=short(more), p=short(price), f=short(more * price), c=short(change))
        )
    if clause.get("delivered_per_10k_m3_yuan") is not None:
        price = Fraction(clause["delivered_per_10k_m3_yuan"])
        part = now.value / 10_000 * price
        total += part
        evidence["delivered_yuan"] = say(part)
        steps.append(
            Text("来水 {v} 万立方米 × {p} 元 = {t} 元。", "Delivered {v} × 10,000 m3 × {p} yuan = {t} yuan.").fill(
                v=short(now.value / 10_000), p=short(price), t=short(part)
            )
        )
    return pay("downstream", "upstream", to_whole_fen(total), parties, evidence, steps)


def _base(clause: Mapping[str, Any], readings: Readings, year: int) -> tuple[Fraction | None, tuple[str, ...]]:
    if clause.get("base_volume_m3") is not None:
        return Fraction(clause["base_volume_m3"]), ()
    years = (
        [int(y) for y in clause["base_years"]] if clause.get("base_from") is None else list(range(int(clause["base_from"]), year))
    )
    means = [readings.annual_mean(str(clause["section"]), "volume", y, clause) for y in years]
    missing = tuple(m for x in means if x.value is None for m in x.missing)
    known = [x.value for x in means if x.value is not None]
    if missing or not known:
        return None, missing or (f"{clause['section']} volume {clause.get('base_from')}",)
    return sum(known, Fraction(0)) / len(known), ()


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = [*missing_keys(clause, NEEDS), *two_sides(parties)]
    left_open = open_keys(clause)
    prices = ("per_10k_m3_yuan", "delivered_per_10k_m3_yuan")
    if all(clause.get(k) is None for k in prices) and not left_open & set(prices):
        out.append(
            Flaw(
                Text("没有单价。", "There is no price."),
                Text("写 per_10k_m3_yuan 或 delivered_per_10k_m3_yuan。", "Write per_10k_m3_yuan or delivered_per_10k_m3_yuan."),
            )
        )
    bases = ("base_volume_m3", "base_from", "base_years")
    if clause.get("per_10k_m3_yuan") is not None and all(clause.get(k) in (None, []) for k in bases) and not left_open & set(bases):
        out.append(
            Flaw(
                Text("没有基准水量。", "There is no base volume."),
                Text("写 base_volume_m3、base_from 或 base_years。", "Write base_volume_m3, base_from or base_years."),
            )
        )
    return out
