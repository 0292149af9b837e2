"""Faults of eco-credits that more than one act can find, in one wording."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.queries import rows

OTHER = Text("写另一个账户。", "Name another account.")
_OPEN = Text("用 ecocomp credits account 开户，或改正编码。", "Open it with ecocomp credits account, or mend the code.")
_PROJECT = Text("先用 ecocomp credits project 登记。", "Register it first with ecocomp credits project.")


def fault(kind: str, record: str, clash: Text, remedy: Text) -> Fault:
    """Return the fault `credits.<kind>` of a record."""
    return Fault(f"credits.{kind}", "credits", record, clash, remedy)


def no_account(id: str, clash: Text | None = None) -> Fault:
    """Return that there is no such account."""
    said = clash or Text("没有这个账户。", "there is no such account.")
    return Fault("credits.no_account", "credit_account", id, said, _OPEN)


def no_project(id: str) -> Fault:
    """Return that there is no such project."""
    return Fault("credits.no_project", "credit_project", id, Text("没有这个项目。", "there is no such project."), _PROJECT)


def account_faults(office: Office, *accounts: str, on: date | None = None) -> list[Fault]:
    """Return a fault for each account that is not registered on a day (today if None)."""
    return [no_account(id) for id in accounts if not len(rows(office, "credit_account", {"account_id": id}, on=on))]


def missing(kind: str, record: str, value: str, what: Text, option: str) -> list[Fault]:
    """Return a fault if a word that must be given is blank.

    what    the sentence that it is not there; option: where it is given, such as ``--document``
    """
    if value.strip():
        return []
    return [fault(kind, record, what, Text("用 {o} 写明。", "Give it with {o}.").fill(o=option))]


def missing_options(record: str, given: Mapping[str, str]) -> list[Fault]:
    """Return a fault for each option that is blank."""
    clash = Text("缺少 {n}。", "{n} is missing.")
    return [
        fault("missing", record, clash.fill(n=name), Text("写明它。", "Give it."))
        for name, value in given.items()
        if not value.strip()
    ]


def period_empty(record: str) -> Fault:
    """Return that a period ends no later than it begins."""
    clash = Text("止日不晚于起日。", "it ends no later than it begins.")
    return fault("period", record, clash, Text("改正日期。", "Mend the dates."))


def word_faults(where: str, record: str, **words: Any) -> list[Fault]:
    """Find codes that are empty, or that the accounts of the ledger cannot carry."""
    return [
        Fault(
            "credits.word",
            where,
            record,
            Text("{n}“{v}”为空或含有空白、冒号。", "{n} “{v}” is empty or holds blanks or colons.").fill(n=n, v=v),
            Text("用字母、数字和连字符。", "Use letters, digits and hyphens."),
        )
        for n, v in words.items()
        if not v or any(c.isspace() or c in ":,|/" or not c.isprintable() for c in v) or len(v) > 64
    ]
