"""Climate and relief factors of the red-line guideline: potential evaporation, climatic erosivity, dryness, roughness.

For the index maps of zoning and for anyone who wants one number. The functions take numbers or arrays alike, so a worked
example tests the code that runs over the rasters. NaN in gives NaN out. Relative humidity is a fraction, 0 to 1: one of
the sources prints "%" beside a formula that only works with the fraction.

References
----------
1. 生态保护红线划定指南 (2017), NPP index method, as used in ChinaXiv-202204.00111V1 (formulas 1-3).
2. 1/7 power law of the wind profile, as in the same paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.terms.text import Text
from ecocomp.zoning.indices._given import twelve

DAYS = (31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0)
"""Mean days of the months."""
WIND_EXPONENT = 1.0 / 7.0
WARM_C = 10.0
"""Temperature from which a month counts for dryness (≥10 °C accumulated temperature)."""

_COS = tuple((-1.0) ** k / float(np.prod(np.arange(1.0, 2 * k + 1))) for k in range(12))


def cosine(angle: Any) -> Any:
    """Return the cosine of angles in radians up to π/2 by its series: the same bits on every machine, error below 1e-15."""
    square = angle * angle
    total = _COS[-1] + 0.0 * square
    for coefficient in reversed(_COS[:-1]):
        total = total * square + coefficient
    return total


def roughness(slope_deg: Any) -> Any:
    """Return D = 1/cos θ of the slope θ [°]."""
    return 1.0 / cosine(slope_deg * (np.pi / 180.0))


def wind_2m_factor(height_m: float) -> float:
    """Return what wind measured at `height_m` is multiplied with to stand for 2 m."""
    return float((2.0 / height_m) ** WIND_EXPONENT)


def monthly_evaporation(temperature_c: Any, humidity: Any) -> Any:
    """Return ETP of a month [mm] from mean temperature [°C] and relative humidity (fraction); 0 below −20 °C."""
    warm = np.maximum(20.0 + temperature_c, 0.0)
    return 0.19 * warm * warm * (1.0 - humidity)


def month_erosivity(wind_2m: Any, evaporation_mm: Any, rain_mm: Any, days: float) -> Any:
    """Return the share of one month in F_q: u³·(ETP − P)/ETP·d/100; 0 where it rains as much as can evaporate."""
    lack = np.maximum(evaporation_mm - rain_mm, 0.0)
    dry = np.where(evaporation_mm > 0.0, lack / np.where(evaporation_mm > 0.0, evaporation_mm, 1.0), 0.0 * lack)
    return wind_2m * wind_2m * wind_2m * dry * (days / 100.0)


def warm_month(temperature_c: Any, days: float) -> Any:
    """Return the accumulated temperature of a month [°C·d]: that of its mean where this reaches 10 °C, else 0."""
    return np.where(temperature_c >= WARM_C, temperature_c * days, 0.0 * temperature_c)


def dryness(accumulated_c: Any, rain_mm: Any) -> Any:
    """Return I = 0.16·ΣT/ΣP; infinite where it never rains in the warm season, NaN where there is no warm season."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(accumulated_c > 0.0, 0.16 * accumulated_c / rain_mm, np.nan)


# ---------------------------------------------------------------- formulas of plain numbers
def _etp(temperature_c: float, humidity: float) -> dict[str, float]:
    return {"etp_mm": float(monthly_evaporation(temperature_c, humidity))}


def _erosivity(
    wind_2m: Sequence[float], temperature_c: Sequence[float], humidity: Sequence[float], rain_mm: Sequence[float]
) -> dict[str, Any]:
    twelve(wind_2m=wind_2m, temperature_c=temperature_c, humidity=humidity, rain_mm=rain_mm)
    months = zip(wind_2m, temperature_c, humidity, rain_mm, DAYS, strict=True)
    evaporation, parts = [], []
    for u, t, r, p, d in months:
        evaporation.append(float(monthly_evaporation(t, r)))
        parts.append(float(month_erosivity(u, evaporation[-1], p, d)))
    return {"etp_mm": evaporation, "parts": parts, "climatic_erosivity": sum(parts)}


def _dryness(temperature_c: Sequence[float], rain_mm: Sequence[float]) -> dict[str, float]:
    twelve(temperature_c=temperature_c, rain_mm=rain_mm)
    heat = sum(float(warm_month(t, d)) for t, d in zip(temperature_c, DAYS, strict=True))
    rain = sum(p for t, p in zip(temperature_c, rain_mm, strict=True) if t >= WARM_C)
    if heat <= 0.0:
        raise ValueError("no month has a mean of 10 °C or more, so there is no index / 没有月均温达到 10 °C 的月份，没有干燥度")
    if rain <= 0.0:
        raise ValueError("no rain falls in the months of 10 °C and more, so there is no index / ≥10 °C 的月份没有降水，没有干燥度")
    return {"accumulated_c": heat, "rain_mm": float(rain), "dryness": float(dryness(np.float64(heat), np.float64(rain)))}


def _roughness(slope_deg: float) -> dict[str, float]:
    return {"roughness": float(roughness(slope_deg))}


_GUIDE = Reference("生态保护红线划定指南, 环办生态〔2017〕48号, NPP index method", "v", "formulas read in ChinaXiv-202204.00111V1")
_T = Text("月平均气温", "mean temperature of the month")
_R = Text("相对湿度，小数（0.6 而不是 60）", "relative humidity as a fraction (0.6, not 60)")
_SAME = Text("InVEST 没有这个量；只宜在同一次划定内比较。", "InVEST has no such quantity; compare within one delineation only.")

FORMULAS: tuple[Formula, ...] = (
    Formula(
        Spec(
            id="monthly_potential_evaporation",
            name=Text("月潜在蒸发量", "potential evaporation of a month"),
            summary=Text(
                "由月均温和相对湿度估算的月潜在蒸发量，用于气候侵蚀力。",
                "Potential evaporation of a month from its mean temperature and relative humidity, for climatic erosivity.",
            ),
            unit="mm",
            formula="ETP = 0.19·max(20 + T, 0)^2·(1 − r)",
            holds=Text(
                "用于气候侵蚀力指数；T 低于 −20 °C 时取 0（原式会回升，没有物理意义）。r 必须是小数。",
                "Made for the climatic index; 0 below −20 °C, where the printed form rises again without meaning. r must be a"
                " fraction.",
            ),
            differs=Text(
                "不是 FAO-56 的参考蒸散 ET0，不能互换。",
                "This is not the reference evapotranspiration of FAO-56; do not exchange them.",
            ),
            inputs=(),
            outputs=(Use("etp_mm", "mm", Text("月潜在蒸发量", "potential evaporation"), symbol="ETP"),),
            arguments=(
                Argument("temperature_c", "°C", _T, "T", least=-60, most=60),
                Argument("humidity", "1", _R, "r", least=0, most=1),
            ),
            references=(_GUIDE,),
            examples=(
                Example({"temperature_c": 20.0, "humidity": 0.5}, {"etp_mm": 152.0}, "0.19·1600·0.5"),
                Example({"temperature_c": -20.0, "humidity": 0.3}, {"etp_mm": 0.0}, "nothing evaporates at −20 °C"),
                Example({"temperature_c": -40.0, "humidity": 0.3}, {"etp_mm": 0.0}, "nor in deeper frost"),
                Example({"temperature_c": 25.0, "humidity": 1.0}, {"etp_mm": 0.0}, "nor into air that is full"),
            ),
        ),
        _etp,
    ),
    Formula(
        Spec(
            id="climatic_erosivity",
            name=Text("气候侵蚀力因子", "climatic erosivity"),
            summary=Text(
                "风速与干燥程度合成的年风蚀气候侵蚀力。", "The year's power of wind over dry ground, from wind and dryness."
            ),
            unit="1",
            formula="F = (1/100)·Σ u^3·((ETP − P)/ETP)·d",
            holds=Text(
                "(ETP − P) 为负的月份按 0 计（本项目的选择）；u 是 2 米风速。d 是各月平均天数，2 月取 28.25 天。",
                "Months with more rain than evaporation count 0 (choice of this project); u is wind at 2 m; d are mean days of the"
                " months, 28.25 for February.",
            ),
            differs=_SAME,
            inputs=(),
            outputs=(
                Use("etp_mm", "mm", Text("各月潜在蒸发", "evaporation of each month"), symbol="ETP"),
                Use("parts", "1", Text("各月的份额", "share of each month")),
                Use("climatic_erosivity", "1", Text("气候侵蚀力", "climatic erosivity"), symbol="F"),
            ),
            arguments=(
                Argument("wind_2m", "m/s", Text("2 米月均风速，十二个月", "wind at 2 m, twelve months"), "u", "list", least=0),
                Argument("temperature_c", "°C", Text("月均温，十二个月", "mean temperature, twelve months"), "", "list"),
                Argument("humidity", "1", _R, "", "list", least=0, most=1),
                Argument("rain_mm", "mm", Text("月降水，十二个月", "rain, twelve months"), "P", "list", least=0),
            ),
            references=(_GUIDE, Reference("(ETP − P) held at 0: design of ecocomp", "D")),
            examples=(
                Example(
                    {"wind_2m": [3.0] * 12, "temperature_c": [20.0] * 12, "humidity": [0.5] * 12, "rain_mm": [76.0] * 12},
                    {"climatic_erosivity": 49.30875},
                    "27·0.5·365.25/100: half of 152 mm falls as rain",
                ),
                Example(
                    {"wind_2m": [3.0] * 12, "temperature_c": [20.0] * 12, "humidity": [0.5] * 12, "rain_mm": [200.0] * 12},
                    {"climatic_erosivity": 0.0},
                    "more rain than can evaporate: no month counts, none counts against another",
                ),
            ),
        ),
        _erosivity,
    ),
    Formula(
        Spec(
            id="dryness_index",
            name=Text("干燥度指数", "dryness index"),
            summary=Text(
                "≥10 °C 积温与同期降水之比，土地沙化敏感性的气候因子。",
                "Accumulated temperature of the time at 10 °C and above over its rain: the climate factor of desertification.",
            ),
            unit="1",
            formula="I = 0.16·H/P",
            holds=Text(
                "这里由月均值求和：月均温达到 10 °C 的月份计入，2 月取 28.25 天。没有这样的月份，或其间无雨，则不评估。",
                "Summed from months here: those with a mean of 10 °C or more; February has 28.25 days. Without such a month, or"
                " without rain in that time, there is no index.",
            ),
            differs=Text("不同于蒸散比降水的干燥度。", "Not the aridity of evapotranspiration over rain."),
            inputs=(),
            outputs=(
                Use("accumulated_c", "°C·d", Text("积温", "accumulated temperature"), symbol="H"),
                Use("rain_mm", "mm", Text("同期降水", "rain of that time"), symbol="P"),
                Use("dryness", "1", Text("干燥度", "dryness"), symbol="I"),
            ),
            arguments=(
                Argument("temperature_c", "°C", Text("月均温，十二个月", "mean temperature, twelve months"), "", "list"),
                Argument("rain_mm", "mm", Text("月降水，十二个月", "rain, twelve months"), "", "list", least=0),
            ),
            references=(Reference("public implementation of the joint evaluation (双评价), land desertification", "v"),),
            examples=(
                Example(
                    {"temperature_c": [0.0] * 5 + [20.0] * 2 + [0.0] * 5, "rain_mm": [10.0] * 5 + [61.0, 61.0] + [10.0] * 5},
                    {"accumulated_c": 1220.0, "rain_mm": 122.0, "dryness": 1.6},
                    "June and July: 61 days at 20 °C, 0.16·1220/122",
                ),
                Example(
                    {"temperature_c": [15.0] * 12, "rain_mm": [100.0] * 12},
                    {"accumulated_c": 5478.75, "dryness": 0.7305},
                    "0.16·15·365.25/1200",
                ),
            ),
        ),
        _dryness,
    ),
    Formula(
        Spec(
            id="surface_roughness",
            name=Text("地表粗糙度", "surface roughness"),
            summary=Text("坡面面积与其水平投影之比。", "Area of a slope over that of its plan."),
            unit="1",
            formula="D = 1/cos(θ)",
            holds=Text("坡度小于 90°。", "Slopes below 90°."),
            inputs=(),
            outputs=(Use("roughness", "1", Text("粗糙度", "roughness"), symbol="D"),),
            arguments=(Argument("slope_deg", "°", Text("坡度", "slope"), "θ", least=0, most=89.9),),
            references=(Reference("生态保护红线划定指南 (2017)", "R"),),
            examples=(
                Example({"slope_deg": 60.0}, {"roughness": 2.0}, "cos 60° = 0.5", tolerance=1e-12),
                Example({"slope_deg": 0.0}, {"roughness": 1.0}, "level ground"),
            ),
        ),
        _roughness,
    ),
)
