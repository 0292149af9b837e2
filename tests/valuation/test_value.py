"""The value table: who gets a row, in money of which year, and which sums are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import SERVICE, SERVICE_VALUE
from ecocomp.valuation.value import deflator, pricing, total, undated, unpriced, value_services

Given = Callable[..., Parameters]
BASE = {
    "valuation.methods": [
        {"service": "water_conservation", "method": "reservoir_cost"},
        {"service": "carbon_sequestration", "method": "carbon_price"},
    ],
    "valuation.price_basis": "account",
    "valuation.deflator": {"2010": "1.00", "2023": "1.20", "2024": "1.25"},
    "valuation.reservoir_cost.price": ("6", "7", "8"),
    "valuation.reservoir_cost.price_year": "2010",
    "valuation.carbon_price.price": ("50", "60", "70"),
    "valuation.carbon_price.price_year": "2023",
}


def _service(
    parcel_id: str, service: str, quantity: float | None, unit: str, year: int = 2024, **bounds: float | None
) -> dict[str, Any]:
    return {
        "parcel_id": parcel_id,
        "year": year,
        "service": service,
        "quantity": quantity,
        "low": bounds.get("low"),
        "high": bounds.get("high"),
        "unit": unit,
        "method": "m@1",
        "coverage": 1.0,
    }


def _table(*rows: dict[str, Any]) -> pa.Table:
    return SERVICE.table(list(rows))


def test_prices_move_to_the_year_of_the_account(given_rules: Given) -> None:
    table = _table(
        _service("a", "water_conservation", 100.0, "m3/a", low=90.0, high=120.0),
        _service("a", "carbon_sequestration", 10.0, "tCO2"),
    )
    carbon, water = value_services(table, given_rules(BASE), 2024).to_pylist()
    # 100 m3 × 7 × 1.25/1.00 = 875.00; low 90×6×1.25 = 675.00; high 120×8×1.25 = 1200.00
    assert (water["value_fen"], water["low_fen"], water["high_fen"], water["price_year"]) == (87_500, 67_500, 120_000, 2024)
    # 10 t × 60 × 1.25/1.20 = 625.00; without bounds of its own only the price is uncertain: 520.83 and 729.17
    assert (carbon["value_fen"], carbon["low_fen"], carbon["high_fen"]) == (62_500, 52_083, 72_917)
    assert water["method"] == "reservoir_cost@1"


@pytest.mark.parametrize(("basis", "fen", "price_year"), [("stated", 70_000, 2010), ("2023", 84_000, 2023)])
def test_other_price_bases(basis: str, fen: int, price_year: int, given_rules: Given) -> None:
    table = _table(_service("a", "water_conservation", 100.0, "m3/a"))
    row = value_services(
        table, given_rules({**BASE, "valuation.price_basis": basis}, units={"valuation.price_basis": "text"}), 2024
    ).to_pylist()[0]
    assert (row["value_fen"], row["price_year"]) == (fen, price_year)


def test_an_empty_quantity_has_no_row_and_other_years_stay_out(given_rules: Given) -> None:
    table = _table(
        _service("a", "water_conservation", None, "m3"),
        _service("b", "water_conservation", 0.0, "m3"),
        _service("c", "water_conservation", 5.0, "m3", year=2023),
    )
    found = value_services(table, given_rules(BASE), 2024)
    assert [(r["parcel_id"], r["value_fen"]) for r in found.to_pylist()] == [("b", 0)]
    assert value_services(table.slice(0, 1), given_rules(BASE), 2024).equals(SERVICE_VALUE.empty())


def test_a_total_is_of_one_price_year_only(given_rules: Given) -> None:
    table = _table(_service("a", "water_conservation", 100.0, "m3"), _service("a", "carbon_sequestration", 10.0, "tCO2"))
    assert total(value_services(table, given_rules(BASE), 2024)).value_fen == 87_500 + 62_500
    mixed = value_services(table, given_rules({**BASE, "valuation.price_basis": "stated"}), 2024)
    with pytest.raises(FaultsError, match="prices of 2010, 2023, which cannot be added"):
        total(mixed)
    with pytest.raises(FaultsError, match="there is no total"):
        total(SERVICE_VALUE.empty())


def test_a_year_the_index_lacks_is_named(given_rules: Given) -> None:
    with pytest.raises(FaultsError, match=r"price index lacks 2031; it has 2010, 2023, 2024"):
        deflator(given_rules(BASE), 2010, 2031)


def test_a_service_without_a_method_is_left_out_and_reported(given_rules: Given) -> None:
    table = _table(_service("a", "pollination", 3.0, "points"))
    assert len(value_services(table, given_rules(BASE), 2024)) == 0
    assert [f.record for f in unpriced(table, given_rules(BASE))] == ["pollination"]


@pytest.mark.parametrize(
    "methods",
    [
        [{"service": "x", "method": "reservoir_cost"}, {"service": "x", "method": "dredging"}],
        [{"service": "x"}],
        ["x"],
    ],
)
def test_a_malformed_method_list_is_refused(methods: list[Any], given_rules: Given) -> None:
    with pytest.raises(FaultsError, match="names a service twice"):
        pricing(given_rules({"valuation.methods": methods}))


def test_the_order_of_rows_does_not_matter(given_rules: Given) -> None:
    rows = [
        _service(p, s, q, u)
        for p, q in (("a", 1.5), ("b", 2.25), ("c", 3.125))
        for s, u in (("water_conservation", "m3"), ("carbon_sequestration", "tCO2"))
    ]
    forth = value_services(_table(*rows), given_rules(BASE), 2024)
    assert forth.equals(value_services(_table(*rows[::-1]), given_rules(BASE), 2024))


@pytest.mark.parametrize("place", ["990121", "IN-MM"])
@pytest.mark.parametrize("year", [2023, 2024, 2025])
def test_the_shipped_places_price_all_four_services_in_one_year(place: str, year: int, policy_book: RuleBook) -> None:
    params = policy_book.resolve(place, date(year, 12, 31), date(2030, 1, 1))
    units = {"water_conservation": "m3/a", "soil_retention": "t/a", "sand_fixation": "t/a", "carbon_sequestration": "t CO2/a"}
    found = value_services(_table(*(_service("a", s, 100.0, u, year) for s, u in units.items())), params, year)
    assert len(found) == 4
    assert total(found).low_fen < total(found).value_fen < total(found).high_fen
    assert params.unaccepted([]) == []


def test_a_hundred_thousand_values(policy_book: RuleBook) -> None:
    n = 25_000
    params = policy_book.resolve("990121", date(2024, 12, 31), date(2030, 1, 1))
    quantities = [i * 1.7 / 3 for i in range(n)]
    units = {"water_conservation": "m3/a", "soil_retention": "t/a", "sand_fixation": "t/a", "carbon_sequestration": "t CO2/a"}
    table = pa.concat_tables(
        pa.table(
            [
                [f"P{i:06d}" for i in range(n)],
                [2024] * n,
                [s] * n,
                quantities,
                quantities,
                quantities,
                [u] * n,
                ["m"] * n,
                [1.0] * n,
                [1.0] * n,
            ],
            schema=SERVICE.schema(),
        )
        for s, u in units.items()
    )
    assert len(value_services(table, params, 2024)) == 4 * n


def test_a_price_without_its_year_is_told(policy_book: RuleBook) -> None:
    params = policy_book.resolve("990121", date(2025, 12, 31), date(2030, 1, 1))
    found = {f.clash.en.split()[2]: f for f in undated(params)}
    assert "valuation.carbon_price.price" not in found, "the county states both"
    assert undated(policy_book.resolve("CN", date(2025, 12, 31), date(2030, 1, 1))) == []
    for key, fault in found.items():
        assert params.get(key).place == "990121" and fault.severity == "warning"


def test_a_price_index_that_is_not_above_zero_is_refused(given_rules: Given) -> None:
    params = given_rules({"valuation.deflator": {"2010": "0", "2024": "1.2"}})
    with pytest.raises(FaultsError, match="price index of 2010 is not above zero"):
        deflator(params, 2010, 2024)


@pytest.mark.parametrize("place", ["CN", "990121"])
def test_every_method_of_the_list_has_its_prices(place: str, policy_book: RuleBook) -> None:
    units = {
        "water_conservation": "m3/a",
        "soil_retention": "t/a",
        "sand_fixation": "t/a",
        "carbon_sequestration": "t CO2/a",
        "oxygen_release": "t O2/a",
        "flood_regulation.lake": "m3/a",
        "air_purification.so2": "t/a",
        "air_purification.nox": "t/a",
        "air_purification.dust": "t/a",
        "water_purification.cod": "t/a",
        "water_purification.tn": "t/a",
        "water_purification.tp": "t/a",
        "climate_regulation.transpiration": "kWh/a",
        "climate_regulation.water_surface": "kWh/a",
        "pest_control.forest": "ha",
    }
    params = policy_book.resolve(place, date(2024, 12, 31), date(2030, 1, 1))
    found = value_services(_table(*(_service("a", s, 10.0, u) for s, u in units.items())), params, 2024)
    assert found["service"].to_pylist() == sorted(units)
    assert all(r["low_fen"] <= r["value_fen"] <= r["high_fen"] and r["value_fen"] > 0 for r in found.to_pylist())
