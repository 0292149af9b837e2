"""Selection under a budget: exact feasibility, a bound that holds, the best found by brute force on small problems."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.targeting import fast
from ecocomp.targeting.bound import lagrangian_bound
from ecocomp.targeting.candidates import Candidates, candidates_of
from ecocomp.targeting.plan import Choice, Limit, Neighbours, Plan
from ecocomp.targeting.problem import Problem, problem_of
from ecocomp.targeting.select import choose
from ecocomp.terms.faults import FaultsError


def table(**columns: list[Any]) -> pa.Table:
    n = len(next(iter(columns.values())))
    full = {"id": [f"p{i}" for i in range(n)], **columns}
    return pa.table({k: pa.array([str(x) for x in v], pa.string()) for k, v in full.items()})


def made(plan: Plan, **columns: list[Any]) -> Problem:
    return problem_of(candidates_of(table(**columns), "t"), plan)


def codes(error: FaultsError) -> set[str]:
    return {f.code for f in error.faults}


def best_of_all(p: Problem) -> float | None:
    """The best benefit by trying every selection; None if none keeps to the demands."""
    best = None
    for bits in itertools.product([False, True], repeat=p.n):
        x = np.array(bits, bool)
        if p.feasible(x) and (best is None or p.total(x) > best):
            best = p.total(x)
    return best


@st.composite
def problems(draw: st.DrawFn, limits: bool = True) -> Problem:
    n = draw(st.integers(1, 8))
    column = lambda values: [draw(values) for _ in range(n)]  # noqa: E731
    wanted: list[Limit] = []
    if draw(st.booleans()):
        wanted.append(Limit("r", (), "most", "yuan", Decimal(draw(st.integers(0, 80)))))
    if limits and draw(st.booleans()):
        measure = draw(st.sampled_from(["yuan", "count", "share_of_spent"]))
        amount = {
            "yuan": Decimal(draw(st.integers(0, 60))),
            "count": Decimal(draw(st.integers(0, 3))),
            "share_of_spent": Decimal("0.4"),
        }[measure]
        wanted.append(Limit("g", ("0",), draw(st.sampled_from(["least", "most"])), measure, amount))
    near = None
    if limits and draw(st.booleans()):
        near = Neighbours(
            radius_m=Decimal(1), bonus=draw(st.sampled_from([Decimal(0), Decimal("0.5")])), least_count=draw(st.integers(1, 3))
        )
    groups = column(st.integers(0, 1))
    groups[0] = 0
    return made(
        Plan(
            budget_fen=draw(st.integers(0, 150)) * 100,
            limits=tuple(wanted),
            exclusive="ground" if limits and draw(st.booleans()) else "",
            neighbours=near,
            must=Choice(ids=("p0",)) if draw(st.booleans()) else Choice(),
            exclude=Choice(ids=(f"p{n - 1}",)) if draw(st.booleans()) else Choice(),
        ),
        cost_yuan=column(st.integers(1, 50)),
        benefit=column(st.integers(0, 40)),
        r=column(st.integers(0, 2)),
        g=groups,
        ground=column(st.integers(0, 4)),
        x=column(st.integers(0, 3)),
        y=column(st.integers(0, 3)),
    )


@settings(max_examples=120, deadline=None)
@given(problems())
def test_small_problems_are_solved_as_well_as_by_trying_everything(p: Problem) -> None:
    best = best_of_all(p)
    try:
        found = choose(p, exact=True)
    except FaultsError as error:
        assert best is None, [f.say("en") for f in error.faults]
        return
    assert best is not None
    assert p.feasible(found.chosen)
    assert found.benefit == pytest.approx(best, abs=1e-9)
    assert found.bound >= best - 1e-9


@settings(max_examples=80, deadline=None)
@given(problems(), st.lists(st.floats(-5, 5, allow_nan=False), min_size=6, max_size=6))
def test_any_prices_give_a_bound_that_holds(p: Problem, prices: list[float]) -> None:
    best = best_of_all(p)
    beside = np.resize(np.array(prices), p.n)
    bound = lagrangian_bound(p, [*prices, *[0.0] * len(p.rows)][: len(p.rows)], beside)
    assert best is None or bound >= best


@settings(max_examples=80, deadline=None)
@given(problems())
def test_the_heuristic_alone_keeps_every_demand_and_its_bound_holds(p: Problem) -> None:
    best = best_of_all(p)
    try:
        found = choose(p, exact=False, compare=False)
    except FaultsError as error:
        assert best is None or codes(error) == {"target.not_found"}
        return
    assert best is not None
    assert p.feasible(found.chosen)
    assert found.benefit <= best + 1e-9 <= found.bound + 2e-9


@settings(max_examples=80, deadline=None)
@given(problems(limits=False))
def test_with_a_budget_and_caps_no_more_than_one_contract_of_each_margin_is_lost(p: Problem) -> None:
    nested = fast.nested_of(p)
    assert nested is not None
    if (nested.room < 0).any() or nested.budget < 0 or (p.must & p.out).any():
        return
    linear = fast.solve_linear(p, nested)
    x = fast.whole(p, nested, linear)
    assert p.feasible(x)
    best = best_of_all(p)
    parts = float((p.benefit * np.where(p.must, p.cost, linear.fen) / p.cost).sum())
    assert best is not None and parts >= best - 1e-9
    left = p.free & ~x & (p.benefit > 0)
    used = np.bincount(nested.group[x & ~p.must], p.cost[x & ~p.must], len(nested.room))
    room = np.minimum(nested.room - used, nested.budget - used.sum())
    assert not (left & (p.cost <= room[nested.group])).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_rows_in_another_order_give_the_same_selection(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    t = table(cost_yuan=rng.integers(1, 6, n).tolist(), benefit=rng.integers(0, 5, n).tolist(), r=rng.integers(0, 3, n).tolist())
    plan = Plan(budget_fen=4000, limits=(Limit("r", (), "most", "yuan", Decimal(20)),))
    one = choose(problem_of(candidates_of(t, "t"), plan), exact=False)
    two = choose(problem_of(candidates_of(t.take(pa.array(rng.permutation(n))), "t"), plan), exact=False)
    assert one.table().equals(two.table())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3000))
def test_more_money_never_lowers_the_bound(seed: int, more: int) -> None:
    rng = np.random.default_rng(seed)
    columns = {"cost_yuan": rng.integers(1, 60, 30).tolist(), "benefit": rng.random(30).round(4).tolist()}
    bounds = [choose(made(Plan(budget_fen=b), **columns), exact=False).bound for b in (10_000, 10_000 + more)]
    assert bounds[0] <= bounds[1] * (1 + 1e-12)


def test_many_candidates_with_caps_come_near_the_bound() -> None:
    rng = np.random.default_rng(3)
    n = 20_000
    benefit = rng.lognormal(0, 1, n)
    cost = np.rint(1e5 * rng.lognormal(0, 0.7, n) * (1 + 0.3 * benefit)).astype(np.int64)
    columns = {"cost_fen": cost.tolist(), "benefit": benefit.tolist(), "town": rng.integers(0, 20, n).tolist()}
    found = choose(
        made(Plan(budget_fen=int(cost.sum()) // 5, limits=(Limit("town", (), "most", "share", Decimal("0.055")),)), **columns),
        exact=False,
    )
    assert found.problem.feasible(found.chosen)
    assert found.gap < 5e-5
    assert found.compared["cost"]["loss_share"] > 0.05
    assert found.compared["benefit"]["loss_share"] > 0.05
    assert 0 <= found.compared["benefit_per_yuan"]["loss_share"] < 0.01


def test_additionality_weighs_the_benefit_by_the_chance_of_loss() -> None:
    t = table(cost_yuan=[10, 10], benefit=[100, 60], risk=["0.1", "0.9"], zone=["a", "b"])
    by_column = candidates_of(t, "t", loss_probability="risk")
    by_group = candidates_of(t, "t", loss_probability={"by": "zone", "values": {"a": Decimal("0.1"), "b": Decimal("0.9")}})
    assert by_column.benefit.tolist() == pytest.approx([10, 54])
    assert by_group.benefit.tolist() == by_column.benefit.tolist()
    assert choose(problem_of(by_column, Plan(budget_fen=1000))).chosen.tolist() == [False, True]
    assert choose(problem_of(candidates_of(t, "t"), Plan(budget_fen=1000))).chosen.tolist() == [True, False]


def test_payment_in_part_spends_all_and_keeps_the_least_amount() -> None:
    columns = {"cost_yuan": [100, 100, 100], "benefit": [30, 20, 10]}
    found = choose(made(Plan(budget_fen=15_000, divisible=True), **columns))
    assert found.fen.tolist() == [10_000, 5_000, 0]
    assert found.benefit == pytest.approx(40)
    least = choose(made(Plan(budget_fen=15_000, divisible=True, minimum_fen=6_000), **columns))
    assert least.fen.tolist() == [10_000, 0, 0]


def test_a_floor_for_the_poor_is_kept_of_what_is_really_spent() -> None:
    plan = Plan(budget_fen=10_000, limits=(Limit("income", ("1",), "least", "share_of_spent", Decimal("0.5")),))
    found = choose(made(plan, cost_yuan=[50, 50, 40, 30], benefit=[100, 90, 10, 5], income=[5, 5, 1, 1]))
    poor = found.fen[[2, 3]].sum()
    assert poor * 2 >= found.fen.sum()
    assert found.chosen.tolist() == [True, False, True, True] or found.fen.sum() <= 10_000


def test_a_patch_that_is_too_small_is_not_chosen() -> None:
    plan = Plan(budget_fen=10_000, neighbours=Neighbours(radius_m=Decimal(1), least_count=2))
    found = choose(made(plan, cost_yuan=[30, 30, 30], benefit=[100, 20, 20], x=[0, 10, 11], y=[0, 0, 0]))
    assert found.chosen.tolist() == [False, True, True]
    rows = found.table().to_pylist()
    assert rows[0]["reason"] == "patch"


def test_neighbours_add_their_bonus() -> None:
    columns = {"cost_yuan": [50, 50, 50], "benefit": [10, 9, 9], "x": [0, 100, 101], "y": [0, 0, 0]}
    alone = choose(made(Plan(budget_fen=10_000), **columns))
    near = choose(made(Plan(budget_fen=10_000, neighbours=Neighbours(radius_m=Decimal(1), bonus=Decimal("0.5"))), **columns))
    assert alone.chosen[0]
    assert near.chosen.tolist() == [False, True, True]
    assert near.benefit == pytest.approx(18 + 4.5)


def test_of_several_programmes_on_one_ground_one_is_paid_and_the_others_say_which() -> None:
    found = choose(
        made(Plan(budget_fen=100_000, exclusive="ground"), cost_yuan=[10, 20, 30], benefit=[5, 4, 9], ground=["A", "A", "B"])
    )
    rows = found.table().to_pylist()
    assert [r["chosen"] for r in rows] == [True, False, True]
    assert rows[1]["reason"] == "dominated" and "p0" in rows[1]["reason_en"]


def test_every_candidate_has_a_reason_that_is_true() -> None:
    plan = Plan(budget_fen=10_000, limits=(Limit("town", ("N",), "most", "yuan", Decimal(60)),), exclude=Choice(ids=("p4",)))
    found = choose(
        made(plan, cost_yuan=[60, 20, 40, 30, 5, 1], benefit=[60, 10, 39, 20, 9, 0], town=["N", "N", "S", "S", "S", "S"])
    )
    reasons = dict(zip(found.table()["id"].to_pylist(), found.table()["reason"].to_pylist(), strict=True))
    assert reasons == {"p0": "chosen", "p1": "cap", "p2": "chosen", "p3": "budget", "p4": "excluded", "p5": "no_benefit"}


CLASHES: list[tuple[str, Plan]] = [
    ("target.must_above", Plan(budget_fen=1_000, must=Choice(ids=("p0", "p1")))),
    ("target.must_and_out", Plan(budget_fen=10_000, must=Choice(ids=("p0",)), exclude=Choice(ids=("p0",)))),
    ("target.same_ground", Plan(budget_fen=10_000, must=Choice(ids=("p0", "p1")), exclusive="ground")),
    ("target.out_of_reach", Plan(budget_fen=100_000, limits=(Limit("g", ("a",), "least", "yuan", Decimal(500)),))),
    (
        "target.floor_above_cap",
        Plan(
            budget_fen=10_000,
            limits=(Limit("g", ("a",), "least", "yuan", Decimal(15)), Limit("g", ("a",), "most", "yuan", Decimal(12))),
        ),
    ),
    (
        "target.floors_above_budget",
        Plan(
            budget_fen=2_500,
            limits=(Limit("g", ("a",), "least", "yuan", Decimal(20)), Limit("g", ("b",), "least", "yuan", Decimal(10))),
        ),
    ),
]


@pytest.mark.parametrize(("code", "plan"), CLASHES, ids=[c for c, _ in CLASHES])
def test_demands_that_clash_are_named(code: str, plan: Plan) -> None:
    with pytest.raises(FaultsError) as error:
        choose(made(plan, cost_yuan=[10, 10, 30], benefit=[1, 1, 1], g=["a", "a", "b"], ground=["x", "x", "y"]))
    assert code in codes(error.value)
    assert all(f.clash.zh and f.clash.en and f.remedy.zh for f in error.value.faults)


def test_a_clash_of_three_demands_names_just_these() -> None:
    limits = (
        Limit("a", ("1",), "least", "count", Decimal(2)),
        Limit("b", ("1",), "least", "count", Decimal(2)),
        Limit("", (), "most", "count", Decimal(3)),
        Limit("c", ("1",), "most", "count", Decimal(4)),
    )
    with pytest.raises(FaultsError) as error:
        choose(
            made(
                Plan(budget_fen=100_000, limits=limits),
                cost_yuan=[1] * 4,
                benefit=[1] * 4,
                a=[1, 1, 0, 0],
                b=[0, 0, 1, 1],
                c=[1, 1, 1, 1],
            )
        )
    (fault,) = error.value.faults
    assert fault.code == "target.clash"
    assert "a = 1" in fault.clash.en and "b = 1" in fault.clash.en and "all candidates" in fault.clash.en
    assert "c = 1" not in fault.clash.en and "budget" not in fault.clash.en


def test_a_clash_that_only_whole_contracts_have_is_named_too() -> None:
    plan = Plan(budget_fen=10_000, limits=(Limit("", (), "least", "yuan", Decimal(90)),))
    with pytest.raises(FaultsError) as error:
        choose(made(plan, cost_yuan=[60, 60], benefit=[1, 1]))
    assert codes(error.value) == {"target.clash"}


HOSTILE = {
    "NaN": ("benefit", "NaN"),
    "infinite": ("benefit", "inf"),
    "negative benefit": ("benefit", "-1"),
    "empty": ("benefit", ""),
    "formula": ("benefit", "=1+1"),
    "zero cost": ("cost_yuan", "0"),
    "negative cost": ("cost_yuan", "-5"),
    "half a fen": ("cost_yuan", "1.005"),
    "too dear": ("cost_yuan", "99999999999999"),
    "number with words": ("cost_yuan", "12 yuan"),
    "full-width digits": ("cost_yuan", "１２"),
    "chance above one": ("risk", "1.5"),
    "negative chance": ("risk", "-0.1"),
}


@pytest.mark.parametrize(("column", "value"), HOSTILE.values(), ids=HOSTILE)
def test_a_cell_that_cannot_be_used_is_a_fault_of_its_row(column: str, value: str) -> None:
    columns: dict[str, list[Any]] = {"cost_yuan": ["10", "20"], "benefit": ["1", "2"], "risk": ["0.5", "0.5"]}
    columns[column][1] = value
    with pytest.raises(FaultsError) as error:
        candidates_of(table(**columns), "t", loss_probability="risk")
    assert len(error.value.faults) == 1
    assert error.value.faults[0].record == "row 2 p1"
    assert column in error.value.faults[0].clash.en


def test_ids_twice_or_empty_and_missing_columns_are_faults() -> None:
    twice = pa.table({"id": ["a", "a", ""], "cost_yuan": ["1", "1", "1"], "benefit": ["1", "1", "1"]})
    with pytest.raises(FaultsError) as error:
        candidates_of(twice, "t")
    assert {f.code for f in error.value.faults} == {"target.duplicate", "target.cell"}
    assert "rows 1, 2" in error.value.faults[-1].clash.en + error.value.faults[0].clash.en
    with pytest.raises(FaultsError, match="benefit"):
        candidates_of(twice.rename_columns(["id", "cost_yuan", "benefits"]), "t")
    with pytest.raises(FaultsError, match="N"):
        problem_of(
            candidates_of(table(cost_yuan=[1], benefit=[1], town=["S"]), "t"),
            Plan(budget_fen=1, limits=(Limit("town", ("N",), "most", "yuan", Decimal(1)),)),
        )


def test_no_candidates_and_no_money_are_no_errors() -> None:
    empty = Candidates(pa.array([], pa.string()), np.zeros(0, np.int64), np.zeros(0))
    assert choose(problem_of(empty, Plan(budget_fen=100))).benefit == 0
    poor = choose(made(Plan(budget_fen=0), cost_yuan=[1], benefit=[1]))
    assert (poor.fen.sum(), poor.benefit) == (0, 0)
