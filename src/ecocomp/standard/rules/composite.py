"""Composite standard: protection cost + opportunity cost + a share of the service value + regional economy.

For counties that pay for protection by what it costs and what it yields. The lower bound of a fair payment is
opportunity plus protection cost, the upper one the added value of the services (Wei River study,
doi 10.5846/stxb201704130664); the parts are added so that each stays visible in the payment.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.land import (
    NOT_ASSESSED,
    Land,
    Part,
    Parts,
    Region,
    Rule,
    certain,
    development_level,
    money_per_ha,
    number_per_ha,
    restriction_degree,
    row_of,
    say,
    worth_per_ha,
)
from ecocomp.terms.money import half_even
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


def prepare(params: Parameters, economy: Region) -> Rule:
    """Return the function that sets the four parts of a parcel under these rules and this economy."""
    regional = _regional(params, economy)

    @cache
    def protection(group: str, zone: str) -> Part:
        return _protection(params, group, zone)

    @cache
    def opportunity(group: str, red_line_ppm: int, reserve_ppm: int) -> Part:
        return _opportunity(params, group, red_line_ppm, reserve_ppm)

    value = _value(params)

    def parts(land: Land) -> Parts:
        return (
            protection(land.group, land.function_zone),
            opportunity(land.group, land.red_line_ppm, land.reserve_ppm),
            value(land),
            regional,
        )

    return parts


def _protection(params: Parameters, group: str, zone: str) -> Part:
    key, zone_key = "standard.protection_cost", "standard.protection_zone_factor"
    cost, factor = row_of(params, key, group), row_of(params, zone_key, zone)
    fen = _fen(money_per_ha(params.get(key), cost) * Fraction(factor))
    return certain(fen, say(cost=cost, ecosystem_group=group, function_zone=zone, zone_factor=factor), f"{key} {zone_key}")


def _opportunity(params: Parameters, group: str, red_line_ppm: int, reserve_ppm: int) -> Part:
    key = "standard.opportunity_cost"
    keys = [f"standard.restriction.{k}" for k in ("red_line", "reserve", "outside")]
    cost = row_of(params, key, group)
    red, reserve, outside = (params.decimal(k) for k in keys)
    degree = restriction_degree(red_line_ppm, reserve_ppm, red, reserve, outside)
    inputs = say(
        cost=cost,
        ecosystem_group=group,
        red_line_ppm=red_line_ppm,
        reserve_ppm=reserve_ppm,
        red_line=red,
        reserve=reserve,
        outside=outside,
    )
    return certain(_fen(money_per_ha(params.get(key), cost) * degree), inputs, " ".join([key, *keys]))


def _value(params: Parameters) -> Callable[[Land], Part]:
    cap_share = params.decimal("standard.value_cap_share")
    cap = number_per_ha(params, "standard.value_cap") if params.has("standard.value_cap") else None
    keys = " ".join(
        [f"standard.{k}" for k in ("value_share", "value_grade_coefficient", "value_cap_share")]
        + (["standard.value_cap"] if cap is not None else [])
    )

    @cache
    def share_of(zone: str, grade: int) -> tuple[Fraction, Decimal, Decimal]:
        share, coefficient = (
            row_of(params, "standard.value_share", zone),
            row_of(params, "standard.value_grade_coefficient", str(grade)),
        )
        return min(Fraction(share) * Fraction(coefficient), Fraction(cap_share)), share, coefficient

    def part(land: Land) -> Part:
        taken, share, coefficient = share_of(land.function_zone, land.grade)
        if land.worth is None:
            return certain(0, say(service_value=NOT_ASSESSED), keys)

        def fen(worth: int) -> int:
            amount = max(worth_per_ha(worth, land.area_dm2) * taken, Fraction(0))
            return _fen(amount if cap is None else min(amount, cap))

        worth = land.worth
        inputs = say(
            service_value_fen=worth.value_fen,
            low_fen=worth.low_fen,
            high_fen=worth.high_fen,
            services=worth.services,
            area_dm2=land.area_dm2,
            share=share,
            grade=land.grade,
            grade_coefficient=coefficient,
            cap_share=cap_share,
            cap_fen_per_ha=None if cap is None else _fen(cap),
        )
        return Part(fen(worth.value_fen), fen(worth.low_fen), fen(worth.high_fen), inputs, keys)

    return part


def _regional(params: Parameters, economy: Region) -> Part:
    names = ("engel_reference", "income_reference", "income_factor_low", "income_factor_high")
    keys = [f"standard.regional.{k}" for k in names]
    engel, income, low, high = (params.decimal(k) for k in keys)
    level, reference = development_level(economy.engel_ppm), development_level(int(engel * 1_000_000))
    # A poorer region gets the larger factor: it can spare less for protection that others enjoy.
    factor = min(max(Fraction(income) * 100 / max(economy.income_fen_per_head, 1), Fraction(low)), Fraction(high))
    fen = _fen(number_per_ha(params, "standard.regional_base") * Fraction(level) / Fraction(reference) * factor)
    inputs = say(
        base=params.decimal("standard.regional_base"),
        region=economy.region_code,
        economy_year=economy.year,
        engel_ppm=economy.engel_ppm,
        level=level,
        engel_reference=engel,
        level_reference=reference,
        income_fen_per_head=economy.income_fen_per_head,
        income_reference=income,
        factor_low=low,
        factor_high=high,
    )
    return certain(fen, inputs, " ".join(["standard.regional_base", *keys]))


def _fen(amount: Fraction) -> int:
    return half_even(amount.numerator, amount.denominator)
