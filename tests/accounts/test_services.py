"""The service account and the fund account: sums by hand, empty stays empty, and what is refused."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from ecocomp.accounts.money import fund_account
from ecocomp.accounts.services import service_account
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import ENVELOPE_BALANCE, PARCEL, SERVICE, SERVICE_VALUE

LANDS = {"a": ("12", 100), "b": ("12", 300), "c": ("32", 100)}


def _parcel() -> pa.Table:
    return PARCEL.table(
        [
            {
                "parcel_id": p,
                "village_code": "v",
                "land_class": "0301",
                "ecosystem": e,
                "area_dm2": dm2,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for p, (e, dm2) in LANDS.items()
        ]
    )


def _service(rows: dict[str, float | None], unit: str = "m3/a", coverage: float = 0.5) -> pa.Table:
    return SERVICE.table(
        [
            {
                "parcel_id": p,
                "year": 2024,
                "service": "water_conservation",
                "quantity": q,
                "low": q,
                "high": q,
                "unit": unit,
                "method": "m@1",
                "coverage": coverage,
            }
            for p, q in rows.items()
        ]
    )


def _value(rows: dict[str, int], price_year: int = 2024) -> pa.Table:
    return SERVICE_VALUE.table(
        [
            {
                "parcel_id": p,
                "year": 2024,
                "service": "water_conservation",
                "value_fen": v,
                "low_fen": v,
                "high_fen": v,
                "price_year": price_year,
                "method": "m@1",
            }
            for p, v in rows.items()
        ]
    )


def test_sums_by_ecosystem() -> None:
    found = service_account(_service({"a": 10.0, "b": 20.0, "c": 5.0}), _value({"a": 100, "b": 200, "c": 50}), _parcel(), 2024)
    forest, grass = found.to_pylist()
    assert (forest["quantity"], forest["value_fen"], forest["price_year"], forest["coverage"]) == (30.0, 300, 2024, 0.5)
    assert (grass["quantity"], grass["value_fen"], grass["unit"]) == (5.0, 50, "m3/a")


def test_an_ecosystem_nobody_observed_is_empty_and_not_zero() -> None:
    forest, grass = service_account(_service({"a": 10.0, "b": None, "c": None}), _value({"a": 100}), _parcel(), 2024).to_pylist()
    assert (grass["quantity"], grass["value_fen"], grass["price_year"], grass["coverage"]) == (None, None, None, 0.0)
    # half of a's 100 dm2 was seen, of 400 dm2 of forest
    assert (forest["quantity"], forest["coverage"]) == (10.0, 0.125)


def test_mixed_units_and_mixed_price_years_are_refused_together() -> None:
    service = pa.concat_tables([_service({"a": 1.0}), _service({"b": 1.0}, unit="t")])
    value = pa.concat_tables([_value({"a": 1}), _value({"b": 1}, 2010)])
    with pytest.raises(FaultsError) as caught:
        service_account(service, value, _parcel(), 2024)
    assert [f.code for f in caught.value.faults] == ["accounts.mixed_unit", "accounts.mixed_price_year"]


def test_a_parcel_of_another_edition_is_refused() -> None:
    with pytest.raises(FaultsError, match="1 parcel is not in the parcel table"):
        service_account(_service({"z": 1.0}), SERVICE_VALUE.empty(), _parcel(), 2024)


def _balance(envelope: str, source: str, **fen: int) -> dict[str, Any]:
    zero = {c.name: 0 for c in ENVELOPE_BALANCE.columns}
    return {**zero, "envelope_id": envelope, "year": 2024, "source": source, **{f"{k}_fen": v for k, v in fen.items()}}


def test_funds_by_source() -> None:
    table = ENVELOPE_BALANCE.table(
        [
            _balance("E1", "central_transfer", granted=1000, allocated=600, paid=500, escrow=40, closing=400),
            _balance("E2", "central_transfer", opening=10, allocated=10, paid=10),
            _balance("E3", "green_fund", granted=305, allocated=305, paid=305),
        ]
    )
    central, green = fund_account(table).to_pylist()
    assert (central["envelopes"], central["granted_fen"], central["allocated_fen"], central["unpaid_fen"]) == (2, 1000, 610, 60)
    assert (central["share_ppm"], green["share_ppm"]) == (666_667, 333_333)


def test_nothing_allocated_has_no_shares() -> None:
    assert fund_account(ENVELOPE_BALANCE.table([_balance("E1", "green_fund", granted=5, closing=5)]))["share_ppm"].to_pylist() == [
        0
    ]
    assert len(fund_account(ENVELOPE_BALANCE.empty())) == 0
