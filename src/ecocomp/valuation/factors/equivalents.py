"""Formulas of valuation by equivalents: one standard equivalent, its adjustment to place and month, and the worth of land.

References
----------
1. Xie Gaodi et al. 2015, 自然资源学报 30(8):1243-1254.
2. Xie Gaodi et al. 2008, 自然资源学报 23(5):911-919.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.valuation.equivalents import adjusted, seventh_of_grain, three_crops, worth
from ecocomp.valuation.price import exact, plain_worth
from ecocomp.valuation.spec_parts import WORTH

XIE_2015 = Reference("Xie Gaodi et al. 2015, 自然资源学报 30(8):1243-1254", "v", "read in public code and in papers that quote it")
_NOT_INVEST = Text(
    "InVEST 没有对应的模块：它核算物理量，不用当量。", "InVEST has no such module: it computes quantities, not equivalents."
)
_STANDARD = Use("standard_equivalent", "CNY/ha/a", Text("一个标准当量的价值", "worth of one standard equivalent"), symbol="D")


def equivalent_value(area: float, equivalent: float, standard_equivalent: float) -> dict[str, object]:
    """Return the worth of `area` (ha) at `equivalent` per hectare and `standard_equivalent` (CNY/ha/a), exact to the fen."""
    return plain_worth(1.0, worth(exact(area), exact(equivalent), exact(standard_equivalent)))


def standard_equivalent(shares: Sequence[float], net_profits: Sequence[float]) -> dict[str, float]:
    """Return Σ share × net profit (CNY/ha/a) of the main crops; refuses a result that is not above zero."""
    parts = [exact(s) for s in shares]
    whole = sum(parts, Fraction(0))
    if len(shares) != len(net_profits) or abs(whole - 1) > Fraction(1, 1000):
        clash = Text("{n} 个比例合计 {t}，净利润有 {m} 个。", "{n} shares add up to {t}; there are {m} net profits.")
        raise FaultsError([_refused(clash.fill(n=len(shares), t=float(whole), m=len(net_profits)), _SHARES)])
    found = three_crops(parts, [exact(p) for p in net_profits])
    if found <= 0:
        clash = Text(
            "一个标准当量值 {v} 元/公顷，不大于零。", "One standard equivalent is worth {v} CNY/ha, which is not above zero."
        )
        raise FaultsError([_refused(clash.fill(v=float(found)), _LOSS)])
    return {"standard_equivalent": float(found)}


_SHARES = Text(
    "每种作物一个比例、一个净利润，比例合计为 1。", "Give one share and one net profit to each crop; the shares add up to 1."
)
_LOSS = Text(
    "净利润为负的年份改用多年平均或七分之一法。", "In years of losses take a mean of years, or one seventh of the worth of grain."
)


def _refused(clash: Text, remedy: Text) -> Fault:
    return Fault("valuation.equivalent_worth", "standard_equivalent", "", clash, remedy)


def standard_equivalent_grain(grain_yield: float, grain_price: float) -> dict[str, float]:
    """Return one seventh of the worth of a hectare's grain (kg/ha × CNY/kg), in CNY/ha/a."""
    return {"standard_equivalent": float(seventh_of_grain(exact(grain_yield), exact(grain_price)))}


def dynamic_equivalent(equivalent: float, amount: float, mean: float) -> dict[str, float]:
    """Return an equivalent scaled by a place's amount (NPP, rain or soil kept) over the national mean of the same unit."""
    return {"ratio": float(exact(amount) / exact(mean)), "adjusted": float(adjusted(exact(equivalent), exact(amount), exact(mean)))}


FORMULAS: tuple[Formula, ...] = (
    Formula(
        Spec(
            id="equivalent_value",
            name=Text("当量价值", "value by equivalents"),
            summary=Text(
                "面积乘单位面积当量再乘一个标准当量的价值。",
                "Area times equivalents per hectare times the worth of one standard equivalent.",
            ),
            unit="CNY/a",
            inputs=(),
            arguments=(
                Argument("area", "ha", Text("面积", "area"), "A", least=0.0),
                Argument("equivalent", "1/ha", Text("单位面积当量", "equivalents per hectare"), "e"),
                Argument(
                    "standard_equivalent",
                    "CNY/ha/a",
                    Text("一个标准当量的价值", "worth of one standard equivalent"),
                    "D",
                    least=0.0,
                ),
            ),
            outputs=WORTH,
            formula="V = A · e · D",
            holds=Text(
                "当量为全国均值；水田的水资源供给当量为负，须保留。与按服务定价的结果不得相加。",
                "Equivalents are national means; paddy has a negative one for water supply, which must stay. Never add the result "
                "to services priced one by one.",
            ),
            differs=_NOT_INVEST,
            references=(XIE_2015,),
            examples=(
                Example(
                    {"area": 100.0, "equivalent": 22.95, "standard_equivalent": 3406.5},
                    {"value_fen": 781_791_750},
                    "broadleaf forest, all services: 100 × 22.95 × 3406.50 = 7 817 917.50 CNY, by hand",
                    0.0,
                ),
                Example(
                    {"area": 2.0, "equivalent": -2.63, "standard_equivalent": 3406.5},
                    {"value_fen": -1_791_819},
                    "water that paddy uses: 2 × −2.63 × 3406.50 = −17 918.19 CNY, by hand",
                    0.0,
                ),
            ),
        ),
        equivalent_value,
    ),
    Formula(
        Spec(
            id="standard_equivalent",
            name=Text("标准当量价值（三大粮食作物）", "worth of one standard equivalent (three crops)"),
            summary=Text(
                "以稻谷、小麦、玉米播种面积比例加权的单位面积净利润。",
                "Net profit per hectare of rice, wheat and maize, weighted by their sown shares.",
            ),
            unit="CNY/ha/a",
            inputs=(),
            arguments=(
                Argument(
                    "shares",
                    "1",
                    Text("各作物播种面积比例，合计为 1", "sown share of each crop, adding up to 1"),
                    "S",
                    "list",
                    least=0.0,
                    most=1.0,
                ),
                Argument(
                    "net_profits", "CNY/ha", Text("各作物净利润，可为负", "net profit of each crop; may be a loss"), "F", "list"
                ),
            ),
            outputs=(_STANDARD,),
            formula="D = Σ S · F",
            holds=Text(
                "净利润为负的年份结果可能不大于零，此时拒绝；改用多年平均。",
                "In years of losses the result may not be above zero and is refused; take a mean of years.",
            ),
            differs=_NOT_INVEST,
            references=(XIE_2015,),
            examples=(
                Example(
                    {"shares": [0.3, 0.25, 0.45], "net_profits": [4500.0, 2000.0, 3500.0]},
                    {"standard_equivalent": 3425.0},
                    "1350 + 500 + 1575 = 3425, by hand (invented figures)",
                    1e-12,
                ),
                Example(
                    {"shares": [0.5, 0.5], "net_profits": [3000.0, -1000.0]},
                    {"standard_equivalent": 1000.0},
                    "a crop at a loss lowers it: 1500 − 500, by hand",
                    1e-12,
                ),
            ),
        ),
        standard_equivalent,
    ),
    Formula(
        Spec(
            id="standard_equivalent_grain",
            name=Text("标准当量价值（七分之一法）", "worth of one standard equivalent (one seventh of grain)"),
            summary=Text(
                "单位面积粮食产值的七分之一：较早的算法。",
                "One seventh of the worth of a hectare's grain: the older rule.",
            ),
            unit="CNY/ha/a",
            inputs=(),
            arguments=(
                Argument("grain_yield", "kg/ha", Text("粮食单产", "grain yield"), "Y", least=0.0),
                Argument("grain_price", "CNY/kg", Text("粮食价格", "price of grain"), "p", least=0.0),
            ),
            outputs=(_STANDARD,),
            formula="D = Y · p / 7",
            holds=Text(
                "与三大作物法结果相差可达数倍，不可混用。",
                "It differs from the rule of three crops by several times; never mix them.",
            ),
            differs=_NOT_INVEST,
            references=(
                Reference("土地整治的生态系统服务价值评估, 庆阳 (ChinaXiv-202004.00060V1)", "V", "4600.89 kg/ha, 2.28 CNY/kg"),
            ),
            examples=(
                Example(
                    {"grain_yield": 4600.89, "grain_price": 2.28},
                    {"standard_equivalent": 1498.5756},
                    "mean of 1990–2015; the paper prints 1498.58",
                    1e-9,
                ),
                Example(
                    {"grain_yield": 10701.16, "grain_price": 2.61},
                    {"standard_equivalent": 3990.0},
                    "德州市 doi 10.5846/stxb201603300581: mean of 2006–2014 at the price of 2014; printed 3990.00",
                    2e-6,
                ),
            ),
        ),
        standard_equivalent_grain,
    ),
    Formula(
        Spec(
            id="dynamic_equivalent",
            name=Text("时空动态当量", "equivalent adjusted to place and time"),
            summary=Text(
                "以当地（当月）净初级生产、降水或土壤保持量与全国均值之比调整当量。",
                "Scales an equivalent by the place's (and month's) production, rain or soil kept over the national mean.",
            ),
            unit="1/ha",
            inputs=(),
            arguments=(
                Argument("equivalent", "1/ha", Text("全国当量", "national equivalent"), "f"),
                Argument(
                    "amount", "", Text("当地的量（与均值同单位）", "amount of the place, in the unit of the mean"), "X", least=0.0
                ),
                Argument("mean", "", Text("全国均值", "national mean"), "M", least=1e-12),
            ),
            outputs=(
                Use("ratio", "1", Text("调整系数", "ratio"), symbol="k"),
                Use("adjusted", "1/ha", Text("调整后的当量", "adjusted equivalent"), symbol="e"),
            ),
            formula="k = X / M\ne = k · f",
            holds=Text(
                "净初级生产调整食物、原料、气体、气候、净化、养分、生物多样性、景观；降水调整水资源与水文；土壤保持量调整土壤保持。",
                "Production moves food, raw material, gas, climate, purification, nutrients, biodiversity and landscape; "
                "rain moves water supply and hydrology; soil kept moves soil conservation.",
            ),
            differs=_NOT_INVEST,
            references=(
                Reference(XIE_2015.title, "R", "the three kinds of ratio were read in its abstract; their services are remembered"),
            ),
            examples=(
                Example({"equivalent": 5.0, "amount": 660.0, "mean": 600.0}, {"ratio": 1.1, "adjusted": 5.5}, "by hand", 1e-12),
                Example(
                    {"equivalent": 102.24, "amount": 300.0, "mean": 600.0},
                    {"ratio": 0.5, "adjusted": 51.12},
                    "half the rain",
                    1e-12,
                ),
            ),
        ),
        dynamic_equivalent,
    ),
)
