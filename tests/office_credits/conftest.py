"""Offices on SQLite and on PostgreSQL, as in `tests/office`, with accounts, projects and money of a small credit market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from ecocomp.credits.issuing import Event, parse_event
from ecoweb.credits import market, operations
from ecoweb.credits.desk import Done, Rules
from ecoweb.office import Office

from ..office.conftest import office, offices, postgres, templates

__all__ = ["desk", "office", "offices", "postgres", "rules_file", "templates"]

WHO = {"actor": "u:maker", "reason": "test"}
TICKET = [
    "measurement=2024-03-01,r1,third", "review=2024-04-01,r2,experts", "forestry_approval=2024-05-01,r3,forestry",
    "environment_approval=2024-06-01,r4,environment",
]  # fmt: skip
REDUCTION = [
    "validation=2023-01-05,v1,body", "project_notice=2023-02-01..2023-03-15,n1,registry", "registration=2023-04-01,g1,registry",
    "verification=2024-01-05,v2,body", "notice=2024-02-01..2024-03-15,n2,registry", "approval=2024-04-01,a1,registry",
]  # fmt: skip


def rules_file(office: Office, name: str, text: str) -> None:
    """Write a rule file of the office's own."""
    folder = office.folder / "rules" / "CN" / "credits"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def parameter(key: str, kind: str, value: str, unit: str = "1") -> str:
    """One parameter as a rule file has it."""
    return (
        f'  - key: {key}\n    name: {{zh: 试, en: "{key}"}}\n    unit: "{unit}"\n    kind: {kind}\n    values:\n'
        f"      - value: {value}\n        document: test\n        confidence: S\n"
    )


@dataclass
class Market:
    """An office with accounts; shorter names for what tests do."""

    office: Office

    @property
    def rules(self) -> Rules:
        return Rules(self.office)

    def account(self, id: str, kind: str = "company", **more: Any) -> None:
        row = {
            "account_id": id, "party_id": f"P-{id}", "name": id, "kind": kind, "role": "holder", "region_code": "990121", "sector": None,
            "envelope": None, "document": "d", "valid_from": date(2020, 1, 1), "valid_to": None,
        } | more  # fmt: skip
        operations.open_account(self.office, row, **WHO)

    def project(
        self, id: str, instrument: str = "carbon_ticket", account: str = "V", parcels: Sequence[tuple[str, str]] = (("G1", "1"),),
        start: date = date(2015, 1, 1), end: date | None = date(2035, 1, 1), **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        row = {
            "project_id": id, "instrument": instrument, "title": id, "account_id": account, "region_code": "990121", "methodology": None,
            "quality": None, "document": "d", "valid_from": start, "valid_to": end,
        } | more  # fmt: skip
        return operations.register_project(self.office, self.rules, row, [(p, Fraction(s)) for p, s in parcels], **WHO)

    def issue(
        self, project: str, quantity: str, steps: Sequence[str] = TICKET, years: tuple[int, int] = (2015, 2020), **more: Any
    ) -> Done:
        period = (date(years[0], 1, 1), date(years[1], 1, 1))
        return operations.issue(self.office, self.rules, project, period, quantity, events(steps), **{**WHO, **more})

    def deposit(self, account: str, yuan: int) -> None:
        market.move_money(self.office, self.rules, account, yuan * 100, "bank-1", **WHO)

    def order(
        self, account: str, side: str, quantity: str, yuan: str | None, instrument: str = "carbon_ticket", **more: Any
    ) -> Done:
        price = None if yuan is None else int(Fraction(yuan) * 100)
        return market.place_order(self.office, self.rules, instrument, account, side, quantity, price, **{**WHO, **more})

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.office.reading() as cursor:
            cursor.execute(sql, [*values] or None)
            return list(cursor.fetchall())

    def held(self, account: str, instrument: str = "carbon_ticket", state: str = "held") -> int:
        found = self.ask(
            "SELECT coalesce(sum(last - first + 1), 0) FROM credit_block WHERE ended_by_id IS NULL AND account = %s AND instrument = %s AND state = %s",
            account, instrument, state,
        )  # fmt: skip
        return int(found[0][0])


def events(steps: Sequence[str]) -> list[Event]:
    """Evidence as the command line writes it."""
    return [parse_event(s) for s in steps]


@pytest.fixture
def desk(office: Office) -> Market:
    """A market of a village V (its sales pay into QX-CARBON) and buyers A, B and C, where nobody waits."""
    rules_file(office, "no_wait", "parameters:\n" + parameter("credits.default.delay_hours", "number", "0", "h"))
    made = Market(office)
    made.account("V", "collective", envelope="QX-CARBON")
    for id in "ABC":
        made.account(id)
    return made
