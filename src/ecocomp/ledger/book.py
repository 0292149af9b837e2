"""The ledger: every fen moves from one account to another, in rows that can never be changed unseen.

Bookkeeping in ten lines:

1. An *account* is a named pot; its name is a path, e.g. ``asset:bank:E1`` or ``liability:payable:H7``.
2. A *posting* moves money between accounts on one occasion; it has two or more *lines*.
3. A line is an account and an amount. Plus is called *debit*, minus is called *credit*; nothing more is meant.
4. The lines of a posting add up to exactly zero. What one pot gains, others lose; nothing appears or vanishes.
5. What we own (``asset:``) grows by debit. What we owe (``liability:``) and what was entrusted (``fund:``) grow by credit.
6. A grant arrives: debit ``asset:bank:E1``, credit ``fund:E1``. The money is there, and it has a purpose.
7. A claim arises: debit ``claim:forest``, credit ``liability:payable:H7``. We owe, and it is not yet covered.
8. The fund covers it: debit ``fund:E1``, credit ``claim:forest``. What stays in ``claim:`` is the shortfall.
9. It is paid: debit ``liability:payable:H7``, credit ``asset:bank:E1``. A mistake is *reversed* by a posting with opposite signs.
10. Add up each account: the *trial balance*. All of it together is zero, or someone must explain.

Rows are never edited. Each carries the SHA-256 of its own canonical bytes, which begin with the hash of the
row before, so a changed, missing or moved row breaks every hash after it. Canonical bytes: the hash before,
then seq, posting, year, account, amount, kind, reference, reverses in UTF-8, separated by tabs and ended by a
newline; a text may hold no control character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.faults import Fault, FaultsError, capped
from ecocomp.terms.money import INT64_MAX, say_yuan
from ecocomp.terms.tables import LEDGER
from ecocomp.terms.text import Text

ZERO_HASH = "0" * 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SLICE = 65_536
_ROOTS = ("asset", "liability", "fund", "claim")


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement of money: id, kind of business, what it stands for, lines of (account, fen), posting it reverses."""

    posting_id: str
    kind: str
    reference: str
    lines: tuple[tuple[str, int], ...]
    reverses: str = ""


def reverse(posting: Posting, posting_id: str) -> Posting:
    """Return the posting that undoes `posting`: the same lines with opposite signs.

    >>> reverse(Posting("p1", "grant", "E1", (("asset:bank:E1", 5), ("fund:E1", -5))), "p2").lines
    (('asset:bank:E1', -5), ('fund:E1', 5))
    """
    lines = tuple((account, -fen) for account, fen in posting.lines)
    return Posting(posting_id, posting.kind, posting.reference, lines, posting.posting_id)


def post(postings: Iterable[Posting], year: int, opening: pa.Table | None = None) -> pa.Table:
    """Return the ledger rows of `postings`, in the order given, chained onto the last row of `opening`.

    postings  balanced movements; an unbalanced one is refused by name and difference
    year      book year of every row
    opening   the ledger so far; its rows are not repeated in the result
    raises    FaultsError with every fault: unbalanced, one line, amount beyond int64, control character, id used twice
    """
    listed = list(postings)
    used = set(opening["posting_id"].to_pylist()) if opening is not None else set()
    faults = _posting_faults(listed, used)
    if faults:
        raise FaultsError(faults)
    before, seq = _last(opening)
    return _rows(listed, year, before, seq)


def _rows(postings: Sequence[Posting], year: int, before: str, seq: int) -> pa.Table:
    ids: list[str] = []
    accounts: list[str] = []
    amounts: list[int] = []
    kinds: list[str] = []
    references: list[str] = []
    reverses: list[str] = []
    hashes = [before]
    for p in postings:
        tail = f"\t{p.kind}\t{p.reference}\t{p.reverses}\n"
        for account, fen in p.lines:
            seq += 1
            before = sha256(f"{before}\t{seq}\t{p.posting_id}\t{year}\t{account}\t{fen}{tail}".encode()).hexdigest()
            hashes.append(before)
            ids.append(p.posting_id)
            accounts.append(account)
            amounts.append(fen)
            kinds.append(p.kind)
            references.append(p.reference)
            reverses.append(p.reverses)
    n = len(ids)
    return LEDGER.table(
        {
            "seq": np.arange(seq - n + 1, seq + 1),
            "posting_id": ids,
            "year": np.full(n, year),
            "account": accounts,
            "amount_fen": amounts,
            "kind": kinds,
            "reference": references,
            "reverses": reverses,
            "prev_hash": hashes[:-1],
            "hash": hashes[1:],
        }
    )


def _last(opening: pa.Table | None) -> tuple[str, int]:
    if opening is None or not len(opening):
        return ZERO_HASH, 0
    return opening["hash"][-1].as_py(), opening["seq"][-1].as_py()


def _posting_faults(postings: Sequence[Posting], used: set[str]) -> list[Fault]:
    faults: list[Fault] = []
    for p in postings:
        total = sum(fen for _, fen in p.lines)
        if total:
            faults.append(_unbalanced(p.posting_id, total))
        if len(p.lines) < 2 or p.posting_id in used or not p.posting_id:
            faults.append(_shape(p, p.posting_id in used))
        used.add(p.posting_id)
        text = "".join((p.posting_id, p.kind, p.reference, p.reverses, *(a for a, _ in p.lines)))
        if not text.isprintable() and _CONTROL.search(text):
            faults.append(
                _fault(
                    p.posting_id,
                    "control",
                    Text("文字中有控制字符。", "A text holds a control character."),
                    Text("删去制表符、换行等字符。", "Remove tabs, line breaks and the like."),
                )
            )
        for account, fen in p.lines:
            if not -INT64_MAX <= fen <= INT64_MAX or account.partition(":")[0] not in _ROOTS:
                faults.append(_line(p.posting_id, account, fen))
    return capped(faults, "ledger.more", "ledger")


def _unbalanced(posting_id: str, total: int) -> Fault:
    return _fault(
        posting_id,
        "unbalanced",
        Text("借贷不平，相差 {d} 元。", "Debits and credits differ by {d} yuan.").fill(d=say_yuan(total)),
        Text("更正分录使各行之和为零。", "Mend the lines so that they add up to zero."),
    )


def _shape(p: Posting, twice: bool) -> Fault:
    if twice:
        return _fault(
            p.posting_id,
            "duplicate",
            Text("记账编号用了两次。", "The posting code is used twice."),
            Text("每笔记账用自己的编号；更正用冲销。", "Give each posting its own code; correct by a reversal."),
        )
    return _fault(
        p.posting_id,
        "lines",
        Text("有 {n} 行，编号“{i}”。", "It has {n} line(s), code '{i}'.").fill(n=len(p.lines), i=p.posting_id),
        Text("一笔记账至少两行，并有编号。", "A posting has a code and two or more lines."),
    )


def _line(posting_id: str, account: str, fen: int) -> Fault:
    return _fault(
        posting_id,
        "line",
        Text("科目 {a}、金额 {f} 分不能入账。", "Account {a}, amount {f} fen cannot be booked.").fill(a=account, f=fen),
        Text("科目以 {r} 开头，金额在 ±{m} 分以内。", "Accounts begin with {r}; amounts lie within ±{m} fen.").fill(
            r=", ".join(_ROOTS), m=INT64_MAX
        ),
    )


def _fault(record: str, kind: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"ledger.{kind}", "ledger", record, clash, remedy)


# ---------------------------------------------------------------- checking
def check_ledger(table: pa.Table, opening: pa.Table | None = None) -> list[Fault]:
    """Return every fault of a ledger as stored: order, hash chain, balance per posting, reversals.

    table    LEDGER rows in the order stored (they are not sorted first: order is part of the proof)
    opening  the rows before, when `table` holds only one year; without it the link to them is not tested (warning)
    """
    if not len(table):
        return []
    return [
        *_order_faults(table, opening),
        *capped(_chain_faults(table, opening), "ledger.chain", "ledger"),
        *capped(_balance_faults(table), "ledger.unbalanced", "ledger"),
        *capped(_reversal_faults(table, opening), "ledger.reversal", "ledger"),
    ]


def _order_faults(table: pa.Table, opening: pa.Table | None) -> list[Fault]:
    seq = table["seq"].to_numpy()
    out = []
    expected = _last(opening)[1] + 1
    if opening is not None and seq[0] != expected:
        out.append(_out_of_order(int(seq[0]), expected))
    if opening is None and seq[0] != 1:
        out.append(
            Fault(
                "ledger.opening_absent",
                "ledger",
                f"seq {seq[0]}",
                Text(
                    "此前的 {n} 行没有给出，衔接没有核对。",
                    "The {n} rows before were not given, so the link to them was not tested.",
                ).fill(n=int(seq[0]) - 1),
                Text("连同上年账本一起核对。", "Check it together with last year's ledger."),
                "warning",
            )
        )
    for i in np.flatnonzero(np.diff(seq) != 1)[:20]:
        out.append(_out_of_order(int(seq[i + 1]), int(seq[i]) + 1))
    year = table["year"].to_numpy()
    for i in np.flatnonzero(np.diff(year) < 0)[:20]:
        out.append(
            _fault(
                f"seq {seq[i + 1]}",
                "year",
                Text("年度 {b} 排在 {a} 之后。", "Year {b} comes after {a}.").fill(a=int(year[i]), b=int(year[i + 1])),
                Text("补记用本年的更正分录。", "Book late entries as corrections of the current year."),
            )
        )
    return [*out, *_split_postings(table)]


def _out_of_order(got: int, expected: int) -> Fault:
    return _fault(
        f"seq {got}",
        "order",
        Text("序号 {g} 处应为 {e}。", "Sequence {g} stands where {e} was expected.").fill(g=got, e=expected),
        Text("账本有缺行或换行，取回原文件。", "A row is missing or moved; restore the original file."),
    )


def _split_postings(table: pa.Table) -> list[Fault]:
    """Return a fault for each posting whose rows do not stand together (an id used again later)."""
    code = table["posting_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    starts = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    _, first = np.unique(code[starts], return_index=True)
    again = np.setdiff1d(np.arange(len(starts)), first)
    return [_shape(Posting(table["posting_id"][int(starts[i])].as_py(), "", "", ()), True) for i in again[:20]]


def _chain_faults(table: pa.Table, opening: pa.Table | None) -> list[Fault]:
    """Return a fault for each row whose bytes do not give its hash or whose link is broken.

    The walk goes on from the *stored* hash, so that one changed row is named once and the rest is still tested.
    """
    names = ("seq", "posting_id", "year", "account", "amount_fen", "kind", "reference", "reverses", "prev_hash", "hash")
    before = _last(opening)[0] if opening is not None or table["seq"][0].as_py() == 1 else table["prev_hash"][0].as_py()
    out = []
    for seq, pid, year, account, fen, kind, reference, reverses, prev, stored in _walk(table.select(names)):
        data = f"{prev}\t{seq}\t{pid}\t{year}\t{account}\t{fen}\t{kind}\t{reference}\t{reverses}\n"
        if prev != before or sha256(data.encode()).hexdigest() != stored or data.count("\t") != 8:
            out.append(
                _fault(
                    f"seq {seq} {pid}",
                    "chain",
                    Text(
                        "指纹不合：记为 {s}…，前一行是 {b}…。", "The hash does not match: it says {s}…, the row before is {b}…."
                    ).fill(s=stored[:12], b=before[:12]),
                    Text("此行或前一行被改动，取回原文件。", "This row or the one before was changed; restore the original file."),
                )
            )
        before = stored
    return out


def _walk(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows in order; a slice at a time, so that memory stays flat."""
    for start in range(0, len(table), _SLICE):
        yield from zip(*(c.to_pylist() for c in table.slice(start, _SLICE).columns), strict=True)


def _balance_faults(table: pa.Table) -> list[Fault]:
    """Return a fault for each posting whose lines do not add up to zero; sums are exact beyond int64."""
    codes, ids = _encoded(table, "posting_id")
    totals = _exact_sums(table["amount_fen"].to_numpy(), codes, len(ids))
    return [_unbalanced(ids[i], total) for i, total in totals.items() if total]


def _encoded(table: pa.Table, column: str) -> tuple[np.ndarray, list[str]]:
    coded = table[column].combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(), coded.dictionary.to_pylist()


def _exact_sums(amounts: np.ndarray, codes: np.ndarray, n: int) -> dict[int, int]:
    """Return the sum of each code that is not zero, in Python integers: high and low halves are summed apart."""
    high, low = np.zeros(n, np.int64), np.zeros(n, np.int64)
    np.add.at(high, codes, amounts >> 32)
    np.add.at(low, codes, amounts & 0xFFFFFFFF)
    some = np.flatnonzero((high != 0) | (low != 0))
    return {int(i): (int(high[i]) << 32) + int(low[i]) for i in some}


def _reversal_faults(table: pa.Table, opening: pa.Table | None) -> list[Fault]:
    """Return a fault for each reversal that names no earlier posting, or undoes a posting twice or otherwise than by its mirror."""
    marked = table.filter(pc.not_equal(table["reverses"], "")).select(["posting_id", "reverses"]).to_pylist()
    if not marked:
        return []
    everything = table if opening is None else pa.concat_tables([opening, table])
    wanted = pa.array(sorted({r["posting_id"] for r in marked} | {r["reverses"] for r in marked}))
    lines: dict[str, list[tuple[str, int]]] = {}
    part = everything.filter(pc.is_in(everything["posting_id"], value_set=wanted))
    order: dict[str, int] = {}
    for row in part.select(["seq", "posting_id", "account", "amount_fen"]).to_pylist():
        lines.setdefault(row["posting_id"], []).append((row["account"], row["amount_fen"]))
        order.setdefault(row["posting_id"], row["seq"])
    pairs = sorted({(r["posting_id"], r["reverses"]) for r in marked})
    done = [r for _, r in pairs]
    out = []
    for by, undone in pairs:
        mirror = sorted((a, -f) for a, f in lines[by])
        if undone not in lines or order[undone] > order[by] or sorted(lines[undone]) != mirror or done.count(undone) > 1:
            out.append(
                _fault(
                    by,
                    "reversal",
                    Text(
                        "冲销 {u}：该笔不存在、晚于本笔、金额不相反，或已冲销过。",
                        "It reverses {u}, which does not exist, comes later, is not its mirror, or was reversed already.",
                    ).fill(u=undone),
                    Text(
                        "冲销一笔已有的记账，各行金额相反，只冲一次。",
                        "Reverse an existing posting once, line by line with opposite signs.",
                    ),
                )
            )
    return out


# ---------------------------------------------------------------- balances
def trial_balance(*ledgers: pa.Table) -> dict[str, int]:
    """Return the balance of every account in fen (debit positive), over all ledgers given; accounts sorted, zero ones kept.

    The balances of a sound ledger add up to zero.
    """
    table = pa.concat_tables(ledgers).select(["account", "amount_fen"])
    if not len(table):
        return {}
    codes, accounts = _encoded(table, "account")
    sums = _exact_sums(table["amount_fen"].to_numpy(), codes, len(accounts))
    return {a: sums.get(i, 0) for i, a in sorted(enumerate(accounts), key=lambda x: x[1])}
