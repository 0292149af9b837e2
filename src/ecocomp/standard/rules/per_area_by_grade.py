"""Stepped rate per area: one amount for each function zone and grade, times a factor of the ecosystem group.

The form of most programmes in force, such as forest benefit compensation, which pay a fixed amount per mu. The whole
rate is booked as protection cost, because that is what such programmes say they pay for.
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.land import Part, Region, certain, money_per_ha, per_mu, row_of, say
from ecocomp.standard.parts import ByKind, Sum, nothing, to_fen
from ecocomp.terms.text import Text

_RATE, _FACTOR = "standard.per_area.rate", "standard.per_area.ecosystem_factor"

SPEC = Spec(
    id="per_area_by_grade",
    name=Text("分级定额", "stepped rate by zone and grade"),
    summary=Text(
        "按功能区和等级查得单位面积定额，乘生态系统系数。",
        "Looks the amount per area up by function zone and grade and multiplies it by a factor of the ecosystem group.",
    ),
    unit="fen/ha/a",
    inputs=(Use("parcel", "table", Text("地块", "parcels")), Use("parcel_zone", "table", Text("分区", "zones"))),
    parameters=(
        Use(_RATE, "CNY/ha/a", Text("定额（键为“功能区.等级”）", "rate, keyed zone.grade")),
        Use(_FACTOR, "1", Text("生态系统系数（按大类）", "factor by ecosystem group")),
    ),
    outputs=(Use("parts", "fen/ha/a", Text("四部分（全部记入保护成本）", "four parts (all in protection)")),),
    formula="rate[zone.grade] · factor[group]",
    holds=Text("定额制项目；不反映地块之间服务量的差别。", "Flat-rate programmes; blind to what each parcel yields."),
    references=(Reference("森林生态效益补偿 财资环〔2024〕159号", "v", "a fixed amount per mu by kind of owner"),),
    examples=(
        Example(
            {
                "land": {
                    "group": "1",
                    "function_zone": "water",
                    "grade": 1,
                    "red_line_ppm": 0,
                    "reserve_ppm": 0,
                    "area_dm2": 1_000_000,
                    "value_fen": None,
                },
                "region": {"engel_ppm": 350_000, "income_fen_per_head": 1_600_000},
                "parameters": {_RATE: {"water.1": "1500"}, _FACTOR: {"1": "1.2"}},
            },
            {"protection": 180_000, "opportunity": 0, "value": 0, "regional": 0},
            "by hand: 1500 × 1.2 = 1800 CNY/ha",
            0.0,
        ),
    ),
)


def prepare(params: Parameters, economy: Region) -> Sum:
    """Return the function that looks a parcel's rate up; the economy of the region plays no part."""

    def rate(zone: str, grade: int, group: str) -> Part:
        step = f"{zone}.{grade}"
        amount, factor = row_of(params, _RATE, step), row_of(params, _FACTOR, group)
        fen = to_fen(money_per_ha(params.get(_RATE), amount) * Fraction(factor))
        return certain(
            fen,
            say(rate=amount, step=step, ecosystem_group=group, factor=factor, **per_mu(params.get(_RATE))),
            f"{_RATE} {_FACTOR}",
        )

    return Sum(ByKind(("function_zone", "grade", "group"), rate), nothing(), nothing(), nothing())
