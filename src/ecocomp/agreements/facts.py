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

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def _fault(where: str, line: int, at: str, clash: Text, remedy: Text) -> Fault:
    return Fault("agreements.facts", where, f"line {line} {at}".strip() if line else at, clash, remedy)
