"""Pool shares, the form of the Chishui River agreement: all pay into a pool by one ratio and draw from it by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ecocomp.agreements.readings import (
    Flaw,
    Readings,
    Row,
    judge_months,
    judge_year,
    missing_keys,
    name_of,
    not_settled,
    open_keys,
    open_terms,
    pairs,
    split,
    to_whole_fen,
)
from ecocomp.agreements.shape import is_number
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.money import half_even, say_yuan
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
            "limits": {"*": "number"},
            "measure": "word",
            "from": "side",
            "cut": "number",
            "cut_yuan": "yuan",
            "to": _RATIO,
            "class_limits": {"*": ["number"]},
            "unknown": [{"key": "word", "zh": "word", "en": "word"}],
        }
    ],
}
NEEDS = ("pool_yuan", "contributions", "distribution")
_MEASURES = ("year", "months")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return the net payments; not settled when a section with a deduction cannot be judged, or the size of a due cut is open."""
    codes = [p.code for p in parties]
    pool = to_whole_fen(clause["pool_yuan"])
    paid, drawn = _split(pool, clause["contributions"], codes), _split(pool, clause["distribution"], codes)
    full = dict(drawn)
    steps = _pool_steps(pool, paid, drawn, parties)
    cuts: list[dict[str, Any]] = []
    missing: list[str] = []
    left_open: list[Mapping[str, Any]] = []
    for rule in clause.get("deductions") or []:
        found = _missed({**clause, **rule}, readings, year, params)
        missing += found.missing
        steps += found.steps
        if found.part <= 0 or found.missing:
            continue
        if "cut" in open_keys(rule) and rule.get("cut") is None and rule.get("cut_yuan") is None:
            left_open += [u for u in rule["unknown"] if str(u.get("key")) == "cut"]
            continue
        made = _cut(rule, found.part, full, drawn, codes)
        cuts.append({**made, **found.evidence})
        steps.append(_cut_step(made, parties))
    if missing:
        return [not_settled(missing)]
    if left_open:
        return [open_terms(left_open)]
    net = {c: drawn[c] - paid[c] for c in codes}
    evidence = {"state": "settled", "pool_fen": pool, "paid_in_fen": paid, "drawn_fen": drawn, "cuts": cuts}
    steps += [
        Text("{n}：分得 {d} − 出资 {p} = 净额 {x} 元。", "{n}: draws {d} − pays in {p} = net {x} yuan.").fill(
            n=name_of(c, parties), d=say_yuan(drawn[c]), p=say_yuan(paid[c]), x=say_yuan(net[c])
        )
        for c in codes
    ]
    rows = [(a, b, fen) for a, b, fen in pairs(net)]
    if not rows:
        return [Row(codes[0], codes[1], 0, evidence, tuple(steps))]
    return [
        Row(
            a,
            b,
            fen,
            evidence,
            (
                *steps,
                Text("{a} 付给 {b} {f} 元。", "{a} pays {b} {f} yuan.").fill(
                    a=name_of(a, parties), b=name_of(b, parties), f=say_yuan(fen)
                ),
            ),
        )
        for a, b, fen in rows
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    """Which part of a deduction is due (0 met, 1 missed; by months a fraction), and what shows it."""

    part: Fraction
    evidence: Mapping[str, Any]
    missing: tuple[str, ...]
    steps: tuple[Text, ...]


def _missed(rule: Mapping[str, Any], readings: Readings, year: int, params: Parameters) -> _Found:
    fixed = readings.determined(str(rule.get("section")), year)
    if rule.get("measure") == "months" and not (fixed and "met" in fixed):
        found = judge_months(rule, readings, year, params)
        whole = len(found.met)
        part = Fraction(len(found.failed), whole) if whole else Fraction(0)
        step = Text("{s}：{n} 个月中 {f} 个月未达标。", "{s}: {f} of {n} months missed.").fill(
            s=rule["section"], n=whole, f=len(found.failed)
        )
        missing = found.missing if whole else (*found.missing, f"{rule['section']} {year}")
        return _Found(part, {"months_missed": list(found.failed), "months": whole}, missing, (step,))
    judged = judge_year(rule, readings, year, params)
    return _Found(Fraction(0 if judged.met else 1), judged.evidence, judged.missing, judged.steps)


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = missing_keys(clause, NEEDS)
    codes = {p.code for p in parties}
    ratios: list[tuple[str, Any, tuple[Any, ...]]] = [(k, clause.get(k), (k,)) for k in ("contributions", "distribution")]
    for n, rule in enumerate(clause.get("deductions") or []):
        at = ("deductions", n)
        out += [f._replace(at=at) for f in _deduction_flaws({**clause, **rule, "unknown": rule.get("unknown")}, codes)]
        ratios.append(("deductions.to", rule.get("to"), (*at, "to")))
    for name, ratio, at in ratios:
        out += [_stranger(name, c, codes, at) for c in ratio or {} if str(c) not in codes]
        if ratio and (any(not is_number(x) or x < 0 for x in ratio.values()) or not any(ratio.values())):
            out.append(
                Flaw(
                    Text("{n} 的比例是 {r}。", "The ratio of {n} is {r}.").fill(n=name, r={k: str(v) for k, v in ratio.items()}),
                    Text("写不小于零、且不全为零的数。", "Write numbers of zero or more, not all zero."),
                    at,
                )
            )
    return out


def _deduction_flaws(rule: Mapping[str, Any], codes: set[str]) -> list[Flaw]:
    target = () if rule.get("limits") else ("indicators", "target_class")
    size = () if rule.get("cut_yuan") is not None else ("cut",)
    out = missing_keys(rule, ("section", *target, "from", *size, "to"))
    cut = rule.get("cut")
    if cut is not None and not 0 <= cut <= 1:
        out.append(
            Flaw(
                Text("扣减比例是 {c}。", "The cut is {c}.").fill(c=cut), Text("写 0 到 1 之间的数。", "Write a number from 0 to 1.")
            )
        )
    if rule.get("measure") not in (None, *_MEASURES):
        out.append(
            Flaw(
                Text("measure 写的是 {m}。", "measure says {m}.").fill(m=rule["measure"]),
                Text("写 year（按年均）或 months（按未达标月数）。", "Write year (annual means) or months (months missed)."),
            )
        )
    named = rule.get("from")
    givers = list(named) if isinstance(named, Mapping) else [named]
    return out + [_stranger("deductions.from", g, codes, ()) for g in givers if g and str(g) not in codes]


def _stranger(name: str, code: object, codes: set[str], at: tuple[Any, ...]) -> Flaw:
    return Flaw(
        Text("{n} 中的 {c} 不是当事方。", "{c} in {n} is not a party.").fill(n=name, c=code),
        Text("当事方：{all}。", "The parties are {all}.").fill(all=", ".join(sorted(codes))),
        at,
    )


def _split(total: int, ratio: Mapping[str, Any], codes: Sequence[str]) -> dict[str, int]:
    """Split a sum by a ratio of exact numbers; ties go to the party named first in the agreement."""
    known = {str(k): v for k, v in ratio.items()}
    return split(total, {c: known.get(c, 0) for c in codes})


def _cut(
    rule: Mapping[str, Any], part: Fraction, full: Mapping[str, int], drawn: dict[str, int], codes: Sequence[str]
) -> dict[str, Any]:
    """Move the cut part of the shares of those who answer for a section to the others, never more than is left of them."""
    named = rule["from"]
    givers = {str(k): Fraction(v) for k, v in named.items()} if isinstance(named, Mapping) else {str(named): Fraction(1)}
    if rule.get("cut_yuan") is not None:
        whole = Fraction(rule["cut_yuan"]) * 100 * part
        asked = split(half_even(whole.numerator, whole.denominator), givers)
    else:
        shares = {g: Fraction(rule["cut"]) * part * full[g] * w for g, w in _whole(givers).items()}
        asked = {g: half_even(x.numerator, x.denominator) for g, x in shares.items()}
    taken = {g: min(fen, drawn[g]) for g, fen in asked.items()}
    for g, fen in taken.items():
        drawn[g] -= fen
    for code, more in _split(sum(taken.values()), rule["to"], codes).items():
        drawn[code] += more
    said: Any = next(iter(taken)) if len(taken) == 1 else taken
    return {
        "section": str(rule["section"]),
        "from": said,
        "cut_fen": sum(taken.values()),
        "to": {str(k): str(v) for k, v in rule["to"].items()},
    }


def _whole(givers: Mapping[str, Fraction]) -> Mapping[str, Fraction]:
    """Return by which factor each giver's own share is cut: one giver wholly, several by their part of the duty."""
    total = sum(givers.values())
    return {g: w / total if len(givers) > 1 else Fraction(1) for g, w in givers.items()}


def _pool_steps(pool: int, paid: Mapping[str, int], drawn: Mapping[str, int], parties: Sequence[Any]) -> list[Text]:
    said = ["、".join(f"{name_of(c, parties).zh} {say_yuan(x)}" for c, x in part.items()) for part in (paid, drawn)]
    told = [", ".join(f"{name_of(c, parties).en} {say_yuan(x)}" for c, x in part.items()) for part in (paid, drawn)]
    zh = f"资金池 {say_yuan(pool)} 元；按出资比例：{said[0]}；按分配比例：{said[1]}。"
    return [Text(zh, f"Pool {say_yuan(pool)} yuan; paid in: {told[0]}; distributed: {told[1]}.")]


def _cut_step(made: Mapping[str, Any], parties: Sequence[Any]) -> Text:
    """Return whose share was cut by how much and who got it, each with name and sum."""
    named = made["from"]
    taken = {str(named): made["cut_fen"]} if isinstance(named, str) else named
    codes = [p.code for p in parties]
    given = _split(made["cut_fen"], {k: Fraction(v) for k, v in made["to"].items()}, codes)
    lost, got = _sums(taken, parties), _sums({c: fen for c, fen in given.items() if c in made["to"]}, parties)
    return Text(
        "{s} 未达标：从分配额中扣 {a}；转给 {b}（元）。", "{s} missed: cut from the shares of {a}; given to {b} (yuan)."
    ).fill(s=made["section"], a=lost, b=got)


def _sums(fen: Mapping[str, int], parties: Sequence[Any]) -> Text:
    names = {c: name_of(c, parties) for c in fen}
    return Text(
        "、".join(f"{names[c].zh} {say_yuan(x)}" for c, x in fen.items()),
        ", ".join(f"{names[c].en} {say_yuan(x)}" for c, x in fen.items()),
    )
