"""Weights from judgement, ranking and coupling: AHP, TOPSIS, coupling coordination, obstacle degree.

References
----------
1. Saaty, T. L. (1980), The Analytic Hierarchy Process; random index for n = 1 to 10.
2. Hwang, C. L., Yoon, K. (1981), TOPSIS.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
SAATY = Reference("Saaty (1980), The Analytic Hierarchy Process", "v", "random index as in several public codes")
SHEET = Reference("computed independently for this project", "C")
SLACK = 1e-6
PRINTED = 0.03
"""How far a printed reciprocal may be from its pair: 3·0.33, 7·0.14."""


def ahp(*, matrix: Sequence[Sequence[float]]) -> dict[str, object]:
    """Return the principal eigenvector of a matrix of comparisons, its greatest eigenvalue, CI and CR."""
    n = len(matrix)
    if not 1 <= n <= len(RANDOM_INDEX) or any(len(row) != n for row in matrix):
        raise ValueError(f"a square matrix of 1 to {len(RANDOM_INDEX)} rows is needed / 需要 1–{len(RANDOM_INDEX)} 阶方阵")
    a = np.array(matrix, np.float64)
    if np.any(a <= 0) or np.any(np.abs(a * a.T - 1.0) > PRINTED):
        raise ValueError("comparisons must be positive and reciprocal, a_ij·a_ji = 1 / 判断矩阵须为正且互反")
    # Reciprocals are printed rounded (0.33, 0.14); the greater of each pair is taken as meant, the lesser follows from it.
    a = np.where(a >= a.T, a, 1.0 / a.T)
    np.fill_diagonal(a, 1.0)
    values, vectors = np.linalg.eig(a)
    k = int(np.argmax(values.real))
    w = np.abs(vectors[:, k].real)
    greatest = float(values[k].real)
    ci = (greatest - n) / (n - 1) if n > 1 else 0.0
    cr = ci / RANDOM_INDEX[n - 1] if n > 2 else 0.0
    return {
        "weights": (w / w.sum()).tolist(),
        "order": n,
        "random_index": RANDOM_INDEX[n - 1],
        "greatest": greatest,
        "consistency_index": ci,
        "consistency_ratio": cr,
        "consistent": bool(cr < 0.10),
    }


def topsis(*, matrix: Sequence[Sequence[float]], weights: Sequence[float], directions: Sequence[float] = ()) -> dict[str, object]:
    """Return how near each object is to the best (0..1), by vector norm."""
    x = np.array([list(map(float, row)) for row in matrix], np.float64) if len({len(r) for r in matrix}) == 1 else np.zeros((0, 0))
    w = np.array(weights, np.float64)
    signs = np.array(directions, np.float64) if len(directions) else np.ones(x.shape[1] if x.size else 0)
    if not x.size or len(w) != x.shape[1] or len(signs) != x.shape[1] or w.sum() <= 0:
        raise ValueError("rows of equal length, one weight and one direction for each indicator / 各行等长，每个指标一个权重和方向")
    if not np.all(np.isin(signs, (-1.0, 1.0))):
        raise ValueError("a direction is 1 or −1 / 方向只能是 1 或 −1")
    norm = np.sqrt((x**2).sum(axis=0))
    if np.any(norm == 0):
        raise ValueError("an indicator is 0 everywhere / 有指标全为 0")
    v = x / norm * (w / w.sum())
    best = np.where(signs > 0, v.max(axis=0), v.min(axis=0))
    worst = np.where(signs > 0, v.min(axis=0), v.max(axis=0))
    near, far = np.sqrt(((v - best) ** 2).sum(axis=1)), np.sqrt(((v - worst) ** 2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        closeness = np.where(near + far > 0, far / (near + far), 1.0)
    rank = np.array([1 + int(np.sum(np.round(closeness, 9) > round(float(c), 9))) for c in closeness])
    return {"closeness": closeness.tolist(), "rank": rank.tolist()}


COUPLING = (("serious", 0.2), ("slight", 0.4), ("barely", 0.6), ("good", 0.8), ("excellent", 1.0))
COUPLING_WORDS = {"serious": "严重失调", "slight": "轻度失调", "barely": "勉强协调", "good": "良好协调", "excellent": "优质协调"}


def coupling_coordination(*, systems: Sequence[float], weights: Sequence[float] = ()) -> dict[str, object]:
    """Return coupling C, development T, coordination D and its class of five."""
    n = len(systems)
    a = list(weights) or [1.0 / n] * n
    if n < 2 or len(a) != n or abs(sum(a) - 1.0) > SLACK:
        raise ValueError("two or more systems, and weights that add up to 1 / 至少两个系统，权重之和为 1")
    whole = sum(systems)
    c = n * prod(systems) ** (1.0 / n) / whole if whole > 0 else 0.0
    t = sum(w * u for w, u in zip(a, systems, strict=True))
    d = (c * t) ** 0.5
    grade = next(name for name, top in COUPLING if d <= top + 1e-12)
    return {"coupling": c, "development": t, "coordination": d, "grade": f"{COUPLING_WORDS[grade]} {grade}"}


def obstacle_degree(*, values: Sequence[float], weights: Sequence[float]) -> dict[str, list[float]]:
    """Return how much each indicator holds the whole back, O_j = w_j(1 − Y_j)/Σ."""
    if len(values) != len(weights) or not len(values):
        raise ValueError("one weight for each value / 每个值一个权重")
    lack = [w * (1.0 - y) for w, y in zip(weights, values, strict=True)]
    whole = sum(lack)
    return {"obstacle": [x / whole if whole > 0 else 0.0 for x in lack]}


_W = gives("weights", "1", ("权重，和为 1", "weights, adding up to 1"), "w")
FORMULAS: tuple[Formula, ...] = (
    formula(
        "ahp",
        ahp,
        ("层次分析法", "analytic hierarchy process"),
        ("由两两比较得到权重，并检验判断是否一致。", "Weights from comparisons in pairs, with a test of consistency."),
        "w = principal eigenvector of A\nCI = (λ − n) / (n − 1)\nCR = CI / RI",
        (takes("matrix", "1", ("判断矩阵，互反", "matrix of comparisons, reciprocal"), "A", least=0, kind="matrix"),),
        (
            _W,
            gives("order", "", ("阶数", "order of the matrix"), "n"),
            gives("random_index", "1", ("随机一致性指标", "random index"), "RI"),
            gives("greatest", "1", ("最大特征根", "greatest eigenvalue"), "λ"),
            gives("consistency_index", "1", ("一致性指标", "consistency index"), "CI"),
            gives("consistency_ratio", "1", ("一致性比率，应小于 0.10", "consistency ratio, below 0.10"), "CR"),
            gives("consistent", "", ("是否通过", "whether it passes")),
        ),
        (SAATY, SHEET),
        (
            Example(
                {"matrix": [[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]},
                {"weights": [0.648329, 0.229651, 0.122020], "greatest": 3.003695, "consistency_ratio": 0.003185},
                "computed independently",
                2e-4,
            ),
            Example(
                {"matrix": [[1, 4], [0.25, 1]]}, {"weights": [0.8, 0.2], "consistency_ratio": 0.0}, "two are always consistent"
            ),
        ),
        (
            "RI 为 n = 1–10：0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49；公开代码常有错位。",
            "RI for n = 1 to 10 is 0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49; public code often has it off by one.",
        ),
    ),
    formula(
        "topsis",
        topsis,
        ("TOPSIS 优劣解距离法", "TOPSIS"),
        ("按离最优解的远近给对象排序。", "Objects ranked by how near they are to the best."),
        "v_ij = w_j·x_ij / √(Σ_i x_ij²)\nc_i = d⁻ / (d⁺ + d⁻)",
        (
            takes("matrix", "", ("对象 × 指标", "objects × indicators"), "x_ij", kind="matrix"),
            takes("weights", "1", ("权重", "weights"), "w_j", least=0, kind="list"),
            takes("directions", "±1", ("方向", "directions"), default=[], least=-1, most=1, kind="list"),
        ),
        (gives("closeness", "1", ("贴近度", "closeness"), "c_i"), gives("rank", "", ("名次", "rank"))),
        (Reference("Hwang & Yoon (1981), Multiple Attribute Decision Making", "R"),),
        (
            Example(
                {"matrix": [[1, 1], [0.5, 0.5]], "weights": [0.5, 0.5]},
                {"closeness": [1.0, 0.0], "rank": [1, 2]},
                "one is best in all",
            ),
            Example({"matrix": [[3, 4], [4, 3]], "weights": [1, 1]}, {"closeness": [0.5, 0.5]}, "by symmetry"),
        ),
    ),
    formula(
        "coupling_coordination",
        coupling_coordination,
        ("耦合协调度", "coupling coordination degree"),
        ("两个或多个系统是否同步发展。", "Whether two or more systems develop in step."),
        "C = n·(Π U)^(1/n) / Σ U\nT = Σ a·U\nD = √(C·T)",
        (
            takes("systems", "1", ("各系统的指数，0–1", "index of each system, 0..1"), "U", least=0, most=1, kind="list"),
            takes("weights", "1", ("权重，缺省相等", "weights, equal by default"), "a", default=[], least=0, most=1, kind="list"),
        ),
        (
            gives("coupling", "1", ("耦合度", "coupling"), "C"),
            gives("development", "1", ("发展度", "development"), "T"),
            gives("coordination", "1", ("协调度", "coordination"), "D"),
            gives("grade", "", ("等级（五级，每级 0.2）", "class (five, 0.2 each)")),
        ),
        (Reference("黄河流域等文献的常用形式；五级分类", "V", "the squared and two-root variants differ: declared here"), SHEET),
        (
            Example(
                {"systems": [0.6, 0.4]},
                {"coupling": 0.979796, "development": 0.5, "coordination": 0.699927},
                "computed independently",
            ),
            Example({"systems": [0.5, 0.5, 0.5]}, {"coupling": 1.0, "development": 0.5}, "equal systems couple fully"),
        ),
    ),
    formula(
        "obstacle_degree",
        obstacle_degree,
        ("障碍度", "obstacle degree"),
        ("各指标对总体水平的拖累占比。", "How much each indicator holds the whole back."),
        "O_j = w_j·(1 − Y_j) / Σ_j w_j·(1 − Y_j)",
        (
            takes("values", "1", ("标准化后的指标值", "scaled values"), "Y_j", least=0, most=1, kind="list"),
            takes("weights", "1", ("权重", "weights"), "w_j", least=0, kind="list"),
        ),
        (gives("obstacle", "1", ("障碍度，和为 1", "obstacle degrees, adding up to 1"), "O_j"),),
        (SHEET,),
        (
            Example({"values": [0.5, 0.0], "weights": [0.5, 0.5]}, {"obstacle": [1 / 3, 2 / 3]}, "arithmetic"),
            Example({"values": [1.0, 0.2], "weights": [0.9, 0.1]}, {"obstacle": [0.0, 1.0]}, "what is full holds nothing back"),
        ),
    ),
)
