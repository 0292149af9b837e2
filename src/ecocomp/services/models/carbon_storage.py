"""Carbon storage: the carbon that stands above and below ground, in the soil and in dead matter, by ecosystem.

For carbon desks and for plans that compare two land-cover maps. A stock, not a flux: its change between two years is what
counts, and only with one set of densities.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.by_code import by_code
from ecocomp.services.factors.carbon import pools
from ecocomp.services.site import PASS, TILE, Plan, Site, classes_left_out, columns, require
from ecocomp.services.tiles import any_covered
from ecocomp.terms.text import Text

_KEY = "services.carbon.pool_{}_t_c_per_ha"
SPEC = Spec(
    id="carbon_storage",
    name=Text("碳储量", "carbon storage"),
    summary=Text(
        "生态系统四个碳库（地上、地下生物量，土壤，死有机质）中存有的碳。",
        "The carbon an ecosystem holds in four pools: above ground, below ground, soil and dead matter.",
    ),
    unit="t C",
    formula="Q_above = C_above·A\nQ_below = C_below·A\nQ_soil = C_soil·A\nQ_dead = C_dead·A\n"
    "Q = Q_above + Q_below + Q_soil + Q_dead",
    holds=Text(
        "存量，不是年流量：不得与固碳量相加，也不得每年重复计价。密度按生态系统取平均，不分林龄、树种和坡位；"
        "缺省值只有数量级意义，应以当地清查值替换。土壤碳默认 30 厘米深。两年之差须用同一套密度（公式"
        " carbon_change、carbon_npv）。",
        "A stock, not a yearly flow: never add it to sequestration, never price it again each year. Densities are means of an"
        " ecosystem, blind to age, species and slope; the defaults tell the order of magnitude and should give way to a local"
        " inventory. Soil is 30 cm deep by default. A difference of two years needs one set of densities (formulas"
        " carbon_change, carbon_npv).",
    ),
    differs=Text(
        "碳密度相同时，每个碳库与 InVEST carbon 逐像元相等（float32，对 3.20.2 版实测）；缺任何一个碳库密度的类别，InVEST"
        " 拒绝运行，这里整类记为未评估。",
        "Given the same densities every pool equals InVEST carbon cell by cell (float32; tried with 3.20.2). Where a class"
        " lacks the density of any pool InVEST refuses to run; here that class is not assessed.",
    ),
    inputs=(Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),),
    parameters=tuple(
        Use(_KEY.format(pool), "t C/ha", Text(f"{zh}密度", f"density of {en}"))
        for pool, zh, en in (
            ("above", "地上生物量碳", "carbon above ground"),
            ("below", "地下生物量碳", "carbon below ground"),
            ("soil", "土壤碳", "soil carbon"),
            ("dead", "死有机质碳", "carbon in dead matter"),
        )
    ),
    arguments=(
        Argument("above_t_c_per_ha", "t C/ha", Text("地上生物量碳", "above ground"), "C_above", least=0.0),
        Argument("below_t_c_per_ha", "t C/ha", Text("地下生物量碳", "below ground"), "C_below", least=0.0),
        Argument("soil_t_c_per_ha", "t C/ha", Text("土壤碳", "soil"), "C_soil", least=0.0),
        Argument("dead_t_c_per_ha", "t C/ha", Text("死有机质碳", "dead matter"), "C_dead", least=0.0),
        Argument("area_ha", "ha", Text("面积", "area"), "A", default=1.0, least=0.0),
    ),
    outputs=(
        Use("above", "t C", Text("地上生物量碳", "carbon above ground"), symbol="Q_above"),
        Use("below", "t C", Text("地下生物量碳", "carbon below ground"), symbol="Q_below"),
        Use("soil", "t C", Text("土壤碳", "soil carbon"), symbol="Q_soil"),
        Use("dead", "t C", Text("死有机质碳", "carbon in dead matter"), symbol="Q_dead"),
        Use("stock_t_c", "t C", Text("碳储量合计", "carbon stock"), symbol="Q"),
    ),
    references=(
        Reference("natcap/invest, model carbon, release of 2026", "V", "the same sum; its own tests hold here"),
        Reference("IPCC (2006) Guidelines, vol. 4 AFOLU, tables 4.7 to 4.12, 2.2, 2.3", "R", "order of the default densities"),
    ),
    examples=(
        Example(
            {"above_t_c_per_ha": 15.0, "below_t_c_per_ha": 10.0, "soil_t_c_per_ha": 60.0, "dead_t_c_per_ha": 1.0},
            {"above": 15.0, "below": 10.0, "soil": 60.0, "dead": 1.0, "stock_t_c": 86.0},
            "computed independently (InVEST's own test)",
            1e-12,
        ),
        Example(
            {
                "above_t_c_per_ha": 5.0, "below_t_c_per_ha": 3.0, "soil_t_c_per_ha": 20.0, "dead_t_c_per_ha": 0.0, "area_ha": 4.0,
            },
            {"above": 20.0, "soil": 80.0, "stock_t_c": 112.0},
            "the same, second map, on 4 ha",
            1e-12,
        ),
    ),
)  # fmt: skip
POOLS = ("above", "below", "soil", "dead")
SENSES = {f"pool_{pool}_t_c_per_ha": 1 for pool in POOLS}


def evaluate(
    *, above_t_c_per_ha: float, below_t_c_per_ha: float, soil_t_c_per_ha: float, dead_t_c_per_ha: float, area_ha: float = 1.0
) -> dict[str, float]:
    """Return the carbon in each pool and in all [t C] of a piece of land from densities [t C/ha]."""
    each = dict(zip(POOLS, (above_t_c_per_ha, below_t_c_per_ha, soil_t_c_per_ha, dead_t_c_per_ha), strict=True))
    return {**{k: v * area_ha for k, v in each.items()}, "stock_t_c": pools(**each, area_ha=area_ha)["stock_t_c"]}


def prepare(site: Site) -> Plan:
    """Resolve the densities and return the pass; a class that lacks the density of a pool is not observed at all.

    Raises `NotAssessed` where land cover is missing or a table names an unknown ecosystem.
    """
    require(SPEC.id, site, {"land_cover": (1,)})
    wide = columns(site.params)
    density = np.full((len(POOLS) * wide, 256), np.nan)
    for p, pool in enumerate(POOLS):
        density[p * wide : (p + 1) * wide] = by_code(SPEC.id, site.params, _KEY.format(pool), 1, foreign=True)
    density[:, np.isnan(density).any(axis=0)] = np.nan

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        _rows(strip.layer("land_cover")[0], strip.covered, density, first * strip.width, last * strip.width, out)
        return 0

    notes = classes_left_out(SPEC.id, density, Text("四个碳库的密度", "densities of all four pools"))
    return Plan(("land_cover",), "pools by ecosystem", fill, notes, products=POOLS)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(land_cover, covered, density, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (products · columns, cells) with t C/ha."""
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        code = land_cover[a : a + n]
        for k in range(density.shape[0]):
            by_class, row = density[k], out[k, a : a + n]
            for i in range(n):
                row[i] = by_class[code[i]]
