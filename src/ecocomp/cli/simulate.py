"""`ecocomp simulate`: what a reform would change, over the tables of a year that was run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.options import Named, common, may_write, t, voice_of
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text


@click.command(
    help=t(
        "模拟改革：把改动的值叠加在已运行的年度上，比较谁受益、谁受损、要多少钱、是否更公平。不需要地理数据。",
        "Simulate a reform: lay changed values over a year that was run; compare who wins, who loses, what it costs and"
        " how it is shared. No geodata is needed.",
    )
)
@click.argument("place", metavar="CASE|BUNDLE", type=click.Path(path_type=Path))
@click.option(
    "--reform",
    multiple=True,
    type=click.Path(path_type=Path),
    help=t("改革文件或规则目录（可多次，并列比较）", "file of a reform, or folder of rules (repeatable: side by side)"),
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help=t(
        "直接写一处改动，如 standard.value_cap=*1.1 或 standard.cap[1]=900（可多次，合为一项改革）",
        "a change in place, e.g. standard.value_cap=*1.1 or standard.cap[1]=900 (repeatable; together one reform)",
    ),
)
@click.option("--together", is_flag=True, help=t("另加一项：全部改革叠加", "also all reforms laid over each other"))
@click.option("--year", type=int, help=t("年度，缺省为最后运行的一年", "year, default the last one that was run"))
@click.option(
    "--top",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    help=t("列出受益和受损最多的几位", "how many of the biggest winners and losers are listed"),
)
@click.option(
    "--out",
    type=Named(path_type=Path),
    help=t(
        "把全部表格（CSV、Parquet）和中英文摘要写入这个目录",
        "write every table (CSV, Parquet) and a summary in both languages to this folder",
    ),
)
@common
def simulate(
    place: Path,
    reform: tuple[Path, ...],
    settings: tuple[str, ...],
    together: bool,
    year: int | None,
    top: int,
    out: Path | None,
    **kwargs: Any,
) -> None:
    """Simulate reforms."""
    voice = voice_of(kwargs)
    if not reform and not settings:
        raise UsageError(Text("给出 --reform 文件，或 --set 键=值。", "Give --reform FILE or --set KEY=VALUE."))
    if not place.exists():
        raise UsageError(Text("没有 {p}。", "There is no {p}.").fill(p=place))
    may_write(out, place, *reform)
    from ecocomp.simulation.base import bundle_of, read_base
    from ecocomp.simulation.report import facts, write_results
    from ecocomp.simulation.run import simulate as run
    from ecocomp.terms.faults import raise_errors

    bundle = bundle_of(place, year)
    base = read_base(bundle)
    raise_errors(_other_year(base.year, year, bundle))
    found, notes = run(base, reform, settings, together=together)
    files = write_results(base, found, out) if out else []
    voice.data(
        {
            "bundle": str(bundle),
            "year": base.year,
            "notes": [f.as_json() for f in notes],
            "before": found[0].totals["before"],
            "reforms": [facts(c, top) for c in found],
            "files": files,
        }
    )
    warnings = [*notes, *(w for c in found for w in c.outcome.warnings)]
    voice.faults([] if voice.as_json else dict.fromkeys(warnings))
    if not voice.as_json:
        _say(voice, base, found, top)
    if out:
        voice.say(Text("已写入 {n} 个文件：{o}", "Wrote {n} files: {o}").fill(n=len(files), o=out))
    sys.exit(0)


def _other_year(have: int, wanted: int | None, bundle: Path) -> list[Any]:
    from ecocomp.terms.faults import Fault

    if wanted is None or wanted == have:
        return []
    said = Text("成果包是 {a} 年的，要的是 {b} 年。", "The bundle is of {a}, asked for is {b}.").fill(a=have, b=wanted)
    return [Fault("simulate.year", str(bundle), str(wanted), said, Text("给出那一年的成果包。", "Name the bundle of that year."))]


def _say(voice: Any, base: Any, found: list[Any], top: int) -> None:
    from ecocomp.simulation.report import budget_rows, group_rows, people_rows, rows_side_by_side

    lang = voice.lang
    heads, rows = rows_side_by_side(found, lang)
    title = Text("{n} {y} 年：现行与改革", "{n}, {y}: as run and with the reforms").fill(n=base.name, y=base.year)
    voice.table(title, heads, rows, right=tuple(range(1, len(heads))))
    for c in found:
        name = c.name
        heads, rows = group_rows(c, lang)
        shown = [r for r in rows if r[-1] != "0.00"]
        voice.table(
            Text("{n}：各组（有变化的）", "{n}: groups (those that change)").fill(n=name),
            heads,
            shown[:30],
            right=(2, 3, 4, 5, 6, 7),
        )
        if len(shown) > 30:
            voice.say(
                Text("另有 {n} 组，用 --json 或 --out 取得。", "{n} more groups; see --json or --out.").fill(n=len(shown) - 30)
            )
        heads, rows = budget_rows(c, lang)
        voice.table(Text("{n}：资金", "{n}: funds").fill(n=name), heads, rows, right=(2, 3, 4, 5, 6))
        if top:
            heads, rows = people_rows(c, lang, top)
            voice.table(
                Text("{n}：增减最多的权利人", "{n}: holders who gain or lose most").fill(n=name), heads, rows, right=(3, 4, 5)
            )
