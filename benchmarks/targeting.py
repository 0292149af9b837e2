"""Selection under a budget with regional caps against the linear program of HiGHS, in one run.

    python benchmarks/targeting.py [--candidates 100000] [--regions 50]

Two kinds of caps: *loose* (each region at most 1.3 times an even share, as a bureau would set them) and *tight* (between 0.7 and
1.3 times an even share at random, so that nearly every cap binds). Ours gives whole contracts with its proven bound; HiGHS
solves the relaxation alone, by its fastest way of three. The gap is to the bound; with tight caps it is that of the best
whole selection itself, as `--check` shows by solving each region to the optimum.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from ecocomp.targeting import fast
from ecocomp.targeting.bound import lagrangian_bound
from ecocomp.targeting.candidates import Candidates
from ecocomp.targeting.problem import Problem, Row
from ecocomp.terms.text import same


def problem(n: int, regions: int, *, tight: bool, seed: int = 0) -> Problem:
    """Return candidates with benefits and costs that go together loosely, and a budget of a fifth of all costs."""
    rng = np.random.default_rng(seed)
    benefit = rng.lognormal(0, 1, n)
    cost = np.rint(1e5 * rng.lognormal(0, 0.7, n) * (1 + 0.3 * benefit)).astype(np.int64)
    budget, region = int(cost.sum()) // 5, rng.integers(0, regions, n)
    cap = budget / regions * (0.7 + 0.6 * rng.random(regions) if tight else np.full(regions, 1.3))
    ids = pa.array([f"{i:07d}" for i in range(n)])
    rows = [Row("budget", ("", ""), same("budget"), "yuan", np.arange(n), cost, None, budget)]
    for k in range(regions):
        at = np.flatnonzero(region == k)
        rows.append(Row("cap", ("region", str(k)), same(str(k)), "yuan", at, cost[at], None, int(cap[k])))
    none = np.zeros(n, bool)
    return Problem(Candidates(ids, cost, benefit), budget, rows, np.full(n, -1), none, none.copy())


def ours(p: Problem) -> tuple[np.ndarray, float]:
    """Return our selection and its bound."""
    nested = fast.nested_of(p)
    assert nested is not None
    linear = fast.solve_linear(p, nested)
    return fast.whole(p, nested, linear), lagrangian_bound(p, fast.prices_of(p, nested, linear).tolist())


def highs(p: Problem, method: str) -> float:
    """Return the optimum of the relaxation."""
    at, row = np.concatenate([r.at for r in p.rows]), np.repeat(np.arange(len(p.rows)), [len(r.at) for r in p.rows])
    a = csr_array((np.concatenate([r.a for r in p.rows]) / 1e5, (row, at)), shape=(len(p.rows), p.n))
    found = linprog(-p.benefit, A_ub=a, b_ub=[(r.high or 0) / 1e5 for r in p.rows], bounds=(0, 1), method=method)
    return -float(found.fun)


def best_whole(p: Problem, x: np.ndarray) -> float:
    """Return how far the whole selection is from the optimum of each region by itself, at what the region spends."""
    short = 0.0
    for r in p.rows[1:]:
        room = max(r.used(x), r.high or 0)
        line = LinearConstraint((r.a / 1e5)[None], -np.inf, room / 1e5)
        found = milp(
            -p.benefit[r.at], constraints=line, bounds=Bounds(0, 1), integrality=np.ones(len(r.at)), options={"mip_rel_gap": 0}
        )
        short += -float(found.fun) - float(p.benefit[r.at][x[r.at]].sum())
    return short / p.total(x)


def least(work: Any, repeats: int) -> tuple[Any, float, float]:
    """Return the result with the least wall and CPU seconds of several runs."""
    best: tuple[Any, float, float] | None = None
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        now = (found, time.perf_counter() - wall, time.process_time() - cpu)
        best = now if best is None or now[2] < best[2] else best
    assert best is not None
    return best


def main(argv: list[str]) -> int:
    """Measure both kinds of caps and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--regions", type=int, default=50)
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args(argv)
    print(
        f"| {chosen.candidates:,} candidates, {chosen.regions} caps | ours, CPU s | HiGHS LP, CPU s | ratio"
        " | gap to the bound | bound against the LP |"
    )
    print("|---|---|---|---|---|---|")
    for tight in (False, True):
        p = problem(chosen.candidates, chosen.regions, tight=tight)
        (x, bound), _, cpu = least(lambda p=p: ours(p), 5)
        assert p.feasible(x)
        runs = [least(lambda m=m, p=p: highs(p, m), 1) for m in ("highs-ds", "highs-ipm")]
        lp, _, theirs = min(runs, key=lambda r: r[2])
        name = "tight caps" if tight else "loose caps"
        print(
            f"| {name} | {cpu:.4f} | {theirs:.2f} | {theirs / cpu:.0f} | {(bound - p.total(x)) / bound:.1e}"
            f" | {bound / lp - 1:+.1e} |"
        )
        if chosen.check and tight:
            print(f"\nEach region solved to the optimum would add {best_whole(p, x):.1e} of the benefit.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
