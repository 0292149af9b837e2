"""Colours, class breaks and their order: one look for every map and chart of the product.

Five to seven classes, round breaks, the same breaks over all years; red-green-blind readers and grey
printers are served by order, hatch and words as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TEXT, MUTED, HAIR, GROUND, BRAND, DANGER = "#1F2A2E", "#55636B", "#D5DBD6", "#F4F6F3", "#1C6B4F", "#B3261E"
ZONES = {"water": "#2166AC", "soil": "#7A4419", "sand": "#F0C75E", "biodiversity": "#5BA87A", "none": "#E3E7E4"}
ZONE_PATTERNS = {"water": "lines", "soil": "", "sand": "dots", "biodiversity": "crosses", "none": ""}
"""A quiet pattern for zones whose colours have one grey on a black-and-white print."""
SERVICES = ("#F3F7E3", "#C9E4BE", "#86C5A8", "#459C9A", "#226E87", "#123F66")
MONEY = ("#FFF4D6", "#F7D488", "#E6A850", "#C9742F", "#9A4620", "#5F2412")
SERIES = ("#0B5FA5", "#E69F00", "#2A9D8F", "#7A2048", "#9CC9E8", "#5B656B")
LIGHTS = {"green": "#2E8B6B", "yellow": "#F2B705", "red": "#9E1B1B", "grey": "#A3ACB5"}
SHAPES = {"green": "●", "yellow": "▲", "red": "■", "grey": "○"}
GROUPS = {
    "1": "#3F7D58",
    "2": "#8DB580",
    "3": "#CFE0A1",
    "4": "#6FA8C9",
    "5": "#F1DFA3",
    "6": "#B08291",
    "7": "#E3C9A8",
    "8": "#C9CCCF",
    "0": "#E6E7E3",
}
LOSS, GAIN = "#C77A2E", "#4E94AE"
UNKNOWN = "#C9CFD3"
RED_LINE = "#B3261E"


def rgb(colour: str) -> tuple[int, int, int]:
    """Return `#RRGGBB` as three whole numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def is_dark(colour: str) -> bool:
    """Return whether white text reads better on `colour` than dark text (relative luminance below 0.3)."""
    lin = [(c / 255 / 12.92) if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2] < 0.3


def round_breaks(values: NDArray[np.float64], classes: int = 6) -> tuple[float, ...]:
    """Return at most `classes - 1` round inner breaks for `values` (NaN left out).

    An even step of 1, 2, 2.5 or 5 times a power of ten from the 2nd to the 98th percentile; values that
    spread over orders of magnitude (98th percentile beyond four medians) take 1-2-5 breaks. Coarse on
    purpose: a small change of the data leaves the breaks, and so the colours, where they were.
    """
    seen = values[np.isfinite(values)]
    if seen.size == 0:
        return ()
    low, mid, high = (float(v) for v in np.percentile(seen, (2, 50, 98)))
    if not high - low > 1e-300:  # equal, or too close for a step that a float can hold
        return ()
    if mid > 0 and high > 4 * mid:
        return _series(high, classes)
    step = nice_step((high - low) / (classes - 1))
    first = math.floor(low / step) + 1
    found = sorted({float(f"{(first + i) * step:.12g}") for i in range(classes - 1)})
    return tuple(b for b in found if b < high) or (float(f"{mid:.6g}"),)


def _series(high: float, classes: int) -> tuple[float, ...]:
    power = math.floor(math.log10(high))
    ladder = [m * 10.0**p for p in range(power - 6, power + 1) for m in (1, 2, 5)]
    return tuple(float(f"{b:.6g}") for b in [b for b in ladder if b < high][-(classes - 1) :])


def nice_step(raw: float) -> float:
    """Return the smallest of 1, 2, 2.5, 5 or 10 times a power of ten that is not below `raw`."""
    power = 10.0 ** math.floor(math.log10(raw))
    return next(float(f"{m * power:.6g}") for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round ticks that cover `low`..`high`, zero included when the span touches it."""
    if not high > low:
        high = low + 1.0
    step = nice_step((high - low) / wanted)
    a, b = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.10g}") for i in range(a, b + 1)]


def ramp(colours: Sequence[str], classes: int) -> list[str]:
    """Return `classes` of the colours, light to dark, spread over the whole ramp.

    >>> ramp(SERVICES, 2)
    ['#F3F7E3', '#123F66']
    """
    if classes <= 1:
        return [colours[len(colours) // 2]]
    return [colours[round(i * (len(colours) - 1) / (classes - 1))] for i in range(classes)]
