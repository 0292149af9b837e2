"""The account of services and what may not stand in one total."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import SERVICE, SERVICE_VALUE
from ecocomp.valuation.gep import GEP, gep_account, gep_groups, gep_total, group_names, say_price
from ecocomp.valuation.guards import debated, double_counts
from ecocomp.valuation.value import method_of, total, unpriced, value_services

Given = Callable[..., Parameters]


@pytest.fixture(scope="module")
def params(policy_book: RuleBook) -> Parameters:
    return policy_book.resolve("CN", date(2024, 12, 31), date(2030, 1, 1))


def service(*rows: tuple[str, str, float | None, str]) -> pa.Table:
    common = {"year": 2024, "low": None, "high": None, "method": "m@1", "coverage": 1.0}
    return SERVICE.table([{"parcel_id": p, "service": s, "quantity": q, "unit": u, **common} for p, s, q, u in rows])


ROWS = (
    ("a", "water_conservation", 100.0, "m3/a"),
    ("b", "water_conservation", 0.1, "m3/a"),
    ("a", "air_purification.so2", 2.0, "t/a"),
    ("a", "air_purification.nox", 3.0, "t/a"),
    ("b", "climate_regulation.transpiration", 1000.0, "kWh/a"),
    ("b", "water_yield", 55.0, "m3/a"),
    ("b", "sand_fixation", None, "t/a"),
)


def account(params: Parameters, rows: Any = ROWS, **more: Any) -> pa.Table:
    table = service(*rows)
    return gep_account(table, value_services(table, params, 2024), params, 2024, **more)


def test_a_row_holds_quantity_price_year_method_and_worth(params: Parameters) -> None:
    found = account(params)
    assert found.schema == GEP.schema()
    rows = {r["service"]: r for r in found.to_pylist()}
    water = rows["water_conservation"]
    assert (water["quantity"], water["unit"], water["unit_price"], water["price_year"]) == (100.1, "m3/a", "7.06", 2010)
    # 706.00 + 0.706 rounded once for each parcel
    assert (water["value_fen"], water["method"], water["method_version"], water["group"]) == (
        70_671,
        "reservoir_cost",
        "1",
        "regulating",
    )
    assert rows["air_purification.so2"]["value_fen"] == 240_000 and rows["air_purification.nox"]["value_fen"] == 189_000
    assert rows["climate_regulation.transpiration"]["value_fen"] == 53_000
    # Nobody prices water yield here: its quantity stands, its worth is empty, not zero.
    free = rows["water_yield"]
    assert (free["quantity"], free["value_fen"], free["method"], free["group"]) == (55.0, None, None, "material")
    assert "sand_fixation" not in rows
    whole = gep_total(found)
    assert (whole.value_fen, whole.price_year) == (70_671 + 240_000 + 189_000 + 53_000, 2010)
    assert water["share_ppm"] == round(70_671 / whole.value_fen * 1e6)


def test_parts_add_up_to_the_whole(params: Parameters) -> None:
    split = account(params, parts={"a": "forest", "b": "marsh"})
    assert gep_total(split, "forest").value_fen + gep_total(split, "marsh").value_fen == gep_total(account(params)).value_fen
    groups = gep_groups(split).to_pylist()
    assert [(g["part"], g["group"], g["share_ppm"]) for g in groups] == [
        ("forest", "regulating", 1_000_000),
        ("marsh", "regulating", 1_000_000),
    ]
    with pytest.raises(FaultsError, match="1 parcel belongs to no part"):
        account(params, parts={"a": "forest"})


def test_the_order_of_parcels_does_not_matter(params: Parameters) -> None:
    rows = [(f"p{i:03d}", s, i * 0.1 + 1 / 3, "m3/a") for i in range(200) for s in ("water_conservation", "flood_regulation.lake")]
    forth = account(params, rows)
    random.Random(1).shuffle(rows)
    assert forth.equals(account(params, rows))


def test_a_net_source_of_carbon_lowers_the_total_and_has_a_share_below_zero(params: Parameters) -> None:
    found = account(params, (("a", "carbon_sequestration", -1.0, "t CO2/a"), ("a", "water_conservation", 1000.0, "m3")))
    rows = {r["service"]: r for r in found.to_pylist()}
    assert gep_total(found).value_fen == 706_000 - 38_000
    assert rows["carbon_sequestration"]["share_ppm"] == -56_886
    assert sum(r["share_ppm"] for r in rows.values()) == 1_000_000


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("water_conservation", "water_yield"),
        ("soil_retention", "sediment_delivery"),
        ("flood_regulation.vegetation", "storm_retention"),
        ("water_purification.tn", "water_purification.nh3n"),
        ("carbon_sequestration", "net_primary_production"),
    ],
)
def test_what_counts_one_thing_twice_is_refused(first: str, second: str, params: Parameters) -> None:
    assert double_counts([first], params) == double_counts([second], params) == []
    (fault,) = double_counts([second, first], params)
    assert fault.severity == "error" and first in fault.clash.en and second in fault.clash.en


def test_what_is_no_double_count_stands(params: Parameters) -> None:
    assert double_counts(["flood_regulation.lake", "storm_retention", "water_conservation", "soil_retention"], params) == []
    assert double_counts(["water_purification.tn", "water_purification.tp", "water_purification.cod"], params) == []


def test_a_stock_is_never_priced(params: Parameters) -> None:
    (fault,) = double_counts(["carbon_storage.soil"], params)
    assert "is a stock" in fault.clash.en


def test_a_run_refuses_to_price_what_counts_twice(given_rules: Given) -> None:
    methods = [{"service": s, "method": m} for s, m in (("water_conservation", "reservoir_cost"), ("water_yield", "water_price"))]
    own = given_rules({"valuation.methods": methods}, place="CN")
    both = service(("a", "water_conservation", 1.0, "m3"), ("a", "water_yield", 2.0, "m3"))
    with pytest.raises(FaultsError, match="may not be priced together: both count the same rain"):
        value_services(both, own, 2024)
    assert len(value_services(both.slice(1), own, 2024)) == 1
    stock = given_rules({"valuation.methods": [{"service": "carbon_storage", "method": "carbon_price"}]}, place="CN")
    with pytest.raises(FaultsError, match="is a stock and has no yearly value"):
        value_services(service(("a", "carbon_storage.above", 5.0, "t C")), stock, 2024)


def test_an_account_checks_values_that_come_from_elsewhere(params: Parameters) -> None:
    def row(name: str, method: str, year: int = 2010) -> dict[str, Any]:
        fens = {"value_fen": 5, "low_fen": 5, "high_fen": 5, "price_year": year, "observed_ppm": None}
        return {"parcel_id": "a", "year": 2024, "service": name, "method": method, **fens}

    quantities = service(("a", "water_conservation", 1.0, "m3"), ("a", "water_yield", 1.0, "m3"))
    both = SERVICE_VALUE.table([row("water_conservation", "reservoir_cost@1"), row("water_yield", "water_price@1")])
    with pytest.raises(FaultsError, match="same rain"):
        gep_account(quantities, both, params, 2024)
    strange = SERVICE_VALUE.table([row("equivalent.food", "equivalent_2015@1")])
    with pytest.raises(FaultsError, match="is a value by equivalents"):
        gep_account(quantities, strange, params, 2024)


def test_prices_of_several_years_have_no_total(given_rules: Given) -> None:
    own = given_rules({"valuation.oxygen_price.price_year": "2020", "valuation.oxygen_price.price": "800"}, place="CN")
    found = account(own, (("a", "oxygen_release", 1.0, "t"), ("a", "water_conservation", 1.0, "m3")))
    assert {r["share_ppm"] for r in found.to_pylist()} == {None}
    with pytest.raises(FaultsError, match="prices of 2010, 2020"):
        gep_total(found)
    with pytest.raises(FaultsError, match="prices of 2010, 2020"):
        gep_groups(found)
    with pytest.raises(FaultsError, match="there is no total"):
        gep_total(found, "elsewhere")


def test_carbon_with_oxygen_is_allowed_and_told(params: Parameters) -> None:
    (note,) = debated(["oxygen_release", "carbon_sequestration"], params)
    assert note.severity == "warning" and "photosynthesis" in note.clash.en
    assert debated(["oxygen_release"], params) == []


def test_one_service_in_two_units_is_refused(params: Parameters) -> None:
    rows = (("a", "oxygen_release", 1.0, "t"), ("b", "oxygen_release", 1.0, "kg"))
    with pytest.raises(FaultsError, match=r"several values of unit: kg, t"):
        account(params, rows)


def test_products_are_priced_by_the_method_of_their_service_unless_named(params: Parameters) -> None:
    methods = {"air_purification": "air_treatment", "air_purification.dust": "reservoir_cost"}
    assert method_of("air_purification.so2", methods) == "air_treatment"
    assert method_of("air_purification.dust", methods) == "reservoir_cost"
    assert method_of("air", methods) is None
    assert [f.record for f in unpriced(service(*ROWS), params)] == ["water_yield"]


def test_products_that_no_price_is_for_are_refused(params: Parameters) -> None:
    with pytest.raises(FaultsError, match=r"no price for product ozone; it takes so2, nox, dust"):
        value_services(service(("a", "air_purification.ozone", 1.0, "t")), params, 2024)
    with pytest.raises(FaultsError, match="no price for product —"):
        value_services(service(("a", "air_purification", 1.0, "t")), params, 2024)


def test_every_group_has_a_name(params: Parameters) -> None:
    assert set(group_names(params)) == {"material", "regulating", "other"}


def test_unit_prices_are_said_shortly() -> None:
    assert [say_price(Fraction(x)) for x in ("7.06", "1/3", "727", "0.5", "29.296875", "0")] == [
        "7.06",
        "0.333333",
        "727",
        "0.5",
        "29.296875",
        "0",
    ]


def test_a_total_of_one_family(params: Parameters) -> None:
    assert total(value_services(service(*ROWS), params, 2024)).value_fen == gep_total(account(params)).value_fen
