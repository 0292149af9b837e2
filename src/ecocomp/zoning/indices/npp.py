"""The four NPP index models of the red-line guideline (NPP 定量指标法) and the scaling of their factors.

For zoning. Each index is mean NPP times factors of 0 to 1; it orders the ground of one delineation and has no unit of
service. It is another method than the service models, with other results: the two are never put into one map.

References
----------
1. 生态保护红线划定指南 (2017), 环办生态〔2017〕48号; the four formulas read at geogsci.com/CN/figure/309536.
2. 生态保护红线划定技术指南 (2014): soil seepage by 13 texture classes, heavy clay 1/13, silty clay 2/13, … sand 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.terms.text import Text
from ecocomp.zoning.indices._given import ascending

TEXTURES = (
    "heavy_clay",
    "silty_clay",
    "light_clay",
    "silty_clay_loam",
    "clay_loam",
    "silt",
    "silt_loam",
    "sandy_clay",
    "loam",
    "sandy_clay_loam",
    "sandy_loam",
    "loamy_sand",
    "sand",
)
"""The 13 FAO texture classes from the least to the most pervious; the factor of the k-th is k/13."""


def seepage(texture: str) -> float:
    """Return the soil seepage factor of a texture class, 1/13 for heavy clay up to 1 for sand."""
    return (TEXTURES.index(texture) + 1) / len(TEXTURES)


def scaled(value: Any, low: float, high: float) -> Any:
    """Return (value − low)/(high − low), held to 0 and 1; NaN stays NaN."""
    share = (value - low) / (high - low)
    return np.minimum(np.maximum(share, 0.0), 1.0)


def water_index(npp: Any, seep: Any, rain: Any, slope: Any) -> Any:
    """Return WR = NPP·F_sic·F_pre·(1 − F_slo)."""
    return npp * seep * rain * (1.0 - slope)


def soil_index(npp: Any, erodibility: Any, slope: Any) -> Any:
    """Return Spro = NPP·(1 − K)·(1 − F_slo)."""
    return npp * (1.0 - erodibility) * (1.0 - slope)


def sand_index(npp: Any, erodibility: Any, erosivity: Any, rough: Any) -> Any:
    """Return Sws = NPP·K·F_q·D."""
    return npp * erodibility * erosivity * rough


def biodiversity_index(npp: Any, rain: Any, temperature: Any, elevation: Any) -> Any:
    """Return Sbio = NPP·F_pre·F_tem·(1 − F_alt)."""
    return npp * rain * temperature * (1.0 - elevation)


def _scale(value: float, low: float, high: float) -> dict[str, float]:
    ascending(range=(low, high))
    return {"scaled": float(scaled(value, low, high))}


def _seepage(texture: str) -> dict[str, float]:
    return {"place": TEXTURES.index(texture) + 1, "seepage": seepage(texture)}


def _water(npp: float, seepage: float, rain: float, slope: float) -> dict[str, float]:
    return {"index": float(water_index(npp, seepage, rain, slope))}


def _soil(npp: float, erodibility: float, slope: float) -> dict[str, float]:
    return {"index": float(soil_index(npp, erodibility, slope))}


def _sand(npp: float, erodibility: float, climatic_erosivity: float, roughness: float) -> dict[str, float]:
    return {"index": float(sand_index(npp, erodibility, climatic_erosivity, roughness))}


def _biodiversity(npp: float, rain: float, temperature: float, elevation: float) -> dict[str, float]:
    return {"index": float(biodiversity_index(npp, rain, temperature, elevation))}


_FOUR = (
    Reference("生态保护红线划定指南, 环办生态〔2017〕48号, NPP index method", "v", "formulas read at geogsci.com/CN/figure/309536"),
    Reference("scaling of the factors by least and greatest value", "R"),
)
_HOLDS = Text(
    "只排次序，没有服务量的单位；因子按评估范围的最小、最大值归一，范围一变数值就变，除非规则固定两端。",
    "It orders ground and has no unit of service. Factors are scaled between the least and greatest value of the area, so"
    " another area gives other numbers unless the rules fix both ends.",
)
_DIFFERS = Text(
    "不能与模型法（水量、吨）的结果放在一张图上；InVEST 没有对应模型。2018 年一项市级对比表明两法差异显著。",
    "Never one map with the model method (volumes, tonnes); InVEST has no such model. A city-level comparison of 2018 found"
    " the two methods to differ significantly.",
)
_NPP = Argument("npp", "g C/m2", Text("多年平均 NPP", "mean NPP of several years"), "NPP", least=0)


def _factor(name: str, symbol: str, zh: str, en: str) -> Argument:
    return Argument(name, "1", Text(f"{zh}（0–1）", f"{en}, 0 to 1"), symbol, least=0, most=1)


_RAIN = _factor("rain", "F_pre", "归一的降水", "scaled rain")
_SLOPE = _factor("slope", "F_slo", "归一的坡度", "scaled slope")
_K = _factor("erodibility", "K", "归一的土壤可蚀性", "scaled erodibility of the soil")


def _index(id: str, zh: str, en: str, symbol: str, formula: str, arguments: tuple[Argument, ...], *examples: Example) -> Spec:
    return Spec(
        id=id,
        name=Text(f"{zh}指数（NPP 法）", f"{en} index (NPP method)"),
        summary=Text(
            f"以多年平均 NPP 为基础的{zh}功能相对强弱。",
            f"Relative strength of {en}, from the mean NPP of several years and factors.",
        ),
        unit="1",
        formula=formula,
        holds=_HOLDS,
        differs=_DIFFERS,
        inputs=(),
        outputs=(Use("index", "1", Text(f"{zh}指数", f"index of {en}"), symbol=symbol),),
        arguments=arguments,
        references=_FOUR,
        examples=examples,
    )


FORMULAS: tuple[Formula, ...] = (
    Formula(
        Spec(
            id="min_max_scaling",
            name=Text("极差归一化", "min–max scaling"),
            summary=Text("按最小、最大值把因子化为 0–1。", "A factor brought to 0 to 1 between its least and greatest value."),
            unit="1",
            formula="F = (x − a)/(b − a)",
            holds=Text(
                "两端由评估范围得出，或由规则固定以便各年可比；固定时超出的值取 0 或 1。两端相等的因子不起作用，并给出说明。",
                "The ends come from the area, or from the rules so that years compare; then values beyond them are 0 or 1. A factor"
                " without spread has no say, and this is noted.",
            ),
            inputs=(),
            outputs=(Use("scaled", "1", Text("归一值", "scaled value"), symbol="F"),),
            arguments=(
                Argument("value", "any", Text("因子值", "value"), "x"),
                Argument("low", "any", Text("最小值", "least value"), "a"),
                Argument("high", "any", Text("最大值", "greatest value"), "b"),
            ),
            references=_FOUR,
            examples=(
                Example({"value": 900.0, "low": 400.0, "high": 1400.0}, {"scaled": 0.5}, "500/1000"),
                Example({"value": 1600.0, "low": 400.0, "high": 1400.0}, {"scaled": 1.0}, "beyond a fixed end"),
            ),
        ),
        _scale,
    ),
    Formula(
        Spec(
            id="soil_seepage_factor",
            name=Text("土壤渗流因子", "soil seepage factor"),
            summary=Text(
                "13 类土壤质地的渗流因子，自重黏土 1/13 到砂土 1。",
                "Seepage by 13 texture classes, from heavy clay 1/13 to sand 1.",
            ),
            unit="1",
            formula="F_sic = k/13",
            holds=Text(
                "前两类和末类读自原文，其余按 1/13 等步长排列。USDA 十二类没有重黏土。",
                "The first two and the last were read in the source, the others follow in steps of 1/13. The twelve USDA classes"
                " have no heavy clay.",
            ),
            inputs=(),
            outputs=(
                Use("place", "1", Text("在 13 类中的位次", "place among the 13 classes"), symbol="k"),
                Use("seepage", "1", Text("渗流因子", "seepage"), symbol="F_sic"),
            ),
            arguments=(Argument("texture", "", Text("质地", "texture"), kind="text", choices=TEXTURES),),
            references=(
                Reference("生态保护红线划定技术指南 (2014), soil seepage", "v"),
                Reference("order of the other classes: FAO/HWSD", "R"),
            ),
            examples=(
                Example({"texture": "heavy_clay"}, {"seepage": 1 / 13}, "read in the source"),
                Example({"texture": "silty_clay"}, {"seepage": 2 / 13}, "read in the source"),
                Example({"texture": "sand"}, {"seepage": 1.0}, "read in the source"),
            ),
        ),
        _seepage,
    ),
    Formula(
        _index(
            "npp_water_conservation",
            "水源涵养",
            "water conservation",
            "WR",
            "WR = NPP·F_sic·F_pre·(1 − F_slo)",
            (_NPP, _factor("seepage", "F_sic", "土壤渗流因子", "soil seepage"), _RAIN, _SLOPE),
            Example({"npp": 500.0, "seepage": 0.5, "rain": 0.8, "slope": 0.25}, {"index": 150.0}, "500·0.5·0.8·0.75"),
            Example({"npp": 500.0, "seepage": 0.5, "rain": 0.8, "slope": 1.0}, {"index": 0.0}, "the steepest ground holds none"),
        ),
        _water,
    ),
    Formula(
        _index(
            "npp_soil_conservation",
            "水土保持",
            "soil conservation",
            "S_pro",
            "S_pro = NPP·(1 − K)·(1 − F_slo)",
            (_NPP, _K, _SLOPE),
            Example({"npp": 400.0, "erodibility": 0.25, "slope": 0.5}, {"index": 150.0}, "400·0.75·0.5"),
            Example({"npp": 400.0, "erodibility": 1.0, "slope": 0.0}, {"index": 0.0}, "the most erodible soil"),
        ),
        _soil,
    ),
    Formula(
        _index(
            "npp_sand_fixation",
            "防风固沙",
            "sand fixation",
            "S_ws",
            "S_ws = NPP·K·F_q·D",
            (
                _NPP,
                _K,
                _factor("climatic_erosivity", "F_q", "归一的气候侵蚀力", "scaled climatic erosivity"),
                Argument("roughness", "1", Text("地表粗糙度 1/cosθ", "surface roughness 1/cos θ"), "D", least=1),
            ),
            Example(
                {"npp": 200.0, "erodibility": 0.5, "climatic_erosivity": 0.4, "roughness": 2.0}, {"index": 80.0}, "200·0.5·0.4·2"
            ),
            Example(
                {"npp": 200.0, "erodibility": 0.5, "climatic_erosivity": 0.0, "roughness": 1.0},
                {"index": 0.0},
                "no dry wind, no sand",
            ),
        ),
        _sand,
    ),
    Formula(
        _index(
            "npp_biodiversity",
            "生物多样性维护",
            "biodiversity maintenance",
            "S_bio",
            "S_bio = NPP·F_pre·F_tem·(1 − F_alt)",
            (
                _NPP,
                _RAIN,
                _factor("temperature", "F_tem", "归一的气温", "scaled temperature"),
                _factor("elevation", "F_alt", "归一的海拔", "scaled elevation"),
            ),
            Example({"npp": 600.0, "rain": 0.5, "temperature": 0.5, "elevation": 0.2}, {"index": 120.0}, "600·0.5·0.5·0.8"),
            Example({"npp": 0.0, "rain": 1.0, "temperature": 1.0, "elevation": 0.0}, {"index": 0.0}, "bare ground"),
        ),
        _biodiversity,
    ),
)
