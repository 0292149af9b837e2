"""What the bank answers: reading its return by a small mapping, and judging each row against what was sent.

A return may be a workbook, a text with separators, or a text of fixed widths; a mapping (YAML) says which column is what,
from which day to which it holds, and how the bank writes its outcomes. Nothing is guessed: a row that does not fit exactly
one line that was sent, with the same amount and one outcome, is *parked* with its reason and posts nothing. A return in which no
row names a batch is of the batch it is handed in for; one that names it in some rows only has the others parked.

    form: sheet                 # sheet (XLSX or CSV) or fixed
    from: 2025-01-01            # first day it holds; `to` the last, absent: open
    unit: yuan                  # or fen
    columns: {batch: 批次号, row: 序号, account: 账号, amount: 金额, outcome: 处理结果, reason: 失败原因, reference: 流水号, booked_on: 记账日期}
    outcomes: {成功: paid, 失败: failed, 处理中: unknown}

For ``fixed``: ``columns: {batch: [1, 16], row: [17, 6], …}``, first place (from 1) and width in characters, and `encoding`.
Rows that begin with 合计 or 总计 (``total:`` in the mapping) are compared with the sum of the rows and are not results.
"""  # noqa: E501

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

OUTCOMES = ("paid", "failed", "unknown")
FIELDS = ("batch", "row", "account", "name", "amount", "outcome", "reason", "reference", "booked_on")
NEEDED = ("row", "amount", "outcome")
_ALIASES: dict[str, tuple[str, ...]] = {
    "batch": ("batch", "批次", "批次号", "批次编号"),
    "row": ("row", "no", "line", "序号", "行号", "明细号", "明细序号"),
    "account": ("account", "账号", "收款账号", "卡号", "帐号"),
    "name": ("name", "户名", "姓名", "收款人", "收款户名"),
    "amount": ("amount", "金额", "交易金额", "实付金额", "发放金额"),
    "outcome": ("outcome", "result", "status", "结果", "状态", "处理结果", "交易状态", "处理状态"),
    "reason": ("reason", "原因", "失败原因", "退回原因", "备注"),
    "reference": ("reference", "流水号", "交易流水号", "银行流水号"),
    "booked_on": ("booked_on", "date", "日期", "交易日期", "记账日期", "入账日期"),
}
_OUTCOME_WORDS = {
    "paid": ("paid", "success", "ok", "成功", "已到账", "已入账", "处理成功", "交易成功", "代发成功"),
    "failed": ("failed", "fail", "rejected", "失败", "退回", "退汇", "处理失败", "交易失败", "代发失败"),
    "unknown": ("unknown", "pending", "处理中", "未知", "不明", "待确认", "可疑"),
}
_TOTALS = ("合计", "总计", "total", "sum")

PARKED: dict[str, Text] = {
    "unreadable": Text("行读不懂", "the row cannot be read"),
    "no_batch": Text("批次一格是空的，而别的行写有批次", "the batch is left out in this row, while others name theirs"),
    "wrong_batch": Text("批次不是本回单的批次，或没有这个批次", "it is of another batch, or there is no such batch"),
    "not_sent": Text("批次尚未放行", "the batch was not released"),
    "closed": Text("批次已归档，回单迟到", "the batch is archived: the return is late"),
    "no_line": Text("批次中没有这一行", "the batch has no such row"),
    "wrong_amount": Text("金额与送出的不符", "the amount is not what was sent"),
    "wrong_account": Text("账号与送出的不符", "the account is not what was sent"),
    "twice": Text("同一行在回单中出现多次", "the row stands in the return more than once"),
    "both": Text("同一行既成功又失败", "the row is both paid and failed"),
    "already": Text("这一行已有结果", "the row has a result already"),
    "bounced": Text(
        "此前已到账，现称退回：须两人认定", "it was paid before and is said to have come back: two persons must decide"
    ),
    "wrong_total": Text("回单合计与各行之和不符", "the total of the return is not the sum of its rows"),
    "outcome": Text("处理结果的写法不认识", "the outcome is not one the mapping knows"),
}
"""Why a row of a return is set aside."""


@dataclass(frozen=True, slots=True)
class BankMapping:
    """How one bank writes its returns in some span of time."""

    form: str = "sheet"
    columns: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    unit: str = "yuan"
    encoding: str = "utf-8"
    total: tuple[str, ...] = _TOTALS
    valid_from: date = date.min
    valid_to: date = date.max


@dataclass(frozen=True, slots=True)
class Result:
    """One row of a return as it was read; `trouble` is why it cannot be."""

    place: int
    batch: str
    no: int
    amount_fen: int
    outcome: str
    account: str = ""
    reason: str = ""
    reference: str = ""
    booked_on: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a line that a return may speak of: its batch's step, its amount, its state, the end of its account."""

    amount_fen: int
    state: str
    account: str = ""


@dataclass(slots=True)
class Judged:
    """What is posted and what is set aside: (row, reason)."""

    post: list[Result] = field(default_factory=list)
    park: list[tuple[Result, str]] = field(default_factory=list)


def mapping_of(said: Any, where: str, on: date) -> BankMapping:
    """Return a mapping as written; every fault at once."""
    faults: list[Fault] = []

    def wrong(record: str, zh: str, en: str, **values: object) -> None:
        clash = Text(zh, en).fill(**values)
        faults.append(
            Fault(
                "payments.mapping",
                where,
                record,
                clash,
                Text("按说明书改正映射文件。", "Correct the mapping; the page on payments shows one."),
            )
        )

    if not isinstance(said, dict):
        wrong("", "映射文件应是键值表。", "a mapping is a table of keys and values.")
        raise FaultsError(faults)
    known = ("form", "columns", "outcomes", "unit", "encoding", "total", "from", "to", "bank", "document")
    for key in said:
        if key not in known:
            wrong(str(key), "没有这个键；可用：{k}。", "there is no such key; known: {k}.", k=", ".join(known))
    form, unit, columns, outcomes = (
        said.get(k, d) for k, d in (("form", "sheet"), ("unit", "yuan"), ("columns", {}), ("outcomes", {}))
    )
    if form not in ("sheet", "fixed"):
        wrong("form", "是 {v}；可用 sheet、fixed。", "is {v}; known: sheet, fixed.", v=form)
    if unit not in ("yuan", "fen"):
        wrong("unit", "是 {v}；可用 yuan、fen。", "is {v}; known: yuan, fen.", v=unit)
    if not isinstance(columns, dict) or not isinstance(outcomes, dict):
        wrong("columns", "columns 和 outcomes 应是键值表。", "columns and outcomes are tables of keys and values.")
        raise FaultsError(faults)
    for name, place in columns.items():
        fixed = isinstance(place, list) and len(place) == 2 and all(isinstance(x, int) and x > 0 for x in place)
        if name not in FIELDS or (form == "fixed" and not fixed) or (form == "sheet" and not isinstance(place, str)):
            wrong(f"columns.{name}", "列 {v} 写得不对。", "the column {v} is not well written.", v=place)
    if form == "fixed" and (missing := [n for n in NEEDED if n not in columns]):
        wrong("columns", "缺少列 {m}。", "the columns {m} are missing.", m=", ".join(missing))
    for word, outcome in outcomes.items():
        if outcome not in OUTCOMES:
            wrong(f"outcomes.{word}", "是 {v}；可用 {k}。", "is {v}; known: {k}.", v=outcome, k=", ".join(OUTCOMES))
    days = [said.get("from", date.min), said.get("to", date.max)]
    if not all(type(d) is date for d in days):
        wrong("from", "起止日应写成 2025-01-01。", "its days are written 2025-01-01.")
        raise FaultsError(faults)
    if not days[0] <= on <= days[1]:
        wrong(
            "from",
            "映射自 {a} 至 {b} 有效，回单日是 {d}。",
            "the mapping holds from {a} to {b}, the return is of {d}.",
            a=days[0],
            b=days[1],
            d=on,
        )
    if faults:
        raise FaultsError(faults)
    total = said.get("total", list(_TOTALS))
    words = tuple(str(x) for x in (total if isinstance(total, list) else [total]))
    return BankMapping(
        form,
        columns,
        {_word(str(k)): v for k, v in outcomes.items()},
        unit,
        str(said.get("encoding", "utf-8")),
        words,
        days[0],
        days[1],
    )


def read_rows(rows: Iterable[tuple[int, Sequence[str]]], mapping: BankMapping, where: str) -> tuple[list[Result], int | None]:
    """Return the results of a sheet, and the sum its total row says (None if it has none).

    rows  (row number, cells) in order; the first row in which the needed columns are found is the header
    """
    places: dict[str, int] = {}
    out: list[Result] = []
    total: int | None = None
    for number, cells in rows:
        if not any(c.strip() for c in cells):
            continue
        if not places:
            places = _header(cells, mapping)
            if places and (unclear := _unclear(cells, mapping)):
                raise FaultsError([_several(where, unclear)])
            continue
        if _is_total(cells, mapping) and not _is_numbered(cells, places):
            amounts = [f for f in (_fen(c, mapping.unit) for c in cells[1:]) if f is not None]
            at = places["amount"]
            own = _fen(cells[at], mapping.unit) if at < len(cells) else None
            total = own if own is not None else (amounts[-1] if amounts else total)
            continue
        out.append(_result(number, {n: cells[i] if i < len(cells) else "" for n, i in places.items()}, mapping))
    if not places:
        raise FaultsError([_no_header(where)])
    return _without_batch(out), total


def _without_batch(results: list[Result]) -> list[Result]:
    """Mark the rows that name no batch in a return in which others do: nothing says that they are of the same.

    Where no row names one, the return is of the batch it is handed in for.
    """
    if not any(r.batch for r in results):
        return results
    return [r if r.batch or r.trouble else replace(r, trouble="no_batch") for r in results]


def read_fixed(text: str, mapping: BankMapping) -> tuple[list[Result], int | None]:
    """Return the results of a text of fixed widths, and the sum its total line says."""
    out: list[Result] = []
    total: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        cells = {n: line[a - 1 : a - 1 + w].strip() for n, (a, w) in mapping.columns.items()}
        if _is_total([line.strip()], mapping):
            total = _fen(cells["amount"], mapping.unit)
            continue
        out.append(_result(number, cells, mapping))
    return _without_batch(out), total


def _header(cells: Sequence[str], mapping: BankMapping) -> dict[str, int]:
    words = [_word(c) for c in cells]
    found: dict[str, int] = {}
    for name in FIELDS:
        wanted = [_word(str(mapping.columns[name]))] if name in mapping.columns else [_word(a) for a in _ALIASES[name]]
        at = next((words.index(w) for w in wanted if w in words), None)
        if at is not None:
            found[name] = at
    return found if all(n in found for n in NEEDED) else {}


_TELLING = ("batch", "row", "account", "amount", "outcome")


def _unclear(cells: Sequence[str], mapping: BankMapping) -> list[str]:
    """Return the headings more than one of which could say the same telling thing; the mapping has to name one."""
    out = []
    for name in _TELLING:
        wanted = {_word(str(mapping.columns[name]))} if name in mapping.columns else {_word(a) for a in _ALIASES[name]}
        found = [c.strip() for c in cells if _word(c) in wanted]
        if len(found) > 1:
            out.append(" / ".join(found))
    return out


def _is_numbered(cells: Sequence[str], places: Mapping[str, int]) -> bool:
    """Return whether a row has a line's number and an outcome, so that it is a result whatever it begins with."""
    said = [cells[places[n]].strip() if places[n] < len(cells) else "" for n in ("row", "outcome")]
    return bool(re.fullmatch(r"[0-9]+(\.0)?", unicodedata.normalize("NFKC", said[0]))) and bool(said[1])


def _is_total(cells: Sequence[str], mapping: BankMapping) -> bool:
    first = next((_word(c) for c in cells if c.strip()), "")
    return any(first.startswith(_word(t)) for t in mapping.total)


def _result(number: int, cells: Mapping[str, str], mapping: BankMapping) -> Result:
    said = {n: unicodedata.normalize("NFKC", c).strip() for n, c in cells.items()}
    fen = _fen(said["amount"], mapping.unit)
    no = re.fullmatch(r"0*([0-9]{1,9})(\.0)?", said["row"])
    outcome = mapping.outcomes.get(_word(said["outcome"]), "")
    if not outcome and not mapping.outcomes:
        outcome = next((o for o, words in _OUTCOME_WORDS.items() if _word(said["outcome"]) in words), "")
    trouble = "" if fen is not None and no is not None else "unreadable"
    return Result(
        number,
        said.get("batch", ""),
        int(no[1]) if no else 0,
        fen or 0,
        outcome,
        re.sub(r"[\s-]", "", said.get("account", "")),
        said.get("reason", "")[:200],
        said.get("reference", "")[:100],
        said.get("booked_on", "")[:20],
        trouble or ("" if outcome else "outcome"),
    )


def _fen(text: str, unit: str) -> int | None:
    """Return an amount as whole fen; None for anything else: no rounding, no guess."""
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("¥").removesuffix("元")
    if not re.fullmatch(r"([0-9]{1,16}|[0-9]{1,3}(,[0-9]{3}){1,5})(\.[0-9]{1,6})?", plain):
        return None
    plain = plain.replace(",", "")
    try:
        fen = Decimal(plain) * (100 if unit == "yuan" else 1)
    except InvalidOperation:
        return None
    return int(fen) if fen == int(fen) and fen > 0 else None


def _word(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def content_digest(results: Sequence[Result], total: int | None) -> str:
    """Return the digest of what a return says, whatever its form, the order of its rows or the name of the file."""
    rows = sorted(
        "\x1f".join(map(str, (r.batch, r.no, r.amount_fen, r.outcome, r.account, r.reference, r.booked_on, r.trouble)))
        for r in results
    )
    return sha256("\n".join([*rows, str(total)]).encode()).hexdigest()


# ---------------------------------------------------------------- judging
def judge(results: Sequence[Result], total: int | None, batch: str, step: str, lines: Mapping[int, Sent]) -> Judged:
    """Return which rows are posted and which are set aside, and why.

    results  rows of one return, as read
    total    what its total row says
    batch    the batch the return is handed in for
    step     ``released`` (results are awaited), ``archived`` (they come too late) or anything before
    lines    the lines of the batch that the rows name, by number
    """
    made = Judged()
    if total is not None and total != sum(r.amount_fen for r in results if r.trouble != "unreadable"):
        made.park = [(r, "wrong_total") for r in results]
        return made
    times = Counter(
        r.no for r in results if r.no and r.batch in ("", batch)
    )  # one that cannot be read speaks against the other too
    said: dict[int, set[str]] = {}
    for r in results:
        said.setdefault(r.no, set()).add(r.outcome)
    for r in results:
        why = _why(r, batch, step, lines, times, said)
        if why:
            made.park.append((r, why))
        else:
            made.post.append(r)
    return made


def _why(
    r: Result, batch: str, step: str, lines: Mapping[int, Sent], times: Mapping[int, int], said: Mapping[int, set[str]]
) -> str:
    if r.trouble:
        return r.trouble
    if r.batch not in ("", batch):
        return "wrong_batch"
    if step != "released":
        return "closed" if step == "archived" else "not_sent"
    line = lines.get(r.no)
    if line is None:
        return "no_line"
    if times[r.no] > 1:
        return "both" if {"paid", "failed"} <= said[r.no] else "twice"
    if r.amount_fen != line.amount_fen:
        return "wrong_amount"
    if r.account and line.account and not _same_account(r.account, line.account):
        return "wrong_account"
    if line.state == "paid" and r.outcome == "failed":
        return "bounced"
    if line.state in ("sent", "unknown") and not (line.state == "unknown" and r.outcome == "unknown"):
        return ""
    return "already"


def _same_account(said: str, own: str) -> bool:
    """Return whether an account as a bank writes it (perhaps masked) is the one that was sent."""
    if "*" not in said:
        return said.upper() == own.upper()
    head, tail = said.upper().split("*", 1)[0], said.upper().rsplit("*", 1)[1]
    return len(head) + len(tail) <= len(own) and own.upper().startswith(head) and own.upper().endswith(tail)


def say_parked(r: Result, why: str) -> Text:
    """Return one row set aside in words."""
    return Text("第 {p} 行（批次行 {n}，{a} 元）：{w}", "row {p} (line {n}, CNY {a}): {w}").fill(
        p=r.place, n=f"{r.no:06d}", a=say_yuan(r.amount_fen), w=PARKED[why]
    )


def _no_header(where: str) -> Fault:
    return Fault(
        "payments.return_header",
        where,
        "",
        Text("找不到表头：需要序号、金额、处理结果三列。", "no header was found: it needs columns for row, amount and outcome."),
        Text("用 --mapping 写明各列的名称。", "Say which columns they are in a mapping (--mapping)."),
    )


def _several(where: str, headings: Sequence[str]) -> Fault:
    said = "；".join(headings)
    return Fault(
        "payments.return_header",
        where,
        "",
        Text("表头里有几列可作同一项：{h}。", "more than one column could be meant: {h}.").fill(h=said),
        Text(
            "用 --mapping 写明哪一列；名称相同的，请银行改正。",
            "Name one in a mapping (--mapping); equal names the bank must mend.",
        ),
    )


def encoding_of(name: str) -> str:
    """Return a text encoding by the names banks use; `UsageError` for another."""
    known = {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
    if name.lower() not in known:
        raise UsageError(
            Text("编码 {e} 不认识；可用 utf-8、gb18030。", "The encoding {e} is not known; use utf-8 or gb18030.").fill(e=name)
        )
    return known[name.lower()]
