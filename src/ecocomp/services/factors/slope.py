"""Slope length and steepness L, S as factors of RUSLE and CSLE.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.9 to A.12.
2. Liu Baoyuan et al., CSLE; McCool et al. (1987) (as remembered).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ecocomp.registry import Formula
from ecocomp.services.vector_math import INLINE, power

RADIANS = math.pi / 180.0
LS_METHODS = ("CSLE", "HJ1173")


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


FORMULAS: tuple[Formula, ...] = ()
