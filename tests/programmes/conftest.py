"""Small worlds for the tests of programmes: plots, contracts, inspections, written in mu and yuan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.programmes.owed import Owed, owed
from ecocomp.programmes.programme import Programmes, load_programmes
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.tables import CONTRACT, ENROLMENT, HOLDER, INSPECTED, OVERLAY, PARCEL, PARCEL_ZONE, RIGHT

LONG_AGO = date(1990, 1, 1)
KNOWN = date(2030, 1, 1)


def dm2(mu: str | int) -> int:
    """Whole dm2 of mu; the mu of a test divide evenly."""
    area = Fraction(str(mu)) * 200_000 / 3
    assert area.denominator == 1, mu
    return int(area)


@dataclass
class World:
    """One programme's plots; every plot is a parcel of 3 or more mu in village 990121001001 held by one household."""

    book: RuleBook
    programmes: Programmes
    place: str = "990121"
    parcels: list[dict[str, Any]] = field(default_factory=list)
    rights: list[dict[str, Any]] = field(default_factory=list)
    contracts: list[dict[str, Any]] = field(default_factory=list)
    enrolments: list[dict[str, Any]] = field(default_factory=list)
    inspections: list[dict[str, Any]] = field(default_factory=list)
    holders: dict[str, dict[str, Any]] = field(default_factory=dict)
    overlays: list[dict[str, Any]] = field(default_factory=list)
    zones: list[dict[str, Any]] = field(default_factory=list)

    def plot(
        self, programme: str, contract_id: str = "K1", *, mu: str | int = 3, start: date = date(2015, 5, 1), variant: str | None = None,
        holder: str = "H1", kind: str = "household", parcel: str | None = None, land: str = "0103", ecosystem: str = "51",
        area: int | None = None, state: str = "in_force", shares: tuple[tuple[str, int, int], ...] | None = None,
        right_kind: str = "contract", right_state: str = "clear", village: str = "990121001001", **more: Any,
    ) -> World:  # fmt: skip
        """Add a parcel, its rights, a contract and its enrolment."""
        parcel = parcel or f"P-{contract_id}"
        if not any(p["parcel_id"] == parcel for p in self.parcels):
            self.parcels.append(
                {"parcel_id": parcel, "village_code": village, "land_class": land, "ecosystem": ecosystem,
                 "area_dm2": dm2(mu) if area is None else area, "declared_area_dm2": None, "x": 0.0, "y": 0.0}
            )  # fmt: skip
            for i, (who, num, den) in enumerate(shares or ((holder, 1, 1),), 1):
                self.holders.setdefault(
                    who, {"holder_id": who, "kind": kind, "name": who, "village_code": village, "members": 3, "income_fen": None}
                )
                self.rights.append(
                    {"right_id": f"R-{parcel}-{i}", "parcel_id": parcel, "holder_id": who, "kind": right_kind, "share_num": num,
                     "share_den": den, "state": right_state, "document": "d", "valid_from": LONG_AGO, "valid_to": None,
                     "known_from": LONG_AGO, "known_to": None}
                )  # fmt: skip
        self.holders.setdefault(
            holder, {"holder_id": holder, "kind": kind, "name": holder, "village_code": village, "members": 3, "income_fen": None}
        )
        clocks = {"valid_from": LONG_AGO, "valid_to": None, "known_from": LONG_AGO, "known_to": None}
        if state == "in_force":
            self.contracts.append(
                {"contract_id": contract_id, "holder_id": holder, "parcel_id": parcel, "programme": programme, "duty": "管护",
                 "signed_on": start, **clocks}
            )  # fmt: skip
        base = {"contract_id": contract_id, "agreement_id": contract_id, "programme": programme, "state": state, "variant": variant,
                "area_dm2": dm2(mu) if area is None else area, "class_before": "0103", "slope_tenths": None, "base_fen": None,
                "term_from": start, "term_to": None, "facts": None, "holder_id": holder, "parcel_id": parcel}  # fmt: skip
        self.enrolments.append(base | more | clocks)
        return self

    def inspect(
        self, contract_id: str, year: int, *, mu: str | int | None = None, level: str = "county", result: str = "accepted",
        certificate: str | None = "证", survival: int | None = 900_000, on: date | None = None, area: int | None = None, **more: Any,
    ) -> World:  # fmt: skip
        """Add an inspection; all of the contract's area unless told."""
        agreed = next(e["area_dm2"] for e in self.enrolments if e["contract_id"] == contract_id)
        accepted = area if area is not None else agreed if mu is None else dm2(mu)
        self.inspections.append(
            {"inspection_id": f"I{len(self.inspections) + 1:04d}", "contract_id": contract_id, "year": year, "level": level,
             "inspected_on": on or date(year, 10, 1), "result": result, "accepted_dm2": 0 if result == "rejected" else accepted,
             "survival_ppm": survival, "certificate": certificate, "events": None, "inspector": "u:i"} | more
        )  # fmt: skip
        return self

    def tables(self) -> dict[str, Any]:
        """The gate tables."""
        return {
            "contract": CONTRACT.table(self.contracts), "inspection": INSPECTED.table(self.inspections),
            "right_payable": pa.Table.from_pylist(self.rights, schema=RIGHT.schema()), "parcel": PARCEL.table(self.parcels),
            "enrolment": ENROLMENT.table(self.enrolments), "holder": HOLDER.table(list(self.holders.values())),
            "overlay": OVERLAY.table(self.overlays) if self.overlays else None,
            "parcel_zone": PARCEL_ZONE.table(self.zones) if self.zones else None,
        }  # fmt: skip

    def params(self, year: int) -> Any:
        """The rules of the place at the end of a year."""
        return self.book.resolve(self.place, date(year, 12, 31), KNOWN)

    def owed(self, programme: str, year: int, **more: Any) -> Owed:
        """What is owed in a year."""
        found = self.programmes.get(self.book, self.place, programme)
        return owed(found, **self.tables(), params=self.params(year), year=year, **more)

    def rows(self, programme: str, year: int, payment: str = "", **more: Any) -> list[dict[str, Any]]:
        """The due rows of one payment."""
        rows: list[dict[str, Any]] = self.owed(programme, year, **more).due.to_pylist()
        return [r for r in rows if payment in ("", r["payment"])]


@pytest.fixture(scope="session")
def shipped() -> tuple[RuleBook, Programmes]:
    """The rules and programmes that ship."""
    return RuleBook.load([policy_folder()], check=False), load_programmes()


@pytest.fixture
def world(shipped: tuple[RuleBook, Programmes]) -> World:
    """An empty world."""
    return World(*shipped)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., tuple[RuleBook, Programmes]]:
    """Write a programme file over the rules that ship and load both."""

    def make(text: str, place: str = "990121", name: str = "mine") -> tuple[RuleBook, Programmes]:
        folder = tmp_path / "rules" / place / "programmes"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        folders = [policy_folder(), tmp_path / "rules"]
        return RuleBook.read(folders)[0], load_programmes(folders)

    return make
