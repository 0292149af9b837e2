"""Wind, soil and surface factors of the revised wind erosion equation (RWEQ).

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.14 to A.22.
2. Fryrear, D. W. et al. (1998), RWEQ, USDA ARS Technical Bulletin 1 (SW and ETp: as remembered).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from numba import njit

from ecocomp.registry import Formula
from ecocomp.services.vector_math import INLINE, exp, log, power

GRAVITY_M_S2 = 9.8
KELVIN = 273.15


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


FORMULAS: tuple[Formula, ...] = ()
