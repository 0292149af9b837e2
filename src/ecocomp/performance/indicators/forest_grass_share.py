"""Share of forest, shrub and grassland: what a soil or sand zone is meant to keep."""

from __future__ import annotations

from ecocomp.performance.area import Area, Measure, extent_share, of_groups
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SPEC = Spec(
    id="forest_grass_share",
    name=Text("林草覆盖率", "forest and grass cover"),
    summary=Text("森林、灌丛和草地占评价单元的面积比例。", "Share of forest, shrub and grassland in the area."),
    unit="1",
    inputs=(Use("parcel_transition", "table", Text("期末各生态系统面积", "closing area by ecosystem")),),
    parameters=(Use("performance.forest_grass_share.bounds", "1", Text("最差与最好", "worst and best")),),
    outputs=(Use("value", "1", Text("占比", "share")),),
    formula="(A1 + A2 + A3) / A",
    holds=Text("草地包括草丛和稀疏草地。", "Grassland includes tussock and sparse grassland."),
    references=(
        Reference(
            "国家重点生态功能区县域生态环境质量考核指标体系 环发〔2014〕32号", "v", "existence of the indicator; bounds are local"
        ),
    ),
    examples=(
        Example(
            {"extent_dm2": {"12": 500, "21": 100, "32": 200, "42": 50, "51": 100, "61": 30, "72": 20}},
            {"value": 0.8, "coverage": 1.0},
            "by hand: 500+100+200 of 1000 dm2",
        ),
    ),
)

_COUNTS = of_groups("123")


def measure(area: Area, params: Parameters) -> Measure:
    """Return the share and that of the base year."""
    return extent_share(area, _COUNTS)
