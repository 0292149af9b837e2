"""Fixed sum: an amount for the year, unconditional or only when a target is met (`only_if`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecocomp.agreements.readings import Flaw, Readings, Row, missing_keys, pay, short, side_flaws, side_of, to_whole_fen
from ecocomp.agreements.uses import SETTLEMENT
from ecocomp.registry import Example, Reference, Spec
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SPEC = Spec(
    id="fixed_sum",
    name=Text("定额补偿", "fixed sum"),
    summary=Text(
        "每年一笔固定金额；加 only_if 时，目标达到才付。",
        "A fixed amount each year; with only_if it is paid when the target is met.",
    ),
    unit="fen",
    inputs=(),
    outputs=(SETTLEMENT,),
    formula="amount",
    holds=Text("各方份额可写成映射，分到分，不多不少。", "Sides may be shares of several parties, split to the fen."),
    references=(Reference("Jiuzhou, Dongjiang, Chaobai agreements: fixed yearly sums of each side", "v"),),
    examples=(
        Example(
            {"clause": {"payer": "downstream", "payee": "upstream", "amount_yuan": 100}},
            {"rows": [["D", "U", 10000]]},
            "a fixed 100 yuan",
        ),
        Example(
            {"parties": ["A", "B", "C"], "clause": {"payer": {"A": 1, "B": 2}, "payee": "C", "amount_yuan": "1"}},
            {"rows": [["A", "C", 33], ["B", "C", 67]]},
            "1 yuan borne 1:2",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {"payer": "side", "payee": "side", "amount_yuan": "yuan"}
NEEDS = ("payer", "payee", "amount_yuan")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return the fixed payment; conditions are judged by the engine."""
    step = Text("定额 {x} 元。", "Fixed sum of {x} yuan.").fill(x=short(clause["amount_yuan"]))
    return pay(clause["payer"], clause["payee"], to_whole_fen(clause["amount_yuan"]), parties, {"state": "settled"}, (step,))


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = missing_keys(clause, NEEDS)
    for key in ("payer", "payee"):
        out += side_flaws(clause.get(key), key, parties, (key,))
    one, two = (side_of(clause.get(k), parties) if clause.get(k) else None for k in ("payer", "payee"))
    if one and two and one.keys() & two.keys():
        out.append(
            Flaw(
                Text("{v} 付给自己。", "{v} would pay itself.").fill(v=clause["payer"]),
                Text("更正付款方或收款方。", "Mend payer or payee."),
            )
        )
    return out
