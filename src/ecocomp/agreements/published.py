"""What was published about an agreement against what its clauses give: agreement, disagreement, or still open, never bent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ecocomp.agreements.data import readings_of
from ecocomp.agreements.facts import read_facts
from ecocomp.agreements.model import Agreement, text_of
from ecocomp.agreements.outcome import Outcome, settle_year, settled_between
from ecocomp.agreements.readings import party_code, short, to_whole_fen
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

STATES: dict[str, Text] = {
    "agrees": Text("相符", "agrees"),
    "disagrees": Text("不符", "disagrees"),
    "open": Text("不能核算", "cannot be computed"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One published figure: what it is, published and computed fen (None: no value), how they stand, why."""

    year: str
    what: Text
    published_fen: int | None
    computed_fen: int | None
    state: str
    why: Text
    source: str
    mark: str


def compare(agreement: Agreement, params: Parameters) -> list[Compared]:
    """Settle each published year from what was published with it, and set the figures side by side."""
    out: list[Compared] = []
    for case in agreement.data.get("published") or ():
        out += _case(agreement, case, params)
    return out


def _case(agreement: Agreement, case: Mapping[str, Any], params: Parameters) -> list[Compared]:
    years = [int(y) for y in case.get("years") or [case["year"]]]
    facts, _ = read_facts(case.get("facts") or {})
    reading = readings_of(case.get("means") or {})
    outcomes = [settle_year(agreement, reading, y, params, facts) for y in years]
    whole = all(o.lines and o.complete for o in outcomes)
    head = text_of(case.get("what"))
    when = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    found: list[Compared] = []

    def add(what: Text, published: int | None, computed: int | None, whole: bool = whole) -> None:
        if published is None:
            state, why = "open", Text("公布为“-”：没有值，不是零。", "Published as “-”: no value, which is not zero.")
        elif computed is None or not whole:
            computed, state, why = None, "open", _reason(outcomes)
        else:
            state = "agrees" if published == computed else "disagrees"
            why = Text("", "") if state == "agrees" else _difference(published, computed)
        said = Text(" · ".join(x for x in (head.zh, what.zh) if x), " · ".join(x for x in (head.en, what.en) if x))
        found.append(
            Compared(when, said, published, computed, state, why, str(case.get("source") or ""), str(case.get("mark") or ""))
        )

    moved = [t for o in outcomes for t in o.transfers]
    for pay in case.get("pays") or ():
        a, b = (party_code(pay[k], agreement.parties) or str(pay[k]) for k in ("payer", "payee"))
        given = sum(fen * ((x, y) == (a, b)) - fen * ((x, y) == (b, a)) for x, y, fen in moved)
        one, two = agreement.party_name(a), agreement.party_name(b)
        settled = all(o.lines and settled_between(o.lines, a, b) for o in outcomes)
        add(Text(f"{one.zh} → {two.zh}", f"{one.en} → {two.en}"), to_whole_fen(pay["amount_yuan"]), given, settled)
    for code, yuan in (case.get("nets") or {}).items():
        nets = [o.nets.get(str(code)) for o in outcomes]
        add(
            agreement.party_name(str(code)),
            None if yuan is None else to_whole_fen(yuan),
            None if None in nets else sum(n or 0 for n in nets),
        )
    if case.get("total_yuan") is not None:
        add(Text("付款总额", "all payments"), to_whole_fen(case["total_yuan"]), sum(fen for _, _, fen in moved))
    return found


def _reason(outcomes: list[Outcome]) -> Text:
    if any(not o.lines for o in outcomes):
        return Text(
            "这一年不在协议的结算年里，或没有条款适用。", "The year is not one the agreement settles, or no clause applies to it."
        )
    for line in (x for o in outcomes for x in o.lines):
        if not line.settled and line.row.steps:
            return line.row.steps[0]
    return Text("条款没有给出这一笔。", "The clauses do not give this payment.")


def _difference(published: int, computed: int) -> Text:
    share = f"{short(Fraction(published * 100, computed))} %" if computed else "—"
    return Text(
        "公布 {p} 元，条款算得 {c} 元，相差 {d} 元（公布为算得的 {s}）；原因未公布，照实列出。",
        "Published {p} yuan, the clauses give {c} yuan, {d} yuan apart (published is {s} of it); "
        "the cause is not published and nothing is bent.",
    ).fill(p=say_yuan(published), c=say_yuan(computed), d=say_yuan(published - computed), s=share)


def compared_faults(agreement: Agreement, found: list[Compared]) -> list[Fault]:
    """Return a warning for each published figure the clauses contradict."""
    return [
        Fault(
            "agreements.published_differs",
            agreement.file,
            f"{c.year} {c.what.en}",
            c.why,
            Text(
                "查明原因（扣减、补充协议），写进协议或作为决定记录。",
                "Find the cause (a deduction, a supplement), write it into the agreement or record it as a decision.",
            ),
            "warning",
        )
        for c in found
        if c.state == "disagrees"
    ]
