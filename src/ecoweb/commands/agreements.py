"""The part of `ecocomp agreement` that keeps state: adopt, state, record (a settled year), pay, owed, dispute, register."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.agreement import agreement, rule_options
from ecocomp.cli.options import common, day_of, t, voice_of
from ecocomp.terms.faults import FaultsError, UsageError, errors
from ecocomp.terms.money import fen_of_option
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, asked, day_options, office_options, opened

if TYPE_CHECKING:
    import pyarrow as pa

    from ecocomp.terms.text import Lang

_PATH = click.Path(path_type=Path)
_ON = click.option("--on", metavar="DATE", help=t("办理日，缺省为今天", "the day of the act, default today"))
_DOCUMENT = click.option("--document", default="", help=t("文号", "document"))
_SIGNED = click.option(
    "--signed-on",
    metavar="DATE",
    help=t("签署日；写了就按已签署采用", "day of signing; with it the agreement is adopted as signed"),
)


def join_agreement(group: click.Group) -> None:
    """Add the commands that keep state to `ecocomp agreement`."""
    for command in (adopt, state, record, pay, owed, dispute, register):
        group.add_command(command)


def _act(command: Any) -> Any:
    for option in (common, act_options, _DOCUMENT, _ON, office_options):
        command = option(command)
    return command


def _who(actor: str | None, reason: str, document: str, words: Text) -> Any:
    from ecoweb.agreements.operations import Who

    return Who(actor_of(actor), reason.strip() or f"{words.zh} / {words.en}", document)


@click.command(
    help=t(
        "把协议采用到办公室：先作草拟，或写明签署日。", "Take an agreement into the office, as a draft or with its day of signing."
    )
)
@click.argument("file", type=_PATH)
@_SIGNED
@_act
def adopt(
    file: Path,
    signed_on: str | None,
    folder: Path | None,
    database: str | None,
    on: str | None,
    document: str,
    actor: str | None,
    reason: str,
    **kwargs: Any,
) -> None:
    """Adopt a file."""
    voice = voice_of(kwargs)
    if not file.is_file():
        raise UsageError(Text("没有文件 {p}。", "There is no file {p}.").fill(p=file))
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(Text("{p} 不是 UTF-8 文本。", "{p} is not UTF-8 text.").fill(p=file)) from None
    with opened(folder, database) as office:
        from ecoweb.agreements.operations import adopt as adopted

        who = _who(actor, reason, document, Text("采用协议", "agreement adopted"))
        row = adopted(
            office, text, file.name, on=day_of(on) or office.today(), signed_on=day_of(signed_on), document=document, who=who
        )
    voice.data({k: str(v) if isinstance(v, date) else v for k, v in row.items() if k not in ("body", "known_from", "known_to")})
    voice.say(
        Text("{i}：{s}，指纹 {h}。", "{i}: {s}, fingerprint {h}.").fill(
            i=row["agreement_id"], s=_state(row["state"]), h=row["sha256"][:12]
        )
    )


def _state(code: str) -> Text:
    from ecocomp.terms.codes import AGREEMENT_STATES

    return AGREEMENT_STATES.get(code, Text(code, code))


@click.command(
    help=t(
        "推进协议状态：signed、in_force、expired、terminated。",
        "Take an agreement a step further: signed, in_force, expired, terminated.",
    )
)
@click.argument("agreement_id")
@click.argument("to")
@_SIGNED
@_act
def state(
    agreement_id: str,
    to: str,
    signed_on: str | None,
    folder: Path | None,
    database: str | None,
    on: str | None,
    document: str,
    actor: str | None,
    reason: str,
    **kwargs: Any,
) -> None:
    """Change the state."""
    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        from ecoweb.agreements.operations import set_state

        who = _who(actor, reason, document, Text("协议状态", "state of an agreement"))
        row = set_state(
            office, agreement_id, to, on=day_of(on) or office.today(), signed_on=day_of(signed_on), document=document, who=who
        )
    voice.data({"agreement_id": agreement_id, "state": row["state"], "on": str(row["valid_from"])})
    voice.say(
        Text("{i}：{s}（{d} 起）。", "{i}: {s} (from {d}).").fill(i=agreement_id, s=_state(row["state"]), d=row["valid_from"])
    )


@click.command(
    help=t(
        "结算一年并存档；已决定的争议代替条款的计算。",
        "Settle a year and keep the result; what was decided replaces what a clause gives.",
    )
)
@click.argument("agreement_id")
@click.option("--year", type=int, required=True, help=t("结算年", "year"))
@click.option("--data", type=_PATH, multiple=True, help=t("读数", "readings"))
@click.option("--facts", "facts_file", type=_PATH, help=t("事实文件", "facts"))
@click.option("--confirm", is_flag=True, help=t("各方已确认", "confirmed by the parties"))
@rule_options
@_act
def record(
    agreement_id: str,
    year: int,
    data: tuple[Path, ...],
    facts_file: Path | None,
    confirm: bool,
    rules: tuple[Path, ...],
    place: str | None,
    folder: Path | None,
    database: str | None,
    on: str | None,
    document: str,
    actor: str | None,
    reason: str,
    **kwargs: Any,
) -> None:
    """Settle and keep."""
    from ecocomp.agreements.facts import read_facts, strays
    from ecocomp.cli import agreement as desk

    voice = voice_of(kwargs)
    if facts_file is not None and not facts_file.is_file():
        raise UsageError(Text("没有文件 {p}。", "There is no file {p}.").fill(p=facts_file))
    facts, faults = ({}, []) if facts_file is None else read_facts(facts_file)
    with opened(folder, database) as office:
        from ecoweb.agreements.operations import settle
        from ecoweb.agreements.queries import parsed, row_of

        made = parsed(row_of(office, agreement_id, on=day_of(on)))
        reading, found = desk.read_data(data, made)
        found = [*found, *strays(facts, made, facts_file.name if facts_file else "facts")]
        if errors([*faults, *found]):
            raise FaultsError(errors([*faults, *found]))
        who = _who(actor, reason, document, Text("年度结算", "yearly settlement"))
        params = desk._params(made, year, rules, place)
        outcome = settle(
            office,
            agreement_id,
            year,
            reading,
            facts,
            params,
            on=day_of(on) or office.today(),
            confirm=confirm,
            document=document,
            who=who,
        )
    voice.data(desk._answer(outcome, [], None))
    if not voice.as_json:
        desk._say(voice, outcome, [], None, brief=False)
        voice.faults([f for f in [*faults, *found] if f.severity == "warning"])


@click.command(
    help=t(
        "记一笔收付；写明资金包且本办公室是一方时记入账簿。",
        "Record a payment; with an envelope, and this office a side, it is booked in the ledger.",
    )
)
@click.argument("agreement_id")
@click.option("--year", type=int, required=True, help=t("结算年", "year settled"))
@click.option("--payer", required=True, help=t("付款方", "payer"))
@click.option("--payee", required=True, help=t("收款方", "payee"))
@click.option("--amount", required=True, help=t("金额（元，可写 2000万元）", "amount in yuan (2000万元 may be written)"))
@click.option("--id", "payment_id", required=True, help=t("收付编号（同一编号只记一次）", "payment number (recorded once)"))
@click.option("--envelope", help=t("资金包编码", "envelope"))
@_act
def pay(
    agreement_id: str,
    year: int,
    payer: str,
    payee: str,
    amount: str,
    payment_id: str,
    envelope: str | None,
    folder: Path | None,
    database: str | None,
    on: str | None,
    document: str,
    actor: str | None,
    reason: str,
    **kwargs: Any,
) -> None:
    """Record a payment."""
    voice = voice_of(kwargs)
    fen = fen_of_option(amount, "--amount")
    with opened(folder, database) as office:
        from ecoweb.agreements.operations import pay as paid

        who = _who(actor, reason, document, Text("协议收付", "payment under an agreement"))
        row = paid(
            office,
            agreement_id,
            year,
            payer,
            payee,
            fen,
            payment_id=payment_id,
            paid_on=day_of(on) or office.today(),
            envelope=envelope,
            document=document,
            who=who,
        )
    from ecocomp.terms.money import say_yuan

    voice.data({k: str(v) if isinstance(v, date) else v for k, v in row.items() if k not in ("known_from", "known_to")})
    journal = Text("，记账凭证 {j}", ", journal {j}").fill(j=row["journal"]) if row["journal"] else Text("", "")
    said = Text("{p} → {q} {a} 元（{d}）{j}。", "{p} → {q} {a} yuan ({d}){j}.").fill(
        p=row["payer"], q=row["payee"], a=say_yuan(row["amount_fen"]), d=row["paid_on"], j=journal
    )
    voice.say(said)
    if not row["new"]:
        known = Text("编号 {i} 早已记下，这次什么也没有做。", "Payment {i} was recorded before; nothing was done this time.")
        voice.say(known.fill(i=payment_id))


@click.command(
    help=t(
        "某天谁还欠谁多少：按存档的结算和记下的收付。",
        "Who still owes what on a day, by the settlement kept and the payments recorded.",
    )
)
@click.argument("agreement_id")
@click.option("--year", type=int, required=True, help=t("结算年", "year settled"))
@click.option("--on", metavar="DATE", help=t("哪一天，缺省为今天", "the day, default today"))
@office_options
@common
def owed(agreement_id: str, year: int, on: str | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Print the dues."""
    from ecocomp.agreements.outcome import STATES
    from ecocomp.cli.agreement import _KINDS, _yuan

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        from ecoweb.agreements.operations import owed as asked_owed
        from ecoweb.agreements.queries import parsed, row_of

        day = day_of(on) or office.today()
        found, faults = asked_owed(office, agreement_id, year, day)
        name = parsed(row_of(office, agreement_id, on=day)).party_name
    rows = [
        {
            "kind": o.due.kind,
            "payer": o.due.payer,
            "payee": o.due.payee,
            "amount_fen": o.due.amount_fen,
            "paid_fen": o.paid_fen,
            "open_fen": o.open_fen,
            "due": str(o.due.due) if o.due.due else None,
            "days_late": o.days_late,
            "late_fen": o.late_fen,
            "state": o.state,
        }
        for o in found
    ]
    voice.data(
        {"agreement_id": agreement_id, "year": year, "on": str(day), "owed": rows, "warnings": [f.as_json() for f in faults]}
    )
    heads = [
        Text("", ""),
        Text("付款方", "payer"),
        Text("收款方", "payee"),
        Text("应付", "due"),
        Text("已付", "paid"),
        Text("未付", "open"),
        Text("付款日", "day"),
        Text("逾期天数", "days late"),
        Text("状态", "state"),
    ]
    cells = [
        [
            _KINDS[r["kind"]].to(voice.lang),
            name(r["payer"]).to(voice.lang),
            name(r["payee"]).to(voice.lang),
            _yuan(r["amount_fen"]),
            _yuan(r["paid_fen"]),
            _yuan(r["open_fen"]),
            r["due"] or "—",
            str(r["days_late"] or ""),
            STATES[r["state"]].to(voice.lang),
        ]
        for r in rows
    ]
    voice.table(
        Text("{i} {y} 年，{d} 的应付", "{i} {y}, dues on {d}").fill(i=agreement_id, y=year, d=day), heads, cells, right=(3, 4, 5, 7)
    )
    voice.faults([] if voice.as_json else faults)


@click.command(
    help=t(
        "争议：提出（--agreement、--year、--clause、--claim），或推进（--to）。",
        "A dispute: open it (--agreement, --year, --clause, --claim), or take it further (--to).",
    )
)
@click.argument("case_id")
@click.option("--agreement", "agreement_id", help=t("协议编码", "agreement"))
@click.option("--year", type=int, help=t("结算年", "year settled"))
@click.option("--clause", help=t("条款", "clause"))
@click.option("--claim", default="", help=t("主张", "what is claimed"))
@click.option(
    "--to", help=t("negotiating、escalated、decided、agreed、withdrawn", "negotiating, escalated, decided, agreed or withdrawn")
)
@click.option("--payer", help=t("决定的付款方", "payer, as decided"))
@click.option("--payee", help=t("决定的收款方", "payee, as decided"))
@click.option("--amount", help=t("决定的金额（元）", "sum, as decided (yuan)"))
@click.option("--by", default="", help=t("谁决定的", "who decided"))
@_act
def dispute(
    case_id: str,
    agreement_id: str | None,
    year: int | None,
    clause: str | None,
    claim: str,
    to: str | None,
    payer: str | None,
    payee: str | None,
    amount: str | None,
    by: str,
    folder: Path | None,
    database: str | None,
    on: str | None,
    document: str,
    actor: str | None,
    reason: str,
    **kwargs: Any,
) -> None:
    """Open or move a dispute."""
    from ecocomp.terms.codes import AGREEMENT_DISPUTES

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        from ecoweb.agreements.operations import dispute as opened_dispute
        from ecoweb.agreements.operations import move_dispute

        who, day = _who(actor, reason, document, Text("协议争议", "dispute over an agreement")), day_of(on) or office.today()
        if to is None:
            lacking = [
                n for n, v in (("--agreement", agreement_id), ("--year", year), ("--clause", clause), ("--claim", claim)) if not v
            ]
            if lacking:
                raise UsageError(
                    Text("提出争议要写 {n}；推进用 --to。", "To open a dispute say {n}; to take it further use --to.").fill(
                        n=", ".join(lacking)
                    )
                )
            row = opened_dispute(
                office, case_id, str(agreement_id), int(year or 0), str(clause), claim, on=day, document=document, who=who
            )
        else:
            fen = None if amount is None else fen_of_option(amount, "--amount")
            row = move_dispute(
                office, case_id, to, on=day, payer=payer, payee=payee, amount_fen=fen, by=by, document=document, who=who
            )
    voice.data({k: str(v) if isinstance(v, date) else v for k, v in row.items() if k not in ("known_from", "known_to")})
    voice.say(Text("{c}：{s}。", "{c}: {s}.").fill(c=case_id, s=AGREEMENT_DISPUTES[row["state"]]))


@click.command(help=t("办公室里的协议、结算、争议和收付。", "Agreements, settled years, disputes and payments of the office."))
@click.argument("agreement_id", required=False)
@office_options
@day_options
@common
def register(
    agreement_id: str | None, folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any
) -> None:
    """Print the registers."""
    from ecocomp.terms.registers import REGISTERS
    from ecoweb.commands.say import rows_of, say_rows

    voice, when = voice_of(kwargs), asked(on, known)
    with opened(folder, database) as office:
        from ecoweb.agreements import queries

        if agreement_id is not None:
            queries.row_of(office, agreement_id, on=when.on)
        tables = {"agreement": queries.agreements(office, on=when.on, known=when.known)}
        if agreement_id is not None:
            for name, ask in (
                ("agreement_year", queries.years),
                ("agreement_dispute", queries.disputes),
                ("agreement_payment", queries.payments),
            ):
                tables[name] = ask(office, agreement_id, on=when.on, known=when.known)
            import pyarrow.compute as pc

            tables["agreement"] = tables["agreement"].filter(pc.equal(tables["agreement"]["agreement_id"], agreement_id))
    voice.data({name: rows_of(table, REGISTERS[name]) for name, table in tables.items()})
    shown = {
        "agreement": ("agreement_id", "name", "version", "state", "parties", "term_from", "term_to"),
        "agreement_year": ("year", "state", "document", "valid_from"),
        "agreement_dispute": ("case_id", "year", "clause", "state", "claim", "decided_by"),
        "agreement_payment": ("payment_id", "year", "payer", "payee", "amount_fen", "paid_on", "journal"),
    }
    if not voice.as_json:
        tables["agreement"] = _named(tables["agreement"], voice.lang)
    for name, table in tables.items():
        say_rows(voice, REGISTERS[name].title, table, shown[name], REGISTERS[name])


def _named(table: pa.Table, lang: Lang) -> pa.Table:
    """Return the register of agreements with their names in a language, as their files say them."""
    import pyarrow as pa

    from ecoweb.agreements.queries import parsed

    names = []
    for row in table.to_pylist():
        try:
            names.append(parsed(row).name.to(lang))
        except FaultsError:  # a text of long ago that today's checks refuse
            names.append(row["name"])
    return table.set_column(table.schema.get_field_index("name"), "name", pa.array(names, pa.string()))


__all__ = ["agreement", "join_agreement"]
