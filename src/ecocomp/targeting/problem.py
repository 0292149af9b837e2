"""The selection as mathematics: maximise the benefit of what is chosen, subject to rows of whole numbers.

    max Σ b_i x_i   with   low_k ≤ Σ a_ki x_i ≤ high_k,  x_i ∈ {0, 1} (or 0..1 where candidates may be paid in part),
    of the candidates on one ground at most one, some fixed at 1, some at 0.

Every a, low and high is a whole number (fen, pieces, 0.0001 ha, or fen × ppm for shares of what is spent), so that a
selection is tested exactly, never within a tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.targeting.candidates import Candidates, exact_dot, flags, numbers
from ecocomp.targeting.neighbours import Graph, graph_of
from ecocomp.targeting.plan import Choice, Limit, Plan, say_amount, share_of
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same

AREA_UNITS = 10_000
PPM = 1_000_000


@dataclass(frozen=True)
class Row:
    """One constraint: low ≤ Σ a x ≤ high over the candidates `at` (None is open).

    kind   ``budget``, ``cap`` or ``floor``
    group  column and value it is about; empty for all candidates
    told   the constraint as a sentence part
    measure  what `a` counts
    """

    kind: str
    group: tuple[str, str]
    told: Text
    measure: str
    at: np.ndarray
    a: np.ndarray
    low: int | None
    high: int | None

    def used(self, x: np.ndarray) -> int:
        """Return Σ a x of a whole selection, exactly."""
        return exact_dot(self.a, x[self.at])

    def holds(self, x: np.ndarray) -> bool:
        """Return whether a whole selection keeps to the row."""
        return self.holds_sum(self.used(x))

    def holds_sum(self, used: int) -> bool:
        """Return whether a sum keeps to the row."""
        return (self.low is None or used >= self.low) and (self.high is None or used <= self.high)


@dataclass
class Problem:
    """A selection problem; arrays are in the order of the candidates' ids."""

    candidates: Candidates
    budget_fen: int
    rows: list[Row]
    ground: np.ndarray
    must: np.ndarray
    out: np.ndarray
    why_out: dict[int, tuple[str, Text]] = field(default_factory=dict)
    divisible: bool = False
    minimum_fen: np.ndarray | None = None
    graph: Graph | None = None
    columns: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.candidates)

    @property
    def cost(self) -> np.ndarray:
        return self.candidates.cost_fen

    @property
    def benefit(self) -> np.ndarray:
        return self.candidates.benefit

    @property
    def free(self) -> np.ndarray:
        """Return which candidates may be chosen or not."""
        return ~self.must & ~self.out

    def broken(self, x: np.ndarray) -> list[Row]:
        """Return the rows a whole selection breaks."""
        return [r for r in self.rows if not r.holds(x)]

    def feasible(self, x: np.ndarray) -> bool:
        """Return whether a whole selection keeps to everything, tested in whole numbers."""
        if (self.must & ~x).any() or (self.out & x).any() or self.broken(x):
            return False
        chosen = self.ground[x & (self.ground >= 0)]
        if len(np.unique(chosen)) < len(chosen):
            return False
        return self.graph is None or not len(self.graph.small(x))

    def total(self, x: np.ndarray) -> float:
        """Return the benefit of a whole selection, with what neighbours add."""
        return float(self.benefit[x].sum()) + (0.0 if self.graph is None else self.graph.bonus_of(x))


def problem_of(candidates: Candidates, plan: Plan) -> Problem:
    """Return the problem a plan sets for candidates; raises `FaultsError` with everything that cannot be read."""
    n, faults = len(candidates), list[Fault]()
    rows = [
        Row("budget", ("", ""), _budget_words(plan.budget_fen), "yuan", np.arange(n), candidates.cost_fen, None, plan.budget_fen)
    ]
    for limit in plan.limits:
        made, found = _rows_of(candidates, plan, limit)
        rows += made
        faults += found
    must, found = _chosen(candidates, plan.must, "must")
    faults += found
    out, found = _chosen(candidates, plan.exclude, "exclude")
    faults += found
    ground = np.full(n, -1, np.int64)
    if plan.exclusive:
        ground = _grounds(candidates, plan.exclusive)
    raise_errors(faults)
    graph = None if plan.neighbours is None else graph_of(candidates, plan)
    why = {int(i): ("excluded", Text("方案排除", "left out by the plan")) for i in np.flatnonzero(out)}
    if graph is not None:
        alone = np.setdiff1d(graph.small(~out), np.flatnonzero(must))
        why |= {int(i): ("patch", Text("周围凑不成够大的斑块", "not enough neighbours for a patch")) for i in alone}
        out = out.copy()
        out[alone] = True
    minimum = _minimum(candidates, plan)
    if plan.divisible and graph is not None:
        said = Text("divisible 与 neighbours 不能同用。", "divisible and neighbours cannot go together.")
        raise FaultsError([Fault("target.plan", "plan", "divisible", said, Text("去掉其一。", "Drop one of them."))])
    if not plan.divisible and minimum is not None:
        below = (candidates.cost_fen < minimum) & ~out
        why |= {int(i): ("minimum", Text("低于最低金额", "below the least amount")) for i in np.flatnonzero(below)}
        out = out | below
    return Problem(candidates, plan.budget_fen, rows, ground, must, out, why, plan.divisible, minimum, graph)


def _budget_words(fen: int) -> Text:
    return Text("预算 {b} 元", "the budget of {b} yuan").fill(b=say_yuan(fen))


def _minimum(candidates: Candidates, plan: Plan) -> np.ndarray | None:
    return np.full(len(candidates), plan.minimum_fen, np.int64) if plan.minimum_fen else None


def _rows_of(c: Candidates, plan: Plan, limit: Limit) -> tuple[list[Row], list[Fault]]:
    if not limit.by:
        return [_row(c, plan, limit, np.arange(len(c)), ("", ""), limit.amount)], []
    codes, names = c.codes(limit.by)
    faults: list[Fault] = []
    wanted = limit.value or (tuple(limit.amount) if isinstance(limit.amount, dict) else tuple(names))
    unknown = [v for v in wanted if v not in names]
    if unknown:
        lacking = Text("{c} 中没有值 {v}；有：{h}。", "{c} has no value {v}; it has: {h}.").fill(
            c=limit.by, v=", ".join(unknown[:8]), h=", ".join(names[:20])
        )
        remedy = Text("改正值；没有候选的组无法达到下限。", "Mend the value; a group without candidates cannot reach a floor.")
        faults.append(Fault("target.group", limit.where, limit.by, lacking, remedy))
        return [], faults
    if limit.value:
        at = np.flatnonzero(np.isin(codes, [names.index(v) for v in limit.value]))
        return [_row(c, plan, limit, at, (limit.by, ", ".join(limit.value)), limit.amount)], faults
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names) + 1))
    out = []
    for value in wanted:
        k = names.index(value)
        amount = limit.amount[value] if isinstance(limit.amount, dict) else limit.amount
        out.append(_row(c, plan, limit, order[ends[k] : ends[k + 1]], (limit.by, value), amount))
    return out, faults


def _row(c: Candidates, plan: Plan, limit: Limit, at: np.ndarray, group: tuple[str, str], amount: object) -> Row:
    assert isinstance(amount, Decimal)
    most, kind = limit.side == "most", "cap" if limit.side == "most" else "floor"
    a, bound, said = c.cost_fen[at], 0, amount
    if limit.measure == "yuan":
        bound = floor(amount * 100) if most else ceil(amount * 100)
        said = Decimal(bound)
    elif limit.measure == "share":
        bound = share_of(plan.budget_fen, amount, limit.side)
        said = Decimal(bound)
    elif limit.measure == "count":
        a, bound = np.ones(len(at), np.int64), floor(amount) if most else ceil(amount)
    elif limit.measure == "ha":
        area, faults = numbers(c.text(plan.area_column), plan.area_column, c.ids, c.where, top=1e9)
        raise_errors(faults)
        a = np.rint(area[at] * AREA_UNITS).astype(np.int64)
        bound = floor(amount * AREA_UNITS) if most else ceil(amount * AREA_UNITS)
    else:
        at, a = _of_spent(c, at, amount)
    side = Text("不高于", "at most") if most else Text("不低于", "at least")
    name = Text("全部候选", "all candidates") if not group[0] else same(f"{group[0]} = {group[1]}")
    told = Text("{n} {s} {a}", "{n} {s} {a}").fill(n=name, s=side, a=say_amount(limit.measure, said))
    return Row(kind, group, told, limit.measure, at, a, None if most else bound, bound if most else None)


def _of_spent(c: Candidates, at: np.ndarray, share: Decimal) -> tuple[np.ndarray, np.ndarray]:
    """Return the row Σ_group c·(ppm) − share·Σ_all c, whose sign says whether the group has its share of what is spent."""
    part = Fraction(share).limit_denominator(PPM)
    a = -c.cost_fen * part.numerator
    a[at] += c.cost_fen[at] * part.denominator
    return np.arange(len(c)), a


def _chosen(c: Candidates, choice: Choice, key: str) -> tuple[np.ndarray, list[Fault]]:
    if choice.by and not choice.values:
        return flags(c.text(choice.by), choice.by, c.ids, c.where)
    if choice.by:
        return pc.is_in(c.text(choice.by), value_set=pa.array(choice.values)).to_numpy(zero_copy_only=False), []
    if not choice.ids:
        return np.zeros(len(c), bool), []
    wanted = pa.array(choice.ids, pa.string())
    known = pc.is_in(wanted, value_set=c.ids).to_pylist()
    unknown = [i for i, k in zip(choice.ids, known, strict=True) if not k]
    faults = [
        Fault(
            "target.unknown_id",
            key,
            i,
            Text("候选中没有它。", "It is not among the candidates."),
            Text("改正编码，或补上候选。", "Mend the id or add the candidate."),
        )
        for i in unknown
    ]
    return pc.is_in(c.ids, value_set=wanted).to_numpy(zero_copy_only=False), capped(faults, "target.unknown_id", key)


def _grounds(c: Candidates, column: str) -> np.ndarray:
    """Return the number of the ground of each candidate, −1 where nobody else is on it or the cell is empty."""
    codes, names = c.codes(column)
    count = np.bincount(codes, minlength=len(names))
    alone = count[codes] < 2
    if "" in names:
        alone |= codes == names.index("")
    return np.where(alone, -1, codes)


def say_rows(rows: Sequence[Row]) -> Text:
    """Return several constraints in one sentence part."""
    return Text("；".join(r.told.zh for r in rows), "; ".join(r.told.en for r in rows))
