"""Carbon sequestration priced at a market price of CO2.

V = Q·p with Q in t CO2; a quantity in t C is taken times 44/12, the ratio of molar masses. A net source (Q below
zero) has a negative worth: it is not cut off at zero.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, Valued, known, price_year, unit_factor, value_of

_UNITS = {"tCO2": Fraction(1), "tC": Fraction(44, 12), "kgCO2": Fraction(1, 1000)}

SPEC = Spec(
    id="carbon_price",
    name=Text("碳市场价格法", "carbon price"),
    summary=Text(
        "以碳市场成交价计量固定的二氧化碳。",
        "Values sequestered CO2 at the price of a carbon market.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t CO2/a", Text("固碳量", "carbon dioxide sequestered")),),
    parameters=(
        Use("valuation.carbon_price.price", "CNY/t", Text("碳价", "price of CO2")),
        Use("valuation.carbon_price.price_year", "year", Text("价格年", "price year")),
    ),
    outputs=(Use("value_fen", "fen/a", Text("价值", "value")),),
    formula="V = Q · p",
    holds=Text(
        "计量净固碳；是否产生可交易的减排量由碳汇登记另行判断。",
        "Prices net sequestration; whether it makes tradable credits is for the credit register.",
    ),
    references=(
        Reference(
            "Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. 2017, 生态学报 37(19):6302-6312, doi 10.5846/stxb201607011362",
            "V",
            "prices CO2 at 380 CNY/t; the form V = Q·p is common to all",
        ),
    ),
    examples=(
        Example(
            {
                "quantity": 12.5,
                "unit": "t CO2/a",
                "parameters": {"valuation.carbon_price.price": "70", "valuation.carbon_price.price_year": "2023"},
            },
            {"value_fen": 87_500},
            "12.5 t × 70 CNY/t = 875.00 CNY, by hand",
            0.0,
        ),
        Example(
            {
                "quantity": 3.0,
                "unit": "t C/a",
                "parameters": {"valuation.carbon_price.price": "70", "valuation.carbon_price.price_year": "2023"},
            },
            {"value_fen": 77_000},
            "3 t C = 11 t CO2 × 70 CNY/t = 770.00 CNY, by hand",
            0.0,
        ),
    ),
)


def unit_price(unit: str, params: Parameters) -> UnitPrice:
    """Return yuan per `unit` of carbon dioxide (or carbon)."""
    factor = unit_factor(unit, _UNITS, SPEC.id)
    return UnitPrice(known(params, "valuation.carbon_price.price").scaled(factor), price_year(params, SPEC.id))


def value_fen(quantity: float, unit: str, params: Parameters) -> Valued:
    """Return the worth of CO2 taken up in a year, in fen of the price year."""
    return value_of(quantity, unit_price(unit, params))
