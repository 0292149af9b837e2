"""Rain erosivity R [MJ·mm/(ha·h·a)] of each cell as a layer, made once from the daily rain of a year and kept on disk.

For soil retention and sediment delivery. Half-months add up to the year; since their coefficients do not change within a
year (Zhang), or within a season (HJ 1173-2021), days may be summed straight away. Rain is read by few rows, so memory does
not grow with the raster. A cell that lacks a day has no R; one without an erosive day has R = 0.

References
----------
1. Zhang Wenbo, Xie Yun, Liu Baoyuan (2002), daily erosivity by half-months.
2. HJ 1173-2021, appendix A.5, A.6.
"""

from __future__ import annotations

import calendar
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.services.derive import Making, StoredLayer, digest_of, keep
from ecocomp.services.factors.rain import HJ1173_COLD, HJ1173_EXPONENT, HJ1173_WARM, erosive_day, zhang_exponent, zhang_factor
from ecocomp.services.site import PASS, StripReader
from ecocomp.services.water_erosion import DAILY_METHODS, FROM_DAILY
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.rules import Parameters

CODE_VERSION = "erosivity-1"
"""Changes whenever the stored numbers would; part of their fingerprint."""
GIVES = ("erosivity",)
NEEDS = ("rain_daily",)
WARM_MONTHS = range(5, 10)
BYTES_AT_ONCE = 64 << 20
"""Most bytes of daily rain held at a time."""


def make(making: Making) -> dict[str, StripReader]:
    """Return R of the year from its daily rain, also under a name that tells where it is from.

    Raises `FaultsError` for a method there is no code for.
    """
    p, rain, grid = making.params, making.layers["rain_daily"], making.grid
    method = _method(p)
    least = p.number("services.soil.erosive_rain_mm")
    mean, year = (_given(p, f"services.soil.{k}") for k in ("erosive_day_mean_mm", "erosive_year_mm"))
    rows = max(1, BYTES_AT_ONCE // (rain.bands * grid.width * 4))
    factors = daily_factors(rain.bands)

    def build(path: Path) -> None:
        out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=grid.shape)
        for first, last in grid.strips(rows):
            days = np.ascontiguousarray(rain.read(first, last), np.float32)
            out[first:last] = erosivity_of_days(days, method, least, mean, year, factors)
        out.flush()

    words = (CODE_VERSION, grid.fingerprint(), digest_of(rain, grid, rows), method, least, mean, year)
    layer = StoredLayer(keep(making.folder, "erosivity", words, build))
    return {"erosivity": layer, FROM_DAILY: layer}


def daily_factors(days: int) -> NDArray[np.float64]:
    """Return α of HJ 1173-2021 for each day of a year of 365 or 366 days."""
    lengths = [calendar.monthrange(2024 if days == 366 else 2023, m)[1] for m in range(1, 13)]
    warm = [HJ1173_WARM if m in WARM_MONTHS else HJ1173_COLD for m in range(1, 13)]
    return np.repeat(warm, lengths)


def erosivity_of_days(
    rain_mm: NDArray[np.float32],
    method: str,
    least_mm: float,
    mean_mm: float = np.nan,
    year_mm: float = np.nan,
    factors: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Return R (rows, columns) of one year of daily rain (days, rows, columns).

    Parameters
    ----------
    method : one of `DAILY_METHODS`
    mean_mm, year_mm : mean rain of erosive days and mean annual rain on them; NaN: those of this very year, cell by cell
    """
    days = np.ascontiguousarray(rain_mm, np.float32).reshape(rain_mm.shape[0], -1)
    out = np.empty(days.shape[1], np.float32)
    if method == "zhang_half_month":
        _zhang(days, least_mm, mean_mm, year_mm, out)
    else:
        _seasons(days, least_mm, daily_factors(len(days)) if factors is None else factors, out)
    return out.reshape(rain_mm.shape[1:])


@njit(**PASS)  # type: ignore[untyped-decorator]
def _zhang(days, least, mean, year, out):  # type: ignore[no-untyped-def]
    """Sum erosive rain first, for the coefficients of each cell, then its powers."""
    bands, cells = days.shape
    total, count, power_sum = np.zeros(cells), np.zeros(cells), np.zeros(cells)
    alpha, gamma = np.empty(cells), np.empty(cells)
    for d in range(bands):
        for i in range(cells):
            p = np.float64(days[d, i])
            if not p < least:  # a missing day counts, so that its cell has no R
                total[i] += p
                count[i] += 1.0
    for i in range(cells):
        per_day = mean if mean == mean else total[i] / count[i]
        per_year = year if year == year else total[i]
        gamma[i] = zhang_exponent(per_day, per_year)
        alpha[i] = zhang_factor(gamma[i])
    for d in range(bands):
        for i in range(cells):
            p = np.float64(days[d, i])
            if not p < least:
                power_sum[i] += erosive_day(p, alpha[i], gamma[i], least)
    for i in range(cells):
        out[i] = power_sum[i]


@njit(**PASS)  # type: ignore[untyped-decorator]
def _seasons(days, least, factors, out):  # type: ignore[no-untyped-def]
    """Sum with the factor of each day's season."""
    bands, cells = days.shape
    total = np.zeros(cells)
    for d in range(bands):
        for i in range(cells):
            p = np.float64(days[d, i])
            if not p < least:
                total[i] += erosive_day(p, factors[d], HJ1173_EXPONENT, least)
    for i in range(cells):
        out[i] = total[i]


def _given(params: Parameters, key: str) -> float:
    """Return a number of the rules, NaN where they have none."""
    return params.number(key) if params.has(key) else float("nan")


def _method(params: Parameters) -> str:
    key = "services.soil.erosivity_daily_method"
    method = params.text(key)
    if method in DAILY_METHODS:
        return method
    value = params.get(key)
    clash = Text("日降水侵蚀力公式是 {m}，可用：{k}。", "The form of erosivity from daily rain is {m}; known: {k}.")
    remedy = Text("更正规则中的 {k}。", "Mend {k} in the rules.").fill(k=same(key))
    clash = clash.fill(m=same(method), k=same(", ".join(DAILY_METHODS)))
    raise FaultsError([Fault("services.erosivity_method", value.file, f"line {value.line}", clash, remedy)])


__all__ = ["CODE_VERSION", "GIVES", "NEEDS", "daily_factors", "erosivity_of_days", "make"]
