"""The steps of a standard as sentences, with the numbers that were put in; for explanations, letters and reports.

The rules write their inputs as JSON under short names; this is the one place that turns them into words. A step
or a name that is not known here is shown as it is, so that a rule from outside the package still explains itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES, PARTS, service_words
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same

STEPS: dict[str, Text] = {
    **PARTS,
    "ineligible": Text("不在补偿范围", "not compensated"),
    "rate": Text("分级定额", "stepped rate"),
    "index": Text("价格指数", "price index"),
    "reward": Text("上年绩效奖惩", "last year's score"),
    "limit": Text("年度限幅", "yearly limit"),
    "floor": Text("法定最低", "statutory floor"),
    "cap": Text("上限", "cap"),
}


INPUTS: dict[str, Text] = {
    "rule": Text("规则", "rule"),
    "cost": Text("金额", "amount"),
    "zone_factor": Text("功能区系数", "zone factor"),
    "capital": Text("投入", "capital"),
    "years": Text("年数", "years"),
    "annuity_fen": Text("年金", "annuity"),
    "red_line_ppm": Text("红线内占比", "share in the red line"),
    "reserve_ppm": Text("留白占比", "share in reserves"),
    "red_line": Text("红线内限制程度", "restriction in the red line"),
    "reserve": Text("留白内限制程度", "restriction in reserves"),
    "outside": Text("其余限制程度", "restriction elsewhere"),
    "service_value_fen": Text("服务价值", "value of the services"),
    "service_value": Text("服务价值", "value of the services"),
    "area_dm2": Text("面积", "area"),
    "share": Text("分成", "share"),
    "grade_coefficient": Text("等级系数", "grade coefficient"),
    "cap_share": Text("分成上限", "highest share"),
    "cap_fen_per_ha": Text("价值部分上限", "cap on the value part"),
    "base": Text("基数", "base"),
    "level": Text("发展系数", "development coefficient"),
    "level_reference": Text("参照发展系数", "reference development coefficient"),
    "engel_ppm": Text("恩格尔系数", "Engel coefficient"),
    "engel_reference": Text("参照恩格尔系数", "reference Engel coefficient"),
    "economy_year": Text("经济数据年", "year of the economy"),
    "income_fen_per_head": Text("人均收入", "income a head"),
    "income_reference": Text("参照收入", "reference income"),
    "affordable_fen_per_ha": Text("可负担额", "what can be afforded"),
    "lower_fen_per_ha": Text("成本下限", "costs"),
    "baseline": Text("保护前价值", "value before protection"),
    "factor": Text("系数", "factor"),
    "rate": Text("定额或利率", "rate"),
    "reward_ppm": Text("奖惩", "reward or cut"),
    "last_fen_per_ha": Text("上年标准", "last year's rate"),
    "low": Text("限幅下端", "low end of the limit"),
    "high": Text("限幅上端", "high end of the limit"),
    "cap": Text("上限", "cap"),
    "rate_before_fen_per_ha": Text("本步之前", "rate before this step"),
    "priority": Text("优先级", "class"),
    "priority_factor": Text("付给比例", "share paid"),
    "index": Text("指数", "index"),
    "use": Text("用途", "use"),
    "region": Text("区域", "region"),
    "tenure": Text("权属", "owner"),
    "upkeep": Text("年管护", "upkeep"),
}
"""What people call the numbers put into steps, for comparisons."""


def say_input(name: str, value: str) -> str:
    """Return a number put into a step as people read it: money in yuan, shares in percent, areas in hectares."""
    if not value.lstrip("-").isdigit():
        return value
    if name.endswith(("_fen", "_fen_per_ha", "_fen_per_head")) or name in ("low", "high"):
        return say_yuan(int(value))
    if name.endswith("_ppm"):
        return _percent(int(value))
    return f"{int(value) / 1e6:,.3f}" if name == "area_dm2" else value


def step_name(step: str) -> Text:
    """Return what people call a step."""
    return STEPS.get(step, same(step))


def say_step(step: str, inputs: str) -> Text:
    """Return the sentence of a step from its inputs (JSON): which numbers were put together and how."""
    values: dict[str, Any] = json.loads(inputs) if inputs else {}
    try:
        made = _sentence(step, values)
    except (KeyError, TypeError, ValueError, AttributeError):
        made = None
    return made or same(", ".join(f"{k} = {v}" for k, v in values.items()) or "—")


def _sentence(step: str, v: Mapping[str, Any]) -> Text | None:
    """Return the sentence of the form a rule names, else that of the step; None where neither is known."""
    make = _FORMS.get(str(v.get("form", "")))
    if make is not None:
        return _by_priority(step, v) if make is _by_priority else make(v)
    return _SENTENCES[step](v) if step in _SENTENCES else None


def _group(v: Mapping[str, Any]) -> Text:
    return ECOSYSTEM_GROUPS.get(str(v["ecosystem_group"]), same(str(v["ecosystem_group"])))


def _zone(v: Mapping[str, Any]) -> Text:
    return FUNCTION_ZONES.get(str(v["function_zone"]), same(str(v["function_zone"])))


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:g}%"


def _protection(v: Mapping[str, Any]) -> Text:
    if "rate" in v and "step" in v:
        return _stepped(v)
    text = Text("{g} {c} 元/{p} × {z}系数 {f}", "{g} CNY {c}/{p} × factor {f} of {z}").fill(
        g=_group(v), c=v["cost"], z=_zone(v), f=v["zone_factor"], p=_per(v)
    )
    if "capital" not in v:
        return text
    return Text(
        "{t}，加前期投入 {c} 元按年利率 {r} 分摊 {n} 年，每年 {a} 元/公顷",
        "{t}, plus capital of {c} spent before, spread over {n} years at {r} a year: CNY {a}/ha",
    ).fill(t=text, c=v["capital"], r=_rate(v["rate"]), n=v["years"], a=say_yuan(int(v["annuity_fen"])))


def _stepped(v: Mapping[str, Any]) -> Text:
    zone, _, grade = str(v["step"]).rpartition(".")
    return Text("{z} {n} 级定额 {r} 元/{p} × {g}系数 {f}", "CNY {r}/{p} for grade {n} of {z} × factor {f} of {g}").fill(
        z=_zone({"function_zone": zone}), p=_per(v), n=grade, r=v["rate"], g=_group(v), f=v["factor"]
    )


def _rate(value: object) -> str:
    return f"{(Decimal(str(value)) * 100).normalize():f}%"


def _per(v: Mapping[str, Any]) -> Text:
    """Return the area an amount is said for; amounts are per hectare unless the step says per mu."""
    return Text("亩", "mu") if v.get("per") == "mu" else Text("公顷", "ha")


def _differentiated(v: Mapping[str, Any]) -> Text:
    factors = [Text("{n}{c}", "{n}{c}").fill(n=n, c=f"[{c}] {f}" if c else f" {f}") for n, c, f in v["factors"]]
    times = Text("".join(f" × {f.zh}" for f in factors), "".join(f" × {f.en}" for f in factors))
    return Text("{g}基数 {b} 元/{p}{t}", "base of {g} CNY {b}/{p}{t}").fill(g=_group(v), p=_per(v), b=v["base"], t=times)


def _restoration(v: Mapping[str, Any]) -> Text:
    text = Text(
        "{g}恢复投入 {c} 元，年利率 {r} 分摊 {n} 年，{k} 级需恢复 {s}，加年管护 {u} 元/公顷",
        "restoring {g} costs {c}, spread over {n} years at {r} a year; {s} to be restored at grade {k}; plus upkeep of {u} a year",
    ).fill(g=_group(v), c=v["capital"], r=_rate(v["rate"]), n=v["years"], k=v["grade"], s=_rate(v["share"]), u=v["upkeep"])
    if "water_fen_per_ha" not in v:
        return text
    return Text(
        "{t}，加断面超标负荷去除成本 {w} 元/公顷", "{t}, plus removing the load above the agreed section standard, CNY {w}/ha"
    ).fill(t=text, w=say_yuan(int(v["water_fen_per_ha"])))


def _best_use(v: Mapping[str, Any]) -> Text:
    return _restricted(
        v,
        Text("{g}可作 {n} 种用途，最高的是 {u}，{c} 元/{p}", "the best of {n} uses of {g} is {u}, CNY {c}/{p}").fill(
            g=_group(v), p=_per(v), n=v["uses"], u=v["use"], c=v["cost"]
        ),
    )


def _income_gap(v: Mapping[str, Any]) -> Text:
    return _restricted(
        v,
        Text(
            "（参照收入 {r} − 本地人均 {h}）× {p} 人 ÷ {a} 公顷，收入不低于参照时为 0",
            "(reference income {r} − {h} a head here) × {p} people ÷ {a} ha, 0 where income is not below the reference",
        ).fill(r=v["income_reference"], h=say_yuan(int(v["income_fen_per_head"])), p=v["population"], a=v["area_ha"]),
    )


def _restricted(v: Mapping[str, Any], earned: Text) -> Text:
    rest = 1_000_000 - int(v["red_line_ppm"]) - int(v["reserve_ppm"])
    return Text(
        "{e}；×（红线内 {a} × {r} + 留白 {b} × {s} + 其余 {d} × {o}）",
        "{e}; × ({a} in the red line × {r} + {b} in reserves × {s} + {d} elsewhere × {o})",
    ).fill(
        e=earned,
        a=_percent(int(v["red_line_ppm"])),
        b=_percent(int(v["reserve_ppm"])),
        d=_percent(max(rest, 0)),
        r=v["red_line"],
        s=v["reserve"],
        o=v["outside"],
    )


def _developed(v: Mapping[str, Any]) -> Text:
    most = v.get("affordable_fen_per_ha")
    text = Text(
        "（服务价值 {w} 元（{n}）÷ {h} 公顷 − 保护前 {b}）× 发展系数 {l}（恩格尔系数 {e}）{k}{m}",
        "(service value CNY {w} ({n}) ÷ {h} ha − {b} before protection) × development {l} (Engel coefficient {e}){k}{m}",
    )
    names = [_service(s) for s in str(v["services"]).split()]
    return text.fill(
        w=say_yuan(int(v["service_value_fen"])),
        n=Text("、".join(n.zh for n in names), ", ".join(n.en for n in names)),
        h=f"{int(v['area_dm2']) / 1e6:,.3f}",
        b=v["baseline"],
        l=v["level"],
        e=_percent(int(v["engel_ppm"])),
        k=same("") if v["factor"] == "1" else Text(" × {z}系数 {f}", " × factor {f} of {z}").fill(z=_zone(v), f=v["factor"]),
        m=same("") if most is None else Text("，不超过 {y} 元/公顷", ", at most CNY {y}/ha").fill(y=say_yuan(int(most))),
    )


def _bounded(v: Mapping[str, Any]) -> Text:
    return Text("上限 {u}；高于成本下限 {w} 元/公顷的部分", "upper bound {u}; what it adds above the costs of CNY {w}/ha").fill(
        u=_developed(v), w=say_yuan(int(v["lower_fen_per_ha"]))
    )


def _by_priority(step: str, v: Mapping[str, Any]) -> Text:
    """Return the sentence of a cost that is paid in the share of a class: the cost, then the class and why."""
    if v["worth_fen"] is None:
        why = Text("服务价值未评估", "no service was assessed")
    elif v["unit"] == "parcel":
        why = Text("每公顷价值 {w} 元，每公顷生产总值 {g} 元", "value CNY {w}/ha by GDP CNY {g}/ha").fill(
            w=say_yuan(int(v["worth_fen"]) * 1_000_000 // int(v["area_dm2"])), g=say_yuan(int(v["gdp_fen"]))
        )
    else:
        why = Text("区域价值 {w} 元，生产总值 {g} 元", "value of the region CNY {w} by GDP CNY {g}").fill(
            w=say_yuan(int(v["worth_fen"])), g=say_yuan(int(v["gdp_fen"]))
        )
    most = same("") if v["upper"] is None else Text("，上界 {u}", ", up to {u}").fill(u=v["upper"])
    return Text("{c}；{w}，属 {n} 级{m}，付给 {f}", "{c}; {w}: class {n}{m}, of which {f} is paid").fill(
        c=_sentence(step, v["of"]) or same("—"), w=why, n=v["priority"], m=most, f=_rate(v["priority_factor"])
    )


def _index(v: Mapping[str, Any]) -> Text:
    return Text("{y} 年指数 {a} ÷ 基年 {b} 年指数 {c}", "index of {y}, {a} ÷ {c} of the base year {b}").fill(
        y=v["index_year"], a=v["index"], b=v["base_year"], c=v["base"]
    )


def _opportunity(v: Mapping[str, Any]) -> Text:
    rest = 1_000_000 - int(v["red_line_ppm"]) - int(v["reserve_ppm"])
    return Text(
        "{g} {c} 元/{p} ×（红线内 {a} × {r} + 留白 {b} × {s} + 其余 {d} × {o}）",
        "{g} CNY {c}/{p} × ({a} in the red line × {r} + {b} in reserves × {s} + {d} elsewhere × {o})",
    ).fill(
        g=_group(v),
        c=v["cost"],
        p=_per(v),
        a=_percent(int(v["red_line_ppm"])),
        b=_percent(int(v["reserve_ppm"])),
        d=_percent(max(rest, 0)),
        r=v["red_line"],
        s=v["reserve"],
        o=v["outside"],
    )


def _value(v: Mapping[str, Any]) -> Text | None:
    if "service_value_fen" not in v:
        return Text("服务价值未评估，按 0 计", "the value of services was not assessed; counted as 0")
    names = [_service(s) for s in str(v["services"]).split()]
    cap = v.get("cap_fen_per_ha")
    text = Text(
        "服务价值 {w} 元（{n}）÷ {h} 公顷 × 分成 {s} × {g} 级系数 {c}，分成不超过 {m}{cap}",
        "service value CNY {w} ({n}) ÷ {h} ha × share {s} × coefficient {c} of grade {g}, share at most {m}{cap}",
    )
    return text.fill(
        w=say_yuan(int(v["service_value_fen"])),
        n=Text("、".join(n.zh for n in names), ", ".join(n.en for n in names)),
        h=f"{int(v['area_dm2']) / 1e6:,.3f}",
        s=v["share"],
        g=v["grade"],
        c=v["grade_coefficient"],
        m=v["cap_share"],
        cap=Text("，不超过 {y} 元/公顷", ", at most CNY {y}/ha").fill(y=say_yuan(int(cap))) if cap is not None else same(""),
    )


def _service(token: str) -> Text:
    """Return a service's name, with the share observed where it was scaled or left out."""
    scaled, at, share = token.partition("@")
    if at:
        return Text("{n}按已观测的 {p:.0f}% 推算", "{n} scaled from the {p:.0f}% observed").fill(
            n=service_words(scaled) or same(scaled), p=int(share) / 10_000
        )
    name, left, share = token.partition("!")
    found = service_words(name) or same(name)
    if left:
        return Text("{n}只观测到 {p:.0f}%，未计", "{n} left out, only {p:.0f}% observed").fill(n=found, p=int(share) / 10_000)
    return found


def _regional(v: Mapping[str, Any]) -> Text:
    return Text(
        "基数 {b} 元/{p} × 发展系数 {l} ÷ {r}（恩格尔系数 {e}，参照 {f}）× 收入系数 {j} ÷ {i}（参照收入比本地人均，限 {a}～{z}）",
        "base CNY {b}/{p} × development {l} ÷ {r} (Engel coefficient {e}, reference {f})"
        " × income factor {j} ÷ {i} (reference income by income a head here, within {a}–{z})",
    ).fill(
        b=v["base"],
        p=_per(v),
        l=v["level"],
        r=v["level_reference"],
        e=_percent(int(v["engel_ppm"])),
        f=f"{float(v['engel_reference']):.1%}",
        i=say_yuan(int(v["income_fen_per_head"])),
        j=v["income_reference"],
        a=v["factor_low"],
        z=v["factor_high"],
    )


def _reward(v: Mapping[str, Any]) -> Text:
    if "reward_ppm" not in v:
        return Text("没有上一年的记分卡", "there is no scorecard of the year before")
    return Text("{z}上年得分 → {p:+g}%", "score of {z} last year → {p:+g}%").fill(
        z=_zone(v) if "function_zone" in v else Text("功能区", "the zone"), p=int(v["reward_ppm"]) / 10_000
    )


def _limit(v: Mapping[str, Any]) -> Text:
    if not isinstance(v.get("last_fen_per_ha"), int):
        return Text("没有上一年的标准，不限幅", "there is no rate of the year before; no limit")
    return Text("上年 {l} 元/公顷，本年须在 {a}～{b} 之间", "last year CNY {l}/ha; this year between {a} and {b}").fill(
        l=say_yuan(v["last_fen_per_ha"]), a=say_yuan(int(v["low"])), b=say_yuan(int(v["high"]))
    )


def _floor(v: Mapping[str, Any]) -> Text:
    floors = v.get("floors") or {}
    if not floors:
        return Text("这类土地没有法定最低", "no statutory floor for this land")
    return Text("法定最低 {y} 元/公顷", "statutory floor CNY {y}/ha").fill(y=say_yuan(max(int(x) for x in floors.values())))


def _cap(v: Mapping[str, Any]) -> Text:
    return Text("{g}上限 {c} 元/{p}", "cap of {g} CNY {c}/{p}").fill(g=_group(v), c=v["cap"], p=_per(v))


def _ineligible(v: Mapping[str, Any]) -> Text:
    return Text("{g}不在补偿的生态系统大类中", "{g} is not among the compensated ecosystem groups").fill(g=_group(v))


_SENTENCES: dict[str, Callable[[Mapping[str, Any]], Text | None]] = {
    "protection": _protection,
    "opportunity": _opportunity,
    "value": _value,
    "regional": _regional,
    "index": _index,
    "reward": _reward,
    "limit": _limit,
    "floor": _floor,
    "cap": _cap,
    "ineligible": _ineligible,
}

_FORMS: dict[str, Callable[..., Text]] = {
    "differentiated": _differentiated,
    "restoration": _restoration,
    "best_use": _best_use,
    "income_gap": _income_gap,
    "bounded": _bounded,
    "development": _developed,
    "priority": _by_priority,
}
