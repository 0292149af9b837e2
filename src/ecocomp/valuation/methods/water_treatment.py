"""Pollutants that wetlands take out of water, priced at what a treatment plant would cost (防治费用法).

V = Σ Q_i·p_i over COD, ammonia nitrogen, total nitrogen and total phosphorus. Pema Dolkar et al. 2017,
doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, WORTH, price_argument, quantity_argument, year_use

UNITS = {"t": Fraction(1), "kg": Fraction(1, 1000), "10^4t": Fraction(10_000)}
PRICES = {
    "cod": "valuation.water_treatment.cod_price",
    "nh3n": "valuation.water_treatment.nh3n_price",
    "tn": "valuation.water_treatment.tn_price",
    "tp": "valuation.water_treatment.tp_price",
}
PRICE_UNIT = "CNY/t"

SPEC = Spec(
    id="water_treatment",
    name=Text("污水治理成本法", "water treatment cost"),
    summary=Text(
        "以化学需氧量、氨氮、总氮、总磷各自的治理成本计量水质净化的价值；一次算一种。",
        "Values water purification at the treatment cost of COD, ammonia nitrogen, total nitrogen and phosphorus, one at a time.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t/a", Text("净化的污染物量", "pollutant taken up")),),
    arguments=(
        quantity_argument("t/a", Text("净化的污染物量", "pollutant taken up")),
        price_argument("CNY/t", Text("该污染物的治理成本", "treatment cost of that pollutant")),
    ),
    parameters=(
        Use("valuation.water_treatment.cod_price", "CNY/t", Text("化学需氧量治理成本", "treatment of COD"), optional=True),
        Use("valuation.water_treatment.nh3n_price", "CNY/t", Text("氨氮治理成本", "treatment of ammonia nitrogen"), optional=True),
        Use("valuation.water_treatment.tn_price", "CNY/t", Text("总氮治理成本", "treatment of total nitrogen"), optional=True),
        Use("valuation.water_treatment.tp_price", "CNY/t", Text("总磷治理成本", "treatment of total phosphorus"), optional=True),
        year_use("water_treatment"),
    ),
    outputs=WORTH,
    formula="V = Q · p",
    holds=Text(
        "总氮已含氨氮：两者不得同时计入一个合计（valuation.gep.exclusive）。",
        "Total nitrogen holds ammonia nitrogen: the two never stand in one total (valuation.gep.exclusive).",
    ),
    differs=Text(
        "InVEST 养分输移给出流失而非湿地净化量，只能比较排序。",
        "InVEST nutrient delivery gives what leaves the land, not what a wetland removes; only ranks can be compared.",
    ),
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 5424.0, "price": 700.0}, {"value_fen": 3_796_800_00}, "Ganzi 2010, COD: 5424 t × 700 = 0.0380e8 CNY", 0.0
        ),
        Example(
            {"quantity": 625.0, "price": 875.0},
            {"value_fen": 546_875_00},
            "Ganzi 2010, ammonia nitrogen: 625 t × 875 = 0.0055e8 CNY",
            0.0,
        ),
    ),
)


def evaluate(quantity: float, price: float) -> dict[str, object]:
    """Return the worth of one product (t/a) at its own `price` (CNY/t), exact to the fen."""
    return plain_worth(quantity, exact(price))


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of `product` (cod, nh3n, tn, tp), with the range of the price."""
    key = product_key(PRICES, product, SPEC.id)
    return UnitPrice(stated_price(params, key, SPEC.id).scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))
