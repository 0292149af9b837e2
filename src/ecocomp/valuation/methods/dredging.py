"""Soil retention priced as silt that need not be dredged, and optionally as nutrients that need not be removed.

V1 = λ·(SC/ρ)·c: of the soil kept in place the share λ would have silted up reservoirs and rivers. V2 = Σ SC·C_i·P_i
for nitrogen and phosphorus is added where a place gives their contents. Pema Dolkar et al. 2017,
doi 10.5846/stxb201607011362.
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
PRICES = {"": f"{_K}.price", "nitrogen": f"{_K}.nitrogen_price", "phosphorus": f"{_K}.phosphorus_price"}
PRICE_UNIT = "CNY/m3"
PRICE_UNITS = {"nitrogen": "CNY/t", "phosphorus": "CNY/t"}
"""Where the price of a part stands in another unit than the main one."""
_SHARE, _DENSITY = Text("泥沙淤积系数", "share that silts up"), Text("土壤容重", "soil bulk density")
_PRICE = Text("清淤单价", "dredging price")
_NITROGEN, _PHOSPHORUS = Text("土壤纯氮含量", "pure nitrogen in soil"), Text("土壤纯磷含量", "pure phosphorus in soil")
_NITROGEN_PRICE, _PHOSPHORUS_PRICE = Text("去除氮的费用", "nitrogen removal"), Text("去除磷的费用", "phosphorus removal")


def _content(name: str, meaning: Text, symbol: str) -> Argument:
    return Argument(name, "1", meaning, symbol, default=0.0, least=0.0, most=1.0)


def _removal(name: str, meaning: Text, symbol: str) -> Argument:
    return Argument(name, "CNY/t", meaning, symbol, default=0.0, least=0.0)


SPEC = Spec(
    id="dredging",
    name=Text("清淤费用法", "dredging cost"),
    summary=Text(
        "以减少的泥沙淤积量乘清淤单价计量土壤保持的价值；给出养分含量时加上减少面源污染的价值。",
        "Values soil retention at the dredging it saves, plus the nutrient removal it saves where contents are given.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t/a", Text("土壤保持量", "soil retained")),),
    arguments=(
        quantity_argument("t/a", Text("土壤保持量", "soil retained"), "SC"),
        Argument("silting_share", "1", _SHARE, "λ", least=0.0, most=1.0),
        Argument("bulk_density", "t/m3", _DENSITY, "ρ", least=0.1, most=5.0),
        price_argument("CNY/m3", _PRICE, "c"),
        _content("nitrogen_content", _NITROGEN, "C_N"),
        _removal("nitrogen_price", _NITROGEN_PRICE, "P_N"),
        _content("phosphorus_content", _PHOSPHORUS, "C_P"),
        _removal("phosphorus_price", _PHOSPHORUS_PRICE, "P_P"),
    ),
    parameters=(
        Use(f"{_K}.silting_share", "1", _SHARE, symbol="λ"),
        Use(f"{_K}.bulk_density", "t/m3", _DENSITY, symbol="ρ"),
        Use(f"{_K}.price", "CNY/m3", _PRICE, symbol="c"),
        year_use("dredging"),
        Use(f"{_K}.nitrogen_content", "1", _NITROGEN, optional=True, symbol="C_N"),
        Use(f"{_K}.nitrogen_price", "CNY/t", _NITROGEN_PRICE, optional=True, symbol="P_N"),
        Use(f"{_K}.phosphorus_content", "1", _PHOSPHORUS, optional=True, symbol="C_P"),
        Use(f"{_K}.phosphorus_price", "CNY/t", _PHOSPHORUS_PRICE, optional=True, symbol="P_P"),
    ),
    outputs=(
        Use("silt", "m3/a", Text("减少的淤积量", "silt that need not be dredged"), symbol="S"),
        Use("silt_value", "CNY/a", Text("减少淤积的价值", "worth of dredging saved"), symbol="V1"),
        Use("nutrient_value", "CNY/a", Text("减少面源污染的价值", "worth of nutrient removal saved"), symbol="V2"),
        *WORTH,
    ),
    formula="S = λ · SC / ρ\nV1 = S · c\nV2 = SC · C_N · P_N + SC · C_P · P_P\nV = V1 + V2",
    holds=Text(
        "λ 为全国经验值，容重应取当地值；养分项仅在规则给出含量时计入。总量与养分项合并后只取整一次。",
        "λ is a national average; the bulk density should be local; nutrients count only where their contents are given. "
        "The sum is rounded once.",
    ),
    differs=Text(
        "InVEST 的泥沙输移比代替 λ：它逐格给出进入河道的泥沙；用其结果时改用 sediment_removal，勿再乘 λ。",
        "InVEST replaces λ by a delivery ratio cell by cell: for sediment kept out of streams use sediment_removal and no λ.",
    ),
    references=(GANZI,),
    examples=(
        Example(
            {"quantity": 3_886_000_000.0, "silting_share": 0.24, "bulk_density": 0.93, "price": 15.58},
            {"silt": 1_002_838_709.6774194, "value_fen": 1_562_422_709_677},
            "Ganzi 2010: 38.86e8 t → 10.03e8 m3 × 15.58 = 156.2423e8 CNY; the paper prints 156.2555e8 from an unrounded quantity",
            1e-12,
        ),
        Example(
            {
                "quantity": 3_886_000_000.0,
                "silting_share": 0.24,
                "bulk_density": 0.93,
                "price": 15.58,
                "nitrogen_content": 0.0037,
                "nitrogen_price": 875.0,
                "phosphorus_content": 0.00108,
                "phosphorus_price": 2800.0,
            },
            {"silt_value": 15_624_227_096.77, "nutrient_value": 24_332_189_000.0, "value_fen": 3_995_641_609_677},
            "Ganzi 2010: 156.24e8 + 125.81e8 + 117.51e8 = 399.56e8 CNY; the paper prints 399.60e8 from unrounded quantities",
            1e-12,
        ),
    ),
)


def evaluate(
    quantity: float,
    silting_share: float,
    bulk_density: float,
    price: float,
    nitrogen_content: float = 0.0,
    nitrogen_price: float = 0.0,
    phosphorus_content: float = 0.0,
    phosphorus_price: float = 0.0,
) -> dict[str, object]:
    """Return the worth of soil kept (t/a): dredging saved at `price` (CNY/m3) and nutrients at theirs (CNY/t)."""
    silt = _silt(point(silting_share), point(bulk_density))
    dredged = silt.times(point(price))
    nutrients = _nutrient(point(nitrogen_content), point(nitrogen_price))
    nutrients = nutrients.plus(_nutrient(point(phosphorus_content), point(phosphorus_price)))
    return {
        "silt": float(exact(quantity) * silt.value),
        "silt_value": plain_worth(quantity, dredged.value)["value"],
        "nutrient_value": plain_worth(quantity, nutrients.value)["value"],
        **plain_worth(quantity, dredged.plus(nutrients).value),
    }


def unit_price(unit: str, params: Parameters, product: str = "") -> UnitPrice:
    """Return yuan per `unit` of soil kept, with its range."""
    del product  # the service has no products
    silt = _silt(known(params, f"{_K}.silting_share"), known(params, f"{_K}.bulk_density", positive=True))
    yuan = silt.times(stated_price(params, PRICES[""], SPEC.id))
    for nutrient in ("nitrogen", "phosphorus"):
        if params.has(f"{_K}.{nutrient}_content"):
            yuan = yuan.plus(_nutrient(known(params, f"{_K}.{nutrient}_content"), stated_price(params, PRICES[nutrient], SPEC.id)))
    return UnitPrice(yuan.scaled(unit_factor(unit, UNITS, SPEC.id)), price_year(params, SPEC.id))


def _silt(share: Range, bulk_density: Range) -> Range:
    """Return the silt (m3) that one tonne of soil would make, λ/ρ."""
    return share.over(bulk_density)


def _nutrient(content: Range, price: Range) -> Range:
    """Return yuan for the nutrient in one tonne of soil, C·P."""
    return content.times(price)
