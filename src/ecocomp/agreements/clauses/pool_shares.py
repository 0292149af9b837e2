"""Pool shares, the form of the Chishui River agreement: all pay into a pool by one ratio and draw from it by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from ecocomp.agreements.readings import Readings, Row, missing_keys, not_settled, to_whole_fen, worst_class
from ecocomp.agreements.shape import is_number
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.money import apportion, half_even
from ecocomp.terms.text import Text

_POOL = {"pool_yuan": 200_000_000, "contributions": {"YN": 1, "GZ": 5, "SC": 4}, "distribution": {"YN": 3, "GZ": 4, "SC": 3}}

SPEC = Spec(
    id="pool_shares",
    name=Text("资金池出资与分配比例", "pool shares"),
    summary=Text(
        "各方按出资比例入池、按分配比例取回；断面未达标的一方被扣减，扣减额按约定比例分给其他方；只结算净额。",
        "Parties pay into a pool by one ratio and draw from it by another; "
        "a missed section cuts a party's share in favour of others; only net sums are paid.",
    ),
    unit="fen",
    inputs=(
        Use(
            "reading",
            "mg/L",
            Text("有扣减条款的断面各月浓度", "monthly concentrations at sections with a deduction"),
            optional=True,
        ),
    ),
    outputs=(Use("settlement", "fen", Text("净付款方、净收款方、金额", "net payer, net payee, amount")),),
    parameters=(
        Use("agreements.censored_factor", "1", Text("低于检出限的取值倍数", "what a value under the detection limit counts as")),
        Use("agreements.months_needed", "months", Text("一年至少可用月数", "usable months a year needs")),
        Use("agreements.class_limits.*", "mg/L", Text("各类上限", "upper limits of the classes"), optional=True),
    ),
    formula="net_i = pool * d_i / SUM d - pool * c_i / SUM c - cut_i + received cuts",
    holds=Text("两方以上；各净额之和为零。", "Two or more parties; the net sums add up to zero."),
    references=(
        Reference("Chishui River agreement, round 1 (2018-2020): pool 200 M CNY a year, contributions 1:5:4", "V"),
        Reference("Chishui River agreement: distribution 3:4:3 and section-linked deductions", "v"),
    ),
    examples=(
        Example(
            {"parties": ["YN", "GZ", "SC"], "clause": _POOL},
            {"rows": [["GZ", "YN", 2_000_000_000], ["SC", "YN", 2_000_000_000]]},
            "real settlement of 2018: Guizhou and Sichuan each paid Yunnan 2000 wan",
        ),
    ),
)

_RATIO = {"*": "number"}
#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {
    "pool_yuan": "yuan",
    "contributions": _RATIO,
    "distribution": _RATIO,
    "deductions": [
        {
            "section": "word",
            "indicators": [{"code": "word", "weight": "number", "base": "number"}],
            "target_class": "whole",
            "from": "word",
            "cut": "number",
            "to": _RATIO,
            "class_limits": {"*": ["number"]},
        }
    ],
}


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return the net payments; not settled when a section with a deduction cannot be judged."""
    codes = [p.code for p in parties]
    pool = to_whole_fen(clause["pool_yuan"])
    paid, drawn = _split(pool, clause["contributions"], codes), _split(pool, clause["distribution"], codes)
    full = dict(drawn)
    cuts: list[dict[str, Any]] = []
    missing: list[str] = []
    for rule in clause.get("deductions") or []:
        grade, classes, gaps = worst_class({**clause, **rule}, readings, year, params)
        missing += gaps
        if grade is not None and grade > int(rule["target_class"]):
            cuts.append({**_cut(rule, full, drawn, codes), "class": grade, "classes": classes})
    if missing:
        return [not_settled(missing)]
    net = {c: drawn[c] - paid[c] for c in codes}
    evidence = {"state": "settled", "pool_fen": pool, "paid_in_fen": paid, "drawn_fen": drawn, "cuts": cuts}
    return [Row(payer, payee, fen, evidence) for payer, payee, fen in _pairs(net)]


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[tuple[Text, Text]]:
    """Return (clash, remedy) for what is wrong with the clause as signed."""
    out = missing_keys(clause, ("pool_yuan", "contributions", "distribution"))
    codes = {p.code for p in parties}
    ratios = [("contributions", clause.get("contributions")), ("distribution", clause.get("distribution"))]
    for rule in clause.get("deductions") or []:
        out += missing_keys({**clause, **rule}, ("section", "indicators", "target_class", "from", "cut", "to"))
        ratios.append(("deductions.to", rule.get("to")))
        if not is_number(rule.get("cut")) or not 0 <= rule["cut"] <= 1:
            out.append(
                (
                    Text("扣减比例是 {c}。", "The cut is {c}.").fill(c=rule.get("cut")),
                    Text("写 0 到 1 之间的数。", "Write a number from 0 to 1."),
                )
            )
        if str(rule.get("from")) not in codes:
            out.append(_stranger("deductions.from", rule.get("from"), codes))
    for name, ratio in ratios:
        out += [_stranger(name, c, codes) for c in ratio or {} if str(c) not in codes]
        if ratio and (any(not is_number(x) or x < 0 for x in ratio.values()) or not sum(ratio.values())):
            out.append(
                (
                    Text("{n} 的比例是 {r}。", "The ratio of {n} is {r}.").fill(n=name, r=dict(ratio)),
                    Text("写不小于零、且不全为零的数。", "Write numbers of zero or more, not all zero."),
                )
            )
    return out


def _stranger(name: str, code: object, codes: set[str]) -> tuple[Text, Text]:
    return (
        Text("{n} 中的 {c} 不是当事方。", "{c} in {n} is not a party.").fill(n=name, c=code),
        Text("当事方：{all}。", "The parties are {all}.").fill(all=", ".join(sorted(codes))),
    )


def _split(total: int, ratio: Mapping[str, Any], codes: Sequence[str]) -> dict[str, int]:
    """Split a sum by a ratio of exact numbers; ties go to the party named first in the agreement."""
    shares = [Fraction({str(k): v for k, v in ratio.items()}.get(c, 0)) for c in codes]
    scale = lcm(*(s.denominator for s in shares))
    return dict(zip(codes, apportion(total, [int(s * scale) for s in shares]), strict=True))


def _cut(rule: Mapping[str, Any], full: Mapping[str, int], drawn: dict[str, int], codes: Sequence[str]) -> dict[str, Any]:
    """Move the cut part of a party's full share to the others, never more than is left of it."""
    part = Fraction(rule["cut"]) * full[str(rule["from"])]
    fen = min(half_even(part.numerator, part.denominator), drawn[str(rule["from"])])
    drawn[str(rule["from"])] -= fen
    for code, more in _split(fen, rule["to"], codes).items():
        drawn[code] += more
    return {"section": str(rule["section"]), "from": str(rule["from"]), "cut_fen": fen}


def _pairs(net: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Return who pays whom so that every net sum is met exactly: each payer's sum over what the payees still lack."""
    lack = {c: n for c, n in net.items() if n > 0}
    out = []
    for payer, owed in ((c, -n) for c, n in net.items() if n < 0):
        for payee, fen in zip(list(lack), apportion(owed, list(lack.values())), strict=True):
            lack[payee] -= fen
            if fen:
                out.append((payer, payee, fen))
    return out
