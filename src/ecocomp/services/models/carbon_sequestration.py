"""Carbon sequestration: CO2 taken up in a year, by rates per ecosystem or from net primary production.

For carbon desks and accounts. The rate method multiplies area by a dated rate per ecosystem with its range; where a layer
of net primary production is given, net ecosystem production is a share of it. Both are simple on purpose and say so.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.services.site import PASS, TILE, Plan, Site, classes_left_out, require, require_method, table_corners
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.text import Text

SPEC = Spec(
    id="carbon_sequestration",
    name=Text("固碳", "carbon sequestration"),
    summary=Text(
        "生态系统一年净吸收的二氧化碳量，不含木材与农产品的去向。",
        "Carbon dioxide an ecosystem takes up in a year on balance, whatever becomes of timber and crops.",
    ),
    unit="t CO2/a",
    formula="rate: Q = r_i·A; NEP: Q = (44/12)·s_i·NPP·A·10⁻²; Q t CO2/a, r t CO2/(ha·a), NPP g C/(m²·a), s = NEP/NPP, A ha",
    holds=Text(
        "固碳速率法适合县域年度核算，不反映年际气候波动和林龄；NEP 法反映 NPP 的年际变化，但 NEP/NPP 比值不确定性大。"
        "两种方法不得在同一时间序列中混用。不是碳汇项目方法学，不能据此签发碳信用。",
        "The rate method suits a county's yearly account; it knows neither the year's climate nor the age of a stand. NEP"
        " follows the year's production, but its share of NPP is uncertain. Never mix the two in one series. This is no"
        " project methodology: no credit may be issued on it.",
    ),
    inputs=(
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
        Use("npp", "g C/m²/a", Text("净初级生产力（NEP 法）", "net primary production (NEP method)"), optional=True),
    ),
    parameters=(
        Use("services.carbon.method", "", Text("rate 固碳速率法，或 nep", "rate, or nep")),
        Use("services.carbon.rate_t_co2_per_ha_a", "t CO2/(ha·a)", Text("固碳速率", "sequestration rate")),
        Use("services.carbon.nep_share_of_npp", "1", Text("NEP 占 NPP 的比例", "NEP as a share of NPP"), optional=True),
    ),
    outputs=(Use("uptake_t_co2", "t CO2/a", Text("固碳量", "uptake")),),
    references=(
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "rate method and NEP method; text not opened"),
        Reference("GB/T 46869-2025, appendix A.7", "v", "names biomass, rate and NEP routes; formulas not read"),
    ),
    examples=(
        Example({"rate_t_co2_per_ha_a": 2.5, "area_ha": 4.0}, {"uptake_t_co2": 10.0}, "arithmetic from the formula"),
        Example({"npp_g_c_m2": 600.0, "nep_share": 0.3, "area_ha": 1.0}, {"uptake_t_co2": 6.6}, "44/12 · 0.3 · 6 t C/ha"),
    ),
)
SENSES = {"rate_t_co2_per_ha_a": 1, "nep_share_of_npp": 1}
METHODS = ("rate", "nep")


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(npp_g_c_m2, nep_share):  # type: ignore[no-untyped-def]
    """Return (44/12)·NEP of one hectare [t CO2/(ha·a)]; 1 g/m² is 0.01 t/ha."""
    return 44.0 / 12.0 * nep_share * npp_g_c_m2 * 0.01


def evaluate(
    *, area_ha: float, rate_t_co2_per_ha_a: float | None = None, npp_g_c_m2: float | None = None, nep_share: float = 0.0
) -> dict[str, float]:
    """Return the uptake [t CO2/a] by rate, or by NPP [g C/(m²·a)] and its NEP share where no rate is given."""
    rate = rate_t_co2_per_ha_a if npp_g_c_m2 is None else float(pixel(npp_g_c_m2, nep_share))
    if rate is None:
        raise TypeError("give rate_t_co2_per_ha_a, or npp_g_c_m2 and nep_share")
    return {"uptake_t_co2": rate * area_ha}


def prepare(site: Site) -> Plan:
    """Resolve rates and return the pass.

    Raises `NotAssessed` where land cover (or, by NEP, net primary production) is missing.
    """
    method = require_method(SPEC.id, "services.carbon.method", site.params, METHODS)
    layers = ("land_cover",) if method == "rate" else ("land_cover", "npp")
    require(SPEC.id, site, {name: (1, 12) if name == "npp" else (1,) for name in layers})
    key = "rate_t_co2_per_ha_a" if method == "rate" else "nep_share_of_npp"
    factor = np.full((3, 256), np.nan)
    for code, ends in table_corners(site.params, f"services.carbon.{key}", SENSES[key]).items():
        factor[:, int(code)] = ends

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        cells = first * strip.width, last * strip.width
        _rows(strip.layer("land_cover")[0], strip.layer("npp"), strip.covered, factor, method == "nep", *cells, out)
        return 0

    what = Text("固碳速率", "sequestration rate") if method == "rate" else Text("NEP 比例", "share of NEP")
    return Plan(layers, method, fill, classes_left_out(SPEC.id, factor, what))


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(land_cover, npp, covered, factor, by_npp, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (3, cells) with t CO2/ha."""
    production = np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        if by_npp:
            sum_bands(npp, a, n, production)
        code = land_cover[a : a + n]
        for k in range(3):
            rate, row = factor[k], out[k, a : a + n]
            for i in range(n):
                row[i] = pixel(production[i], rate[code[i]]) if by_npp else rate[code[i]]
