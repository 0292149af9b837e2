"""Water that is held back, priced as the storage that a reservoir would have to provide (影子工程法, 水库造价).

For whoever prices water conservation, flood regulation or storm runoff kept back: V = Q·c, the yearly volume times
the cost of one cubic metre of reservoir capacity. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, NOT_INVEST, WORTH, price_argument, quantity_argument, year_use

UNITS = {"m3": Fraction(1), "10^4m3": Fraction(10_000), "10^8m3": Fraction(10**8)}
PRICES = {"": "valuation.reservoir_cost.price"}
PRICE_UNIT = "CNY/m3"

SPEC = Spec(
    id="reservoir_cost",
    name=Text("水库造价法", "reservoir cost"),
    summary=Text(
        "以建设同等库容的水库单位造价计量水源涵养、洪水调蓄的价值。",
        "Values the water an ecosystem retains, or the flood it takes in, at what the same storage would cost in a reservoir.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "m3/a", Text("水源涵养量或调蓄量", "water retained, or flood taken in")),),
    arguments=(
        quantity_argument("m3/a", Text("水量", "yearly volume of water")),
        price_argument("CNY/m3", Text("水库单位库容造价", "cost of reservoir capacity"), "c"),
    ),
    parameters=(
        Use("valuation.reservoir_cost.price", "CNY/m3", Text("水库单位库容造价", "cost of reservoir capacity"), symbol="c"),
        year_use("reservoir_cost"),
    ),
    outputs=WORTH,
    formula="V = Q · c",
    holds=Text(
        "水量按年计；造价是一次性投资而非年值，因此结果是上限性质的重置成本。要按年计，先用年金公式折算造价。",
        "Q is a yearly volume; c is a capital cost, not an annuity, so the result is a replacement cost at the high end. "
        "To price by the year, turn c into an annuity first.",
    ),
    differs=NOT_INVEST,
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 32_149_000_000.0, "price": 7.06},
            {"value_fen": 226_971_940_000_00},
            "Ganzi 2010: 321.49e8 m3 × 7.06 = 2269.7194e8 CNY; the paper prints 2269.7074e8 from unrounded inputs",
            0.0,
        ),
        Example(
            {"quantity": 600_000_000.0, "price": 7.06},
            {"value_fen": 4_236_000_000_00},
            "Ganzi 2010, marsh: 6.00e8 m3 × 7.06 = 42.36e8 CNY; the paper prints 42.3436e8 from unrounded inputs",
            0.0,
        ),
    ),
)


def evaluate(quantity: float, price: float) -> dict[str, object]:
    """Return the worth of yearly volume of water (m3/a) at `price` (CNY/m3), exact to the fen."""
    return plain_worth(quantity, exact(price))


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit`, with the range of the price."""
    del product  # one price for every product of a service
    key = product_key(PRICES, "", SPEC.id)
    return UnitPrice(stated_price(params, key, SPEC.id).scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))
