"""Donation: money given by persons or organisations for ecological compensation."""

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
    id="donation",
    name=FUND_SOURCES["donation"],
    summary=Text(
        "自然人、法人或其他组织捐赠、用于生态保护补偿的资金。",
        "Money given by persons or organisations for ecological compensation.",
    ),
    unit="fen",
    inputs=(Use("envelope", "fen", Text("资金包登记", "register of envelopes")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=USES,
    formula="granted = as declared in the register",
    holds=Text(
        "用途以捐赠协议为准；改变用途须经捐赠人同意。",
        "Its use follows the deed of gift; another use needs the giver's consent.",
    ),
    references=(
        Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 20-24 (market mechanism, funds)", "V"),
        Reference("Charity Law (2016, amended 2023): use follows the donation agreement", "R", "remembered, not opened"),
    ),
    examples=(Example({"envelope": {"granted_fen": 123_456}}, {"granted_fen": 123_456}, "a declared grant is taken as it stands"),),
)
DERIVED = False


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return what the register of envelopes says was granted."""
    return int(envelope["granted_fen"])
