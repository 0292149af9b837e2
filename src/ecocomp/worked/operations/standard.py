"""What a worked case can ask of the standard: a parcel's rate by any rule, statutory floors, classes of priority, formulas.

`standard.rate` sets one parcel exactly as the year's run does. It takes the rules of the place and day; `parameters`
lays others over them, so that a case can state all it needs: `{standard.rule: bounded, standard.affordable: 2500, …}`
with the unit of an amount under `units` where it is not CNY/ha/a.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting
from ecocomp.worked.values import Given

_RATE = Text("元/公顷·年", "yuan/ha/a")
_LAND: dict[str, Text] = {
    "ecosystem": Text("生态系统代码（两位）", "code of the ecosystem, two digits"),
    "zone": Text("功能区代码", "code of the function zone"),
    "grade": Text("生态等级 1–3", "ecological grade 1–3"),
    "red_line?": Text("红线内占比 0–1", "share inside the red line, 0–1"),
    "reserve?": Text("留白内占比 0–1", "share inside reserves, 0–1"),
    "area_ha?": Text("面积（公顷），缺省 1", "area in hectares, default 1"),
    "value?": Text(
        "服务价值（元/年，整块），缺省未评估", "value of the services, yuan a year for the parcel; default not assessed"
    ),
    "value_low?": Text("服务价值下界", "low end of the value"),
    "value_high?": Text("服务价值上界", "high end of the value"),
    "village?": Text("村代码", "code of the village"),
    "tenure?": Text("state 或 collective，缺省未知", "state or collective, default not known"),
    "last?": Text("上年标准（元/公顷·年）", "last year's rate, yuan/ha/a"),
    "reward?": Text("上年绩效奖惩（比例）", "last year's reward or cut, a share"),
    "engel?": Text("恩格尔系数 0–1", "Engel coefficient, 0–1"),
    "income?": Text("农村人均收入（元）", "rural income a head, yuan"),
    "gdp?": Text("人均地区生产总值（元）", "GDP a head, yuan"),
    "parameters?": Text("叠加的参数：键 → 值，或 [低, 值, 高]", "parameters laid over: key → value, or [low, value, high]"),
    "units?": Text("叠加参数的单位：键 → 单位", "units of those: key → unit"),
}


def _decimal(value: Any, default: str = "0") -> Decimal:
    try:
        found = Decimal(str(default if value is None else value))
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite():
        raise UsageError(Text("“{v}”不是数。", "'{v}' is no number.").fill(v=str(value)[:60]))
    return found


def _whole(value: Any, times: int, default: str = "0") -> int:
    """Return a number × `times` as a whole number, half-even."""
    from ecocomp.terms.money import half_even

    exact = Fraction(_decimal(value, default)) * times
    return half_even(exact.numerator, exact.denominator)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _overlay(given: Mapping[str, Any], at: Setting) -> Any:
    """Return the rules of the place with those of the case laid over them."""
    from ecocomp.rules import RuleValue
    from ecocomp.standard.corners import laid_over
    from ecocomp.terms.text import same

    read = Given(given, "standard")
    laid, units = read.table("parameters").values, read.table("units").values
    read.stop()
    params = at.params
    made: dict[str, RuleValue] = {}
    for key, value in laid.items():
        low, mid, high = value if _is_range(key, value) else (value, value, value)
        kind = "table" if isinstance(mid, dict) else "list" if isinstance(mid, list) else "text"
        if kind == "table":
            low, mid, high = ({str(k): _decimal(x) for k, x in t.items()} for t in (low, mid, high))
        elif isinstance(mid, Decimal | int) and not isinstance(mid, bool):
            kind, low, mid, high = "number", _decimal(low), _decimal(mid), _decimal(high)
        unit = str(units.get(key, params.get(key).unit if params.has(key) else "CNY/ha/a"))
        head = (key, same(key), unit, kind, at.place, mid, low, high, date(1900, 1, 1), None, date(1900, 1, 1))
        made[key] = RuleValue(*head, "given in the case", "", "D", None, "", "case", 0, "", layer=9)
    return laid_over(params, made)


def _is_range(key: str, value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and (all(isinstance(v, Decimal | int) for v in value) or all(isinstance(v, dict) and "factor" not in v for v in value))
        and key not in ("standard.floors", "standard.rules_by")
    )


def _rate(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.standard.setting import set_standard
    from ecocomp.terms.tables import ECONOMY, PARCEL, PARCEL_ZONE, SCORECARD, SERVICE_VALUE, STANDARD

    read = Given(given, "standard.rate")
    grade = read.whole("grade")
    for name in ("red_line", "reserve", "engel"):
        read.number(name, least=0, most=1)
    for name in ("area_ha", "value", "value_low", "value_high", "last", "reward", "income", "gdp"):
        read.number(name)
    read.stop()
    year, zone = at.on.year, str(given["zone"])
    parcel: dict[str, Any] = {
        "parcel_id": "p",
        "village_code": str(given.get("village", "")),
        "land_class": "",
        "ecosystem": str(given["ecosystem"]),
    }
    parcel |= {"declared_area_dm2": None, "x": 0.0, "y": 0.0}
    zones = {"parcel_id": "p", "function_zone": zone, "zone_share_ppm": 1_000_000, "importance": "general"}
    zones |= {"grade": grade, **{f"{n}_ppm": _whole(given.get(n), 1_000_000) for n in ("red_line", "reserve")}}
    ends = {n: _whole(given.get(n, given.get("value")), 100) for n in ("value_low", "value", "value_high")}
    value = {"parcel_id": "p", "year": year, "price_year": year, "method": "given@1", "service": _counted(given, at)}
    value |= {"value_fen": ends["value"], "low_fen": ends["value_low"], "high_fen": ends["value_high"]}
    economy = {"region_code": at.place, "year": year, "engel_ppm": _whole(given.get("engel"), 1_000_000, "0.5")}
    economy |= {"income_fen_per_head": _whole(given.get("income"), 100), "gdp_fen_per_head": _whole(given.get("gdp"), 100)}
    last = {c.name: 0 for c in STANDARD.columns} | {"parcel_id": "p", "year": year - 1, "rule": "given@1"}
    score = {"area_code": zone, "function_zone": zone, "year": year - 1, "score": 0.0, "score_low": 0.0, "score_high": 0.0}
    score |= {"weight_assessed_ppm": 0, "grade": "", "reward_ppm": _whole(given.get("reward"), 1_000_000), "parameters": ""}
    standard, steps = set_standard(
        PARCEL.table([{**parcel, "area_dm2": _whole(given.get("area_ha"), 1_000_000, "1")}]),
        PARCEL_ZONE.table([zones]),
        SERVICE_VALUE.table([value] if "value" in given else []),
        ECONOMY.table([economy]),
        at.place,
        _overlay(given, at),
        year,
        SCORECARD.table([score]) if "reward" in given else None,
        STANDARD.table([{**last, "rate_fen_per_ha": _whole(given["last"], 100)}]) if "last" in given else None,
        tenure={"p": str(given["tenure"])} if given.get("tenure") else None,
    )
    row, rows = standard.to_pylist()[0], steps.to_pylist()
    names = ("rate", "low", "high", "protection", "opportunity", "value", "regional", "adjust")
    return {
        **{n: _yuan(row[f"{n}_fen_per_ha"]) for n in names},
        "rule": str(row["rule"]).partition("@")[0],
        "steps": {r["step"]: _yuan(r["amount_fen_per_ha"]) for r in rows},
        "after": {r["step"]: _yuan(r["after_fen_per_ha"]) for r in rows},
    }


def _counted(given: Mapping[str, Any], at: Setting) -> str:
    """Return a service that counts under the rules, so that a case can state a value without naming services."""
    params = _overlay(given, at)
    chosen = params.items("standard.value_services") if params.has("standard.value_services") else []
    return str(chosen[0]) if chosen else "given"


def _floor(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.standard.adjust import statutory_floors

    facts = [str(given.get(n, "")) for n in ("ecosystem_group", "tenure", "restriction")]
    found = statutory_floors(_overlay(given, at), *facts)
    top = max(found.values(), default=0)
    return {"floor": _yuan(top), "per_mu": Decimal(top).scaleb(-2) / 15, "floors": {k: _yuan(v) for k, v in found.items()}}


def _development(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.standard.land import development_level
    from ecocomp.standard.parts import to_fen

    engel = Fraction(_decimal(given.get("engel")))
    read = Given({k: v for k, v in given.items() if k != "engel"}, "standard.development")
    if read.values:
        read.keys("urban rural urban_share").stop()
    if "urban" in given:
        share = Fraction(_decimal(given["urban_share"]))
        engel = Fraction(_decimal(given["urban"])) * share + Fraction(_decimal(given["rural"])) * (1 - share)
    ppm = to_fen(engel * 1_000_000)
    return {"engel": Decimal(ppm).scaleb(-6), "level": development_level(ppm)}


def _annuity(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.standard.parts import annuity_factor, to_fen

    read = Given(given, "standard.annuity")
    years = read.whole("years", least=1)
    read.number("rate", least=0)
    read.stop()
    factor = annuity_factor(_decimal(given["rate"]), years)
    return {"annuity": _yuan(to_fen(Fraction(_decimal(given["capital"])) * 100 * factor)), "factor": factor}


def _cuts(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.registry import entry

    read = Given(given, "standard.geometric_cuts")
    classes = read.whole("classes", least=1)
    read.stop()
    module = entry("standard.rules", "priority").module
    ends = [Fraction(_decimal(given[n])) for n in ("highest", "ratio")]
    return {"cuts": module.geometric_cuts(*ends, classes)}


def _restriction(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.standard.land import restriction_degree

    params = _overlay(given, at)
    red, kept = (_whole(given.get(n), 1_000_000) for n in ("red_line", "reserve"))
    weights = [params.decimal(f"standard.restriction.{n}") for n in ("red_line", "reserve", "outside")]
    return {"degree": restriction_degree(red, kept, weights[0], weights[1], weights[2])}


_OVER = {n: _LAND[n] for n in ("parameters?", "units?")}
_SHARE = Text("比例", "share")

OPERATIONS = (
    Operation(
        "standard.rate",
        Text("一个地块的补偿标准，按任一规则", "the rate of one parcel, by any rule"),
        _LAND,
        {
            "rate": _RATE,
            "low": Text("区间下端，元/公顷·年", "low end of the range, yuan/ha/a"),
            "high": Text("区间上端，元/公顷·年", "high end of the range, yuan/ha/a"),
            "protection": Text("保护成本部分", "part: protection cost"),
            "opportunity": Text("机会成本部分", "part: opportunity cost"),
            "value": Text("生态价值部分", "part: value"),
            "regional": Text("区域经济部分", "part: regional economy"),
            "adjust": Text("各项调整之和", "sum of the adjustments"),
            "rule": Text("所用规则", "rule that was used"),
            "steps": Text("步骤 → 加减额", "step → amount added or taken"),
            "after": Text("步骤 → 本步之后", "step → rate after it"),
        },
        _rate,
    ),
    Operation(
        "standard.floor",
        Text("某类土地的法定最低标准", "the statutory floor of a kind of land"),
        {
            "ecosystem_group": Text("生态系统大类", "ecosystem group"),
            "tenure?": _LAND["tenure?"],
            "restriction?": Text("ban 或 balance", "ban or balance"),
            **_OVER,
        },
        {
            "floor": _RATE,
            "per_mu": Text("元/亩·年", "yuan/mu/a"),
            "floors": Text("适用的下限：键 → 元/公顷·年", "floors that fit: key → yuan/ha/a"),
        },
        _floor,
    ),
    Operation(
        "standard.development",
        Text("社会发展阶段系数 L", "the development coefficient L"),
        {
            "engel?": _LAND["engel?"],
            "urban?": Text("城镇恩格尔系数", "urban Engel coefficient"),
            "rural?": Text("农村恩格尔系数", "rural Engel coefficient"),
            "urban_share?": Text("城镇化率", "share of urban people"),
        },
        {"level": Text("L，0–1", "L, 0–1"), "engel": _LAND["engel?"]},
        _development,
    ),
    Operation(
        "standard.annuity",
        Text("前期投入的年金", "the annuity of past capital"),
        {"capital": Text("投入（元）", "capital, yuan"), "rate": Text("年利率", "yearly rate"), "years": Text("年数", "years")},
        {"annuity": Text("每年（元）", "yuan a year"), "factor": Text("年金系数", "factor")},
        _annuity,
    ),
    Operation(
        "standard.geometric_cuts",
        Text("几何间隔的分级上界", "cuts of classes by geometric intervals"),
        {
            "highest": Text("最大值", "highest value"),
            "ratio": Text("级宽之比", "ratio of widths"),
            "classes": Text("级数", "classes"),
        },
        {"cuts": Text("各级上界（最高级除外）", "upper ends of all classes but the highest")},
        _cuts,
    ),
    Operation(
        "standard.restriction",
        Text("用途受限程度", "the degree of restriction"),
        {"red_line?": _LAND["red_line?"], "reserve?": _LAND["reserve?"], **_OVER},
        {"degree": _SHARE},
        _restriction,
    ),
)
