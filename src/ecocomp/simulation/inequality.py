"""How unequally money is shared: Gini, Theil and its parts within and between groups, points of the Lorenz curve.

For n holders with payments x_1 ≤ … ≤ x_n of 0 or more, sum S > 0 and mean μ = S/n:

    Gini   G = Σ_i (2i − n − 1) x_i / (n S)                     (0 all alike; (n − 1)/n one has all; no small-sample factor)
    Theil  T = (1/n) Σ_i (x_i/μ) ln(x_i/μ),   0·ln 0 = 0
    T = Σ_g (S_g/S) T_g  +  Σ_g (S_g/S) ln(μ_g/μ)               (within groups + between groups)

A Lorenz point (p, L) says that the p poorest in payments have the share L of all payments; between holders the curve is
straight. The Gini is computed in whole numbers and is exact; the others are floats.

References: Cowell, Measuring Inequality, 3rd ed. (2011), ch. 2 and 6; Theil, Economics and Information Theory (1967).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

_BITS = 20


def gini(fen: np.ndarray) -> Fraction | None:
    """Return the Gini coefficient of whole amounts, exactly; None where nobody gets anything.

    >>> gini(np.array([0, 0, 3])), gini(np.array([1, 1]))
    (Fraction(2, 3), Fraction(0, 1))
    """
    x = np.sort(np.asarray(fen, np.int64))
    if len(x) and x[0] < 0:
        raise ValueError("payments are not negative")
    total = _sum(x)
    if not total:
        return None
    n = len(x)
    weight = 2 * np.arange(1, n + 1, dtype=np.int64) - n - 1
    top = 0
    for shift in range(0, 64, _BITS):
        # 20 bits of each amount times a weight below 2^22 leave room for 2^21 summands; larger tables go in pieces.
        piece = (x >> shift) & ((1 << _BITS) - 1)
        for start in range(0, n, 1 << 20):
            part = slice(start, start + (1 << 20))
            top += int((piece[part] * weight[part]).sum()) << shift
    return Fraction(top, n * total)


def theil(fen: np.ndarray) -> float | None:
    """Return the Theil index of amounts; None where nobody gets anything."""
    x = np.asarray(fen, np.float64)
    total = x.sum()
    if not len(x) or total <= 0:
        return None
    ratio = x[x > 0] / (total / len(x))
    return float((ratio * np.log(ratio)).sum() / len(x))


def theil_parts(fen: np.ndarray, group: np.ndarray) -> tuple[float, float, float] | None:
    """Return (Theil, within, between) for groups given as whole numbers from 0; None where nobody gets anything."""
    whole = theil(fen)
    if whole is None:
        return None
    x = np.asarray(fen, np.float64)
    count = np.bincount(group).astype(float)
    total = np.bincount(group, x)
    mean, all_mean = total / np.maximum(count, 1), x.sum() / len(x)
    share = total / x.sum()
    positive = total > 0
    between = float((share[positive] * np.log(mean[positive] / all_mean)).sum())
    own = mean[group]
    some = (x > 0) & (own > 0)
    ratio = x[some] / own[some]
    within = float((x[some] * np.log(ratio)).sum() / x.sum())
    return whole, within, between


def lorenz(fen: np.ndarray, points: int = 20) -> list[tuple[float, float]]:
    """Return `points` + 1 points of the Lorenz curve at equal steps of the number of holders; empty where nobody gets anything."""
    x = np.sort(np.asarray(fen, np.float64))
    total = x.sum()
    if not len(x) or total <= 0:
        return []
    curve = np.concatenate([[0.0], np.cumsum(x) / total])
    at = np.linspace(0, len(x), points + 1)
    return [(float(p / len(x)), float(v)) for p, v in zip(at, np.interp(at, np.arange(len(x) + 1), curve), strict=True)]


def _sum(x: np.ndarray) -> int:
    return (int((x >> 32).sum()) << 32) + int((x & 0xFFFFFFFF).sum())
