"""Class and change, the form of the Yellow River agreement of Henan and Shandong: a sum per class, a capped sum for change."""

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
    pay,
    say,
    short,
    to_whole_fen,
    two_sides,
    worst_class,
)
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_TERMS = {
    "target_class": 3,
    "per_class_yuan": 60_000_000,
    "per_point_yuan": 1_000_000,
    "change_cap_yuan": 40_000_000,
    "class_limits": {"a": [1, 2, 3, 4, 5]},
}

SPEC = Spec(
    id="class_and_change",
    name=Text("类别基本补偿加变化补偿", "class and change"),
    summary=Text(
        "年均水质每好于目标一类由下游付一份、每差一类由上游付一份，另按污染指数比上年的升降付变化补偿，变化部分有上限。",
        "For each class better than the target downstream pays a sum, for each class worse upstream pays it; "
        "a capped part follows the index's change on the previous year.",
    ),
    unit="fen",
    inputs=(Use("reading", "mg/L", Text("断面各月浓度，本年与上年", "monthly concentrations of this and the previous year")),),
    outputs=(Use("settlement", "fen", Text("付款方、收款方、金额", "payer, payee, amount")),),
    parameters=(
        Use("agreements.censored_factor", "1", Text("低于检出限的取值倍数", "what a value under the detection limit counts as")),
        Use("agreements.months_needed", "months", Text("一年至少可用月数", "usable months a year needs")),
        Use("agreements.class_limits.*", "mg/L", Text("各类上限", "upper limits of the classes"), optional=True),
    ),
    formula="total = per_class * (target - class) + clamp(per_point * 100 * (1 - SUM w_i C_i / C_i,prev), -cap, +cap)",
    holds=Text(
        "类别取年均值最差指标；指数为上年的百分比（本项目的读法）。",
        "The class is that of the worst annual mean; the index is a percentage of the previous year (our reading).",
    ),
    references=(
        Reference("Henan-Shandong Yellow River agreement, round 1 (2021-2022), section Liuzhuang", "V"),
        Reference("Index as percent of the previous year", "D", "the exact definition was not published in the sources read"),
    ),
    examples=(
        Example(
            {"means": {"a": "3"}, "previous": {"a": "3"}, "clause": _TERMS},
            {"rows": [["D", "U", 0]]},
            "YR-1: class III, index unchanged: 0",
        ),
        Example(
            {"means": {"a": "1.88"}, "previous": {"a": "2"}, "clause": _TERMS},
            {"rows": [["D", "U", 6_600_000_000]]},
            "YR-2: class II, index -6 points: 6600 wan",
        ),
        Example(
            {"means": {"a": "3.6"}, "previous": {"a": "2.4"}, "clause": _TERMS},
            {"rows": [["U", "D", 10_000_000_000]]},
            "YR-3: class IV, index +50 points: -10000 wan",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {
    "target_class": "whole",
    "per_class_yuan": "yuan",
    "per_point_yuan": "yuan",
    "change_cap_yuan": "yuan",
    "class_limits": {"*": ["number"]},
}

NEEDS = ("section", "indicators", "target_class", "per_class_yuan", "per_point_yuan", "change_cap_yuan")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return one row in the direction of the total, or a row of zero yuan downstream to upstream when it is nil."""
    grade, classes, missing = worst_class(clause, readings, year, params)
    index = readings.index(clause, year, base_year=year - 1)
    if grade is None or index.value is None:
        return [not_settled([*missing, *index.missing], classes=classes)]
    basic = Fraction(clause["per_class_yuan"]) * (int(clause["target_class"]) - grade)
    cap = Fraction(clause["change_cap_yuan"])
    free = Fraction(clause["per_point_yuan"]) * 100 * (1 - index.value)
    change = max(-cap, min(cap, free))
    evidence = {
        "state": "settled",
        "class": grade,
        "classes": classes,
        "index": say(index.value),
        "basic_yuan": say(basic),
        "change_yuan": say(change),
        "indicators": dict(index.parts),
    }
    return pay(
        "downstream",
        "upstream",
        to_whole_fen(basic + change),
        parties,
        evidence,
        _steps(clause, grade, classes, index, free, change),
    )


def _steps(
    clause: Mapping[str, Any], grade: int, classes: Mapping[str, int], index: Any, free: Fraction, change: Fraction
) -> list[Text]:
    per, target = Fraction(clause["per_class_yuan"]), int(clause["target_class"])
    said = ", ".join(f"{c} {g}" for c, g in classes.items())
    steps = [
        Text("年均水质 {g} 类（{s}），目标 {t} 类。", "Annual mean: class {g} ({s}); target class {t}.").fill(
            g=grade, s=said, t=target
        ),
        Text("基本补偿 = {p} × ({t} − {g}) = {b} 元。", "Basic part = {p} × ({t} − {g}) = {b} yuan.").fill(
            p=short(per), t=target, g=grade, b=short(per * (target - grade))
        ),
        *index.steps,
        Text(
            "变化补偿 = {p} × 100 × (1 − {i}) = {f} 元，上限 ±{c}，取 {x} 元。",
            "Change part = {p} × 100 × (1 − {i}) = {f} yuan, limit ±{c}: {x} yuan.",
        ).fill(
            p=short(clause["per_point_yuan"]),
            i=short(index.value),
            f=short(free),
            c=short(clause["change_cap_yuan"]),
            x=short(change),
        ),
    ]
    return steps


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    return [*missing_keys(clause, NEEDS), *two_sides(parties)]
