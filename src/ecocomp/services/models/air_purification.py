"""Air purification: sulphur dioxide, nitrogen oxides and dust that vegetation takes out of the air in a year.

For accounts of a place. Vegetation can only take out what is emitted: the sum over the place never exceeds its emissions,
and without a figure of emissions there is no result, for capacity alone overstates the service many times over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.site import (
    PASS,
    TILE,
    NotAssessed,
    Plan,
    Site,
    classes_left_out,
    columns,
    not_assessed,
    require,
    table_corners,
)
from ecocomp.services.tiles import any_covered
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

PRODUCTS = {
    "so2": Text("二氧化硫", "sulphur dioxide"),
    "nox": Text("氮氧化物", "nitrogen oxides"),
    "dust": Text("粉尘", "dust"),
}
_CAPACITY = "services.air.capacity_{}_t_per_km2_a"
_EMISSION = "services.air.emission_t"
SPEC = Spec(
    id="air_purification",
    name=Text("空气净化", "air purification"),
    summary=Text(
        "植被一年从空气中去除的二氧化硫、氮氧化物和粉尘，以当地排放量为上限。",
        "Sulphur dioxide, nitrogen oxides and dust that vegetation removes in a year, at most what the place emits.",
    ),
    unit="t/a",
    formula="\n".join(f"Q_{k} = min(E_{k}, Σ k_{k}·A)" for k in PRODUCTS),
    holds=Text(
        "E 是本地（核算范围）该年的排放量；没有 E 不评估。全域净化能力超过排放时，各地块按同一比例削减。净化能力 k"
        " 是每平方公里的年能力，取自当地或文献，范围很宽；不反映浓度、气象和输送，外来污染不计入。超标地区能力可能达不到表值。",
        "E is what the place of the account emits in that year; without it nothing is assessed. Where the capacity of the whole"
        " place exceeds it, every parcel is cut back by the same share. Capacity k per km² and year comes from local or"
        " published tables and is very uncertain; concentration, weather and transport do not enter, nor does pollution from"
        " elsewhere.",
    ),
    differs=Text("InVEST 没有这项服务。", "InVEST has no such service."),
    inputs=(Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),),
    parameters=(
        *(Use(_CAPACITY.format(k), "t/(km²·a)", Text(f"{t.zh}净化能力", f"capacity for {t.en}")) for k, t in PRODUCTS.items()),
        Use(_EMISSION, "t/a", Text("本地排放量 so2、nox、dust（缺则不评估）", "emissions of the place (needed)"), optional=True),
    ),
    arguments=(
        Argument("area_km2", "km²", Text("各生态系统的面积", "area of each ecosystem"), "A", "list", least=0.0),
        *(
            made
            for k, t in PRODUCTS.items()
            for made in (
                Argument(
                    f"capacity_{k}",
                    "t/(km²·a)",
                    Text(f"各生态系统净化{t.zh}的能力", f"capacity of each ecosystem for {t.en}"),
                    f"k_{k}",
                    "list",
                    least=0.0,
                ),
                Argument(f"emission_{k}", "t/a", Text(f"{t.zh}排放量", f"emission of {t.en}"), f"E_{k}", least=0.0),
            )
        ),
    ),
    outputs=tuple(
        Use(k, "t/a", Text(f"净化{t.zh}", f"{t.en} removed"), optional=True, symbol=f"Q_{k}") for k, t in PRODUCTS.items()
    ),
    references=(
        Reference("Pema Dolkar et al. (2017), doi:10.5846/stxb201607011362", "V", "emissions taken where they stay below capacity"),
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "capacity by ecosystem; text not opened"),
        Reference("中国生物多样性国情研究报告 (1998)", "R", "SO2 88.65, 215.60 kg/ha, dust 10.11, 33.2 t/ha"),
    ),
    examples=(
        Example(
            {"area_km2": [100.0, 50.0], "capacity_so2": [8.865, 21.56], "emission_so2": 1500.0},
            {"so2": 1500.0},
            "capacity 886.5 + 1078; emissions are less",
            1e-9,
        ),
        Example(
            {
                "area_km2": [100.0], "capacity_nox": [0.6], "emission_nox": 1500.0, "capacity_dust": [1011.0], "emission_dust": 2e5,
            },
            {"nox": 60.0, "dust": 101100.0},
            "capacity is less",
            1e-9,
        ),
    ),
)  # fmt: skip
SENSES = {**{f"capacity_{k}_t_per_km2_a": 1 for k in PRODUCTS}, "emission_t": 1}
HA_PER_KM2 = 100.0


def evaluate(
    *,
    area_km2: Sequence[float],
    capacity_so2: Sequence[float] = (),
    emission_so2: float | None = None,
    capacity_nox: Sequence[float] = (),
    emission_nox: float | None = None,
    capacity_dust: Sequence[float] = (),
    emission_dust: float | None = None,
) -> dict[str, float]:
    """Return what is taken out of the air [t/a] of each substance whose capacities [t/(km²·a)] and emission [t/a] are given."""
    given = {
        "so2": (capacity_so2, emission_so2), "nox": (capacity_nox, emission_nox), "dust": (capacity_dust, emission_dust),
    }  # fmt: skip
    out = {}
    for substance, (capacity, emission) in given.items():
        if len(capacity) and emission is None:
            raise TypeError(
                f"emission_{substance} is missing: capacity alone overstates what is removed"
                f" / 缺少 emission_{substance}：只有净化能力会高估"
            )
        if emission is not None:
            if len(capacity) != len(area_km2):
                raise ValueError(
                    f"capacity_{substance} has {len(capacity)} numbers, area_km2 {len(area_km2)}: give one for each ecosystem"
                    f" / capacity_{substance} 有 {len(capacity)} 个数，area_km2 有 {len(area_km2)} 个：每个生态系统各给一个"
                )
            able = math.fsum(k * a for k, a in zip(capacity, area_km2, strict=True))
            out[substance] = min(able, emission)
    if not out:
        raise TypeError(
            "give the capacities and the emission of at least one of so2, nox, dust"
            " / 至少给出 so2、nox、dust 之一的净化能力和排放量"
        )
    return out


def prepare(site: Site) -> Plan:
    """Resolve capacities and emissions and return the pass; a substance without a figure of emissions is left out by name.

    Raises `NotAssessed` where land cover is missing or no emission is known.
    """
    require(SPEC.id, site, {"land_cover": (1,)})
    p = site.params
    emissions = table_corners(p, _EMISSION, SENSES["emission_t"]) if p.has(_EMISSION) else {}
    found = [k for k in PRODUCTS if k in emissions]
    notes = tuple(_no_emission(k) for k in PRODUCTS if k not in found)
    if not found:
        raise NotAssessed(list(notes))
    wide = columns(p)
    capacity = np.full((len(found) * wide, 256), np.nan)
    for place, k in enumerate(found):
        for code, ends in table_corners(p, _CAPACITY.format(k), 1).items():
            capacity[place * wide : (place + 1) * wide, int(code)] = ends / HA_PER_KM2
    capacity[:, np.isnan(capacity).any(axis=0)] = np.nan  # a class is assessed for all substances or for none

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        _rows(strip.layer("land_cover")[0], strip.covered, capacity, first * strip.width, last * strip.width, out)
        return 0

    notes += classes_left_out(SPEC.id, capacity, Text("净化能力", "capacity"))
    ceiling = np.array([emissions[k] for k in found])
    return Plan(("land_cover",), "capacity, at most emissions", fill, notes, products=tuple(found), ceiling=ceiling)


def _no_emission(substance: str) -> Fault:
    why = Text(
        "没有本地{s}排放量（{k} 中的 {c}），只有净化能力会高估",
        "no emission of {s} is known for the place ({c} in {k}), and capacity alone would overstate",
    )
    return not_assessed(SPEC.id, f"{_EMISSION}/{substance}", why.fill(s=PRODUCTS[substance], k=_EMISSION, c=substance))


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(land_cover, covered, capacity, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (products · columns, cells) with t/(ha·a)."""
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        code = land_cover[a : a + n]
        for k in range(capacity.shape[0]):
            by_code, row = capacity[k], out[k, a : a + n]
            for i in range(n):
                row[i] = by_code[code[i]]
