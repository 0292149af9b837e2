"""Change of the zone's dominant service per hectare against the base year.

A water-conservation zone is judged by the water it keeps, a sand zone by the sand it fixes. The two years must come
from the same method: a change of formula is not a change of nature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ecocomp.performance.area import Area, Measure, Seen, not_assessed
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SPEC = Spec(
    id="service_change",
    name=Text("主导服务变化", "change of the dominant service"),
    summary=Text(
        "功能区主导生态系统服务的单位面积量相对基准年的变化率。",
        "Relative change, from the base year, of the yield per area of the service a zone is there for.",
    ),
    unit="1",
    inputs=(Use("service", "table", Text("两年的服务量", "service quantities of both years")),),
    parameters=(
        Use("performance.dominant_service", "", Text("各功能区的主导服务", "dominant service of each zone")),
        Use("performance.service_change.bounds", "1", Text("最差与最好", "worst and best")),
    ),
    outputs=(Use("value", "1", Text("变化率", "relative change")),),
    formula="(Σ Q/Σ A)/(Σ Q0/Σ A0) − 1",
    holds=Text(
        "两年同法才可比；系数误差两年相同，所以区间取下界之比与上界之比。",
        "Only years of one method compare. Coefficient errors are common to both, so the range is low/low to high/high.",
    ),
    references=(
        Reference(
            "HJ 1173-2021 全国生态状况调查评估技术规范——生态系统服务功能评估",
            "V",
            "the services; the ratio is a design choice here",
        ),
    ),
    examples=(
        Example(
            {"area_dm2": {"a": 300, "b": 100}, "quantity": {"a": 330.0, "b": 110.0}, "base": {"a": 300.0, "b": 100.0}},
            {"value": 0.1, "coverage": 1.0},
            "by hand: 440/400 − 1",
        ),
    ),
)


def measure(area: Area, params: Parameters) -> Measure:
    """Return the relative change; `base` is the quantity per hectare in the base year."""
    name = dominant_service(params, area.function_zone)
    if name is None:
        return not_assessed("no_service")
    now, then = area.services.get(name, {}), area.services_base.get(name, {})
    if not now:
        return not_assessed("no_data")
    both = sorted(p for p in now.keys() & then.keys() & area.area_dm2.keys() if now[p].coverage > 0)
    if not both:
        return not_assessed("no_base")
    if {now[p].method for p in both} != {then[p].method for p in both}:
        return not_assessed("method_changed")
    covered = sum(area.area_dm2[p] * min(now[p].coverage, then[p].coverage) for p in both) / area.whole_dm2()
    ratios = [_ratio(now, then, both, part) for part in (_value, _low, _high)]
    if ratios[0] is None:
        return not_assessed("no_base", covered)
    known = [r for r in ratios if r is not None]
    base = math.fsum(then[p].value for p in both) / (sum(area.area_dm2[p] for p in both) / 1_000_000)
    return Measure(ratios[0], min(known), max(known), base, covered)


def dominant_service(params: Parameters, zone: str) -> str | None:
    """Return the service a function zone is judged by, or None."""
    for item in params.items("performance.dominant_service"):
        if item["function_zone"] == zone:
            return str(item["service"])
    return None


def _ratio(now: Mapping[str, Seen], then: Mapping[str, Seen], parcels: list[str], part: Callable[[Seen], float]) -> float | None:
    before = math.fsum(part(then[p]) for p in parcels)
    return math.fsum(part(now[p]) for p in parcels) / before - 1.0 if before > 0 else None


def _value(seen: Seen) -> float:
    return seen.value


def _low(seen: Seen) -> float:
    return seen.low


def _high(seen: Seen) -> float:
    return seen.high
