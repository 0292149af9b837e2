"""Who should bear what a programme owes, and whose money paid it: the levels of its file beside the envelopes of the year.

The file of a programme says which levels bear it (`shares`, `source`); which envelope pays is chosen by earmarks, purposes and
order (`funds.allocate`). The two are set side by side for the recipient and the auditor, and told where they are apart.
An envelope is money of the central budget, of a local one, or of neither (agreements, carbon, bonds, donations).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.codes import FUND_SOURCES
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import half_even, say_yuan
from ecocomp.terms.text import Text

CENTRAL, LOCAL, OTHER = "central", "local", "other"
LEVEL_OF_SOURCE: dict[str, str] = {"central_transfer": CENTRAL, "local_budget": LOCAL, "land_revenue": LOCAL}
"""Source of an envelope (`codes.FUND_SOURCES`) → budget it is money of; any other is of no budget."""
BUDGETS: dict[str, Text] = {
    CENTRAL: Text("中央财政", "the central budget"),
    LOCAL: Text("地方财政", "local budgets"),
    OTHER: Text("其他资金", "other money"),
}


def apart(borne: Mapping[str, int], paid: Mapping[str, int], least_fen: int = 2) -> Text | None:
    """Return in words how far what was paid lies from the levels that should bear it; None where they agree.

    borne      level (central, province, city, county) → fen
    paid       source of the envelope → fen; where less was paid than is owed, each level should bear its part of that
    least_fen  difference that is told; less is of rounding
    """
    owed, total = sum(borne.values()), sum(paid.values())
    if not owed or not total:
        return None
    central = half_even(total * borne.get("central", 0), owed)
    wanted = {CENTRAL: central, LOCAL: total - central, OTHER: 0}
    found = dict.fromkeys(wanted, 0)
    for source, fen in paid.items():
        found[LEVEL_OF_SOURCE.get(source, OTHER)] += fen
    if all(abs(found[b] - wanted[b]) < max(least_fen, 1) for b in wanted):
        return None
    said = [
        Text("{b}应担 {w} 元、实付 {f} 元", "{b} should bear {w} yuan and paid {f}").fill(
            b=BUDGETS[b], w=say_yuan(wanted[b]), f=say_yuan(found[b])
        )
        for b in wanted
        if wanted[b] or found[b]
    ]
    return Text("；".join(s.zh for s in said), "; ".join(s.en for s in said))


def explain_paid(sources: Sequence[Mapping[str, Any]], paid: Sequence[tuple[Text, str, int]]) -> list[Text]:
    """Return for one due row the envelopes that paid it, and how that differs from what its programme says.

    sources  rows of `programme_source` of the row
    paid     name of the envelope, its source, fen
    """
    if not paid:
        return []
    named = [
        Text("{n}（{s}）{y} 元", "{n} ({s}) {y} yuan").fill(n=n, s=FUND_SOURCES.get(s, Text(s, s)), y=say_yuan(f))
        for n, s, f in paid
    ]
    out = [
        Text("实际支付的资金包：{z}。", "Paid from: {e}.").fill(z="，".join(n.zh for n in named), e=", ".join(n.en for n in named))
    ]
    by_source: dict[str, int] = {}
    for _, source, fen in paid:
        by_source[source] = by_source.get(source, 0) + fen
    clash = apart({s["level"]: s["amount_fen"] for s in sources}, by_source)
    if clash is not None:
        out.append(Text("与项目规定的承担不一致：{c}。", "This differs from what the programme says: {c}.").fill(c=clash))
    return out


def borne_faults(due: pa.Table, source: pa.Table, claims: pa.Table, allocation: pa.Table, envelope: pa.Table) -> list[Fault]:
    """Return a warning for each programme that was paid by other budgets than its file says, over the whole year.

    due, source         `programme_due`, `programme_source`
    claims, allocation  entitlements and what each got from which envelope
    """
    live = due.filter(pc.is_in(due["state"], value_set=pa.array(["payable", "escrow"])))
    borne = _sums(source.join(live.select(["due_id", "programme"]), "due_id", join_type="inner"), "level")
    names = dict(zip(envelope["envelope_id"].to_pylist(), envelope["source"].to_pylist(), strict=True))
    whose = claims.select(["entitlement_id", "programme"])
    given = allocation.join(whose, "entitlement_id", join_type="inner")
    paid: dict[str, dict[str, int]] = {}
    for claim, by in _sums(given, "envelope_id").items():
        of = paid.setdefault(claim.partition(".")[0], {})
        for id, fen in by.items():
            of[names.get(id, id)] = of.get(names.get(id, id), 0) + fen
    rows = Counter(live["programme"].to_pylist())
    out = []
    for programme in sorted(borne.keys() & paid.keys()):
        clash = apart(borne[programme], paid[programme], 1 + rows[programme])
        if clash is not None:
            out.append(_fault(programme, clash))
    return out


def _sums(table: pa.Table, by: str) -> dict[str, dict[str, int]]:
    """Return programme → code → fen."""
    made = table.group_by(["programme", by], use_threads=False).aggregate([("amount_fen", "sum")])
    out: dict[str, dict[str, int]] = {}
    for programme, code, fen in zip(*(made[c].to_pylist() for c in ("programme", by, "amount_fen_sum")), strict=True):
        out.setdefault(programme, {})[code] = fen
    return out


def _fault(programme: str, clash: Text) -> Fault:
    return Fault(
        "programmes.borne_elsewhere",
        "envelope",
        programme,
        Text("项目 {p}：{c}。", "programme {p}: {c}.").fill(p=programme, c=clash),
        Text(
            "用 earmark_programmes 把应承担一级的资金包限定给该项目；或在项目文件的 shares、source 写明实际的分担。",
            "Tie envelopes of the levels that bear it to the programme (earmark_programmes), or state who bears it in shares or "
            "source of its file.",
        ),
        "warning",
    )
