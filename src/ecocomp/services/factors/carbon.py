"""Carbon: stocks in four pools, uptake of carbon dioxide, what the soil breathes out, release of oxygen, value of a change.

For the models and for anyone who wants one number. Every function that a raster pass uses takes plain numbers, is compiled
and is built into the loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in
gives NaN out: a cell without a factor has no service, never a service of 0.

References
----------
1. IPCC (2006), Guidelines for National Greenhouse Gas Inventories, vol. 4: the four pools (as remembered).
2. natcap/invest, model `carbon`: sum of pools and net present value of a change.
3. Pei Zhiyong, Zhou Caiping, Ouyang Hua (2009): heterotrophic respiration from temperature and rain (as remembered).
"""

from __future__ import annotations

from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.vector_math import INLINE, exp, log

CO2_OF_CARBON = 44.0 / 12.0
"""Mass of carbon dioxide that holds a mass of 1 of carbon."""
O2_OF_CO2 = 32.0 / 44.0
"""Mass of oxygen set free for a mass of 1 of carbon dioxide taken up."""
T_HA_OF_G_M2 = 0.01
"""Tonnes per hectare of one gram per square metre."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def net_ecosystem_production(npp, share, respired):  # type: ignore[no-untyped-def]
    """Return NEP = s·NPP − Rh [g C/(m²·a)]; a share s of production, or (s = 1) production less what the soil breathes out."""
    return share * npp - respired


@njit(**INLINE)  # type: ignore[untyped-decorator]
def uptake_rate(nep):  # type: ignore[no-untyped-def]
    """Return r = (44/12)·NEP·10⁻² [t CO2/(ha·a)] of NEP in g C/(m²·a)."""
    return CO2_OF_CARBON * nep * T_HA_OF_G_M2


@njit(**INLINE)  # type: ignore[untyped-decorator]
def oxygen_of_co2(co2):  # type: ignore[no-untyped-def]
    """Return (32/44)·CO2, the oxygen set free on balance, in the unit of CO2."""
    return O2_OF_CO2 * co2


@njit(**INLINE)  # type: ignore[untyped-decorator]
def oxygen_of_production(npp, dry_matter_per_carbon, oxygen_per_dry_matter):  # type: ignore[no-untyped-def]
    """Return o·f·NPP·10⁻² [t O2/(ha·a)], the oxygen of photosynthesis for NPP in g C/(m²·a)."""
    return oxygen_per_dry_matter * dry_matter_per_carbon * npp * T_HA_OF_G_M2


@njit(**INLINE)  # type: ignore[untyped-decorator]
def respiration_month(celsius, rain_mm, scale, warmth, wetness, offset):  # type: ignore[no-untyped-def]
    """Return a·(e^(b·T) + ln(c·P + d)) of one month; `scale` a holds days and the share of microbes already."""
    return scale * (exp(warmth * celsius) + log(wetness * rain_mm + offset))


# ---------------------------------------------------------------- by name, with plain numbers
def pools(*, above: float, below: float, soil: float, dead: float, area_ha: float = 1.0) -> dict[str, float]:
    """Return the density of all four pools [t C/ha] and the stock of the land [t C]."""
    density = above + below + soil + dead
    return {"density_t_c_per_ha": density, "stock_t_c": density * area_ha}


def change(*, before_t_c_per_ha: float, after_t_c_per_ha: float, area_ha: float = 1.0) -> dict[str, float]:
    """Return what the stock gains (loses, negative) per hectare, on the land, and as carbon dioxide."""
    per_ha = after_t_c_per_ha - before_t_c_per_ha
    gained = per_ha * area_ha
    return {"change_t_c_per_ha": per_ha, "change_t_c": gained, "change_t_co2": CO2_OF_CARBON * gained}


def npv_factor(discount_percent: float, price_change_percent: float, years: float) -> tuple[float, float]:
    """Return r = 1/((1 + d)(1 + c)) and the mean of r⁰ … rⁿ⁻¹, 1 where r is 1."""
    r = 1.0 / ((1.0 + discount_percent / 100.0) * (1.0 + price_change_percent / 100.0))
    return r, 1.0 if r == 1.0 else (1.0 - r**years) / (1.0 - r) / years


def npv(
    *,
    change_t_c: float,
    price_per_t_c: float,
    years: float,
    discount_percent: float = 0.0,
    price_change_percent: float = 0.0,
) -> dict[str, float]:
    """Return the net present value of a change spread evenly over `years`; `ValueError` unless these are whole."""
    if years != int(years):
        raise ValueError(f"years must be a whole number, not {years:g} / 年数须为整数，不能是 {years:g}")
    r, mean = npv_factor(discount_percent, price_change_percent, years)
    return {"ratio": r, "factor": mean, "value": change_t_c * price_per_t_c * mean}


def respiration(
    *,
    temperature_c: float,
    rain_mm: float,
    coefficient: float = 0.22,
    warmth: float = 0.0913,
    wetness: float = 0.3145,
    offset: float = 1.0,
    days: float = 30.0,
    microbes: float = 0.465,
) -> dict[str, float]:
    """Return what the microbes of the soil breathe out in one month [g C/m²]."""
    scale = coefficient * days * microbes
    return {"respired_g_c_m2": float(respiration_month(float(temperature_c), float(rain_mm), scale, warmth, wetness, offset))}


_INVEST = Reference("natcap/invest, model carbon, release of 2026", "V", "read in the source; the numbers of its own tests hold")
_IPCC = Reference("IPCC (2006) Guidelines, vol. 4 AFOLU, ch. 2: pools of carbon", "R", "names of the pools")
_T_HA = "t C/ha"

FORMULAS: tuple[Formula, ...] = (
    formula(
        "carbon_pools",
        pools,
        ("四个碳库", "four pools of carbon"),
        (
            "地上、地下生物量、土壤和死有机质中的碳相加，乘以面积。",
            "Carbon above ground, below ground, in the soil and in dead matter, added up and times the area.",
        ),
        "C = C_above + C_below + C_soil + C_dead\nQ = C·A",
        (
            takes("above", _T_HA, ("地上生物量碳", "carbon above ground"), "C_above", least=0.0),
            takes("below", _T_HA, ("地下生物量碳", "carbon below ground"), "C_below", least=0.0),
            takes("soil", _T_HA, ("土壤碳", "soil carbon"), "C_soil", least=0.0),
            takes("dead", _T_HA, ("死有机质碳", "carbon in dead matter"), "C_dead", least=0.0),
            takes("area_ha", "ha", ("面积", "area"), "A", 1.0, least=0.0),
        ),
        (
            gives("density_t_c_per_ha", _T_HA, ("碳密度", "carbon density"), "C"),
            gives("stock_t_c", "t C", ("碳储量", "carbon stock"), "Q"),
        ),
        (_INVEST, _IPCC),
        (
            Example(
                {"above": 15.0, "below": 10.0, "soil": 60.0, "dead": 1.0},
                {"density_t_c_per_ha": 86.0, "stock_t_c": 86.0},
                "computed independently (InVEST's own test), first map",
                1e-12,
            ),
            Example(
                {"above": 5.0, "below": 3.0, "soil": 20.0, "dead": 0.0, "area_ha": 2.5},
                {"density_t_c_per_ha": 28.0, "stock_t_c": 70.0},
                "the same, second map, on 2.5 ha",
                1e-12,
            ),
        ),
        (
            "土壤碳库须说明深度（IPCC 默认 30 厘米）；不同深度不能相加减。",
            "Soil carbon must name its depth (30 cm by default of the IPCC); depths must not be mixed.",
        ),
    ),
    formula(
        "carbon_change",
        change,
        ("碳储量变化", "change of carbon stock"),
        ("两个时点碳储量之差，正为增加。", "The stock of carbon at a later time less that at an earlier; positive where it grows."),
        "ΔC = C_2 − C_1\nΔQ = ΔC·A\nΔCO2 = (44/12)·ΔQ",
        (
            takes("before_t_c_per_ha", _T_HA, ("先前的碳密度", "density before"), "C_1", least=0.0),
            takes("after_t_c_per_ha", _T_HA, ("后来的碳密度", "density after"), "C_2", least=0.0),
            takes("area_ha", "ha", ("面积", "area"), "A", 1.0, least=0.0),
        ),
        (
            gives("change_t_c_per_ha", _T_HA, ("单位面积变化", "change per hectare"), "ΔC"),
            gives("change_t_c", "t C", ("变化", "change"), "ΔQ"),
            gives("change_t_co2", "t CO2", ("折合二氧化碳", "as carbon dioxide"), "ΔCO2"),
        ),
        (_INVEST,),
        (
            Example(
                {"before_t_c_per_ha": 86.0, "after_t_c_per_ha": 28.0},
                {"change_t_c_per_ha": -58.0, "change_t_c": -58.0, "change_t_co2": -58.0 * 44.0 / 12.0},
                "computed independently",
                1e-12,
            ),
            Example(
                {"before_t_c_per_ha": 28.0, "after_t_c_per_ha": 86.0, "area_ha": 10.0},
                {"change_t_c": 580.0},
                "the other way round, on 10 ha",
                1e-12,
            ),
        ),
        (
            "两张图须用同一套碳密度和同一土壤深度；不区分变化发生在哪一年。",
            "Both maps must use one set of densities and one soil depth; it is not told in which year the change came about.",
        ),
        ("与 InVEST 的两图之差相等。", "Equals the difference of InVEST's two maps."),
    ),
    formula(
        "carbon_npv",
        npv,
        ("碳储量变化的净现值", "net present value of a change of carbon"),
        (
            "变化均摊到各年，按折现率和碳价年变化率折成今天的钱。",
            "The change is spread evenly over the years and brought to today's money by the discount rate and the yearly change"
            " of the price.",
        ),
        "r = 1/((1 + d/100)·(1 + c/100))\nf = Σ_(j=0…n−1) r^j/n\nNPV = ΔC·V·f",
        (
            takes("change_t_c", "t C", ("碳储量变化", "change of carbon"), "ΔC"),
            takes(
                "price_per_t_c",
                "yuan/t C",
                ("每吨碳（不是二氧化碳）的价", "price of a tonne of carbon, not of CO2"),
                "V",
                least=0.0,
            ),
            takes("years", "a", ("年数（整数）", "years, a whole number"), "n", least=1.0),
            takes("discount_percent", "%", ("折现率", "discount rate"), "d", 0.0, least=-99.0),
            takes("price_change_percent", "%", ("碳价年变化率", "yearly change of the price"), "c", 0.0, least=-99.0),
        ),
        (
            gives("ratio", "1", ("年折减比", "ratio of one year to the year before"), "r"),
            gives("factor", "1", ("各年折减比的平均，r = 1 时为 1", "mean over the years; 1 where r is 1"), "f"),
            gives("value", "yuan", ("净现值", "net present value"), "NPV"),
        ),
        (_INVEST,),
        (
            Example(
                {"change_t_c": -58.0, "price_per_t_c": 43.0, "years": 14.0},
                {"ratio": 1.0, "factor": 1.0, "value": -2494.0},
                "computed independently (InVEST's own test, no discount)",
                1e-12,
            ),
            Example(
                {"change_t_c": 100.0, "price_per_t_c": 50.0, "years": 3.0, "discount_percent": 25.0},
                {"ratio": 0.8, "factor": (1.0 + 0.8 + 0.64) / 3.0, "value": 5000.0 * 2.44 / 3.0},
                "sum of 1, 0.8 and 0.64 by hand",
                1e-12,
            ),
        ),
        (
            "价格按吨碳计；若手里是每吨二氧化碳的价，先乘 44/12。f 等于 (1 − r^n)/(1 − r)/n，r = 1 时为 1。",
            "The price is that of a tonne of carbon; multiply a price of CO2 by 44/12 first. f equals (1 − r^n)/(1 − r)/n, and"
            " 1 where r is 1.",
        ),
        (
            "与 InVEST 相等，包括其约定：价格年变化率为正时 r 变小，即净现值变小。",
            "Equals InVEST, with its convention that a positive change of the price makes r, and so the value, smaller.",
        ),
    ),
    formula(
        "soil_respiration_month",
        respiration,
        ("土壤异养呼吸（月）", "heterotrophic soil respiration of a month"),
        (
            "由月均温和月降水估算土壤微生物一月呼出的碳。",
            "Carbon that the microbes of the soil breathe out in a month, from its temperature and rain.",
        ),
        "R_h = a·(e^(b·T) + ln(k·P + m))·D·h",
        (
            takes("temperature_c", "°C", ("月均温", "mean temperature of the month"), "T", least=-80.0, most=60.0),
            takes("rain_mm", "mm", ("月降水", "rain of the month"), "P", least=0.0),
            takes("coefficient", "g C/(m²·d)", ("系数", "coefficient"), "a", 0.22, least=0.0),
            takes("warmth", "1/°C", ("温度系数", "coefficient of temperature"), "b", 0.0913),
            takes("wetness", "1/mm", ("降水系数", "coefficient of rain"), "k", 0.3145, least=0.0),
            takes("offset", "1", ("常数项", "constant"), "m", 1.0, least=1e-9),
            takes("days", "d", ("每月天数", "days of a month"), "D", 30.0, least=1.0, most=31.0),
            takes(
                "microbes",
                "1",
                ("异养呼吸占土壤呼吸的比例", "share of microbes in soil respiration"),
                "h",
                0.465,
                least=0.0,
                most=1.0,
            ),
        ),
        (gives("respired_g_c_m2", "g C/m²", ("异养呼吸", "heterotrophic respiration"), "R_h"),),
        (Reference("裴志永、周才平、欧阳华 (2009)，高寒草原土壤异养呼吸模型", "R", "form and coefficients remembered"),),
        (
            Example({"temperature_c": 0.0, "rain_mm": 0.0}, {"respired_g_c_m2": 0.22 * 30.0 * 0.465}, "e⁰ + ln 1 = 1", 1e-9),
            Example(
                {"temperature_c": 20.0, "rain_mm": 100.0},
                {"respired_g_c_m2": 29.7346245},
                "3.069 × (6.2090009 + 3.4797004) computed apart",
                1e-6,
            ),
        ),
        (
            "系数出自青藏高原草地，别处使用须换系数；不含根呼吸。",
            "Coefficients come from grassland of the Tibetan plateau and must be replaced elsewhere; respiration of roots is"
            " not in it.",
        ),
    ),
)

__all__ = [
    "CO2_OF_CARBON", "FORMULAS", "O2_OF_CO2", "T_HA_OF_G_M2", "change", "net_ecosystem_production", "npv", "npv_factor",
    "oxygen_of_co2", "oxygen_of_production", "pools", "respiration", "respiration_month", "uptake_rate",
]  # fmt: skip
