"""`ecocomp contracts`: contracts of programmes in an office, their inspections, notices and objections, and what is owed."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, asked, day_options, office_options, opened, target
from ecoweb.commands.say import plain, rows_of, say_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from ecocomp.programmes.programme import Programme
    from ecocomp.terms.text import Lang
    from ecoweb.office import Office
    from ecoweb.programmes.operations import By, Done
    from ecoweb.programmes.rules import OfficeRules

_PATH = click.Path(path_type=Path)
_SHOWN = ("contract_id", "programme", "holder_id", "region_code", "state", "area_dm2", "term_from", "term_to", "signed_on")


@click.group(
    help=t(
        "项目合同：草拟、签订、中止、续签、验收、公示、异议、核算。",
        "Contracts of programmes: draft, sign, suspend, renew, inspect, publish, answer objections, work out what is owed.",
    )
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def contracts(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def rule_options(command: Any) -> Any:
    """Add `--rules DIR` and `--place CODE`."""
    command = click.option(
        "--place", default=None, help=t("按哪个地方的规则，缺省为办公室所在地", "place whose rules count, default the office's")
    )(command)
    return click.option(
        "--rules",
        "folders",
        type=_PATH,
        multiple=True,
        help=t("叠加的规则目录（可多次）", "rule folder laid over those that ship (several times)"),
    )(command)


def _rules(office: Office, kwargs: dict[str, Any]) -> OfficeRules:
    from ecoweb.programmes.rules import office_rules

    return office_rules(office, kwargs.pop("folders", ()), kwargs.pop("place", None))


def _by(kwargs: dict[str, Any], command: str) -> By:
    from ecoweb.programmes.operations import By

    return By(actor_of(kwargs.pop("actor", None)), kwargs.pop("reason", "") or command, kwargs.pop("document", "") or "")


def _day(office: Office, text: str | None) -> date:
    return day_of(text) or office.today()


_ON = click.option("--on", metavar="DATE", help=t("自哪天起，缺省为今天", "from this day on, default today"))
_DOCUMENT = click.option("--document", default="", help=t("依据文件", "document this rests on"))
_SIGN_OFF = click.option(
    "--sign-off",
    default="",
    metavar="TEXT",
    help=t("合计与明细不符时签认的理由", "why totals that disagree with the rows are let pass"),
)


def _done(voice: Voice, done: Done, said: Text, **more: Any) -> None:
    voice.data({"ok": True, "change": int(done.change.seq), "warnings": [f.as_json() for f in done.warnings], **more})
    if not voice.as_json:
        voice.faults(done.warnings)
    voice.say(said)
    voice.say(Text("已登记（变更 {n}）。", "Recorded (change {n}).").fill(n=done.change.seq))


# ---------------------------------------------------------------- asking
@contracts.command("list", help=t("合同清单。", "List contracts."))
@office_options
@click.option("--programme", default=None, help=t("项目", "programme"))
@click.option("--state", default=None, help=t("状态", "state"))
@click.option("--holder", default=None, help=t("签订人", "who signed"))
@click.option("--region", default=None, help=t("区划代码开头", "beginning of the region code"))
@day_options
@common
def contracts_list(folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any) -> None:
    """List contracts."""
    from ecocomp.terms.codes import CONTRACT_STATES
    from ecocomp.terms.registers import AGREED
    from ecoweb.records.queries import rows

    voice, days = voice_of(kwargs), asked(on, known)
    if kwargs["state"] is not None and kwargs["state"] not in CONTRACT_STATES:
        raise UsageError(Text("状态可用：{a}。", "States: {a}.").fill(a=", ".join(CONTRACT_STATES)))
    where = {c: kwargs[k] for c, k in (("programme", "programme"), ("state", "state"), ("holder_id", "holder")) if kwargs[k]}
    with opened(folder, database) as office:
        found = rows(office, "contract", where, {"region_code": kwargs["region"] or ""}, on=days.on, known=days.known)
        names = _programmes(office)
    voice.data({"contracts": rows_of(found, AGREED)})
    if not len(found):
        voice.say(Text("没有合同。", "There are no contracts."))
    shown = _worded(found, names, voice.lang)
    say_rows(voice, _in_ha(Text("合同", "Contracts")), shown, _SHOWN, AGREED)


def _programmes(office: Office) -> dict[str, Programme]:
    """Return the programmes an office has files of, for their names; files with faults are left out."""
    from ecocomp.programmes.programme import load_programmes
    from ecoweb.records.rules import rule_folders

    return {p.id: p for p in load_programmes(rule_folders(office, ())).all}


def _in_ha(title: Text) -> Text:
    return Text("{t}（面积：公顷）", "{t} (area in ha)").fill(t=title)


def _worded(table: pa.Table, names: Mapping[str, Programme], lang: Lang, programme: str = "") -> pa.Table:
    """Return rows as people read them: programmes, what is done, and acts found by their names in a language.

    programme  whose variants are meant where the rows do not say
    """
    import pyarrow as pa

    from ecocomp.programmes.accepted import acts
    from ecocomp.programmes.words import EVENTS

    def named(id: str) -> str:
        return Text("{n}（{i}）", "{n} ({i})").fill(n=names[id].name, i=id).to(lang) if id in names else id

    def variant(code: str) -> str:
        return names[programme].variants[code].to(lang) if programme in names and code in names[programme].variants else code

    def found(said: str | None) -> str | None:
        return said and ", ".join(EVENTS[a].to(lang) if a in EVENTS else a for a in sorted(acts(said)))

    for column, words in (("programme", named), ("variant", variant), ("events", found)):
        if column in table.column_names:
            made = pa.array([words(v) for v in table[column].to_pylist()], pa.string())
            table = table.set_column(table.schema.get_field_index(column), column, made)
    return table


@contracts.command(
    "show", help=t("一份合同：条款、地块、义务、验收、历史。", "One contract: items, plots, duties, inspections, history.")
)
@click.argument("contract_id")
@office_options
@day_options
@common
def contracts_show(
    contract_id: str, folder: Path | None, database: str | None, on: str | None, known: str | None, **kwargs: Any
) -> None:
    """Show a contract."""
    from ecocomp.programmes.contracts import read_items
    from ecocomp.terms.registers import REGISTERS
    from ecoweb.programmes import queries

    voice, days = voice_of(kwargs), asked(on, known)
    with opened(folder, database) as office:
        found = queries.contract(office, contract_id, on=days.on, known=days.known)
        names = _programmes(office)
    if not len(found["history"]):
        raise FaultsError(
            [
                Fault(
                    "programmes.no_contract",
                    "contract",
                    contract_id,
                    Text("没有这份合同。", "there is no such contract."),
                    Text("核对编码。", "Check the code."),
                )
            ]
        )
    voice.data({k: rows_of(v, REGISTERS["contract" if k == "history" else k]) for k, v in found.items()})
    programme = str(found["history"]["programme"][0])
    items = names[programme].items() if programme in names else {}
    worded = {k: _worded(v, names, voice.lang, programme) for k, v in found.items()}
    say_rows(voice, _in_ha(REGISTERS["contract"].title), worded["contract"], _SHOWN, REGISTERS["contract"])
    for row in found["contract"].to_pylist():
        for name, text in read_items(contract_id, row["items"])[0].items():
            voice.say(Text("    {n}：{t}", "    {n}: {t}").fill(n=items.get(name, name), t=text))
    plots = ("plot_id", "parcel_id", "holder_id", "variant", "area_dm2", "class_before", "facts")
    say_rows(voice, _in_ha(REGISTERS["plot"].title), worded["plot"], plots, REGISTERS["plot"])
    duty = ("contract_id", "parcel_id", "holder_id", "duty", "valid_from", "valid_to")
    say_rows(voice, REGISTERS["duty"].title, worded["duty"], duty, REGISTERS["duty"])
    seen = (
        "inspection_id",
        "plot_id",
        "year",
        "judged_by",
        "inspected_on",
        "inspector",
        "result",
        "accepted_dm2",
        "certificate",
        "events",
    )
    say_rows(voice, _in_ha(REGISTERS["inspection"].title), worded["inspection"], seen, REGISTERS["inspection"])
    history = ("state", "valid_from", "valid_to", "known_from", "known_to")
    say_rows(voice, Text("状态的全部版本", "Every version of its state"), found["history"], history, REGISTERS["contract"])


# ---------------------------------------------------------------- contracts
@contracts.command(
    "draft",
    help=t(
        "从村表（CSV、XLSX，每行一个地块）草拟合同；合计与明细不符即拒绝。",
        "Draft contracts from village sheets (CSV, XLSX; a row is a plot); refused when a total disagrees with its rows.",
    ),
)
@click.argument("files", type=_PATH, nargs=-1, required=True)
@office_options
@rule_options
@click.option(
    "--items", type=_PATH, help=t("条款文件（YAML：条款: 内容），用于所有合同", "items (YAML: item: words) of all these contracts")
)
@click.option("--dry-run", is_flag=True, help=t("只检查，不登记", "check only, change nothing"))
@_SIGN_OFF
@_ON
@_DOCUMENT
@act_options
@common
def contracts_draft(files: tuple[Path, ...], folder: Path | None, database: str | None, on: str | None, **kwargs: Any) -> None:
    """Draft contracts."""
    from ecocomp.io.scratch import scratch_folder
    from ecocomp.programmes.sheets import contracts_of, items_text
    from ecoweb.programmes.intake import read_files
    from ecoweb.programmes.operations import _drafts, _stop, draft

    voice = voice_of(kwargs)
    target(None, folder, *files)
    items = items_text(_items(kwargs.pop("items")))
    with opened(folder, database) as office, scratch_folder("contracts-", office.staging) as work:
        sheets = read_files(files, "contract", work, kwargs["sign_off"])
        faults = [f for s in sheets for f in s.faults]
        heads: list[dict[str, Any]] = []
        plots: list[dict[str, Any]] = []
        for s in sheets:
            h, p, wrong = contracts_of(s, items)
            heads, plots, faults = heads + h, plots + p, faults + wrong
        rules, day = _rules(office, kwargs), _day(office, on)
        heads = [h | {"drafted_on": day} for h in heads]
        faults += _drafts(office, rules, heads, plots)[2]
        _stop(faults)
        counts = {k: sum(s.counts[k] for s in sheets) for k in ("lines", "used", "totals", "headings", "empty", "refused")}
        said = Text(
            "{lines} 行：明细 {used}，合计 {totals}，标题 {headings}，空行 {empty}，退回 {refused}；合同 {n} 份。",
            "{lines} lines: {used} rows, {totals} totals, {headings} headings, {empty} empty, {refused} refused; {n} contracts.",
        ).fill(**counts, n=len(heads))
        if kwargs["dry_run"]:
            voice.data(
                {
                    "ok": True,
                    "dry_run": True,
                    "counts": counts,
                    "contracts": [_plain(h) for h in heads],
                    "plots": [_plain(p) for p in plots],
                    "faults": [f.as_json() for f in faults],
                }
            )
            voice.say(said)
            voice.faults([] if voice.as_json else faults)
            voice.say(Text("只作检查，未登记。", "Checked only; nothing was changed."))
            return
        reason = kwargs["reason"] + (f" [{kwargs['sign_off']}]" if kwargs["sign_off"] else "")
        done = draft(
            office, rules, heads, plots, _by({**kwargs, "reason": reason}, f"contracts draft {' '.join(p.name for p in files)}")
        )
    _done(voice, replace(done, warnings=faults), said, counts=counts, contracts=[h["contract_id"] for h in heads])


def _items(path: Path | None) -> dict[str, str]:
    from ecocomp.rules.lines import read_yaml, strip

    if path is None:
        return {}
    if not path.is_file():
        raise UsageError(Text("没有文件 {p}。", "There is no file {p}.").fill(p=path))
    document, faults = read_yaml(path)
    if document is None or faults:
        raise FaultsError(faults)
    found = strip(document)
    if not isinstance(found, dict):
        raise FaultsError(
            [
                Fault(
                    "programmes.items",
                    path.name,
                    "line 1",
                    Text("应是“条款: 内容”的表。", "It should be a mapping item: words."),
                    Text("逐条写。", "Write one line for each."),
                )
            ]
        )
    return {str(k): str(v) for k, v in found.items()}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: plain(v) for k, v in row.items()}


@contracts.command(
    "sign",
    help=t(
        "签订：核对条款、权属、地面和互斥项目；有一处不合即全部不签。",
        "Sign: items, titles, ground and excluded programmes are checked; with one fault nothing is signed.",
    ),
)
@click.argument("contract_ids", nargs=-1, required=True)
@office_options
@rule_options
@_ON
@click.option("--activate", is_flag=True, help=t("同日生效", "in force from that day"))
@_DOCUMENT
@act_options
@common
def contracts_sign(
    contract_ids: tuple[str, ...], folder: Path | None, database: str | None, on: str | None, activate: bool, **kwargs: Any
) -> None:
    """Sign contracts."""
    from ecoweb.programmes.operations import sign

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        rules = _rules(office, kwargs)
        done = sign(office, rules, contract_ids, _day(office, on), _by(kwargs, "contracts sign"), activate=activate)
    _done(voice, done, Text("已签订 {n} 份。", "{n} signed.").fill(n=len(contract_ids)), contracts=list(contract_ids))


def _mover(name: str, to: str, zh: str, en: str) -> None:
    @contracts.command(name, help=t(zh, en))
    @click.argument("contract_ids", nargs=-1, required=True)
    @office_options
    @_ON
    @_DOCUMENT
    @act_options
    @common
    def command(contract_ids: tuple[str, ...], folder: Path | None, database: str | None, on: str | None, **kwargs: Any) -> None:
        from ecocomp.terms.codes import CONTRACT_STATES
        from ecoweb.programmes.operations import move

        voice = voice_of(kwargs)
        with opened(folder, database) as office:
            done = move(office, contract_ids, to, _day(office, on), _by(kwargs, f"contracts {name}"))
        _done(
            voice,
            done,
            Text("{n} 份合同：{s}。", "{n} contracts: {s}.").fill(n=len(contract_ids), s=CONTRACT_STATES[to]),
            contracts=list(contract_ids),
        )


_mover("activate", "in_force", "生效。", "Put into force.")
_mover("suspend", "suspended", "中止：款项待付。", "Suspend: its money waits.")
_mover("resume", "in_force", "恢复履行（中止或违约纠正后）。", "Resume after a suspension, or a breach made good.")
_mover("breach", "breached", "登记违约：不再支付。", "Register a breach: nothing is paid any more.")
_mover("end", "ended", "期满：义务终止。", "The term is over: its duties end.")
_mover("terminate", "terminated", "解除合同：义务终止。", "Terminate: its duties end.")


@contracts.command(
    "renew",
    help=t("续签：原合同转为已续签，新合同为草拟，地块照旧。", "Renew: the old contract is marked, a new draft has its plots."),
)
@click.argument("contract_id")
@click.argument("new_id")
@office_options
@rule_options
@click.option("--from", "start", metavar="DATE", required=True, help=t("新期限起", "the new term begins"))
@click.option("--to", "end", metavar="DATE", help=t("新期限止（不含）", "the new term ends before"))
@_ON
@_DOCUMENT
@act_options
@common
def contracts_renew(
    contract_id: str,
    new_id: str,
    folder: Path | None,
    database: str | None,
    on: str | None,
    start: str,
    end: str | None,
    **kwargs: Any,
) -> None:
    """Renew a contract."""
    from ecoweb.programmes.operations import renew

    voice = voice_of(kwargs)
    new = {"contract_id": new_id, "term_from": day_of(start), "term_to": day_of(end)}
    with opened(folder, database) as office:
        done = renew(office, _rules(office, kwargs), contract_id, new, [], _day(office, on), _by(kwargs, "contracts renew"))
    _done(voice, done, Text("{a} 续签为 {b}（草拟）。", "{a} is renewed as {b} (draft).").fill(a=contract_id, b=new_id))


# ---------------------------------------------------------------- inspections
@contracts.command(
    "inspect",
    help=t(
        "从验收表（CSV、XLSX）登记验收；经办合同的人不得验收。",
        "Record inspections from sheets (CSV, XLSX); nobody who handled a contract may accept it.",
    ),
)
@click.argument("files", type=_PATH, nargs=-1, required=True)
@office_options
@rule_options
@click.option("--dry-run", is_flag=True, help=t("只检查，不登记", "check only, change nothing"))
@_SIGN_OFF
@_DOCUMENT
@act_options
@common
def contracts_inspect(files: tuple[Path, ...], folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Record inspections."""
    from ecocomp.io.scratch import scratch_folder
    from ecocomp.programmes.sheets import INSPECTION_SHEET
    from ecoweb.programmes.intake import read_files
    from ecoweb.programmes.operations import _inspection_faults, _stop, inspect

    voice = voice_of(kwargs)
    with opened(folder, database) as office, scratch_folder("contracts-", office.staging) as work:
        sheets = read_files(files, "inspection", work, kwargs["sign_off"])
        needed = [k for k, h in INSPECTION_SHEET.items() if h.needed]
        read = [r for s in sheets for r in s.rows if all(r[k] is not None for k in needed)]
        found = [{k: v for k, v in r.items() if k != "row"} | {"evidence": r["evidence"] or ""} for r in read]
        faults = [f for s in sheets for f in s.faults]
        faults += _inspection_faults(office, found)
        _stop(faults)
        said = Text("验收 {n} 条。", "{n} inspections.").fill(n=len(found))
        if kwargs["dry_run"]:
            voice.data(
                {"ok": True, "dry_run": True, "inspections": [_plain(i) for i in found], "faults": [f.as_json() for f in faults]}
            )
            voice.say(said)
            voice.faults([] if voice.as_json else faults)
            voice.say(Text("只作检查，未登记。", "Checked only; nothing was changed."))
            return
        reason = kwargs["reason"] + (f" [{kwargs['sign_off']}]" if kwargs["sign_off"] else "")
        done = inspect(
            office,
            _rules(office, kwargs),
            found,
            _by({**kwargs, "reason": reason}, f"contracts inspect {' '.join(p.name for p in files)}"),
        )
    _done(voice, replace(done, warnings=faults), said, inspections=[i["inspection_id"] for i in found])


# ---------------------------------------------------------------- what is owed
@contracts.command(
    "owed",
    help=t(
        "按登记核算一个项目某年的应付，逐户说明。", "Work out what a programme owes in a year from the registers, and explain it."
    ),
)
@click.argument("programme")
@office_options
@rule_options
@click.option("--year", type=int, required=True, help=t("年度", "year"))
@click.option(
    "--reference-day",
    default="12-31",
    show_default=True,
    help=t("每年的权利基准日，月-日", "day of the year on which rights count, MM-DD"),
)
@click.option("--known", metavar="DATE", help=t("按这一天为止的记录", "by what was recorded by this day"))
@click.option("--holder", default=None, help=t("逐步说明这一户", "explain this holder's rows step by step"))
@click.option("--out", type=Named(path_type=Path), help=t("写明细（.csv）", "write the rows (.csv)"))
@common
def contracts_owed(
    programme: str, folder: Path | None, database: str | None, year: int, reference_day: str, known: str | None, **kwargs: Any
) -> None:
    """Work out what is owed."""
    from ecoweb.programmes.year import office_year

    voice = voice_of(kwargs)
    target(kwargs["out"], folder)
    with opened(folder, database) as office:
        rules = _rules(office, kwargs)
        found = office_year(office, rules, [programme], year, reference_day, day_of(known))
    from ecocomp.cli.programme import say_owed

    say_owed(voice, found, {programme: rules.get(programme)}, kwargs["holder"], kwargs["out"])
    if any(f.severity == "error" for f in found.faults):
        sys.exit(1)


@contracts.command(
    "export",
    help=t(
        "写出年度运行用的登记表：contract、enrolment、inspection、objection。",
        "Write the registers a year's run reads: contract, enrolment, inspection, objection.",
    ),
)
@click.argument("out", type=_PATH)
@office_options
@click.option("--known", metavar="DATE", help=t("按这一天为止的记录", "by what was recorded by this day"))
@common
def contracts_export(out: Path, folder: Path | None, database: str | None, known: str | None, **kwargs: Any) -> None:
    """Write gate tables as CSV: all of them or none, and no cell a spreadsheet takes for a formula."""
    from ecoweb.programmes.queries import year_tables

    voice = voice_of(kwargs)
    target(out, folder)
    with opened(folder, database) as office:
        tables, faults = year_tables(office, day_of(known))
    _write_tables(tables, out)
    voice.data(
        {"ok": not faults, "written": {n: len(table) for n, table in tables.items()}, "faults": [f.as_json() for f in faults]}
    )
    for name, table in tables.items():
        voice.say(f"{out / name}.csv  {len(table):,}")
    if faults:
        voice.faults([] if voice.as_json else faults)
        sys.exit(1)


def _write_tables(tables: Mapping[str, pa.Table], out: Path) -> None:
    """Write tables as CSV for spreadsheets; none takes its place before all are written, other files of the folder stay."""
    from contextlib import ExitStack

    from pyarrow.csv import WriteOptions, write_csv

    from ecocomp.governance.open_data import guard_table
    from ecocomp.io.files import atomic_write

    if out.exists() and not out.is_dir():
        raise UsageError(Text("{p} 是文件；给出文件夹。", "{p} is a file; name a folder.").fill(p=out))
    with ExitStack() as written:
        for name, table in tables.items():
            part = written.enter_context(atomic_write(out / f"{name}.csv", table.nbytes))
            with part.open("wb") as sink:
                sink.write(b"\xef\xbb\xbf")
                write_csv(guard_table(table), sink, WriteOptions(quoting_style="needed"))


# ---------------------------------------------------------------- notices and objections
@contracts.group("notice", help=t("公示。", "Public notices."))
def notice() -> None:
    """Notices."""


@notice.command(
    "open",
    help=t(
        "公示一个项目某年在某村的应付，记下各行指纹。",
        "Post what a programme owes in a year in a village; its rows are fingerprinted.",
    ),
)
@click.argument("notice_id")
@office_options
@rule_options
@click.option("--programme", required=True, help=t("项目", "programme"))
@click.option("--year", type=int, required=True, help=t("年度", "year"))
@click.option("--region", required=True, help=t("村或地区代码", "code of the village or region"))
@click.option(
    "--reference-day",
    default="12-31",
    show_default=True,
    help=t("权利基准日，月-日", "day of the year on which rights count, MM-DD"),
)
@_ON
@_DOCUMENT
@act_options
@common
def notice_open(
    notice_id: str,
    folder: Path | None,
    database: str | None,
    programme: str,
    year: int,
    region: str,
    reference_day: str,
    on: str | None,
    **kwargs: Any,
) -> None:
    """Open a notice."""
    from ecoweb.programmes.operations import open_notice
    from ecoweb.programmes.year import due_of_region

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        rules = _rules(office, kwargs)
        due = due_of_region(office, rules, programme, year, reference_day, region)
        done = open_notice(
            office, rules, notice_id, programme, year, region, due, _day(office, on), _by(kwargs, "contracts notice open")
        )
    _done(
        voice, done, Text("公示 {n} 开始，{r} 行。", "Notice {n} is open, {r} rows.").fill(n=notice_id, r=len(due)), rows=len(due)
    )


def _closer(name: str, withdraw: bool, zh: str, en: str) -> None:
    @notice.command(name, help=t(zh, en))
    @click.argument("notice_id")
    @office_options
    @rule_options
    @click.option(
        "--reference-day",
        default="12-31",
        show_default=True,
        help=t("权利基准日，月-日", "day of the year on which rights count, MM-DD"),
    )
    @_ON
    @_DOCUMENT
    @act_options
    @common
    def command(
        notice_id: str, folder: Path | None, database: str | None, reference_day: str, on: str | None, **kwargs: Any
    ) -> None:
        from ecoweb.programmes import queries
        from ecoweb.programmes.operations import close_notice
        from ecoweb.programmes.year import due_of_region

        voice = voice_of(kwargs)
        with opened(folder, database) as office:
            rules = _rules(office, kwargs)
            row = queries.one(office, "notice", "notice_id", notice_id)
            due = (
                None if withdraw else due_of_region(office, rules, row["programme"], row["year"], reference_day, row["region_code"])
            )
            done = close_notice(
                office, rules, notice_id, _day(office, on), _by(kwargs, f"contracts notice {name}"), due=due, withdraw=withdraw
            )
        _done(voice, done, Text("公示 {n} 已办。", "Notice {n}: done.").fill(n=notice_id))


_closer(
    "close", False, "公示期满，核对各行未变后结束。", "Close a notice after its last day; the rows must still be those published."
)
_closer("withdraw", True, "撤回公示。", "Withdraw a notice.")


@contracts.group("objection", help=t("异议。", "Objections."))
def objection() -> None:
    """Objections."""


@objection.command("receive", help=t("登记异议。", "Register an objection."))
@click.argument("objection_id")
@office_options
@rule_options
@click.option("--notice", "notice_id", required=True, help=t("公示编码", "notice code"))
@click.option("--holder", required=True, help=t("权利主体编码", "party concerned"))
@click.option("--parcel", default="", help=t("地块编码，空为全部", "parcel, empty: all"))
@click.option("--kind", required=True, help="area name amount missing excess")
@click.option("--said", default="", help=t("异议内容", "what is objected"))
@_ON
@act_options
@common
def objection_receive(
    objection_id: str,
    folder: Path | None,
    database: str | None,
    notice_id: str,
    holder: str,
    parcel: str,
    kind: str,
    said: str,
    on: str | None,
    **kwargs: Any,
) -> None:
    """Register an objection."""
    from ecoweb.programmes.operations import receive_objection

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        row = {
            "objection_id": objection_id,
            "notice_id": notice_id,
            "holder_id": holder,
            "parcel_id": parcel,
            "kind": kind,
            "said": said,
            "received_on": _day(office, on),
        }
        done = receive_objection(office, _rules(office, kwargs), row, _by(kwargs, "contracts objection receive"))
    _done(voice, done, Text("异议 {n} 已登记。", "Objection {n} is registered.").fill(n=objection_id))


@objection.command("answer", help=t("答复异议：upheld 成立，rejected 不成立。", "Answer an objection: upheld or rejected."))
@click.argument("objection_id")
@click.argument("outcome", type=click.Choice(["upheld", "rejected"]))
@office_options
@rule_options
@click.option("--answer", required=True, help=t("答复理由", "the answer with its reason"))
@_ON
@act_options
@common
def objection_answer(
    objection_id: str, outcome: str, folder: Path | None, database: str | None, answer: str, on: str | None, **kwargs: Any
) -> None:
    """Answer an objection."""
    from ecoweb.programmes.operations import answer_objection

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        done = answer_objection(
            office,
            _rules(office, kwargs),
            objection_id,
            outcome,
            answer,
            _day(office, on),
            _by(kwargs, "contracts objection answer"),
        )
    _done(voice, done, Text("异议 {n} 已答复。", "Objection {n} is answered.").fill(n=objection_id))
