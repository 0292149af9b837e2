"""Green bond: money raised by green bonds, local government special bonds among them, for ecological compensation."""

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
    id="bond",
    name=FUND_SOURCES["bond"],
    summary=Text(
        "发行绿色（含地方政府专项）债券募集、用于生态保护补偿的资金。",
        "Money raised by green bonds, local government special bonds among them, for ecological compensation.",
    ),
    unit="fen",
    inputs=(Use("envelope", "fen", Text("资金包登记", "register of envelopes")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=USES,
    formula="granted = as declared in the register",
    holds=Text(
        "只用于募集文件写明的用途；本金须偿还，利息归募集资金；不得用于募集文件以外的经常性支出。",
        "Only for the uses its prospectus names; the principal is repaid, interest stays with the proceeds.",
    ),
    references=(
        Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 20-24 (market mechanism)", "V"),
        Reference("Green Bond Principles (China), 2022: all proceeds go to green projects", "R", "remembered, not opened"),
    ),
    examples=(Example({"envelope": {"granted_fen": 123_456}}, {"granted_fen": 123_456}, "a declared grant is taken as it stands"),),
)
DERIVED = False


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return what the register of envelopes says was granted."""
    return int(envelope["granted_fen"])
