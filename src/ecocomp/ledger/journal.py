"""One journal before it is booked: its transfers as a table, what is wrong with them, and the bytes that stand for them.

A transfer moves one amount from its credit account to its debit account, so a journal of transfers always balances.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.ledger.accounts import INTEREST, KIND, REALLOCATIONS, ROOTS
from ecocomp.ledger.chain import CONTROL, CONTROL_RE2, body, joined, marks, row_bytes
from ecocomp.terms.faults import Fault, FaultsError, UsageError, capped, raise_errors
from ecocomp.terms.money import INT64_MAX, say_yuan
from ecocomp.terms.text import Text


class Transfer(NamedTuple):
    """One amount of money in fen (> 0) from account `credit` to account `debit`: kind of business and what it stands for."""

    debit: str
    credit: str
    amount_fen: int
    kind: str
    reference: str


COLUMNS = pa.schema(
    [
        pa.field("debit", pa.string()),
        pa.field("credit", pa.string()),
        pa.field("amount_fen", pa.int64()),
        pa.field("kind", pa.string()),
        pa.field("reference", pa.string()),
    ]
)
POSTED, PENDING, SETTLED, VOIDED = 0, 1, 2, 3
PHASES = pa.schema([pa.field("phase", pa.int8()), pa.field("settles", pa.int64()), pa.field("released_fen", pa.int64())])


def as_table(transfers: Sequence[Transfer] | pa.Table) -> pa.Table:
    """Return transfers as a table of `COLUMNS`; FaultsError with every row that is none, UsageError for other columns."""
    if isinstance(transfers, pa.Table):
        return _given_table(transfers)
    rows = list(transfers)
    faults = [f for n, row in enumerate(rows, 1) for f in _row_faults(n, row)]
    raise_errors(capped(faults, "ledger.more", "ledger"))
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    return pa.table([pa.array(list(c), f.type) for c, f in zip(columns, COLUMNS, strict=True)], schema=COLUMNS)


def _given_table(table: pa.Table) -> pa.Table:
    missing = [n for n in COLUMNS.names if n not in table.schema.names]
    stray = [n for n in table.schema.names if n not in COLUMNS.names]
    if missing or stray:
        raise UsageError(
            Text("账本行缺少列 {m}，多出列 {s}。", "Rows of the ledger lack columns {m} and have stray columns {s}.").fill(
                m=", ".join(missing) or "–", s=", ".join(stray) or "–"
            )
        )
    try:
        cast = pa.table([_plain(table[f.name], f.type) for f in COLUMNS], schema=COLUMNS)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as exc:
        raise FaultsError([_fault("", "type", Text("{e}", "{e}").fill(e=exc), _TYPES)]) from None
    for name in COLUMNS.names:
        if cast[name].null_count:
            n = int(np.flatnonzero(pc.is_null(cast[name]).to_numpy())[0]) + 1
            raise FaultsError([_fault(_at(n), "type", Text("缺少 {c}。", "{c} is missing.").fill(c=name), _TYPES)])
    return cast


def _plain(column: pa.ChunkedArray, type: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_integer(type) and not pa.types.is_integer(column.type):
        raise pa.ArrowInvalid(f"amount_fen: {column.type}")
    return column.cast(type)


def _row_faults(n: int, row: Any) -> list[Fault]:
    if not isinstance(row, tuple) or len(row) != len(COLUMNS):
        return [_fault(_at(n), "type", Text("不是一笔转账。", "It is no transfer."), _TYPES)]
    debit, credit, fen, kind, reference = row
    if not all(isinstance(x, str) for x in (debit, credit, kind, reference)) or type(fen) is not int:
        said = Text("有一项的类型不对：{r}", "a value has the wrong type: {r}").fill(r=repr(row)[:200])
        return [_fault(_at(n), "type", said, _TYPES)]
    if not 0 < fen <= INT64_MAX:
        return [amount_fault(n, fen)]
    try:
        "".join((debit, credit, kind, reference)).encode()
    except UnicodeEncodeError:
        return [_fault(_at(n), "control", Text("文字不是有效的 Unicode。", "A text is not valid Unicode."), _TYPES)]
    return []


_TYPES = Text(
    "每笔为 借方科目、贷方科目、金额（分，正整数）、业务、依据。",
    "A transfer is debit account, credit account, whole fen above zero, kind, reference.",
)


# ---------------------------------------------------------------- what is wrong with a journal
def journal_faults(table: pa.Table, strange: Sequence[str], sides: tuple[np.ndarray, np.ndarray]) -> list[Fault]:
    """Return every fault of the rows of one journal that needs no balances.

    strange  account names that say nothing
    sides    the number of the envelope of each row's debit and of its credit account, 0 for none
    """
    if not len(table):
        return [_fault("", "empty", Text("没有任何转账。", "It has no transfer."), Text("至少给出一笔。", "Give one or more."))]
    out: list[Fault] = []
    if pc.min(table["amount_fen"]).as_py() <= 0:
        out += [amount_fault(n, table["amount_fen"][n - 1].as_py()) for n in _rows(pc.less_equal(table["amount_fen"], 0))]
    out += [_name_fault(name) for name in strange]
    for n in _rows(pc.equal(table["debit"], table["credit"])):
        said = Text("借贷是同一科目 {a}。", "Debit and credit are one account, {a}.").fill(a=table["debit"][n - 1])
        out.append(_fault(_at(n), "same_account", said, Text("改正其中一个科目。", "Correct one of the two accounts.")))
    out += _kind_faults(table)
    out += [control_fault(_at(n)) for n in _rows(pc.match_substring_regex(table["reference"], CONTROL_RE2))]
    return capped([*out, *_border_faults(table, sides)], "ledger.more", "ledger")


def _kind_faults(table: pa.Table) -> list[Fault]:
    bad = [k for k in pc.unique(table["kind"]).to_pylist() if not KIND.fullmatch(k)]
    return [
        _fault(
            ascii(k),
            "kind",
            Text("业务“{k}”不是小写英文词。", "The kind '{k}' is no lower-case word.").fill(k=CONTROL.sub("?", k)[:60]),
            Text("用 grant、payment 等小写词（字母、数字、点、下划线）。", "Use a word such as grant or payment (a-z 0-9 . _)."),
        )
        for k in bad
    ]


def _border_faults(table: pa.Table, sides: tuple[np.ndarray, np.ndarray]) -> list[Fault]:
    """Find transfers from one envelope to another that are no documented reallocation, and interest that leaves its envelope."""
    other = sides[0] != sides[1]
    out = []
    crossing = other & (sides[0] != 0) & (sides[1] != 0)
    if crossing.any():
        allowed = pc.and_(pc.is_in(table["kind"], pa.array(REALLOCATIONS)), pc.not_equal(table["reference"], ""))
        for i in np.flatnonzero(crossing & ~allowed.to_numpy(zero_copy_only=False))[:200]:
            row = table.slice(int(i), 1).to_pylist()[0]
            said = Text("把资金包 {a} 的钱转到 {b}，业务是“{k}”。", "It moves money of envelope {a} to {b} under the kind '{k}'.")
            said = said.fill(a=row["credit"].rpartition(":")[2], b=row["debit"].rpartition(":")[2], k=row["kind"])
            out.append(_fault(_at(int(i) + 1), "ring_fence", said, _REALLOCATE))
    leaving = other | (sides[0] == 0)
    if leaving.any():
        interest = pc.equal(table["kind"], INTEREST).to_numpy(zero_copy_only=False)
        for i in np.flatnonzero(interest & leaving)[:200]:
            said = Text("利息离开了产生它的资金包。", "The interest leaves the envelope whose money earned it.")
            out.append(_fault(_at(int(i) + 1), "interest", said, _INTEREST))
    return out


_REALLOCATE = Text(
    "专款不得挪用；经批准调剂的，业务写 reallocation，依据写批准文号。",
    "Earmarked money stays in its envelope; an approved move has the kind reallocation and its document as reference.",
)
_INTEREST = Text(
    "记入同一资金包的 fund 科目，或 liability:interest:<归属单位>:<资金包>。",
    "Book it to the fund of that envelope, or to liability:interest:<owner>:<envelope>.",
)


def _rows(mask: Any) -> list[int]:
    """Return the numbers (from 1) of the first rows for which `mask` holds."""
    found = np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))
    return [int(i) + 1 for i in found[:200]]


def _at(n: int) -> str:
    return f"#{n}"


def name_faults(names: Sequence[str]) -> list[Fault]:
    """Return a fault for each account name that says nothing."""
    return [_name_fault(name) for name in names]


def _name_fault(name: str) -> Fault:
    return _fault(
        ascii(name)[:120],
        "account",
        Text("科目名称无法识别。", "The name of the account says nothing."),
        Text(
            "以 {r} 开头，用冒号分为二至四段，如 asset:bank:E1、liability:payable:H7:E1。",
            "Begin with {r} and use two to four parts with colons, e.g. asset:bank:E1, liability:payable:H7:E1.",
        ).fill(r=", ".join(ROOTS)),
    )


def amount_fault(n: int, fen: int) -> Fault:
    """Return the fault of an amount that is not above zero or beyond int64."""
    said = Text("金额为 {v} 元（{f} 分）。", "The amount is {v} yuan ({f} fen).").fill(v=say_yuan(fen), f=fen)
    return _fault(
        _at(n),
        "amount",
        said,
        Text(
            "金额为正，不超过 {m} 分；方向由借贷科目表示。", "It is above zero and at most {m} fen; the accounts say the direction."
        ).fill(m=INT64_MAX),
    )


def control_fault(record: str) -> Fault:
    """Return the fault of a text with control characters."""
    return _fault(
        record,
        "control",
        Text("文字中有控制字符。", "A text holds a control character."),
        Text("删去制表符、换行等字符。", "Remove tabs, line breaks and the like."),
    )


def _fault(record: str, kind: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"ledger.{kind}", "ledger", record, clash, remedy)


# ---------------------------------------------------------------- the bytes of a journal
def lines_of(table: pa.Table, phases: pa.Table | None = None, numbers: np.ndarray | None = None) -> pa.LargeStringArray:
    """Return the rows of a journal as they are hashed: line, debit, credit, fen, kind, reference, phase, settles, released.

    numbers  of the lines, 1, 2, 3 … if None
    """
    lines = pa.array(np.arange(1, len(table) + 1) if numbers is None else numbers)
    tail: list[Any] = [pa.scalar(v, pa.large_string()) for v in ("0", "", "")]
    if phases is not None:
        tail = [pc.fill_null(phases[c].cast(pa.large_string()), "") for c in PHASES.names]
    return joined([lines, *(table[c] for c in COLUMNS.names), *tail])


def content_start(key: str, book_on: date, memo: str, reverses: str, lines: int) -> Any:
    """Return the hash under way to which the rows of a journal are to be added."""
    return sha256(row_bytes("journal", key, book_on.isoformat(), memo, reverses, lines))


def content_hash(lines: pa.LargeStringArray, key: str, book_on: date, memo: str, reverses: str) -> str:
    """Return the hash of what a journal says, whenever and after whatever it is booked: equal for equal requests."""
    digest = content_start(key, book_on, memo, reverses, len(lines))
    digest.update(body(lines))
    return str(digest.hexdigest())


__all__ = [
    "COLUMNS", "PENDING", "PHASES", "POSTED", "SETTLED", "VOIDED", "Transfer", "amount_fault", "as_table", "body",
    "content_hash", "content_start", "control_fault", "journal_faults", "lines_of", "marks", "name_faults",
]  # fmt: skip
