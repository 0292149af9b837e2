"""What files of registers say is checked whatever form they have: numbers with check digits, households and groups."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.terms.registers import REGISTERS
from ecoweb.cadastre.intake import Intake, plan


def table(register: str, *rows: dict[str, Any]) -> pa.Table:
    schema = pa.schema([f.with_nullable(True) for f in REGISTERS[register].schema()])
    return pa.Table.from_pylist([{"valid_from": date(2020, 1, 1), **r} for r in rows], schema=schema)


def party(id: str, kind: str = "person", **more: Any) -> dict[str, Any]:
    return {"party_id": id, "kind": kind, "name": id, "region_code": "990121001001", **more}


def faults(**tables: pa.Table) -> set[tuple[str, str]]:
    found = plan(None, Intake("ladm", dict(tables), [], {}, True))
    return {(f.record.split()[0], f.severity) for f in found.faults}


@pytest.mark.parametrize(("code", "wrong"), [("91110000600037341L", False), ("911100006000373412", True), (None, False)])
def test_a_credit_code_keeps_its_check_digit(code: str | None, wrong: bool) -> None:
    assert bool(faults(party=table("party", party("C1", "company", credit_code=code)))) == wrong


def test_a_unit_code_has_its_parts() -> None:
    right = {"right_id": "R1", "parcel_id": "P1", "holder_id": "N1", "kind": "contract", "share_num": 1, "share_den": 1,
             "state": "clear", "document": "d", "unit_code": "990121001001JD00001W0000000"}  # fmt: skip
    assert ("R1", "error") in faults(party=table("party", party("N1")), tenure=table("tenure", right))


@pytest.mark.parametrize(("shares", "wrong"), [(((1, 2), (1, 2)), False), (((1, 2), (1, 3)), True)])
def test_shares_of_a_group_add_up(shares: tuple[tuple[int, int], ...], wrong: bool) -> None:
    people = [party("G1", "group"), party("N1"), party("N2")]
    rows = [
        {"group_id": "G1", "member_id": f"N{i}", "role": "co_owner", "share_num": a, "share_den": b}
        for i, (a, b) in enumerate(shares, 1)
    ]
    found = faults(party=table("party", *people), member=table("member", *rows))
    assert any(severity == "error" for _, severity in found) == wrong
