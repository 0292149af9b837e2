"""Water conservation by the water balance: what rain leaves after quick surface runoff and evapotranspiration.

For the hydrologist of a county. Form and runoff coefficients are those of the red-line guideline of 2017; HJ 1173-2021
writes the same balance with the rain that generates runoff instead of all rain.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.services.site import (
    IN_PARCEL,
    PASS,
    TILE,
    Plan,
    Site,
    class_map,
    classes_left_out,
    corners,
    lookup,
    require,
    require_method,
    table_corners,
)
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.text import Text

SPEC = Spec(
    id="water_conservation",
    name=Text("水源涵养", "water conservation"),
    summary=Text(
        "降水减去地表快速径流和实际蒸散发后由生态系统保持的水量。",
        "Water that an ecosystem keeps: rain less quick surface runoff and actual evapotranspiration.",
    ),
    unit="m3/a",
    formula="Q = Σ (P − α·P − AET)·A·10⁻³; Q m³/a, P and AET mm/a, α runoff coefficient of the ecosystem, A m²",
    holds=Text(
        "年尺度，闭合的水量平衡。有外来水补给（灌溉、河流、地下水）的像元结果可为负，负值照实保留并计数，不取绝对值、不改为 0。"
        "耕地、园地、城镇、荒漠、冰川和裸地没有系数，不评估。HJ 1173-2021 用产流降雨量，与总降雨量的结果不能混用。",
        "Yearly, where the balance is closed. Cells fed from outside (irrigation, rivers, groundwater) may come out negative;"
        " negatives are kept and counted, never turned positive or cut to 0. Cropland, gardens, towns, deserts, ice and bare"
        " land have no coefficient and are not assessed. HJ 1173-2021 takes runoff-generating rain: never mix the two.",
    ),
    inputs=(
        Use("rain", "mm", Text("月或年降水", "monthly or yearly rain")),
        Use("aet", "mm", Text("月或年实际蒸散发", "monthly or yearly actual evapotranspiration")),
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
    ),
    parameters=(
        Use(
            "services.water.method",
            "",
            Text("方法：REDLINE-2017、GEP-2020 或 HJ1173-2021", "method: REDLINE-2017, GEP-2020 or HJ1173-2021"),
        ),
        Use("services.water.runoff_coefficient", "1", Text("平均地表径流系数", "mean surface-runoff coefficient")),
        Use("services.water.class_map", "", Text("生态系统到系数类别的对照", "ecosystems to the classes of the coefficients")),
        Use("services.water.aet_factor", "1", Text("蒸散发的系统误差", "systematic error of evapotranspiration")),
        Use(
            "services.water.runoff_rain_share",
            "1",
            Text("产流降雨占比（仅 HJ1173-2021）", "share of rain that generates runoff (HJ1173-2021 only)"),
            optional=True,
        ),
    ),
    outputs=(Use("volume_m3", "m3/a", Text("水源涵养量", "water conserved")),),
    references=(
        Reference(
            "Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. (2017), 生态学报 37(19):6302-6312, doi:10.5846/stxb201607011362",
            "V",
            "balance",
        ),
        Reference(
            "生态保护红线划定指南 (2017)",
            "v",
            "coefficients read in public code that quotes it; the document itself was not opened",
        ),
        Reference("HJ 1173-2021, appendix A.1", "V", "the same balance with runoff-generating rain"),
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "writes the same quantity"),
    ),
    examples=(
        Example(
            {"rain_mm": 1200.0, "aet_mm": 700.0, "runoff_coefficient": 0.0302, "area_m2": 1e6},
            {"volume_m3": 463760.0},
            "arithmetic from the formula",
        ),
        Example(
            {"rain_mm": 300.0, "aet_mm": 500.0, "runoff_coefficient": 0.0478, "area_m2": 1e4},
            {"volume_m3": -2143.4},
            "a negative balance stays negative",
        ),
    ),
)
SENSES = {"runoff_coefficient": -1, "aet_factor": -1, "runoff_rain_share": 1}
METHODS = ("REDLINE-2017", "GEP-2020", "HJ1173-2021")


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(rain_mm, aet_mm, runoff_coefficient):  # type: ignore[no-untyped-def]
    """Return the balance of a year, P − α·P − AET [mm]."""
    return rain_mm - runoff_coefficient * rain_mm - aet_mm


def evaluate(*, rain_mm: float, aet_mm: float, runoff_coefficient: float, area_m2: float) -> dict[str, float]:
    """Return the volume [m3/a] of one piece of land from plain numbers."""
    return {"volume_m3": float(pixel(rain_mm, aet_mm, runoff_coefficient)) * area_m2 / 1000.0}


def prepare(site: Site) -> Plan:
    """Resolve coefficients and return the pass.

    Raises `NotAssessed` where rain, evapotranspiration or land cover is missing or the method has no figures.
    """
    require(SPEC.id, site, {"rain": (1, 12), "aet": (1, 12), "land_cover": (1,)})
    method = require_method(SPEC.id, "services.water.method", site.params, METHODS)
    alpha = table_corners(site.params, "services.water.runoff_coefficient", SENSES["runoff_coefficient"])
    runoff = lookup(alpha, class_map(site.params, "services.water.class_map"), SENSES["runoff_coefficient"])
    aet = corners(site.params, "services.water.aet_factor", SENSES["aet_factor"])
    share = np.ones(3)
    if method == "HJ1173-2021":
        share = corners(site.params, "services.water.runoff_rain_share", SENSES["runoff_rain_share"])

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        layers = strip.layer("rain"), strip.layer("aet"), strip.layer("land_cover")[0]
        return int(_rows(*layers, strip.covered, runoff, aet, share, first * strip.width, last * strip.width, out))

    return Plan(
        ("rain", "aet", "land_cover"),
        method,
        fill,
        classes_left_out(SPEC.id, runoff, Text("平均地表径流系数", "runoff coefficient")),
        Text("蒸散发大于扣除径流后的降水", "evapotranspiration exceeds rain less runoff"),
    )


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(rain, aet, land_cover, covered, runoff, aet_factor, rain_share, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (3, cells) with m3/ha; return how many covered cells are negative."""
    p, e = np.empty(TILE), np.empty(TILE)
    negative = 0
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        sum_bands(rain, a, n, p)
        sum_bands(aet, a, n, e)
        code = land_cover[a : a + n]
        for k in range(3):
            alpha, row = runoff[k], out[k, a : a + n]
            for i in range(n):
                row[i] = 10.0 * pixel(rain_share[k] * p[i], aet_factor[k] * e[i], alpha[code[i]])
        middle, here = out[1, a : a + n], covered[a : a + n]
        for i in range(n):
            negative += 1 if middle[i] < 0.0 and here[i] == IN_PARCEL else 0
    return negative
