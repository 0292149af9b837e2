"""`ecocomp list`: what is registered, read from the specs."""

from __future__ import annotations

from ecocomp.cli.say import Voice
from ecocomp.registry import entries
from ecocomp.terms.text import Text

FOLDER_OF = {
    "services": "services.models",
    "methods": "valuation.methods",
    "rules": "standard.rules",
    "sources": "funds.sources",
    "indicators": "performance.indicators",
    "signals": "monitoring.signals",
    "clauses": "agreements.clauses",
}


def list_plugins(voice: Voice, what: str) -> None:
    """Print the entries of one plug-in folder."""
    found = entries(FOLDER_OF[what])
    voice.data(
        [
            {
                "id": e.spec.id,
                "name_zh": e.spec.name.zh,
                "name_en": e.spec.name.en,
                "summary_zh": e.spec.summary.zh,
                "summary_en": e.spec.summary.en,
                "unit": e.spec.unit,
                "version": e.spec.version,
                "formula": e.spec.formula,
                "inputs": [u.name for u in e.spec.inputs],
                "parameters": [u.name for u in e.spec.parameters],
                "references": [f"{r.title} [{r.confidence}]" for r in e.spec.references],
            }
            for e in found.values()
        ]
    )
    rows = [
        [
            e.spec.id,
            e.spec.name.to(voice.lang),
            e.spec.unit,
            e.spec.summary.to(voice.lang),
            "; ".join(f"{r.title} [{r.confidence}]" for r in e.spec.references),
        ]
        for e in found.values()
    ]
    heads = [
        Text("编码", "id"),
        Text("名称", "name"),
        Text("单位", "unit"),
        Text("说明", "what it is"),
        Text("出处 [标记]", "sources [mark]"),
    ]
    voice.table(Text("{w}：{n} 项", "{w}: {n}").fill(w=what, n=len(found)), heads, rows)
