"""Green fund: donations and market-run funds for ecological protection."""

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
    id="green_fund",
    name=FUND_SOURCES["green_fund"],
    summary=Text(
        "社会资本、捐赠或市场化运作的生态保护补偿基金拨付的资金。",
        "Money from donors or market-run funds for ecological protection compensation.",
    ),
    unit="fen",
    inputs=(Use("envelope", "fen", Text("资金包登记", "register of envelopes")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=USES,
    formula="granted = as declared in the register",
    holds=Text(
        "用途以捐赠或基金章程为准，通常限定区域或对象。",
        "Its purpose follows the deed of gift or the fund's charter, often tied to a place.",
    ),
    references=(
        Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 20-24 (market mechanism, funds)", "V"),
    ),
    examples=(Example({"envelope": {"granted_fen": 123_456}}, {"granted_fen": 123_456}, "a declared grant is taken as it stands"),),
)
DERIVED = False


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return what the register of envelopes says was granted."""
    return int(envelope["granted_fen"])
