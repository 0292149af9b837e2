"""Climate regulation: cooling by transpiring plants and by open water on days of use, as electricity.

For GEP accounts. Two products, each with its own inputs; one that lacks an input is left out and says so.
"""

from __future__ import annotations

import calendar

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.by_code import KNOWN, codes_listed
from ecocomp.services.factors.energy import (
    DAYS,
    HEAT,
    PEMA,
    RATIO,
    TRANSPIRATION_OUTPUT,
    transpiration,
    transpiration_kwh_per_ha,
    water_surface,
    water_surface_kwh,
)
from ecocomp.services.site import (
    PASS,
    TILE,
    Floats,
    NotAssessed,
    Plan,
    Site,
    class_map,
    classes_left_out,
    columns,
    corners,
    lookup,
    missing_rules,
    not_assessed,
    require,
    table_corners,
)
from ecocomp.services.tiles import any_covered
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

PRODUCTS = ("transpiration", "water_surface")
KEY = "services.climate"

SPEC = Spec(
    id="climate_regulation",
    name=Text("气候调节", "climate regulation"),
    summary=Text(
        "空调开放期内植被蒸腾与水面蒸发降温增湿的作用，折算为用电量。",
        "Cooling by transpiration and by evaporation from open water on days of use, as the electricity it would cost.",
    ),
    unit="kWh/a",
    formula="E = 10000·G·S·d/(3600·R)\nV = 10·e·B\nW = V·1000·q/3600 + V·γ",
    holds=Text(
        "县域年度核算，只计空调开放期（天数与月份由规则给出）。G 是单位面积日蒸腾吸热的常数，不随当年气候变化。"
        "水面蒸发用水面蒸发图层，没有时用参考蒸散发乘系数；只有年值时按天数占全年的比例折算，会低估夏季。农田、城镇、荒漠没有常数，不评估。",
        "Yearly account of a county, days of use only (number and months by rule). G, heat taken up per area and day, is a"
        " constant and does not follow the year's weather. Evaporation is a layer of open water, else reference"
        " evapotranspiration times a factor; of a yearly value the share of days is taken, which understates summer. Cropland,"
        " towns and deserts have no constant and are not assessed.",
    ),
    differs=Text(
        "InVEST 的城市降温模型（UCM）是 0 到 1 的降温指数（遮荫、反照率、蒸散），与用电量不可比较。",
        "InVEST's Urban Cooling Model is an index of 0 to 1 (shade, albedo, evapotranspiration), not to be compared with"
        " electricity.",
    ),
    arguments=(
        HEAT,
        Argument("vegetation_ha", "ha", Text("植被面积", "area of vegetation"), "S", least=0.0),
        DAYS,
        Argument("evaporation_mm", "mm", Text("开放期水面蒸发", "evaporation of open water on days of use"), "e", default=0.0,
                 least=0.0),
        Argument("water_ha", "ha", Text("水面面积", "area of open water"), "B", default=0.0, least=0.0),
        RATIO,
        Argument("latent_heat_kj_kg", "kJ/kg", Text("汽化潜热", "latent heat"), "q", default=2450.0, least=0.0),
        Argument("humidifier_kwh_m3", "kWh/m3", Text("加湿器单位水量耗电", "electricity of a humidifier"), "γ", default=125.0,
                 least=0.0),
    ),
    inputs=(
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
        Use("water_evaporation", "mm", Text("水面蒸发", "evaporation of open water"), optional=True),
        Use("et0", "mm", Text("参考蒸散发（没有水面蒸发时）", "reference evapotranspiration, without the former"), optional=True),
    ),
    parameters=(
        Use(f"{KEY}.heat_kj_m2_d", "kJ/(m²·d)", Text("单位面积日蒸腾吸热", "heat taken up per area and day")),
        Use(f"{KEY}.class_map", "", Text("生态系统到吸热类别的对照", "ecosystems to the classes of heat")),
        Use(f"{KEY}.days", "d/a", Text("空调开放天数", "days of use a year")),
        Use(f"{KEY}.months", "", Text("空调开放的月份", "months of use")),
        Use(f"{KEY}.efficiency_ratio", "1", Text("空调能效比", "efficiency ratio of air conditioners")),
        Use(f"{KEY}.water_ecosystems", "", Text("计为水面的生态系统", "ecosystems taken as open water")),
        Use(f"{KEY}.water_evaporation_factor", "1", Text("水面蒸发与参考蒸散发之比", "open water to reference evapotranspiration")),
        Use(f"{KEY}.latent_heat_kj_kg", "kJ/kg", Text("汽化潜热", "latent heat")),
        Use(f"{KEY}.humidifier_kwh_m3", "kWh/m3", Text("加湿器单位水量耗电", "electricity of a humidifier")),
    ),
    outputs=(
        Use("transpiration", "kWh/a", Text("植被蒸腾降温节电量", "cooling by transpiration"), symbol="E"),
        Use("evaporated_m3", "m3/a", Text("蒸发水量", "water evaporated"), symbol="V"),
        Use("water_surface", "kWh/a", Text("水面蒸发降温增湿节电量", "cooling by open water"), symbol="W"),
    ),
    references=(
        Reference(PEMA, "V", "both formulas; its values per area reproduce the three constants of heat"),
        Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "efficiency ratio 3.0 and 125 kWh per m3; text not opened"),
    ),
    examples=(
        Example(
            {"heat_kj_m2_d": 2837.27, "vegetation_ha": 1.0, "days": 90.0},
            {"transpiration": 236439.16667, "evaporated_m3": 0.0, "water_surface": 0.0},
            "10⁴ · 2837.27 · 90/(3600 · 3)",
        ),
        Example(
            {"heat_kj_m2_d": 969.83, "vegetation_ha": 0.0, "days": 90.0, "evaporation_mm": 300.0, "water_ha": 1.0},
            {"transpiration": 0.0, "evaporated_m3": 3000.0, "water_surface": 2416666.66667},
            "3000 · (1000 · 2450/3600 + 125)",
        ),
    ),
)  # fmt: skip
SENSES = {
    "heat_kj_m2_d": 1, "days": 1, "efficiency_ratio": -1, "water_evaporation_factor": 1, "latent_heat_kj_kg": 1,
    "humidifier_kwh_m3": 1,
}  # fmt: skip


def evaluate(
    *,
    heat_kj_m2_d: float,
    vegetation_ha: float,
    days: float,
    evaporation_mm: float = 0.0,
    water_ha: float = 0.0,
    efficiency_ratio: float = 3.0,
    latent_heat_kj_kg: float = 2450.0,
    humidifier_kwh_m3: float = 125.0,
) -> dict[str, float]:
    """Return both products [kWh/a] and the water that evaporates [m3/a] from plain numbers."""
    plants = transpiration(heat_kj_m2_d=heat_kj_m2_d, area_ha=vegetation_ha, days=days, efficiency_ratio=efficiency_ratio)
    water = water_surface(
        evaporation_mm=evaporation_mm, area_ha=water_ha, latent_heat_kj_kg=latent_heat_kj_kg, humidifier_kwh_m3=humidifier_kwh_m3
    )
    return {
        "transpiration": plants[TRANSPIRATION_OUTPUT.name],
        "evaporated_m3": water["evaporated_m3"],
        "water_surface": water["water_surface_kwh"],
    }


def prepare(site: Site) -> Plan:
    """Resolve both products, each on its own, and return the pass over those that can be assessed.

    Raises `NotAssessed` without land cover, or where neither can be assessed.
    """
    require(SPEC.id, site, {"land_cover": (1,)})
    n = columns(site.params)
    layers, method, notes = ["land_cover"], [], []
    heat, products = np.full((n, 256), np.nan), []
    is_water = np.zeros(256, np.uint8)
    is_water[codes_listed(SPEC.id, site.params, f"{KEY}.water_ecosystems")] = 1
    use, energy = (np.zeros(1, np.uint8), np.zeros(n)), np.zeros((2, n))
    try:
        heat = _heat_kwh_per_ha(site)
        heat[:, is_water == 1] = 0.0
        products.append("transpiration")
        method.append("transpiration=constants")
    except FaultsError as error:
        notes += missing_rules(f"{SPEC.id}.transpiration", error).notes
    try:
        name = _evaporation_layer(site)
        use, energy = _days_of_use(site, name), _water_energy(site, name)
        products.append("water_surface")
        method.append(f"water={name}")
        layers.append(name)
    except NotAssessed as reason:
        notes += reason.notes
    except FaultsError as error:
        notes += missing_rules(f"{SPEC.id}.water_surface", error).notes
    if not products:
        raise NotAssessed(notes)
    return _plan(layers, products, method, notes, heat, is_water, use, energy)


def _plan(  # type: ignore[no-untyped-def]
    layers, products, method, notes: list[Fault], heat: Floats, is_water, use, energy
) -> Plan:
    n = heat.shape[0]
    at = np.array([products.index(p) * n if p in products else -1 for p in PRODUCTS], np.int64)
    if at[0] >= 0:
        notes = [*notes, *classes_left_out(SPEC.id, heat, Text("蒸腾吸热常数", "constant of transpiration"))]
    evaporation = next((name for name in layers if name != "land_cover"), "")
    # A layer of evaporation from open water has no values on land, and needs none there.
    elsewhere = evaporation == "water_evaporation"
    known = 0.0 * heat[-1] if at[0] >= 0 else np.where(np.isin(np.arange(256), sorted(KNOWN)), 0.0, np.nan)

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        cells = first * strip.width, last * strip.width
        _rows(
            strip.layer("land_cover")[0], strip.layer(evaporation), strip.covered, at, heat, is_water, *use, energy, known,
            elsewhere, *cells, out,
        )  # fmt: skip
        return 0

    return Plan(tuple(layers), "; ".join(method), fill, tuple(notes), products=tuple(products))


def _heat_kwh_per_ha(site: Site) -> Floats:
    """Return (columns, 256): electricity for the same cooling in a year by ecosystem code [kWh/ha]."""
    by_class = table_corners(site.params, f"{KEY}.heat_kj_m2_d", SENSES["heat_kj_m2_d"])
    heat = lookup(by_class, class_map(site.params, f"{KEY}.class_map"), SENSES["heat_kj_m2_d"])
    days, ratio = (corners(site.params, f"{KEY}.{k}", SENSES[k]) for k in ("days", "efficiency_ratio"))
    per_ha = [[transpiration_kwh_per_ha(h, d, r) for h in row] for row, d, r in zip(heat, days, ratio, strict=True)]
    return np.array(per_ha, np.float64)


def _evaporation_layer(site: Site) -> str:
    service = f"{SPEC.id}.water_surface"
    for name in ("water_evaporation", "et0"):
        if name in site.bands:
            require(service, site, {name: (1, 12)})
            return name
    why = Text("缺少图层 water_evaporation 或 et0", "the layer water_evaporation or et0 is missing")
    raise NotAssessed([not_assessed(service, "water_evaporation", why)])


def _days_of_use(site: Site, name: str) -> tuple[np.ndarray, Floats]:  # type: ignore[type-arg]
    """Return which bands count (bands,) and the share of their days that are days of use (columns,)."""
    days = corners(site.params, f"{KEY}.days", SENSES["days"])
    length = [calendar.monthrange(site.year, m)[1] for m in range(1, 13)]
    if site.bands[name] == 1:
        return np.ones(1, np.uint8), np.minimum(days / sum(length), 1.0)
    listed = [int(m) for m in site.params.items(f"{KEY}.months")]
    wrong = [m for m in listed if not 1 <= m <= 12]
    if wrong or not listed:
        why = Text("月份应为 1–12，却是 {m}", "months are 1 to 12, but {m} stands there").fill(m=str(listed))
        raise NotAssessed([not_assessed(f"{SPEC.id}.water_surface", f"{KEY}.months", why)])
    months = sorted(set(listed))
    used = np.zeros(12, np.uint8)
    used[[m - 1 for m in months]] = 1
    return used, np.minimum(days / sum(length[m - 1] for m in months), 1.0)


def _water_energy(site: Site, name: str) -> Floats:
    """Return (2, columns): evaporation of open water to what the layer has, and electricity per m3 of it [kWh/m3]."""
    factor = np.ones(columns(site.params))
    if name == "et0":
        factor = corners(site.params, f"{KEY}.water_evaporation_factor", SENSES["water_evaporation_factor"])
    latent, humidifier = (corners(site.params, f"{KEY}.{k}", SENSES[k]) for k in ("latent_heat_kj_kg", "humidifier_kwh_m3"))
    return np.stack([factor, [water_surface_kwh(1.0, q, g) for q, g in zip(latent, humidifier, strict=True)]])


@njit(**INLINE)  # type: ignore[untyped-decorator]
def water_kwh_per_ha(evaporation_mm, share, factor, kwh_m3):  # type: ignore[no-untyped-def]
    """Return the electricity for the cooling of a hectare of open water [kWh/ha]."""
    return 10.0 * evaporation_mm * share * factor * kwh_m3


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    land_cover, evaporation, covered, at, heat, is_water, used, share, energy, known, elsewhere, start, end, out
):
    """Fill cells start..end-1 of out (products · columns, cells) with kWh/ha."""
    mm = np.zeros(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        code = land_cover[a : a + n]
        if at[1] >= 0:
            mm[:n] = 0.0
            for band in range(used.size):
                if used[band] == 1:
                    row = evaporation[band, a : a + n]
                    for i in range(n):
                        mm[i] += row[i]
        for k in range(heat.shape[0]):
            if at[0] >= 0:
                row, table = out[at[0] + k, a : a + n], heat[k]
                for i in range(n):
                    row[i] = table[code[i]]
            if at[1] >= 0:
                row = out[at[1] + k, a : a + n]
                for i in range(n):
                    c = code[i]
                    kwh = water_kwh_per_ha(mm[i], share[k], energy[0, k], energy[1, k]) if is_water[c] == 1 else 0.0 * mm[i]
                    row[i] = (0.0 if elsewhere and is_water[c] == 0 else kwh) + known[c]
