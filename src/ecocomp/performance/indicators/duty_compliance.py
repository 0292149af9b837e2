"""Share of the observed area whose duties were found kept (green light)."""

from __future__ import annotations

from collections.abc import Callable

from ecocomp.performance.area import Area, Measure, not_assessed
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SPEC = Spec(
    id="duty_compliance",
    name=Text("管护合规面积比例", "area whose duties were kept"),
    summary=Text(
        "已观测面积中合规（绿灯）面积的比例；黄灯计入上界，未观测面积不作推断。",
        "Share of the observed area with a green light; yellow counts in the upper bound, unseen area is not guessed.",
    ),
    unit="1",
    inputs=(Use("compliance", "table", Text("合规", "compliance")),),
    parameters=(Use("performance.duty_compliance.bounds", "1", Text("最差与最好", "worst and best")),),
    outputs=(Use("value", "1", Text("比例", "share")),),
    formula="A_green / (A_green + A_yellow + A_red)",
    holds=Text(
        "现场核查认定不属实或不可抗力的，按合规计。",
        "A deviation that a field check refuted, or put down to force majeure, counts as kept.",
    ),
    references=(
        Reference(
            "生态保护补偿条例 (国务院令第779号, 2024) 第二十五条", "V", "payment and verification; the indicator is a design choice"
        ),
    ),
    examples=(
        Example(
            {
                "area_dm2": {"a": 600, "b": 200, "c": 100, "d": 100},
                "lights": {"a": "green", "b": "yellow", "c": "red", "d": "grey"},
            },
            {"value": 600 / 900, "low": 600 / 900, "high": 800 / 900, "coverage": 0.9},
            "by hand",
        ),
    ),
)

_KEPT = frozenset({"refuted", "force_majeure"})


def measure(area: Area, params: Parameters) -> Measure:
    """Return the share of kept area."""

    def total(wanted: Callable[[str, str], bool]) -> int:
        return sum(dm2 for p, dm2 in area.area_dm2.items() if p in area.lights and wanted(*area.lights[p]))

    seen = total(lambda light, verdict: light != "grey" or verdict in _KEPT)
    if not seen:
        return not_assessed("no_data")
    kept = total(_kept)
    open_dm2 = total(lambda light, verdict: light == "yellow" and verdict not in _KEPT and verdict != "confirmed")
    return Measure(kept / seen, kept / seen, (kept + open_dm2) / seen, None, seen / area.whole_dm2())


def _kept(light: str, verdict: str) -> bool:
    return light == "green" or verdict in _KEPT
