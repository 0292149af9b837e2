"""Penalties and claw-back: what must be given back and how large a fine may be, by the rule of a programme's file.

Decree 367, art. 57: who is no official and claims falsely gives the money back and is fined 2 to 5 times what was falsely
claimed. What officials owe is decided elsewhere; the amount to be returned is told all the same.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date

from ecocomp.programmes.programme import Programme
from ecocomp.programmes.rates import Rates
from ecocomp.rules import Parameters
from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import half_even, say_yuan
from ecocomp.terms.text import Text


@dataclass(frozen=True)
class Penalty:
    """What follows from an act, in fen; a fine that the rule does not name is None."""

    act: str
    returned_fen: int
    fine_least_fen: int | None
    fine_most_fen: int | None
    document: str
    says: Text


def penalty(
    programme: Programme, act: str, claimed_fen: int, params: Parameters, *, paid_fen: int | None = None, on: date | None = None
) -> Penalty:
    """Return what follows from an act.

    claimed_fen  what was falsely claimed: the base of the fine
    paid_fen     what of it was paid out and must come back; None: all of it
    on           day of the act, default the reference day
    raises       UsageError: an act no rule of the programme speaks of, an amount below zero
    """
    rules = {r["id"]: r for r in programme.penalties}
    if act not in rules:
        near = next(iter(difflib.get_close_matches(act, rules, 1)), ", ".join(rules) or "—")
        raise UsageError(
            Text("{p} 没有行为 {a} 的处罚规则；有：{n}。", "{p} has no rule for {a}; there is: {n}.").fill(
                p=programme.id, a=act, n=near
            )
        )
    paid = claimed_fen if paid_fen is None else paid_fen
    if claimed_fen < 0 or paid < 0 or paid > claimed_fen:
        raise UsageError(Text("金额应不小于零，已付不大于冒领。", "Amounts are not below zero, and no more was paid than claimed."))
    rule, day = rules[act], on or params.valid_on
    rates = Rates(programme, params)
    bounds = []
    for name in ("fine_least", "fine_most"):
        factor = None if rule[name] is None or rule["by_officials"] else rates.amount(rule[name], "", day)
        bounds.append(None if factor is None else half_even(claimed_fen * factor.numerator, factor.denominator))
    if rates.faults:
        from ecocomp.terms.faults import FaultsError

        raise FaultsError(rates.faults.values())
    cited = " ".join(x for x in (rule["document"], rule["article"]) if x)
    back = paid if rule["returned"] else 0
    fine = Text("规则未列罚款", "the rule names no fine")
    if None not in bounds:
        fine = Text("罚款 {a} 至 {b} 元", "a fine of {a} to {b} yuan").fill(a=say_yuan(bounds[0] or 0), b=say_yuan(bounds[1] or 0))
    says = Text("{n}：退回 {r} 元，{f}（{d}）。", "{n}: {r} yuan to be returned, {f} ({d}).").fill(
        n=rule["name"], r=say_yuan(back), f=fine, d=cited
    )
    return Penalty(act, back, bounds[0], bounds[1], cited, says)
