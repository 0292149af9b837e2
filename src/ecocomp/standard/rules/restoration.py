"""Restoration cost: what it takes to bring the land back and keep it so, and what clean water costs upstream.

The capital of restoring a hectare is spread over its life as an annuity, the poorer the grade the larger the share to
be restored, and yearly upkeep is added. Where a section exceeds its agreed concentration, the cost of removing the load
above it (unit cost rising with concentration as a power law) is borne by the land of the water zone.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.land import Part, Region, certain, money_per_ha, row_of, say
from ecocomp.standard.parts import (
    ByKind,
    Sum,
    annuity_factor,
    annuity_terms,
    capital_per_ha,
    not_positive,
    nothing,
    power,
    to_fen,
)
from ecocomp.terms.text import Text

_CAPITAL, _UPKEEP, _NEED = "standard.restoration.capital", "standard.restoration.upkeep", "standard.restoration.share"
_WATER = "standard.restoration.water"

SPEC = Spec(
    id="restoration",
    name=Text("恢复成本标准", "restoration cost"),
    summary=Text(
        "恢复一公顷的投入折为年金，乘按等级需恢复的比例，加年管护；水源涵养区再加断面超标负荷的去除成本。",
        "The capital of restoring a hectare as an annuity, times the share to be restored by grade, plus upkeep; in the water "
        "zone also the cost of removing the load above the agreed section standard.",
    ),
    unit="fen/ha/a",
    inputs=(Use("parcel", "table", Text("地块", "parcels")), Use("parcel_zone", "table", Text("分区", "zones"))),
    parameters=(
        Use(_CAPITAL, "CNY/ha", Text("恢复投入（按大类）", "capital of restoring, by group")),
        Use(f"{_CAPITAL}.rate", "1/a", Text("年利率", "yearly rate")),
        Use(f"{_CAPITAL}.years", "a", Text("年数", "years")),
        Use(_NEED, "1", Text("需恢复的比例（按等级）", "share to be restored, by grade")),
        Use(_UPKEEP, "CNY/ha/a", Text("年管护（按大类）", "upkeep by group")),
        Use(f"{_WATER}.found", "mg/L", Text("断面实测浓度（按指标）", "concentration found, by indicator"), optional=True),
        Use(f"{_WATER}.agreed", "mg/L", Text("约定浓度（按指标）", "agreed concentration, by indicator"), optional=True),
        Use(f"{_WATER}.flow", "m3/a", Text("断面年径流量", "yearly flow at the section"), optional=True),
        Use(
            f"{_WATER}.cost",
            "CNY/kg",
            Text("浓度 1 mg/L 时的去除单价 a（按指标）", "unit cost a at 1 mg/L, by indicator"),
            optional=True,
        ),
        Use(
            f"{_WATER}.exponent",
            "1",
            Text("单价随浓度变化的指数 b（按指标）", "exponent b of the unit cost, by indicator"),
            optional=True,
        ),
        Use(f"{_WATER}.area_ha", "ha", Text("分摊面积", "area it is spread over"), optional=True),
    ),
    outputs=(Use("parts", "fen/ha/a", Text("四部分（全部记入保护成本）", "four parts (all in protection)")),),
    formula=(
        "S = P[group]·i(1+i)^n/((1+i)^n − 1)·r[grade] + U[group] + W\n"
        "W = Σ_p max(C_p − C0_p, 0)·Q/1000·a_p·C_p^b_p / A   (water zone only)"
    ),
    holds=Text("按需恢复的投入补偿；不反映机会成本。", "Pays for restoring; blind to what the land could have earned."),
    references=(
        Reference("沙漠电灌工程生态补偿, ChinaXiv-201909.00077V1", "V", "annuity of capital"),
        Reference("puapp.net/c/20230218/1831, abstract", "V", "load above the agreed section standard × unit cost by power law"),
    ),
    examples=(
        Example(
            {
                "land": {
                    "group": "3",
                    "function_zone": "sand",
                    "grade": 2,
                    "red_line_ppm": 0,
                    "reserve_ppm": 0,
                    "area_dm2": 1_000_000,
                    "value_fen": None,
                },
                "region": {"engel_ppm": 350_000, "income_fen_per_head": 1_600_000},
                "parameters": {
                    _CAPITAL: {"3": "1000"},
                    f"{_CAPITAL}.rate": "0.06",
                    f"{_CAPITAL}.years": "10",
                    _NEED: {"2": "0.5"},
                    _UPKEEP: {"3": "40"},
                },
                "units": {_CAPITAL: "CNY/ha"},
            },
            {"protection": 10_793, "opportunity": 0, "value": 0, "regional": 0},
            "by hand: 1000 × 0.135867958 × 0.5 = 67.93; + 40",
            0.0,
        ),
    ),
)

LOWERS = frozenset({f"{_WATER}.agreed", f"{_WATER}.area_ha"})


def prepare(params: Parameters, economy: Region) -> Sum:
    """Return the function that sets the cost of restoring a parcel."""
    rate, years = annuity_terms(params, _CAPITAL)
    yearly = annuity_factor(rate, years)
    water = _water(params) if params.has(f"{_WATER}.found") else None

    def cost(group: str, grade: int, zone: str) -> Part:
        capital, share = row_of(params, _CAPITAL, group), row_of(params, _NEED, str(grade))
        if not 0 <= share <= 1:
            raise not_positive(params.get(_NEED))
        upkeep = row_of(params, _UPKEEP, group)
        fen = capital_per_ha(params.get(_CAPITAL), capital) * yearly * Fraction(share)
        fen += money_per_ha(params.get(_UPKEEP), upkeep)
        numbers = {"capital": capital, "rate": rate, "years": years, "share": share, "upkeep": upkeep}
        keys = [_CAPITAL, f"{_CAPITAL}.rate", f"{_CAPITAL}.years", _NEED, _UPKEEP]
        if water is not None and zone == "water":
            fen += water[0]
            numbers["water_fen_per_ha"] = to_fen(water[0])
            keys += water[1]
        return certain(to_fen(fen), say(form="restoration", ecosystem_group=group, grade=grade, **numbers), " ".join(keys))

    return Sum(ByKind(("group", "grade", "function_zone"), cost), nothing(), nothing(), nothing())


def _water(params: Parameters) -> tuple[Fraction, list[str]]:
    """Return the yearly cost of the load above the agreed concentrations, fen per hectare, and the keys used."""
    names = ("found", "agreed", "cost", "exponent", "flow", "area_ha")
    keys = [f"{_WATER}.{n}" for n in names]
    found, flow, area = params.table(keys[0]), params.decimal(keys[4]), params.decimal(keys[5])
    if area <= 0:
        raise not_positive(params.get(keys[5]))
    fen = Fraction(0)
    for indicator, value in found.items():
        agreed, cost, exponent = (row_of(params, k, indicator) for k in keys[1:4])
        load_kg = max(Fraction(value) - Fraction(agreed), Fraction(0)) * Fraction(flow) / 1000
        fen += load_kg * Fraction(cost) * Fraction(power(value, exponent)) * 100
    return fen / Fraction(Decimal(area)), keys
