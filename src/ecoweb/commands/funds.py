"""`ecocomp envelopes`: envelopes of the office, grant notices, steps of art. 31, interest, and the register for a year run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.funds import guarded, read_sheet, tell, write_out, yuan
from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, asked, day_options, office_options, opened, target

if TYPE_CHECKING:
    from ecocomp.rules import Parameters
    from ecoweb.office import Office

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(
    help=t(
        "资金包：登记条款，下达、缓拨、减拨、停拨、追回、利息、退回，账上同时记；任何一天的状况。",
        "Envelopes: terms, grants, payment postponed, reduced, stopped or recovered, interest, returns, booked at once; any day.",
    )
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def envelopes(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def _params(office: Office, on: date) -> Parameters:
    from ecoweb.records.rules import params_of

    return params_of(office, on, date(9999, 1, 1))


# ---------------------------------------------------------------- terms
@envelopes.command(
    "load",
    help=t(
        "登记资金包或其新条款。FILE 是 CSV 或 XLSX，一包一行，列名见文档。",
        "Enter envelopes or new terms of them. FILE is CSV or XLSX, a row for each; columns on the docs page.",
    ),
)
@click.argument("file", type=_FILE)
@click.option("--on", metavar="DATE", help=t("条款自哪天起，缺省为今天", "day from which the terms hold, default today"))
@click.option("--document", default="", help=t("依据文件", "document this rests on"))
@office_options
@act_options
@common
def load(
    file: Path,
    on: str | None,
    document: str,
    folder: Path | None,
    database: str | None,
    actor: str | None,
    reason: str,
    **kwargs: Any,
) -> None:
    """Enter envelopes."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecoweb.treasury.envelopes import record_envelopes

        got = read_sheet(file, term_columns(), key="envelope_id")
        raise_errors(got.faults)
        rows, wrong = _terms(got.rows, file.name)
        raise_errors(wrong)
        with opened(folder, database) as office:
            day = day_of(on) or office.today()
            done = record_envelopes(
                office, rows, _params(office, day), actor=actor_of(actor), reason=reason or file.name, source=document, on=day
            )
        said = (
            Text("没有变化。", "Nothing has changed.")
            if done is None
            else Text("{n} 行已登记，变更 {c}。", "{n} rows entered, change {c}.")
        )
        answer = {"rows": len(rows), "change": None if done is None else done.seq}
        return tell(voice, got.faults, answer, lambda: voice.say(said.fill(n=len(rows), c=answer["change"])))

    guarded(voice, work)


def term_columns() -> tuple[Any, ...]:
    """Return the columns of a sheet of envelopes."""
    from ecocomp.funds.sheet import Column
    from ecocomp.terms.codes import FUND_SOURCES

    yes = {"是": "1", "1": "1", "true": "1", "yes": "1", "y": "1", "否": "0", "0": "0", "false": "0", "no": "0", "n": "0"}
    return (
        Column("envelope_id", ("资金包编码", "编码", "id"), needed=True),
        Column("source", ("来源", "资金来源"), "word", needed=True, words=_words(FUND_SOURCES)),
        Column("name_zh", ("名称", "中文名", "name"), needed=True),
        Column("name_en", ("英文名",)),
        Column("payer", ("拨款单位", "出资单位"), needed=True),
        Column("floor", ("法定最低额", "最低额"), "money"),
        Column("priority", ("使用顺序", "优先顺序"), "number"),
        Column("earmark_zones", ("限定功能区",)),
        Column("earmark_ecosystems", ("限定生态系统",)),
        Column("earmark_red_line", ("只限红线内", "红线内"), "word", words=yes),
        Column("earmark_programmes", ("限定项目",)),
        Column("earmark_regions", ("限定地区",)),
        Column("purposes", ("用途",)),
        Column("ration", ("分配办法",)),
        Column("carry_over", ("可结转",), "word", words=yes),
        Column("usable_from", ("起用日",), needed=True),
        Column("usable_to", ("止用日",), needed=True),
        Column("match", ("配套比例",), "share", most=Decimal(100)),
        Column("matches", ("为谁配套",)),
        Column("interest_owner", ("利息归属",)),
        Column("document", ("文号", "依据文件"), needed=True),
    )


def event_columns() -> tuple[Any, ...]:
    """Return the columns of a sheet of events."""
    from ecocomp.funds.sheet import Column
    from ecocomp.terms.codes import ENVELOPE_EVENTS

    return (
        Column("event_id", ("事项编码", "编码", "id"), needed=True),
        Column("envelope_id", ("资金包编码", "资金包"), needed=True),
        Column("kind", ("事项", "类型"), "word", needed=True, words=_words(ENVELOPE_EVENTS)),
        Column("year", ("预算年度", "年度"), "number", least=Decimal(1990), most=Decimal(2200)),
        Column("amount", ("金额",), "money", needed=True),
        Column("happened_on", ("日期", "发生日"), needed=True),
        Column("act", ("行为", "违规行为")),
        Column("owner", ("利息归属",)),
        Column("document", ("文号", "依据文件"), needed=True),
    )


def _words(codes: Mapping[str, Text]) -> dict[str, str]:
    return {w.casefold().replace("_", "").replace(" ", "").replace("-", ""): c for c, x in codes.items() for w in (c, x.zh, x.en)}


def _long_match(where: str, row: Mapping[str, Any]) -> Fault:
    return Fault(
        "funds.match",
        where,
        f"{row['record']} match",
        Text("配套比例是 {v}，多于六位小数。", "The share of the match is {v}, more than six decimals.").fill(v=row["match"]),
        Text("最多写六位小数。", "Write six decimals at most."),
    )


def _terms(rows: Sequence[Mapping[str, Any]], where: str) -> tuple[list[dict[str, Any]], list[Fault]]:
    from ecocomp.terms.money import to_fen

    out: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for r in rows:
        days = {k: _day(r[k], f"{r['record']} {k}", where, faults) for k in ("usable_from", "usable_to")}
        if r["match"] is not None and r["match"] * 1_000_000 % 1:
            faults.append(_long_match(where, r))
        texts = {
            k: r[k]
            for k in (
                "earmark_zones",
                "earmark_ecosystems",
                "earmark_programmes",
                "earmark_regions",
                "purposes",
                "ration",
                "matches",
            )
        }
        out.append(
            {
                "envelope_id": r["envelope_id"],
                "source": r["source"],
                "name_zh": r["name_zh"],
                "name_en": r["name_en"] or r["name_zh"],
                "payer": r["payer"],
                "floor_fen": to_fen(r["floor"] or Decimal(0)),
                "priority": int(r["priority"] or 0),
                "earmark_red_line": int(r["earmark_red_line"] or 0),
                "carry_over": int(r["carry_over"] or 0),
                "match_ppm": None if r["match"] is None else int(r["match"] * 1_000_000),
                "interest_owner": r["interest_owner"],
                "document": r["document"],
                **texts,
                **days,
            }
        )
    return out, faults


def _day(text: str | None, record: str, where: str, faults: list[Fault]) -> date:
    try:
        return date.fromisoformat(str(text or "").replace("/", "-").split(" ")[0].split("T")[0])
    except ValueError:
        clash = Text("不是日期：{v}。", "Not a date: {v}.").fill(v=str(text)[:30])
        faults.append(Fault("table.cell", where, record, clash, Text("写成 2026-06-30。", "Write 2026-06-30.")))
        return date(1900, 1, 1)


# ---------------------------------------------------------------- events
@envelopes.command(
    "events",
    help=t(
        "登记一批事项（CSV 或 XLSX）：下达、利息、缓拨等；同一文件再来一次不会重复。",
        "Enter events from CSV or XLSX; the same file again changes nothing.",
    ),
)
@click.argument("file", type=_FILE)
@click.option("--document", default="", help=t("依据文件", "document this rests on"))
@office_options
@act_options
@common
def events_(
    file: Path, document: str, folder: Path | None, database: str | None, actor: str | None, reason: str, **kwargs: Any
) -> None:
    """Enter events from a sheet."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecocomp.terms.money import to_fen

        got = read_sheet(file, event_columns(), key="event_id")
        raise_errors(got.faults)
        faults: list[Fault] = []
        rows = []
        for r in got.rows:
            day = _day(r["happened_on"], f"{r['record']} happened_on", file.name, faults)
            row = {k: r[k] for k in ("event_id", "envelope_id", "kind", "act", "owner", "document")}
            rows.append({**row, "year": int(r["year"] or day.year), "fen": to_fen(r["amount"]), "happened_on": day})
        raise_errors(faults)
        return _enter(voice, rows, got.faults, folder, database, actor, reason or file.name, document)

    guarded(voice, work)


@envelopes.command("event", help=t("登记一个事项，如下达或利息。", "Enter one event, e.g. a grant notice or interest."))
@click.argument("envelope_id")
@click.argument("kind", type=click.Choice(["grant", "postpone", "release", "reduce", "stop", "recover", "interest", "return"]))
@click.option("--yuan", "amount", default="0", metavar="YUAN", help=t("金额（元）；停拨不写", "sum in yuan; none for a stop"))
@click.option("--on", required=True, metavar="DATE", help=t("发生日", "day it happened"))
@click.option("--year", type=click.IntRange(1990, 2200), help=t("预算年度，缺省按日期", "budget year, default that of the day"))
@click.option("--id", "event_id", required=True, help=t("事项编码（文号加序号）", "code of the event"))
@click.option("--document", required=True, help=t("文号", "number of the document"))
@click.option("--act", help=t("处理针对的行为（withhold、divert …）", "act it answers (withhold, divert …)"))
@click.option("--owner", type=click.Choice(["envelope", "treasury", "payer"]), help=t("利息归谁", "whose the interest is"))
@office_options
@act_options
@common
def event(
    envelope_id: str,
    kind: str,
    amount: str,
    on: str,
    year: int | None,
    event_id: str,
    document: str,
    act: str | None,
    owner: str | None,
    folder: Path | None,
    database: str | None,
    actor: str | None,
    reason: str,
    **kwargs: Any,
) -> None:
    """Enter one event."""
    voice = voice_of(kwargs)

    def work() -> int:
        day = day_of(on) or date(1900, 1, 1)
        row = {
            "event_id": event_id,
            "envelope_id": envelope_id,
            "kind": kind,
            "year": year or day.year,
            "fen": yuan(amount, "--yuan") or 0,
            "happened_on": day,
            "act": act,
            "owner": owner,
            "document": document,
        }
        return _enter(voice, [row], [], folder, database, actor, reason or document, document)

    guarded(voice, work)


def _enter(
    voice: Any,
    rows: list[dict[str, Any]],
    faults: list[Fault],
    folder: Path | None,
    database: str | None,
    actor: str | None,
    reason: str,
    document: str,
) -> int:
    from ecoweb.treasury.envelopes import record_events

    with opened(folder, database) as office:
        on = max((r["happened_on"] for r in rows), default=office.today())
        done = record_events(office, rows, _params(office, on), actor=actor_of(actor), reason=reason, source=document)
    said = (
        Text("没有变化。", "Nothing has changed.")
        if done is None
        else Text("{n} 项已登记并入账，变更 {c}。", "{n} events entered and booked, change {c}.")
    )
    answer = {"rows": len(rows), "change": None if done is None else done.seq}
    return tell(voice, faults, answer, lambda: voice.say(said.fill(n=len(rows), c=answer["change"])))


# ---------------------------------------------------------------- reading
@envelopes.command(
    "show",
    help=t(
        "各资金包在某一天的状况：登记簿上的下达、缓拨、利息、可用，账上的存款、未用、应付、在途。",
        "Where each envelope stands on a day: by the register, and by the books.",
    ),
)
@office_options
@day_options
@common
def show(folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any) -> None:
    """Show where envelopes stand."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecocomp.terms.codes import FUND_SOURCES
        from ecocomp.terms.money import say_yuan
        from ecoweb.treasury.envelopes import envelopes as terms_of
        from ecoweb.treasury.envelopes import in_books, ledger_faults, standings

        ask = asked(on, known)
        with opened(folder, database) as office:
            day = ask.on or office.today()
            params = _params(office, day)
            found = standings(office, params, day, ask.known)
            terms = {r["envelope_id"]: r for r in terms_of(office, day, ask.known)}
            wrong = ledger_faults(office, params)
            booked = in_books(office, ask.on, ask.known)
        names = (
            "granted_fen",
            "postponed_fen",
            "reduced_fen",
            "recovered_fen",
            "interest_fen",
            "interest_due_fen",
            "returned_fen",
            "owed_back_fen",
        )
        listed = [
            {
                "envelope_id": s.envelope_id,
                "source": terms[s.envelope_id]["source"],
                **{n: getattr(s, n) for n in names},
                "stopped_on": str(s.stopped_on or ""),
                "usable_fen": s.usable_fen,
            }
            for s in found
        ]

        def table() -> None:
            zh = "编码 来源 下达 缓拨 自有利息 应交利息 退回 应返还 可用"
            en = "code source granted postponed own_interest interest_due returned owed_back usable"
            heads = [Text(a, b.replace("_", " ")) for a, b in zip(zh.split(), en.split(), strict=True)]
            shown = (
                "granted_fen",
                "postponed_fen",
                "interest_fen",
                "interest_due_fen",
                "returned_fen",
                "owed_back_fen",
                "usable_fen",
            )
            cells = [
                [
                    s.envelope_id,
                    FUND_SOURCES[terms[s.envelope_id]["source"]].to(voice.lang),
                    *(say_yuan(getattr(s, n)) for n in shown),
                ]
                for s in found
            ]
            if found:
                voice.table(Text("资金包，{d}，元", "envelopes on {d}, yuan").fill(d=day), heads, cells, right=tuple(range(2, 9)))
            _say_books(voice, booked, day)
            if not found and not booked:
                voice.say(Text("登记簿和账上都没有资金包。", "Neither the register nor the books have an envelope."))

        return tell(voice, wrong, {"on": str(day), "envelopes": listed, "books": booked}, table)

    guarded(voice, work)


def _say_books(voice: Any, booked: list[dict[str, Any]], day: date) -> None:
    """Say where the money of each envelope lies by the books, and which envelopes the register does not know."""
    from ecocomp.terms.money import say_yuan

    if not booked:
        return
    heads = [
        Text("编码", "code"), Text("名称", "name"), Text("存款", "at bank"), Text("未用", "not given out"), Text("应付", "owed"),
        Text("暂存", "in escrow"), Text("在途", "in transit"), Text("已付", "paid"),
    ]  # fmt: skip
    names = ("at_bank_fen", "left_fen", "owed_fen", "in_escrow_fen", "in_transit_fen", "paid_fen")
    cells = [[b["envelope_id"], b[f"name_{voice.lang}"], *(say_yuan(b[n]) for n in names)] for b in booked]
    title = Text("账上的资金包，{d}，元", "envelopes by the books on {d}, yuan").fill(d=day)
    voice.table(title, heads, cells, right=tuple(range(2, 8)))
    strange = [b["envelope_id"] for b in booked if not b["registered"]]
    if strange:
        said = Text(
            "登记簿没有这些资金包的条款（随成果包入账）：{e}。登记：ecocomp envelopes load。",
            "The register has no terms of these (they came with a bundle): {e}. Enter them: ecocomp envelopes load.",
        )
        voice.say(said.fill(e=", ".join(strange)))


@envelopes.command(
    "table", help=t("写出某年度的资金包登记表，供案例使用（CSV）。", "Write the register of a budget year for a case (CSV).")
)
@click.option("--year", type=click.IntRange(1990, 2200), required=True, help=t("预算年度", "budget year"))
@click.option("--out", type=Named(path_type=Path), help=t("结果文件 .csv 或 .json", "write .csv or .json"))
@office_options
@day_options
@common
def table(
    year: int, out: Path | None, folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any
) -> None:
    """Write the register of a year."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecoweb.treasury.envelopes import envelope_table

        ask = asked(on, known)
        target(out, folder)
        with opened(folder, database) as office:
            made = envelope_table(office, year, _params(office, date(year, 12, 31)), ask.on, ask.known)
        rows = [{k: str(v) if isinstance(v, date) else v for k, v in r.items()} for r in made.to_pylist()]
        if out is not None:
            write_out(out, made.column_names, [["" if v is None else v for v in r.values()] for r in rows], "")
        said = Text("{y} 年 {n} 个资金包。", "{n} envelopes for {y}.").fill(n=len(rows), y=year)
        return tell(voice, [], {"year": year, "envelopes": rows}, lambda: voice.say(said))

    guarded(voice, work)


__all__ = ["FaultsError", "UsageError", "envelopes"]
