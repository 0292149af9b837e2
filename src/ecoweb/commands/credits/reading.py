"""Commands that ask: who holds what, where a serial was, an account's statement, the check of the whole, a year's proceeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.options import Named, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import FaultsError, UsageError, errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import opened, target
from ecoweb.commands.credits.group import credits, csv_cell, ended, reads, rules_of, sayer, write_lines

Rows = list[dict[str, Any]]
Say = Callable[[str, int], str]
"""How smallest units of an instrument are said."""


@credits.command("list", help=t("谁持有什么；--requests 待批申请。", "Who holds what; --requests: transfers that wait."))
@click.option("--instrument", default="", help=t("凭证", "instrument"))
@click.option("--account", default="", help=t("账户", "account"))
@click.option("--requests", "waiting", is_flag=True, help=t("待批的转让申请", "transfers that wait for approval"))
@reads
def credits_list(instrument: str, account: str, **kwargs: Any) -> None:
    """List holdings."""
    from ecoweb.credits import queries

    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        say = sayer(rules_of(office, kwargs["folders"]), office)
        if kwargs["waiting"]:
            _say_requests(voice, queries.requests(office), say)
            return
        held, bound, sums = queries.holdings(office, instrument, account), queries.liens(office, account), queries.balances(office)
        voice.data({"holdings": held, "liens": bound, "balances": sums})
        _say_held(voice, held, say)
        _say_bound(voice, bound, say)
        _say_sums(voice, sums, say)


def _say_requests(voice: Voice, found: Rows, say: Say) -> None:
    voice.data({"requests": found})
    names = {
        "request": Text("申请", "request"),
        "instrument": Text("凭证", "instrument"),
        "from": Text("转出", "from"),
        "to": Text("转入", "to"),
        "quantity": Text("数量", "quantity"),
        "maker": Text("经办", "asked by"),
    }
    _table(voice, Text("待批的转让", "transfers that wait"), names, found, say)


def _say_held(voice: Voice, held: Rows, say: Say) -> None:
    names = {
        "instrument": Text("凭证", "instrument"),
        "account": Text("账户", "account"),
        "state": Text("状态", "state"),
        "vintage": Text("年份", "vintage"),
        "quantity": Text("数量", "quantity"),
    }
    _table(voice, Text("持有情况", "holdings"), names, held, say)


def _say_bound(voice: Voice, bound: Rows, say: Say) -> None:
    names = {
        "lien": Text("编号", "lien"),
        "instrument": Text("凭证", "instrument"),
        "account": Text("账户", "account"),
        "state": Text("状态", "state"),
        "creditor": Text("质权人", "creditor"),
        "quantity": Text("数量", "quantity"),
    }
    if bound:
        _table(voice, Text("质押与冻结", "pledged and locked"), names, bound, say)


def _say_sums(voice: Voice, sums: Rows, say: Say) -> None:
    from ecocomp.credits.blocks import STATES

    said = Text("{i}：签发与转入 {m} = {p}", "{i}: issued and imported {m} = {p}")
    for s in sums:
        parts = " + ".join(f"{STATES[n].to(voice.lang)} {say(s['instrument'], s[n])}" for n in STATES if s[n])
        voice.say(said.fill(i=s["instrument"], m=say(s["instrument"], s["minted"]), p=parts))


def _table(voice: Voice, title: Text, names: dict[str, Text], found: Rows, say: Say) -> None:
    """Show rows: quantities and changes in units of their instrument, states and acts in words."""
    from ecocomp.credits.blocks import STATES
    from ecocomp.credits.instrument import OPERATIONS

    acts = {**OPERATIONS, "approve": Text("批准转让", "approval of a transfer"), "withdraw": Text("撤回", "withdrawal")}
    units = ("quantity", "change", "balance")

    def cell(row: dict[str, Any], name: str) -> str:
        value = row[name]
        if name in units:
            return say(row["instrument"], value)
        words = {"state": STATES, "act": acts}.get(name, {})
        return words[value].to(voice.lang) if value in words else str(value)

    right = tuple(n for n, name in enumerate(names) if name in units)
    voice.table(title, list(names.values()), [[cell(row, name) for name in names] for row in found], right=right)


@credits.command(
    "show", help=t("一个编号在哪里、从哪里来、经过什么。", "Where a serial is, where it comes from, and what it went through.")
)
@click.argument("serial", metavar="INSTRUMENT:NUMBER")
@reads
def credits_show(serial: str, **kwargs: Any) -> None:
    """Show a serial."""
    from ecoweb.credits.faults import fault
    from ecoweb.credits.queries import history, issue_of

    voice = voice_of(kwargs)
    instrument, _, number = serial.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise UsageError(
            Text("编号写成 凭证:数字，例如 carbon_ticket:17。", "Write the serial as INSTRUMENT:NUMBER, e.g. carbon_ticket:17.")
        )
    with opened(kwargs["folder"], kwargs["database"]) as office:
        found = history(office, instrument, int(number))
        if not found:
            clash = Text("没有这个编号。", "there is no such serial.")
            raise FaultsError([fault("no_serial", serial, clash, Text("用 credits list 查看。", "See credits list."))])
        origin = issue_of(office, found[-1]["issue"])
    voice.data({"serial": serial, "issue": origin, "history": found})
    said = Text("{s}：{i}，项目 {p}，期间 {a} 至 {b}，年份 {v}。", "{s}: {i}, project {p}, period {a} to {b}, vintage {v}.")
    voice.say(
        said.fill(
            s=serial,
            i=origin["issue_id"],
            p=origin["project_id"] or origin["foreign_ref"],
            a=origin["period_from"],
            b=origin["period_to"],
            v=origin["vintage"],
        )
    )
    for step, on, until, document, by in origin["steps"]:
        voice.say(f"  {step}: {on}{'–' + until if until else ''} {document} {by}")
    names = {
        "event": Text("事件", "event"),
        "day": Text("日期", "day"),
        "act": Text("操作", "act"),
        "actor": Text("经办", "by"),
        "state": Text("状态", "state"),
        "account": Text("账户", "account"),
        "purpose": Text("用途", "purpose"),
        "beneficiary": Text("受益人", "for"),
    }
    _table(voice, Text("经过", "history"), names, found, lambda _, units: str(units))


@credits.command("statement", help=t("一个账户的往来。", "What happened to an account."))
@click.argument("account")
@click.option("--since", metavar="DATE", help=t("自哪天", "from this day"))
@click.option("--until", metavar="DATE", help=t("到哪天", "until this day"))
@reads
def credits_statement(account: str, **kwargs: Any) -> None:
    """Show an account's statement."""
    from ecoweb.credits import queries
    from ecoweb.credits.faults import no_account

    voice = voice_of(kwargs)
    names = {
        "event": Text("事件", "event"),
        "day": Text("日期", "day"),
        "act": Text("操作", "act"),
        "instrument": Text("凭证", "instrument"),
        "state": Text("状态", "state"),
        "change": Text("增减", "change"),
        "balance": Text("余额", "balance"),
    }
    with opened(kwargs["folder"], kwargs["database"]) as office:
        row = queries.account_row(office, account)
        if not row:
            raise FaultsError([no_account(account)])
        found = queries.statement(office, account, day_of(kwargs["since"]), day_of(kwargs["until"]))
        voice.data({"account": account, "name": row["name"], "lines": found})
        title = Text("{a}（{n}）", "{a} ({n})").fill(a=account, n=row["name"])
        _table(voice, title, names, found, sayer(rules_of(office, kwargs["folders"]), office))


@credits.command(
    "check", help=t("核对：守恒、编号、主张、订单、日志。", "Check conservation, serials, claims, orders and the log.")
)
@reads
def credits_check(**kwargs: Any) -> None:
    """Check the whole."""
    from ecoweb.credits.queries import balances, check_credits

    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        faults = check_credits(office, rules_of(office, kwargs["folders"]))
        sums = balances(office)
    voice.data({"ok": not errors(faults), "balances": sums, "faults": [f.as_json() for f in faults]})
    if not errors(faults):
        voice.say(
            Text("{n} 种凭证，全部守恒，与日志一致。", "{n} instruments; all conserved, all as the log says.").fill(n=len(sums))
        )
    ended(voice, faults)


@credits.command(
    "proceeds",
    help=t("一年的出售收入，写成运行一年所用的 credit 表。", "A year's proceeds, as the table `credit` that a year's run takes."),
)
@click.argument("year", type=click.IntRange(1990, 2200))
@click.option("--out", type=Named(path_type=Path, dir_okay=False), help=t("写入 CSV", "write a CSV"))
@reads
def credits_proceeds(year: int, **kwargs: Any) -> None:
    """Show proceeds."""
    from ecoweb.credits.queries import proceeds

    voice = voice_of(kwargs)
    target(kwargs["out"], kwargs["folder"])
    with opened(kwargs["folder"], kwargs["database"]) as office:
        table, summary = proceeds(office, rules_of(office, kwargs["folders"]), year)
    rows = table.to_pylist()
    voice.data({"year": year, "summary": summary, "credit": rows})
    heads = [
        Text("资金", "envelope"),
        Text("凭证", "instrument"),
        Text("来源", "source"),
        Text("笔数", "trades"),
        Text("净收入（元）", "net (yuan)"),
    ]
    voice.table(
        Text("{y} 年出售收入", "proceeds of {y}").fill(y=year),
        heads,
        [[s["envelope"], s["instrument"], s["fund_source"], str(s["trades"]), say_yuan(s["net_fen"])] for s in summary],
        right=(3, 4),
    )
    if kwargs["out"] is not None:
        lines = [",".join(table.schema.names)]
        lines += [",".join(csv_cell(v) if isinstance(v, str) else str(v) for v in r.values()) for r in rows]
        write_lines(lines, kwargs["out"], mark=False)
        voice.say(Text("已写入 {p}（{n} 行）。", "Wrote {p} ({n} rows).").fill(p=kwargs["out"], n=len(rows)))
