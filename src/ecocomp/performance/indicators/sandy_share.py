"""Share of desert and sandy land: what a sand zone is meant to push back. Its worst bound lies above its best."""

from __future__ import annotations

from ecocomp.performance.area import Area, Measure, extent_share
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

SPEC = Spec(
    id="sandy_share",
    name=Text("沙化土地比例", "sandy land share"),
    summary=Text("沙漠和沙地占评价单元的面积比例，越小越好。", "Share of desert and sandy land in the area; less is better."),
    unit="1",
    inputs=(Use("parcel_transition", "table", Text("期末各生态系统面积", "closing area by ecosystem")),),
    parameters=(Use("performance.sandy_share.bounds", "1", Text("最差与最好", "worst and best")),),
    outputs=(Use("value", "1", Text("占比", "share")),),
    formula="(A71 + A72) / A",
    holds=Text("原生沙漠不能靠管护减少。", "Primary desert does not shrink by care."),
    references=(
        Reference(
            "国家重点生态功能区县域生态环境质量考核指标体系 环发〔2014〕32号", "v", "existence of the indicator; bounds are local"
        ),
    ),
    examples=(
        Example(
            {"extent_dm2": {"12": 500, "21": 100, "32": 200, "42": 50, "51": 100, "61": 30, "72": 20}},
            {"value": 0.02, "coverage": 1.0},
            "by hand: 20 of 1000 dm2",
        ),
    ),
)

_SANDY = frozenset({"71", "72"})


def _counts(code: str) -> bool:
    return code in _SANDY


def measure(area: Area, params: Parameters) -> Measure:
    """Return the share and that of the base year."""
    return extent_share(area, _counts)
