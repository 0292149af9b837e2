"""Sediment kept out of streams, priced as dredging that need not be done.

V = (Q/ρ)·c. The delivery ratio has already said which part of the soil would have reached a stream, so the silting
share λ of `dredging` is not applied again. It may not stand beside soil retention in one total. After the dredging
term of Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Argument, Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import Range, UnitPrice, exact, known, plain_worth, point, price_year, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, WORTH, price_argument, quantity_argument, year_use

UNITS = {"t": Fraction(1), "kg": Fraction(1, 1000), "10^4t": Fraction(10_000)}
_K = "valuation.dredging"
PRICES = {"": f"{_K}.price"}
PRICE_UNIT = "CNY/m3"
_DENSITY, _PRICE = Text("泥沙容重", "bulk density of sediment"), Text("清淤单价", "dredging price")

SPEC = Spec(
    id="sediment_removal",
    name=Text("入河泥沙清淤法", "sediment removal cost"),
    summary=Text(
        "以减少的入河泥沙折合的体积乘清淤单价计量；不再乘泥沙淤积系数。",
        "Values sediment kept out of streams at the dredging it saves, without the silting share of soil retention.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t/a", Text("减少入河泥沙量", "sediment kept out of streams")),),
    arguments=(
        quantity_argument("t/a", Text("减少入河泥沙量", "sediment kept out of streams")),
        Argument("bulk_density", "t/m3", _DENSITY, "ρ", least=0.1, most=5.0),
        price_argument("CNY/m3", _PRICE, "c"),
    ),
    parameters=(
        Use(f"{_K}.bulk_density", "t/m3", _DENSITY, symbol="ρ"),
        Use(f"{_K}.price", "CNY/m3", _PRICE, symbol="c"),
        year_use("dredging"),
    ),
    outputs=(Use("silt", "m3/a", Text("减少的淤积量", "silt that need not be dredged"), symbol="S"), *WORTH),
    formula="S = Q / ρ\nV = S · c",
    holds=Text(
        "假定进入河道的泥沙全部需要清除；与土壤保持的清淤价值不得同时计入一个合计。",
        "Takes all sediment in the stream to need removal; never in one total with the dredging worth of soil retention.",
    ),
    differs=Text(
        "InVEST 的 avoided_export 可直接作为 Q。",
        "The avoided_export of InVEST can be used as Q as it is.",
    ),
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 1300.0, "bulk_density": 1.3, "price": 15.58},
            {"silt": 1000.0, "value_fen": 1_558_000},
            "1300 t / 1.3 = 1000 m3 × 15.58 = 15 580.00 CNY, by hand",
            0.0,
        ),
        Example(
            {"quantity": 93.0, "bulk_density": 0.93, "price": 15.58},
            {"silt": 100.0, "value_fen": 155_800},
            "93 t / 0.93 = 100 m3 × 15.58 = 1558.00 CNY, by hand",
            0.0,
        ),
    ),
)


def evaluate(quantity: float, bulk_density: float, price: float) -> dict[str, object]:
    """Return the worth of sediment kept out of streams (t/a) at a dredging `price` (CNY/m3), exact to the fen."""
    silt = _silt(point(bulk_density))
    return {"silt": float(exact(quantity) * silt.value), **plain_worth(quantity, silt.times(point(price)).value)}


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of sediment, with its range."""
    del product  # the service has no products
    yuan = _silt(known(params, f"{_K}.bulk_density", positive=True)).times(stated_price(params, PRICES[""], "dredging"))
    return UnitPrice(yuan.scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, "dredging"))


def _silt(bulk_density: Range) -> Range:
    """Return the volume (m3) of one tonne, 1/ρ."""
    return point(1).over(bulk_density)
