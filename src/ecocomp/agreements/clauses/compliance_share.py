"""Compliance share: the share of months (of one or many sections) that keep the target decides the band that is paid."""

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

_BANDS = [
    {"at_least": 1, "payer": "downstream", "payee": "upstream", "amount_yuan": 200},
    {"at_least": "0.75", "payer": "downstream", "payee": "upstream", "amount_yuan": 100},
    {"payer": "upstream", "payee": "downstream", "amount_yuan": 100},
]
_TERMS = {"limits": {"a": "1"}, "count": "months", "bands": _BANDS}

SPEC = Spec(
    id="compliance_share",
    name=Text("达标率分档", "compliance share"),
    summary=Text(
        "达标率（达标月数占计入月数，或达标断面占断面数）落入哪一档就按哪一档付；由最有利于上游的一档判起，恰等于下限属该档。",
        "The share of months (or of sections) that keep the target decides the band; the band most favourable to upstream is "
        "judged first, and a share equal to its limit belongs to it.",
    ),
    unit="fen",
    inputs=(READING,),
    outputs=(SETTLEMENT,),
    parameters=(*DATA, LIMITS),
    formula="share = met / counted; amount = that of the first band with at_least <= share",
    holds=Text(
        "count: months 逐断面逐月计数；sections 按年均数断面。多个断面写在 sections 里，合在一起算。",
        "count: months counts every month of every section; sections counts sections by their annual means. "
        "Several sections count together.",
    ),
    references=(Reference("Dongjiang agreement (Jiangxi-Guangdong): annual mean class III, compliance rising", "v"),),
    examples=(
        Example({"means": {"a": "1"}, "clause": _TERMS}, {"rows": [["D", "U", 20000]]}, "12 of 12 months"),
        Example(
            {"months": {"a": ["1"] * 9 + ["2"] * 3}, "clause": _TERMS},
            {"rows": [["D", "U", 10000]]},
            "9 of 12 = 0.75 exactly: the middle band",
        ),
        Example(
            {"months": {"a": ["1"] * 8 + ["2"] * 4}, "clause": _TERMS}, {"rows": [["U", "D", 10000]]}, "8 of 12: upstream pays"
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {
    "limits": {"*": "number"},
    "target_class": "whole",
    "class_limits": {"*": ["number"]},
    "count": "word",
    "bands": [{"at_least": "number", "payer": "side", "payee": "side", "amount_yuan": "yuan"}],
}
NEEDS = ("section", "count", "bands")
POOLS_SECTIONS = True
"""Several sections are judged together by this kind, not one by one."""
COUNT = ("months", "sections")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return the payment of the band of the share of what was met."""
    met = counted = 0
    missing: list[str] = []
    failed: list[str] = []
    for section in clause.get("sections") or [clause["section"]]:
        rule = {**clause, "section": section}
        if clause["count"] == "sections":
            judged = judge_year(rule, readings, year, params)
            missing += judged.missing
            counted, met = counted + 1, met + bool(judged.met)
            failed += [section] if judged.met is False else []
        else:
            found = judge_months(rule, readings, year, params)
            missing += found.missing
            counted, met = counted + len(found.met), met + sum(found.met.values())
            failed += [f"{section} {m}" for m in found.failed]
    if missing or not counted:
        return [not_settled(missing or [f"{clause.get('section')} {year}"], failed=failed)]
    share = Fraction(met, counted)
    band = next(b for b in clause["bands"] if b.get("at_least") is None or share >= Fraction(b["at_least"]))
    limit = band.get("at_least")
    evidence = {
        "state": "settled",
        "met": met,
        "counted": counted,
        "share": say(share),
        "failed": failed,
        "band_at_least": str(limit or ""),
    }
    steps = (
        Text("达标 {m} ÷ 计入 {n} = {s}；未达标：{f}。", "Kept {m} ÷ counted {n} = {s}; missed: {f}.").fill(
            m=met, n=counted, s=short(share), f=", ".join(failed[:12]) or "—"
        ),
        Text("落入“{l}”一档。", "It falls in the band “{l}”.").fill(
            l=f"≥ {short(limit)}" if limit is not None else Text("其余", "all the rest")
        ),
    )
    return pay(band["payer"], band["payee"], to_whole_fen(band["amount_yuan"]), parties, evidence, steps)


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = missing_keys({**clause, "section": clause.get("section") or clause.get("sections")}, NEEDS)
    count = clause.get("count")
    if count is not None and count not in COUNT:
        out.append(
            Flaw(
                Text("count 写的是 {c}。", "count says {c}.").fill(c=count),
                Text("写 months 或 sections。", "Write months or sections."),
                ("count",),
            )
        )
    out += target_flaws(clause)
    bands = clause.get("bands") or []
    limits = [b.get("at_least") for b in bands]
    closed = [x for x in limits if x is not None]
    if bands and (limits[-1] is not None or len(closed) != len(limits) - 1 or closed != sorted(set(closed), reverse=True)):
        out.append(
            Flaw(
                Text("各档下限是 {l}。", "The lower limits of the bands are {l}.").fill(
                    l=", ".join("—" if x is None else str(x) for x in limits)
                ),
                Text("由高到低写，最后一档不写 at_least。", "Write them falling; only the last band has no at_least."),
                ("bands",),
            )
        )
    for n, b in enumerate(bands):
        out += [f._replace(at=("bands", n)) for f in missing_keys(b, ("payer", "payee", "amount_yuan"))]
        for k in ("payer", "payee"):
            out += side_flaws(b.get(k), k, parties, ("bands", n, k))
    return out
