"""Which candidates lie beside each other: from a table of pairs, or from points nearer than a stated radius.

Distances are plane distances of the columns `x` and `y`, in metres. Two candidates at a distance of exactly the radius
are neighbours. A patch is a set of chosen candidates joined by neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.targeting.candidates import Candidates, missing_column, numbers, read_columns
from ecocomp.targeting.plan import Plan
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text

MOST_EDGES = 20_000_000


@dataclass(frozen=True)
class Graph:
    """Neighbours of candidates.

    one, two     int64 (m,), each pair once with one < two, sorted
    bonus        float64 (m,), benefit added when both are chosen
    least_count  a chosen patch has at least so many members
    size         int64 (n,), area of each candidate; least_size is compared with the sum over a patch
    """

    n: int
    one: np.ndarray
    two: np.ndarray
    bonus: np.ndarray
    least_count: int = 1
    size: np.ndarray | None = None
    least_size: int = 0
    _kept: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def bonus_of(self, x: np.ndarray) -> float:
        """Return what the pairs within a selection add."""
        return float(self.bonus[x[self.one] & x[self.two]].sum())

    def half(self) -> np.ndarray:
        """Return half the bonus of all pairs of each candidate: with it for every candidate no bonus is left out."""
        return 0.5 * (np.bincount(self.one, self.bonus, self.n) + np.bincount(self.two, self.bonus, self.n))

    def gain(self, x: np.ndarray) -> np.ndarray:
        """Return what each candidate would add through neighbours already chosen."""
        return np.bincount(self.one, self.bonus * x[self.two], self.n) + np.bincount(self.two, self.bonus * x[self.one], self.n)

    def gain_at(self, i: int, x: np.ndarray, starts: np.ndarray, members: np.ndarray) -> float:
        """Return what candidate i would add through neighbours already chosen."""
        weight = self.weights()[starts[i] : starts[i + 1]]
        return float(weight[x[members[starts[i] : starts[i + 1]]]].sum())

    def weights(self) -> np.ndarray:
        """Return the bonus of each entry of `beside`."""
        if "weights" not in self._kept:
            order = np.lexsort((np.concatenate([self.two, self.one]), np.concatenate([self.one, self.two])))
            self._kept["weights"] = np.concatenate([self.bonus, self.bonus])[order]
        return self._kept["weights"]

    def enough(self, patch: list[int]) -> bool:
        """Return whether these members make a patch that is large enough."""
        if len(patch) < self.least_count:
            return False
        return self.size is None or int(self.size[patch].sum()) >= self.least_size

    def needy(self) -> np.ndarray:
        """Return which candidates cannot be a patch alone: if one is chosen, so is at least one beside it."""
        if self.least_count > 1:
            return np.ones(self.n, bool)
        return np.zeros(self.n, bool) if self.size is None else self.size < self.least_size

    @property
    def asks(self) -> bool:
        """Return whether patches have a least size."""
        return self.least_count > 1 or self.least_size > 0

    def patches(self, x: np.ndarray) -> np.ndarray:
        """Return the patch number of each chosen candidate, −1 for the others."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        inside = x[self.one] & x[self.two]
        ones = np.ones(int(inside.sum()), np.int8)
        joined = coo_array((ones, (self.one[inside], self.two[inside])), shape=(self.n, self.n))
        label = connected_components(joined, directed=False)[1]
        return np.where(x, label, -1)

    def small(self, x: np.ndarray) -> np.ndarray:
        """Return the chosen candidates whose patch is too small."""
        if not self.asks or not x.any():
            return np.zeros(0, np.int64)
        label = self.patches(x)
        at = np.flatnonzero(x)
        bad = np.bincount(label[at], minlength=self.n) < self.least_count
        if self.size is not None and self.least_size:
            total = np.zeros(self.n, np.int64)
            np.add.at(total, label[at], self.size[at])
            bad |= total < self.least_size
        return at[bad[label[at]]]

    def beside(self) -> tuple[np.ndarray, np.ndarray]:
        """Return starts (n + 1,) and members: the neighbours of i are members[starts[i]:starts[i + 1]]."""
        ends = np.concatenate([self.one, self.two])
        others = np.concatenate([self.two, self.one])
        order = np.lexsort((others, ends))
        return np.searchsorted(ends[order], np.arange(self.n + 1)), others[order]


def graph_of(c: Candidates, plan: Plan) -> Graph:
    """Return the graph that a plan asks for."""
    asked = plan.neighbours
    assert asked is not None
    if asked.edges:
        one, two = _listed(c, plan.folder / asked.edges)
    else:
        assert asked.radius_m is not None
        one, two = near(c.number(asked.x), c.number(asked.y), float(asked.radius_m))
    bonus = float(asked.bonus) * np.minimum(c.benefit[one], c.benefit[two])
    size, least = None, 0
    if asked.least_ha:
        area, faults = numbers(c.text(plan.area_column), plan.area_column, c.ids, c.where, top=1e9)
        raise_errors(faults)
        size, least = np.rint(area * 10_000).astype(np.int64), -int(-asked.least_ha * 10_000 // 1)
    return Graph(len(c), one, two, bonus, asked.least_count, size, least)


def near(x: np.ndarray, y: np.ndarray, radius_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return each pair of points at most `radius_m` apart once, sorted."""
    from scipy.spatial import cKDTree

    tree = cKDTree(np.stack([x, y], axis=1))
    if tree.count_neighbors(tree, radius_m) > 2 * MOST_EDGES:
        said = Text("半径 {r} 米内的邻接对超过 {m}。", "There are more than {m} pairs within {r} m.").fill(r=radius_m, m=MOST_EDGES)
        raise FaultsError(
            [Fault("target.radius", "plan", "neighbours.radius_m", said, Text("缩小半径。", "Use a smaller radius."))]
        )
    pairs = tree.query_pairs(radius_m, output_type="ndarray").astype(np.int64).reshape(-1, 2)
    return _sorted(pairs.min(axis=1), pairs.max(axis=1))


def _sorted(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(one):
        return one, two
    pairs = np.unique(np.stack([one, two], axis=1), axis=0)
    return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])


def _listed(c: Candidates, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of a table; a table of the whole cadastre will do, pairs of others are passed over."""
    table = read_columns(path)
    if table.num_columns < 2:
        raise FaultsError([missing_column(str(path), "two ids", table.column_names)])
    ends = [table.column(i).combine_chunks() if isinstance(table.column(i), pa.ChunkedArray) else table.column(i) for i in (0, 1)]
    at = [pc.index_in(e, value_set=c.ids) for e in ends]
    known = at[0].is_valid().to_numpy(zero_copy_only=False) & at[1].is_valid().to_numpy(zero_copy_only=False)
    if len(known) and not known.any():
        said = Text("没有一行的两端都是候选。", "No row has candidates at both ends.")
        remedy = Text("前两列应为候选编码。", "The first two columns should be ids of candidates.")
        raise FaultsError([Fault("target.edge", path.name, "", said, remedy)])
    one, two = (pc.fill_null(a, 0).to_numpy(zero_copy_only=False).astype(np.int64)[known] for a in at)
    apart = one != two
    return _sorted(np.minimum(one, two)[apart], np.maximum(one, two)[apart])
