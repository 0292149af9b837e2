"""Change rate: a sum for each percentage point by which the weighted index is better or worse than its base, with limits."""

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
from ecocomp.agreements.uses import DATA, READING, SETTLEMENT
from ecocomp.registry import Example, Reference, Spec
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_TERMS = {"against": "previous_year", "per_point_yuan": 1000, "better_cap_yuan": 20000, "worse_cap_yuan": 10000}

SPEC = Spec(
    id="change_rate",
    name=Text("变化率补偿", "change rate"),
    summary=Text(
        "加权指数比基准（上年或基准年）每好一个百分点由下游付一份，每差一个百分点由上游付一份，两边各有封顶，可设免计幅度。",
        "For each percentage point the weighted index is better than the base downstream pays a sum, for each worse upstream "
        "pays it; each side has its cap, and a band around nil may be free.",
    ),
    unit="fen",
    inputs=(READING,),
    outputs=(SETTLEMENT,),
    parameters=DATA,
    formula="points = 100 * (1 - SUM w_i C_i / C_i0); amount = clamp(per_point * (points beyond free), -worse_cap, +better_cap)",
    holds=Text("against: previous_year 与上年比；base 与协议基准比。", "against: previous_year, or base (that of the agreement)."),
    references=(Reference("Change part of the Henan-Shandong Yellow River agreement, round 1", "V"),),
    examples=(
        Example(
            {"means": {"a": "1.9"}, "previous": {"a": "2"}, "clause": _TERMS},
            {"rows": [["D", "U", 500000]]},
            "5 points better: 5 x 1000 yuan",
        ),
        Example(
            {"means": {"a": "2.5"}, "previous": {"a": "2"}, "clause": _TERMS},
            {"rows": [["U", "D", 1000000]]},
            "25 points worse, capped at 10000",
        ),
        Example(
            {"means": {"a": "2.05"}, "previous": {"a": "2"}, "clause": {**_TERMS, "free_points": 3}},
            {"rows": [["D", "U", 0]]},
            "2.5 points worse lie within the free 3",
        ),
        Example(
            {"means": {"a": "0.9"}, "base": "1", "clause": {**_TERMS, "against": "base", "free_points": 3}},
            {"rows": [["D", "U", 700000]]},
            "10 points better than the base, 3 free: 7 x 1000",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {"against": "word", "per_point_yuan": "yuan", "better_cap_yuan": "yuan", "worse_cap_yuan": "yuan", "free_points": "number"}
NEEDS = ("section", "indicators", "against", "per_point_yuan")
AGAINST = ("previous_year", "base")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return one row in the direction of the change."""
    index = readings.index(clause, year, base_year=year - 1 if clause["against"] == "previous_year" else None)
    if index.value is None:
        return [not_settled(index.missing, indicators=dict(index.parts))]
    points = 100 * (1 - index.value)
    free = Fraction(clause.get("free_points") or 0)
    counted = points - free if points > free else points + free if points < -free else Fraction(0)
    amount = counted * Fraction(clause["per_point_yuan"])
    held = amount
    if clause.get("better_cap_yuan") is not None:
        held = min(held, Fraction(clause["better_cap_yuan"]))
    if clause.get("worse_cap_yuan") is not None:
        held = max(held, -Fraction(clause["worse_cap_yuan"]))
    evidence = {
        "state": "settled",
        "index": say(index.value),
        "points": say(points),
        "counted_points": say(counted),
        "indicators": dict(index.parts),
    }
    steps = (
        *index.steps,
        Text(
            "变化 = 100 × (1 − {i}) = {p} 个百分点，免计 {f}，计 {c}；{c} × {u} = {a} 元，封顶后 {h} 元。",
            "Change = 100 × (1 − {i}) = {p} points, {f} free, {c} counted; {c} × {u} = {a} yuan, within the caps {h} yuan.",
        ).fill(
            i=short(index.value),
            p=short(points),
            f=short(free),
            c=short(counted),
            u=short(clause["per_point_yuan"]),
            a=short(amount),
            h=short(held),
        ),
    )
    return pay("downstream", "upstream", to_whole_fen(held), parties, evidence, steps)


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = [*missing_keys(clause, NEEDS), *two_sides(parties)]
    against = clause.get("against")
    if against is not None and against not in AGAINST:
        out.append(
            Flaw(
                Text("against 写的是 {a}。", "against says {a}.").fill(a=against),
                Text("写 previous_year 或 base。", "Write previous_year or base."),
                ("against",),
            )
        )
    if against == "base" and not clause.get("base_years") and not {"base", "base_years"} & open_keys(clause):
        out += [
            Flaw(
                Text("指标 {c} 没有基准浓度。", "Indicator {c} has no base concentration.").fill(c=i.get("code")),
                Text("写 base，或给协议写 base_years。", "Write 'base', or give the agreement base_years."),
            )
            for i in clause.get("indicators") or []
            if i.get("base") is None
        ]
    free = clause.get("free_points")
    if free is not None and free < 0:
        out.append(
            Flaw(
                Text("free_points 是 {f}。", "free_points is {f}.").fill(f=free),
                Text("写不小于零的数。", "Write zero or more."),
                ("free_points",),
            )
        )
    return out
