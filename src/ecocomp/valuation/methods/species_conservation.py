"""Habitat priced by the class of species diversity it supports (物种保育价值).

LY/T 1721-2008 pays a fixed sum per hectare and year by the class of the Shannon–Wiener index H. The quantity is the
quality-weighted area that `habitat_quality` gives, so that a degraded hectare counts for less than a whole one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.valuation.price import Range, UnitPrice, exact, known, plain_worth, price_year, unit_factor
from ecocomp.valuation.spec_parts import WORTH, year_use

UNITS = {"ha": Fraction(1), "hm2": Fraction(1), "km2": Fraction(100), "mu": Fraction(1, 15)}
_K = "valuation.species_conservation"
PRICES: dict[str, str] = {}
"""No single price: a table by class, so that a price file cannot set it."""
PRICE_UNIT = "CNY/ha"
_INDEX = Text("香农—维纳指数", "Shannon–Wiener index")

SPEC = Spec(
    id="species_conservation",
    name=Text("物种保育价值法", "species conservation class price"),
    summary=Text(
        "以香农—维纳指数等级对应的单位面积物种保育价值乘（按质量加权的）生境面积计量。",
        "Values (quality-weighted) habitat at the price per hectare of its class of the Shannon–Wiener index.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "ha", Text("按质量加权的生境面积", "quality-weighted habitat")),),
    arguments=(
        Argument("area", "ha", Text("按质量加权的生境面积", "quality-weighted habitat"), "A"),
        Argument("shannon_index", "1", _INDEX, "H", least=0.0, most=12.0),
        Argument("breaks", "1", Text("等级分界，由小到大", "class breaks, rising"), "B", kind="list", least=0.0),
        Argument(
            "prices",
            "CNY/ha/a",
            Text("各等级单价，比分界多一个", "price of each class, one more than the breaks"),
            "P",
            kind="list",
            least=0.0,
        ),
    ),
    parameters=(
        Use(f"{_K}.shannon_index", "1", _INDEX, optional=True, symbol="H"),
        Use(
            f"{_K}.class_prices",
            "CNY/ha/a",
            Text("各等级单价，以等级下界为键", "price of each class, by its lower break"),
            symbol="P",
        ),
        year_use("species_conservation"),
    ),
    outputs=(Use("price", "CNY/ha/a", Text("所在等级的单价", "price of the class"), symbol="p"), *WORTH),
    formula="p = P(H, B)\nV = A · p",
    holds=Text(
        "指数须来自样地调查；等级单价为森林制定，用于草地、湿地应另有依据。等级界上的值属于较高等级。",
        "The index must come from plots; the class prices were made for forest, so use on grassland or wetland needs a reason. "
        "An index on a break belongs to the class above.",
    ),
    differs=Text(
        "InVEST 生境质量不计价；这里只借用其质量作面积权重。",
        "InVEST habitat quality has no price; here its quality only weighs the area.",
    ),
    references=(Reference("LY/T 1721-2008 森林生态系统服务功能评估规范, species conservation classes", "R"),),
    examples=(
        Example(
            {
                "area": 10.0,
                "shannon_index": 3.2,
                "breaks": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                "prices": [3000.0, 5000.0, 10000.0, 20000.0, 30000.0, 40000.0, 50000.0],
            },
            {"price": 20000.0, "value_fen": 20_000_000},
            "class 3 to 4 of the remembered table: 10 ha × 20 000, by hand",
            0.0,
        ),
        Example(
            {
                "area": 2.5,
                "shannon_index": 6.0,
                "breaks": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                "prices": [3000.0, 5000.0, 10000.0, 20000.0, 30000.0, 40000.0, 50000.0],
            },
            {"price": 50000.0, "value_fen": 12_500_000},
            "an index on the highest break belongs to the highest class: 2.5 ha × 50 000, by hand",
            0.0,
        ),
    ),
)


def evaluate(area: float, shannon_index: float, breaks: Sequence[float], prices: Sequence[float]) -> dict[str, object]:
    """Return the worth of `area` (ha, weighted by quality) at the price of the class of `shannon_index`, exact to the fen."""
    if len(prices) != len(breaks) + 1 or list(breaks) != sorted(set(breaks)):
        raise FaultsError([_bad_classes("prices", len(prices), len(breaks))])
    price = _of_class(exact(shannon_index), [exact(b) for b in breaks], [exact(p) for p in prices])
    return {"price": float(price), **plain_worth(area, price)}


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of habitat: the price of the class of the place's index, at the ends of its range too."""
    del product  # the service has no products
    table = params.table(f"{_K}.class_prices")
    classes = sorted((Fraction(k), Fraction(v)) for k, v in table.items())
    if not classes or classes[0][0] != 0 or any(v < 0 for _, v in classes):
        raise FaultsError([_bad_classes(params.get(f"{_K}.class_prices").file, len(classes), 0)])
    breaks, prices = [k for k, _ in classes[1:]], [v for _, v in classes]
    index = known(params, f"{_K}.shannon_index")
    yuan = [_of_class(h, breaks, prices) for h in (index.low, index.value, index.high)]
    found = Range(min(yuan), yuan[1], max(yuan))
    return UnitPrice(found.scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))


def _of_class(index: Fraction, breaks: Sequence[Fraction], prices: Sequence[Fraction]) -> Fraction:
    return prices[bisect_right(breaks, index)]


def _bad_classes(where: str, prices: int, breaks: int) -> Fault:
    return Fault(
        "valuation.classes",
        where,
        SPEC.id,
        Text(
            "等级单价有 {p} 个，分界有 {b} 个，或分界没有由小到大、最低等级不从 0 起、单价小于零。",
            "There are {p} class prices and {b} breaks, or the breaks do not rise, the lowest class does not start at 0, or a "
            "price is below zero.",
        ).fill(p=prices, b=breaks),
        Text(
            "单价比分界多一个；表以等级下界为键，从 0 起。",
            "Give one price more than breaks; a table has lower breaks as keys, from 0.",
        ),
    )
