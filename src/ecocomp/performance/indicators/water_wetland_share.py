"""Share of wetland and open water, common to all four kinds of zone."""

from __future__ import annotations

from ecocomp.performance.area import Area, Measure, extent_share, of_groups
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SPEC = Spec(
    id="water_wetland_share",
    name=Text("水域湿地覆盖率", "water and wetland share"),
    summary=Text("湿地和水面占评价单元的面积比例。", "Share of wetland and open water in the area."),
    unit="1",
    inputs=(Use("parcel_transition", "table", Text("期末各生态系统面积", "closing area by ecosystem")),),
    parameters=(Use("performance.water_wetland_share.bounds", "1", Text("最差与最好", "worst and best")),),
    outputs=(Use("value", "1", Text("占比", "share")),),
    formula="A4 / A",
    holds=Text("丰枯年水面不同，应取同一季节。", "Open water differs between wet and dry years; take one season."),
    references=(
        Reference(
            "国家重点生态功能区县域生态环境质量考核指标体系 环发〔2014〕32号", "v", "existence of the indicator; bounds are local"
        ),
    ),
    examples=(
        Example(
            {"extent_dm2": {"12": 500, "21": 100, "32": 200, "42": 50, "51": 100, "61": 30, "72": 20}},
            {"value": 0.05, "coverage": 1.0},
            "by hand: 50 of 1000 dm2",
        ),
    ),
)

_COUNTS = of_groups("4")


def measure(area: Area, params: Parameters) -> Measure:
    """Return the share and that of the base year."""
    return extent_share(area, _COUNTS)
