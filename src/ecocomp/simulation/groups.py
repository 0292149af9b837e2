"""The groups results are shown by: function zone, ecosystem, village of parcels; kind, village and income group of holders.

Income groups are fifths of the households that state an income, by yearly income per member (income / members), from
``1`` (the lowest) to ``5``; equal incomes fall into one group, that of the first of them. Holders without a stated income
(collectives, state units) are ``none``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.text import Text

FIFTHS = 5
NONE = "none"
DIMENSIONS: dict[str, Text] = {
    "function_zone": Text("功能区", "function zone"),
    "ecosystem_group": Text("生态系统大类", "ecosystem group"),
    "owner": Text("权利人类型", "kind of holder"),
    "income": Text("收入组（1 最低）", "income group (1 lowest)"),
    "village": Text("村", "village"),
}


@dataclass(frozen=True)
class Codes:
    """A column of group names: the names and which of them each row has."""

    names: list[str]
    index: np.ndarray

    def take(self, at: np.ndarray) -> Codes:
        """Return the rows asked for."""
        return Codes(self.names, self.index[at])


def codes_of(column: Any) -> Codes:
    """Return a text column as codes, names sorted."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = pc.fill_null(flat, "").dictionary_encode()
    names = coded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=lambda i: names[i])
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return Codes([names[i] for i in order], place[coded.indices.to_numpy()] if len(flat) else np.zeros(0, np.int64))


def income_groups(holder: pa.Table) -> Codes:
    """Return the income group of each holder, in the order of the table."""
    income = pc.fill_null(holder["income_fen"], -1).to_numpy().astype(np.float64)
    members = np.maximum(holder["members"].to_numpy().astype(np.float64), 1)
    known = income >= 0
    index = np.full(len(income), FIFTHS, np.int64)
    per_head = (income / members)[known]
    if len(per_head):
        rank = np.searchsorted(np.sort(per_head), per_head, side="left")
        index[known] = rank * FIFTHS // len(per_head)
    return Codes([str(i) for i in range(1, FIFTHS + 1)] + [NONE], index)


def parcel_groups(parcel: pa.Table, parcel_zone: pa.Table) -> dict[str, Codes]:
    """Return function zone, ecosystem group and village of each parcel, in the order of the parcel table."""
    at = pc.index_in(parcel["parcel_id"], value_set=parcel_zone["parcel_id"].combine_chunks())
    return {
        "function_zone": codes_of(pc.fill_null(parcel_zone["function_zone"].take(at), "none")),
        "ecosystem_group": codes_of(pc.utf8_slice_codeunits(pc.fill_null(parcel["ecosystem"], "0"), 0, 1)),
        "village": codes_of(parcel["village_code"]),
    }


def main_holder(right_payable: pa.Table, parcel: pa.Table) -> pa.Array:
    """Return for each parcel the holder with the largest paid share (ties: the first by right), null where there is none."""
    ids = parcel["parcel_id"].combine_chunks()
    at = pc.index_in(right_payable["parcel_id"], value_set=ids)
    found = at.is_valid().to_numpy(zero_copy_only=False)
    row = np.flatnonzero(found)
    place = at.drop_null().to_numpy().astype(np.int64)
    share = (right_payable["share_num"].to_numpy() / np.maximum(right_payable["share_den"].to_numpy(), 1))[row]
    order = np.lexsort((row, -share, place))
    first = np.unique(place[order], return_index=True)[1]
    best = np.full(len(ids), -1, np.int64)
    best[place[order][first]] = row[order][first]
    taken = pa.array(np.where(best < 0, 0, best), mask=best < 0)
    holders = right_payable["holder_id"].combine_chunks()
    return holders.take(taken) if len(holders) else pa.nulls(len(ids), pa.string())
