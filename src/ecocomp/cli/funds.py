"""`ecocomp funds`: transfers to counties, equalisation, tables as issued, plans of use, and the years ahead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, may_write, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import Fault, FaultsError, UsageError, errors, raise_errors
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.funds.sheet import Column, Read
    from ecocomp.rules import Parameters

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.group(
    help=t(
        "资金：纵向转移支付、均衡性转移支付、已下达表核对、用途核对、多年资金计划。",
        "Funds: transfers to counties, equalisation, tables as issued, plans of use, the years ahead.",
    )
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def funds(lang: str | None) -> None:
    """The group."""


# ---------------------------------------------------------------- what the commands share
def rule_options(command: Any) -> Any:
    """Add `--place CODE` and `--rules DIR`."""
    command = click.option(
        "--rules", "folders", type=_FOLDER, multiple=True, help=t("另加的规则目录", "another folder of rules, over those that ship")
    )(command)
    return click.option("--place", default="CN", help=t("哪个地方的规则，缺省 CN", "whose rules, default CN"))(command)


def params_of(place: str, folders: Sequence[Path], on: date) -> Parameters:
    """Return the rules of a place on a day, with folders of the user's over those that ship."""
    from ecocomp.rules import RuleBook, policy_folder

    return RuleBook.load([policy_folder(), *folders]).resolve(place, on, date(9999, 1, 1))


def unverified(params: Parameters) -> list[Fault]:
    """Return a warning for each rule used that nobody has read in its document (marks M, R, L)."""
    remedy = Text("核对出处后改标记。", "Verify it in its document and change the mark.")
    return [replace(f, severity="warning", remedy=remedy) for f in params.unaccepted(())]


def yuan(text: str | None, name: str) -> int | None:
    """Return an amount in yuan as fen (``3020000000``, ``1,234.56``, ``30.2亿``, ``500万``); `UsageError` for anything else."""
    from ecocomp.terms.money import MOST_WRITTEN_FEN, fen_of_option

    return None if text is None else fen_of_option(text, name, least=-MOST_WRITTEN_FEN)


def lines_of(path: Path) -> list[tuple[str, list[str]]]:
    """Return every row of a CSV file or of the first sheet with rows of a workbook, as text; the worker opens the file."""
    import tempfile

    from ecocomp.io.worker import SheetsJob, Worker

    if not path.exists():
        raise UsageError(Text("没有这个文件：{p}", "There is no such file: {p}").fill(p=path))
    with tempfile.TemporaryDirectory(prefix="ecocomp-funds-") as folder, Worker() as worker:
        (answer,) = worker.run([SheetsJob("funds", path, max_rows=200_000, max_columns=400)], Path(folder))
        raise_errors(answer.faults)
        if not answer.ok or answer.path is None:
            raise FaultsError(answer.faults)
        from ecocomp.io.files import read_table

        table = read_table(answer.path)
        cells = [n for n in table.column_names if n not in ("sheet", "row", "kinds")]
        first = table["sheet"][0].as_py() if len(table) else 0
        rows = [r for r in table.to_pylist() if r["sheet"] == first]
    return [(f"row {r['row']}", [r[c] or "" for c in cells]) for r in rows]


def read_sheet(path: Path, columns: Sequence[Column], **how: Any) -> Read:
    """Return the rows of a table with the faults of reading it."""
    from ecocomp.funds.sheet import read

    return read(lines_of(path), columns, path.name, **how)


def tell(voice: Voice, faults: Sequence[Fault], answer: Mapping[str, Any] | None, show: Callable[[], None] | None = None) -> int:
    """Print an answer with its faults, or the faults alone; return the exit status."""
    wrong = errors(faults)
    voice.data({"ok": not wrong, **(answer or {}), "faults": [f.as_json() for f in faults]})
    if not voice.as_json:
        voice.faults(faults)
        if show is not None and answer is not None:
            show()
    return 1 if wrong else 0


def write_out(path: Path, head: Sequence[str], rows: Sequence[Sequence[Any]], text: str, *inputs: Path) -> None:
    """Write a result: ``.csv`` the table, ``.md`` or ``.txt`` the text, ``.json`` the table as JSON."""
    import csv
    import io
    import json

    from ecocomp.io.files import write_bytes
    from ecocomp.terms.unseen import guarded_cell

    may_write(path, *inputs)
    kind = path.suffix.lower()
    if kind == ".csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([head, *([guarded_cell(c) for c in r] for r in rows)])
        data = ("\ufeff" + out.getvalue()).encode()
    elif kind == ".json":
        data = (
            json.dumps([dict(zip(head, r, strict=True)) for r in rows], ensure_ascii=False, indent=1, default=str) + "\n"
        ).encode()
    elif kind in (".md", ".txt"):
        data = text.encode()
    else:
        raise UsageError(Text("{p}：用 .csv、.json、.md 或 .txt。", "{p}: use .csv, .json, .md or .txt.").fill(p=path))
    write_bytes(data, path)


def guarded(voice: Voice, work: Callable[[], int]) -> None:
    """Run a command's work; faults are told in the asked form and end with 1."""
    try:
        status = work()
    except FaultsError as stop:
        status = tell(voice, list(stop.faults), None) or 1
    sys.exit(status)


# ---------------------------------------------------------------- transfer
@funds.command(
    help=t(
        "重点生态功能区转移支付：把省的资金分到县，合计分文不差，附每县每步的说明。FILE 是 CSV 或 XLSX，一县一行。",
        "Transfer for key ecological function zones: split a province's pool over its counties, to the fen, with every step. "
        "FILE is CSV or XLSX, a row for each county.",
    )
)
@click.argument("file", type=_FILE)
@click.option("--pool", required=True, metavar="YUAN", help=t("资金总额（元；可写 30.2亿）", "the pool in yuan"))
@click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="NAME=YUAN",
    help=t("某一部分的资金，如 forbidden=1亿", "a part of the pool, e.g. forbidden=100000000"),
)
@click.option("--top-up", metavar="YUAN", help=t("省级补充资金，单列", "the province's own money, kept apart"))
@click.option(
    "--edition",
    type=click.Choice(["2017", "2019", "2022"]),
    help=t("办法的版本，缺省按年度", "edition of the method, default by year"),
)
@click.option("--year", type=click.IntRange(2000, 2100), help=t("年度，缺省 2026", "year, default 2026"))
@click.option(
    "--stacking", type=click.Choice(["max", "sum"]), help=t("多种类型取最高或相加", "several kinds: the highest or the sum")
)
@click.option("--out", type=Named(path_type=Path), help=t("结果文件：.csv .json .md .txt", "write the result: .csv .json .md .txt"))
@rule_options
@common
def transfer(
    file: Path,
    pool: str,
    parts: tuple[str, ...],
    top_up: str | None,
    edition: str | None,
    year: int | None,
    stacking: str | None,
    out: Path | None,
    place: str,
    folders: tuple[Path, ...],
    **kwargs: Any,
) -> None:
    """Split a pool over counties."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecocomp.funds.published import method
        from ecocomp.funds.transfer import COLUMNS, EDITIONS, PREFIXES, allocate_transfer

        day = date.fromisoformat(EDITIONS[edition]) if edition else date(year or 2026, 12, 31)
        params = params_of(place, folders, day)
        got = read_sheet(file, COLUMNS, prefixes=PREFIXES, key="county")
        raise_errors(got.faults)
        done = allocate_transfer(
            got.rows,
            params,
            pool_fen=yuan(pool, "--pool") or 0,
            pools_fen=_named(parts),
            top_up_fen=yuan(top_up, "--top-up") or 0,
            stacking=stacking or "",
            where=file.name,
        )
        head = ["county", *done.components, "limits", "total", "top_up", "held"]
        rows = [
            [c.name, *(_yuan(c.parts[p]) for p in done.components), _yuan(c.limits), _yuan(c.total), _yuan(c.top_up), c.held]
            for c in done.counties
        ]
        if out is not None:
            write_out(out, head, rows, method(done, voice.lang), file)
        answer = {
            "pool_fen": done.pool,
            "parts_fen": done.pools,
            "kept_fen": done.kept,
            "top_up_fen": done.top_up,
            "multiplier": str(done.multiplier),
            "components": list(done.components),
            "stacking": done.stacking,
            "total_rows_passed_over": got.totals,
            "counties": [
                {
                    "county": c.name,
                    **{f"{p}_fen": v for p, v in c.parts.items()},
                    "limits_fen": c.limits,
                    "total_fen": c.total,
                    "top_up_fen": c.top_up,
                    "held": c.held,
                    "steps": {k: str(v) if not isinstance(v, dict | str) else v for k, v in c.facts.items()},
                }
                for c in done.counties
            ],
            "rules": [
                {k: str(v) for k, v in r.items() if k in ("key", "value", "document", "confidence", "file", "line")}
                for r in done.sources
            ],
        }
        return tell(
            voice, [*got.faults, *done.warnings, *unverified(params)], answer, lambda: _show_transfer(voice, head, rows, done)
        )

    guarded(voice, work)


def _named(parts: Sequence[str]) -> dict[str, int] | None:
    out: dict[str, int] = {}
    for p in parts:
        name, sign, value = p.partition("=")
        if not sign or name.strip() in out:
            raise UsageError(
                Text("--part 写成 名称=金额，一部分一次：{p}", "Write --part as NAME=YUAN, each part once: {p}").fill(p=p)
            )
        out[name.strip()] = yuan(value, f"--part {name.strip()}") or 0
    return out or None


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


_HELD = {"low": Text("下限", "low"), "high": Text("上限", "high")}


def _shown(cell: str, lang: str) -> str:
    """Return a cell as people read it: sums in groups of three digits, limits in words."""
    if cell in _HELD:
        return _HELD[cell].to("zh" if lang == "zh" else "en")
    body = cell.removeprefix("-")
    whole, dot, cents = body.partition(".")
    if dot and len(cents) == 2 and whole.isdigit() and cents.isdigit():
        return f"{'−' if body != cell else ''}{int(whole):,}.{cents}"
    return cell


def _show_transfer(voice: Voice, head: list[str], rows: list[list[str]], done: Any) -> None:
    from ecocomp.funds.transfer import PART_NAMES
    from ecocomp.terms.money import say_yuan

    names = {"county": Text("县", "county"), "held": Text("限额", "limit"), **PART_NAMES}
    voice.table(
        Text("转移支付，元；合计 {t}，资金 {p}", "transfer, yuan; total {t}, pool {p}").fill(
            t=say_yuan(sum(c.total for c in done.counties)), p=say_yuan(done.pool)
        ),
        [names.get(h, Text(h, h)) for h in head],
        [[r[0], *(_shown(x, voice.lang) for x in r[1:])] for r in rows],
        right=tuple(range(1, len(head) - 1)),
    )
    if done.kept:
        voice.say(Text("扣减后留存 {v} 元。", "{v} yuan are kept after cuts.").fill(v=say_yuan(done.kept)))


# ---------------------------------------------------------------- equalise
@funds.command(
    help=t(
        "均衡性转移支付（财预〔2022〕58号）。w1、w2 文件未写明，须给出。FILE 是 CSV 或 XLSX，一地区一行。",
        "Equalisation transfer (Caiyu (2022) 58). w1 and w2 are not stated there and must be given. FILE is CSV or XLSX.",
    )
)
@click.argument("file", type=_FILE)
@click.option("--pool", required=True, metavar="YUAN", help=t("资金总额（元）", "the pool in yuan"))
@click.option("--w1", metavar="NUMBER", help=t("缺口部分的权重", "weight of the gap term"))
@click.option("--w2", metavar="NUMBER", help=t("困难程度部分的权重", "weight of the hardship term"))
@click.option("--effort-pool", metavar="YUAN", help=t("努力奖励资金，单列", "money for effort, kept apart"))
@click.option("--year", type=click.IntRange(2000, 2100), default=2026, help=t("年度", "year"))
@click.option("--out", type=Named(path_type=Path), help=t("结果文件：.csv .json", "write the result: .csv or .json"))
@rule_options
@common
def equalise(
    file: Path,
    pool: str,
    w1: str | None,
    w2: str | None,
    effort_pool: str | None,
    year: int,
    out: Path | None,
    place: str,
    folders: tuple[Path, ...],
    **kwargs: Any,
) -> None:
    """Split an equalisation pool over regions."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecocomp.funds.equalise import COLUMNS, PREFIXES
        from ecocomp.funds.equalise import equalise as run

        params = params_of(place, folders, date(year, 12, 31))
        got = read_sheet(file, COLUMNS, prefixes=PREFIXES, key="region")
        done = None
        try:
            raise_errors(got.faults)
            done = run(
                got.rows,
                params,
                pool_fen=yuan(pool, "--pool") or 0,
                w1=_number(w1, "--w1"),
                w2=_number(w2, "--w2"),
                effort_pool_fen=yuan(effort_pool, "--effort-pool") or 0,
                where=file.name,
            )
        except FaultsError as stop:
            return tell(voice, [*(f for f in got.faults if f not in stop.faults), *stop.faults], None)
        head = ["region", "std_expenditure", "gap", "hardship", "coef", "formula", "equalisation", "effort", "total", "held"]
        rows = [
            [
                r.name,
                _yuan(r.std_expenditure_fen),
                _yuan(r.gap_fen),
                "" if r.hardship is None else f"{r.hardship:.6f}",
                "" if r.coef is None else f"{r.coef:.6f}",
                _yuan(r.formula_fen),
                _yuan(r.equalisation_fen),
                _yuan(r.effort_fen),
                _yuan(r.total_fen),
                r.held,
            ]
            for r in done.regions
        ]
        if out is not None:
            write_out(out, head, rows, "\n".join("\t".join(r) for r in [head, *rows]) + "\n", file)
        answer = {
            "gaps_fen": done.gaps_fen,
            "multiplier": done.multiplier,
            "w1": str(done.w1),
            "w2": str(done.w2),
            "regions": [_region_json(r) for r in done.regions],
        }

        def show() -> None:
            zh, en = "地区 缺口 困难程度 系数 公式数 补助 努力奖励 限额", "region gap hardship coef formula granted effort limit"
            heads = [Text(a, b) for a, b in zip(zh.split(), en.split(), strict=True)]
            cells = [[r[0], *(_shown(x, voice.lang) for x in (*r[2:8], r[9]))] for r in rows]
            voice.table(Text("均衡性转移支付，元", "equalisation, yuan"), heads, cells, right=tuple(range(1, 7)))
            closed = Text("公式数乘以 {m:.9f} 与资金相等。", "The formula's sums times {m:.9f} make the pool.")
            voice.say(closed.fill(m=done.multiplier))

        return tell(voice, [*got.faults, *unverified(params)], answer, show)

    guarded(voice, work)


def _region_json(r: Any) -> dict[str, Any]:
    names = ("std_expenditure_fen", "gap_fen", "hardship", "coef", "formula_fen", "equalisation_fen", "effort_fen", "held")
    return {"region": r.name, **{n: getattr(r, n) for n in names}}


def _number(text: str | None, name: str) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 1_000_000:
        raise UsageError(Text("{n} 不是数：{t}", "{n} is no number: {t}").fill(n=name, t=text))
    return value


# ---------------------------------------------------------------- tables as issued, plans of use
@funds.command(
    help=t(
        "核对已下达的分配表：合计 = 已下达 + 本次；各行之和与总计。不写 FILE 时核对 2020 年的表。",
        "Check an allocation table: total = already issued + this time; rows against the whole. Without FILE that of 2020.",
    )
)
@click.argument("file", type=_FILE, required=False)
@rule_options
@common
def issued(file: Path | None, place: str, folders: tuple[Path, ...], **kwargs: Any) -> None:
    """Check the identities of an allocation table."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecocomp.funds.issued import COLUMNS, check_issued

        faults: list[Fault] = []
        if file is None:
            rows = params_of(place, folders, date(2020, 12, 31)).items("funds.issued_2020")
            where = "财预〔2020〕49号"
        else:
            got = read_sheet(file, COLUMNS, key="place", keep_totals=True)
            raise_errors(got.faults)
            rows, where, faults = got.rows, file.name, got.faults
        found, more = check_issued(rows, where)
        answer = {
            "rows": found.rows,
            "rows_with_split": found.split,
            "complete": found.complete,
            "sums": {k: str(v) for k, v in found.sums.items()},
            "missing": {k: str(v) for k, v in found.missing.items()},
        }

        def show() -> None:
            voice.say(Text("{n} 行，{s} 行有分项。", "{n} rows, {s} with their split.").fill(n=found.rows, s=found.split))
            names = {
                "total": Text("合计", "total"),
                "already": Text("已下达", "already issued"),
                "this_time": Text("本次", "this time"),
            }
            cells = [[names[c].to(voice.lang), str(found.sums[c]), str(found.missing.get(c, "—"))] for c in names]
            voice.table(
                Text("各列", "columns"),
                [Text("列", "column"), Text("各行之和", "sum of rows"), Text("总计减之和", "whole less sum")],
                cells,
                right=(1, 2),
            )

        return tell(voice, [*faults, *more], answer, show)

    guarded(voice, work)


@funds.command(
    help=t(
        "核对资金使用计划：专款专用、各来源可用用途、统筹资金的优先顺序。FILE 的列：项目、来源、用途、所需、安排、限定用途。",
        "Check a plan of use: earmarks, purposes a source may serve, the order of pooled money. "
        "Columns: item, source, purpose, need, planned, tied_to.",
    )
)
@click.argument("file", type=_FILE)
@click.option("--year", type=click.IntRange(2000, 2100), default=2026, help=t("年度", "year"))
@rule_options
@common
def uses(file: Path, year: int, place: str, folders: tuple[Path, ...], **kwargs: Any) -> None:
    """Check what money is planned for."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecocomp.funds.purpose import check_uses, use_columns
        from ecocomp.terms.money import to_fen

        got = read_sheet(file, use_columns())
        raise_errors(got.faults)
        rows = [
            {
                "record": f"{r['record']} {r['item'] or ''}".strip(),
                "source": r["source"],
                "purpose": r["purpose"],
                "need_fen": to_fen(r["need"]),
                "planned_fen": to_fen(r["planned"]),
                "purpose_of": r["tied_to"] or "",
            }
            for r in got.rows
        ]
        found = check_uses(rows, params_of(place, folders, date(year, 12, 31)))
        by: dict[str, int] = {}
        for r in rows:
            by[r["purpose"]] = by.get(r["purpose"], 0) + r["planned_fen"]
        return tell(
            voice,
            [*got.faults, *found],
            {"rows": len(rows), "planned_fen": by},
            lambda: voice.say(Text("{n} 行已核对。", "{n} rows checked.").fill(n=len(rows))),
        )

    guarded(voice, work)


# ---------------------------------------------------------------- the years ahead
@funds.command(
    help=t(
        "多年资金计划：每年、每个来源需要多少、落实多少、缺多少，钱在哪年用完；预期、偏低、偏高三种情形。"
        "SOURCE 是计划文件（YAML）或已算过的案例文件夹。",
        "The years ahead: what is needed, covered and short by year and source, and when money runs out; expected, low and high. "
        "SOURCE is a plan file (YAML) or the folder of a case that has been run.",
    )
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--years", type=click.IntRange(1, 60), help=t("年数，缺省按文件，案例为 5", "number of years, default the file's, 5 for a case")
)
@click.option(
    "--growth",
    metavar="NUMBER",
    default="0",
    help=t("案例：应付额年增长率，如 0.03", "for a case: growth of what is owed per year, e.g. 0.03"),
)
@click.option(
    "--repeat",
    is_flag=True,
    help=t("案例：登记没有的年份按最近一年下达", "for a case: years without a registered grant get the last one again"),
)
@click.option(
    "--spread",
    metavar="NUMBER",
    default="0.1",
    help=t("案例：偏低偏高的幅度", "for a case: how far low and high lie from expected"),
)
@click.option("--out", type=Named(path_type=Path), help=t("结果文件：.csv .json", "write the result: .csv or .json"))
@rule_options
@common
def plan(
    source: Path,
    years: int | None,
    growth: str,
    repeat: bool,
    spread: str,
    out: Path | None,
    place: str,
    folders: tuple[Path, ...],
    **kwargs: Any,
) -> None:
    """Show the years ahead."""
    voice = voice_of(kwargs)

    def work() -> int:
        from ecocomp.funds.plan import SCENARIOS, outlook, plan_of, warnings
        from ecocomp.rules.lines import read_yaml, strip

        if not source.exists():
            raise UsageError(Text("没有这个文件或文件夹：{p}", "There is no such file or folder: {p}").fill(p=source))
        content: Any
        if source.is_dir():
            params = params_of(place, folders, date(2026, 12, 31))
            content = _plan_of_case(source, years or 5, _number(growth, "--growth"), repeat, _number(spread, "--spread"))
        else:
            document, faults = read_yaml(source)
            raise_errors(faults)
            content = document
            plain = None if document is None else strip(document)
            first = plain.get("first_year") if isinstance(plain, dict) else None
            sound = isinstance(first, Decimal) and first == first.to_integral_value() and 1980 <= first <= 2200
            params = params_of(place, folders, date(int(first), 12, 31) if sound and first else date(2026, 12, 31))
        made = plan_of(content, params, source.name, years)
        found = {s: outlook(made, s) for s in SCENARIOS}
        head = [
            "scenario",
            "year",
            "envelope",
            "source",
            "need",
            "covered",
            "short",
            "opening",
            "granted",
            "interest",
            "used",
            "lapsed",
            "closing",
        ]
        rows: list[list[Any]] = []
        for s, look in found.items():
            for y in look.years:
                rows.append([s, y.year, "", "", _yuan(y.need), _yuan(y.covered), _yuan(y.short), "", "", "", "", "", ""])
                rows += [
                    [
                        s,
                        y.year,
                        p.id,
                        p.source,
                        "",
                        "",
                        "",
                        *(_yuan(v) for v in (p.opening, p.granted, p.interest, p.used, p.lapsed, p.closing)),
                    ]
                    for p in y.purses
                ]
        if out is not None:
            write_out(out, head, rows, "", source)
        answer = {"scenarios": {s: _look_json(look) for s, look in found.items()}}
        return tell(voice, [*made.notes, *warnings(found["expected"], source.name)], answer, lambda: _show_plan(voice, found))

    guarded(voice, work)


def _look_json(look: Any) -> dict[str, Any]:
    return {
        "runs_out": look.runs_out,
        "short_fen": look.short,
        "years": [
            {
                "year": y.year,
                "need_fen": y.need,
                "covered_fen": y.covered,
                "short_fen": y.short,
                "commitments": {n: {"need_fen": a, "short_fen": b} for n, (a, b) in y.by_commitment.items()},
                "envelopes": [
                    {
                        "envelope_id": p.id,
                        "source": p.source,
                        "opening_fen": p.opening,
                        "granted_fen": p.granted,
                        "interest_fen": p.interest,
                        "interest_due_to_others_fen": p.interest_due,
                        "used_fen": p.used,
                        "lapsed_fen": p.lapsed,
                        "closing_fen": p.closing,
                    }
                    for p in y.purses
                ],
            }
            for y in look.years
        ],
    }


def _show_plan(voice: Voice, found: Mapping[str, Any]) -> None:
    from ecocomp.funds.plan import SCENARIOS
    from ecocomp.terms.codes import FUND_SOURCES
    from ecocomp.terms.money import say_yuan

    look = found["expected"]
    ids = [(p.id, p.source) for p in look.years[0].purses] if look.years else []
    cells = [
        [
            str(y.year),
            say_yuan(y.need),
            *(say_yuan(next(p.used for p in y.purses if p.id == i)) for i, _ in ids),
            say_yuan(y.short),
            say_yuan(sum(p.closing for p in y.purses)),
        ]
        for y in look.years
    ]
    heads = [
        Text("年", "year"),
        Text("需要", "needed"),
        *(Text(f"{i}", f"{i}") for i, _ in ids),
        Text("缺", "short"),
        Text("年末余额", "left"),
    ]
    voice.table(
        Text("预期，元（各来源为实际使用）", "expected, yuan (columns of sources: what is used)"),
        heads,
        cells,
        right=tuple(range(1, len(heads))),
    )
    for i, s in ids:
        voice.say(f"  {i}: {FUND_SOURCES[s].to(voice.lang)}")
    for s, one in found.items():
        if one.runs_out is None:
            voice.say(Text("{s}：计划期内不缺。", "{s}: nothing is short in these years.").fill(s=SCENARIOS[s]))
        else:
            first = next(y for y in one.years if y.short)
            voice.say(
                Text(
                    "{s}：{y} 年起不足，当年缺 {v} 元，合计缺 {t} 元。",
                    "{s}: money runs out in {y}, {v} yuan short that year, {t} in all.",
                ).fill(s=SCENARIOS[s], y=first.year, v=say_yuan(first.short), t=say_yuan(one.short))
            )


def _plan_of_case(folder: Path, years: int, growth: Decimal | None, repeat: bool, spread: Decimal | None) -> dict[str, Any]:
    """Return the plan of a case: what its last bundle owes, its envelopes with what is left and what the register grants."""
    from ecocomp.governance.bundle import read_bundle_table

    bundles = folder / "bundles"
    done = sorted(int(p.name) for p in bundles.iterdir() if p.name.isdigit()) if bundles.is_dir() else []
    if not done:
        raise UsageError(
            Text("{f} 里没有算过的年份；先运行 ecocomp run。", "{f} has no year that was run; run ecocomp run first.").fill(
                f=folder
            )
        )
    last = done[-1]
    claims, balance, register = (read_bundle_table(bundles / str(last), n) for n in ("entitlement", "envelope_balance", "envelope"))
    if claims is None or balance is None or register is None:
        raise UsageError(
            Text("{f} 的结果里没有应付额或资金表。", "The result in {f} has no entitlements or envelopes.").fill(f=folder)
        )
    owed: dict[str, int] = {}
    for programme, state, fen in zip(*(claims[c].to_pylist() for c in ("programme", "state", "entitled_fen")), strict=True):
        if state != "excluded":
            owed[programme] = owed.get(programme, 0) + fen
    span, step, wide = range(last + 1, last + years + 1), growth or Decimal(0), spread or Decimal(0)
    rows = register.to_pylist()
    left = {r["envelope_id"]: r for r in balance.to_pylist()}
    envelopes = []
    for i in sorted({r["envelope_id"] for r in rows}):
        own = {r["year"]: r for r in rows if r["envelope_id"] == i}
        newest = own[max(own)]
        before = left.get(i, {}).get("granted_fen", newest["granted_fen"])
        grants = {y: own[y]["granted_fen"] if y in own else before if repeat else 0 for y in span}
        entry: dict[str, Any] = {
            "id": i,
            "source": newest["source"],
            "granted_yuan": {str(y): Decimal(v).scaleb(-2) for y, v in grants.items()},
            "opening_yuan": Decimal(left.get(i, {}).get("closing_fen", 0)).scaleb(-2),
            "carry_over": bool(newest["carry_over"]),
            "priority": Decimal(newest["priority"]),
            "low": max(Decimal(0), 1 - wide),
            "high": 1 + wide,
        }
        if not repeat:
            entry["last_year"] = Decimal(newest["valid_to"].year)
        if tied := (newest.get("earmark_programmes") or "").split():
            entry["programmes"] = tied
        envelopes.append(entry)
    commitments = [
        {
            "name": p,
            "programme": p,
            "yuan": {str(y): Decimal(fen).scaleb(-2) * (1 + step) ** (y - last) for y in span},
            "low": max(Decimal(0), 1 - wide),
            "high": 1 + wide,
        }
        for p, fen in sorted(owed.items())
    ]
    return {"first_year": Decimal(last + 1), "commitments": commitments, "envelopes": envelopes}
