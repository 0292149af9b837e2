"""Formulas of compensation standards in the literature: development coefficient, priority, bounds, annuity.

For researchers and for officers who argue about a standard. What a county pays follows `standard/rules`, not these.
"""

from __future__ import annotations

import math

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.terms.limits import exceeds

BAILONG = Reference("甘肃白龙江流域生态补偿, doi:10.5846/stxb201509231959", "V", "L = 1/(1 + e^(3 − 1/En))")
GRAIN = Reference("环京津地区耕地生态补偿量化研究, doi:10.13930/j.cnki.cjea.161080", "V", "composite Engel coefficient")
XINJIANG = Reference("Sun Yunfeng et al., 新疆重点生态功能区生态补偿的空间选择研究, ChinaXiv-202104.00049V1", "V")
SHEET = Reference("computed independently for this project", "C")
PRIORITY = ((0.27, "潜在补偿区 potential"), (1.41, "次优先补偿区 secondary"), (math.inf, "优先补偿区 priority"))


def development_coefficient(*, engel: float) -> dict[str, float]:
    """Return L = 1/(1 + e^−t), t = 1/En − 3: the poorer a place (the higher Engel), the lower what it can pay."""
    t = 1.0 / engel - 3.0
    return {"t": t, "coefficient": 1.0 / (1.0 + math.exp(-t))}


def engel_composite(*, urban: float, rural: float, urban_share: float) -> dict[str, float]:
    """Return En = En_urban·φ + En_rural·(1 − φ)."""
    return {"engel": urban * urban_share + rural * (1.0 - urban_share)}


def value_by_development(*, value: float, engel: float, factor: float = 1.0) -> dict[str, float]:
    """Return the standard Std = ESV·L·k."""
    found = development_coefficient(engel=engel)["coefficient"]
    return {"coefficient": found, "standard": value * found * factor}


def compensation_priority(*, non_market_value: float, gdp: float) -> dict[str, object]:
    """Return ECPS = VN/GN and its class; high means: compensate first."""
    index = non_market_value / gdp
    return {"priority": index, "grade": next(name for top, name in PRIORITY if not exceeds(index, top))}


def benefit_per_yuan(*, non_market_value: float, received: float) -> dict[str, float]:
    """Return R_m = VAL_m/C_m, non-market value for each yuan received."""
    return {"ratio": non_market_value / received}


def annuity(*, capital: float, rate: float, years: float) -> dict[str, float]:
    """Return the yearly amount that pays off a capital, A = P·i(1+i)^n/((1+i)^n − 1); P/n where i is 0."""
    if rate == 0.0:
        return {"annuity": capital / years}
    grown = math.expm1(years * math.log1p(rate))
    return {"annuity": capital * rate * (grown + 1.0) / grown}


def standard_bounds(
    *, opportunity_cost: float, value: float, engel: float, protection_cost: float = 0.0, affordable: float = math.inf
) -> dict[str, object]:
    """Return lower bound OC + PC, upper bound min(ESV·L, affordable), and the standard max(lower, upper)."""
    lower = opportunity_cost + protection_cost
    upper = min(value * development_coefficient(engel=engel)["coefficient"], affordable)
    return {"lower": lower, "upper": upper, "standard": max(lower, upper), "in_order": lower <= upper}


def horizontal_net(*, received: float, given: float, share: float) -> dict[str, float]:
    """Return what a downstream place owes: (value received − value given)·share; below zero it is owed."""
    return {"net": (received - given) * share}


_EN = takes("engel", "1", ("恩格尔系数", "Engel coefficient"), "En", least=0.05, most=1)
_L = gives("coefficient", "1", ("社会发展阶段系数", "development coefficient"), "L")
_V = takes("value", "CNY/(ha·a)", ("生态系统服务价值", "value of the services"), "ESV", least=0)
_VN = takes("non_market_value", "CNY", ("非市场生态价值", "non-market value"), "VN", least=0)

FORMULAS: tuple[Formula, ...] = (
    formula(
        "development_coefficient",
        development_coefficient,
        ("社会发展阶段系数", "development coefficient"),
        ("按恩格尔系数折算的支付意愿，0–1。", "Willingness to pay by the Engel coefficient, 0..1."),
        "t = 1/En − 3\nL = 1 / (1 + e^(−t))",
        (_EN,),
        (gives("t", "1", ("发展阶段", "stage"), "t"), _L),
        (BAILONG, SHEET),
        (
            Example({"engel": 0.5}, {"coefficient": 0.268941}, "computed independently"),
            Example({"engel": 0.4}, {"coefficient": 0.377541}, "computed independently"),
        ),
        (
            "恩格尔系数越低，系数越高。把 t 直接取作恩格尔系数的写法会使越穷的地区系数越高，不予采用。",
            "The lower Engel, the higher L. Taking t for Engel itself, as one paper does, makes poorer places pay more: not used.",
        ),
    ),
    formula(
        "engel_composite",
        engel_composite,
        ("综合恩格尔系数", "composite Engel coefficient"),
        ("城乡恩格尔系数按城镇化率加权。", "Urban and rural Engel coefficients weighted by urbanisation."),
        "En = En_u·φ + En_r·(1 − φ)",
        (
            takes("urban", "1", ("城镇恩格尔系数", "urban Engel coefficient"), "En_u", least=0, most=1),
            takes("rural", "1", ("农村恩格尔系数", "rural Engel coefficient"), "En_r", least=0, most=1),
            takes("urban_share", "1", ("城镇化率", "share of urban people"), "φ", least=0, most=1),
        ),
        (gives("engel", "1", ("综合恩格尔系数", "composite Engel coefficient"), "En"),),
        (GRAIN,),
        (
            Example({"urban": 0.3, "rural": 0.4, "urban_share": 0.5}, {"engel": 0.35}, "arithmetic"),
            Example({"urban": 0.3, "rural": 0.4, "urban_share": 1.0}, {"engel": 0.3}, "arithmetic"),
        ),
    ),
    formula(
        "value_by_development",
        value_by_development,
        ("价值 × 发展系数标准", "value × development standard"),
        ("生态价值按支付能力折算为补偿标准。", "A standard: the value of the services by what a place can pay."),
        "L = 1 / (1 + e^(3 − 1/En))\nStd = ESV·L·k",
        (_V, _EN, takes("factor", "1", ("调整系数", "further factor"), "k", default=1.0, least=0)),
        (_L, gives("standard", "CNY/(ha·a)", ("补偿标准", "standard"), "Std")),
        (BAILONG,),
        (
            Example({"value": 10_000.0, "engel": 0.5}, {"standard": 2689.41}, "computed independently", 1e-5),
            Example({"value": 0.0, "engel": 0.5}, {"standard": 0.0}, "no value, nothing due"),
        ),
    ),
    formula(
        "compensation_priority",
        compensation_priority,
        ("生态补偿优先级", "compensation priority (ECPS)"),
        ("非市场生态价值与经济总量之比，高者优先补偿。", "Non-market value by GDP; the high come first."),
        "ECPS = VN / GN",
        (_VN, takes("gdp", "CNY", ("地区生产总值（同单位）", "GDP (same unit)"), "GN", least=1e-9)),
        (
            gives("priority", "1", ("优先级", "priority"), "ECPS"),
            gives("grade", "", ("分区（新疆分界）", "class (cuts of Xinjiang)")),
        ),
        (XINJIANG,),
        (
            Example({"non_market_value": 243.0, "gdp": 100.0}, {"priority": 2.43}, "arithmetic"),
            Example({"non_market_value": 27.0, "gdp": 100.0}, {"priority": 0.27}, "the cut itself"),
        ),
        (
            "分界 0.27、1.41 来自新疆样本（几何间隔），他地应重新分级。",
            "The cuts 0.27 and 1.41 are of the Xinjiang sample (geometric intervals); grade anew elsewhere.",
        ),
    ),
    formula(
        "benefit_per_yuan",
        benefit_per_yuan,
        ("单位补偿效益", "benefit per yuan"),
        ("每元补偿对应的非市场生态价值。", "Non-market value for each yuan received."),
        "R_m = VN / C_m",
        (_VN, takes("received", "CNY", ("得到的补偿", "compensation received"), "C_m", least=1e-9)),
        (gives("ratio", "1", ("效益", "benefit per yuan"), "R_m"),),
        (XINJIANG,),
        (
            Example({"non_market_value": 300.0, "received": 2.0}, {"ratio": 150.0}, "arithmetic"),
            Example({"non_market_value": 0.0, "received": 2.0}, {"ratio": 0.0}, "arithmetic"),
        ),
    ),
    formula(
        "annuity",
        annuity,
        ("年金", "annuity"),
        ("把一次性投入折为每年等额。", "A capital spread over years in equal amounts."),
        "A = P·i·(1 + i)^n / ((1 + i)^n − 1)",
        (
            takes("capital", "CNY", ("投入", "capital"), "P", least=0),
            takes("rate", "1/a", ("年利率", "yearly rate"), "i", least=0, most=1),
            takes("years", "a", ("年数", "years"), "n", least=1, most=1000),
        ),
        (gives("annuity", "CNY/a", ("年金", "annuity"), "A"),),
        (Reference("沙漠电灌工程生态补偿, ChinaXiv-201909.00077V1", "V"), SHEET),
        (
            Example({"capital": 1000.0, "rate": 0.06, "years": 10.0}, {"annuity": 135.867958}, "computed independently"),
            Example({"capital": 1000.0, "rate": 0.0, "years": 10.0}, {"annuity": 100.0}, "without interest"),
        ),
    ),
    formula(
        "standard_bounds",
        standard_bounds,
        ("标准上下限", "bounds of a standard"),
        (
            "下限为机会成本与保护成本，上限为按发展阶段折算的生态价值和可负担额。",
            "Lower bound: opportunity and protection cost; upper: value by development, and what can be afforded.",
        ),
        "Lo = OC + PC\nUp = min(ESV / (1 + e^(3 − 1/En)), B)\nS = max(Lo, Up)",
        (
            takes("opportunity_cost", "CNY/(ha·a)", ("机会成本", "opportunity cost"), "OC", least=0),
            _V,
            _EN,
            takes("protection_cost", "CNY/(ha·a)", ("保护成本", "protection cost"), "PC", default=0.0, least=0),
            takes("affordable", "CNY/(ha·a)", ("可负担额", "affordable"), "B", default=math.inf, least=0),
        ),
        (
            gives("lower", "CNY/(ha·a)", ("下限", "lower bound"), "Lo"),
            gives("upper", "CNY/(ha·a)", ("上限", "upper bound"), "Up"),
            gives("in_order", "", ("下限不高于上限", "whether the lower lies below the upper")),
            gives("standard", "CNY/(ha·a)", ("标准", "standard"), "S"),
        ),
        (
            Reference(
                "渭河甘肃段 InVEST 补偿标准, doi:10.5846/stxb201704130664", "V", "lower: opportunity cost, upper: added value"
            ),
            Reference("design of this project", "D", "max(OC + PC, min(ESV·L, affordable))"),
        ),
        (
            Example(
                {"opportunity_cost": 1000.0, "value": 10_000.0, "engel": 0.5},
                {"lower": 1000.0, "upper": 2689.41, "standard": 2689.41},
                "computed independently",
            ),
            Example(
                {"opportunity_cost": 3000.0, "value": 10_000.0, "engel": 0.5, "protection_cost": 200.0},
                {"standard": 3200.0},
                "the cost is never undercut",
            ),
        ),
    ),
    formula(
        "horizontal_net",
        horizontal_net,
        ("横向补偿净额", "horizontal net"),
        ("下游按净受益的份额支付。", "Downstream pays a share of what it receives on balance."),
        "N = (E_r − E_g)·s",
        (
            takes("received", "CNY/a", ("得到的价值", "value received"), "E_r", least=0),
            takes("given", "CNY/a", ("提供的价值", "value given"), "E_g", least=0),
            takes("share", "1", ("分担比例", "share"), "s", least=0, most=1),
        ),
        (gives("net", "CNY/a", ("应付净额（负为应收）", "owed (below zero: due)"), "N"),),
        (Reference("J. Resour. Ecol. 2019, 10(1):63", "V", "concept"),),
        (
            Example({"received": 100.0, "given": 40.0, "share": 0.5}, {"net": 30.0}, "arithmetic"),
            Example({"received": 40.0, "given": 100.0, "share": 0.5}, {"net": -30.0}, "arithmetic"),
        ),
    ),
)
