"""Surrender against a duty: how much is due, how much offsets may settle, what failing costs.

Decree on carbon trading in force from 2024-05-01: what was emitted last year is surrendered in allowances; verified
reductions may settle up to a share of the amount due (5 %, secondary source); who fails is fined 5 to 10 times the mean
price of the month before the deadline for each unit missing, and if it is not corrected the same amount is cut from next
year's allowances. All figures are fields of the instruments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from ecocomp.credits.instrument import Instrument
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import half_even
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Standing:
    """How a duty stands, in smallest units of the duty's instrument.

    due        what must be surrendered
    own        surrendered in the instrument itself
    offsets    surrendered in others, by instrument, as far as they count
    not_counted surrendered in others above their limit
    missing    what is still missing
    """

    due: int
    own: int
    offsets: Mapping[str, int]
    not_counted: Mapping[str, int]
    missing: int


def offset_limit(due: int, share: Fraction) -> int:
    """Return the most that offsets may settle: whole smallest units, rounded down.

    >>> offset_limit(1_010, Fraction(5, 100))
    50
    """
    return due * share.numerator // share.denominator


def standing(due: int, surrendered: Mapping[str, int], duty: Instrument, rules: Mapping[str, Instrument]) -> Standing:
    """Return how a duty stands after what was surrendered, by instrument (smallest units of the duty's).

    Every instrument counts up to its own limit; all offsets together up to the largest limit among them.
    """
    own = surrendered.get(duty.id, 0)
    others = {i: q for i, q in sorted(surrendered.items()) if i != duty.id}
    whole = max((offset_limit(due, rules[i].surrender_share) for i in others), default=0)
    counted: dict[str, int] = {}
    for i, q in others.items():
        counted[i] = min(q, offset_limit(due, rules[i].surrender_share), whole - sum(counted.values()))
    over = {i: q - counted[i] for i, q in others.items() if q > counted[i]}
    return Standing(due, own, counted, over, max(0, due - own - sum(counted.values())))


def surrender_faults(before: Standing, after: Standing, record: str, duty: Instrument) -> list[Fault]:
    """Return the faults of a surrender: more than is due, or more offsets than may count."""
    faults = []
    if after.own + sum(after.offsets.values()) > after.due:
        faults.append(
            Fault(
                "credits.over_surrender",
                "credits",
                record,
                Text(
                    "应缴 {d}，注销后共 {n}，超过应缴。", "{d} are due; with this {n} would be surrendered, more than is due."
                ).fill(d=duty.say(after.due), n=duty.say(after.own + sum(after.offsets.values()))),
                Text("至多再注销 {m}。", "Retire {m} more at most.").fill(m=duty.say(before.missing)),
            )
        )
    for i, over in after.not_counted.items():
        if over > before.not_counted.get(i, 0):
            faults.append(
                Fault(
                    "credits.offset_limit",
                    "credits",
                    record,
                    Text(
                        "{i} 至多抵 {l}（应缴 {d}），本次使其超出 {o}。",
                        "{i} may settle {l} at most (of {d} due); this goes {o} beyond.",
                    ).fill(i=i, l=duty.say(after.offsets.get(i, 0)), d=duty.say(after.due), o=duty.say(over)),
                    Text("其余用配额清缴。", "Surrender the rest in allowances."),
                )
            )
    return faults


@dataclass(frozen=True, slots=True)
class Penalty:
    """What is missing costs: the fine from and to, in fen, and the cut of next year's allowances in smallest units."""

    missing: int
    mean_fen: Fraction
    low_fen: int
    high_fen: int
    cut: int


def penalty(missing: int, mean_fen: Fraction, duty: Instrument) -> Penalty:
    """Return the fine for units not surrendered, and the cut.

    missing   smallest units
    mean_fen  mean price of the month before the deadline, fen per unit
    """
    worth = mean_fen * missing / duty.one
    low, high = (half_even((worth * t).numerator, (worth * t).denominator) for t in duty.fine_times)
    return Penalty(missing, mean_fen, low, high, missing if duty.cut_next else 0)


def mean_price(trades: Iterable[tuple[int, int]], decimals: int) -> Fraction | None:
    """Return the mean price in fen per unit of trades (smallest units, fen), weighted by quantity; None without a trade."""
    quantity = amount = 0
    for q, fen in trades:
        quantity, amount = quantity + q, amount + fen
    return Fraction(amount * 10**decimals, quantity) if quantity else None


def month_before(deadline: date) -> tuple[date, date]:
    """Return the calendar month before the deadline's, half-open.

    >>> month_before(date(2025, 12, 31))
    (datetime.date(2025, 11, 1), datetime.date(2025, 12, 1))
    """
    end = deadline.replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end
