"""Class by months, yearly clearing: a fixed sum for each month by its water class, the sign by class, netted over the year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from ecocomp.agreements.readings import (
    Flaw,
    Readings,
    Row,
    class_limits,
    class_of,
    grade,
    missing_keys,
    not_settled,
    pay,
    say,
    short,
    to_whole_fen,
    two_sides,
)
from ecocomp.agreements.uses import DATA, LIMITS, READING, SETTLEMENT
from ecocomp.registry import Example, Reference, Spec
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_SUMS = {"1": 200, "2": 100, "3": 0, "4": -100, "5": -200, "6": -300}
_TERMS = {"by_class_yuan": _SUMS, "class_limits": {"a": [1, 2, 3, 4, 5]}}

SPEC = Spec(
    id="class_months",
    name=Text("月核算、年清缴", "class by months"),
    summary=Text(
        "每月按断面水质类别记一笔（正数下游付上游，负数上游付下游），全年轧差后一次清缴。",
        "Each month books a sum by the section's water class (positive: downstream pays); the year is netted and cleared once.",
    ),
    unit="fen",
    inputs=(READING,),
    outputs=(SETTLEMENT,),
    parameters=(*DATA, LIMITS),
    formula="total = SUM over months m of by_class(class_m)",
    holds=Text(
        "每月类别由最差指标决定；六类（劣于最后一类）也要写明；可加全年封顶 year_cap_yuan。",
        "The worst indicator decides a month's class; class 6 (worse than all) must be written too; a yearly cap may be added.",
    ),
    references=(
        Reference("Agreements with monthly accounting and yearly clearing (policy sheet 5.4, 5.5)", "v"),
        Reference(
            "Henan-Shandong Yellow River agreement, round 2: class judged monthly", "v", "the monthly amounts are not published"
        ),
    ),
    examples=(
        Example(
            {"months": {"a": ["2"] * 6 + ["4"] * 4 + ["1", "6"]}, "clause": _TERMS},
            {"rows": [["D", "U", 10000]]},
            "6 x 100 - 4 x 100 + 200 - 300 = 100 yuan",
        ),
        Example(
            {"means": {"a": "5.5"}, "clause": _TERMS}, {"rows": [["U", "D", 360000]]}, "12 months worse than class V: -3600 yuan"
        ),
        Example({"means": {"a": "3"}, "clause": _TERMS}, {"rows": [["D", "U", 0]]}, "class III all year costs nobody anything"),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {"by_class_yuan": {"*": "money"}, "class_limits": {"*": ["number"]}, "year_cap_yuan": "yuan"}
NEEDS = ("section", "indicators", "by_class_yuan")
CLASSES = tuple("123456")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return the netted year; not settled when a month has no class and the agreement does not let it out.

    A month that values under a detection limit leave between classes of different sums has no class either, unless the agreement
    states what such values count as; one that counts what is missing as missed takes the worst class the month may have.
    """
    section = str(clause["section"])
    codes = [i["code"] for i in clause["indicators"]]
    out, rest = readings.left_out(section, codes, year, clause)
    as_missed = readings.rules(clause)["missing"] == "as_missed"
    if rest and not as_missed:
        return [
            not_settled([f"{section} {c} {m}" for m in sorted(rest) for c in codes if readings.at(section, c, m, clause) is None])
        ]
    sums = {int(k): Fraction(v) for k, v in clause["by_class_yuan"].items()}
    classes: dict[str, int] = {}
    blind: dict[str, list[str]] = {}
    for month in readings.months(clause, year):
        if month in rest:
            classes[month] = 6
        elif month not in out:
            values = {c: v for c in codes if (v := readings.at(section, c, month, clause)) is not None}
            classes[month] = class_of(clause, values, params)[0]
            best, worst = _classes(clause, readings, section, codes, month, params)
            if sums[best] != sums[worst]:
                blind[month] = [f"{section} {c} {month}" for c in codes if readings.censored(section, c, month)]
                classes[month] = worst
    if blind and not as_missed:
        return [not_settled([x for listed in blind.values() for x in listed])]
    if not classes:
        return [not_settled([f"{section} {year}"])]
    total = sum((sums[min(c, 6)] for c in classes.values()), Fraction(0))
    cap = clause.get("year_cap_yuan")
    held = total if cap is None else max(-Fraction(cap), min(Fraction(cap), total))
    evidence = {
        "state": "settled",
        "months": classes,
        "excluded": sorted(out),
        "unavailable": sorted(rest) if as_missed else [],
        "sum_yuan": say(total),
    }
    if blind:
        evidence["undetected"] = sorted(blind)
    steps = _steps(section, classes, sums, out, rest, list(blind), total, held)
    return pay("downstream", "upstream", to_whole_fen(held), parties, evidence, steps)


def _classes(
    clause: Mapping[str, Any], readings: Readings, section: str, codes: Sequence[str], month: str, params: Parameters
) -> tuple[int, int]:
    """Return the best and the worst class (1 to 6) that a month may have; they differ where values lie under detection limits."""
    best = worst = 1
    for code in codes:
        span = readings.span(section, code, month, clause)
        grades = [min(grade(code, v, class_limits(clause, code, params)), 6) for v in span or ()]
        best, worst = max([best, *([min(grades)] if grades else [])]), max([worst, *grades])
    return best, worst


def _steps(
    section: str,
    classes: Mapping[str, int],
    sums: Mapping[int, Fraction],
    out: set[str],
    rest: set[str],
    blind: list[str],
    total: Fraction,
    held: Fraction,
) -> list[Text]:
    steps = []
    for found, times in sorted(Counter(min(c, 6) for c in classes.values()).items()):
        names = ", ".join(m for m, c in classes.items() if min(c, 6) == found)
        steps.append(
            Text("{s} {g} 类 {n} 个月（{m}）：{n} × {x} = {t} 元。", "{s}: {n} {w} of class {g} ({m}): {n} × {x} = {t} yuan.").fill(
                w="month" if times == 1 else "months",
                s=section,
                g=found,
                n=times,
                m=names,
                x=short(sums[found]),
                t=short(sums[found] * times),
            )
        )
    if out:
        steps.append(Text("按协议不计的月份：{m}。", "Months the agreement leaves out: {m}.").fill(m=", ".join(sorted(out))))
    if rest:
        steps.append(
            Text("缺测、按协议作最差一类的月份：{m}。", "Months without data, counted as worst by the agreement: {m}.").fill(
                m=", ".join(sorted(rest))
            )
        )
    if blind:
        steps.append(
            Text(
                "低于检出限而看不出类别、按协议取可能的最差一类的月份：{m}。",
                "Months whose class values under a detection limit leave open, counted as the worst they may have: {m}.",
            ).fill(m=", ".join(blind))
        )
    steps.append(
        Text("全年合计 {t} 元（正数下游付上游）。", "The year comes to {t} yuan (positive: downstream pays).").fill(t=short(total))
    )
    if held != total:
        steps.append(Text("超过全年封顶，取 {h} 元。", "Over the yearly cap: {h} yuan.").fill(h=short(held)))
    return steps


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = [*missing_keys(clause, NEEDS), *two_sides(parties)]
    sums = clause.get("by_class_yuan") or {}
    if sums and set(map(str, sums)) != set(CLASSES):
        out.append(
            Flaw(
                Text("by_class_yuan 写了 {k} 类。", "by_class_yuan has classes {k}.").fill(k=", ".join(map(str, sums))),
                Text(
                    "一到六类每类一个金额（六类：劣于五类）；不付写 0。",
                    "Write a sum for each of 1 to 6 (6: worse than V); 0 where nobody pays.",
                ),
                ("by_class_yuan",),
            )
        )
    elif sums:
        ordered = [sums[c] for c in CLASSES]
        if any(a < b for a, b in pairwise(ordered)):
            out.append(
                Flaw(
                    Text("水质更差时上游所得更多：{s}。", "Worse water would bring upstream more: {s}.").fill(
                        s=", ".join(map(str, ordered))
                    ),
                    Text("由一类到六类，金额不得上升。", "From class 1 to 6 the sums must not rise."),
                    ("by_class_yuan",),
                )
            )
    return out
