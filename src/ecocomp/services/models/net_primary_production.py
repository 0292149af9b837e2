"""Net primary production: the carbon plants bind in a year less what they breathe out themselves, by CASA.

For carbon desks and as the base of other services. Month by month: light absorbed times an efficiency that cold, heat and
drought cut back. Where radiation or NDVI is missing the Miami model may stand in, and a layer from elsewhere may be taken
as it is; the method column says which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.services.factors.carbon import T_HA_OF_G_M2
from ecocomp.services.factors.production import (
    FPAR_METHODS,
    absorbed_light,
    ends_apart,
    fpar_of_ndvi,
    growth_stress,
    optimum_stress,
    warmth_stress,
    water_stress,
)
from ecocomp.services.layers.production import CASA_LAYERS, METHODS, MIAMI_LAYERS, SENSES, layers_needed, tables_of
from ecocomp.services.site import PASS, TILE, Plan, Site, classes_left_out, corners, require, require_method
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.terms.text import Text

_P = "services.production."
YEAR = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
SPEC = Spec(
    id="net_primary_production",
    name=Text("净初级生产", "net primary production"),
    summary=Text(
        "植物一年光合固定的碳减去自身呼吸消耗。",
        "Carbon that plants bind in a year by photosynthesis, less what they breathe out themselves.",
    ),
    unit="t C/a",
    formula="Tε1 = 0.8 + 0.02·Topt − 0.0005·Topt²\n"
    "Tε2 = 1.184/(1 + e^(0.2·(Topt − 10 − T)))/(1 + e^(0.3·(−Topt − 10 + T)))\n"
    "Wε = 0.5 + 0.5·E/Ep\n"
    "ε = Tε1·Tε2·Wε·εmax\n"
    "APAR = SOL·D·FPAR·0.5\n"
    "NPP = Σ APAR·ε\n"
    "Q = NPP·A·10^(−2)",
    holds=Text(
        "逐月计算：SOL 为月均日辐射，D 为天数；Topt 为逐像元 NDVI 最大月（并列取最早）的均温；月均温不高于 −10 °C 时 Tε1 取"
        " 0（惯例，未核原文）；E/Ep 限于 0 至 1。任一月缺任一因子则全年无值。水面、城镇和冰川没有 εmax，不评估。εmax"
        " 对混交林和灌丛各来源不一，取区间。Miami 法只看气候；layer 法照用已有 NPP。三种方法不得混在一个时间序列中。",
        "Month by month: SOL is the mean radiation of a day, D the days; Topt of a cell is the temperature of its month of"
        " greatest NDVI (the first of equals); Tε1 is 0 in months not warmer than −10 °C (customary; not checked); E/Ep is held"
        " in 0..1. A month without a factor leaves the year without a value. Water, towns and ice have no εmax and are not"
        " assessed. Sources disagree on εmax of mixed forest and shrub: the range holds both. Miami sees the climate alone;"
        " `layer` takes production as given. Never mix the three in one series.",
    ),
    differs=Text(
        "InVEST 没有 NPP 模型。与 MOD17 的差别在气象驱动和光能利用率；常绿与落叶阔叶林的 εmax 在一篇已发表的表中互换了位置，"
        "这里按朱文泉 (2006)：常绿阔叶 0.985，落叶阔叶 0.692。",
        "InVEST has no model of NPP. MOD17 differs in weather and efficiency. One published table has the two broadleaf rows"
        " exchanged; here evergreen broadleaf is 0.985 and deciduous broadleaf 0.692, after Zhu (2006).",
    ),
    inputs=(
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class"), optional=True),
        Use("radiation", "MJ/(m²·d)", Text("各月平均日太阳辐射", "solar radiation of a day, by month"), optional=True),
        Use("temperature", "°C", Text("月均温", "monthly temperature"), optional=True),
        Use("ndvi", "1", Text("月 NDVI", "monthly NDVI"), optional=True),
        Use("aet", "mm", Text("月实际蒸散发", "monthly actual evapotranspiration"), optional=True),
        Use("et0", "mm", Text("月潜在蒸散发", "monthly reference evapotranspiration"), optional=True),
        Use("fpar", "1", Text("月 FPAR（有则代替由 NDVI 推求）", "monthly FPAR, in place of that from NDVI"), optional=True),
        Use("rain", "mm", Text("月或年降水（miami）", "monthly or yearly rain (miami)"), optional=True),
        Use("npp", "g C/m²/a", Text("净初级生产力（layer）", "net primary production (layer)"), optional=True),
    ),
    parameters=(
        Use(_P + "method", "", Text("casa、miami 或 layer", "casa, miami or layer")),
        Use(_P + "epsilon_max", "g C/MJ", Text("最大光能利用率", "greatest light-use efficiency")),
        Use(_P + "class_map", "", Text("生态系统到植被类别的对照", "ecosystems to classes of vegetation")),
        Use(_P + "fpar_method", "", Text("由 NDVI 求 FPAR 的方法", "form of FPAR from NDVI")),
        Use(_P + "ndvi_max", "1", Text("各类 NDVI 上限", "greatest NDVI of a class")),
        Use(_P + "ndvi_min", "1", Text("NDVI 下限", "least NDVI")),
        Use(_P + "fpar_min", "1", Text("FPAR 下限", "least FPAR")),
        Use(_P + "fpar_max", "1", Text("FPAR 上限", "greatest FPAR")),
        Use(_P + "par_share", "1", Text("光合有效辐射占比", "share of photosynthetic light")),
        Use(_P + "cold_month_c", "°C", Text("停止生长的月均温", "no growth in a month not warmer than this")),
        Use(_P + "dry_matter_per_carbon", "g/g", Text("每克碳合干物质（miami）", "dry matter per carbon (miami)"), optional=True),
        Use(_P + "miami_factor", "1", Text("Miami 模型的误差系数", "error of the Miami model"), optional=True),
        Use(_P + "npp_factor", "1", Text("NPP 图层的系统误差（layer）", "systematic error of the layer (layer)"), optional=True),
    ),
    arguments=(
        Argument("radiation_mj_m2_day", "MJ/(m²·d)", Text("各月平均日辐射", "of a day, by month"), "SOL", "list", least=0.0),
        Argument("temperature_c", "°C", Text("月均温", "temperature by month"), "T", "list", least=-80.0, most=60.0),
        Argument("ndvi", "1", Text("月 NDVI", "NDVI by month"), "", "list", least=-1.0, most=1.0),
        Argument("aet_mm", "mm", Text("月实际蒸散发", "actual evapotranspiration by month"), "E", "list", least=0.0),
        Argument("et0_mm", "mm", Text("月潜在蒸散发", "reference evapotranspiration by month"), "Ep", "list", least=0.0),
        Argument("epsilon_max", "g C/MJ", Text("最大光能利用率", "greatest light-use efficiency"), "εmax", least=0.0),
        Argument("ndvi_max", "1", Text("该类 NDVI 上限", "greatest NDVI of the class"), default=0.634, least=-1.0, most=1.0),
        Argument("ndvi_min", "1", Text("NDVI 下限", "least NDVI"), default=0.023, least=-1.0, most=1.0),
        Argument("fpar_method", "", Text("由 NDVI 求 FPAR 的方法", "form of FPAR"), "", "text", "mean", choices=FPAR_METHODS[:3]),
        Argument("fpar", "1", Text("月 FPAR，代替 NDVI", "FPAR by month, instead"), "", "list", least=0.0, most=1.0),
        Argument("days", "d", Text("各月天数", "days of the months"), "D", "list", YEAR, least=1.0, most=31.0),
        Argument("area_ha", "ha", Text("面积", "area"), "A", default=1.0, least=0.0),
    ),
    outputs=(
        Use("optimum_c", "°C", Text("最适温度", "optimum temperature"), symbol="Topt"),
        Use("t_stress_1", "1", Text("温度胁迫一", "first temperature stress"), symbol="Tε1"),
        Use("t_stress_2", "1", Text("各月温度胁迫二", "second temperature stress by month"), symbol="Tε2"),
        Use("water_stress", "1", Text("各月水分胁迫", "water stress by month"), symbol="Wε"),
        Use("efficiency", "g C/MJ", Text("各月光能利用率", "light-use efficiency by month"), symbol="ε"),
        Use("fpar", "1", Text("各月 FPAR", "FPAR by month"), symbol="FPAR"),
        Use("apar_mj_m2", "MJ/m²", Text("各月吸收的光合有效辐射", "absorbed light by month"), symbol="APAR"),
        Use("npp_g_c_m2", "g C/(m²·a)", Text("净初级生产力", "net primary production"), symbol="NPP"),
        Use("production_t_c", "t C/a", Text("净初级生产量", "production of the land"), symbol="Q"),
    ),
    references=(
        Reference("朱文泉等 (2006), 中国典型植被最大光利用率模拟", "V2", "εmax in two public scripts and a table"),
        Reference("Potter et al. (1993), Global Biogeochem. Cycles 7:811-841 (CASA)", "R", "structure seen in two public scripts"),
        Reference("塔里木河下游 NPP, ChinaXiv-202106.00083V1", "V", "prints the two broadleaf rows exchanged"),
        Reference("Lieth (1975): Miami model", "R", "stand-in"),
    ),
    examples=(
        Example(
            {
                "radiation_mj_m2_day": [10.0] * 12, "temperature_c": [20.0] * 12, "ndvi": [0.5] * 12, "aet_mm": [50.0] * 12,
                "et0_mm": [100.0] * 12, "epsilon_max": 0.542, "fpar": [0.5] * 12, "area_ha": 2.0,
            },
            {"optimum_c": 20.0, "t_stress_1": 1.0, "npp_g_c_m2": np.float64(368.484965), "production_t_c": np.float64(7.3696993)},
            "365 × 10 × 0.5 × 0.5 MJ/m² × 0.9934050 × 0.75 × 0.542, computed apart",
            1e-5,
        ),
        Example(
            {
                "radiation_mj_m2_day": [8.0, 10.0, 12.0, 15.0, 17.0, 18.0, 18.0, 17.0, 14.0, 11.0, 9.0, 8.0],
                "temperature_c": [-11.0, -6.0, 1.0, 9.0, 15.0, 19.0, 21.0, 20.0, 15.0, 8.0, 0.0, -8.0],
                "ndvi": [0.15, 0.16, 0.22, 0.35, 0.52, 0.66, 0.72, 0.70, 0.58, 0.40, 0.25, 0.17],
                "aet_mm": [5.0, 8.0, 18.0, 38.0, 65.0, 88.0, 97.0, 90.0, 60.0, 33.0, 14.0, 6.0],
                "et0_mm": [18.0, 25.0, 48.0, 80.0, 108.0, 120.0, 125.0, 112.0, 80.0, 52.0, 28.0, 0.0],
                "epsilon_max": 0.692, "ndvi_max": 0.747,
            },
            {"optimum_c": 21.0, "t_stress_1": 0.9995, "npp_g_c_m2": 547.249854},
            "a northern deciduous forest, computed apart from the formulas",
            1e-6,
        ),
    ),
)  # fmt: skip
__all__ = ["METHODS", "SENSES", "SPEC", "evaluate", "prepare", "wants"]
_PAR, _COLD, _FPAR = 0.5, -10.0, (0.001, 0.95)


def evaluate(
    *,
    radiation_mj_m2_day: Sequence[float],
    temperature_c: Sequence[float],
    ndvi: Sequence[float],
    aet_mm: Sequence[float],
    et0_mm: Sequence[float],
    epsilon_max: float,
    ndvi_max: float = 0.634,
    ndvi_min: float = 0.023,
    fpar_method: str = "mean",
    fpar: Sequence[float] | None = None,
    days: Sequence[float] = YEAR,
    area_ha: float = 1.0,
) -> dict[str, float | list[float]]:
    """Return every factor of CASA by month and the production of the year of one piece of land.

    Raises `ValueError` where a list has not twelve numbers or the ends of NDVI leave nothing between them.
    """
    months = [radiation_mj_m2_day, temperature_c, ndvi, aet_mm, et0_mm, days] + ([fpar] if fpar is not None else [])
    if any(len(x) != 12 for x in months):
        raise ValueError("every list needs twelve numbers, January to December / 每列都要有 1 月到 12 月的 12 个数")
    best = max(range(12), key=lambda m: ndvi[m])
    optimum, t = float(temperature_c[best]), [float(x) for x in temperature_c]
    if fpar is None:
        ends_apart(ndvi_min, ndvi_max)
        ends = float(ndvi_min), float(ndvi_max), *_FPAR, FPAR_METHODS.index(fpar_method)
        fpar = [float(fpar_of_ndvi(float(v), *ends)) for v in ndvi]
    supply = [(float(a), float(b)) for a, b in zip(aet_mm, et0_mm, strict=True)]
    cut = [float(growth_stress(optimum, t[m], *supply[m], _COLD)) for m in range(12)]
    light = [float(absorbed_light(days[m] * float(radiation_mj_m2_day[m]), float(fpar[m]), _PAR)) for m in range(12)]
    npp = math.fsum(light[m] * cut[m] * epsilon_max for m in range(12))
    return {
        "optimum_c": optimum, "t_stress_1": float(optimum_stress(optimum)),
        "t_stress_2": [float(warmth_stress(optimum, x)) for x in t], "water_stress": [float(water_stress(*x)) for x in supply],
        "efficiency": [x * epsilon_max for x in cut], "fpar": [float(x) for x in fpar], "apar_mj_m2": light,
        "npp_g_c_m2": npp, "production_t_c": npp * T_HA_OF_G_M2 * area_ha,
    }  # fmt: skip


def wants(params: Parameters) -> set[str]:
    """Return the layers the method of the rules may read."""
    method = params.text(_P + "method")
    return {"npp"} if method == "layer" else set(MIAMI_LAYERS if method == "miami" else (*CASA_LAYERS, "ndvi_filled"))


def prepare(site: Site) -> Plan:
    """Resolve the method and its parameters and return the pass.

    Raises `NotAssessed` naming every layer the method lacks.
    """
    method = require_method(SPEC.id, _P + "method", site.params, METHODS)
    needed = layers_needed(site.params, method, site.bands)
    require(SPEC.id, site, needed)
    if method == "layer":
        return _as_given(site)
    if method == "casa":
        require_method(SPEC.id, _P + "fpar_method", site.params, FPAR_METHODS)
    tables = tables_of(site.params, method, site.year, "fpar" in needed)

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        layers = {name: strip.layer(name) for name in needed}
        tables.fill(layers, strip.covered, T_HA_OF_G_M2, first * strip.width, last * strip.width, out)
        return 0

    what = Text("最大光能利用率", "light-use efficiency") if method == "casa" else Text("植被类别", "class of vegetation")
    words = f"casa; FPAR={FPAR_METHODS[tables.form]}" if method == "casa" else method
    words += "; short NDVI gaps drawn through" if "ndvi_filled" in needed else ""
    return Plan(tuple(needed), words, fill, classes_left_out(SPEC.id, tables.epsilon, what))


def _as_given(site: Site) -> Plan:
    scale = corners(site.params, _P + "npp_factor", SENSES["npp_factor"])

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        _rows(strip.layer("npp"), strip.covered, scale, first * strip.width, last * strip.width, out)
        return 0

    return Plan(("npp",), "layer", fill)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(npp, covered, scale, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (columns, cells) with t C/ha."""
    production = np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        sum_bands(npp, a, n, production)
        for k in range(scale.shape[0]):
            row = out[k, a : a + n]
            for i in range(n):
                row[i] = T_HA_OF_G_M2 * (scale[k] * production[i])
