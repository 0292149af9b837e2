"""The fast way for a budget with a cap for each region: exact for the linear problem, near it for whole contracts.

Budget and caps count the same money, and a region lies within the whole. For such nested limits paying in the order of
benefit per yuan, each region up to its cap and all up to the budget, is the best there is when candidates may be paid in
part (greedy on a polymatroid). So the linear bound costs one sort instead of a linear program. Whole contracts are
then reached by leaving out the few that would be paid in part and by exchanging a few that lie near the margin, where
an exchange costs least.

Reference: Edmonds, Submodular functions, matroids, and certain polyhedra (1970); Balas & Zemel, An algorithm for large
zero-one knapsack problems, Operations Research 28 (1980) 1130-1154 (the core near the break item).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecocomp.targeting.problem import Problem

CORE = 20
_BIG = 2**62


@dataclass(frozen=True)
class Nested:
    """A problem of nested limits: what is left of the budget and of each cap once what must be paid is paid.

    group     int64 (n,), the region of a candidate; the last one has no cap
    row       row of the problem of each region's cap, −1 where there is none
    """

    group: np.ndarray
    room: np.ndarray
    budget: int
    row: np.ndarray


@dataclass(frozen=True)
class Linear:
    """The best there is when candidates may be paid in part.

    fen      int64 (n,), what each is paid
    prices   benefit per fen at the margin of the budget, and beyond it of each region
    """

    fen: np.ndarray
    order: np.ndarray
    budget_price: float
    group_price: np.ndarray


def nested_of(p: Problem) -> Nested | None:
    """Return the problem as nested limits, or None where it has others (floors, counts, crossing groups, neighbours)."""
    if p.graph is not None or (p.ground >= 0).any():
        return None
    caps = [r for r in p.rows if r.kind != "budget"]
    if any(r.kind != "cap" or r.measure not in ("yuan", "share") for r in caps):
        return None
    group = np.full(p.n, len(caps), np.int64)
    room, row = np.full(len(caps) + 1, _BIG, np.int64), np.full(len(caps) + 1, -1, np.int64)
    for k, r in enumerate(caps):
        if (group[r.at] < len(caps)).any():
            return None
        group[r.at] = k
        assert r.high is not None
        room[k], row[k] = min(r.high, _BIG), p.rows.index(r)
    paid = np.zeros(len(caps) + 1, np.int64)
    np.add.at(paid, group[p.must], p.cost[p.must])
    return Nested(group, room - paid, p.budget_fen - int(paid.sum()), row)


def solve_linear(p: Problem, nested: Nested) -> Linear:
    """Return the optimum when candidates may be paid in part: one pass in the order of benefit per fen."""
    cost, benefit = p.cost, p.benefit
    free = p.free & (benefit > 0)
    at = np.flatnonzero(free) if not free.all() else np.arange(p.n)
    ratio = benefit[at] / cost[at]
    order = at[_descending(ratio)]
    c, g = cost[order], nested.group[order]
    by_group = np.argsort(g.astype(np.uint16) if len(nested.room) < 65_536 else g, kind="stable")
    cg, gg = c[by_group], g[by_group]
    before = np.cumsum(cg) - cg
    starts = np.searchsorted(gg, np.arange(len(nested.room)))
    first = np.zeros(len(nested.room), np.int64)
    some = starts < len(cg)
    first[some] = before[starts[some]]
    taken = np.empty_like(c)
    taken[by_group] = np.clip(nested.room[gg] - (before - first[gg]), 0, cg)
    ahead = np.cumsum(taken) - taken
    got = np.clip(nested.budget - ahead, 0, taken)
    fen = np.zeros(p.n, np.int64)
    fen[order] = got
    r = benefit[order] / c
    short = np.flatnonzero(ahead + taken > nested.budget)
    budget_price = float(r[short[0]]) if len(short) else 0.0
    group_price = np.zeros(len(nested.room))
    stop = np.flatnonzero(taken < c)
    np.maximum.at(group_price, g[stop], r[stop])
    return Linear(fen, order, budget_price, group_price)


def prices_of(p: Problem, nested: Nested, linear: Linear) -> np.ndarray:
    """Return the price of each row of the problem at the linear optimum."""
    prices = np.zeros(len(p.rows))
    prices[0] = linear.budget_price
    capped = nested.row >= 0
    prices[nested.row[capped]] = np.maximum(linear.group_price[capped] - linear.budget_price, 0.0)
    return prices


def _descending(ratio: np.ndarray) -> np.ndarray:
    """Return the order from large to small, equal ones in the order they stand in."""
    order = np.argsort(-ratio)
    sorted_ratio = ratio[order]
    if (sorted_ratio[1:] == sorted_ratio[:-1]).any():
        order = np.argsort(-ratio, kind="stable")
    return order


def whole(p: Problem, nested: Nested, linear: Linear) -> np.ndarray:
    """Return whole contracts near the linear optimum (bool (n,)): kept to the limits exactly, and none left that still fits."""
    x = p.must.copy()
    x |= linear.fen >= p.cost
    x &= ~p.out
    room, left = _left(p, nested, x)
    price = np.maximum(linear.group_price, linear.budget_price)
    capped = np.flatnonzero((linear.group_price > linear.budget_price) & (nested.row >= 0))
    order = linear.order
    place = np.argsort(nested.group[order], kind="stable")
    members = order[place]
    starts = np.searchsorted(nested.group[members], np.arange(len(nested.room) + 1))
    for k in capped.tolist():
        mine = members[starts[k] : starts[k + 1]]
        change = _exchange(p, x, mine, float(price[k]), min(int(room[k]), int(left[0])))
        room[k] -= change
        left[0] -= change
    loose = np.ones(len(nested.room), bool)
    loose[capped] = False
    rest = order[loose[nested.group[order]]]
    _exchange_all(p, x, rest, linear.budget_price, nested, room, left)
    _fill(p, x, order, nested, room, left)
    return x


def _left(p: Problem, nested: Nested, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    chosen = x & ~p.must
    paid = np.zeros(len(nested.room), np.int64)
    np.add.at(paid, nested.group[chosen], p.cost[chosen])
    return nested.room - paid, np.array([nested.budget - int(paid.sum())])


def _core(p: Problem, x: np.ndarray, mine: np.ndarray, price: float) -> np.ndarray:
    """Return the candidates whose change loses least at the price of the margin."""
    chosen = x[mine]
    inside, outside = mine[chosen & ~p.must[mine]], mine[~chosen]
    near = np.concatenate([inside[-2 * CORE :], outside[: 2 * CORE]])
    if len(near) <= CORE:
        return near
    loss = np.abs(p.benefit[near] - price * p.cost[near])
    return near[np.argsort(loss, kind="stable")[:CORE]]


def _exchange(p: Problem, x: np.ndarray, mine: np.ndarray, price: float, room: int, rounds: int = 1) -> int:
    """Put in, take out or exchange candidates of one region while that gains; return the fen added."""
    added = 0
    for _ in range(rounds):
        core = _core(p, x, mine, price)
        if not len(core):
            break
        sign = np.where(x[core], -1, 1)
        cost = sign * p.cost[core]
        gained, pick = _best_change(cost, sign * p.benefit[core], room - added)
        if gained <= 0:
            break
        x[core[pick]] = ~x[core[pick]]
        added += int(cost[pick].sum())
    return added


def _best_change(cost: np.ndarray, gain: np.ndarray, room: int) -> tuple[float, np.ndarray]:
    """Return the best gain of any set of the changes whose cost together is not above `room`, and which they are.

    Exact over the core: all sets of one half are ordered by cost, and for each set of the other half the best that still
    fits is the best of a beginning of that order (Horowitz & Sahni 1974).
    """
    m = len(cost) // 2
    cost_a, gain_a = _sums(cost[:m]), _sums(gain[:m])
    cost_b, gain_b = _sums(cost[m:]), _sums(gain[m:])
    order = np.argsort(cost_a, kind="stable")
    best = np.maximum.accumulate(gain_a[order])
    fits = np.searchsorted(cost_a[order], room - cost_b, side="right") - 1
    both = np.where(fits >= 0, gain_b + best[np.maximum(fits, 0)], -np.inf)
    k = int(np.argmax(both))
    if both[k] <= 0:
        return 0.0, np.zeros(0, np.int64)
    first = int(order[np.searchsorted(best, best[fits[k]])])
    picked = [i for i in range(m) if first >> i & 1] + [m + i for i in range(len(cost) - m) if k >> i & 1]
    return float(both[k]), np.array(picked, np.int64)


def _sums(values: np.ndarray) -> np.ndarray:
    """Return the sum of every subset; bit i of the place says whether value i is in it."""
    out = np.zeros(1, values.dtype)
    for v in values:
        out = np.concatenate([out, out + v])
    return out


def _exchange_all(
    p: Problem, x: np.ndarray, mine: np.ndarray, price: float, nested: Nested, room: np.ndarray, left: np.ndarray, rounds: int = 12
) -> None:
    """Do the same among the regions whose cap does not bind; what would break a cap is not tried again."""
    barred = np.zeros(p.n, bool)
    for _ in range(rounds):
        core = _core(p, x, mine[~barred[mine]], price)
        if not len(core):
            return
        sign = np.where(x[core], -1, 1)
        cost, gain = sign * p.cost[core], sign * p.benefit[core]
        gained, pick = _best_change(cost, gain, int(left[0]))
        if gained <= 0:
            return
        change = np.zeros_like(room)
        np.add.at(change, nested.group[core[pick]], cost[pick])
        if (change > room).any():
            barred[core[[k for k in pick if cost[k] > 0]]] = True
            continue
        x[core[pick]] = ~x[core[pick]]
        room -= change
        left[0] -= int(change.sum())


def _fill(p: Problem, x: np.ndarray, order: np.ndarray, nested: Nested, room: np.ndarray, left: np.ndarray) -> None:
    """Add what still fits, best first, so that no money is left that one more contract could use."""
    while True:
        fits = ~x[order] & (p.cost[order] <= np.minimum(room[nested.group[order]], left[0]))
        at = order[fits]
        if not len(at):
            return
        for i in at[:2000].tolist():
            c, g = int(p.cost[i]), int(nested.group[i])
            if c <= left[0] and c <= room[g]:
                x[i] = True
                room[g] -= c
                left[0] -= c
