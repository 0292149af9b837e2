"""From a year's result to the rows that are paid: one for each holder, parcel, programme, year and tranche, with its sources.

A first calculation makes rows; a later one of the same year makes only what differs. Where nothing is taken away, every row stays
and a correction row carries the difference. Where something is, rows that are in no batch yet are cancelled and one row takes
their place; what is in a batch or beyond is never taken back: too much becomes a claw-back row, linked to what it corrects.
Policy sheet 6.5 (unique key, claw-back rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.payments.flow import COMMITTED
from ecocomp.terms.money import apportion

KEY = ("holder_id", "parcel_id", "programme", "year", "tranche")
"""What may be paid once: the unique key of a payment."""
ONE_TRANCHE = "1"

Parts = Mapping[str, int]
"""Envelope → fen."""


def claims(entitlement: pa.Table) -> pa.Table:
    """Return what is owed by key: entitled, funded and state; rows that are excluded or nothing are left out.

    Several entitlements of one key (two rights of one holder on one parcel) are one payment; if one of them is in escrow
    or held, all are.
    """
    table = entitlement.filter(pc.and_(pc.not_equal(entitlement["state"], "excluded"), pc.greater(entitlement["entitled_fen"], 0)))
    tranche = _tranche(table)
    flat = pa.table(
        {
            **{k: table[k] for k in KEY[:-1]},
            "tranche": tranche,
            "entitled_fen": table["entitled_fen"],
            "funded_fen": table["funded_fen"],
            "rank": pc.if_else(pc.equal(table["state"], "held"), 2, pc.if_else(pc.equal(table["state"], "escrow"), 1, 0)),
            "entitlement_id": table["entitlement_id"],
        }
    )
    made = flat.group_by(list(KEY), use_threads=False).aggregate(
        [("entitled_fen", "sum"), ("funded_fen", "sum"), ("rank", "max"), ("entitlement_id", "min")]
    )
    state = pa.array(["ready", "escrow", "objection"]).take(made["rank_max"].combine_chunks())
    return pa.table(
        {
            **{k: made[k] for k in KEY},
            "entitled_fen": made["entitled_fen_sum"],
            "funded_fen": made["funded_fen_sum"],
            "state": state,
            "entitlement_id": made["entitlement_id_min"],
        }
    ).sort_by([(k, "ascending") for k in KEY])


def claim_sources(entitlement: pa.Table, allocation: pa.Table, found: pa.Table) -> pa.Table:
    """Return which envelope gives how much to which claim: `claim` is the place of the claim in `found`, and its entitlement."""
    ids = entitlement["entitlement_id"].combine_chunks()
    at = pc.index_in(allocation["entitlement_id"].combine_chunks(), value_set=ids)
    used = allocation.filter(at.is_valid())
    at = at.drop_null()
    tranche = _tranche(entitlement)
    keys = _joined([*(entitlement[k] for k in KEY[:-1]), tranche]).take(at)
    place = pc.index_in(keys, value_set=_joined([found[k] for k in KEY]))
    made = pa.table(
        {
            "claim": place,
            "entitlement_id": used["entitlement_id"],
            "envelope_id": used["envelope_id"],
            "amount_fen": used["amount_fen"],
        }
    )
    made = made.filter(pc.and_(pc.is_valid(made["claim"]), pc.greater(made["amount_fen"], 0)))
    return made.sort_by([("claim", "ascending"), ("entitlement_id", "ascending"), ("envelope_id", "ascending")])


def _tranche(entitlement: pa.Table) -> pa.ChunkedArray | pa.Array:
    """Return the tranche of each entitlement; a year paid at once has one tranche."""
    if "tranche" not in entitlement.schema.names:
        return pa.array([ONE_TRANCHE] * len(entitlement), pa.string())
    said = pc.fill_null(entitlement["tranche"].cast(pa.string()), "")
    return pc.if_else(pc.equal(said, ""), ONE_TRANCHE, said)


def _joined(columns: Sequence[pa.ChunkedArray | pa.Array]) -> pa.Array:
    made = pc.binary_join_element_wise(*(c.cast(pa.string()) for c in columns), pa.scalar("\x1f"))
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


# ---------------------------------------------------------------- a later calculation of the same year
@dataclass(frozen=True, slots=True)
class Standing:
    """A row that is there already: its place, state, and its money by envelope (negative: clawed back)."""

    row: int
    state: str
    sources: Parts
    escrow: bool = False
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """A row to be added: kind, state it begins in (``ready``, ``escrow``, ``objection``, ``clawback``), money by envelope."""

    kind: str
    state: str
    sources: dict[str, int]

    @property
    def amount_fen(self) -> int:
        """Its amount."""
        return sum(self.sources.values())


@dataclass(slots=True)
class Difference:
    """What a new calculation changes for one key.

    cancel  rows that have not gone to the bank and are taken back
    add     rows to be added
    moved   fen that by the new calculation come from another envelope than they were paid from; history is not rewritten
    """

    cancel: list[int] = field(default_factory=list)
    add: list[Added] = field(default_factory=list)
    moved: int = 0


def difference(standing: Iterable[Standing], wanted: Parts, state: str) -> Difference:
    """Return what a new calculation changes for one key, never a second payment.

    standing  every row of the key that is not cancelled or reissued
    wanted    money by envelope as it is now calculated (empty: nothing is owed)
    state     state the calculation gives it: ``ready``, ``escrow`` or ``objection``

    >>> difference([Standing(1, "paid", {"E1": 100})], {"E1": 70}, "ready").add[0].sources
    {'E1': -30}
    """
    rows = [s for s in standing if s.state != "cancelled" and s.state != "reissued"]
    wanted = {e: x for e, x in wanted.items() if x}
    now = _sum(rows)
    fits = all(s.escrow == (state == "escrow") for s in rows if s.state in ("ready", "held") and sum(s.sources.values()) > 0)
    if now == wanted and fits:
        return Difference()
    more = {e: wanted.get(e, 0) - now.get(e, 0) for e in {*wanted, *now}}
    if fits and all(x >= 0 for x in more.values()):
        kind = "correction" if rows else "payment"
        return Difference(add=[Added(kind, state, {e: x for e, x in sorted(more.items()) if x})])
    made = Difference(cancel=[s.row for s in rows if s.state not in COMMITTED and not s.decided])
    kept = _sum([s for s in rows if s.row not in set(made.cancel)])
    rest = {e: wanted.get(e, 0) - kept.get(e, 0) for e in {*wanted, *kept}}
    short, over = {e: x for e, x in rest.items() if x > 0}, {e: -x for e, x in rest.items() if x < 0}
    net = sum(short.values()) - sum(over.values())
    made.moved = min(sum(short.values()), sum(over.values()))
    if net > 0:
        made.add.append(Added("correction" if rows else "payment", state, share(net, short)))
    elif net < 0:
        made.add.append(Added("clawback", "clawback", {e: -x for e, x in share(-net, over).items()}))
    return made


def share(total: int, weights: Parts) -> dict[str, int]:
    """Split fen over envelopes by whole weights, nothing lost; parts of nothing are left out."""
    names = sorted(weights)
    parts = apportion(total, [weights[n] for n in names])
    return {n: p for n, p in zip(names, parts, strict=True) if p}


def _sum(rows: Iterable[Standing]) -> dict[str, int]:
    out: dict[str, int] = {}
    for row in rows:
        for envelope, fen in row.sources.items():
            out[envelope] = out.get(envelope, 0) + fen
    return {e: x for e, x in out.items() if x}


# ---------------------------------------------------------------- one payment to several people
def divide(sources: Parts, shares: Mapping[str, Fraction]) -> dict[str, dict[str, int]]:
    """Split money over people by exact shares that add up to one, each envelope by itself: nothing lost, nobody below zero.

    sources  envelope → fen
    shares   party → share
    raises   ValueError when the shares do not add up to exactly one or one is negative

    >>> divide({"E1": 100}, {"H2": Fraction(1, 3), "H3": Fraction(2, 3)})
    {'H2': {'E1': 33}, 'H3': {'E1': 67}}
    """
    if sum(shares.values()) != 1 or any(s < 0 for s in shares.values()):
        raise ValueError(f"shares add up to {sum(shares.values())}")
    people = sorted(shares)
    common = lcm(*(shares[p].denominator for p in people))
    weights = [shares[p].numerator * (common // shares[p].denominator) for p in people]
    out: dict[str, dict[str, int]] = {p: {} for p in people}
    for envelope in sorted(sources):
        for person, fen in zip(people, apportion(sources[envelope], weights), strict=True):
            if fen:
                out[person][envelope] = fen
    return out


def net(owed: Parts, back: Parts) -> dict[str, int] | None:
    """Return what is left of a payment after a claw-back of the same envelopes, or None where it is not covered whole.

    Netting never crosses envelopes, so that earmarked money stays where it belongs, and never goes below zero.

    >>> net({"E1": 100}, {"E1": 30}), net({"E1": 100}, {"E2": 30})
    ({'E1': 70}, None)
    """
    if any(fen > owed.get(e, 0) for e, fen in back.items()):
        return None
    return {e: fen - back.get(e, 0) for e, fen in owed.items() if fen != back.get(e, 0)}


def arrears_fen_days(due_fen: int, due_on: int, paid: Iterable[tuple[int, int]], until: int) -> int:
    """Return how much was in arrears for how long: fen times days, counted by day.

    A sum unpaid at the end of its due day is in arrears from the next day; the day of payment is not counted, `until` is.
    `ecocomp.ledger.watch.overdue` counts the same way.

    due_on, until  days as whole numbers (`date.toordinal`); paid: (day, fen) of each payment

    >>> arrears_fen_days(100, 10, [(15, 60), (30, 40)], 40)
    1000
    """
    out, left, day = 0, due_fen, due_on + 1
    for on, fen in sorted(paid):
        at = min(max(on, due_on + 1), until + 1)
        out += max(left, 0) * max(at - day, 0)
        left, day = left - fen, max(day, at)
    return out + max(left, 0) * max(until + 1 - day, 0)
