"""Oxygen release: oxygen set free in a year, on balance with the carbon taken up, or by photosynthesis alone.

For accounts that list it. The two methods answer different questions and differ several times over: `net` is the oxygen
left after everything that breathes in the ecosystem, `npp_dry_matter` that of plant growth.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.services.factors.carbon import O2_OF_CO2, oxygen_of_co2, oxygen_of_production
from ecocomp.services.layers.production import require_production
from ecocomp.services.site import PASS, TILE, Plan, Site, corners, require_method
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.services.uptake import RESPIRED_MORE, layers_wanted, uptake_of, uptake_rows
from ecocomp.terms.text import Text

SPEC = Spec(
    id="oxygen_release",
    name=Text("释氧", "oxygen release"),
    summary=Text(
        "生态系统一年释放的氧气：与固碳相应的净释放，或植物生长（净初级生产）的释放。",
        "Oxygen an ecosystem sets free in a year: on balance with the carbon it takes up, or by plant growth alone.",
    ),
    unit="t O2/a",
    formula="Q_net = (32/44)·CO2\nQ_growth = o·f·NPP·A·10^(−2)",
    holds=Text(
        "net 法由同一方法的固碳量换算，与固碳同号，可为负；npp_dry_matter 法按光合作用的化学计量由净初级生产力换算，通常是 net"
        " 法的数倍。二者不是同一个量：已发表的账户里有固碳按净值、释氧按 NPP 的（甘孜 2010 年释氧量为固碳量的 8 倍），"
        "不能由一个推出另一个。释氧对大气氧含量没有可察觉的影响，是否计价由账户的规定而定。",
        "By `net` the oxygen follows from the carbon taken up by the very same method, has its sign and may be negative. By"
        " `npp_dry_matter` it is that of photosynthesis for net primary production, several times as much. They are not one"
        " quantity: published accounts pair net carbon with the oxygen of production (Ganzi 2010: 8 times the carbon dioxide),"
        " so neither may be derived from the other. The air's oxygen is not noticeably changed; whether it is priced is for the"
        " account to rule.",
    ),
    differs=Text("InVEST 没有这项服务。", "InVEST has no such service."),
    inputs=(
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型（net）", "ecosystem class (net)"), optional=True),
        Use("npp", "g C/m²/a", Text("净初级生产力", "net primary production"), optional=True),
        Use("temperature", "°C", Text("月均温（net，nep_soil）", "monthly temperature (net by nep_soil)"), optional=True),
        Use("rain", "mm", Text("月降水（net，nep_soil）", "monthly rain (net by nep_soil)"), optional=True),
    ),
    parameters=(
        Use("services.oxygen.method", "", Text("net 或 npp_dry_matter", "net or npp_dry_matter")),
        Use("services.carbon.method", "", Text("net 法所用的固碳方法", "method of the carbon behind net")),
        Use("services.oxygen.o2_per_dry_matter", "g/g", Text("每克干物质放氧", "oxygen per dry matter")),
        Use("services.production.dry_matter_per_carbon", "g/g", Text("每克碳合干物质", "dry matter per carbon")),
        Use("services.production.npp_factor", "1", Text("NPP 的系统误差", "systematic error of NPP")),
    ),
    arguments=(
        Argument("co2_t", "t CO2/a", Text("固碳量（net）", "carbon dioxide taken up (net)"), "CO2"),
        Argument(
            "npp_g_c_m2", "g C/(m²·a)", Text("净初级生产力（npp_dry_matter）", "production (npp_dry_matter)"), "NPP", least=0.0
        ),
        Argument("area_ha", "ha", Text("面积（npp_dry_matter）", "area (npp_dry_matter)"), "A", default=1.0, least=0.0),
        Argument("dry_matter_per_carbon", "g/g", Text("每克碳合干物质", "dry matter per carbon"), "f", default=2.22, least=1.0),
        Argument("o2_per_dry_matter", "g/g", Text("每克干物质放氧", "oxygen per dry matter"), "o", default=1.19, least=0.0),
    ),
    outputs=(
        Use("net_t_o2", "t O2/a", Text("净释氧量", "oxygen on balance"), symbol="Q_net"),
        Use("growth_t_o2", "t O2/a", Text("生长释氧量", "oxygen of growth"), symbol="Q_growth"),
    ),
    references=(
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "32/44 of the carbon dioxide; text not opened"),
        Reference("photosynthesis on dry matter: 1.63 g CO2 and 1.19 to 1.20 g O2 per gram", "R"),
        Reference("Pema Dolkar et al. (2017), doi:10.5846/stxb201607011362", "V", "net carbon beside oxygen of production"),
    ),
    examples=(
        Example({"co2_t": 44.0}, {"net_t_o2": 32.0}, "molecular masses", 1e-12),
        Example(
            {"npp_g_c_m2": 500.0, "area_ha": 10.0},
            {"growth_t_o2": 132.09},
            "500 × 2.22 × 1.19 = 1320.9 g/m², 13.209 t/ha",
            1e-9,
        ),
    ),
)
METHODS = ("net", "npp_dry_matter")
SENSES = {"o2_per_dry_matter": 1, "dry_matter_per_carbon": 1, "npp_factor": 1}


def evaluate(
    *,
    co2_t: float | None = None,
    npp_g_c_m2: float | None = None,
    area_ha: float = 1.0,
    dry_matter_per_carbon: float = 2.22,
    o2_per_dry_matter: float = 1.19,
) -> dict[str, float]:
    """Return the oxygen [t O2/a] that goes with carbon dioxide taken up, or with net primary production, or both apart."""
    if co2_t is None and npp_g_c_m2 is None:
        raise TypeError("give co2_t (method net) or npp_g_c_m2 (method npp_dry_matter)")
    out: dict[str, float] = {}
    if co2_t is not None:
        out["net_t_o2"] = float(oxygen_of_co2(float(co2_t)))
    if npp_g_c_m2 is not None:
        out["growth_t_o2"] = float(oxygen_of_production(npp_g_c_m2, dry_matter_per_carbon, o2_per_dry_matter)) * area_ha
    return out


def wants(params: Parameters) -> set[str]:
    """Return the layers the methods of the rules read."""
    return {"npp"} if params.text("services.oxygen.method") == "npp_dry_matter" else layers_wanted(params)


def prepare(site: Site) -> Plan:
    """Resolve the method and return the pass.

    Raises `NotAssessed` where net primary production, or what the carbon method needs, is missing.
    """
    method = require_method(SPEC.id, "services.oxygen.method", site.params, METHODS)
    return _net(site) if method == "net" else _growth(site)


def _net(site: Site) -> Plan:
    u = uptake_of(SPEC.id, site)

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        layers = (strip.layer(name) for name in ("npp", "temperature", "rain"))
        tables = u.form, u.factor, u.scale, u.soil, O2_OF_CO2
        cells = first * strip.width, last * strip.width
        return int(uptake_rows(strip.layer("land_cover")[0], *layers, strip.covered, *tables, *cells, out))

    return Plan(u.layers, f"net; 32/44 of CO2 by {u.words}", fill, u.notes, RESPIRED_MORE)


def _growth(site: Site) -> Plan:
    p = site.params
    require_production(SPEC.id, site, {})
    oxygen = corners(p, "services.oxygen.o2_per_dry_matter", SENSES["o2_per_dry_matter"])
    matter = corners(p, "services.production.dry_matter_per_carbon", SENSES["dry_matter_per_carbon"])
    scale = corners(p, "services.production.npp_factor", SENSES["npp_factor"])

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        _rows(strip.layer("npp"), strip.covered, scale, matter, oxygen, first * strip.width, last * strip.width, out)
        return 0

    return Plan(("npp",), "npp_dry_matter", fill)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(npp, covered, scale, matter, oxygen, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (columns, cells) with t O2/ha."""
    production = np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        sum_bands(npp, a, n, production)
        for k in range(scale.shape[0]):
            row = out[k, a : a + n]
            for i in range(n):
                row[i] = oxygen_of_production(scale[k] * production[i], matter[k], oxygen[k])
