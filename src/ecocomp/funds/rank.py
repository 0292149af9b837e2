"""The class in which a claim stands when money is shared by rank: zone, grade, red line, importance, income per head."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import to_fen
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

TRAITS = ("zone", "grade", "red_line", "importance", "income")
_IMPORTANCE = {"extreme": 0, "important": 1, "general": 2, "not_assessed": 3}


def ranks(entitlement: pa.Table, parcel_zone: pa.Table, holder: pa.Table | None, params: Parameters) -> np.ndarray:
    """Return the class of each row, 0 first: traits in the order of ``funds.rank_by``, the first one weighing most."""
    wanted = [str(t) for t in params.items("funds.rank_by")]
    unknown = [t for t in wanted if t not in TRAITS]
    if unknown or not wanted:
        raise FaultsError([_rule_fault("funds.rank_by", ", ".join(unknown) or "—", ", ".join(TRAITS))])
    if "income" in wanted and holder is None:
        raise FaultsError([_no_income()])
    at = pc.index_in(entitlement["parcel_id"], value_set=parcel_zone["parcel_id"].combine_chunks())
    columns = [_trait(t, entitlement, parcel_zone, at, holder, params) for t in wanted]
    _, out = np.unique(np.column_stack(columns), axis=0, return_inverse=True) if len(at) else (None, np.zeros(0, np.int64))
    return out.reshape(-1).astype(np.int64)


def _trait(trait: str, entitlement: pa.Table, zone: pa.Table, at: Any, holder: pa.Table | None, params: Parameters) -> np.ndarray:
    if trait == "income" and holder is not None:
        return _income(entitlement, holder, params)
    if trait == "grade":
        return pc.fill_null(zone["grade"].take(at), 9).to_numpy().astype(np.int64)
    if trait == "red_line":
        inside = pc.fill_null(zone["red_line_ppm"].take(at), 0).to_numpy() >= int(params.decimal("funds.red_line_share") * PPM)
        return (~inside).astype(np.int64)
    if trait == "importance":
        return _coded(pc.fill_null(zone["importance"].take(at), "not_assessed"), {k: Decimal(v) for k, v in _IMPORTANCE.items()})
    return _coded(pc.fill_null(zone["function_zone"].take(at), "none"), params.table("funds.rank_zones"))


def _coded(values: Any, order: dict[str, Decimal]) -> np.ndarray:
    last = max(order.values()) + 1
    place = {v: i for i, v in enumerate(sorted({*order.values(), last}))}
    coded = pc.dictionary_encode(values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
    by_code = np.array([place[order.get(code, last)] for code in coded.dictionary.to_pylist()], np.int64)
    return by_code[coded.indices.to_numpy()] if len(by_code) else np.zeros(len(values), np.int64)


def _income(entitlement: pa.Table, holder: pa.Table, params: Parameters) -> np.ndarray:
    """Return the class of income per head; unknown income stands in the last class, since nobody can be shown to be poor by it."""
    limits = sorted(to_fen(Decimal(str(x))) for x in params.items("funds.rank_income_yuan"))
    at = pc.index_in(entitlement["holder_id"], value_set=holder["holder_id"].combine_chunks())
    income = pc.fill_null(holder["income_fen"].take(at), -1).to_numpy().astype(np.int64)
    members = np.maximum(pc.fill_null(holder["members"].take(at), 1).to_numpy().astype(np.int64), 1)
    out = np.zeros(len(income), np.int64)
    for limit in limits:
        out += income // members >= limit
    return np.where(income < 0, len(limits), out)


def _rule_fault(key: str, value: str, known: str) -> Fault:
    return Fault(
        key,
        "ecopolicy",
        key,
        Text("{k} 是 {v}。", "{k} is {v}.").fill(k=key, v=value),
        Text("可用：{a}。", "Known: {a}.").fill(a=known),
    )


def _no_income() -> Fault:
    return Fault(
        "funds.rank_income",
        "ecopolicy",
        "funds.rank_by",
        Text("次序要看收入，而没有给出权利人的收入。", "It ranks by income, and no holders with their income are given."),
        Text("给出 holder 表，或从 funds.rank_by 去掉 income。", "Give the table of holders, or take income out of funds.rank_by."),
    )
