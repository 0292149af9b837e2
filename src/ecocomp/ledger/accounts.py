"""Names of accounts: what a name says about a pot of money — its family, its envelope, its natural side and its limit.

A name is a path of two to four parts joined by colons. Money of an envelope lies only in accounts that end with its code.

    asset:bank:<envelope>                  money at the bank
    asset:escrow:<envelope>                money set apart while title is disputed
    asset:transit:<envelope>               paid out, not yet confirmed by the bank
    asset:<what>:<envelope>                other assets of an envelope
    asset:<what>:<whom>:<envelope>         what someone owes the envelope, e.g. asset:receivable:H7:E1
    asset:receivable:<whom>                what someone owes, of no envelope
    fund:<envelope>, fund:<what>:<envelope>      money with a purpose that is not given out yet
    claim:<programme>                      owed and not yet covered by money; its other side is liability:owed:<holder>
    liability:payable:<holder>:<envelope>  owed to a holder from an envelope
    liability:escrow:<parcel>:<envelope>   owed to whoever is found to hold a disputed parcel
    liability:<what>:<whom>:<envelope>     other debts of an envelope, e.g. liability:interest:treasury:E1
    liability:<what>:<whom>, liability:<what>    debts of no envelope, e.g. liability:owed:H7
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ecocomp.terms.text import Text

DEBIT, CREDIT = 1, -1
PERSONAL = 16
"""Families from this number on belong to one person or parcel; there may be millions of such accounts."""
NAME_MAX = 200


@dataclass(frozen=True)
class Family:
    """Accounts of one kind.

    number    as the office stores it
    pattern   how its names look
    side      1 grows by debit, -1 grows by credit
    floor     the lowest balance in fen, counted on its natural side and with what is pending against it; None free
    enclosed  whether its last part is an envelope
    """

    number: int
    pattern: str
    name: Text
    side: int
    floor: int | None
    enclosed: bool


FAMILIES: tuple[Family, ...] = (
    Family(1, "asset:bank:*", Text("银行存款", "at the bank"), DEBIT, 0, True),
    Family(2, "asset:escrow:*", Text("暂存专户", "in escrow"), DEBIT, 0, True),
    Family(3, "asset:transit:*", Text("在途资金", "in transit"), DEBIT, 0, True),
    Family(4, "fund:*", Text("专项资金", "fund"), CREDIT, 0, True),
    Family(5, "claim:*", Text("应付未落实", "owed and not covered"), DEBIT, None, False),
    Family(6, "asset:*:*", Text("其他资产", "other asset"), DEBIT, 0, True),
    Family(7, "fund:*:*", Text("专项资金分项", "part of a fund"), CREDIT, 0, True),
    Family(8, "liability:*", Text("其他负债", "other debt"), CREDIT, 0, False),
    Family(9, "asset:*", Text("其他资产", "other asset"), DEBIT, 0, False),
    Family(10, "claim:*:*", Text("应付未落实分项", "part of what is not covered"), DEBIT, None, False),
    Family(16, "liability:payable:*:*", Text("应付款", "payable"), CREDIT, 0, True),
    Family(17, "liability:escrow:*:*", Text("暂存应付款", "payable held in escrow"), CREDIT, 0, True),
    Family(18, "liability:owed:*", Text("待落实应付款", "owed, not yet covered"), CREDIT, 0, False),
    Family(19, "liability:payable:*", Text("应付款", "payable"), CREDIT, 0, False),
    Family(20, "liability:escrow:*", Text("暂存应付款", "payable held in escrow"), CREDIT, 0, False),
    Family(21, "liability:*:*:*", Text("其他负债", "other debt"), CREDIT, 0, True),
    Family(22, "liability:*:*", Text("其他负债", "other debt"), CREDIT, 0, False),
    Family(23, "asset:*:*:*", Text("应收款", "receivable"), DEBIT, 0, True),
    Family(24, "asset:receivable:*", Text("应收款", "receivable"), DEBIT, 0, False),
)
BY_NUMBER: dict[int, Family] = {f.number: f for f in FAMILIES}
BANK, ESCROW, TRANSIT, FUND, CLAIM, PAYABLE, HELD, OWED = 1, 2, 3, 4, 5, 16, 17, 18
ROOTS = ("asset", "liability", "fund", "claim")

REALLOCATIONS = ("reallocation",)
"""Kinds that may move money from one envelope to another; their reference is the number of the document that allows it."""
INTEREST = "interest"
"""Kind of interest: it stays within the envelope whose money earned it (its fund, or a debt to its owner)."""

KINDS: dict[str, Text] = {
    "opening": Text("上年结转", "carried in"),
    "grant": Text("资金下达", "grant"),
    "entitlement": Text("确认应付", "entitlement recognised"),
    "allocation": Text("资金落实", "allocation"),
    "payment": Text("支付", "payment"),
    "confirmation": Text("银行确认", "confirmed by the bank"),
    "return": Text("银行退票", "returned by the bank"),
    "reissue": Text("重新支付", "paid again"),
    "escrow": Text("转入暂存", "moved to escrow"),
    "release": Text("暂存转出", "released from escrow"),
    "clawback": Text("追回", "clawed back"),
    "recovery": Text("收回存量", "recovered"),
    "interest": Text("利息", "interest"),
    "reallocation": Text("调剂使用", "reallocation"),
    "lapse": Text("收回", "lapsed and returned"),
    "proceeds": Text("收入", "proceeds"),
    "correction": Text("更正", "correction"),
}
"""Kinds of business in words; other lower-case words may be used and are shown as they are."""
KIND = re.compile(r"[a-z][a-z0-9_.]{0,39}")


@dataclass(frozen=True)
class Account:
    """What a name says: its family and its envelope ("" for none)."""

    name: str
    family: Family
    envelope: str


def read_name(name: str) -> Account | None:
    """Return what an account name says, None for a name that cannot be one.

    >>> read_name("liability:payable:H7:E1").envelope
    'E1'
    >>> read_name("liability:payable:H7").envelope
    ''
    >>> read_name("bank:E1") is None
    True
    """
    parts = name.split(":")
    if not 2 <= len(parts) <= 4 or len(name) > NAME_MAX or not all(p == p.strip() and p for p in parts):
        return None
    if not name.isprintable():
        return None
    find = _SHAPES.get((parts[0], len(parts)))
    family = find(parts[1]) if find else None
    return None if family is None else Account(name, family, parts[-1] if family.enclosed else "")


def _by_word(named: dict[str, int], other: int) -> Callable[[str], Family]:
    return lambda word: BY_NUMBER[named.get(word, other)]


_SHAPES: dict[tuple[str, int], Callable[[str], Family]] = {
    ("asset", 2): _by_word({}, 9),
    ("asset", 3): _by_word({"bank": 1, "escrow": 2, "transit": 3, "receivable": 24}, 6),
    ("asset", 4): _by_word({}, 23),
    ("fund", 2): _by_word({}, 4),
    ("fund", 3): _by_word({}, 7),
    ("claim", 2): _by_word({}, 5),
    ("claim", 3): _by_word({}, 10),
    ("liability", 2): _by_word({}, 8),
    ("liability", 3): _by_word({"owed": 18, "payable": 19, "escrow": 20}, 22),
    ("liability", 4): _by_word({"payable": 16, "escrow": 17}, 21),
}


def kind_words(kind: str) -> Text:
    """Return a kind in words."""
    return KINDS.get(kind, Text(kind, kind))
