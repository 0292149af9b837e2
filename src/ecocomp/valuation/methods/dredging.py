"""Soil retention priced as silt that need not be dredged, and optionally as nutrients that need not be removed.

V1 = λ·(SC/ρ)·c: of the soil kept in place the share λ would have silted up reservoirs and rivers. V2 = Σ SC·C_i·P_i
for nitrogen and phosphorus is added where a place gives their contents. Pema Dolkar et al. 2017,
doi 10.5846/stxb201607011362.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text
from ecocomp.valuation.price import Range, UnitPrice, Valued, known, price_year, unit_factor, value_of

_UNITS = {"t": Fraction(1), "kg": Fraction(1, 1000), "10^4t": Fraction(10_000)}
_K = "valuation.dredging"

SPEC = Spec(
    id="dredging",
    name=Text("清淤费用法", "dredging cost"),
    summary=Text(
        "以减少的泥沙淤积量乘清淤单价计量土壤保持的价值；给出养分含量时加上减少面源污染的价值。",
        "Values soil retention at the dredging it saves, plus the nutrient removal it saves where contents are given.",
    ),
    unit="CNY/a",
    inputs=(Use("quantity", "t/a", Text("土壤保持量", "soil retained")),),
    parameters=(
        Use(f"{_K}.silting_share", "1", Text("泥沙淤积系数", "share that silts up")),
        Use(f"{_K}.bulk_density", "t/m3", Text("土壤容重", "soil bulk density")),
        Use(f"{_K}.price", "CNY/m3", Text("清淤单价", "dredging price")),
        Use(f"{_K}.price_year", "year", Text("价格年", "price year")),
        Use(f"{_K}.nitrogen_content", "1", Text("土壤纯氮含量", "pure nitrogen in soil"), optional=True),
        Use(f"{_K}.nitrogen_price", "CNY/t", Text("去除氮的费用", "nitrogen removal"), optional=True),
        Use(f"{_K}.phosphorus_content", "1", Text("土壤纯磷含量", "pure phosphorus in soil"), optional=True),
        Use(f"{_K}.phosphorus_price", "CNY/t", Text("去除磷的费用", "phosphorus removal"), optional=True),
    ),
    outputs=(Use("value_fen", "fen/a", Text("价值", "value")),),
    formula="V = λ·(SC/ρ)·c + Σ_i SC·C_i·P_i",
    holds=Text(
        "λ 为全国经验值，容重应取当地值；养分项仅在规则给出含量时计入。",
        "λ is a national average; the bulk density should be local; nutrients count only where their contents are given.",
    ),
    references=(
        Reference("Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. 2017, 生态学报 37(19):6302-6312, doi 10.5846/stxb201607011362", "V"),
    ),
    examples=(
        Example(
            {
                "quantity": 3_886_000_000.0,
                "unit": "t/a",
                "parameters": {
                    f"{_K}.silting_share": "0.24",
                    f"{_K}.bulk_density": "0.93",
                    f"{_K}.price": "15.58",
                    f"{_K}.price_year": "2010",
                },
            },
            {"value_fen": 1_562_422_709_677},
            "Ganzi 2010: 38.86e8 t → 10.03e8 m3 × 15.58 = 156.2e8 CNY; the paper prints 156.26e8 from the rounded volume",
            0.0,
        ),
    ),
)


def unit_price(unit: str, params: Parameters) -> UnitPrice:
    """Return yuan per `unit` of soil kept."""
    factor = unit_factor(unit, _UNITS, SPEC.id)
    silt = known(params, f"{_K}.silting_share").over(known(params, f"{_K}.bulk_density", positive=True))
    yuan = silt.times(known(params, f"{_K}.price"))
    for nutrient in ("nitrogen", "phosphorus"):
        yuan = yuan.plus(_nutrient(nutrient, params))
    return UnitPrice(yuan.scaled(factor), price_year(params, SPEC.id))


def value_fen(quantity: float, unit: str, params: Parameters) -> Valued:
    """Return the worth of soil kept in a year, in fen of the price year."""
    return value_of(quantity, unit_price(unit, params))


def _nutrient(name: str, params: Parameters) -> Range:
    if not params.has(f"{_K}.{name}_content"):
        return Range(Fraction(0), Fraction(0), Fraction(0))
    return known(params, f"{_K}.{name}_content").times(known(params, f"{_K}.{name}_price"))
