"""Sand fixation by RWEQ: wind erosion that plants prevent, month by month or half-month by half-month.

For dry-land counties. Daily wind at stations gives the weather of each period; soil, relief and cover come from rasters.
Fixed sand is potential erosion (no plants) less actual erosion, both by the full form with Qmax, s and z = 50 m that
HJ 1173-2021 prints. The short form with the constant 0.1699 is another model: it is there by its own name, and a series
has one or the other.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.registry.declare import gives, takes
from ecocomp.services.factors import wind
from ecocomp.services.factors.cover import vegetation_cover
from ecocomp.services.factors.wind import (
    EVAPORATION_FORMS,
    GRAVITY_M_S2,
    KELVIN,
    ROUGHNESS_FORMS,
    WETNESS_FORMS,
    air_density_part,
    cover_wind,
    cover_wind_ndvi,
    erodible_fraction,
    evaporation_mm_day,
    random_roughness_cover,
    roughness_random,
    roughness_smith_carson,
    sand_fixed_short,
    soil_crust,
    soil_wetness,
    soil_wetness_by,
    wind_at_2m,
    wind_erosivity,
    wind_soil_loss_by_power,
)
from ecocomp.services.site import (
    IN_PARCEL,
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

METHODS = ("HJ1173-2021", "GEP-2020-short")
PERIODS = ("month", "half_month")

SPEC = Spec(
    id="sand_fixation",
    name=Text("防风固沙", "sand fixation"),
    summary=Text(
        "有植被时比无植被时少吹失的土壤量（修正风蚀方程 RWEQ，逐月）。",
        "Soil that wind does not carry off because of plants, against bare ground (revised wind erosion equation, monthly).",
    ),
    unit="t/a",
    formula=wind.RWEQ_LINES + " (HJ1173-2021), 0.1699·(X_p^1.3711 − X^1.3711) (GEP-2020-short)\nG = 10·SF·A",
    holds=Text(
        "平坦开阔的旱区地表；风速取日平均值会低估短时大风。灌溉量取规则所给，未给为 0。含水和水面、冰川不评估。"
        "逐月或逐半月计算后求和。z 的结果不单调（先增后减），故按定值，不进入区间；"
        "时段内各因子之积超过约 61 kg/m（极强风）时，方程的损失随风力反而下降：固沙量会为负（C = 0.5 时 X_p 约在 61 以上），"
        "全年为负的像元照实保留并计数，不截为 0；区间只是所算三个值的两端。"
        "WF = wf·(ρ/g)·SW·SD，wf = Σ u₂(u₂ − 5)²·Nd/N；C = exp(−a·SC)，SC 以百分数计。"
        "来源不一的 SW、ETp、K' 写法可选，并写入方法。完整式与 0.1699 简化式（GEP-2020-short）是两种模型，同一时间序列只能用一种。",
        "Flat, open, dry land; daily mean wind understates short storms. Irrigation is what the rules give, else 0. Water,"
        " wetland and ice"
        " are not assessed. Computed by month or half-month and added up. The result is not monotone in z, which therefore stays"
        " at its"
        " value and out of the range; where the product of the factors exceeds about 61 kg/m in a period (very strong wind) the"
        " loss falls"
        " with more wind: sand fixed can then be negative (X_p above about 61 with C = 0.5), cells that are negative over the year"
        " are kept and counted, never cut to 0, and low and high are only the ends of the three computed."
        " WF = wf·(ρ/g)·SW·SD with wf = Σ u₂(u₂ −"
        " 5)²·Nd/N; C = exp(−a·SC) with SC in percent. Where sources"
        " disagree (SW, ETp, K') the form is chosen and named in the method. The full form and the short form with 0.1699"
        " (GEP-2020-short)"
        " are two models: use one of them throughout a series.",
    ),
    differs=Text(
        "InVEST 没有风蚀模型。两种方法不可比较：例 10 的因子按完整式得 1.74595、按简化式得 0.45216 kg/m²。"
        "公开代码中常见的错误（+a、(2 − z)/s²、105.71、覆盖度用小数）都会使结果无法比较。",
        "InVEST has no model of wind erosion. The two methods cannot be compared: the factors of example 10 give 1.74595 kg/m²"
        " by the full and"
        " 0.45216 by the short form. Errors common in public code (+a, (2 − z)/s², 105.71, cover as a share) make results"
        " incomparable.",
    ),
    inputs=(
        Use("wind", "tables.WIND", Text("站点日风速、气温、雪深", "daily wind, temperature and snow at stations")),
        Use("rain", "mm", Text("月降水（12 个波段）", "monthly rain (twelve bands)")),
        Use("ndvi", "1", Text("月 NDVI（12 个波段）", "monthly NDVI (twelve bands)")),
        Use("ndvi_filled", "1", Text("补过短缺口的月 NDVI", "the same with short gaps drawn through"), optional=True),
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
        Use("services.sand.method", "", Text("HJ1173-2021（完整式）或 GEP-2020-short（0.1699 简化式）",
                                             "HJ1173-2021 (full form) or GEP-2020-short (form with 0.1699)")),
        Use("services.sand.period", "", Text("month 或 half_month", "month or half_month")),
        Use("services.sand.threshold_m_s", "m/s", Text("2 米高起沙风速", "threshold wind at 2 m")),
        Use("services.sand.z_m", "m", Text("最大风蚀出现距离", "distance of greatest erosion")),
        Use("services.sand.cover_coefficient", "1/%", Text("植被系数 a", "cover coefficient a")),
        Use("services.sand.cover_class_map", "", Text("生态系统到植被系数的对照", "ecosystems to cover coefficients")),
        Use("services.sand.weather_factor", "1", Text("气象因子的系统误差", "systematic error of the weather factor")),
        Use("services.sand.soil_wetness_method", "", Text("土壤湿度因子写法", "form of soil wetness")),
        Use("services.sand.evaporation_method", "", Text("潜在蒸发公式", "potential evaporation")),
        Use("services.sand.rain_day_share", "1", Text("各月降雨日占比", "share of days with rain, by month")),
        Use("services.sand.radiation_mj_m2_day", "MJ/m²/d", Text("各月太阳辐射", "solar radiation, by month")),
        Use("services.sand.irrigation_mm", "mm", Text("各月灌溉量", "irrigation, by month"), optional=True),
        Use("services.sand.irrigated_classes", "", Text("灌溉的生态系统", "ecosystems that are irrigated"), optional=True),
        Use("services.sand.snow_cover_mm", "mm", Text("积雪覆盖深度", "depth from which snow covers")),
        Use("services.sand.roughness_method", "", Text("slope_cosine、smith_carson 或 smith_carson_cover",
                                                       "slope_cosine, smith_carson or smith_carson_cover")),
        Use("services.sand.idw_power", "1", Text("站点插值的距离幂", "power of distance between stations")),
        Use("services.cover.ndvi_bare", "1", Text("裸土 NDVI", "NDVI of bare soil")),
        Use("services.cover.ndvi_full", "1", Text("全覆盖 NDVI", "NDVI of full cover")),
    ),
    arguments=(
        *wind.FACTORS,
        wind.Z,
        takes("area_ha", "ha", ("面积", "area"), "A", 1.0, least=0.0),
        takes("method", "", ("方法", "method"), kind="text", default=METHODS[0], choices=METHODS),
    ),
    outputs=(gives("fixed_t", "t/a", ("固沙量", "sand fixed"), "G"), *wind.RWEQ_OUT),
    references=(
        Reference("HJ 1173-2021, appendix A.14-A.22", "V", "full form; SW, SD and wf named without formula"),
        Reference("京津冀 (2017), doi:10.5846/stxb201701220183", "V", "Qmax, s, SL and their units"),
        Reference("Fryrear et al. (1998), RWEQ technical bulletin", "R", "SW and ETp as remembered; public codes disagree"),
        Reference("lxyNgeo/pyrweq; charlottegiseleweil/winderosion, public codes", "v", "other forms of SW, ETp and K'"),
        Reference("Public GEP code (Nagqu study)", "V",
            "short form with 0.1699; its attribution to the 2020 guideline is remembered"),
    ),
    examples=(
        *wind.RWEQ_EXAMPLES,
        Example(
            {"weather": 20.0, "erodible": 0.5, "crust": 0.6, "roughness": 0.9, "cover": 0.8, "method": "GEP-2020-short"},
            {"fixed": 0.45216, "fixed_t": 4.5216},
            "computed independently: the short form gives another number",
            tolerance=2e-5,
        ),
    ),
)  # fmt: skip
SENSES = {"cover_coefficient": 1, "weather_factor": 1, "ndvi_bare": -1, "ndvi_full": -1}
SOIL_LAYERS = ("sand", "silt", "clay", "organic_matter")
POWER = 0.7422
"""2 × 0.3711: 1/s² goes with X to this power."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def pixel(x, x_power, x_cover, x_cover_power, z_m):  # type: ignore[no-untyped-def]
    """Return SF = SL(X) − SL(X·C) of one period [kg/m²]; `x_power` is X^0.7422 and `x_cover` X·C."""
    return wind_soil_loss_by_power(x, x_power, z_m) - wind_soil_loss_by_power(x_cover, x_cover_power, z_m)


def evaluate(
    *,
    weather: float,
    erodible: float,
    crust: float,
    roughness: float,
    cover: float,
    z_m: float = 50.0,
    area_ha: float = 1.0,
    method: str = METHODS[0],
) -> dict[str, Any]:
    """Return what is fixed [t] of one period, and by the full form Qmax [kg/m], s [m] and loss [kg/m²] with and without plants.

    weather is WF [kg/m], cover is C; erodible, crust and roughness are EF, SCF and K'.
    """
    factors = {"weather": weather, "erodible": erodible, "crust": crust, "roughness": roughness, "cover": cover}
    if method == "GEP-2020-short":
        found = wind.short(**factors)
        found = {"x": found["x"] * cover, "x_potential": found["x"], "fixed": found["fixed"]}
    else:
        found = wind.rweq(**factors, z_m=z_m)
    return {"fixed_t": 10.0 * found["fixed"] * area_ha, **found}


# ---------------------------------------------------------------- stations
@dataclass(frozen=True)
class StationWeather:
    """The weather of a year at stations, by periods: twelve months or twenty-four half-months.

    x, y         coordinates (CRS of the grid)
    gust         wf·SD·348/(T·g) of each period (stations, periods): WF without SW and the elevation part of ρ
    evaporation  ETp of each period [mm] (stations, periods)
    days         observed days (stations, periods)
    """

    x: Floats
    y: Floats
    gust: Floats
    evaporation: Floats
    days: np.ndarray  # type: ignore[type-arg]


def period_days(year: int, period: str) -> list[int]:
    """Return the days of each period of a year; the first half of a month has fifteen."""
    lengths = [calendar.monthrange(year, m)[1] for m in range(1, 13)]
    return lengths if period == "month" else [d for n in lengths for d in (15, n - 15)]


def station_weather(
    site: Site,
    threshold_m_s: float,
    snow_mm: float,
    radiation: dict[int, float],
    period: str = "month",
    evaporation_form: str = EVAPORATION_FORMS[0],
) -> StationWeather:
    """Return the weather of the stations in the `wind` table; a station lacking a period is left out in it (NaN).

    radiation  solar radiation by month 0..11 [MJ/(m²·d)]
    """
    assert site.wind is not None
    table, lengths = site.wind.to_pydict(), period_days(site.year, period)
    rows = [i for i, day in enumerate(table["date"]) if day.year == site.year]
    names = sorted({table["station_id"][i] for i in rows})
    place = {name: k for k, name in enumerate(names)}
    groups: dict[tuple[int, int], list[int]] = {}
    x, y = np.full(len(names), np.nan), np.full(len(names), np.nan)
    for i in rows:
        k, day = place[table["station_id"][i]], table["date"][i]
        x[k], y[k] = table["x"][i], table["y"][i]
        m = day.month - 1 if period == "month" else 2 * (day.month - 1) + (day.day > 15)
        groups.setdefault((k, m), []).append(i)
    gust, evaporation = (np.full((len(names), len(lengths)), np.nan) for _ in range(2))
    days = np.zeros((len(names), len(lengths)), np.int64)
    for (k, m), found in groups.items():
        u2 = [wind_at_2m(table["u10_m_s"][i]) for i in found]
        celsius = math.fsum(table["temperature_c"][i] for i in found) / len(found)
        bare = sum(table["snow_depth_mm"][i] <= snow_mm for i in found) / len(found)
        gust[k, m] = wind_erosivity(u2, lengths[m], threshold_m_s) * bare * 348.0 / ((celsius + KELVIN) * GRAVITY_M_S2)
        month = m if period == "month" else m // 2
        evaporation[k, m] = evaporation_mm_day(radiation[month], celsius, evaporation_form) * lengths[m]
        days[k, m] = len(found)
    return StationWeather(x, y, gust, evaporation, days)


def prepare(site: Site) -> Plan:
    """Resolve parameters, sum up the stations and return the pass.

    Raises `NotAssessed` where wind, monthly rain or NDVI, soil, relief or land cover is missing.
    """
    p = site.params
    method = require_method(SPEC.id, "services.sand.method", p, METHODS)
    period = require_method(SPEC.id, "services.sand.period", p, PERIODS)
    roughness = require_method(SPEC.id, "services.sand.roughness_method", p, ROUGHNESS_FORMS)
    wetness = require_method(SPEC.id, "services.sand.soil_wetness_method", p, WETNESS_FORMS)
    evaporation = require_method(SPEC.id, "services.sand.evaporation_method", p, EVAPORATION_FORMS)
    relief = "slope_degrees" if roughness == "slope_cosine" else "relief_m"
    _require(site, relief)
    by_class = table_corners(p, "services.sand.cover_coefficient", 1)
    cover = lookup(by_class, class_map(p, "services.sand.cover_class_map"), 1)
    weather = _weather_tables(site, period)
    radiation = dict(enumerate(_by_month(site, "services.sand.radiation_mj_m2_day")))
    limits = p.number("services.sand.threshold_m_s"), p.number("services.sand.snow_cover_mm")
    stations = station_weather(site, *limits, radiation, period, evaporation)
    short = method == "GEP-2020-short"
    forms = np.array([ROUGHNESS_FORMS.index(roughness), WETNESS_FORMS.index(wetness), int(short)], np.int64)
    green = "ndvi_filled" if site.bands.get("ndvi_filled") == 12 else "ndvi"
    fill = _pass(site, stations, cover, weather, (green, relief), forms)
    layers = ("rain", green, "land_cover", "elevation", relief, *SOIL_LAYERS, *(("caco3",) if "caco3" in site.bands else ()))
    what = "GEP-2020-short 0.1699 form" if short else "HJ1173-2021 full form"
    words = (what, f"K'={roughness}", f"SW={wetness}", f"ETp={evaporation}", *((f"period={period}",) if period != "month" else ()),
             f"stations={len(stations.x)}", *(("short NDVI gaps drawn through",) if green != "ndvi" else ()))  # fmt: skip
    notes = classes_left_out(SPEC.id, cover, Text("植被系数", "cover coefficient")) + _thin_periods(stations, site.year, period)
    meaning = Text(
        "极强风下方程的损失随风力下降，有植被反而比无植被多", "in very strong wind the equation's loss falls with more wind"
    )
    return Plan(layers, "; ".join(words), fill, notes, meaning)


def _require(site: Site, relief: str) -> None:
    """Raise `NotAssessed` for all that is missing at once."""
    one = dict.fromkeys(("land_cover", "elevation", relief, *SOIL_LAYERS), (1,))
    lacking = site.lacking(SPEC.id, {"rain": (12,), "ndvi": (12,), **one})
    if site.wind is None or not any(day.year == site.year for day in site.wind["date"].to_pylist()):
        why = Text("缺少 {y} 年的站点日风速（wind 表）", "daily wind of {y} at stations (table wind) is missing").fill(y=site.year)
        lacking.append(not_assessed(SPEC.id, "wind", why))
    if lacking:
        raise NotAssessed(lacking)


def _weather_tables(site: Site, period: str) -> tuple[np.ndarray, ...]:  # type: ignore[type-arg]
    """Return, for each period, its month, its share of the month, the share of days with rain, its days and irrigation [mm].

    After them, 1 for each irrigated ecosystem code (256,).
    """
    lengths = np.array(period_days(site.year, period), np.float64)
    month = np.arange(12) if period == "month" else np.arange(24) // 2
    share = lengths / np.array(period_days(site.year, "month"), np.float64)[month]
    irrigation, watered = np.zeros(len(month)), np.zeros(256)
    if site.params.has("services.sand.irrigation_mm") and site.params.has("services.sand.irrigated_classes"):
        irrigation = np.nan_to_num(_by_month(site, "services.sand.irrigation_mm"))[month] * share
        watered[[int(code) for code in site.params.items("services.sand.irrigated_classes")]] = 1.0
    return month, share, _by_month(site, "services.sand.rain_day_share")[month], lengths, irrigation, watered


def _pass(site: Site, stations: StationWeather, cover: Floats, weather, names: tuple[str, str], forms):  # type: ignore[no-untyped-def]
    """Return the fill function with every table bound."""
    from ecocomp.grid.georef import metres_per_cell

    p, grid = site.params, site.grid
    full, bare = (corners(p, f"services.cover.{k}", SENSES[k]) for k in ("ndvi_full", "ndvi_bare"))
    scale = corners(p, "services.sand.weather_factor", 1)
    across, along = metres_per_cell(grid)
    column, row = grid.to_pixels(stations.x, stations.y)
    z, distance_power = p.number("services.sand.z_m"), p.number("services.sand.idw_power")
    tables = (
        np.ascontiguousarray(column), np.ascontiguousarray(row), stations.gust, stations.evaporation, *weather, cover,
        bare, full, scale, scale**POWER, z, 0.5 * distance_power, across, along, forms,
    )  # fmt: skip

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        values = (strip.layer(name) for name in ("rain", names[0], *SOIL_LAYERS, "caco3", "elevation", names[1]))
        cover_rows = strip.layer("land_cover")[0], strip.covered
        return int(_rows(*values, *cover_rows, *tables, strip.first_row, first, last, strip.width, out))

    return fill


def _by_month(site: Site, key: str) -> Floats:
    """Return a table keyed 1..12 as twelve numbers."""
    table = site.params.table(key)
    return np.array([float(table.get(str(m), math.nan)) for m in range(1, 13)])


def _thin_periods(stations: StationWeather, year: int, period: str) -> tuple:  # type: ignore[type-arg]
    """Return a warning where no station observed some month or half of it: that year then has no result."""
    from ecocomp.terms.faults import Fault

    places = [m for m in range(stations.days.shape[1]) if not np.any(stations.days[:, m])]
    empty = [str(m + 1) if period == "month" else f"{m // 2 + 1}.{m % 2 + 1}" for m in places]
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
    station_column, station_row, gust, evaporation, month, month_share, rain_days, days, irrigation, watered, cover, bare, full,
    scale, scale_power, z_m, half_power, across, along, forms, first_row, first, last, width, out,
):  # fmt: skip
    """Fill rows first..last-1 of out (columns, cells) with t/ha; return how many cells in parcels are negative at the value."""
    wide, negative = scale.shape[0], 0
    base, total = np.empty(TILE), np.empty((wide, TILE))
    weight = np.empty((station_column.size, TILE))
    blow, dry, x_power, part = np.empty(TILE), np.empty(TILE), np.empty(TILE), np.empty(TILE)
    wet, water, coefficient = np.empty(TILE), np.empty(TILE), np.empty((wide, TILE))
    for r in range(first, last):
        dx, dy = across[first_row + r], along[first_row + r]
        for c in range(0, width, TILE):
            n = min(TILE, width - c)
            a = r * width + c
            if not any_covered(covered, a, a + n):
                continue
            _surface(sand, silt, clay, organic, caco3, elevation, relief, a, n, forms[0], 200.0 * 0.5 * (dx + dy), base)
            _distances(station_column, station_row, c, first_row + r, dx, dy, half_power, n, weight)
            for k in range(wide):
                _pick(cover[k], land_cover[a : a + n], coefficient[k])
            _pick(watered, land_cover[a : a + n], water)
            total[:] = 0.0
            for m in range(month.size):
                green = ndvi[month[m], a : a + n]
                _wet(rain[month[m], a : a + n], month_share[m], water, irrigation[m], n, wet)
                if not _windy(gust, m):
                    for k in range(wide):
                        _calm(wet, green, base, n, total[k])
                    continue
                _interpolate(weight, gust, m, n, blow, part)
                _interpolate(weight, evaporation, m, n, dry, part)
                _weather(dry, wet, rain_days[m], days[m], forms[1], base, n, blow)
                _grow(blow, POWER, n, x_power)
                for k in range(wide):
                    if forms[2] == 1:
                        _month_short(blow, green, coefficient[k], scale[k], n, total[k])
                        continue
                    _share(green, bare[k], full[k], n, part)
                    if forms[0] == 2:
                        _month_rough(blow, x_power, part, coefficient[k], scale[k], scale_power[k], z_m, n, total[k])
                    else:
                        _month(blow, x_power, part, coefficient[k], scale[k], scale_power[k], z_m, n, total[k])
            for k in range(wide):
                row = out[k, a : a + n]
                for i in range(n):
                    row[i] = 10.0 * total[k, i]
            middle = out[wide // 2, a : a + n]  # by corners the middle column is the value
            for i in range(n):
                negative += 1 if middle[i] < 0.0 and covered[a + i] == IN_PARCEL else 0
    return negative


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _wet(rain, month_share, water, irrigation, n, out):  # type: ignore[no-untyped-def]
    """Put rain and irrigation of the period [mm] into out[:n]."""
    for i in range(n):
        out[i] = month_share * np.float64(rain[i])
    if irrigation > 0.0:
        for i in range(n):
            out[i] += irrigation * water[i]


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
def _surface(sand, silt, clay, organic, caco3, elevation, relief, a, n, form, length_cm, base):  # type: ignore[no-untyped-def]
    """Put EF·SCF·K' and the elevation part of the air density into base[:n]."""
    for i in range(n):
        chalk = np.float64(caco3[0, a + i]) if caco3.shape[1] > 0 else 0.0
        cl, om = np.float64(clay[0, a + i]), np.float64(organic[0, a + i])
        ef = erodible_fraction(np.float64(sand[0, a + i]), np.float64(silt[0, a + i]), cl, om, chalk)
        base[i] = ef * soil_crust(cl, om) * air_density_part(0.001 * elevation[0, a + i])
    for i in range(n):
        height = np.float64(relief[0, a + i])
        base[i] *= roughness_smith_carson(100.0 * height, length_cm) if form > 0 else np.cos(height * 0.017453292519943295)
    if form == 2:  # random roughness of ground without plants
        bare = roughness_random(random_roughness_cover(0.0))
        for i in range(n):
            base[i] *= bare


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
def _weather(dry, wet, rain_day_share, days, form, base, n, blow):  # type: ignore[no-untyped-def]
    """Turn the wind into X = WF·EF·SCF·K'."""
    if form == 0:
        for i in range(n):
            blow[i] = blow[i] * soil_wetness(dry[i], wet[i], rain_day_share) * base[i]
        return
    for i in range(n):
        blow[i] = blow[i] * soil_wetness_by(form, dry[i], wet[i], rain_day_share, days) * base[i]


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _grow(x, exponent, n, x_power):  # type: ignore[no-untyped-def]
    """Put the power of X into x_power[:n]."""
    for i in range(n):
        x_power[i] = power(x[i], exponent)


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


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _month_rough(x, x_power, share, coefficient, scale, scale_power, z_m, n, total):  # type: ignore[no-untyped-def]
    """Add the same where plants also make the ground rougher: K' with and without them differs by their random roughness."""
    bare = random_roughness_cover(0.0)
    for i in range(n):
        extra = random_roughness_cover(0.01 * share[i]) - bare
        c = cover_wind(coefficient[i], share[i]) * roughness_random(extra)
        c_power = cover_wind(POWER * coefficient[i], share[i]) * roughness_random(POWER * extra)
        xk, pk = scale * x[i], scale_power * x_power[i]
        total[i] += pixel(xk, pk, xk * c, pk * c_power, z_m)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _month_short(x, green, coefficient, scale, n, total):  # type: ignore[no-untyped-def]
    """Add the month's fixed sand by the short form; an ecosystem without a cover coefficient has none here either."""
    for i in range(n):
        xk = scale * x[i]
        total[i] += sand_fixed_short(xk, xk * cover_wind_ndvi(np.float64(green[i]))) + 0.0 * coefficient[i]
