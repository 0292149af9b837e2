"""`ecocomp auction`: the outcome of a reverse auction of sealed bids."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.options import Named, common, may_write, t, voice_of
from ecocomp.cli.target import yuan_of
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text


@click.command(
    help=t(
        "反向拍卖：读密封报价（CSV、XLSX 或 Parquet：id、bid_yuan，可有 bidder、score、quantity、region、ground、received），"
        "按单位得分的价格排序，得出中标者和支付额。",
        "Reverse auction: read sealed bids (CSV, XLSX or Parquet: id, bid_yuan; optional bidder, score, quantity, region,"
        " ground, received), rank them by price per unit of score, and say who is accepted and paid what.",
    )
)
@click.argument("bids", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--budget", metavar="YUAN", help=t("预算，元", "budget in yuan"))
@click.option(
    "--quantity", metavar="NUMBER", help=t("要购的数量（quantity 列的合计）", "quantity sought (sum of the column quantity)")
)
@click.option(
    "--rule",
    type=click.Choice(["uniform", "discriminative"]),
    default="uniform",
    show_default=True,
    help=t("统一价，或按报价支付", "one price for all, or each paid as bid"),
)
@click.option(
    "--price",
    type=click.Choice(["first_rejected", "last_accepted"]),
    default="first_rejected",
    show_default=True,
    help=t(
        "统一价取第一个落选者的单价，或最后一个中标者的单价", "one price: that of the first bid refused, or of the last accepted"
    ),
)
@click.option(
    "--reserve", metavar="YUAN", help=t("保留价：单位得分最高付多少元", "reserve: most that is paid for one unit of score, in yuan")
)
@click.option("--per-bidder", type=click.IntRange(1), help=t("每个竞标人最多中标几份", "most bids accepted of one bidder"))
@click.option("--per-region", type=click.IntRange(1), help=t("每个区域最多中标几份", "most bids accepted in one region"))
@click.option("--step", metavar="YUAN", help=t("报价级差：报价须是它的整数倍", "step: bids must be multiples of it"))
@click.option(
    "--ties",
    type=click.Choice(["id", "received", "lot"]),
    default="id",
    show_default=True,
    help=t("单价相同时：按编号、按收到先后、或抽签", "equal prices: by id, by time received, or by lot"),
)
@click.option("--seed", default="", help=t("抽签的种子，开标前公布", "seed of the lot, published before the bids are opened"))
@click.option("--out", type=Named(path_type=Path), help=t("把结果写成 CSV", "write the results as CSV"))
@common
def auction(bids: Path, **kwargs: Any) -> None:
    """Hold a reverse auction."""
    voice = voice_of(kwargs)
    terms = _terms(kwargs)
    step = yuan_of(kwargs["step"], "--step")
    out: Path | None = kwargs["out"]
    may_write(out, bids)
    from ecocomp.targeting.auction import hold, read_bids

    outcome = hold(read_bids(bids, step_yuan=step), terms)
    facts = outcome.facts()
    rows = outcome.rows()
    if out is not None:
        _write(rows, out)
    warnings = [f.as_json() for f in outcome.faults]
    voice.data(facts | {"warnings": warnings, "rows": rows, **({"written": str(out)} if out else {})})
    if voice.as_json:
        return
    voice.faults(outcome.faults)
    _say(voice, facts, rows)


def _terms(kwargs: dict[str, Any]) -> Any:
    from ecocomp.targeting.auction import Terms

    budget, reserve = yuan_of(kwargs["budget"], "--budget"), yuan_of(kwargs["reserve"], "--reserve")
    return Terms(
        budget_fen=None if budget is None else int(budget * 100),
        quantity=_number(kwargs["quantity"]),
        rule=kwargs["rule"],
        price=kwargs["price"],
        reserve_fen=None if reserve is None else Fraction(reserve) * 100,
        most_per_bidder=kwargs["per_bidder"],
        most_per_region=kwargs["per_region"],
        ties=kwargs["ties"],
        seed=kwargs["seed"],
    )


def _number(text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
        good = value.is_finite() and 0 <= value < Decimal("1e15") and value.as_tuple().exponent >= -12  # type: ignore[operator]
    except ArithmeticError:
        good = False
    if not good:
        raise UsageError(
            Text("--quantity 是“{v}”；写不小于零的数。", "--quantity is “{v}”; write a number of zero or more.").fill(v=text[:40])
        )
    return Fraction(value)


def _write(rows: list[dict[str, Any]], out: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv as pcsv

    from ecocomp.governance.open_data import guard_table
    from ecocomp.io.files import atomic_write

    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as part:
        pcsv.write_csv(guard_table(pa.Table.from_pylist(rows)), part, pcsv.WriteOptions(quoting_style="needed"))


def _say(voice: Any, facts: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    from ecocomp.terms.money import say_yuan

    voice.say(
        Text(
            "{n} 份报价，中标 {k} 份，支付 {p} 元（中标者报价合计 {a} 元）。",
            "{n} bids, {k} accepted, {p} yuan paid (the winners asked {a}).",
        ).fill(n=facts["bids"], k=facts["accepted"], p=say_yuan(facts["paid_fen"]), a=say_yuan(facts["asked_by_winners_fen"]))
    )
    if facts["price_fen_per_unit"] is not None:
        voice.say(
            Text(
                "统一价：每单位得分 {p:,.4f} 元，由 {s} 决定。", "One price: {p:,.4f} yuan for one unit of score, set by {s}."
            ).fill(p=facts["price_fen_per_unit"] / 100, s=facts["price_set_by"])
        )
    voice.table(
        Text("报价", "bids"),
        [
            Text("名次", "rank"),
            Text("编号", "id"),
            Text("竞标人", "bidder"),
            Text("报价（元）", "bid (yuan)"),
            Text("得分", "score"),
            Text("单价（元）", "per unit (yuan)"),
            Text("结果", "result"),
            Text("支付（元）", "paid (yuan)"),
        ],
        [
            [
                str(r["rank"]),
                r["id"],
                r["bidder"],
                say_yuan(r["bid_fen"]),
                r["score"],
                f"{r['fen_per_unit'] / 100:,.4f}",
                r[f"result_{voice.lang}"],
                say_yuan(r["paid_fen"]),
            ]
            for r in rows[:200]
        ],
        right=(0, 3, 4, 5, 7),
    )
