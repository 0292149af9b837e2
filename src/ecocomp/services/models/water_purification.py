"""Water purification: what wetlands take out of water in a year, at most what is let into it.

For environment offices. A capacity alone says what wetland could do; without a load there is nothing to take out. So a
pollutant whose emission is not known is not assessed.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.by_code import by_code
from ecocomp.services.factors.water import HA_PER_KM2, PEMA, purified_t
from ecocomp.services.site import (
    PASS,
    TILE,
    Floats,
    NotAssessed,
    Plan,
    Site,
    classes_left_out,
    missing_rules,
    not_assessed,
    require,
    table_corners,
)
from ecocomp.services.tiles import any_covered
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

PRODUCTS = ("cod", "nh3n", "tn", "tp")
NAMES = {
    "cod": Text("化学需氧量", "chemical oxygen demand"),
    "nh3n": Text("氨氮", "ammonia nitrogen"),
    "tn": Text("总氮", "total nitrogen"),
    "tp": Text("总磷", "total phosphorus"),
}
EMISSION = "services.water_purification.emission_t"
CAPACITY = "services.water_purification.capacity_"


def _arguments() -> list[Argument]:
    """Return capacity and emission of each pollutant."""
    out = []
    for i, p in enumerate(PRODUCTS, 1):
        zh, en = NAMES[p].zh, NAMES[p].en
        capacity, emission = Text(f"{zh}净化能力", f"capacity for {en}"), Text(f"{zh}排放量", f"emission of {en}")
        out.append(Argument(f"{p}_t_per_km2", "t/(km²·a)", capacity, f"c{i}", default=0.0, least=0.0))
        out.append(Argument(f"{p}_emission_t", "t/a", emission, f"E{i}", default=0.0, least=0.0))
    return out


SPEC = Spec(
    id="water_purification",
    name=Text("水质净化", "water purification"),
    summary=Text(
        "湿地一年净化的水污染物量，以当地入水排放量为限。",
        "Pollutants that wetlands take out of water in a year, at most what the place lets into it.",
    ),
    unit="t/a",
    formula="Q1 = min(E1, c1·A)\nQ2 = min(E2, c2·A)\nQ3 = min(E3, c3·A)\nQ4 = min(E4, c4·A)",
    holds=Text(
        "只有沼泽、湖泊、河流有净化能力，其他生态系统不适用。排放量是全县入水量：全部湿地之和超过它时，各地块按比例削减。"
        "排放量未知的污染物不评估，因为单用净化能力会高估。氨氮是总氮的一部分，二者不可相加。",
        "Only marsh, lakes and rivers purify; the service is not meant for other ecosystems. The emission is that of the whole"
        " place: where all wetlands together exceed it, every parcel is cut back in proportion. A pollutant of unknown emission"
        " is not assessed, for capacity alone would overstate it. Ammonia is part of total nitrogen: never add the two.",
    ),
    differs=Text(
        "InVEST 的营养物输送比（NDR）算地块向河流输出的氮磷，没有湿地净化表；只有排序可以比较。",
        "InVEST's nutrient delivery (NDR) exports nitrogen and phosphorus from land to streams and has no table of wetland"
        " removal; only rankings can be compared.",
    ),
    arguments=(
        Argument("area_km2", "km²", Text("湿地面积", "area of wetland"), "A", least=0.0),
        *_arguments(),
    ),
    inputs=(Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),),
    parameters=(
        *(Use(f"{CAPACITY}{p}", "t/(km²·a)", Text(f"{NAMES[p].zh}净化能力", f"capacity for {NAMES[p].en}")) for p in PRODUCTS),
        Use(EMISSION, "t/a", Text("全县各污染物入水排放量", "emission into water of each pollutant, whole place"), True),
    ),
    outputs=tuple(
        Use(p, "t/a", Text(f"{NAMES[p].zh}净化量", f"{NAMES[p].en} taken out"), symbol=f"Q{i}") for i, p in enumerate(PRODUCTS, 1)
    ),
    references=(
        Reference(PEMA, "V", "the lesser of capacity and emission"),
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "capacities are local tables; text not opened"),
    ),
    examples=(
        Example(
            {"area_km2": 5.0, "cod_t_per_km2": 100.0, "cod_emission_t": 300.0, "tp_t_per_km2": 2.0, "tp_emission_t": 40.0},
            {"cod": 300.0, "nh3n": 0.0, "tn": 0.0, "tp": 10.0},
            "COD by its emission, phosphorus by the capacity",
        ),
        Example(
            {"area_km2": 2.0, "nh3n_t_per_km2": 8.0, "nh3n_emission_t": 90.0, "tn_t_per_km2": 9.0, "tn_emission_t": 10.0},
            {"nh3n": 16.0, "tn": 10.0},
            "arithmetic from the formula",
        ),
    ),
)
SENSES = {"capacity": 1, "emission_t": 1}


def evaluate(
    *,
    area_km2: float,
    cod_t_per_km2: float = 0.0,
    cod_emission_t: float = 0.0,
    nh3n_t_per_km2: float = 0.0,
    nh3n_emission_t: float = 0.0,
    tn_t_per_km2: float = 0.0,
    tn_emission_t: float = 0.0,
    tp_t_per_km2: float = 0.0,
    tp_emission_t: float = 0.0,
) -> dict[str, float]:
    """Return what is taken out of water [t/a], pollutant by pollutant, from plain numbers."""
    given = (
        (cod_t_per_km2, cod_emission_t),
        (nh3n_t_per_km2, nh3n_emission_t),
        (tn_t_per_km2, tn_emission_t),
        (tp_t_per_km2, tp_emission_t),
    )
    return {p: min(float(purified_t(c, area_km2)), e) for p, (c, e) in zip(PRODUCTS, given, strict=True)}


def prepare(site: Site) -> Plan:
    """Resolve capacities and emissions and return the pass over the pollutants that can be assessed.

    Raises `NotAssessed` without land cover, or where no pollutant has both a capacity and an emission.
    """
    require(SPEC.id, site, {"land_cover": (1,)})
    emission = table_corners(site.params, EMISSION, SENSES["emission_t"]) if site.params.has(EMISSION) else {}
    tables: dict[str, Floats] = {}
    notes: list[Fault] = []
    for product in PRODUCTS:
        try:
            if product not in emission:
                raise NotAssessed([_without_emission(product)])
            tables[product] = by_code(f"{SPEC.id}.{product}", site.params, f"{CAPACITY}{product}", SENSES["capacity"])
        except NotAssessed as reason:
            notes += reason.notes
        except FaultsError as error:
            notes += missing_rules(f"{SPEC.id}.{product}", error).notes
    if not tables:
        raise NotAssessed(notes)
    capacity = np.concatenate(list(tables.values()))
    what = Text("水质净化能力", "capacity to purify water")
    left_out = classes_left_out(SPEC.id, np.where(np.isnan(capacity).all(axis=0), np.nan, 0.0)[None], what)

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        _rows(strip.layer("land_cover")[0], strip.covered, capacity, first * strip.width, last * strip.width, out)
        return 0

    ceiling = np.stack([emission[p] for p in tables])
    return Plan(("land_cover",), "capacity, at most emission", fill, (*notes, *left_out), products=tuple(tables), ceiling=ceiling)


def _without_emission(product: str) -> Fault:
    why = Text(
        "规则 {k} 没有{n}的排放量；单用净化能力会高估", "the rules {k} give no emission of {n}; capacity alone would overstate it"
    ).fill(k=EMISSION, n=NAMES[product])
    return not_assessed(f"{SPEC.id}.{product}", EMISSION, why)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(land_cover, covered, capacity, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (products · columns, cells) with t/ha."""
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        code = land_cover[a : a + n]
        for k in range(capacity.shape[0]):
            table, row = capacity[k], out[k, a : a + n]
            for i in range(n):
                row[i] = purified_t(table[code[i]], 1.0 / HA_PER_KM2)
