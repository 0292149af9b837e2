"""Offices on SQLite and on PostgreSQL, as in `tests/office`, with a few people and rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from ecoweb.office import Office
from ecoweb.programmes.operations import By, Done, draft, inspect, sign
from ecoweb.programmes.rules import OfficeRules, office_rules
from ecoweb.records.store import record

from ..office.conftest import Delta, office, offices, person, postgres, right, templates

__all__ = ["office", "offices", "postgres", "templates"]

ITEMS = (
    '{"scope_and_area": "坡地3亩", "method": "造林", "survival": "85%", "tending": "每月巡护", "subsidy": "分三次", '
    '"technical_service": "林业站", "seedling_source": "县苗圃", "breach": "退回", "term": "五年"}'
)
DUTY = '{"scope_and_area": "草场", "duty": "禁牧", "term": "五年"}'
MU3 = 200_000


@dataclass
class Desk:
    """A programme office with three households H1..H3, each with the contract right on parcels A, B, C."""

    office: Office
    rules: OfficeRules

    def by(self, actor: str = "u:clerk01") -> By:
        """Who acts."""
        return By(actor, "测试", "文1")

    def head(self, contract_id: str = "K1", **more: Any) -> dict[str, Any]:
        """A contract of round 2 on 3 mu."""
        base = {"contract_id": contract_id, "programme": "conversion_round2", "holder_id": "H1", "region_code": "990121001001", "items": ITEMS,
                "term_from": date(2020, 5, 1), "area_dm2": MU3, "drafted_on": date(2020, 4, 1)}  # fmt: skip
        return base | more

    def plot(self, contract_id: str = "K1", n: int = 1, **more: Any) -> dict[str, Any]:
        """Its plot."""
        base = {
            "plot_id": f"{contract_id}/{n}",
            "contract_id": contract_id,
            "parcel_id": "A",
            "holder_id": "H1",
            "variant": "forest",
            "area_dm2": MU3,
            "class_before": "0103",
        }
        return base | more

    def drafted(self, contract_id: str = "K1", plot: dict[str, Any] | None = None, **more: Any) -> Done:
        """A draft."""
        return draft(self.office, self.rules, [self.head(contract_id, **more)], [self.plot(contract_id, **(plot or {}))], self.by())

    def signed(self, contract_id: str = "K1", on: date = date(2020, 5, 1), **more: Any) -> Done:
        """Drafted, signed and in force."""
        self.drafted(contract_id, **more)
        return sign(self.office, self.rules, [contract_id], on, self.by("u:clerk02"), activate=True)

    def inspected(self, inspection_id: str = "I1", **more: Any) -> Done:
        """Accepted by the county in full."""
        base = {"inspection_id": inspection_id, "contract_id": "K1", "year": 2020, "judged_by": "county", "inspected_on": date(2020, 10, 1),
                "inspector": "u:inspector", "result": "accepted", "accepted_dm2": MU3, "survival_ppm": 900_000, "certificate": "证1"}  # fmt: skip
        return inspect(self.office, self.rules, [base | more], self.by("u:recorder"))


@pytest.fixture
def desk(office: Office) -> Desk:
    """A desk on each of the two databases."""
    people = [person(f"H{i}", id_number=None, account=None, phone=None) for i in (1, 2, 3)]
    people.append(person("V", kind="collective", id_number=None, account=None, phone=None))
    rights = [right(f"R{p}", parcel_id=p, holder_id=h) for p, h in (("A", "H1"), ("B", "H2"), ("C", "H3"))]
    record(office, Delta(added={"party": people, "tenure": rights}), act="test.set", actor="u:setup", reason="测试")
    return Desk(office, office_rules(office))


Make = Callable[..., Done]
