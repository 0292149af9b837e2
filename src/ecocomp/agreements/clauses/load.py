"""Load: the pollutant load above or below the target (concentration difference times water volume) at a price per tonne."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ecocomp.agreements.indicators import indicator
from ecocomp.agreements.readings import Flaw, Readings, Row, missing_keys, not_settled, pay, say, short, to_whole_fen, two_sides
from ecocomp.agreements.uses import DATA, READING, SETTLEMENT
from ecocomp.registry import Example, Reference, Spec
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_TERMS = {"targets": {"a": 20}, "per_tonne_yuan": {"a": 1000}, "two_way": True}

SPEC = Spec(
    id="load",
    name=Text("污染通量补偿", "pollutant load"),
    summary=Text(
        "断面浓度与目标之差乘水量得污染物通量差，按每吨单价计；超过目标上游付，two_way 时好于目标下游付。",
        "The difference to the target concentration times the water volume is a load, priced by the tonne; above the target "
        "upstream pays, and with two_way downstream pays for what is better.",
    ),
    unit="fen",
    inputs=(READING,),
    outputs=(SETTLEMENT,),
    parameters=DATA,
    formula="amount = SUM over months and indicators of (target - C) [g/m3] * V [m3] / 10^6 * price [yuan/t]",
    holds=Text(
        "每月浓度乘当月水量；任一月缺浓度或水量都不结算。",
        "Each month's concentration times its own volume; a month without one of them is not settled.",
    ),
    references=(Reference("Load-based compensation at sections, common inside provinces", "M", "the form, not any one decree"),),
    examples=(
        Example(
            {"means": {"a": "18", "volume": "1000000"}, "clause": _TERMS},
            {"rows": [["D", "U", 2_400_000]]},
            "2 g/m3 x 12 M m3 = 24 t better x 1000 yuan",
        ),
        Example(
            {"means": {"a": "25", "volume": "1000000"}, "clause": {**_TERMS, "cap_yuan": 50000}},
            {"rows": [["U", "D", 5_000_000]]},
            "60 t worse = 60000 yuan, capped at 50000",
        ),
        Example(
            {"months": {"a": ["18"] * 6 + ["22"] * 6, "volume": ["1000000"] * 12}, "clause": {**_TERMS, "two_way": False}},
            {"rows": [["U", "D", 1_200_000]]},
            "one-way: only the 12 t above the target count",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {"targets": {"*": "number"}, "per_tonne_yuan": {"*": "yuan"}, "two_way": "truth", "cap_yuan": "yuan"}
NEEDS = ("section", "targets", "per_tonne_yuan")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return one row in the direction of the sum of all months and indicators."""
    section, missing, parts, steps = str(clause["section"]), [], {}, []
    total = Fraction(0)
    for code, target in clause["targets"].items():
        tonnes, gone = _tonnes(clause, readings, year, section, code, Fraction(target))
        missing += gone
        price = Fraction(clause["per_tonne_yuan"][code])
        total += tonnes * price
        parts[code] = say(tonnes)
        steps.append(
            Text(
                "{c}：比目标 {g} 少 {t} 吨 × {p} 元 = {x} 元（负数为超）。",
                "{c}: {t} t below the target {g} × {p} yuan = {x} yuan (negative: above).",
            ).fill(c=indicator(code).name, g=short(target), t=short(tonnes), p=short(price), x=short(tonnes * price))
        )
    if missing:
        return [not_settled(missing)]
    cap = clause.get("cap_yuan")
    held = total if cap is None else max(-Fraction(cap), min(Fraction(cap), total))
    if held != total:
        steps.append(Text("合计 {t} 元，封顶 {h} 元。", "{t} yuan in all, capped at {h} yuan.").fill(t=short(total), h=short(held)))
    return pay(
        "downstream", "upstream", to_whole_fen(held), parties, {"state": "settled", "tonnes": parts, "sum_yuan": say(total)}, steps
    )


def _tonnes(
    clause: Mapping[str, Any], readings: Readings, year: int, section: str, code: str, target: Fraction
) -> tuple[Fraction, list[str]]:
    """Return the tonnes below the target over the year; one-way, months below it count nothing."""
    left, _ = readings.left_out(section, [code, "volume"], year, clause)
    total, missing = Fraction(0), []
    for month in readings.months(clause, year):
        value, volume = (readings.at(section, c, month, clause) for c in (code, "volume"))
        if value is None or volume is None:
            missing += (
                [] if month in left else [f"{section} {c} {month}" for c, x in ((code, value), ("volume", volume)) if x is None]
            )
            continue
        tonnes = (target - value) * volume / 10**6
        total += tonnes if clause.get("two_way") else min(tonnes, Fraction(0))
    return total, missing


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = [*missing_keys(clause, NEEDS), *two_sides(parties)]
    unpriced = [c for c in clause.get("targets") or {} if c not in (clause.get("per_tonne_yuan") or {})]
    if unpriced and clause.get("per_tonne_yuan"):
        out.append(
            Flaw(
                Text("{c} 有目标，没有单价。", "{c} has a target and no price.").fill(c=", ".join(unpriced)),
                Text("在 per_tonne_yuan 里写上。", "Write it in per_tonne_yuan."),
                ("targets",),
            )
        )
    return out
