"""Land-transfer revenue: a share of what land sales bring, put into ecological protection."""

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
    id="land_revenue",
    name=FUND_SOURCES["land_revenue"],
    summary=Text(
        "土地出让收入中按本级预算决定用于生态保护补偿的部分。",
        "The part of land-transfer revenue that the local budget sets aside for ecological compensation.",
    ),
    unit="fen",
    inputs=(Use("envelope", "fen", Text("资金包登记", "register of envelopes")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=USES,
    formula="granted = as declared in the register",
    holds=Text(
        "金额由本级预算批准；本项目不给出提取比例。", "The amount is what the local budget approves; no share is assumed here."
    ),
    references=(
        Reference(
            "Regulation on Ecological Protection Compensation, Decree 779, art. 13: channels may be pooled step by step", "V"
        ),
        Reference(
            "Rules on the use of land-transfer revenue", "M", "remembered, not opened: the county's own budget document governs"
        ),
    ),
    examples=(Example({"envelope": {"granted_fen": 123_456}}, {"granted_fen": 123_456}, "a declared grant is taken as it stands"),),
)
DERIVED = False


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return what the register of envelopes says was granted."""
    return int(envelope["granted_fen"])
