"""Oxygen released, priced at the cost of making oxygen in industry (工业制氧法) or of planting the forest that makes it.

V = Q·p with Q in t O2. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, NOT_INVEST, WORTH, price_argument, quantity_argument, year_use

UNITS = {"tO2": Fraction(1), "t": Fraction(1), "kgO2": Fraction(1, 1000), "kg": Fraction(1, 1000), "10^4t": Fraction(10_000)}
PRICES = {"": "valuation.oxygen_price.price"}
PRICE_UNIT = "CNY/t"

SPEC = Spec(
    id="oxygen_price",
    name=Text("工业制氧法", "price of oxygen"),
    summary=Text(
        "以工业制氧价格或造林成本计量释氧的价值。",
        "Values released oxygen at the price of industrial oxygen, or at the cost of afforestation.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t O2/a", Text("释氧量", "oxygen released")),),
    arguments=(
        quantity_argument("t O2/a", Text("释氧量", "oxygen released")),
        price_argument("CNY/t", Text("氧气价格", "price of oxygen"), "p"),
    ),
    parameters=(
        Use("valuation.oxygen_price.price", "CNY/t", Text("氧气价格", "price of oxygen"), symbol="p"),
        year_use("oxygen_price"),
    ),
    outputs=WORTH,
    formula="V = Q · p",
    holds=Text(
        "释氧与固碳出自同一光合作用，是否同时计价有争议，报表会标明；低海拔地区氧气并不稀缺。",
        "Oxygen and carbon come of the same photosynthesis, so pricing both is debated and is marked in the account; "
        "at low altitude oxygen is not scarce.",
    ),
    differs=NOT_INVEST,
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 251_000_000.0, "price": 727.0},
            {"value_fen": 182_477_000_000_00},
            "Ganzi 2010: 2.51e8 t × 727 = 1824.77e8 CNY; the paper prints 1821.9182e8 from an unrounded quantity",
            0.0,
        ),
        Example({"quantity": 1.5, "price": 727.0}, {"value_fen": 1_090_50}, "1.5 t × 727 = 1090.50 CNY, by hand", 0.0),
    ),
)


def evaluate(quantity: float, price: float) -> dict[str, object]:
    """Return the worth of oxygen released (t O2/a) at `price` (CNY/t), exact to the fen."""
    return plain_worth(quantity, exact(price))


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit`, with the range of the price."""
    del product  # one price for every product of a service
    key = product_key(PRICES, "", SPEC.id)
    return UnitPrice(stated_price(params, key, SPEC.id).scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))
