"""The equalisation formula: z-scores by hand, unknown weights refused, the pool closed whatever the coefficients, tables as issued."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.funds.equalise import cost_factor, equalise, std_expenditure_yuan, z_scores
from ecocomp.funds.issued import check_issued
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError

BOOK = RuleBook.load([policy_folder()], check=False)
PARAMS = BOOK.resolve("CN", date(2026, 12, 31), date(2027, 1, 1))
ONE, HALF = Decimal(1), Decimal("0.5")


def region(name: str, spends: object, takes: object, pays: object = 50, own: object = 100, **more: Any) -> dict[str, Any]:
    numbers = {"std_expenditure": spends, "std_revenue": takes, "must_pay": pays, "local_std_revenue": own, **more}
    return {"record": name, "region": name, **{k: None if v is None else Decimal(str(v)) for k, v in numbers.items()}}


def test_z_scores_by_hand() -> None:
    assert z_scores([1.0, 3.0]) == [-1.0, 1.0] and z_scores([5.0, 5.0]) == [0.0, 0.0] and z_scores([4.0]) == [0.0]
    assert z_scores([1.0, 3.0], "sample") == pytest.approx([-(0.5**0.5), 0.5**0.5])


def test_hardship_and_coefficient_by_hand() -> None:
    """Gaps 100 and 100 of 200 and 400; ratios .5 and 1: z = ∓1; gap shares .5 and .25: z = ±1; hardship ∓.55 ± .45 = ∓.1."""
    rows = [region("a", 200, 100, 50, 100), region("b", 400, 300, 100, 100)]
    done = equalise(rows, PARAMS, pool_fen=20_000, w1=ONE, w2=HALF)
    assert [r.hardship for r in done.regions] == pytest.approx([-0.1, 0.1])
    assert [r.coef for r in done.regions] == pytest.approx([0.95, 1.05])
    assert [r.equalisation_fen for r in done.regions] == [9_500, 10_500]


def test_only_regions_with_a_gap_take_part_and_plain_proportion_is_exact() -> None:
    rows = [region("a", 200, 100), region("b", 100, 100), region("c", 90, 100), region("d", 500, 200)]
    done = equalise(rows, PARAMS, pool_fen=1000, w1=ONE, w2=Decimal(0))
    assert [r.equalisation_fen for r in done.regions] == [250, 0, 0, 750]
    assert [r.hardship is None for r in done.regions] == [False, True, True, False] and done.gaps_fen == 40_000


def test_weights_the_text_does_not_state_are_refused_with_every_other_fault() -> None:
    rows = [region("a", None, 100), region("b", 100, 10, 50, 0), {**region("c", 10, 1), "remote": Decimal(1)}]
    with pytest.raises(FaultsError) as caught:
        equalise(rows, PARAMS, pool_fen=-1, w1=None, w2=None, effort_pool_fen=3)
    assert [f.code.removeprefix("funds.equalise_") for f in caught.value.faults] == [
        "weight", "weight", "pool", "expenditure", "revenue", "cost", "effort"
    ]  # fmt: skip
    assert "does not state it" in caught.value.faults[0].say("en")


def test_effort_is_split_by_its_points_beside_the_pool() -> None:
    rows = [region("a", 200, 100, effort=1), region("b", 200, 100, effort=3)]
    done = equalise(rows, PARAMS, pool_fen=100, w1=ONE, w2=Decimal(0), effort_pool_fen=10)
    assert [(r.equalisation_fen, r.effort_fen, r.total_fen) for r in done.regions] == [(50, 3, 53), (50, 7, 57)]


def test_cost_factors_by_hand() -> None:
    """(0.85·1.2 + 0.15·2)·(1.1·0.4 + 1.5·0.1·2·0.5)·1.05 = 1.32·0.59·1.05"""
    row = {
        "population_size_factor": Decimal("1.2"), "area_factor": Decimal(2), "remote": Decimal("1.1"), "staff_share": Decimal("0.4"),
        "altitude": Decimal("1.5"), "distance": Decimal("0.1"), "fuel_share": Decimal(1), "ethnic_factor": Decimal("1.05"),
    }  # fmt: skip
    expected = Fraction("1.32") * (Fraction("0.44") + Fraction("0.15")) * Fraction("1.05")
    assert cost_factor(row, PARAMS) == expected and cost_factor({}, PARAMS) == 1
    spent = std_expenditure_yuan({**row, "population:school": Decimal(100), "standard:school": Decimal(20)}, PARAMS)
    assert spent == 2000 * expected
    assert std_expenditure_yuan({"population:school": Decimal(100)}, PARAMS) is None


def test_growth_is_held_before_rounding(given_rules: Callable[..., Parameters]) -> None:
    rules = given_rules({"funds.equalise.growth": {"least": "0.9", "most": "1.1"}}, place="CN", on=date(2026, 12, 31))
    rows = [region("a", 200, 100, last=1), region("b", 200, 100)]
    done = equalise(rows, rules, pool_fen=1000, w1=ONE, w2=Decimal(0))
    assert [(r.equalisation_fen, r.held) for r in done.regions] == [(110, "high"), (890, "")]


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 500), st.integers(1, 500)), min_size=1, max_size=12
    ),
    pool=st.integers(0, 10**10),
    w2=st.integers(-20, 20),
)
@settings(max_examples=150, deadline=None)
def test_the_pool_is_closed_whatever_the_coefficients(rows: list[tuple[int, int, int, int]], pool: int, w2: int) -> None:
    regions = [region(f"r{i}", *r) for i, r in enumerate(rows)]
    try:
        done = equalise(regions, PARAMS, pool_fen=pool, w1=ONE, w2=Decimal(w2) / 10)
    except FaultsError as stop:
        assert {f.code for f in stop.faults} <= {"funds.equalise_gap", "funds.infeasible"}
        return
    assert sum(r.equalisation_fen for r in done.regions) == pool
    assert all(r.equalisation_fen >= 0 and (r.gap_fen > 0 or not r.equalisation_fen) for r in done.regions)


def test_the_table_of_2020_adds_up_row_by_row_and_says_what_the_copy_lacks() -> None:
    rows = BOOK.resolve("CN", date(2020, 12, 31), date(2027, 1, 1)).items("funds.issued_2020")
    found, faults = check_issued(rows, "x")
    assert [f.severity for f in faults] == ["warning"] * len(faults) and not found.complete
    assert found.split == 12 and found.missing["this_time"] == Decimal("4.23")
    wrong = [dict(r) for r in rows]
    wrong[3]["this_time"] = Decimal("0.41")
    assert [f.record for f in check_issued(wrong, "x")[1] if f.severity == "error"] == [str(wrong[3]["place"])]


def test_equal_values_have_a_score_of_zero_to_the_last_bit() -> None:
    assert z_scores([0.8522593448091159] * 23) == [0.0] * 23
    assert z_scores([0.1] * 6, "sample") == [0.0] * 6


@pytest.mark.parametrize(("w1", "w2", "code"), [("0", "1", "funds.equalise_coef"), ("NaN", "1", "funds.equalise_weight")])
def test_a_pool_without_a_coefficient_is_refused(w1: str, w2: str, code: str) -> None:
    rows = [region(n, 30, 10, 7) for n in "AB"]
    with pytest.raises(FaultsError) as caught:
        equalise(rows, PARAMS, pool_fen=1001, w1=Decimal(w1), w2=Decimal(w2))
    assert [f.code for f in caught.value.faults] == [code]


def test_effort_money_follows_points_however_small() -> None:
    rows = [{**region("A", 30, 10, 7), "effort": Decimal("0.0000001")}, region("B", 30, 10, 9)]
    done = equalise(rows, PARAMS, pool_fen=5, w1=ONE, w2=Decimal(0), effort_pool_fen=100)
    assert [r.effort_fen for r in done.regions] == [100, 0]
