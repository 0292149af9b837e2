"""What every rule of the standard promises: more value, cost or money never pays less, the floor holds, faults are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.standard.land import development_level
from ecocomp.standard.parts import annuity_factor, power
from ecocomp.standard.setting import check_steps, set_standard
from ecocomp.standard.words import say_step, step_name
from ecocomp.terms.faults import FaultsError

from .worlds import BASE, LANDS, OPTIONS, RULES, land, rules, tables

Given = Callable[..., Parameters]
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OPTION_SETS = st.sets(st.sampled_from(sorted(set(OPTIONS) - {"ranges"}))).map(sorted).map(tuple)


def rates_of(params: Parameters, lands: list[dict[str, Any]], reward: int | None = None, **economy: int) -> list[int]:
    found: list[int] = set_standard(params=params, **tables(lands, reward, **economy))[0]["rate_fen_per_ha"].to_pylist()
    return found


def ordinary(lands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep worth and area to what a county may have, so that no amount is too large to be stored."""
    return [
        {
            **one,
            "area_dm2": max(one["area_dm2"] % 10**8, 10_000),
            "worth": None if one["worth"] is None else tuple(sorted(w % 10**12 for w in one["worth"])),
            "last": one["last"] % 400_000,
        }
        for one in lands
    ]


@pytest.mark.parametrize("rule", RULES)
@MANY
@given(lands=LANDS.map(ordinary), options=OPTION_SETS, more=st.integers(0, 10**11), reward=st.integers(-90_000, 90_000))
def test_more_value_never_pays_less(
    rule: str, lands: list[dict[str, Any]], options: tuple[str, ...], more: int, reward: int, given_rules: Given
) -> None:
    params = rules(given_rules, rule, options)
    richer = [{**one, "worth": None if one["worth"] is None else tuple(w + more for w in one["worth"])} for one in lands]
    pairs = zip(rates_of(params, lands, reward), rates_of(params, richer, reward), strict=True)
    assert all(before <= after for before, after in pairs)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "key",
    [
        "standard.protection_cost",
        "standard.opportunity_cost",
        "standard.opportunity.uses",
        "standard.past_capital",
        "standard.regional_base",
        "standard.affordable",
        "standard.floor.forest_state",
        "standard.restoration.capital",
        "standard.restoration.upkeep",
        "standard.differentiated.base",
        "standard.per_area.rate",
        "standard.index",
        "standard.cap",
    ],
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lands=LANDS.map(ordinary), options=OPTION_SETS, share=st.integers(0, 2000))
def test_more_cost_or_money_never_pays_less(
    rule: str, key: str, lands: list[dict[str, Any]], options: tuple[str, ...], share: int, given_rules: Given
) -> None:
    values = {**BASE, **{k: v for o in options for k, v in OPTIONS[o].items()}}
    if key not in values:
        return
    times = 1 + Decimal(share) / 1000
    held = values[key]
    raised = {c: str(Decimal(v) * times) for c, v in held.items()} if isinstance(held, dict) else str(Decimal(held) * times)
    if key == "standard.index":
        raised["2020"] = held["2020"]
    before = rates_of(rules(given_rules, rule, options), lands)
    after = rates_of(rules(given_rules, rule, options, **{key.replace(".", "__"): raised}), lands)
    assert all(a <= b for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("rule", RULES)
@MANY
@given(lands=LANDS.map(ordinary), options=OPTION_SETS, last=st.integers(1, 300_000))
def test_floor_cap_and_limit_have_the_last_word(
    rule: str, lands: list[dict[str, Any]], options: tuple[str, ...], last: int, given_rules: Given
) -> None:
    held = [{**one, "last": last} for one in lands]
    standard, steps = set_standard(params=rules(given_rules, rule, options), **tables(held))
    assert check_steps(standard, steps) == []
    for row, one in zip(standard.to_pylist(), held, strict=True):
        rate, group = row["rate_fen_per_ha"], one["ecosystem"][0]
        if group == "5":
            assert rate == 0
            continue
        floor = 15_000 if group == "1" and one["tenure"] != "collective" else 0
        floor = 11_250 if group == "3" and one["red_line_ppm"] >= 500_000 else floor
        cap = {"1": 600_000, "3": 180_000}[group]
        assert floor <= row["low_fen_per_ha"] <= rate <= row["high_fen_per_ha"] <= cap
        if floor <= last <= cap:
            assert last * 93 <= rate * 100 and rate * 10 <= last * 11
        parts = sum(row[f"{p}_fen_per_ha"] for p in ("value", "opportunity", "protection", "regional", "adjust"))
        assert parts == rate and all(row[f"{p}_fen_per_ha"] >= 0 for p in ("value", "opportunity", "protection", "regional"))


@pytest.mark.parametrize("rule", RULES)
@MANY
@given(lands=LANDS.map(ordinary), options=OPTION_SETS)
def test_the_order_of_rows_does_not_matter(
    rule: str, lands: list[dict[str, Any]], options: tuple[str, ...], given_rules: Given
) -> None:
    made = tables(lands)
    turned = {k: t.take(pa.array(range(len(t) - 1, -1, -1), pa.int64())) if isinstance(t, pa.Table) else t for k, t in made.items()}
    params = rules(given_rules, rule, options)
    forth, back = (set_standard(params=params, **t) for t in (made, turned))
    assert all(a.equals(b) for a, b in zip(forth, back, strict=True))


@MANY
@given(engel=st.integers(20_000, 1_000_000), more=st.integers(1, 500_000), rule=st.sampled_from(["bounded", "value_development"]))
def test_the_rate_rises_as_the_engel_coefficient_falls(engel: int, more: int, rule: str, given_rules: Given) -> None:
    params, poorer = rules(given_rules, rule), min(engel + more, 1_000_000)
    assert 0 < development_level(poorer) <= development_level(engel) <= 1
    assert rates_of(params, [land()], engel_ppm=poorer) <= rates_of(params, [land()], engel_ppm=engel)


def test_t_taken_as_the_engel_coefficient_is_refused_with_the_reason(given_rules: Given) -> None:
    for rule in ("bounded", "value_development"):
        with pytest.raises(FaultsError, match="poorer places would count as richer"):
            set_standard(params=rules(given_rules, rule, standard__development__t="engel"), **tables([land()]))
        good = rules(given_rules, rule, standard__development__t="inverse")
        assert rates_of(good, [land()]) == rates_of(rules(given_rules, rule), [land()])


def test_a_composite_engel_coefficient_stands_over_that_of_the_economy(given_rules: Given) -> None:
    params = rules(given_rules, "value_development", ("urban Engel",))
    _, steps = set_standard(params=params, **tables([land()]))
    value = next(r for r in steps.to_pylist() if r["step"] == "value")
    # 0.29×0.613 + 0.34×0.387 = 0.30935
    assert json.loads(value["inputs"])["engel_ppm"] == 309_350


@pytest.mark.parametrize(
    ("rule", "change", "said"),
    [
        (
            "priority",
            {"standard__priority__factor": {"potential": "1", "secondary": "0.5", "priority": "0.2"}},
            "more value would pay less",
        ),
        ("priority", {"standard__priority__cuts": {"potential": "2", "secondary": "1.41"}}, "rising upper end"),
        ("priority", {"standard__priority__cuts": {"potential": "0.2"}}, "secondary: —"),
        ("priority", {"standard__priority__unit": "village"}, "Write region or parcel"),
        ("priority", {"standard__priority__population": "0"}, "must be above zero"),
        ("bounded", {"standard__opportunity__method": "guess"}, "table, best_use, income_gap"),
        ("bounded", {"standard__protection_cost": {"1": "-1", "3": "1"}}, r"protection_cost\[1\] is -1, below zero"),
        ("bounded", {"standard__affordable": "-5"}, "below zero"),
        (
            "differentiated",
            {"standard__differentiated__factors": [{"by": "colour", "factor": "x"}]},
            "by is one of ecosystem_group",
        ),
        ("differentiated", {"standard__differentiated__rank": {"1": "1"}}, "has no value for 2"),
        ("restoration", {"standard__restoration__capital__years": "0"}, "gives no annuity"),
        ("restoration", {"standard__restoration__share": {"2": "1.5"}}, "share"),
        ("composite", {"standard__index": {"2021": "100"}, "standard__index_base_year": "2020"}, "base year 2020"),
        ("composite", {"standard__rules_by": [{"colour": "red", "rule": "bounded"}]}, "conditions are ecosystem_group"),
        ("composite", {"standard__rules_by": [{"grade": "2", "rule": "no_such"}]}, "no rule no_such"),
        ("no_such", {}, "no rule no_such"),
    ],
)
def test_what_cannot_be_set_is_told(rule: str, change: dict[str, Any], said: str, given_rules: Given) -> None:
    with pytest.raises(FaultsError, match=said) as caught:
        set_standard(params=rules(given_rules, rule, **change), **tables([land()]))
    assert all(f.clash.zh and f.remedy.zh for f in caught.value.faults)


def test_rules_may_differ_by_land(given_rules: Given) -> None:
    lands = [land(), land(tenure="state"), land(ecosystem="34", red_line_ppm=900_000), land(ecosystem="34", red_line_ppm=0)]
    standard, steps = set_standard(params=rules(given_rules, "composite", ("mixed rules",)), **tables(lands))
    assert standard["rule"].to_pylist() == ["composite@1", "bounded@1", "per_area_by_grade@1", "composite@1"]
    assert check_steps(standard, steps) == []


def test_the_index_moves_the_rate_and_says_its_base(given_rules: Given) -> None:
    plain, moved = (rates_of(rules(given_rules, "composite", o), [land()])[0] for o in ((), ("index",)))
    assert moved == round(Fraction(plain) * Fraction("107.3") / 100)
    _, steps = set_standard(params=rules(given_rules, "composite", ("index",)), **tables([land()]))
    names = [r["step"] for r in steps.to_pylist()]
    assert names == ["protection", "opportunity", "value", "regional", "index", "reward", "limit", "floor", "cap"]
    said = next(say_step("index", r["inputs"]) for r in steps.to_pylist() if r["step"] == "index")
    assert said.en == "index of 2024, 107.3 ÷ 100 of the base year 2020"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("options", [(), ("past capital", "best use", "index", "baseline", "water"), ("income gap", "region")])
def test_every_step_of_every_rule_is_a_sentence_in_both_languages(rule: str, options: tuple[str, ...], given_rules: Given) -> None:
    for one in (land(), land(worth=None), land(function_zone="none", red_line_ppm=0, last=100_000)):
        _, steps = set_standard(params=rules(given_rules, rule, options), **tables([one], 20_000))
        for row in steps.to_pylist():
            said = say_step(row["step"], row["inputs"])
            assert step_name(row["step"]).zh and said.zh and said.en
            assert "=" not in said.en and "{" not in said.zh, (row["step"], said.en)


def test_the_range_holds_every_combination_of_ends(given_rules: Given) -> None:
    """Low and high at the corner are what the rule gives when each number is written at its end by hand."""
    params = rules(given_rules, "composite", ("ranges",))
    row = set_standard(params=params, **tables([land()]))[0].to_pylist()[0]
    low = rules(given_rules, "composite", standard__protection_cost={"1": "250", "3": "200.5"}, standard__value_cap="800")
    low_rate = rates_of(low, [land(worth=(3_000_000,) * 3)], engel_ppm=350_000)
    reference = rules(
        given_rules,
        "composite",
        standard__protection_cost={"1": "250", "3": "200.5"},
        standard__value_cap="800",
        standard__regional__engel_reference="0.3",
    )
    assert row["low_fen_per_ha"] == rates_of(reference, [land(worth=(3_000_000 - 1,) * 3)])[0] < low_rate[0]
    assert row["low_fen_per_ha"] < row["rate_fen_per_ha"] < row["high_fen_per_ha"]


def test_geometric_cuts_are_those_of_the_study() -> None:
    cuts = entries("standard.rules")["priority"].module.geometric_cuts(Fraction("6.22"), Fraction("4.22"), 3)
    assert [round(float(c), 2) for c in cuts] == [0.27, 1.41]
    assert entries("standard.rules")["priority"].module.geometric_cuts(Fraction(6), Fraction(1), 3) == [2, 4]


def test_an_annuity_pays_its_capital_off() -> None:
    rate, years, capital = Decimal("0.06"), 10, Fraction(1000)
    yearly = capital * annuity_factor(rate, years)
    assert float(yearly) == pytest.approx(135.867958, abs=1e-6)
    for _ in range(years):
        capital = capital * (1 + Fraction(rate)) - yearly
    assert capital == 0
    assert annuity_factor(Decimal(0), 4) == Fraction(1, 4)


def test_a_power_is_exact_where_it_is_whole() -> None:
    assert power(Decimal(4), Decimal("0.5")) == 2
    assert power(Decimal(3), Decimal(2)) == 9
    assert power(Decimal(0), Decimal(2)) == 0
