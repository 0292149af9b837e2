"""What a worked case can ask of funds: splits, shortfalls, matches, transfers, equalisation, tables as issued, interest, plans."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting
from ecocomp.worked.values import Given

_YUAN = Text("元", "yuan")


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _apportion(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    import numpy as np

    from ecocomp.terms.money import INT64_MAX, apportion, apportion_array

    read = Given(given, "funds.apportion")
    total, weights = read.fen("total", least=0), read.numbers("weights", least=0)
    if total and not sum(weights):
        read.wrong("weights", given["weights"], Text("至少一个大于零的权重", "at least one weight above zero"))
    read.stop()
    common = math.lcm(*(w.denominator for w in weights)) if weights else 1
    whole = [int(w * common) for w in weights]
    parts = apportion_array(total, np.array(whole, np.int64)) if sum(whole) <= INT64_MAX else apportion(total, whole)
    return {"parts": [_yuan(int(p)) for p in parts]}


def _ration(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    import numpy as np

    from ecocomp.funds.claims import plain
    from ecocomp.registry import entries

    read, rules = Given(given, "funds.ration"), entries("funds.rations")
    owed = read.fens("owed", least=0)
    ids: dict[str, int] = {}
    holders = [ids.setdefault(str(h), len(ids)) for h in read.items("holders", range(len(owed)))]
    ranks = [int(r) for r in read.numbers("ranks", least=0)] if read.has("ranks") else [0] * len(owed)
    for name, listed in (("holders", holders), ("ranks", ranks)):
        if len(listed) != len(owed):
            read.wrong(name, len(listed), Text("{n} 个，每行一个", "{n} values, one for each row").fill(n=len(owed)))
    rule, available, floor = read.text("rule", among=sorted(rules)), read.fen("available", least=0), read.fen("floor", least=0)
    read.stop()
    shares = rules[rule].module.share(available, np.array(owed, np.int64), plain(owed, holders, ranks, floor))
    return {"given": [_yuan(int(s)) for s in shares], "short": _yuan(sum(owed) - int(shares.sum()))}


def _match(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.match import matches

    read = Given(given, "funds.match")
    granted, matched = read.fen("granted", least=0), read.fen("matched", least=0)
    share = read.number("share", least=0)
    if share == 0:
        read.wrong("share", given["share"], Text("大于零的比例", "a share above zero"))
    read.stop()
    rows = [
        {"envelope_id": "central", "granted_fen": granted, "match_ppm": share * 1_000_000, "matches": None},
        {"envelope_id": "local", "granted_fen": matched, "match_ppm": None, "matches": "central"},
    ]
    (one,) = matches(rows, {}, str(given.get("effect") or at.params.text("funds.match_effect")))
    return {"required": _yuan(one.required_fen), "short": _yuan(one.short_fen), "drawable": _yuan(one.drawable_fen)}


def _transfer(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.transfer import allocate_transfer

    read = Given(given, "funds.transfer")
    rows, pool, top_up = read.items("counties"), read.fen("pool"), read.fen("top_up")
    parts = read.table("parts")
    pools = parts.each(parts.fen)
    read.stop()
    done = allocate_transfer(
        rows, at.params, pool_fen=pool, pools_fen=pools or None, top_up_fen=top_up, stacking=str(given.get("stacking") or "")
    )
    return {
        "totals": {c.name: _yuan(c.total) for c in done.counties},
        "parts": {c.name: {p: _yuan(v) for p, v in c.parts.items()} for c in done.counties},
        "limits": {c.name: _yuan(c.limits) for c in done.counties},
        "coefficients": {c.name: Fraction(c.facts["alpha"]) for c in done.counties},
        "top_up": {c.name: _yuan(c.top_up) for c in done.counties},
        "held": {c.name: c.held for c in done.counties},
        "kept": _yuan(done.kept),
        "sum": _yuan(sum(c.total for c in done.counties) + done.kept),
    }


def _equalise(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.equalise import equalise

    read = Given(given, "funds.equalise")
    rows, pool, effort = read.items("regions"), read.fen("pool"), read.fen("effort_pool")
    for name in ("w1", "w2"):
        read.number(name)
    read.stop()
    w1, w2 = (Decimal(str(given[k])) if read.has(k) else None for k in ("w1", "w2"))
    done = equalise(rows, at.params, pool_fen=pool, w1=w1, w2=w2, effort_pool_fen=effort)
    return {
        "gaps": {r.name: _yuan(r.gap_fen) for r in done.regions},
        "equalisation": {r.name: _yuan(r.equalisation_fen) for r in done.regions},
        "effort": {r.name: _yuan(r.effort_fen) for r in done.regions},
        "hardship": {r.name: r.hardship for r in done.regions},
        "coef": {r.name: r.coef for r in done.regions},
        "sum": _yuan(sum(r.equalisation_fen for r in done.regions)),
    }


def _cost_factor(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.equalise import cost_factor, factors_of

    return {"cost_factor": cost_factor(factors_of(given["factors"], "funds.cost_factor"), at.params)}


def _issued(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.issued import check_issued

    read = Given(given, "funds.issued")
    for row in read.rows("rows", "*"):
        for name in ("total", "already", "this_time"):
            row.number(name)
        if not row.has("place"):
            row.tell("place", Text("没有这个值。", "It is missing."), Text("写上它。", "Write it."))
    read.stop()
    rows = given.get("rows") or at.params.items("funds.issued_2020")
    found, faults = check_issued(rows, "case")
    one = next((r for r in rows if str(r["place"]) == str(given.get("place"))), None)
    made = None if one is None or one.get("already") is None else one["already"] + one["this_time"]
    return {
        "wrong_rows": sum(f.severity == "error" for f in faults),
        "complete": found.complete,
        "sums": found.sums,
        "missing": found.missing,
        "already_plus_this_time": made,
        "total": None if one is None else one["total"],
    }


def _interest(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.events import interest_fen, interest_owner

    read = Given(given, "funds.interest")
    balance, days = read.fen("balance"), read.whole("days", least=0)
    rate, year = read.number("rate"), read.whole("year_days", 360, least=1)
    read.stop()
    return {
        "interest": _yuan(interest_fen(balance, days, rate * 1_000_000, year)),
        "owner": interest_owner(read.text("source"), at.params),
    }


def _standing(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from datetime import date

    from ecocomp.funds.events import standing

    read = Given(given, "funds.standing")
    rows = [
        {
            "event_id": f"{i:04d}",
            "happened_on": e.day("on", date(2000, 1, 1)),
            "kind": e.text("kind"),
            "fen": e.fen("yuan", least=0),
            "owner": e.text("owner") or None,
        }
        for i, e in enumerate(read.rows("events", "kind yuan? on? owner?"), 1)
    ]
    read.stop()
    found = standing("E", str(given["source"]), rows, at.params)
    return {
        "usable": _yuan(found.usable_fen),
        "granted": _yuan(found.granted_fen),
        "interest_due": _yuan(found.interest_due_fen),
        "owed_back": _yuan(found.owed_back_fen),
    }


def _plan(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.plan import outlook, plan_of

    read = Given(given, "funds.plan")
    plan = read.table("plan")
    read.text("scenario", among=("expected", "low", "high"))
    read.stop()
    made = plan_of(dict(plan.values), at.params, "case")
    look = outlook(made, str(given.get("scenario", "expected")))
    return {
        "runs_out": look.runs_out,
        "need": {str(y.year): _yuan(y.need) for y in look.years},
        "short": {str(y.year): _yuan(y.short) for y in look.years},
        "left": {str(y.year): _yuan(sum(p.closing for p in y.purses)) for y in look.years},
        "used": {p.id: _yuan(sum(q.used for y in look.years for q in y.purses if q.id == p.id)) for p in made.purses},
        "lapsed": {p.id: _yuan(sum(q.lapsed for y in look.years for q in y.purses if q.id == p.id)) for p in made.purses},
        "interest": {p.id: _yuan(sum(q.interest for y in look.years for q in y.purses if q.id == p.id)) for p in made.purses},
    }


OPERATIONS = (
    Operation(
        "funds.apportion",
        Text("一笔钱按权重分到分", "a sum split by weights, to the fen"),
        {"total": _YUAN, "weights": Text("权重，可带小数或写成分数", "weights, with decimals or as fractions too")},
        {"parts": _YUAN},
        _apportion,
    ),
    Operation(
        "funds.ration",
        Text("资金不足时按一种办法分配", "a short sum shared by a rule"),
        {
            "rule": Text("pro_rata、equal、rank、floor_first", "pro_rata, equal, rank or floor_first"),
            "available": _YUAN,
            "owed": Text("各行应付，元", "owed by row, yuan"),
            "holders?": Text("各行权利人", "holder of each row"),
            "ranks?": Text("各行次序，0 在前", "rank of each row, 0 first"),
            "floor?": Text("每户最低额，元", "minimum of a holder, yuan"),
        },
        {"given": _YUAN, "short": _YUAN},
        _ration,
    ),
    Operation(
        "funds.match",
        Text("配套要求", "local match"),
        {
            "granted": _YUAN,
            "matched": _YUAN,
            "share": Text("配套比例，位数不限；应配额向上取到分", "share to be added, of any digits; rounded up to the fen"),
            "effect?": Text("warn 或 reduce", "warn or reduce"),
        },
        {"required": _YUAN, "short": _YUAN, "drawable": _YUAN},
        _match,
    ),
    Operation(
        "funds.transfer",
        Text("重点生态功能区转移支付到县", "transfer for key ecological function zones to counties"),
        {
            "counties": Text("各县的数，键同表格各列", "figures of counties, keys as the columns of the sheet"),
            "pool": _YUAN,
            "parts?": _YUAN,
            "top_up?": _YUAN,
            "stacking?": Text("max 或 sum", "max or sum"),
        },
        {
            "totals": _YUAN,
            "parts": _YUAN,
            "limits": _YUAN,
            "coefficients": Text("系数", "coefficients"),
            "top_up": _YUAN,
            "held": Text("限额", "which limit holds"),
            "kept": _YUAN,
            "sum": _YUAN,
        },
        _transfer,
    ),
    Operation(
        "funds.equalise",
        Text("均衡性转移支付", "equalisation transfer"),
        {
            "regions": Text("各地区的数，键同表格各列", "figures of regions, keys as the columns of the sheet"),
            "pool": _YUAN,
            "w1?": Text("权重", "weight"),
            "w2?": Text("权重", "weight"),
            "effort_pool?": _YUAN,
        },
        {
            "gaps": _YUAN,
            "equalisation": _YUAN,
            "effort": _YUAN,
            "hardship": Text("困难程度", "hardship"),
            "coef": Text("系数", "coefficient"),
            "sum": _YUAN,
        },
        _equalise,
    ),
    Operation(
        "funds.cost_factor",
        Text("成本差异系数", "cost factor"),
        {"factors": Text("各系数，键同表格各列", "factors, keys as the columns of the sheet")},
        {"cost_factor": Text("系数", "factor")},
        _cost_factor,
    ),
    Operation(
        "funds.issued",
        Text("分配表核对", "identities of an allocation table"),
        {
            "rows?": Text("place、total、already、this_time", "place, total, already, this_time"),
            "place?": Text("某一行", "one row"),
        },
        {
            "wrong_rows": Text("不符的行数", "rows that do not add up"),
            "complete": Text("是否完整", "whether it is whole"),
            "sums": Text("各列之和", "sums of columns"),
            "missing": Text("总计减之和", "whole less sums"),
            "already_plus_this_time": Text("已下达加本次", "already + this time"),
            "total": Text("合计", "total"),
        },
        _issued,
    ),
    Operation(
        "funds.interest",
        Text("利息及其归属", "interest and its owner"),
        {
            "balance": _YUAN,
            "days": Text("天", "days"),
            "rate": Text("年利率，位数不限", "rate per year, of any digits"),
            "year_days?": Text("一年天数，缺省 360", "days of a year, default 360"),
            "source?": Text("来源", "source"),
        },
        {"interest": _YUAN, "owner": Text("归属", "owner")},
        _interest,
    ),
    Operation(
        "funds.standing",
        Text("资金包在事项之后的状况", "an envelope after its events"),
        {"source": Text("来源", "source"), "events": Text("kind、yuan、on、owner", "kind, yuan, on, owner")},
        {"usable": _YUAN, "granted": _YUAN, "interest_due": _YUAN, "owed_back": _YUAN},
        _standing,
    ),
    Operation(
        "funds.plan",
        Text("多年资金计划", "funds over the years"),
        {"plan": Text("计划文件的内容", "content of a plan file"), "scenario?": Text("expected、low、high", "expected, low, high")},
        {
            "runs_out": Text("首个不足的年份", "first year short"),
            "need": _YUAN,
            "short": _YUAN,
            "left": _YUAN,
            "used": _YUAN,
            "lapsed": _YUAN,
            "interest": _YUAN,
        },
        _plan,
    ),
)
