"""Formulas about prices: money of one year said in money of another."""

from __future__ import annotations

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.terms.text import Text
from ecocomp.valuation.price import exact


def deflated_price(price: float, index_then: float, index_now: float) -> dict[str, float]:
    """Return `price` in the money of the year of `index_now`; both indices are of one chained series and above zero."""
    return {"price_now": float(exact(price) * exact(index_now) / exact(index_then))}


FORMULAS: tuple[Formula, ...] = (
    Formula(
        Spec(
            id="deflated_price",
            name=Text("不变价换算", "price in the money of another year"),
            summary=Text(
                "用链式价格指数把一年的价格换算为另一年的货币。",
                "Moves a price from the money of one year to that of another by a chained price index.",
            ),
            unit="CNY",
            inputs=(),
            arguments=(
                Argument("price", "CNY", Text("原价", "price as stated"), "p", least=0.0),
                Argument("index_then", "1", Text("价格年的指数", "index of the price year"), "I1", least=1e-9),
                Argument("index_now", "1", Text("目标年的指数", "index of the year asked for"), "I2", least=1e-9),
            ),
            outputs=(Use("price_now", "CNY", Text("换算后的价格", "price in the money asked for"), symbol="q"),),
            formula="q = p · I2 / I1",
            holds=Text(
                "两个指数出自同一链式序列；不同价格年的金额不得相加。",
                "Both indices are of one chained series; amounts of different price years are never added.",
            ),
            differs=Text(
                "InVEST 只有逐年价格变动率，没有实际指数。",
                "InVEST has a constant yearly price change only, no index as observed.",
            ),
            references=(Reference("the definition of a price index; the series itself is a rule (valuation.deflator)", "D"),),
            examples=(
                Example({"price": 7.06, "index_then": 1.0, "index_now": 1.25}, {"price_now": 8.825}, "by hand", 1e-12),
                Example({"price": 60.0, "index_then": 1.2, "index_now": 1.25}, {"price_now": 62.5}, "by hand", 1e-12),
            ),
        ),
        deflated_price,
    ),
)
