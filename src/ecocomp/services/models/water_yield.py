"""Water yield by the Budyko curve in the form of Fu: what rain leaves after the evapotranspiration its climate allows.

For hydrologists and for comparison with InVEST, whose Annual Water Yield this is, cell by cell.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.by_code import by_code
from ecocomp.services.factors.water import (
    BUDYKO_ARGUMENTS,
    BUDYKO_FORMULA,
    BUDYKO_OUTPUTS,
    INVEST_YIELD,
    M3_PER_HA_MM,
    available_water_mm,
    budyko,
    evaporated_share,
)
from ecocomp.services.site import PASS, TILE, Floats, Plan, Site, classes_left_out, corners, require
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.text import Text

_CELL = {"et0_mm": 900.0, "kc": 0.1, "root_depth_mm": 300.0, "soil_depth_mm": 700.0, "water_capacity": 0.11, "z": 6.0}

SPEC = Spec(
    id="water_yield",
    name=Text("产水", "water yield"),
    summary=Text(
        "降水减去由布迪科曲线推算的年实际蒸散发，即离开这片地的全部水量。",
        "Rain less the year's actual evapotranspiration by the Budyko curve: all water that leaves the land.",
    ),
    unit="m3/a",
    formula=f"{BUDYKO_FORMULA}\nY = P·(1 − f)\nQ = 10·Y·A",
    holds=Text(
        "多年平均、流域尺度；不区分地表水与地下水，不反映年内分配，不含灌溉和调水。Z 应以实测径流率定。"
        "没有降水的像元产水为 0。水域、城镇等无植被地类取 min(Kc·ET0, P)。",
        "Means over years, catchment scale; surface and ground water are not told apart, nor the seasons; irrigation and"
        " transfers are outside. Z should be calibrated on gauged runoff. A cell without rain yields 0. Ground without plants"
        " (water, towns) evaporates min(Kc·ET0, P).",
    ),
    differs=Text(
        "即 InVEST 年产水量：同样的系数表和栅格逐像元相等（float32 精度内）；只有降水为 0 的像元不同，InVEST 视为无数据，这里为 0。"
        "水源涵养量（water_conservation）另扣地表径流，因此较小，二者只能在 P − AET 上比较。",
        "This is InVEST's Annual Water Yield: given the same tables and rasters the two agree cell by cell within float32,"
        " except where no rain falls, which InVEST takes as nodata and this as 0. Water conservation also takes off surface"
        " runoff and is smaller; compare the two only on P − AET.",
    ),
    arguments=(*BUDYKO_ARGUMENTS, Argument("area_ha", "ha", Text("面积", "area"), "A", least=0.0)),
    inputs=(
        Use("rain", "mm", Text("月或年降水", "monthly or yearly rain")),
        Use("et0", "mm", Text("月或年参考蒸散发", "monthly or yearly reference evapotranspiration")),
        Use("soil_depth", "mm", Text("根系限制层深度", "depth to what stops roots")),
        Use("water_capacity", "1", Text("植物可利用水比例", "plant-available share of water")),
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
    ),
    parameters=(
        Use("services.water_yield.kc", "1", Text("植被蒸散系数 Kc", "crop coefficient Kc")),
        Use("services.water_yield.root_depth_mm", "mm", Text("根系深度", "root depth")),
        Use("services.water_yield.vegetated", "1", Text("有植被为 1，无植被为 0", "1 with plants, 0 without")),
        Use("services.water_yield.z", "1", Text("季节系数 Z", "seasonality Z")),
    ),
    outputs=(
        *BUDYKO_OUTPUTS,
        Use("yield_mm", "mm/a", Text("产水深", "depth of yield"), symbol="Y"),
        Use("volume_m3", "m3/a", Text("产水量", "water yield"), symbol="Q"),
    ),
    references=(
        INVEST_YIELD,
        Reference("Zhang L. et al. (2004), Water Resour. Res. 40:W02502", "R", "Fu's curve; not opened"),
        Reference("Donohue et al. (2012), J. Hydrology 436-437:35-50", "R", "ω = Z·AWC/P + 1.25; not opened"),
    ),
    examples=(
        Example(
            {**_CELL, "kc": 1.0, "et0_mm": 1000.0, "rain_mm": 100.0, "root_depth_mm": 99.0, "soil_depth_mm": 600.0,
             "vegetated": 1, "area_ha": 1.0},
            {"evaporated_share": 0.9345682, "yield_mm": 6.54318},
            "test of InVEST Annual Water Yield", 1e-5,
        ),
        Example(
            {**_CELL, "rain_mm": 1000.0, "vegetated": 1, "area_ha": 10.0},
            {"evaporated_share": 0.06896508, "volume_m3": 93103.492},
            "test of InVEST Annual Water Yield",
        ),
        Example(
            {**_CELL, "rain_mm": 10.0, "root_depth_mm": 400.0, "water_capacity": 0.12, "vegetated": 0, "area_ha": 1.0},
            {"evaporated_share": 1.0, "volume_m3": 0.0},
            "test of InVEST Annual Water Yield: ground without plants",
        ),
    ),
)  # fmt: skip
SENSES = {"kc": -1, "root_depth_mm": -1, "z": -1}


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(rain_mm, pet_mm, awc_mm, vegetated, z):  # type: ignore[no-untyped-def]
    """Return P·(1 − AET/P) [mm]."""
    return rain_mm * (1.0 - evaporated_share(rain_mm, pet_mm, awc_mm, vegetated, z))


def evaluate(
    *,
    rain_mm: float,
    et0_mm: float,
    kc: float,
    root_depth_mm: float,
    soil_depth_mm: float,
    water_capacity: float,
    vegetated: float,
    z: float,
    area_ha: float,
) -> dict[str, float]:
    """Return every step of the curve and the yield [mm, m3/a] of one piece of land from plain numbers."""
    steps = budyko(
        rain_mm=rain_mm, et0_mm=et0_mm, kc=kc, root_depth_mm=root_depth_mm, soil_depth_mm=soil_depth_mm,
        water_capacity=water_capacity, vegetated=vegetated, z=z,
    )  # fmt: skip
    depth = float(pixel(float(rain_mm), steps["pet_mm"], steps["awc_mm"], float(vegetated), float(z)))
    return {**steps, "yield_mm": depth, "volume_m3": M3_PER_HA_MM * depth * area_ha}


def prepare(site: Site) -> Plan:
    """Resolve the tables and return the pass.

    Raises `NotAssessed` naming every layer that is missing.
    """
    layers = {"rain": (1, 12), "et0": (1, 12), "soil_depth": (1,), "water_capacity": (1,), "land_cover": (1,)}
    require(SPEC.id, site, layers)
    kc, root, plants = _tables(site)
    z = corners(site.params, "services.water_yield.z", SENSES["z"])

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        read = (
            strip.layer("rain"),
            strip.layer("et0"),
            *(strip.layer(n)[0] for n in ("soil_depth", "water_capacity", "land_cover")),
        )
        _rows(*read, strip.covered, kc, root, plants, z, first * strip.width, last * strip.width, out)
        return 0

    what = Text("蒸散系数或根系深度", "crop coefficient or root depth")
    return Plan(tuple(layers), "Budyko-Fu", fill, classes_left_out(SPEC.id, kc + root, what))


def _tables(site: Site) -> tuple[Floats, Floats, Floats]:
    """Return Kc, root depth and whether there are plants, each by code; root depth counts for plants only."""
    kc = by_code(SPEC.id, site.params, "services.water_yield.kc", SENSES["kc"])
    root = by_code(SPEC.id, site.params, "services.water_yield.root_depth_mm", SENSES["root_depth_mm"])
    plants = by_code(SPEC.id, site.params, "services.water_yield.vegetated", 1)[-1]
    root[:, plants == 0.0] = 0.0
    root[:, np.isnan(plants)] = np.nan
    return kc, root, plants


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(rain, et0, depth, capacity, land_cover, covered, kc, root, plants, z, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (columns, cells) with m3/ha."""
    p, e, pet, awc, green = np.empty(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        sum_bands(rain, a, n, p)
        sum_bands(et0, a, n, e)
        code, soil, held = land_cover[a : a + n], depth[a : a + n], capacity[a : a + n]
        for k in range(kc.shape[0]):
            factor, roots, row = kc[k], root[k], out[k, a : a + n]
            for i in range(n):  # looking up first leaves a loop that runs on several cells at once
                c = code[i]
                pet[i], green[i] = factor[c] * e[i], plants[c]
                awc[i] = available_water_mm(roots[c], np.float64(soil[i]), np.float64(held[i])) + 0.0 * soil[i]
            for i in range(n):
                row[i] = M3_PER_HA_MM * pixel(p[i], pet[i], awc[i], green[i], z[k])
