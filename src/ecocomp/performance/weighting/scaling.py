"""Indicators made comparable, and weights taken from the data: min–max, entropy, CRITIC, both together.

For evaluators. A matrix has one row for each object judged and one column for each indicator. Fixed reference bounds (of a
policy, say) must be used where years are compared: bounds of the sample move with the sample.

References
----------
1. Shannon, C. E. (1948); Diakoulaki, D. et al. (1995), Computers & Operations Research 22:763-770 (CRITIC).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes

Floats = NDArray[np.float64]
SHANNON = Reference(
    "Shannon (1948), A mathematical theory of communication", "R", "entropy weights as used in Chinese evaluation practice"
)
CRITIC = Reference("Diakoulaki et al. (1995), Computers & Operations Research 22:763-770", "R", "CRITIC")
SHEET = Reference("computed independently for this project", "C")
_X = takes("matrix", "", ("对象 × 指标的矩阵", "matrix of objects × indicators"), kind="matrix")
_SIGNS = takes(
    "directions",
    "±1",
    ("各指标方向：1 越大越好，−1 越小越好；不写则都为 1", "direction of each indicator: 1 more is better, −1 less is better"),
    default=[],
    least=-1,
    most=1,
    kind="list",
)
_W = gives("weights", "1", ("权重，和为 1", "weights, adding up to 1"), "w")
CASE = {"matrix": [[0.8, 30, 200], [0.6, 50, 150], [0.9, 20, 300], [0.4, 60, 100]], "directions": [1, 1, -1]}


def table(matrix: Sequence[Sequence[float]], least_rows: int = 2) -> Floats:
    """Return the matrix as an array; refuses rows of different length and too few rows."""
    widths = {len(row) for row in matrix}
    if len(widths) != 1 or len(matrix) < least_rows:
        raise ValueError(f"at least {least_rows} rows of equal length are needed / 至少 {least_rows} 行且各行等长")
    return np.array(matrix, np.float64)


def scaled(x: Floats, directions: Sequence[float], low: Sequence[float] = (), high: Sequence[float] = ()) -> Floats:
    """Return every column scaled to 0..1 between its bounds, turned round where less is better."""
    least = np.array(low, np.float64) if len(low) else x.min(axis=0)
    most = np.array(high, np.float64) if len(high) else x.max(axis=0)
    signs = np.array(directions, np.float64) if len(directions) else np.ones(x.shape[1])
    if not len(least) == len(most) == len(signs) == x.shape[1]:
        raise ValueError("one bound and one direction for each indicator / 每个指标各一个界限和方向")
    if not np.all(np.isin(signs, (-1.0, 1.0))):
        raise ValueError("a direction is 1 or −1 / 方向只能是 1 或 −1")
    if np.any(most <= least):
        raise ValueError("an indicator that does not vary cannot be scaled / 没有差异的指标无法标准化")
    share = np.clip((x - least) / (most - least), 0.0, 1.0)
    return np.where(signs > 0, share, 1.0 - share)


def min_max(*, value: float, least: float, most: float, direction: float = 1.0) -> dict[str, float]:
    """Return the value scaled to 0..1 between fixed bounds."""
    return {"scaled": float(scaled(np.array([[value]]), [direction], [least], [most])[0, 0])}


def entropy_weights(*, matrix: Sequence[Sequence[float]], directions: Sequence[float] = ()) -> dict[str, list[float]]:
    """Return entropies and entropy weights of the columns; 0·ln 0 is 0."""
    x = table(matrix)
    varies = x.max(axis=0) > x.min(axis=0)
    if not varies.any():
        raise ValueError("no indicator varies / 各指标都没有差异")
    # What is the same everywhere tells nothing: its entropy is 1 and its weight 0.
    e = np.ones(x.shape[1])
    signs = [d for d, v in zip(directions, varies, strict=True) if v] if len(directions) else []
    y = scaled(x[:, varies], signs)
    p = y / y.sum(axis=0)
    logs = np.log(np.where(p > 0, p, 1.0))
    e[varies] = -(p * logs).sum(axis=0) / np.log(len(y))
    return {"entropy": e.tolist(), "weights": ((1 - e) / (1 - e).sum()).tolist()}


def critic_weights(*, matrix: Sequence[Sequence[float]], directions: Sequence[float] = ()) -> dict[str, list[float]]:
    """Return contrast × conflict of the columns and the weights; σ with n − 1."""
    y = scaled(table(matrix, 3), directions)
    sigma = y.std(axis=0, ddof=1)
    r = np.corrcoef(y, rowvar=False).reshape(y.shape[1], y.shape[1])
    c = sigma * (1.0 - r).sum(axis=1)
    if c.sum() <= 0:
        raise ValueError("the indicators are copies of each other / 各指标完全相关")
    return {"information": c.tolist(), "weights": (c / c.sum()).tolist()}


def combined_weights(*, first: Sequence[float], second: Sequence[float], way: str = "product") -> dict[str, list[float]]:
    """Return w₁·w₂/Σ or the mean of two sets of weights."""
    a, b = np.array(first, np.float64), np.array(second, np.float64)
    if a.shape != b.shape or not len(a):
        raise ValueError("two sets of equal length are needed / 两组权重须等长")
    if a.sum() <= 0 or b.sum() <= 0 or (way == "product" and (a * b).sum() <= 0):
        raise ValueError("the weights leave nothing / 权重合成后全为零")
    w = a * b if way == "product" else (a / a.sum() + b / b.sum()) / 2
    return {"weights": (w / w.sum()).tolist()}


FORMULAS: tuple[Formula, ...] = (
    formula(
        "min_max",
        min_max,
        ("极差标准化", "min–max scaling"),
        ("把一个指标按固定上下界变到 0–1。", "An indicator brought to 0..1 between fixed bounds."),
        "y = (x − x_min) / (x_max − x_min)   (direction −1: 1 − y)",
        (
            takes("value", "", ("指标值", "value"), "x"),
            takes("least", "", ("下界（政策值，不取样本极值）", "lower bound (of the policy, not of the sample)"), "x_min"),
            takes("most", "", ("上界", "upper bound"), "x_max"),
            takes(
                "direction", "±1", ("1 越大越好，−1 越小越好", "1 more is better, −1 less is better"), default=1.0, least=-1, most=1
            ),
        ),
        (gives("scaled", "1", ("标准化值", "scaled value"), "y"),),
        (SHEET,),
        (
            Example({"value": 30.0, "least": 20.0, "most": 60.0}, {"scaled": 0.25}, "arithmetic"),
            Example({"value": 30.0, "least": 20.0, "most": 60.0, "direction": -1.0}, {"scaled": 0.75}, "arithmetic"),
        ),
        (
            "越界的值取 0 或 1。比较年份时界限必须固定。",
            "Values beyond the bounds become 0 or 1. Bounds must be fixed where years are compared.",
        ),
    ),
    formula(
        "entropy_weights",
        entropy_weights,
        ("熵权法", "entropy weights"),
        ("差异越大的指标权重越大。", "Indicators that differ more between objects weigh more."),
        "p_ij = y_ij / Σ_i y_ij\ne = −(1/ln n)·Σ_i p_ij·ln p_ij\nw = (1 − e_j) / Σ_j (1 − e_j)",
        (_X, _SIGNS),
        (gives("entropy", "1", ("信息熵", "entropy"), "e"), _W),
        (SHANNON, SHEET),
        (
            Example(
                CASE,
                {"entropy": [0.747459, 0.702820, 0.765247], "weights": [0.321923, 0.378827, 0.299249]},
                "computed independently",
            ),
            Example({"matrix": [[0, 0], [1, 1]]}, {"weights": [0.5, 0.5]}, "two indicators alike"),
        ),
        ("权重随样本变化，跨年比较应固定。", "Weights move with the sample; fix them where years are compared."),
    ),
    formula(
        "critic_weights",
        critic_weights,
        ("CRITIC 权重", "CRITIC weights"),
        ("差异大、与其他指标不重复的指标权重大。", "Indicators that differ much and repeat little of the others weigh more."),
        "C_j = σ_j·Σ_k (1 − r_jk)\nw = C_j / Σ_j C_j",
        (_X, _SIGNS),
        (gives("information", "1", ("信息量", "information"), "C_j"), _W),
        (CRITIC,),
        (
            Example(
                {"matrix": [[0, 0], [1, 1], [0.5, 0.5]], "directions": [1, -1]}, {"weights": [0.5, 0.5]}, "two indicators opposed"
            ),
            Example(
                {"matrix": [[0, 0, 0], [1, 1, 0.5], [0.5, 0.5, 1]]},
                {"weights": [0.25, 0.25, 0.5]},
                "two copies share what one has: σ equal, r₁₂ = 1, r₁₃ = r₂₃ = 0.5, so C = 0.5σ, 0.5σ, 1σ",
            ),
        ),
    ),
    formula(
        "combined_weights",
        combined_weights,
        ("组合权重", "combined weights"),
        ("把两组权重合成一组。", "Two sets of weights made into one."),
        "w = w1·w2 / Σ w1·w2   (mean: (w1 + w2) / 2)",
        (
            takes("first", "1", ("第一组", "first set"), "w1", least=0, kind="list"),
            takes("second", "1", ("第二组", "second set"), "w2", least=0, kind="list"),
            takes(
                "way",
                "",
                ("product 相乘归一，或 mean 平均", "product, or mean"),
                default="product",
                kind="text",
                choices=("product", "mean"),
            ),
        ),
        (_W,),
        (SHEET,),
        (
            Example({"first": [0.5, 0.5], "second": [0.8, 0.2]}, {"weights": [0.8, 0.2]}, "arithmetic"),
            Example({"first": [0.5, 0.5], "second": [0.8, 0.2], "way": "mean"}, {"weights": [0.65, 0.35]}, "arithmetic"),
        ),
    ),
)
