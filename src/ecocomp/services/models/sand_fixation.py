"""Sand fixation by RWEQ: wind erosion that plants prevent, month by month.

For dry-land counties. Daily wind at stations gives the weather of each month; soil, relief and cover come from rasters.
Fixed sand is potential erosion (no plants) less actual erosion, both by the full form with Qmax, s and z = 50 m that
HJ 1173-2021 prints. The short form with the constant 0.1699 is another model and is not offered.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.services.factors.cover import vegetation_cover
from ecocomp.services.factors.wind import (
    GRAVITY_M_S2,
    KELVIN,
    air_density_part,
    cover_wind,
    critical_field_length,
    erodible_fraction,
    evaporation_mm_day,
    roughness_smith_carson,
    soil_crust,
    soil_wetness,
    transport_capacity,
    wind_at_2m,
    wind_erosivity,
    wind_soil_loss,
    wind_soil_loss_by_power,
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
    corners,
    lookup,
    not_assessed,
    require_method,
    table_corners,
)
from ecocomp.services.tiles import any_covered
from ecocomp.services.vector_math import INLINE, power
from ecocomp.terms.text import Text

SPEC = Spec(
    id="sand_fixation",
    name=Text("防风固沙", "sand fixation"),
    summary=Text(
        "有植被时比无植被时少吹失的土壤量（修正风蚀方程 RWEQ，逐月）。",
        "Soil that wind does not carry off because of plants, against bare ground (revised wind erosion equation, monthly).",
    ),
    unit="t/a",
    formula=(
        "SF = SL_p − SL; SL = (2z/s²)·Qmax·exp(−(z/s)²), Qmax = 109.8·X, s = 150.71·X^−0.3711, X = WF·EF·SCF·K'·C,"
        " C = exp(−a·SC) with SC in percent, C = 1 for SL_p; WF = wf·(ρ/g)·SW·SD, wf = Σ u₂(u₂ − 5)²·Nd/N; monthly, then summed"
    ),
    holds=Text(
        "平坦开阔的旱区地表；风速取日平均值会低估短时大风。灌溉量和随机糙度取 0。含水和水面、冰川不评估。"
        "完整式与 0.1699 简化式不能混用于同一时间序列。",
        "Flat, open, dry land; daily mean wind understates short storms. Irrigation and random roughness are 0. Water, wetland"
        " and ice are not assessed. Never mix the full form with the 0.1699 form in one series.",
    ),
    inputs=(
        Use("wind", "tables.WIND", Text("站点日风速、气温、雪深", "daily wind, temperature and snow at stations")),
        Use("rain", "mm", Text("月降水（12 个波段）", "monthly rain (twelve bands)")),
        Use("ndvi", "1", Text("月 NDVI（12 个波段）", "monthly NDVI (twelve bands)")),
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
        Use("sand", "%", Text("砂粒", "sand")),
        Use("silt", "%", Text("粉粒", "silt")),
        Use("clay", "%", Text("黏粒", "clay")),
        Use("organic_matter", "%", Text("有机质", "organic matter")),
        Use("elevation", "m", Text("高程（空气密度）", "elevation (air density)")),
        Use("slope_degrees", "°", Text("坡度（由高程生成）", "slope (made from elevation)"), optional=True),
        Use("relief_m", "m", Text("3×3 像元起伏（由高程生成）", "relief of 3×3 cells (made from elevation)"), optional=True),
        Use("caco3", "%", Text("碳酸钙（没有时取 0）", "calcium carbonate (0 where not given)"), optional=True),
    ),
    parameters=(
        Use("services.sand.method", "", Text("HJ1173-2021（完整式）", "HJ1173-2021 (full form)")),
        Use("services.sand.threshold_m_s", "m/s", Text("2 米高起沙风速", "threshold wind at 2 m")),
        Use("services.sand.z_m", "m", Text("最大风蚀出现距离", "distance of greatest erosion")),
        Use("services.sand.cover_coefficient", "1/%", Text("植被系数 a", "cover coefficient a")),
        Use("services.sand.cover_class_map", "", Text("生态系统到植被系数的对照", "ecosystems to cover coefficients")),
        Use("services.sand.weather_factor", "1", Text("气象因子的系统误差", "systematic error of the weather factor")),
        Use("services.sand.soil_wetness_method", "", Text("土壤湿度因子写法", "form of soil wetness")),
        Use("services.sand.evaporation_method", "", Text("潜在蒸发公式", "potential evaporation")),
        Use("services.sand.rain_day_share", "1", Text("各月降雨日占比", "share of days with rain, by month")),
        Use("services.sand.radiation_mj_m2_day", "MJ/m²/d", Text("各月太阳辐射", "solar radiation, by month")),
        Use("services.sand.snow_cover_mm", "mm", Text("积雪覆盖深度", "depth from which snow covers")),
        Use("services.sand.roughness_method", "", Text("slope_cosine 或 smith_carson", "slope_cosine or smith_carson")),
        Use("services.sand.idw_power", "1", Text("站点插值的距离幂", "power of distance between stations")),
        Use("services.cover.ndvi_bare", "1", Text("裸土 NDVI", "NDVI of bare soil")),
        Use("services.cover.ndvi_full", "1", Text("全覆盖 NDVI", "NDVI of full cover")),
    ),
    outputs=(Use("fixed_t", "t/a", Text("固沙量", "sand fixed")),),
    references=(
        Reference("HJ 1173-2021, appendix A.14-A.22", "V", "full form; SW, SD and wf named without formula"),
        Reference("京津冀 (2017), doi:10.5846/stxb201701220183", "V", "Qmax, s, SL and their units"),
        Reference("Fryrear et al. (1998), RWEQ technical bulletin", "R", "SW and ETp as remembered; public codes disagree"),
    ),
    examples=(
        Example(
            {"weather": 20.0, "erodible": 0.5, "crust": 0.6, "roughness": 0.9, "cover": 0.8, "z_m": 50.0},
            {"q_max": 474.336, "s_m": 87.561673, "loss": 4.465265, "q_max_potential": 592.92, "s_m_potential": 80.602914,
             "loss_potential": 6.211218, "fixed": 1.745953},
            "worked example 10 of the model fact sheet",
        ),
        Example(
            {"weather": 0.0, "erodible": 0.5, "crust": 0.6, "roughness": 0.9, "cover": 0.8}, {"fixed": 0.0}, "no wind"
        ),
    ),
)  # fmt: skip
SENSES = {"cover_coefficient": 1, "weather_factor": 1, "ndvi_bare": -1, "ndvi_full": -1}
METHODS = ("HJ1173-2021",)
SOIL_LAYERS = ("sand", "silt", "clay", "organic_matter")
POWER = 0.7422
"""2 × 0.3711: 1/s² goes with X to this power."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(x, x_power, x_cover, x_cover_power, z_m):  # type: ignore[no-untyped-def]
    """Return SF = SL(X) − SL(X·C) of one period [kg/m²]; `x_power` is X^0.7422 and `x_cover` X·C."""
    return wind_soil_loss_by_power(x, x_power, z_m) - wind_soil_loss_by_power(x_cover, x_cover_power, z_m)


def evaluate(
    *, weather: float, erodible: float, crust: float, roughness: float, cover: float, z_m: float = 50.0
) -> dict[str, float]:
    """Return Qmax [kg/m], s [m] and loss [kg/m²] with and without plants, and what is fixed, for one period.

    weather is WF [kg/m], cover is C; erodible, crust and roughness are EF, SCF and K'.
    """
    x = weather * erodible * crust * roughness
    out: dict[str, float] = {}
    for end, value in (("", x * cover), ("_potential", x)):
        out[f"q_max{end}"] = float(transport_capacity(value))
        out[f"s_m{end}"] = float(critical_field_length(value))
        out[f"loss{end}"] = float(wind_soil_loss(value, z_m))
    out["fixed"] = out["loss_potential"] - out["loss"]
    return out


# ---------------------------------------------------------------- stations
@dataclass(frozen=True)
class StationWeather:
    """The weather of a year at stations.

    x, y         coordinates (CRS of the grid)
    gust         wf·SD·348/(T·g) of each month (stations, 12): WF without SW and the elevation part of ρ
    evaporation  ETp of each month [mm] (stations, 12)
    days         observed days (stations, 12)
    """

    x: Floats
    y: Floats
    gust: Floats
    evaporation: Floats
    days: np.ndarray  # type: ignore[type-arg]


def station_weather(site: Site, threshold_m_s: float, snow_mm: float, radiation: dict[int, float]) -> StationWeather:
    """Return the monthly weather of the stations in the `wind` table; a station lacking a month is left out that month (NaN)."""
    assert site.wind is not None
    table = site.wind.to_pydict()
    rows = [i for i, day in enumerate(table["date"]) if day.year == site.year]
    names = sorted({table["station_id"][i] for i in rows})
    place = {name: k for k, name in enumerate(names)}
    groups: dict[tuple[int, int], list[int]] = {}
    x, y = np.full(len(names), np.nan), np.full(len(names), np.nan)
    for i in rows:
        k = place[table["station_id"][i]]
        x[k], y[k] = table["x"][i], table["y"][i]
        groups.setdefault((k, table["date"][i].month - 1), []).append(i)
    gust, evaporation = np.full((len(names), 12), np.nan), np.full((len(names), 12), np.nan)
    days = np.zeros((len(names), 12), np.int64)
    for (k, m), found in groups.items():
        length = calendar.monthrange(site.year, m + 1)[1]
        u2 = [wind_at_2m(table["u10_m_s"][i]) for i in found]
        celsius = math.fsum(table["temperature_c"][i] for i in found) / len(found)
        bare = sum(table["snow_depth_mm"][i] <= snow_mm for i in found) / len(found)
        gust[k, m] = wind_erosivity(u2, length, threshold_m_s) * bare * 348.0 / ((celsius + KELVIN) * GRAVITY_M_S2)
        evaporation[k, m] = evaporation_mm_day(radiation[m], celsius) * length
        days[k, m] = len(found)
    return StationWeather(x, y, gust, evaporation, days)


def prepare(site: Site) -> Plan:
    """Resolve parameters, sum up the stations and return the pass.

    Raises `NotAssessed` where wind, monthly rain or NDVI, soil, relief or land cover is missing.
    """
    p = site.params
    require_method(SPEC.id, "services.sand.method", p, METHODS)
    roughness = require_method(SPEC.id, "services.sand.roughness_method", p, ("slope_cosine", "smith_carson"))
    wetness = require_method(SPEC.id, "services.sand.soil_wetness_method", p, ("fryrear_1998",))
    evaporation = require_method(SPEC.id, "services.sand.evaporation_method", p, ("samani_pessarakli_1986",))
    relief = "slope_degrees" if roughness == "slope_cosine" else "relief_m"
    one = dict.fromkeys(("land_cover", "elevation", relief, *SOIL_LAYERS), (1,))
    lacking = site.lacking(SPEC.id, {"rain": (12,), "ndvi": (12,), **one})
    if site.wind is None or not any(day.year == site.year for day in site.wind["date"].to_pylist()):
        why = Text("缺少 {y} 年的站点日风速（wind 表）", "daily wind of {y} at stations (table wind) is missing").fill(y=site.year)
        lacking.append(not_assessed(SPEC.id, "wind", why))
    if lacking:
        raise NotAssessed(lacking)
    by_class = table_corners(p, "services.sand.cover_coefficient", 1)
    cover = lookup(by_class, class_map(p, "services.sand.cover_class_map"), 1)
    rain_days = _by_month(site, "services.sand.rain_day_share")
    radiation = dict(enumerate(_by_month(site, "services.sand.radiation_mj_m2_day")))
    stations = station_weather(site, p.number("services.sand.threshold_m_s"), p.number("services.sand.snow_cover_mm"), radiation)
    fill = _pass(site, stations, cover, rain_days, relief)
    layers = ("rain", "ndvi", "land_cover", "elevation", relief, *SOIL_LAYERS, *(("caco3",) if "caco3" in site.bands else ()))
    words = ("HJ1173-2021 full form", f"K'={roughness}", f"SW={wetness}", f"ETp={evaporation}", f"stations={len(stations.x)}")
    notes = classes_left_out(SPEC.id, cover, Text("植被系数", "cover coefficient")) + _thin_months(stations, site.year)
    return Plan(layers, "; ".join(words), fill, notes)


def _pass(site: Site, stations: StationWeather, cover: Floats, rain_days: Floats, relief: str):  # type: ignore[no-untyped-def]
    """Return the fill function with every table bound."""
    from ecocomp.grid.georef import metres_per_cell

    p, grid = site.params, site.grid
    full, bare = (corners(p, f"services.cover.{k}", SENSES[k]) for k in ("ndvi_full", "ndvi_bare"))
    scale = corners(p, "services.sand.weather_factor", 1)
    across, along = metres_per_cell(grid)
    column, row = grid.to_pixels(stations.x, stations.y)
    z, distance_power = p.number("services.sand.z_m"), p.number("services.sand.idw_power")
    tables = (
        np.ascontiguousarray(column), np.ascontiguousarray(row), stations.gust, stations.evaporation, rain_days, cover,
        bare, full, scale, scale**POWER, z, 0.5 * distance_power, across, along, relief == "relief_m",
    )  # fmt: skip

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        values = (strip.layer(name) for name in ("rain", "ndvi", *SOIL_LAYERS, "caco3", "elevation", relief))
        _rows(*values, strip.layer("land_cover")[0], strip.covered, *tables, strip.first_row, first, last, strip.width, out)
        return 0

    return fill


def _by_month(site: Site, key: str) -> Floats:
    """Return a table keyed 1..12 as twelve numbers."""
    table = site.params.table(key)
    return np.array([float(table.get(str(m), math.nan)) for m in range(1, 13)])


def _thin_months(stations: StationWeather, year: int) -> tuple:  # type: ignore[type-arg]
    """Return a warning where no station observed some month: that year then has no result."""
    from ecocomp.terms.faults import Fault

    empty = [str(m + 1) for m in range(12) if not np.any(stations.days[:, m])]
    if not empty:
        return ()
    clash = Text(
        "{y} 年 {m} 月没有任何站点的风速，全年无法求和。", "no station has wind for month {m} of {y}; the year cannot be summed."
    )
    remedy = Text("补上这些月份的站点数据。", "Add the observations of these months.")
    return (Fault("services.months_missing", SPEC.id, " ".join(empty), clash.fill(y=year, m=", ".join(empty)), remedy, "warning"),)


# ---------------------------------------------------------------- the pass
@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    rain, ndvi, sand, silt, clay, organic, caco3, elevation, relief, land_cover, covered,
    station_column, station_row, gust, evaporation, rain_days, cover, bare, full, scale, scale_power, z_m, half_power,
    across, along, smith_carson, first_row, first, last, width, out,
):  # fmt: skip
    """Fill rows first..last-1 of out (3, cells) with t/ha."""
    base, total = np.empty(TILE), np.empty((3, TILE))
    weight = np.empty((station_column.size, TILE))
    blow, dry, x_power, part = np.empty(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE)
    coefficient = np.empty((3, TILE))
    for r in range(first, last):
        dx, dy = across[first_row + r], along[first_row + r]
        for c in range(0, width, TILE):
            n = min(TILE, width - c)
            a = r * width + c
            if not any_covered(covered, a, a + n):
                continue
            _surface(sand, silt, clay, organic, caco3, elevation, relief, a, n, smith_carson, 200.0 * 0.5 * (dx + dy), base)
            _distances(station_column, station_row, c, first_row + r, dx, dy, half_power, n, weight)
            for k in range(3):
                _pick(cover[k], land_cover[a : a + n], coefficient[k])
            total[:] = 0.0
            for m in range(12):
                wet, green = rain[m, a : a + n], ndvi[m, a : a + n]
                if not _windy(gust, m):
                    for k in range(3):
                        _calm(wet, green, base, n, total[k])
                    continue
                _interpolate(weight, gust, m, n, blow, part)
                _interpolate(weight, evaporation, m, n, dry, part)
                _weather(dry, wet, rain_days[m], base, n, blow, x_power)
                for k in range(3):
                    _share(green, bare[k], full[k], n, part)
                    _month(blow, x_power, part, coefficient[k], scale[k], scale_power[k], z_m, n, total[k])
            for k in range(3):
                row = out[k, a : a + n]
                for i in range(n):
                    row[i] = 10.0 * total[k, i]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _windy(gust, m):  # type: ignore[no-untyped-def]
    """Return whether any station has erosive wind in month m; a month nobody observed counts, so that it yields NaN."""
    seen = 0
    for s in range(gust.shape[0]):
        if gust[s, m] > 0.0:
            return True
        seen += 1 if gust[s, m] == gust[s, m] else 0
    return seen == 0


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _surface(sand, silt, clay, organic, caco3, elevation, relief, a, n, smith_carson, length_cm, base):  # type: ignore[no-untyped-def]
    """Put EF·SCF·K' and the elevation part of the air density into base[:n]."""
    for i in range(n):
        chalk = np.float64(caco3[0, a + i]) if caco3.shape[1] > 0 else 0.0
        cl, om = np.float64(clay[0, a + i]), np.float64(organic[0, a + i])
        ef = erodible_fraction(np.float64(sand[0, a + i]), np.float64(silt[0, a + i]), cl, om, chalk)
        base[i] = ef * soil_crust(cl, om) * air_density_part(0.001 * elevation[0, a + i])
    for i in range(n):
        height = np.float64(relief[0, a + i])
        base[i] *= roughness_smith_carson(100.0 * height, length_cm) if smith_carson else np.cos(height * 0.017453292519943295)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _distances(column, row, c, r, dx, dy, half_power, n, weight):  # type: ignore[no-untyped-def]
    """Put distance^−power from each station to each cell centre into weight (stations, n); never nearer than half a cell."""
    least = 0.25 * dx * dx
    for s in range(column.size):
        north = (row[s] - (r + 0.5)) * dy
        for i in range(n):
            east = (column[s] - (c + i + 0.5)) * dx
            d2 = east * east + north * north
            d2 = least if d2 < least else d2
            weight[s, i] = 1.0 / d2 if half_power == 1.0 else 1.0 / power(d2, half_power)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _pick(table, codes, out):  # type: ignore[no-untyped-def]
    """Put the entry of each code into out."""
    for i in range(codes.size):
        out[i] = table[codes[i]]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _calm(wet, green, base, n, total):  # type: ignore[no-untyped-def]
    """Add nothing where nothing blows; a cell without rain, NDVI or soil stays without a value."""
    for i in range(n):
        total[i] += 0.0 * (np.float64(wet[i]) + np.float64(green[i]) + base[i])


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _interpolate(weight, values, m, n, out, share):  # type: ignore[no-untyped-def]
    """Put the distance-weighted mean of the stations that observed month m into out[:n]; NaN where none did."""
    out[:n] = 0.0
    share[:n] = 0.0
    for s in range(values.shape[0]):
        v, w = values[s, m], weight[s]
        if v == v:
            for i in range(n):
                out[i] += w[i] * v
            for i in range(n):
                share[i] += w[i]
    for i in range(n):
        out[i] /= share[i]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _weather(dry, wet, rain_day_share, base, n, blow, x_power):  # type: ignore[no-untyped-def]
    """Turn the wind into X = WF·EF·SCF·K' and put X^0.7422 beside it."""
    for i in range(n):
        blow[i] = blow[i] * soil_wetness(dry[i], np.float64(wet[i]), rain_day_share) * base[i]
    for i in range(n):
        x_power[i] = power(blow[i], POWER)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _share(green, bare, full, n, out):  # type: ignore[no-untyped-def]
    """Put the vegetation cover [%] into out[:n]."""
    for i in range(n):
        out[i] = 100.0 * vegetation_cover(np.float64(green[i]), bare, full)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _month(x, x_power, share, coefficient, scale, scale_power, z_m, n, total):  # type: ignore[no-untyped-def]
    """Add the month's fixed sand [kg/m²] to total[:n]."""
    for i in range(n):
        c, c_power = cover_wind(coefficient[i], share[i]), cover_wind(POWER * coefficient[i], share[i])
        xk, pk = scale * x[i], scale_power * x_power[i]
        total[i] += pixel(xk, pk, xk * c, pk * c_power, z_m)
