"""`ecocomp agreement`: horizontal agreements checked, settled, explained, compared; those of the public record listed.

Whoever encodes an agreement needs the documentation page "agreements" and these commands, no code.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, may_write, t, voice_of
from ecocomp.terms import clocks
from ecocomp.terms.faults import Fault, FaultsError, UsageError, errors
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    import pyarrow as pa

    from ecocomp.agreements.model import Agreement
    from ecocomp.agreements.outcome import Outcome
    from ecocomp.cli.say import Voice
    from ecocomp.rules import Parameters

_PATH = click.Path(path_type=Path)


@click.group(
    help=t("横向补偿协议：检查、结算、逐步说明、比较版本。", "Horizontal agreements: check, settle, explain, compare versions.")
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def agreement(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def rule_options(command: Any) -> Any:
    """Add `--rules` and `--place`."""
    command = click.option(
        "--place",
        help=t(
            "按哪里的规则（类别限值等）；缺省为第一个在规则库中的当事方，否则全国",
            "whose rules (class limits); default the first party known to the rules, else the nation",
        ),
    )(command)
    return click.option("--rules", type=_PATH, multiple=True, help=t("另加的规则目录", "further rule folders"))(command)


# ---------------------------------------------------------------- check
@agreement.command(
    "check",
    help=t(
        "检查协议文件、目录或随附协议（按编码；不写则全部随附的）：七项、当事方、条款、续签、公布的结果。",
        "Check files, folders or shipped agreements (by id; all of them if none is named): "
        "the seven items, parties, clauses, renewals, published outcomes.",
    ),
)
@click.argument("names", nargs=-1)
@rule_options
@common
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...], rules: tuple[Path, ...], place: str | None, **kwargs: Any) -> None:
    """Print every fault and warning, and the published outcomes beside what the clauses give."""
    from ecocomp.agreements.agreement import read_agreement
    from ecocomp.agreements.diff import renewal_faults
    from ecocomp.agreements.published import STATES, compare, compared_faults
    from ecocomp.agreements.shipped import find, shipped

    voice = voice_of(kwargs)
    files = [f for n in names for f in find(n)] if names else list(shipped().values())
    faults: list[Fault] = []
    read: dict[str, Agreement] = {}
    answers: list[dict[str, Any]] = []
    told: list[list[dict[str, Any]]] = []
    rows: list[list[str]] = []
    for file in files:
        made, found = read_agreement(file)
        if made is not None and made.id in read:
            found.append(_twice(file, made.id, read[made.id].file))
        compared = compare(made, _params(made, 0, rules, place)) if made is not None else []
        if made is not None:
            found += compared_faults(made, compared)
            read.setdefault(made.id, made)
        faults += found
        told.append([_compared(c) for c in compared])
        answers.append(
            {
                "file": str(file),
                "id": made.id if made else None,
                "ok": made is not None,
                "faults": [f.as_json() for f in found],
                "published": told[-1],
            }
        )
        rows += [[made.id if made else "", *_compared_cells(c, voice), STATES[c.state].to(voice.lang)] for c in compared]
    between = renewal_faults(read)
    faults += between
    wrong = errors(faults)
    voice.data({"ok": not wrong, "agreements": answers, "renewals": [f.as_json() for f in between]})
    voice.faults(faults if not voice.as_json else [], show=200)
    heads = [
        Text("协议", "agreement"),
        Text("年", "year"),
        Text("公布的结果", "published"),
        Text("公布", "published"),
        Text("算得", "computed"),
        Text("比较", "comparison"),
    ]
    if rows:
        voice.table(
            Text("公布的结果与条款", "Published outcomes and the clauses"), heads, rows, right=(3, 4), whole=(0, 1, 3, 4, 5)
        )
        for c in (c for a in told for c in a if c["state"] != "agrees"):
            voice.say(f"  {c['year']} {c['what'][voice.lang]}: {c['why'][voice.lang]}")
    voice.say(
        Text("{n} 份协议，{e} 处错误，{w} 处注意。", "{n} agreements, {e} errors, {w} warnings.").fill(
            n=len(files), e=len(wrong), w=len(faults) - len(wrong)
        )
    )
    ctx.exit(1 if wrong else 0)


def _twice(file: Path, id: str, other: str) -> Fault:
    return Fault(
        "agreements.id",
        file.name,
        "id",
        Text("编码 {i} 已用于 {o}。", "The id {i} is used by {o} already.").fill(i=id, o=other),
        Text("每个版本用自己的编码。", "Give each version its own."),
    )


def _compared(c: Any) -> dict[str, Any]:
    both = {"what": {"zh": c.what.zh, "en": c.what.en}, "why": {"zh": c.why.zh, "en": c.why.en}}
    return {
        "year": c.year,
        **both,
        "published_fen": c.published_fen,
        "computed_fen": c.computed_fen,
        "state": c.state,
        "source": c.source,
        "mark": c.mark,
    }


def _compared_cells(c: Any, voice: Voice) -> list[str]:
    return [str(c.year), c.what.to(voice.lang), *(_yuan(x) for x in (c.published_fen, c.computed_fen))]


def _yuan(fen: int | None) -> str:
    from ecocomp.terms.money import say_yuan

    return "—" if fen is None else say_yuan(fen)


# ---------------------------------------------------------------- settle
@agreement.command(
    "settle",
    help=t(
        "按读数结算协议的一年（或期限内每一年），逐步说明为什么是这个数，谁欠谁多少。",
        "Settle a year of an agreement (or every year of its term) from readings, "
        "and say step by step why this amount, and who owes what.",
    ),
)
@click.argument("name")
@click.option(
    "--data",
    type=_PATH,
    multiple=True,
    help=t("读数：CSV、XLSX 或 Parquet；可给多个", "readings: CSV, XLSX or Parquet; may be given more than once"),
)
@click.option(
    "--facts",
    "facts_file",
    type=_PATH,
    help=t("事实文件（YAML）：不可抗力、增长率、已付、决定", "facts (YAML): force majeure, growth, payments, decisions"),
)
@click.option(
    "--year", type=int, help=t("哪一年；缺省为有读数的每个结算年", "which year; default every settled year with readings")
)
@click.option("--on", metavar="DATE", help=t("到这一天谁还欠谁多少", "who still owes what on this day"))
@click.option(
    "--out",
    type=Named(path_type=Path),
    help=t("把结算写成文件（.json、.csv 或 .parquet）", "write the settlement to a file (.json, .csv or .parquet)"),
)
@click.option("--brief", is_flag=True, help=t("不逐步说明", "without the steps"))
@rule_options
@common
@click.pass_context
def settle(
    ctx: click.Context,
    name: str,
    data: tuple[Path, ...],
    facts_file: Path | None,
    year: int | None,
    on: str | None,
    out: Path | None,
    brief: bool,
    rules: tuple[Path, ...],
    place: str | None,
    **kwargs: Any,
) -> None:
    """Settle, explain, and show what is open."""
    from ecocomp.agreements.facts import read_facts, strays
    from ecocomp.agreements.outcome import owed_on, settle_year, unsettled

    voice = voice_of(kwargs)
    may_write(out, Path(name), *data, facts_file, *rules)
    made, faults = _one(name)
    day = day_of(on)
    given, found = ({}, []) if facts_file is None else read_facts(_there(facts_file))
    reading, said = read_data(data, made)
    faults += [*found, *said, *strays(given, made, facts_file.name if facts_file else "facts")]
    if errors(faults):
        raise FaultsError(errors(faults))
    years = [year] if year is not None else _years(made, reading, given)
    if year is not None and not made.in_force(year):
        raise UsageError(
            Text("{y} 年不是协议的结算年；有：{a}。", "{y} is not a year the agreement settles; there are: {a}.").fill(
                y=year, a=", ".join(map(str, made.years()))
            )
        )
    answers, tables = [], []
    for y in years:
        outcome = settle_year(made, reading, y, _params(made, y, rules, place), given)
        owed, more = owed_on(outcome, given.get("paid") or (), day) if day else ([], [])
        faults += [*unsettled(outcome.table()), *more]
        tables.append(outcome.table())
        answers.append(_answer(outcome, owed, day))
        if not voice.as_json:
            _say(voice, outcome, owed, day, brief)
    if not years:
        clash = Text(
            "没有可结算的年：读数都在期限 {a} 到 {b} 之外，或没有读数。",
            "No year to settle: all readings lie outside the term {a} to {b}, or there are none.",
        )
        faults.append(
            Fault(
                "agreements.no_year",
                made.file,
                "",
                clash.fill(a=made.valid_from, b=made.valid_to),
                Text("核对月份，或用 --year。", "Look at the months, or use --year."),
                "warning",
            )
        )
    if out is not None:
        _write(out, tables, answers)
        voice.say(Text("已写入 {p}。", "Wrote {p}.").fill(p=out))
    voice.data({"agreement": made.id, "settlements": answers, "warnings": [f.as_json() for f in faults]})
    voice.faults([] if voice.as_json else _worth_saying(faults))
    ctx.exit(0 if years else 1)


def _worth_saying(faults: list[Fault]) -> list[Fault]:
    """Leave out what the settlement itself says already."""
    return [f for f in faults if f.code not in ("agreements.open",)]


def _one(name: str) -> tuple[Agreement, list[Fault]]:
    from ecocomp.agreements.agreement import read_agreement
    from ecocomp.agreements.shipped import find

    files = find(name)
    if len(files) > 1:
        raise UsageError(
            Text("{n} 里有 {k} 个文件；指明一个。", "There are {k} files in {n}; name one.").fill(n=name, k=len(files))
        )
    made, faults = read_agreement(files[0])
    if made is None:
        raise FaultsError(errors(faults))
    return made, faults


def _there(path: Path) -> Path:
    if not path.is_file():
        raise UsageError(Text("没有文件 {p}。", "There is no file {p}.").fill(p=path))
    return path


def _years(made: Agreement, reading: pa.Table, facts: dict[str, Any]) -> list[int]:
    starts = int(made.data.get("year_starts") or 1)
    found = set()
    for month in set(reading["month"].to_pylist()):
        year = int(month[:4])
        found.add(year - 1 if len(month) == 7 and int(month[5:]) < starts else year)
    found |= {int(x["year"]) for key in ("determined", "decided") for x in facts.get(key) or () if x.get("year")}
    if not found and not made.sections():
        return made.years()
    return [y for y in made.years() if y in found]


def read_data(paths: tuple[Path, ...], made: Agreement | None) -> tuple[pa.Table, list[Fault]]:
    """Return the readings of files (CSV, XLSX, Parquet) and what is wrong with them; foreign files are opened apart."""
    from ecocomp.agreements.data import Cells, read_cells, table_cells

    sheets: list[Cells] = []
    faults: list[Fault] = []
    for path in paths:
        if path.suffix.casefold() == ".parquet":
            from ecocomp.io.worker import TableJob

            clean, found, _ = _opened(TableJob("readings", _there(path), max_columns=256), path)
            faults += found
            if clean is not None:
                sheets.append(table_cells(clean, path.name))
            continue
        from ecocomp.io.worker import SheetsJob

        clean, found, facts = _opened(SheetsJob("readings", _there(path), max_columns=256), path)
        faults += found
        if clean is not None:
            sheets += _sheets(clean, facts, path)
    table, more = read_cells(sheets, made)
    return table, [*faults, *more]


def _opened(job: Any, path: Path) -> tuple[Any, list[Fault], dict[str, Any]]:
    import pyarrow.parquet as pq

    from ecocomp.io.scratch import scratch_folder
    from ecocomp.io.worker import Worker

    with scratch_folder("ecocomp-agreement-") as folder, Worker() as worker:
        (answer,) = worker.run([job], folder / "clean")
        if not answer.ok or answer.path is None:
            return None, list(answer.faults), {}
        return pq.read_table(answer.path), [f for f in answer.faults if f.severity == "warning"], dict(answer.facts)


def _sheets(clean: pa.Table, facts: dict[str, Any], path: Path) -> list[Any]:
    from ecocomp.agreements.data import Cells

    by_sheet: dict[int, list[tuple[int, list[str]]]] = {}
    cells = [n for n in clean.schema.names if n not in ("sheet", "row", "kinds")]
    for row in clean.to_pylist():
        by_sheet.setdefault(row["sheet"], []).append((row["row"], [row[c] or "" for c in cells]))
    names = [s.get("name") or "" for s in facts.get("sheets") or ()]
    return [
        Cells(" · ".join(x for x in (path.name, names[n] if n < len(names) else "") if x), rows)
        for n, rows in sorted(by_sheet.items())
    ]


def _params(made: Agreement, year: int, rules: tuple[Path, ...], place: str | None) -> Parameters:
    from ecocomp.rules import policy_folder

    book = _book((policy_folder(), *rules))
    where = place or next((p.code for p in made.parties if p.code in book.places), "CN")
    if where not in book.places:
        raise UsageError(
            Text("没有地方 {p}；有：{k}。", "There is no place {p}; there are: {k}.").fill(
                p=where, k=", ".join(sorted(book.places))
            )
        )
    on = date(year, 12, 31) if year else made.valid_to
    return book.resolve(where, on, clocks.today())


_BOOKS: dict[tuple[Path, ...], Any] = {}


def _book(folders: tuple[Path, ...]) -> Any:
    from ecocomp.rules import RuleBook

    if folders not in _BOOKS:
        _BOOKS[folders] = RuleBook.load(list(folders))
    return _BOOKS[folders]


def _answer(outcome: Outcome, owed: list[Any], day: date | None) -> dict[str, Any]:
    from ecocomp.agreements.outcome import counted_once

    return {
        "year": outcome.year,
        "complete": outcome.complete,
        "clauses": [
            {
                "clause": x.clause,
                "settled": x.settled,
                "payer": x.row.payer or None,
                "payee": x.row.payee or None,
                "amount_fen": x.row.amount_fen if x.settled else None,
                "evidence": dict(x.row.evidence),
                "steps": [{"zh": s.zh, "en": s.en} for s in x.row.steps],
            }
            for x in outcome.lines
        ],
        "steps": [{"zh": s.zh, "en": s.en} for s in outcome.steps],
        "nets_fen": _known_nets(outcome),
        "transfers": [{"payer": a, "payee": b, "amount_fen": n} for a, b, n in outcome.transfers],
        "dues": [
            {"kind": d.kind, "payer": d.payer, "payee": d.payee, "amount_fen": d.amount_fen, "due": str(d.due) if d.due else None}
            for d in outcome.dues
        ],
        "passed_on": [{"party": p.party, "to": p.to, "amount_fen": p.amount_fen} for p in outcome.passed],
        "counted_once_fen": counted_once(outcome),
        "deadlines": [{"what": {"zh": w.zh, "en": w.en}, "by": b, "day": str(d)} for w, b, d in outcome.deadlines],
        **(
            {
                "on": str(day),
                "owed": [
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
                    for o in owed
                ],
            }
            if day
            else {}
        ),
    }


def _known_nets(outcome: Outcome) -> dict[str, int | None]:
    """Return the nets; a party whose own row has no value has none, which is not zero."""
    gone = {x.row.payer for x in outcome.lines if not x.settled and x.row.payer}
    none = bool(outcome.lines) and not any(x.settled for x in outcome.lines)
    return {c: None if none or (c in gone and not n) else n for c, n in outcome.nets.items()}


_KINDS = {"prepay": Text("预付", "prepayment"), "settle": Text("清算", "settlement"), "clawback": Text("退回预付", "claw-back")}


def _say(voice: Voice, outcome: Outcome, owed: list[Any], day: date | None, brief: bool) -> None:
    from ecocomp.agreements.outcome import STATES

    a, name = outcome.agreement, outcome.agreement.party_name
    voice.say("")
    voice.say(Text("{n}（{i}），{y} 年", "{n} ({i}), {y}").fill(n=a.name, i=a.id, y=outcome.year))
    told: set[tuple[str, Text]] = set()
    for line in outcome.lines:
        head = Text("未结算", "not settled") if not line.settled else same(_yuan(line.row.amount_fen))
        pair = (
            f"{name(line.row.payer).to(voice.lang)} → {name(line.row.payee).to(voice.lang)}"
            if line.settled
            else name(line.row.payer).to(voice.lang)
        )
        voice.say(f"  {line.clause}: {pair} {head.to(voice.lang)}")
        if not brief or not line.settled:
            # several payments of one clause rest on the same steps, which are told once
            for step in (x for x in line.row.steps if (line.clause, x) not in told):
                voice.say(f"      {step.to(voice.lang)}")
            told |= {(line.clause, x) for x in line.row.steps}
        if line.row.evidence.get("unverified"):
            marks = ", ".join(f"{k} ({m})" for k, m in line.row.evidence["unverified"].items())
            voice.say(Text("      依据未核实的条款内容：{m}。", "      Rests on unverified terms: {m}.").fill(m=marks))
    for step in outcome.steps:
        voice.say(f"  {step.to(voice.lang)}")
    nets = _known_nets(outcome)
    voice.say(Text("  各方净额（元；“—”为没有值，不是零）", "  Nets (yuan; “—”: no value, which is not zero)"))
    voice.table(
        same(""),
        [Text("一方", "party"), Text("净额", "net")],
        [[name(c).to(voice.lang), _yuan(n)] for c, n in nets.items()],
        right=(1,),
    )
    if outcome.dues:
        states = {id(o.due): o for o in owed}
        rows = []
        for d in outcome.dues:
            o = states.get(id(d))
            rows.append(
                [
                    _KINDS[d.kind].to(voice.lang),
                    name(d.payer).to(voice.lang),
                    name(d.payee).to(voice.lang),
                    _yuan(d.amount_fen),
                    str(d.due or "—"),
                ]
            )
            if o is not None:
                rows[-1] += [
                    _yuan(o.paid_fen),
                    _yuan(o.open_fen),
                    str(o.days_late or ""),
                    _yuan(o.late_fen) if o.late_fen else "",
                    STATES[o.state].to(voice.lang),
                ]
        heads = [
            Text("", ""),
            Text("付款方", "payer"),
            Text("收款方", "payee"),
            Text("应付（元）", "due (yuan)"),
            Text("付款日", "day"),
        ]
        if day:
            heads += [
                Text("已付", "paid"),
                Text("未付", "open"),
                Text("逾期天数", "days late"),
                Text("逾期费", "late charge"),
                Text("状态", "state"),
            ]
        title = Text("应付", "Dues") if day is None else Text("{d} 的应付", "Dues on {d}").fill(d=day)
        voice.table(title, heads, rows, right=(3, 5, 6, 7, 8), whole=tuple(range(len(heads))))
    if outcome.passed:
        rows = [[name(p.party).to(voice.lang), name(p.to).to(voice.lang), _yuan(p.amount_fen)] for p in outcome.passed]
        title = Text("  下拨（是上面净额的一部分，不另计）", "  Passed on (part of the nets above, not on top of them)")
        voice.say(title)
        voice.table(same(""), [Text("由", "from"), Text("到", "to"), Text("元", "yuan")], rows, right=(2,))
    for what, by, last in outcome.deadlines:
        voice.say(f"  {last} {name(by).to(voice.lang) if by else ''} {what.to(voice.lang)}")


def _write(out: Path, tables: list[Any], answers: list[dict[str, Any]]) -> None:
    import io

    import pyarrow as pa

    from ecocomp.io.files import write_bytes, write_json, write_table
    from ecocomp.terms.tables import SETTLEMENT

    table = pa.concat_tables(tables) if tables else SETTLEMENT.empty()
    suffix = out.suffix.casefold()
    if suffix == ".json":
        write_json(answers, out)
    elif suffix == ".parquet":
        write_table(table, out)
    elif suffix == ".csv":
        import csv

        from ecocomp.terms.unseen import guarded_cell

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.schema.names)
        writer.writerows([[guarded_cell(str(v)) if isinstance(v, str) else v for v in row.values()] for row in table.to_pylist()])
        write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode("utf-8"), out)
    else:
        raise UsageError(Text("{p} 的后缀要是 .json、.csv 或 .parquet。", "{p} should end in .json, .csv or .parquet.").fill(p=out))


# ---------------------------------------------------------------- list, show, new, diff
@agreement.command(
    "list",
    help=t(
        "列出随附协议（按公开资料写成）和条款类型。",
        "List the shipped agreements (written from the public record) and the kinds of clauses.",
    ),
)
@common
def list_agreements(**kwargs: Any) -> None:
    """Print the shipped agreements and the kinds of clauses."""
    from ecocomp.agreements.agreement import read_agreement
    from ecocomp.agreements.shipped import shipped
    from ecocomp.registry import entries

    voice = voice_of(kwargs)
    rows, answers = [], []
    for id, path in shipped().items():
        made, faults = read_agreement(path)
        left_open = sum(f.code == "agreements.open" for f in faults)
        if made is None:
            rows.append([id, "", "", "", "?"])
            continue
        kinds = ", ".join(made.labels())
        rows.append([id, made.name.to(voice.lang), f"{made.valid_from.year}–{made.valid_to.year}", kinds, str(left_open)])
        answers.append(
            {
                "id": id,
                "name": {"zh": made.name.zh, "en": made.name.en},
                "from": str(made.valid_from),
                "to": str(made.valid_to),
                "clauses": made.labels(),
                "open": left_open,
                "file": str(path),
            }
        )
    kinds_known = [
        {
            "kind": k,
            "name": {"zh": e.spec.name.zh, "en": e.spec.name.en},
            "summary": {"zh": e.spec.summary.zh, "en": e.spec.summary.en},
        }
        for k, e in entries("agreements.clauses").items()
    ]
    voice.data({"agreements": answers, "clauses": kinds_known})
    heads = [Text("编码", "id"), Text("名称", "name"), Text("年", "years"), Text("条款", "clauses"), Text("未知项", "open")]
    voice.table(Text("随附协议", "Shipped agreements"), heads, rows, right=(4,), whole=(0, 2))
    voice.table(
        Text("条款类型", "Kinds of clauses"),
        [Text("类型", "kind"), Text("名称", "name"), Text("做什么", "what it does")],
        [[k, e.spec.name.to(voice.lang), e.spec.summary.to(voice.lang)] for k, e in entries("agreements.clauses").items()],
    )


@agreement.command(
    "show",
    help=t(
        "显示一份协议：当事方、七项、条款、未知项；或一种条款的写法。",
        "Show an agreement: parties, seven items, clauses, what is open; or how a kind of clause is written.",
    ),
)
@click.argument("name")
@common
def show(name: str, **kwargs: Any) -> None:
    """Print an agreement, or a kind of clause with its keys and examples."""
    from ecocomp.agreements.checks import ITEMS
    from ecocomp.registry import entries

    voice = voice_of(kwargs)
    if name in entries("agreements.clauses"):
        _show_kind(voice, entries("agreements.clauses")[name])
        return
    from ecocomp.agreements.shipped import find

    made, faults = _one(name)
    text = find(name)[0].read_text(encoding="utf-8")
    voice.data(
        {
            "id": made.id,
            "name": {"zh": made.name.zh, "en": made.name.en},
            "term": [str(made.valid_from), str(made.valid_to)],
            "years": made.years(),
            "text": text,
            "faults": [f.as_json() for f in faults],
        }
    )
    voice.say(f"{made.id}  {made.name.to(voice.lang)}  {made.valid_from} – {made.valid_to}")
    for p in made.parties:
        voice.say(f"  {p.code} {p.name.to(voice.lang)} ({p.role})")
    for keys, words in ITEMS:
        for key in keys:
            if key in made.words:
                voice.say(f"  {words.to(voice.lang)}: {made.words[key].to(voice.lang) or '—'}")
    for label, clause in zip(made.labels(), made.clauses, strict=True):
        spec = entries("agreements.clauses")[clause["kind"]].spec
        voice.say(f"  {label}: {spec.summary.to(voice.lang)}")
        for key, value in clause.items():
            if key not in ("kind", "unknown") and value:
                voice.say(f"      {key}: {_plain(value)}")
    voice.faults(faults)


def _plain(value: Any) -> str:
    from fractions import Fraction

    from ecocomp.agreements.readings import say
    from ecocomp.agreements.shape import is_number

    if is_number(value):
        return say(Fraction(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_plain(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(_plain(v) for v in value) + "]" if isinstance(value, list | tuple) else str(value)


def _show_kind(voice: Voice, entry: Any) -> None:
    spec, module = entry.spec, entry.module
    voice.data(
        {
            "kind": spec.id,
            "keys": _plain_shape(module.SHAPE),
            "needs": list(getattr(module, "NEEDS", ())),
            "formula": spec.formula,
            "summary": {"zh": spec.summary.zh, "en": spec.summary.en},
        }
    )
    voice.say(f"{spec.id}  {spec.name.to(voice.lang)}")
    voice.say(spec.summary.to(voice.lang))
    voice.say(spec.formula)
    voice.say(spec.holds.to(voice.lang))
    for key, shape in module.SHAPE.items():
        need = Text("必须", "needed") if key in getattr(module, "NEEDS", ()) else Text("可选", "optional")
        voice.say(f"    {key}: {_plain(_plain_shape(shape))}  ({need.to(voice.lang)})")
    for example in spec.examples:
        voice.say(Text("  例：{s}", "  example: {s}").fill(s=example.source))
        voice.say(f"      {_plain(example.inputs)}")
        voice.say(f"      → {_plain(example.outputs)}")


def _plain_shape(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {k: _plain_shape(v) for k, v in shape.items()}
    return [_plain_shape(s) for s in shape] if isinstance(shape, list) else shape


@agreement.command(
    "new",
    help=t("写一份带注释的协议样板，填好后 check、settle。", "Write a commented template; fill it in, then check and settle."),
)
@click.argument("kind", required=False)
@click.option("--out", type=Named(path_type=Path), help=t("写到文件；缺省打印", "file to write; default print"))
@common
def new(kind: str | None, out: Path | None, **kwargs: Any) -> None:
    """Print or write a template with a clause of the kind asked for (default: index bands)."""
    from ecocomp.agreements.template import template

    voice = voice_of(kwargs)
    text = template(kind or "index_bands")
    if out is not None:
        from ecocomp.io.files import write_bytes

        may_write(out)
        if out.exists():
            raise UsageError(Text("{p} 已存在，未改动。", "{p} is there already and is left as it is.").fill(p=out))
        out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(text.encode("utf-8"), out)
        voice.data({"written": str(out)})
        voice.say(
            Text(
                "已写入 {p}；填好后运行 ecocomp agreement check {p}。", "Wrote {p}; fill it in and run ecocomp agreement check {p}."
            ).fill(p=out)
        )
        return
    voice.data({"template": text})
    if not voice.as_json:
        click.echo(text, nl=False)


@agreement.command("diff", help=t("比较两份协议（如续签前后）。", "Compare two agreements, such as before and after a renewal."))
@click.argument("first")
@click.argument("second")
@common
def diff(first: str, second: str, **kwargs: Any) -> None:
    """Print every difference."""
    from ecocomp.agreements.diff import differences, renewal_faults

    voice = voice_of(kwargs)
    (one, _), (two, _) = _one(first), _one(second)
    found = differences(one, two)
    faults = renewal_faults({one.id: one, two.id: two})
    voice.data(
        {"first": one.id, "second": two.id, "changes": [c._asdict() for c in found], "faults": [f.as_json() for f in faults]}
    )
    voice.table(
        Text("{a} 与 {b}：{n} 处不同", "{a} and {b}: {n} differences").fill(a=one.id, b=two.id, n=len(found)),
        [Text("位置", "where"), same(one.id), same(two.id)],
        [[c.at, c.before if c.before is not None else "—", c.after if c.after is not None else "—"] for c in found],
    )
    voice.faults([] if voice.as_json else faults)
