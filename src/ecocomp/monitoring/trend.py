"""Trend of yearly series: Theil–Sen slope and Mann–Kendall test, for one parcel or for every cell of a strip.

For judging whether vegetation rises or falls over years without assuming a distribution. Missing years are left out of
the pairs, ties correct the variance, S is exact.

References
----------
1. H. B. Mann (1945), Nonparametric tests against trend, Econometrica 13:245-259. doi:10.2307/1907187
2. P. K. Sen (1968), Estimates of the regression coefficient based on Kendall's tau, J. Am. Stat. Assoc. 63:1379-1389.
   doi:10.1080/01621459.1968.10480934
3. M. G. Kendall (1975), Rank Correlation Methods: variance of S under ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage
    from ecocomp.rules import Parameters

LEAST_YEARS = 3
"""Below three values the test has no meaning: one pair is neither a trend nor none."""


@dataclass(frozen=True, eq=False)
class Trend:
    """Trend of many series; every array has one value per series.

    slope  Theil–Sen slope [unit per year], NaN below `LEAST_YEARS` values
    s      Mann–Kendall S = Σ sgn(xj − xi)
    var    variance of S under no trend, corrected for ties
    z      (S ∓ 1)/√var, 0 where S is 0, NaN where the slope is
    p      two-sided p-value from the normal limit
    n      number of years with a value
    """

    slope: NDArray[np.float64]
    s: NDArray[np.int64]
    var: NDArray[np.float64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]
    n: NDArray[np.int64]


def trends(values: NDArray[Any], years: Sequence[int] | NDArray[Any]) -> Trend:
    """Return the trend of each series.

    values  (years, series) or (years, rows, columns), float32 or float64; NaN is missing. float32 is faster; its
            slopes carry the precision of float32, S and ties are exact on the values as given.
    years   the year of each row, ascending, gaps allowed

    >>> t = trends(np.array([[0.42, .45, .44, .47, .50, .49, .53, .52, .56, .58]]).T, range(2001, 2011))
    >>> int(t.s[0]), float(t.var[0]), round(float(t.z[0]), 6), round(float(t.slope[0]), 6)
    (39, 125.0, 3.398823, 0.016667)
    """
    from ecocomp.monitoring._ranks import series_trends

    flat = np.ascontiguousarray(values.reshape(values.shape[0], -1))
    single = flat.dtype == np.float32
    flat = flat if single else flat.astype(np.float64)
    when = np.asarray(years, flat.dtype)
    if when.shape != (flat.shape[0],) or np.any(np.diff(when) <= 0):
        raise ValueError(f"one ascending year per layer is needed: {len(when)} years, {flat.shape[0]} layers")
    cells = flat.shape[1]
    slope, var = np.full(cells, np.nan), np.zeros(cells)
    s, n = np.zeros(cells, np.int64), np.zeros(cells, np.int64)
    if cells and flat.shape[0] > 1:
        series_trends(flat, when, slope, s, var, n)
    return _tested(slope, s, var, n, values.shape[1:])


def _tested(
    slope: NDArray[np.float64], s: NDArray[np.int64], var: NDArray[np.float64], n: NDArray[np.int64], shape: tuple[int, ...]
) -> Trend:
    from scipy.special import erfc

    short = n < LEAST_YEARS
    slope[short] = np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(var > 0, (s - np.sign(s)) / np.sqrt(var), 0.0)
    z[short] = np.nan
    p = erfc(np.abs(z) / np.sqrt(2.0))
    floats = [np.asarray(a, np.float64).reshape(shape) for a in (slope, var, z, p)]
    return Trend(floats[0], s.reshape(shape), floats[1], floats[2], floats[3], n.reshape(shape))


@dataclass(frozen=True, eq=False)
class ParcelTrend:
    """Trend of the cells of each parcel, from the coverage matrix (parcels,).

    slope     mean slope of the cells that have one [unit per year]
    rising    share of those cells that rise significantly
    falling   share of those cells that fall significantly
    observed  share of the parcel on the grid that has a trend
    """

    slope: NDArray[np.float64]
    rising: NDArray[np.float64]
    falling: NDArray[np.float64]
    observed: NDArray[np.float64]


def parcel_trends(coverage: Coverage, read: Any, years: Sequence[int], params: Parameters) -> ParcelTrend:
    """Return the trend of each parcel's cells, strip by strip.

    read  called with (first row, row after the last), returns (years, rows, columns)

    Parameters read: ``monitoring.trend_alpha``, the level of significance of a single cell.
    """
    from ecocomp.grid.coverage import reduce_sums

    alpha = params.number("monitoring.trend_alpha")
    sums, weights = np.zeros((len(coverage), 3)), np.zeros((len(coverage), 3))
    for strip in coverage.strips:
        t = trends(read(strip.start, strip.stop), years)
        known = np.isfinite(t.slope)
        layers = [t.slope, *(np.where(known, (t.p < alpha) & side, np.nan) for side in (t.s > 0, t.s < 0))]
        reduce_sums(strip, np.stack(layers).reshape(3, -1), sums, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / weights
        return ParcelTrend(mean[:, 0], mean[:, 1], mean[:, 2], weights[:, 0] / coverage.weights())
