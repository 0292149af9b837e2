"""Sand fixation priced as sand-control works that need not be built.

V = Q/(ρ·h)·c: the sand kept in place would cover an area with a layer h thick, and treating that area costs c per
square metre. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import UnitPrice, Valued, known, price_year, unit_factor, value_of

_UNITS = {"t": Fraction(1), "kg": Fraction(1, 1000), "10^4t": Fraction(10_000)}
_K = "valuation.sand_control"

SPEC = Spec(
    id="sand_control",
    name=Text("治沙费用法", "sand-control cost"),
    summary=Text(
        "以固沙量折合的覆沙面积乘单位面积治沙成本计量防风固沙的价值。",
        "Values fixed sand at the cost of treating the area that the sand would have covered.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t/a", Text("固沙量", "sand fixed")),),
    parameters=(
        Use(f"{_K}.bulk_density", "t/m3", Text("沙的容重", "bulk density of sand")),
        Use(f"{_K}.cover_depth", "m", Text("标准覆沙厚度", "standard depth of sand cover")),
        Use(f"{_K}.price", "CNY/m2", Text("治沙成本", "sand-control cost")),
        Use(f"{_K}.price_year", "year", Text("价格年", "price year")),
    ),
    outputs=(Use("value_fen", "fen/a", Text("价值", "value")),),
    formula="V = Q/(ρ·h) · c",
    holds=Text("沙源区；覆沙厚度为约定值。", "Where sand is on the move; the depth of cover is a convention."),
    references=(
        Reference("Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. 2017, 生态学报 37(19):6302-6312, doi 10.5846/stxb201607011362", "V"),
    ),
    examples=(
        Example(
            {
                "quantity": 7_794_200.0,
                "unit": "t/a",
                "parameters": {
                    f"{_K}.bulk_density": "1.28",
                    f"{_K}.cover_depth": "0.1",
                    f"{_K}.price": "3.75",
                    f"{_K}.price_year": "2010",
                },
            },
            {"value_fen": 22_834_570_312},
            "Ganzi 2010: 779.42e4 t → 60.89 km2 × 3.75 CNY/m2 = 2.2835e8 CNY (228 345 703.125, half-even)",
            0.0,
        ),
    ),
)


def unit_price(unit: str, params: Parameters) -> UnitPrice:
    """Return yuan per `unit` of sand fixed."""
    factor = unit_factor(unit, _UNITS, SPEC.id)
    layer = known(params, f"{_K}.bulk_density", positive=True).times(known(params, f"{_K}.cover_depth", positive=True))
    return UnitPrice(known(params, f"{_K}.price").over(layer).scaled(factor), price_year(params, SPEC.id))


def value_fen(quantity: float, unit: str, params: Parameters) -> Valued:
    """Return the worth of sand fixed in a year, in fen of the price year."""
    return value_of(quantity, unit_price(unit, params))
