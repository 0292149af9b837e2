"""Change of vegetation cover against the base year, over the parcels seen in both years."""

from __future__ import annotations

from ecocomp.performance.area import Area, Measure, Seen, area_mean, not_assessed
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SIGNAL = "fvc"

SPEC = Spec(
    id="vegetation_change",
    name=Text("植被覆盖度变化", "change of vegetation cover"),
    summary=Text(
        "两年都有观测的地块上，植被覆盖度与基准年之差的面积加权平均。",
        "Area-weighted mean difference of vegetation cover from the base year, over parcels observed in both years.",
    ),
    unit="1",
    inputs=(Use("observation.fvc", "1", Text("两年植被覆盖度", "vegetation cover in both years")),),
    parameters=(
        Use("performance.vegetation_change.bounds", "1", Text("最差与最好", "worst and best")),
        Use("performance.vegetation_change.error", "1", Text("差值的误差", "error of the difference")),
    ),
    outputs=(Use("value", "1", Text("变化", "change")),),
    formula="Σ A·min(c, c0)·(FVC − FVC0) / Σ A·min(c, c0)",
    holds=Text(
        "包含天气影响；要分开管护与天气，看反事实效果。",
        "Weather is in it; the counterfactual effect tells care from weather.",
    ),
    references=(Reference("HJ 1172-2021 全国生态状况调查评估技术规范——生态系统质量评估", "V"),),
    examples=(
        Example(
            {"area_dm2": {"a": 300, "b": 100}, "cover": {"a": 0.8, "b": 0.4}, "base": {"a": 0.76, "b": 0.44}, "error": 0.02},
            {"value": 0.02, "low": 0.0, "high": 0.04, "coverage": 1.0},
            "by hand: (300·0.04 − 100·0.04)/400",
        ),
    ),
)


def measure(area: Area, params: Parameters) -> Measure:
    """Return the mean change; `base` is the mean cover of the base year over the same parcels."""
    now, then = area.signals.get(SIGNAL, {}), area.signals_base.get(SIGNAL, {})
    if not then:
        return not_assessed("no_base")
    both = sorted(now.keys() & then.keys() & area.area_dm2.keys())
    change = {p: _point(now[p].value - then[p].value, min(now[p].coverage, then[p].coverage)) for p in both}
    found = area_mean(change, area.area_dm2, params.number("performance.vegetation_change.error"))
    return found


def _point(value: float, coverage: float) -> Seen:
    return Seen(value, value, value, coverage)
