"""`ecocomp payments`: from a year's bundle to the bank and back, each step by a person of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.options import common, day_of, t, voice_of
from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import actor_of, office_options, opened

_PATH = click.Path(path_type=Path)


@click.group(
    help=t(
        "支付：收入成果包、公示、编批、复核、批准、送银行、登记回单、重发、说明。",
        "Payments: take a bundle in, notice, batch, check, approve, release, post returns, mend, explain.",
    )
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def payments(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def _act(command: Any) -> Any:
    """Add who acts, why, on what document, and the key of the request."""
    for option in (
        click.option("--key", help=t("请求编号：同一编号只办一次", "key of the request: one key acts once")),
        click.option("--document", default="", help=t("依据文件", "document this rests on")),
        click.option("--reason", default="", help=t("为什么这样做，记入审计日志", "why, for the audit log")),
        click.option("--actor", default=None, help=t("经办人账户，缺省为登录名", "account that acts, default the login name")),
    ):
        command = option(command)
    return common(office_options(command))


def _who(kwargs: dict[str, Any], what: str) -> Any:
    from ecoweb.treasury.payments import Act

    return Act(actor_of(kwargs["actor"]), kwargs["reason"] or f"payments {what}", kwargs["document"], kwargs["key"])


def _shares(said: tuple[str, ...]) -> dict[str, Fraction] | None:
    """Return shares written as PARTY=1/2."""
    out: dict[str, Fraction] = {}
    for one in said:
        name, _, share = one.partition("=")
        try:
            out[name] = out.get(name, Fraction(0)) + Fraction(share)
        except (ValueError, ZeroDivisionError):
            raise UsageError(Text("“{s}”应写成 主体=1/2。", "“{s}” must be written PARTY=1/2.").fill(s=one)) from None
    return out or None


def _run(kwargs: dict[str, Any], what: str, act: Callable[[Any, Any], tuple[Any, list[Text]]]) -> None:
    """Open the office, act, and say what came of it."""
    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        data, said = act(office, _who(kwargs, what) if "actor" in kwargs else None)
    voice.data(data)
    for line in said:
        voice.say(line)


def _batch_words(b: Any) -> tuple[dict[str, Any], list[Text]]:
    from ecocomp.payments.flow import REASONS, STEPS

    data = {
        "batch": b.batch_id, "step": b.step, "rows": b.rows, "lines": b.lines, "sum_fen": b.sum_fen, "digest": b.digest, "again": b.again,  # noqa: E501
        "change": b.change, "left_out": b.left_out, "warnings": [f.as_json() for f in b.warnings],
    }  # fmt: skip
    said = [
        Text("批次 {b}：{s}，{r} 行、{l} 笔、{y} 元，摘要 {d}…{a}", "Batch {b}: {s}, {r} rows, {l} lines, CNY {y}, digest {d}…{a}").fill(  # noqa: E501
            b=b.batch_id, s=STEPS[b.step][2], r=b.rows, l=b.lines, y=say_yuan(b.sum_fen), d=b.digest[:16],
            a=Text("（此前已办）", " (done before)") if b.again else Text("", ""),
        )
    ]  # fmt: skip
    words = {
        **REASONS,
        "not_noticed": Text("公示未满", "notice not over"),
        "below_minimum": Text("低于最低额", "below the least amount"),
    }
    said += [
        Text("未编入：{w} {n} 行", "left out: {w}, {n} rows").fill(w=words.get(k, Text(k, k)), n=n) for k, n in b.left_out.items()
    ]
    said += [Text("注意 " + f.say("zh"), "warning: " + f.say("en")) for f in b.warnings]
    return data, said


# ---------------------------------------------------------------- in
@payments.command(
    "take",
    help=t(
        "收入一个年度成果包；同一包只收一次，重算的包只收差额。",
        "Take a year's bundle in, once; a later one brings only what differs.",
    ),
)
@click.argument("bundle", type=_PATH)
@_act
def take(bundle: Path, **kwargs: Any) -> None:
    """Take a bundle in."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        found = run.take_in(office, bundle, who)
        names = (
            "root",
            "year",
            "again",
            "added",
            "cancelled",
            "clawed_back",
            "sum_fen",
            "escrow_fen",
            "held_fen",
            "shortfall_fen",
            "moved_fen",
            "transfers",
            "change",
        )
        data = {n: getattr(found, n) for n in names} | {"warnings": [f.as_json() for f in found.warnings]}
        if found.again:
            return data, [
                Text(
                    "这个成果包已收入（变更 {c}），没有改动。", "This bundle was taken in before (change {c}); nothing changed."
                ).fill(c=found.change)
            ]
        said = Text(
            "{y} 年：新增 {a} 行共 {s} 元，作废 {c} 行，扣回 {b} 行；暂存 {e} 元，缺口 {h} 元（变更 {n}）。",
            "{y}: {a} rows of CNY {s} added, {c} cancelled, {b} claw-backs; CNY {e} in escrow, {h} not covered (change {n}).",
        ).fill(
            y=found.year, a=found.added, s=say_yuan(found.sum_fen), c=found.cancelled, b=found.clawed_back, e=say_yuan(found.escrow_fen),  # noqa: E501
            h=say_yuan(found.shortfall_fen), n=found.change,
        )  # fmt: skip
        return data, [said, *(Text("注意 " + f.say("zh"), "warning: " + f.say("en")) for f in found.warnings[:40])]

    _run(kwargs, "take", act)


@payments.command("notice", help=t("登记公示；期满后才能编批。", "Record the public notice; rows are batched when it is over."))
@click.option("--year", type=int, required=True, help=t("年度", "year"))
@click.option("--programme", default="", help=t("项目", "programme"))
@click.option("--region", default="", help=t("区划代码开头", "beginning of the region code"))
@click.option("--opens", metavar="DATE", help=t("公示首日，缺省今天", "first day, default today"))
@click.option("--days", type=click.IntRange(1, 3650), help=t("公示天数，不少于规则所定", "days, not less than the rules ask"))
@click.option(
    "--notice",
    "notice_id",
    default="",
    help=t("登记簿中已公示过这些行的公示", "a notice of the register that showed these rows already"),
)
@_act
def notice(year: int, programme: str, region: str, opens: str | None, days: int | None, notice_id: str, **kwargs: Any) -> None:
    """Give notice."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        n = run.give_notice(
            office, year, who, programme=programme, region=region, opens=day_of(opens), days=days, notice_id=notice_id
        )
        data = {
            "notice": n.notice_id,
            "opens": n.opens.isoformat(),
            "closes": n.closes.isoformat(),
            "rows": n.rows,
            "sum_fen": n.sum_fen,
            "digest": n.digest,
            "again": n.again,
        }
        said = Text("公示 {i}：{a} 至 {b}，{r} 行，{y} 元。", "Notice {i}: {a} to {b}, {r} rows, CNY {y}.")
        return data, [said.fill(i=n.notice_id, a=n.opens, b=n.closes, r=n.rows, y=say_yuan(n.sum_fen))]

    _run(kwargs, "notice", act)


# ---------------------------------------------------------------- batch
@payments.command(
    "batch",
    help=t("编制批次：公示期满、没有暂缓原因的行。", "Make a batch of the rows whose notice is over and that nothing holds."),
)
@click.option("--year", type=int, help=t("年度", "year"))
@click.option("--programme", default="", help=t("项目", "programme"))
@click.option("--region", default="", help=t("区划代码开头", "beginning of the region code"))
@click.option("--purpose", default="", help=t("银行附言", "purpose told to the bank"))
@click.option("--limit", type=int, help=t("最多多少行", "at most so many rows"))
@_act
def batch(year: int | None, programme: str, region: str, purpose: str, limit: int | None, **kwargs: Any) -> None:
    """Make a batch."""
    from ecoweb.treasury import payments as run

    _run(
        kwargs,
        "batch",
        lambda office, who: _batch_words(
            run.make_batch(office, who, year=year, programme=programme, region=region, purpose=purpose, limit=limit)
        ),
    )


def _step(name: str, function: str, zh: str, en: str, digest: bool) -> None:
    def command(batch_id: str, **kwargs: Any) -> None:
        from ecoweb.treasury import payments as run

        more = {"digest": kwargs.pop("digest", "")} if digest else {}
        _run(kwargs, name, lambda office, who: _batch_words(getattr(run, function)(office, batch_id, who, **more)))

    made: Any = click.argument("batch_id", metavar="BATCH")(_act(command))
    if digest:
        made = click.option(
            "--digest", default="", help=t("所看到的批次摘要；不同则拒绝", "digest of the batch as seen; refused if it is another")
        )(made)
    payments.command(name, help=t(zh, en))(made)


_step("check", "check_batch", "复核批次。", "Check a batch.", True)
_step("approve", "approve_batch", "批准批次；重复点击只批准一次。", "Approve a batch; pressed twice it is approved once.", True)
_step("cancel", "cancel_batch", "作废尚未放行的批次。", "Cancel a batch that was not released.", False)


@payments.command(
    "release",
    help=t(
        "生成银行文件；与银行副本核对后再次运行即放行。",
        "Write the bank file; run again after the comparison, it releases the batch.",
    ),
)
@click.argument("batch_id", metavar="BATCH")
@click.option("--encoding", default="", help=t("utf-8 或 gb18030", "utf-8 or gb18030"))
@_act
def release(batch_id: str, encoding: str, **kwargs: Any) -> None:
    """Write the file, or release."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        if run.next_of(office, batch_id) in ("made", "checked", "approved", "written"):
            w = run.write_file(office, batch_id, who, encoding=encoding)
            said = Text("银行文件 {p}：{l} 笔，{y} 元，SHA-256 {s}…", "Bank file {p}: {l} lines, CNY {y}, SHA-256 {s}…")
            tell = Text(
                "交银行后取回银行副本：ecocomp payments compare {b} 副本",
                "Hand it to the bank, fetch its copy, then: ecocomp payments compare {b} COPY",
            )
            data = {"step": "written", "path": str(w.path), "again": w.again} | w.manifest()
            return data, [said.fill(p=w.path, l=w.lines, y=say_yuan(w.sum_fen), s=w.sha256[:16]), tell.fill(b=batch_id)]
        done = run.release(office, batch_id, who)
        said = Text("批次 {b} 已放行：{l} 笔，{y} 元。", "Batch {b} was released: {l} lines, CNY {y}.")
        return {"step": "released"} | done, [said.fill(b=batch_id, l=done["lines"], y=say_yuan(done["sum_fen"]))]

    _run(kwargs, "release", act)


@payments.command(
    "compare",
    help=t("把银行一侧的副本与批准的内容逐行核对。", "Compare the copy the bank holds with what was approved, line by line."),
)
@click.argument("batch_id", metavar="BATCH")
@click.argument("copy", type=_PATH)
@_act
def compare(batch_id: str, copy: Path, **kwargs: Any) -> None:
    """Compare the bank's copy."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        found = run.compare_copy(office, batch_id, copy, who)
        return found, [Text("{l} 笔全部一致。", "All {l} lines agree.").fill(l=found["lines"])]

    _run(kwargs, "compare", act)


# ---------------------------------------------------------------- bank
@payments.command(
    "return", help=t("登记银行回单（XLSX、CSV 或定长文本）。", "Post a return of the bank (XLSX, CSV or fixed text).")
)
@click.argument("file", type=_PATH)
@click.option("--batch", "batch_id", required=True, help=t("批次", "batch"))
@click.option("--mapping", type=_PATH, help=t("列映射文件（YAML）", "mapping file (YAML)"))
@click.option(
    "--final",
    is_flag=True,
    help=t("银行不再回复：没有结果的行转为不明", "the bank answers nothing more: rows without a result become unknown"),
)
@_act
def bank_return(file: Path, batch_id: str, mapping: Path | None, final: bool, **kwargs: Any) -> None:
    """Post a return."""
    from ecocomp.io.scratch import scratch_folder
    from ecocomp.payments.bank_return import say_parked
    from ecoweb.treasury import payments as run

    parked: list[Any] = []

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        with scratch_folder("payments-", office.staging) as work:
            said = run.read_mapping(mapping, office.today()) if mapping else None
            rows, total = run.read_return(file, work, said)
        p = run.post_return(office, batch_id, rows, total, who, name=file.name, final=final)
        parked.extend(p.parked)
        data = {
            "batch": batch_id, "rows": p.rows, "paid": p.paid, "failed": p.failed, "unknown": p.unknown, "unanswered": p.unanswered,
            "again": p.again, "change": p.change, "unnamed": p.unnamed,
            "parked": [{"place": r.place, "line": r.no, "amount_fen": r.amount_fen, "outcome": r.outcome, "why": w} for r, w in p.parked],  # noqa: E501
        }  # fmt: skip
        words = Text(
            "到账 {p} 笔，退回 {f} 笔，不明 {u} 笔，搁置 {k} 行{a}。", "{p} paid, {f} failed, {u} unknown, {k} rows set aside{a}."
        )
        again = Text("（内容相同，此前已登记）", " (the same content was posted before)") if p.again else Text("", "")
        lines = [words.fill(p=p.paid, f=p.failed, u=p.unknown, k=len(p.parked), a=again)]
        if p.unnamed:
            unnamed = Text(
                "注意：回单没有写明批次，按 {b} 登记。", "warning: the return names no batch; it was posted as that of {b}."
            )
            lines.append(unnamed.fill(b=batch_id))
        return data, [*lines, *(say_parked(r, w) for r, w in p.parked[:40])]

    _run(kwargs, "return", act)
    if parked:
        sys.exit(1)


@payments.command(
    "unknown",
    help=t(
        "银行逾期未回复的行转为不明；不会自动重发。",
        "Mark rows the bank has not answered in time as unknown; they are never sent again by themselves.",
    ),
)
@click.argument("batch_id", metavar="BATCH")
@_act
def unknown(batch_id: str, **kwargs: Any) -> None:
    """Mark rows unknown."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        n = run.mark_unknown(office, batch_id, who)
        return {"batch": batch_id, "rows": n}, [Text("{n} 行转为不明。", "{n} rows are unknown.").fill(n=n)]

    _run(kwargs, "unknown", act)


@payments.command("archive", help=t("归档：每一行都有结果的批次。", "Archive a batch whose every row has a result."))
@click.argument("batch_id", metavar="BATCH")
@_act
def archive(batch_id: str, **kwargs: Any) -> None:
    """Archive a batch."""
    from ecoweb.treasury import payments as run

    _run(
        kwargs,
        "archive",
        lambda office, who: (
            run.archive(office, batch_id, who),
            [Text("批次 {b} 已归档。", "Batch {b} is archived.").fill(b=batch_id)],
        ),
    )


# ---------------------------------------------------------------- mend
def _mended(m: Any) -> tuple[dict[str, Any], list[Text]]:
    data = {"ended": m.ended, "made": m.made, "sum_fen": m.sum_fen, "change": m.change}
    said = Text("结束 {e} 行，新增 {n} 行共 {y} 元（变更 {c}）。", "{e} rows ended, {n} made of CNY {y} (change {c}).")
    return data, [said.fill(e=m.ended, n=len(m.made), y=say_yuan(m.sum_fen), c=m.change)]


@payments.command("reissue", help=t("重发退回的行（原因改正之后）。", "Issue failed rows again, once their cause is mended."))
@click.argument("batch_id", metavar="BATCH")
@click.option("--line", "lines", type=int, multiple=True, help=t("只重发这些行", "only these lines"))
@_act
def reissue(batch_id: str, lines: tuple[int, ...], **kwargs: Any) -> None:
    """Reissue failed rows."""
    from ecoweb.treasury import payments as run

    _run(kwargs, "reissue", lambda office, who: _mended(run.reissue(office, batch_id, who, lines=lines)))


_TO = click.option(
    "--to",
    multiple=True,
    metavar="PARTY=SHARE",
    help=t("份额，例如 H2=1/2；须附 --document", "shares, e.g. H2=1/2; needs --document"),
)


@payments.command(
    "escrow",
    help=t(
        "争议解决后发还暂存款；按登记簿的份额，或 --to。",
        "Release what is kept for a disputed parcel, by the register's shares or --to.",
    ),
)
@click.argument("parcel")
@_TO
@_act
def escrow(parcel: str, to: tuple[str, ...], **kwargs: Any) -> None:
    """Release escrow."""
    from ecoweb.treasury import payments as run

    _run(kwargs, "escrow", lambda office, who: _mended(run.release_escrow(office, parcel, who, shares=_shares(to))))


@payments.command(
    "succession",
    help=t("把已故或已终止的收款人应得的款转给继受人。", "Pass what a payee who died or ended was owed to the successors."),
)
@click.argument("payee")
@_TO
@_act
def succession(payee: str, to: tuple[str, ...], **kwargs: Any) -> None:
    """Settle a succession."""
    from ecoweb.treasury import payments as run

    _run(kwargs, "succession", lambda office, who: _mended(run.settle_succession(office, payee, who, shares=_shares(to))))


@payments.command(
    "decide",
    help=t(
        "提出决定，由另一人确认：resolve net repaid waive give_up。",
        "Propose a decision another person confirms: resolve net repaid waive give_up.",
    ),
)
@click.argument("kind", type=click.Choice(["resolve", "net", "repaid", "waive", "give_up"]))
@click.argument("subject")
@click.option(
    "--outcome",
    default="",
    help=t(
        "resolve：paid/failed；waive：account_shared/account_changed",
        "resolve: paid or failed; waive: account_shared or account_changed",
    ),
)
@click.option("--fen", type=int, default=0, help=t("只抵扣这么多（分）", "net only so much (fen)"))
@_act
def decide(kind: str, subject: str, outcome: str, fen: int, **kwargs: Any) -> None:
    """Propose a decision."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        n = run.propose(office, kind, subject, outcome, who, amount_fen=fen)
        said = Text(
            "已提出第 {n} 号；由另一人确认：ecocomp payments confirm {n}",
            "Proposed as number {n}; another person confirms: ecocomp payments confirm {n}",
        )
        return {"number": n, "kind": kind, "subject": subject, "outcome": outcome}, [said.fill(n=n)]

    _run(kwargs, "decide", act)


@payments.command(
    "clawback",
    help=t(
        "扣回行：抵扣（--net）或已缴回（--repaid），由另一人确认。",
        "A claw-back row: net it or say it was repaid; another person confirms.",
    ),
)
@click.argument("row")
@click.option("--repaid", is_flag=True, help=t("已缴回，不再抵扣", "it was paid back"))
@click.option("--fen", type=int, default=0, help=t("只抵扣这么多（分）", "net only so much (fen)"))
@_act
def clawback(row: str, repaid: bool, fen: int, **kwargs: Any) -> None:
    """Propose what to do with a claw-back."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        n = run.propose(office, "repaid" if repaid else "net", row, "", who, amount_fen=fen)
        return {"number": n, "row": row}, [
            Text("已提出第 {n} 号，由另一人确认。", "Proposed as number {n}; another person confirms it.").fill(n=n)
        ]

    _run(kwargs, "clawback", act)


@payments.command("confirm", help=t("确认他人提出的决定并执行。", "Confirm what another person proposed, and carry it out."))
@click.argument("number", type=int)
@_act
def confirm(number: int, **kwargs: Any) -> None:
    """Confirm a decision."""
    from ecoweb.treasury import payments as run

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        found = run.confirm(office, number, who)
        return found, [
            Text("第 {n} 号已确认（变更 {c}）。", "Number {n} is confirmed (change {c}).").fill(n=number, c=found["change"])
        ]

    _run(kwargs, "confirm", act)


def _hold(name: str, free: bool, zh: str, en: str) -> None:
    def command(subject: str, **kwargs: Any) -> None:
        from ecoweb.treasury import payments as run

        def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
            n = run.hold_rows(office, subject, who, free=free)
            return {"subject": subject, "rows": n}, [Text("{n} 行。", "{n} rows.").fill(n=n)]

        _run(kwargs, name, act)

    payments.command(name, help=t(zh, en))(click.argument("subject")(_act(command)))


_hold("hold", False, "暂缓一个收款人、地块或付款行。", "Hold the rows of a payee, a parcel, or one row.")
_hold("free", True, "解除人工或异议的暂缓。", "Free rows held by hand or for an objection.")


# ---------------------------------------------------------------- ask
@payments.command(
    "explain",
    help=t(
        "一笔付款从钱追到文件：付款行、应付、收款人、地块编码，或 批次/行号。", "One payment from the money back to the documents."
    ),
)
@click.argument("id")
@click.option(
    "--bundle",
    type=_PATH,
    help=t("收入时的成果包：连同面积、标准、规则一起说明", "the bundle taken in: tells area, rate and rules too"),
)
@click.option("--letter", is_flag=True, help=t("给农户的信", "the letter to the villager"))
@office_options
@common
def explain(id: str, bundle: Path | None, letter: bool, **kwargs: Any) -> None:
    """Explain a payment."""
    from ecoweb.treasury import payments_queries as ask

    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        if letter:
            text = ask.letter(office, id)
            voice.data({"zh": text.zh, "en": text.en})
            voice.say(text)
            return
        why = ask.explain(office, id, bundle)
    voice.data(why.as_json())
    for line in why.lines(voice.lang):
        voice.say(line)


@payments.command("list", help=t("批次和付款行的概况。", "Batches and rows at a glance."))
@click.option("--rows", is_flag=True, help=t("列出付款行", "list payment rows"))
@click.option("--decisions", is_flag=True, help=t("列出待确认的决定", "list decisions"))
@click.option("--arrears", metavar="DATE", help=t("到这一天的拖欠（逐日）", "arrears by day, until this one"))
@click.option("--state", default="", help=t("状态", "state"))
@click.option("--payee", default="", help=t("收款人", "payee"))
@click.option("--year", type=int, help=t("年度", "year"))
@office_options
@common
def list_all(rows: bool, decisions: bool, arrears: str | None, state: str, payee: str, year: int | None, **kwargs: Any) -> None:
    """List batches, rows, decisions or arrears."""
    from ecocomp.payments.flow import REASONS, STATES, STEPS
    from ecoweb.treasury import payments_queries as ask

    voice = voice_of(kwargs)
    lang = voice.lang
    with opened(kwargs["folder"], kwargs["database"]) as office:
        if arrears is not None:
            found = ask.arrears(office, day_of(arrears) or office.today())
            voice.data({"arrears": found})
            heads = [Text("年度", "year"), Text("资金包", "envelope"), Text("拖欠（元）", "owed (CNY)"), Text("元·天", "CNY days")]
            cells = [[str(r["year"]), r["envelope_id"] or "—", say_yuan(r["owed_fen"]), say_yuan(r["fen_days"])] for r in found]
            voice.table(Text("拖欠", "Arrears"), heads, cells, right=(2, 3))
            return
        if decisions:
            made = ask.list_decisions(office)
            voice.data({"decisions": made})
            for d in made:
                voice.say(
                    f"{d['number']} {d['kind']} {d['subject']} {d['outcome']} {d['proposed_by']} → {d['confirmed_by'] or '…'}"
                )
            return
        if rows or state or payee:
            listed = ask.list_rows(office, state=state, payee=payee, year=year)
            voice.data({"rows": listed})
            heads = [
                Text("付款行", "row"),
                Text("收款人", "payee"),
                Text("金额（元）", "CNY"),
                Text("状态", "state"),
                Text("原因", "reason"),
            ]
            cells = [
                [
                    r["row_id"],
                    r["payee_id"],
                    say_yuan(r["amount_fen"]),
                    STATES[r["state"]].to(lang),
                    REASONS.get(r["reason"], Text("", "")).to(lang),
                ]
                for r in listed[:200]
            ]
            voice.table(Text("付款行", "Payment rows"), heads, cells, right=(2,), whole=(0,))
            return
        batches, sums = ask.list_batches(office), ask.summary(office)
    voice.data({"batches": batches, "rows": sums})
    heads = [Text("批次", "batch"), Text("进度", "step"), Text("笔数", "lines"), Text("金额（元）", "CNY"), Text("各行", "rows")]
    cells = [
        [
            b["batch_id"],
            STEPS[b["step"]][2].to(lang),
            str(b["lines"]),
            say_yuan(b["sum_fen"]),
            " ".join(f"{STATES[s].to(lang)} {n}" for s, n in b["states"].items()),
        ]
        for b in batches
    ]
    voice.table(Text("批次", "Batches"), heads, cells, right=(2, 3))
    heads = [
        Text("年度", "year"),
        Text("项目", "programme"),
        Text("状态", "state"),
        Text("原因", "reason"),
        Text("行", "rows"),
        Text("金额（元）", "CNY"),
    ]
    cells = [
        [
            str(s["year"]),
            s["programme"],
            STATES[s["state"]].to(lang),
            REASONS.get(s["reason"], Text("", "")).to(lang),
            str(s["rows"]),
            say_yuan(s["sum_fen"]),
        ]
        for s in sums
    ]
    voice.table(Text("付款行", "Payment rows"), heads, cells, right=(4, 5))


@payments.command(
    "show", help=t("一个批次：内容、步骤、文件、回单、搁置的行。", "One batch: content, steps, file, returns, rows set aside.")
)
@click.argument("batch_id", metavar="BATCH")
@office_options
@common
def show(batch_id: str, **kwargs: Any) -> None:
    """Show a batch."""
    from ecocomp.payments.bank_return import PARKED
    from ecocomp.payments.flow import STATES, STEPS
    from ecoweb.commands.say import office_time
    from ecoweb.treasury import payments_queries as ask

    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        found = ask.show_batch(office, batch_id)
    voice.data(found)
    words = Text("批次 {b}：{r} 行，{l} 笔，{y} 元；{p}", "Batch {b}: {r} rows, {l} lines, CNY {y}; {p}")
    voice.say(words.fill(b=batch_id, r=found["rows"], l=found["lines"], y=say_yuan(found["sum_fen"]), p=found["purpose"]))
    for s in found["steps"]:
        typed = f" @{s['login']}" if s["login"] else ""
        voice.say(f"  {office_time(s['at'])} {STEPS[s['step']][2].to(voice.lang)} {s['officer_id']} ({s['person_id']}){typed}")
    for login, persons in found["shared_logins"].items():
        one = Text(
            "  注意：{p} 的步骤都在本机账户 {l} 下输入；是否各由本人办理，命令行无从核实。",
            "  warning: the steps of {p} were all typed under the login {l}; the command line cannot tell whether each acted.",
        )
        voice.say(one.fill(p=", ".join(persons), l=login))
    for envelope, fen in found["sources"].items():
        voice.say(f"  {envelope}: {say_yuan(fen)}")
    voice.say("  " + " ".join(f"{STATES[k].to(voice.lang)} {n}" for k, n in found["states"].items()))
    for k in found["parked"][:40]:
        voice.say(
            Text("  搁置：第 {p} 行 {w}", "  set aside: row {p} {w}").fill(
                p=k["place"], w=PARKED.get(k["why"], Text(k["why"], k["why"]))
            )
        )


@payments.command(
    "verify",
    help=t(
        "核验付款行、批次与审计日志，数据库的约束和触发器；清除作废批次遗留的文件。",
        "Verify rows and batches against the log, and the database's guards; remove what cancelled batches left.",
    ),
)
@office_options
@common
def verify(**kwargs: Any) -> None:
    """Check that nothing was altered."""
    from ecoweb.records.guards import check_guards
    from ecoweb.treasury import payments_queries as ask
    from ecoweb.treasury.shape import check_tables

    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        guards = [f for f in check_guards(office) if f.record.startswith("pay_")]
        faults = [*ask.check(office), *guards, *check_tables(office, ("pay_",))]
    voice.data({"ok": not faults, "faults": [f.as_json() for f in faults]})
    if not voice.as_json:
        voice.faults(faults)
    if faults:
        sys.exit(1)
    voice.say(Text("全部一致。", "All is as it was written."))


# ---------------------------------------------------------------- officers
@payments.command("officer", help=t("登记经办人：账户、本人、职责、辖区。", "Register an officer: account, person, roles, region."))
@click.argument("officer_id")
@click.option(
    "--person", required=True, help=t("本人编码（同一人的几个账户写同一个）", "the person (the same for all accounts of one)")
)
@click.option("--roles", required=True, help=t("职责，逗号分隔", "roles, comma separated"))
@click.option("--name", default="", help=t("姓名", "name"))
@click.option("--region", default="", help=t("辖区代码，缺省为本办公室", "region code, default the office's"))
@click.option("--delegated-by", default=None, help=t("代行谁的职责", "whose powers it exercises"))
@click.option("--kin", default=None, help=t("申报的亲属编码，逗号分隔", "declared kin, comma separated"))
@click.option("--from", "since", metavar="DATE", help=t("起任日，缺省今天", "from, default today"))
@click.option("--until", metavar="DATE", help=t("止任日", "until"))
@_act
def officer(officer_id: str, **kwargs: Any) -> None:
    """Register an officer."""
    from ecoweb.treasury import payments_officers as registry

    values = {k: kwargs.pop(k) for k in ("person", "roles", "name", "region", "delegated_by", "kin", "since", "until")}

    def act(office: Any, who: Any) -> tuple[Any, list[Text]]:
        made = registry.appoint(
            office, officer_id, who, values | {"since": day_of(values["since"]), "until": day_of(values["until"])}
        )
        said = [Text("已登记（变更 {c}）。", "Registered (change {c}).").fill(c=made.change)]
        return {"officer": officer_id, "change": made.change, "first": made.first}, [*said, *([made.words()] if made.first else [])]

    _run(kwargs, "officer", act)
