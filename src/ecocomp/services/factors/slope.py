"""Slope length and steepness L, S as factors of RUSLE and CSLE.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.9 to A.12.
2. natcap/invest source 54ff9ca, sediment delivery (LS from flow accumulation).
3. Desmet, P. J. J., Govers, G. (1996), J. Soil Water Conserv. 51:427-433.
4. Liu Baoyuan et al., CSLE; McCool et al. (1987) (as remembered).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.vector_math import INLINE, fma, power

RADIANS = math.pi / 180.0
LS_METHODS = ("CSLE", "HJ1173")


@njit(**INLINE)  # type: ignore[untyped-decorator]
def sine_of(degrees):  # type: ignore[no-untyped-def]
    """Return the sine of a slope angle of 0° to 90°, within 1e-13, by plain arithmetic that runs on several cells at once."""
    x = degrees * RADIANS
    z = x * x
    p = fma(1.0 / 355687428096000.0, z, -1.0 / 1307674368000.0)
    p = fma(p, z, 1.0 / 6227020800.0)
    p = fma(p, z, -1.0 / 39916800.0)
    p = fma(p, z, 1.0 / 362880.0)
    p = fma(p, z, -1.0 / 5040.0)
    p = fma(p, z, 1.0 / 120.0)
    p = fma(p, z, -1.0 / 6.0)
    return fma(p * z, x, x)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def steepness_csle(degrees):  # type: ignore[no-untyped-def]
    """Return S of CSLE (McCool below 10°, Liu Baoyuan above)."""
    sine = sine_of(degrees)
    steep = 16.8 * sine - 0.5 if degrees < 10.0 else 21.91 * sine - 0.96
    return 10.8 * sine + 0.03 if degrees < 5.0 else steep


@njit(**INLINE)  # type: ignore[untyped-decorator]
def steepness_hj1173(degrees):  # type: ignore[no-untyped-def]
    """Return S of HJ 1173-2021 (A.12): four pieces, 9.5988 above 28.81°."""
    sine = sine_of(degrees)
    steep = 9.5988 if degrees > 28.81 else 21.9 * sine - 0.96
    steep = 16.8 * sine - 0.5 if degrees < 10.20 else steep
    return 10.8 * sine + 0.03 if degrees < 5.14 else steep


@njit(**INLINE)  # type: ignore[untyped-decorator]
def length_exponent_csle(degrees):  # type: ignore[no-untyped-def]
    """Return m of CSLE: 0.2 up to 1°, 0.3 up to 3°, 0.4 up to 5°, 0.5 above."""
    m = 0.4 if degrees <= 5.0 else 0.5
    m = 0.3 if degrees <= 3.0 else m
    return 0.2 if degrees <= 1.0 else m


@njit(**INLINE)  # type: ignore[untyped-decorator]
def length_exponent_hj1173(degrees):  # type: ignore[no-untyped-def]
    """Return m = β/(1 + β) of HJ 1173-2021 (A.10, A.11)."""
    sine = sine_of(degrees)
    beta = (sine / 0.089) / (3.0 * power(sine, 0.8) + 0.56)
    return beta / (1.0 + beta)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def slope_length_factor(length_m, exponent):  # type: ignore[no-untyped-def]
    """Return L = (λ/22.13)^m; λ slope length [m]."""
    return power(length_m / 22.13, exponent)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def ls_csle(degrees, length_m):  # type: ignore[no-untyped-def]
    """Return L·S of CSLE; slope in degrees, slope length in metres."""
    found = slope_length_factor(length_m, length_exponent_csle(degrees)) * steepness_csle(degrees)
    return found if (degrees == degrees) & (length_m == length_m) else np.nan


@njit(**INLINE)  # type: ignore[untyped-decorator]
def ls_hj1173(degrees, length_m):  # type: ignore[no-untyped-def]
    """Return L·S of HJ 1173-2021; slope in degrees, slope length in metres."""
    found = slope_length_factor(length_m, length_exponent_hj1173(degrees)) * steepness_hj1173(degrees)
    return found if (degrees == degrees) & (length_m == length_m) else np.nan


@njit(**INLINE)  # type: ignore[untyped-decorator]
def ls_factor(degrees, length_m, method):  # type: ignore[no-untyped-def]
    """Return L·S; `method` is the place in `LS_METHODS`; slope in degrees, slope length in metres."""
    return ls_csle(degrees, length_m) if method == 0 else ls_hj1173(degrees, length_m)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def _sine_of_rise(rise):  # type: ignore[no-untyped-def]
    """Return sin(atan t) of a rise over run t."""
    return rise / math.sqrt(1.0 + rise * rise)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def length_exponent_invest(slope_percent):  # type: ignore[no-untyped-def]
    """Return m of InVEST by slope [%]: 0.2 up to 1, 0.3 up to 3.5, 0.4 up to 5, 0.5 up to 9, β/(1 + β) above."""
    sine = _sine_of_rise(0.01 * slope_percent)
    beta = (sine / 0.0896) / (3.0 * power(sine, 0.8) + 0.56)
    m = 0.5 if slope_percent <= 9.0 else beta / (1.0 + beta)
    m = 0.4 if slope_percent <= 5.0 else m
    m = 0.3 if slope_percent <= 3.5 else m
    return 0.2 if slope_percent <= 1.0 else m


@njit(**INLINE)  # type: ignore[untyped-decorator]
def steepness_invest(slope_percent):  # type: ignore[no-untyped-def]
    """Return S of InVEST: two pieces that meet at 9 %."""
    sine = _sine_of_rise(0.01 * slope_percent)
    return 10.8 * sine + 0.03 if slope_percent < 9.0 else 16.8 * sine - 0.5


@njit(**INLINE)  # type: ignore[untyped-decorator]
def length_factor_invest(slope_percent, flow_cells, cell_m, l_max):  # type: ignore[no-untyped-def]
    """Return L of InVEST from the cells that drain through, itself included; held at `l_max`.

    As in its code the upslope quantity is a length, √((FA − 1)·D²), that is added to an area, and the width is that of the
    slope angle: |sin| + |cos| of atan t is (1 + t)/√(1 + t²). With the area D² taken out of both sides of the difference,
    L = (D/(22.13·x))^m·[(u + 1)^(m+1) − u^(m+1)], u = √(FA − 1)/D.
    """
    m, rise = length_exponent_invest(slope_percent), 0.01 * slope_percent
    width = (1.0 + rise) / math.sqrt(1.0 + rise * rise)
    above = math.sqrt(flow_cells - 1.0) / cell_m
    length = power(cell_m / (22.13 * width), m) * (power(above + 1.0, m + 1.0) - power(above, m + 1.0))
    return l_max if length > l_max else length


@njit(**INLINE)  # type: ignore[untyped-decorator]
def ls_invest(slope_percent, flow_cells, cell_m, l_max):  # type: ignore[no-untyped-def]
    """Return L·S of InVEST; NaN where slope or flow accumulation is not known."""
    found = length_factor_invest(slope_percent, flow_cells, cell_m, l_max) * steepness_invest(slope_percent)
    return found if (slope_percent == slope_percent) & (flow_cells == flow_cells) else np.nan


# ---------------------------------------------------------------- by name, with plain numbers
def csle(*, slope_deg: float, length_m: float) -> dict[str, float]:
    """Return m, L, S and LS of CSLE."""
    m = float(length_exponent_csle(slope_deg))
    long, steep = float(slope_length_factor(length_m, m)), float(steepness_csle(slope_deg))
    return {"m": m, "l": long, "s": steep, "ls": float(ls_factor(slope_deg, length_m, 0))}


def hj1173(*, slope_deg: float, length_m: float) -> dict[str, float]:
    """Return m, L, S and LS of HJ 1173-2021."""
    m = float(length_exponent_hj1173(slope_deg))
    long, steep = float(slope_length_factor(length_m, m)), float(steepness_hj1173(slope_deg))
    return {"beta": m / (1.0 - m), "m": m, "l": long, "s": steep, "ls": float(ls_factor(slope_deg, length_m, 1))}


def invest(*, slope_percent: float, flow_cells: float, cell_m: float, l_max: float = 122.0) -> dict[str, float]:
    """Return m, L, S and LS as the code of InVEST's sediment model has them."""
    long = float(length_factor_invest(slope_percent, flow_cells, cell_m, l_max))
    return {
        "angle": math.atan(0.01 * slope_percent),
        "up": math.sqrt((flow_cells - 1.0) * cell_m * cell_m),
        "m": float(length_exponent_invest(slope_percent)),
        "l": long,
        "s": float(steepness_invest(slope_percent)),
        "ls": float(ls_invest(slope_percent, flow_cells, cell_m, l_max)),
    }


_SLOPE = takes("slope_deg", "°", ("坡度", "slope angle"), "θ", least=0.0, most=90.0)
_LENGTH = takes("length_m", "m", ("坡长（水平投影）", "slope length, horizontal"), "λ", least=0.0)
_LS_OUT = (
    gives("m", "1", ("坡长指数", "exponent of slope length"), "m"),
    gives("l", "1", ("坡长因子", "slope length factor"), "L"),
    gives("s", "1", ("坡度因子", "slope steepness factor"), "S"),
    gives("ls", "1", ("坡长坡度因子", "slope length and steepness factor"), "LS"),
)
_LS_DIFFERS = (
    "各写法相差 0.5–2 倍，结果须与写法一并报告；HJ 1173 与 CSLE、InVEST 的分段点和上限都不同。",
    "Forms differ by 0.5 to 2 times, so the form is reported with the result; HJ 1173, CSLE and InVEST break at other slopes and"
    " differ in caps.",
)
FORMULAS: tuple[Formula, ...] = (
    formula(
        "ls_csle",
        csle,
        ("坡长坡度因子（CSLE）", "slope length and steepness (CSLE)"),
        ("刘宝元的坡度式（10° 以上）与 McCool 的缓坡式。", "Steepness of Liu Baoyuan from 10° on and of McCool below."),
        "m = 0.2 (θ ≤ 1), 0.3 (θ ≤ 3), 0.4 (θ ≤ 5), 0.5 (θ > 5)\nL = (λ/22.13)^m\nS = 10.8·sin θ + 0.03 (θ < 5), 16.8·sin θ −"
        " 0.5 (5 ≤ θ < 10), 21.91·sin θ − 0.96 (θ ≥ 10)\nLS = L·S",
        (_SLOPE, _LENGTH),
        _LS_OUT,
        (Reference("CSLE, Liu Baoyuan et al.; McCool et al. (1987)", "R"),),
        (
            Example(
                {"slope_deg": 8.0, "length_m": 100.0},
                {"m": 0.5, "l": 2.12574, "s": 1.83811},
                "computed independently",
            ),
            Example(
                {"slope_deg": 20.0, "length_m": 22.13},
                {"l": 1.0, "s": 6.53366, "ls": 6.53366},
                "worked example 12; unit plot length",
            ),
            Example({"slope_deg": 3.0, "length_m": 22.13}, {"m": 0.3, "s": 0.59523}, "worked example 12"),
        ),
        (
            "m：θ≤1° 0.2，≤3° 0.3，≤5° 0.4，其上 0.5。坡长一般不超过 300 m。",
            "m is 0.2 up to 1°, 0.3 up to 3°, 0.4 up to 5°, 0.5 above. Slopes are rarely longer than 300 m.",
        ),
        _LS_DIFFERS,
    ),
    formula(
        "ls_hj1173",
        hj1173,
        ("坡长坡度因子（HJ 1173）", "slope length and steepness (HJ 1173)"),
        ("国家标准的四段坡度式，28.81° 以上取 9.5988。", "The national standard's four pieces, 9.5988 above 28.81°."),
        "β = (sin θ/0.089)/(3·sin^0.8 θ + 0.56)\nm = β/(1 + β)\nL = (λ/22.13)^m\n"
        "S = 10.8·sin θ + 0.03 (θ < 5.14), 16.8·sin θ − 0.5 (5.14 ≤ θ < 10.20), 21.9·sin θ − 0.96 (10.20 ≤ θ ≤ 28.81), 9.5988 (θ"
        " > 28.81)\n"
        "LS = L·S",
        (_SLOPE, _LENGTH),
        (gives("beta", "1", ("细沟与细沟间侵蚀之比", "rill against interrill erosion"), "β"), *_LS_OUT),
        (Reference("HJ 1173-2021, appendix A.9-A.12", "V", "21.9 as printed; the cap equals 21.91·sin 28.81° − 0.96"),),
        (
            Example(
                {"slope_deg": 8.0, "length_m": 100.0},
                {"m": 0.57006, "l": 2.36264, "s": 1.83811},
                "computed independently",
            ),
            Example({"slope_deg": 35.0, "length_m": 22.13}, {"s": 9.5988, "ls": 9.5988}, "the cap"),
            Example({"slope_deg": 20.0, "length_m": 22.13}, {"s": 6.53024}, "computed independently"),
        ),
        (
            "m = β/(1 + β)，β = (sin θ/0.089)/(3·sin^0.8 θ + 0.56)。S 在分段点向上跳。",
            "m = β/(1 + β) with β = (sin θ/0.089)/(3·sin^0.8 θ + 0.56). S jumps up at the breaks.",
        ),
        _LS_DIFFERS,
    ),
    formula(
        "ls_invest",
        invest,
        ("坡长坡度因子（InVEST）", "slope length and steepness (InVEST)"),
        (
            "InVEST 泥沙模型源码的写法：坡长由汇流累积量而来。",
            "As the source of InVEST's sediment model has it: length from flow accumulation.",
        ),
        "α = atan(g/100)\nup = √((FA − 1)·D²)\n"
        "L = min([(up + D²)^(m+1) − up^(m+1)]/[D^(m+2)·(sin α + cos α)^m·22.13^m], L_max)\n"
        "S = 10.8·sin α + 0.03 (g < 9), 16.8·sin α − 0.5 (g ≥ 9)\nLS = L·S",
        (
            takes("slope_percent", "%", ("坡度", "slope"), "g", least=0.0),
            takes("flow_cells", "1", ("汇流像元数，含本像元", "cells that drain through, itself included"), "FA", least=1.0),
            takes("cell_m", "m", ("像元边长", "side of a cell"), "D", least=1e-6),
            takes("l_max", "1", ("L 的上限", "upper limit of L"), "L_max", 122.0, least=0.0),
        ),
        (
            gives("angle", "rad", ("坡度角", "slope angle"), "α"),
            gives("up", "m", ("上坡量", "upslope quantity"), "up"),
            *_LS_OUT,
        ),
        (
            Reference("natcap/invest, sdr.py at commit 54ff9ca (2026-08-20)", "V"),
            Reference("Desmet & Govers (1996), J. Soil Water Conserv. 51:427-433", "R", "the equation it goes back to"),
        ),
        (
            Example(
                {"slope_percent": 20.0, "flow_cells": 10.0, "cell_m": 30.0},
                {"m": 0.61418, "l": 1.24573, "s": 2.79475, "ls": 3.48151},
                "computed independently",
            ),
            Example(
                {"slope_percent": 20.0, "flow_cells": 10.0, "cell_m": 30.0, "l_max": 1.0},
                {"l": 1.0, "ls": 2.79475},
                "held at the limit",
            ),
        ),
        (
            "up 是长度而 D² 是面积，量纲不齐，只为与 InVEST 对照而保留；m：g≤1 0.2，≤3.5 0.3，≤5 0.4，≤9 0.5，其上 β/(1 + β)。",
            "up is a length and D² an area, so it is not dimensionally clean; kept to compare with InVEST. m is 0.2 up to 1 %,"
            " 0.3 to 3.5, 0.4 to 5, 0.5 to 9, β/(1 + β) above.",
        ),
        (
            "与 InVEST 源码一致；指南称坡长以 122 m 为限，源码限的是 L 因子。",
            "Equal to the code of InVEST; its guide speaks of limiting the length at 122 m, the code limits the factor L.",
        ),
    ),
)
