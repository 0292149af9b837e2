"""Ecosystem quality and pattern by the national survey standards HJ 1171 to 1175-2021, and the trophic state of lakes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.terms.limits import exceeds, reaches

HJ1172 = Reference("HJ 1172-2021 生态系统质量评估", "V")
HJ1171 = Reference("HJ 1171-2021 生态系统格局评估", "V")
HJ1174 = Reference("HJ 1174-2021 生态问题评估", "V")
HJ1175 = Reference("HJ 1175-2021 项目尺度生态影响评估", "V")
HJ1176 = Reference("HJ 1176-2021 数据质量控制与集成", "V")
QUALITY = ((75.0, "优 excellent"), (55.0, "良 good"), (35.0, "中 fair"), (20.0, "低 low"))
TROPHIC = {
    "chlorophyll": (2.5, 1.086), "phosphorus": (9.436, 1.624), "nitrogen": (5.453, 1.694), "permanganate": (0.109, 2.661)
}  # fmt: skip
TROPHIC_GRADES = (
    (30.0, "贫营养 oligotrophic"),
    (50.0, "中营养 mesotrophic"),
    (60.0, "轻度富营养 light eutrophic"),
    (70.0, "中度富营养 medium eutrophic"),
)


def ecosystem_quality(*, leaf_area: Sequence[float], cover: Sequence[float], production: Sequence[float]) -> dict[str, object]:
    """Return EQI = 100·mean of relative leaf area, cover and production over cells, and its grade.

    Each value is relative to the greatest of the same vegetation in the same function zone (0..1).
    """
    if not len(leaf_area) == len(cover) == len(production) or not len(leaf_area):
        raise ValueError("three lists of equal length are needed / 三组数须等长")
    n = len(leaf_area)
    index = 100.0 * sum(a + b + c for a, b, c in zip(leaf_area, cover, production, strict=True)) / (3.0 * n)
    return {"index": index, "grade": next((name for least, name in QUALITY if reaches(index, least)), "差 poor")}


def dynamic_degree(*, before: float, after: float, years: float) -> dict[str, float]:
    """Return K = (U_b − U_a)/U_a/T·100, change of the area of one class in percent a year."""
    return {"degree": (after - before) / before / years * 100.0}


def overall_dynamic_degree(*, transitions: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return EC = Σ area that leaves each class / Σ area, in percent, from a matrix of transitions (rows before, columns after)."""
    if any(len(row) != len(transitions) for row in transitions):
        raise ValueError("a square matrix is needed / 需要方阵")
    whole = sum(map(sum, transitions))
    if whole <= 0:
        raise ValueError("the matrix is empty / 矩阵为空")
    left = sum(x for i, row in enumerate(transitions) for j, x in enumerate(row) if i != j)
    return {"left": left, "degree": 100.0 * left / whole}


def trophic_index(*, parameter: str, concentration: float) -> dict[str, object]:
    """Return TLI of one parameter, 10·(a + b·ln x), and the grade it would have alone."""
    a, b = TROPHIC[parameter]
    index = 10.0 * (a + b * math.log(concentration))
    grade = next((name for top, name in TROPHIC_GRADES if not reaches(index, top)), "重度富营养 heavily eutrophic")
    return {"a": a, "b": b, "index": index, "grade": grade}


def retrieval_precision(*, measured: Sequence[float], retrieved: Sequence[float]) -> dict[str, float]:
    """Return P = 1 − √[Σ((measured − retrieved)/retrieved)²/n]."""
    if len(measured) != len(retrieved) or not len(measured):
        raise ValueError("two lists of equal length are needed / 两组数须等长")
    if any(r == 0 for r in retrieved):
        raise ValueError("a retrieved value is 0 / 反演值为 0")
    error = math.sqrt(sum(((m - r) / r) ** 2 for m, r in zip(measured, retrieved, strict=True)) / len(measured))
    return {"error": error, "precision": 1.0 - error}


def forest_degradation(*, biomass: float, climax: float) -> dict[str, object]:
    """Return biomass as a share of the climax of the same natural zone [%], and the grade of degradation."""
    share = 100.0 * biomass / climax
    grades = ((90.0, "无 none"), (75.0, "轻度 light"), (60.0, "中度 medium"), (30.0, "重度 heavy"))
    return {"share": share, "grade": next((name for least, name in grades if reaches(share, least)), "极重度 extreme")}


def grassland_degradation(*, cover: float, undegraded: float) -> dict[str, object]:
    """Return cover as a share of undegraded cover [%], and the grade of degradation."""
    share = 100.0 * cover / undegraded
    grades = ((90.0, "无 none"), (80.0, "轻度 light"), (70.0, "中度 medium"), (50.0, "重度 heavy"))
    return {"share": share, "grade": next((name for least, name in grades if reaches(share, least)), "极重度 extreme")}


def desertification_grade(*, cover: float) -> dict[str, object]:
    """Return the grade of desertification by vegetation cover [%]."""
    grades = ((50.0, "轻度 light"), (30.0, "中度 medium"), (10.0, "重度 heavy"))
    inside = exceeds(cover, 50.0)
    name = grades[0][1] if inside else next((n for least, n in grades[1:] if reaches(cover, least)), "极重度 extreme")
    return {"cover": cover, "grade": name}


FORMULAS: tuple[Formula, ...] = (
    formula(
        "ecosystem_quality",
        ecosystem_quality,
        ("生态系统质量指数 EQI", "ecosystem quality index EQI"),
        ("相对叶面积、覆盖度和生产力的均值。", "Mean of relative leaf area, cover and production."),
        "EQI = 100·mean(LAI, FVC, GPP)",
        (
            takes("leaf_area", "0–1", ("相对叶面积指数", "relative leaf area"), "LAI", least=0, most=1, kind="list"),
            takes("cover", "0–1", ("相对植被覆盖度", "relative cover"), "FVC", least=0, most=1, kind="list"),
            takes("production", "0–1", ("相对总初级生产力", "relative production"), "GPP", least=0, most=1, kind="list"),
        ),
        (gives("grade", "", ("等级", "grade")), gives("index", "0–100", ("EQI", "EQI"), "EQI")),
        (HJ1172,),
        (
            Example(
                {"leaf_area": [0.6, 0.9], "cover": [0.6, 0.9], "production": [0.6, 0.9]},
                {"index": 75.0, "grade": "优 excellent"},
                "arithmetic",
            ),
            Example(
                {"leaf_area": [0.0], "cover": [0.3], "production": [0.3]}, {"index": 20.0, "grade": "低 low"}, "the break itself"
            ),
        ),
        (
            "相对值以同一功能区、同一植被类型的最大值为 1。与 2021 年《区域生态质量评价办法》的 EQI 不同。",
            "Relative to the greatest value of the same vegetation in the same function zone. Not the regional EQI of 2021.",
        ),
    ),
    formula(
        "dynamic_degree",
        dynamic_degree,
        ("单一动态度", "single dynamic degree"),
        ("某类生态系统面积的年变化率。", "Yearly rate of change of the area of one ecosystem."),
        "K = (U_b − U_a) / U_a / T·100",
        (
            takes("before", "km²", ("期初面积", "area before"), "U_a", least=1e-12),
            takes("after", "km²", ("期末面积", "area after"), "U_b", least=0),
            takes("years", "a", ("年数", "years"), "T", least=1e-9),
        ),
        (gives("degree", "%/a", ("动态度", "dynamic degree"), "K"),),
        (HJ1175,),
        (
            Example({"before": 100.0, "after": 110.0, "years": 5.0}, {"degree": 2.0}, "arithmetic"),
            Example({"before": 100.0, "after": 100.0, "years": 5.0}, {"degree": 0.0}, "no change"),
        ),
    ),
    formula(
        "overall_dynamic_degree",
        overall_dynamic_degree,
        ("综合动态度", "overall dynamic degree"),
        ("离开原类型的面积占全部面积之比。", "Share of all land that left its class."),
        "EC = D / ΣΣ A·100",
        (
            takes(
                "transitions",
                "km²",
                ("转移矩阵：行为期初，列为期末", "matrix of transitions: rows before, columns after"),
                "A",
                least=0,
                kind="matrix",
            ),
        ),
        (
            gives("left", "km²", ("转出面积", "area that left"), "D"),
            gives("degree", "%", ("综合动态度", "overall dynamic degree"), "EC"),
        ),
        (HJ1171,),
        (
            Example({"transitions": [[90, 10], [5, 95]]}, {"left": 15.0, "degree": 7.5}, "arithmetic"),
            Example({"transitions": [[1, 0], [0, 1]]}, {"degree": 0.0}, "nothing moved"),
        ),
    ),
    formula(
        "trophic_index",
        trophic_index,
        ("营养状态指数 TLI", "trophic level index TLI"),
        ("湖库单项营养状态指数。", "Trophic level of a lake by one parameter."),
        "TLI = 10·(a + b·ln x)",
        (
            takes("parameter", "", ("参数", "parameter"), kind="text", choices=tuple(TROPHIC)),
            takes(
                "concentration",
                "mg/m³ or mg/L",
                ("浓度：叶绿素 a 用 mg/m³，其余 mg/L", "concentration: chlorophyll a in mg/m³, others in mg/L"),
                "x",
                least=1e-12,
            ),
        ),
        (
            gives("a", "1", ("系数", "coefficient"), "a"),
            gives("b", "1", ("系数", "coefficient"), "b"),
            gives("grade", "", ("等级", "grade")),
            gives("index", "1", ("TLI", "TLI"), "TLI"),
        ),
        (HJ1174,),
        (
            Example({"parameter": "chlorophyll", "concentration": 10.0}, {"index": 50.006}, "computed independently", 1e-5),
            Example({"parameter": "phosphorus", "concentration": 0.05}, {"index": 45.709}, "computed independently", 1e-5),
            Example({"parameter": "nitrogen", "concentration": 1.0}, {"index": 54.53}, "computed independently", 1e-5),
            Example({"parameter": "permanganate", "concentration": 4.0}, {"index": 37.979}, "computed independently", 1e-5),
        ),
        ("综合指数的权重标准未给，不合成。", "The standard gives no weights to join the parameters, so they are not joined."),
    ),
    formula(
        "retrieval_precision",
        retrieval_precision,
        ("遥感反演精度", "precision of a retrieval"),
        (
            "由实测与反演值检验 FVC、GPP、LAI 的精度（应 ≥ 80 %）。",
            "Precision of FVC, GPP or LAI against the field (at least 80 %).",
        ),
        "REE = √(Σ ((M − R)/R)² / n)\nP = 1 − REE",
        (
            takes("measured", "", ("实测值", "measured"), "M", kind="list"),
            takes("retrieved", "", ("反演值", "retrieved"), "R", kind="list"),
        ),
        (gives("error", "1", ("相对误差", "relative error"), "REE"), gives("precision", "1", ("精度", "precision"), "P")),
        (HJ1176,),
        (
            Example({"measured": [0.9, 1.1], "retrieved": [1.0, 1.0]}, {"error": 0.1, "precision": 0.9}, "arithmetic"),
            Example({"measured": [1.0], "retrieved": [1.0]}, {"precision": 1.0}, "exact"),
        ),
        (
            "误差除以反演值，n 在根号内，照标准。",
            "The error is divided by the retrieved value and n stands inside the root, as the standard has it.",
        ),
    ),
    formula(
        "forest_degradation",
        forest_degradation,
        ("森林退化指数", "forest degradation index"),
        ("生物量与同一自然带顶极生物量之比。", "Biomass against the climax of the same natural zone."),
        "r = B / B_c·100",
        (
            takes("biomass", "t/ha", ("生物量", "biomass"), "B", least=0),
            takes("climax", "t/ha", ("顶极生物量", "climax biomass"), "B_c", least=1e-9),
        ),
        (gives("share", "%", ("占比", "share"), "r"), gives("grade", "", ("退化等级", "grade"))),
        (HJ1174,),
        (
            Example({"biomass": 75.0, "climax": 100.0}, {"share": 75.0, "grade": "轻度 light"}, "the break itself"),
            Example({"biomass": 29.0, "climax": 100.0}, {"grade": "极重度 extreme"}, "arithmetic"),
        ),
    ),
    formula(
        "grassland_degradation",
        grassland_degradation,
        ("草地退化指数", "grassland degradation index"),
        ("覆盖度与未退化草地之比。", "Cover against undegraded grassland."),
        "r = f / f_0·100",
        (
            takes("cover", "%", ("覆盖度", "cover"), "f", least=0, most=100),
            takes("undegraded", "%", ("未退化覆盖度", "undegraded cover"), "f_0", least=1e-9, most=100),
        ),
        (gives("share", "%", ("占比", "share"), "r"), gives("grade", "", ("退化等级", "grade"))),
        (HJ1174,),
        (
            Example({"cover": 40.0, "undegraded": 50.0}, {"share": 80.0, "grade": "轻度 light"}, "the break itself"),
            Example({"cover": 10.0, "undegraded": 50.0}, {"grade": "极重度 extreme"}, "arithmetic"),
        ),
    ),
    formula(
        "desertification_grade",
        desertification_grade,
        ("沙化程度", "grade of desertification"),
        ("按植被覆盖度分级。", "Graded by vegetation cover."),
        "f",
        (takes("cover", "%", ("植被覆盖度", "vegetation cover"), "f", least=0, most=100),),
        (gives("cover", "%", ("植被覆盖度", "vegetation cover")), gives("grade", "", ("等级", "grade"))),
        (HJ1174,),
        (
            Example({"cover": 50.0}, {"grade": "中度 medium"}, "light begins above 50 %"),
            Example({"cover": 9.9}, {"grade": "极重度 extreme"}, "arithmetic"),
        ),
    ),
)
