"""Wind, soil and surface factors of the revised wind erosion equation (RWEQ).

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.14 to A.22.
2. Fryrear, D. W. et al. (1998), RWEQ, USDA ARS Technical Bulletin 1 (SW and ETp: as remembered).
3. Public codes lxyNgeo/pyrweq and charlottegiseleweil/winderosion, read for the forms in which sources disagree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.factors._grades import MERGED, erosion_grade
from ecocomp.services.vector_math import INLINE, exp, log, power

GRAVITY_M_S2 = 9.8
KELVIN = 273.15
EVAPORATION_FORMS = ("samani_pessarakli_1986", "hargreaves_1985")
WETNESS_FORMS = ("fryrear_1998", "per_rain_day", "rain_times_days")
"""Sources disagree: [ETp − (R + I)·Rd/Nd]/ETp; [ETp − (R + I)]·Nd/(Rd·ETp); [ETp − (R + I)·Rd]/ETp."""
ROUGHNESS_FORMS = ("slope_cosine", "smith_carson", "smith_carson_cover")
SMOOTHEST_RIDGE_CM = 18.001877280526923
"""Kr at which the form of Smith and Carson is least: 1.86 = 0.934·2.41·Kr^−0.066, so Kr = (0.934·2.41/1.86)^(1/0.066)."""


def wind_at_2m(speed_m_s: float, height_m: float = 10.0) -> float:
    """Return the speed at 2 m by the 1/7 power law."""
    return float(speed_m_s * (2.0 / height_m) ** (1.0 / 7.0))


def wind_erosivity(u2_m_s: Sequence[float], days: int, threshold_m_s: float = 5.0) -> float:
    """Return wf = Σ u2·(u2 − ut)²·Nd/N of a period [(m/s)³]; calm observations count in N and add nothing."""
    if not len(u2_m_s):
        return math.nan
    gusts = (u * (u - threshold_m_s) ** 2 for u in u2_m_s if u > threshold_m_s)
    return float(math.fsum(gusts) * days / len(u2_m_s))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def air_density_part(elevation_km):  # type: ignore[no-untyped-def]
    """Return 1.013 − 0.1183·EL + 0.0048·EL², the part of ρ that depends on elevation [km]."""
    return 1.013 - 0.1183 * elevation_km + 0.0048 * elevation_km * elevation_km


def air_density(elevation_km: float, kelvin: float) -> float:
    """Return ρ = 348·(1.013 − 0.1183·EL + 0.0048·EL²)/T [kg/m³]."""
    return 348.0 * (1.013 - 0.1183 * elevation_km + 0.0048 * elevation_km**2) / kelvin


def evaporation_mm_day(radiation_mj_m2_day: float, celsius: float, form: str = "samani_pessarakli_1986") -> float:
    """Return potential evaporation [mm/day] by a form of `EVAPORATION_FORMS`; 0 where T is below −17.8 °C.

    samani_pessarakli_1986  0.0162·(SR/58.5)·(T + 17.8), SR in cal/cm²
    hargreaves_1985         0.0135·(SR/2.54)·(T + 17.8), SR in MJ/m², as a public code has it
    """
    if form == "hargreaves_1985":
        return max(0.0135 * (radiation_mj_m2_day / 2.54) * (celsius + 17.8), 0.0)
    langley = radiation_mj_m2_day * 100.0 / 4.1868
    return max(0.0162 * (langley / 58.5) * (celsius + 17.8), 0.0)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def soil_wetness(evaporation_mm, rain_mm, rain_day_share):  # type: ignore[no-untyped-def]
    """Return SW = [ETp − (R + I)·Rd/Nd]/ETp of a period, 0 where negative or where nothing evaporates; rain holds I."""
    bound = evaporation_mm if evaporation_mm > 0.0 else 1.0
    sw = (evaporation_mm - rain_mm * rain_day_share) / bound
    return 0.0 if sw < 0.0 else sw


@njit(**INLINE)  # type: ignore[untyped-decorator]
def soil_wetness_by(form, evaporation_mm, rain_mm, rain_day_share, days):  # type: ignore[no-untyped-def]
    """Return SW by the form at this place in `WETNESS_FORMS`, within 0..1 and 0 where nothing evaporates."""
    if form == 0:
        return soil_wetness(evaporation_mm, rain_mm, rain_day_share)
    bound = evaporation_mm if evaporation_mm > 0.0 else 1.0
    if form == 1:
        least = 1e-9 if rain_day_share < 1e-9 else rain_day_share
        sw = (evaporation_mm - rain_mm) / least / bound
    else:
        sw = (evaporation_mm - rain_mm * rain_day_share * days) / bound
    sw = 0.0 if sw < 0.0 else sw
    sw = 1.0 if sw > 1.0 else sw
    return 0.0 if evaporation_mm <= 0.0 else sw


@njit(**INLINE)  # type: ignore[untyped-decorator]
def erodible_fraction(sand, silt, clay, organic_matter, caco3):  # type: ignore[no-untyped-def]
    """Return EF = (29.09 + 0.31·sa + 0.17·si + 0.33·sa/cl − 2.59·OM − 0.95·CaCO3)/100, cut to 0..1; all in percent."""
    ef = (29.09 + 0.31 * sand + 0.17 * silt + 0.33 * sand / clay - 2.59 * organic_matter - 0.95 * caco3) / 100.0
    ef = 0.0 if ef < 0.0 else ef
    return 1.0 if ef > 1.0 else ef


@njit(**INLINE)  # type: ignore[untyped-decorator]
def soil_crust(clay, organic_matter):  # type: ignore[no-untyped-def]
    """Return SCF = 1/(1 + 0.0066·cl² + 0.021·OM²); percent."""
    return 1.0 / (1.0 + 0.0066 * clay * clay + 0.021 * organic_matter * organic_matter)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def roughness_smith_carson(relief_cm, length_cm):  # type: ignore[no-untyped-def]
    """Return K' = exp(1.86·Kr − 2.41·Kr^0.934), Kr = 0.2·ΔH²/L, random roughness 0 (HJ 1173-2021 A.20, A.21).

    Beyond `SMOOTHEST_RIDGE_CM`, where the form is least (0.0938) and would rise without bound, it is held at that least value.
    """
    kr = 0.2 * relief_cm * relief_cm / length_cm
    kr = SMOOTHEST_RIDGE_CM if kr > SMOOTHEST_RIDGE_CM else kr
    return exp(1.86 * kr - 2.41 * power(kr, 0.934))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_wind(coefficient, cover_percent):  # type: ignore[no-untyped-def]
    """Return C = exp(−a·SC), a > 0 and SC in percent (HJ 1173-2021 A.19)."""
    return exp(-coefficient * cover_percent)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def transport_capacity(x):  # type: ignore[no-untyped-def]
    """Return Qmax = 109.8·X [kg/m]; X = WF·EF·SCF·K'·C."""
    return 109.8 * x


@njit(**INLINE)  # type: ignore[untyped-decorator]
def critical_field_length(x):  # type: ignore[no-untyped-def]
    """Return s = 150.71·X^−0.3711 [m]."""
    return 150.71 * exp(-0.3711 * log(x))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def wind_soil_loss(x, z_m):  # type: ignore[no-untyped-def]
    """Return SL = (2z/s²)·Qmax·exp(−(z/s)²) [kg/m²]; 0 where X is 0."""
    return wind_soil_loss_by_power(x, power(x, 0.7422), z_m)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def wind_soil_loss_by_power(x, x_power, z_m):  # type: ignore[no-untyped-def]
    """Return the same loss when X^0.7422 is known: 1/s² = X^0.7422/150.71²."""
    inverse_s2 = x_power / (150.71 * 150.71)
    return 2.0 * z_m * inverse_s2 * (109.8 * x) * exp(-z_m * z_m * inverse_s2)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def random_roughness_cover(cover):  # type: ignore[no-untyped-def]
    """Return Crr = 17.46·(0.025 + 2.464·f^3.56)^0.738 [cm] of the covered share f."""
    grown = power(cover, 3.56) if cover > 0.0 else 0.0 * cover
    return 17.46 * power(0.025 + 2.464 * grown, 0.738)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def roughness_random(random_cm):  # type: ignore[no-untyped-def]
    """Return exp(−0.127·Crr), the part of K' that random roughness has."""
    return exp(-0.127 * random_cm)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_wind_ndvi(ndvi):  # type: ignore[no-untyped-def]
    """Return C = exp(−5.614·NDVI^0.7366) of the short form; 1 where NDVI is not above 0."""
    if ndvi <= 0.0:
        return 1.0
    return exp(-5.614 * power(ndvi, 0.7366))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def sand_fixed_short(x, x_cover):  # type: ignore[no-untyped-def]
    """Return 0.1699·(X^1.3711 − (X·C)^1.3711) [kg/m²], X = WF·EF·SCF·K'; `x_cover` is X·C."""
    return 0.1699 * ((power(x, 1.3711) if x > 0.0 else x) - (power(x_cover, 1.3711) if x_cover > 0.0 else x_cover))


# ---------------------------------------------------------------- by name, with plain numbers
def at_2m(*, speed_m_s: float, height_m: float = 10.0) -> dict[str, float]:
    """Return the wind at 2 m."""
    return {"u2_m_s": wind_at_2m(speed_m_s, height_m)}


def erosivity(*, u2_m_s: Sequence[float], days: float, threshold_m_s: float = 5.0) -> dict[str, float]:
    """Return wf of a period from observed wind at 2 m."""
    return {"observations": float(len(u2_m_s)), "wind": wind_erosivity(u2_m_s, days, threshold_m_s)}  # type: ignore[arg-type]


def density(*, elevation_km: float, temperature_c: float) -> dict[str, float]:
    """Return T [K] and ρ [kg/m³]."""
    return {"kelvin": temperature_c + KELVIN, "density": air_density(elevation_km, temperature_c + KELVIN)}


def evaporation_samani(*, radiation_mj_m2_day: float, temperature_c: float) -> dict[str, float]:
    """Return SR [cal/(cm²·d)] and ETp [mm/day]."""
    return {
        "radiation_cal": radiation_mj_m2_day * 100.0 / 4.1868,
        "evaporation": evaporation_mm_day(radiation_mj_m2_day, temperature_c),
    }


def evaporation_hargreaves(*, radiation_mj_m2_day: float, temperature_c: float) -> dict[str, float]:
    """Return ETp [mm/day]."""
    return {"evaporation": evaporation_mm_day(radiation_mj_m2_day, temperature_c, "hargreaves_1985")}


def wetness(
    *,
    evaporation_mm: float,
    rain_mm: float,
    rain_days: float,
    days: float,
    irrigation_mm: float = 0.0,
    form: str = WETNESS_FORMS[0],
) -> dict[str, float]:
    """Return SW of a period; `ValueError` where it rains on more days than the period has."""
    if rain_days > days:
        raise ValueError(
            f"{rain_days:g} days with rain in a period of {days:g} days / 时段只有 {days:g} 天，降雨日却有 {rain_days:g} 天"
        )
    place, share = WETNESS_FORMS.index(form), rain_days / days
    return {"wetness": float(soil_wetness_by(place, evaporation_mm, rain_mm + irrigation_mm, share, days))}


def snow(*, snow_depth_mm: Sequence[float], covering_mm: float = 25.4) -> dict[str, float]:
    """Return the share P of days on which snow covers the ground, and SD = 1 − P."""
    share = sum(depth > covering_mm for depth in snow_depth_mm) / len(snow_depth_mm)
    return {"covered_share": share, "snow": 1.0 - share}


def weather(*, wind: float, density: float, wetness: float, snow: float = 1.0) -> dict[str, float]:
    """Return WF [kg/m]."""
    return {"weather": wind * (density / GRAVITY_M_S2) * wetness * snow}


def erodible(*, sand: float, silt: float, clay: float, organic_matter: float, caco3: float = 0.0) -> dict[str, float]:
    """Return EF."""
    return {"erodible": float(erodible_fraction(sand, silt, clay, organic_matter, caco3))}


def crust(*, clay: float, organic_matter: float) -> dict[str, float]:
    """Return SCF."""
    return {"crust": float(soil_crust(clay, organic_matter))}


def cosine(*, slope_deg: float) -> dict[str, float]:
    """Return K' = cos of the slope."""
    return {"roughness": math.cos(math.radians(slope_deg))}


def smith_carson(*, relief_cm: float, length_cm: float, random_cm: float = 0.0) -> dict[str, float]:
    """Return Kr [cm] and K'."""
    kr = 0.2 * relief_cm * relief_cm / length_cm
    return {"ridge": kr, "roughness": float(roughness_smith_carson(relief_cm, length_cm) * roughness_random(random_cm))}


def smith_carson_cover(*, relief_cm: float, length_cm: float, cover: float) -> dict[str, float]:
    """Return Kr and Crr [cm] and K' where random roughness is that of the plants."""
    random_cm = float(random_roughness_cover(cover))
    return {"random_cm": random_cm, **smith_carson(relief_cm=relief_cm, length_cm=length_cm, random_cm=random_cm)}


def plants(*, coefficient: float, cover_percent: float) -> dict[str, float]:
    """Return C of wind erosion."""
    return {"cover": float(cover_wind(coefficient, cover_percent))}


def plants_ndvi(*, ndvi: float) -> dict[str, float]:
    """Return C of the short form."""
    return {"cover": float(cover_wind_ndvi(ndvi))}


def rweq(*, weather: float, erodible: float, crust: float, roughness: float, cover: float, z_m: float = 50.0) -> dict[str, Any]:
    """Return Qmax [kg/m], s [m] and loss [kg/m²] with and without plants, and what is fixed, for one period.

    weather is WF [kg/m], cover is C; erodible, crust and roughness are EF, SCF and K'. Where nothing moves (X = 0) there is
    no critical field length: s is None.
    """
    x = weather * erodible * crust * roughness
    out: dict[str, Any] = {"x": x * cover, "x_potential": x}
    for end, value in (("", x * cover), ("_potential", x)):
        out[f"q_max{end}"] = float(transport_capacity(value))
        out[f"s_m{end}"] = float(critical_field_length(value)) if value > 0.0 else None
        out[f"loss{end}"] = float(wind_soil_loss(value, z_m))
    out["fixed"] = out["loss_potential"] - out["loss"]
    return out


def short(*, weather: float, erodible: float, crust: float, roughness: float, cover: float) -> dict[str, float]:
    """Return X and what is fixed [kg/m²] by the short form with 0.1699."""
    x = weather * erodible * crust * roughness
    return {"x": x, "fixed": float(sand_fixed_short(x, x * cover))}


def wind_grade(*, loss_t_km2: float) -> dict[str, object]:
    """Return the grade of SL 190-2007 (1 to 6) and the merged one of HJ 1174-2021."""
    grade = erosion_grade(loss_t_km2, WIND_TOLERABLE_T_KM2)
    return {"merged": MERGED[grade], "grade": float(grade)}


WIND_TOLERABLE_T_KM2 = 200.0
"""Upper end of slight wind erosion [t/(km²·a)]."""

_HELD = (
    "式在 Kr = 18.0 cm 处最小（Crr = 0 时 K' = 0.0938），再大会无限上升而没有物理意义；"
    "更大的 Kr 一律取这个最小值（本项目的选择）。",
    " The form is least at Kr = 18.0 cm (K' = 0.0938 where Crr = 0) and would rise without bound beyond it, which means nothing:"
    " a larger Kr takes that least value (choice of this project).",
)
_FULL = Reference("HJ 1173-2021, appendix A.14-A.22", "V")
_PYRWEQ = Reference("lxyNgeo/pyrweq, public code", "v")
_WINDEROSION = Reference("charlottegiseleweil/winderosion, public code", "v")
_FRYREAR = Reference("Fryrear et al. (1998), RWEQ, USDA ARS Technical Bulletin 1", "R")
_RADIATION = takes("radiation_mj_m2_day", "MJ/(m²·d)", ("太阳辐射", "solar radiation"), "SR", least=0.0, most=50.0)
_CELSIUS = takes("temperature_c", "°C", ("气温", "air temperature"), "T", least=-60.0, most=60.0)
_ETP = gives("evaporation", "mm/d", ("潜在蒸发", "potential evaporation"), "ETp")
_CLAY = takes("clay", "%", ("黏粒", "clay"), "cl", least=0.1, most=100.0)
_OM = takes("organic_matter", "%", ("有机质", "organic matter"), "OM", least=0.0, most=100.0)
_KPRIME = gives("roughness", "1", ("地表粗糙度", "surface roughness"), "K'")
_RELIEF = takes("relief_cm", "cm", ("地势起伏", "relief"), "ΔH", least=0.0)
_RELIEF_LENGTH = takes("length_cm", "cm", ("起伏的水平距离", "distance over which it rises"), "L", least=1e-6)
FACTORS = (
    takes("weather", "kg/m", ("气象因子", "weather factor"), "WF", least=0.0),
    takes("erodible", "1", ("可蚀性成分", "erodible fraction"), "EF", least=0.0, most=1.0),
    takes("crust", "1", ("土壤结皮因子", "soil crust factor"), "SCF", least=0.0, most=1.0),
    takes("roughness", "1", ("地表粗糙度", "surface roughness"), "K'", least=0.0, most=1.0),
    takes("cover", "1", ("植被因子", "cover factor"), "C", least=0.0, most=1.0),
)
Z = takes("z_m", "m", ("最大风蚀出现距离", "distance of greatest erosion"), "z", 50.0, least=1.0)
RWEQ_LINES = (
    "X_p = WF·EF·SCF·K'\n"
    "X = X_p·C\n"
    "Qmax_p = 109.8·X_p\n"
    "Qmax = 109.8·X\n"
    "s_p = 150.71·X_p^(−0.3711)\n"
    "s = 150.71·X^(−0.3711)\n"
    "SL_p = (2·z/s_p²)·Qmax_p·exp(−(z/s_p)²)\n"
    "SL = (2·z/s²)·Qmax·exp(−(z/s)²)\n"
    "SF = SL_p − SL"
)
RWEQ_OUT = (
    gives("x", "kg/m", ("各因子之积，有植被", "product of the factors, with plants"), "X"),
    gives("x_potential", "kg/m", ("各因子之积，无植被", "product of the factors, without plants"), "X_p"),
    gives("q_max", "kg/m", ("最大输沙能力", "greatest transport"), "Qmax"),
    gives("s_m", "m", ("关键地块长度", "critical field length"), "s"),
    gives("loss", "kg/m²", ("实际风蚀量", "actual loss"), "SL"),
    gives("q_max_potential", "kg/m", ("无植被的最大输沙能力", "greatest transport without plants"), "Qmax_p"),
    gives("s_m_potential", "m", ("无植被的关键地块长度", "critical field length without plants"), "s_p"),
    gives("loss_potential", "kg/m²", ("潜在风蚀量", "potential loss"), "SL_p"),
    gives("fixed", "kg/m²", ("固沙量", "sand fixed"), "SF"),
)
_CASE_10 = {"weather": 20.0, "erodible": 0.5, "crust": 0.6, "roughness": 0.9, "cover": 0.8}
RWEQ_EXAMPLES = (
    Example(
        {**_CASE_10, "z_m": 50.0},
        {"q_max": 474.336, "s_m": 87.561673, "loss": 4.465265, "q_max_potential": 592.92, "s_m_potential": 80.602914,
         "loss_potential": 6.211218, "fixed": 1.745953},
        "computed independently",
    ),
    Example(
        {"weather": 0.0, "erodible": 0.5, "crust": 0.6, "roughness": 0.9, "cover": 0.8},
        {"fixed": 0.0, "loss_potential": 0.0},
        "no wind",
    ),
    Example({**_CASE_10, "cover": 1.0}, {"fixed": 0.0, "loss": 6.211218}, "no plants"),
)  # fmt: skip
RWEQ_NOT_SHORT = (
    "与 0.1699 简化式不是同一模型：例 10 的因子在简化式中得 0.45216，这里得 1.74595 kg/m²。同一时间序列只能用一种。",
    "Another model than the short form with 0.1699: the factors of example 10 give 0.45216 there and 1.74595 kg/m² here. Use one"
    " of them"
    " throughout a series.",
)

FORMULAS: tuple[Formula, ...] = (
    formula(
        "wind_at_2m", at_2m, ("2 米高风速", "wind at 2 m"),
        ("由观测高度按 1/7 幂律换算。", "From the height of observation by the 1/7 power law."),
        "u_2 = u·(2/h)^(1/7)",
        (takes("speed_m_s", "m/s", ("观测风速", "observed wind"), "u", least=0.0),
         takes("height_m", "m", ("观测高度", "height of observation"), "h", 10.0, least=0.1)),
        (gives("u2_m_s", "m/s", ("2 米高风速", "wind at 2 m"), "u_2"),),
        (_PYRWEQ,),
        (Example({"speed_m_s": 10.0}, {"u2_m_s": 7.945974}, "10·0.2^(1/7)"),
         Example({"speed_m_s": 6.0, "height_m": 2.0}, {"u2_m_s": 6.0}, "same height")),
        ("中性层结、平坦地表。", "Neutral air over flat ground."),
    ),
    formula(
        "wind_erosivity", erosivity, ("风场强度因子", "wind factor"),
        ("高于起沙风速的部分，按观测次数折算到整个时段。",
         "What exceeds the threshold, scaled from the observations to the period."),
        "wf = Σ u_2·(u_2 − u_t)²·Nd/N",
        (takes("u2_m_s", "m/s", ("各次观测的 2 米高风速", "observed winds at 2 m"), "u_2", kind="list", least=0.0),
         takes("days", "d", ("时段天数", "days of the period"), "Nd", least=1.0),
         takes("threshold_m_s", "m/s", ("起沙风速", "threshold wind"), "u_t", 5.0, least=0.0)),
        (gives("observations", "1", ("观测次数", "number of observations"), "N"),
         gives("wind", "(m/s)³", ("风场强度因子", "wind factor"), "wf")),
        (_PYRWEQ, _WINDEROSION),
        (Example({"u2_m_s": [7.0, 6.0, 5.0, 1.0], "days": 30.0}, {"observations": 4.0, "wind": 255.0}, "(7·4 + 6·1)·30/4"),
         Example({"u2_m_s": [4.9, 5.0], "days": 15.0}, {"wind": 0.0}, "nothing above the threshold")),
        ("平静的观测计入 N，不加和。日均风速会低估短时大风。",
         "Calm observations count in N and add nothing. Daily mean wind understates short storms."),
    ),
    formula(
        "air_density", density, ("空气密度", "air density"),
        ("由海拔和气温求空气密度。", "Air density from elevation and temperature."),
        "T_K = T + 273.15\nρ = 348·(1.013 − 0.1183·EL + 0.0048·EL²)/T_K",
        (takes("elevation_km", "km", ("海拔", "elevation"), "EL", least=-0.5, most=9.0), _CELSIUS),
        (gives("kelvin", "K", ("绝对温度",
         "absolute temperature"), "T_K"), gives("density", "kg/m³", ("空气密度", "air density"), "ρ")),
        (_PYRWEQ, _FRYREAR),
        (Example({"elevation_km": 0.0, "temperature_c": 14.85}, {"kelvin": 288.0, "density": 1.224042}, "348·1.013/288"),
         Example({"elevation_km": 2.0, "temperature_c": 6.85}, {"density": 0.988817}, "348·0.7956/280", 1e-5)),
    ),
    formula(
        "evaporation_samani_pessarakli", evaporation_samani, ("潜在蒸发（Samani–Pessarakli）",
            "potential evaporation (Samani and Pessarakli)"),
        ("RWEQ 所用的辐射—温度式。", "The form by radiation and temperature that RWEQ uses."),
        "SR_c = SR·100/4.1868\nETp = 0.0162·(SR_c/58.5)·(T + 17.8)",
        (_RADIATION, _CELSIUS),
        (gives("radiation_cal", "cal/(cm²·d)", ("太阳辐射", "solar radiation"), "SR_c"), _ETP),
        (Reference("Samani & Pessarakli (1986), Trans. ASAE 29:109-112", "R"), _FRYREAR),
        (Example({"radiation_mj_m2_day": 20.0, "temperature_c": 15.0}, {"radiation_cal": 477.6918, "evaporation": 4.338903},
                 "arithmetic"),
         Example({"radiation_mj_m2_day": 20.0, "temperature_c": -20.0}, {"evaporation": 0.0}, "below −17.8 °C")),
        ("式值为负时取 0。", "0 where the form is negative."),
    ),
    formula(
        "evaporation_hargreaves", evaporation_hargreaves, ("潜在蒸发（Hargreaves）", "potential evaporation (Hargreaves)"),
        ("以 MJ/m² 计的同类式，见于一份公开代码。", "The like form in MJ/m², as a public code has it."),
        "ETp = 0.0135·(SR/2.54)·(T + 17.8)",
        (_RADIATION, _CELSIUS), (_ETP,), (_WINDEROSION,),
        (Example({"radiation_mj_m2_day": 20.0, "temperature_c": 15.0}, {"evaporation": 3.486614}, "0.0135·(20/2.54)·32.8"),
         Example({"radiation_mj_m2_day": 20.0, "temperature_c": -20.0}, {"evaporation": 0.0}, "below −17.8 °C")),
        ("比 Samani–Pessarakli 式约小两成；二者不可混用。", "About a fifth below Samani and Pessarakli; do not mix the two."),
    ),
    formula(
        "soil_wetness", wetness, ("土壤湿度因子", "soil wetness factor"),
        ("蒸发超出降水与灌溉的份额：土越干越易起沙。", "Share of evaporation that rain and irrigation leave: dry soil blows."),
        "SW = [ETp − (R + I)·Rd/Nd]/ETp",
        (takes("evaporation_mm", "mm", ("时段潜在蒸发", "potential evaporation of the period"), "ETp", least=0.0),
         takes("rain_mm", "mm", ("时段降水", "rain of the period"), "R", least=0.0),
         takes("rain_days", "d", ("降雨日数", "days with rain"), "Rd", least=0.0),
         takes("days", "d", ("时段天数", "days of the period"), "Nd", least=1.0),
         takes("irrigation_mm", "mm", ("灌溉量", "irrigation"), "I", 0.0, least=0.0),
         takes("form", "", ("写法", "form"), kind="text", default=WETNESS_FORMS[0], choices=WETNESS_FORMS)),
        (gives("wetness", "1", ("土壤湿度因子", "soil wetness factor"), "SW"),),
        (_FRYREAR, _PYRWEQ, _WINDEROSION),
        (Example({"evaporation_mm": 100.0, "rain_mm": 80.0, "rain_days": 15.0, "days": 30.0}, {"wetness": 0.6},
         "(100 − 80·0.5)/100"),
         Example({"evaporation_mm": 100.0, "rain_mm": 50.0, "rain_days": 15.0, "days": 30.0, "irrigation_mm": 30.0},
                 {"wetness": 0.6},
                 "irrigation counts like rain"),
         Example({"evaporation_mm": 50.0, "rain_mm": 300.0, "rain_days": 15.0, "days": 30.0}, {"wetness": 0.0}, "a wet month"),
         Example({"evaporation_mm": 100.0, "rain_mm": 80.0, "rain_days": 15.0, "days": 30.0, "form": "per_rain_day"},
                 {"wetness": 0.4},
                 "(100 − 80)·(30/15)/100"),
         Example({"evaporation_mm": 100.0, "rain_mm": 4.0, "rain_days": 15.0, "days": 30.0, "form": "rain_times_days"},
                 {"wetness": 0.4},
                 "(100 − 4·15)/100")),
        ("来源不一：HJ 1173 只列名不给式。per_rain_day：[ETp − (R + I)]·Nd/(Rd·ETp)；rain_times_days：[ETp − (R + I)·Rd]/ETp，"
         "量纲不齐。"
         "负值和无蒸发时取 0。",
         "Sources disagree; HJ 1173 names SW without a formula. per_rain_day: [ETp − (R + I)]·Nd/(Rd·ETp); rain_times_days:"
         " [ETp − (R + I)·Rd]/ETp, not clean in its units. 0 where negative or where nothing evaporates."),
    ),
    formula(
        "snow_factor", snow, ("积雪因子", "snow factor"),
        ("没有被雪盖住的日数份额。", "Share of days on which snow does not cover the ground."),
        "P = n(d > d_0)/n(d)\nSD = 1 − P",
        (takes("snow_depth_mm", "mm", ("各日雪深", "snow depth of each day"), "d", kind="list", least=0.0),
         takes("covering_mm", "mm", ("视为覆盖的雪深", "depth that covers"), "d_0", 25.4, least=0.0)),
        (gives("covered_share", "1", ("积雪覆盖日的份额", "share of days with snow cover"), "P"),
         gives("snow", "1", ("积雪因子", "snow factor"), "SD")),
        (_PYRWEQ,),
        (Example({"snow_depth_mm": [0.0, 30.0, 25.4, 100.0]}, {"covered_share": 0.5, "snow": 0.5},
         "two of four days lie above 25.4 mm"),
         Example({"snow_depth_mm": [0.0]}, {"snow": 1.0}, "no snow")),
    ),
    formula(
        "weather_factor", weather, ("气象因子", "weather factor"),
        ("风场强度、空气密度、土壤湿度与积雪之积。", "Wind, air density, soil wetness and snow together."),
        "WF = wf·(ρ/9.8)·SW·SD",
        (takes("wind", "(m/s)³", ("风场强度因子", "wind factor"), "wf", least=0.0),
         takes("density", "kg/m³", ("空气密度", "air density"), "ρ", least=0.0),
         takes("wetness", "1", ("土壤湿度因子", "soil wetness factor"), "SW", least=0.0, most=1.0),
         takes("snow", "1", ("积雪因子", "snow factor"), "SD", 1.0, least=0.0, most=1.0)),
        (gives("weather", "kg/m", ("气象因子", "weather factor"), "WF"),),
        (_FULL, _PYRWEQ),
        (Example({"wind": 255.0, "density": 1.225, "wetness": 0.6, "snow": 1.0}, {"weather": 19.125}, "255·0.125·0.6"),
         Example({"wind": 0.0, "density": 1.225, "wetness": 0.6}, {"weather": 0.0}, "no wind")),
    ),
    formula(
        "erodible_fraction", erodible, ("土壤可蚀性成分", "erodible fraction"),
        ("风可蚀的土壤份额。", "Share of the soil that wind can carry."),
        "EF = (29.09 + 0.31·sa + 0.17·si + 0.33·sa/cl − 2.59·OM − 0.95·CaCO3)/100",
        (takes("sand", "%", ("砂粒", "sand"), "sa", least=0.0, most=100.0),
         takes("silt", "%", ("粉粒", "silt"), "si", least=0.0, most=100.0),
         _CLAY, _OM, takes("caco3", "%", ("碳酸钙", "calcium carbonate"), "CaCO3", 0.0, least=0.0, most=100.0)),
        (gives("erodible", "1", ("可蚀性成分", "erodible fraction"), "EF"),),
        (_FULL, _PYRWEQ, _WINDEROSION),
        (Example({"sand": 70.0, "silt": 20.0, "clay": 10.0, "organic_matter": 1.0, "caco3": 2.0}, {"erodible": 0.5201},
                 "computed independently"),
         Example({"sand": 10.0, "silt": 20.0, "clay": 70.0, "organic_matter": 30.0}, {"erodible": 0.0}, "cut to 0")),
        ("截于 0–1；以美国土壤拟合，有机质不高。", "Cut to 0..1; fitted to soils of the United States with little organic matter."),
    ),
    formula(
        "soil_crust", crust, ("土壤结皮因子", "soil crust factor"),
        ("黏粒和有机质使表土结皮。", "Clay and organic matter make the surface crust over."),
        "SCF = 1/(1 + 0.0066·cl² + 0.021·OM²)",
        (_CLAY, _OM), (gives("crust", "1", ("土壤结皮因子", "soil crust factor"), "SCF"),), (_FULL, _PYRWEQ, _WINDEROSION),
        (Example({"clay": 10.0, "organic_matter": 1.0}, {"crust": 0.594884}, "computed independently"),
         Example({"clay": 20.0, "organic_matter": 0.0}, {"crust": 0.274725}, "1/3.64", 1e-5)),
    ),
    formula(
        "roughness_slope_cosine", cosine, ("地表粗糙度（坡度余弦）", "surface roughness (cosine of slope)"),
        ("以坡度余弦代替粗糙度的简便写法。", "The shortcut that takes the cosine of the slope."),
        "K' = cos θ",
        (takes("slope_deg", "°", ("坡度", "slope angle"), "θ", least=0.0, most=90.0),), (_KPRIME,), (_PYRWEQ,),
        (Example({"slope_deg": 60.0}, {"roughness": 0.5}, "cos 60°"), Example({"slope_deg": 0.0}, {"roughness": 1.0},
         "level ground")),
        ("不是 HJ 1173 的写法，须在方法中注明。", "Not the form of HJ 1173; the method must say so."),
    ),
    formula(
        "roughness_smith_carson", smith_carson, ("地表粗糙度（Smith–Carson）", "surface roughness (Smith and Carson)"),
        ("由垄或起伏和随机糙度求地表粗糙度。", "From ridges or relief and from random roughness."),
        "Kr = 0.2·ΔH²/L\nK' = exp(1.86·Kr − 2.41·Kr^0.934 − 0.127·Crr)",
        (_RELIEF, _RELIEF_LENGTH, takes("random_cm", "cm", ("随机糙度", "random roughness"), "Crr", 0.0, least=0.0)),
        (gives("ridge", "cm", ("土垄糙度", "ridge roughness"), "Kr"), _KPRIME), (_FULL, _PYRWEQ, _WINDEROSION),
        (Example({"relief_cm": 10.0, "length_cm": 20.0}, {"ridge": 1.0, "roughness": 0.576950}, "exp(1.86 − 2.41)", 1e-5),
         Example({"relief_cm": 0.0, "length_cm": 20.0, "random_cm": 1.0}, {"roughness": 0.880734}, "exp(−0.127)", 1e-5),
         Example({"relief_cm": 100.0, "length_cm": 10.0}, {"ridge": 200.0, "roughness": 0.0938487}, "held at its least", 1e-4)),
        ("Kr 以 cm 计；ΔH 与 L 的单位在应用中不一（有用 km 的），结果相差很大。HJ 1173 取 Crr = 0。" + _HELD[0],
         "Kr is in cm; practice differs in the unit of ΔH and L (some take km), which changes the result greatly. HJ 1173 has"
         " Crr = 0." + _HELD[1]),
    ),
    formula(
        "roughness_smith_carson_cover", smith_carson_cover, ("地表粗糙度（随机糙度随植被）",
            "surface roughness (random roughness by plants)"),
        ("Smith–Carson 式，随机糙度由植被覆盖度而来。", "Smith and Carson with the random roughness that plants make."),
        "Kr = 0.2·ΔH²/L\nCrr = 17.46·(0.025 + 2.464·f^3.56)^0.738\nK' = exp(1.86·Kr − 2.41·Kr^0.934 − 0.127·Crr)",
        (_RELIEF, _RELIEF_LENGTH, takes("cover", "1", ("植被覆盖度", "covered share"), "f", least=0.0, most=1.0)),
        (gives("random_cm", "cm", ("随机糙度",
         "random roughness"), "Crr"), gives("ridge", "cm", ("土垄糙度", "ridge roughness"), "Kr"), _KPRIME),
        (_WINDEROSION,),
        (Example({"relief_cm": 0.0, "length_cm": 20.0, "cover": 0.0}, {"random_cm": 1.147422, "roughness": 0.864409},
         "17.46·0.025^0.738", 1e-4),
         Example({"relief_cm": 0.0, "length_cm": 20.0, "cover": 1.0}, {"random_cm": 34.222412}, "17.46·2.489^0.738", 1e-4)),
        ("潜在风蚀取 f = 0 的随机糙度。" + _HELD[0], "Potential erosion takes the random roughness of f = 0." + _HELD[1]),
    ),
    formula(
        "cover_wind", plants, ("植被因子（风蚀）", "cover factor (wind erosion)"),
        ("植被覆盖度的指数衰减。", "Decays exponentially with vegetation cover."),
        "C = exp(−a_i·SC)",
        (takes("coefficient", "1/%", ("植被系数：林 0.1535 草 0.1151 灌 0.0921 裸 0.0768 沙 0.0658 耕 0.0438",
                                      "coefficient: forest 0.1535 grass 0.1151 shrub 0.0921 bare 0.0768 sand 0.0658 crops"
                                      " 0.0438"), "a_i", least=0.0),
         takes("cover_percent", "%", ("植被覆盖度", "vegetation cover"), "SC", least=0.0, most=100.0)),
        (gives("cover", "1", ("植被因子", "cover factor"), "C"),), (_FULL, _PYRWEQ),
        (Example({"coefficient": 0.1151, "cover_percent": 20.0}, {"cover": 0.100058}, "exp(−2.302)"),
         Example({"coefficient": 0.1535, "cover_percent": 0.0}, {"cover": 1.0}, "no plants")),
        ("SC 以百分数计：若误用 0–1 的小数，C 总在 0.86 以上，植被几乎不起作用。",
         "SC is in percent: fed as a share, C never falls below 0.86 and plants seem to do almost nothing."),
        ("一份公开代码用 exp(−0.00483·SC)，弱得多。", "One public code has exp(−0.00483·SC), which is far weaker."),
    ),
    formula(
        "cover_wind_ndvi", plants_ndvi, ("植被因子（NDVI，简化式用）", "cover factor from NDVI (for the short form)"),
        ("0.1699 简化式所配的植被因子。", "The cover factor that goes with the short form."),
        "C = exp(−5.614·NDVI^0.7366)",
        (takes("ndvi", "1", ("NDVI", "NDVI"), "NDVI", least=-1.0, most=1.0),),
        (gives("cover", "1", ("植被因子", "cover factor"), "C"),),
        (Reference("Public GEP code (Nagqu study)", "V"),),
        (Example({"ndvi": 0.3}, {"cover": 0.09899328},
         "exp(−5.614·0.3^0.7366)", 1e-4), Example({"ndvi": 0.0}, {"cover": 1.0}, "no plants")),
        ("只用于简化式。", "For the short form only."),
    ),
    formula(
        "rweq", rweq, ("修正风蚀方程（完整式）", "revised wind erosion equation (full form)"),
        ("由各因子求一个时段的潜在与实际风蚀和固沙量。", "Potential and actual loss, and what plants hold, of one period."),
        RWEQ_LINES, (*FACTORS, Z), RWEQ_OUT,
        (_FULL, Reference("京津冀 (2017), doi:10.5846/stxb201701220183", "V", "constants and units")), RWEQ_EXAMPLES,
        ("1 kg/m² = 1000 t/km² = 10 t/hm²。z 的结果不单调：z 先增后减 SL。逐月或半月计算再求和。"
         "极强风时（z = 50 m、C = 0.5 时 X_p 约在 61 kg/m 以上）SL 随 X 下降，固沙量会为负；负值照实给出，不截为 0。"
         "X 为 0 时没有关键地块长度 s。",
         "1 kg/m² = 1000 t/km² = 10 t/ha. The loss first rises and then falls with z. Compute by month or half-month and add up."
         " In very strong wind (X_p above about 61 kg/m with z = 50 m and C = 0.5) SL falls as X grows and what is fixed can be"
         " negative; it is given as it is, never cut to 0. Where X is 0 there is no critical field length s."),
        RWEQ_NOT_SHORT,
    ),
    formula(
        "sand_fixation_short", short, ("固沙量（0.1699 简化式）", "sand fixed (short form)"),
        ("假定 z/s 为常数的简化式。", "The short form, which holds z/s constant."),
        "X = WF·EF·SCF·K'\nSF = 0.1699·X^1.3711·(1 − C^1.3711)",
        FACTORS,
        (gives("x", "kg/m", ("各因子之积，无植被", "product of the factors, without plants"), "X"),
         gives("fixed", "kg/m²", ("固沙量", "sand fixed"), "SF")),
        (Reference("Public GEP code (Nagqu study)", "V", "as used; its attribution to the 2020 guideline is remembered"),),
        (Example(_CASE_10, {"x": 5.4, "fixed": 0.45216}, "computed independently", 2e-5),
         Example({**_CASE_10, "cover": 1.0}, {"fixed": 0.0}, "no plants")),
        ("不在 HJ 1173-2021 中；与完整式（z = 50 m）不能互换，同一时间序列只能用一种。",
         "Not in HJ 1173-2021; not interchangeable with the full form at z = 50 m. Use one of them throughout a series."),
        ("相当于完整式中 z/s 取 0.1182 或 1.6227。", "Equals the full form at z/s of 0.1182 or 1.6227."),
    ),
    formula(
        "wind_erosion_grade", wind_grade, ("风力侵蚀强度分级", "grade of wind erosion"),
        ("SL 190-2007 六级，以及 HJ 1174-2021 归并的五级。",
         "Six grades of SL 190-2007, and the five HJ 1174-2021 merges them into."),
        "grade = 1 + [A ≥ 200] + [A > 2500] + [A > 5000] + [A > 8000] + [A > 15000]",
        (takes("loss_t_km2", "t/(km²·a)", ("风蚀模数", "soil loss by wind"), "A", least=0.0),),
        (gives("merged", "", ("HJ 1174 的五级", "one of the five of HJ 1174")),
         gives("grade", "1", ("1 微度 2 轻度 3 中度 4 强烈 5 极强烈 6 剧烈",
             "1 slight 2 light 3 moderate 4 strong 5 very strong 6 severe"), "grade")),
        (Reference("SL 190-2007, as read in public code and HJ 1174-2021", "V"),),
        (Example({"loss_t_km2": 150.0}, {"grade": 1.0, "merged": "none"}, "below 200"),
         Example({"loss_t_km2": 16000.0}, {"grade": 6.0, "merged": "extreme"}, "above 15000")),
        ("1 kg/m² 等于 1000 t/km²。", "1 kg/m² is 1000 t/km²."),
    ),
)  # fmt: skip
