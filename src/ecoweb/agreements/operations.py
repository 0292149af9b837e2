"""What is done with agreements: adopted, signed, settled, paid, disputed, decided; each is one audited transaction.

The text of what is signed never changes; a renewal is a new agreement that names its previous one. A settled year keeps
its whole result and what it rests on; settling again is a new version. Decisions replace what a clause gives and bind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ecocomp.agreements.diff import renewal_faults
from ecocomp.agreements.outcome import Outcome, owed_on, settle_year
from ecocomp.agreements.readings import party_code, say
from ecocomp.agreements.states import CLOSED, agreement_step, dispute_step, signing_faults
from ecocomp.ledger.journal import Transfer
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.registers import REGISTERS, object_key
from ecocomp.terms.text import Text
from ecoweb.agreements.queries import decided_facts, disputes, paid_facts, parse, parsed, row_of
from ecoweb.office import Office
from ecoweb.records import store
from ecoweb.records.queries import rows, versions


@dataclass(frozen=True)
class Who:
    """Who acts, why, on what paper."""

    actor: str
    reason: str
    source: str = ""


# ---------------------------------------------------------------- adopting and states
def adopt(office: Office, text: str, name: str, *, on: date, signed_on: date | None, document: str, who: Who) -> dict[str, Any]:
    """Take an agreement into the office, as a draft or, with its day, signed; the same text again changes nothing.

    raises FaultsError: the file's own faults; a changed text of what is signed; a renewal that does not fit its previous one
    """
    made = parse(text, name)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    before = _row(office, made.id)
    faults = [] if signed_on is None else signing_faults(made)
    if before is not None and before["state"] != "draft" and before["sha256"] != digest:
        faults.append(
            _fault(
                made.id,
                Text("协议已签署（{s}），文本不能改。", "It is signed (state {s}); its text cannot change.").fill(
                    s=before["state"]
                ),
                Text(
                    "续签或补充写成新的协议，用新的编码和 previous。",
                    "Write a renewal or supplement as a new agreement, with its own id and previous.",
                ),
            )
        )
    previous = made.data.get("previous")
    old = _row(office, str(previous)) if previous else None
    if previous and old is None:
        faults.append(
            _fault(
                made.id,
                Text("办公室里没有上一版 {p}。", "The office has no previous version {p}.").fill(p=previous),
                Text("先采用上一版。", "Adopt it first."),
            )
        )
    if old is not None:
        faults += [f for f in renewal_faults({str(previous): parsed(old), made.id: made}) if f.severity == "error"]
    raise_errors(faults)
    state = "draft" if signed_on is None else "signed"
    if before is not None and before["sha256"] == digest and (signed_on is None or before["state"] != "draft"):
        return before
    row = {
        "agreement_id": made.id,
        "name": made.name.zh,
        "version": int(made.data.get("version") or 1),
        "previous": previous,
        "state": state,
        "parties": " ".join(p.code for p in made.parties),
        "signed_on": signed_on,
        "term_from": made.valid_from,
        "term_to": made.valid_to,
        "body": text,
        "sha256": digest,
        "document": document,
        "valid_from": signed_on or on,
        "valid_to": None,
    }
    changed = {"agreement": [row]}
    if old is not None and signed_on is not None and old["state"] in ("in_force", "expired"):
        changed["agreement"].append({**_bare(old), "state": "renewed", "valid_from": max(on, old["valid_from"])})
    _write(office, changed, "agreement.adopt", who)
    return _row(office, made.id, on) or row


def set_state(
    office: Office, agreement_id: str, state: str, *, on: date, signed_on: date | None, document: str, who: Who
) -> dict[str, Any]:
    """Take an agreement one step further."""
    before = row_of(office, agreement_id, on=on)
    raise_errors(agreement_step(agreement_id, before["state"], state, parsed(before), on, signed_on or before["signed_on"]))
    row = {
        **_bare(before),
        "state": state,
        "signed_on": signed_on or before["signed_on"],
        "valid_from": on,
        "document": document or before["document"],
    }
    _write(office, {"agreement": [row]}, f"agreement.{state}", who)
    return row


# ---------------------------------------------------------------- a year
def settle(
    office: Office,
    agreement_id: str,
    year: int,
    reading: pa.Table,
    facts: Mapping[str, Any],
    params: Parameters,
    *,
    on: date,
    confirm: bool,
    document: str,
    who: Who,
) -> Outcome:
    """Settle a year and keep the result: decisions and deals on record replace what their clauses give."""
    row = row_of(office, agreement_id, on=on)
    if row["state"] not in ("signed", "in_force", "expired", "renewed"):
        raise FaultsError(
            [
                _fault(
                    agreement_id,
                    Text("状态是 {s}，不能结算。", "Its state is {s}; it cannot be settled.").fill(s=row["state"]),
                    Text("先签署。", "Sign it first."),
                )
            ]
        )
    made = parsed(row)
    whole = {**facts, "decided": [*(facts.get("decided") or ()), *decided_facts(office, agreement_id, on=on)]}
    outcome = settle_year(made, reading, year, params, whole)
    if not outcome.lines:
        raise FaultsError(
            [
                _fault(
                    agreement_id,
                    Text("{y} 年不是结算年。", "{y} is not a year it settles.").fill(y=year),
                    Text("结算年：{a}。", "Years: {a}.").fill(a=", ".join(map(str, made.years()))),
                )
            ]
        )
    under_dispute = [
        d["case_id"]
        for d in disputes(office, agreement_id, on=on).to_pylist()
        if d["year"] == str(year) and d["state"] not in CLOSED
    ]
    faults = []
    if confirm and not outcome.complete:
        faults.append(
            _fault(
                agreement_id,
                Text("有条款没有结算，不能确认。", "A clause is not settled; it cannot be confirmed."),
                Text("补齐后再确认。", "Complete it first."),
            )
        )
    if confirm and under_dispute:
        faults.append(
            _fault(
                agreement_id,
                Text("有未决的争议 {d}。", "Disputes are open: {d}.").fill(d=", ".join(under_dispute)),
                Text("争议了结后再确认。", "Confirm it when they are over."),
            )
        )
    raise_errors(faults)
    result = {
        "agreement_id": agreement_id,
        "year": str(year),
        "state": "confirmed" if confirm else "settled" if outcome.complete else "open",
        "result": _json(result_of(outcome)),
        "facts": _json(_plain(whole)),
        "readings_sha256": digest_of(reading),
        "document": document,
        "valid_from": on,
        "valid_to": None,
    }
    _write(office, {"agreement_year": [result]}, "agreement.settle", who)
    return outcome


def result_of(outcome: Outcome) -> dict[str, Any]:
    """Return a settled year as plain values: clauses with their steps, nets, transfers, dues, what is passed on."""
    return {
        "clauses": outcome.table().to_pylist(),
        "nets_fen": dict(outcome.nets),
        "transfers": [list(t) for t in outcome.transfers],
        "dues": [[d.kind, d.payer, d.payee, d.amount_fen, str(d.due or "")] for d in outcome.dues],
        "passed_on": [[p.party, p.to, p.amount_fen] for p in outcome.passed],
        "steps": [{"zh": s.zh, "en": s.en} for s in outcome.steps],
    }


def digest_of(reading: pa.Table) -> str:
    """Return the fingerprint of readings, whatever the order of their rows."""
    lines = sorted("\x1f".join(str(v) for v in row.values()) for row in reading.to_pylist())
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def owed(office: Office, agreement_id: str, year: int, day: date) -> tuple[Any, list[Fault]]:
    """Return every due of a settled year as it stands on a day, by the result kept and the payments recorded."""
    from ecocomp.agreements.outcome import Due

    made = parsed(row_of(office, agreement_id, on=day))
    kept = rows(office, "agreement_year", {"agreement_id": agreement_id, "year": str(year)}, on=day).to_pylist()
    if not kept:
        raise UsageError(Text("{y} 年还没有结算。", "{y} is not settled yet.").fill(y=year))
    result = json.loads(kept[0]["result"])
    dues = tuple(Due(k, a, b, n, date.fromisoformat(d) if d else None) for k, a, b, n, d in result["dues"])
    outcome = Outcome(made, year, (), result["nets_fen"], (), dues, (), ())
    return owed_on(outcome, paid_facts(office, agreement_id, on=day), day)


# ---------------------------------------------------------------- money
def transfers_of(here: str, payer: str, payee: str, amount_fen: int, envelope: str, reference: str) -> list[Transfer]:
    """Return how this office books a payment: money in or out of the envelope's bank account; nothing when it is neither side."""
    bank, fund = f"asset:bank:{envelope}", f"fund:{envelope}"
    if payee == here:
        return [Transfer(bank, fund, amount_fen, "grant", reference)]
    if payer == here:
        return [Transfer(fund, bank, amount_fen, "grant", reference)]
    return []


def pay(
    office: Office,
    agreement_id: str,
    year: int,
    payer: str,
    payee: str,
    amount_fen: int,
    *,
    payment_id: str,
    paid_on: date,
    envelope: str | None,
    document: str,
    who: Who,
) -> dict[str, Any]:
    """Record a payment once (by its number) and, when an envelope is named and this office is a side, book it in the ledger.

    Returns its row; ``new`` is False where the same payment stood under this number already and nothing was done.
    """
    made = parsed(row_of(office, agreement_id, on=paid_on))
    account = ((made.data.get("clearing") or {}).get("account") or {}).get("code")
    codes = [name if name == account else party_code(name, made.parties) for name in (payer, payee)]
    faults = [
        _fault(
            payment_id,
            Text("{n} 不是协议的一方。", "{n} is not a party of the agreement.").fill(n=n),
            Text("当事方：{a}。", "The parties are {a}.").fill(a=", ".join(p.code for p in made.parties)),
            "agreement_payment",
        )
        for n, c in zip((payer, payee), codes, strict=True)
        if c is None
    ]
    if amount_fen <= 0:
        faults.append(
            _fault(
                payment_id,
                Text("金额 {a} 分。", "The amount is {a} fen.").fill(a=amount_fen),
                Text("写正数；退款写反方向。", "Write a positive sum; a refund goes the other way."),
                "agreement_payment",
            )
        )
    if codes[0] is not None and codes[0] == codes[1]:
        faults.append(
            _fault(
                payment_id,
                Text("{n} 付给自己。", "{n} would pay itself.").fill(n=codes[0]),
                Text("更正一方。", "Mend one side."),
                "agreement_payment",
            )
        )
    raise_errors(faults)
    row = {
        "payment_id": payment_id,
        "agreement_id": agreement_id,
        "year": str(year),
        "payer": str(codes[0]),
        "payee": str(codes[1]),
        "amount_fen": amount_fen,
        "paid_on": paid_on,
        "journal": None,
        "document": document,
        "valid_from": paid_on,
        "valid_to": None,
    }
    booked = transfers_of(office.region_code, str(codes[0]), str(codes[1]), amount_fen, envelope, payment_id) if envelope else []
    if envelope and not booked:
        raise FaultsError(
            [
                _fault(
                    payment_id,
                    Text(
                        "本办公室（{h}）既不付也不收，不能记账。",
                        "This office ({h}) neither pays nor receives; there is nothing to book.",
                    ).fill(h=office.region_code),
                    Text("去掉 --envelope。", "Leave --envelope out."),
                    "agreement_payment",
                )
            ]
        )
    row["journal"] = f"agreement:{payment_id}" if booked else None
    before = [r for r in versions(office, "agreement_payment", {"payment_id": payment_id}).to_pylist() if r["known_to"] is None]
    if before:
        other = [k for k, v in row.items() if before[0][k] != v]
        if not other:
            return {**before[0], "new": False}
        raise FaultsError(
            [
                _fault(
                    payment_id,
                    Text(
                        "这个编号已记了另一笔收付，不同在：{d}。", "Another payment stands under this number; it differs in: {d}."
                    ).fill(d=_differs(other, before[0], row)),
                    Text("核对编号；更正用新的记录。", "Look at the number; correct by another entry."),
                    "agreement_payment",
                )
            ]
        )
    with store.writing(office, act="agreement.pay", actor=who.actor, reason=who.reason, source=who.source) as work:
        raise_errors(work.add("agreement_payment", _table("agreement_payment", [row])))
        if booked:
            from ecoweb.treasury.ledger import post

            post(work, booked, key=str(row["journal"]), book_on=paid_on, memo=f"{agreement_id} {year}")
    return {**row, "new": True}


def _differs(names: list[str], before: Mapping[str, Any], now: Mapping[str, Any]) -> Text:
    """Return what two payments under one number differ in, with both values."""
    named = {c.name: c.meaning for c in REGISTERS["agreement_payment"].columns}

    def said(name: str, value: Any) -> str:
        return "—" if value is None else say_yuan(value) if name == "amount_fen" else str(value)

    listed = [n for n in names if n != "valid_from"]
    zh = "；".join(f"{named[n].zh} {said(n, before[n])} ≠ {said(n, now[n])}" for n in listed)
    return Text(zh, "; ".join(f"{named[n].en} {said(n, before[n])} ≠ {said(n, now[n])}" for n in listed))


# ---------------------------------------------------------------- disputes
def dispute(
    office: Office, case_id: str, agreement_id: str, year: int, clause: str, claim: str, *, on: date, document: str, who: Who
) -> dict[str, Any]:
    """Open a dispute over a clause of a year."""
    made = parsed(row_of(office, agreement_id, on=on))
    faults = []
    if clause not in made.labels():
        faults.append(
            _fault(
                case_id,
                Text("没有条款 {c}。", "There is no clause {c}.").fill(c=clause),
                Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(made.labels())),
                "agreement_dispute",
            )
        )
    if not made.in_force(year):
        faults.append(
            _fault(
                case_id,
                Text("{y} 年不是结算年。", "{y} is not a year it settles.").fill(y=year),
                Text("结算年：{a}。", "Years: {a}.").fill(a=", ".join(map(str, made.years()))),
                "agreement_dispute",
            )
        )
    if rows(office, "agreement_dispute", {"case_id": case_id}).num_rows:
        faults.append(
            _fault(case_id, Text("编号已用。", "The number is used."), Text("用新的编号。", "Use a new one."), "agreement_dispute")
        )
    raise_errors(faults)
    row = {
        "case_id": case_id,
        "agreement_id": agreement_id,
        "year": str(year),
        "clause": clause,
        "state": "open",
        "claim": claim,
        "decision": None,
        "decided_by": None,
        "document": document,
        "valid_from": on,
        "valid_to": None,
    }
    _write(office, {"agreement_dispute": [row]}, "agreement.dispute", who)
    return row


def move_dispute(
    office: Office,
    case_id: str,
    state: str,
    *,
    on: date,
    payer: str | None,
    payee: str | None,
    amount_fen: int | None,
    by: str,
    document: str,
    who: Who,
) -> dict[str, Any]:
    """Take a dispute one step further; a decision, or a deal of the parties, holds its sum and binds from then on."""
    found = rows(office, "agreement_dispute", {"case_id": case_id}, on=on).to_pylist()
    if not found:
        raise UsageError(Text("没有争议 {c}。", "There is no dispute {c}.").fill(c=case_id))
    before = found[0]
    decision = None
    faults: list[Fault] = []
    if payer and payee and amount_fen is not None:
        made = parsed(row_of(office, before["agreement_id"], on=on))
        codes = [party_code(n, made.parties) for n in (payer, payee)]
        if None in codes or amount_fen < 0:
            faults.append(
                _fault(
                    case_id,
                    Text("付款方、收款方或金额不对。", "Payer, payee or sum is not right."),
                    Text("写当事方代码和不小于零的金额。", "Write codes of parties and a sum of zero or more."),
                    "agreement_dispute",
                )
            )
        decision = _json({"payer": codes[0], "payee": codes[1], "amount_fen": amount_fen})
    raise_errors([*faults, *dispute_step(case_id, before["state"], state, decision, by)])
    row = {
        **_bare(before),
        "state": state,
        "decision": decision,
        "decided_by": by or None,
        "document": document or before["document"],
        "valid_from": on,
    }
    _write(office, {"agreement_dispute": [row]}, f"agreement.dispute.{state}", who)
    return row


# ---------------------------------------------------------------- writing
def _row(office: Office, agreement_id: str, on: date | None = None) -> dict[str, Any] | None:
    found = [
        r
        for r in versions(office, "agreement", {"agreement_id": agreement_id}).to_pylist()
        if r["known_to"] is None and r["valid_to"] is None
    ]
    return found[0] if found else None


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("known_from", "known_to")} | {"valid_to": None}


@dataclass(frozen=True)
class _Delta:
    closed: dict[str, list[dict[str, Any]]]
    added: dict[str, list[dict[str, Any]]]


def _write(office: Office, changed: Mapping[str, list[dict[str, Any]]], act: str, who: Who) -> None:
    """Write rows that hold from their first day on, ending what held before; nothing is overwritten."""
    closed: dict[str, list[dict[str, Any]]] = {}
    added: dict[str, list[dict[str, Any]]] = {}
    for register, new in changed.items():
        for row in new:
            key = {k: row[k] for k in object_key(register)}
            stands = [r for r in versions(office, register, key).to_pylist() if r["known_to"] is None]
            live = [r for r in stands if r["valid_to"] is None or r["valid_to"] > row["valid_from"]]
            closed.setdefault(register, []).extend(live)
            kept = [{**_bare(r), "valid_to": row["valid_from"]} for r in live if r["valid_from"] < row["valid_from"]]
            added.setdefault(register, []).extend([*kept, row])
    store.record(office, _Delta(closed, added), act=act, actor=who.actor, reason=who.reason, source=who.source)


def _table(register: str, given: list[dict[str, Any]]) -> pa.Table:
    return store.delta_tables({register: given})[register]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return say(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else str(value) if value is not None else None


def _fault(record: str, clash: Text, remedy: Text, where: str = "agreement") -> Fault:
    return Fault("agreements.office", where, record, clash, remedy)
