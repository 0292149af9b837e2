"""Composite standard: protection cost + opportunity cost + a share of the service value + regional economy.

For counties that pay for protection by what it costs and what it yields. The lower bound of a fair payment is
opportunity plus protection cost, the upper one the added value of the services (Wei River study,
doi 10.5846/stxb201704130664); the parts are added so that each stays visible in the payment.
"""

from __future__ import annotations

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.land import Region
from ecocomp.standard.parts import Opportunity, Sum, graded_share, protection, regional
from ecocomp.terms.text import Text

_GIVEN = {
    "standard.protection_cost": {"1": "300"},
    "standard.protection_zone_factor": {"water": "1.10"},
    "standard.opportunity_cost": {"1": "900"},
    "standard.restriction.red_line": "1",
    "standard.restriction.reserve": "0.80",
    "standard.restriction.outside": "0.40",
    "standard.value_share": {"water": "0.02"},
    "standard.value_grade_coefficient": {"2": "1"},
    "standard.value_cap_share": "0.03",
    "standard.value_cap": "900",
    "standard.regional_base": "150",
    "standard.regional.engel_reference": "0.35",
    "standard.regional.income_reference": "16000",
    "standard.regional.income_factor_low": "0.8",
    "standard.regional.income_factor_high": "1.2",
}

SPEC = Spec(
    id="composite",
    name=Text("综合标准（四部分相加）", "composite standard (four parts)"),
    summary=Text(
        "每公顷每年的标准等于保护成本、按限制程度计的机会成本、按等级计的生态价值分成与区域经济部分之和。",
        "The yearly rate per hectare is protection cost, opportunity cost by degree of restriction, a graded share of "
        "the service value, and a part for the regional economy.",
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
        Use("standard.opportunity_cost", "CNY/ha/a", Text("机会成本（按生态系统大类）", "opportunity cost by ecosystem group")),
        Use("standard.restriction.red_line", "1", Text("红线内限制程度", "restriction inside the red line")),
        Use("standard.restriction.reserve", "1", Text("留白内限制程度", "restriction inside reserves")),
        Use("standard.restriction.outside", "1", Text("其余限制程度", "restriction elsewhere")),
        Use("standard.value_share", "1", Text("价值分成（按功能区）", "share of service value by zone")),
        Use("standard.value_grade_coefficient", "1", Text("等级系数", "grade coefficient")),
        Use("standard.value_cap_share", "1", Text("价值分成上限", "highest share of service value")),
        Use("standard.value_cap", "CNY/ha/a", Text("价值部分上限", "cap on the value part"), optional=True),
        Use("standard.regional_base", "CNY/ha/a", Text("区域经济部分基数", "base of the regional part")),
        Use("standard.regional.engel_reference", "1", Text("参照恩格尔系数", "reference Engel coefficient")),
        Use("standard.regional.income_reference", "CNY/a", Text("参照人均收入", "reference income per head")),
        Use("standard.regional.income_factor_low", "1", Text("收入系数下限", "lowest income factor")),
        Use("standard.regional.income_factor_high", "1", Text("收入系数上限", "highest income factor")),
    ),
    outputs=(Use("parts", "fen/ha/a", Text("四部分", "four parts")),),
    formula=(
        "PC[g]·z + OC[g]·(r·ρ + s·σ + (1−r−s)·ο) + min(ESV/A·min(k·c[grade], k_max), V_max) + B·L(En)/L(En_ref)·clip(I_ref/I)"
    ),
    holds=Text(
        "各部分相加，不相乘；没有评估出服务价值的地块，价值部分记为零并注明未评估。",
        "Parts are added, never multiplied; where no service was assessed the value part is 0 and says so.",
    ),
    references=(
        Reference("渭河甘肃段 InVEST 补偿标准, doi 10.5846/stxb201704130664", "V", "lower and upper bound of a standard"),
        Reference("甘肃白龙江流域, doi 10.5846/stxb201509231959", "V", "L = 1/(1+e^(3−1/En))"),
        Reference("生态保护补偿条例 (国务院令第779号, 2024) 第九条", "V", "economy, fiscal capacity and result set the standard"),
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
                    "area_dm2": 2_000_000,
                    "value_fen": 4_000_000,
                },
                "region": {"engel_ppm": 350_000, "income_fen_per_head": 1_600_000},
                "parameters": _GIVEN,
            },
            {"protection": 33_000, "opportunity": 66_600, "value": 40_000, "regional": 15_000},
            "by hand: 300×1.10; 900×(0.5×1+0.1×0.8+0.4×0.4)=900×0.74; 20 000×0.02; 150×1×1",
            0.0,
        ),
    ),
)


def prepare(params: Parameters, economy: Region) -> Sum:
    """Return the function that sets the four parts of a parcel under these rules and this economy."""
    return Sum(protection(params), Opportunity(params, economy), graded_share(params), regional(params, economy))
