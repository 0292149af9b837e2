"""Mean vegetation cover of an area, against the cover that policy asks for."""

from __future__ import annotations

from dataclasses import replace

from ecocomp.performance.area import Area, Measure, area_mean
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SIGNAL = "fvc"

SPEC = Spec(
    id="vegetation_cover",
    name=Text("植被覆盖度", "vegetation cover"),
    summary=Text("按观测面积加权的平均植被覆盖度。", "Mean vegetation cover weighted by observed area."),
    unit="1",
    inputs=(Use("observation.fvc", "1", Text("植被覆盖度", "vegetation cover")),),
    parameters=(
        Use("performance.vegetation_cover.bounds", "1", Text("最差与最好", "worst and best")),
        Use("performance.vegetation_cover.error", "1", Text("面积均值的误差", "error of the mean")),
    ),
    outputs=(Use("value", "1", Text("覆盖度", "cover")),),
    formula="Σ A·c·FVC / Σ A·c",
    holds=Text(
        "覆盖度须用固定端元计算，不用单景分位数。", "Cover must be made with fixed end members, never with percentiles of a scene."
    ),
    references=(
        Reference(
            "HJ 1172-2021 全国生态状况调查评估技术规范——生态系统质量评估", "V", "vegetation cover as an indicator of quality"
        ),
    ),
    examples=(
        Example(
            {"area_dm2": {"a": 300, "b": 100}, "cover": {"a": 0.8, "b": 0.4}, "error": 0.05},
            {"value": 0.7, "low": 0.65, "high": 0.75, "coverage": 1.0},
            "by hand: (300·0.8+100·0.4)/400",
        ),
    ),
)


def measure(area: Area, params: Parameters) -> Measure:
    """Return the mean cover with its base-year value."""
    error = params.number("performance.vegetation_cover.error")
    found = area_mean(area.signals.get(SIGNAL, {}), area.area_dm2, error)
    base = area_mean(area.signals_base.get(SIGNAL, {}), area.area_dm2)
    return replace(found, base=base.value)
