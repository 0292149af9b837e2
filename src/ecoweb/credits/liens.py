"""Liens: units pledged to a creditor or frozen by an authority, and released on its paper."""

from __future__ import annotations

from typing import Any, Unpack

from ecocomp.terms.faults import FaultsError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.credits.checks import operation_faults, use_faults
from ecoweb.credits.desk import Act, DatedAct, Desk, Done, Rules, run
from ecoweb.credits.faults import fault, missing, missing_options
from ecoweb.credits.units import Serials, bound, numbered
from ecoweb.office import Office


def pledge(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    creditor: str,
    document: str,
    *,
    serials: Serials = (),
    **act: Unpack[DatedAct],
) -> Done:
    """Pledge units to a creditor; they cannot move until released."""
    asked = {"account": account, "quantity": quantity, "serials": serials, "creditor": creditor, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        faults = operation_faults(inst, "pledge", account)
        raise_errors([*faults, *missing_options(account, {"--creditor": creditor, "--document": document})])
        desk.account(account)
        took = numbered(desk, inst, "pledge", "P", account, quantity, serials, use="move", beneficiary=creditor)
        raise_errors(use_faults(desk, inst, took.blocks, account, retire=False))
        desk.apply(inst.id, took.step)
        return took.found("pledge", account, creditor=creditor)

    return run(office, rules, do, act="pledge", instrument=instrument, asked=asked, source=document, **act)


def freeze(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    document: str,
    *,
    serials: Serials = (),
    **act: Unpack[Act],
) -> Done:
    """Lock units on the paper of a court or authority."""
    asked = {"account": account, "quantity": quantity, "serials": serials, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        said = Text("缺少冻结文件。", "the paper that freezes them is missing.")
        raise_errors([*operation_faults(inst, "lock", account), *missing("missing", account, document, said, "--document")])
        took = numbered(desk, inst, "lock", "F", account, quantity, serials)
        desk.apply(inst.id, took.step)
        return took.found("lock", account)

    return run(office, rules, do, act="lock", instrument=instrument, asked=asked, source=document, **act)


def release(office: Office, rules: Rules, lien: str, document: str, *, quantity: str | None = None, **act: Unpack[Act]) -> Done:
    """Release a pledge (P…) or unlock a freeze (F…), whole or in part, on the creditor's or court's paper."""
    instrument, account, state = _lien_of(office, lien)
    asked = {"lien": lien, "document": document, "quantity": quantity}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        operation = "release" if state == "pledged" else "unlock"
        said = Text("缺少债权人或机关的解除文件。", "the paper that releases it is missing.")
        faults = [*operation_faults(inst, operation, lien), *missing("missing", lien, document, said, "--document")]
        if lien[:1] not in "PF":
            clash = Text("这不是质押或冻结。", "this is no pledge or freeze.")
            remedy = Text(
                "转让申请用 withdraw，订单用 order --cancel。", "Withdraw a request; cancel an order with order --cancel."
            )
            faults.append(fault("lien", lien, clash, remedy))
        raise_errors(faults)
        units = inst.parse(quantity) if quantity is not None else None
        desk.apply(inst.id, bound(desk, inst, operation, account, lien, units))
        left = desk.blocks(inst.id, "b.lien = %s AND b.state = %s", lien, state)
        return {"lien": lien, "account": account, "still": sum(b.quantity for b in left)}

    return run(office, rules, do, act="release", instrument=instrument, asked=asked, source=document, **act)


def _lien_of(office: Office, lien: str) -> tuple[str, str, str]:
    with office.reading() as cursor:
        cursor.execute(
            "SELECT instrument, account, state FROM credit_block WHERE lien = %s AND ended_by_id IS NULL"
            " AND state IN ('pledged', 'locked')",
            [lien],
        )
        found = cursor.fetchone()
    if found is None:
        clash = Text("没有生效的质押或冻结。", "there is no pledge or freeze of that number.")
        raise FaultsError([fault("no_lien", lien, clash, Text("用 credits list 查看。", "See credits list."))])
    return str(found[0]), str(found[1]), str(found[2])
