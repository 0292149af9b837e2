"""Prices of services: worked cases, the examples of the specs, and exactness that holds for any quantity."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError
from ecocomp.valuation.price import UnitPrice, known, ranged_fens, value_of

METHODS = entries("valuation.methods")
CASES = strip(read_yaml(Path(__file__).parent / "cases" / "methods.yaml")[0])["cases"]
Given = Callable[..., Parameters]


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in parameters.items()}


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_worked_case(case: dict[str, Any], given_rules: Given) -> None:
    params = given_rules(_plain(case["parameters"]))
    found = METHODS[case["method"]].module.value_fen(float(case["quantity"]), case["unit"], params)
    assert {k: getattr(found, k) for k in case["expected"]} == {k: int(v) for k, v in case["expected"].items()}


@pytest.mark.parametrize("name", METHODS)
def test_the_examples_of_the_spec_hold(name: str, given_rules: Given) -> None:
    for example in METHODS[name].spec.examples:
        params = given_rules(example.inputs["parameters"])
        found = METHODS[name].module.value_fen(example.inputs["quantity"], example.inputs["unit"], params)
        assert found.value_fen == example.outputs["value_fen"]


@pytest.mark.parametrize(
    ("name", "printed_yuan", "step"),
    [
        ("reservoir_cost", "226971000000", "2000000"),
        ("dredging", "15626000000", "2000000"),
        ("sand_control", "228350000", "5000"),
    ],
)
def test_the_ganzi_study_is_met_within_what_it_prints(name: str, printed_yuan: str, step: str, given_rules: Given) -> None:
    example = METHODS[name].spec.examples[0]
    params = given_rules(example.inputs["parameters"])
    found = METHODS[name].module.value_fen(example.inputs["quantity"], example.inputs["unit"], params)
    assert abs(Decimal(found.value_fen) / 100 - Decimal(printed_yuan)) <= Decimal(step)


@given(
    quantity=st.floats(min_value=-1e12, max_value=1e12, allow_nan=False),
    price=st.decimals(min_value="0", max_value="10000", places=4),
)
def test_the_amount_is_the_decimal_product_rounded_once(quantity: float, price: Decimal) -> None:
    from fractions import Fraction

    from ecocomp.valuation.price import Range

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
    from fractions import Fraction

    from ecocomp.valuation.price import Range

    value, high = low + more, low + more + most
    mid, lows, highs = ranged_fens([value], [low], [high], Range(*(Fraction(p, 100) for p in price)))
    assert lows[0] <= mid[0] <= highs[0]


def test_a_unit_the_method_does_not_price_is_refused_with_the_units_it_takes(given_rules: Given) -> None:
    params = given_rules({"valuation.reservoir_cost.price": "7", "valuation.reservoir_cost.price_year": "2010"})
    with pytest.raises(FaultsError, match=r"quantity is in mm, but method reservoir_cost takes m3"):
        METHODS["reservoir_cost"].module.value_fen(1.0, "mm", params)


@pytest.mark.parametrize("quantity", [float("nan"), float("inf")])
def test_a_quantity_that_is_no_number_is_refused(quantity: float, given_rules: Given) -> None:
    params = given_rules({"valuation.carbon_price.price": "60", "valuation.carbon_price.price_year": "2023"})
    with pytest.raises(FaultsError, match="must be empty, not NaN"):
        METHODS["carbon_price"].module.value_fen(quantity, "tCO2", params)


def test_a_negative_price_and_a_zero_density_are_refused(given_rules: Given) -> None:
    params = given_rules({"a.price": ("-1", "2", "3"), "a.density": ("0", "1", "2")})
    with pytest.raises(FaultsError, match=r"low end of a\.price is -1"):
        known(params, "a.price")
    with pytest.raises(FaultsError, match=r"low end of a\.density is 0"):
        known(params, "a.density", positive=True)
