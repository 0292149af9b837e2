"""An upper bound on what any selection can reach, proven by weak duality whatever the prices come from.

For prices λ_k of the rows (λ ≥ 0 for "at most", ≤ 0 for "at least") and every selection that keeps to the rows,

    Σ b x ≤ Σ_k λ_k · limit_k + Σ_i max over x_i of (b_i − Σ_k λ_k a_ki) x_i ,

where of the candidates on one ground at most one may count. The sums are rounded upward, so that the bound holds for the
numbers as they are and not only "up to tolerance": a solver may propose the prices, it need not be believed.

Reference: Geoffrion, Lagrangean relaxation for integer programming, Mathematical Programming Study 2 (1974) 82-114.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecocomp.targeting.problem import Problem

_EPS = 2.0**-52


def lagrangian_bound(p: Problem, prices: Sequence[float], beside: np.ndarray | None = None) -> float:
    """Return the bound for one price per row of the problem (benefit per unit of the row); any prices are valid.

    beside  prices (n,) ≥ 0 of "if chosen, so is a neighbour", where patches have a least size
    """
    value = p.benefit if p.graph is None else p.benefit + p.graph.half()
    worth = value.copy()
    size = np.abs(value)
    constant, slack = 0.0, 0.0
    if beside is not None and p.graph is not None:
        price_of = np.where(p.graph.needy() & np.isfinite(beside), np.maximum(beside, 0.0), 0.0)
        one, two = p.graph.one, p.graph.two
        given = np.bincount(two, price_of[one], p.n) + np.bincount(one, price_of[two], p.n)
        worth += given - price_of
        # Each sum over neighbours adds one rounding per neighbour.
        size += (given + price_of) * (1 + np.bincount(one, minlength=p.n) + np.bincount(two, minlength=p.n))
    for row, price in zip(p.rows, prices, strict=True):
        if row.low is not None and row.high is None:
            price = min(float(price), 0.0)
        elif row.low is None:
            price = max(float(price), 0.0)
        limit = row.high if price > 0 else row.low
        if price == 0.0 or limit is None or not np.isfinite(price):
            continue
        taken = price * row.a.astype(np.float64)
        worth[row.at] -= taken
        size[row.at] += np.abs(taken)
        constant += price * limit
        slack += abs(price * limit)
    kept = _kept(p, worth)
    total = float(kept.sum()) + constant
    counted = kept > -2 * _EPS * size * (len(p.rows) + 4)
    error = (len(p.rows) + 4) * _EPS * float(size[counted & ~p.out].sum())
    return total + 2 * error + (len(p.rows) + 64) * _EPS * (slack + float(np.abs(kept).sum()))


def _kept(p: Problem, worth: np.ndarray) -> np.ndarray:
    """Return what each candidate adds to the relaxed problem: its worth if that is positive, the best one of each ground."""
    free = np.where(p.out, 0.0, np.maximum(worth, 0.0))
    free[p.must] = worth[p.must]
    shared = np.flatnonzero(p.ground >= 0)
    if len(shared):
        best = np.zeros(int(p.ground.max()) + 1)
        taken = np.zeros(len(best), bool)
        must = shared[p.must[shared]]
        taken[p.ground[must]] = True
        at = shared[~p.must[shared]]
        np.maximum.at(best, p.ground[at], free[at])
        first = np.zeros(len(p.ground))
        open_ground = np.flatnonzero(~taken)
        free[at] = 0.0
        place = np.full(len(best), -1)
        place[p.ground[at[::-1]]] = at[::-1]
        held = open_ground[place[open_ground] >= 0]
        first[place[held]] = best[held]
        free = free + first
    return free
