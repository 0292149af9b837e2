"""Erosion by water, R·K·LS and C·P of each cell: what soil retention, sediment delivery and the sediment layers share.

For writers of models. `erosion_forms` chooses the form of each factor by the rules and the layers there are; `start_tile`
and `cover_tile` are the compiled pieces that fill a tile of cells with R·K·LS and C.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from ecocomp.registry import Reference, Use
from ecocomp.services.by_code import by_code
from ecocomp.services.derive import digest_of
from ecocomp.services.factors.cover import (
    PERCENT_SLACK,
    cover_factor_cai,
    cover_factor_cropland,
    cover_factor_ndvi,
    vegetation_cover,
)
from ecocomp.services.factors.rain import ANNUAL_FORMS, erosivity_annual, erosivity_wischmeier
from ecocomp.services.factors.soil import CARBON_OF_ORGANIC_MATTER, erodibility_corrected, erodibility_epic
from ecocomp.services.site import (
    NO_CODES,
    NO_VALUES,
    PASS,
    TILE,
    Floats,
    NotAssessed,
    Site,
    StripReader,
    class_map,
    classes_left_out,
    columns,
    corners,
    not_assessed,
    require_method,
    rule_fault,
    table_corners,
)
from ecocomp.services.tiles import season_value, sum_bands, sum_cubes
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.text import Text, same

METHODS = ("HJ1173-2021", "GEP-2020", "RUSLE")
DAILY_METHODS = ("zhang_half_month", "hj1173_half_month")
COVER_NDVI_METHODS = ("van_der_knijff_2000", "cai_2000")
COVER_METHODS = ("class_table", "cai_2000")
SOIL_LAYERS = ("sand", "silt", "clay", "organic_matter")
FROM_DAILY = "erosivity_from_rain_daily"
"""Beside `erosivity` where that was made from daily rain, so that the method can say so."""
STEPS = 8
"""Most cover classes a row of the C table may have."""
CROPLAND_FORMULA = "cropland_formula"
SENSES = {
    "erosivity_factor": 1,
    "erodibility_factor": 1,
    "erodibility_by_texture": 1,
    "cover_factor": -1,
    "practice_factor": -1,
    "ndvi_bare": -1,
    "ndvi_full": -1,
}

INPUTS = (
    Use("rain", "mm", Text("月降水（或年降水）", "monthly rain (or yearly)"), optional=True),
    Use("erosivity", "MJ·mm/(ha·h·a)", Text("降雨侵蚀力（给定，或由日降水生成）",
        "rain erosivity (given, or made from daily rain)"), optional=True),
    Use("ls_factor", "1", Text("坡长坡度因子（由高程生成）", "slope length and steepness (made from elevation)")),
    Use("ndvi", "1", Text("月 NDVI（或当年合成）", "monthly NDVI (or the year's composite)")),
    Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型；没有时 C 只由 NDVI 推算",
        "ecosystem class; without it C comes from NDVI alone"), optional=True),
    Use("erodibility", "t·ha·h/(ha·MJ·mm)", Text("土壤可蚀性（给定时不再推算）",
        "soil erodibility (taken as given)"), optional=True),
    Use("sand", "%", Text("砂粒", "sand"), optional=True),
    Use("silt", "%", Text("粉粒", "silt"), optional=True),
    Use("clay", "%", Text("黏粒", "clay"), optional=True),
    Use("organic_matter", "%", Text("有机质", "organic matter"), optional=True),
    Use("soil_texture", "USDA", Text("土壤质地（没有粒径时）", "soil texture (where particle sizes are not known)"), optional=True),
    Use("practice_factor", "1", Text("措施因子 P", "practice factor P"), optional=True),
)  # fmt: skip

PARAMETERS = (
    Use("services.soil.method", "", Text("HJ1173-2021（无 P）、GEP-2020 或 RUSLE", "HJ1173-2021 (no P), GEP-2020 or RUSLE")),
    Use("services.soil.ls_method", "", Text("坡长坡度写法：HJ1173、CSLE 或 INVEST", "form of LS: HJ1173, CSLE or INVEST")),
    Use("services.soil.longest_slope_m", "m", Text("最大坡长", "longest slope")),
    Use("services.soil.stream_ha", "ha", Text("终止坡长的汇水面积", "drained area that ends a slope")),
    Use("services.soil.slope_break_ratio", "1", Text("坡度变缓终止坡长的比值", "flattening that ends a slope")),
    Use("services.soil.flow_method", "", Text("INVEST 写法的汇流方式", "routing of the form INVEST")),
    Use("services.soil.l_max", "1", Text("INVEST 写法的 L 上限", "limit of L in the form INVEST")),
    Use("services.soil.erosivity_daily_method", "", Text("日降水的侵蚀力公式", "erosivity from daily rain")),
    Use("services.soil.erosive_rain_mm", "mm", Text("侵蚀性日雨量下限", "least rain of an erosive day")),
    Use("services.soil.erosive_day_mean_mm", "mm", Text("侵蚀性降雨的多年日均值",
        "mean rain of erosive days, many years"), optional=True),
    Use("services.soil.erosive_year_mm", "mm", Text("侵蚀性降雨的多年年均值",
        "mean annual erosive rain, many years"), optional=True),
    Use("services.soil.erosivity_monthly_method", "", Text("月降水的侵蚀力公式", "erosivity from monthly rain")),
    Use("services.soil.erosivity_annual_method", "", Text("年降水的侵蚀力公式", "erosivity from yearly rain")),
    Use("services.soil.erosivity_factor", "1", Text("侵蚀力的系统误差", "systematic error of erosivity")),
    Use("services.soil.erodibility_method", "", Text("epic_corrected 或 epic", "epic_corrected or epic")),
    Use("services.soil.erodibility_factor", "1", Text("可蚀性的系统误差", "systematic error of erodibility")),
    Use(
        "services.soil.erodibility_by_texture", "t·ha·h/(ha·MJ·mm)", Text("按质地的可蚀性", "erodibility by texture"),
        optional=True,
    ),
    Use("services.soil.cover_method", "", Text("class_table 或 cai_2000", "class_table or cai_2000")),
    Use("services.soil.cover_factor", "1", Text("植被覆盖因子 C", "cover factor C"), optional=True),
    Use("services.soil.cover_class_map", "", Text("生态系统到 C 表行的对照", "ecosystems to rows of the C table"), optional=True),
    Use("services.soil.cover_ndvi_method", "", Text("只由 NDVI 推算 C 的公式", "C from NDVI alone"), optional=True),
    Use("services.soil.practice_factor", "1", Text("按生态系统的 P", "P by ecosystem"), optional=True),
    Use("services.cover.ndvi_bare", "1", Text("裸土 NDVI", "NDVI of bare soil")),
    Use("services.cover.ndvi_full", "1", Text("全覆盖 NDVI", "NDVI of full cover")),
    Use("services.cover.season_months", "", Text("生长季月份", "months of the growing season")),
    Use("services.cover.season_statistic", "", Text("max 或 mean", "max or mean")),
    Use("services.cover.least_months", "1", Text("至少几个月有值", "months that must have a value")),
)  # fmt: skip

REFERENCES = (
    Reference("HJ 1173-2021, appendix A.2-A.13, table A.1", "V", "no P factor; R, K, LS and C forms"),
    Reference("Pema Dolkar et al. (2017), doi:10.5846/stxb201607011362", "V", "SC = R·K·LS·(1 − C·P)"),
    Reference("Zhang Wenbo et al. (2002), daily erosivity, as in ChinaXiv-202011.00116", "V"),
    Reference("Wischmeier & Smith (1978), USDA AH 537, monthly erosivity", "R"),
    Reference("Renard & Freimund (1994), J. Hydrology 157:287-306, annual erosivity", "R"),
    Reference("Singh et al. (1981), annual erosivity for India", "M"),
    Reference("van der Knijff et al. (2000), EUR 19044 EN, C from NDVI", "R"),
    Reference("Cai Chongfa et al. (2000), C from cover", "R"),
)

VALUE_LAYERS = ("rain", "erosivity", "ls_factor", "ndvi", "erodibility", *SOIL_LAYERS, "practice_factor")
"""Order in which kernels take the layers of numbers; `land_cover` and `soil_texture` follow."""


@dataclass(frozen=True)
class Erosion:
    """The forms of the factors of one case.

    layers  layers to be read
    words   what makes up the method text, factor by factor
    notes   warnings
    tables  what the compiled pieces take: scale of R·K (columns,), K by texture (columns, 256), steps of cover [%] (STEPS,),
            C by ecosystem and step (columns, 256, STEPS), P by ecosystem (columns, 256), NDVI of bare soil and of full
            cover (columns,), months of the season, forms
    """

    layers: tuple[str, ...]
    words: tuple[str, ...]
    notes: tuple[Fault, ...]
    tables: tuple[np.ndarray, ...]  # type: ignore[type-arg]


def erosion_forms(service: str, site: Site) -> Erosion:
    """Choose the form of each factor by the rules and the layers there are.

    Raises `NotAssessed` that names every layer which is missing, of rain, slope, NDVI and soil.
    """
    p = site.params
    _require(service, site)
    method = require_method(service, "services.soil.method", p, METHODS)
    rain_form, rain_name, rain_layer = _erosivity_form(service, site)
    soil_form, soil_name, by_texture, soil_layers = _erodibility_form(service, site)
    cover_form, steps, by_cover, cover_name, notes = _cover_form(service, site)
    practice_form, by_class, practice_name = _practice_form(service, site, method)
    layers = [rain_layer, "ls_factor", "ndvi", *soil_layers]
    if cover_form == 0 or practice_form == 2:
        layers.append("land_cover")
    if practice_form == 1:
        layers.append("practice_factor")
    scale = corners(p, "services.soil.erosivity_factor", 1) * corners(p, "services.soil.erodibility_factor", 1)
    full, bare = (corners(p, f"services.cover.{k}", SENSES[k]) for k in ("ndvi_full", "ndvi_bare"))
    months, least, take_max, season_name = _season(service, site)
    forms = np.array([rain_form, soil_form, cover_form, practice_form, take_max, least], np.int64)
    words = (method, f"R={rain_name}", f"K={soil_name}", f"LS={p.text('services.soil.ls_method')}",
             f"C={cover_name}:{season_name}", f"P={practice_name}")  # fmt: skip
    return Erosion(tuple(layers), words, notes, (scale, by_texture, steps, by_cover, by_class, bare, full, months, forms))


def _require(service: str, site: Site) -> None:
    """Raise `NotAssessed` for everything that is missing, all at once."""
    needed: dict[str, tuple[int, ...]] = {"ls_factor": (1,), "ndvi": (1, 12)}
    needed = ({"erosivity": (1,)} if "erosivity" in site.bands else {"rain": (1, 12)}) | needed
    lacking = site.lacking(service, needed)
    if not {"erodibility", "soil_texture"} & set(site.bands) and not all(n in site.bands for n in SOIL_LAYERS):
        names = ", ".join(n for n in SOIL_LAYERS if n not in site.bands)
        why = Text(
            "缺少图层 {l}，也没有 soil_texture 或 erodibility",
            "the layers {l} are missing, and so are soil_texture and erodibility",
        )
        lacking.append(not_assessed(service, "soil", why.fill(l=names)))
    if lacking:
        raise NotAssessed(lacking)


def _erosivity_form(service: str, site: Site) -> tuple[int, str, str]:
    """Return the form (−1 a layer of R, 0 monthly, 1 + place in ANNUAL_FORMS yearly), its name and the layer."""
    if "erosivity" in site.bands:
        if FROM_DAILY not in site.bands:
            return -1, "layer", "erosivity"
        return -1, require_method(service, "services.soil.erosivity_daily_method", site.params, DAILY_METHODS), "erosivity"
    if site.bands["rain"] == 12:
        return 0, require_method(service, "services.soil.erosivity_monthly_method", site.params, ("wischmeier_monthly",)), "rain"
    name = require_method(service, "services.soil.erosivity_annual_method", site.params, ANNUAL_FORMS)
    return 1 + ANNUAL_FORMS.index(name), name, "rain"


def _erodibility_form(service: str, site: Site) -> tuple[int, str, Floats, list[str]]:
    """Return the form (0 corrected EPIC, 1 EPIC, 2 texture, 3 a layer of K), its name, the texture table and the layers."""
    by_texture = np.full((columns(site.params), 256), np.nan)
    if "erodibility" in site.bands:
        return 3, "layer", by_texture, ["erodibility"]
    if all(name in site.bands for name in SOIL_LAYERS):
        name = require_method(service, "services.soil.erodibility_method", site.params, ("epic_corrected", "epic"))
        return ("epic_corrected", "epic").index(name), name, by_texture, list(SOIL_LAYERS)
    key = "services.soil.erodibility_by_texture"
    textures = table_corners(site.params, key, 1)
    wrong = [code for code in textures if not (code.isdecimal() and 0 < int(code) < by_texture.shape[1])]
    if wrong:
        why = Text("{w} 不是质地代码", "{w} is no code of a texture").fill(w=same(", ".join(wrong[:8])))
        raise FaultsError([rule_fault(site.params, key, why)])
    for code, ends in textures.items():
        by_texture[:, int(code)] = ends
    return 2, "texture_table", by_texture, ["soil_texture"]


def _cover_form(service: str, site: Site) -> tuple[int, Floats, Floats, str, tuple[Fault, ...]]:
    """Return the form (0 table, 1 NDVI alone, 2 Cai), cover steps [%] (STEPS,), C by column, ecosystem and step, name, notes."""
    nothing = np.full(STEPS, np.inf), np.full((columns(site.params), 256, STEPS), np.nan)
    if "land_cover" not in site.bands:
        name = require_method(service, "services.soil.cover_ndvi_method", site.params, COVER_NDVI_METHODS)
        return 1 + COVER_NDVI_METHODS.index(name), *nothing, name, ()
    name = require_method(service, "services.soil.cover_method", site.params, COVER_METHODS)
    if name == "cai_2000":
        return 2, *nothing, name, ()
    rows = table_corners(site.params, "services.soil.cover_factor", SENSES["cover_factor"])
    steps, by_cover = _cover_table(rows, class_map(site.params, "services.soil.cover_class_map"), columns(site.params))
    return 0, steps, by_cover, "table", classes_left_out(service, by_cover[:, :, 0], Text("C 因子", "C factor"))


def _cover_table(rows: Mapping[str, Floats], classes: Mapping[int, tuple[str, ...]], wide: int) -> tuple[Floats, Floats]:
    """Lay out rows such as ``"forest 30"`` (C from 30 % cover on). −1 marks the formula of dry cropland."""
    lows = sorted({float(key.split()[1]) for key in rows})
    steps, table = np.full(STEPS, np.inf), np.full((wide, 256, STEPS), np.nan)
    steps[: len(lows)] = lows
    for code, (name, *_) in classes.items():
        if name == CROPLAND_FORMULA:
            table[:, code] = -1.0
        for low, key in sorted((float(key.split()[1]), key) for key in rows if key.split()[0] == name):
            table[:, code, lows.index(low) :] = rows[key][:, None]
    return steps, table


def _practice_form(service: str, site: Site, method: str) -> tuple[int, Floats, str]:
    """Return the form (0 none, 1 raster, 2 by ecosystem), the table and the name."""
    by_class = np.ones((columns(site.params), 256))
    if method == "HJ1173-2021":
        return 0, by_class, "none"
    if "practice_factor" in site.bands:
        return 1, by_class, "raster"
    if "land_cover" not in site.bands or not site.params.has("services.soil.practice_factor"):
        return 0, by_class, "1"
    listed = by_code(service, site.params, "services.soil.practice_factor", SENSES["practice_factor"], foreign=True)
    by_class[:] = np.where(np.isnan(listed), by_class, listed)
    return 2, by_class, "by_ecosystem"


def _season(service: str, site: Site) -> tuple[np.ndarray, int, int, str]:  # type: ignore[type-arg]
    """Return the bands of the growing season, how many must have a value, whether the greatest is taken, and the name."""
    statistic = require_method(service, "services.cover.season_statistic", site.params, ("max", "mean"))
    months = np.array([int(m) - 1 for m in site.params.items("services.cover.season_months")], np.int64)
    least = int(site.params.number("services.cover.least_months"))
    return months, least, int(statistic == "max"), f"season_{statistic}" if site.bands["ndvi"] == 12 else "composite"


# ---------------------------------------------------------------- compiled pieces
@njit(**INLINE)  # type: ignore[untyped-decorator]
def start_tile(  # type: ignore[no-untyped-def]
    rain, erosivity, ls, ndvi, erodibility, sand, silt, clay, organic, a, n, months, forms, r, k_soil, green, part, seen
):
    """Put R·LS·K (K of the texture table left out) into r[:n] and the season's NDVI into green[:n]."""
    _erosivity(rain, erosivity, a, n, forms[0], r, part)
    if forms[1] < 2:
        _erodibility(sand, silt, clay, organic, a, n, forms[1], k_soil)
    elif forms[1] == 3:
        given = erodibility[0, a : a + n]
        for i in range(n):
            k_soil[i] = given[i]
    season_value(ndvi, months, forms[5], forms[4] == 1, a, n, green, seen)
    slope = ls[0, a : a + n]
    for i in range(n):
        r[i] *= slope[i] * k_soil[i]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def practice_of(practice, by_class, land_cover, cell, k, form):  # type: ignore[no-untyped-def]
    """Return P of a cell: 1, of the raster, or by ecosystem."""
    return practice[0, cell] if form == 1 else (by_class[k, land_cover[cell]] if form == 2 else 1.0)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _erosivity(rain, erosivity, a, n, form, r, cubes):  # type: ignore[no-untyped-def]
    """Put R into r[:n]."""
    if form < 0:
        given = erosivity[0, a : a + n]
        for i in range(n):
            r[i] = given[i]
        return
    sum_bands(rain, a, n, r)
    if form == 0:
        sum_cubes(rain, a, n, cubes)
        for i in range(n):
            r[i] = erosivity_wischmeier(r[i], cubes[i])
    else:
        for i in range(n):
            r[i] = erosivity_annual(r[i], form - 1)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _erodibility(sand, silt, clay, organic, a, n, form, k_soil):  # type: ignore[no-untyped-def]
    """Put K into k_soil[:n]; organic matter is turned into organic carbon."""
    for i in range(n):
        carbon = CARBON_OF_ORGANIC_MATTER * organic[0, a + i]
        k_soil[i] = erodibility_epic(np.float64(sand[0, a + i]), np.float64(silt[0, a + i]), np.float64(clay[0, a + i]), carbon)
    for i in range(n):
        k_soil[i] = erodibility_corrected(k_soil[i]) if form == 0 else 0.1317 * k_soil[i]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_tile(land_cover, green, a, n, form, steps, by_cover, bare, full, out):  # type: ignore[no-untyped-def]
    """Put C into out[:n]: from the table of ecosystem and cover, from NDVI alone, or from cover alone."""
    if form == 1:
        for i in range(n):
            out[i] = cover_factor_ndvi(green[i])
        return
    if form == 2:
        for i in range(n):
            out[i] = cover_factor_cai(100.0 * vegetation_cover(green[i], bare, full))
        return
    # In two loops, so that the first runs on several cells at once.
    column = np.empty(TILE, np.int64)
    for i in range(n):
        share = vegetation_cover(green[i], bare, full)
        step = 0
        for j in range(1, STEPS):
            step += 1 if share * 100.0 + PERCENT_SLACK >= steps[j] else 0
        out[i], column[i] = share, step
    for i in range(n):
        share = out[i]
        c = by_cover[land_cover[a + i], column[i]]
        c = cover_factor_cropland(share) if c < 0.0 else c
        out[i] = c if share == share else np.nan


# ---------------------------------------------------------------- whole rows at the value, for layers made before the pass
MIDDLE = 1
"""Column of the value among low, value and high."""


@dataclass(frozen=True)
class Factors:
    """R·K·LS [t/(ha·a)], C and P of the whole grid at the values of the parameters, read by rows."""

    site: Site
    layers: Mapping[str, StripReader]
    forms: Erosion
    with_rkls: bool

    def rows(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
        """Return R·K·LS, C and P of rows first..last-1, each (rows, width) float64; R·K·LS is NaN where it was not wanted."""
        width, n = self.site.grid.width, last - first
        found = {name: _flat(self.layers[name].read(first, last), name) for name in self.forms.layers if name in self.layers}
        values = (found.get(name, NO_VALUES) for name in VALUE_LAYERS)
        codes = (found.get(name, NO_CODES)[0] for name in ("land_cover", "soil_texture"))
        out = np.full((3, n * width), np.nan)
        _values(*values, *codes, *self.forms.tables, self.with_rkls, n * width, out)
        rkls, cover, practice = out.reshape(3, n, width)
        return rkls, cover, practice

    def known(self) -> list[str]:
        """Return words and digests of everything the numbers depend on; stored layers put them into their names."""
        tables = [hashlib.sha256(np.ascontiguousarray(t).tobytes()).hexdigest() for t in self.forms.tables]
        names = sorted(n for n in self.forms.layers if n in self.layers)
        return [*self.forms.words, *tables, *(f"{n} {digest_of(self.layers[n], self.site.grid)}" for n in names)]


def whole_factors(service: str, site: Site, layers: Mapping[str, StripReader], with_rkls: bool = True) -> Factors:
    """Return the factors at their values; without R·K·LS only NDVI and land cover are needed.

    Raises `NotAssessed` where a layer or a method is missing.
    """
    forms = erosion_forms(service, site) if with_rkls else _cover_only(service, site)
    return Factors(site, layers, forms, with_rkls)


def _cover_only(service: str, site: Site) -> Erosion:
    lacking = site.lacking(service, {"ndvi": (1, 12)})
    if lacking:
        raise NotAssessed(lacking)
    form, steps, by_cover, name, notes = _cover_form(service, site)
    full, bare = (corners(site.params, f"services.cover.{k}", SENSES[k]) for k in ("ndvi_full", "ndvi_bare"))
    months, least, take_max, season = _season(service, site)
    forms = np.array([0, 0, form, 0, take_max, least], np.int64)
    wide = columns(site.params)
    nothing = np.ones(wide), np.ones((wide, 256)), steps, by_cover, np.ones((wide, 256))
    layers = ("ndvi", *(("land_cover",) if form == 0 else ()))
    return Erosion(layers, (f"C={name}:{season}",), notes, (*nothing, bare, full, months, forms))


def _flat(array: np.ndarray, name: str) -> np.ndarray:  # type: ignore[type-arg]
    kind = np.uint8 if name in CLASS_LAYERS else np.float32
    made = np.ascontiguousarray(array, kind).reshape(array.shape[0], -1)
    if made.flags.writeable:
        made.flags.writeable = False
    return made


@njit(**PASS)  # type: ignore[untyped-decorator]
def _values(  # type: ignore[no-untyped-def]
    rain, erosivity, ls, ndvi, erodibility, sand, silt, clay, organic, practice, land_cover, texture,
    scale, by_texture, steps, by_cover, by_class, bare, full, months, forms, with_rkls, cells, out,
):  # fmt: skip
    """Fill out (3, cells) with R·K·LS, C and P at the values."""
    k = MIDDLE
    r, k_soil, green, part, seen = np.empty(TILE), np.ones(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE)
    for a in range(0, cells, TILE):
        n = min(TILE, cells - a)
        if with_rkls:
            start_tile(
                rain, erosivity, ls, ndvi, erodibility, sand, silt, clay, organic, a, n, months, forms, r, k_soil, green, part, seen
            )
            for i in range(n):
                out[0, a + i] = scale[k] * r[i] * (by_texture[k, texture[a + i]] if forms[1] == 2 else 1.0)
        else:
            season_value(ndvi, months, forms[5], forms[4] == 1, a, n, green, seen)
        cover_tile(land_cover, green, a, n, forms[2], steps, by_cover[k], bare[k], full[k], part)
        for i in range(n):
            out[1, a + i] = part[i]
            out[2, a + i] = practice_of(practice, by_class, land_cover, a + i, k, forms[3])
