"""Money that lies where it should not, and money that is due and not paid: by day, not by the balance at the end of a year.

A balance at year end says nothing about what happened in between: money can be lent out in February and be back in December
(supervision sheet, rows 1, 18, 19 and 34). These functions take what moved, day by day, and return *spells*: from which day
to which day how much of what stood where it should not, so that nothing is hidden between two dates.

    arrears    owed to a holder from an envelope and not paid within the days allowed, oldest debt first
    uncovered  owed to a holder and covered by no money at all for longer than that
    moved      money of one envelope lying in another (documented reallocations not yet returned)
    short      the envelope's accounts hold less than is promised from it, by the day it belongs to
    transit    sent to the bank and neither confirmed nor returned for longer than allowed
    interest   interest owed to its owner and not handed over for longer than allowed
    bank       the bank's own statement says another balance than the books
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ecocomp.terms.text import Text

FINDINGS: dict[str, Text] = {
    "arrears": Text("拖欠：到期未付", "arrears: due and not paid"),
    "uncovered": Text("应付未落实资金", "owed and covered by no money"),
    "moved": Text("专款调剂在外", "money of the envelope lies in another"),
    "short": Text("账户资金少于应付承诺", "less money than is promised"),
    "transit": Text("在途过久", "too long in transit"),
    "interest": Text("利息未归还其所有者", "interest not handed to its owner"),
    "bank": Text("银行对账不符", "the bank says otherwise"),
}


@dataclass(frozen=True, order=True)
class Spell:
    """From `first` to `last` (None: to this day) `fen` stood where it should not.

    finding   one of `FINDINGS`
    envelope  "" for none
    what      account, counterpart or document it is about
    days      how many days it lasted
    fen_days  fen times days: what a rate of interest would be charged on
    """

    finding: str
    envelope: str
    what: str
    first: date
    last: date | None
    fen: int
    days: int
    fen_days: int


def spells(
    finding: str, envelope: str, what: str, steps: Iterable[tuple[date, int]], until: date, since: date | None = None
) -> list[Spell]:
    """Return the spells of an amount that changes on days: each while it is above zero and the same.

    steps  (day, change) in any order; several on a day are added up
    until  the last day looked at
    since  days before are left out

    >>> [(s.fen, s.days) for s in spells("moved", "E1", "E2", [(date(2025, 2, 1), 5), (date(2025, 2, 11), -5)], date(2025, 3, 1))]
    [(5, 10)]
    """
    sums: dict[date, int] = {}
    for day, change in steps:
        sums[day] = sums.get(day, 0) + change
    days = sorted(d for d, change in sums.items() if change and d <= until)
    out, level = [], 0
    ends = [d.toordinal() for d in [*days[1:], until]] if days else []
    for day, end in zip(days, ends, strict=True):
        level += sums[day]
        first = max(day, since) if since else day
        still = day == days[-1]
        n = end + (1 if still else 0) - first.toordinal()
        if level <= 0 or n <= 0:
            continue
        last = None if still else date.fromordinal(end - 1)
        out.append(Spell(finding, envelope, what, first, last, level, n, level * n))
    return out


def overdue(moves: Sequence[tuple[date, int, int]], allowed: int, until: date) -> list[tuple[date, int]]:
    """Return the changes of what is overdue on one account that is paid oldest debt first.

    moves    (day, what arose, what was paid) by day; a day's debts come before its payments
    allowed  days a debt may stand; unpaid at the end of the last of them, its due day, it is overdue from the next day;
             the day of payment is not counted (`ecocomp.payments.payable.arrears_fen_days` counts the same way)
    returns  (day, change) for `spells`

    >>> overdue([(date(2025, 1, 1), 100, 0), (date(2025, 1, 20), 0, 60)], 10, date(2025, 2, 1))
    [(datetime.date(2025, 1, 12), 60), (datetime.date(2025, 1, 20), -60), (datetime.date(2025, 1, 12), 40)]
    """
    out: list[tuple[date, int]] = []
    debts: list[list[object]] = []
    ahead = 0
    for day, arose, paid in sorted(moves):
        arose, used = max(0, arose - ahead), min(ahead, arose)
        ahead -= used
        if arose:
            debts.append([day, arose])
        while paid and debts:
            since, left = debts[0]
            assert isinstance(since, date)
            assert isinstance(left, int)
            part = min(paid, left)
            out += _late(since, day, part, allowed)
            paid -= part
            debts[0][1] = left - part
            if left == part:
                debts.pop(0)
        ahead += paid
    for since, left in debts:
        assert isinstance(since, date)
        assert isinstance(left, int)
        out += _late(since, None, left, allowed, until)
    return out


def _late(since: date, paid: date | None, fen: int, allowed: int, until: date | None = None) -> Iterator[tuple[date, int]]:
    due = date.fromordinal(min(since.toordinal() + allowed + 1, date.max.toordinal()))
    if paid is not None:
        if paid > due:
            yield due, fen
            yield paid, -fen
    elif until is not None and due <= until:
        yield due, fen


def together(parts: Mapping[str, Iterable[tuple[date, int]]]) -> list[tuple[date, int]]:
    """Return the changes of several accounts as those of their sum."""
    sums: dict[date, int] = {}
    for steps in parts.values():
        for day, change in steps:
            sums[day] = sums.get(day, 0) + change
    return sorted(sums.items())
