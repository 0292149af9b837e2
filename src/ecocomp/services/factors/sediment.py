"""How well a place is connected to the streams, and the share of eroded soil that reaches them.

For sediment delivery. The index of connectivity weighs what drains to a cell from above against the path from it down to
the nearest stream; the delivery ratio is a sigmoid of it.

References
----------
1. Borselli, L., Cassi, P., Torri, D. (2008), Catena 75:268-277. doi:10.1016/j.catena.2008.07.006
2. Cavalli, M. et al. (2013), Geomorphology 188:31-41 (clamped slope). doi:10.1016/j.geomorph.2012.05.007
3. Vigiak, O. et al. (2012), Geomorphology 138:74-88 (sigmoid). doi:10.1016/j.geomorph.2011.08.026
4. natcap/invest source 54ff9ca, sediment delivery.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.vector_math import INLINE, exp


@njit(**INLINE)  # type: ignore[untyped-decorator]
def delivery_ratio(index, ic0, k, sdr_max):  # type: ignore[no-untyped-def]
    """Return SDR = SDR_max/(1 + exp((IC_0 − IC)/k)); `index` is IC."""
    return sdr_max / (1.0 + exp((ic0 - index) / k))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def held(value, least, most):  # type: ignore[no-untyped-def]
    """Return a value held between two ends; NaN stays NaN."""
    v = least if value < least else value
    return most if v > most else v


@njit(**INLINE)  # type: ignore[untyped-decorator]
def upslope_component(mean_w, mean_s, area_m2):  # type: ignore[no-untyped-def]
    """Return D_up = mean W · mean S · √A over all that drains to a cell, itself included."""
    return mean_w * mean_s * math.sqrt(area_m2)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def connectivity(d_up, d_dn):  # type: ignore[no-untyped-def]
    """Return IC = log10(D_up/D_dn); +∞ on a stream, where D_dn is 0."""
    return np.log10(d_up / d_dn)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def trapping_share(sdr, sdr_below):  # type: ignore[no-untyped-def]
    """Return the share of passing sediment that stays on a cell, (SDR_dn − SDR)/(1 − SDR), 0 where delivery falls downhill."""
    if sdr >= 1.0:
        return 1.0
    below = sdr if sdr_below < sdr else sdr_below
    return (below - sdr) / (1.0 - sdr)


# ---------------------------------------------------------------- by name, with plain numbers
def index(*, mean_w: float, mean_s: float, area_m2: float, d_dn: float) -> dict[str, float]:
    """Return D_up and IC; `ValueError` where D_up or D_dn is not above 0: on a stream (D_dn 0) there is no index."""
    given = {"W_m": mean_w, "S_m": mean_s, "A": area_m2, "D_dn": d_dn}
    wrong = ", ".join(f"{name} = {value:g}" for name, value in given.items() if not value > 0.0)
    if wrong:
        raise ValueError(
            f"{wrong}: each must be above 0; a cell on a stream (D_dn = 0) has no index"
            f" / {wrong}：均须大于 0；河道上（D_dn = 0）没有指数"
        )
    d_up = float(upslope_component(mean_w, mean_s, area_m2))
    return {"d_up": d_up, "index": float(connectivity(d_up, d_dn))}


def ratio(*, index: float, ic0: float = 0.5, k: float = 2.0, sdr_max: float = 0.8) -> dict[str, float]:
    """Return SDR."""
    return {"sdr": float(delivery_ratio(index, ic0, k, sdr_max))}


def trapping(*, sdr: float, sdr_below: float, arriving_t: float) -> dict[str, float]:
    """Return the share that stays and what is trapped [t]."""
    share = float(trapping_share(sdr, sdr_below))
    return {"share": share, "trapped_t": share * arriving_t}


_INVEST = Reference("natcap/invest, sdr.py and sediment_deposition.h at commit 54ff9ca (2026-08-20)", "V")
IC = takes("index", "1", ("连通性指数", "index of connectivity"), "IC")
IC0 = takes("ic0", "1", ("连通性参数 IC0", "parameter IC0"), "IC_0", 0.5)
K_IC = takes("k", "1", ("连通性参数 k", "parameter k"), "k", 2.0, least=1e-6)
SDR_MAX = takes("sdr_max", "1", ("最大输移比", "greatest delivery ratio"), "SDR_max", 0.8, least=0.0, most=1.0)
SDR = gives("sdr", "1", ("泥沙输移比", "sediment delivery ratio"), "SDR")

FORMULAS: tuple[Formula, ...] = (
    formula(
        "connectivity_index", index, ("连通性指数", "index of connectivity"),
        ("上坡产沙条件与到河道路径阻力之比的对数。",
         "Logarithm of what comes from above against the resistance of the path to the stream."),
        "D_up = W_m·S_m·√A\nIC = log10(D_up/D_dn)",
        (takes("mean_w", "1", ("上坡 W（C 因子）均值", "mean W (cover factor) upslope"), "W_m", least=0.0, most=1.0),
         takes("mean_s", "m/m", ("上坡坡度均值", "mean slope upslope"), "S_m", least=0.0),
         takes("area_m2", "m²", ("上坡面积，含本像元", "area upslope, the cell included"), "A", least=0.0),
         takes("d_dn", "m", ("到河道的加权路径 Σ d/(W·S)", "weighted path to the stream, Σ d/(W·S)"), "D_dn", least=0.0)),
        (gives("d_up", "m", ("上坡分量", "upslope component"), "D_up"), gives("index", "1", ("连通性指数",
         "index of connectivity"), "IC")),
        (Reference("Borselli et al. (2008), doi:10.1016/j.catena.2008.07.006", "R"), _INVEST),
        (Example({"mean_w": 0.1, "mean_s": 0.2, "area_m2": 10000.0, "d_dn": 200.0}, {"d_up": 2.0, "index": -2.0}, "lg(2/200)"),
         Example({"mean_w": 0.001, "mean_s": 0.005, "area_m2": 900.0, "d_dn": 6_000_000.0}, {"d_up": 0.00015, "index": -10.60206},
                 "the flattest, best covered cell of 30 m, one step of 30 m from a stream")),
        ("图层中 S 限于 0.005–1，W 不小于 0.001；河道上 D_dn = 0，IC 为无穷大。这里 W、S、A、D_dn 均须大于 0。",
         "In layers S is held within 0.005 and 1, W not below 0.001, and on a stream D_dn = 0 and IC is infinite. Here W, S, A"
         " and D_dn must all be above 0."),
        ("InVEST 源码的 D_dn 按像元步数累加下一像元的 1/(W·S)，不乘步长，因而与此式相差约 lg(像元边长)。",
         "The code of InVEST adds 1/(W·S) of the next cell at each step without its length, so its IC differs by about the"
         " logarithm of the"
         " side of a cell."),
    ),
    formula(
        "sediment_delivery_ratio", ratio, ("泥沙输移比", "sediment delivery ratio"),
        ("随连通性上升的 S 形曲线。", "A sigmoid that rises with connectivity."),
        "SDR = SDR_max/(1 + exp((IC_0 − IC)/k))",
        (IC, IC0, K_IC, SDR_MAX), (SDR,),
        (_INVEST, Reference(
         "Vigiak et al. (2012), doi:10.1016/j.geomorph.2011.08.026", "R", "IC0 0.5, k 2, SDR_max 0.8 are customary")),
        (Example({"index": 0.5}, {"sdr": 0.4}, "half of the greatest at IC = IC0"),
         Example({"index": -3.5}, {"sdr": 0.095362}, "0.8/(1 + e²)")),
        ("IC0、k、SDR_max 是习用值，应以实测输沙校准。",
         "IC0, k and SDR_max are customary; calibrate them with measured sediment."),
        ("同 InVEST；指南中 SDR 在河道上不适用，源码取 1 只为计算沉积。",
         "As InVEST; on streams the ratio does not apply, and its code sets 1 there for deposition only."),
    ),
    formula(
        "sediment_trapping", trapping, ("途中拦截", "trapping on the way"),
        ("下坡输移比升高时，过路泥沙按此份额留下。", "Where delivery rises downhill, this share of passing sediment stays."),
        "dt = (SDR_dn − SDR)/(1 − SDR)\nT = dt·F_in",
        (takes("sdr", "1", ("本像元输移比", "delivery ratio here"), "SDR", least=0.0, most=1.0),
         takes("sdr_below", "1", ("下坡像元输移比均值", "mean delivery ratio of the cells below"), "SDR_dn", least=0.0, most=1.0),
         takes("arriving_t", "t/a", ("上坡来沙", "sediment that arrives from above"), "F_in", least=0.0)),
        (gives("share", "1", ("拦截份额", "share trapped"), "dt"), gives("trapped_t", "t/a", ("拦截量", "trapped"), "T")),
        (_INVEST,),
        (Example({"sdr": 0.2, "sdr_below": 0.6, "arriving_t": 10.0}, {"share": 0.5, "trapped_t": 5.0}, "(0.6 − 0.2)/0.8"),
         Example({"sdr": 0.3, "sdr_below": 0.1, "arriving_t": 10.0}, {"share": 0.0, "trapped_t": 0.0}, "delivery falls downhill")),
    ),
)  # fmt: skip
