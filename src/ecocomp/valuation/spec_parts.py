"""What several pricing methods say alike: the study their prices come from, and the worth they yield."""

from __future__ import annotations

from ecocomp.registry import Argument, Reference, Use
from ecocomp.terms.text import Text

GANZI = Reference("Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. 2017, 生态学报 37(19):6302-6312, doi 10.5846/stxb201607011362", "V")
WORTH = (
    Use("value", "CNY/a", Text("价值", "value"), symbol="V"),
    Use("value_fen", "fen/a", Text("价值（整分，四舍六入五成双）", "value in whole fen, rounded half-even")),
)
NOT_INVEST = Text(
    "InVEST 不给这项服务定价；可比的只有物理量。",
    "InVEST puts no price on this service; only the physical quantity can be compared.",
)


def quantity_argument(unit: str, meaning: Text, symbol: str = "Q") -> Argument:
    """Return the argument `quantity`; below zero it is a loss, which is worth less than nothing."""
    return Argument("quantity", unit, meaning, symbol)


def price_argument(unit: str, meaning: Text, symbol: str = "p", name: str = "price") -> Argument:
    """Return a price: given by whoever asks, never below zero; there is no default, because a price has a year and a source."""
    return Argument(name, unit, meaning, symbol, least=0.0)


def year_use(method: str) -> Use:
    """Return the parameter that says in which year's money a method's prices stand."""
    return Use(f"valuation.{method}.price_year", "year", Text("价格年", "price year"))
