"""The commands. Each reads its arguments, calls one function of the library, and says what came of it."""

from __future__ import annotations

import os
import sys
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ecocomp import __version__
from ecocomp.cli.folders import FOLDERS_OF
from ecocomp.cli.options import LANG, Named, common, day_of, say_short, t, voice_of
from ecocomp.cli.say import Voice, progress
from ecocomp.terms import clocks
from ecocomp.terms.faults import EcocompError, FaultsError, UsageError
from ecocomp.terms.text import Text

MONEY = ("standard", "programme", "funds", "agreement", "simulate", "target", "auction")
"""Commands of rules and money, each in a module of its name."""


@click.group(
    help=t(
        "ecocomp：土地生态补偿，从确权到支付。English: add --lang en.",
        "ecocomp: land eco-compensation, from survey to payment. 中文：加 --lang zh。",
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="ecocomp")
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def cli(lang: str | None) -> None:
    """The group; the language is read before parsing, so help texts follow it too."""


@cli.command(
    help=t(
        "生成一个虚构的县，跑完三个年度，说出谁得了多少、为什么。",
        "Make an invented county, run its three years, and say who got how much and why.",
    )
)
@click.argument("folder", type=click.Path(path_type=Path), default=Path("demo"))
@click.option(
    "--parcels", type=click.IntRange(100, 500_000), default=2000, show_default=True, help=t("地块数", "number of parcels")
)
@click.option(
    "--seed",
    type=int,
    default=2026,
    show_default=True,
    help=t("随机种子；同一种子得到同样的字节", "seed; the same seed gives the same bytes"),
)
@common
def demo(folder: Path, parcels: int, seed: int, **kwargs: Any) -> None:
    """Make the sample county and run it."""
    from ecocomp.cli.demo import run_demo

    voice = voice_of(kwargs)
    with progress(voice) as show:
        answer = run_demo(folder, parcels=parcels, seed=seed, progress=show)
    from ecocomp.cli.result import say_years

    say_years(voice, answer, folder)


@cli.command(help=t("新建一个带注释的案例文件夹。", "Make a new, commented case folder."))
@click.argument("folder", type=click.Path(path_type=Path))
@common
def new(folder: Path, **kwargs: Any) -> None:
    """Write a commented case folder."""
    from ecocomp.cli.template import new_case

    voice = voice_of(kwargs)
    files = new_case(folder)
    voice.data({"folder": str(folder), "files": files})
    voice.say(
        Text("已新建 {f}：先改 case.toml，再运行 ecocomp check {f}", "Made {f}: edit case.toml, then run ecocomp check {f}").fill(
            f=folder
        )
    )


@cli.command(
    help=t(
        "检查案例的全部输入，一次报告所有错误，不改动任何东西。",
        "Check every input of a case, report all faults at once, change nothing.",
    )
)
@click.argument("case", type=click.Path(path_type=Path))
@common
def check(case: Path, **kwargs: Any) -> None:
    """Check a case."""
    from ecocomp.pipeline.check import check_case

    voice = voice_of(kwargs)
    with progress(voice) as show:
        found = check_case(case, progress=show)
    errors = [f for f in found.faults if f.severity == "error"]
    voice.data(
        {
            "ok": not errors,
            "errors": len(errors),
            "warnings": len(found.faults) - len(errors),
            "faults": [f.as_json() for f in found.faults],
            "facts": found.facts,
        }
    )
    voice.faults([] if voice.as_json else found.faults)
    voice.say(
        Text("{n} 处错误，{w} 处注意；输入 {i} 个文件。", "{n} errors, {w} warnings; {i} input files.").fill(
            n=len(errors), w=len(found.faults) - len(errors), i=found.facts.get("inputs", 0)
        )
    )
    if errors:
        sys.exit(1)
    command = "assess" if found.facts.get("purpose") == "assess" else "run"
    voice.say(Text("可以运行：ecocomp {d} {c}", "Ready: ecocomp {d} {c}").fill(d=command, c=case))


@cli.command(
    help=t(
        "运行案例的年度，每年生成一份封存的成果包；中断后再运行会接着做。",
        "Run the years of a case, one sealed bundle each; after an interruption it goes on where it stopped.",
    )
)
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--year", type=int, multiple=True, help=t("只运行这一年（可多次）", "only this year (repeatable)"))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=t("成果包目录，缺省为 案例/bundles", "folder of the bundles, default CASE/bundles"),
)
@click.option("--known", help=t("已知日 YYYY-MM-DD：只用到这一天为止记录的事", "known date YYYY-MM-DD: use nothing recorded later"))
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help=t(
        "dask 调度器地址（tcp://主机:8786）：服务在集群上评估，结果逐字节相同；工作进程须在同一路径看到案例文件",
        "address of a dask scheduler (tcp://host:8786): services are assessed on its workers, with the same bytes;"
        " they must see the files of the case under the same path",
    ),
)
@common
def run_(case: Path, year: tuple[int, ...], out: Path | None, known: str | None, scheduler: str | None, **kwargs: Any) -> None:
    """Run a case."""
    from ecocomp.cli.result import say_years
    from ecocomp.pipeline.run import run_case

    voice = voice_of(kwargs)
    with progress(voice) as show:
        answer = run_case(case, years=year, out=out, known_on=day_of(known), scheduler=scheduler, progress=show)
    say_years(voice, answer, case)


run_.name = "run"
cli.add_command(run_, "run")
cli.commands.pop("run-", None)


@cli.command(
    help=t(
        "把一笔补偿拆开，直到参数、文件和行。ID 可为支付、权利人、应付或地块编码。",
        "Take a payment apart, down to parameters, files and lines. ID: an order, holder, entitlement or parcel.",
    )
)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("id")
@click.option(
    "--letter", type=click.Path(path_type=Path), help=t("另存一封给权利人的告知书 PDF", "also write a letter to the holder (PDF)")
)
@common
def explain(bundle: Path, id: str, letter: Path | None, **kwargs: Any) -> None:
    """Explain one payment."""
    from ecocomp.governance.why import Account

    voice = voice_of(kwargs)
    _readable(bundle)
    account = Account(bundle)
    why = account.explain(id)
    if letter:
        from ecocomp.report.letter import write_letter

        holder = next(
            (r["holder_id"] for n in ("entitlement_id", "holder_id", "parcel_id") for r in account.rows("entitlement", **{n: id})),
            None,
        )
        holder = holder or next(r["holder_id"] for r in account.rows("order", order_id=id))
        last = bundle.parent / str((account.facts.get("previous") or {}).get("year", ""))
        write_letter(bundle, holder, voice.lang, letter, last if (last / "bundle.json").is_file() else None)
        voice.warn(Text("告知书已写入 {f}", "Letter written to {f}").fill(f=letter))
    voice.data(why.as_json())
    for line in why.lines(voice.lang):
        voice.say(line)


@cli.command(
    help=t(
        "核验成果包：任何改动的字节都会被指出；--rerun 从输入重算并逐字节比较。",
        "Verify a bundle: any changed byte is named; --rerun computes it again and compares every byte.",
    )
)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--rerun", is_flag=True, help=t("从输入重算", "compute it again from the inputs"))
@click.option(
    "--case",
    type=click.Path(path_type=Path),
    help=t("案例文件夹，缺省为成果包上两级", "case folder, default two levels above the bundle"),
)
@common
def verify(bundle: Path, rerun: bool, case: Path | None, **kwargs: Any) -> None:
    """Verify a bundle."""
    from ecocomp.governance.bundle import checkpoint_root, open_bundle
    from ecocomp.governance.bundle import verify as verify_bytes

    voice = voice_of(kwargs)
    if not (bundle / "bundle.json").is_file() and not (bundle / "manifest.json").is_file():
        open_bundle(bundle)
    faults = list(verify_bytes(bundle))
    if not faults:
        from ecocomp.governance.recompute import recompute_money
        from ecocomp.governance.sums import check_bundle

        faults += check_bundle(bundle)
        faults += recompute_money(bundle)
    if rerun and not [f for f in faults if f.severity == "error"]:
        from ecocomp.pipeline.rerun import rerun_bundle

        with progress(voice) as show:
            faults += rerun_bundle(bundle, case, progress=show)
    wrong = [f for f in faults if f.severity == "error"]
    root = "" if wrong else checkpoint_root(bundle)
    voice.data({"ok": not wrong, "root": root, "faults": [f.as_json() for f in faults]})
    voice.faults([] if voice.as_json else faults)
    if wrong:
        sys.exit(1)
    voice.say(
        Text(
            "每个字节都与封存时一致，账目平衡，从表和规则重算的钱一分不差。",
            "Every byte is as it was sealed, the books balance, and the money computed again from tables and rules is the same.",
        )
    )
    voice.say(
        Text(
            "存证点 {r}（未签名：与公布的存证点对照，才知整包未被替换）。",
            "Checkpoint {r} (unsigned: compare it with the published one to know that the whole bundle was not replaced).",
        ).fill(r=root)
    )
    if rerun:
        voice.say(Text("重算得到同样的字节。", "Computed again: the same bytes."))


@cli.command(
    help=t(
        "只评估生态系统服务：有栅格和多边形即可，不需要权利人与资金；给出实物量、价值、区间、方法与参数。",
        "Assess ecosystem services only: rasters and polygons are enough; quantities, values, ranges, methods and parameters.",
    )
)
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "--service",
    "services",
    multiple=True,
    help=t("服务，可多次；缺省为案例所列", "service, repeatable; default those of the case"),
)
@click.option("--year", "years", type=int, multiple=True, help=t("年度，可多次", "year, repeatable"))
@click.option(
    "--out", type=Named(path_type=Path), help=t("输出目录，缺省为 CASE/assessed", "folder to write, default CASE/assessed")
)
@click.option("--rasters", is_flag=True, help=t("同时写出每公顷栅格（COG）", "also write rasters per hectare (COG)"))
@click.option("--scheduler", help=t("dask 调度器地址", "address of a dask scheduler"))
@common
def assess(
    case: Path,
    services: tuple[str, ...],
    years: tuple[int, ...],
    out: Path | None,
    rasters: bool,
    scheduler: str | None,
    **kwargs: Any,
) -> None:
    """Assess the services of a case."""
    from ecocomp.cli.assessed import say_assessed
    from ecocomp.pipeline.assess import assess_case

    voice = voice_of(kwargs)
    with progress(voice) as show:
        found, warnings = assess_case(
            case, services=services, years=years, out=out, rasters=rasters, scheduler=scheduler, progress=show
        )
    say_assessed(voice, found, warnings)


@cli.group(
    help=t(
        "分区：重要性与敏感性图、红线提案、留白候选，以及新红线触及谁。",
        "Zones: maps of importance and sensitivity, a proposed red line, candidates for reserves, and whom a new line touches.",
    )
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def zones(lang: str | None) -> None:
    """Zones; the language is read before parsing."""


@zones.command(
    "draw",
    help=t(
        "画重要性图、敏感性图、红线提案（像元与地块界）、功能区、等级和留白候选；不需要权利人与资金。",
        "Draw maps of importance and sensitivity, a proposed red line (cells and parcel borders), function zones, grades and"
        " candidates for reserves; no holders or money are needed.",
    ),
)
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--year", type=int, help=t("年度（取其规则），缺省为最后一年", "year whose rules count, default the last"))
@click.option(
    "--function",
    "functions",
    multiple=True,
    help=t(
        "功能 water、soil、sand、biodiversity，可多次；缺省为案例所列",
        "function: water, soil, sand, biodiversity; repeatable; default those of the case",
    ),
)
@click.option(
    "--sensitivity",
    "sensitivities",
    multiple=True,
    help=t("敏感性，可多次；缺省为案例所列", "sensitivity, repeatable; default those of the case"),
)
@click.option(
    "--out", type=click.Path(path_type=Path), help=t("输出目录，缺省为 CASE/zones/年", "folder to write, default CASE/zones/YEAR")
)
@common
def zones_draw(
    case: Path, year: int | None, functions: tuple[str, ...], sensitivities: tuple[str, ...], out: Path | None, **kwargs: Any
) -> None:
    """Draw the zones of a case."""
    from ecocomp.cli.zones import say_drawn
    from ecocomp.pipeline.zone_draw import draw_case

    voice = voice_of(kwargs)
    with progress(voice) as show:
        drawn, warnings = draw_case(case, year=year, out=out, functions=functions, sensitivities=sensitivities, progress=show)
    say_drawn(voice, drawn, warnings, out or case / "zones" / str(drawn.year))


@zones.command(
    "impact",
    help=t(
        "比较现行红线与一份新红线文件：各地块划入、调出多少，触及哪些权利、合同、每年多少钱；账目逐平方分米闭合。",
        "Compare the red line that holds with a file of a new one: what each parcel gains and loses, the rights, contracts and"
        " money a year that touches; the ledger closes to the dm2.",
    ),
)
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "--line", type=click.Path(path_type=Path), required=True, help=t("新红线的矢量文件", "vector file of the new red line")
)
@click.option("--year", type=int, help=t("年度，缺省为最后一个有成果包的", "year, default the last that has a bundle"))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=t("输出目录，缺省为 CASE/zones/年/impact", "folder to write, default CASE/zones/YEAR/impact"),
)
@common
def zones_impact(case: Path, line: Path, year: int | None, out: Path | None, **kwargs: Any) -> None:
    """Say what a new red line touches."""
    from ecocomp.cli.zones import say_changed
    from ecocomp.pipeline.line_change import line_impact

    voice = voice_of(kwargs)
    with progress(voice) as show:
        made = line_impact(case, line, year=year, out=out, progress=show)
    say_changed(voice, made, out or case / "zones" / str(made.year) / "impact")


@zones.command(
    "versions",
    help=t("列出各年成果包所依据的红线及其指纹。", "List the red line each yearly bundle rests on, with its fingerprint."),
)
@click.argument("case", type=click.Path(path_type=Path))
@common
def zones_versions(case: Path, **kwargs: Any) -> None:
    """List the red lines of the years."""
    from ecocomp.cli.zones import say_versions
    from ecocomp.pipeline.line_change import line_versions

    say_versions(voice_of(kwargs), line_versions(case), case)


@cli.group(help=t("规则：有日期、有出处的数。", "Rules: dated values with their sources."))
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def rules(lang: str | None) -> None:
    """Rules; the language is read before parsing."""


@rules.command("list", help=t("列出某地某日的规则。", "List the rules of a place on a day."))
@click.option("--place", default="990121", show_default=True, help=t("地方代码", "place code"))
@click.option("--on", "on_day", help=t("有效日 YYYY-MM-DD，缺省列出全部", "day YYYY-MM-DD; without it all values are listed"))
@click.option("--match", default="", help=t("只列键或名称含有此文字的", "only those whose key or name holds this text"))
@click.option("--known", help=t("已知日 YYYY-MM-DD：只看到这一天为止记录的", "known date YYYY-MM-DD: what was recorded by then"))
@common
def rules_list(place: str, on_day: str | None, match: str, known: str | None, **kwargs: Any) -> None:
    """List rules."""
    from ecocomp.cli.rules import list_rules

    list_rules(voice_of(kwargs), place, day_of(on_day), match, day_of(known))


@rules.command("show", help=t("显示一个参数的全部日期和出处。", "Show all dates and sources of one parameter."))
@click.argument("key")
@click.option(
    "--place",
    default="990121",
    show_default=True,
    help=t("地方代码；all 为所有地方", "place code; all for every place"),
)
@click.option("--known", help=t("已知日 YYYY-MM-DD：只看到这一天为止记录的", "known date YYYY-MM-DD: what was recorded by then"))
@common
def rules_show(key: str, place: str | None, known: str | None, **kwargs: Any) -> None:
    """Show one parameter."""
    from ecocomp.cli.rules import show_rule

    show_rule(voice_of(kwargs), key, place, day_of(known))


@rules.command(
    "audit",
    help=t(
        "审查规则：空档、重叠、无出处、未核实、久未核对。",
        "Audit the rules: gaps, overlaps, missing sources, unverified or stale values.",
    ),
)
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option("--today", help=t("审查日 YYYY-MM-DD，缺省为今天", "day of the audit YYYY-MM-DD, default today"))
@common
def rules_audit(folders: tuple[Path, ...], today: str | None, **kwargs: Any) -> None:
    """Audit rules."""
    from ecocomp.cli.rules import audit_rules

    sys.exit(audit_rules(voice_of(kwargs), folders, day_of(today) or clocks.today()))


@rules.command("diff", help=t("比较两个日期（或两个地方）的规则。", "Compare the rules of two days (or two places)."))
@click.argument("first")
@click.argument("second")
@click.option("--place", default="990121", show_default=True, help=t("比较日期时的地方", "the place, when days are compared"))
@click.option(
    "--on", "on_day", default="2025-06-30", show_default=True, help=t("比较地方时的日期", "the day, when places are compared")
)
@click.option("--known", help=t("已知日 YYYY-MM-DD：只看到这一天为止记录的", "known date YYYY-MM-DD: what was recorded by then"))
@click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=t("叠加的规则目录，可多次", "rule folder laid over what ships; may be given again"),
)
@common
def rules_diff(
    first: str, second: str, place: str, on_day: str, known: str | None, folders: tuple[Path, ...], **kwargs: Any
) -> None:
    """Compare rules."""
    from ecocomp.cli.rules import diff_rules

    diff_rules(voice_of(kwargs), first, second, place, day_of(on_day) or date(2025, 6, 30), day_of(known), folders)


@rules.command(
    "test",
    help=t(
        "运行手算案例：不写路径时运行随附的，也可指任何文件夹里的案例文件。",
        "Run worked cases: those that ship, or the case files of any folder.",
    ),
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=t("叠加的规则目录，可多次", "rule folder laid over what ships; may be given again"),
)
@click.option(
    "--match", default="", help=t("只运行编码、事项或操作含此文字的", "only cases whose id, matter or operation holds it")
)
@click.option("--all", "every", is_flag=True, help=t("相符的也列出", "list those that agree too"))
@click.option("--operations", is_flag=True, help=t("列出案例可用的操作", "list what a case can ask for"))
@common
def rules_test(
    paths: tuple[Path, ...], folders: tuple[Path, ...], match: str, every: bool, operations: bool, **kwargs: Any
) -> None:
    """Run worked cases."""
    from ecocomp.cli.worked import list_operations, test_rules

    voice = voice_of(kwargs)
    if operations:
        list_operations(voice)
    else:
        sys.exit(test_rules(voice, paths, folders, match, every=every))


@rules.command(
    "prices",
    help=t(
        "把价格表（CSV）变成规则文件，放进案例的规则目录；不给文件时打印模板。",
        "Turn a price table (CSV) into a rule file in a rule folder of a case; without a file print a template.",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option(
    "--to", "folder", type=Named(path_type=Path), help=t("规则目录，如 mycounty/rules", "rule folder, such as mycounty/rules")
)
@click.option(
    "--place", help=t("价格所属的地方，缺省为旁边 case.toml 的", "place the prices are of, default that of the case.toml beside")
)
@click.option("--force", is_flag=True, help=t("手写的规则文件也替换", "replace a rule file written by hand too"))
@common
def rules_prices(file: Path | None, folder: Path | None, place: str | None, force: bool, **kwargs: Any) -> None:
    """Turn a price table into rules."""
    from ecocomp.cli.rules import price_rules_to, price_template

    voice = voice_of(kwargs)
    if file is None:
        price_template(voice)
    elif folder is None:
        raise UsageError(Text("用 --to 写明规则目录。", "Name the rule folder with --to."))
    else:
        price_rules_to(voice, file, folder, place, force=force)


@cli.command(
    "list",
    help=t(
        "列出服务、定价方法、标准规则、资金来源、指标、信号、条款，或因子、指数、权重法、公式。",
        "List services, methods, rules, sources, indicators, signals, clauses, or factors, indices, weightings, formulas.",
    ),
)
@click.argument("what", type=click.Choice(list(FOLDERS_OF)))
@common
def list_(what: str, **kwargs: Any) -> None:
    """List plug-ins."""
    from ecocomp.cli.plugins import list_plugins

    list_plugins(voice_of(kwargs), what)


@cli.command(
    "try",
    help=t(
        "用几个数算一个模型、因子、指数、定价方法或权重法，写出代入数值的公式、单位、出处和置信标记。"
        "例：ecocomp try curve_number_runoff cn=70 rain_mm=80",
        "Evaluate a model, factor, index, price or weighting on plain numbers: the formula with the numbers put in, unit,"
        " source and confidence. Example: ecocomp try curve_number_runoff cn=70 rain_mm=80",
    ),
)
@click.argument("id")
@click.argument("numbers", nargs=-1)
@click.option(
    "--table",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=t("逐行计算的 CSV，表头为量的名称", "CSV file, row by row; its headings are the names"),
)
@click.option(
    "--out",
    type=Named(path_type=Path, dir_okay=False),
    help=t("把 --table 的结果写成 CSV", "write the rows of --table as CSV"),
)
@click.option("--label", "labels", multiple=True, help=t("只作标签的列，可多次", "a column that only labels the row, repeatable"))
@common
def try_(id: str, numbers: tuple[str, ...], table: Path | None, out: Path | None, labels: tuple[str, ...], **kwargs: Any) -> None:
    """Evaluate one entry."""
    from ecocomp.cli.calculate import try_numbers, try_table

    if table is not None:
        try_table(voice_of(kwargs), id, numbers, table, out, labels)
    elif out is not None:
        raise UsageError(Text("--out 要与 --table 同用。", "--out goes with --table."))
    elif labels:
        raise UsageError(Text("--label 要与 --table 同用。", "--label goes with --table."))
    else:
        try_numbers(voice_of(kwargs), id, numbers)


@cli.command(
    help=t(
        "说明一个模型、因子、指数、方法：公式、适用、参数、出处、算例。",
        "Describe a model, factor, index or method: formula, where it holds, parameters, sources, examples.",
    )
)
@click.argument("id")
@common
def describe(id: str, **kwargs: Any) -> None:
    """Describe one entry."""
    from ecocomp.cli.calculate import describe as tell

    tell(voice_of(kwargs), id)


@cli.command(
    help=t("把成果包导出为 gpkg、geoparquet、xlsx、csv 或 pdf。", "Export a bundle as gpkg, geoparquet, xlsx, csv or pdf.")
)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--to", "form", type=click.Choice(["gpkg", "geoparquet", "xlsx", "csv", "pdf"]), required=True, help=t("格式", "format")
)
@click.option("--out", type=click.Path(path_type=Path), help=t("输出文件或目录", "file or folder to write"))
@common
def export(bundle: Path, form: str, out: Path | None, **kwargs: Any) -> None:
    """Export a bundle."""
    from ecocomp.cli.export import export_bundle, what

    voice = voice_of(kwargs)
    _readable(bundle)
    written = export_bundle(bundle, form, out, voice.lang)
    voice.data({"written": [str(p) for p in written]})
    for p in written:
        voice.say(Text("已写入 {p}：{w}", "Wrote {p}: {w}").fill(p=p, w=what(form, p)))


def _readable(bundle: Path) -> None:
    """Raise `FaultsError` unless the facts of a bundle can be read."""
    from ecocomp.governance.bundle import open_bundle
    from ecocomp.terms.faults import Fault

    try:
        open_bundle(bundle)
    except ValueError as error:
        raise FaultsError(
            [
                Fault(
                    "bundle.changed",
                    "bundle.json",
                    "",
                    Text("读不通：{e}。", "It cannot be read: {e}.").fill(e=error),
                    Text(
                        "从可信副本恢复，或用 ecocomp run 重新生成。",
                        "Restore it from a trusted copy, or make it again with ecocomp run.",
                    ),
                )
            ]
        ) from None


def _os_words(error: OSError) -> Text:
    """Return what the system refused, as a sentence."""
    where = error.filename or ""
    return Text(
        "无法读写 {p}：{e}。请检查路径与权限后重试；原有结果未受影响。",
        "Cannot read or write {p}: {e}. Check the path and its permissions and try again; what was there before is untouched.",
    ).fill(p=where, e=error.strerror or error)


def join_commands(group: click.Group) -> None:
    """Add the commands of rules and money, and those that installed packages bring.

    Packages name a function of the group in the entry points `ecocomp.commands`.
    """
    from importlib.metadata import entry_points

    for name in MONEY:
        group.add_command(getattr(import_module(f"ecocomp.cli.{name}"), name))
    for point in sorted(entry_points(group="ecocomp.commands"), key=lambda p: p.name):
        try:
            point.load()(group)
        except ImportError as missing:  # the package is there, what it needs is not
            _say_absent(group, point.name, missing)
    say_short(group)


def _say_absent(group: click.Group, name: str, missing: ImportError) -> None:
    @group.command(name, help=t("这些命令未能载入。", "These commands could not be loaded."))
    def absent() -> None:
        said = Text(
            "命令 {n} 未能载入：{e}。请安装 ecocomp[{n}]。", "The commands of {n} could not be loaded: {e}. Install ecocomp[{n}]."
        )
        raise UsageError(said.fill(n=name, e=str(missing)))


def run() -> None:
    """Run the command; whatever a user can cause ends in a sentence and an exit status, never a traceback."""
    try:
        _run()
    except BrokenPipeError:  # the reader of a fault report has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _run() -> None:
    voice = Voice(LANG, "--json" in sys.argv)
    try:
        join_commands(cli)
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        voice.warn(Text("已中断；再次运行会接着做。", "Interrupted; run it again to go on."))
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except FaultsError as stop:
        voice.data({"ok": False, "faults": [f.as_json() for f in stop.faults]})
        voice.faults([] if voice.as_json else stop.faults)
        sys.exit(1)
    except UsageError as wrong:
        voice.warn(wrong.message)
        sys.exit(2)
    except OSError as stop:
        message = _os_words(stop)
        voice.data({"ok": False, "message": message.en})
        voice.warn(message)
        sys.exit(1)
    except EcocompError as stop:
        voice.data({"ok": False, "message": stop.message.en})
        voice.warn(stop.message)
        sys.exit(1)
