"""Carbon lots: the books of what was issued, kept back, sold and is still held.

For the officer who sells measured carbon and for the buyer who relies on it. Common registry rules: units are
conserved (issued = held back + sold + held), one physical result carries one claim (an origin and a year are
issued once), and what a sale brings is quantity times price to the fen.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import INT64_MAX, half_even, say_yuan
from ecocomp.terms.text import Text

_TONNES = ("issued_t", "held_back_t", "sold_t", "held_t")


def check_lots(credit: pa.Table) -> list[Fault]:
    """Return every fault of the lots: negative figures, conservation, proceeds, two claims on one result."""
    rows = credit.to_pylist()
    out: list[Fault] = []
    for row in rows:
        out += _negative(row) + _conservation(row) + _sale(row)
    claims = Counter((r["origin"], r["year"]) for r in rows)
    out += [
        _fault(
            r,
            "double_claim",
            Text("{o} 的 {y} 年结果有 {n} 个批次。", "The result of {o} in {y} has {n} lots.").fill(
                o=r["origin"], y=r["year"], n=claims[r["origin"], r["year"]]
            ),
            Text(
                "一个产生范围的一年只能签发一次：合并或撤销一批。",
                "An origin and year are issued once: merge the lots or cancel one.",
            ),
        )
        for r in rows
        if claims[r["origin"], r["year"]] > 1
    ]
    return out


def proceeds(credit: pa.Table, year: int) -> int:
    """Return what the lots of `year` brought, in fen."""
    return sum(r["sold_t"] * r["price_fen_per_t"] for r in credit.to_pylist() if r["year"] == year)


def hold_back(issued_t: int, params: Parameters) -> int:
    """Return the tonnes kept back against loss of the carbon: parameter ``credits.hold_back``, half-even to whole tonnes."""
    share = params.decimal("credits.hold_back").as_integer_ratio()
    return half_even(issued_t * share[0], share[1])


def _negative(row: dict[str, Any]) -> list[Fault]:
    return [
        _fault(
            row,
            "negative",
            Text("{k} 是 {v}。", "{k} is {v}.").fill(k=k, v=row[k]),
            Text("写不小于零的数。", "Write zero or more."),
        )
        for k in (*_TONNES, "price_fen_per_t")
        if row[k] < 0
    ]


def _conservation(row: dict[str, Any]) -> list[Fault]:
    parts = row["held_back_t"] + row["sold_t"] + row["held_t"]
    if parts == row["issued_t"]:
        return []
    return [
        _fault(
            row,
            "conservation",
            Text(
                "签发 {i} 吨，而预留、售出、持有合计 {p} 吨，相差 {d} 吨。",
                "Issued {i} t, but held back, sold and held make {p} t: {d} t apart.",
            ).fill(i=row["issued_t"], p=parts, d=parts - row["issued_t"]),
            Text("核对各项，使其合计等于签发量。", "Mend the figures so that they add up to what was issued."),
        )
    ]


def _sale(row: dict[str, Any]) -> list[Fault]:
    expected = row["sold_t"] * row["price_fen_per_t"]
    out = []
    if row["proceeds_fen"] != expected or expected > INT64_MAX:
        out.append(
            _fault(
                row,
                "proceeds",
                Text(
                    "收入记为 {a} 元，而售出 {t} 吨乘单价 {p} 元是 {e} 元。",
                    "Proceeds say {a} yuan, but {t} t sold at {p} yuan is {e} yuan.",
                ).fill(a=say_yuan(row["proceeds_fen"]), t=row["sold_t"], p=say_yuan(row["price_fen_per_t"]), e=say_yuan(expected)),
                Text("更正数量、单价或收入。", "Mend quantity, price or proceeds."),
            )
        )
    if row["sold_t"] > 0 and not row["buyer"]:
        out.append(
            _fault(
                row,
                "buyer",
                Text("售出 {t} 吨，买方为空。", "{t} t are sold, but the buyer is empty.").fill(t=row["sold_t"]),
                Text("写上买方。", "Write the buyer."),
            )
        )
    return out


def _fault(row: dict[str, Any], kind: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"credits.{kind}", "credit", str(row["lot_id"]), clash, remedy)
