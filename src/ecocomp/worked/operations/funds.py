"""What a worked case can ask of funds: splits, shortfalls, matches, transfers, equalisation, tables as issued, interest, plans."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting

_YUAN = Text("元", "yuan")


def _fen(value: Any) -> int:
    from ecocomp.terms.money import to_fen

    return to_fen(Decimal(str(value)))


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _apportion(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    import numpy as np

    from ecocomp.terms.money import apportion_array

    parts = apportion_array(_fen(given["total"]), np.array([int(w) for w in given["weights"]], np.int64))
    return {"parts": [_yuan(int(p)) for p in parts]}


def _ration(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    import numpy as np

    from ecocomp.funds.claims import plain
    from ecocomp.registry import entries

    owed = [_fen(x) for x in given["owed"]]
    ids: dict[str, int] = {}
    holders = [ids.setdefault(str(h), len(ids)) for h in given.get("holders", range(len(owed)))]
    ranks = [int(r) for r in given.get("ranks", [0] * len(owed))]
    claims = plain(owed, holders, ranks, _fen(given.get("floor", 0)))
    shares = entries("funds.rations")[str(given["rule"])].module.share(_fen(given["available"]), np.array(owed, np.int64), claims)
    return {"given": [_yuan(int(s)) for s in shares], "short": _yuan(sum(owed) - int(shares.sum()))}


def _match(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.match import matches

    rows = [
        {
            "envelope_id": "central",
            "granted_fen": _fen(given["granted"]),
            "match_ppm": int(Decimal(str(given["share"])) * 1_000_000),
            "matches": None,
        },
        {"envelope_id": "local", "granted_fen": _fen(given["matched"]), "match_ppm": None, "matches": "central"},
    ]
    (one,) = matches(rows, {}, str(given.get("effect") or at.params.text("funds.match_effect")))
    return {"required": _yuan(one.required_fen), "short": _yuan(one.short_fen), "drawable": _yuan(one.drawable_fen)}


def _transfer(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.transfer import allocate_transfer

    rows = [
        {"record": f"row {i}", **{k: Decimal(v) if isinstance(v, int) else v for k, v in r.items()}}
        for i, r in enumerate(given["counties"], 1)
    ]
    done = allocate_transfer(
        rows,
        at.params,
        pool_fen=_fen(given["pool"]),
        pools_fen={k: _fen(v) for k, v in given["parts"].items()} if given.get("parts") else None,
        top_up_fen=_fen(given.get("top_up", 0)),
        stacking=str(given.get("stacking") or ""),
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

    rows = [{"record": f"row {i}", **r} for i, r in enumerate(given["regions"], 1)]
    w1, w2 = (None if given.get(k) is None else Decimal(str(given[k])) for k in ("w1", "w2"))
    done = equalise(rows, at.params, pool_fen=_fen(given["pool"]), w1=w1, w2=w2, effort_pool_fen=_fen(given.get("effort_pool", 0)))
    return {
        "gaps": {r.name: _yuan(r.gap_fen) for r in done.regions},
        "equalisation": {r.name: _yuan(r.equalisation_fen) for r in done.regions},
        "effort": {r.name: _yuan(r.effort_fen) for r in done.regions},
        "hardship": {r.name: r.hardship for r in done.regions},
        "coef": {r.name: r.coef for r in done.regions},
        "sum": _yuan(sum(r.equalisation_fen for r in done.regions)),
    }


def _cost_factor(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.equalise import cost_factor

    return {"cost_factor": cost_factor(given["factors"], at.params)}


def _issued(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.issued import check_issued

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

    fen = interest_fen(
        _fen(given["balance"]), int(given["days"]), int(Decimal(str(given["rate"])) * 1_000_000), int(given.get("year_days", 360))
    )
    return {"interest": _yuan(fen), "owner": interest_owner(str(given.get("source", "")), at.params)}


def _standing(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from datetime import date

    from ecocomp.funds.events import standing

    rows = [
        {
            "event_id": f"{i:04d}",
            "happened_on": e.get("on", date(2000, 1, 1)),
            "kind": e["kind"],
            "fen": _fen(e.get("yuan", 0)),
            "owner": e.get("owner"),
        }
        for i, e in enumerate(given["events"])
    ]
    found = standing("E", str(given["source"]), rows, at.params)
    return {
        "usable": _yuan(found.usable_fen),
        "granted": _yuan(found.granted_fen),
        "interest_due": _yuan(found.interest_due_fen),
        "owed_back": _yuan(found.owed_back_fen),
    }


def _plan(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    from ecocomp.funds.plan import outlook, plan_of

    made = plan_of(dict(given["plan"]), at.params, "case")
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
        {"total": _YUAN, "weights": Text("整数权重", "whole weights")},
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
            "share": Text("配套比例", "share to be added"),
            "effect?": Text("warn 或 reduce", "warn or reduce"),
        },
        {"required": _YUAN, "short": _YUAN, "drawable": _YUAN},
        _match,
    ),
    Operation(
        "funds.transfer",
        Text("重点生态功能区转移支付到县", "transfer for key ecological function zones to counties"),
        {
            "counties": Text("各县的数，键同 COLUMNS", "figures of counties, keys as in the sheet"),
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
            "regions": Text("各地区的数", "figures of regions"),
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
        {"factors": Text("各系数", "factors")},
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
            "rate": Text("年利率", "rate per year"),
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
