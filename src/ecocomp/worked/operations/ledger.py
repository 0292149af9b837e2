"""Worked cases of the ledger: a few transfers, the balances, a reversal, what is due and unpaid by day.

They reach the ledger of a bundle (`ledger.book`), its checks of transfers (`ledger.journal`) and the watch by day
(`ledger.watch`). Accounts are named as in `ledger.accounts`; amounts are yuan.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ecocomp.terms.faults import FaultsError
from ecocomp.terms.money import to_fen, to_yuan
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting
from ecocomp.worked.values import Given


def _post(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Book transfers, reverse those named, and give the balances."""
    from ecocomp.ledger.accounts import read_name
    from ecocomp.ledger.book import Posting, check_ledger, post, reverse, trial_balance

    read = Given(given, "ledger.post")
    rows = read.rows("transfers", "debit credit amount kind reference?")
    for row in rows:
        row.fen("amount")
    back = [n for n in read.numbers("reverse", least=1) if n > len(rows) or n.denominator != 1]
    for number in back:
        read.wrong("reverse", number, Text("1 到 {n} 的笔号", "the number of a transfer, 1 to {n}").fill(n=len(rows)))
    year = read.whole("year", setting.on.year, least=1, most=9999)
    read.stop()
    postings: list[Posting] = []
    try:
        transfers = _transfers(given["transfers"])
        for n, t in enumerate(transfers, 1):
            lines = ((t.debit, t.amount_fen), (t.credit, -t.amount_fen))
            postings.append(Posting(str(n), t.kind, t.reference, lines))
        for n in given.get("reverse") or []:
            postings.append(reverse(postings[int(n) - 1], f"{n}/reversed"))
        table = post(postings, year)
    except FaultsError as stop:
        return {"faults": sorted({f.code for f in stop.faults}), "balances": {}, "sum": Decimal(0), "sound": False}
    sums = trial_balance(table)
    natural = {name: fen * (read_name(name).family.side) for name, fen in sums.items()}  # type: ignore[union-attr]
    return {
        "balances": {name: to_yuan(fen) for name, fen in natural.items()},
        "sum": to_yuan(sum(sums.values())),
        "sound": not check_ledger(table),
        "faults": [],
    }


def _transfers(rows: list[Mapping[str, Any]]) -> list[Any]:
    """Return the transfers of a case; FaultsError with every fault of them."""
    import numpy as np

    from ecocomp.ledger.accounts import read_name
    from ecocomp.ledger.journal import Transfer, as_table, journal_faults
    from ecocomp.terms.faults import raise_errors

    made = [
        Transfer(
            str(r["debit"]), str(r["credit"]), to_fen(Decimal(str(r["amount"]))), str(r["kind"]), str(r.get("reference") or "")
        )
        for r in rows
    ]
    table = as_table(made)
    read = {n: read_name(n) for t in made for n in (t.debit, t.credit)}
    number = {e: i for i, e in enumerate(sorted({""} | {a.envelope for a in read.values() if a}))}
    sides = [np.array([number[a.envelope] if (a := read[name]) else 0 for name in column], np.int64)
             for column in ([t.debit for t in made], [t.credit for t in made])]  # fmt: skip
    raise_errors(journal_faults(table, [n for n, a in read.items() if a is None], (sides[0], sides[1])))
    return made


def _arrears(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Say when how much of a debt was overdue, the oldest paid first."""
    from ecocomp.ledger.watch import overdue, spells

    read = Given(given, "ledger.arrears")
    moves = [(m.day("on"), m.fen("owed", least=0), m.fen("paid", least=0)) for m in read.rows("moves", "on owed? paid?")]
    until, days = read.day("until", setting.on), read.whole("days", least=0)
    read.stop()
    found = spells("arrears", "", "", overdue(moves, days, until), until)
    return {
        "spells": [[s.first, s.last or until, to_yuan(s.fen)] for s in found],
        "yuan_days": to_yuan(sum(s.fen_days for s in found)),
        "most": to_yuan(max((s.fen for s in found), default=0)),
    }


OPERATIONS = (
    Operation(
        "ledger.post",
        Text("记账、冲销与余额", "transfers, reversals and balances"),
        {
            "transfers": Text(
                "各笔：debit、credit、amount（元）、kind、reference", "rows: debit, credit, amount (yuan), kind, reference"
            ),
            "reverse?": Text("要冲销的笔（从 1 数）", "numbers (from 1) of transfers to reverse"),
            "year?": Text("年度", "year"),
        },
        {
            "balances": Text("科目 → 余额（元，按科目方向为正）", "account → balance in yuan, positive on its natural side"),
            "sum": Text("试算平衡差额（元）", "what the trial balance differs by (yuan)"),
            "sound": Text("链和分录是否相符", "whether chain and postings check"),
            "faults": Text("错误代码", "codes of faults"),
        },
        _post,
    ),
    Operation(
        "ledger.arrears",
        Text("逐日拖欠：应付日之后、付款日之前的每一天", "arrears by day: after the due day, before the day of payment"),
        {
            "moves": Text("各日：on、owed（新增应付，元）、paid（支付，元）", "by day: on, owed (yuan that arose), paid (yuan)"),
            "days": Text("应在多少天内付清", "days within which it is to be paid"),
            "until?": Text("看到哪一天（含）", "the last day looked at, included"),
        },
        {
            "spells": Text("各段：起、止、拖欠额（元）", "spells: first day, last day, yuan overdue"),
            "yuan_days": Text("元·天", "yuan times days"),
            "most": Text("最高拖欠额（元）", "the most that was overdue (yuan)"),
        },
        _arrears,
    ),
)
