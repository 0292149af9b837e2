"""Soil retention by RUSLE: erosion that plants and practices prevent.

For soil and water conservation offices. Retained soil is potential erosion (no cover, no practice) less actual erosion.
Which erosivity, erodibility, slope and cover forms were used is part of the result's method, because they differ by
factors, not by percents.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Example, Spec
from ecocomp.registry.declare import gives, takes
from ecocomp.services import water_erosion
from ecocomp.services.site import PASS, TILE, Plan, Site
from ecocomp.services.tiles import any_covered
from ecocomp.services.vector_math import INLINE
from ecocomp.services.water_erosion import VALUE_LAYERS, cover_tile, erosion_forms, practice_of, start_tile
from ecocomp.terms.text import Text

SPEC = Spec(
    id="soil_retention",
    name=Text("土壤保持", "soil retention"),
    summary=Text(
        "有植被和措施时比裸地少流失的土壤量（RUSLE，水蚀）。",
        "Soil that does not wash away because of plants and practices, against bare ground (RUSLE, water erosion).",
    ),
    unit="t/a",
    formula="A_p = R·K·LS·F\nA = R·K·LS·C·P·F\nSC = R·K·LS·(1 − C·P)·F",
    holds=Text(
        "坡面片蚀与细沟侵蚀的多年平均量；不含沟蚀、重力侵蚀、沉积和冻融。HJ 1173-2021 没有 P 因子。"
        "坡长坡度有多种写法，结果相差 0.5–2 倍，须与方法一并报告。水田和湿地 C = 0。"
        "R 依次取给定图层、日降水、月降水、年降水；由单年日降水算出的系数会偏，规则可给出多年值。",
        "Long-term mean of sheet and rill erosion on slopes; no gullies, slides, deposition or frost. HJ 1173-2021 has no P"
        " factor. Forms of LS differ by 0.5 to 2 times and are reported with the result. Paddy and wetland have C = 0."
        " R comes from a given layer, daily, monthly or yearly rain, in this order; coefficients from the daily rain of one year"
        " are biased, and the rules may give those of many years.",
    ),
    differs=Text(
        "等于 InVEST 的 avoided_erosion（R、K、LS、C、P 相同时）；LS 写法不同则相差 0.5–2 倍，不可比。"
        "不等于减少入河泥沙（sediment_delivery），后者再乘输移比。",
        "Equals InVEST's avoided_erosion for the same R, K, LS, C and P; with another form of LS it differs by 0.5 to 2 times"
        " and must not"
        " be compared. It is not the sediment kept out of streams (sediment_delivery), which is delivered by a ratio.",
    ),
    inputs=water_erosion.INPUTS,
    parameters=water_erosion.PARAMETERS,
    arguments=(
        takes("erosivity", "MJ·mm/(ha·h·a)", ("降雨侵蚀力", "rain erosivity"), "R", least=0.0),
        takes("erodibility", "t·ha·h/(ha·MJ·mm)", ("土壤可蚀性", "soil erodibility"), "K", least=0.0, most=0.2),
        takes("ls", "1", ("坡长坡度因子", "slope length and steepness factor"), "LS", least=0.0),
        takes("cover_factor", "1", ("植被覆盖因子", "cover factor"), "C", least=0.0, most=1.0),
        takes("practice_factor", "1", ("措施因子", "practice factor"), "P", 1.0, least=0.0, most=1.0),
        takes("area_ha", "ha", ("面积", "area"), "F", 1.0, least=0.0),
    ),
    outputs=(
        gives("retained_t", "t/a", ("土壤保持量", "soil retained"), "SC"),
        gives("potential_t", "t/a", ("潜在侵蚀量", "potential erosion"), "A_p"),
        gives("actual_t", "t/a", ("实际侵蚀量", "actual erosion"), "A"),
    ),
    references=water_erosion.REFERENCES,
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
)  # fmt: skip
SENSES = water_erosion.SENSES
METHODS = water_erosion.METHODS


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
    erosion = erosion_forms(SPEC.id, site)

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        values = (strip.layer(name) for name in VALUE_LAYERS)
        codes = strip.layer("land_cover")[0], strip.layer("soil_texture")[0]
        _rows(*values, *codes, strip.covered, *erosion.tables, first * strip.width, last * strip.width, out)
        return 0

    return Plan(erosion.layers, "; ".join(erosion.words), fill, erosion.notes)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    rain, erosivity, ls, ndvi, erodibility, sand, silt, clay, organic, practice, land_cover, texture, covered,
    scale, by_texture, steps, by_cover, by_class, bare, full, months, forms, start, end, out,
):  # fmt: skip
    """Fill cells start..end-1 of out (columns, cells) with t/ha."""
    r, k_soil, green, part, seen = np.empty(TILE), np.ones(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        start_tile(
            rain, erosivity, ls, ndvi, erodibility, sand, silt, clay, organic, a, n, months, forms, r, k_soil, green, part, seen
        )
        for k in range(scale.shape[0]):
            cover_tile(land_cover, green, a, n, forms[2], steps, by_cover[k], bare[k], full[k], part)
            row = out[k, a : a + n]
            for i in range(n):
                p = practice_of(practice, by_class, land_cover, a + i, k, forms[3])
                soil = by_texture[k, texture[a + i]] if forms[1] == 2 else 1.0
                row[i] = pixel(scale[k] * r[i], soil, 1.0, part[i], p)
