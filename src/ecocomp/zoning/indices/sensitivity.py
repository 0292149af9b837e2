"""The four sensitivity models of the red-line guideline on plain numbers, with the tables as the rules ship them.

For zoning and for anyone who wants to check one place. The raster pass calls the same scoring (`zoning.sensitivity`).

References
----------
1. 生态保护红线划定指南 (2017), annex on sensitivity; factor classes read in a public implementation of the joint evaluation
   (双评价), cuts remembered; that implementation cuts into equal thirds, 2.33 and 3.66.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.terms.text import Text
from ecocomp.zoning.indices._given import ascending
from ecocomp.zoning.sensitivity import CLASSES, classify, score

CUTS = (2.0, 4.0)
THIRDS = [2.33, 3.66]


def _score(value: float, limits: Sequence[float], *, rising: bool = True, outer: bool = False) -> int:
    ascending(limits=limits)
    if len(limits) not in (2, 4):
        raise ValueError(f"two or four limits are needed, not {len(limits)} / 界限须为两个或四个，现有 {len(limits)} 个")
    return int(score(np.array([value], np.float64), limits, rising=rising, outer=outer)[0])


def _judge(scores: Sequence[float], cuts: Sequence[float]) -> tuple[float, str]:
    ascending(cuts=cuts)
    if len(cuts) != 2:
        raise ValueError(f"two cuts are needed, not {len(cuts)} / 分级界限须为两个，现有 {len(cuts)} 个")
    exact = math.prod(scores) ** (1.0 / len(scores))
    rounded = np.array([exact], np.float64).astype(np.float32)  # as in a map
    return float(exact), CLASSES[int(classify(rounded, cuts)[0])]


def _soil(
    erosivity: float,
    texture_score: float,
    relief_m: float,
    cover: float,
    erosivity_limits: Sequence[float] = (100.0, 600.0),
    relief_limits: Sequence[float] = (50.0, 300.0),
    cover_limits: Sequence[float] = (0.2, 0.6),
    cuts: Sequence[float] = CUTS,
) -> dict[str, Any]:
    r, ls = _score(erosivity, erosivity_limits), _score(relief_m, relief_limits)
    c = _score(cover, cover_limits, rising=False)
    value, word = _judge([r, texture_score, ls, c], cuts)
    return {"erosivity_score": r, "relief_score": ls, "cover_score": c, "index": value, "class": word}


def _desert(
    dryness: float,
    windy_days: float,
    texture_score: float,
    cover: float,
    dryness_limits: Sequence[float] = (1.5, 16.0),
    windy_days_limits: Sequence[float] = (10.0, 30.0),
    cover_limits: Sequence[float] = (0.2, 0.6),
    cuts: Sequence[float] = CUTS,
) -> dict[str, Any]:
    i, w = _score(dryness, dryness_limits), _score(windy_days, windy_days_limits)
    c = _score(cover, cover_limits, rising=False)
    value, word = _judge([i, w, texture_score, c], cuts)
    return {"dryness_score": i, "windy_days_score": w, "cover_score": c, "index": value, "class": word}


def _rock(
    carbonate_share: float,
    slope_deg: float,
    cover: float,
    carbonate_limits: Sequence[float] = (30.0, 70.0),
    slope_limits: Sequence[float] = (8.0, 25.0),
    cover_limits: Sequence[float] = (0.2, 0.6),
    cuts: Sequence[float] = CUTS,
) -> dict[str, Any]:
    d, p = _score(carbonate_share, carbonate_limits, outer=True), _score(slope_deg, slope_limits, outer=True)
    c = _score(cover, cover_limits, rising=False, outer=True)
    value, word = _judge([d, p, c], cuts)
    return {"carbonate_score": d, "slope_score": p, "cover_score": c, "index": value, "class": word}


def _salt(
    evaporation_ratio: float,
    groundwater_salt: float,
    groundwater_depth: float,
    texture_score: float,
    evaporation_limits: Sequence[float] = (3.0, 15.0),
    salt_limits: Sequence[float] = (5.0, 25.0),
    depth_limits: Sequence[float] = (1.0, 5.0),
    cuts: Sequence[float] = CUTS,
) -> dict[str, Any]:
    i, m = _score(evaporation_ratio, evaporation_limits, outer=True), _score(groundwater_salt, salt_limits, outer=True)
    d = _score(groundwater_depth, depth_limits, rising=False, outer=True)
    value, word = _judge([i, m, d, texture_score], cuts)
    return {"evaporation_score": i, "salt_score": m, "depth_score": d, "index": value, "class": word}


def _factor_score(value: float, limits: Sequence[float], sense: str = "rising", belongs: str = "middle") -> dict[str, float]:
    found = _score(value, limits, rising=sense == "rising", outer=belongs == "outer")
    return {"passed": (found - 1) / 2, "score": found}


_TEXTURE = Argument(
    "texture_score", "1", Text("土壤质地评分 1、3 或 5", "score of the soil texture: 1, 3 or 5"), "K", least=1, most=9
)
_COVER = Argument("cover", "1", Text("植被覆盖度 0–1", "vegetation cover, 0 to 1"), least=0, most=1)
_HOLDS = Text(
    "任一因子无数据则不评估（乘积，不取 0）。界限各来源不一，都是参数；分级界限 2.0、4.0 为记忆，公开实现用 2.33、3.66。",
    "Without one of the factors there is no index (it is a product; missing is not 0). Limits and cuts differ between"
    " sources and are parameters: the cuts 2.0 and 4.0 are remembered, a public implementation uses 2.33 and 3.66.",
)
_DIFFERS = Text(
    "表示易变程度，不是侵蚀量；不能与土壤流失等模型的吨数比较。",
    "It says how prone ground is, not how much is lost; do not compare with tonnes of an erosion model.",
)
_FACTORS = Reference("public implementation of the joint evaluation (双评价): factor classes and cuts 2.33, 3.66", "v")
_GUIDE = Reference("生态保护红线划定指南 (2017), annex: geometric mean of the scores, cuts 2.0 and 4.0", "R")


def _limits(name: str, default: tuple[float, ...], zh: str, en: str) -> Argument:
    return Argument(name, "", Text(f"{zh}分级界限", f"limits of {en}"), kind="list", default=list(default))


_C = _limits("cover_limits", (0.2, 0.6), "覆盖度", "cover")
_CUTS = Argument("cuts", "1", Text("指数分级界限", "cuts of the index"), kind="list", default=list(CUTS))


def _scored(name: str, zh: str, en: str, symbol: str) -> Use:
    return Use(name, "1", Text(f"{zh}评分", f"score of {en}"), symbol=symbol)


def _spec(
    id: str, name: Text, formula: str, scores: tuple[Use, ...], arguments: tuple[Argument, ...], examples: tuple[Example, ...]
) -> Spec:
    symbol = formula.partition(" ")[0]
    return Spec(
        id=id,
        name=name,
        summary=Text(
            "各因子按 1、3、5 评分后的几何平均，再按两个界限分为一般、敏感、极敏感。",
            "The geometric mean of factor scores of 1, 3 and 5, cut into general, sensitive and extremely sensitive.",
        ),
        unit="1",
        formula=formula,
        holds=_HOLDS,
        differs=_DIFFERS,
        inputs=(),
        outputs=(
            *scores,
            Use("index", "1", Text("敏感性指数 1–5", "sensitivity index, 1 to 5"), symbol=symbol),
            Use("class", "", Text("等级：general 一般、sensitive 敏感、extreme 极敏感", "class: general, sensitive or extreme")),
        ),
        arguments=arguments,
        references=(_FACTORS, _GUIDE),
        examples=examples,
    )


_COVER_SCORE = _scored("cover_score", "覆盖度", "cover", "C")

FORMULAS: tuple[Formula, ...] = (
    Formula(
        Spec(
            id="sensitivity_factor_score",
            name=Text("敏感性因子评分", "score of a sensitivity factor"),
            summary=Text(
                "按递增界限给因子评 1、3、5（四个界限则到 9）。", "A factor scored 1, 3, 5 by ascending limits (up to 9 by four)."
            ),
            unit="1",
            formula="s = 1 + 2·n",
            holds=Text(
                "恰在界限上的值归中间一级（middle）或外侧一级（outer），两种写法来源中都有。",
                "A value on a limit belongs to the middle class or to the outer one; the sources use both.",
            ),
            inputs=(),
            outputs=(
                Use("passed", "1", Text("越过的界限数", "limits that are passed"), symbol="n"),
                Use("score", "1", Text("评分", "score"), symbol="s"),
            ),
            arguments=(
                Argument("value", "any", Text("因子值", "value of the factor")),
                Argument("limits", "any", Text("递增的两个或四个界限", "two or four ascending limits"), kind="list"),
                Argument(
                    "sense",
                    "",
                    Text("越大越敏感或越小越敏感", "more is more sensitive, or less"),
                    kind="text",
                    default="rising",
                    choices=("rising", "falling"),
                ),
                Argument(
                    "belongs",
                    "",
                    Text("界限值归哪一级", "class of a value on a limit"),
                    kind="text",
                    default="middle",
                    choices=("middle", "outer"),
                ),
            ),
            references=(_FACTORS, Reference("生态功能区划暂行规程 (2003), five classes", "R")),
            examples=(
                Example({"value": 600.0, "limits": [100.0, 600.0]}, {"score": 3}, "100–600 is sensitive, both ends included"),
                Example({"value": 25.0, "limits": [8.0, 25.0], "belongs": "outer"}, {"score": 5}, "a slope of 25° and more"),
                Example({"value": 0.1, "limits": [0.2, 0.6], "sense": "falling"}, {"score": 5}, "little cover"),
                Example({"value": 5.0, "limits": [1.0, 1.5, 4.0, 16.0]}, {"score": 7}, "five classes of dryness"),
            ),
        ),
        _factor_score,
    ),
    Formula(
        _spec(
            "sensitivity_soil_erosion",
            Text("水土流失敏感性", "sensitivity to soil erosion"),
            "SS = (R·K·LS·C)^(1/4)",
            (
                _scored("erosivity_score", "降雨侵蚀力", "rain erosivity", "R"),
                _scored("relief_score", "起伏度", "relief", "LS"),
                _COVER_SCORE,
            ),
            (
                Argument("erosivity", "MJ·mm/(ha·h·a)", Text("降雨侵蚀力", "rain erosivity"), least=0),
                _TEXTURE,
                Argument("relief_m", "m", Text("地形起伏度", "relief"), least=0),
                _COVER,
                _limits("erosivity_limits", (100.0, 600.0), "侵蚀力", "erosivity"),
                _limits("relief_limits", (50.0, 300.0), "起伏度", "relief"),
                _C,
                _CUTS,
            ),
            (
                Example(
                    {"erosivity": 650.0, "texture_score": 3, "relief_m": 120.0, "cover": 0.3},
                    {"erosivity_score": 5, "relief_score": 3, "cover_score": 3, "index": 135**0.25, "class": "sensitive"},
                    "(5·3·3·3)^(1/4) = 3.4087",
                ),
                Example(
                    {"erosivity": 50.0, "texture_score": 1, "relief_m": 10.0, "cover": 0.9},
                    {"index": 1.0, "class": "general"},
                    "all factors score 1",
                ),
                Example(
                    {"erosivity": 700.0, "texture_score": 3, "relief_m": 400.0, "cover": 0.4},
                    {"index": 15**0.5, "class": "sensitive"},
                    "(5·3·5·3)^(1/4) = 3.8730, below 4.0",
                ),
                Example(
                    {"erosivity": 700.0, "texture_score": 3, "relief_m": 400.0, "cover": 0.4, "cuts": THIRDS},
                    {"index": 15**0.5, "class": "extreme"},
                    "the same place cut into equal thirds: the pair decides",
                ),
            ),
        ),
        _soil,
    ),
    Formula(
        _spec(
            "sensitivity_desertification",
            Text("土地沙化敏感性", "sensitivity to desertification"),
            "D = (I·W·K·C)^(1/4)",
            (
                _scored("dryness_score", "干燥度", "dryness", "I"),
                _scored("windy_days_score", "起沙风天数", "windy days", "W"),
                _COVER_SCORE,
            ),
            (
                Argument("dryness", "1", Text("干燥度指数", "dryness index"), least=0),
                Argument(
                    "windy_days",
                    "d",
                    Text("12–5 月风速 ≥6 m/s 的天数", "days of December to May with wind of 6 m/s and more"),
                    least=0,
                ),
                _TEXTURE,
                _COVER,
                _limits("dryness_limits", (1.5, 16.0), "干燥度", "dryness"),
                _limits("windy_days_limits", (10.0, 30.0), "大风天数", "windy days"),
                _C,
                _CUTS,
            ),
            (
                Example(
                    {"dryness": 20.0, "windy_days": 40.0, "texture_score": 5, "cover": 0.1},
                    {"index": 5.0, "class": "extreme"},
                    "all factors score 5",
                ),
                Example(
                    {"dryness": 1.6, "windy_days": 5.0, "texture_score": 3, "cover": 0.5},
                    {"dryness_score": 3, "windy_days_score": 1, "cover_score": 3, "index": 27**0.25, "class": "sensitive"},
                    "(3·1·3·3)^(1/4) = 2.2795",
                ),
            ),
        ),
        _desert,
    ),
    Formula(
        _spec(
            "sensitivity_rocky_desertification",
            Text("石漠化敏感性", "sensitivity to rocky desertification"),
            "S = (D·P·C)^(1/3)",
            (
                _scored("carbonate_score", "碳酸岩出露", "carbonate outcrop", "D"),
                _scored("slope_score", "坡度", "slope", "P"),
                _COVER_SCORE,
            ),
            (
                Argument("carbonate_share", "%", Text("碳酸岩出露面积占比", "share of carbonate outcrop"), least=0, most=100),
                Argument("slope_deg", "°", Text("坡度", "slope"), least=0, most=90),
                _COVER,
                _limits("carbonate_limits", (30.0, 70.0), "碳酸岩出露", "carbonate outcrop"),
                _limits("slope_limits", (8.0, 25.0), "坡度", "slope"),
                _C,
                _CUTS,
            ),
            (
                Example(
                    {"carbonate_share": 70.0, "slope_deg": 25.0, "cover": 0.2},
                    {"carbonate_score": 5, "slope_score": 5, "cover_score": 5, "index": 5.0, "class": "extreme"},
                    "values on the limits belong to the outer classes here",
                ),
                Example(
                    {"carbonate_share": 50.0, "slope_deg": 30.0, "cover": 0.7},
                    {"index": 15 ** (1 / 3), "class": "sensitive"},
                    "(3·5·1)^(1/3) = 2.4662",
                ),
            ),
        ),
        _rock,
    ),
    Formula(
        _spec(
            "sensitivity_salinisation",
            Text("盐渍化敏感性", "sensitivity to salinisation"),
            "S = (I·M·D·K)^(1/4)",
            (
                _scored("evaporation_score", "蒸发比降水", "evaporation over rain", "I"),
                _scored("salt_score", "矿化度", "mineralisation", "M"),
                _scored("depth_score", "埋深", "depth of groundwater", "D"),
            ),
            (
                Argument("evaporation_ratio", "1", Text("年蒸发量与年降水之比", "evaporation over rain of a year"), least=0),
                Argument("groundwater_salt", "g/L", Text("地下水矿化度", "mineralisation of the groundwater"), least=0),
                Argument("groundwater_depth", "m", Text("地下水埋深", "depth of the groundwater"), least=0),
                _TEXTURE,
                _limits("evaporation_limits", (3.0, 15.0), "蒸发比降水", "evaporation over rain"),
                _limits("salt_limits", (5.0, 25.0), "矿化度", "mineralisation"),
                _limits("depth_limits", (1.0, 5.0), "埋深", "depth"),
                _CUTS,
            ),
            (
                Example(
                    {"evaporation_ratio": 16.0, "groundwater_salt": 26.0, "groundwater_depth": 0.5, "texture_score": 5},
                    {"evaporation_score": 5, "salt_score": 5, "depth_score": 5, "index": 5.0, "class": "extreme"},
                    "all factors score 5",
                ),
                Example(
                    {"evaporation_ratio": 10.0, "groundwater_salt": 2.0, "groundwater_depth": 3.0, "texture_score": 3},
                    {"index": 27**0.25, "class": "sensitive"},
                    "(3·1·3·3)^(1/4) = 2.2795",
                ),
            ),
        ),
        _salt,
    ),
)
