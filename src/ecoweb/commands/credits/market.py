"""Commands of the market: deposits, orders, sealed calls, the continuous book; calls and books of plain files too."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.clocks import today
from ecocomp.terms.faults import Fault, UsageError, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import opened, target
from ecoweb.commands.credits.group import (
    DOCUMENT,
    PATH,
    STEP,
    acted,
    bench,
    credits,
    csv_cell,
    fen_of,
    reads,
    rules_of,
    shipped_rules,
    some,
    steps_of,
    write_lines,
    writes,
)

if TYPE_CHECKING:
    from ecocomp.credits.auction import Clearing, Order

Levels = list[tuple[int, int, int]]
"""Price in fen, smallest units, orders of each level, best first."""


@credits.command(
    "deposit", help=t("登记交易保证金的存入（负数为取出）。", "Register a deposit with the market (negative: a withdrawal).")
)
@click.argument("account")
@click.option("--amount", required=True, help=t("金额（元）", "amount (yuan)"))
@DOCUMENT
@writes
def credits_deposit(account: str, **kwargs: Any) -> None:
    """Register a deposit."""
    from ecoweb.credits.market import move_money

    what = (account, fen_of(kwargs["amount"], "--amount", signed=True), kwargs["document"])
    acted(kwargs, Text("保证金", "deposit"), lambda b: move_money(b.office, b.rules, *what, **b.keyed))


@credits.command(
    "order",
    help=t("下单或撤单：连续竞价，或 --call 集合竞价。", "Place or cancel an order: in the book, or in a sealed call (--call)."),
)
@click.argument("instrument", required=False)
@click.argument("account", required=False)
@click.argument("side", required=False)
@some
@click.option("--price", help=t("价格（元/单位）；不写为市价", "price (yuan per unit); none: at the market"))
@click.option("--call", default="", help=t("集合竞价场次", "sealed call it goes into"))
@click.option("--cancel", "ended", help=t("撤销这个订单", "cancel this order"))
@STEP
@writes
def credits_order(instrument: str | None, account: str | None, side: str | None, **kwargs: Any) -> None:
    """Place an order."""
    from ecoweb.credits.market import cancel_order, place_order

    title = Text("订单", "order")
    if kwargs["ended"]:
        acted(kwargs, title, lambda b: cancel_order(b.office, b.rules, kwargs["ended"], **b.keyed))
        return
    if not (instrument and account and side and kwargs["quantity"]):
        zh, en = (
            "写成：order 凭证 账户 buy|sell --quantity N [--price P]。",
            "Write: order INSTRUMENT ACCOUNT buy|sell --quantity N [--price P].",
        )
        raise UsageError(Text(zh, en))
    price = fen_of(kwargs["price"], "--price") if kwargs["price"] else None
    what = (instrument, account, {"买": "buy", "卖": "sell"}.get(side, side), kwargs["quantity"], price)
    steps, call = steps_of(kwargs), kwargs["call"]
    acted(kwargs, title, lambda b: place_order(b.office, b.rules, *what, call=call, steps=steps, **b.keyed))


# ---------------------------------------------------------------- sealed calls
@credits.command(
    "auction",
    help=t(
        "集合竞价：统一价格、最大成交量；也可只用订单文件。",
        "Call auction: one price, most volume; also on a plain file of orders.",
    ),
)
@click.argument("file", type=PATH, required=False)
@click.option("--instrument", default="", help=t("凭证", "instrument"))
@click.option("--call", default="", help=t("场次（在办公室中）", "name of the call (in an office)"))
@click.option("--reference", help=t("参考价（元/单位）", "reference price (yuan per unit)"))
@click.option("--decimals", type=click.IntRange(0, 6), help=t("数量的小数位（只用文件时）", "decimals of quantities (file alone)"))
@click.option("--lot", help=t("交易单位数量（只用文件时）", "lot (file alone)"))
@click.option("--tick", help=t("价位（元，只用文件时）", "price step in yuan (file alone)"))
@click.option("--allocation", type=click.Choice(["time", "pro_rata"]), help=t("边际价位的分配", "sharing at the margin"))
@click.option("--out", type=Named(path_type=Path, dir_okay=False), help=t("成交写入 CSV", "write the fills to a CSV"))
@writes
def credits_auction(file: Path | None, **kwargs: Any) -> None:
    """Clear a call auction."""
    voice = voice_of(kwargs)
    target(kwargs["out"], kwargs["folder"], file)
    reference = fen_of(kwargs["reference"], "--reference") if kwargs["reference"] else None
    if kwargs["folder"] is not None:
        _auction_office(voice, file, reference, kwargs)
    elif file is not None:
        _auction_file(voice, file, reference, kwargs)
    else:
        raise UsageError(Text("写订单文件，或用 --office 和 --call。", "Give a file of orders, or --office and --call."))


def _auction_office(voice: Voice, file: Path | None, reference: int | None, kwargs: dict[str, Any]) -> None:
    from ecoweb.credits.market import run_call

    if not kwargs["instrument"] or not (kwargs["call"] or file):
        raise UsageError(
            Text(
                "按办公室的账户撮合，写明 --instrument 和 --call（或订单文件）；只算文件，不写 --office，不设 ECOCOMP_OFFICE。",
                "To clear orders of an office's accounts give --instrument and --call (or a file of orders); to clear a plain "
                "file only, leave out --office and unset ECOCOMP_OFFICE.",
            )
        )
    with opened(kwargs["folder"], kwargs["database"]) as office:
        here = bench(office, kwargs)
        inst = here.rules.instrument(kwargs["instrument"], office.today())
        orders = _orders_of(file, inst.decimals) if file is not None else []
        call = kwargs["call"] or (file.stem if file is not None else "")
        done, result = run_call(office, here.rules, inst.id, call, orders=orders, reference=reference, **here.keyed)
    voice.data({"event": done.event, "change": done.change, "again": done.again, "decimals": inst.decimals, **done.found})
    if done.found.get("uncovered"):
        said = Text("保证金不足，未参加的市价单：{o}。", "Bids at any price that no deposit covers, left out: {o}.")
        voice.say(said.fill(o=", ".join(done.found["uncovered"])))
    if result is not None:
        _say_clearing(voice, result, inst.decimals, inst.unit, kwargs["out"])


def _orders_of(file: Path, decimals: int) -> list[Order]:
    from ecocomp.credits.orders import read_orders

    messages, faults = read_orders(file, decimals=decimals)
    clash = Text("集合竞价没有撤单。", "a call takes no cancelling.")
    remedy = Text("从文件中删去订单。", "Leave the order out.")
    faults += [Fault("credits.order_line", file.name, m.id, clash, remedy) for m in messages if m.order is None]
    raise_errors(faults)
    return [m.order for m in messages if m.order is not None]


def _auction_file(voice: Voice, file: Path, reference: int | None, kwargs: dict[str, Any]) -> None:
    from ecocomp.credits.auction import clear, clearing_data, order_faults
    from ecocomp.credits.instrument import instrument, parse_quantity

    tick, lot, allocation, decimals, unit = 1, 1, "time", kwargs["decimals"] or 0, ""
    if kwargs["instrument"]:
        now = today()
        inst = instrument(kwargs["instrument"], shipped_rules(kwargs["folders"]).resolve("CN", now, now))
        tick, lot, allocation, decimals, unit = inst.tick_fen, inst.lot, inst.allocation, inst.decimals, inst.unit
    lot = parse_quantity(kwargs["lot"], decimals) if kwargs["lot"] else lot
    tick = fen_of(kwargs["tick"], "--tick") if kwargs["tick"] else max(tick, 10**decimals)
    orders = _orders_of(file, decimals)
    raise_errors(order_faults(orders, tick=tick, lot=lot))
    result = clear(orders, reference=reference, tick=tick, lot=lot, allocation=kwargs["allocation"] or allocation)
    voice.data({"decimals": decimals, **clearing_data(result)})
    _say_clearing(voice, result, decimals, unit, kwargs["out"])


def _say_clearing(voice: Voice, result: Clearing, decimals: int, unit: str, out: Path | None) -> None:
    from ecocomp.credits.instrument import say_quantity

    for step in result.steps:
        voice.say(step)
    if result.price is not None:
        amount = result.price * result.volume // 10**decimals
        said = Text("成交价 {p} 元，成交量 {v}，金额 {a} 元。", "Price {p} yuan, volume {v}, amount {a} yuan.")
        volume = f"{say_quantity(result.volume, decimals)} {unit}".rstrip()
        voice.say(said.fill(p=say_yuan(result.price), v=volume, a=say_yuan(amount)))
    rows = [[m.buy.id, m.sell.id, say_quantity(m.quantity, decimals)] for m in result.matches[:40]]
    if rows:
        voice.table(Text("成交", "fills"), [Text("买单", "bid"), Text("卖单", "offer"), Text("数量", "quantity")], rows, right=(2,))
    if len(result.matches) > 40:
        said = Text("另有 {n} 笔，用 --json 或 --out 取得全部。", "{n} more; --json or --out gives all.")
        voice.say(said.fill(n=len(result.matches) - 40))
    if out is not None:
        price = "" if result.price is None else f"{result.price // 100}.{result.price % 100:02d}"
        fills = [f"{csv_cell(o)},{say_quantity(q, decimals).replace(',', '')},{price}" for o, q in sorted(result.fills.items())]
        write_lines(["order,quantity,price_yuan", *fills], out, mark=True)
        voice.say(Text("已写入 {p}。", "Wrote {p}.").fill(p=out))


# ---------------------------------------------------------------- the book
@credits.command(
    "book", help=t("连续竞价的行情；写文件则重放一份订单历史。", "The continuous book; with a file, replay a history of orders.")
)
@click.argument("what")
@click.option("--decimals", type=click.IntRange(0, 6), default=0, help=t("数量的小数位（文件）", "decimals of quantities (file)"))
@click.option(
    "--protection", default="0.10", show_default=True, help=t("市价单保护比例（文件）", "protection of market orders (file)")
)
@reads
def credits_book(what: str, **kwargs: Any) -> None:
    """Show the book."""
    voice = voice_of(kwargs)
    if kwargs["folder"] is None:
        _replay_file(voice, Path(what), kwargs)
        return
    from ecoweb.credits.queries import calls, depth

    with opened(kwargs["folder"], kwargs["database"]) as office:
        inst = rules_of(office, kwargs["folders"]).instrument(what, office.today())
        levels, waiting = depth(office, what), calls(office, what)
    voice.data({"instrument": what, "decimals": inst.decimals, **levels, "calls": waiting})
    shown = {side: [(x["price_fen"], x["quantity"], x["orders"]) for x in found] for side, found in levels.items()}
    _say_depth(voice, shown["buy"], shown["sell"], inst.decimals)
    for c in waiting:
        voice.say(Text("集合竞价 {c}：{n} 份密封订单。", "Call {c}: {n} sealed orders.").fill(c=c["call"], n=c["orders"]))


def _say_depth(voice: Voice, buys: Levels, sells: Levels, decimals: int) -> None:
    from ecocomp.credits.auction import SIDES
    from ecocomp.credits.instrument import say_quantity

    rows = [
        [SIDES[side].to(voice.lang), say_yuan(p), say_quantity(q, decimals), str(n)]
        for side, levels in (("sell", list(reversed(sells[:20]))), ("buy", buys[:20]))
        for p, q, n in levels
    ]
    heads = [Text("方向", "side"), Text("价格（元）", "price (yuan)"), Text("数量", "quantity"), Text("订单", "orders")]
    voice.table(Text("行情", "book"), heads, rows, right=(1, 2, 3))


def _replay_file(voice: Voice, file: Path, kwargs: dict[str, Any]) -> None:
    from ecocomp.credits.auction import order_faults
    from ecocomp.credits.book import replay
    from ecocomp.credits.instrument import say_quantity
    from ecocomp.credits.orders import read_orders

    decimals = kwargs["decimals"]
    messages, faults = read_orders(file, decimals=decimals)
    faults += [f for m in messages if m.order is not None for f in order_faults([m.order], tick=10**decimals)]
    try:
        protection = Fraction(kwargs["protection"])
        if not 0 <= protection <= 1:
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise UsageError(Text("--protection 应在 0 与 1 之间。", "--protection must lie between 0 and 1.")) from None
    raise_errors(faults)
    book, fills, found = replay(messages, protection=protection, tick=10**decimals)
    raise_errors(found)
    data = {"buy": book.depth("buy"), "sell": book.depth("sell")}
    voice.data(
        {
            "decimals": decimals,
            **{s: [{"price_fen": p, "quantity": q, "orders": n} for p, q, n in levels] for s, levels in data.items()},
            "fills": [{"buy": f.buy, "sell": f.sell, "price_fen": f.price, "quantity": f.quantity} for f in fills],
            "faults": [f.as_json() for f in found],
        }
    )
    rows = [[f.buy, f.sell, say_yuan(f.price), say_quantity(f.quantity, decimals)] for f in fills[:40]]
    heads = [Text("买单", "bid"), Text("卖单", "offer"), Text("价格（元）", "price (yuan)"), Text("数量", "quantity")]
    voice.table(Text("成交 {n} 笔", "{n} trades").fill(n=len(fills)), heads, rows, right=(2, 3))
    _say_depth(voice, data["buy"], data["sell"], decimals)
    voice.faults([] if voice.as_json else found)
