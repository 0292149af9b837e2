"""Flood regulation: water that vegetation, lakes, reservoirs and marsh can hold back in a year.

For the hydrologist of a county. The four are separate products, each with its own inputs; one that lacks an input is left
out and says so, the others are assessed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.by_code import KNOWN, by_code
from ecocomp.services.factors.water import HA_PER_KM2, M3_PER_HA_MM, PEMA, lake_m3, marsh_m3, runoff_mm
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
    missing_rules,
    not_assessed,
    require,
)
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text, same

ZONES = ("tibetan_plateau", "eastern_plain", "inner_mongolia_xinjiang", "northeast", "yunnan_guizhou")
"""Lake zones of China."""
MARSH, LAKE, RIVER = 41, 42, 43
PRODUCTS = ("vegetation", "lake", "reservoir", "marsh")
KEY = "services.flood"
DAYS = (365, 366)

SPEC = Spec(
    id="flood_regulation",
    name=Text("洪水调蓄", "flood regulation"),
    summary=Text(
        "植被滞留的暴雨水量与湖泊、水库、沼泽的可调蓄水量。",
        "Storm rain kept by vegetation, and water that lakes, reservoirs and marsh can take up.",
    ),
    unit="m3/a",
    formula="V1 = 10·(P − α·P)·S\nV2 = 10000·e^a·A^b·T\nV3 = r·C\nV4 = 10000·h·M",
    holds=Text(
        "县域年度核算；是可调蓄能力，不是某次洪水的实际削减量。湖泊方程多由 1 km² 以上的湖泊拟合，小湖偏深；"
        "小于下限的水面不按湖泊评估（该产品无值）。湖泊面积取整个栅格上相连的水面（八邻域），每个像元按面积分得其湖泊的水量；伸出栅格的湖泊只见其一部分。"
        "有水库的水面按库容计，不再按湖泊计；没有水库名录时，水库水面按湖泊计。只有自然植被有暴雨径流系数。",
        "Yearly account of a county; a capacity, not what was held back of one flood. The equations of lakes were fitted mostly"
        " on 1 km² and more and make small ones too deep; waters below the least area are not assessed as lakes (no value)."
        " The area of a lake is that of connected water on the whole raster (8 neighbours), and each cell has its share by"
        " area; of a lake that reaches over the edge only a part is seen. Water with a reservoir counts by its capacity and not"
        " as a lake; without a register of reservoirs it counts as a lake. Only natural vegetation has a storm coefficient.",
    ),
    differs=Text(
        "InVEST 的城市洪水风险减缓用曲线数算一次暴雨（见暴雨滞留），没有湖泊、水库、沼泽；不可比较。",
        "InVEST's flood model takes one storm by curve number (see storm retention) and knows no lakes, reservoirs or marsh: not"
        " to be compared.",
    ),
    arguments=(
        Argument("storm_rain_mm", "mm/a", Text("全年暴雨量", "storm rain of the year"), "P", default=0.0, least=0.0),
        Argument("runoff_coefficient", "1", Text("暴雨径流系数", "storm runoff coefficient"), "α", default=0.0, least=0.0, most=1),
        Argument("vegetation_ha", "ha", Text("植被面积", "area of vegetation"), "S", default=0.0, least=0.0),
        Argument("lake_km2", "km²", Text("湖泊面积", "area of the lake"), "A", default=0.0, least=0.0),
        Argument("lake_a", "1", Text("湖区系数", "coefficient of the lake zone"), "a", default=0.0),
        Argument("lake_b", "1", Text("湖区指数", "exponent of the lake zone"), "b", default=1.0, least=0.0),
        Argument("exchanges", "1/a", Text("年换水次数", "exchanges a year"), "T", default=1.0, least=0.0),
        Argument("capacity_m3", "m3", Text("水库总库容", "capacity of reservoirs"), "C", default=0.0, least=0.0),
        Argument("storage_share", "1", Text("水库调蓄系数", "share that regulates floods"), "r", default=0.0, least=0.0, most=1.0),
        Argument("marsh_ha", "ha", Text("沼泽面积", "area of marsh"), "M", default=0.0, least=0.0),
        Argument("marsh_depth_m", "m", Text("沼泽淹没深度", "depth marsh is flooded to"), "h", default=0.0, least=0.0),
    ),
    inputs=(
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
        Use("storm_rain_year_mm", "mm/a", Text("全年暴雨量（由日降水得出）", "storm rain of the year (from daily rain)"), True),
        Use("rain_daily", "mm", Text("日降水", "daily rain"), True),
        Use("lake_km2", "km²", Text("像元所在湖泊的面积", "area of the lake a cell is part of"), True),
        Use(
            "reservoir_capacity_m3_per_ha", "m3/ha",
            Text("像元所在水面的水库库容", "capacity of the reservoirs of the water a cell is part of"), True,
        ),
    ),
    parameters=(
        Use(f"{KEY}.storm_day_mm", "mm/d", Text("暴雨日雨量下限", "least rain of a storm day")),
        Use(f"{KEY}.storm_runoff_coefficient", "1", Text("暴雨径流系数", "storm-runoff coefficient")),
        Use(f"{KEY}.storm_rain_mm", "mm/a", Text("全年暴雨量（无日降水时）", "storm rain of the year, without daily rain"), True),
        Use(f"{KEY}.lake_zone", "", Text(f"湖区：{'、'.join(ZONES)}", f"lake zone: {', '.join(ZONES)}"), True),
        Use(f"{KEY}.lake_*", "1", Text("湖区的 a、b 和年换水次数", "a, b and exchanges of a lake zone"), True),
        Use(f"{KEY}.lake_factor", "1", Text("湖泊方程的系统误差", "systematic error of the equation of lakes")),
        Use(f"{KEY}.least_lake_km2", "km²", Text("按湖泊评估的最小面积", "least area of a lake")),
        Use(f"{KEY}.reservoir_share_*", "1", Text("湖区的水库调蓄系数", "share of capacity that regulates, by zone"), True),
        Use(f"{KEY}.marsh_depth_m", "m", Text("沼泽淹没深度", "depth marsh is flooded to")),
    ),
    outputs=(
        Use("vegetation", "m3/a", Text("植被滞留量", "kept by vegetation"), symbol="V1"),
        Use("lake", "m3/a", Text("湖泊可调蓄量", "storage of lakes"), symbol="V2"),
        Use("reservoir", "m3/a", Text("水库可调蓄量", "storage of reservoirs"), symbol="V3"),
        Use("marsh", "m3/a", Text("沼泽可调蓄量", "storage of marsh"), symbol="V4"),
    ),
    references=(
        Reference(PEMA, "V", "lakes of the Tibetan Plateau, reservoirs, marsh (which it labels 10⁴ m3 but computes in m3)"),
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "other lake zones, vegetation; text not opened"),
    ),
    examples=(
        Example(
            {"storm_rain_mm": 200.0, "runoff_coefficient": 0.25, "vegetation_ha": 10.0, "marsh_ha": 200000.0, "marsh_depth_m": 0.3},
            {"vegetation": 15000.0, "lake": 0.0, "reservoir": 0.0, "marsh": 6e8},
            "marsh: 2000 km² give 6.00×10⁸ m3 in the paper",
        ),
        Example(
            {"lake_km2": 100.0, "lake_a": 6.636, "lake_b": 0.678, "capacity_m3": 2e7, "storage_share": 0.35},
            {"lake": 172972946.0, "reservoir": 7e6, "vegetation": 0.0, "marsh": 0.0},
            "Tibetan Plateau: 10⁴·e^6.636·100^0.678; 0.35 of the capacity",
        ),
    ),
)  # fmt: skip
SENSES = {
    "storm_runoff_coefficient": -1, "storm_rain_mm": 1, "lake_factor": 1, "exchanges": 1, "reservoir_share": 1, "marsh_depth_m": 1,
}  # fmt: skip


@njit(**INLINE)  # type: ignore[untyped-decorator]
def storm_kept_m3_per_ha(storm_mm, coefficient):  # type: ignore[no-untyped-def]
    """Return storm rain less its runoff [m3/ha]."""
    return M3_PER_HA_MM * (storm_mm - runoff_mm(storm_mm, coefficient))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def lake_m3_per_ha(lake_km2, a, b, exchanges, least_km2):  # type: ignore[no-untyped-def]
    """Return the storage of a lake over its area [m3/ha]: 0 off lakes, NaN on water too small to be one."""
    if lake_km2 == 0.0:
        return 0.0
    return lake_m3(lake_km2, a, b, exchanges) / (HA_PER_KM2 * lake_km2) if lake_km2 >= least_km2 else np.nan


def evaluate(
    *,
    storm_rain_mm: float = 0.0,
    runoff_coefficient: float = 0.0,
    vegetation_ha: float = 0.0,
    lake_km2: float = 0.0,
    lake_a: float = 0.0,
    lake_b: float = 1.0,
    exchanges: float = 1.0,
    capacity_m3: float = 0.0,
    storage_share: float = 0.0,
    marsh_ha: float = 0.0,
    marsh_depth_m: float = 0.0,
) -> dict[str, float]:
    """Return the four products [m3/a] from plain numbers."""
    per_ha = float(lake_m3_per_ha(float(lake_km2), float(lake_a), float(lake_b), float(exchanges), 0.0))
    return {
        "vegetation": vegetation_ha * float(storm_kept_m3_per_ha(storm_rain_mm, runoff_coefficient)),
        "lake": per_ha * HA_PER_KM2 * lake_km2,
        "reservoir": storage_share * capacity_m3,
        "marsh": float(marsh_m3(marsh_ha, marsh_depth_m)),
    }


@dataclass
class _Parts:
    """What the products that can be assessed need; a product that cannot is a name in `missing`."""

    layers: list[str]
    notes: list[Fault]
    method: list[str]
    known: Floats
    coefficient: Floats
    storm: Floats
    storm_from: int = 0
    storm_day_mm: float = 0.0
    lake: tuple[float, float] = (0.0, 0.0)
    exchanges: Floats | None = None
    least_km2: float = 0.0
    share: Floats | None = None
    depth: Floats | None = None


def prepare(site: Site) -> Plan:
    """Resolve each product on its own and return the pass over those that can be assessed.

    Raises `NotAssessed` without land cover, or where no product can be assessed.
    """
    require(SPEC.id, site, {"land_cover": (1,)})
    n = columns(site.params)
    known = np.full(256, np.nan)
    known[sorted(KNOWN)] = 0.0
    parts = _Parts(["land_cover"], [], [], known, np.full((n, 256), np.nan), np.ones(n))
    products = []
    for product, resolve in zip(PRODUCTS, (_vegetation, _lake, _reservoir, _marsh), strict=True):
        try:
            resolve(site, parts)
            products.append(product)
        except NotAssessed as reason:
            parts.notes += reason.notes
        except FaultsError as error:
            parts.notes += missing_rules(f"{SPEC.id}.{product}", error).notes
    if not products:
        raise NotAssessed(parts.notes)
    return _plan(site, parts, products)


def _plan(site: Site, parts: _Parts, products: list[str]) -> Plan:
    n, zero = columns(site.params), np.zeros(columns(site.params))
    at = np.array([products.index(p) * n if p in products else -1 for p in PRODUCTS], np.int64)
    exchanges, share, depth = (x if x is not None else zero for x in (parts.exchanges, parts.share, parts.depth))
    names = ("storm_rain_year_mm", "rain_daily", "lake_km2", "reservoir_capacity_m3_per_ha")

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        year, days, lake, reservoir = (strip.layer(name) if name in parts.layers else strip.layer("") for name in names)
        storm = days if parts.storm_from == 2 else year
        _rows(
            storm, lake[0], reservoir[0], strip.layer("land_cover")[0], strip.covered, parts.known, at,
            parts.storm_from, parts.storm_day_mm, parts.storm, parts.coefficient, *parts.lake, exchanges, parts.least_km2,
            share, depth, first * strip.width, last * strip.width, out,
        )  # fmt: skip
        return 0

    return Plan(tuple(parts.layers), "; ".join(parts.method), fill, tuple(parts.notes), products=tuple(products))


def _vegetation(site: Site, parts: _Parts) -> None:
    """Storm rain from the layer made of daily rain, from daily rain itself, or from a rule; coefficients by ecosystem."""
    service, has = f"{SPEC.id}.vegetation", site.bands
    source = next((name for name, b in (("storm_rain_year_mm", (1,)), ("rain_daily", DAYS)) if has.get(name) in b), "")
    if not source and not site.params.has(f"{KEY}.storm_rain_mm"):
        why = Text(
            "没有 365 或 366 个波段的图层 rain_daily，规则中也没有 {k}",
            "there is no layer rain_daily of 365 or 366 bands and no rule {k}",
        ).fill(k=f"{KEY}.storm_rain_mm")
        raise NotAssessed([not_assessed(service, "rain_daily", why)])
    table = by_code(service, site.params, f"{KEY}.storm_runoff_coefficient", SENSES["storm_runoff_coefficient"])
    parts.coefficient = table.copy()
    water = np.isnan(table[-1]) & np.isin(np.arange(256), (MARSH, LAKE, RIVER))
    parts.coefficient[:, water] = 1.0  # water keeps nothing as vegetation; what it stores is another product
    parts.storm_from = ("", "storm_rain_year_mm", "rain_daily").index(source)
    if source == "rain_daily":
        parts.storm_day_mm = site.params.number(f"{KEY}.storm_day_mm")
    elif not source:
        parts.storm = corners(site.params, f"{KEY}.storm_rain_mm", SENSES["storm_rain_mm"])
    parts.layers += [source] if source else []
    parts.method.append(f"storm={'daily rain' if source else 'rule'}")
    parts.notes += classes_left_out(SPEC.id, parts.coefficient, Text("暴雨径流系数", "storm-runoff coefficient"))
    parts.known = parts.known + 0.0 * parts.coefficient[-1]


def _zone(site: Site, service: str) -> str:
    zone = site.params.text(f"{KEY}.lake_zone")
    if zone not in ZONES:
        why = Text("没有湖区 {z}；可用：{k}", "there is no lake zone {z}; known: {k}").fill(z=zone, k=same(", ".join(ZONES)))
        raise NotAssessed([not_assessed(service, f"{KEY}.lake_zone", why)])
    return zone


def _lake(site: Site, parts: _Parts) -> None:
    service = f"{SPEC.id}.lake"
    require(service, site, {"lake_km2": (1,)})
    zone = _zone(site, service)
    key = f"{KEY}.lake_{zone}"
    equation = {name: float(value) for name, value in site.params.table(key).items()}
    lacking = sorted({"a", "b", "exchanges"} - set(equation))
    if lacking:
        why = Text("表中缺少 {w}", "the table lacks {w}").fill(w=same(", ".join(lacking)))
        raise NotAssessed([not_assessed(service, key, why)])
    parts.lake = equation["a"], equation["b"]
    parts.exchanges = equation["exchanges"] * corners(site.params, f"{KEY}.lake_factor", SENSES["lake_factor"])
    parts.least_km2 = site.params.number(f"{KEY}.least_lake_km2")
    parts.layers.append("lake_km2")
    parts.method.append(f"lake={zone}")


def _reservoir(site: Site, parts: _Parts) -> None:
    service = f"{SPEC.id}.reservoir"
    if "reservoir_capacity_m3_per_ha" not in site.bands:
        why = Text(
            "缺少表 reservoir（水库编码、坐标、总库容）；水库水面因此按湖泊计",
            "the table reservoir (code, coordinates, capacity) is missing; water of reservoirs is taken as lakes",
        )
        raise NotAssessed([not_assessed(service, "reservoir", why)])
    require(service, site, {"reservoir_capacity_m3_per_ha": (1,)})
    parts.share = corners(site.params, f"{KEY}.reservoir_share_{_zone(site, service)}", SENSES["reservoir_share"])
    parts.layers.append("reservoir_capacity_m3_per_ha")
    parts.method.append("reservoir=register")


def _marsh(site: Site, parts: _Parts) -> None:
    parts.depth = corners(site.params, f"{KEY}.marsh_depth_m", SENSES["marsh_depth_m"])
    parts.method.append("marsh=depth")


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    storm, lake, reservoir, land_cover, covered, known, at,
    storm_from, storm_day_mm, storm_mm, coefficient, a, b, exchanges, least_km2, share, depth, start, end, out,
):  # fmt: skip
    """Fill cells start..end-1 of out (products · columns, cells) with m3/ha.

    storm_from  1 a layer of the year's storm rain, 2 daily rain, 0 `storm_mm` of the rules
    at          first row of each product in `out`, −1 where it is not assessed
    known       0 for ecosystems that can be assessed, NaN for others
    """
    rain, stored = np.ones(TILE), np.zeros(TILE)
    for s in range(start, end, TILE):
        n = min(TILE, end - s)
        if not any_covered(covered, s, s + n):
            continue
        code = land_cover[s : s + n]
        if storm_from == 1:
            sum_bands(storm, s, n, rain)
        if storm_from == 2:
            sum_storm_days(storm, storm_day_mm, s, n, rain)
        if at[1] >= 0:
            for i in range(n):
                stored[i] = lake_m3_per_ha(np.float64(lake[s + i]), a, b, 1.0, least_km2)
        for k in range(coefficient.shape[0]):
            if at[0] >= 0:
                row, alpha = out[at[0] + k, s : s + n], coefficient[k]
                for i in range(n):
                    row[i] = storm_kept_m3_per_ha(storm_mm[k] * rain[i], alpha[code[i]])
            if at[1] >= 0:
                row = out[at[1] + k, s : s + n]
                for i in range(n):
                    row[i] = exchanges[k] * stored[i] + known[code[i]]
            if at[2] >= 0:
                row = out[at[2] + k, s : s + n]
                for i in range(n):
                    row[i] = share[k] * reservoir[s + i] + known[code[i]]
            if at[3] >= 0:
                row, per_ha = out[at[3] + k, s : s + n], marsh_m3(1.0, depth[k])
                for i in range(n):
                    row[i] = (per_ha if code[i] == MARSH else 0.0) + known[code[i]]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def sum_storm_days(daily, least_mm, start, n, out):  # type: ignore[no-untyped-def]
    """Put the rain of days of at least `least_mm` into out[:n]; a day without a value leaves the year without one."""
    out[:n] = 0.0
    for day in range(daily.shape[0]):
        row = daily[day, start : start + n]
        for i in range(n):
            out[i] += 0.0 if row[i] < least_mm else row[i]
