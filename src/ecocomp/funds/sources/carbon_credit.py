"""Carbon credit sale: what the sold part of the year's carbon lots brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ecocomp.credits.lots import proceeds
from ecocomp.funds.source import USES
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUND_SOURCES
from ecocomp.terms.text import Text

SPEC = Spec(
    id="carbon_credit",
    name=FUND_SOURCES["carbon_credit"],
    summary=Text(
        "本年碳汇批次售出部分的收入；预留与未售部分不产生资金。",
        "What the sold part of the year's carbon lots brought; kept-back and unsold tonnes bring nothing.",
    ),
    unit="fen",
    inputs=(Use("credit", "fen", Text("碳汇批次", "carbon lots")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=USES,
    formula="granted = SUM sold_t * price_fen_per_t",
    holds=Text("批次须先通过守恒核对。", "The lots must pass the conservation check first."),
    references=(
        Reference("Forestry carbon ticket, Sanming: 16,500 t sold for 247,800 CNY (15.02 CNY/t)", "v"),
        Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 20-24", "V"),
    ),
    examples=(
        Example(
            {"credit": [[2022, 16_500, 1_502]], "envelope": {"granted_fen": 0}},
            {"granted_fen": 24_783_000},
            "Jiangle: 16,500 t at 15.02 yuan",
        ),
    ),
)
DERIVED = True


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return the proceeds of the lots of `year`, in fen."""
    return proceeds(credit, year)
