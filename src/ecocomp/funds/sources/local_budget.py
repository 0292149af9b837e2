"""Local budget match: what the county, prefecture or province adds from its own revenue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ecocomp.funds.source import USES
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUND_SOURCES
from ecocomp.terms.text import Text

SPEC = Spec(
    id="local_budget",
    name=FUND_SOURCES["local_budget"],
    summary=Text(
        "县级（或市、省级）预算安排的配套资金，列入年度预算，受预算绩效管理。",
        "Money the county, prefecture or province adds from its own budget, under budget performance management.",
    ),
    unit="fen",
    inputs=(Use("envelope", "fen", Text("资金包登记", "register of envelopes")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=USES,
    formula="granted = as declared in the register",
    holds=Text(
        "年末未用部分按预算法收回，除非规则允许结转。", "What is left at year end lapses unless the rule lets it be carried over."
    ),
    references=(
        Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 13, 25", "V"),
        Reference("Jiangxi: Gancaiyu (2023) 38, provincial top-up beside the central transfer", "v"),
    ),
    examples=(Example({"envelope": {"granted_fen": 123_456}}, {"granted_fen": 123_456}, "a declared grant is taken as it stands"),),
)
DERIVED = False


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return what the register of envelopes says was granted."""
    return int(envelope["granted_fen"])
