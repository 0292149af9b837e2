"""Soil retention by RUSLE: erosion that plants and practices prevent.

For soil and water conservation offices. Retained soil is potential erosion (no cover, no practice) less actual erosion.
Which erosivity, erodibility, slope and cover forms were used is part of the result's method, because they differ by
factors, not by percents.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.services.factors.cover import cover_factor_cropland, cover_factor_ndvi, vegetation_cover
from ecocomp.services.factors.rain import ANNUAL_FORMS, erosivity_annual, erosivity_wischmeier
from ecocomp.services.factors.soil import CARBON_OF_ORGANIC_MATTER, erodibility_corrected, erodibility_epic
from ecocomp.services.site import (
    PASS,
    TILE,
    Floats,
    NotAssessed,
    Plan,
    Site,
    class_map,
    classes_left_out,
    corners,
    not_assessed,
    require,
    require_method,
    table_corners,
)
from ecocomp.services.tiles import any_covered, season_value, sum_bands, sum_cubes
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.text import Text

SPEC = Spec(
    id="soil_retention",
    name=Text("土壤保持", "soil retention"),
    summary=Text(
        "有植被和措施时比裸地少流失的土壤量（RUSLE，水蚀）。",
        "Soil that does not wash away because of plants and practices, against bare ground (RUSLE, water erosion).",
    ),
    unit="t/a",
    formula="SC = R·K·LS·(1 − C·P), t/(ha·a); R MJ·mm/(ha·h·a), K t·ha·h/(ha·MJ·mm)",
    holds=Text(
        "坡面片蚀与细沟侵蚀的多年平均量；不含沟蚀、重力侵蚀、沉积和冻融。HJ 1173-2021 没有 P 因子。"
        "坡长坡度有多种写法，结果相差 0.5–2 倍，须与方法一并报告。水田和湿地 C = 0。",
        "Long-term mean of sheet and rill erosion on slopes; no gullies, slides, deposition or frost. HJ 1173-2021 has no P"
        " factor. Forms of LS differ by 0.5 to 2 times and are reported with the result. Paddy and wetland have C = 0.",
    ),
    inputs=(
        Use("rain", "mm", Text("月降水（或年降水）", "monthly rain (or yearly)")),
        Use("ls_factor", "1", Text("坡长坡度因子（由高程生成）", "slope length and steepness (made from elevation)")),
        Use("ndvi", "1", Text("月 NDVI（或当年合成）", "monthly NDVI (or the year's composite)")),
        Use(
            "land_cover",
            "codes.ECOSYSTEMS",
            Text("生态系统类型；没有时 C 只由 NDVI 推算", "ecosystem class; without it C comes from NDVI alone"),
            optional=True,
        ),
        Use("sand", "%", Text("砂粒", "sand"), optional=True),
        Use("silt", "%", Text("粉粒", "silt"), optional=True),
        Use("clay", "%", Text("黏粒", "clay"), optional=True),
        Use("organic_matter", "%", Text("有机质", "organic matter"), optional=True),
        Use(
            "soil_texture",
            "USDA",
            Text("土壤质地（没有粒径时）", "soil texture (where particle sizes are not known)"),
            optional=True,
        ),
        Use("practice_factor", "1", Text("措施因子 P", "practice factor P"), optional=True),
    ),
    parameters=(
        Use("services.soil.method", "", Text("HJ1173-2021（无 P）、GEP-2020 或 RUSLE", "HJ1173-2021 (no P), GEP-2020 or RUSLE")),
        Use("services.soil.ls_method", "", Text("坡长坡度写法", "form of LS")),
        Use("services.soil.erosivity_monthly_method", "", Text("月降水的侵蚀力公式", "erosivity from monthly rain")),
        Use("services.soil.erosivity_annual_method", "", Text("年降水的侵蚀力公式", "erosivity from yearly rain")),
        Use("services.soil.erosivity_factor", "1", Text("侵蚀力的系统误差", "systematic error of erosivity")),
        Use("services.soil.erodibility_method", "", Text("epic_corrected 或 epic", "epic_corrected or epic")),
        Use("services.soil.erodibility_factor", "1", Text("可蚀性的系统误差", "systematic error of erodibility")),
        Use(
            "services.soil.erodibility_by_texture",
            "t·ha·h/(ha·MJ·mm)",
            Text("按质地的可蚀性", "erodibility by texture"),
            optional=True,
        ),
        Use("services.soil.cover_factor", "1", Text("植被覆盖因子 C", "cover factor C"), optional=True),
        Use(
            "services.soil.cover_class_map", "", Text("生态系统到 C 表行的对照", "ecosystems to rows of the C table"), optional=True
        ),
        Use("services.soil.cover_ndvi_method", "", Text("只由 NDVI 推算 C 的公式", "C from NDVI alone"), optional=True),
        Use("services.soil.practice_factor", "1", Text("按生态系统的 P", "P by ecosystem"), optional=True),
        Use("services.cover.ndvi_bare", "1", Text("裸土 NDVI", "NDVI of bare soil")),
        Use("services.cover.ndvi_full", "1", Text("全覆盖 NDVI", "NDVI of full cover")),
        Use("services.cover.season_months", "", Text("生长季月份", "months of the growing season")),
        Use("services.cover.season_statistic", "", Text("max 或 mean", "max or mean")),
        Use("services.cover.least_months", "1", Text("至少几个月有值", "months that must have a value")),
    ),
    outputs=(Use("retained_t", "t/a", Text("土壤保持量", "soil retained")),),
    references=(
        Reference("HJ 1173-2021, appendix A.2-A.13, table A.1", "V", "no P factor; K, LS and C forms"),
        Reference("Pema Dolkar et al. (2017), doi:10.5846/stxb201607011362", "V", "SC = R·K·LS·(1 − C·P)"),
        Reference("Wischmeier & Smith (1978), USDA AH 537, monthly erosivity", "R"),
        Reference("Renard & Freimund (1994), J. Hydrology 157:287-306, annual erosivity", "R"),
        Reference("Singh et al. (1981), annual erosivity for India", "M"),
        Reference("van der Knijff et al. (2000), EUR 19044 EN, C from NDVI", "R"),
    ),
    examples=(
        Example(
            {"erosivity": 4000.0, "erodibility": 0.015869, "ls": 6.0, "cover_factor": 0.02, "practice_factor": 1.0, "area_ha": 2.0},
            {"retained_t": 746.4778, "potential_t": 761.712, "actual_t": 15.23424},
            "arithmetic; K is that of the worked example 8",
            tolerance=1e-6,
        ),
        Example(
            {"erosivity": 4000.0, "erodibility": 0.03, "ls": 2.0, "cover_factor": 1.0},
            {"retained_t": 0.0},
            "no cover, no practice: nothing is retained",
        ),
    ),
)
SENSES = {
    "erosivity_factor": 1,
    "erodibility_factor": 1,
    "erodibility_by_texture": 1,
    "cover_factor": -1,
    "practice_factor": -1,
    "ndvi_bare": -1,
    "ndvi_full": -1,
}
METHODS = ("HJ1173-2021", "GEP-2020", "RUSLE")
SOIL_LAYERS = ("sand", "silt", "clay", "organic_matter")
STEPS = 8
"""Most cover classes a row of the C table may have."""
CROPLAND_FORMULA = "cropland_formula"


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(erosivity, erodibility, ls, cover_factor, practice_factor):  # type: ignore[no-untyped-def]
    """Return soil retained, R·K·LS·(1 − C·P) [t/(ha·a)]."""
    return erosivity * erodibility * ls * (1.0 - cover_factor * practice_factor)


def evaluate(
    *, erosivity: float, erodibility: float, ls: float, cover_factor: float, practice_factor: float = 1.0, area_ha: float = 1.0
) -> dict[str, float]:
    """Return retained, potential and actual erosion [t/a] of one piece of land from plain numbers."""
    potential = erosivity * erodibility * ls * area_ha
    retained = float(pixel(erosivity, erodibility, ls, cover_factor, practice_factor)) * area_ha
    return {"retained_t": retained, "potential_t": potential, "actual_t": potential - retained}


def prepare(site: Site) -> Plan:
    """Choose the form of each factor by the rules and the layers there are, and return the pass.

    Raises `NotAssessed` where rain, slope, NDVI or every kind of soil layer is missing.
    """
    require(SPEC.id, site, {"rain": (1, 12), "ls_factor": (1,), "ndvi": (1, 12)})
    method = require_method(SPEC.id, "services.soil.method", site.params, METHODS)
    layers = ["rain", "ls_factor", "ndvi"]
    rain_form, rain_name = _erosivity_form(site)
    soil_form, soil_name, by_texture, soil_layers = _erodibility_form(site)
    steps, by_cover, cover_name, notes = _cover_form(site)
    practice_form, by_class, practice_name = _practice_form(site, method)
    layers += soil_layers
    if cover_name == "table" or practice_form == 2:
        layers.append("land_cover")
    if practice_form == 1:
        layers.append("practice_factor")
    scale = corners(site.params, "services.soil.erosivity_factor", 1) * corners(site.params, "services.soil.erodibility_factor", 1)
    full, bare = (corners(site.params, f"services.cover.{k}", SENSES[k]) for k in ("ndvi_full", "ndvi_bare"))
    months, least, take_max, season_name = _season(site)
    forms = np.array([rain_form, soil_form, 0 if cover_name == "table" else 1, practice_form, take_max, least], np.int64)
    tables = scale, by_texture, steps, by_cover, by_class, bare, full, months, forms

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        values = (strip.layer(name) for name in ("rain", "ls_factor", "ndvi", *SOIL_LAYERS, "practice_factor"))
        codes = strip.layer("land_cover")[0], strip.layer("soil_texture")[0]
        _rows(*values, *codes, strip.covered, *tables, first * strip.width, last * strip.width, out)
        return 0

    ls_name = site.params.text("services.soil.ls_method")
    words = (method, f"R={rain_name}", f"K={soil_name}", f"LS={ls_name}", f"C={cover_name}:{season_name}", f"P={practice_name}")
    return Plan(tuple(layers), "; ".join(words), fill, notes)


def _erosivity_form(site: Site) -> tuple[int, str]:
    """Return the form (0 monthly, 1 + place in ANNUAL_FORMS yearly) and its name."""
    if site.bands["rain"] == 12:
        return 0, require_method(SPEC.id, "services.soil.erosivity_monthly_method", site.params, ("wischmeier_monthly",))
    name = require_method(SPEC.id, "services.soil.erosivity_annual_method", site.params, ANNUAL_FORMS)
    return 1 + ANNUAL_FORMS.index(name), name


def _erodibility_form(site: Site) -> tuple[int, str, Floats, list[str]]:
    """Return the form (0 corrected EPIC, 1 EPIC, 2 texture), its name, the texture table and the layers."""
    by_texture = np.full((3, 256), np.nan)
    if all(name in site.bands for name in SOIL_LAYERS):
        name = require_method(SPEC.id, "services.soil.erodibility_method", site.params, ("epic_corrected", "epic"))
        return ("epic_corrected", "epic").index(name), name, by_texture, list(SOIL_LAYERS)
    if "soil_texture" not in site.bands:
        lacking = ", ".join(n for n in SOIL_LAYERS if n not in site.bands)
        why = Text("缺少图层 {l}，也没有 soil_texture", "the layers {l} are missing, and so is soil_texture").fill(l=lacking)
        raise NotAssessed([not_assessed(SPEC.id, "soil", why)])
    for code, ends in table_corners(site.params, "services.soil.erodibility_by_texture", 1).items():
        by_texture[:, int(code)] = ends
    return 2, "texture_table", by_texture, ["soil_texture"]


def _cover_form(site: Site) -> tuple[Floats, Floats, str, tuple]:  # type: ignore[type-arg]
    """Return the cover steps [%] (STEPS,), C by corner, ecosystem and step (3, 256, STEPS), the name and notes."""
    if "land_cover" not in site.bands:
        known = ("van_der_knijff_2000",)
        name = require_method(SPEC.id, "services.soil.cover_ndvi_method", site.params, known)
        return np.full(STEPS, np.inf), np.full((3, 256, STEPS), np.nan), name, ()
    rows = table_corners(site.params, "services.soil.cover_factor", SENSES["cover_factor"])
    steps, by_cover = _cover_table(rows, class_map(site.params, "services.soil.cover_class_map"))
    return steps, by_cover, "table", classes_left_out(SPEC.id, by_cover[:, :, 0], Text("C 因子", "C factor"))


def _cover_table(rows: Mapping[str, Floats], classes: Mapping[int, tuple[str, ...]]) -> tuple[Floats, Floats]:
    """Lay out rows such as ``"forest 30"`` (C from 30 % cover on). −1 marks the formula of dry cropland."""
    lows = sorted({float(key.split()[1]) for key in rows})
    steps, table = np.full(STEPS, np.inf), np.full((3, 256, STEPS), np.nan)
    steps[: len(lows)] = lows
    for code, (name, *_) in classes.items():
        if name == CROPLAND_FORMULA:
            table[:, code] = -1.0
        for key, ends in rows.items():
            kind, low = key.split()
            if kind == name:
                table[:, code, lows.index(float(low)) :] = ends[:, None]
    return steps, table


def _practice_form(site: Site, method: str) -> tuple[int, Floats, str]:
    """Return the form (0 none, 1 raster, 2 by ecosystem), the table and the name."""
    by_class = np.ones((3, 256))
    if method == "HJ1173-2021":
        return 0, by_class, "none"
    if "practice_factor" in site.bands:
        return 1, by_class, "raster"
    if "land_cover" not in site.bands or not site.params.has("services.soil.practice_factor"):
        return 0, by_class, "1"
    for code, ends in table_corners(site.params, "services.soil.practice_factor", SENSES["practice_factor"]).items():
        by_class[:, int(code)] = ends
    return 2, by_class, "by_ecosystem"


def _season(site: Site) -> tuple[np.ndarray, int, int, str]:  # type: ignore[type-arg]
    """Return the bands of the growing season, how many must have a value, whether the greatest is taken, and the name."""
    statistic = require_method(SPEC.id, "services.cover.season_statistic", site.params, ("max", "mean"))
    months = np.array([int(m) - 1 for m in site.params.items("services.cover.season_months")], np.int64)
    least = int(site.params.number("services.cover.least_months"))
    return months, least, int(statistic == "max"), f"season_{statistic}" if site.bands["ndvi"] == 12 else "composite"


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    rain, ls, ndvi, sand, silt, clay, organic, practice, land_cover, texture, covered,
    scale, by_texture, steps, by_cover, by_class, bare, full, months, forms, start, end, out,
):  # fmt: skip
    """Fill cells start..end-1 of out (3, cells) with t/ha."""
    r, k_soil, green, part, seen = np.empty(TILE), np.ones(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        _erosivity(rain, a, n, forms[0], r, part)
        if forms[1] < 2:
            _erodibility(sand, silt, clay, organic, a, n, forms[1], k_soil)
        season_value(ndvi, months, forms[5], forms[4] == 1, a, n, green, seen)
        slope = ls[0, a : a + n]
        for i in range(n):
            r[i] *= slope[i] * k_soil[i]
        for k in range(3):
            _cover(land_cover, green, a, n, forms[2], steps, by_cover[k], bare[k], full[k], part)
            row = out[k, a : a + n]
            for i in range(n):
                p = practice[0, a + i] if forms[3] == 1 else (by_class[k, land_cover[a + i]] if forms[3] == 2 else 1.0)
                soil = by_texture[k, texture[a + i]] if forms[1] == 2 else 1.0
                row[i] = pixel(scale[k] * r[i], soil, 1.0, part[i], p)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _erosivity(rain, a, n, form, r, cubes):  # type: ignore[no-untyped-def]
    """Put R into r[:n]."""
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
def _cover(land_cover, green, a, n, form, steps, by_cover, bare, full, out):  # type: ignore[no-untyped-def]
    """Put C into out[:n]: from the table of ecosystem and cover, or from NDVI alone."""
    if form == 1:
        for i in range(n):
            out[i] = cover_factor_ndvi(green[i])
        return
    for i in range(n):
        share = vegetation_cover(green[i], bare, full)
        step = 0
        for j in range(1, STEPS):
            step += 1 if share * 100.0 >= steps[j] else 0
        c = by_cover[land_cover[a + i], step]
        c = cover_factor_cropland(share) if c < 0.0 else c
        out[i] = c if share == share else np.nan
