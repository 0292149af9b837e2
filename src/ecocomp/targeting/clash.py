"""Which demands of a plan cannot be met together, named before anything is chosen.

First the clashes a person would look for (what must be paid costs more than the budget, a floor above a cap, a group
without enough candidates, two that must be paid on one ground); then, where floors remain, whether the demands can be
met at all, and if not the smallest set of them that cannot: demands are left out one by one, and one that is not needed
for the clash is dropped for good (deletion filter).

Reference: Chinneck & Dravnieks, Locating minimal infeasible constraint sets in linear programs, ORSA Journal on
Computing 3 (1991) 157-168.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ecocomp.targeting.exact import certify, relax
from ecocomp.targeting.problem import Problem, Row, say_rows
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

_WHOLE = 4000


def plain_clashes(p: Problem) -> list[Fault]:
    """Return every clash that can be seen from one or two demands."""
    return [*_must_and_out(p), *_must_rows(p), *_same_ground(p), *_out_of_reach(p), *_floor_above_cap(p), *_floors_above_budget(p)]


def clashes(p: Problem) -> list[Fault]:
    """Return why no selection meets all demands; empty where the relaxation, at least, can meet them."""
    found = plain_clashes(p)
    if found or not (
        any((r.low is not None and r.low > 0) or (r.low is not None and r.measure == "share_of_spent") for r in p.rows)
        or p.must.any()
    ):
        return found
    if not relax(p).feasible:
        return [_smallest(p, lambda q: relax(q).feasible)]
    return []


def whole_clash(p: Problem) -> Fault | None:
    """Return the smallest set of demands that no selection of whole contracts meets; None if one does or that is not decided."""
    if p.n > _WHOLE or p.divisible:
        return None
    if certify(p, any_will_do=True).status != "infeasible":
        return None
    return _smallest(p, lambda q: certify(q, any_will_do=True).status != "infeasible")


def _smallest(p: Problem, possible: Callable[[Problem], bool]) -> Fault:
    """Return the fault of a minimal set of rows (and "must", "ground", "patch" as one demand each) that clash."""
    rows = list(p.rows)
    for row in list(rows):
        left = [r for r in rows if r is not row]
        if not possible(replace(p, rows=left)):
            rows = left
    now = replace(p, rows=rows)
    extra: list[Text] = []
    for name, without in _wholes(now):
        if possible(without):
            extra.append(name)
        else:
            now = without
    told = say_rows(rows)
    parts = Text(
        "；".join([told.zh, *(e.zh for e in extra)]).strip("；"), "; ".join([*([told.en] if rows else []), *(e.en for e in extra)])
    )
    return Fault(
        "target.clash",
        "plan",
        "",
        Text("下列要求不能同时满足：{r}。", "These demands cannot all be met: {r}.").fill(r=parts),
        Text(
            "放宽其中一条：去掉任一条，这里所列的其余各条可以同时满足；另有冲突时会再报。",
            "Relax one of them: without any one the others named here can be met together; a further clash is told then.",
        ),
    )


def _wholes(p: Problem) -> list[tuple[Text, Problem]]:
    """Return the demands that are not rows, each with the problem without it."""
    nothing = np.zeros(p.n, bool)
    out = []
    if p.must.any():
        out.append(
            (
                Text("必须支付的候选（{n} 个）", "the candidates that must be paid ({n})").fill(n=int(p.must.sum())),
                replace(p, must=nothing),
            )
        )
    if p.out.any():
        out.append(
            (Text("排除的候选（{n} 个）", "the candidates left out ({n})").fill(n=int(p.out.sum())), replace(p, out=nothing))
        )
    if (p.ground >= 0).any():
        out.append((Text("同一块地至多一个", "at most one on one ground"), replace(p, ground=np.full(p.n, -1))))
    if p.graph is not None and p.graph.asks:
        out.append(
            (Text("斑块的最小规模", "the least size of a patch"), replace(p, graph=replace(p.graph, least_count=1, least_size=0)))
        )
    return out


def _fault(code: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"target.{code}", "plan", record, clash, remedy)


def _must_and_out(p: Problem) -> list[Fault]:
    both = np.flatnonzero(p.must & p.out)
    return capped(
        [
            _fault(
                "must_and_out",
                p.candidates.ids[i].as_py(),
                Text("必须支付，却被排除（{w}）。", "It must be paid, yet it is left out ({w}).").fill(
                    w=p.why_out[i][1] if i in p.why_out else Text("排除", "left out")
                ),
                Text("只留其一。", "Keep one of the two."),
            )
            for i in both.tolist()
        ],
        "target.must_and_out",
        "plan",
    )


def _must_rows(p: Problem) -> list[Fault]:
    """What must be paid alone already breaks a cap."""
    out = []
    for row in p.rows:
        if row.high is None or (row.a < 0).any():
            continue
        used = row.used(p.must)
        if used > row.high:
            out.append(
                _fault(
                    "must_above",
                    row.group[1],
                    Text("必须支付的候选已用 {u}，超过：{r}。", "What must be paid already takes {u}, above: {r}.").fill(
                        u=_said(row, used), r=row.told
                    ),
                    Text("增加限额，或减少必须支付的候选。", "Raise the limit or let fewer candidates be certain."),
                )
            )
    return out


def _same_ground(p: Problem) -> list[Fault]:
    at = np.flatnonzero(p.must & (p.ground >= 0))
    order = at[np.argsort(p.ground[at], kind="stable")]
    g = p.ground[order]
    out = []
    for k in np.flatnonzero(g[1:] == g[:-1]).tolist():
        a, b = (p.candidates.ids[int(order[k + d])].as_py() for d in (0, 1))
        out.append(
            _fault(
                "same_ground",
                f"{a}, {b}",
                Text(
                    "两者必须支付，却在同一块地上，只能付一个。",
                    "Both must be paid, yet they lie on one ground, which may be paid once.",
                ),
                Text("只留一个。", "Keep one of them."),
            )
        )
    return capped(out, "target.same_ground", "plan")


def _out_of_reach(p: Problem) -> list[Fault]:
    """A floor is above all its candidates together."""
    out = []
    for row in p.rows:
        if row.low is None or row.low <= 0:
            continue
        most = row.used(~p.out)
        if most < row.low:
            out.append(
                _fault(
                    "out_of_reach",
                    row.group[1],
                    Text(
                        "下限达不到：{r}；可选的候选合计只有 {m}。",
                        "The floor is out of reach: {r}; all its candidates together make {m}.",
                    ).fill(r=row.told, m=_said(row, most)),
                    Text("降低下限，或增加候选。", "Lower the floor or add candidates."),
                )
            )
    return out


def _floor_above_cap(p: Problem) -> list[Fault]:
    """A floor of a group is above the cap of the same or a larger group, in the same measure."""
    out = []
    inside = [set(r.at.tolist()) if r.kind != "budget" and len(r.at) < p.n else None for r in p.rows]
    for f, floor in enumerate(p.rows):
        if floor.low is None or floor.measure == "share_of_spent":
            continue
        for c, cap in enumerate(p.rows):
            money = {floor.measure, cap.measure} <= {"yuan", "share"}
            if (
                cap.high is None
                or cap.high >= floor.low
                or not (money or cap.measure == floor.measure)
                or cap.measure == "share_of_spent"
            ):
                continue
            held, wide = inside[f], inside[c]
            if wide is None or (held is not None and held <= wide):
                out.append(
                    _fault(
                        "floor_above_cap",
                        floor.group[1],
                        Text("下限高于上限：{a}；而 {b}。", "A floor lies above a cap: {a}, but {b}.").fill(
                            a=floor.told, b=cap.told
                        ),
                        Text("降低下限或提高上限。", "Lower the floor or raise the cap."),
                    )
                )
    return out


def _floors_above_budget(p: Problem) -> list[Fault]:
    """Floors in money of groups that do not overlap add up to more than the budget."""
    floors = [r for r in p.rows if r.low is not None and r.measure in ("yuan", "share") and r.low > 0]
    seen = np.zeros(p.n, bool)
    total = 0
    for row in floors:
        if seen[row.at].any():
            return []
        seen[row.at] = True
        total += row.low or 0
    if len(floors) < 2 or total <= p.budget_fen or any((r.low or 0) > p.budget_fen for r in floors):
        return []
    return [
        _fault(
            "floors_above_budget",
            "",
            Text("各下限合计 {t} 元，超过预算 {b} 元：{r}。", "The floors add up to {t} yuan, above the budget of {b}: {r}.").fill(
                t=say_yuan(total), b=say_yuan(p.budget_fen), r=say_rows(floors[:12])
            ),
            Text("降低下限或增加预算。", "Lower the floors or raise the budget."),
        )
    ]


def _said(row: Row, amount: int) -> Text:
    if row.measure in ("yuan", "share"):
        return Text(f"{say_yuan(amount)} 元", f"{say_yuan(amount)} yuan")
    if row.measure == "ha":
        return Text(f"{amount / 10_000:g} 公顷", f"{amount / 10_000:g} ha")
    return Text(f"{amount}", f"{amount}")
