"""Bounded composite: never below what protection costs, never above what it is worth or what can be afforded.

The lower bound is opportunity plus protection cost, the upper one the value of the services by stage of development,
or what the payer can afford: max(OC + PC, min(ESV·L, affordable)). What the value adds above the costs is the value
part, so that the four parts stay visible and still add up to the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.land import Land, Parts, Region
from ecocomp.standard.lands import Lands
from ecocomp.standard.parts import (
    ByKind,
    Opportunity,
    PartColumns,
    Value,
    developed_value,
    nothing,
    protection,
)
from ecocomp.terms.text import Text

SPEC = Spec(
    id="bounded",
    name=Text("上下限综合标准", "bounded composite standard"),
    summary=Text(
        "标准取成本下限（机会成本加保护成本）与价值上限（服务价值乘发展系数，不超过可负担额）中的较高者。",
        "The higher of the cost of protection (opportunity plus protection cost) and the value of the services by stage of "
        "development, which counts up to what can be afforded.",
    ),
    unit="fen/ha/a",
    inputs=(
        Use("parcel", "table", Text("地块", "parcels")),
        Use("parcel_zone", "table", Text("分区", "zones")),
        Use("service_value", "table", Text("服务价值", "value of services"), optional=True),
        Use("economy", "table", Text("区域经济", "regional economy")),
    ),
    parameters=(
        Use("standard.protection_cost", "CNY/ha/a", Text("保护成本（按生态系统大类）", "protection cost by ecosystem group")),
        Use("standard.protection_zone_factor", "1", Text("保护成本的功能区系数", "zone factor of protection cost")),
        Use("standard.past_capital", "CNY/ha", Text("前期投入（按大类）", "capital spent before, by group"), optional=True),
        Use("standard.past_capital.rate", "1/a", Text("前期投入的年利率", "yearly rate of past capital"), optional=True),
        Use("standard.past_capital.years", "a", Text("前期投入的分摊年数", "years past capital is spread over"), optional=True),
        Use("standard.opportunity.method", "", Text("机会成本算法", "method of opportunity cost"), optional=True),
        Use("standard.opportunity_cost", "CNY/ha/a", Text("机会成本（按大类）", "opportunity cost by group"), optional=True),
        Use(
            "standard.opportunity.uses",
            "CNY/ha/a",
            Text("各用途净收益（键为“大类.用途”）", "net return, keyed group.use"),
            optional=True,
        ),
        Use(
            "standard.opportunity.income_reference", "CNY/a", Text("收入差的参照收入", "reference income of the gap"), optional=True
        ),
        Use("standard.opportunity.population", "persons", Text("收入差的人口", "people of the gap"), optional=True),
        Use("standard.opportunity.area_ha", "ha", Text("收入差分摊的面积", "area the gap is spread over"), optional=True),
        Use("standard.restriction.red_line", "1", Text("红线内限制程度", "restriction inside the red line")),
        Use("standard.restriction.reserve", "1", Text("留白内限制程度", "restriction inside reserves")),
        Use("standard.restriction.outside", "1", Text("其余限制程度", "restriction elsewhere")),
        Use("standard.affordable", "CNY/ha/a", Text("可负担额", "what can be afforded"), optional=True),
        Use(
            "standard.baseline_value",
            "CNY/ha/a",
            Text("保护前已有的价值（按大类）", "value before protection, by group"),
            optional=True,
        ),
        Use("standard.engel.urban", "1", Text("城镇恩格尔系数", "urban Engel coefficient"), optional=True),
        Use("standard.engel.rural", "1", Text("农村恩格尔系数", "rural Engel coefficient"), optional=True),
        Use("standard.engel.urban_share", "1", Text("城镇化率", "share of urban people"), optional=True),
        Use("standard.development.t", "", Text("发展阶段 t 的取法", "how t is taken"), optional=True),
    ),
    outputs=(Use("parts", "fen/ha/a", Text("四部分", "four parts")),),
    formula="S = max(OC + PC, min((ESV/A − V0)·L, B))\nL = 1/(1 + e^(3 − 1/En))",
    holds=Text(
        "没有评估出服务价值的地块按下限付；可负担额低于成本时也不低于成本。",
        "Land without an assessed service is paid the lower bound; costs are met even where less could be afforded.",
    ),
    references=(
        Reference("渭河甘肃段 InVEST 补偿标准, doi 10.5846/stxb201704130664", "V", "lower and upper bound of a standard"),
        Reference("甘肃白龙江流域, doi 10.5846/stxb201509231959", "V", "L = 1/(1+e^(3−1/En))"),
        Reference("design of this project", "D", "max(OC + PC, min(ESV·L, affordable))"),
    ),
    examples=(
        Example(
            {
                "land": {
                    "group": "1",
                    "function_zone": "water",
                    "grade": 2,
                    "red_line_ppm": 500_000,
                    "reserve_ppm": 100_000,
                    "area_dm2": 1_000_000,
                    "value_fen": 1_000_000,
                },
                "region": {"engel_ppm": 500_000, "income_fen_per_head": 1_600_000},
                "parameters": {
                    "standard.protection_cost": {"1": "300"},
                    "standard.protection_zone_factor": {"water": "1.10"},
                    "standard.opportunity_cost": {"1": "900"},
                    "standard.restriction.red_line": "1",
                    "standard.restriction.reserve": "0.80",
                    "standard.restriction.outside": "0.40",
                    "standard.affordable": "2500",
                },
            },
            {"protection": 33_000, "opportunity": 66_600, "value": 150_400, "regional": 0},
            "by hand: 330; 900×0.74 = 666; 10 000×0.2689414214 = 2689.41, at most 2500; 2500 − 996 = 1504",
            0.0,
        ),
    ),
)

LOWERS = frozenset({"standard.baseline_value", "standard.opportunity.area_ha", "standard.engel.urban", "standard.engel.rural"})


def prepare(params: Parameters, economy: Region) -> Bounded:
    """Return the function that sets the four parts of a parcel under these rules and this economy."""
    value = developed_value(params, economy, form="bounded", cap="standard.affordable")
    return Bounded(protection(params), Opportunity(params, economy), value)


@dataclass(frozen=True)
class Bounded:
    """The rule: costs, and what the value adds above them."""

    protection: ByKind
    opportunity: Opportunity
    value: Value

    def __call__(self, land: Land) -> Parts:
        """Return the four parts of one parcel."""
        costs = self.protection.of(land), self.opportunity.of(land)
        return *costs, self.value.of(land, *costs), _NOTHING.of(land)

    def on(self, lands: Lands) -> PartColumns:
        """Return the four parts of many parcels."""
        costs = self.protection.on(lands), self.opportunity.on(lands)
        return *costs, self.value.on(lands, *costs), _NOTHING.on(lands)


_NOTHING = nothing()
