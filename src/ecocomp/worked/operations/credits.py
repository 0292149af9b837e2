"""Eco-credits: buffers, limits, fines, notices, claims, auctions, the book, the sharing of proceeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.credits import postings
from ecocomp.credits.auction import Order, clear, order_faults
from ecocomp.credits.blocks import STATES
from ecocomp.credits.book import Message, replay
from ecocomp.credits.claims import Claim, double_claims
from ecocomp.credits.instrument import Instrument, holidays, instrument, instruments
from ecocomp.credits.issuing import (
    Event,
    buffer_units,
    crediting_faults,
    evidence_faults,
    match_faults,
    split_net,
    working_days,
    years_after,
)
from ecocomp.credits.surrender import mean_price, offset_limit, penalty, standing, surrender_faults
from ecocomp.terms.faults import UsageError, raise_errors
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting
from ecocomp.worked.values import Given

_UNIT = Text("凭证单位", "units of the instrument")


def _inst(given: Mapping[str, Any], setting: Setting, key: str = "instrument") -> Instrument:
    return instrument(str(given[key]), setting.params)


def _units(read: Given, name: str, inst: Instrument) -> int:
    """Return a quantity in smallest units; zero is allowed, less is not."""
    exact = read.number(name, least=0) * inst.one
    if exact.denominator != 1:
        clash = Text("数量 {v} 的小数位太多。", "The quantity {v} has too many decimals.")
        raise UsageError(clash.fill(v=read.values[name]))
    return int(exact)


def _back(inst: Instrument, units: int) -> Fraction:
    return Fraction(units, inst.one)


def _fen(read: Given, name: str, default: Any = 0) -> int:
    """Return an amount of yuan, zero or more, in whole fen."""
    exact = read.number(name, default, least=0) * 100
    if exact.denominator != 1:
        read.wrong(name, read.values[name], Text("整数分", "a whole number of fen"))
    return int(exact)


def _yuan(fen: int | Fraction) -> Fraction:
    return Fraction(fen, 100)


def issue(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return what an issue credits and holds back, and the last day but one of its life."""
    inst, read = _inst(given, setting), Given(given, "credits.issue")
    units = _units(read, "quantity", inst)
    read.stop()
    back = buffer_units(units, inst.hold_back)
    start = given.get("from")
    expires = years_after(start, inst.valid_years) if isinstance(start, date) and inst.valid_years else None
    return {"held": _back(inst, units - back), "buffer": _back(inst, back), "expires_on": expires or ""}


def evidence(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return the faults of the evidence for an operation."""
    read = Given(given, "credits.evidence")
    read.text("operation", among=("issue", "transfer", "retire"))
    steps = [
        Event(s.text("step"), s.day("on"), s.text("document"), s.text("by"), s.day("until") if s.has("until") else None)
        for s in read.rows("steps", "step on until? document? by?")
    ]
    read.stop()
    inst = _inst(given, setting)
    needed = {"issue": inst.issue_steps, "transfer": inst.transfer_steps, "retire": inst.retire_steps}[
        str(given.get("operation", "issue"))
    ]
    off, worked = holidays(setting.params, {e.on.year for e in steps} | {e.until.year for e in steps if e.until})
    faults = evidence_faults(
        needed,
        steps,
        setting.on,
        inst.id,
        cross_region=bool(given.get("cross_region", False)),
        other_sector=bool(given.get("other_sector", False)),
        owner=str(given.get("owner", "")),
        off=off,
        worked=worked,
    )
    return {"faults": [f.code.removeprefix("credits.") for f in faults]}


def notice(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return the working days of a notice."""
    read = Given(given, "credits.notice")
    first, last = read.day("from"), read.day("to")
    read.stop()
    off, worked = holidays(setting.params, range(first.year, last.year + 1))
    return {"working_days": working_days(first, last, off, worked)}


def crediting(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return whether a crediting period keeps the limits."""
    read = Given(given, "credits.crediting_period")
    first, end = read.day("from"), read.day("to") if read.has("to") else None
    read.stop()
    inst = _inst(given, setting)
    return {"allowed": not crediting_faults(inst, inst.id, first, end)}


def claims(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return the parcels that are claimed twice."""
    rules, found = instruments(setting.params)
    raise_errors(found)
    read = Given(given, "credits.double_claim")
    said = read.rows("claims", "project instrument parcel share? from to?")
    for r in said:
        r.text("instrument", among=sorted(rules))
    spans = [(r.number("share", 1, least=0, most=1), r.day("from"), r.day("to") if r.has("to") else None) for r in said]
    for r, (_, first, end) in zip(said, spans, strict=True):
        if isinstance(first, date) and isinstance(end, date) and end <= first:
            r.wrong("to", end, Text("晚于 from 的日期（止日不含）", "a day after from (the end is not included)"))
    read.stop()
    rows = [
        Claim(r.text("project"), r.text("instrument"), rules[r.text("instrument")].benefit, r.text("parcel"), share, first, end)
        for r, (share, first, end) in zip(said, spans, strict=True)
    ]
    return {"double": sorted({f.record for f in double_claims(rows, rules)})}


def surrender(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return how a duty stands after what was surrendered."""
    duty = _inst(given, setting, "duty")
    params = setting.params
    read = Given(given, "credits.surrender")
    table = read.table("surrendered")
    done = table.each(lambda i: _units(table, i, duty))
    due = _units(read, "due", duty)
    read.stop()
    rules = {i: instrument(i, params) for i in {*done, duty.id}}
    stands = standing(due, done, duty, rules)
    limits = {i: _back(duty, offset_limit(due, rules[i].surrender_share)) for i in done if i != duty.id}
    faults = surrender_faults(standing(due, {}, duty, rules), stands, "", duty)
    return {
        "missing": _back(duty, stands.missing),
        "offsets": _back(duty, sum(stands.offsets.values())),
        "not_counted": _back(duty, sum(stands.not_counted.values())),
        "limit": max(limits.values(), default=Fraction(0)),
        "faults": [f.code.removeprefix("credits.") for f in faults],
    }


def fine(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return what it costs not to surrender."""
    duty, read = _inst(given, setting, "duty"), Given(given, "credits.penalty")
    missing, mean = _units(read, "missing", duty), read.number("mean_price", least=0)
    read.stop()
    found = penalty(missing, mean * 100, duty)
    return {"low": _yuan(found.low_fen), "high": _yuan(found.high_fen), "cut": _back(duty, found.cut)}


def price(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return the mean price of sales, exact and to the fen."""
    one = {"quantity": given.get("quantity"), "amount": given.get("amount")}
    read = Given({"trades": given.get("trades") or [one]}, "credits.mean_price")
    pairs = []
    for r in read.rows("trades", "quantity amount"):
        units = r.number("quantity", least=0) * 10**6
        if units.denominator != 1:
            r.wrong("quantity", r.values["quantity"], Text("不多于六位小数", "at most six decimals"))
        pairs.append((int(units), _fen(r, "amount")))
    read.stop()
    mean = mean_price(pairs, 6)
    if mean is None:
        raise UsageError(Text("没有成交。", "There is no trade."))
    return {"mean": mean / 100, "mean_fen": Decimal(round(mean)) / 100}


def lots(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return a sale as lots of whole-fen prices."""
    read = Given(given, "credits.lots")
    quantity, amount = read.whole("quantity", least=1), _fen(read, "amount")
    read.stop()
    sale = {
        "id": "x",
        "year": setting.on.year,
        "origin": "x",
        "quantity": quantity,
        "net_fen": amount,
        "buyer": "x",
    }
    rows = postings.lots([sale])
    return {
        "lots": [{"quantity": r["sold_t"], "price": _yuan(r["price_fen_per_t"])} for r in rows],
        "proceeds": _yuan(sum(r["proceeds_fen"] for r in rows)),
    }


def split(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return how net proceeds are shared."""
    inst, read = _inst(given, setting), Given(given, "credits.split")
    gross, cost = _fen(read, "gross"), _fen(read, "cost")
    read.stop()
    parts = split_net(gross, cost, {k: Fraction(v) for k, v in inst.split.items()})
    return {k: _yuan(v) for k, v in parts.items()}


def match(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return whether units may be used for what is taken."""
    inst, read = _inst(given, setting), Given(given, "credits.match")
    used, need = _units(read, "quantity", inst), _units(read, "need", inst)
    read.stop()
    faults = match_faults(inst, "", str(given["quality"]), need, str(given["need_quality"]), used)
    return {"allowed": not faults, "faults": [f.code.removeprefix("credits.") for f in faults]}


def conservation(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return the gap of the identity of units."""
    read = Given(given, "credits.conservation")
    made = sum((read.number(n, least=0) for n in ("issued", "imported")), Fraction(0))
    there = sum((read.number(s, least=0) for s in STATES), Fraction(0))
    read.stop()
    return {"gap": made - there, "conserved": made == there}


_ORDER_KEYS = "order side quantity price? time? account?"


def _order(r: Given, k: int) -> Order:
    """Return an order of a row; one without a side or a quantity is told by its keys."""
    offer = r.number("price") * 100 if r.has("price") else None
    if offer is not None and offer.denominator != 1:
        r.wrong("price", r.values["price"], Text("整数分", "a whole number of fen"))
    return Order(
        r.text("order"),
        r.text("account", r.text("order")),
        r.text("side"),
        r.whole("quantity"),
        None if offer is None else int(offer),
        r.whole("time", k),
    )


def _tick(read: Given) -> int:
    """Return the price step in fen."""
    tick = _fen(read, "tick", Decimal("0.01"))
    if tick < 1:
        read.wrong("tick", read.values["tick"], Text("至少一分", "a fen or more"))
    return tick


def auction(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return the price of a sealed call and what each order gets."""
    read = Given(given, "credits.auction")
    tick, lot = _tick(read), read.whole("lot", 1, least=1)
    orders = [_order(r, k) for k, r in enumerate(read.rows("orders", _ORDER_KEYS))]
    allocation = read.text("allocation", "time", among=("time", "pro_rata"))
    reference = _fen(read, "reference") if read.has("reference") else None
    read.stop()
    raise_errors(order_faults(orders, tick=tick, lot=lot))
    found = clear(orders, reference=reference, tick=tick, lot=lot, allocation=allocation)
    return {
        "price": "" if found.price is None else _yuan(found.price),
        "volume": found.volume,
        "surplus": found.surplus,
        "amount": _yuan((found.price or 0) * found.volume),
        "fills": dict(found.fills),
    }


def book(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return the trades of a continuous book and what rests in it."""
    read, messages = Given(given, "credits.book"), []
    for r in read.rows("orders", "*"):
        cancelling = r.text("kind", among=("limit", "market", "cancel")) == "cancel"
        r.keys("order kind side? quantity? price? time? account?" if cancelling else f"{_ORDER_KEYS} kind?")
        if not cancelling and r.has("kind") and r.has("price") == (r.text("kind") == "market"):
            wanted = Text("市价单不写价格，限价单写价格", "no price for a market order, a price for a limit order")
            r.wrong("price", r.values.get("price", ""), wanted)
        messages.append(Message(r.text("order"), None if cancelling else _order(r, 0)))
    share, tick = read.number("protection", Decimal("0.1"), least=0, most=1), _tick(read)
    read.stop()
    state, fills, found = replay(messages, protection=share, tick=tick)
    raise_errors(found)
    return {
        "trades": [{"buy": f.buy, "sell": f.sell, "price": _yuan(f.price), "quantity": f.quantity} for f in fills],
        "open": {o.id: o.quantity for o in state.resting.values()},
    }


_ORDERS = Text(
    "订单表：order、side、quantity、price（元，空为市价）、time、account",
    "orders: order, side, quantity, price (yuan, empty: any), time, account",
)
_INSTRUMENT = Text("凭证编码", "id of the instrument")
_FAULTS = Text("错误代码", "codes of the faults")
OPERATIONS = (
    Operation(
        "credits.issue",
        Text("签发的入账与缓冲", "what an issue credits and holds back"),
        {"instrument": _INSTRUMENT, "quantity": _UNIT, "from?": Text("期间起日", "first day of the period")},
        {"held": _UNIT, "buffer": _UNIT, "expires_on": Text("失效日", "day it ends")},
        issue,
    ),
    Operation(
        "credits.evidence",
        Text("程序证据的核对", "check of the evidence for an operation"),
        {
            "instrument": _INSTRUMENT,
            "operation?": Text("issue、transfer 或 retire", "issue, transfer or retire"),
            "steps?": Text("step、on、until、document、by", "step, on, until, document, by"),
            "cross_region?": Text("是否跨县区", "whether the regions differ"),
            "other_sector?": Text("是否跨行业", "whether the sectors differ"),
            "owner?": Text("受益人", "who profits"),
        },
        {"faults": _FAULTS},
        evidence,
    ),
    Operation(
        "credits.notice",
        Text("公示的工作日数（含首尾）", "working days of a notice, both ends included"),
        {"from": Text("起日", "first day"), "to": Text("止日", "last day")},
        {"working_days": Text("工作日", "working days")},
        notice,
    ),
    Operation(
        "credits.crediting_period",
        Text("计入期是否在规定年数内", "whether a crediting period keeps the limits"),
        {"instrument": _INSTRUMENT, "from": Text("起日", "first day"), "to?": Text("止日（不含）", "end (not included)")},
        {"allowed": Text("是否允许", "whether it is allowed")},
        crediting,
    ),
    Operation(
        "credits.double_claim",
        Text("同一地块、期间、效益的重复主张", "ground, period and benefit claimed twice"),
        {"claims": Text("project、instrument、parcel、share、from、to", "project, instrument, parcel, share, from, to")},
        {"double": Text("重复主张的地块", "parcels claimed twice")},
        claims,
    ),
    Operation(
        "credits.surrender",
        Text("清缴与抵销限额", "a duty, what was surrendered, and the limit of offsets"),
        {"duty": _INSTRUMENT, "due": _UNIT, "surrendered?": Text("凭证 → 数量", "instrument → quantity")},
        {"missing": _UNIT, "offsets": _UNIT, "not_counted": _UNIT, "limit": _UNIT, "faults": _FAULTS},
        surrender,
    ),
    Operation(
        "credits.penalty",
        Text("欠缴的罚款与核减", "fine for what is not surrendered, and the cut of next year"),
        {"duty": _INSTRUMENT, "missing": _UNIT, "mean_price": Text("均价（元）", "mean price (yuan)")},
        {"low": Text("罚款下限（元）", "fine from (yuan)"), "high": Text("罚款上限（元）", "fine to (yuan)"), "cut": _UNIT},
        fine,
    ),
    Operation(
        "credits.mean_price",
        Text("成交均价", "mean price of trades"),
        {
            "quantity?": Text("数量", "quantity"),
            "amount?": Text("金额（元）", "amount (yuan)"),
            "trades?": Text("quantity、amount 的表", "table of quantity and amount"),
        },
        {
            "mean": Text("均价（元，精确）", "mean price (yuan, exact)"),
            "mean_fen": Text("均价（元，到分）", "mean price (yuan, to the fen)"),
        },
        price,
    ),
    Operation(
        "credits.lots",
        Text("一笔出售写成整分单价的批次", "a sale as lots of whole-fen prices"),
        {"quantity": Text("数量", "quantity"), "amount": Text("金额（元）", "amount (yuan)")},
        {"lots": Text("quantity、price（元）", "quantity, price (yuan)"), "proceeds": Text("收入（元）", "proceeds (yuan)")},
        lots,
    ),
    Operation(
        "credits.split",
        Text("净收益的分配；相当时归写在前面的", "sharing of net proceeds; ties to the share named first"),
        {"instrument": _INSTRUMENT, "gross": Text("收入（元）", "proceeds (yuan)"), "cost?": Text("成本（元）", "costs (yuan)")},
        {"cost": Text("成本（元）", "costs (yuan)"), "*": Text("各份（元）", "each share (yuan)")},
        split,
    ),
    Operation(
        "credits.match",
        Text("指标与所占是否数量、质量都相符", "whether a quota matches what is taken in quantity and quality"),
        {
            "instrument": _INSTRUMENT,
            "quantity": _UNIT,
            "quality": Text("指标质量等级", "grade of the quota"),
            "need": _UNIT,
            "need_quality": Text("所占质量等级", "grade of what is taken"),
        },
        {"allowed": Text("是否允许", "whether it is allowed"), "faults": _FAULTS},
        match,
    ),
    Operation(
        "credits.conservation",
        Text("守恒：签发 + 转入 = 各状态之和", "issued + imported = the sum of the states"),
        {"issued?": _UNIT, "imported?": _UNIT, **{f"{s}?": t for s, t in STATES.items()}},
        {"gap": _UNIT, "conserved": Text("是否守恒", "whether it holds")},
        conservation,
    ),
    Operation(
        "credits.auction",
        Text("集合竞价", "sealed call auction"),
        {
            "orders": _ORDERS,
            "reference?": Text("参考价（元）", "reference price (yuan)"),
            "tick?": Text("价位（元）", "price step (yuan)"),
            "lot?": Text("交易单位", "lot"),
            "allocation?": Text("time 或 pro_rata", "time or pro_rata"),
        },
        {
            "price": Text("成交价（元）", "price (yuan)"),
            "volume": Text("成交量", "volume"),
            "surplus": Text(
                "该价上买量减卖量：正为余买，负为余卖", "bid less offered at the price: above 0 buyers left, else sellers"
            ),
            "amount": Text("金额（元）", "amount (yuan)"),
            "fills": Text("订单 → 数量", "order → quantity"),
        },
        auction,
    ),
    Operation(
        "credits.book",
        Text("连续竞价", "continuous book"),
        {
            "orders": _ORDERS,
            "protection?": Text("市价单保护比例", "protection of market orders"),
            "tick?": Text("价位（元）", "price step (yuan)"),
        },
        {
            "trades": Text("buy、sell、price（元）、quantity", "buy, sell, price (yuan), quantity"),
            "open": Text("订单 → 未成交", "order → open"),
        },
        book,
    ),
)
