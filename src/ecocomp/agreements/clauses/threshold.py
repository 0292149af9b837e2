"""Threshold: a limit (or target class); kept, downstream pays; missed, upstream pays; by year, by month, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ecocomp.agreements.readings import (
    Flaw,
    Readings,
    Row,
    judge_months,
    judge_year,
    missing_keys,
    not_settled,
    pay,
    say,
    short,
    side_flaws,
    target_flaws,
    to_whole_fen,
)
from ecocomp.agreements.uses import DATA, LIMITS, READING, SETTLEMENT
from ecocomp.registry import Example, Reference, Spec
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_TERMS = {"limits": {"a": "0.05"}, "judge": "year", "met_yuan": 500, "missed_yuan": 300}

SPEC = Spec(
    id="threshold",
    name=Text("达标双向补偿", "threshold"),
    summary=Text(
        "断面达到限值或目标类别时下游付给上游，未达到时上游付给下游；可按年均、按月，或年均和每月都要达标（双重考核）。",
        "When the section keeps its limits or target class downstream pays upstream, when not upstream pays downstream; "
        "judged by the annual mean, month by month, or both together (dual test).",
    ),
    unit="fen",
    inputs=(READING,),
    outputs=(SETTLEMENT,),
    parameters=(*DATA, LIMITS),
    formula="year, both: met_yuan or -missed_yuan; month: SUM over months of met_yuan or -missed_yuan",
    holds=Text(
        "等于限值即为达标；judge: month 时金额是每月的；both 要年均和计入的每个月都达标。",
        "Equal to the limit is kept; with judge: month the sums are monthly; both asks the mean and every month counted.",
    ),
    references=(
        Reference("Wujiang agreement (Guizhou-Chongqing): annual mean of total phosphorus 0.05 mg/L as the limit, two-way", "V"),
        Reference("Tingjiang-Hanjiang agreement (Fujian-Guangdong): annual and monthly compliance, two-way", "v"),
    ),
    examples=(
        Example({"means": {"a": "0.05"}, "clause": _TERMS}, {"rows": [["D", "U", 50000]]}, "0.05 exactly is kept"),
        Example({"means": {"a": "0.0501"}, "clause": _TERMS}, {"rows": [["U", "D", 30000]]}, "a hair above: upstream pays"),
        Example(
            {"months": {"a": ["0.04"] * 11 + ["0.06"]}, "clause": {**_TERMS, "judge": "month", "met_yuan": 10, "missed_yuan": 20}},
            {"rows": [["D", "U", 9000]]},
            "11 x 10 - 20 = 90 yuan",
        ),
        Example(
            {"months": {"a": ["0.04"] * 11 + ["0.06"]}, "clause": {**_TERMS, "judge": "both"}},
            {"rows": [["U", "D", 30000]]},
            "the mean is kept, one month is not: the dual test is missed",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {
    "limits": {"*": "number"},
    "target_class": "whole",
    "class_limits": {"*": ["number"]},
    "judge": "word",
    "met_yuan": "yuan",
    "missed_yuan": "yuan",
    "payer": "side",
    "payee": "side",
    "year_cap_yuan": "yuan",
}
NEEDS = ("section", "judge", "met_yuan", "missed_yuan")
JUDGE = ("year", "month", "both")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return who pays by the test; `payer` is who pays when it is kept (downstream if not written), `payee` the other."""
    payer, payee = clause.get("payer") or "downstream", clause.get("payee") or "upstream"
    met, missed = Fraction(clause["met_yuan"]), Fraction(clause["missed_yuan"])
    if clause["judge"] == "month":
        return _by_month(clause, readings, year, parties, params)
    annual = judge_year(clause, readings, year, params)
    evidence: dict[str, Any] = {**annual.evidence}
    steps, missing, ok = list(annual.steps), list(annual.missing), bool(annual.met)
    fixed = readings.determined(str(clause["section"]), year)
    if clause["judge"] == "both" and not (fixed and "met" in fixed):
        months = judge_months(clause, readings, year, params)
        missing += months.missing
        ok = ok and not months.failed and bool(months.met)
        evidence |= {"months_missed": list(months.failed), "excluded": list(months.excluded)}
        steps.append(
            Text("逐月：{n} 个月计入，{f} 个月未达标（{m}）。", "By months: {n} counted, {f} missed ({m}).").fill(
                n=len(months.met), f=len(months.failed), m=", ".join(months.failed) or "—"
            )
        )
    if missing or annual.met is None:
        return [not_settled(missing, **evidence)]
    steps.append(
        Text("达标，付 {x} 元。", "Kept: {x} yuan.").fill(x=short(met))
        if ok
        else Text("未达标，反付 {x} 元。", "Missed: {x} yuan the other way.").fill(x=short(missed))
    )
    return pay(payer, payee, to_whole_fen(met if ok else -missed), parties, {"state": "settled", **evidence, "met": ok}, steps)


def _by_month(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    found = judge_months(clause, readings, year, params)
    if found.missing or not found.met:
        return [not_settled(found.missing or [f"{clause['section']} {year}"], months_missed=list(found.failed))]
    met, missed = Fraction(clause["met_yuan"]), Fraction(clause["missed_yuan"])
    good, bad = len(found.met) - len(found.failed), len(found.failed)
    total = good * met - bad * missed
    cap = clause.get("year_cap_yuan")
    held = total if cap is None else max(-Fraction(cap), min(Fraction(cap), total))
    evidence = {
        "state": "settled",
        "months_met": good,
        "months_missed": list(found.failed),
        "excluded": list(found.excluded),
        "sum_yuan": say(total),
    }
    step = Text(
        "达标 {g} 个月 × {m} − 未达标 {b} 个月 × {s} = {t} 元{h}。",
        "{g} months kept × {m} − {b} months missed × {s} = {t} yuan{h}."
    ).fill(
        g=good, m=short(met), b=bad, s=short(missed), t=short(total),
        h="" if held == total else Text("，封顶 {x}", ", capped at {x}").fill(x=short(held)),
    )  # fmt: skip
    named = Text("未达标的月份：{m}。", "Months missed: {m}.").fill(m=", ".join(found.failed) or "—")
    return pay(
        clause.get("payer") or "downstream", clause.get("payee") or "upstream", to_whole_fen(held), parties, evidence, (named, step)
    )


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = missing_keys(clause, NEEDS)
    for side, role in (("payer", "downstream"), ("payee", "upstream")):
        out += side_flaws(clause.get(side) or role, side, parties, (side,) if clause.get(side) else ())
    judge = clause.get("judge")
    if judge is not None and judge not in JUDGE:
        out.append(
            Flaw(
                Text("judge 写的是 {j}。", "judge says {j}.").fill(j=judge),
                Text("写 year、month 或 both。", "Write year, month or both."),
                ("judge",),
            )
        )
    return out + target_flaws(clause)
