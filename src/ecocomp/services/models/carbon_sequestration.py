"""Carbon sequestration: CO2 taken up in a year, by rates per ecosystem or from net ecosystem production.

For carbon desks and accounts. The rate method multiplies area by a dated rate per ecosystem with its range. By `nep` net
ecosystem production is a share of net primary production; by `nep_soil` it is net primary production less what the
microbes of the soil breathe out, month by month. All are simple on purpose and say so.
"""

from __future__ import annotations

import math

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.services.factors.carbon import net_ecosystem_production, uptake_rate
from ecocomp.services.site import Plan, Site
from ecocomp.services.uptake import METHODS, RESPIRED_MORE, SENSES, layers_wanted, uptake_of, uptake_rows
from ecocomp.terms.text import Text

SPEC = Spec(
    id="carbon_sequestration",
    version="2",
    name=Text("固碳", "carbon sequestration"),
    summary=Text(
        "生态系统一年净吸收的二氧化碳量，不含木材与农产品的去向。",
        "Carbon dioxide an ecosystem takes up in a year on balance, whatever becomes of timber and crops.",
    ),
    unit="t CO2/a",
    formula="NEP = s·NPP − R_h\nr = (44/12)·NEP·10^(−2)\nQ = r·A",
    holds=Text(
        "速率法（rate）直接给出 r，适合县域年度核算，不反映年际气候波动和林龄。NEP 比例法（nep）取 R_h = 0，反映 NPP"
        " 的年际变化，但 NEP/NPP 比值不确定性大。土壤呼吸法（nep_soil）取 s = 1，R_h 为各月异养呼吸之和，结果可为负，照实保留。"
        "三种方法的数值不可比，不得在同一时间序列中混用；方法写在结果的 method 列中。不是碳汇项目方法学，不能据此签发碳信用。",
        "The rate method gives r as it stands and suits a county's yearly account; it knows neither the year's climate nor the"
        " age of a stand. By share (nep, R_h = 0) it follows the year's production, but the share is uncertain. By soil"
        " respiration (nep_soil, s = 1) R_h is the sum of the months and the result may be negative, and is kept so. The three"
        " do not compare: never mix them in one series; the method column tells them apart. This is no project methodology: no"
        " credit may be issued on it.",
    ),
    differs=Text(
        "InVEST carbon 给两个时点碳储量之差，不是一年的通量；只有把其变化除以年数、乘 44/12 后才可粗略对照。",
        "InVEST's carbon model gives the difference of two stocks, not the flux of a year; only its change divided by the years"
        " and times 44/12 compares, roughly.",
    ),
    inputs=(
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
        Use("npp", "g C/m²/a", Text("净初级生产力（两种 NEP 法）", "net primary production (both NEP methods)"), optional=True),
        Use("temperature", "°C", Text("月均温（nep_soil）", "monthly temperature (nep_soil)"), optional=True),
        Use("rain", "mm", Text("月降水（nep_soil）", "monthly rain (nep_soil)"), optional=True),
    ),
    parameters=(
        Use("services.carbon.method", "", Text("rate 固碳速率法，nep 比例法，nep_soil 土壤呼吸法", "rate, nep or nep_soil")),
        Use("services.carbon.rate_t_co2_per_ha_a", "t CO2/(ha·a)", Text("固碳速率", "sequestration rate")),
        Use("services.carbon.nep_share_of_npp", "1", Text("NEP 占 NPP 的比例", "NEP as a share of NPP"), optional=True),
        Use("services.carbon.soil_respiration", "", Text("土壤呼吸系数", "coefficients of soil respiration"), optional=True),
        Use("services.carbon.microbe_share", "1", Text("异养呼吸比例", "share of microbes in it"), optional=True),
        Use("services.production.npp_factor", "1", Text("NPP 的系统误差", "systematic error of NPP"), optional=True),
    ),
    arguments=(
        Argument("area_ha", "ha", Text("面积", "area"), "A", least=0.0),
        Argument("rate_t_co2_per_ha_a", "t CO2/(ha·a)", Text("固碳速率（速率法）", "rate (rate method)")),
        Argument("npp_g_c_m2", "g C/(m²·a)", Text("净初级生产力（NEP 法）", "net primary production (NEP)"), "NPP"),
        Argument("nep_share", "1", Text("NEP/NPP", "NEP/NPP"), "s", default=1.0, most=1.0),
        Argument("respired_g_c_m2", "g C/(m²·a)", Text("土壤异养呼吸", "heterotrophic respiration"), "R_h", default=0.0),
    ),
    outputs=(
        Use("nep_g_c_m2", "g C/(m²·a)", Text("净生态系统生产力", "net ecosystem production"), symbol="NEP"),
        Use("rate_t_co2_per_ha_a", "t CO2/(ha·a)", Text("固碳速率", "rate"), symbol="r"),
        Use("uptake_t_co2", "t CO2/a", Text("固碳量", "uptake"), symbol="Q"),
    ),
    references=(
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "rate method and NEP method; text not opened"),
        Reference("GB/T 46869-2025, appendix A.7", "v", "names biomass, rate and NEP routes; formulas not read"),
        Reference("裴志永、周才平、欧阳华 (2009)，土壤异养呼吸", "R", "nep_soil only; coefficients remembered"),
    ),
    examples=(
        Example(
            {"rate_t_co2_per_ha_a": 2.5, "area_ha": 4.0},
            {"rate_t_co2_per_ha_a": 2.5, "uptake_t_co2": 10.0},
            "arithmetic from the formula",
        ),
        Example(
            {"npp_g_c_m2": 600.0, "nep_share": 0.3, "area_ha": 1.0},
            {"nep_g_c_m2": 180.0, "rate_t_co2_per_ha_a": 6.6, "uptake_t_co2": 6.6},
            "44/12 · 0.3 · 6 t C/ha",
        ),
        Example(
            {"npp_g_c_m2": 500.0, "respired_g_c_m2": 650.0, "area_ha": 2.0},
            {"nep_g_c_m2": -150.0, "uptake_t_co2": -11.0},
            "a source of carbon stays negative",
        ),
    ),
)
__all__ = ["METHODS", "SENSES", "SPEC", "evaluate", "prepare"]


def evaluate(
    *,
    area_ha: float,
    rate_t_co2_per_ha_a: float | None = None,
    npp_g_c_m2: float | None = None,
    nep_share: float = 1.0,
    respired_g_c_m2: float = 0.0,
) -> dict[str, float]:
    """Return NEP [g C/(m²·a)], the rate and the uptake [t CO2/a], by a rate or by net primary production [g C/(m²·a)]."""
    if npp_g_c_m2 is None:
        if rate_t_co2_per_ha_a is None:
            raise TypeError("give rate_t_co2_per_ha_a, or npp_g_c_m2 with nep_share or respired_g_c_m2")
        return {"rate_t_co2_per_ha_a": rate_t_co2_per_ha_a, "uptake_t_co2": rate_t_co2_per_ha_a * area_ha}
    if rate_t_co2_per_ha_a is not None:
        raise TypeError("give either rate_t_co2_per_ha_a or npp_g_c_m2: the methods do not mix")
    nep = float(net_ecosystem_production(npp_g_c_m2, nep_share, respired_g_c_m2))
    rate = float(uptake_rate(nep))
    return {"nep_g_c_m2": nep, "rate_t_co2_per_ha_a": rate, "uptake_t_co2": rate * area_ha if math.isfinite(rate) else rate}


def wants(params: Parameters) -> set[str]:
    """Return the layers the method of the rules reads: production is not made for the rate method."""
    return layers_wanted(params)


def prepare(site: Site) -> Plan:
    """Resolve rates and return the pass.

    Raises `NotAssessed` where land cover is missing or, by NEP, net primary production or the months of the soil.
    """
    u = uptake_of(SPEC.id, site)

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        layers = (strip.layer(name) for name in ("npp", "temperature", "rain"))
        tables = u.form, u.factor, u.scale, u.soil, 1.0
        cells = first * strip.width, last * strip.width
        return int(uptake_rows(strip.layer("land_cover")[0], *layers, strip.covered, *tables, *cells, out))

    return Plan(u.layers, u.words, fill, u.notes, RESPIRED_MORE)
