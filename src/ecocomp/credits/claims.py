"""One physical result, one claim: ground, period and benefit are claimed once, across all instruments.

Claims lie on parcels with a share (a fraction of the parcel) and a half-open period. Two claims of the same benefit
never share ground and time; two of different benefits do only if the rules of both instruments let them stack. Whether
shares fit beside each other is exact: claims that exclude one another need disjoint ground, so if the shares of a set of
mutually exclusive claims on one parcel at one time come to more than 1, some ground is claimed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ecocomp.credits.instrument import Instrument
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Claim:
    """A project's claim on a share of a parcel from `start` until, not including, `end` (None: open)."""

    project: str
    instrument: str
    benefit: str
    parcel: str
    share: Fraction
    start: date
    end: date | None


def exclude(a: Instrument, b: Instrument) -> bool:
    """Return whether two instruments may not stand on the same ground at once.

    Same benefit: never together. Different ones: only if each lists the other's benefit in `stacks_with`.
    """
    return a.benefit == b.benefit or not (b.benefit in a.stacks_with and a.benefit in b.stacks_with)


def double_claims(claims: Iterable[Claim], rules: Mapping[str, Instrument], only: Iterable[str] | None = None) -> list[Fault]:
    """Return a fault for each parcel and stretch of time on which more than the whole parcel is claimed.

    rules  the instruments by id
    only   report only stretches in which one of these projects stands
    """
    wanted = None if only is None else set(only)
    by_parcel: dict[str, list[Claim]] = {}
    for claim in claims:
        by_parcel.setdefault(claim.parcel, []).append(claim)
    faults = []
    for parcel in sorted(by_parcel):
        found = by_parcel[parcel]
        if len(found) > 1 or found[0].share > 1:
            faults += _on_parcel(parcel, found, rules, wanted)
    return faults


def _on_parcel(parcel: str, claims: list[Claim], rules: Mapping[str, Instrument], wanted: set[str] | None) -> list[Fault]:
    faults: list[Fault] = []
    said: set[tuple[str, ...]] = set()
    for day in sorted({c.start for c in claims}):
        live = [c for c in claims if c.start <= day and (c.end is None or c.end > day)]
        shares: dict[str, Fraction] = {}
        for c in live:
            shares[c.instrument] = shares.get(c.instrument, Fraction(0)) + c.share
        total, clique = _heaviest(shares, rules)
        if total <= 1:
            continue
        against = sorted({c.project for c in live if c.instrument in clique})
        if (wanted is not None and not wanted & set(against)) or tuple(against) in said:
            continue
        said.add(tuple(against))
        faults.append(_fault(parcel, day, [c for c in live if c.instrument in clique], total))
    return faults


def _heaviest(shares: Mapping[str, Fraction], rules: Mapping[str, Instrument]) -> tuple[Fraction, frozenset[str]]:
    """Return the set of instruments that exclude one another whose shares come to the most."""
    names = sorted(shares)

    def best(chosen: tuple[str, ...], rest: list[str]) -> tuple[Fraction, tuple[str, ...]]:
        top = (sum((shares[n] for n in chosen), Fraction(0)), chosen)
        for i, name in enumerate(rest):
            fits = [n for n in rest[i + 1 :] if exclude(rules[name], rules[n])]
            found = best((*chosen, name), fits)
            top = found if found[0] > top[0] else top
        return top

    total, clique = best((), names)
    return total, frozenset(clique)


def _fault(parcel: str, day: date, claims: list[Claim], total: Fraction) -> Fault:
    who = "; ".join(
        f"{c.project} ({c.instrument}, {c.benefit}) {c.share} {c.start}–{c.end or ''}"
        for c in sorted(claims, key=lambda c: (c.start, c.project))
    )
    return Fault(
        "credits.double_claim",
        "credit_ground",
        parcel,
        Text(
            "自 {d} 起，互不相容的项目共主张该地块的 {t}（超过 1）：{w}。",
            "from {d} on, projects that exclude one another claim {t} of the parcel (more than 1): {w}.",
        ).fill(d=day, t=total, w=who),
        Text(
            "缩小份额或期间，或先终止另一项目的主张；不同效益可叠加须两个凭证的规则都列明。",
            "Cut the share or the period, or end the other claim first; benefits stack only where the rules of both say so.",
        ),
    )
