"""Water yield priced at what a cubic metre of water is worth to those who use it (市场价值法, 影子价格).

For whoever prices the water that leaves an ecosystem: V = Q·p. It may not stand beside water conservation in one
total: both count the same rain.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, WORTH, price_argument, quantity_argument, year_use

UNITS = {"m3": Fraction(1), "10^4m3": Fraction(10_000), "10^8m3": Fraction(10**8)}
PRICES = {"": "valuation.water_price.price"}
PRICE_UNIT = "CNY/m3"

SPEC = Spec(
    id="water_price",
    name=Text("水价法", "price of water"),
    summary=Text(
        "以水的市场价格或影子价格计量产水的价值。",
        "Values water yield at the market or shadow price of water.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "m3/a", Text("产水量", "water yield")),),
    arguments=(
        quantity_argument("m3/a", Text("产水量", "yearly volume of water")),
        price_argument("CNY/m3", Text("水价", "price of water"), "p"),
    ),
    parameters=(
        Use("valuation.water_price.price", "CNY/m3", Text("水价", "price of water"), symbol="p"),
        year_use("water_price"),
    ),
    outputs=WORTH,
    formula="V = Q · p",
    holds=Text(
        "只计确有人使用的水；与水源涵养不得同时计入一个合计（两者数同一场雨）。各用途价格不同时，分用途计算后相加。",
        "Counts only water that someone uses; never in one total with water conservation, which counts the same rain. "
        "Where uses have prices of their own, price each and add.",
    ),
    differs=Text(
        "InVEST 水电模块以折现的电价计产水；此处为年值，不折现。",
        "InVEST hydropower prices water yield by discounted power sales; here it is a yearly value without discounting.",
    ),
    references=(Reference("doi 10.1155/2013/692103, table 2: shadow price of water 0.67 CNY/m3", "v"), GANZI),
    examples=(
        Example(
            {"quantity": 15_017_000_000.0, "price": 3.6},
            {"value_fen": 54_061_200_000_00},
            "Ganzi 2010, water used by industry: 150.17e8 m3 × 3.6 = 540.612e8 CNY; the paper prints 540.6113e8",
            0.0,
        ),
        Example({"quantity": 1000.0, "price": 0.67}, {"value_fen": 670_00}, "1000 m3 × 0.67 CNY/m3, by hand", 0.0),
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
