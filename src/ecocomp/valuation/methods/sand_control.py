"""Sand fixation priced as sand-control works that need not be built.

V = Q/(ρ·h)·c: the sand kept in place would cover an area with a layer h thick, and treating that area costs c per
square metre. Pema Dolkar et al. 2017, doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Argument, Example, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import Range, UnitPrice, known, plain_worth, point, price_year, stated_price, unit_factor
from ecocomp.valuation.spec_parts import GANZI, NOT_INVEST, WORTH, price_argument, quantity_argument, year_use

UNITS = {"t": Fraction(1), "kg": Fraction(1, 1000), "10^4t": Fraction(10_000)}
_K = "valuation.sand_control"
PRICES = {"": f"{_K}.price"}
PRICE_UNIT = "CNY/m2"
_DENSITY, _DEPTH = Text("沙的容重", "bulk density of sand"), Text("标准覆沙厚度", "standard depth of sand cover")
_PRICE = Text("单位面积治沙成本", "sand-control cost by area")

SPEC = Spec(
    id="sand_control",
    name=Text("治沙费用法", "sand-control cost"),
    summary=Text(
        "以固沙量折合的覆沙面积乘单位面积治沙成本计量防风固沙的价值。",
        "Values fixed sand at the cost of treating the area that the sand would have covered.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t/a", Text("固沙量", "sand fixed")),),
    arguments=(
        quantity_argument("t/a", Text("固沙量", "sand fixed")),
        Argument("bulk_density", "t/m3", _DENSITY, "ρ", least=0.1, most=5.0),
        Argument("cover_depth", "m", _DEPTH, "h", least=0.001, most=10.0),
        price_argument("CNY/m2", _PRICE, "c"),
    ),
    parameters=(
        Use(f"{_K}.bulk_density", "t/m3", _DENSITY, symbol="ρ"),
        Use(f"{_K}.cover_depth", "m", _DEPTH, symbol="h"),
        Use(f"{_K}.price", "CNY/m2", _PRICE, symbol="c"),
        year_use("sand_control"),
    ),
    outputs=(Use("area", "m2/a", Text("覆沙面积", "area the sand would cover"), symbol="A"), *WORTH),
    formula="A = Q / (ρ · h)\nV = A · c",
    holds=Text("沙源区；覆沙厚度为约定值。", "Where sand is on the move; the depth of cover is a convention."),
    differs=NOT_INVEST,
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 7_794_200.0, "bulk_density": 1.28, "cover_depth": 0.1, "price": 3.75},
            {"area": 60_892_187.5, "value_fen": 22_834_570_312},
            "Ganzi 2010: 779.42e4 t → 60.89 km2 × 3.75 CNY/m2 = 2.2835e8 CNY (228 345 703.125, half-even)",
            0.0,
        ),
        Example(
            {"quantity": 1.28, "bulk_density": 1.28, "cover_depth": 0.1, "price": 3.75},
            {"area": 10.0, "value_fen": 3750},
            "1.28 t / 0.128 = 10 m2 × 3.75 = 37.50 CNY, by hand",
            0.0,
        ),
    ),
)


def evaluate(quantity: float, bulk_density: float, cover_depth: float, price: float) -> dict[str, object]:
    """Return the worth of sand fixed (t/a) where a layer `cover_depth` (m) thick costs `price` (CNY/m2), exact to the fen."""
    area = _area(point(bulk_density), point(cover_depth))
    covered = area.times(point(quantity)).value
    return {"area": float(covered), **plain_worth(quantity, area.times(point(price)).value)}


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of sand fixed, with its range."""
    del product  # the service has no products
    area = _area(known(params, f"{_K}.bulk_density", positive=True), known(params, f"{_K}.cover_depth", positive=True))
    yuan = area.times(stated_price(params, PRICES[""], SPEC.id))
    return UnitPrice(yuan.scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))


def _area(bulk_density: Range, cover_depth: Range) -> Range:
    """Return the area (m2) that one tonne would cover, 1/(ρ·h)."""
    return point(1).over(bulk_density.times(cover_depth))
