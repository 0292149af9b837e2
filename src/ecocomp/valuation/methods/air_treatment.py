"""Pollutants that plants take out of the air, priced at what treating them at the source costs (防治费用法).

V = Σ Q_i·p_i over SO2, NOx and dust, each at its own charge. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, exact, plain_worth, price_year, product_key, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, NOT_INVEST, WORTH, price_argument, quantity_argument, year_use

UNITS = {"t": Fraction(1), "kg": Fraction(1, 1000), "10^4t": Fraction(10_000)}
PRICES = {
    "so2": "valuation.air_treatment.so2_price",
    "nox": "valuation.air_treatment.nox_price",
    "dust": "valuation.air_treatment.dust_price",
}
PRICE_UNIT = "CNY/t"

SPEC = Spec(
    id="air_treatment",
    name=Text("大气污染治理成本法", "air treatment cost"),
    summary=Text(
        "以二氧化硫、氮氧化物、粉尘各自的治理成本计量空气净化的价值；一次算一种。",
        "Values air purification at the treatment cost of SO2, NOx and dust, one pollutant at a time.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t/a", Text("净化的污染物量", "pollutant taken up")),),
    arguments=(
        quantity_argument("t/a", Text("净化的污染物量", "pollutant taken up")),
        price_argument("CNY/t", Text("该污染物的治理成本", "treatment cost of that pollutant")),
    ),
    parameters=(
        Use("valuation.air_treatment.so2_price", "CNY/t", Text("二氧化硫治理成本", "treatment of SO2"), optional=True),
        Use("valuation.air_treatment.nox_price", "CNY/t", Text("氮氧化物治理成本", "treatment of NOx"), optional=True),
        Use("valuation.air_treatment.dust_price", "CNY/t", Text("粉尘治理成本", "treatment of dust"), optional=True),
        year_use("air_treatment"),
    ),
    outputs=WORTH,
    formula="V = Q · p",
    holds=Text(
        "净化量不超过排放量；排污收费是治理成本的最低估计。",
        "The quantity never exceeds what is emitted; emission charges are a lowest estimate of treatment costs.",
    ),
    differs=NOT_INVEST,
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 1137.0, "price": 1200.0}, {"value_fen": 1_364_400_00}, "Ganzi 2010, SO2: 1137 t × 1200 = 0.0136e8 CNY", 0.0
        ),
        Example(
            {"quantity": 2772.0, "price": 630.0}, {"value_fen": 1_746_360_00}, "Ganzi 2010, NOx: 2772 t × 630 = 0.0175e8 CNY", 0.0
        ),
        Example(
            {"quantity": 941.0, "price": 150.0}, {"value_fen": 141_150_00}, "Ganzi 2010, dust: 941 t × 150 = 0.0014e8 CNY", 0.0
        ),
    ),
)


def evaluate(quantity: float, price: float) -> dict[str, object]:
    """Return the worth of one product (t/a) at its own `price` (CNY/t), exact to the fen."""
    return plain_worth(quantity, exact(price))


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of `product` (so2, nox, dust), with the range of the price."""
    key = product_key(PRICES, product, SPEC.id)
    return UnitPrice(stated_price(params, key, SPEC.id).scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))
