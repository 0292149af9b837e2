"""Rain, actual evapotranspiration and daily wind of the invented county: monsoon summers, dry windy springs.

Rain grows with height and towards the south-west; evapotranspiration follows warmth, cover and the water at
hand, so that over a year it stays below rain except over open water and wet meadows.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from ecocomp.sample.frame import SAND_ANGLE, Frame
from ecocomp.sample.noise import fractal_at
from ecocomp.sample.survey import Land

MONTH_SHARE = np.array([1.0, 1.4, 2.6, 5.0, 9.8, 17.5, 22.0, 19.4, 12.6, 5.9, 1.9, 0.9]) / 100
WARMTH_C = np.array([-9.0, -6.5, -2.5, 1.5, 5.0, 7.5, 8.2, 7.6, 5.0, 0.8, -4.2, -8.0])  # month against the yearly mean
DAYLIGHT = np.array([0.82, 0.90, 1.0, 1.09, 1.16, 1.2, 1.18, 1.11, 1.03, 0.94, 0.86, 0.80])
YEAR_MEAN_C, LAPSE_C_PER_M = 12.8, 0.0055  # at 1,900 m
DEMAND = {1: 0.95, 2: 0.82, 3: 0.78, 4: 1.10, 5: 0.86, 6: 0.45, 7: 0.35, 8: 0.30}  # share of reference demand by group


def year_effects(frame: Frame, year: int) -> tuple[float, NDArray[np.float64]]:
    """Return the year's wetness (1 normal) and the wetness of its months."""
    rng = frame.rng(f"weather{year}")
    return float(np.clip(rng.normal(1.0, 0.09), 0.82, 1.18)), np.clip(rng.normal(1.0, 0.17, 12), 0.5, 1.6)


@njit(cache=True, parallel=True)
def _rain(normal, parcel, row0, share, wave, key):  # type: ignore[no-untyped-def]
    rows, cols = normal.shape
    out = np.zeros((12, rows, cols), np.uint16)
    for m in prange(12):
        for r in range(rows):
            for c in range(cols):
                if parcel[r, c] == 0:
                    out[m, r, c] = 65535
                else:
                    uneven = 1.0 + 0.16 * fractal_at(c + 0.5, r + row0 + 0.5, wave, 1, 0.5, key + m)
                    out[m, r, c] = np.uint16(normal[r, c] * share[m] * uneven * 10.0 + 0.5)
    return out


def rain_strip(frame: Frame, land: Land, parcel: NDArray[np.int32], year: int, row0: int, row1: int) -> NDArray[np.uint16]:
    """Return twelve months of rain (0.1 mm, 65535 outside) of the rows row0…row1−1."""
    wet, months = year_effects(frame, year)
    made: NDArray[np.uint16] = _rain(
        land.rain_mm[row0:row1], parcel[row0:row1], row0, MONTH_SHARE * months * wet, frame.n * 0.45, frame.key(f"rain{year}")
    )
    return made


@njit(cache=True, parallel=True)
def _aet(rain, cover, height, warmth, daylight, demand, open_water):  # type: ignore[no-untyped-def]
    rows, cols = cover.shape
    out = np.empty((12, rows, cols), np.uint16)
    for r in prange(rows):
        for c in range(cols):
            if cover[r, c] == 0:
                out[:, r, c] = 65535
                continue
            kept = 12.0
            mean = 12.8 - 0.0055 * (height[r, c] - 1900.0)
            for m in range(12):
                warm = max(0.0, mean + warmth[m] + 4.0)
                wish = demand[cover[r, c]] * daylight[m] * (6.0 + 4.6 * warm)
                p = rain[m, r, c] * 0.1
                hand = 0.60 * p + 0.45 * kept
                used = wish if open_water[cover[r, c]] else wish * hand / (wish + hand)
                kept = min(120.0, kept + 0.62 * (p - used) if p > used else max(0.0, kept - 0.5 * (used - p)))
                out[m, r, c] = np.uint16(used * 10.0 + 0.5)
    return out


def aet_strip(rain: NDArray[np.uint16], cover: NDArray[np.uint8], height: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return twelve months of actual evapotranspiration (0.1 mm, 65535 outside) for a strip."""
    demand = np.array([DEMAND.get(code // 10, 0.0) for code in range(100)])
    water = np.isin(np.arange(100), (42, 43))
    made: NDArray[np.uint16] = _aet(rain, cover, np.nan_to_num(height, nan=1900.0), WARMTH_C, DAYLIGHT, demand, water)
    return made


NORMALS = ("temperature", "radiation", "et0", "storm_rain", "windy_days")
"""Layers of the climate of many years: the same in every year of the county."""

LATITUDE_SUN = np.array([9.6, 12.3, 15.8, 18.9, 20.6, 19.8, 18.7, 17.9, 15.0, 12.4, 10.1, 8.9])  # MJ/m²/d at a clear valley


def normals_strip(land: Land, parcel: NDArray[np.int32], row0: int, row1: int) -> dict[str, NDArray[np.uint16]]:
    """Return the climate of many years for a strip, bands first, 65535 outside.

    temperature [0.1 K above −100 °C], radiation [0.01 MJ/m²/d], et0 [0.1 mm] by month; storm_rain [0.1 mm in the wettest day
    of ten years], windy_days [d with wind from 6 m/s on, December to May].
    """
    part = slice(row0, row1)
    height = np.nan_to_num(land.relief.elevation[part].astype(np.float64), nan=1900.0)
    wet, sandy = land.rain_mm[part].astype(np.float64), np.clip(land.sandy[part], 0.0, 1.0)
    mean = YEAR_MEAN_C - LAPSE_C_PER_M * (height - 1900.0)
    celsius = mean + WARMTH_C[:, None, None]
    sun = LATITUDE_SUN[:, None, None] * (1.0 + 0.00004 * (height - 1900.0)) * (1.12 - 0.00016 * wet)
    demand = 1.12 * DAYLIGHT[:, None, None] * (6.0 + 4.6 * np.maximum(0.0, celsius + 4.0))
    made = {
        "temperature": 10.0 * (celsius + 100.0),
        "radiation": 100.0 * sun,
        "et0": 10.0 * demand,
        "storm_rain": 10.0 * (38.0 + 0.055 * wet)[None],
        "windy_days": (6.0 + 34.0 * sandy)[None],
    }
    outside = parcel[part] == 0
    return {name: np.where(outside, 65535, np.rint(value)).astype(np.uint16) for name, value in made.items()}


def wind_rows(frame: Frame, land: Land, years: list[int]) -> list[list[object]]:
    """Return the daily station records: a windy spring, most in the dry corner; columns of the table `wind`."""
    places = [
        (0.5, 0.5, 0.62),
        (*frame.at_angle(SAND_ANGLE, 0.70), 1.28),
        (*frame.at_angle(-2.3, 0.6), 0.80),
        (*frame.at_angle(-0.9, 0.6), 0.70),
        (*frame.at_angle(2.3, 0.6), 0.85),
    ]
    out: list[list[object]] = []
    for k, (u, v, gust) in enumerate(places):
        x, y = frame.to_crs(np.array(u * frame.n), np.array(v * frame.n))
        row, col = frame.cells_of(x, y)
        height = float(land.relief.elevation[row, col])
        for year in years:
            out += _station_year(frame, f"QX-W{k + 1}", round(float(x), 1), round(float(y), 1), height, gust, year)
    return out


def _station_year(frame: Frame, name: str, x: float, y: float, height: float, gust: float, year: int) -> list[list[object]]:
    rng, first = frame.rng(f"wind{name}{year}"), date(year, 1, 1)
    days = (date(year + 1, 1, 1) - first).days
    at = np.arange(days)
    spring = np.exp(-(((at - 85) / 42) ** 2))
    calm = np.empty(days)
    state = 0.0
    for d, push in enumerate(rng.normal(0, 1, days)):
        state = 0.62 * state + 0.78 * push
        calm[d] = state
    speed = np.maximum(0.2, gust * (2.7 + 2.9 * spring + (0.9 + 0.9 * spring) * calm))
    warm = YEAR_MEAN_C - LAPSE_C_PER_M * (height - 1900) - 9.0 * np.cos(2 * np.pi * (at - 15) / 365) + rng.normal(0, 2.1, days)
    snow = np.maximum(0, np.where(warm < -1.5, (-1.5 - warm) * 9 + rng.normal(0, 6, days), 0))
    return [
        [name, x, y, (first + timedelta(int(d))).isoformat(), f"{speed[d]:.1f}", f"{warm[d]:.1f}", f"{snow[d]:.0f}"] for d in at
    ]
