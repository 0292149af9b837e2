"""HiGHS, where the limits are of every kind: prices for the proven bound, whole selections, and what cannot be reached.

`scipy.optimize.linprog` and `milp` call it. A solver works within tolerances; what it answers is tested again in whole
numbers and mended, and its prices go into our own bound. No time limit is set unless one is asked for, since with one
the answer would depend on the machine; the number of nodes is limited instead.

Reference: Huangfu & Hall, Parallelizing the dual revised simplex method, Mathematical Programming Computation 10 (2018).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecocomp.targeting.greedy import State
from ecocomp.targeting.problem import Problem, Row

_CUTS = 40


@dataclass(frozen=True)
class Relaxed:
    """The linear relaxation: whether it can be kept to at all, the shares, a price for each row, and of "a neighbour too"."""

    feasible: bool
    x: np.ndarray
    prices: np.ndarray
    beside: np.ndarray | None = None


@dataclass(frozen=True)
class Certified:
    """What branch and bound found.

    x      a whole selection that keeps to every row exactly, or None
    bound  the solver's bound on the benefit (within its tolerance); infinite where it gives none
    status ``optimal``, ``infeasible`` or ``limit``
    """

    x: np.ndarray | None
    bound: float
    status: str


def relax(p: Problem) -> Relaxed:
    """Return the linear relaxation by HiGHS."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    matrix, low, high, _ = _matrix(p)
    value = p.benefit if p.graph is None else p.benefit + p.graph.half()
    upper, lower = np.isfinite(high), np.isfinite(low)
    needy = np.flatnonzero(p.graph.needy()) if p.graph is not None else np.zeros(0, np.int64)
    a = vstack([matrix[upper], -matrix[lower], *([_beside(p, needy)] if len(needy) else [])]).tocsr()
    b = np.concatenate([high[upper], -low[lower], np.zeros(len(needy))])
    scale = max(float(np.abs(value).max(initial=0)), 1e-300)
    with _quiet():
        found = linprog(-value / scale, A_ub=a, b_ub=b, bounds=np.stack([p.must.astype(float), (~p.out).astype(float)], axis=1))
    if found.status not in (0,):
        return Relaxed(found.status != 2, np.zeros(p.n), np.zeros(len(p.rows)))
    price = np.zeros(len(low))
    marginal = np.asarray(found.ineqlin.marginals)
    price[upper] += -marginal[: int(upper.sum())]
    first = int(upper.sum()) + int(lower.sum())
    price[lower] -= -marginal[int(upper.sum()) : first]
    k = len(p.rows)
    beside = np.zeros(p.n)
    beside[needy] = -marginal[first:] * scale
    return Relaxed(True, np.asarray(found.x), price[:k] * scale / _scales(p)[:k], beside if len(needy) else None)


def _beside(p: Problem, needy: np.ndarray) -> Any:
    """Return the rows x_i − Σ x_j over the neighbours j of i ≤ 0 for those who cannot be a patch alone."""
    from scipy.sparse import coo_array, csr_array, eye_array

    assert p.graph is not None
    one, two = p.graph.one, p.graph.two
    near = coo_array((np.ones(2 * len(one)), (np.r_[one, two], np.r_[two, one])), shape=(p.n, p.n))
    return csr_array(eye_array(p.n) - near)[needy]


def certify(
    p: Problem, *, gap: float = 1e-9, nodes: int = 20_000, seconds: float | None = None, any_will_do: bool = False
) -> Certified:
    """Return the best whole selection by branch and bound; small patches are cut off as they turn up.

    gap      stop when the solver's bound is this near, relative
    nodes    stop after so many nodes of each run
    seconds  and after so long, if given: the answer may then differ between machines
    any_will_do  leave the benefits out: is there any selection at all?
    """
    cuts: list[tuple[np.ndarray, np.ndarray]] = []
    bound = np.inf
    for _ in range(_CUTS):
        found, status = _milp(p, cuts, gap, nodes, seconds, any_will_do)
        if status == "infeasible":
            return Certified(None, -np.inf, status)
        if found is None:
            return Certified(None, bound, "limit")
        x, dual = found
        bound = min(bound, dual)
        small = p.graph.small(x) if p.graph is not None else np.zeros(0, np.int64)
        if not len(small):
            exact = _mended(p, x)
            return Certified(exact, bound, status if exact is not None else "limit")
        assert p.graph is not None
        cuts += _cuts_of(p, x, small)
    return Certified(None, bound, "limit")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what HiGHS prints by itself away from the output, which may be read by a program."""
    sys.stdout.flush()
    kept, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nothing)


def _scales(p: Problem) -> np.ndarray:
    """Return by what each row is divided, so that the solver sees numbers near one."""
    return np.array([max(float(np.abs(r.a).max(initial=1)), 1.0) for r in p.rows])


def _matrix(p: Problem) -> tuple[Any, np.ndarray, np.ndarray, int]:
    """Return the rows of the problem and of its shared grounds as one sparse matrix with limits."""
    from scipy.sparse import csr_array

    scales = _scales(p)
    at = [r.at for r in p.rows]
    data = [r.a / s for r, s in zip(p.rows, scales, strict=True)]
    row = [np.full(len(r.at), k) for k, r in enumerate(p.rows)]
    low = [-np.inf if r.low is None else r.low / s for r, s in zip(p.rows, scales, strict=True)]
    high = [np.inf if r.high is None else r.high / s for r, s in zip(p.rows, scales, strict=True)]
    shared = np.flatnonzero(p.ground >= 0)
    grounds, number = np.unique(p.ground[shared], return_inverse=True)
    at.append(shared)
    data.append(np.ones(len(shared)))
    row.append(len(p.rows) + number)
    k = len(p.rows) + len(grounds)
    matrix = csr_array((np.concatenate(data), (np.concatenate(row), np.concatenate(at))), shape=(k, p.n))
    return matrix, np.array(low + [-np.inf] * len(grounds)), np.array(high + [1.0] * len(grounds)), len(grounds)


def _milp(
    p: Problem, cuts: list[tuple[np.ndarray, np.ndarray]], gap: float, nodes: int, seconds: float | None, any_will_do: bool
) -> tuple[tuple[np.ndarray, float] | None, str]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, hstack

    matrix, low, high, _ = _matrix(p)
    n, extra = p.n, 0
    value = np.zeros(n) if any_will_do else p.benefit
    if p.graph is not None and p.graph.bonus.any() and not any_will_do:
        extra = len(p.graph.one)
        value = np.concatenate([value, p.graph.bonus])
    limits = [LinearConstraint(hstack([matrix, csr_array((matrix.shape[0], extra))]).tocsr() if extra else matrix, low, high)]
    if extra:
        assert p.graph is not None
        edge = np.arange(extra)
        both = [
            csr_array(
                (np.concatenate([np.ones(extra), -np.ones(extra)]), (np.tile(edge, 2), np.concatenate([n + edge, end]))),
                shape=(extra, n + extra),
            )
            for end in (p.graph.one, p.graph.two)
        ]
        limits += [LinearConstraint(b, -np.inf, 0) for b in both]
    needy = np.flatnonzero(p.graph.needy()) if p.graph is not None else np.zeros(0, np.int64)
    if len(needy):
        rows = _beside(p, needy)
        limits.append(LinearConstraint(hstack([rows, csr_array((len(needy), extra))]).tocsr() if extra else rows, -np.inf, 0))
    for inside, beside in cuts:
        line = np.zeros(n + extra)
        line[inside], line[beside] = 1.0, -1.0
        limits.append(LinearConstraint(csr_array(line[None]), -np.inf, len(inside) - 1))
    scale = max(float(np.abs(value).max(initial=0)), 1e-300)
    lower = np.concatenate([p.must.astype(float), np.zeros(extra)])
    upper = np.concatenate([(~p.out).astype(float), np.ones(extra)])
    whole = np.concatenate([np.ones(n), np.zeros(extra)])
    options: dict[str, Any] = {"mip_rel_gap": gap, "node_limit": nodes}
    if seconds is not None:
        options["time_limit"] = seconds
    with _quiet():
        found = milp(-value / scale, constraints=limits, bounds=Bounds(lower, upper), integrality=whole, options=options)
    if found.status == 2:
        return None, "infeasible"
    if found.x is None:
        return None, "limit"
    dual = -float(found.mip_dual_bound) * scale if found.mip_dual_bound is not None else np.inf
    return (np.rint(found.x[:n]).astype(bool), dual), "optimal" if found.status == 0 else "limit"


def _cuts_of(p: Problem, x: np.ndarray, small: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each patch that is too small: if all of it is chosen, so is at least one beside it."""
    assert p.graph is not None
    starts, members = p.graph.beside()
    label = p.graph.patches(x)
    out = []
    for k in np.unique(label[small]).tolist():
        inside = np.flatnonzero(label == k)
        near = np.unique(np.concatenate([members[starts[i] : starts[i + 1]] for i in inside.tolist()]))
        out.append((inside, np.setdiff1d(near, inside)))
    return out


def _mended(p: Problem, x: np.ndarray) -> np.ndarray | None:
    """Return the selection if it keeps to every row exactly, else with the least useful ones left out; None if that fails."""
    if p.feasible(x):
        return x
    x = x.copy()
    for _ in range(int(x.sum())):
        broken = [r for r in p.broken(x) if r.high is not None and r.used(x) > r.high]
        if not broken:
            break
        at = _droppable(p, x, broken[0])
        if not len(at):
            return None
        x[at[np.argmin(p.benefit[at] / p.cost[at])]] = False
    state = State(p)
    for i in np.flatnonzero(x & ~p.must).tolist():
        state.put(i)
    state.fill(np.flatnonzero(p.free & (p.benefit > 0)).tolist())
    return next((y for y in (state.x, x) if p.feasible(y)), None)


def _droppable(p: Problem, x: np.ndarray, row: Row) -> np.ndarray:
    return row.at[x[row.at] & ~p.must[row.at] & (row.a > 0)]
