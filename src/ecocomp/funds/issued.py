"""Allocation tables as issued: total = already issued + this time, row by row and for the whole; what a copy lacks is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ecocomp.funds.sheet import Column
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

COLUMNS: tuple[Column, ...] = (
    Column("place", ("地区", "省", "省份", "province"), "text", needed=True),
    Column("total", ("合计", "2020年预算", "总额"), "number", needed=True, least=None),
    Column("already", ("已下达", "此前已下达"), "number", least=None),
    Column("this_time", ("本次下达", "此次下达", "this time"), "number", least=None),
)
_WHOLE = frozenset({"all", "合计", "全国", "总计"})


@dataclass(frozen=True)
class Issued:
    """What the table holds: rows, rows whose split is known, and by column what rows add up to and what the copy lacks."""

    rows: int
    split: int
    sums: dict[str, Decimal]
    missing: dict[str, Decimal]

    @property
    def complete(self) -> bool:
        """Whether the rows make the whole in every column."""
        return bool(self.missing) and not any(self.missing.values())


def check_issued(rows: Sequence[Mapping[str, Any]], where: str) -> tuple[Issued, list[Fault]]:
    """Return what the table holds and every fault: a row whose parts do not make its total, rows that exceed the whole."""
    faults = []
    listed = [r for r in rows if str(r["place"]).casefold() not in _WHOLE]
    whole = [r for r in rows if str(r["place"]).casefold() in _WHOLE]
    for r in rows:
        if r.get("already") is None or r.get("this_time") is None:
            continue
        made = r["already"] + r["this_time"]
        if made != r["total"]:
            faults.append(
                _fault(
                    where,
                    str(r["place"]),
                    Text("{a} + {b} = {c}，而合计写 {t}。", "{a} + {b} = {c}, and the total says {t}.").fill(
                        a=r["already"], b=r["this_time"], c=made, t=r["total"]
                    ),
                )
            )
    sums = {c: sum((r[c] for r in listed if r.get(c) is not None), Decimal(0)) for c in ("total", "already", "this_time")}
    missing = {c: whole[0][c] - sums[c] for c in sums if whole and whole[0].get(c) is not None}
    unsplit = any(r.get("already") is None for r in listed)
    for c, left in missing.items():
        if left < 0:
            faults.append(
                _fault(
                    where,
                    c,
                    Text("各行之和 {s} 超过总计，多 {d}。", "The rows add up to {s}, {d} more than the whole.").fill(
                        s=sums[c], d=-left
                    ),
                )
            )
        elif left > 0 and not (unsplit and c == "already"):
            faults.append(
                Fault(
                    "funds.issued_cut",
                    where,
                    c,
                    Text(
                        "各行之和 {s}，总计还多 {d}：表不完整。", "The rows add up to {s}; the whole is {d} more: the table is cut."
                    ).fill(s=sums[c], d=left),
                    Text("取得完整的表后再核对。", "Check again with the whole table."),
                    "warning",
                )
            )
    return Issued(len(listed), sum(r.get("already") is not None for r in listed), sums, missing), faults


def _fault(where: str, record: str, clash: Text) -> Fault:
    return Fault("funds.issued", where, record, clash, Text("对照原文更正。", "Mend it against the document."))
