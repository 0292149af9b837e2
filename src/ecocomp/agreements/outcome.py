"""What an agreement makes of a year: each clause settled, caps, clearing, prepayments, dues, money passed on; every step in words.

For the finance officer who pays, the auditor who reruns it and anyone who asks why this amount. Clauses are judged one by
one and rounded half-even once each; everything after is whole fen. Nothing here reads a clock: the day is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ecocomp.agreements.model import Agreement, Party
from ecocomp.agreements.readings import (
    Readings,
    Row,
    judge_months,
    judge_year,
    not_settled,
    open_terms,
    pairs,
    party_code,
    short,
    split,
    to_whole_fen,
)
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.terms.confidence import UNVERIFIED
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.money import half_even, say_yuan
from ecocomp.terms.tables import SETTLEMENT
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a settled clause; `settled` False: it has no value, which is not zero."""

    clause: str
    row: Row

    @property
    def settled(self) -> bool:
        """Whether the row has a value."""
        return self.row.evidence.get("state") != "not_settled"


@dataclass(frozen=True, slots=True)
class Due:
    """A sum one owes another: ``prepay``, ``settle``, or ``clawback`` of an earlier prepayment; `due` None: no day was agreed."""

    kind: str
    payer: str
    payee: str
    amount_fen: int
    due: date | None


@dataclass(frozen=True, slots=True)
class Passed:
    """What a party hands on: to whom and how much; negative when those below bear a payment."""

    party: str
    to: str
    amount_fen: int


@dataclass(frozen=True)
class Outcome:
    """A year of an agreement.

    lines       what each clause came to
    nets        party -> received less paid, in fen; only settled clauses count
    transfers   payer, payee, fen after clearing
    dues        prepayments, balances and claw-backs, with their days
    passed      sums handed on; they are part of the net of the party, never on top of it
    steps       caps, clearing, prepayment in words
    """

    agreement: Agreement
    year: int
    lines: tuple[Line, ...]
    nets: Mapping[str, int]
    transfers: tuple[tuple[str, str, int], ...]
    dues: tuple[Due, ...]
    passed: tuple[Passed, ...]
    steps: tuple[Text, ...]
    deadlines: tuple[tuple[Text, str, date], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every clause has a value."""
        return all(line.settled for line in self.lines)

    def table(self) -> pa.Table:
        """Return the lines as the SETTLEMENT table of the gate."""
        return SETTLEMENT.table(
            [
                {
                    "agreement_id": self.agreement.id,
                    "year": self.year,
                    "clause": line.clause,
                    "payer": line.row.payer,
                    "payee": line.row.payee,
                    "amount_fen": line.row.amount_fen,
                    "evidence": evidence_of(line.row),
                }
                for line in self.lines
            ]
        )


def evidence_of(row: Row) -> str:
    """Return the evidence of a row with its steps, as JSON."""
    steps = [{"zh": s.zh, "en": s.en} for s in row.steps]
    return json.dumps({**row.evidence, **({"steps": steps} if steps else {})}, ensure_ascii=False, sort_keys=True)


def settle_year(
    agreement: Agreement, reading: pa.Table, year: int, params: Parameters, facts: Mapping[str, Any] | None = None
) -> Outcome:
    """Settle a year from readings and facts; a year that is not under the agreement has no lines.

    A month without a usable value is never counted as met: the clause is *not settled*, with the reason, unless the
    agreement says otherwise. raises FaultsError for readings that are no numbers or stand twice with different values.
    """
    if not agreement.in_force(year):
        return Outcome(agreement, year, (), {}, (), (), (), ())
    readings = Readings(reading, params, facts)
    raise_errors(readings.faults)
    lines = [
        Line(label if not tail else f"{label}@{tail}", row)
        for label, clause in zip(agreement.labels(), agreement.clauses, strict=True)
        for tail, row in _clause_rows(agreement, label, clause, readings, year, params)
    ]
    lines, steps = _capped(agreement, lines)
    nets = nets_of(lines, agreement)
    transfers, more = _cleared(agreement, lines, nets)
    dues, prepaid = _dues(agreement, year, transfers, lines)
    return Outcome(
        agreement,
        year,
        tuple(lines),
        nets,
        tuple(transfers),
        tuple(dues),
        tuple(_passed(agreement, nets)),
        (*steps, *more, *prepaid),
        tuple(_deadlines(agreement, year)),
    )


def nets_of(lines: Sequence[Line], agreement: Agreement) -> dict[str, int]:
    """Return what each party (and the account) receives less what it pays, over the settled lines."""
    nets = {p.code: 0 for p in agreement.parties}
    for line in lines:
        if line.settled and line.row.payer and line.row.payee:
            nets[line.row.payer] = nets.get(line.row.payer, 0) - line.row.amount_fen
            nets[line.row.payee] = nets.get(line.row.payee, 0) + line.row.amount_fen
    return nets


# ---------------------------------------------------------------- one clause
def _clause_rows(
    agreement: Agreement, label: str, clause: Mapping[str, Any], readings: Readings, year: int, params: Parameters
) -> list[tuple[str, Row]]:
    """Return the rows of a clause, each with the section it is for when sections are settled one by one."""
    if clause.get("years") and year not in {int(y) for y in clause["years"]}:
        return []
    if decided := _decisions(agreement, label, year, readings.facts):
        return [("", row) for row in decided]
    entry = entries("agreements.clauses")[clause["kind"]]
    left_open = _open(clause)
    if left_open:
        return [("", _marked(clause, open_terms(left_open, **_between(agreement, clause))))]
    clause, factor, gone = _indexed(clause, entry.module.SHAPE, readings, year)
    if gone:
        return [("", not_settled(gone))]
    rows = _over_sections(agreement, clause, entry.module, readings, year, params)
    return [(tail, _marked(clause, _with_index(row, factor))) for tail, row in rows]


def _open(clause: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [u for u in clause.get("unknown") or () if clause.get(str(u.get("key"))) in (None, "", [], {})]


def _between(agreement: Agreement, clause: Mapping[str, Any]) -> dict[str, Any]:
    """Return whom a clause that names one payer and one payee is between, so that others can be settled without it."""
    section = clause.get("section") or next(iter(clause.get("sections") or ()), None)
    codes = [party_code(clause.get(k), agreement.parties_at(section)) for k in ("payer", "payee") if isinstance(clause.get(k), str)]
    return {"between": codes} if len(codes) == 2 and None not in codes else {}


def settled_between(lines: Sequence[Line], one: str, two: str) -> bool:
    """Return whether every clause that can move money between two parties has a value.

    An open clause between two named parties, and a row of one party without data, concern only these.
    """
    for line in lines:
        if line.settled:
            continue
        between, party = line.row.evidence.get("between"), line.row.payer
        if between is None and not party:
            return False
        if (between is not None and set(between) == {one, two}) or party in (one, two):
            return False
    return True


def _decisions(agreement: Agreement, label: str, year: int, facts: Mapping[str, Any]) -> list[Row]:
    out = []
    for d in facts.get("decided") or ():
        if str(d["clause"]) != label or int(d["year"]) != year:
            continue
        codes = [party_code(d[k], agreement.parties) or str(d[k]) for k in ("payer", "payee")]
        step = Text(
            "{b}决定（{d}）：{p} 付给 {q} {x} 元；决定代替条款的计算。",
            "{b} decided ({d}): {p} pays {q} {x} yuan; this replaces what the clause gives.",
        ).fill(
            b=d.get("by") or "—",
            d=d.get("document") or "—",
            p=agreement.party_name(codes[0]),
            q=agreement.party_name(codes[1]),
            x=say_yuan(to_whole_fen(d["amount_yuan"])),
        )
        evidence = {"state": "decided", "by": d.get("by", ""), "document": d.get("document", "")}
        out.append(Row(codes[0], codes[1], to_whole_fen(d["amount_yuan"]), evidence, (step,)))
    return out


def _over_sections(
    agreement: Agreement, clause: Mapping[str, Any], module: Any, readings: Readings, year: int, params: Parameters
) -> list[tuple[str, Row]]:
    sections = [str(s) for s in clause.get("sections") or ()]
    if not sections or getattr(module, "POOLS_SECTIONS", False):
        if len(sections) == 1 and not clause.get("section"):
            clause = {**clause, "section": sections[0]}
        place = str(clause.get("section") or (sections[0] if sections else ""))
        return [("", r) for r in _settled(agreement, clause, module, readings, year, params, place)]
    if len(sections) == 1:
        one = {**clause, "section": sections[0]}
        return [("", r) for r in _settled(agreement, one, module, readings, year, params, sections[0])]
    if clause.get("combine") == "mean":
        name = " + ".join(sections)
        weights = {s["id"]: Fraction(s.get("weight") or 1) for s in agreement.data.get("sections") or ()}
        readings.joined(name, {s: weights.get(s, Fraction(1)) for s in sections})
        return [("", r) for r in _settled(agreement, {**clause, "section": name}, module, readings, year, params, sections[0])]
    found = [(s, _settled(agreement, {**clause, "section": s}, module, readings, year, params, s)) for s in sections]
    if clause.get("combine") == "worst":
        return [("", r) for r in _worst(agreement, found)]
    return [(s, r) for s, rows in found for r in rows]


def _worst(agreement: Agreement, found: Sequence[tuple[str, list[Row]]]) -> list[Row]:
    """Return the rows of the section that brings upstream least; not settled when one of the sections is not."""
    gone = [m for _, rows in found for r in rows if r.evidence.get("state") == "not_settled" for m in r.evidence["missing"]]
    if gone:
        return [not_settled(gone)]

    def gain(section: str, rows: list[Row]) -> int:
        up = party_code("upstream", agreement.parties_at(section))
        return sum((r.payee == up) * r.amount_fen - (r.payer == up) * r.amount_fen for r in rows)

    section, rows = min(found, key=lambda f: gain(*f))
    step = Text("各断面中以 {s} 最差，按它结算。", "Of the sections {s} is the worst and decides.").fill(s=section)
    return [replace(r, steps=(*r.steps, step)) for r in rows]


def _settled(
    agreement: Agreement, clause: Mapping[str, Any], module: Any, readings: Readings, year: int, params: Parameters, section: str
) -> list[Row]:
    """Return the rows of a clause at one section, with its conditions."""
    parties: tuple[Party, ...] = agreement.parties_at(section)
    rows = list(module.settle(clause, readings, year, parties, params))
    met, evidence, missing, steps = _conditions({"section": section, **clause}, readings, year, params)
    if missing and any(r.evidence.get("state") != "not_settled" for r in rows):
        return [not_settled(missing)]
    said = {"section": clause.get("section", ""), **({"only_if": evidence} if evidence else {})}
    if met:
        return [replace(r, evidence={**said, **r.evidence}, steps=(*steps, *r.steps)) for r in rows]
    up = party_code("upstream", parties)
    refused = Text("条件未满足：付给上游的部分为零。", "The condition is not met: nothing is paid to upstream.")
    return [
        replace(
            r,
            amount_fen=0 if r.payee == up else r.amount_fen,
            evidence={**said, **r.evidence},
            steps=(*steps, *r.steps, *((refused,) if r.payee == up else ())),
        )
        for r in rows
    ]


def _conditions(
    clause: Mapping[str, Any], readings: Readings, year: int, params: Parameters
) -> tuple[bool, list[Any], list[str], tuple[Text, ...]]:
    met = True
    evidence: list[Any] = []
    missing: list[str] = []
    steps: list[Text] = []
    for condition in clause.get("only_if") or ():
        rule = {**clause, "target_class": None, "limits": None, **condition}
        judged = judge_year(rule, readings, year, params) if condition.get("judge") != "month" else None
        if judged is not None:
            met = met and bool(judged.met)
            missing += judged.missing
            evidence.append({"section": rule.get("section", ""), **judged.evidence})
            steps += judged.steps
        if condition.get("judge") in ("month", "both"):
            months = judge_months(rule, readings, year, params)
            met = met and bool(months.met) and not months.failed
            missing += months.missing
            evidence.append({"section": rule.get("section", ""), "months_missed": list(months.failed)})
    return met, evidence, missing, tuple(steps)


# ---------------------------------------------------------------- indexation, marks
def _indexed(
    clause: Mapping[str, Any], shape: Mapping[str, Any], readings: Readings, year: int
) -> tuple[Mapping[str, Any], Text | None, list[str]]:
    """Return the clause with its sums grown, a step that says by what, and what is missing for it."""
    rule = clause.get("indexation")
    if not rule or year < int(rule["from"]):
        return clause, None, []
    codes = [str(p) for p in rule["parties"]]
    weights = {c: Fraction((rule.get("weights") or {}).get(c, Fraction(1, len(codes)))) for c in codes}
    known = {
        (str(g["party"]), int(g["year"])): Fraction(g["rate"])
        for g in readings.facts.get("growth") or ()
        if str(g["series"]) == str(rule["series"])
    }
    factor, missing, said = Fraction(1), [], []
    for y in range(int(rule["from"]), year + 1):
        absent = [c for c in codes if (c, y) not in known]
        missing += [f"{rule['series']} {c} {y}" for c in absent]
        if not absent:
            rate = sum((weights[c] * known[c, y] for c in codes), Fraction(0))
            factor *= 1 + rate
            said.append(f"{y}: {short(rate * 100)}%")
    if missing:
        return clause, None, missing
    step = Text("金额按 {s} 增长（{y}）：× {f}。", "Sums grow with {s} ({y}): × {f}.").fill(
        s=rule["series"], y=", ".join(said), f=short(factor)
    )
    return {**clause, **_scaled({k: v for k, v in clause.items() if k in shape}, shape, factor)}, step, []


def _scaled(value: Any, shape: Any, factor: Fraction) -> Any:
    if shape in ("yuan", "money"):
        return Fraction(value) * factor
    if isinstance(shape, Mapping):
        return {k: _scaled(v, shape.get(k, shape.get("*")), factor) for k, v in value.items()}
    if isinstance(shape, list):
        return [_scaled(v, shape[0], factor) for v in value]
    return value


def _with_index(row: Row, step: Text | None) -> Row:
    return row if step is None else replace(row, steps=(step, *row.steps))


def _marked(clause: Mapping[str, Any], row: Row) -> Row:
    """Return the row with the marks of the terms it rests on that nobody has read in the source."""
    marks = {k: m for k, m in (clause.get("marks") or {}).items() if m in UNVERIFIED}
    return replace(row, evidence={**row.evidence, "unverified": marks}) if marks else row


# ---------------------------------------------------------------- caps over clauses
def _capped(agreement: Agreement, lines: list[Line]) -> tuple[list[Line], list[Text]]:
    """Cut what a party pays (or receives) in the year to its cap, over the clauses named; the cut is shared exactly."""
    steps: list[Text] = []
    for cap in agreement.data.get("caps") or ():
        party = str(party_code(cap["party"], agreement.parties))
        for key, side, sign in (("most_paid_yuan", "payer", -1), ("most_received_yuan", "payee", 1)):
            if cap.get(key) is None:
                continue
            most = to_whole_fen(cap[key])
            named = set(cap.get("clauses") or ())
            chosen = [n for n, x in enumerate(lines) if x.settled and (not named or x.clause.partition("@")[0] in named)]
            net = sign * sum(
                ((lines[n].row.payee == party) - (lines[n].row.payer == party)) * lines[n].row.amount_fen for n in chosen
            )
            if net <= most:
                continue
            mine = [n for n in chosen if getattr(lines[n].row, side) == party]
            whole = sum(lines[n].row.amount_fen for n in mine)
            kept = dict(zip(mine, split_list(whole - (net - most), [lines[n].row.amount_fen for n in mine]), strict=True))
            for n, fen in kept.items():
                row = lines[n].row
                lines[n] = Line(
                    lines[n].clause, replace(row, amount_fen=fen, evidence={**row.evidence, "before_cap_fen": row.amount_fen})
                )
            words = Text("全年支付", "payments of the year") if sign < 0 else Text("全年所得", "receipts of the year")
            steps.append(
                Text(
                    "{p} 的{w}净额 {n} 元，封顶 {m} 元，按比例减少。",
                    "The net {w} of {p}, {n} yuan, are cut to the cap of {m} yuan, in proportion.",
                ).fill(p=agreement.party_name(party), w=words, n=say_yuan(net), m=say_yuan(most))
            )
    return lines, steps


def split_list(total: int, weights: Sequence[int]) -> list[int]:
    """Split whole fen over whole weights."""
    return list(split(total, dict(enumerate(weights))).values()) if weights else []  # type: ignore[arg-type]


# ---------------------------------------------------------------- clearing, prepayment, days
def _cleared(agreement: Agreement, lines: Sequence[Line], nets: Mapping[str, int]) -> tuple[list[tuple[str, str, int]], list[Text]]:
    clearing = agreement.data.get("clearing") or {}
    mode = clearing.get("mode") or "bilateral"
    account = (clearing.get("account") or {}).get("code")
    if mode == "account":
        own = {c: n for c, n in nets.items() if c != account}
        out = [(c, str(account), -n) for c, n in own.items() if n < 0] + [(str(account), c, n) for c, n in own.items() if n > 0]
        paid, drawn = sum(-n for n in own.values() if n < 0), sum(n for n in own.values() if n > 0)
        said = Text(
            "经专户清算：缴入 {a} 元，拨出 {b} 元，专户余缺 {c} 元。",
            "Cleared through the account: {a} yuan in, {b} yuan out, {c} yuan left in it.",
        ).fill(a=say_yuan(paid), b=say_yuan(drawn), c=say_yuan(paid - drawn))
        return out, [said]
    if mode == "multilateral":
        return pairs(nets), [Text("多边轧差，只付净额。", "Netted among all; only net sums are paid.")]
    sums: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.settled and line.row.amount_fen:
            a, b = line.row.payer, line.row.payee
            key, sign = ((a, b), 1) if (b, a) not in sums else ((b, a), -1)
            sums[key] = sums.get(key, 0) + sign * line.row.amount_fen
    return [(a, b, n) if n > 0 else (b, a, -n) for (a, b), n in sums.items() if n], []


def _day(rule: Mapping[str, Any] | None, year: int, later: int) -> date | None:
    if not rule:
        return None
    at = year + (later if rule.get("year") is None else int(rule["year"]))
    month, day = int(rule["month"]), int(rule["day"])
    while day > 28:
        try:
            return date(at, month, day)
        except ValueError:
            day -= 1
    return date(at, month, day)


def _dues(
    agreement: Agreement, year: int, transfers: Sequence[tuple[str, str, int]], lines: Sequence[Line]
) -> tuple[list[Due], list[Text]]:
    """Return prepayments with their days, then balances: what the settlement leaves to pay, or to claw back.

    No balance is due between those whose clause, or whose own row, has no value yet.
    """
    account = ((agreement.data.get("clearing") or {}).get("account") or {}).get("code")
    final: dict[tuple[str, str], int] = {}
    for a, b, fen in transfers:
        final[a, b] = final.get((a, b), 0) + fen
    dues: list[Due] = []
    steps: list[Text] = []
    ahead: dict[tuple[str, str], int] = {}
    for rule in agreement.data.get("prepay") or ():
        a, b = (
            str(account) if str(rule[k]) == account else str(party_code(rule[k], agreement.parties)) for k in ("payer", "payee")
        )
        fen = to_whole_fen(rule["amount_yuan"])
        dues.append(Due("prepay", a, b, fen, _day(rule if rule.get("month") else None, year, 0)))
        ahead[a, b] = ahead.get((a, b), 0) + fen
        steps.append(
            Text(
                "已约定预付：{a} 付给 {b} {x} 元，清算时抵扣。", "Prepayment agreed: {a} pays {b} {x} yuan, set off at settlement."
            ).fill(a=agreement.party_name(a), b=agreement.party_name(b), x=say_yuan(fen))
        )
    day, waiting = _day(agreement.data.get("due"), year, 1), False
    for a, b in dict.fromkeys([*final, *ahead]):
        if not settled_between(lines, a, b):
            waiting = True
            continue
        due, paid = final.get((a, b), 0), ahead.get((a, b), 0)
        if due > paid:
            dues.append(Due("settle", a, b, due - paid, day))
        elif paid > due:
            dues.append(Due("clawback", b, a, paid - due, day))
            steps.append(
                Text("预付多于应付，{b} 退回 {a} {x} 元。", "More was prepaid than is due: {b} returns {x} yuan to {a}.").fill(
                    a=agreement.party_name(a), b=agreement.party_name(b), x=say_yuan(paid - due)
                )
            )
    if waiting:
        steps.append(
            Text(
                "有条款没有结算，有关各方的差额暂不列为应付。",
                "A clause is not settled: no balance is due yet between those it is for.",
            )
        )
    return dues, steps


def _deadlines(agreement: Agreement, year: int) -> list[tuple[Text, str, date]]:
    from ecocomp.agreements.model import text_of

    out = []
    for rule in agreement.data.get("deadlines") or ():
        day = _day(rule, year, 1)
        if day is not None:
            out.append((text_of(rule.get("what")), str(rule.get("by") or ""), day))
    return out


# ---------------------------------------------------------------- passing on
def _passed(agreement: Agreement, nets: Mapping[str, int]) -> list[Passed]:
    """Return what parties hand on of their net: exact to the fen, and part of the net, so that it counts once."""
    out = []
    for rule in agreement.data.get("pass_through") or ():
        party = str(party_code(rule["party"], agreement.parties))
        net = nets.get(party, 0)
        if net > 0 or (net < 0 and rule.get("of") == "both"):
            sign = 1 if net > 0 else -1
            out += [Passed(party, to, sign * fen) for to, fen in split(abs(net), rule["shares"]).items()]
    return out


def counted_once(outcome: Outcome) -> dict[str, int]:
    """Return whom the year's money comes to in the end: party or those below it -> fen; the sum is that of the nets.

    A party that hands its money on stands with what it keeps (nothing, when the shares take all of it).
    """
    final = {c: n for c, n in outcome.nets.items() if n}
    for p in outcome.passed:
        final[p.party] = final.get(p.party, 0) - p.amount_fen
        final[p.to] = final.get(p.to, 0) + p.amount_fen
    return {c: n for c, n in final.items() if n}


# ---------------------------------------------------------------- who owes what on a day
@dataclass(frozen=True)
class Owed:
    """A due on a day: what has been paid, what is open, days late, what lateness costs by the agreement; `state` in words' code."""

    due: Due
    paid_fen: int
    open_fen: int
    days_late: int
    late_fen: int
    state: str


STATES: dict[str, Text] = {
    "paid": Text("已付清", "paid"),
    "paid_late": Text("已付清（逾期）", "paid late"),
    "not_due": Text("未到期", "not due yet"),
    "open": Text("未付，未约定付款日", "open, no day agreed"),
    "arrears": Text("拖欠", "in arrears"),
}


def owed_on(outcome: Outcome, paid: Sequence[Mapping[str, Any]], day: date) -> tuple[list[Owed], list[Fault]]:
    """Return every due as it stands on a day, payments set off the earliest due first; and what was paid without being due.

    paid  rows of the facts: payer, payee, year, amount_yuan, on; those after the day do not count
    """
    agreement = outcome.agreement
    rate = Fraction(agreement.data.get("late_per_day") or 0)
    money: dict[tuple[str, str], list[tuple[date, int]]] = {}
    for p in sorted((p for p in paid if int(p["year"]) == outcome.year and p["on"] <= day), key=lambda p: p["on"]):
        key = tuple(party_code(p[k], agreement.parties) or str(p[k]) for k in ("payer", "payee"))
        money.setdefault((key[0], key[1]), []).append((p["on"], to_whole_fen(p["amount_yuan"])))
    out = []
    ordered = sorted(range(len(outcome.dues)), key=lambda n: (outcome.dues[n].due or date.max, n))
    for n in ordered:
        due = outcome.dues[n]
        out.append(_one_owed(due, money.get((due.payer, due.payee), []), day, rate))
    over = [(a, b, sum(fen for _, fen in left)) for (a, b), left in money.items() if left]
    faults = [
        Fault(
            "agreements.paid_not_due",
            agreement.file,
            f"{outcome.year} {a} → {b}",
            Text("付了 {x} 元，没有对应的应付。", "{x} yuan were paid without being due.").fill(x=say_yuan(fen)),
            Text("核对付款方、收款方和年份；多付的退回。", "Look at payer, payee and year; return what was paid too much."),
            "warning",
        )
        for a, b, fen in over
        if fen
    ]
    return out, faults


def _one_owed(due: Due, money: list[tuple[date, int]], day: date, rate: Fraction) -> Owed:
    left, late, last = due.amount_fen, Fraction(0), None
    while left and money:
        on, fen = money[0]
        used = min(left, fen)
        left -= used
        if due.due is not None and on > due.due:
            late += used * rate * (on - due.due).days
            last = on
        if used == fen:
            money.pop(0)
        else:
            money[0] = (on, fen - used)
    overdue = due.due is not None and day > due.due
    if left and overdue and due.due is not None:
        late += left * rate * (day - due.due).days
        last = day
    days = (last - due.due).days if last is not None and due.due is not None else 0
    state = ("paid_late" if days else "paid") if not left else "open" if due.due is None else "arrears" if overdue else "not_due"
    return Owed(due, due.amount_fen - left, left, days, half_even(late.numerator, late.denominator), state)


# ---------------------------------------------------------------- telling
def unsettled(settlement: pa.Table) -> list[Fault]:
    """Return a warning for each clause that could not be settled, with its reason."""
    out = []
    for row in settlement.to_pylist():
        evidence = json.loads(row["evidence"])
        if evidence.get("state") != "not_settled":
            continue
        missing = evidence.get("missing", [])
        said = "; ".join(missing[:24]) + (f"; … ({len(missing)})" if len(missing) > 24 else "")
        record = " ".join(str(x) for x in (row["year"], row["clause"], row["payer"]) if x)
        if evidence.get("reason") == "agreements.open":
            terms = evidence["open"]
            clash = Text("没有结算：{a}。", "Not settled: {b}.").fill(
                a="；".join(str(t.get("zh") or t.get("key")).rstrip("。") for t in terms),
                b="; ".join(str(t.get("en") or t.get("key")).rstrip(".") for t in terms),
            )
            remedy = Text("查得后写入协议文件，再结算。", "Write it into the agreement once it is known, then settle again.")
        else:
            clash = Text("没有结算：可用月份不足（{m}）。", "Not settled: too few usable months ({m}).").fill(m=said)
            remedy = Text(
                "补齐读数，或按协议由双方认定后重新结算。", "Add the readings, or let the parties agree on them, then settle again."
            )
        out.append(Fault("agreements.not_settled", row["agreement_id"], record, clash, remedy, "warning"))
    return out


def net_received(settlement: pa.Table, party: str, year: int) -> int:
    """Return what `party` receives less what it pays in `year`, in fen."""
    return sum(
        (r["amount_fen"] if r["payee"] == party else 0) - (r["amount_fen"] if r["payer"] == party else 0)
        for r in settlement.to_pylist()
        if r["year"] == year
    )
