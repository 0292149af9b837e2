"""Units come to rest: retired for a purpose and on someone's behalf, cancelled, or given over to another registry."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Unpack

from ecocomp.credits.blocks import Block
from ecocomp.credits.instrument import Instrument
from ecocomp.credits.issuing import Event, match_faults, quality_rank
from ecocomp.credits.surrender import standing, surrender_faults
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.text import Text
from ecoweb.credits.checks import MAKE_GOOD, operation_faults, step_faults, surplus_faults, use_faults
from ecoweb.credits.desk import Act, DatedAct, Desk, Done, Rules, run, said_steps
from ecoweb.credits.faults import fault, missing
from ecoweb.credits.queries import surrendered
from ecoweb.credits.units import Serials, numbered
from ecoweb.office import Office

SURRENDER = "surrender"
"""Purpose of a retirement that settles a duty."""


def retire(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    purpose: str,
    beneficiary: str,
    *,
    serials: Serials = (),
    steps: Sequence[Event] = (),
    period: str = "",
    need: str | None = None,
    need_quality: str = "",
    **act: Unpack[DatedAct],
) -> Done:
    """Retire units for good, for a purpose and on someone's behalf.

    period  of a surrender: the year it settles; the duty must be registered (`set_duty`)
    need    of a quota that must match: what is taken, and its grade of quality
    """
    asked = {
        "account": account,
        "quantity": quantity,
        "serials": serials,
        "purpose": purpose,
        "beneficiary": beneficiary,
        "period": period,
        "need": need,
        "need_quality": need_quality,
        "steps": said_steps(steps),
    }

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        desk.account(account)
        faults = [*operation_faults(inst, "retire", account), *step_faults(desk, inst, inst.retire_steps, steps, account)]
        if purpose not in inst.purposes:
            clash = Text("{i} 没有用途“{p}”。", "{i} has no purpose “{p}”.").fill(i=inst.name, p=purpose)
            known = ", ".join(inst.purposes) or "—"
            faults.append(fault("purpose", account, clash, Text("可用：{a}。", "Known: {a}.").fill(a=known)))
        said = Text("没有写明受益人。", "the beneficiary is missing.")
        raise_errors([*faults, *missing("beneficiary", account, beneficiary, said, "--beneficiary")])
        why = {"purpose": purpose, "beneficiary": beneficiary}
        took = numbered(desk, inst, "retire", "R", account, quantity, serials, use="retire", period=period, **why)
        faults = use_faults(desk, inst, took.blocks, account, retire=True)
        found = took.found("retirement", account, **why)
        if purpose == SURRENDER:
            more, left = _surrender(desk, inst, account, period, took.quantity)
            faults += more
            found |= {"period": period, "still_due": left}
        if inst.match:
            faults += _match_faults(desk, inst, account, took.blocks, need, need_quality)
        raise_errors(faults)
        desk.apply(inst.id, took.step)
        return found

    return run(office, rules, do, act="retire", instrument=instrument, asked=asked, **act)


def _match_faults(
    desk: Desk, inst: Instrument, account: str, blocks: Sequence[Block], need: str | None, need_quality: str
) -> list[Fault]:
    """Return the faults of a quota used for what is taken: its lowest grade and its quantity must both be enough."""
    grades = [row["quality"] or "" for row in desk.issues(b.issue for b in blocks).values()]
    faults = []
    if not need or not need_quality:
        clash = Text("须写明所占的数量和质量。", "what is taken, and its quality, must be given.")
        faults.append(fault("match_need", account, clash, Text("用 --need 和 --need-quality。", "Use --need and --need-quality.")))
    lowest, wanted = min(grades, key=quality_rank, default=""), inst.parse(need) if need else 0
    return [*faults, *match_faults(inst, account, lowest, wanted, need_quality, sum(b.quantity for b in blocks))]


def _surrender(desk: Desk, inst: Instrument, account: str, period: str, units: int) -> tuple[list[Fault], int | None]:
    """Return the faults of surrendering so many units for a year, and what is still due then."""
    registered = desk.register("credit_duty", account_id=account, period=period)
    duties = [r for r in registered if SURRENDER in desk.instrument(r["instrument"]).purposes]
    if len(duties) != 1:
        clash = Text("{p} 年有 {n} 项清缴义务。", "there are {n} duties to surrender for {p}.").fill(p=period or "—", n=len(duties))
        remedy = Text(
            "用 --period 写明年度，并用 credits duty 登记应缴量。", "Give --period, and register what is due with credits duty."
        )
        return [fault("no_duty", account, clash, remedy)], None
    duty = desk.instrument(duties[0]["instrument"])
    before = surrendered(desk.office, desk.rules, account, period, duty)
    scaled = Fraction(units * duty.one, inst.one)
    if scaled.denominator != 1:
        clash = Text("数量不能换算为整数。", "the quantity does not convert exactly.")
        return [fault("quantity", account, clash, Text("取整数。", "Take a whole number."))], None
    known = {n: desk.instrument(n) for n in {*before, inst.id, duty.id}}
    old = standing(duties[0]["due"], before, duty, known)
    new = standing(duties[0]["due"], before | {inst.id: before.get(inst.id, 0) + int(scaled)}, duty, known)
    return surrender_faults(old, new, account, duty), new.missing


def cancel(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    purpose: str,
    *,
    serials: Serials = (),
    project: str = "",
    **act: Unpack[DatedAct],
) -> Done:
    """Cancel units for good; with the purpose `make_good` for the reversal of a project that the buffer did not cover."""
    asked = {"account": account, "quantity": quantity, "serials": serials, "purpose": purpose, "project": project}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        said = Text("没有写明原因。", "the purpose is missing.")
        faults = [*operation_faults(inst, "cancel", account), *missing("purpose", account, purpose, said, "--purpose")]
        if purpose == MAKE_GOOD and (owed := desk.project(project)["instrument"]) != inst.id:
            clash = Text("{p} 的逆转欠的是 {o}，不是 {i}。", "the reversal of {p} is owed in {o}, not in {i}.")
            remedy = Text("作废 {o} 来补足。", "Cancel {o} to make it good.").fill(o=owed)
            faults.append(fault("make_good", account, clash.fill(p=project, o=owed, i=inst.id), remedy))
        raise_errors(faults)
        took = numbered(desk, inst, "cancel", "C", account, quantity, serials, purpose=purpose, beneficiary=project)
        desk.apply(inst.id, took.step)
        return took.found("cancellation", account, purpose=purpose)

    return run(office, rules, do, act="cancel", instrument=instrument, asked=asked, **act)


def export(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    registry: str,
    *,
    serials: Serials = (),
    **act: Unpack[Act],
) -> Done:
    """Give units over to another registry; here they have come to rest."""
    asked = {"account": account, "quantity": quantity, "serials": serials, "registry": registry}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        said = Text("没有写明转入的登记机构。", "the other registry is missing.")
        raise_errors([*operation_faults(inst, "export", account), *missing("registry", account, registry, said, "--registry")])
        took = numbered(desk, inst, "export", "X", account, quantity, serials, use="move", purpose=registry)
        stale = use_faults(desk, inst, took.blocks, account, retire=False)
        raise_errors([*stale, *surplus_faults(desk, inst, account, took.quantity)])
        desk.apply(inst.id, took.step)
        return took.found("export", account, registry=registry)

    return run(office, rules, do, act="export", instrument=instrument, asked=asked, **act)
