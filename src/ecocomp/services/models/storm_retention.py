"""Storm retention by the curve number: what soil and cover hold back of one design storm.

For flood desks of towns and counties, and for comparison with InVEST Urban Flood Risk Mitigation, whose formula this is.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Spec, Use
from ecocomp.services.by_code import check_codes
from ecocomp.services.factors.water import (
    CN_ARGUMENTS,
    CN_FORMULA,
    CN_OUTPUTS,
    INVEST_FLOOD,
    M3_PER_HA_MM,
    TR55,
    curve_number_steps,
    potential_retention_mm,
    storm_runoff_mm,
)
from ecocomp.services.site import (
    PASS,
    TILE,
    Floats,
    NotAssessed,
    Plan,
    Site,
    classes_left_out,
    columns,
    corners,
    not_assessed,
    table_corners,
)
from ecocomp.services.tiles import any_covered
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.text import Text, same

GROUPS = "ABCD"
"""Hydrologic soil groups, from sand that drains to clay that does not; codes 1 to 4 of the layer."""
DEPTH = "services.storm.depth_mm"
TABLE = "services.storm.curve_number"

SPEC = Spec(
    id="storm_retention",
    name=Text("暴雨滞留", "storm runoff retention"),
    summary=Text(
        "一次设计暴雨中未形成径流、由土壤和植被滞留的水量。",
        "Water of one design storm that soil and cover hold back from running off.",
    ),
    unit="m3",
    formula=f"{CN_FORMULA}\nR = 1 − Q/P\nV = 10·(P − Q)·A",
    holds=Text(
        "一次暴雨、前期湿度中等，不含汇流、管网和水面调蓄；单位是每场设计暴雨的立方米，不能与年水量相加。"
        "曲线数表没有给出的地类（水域、沼泽、冰川）不评估，其调蓄见洪水调蓄。",
        "One storm on ground of middling wetness, without routing, sewers or storage in water bodies; cubic metres for each"
        " design storm, never to be added to yearly volumes. Classes without a curve number (water, marsh, ice) are not"
        " assessed; what they store is flood regulation.",
    ),
    differs=Text(
        "即 InVEST 城市洪水风险减缓（UFRM）的滞留量与滞留比例：同样的曲线数逐像元相等；InVEST 的受灾建筑部分没有对应。",
        "This is retention of InVEST's Urban Flood Risk Mitigation: the same cell by cell given the same curve numbers; its"
        " damage to buildings has no twin here.",
    ),
    arguments=(*CN_ARGUMENTS[:2], Argument("area_ha", "ha", Text("面积", "area"), "A", least=0.0), CN_ARGUMENTS[2]),
    inputs=(
        Use("storm_rain", "mm", Text("设计暴雨雨量（没有时用规则）", "rain of the design storm (else by rule)"), optional=True),
        Use("hydrologic_group", "A–D as 1–4", Text("土壤水文组", "hydrologic soil group")),
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
    ),
    parameters=(
        Use(TABLE, "1", Text("按“生态系统 水文组”的曲线数", "curve number by ecosystem and group, such as “11 B”")),
        Use("services.storm.initial_share", "1", Text("初损占 S 的比例 λ", "initial loss as a share of S, λ")),
        Use(DEPTH, "mm", Text("设计暴雨雨量", "rain of the design storm"), optional=True),
    ),
    outputs=(*CN_OUTPUTS, Use("volume_m3", "m3", Text("滞留水量", "water held"), symbol="V")),
    references=(INVEST_FLOOD, TR55),
    examples=(
        Example(
            {"curve_number": 70.0, "rain_mm": 80.0, "area_ha": 1.0},
            {"retention_mm": 108.85714, "runoff_mm": 20.29238, "held_share": 0.74635, "volume_m3": 597.0762},
            "computed by hand from the formula",
        ),
        Example(
            {"curve_number": 30.0, "rain_mm": 60.0, "area_ha": 2.0},
            {"runoff_mm": 0.0, "held_share": 1.0, "volume_m3": 1200.0},
            "the storm stays below λ·S = 118.5 mm",
        ),
    ),
)
SENSES = {"curve_number": -1, "initial_share": 1, "depth_mm": 1}


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(rain_mm, curve_number, initial_share):  # type: ignore[no-untyped-def]
    """Return P − Q [mm]."""
    return rain_mm - storm_runoff_mm(rain_mm, potential_retention_mm(curve_number), initial_share) + 0.0 * curve_number


def evaluate(*, curve_number: float, rain_mm: float, area_ha: float, initial_share: float = 0.2) -> dict[str, float]:
    """Return S, Q [mm], the share held and the volume held [m3] of one storm from plain numbers."""
    kept = float(pixel(float(rain_mm), float(curve_number), initial_share))
    steps = curve_number_steps(curve_number=curve_number, rain_mm=rain_mm, initial_share=initial_share)
    return {**steps, "volume_m3": M3_PER_HA_MM * kept * area_ha}


def prepare(site: Site) -> Plan:
    """Resolve curve numbers and the storm and return the pass.

    Raises `NotAssessed` where land cover or soil group is missing, or there is neither a layer nor a rule of the storm.
    """
    by_layer = "storm_rain" in site.bands
    layers = ("hydrologic_group", "land_cover", *(("storm_rain",) if by_layer else ()))
    lacking = site.lacking(SPEC.id, dict.fromkeys(layers, (1,)))
    if not by_layer and not site.params.has(DEPTH):
        why = Text("没有图层 storm_rain，规则中也没有 {k}", "there is no layer storm_rain and no rule {k}").fill(k=DEPTH)
        lacking.append(not_assessed(SPEC.id, "storm_rain", why))
    if lacking:
        raise NotAssessed(lacking)
    number = curve_numbers(site)
    share = corners(site.params, "services.storm.initial_share", SENSES["initial_share"])
    depth = np.ones(columns(site.params)) if by_layer else corners(site.params, DEPTH, SENSES["depth_mm"])

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        read = strip.layer("storm_rain")[0], strip.layer("hydrologic_group")[0], strip.layer("land_cover")[0]
        _rows(*read, strip.covered, number, share, depth, by_layer, first * strip.width, last * strip.width, out)
        return 0

    listed = np.nanmax(np.where(np.isnan(number), -1.0, number), axis=2)
    listed[listed < 0.0] = np.nan
    method = f"TR-55 curve number; storm={'raster' if by_layer else 'rule'}"
    return Plan(layers, method, fill, classes_left_out(SPEC.id, listed, Text("曲线数", "curve number")))


def curve_numbers(site: Site) -> Floats:
    """Return (columns, 256, 5): the curve number by ecosystem code and soil group 1–4; NaN where there is none.

    Raises `NotAssessed` naming entries that are no “code group”, or lie outside 1 to 100.
    """
    entries = table_corners(site.params, TABLE, SENSES["curve_number"])
    words = {entry: entry.split() for entry in entries}
    wrong = [
        e for e, w in words.items() if len(w) != 2 or w[1] not in GROUPS or not np.all((entries[e] >= 1) & (entries[e] <= 100))
    ]
    if wrong:
        why = Text(
            "{w} 应写作“代码 水文组: 1–100 的数”，如 11 B: 55", "{w} should be “code group: number of 1 to 100”, such as 11 B: 55"
        )
        raise NotAssessed([not_assessed(SPEC.id, TABLE, why.fill(w=same(", ".join(sorted(wrong)))))])
    check_codes(SPEC.id, TABLE, entries, {e: w[0] for e, w in words.items()}, site.params)
    table = np.full((columns(site.params), 256, len(GROUPS) + 1), np.nan)
    for entry, (code, group) in words.items():
        table[:, int(code), GROUPS.index(group) + 1] = entries[entry]
    return table


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(storm, group, land_cover, covered, number, share, depth, by_layer, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (columns, cells) with m3/ha."""
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        code, soil = land_cover[a : a + n], group[a : a + n]
        for k in range(number.shape[0]):
            table, row = number[k], out[k, a : a + n]
            for i in range(n):
                rain = depth[k] * (np.float64(storm[a + i]) if by_layer else 1.0)
                at = soil[i] if soil[i] < 5 else 0
                row[i] = M3_PER_HA_MM * pixel(rain, table[code[i], at], share[k])
