"""Payments as worked cases ask for them: what a corrected year changes, splits, netting, arrears, bank lines and returns."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ecocomp.payments.bank_file import Line, line_text
from ecocomp.payments.bank_return import Result, Sent, judge
from ecocomp.payments.flow import STATES
from ecocomp.payments.payable import Standing, arrears_fen_days, difference, divide, net
from ecocomp.terms.money import to_yuan
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting
from ecocomp.worked.values import Given

Values = Mapping[str, Any]


def _yuan(parts: Mapping[str, int]) -> dict[str, Decimal]:
    return {e: to_yuan(x) for e, x in sorted(parts.items())}


def _parts(read: Given, name: str, *, least: int | None = None) -> dict[str, int]:
    table = read.table(name)
    return table.each(lambda envelope: table.fen(envelope, least=least))


def _corrected(given: Values, _: Setting) -> Values:
    read = Given(given, "payments.corrected")
    rows = [
        Standing(i, r.text("state", among=STATES), _parts(r, "sources")) for i, r in enumerate(read.rows("rows", "state sources"))
    ]
    wanted, state = _parts(read, "wanted", least=0), read.text("state", "ready", among=("ready", "escrow", "objection"))
    read.stop()
    found = difference(rows, wanted, state)
    added = [a for a in found.add if a.kind != "clawback"]
    back = [a for a in found.add if a.kind == "clawback"]
    return {
        "cancelled": len(found.cancel),
        "paid_on": to_yuan(sum(a.amount_fen for a in added)),
        "clawed_back": to_yuan(-sum(a.amount_fen for a in back)),
        "sources": _yuan({e: x for a in found.add for e, x in a.sources.items()}),
        "moved": to_yuan(found.moved),
    }


def _divided(given: Values, _: Setting) -> Values:
    read = Given(given, "payments.divided")
    said = read.table("shares")
    sources, shares = _parts(read, "sources", least=0), said.each(lambda party: said.number(party, least=0))
    if not read.faults and sum(shares.values()) != 1:
        clash = Text("份额合计 {s}。", "The shares make {s}.").fill(s=sum(shares.values()))
        read.tell("shares", clash, Text("使合计正好为 1，如 1/3 和 2/3。", "Make them exactly 1, such as 1/3 and 2/3."))
    read.stop()
    made = divide(sources, shares)
    return {"amounts": {p: to_yuan(sum(x.values())) for p, x in made.items()}, "sources": {p: _yuan(x) for p, x in made.items()}}


def _netted(given: Values, _: Setting) -> Values:
    read = Given(given, "payments.netted")
    owed, back = _parts(read, "owed", least=0), _parts(read, "back", least=0)
    read.stop()
    left = net(owed, back)
    return {
        "covered": left is not None,
        "paid": to_yuan(sum((owed if left is None else left).values())),
        "sources": _yuan(owed if left is None else left),
    }


def _arrears(given: Values, _: Setting) -> Values:
    read = Given(given, "payments.arrears")
    paid = [(p.day("on").toordinal(), p.fen("amount", least=0)) for p in read.rows("paid", "on amount")]
    due, due_on, until = read.fen("due", least=0), read.day("due_on").toordinal(), read.day("until").toordinal()
    read.stop()
    days = arrears_fen_days(due, due_on, paid, until)
    return {"owed": to_yuan(max(0, due - sum(x for d, x in paid if d <= until))), "yuan_days": to_yuan(days)}


def _line(given: Values, _: Setting) -> Values:
    read = Given(given, "payments.bank_line")
    number, amount = read.whole("row", least=0), read.fen("amount")
    read.stop()
    line = Line(number, str(given["name"]), str(given["account"]), amount, str(given["purpose"]))
    return {"line": line_text(str(given["batch"]), line).rstrip("\n")}


def _judged(given: Values, _: Setting) -> Values:
    read = Given(given, "payments.returned")
    sent = read.rows("sent", "row amount state? account?")
    lines = {s.whole("row"): Sent(s.fen("amount"), s.text("state", "sent"), s.text("account")) for s in sent}
    rows = [
        Result(i, r.text("batch"), r.whole("row"), r.fen("amount"), r.text("outcome"), r.text("account"))
        for i, r in enumerate(read.rows("rows", "row amount outcome batch? account?"), 1)
    ]
    total = read.fen("total") if read.has("total") else None
    read.stop()
    made = judge(rows, total, str(given["batch"]), str(given.get("step", "released")), lines)
    return {
        "posted": [r.no for r in made.post],
        "paid": to_yuan(sum(r.amount_fen for r in made.post if r.outcome == "paid")),
        "parked": [why for _, why in made.park],
    }


_SOURCES = Text("资金包 → 元", "envelope → yuan")
OPERATIONS = (
    Operation(
        "payments.corrected",
        Text("重算后应补、应扣多少", "what a corrected calculation pays on or claws back"),
        {
            "rows": Text("已有的行：state 和 sources（资金包→元）", "rows there are: state and sources (envelope → yuan)"),
            "wanted": Text("重算的金额（资金包→元）", "as calculated now (envelope → yuan)"),
            "state?": Text("重算的状态：ready escrow objection", "its state now: ready, escrow or objection"),
        },
        {
            "cancelled": Text("作废行数", "rows cancelled"),
            "paid_on": Text("补付，元", "paid on, yuan"),
            "clawed_back": Text("扣回，元", "clawed back, yuan"),
            "sources": _SOURCES,
            "moved": Text("来源变化而不改写的金额，元", "moved between envelopes and left as it was, yuan"),
        },
        _corrected,
    ),
    Operation(
        "payments.divided",
        Text("按份额分给几人", "one payment to several by exact shares"),
        {"sources": _SOURCES, "shares": Text("主体 → 份额", "party → share")},
        {"amounts": Text("主体 → 元", "party → yuan"), "sources": Text("主体 → 资金包 → 元", "party → envelope → yuan")},
        _divided,
    ),
    Operation(
        "payments.netted",
        Text("扣回款抵扣", "a claw-back netted"),
        {"owed": _SOURCES, "back": _SOURCES},
        {
            "covered": Text("是否足以抵扣", "whether it is covered whole"),
            "paid": Text("实付，元", "paid, yuan"),
            "sources": _SOURCES,
        },
        _netted,
    ),
    Operation(
        "payments.arrears",
        Text("逐日拖欠：应付日之后、付款日之前的每一天", "arrears by day: after the due day, before the day of payment"),
        {
            "due": Text("应付，元", "due, yuan"),
            "due_on": Text("应付日", "day it is due"),
            "until": Text("算到哪天（含）", "until which day, included"),
            "paid?": Text("已付：on 和 amount（元）", "payments: on and amount (yuan)"),
        },
        {"owed": Text("仍欠，元", "still owed, yuan"), "yuan_days": Text("元·天", "yuan times days")},
        _arrears,
    ),
    Operation(
        "payments.bank_line",
        Text("银行文件的一行", "a line of the bank file"),
        {
            "batch": Text("批次", "batch"),
            "row": Text("行号", "row"),
            "name": Text("户名", "name"),
            "account": Text("账号", "account"),
            "amount": Text("金额，元", "amount, yuan"),
            "purpose": Text("附言", "purpose"),
        },
        {"line": Text("这一行", "the line")},
        _line,
    ),
    Operation(
        "payments.returned",
        Text("银行回单逐行认定", "rows of a bank return judged"),
        {
            "batch": Text("批次", "batch"),
            "sent": Text("送出的行：row amount state? account?", "lines sent: row, amount, state?, account?"),
            "rows": Text("回单的行：row amount outcome batch? account?", "rows returned: row, amount, outcome, batch?, account?"),
            "total?": Text("回单合计，元", "total of the return, yuan"),
            "step?": Text("批次进度", "step of the batch"),
        },
        {
            "posted": Text("登记的行号", "rows posted"),
            "paid": Text("到账，元", "paid, yuan"),
            "parked": Text("搁置的原因，按行", "why rows were set aside, in order"),
        },
        _judged,
    ),
)
