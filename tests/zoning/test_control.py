"""Use control: what may be done where, by which dated rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.codes import RESTRICTION_KINDS
from ecocomp.terms.confidence import MARKS
from ecocomp.zoning.control import (
    ACTIVITIES,
    CATEGORIES,
    VERDICTS,
    category_of,
    check_control,
    clause_table,
    clauses,
    what_may_be_done,
)

BOOK = RuleBook.load([policy_folder()])


def on(day: date, place: str = "CN") -> Parameters:
    return BOOK.resolve(place, day, date(2026, 11, 22))


def said(categories: list[str], day: date = date(2024, 6, 1)) -> dict[str, dict[str, Any]]:
    return {r["activity"]: r for r in what_may_be_done(categories, on(day)).to_pylist()}


@pytest.mark.parametrize("day", [date(2024, 6, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 15), date(2026, 11, 22)])
def test_every_category_and_activity_is_ruled_or_said_not_regulated(day: date) -> None:
    spoken = {(c.category, c.activity) for c in clauses(on(day))}
    silent = [(c, a) for c in CATEGORIES for a in ACTIVITIES if (c, a) not in spoken]
    assert silent == []


def test_what_is_said_not_regulated_is_spoken_of_nowhere_else() -> None:
    for day in (date(2024, 6, 1), date(2026, 11, 22)):
        held = clauses(on(day))
        without = {(c.category, c.activity) for c in held if c.verdict == "not_regulated"}
        assert [c for c in held if c.verdict != "not_regulated" and (c.category, c.activity) in without] == []


def test_every_clause_names_document_mark_and_both_languages() -> None:
    table = clause_table(on(date(2026, 11, 22)))
    assert len(table) >= len(CATEGORIES) * len(ACTIVITIES)
    for row in table.to_pylist():
        assert row["document"] and row["confidence"] in MARKS and row["verdict"] in VERDICTS
        assert row["condition_zh"] != row["condition_en"] and row["condition_zh"] and row["condition_en"]
    assert {c.split(".")[0] for c in CATEGORIES} == set(RESTRICTION_KINDS)
    assert check_control(on(date(2026, 11, 22))) == []


CASES: list[tuple[list[str], str, str, str]] = [
    (["permanent_basic_farmland"], "forest_conversion", "forbidden", "farmland_conversion"),
    (["permanent_basic_farmland"], "annual_crops", "allowed", "farmland_other_farm_use"),
    (["permanent_basic_farmland"], "lines", "conditional", "farmland_occupation"),
    (["grazing_ban"], "grazing", "forbidden", "grazing_ban"),
    (["grass_livestock_balance"], "grazing", "conditional", "grass_livestock_balance"),
    (["grass_livestock_balance", "grazing_ban"], "grazing", "forbidden", "grazing_ban"),
    (["red_line.general"], "research", "allowed", "red_line_general_listed"),
    (["red_line.general"], "town_building", "forbidden", "red_line_general_ban"),
    (["red_line.core"], "annual_crops", "forbidden", "red_line_core"),
    (["welfare_forest.national_2"], "logging", "forbidden", "welfare_forest_cutting"),
    (["welfare_forest.local", "use_control.ecological"], "tending", "conditional", "welfare_forest_cutting"),
    (["forest_conversion"], "annual_crops", "forbidden", "forest_conversion"),
    (["function_zone"], "mining", "not_regulated", "not_regulated"),
    (["function_zone", "reserve"], "mining", "forbidden", "reserve"),
    (["reserve.corridor"], "housing", "forbidden", "reserve"),
]


@pytest.mark.parametrize(("categories", "activity", "verdict", "rule"), CASES)
def test_worked_cases(categories: list[str], activity: str, verdict: str, rule: str) -> None:
    row = said(categories)[activity]
    assert (row["verdict"], row["rule"]) == (verdict, rule)
    assert row["why_zh"] and row["why_en"] and row["document"]


def test_rules_change_with_the_day() -> None:
    before, after = (said(["protected_area.core"], d)["grazing"] for d in (date(2026, 3, 14), date(2026, 3, 15)))
    assert (before["verdict"], after["verdict"]) == ("forbidden", "conditional")
    assert "167" in before["document"] and "830" in after["document"]
    old = said(["red_line.general"], date(2015, 1, 1))["mining"]
    assert (old["verdict"], old["rule"]) == ("not_known", None), "before the rules begin nothing is allowed by silence"


def test_ties_are_stated() -> None:
    row = said(["permanent_basic_farmland"])["orchard"]
    assert row["rule"] == "farmland_ban" and row["ties"] == "permanent_basic_farmland/farmland_other_farm_use"


def test_a_kind_without_its_category_is_read_as_the_strictest_and_says_so() -> None:
    row = said(["red_line"])["annual_crops"]
    assert (row["verdict"], row["category"], row["assumed"]) == ("forbidden", "red_line.core", True)
    assert said(["red_line.general"])["annual_crops"]["assumed"] is False


def test_unknown_ground_is_not_known_unless_something_else_forbids() -> None:
    assert said(["swamp"])["mining"]["verdict"] == "not_known"
    assert said(["swamp", "permanent_basic_farmland"])["mining"]["verdict"] == "forbidden"
    assert said([])["mining"]["verdict"] == "not_regulated"


def test_a_county_sets_its_own_clause_and_bad_ones_are_named(given_rules: Callable[..., Parameters]) -> None:
    own = [
        {
            "categories": ["grazing_ban"],
            "activities": ["grazing"],
            "verdict": "conditional",
            "zh": "每年七月可放牧",
            "en": "open in July",
        }
    ]
    rules = given_rules({"zoning.control.grazing_ban": own}, place="990121")
    row = {r["activity"]: r for r in what_may_be_done(["grazing_ban"], rules).to_pylist()}["grazing"]
    assert (row["verdict"], row["why_en"]) == ("conditional", "grazing ban: open in July")
    bad = [
        {"categories": ["grazing_ban"], "activities": ["golf"], "verdict": "perhaps", "zh": "甲", "en": "a"},
        {"categories": ["grazing_ban"], "verdict": "forbidden"},
        {"categories": "grazing_ban", "activities": ["grazing"], "verdict": "forbidden", "zh": "甲", "en": "a"},
        "nonsense",
    ]
    faults = check_control(given_rules({"zoning.control.own": bad}))
    assert len(faults) == 4 and "golf, perhaps" in faults[0].clash.en and all(f.clash.zh and f.remedy.zh for f in faults)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*CATEGORIES, "red_line", "swamp", "reserve.buffer"]), max_size=5), st.sampled_from([*CATEGORIES]))
def test_more_categories_never_make_it_milder(codes: list[str], one: str) -> None:
    rank = {v: i for i, v in enumerate(VERDICTS)}
    few, more = said(codes), said([*codes, one])
    for activity in ACTIVITIES:
        if codes:
            assert rank[more[activity]["verdict"]] <= rank[few[activity]["verdict"]]
    assert said(list(reversed(codes))) == few


def test_category_codes() -> None:
    assert category_of("red_line", None) == "red_line" and category_of("use_control", "town") == "use_control.town"
