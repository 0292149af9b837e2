"""Cooling by plants and open water, priced as the electricity that air conditioners and humidifiers would use.

V = E·p with E in kWh. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, WORTH, price_argument, quantity_argument, year_use

UNITS = {"kWh": Fraction(1), "10^4kWh": Fraction(10_000), "10^8kWh": Fraction(10**8), "MWh": Fraction(1000), "MJ": Fraction(5, 18)}
PRICES = {"": "valuation.electricity_price.price"}
PRICE_UNIT = "CNY/kWh"

SPEC = Spec(
    id="electricity_price",
    name=Text("电价法", "price of electricity"),
    summary=Text(
        "以空调、加湿器达到同样降温增湿所需电量乘电价计量气候调节的价值。",
        "Values cooling at the electricity that air conditioners and humidifiers would need for the same effect.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "kWh/a", Text("蒸腾与水面蒸发消耗的电量当量", "electricity that transpiration and evaporation save")),),
    arguments=(
        quantity_argument("kWh/a", Text("电量当量", "electricity saved")),
        price_argument("CNY/kWh", Text("电价", "price of electricity"), "p"),
    ),
    parameters=(
        Use("valuation.electricity_price.price", "CNY/kWh", Text("电价", "price of electricity"), symbol="p"),
        year_use("electricity_price"),
    ),
    outputs=WORTH,
    formula="V = Q · p",
    holds=Text(
        "无人居住处的降温无人受益：核算时应限定在确有需求的日数和范围，否则结果极大（甘孜州占调节服务的三成）。",
        "Nobody gains from cooling where nobody lives: limit it to the days and places with a demand, or the result "
        "is very large (a third of all regulating services in Ganzi).",
    ),
    differs=Text(
        "InVEST 城市降温按气温下降计能耗节省；与蒸腾耗能法不可比。",
        "InVEST urban cooling prices the energy a lower temperature saves; that cannot be compared with energy of transpiration.",
    ),
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 279_910_000_000.0, "price": 0.53},
            {"value_fen": 148_352_300_000_00},
            "Ganzi 2010, plants: 2799.10e8 kWh × 0.53 = 1483.523e8 CNY; the paper prints 1483.5208e8",
            0.0,
        ),
        Example(
            {"quantity": 127_235_000_000.0, "price": 0.53},
            {"value_fen": 67_434_550_000_00},
            "Ganzi 2010, open water: 1272.35e8 kWh × 0.53 = 674.3455e8 CNY; the paper prints 674.3433e8",
            0.0,
        ),
    ),
)


def evaluate(quantity: float, price: float) -> dict[str, object]:
    """Return the worth of electricity saved (kWh/a) at `price` (CNY/kWh), exact to the fen."""
    return plain_worth(quantity, exact(price))


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit`, with the range of the price."""
    del product  # one price for every product of a service
    key = product_key(PRICES, "", SPEC.id)
    return UnitPrice(stated_price(params, key, SPEC.id).scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))
