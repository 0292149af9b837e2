"""Reverse auctions: sealed bids to do conservation for a price, ranked by score per yuan, paid as bid or at one price.

Ranking: what one unit of score costs (bid / score), lowest first; without a score column a unit of quantity, without
both a contract. Everything is exact: bids are whole fen, scores fractions as written, payments rounded down to the fen.

*Discriminative*: in the order of the ranking each bid that still fits is accepted and paid as bid.

*Uniform*: bids are accepted in the order of the ranking as long as all accepted could be paid the price of the last one
within the budget (or until the target quantity is reached); nothing behind the first refusal is accepted. The one price
per unit is that of the first bid refused, or less where the budget (or the reserve) allows only less:

    price = min( unit price of the first refused bid, budget / sum of accepted scores, reserve )

It is never below the unit price of a winner, so no winner gets less than the bid, and the sum never exceeds the budget.
A loser who asks more can only raise the price of the others. Full payment of the first refused price would not have
that property: the dearer price could push a winner out. The other option, `last_accepted`, pays the price of the last bid
accepted. Where no bid is refused there is no refused price: the reserve counts, or without one the last accepted price.

References: Latacz-Lohmann & Van der Hamsvoort (1997), Am. J. Agric. Econ. 79, 407-418 (conservation auctions);
Jack, Leimona & Ferraro (2009), Conserv. Biol. 23, 359-367 (uniform price, Indonesia); Singer, Budget feasible
mechanisms, FOCS 2010 (one price within a budget).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import gcd
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.targeting.candidates import fens, missing_column, numbers, read_columns
from ecocomp.terms.faults import Fault, FaultsError, UsageError, capped, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

RULES = ("discriminative", "uniform")
PRICES = ("first_rejected", "last_accepted")
TIES = ("id", "received", "lot")

WORDS: dict[str, Text] = {
    "accepted": Text("中标", "accepted"),
    "reserve": Text("高于保留价", "above the reserve price"),
    "budget": Text("预算不够", "over the budget"),
    "target": Text("数量已够", "the quantity sought is reached"),
    "behind": Text("排在第一个落选者之后", "behind the first bid refused"),
    "bidder_cap": Text("该竞标人已达上限", "the bidder has reached the cap"),
    "region_cap": Text("该区域已达上限", "the region has reached the cap"),
    "ground": Text("同一块地已有更低报价中标", "a better bid on the same ground is accepted"),
}


@dataclass(frozen=True, slots=True)
class Bid:
    """One sealed bid: what is asked (fen), what it is worth (score) and how much is offered (quantity)."""

    id: str
    bidder: str
    fen: int
    score: Fraction
    quantity: Fraction
    region: str = ""
    ground: str = ""
    received: str = ""

    @property
    def unit(self) -> Fraction:
        """Return what one unit of score costs, in fen."""
        return self.fen / self.score


@dataclass(frozen=True)
class Terms:
    """The terms of an auction.

    budget_fen / quantity   one of them, or both: money that may be spent, quantity sought
    rule      ``discriminative`` or ``uniform``
    price     of the uniform rule: ``first_rejected`` or ``last_accepted``
    reserve_fen   most that is paid for one unit of score
    most_per_bidder, most_per_region   number of bids accepted of one
    ties      equal unit prices: by ``id``, by ``received``, or by ``lot`` (drawn from `seed` and the id, so anyone can redraw it)
    """

    budget_fen: int | None = None
    quantity: Fraction | None = None
    rule: str = "uniform"
    price: str = "first_rejected"
    reserve_fen: Fraction | None = None
    most_per_bidder: int | None = None
    most_per_region: int | None = None
    ties: str = "id"
    seed: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of an auction.

    order    bids in the order of the ranking
    result   code of `WORDS` for each
    paid_fen for each, 0 if refused
    price    of one unit of score in fen (uniform), exactly; None without winners or where each is paid as bid
    """

    terms: Terms
    order: list[Bid]
    result: list[str]
    paid_fen: list[int]
    price: Fraction | None
    set_by: str
    faults: list[Fault] = field(default_factory=list)

    @property
    def winners(self) -> list[Bid]:
        """Return the bids accepted."""
        return [b for b, r in zip(self.order, self.result, strict=True) if r == "accepted"]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per bid in the order of the ranking."""
        return [
            {
                "rank": n,
                "id": b.id,
                "bidder": b.bidder,
                "region": b.region,
                "bid_fen": b.fen,
                "score": str(Decimal(b.score.numerator) / Decimal(b.score.denominator)),
                "fen_per_unit": float(b.unit),
                "result": r,
                "result_zh": WORDS[r].zh,
                "result_en": WORDS[r].en,
                "paid_fen": paid,
            }
            for n, (b, r, paid) in enumerate(zip(self.order, self.result, self.paid_fen, strict=True), start=1)
        ]

    def facts(self) -> dict[str, Any]:
        """Return the totals."""
        won = self.winners
        return {
            "rule": self.terms.rule,
            "price_rule": self.terms.price if self.terms.rule == "uniform" else None,
            "price_fen_per_unit": None if self.price is None else float(self.price),
            "price_exact": None if self.price is None else str(self.price),
            "price_set_by": self.set_by,
            "bids": len(self.order),
            "accepted": len(won),
            "paid_fen": sum(self.paid_fen),
            "asked_by_winners_fen": sum(b.fen for b in won),
            "score": float(sum((b.score for b in won), Fraction(0))),
            "quantity": float(sum((b.quantity for b in won), Fraction(0))),
            "budget_fen": self.terms.budget_fen,
        }


def hold(bids: Sequence[Bid], terms: Terms) -> Outcome:
    """Return the outcome of an auction; raises `FaultsError` for bids that cannot be judged, `UsageError` for unknown terms."""
    _known(terms)
    faults = bid_faults(bids)
    raise_errors(faults)
    order = sorted(bids, key=lambda b: (b.unit, _tie(b, terms), b.id))
    if terms.rule == "discriminative":
        return _as_bid(order, terms, faults)
    return _one_price(order, terms, faults)


def _as_bid(order: list[Bid], terms: Terms, faults: list[Fault]) -> Outcome:
    gate, result, paid = _Gate(terms), list[str](), list[int]()
    spent, got = 0, Fraction(0)
    for bid in order:
        why = gate.refuses(bid)
        if not why and terms.quantity is not None and got >= terms.quantity:
            why = "target"
        if not why and terms.budget_fen is not None and spent + bid.fen > terms.budget_fen:
            why = "budget"
        result.append(why or "accepted")
        paid.append(0 if why else bid.fen)
        if not why:
            gate.take(bid)
            spent, got = spent + bid.fen, got + bid.quantity
    return Outcome(terms, order, result, paid, None, "", faults)


def _one_price(order: list[Bid], terms: Terms, faults: list[Fault]) -> Outcome:
    gate, result = _Gate(terms), list[str]()
    score, got, refused = Fraction(0), Fraction(0), None
    for bid in order:
        why = gate.refuses(bid)
        if not why and refused is not None:
            why = "behind"
        if not why and terms.quantity is not None and got >= terms.quantity:
            why, refused = "target", bid
        # All that are accepted must be payable at the price of the last of them.
        if not why and terms.budget_fen is not None and bid.unit * (score + bid.score) > terms.budget_fen:
            why, refused = "budget", bid
        result.append(why or "accepted")
        if not why:
            gate.take(bid)
            score, got = score + bid.score, got + bid.quantity
    won = [b for b, r in zip(order, result, strict=True) if r == "accepted"]
    if not won:
        return Outcome(terms, order, result, [0] * len(order), None, "", faults)
    price, set_by = _price(won, refused, score, terms)
    paid = [_floor(price * b.score) if r == "accepted" else 0 for b, r in zip(order, result, strict=True)]
    return Outcome(terms, order, result, paid, price, set_by, faults)


def _price(won: list[Bid], refused: Bid | None, score: Fraction, terms: Terms) -> tuple[Fraction, str]:
    """Return the one price of a unit and what set it."""
    last = (won[-1].unit, won[-1].id)
    if terms.price == "last_accepted":
        return last
    offers: list[tuple[Fraction, str]] = []
    if refused is not None:
        offers.append((refused.unit, refused.id))
    if terms.reserve_fen is not None:
        offers.append((terms.reserve_fen, "reserve"))
    if not offers:
        return last
    if terms.budget_fen is not None:
        offers.append((terms.budget_fen / score, "budget"))
    return min(offers, key=lambda offer: offer[0])  # where several agree, the refused bid is named


class _Gate:
    """Refuses what may not be accepted whatever the money: reserve, caps, a ground that is taken."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.bidders: Counter[str] = Counter()
        self.regions: Counter[str] = Counter()
        self.grounds: set[str] = set()

    def refuses(self, bid: Bid) -> str:
        """Return why a bid is refused, empty if it is not."""
        t = self.terms
        if t.reserve_fen is not None and bid.unit > t.reserve_fen:
            return "reserve"
        if bid.ground and bid.ground in self.grounds:
            return "ground"
        if t.most_per_bidder is not None and self.bidders[bid.bidder] >= t.most_per_bidder:
            return "bidder_cap"
        return "region_cap" if t.most_per_region is not None and self.regions[bid.region] >= t.most_per_region else ""

    def take(self, bid: Bid) -> None:
        """Count an accepted bid."""
        self.bidders[bid.bidder] += 1
        self.regions[bid.region] += 1
        if bid.ground:
            self.grounds.add(bid.ground)


def _floor(amount: Fraction) -> int:
    return amount.numerator // amount.denominator


def _tie(bid: Bid, terms: Terms) -> str:
    if terms.ties == "received":
        return bid.received
    return hashlib.sha256(f"{terms.seed}\n{bid.id}".encode()).hexdigest() if terms.ties == "lot" else ""


def _known(terms: Terms) -> None:
    for value, known in ((terms.rule, RULES), (terms.price, PRICES), (terms.ties, TIES)):
        if value not in known:
            raise UsageError(Text("不认识 {v}；可用：{k}。", "{v} is not known; use: {k}.").fill(v=value, k=", ".join(known)))
    if terms.ties == "lot" and not terms.seed.strip():
        raise UsageError(
            Text(
                "抽签没有种子；用 --seed 写开标前公布的种子，否则谁都能事先算出结果。",
                "The lot has no seed; give with --seed the one published before opening, or anyone can work it out beforehand.",
            )
        )
    if terms.budget_fen is None and terms.quantity is None:
        raise UsageError(Text("写明预算或要购的数量。", "State a budget or the quantity sought."))
    if (terms.budget_fen is not None and terms.budget_fen < 0) or (terms.quantity is not None and terms.quantity < 0):
        raise UsageError(Text("预算和数量不能为负。", "Budget and quantity must not be negative."))
    if terms.reserve_fen is not None and terms.reserve_fen <= 0:
        raise UsageError(Text("保留价应大于零。", "The reserve price must be above zero."))


# ---------------------------------------------------------------- what looks wrong about bids
def bid_faults(bids: Sequence[Bid]) -> list[Fault]:
    """Return errors (an id twice, nothing asked or offered) and warnings that a commission should look into.

    Warnings: one bidder behind several bids on one ground, many bids of exactly the same unit price from several
    bidders, and bids that are all round.
    """
    out = [
        _fault(
            "auction.duplicate",
            i,
            Text("投标编号出现 {n} 次。", "The bid id occurs {n} times.").fill(n=n),
            Text("每份投标一个编号。", "One id for each bid."),
        )
        for i, n in sorted(Counter(b.id for b in bids).items())
        if n > 1
    ]
    for b in bids:
        if b.fen <= 0 or b.score <= 0 or b.quantity < 0:
            said = Text("报价 {f} 元，得分 {s}，数量 {q}。", "It asks {f} yuan for score {s}, quantity {q}.").fill(
                f=say_yuan(b.fen), s=b.score, q=b.quantity
            )
            out.append(
                _fault(
                    "auction.amount",
                    b.id,
                    said,
                    Text("报价和得分应大于零，数量不能为负。", "Bid and score must be above zero, the quantity not negative."),
                )
            )
    return [*capped(out, "auction.bid", "bids"), *_several(bids), *_alike(bids)]


def _several(bids: Sequence[Bid]) -> list[Fault]:
    pairs = Counter((b.bidder, b.ground) for b in bids if b.ground and b.bidder)
    return capped(
        [
            _fault(
                "auction.several",
                bidder,
                Text("对地块 {g} 投了 {n} 份标。", "{n} bids are made on ground {g}.").fill(g=ground, n=n),
                Text("至多一份能中标；核对是否有意。", "At most one can be accepted; check that this is meant."),
                "warning",
            )
            for (bidder, ground), n in sorted(pairs.items())
            if n > 1
        ],
        "auction.several",
        "bids",
    )


def _alike(bids: Sequence[Bid]) -> list[Fault]:
    """Return warnings about a price that several bidders name exactly, which independent bidders seldom do."""
    if any(b.fen <= 0 or b.score <= 0 for b in bids):
        return []
    by_unit: dict[Fraction, set[str]] = {}
    for b in bids:
        by_unit.setdefault(b.unit, set()).add(b.bidder or b.id)
    least = max(3, len(bids) // 10)
    out = [
        _fault(
            "auction.alike",
            ", ".join(sorted(who)[:6]),
            Text(
                "{n} 个竞标人的单位报价完全相同（每单位 {u:.2f} 元）。", "{n} bidders ask exactly the same per unit ({u:.2f} yuan)."
            ).fill(n=len(who), u=float(unit) / 100),
            Text(
                "可能串通，也可能是公开的参考价；请评标时核查。",
                "They may have agreed, or follow a published price; have the commission look into it.",
            ),
            "warning",
        )
        for unit, who in sorted(by_unit.items())
        if len(who) >= least
    ]
    common = gcd(*(b.fen for b in bids)) if len(bids) >= 5 else 0
    if common >= 10_000:
        said = Text("全部报价都是 {s} 元的整数倍。", "All bids are multiples of {s} yuan.").fill(s=say_yuan(common))
        remedy = Text(
            "整数报价使并列增多；并列规则要事先公布。", "Round bids make ties more common; publish the rule for ties beforehand."
        )
        out.append(_fault("auction.round", "", said, remedy, "warning"))
    return capped(out, "auction.alike", "bids")


def _fault(code: str, record: str, clash: Text, remedy: Text, severity: Any = "error") -> Fault:
    return Fault(code, "bids", record, clash, remedy, severity)


# ---------------------------------------------------------------- bids from a table
def read_bids(path: Path, *, step_yuan: Decimal | None = None) -> list[Bid]:
    """Return the bids of a table; raises `FaultsError` with every wrong cell.

    Columns: `id`, `bid_yuan` (or `bid_fen`); optional `bidder`, `score`, `quantity`, `region`, `ground`, `received`.
    step_yuan  bids must be multiples of this
    """
    return bids_of(read_columns(path), path.name, step_yuan=step_yuan)


def bids_of(table: pa.Table, where: str, *, step_yuan: Decimal | None = None) -> list[Bid]:
    """Return the bids of a table of text columns."""
    names = table.column_names
    cost = "bid_fen" if "bid_fen" in names and "bid_yuan" not in names else "bid_yuan"
    raise_errors([missing_column(where, n, names) for n in ("id", cost) if n not in names])
    columns = {n: table[n].combine_chunks() if isinstance(table[n], pa.ChunkedArray) else table[n] for n in names}
    ids = columns["id"]
    fen, faults = fens(columns[cost], cost, ids, where)
    faults += [
        Fault(
            "auction.no_id", where, f"row {n + 1}", Text("编号是空的。", "The id is empty."), Text("补上编号。", "Give it an id.")
        )
        for n, i in enumerate(ids.to_pylist())
        if not i
    ]
    for name in ("score", "quantity"):
        if name in names:
            values, found = numbers(columns[name], name, ids, where)
            zero = (
                [
                    Fault(
                        "target.cell",
                        where,
                        f"row {n + 1} {ids[n].as_py()}",
                        Text("{c} 是零。", "{c} is zero.").fill(c=name),
                        Text("应大于零。", "It must be above zero."),
                    )
                    for n in (values == 0).nonzero()[0].tolist()
                ]
                if not found
                else []
            )
            faults += [*found, *capped(zero, "target.cell", where)]
    faults += _off_step(fen.tolist(), ids, where, step_yuan)
    raise_errors(faults)

    def texts(name: str) -> list[str]:
        return columns[name].to_pylist() if name in names else [""] * len(ids)

    def fractions(name: str) -> list[Fraction]:
        return [Fraction(Decimal(v)) for v in texts(name)] if name in names else [Fraction(1)] * len(ids)

    quantity = fractions("quantity")
    score = fractions("score") if "score" in names else quantity
    cells = zip(
        ids.to_pylist(),
        texts("bidder"),
        fen.tolist(),
        score,
        quantity,
        texts("region"),
        texts("ground"),
        texts("received"),
        strict=True,
    )
    return [Bid(i, who or i, f, s, q, r, g, at) for i, who, f, s, q, r, g, at in cells]


def _off_step(fen: list[int], ids: pa.Array, where: str, step_yuan: Decimal | None) -> list[Fault]:
    if step_yuan is None:
        return []
    step = int(step_yuan * 100)
    if step <= 0:
        raise FaultsError(
            [
                Fault(
                    "auction.step",
                    "--step",
                    str(step_yuan),
                    Text("级差应大于零。", "The step must be above zero."),
                    Text("写元数。", "Write yuan."),
                )
            ]
        )
    return capped(
        [
            Fault(
                "auction.step",
                where,
                f"row {n + 1} {ids[n].as_py()}",
                Text("报价 {f} 元不是 {s} 元的整数倍。", "The bid of {f} yuan is no multiple of {s} yuan.").fill(
                    f=say_yuan(f), s=step_yuan
                ),
                Text("不代为取整；请竞标人改报。", "It is not rounded for the bidder; have it bid again."),
            )
            for n, f in enumerate(fen)
            if f % step
        ],
        "auction.step",
        where,
    )
