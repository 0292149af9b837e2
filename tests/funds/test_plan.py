"""The years ahead: need = covered + short, every purse adds up, tranches and indices by hand, faults of a plan file at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.funds.plan import SCENARIOS, Commitment, Plan, Purse, outlook, plan_of
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError

PARAMS = RuleBook.load([policy_folder()], check=False).resolve("CN", date(2026, 12, 31), date(2027, 1, 1))


def d(x: object) -> Any:
    """Return a plan with its numbers as rule files hold them."""
    if isinstance(x, dict):
        return {str(k): d(v) for k, v in x.items()}
    if isinstance(x, list):
        return [d(v) for v in x]
    return Decimal(str(x)) if isinstance(x, int | float) and not isinstance(x, bool) else x


def test_tranches_by_age_and_area_in_mu() -> None:
    plan = plan_of(
        d({
            "first_year": 2026, "years": 4,
            "commitments": [{"name": "x", "area_mu": 10, "starts": 2024, "tranches": [{"year": 1, "yuan_per_mu": 500}, {"year": 3, "yuan_per_mu": 300}, {"year": 5, "yuan_per_mu": 400}]}],
            "envelopes": [{"id": "C", "source": "central_transfer", "granted_yuan": {2026: 1000, 2028: 5000}, "carry_over": False}],
        }), PARAMS, "x",
    )  # fmt: skip
    look = outlook(plan)
    assert [(y.need, y.covered, y.short) for y in look.years] == [
        (300_000, 100_000, 200_000),
        (0, 0, 0),
        (400_000, 400_000, 0),
        (0, 0, 0),
    ]
    assert look.runs_out == 2026 and look.years[2].purses[0].lapsed == 100_000


def test_indices_interest_and_expiry_by_hand() -> None:
    """100 ha · 10 yuan · 1.1^t; 5,000 yuan at 2 %, of which a bond keeps the interest and a transfer owes it to the treasury."""
    raw = {
        "first_year": 2026, "years": 3, "indices": {"w": 0.1},
        "commitments": [{"name": "x", "area_ha": 100, "rate_yuan_per_ha": 10, "index": "w", "high": 1.2}],
        "envelopes": [{"id": "B", "source": "bond", "opening_yuan": 5000, "interest": 0.02, "last_year": 2027}],
    }  # fmt: skip
    look = outlook(plan_of(d(raw), PARAMS, "x"))
    assert [y.need for y in look.years] == [100_000, 110_000, 121_000]
    first, second, third = (y.purses[0] for y in look.years)
    assert (first.interest, first.closing, second.interest, second.lapsed, third.opening) == (10_000, 410_000, 8_200, 308_200, 0)
    assert look.runs_out == 2028
    raw["envelopes"][0]["source"] = "central_transfer"  # type: ignore[index]
    owed = outlook(plan_of(d(raw), PARAMS, "x")).years[0].purses[0]
    assert (owed.interest, owed.interest_due) == (0, 10_000)
    assert outlook(plan_of(d(raw), PARAMS, "x"), "low").years[0].need == 120_000


def test_money_that_expires_first_is_used_first() -> None:
    plan = Plan(2026, 3, [Commitment("x", "x", {2026: Fraction(50), 2027: Fraction(100), 2028: Fraction(100)})])
    plan.purses = [Purse("A", "bond", {2026: 100, 2027: 100}, keeps_years=1)]
    purses = [y.purses[0] for y in outlook(plan).years]
    assert [(p.used, p.lapsed, p.closing) for p in purses] == [(50, 0, 50), (100, 0, 50), (50, 0, 0)]


PURSES = st.builds(
    Purse,
    id=st.sampled_from("ABCDEF"),
    source=st.just("bond"),
    granted=st.dictionaries(st.integers(2024, 2033), st.integers(0, 500), max_size=5),
    opening=st.integers(0, 500),
    carry_over=st.booleans(),
    keeps_years=st.none() | st.integers(0, 3),
    last_year=st.none() | st.integers(2024, 2032),
    priority=st.integers(1, 3),
    programmes=st.sampled_from([(), ("p",), ("q",)]),
    interest=st.sampled_from([Fraction(0), Fraction(1, 50)]),
    low=st.just(Fraction(9, 10)),
    high=st.just(Fraction(11, 10)),
    interest_owner=st.sampled_from(["envelope", "treasury"]),
)
NEEDS = st.lists(
    st.tuples(st.sampled_from("pq"), st.dictionaries(st.integers(2026, 2031), st.fractions(0, 300, max_denominator=7), max_size=6)),
    min_size=1, max_size=4,
)  # fmt: skip


@given(needs=NEEDS, purses=st.lists(PURSES, max_size=5, unique_by=lambda p: p.id), extra=st.integers(0, 50))
@settings(max_examples=250, deadline=None)
def test_every_year_and_purse_adds_up_and_more_money_leaves_no_more_short(
    needs: list[tuple[str, dict[int, Fraction]]], purses: list[Purse], extra: int
) -> None:
    plan = Plan(2026, 6, [Commitment(f"c{i}", p, n, Fraction(9, 10), Fraction(11, 10)) for i, (p, n) in enumerate(needs)], purses)
    for scenario in SCENARIOS:
        look = outlook(plan, scenario)
        before = {p.id: p.opening for p in purses}
        for y in look.years:
            assert y.need == y.covered + y.short == sum(a for a, _ in y.by_commitment.values())
            assert y.covered == sum(p.used for p in y.purses)
            for p in y.purses:
                assert p.opening == before[p.id] and min(p.used, p.lapsed, p.closing) >= 0
                assert p.opening + p.granted + p.interest == p.used + p.lapsed + p.closing
                before[p.id] = p.closing
    if purses:
        one = purses[0]
        more = Purse(
            **{
                **{f: getattr(one, f) for f in one.__dataclass_fields__},
                "granted": {**one.granted, 2026: one.granted.get(2026, 0) + extra},
            }
        )
        richer = outlook(Plan(2026, 1, plan.commitments, [more, *purses[1:]]))
        assert richer.years[0].short <= outlook(plan).years[0].short


def test_all_faults_of_a_plan_at_once() -> None:
    raw = d({
        "first_year": 26, "wat": 1,
        "commitments": [
            {"name": "a", "area_ha": 1}, {"name": "b", "yuan": {2026: -1}}, {"yuan": {}}, {"name": "c", "area_ha": 1, "area_mu": 2, "rate_yuan_per_ha": 3},
            {"name": "d", "area_ha": 1, "rate_yuan_per_ha": 3, "index": "gdp"}, {"name": "e", "yuan": {2026: 1}}, {"name": "e", "yuan": {2026: 1}},
        ],
        "envelopes": [{"id": "X", "source": "lottery"}, {"id": "Y", "source": "bond", "carry_over": "maybe", "interest": 7, "grant": 1}],
    })  # fmt: skip
    with pytest.raises(FaultsError) as caught:
        plan_of(raw, PARAMS, "p.yaml")
    said = "\n".join(f.say("en") for f in caught.value.faults)
    for word in ("first_year", "wat", "commitments 1 a", "2026", "name is missing", "area_ha or as area_mu", "gdp", "commitments e: It is written twice",
                 "lottery", "true or false", "envelopes 2 Y interest", "envelopes 2 grant"):  # fmt: skip
        assert word in said, word


@pytest.mark.parametrize(
    "raw", [None, [], "x", {}, {"first_year": Decimal(2026)}, {"first_year": Decimal(2026), "commitments": [1], "envelopes": [2]}]
)
def test_anything_else_is_faults(raw: object) -> None:
    with pytest.raises(FaultsError):
        plan_of(raw, PARAMS, "p.yaml")


@pytest.mark.parametrize(
    ("promised", "record"),
    [
        ("name: a, area_ha: 10, starts: 2025, tranches: [{year: 1.5, yuan_per_ha: 100}]", "commitments 1 a tranches 1 year"),
        ("name: a, area_ha: 10, rate_yuan_per_ha: 100, from: 2028, to: 2025", "commitments 1 a"),
        ("name: a, yuan: {2025: 100}, low: 1.5, high: 0.5", "commitments 1 a"),
    ],
)
def test_years_in_parts_and_ends_the_wrong_way_round_are_refused(tmp_path: Path, promised: str, record: str) -> None:
    file = tmp_path / "plan.yaml"
    purse = "{id: e, source: local_budget, granted_yuan: {2025: 1000}}"
    file.write_text(f"first_year: 2025\nyears: 4\ncommitments: [{{{promised}}}]\nenvelopes: [{purse}]\n", encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        plan_of(strip(read_yaml(file)[0]), PARAMS, "plan")
    assert [f.record for f in caught.value.faults] == [record]


PLAN = """first_year: 2026
years: 3
indices:
  wages: 0.03
commitments:
  - name: slope land
    area_ha: 10
    rate_yuan_per_ha: 100
    starts: 2024
  - name: wet
    yuan:
      2026: 100
      2027: -1
    granted: 5
envelopes:
  - id: C
    source: bond
    granted_yuan: {2026: 10}
    programmes: [slope land, wetland]
"""


def test_faults_of_a_plan_file_name_their_line(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        plan_of(read_yaml(file)[0], PARAMS, "plan.yaml")
    assert [f.record for f in caught.value.faults] == [
        "line 9 commitments 1 slope land starts",
        "line 14 commitments 2 granted",
        "line 13 commitments 2 wet yuan 2027",
    ]
    assert "makes no use of it" in caught.value.faults[0].say("en")
    file.write_text(PLAN.replace("    starts: 2024\n", "").replace("-1", "1").replace("    granted: 5\n", ""), encoding="utf-8")
    plan = plan_of(read_yaml(file)[0], PARAMS, "plan.yaml")
    said = {f.record: f for f in plan.notes}
    assert set(said) == {"line 4 indices wages", "line 17 envelopes 1 C programmes"}
    assert {f.severity for f in plan.notes} == {"warning"} and "programme wetland" in said[
        "line 17 envelopes 1 C programmes"
    ].clash.en
