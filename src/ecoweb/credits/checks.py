"""What every movement of units is checked against: the operation, the holders, trust, evidence, validity, surplus, shortfalls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ecocomp.credits.blocks import Block
from ecocomp.credits.instrument import ROLES, Instrument, NeededStep, holidays
from ecocomp.credits.issuing import Event, evidence_faults
from ecocomp.terms.codes import PARTY_KINDS
from ecocomp.terms.faults import Fault
from ecocomp.terms.registers import REGISTERS
from ecocomp.terms.text import Text
from ecoweb.credits.desk import Desk
from ecoweb.credits.faults import OTHER, fault
from ecoweb.office import Office
from ecoweb.records.queries import rows

MAKE_GOOD = "make_good"
"""Purpose of a cancellation that makes the reversal of a project good."""


def operation_faults(inst: Instrument, operation: str, record: str) -> list[Fault]:
    """Return a fault if the instrument does not know an operation."""
    if operation in inst.operations:
        return []
    clash = Text("{i} 不允许“{o}”。", "{i} does not allow “{o}”.").fill(i=inst.name, o=operation)
    remedy = Text("允许的操作：{a}。", "Allowed: {a}.").fill(a=", ".join(sorted(inst.operations)))
    return [fault("operation", record, clash, remedy)]


# ---------------------------------------------------------------- who may hold, and with whom
def holder_faults(office: Office, inst: Instrument, account: dict[str, Any], day: date) -> list[Fault]:
    """Return the faults of an account as holder: kind of party, role, and officers and their kin."""
    id, kind = account["account_id"], account["kind"]
    stranger = Text("由无利害关系的主体持有。", "Let a party without such an office hold them.")
    faults = []
    if kind not in inst.holders:
        clash = Text("{k}不得持有{i}。", "{i} may not be held by a {k}.").fill(k=PARTY_KINDS.get(kind, kind), i=inst.name)
        faults.append(fault("holder", id, clash, Text("可持有：{a}。", "Holders: {a}.").fill(a=", ".join(sorted(inst.holders)))))
    if account["role"] in inst.barred:
        clash = Text("{r}不得持有和交易。", "{r}: may not hold or trade.").fill(r=ROLES[account["role"]])
        faults.append(fault("barred", id, clash, stranger))
    if inst.barred and kind in ("person", "household") and account["party_id"] in _officers_and_kin(office, day):
        clash = Text("权利主体 {p} 是经办人或其亲属。", "party {p} is an officer or an officer's kin.").fill(p=account["party_id"])
        faults.append(fault("barred", id, clash, stranger))
    return faults


def _officers_and_kin(office: Office, day: date) -> set[str]:
    officers = rows(office, "officer", on=day).to_pylist() if "officer" in REGISTERS else []
    return {o["person_id"] for o in officers} | {k for o in officers for k in (o["kin"] or "").split()}


def person_of(office: Office, actor: str, day: date) -> str:
    """Return the person behind an officer's account; the account itself if the register of officers does not know it."""
    if "officer" in REGISTERS:
        found = rows(office, "officer", {"officer_id": [actor, actor.removeprefix("u:")]}, on=day).to_pylist()
        if found:
            return str(found[0]["person_id"])
    return actor


def trust_faults(desk: Desk, inst: Instrument, account: str, counterparty: str, *, waited: bool) -> list[Fault]:
    """Return a fault if a counterparty is not trusted, or (`waited`) not for long enough."""
    found = desk.register("credit_trust", account_id=account, counterparty_id=counterparty)
    if not found:
        clash = Text("{c} 不在 {a} 的可信对手方名单中。", "{c} is not on the list of those {a} trusts.")
        remedy = Text(
            "先用 ecocomp credits trust 登记，再等候规定时间。", "Register it with ecocomp credits trust and wait the time set."
        )
        return [fault("not_trusted", account, clash.fill(a=account, c=counterparty), remedy)]
    since: datetime = min(r["known_from"] for r in found)
    if not waited:
        return []
    clash = Text("{c} 自 {s} 起才可信，须等 {h} 小时。", "{c} has been trusted only since {s}; it waits {h} hours.")
    return wait_faults(desk, inst, account, since, clash, Text("{t} 之后再批准。", "Approve it after {t}."), c=counterparty)


def wait_faults(
    desk: Desk, inst: Instrument, account: str, since: datetime, clash: Text, remedy: Text, **named: object
) -> list[Fault]:
    """Return a fault until the waiting time of an instrument is over that began at a moment.

    clash  names `s` and `h`, since when and how many hours, and what is `named`; remedy names `t`, when it is over
    """
    free = since + timedelta(hours=inst.delay_hours)
    if desk.work.at >= free:
        return []
    said = clash.fill(**named, s=since.isoformat(timespec="minutes"), h=inst.delay_hours)
    return [fault("new_counterparty", account, said, remedy.fill(t=free.isoformat(timespec="minutes")))]


# ---------------------------------------------------------------- whether units may be used
def use_faults(desk: Desk, inst: Instrument, blocks: Sequence[Block], record: str, *, retire: bool) -> list[Fault]:
    """Return the faults of units that have expired, or that are used or moved outside their own period."""
    faults = []
    for id, row in sorted(desk.issues(b.issue for b in blocks).items()):
        if row["expires_on"] is not None and row["expires_on"] <= desk.day:
            clash = Text("{i} 已于 {d} 失效。", "{i} ended on {d}.").fill(i=id, d=row["expires_on"])
            remedy = Text("重新核定后签发，或作废。", "Have it verified and issued anew, or cancel it.")
            faults.append(fault("expired", record, clash, remedy))
        outside = desk.day >= row["period_to"] or (retire and desk.day < row["period_from"])
        if inst.within_period and outside:
            clash = Text("{i} 只能在 {a} 至 {b} 之内使用。", "{i} can be used from {a} until {b} only.")
            clash = clash.fill(i=id, a=row["period_from"], b=row["period_to"])
            faults.append(fault("outside_period", record, clash, Text("过期作废。", "Cancel what is over.")))
    return faults


def surplus_faults(desk: Desk, inst: Instrument, account: str, units: int) -> list[Fault]:
    """Return a fault if a movement would leave an account with less than its own need of the year."""
    if not inst.surplus_only:
        return []
    need = sum(r["due"] for r in desk.register("credit_duty", account_id=account, instrument=inst.id, period=str(desk.day.year)))
    held = sum(b.quantity for b in desk.blocks(inst.id, "b.account = %s AND b.state = 'held'", account))
    if held - units >= need:
        return []
    clash = Text("持有 {h}，自用 {n}，只有 {s} 可转出，而要转出 {u}。", "{h} are held and {n} needed: {s} may move, not {u}.")
    clash = clash.fill(h=inst.say(held), n=inst.say(need), s=inst.say(max(0, held - need)), u=inst.say(units))
    remedy = Text("只转出富余部分，或更正自用量。", "Move only the surplus, or mend the need (credits duty).")
    return [fault("surplus", account, clash, remedy)]


# ---------------------------------------------------------------- evidence
def step_faults(
    desk: Desk, inst: Instrument, needed: Sequence[NeededStep], given: Sequence[Event], record: str, **more: Any
) -> list[Fault]:
    """Return the faults of the evidence for an act on the day of the desk, by the calendar of its rules."""
    years = {e.on.year for e in given} | {e.until.year for e in given if e.until}
    off, worked = holidays(desk.rules.params(desk.day), years)
    return evidence_faults(needed, given, desk.day, record, off=off, worked=worked, **more)


def move_faults(
    desk: Desk, inst: Instrument, operation: str, giver: dict[str, Any], taker: dict[str, Any], steps: Sequence[Event]
) -> list[Fault]:
    """Return every fault of moving units between two accounts that does not depend on which units."""
    id = giver["account_id"]
    faults = operation_faults(inst, operation, id)
    for account in (giver, taker):
        faults += holder_faults(desk.office, inst, account, desk.day)
    if id == taker["account_id"]:
        faults.append(fault("same_account", id, Text("转出与转入是同一账户。", "it gives and takes."), OTHER))
    apart = {
        "cross_region": giver["region_code"][:6] != taker["region_code"][:6],
        "other_sector": (giver["sector"] or "") != (taker["sector"] or ""),
    }
    return [*faults, *step_faults(desk, inst, inst.transfer_steps, steps, id, **apart)]


# ---------------------------------------------------------------- reversals
def reversals(desk: Desk, project: str) -> list[dict[str, Any]]:
    """Return what was found at each reversal of a project: its loss, what the buffer bore, what it lacked."""
    bodies = [json.loads(b)["found"] for (b,) in desk.ask("SELECT body FROM credit_event WHERE act = 'reverse'")]
    return [f for f in bodies if f["project"] == project]


def open_shortfall(desk: Desk, inst: Instrument, project: str) -> int:
    """Return what reversals of a project took more than the buffer had, less what was made good in its own instrument."""
    made = desk.ask(
        "SELECT coalesce(sum(last - first + 1), 0) FROM credit_block WHERE ended_by_id IS NULL AND state = 'cancelled'"
        " AND instrument = %s AND purpose = %s AND beneficiary = %s",
        inst.id,
        MAKE_GOOD,
        project,
    )
    return sum(f["shortfall"] for f in reversals(desk, project)) - int(made[0][0])


def shortfall_faults(desk: Desk, inst: Instrument, project: str) -> list[Fault]:
    """Return a fault if a reversal of a project has not been made good."""
    missing = open_shortfall(desk, inst, project)
    if missing <= 0:
        return []
    clash = Text("逆转尚缺 {m}（{u}）没有补足。", "a reversal is still short of {m} ({u}).").fill(m=inst.say(missing), u=inst.unit)
    remedy = Text("先用 credits cancel --purpose make_good 补足。", "Make it good first: credits cancel --purpose make_good.")
    return [fault("shortfall_open", project, clash, remedy)]
