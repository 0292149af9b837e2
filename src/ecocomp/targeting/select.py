"""Choose whom to pay under a budget, with the proven bound beside it and a reason for every candidate.

The steps: clashes are named; the linear relaxation gives prices and the bound; whole contracts are chosen near it (the
fast way for a budget with regional caps, else candidate by candidate); branch and bound certifies small problems, or
any on request; then every candidate is told why it is in or out.

Facts behind it (models sheet 5.1): ranking by benefit per yuan comes near the best and loses less than one contract;
ranking by cost or by benefit alone loses more the more the two vary; the benefit that counts is benefit × the chance
that it is lost without payment (Wünscher, Engel & Wunder 2008, doi 10.1016/j.ecolecon.2007.11.014).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ecocomp.targeting import fast
from ecocomp.targeting.bound import lagrangian_bound
from ecocomp.targeting.clash import clashes, whole_clash
from ecocomp.targeting.exact import certify, relax
from ecocomp.targeting.greedy import select
from ecocomp.targeting.problem import AREA_UNITS, Problem, Row
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

PROOFS: dict[str, Text] = {
    "linear": Text("线性松弛的精确解与对偶价格证明", "proven by the exact linear relaxation and its prices"),
    "lagrangian": Text("拉格朗日对偶证明", "proven by Lagrangian duality"),
    "branch and bound": Text("HiGHS 分支定界，在其容差内", "by branch and bound of HiGHS, within its tolerance"),
}
CERTIFY_UP_TO = 2000
"""A problem with no more candidates than this is certified by branch and bound without being asked."""
NEAR = 1e-7
"""A selection this near its bound needs no certificate."""
PLAIN_UP_TO = 20_000
"""Up to so many candidates the plain ranking is tried too; with more the fast way is always nearer the bound."""


@dataclass(frozen=True)
class Selection:
    """What was chosen.

    fen        int64 (n,), what each candidate is paid; 0 where it is not chosen
    benefit    of the selection, with what neighbours add
    bound      no selection can have more benefit than this
    proof      how the bound was found: ``linear`` (exact for the nested limits), ``lagrangian``, ``branch and bound``
    reasons    (n,) sentence for each candidate, index into `words`
    """

    problem: Problem
    fen: np.ndarray
    benefit: float
    bound: float
    proof: str
    reason: np.ndarray
    words: list[tuple[str, Text]]
    compared: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def chosen(self) -> np.ndarray:
        """Return which candidates are paid."""
        return self.fen > 0

    @property
    def gap(self) -> float:
        """Return how far the selection may be from the best, as a share of the bound."""
        return max(0.0, (self.bound - self.benefit) / self.bound) if self.bound > 0 else 0.0

    def facts(self) -> dict[str, Any]:
        """Return the totals, the limits and how often each reason was given."""
        p = self.problem
        proof = PROOFS[self.proof]
        count = np.bincount(self.reason, minlength=len(self.words))
        return {
            "candidates": p.n,
            "chosen": int(self.chosen.sum()),
            "spent_fen": int(self.fen.sum()),
            "budget_fen": p.budget_fen,
            "benefit": self.benefit,
            "bound": self.bound,
            "gap": self.gap,
            "proof": self.proof,
            "proof_zh": proof.zh,
            "proof_en": proof.en,
            "rows_used": [self._used(r) for r in p.rows],
            "reasons": [
                {"reason": c, "reason_zh": t.zh, "reason_en": t.en, "number": int(count[k])}
                for k, (c, t) in enumerate(self.words)
                if count[k]
            ],
            "compared": self.compared,
        }

    def _used(self, row: Row) -> dict[str, Any]:
        money = row.measure in ("yuan", "share")
        used = int(self.fen[row.at].sum()) if money else row.used(self.chosen)
        said = say_yuan(used) if money else f"{used / AREA_UNITS:g}" if row.measure == "ha" else f"{used:,}"
        if row.measure == "share_of_spent":
            spent = max(int(self.fen.sum()), 1)
            told = self.problem.candidates.codes(row.group[0]) if row.group[0] else None
            wanted = row.group[1].split(", ")
            of = self.fen.sum() if told is None else self.fen[np.isin(told[0], [told[1].index(v) for v in wanted])].sum()
            said = f"{int(of) / spent:.2%}"
        return {
            "kind": row.kind,
            "by": row.group[0],
            "value": row.group[1],
            "measure": row.measure,
            "told_zh": row.told.zh,
            "told_en": row.told.en,
            "low": row.low,
            "high": row.high,
            "used": used,
            "used_said": said,
        }

    def table(self) -> pa.Table:
        """Return one row per candidate in the order of ids: amount, benefit, rank, reason."""
        p = self.problem
        ratio = p.benefit / (p.cost / 100.0)
        rank = np.empty(p.n, np.int64)
        rank[np.argsort(-ratio, kind="stable")] = np.arange(1, p.n + 1)
        code, zh, en = (
            pa.array(w).take(pa.array(self.reason)) for w in zip(*((c, t.zh, t.en) for c, t in self.words), strict=True)
        )
        return pa.table(
            {
                "id": p.candidates.ids,
                "chosen": pa.array(self.chosen),
                "amount_fen": pa.array(self.fen),
                "cost_fen": pa.array(p.cost),
                "benefit": pa.array(p.benefit),
                "benefit_per_yuan": pa.array(ratio),
                "rank": pa.array(rank),
                "reason": code,
                "reason_zh": zh,
                "reason_en": en,
            }
        )


def choose(p: Problem, *, exact: bool | None = None, seconds: float | None = None, compare: bool = True) -> Selection:
    """Return the selection of a problem; raises `FaultsError` that names the clash where no selection meets all demands.

    exact    certify by branch and bound: yes, no, or (None) where the problem is small
    seconds  time limit of branch and bound; without one the answer does not depend on the machine
    compare  also say what ranking by benefit alone and by cost alone would reach
    """
    raise_errors(clashes(p))
    nested, small = fast.nested_of(p), p.n <= CERTIFY_UP_TO
    if p.divisible:
        fen, benefit, bound, proof = _in_part(p, nested)
    elif nested is not None:
        fen, benefit, bound, proof = _nested(p, nested, small if exact is None else exact, seconds)
    else:
        fen, benefit, bound, proof = _general(p, small if exact is None else exact, seconds)
    reason, words = _reasons(p, fen)
    compared = _compared(p, benefit) if compare and not p.divisible else {}
    return Selection(p, fen, benefit, max(bound, benefit), proof, reason, words, compared)


def _nested(p: Problem, nested: fast.Nested, exact: bool, seconds: float | None) -> tuple[np.ndarray, float, float, str]:
    linear = fast.solve_linear(p, nested)
    bound = lagrangian_bound(p, fast.prices_of(p, nested, linear).tolist())
    x, proof = fast.whole(p, nested, linear), "linear"
    if p.n <= PLAIN_UP_TO:
        plain = _plainly(p, p.benefit / p.cost)
        x = plain if plain is not None and p.total(plain) > p.total(x) else x
    if exact and (bound - p.total(x)) > NEAR * bound:
        found = certify(p, seconds=seconds)
        if found.x is not None and p.total(found.x) > p.total(x):
            x = found.x
        if found.bound < bound:
            bound, proof = found.bound, "branch and bound"
    return np.where(x, p.cost, 0), p.total(x), bound, proof


def _general(p: Problem, exact: bool, seconds: float | None) -> tuple[np.ndarray, float, float, str]:
    relaxed = relax(p)
    bound, proof = lagrangian_bound(p, relaxed.prices.tolist(), relaxed.beside), "lagrangian"
    reduced = _reduced(p, relaxed.prices)
    spread = float(np.abs(reduced).max(initial=0)) or 1.0
    x = select(p, [relaxed.x * 2 * spread + reduced, p.benefit / p.cost, reduced / p.cost])
    if exact or x is None:
        found = certify(p, seconds=seconds)
        if found.status == "infeasible":
            clash = whole_clash(p)
            raise FaultsError([clash or _nothing()])
        if found.x is not None and (x is None or p.total(found.x) > p.total(x)):
            x = found.x
        if found.bound < bound:
            bound, proof = found.bound, "branch and bound"
    if x is None:
        raise FaultsError([_not_found()])
    return np.where(x, p.cost, 0), p.total(x), bound, proof


def _in_part(p: Problem, nested: fast.Nested | None) -> tuple[np.ndarray, float, float, str]:
    """Candidates may be paid in part: the linear optimum in whole fen, parts below the least amount left out."""
    if nested is None:
        said = Text("部分支付只可与预算和一组上限同用。", "Payment in part goes only with a budget and the caps of one column.")
        raise FaultsError(
            [
                Fault(
                    "target.divisible",
                    "plan",
                    "divisible",
                    said,
                    Text("去掉其他限制，或整份支付。", "Drop the other limits or pay whole contracts."),
                )
            ]
        )
    linear = fast.solve_linear(p, nested)
    bound = lagrangian_bound(p, fast.prices_of(p, nested, linear).tolist())
    fen = np.where(p.must, p.cost, linear.fen)
    if p.minimum_fen is not None:
        fen = _large_enough(p, nested, linear, fen)
    return fen, float((p.benefit * (fen / p.cost)).sum()), bound, "linear"


def _large_enough(p: Problem, nested: fast.Nested, linear: fast.Linear, fen: np.ndarray) -> np.ndarray:
    """Leave out parts below the least amount and give what is left to the next that can take enough of it."""
    assert p.minimum_fen is not None
    least = np.minimum(p.minimum_fen, p.cost)
    fen = np.where(p.must | (fen >= least), fen, 0)
    paid = np.zeros(len(nested.room), np.int64)
    np.add.at(paid, nested.group[~p.must], fen[~p.must])
    room, left = nested.room - paid, nested.budget - int(paid.sum())
    while left > 0:
        can = np.minimum(np.minimum(p.cost - fen, room[nested.group]), left)[linear.order]
        enough = np.flatnonzero((can > 0) & (fen[linear.order] + can >= least[linear.order]))
        if not len(enough):
            break
        k = int(enough[0])
        i = int(linear.order[k])
        fen[i] += can[k]
        room[nested.group[i]] -= can[k]
        left -= int(can[k])
    return fen


def _reduced(p: Problem, prices: np.ndarray) -> np.ndarray:
    worth = p.benefit.copy() if p.graph is None else p.benefit + p.graph.half()
    for row, price in zip(p.rows, prices.tolist(), strict=True):
        if price:
            worth[row.at] -= price * row.a
    return worth


def _nothing() -> Fault:
    said = Text("没有一种整份的选择满足全部要求。", "No selection of whole contracts meets all demands.")
    return Fault("target.clash", "plan", "", said, Text("放宽下限或增加预算。", "Relax a floor or raise the budget."))


def _not_found() -> Fault:
    return Fault(
        "target.not_found",
        "plan",
        "",
        Text(
            "在限定的步数内没有找到满足全部要求的选择；是否存在尚未判定。",
            "No selection that meets all demands was found within the steps allowed; whether there is one is not decided.",
        ),
        Text("放宽下限，或加 --exact 并给出 --seconds。", "Relax the floors, or use --exact with more --seconds."),
    )


# ---------------------------------------------------------------- reasons
def _reasons(p: Problem, fen: np.ndarray) -> tuple[np.ndarray, list[tuple[str, Text]]]:
    """Return for each candidate why it is in or out: the number of a sentence, and the sentences."""
    words: list[tuple[str, Text]] = [
        ("chosen", Text("入选", "chosen")),
        ("must", Text("必须支付", "must be paid")),
        ("in_part", Text("入选，付一部分", "chosen, paid in part")),
        ("no_benefit", Text("没有效益", "no benefit")),
        ("budget", Text("预算不够", "over the budget")),
        ("not_gainful", Text("换入不增加总效益", "taking it in would not raise the total")),
    ]
    place: dict[str, int] = {}

    def word(code: str, text: Text) -> int:
        if text.en not in place:
            place[text.en] = len(words)
            words.append((code, text))
        return place[text.en]

    x = fen > 0
    reason = np.full(p.n, 5)
    reason[x] = 0
    reason[x & (fen < p.cost)] = 2
    reason[p.must] = 1
    rest = ~x & ~p.out & ~p.must
    for row in p.rows:
        over, short = _would_break(row, fen, p)
        hit = rest & over & (reason == 5)
        if not hit.any():
            continue
        if row.kind == "budget":
            continue
        reason[hit] = word(
            row.kind,
            Text("上限已满：{r}", "cap reached: {r}").fill(r=row.told)
            if not short
            else Text("会低于下限：{r}", "would fall below: {r}").fill(r=row.told),
        )
    over, _ = _would_break(p.rows[0], fen, p)
    reason[rest & over & (reason == 5)] = 4
    reason[rest & (p.benefit <= 0)] = 3
    shared = np.flatnonzero(rest & (p.ground >= 0))
    if len(shared):
        holder = dict(zip(p.ground[x].tolist(), np.flatnonzero(x).tolist(), strict=True))
        for i in shared.tolist():
            j = holder.get(int(p.ground[i]))
            if j is None or j == i:
                continue
            other = p.candidates.ids[j].as_py()
            worse = p.benefit[i] <= p.benefit[j] and p.cost[i] >= p.cost[j]
            told = (
                Text("同一块地上 {o} 更好且不更贵", "{o} on the same ground is as good and costs no more")
                if worse
                else Text("同一块地已付 {o}", "{o} is paid on the same ground")
            )
            reason[i] = word("dominated" if worse else "same_ground", told.fill(o=other))
    if p.graph is not None and p.graph.asks:
        reason[rest & (reason == 5)] = word("patch", Text("凑不成够大的斑块", "no patch that is large enough"))
    for i, (code, text) in p.why_out.items():
        if not x[i]:
            reason[i] = word(code, text)
    return reason, words


def _would_break(row: Row, fen: np.ndarray, p: Problem) -> tuple[np.ndarray, bool]:
    """Return which candidates would break the row if they were added now, and whether it is a floor."""
    out = np.zeros(p.n, bool)
    x = fen > 0
    if row.measure in ("yuan", "share") and p.divisible:
        used = int(fen[row.at].sum())
    else:
        used = row.used(x)
    add = np.ones(len(row.at), np.int64) if p.divisible and row.high is not None else row.a
    if row.high is not None:
        out[row.at] = (add > 0) & (add > row.high - used)
    if row.low is not None:
        out[row.at] = (row.a < 0) & (row.a < row.low - used)
    return out, row.high is None


# ---------------------------------------------------------------- other ways to rank
def _compared(p: Problem, benefit: float) -> dict[str, dict[str, Any]]:
    """Return what each way of ranking reaches within the same limits, and its loss against the selection."""
    ways = {
        "benefit_per_yuan": (p.benefit / p.cost, Text("按效益成本比", "by benefit per yuan")),
        "benefit": (p.benefit, Text("只看效益", "by benefit alone")),
        "cost": (-p.cost.astype(float), Text("只看成本", "by cost alone")),
    }
    out: dict[str, dict[str, Any]] = {}
    for name, (worth, text) in ways.items():
        x = _plainly(p, worth)
        if x is None:
            continue
        reached = p.total(x)
        out[name] = {
            "name_zh": text.zh,
            "name_en": text.en,
            "benefit": reached,
            "spent_fen": int(p.cost[x].sum()),
            "chosen": int(x.sum()),
            "loss_share": 0.0 if benefit <= 0 else 1.0 - reached / benefit,
        }
    return out


def _plainly(p: Problem, worth: np.ndarray) -> np.ndarray | None:
    """Return the selection of one ranking, nothing exchanged."""
    nested = fast.nested_of(p)
    if nested is None:
        return select(p, [worth])
    x = p.must.copy()
    room, left = fast._left(p, nested, x)
    at = np.flatnonzero(p.free & (p.benefit > 0))
    order = at[np.argsort(-worth[at], kind="stable")]
    state_room, rest = room.tolist(), int(left[0])
    for i, c, g in zip(order.tolist(), p.cost[order].tolist(), nested.group[order].tolist(), strict=True):
        if c <= rest and c <= state_room[g]:
            x[i] = True
            rest -= c
            state_room[g] -= c
    return x
