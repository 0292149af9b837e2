"""The steps of a standard as sentences, with the numbers that were put in; for explanations, letters and reports.

The rules write their inputs as JSON under short names; this is the one place that turns them into words. A step
or a name that is not known here is shown as it is, so that a rule from outside the package still explains itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES, PARTS, service_words
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same

STEPS: dict[str, Text] = {
    **PARTS,
    "ineligible": Text("不在补偿范围", "not compensated"),
    "rate": Text("分级定额", "stepped rate"),
    "reward": Text("上年绩效奖惩", "last year's score"),
    "limit": Text("年度限幅", "yearly limit"),
    "floor": Text("法定最低", "statutory floor"),
    "cap": Text("上限", "cap"),
}


def step_name(step: str) -> Text:
    """Return what people call a step."""
    return STEPS.get(step, same(step))


def say_step(step: str, inputs: str) -> Text:
    """Return the sentence of a step from its inputs (JSON): which numbers were put together and how."""
    values: dict[str, Any] = json.loads(inputs) if inputs else {}
    try:
        made = _SENTENCES[step](values) if step in _SENTENCES else None
    except (KeyError, TypeError, ValueError):
        made = None
    return made or same(", ".join(f"{k} = {v}" for k, v in values.items()) or "—")


def _group(v: Mapping[str, Any]) -> Text:
    return ECOSYSTEM_GROUPS.get(str(v["ecosystem_group"]), same(str(v["ecosystem_group"])))


def _zone(v: Mapping[str, Any]) -> Text:
    return FUNCTION_ZONES.get(str(v["function_zone"]), same(str(v["function_zone"])))


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:g}%"


def _protection(v: Mapping[str, Any]) -> Text:
    return Text("{g} {c} 元/公顷 × {z}系数 {f}", "{g} CNY {c}/ha × factor {f} of {z}").fill(
        g=_group(v), c=v["cost"], z=_zone(v), f=v["zone_factor"]
    )


def _opportunity(v: Mapping[str, Any]) -> Text:
    rest = 1_000_000 - int(v["red_line_ppm"]) - int(v["reserve_ppm"])
    return Text(
        "{g} {c} 元/公顷 ×（红线内 {a} × {r} + 留白 {b} × {s} + 其余 {d} × {o}）",
        "{g} CNY {c}/ha × ({a} in the red line × {r} + {b} in reserves × {s} + {d} elsewhere × {o})",
    ).fill(
        g=_group(v),
        c=v["cost"],
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
        "基数 {b} 元/公顷 × 发展系数 {l} ÷ {r}（恩格尔系数 {e}，参照 {f}）× 收入系数 {j} ÷ {i}（参照收入比本地人均，限 {a}～{z}）",
        "base CNY {b}/ha × development {l} ÷ {r} (Engel coefficient {e}, reference {f})"
        " × income factor {j} ÷ {i} (reference income by income a head here, within {a}–{z})",
    ).fill(
        b=v["base"],
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
    return Text("{g}上限 {c} 元/公顷", "cap of {g} CNY {c}/ha").fill(g=_group(v), c=v["cap"])


def _ineligible(v: Mapping[str, Any]) -> Text:
    return Text("{g}不在补偿的生态系统大类中", "{g} is not among the compensated ecosystem groups").fill(g=_group(v))


_SENTENCES: dict[str, Callable[[Mapping[str, Any]], Text | None]] = {
    "protection": _protection,
    "opportunity": _opportunity,
    "value": _value,
    "regional": _regional,
    "reward": _reward,
    "limit": _limit,
    "floor": _floor,
    "cap": _cap,
    "ineligible": _ineligible,
}
