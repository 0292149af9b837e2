"""Water conservation priced as the storage that a reservoir would have to provide (影子工程法, 水库造价).

For whoever prices the water kept by forests and grassland: V = Q·c, the yearly volume times the cost of one
cubic metre of reservoir capacity. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, Valued, known, price_year, unit_factor, value_of

_UNITS = {"m3": Fraction(1), "10^4m3": Fraction(10_000)}

SPEC = Spec(
    id="reservoir_cost",
    name=Text("水库造价法", "reservoir cost"),
    summary=Text(
        "以建设同等库容的水库单位造价计量水源涵养的价值。",
        "Values the water an ecosystem retains at what the same storage would cost in a reservoir.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "m3/a", Text("水源涵养量", "water retained")),),
    parameters=(
        Use("valuation.reservoir_cost.price", "CNY/m3", Text("水库单位库容造价", "cost of reservoir capacity")),
        Use("valuation.reservoir_cost.price_year", "year", Text("价格年", "price year")),
    ),
    outputs=(Use("value_fen", "fen/a", Text("价值", "value")),),
    formula="V = Q · c",
    holds=Text(
        "水量按年计；造价是一次性投资而非年值，因此结果是上限性质的重置成本。",
        "Q is a yearly volume; c is a capital cost, not an annuity, so the result is a replacement cost at the high end.",
    ),
    references=(
        Reference("Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. 2017, 生态学报 37(19):6302-6312, doi 10.5846/stxb201607011362", "V"),
    ),
    examples=(
        Example(
            {
                "quantity": 32_149_000_000.0,
                "unit": "m3/a",
                "parameters": {"valuation.reservoir_cost.price": "7.06", "valuation.reservoir_cost.price_year": "2010"},
            },
            {"value_fen": 22_697_194_000_000},
            "Ganzi 2010: 321.49e8 m3 × 7.06 = 2269.72e8 CNY; the paper prints 2269.71e8 from unrounded inputs",
            0.0,
        ),
    ),
)


def unit_price(unit: str, params: Parameters) -> UnitPrice:
    """Return yuan per `unit` of water."""
    factor = unit_factor(unit, _UNITS, SPEC.id)
    return UnitPrice(known(params, "valuation.reservoir_cost.price").scaled(factor), price_year(params, SPEC.id))


def value_fen(quantity: float, unit: str, params: Parameters) -> Valued:
    """Return the worth of a yearly volume in fen of the price year."""
    return value_of(quantity, unit_price(unit, params))
