"""Worked cases: what ships agrees with the rules, and the runner cannot be fooled."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.worked.cases import Outcome, compare, read_cases, run_case, run_cases, shipped

HEAD = "matter: t\ncases:\n"


def case(**keys: str) -> str:
    """Return one case as YAML, sound unless a key is replaced; an empty value leaves the key out."""
    words = {
        "id": "a",
        "what": "{zh: 甲, en: a}",
        "do": "rules.value",
        "on": "2024-06-01",
        "given": "{key: agreements.class_limits.codmn}",
        "expect": "{value: [2, 4, 6, 10, 15]}",
        "source": "GB 3838-2002",
        "confidence": "M",
        "by_hand": "as printed",
    } | keys
    lines = [f"{k}: {v}" for k, v in words.items() if v]
    return "  - " + "\n    ".join(lines) + "\n"


def codes(tmp_path: Path, text: str) -> list[str]:
    """Return what is said against a case file, in English."""
    path = tmp_path / "cases.yaml"
    path.write_text(text, encoding="utf-8")
    return [f.say("en") for f in read_cases([path])[1]]


def outcome(tmp_path: Path, **keys: str) -> Outcome:
    """Run one case."""
    path = tmp_path / "cases.yaml"
    path.write_text(HEAD + case(**keys), encoding="utf-8")
    cases, faults = read_cases([path])
    assert not faults, faults
    return run_case(cases[0], RuleBook.load([policy_folder()]))


# ---------------------------------------------------------------- what ships
def test_every_case_that_ships_agrees_and_there_are_at_least_three_hundred() -> None:
    cases, faults = read_cases(shipped())
    assert not faults
    outcomes = run_cases(cases, RuleBook.load([policy_folder()]))
    wrong = [(o.case.id, o.differences, [f.say("en") for f in o.faults]) for o in outcomes if o.state != "passed"]
    assert not wrong
    assert len(outcomes) >= 300
    tally = Counter(o.case.do.partition(".")[0] for o in outcomes)
    assert {"agreement", "programme", "funds", "standard", "credits"} <= set(tally)


# ---------------------------------------------------------------- the runner
def test_a_case_that_agrees(tmp_path: Path) -> None:
    found = outcome(tmp_path)
    assert found.state == "passed"
    assert found.used == ("agreements.class_limits.codmn",)


@pytest.mark.parametrize("expect", ["{value: [2, 4, 6, 10, 16]}", "{value: [2, 4, 6, 10]}", "{confidence: V}", "{value: 2}"])
def test_a_case_that_differs_fails(tmp_path: Path, expect: str) -> None:
    found = outcome(tmp_path, expect=expect)
    assert found.state == "failed"
    assert found.differences


def test_an_operation_that_stops_is_told_with_its_faults_and_may_be_expected(tmp_path: Path) -> None:
    absent = "{key: agreements.class_limits.nothing}"
    assert outcome(tmp_path, given=absent).state == "stopped"
    assert outcome(tmp_path, given=absent, expect="{faults: [rules.missing]}").state == "passed"
    assert outcome(tmp_path, given=absent, expect="{faults: [rules.gap]}").state == "failed"
    assert outcome(tmp_path, expect="{faults: [rules.missing]}").state == "failed"


def test_what_a_paper_prints_is_told_beside_what_its_rule_gives(tmp_path: Path) -> None:
    found = outcome(tmp_path, printed="{value: [2, 4, 6, 10, 20]}")
    assert found.state == "passed"
    assert [(d.at, d.expected, d.found) for d in found.disagreements] == [("value[4]", Decimal(20), Decimal(15))]


def test_known_days_reach_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(HEAD + case(known="1990-01-01"), encoding="utf-8")
    cases, _ = read_cases([path])
    assert cases[0].known == date(1990, 1, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cases: 3\n", "no list"),
        (HEAD + case(expct="{value: 1}"), "Unknown key expct. The nearest is expect"),
        (HEAD + case(by_hand=""), "by_hand is missing"),
        (HEAD + case(source=""), "source is missing"),
        (HEAD + case(on="2016"), "on is 2016"),
        (HEAD + case(confidence="Q"), "mark Q"),
        (HEAD + case(do="rules.valu"), "There is no operation rules.valu. Nearest: rules.value"),
        (HEAD + case(given="{ky: 1}"), "ky in given is not known"),
        (HEAD + case(given="{row: x}"), "lacks key"),
        (HEAD + case(expect="{valu: 1}"), "finds no valu"),
        (HEAD + case() + case(), "used already in cases.yaml, line 3"),
        (HEAD + "  - 3\n", "not a table of keys"),
    ],
)
def test_faults_of_shape_name_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    found = codes(tmp_path, text)
    assert any(said in f for f in found), found
    assert all("line " in f for f in found)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = codes(tmp_path, HEAD + case(id="x", by_hand="", on="soon") + case(id="y", do="nothing"))
    assert len(found) == 3


# ---------------------------------------------------------------- comparing
@given(st.fractions(-(10**9), 10**9, max_denominator=10**6), st.integers(0, 6))
def test_a_number_agrees_with_its_own_rounding_only(number: Fraction, digits: int) -> None:
    said = Decimal(round(number * 10**digits)).scaleb(-digits)
    exact = Fraction(said) == number
    terminates = _in_decimals(number.denominator)
    assert (not list(compare(said, number))) == (exact or not terminates)
    assert list(compare(said + Decimal(2).scaleb(-digits), number))


def _in_decimals(n: int) -> bool:
    for p in (2, 5):
        while n % p == 0:
            n //= p
    return n == 1


@pytest.mark.parametrize("found", [float("nan"), float("inf"), None, True, "x", [1]])
def test_what_is_no_number_never_agrees_with_one(found: object) -> None:
    assert list(compare(Decimal(1), found))


def test_whole_numbers_are_exact() -> None:
    assert list(compare(Decimal("1.0"), 1)) == []
    assert list(compare(Decimal(1), Decimal("1.004")))
    assert list(compare(Decimal(1), Fraction(5, 4)))


def test_values_no_operation_can_take_are_told_and_the_other_cases_go_on(tmp_path: Path) -> None:
    wrong = case(
        id="b", do="calculate", given="{id: annuity, capital: [1, {a: 2}], rate: x, years: 1990-01-01}", expect="{annuity: 1}"
    )
    path = tmp_path / "cases.yaml"
    path.write_text(HEAD + wrong + case(), encoding="utf-8")
    cases, faults = read_cases([path])
    assert not faults
    states = [o.state for o in run_cases(cases, RuleBook.load([policy_folder()]))]
    assert states == ["stopped", "passed"]
