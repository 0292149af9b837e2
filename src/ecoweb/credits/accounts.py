"""Accounts, whom they trust, and what they owe: rows of registers, each change of which holds from a day on."""

from __future__ import annotations

from datetime import date
from typing import Any

from ecocomp.credits.instrument import ROLES
from ecocomp.tenure.versions import Delta
from ecocomp.terms.codes import PARTY_KINDS
from ecocomp.terms.faults import Fault, UsageError, raise_errors
from ecocomp.terms.registers import object_key
from ecocomp.terms.text import Text
from ecoweb.credits.desk import Rules
from ecoweb.credits.faults import OTHER, account_faults, word_faults
from ecoweb.office import Office
from ecoweb.records import store
from ecoweb.records.queries import versions

_KNOWN = ("known_from", "known_to")


def ended_on(live: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    """Return rows as they stand when they end on a day; those that only begin then fall away."""
    return [{k: v for k, v in r.items() if k not in _KNOWN} | {"valid_to": day} for r in live if r["valid_from"] < day]


def register_row(office: Office, register: str, row: dict[str, Any], *, actor: str, reason: str, act: str) -> dict[str, Any]:
    """Register a row, or what is changed of it from its first day on; an equal row that stands is left alone."""
    key = {k: row[k] for k in object_key(register)}
    stands = [r for r in versions(office, register, key).to_pylist() if r["known_to"] is None]
    live = [r for r in stands if r["valid_to"] is None or r["valid_to"] > row["valid_from"]]
    if any(all(r[k] == v for k, v in row.items() if k != "valid_from") and r["valid_from"] <= row["valid_from"] for r in live):
        return row
    delta = Delta({register: live}, {register: [*ended_on(live, row["valid_from"]), row]})
    store.record(office, delta, act=f"credits.{act}", actor=actor, reason=reason)
    return row


def open_account(office: Office, row: dict[str, Any], *, actor: str, reason: str) -> dict[str, Any]:
    """Open an account or change it. `row` has the columns of `credit_account` without the clock of knowledge."""
    id = row["account_id"]
    faults = word_faults("credit_account", id, account_id=id, party_id=row["party_id"])
    for column, known in (("role", ROLES), ("kind", PARTY_KINDS)):
        if row[column] not in known:
            clash = Text("{c}“{v}”不在代码表中。", "{c} “{v}” is not in the code list.").fill(c=column, v=row[column])
            remedy = Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(known))
            faults.append(Fault("credits.code", "credit_account", id, clash, remedy))
    raise_errors(faults)
    return register_row(office, "credit_account", row, actor=actor, reason=reason, act="account")


def trust(
    office: Office, account: str, counterparty: str, document: str, *, actor: str, reason: str, day: date | None = None
) -> dict[str, Any]:
    """Put a counterparty on the list of those an account trusts; it may be dealt with when its waiting time is over."""
    on = day or office.today()
    faults = account_faults(office, account, counterparty, on=on)
    if account == counterparty:
        clash = Text("对手方是自己。", "the counterparty is the account itself.")
        faults.append(Fault("credits.same_account", "credit_trust", account, clash, OTHER))
    raise_errors(faults)
    row = {
        "account_id": account,
        "counterparty_id": counterparty,
        "document": document,
        "valid_from": on,
        "valid_to": None,
    }
    return register_row(office, "credit_trust", row, actor=actor, reason=reason, act="trust")


def set_duty(
    office: Office, rules: Rules, account: str, instrument: str, period: str, due: str, document: str, *, actor: str, reason: str
) -> dict[str, Any]:
    """Register what an account must surrender in a year (verified emission), or needs for itself."""
    day = office.today()
    inst = rules.instrument(instrument, day)
    if not (len(period) == 4 and period.isascii() and period.isdigit()):
        raise UsageError(Text("年度“{p}”应是四位年份。", "The year “{p}” must have four digits.").fill(p=period))
    raise_errors(account_faults(office, account))
    row = {
        "account_id": account,
        "instrument": instrument,
        "period": period,
        "due": 0 if due.strip() in ("0", "0.0") else inst.parse(due),
        "document": document,
        "valid_from": day,
        "valid_to": None,
    }
    return register_row(office, "credit_duty", row, actor=actor, reason=reason, act="duty")
