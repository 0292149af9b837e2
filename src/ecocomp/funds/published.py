"""The method and result of a transfer as text for publication (Regulation, art. 9, 30): every step and county, both languages."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ecocomp.funds.transfer import AREAS, PART_NAMES, RESULTS, SENSITIVITIES, County, Transfer
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Lang, Text, same

_HELD: dict[str, Text] = {
    "": Text("未触及上下限", "no limit holds it"),
    "low": Text("按下限", "held at its lower limit"),
    "high": Text("按上限", "held at its upper limit"),
}


def number(value: Any, places: int = 6) -> str:
    """Return a fraction as people read it: the decimal if it ends within some places, else rounded with ≈.

    >>> number(Fraction(1, 4)), number(Fraction(2, 3))
    ('0.25', '≈0.666667')
    """
    exact = Fraction(value)
    scaled = exact * 10**places
    if scaled.denominator == 1:
        text = f"{int(scaled) / 10**places:.{places}f}".rstrip("0").rstrip(".")
        return text if abs(int(scaled)) < 10**15 else str(exact)
    sign = "-" if exact < 0 else ""
    whole, part = divmod(abs(round(scaled)), 10**places)
    return f"≈{sign}{whole}.{part:0{places}d}"


def method(done: Transfer, lang: Lang) -> str:
    """Return the whole text: the rule, its numbers and their sources, and the steps of each county (Markdown)."""
    lines = [*_head(done), *(line for i, c in enumerate(done.counties, 1) for line in county_steps(done, c, i)), *_sources(done)]
    return "\n".join(t.to(lang) for t in lines) + "\n"


def _head(done: Transfer) -> list[Text]:
    parts = [
        Text("- {n}：{v} 元", "- {n}: {v} yuan").fill(n=PART_NAMES[p], v=say_yuan(done.pools[p]))
        for p in done.components
        if p in done.pools
    ]
    kept = [Text("- 扣减后留存：{v} 元", "- kept after cuts: {v} yuan").fill(v=say_yuan(done.kept))] if done.kept else []
    top = (
        [
            Text("- 省级补充（单列来源）：{v} 元", "- the province's own money (a source of its own): {v} yuan").fill(
                v=say_yuan(done.top_up)
            )
        ]
        if done.top_up
        else []
    )
    base = (
        Text("各类型分值（{s}）", "points of its kinds of area ({s})").fill(
            s=Text("取最高", "the highest") if done.stacking == "max" else Text("相加", "added up")
        )
        if done.basis == "kinds"
        else Text("标准财政收支缺口", "standard fiscal gap")
    )
    signs = (
        " + ".join(PART_NAMES[p].zh for p in done.components if p != "reward"),
        " + ".join(PART_NAMES[p].en for p in done.components if p != "reward"),
    )
    return [
        Text("# 重点生态功能区转移支付：办法与结果", "# Transfer for key ecological function zones: method and result"),
        same(""),
        Text("县应得 = {z} ± 考核奖惩；合计 {p} 元：", "A county's sum = {e} ± reward; {p} yuan in all:").fill(
            z=signs[0], e=signs[1], p=say_yuan(done.pool)
        ),
        same(""),
        *parts,
        *kept,
        *top,
        same(""),
        Text(
            "重点补助：资金 × 本县（{b} × 系数）÷ 各县之和。"
            "系数 =（基数 + 红线权重 × 红线占比 + 收入权重 × 收入差）× 功能类别 × 敏感性，在上下限内。",
            "Key part: money × the county's ({b} × coefficient) ÷ the sum over all. Coefficient = (base + weight × red-line share "
            "+ weight × income gap) × function class × sensitivity, within its bounds.",
        ).fill(b=base),
        Text(
            "禁止开发补助：按面积和个数各自占比。引导性补助：基数加项目。考核奖惩：占本年重点补助的比例。",
            "Forbidden areas: by shares of area and of number. Guiding: base plus projects. Reward: a share of the key part.",
        ),
        Text(
            "除奖惩外各部分之和乘以同一倍数 λ = {l}，触及上下限的县按限额，再加减奖惩，合计等于资金；"
            "分位按韦氏法取整。扣减的资金先付奖励，余下按规则 funds.transfer.freed。",
            "The sum of the other parts times one multiplier λ = {l}, counties at a limit at that limit, then the reward or "
            "cut, so that all add up to the pool; whole fen by Webster's method. What cuts free pays rewards first, the rest "
            "by rule funds.transfer.freed.",
        ).fill(l=number(done.multiplier, 9)),
        same(""),
    ]


def county_steps(done: Transfer, c: County, i: int = 1) -> list[Text]:
    """Return how one county's sum came about, line by line."""
    f, steps = c.facts, []
    w = f["weights"]
    if f["kinds"]:
        steps.append(
            Text("类型：{k}；{w} {b}", "Kinds: {k}; {w} {b}").fill(
                k=", ".join(f"{k} {v}" for k, v in f["kinds"].items()),
                w=Text("最高", "highest") if done.stacking == "max" else Text("合计", "sum"),
                b=number(f["base"]),
            )
        )
    steps.append(
        Text(
            "系数 {a} = ({w0} + {w1} × 红线占比 {r} + {w2} × 收入差 {g}) × {k} {kf} × {s} {sf}",
            "Coefficient {a} = ({w0} + {w1} × red-line share {r} + {w2} × income gap {g}) × {k} {kf} × {s} {sf}",
        ).fill(
            a=number(f["alpha"]),
            w0=w["base"],
            w1=w["red_line"],
            w2=w["income"],
            r=number(f["red_line"]),
            g=number(f["income_gap"]),
            k=FUNCTION_ZONES[f["class"]],
            kf=number(f["class_factor"]),
            s=SENSITIVITIES[f["sensitivity"]],
            sf=number(f["sensitivity_factor"]),
        )
    )
    base = number(f["base"]) if done.basis == "kinds" else say_yuan(int(f["base"]))
    steps.append(
        Text("重点补助 {v} 元（{b} × {a}，按占比）", "Key {v} yuan (by its share of {b} × {a})").fill(
            v=say_yuan(c.parts["key"]), b=base, a=number(f["alpha"])
        )
    )
    if c.parts.get("forbidden"):
        steps.append(
            Text(
                "禁止开发补助 {v} 元（倾斜后面积 {a} km²，个数 {n}）", "Forbidden {v} yuan (tilted area {a} km², number {n})"
            ).fill(v=say_yuan(c.parts["forbidden"]), a=number(f["forbidden_area"]), n=number(f["forbidden_number"]))
        )
    for p in ("guiding", "ranger"):
        if c.parts.get(p):
            steps.append(Text("{n} {v} 元", "{n}: {v} yuan").fill(n=PART_NAMES[p], v=say_yuan(c.parts[p])))
    high = "—" if f["high_fen"] is None else say_yuan(f["high_fen"])
    steps.append(
        Text(
            "下限 {a}，上限 {b}：{h}，乘以 λ 并限额后改变 {v} 元", "Limits {a} to {b}: {h}; λ and limits change it by {v} yuan"
        ).fill(a=say_yuan(f["low_fen"]), b=high, h=_HELD[c.held], v=say_yuan(c.limits))
    )
    steps.append(
        Text("考核{r}，比例 {x}；连同分得的腾出资金 {v} 元", "Assessed {r}, rate {x}; with its part of freed money {v} yuan").fill(
            r=RESULTS.get(f["result"], same(f["result"])), x=number(f["reward_rate"]), v=say_yuan(c.parts.get("reward", 0))
        )
    )
    out = [same(f"## {i}. {c.name}"), same("")]
    out += [Text(f"{n}. {x.zh}", f"{n}. {x.en}") for n, x in enumerate(steps, 1)]
    out += [same(""), Text("**合计 {v} 元**", "**Total {v} yuan**").fill(v=say_yuan(c.total))]
    if c.top_up:
        out.append(Text("另有省级补充 {v} 元", "Beside it {v} yuan of the province's own").fill(v=say_yuan(c.top_up)))
    return [*out, same("")]


def _sources(done: Transfer) -> list[Text]:
    out = [Text("## 所用规则", "## Rules used"), same("")]
    for row in done.sources:
        if not str(row["key"]).startswith("funds.transfer"):
            continue
        mark = str(row["confidence"])
        out.append(
            Text("- {k}（{z}）= {v}；{d}；{m}", "- {k} ({e}) = {v}; {d}; {m}").fill(
                k=row["key"], z=row["name_zh"], e=row["name_en"], v=row["value"], d=row["document"], m=MARKS.get(mark, same(mark))
            )
        )
    return out


__all__ = ["AREAS", "county_steps", "method", "number"]
