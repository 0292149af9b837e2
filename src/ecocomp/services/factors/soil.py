"""Soil erodibility K [t·ha·h/(ha·MJ·mm)] of EPIC, with the Chinese correction.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.7, A.8.
2. Williams, J. R. (1990), EPIC; Zhang Keli et al. (2008), Soil Sci. Soc. China correction of K.
"""

from __future__ import annotations

from numba import njit

from ecocomp.registry import Formula
from ecocomp.services.vector_math import INLINE, exp, power

US_TO_SI_ERODIBILITY = 0.1317
CARBON_OF_ORGANIC_MATTER = 1.0 / 1.724


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


FORMULAS: tuple[Formula, ...] = ()
