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

from ecocomp.registry import Formula
from ecocomp.services.vector_math import INLINE, power

US_TO_SI_EROSIVITY = 17.02
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


FORMULAS: tuple[Formula, ...] = ()
