"""Index bands, the form of the Xin'an River agreements: one pollution index, nested bands, who pays by band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ecocomp.agreements.readings import Readings, Row, missing_keys, not_settled, party_code, say, to_whole_fen
from ecocomp.agreements.shape import is_number
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_BANDS = [
    {"up_to": "0.95", "payer": "downstream", "payee": "upstream", "amount_yuan": 200},
    {"up_to": "1", "payer": "downstream", "payee": "upstream", "amount_yuan": 100},
    {"payer": "upstream", "payee": "downstream", "amount_yuan": 100},
]

SPEC = Spec(
    id="index_bands",
    name=Text("水质指数分档", "index bands"),
    summary=Text(
        "按断面污染指数 P 落入的档次决定由谁补偿、补多少；由最有利于上游的一档判起。",
        "The band in which the section's pollution index P falls decides who pays and how much; "
        "the band most favourable to upstream is judged first.",
    ),
    unit="fen",
    inputs=(Use("reading", "mg/L", Text("断面各月浓度", "monthly concentrations at the section")),),
    outputs=(Use("settlement", "fen", Text("付款方、收款方、金额", "payer, payee, amount")),),
    parameters=(
        Use("agreements.censored_factor", "1", Text("低于检出限的取值倍数", "what a value under the detection limit counts as")),
        Use("agreements.months_needed", "months", Text("一年至少可用月数", "usable months a year needs")),
    ),
    formula="P = k0 * SUM k_i * C_i / C_i0",
    holds=Text("C 为年均值；P 恰为上限时属该档。", "C are annual means; P equal to a limit belongs to that band."),
    references=(
        Reference("Xin'an River agreements, rounds 1-3 (2012-2020): two-way rule and amounts", "v"),
        Reference(
            "Form of the index P with stability coefficient k0 and weights k_i", "M", "the published tables could not be opened"
        ),
    ),
    examples=(
        Example(
            {"means": {"a": "1"}, "base": "1", "clause": {"k0": "1", "bands": _BANDS}},
            {"rows": [["D", "U", 10000]]},
            "P = 1 exactly pays upstream",
        ),
        Example(
            {"means": {"a": "0.95"}, "base": "1", "clause": {"k0": "1", "bands": _BANDS}},
            {"rows": [["D", "U", 20000]]},
            "P = 0.95 exactly has the higher payment",
        ),
        Example(
            {"means": {"a": "1.01"}, "base": "1", "clause": {"k0": "1", "bands": _BANDS}},
            {"rows": [["U", "D", 10000]]},
            "P above 1: upstream pays",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {"k0": "number", "bands": [{"up_to": "number", "payer": "word", "payee": "word", "amount_yuan": "yuan"}]}


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return the payment of the first band whose upper limit is not below P; exact fractions throughout."""
    index = readings.index(clause, year)
    if index.value is None:
        return [not_settled(index.missing, indicators=dict(index.parts))]
    p = Fraction(clause["k0"]) * index.value
    band = next(b for b in clause["bands"] if b.get("up_to") is None or p <= Fraction(b["up_to"]))
    payer, payee = party_code(band["payer"], parties), party_code(band["payee"], parties)
    evidence = {
        "state": "settled",
        "P": say(p),
        "k0": str(clause["k0"]),
        "band_up_to": str(band.get("up_to") or ""),
        "indicators": dict(index.parts),
    }
    return [Row(str(payer), str(payee), to_whole_fen(band["amount_yuan"]), evidence)]


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[tuple[Text, Text]]:
    """Return (clash, remedy) for what is wrong with the clause as signed."""
    out = missing_keys(clause, ("section", "indicators", "k0", "bands"))
    out += _no_base(clause)
    if is_number(clause.get("k0")) and clause["k0"] <= 0:
        out.append((Text("k0 是 {k}。", "k0 is {k}.").fill(k=clause["k0"]), Text("k0 须为正数。", "k0 must be positive.")))
    bands = clause.get("bands") or []
    limits = [b.get("up_to") for b in bands]
    closed = [x for x in limits if x is not None]
    if bands and (limits[-1] is not None or len(closed) != len(limits) - 1):
        out.append(
            (
                Text("各档上限是 {l}。", "The upper limits of the bands are {l}.").fill(l=_say(limits)),
                Text("只有最后一档不写 up_to，它收住所有更大的 P。", "Only the last band has no up_to; it takes every larger P."),
            )
        )
    if closed != sorted(set(closed)):
        out.append(
            (
                Text("各档上限 {l} 不是由小到大。", "The upper limits {l} do not rise.").fill(l=_say(limits)),
                Text("由最有利于上游的一档写起。", "Write the band most favourable to upstream first."),
            )
        )
    for b in bands:
        out += missing_keys(b, ("payer", "payee", "amount_yuan"))
        out += [
            (
                Text("{k} {v} 不是唯一的一方。", "{k} {v} is not exactly one party.").fill(k=k, v=b[k]),
                Text("写当事方代码。", "Write a party's code."),
            )
            for k in ("payer", "payee")
            if b.get(k) and party_code(b[k], parties) is None
        ]
        if b.get("payer") and b.get("payer") == b.get("payee"):
            out.append(
                (
                    Text("{v} 付给自己。", "{v} would pay itself.").fill(v=b["payer"]),
                    Text("更正付款方或收款方。", "Mend payer or payee."),
                )
            )
    return out


def _no_base(clause: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    if clause.get("base_years"):
        return []
    return [
        (
            Text("指标 {c} 没有基准浓度。", "Indicator {c} has no base concentration.").fill(c=i.get("code")),
            Text("写 base，或给协议写 base_years。", "Write 'base', or give the agreement base_years."),
        )
        for i in clause.get("indicators") or []
        if i.get("base") is None
    ]


def _say(limits: Sequence[object]) -> str:
    return ", ".join("—" if x is None else str(x) for x in limits)
