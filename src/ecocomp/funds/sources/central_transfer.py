"""Central transfer for key ecological function zones: general transfer to the province, planned down to the county."""

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
    id="central_transfer",
    name=FUND_SOURCES["central_transfer"],
    summary=Text(
        "中央按均衡性缺口与分档系数下达、由省统筹到县的一般性转移支付，不指定具体用途。",
        "A general transfer by fiscal gap and coefficient, planned by the province down to the county, without item-level purpose.",
    ),
    unit="fen",
    inputs=(Use("envelope", "fen", Text("资金包登记", "register of envelopes")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=USES,
    formula="granted = as declared in the register",
    holds=Text(
        "下达数以文件为准；文件性质为一般性转移支付，本级方案可限定到功能区。",
        "What the document says; general money, though the county's own plan may tie it to zones.",
    ),
    references=(
        Reference(
            "Measures for the central transfer to key ecological function zones, Caiyu (2022) 59",
            "V",
            "number, nature and components",
        ),
        Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 8-13", "V"),
    ),
    examples=(Example({"envelope": {"granted_fen": 123_456}}, {"granted_fen": 123_456}, "a declared grant is taken as it stands"),),
)
DERIVED = False


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return what the register of envelopes says was granted."""
    return int(envelope["granted_fen"])
