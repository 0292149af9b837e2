"""States of an agreement and of a dispute over it: what may follow what, and what each step needs.

Agreement: draft → signed → in_force → expired | renewed | terminated. What is signed never changes; a renewal is a new
agreement. Dispute (art. 18): open → negotiating → escalated → decided; the parties may agree, or the claimant withdraw,
before the decision; the decision binds and nothing follows it.

Reference: Regulation on Ecological Protection Compensation (Decree 779), arts. 17-19.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ecocomp.agreements.model import Agreement
from ecocomp.terms.codes import AGREEMENT_DISPUTES, AGREEMENT_STATES
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

AGREEMENT_STEPS: Mapping[str, tuple[str, ...]] = {
    "draft": ("signed",),
    "signed": ("in_force", "terminated"),
    "in_force": ("expired", "renewed", "terminated"),
    "expired": ("renewed",),
    "renewed": (),
    "terminated": (),
}
DISPUTE_STEPS: Mapping[str, tuple[str, ...]] = {
    "open": ("negotiating", "agreed", "withdrawn"),
    "negotiating": ("escalated", "agreed", "withdrawn"),
    "escalated": ("decided", "agreed", "withdrawn"),
    "decided": (),
    "agreed": (),
    "withdrawn": (),
}
CLOSED = ("decided", "agreed", "withdrawn")


def step_fault(
    steps: Mapping[str, tuple[str, ...]], names: Mapping[str, Text], where: str, record: str, before: str, after: str
) -> list[Fault]:
    """Return a fault when a state may not follow another."""
    if after in steps.get(before, ()):
        return []
    allowed = steps.get(before, ())
    zh, en = "、".join(names[s].zh for s in allowed) or "没有", ", ".join(names[s].en for s in allowed) or "nothing"
    return [
        Fault(
            "agreements.state",
            where,
            record,
            Text("由“{a}”不能到“{b}”。", "'{b}' cannot follow '{a}'.").fill(
                a=names[before], b=names.get(after, Text(after, after))
            ),
            Text(f"之后可以是：{zh}。", f"It may be followed by: {en}."),
        )
    ]


def agreement_step(id: str, before: str, after: str, agreement: Agreement, on: date, signed_on: date | None) -> list[Fault]:
    """Return what stands against a step of an agreement on a day."""
    out = step_fault(AGREEMENT_STEPS, AGREEMENT_STATES, "agreement", id, before, after)
    if out:
        return out
    if after == "signed":
        out += signing_faults(agreement)
        if signed_on is None:
            out.append(
                _fault(
                    id,
                    Text("没有签署日。", "There is no day of signing."),
                    Text("用 --signed-on 写明。", "Say it with --signed-on."),
                )
            )
    if after == "in_force" and on < agreement.valid_from:
        clash = Text("{d} 早于期限起始 {f}。", "{d} is before the term begins on {f}.").fill(d=on, f=agreement.valid_from)
        out.append(_fault(id, clash, Text("到期限开始时再办。", "Do it when the term begins.")))
    if after == "expired" and on <= agreement.valid_to:
        clash = Text("{d} 期限未满（到 {t}）。", "On {d} the term (to {t}) is not over.").fill(d=on, t=agreement.valid_to)
        out.append(_fault(id, clash, Text("提前结束的，用 terminated。", "For an early end use terminated.")))
    return out


def signing_faults(agreement: Agreement) -> list[Fault]:
    """Return what keeps an agreement from being signed: it is from the record, or something in it is open."""
    out = []
    if agreement.data.get("from_record"):
        out.append(
            _fault(
                agreement.id,
                Text("它按公开资料写成，不是签署文本。", "It was written from the public record and is no signed text."),
                Text("用签署的文本写一份。", "Write one from the signed text."),
            )
        )
    left_open = [str(u.get("key")) for u in agreement.data.get("unknown") or ()]
    left_open += [str(u.get("key")) for c in agreement.data["clauses"] for u in c.get("unknown") or ()]
    left_open += [
        str(u.get("key")) for c in agreement.data["clauses"] for d in c.get("deductions") or () for u in d.get("unknown") or ()
    ]
    if left_open:
        out.append(
            _fault(
                agreement.id,
                Text("还有未定的内容：{k}。", "It leaves open: {k}.").fill(k=", ".join(dict.fromkeys(left_open))),
                Text("写定后再签署（第十七条）。", "Settle them before it is signed (article 17)."),
            )
        )
    return out


def dispute_step(id: str, before: str, after: str, decision: Any, by: str) -> list[Fault]:
    """Return what stands against a step of a dispute; a decision needs its sums and who decided."""
    out = step_fault(DISPUTE_STEPS, AGREEMENT_DISPUTES, "agreement_dispute", id, before, after)
    if out:
        return out
    if after in ("decided", "agreed") and not decision:
        out.append(
            _fault(
                id,
                Text("没有写金额。", "There is no sum."),
                Text("用 --payer、--payee、--amount 写明；不付写 0。", "Say it with --payer, --payee, --amount; 0 if nobody pays."),
                "agreement_dispute",
            )
        )
    if after == "decided" and not by.strip():
        out.append(
            _fault(
                id,
                Text("没有写谁决定的。", "It is not said who decided."),
                Text("用 --by 写明。", "Say it with --by."),
                "agreement_dispute",
            )
        )
    return out


def _fault(record: str, clash: Text, remedy: Text, where: str = "agreement") -> Fault:
    return Fault("agreements.state", where, record, clash, remedy)
