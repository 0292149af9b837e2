"""Carbon sequestration priced at a market price of CO2, or at the cost of afforestation.

V = Q·p with Q in t CO2; a quantity in t C is taken times 44/12, the ratio of molar masses. A net source (Q below
zero) has a negative worth: it is not cut off at zero. A stock of carbon is not priced: only its yearly change is.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, WORTH, price_argument, quantity_argument, year_use

CO2_PER_C = Fraction(44, 12)
UNITS = {
    "tCO2": Fraction(1),
    "tC": CO2_PER_C,
    "kgCO2": Fraction(1, 1000),
    "kgC": CO2_PER_C / 1000,
    "10^4tCO2": Fraction(10_000),
    "10^4tC": CO2_PER_C * 10_000,
}
PRICES = {"": "valuation.carbon_price.price"}
PRICE_UNIT = "CNY/t"
_K = {"CO2": Fraction(1), "C": CO2_PER_C}

SPEC = Spec(
    id="carbon_price",
    name=Text("碳市场价格法", "carbon price"),
    summary=Text(
        "以碳市场成交价（或造林成本）计量一年固定的二氧化碳。",
        "Values the CO2 sequestered in a year at the price of a carbon market, or at the cost of afforestation.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t CO2/a", Text("固碳量", "carbon dioxide sequestered")),),
    arguments=(
        quantity_argument("t/a", Text("固碳量，按 form 所指的物质计", "carbon sequestered, as the substance that form says"), "M"),
        price_argument("CNY/t", Text("每吨二氧化碳的价格", "price of a tonne of CO2")),
        Argument(
            "form",
            "",
            Text("数量是二氧化碳还是碳", "whether the quantity is carbon dioxide or carbon"),
            kind="text",
            default="CO2",
            choices=("CO2", "C"),
        ),
    ),
    parameters=(Use("valuation.carbon_price.price", "CNY/t", Text("碳价", "price of CO2"), symbol="p"), year_use("carbon_price")),
    outputs=(
        Use("co2_per_tonne", "t CO2/t", Text("每吨折合二氧化碳", "carbon dioxide to the tonne"), symbol="k"),
        Use("co2", "t CO2/a", Text("二氧化碳量", "carbon dioxide"), symbol="Q"),
        *WORTH,
    ),
    formula="Q = M · k\nV = Q · p",
    holds=Text(
        "计量净固碳的年变化；碳储量是存量，不计价，也没有“租金”。能否产生可交易的减排量由碳汇登记另行判断。",
        "Prices the net change of a year; carbon storage is a stock, has no price here and earns no rent. Whether tradable "
        "credits arise is for the credit register.",
    ),
    differs=Text(
        "InVEST 碳模块对两期储量之差按折现率和价格变动率求净现值；贴现与价格变动均为零时，其年均值与这里相同。",
        "InVEST carbon takes the net present value of a difference of stocks under a discount rate and a yearly price change; "
        "with both at zero its yearly mean equals this.",
    ),
    references=(GANZI, Reference("molar masses of C and CO2, 12 and 44 g/mol", "C")),
    examples=(
        Example(
            {"quantity": 12.5, "price": 70.0, "form": "CO2"},
            {"co2_per_tonne": 1.0, "co2": 12.5, "value_fen": 87_500},
            "12.5 t × 70 CNY/t = 875.00 CNY, by hand",
            0.0,
        ),
        Example(
            {"quantity": 3.0, "price": 70.0, "form": "C"},
            {"co2": 11.0, "value_fen": 77_000},
            "3 t C = 11 t CO2 × 70 CNY/t = 770.00 CNY, by hand",
            0.0,
        ),
        Example(
            {"quantity": 31_000_000.0, "price": 380.0},
            {"value_fen": 1_178_000_000_000},
            "Ganzi 2010: 0.31e8 t CO2 × 380 = 117.8e8 CNY; the paper prints 117.3548e8 from an unrounded quantity",
            0.0,
        ),
    ),
)


def evaluate(quantity: float, price: float, form: str = "CO2") -> dict[str, object]:
    """Return the worth of `quantity` (t/a of CO2, or of C) at `price` (CNY per t CO2), exact to the fen."""
    co2 = exact(quantity) * _K[form]
    return {"co2_per_tonne": float(_K[form]), "co2": float(co2), **plain_worth(co2, exact(price))}


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of carbon dioxide (or carbon), with the range of the price."""
    del product  # one price for every product of a service
    key = product_key(PRICES, "", SPEC.id)
    return UnitPrice(stated_price(params, key, SPEC.id).scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))
