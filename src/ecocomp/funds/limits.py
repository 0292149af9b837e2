"""A pool closed to the fen under limits: floors, caps and growth limits hold before rounding, and what they did is told.

Each share is ``clamp(λ·wanted, low, high)`` for the one λ at which the shares add up to the pool; all of it in exact
fractions. Shares that a limit holds are whole fen already; the others are rounded by Webster's method
(`terms.money.apportion`), and one that would pass a limit by the rounding is held at it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import apportion, say_yuan
from ecocomp.terms.text import Text


@dataclass(frozen=True)
class Fitted:
    """Shares in fen, the multiplier of those no limit holds, and for each share what holds it: "", "low" or "high"."""

    shares: list[int]
    multiplier: Fraction
    held: list[str]


def fit(
    pool: int, wanted: Sequence[Fraction], low: Sequence[int], high: Sequence[int | None], names: Sequence[str], where: str
) -> Fitted:
    """Return the shares.

    pool    fen to split, >= 0
    wanted  what each should get before limits; only their proportion matters, >= 0
    low, high  whole fen; None: no upper limit
    raises  FaultsError that names the limits that clash with the pool or with each other
    """
    faults = _clashes(pool, wanted, low, high, names, where)
    if faults:
        raise FaultsError(faults)
    ratio = _multiplier(pool, wanted, low, high)
    exact = [_clamped(ratio * w, lo, hi) for w, lo, hi in zip(wanted, low, high, strict=True)]
    held = ["low" if x == lo and w * ratio < x else "high" if hi is not None and x == hi and w * ratio > x else ""
            for x, w, lo, hi in zip(exact, wanted, low, high, strict=True)]  # fmt: skip
    shares = _rounded(pool, exact, low, high)
    return Fitted(shares, ratio, held)


def _clamped(x: Fraction, low: int, high: int | None) -> Fraction:
    return max(Fraction(low), x if high is None else min(x, Fraction(high)))


def _multiplier(pool: int, wanted: Sequence[Fraction], low: Sequence[int], high: Sequence[int | None]) -> Fraction:
    """Return the λ at which the clamped shares add up to the pool; their sum is piecewise linear and never falls with λ."""

    def total(ratio: Fraction) -> Fraction:
        return sum((_clamped(ratio * w, lo, hi) for w, lo, hi in zip(wanted, low, high, strict=True)), Fraction(0))

    bends = sorted(
        {Fraction(lo) / w for w, lo in zip(wanted, low, strict=True) if w}
        | {Fraction(hi) / w for w, hi in zip(wanted, high, strict=True) if w and hi is not None}
        | {Fraction(0)}
    )
    first, last = 0, len(bends) - 1  # the last bend whose sum does not pass the pool
    while first < last:
        middle = (first + last + 1) // 2
        if total(bends[middle]) <= pool:
            first = middle
        else:
            last = middle - 1
    start = bends[first]
    free = sum(
        (w for w, lo, hi in zip(wanted, low, high, strict=True) if w * start >= lo and (hi is None or w * start < hi)), Fraction(0)
    )
    missing = pool - total(start)
    return start + missing / free if free and missing else start


def _rounded(pool: int, exact: Sequence[Fraction], low: Sequence[int], high: Sequence[int | None]) -> list[int]:
    fixed = {i: int(x) for i, x in enumerate(exact) if x.denominator == 1 and (x == low[i] or x == high[i])}
    while True:
        free = [i for i in range(len(exact)) if i not in fixed]
        left = pool - sum(fixed.values())
        if not free:
            return [fixed[i] for i in range(len(exact))]
        scale = 1
        for i in free:
            scale = scale * exact[i].denominator // _gcd(scale, exact[i].denominator)
        weights = [int(exact[i] * scale) for i in free]
        parts = apportion(left, weights) if any(weights) or not left else [left, *[0] * (len(free) - 1)]
        wrong = {i: p for i, p in zip(free, parts, strict=True) if p < low[i] or (high[i] is not None and p > (high[i] or 0))}
        if not wrong:
            fixed |= dict(zip(free, parts, strict=True))
            return [fixed[i] for i in range(len(exact))]
        fixed |= {i: low[i] if p < low[i] else int(high[i] or 0) for i, p in wrong.items()}


def weighed(total: int, weights: Sequence[Fraction]) -> list[int]:
    """Return `total` whole fen split in proportion to exact weights; all 0 where there is nothing to split and no weight."""
    scale = math.lcm(*(w.denominator for w in weights))
    return apportion(total, [int(w * scale) for w in weights])


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _clashes(
    pool: int, wanted: Sequence[Fraction], low: Sequence[int], high: Sequence[int | None], names: Sequence[str], where: str
) -> list[Fault]:
    out = [
        Fault(
            "funds.limits",
            where,
            n,
            Text("下限 {a} 元高于上限 {b} 元。", "Its lower limit of {a} yuan is above its upper limit of {b}.").fill(
                a=say_yuan(lo), b=say_yuan(hi)
            ),
            Text("放宽其中一个。", "Ease one of them."),
        )
        for n, lo, hi in zip(names, low, high, strict=True)
        if hi is not None and lo > hi
    ]
    if out:
        return out
    if sum(low) > pool:
        out.append(
            _infeasible(
                where,
                Text("下限之和", "The lower limits together"),
                sum(low),
                pool,
                sorted(zip(low, names, strict=True), reverse=True),
            )
        )
    top = [lo if not w else hi for w, lo, hi in zip(wanted, low, high, strict=True)]
    if all(h is not None for h in top) and sum(h or 0 for h in top) < pool:
        out.append(
            _infeasible(
                where,
                Text("上限之和", "The upper limits together"),
                sum(h or 0 for h in top),
                pool,
                sorted((h or 0, n) for h, n in zip(top, names, strict=True)),
            )
        )
    return out


def _infeasible(where: str, what: Text, total: int, pool: int, by: Sequence[tuple[int, str]]) -> Fault:
    said = "; ".join(f"{n} {say_yuan(v)}" for v, n in by[:5])
    return Fault(
        "funds.infeasible",
        where,
        "",
        Text(
            "{w}是 {t} 元，资金是 {p} 元，差 {d} 元；首先是：{s}。",
            "{w} are {t} yuan, the pool is {p}: {d} apart; first of them: {s}.",
        ).fill(w=what, t=say_yuan(total), p=say_yuan(pool), d=say_yuan(abs(total - pool)), s=said),
        Text(
            "改资金总额，或放宽规则 funds.transfer.floor_yuan、growth_min、growth_max。",
            "Change the pool, or ease rules funds.transfer.floor_yuan, growth_min, growth_max.",
        ),
    )
