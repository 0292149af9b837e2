"""The transfer to counties: closed to the fen, floors and growth held before rounding, kinds stacked, editions by date, hand-worked sums."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.funds.limits import fit
from ecocomp.funds.published import method
from ecocomp.funds.transfer import allocate_transfer
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError

BOOK = RuleBook.load([policy_folder()], check=False)


def params(on: date = date(2026, 12, 31), place: str = "CN") -> Parameters:
    return BOOK.resolve(place, on, date(2027, 1, 1))


def county(name: str, gap: str | None, **more: Any) -> dict[str, Any]:
    out = {"record": name, "county": name, "gap": None if gap is None else Decimal(gap)}
    return out | {k: Decimal(v) if k not in ("function_class", "sensitivity", "result") else v for k, v in more.items()}


def test_a_hand_worked_split() -> None:
    """α: 1·(1 + 0.5·0.4) = 1.2 and 1; raw 120 and 200; pool 320 yuan of key money: 120 and 200 exactly."""
    rows = [county("a", "100", red_line="0.4"), county("b", "200")]
    done = allocate_transfer(rows, params(), pool_fen=32_000, pools_fen={"key": 32_000})
    assert [c.total for c in done.counties] == [12_000, 20_000] and done.kept == 0
    assert [c.facts["alpha"] for c in done.counties] == [Fraction(6, 5), 1]


def test_forbidden_areas_count_by_area_and_by_number_with_a_tilt() -> None:
    """Areas tilted 1.5·100 : 1·150 = 1 : 1; numbers 1.5·1 : 1·3 = 1 : 2; half of the part by each: 1/2·(1/2 + 1/3) = 5/12."""
    rows = [
        county("a", "1", national_reserve_area="100", national_reserve_number="1"),
        county("b", "1", other_area="150", other_number="3"),
    ]
    done = allocate_transfer(rows, params(), pool_fen=1200, pools_fen={"forbidden": 1200})
    assert [c.parts["forbidden"] for c in done.counties] == [500, 700]


def test_the_cut_of_jiangxi_comes_off_the_key_part_once_and_is_not_given_back_by_a_floor() -> None:
    rows = [county("a", "100", last="90", result="worse"), county("b", "100", last="90")]
    done = allocate_transfer(rows, params(place="360000"), pool_fen=20_000, pools_fen={"key": 20_000})
    a, b = done.counties
    assert (a.parts["reward"], a.total, b.parts["reward"], b.total) == (-500, 9_500, 500, 10_500)


def test_several_kinds_the_highest_or_the_sum() -> None:
    rows = [
        {**county("a", None), "kind:belt": Decimal(30), "kind:park": Decimal(50)},
        {**county("b", None), "kind:park": Decimal(50)},
    ]
    highest = allocate_transfer(rows, params(place="360000"), pool_fen=10_000, pools_fen={"key": 10_000})
    assert highest.stacking == "max" and [c.total for c in highest.counties] == [5000, 5000]
    both = allocate_transfer(rows, params(), pool_fen=13_000, pools_fen={"key": 13_000})
    assert both.stacking == "sum" and [c.total for c in both.counties] == [8000, 5000]


@pytest.mark.parametrize(
    ("day", "parts"),
    [
        (date(2017, 12, 31), ("key", "forbidden", "guiding", "ranger", "reward")),
        (date(2020, 6, 30), ("key", "forbidden", "guiding", "reward")),
        (date(2022, 4, 13), ("key", "forbidden", "guiding", "reward")),
    ],
)
def test_editions_by_date(day: date, parts: tuple[str, ...]) -> None:
    done = allocate_transfer([county("a", "1")], params(day), pool_fen=100, pools_fen={"key": 100})
    assert done.components == parts
    if "ranger" in parts:
        rows = [county("a", "1", rangers="1"), county("b", "1", rangers="3")]
        got = allocate_transfer(rows, params(day), pool_fen=500, pools_fen={"ranger": 400})
        assert [c.parts["ranger"] for c in got.counties] == [100, 300]
    else:
        with pytest.raises(FaultsError, match="no part ranger"):
            allocate_transfer([county("a", "1")], params(day), pool_fen=100, pools_fen={"ranger": 100})


def test_the_provinces_own_money_is_a_source_of_its_own() -> None:
    rows = [county("a", "100"), county("b", "300")]
    done = allocate_transfer(rows, params(), pool_fen=400, pools_fen={"key": 400}, top_up_fen=99)
    assert [c.total for c in done.counties] == [100, 300] and [c.top_up for c in done.counties] == [25, 74]


def test_floors_that_cannot_be_met_are_named() -> None:
    rows = [county("a", "1", last="100"), county("b", "1", last="300"), county("c", "1")]
    with pytest.raises(FaultsError) as caught:
        allocate_transfer(rows, params(), pool_fen=20_000, pools_fen={"key": 20_000})
    said = caught.value.faults[0].say("en")
    assert "The lower limits together are 320.00 yuan, the pool is 200.00: 120.00 apart; first of them: b 240.00; a 80.00" in said
    with pytest.raises(FaultsError, match="upper limits together are 600"):
        allocate_transfer(rows[:2], params(), pool_fen=60_001, pools_fen={"key": 60_001})


def test_all_faults_at_once() -> None:
    rows = [county("a", None), county("b", None), county("c", "1")]
    with pytest.raises(FaultsError) as caught:
        allocate_transfer(rows, params(), pool_fen=-5, stacking="best")
    assert [f.code for f in caught.value.faults] == [
        "funds.transfer.stacking",
        "funds.transfer_pool",
        "funds.transfer_gap",
        "funds.transfer_gap",
    ]


def test_a_part_with_money_and_nobody_who_qualifies_is_named() -> None:
    with pytest.raises(FaultsError) as caught:
        allocate_transfer([county("a", "1")], params(), pool_fen=100, pools_fen={"forbidden": 10, "guiding": 10})
    assert [f.record for f in caught.value.faults] == ["forbidden", "guiding"]
    with pytest.raises(FaultsError, match="do not make the pool"):
        allocate_transfer([county("a", "1")], params(), pool_fen=100, pools_fen={"key": 99})


def test_the_provinces_own_money_is_never_dropped() -> None:
    with pytest.raises(FaultsError) as caught:
        allocate_transfer([county("a", "1")], params(), pool_fen=0, pools_fen={"key": 0}, top_up_fen=100)
    assert [(f.code, f.record) for f in caught.value.faults] == [("funds.transfer_part", "top_up")]


COUNTIES = st.lists(
    st.fixed_dictionaries(
        {
            "gap": st.integers(-50, 10**6).map(Decimal),
            "red_line": st.sampled_from(["0", "0.1", "0.55", "1"]).map(Decimal),
            "function_class": st.sampled_from(["water", "soil", "none", None]),
            "sensitivity": st.sampled_from(["extreme", "general", None]),
            "income": st.integers(1, 30_000).map(Decimal) | st.none(),
            "last": st.none() | st.integers(0, 3000).map(Decimal),
            "result": st.sampled_from(["better", "same", "worse", "grade:D", None]),
            "national_reserve_area": st.integers(0, 5).map(Decimal),
            "other_number": st.integers(0, 5).map(Decimal),
            "guiding_base": st.integers(0, 9).map(Decimal),
        }
    ),
    min_size=1,
    max_size=9,
)


@given(rows=COUNTIES, pool=st.integers(0, 10**9), top=st.integers(0, 10**5))
@settings(max_examples=200, deadline=None)
def test_the_pool_is_closed_to_the_fen_whatever_the_counties(rows: list[dict[str, Any]], pool: int, top: int) -> None:
    rows = [{"record": f"row {i}", "county": f"c{i}", **r} for i, r in enumerate(rows)]
    try:
        done = allocate_transfer(
            rows,
            params(),
            pool_fen=pool,
            pools_fen={"key": pool - pool // 5, "forbidden": pool // 10, "guiding": pool // 5 - pool // 10},
            top_up_fen=top,
        )
    except FaultsError as stop:
        assert {f.code for f in stop.faults} <= {"funds.infeasible", "funds.transfer_part"}
        return
    assert sum(c.total for c in done.counties) + done.kept == pool
    assert sum(c.top_up for c in done.counties) == top
    for c in done.counties:
        assert c.total == sum(c.parts.values()) + c.limits and c.total >= 0
        before = c.total - c.parts["reward"]
        assert before >= c.facts["low_fen"] and (c.facts["high_fen"] is None or before <= c.facts["high_fen"])


@given(rows=COUNTIES, pool=st.integers(0, 10**7))
@settings(max_examples=60, deadline=None)
def test_the_order_of_counties_changes_no_sum_by_more_than_the_tie_fen(rows: list[dict[str, Any]], pool: int) -> None:
    rows = [{"record": f"row {i}", "county": f"c{i}", **r} for i, r in enumerate(rows)]
    try:
        one = allocate_transfer(rows, params(), pool_fen=pool, pools_fen={"key": pool})
    except FaultsError:
        return
    two = allocate_transfer(rows[::-1], params(), pool_fen=pool, pools_fen={"key": pool})
    found = {c.name: c.total for c in two.counties}
    assert all(abs(c.total - found[c.name]) <= 2 for c in one.counties)


@given(
    wanted=st.lists(st.fractions(0, 100, max_denominator=12), min_size=1, max_size=8),
    limits=st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(0, 40)), min_size=8, max_size=8),
    pool=st.integers(0, 300),
)
@settings(max_examples=300, deadline=None)
def test_shares_fit_their_limits_and_their_pool_or_the_clash_is_told(
    wanted: list[Fraction], limits: list[tuple[int, int | None]], pool: int
) -> None:
    low = [a for a, _ in limits[: len(wanted)]]
    high = [None if b is None else a + b for a, b in limits[: len(wanted)]]
    names = [str(i) for i in range(len(wanted))]
    try:
        got = fit(pool, wanted, low, high, names, "x")
    except FaultsError as stop:
        assert stop.faults[0].code == "funds.infeasible"
        tops = [lo if not w else hi for w, lo, hi in zip(wanted, low, high, strict=True)]
        assert sum(low) > pool or (None not in tops and sum(t or 0 for t in tops) < pool)
        return
    assert sum(got.shares) == pool
    for s, w, lo, hi, held in zip(got.shares, wanted, low, high, got.held, strict=True):
        assert lo <= s and (hi is None or s <= hi)
        if not held and w:
            assert abs(s - got.multiplier * w) <= 2


def test_the_published_method_shows_every_county_and_rule_in_both_languages() -> None:
    rows = [county("甲县", "100", result="worse"), county("乙县", "300", national_reserve_area="3", guiding_base="5")]
    done = allocate_transfer(rows, params(), pool_fen=10_000, pools_fen={"forbidden": 100, "guiding": 100}, top_up_fen=7)
    for lang, words in (
        ("zh", ("甲县", "乙县", "考核变差", "设计选择", "省级补充")),
        ("en", ("甲县", "rate -0.05", "design choice", "province's own")),
    ):
        text = method(done, lang)  # type: ignore[arg-type]
        assert all(w in text for w in words), text


def test_a_county_of_a_scorecard_grade(given_rules: Callable[..., Parameters]) -> None:
    rules = given_rules(
        {"funds.transfer.reward": {"better": "0.1", "same": "0", "worse": "-0.2"}}, place="CN", on=date(2026, 12, 31)
    )
    rows = [
        county("a", "100", result="grade:A"),
        county("b", "100", result="grade:D"),
        county("c", "100", result="grade:not_assessed"),
    ]
    done = allocate_transfer(rows, rules, pool_fen=30_000, pools_fen={"key": 30_000})
    assert [c.parts["reward"] for c in done.counties] == [1500, -2000, 500]  # 1000 each asks for itself, the rest by key parts


def test_rows_that_come_as_values_are_checked_like_a_file() -> None:
    rows = [
        {"county": "a", "gap": Decimal(100), "result": "D", "red_line": "40%"},
        {"county": "b", "gap": 100, "result": "A"},
    ]
    done = allocate_transfer(rows, params(), pool_fen=20_000, pools_fen={"key": 20_000})
    assert [c.facts["result"] for c in done.counties] == ["worse", "better"]
    assert done.counties[0].facts["alpha"] == Fraction(6, 5)


def test_every_fault_of_rows_that_come_as_values_is_told_at_once() -> None:
    rows = [
        {"county": "a", "gap": 1.5, "function_class": "watr", "red_line": Decimal("1.5")},
        {"county": "a", "gap": Decimal("NaN"), "redline": 0},
        {"gap": 1, "result": True},
    ]
    with pytest.raises(FaultsError) as caught:
        allocate_transfer(rows, params(), pool_fen=100)
    told = sorted((f.code, f.record) for f in caught.value.faults)
    assert told == [
        ("table.cell", "row 1 function_class"), ("table.cell", "row 1 gap"), ("table.cell", "row 1 red_line"),
        ("table.cell", "row 2 gap"), ("table.cell", "row 3 result"), ("table.no_value", "row 3 county"),
        ("table.twice", "row 2 a"), ("table.unknown_column", "row 2 redline"),
    ]  # fmt: skip
