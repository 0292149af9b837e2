"""What settles an agreement beside its text and the readings: facts of the years, each with its paper.

One YAML file (``--facts``)::

    force_majeure:                      # what the parties established as force majeure
      - {section: QX-OUT, months: ["2024-07"], by: 双方会商, document: 纪要〔2024〕3号}
    determined:                         # whether a section met its target, established otherwise than by readings
      - {section: QX-OUT, year: 2024, met: true, by: 生态环境部, document: 环办〔2025〕1号}
    growth:                             # what indexed sums follow
      - {series: gdp, party: "340000", year: 2024, rate: 5.8%}
    decided:                            # a decision or a deal of the parties that replaces the result of a clause; it binds
      - {clause: pool_shares, year: 2023, payer: GZ, payee: YN, amount_yuan: 2550万元, by: 共同上级, document: 文1}
    paid:                               # what has moved
      - {payer: GZ, payee: YN, year: 2024, amount_yuan: 3000万元, on: 2024-06-24, document: 黔财资环〔2024〕46号}
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecocomp.agreements.model import Agreement
from ecocomp.agreements.readings import party_code
from ecocomp.agreements.shape import Shape, misshapen, normal
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

SHAPE: Shape = {
    "force_majeure": [{"section": "word", "indicator": "word", "months": ["word"], "by": "word", "document": "word"}],
    "determined": [{"section": "word", "year": "whole", "met": "truth", "by": "word", "document": "word"}],
    "growth": [{"series": "word", "party": "word", "year": "whole", "rate": "number", "document": "word"}],
    "decided": [
        {
            "clause": "word",
            "year": "whole",
            "payer": "word",
            "payee": "word",
            "amount_yuan": "yuan",
            "by": "word",
            "document": "word",
        }
    ],
    "paid": [{"payer": "word", "payee": "word", "year": "whole", "amount_yuan": "yuan", "on": "day", "document": "word"}],
}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_NEEDED = {
    "force_majeure": ("months",),
    "determined": ("section", "met"),
    "growth": ("series", "party", "year", "rate"),
    "decided": ("clause", "year", "payer", "payee", "amount_yuan"),
    "paid": ("payer", "payee", "year", "amount_yuan", "on"),
}


def read_facts(source: Path | Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the facts of a file (or the same mapping), and every fault with its line."""
    faults: list[Fault] = []
    shaped: Any
    if isinstance(source, Path):
        tree, faults = read_yaml(source)
        where, shaped, data = source.name, tree, strip(tree) if tree is not None else {}
    else:
        where, shaped, data = "facts", source, dict(source)
    if not isinstance(data, Mapping):
        clash = Text("最上层不是键值表。", "The top level is not a mapping.")
        return {}, [
            *faults,
            Fault(
                "agreements.facts", where, "", clash, Text("按 agreements.facts 的样式写。", "Write it as agreements.facts shows.")
            ),
        ]
    if shaped is not None:
        faults = [*faults, *(_fault(where, w.line, w.at, w.clash, w.remedy) for w in misshapen(shaped, SHAPE))]
    made = normal(data, SHAPE)
    for key, needed in _NEEDED.items():
        for n, item in enumerate(made.get(key) or ()):
            lacking = [k for k in needed if item.get(k) in (None, "", [])]
            if lacking:
                clash = Text("没有 {k}。", "{k} is missing.").fill(k=", ".join(lacking))
                faults.append(_fault(where, 0, f"{key} {n + 1}", clash, Text("写上它。", "Write it.")))
    return made, faults


def strays(facts: Mapping[str, Any], agreement: Agreement, where: str = "facts") -> list[Fault]:
    """Return an error for each fact that speaks of no clause, section, party or month of the agreement."""
    clauses = agreement.labels()
    sections, parties = agreement.sections(), [p.code for p in agreement.parties]
    account = ((agreement.data.get("clearing") or {}).get("account") or {}).get("code")
    out: list[Fault] = []

    def told(at: str, key: str, value: object, known: Sequence[str]) -> None:
        near = next(iter(difflib.get_close_matches(str(value), known, 1, 0.4)), "—")
        clash = Text("{k} 写的是“{v}”，协议里没有。", "{k} says “{v}”, which the agreement does not have.").fill(k=key, v=value)
        fix = Text("最相近的是 {n}；有：{a}。", "The nearest is {n}; there are: {a}.").fill(n=near, a=", ".join(known))
        out.append(_fault(where, 0, at, clash, fix))

    for kind, keys in (("decided", ("payer", "payee")), ("paid", ("payer", "payee")), ("growth", ("party",))):
        for n, item in enumerate(facts.get(kind) or (), 1):
            for key in keys:
                name = item.get(key)
                if name is not None and name != account and party_code(name, agreement.parties) is None:
                    told(f"{kind} {n}", key, name, parties)
    for n, item in enumerate(facts.get("decided") or (), 1):
        if item.get("clause") is not None and item["clause"] not in clauses:
            told(f"decided {n}", "clause", item["clause"], clauses)
    for kind in ("determined", "force_majeure"):
        for n, item in enumerate(facts.get(kind) or (), 1):
            if item.get("section") is not None and str(item["section"]) not in sections:
                told(f"{kind} {n}", "section", item["section"], sections)
    for n, item in enumerate(facts.get("force_majeure") or (), 1):
        for month in item.get("months") or ():
            if not _MONTH.fullmatch(str(month)):
                clash = Text("“{m}”不是月份。", "“{m}” is not a month.").fill(m=month)
                out.append(_fault(where, 0, f"force_majeure {n}", clash, Text("写成 2024-07。", "Write it as 2024-07.")))
    return out


def _fault(where: str, line: int, at: str, clash: Text, remedy: Text) -> Fault:
    return Fault("agreements.facts", where, f"line {line} {at}".strip() if line else at, clash, remedy)
