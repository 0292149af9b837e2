"""Water conservation by the water balance: what rain leaves after quick surface runoff and evapotranspiration.

For the hydrologist of a county. Form and runoff coefficients are those of the red-line guideline of 2017; HJ 1173-2021
writes the same balance with the rain that generates runoff instead of all rain. HJ 1175-2021, for single projects, is no
balance but a difference against bare land; it is a method of its own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.by_code import by_code
from ecocomp.services.factors.water import balance_mm, runoff_mm, runoff_saved_mm
from ecocomp.services.site import (
    IN_PARCEL,
    PASS,
    TILE,
    Floats,
    Plan,
    Site,
    class_map,
    classes_left_out,
    columns,
    corners,
    lookup,
    require,
    require_method,
    table_corners,
)
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.terms.text import Text

SPEC = Spec(
    id="water_conservation",
    name=Text("水源涵养", "water conservation"),
    summary=Text(
        "降水减去地表快速径流和实际蒸散发后由生态系统保持的水量。",
        "Water that an ecosystem keeps: rain less quick surface runoff and actual evapotranspiration.",
    ),
    unit="m3/a",
    formula="P = s·P0\nR = α·P\nq = P − R − AET\nQ = q·A/1000",
    holds=Text(
        "年尺度，闭合的水量平衡。有外来水补给（灌溉、河流、地下水）的像元结果可为负，负值照实保留并计数，不取绝对值、不改为 0。"
        "耕地、园地、城镇、荒漠、冰川和裸地没有系数，不评估。"
        "s 只在 HJ 1173-2021 中不为 1：它用产流降雨量，与总降雨量的结果不能混用。"
        "HJ 1175-2021 的项目尺度式 Q = A·J0·K·(R0 − Rg) 是与裸地的差值（见公式 runoff_against_bare），另作一种方法，"
        "不得与平衡法列入同一账户。",
        "Yearly, where the balance is closed. Cells fed from outside (irrigation, rivers, groundwater) may come out negative;"
        " negatives are kept and counted, never turned positive or cut to 0. Cropland, gardens, towns, deserts, ice and bare"
        " land have no coefficient and are not assessed. Only in HJ 1173-2021 is s other than 1: it takes runoff-generating"
        " rain; never mix the two. HJ 1175-2021, at project scale, is Q = A·J0·K·(R0 − Rg), a difference against bare land"
        " (formula runoff_against_bare): a method of its own, never in one account with the balance.",
    ),
    differs=Text(
        "InVEST 年产水量 P − AET 不扣除地表径流，因此更大；二者只能在 P − AET 上比较："
        "本模型的 Q 加回 α·P 后应等于用同一 AET 的产水量。",
        "InVEST's water yield is P − AET without taking off surface runoff, so it is larger. The two can be compared only on"
        " P − AET: Q with α·P added back equals the yield of the same AET.",
    ),
    arguments=(
        Argument("rain_mm", "mm/a", Text("年降水", "rain of the year"), "P0", least=0.0),
        Argument("aet_mm", "mm/a", Text("年实际蒸散发", "actual evapotranspiration of the year"), "AET", least=0.0),
        Argument("runoff_coefficient", "1", Text("平均地表径流系数", "mean surface-runoff coefficient"), "α", least=0.0, most=1.0),
        Argument("area_m2", "m²", Text("面积", "area"), "A", least=0.0),
        Argument(
            "runoff_rain_share", "1",
            Text("产流降雨占比（HJ1173-2021 之外为 1）", "share of rain that generates runoff (1 except in HJ1173-2021)"),
            "s", default=1.0, least=0.0, most=1.0,
        ),
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
            Text(
                "方法：REDLINE-2017、GEP-2020、HJ1173-2021 或 HJ1175-2021",
                "method: REDLINE-2017, GEP-2020, HJ1173-2021 or HJ1175-2021",
            ),
        ),
        Use("services.water.runoff_coefficient", "1", Text("平均地表径流系数", "mean surface-runoff coefficient")),
        Use("services.water.class_map", "", Text("生态系统到系数类别的对照", "ecosystems to the classes of the coefficients")),
        Use("services.water.aet_factor", "1", Text("蒸散发的系统误差", "systematic error of evapotranspiration")),
        Use(
            "services.water.runoff_rain_share",
            "1",
            Text("产流降雨占比（HJ1173-2021、HJ1175-2021）", "share of rain that generates runoff (HJ1173-2021, HJ1175-2021)"),
            optional=True,
        ),
        Use("services.water.bare_runoff_rate", "1", Text("裸地径流率（HJ1175）", "runoff rate of bare land (HJ1175)"), True),
        Use(
            "services.water.ecosystem_runoff_rate",
            "1",
            Text("生态系统径流率（HJ1175-2021）", "runoff rate of ecosystems (HJ1175-2021)"),
            optional=True,
        ),
    ),
    outputs=(
        Use("runoff_rain_mm", "mm/a", Text("参与平衡的降水", "rain in the balance"), symbol="P"),
        Use("runoff_mm", "mm/a", Text("地表径流", "surface runoff"), symbol="R"),
        Use("balance_mm", "mm/a", Text("水量平衡", "balance"), symbol="q"),
        Use("volume_m3", "m3/a", Text("水源涵养量", "water conserved"), symbol="Q"),
    ),
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
        Reference("HJ 1175-2021, B.1", "V", "project scale, difference against bare land"),
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "writes the same quantity"),
    ),
    examples=(
        Example(
            {"rain_mm": 1200.0, "aet_mm": 700.0, "runoff_coefficient": 0.0302, "area_m2": 1e6},
            {"runoff_mm": 36.24, "balance_mm": 463.76, "volume_m3": 463760.0},
            "arithmetic from the formula",
        ),
        Example(
            {"rain_mm": 300.0, "aet_mm": 500.0, "runoff_coefficient": 0.0478, "area_m2": 1e4},
            {"volume_m3": -2143.4},
            "a negative balance stays negative",
        ),
        Example(
            {"rain_mm": 1000.0, "aet_mm": 300.0, "runoff_coefficient": 0.05, "area_m2": 1e4, "runoff_rain_share": 0.6},
            {"runoff_rain_mm": 600.0, "runoff_mm": 30.0, "volume_m3": 2700.0},
            "HJ 1173-2021: six tenths of the rain generate runoff",
        ),
    ),
)  # fmt: skip
SENSES = {
    "runoff_coefficient": -1, "aet_factor": -1, "runoff_rain_share": 1, "bare_runoff_rate": 1, "ecosystem_runoff_rate": -1,
}  # fmt: skip
BARE = "HJ1175-2021"
METHODS = ("REDLINE-2017", "GEP-2020", "HJ1173-2021", BARE)


def evaluate(
    *, rain_mm: float, aet_mm: float, runoff_coefficient: float, area_m2: float, runoff_rain_share: float = 1.0
) -> dict[str, float]:
    """Return the volume [m3/a] of one piece of land from plain numbers, with each term of the balance [mm]."""
    rain = runoff_rain_share * rain_mm
    runoff = float(runoff_mm(rain, runoff_coefficient))
    depth = float(balance_mm(rain, runoff, aet_mm))
    return {"runoff_rain_mm": rain, "runoff_mm": runoff, "balance_mm": depth, "volume_m3": depth * area_m2 / 1000.0}


def prepare(site: Site) -> Plan:
    """Resolve coefficients and return the pass.

    Raises `NotAssessed` where rain, evapotranspiration or land cover is missing or the method has no figures.
    """
    method = require_method(SPEC.id, "services.water.method", site.params, METHODS)
    if method == BARE:
        return _against_bare(site)
    require(SPEC.id, site, {"rain": (1, 12), "aet": (1, 12), "land_cover": (1,)})
    alpha = table_corners(site.params, "services.water.runoff_coefficient", SENSES["runoff_coefficient"])
    runoff = lookup(alpha, class_map(site.params, "services.water.class_map"), SENSES["runoff_coefficient"])
    aet = corners(site.params, "services.water.aet_factor", SENSES["aet_factor"])
    share = np.ones(columns(site.params))
    if method == "HJ1173-2021":
        share = corners(site.params, "services.water.runoff_rain_share", SENSES["runoff_rain_share"])

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        layers = strip.layer("rain"), strip.layer("aet"), strip.layer("land_cover")[0]
        return int(_rows(*layers, strip.covered, runoff, aet, share, first * strip.width, last * strip.width, out))

    meaning = Text("蒸散发大于扣除径流后的降水", "evapotranspiration exceeds rain less runoff")
    return _plan(("rain", "aet", "land_cover"), method, fill, runoff, meaning)


def _against_bare(site: Site) -> Plan:
    """Return the plan of HJ 1175-2021, which reads no evapotranspiration."""
    require(SPEC.id, site, {"rain": (1, 12), "land_cover": (1,)})
    rate = by_code(SPEC.id, site.params, "services.water.ecosystem_runoff_rate", SENSES["ecosystem_runoff_rate"])
    bare = corners(site.params, "services.water.bare_runoff_rate", SENSES["bare_runoff_rate"])
    share = corners(site.params, "services.water.runoff_rain_share", SENSES["runoff_rain_share"])

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        layers = strip.layer("rain"), strip.layer("land_cover")[0]
        return int(_rows_against_bare(*layers, strip.covered, rate, bare, share, first * strip.width, last * strip.width, out))

    meaning = Text("生态系统径流率高于裸地", "the ecosystem sheds more than bare land")
    return _plan(("rain", "land_cover"), f"{BARE}; against bare land, no balance", fill, rate, meaning)


def _plan(layers, method, fill, table: Floats, meaning: Text) -> Plan:  # type: ignore[no-untyped-def]
    notes = classes_left_out(SPEC.id, table, Text("地表径流系数", "runoff coefficient"))
    return Plan(layers, method, fill, notes, meaning)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(rain, aet, land_cover, covered, runoff, aet_factor, rain_share, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (columns, cells) with m3/ha; return how many covered cells are negative."""
    p, e = np.empty(TILE), np.empty(TILE)
    negative = 0
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        sum_bands(rain, a, n, p)
        sum_bands(aet, a, n, e)
        code = land_cover[a : a + n]
        for k in range(runoff.shape[0]):
            alpha, row = runoff[k], out[k, a : a + n]
            for i in range(n):
                wet = rain_share[k] * p[i]
                row[i] = 10.0 * balance_mm(wet, runoff_mm(wet, alpha[code[i]]), aet_factor[k] * e[i])
        negative += _count_negative(out[runoff.shape[0] // 2, a : a + n], covered[a : a + n])
    return negative


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows_against_bare(rain, land_cover, covered, rate, bare, rain_share, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (columns, cells) with m3/ha; return how many covered cells are negative."""
    p = np.empty(TILE)
    negative = 0
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        sum_bands(rain, a, n, p)
        code = land_cover[a : a + n]
        for k in range(rate.shape[0]):
            shed, row = rate[k], out[k, a : a + n]
            for i in range(n):
                row[i] = 10.0 * runoff_saved_mm(p[i], rain_share[k], bare[k], shed[code[i]])
        negative += _count_negative(out[rate.shape[0] // 2, a : a + n], covered[a : a + n])
    return negative


@njit(**PASS)  # type: ignore[untyped-decorator]
def _count_negative(middle, covered):  # type: ignore[no-untyped-def]
    """Return how many cells in parcels are below 0; by corners the middle column is the value."""
    negative = 0
    for i in range(middle.size):
        negative += 1 if middle[i] < 0.0 and covered[i] == IN_PARCEL else 0
    return negative
