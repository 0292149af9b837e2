"""The formulas the service models share: rain erosivity, soil erodibility, slope factors, cover, wind.

For the models of `services/models` and for anyone who wants one number. Every function takes plain numbers, is
compiled, and is built into the loops of the models, so that the worked examples test the very code that runs over the
rasters. NaN in gives NaN out: a cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021 (assessment of ecosystem service functions), appendix A, eqs. A.2 to A.22.
2. Wischmeier, W. H., Smith, D. D. (1978), USDA Agriculture Handbook 537 (monthly erosivity: as remembered).
3. Zhang Wenbo, Xie Yun, Liu Baoyuan (2002), daily rain erosivity, half-month form.
4. Renard, K. G., Freimund, J. R. (1994), J. Hydrology 157:287-306; Singh, G. et al. (1981), Bull. T-12/D-9, ICAR,
   Dehradun; Zhang Wenbo, Fu Jinsheng (2003), annual forms (all as remembered).
5. Williams, J. R. (1990), EPIC; Zhang Keli et al. (2008), Soil Sci. Soc. China correction of K.
6. van der Knijff, J. M. et al. (2000), EUR 19044 EN (cover factor from NDVI; as remembered).
7. Fryrear, D. W. et al. (1998), RWEQ, USDA ARS Technical Bulletin 1 (SW and ETp: as remembered).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit

from ecocomp.services.vector_math import INLINE, exp, log, power

US_TO_SI_EROSIVITY = 17.02
US_TO_SI_ERODIBILITY = 0.1317
CARBON_OF_ORGANIC_MATTER = 1.0 / 1.724
GRAVITY_M_S2 = 9.8
KELVIN = 273.15
RADIANS = math.pi / 180.0

ANNUAL_FORMS = ("renard_freimund_1994", "singh_1981", "zhang_fu_2003")
LS_METHODS = ("CSLE", "HJ1173")


# ---------------------------------------------------------------- rain erosivity R [MJ·mm/(ha·h·a)]
@njit(**INLINE)  # type: ignore[untyped-decorator]
def erosivity_wischmeier(rain_mm_a, cubes):  # type: ignore[no-untyped-def]
    """Return R of a year from its monthly rain (Wischmeier, ×17.02).

    R = Σ 1.735·10^(1.5·log10(p²/P) − 0.8188), which is 1.735·10^(−0.8188)·Σp³ / P^1.5.

    Parameters
    ----------
    rain_mm_a : P, sum of the months [mm]
    cubes : Σp³ over the months [mm³]

    >>> round(float(erosivity_wischmeier(1200.0, 12 * 100.0**3)), 3)
    1297.945
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
    return float(alpha * sum(p**gamma for p in rain_mm if p >= least_mm))


def zhang_coefficients(erosive_mean_mm: float, erosive_year_mm: float) -> tuple[float, float]:
    """Return (γ, α) of the daily model; γ = 0.8363 + 18.144/P_d12 + 24.455/P_y12, α = 21.586·γ^−7.1891."""
    gamma = 0.8363 + 18.144 / erosive_mean_mm + 24.455 / erosive_year_mm
    return gamma, 21.586 * gamma**-7.1891


def erosivity_hj1173(rain_mm: Sequence[float], warm: bool, least_mm: float = 12.0) -> float:
    """Return R of a half-month in the form of HJ 1173-2021 (A.5, A.6): α·ΣP^1.7265, α 0.3937 May–September, else 0.3101."""
    return float((0.3937 if warm else 0.3101) * sum(p**1.7265 for p in rain_mm if p >= least_mm))


# ---------------------------------------------------------------- soil erodibility K [t·ha·h/(ha·MJ·mm)]
@njit(**INLINE)  # type: ignore[untyped-decorator]
def erodibility_epic(sand, silt, clay, organic_carbon):  # type: ignore[no-untyped-def]
    """Return K of EPIC in US units; sand, silt, clay and organic carbon in percent (HJ 1173-2021 A.8)."""
    sn1 = 1.0 - sand / 100.0
    fines = clay + silt
    texture = 0.2 + 0.3 * exp(-0.0256 * sand * (1.0 - silt / 100.0))
    shape = power(silt / (fines if fines > 0.0 else 1.0), 0.3) + 0.0 * fines
    carbon = 1.0 - 0.25 * organic_carbon / (organic_carbon + exp(3.72 - 2.95 * organic_carbon))
    coarse = 1.0 - 0.7 * sn1 / (sn1 + exp(-5.51 + 22.9 * sn1))
    return texture * shape * carbon * coarse


@njit(**INLINE)  # type: ignore[untyped-decorator]
def erodibility_corrected(epic):  # type: ignore[no-untyped-def]
    """Return K in SI units with the Chinese correction, (−0.01383 + 0.51575·K_EPIC)·0.1317, never below 0 (A.7)."""
    k = (-0.01383 + 0.51575 * epic) * US_TO_SI_ERODIBILITY
    return 0.0 if k < 0.0 else k


# ---------------------------------------------------------------- slope length and steepness L, S
@njit(**INLINE)  # type: ignore[untyped-decorator]
def steepness_csle(degrees):  # type: ignore[no-untyped-def]
    """Return S of CSLE (McCool below 10°, Liu Baoyuan above)."""
    sine = math.sin(degrees * RADIANS)
    if degrees < 5.0:
        return 10.8 * sine + 0.03
    return 16.8 * sine - 0.5 if degrees < 10.0 else 21.91 * sine - 0.96


@njit(**INLINE)  # type: ignore[untyped-decorator]
def steepness_hj1173(degrees):  # type: ignore[no-untyped-def]
    """Return S of HJ 1173-2021 (A.12): four pieces, 9.5988 above 28.81°."""
    sine = math.sin(degrees * RADIANS)
    if degrees < 5.14:
        return 10.8 * sine + 0.03
    if degrees < 10.20:
        return 16.8 * sine - 0.5
    if degrees > 28.81:
        return 9.5988
    return 21.9 * sine - 0.96


@njit(**INLINE)  # type: ignore[untyped-decorator]
def length_exponent_csle(degrees):  # type: ignore[no-untyped-def]
    """Return m of CSLE: 0.2 up to 1°, 0.3 up to 3°, 0.4 up to 5°, 0.5 above."""
    if degrees <= 1.0:
        return 0.2
    if degrees <= 3.0:
        return 0.3
    return 0.4 if degrees <= 5.0 else 0.5


@njit(**INLINE)  # type: ignore[untyped-decorator]
def length_exponent_hj1173(degrees):  # type: ignore[no-untyped-def]
    """Return m = β/(1 + β) of HJ 1173-2021 (A.10, A.11)."""
    sine = math.sin(degrees * RADIANS)
    beta = (sine / 0.089) / (3.0 * power(sine, 0.8) + 0.56)
    return beta / (1.0 + beta)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def slope_length_factor(length_m, exponent):  # type: ignore[no-untyped-def]
    """Return L = (λ/22.13)^m; λ slope length [m]."""
    return power(length_m / 22.13, exponent)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def ls_factor(degrees, length_m, method):  # type: ignore[no-untyped-def]
    """Return L·S; `method` is the place in `LS_METHODS`; slope in degrees, slope length in metres."""
    if degrees != degrees or length_m != length_m:
        return np.nan
    if method == 0:
        return slope_length_factor(length_m, length_exponent_csle(degrees)) * steepness_csle(degrees)
    return slope_length_factor(length_m, length_exponent_hj1173(degrees)) * steepness_hj1173(degrees)


# ---------------------------------------------------------------- vegetation cover and cover factor C
@njit(**INLINE)  # type: ignore[untyped-decorator]
def vegetation_cover(ndvi, bare, full):  # type: ignore[no-untyped-def]
    """Return the covered share 0..1 = (NDVI − NDVIs)/(NDVIv − NDVIs), cut to the range."""
    f = (ndvi - bare) / (full - bare)
    f = 0.0 if f < 0.0 else f
    return 1.0 if f > 1.0 else f


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_factor_cropland(cover):  # type: ignore[no-untyped-def]
    """Return C of dry cropland, 0.221 − 0.595·log10(c), cut to 0..1; c is a share (HJ 1173-2021 A.13)."""
    c = 0.221 - 0.595 * 0.4342944819032518 * log(cover)
    c = 0.0 if c < 0.0 else c
    return 1.0 if c > 1.0 else c


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_factor_ndvi(ndvi):  # type: ignore[no-untyped-def]
    """Return C = exp(−2·NDVI/(1 − NDVI)), cut to 0..1, where no land cover is known (van der Knijff)."""
    n = 0.999 if ndvi > 0.999 else ndvi
    c = exp(-2.0 * n / (1.0 - n))
    return 1.0 if c > 1.0 else c


# ---------------------------------------------------------------- wind erosion (RWEQ)
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


def evaporation_mm_day(radiation_mj_m2_day: float, celsius: float) -> float:
    """Return ETp = 0.0162·(SR/58.5)·(T + 17.8) [mm/day], SR in cal/cm²; 0 where T is below −17.8 °C."""
    langley = radiation_mj_m2_day * 100.0 / 4.1868
    return max(0.0162 * (langley / 58.5) * (celsius + 17.8), 0.0)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def soil_wetness(evaporation_mm, rain_mm, rain_day_share):  # type: ignore[no-untyped-def]
    """Return SW = [ETp − (R + I)·Rd/Nd]/ETp of a month, 0 where negative or where nothing evaporates (I = 0)."""
    bound = evaporation_mm if evaporation_mm > 0.0 else 1.0
    sw = (evaporation_mm - rain_mm * rain_day_share) / bound
    return 0.0 if sw < 0.0 else sw


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
    """Return K' = exp(1.86·Kr − 2.41·Kr^0.934), Kr = 0.2·ΔH²/L, random roughness 0 (HJ 1173-2021 A.20, A.21)."""
    kr = 0.2 * relief_cm * relief_cm / length_cm
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
