"""Files of orders: one line for each bid or offer, as an exchange or a bureau hands them in (CSV).

Columns by their English or Chinese heads, in any order: order (订单), account (账户), side (方向: buy/sell, 买/卖), quantity
(数量, in units), price (价格, yuan per unit; empty: at any price), time (时间; empty: the order of lines in the file). A column
kind (类型) may say limit, market or cancel (限价, 市价, 撤单) for a continuous book.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from ecocomp.credits.auction import Order
from ecocomp.credits.book import Message
from ecocomp.credits.instrument import parse_quantity
from ecocomp.terms.faults import Fault, UsageError
from ecocomp.terms.text import Text

MAX_BYTES, MAX_ROWS = 64 * 2**20, 1_000_000
_HEADS = {
    "order": ("order", "order_id", "id", "订单", "订单号", "编号"),
    "account": ("account", "账户", "账号", "参与人"),
    "side": ("side", "方向", "买卖"),
    "quantity": ("quantity", "数量"),
    "price": ("price", "price_yuan", "价格", "报价", "单价"),
    "time": ("time", "时间"),
    "kind": ("kind", "类型"),
}
_SIDES = {"buy": "buy", "b": "buy", "买": "buy", "买入": "buy", "sell": "sell", "s": "sell", "卖": "sell", "卖出": "sell"}
_KINDS = {"": "", "limit": "limit", "限价": "limit", "market": "market", "市价": "market", "cancel": "cancel", "撤单": "cancel"}


def read_orders(file: Path, *, decimals: int = 0) -> tuple[list[Message], list[Fault]]:
    """Return the lines of a file of orders in order of time, and every fault of it."""
    try:
        if file.stat().st_size > MAX_BYTES:
            return [], [_whole(file, Text("文件大于 64 MB。", "the file is larger than 64 MB."), Text("拆分文件。", "Split it."))]
        raw = file.read_bytes()
    except OSError as exc:
        clash = Text("读不了文件：{e}。", "the file cannot be read: {e}.").fill(e=exc.strerror or exc)
        return [], [_whole(file, clash, Text("检查路径和权限。", "Check path and permissions."))]
    text = _decoded(raw)
    if text is None or "\x00" in text:
        clash = Text("不是 UTF-8 或 GB18030 文本。", "it is no text in UTF-8 or GB18030.")
        return [], [_whole(file, clash, Text("另存为 CSV（UTF-8）。", "Save it as CSV (UTF-8)."))]
    return parse_orders(text, file.name, decimals=decimals)


def parse_orders(text: str, name: str, *, decimals: int = 0) -> tuple[list[Message], list[Fault]]:
    """Return the lines of a text of orders in order of time, and every fault of it."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as exc:
        clash = Text("不是完好的 CSV：{e}。", "it is no sound CSV: {e}.").fill(e=exc)
        return [], [Fault("credits.file", name, "", clash, Text("从表格软件重新导出。", "Export it again from the spreadsheet."))]
    head = [h.strip().lower() for h in rows[0]] if rows else []
    places = {c: next((i for i, h in enumerate(head) if h in names), None) for c, names in _HEADS.items()}
    missing = [c for c in ("order", "account", "side", "quantity", "price") if places[c] is None]
    if missing or len(rows) > MAX_ROWS:
        clash = (
            Text("缺少列：{m}。", "columns are missing: {m}.").fill(m="、".join(missing))
            if missing
            else Text("行数过多。", "too many lines.")
        )
        remedy = Text(
            "第一行写列名：order,account,side,quantity,price,time。",
            "Write the heads first: order,account,side,quantity,price,time.",
        )
        return [], [Fault("credits.columns", name, "", clash, remedy)]
    faults: list[Fault] = []
    found: list[tuple[int, int, Message]] = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(c.strip() for c in row):
            continue
        cells = {c: (row[i].strip() if i is not None and i < len(row) else "") for c, i in places.items()}
        message, time = _message(cells, f"{name}:{line}", line, decimals, faults)
        if message is not None:
            found.append((time, line, message))
    found.sort(key=lambda f: f[:2])
    return [m for _, _, m in found], faults


def _message(cells: dict[str, str], at: str, line: int, decimals: int, faults: list[Fault]) -> tuple[Message | None, int]:
    before = len(faults)
    kind = _KINDS.get(cells["kind"].lower())
    if kind is None:
        faults.append(_line(at, cells, Text("类型“{k}”", "the kind “{k}”").fill(k=cells["kind"]), "limit, market, cancel"))
    if not cells["order"]:
        faults.append(_line(at, cells, Text("没有订单号", "no order number"), "1, 2, …"))
    time = _time(cells["time"], line)
    if time is None:
        faults.append(_line(at, cells, Text("时间“{t}”", "the time “{t}”").fill(t=cells["time"]), "2025-06-30T09:30:00, 17"))
    if kind == "cancel":
        return (Message(cells["order"], None), time or 0) if len(faults) == before else (None, 0)
    side = _SIDES.get(cells["side"].lower(), "")
    if not side:
        faults.append(_line(at, cells, Text("方向“{s}”", "the side “{s}”").fill(s=cells["side"]), "buy, sell, 买, 卖"))
    if not cells["account"]:
        faults.append(_line(at, cells, Text("没有账户", "no account"), "A1"))
    quantity, price = 0, None
    try:
        quantity = parse_quantity(cells["quantity"], decimals)
    except UsageError as exc:
        faults.append(_line(at, cells, exc.message, "100"))
    try:
        price = None if kind == "market" or not cells["price"] else parse_price(cells["price"])
    except UsageError as exc:
        faults.append(_line(at, cells, exc.message, "15.02"))
    if kind == "limit" and price is None and len(faults) == before:
        faults.append(_line(at, cells, Text("限价单没有价格", "a limit order without a price"), "15.02"))
    if len(faults) > before:
        return None, 0
    return Message(cells["order"], Order(cells["order"], cells["account"], side, quantity, price, time or 0)), time or 0


def parse_price(text: str) -> int:
    """Return a price in yuan per unit as whole fen; `UsageError` for anything else.

    >>> parse_price("15.02")
    1502
    """
    plain = text.strip().replace(",", "")
    if not re.fullmatch(r"\d{1,13}(\.\d{1,2}0*)?", plain, re.ASCII) or not Fraction(plain):
        raise UsageError(
            Text(
                "价格“{t}”应是大于零、至多两位小数的元数。", "The price “{t}” must be yuan above zero with at most two decimals."
            ).fill(t=text)
        )
    return int(Fraction(plain) * 100)


def _time(text: str, line: int) -> int | None:
    """Return a moment as a whole number: as written, or microseconds of a date and time; the line where none is given."""
    if not text:
        return line
    if re.fullmatch(r"\d{1,18}", text, re.ASCII):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


def _decoded(raw: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _line(at: str, cells: dict[str, str], what: Text, write: str) -> Fault:
    return Fault(
        "credits.order_line",
        at,
        cells["order"][:40],
        Text("{w} 看不懂。", "{w}: not understood.").fill(w=what),
        Text("写成例如 {x}。", "Write for example {x}.").fill(x=write),
    )


def _whole(file: Path, clash: Text, remedy: Text) -> Fault:
    return Fault("credits.file", file.name, "", clash, remedy)
