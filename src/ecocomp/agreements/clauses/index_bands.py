"""Index bands, the form of the Xin'an River agreements: one pollution index, nested bands, who pays by band."""

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
    side_flaws,
    side_of,
    to_whole_fen,
)
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
SHAPE = {"k0": "number", "bands": [{"up_to": "number", "payer": "side", "payee": "side", "amount_yuan": "yuan"}]}
NEEDS = ("section", "indicators", "k0", "bands")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return the payment of the first band whose upper limit is not below P; exact fractions throughout."""
    index = readings.index(clause, year)
    if index.value is None:
        return [not_settled(index.missing, indicators=dict(index.parts))]
    k0 = Fraction(clause["k0"])
    p = k0 * index.value
    number, band = next((n, b) for n, b in enumerate(clause["bands"], 1) if b.get("up_to") is None or p <= Fraction(b["up_to"]))
    evidence = {
        "state": "settled",
        "P": say(p),
        "k0": str(clause["k0"]),
        "band_up_to": str(band.get("up_to") or ""),
        "indicators": dict(index.parts),
    }
    limit = (
        Text("P ≤ {u}", "P ≤ {u}").fill(u=short(band["up_to"])) if band.get("up_to") is not None else Text("其余", "all the rest")
    )
    steps = (
        *index.steps,
        Text("P = k0 × 指数 = {k} × {i} = {p}。", "P = k0 × index = {k} × {i} = {p}.").fill(
            k=short(k0), i=short(index.value), p=short(p)
        ),
        Text("落入第 {n} 档（{l}）。", "It falls in band {n} ({l}).").fill(n=number, l=limit),
    )
    return pay(band["payer"], band["payee"], to_whole_fen(band["amount_yuan"]), parties, evidence, steps)


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = missing_keys(clause, NEEDS)
    out += _no_base(clause)
    k0 = clause.get("k0")
    if is_number(k0) and k0 <= 0:
        out.append(Flaw(Text("k0 是 {k}。", "k0 is {k}.").fill(k=k0), Text("k0 须为正数。", "k0 must be positive."), ("k0",)))
    bands = clause.get("bands") or []
    limits = [b.get("up_to") for b in bands]
    closed = [x for x in limits if x is not None]
    if bands and (limits[-1] is not None or len(closed) != len(limits) - 1):
        out.append(
            Flaw(
                Text("各档上限是 {l}。", "The upper limits of the bands are {l}.").fill(l=_say(limits)),
                Text("只有最后一档不写 up_to，它收住所有更大的 P。", "Only the last band has no up_to; it takes every larger P."),
                ("bands",),
            )
        )
    if closed != sorted(set(closed)):
        out.append(
            Flaw(
                Text("各档上限 {l} 不是由小到大。", "The upper limits {l} do not rise.").fill(l=_say(limits)),
                Text("由最有利于上游的一档写起。", "Write the band most favourable to upstream first."),
                ("bands",),
            )
        )
    for n, b in enumerate(bands):
        out += [f._replace(at=("bands", n)) for f in missing_keys(b, ("payer", "payee", "amount_yuan"))]
        for k in ("payer", "payee"):
            out += side_flaws(b.get(k), k, parties, ("bands", n, k))
        if b.get("payer") and _same(b.get("payer"), b.get("payee"), parties):
            out.append(
                Flaw(
                    Text("{v} 付给自己。", "{v} would pay itself.").fill(v=b["payer"]),
                    Text("更正付款方或收款方。", "Mend payer or payee."),
                    ("bands", n),
                )
            )
    return out


def _same(payer: Any, payee: Any, parties: Sequence[Any]) -> bool:
    one, two = side_of(payer, parties), side_of(payee, parties)
    return one is not None and two is not None and bool(one.keys() & two.keys())


def _no_base(clause: Mapping[str, Any]) -> list[Flaw]:
    if clause.get("base_years"):
        return []
    return [
        Flaw(
            Text("指标 {c} 没有基准浓度。", "Indicator {c} has no base concentration.").fill(c=i.get("code")),
            Text("写 base，或给协议写 base_years。", "Write 'base', or give the agreement base_years."),
            ("indicators", n),
        )
        for n, i in enumerate(clause.get("indicators") or [])
        if i.get("base") is None and not any(str(u.get("key")) in ("base", "base_years") for u in clause.get("unknown") or ())
    ]


def _say(limits: Sequence[object]) -> str:
    return ", ".join("—" if x is None else str(x) for x in limits)
