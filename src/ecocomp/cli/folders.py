"""What `ecocomp list` can list, and the folders it stands in."""

from __future__ import annotations

FOLDERS_OF: dict[str, tuple[str, ...]] = {
    "services": ("services.models",),
    "methods": ("valuation.methods",),
    "rules": ("standard.rules",),
    "sources": ("funds.sources",),
    "rations": ("funds.rations",),
    "indicators": ("performance.indicators",),
    "signals": ("monitoring.signals",),
    "clauses": ("agreements.clauses",),
    "factors": ("services.factors",),
    "indices": ("zoning.indices", "performance.indices"),
    "weightings": ("performance.weighting",),
    "formulas": ("valuation.factors", "standard.formulas"),
}
