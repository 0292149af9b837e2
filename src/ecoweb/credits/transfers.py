"""Transfers and bilateral deals: asked for by one person, approved by another, to a counterparty trusted for long enough."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Unpack

from ecocomp.credits.instrument import Instrument
from ecocomp.credits.issuing import Event
from ecocomp.terms.faults import FaultsError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.credits.checks import holder_faults, move_faults, person_of, surplus_faults, trust_faults, use_faults
from ecoweb.credits.desk import Act, DatedAct, Desk, Done, Rules, run, said_steps
from ecoweb.credits.faults import fault
from ecoweb.credits.payment import Sale, deposit_faults, settle
from ecoweb.credits.units import Serials, bound, numbered
from ecoweb.office import Office


def request_transfer(
    office: Office,
    rules: Rules,
    instrument: str,
    giver: str,
    taker: str,
    quantity: str | None,
    *,
    serials: Serials = (),
    steps: Sequence[Event] = (),
    amount_fen: int | None = None,
    receipt: str = "",
    **act: Unpack[DatedAct],
) -> Done:
    """Ask for a transfer: units are locked until another person approves it.

    amount_fen  what is paid for them (then it is a bilateral deal); None: a transfer without payment
    receipt     the bank receipt of the payment; empty: it is taken from the buyer's deposit
    """
    asked = {
        "from": giver,
        "to": taker,
        "quantity": quantity,
        "serials": serials,
        "amount_fen": amount_fen,
        "receipt": receipt,
        "steps": said_steps(steps),
    }
    operation = "transfer" if amount_fen is None else "deal"

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        faults = move_faults(desk, inst, operation, desk.account(giver), desk.account(taker), steps)
        faults += trust_faults(desk, inst, giver, taker, waited=False)
        if amount_fen is not None and amount_fen <= 0:
            clash = Text("成交金额应大于零。", "the amount must be above zero.")
            faults.append(fault("amount", giver, clash, Text("改正 --amount。", "Mend --amount.")))
        raise_errors(faults)
        took = numbered(desk, inst, "lock", "T", giver, quantity, serials, use="move")
        stale = use_faults(desk, inst, took.blocks, giver, retire=False)
        raise_errors([*stale, *surplus_faults(desk, inst, giver, took.quantity)])
        desk.apply(inst.id, took.step)
        found: dict[str, Any] = {"request": took.number, "instrument": instrument, "from": giver, "to": taker, **took.units()}
        found |= {"amount_fen": amount_fen, "receipt": receipt, "maker": desk.actor, "done": False}
        if inst.persons < 2:
            raise_errors(trust_faults(desk, inst, giver, taker, waited=True))
            found |= _deliver(desk, inst, found)
        return found

    return run(office, rules, do, act="transfer", instrument=instrument, asked=asked, **act)


def approve_transfer(office: Office, rules: Rules, request: str, **act: Unpack[Act]) -> Done:
    """Approve a transfer: by another person than asked for it, after the waiting time of a new counterparty."""
    instrument = _instrument_of(office, request)

    def do(desk: Desk) -> dict[str, Any]:
        inst, found = desk.instrument(instrument), _request(desk, request)
        faults = []
        if person_of(office, desk.actor, desk.day) == person_of(office, found["maker"], desk.day):
            clash = Text("提出和批准是同一人（{a}）。", "{a} asked for it and approves it.").fill(a=desk.actor)
            faults.append(fault("one_person", request, clash, Text("由另一人批准。", "Let another person approve it.")))
        for account in (found["from"], found["to"]):
            faults += holder_faults(office, inst, desk.account(account), desk.day)
        faults += trust_faults(desk, inst, found["from"], found["to"], waited=True)
        locked = desk.blocks(inst.id, "b.lien = %s AND b.state = 'locked'", request)
        raise_errors([*faults, *use_faults(desk, inst, locked, request, retire=False)])
        return found | _deliver(desk, inst, found)

    return run(office, rules, do, act="approve", instrument=instrument, asked={"request": request}, **act)


def withdraw_transfer(office: Office, rules: Rules, request: str, **act: Unpack[Act]) -> Done:
    """Withdraw or refuse a transfer that was asked for: its units are free again."""
    instrument = _instrument_of(office, request)

    def do(desk: Desk) -> dict[str, Any]:
        inst, found = desk.instrument(instrument), _request(desk, request)
        desk.apply(inst.id, bound(desk, inst, "unlock", found["from"], request))
        return found | {"done": False, "withdrawn": True}

    return run(office, rules, do, act="withdraw", instrument=instrument, asked={"request": request}, **act)


def _instrument_of(office: Office, request: str) -> str:
    digits = request[1:] if request[:1] == "T" and len(request) < 16 else ""
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    with office.reading() as cursor:
        cursor.execute("SELECT instrument FROM credit_event WHERE seq = %s AND act = 'transfer'", [number])
        found = cursor.fetchone()
    if found is None:
        clash = Text("没有这项转让申请。", "there is no such request.")
        raise FaultsError(
            [fault("no_request", request, clash, Text("用 credits list --requests 查看。", "See credits list --requests."))]
        )
    return str(found[0])


def _request(desk: Desk, request: str) -> dict[str, Any]:
    """Return what was asked for; FaultsError if it has been delivered or withdrawn."""
    sql = "SELECT count(*) FROM credit_block WHERE lien = %s AND state = 'locked' AND ended_by_id IS NULL"
    if not desk.ask(sql, request)[0][0]:
        clash = Text("这项申请已经办结。", "the request is closed.")
        raise FaultsError([fault("request_closed", request, clash, Text("重新申请。", "Ask anew."))])
    body = desk.ask("SELECT body FROM credit_event WHERE seq = %s", int(request[1:]))[0][0]
    found: dict[str, Any] = json.loads(body)["found"]
    return found


def _deliver(desk: Desk, inst: Instrument, found: dict[str, Any]) -> dict[str, Any]:
    """Deliver what a request locked, against its payment if it is a deal."""
    giver, taker, request, amount = (found[k] for k in ("from", "to", "request", "amount_fen"))
    desk.apply(inst.id, bound(desk, inst, "settle", giver, request, to=taker))
    if amount is None:
        return {"done": True}
    if not found["receipt"]:
        raise_errors(deposit_faults(desk, inst, taker, amount))
    sale = Sale(taker, giver, found["quantity"], amount, found["serials"], request, request, found["receipt"])
    return {"done": True} | settle(desk, inst, [sale], "deal", {giver: desk.account(giver)})
