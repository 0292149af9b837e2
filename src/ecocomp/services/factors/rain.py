"""Rain erosivity R [MJ·mm/(ha·h·a)] from yearly, monthly and daily rain.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021 (assessment of ecosystem service functions), appendix A.5, A.6.
2. Wischmeier, W. H., Smith, D. D. (1978), USDA Agriculture Handbook 537 (monthly erosivity: as remembered).
3. Zhang Wenbo, Xie Yun, Liu Baoyuan (2002), daily rain erosivity, half-month form.
4. Renard, K. G., Freimund, J. R. (1994), J. Hydrology 157:287-306; Singh, G. et al. (1981), Bull. T-12/D-9, ICAR,
   Dehradun; Zhang Wenbo, Fu Jinsheng (2003), annual forms (all as remembered).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.vector_math import INLINE, power

US_TO_SI_EROSIVITY = 17.02
HJ1173_WARM, HJ1173_COLD, HJ1173_EXPONENT = 0.3937, 0.3101, 1.7265
ANNUAL_FORMS = ("renard_freimund_1994", "singh_1981", "zhang_fu_2003")


@njit(**INLINE)  # type: ignore[untyped-decorator]
def erosivity_wischmeier(rain_mm_a, cubes):  # type: ignore[no-untyped-def]
    """Return R of a year from its monthly rain (Wischmeier, ×17.02).

    R = Σ 1.735·10^(1.5·log10(p²/P) − 0.8188), which is 1.735·10^(−0.8188)·Σp³ / P^1.5.

    Parameters
    ----------
    rain_mm_a : P, sum of the months [mm]
    cubes : Σp³ over the months [mm³]

    >>> round(float(erosivity_wischmeier(1200.0, 12 * 100.0**3)), 3)
    1293.804
    """
    base = rain_mm_a if rain_mm_a > 0.0 else 1.0
    return US_TO_SI_EROSIVITY * 1.735 * 0.15177491558612494 * cubes / (base * math.sqrt(base)) + 0.0 * rain_mm_a


@njit(**INLINE)  # type: ignore[untyped-decorator]
def erosivity_annual(rain_mm_a, form):  # type: ignore[no-untyped-def]
    """Return R from annual rain [mm]; `form` is the place in `ANNUAL_FORMS`."""
    if form == 0:
        low = 0.0483 * power(rain_mm_a, 1.610)
        return low if rain_mm_a < 850.0 else 587.8 - 1.219 * rain_mm_a + 0.004105 * rain_mm_a * rain_mm_a
    if form == 1:
        return 79.0 + 0.363 * rain_mm_a
    return 0.0534 * power(rain_mm_a, 1.6548)


def erosivity_daily(rain_mm: Sequence[float], erosive_mean_mm: float, erosive_year_mm: float, least_mm: float = 12.0) -> float:
    """Return R of a half-month from daily rain (Zhang): α·ΣP^γ over days of at least 12 mm.

    Parameters
    ----------
    rain_mm : rain of each day [mm]
    erosive_mean_mm : mean rain of erosive days [mm]
    erosive_year_mm : mean annual rain on erosive days [mm]
    """
    gamma, alpha = zhang_coefficients(erosive_mean_mm, erosive_year_mm)
    return float(sum(erosive_day(p, alpha, gamma, least_mm) for p in rain_mm))


def zhang_coefficients(erosive_mean_mm: float, erosive_year_mm: float) -> tuple[float, float]:
    """Return (γ, α) of the daily model; γ = 0.8363 + 18.144/P_d12 + 24.455/P_y12, α = 21.586·γ^−7.1891."""
    gamma = zhang_exponent(erosive_mean_mm, erosive_year_mm)
    return float(gamma), float(zhang_factor(gamma))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def zhang_exponent(erosive_mean_mm, erosive_year_mm):  # type: ignore[no-untyped-def]
    """Return γ = 0.8363 + 18.144/P_d12 + 24.455/P_y12."""
    return 0.8363 + 18.144 / erosive_mean_mm + 24.455 / erosive_year_mm


@njit(**INLINE)  # type: ignore[untyped-decorator]
def zhang_factor(gamma):  # type: ignore[no-untyped-def]
    """Return α = 21.586·γ^−7.1891."""
    return 21.586 / power(gamma, 7.1891)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def erosive_day(rain_mm, alpha, exponent, least_mm):  # type: ignore[no-untyped-def]
    """Return α·P^exponent of one day, 0 where the day has less than `least_mm`; a day without a value has none."""
    if rain_mm < least_mm:
        return 0.0
    return alpha * power(rain_mm, exponent)


def erosivity_hj1173(rain_mm: Sequence[float], warm: bool, least_mm: float = 12.0) -> float:
    """Return R of a half-month in the form of HJ 1173-2021 (A.5, A.6): α·ΣP^1.7265, α 0.3937 May–September, else 0.3101."""
    alpha = HJ1173_WARM if warm else HJ1173_COLD
    return float(sum(erosive_day(p, alpha, HJ1173_EXPONENT, least_mm) for p in rain_mm))


# ---------------------------------------------------------------- by name, with plain numbers
def half_month(
    *, rain_mm: Sequence[float], erosive_mean_mm: float, erosive_year_mm: float, least_mm: float = 12.0
) -> dict[str, float]:
    """Return γ, α and R of a half-month by the daily model of Zhang."""
    gamma, alpha = zhang_coefficients(erosive_mean_mm, erosive_year_mm)
    return {"gamma": gamma, "alpha": alpha, "erosivity": erosivity_daily(rain_mm, erosive_mean_mm, erosive_year_mm, least_mm)}


def half_month_hj1173(*, rain_mm: Sequence[float], season: str, years: float = 1.0, least_mm: float = 12.0) -> dict[str, float]:
    """Return α and R of a half-month, mean of `years` years, in the form of HJ 1173-2021."""
    warm = season == "warm"
    return {"alpha": HJ1173_WARM if warm else HJ1173_COLD, "erosivity": erosivity_hj1173(rain_mm, warm, least_mm) / years}


def monthly(*, rain_month_mm: Sequence[float]) -> dict[str, float]:
    """Return annual rain and R from monthly rain (Wischmeier); `ValueError` unless there are twelve months."""
    if len(rain_month_mm) != 12:
        raise ValueError(f"{len(rain_month_mm)} months given, twelve needed / 给了 {len(rain_month_mm)} 个月，应为 12 个月")
    total = math.fsum(rain_month_mm)
    return {"rain_year_mm": total, "erosivity": float(erosivity_wischmeier(total, math.fsum(p**3 for p in rain_month_mm)))}


def renard_freimund(*, rain_year_mm: float) -> dict[str, float]:
    """Return R from annual rain (Renard and Freimund 1994)."""
    return {"erosivity": float(erosivity_annual(rain_year_mm, 0))}


def singh(*, rain_year_mm: float) -> dict[str, float]:
    """Return R from annual rain (Singh et al. 1981, India)."""
    return {"erosivity": float(erosivity_annual(rain_year_mm, 1))}


def zhang_fu(*, rain_year_mm: float) -> dict[str, float]:
    """Return R from annual rain (Zhang and Fu 2003, China)."""
    return {"erosivity": float(erosivity_annual(rain_year_mm, 2))}


R_UNIT = "MJ·mm/(ha·h·a)"
_R = gives("erosivity", R_UNIT, ("降雨侵蚀力", "rain erosivity"), "R")
_R_HALF = gives("erosivity", "MJ·mm/(ha·h)", ("这半月的降雨侵蚀力", "erosivity of the half-month"), "R")
_DAYS = takes("rain_mm", "mm", ("这半月各日降水", "rain of each day of the half-month"), "P_d", kind="list", least=0.0)
_LEAST = takes("least_mm", "mm", ("侵蚀性日雨量下限", "least rain of an erosive day"), "P_0", 12.0, least=0.0)
_YEAR_RAIN = takes("rain_year_mm", "mm", ("年降水", "annual rain"), "P", least=0.0)
_HJ_ERODE = Reference("HJ 1173-2021, appendix A.5, A.6", "V2", "exponent 1.7265, α 0.3937 May-September, 0.3101 else")

FORMULAS: tuple[Formula, ...] = (
    formula(
        "erosivity_half_month",
        half_month,
        ("半月降雨侵蚀力（日雨量）", "half-month erosivity from daily rain"),
        (
            "章文波日雨量模型：日雨量不小于下限的各日之和；系数由侵蚀性降雨的日均值和年均值而定。",
            "Daily model of Zhang: a sum over days with erosive rain, its coefficients set by the daily and yearly mean of such"
            " rain.",
        ),
        "γ = 0.8363 + 18.144/P_d12 + 24.455/P_y12\nα = 21.586·γ^(−7.1891)\nR = α·Σ P_d^γ (P_d ≥ P_0)",
        (
            _DAYS,
            takes("erosive_mean_mm", "mm", ("侵蚀性降雨的日均雨量", "mean rain of erosive days"), "P_d12", least=1e-6),
            takes("erosive_year_mm", "mm", ("侵蚀性降雨的年均总量", "mean annual rain on erosive days"), "P_y12", least=1e-6),
            _LEAST,
        ),
        (gives("gamma", "1", ("指数", "exponent"), "γ"), gives("alpha", "1", ("系数", "factor"), "α"), _R_HALF),
        (
            Reference("黄土高原塬面保护区降雨侵蚀力, ChinaXiv-202011.00116", "V", "formula and constants"),
            Reference("Zhang Wenbo, Xie Yun, Liu Baoyuan (2002), Scientia Geographica Sinica 22:705-711", "R"),
        ),
        (
            Example(
                {"rain_mm": [25.0, 40.0, 10.0, 15.0], "erosive_mean_mm": 25.0, "erosive_year_mm": 400.0},
                {"gamma": 1.6232, "alpha": 0.66342, "erosivity": 441.487},
                "computed independently; 10 mm stays below the limit",
                tolerance=2e-5,
            ),
            Example(
                {"rain_mm": [3.0, 11.9], "erosive_mean_mm": 25.0, "erosive_year_mm": 400.0},
                {"erosivity": 0.0},
                "no erosive day",
            ),
        ),
        (
            "只对日雨量不小于 P_0 的日求和；24 个半月相加再对各年平均得年值。系数宜由多年资料算出，用单年会偏。",
            "Only days with at least P_0 enter; 24 half-months add up to a year, and years are averaged. The coefficients should"
            " come"
            " from many years; those of a single year are biased.",
        ),
        (
            "InVEST 不算 R，只读图层。与 HJ 1173-2021 的 1.7265 次幂式数值不同，不可混用于同一序列。",
            "InVEST reads R as a layer. The form of HJ 1173-2021 with the exponent 1.7265 gives other numbers; do not mix them"
            " in a series.",
        ),
    ),
    formula(
        "erosivity_half_month_hj1173",
        half_month_hj1173,
        ("半月降雨侵蚀力（HJ 1173）", "half-month erosivity (HJ 1173)"),
        (
            "冷暖季各取一个系数的日雨量式，多年平均。",
            "Daily form with one factor for the warm season and one for the cold, mean of the years.",
        ),
        "R = α/n·Σ P_d^1.7265 (P_d ≥ P_0)",
        (
            takes(
                "rain_mm",
                "mm",
                ("各年这半月的各日降水", "rain of each day of the half-month in all years"),
                "P_d",
                kind="list",
                least=0.0,
            ),
            takes(
                "season",
                "",
                ("warm 为 5–9 月，cold 为 10–4 月", "warm is May to September, cold October to April"),
                kind="text",
                choices=("warm", "cold"),
            ),
            takes("years", "a", ("年数", "number of years"), "n", 1.0, least=1.0),
            _LEAST,
        ),
        (gives("alpha", "1", ("系数", "factor"), "α"), _R_HALF),
        (_HJ_ERODE, Reference("spj (public code of 双评价)", "v", "same constants; its rain is in 0.1 mm")),
        (
            Example(
                {"rain_mm": [20.0, 11.0], "season": "warm"},
                {"alpha": 0.3937, "erosivity": 69.405470},
                "0.3937·20^1.7265; 11 mm stays below the limit",
            ),
            Example(
                {"rain_mm": [20.0], "season": "cold", "years": 2.0}, {"alpha": 0.3101, "erosivity": 27.333803}, "0.3101·20^1.7265/2"
            ),
        ),
        (
            "标准没有写明侵蚀性雨量的下限；章文波取 12 mm，CSLE 实践取 10 mm，须注明。",
            "The standard gives no least rain of an erosive day; Zhang has 12 mm, CSLE practice 10 mm. State which was taken.",
        ),
    ),
    formula(
        "erosivity_monthly",
        monthly,
        ("年降雨侵蚀力（月雨量）", "annual erosivity from monthly rain"),
        ("Wischmeier 月雨量式，乘 17.02 换成国际单位。", "Wischmeier's form from monthly rain, times 17.02 for SI units."),
        "P = Σ p\nR = 17.02·Σ 1.735·10^(1.5·log10(p²/P) − 0.8188)",
        (takes("rain_month_mm", "mm", ("12 个月的降水", "rain of the twelve months"), "p", kind="list", least=0.0),),
        (gives("rain_year_mm", "mm", ("年降水", "annual rain"), "P"), _R),
        (Reference("Wischmeier & Smith (1978), USDA Agriculture Handbook 537", "R", "form seen in public code; 17.02 remembered"),),
        (
            Example(
                {"rain_month_mm": [100.0] * 12},
                {"rain_year_mm": 1200.0, "erosivity": 1293.803769},
                "12·1.735·10^(1.5·lg(100/12) − 0.8188)·17.02",
                tolerance=1e-6,
            ),
            Example({"rain_month_mm": [0.0] * 12}, {"erosivity": 0.0}, "no rain"),
        ),
        (
            "没有日雨量时用；不反映暴雨的集中程度。",
            "Where daily rain is not known; it does not see how rain is concentrated in storms.",
        ),
    ),
    formula(
        "erosivity_renard_freimund",
        renard_freimund,
        ("年降雨侵蚀力（Renard–Freimund）", "annual erosivity (Renard and Freimund)"),
        ("由年雨量估计 R，850 mm 处分段。", "R from annual rain, in two pieces at 850 mm."),
        "R = 0.0483·P^1.610 (P < 850), 587.8 − 1.219·P + 0.004105·P² (P ≥ 850)",
        (_YEAR_RAIN,),
        (_R,),
        (Reference("Renard & Freimund (1994), J. Hydrology 157:287-306", "v", "read in the source of a public vegetation model"),),
        (
            Example({"rain_year_mm": 700.0}, {"erosivity": 1839.2}, "0.0483·700^1.61", tolerance=1e-3),
            Example({"rain_year_mm": 1500.0}, {"erosivity": 7995.55}, "587.8 − 1.219·1500 + 0.004105·1500²"),
        ),
        (
            "年降水达到 850 mm 时改用 R = 587.8 − 1.219·P + 0.004105·P²。以美国本土资料拟合。",
            "From 850 mm on R = 587.8 − 1.219·P + 0.004105·P². Fitted in the continental United States.",
        ),
    ),
    formula(
        "erosivity_singh",
        singh,
        ("年降雨侵蚀力（Singh）", "annual erosivity (Singh)"),
        ("印度的年雨量直线式。", "A straight line of annual rain, for India."),
        "R = 79 + 0.363·P",
        (_YEAR_RAIN,),
        (_R,),
        (Reference("Singh, G. et al. (1981), Bull. T-12/D-9, ICAR, Dehradun", "M"),),
        (
            Example({"rain_year_mm": 1000.0}, {"erosivity": 442.0}, "79 + 363"),
            Example({"rain_year_mm": 0.0}, {"erosivity": 79.0}, "the line does not pass through the origin"),
        ),
        ("只在印度；无雨时仍有 79，不可外推到干旱区。", "India only; without rain 79 is left, so it must not be used in deserts."),
    ),
    formula(
        "erosivity_zhang_fu",
        zhang_fu,
        ("年降雨侵蚀力（章文波–付金生）", "annual erosivity (Zhang and Fu)"),
        ("中国的年雨量幂式。", "A power of annual rain, for China."),
        "R = 0.0534·P^1.6548",
        (_YEAR_RAIN,),
        (_R,),
        (Reference("Zhang Wenbo, Fu Jinsheng (2003), Resources Science 25:35-41", "R", "constants remembered"),),
        (
            Example({"rain_year_mm": 1000.0}, {"erosivity": 4919.7299}, "0.0534·1000^1.6548", tolerance=1e-5),
            Example({"rain_year_mm": 500.0}, {"erosivity": 1562.4165}, "0.0534·500^1.6548", tolerance=1e-5),
        ),
        ("只有年雨量时用。", "Where only annual rain is known."),
    ),
)
