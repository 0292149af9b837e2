"""Pests that natural forest and grassland keep down by themselves, priced at what control by hand costs (防治费用法).

V = A·p over the areas of natural forest and grassland. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, NOT_INVEST, WORTH, price_argument, quantity_argument, year_use

UNITS = {
    "ha": Fraction(1),
    "hm2": Fraction(1),
    "km2": Fraction(100),
    "mu": Fraction(1, 15),
    "10^4ha": Fraction(10_000),
    "10^4hm2": Fraction(10_000),
}
PRICES = {"forest": "valuation.pest_control.forest_price", "grass": "valuation.pest_control.grass_price"}
PRICE_UNIT = "CNY/ha"

SPEC = Spec(
    id="pest_control",
    name=Text("病虫害防治费用法", "pest control cost"),
    summary=Text(
        "以天然林、天然草地自愈面积乘人工防治成本计量病虫害控制的价值；一次算一种。",
        "Values pest control by the area of natural forest or grassland that heals by itself times the cost of control by hand.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "ha", Text("自愈面积", "area that heals by itself")),),
    arguments=(
        quantity_argument("ha", Text("自愈面积", "area that heals by itself")),
        price_argument("CNY/ha", Text("防治成本", "cost of control")),
    ),
    parameters=(
        Use("valuation.pest_control.forest_price", "CNY/ha", Text("森林病虫害防治成本", "pest control in forest"), optional=True),
        Use("valuation.pest_control.grass_price", "CNY/ha", Text("草地病虫害防治成本", "pest control in grassland"), optional=True),
        year_use("pest_control"),
    ),
    outputs=WORTH,
    formula="V = Q · p",
    holds=Text(
        "没有模型给出自愈面积：作为 service 表的行 pest_control.forest、pest_control.grass 提供。",
        "No model yields the area: give it as rows pest_control.forest and pest_control.grass of the service table.",
    ),
    differs=NOT_INVEST,
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 1_580_000.0, "price": 375.0},
            {"value_fen": 592_500_000_00},
            "Ganzi 2010, forest: 158e4 ha × 375 = 5.9250e8 CNY",
            0.0,
        ),
        Example(
            {"quantity": 7_111_300.0, "price": 112.5},
            {"value_fen": 800_021_250_00},
            "Ganzi 2010, grassland: 711.13e4 ha × 112.5 = 8.0002e8 CNY; the paper prints 8.0003e8",
            0.0,
        ),
    ),
)


def evaluate(quantity: float, price: float) -> dict[str, object]:
    """Return the worth of one product (ha) at its own `price` (CNY/ha), exact to the fen."""
    return plain_worth(quantity, exact(price))


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of `product` (forest, grass), with the range of the price."""
    key = product_key(PRICES, product, SPEC.id)
    return UnitPrice(stated_price(params, key, SPEC.id).scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))
