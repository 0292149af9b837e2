"""Exponential, logarithm and power in float64 that the compiler can run on several cells at once.

For the compiled service models. The C library's functions are called cell by cell and differ in the last bit between
systems; these are plain arithmetic in a fixed order, so a service has the same bits on every machine.

Bounds of the relative error, far below what any input is known to. The tests measure them against arithmetic of 40 digits
and of 64 bits of mantissa, on even, random and extreme numbers:

exp    3.0e-13 (1 910 units in the last place: the series is cut after the tenth power), 0.5 units for |x| < 1e-3
log    3.5e-14 (220 units), 2 units within a thousandth of 1
power  3.0e-13 + 3.5e-14·|y·ln x|: 6e-13 for bases from 1e-4 to 1e4 and exponents up to 1, as services have

Where there is no number: NaN gives NaN everywhere; log and power of a negative number are NaN, since nothing is known
there. Where it would leave the range: exp is held within e^±708, so that ±∞ gives a finite number above 0; the logarithm
of 0 is that of 1e-300; log(∞) = ∞.

References
----------
1. W. J. Cody and W. Waite (1980), Software Manual for the Elementary Functions, ch. 5 and 6 (reduction by ln 2 in two
   parts; logarithm by the odd series in (m − 1)/(m + 1)).
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

INLINE = {"forceinline": True, "error_model": "numpy", "cache": True, "nogil": True}

_LOG2E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
# Adding 1.5·2^52 rounds a number to an integer and leaves that integer in the low bits of the sum.
_ROUNDER = 6755399441055744.0
_ROUNDER_BITS = 0x4338000000000000
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_EXPONENT_FIELD = -4503599627370496  # the twelve high bits of an int64
_TINY = 1e-300


@intrinsic  # type: ignore[untyped-decorator]
def fma(typing, a, b, c):  # type: ignore[no-untyped-def]
    """Multiply and add with one rounding, which IEEE 754 fixes to the bit; one instruction on today's processors."""
    del typing
    signature = types.float64(types.float64, types.float64, types.float64)

    def build(context, builder, made, arguments):  # type: ignore[no-untyped-def]
        del context, made
        return builder.fma(*arguments)

    return (signature, build) if all(isinstance(t, types.Float) for t in (a, b, c)) else None


@njit(**INLINE)  # type: ignore[untyped-decorator]
def exp(x):  # type: ignore[no-untyped-def]
    """Return e**x; NaN stays NaN, x is held within ±708.

    >>> round(float(exp(1.0)), 12)
    2.718281828459
    """
    y = -708.0 if x < -708.0 else x
    y = 708.0 if y > 708.0 else y
    t = fma(y, _LOG2E, _ROUNDER)
    k = t - _ROUNDER
    r = fma(-k, _LN2_LOW, fma(-k, _LN2_HIGH, y))
    p = 1.0 / 3628800.0
    p = fma(p, r, 1.0 / 362880.0)
    p = fma(p, r, 1.0 / 40320.0)
    p = fma(p, r, 1.0 / 5040.0)
    p = fma(p, r, 1.0 / 720.0)
    p = fma(p, r, 1.0 / 120.0)
    p = fma(p, r, 1.0 / 24.0)
    p = fma(p, r, 1.0 / 6.0)
    p = fma(p, r, 0.5)
    p = fma(p, r, 1.0)
    p = fma(p, r, 1.0)
    bits = (np.float64(t).view(np.int64) + np.int64(1023)) << np.int64(52)
    return p * np.int64(bits).view(np.float64)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def log(x):  # type: ignore[no-untyped-def]
    """Return the natural logarithm; 0 to 1e-300 is taken as 1e-300, below 0 there is none (NaN), NaN stays NaN.

    >>> round(float(log(10.0)), 12)
    2.302585092994
    """
    y = _TINY if x < _TINY else x
    bits = np.float64(y).view(np.int64)
    field = (bits - np.int64(_SQRT_HALF_BITS)) & np.int64(_EXPONENT_FIELD)
    m = np.int64(bits - field).view(np.float64)
    k = np.int64((field >> np.int64(52)) + np.int64(_ROUNDER_BITS)).view(np.float64) - _ROUNDER
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 1.0 / 15.0
    p = fma(p, z, 1.0 / 13.0)
    p = fma(p, z, 1.0 / 11.0)
    p = fma(p, z, 1.0 / 9.0)
    p = fma(p, z, 1.0 / 7.0)
    p = fma(p, z, 1.0 / 5.0)
    p = fma(p, z, 1.0 / 3.0)
    found = k * _LN2_HIGH + (2.0 * s + (2.0 * s * z * p + k * _LN2_LOW))
    # The bits of NaN and of infinity mean nothing above; both stay what they are.
    unknown = np.nan if x < 0.0 else x
    return found if 0.0 <= x < np.inf else unknown


@njit(**INLINE)  # type: ignore[untyped-decorator]
def power(x, y):  # type: ignore[no-untyped-def]
    """Return x**y for x ≥ 0 and y > 0, held within e^±708; 0 for x = 0, NaN for x < 0, NaN stays NaN.

    >>> round(float(power(2.0, 0.5)), 12)
    1.414213562373
    """
    found = exp(y * log(x))
    return y * 0.0 if x == 0.0 else found
