"""Horizontal agreement: what a downstream region pays under a settled agreement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.agreements.agreement import net_received
from ecocomp.funds.source import USES
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUND_SOURCES
from ecocomp.terms.text import Text

SPEC = Spec(
    id="horizontal_agreement",
    name=FUND_SOURCES["horizontal_agreement"],
    summary=Text(
        "下游按已结算的流域协议支付给本地的净额；本地须付出时为零，应付额另列。",
        "The net sum other regions pay under settled agreements; nothing when this place is the one that owes.",
    ),
    unit="fen",
    inputs=(Use("settlement", "fen", Text("协议结算", "agreement settlements")),),
    outputs=(Use("granted_fen", "fen", Text("本年下达", "granted this year")),),
    parameters=(
        *USES,
        Use("funds.settlement_lag_years", "years", Text("结算计入的滞后年数", "years after which a settlement counts")),
    ),
    formula="granted = max(0, SUM received - SUM paid) over the agreement's clauses",
    holds=Text(
        "用途宽于纵向资金：保护、修复，也可用于发展和民生。",
        "Its purposes are wider than those of vertical money: protection, restoration, also development and livelihood.",
    ),
    references=(Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 14-19", "V"),),
    examples=(
        Example(
            {
                "envelope": {"envelope_id": "H", "document": "a1", "granted_fen": 0},
                "settlement": [["a1", "X", "HERE", 700], ["a1", "HERE", "X", 200]],
                "place": "HERE",
            },
            {"granted_fen": 500},
            "two clauses: 700 received less 200 paid",
        ),
    ),
)
DERIVED = True


def grant_fen(envelope: Mapping[str, Any], settlement: pa.Table, credit: pa.Table, year: int, params: Parameters) -> int:
    """Return the net sum this place receives for the settled year, in fen; never below zero.

    The place is the first of the rule book's chain. When the envelope's `document` is the id of an agreement,
    only that agreement counts, else all of them.
    """
    return max(0, net_fen(envelope, settlement, year, params))


def drawn(envelope: Mapping[str, Any], settlement: pa.Table | None) -> str:
    """Return the agreement whose money the envelope is granted, "" for all of them.

    Before anything is settled its `document`, if it has one, is taken for the id of an agreement.
    """
    document = str(envelope["document"] or "").strip()
    if settlement is None:
        return document
    return str(envelope["document"]) if pc.any(pc.equal(settlement["agreement_id"], envelope["document"])).as_py() else ""


def net_fen(envelope: Mapping[str, Any], settlement: pa.Table, year: int, params: Parameters) -> int:
    """Return received less paid, in fen; negative when this place owes."""
    named = pc.equal(settlement["agreement_id"], envelope["document"])
    part = settlement.filter(named) if pc.any(named).as_py() else settlement
    return net_received(part, params.chain[0], year - int(params.decimal("funds.settlement_lag_years")))
