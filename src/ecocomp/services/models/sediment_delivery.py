"""Sediment kept out of streams: what plants and practices hold back of the soil that would reach the water.

For water offices and reservoirs. Soil loss by RUSLE is delivered by a ratio that rises with the connectivity of a place to
the streams; what plants do not let erode counts as far as it would have been delivered, and so does sediment from above
that is trapped on the way. Both layers are made before the pass, since they can only be told from the whole ground.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.registry.declare import gives, takes
from ecocomp.services import water_erosion
from ecocomp.services.factors.sediment import IC, IC0, K_IC, SDR, SDR_MAX, delivery_ratio
from ecocomp.services.site import PASS, TILE, Plan, Site, corners, require, require_method
from ecocomp.services.tiles import any_covered
from ecocomp.services.vector_math import INLINE
from ecocomp.services.water_erosion import VALUE_LAYERS, cover_tile, erosion_forms, practice_of, start_tile
from ecocomp.terms.text import Text

SPEC = Spec(
    id="sediment_delivery",
    name=Text("减少入河泥沙", "sediment kept out of streams"),
    summary=Text(
        "与裸地相比，植被和措施使多少泥沙没有进入河道（RUSLE × 输移比，加上途中拦截）。",
        "Sediment that plants and practices keep out of streams, against bare ground (RUSLE times a delivery ratio, plus what is"
        " trapped"
        " on the way).",
    ),
    unit="t/a",
    formula=(
        "A_p = R·K·LS\n"
        "A = R·K·LS·C·P\n"
        "SDR = SDR_max/(1 + exp((IC_0 − IC)/k))\n"
        "E = A·SDR·F\n"
        "AE = ((A_p − A)·SDR + T)·F"
    ),
    holds=Text(
        "多年平均的坡面产沙；不含沟蚀、河岸和重力侵蚀。河道像元为 0。流出数据范围处按到达河道计。"
        "IC0、k、SDR_max 为习用值，应以实测输沙校准。区间由 R、K、C、P、SDR_max、IC0、k 抽样而得；"
        "连通性指数内的 C、坡度和河道阈值，以及拦截量中的 C 与输移比按定值，不随抽样变化（拦截量只随 R、K 同比变化）。"
        "因子未知的上坡像元不计入拦截，所得为下限。",
        "Long-term mean of sheet and rill erosion; no gullies, banks or slides. Cells of streams have 0. What leaves the data"
        " counts as"
        " reaching a stream. IC0, k and SDR_max are customary and should be calibrated with measured sediment. The range is"
        " drawn over R, K,"
        " C, P, SDR_max, IC0 and k; the C, slope and stream threshold inside the index of connectivity, and C and the ratio"
        " inside what is"
        " trapped, stay at their values (what is trapped moves with R and K only). Ground above whose factors are not known adds"
        " nothing to"
        " what is trapped, which is then a lower bound.",
    ),
    differs=Text(
        "对应 InVEST 的 avoided_export = (RKLS − USLE)·SDR + 拦截。R、K、LS、C、P 相同时 RKLS 与 USLE 可逐像元对照（1e-6）；"
        "IC、SDR 与输沙不可逐像元对照：InVEST 的多流向份额量化为 16 级、从主河道向上延伸河道、按像元步数而非米累加路径。"
        "path_form = invest_steps 时各流域 SDR 总量相差约 2 %，拦截相差约两成；默认 path_form = metres 按米累加，"
        "IC 低约 lg(像元边长)，SDR 更小。HJ 1173 没有对应的指标，不可与土壤保持量相加。",
        "Matches InVEST's avoided_export = (RKLS − USLE)·SDR + trapped. Given the same R, K, LS, C and P, RKLS and USLE agree"
        " cell by cell (1e-6). IC, SDR and export do not: InVEST keeps the shares of water in sixteen steps, traces streams"
        " upward and counts the path in steps of cells, not metres. With path_form invest_steps the sum of SDR over a"
        " catchment differs by about 2 %, what is trapped by a fifth. By default the path is in metres, which makes IC lower"
        " by about the logarithm of the side of a cell, and SDR smaller. HJ 1173 has no such indicator; never add it to soil"
        " retention.",
    ),
    inputs=(
        *water_erosion.INPUTS,
        Use("elevation", "m", Text("高程（流向与坡度）", "elevation (ways of water, slope)"), optional=True),
        Use("connectivity_index", "1", Text("连通性指数 IC（由高程、NDVI、土地覆被生成）",
                                            "index of connectivity IC (made from elevation, NDVI and land cover)")),
        Use("sediment_trapped", "t/(ha·a)", Text("途中拦截量（由上述各层生成）",
            "what is trapped on the way (made from all of these)")),
    ),
    parameters=(
        *water_erosion.PARAMETERS,
        Use("services.sediment.method", "", Text("SDR", "SDR")),
        Use("services.sediment.ic0", "1", Text("连通性参数 IC0", "parameter IC0")),
        Use("services.sediment.k", "1", Text("连通性参数 k", "parameter k")),
        Use("services.sediment.sdr_max", "1", Text("最大输移比", "greatest delivery ratio")),
        Use("services.sediment.routing", "", Text("MFD、D8 或 DINF", "MFD, D8 or DINF")),
        Use("services.sediment.path_form", "", Text("metres 或 invest_steps", "metres or invest_steps")),
        Use("services.sediment.stream_ha", "ha", Text("形成河道的汇水面积", "drained area from which a stream runs")),
        Use("services.sediment.slope_least", "m/m", Text("坡度下限", "least slope")),
        Use("services.sediment.slope_most", "m/m", Text("坡度上限", "greatest slope")),
        Use("services.sediment.cover_least", "1", Text("W 的下限", "least W")),
    ),
    arguments=(
        takes("erosivity", "MJ·mm/(ha·h·a)", ("降雨侵蚀力", "rain erosivity"), "R", least=0.0),
        takes("erodibility", "t·ha·h/(ha·MJ·mm)", ("土壤可蚀性", "soil erodibility"), "K", least=0.0, most=0.2),
        takes("ls", "1", ("坡长坡度因子", "slope length and steepness factor"), "LS", least=0.0),
        takes("cover_factor", "1", ("植被覆盖因子", "cover factor"), "C", least=0.0, most=1.0),
        IC,
        takes("practice_factor", "1", ("措施因子", "practice factor"), "P", 1.0, least=0.0, most=1.0),
        takes("trapped_t_ha", "t/(ha·a)", ("途中拦截量", "what is trapped on the way"), "T", 0.0, least=0.0),
        IC0, K_IC, SDR_MAX,
        takes("area_ha", "ha", ("面积", "area"), "F", 1.0, least=0.0),
    ),
    outputs=(
        gives("kept_t", "t/a", ("减少的入河泥沙", "sediment kept out of streams"), "AE"),
        gives("potential_t_ha", "t/(ha·a)", ("潜在侵蚀", "potential erosion"), "A_p"),
        gives("actual_t_ha", "t/(ha·a)", ("实际侵蚀", "actual erosion"), "A"),
        SDR,
        gives("export_t", "t/a", ("入河泥沙", "sediment that reaches streams"), "E"),
    ),
    references=(
        Reference("natcap/invest, sdr.py and sediment_deposition.h at commit 54ff9ca (2026-08-20)", "V"),
        Reference("Borselli et al. (2008), doi:10.1016/j.catena.2008.07.006", "R", "index of connectivity"),
        Reference("Vigiak et al. (2012), doi:10.1016/j.geomorph.2011.08.026", "R", "sigmoid; customary IC0 and k"),
        *water_erosion.REFERENCES,
    ),
    examples=(
        Example(
            {"erosivity": 4000.0, "erodibility": 0.03, "ls": 2.0,
                "cover_factor": 0.1, "index": 0.5, "trapped_t_ha": 3.0, "area_ha": 2.0},
            {"kept_t": 178.8, "potential_t_ha": 240.0, "actual_t_ha": 24.0, "sdr": 0.4, "export_t": 19.2},
            "arithmetic: (216·0.4 + 3)·2",
        ),
        Example(
            {"erosivity": 4000.0, "erodibility": 0.03, "ls": 2.0, "cover_factor": 1.0, "index": -3.5},
            {"kept_t": 0.0, "sdr": 0.095362, "export_t": 22.88688},
            "no cover and nothing trapped",
        ),
    ),
)  # fmt: skip
SENSES = {**water_erosion.SENSES, "sdr_max": 1, "ic0": -1, "k": 0}
MONOTONE = False
"""k raises delivery where IC lies below IC0 and lowers it above."""
METHODS = ("SDR",)
MADE = ("connectivity_index", "sediment_trapped")


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(potential, cover_factor, practice_factor, index, ic0, k, sdr_max, trapped):  # type: ignore[no-untyped-def]
    """Return (A_p − A)·SDR + T [t/(ha·a)]; 0 on a stream, where the index is infinite."""
    kept = potential * (1.0 - cover_factor * practice_factor) * delivery_ratio(index, ic0, k, sdr_max) + trapped
    return 0.0 if index == np.inf else kept


def evaluate(
    *,
    erosivity: float,
    erodibility: float,
    ls: float,
    cover_factor: float,
    index: float,
    practice_factor: float = 1.0,
    trapped_t_ha: float = 0.0,
    ic0: float = 0.5,
    k: float = 2.0,
    sdr_max: float = 0.8,
    area_ha: float = 1.0,
) -> dict[str, float]:
    """Return what is kept out of streams and what reaches them [t/a], soil loss [t/(ha·a)] and the delivery ratio."""
    potential = erosivity * erodibility * ls
    actual = potential * cover_factor * practice_factor
    sdr = float(delivery_ratio(index, ic0, k, sdr_max))
    kept = float(pixel(potential, cover_factor, practice_factor, index, ic0, k, sdr_max, trapped_t_ha))
    return {
        "kept_t": kept * area_ha,
        "potential_t_ha": potential,
        "actual_t_ha": actual,
        "sdr": sdr,
        "export_t": actual * sdr * area_ha,
    }


def prepare(site: Site) -> Plan:
    """Choose the form of each factor by the rules and the layers there are, and return the pass.

    Raises `NotAssessed` where a layer of soil loss, the index of connectivity or what is trapped is missing.
    """
    p = site.params
    method = require_method(SPEC.id, "services.sediment.method", p, METHODS)
    erosion = erosion_forms(SPEC.id, site)  # what is missing here is also why the layers below could not be made
    unmade = [name for name in MADE if name not in site.bands]
    require(SPEC.id, site, dict.fromkeys((*(("elevation",) if unmade else ()), *MADE), (1,)))
    ratio = tuple(corners(p, f"services.sediment.{k}", SENSES[k]) for k in ("ic0", "k", "sdr_max"))
    at_value = p.number("services.soil.erosivity_factor") * p.number("services.soil.erodibility_factor")
    words = (method, *erosion.words, f"IC={p.text('services.sediment.routing')}:{p.text('services.sediment.path_form')}")

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        values = (strip.layer(name) for name in (*VALUE_LAYERS, *MADE))
        codes = strip.layer("land_cover")[0], strip.layer("soil_texture")[0]
        _rows(*values, *codes, strip.covered, *erosion.tables, *ratio, at_value, first * strip.width, last * strip.width, out)
        return 0

    return Plan((*erosion.layers, *MADE), "; ".join(words), fill, erosion.notes)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    rain, erosivity, ls, ndvi, erodibility, sand, silt, clay, organic, practice, index, trapped, land_cover, texture, covered,
    scale, by_texture, steps, by_cover, by_class, bare, full, months, forms, ic0, k_ic, sdr_max, at_value, start, end, out,
):  # fmt: skip
    """Fill cells start..end-1 of out (columns, cells) with t/ha."""
    r, k_soil, green, part, seen = np.empty(TILE), np.ones(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE)
    p, soil = np.empty(TILE), np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        start_tile(
            rain, erosivity, ls, ndvi, erodibility, sand, silt, clay, organic, a, n, months, forms, r, k_soil, green, part, seen
        )
        for k in range(scale.shape[0]):
            cover_tile(land_cover, green, a, n, forms[2], steps, by_cover[k], bare[k], full[k], part)
            row, share = out[k, a : a + n], scale[k] / at_value
            # What is looked up cell by cell comes first, so that the last loop runs on several cells at once.
            for i in range(n):
                p[i] = practice_of(practice, by_class, land_cover, a + i, k, forms[3])
                soil[i] = by_texture[k, texture[a + i]] if forms[1] == 2 else 1.0
            x, y = index[0, a : a + n], trapped[0, a : a + n]
            i0, slope, most, whole = ic0[k], k_ic[k], sdr_max[k], scale[k]
            for i in range(n):
                row[i] = pixel(whole * r[i] * soil[i], part[i], p[i], np.float64(x[i]), i0, slope, most, share * np.float64(y[i]))
