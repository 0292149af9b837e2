"""Vegetation cover from NDVI, and the cover factor C of water erosion.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.13, table A.1.
2. van der Knijff, J. M. et al. (2000), EUR 19044 EN (cover factor from NDVI; as remembered).
"""

from __future__ import annotations

from numba import njit

from ecocomp.registry import Formula
from ecocomp.services.vector_math import INLINE, exp, log


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


FORMULAS: tuple[Formula, ...] = ()
