"""Why a row is what it is, step by step, in words a villager can follow: land, area, rate, year, share, who bears it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecocomp.programmes import words as w
from ecocomp.programmes.programme import Programme
from ecocomp.terms.area import say_mu
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

LEVEL_WORDS: dict[str, Text] = {
    "central": Text("中央", "central budget"),
    "province": Text("省级", "province"),
    "city": Text("市级", "city"),
    "county": Text("县级", "county"),
}


def explain(row: Mapping[str, Any], programme: Programme, sources: Sequence[Mapping[str, Any]] = ()) -> list[Text]:
    """Return the steps of one due row (`tables.DUE`), with the rule and document it rests on."""
    payment = next(p for p in programme.payments if p.id == row["payment"])
    variant = programme.variants.get(row["variant"], Text(row["variant"], row["variant"]))
    year = Text("{y} 年", "{y}").fill(y=row["for_year"])
    if row["tranche"] is not None:
        year = Text("{y} 年（第 {t} 年）", "{y} (year {t})").fill(y=row["for_year"], t=row["tranche"])
    out = [Text("{p}，{v}，{n}，{y}。", "{p}: {v}, {n}, for {y}.").fill(p=programme.name, v=variant, n=payment.name, y=year)]
    if payment.by_area:
        out += _area(row)
    out += _rate(row, payment.unit, payment.by_area)
    if row["share_num"] != row["share_den"] and row["share_num"]:
        out.append(Text("份额 {a}/{b}。", "Share {a}/{b}.").fill(a=row["share_num"], b=row["share_den"]))
    out += _amounts(row)
    if row["reason"]:
        against = Text("（{a}）", " ({a})").fill(a=row["against"]) if row["against"] else Text("", "")
        reason = w.REASONS[row["reason"]]
        # most reasons to wait say themselves that nothing is payable yet
        form = Text("{s}：{r}{a}。", "{r}{a}." if "payable" in reason.en else "{s}: {r}{a}.")
        said = form.fill(s=_STATE[row["state"]], r=reason, a=against)
        out.append(said)
    parts = [f for f in sources if f["due_id"] == row["due_id"] and f["amount_fen"]]
    order = [*LEVEL_WORDS]
    parts.sort(key=lambda f: order.index(f["level"]) if f["level"] in order else len(order))
    if parts:
        zh = "，".join(f"{LEVEL_WORDS.get(s['level'], Text(s['level'], '')).zh} {say_yuan(s['amount_fen'])}" for s in parts)
        en = ", ".join(f"{LEVEL_WORDS.get(s['level'], Text('', s['level'])).en} {say_yuan(s['amount_fen'])}" for s in parts)
        out.append(Text(f"按项目规定承担：{zh} 元。", f"To be borne, as the programme says, by: {en} yuan."))
    papers = [Text("合同地块 {c}，地块 {p}", "Contract of the plot {c}, parcel {p}").fill(c=row["contract_id"], p=row["parcel_id"])]
    if row["inspection_id"]:
        papers.append(Text("验收 {i}", "inspection {i}").fill(i=row["inspection_id"]))
    if row["right_id"]:
        papers.append(Text("权利 {r}", "right {r}").fill(r=row["right_id"]))
    out.append(Text("，".join(x.zh for x in papers) + "。", ", ".join(x.en for x in papers) + "."))
    out.append(
        Text("依据：{d}（参数 {k}，项目文件 {f}）。", "Rests on: {d} (parameter {k}, programme file {f}).").fill(
            d=row["document"], k=row["rule"], f=programme.file
        )
    )
    return out


_STATE = {
    "payable": Text("应付", "owed"),
    "escrow": Text("暂存", "in escrow"),
    "waiting": Text("待付", "not payable yet"),
    "excluded": Text("不付", "not paid"),
    "in_kind": Text("用于种苗，不发现金", "spent on seedlings, no cash"),
}


def _area(row: Mapping[str, Any]) -> list[Text]:
    out = [
        Text("合同面积 {a} 亩，合格 {b} 亩。", "{a} mu agreed, {b} mu accepted.").fill(
            a=say_mu(row["contracted_dm2"]), b=say_mu(row["accepted_dm2"])
        )
    ]
    for name, zh, en in (
        ("before_dm2", "以前年度已付 {a} 亩。", "{a} mu of it were paid in earlier years."),
        ("cut_dm2", "不得纳入的地面 {a} 亩，扣除。", "{a} mu lie on ground that may not be in the programme."),
        ("stacked_dm2", "其他项目已补偿 {a} 亩，扣除。", "Another programme pays for {a} mu."),
    ):
        if row[name]:
            out.append(Text(zh, en).fill(a=say_mu(row[name])))
    return out


def _rate(row: Mapping[str, Any], unit: str, by_area: bool) -> list[Text]:
    if not row["rate"]:
        return []
    word = w.UNITS[unit][0]
    months = Text("，计 {m} 个月", ", {m} months").fill(m=row["months"]) if row["months"] != 12 else Text("", "")
    if by_area:
        return [
            Text("标准 {r} {u} × {a} 亩{m}。", "{r} {u} × {a} mu{m}.").fill(
                r=row["rate"], u=word, a=say_mu(row["paid_dm2"] - row["before_dm2"]), m=months
            )
        ]
    return [Text("标准 {r} {u}{m}。", "{r} {u}{m}.").fill(r=row["rate"], u=word, m=months)]


def _amounts(row: Mapping[str, Any]) -> list[Text]:
    if row["deduction_fen"]:
        said = Text(
            "{g} 元，其中公共管护 {d} 元，应付 {n} 元。", "{g} yuan, of which {d} for public management: {n} yuan are owed."
        )
        return [said.fill(g=say_yuan(row["gross_fen"]), d=say_yuan(row["deduction_fen"]), n=say_yuan(row["net_fen"]))]
    return [Text("应付 {n} 元。", "{n} yuan.").fill(n=say_yuan(row["net_fen"]))]
