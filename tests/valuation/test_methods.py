"""Prices of services: worked cases, the examples of the specs, and exactness that holds for any quantity."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.registry import entries
from ecocomp.registry.calculate import calculate
from ecocomp.rules import Parameters
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError
from ecocomp.valuation.price import Range, UnitPrice, known, ranged_fens, value_of

METHODS = entries("valuation.methods")
CASES = strip(read_yaml(Path(__file__).parent / "cases" / "methods.yaml")[0])["cases"]
Given = Callable[..., Parameters]


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in parameters.items()}


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_worked_case(case: dict[str, Any], given_rules: Given) -> None:
    params = given_rules(_plain(case["parameters"]))
    price = METHODS[case["method"]].module.unit_price(case["unit"], params, product=case.get("product", ""))
    found = value_of(float(case["quantity"]), price)
    assert {k: getattr(found, k) for k in case["expected"]} == {k: int(v) for k, v in case["expected"].items()}


@pytest.mark.parametrize("name", METHODS)
def test_the_examples_of_the_spec_hold(name: str) -> None:
    spec = METHODS[name].spec
    assert len(spec.examples) >= 2
    for example in spec.examples:
        found = calculate(name, example.inputs).outputs
        assert list(found) == [u.name for u in spec.outputs]
        assert found["value_fen"] == example.outputs["value_fen"]
        assert all(math.isclose(found[k], v, rel_tol=example.tolerance) for k, v in example.outputs.items())


# What the calculator is given, and the rule that holds the same number: both must end in the same fen.
SAME = {
    "reservoir_cost": {"price": "price"},
    "water_price": {"price": "price"},
    "oxygen_price": {"price": "price"},
    "electricity_price": {"price": "price"},
    "carbon_price": {"price": "price"},
    "air_treatment": {"price": "nox_price"},
    "water_treatment": {"price": "tp_price"},
    "pest_control": {"price": "grass_price"},
    "sand_control": {"bulk_density": "bulk_density", "cover_depth": "cover_depth", "price": "price"},
    "dredging": {
        name: name
        for name in (
            "silting_share",
            "bulk_density",
            "price",
            "nitrogen_content",
            "nitrogen_price",
            "phosphorus_content",
            "phosphorus_price",
        )
    },
    "sediment_removal": {"bulk_density": "bulk_density", "price": "price"},
}
UNIT = {"pest_control": "ha", "electricity_price": "kWh", "carbon_price": "tCO2"}
PRODUCT = {"air_treatment": "nox", "water_treatment": "tp", "pest_control": "grass"}


def test_every_linear_method_is_compared_with_its_calculator() -> None:
    assert METHODS.keys() - SAME.keys() == {"species_conservation"}


@pytest.mark.parametrize("name", SAME)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantity=st.floats(-1e11, 1e11, allow_nan=False),
    numbers=st.lists(st.decimals("0.001", "0.999", places=4), min_size=7, max_size=7),
)
def test_the_calculator_and_the_run_price_alike(name: str, quantity: float, numbers: list[Decimal], given_rules: Given) -> None:
    given_numbers = dict(zip(SAME[name], numbers, strict=False))
    family = "dredging" if name == "sediment_removal" else name
    rules = {f"valuation.{family}.{SAME[name][k]}": str(v) for k, v in given_numbers.items()}
    params = given_rules({**rules, f"valuation.{family}.price_year": "2010"})
    module = METHODS[name].module
    unit = UNIT.get(name, next(iter(module.UNITS)))
    run = value_of(quantity, module.unit_price(unit, params, product=PRODUCT.get(name, "")))
    alone = module.evaluate(quantity, **{k: float(v) for k, v in given_numbers.items()})
    assert alone["value_fen"] == run.value_fen
    assert alone["value"] == Decimal(run.value_fen) / 100


def test_the_class_of_an_index_is_priced_alike(given_rules: Given) -> None:
    table = {"0": "3000", "1": "5000", "2": "10000", "3": "20000", "4": "30000", "5": "40000", "6": "50000"}
    rules = {"valuation.species_conservation.class_prices": table, "valuation.species_conservation.price_year": "2008"}
    module = METHODS["species_conservation"].module
    for index, price in [("0", 3000), ("0.99", 3000), ("1", 5000), ("5.999", 40000), ("6", 50000), ("7.5", 50000)]:
        params = given_rules({**rules, "valuation.species_conservation.shannon_index": index})
        run = value_of(12.5, module.unit_price("ha", params))
        alone = module.evaluate(12.5, float(index), [1.0, 2, 3, 4, 5, 6], [float(v) for v in table.values()])
        assert run.value_fen == alone["value_fen"] == 1250 * price
    ranged = given_rules({**rules, "valuation.species_conservation.shannon_index": ("1.9", "2.1", "3.5")})
    found = value_of(1.0, module.unit_price("ha", ranged))
    assert (found.low_fen, found.value_fen, found.high_fen) == (500_000, 1_000_000, 2_000_000)


def test_classes_that_do_not_rise_and_prices_that_do_not_fit_them_are_refused(given_rules: Given) -> None:
    module = METHODS["species_conservation"].module
    for breaks, prices in [([2.0, 1.0], [1.0, 2.0, 3.0]), ([1.0], [1.0]), ([1.0, 1.0], [1.0, 2.0, 3.0])]:
        with pytest.raises(FaultsError, match="class prices"):
            module.evaluate(1.0, 1.0, breaks, prices)
    rules = {"valuation.species_conservation.class_prices": {"1": "5"}, "valuation.species_conservation.shannon_index": "2"}
    with pytest.raises(FaultsError, match="does not start at 0"):
        module.unit_price("ha", given_rules(rules))


def test_a_product_without_a_price_is_refused_with_those_that_have_one(given_rules: Given) -> None:
    with pytest.raises(FaultsError, match=r"air_treatment has no price for product ozone; it takes so2, nox, dust"):
        METHODS["air_treatment"].module.unit_price("t", given_rules({}), product="ozone")


@pytest.mark.parametrize(
    ("name", "quantity", "unit", "same"),
    [
        ("carbon_price", 3.0, "t C/a", (11.0, "t CO2/a")),
        ("electricity_price", 3.6, "MJ", (1.0, "kWh/a")),
        ("pest_control", 15.0, "mu", (1.0, "ha")),
        ("pest_control", 1.0, "km²", (100.0, "ha")),
        ("reservoir_cost", 1.0, "10^4 m³/a", (10_000.0, "m3")),
    ],
)
def test_units_are_converted_exactly(name: str, quantity: float, unit: str, same: tuple[float, str], given_rules: Given) -> None:
    keys = {"pest_control": "grass_price"}
    params = given_rules({f"valuation.{name}.{keys.get(name, 'price')}": "7.13", f"valuation.{name}.price_year": "2010"})
    product = PRODUCT.get(name, "")
    price = METHODS[name].module.unit_price
    assert value_of(quantity, price(unit, params, product=product)) == value_of(same[0], price(same[1], params, product=product))


@given(parts=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20), price=st.decimals("0", "1000", places=2))
def test_worth_is_linear_where_nothing_is_rounded(parts: list[int], price: Decimal) -> None:
    p = Fraction(price)
    unit = UnitPrice(Range(p, p, p), 2020)
    whole = value_of(float(sum(parts)), unit).value_fen
    assert whole == sum(value_of(float(q), unit).value_fen for q in parts)
    assert value_of(-float(sum(parts)), unit).value_fen == -whole


@given(
    quantity=st.floats(min_value=-1e12, max_value=1e12, allow_nan=False),
    price=st.decimals(min_value="0", max_value="10000", places=4),
)
def test_the_amount_is_the_decimal_product_rounded_once(quantity: float, price: Decimal) -> None:
    p = Fraction(price)
    found = value_of(quantity, UnitPrice(Range(p, p, p), 2020))
    with localcontext() as context:
        context.prec = 400
        exact = Decimal(repr(quantity)) * price * 100
        assert found.value_fen == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))
    assert found.low_fen == found.value_fen == found.high_fen


@given(
    low=st.floats(-1e6, 1e6),
    more=st.floats(0, 1e6),
    most=st.floats(0, 1e6),
    price=st.tuples(*[st.integers(0, 10**6)] * 3).map(sorted),
)
def test_low_value_high_stay_in_order(low: float, more: float, most: float, price: list[int]) -> None:
    value, high = low + more, low + more + most
    mid, lows, highs = ranged_fens([value], [low], [high], Range(*(Fraction(p, 100) for p in price)))
    assert lows[0] <= mid[0] <= highs[0]


def test_a_unit_the_method_does_not_price_is_refused_with_the_units_it_takes(given_rules: Given) -> None:
    params = given_rules({"valuation.reservoir_cost.price": "7", "valuation.reservoir_cost.price_year": "2010"})
    with pytest.raises(FaultsError, match=r"quantity is in mm, but method reservoir_cost takes m3"):
        METHODS["reservoir_cost"].module.unit_price("mm", params)


@pytest.mark.parametrize("quantity", [float("nan"), float("inf")])
def test_a_quantity_that_is_no_number_is_refused(quantity: float, given_rules: Given) -> None:
    params = given_rules({"valuation.carbon_price.price": "60", "valuation.carbon_price.price_year": "2023"})
    with pytest.raises(FaultsError, match="must be empty, not NaN"):
        value_of(quantity, METHODS["carbon_price"].module.unit_price("tCO2", params))


def test_a_negative_price_and_a_zero_density_are_refused(given_rules: Given) -> None:
    params = given_rules({"a.price": ("-1", "2", "3"), "a.density": ("0", "1", "2")})
    with pytest.raises(FaultsError, match=r"low end of a\.price is -1"):
        known(params, "a.price")
    with pytest.raises(FaultsError, match=r"low end of a\.density is 0"):
        known(params, "a.density", positive=True)
