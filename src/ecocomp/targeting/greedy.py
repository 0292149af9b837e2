"""The careful way: candidates one by one, every row kept exactly in whole numbers, floors first, patches whole.

For problems with floors, counts, crossing groups, shared grounds or neighbours, where the fast way does not hold. It is
a heuristic; what it is worth is said by the proven bound beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ecocomp.targeting.problem import Problem

_ROUNDS = 8


class State:
    """A selection being made: what each row has used, which grounds are taken."""

    def __init__(self, p: Problem) -> None:
        self.p = p
        self.x = np.zeros(p.n, bool)
        self.used = [0] * len(p.rows)
        self.taken: set[int] = set()
        self._starts, self._rows, self._a = _members(p)
        for i in np.flatnonzero(p.must).tolist():
            self.put(i)

    def entries(self, i: int) -> Iterable[tuple[int, int]]:
        """Return (row, coefficient) of each row that candidate i is in."""
        a, b = self._starts[i], self._starts[i + 1]
        return zip(self._rows[a:b], self._a[a:b], strict=True)

    def blocks(self, i: int) -> int:
        """Return −1 if candidate i can be added, −2 if its ground is taken, else the row that would break.

        A floor on a share of what is spent may not sink below zero; a floor not yet reached is no obstacle.
        """
        ground = int(self.p.ground[i])
        if ground >= 0 and ground in self.taken:
            return -2
        for k, a in self.entries(i):
            row = self.p.rows[k]
            after = self.used[k] + a
            if row.high is not None and a > 0 and after > row.high:
                return k
            if row.low is not None and a < 0 and after < row.low:
                return k
        return -1

    def put(self, i: int) -> None:
        """Choose candidate i."""
        self.x[i] = True
        for k, a in self.entries(i):
            self.used[k] += a
        if self.p.ground[i] >= 0:
            self.taken.add(int(self.p.ground[i]))

    def drop(self, i: int) -> None:
        """Take candidate i out again."""
        self.x[i] = False
        for k, a in self.entries(i):
            self.used[k] -= a
        self.taken.discard(int(self.p.ground[i]))

    def fill(self, order: Iterable[int]) -> bool:
        """Add what fits in this order; return whether anything was added."""
        any_put = False
        for i in order:
            if not self.x[i] and self.blocks(i) == -1:
                self.put(i)
                any_put = True
        return any_put

    def short(self) -> list[int]:
        """Return the floors not yet reached."""
        return [k for k, r in enumerate(self.p.rows) if r.low is not None and self.used[k] < r.low]


def _members(p: Problem) -> tuple[list[int], list[int], list[int]]:
    """Return for each candidate its rows and coefficients, one after the other."""
    at = np.concatenate([r.at for r in p.rows])
    row = np.repeat(np.arange(len(p.rows)), [len(r.at) for r in p.rows])
    a = np.concatenate([r.a for r in p.rows])
    order = np.lexsort((row, at))
    starts = np.searchsorted(at[order], np.arange(p.n + 1))
    return starts.tolist(), row[order].tolist(), a[order].tolist()


def ranked(p: Problem, worth: np.ndarray) -> np.ndarray:
    """Return the free candidates from large to small worth, equal ones by id."""
    at = np.flatnonzero(p.free)
    return at[np.argsort(-worth[at], kind="stable")]


def select(p: Problem, worths: list[np.ndarray]) -> np.ndarray | None:
    """Return the best selection found by filling in the order of each worth; None where no order reaches every floor."""
    best: np.ndarray | None = None
    for worth in worths:
        x = _one(p, worth)
        if x is not None and (best is None or p.total(x) > p.total(best)):
            best = x
    return best


def _one(p: Problem, worth: np.ndarray) -> np.ndarray | None:
    if p.graph is not None:
        return _patched(p, worth)
    state = State(p)
    order = ranked(p, worth)
    gains = p.benefit > 0
    if not _reach_floors(p, state, order):
        return None
    useful = order[gains[order]].tolist()
    for _ in range(_ROUNDS):
        if not state.fill(useful):
            break
    return state.x if p.feasible(state.x) else None


def _reach_floors(p: Problem, state: State, order: np.ndarray) -> bool:
    """Choose for the floors first: of the members of each floor, in the order given, until it is reached."""
    for _ in range(_ROUNDS):
        short = state.short()
        if not short:
            return True
        for k in sorted(short, key=lambda k: len(p.rows[k].at)):
            row = p.rows[k]
            coefficient = np.zeros(p.n, np.int64)
            coefficient[row.at] = row.a
            for i in order[coefficient[order] > 0].tolist():
                if state.used[k] >= (row.low or 0):
                    break
                if not state.x[i] and state.blocks(i) == -1:
                    state.put(i)
    return not state.short()


def _patched(p: Problem, worth: np.ndarray) -> np.ndarray | None:
    """Choose with neighbours: patches are begun from the best seeds and grown, what stays too small is dropped."""
    assert p.graph is not None
    starts, members = p.graph.beside()
    state = State(p)
    order = ranked(p, worth)
    barred = np.zeros(p.n, bool)
    for _ in range(_ROUNDS):
        _reach_floors(p, state, order[~barred[order]])
        changed = False
        for i in order.tolist():
            if not state.x[i] and not barred[i]:
                changed |= _grow(p, state, i, worth, starts, members)
        small = [i for i in p.graph.small(state.x).tolist() if not p.must[i]]
        for i in small:
            state.drop(i)
            barred[i] = True
        gain = p.graph.gain(state.x)
        worth = worth * (1 + gain / np.maximum(p.benefit, 1e-300)) if p.graph.bonus.any() else worth
        order = ranked(p, worth)
        if not changed and not small:
            break
    return state.x if p.feasible(state.x) else None


def _grow(p: Problem, state: State, seed: int, worth: np.ndarray, starts: np.ndarray, members: np.ndarray) -> bool:
    """Add a seed, alone where it joins a patch or patches may be small, else with the best neighbours it needs."""
    graph = p.graph
    assert graph is not None
    beside = members[starts[seed] : starts[seed + 1]]
    if state.blocks(seed) != -1:
        return False
    if not graph.asks or state.x[beside].any():
        if p.benefit[seed] + graph.gain_at(seed, state.x, starts, members) <= 0:
            return False
        state.put(seed)
        return True
    added = [seed]
    state.put(seed)
    edge = set(beside.tolist())
    while not graph.enough(added):
        fits = [j for j in sorted(edge) if not state.x[j] and p.free[j] and state.blocks(j) == -1]
        if not fits:
            for i in added:
                state.drop(i)
            return False
        best = max(fits, key=lambda j: (worth[j], -j))
        state.put(best)
        added.append(best)
        edge |= set(members[starts[best] : starts[best + 1]].tolist())
    return True
