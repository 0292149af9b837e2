"""Choosing reserves that hang together: a greedy choice with a bonus for shared borders, and how far it can be from the best.

What is sought is the set S of parcels that makes

    f(S) = Σ a_i·s_i + β·Σ a_i·q_i(S)

large, with a_i area [ha], s_i score 0 to 1, q_i(S) the share of the border of i that it has in common with S, and β the
weight of contiguity; the area of S stays within a share of the county and its cost within a budget, if there is one. Parcels
locked in are in from the start, those locked out never. The parcel that adds most per area (and cost) comes next. A cluster
that stays below the least area and touches nothing locked in is given up, and its parcels may from then on join a
cluster but not begin one.

The bound is the optimum of the linear relaxation (a parcel may be taken in part, and a shared border counts as far as both
its parcels are in), which no choice can exceed; for very large problems a weaker one that counts every possible border.

References
----------
1. Ball, Possingham, Watts (2009), Marxan: boundary length and locked-in or locked-out units, in: Spatial Conservation
   Prioritisation, Oxford University Press.
2. Design of this project for the rest.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ecocomp.terms.area import DM2_PER_HA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.reserves.borders import Borders

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

ROUNDS = 25
WAYS = ((1.0, True), (0.0, True), (2.0, True), (1.0, False))
"""Ways to choose: how often borders count, and whether what a parcel adds is seen per area."""
SEVERAL = 20_000
"""Parcels up to which all ways are tried."""
LP_LIMIT = 30_000
"""Variables up to which the linear relaxation is solved."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What is chosen from; all arrays in the order of parcel codes.

    area_dm2    area of each parcel
    score       score of each parcel, 0 to 1
    free        parcels that may be taken
    locked_in   parcels that are in
    borders     shared borders
    bonus       β
    cap_dm2     area that may be taken besides what is locked in
    cost_fen    cost of each parcel, or None
    budget_fen  money there is besides what is locked in, or None
    least_dm2   least area of a cluster
    """

    area_dm2: Ints
    score: Floats
    free: Flags
    locked_in: Flags
    borders: Borders
    bonus: float
    cap_dm2: int
    cost_fen: Ints | None = None
    budget_fen: int | None = None
    least_dm2: int = 0


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen.

    turn       turn in which each parcel was taken, from 1; 0: not taken (or locked in)
    joined     share of its border each parcel had in common with the selection when it was taken
    alone      parcels given up because their cluster stayed too small
    no_area, no_money  parcels that were passed over because they no longer fitted
    value      f of the selection without what is locked in alone
    bound      no selection has a greater value
    """

    turn: Ints
    joined: Floats
    alone: Flags
    no_area: Flags
    no_money: Flags
    value: float
    bound: float

    @property
    def chosen(self) -> Flags:
        """Parcels taken, without those locked in."""
        return self.turn > 0


def choose(problem: Problem) -> Choice:
    """Choose parcels; the result depends on nothing but the problem.

    Up to `SEVERAL` parcels the choice is made in several ways, with borders counted not at all, once and twice and with
    parcels that add much before those that add much per area, and the best is kept.
    """
    neighbours = _neighbours(problem.borders)
    ways = WAYS if problem.score.size <= SEVERAL else WAYS[:1]
    tried = [_tried(problem, neighbours, *way) for way in ways]
    turn, joined, alone, no_area, no_money = max(tried, key=lambda t: value_of(problem, t[0] > 0))
    in_ = turn > 0
    return Choice(turn, joined, alone, no_area & ~in_ & ~alone, no_money & ~in_ & ~alone, value_of(problem, in_), bound(problem))


def _tried(
    problem: Problem, neighbours: list[list[tuple[int, float]]], weight: float, per_area: bool
) -> tuple[Ints, Floats, Flags, Flags, Flags]:
    """Choose in one way, giving up clusters that stay too small."""
    p = replace(problem, bonus=problem.bonus * weight)
    may_start = np.ones(p.score.size, bool)
    for _ in range(ROUNDS):
        turn, joined, no_area, no_money = _greedy(p, neighbours, may_start, per_area)
        small = _small_clusters(p, turn > 0)
        if not (small & may_start).any():
            break
        may_start &= ~small
    turn = np.where(small, 0, turn)
    return turn, joined, p.free & (small | (~may_start & (turn == 0))), no_area, no_money


def _neighbours(borders: Borders) -> list[list[tuple[int, float]]]:
    out: list[list[tuple[int, float]]] = [[] for _ in range(borders.perimeter.size)]
    for a, b, length in zip(borders.one.tolist(), borders.two.tolist(), borders.length.tolist(), strict=True):
        out[a].append((b, length))
        out[b].append((a, length))
    return out


def _greedy(
    p: Problem, neighbours: list[list[tuple[int, float]]], may_start: Flags, per_area: bool
) -> tuple[Ints, Floats, Flags, Flags]:
    """Take parcels in turn; of equal ones the larger, then the one with the lower code."""
    n = p.score.size
    area, perimeter = p.area_dm2.tolist(), p.borders.perimeter.tolist()
    cost = [0] * n if p.cost_fen is None else p.cost_fen.tolist()
    in_ = p.locked_in.tolist()
    turn, joined = np.zeros(n, np.int64), np.zeros(n)
    no_area, no_money = np.zeros(n, bool), np.zeros(n, bool)
    left, money = p.cap_dm2, math.inf if p.budget_fen is None else p.budget_fen
    heap: list[tuple[float, int, int, int]] = []
    newest, taken = [0] * n, 0

    def shared(i: int) -> float:
        return math.fsum(length for j, length in neighbours[i] if in_[j]) / perimeter[i] if perimeter[i] else 0.0

    def push(i: int) -> None:
        gain = area[i] * (float(p.score[i]) + p.bonus * shared(i))
        gain += p.bonus * math.fsum(area[j] * length / perimeter[j] for j, length in neighbours[i] if in_[j] and turn[j])
        use = area[i] / max(p.cap_dm2, 1) + (cost[i] / max(p.budget_fen, 1) if p.budget_fen is not None else 0.0)
        newest[i] += 1
        if use > 0:
            heapq.heappush(heap, (-gain / use if per_area else -gain, -area[i], i, newest[i]))

    for i in np.flatnonzero(p.free).tolist():
        push(i)
    while heap:
        _, _, i, stamp = heapq.heappop(heap)
        if stamp != newest[i] or in_[i]:
            continue
        if not (may_start[i] or any(in_[j] for j, _ in neighbours[i])):
            continue  # it comes back when a neighbour is taken
        no_area[i], no_money[i] = area[i] > left, cost[i] > money
        if no_area[i] or no_money[i]:
            continue
        joined[i] = shared(i)
        taken += 1
        in_[i], turn[i] = True, taken
        left, money = left - area[i], money - cost[i]
        for j, _ in neighbours[i]:
            if p.free[j] and not in_[j]:
                push(j)
    return turn, joined, no_area, no_money


def _small_clusters(p: Problem, chosen: Flags) -> Flags:
    """Return the chosen parcels whose cluster, with what is locked in beside it, is too small; none where that is no matter."""
    cluster = p.borders.clusters(chosen | p.locked_in)
    if not (cluster >= 0).any():
        return np.zeros(chosen.size, bool)
    inside = cluster >= 0
    area = np.zeros(int(cluster.max()) + 1, np.int64)
    np.add.at(area, cluster[inside], p.area_dm2[inside])
    small = area < p.least_dm2
    small[np.unique(cluster[p.locked_in])] = False
    return chosen & inside & small[np.maximum(cluster, 0)]


def value_of(p: Problem, chosen: Flags) -> float:
    """Return f of a selection [ha]: area times score, plus the bonus for the border each parcel shares with the selection.

    Borders to what is locked in count for the parcel that joins, not for what was there.
    """
    area = p.area_dm2 / DM2_PER_HA
    own = float(math.fsum((area * p.score)[chosen].tolist()))
    return own + math.fsum(w for w, _, _ in _bonuses(p, chosen))


def _bonuses(p: Problem, chosen: Flags) -> list[tuple[float, int, int]]:
    """Return the bonus of each shared border inside a selection, with the two parcels (−1 where one is locked in)."""
    out = []
    area, around = p.area_dm2 / DM2_PER_HA, p.borders.perimeter
    in_ = chosen | p.locked_in
    for i, j, length in zip(p.borders.one.tolist(), p.borders.two.tolist(), p.borders.length.tolist(), strict=True):
        if in_[i] and in_[j] and (chosen[i] or chosen[j]):
            parts = [p.bonus * area[k] * length / around[k] for k in (i, j) if chosen[k]]
            out.append((float(sum(parts)), i if chosen[i] else -1, j if chosen[j] else -1))
    return out


# ---------------------------------------------------------------- how good it can be
def bound(p: Problem) -> float:
    """Return a value of f that no selection within the area and the budget exceeds, rounded up in the sixth digit."""
    free = np.flatnonzero(p.free)
    if not free.size or p.cap_dm2 <= 0:
        return 0.0
    area = p.area_dm2[free] / DM2_PER_HA
    own = area * p.score[free]
    place = np.full(p.score.size, -1, np.int64)
    place[free] = np.arange(free.size)
    edges = []
    for w, i, j in _bonuses(p, p.free):
        if i >= 0 and j >= 0:
            edges.append((w, int(place[i]), int(place[j])))
        else:
            own[place[max(i, j)]] += w
    best = _relaxed(p, free, own, edges) if free.size + len(edges) <= LP_LIMIT else _filled(p, free, own, edges)
    digits = 10.0 ** (5 - math.floor(math.log10(best))) if best > 0 else 1.0
    return math.ceil(best * digits * (1.0 + 1e-9)) / digits


def _filled(p: Problem, free: Ints, own: Floats, edges: list[tuple[float, int, int]]) -> float:
    """Return the best filling of the area alone, parcels in part, every border between free parcels counted in full."""
    gain = own.copy()
    for w, i, j in edges:  # half of it for each end: a border needs both
        gain[i] += w / 2.0
        gain[j] += w / 2.0
    area = p.area_dm2[free]
    order = np.argsort(-(gain / np.maximum(area, 1)), kind="stable")
    part = np.clip((p.cap_dm2 - (np.cumsum(area[order]) - area[order])) / np.maximum(area[order], 1), 0.0, 1.0)
    return float(math.fsum((gain[order] * part).tolist()))


def _relaxed(p: Problem, free: Ints, own: Floats, edges: list[tuple[float, int, int]]) -> float:
    """Return the optimum of the linear relaxation."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    n, m = free.size, len(edges)
    gain = np.concatenate([own, [w for w, _, _ in edges]])
    rows, columns, entries = [], [], []
    for k, (_, i, j) in enumerate(edges):
        for r, end in ((2 * k, i), (2 * k + 1, j)):
            rows += [r, r]
            columns += [n + k, end]
            entries += [1.0, -1.0]
    limits = [0.0] * (2 * m)
    use = [p.area_dm2[free] / max(p.cap_dm2, 1)]
    if p.budget_fen is not None and p.cost_fen is not None:
        use.append(p.cost_fen[free] / max(p.budget_fen, 1))
    for u in use:
        rows += [len(limits)] * n
        columns += list(range(n))
        entries += u.tolist()
        limits.append(1.0)
    matrix = coo_matrix((entries, (rows, columns)), shape=(len(limits), n + m)).tocsr()
    found = linprog(-gain, A_ub=matrix, b_ub=limits, bounds=(0.0, 1.0), method="highs")
    return float(-found.fun) if found.status == 0 else _filled(p, free, own, edges)
