"""`ecocomp ledger`: balances, statements, what became of each envelope's money, what lies where it should not, posting, closing."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.money import MOST_WRITTEN_FEN, fen_of_option, say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import Asked, act_options, actor_of, asked, day_options, office_options, opened, target
from ecoweb.commands.say import plain

if TYPE_CHECKING:
    import pyarrow as pa

    from ecoweb.treasury.ledger import Journal

HEADS: dict[str, Text] = {
    "account": Text("科目", "account"),
    "envelope": Text("资金包", "envelope"),
    "balance_fen": Text("余额（借正贷负）", "balance (debit +)"),
    "debit_fen": Text("借方", "debit"),
    "credit_fen": Text("贷方", "credit"),
    "debit_pending_fen": Text("借方预留", "pending debit"),
    "credit_pending_fen": Text("贷方预留", "pending credit"),
    "available_fen": Text("可用", "available"),
    "floor_fen": Text("下限", "floor"),
    "ceiling_fen": Text("上限", "ceiling"),
    "open": Text("启用", "open"),
    "book_on": Text("记账日", "day"),
    "booked_at": Text("录入", "booked"),
    "journal": Text("一笔账的编号", "journal"),
    "line": Text("行", "line"),
    "kind": Text("业务", "kind"),
    "reference": Text("依据", "reference"),
    "other_account": Text("对方科目", "other account"),
    "pending_fen": Text("预留", "pending"),
    "memo": Text("摘要", "memo"),
    "reverses": Text("冲销", "reverses"),
    "opening_fen": Text("期初", "opening"),
    "granted_fen": Text("下达", "granted"),
    "interest_fen": Text("利息", "interest"),
    "moved_in_fen": Text("调入", "moved in"),
    "moved_out_fen": Text("调出", "moved out"),
    "other_in_fen": Text("其他收入", "other in"),
    "lapsed_fen": Text("收回", "lapsed"),
    "other_out_fen": Text("其他支出", "other out"),
    "allocated_fen": Text("落实到户", "allocated"),
    "paid_fen": Text("已付", "paid"),
    "left_fen": Text("结余", "left"),
    "at_bank_fen": Text("银行", "at bank"),
    "in_transit_fen": Text("在途", "in transit"),
    "in_escrow_fen": Text("暂存", "in escrow"),
    "owed_fen": Text("应付未付", "owed"),
    "held_fen": Text("暂存应付", "held"),
    "to": Text("去向", "to"),
    "from": Text("来自", "from"),
    "rows": Text("笔数", "rows"),
    "amount_fen": Text("金额", "amount"),
    "finding": Text("发现", "finding"),
    "what": Text("对象", "what"),
    "first": Text("自", "from"),
    "last": Text("至", "to"),
    "days": Text("天数", "days"),
    "fen_days": Text("分·天", "fen-days"),
}
SHOWN = 60


@click.group(help=t("账本：余额、对账单、资金去向、逐日监督、记账、冲销、结账、检查。",
                    "The ledger: balances, statements, funds, watch by day, post, reverse, close, check."))  # fmt: skip
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def ledger(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def _out(command: Any) -> Any:
    words = t("把结果写成 .csv、.xlsx（元）或 .parquet（分）", "write the result as .csv, .xlsx (yuan) or .parquet (fen)")
    return click.option("--out", type=Named(path_type=Path), help=words)(command)


def _since(command: Any) -> Any:
    return click.option("--since", metavar="DATE", help=t("自哪天起", "the first day"))(command)


def _table(
    voice: Voice, title: Text, table: pa.Table, out: Path | None, columns: list[str] | None = None, whole: tuple[str, ...] = ()
) -> None:
    """Print the first rows, write the whole to a file if asked; columns named in `whole` are never folded."""
    from ecoweb.treasury.ledger_sheet import write_out

    if out is not None:
        write_out(table, out, HEADS, voice.lang, title)
        voice.say(Text("已写入 {p}（{n:,} 行）。", "Wrote {p} ({n:,} rows).").fill(p=out, n=len(table)))
        return
    if voice.as_json:
        return
    names = [n for n in columns or table.schema.names if any(v not in (None, "", 0) for v in table[n].slice(0, SHOWN).to_pylist())]
    rows = [[_cell(n, row[n]) for n in names] for row in table.slice(0, SHOWN).to_pylist()]
    right = tuple(i for i, n in enumerate(names) if n.endswith("_fen") or n in ("line", "rows", "days", "fen_days"))
    if rows:
        kept = tuple(i for i, n in enumerate(names) if n in whole)
        voice.table(title, [HEADS.get(n, Text(n, n)) for n in names], rows, right=right, whole=kept)
    if len(table) > SHOWN:
        more = Text("另有 {n:,} 行，用 --out 或 --json 取得全部。", "{n:,} more rows; --out or --json gives all of them.")
        voice.say(more.fill(n=len(table) - SHOWN))


def _cell(name: str, value: Any) -> str:
    from datetime import datetime

    from ecocomp.ledger.accounts import kind_words
    from ecocomp.terms.clocks import OFFICE_ZONE

    if value is None:
        return ""
    if name.endswith("_fen"):
        return say_yuan(value)
    if isinstance(value, datetime):
        return value.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
    if name == "kind":
        from ecocomp.cli.options import LANG

        sign, word = ("−", value[1:]) if value.startswith("-") else ("", value)
        return sign + kind_words(word).to(LANG)
    if name == "journal":
        # the fingerprint in a key is cut on the screen; --json and --out hold all of it
        return re.sub(r"([0-9a-f]{12})[0-9a-f]{20,}", r"\1…", str(value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    return [{k: plain(v) for k, v in row.items()} for row in table.to_pylist()]


def _days(on: str | None, known: str | None) -> Asked:
    return asked(on, known)


def _title(words: Text, when: Asked) -> Text:
    """Return a title with the days that were asked for, if any were."""
    parts = [Text(" · 截至 {d}", " · to {d}").fill(d=when.on)] if when.on else []
    parts += [Text(" · 按 {d} 所知", " · as known on {d}").fill(d=when.known)] if when.known else []
    return Text(words.zh + "".join(p.zh for p in parts), words.en + "".join(p.en for p in parts))


# ---------------------------------------------------------------- reading
@ledger.command(
    "balance",
    help=t(
        "科目余额和试算平衡；可只列某个开头的科目。", "Balances and the trial balance; of all accounts or of those under a name."
    ),
)
@click.argument("account", required=False, default="")
@click.option("--zero", is_flag=True, help=t("也列余额为零的科目", "accounts that stand at nothing too"))
@_out
@day_options
@office_options
@common
def ledger_balance(account: str, zero: bool, out: Path | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Balances."""
    from ecoweb.treasury.ledger import balances
    from ecoweb.treasury.ledger_sheet import check_ending

    when, voice = _days(kwargs.pop("on"), kwargs.pop("known")), voice_of(kwargs)
    check_ending(out)
    with opened(folder, database) as office:
        target(out, office.folder)
        table = balances(office, account, when.on, when.known, nonzero=not zero)
        whole = sum(balances(office, "", when.on, when.known)["balance_fen"].to_pylist()) if account else None
    total = sum(table["balance_fen"].to_pylist())
    whole = total if whole is None else whole
    voice.data({"accounts": _rows(table), "sum_fen": total, "trial_balance_fen": whole})
    columns = ["account", "balance_fen", "available_fen", "debit_pending_fen", "credit_pending_fen", "floor_fen", "ceiling_fen"]
    _table(voice, _title(Text("科目余额", "balances"), when), table, out, columns)
    said = Text("{n:,} 个科目；试算平衡差额 {y} 元。", "{n:,} accounts; the trial balance differs by {y} yuan.")
    voice.say(said.fill(n=len(table), y=say_yuan(whole)))
    if whole:
        sys.exit(1)


@ledger.command("statement", help=t("一个科目的对账单。", "The statement of an account."))
@click.argument("account")
@_since
@_out
@day_options
@office_options
@common
def ledger_statement(account: str, out: Path | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """The statement of an account."""
    from ecoweb.treasury.ledger import statement
    from ecoweb.treasury.ledger_sheet import check_ending

    when, since = _days(kwargs.pop("on"), kwargs.pop("known")), day_of(kwargs.pop("since"))
    voice = voice_of(kwargs)
    check_ending(out)
    with opened(folder, database) as office:
        target(out, office.folder)
        table = statement(office, account, since, when.on, when.known)
    voice.data({"account": account, "rows": _rows(table)})
    columns = [
        "book_on",
        "journal",
        "line",
        "kind",
        "reference",
        "other_account",
        "debit_fen",
        "credit_fen",
        "balance_fen",
        "pending_fen",
    ]
    _table(
        voice,
        _title(Text(f"对账单 {account}", f"statement of {account}"), when),
        table,
        out,
        columns,
        whole=("journal", "other_account"),
    )
    last = table["balance_fen"][-1].as_py() if len(table) else 0
    voice.say(Text("{n:,} 行；余额 {y} 元。", "{n:,} rows; balance {y} yuan.").fill(n=len(table), y=say_yuan(last)))


@ledger.command(
    "funds", help=t("各资金包的收、支、结余和去向。", "What came into each envelope, what left it, to whom, and what is left.")
)
@click.argument("envelope", required=False)
@_since
@_out
@day_options
@office_options
@common
def ledger_funds(envelope: str | None, out: Path | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Fund statements."""
    from ecoweb.treasury.ledger import fund_flows, fund_statement
    from ecoweb.treasury.ledger_sheet import check_ending

    when, since = _days(kwargs.pop("on"), kwargs.pop("known")), day_of(kwargs.pop("since"))
    voice = voice_of(kwargs)
    check_ending(out)
    with opened(folder, database) as office:
        target(out, office.folder)
        table = fund_statement(office, when.on, when.known, since)
        flows = fund_flows(office, envelope, when.on, when.known, since) if envelope else None
    if envelope is not None:
        import pyarrow.compute as pc

        table = table.filter(pc.equal(table["envelope"], envelope))
        if not len(table):
            raise FaultsError([_no_envelope(envelope)])
    voice.data({"funds": _rows(table), "flows": _rows(flows) if flows is not None else None})
    title = _title(Text("资金收支", "funds"), when)
    if out is not None or flows is None:
        _table(voice, title, table if flows is None else flows, out)
    else:
        _say_fund(voice, title, table.to_pylist()[0])
        _table(voice, Text("去向", "where it went"), flows, None)


def _say_fund(voice: Voice, title: Text, row: dict[str, Any]) -> None:
    lines = [[HEADS[n].to(voice.lang), say_yuan(v)] for n, v in row.items() if n != "envelope" and v]
    voice.table(
        Text(f"{title.zh} {row['envelope']}", f"{title.en} {row['envelope']}"),
        [Text("", ""), Text("元", "yuan")],
        lines,
        right=(1,),
    )


def _no_envelope(name: str) -> Fault:
    return Fault(
        "ledger.unknown_envelope",
        "ledger",
        name,
        Text("账本里没有这个资金包。", "The ledger has no such envelope."),
        Text("用 ledger funds 列出资金包。", "List the envelopes with ledger funds."),
    )


@ledger.command("watch", help=t("逐日监督：拖欠、专款在外、资金不足、在途过久、利息、银行不符。",
                                "By day: arrears, money elsewhere or too little, long in transit, interest, bank."))  # fmt: skip
@_since
@click.option(
    "--pay-within",
    type=click.IntRange(0, 36500),
    metavar="DAYS",
    help=t("应付多少天内付清，缺省按规则", "days to pay what is owed, else as the rules say"),
)
@click.option(
    "--confirm-within",
    type=click.IntRange(0, 36500),
    metavar="DAYS",
    help=t("在途多少天内确认，缺省按规则", "days in transit, else as the rules say"),
)
@click.option(
    "--hand-over-within",
    type=click.IntRange(0, 36500),
    metavar="DAYS",
    help=t("利息多少天内归还，缺省按规则", "days to hand over interest, else as the rules say"),
)
@click.option("--by-account", is_flag=True, help=t("拖欠逐户列出", "arrears for each account"))
@_out
@day_options
@office_options
@common
def ledger_watch(out: Path | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Earmark and arrears by day."""
    from ecocomp.ledger.watch import FINDINGS
    from ecoweb.treasury.ledger_sheet import check_ending
    from ecoweb.treasury.ledger_watch import limits, watch

    when, since = _days(kwargs.pop("on"), kwargs.pop("known")), day_of(kwargs.pop("since"))
    voice = voice_of(kwargs)
    check_ending(out)
    given = {k: v for k, v in kwargs.items() if v is not None}
    with opened(folder, database) as office:
        target(out, office.folder)
        today = when.on or office.today()
        days = {k: given.get(k, v) for k, v in limits(office, today).items()}
        table = watch(office, when.on, when.known, since, **{**given, **days})
    voice.data({"on": today.isoformat(), "allowed_days": days, "findings": _rows(table)})
    if voice.as_json or out is not None:
        _table(voice, Text("逐日监督", "watch"), table, out)
    for name, words in FINDINGS.items():
        import pyarrow.compute as pc

        part = table.filter(pc.equal(table["finding"], name))
        if len(part) and out is None:
            _table(voice, words, part, None, ["envelope", "what", "first", "last", "amount_fen", "days"])
    if not len(table):
        voice.say(Text("到 {d} 没有发现。", "Nothing found to {d}.").fill(d=today))
    else:
        sys.exit(1)


@ledger.command("check", help=t("核对每一行、每个余额和审计日志。", "Check every row, every balance, and the audit log."))
@office_options
@common
def ledger_check(folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Check everything."""
    from ecoweb.records.guards import check_guards
    from ecoweb.treasury.ledger import journals
    from ecoweb.treasury.ledger_check import check
    from ecoweb.treasury.shape import check_tables

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        found = [*check(office), *check_guards(office), *check_tables(office)]
        last = journals(office, last=1)
    head = last[0] if last else None
    voice.data(
        {
            "ok": not found,
            "journals": head.seq if head else 0,
            "transfers": head.first_id + head.lines - 1 if head else 0,
            "hash": head.hash if head else None,
            "faults": [f.as_json() for f in found],
        }
    )
    if found:
        voice.faults([] if voice.as_json else found)
        sys.exit(1)
    if head is None:
        voice.say(Text("账本是空的。", "The ledger is empty."))
        return
    said = Text("{j:,} 笔账、{n:,} 行全部相符；末笔指纹 {h}。", "{j:,} journals, {n:,} rows: all as written; last hash {h}.")
    voice.say(said.fill(j=head.seq, n=head.first_id + head.lines - 1, h=head.hash))


@ledger.command("show", help=t("一笔账的各行。", "The rows of one journal."))
@click.argument("key")
@_out
@office_options
@common
def ledger_show(key: str, out: Path | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """One journal."""
    from ecoweb.treasury.ledger import journals
    from ecoweb.treasury.ledger_read import rows_of_journal

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        found = journals(office, key)
        if not found:
            raise FaultsError([_no_journal(key)])
        with office.reading() as cursor:
            rows = rows_of_journal(office, cursor, found[0])
    voice.data({"journal": _journal(found[0]), "rows": rows})
    import pyarrow as pa

    if rows:
        table = pa.Table.from_pylist([{k: r[k] for k in ("debit", "credit", "amount_fen", "kind", "reference")} for r in rows])
        _table(voice, Text(f"{key} {found[0].book_on} {found[0].memo}", f"{key} {found[0].book_on} {found[0].memo}"), table, out)
    _say_journal(voice, found[0])


def _no_journal(key: str) -> Fault:
    return Fault(
        "ledger.unknown_key",
        "ledger",
        ascii(key)[1:121],
        Text("账本里没有这笔账。", "The ledger has no such journal."),
        Text("核对编号。", "Check the key."),
    )


# ---------------------------------------------------------------- writing
@ledger.command(
    "post",
    help=t(
        "把一张表（借方、贷方、金额、业务、依据）记成一笔账。",
        "Book a sheet (debit, credit, amount, kind, reference) as one journal.",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", required=True, help=t("这笔账的编号，用过不再用", "key of the journal, used once for ever"))
@click.option("--on", "on", metavar="DATE", required=True, help=t("记账日", "the day it belongs to"))
@click.option("--memo", default="", help=t("摘要", "memo"))
@click.option("--pending", is_flag=True, help=t("只预留，不支付", "only set the money aside"))
@click.option("--dry-run", is_flag=True, help=t("只检查，不记账", "check only, book nothing"))
@act_options
@office_options
@common
def ledger_post(file: Path, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Book a file."""
    from ecoweb.records.store import writing
    from ecoweb.treasury.ledger import post
    from ecoweb.treasury.ledger_sheet import read_file

    day, voice = day_of(kwargs.pop("on")), voice_of(kwargs)
    assert day is not None
    transfers, faults = read_file(file)
    raise_errors(faults)
    actor, reason = actor_of(kwargs["actor"]), kwargs["reason"] or f"ledger post {file.name}"
    with opened(folder, database) as office:
        try:
            with writing(office, act="ledger.post", actor=actor, reason=reason, source=file.name) as work:
                made = post(work, transfers, key=kwargs["key"], book_on=day, memo=kwargs["memo"], pending=kwargs["pending"])
                if kwargs["dry_run"]:
                    raise _Dry
        except _Dry:
            voice.say(Text("只作检查，未记账。", "Checked only; nothing was booked."))
    voice.data({"ok": True, "dry_run": kwargs["dry_run"], "journal": _journal(made), "faults": [f.as_json() for f in faults]})
    voice.faults([] if voice.as_json else faults)
    _say_journal(voice, made)


class _Dry(Exception):
    """Ends a transaction that was only to be tried."""


@ledger.command("reverse", help=t("冲销一笔账：记一笔它的镜像。", "Undo a journal by booking its mirror."))
@click.argument("key")
@click.option("--key", "new_key", help=t("冲销的编号，缺省为 <编号>/reversed", "key of the reversal, default <key>/reversed"))
@click.option("--on", "on", metavar="DATE", required=True, help=t("记账日", "the day it belongs to"))
@act_options
@office_options
@common
def ledger_reverse(key: str, new_key: str | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Reverse a journal."""
    from ecoweb.records.store import writing
    from ecoweb.treasury.ledger import reverse

    day, voice = day_of(kwargs.pop("on")), voice_of(kwargs)
    assert day is not None
    reason = kwargs["reason"].strip()
    if not reason:
        raise UsageError(Text("用 --reason 写明为什么冲销。", "Say why with --reason."))
    with (
        opened(folder, database) as office,
        writing(office, act="ledger.reverse", actor=actor_of(kwargs["actor"]), reason=reason) as work,
    ):
        made = reverse(work, key, new_key=new_key or f"{key}/reversed", book_on=day, reason=reason)
    voice.data({"ok": True, "journal": _journal(made)})
    _say_journal(voice, made)


@ledger.command(
    "settle",
    help=t("支付或释放预留的钱，可以只付一部分。", "Move the money that was set aside, all or part of it, or set it free."),
)
@click.argument("key")
@click.option("--void", is_flag=True, help=t("释放，不支付", "set it free instead"))
@click.option("--fraction", metavar="A/B", help=t("只付这个比例，其余释放", "move this part of it, set the rest free"))
@click.option("--only", multiple=True, metavar="REFERENCE", help=t("只结这些依据的行", "settle only rows with these references"))
@click.option("--keep-rest", is_flag=True, help=t("未付的部分继续预留", "what is not moved stays set aside"))
@click.option("--key", "new_key", help=t("新一笔账的编号", "key of the journal written"))
@click.option("--on", "on", metavar="DATE", help=t("记账日，缺省为预留那天", "its day, default that of the pending journal"))
@act_options
@office_options
@common
def ledger_settle(key: str, void: bool, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Settle a pending journal."""
    from ecoweb.records.store import writing
    from ecoweb.treasury.ledger import settle_pending

    day, voice = day_of(kwargs.pop("on")), voice_of(kwargs)
    part = _fraction(kwargs["fraction"])
    actor, reason = actor_of(kwargs["actor"]), kwargs["reason"] or f"ledger settle {key}"
    with opened(folder, database) as office, writing(office, act="ledger.settle", actor=actor, reason=reason) as work:
        made = settle_pending(
            work, key, post=not void, fraction=part, only=kwargs["only"] or None, keep_rest=kwargs["keep_rest"],
            new_key=kwargs["new_key"], book_on=day, memo=kwargs["reason"],
        )  # fmt: skip
    voice.data({"ok": True, "journal": _journal(made)})
    _say_journal(voice, made)


def _fraction(text: str | None) -> Fraction | None:
    try:
        return None if text is None else Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(Text("不是比例：{t}；写成 1/2 或 0.5。", "Not a fraction: {t}; write 1/2 or 0.5.").fill(t=text)) from None


@ledger.command(
    "close",
    help=t("结账到某天：此后不能再记那天及以前的账。", "Close the books to a day: nothing is booked on it or before any more."),
)
@click.argument("day", metavar="DATE")
@act_options
@office_options
@common
def ledger_close(day: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Close a period."""
    from ecoweb.treasury.ledger import close_period, trial_balance

    upto, voice = day_of(day), voice_of(kwargs)
    assert upto is not None
    with opened(folder, database) as office:
        made = close_period(office, upto, actor=actor_of(kwargs["actor"]), reason=kwargs["reason"] or "结账 / period closed")
        carried = {a: fen for a, fen in trial_balance(office, upto).items() if fen}
    voice.data({"ok": True, "journal": _journal(made), "carried": carried})
    said = Text("账已结到 {d}；{n:,} 个科目有余额结转。", "The books are closed to {d}; {n:,} accounts carry a balance over.")
    voice.say(said.fill(d=upto, n=len(carried)))
    _say_journal(voice, made)


@ledger.command("limit", help=t("给科目定限额，停用或重新启用。", "Give an account limits, close it or open it again."))
@click.argument("account")
@click.option("--floor", metavar="YUAN", help=t("下限（元），不写为不限", "floor in yuan; free if not given"))
@click.option("--ceiling", metavar="YUAN", help=t("上限（元），不写为不限", "ceiling in yuan; free if not given"))
@click.option("--closed", is_flag=True, help=t("停用", "close it"))
@act_options
@office_options
@common
def ledger_limit(account: str, closed: bool, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Limits of an account."""
    from ecoweb.records.store import writing
    from ecoweb.treasury.ledger import set_account

    voice = voice_of(kwargs)
    low, high = (_fen(kwargs[n], f"--{n}") for n in ("floor", "ceiling"))
    actor, reason = actor_of(kwargs["actor"]), kwargs["reason"] or f"ledger limit {account}"
    with opened(folder, database) as office, writing(office, act="ledger.limit", actor=actor, reason=reason) as work:
        set_account(work, account, floor_fen=low, ceiling_fen=high, is_open=not closed)
    voice.data({"ok": True, "account": account, "floor_fen": low, "ceiling_fen": high, "open": not closed})
    voice.say(Text("{a} 的限额已更改。", "The limits of {a} were changed.").fill(a=account))


@ledger.command(
    "bank",
    help=t("登记银行对账单上某天的余额，供 watch 核对。", "Record what a bank statement says of a day, for watch to compare."),
)
@click.argument("account")
@click.argument("yuan")
@click.option("--on", "on", metavar="DATE", required=True, help=t("哪一天", "the day"))
@click.option("--document", required=True, help=t("对账单编号", "number of the statement"))
@act_options
@office_options
@common
def ledger_bank(account: str, yuan: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Record a bank balance."""
    from ecoweb.records.store import writing
    from ecoweb.treasury.ledger import balance, record_bank_day

    day, voice = day_of(kwargs.pop("on")), voice_of(kwargs)
    assert day is not None
    fen = fen_of_option(yuan, "YUAN", least=-MOST_WRITTEN_FEN)
    actor, reason = actor_of(kwargs["actor"]), kwargs["reason"] or f"ledger bank {kwargs['document']}"
    with opened(folder, database) as office:
        with writing(office, act="ledger.bank", actor=actor, reason=reason, source=kwargs["document"]) as work:
            record_bank_day(work, account, day, fen, kwargs["document"])
        now = balance(office, account, day)
    voice.data({"ok": now == fen, "account": account, "on": day.isoformat(), "said_fen": fen, "booked_fen": now})
    said = Text("{d}：银行 {s} 元，账上 {b} 元。", "{d}: the bank says {s} yuan, the books {b} yuan.")
    voice.say(said.fill(d=day, s=say_yuan(fen), b=say_yuan(now)))
    if now != fen:
        sys.exit(1)


def _fen(text: str | None, name: str) -> int | None:
    return None if text is None else fen_of_option(text, name, least=-MOST_WRITTEN_FEN)


def _journal(made: Journal) -> dict[str, Any]:
    from dataclasses import asdict

    return {k: plain(v) for k, v in asdict(made).items()}


def _say_journal(voice: Voice, made: Journal) -> None:
    said = Text(
        "第 {s} 笔 {k}，{d}，{n:,} 行，合计 {y} 元，指纹 {h}。", "Journal {s}, {k}, {d}: {n:,} rows, {y} yuan in all, hash {h}."
    )
    voice.say(said.fill(s=made.seq, k=made.key, d=made.book_on, n=made.lines, y=say_yuan(made.amount_fen), h=made.hash[:16]))
