"""`ecocomp target`: choose whom to pay under a budget, with a proven bound and a reason for every candidate."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.options import Named, common, may_write, t, voice_of
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text


def yuan_of(text: str | None, option: str) -> Decimal | None:
    """Return an amount written on the command line, zero or more; `UsageError` for anything that is none."""
    from ecocomp.terms.money import fen_of_option, to_yuan

    return None if text is None else to_yuan(fen_of_option(text, option))


@click.command(
    help=t(
        "钱不够时先付给谁：在预算内选出效益最大的地块或合同，并报出任何选法都不能超过的上界、每个候选入选或落选的原因。"
        "候选来自表格（id、cost_yuan、benefit 等列），或案例、成果包的地块。",
        "Whom to pay first when money is short: choose the plots or contracts of most benefit within a budget, with a bound"
        " that no selection can exceed and the reason for each candidate. Candidates come from a table (columns id, cost_yuan,"
        " benefit …) or are the parcels of a case or bundle.",
    )
)
@click.argument("place", metavar="CASE|BUNDLE|TABLE", type=click.Path(path_type=Path))
@click.option("--budget", metavar="YUAN", help=t("预算，元", "budget in yuan"))
@click.option(
    "--plan",
    "--objective",
    "plan_file",
    type=click.Path(path_type=Path),
    help=t("方案文件：效益、限额、排除、相邻等", "file of the plan: benefit, limits, exclusions, neighbours …"),
)
@click.option(
    "--cap",
    "caps",
    multiple=True,
    metavar="COLUMN[:VALUE]=YUAN|%",
    help=t("组的上限，如 town=50000 或 town=15%（可多次）", "cap of groups, e.g. town=50000 or town=15% (repeatable)"),
)
@click.option(
    "--floor",
    "floors",
    multiple=True,
    metavar="COLUMN:VALUE=YUAN|%",
    help=t("组的下限，如 income:1=30%（可多次）", "floor of a group, e.g. income:1=30% (repeatable)"),
)
@click.option("--year", type=int, help=t("年度（案例），缺省为最后一年", "year (of a case), default the last"))
@click.option(
    "--exact/--fast",
    default=None,
    help=t(
        "用分支定界证明最优，或只用快速解；缺省：小问题证明",
        "certify by branch and bound, or the fast way only; default: certify small problems",
    ),
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 86_400),
    help=t(
        "分支定界的时间上限；给出后结果可能随机器而异",
        "time limit of branch and bound; with it the answer may differ between machines",
    ),
)
@click.option(
    "--out",
    type=Named(path_type=Path),
    help=t("把结果表写成 CSV 或 Parquet（按扩展名）", "write the table of results as CSV or Parquet (by suffix)"),
)
@click.option(
    "--top", type=click.IntRange(0, 10_000), default=10, show_default=True, help=t("列出前几个", "how many rows are listed")
)
@common
def target(
    place: Path,
    budget: str | None,
    plan_file: Path | None,
    caps: tuple[str, ...],
    floors: tuple[str, ...],
    year: int | None,
    exact: bool | None,
    seconds: float | None,
    out: Path | None,
    top: int,
    **kwargs: Any,
) -> None:
    """Choose under a budget."""
    voice = voice_of(kwargs)
    amount = yuan_of(budget, "--budget")
    if not place.exists():
        raise UsageError(Text("没有 {p}。", "There is no {p}.").fill(p=place))
    if amount is None and plan_file is None:
        raise UsageError(
            Text("写明 --budget，或在 --plan 文件里写 budget_yuan。", "State --budget, or budget_yuan in a --plan file.")
        )
    if out is not None and out.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError(Text("--out 写 .csv 或 .parquet 文件。", "--out names a .csv or .parquet file."))
    may_write(out, place, plan_file)
    from ecocomp.targeting.candidates import candidates_of, read_columns
    from ecocomp.targeting.plan import limit_of, read_plan
    from ecocomp.targeting.problem import problem_of
    from ecocomp.targeting.select import choose

    extra = [*(limit_of(c, "most") for c in caps), *(limit_of(f, "least") for f in floors)]
    plan = read_plan(plan_file, amount, extra)
    if place.is_dir():
        from ecocomp.simulation.candidates import year_candidates

        table, where = year_candidates(place, year), str(place)
    else:
        table, where = read_columns(place), place.name
    found = candidates_of(
        table,
        where,
        id_column=plan.id_column or ("id" if "id" in table.column_names else "parcel_id"),
        cost_column=plan.cost_column or None,
        benefit=plan.benefit,
        loss_probability=plan.loss_probability,
    )
    selection = choose(problem_of(found, plan), exact=exact, seconds=seconds)
    facts = selection.facts()
    rows = selection.table()
    if out is not None:
        _write(rows, out)
        facts["written"] = str(out)
    voice.data(facts | {"rows": rows.to_pylist() if voice.as_json else []})
    if not voice.as_json:
        _say(voice, selection, facts, rows, top)


def _write(rows: Any, out: Path) -> None:
    from ecocomp.governance.open_data import guard_table
    from ecocomp.io.files import atomic_write, write_table

    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix.lower() == ".parquet":
        write_table(rows, out)
        return
    import pyarrow.csv as pcsv

    with atomic_write(out) as part:
        pcsv.write_csv(guard_table(rows), part, pcsv.WriteOptions(quoting_style="needed"))


def benefit_words(facts: dict[str, Any]) -> Text:
    """Say what a selection reaches, and how much more any other could: nothing, nothing but rounding, or at most the gap."""
    said = Text("效益 {v:,.4f}；没有更好的选法（{p}）。", "Benefit {v:,.4f}; no selection reaches more ({p}).")
    if 0 < facts["gap"] <= 1e-9 * max(1.0, abs(facts["bound"])):
        said = Text(
            "效益 {v:,.4f}；在舍入误差内没有更好的选法（{p}）。",
            "Benefit {v:,.4f}; within rounding, no selection reaches more ({p}).",
        )
    elif facts["gap"]:
        said = Text(
            "效益 {v:,.4f}；任何选法都不超过 {u:,.4f}（{p}），至多还差 {g}。",
            "Benefit {v:,.4f}; no selection exceeds {u:,.4f} ({p}), so at most {g} is missing.",
        )
    gap = f"{facts['gap']:,.4f}" if facts["gap"] >= 0.0001 else f"{facts['gap']:.1g}"
    return said.fill(v=facts["benefit"], u=facts["bound"], g=gap, p=Text(facts["proof_zh"], facts["proof_en"]))


def _say(voice: Any, selection: Any, facts: dict[str, Any], rows: Any, top: int) -> None:
    from ecocomp.terms.money import say_yuan

    voice.say(
        Text("选中 {k}/{n} 个，支付 {s} 元，预算 {b} 元。", "{k} of {n} chosen, {s} yuan paid of {b}.").fill(
            k=facts["chosen"], n=facts["candidates"], s=say_yuan(facts["spent_fen"]), b=say_yuan(facts["budget_fen"])
        )
    )
    voice.say(benefit_words(facts))
    if facts["compared"]:
        voice.table(
            Text("换一种排法会怎样", "What other rankings reach"),
            [
                Text("排法", "ranking"),
                Text("效益", "benefit"),
                Text("支付（元）", "paid (yuan)"),
                Text("数", "chosen"),
                Text("损失", "loss"),
            ],
            [
                [
                    r[f"name_{voice.lang}"],
                    f"{r['benefit']:,.4f}",
                    say_yuan(r["spent_fen"]),
                    f"{r['chosen']:,}",
                    f"{r['loss_share']:.2%}",
                ]
                for r in facts["compared"].values()
            ],
            right=(1, 2, 3, 4),
        )
    voice.table(
        Text("限额", "limits"),
        [Text("要求", "demand"), Text("已用", "used")],
        [[r[f"told_{voice.lang}"], r["used_said"]] for r in facts["rows_used"]][:30],
        right=(1,),
    )
    voice.table(
        Text("原因", "reasons"),
        [Text("原因", "reason"), Text("候选数", "candidates")],
        [[r[f"reason_{voice.lang}"], f"{r['number']:,}"] for r in facts["reasons"]][:40],
        right=(1,),
    )
    listed = rows.sort_by([("chosen", "descending"), ("rank", "ascending")]).slice(0, top).to_pylist()
    if listed:
        voice.table(
            Text("前 {n} 个候选（用 --out 取得全部）", "The first {n} candidates (all of them with --out)").fill(n=len(listed)),
            [
                Text("编码", "id"),
                Text("成本（元）", "cost (yuan)"),
                Text("支付（元）", "paid (yuan)"),
                Text("效益", "benefit"),
                Text("每元效益", "per yuan"),
                Text("原因", "reason"),
            ],
            [
                [
                    r["id"],
                    say_yuan(r["cost_fen"]),
                    say_yuan(r["amount_fen"]),
                    f"{r['benefit']:,.4f}",
                    f"{r['benefit_per_yuan']:.4g}",
                    r[f"reason_{voice.lang}"],
                ]
                for r in listed
            ],
            right=(1, 2, 3, 4),
        )
