"""Habitat: how a threat fades with distance, what threats together degrade, what quality is left.

For the model and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the model, so that the worked examples test the very code that runs over the rasters.

References
----------
1. natcap/invest, model `habitat_quality`, release of 2026: decay of the distance to the nearest cell of a threat.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.vector_math import INLINE, exp, power

DECAYS = ("linear", "exponential")
TAIL = 2.99
"""Exponent at the greatest distance, where 5 % of a threat is left."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def decay_linear(distance, farthest):  # type: ignore[no-untyped-def]
    """Return i = 1 − d/dmax, 0 beyond dmax."""
    return 0.0 if distance > farthest else 1.0 - distance / farthest


@njit(**INLINE)  # type: ignore[untyped-decorator]
def decay_exponential(distance, farthest):  # type: ignore[no-untyped-def]
    """Return i = e^(−2.99·d/dmax), 0 beyond dmax."""
    near = farthest if distance > farthest else distance
    return 0.0 if distance > farthest else exp(-TAIL * near / farthest)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def decay(distance, farthest, form):  # type: ignore[no-untyped-def]
    """Return the share of a threat left at a distance; `form` is the place in `DECAYS`."""
    return decay_linear(distance, farthest) if form == 0 else decay_exponential(distance, farthest)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def raised(x, exponent):  # type: ignore[no-untyped-def]
    """Return x^exponent for x ≥ 0; 2.5, the exponent everyone takes, by a root and two products."""
    return x * x * math.sqrt(x) if exponent == 2.5 else power(x, exponent)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def quality(suitability, degradation, half_power, exponent):  # type: ignore[no-untyped-def]
    """Return Q = H·(1 − D^z/(D^z + k^z)); `half_power` is k^z."""
    d = raised(degradation, exponent)
    return suitability * (1.0 - d / (d + half_power))


# ---------------------------------------------------------------- by name, with plain numbers
def threat_decay(*, distance_m: float, max_distance_m: float, form: str = "linear") -> dict[str, float]:
    """Return the share of a threat left at a distance."""
    return {"impact": float(decay(float(distance_m), float(max_distance_m), DECAYS.index(form)))}


def degradation(
    *, impact: Sequence[float], weight: Sequence[float], sensitivity: Sequence[float], access: float = 1.0
) -> dict[str, float | list[float]]:
    """Return the normalised weights and the degradation of a cell from the impacts of all threats."""
    total = sum(weight)
    if not (len(impact) == len(weight) == len(sensitivity)) or total <= 0.0:
        raise ValueError("impact, weight and sensitivity need one number for each threat, and some weight")
    shares = [w / total for w in weight]
    return {"share": shares, "degradation": sum(w * i * s * access for w, i, s in zip(shares, impact, sensitivity, strict=True))}


_INVEST = Reference("natcap/invest, model habitat_quality, release of 2026", "V", "read in the source")

FORMULAS: tuple[Formula, ...] = (
    formula(
        "threat_decay",
        threat_decay,
        ("威胁随距离的衰减", "decay of a threat with distance"),
        (
            "到最近威胁像元的距离对应的影响：线性降到 0，或指数降到 5 %，最大影响距离以外为 0。",
            "What is left of a threat at the distance to its nearest cell: linearly down to 0 or exponentially down to 5 %,"
            " nothing beyond.",
        ),
        "i_linear = 1 − d/d_max\ni_exponential = e^(−2.99·d/d_max)",
        (
            takes("distance_m", "m", ("到最近威胁的距离", "distance to the nearest threat"), "d", least=0.0),
            takes("max_distance_m", "m", ("最大影响距离", "greatest distance"), "d_max", least=1e-9),
            takes("form", "", ("衰减形式", "form"), "", "linear", kind="text", choices=DECAYS),
        ),
        (gives("impact", "1", ("影响", "impact"), "i"),),
        (_INVEST,),
        (
            Example(
                {"distance_m": 300.0, "max_distance_m": 1000.0, "form": "exponential"},
                {"impact": 0.407791},
                "computed independently",
                2e-6,
            ),
            Example({"distance_m": 300.0, "max_distance_m": 1000.0}, {"impact": 0.7}, "linear", 1e-12),
            Example({"distance_m": 1000.5, "max_distance_m": 1000.0, "form": "exponential"}, {"impact": 0.0}, "beyond"),
        ),
        (
            "距离在像元中心之间量取，威胁像元自身为 0。最大距离处指数式仍留 5 %，再远为 0。",
            "Distances run between centres of cells; a cell of the threat has 0. At the greatest distance the exponential form"
            " still has 5 %, beyond it nothing.",
        ),
        (
            "与 InVEST 现行代码一致（到最近威胁的距离）；其 3.3 至 3.12 版用卷积，用户手册的公式对所有威胁像元求和，均不可比。",
            "As in InVEST's code today (distance to the nearest threat). Its releases 3.3 to 3.12 convolved, and the equation"
            " of its guide sums over all threat cells: neither compares.",
        ),
    ),
    formula(
        "habitat_degradation",
        degradation,
        ("生境退化度", "habitat degradation"),
        (
            "各威胁的影响乘以生态系统的敏感度，按归一化权重相加。",
            "Impacts of the threats times the sensitivity of the ecosystem, added up by normalised weights.",
        ),
        "v_r = w_r/Σ w_r\nD = Σ v_r·i_r·S_r·β",
        (
            takes("impact", "1", ("各威胁的影响", "impact of each threat"), "i_r", kind="list", least=0.0, most=1.0),
            takes("weight", "1", ("各威胁的权重", "weight of each threat"), "w_r", kind="list", least=0.0),
            takes("sensitivity", "1", ("对各威胁的敏感度", "sensitivity to each threat"), "S_r", kind="list", least=0.0, most=1.0),
            takes("access", "1", ("可达性", "accessibility"), "β", 1.0, least=0.0, most=1.0),
        ),
        (
            gives("share", "1", ("归一化权重", "normalised weights"), "v_r"),
            gives("degradation", "1", ("退化度", "degradation"), "D"),
        ),
        (_INVEST,),
        (
            Example(
                {"impact": [0.5, 1.0], "weight": [1.0, 3.0], "sensitivity": [0.8, 0.2]},
                {"share": [0.25, 0.75], "degradation": 0.25},
                "0.25·0.5·0.8 + 0.75·1·0.2",
                1e-12,
            ),
            Example({"impact": [0.0], "weight": [2.0], "sensitivity": [1.0]}, {"degradation": 0.0}, "no threat near"),
        ),
        ("权重只有相对意义；D 在 0 至 1 之间。", "Weights are relative; D lies in 0..1."),
    ),
)
