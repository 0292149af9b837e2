"""Exact rounding of whole columns: fractions of int64 numbers to whole fen, ties to even, without ever overflowing unseen.

For the column engine of the standard. A quotient is estimated in float64 and then proved: the remainder is computed
modulo 2^64, which is exact because its true size is known to be small. Rows whose numbers are too large for the proof
are computed in Python integers, so every row is what `terms.money.half_even` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ecocomp.terms.money import INT64_MAX, half_even

Ints = npt.NDArray[Any]
"""A column of whole numbers: int64, or Python integers (dtype object) where some do not fit."""

_DEN_LIMIT = 2.0**59
_QUOTIENT_LIMIT = 2.0**49


def whole(values: Sequence[int]) -> Ints:
    """Return whole numbers as int64, or as Python integers where one does not fit."""
    if all(-INT64_MAX <= v <= INT64_MAX for v in values):
        return np.array(values, np.int64)
    out = np.empty(len(values), object)
    out[:] = values
    return out


def narrowed(values: Ints) -> Ints:
    """Return int64 where every number fits, else the column as it is."""
    if values.dtype != object:
        return values
    return whole(values.tolist())


def parts_of(fractions: Sequence[Fraction], inverse: Ints | None = None) -> tuple[Ints, Ints]:
    """Return numerators and denominators as columns, spread over rows by `inverse` if given."""
    num, den = whole([f.numerator for f in fractions]), whole([f.denominator for f in fractions])
    return (num, den) if inverse is None else (num[inverse], den[inverse])


def ratio(terms: Sequence[Sequence[Ints | int]], dens: Sequence[Ints | int], size: int) -> Ints:
    """Return (Σ over terms of Π of its factors) / Π dens for each row, rounded half-even.

    terms  each a list of factors: columns or single numbers; they are multiplied, the terms added
    dens   positive factors of the common denominator
    size   number of rows

    >>> ratio([[np.array([1, 3, 5])]], [2], 3).tolist()
    [0, 2, 2]
    """
    if any(_wide(f) for factors in (*terms, dens) for f in factors):
        return _slowly(terms, dens, np.arange(size), np.empty(size, object))
    wrapped, top, estimate = np.zeros(size, np.int64), np.zeros(size), np.zeros(size)
    for factors in terms:
        low_bits, about = _product(factors, size)
        wrapped += low_bits
        estimate += about
        np.maximum(top, np.abs(about), out=top)
    den, den_about = _product(dens, size)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        estimate /= den_about
        top /= den_about
        proved = (den_about < _DEN_LIMIT) & (top < _QUOTIENT_LIMIT)
        quotient = np.where(proved, np.rint(estimate), 0.0).astype(np.int64)
        divisor = np.where(proved, den, 1)
        # The true remainder is below four denominators, so its low 64 bits are the whole of it.
        rest = np.where(proved, wrapped - quotient * divisor, 0)
        shift = rest // divisor
        quotient += shift
        rest -= shift * divisor
        quotient += (2 * rest > divisor) | ((2 * rest == divisor) & (quotient & 1 == 1))
    if proved.all():
        return quotient
    return _slowly(terms, dens, np.flatnonzero(~proved), quotient.astype(object))


def clip(values: Ints, low: Ints | int | None, high: Ints | int | None) -> Ints:
    """Return the values, not below `low` and not above `high`, where given."""
    if low is not None:
        values = np.maximum(values, low)
    return values if high is None else np.minimum(values, high)


def greater(left: Sequence[Ints | int], right: Sequence[Ints | int], size: int) -> npt.NDArray[np.bool_]:
    """Return, row by row, whether Π left > Π right, exactly: by float64 where that decides, else in Python integers."""
    if any(_wide(f) for factors in (left, right) for f in factors):
        unsure, sure = np.arange(size), np.zeros(size, bool)
    else:
        a, b = _product(left, size)[1], _product(right, size)[1]
        sure = a > b
        unsure = np.flatnonzero(np.abs(a - b) <= 1e-12 * np.maximum(np.abs(a), np.abs(b)))
    for i in unsure:
        sure[i] = _times(left, int(i)) > _times(right, int(i))
    return sure


def add(*columns: Ints) -> Ints:
    """Return the sum of columns, in Python integers where int64 would overflow."""
    most = sum(max(abs(int(c.min())), abs(int(c.max()))) if len(c) else 0 for c in columns)
    if most > INT64_MAX:
        columns = tuple(c.astype(object) for c in columns)
    out = columns[0]
    for c in columns[1:]:
        out = out + c
    return out


def total_of(column: Ints) -> int:
    """Return the sum of a column, however large: the halves of each number are added apart."""
    if column.dtype == object:
        return sum(column.tolist())
    return (int((column >> 31).sum()) << 31) + int((column & (2**31 - 1)).sum())


def _wide(factor: Ints | int) -> bool:
    return not -INT64_MAX <= factor <= INT64_MAX if isinstance(factor, int) else factor.dtype == object


def _product(factors: Sequence[Ints | int], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the low 64 bits of a product, as int64, and the product in float64."""
    bits, about = np.ones(size, np.int64), np.ones(size)
    with np.errstate(over="ignore"):
        for f in factors:
            bits = bits * (np.full(1, f, np.int64) if isinstance(f, int) else f)
            about = about * f
    return bits, about


def _times(factors: Sequence[Ints | int], i: int) -> int:
    out = 1
    for f in factors:
        out *= f if isinstance(f, int) else int(f[i])
    return out


def _slowly(terms: Sequence[Sequence[Ints | int]], dens: Sequence[Ints | int], rows: Ints, out: Ints) -> Ints:
    """Compute `rows` in Python integers; returns the narrowest column that holds all."""
    for i in rows.tolist():
        out[i] = half_even(sum(_times(factors, i) for factors in terms), _times(dens, i))
    return narrowed(out)
