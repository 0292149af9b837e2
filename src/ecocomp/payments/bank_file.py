r"""The bank file: canonical order and bytes, its manifest, and the comparison with the copy the bank holds.

Bytes. One header line, then one line for each payee in the order of the line numbers; fields separated by ``|``; every line
ends with one line feed; no byte order mark; UTF-8, or GB18030 where the bank asks for it::

    ECOPAY|1|990121-2025-0001|2|1234.56
    990121-2025-0001|000001|王建国|6222020200112233445|1000.00|2025 生态补偿
    990121-2025-0001|000002|李秀英|6222020200112233446|234.56|2025 生态补偿

Header: mark, version of the form, batch, lines, sum. Line: batch, row, name, account, amount, purpose. Amounts are yuan with
two places and no separator. A name, account or purpose may hold no ``|``, no control character and no mark that turns the
direction of writing; a name does not begin with ``= + - @``, so that the file opened in a spreadsheet runs nothing.

Manifest. Batch, lines, sum in fen, SHA-256 of the bytes, and for each line an HMAC-SHA256 over batch, row, account, name and
fen under a key of the office: two accounts exchanged with equal totals are found and named. Supervision sheet 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from sys import intern

from ecocomp.terms.faults import Fault, FaultsError, capped
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecocomp.terms.unseen import first_unseen

FORM = "ECOPAY|1"
ENCODINGS = {"utf-8": "utf-8", "gb18030": "gb18030"}
SEPARATOR = "|"
_ACCOUNT = re.compile(r"[0-9A-Z]{6,34}")
_FORMULA = ("=", "+", "-", "@")
_MOST_SWAPS = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One payee of a batch: number, name, account, fen, purpose."""

    no: int
    name: str
    account: str
    amount_fen: int
    purpose: str


def name_fits(name: str) -> bool:
    """Return whether a name may stand in a bank file."""
    return bool(name.strip()) and _plain(name) and name == name.strip() and not name.startswith(_FORMULA)


def account_fits(account: str) -> bool:
    """Return whether an account number may stand in a bank file: 6 to 34 digits and capital letters."""
    return _ACCOUNT.fullmatch(account) is not None


def _plain(text: str) -> bool:
    return SEPARATOR not in text and not _CONTROL.search(text) and not first_unseen(text)


def header(batch: str, lines: int, sum_fen: int) -> str:
    """Return the first line."""
    return f"{FORM}|{batch}|{lines}|{_yuan(sum_fen)}\n"


def line_text(batch: str, line: Line) -> str:
    """Return the line of one payee."""
    return f"{batch}|{line.no:06d}|{line.name}|{line.account}|{_yuan(line.amount_fen)}|{line.purpose}\n"


def line_word(batch: str, line: Line) -> str:
    """Return what the code (HMAC) of a line is made over."""
    return "\x1f".join((batch, str(line.no), line.account, line.name, str(line.amount_fen)))


def _yuan(fen: int) -> str:
    if fen <= 0:
        raise ValueError(f"a bank line of {fen} fen")
    return f"{fen // 100}.{fen % 100:02d}"


def file_bytes(batch: str, lines: Iterable[Line], count: int, sum_fen: int, encoding: str = "utf-8") -> Iterator[bytes]:
    """Yield the bytes of a file, a line at a time."""
    codec = ENCODINGS[encoding]
    yield header(batch, count, sum_fen).encode(codec)
    for line in lines:
        yield line_text(batch, line).encode(codec)


# ---------------------------------------------------------------- reading back
@dataclass(frozen=True, slots=True)
class Read:
    """A file read back: what its header says and its lines."""

    batch: str
    lines: list[Line]
    sum_fen: int
    sha256: str


_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,15})\.([0-9]{2})")


def read_file(data: bytes, encoding: str = "utf-8", where: str = "bank file") -> Read:
    """Return what a bank file says; every fault of its form at once."""
    try:
        text = data.decode(ENCODINGS[encoding])
    except UnicodeDecodeError as exc:
        raise FaultsError(
            [_form(where, "", Text("不是 {e} 编码：{x}", "it is not {e}: {x}").fill(e=encoding, x=exc.reason))]
        ) from None
    if text and not text.endswith("\n"):
        raise FaultsError([_form(where, "", Text("最后一行没有结束", "its last line does not end"))])
    rows = _rows(text)
    head = next(rows, "").split(SEPARATOR)
    amount = _AMOUNT.fullmatch(head[4]) if len(head) == 5 else None
    if amount is None or SEPARATOR.join(head[:2]) != FORM or not head[3].isdecimal() or len(head[3]) > 9:
        raise FaultsError([_form(where, "1", Text("首行不是银行文件的首行", "the first line is not that of a bank file"))])
    faults, lines = [], []
    for number, row in enumerate(rows, 2):
        line = _read_line(row, head[2])
        if line is None:
            faults.append(
                _form(
                    where,
                    str(number),
                    Text("这一行不合格式，或不属于批次 {b}", "the line is not of the form, or not of batch {b}").fill(b=head[2]),
                )
            )
        else:
            lines.append(line)
    total = int(amount[1]) * 100 + int(amount[2])
    found = sum(x.amount_fen for x in lines)
    if not faults and (len(lines) != int(head[3]) or found != total):
        said = Text("首行称 {a} 笔 {b} 元，各行合计 {c} 笔 {d} 元", "the first line says {a} lines, CNY {b}; they are {c}, CNY {d}")
        faults.append(_form(where, "1", said.fill(a=head[3], b=say_yuan(total), c=len(lines), d=say_yuan(found))))
    if faults:
        raise FaultsError(capped(faults, "payments.file_form", where))
    return Read(head[2], lines, total, sha256(data).hexdigest())


def _rows(text: str) -> Iterator[str]:
    """Yield the lines of a text one by one: a list of a million beside the text would be as large again."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield text[at:end]
        at = end + 1


def _read_line(row: str, batch: str) -> Line | None:
    parts = row.split(SEPARATOR)
    if len(parts) != 6 or parts[0] != batch or not parts[1].isdecimal() or len(parts[1]) > 9:
        return None
    amount = _AMOUNT.fullmatch(parts[4])
    fen = int(amount[1]) * 100 + int(amount[2]) if amount else 0
    return Line(int(parts[1]), parts[2], parts[3], fen, intern(parts[5])) if fen else None  # the purpose is that of the batch


def compare(
    copy: Read, batch: str, expected: Iterable[tuple[int, int, bytes]], code: Callable[[str], bytes], sum_fen: int
) -> list[Fault]:
    """Return every difference between the bank's copy and what was approved: missing, added, altered or exchanged lines.

    copy      the bank's copy as read
    expected  (row, fen, code) of each line as it was written
    code      makes the code of a line from `line_word`
    sum_fen   the approved sum
    """
    if copy.batch != batch:
        said = Text("副本属于批次 {c}", "the copy is of batch {c}").fill(c=copy.batch)
        return [_differs(batch, said)]
    wanted = {no: (fen, mac) for no, fen, mac in expected}
    faults: list[Fault] = []
    seen: set[int] = set()
    wrong: list[Line] = []
    for line in copy.lines:
        if line.no in seen or line.no not in wanted:
            what = Text("重复出现", "stands there twice") if line.no in seen else Text("不在批次中", "is not of the batch")
            faults.append(_differs(f"{batch}/{line.no:06d}", what))
        elif code(line_word(batch, line)) != wanted[line.no][1]:
            wrong.append(line)
        seen.add(line.no)
    faults += [_wrong(batch, line, wrong, wanted, code) for line in wrong]
    faults += [_differs(f"{batch}/{no:06d}", Text("副本中没有", "is missing from the copy")) for no in sorted(set(wanted) - seen)]
    if not faults and copy.sum_fen != sum_fen:
        said = Text("合计 {a} 元，批准的是 {b} 元", "it adds up to CNY {a}, approved was {b}")
        faults.append(_differs(batch, said.fill(a=say_yuan(copy.sum_fen), b=say_yuan(sum_fen))))
    return capped(faults, "payments.copy_differs", "bank copy")


def _wrong(batch: str, line: Line, wrong: list[Line], wanted: dict[int, tuple[int, bytes]], code: Callable[[str], bytes]) -> Fault:
    """Say what is wrong with a line whose code does not fit: the amount, or whose account it bears."""
    fen = wanted[line.no][0]
    record = f"{batch}/{line.no:06d}"
    if line.amount_fen != fen:
        said = Text("金额为 {a} 元，批准的是 {b} 元", "it has CNY {a}, approved was {b}")
        return _differs(record, said.fill(a=say_yuan(line.amount_fen), b=say_yuan(fen)))
    for other in wrong[:_MOST_SWAPS]:
        if other.no != line.no:
            for name in (other.name, line.name):
                mine = Line(other.no, name, line.account, wanted[other.no][0], "")
                if code(line_word(batch, mine)) == wanted[other.no][1]:
                    said = Text("账号是第 {o} 行的", "it bears the account of line {o}")
                    return _differs(record, said.fill(o=f"{other.no:06d}"))
    said = Text("户名或账号与批准的不同（账号 …{t}）", "its name or account is not the approved one (account …{t})")
    return _differs(record, said.fill(t=line.account[-4:]))


def _form(where: str, record: str, what: Text) -> Fault:
    return Fault(
        "payments.file_form",
        where,
        record,
        Text(what.zh + "。", what.en + "."),
        Text("取银行保存的原文件，不要用表格软件另存。", "Take the file as the bank holds it; do not save it from a spreadsheet."),
    )


def _differs(record: str, what: Text) -> Fault:
    return Fault(
        "payments.copy_differs",
        "bank copy",
        record,
        Text(what.zh + "。", what.en + "."),
        Text("不得放行；停下来查明是谁改的。", "It must not be released; stop and find out who changed it."),
    )
