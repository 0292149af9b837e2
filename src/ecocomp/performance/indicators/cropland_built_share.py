"""Share of farmland and urban land: the pressure on a zone. Its worst bound lies above its best."""

from __future__ import annotations

from ecocomp.performance.area import Area, Measure, extent_share, of_groups
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SPEC = Spec(
    id="cropland_built_share",
    name=Text("耕地与建设用地比例", "cropland and built-up share"),
    summary=Text("农田和城镇占评价单元的面积比例，越小越好。", "Share of farmland and urban land in the area; less is better."),
    unit="1",
    inputs=(Use("parcel_transition", "table", Text("期末各生态系统面积", "closing area by ecosystem")),),
    parameters=(Use("performance.cropland_built_share.bounds", "1", Text("最差与最好", "worst and best")),),
    outputs=(Use("value", "1", Text("占比", "share")),),
    formula="(A5 + A6) / A",
    holds=Text("永久基本农田也计入。", "Permanent basic farmland counts too."),
    references=(
        Reference(
            "国家重点生态功能区县域生态环境质量考核指标体系 环发〔2014〕32号", "v", "existence of the indicator; bounds are local"
        ),
    ),
    examples=(
        Example(
            {"extent_dm2": {"12": 500, "21": 100, "32": 200, "42": 50, "51": 100, "61": 30, "72": 20}},
            {"value": 0.13, "coverage": 1.0},
            "by hand: 100+30 of 1000 dm2",
        ),
    ),
)

_COUNTS = of_groups("56")


def measure(area: Area, params: Parameters) -> Measure:
    """Return the share and that of the base year."""
    return extent_share(area, _COUNTS)
