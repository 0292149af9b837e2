"""Objections: the days in which they may be made and answered, and what an upheld one obliges the office to correct.

For the desk that receives them. Nothing is overwritten: an upheld objection names the register that must be
corrected, and the money follows by reversal and a new order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

KINDS: dict[str, Text] = {
    "area": Text("面积", "area"),
    "name": Text("姓名", "name"),
    "amount": Text("金额", "amount"),
    "missing": Text("漏登", "left out"),
    "excess": Text("多登", "wrongly included"),
}
OUTCOMES: dict[str, Text] = {
    "open": Text("办理中", "open"),
    "upheld": Text("成立", "upheld"),
    "rejected": Text("不成立", "rejected"),
}
_REMEDIES: dict[str, Text] = {
    "area": Text(
        "更正地块面积（新版本），下次按更正后的面积核算，差额以冲销和补付处理。",
        "Correct the parcel's area (a new version); the difference is paid by reversal and a new order.",
    ),
    "name": Text("更正权利人姓名（新版本）。", "Correct the holder's name (a new version)."),
    "amount": Text(
        "复核标准、份额与合规后重算，差额以冲销和补付处理。",
        "Recompute after checking standard, share and compliance; the difference is paid by reversal and a new order.",
    ),
    "missing": Text("补登记权利与合同，补发应付。", "Register the right and the contract, and pay what was missed."),
    "excess": Text("更正登记，多付部分冲销并追回。", "Correct the register; reverse and recover what was paid too much."),
}


@dataclass(frozen=True, slots=True)
class Window:
    """The days of a notice: first and last day of objection, last day of the answer to one made on the last day."""

    opens: date
    closes: date
    answers_by: date


@dataclass(frozen=True, slots=True)
class Correction:
    """What an upheld objection obliges to: which record, what to do, answered when."""

    objection_id: str
    holder_id: str
    parcel_id: str
    kind: str
    answered_on: date
    duty: Text


def window(published_on: date, params: Parameters) -> Window:
    """Return the days of a notice published on `published_on`; both ends are included, days are calendar days.

    Parameters: ``governance.notice_days``, ``governance.answer_days``.
    """
    closes = published_on + timedelta(days=int(params.decimal("governance.notice_days")) - 1)
    return Window(published_on, closes, closes + timedelta(days=int(params.decimal("governance.answer_days"))))


def check_objections(objection: pa.Table, published_on: date, year: int, today: date, params: Parameters) -> list[Fault]:
    """Return faults of the objections of `year`.

    Errors: unknown kind or outcome, dates that clash. Warnings: made outside the notice, answered late or not yet.

    A late objection is still answered; it is only not one that holds back the notice.
    """
    span = window(published_on, params)
    days = timedelta(days=int(params.decimal("governance.answer_days")))
    out: list[Fault] = []
    for row in objection.to_pylist():
        if row["year"] == year:
            out += _word_faults(row) + _date_faults(row, span, days, today)
    return out


def in_window(objection: pa.Table, published_on: date, year: int, params: Parameters) -> pa.Table:
    """Return the objections of `year` that were made in the window; these hold money while they are open."""
    span = window(published_on, params)
    keep = [
        r["year"] == year and span.opens <= r["received_on"] <= span.closes
        for r in objection.select(["year", "received_on"]).to_pylist()
    ]
    return objection.filter(pa.array(keep, pa.bool_()))


def corrections(objection: pa.Table, year: int) -> list[Correction]:
    """Return the duties that follow from the objections of `year` that were upheld, by number."""
    return [
        Correction(r["objection_id"], r["holder_id"], r["parcel_id"], r["kind"], r["answered_on"], _REMEDIES[r["kind"]])
        for r in sorted(objection.to_pylist(), key=lambda r: str(r["objection_id"]))
        if r["year"] == year and r["outcome"] == "upheld" and r["answered_on"] is not None and r["kind"] in _REMEDIES
    ]


def _word_faults(row: dict[str, Any]) -> list[Fault]:
    return [
        _fault(
            row,
            k,
            Text("{k} 是 {v}。", "{k} is {v}.").fill(k=k, v=row[k] or "—"),
            Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(known)),
        )
        for k, known in (("kind", KINDS), ("outcome", OUTCOMES))
        if row[k] not in known
    ]


def _date_faults(row: dict[str, Any], span: Window, days: timedelta, today: date) -> list[Fault]:
    got, answered, closed = row["received_on"], row["answered_on"], row["outcome"] != "open"
    out = []
    if closed != (answered is not None) or (answered is not None and answered < got):
        out.append(
            _fault(
                row,
                "answer",
                Text("结果是 {o}，收到日 {g}，答复日 {a}。", "Outcome {o}, received {g}, answered {a}.").fill(
                    o=row["outcome"], g=got, a=answered or "—"
                ),
                Text(
                    "已答复的写答复日，且不早于收到日；未答复的为 open。",
                    "An answered one has a day of answer, not before it came; an unanswered one is open.",
                ),
            )
        )
    if not span.opens <= got <= span.closes:
        out.append(
            _fault(
                row,
                "window",
                Text("收到日 {g} 不在公示期 {a} 至 {b} 内。", "Received on {g}, outside the notice from {a} to {b}.").fill(
                    g=got, a=span.opens, b=span.closes
                ),
                Text("照常答复，但不暂缓支付。", "Answer it all the same; it does not hold back the payment."),
                "warning",
            )
        )
    if (answered or today) > got + days:
        out.append(
            _fault(
                row,
                "overdue",
                Text("应在 {d} 前答复，{w}。", "An answer was due by {d}; {w}.").fill(
                    d=got + days,
                    w=Text("至今未答复", "there is none yet")
                    if answered is None
                    else Text(f"{answered} 才答复", f"it came on {answered}"),
                ),
                Text("尽快答复并说明原因。", "Answer without delay and give the reason."),
                "warning",
            )
        )
    return out


def _fault(row: dict[str, Any], kind: str, clash: Text, remedy: Text, severity: Any = "error") -> Fault:
    return Fault(f"governance.objection_{kind}", "objection", str(row["objection_id"]), clash, remedy, severity)
