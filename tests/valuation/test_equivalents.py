"""Land valued by equivalents: the tables against what papers print, exact amounts, and what is refused."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.registry import entries
from ecocomp.registry.calculate import calculate
from ecocomp.rules import Parameters, RuleBook
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import SERVICE_VALUE
from ecocomp.valuation.equivalents import (
    EDITIONS,
    edition,
    equivalent_values,
    mapping_table,
    market_split,
    service_names,
    standard_equivalent,
)
from ecocomp.valuation.value import total

Given = Callable[..., Parameters]
CASES = strip(read_yaml(Path(__file__).parent / "cases" / "equivalents.yaml")[0])
D = Decimal("3406.50")


@pytest.fixture(scope="module")
def params(policy_book: RuleBook) -> Parameters:
    return policy_book.resolve("CN", date(2024, 12, 31), date(2030, 1, 1))


def extent(*rows: tuple[str, str | None, int], year: int = 2024) -> pa.Table:
    names = ("parcel_id", "ecosystem", "area_dm2")
    columns = {n: [r[k] for r in rows] for k, n in enumerate(names)}
    return pa.table({**columns, "year": [year] * len(rows)})


def fen(table: pa.Table, parcel_id: str = "a") -> dict[str, int]:
    return {r["service"].partition(".")[2]: r["value_fen"] for r in table.to_pylist() if r["parcel_id"] == parcel_id}


# ---------------------------------------------------------------- the tables
@pytest.mark.parametrize("paper", CASES["published"], ids=lambda p: p["source"])
def test_the_edition_of_2008_is_what_two_papers_print(paper: dict[str, Any], params: Parameters) -> None:
    for k, name in enumerate(CASES["classes_2008"]):
        table = params.table(f"valuation.equivalent_2008.{name}")
        for service, row in zip(CASES["services_2008"], paper["rows"], strict=True):
            assert abs(table[service] * paper["constant"] - row[k]) <= Decimal("0.0051"), (name, service)
        if "totals" in paper:
            assert sum(table.values()) * paper["constant"] == paper["totals"][k]


@pytest.mark.parametrize("year", ["2008", "2015"])
def test_the_sums_of_each_class(year: str, params: Parameters) -> None:
    found = {c: sum(params.table(f"valuation.equivalent_{year}.{c}").values()) for c in CASES[f"totals_{year}"]}
    assert found == CASES[f"totals_{year}"]


def test_only_paddy_and_irrigated_land_have_an_equivalent_below_zero(params: Parameters) -> None:
    below = {(c, s) for c in CASES["totals_2015"] for s, e in params.table(f"valuation.equivalent_2015.{c}").items() if e < 0}
    assert below == {("paddy", "water_supply"), ("irrigated_land", "water_supply")}


@pytest.mark.parametrize("id", EDITIONS)
def test_every_identified_ecosystem_has_one_class_or_shares_of_several(id: str, params: Parameters) -> None:
    found = edition(params, id)
    table = mapping_table(found).to_pylist()
    assert {r["ecosystem"] for r in table} == set(ECOSYSTEMS) - {"00"}
    assert {r["class"] for r in table if r["ecosystem"] in ("61", "63")} == {"none"}
    assert len([r for r in table if r["ecosystem"] == "52"]) == 2 and all(r["edition"] == id and r["name_zh"] for r in table)
    assert len(service_names(params, id)) == len(found.services) == (11 if id == "equivalent_2015" else 9)


# ---------------------------------------------------------------- values
def test_a_hectare_of_broadleaf_forest_is_worth_its_row(params: Parameters) -> None:
    found = equivalent_values(extent(("a", "11", 1_000_000)), params, 2024)
    assert found.schema == SERVICE_VALUE.schema()
    row = params.table("valuation.equivalent_2015.broadleaf_forest")
    assert fen(found) == {s: half_even(*(Fraction(e) * Fraction(D) * 100).as_integer_ratio()) for s, e in row.items()}
    assert {(r["method"], r["price_year"], r["observed_ppm"]) for r in found.to_pylist()} == {
        ("equivalent_2015@1", 2010, 1_000_000)
    }
    # 22.95 × 3406.50 = 78 179.175; eleven services are rounded one by one
    assert abs(total(found).value_fen - 7_817_917.5) <= 5.5


def test_gardens_are_half_forest_half_tussock_and_built_up_land_is_worth_nothing(params: Parameters) -> None:
    garden = fen(equivalent_values(extent(("a", "52", 2_000_000)), params, 2024))
    parts = fen(equivalent_values(extent(("a", "11", 1_000_000), ("a", "33", 1_000_000)), params, 2024))
    assert garden == parts
    built = fen(equivalent_values(extent(("a", "61", 5_000_000)), params, 2024))
    assert set(built.values()) == {0} and len(built) == 11


def test_a_place_says_how_much_of_its_cropland_is_paddy(given_rules: Given) -> None:
    mapping = [
        {"ecosystem": "51", "class": "paddy", "share": Decimal("0.25")},
        {"ecosystem": "51", "class": "dry_land", "share": Decimal("0.75")},
    ]
    params = given_rules({"valuation.equivalent_2015.mapping": mapping}, place="990121")
    found = fen(equivalent_values(extent(("a", "51", 4_000_000)), given_rules({"valuation.equivalent_2015.mapping": mapping,
                                  "valuation.price_basis": "stated"}, place="990121"), 2024))  # fmt: skip
    # (−2.63 + 3 × 0.02) × 3406.50 = −8754.705 CNY, a tie to the even fen
    assert found["water_supply"] == -875_470
    with pytest.raises(FaultsError, match="the mapping has no such class"):
        equivalent_values(extent(("a", "11", 1)), params, 2024)


def test_land_not_identified_is_left_out_and_lowers_what_was_observed(params: Parameters) -> None:
    found = equivalent_values(
        extent(("a", "11", 3_000_000), ("a", "00", 500_000), ("a", None, 500_000), ("b", "00", 7)), params, 2024
    )
    assert {(r["parcel_id"], r["observed_ppm"]) for r in found.to_pylist()} == {("a", 750_000)}
    assert fen(found) == fen(equivalent_values(extent(("a", "11", 3_000_000)), params, 2024))


def test_other_years_stay_out_and_nothing_is_an_empty_table(params: Parameters) -> None:
    assert equivalent_values(extent(("a", "11", 10), year=2023), params, 2024).equals(SERVICE_VALUE.empty())


def test_order_and_splitting_of_rows_do_not_matter(params: Parameters) -> None:
    rows = [("b", "11", 123_457), ("a", "51", 99_991), ("a", "41", 31), ("c", "81", 10**12), ("a", "51", 9)]
    once = equivalent_values(extent(*rows), params, 2024)
    assert once.equals(equivalent_values(extent(*rows[::-1]), params, 2024))
    joined = [("b", "11", 123_457), ("a", "51", 100_000), ("a", "41", 31), ("c", "81", 10**12)]
    assert once.equals(equivalent_values(extent(*joined), params, 2024))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(area=st.integers(1, 10**13), code=st.sampled_from(sorted(set(ECOSYSTEMS) - {"00"})), times=st.integers(2, 9))
def test_amounts_are_exact_and_linear_in_area(area: int, code: str, times: int, params: Parameters) -> None:
    found = edition(params)
    got = fen(equivalent_values(extent(("a", code, area)), params, 2024))
    exact = {s: f.value * area * Fraction(D) / 10_000 for (e, s), f in found.factors.items() if e == code}
    assert got == {s: half_even(*x.as_integer_ratio()) for s, x in exact.items()}
    more = fen(equivalent_values(extent(("a", code, area * times)), params, 2024))
    assert all(abs(more[s] - times * got[s]) <= times for s in got)


def test_a_range_of_the_standard_equivalent_turns_round_below_zero(given_rules: Given) -> None:
    rules: dict[str, Any] = {"valuation.equivalent.given": ("3000", "3400", "4000"), "valuation.price_basis": "stated"}
    paddy = [{"ecosystem": "51", "class": "paddy", "share": Decimal(1)}]
    params = given_rules({**rules, "valuation.equivalent_2015.mapping": paddy}, place="CN")
    rows = {r["service"]: r for r in equivalent_values(extent(("a", "51", 1_000_000)), params, 2024).to_pylist()}
    water, food = rows["equivalent.water_supply"], rows["equivalent.food"]
    assert (water["low_fen"], water["value_fen"], water["high_fen"]) == (-1_052_000, -894_200, -789_000)
    assert (food["low_fen"], food["value_fen"], food["high_fen"]) == (408_000, 462_400, 544_000)


# ---------------------------------------------------------------- ratios
def test_each_service_moves_with_its_own_ratio(params: Parameters) -> None:
    land = extent(("a", "11", 10_000_000), ("b", "11", 10_000_000))
    base = fen(equivalent_values(land, params, 2024))
    months = [0.0] * 6 + [1.0] * 6
    found = equivalent_values(land, params, 2024, {"npp": 2.0, "rain": {"a": 0.5, "b": 3.0}, "soil": months})
    assert {r["method"] for r in found.to_pylist()} == {"equivalent_2015_dynamic@1"}
    kinds = {s["service"]: s["ratio"] for s in edition(params).services}
    times = {"npp": 2, "rain": Fraction(1, 2), "soil": Fraction(1, 2)}
    assert all(abs(v - base[s] * times[kinds[s]]) <= 1 for s, v in fen(found).items())
    assert abs(fen(found, "b")["hydrology"] - 3 * base["hydrology"]) <= 3
    assert {k for k, v in kinds.items() if v == "rain"} == {"water_supply", "hydrology"}
    assert {k for k, v in kinds.items() if v == "soil"} == {"soil"}


def test_ratios_of_one_change_nothing_but_the_method(params: Parameters) -> None:
    land = extent(("a", "41", 12_345))
    one = equivalent_values(land, params, 2024, {"npp": 1.0, "rain": 1.0, "soil": [1.0] * 12})
    assert fen(one) == fen(equivalent_values(land, params, 2024))


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ({"npp": 1.0, "rain": 1.0}, "The ratio soil is missing"),
        ({"npp": 1.0, "rain": 1.0, "soil": 1.0, "snow": 1.0}, "Unknown ratio snow"),
        ({"npp": -1.0, "rain": 1.0, "soil": 1.0}, "The ratio npp is missing, or is not"),
        ({"npp": [1.0] * 11, "rain": 1.0, "soil": 1.0}, "twelve months"),
        ({"npp": {"b": 1.0}, "rain": 1.0, "soil": math.nan}, "ratio npp is missing"),
    ],
)
def test_ratios_that_do_not_fit_are_refused(ratios: Any, said: str, params: Parameters) -> None:
    with pytest.raises(FaultsError, match=said):
        equivalent_values(extent(("a", "11", 5)), params, 2024, ratios)


# ---------------------------------------------------------------- one standard equivalent
CROPS = {"valuation.equivalent.rule": "three_crops", "valuation.equivalent.price_year": "2010"}


def test_three_crops_by_their_sown_shares(given_rules: Given) -> None:
    crops = {
        "valuation.equivalent.crop_shares": {"rice": "0.3", "wheat": "0.25", "maize": "0.45"},
        "valuation.equivalent.crop_profits": {"rice": "4500", "wheat": "2000", "maize": "3500"},
    }
    found = standard_equivalent(given_rules({**CROPS, **crops}))
    assert (found.yuan.value, found.price_year) == (3425, 2010)
    alone = calculate("standard_equivalent", {"shares": "0.3,0.25,0.45", "net_profits": "4500,2000,3500"})
    assert alone.outputs == {"standard_equivalent": 3425.0}


@pytest.mark.parametrize("profits", [("-900", "-1000"), ("-1000", "1000"), ("0", "0")])
def test_a_worth_that_is_not_above_zero_is_refused(profits: tuple[str, str], given_rules: Given) -> None:
    rules = {
        "valuation.equivalent.crop_shares": {"wheat": "0.5", "maize": "0.5"},
        "valuation.equivalent.crop_profits": dict(zip(("wheat", "maize"), profits, strict=True)),
    }
    with pytest.raises(FaultsError, match="not above zero"):
        standard_equivalent(given_rules({**CROPS, **rules}))
    with pytest.raises(FaultsError, match="not above zero"):
        calculate("standard_equivalent", {"shares": [0.5, 0.5], "net_profits": [float(p) for p in profits]})


@pytest.mark.parametrize(
    ("shares", "profits"), [({"rice": "0.5", "wheat": "0.4"}, {"rice": "1", "wheat": "1"}), ({"rice": "1"}, {"wheat": "1"})]
)
def test_shares_that_do_not_fit_their_crops_are_refused(
    shares: dict[str, str], profits: dict[str, str], given_rules: Given
) -> None:
    rules = {"valuation.equivalent.crop_shares": shares, "valuation.equivalent.crop_profits": profits}
    with pytest.raises(FaultsError, match="add up to"):
        standard_equivalent(given_rules({**CROPS, **rules}))


def test_one_seventh_of_the_worth_of_grain(given_rules: Given) -> None:
    rules = {
        "valuation.equivalent.rule": "grain",
        "valuation.equivalent.price_year": "2015",
        "valuation.equivalent.grain_yield": "4600.89",
        "valuation.equivalent.grain_price": "2.28",
    }
    found = standard_equivalent(given_rules(rules)).yuan.value
    assert round(found, 2) == Fraction("1498.58")
    # Dezhou: 10701.16 kg/ha at 2.61 CNY/kg, printed 3990.00
    assert round(calculate("standard_equivalent_grain", {"Y": "10701.16", "p": "2.61"}).outputs["standard_equivalent"], 2) == 3990.0


def test_a_rule_or_edition_that_does_not_exist_is_refused(given_rules: Given, params: Parameters) -> None:
    with pytest.raises(FaultsError, match="given, three_crops, grain"):
        standard_equivalent(given_rules({"valuation.equivalent.rule": "guess"}))
    with pytest.raises(FaultsError, match="equivalent_2015, equivalent_2008"):
        edition(params, "equivalent_2003")


def test_a_mapping_with_faults_names_all_of_them(given_rules: Given) -> None:
    mapping = [
        {"ecosystem": "11", "class": "broadleaf_forest", "share": Decimal("0.4")},
        {"ecosystem": "99", "class": "wetland", "share": Decimal(1)},
        {"ecosystem": "12", "class": "mangrove", "share": Decimal(1)},
    ]
    with pytest.raises(FaultsError) as stop:
        edition(given_rules({"valuation.equivalent_2015.mapping": mapping}, place="CN"))
    said = " ".join(f.clash.en for f in stop.value.faults)
    assert "99 is no ecosystem" in said and "shares of 11 add up to 0.4" in said and "no class mangrove" in said


def test_equivalents_take_the_price_basis_of_the_account(given_rules: Given) -> None:
    rules = {"valuation.price_basis": "account", "valuation.deflator": {"2010": "1", "2024": "1.25"}}
    found = equivalent_values(extent(("a", "11", 1_000_000)), given_rules(rules, place="CN"), 2024)
    # 0.29 × 3406.50 × 1.25
    assert fen(found)["food"] == 123_486 and {r["price_year"] for r in found.to_pylist()} == {2024}


# ---------------------------------------------------------------- totals
def test_market_and_other_services_split_the_whole(params: Parameters) -> None:
    found = equivalent_values(extent(("a", "11", 10**9), ("b", "42", 10**8), ("c", "51", 10**7)), params, 2024)
    market, other = market_split(found, params)
    assert market.value_fen + other.value_fen == total(found).value_fen
    names = {s["service"] for s in edition(params).services if s["market"]}
    assert names == {"food", "raw_material", "water_supply"}


def test_equivalents_are_never_added_to_priced_services_nor_to_another_edition(params: Parameters) -> None:
    land = extent(("a", "11", 10**6))
    newer = equivalent_values(land, params, 2024)
    older = equivalent_values(land, params, 2024, table="equivalent_2008")
    moved = equivalent_values(land, params, 2024, {"npp": 1.0, "rain": 1.0, "soil": 1.0})
    priced = newer.slice(0, 1).set_column(newer.schema.get_field_index("method"), "method", [["dredging@1"]])
    for other in (older, moved, priced):
        with pytest.raises(FaultsError, match="cannot be added"):
            total(pa.concat_tables([newer, other.cast(newer.schema)]))
        assert total(other).price_year == 2010


# ---------------------------------------------------------------- formulas and published counties
@pytest.mark.parametrize("id", entries("valuation.factors"))
def test_the_examples_of_the_formulas_hold(id: str) -> None:
    spec = entries("valuation.factors")[id].spec
    assert len(spec.examples) >= 2
    for example in spec.examples:
        found = calculate(id, example.inputs).outputs
        assert list(found) == [u.name for u in spec.outputs]
        assert all(math.isclose(found[k], v, rel_tol=max(example.tolerance, 1e-12)) for k, v in example.outputs.items())


def test_the_formula_and_the_table_value_alike(params: Parameters) -> None:
    table = fen(equivalent_values(extent(("a", "43", 12_345_678)), params, 2024))
    for service, e in params.table("valuation.equivalent_2015.water").items():
        alone = calculate("equivalent_value", {"A": 12.345678, "e": float(e), "D": float(D)})
        assert alone.outputs["value_fen"] == table[service]


def test_the_published_counties_of_xinjiang_add_up(shared_data: Path) -> None:
    path = shared_data / "china_fact_tables" / "xinjiang_county_esv_2018.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 68
    off = {r["county"]: Decimal(r["market_value"]) + Decimal(r["non_market_value"]) - Decimal(r["esv_total"]) for r in rows}
    assert max(map(abs, off.values())) <= Decimal("0.011")
    assert off["伊宁县"] == 0
    # Market services are a small part everywhere: two of them rest on grain, the third is scarce water.
    assert all(Decimal(r["market_value"]) < Decimal(r["non_market_value"]) for r in rows)
