"""What a worked case can ask of targeting, auctions and simulation: selections, payments, changed values, inequality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting
from ecocomp.worked.values import Given

_YUAN = Text("元", "yuan")


def _yuan(fen: int) -> Decimal:
    return Decimal(int(fen)).scaleb(-2)


def _fen(value: Any) -> int:
    from ecocomp.terms.money import to_fen

    return to_fen(Decimal(str(value)))


def _table(rows: Sequence[Mapping[str, Any]]) -> Any:
    import pyarrow as pa

    names = list(dict.fromkeys(str(k) for r in rows for k in r))
    return pa.table({n: pa.array([_cell(r.get(n)) for r in rows], pa.string()) for n in names})


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _select(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    """Choose under a budget; the demands are those of a plan file."""
    from ecocomp.targeting.candidates import candidates_of
    from ecocomp.targeting.plan import plan_of
    from ecocomp.targeting.problem import problem_of
    from ecocomp.targeting.select import choose

    read = Given(given, "target.select")
    read.number("budget", least=0)
    read.table("plan")
    read.rows("candidates", "*")
    read.stop()
    plan = plan_of({**given.get("plan", {}), "budget_yuan": Decimal(str(given["budget"]))}, "plan", at.folder)
    candidates = candidates_of(
        _table(given["candidates"]),
        "candidates",
        id_column=plan.id_column or "id",
        cost_column=plan.cost_column or None,
        benefit=plan.benefit,
        loss_probability=plan.loss_probability,
    )
    found = choose(problem_of(candidates, plan), exact=given.get("exact"))
    rows = found.table().to_pylist()
    return {
        "chosen": [r["id"] for r in rows if r["chosen"]],
        "paid": {r["id"]: _yuan(r["amount_fen"]) for r in rows if r["chosen"]},
        "spent": _yuan(int(found.fen.sum())),
        "benefit": found.benefit,
        "bound": found.bound,
        "gap": found.gap,
        "reasons": {r["id"]: r["reason"] for r in rows},
        "loss_by_benefit": found.compared.get("benefit", {}).get("loss_share"),
        "loss_by_cost": found.compared.get("cost", {}).get("loss_share"),
    }


def _auction(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    """Hold a reverse auction; reserve and prices in yuan for one unit of score."""
    from ecocomp.targeting.auction import Terms, bids_of, hold

    read = Given(given, "target.auction")
    for name in ("budget", "quantity", "reserve"):
        read.number(name, least=0)
    for name in ("per_bidder", "per_region"):
        read.whole(name, least=0)
    read.rows("bids", "*")
    read.stop()

    def maybe(name: str) -> Fraction | None:
        return read.number(name) if read.has(name) else None

    reserve = maybe("reserve")
    terms = Terms(
        budget_fen=None if given.get("budget") is None else _fen(given["budget"]),
        quantity=maybe("quantity"),
        rule=str(given.get("rule", "uniform")),
        price=str(given.get("price", "first_rejected")),
        reserve_fen=None if reserve is None else reserve * 100,
        most_per_bidder=None if given.get("per_bidder") is None else int(given["per_bidder"]),
        most_per_region=None if given.get("per_region") is None else int(given["per_region"]),
        ties=str(given.get("ties", "id")),
        seed=str(given.get("seed", "")),
    )
    rows = [{("bid_yuan" if k == "bid" else k): v for k, v in r.items()} for r in given["bids"]]
    o = hold(bids_of(_table(rows), "bids"), terms)
    return {
        "accepted": sorted(b.id for b in o.winners),
        "paid": {b.id: _yuan(p) for b, p in zip(o.order, o.paid_fen, strict=True)},
        "price": None if o.price is None else o.price / 100,
        "price_set_by": o.set_by,
        "total": _yuan(sum(o.paid_fen)),
        "results": {b.id: r for b, r in zip(o.order, o.result, strict=True)},
    }


def _inequality(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    """Gini and Theil of payments, with the parts within and between groups where groups are given."""
    import numpy as np

    from ecocomp.simulation.inequality import gini, theil_parts

    read = Given(given, "simulate.inequality")
    paid = read.fens("payments", least=0)
    groups = [str(g) for g in read.items("groups", [""] * len(paid))]
    if len(groups) != len(paid):
        read.wrong("groups", len(groups), Text("{n} 个，每人一个", "{n} values, one for each person").fill(n=len(paid)))
    read.stop()
    fen = np.array(paid, np.int64)
    codes = {g: i for i, g in enumerate(sorted(set(groups)))}
    parts = theil_parts(fen, np.array([codes[g] for g in groups], np.int64)) or (None, None, None)
    return {"gini": gini(fen), "theil": parts[0], "theil_within": parts[1], "theil_between": parts[2]}


def _change(given: Mapping[str, Any], at: Setting) -> dict[str, Any]:
    """A value of the rules after a change of a reform."""
    from ecocomp.simulation.reform import _Wrong, apply_change

    read = Given(given, "simulate.change")
    read.number("old")
    read.stop()
    value = None
    try:
        value = apply_change(Decimal(str(given["old"])), given["change"])
    except _Wrong as wrong:
        read.tell("change", wrong.clash, wrong.remedy)
    read.stop()
    return {"value": value}


OPERATIONS = (
    Operation(
        "target.select",
        Text("预算内选择", "selection under a budget"),
        {
            "budget": Text("预算（元）", "budget (yuan)"),
            "candidates": Text("候选：id、cost_yuan、benefit 等", "candidates: id, cost_yuan, benefit and others"),
            "plan?": Text("方案：与方案文件相同", "plan: as in a plan file"),
            "exact?": Text("是否证明最优", "certify by branch and bound"),
        },
        {
            "chosen": Text("入选编码", "ids chosen"),
            "paid": _YUAN,
            "spent": _YUAN,
            "benefit": Text("效益", "benefit"),
            "bound": Text("上界", "bound"),
            "gap": Text("差距", "gap"),
            "reasons": Text("每个候选的原因码", "reason code of each candidate"),
            "loss_by_benefit": Text("只看效益的损失", "loss of ranking by benefit alone"),
            "loss_by_cost": Text("只看成本的损失", "loss of ranking by cost alone"),
        },
        _select,
    ),
    Operation(
        "target.auction",
        Text("反向拍卖", "reverse auction"),
        {
            "bids": Text("报价：id、bid（元）、score 等", "bids: id, bid (yuan), score and others"),
            "budget?": _YUAN,
            "quantity?": Text("要购的数量", "quantity sought"),
            "rule?": Text("uniform 或 discriminative", "uniform or discriminative"),
            "price?": Text("first_rejected 或 last_accepted", "first_rejected or last_accepted"),
            "reserve?": Text("单位得分的保留价（元）", "reserve price of a unit of score (yuan)"),
            "per_bidder?": Text("每个竞标人最多几份", "most bids of one bidder"),
            "per_region?": Text("每个区域最多几份", "most bids of one region"),
            "ties?": Text("并列规则", "rule for ties"),
            "seed?": Text("抽签种子", "seed of the lot"),
        },
        {
            "accepted": Text("中标编号", "ids accepted"),
            "paid": _YUAN,
            "price": Text("单位得分的统一价（元）", "one price of a unit of score (yuan)"),
            "price_set_by": Text("由谁决定", "what set it"),
            "total": _YUAN,
            "results": Text("每份报价的结果码", "result code of each bid"),
        },
        _auction,
    ),
    Operation(
        "simulate.inequality",
        Text("基尼与泰尔", "Gini and Theil"),
        {"payments": Text("每人所得（元）", "payments (yuan)"), "groups?": Text("每人的组", "group of each")},
        {
            "gini": Text("基尼系数", "Gini"),
            "theil": Text("泰尔指数", "Theil"),
            "theil_within": Text("组内", "within groups"),
            "theil_between": Text("组间", "between groups"),
        },
        _inequality,
    ),
    Operation(
        "simulate.change",
        Text("改动一个值", "a changed value"),
        {"old": Text("旧值", "old value"), "change": Text("新值或改法", "new value or operation")},
        {"value": Text("新值", "new value")},
        _change,
    ),
)
