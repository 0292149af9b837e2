"""Exceedance: for each part of its limit by which a monthly or annual value lies above it, upstream pays a sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any

from ecocomp.agreements.indicators import indicator
from ecocomp.agreements.readings import (
    Flaw,
    Readings,
    Row,
    blind_months,
    missing_keys,
    not_settled,
    pay,
    say,
    short,
    side_flaws,
    to_whole_fen,
)
from ecocomp.agreements.uses import DATA, READING, SETTLEMENT
from ecocomp.registry import Example, Reference, Spec
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_TERMS = {"limits": {"a": 10}, "judge": "year", "step": "0.5", "per_step_yuan": 100}

SPEC = Spec(
    id="exceedance",
    name=Text("超标倍数扣缴", "exceedance"),
    summary=Text(
        "断面浓度每超过限值一定倍数（不足一档按一档），上游付给下游一份；按月或按年均，逐指标相加，可封顶。",
        "For each part of its limit by which a value lies above it (a part begun counts whole) upstream pays a sum; "
        "by month or annual mean, indicators added up, with a cap.",
    ),
    unit="fen",
    inputs=(READING,),
    outputs=(SETTLEMENT,),
    parameters=DATA,
    formula="amount = SUM per_step * ceil((C - limit) / (step * limit)) over indicators (and months), at most cap",
    holds=Text("等于限值不扣；没有超标时一分不付。", "Equal to the limit costs nothing; without exceedance nobody pays."),
    references=(Reference("Deduction by multiples of exceedance, common inside provinces", "M", "the form, not any one decree"),),
    examples=(
        Example({"means": {"a": "16"}, "clause": _TERMS}, {"rows": [["U", "D", 20000]]}, "0.6 times over: two steps of 0.5"),
        Example({"means": {"a": "10"}, "clause": _TERMS}, {"rows": [["U", "D", 0]]}, "equal to the limit"),
        Example(
            {"months": {"a": ["12"] * 3 + ["9"] * 9}, "clause": {**_TERMS, "judge": "month"}},
            {"rows": [["U", "D", 30000]]},
            "three months, one step each",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {
    "limits": {"*": "number"},
    "judge": "word",
    "step": "number",
    "per_step_yuan": "yuan",
    "proportional": "truth",
    "cap_yuan": "yuan",
    "payer": "side",
    "payee": "side",
}
NEEDS = ("section", "limits", "judge", "step", "per_step_yuan")
JUDGE = ("year", "month")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return what upstream pays; a row of zero when nothing lies above its limit."""
    found, missing = _values(clause, readings, year, params)
    if missing:
        return [not_settled(missing)]
    per = Fraction(clause["per_step_yuan"])
    total, over, steps = Fraction(0), {}, []
    for (code, when), value in found.items():
        limit = Fraction(clause["limits"][code])
        times, count = _parts(clause, code, value)
        if not count:
            continue
        total += count * per
        over[f"{code} {when}"] = say(times)
        steps.append(
            Text(
                "{w} {c} {v}，限值 {l}，超 {t} 倍，计 {n} 份 × {p} = {x} 元。",
                "{w} {c} {v}, limit {l}: {t} times over, {n} parts × {p} = {x} yuan.",
            ).fill(
                w=when,
                c=indicator(code).name,
                v=short(value),
                l=short(limit),
                t=short(times),
                n=short(count),
                p=short(per),
                x=short(count * per),
            )
        )
    held = total if clause.get("cap_yuan") is None else min(total, Fraction(clause["cap_yuan"]))
    if held != total:
        steps.append(Text("合计 {t} 元，封顶 {h} 元。", "{t} yuan in all, capped at {h} yuan.").fill(t=short(total), h=short(held)))
    if not steps:
        steps.append(Text("没有超标。", "Nothing lies above its limit."))
    evidence = {"state": "settled", "over": over, "sum_yuan": say(total)}
    return pay(clause.get("payer") or "upstream", clause.get("payee") or "downstream", to_whole_fen(held), parties, evidence, steps)


def _parts(clause: Mapping[str, Any], code: str, value: Fraction) -> tuple[Fraction, Fraction]:
    """Return how many times its limit a value lies over it, and how many parts that counts."""
    limit, width = Fraction(clause["limits"][code]), Fraction(clause["step"])
    times = (limit - value if indicator(code).better == "higher" else value - limit) / limit
    if times <= 0:
        return times, Fraction(0)
    return times, times / width if clause.get("proportional") else Fraction(ceil(times / width))


def _values(
    clause: Mapping[str, Any], readings: Readings, year: int, params: Parameters
) -> tuple[dict[tuple[str, str], Fraction], list[str]]:
    """Return the values that count, and what is missing: also what values under a detection limit leave open."""
    section, out = str(clause["section"]), {}
    missing: list[str] = []
    for code in clause["limits"]:
        if clause["judge"] == "year":
            mean = readings.annual_mean(section, code, year, clause)
            if mean.value is None:
                missing += mean.missing
            else:
                out[code, str(year)] = mean.value
                if not _parts(clause, code, mean.value)[1]:
                    missing += [f"{section} {code} {m}" for m in blind_months(clause, readings, section, code, year, params)]
            continue
        left, _ = readings.left_out(section, [code], year, clause)
        for month in readings.months(clause, year):
            value, span = readings.at(section, code, month, clause), readings.span(section, code, month, clause)
            if value is not None and span is not None and len({_parts(clause, code, v)[1] for v in span}) == 1:
                out[code, month] = value
            elif month not in left:
                missing.append(f"{section} {code} {month}")
    return out, missing


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = missing_keys(clause, NEEDS)
    for side, role in (("payer", "upstream"), ("payee", "downstream")):
        out += side_flaws(clause.get(side) or role, side, parties, (side,) if clause.get(side) else ())
    if clause.get("judge") is not None and clause["judge"] not in JUDGE:
        out.append(
            Flaw(
                Text("judge 写的是 {j}。", "judge says {j}.").fill(j=clause["judge"]),
                Text("写 year 或 month。", "Write year or month."),
                ("judge",),
            )
        )
    for at, value in [(("step",), clause.get("step")), *((("limits", k), v) for k, v in (clause.get("limits") or {}).items())]:
        if value is not None and value <= 0:
            out.append(
                Flaw(
                    Text("{k} 是 {v}。", "{k} is {v}.").fill(k=".".join(at), v=value),
                    Text("写一个正数。", "Write a positive number."),
                    at,
                )
            )
    return out
