"""What worked cases can ask of the standard, with values worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ecocomp.rules import RuleBook
from ecocomp.terms.faults import FaultsError
from ecocomp.worked.operation import Setting, operations

D = Decimal
BOUNDED: dict[str, Any] = {
    "standard.rule": "bounded",
    "standard.eligible_groups": ["1"],
    "standard.protection_cost": {"1": D(300)},
    "standard.protection_zone_factor": {"water": D("1.10")},
    "standard.opportunity_cost": {"1": D(900)},
    "standard.restriction.red_line": D(1),
    "standard.restriction.reserve": D("0.8"),
    "standard.restriction.outside": D("0.4"),
    "standard.cap": {"1": D(2400)},
    "standard.limit_up": D("0.1"),
    "standard.limit_down": D("0.1"),
}


@pytest.fixture
def ask(policy_book: RuleBook, tmp_path: Path) -> Any:
    def run(name: str, place: str = "CN", on: date = date(2024, 12, 31), **given: Any) -> Any:
        return operations()[name].run(given, Setting(policy_book, place, on, date(9999, 1, 1), tmp_path))

    return run


def test_a_rate_of_the_invented_county(ask: Any) -> None:
    # 285×1.10 = 313.50; 930×1 = 930; 20 000×0.020×1 = 400; income and Engel at the reference: 180
    found = ask(
        "standard.rate",
        "990121",
        ecosystem="12",
        zone="water",
        grade=2,
        red_line=D(1),
        value=D(20000),
        engel=D("0.32"),
        income=D(20000),
    )
    parts = [found[n] for n in ("protection", "opportunity", "value", "regional")]
    assert parts == [D("313.50"), D(930), D(400), D(180)]
    assert found["rate"] == found["low"] == found["high"] == D("1823.50") == found["after"]["cap"]
    assert found["rule"] == "composite"


def test_parameters_are_laid_over_with_ranges(ask: Any) -> None:
    # 330 + 900×0.74 = 996; 10 000 × 0.2689414214 = 2689.41, at most 2500: value part 1504; cap 2400
    given = {
        "ecosystem": "12",
        "zone": "water",
        "grade": 2,
        "red_line": D("0.5"),
        "reserve": D("0.1"),
        "value": D(10000),
        "engel": D("0.5"),
    }
    over = BOUNDED | {"standard.affordable": [D(1000), D(2500), D(3000)]}
    found = ask("standard.rate", parameters=over, **given)
    assert [found["steps"][n] for n in ("protection", "opportunity", "value", "cap")] == [D(330), D(666), D(1504), D(-100)]
    assert (found["low"], found["rate"], found["high"]) == (D(1000), D(2400), D(2400))


def test_the_floor_reward_and_limit_of_a_rate(ask: Any) -> None:
    given = {"ecosystem": "12", "zone": "water", "grade": 2, "red_line": D(0), "parameters": BOUNDED}
    # 330 + 360 = 690; −4 % = 662.40; at least 90 % of 800 = 720
    found = ask("standard.rate", **given, reward=D("-0.04"), last=D(800))
    assert (found["after"]["reward"], found["rate"]) == (D("662.40"), D(720))
    cheap = {**BOUNDED, "standard.protection_cost": {"1": D(1)}, "standard.opportunity_cost": {"1": D(2)}}
    # 16 yuan/mu for collective forest, 10 for state: 240 and 150 a hectare
    for tenure, floor in (("collective", 240), ("state", 150)):
        assert ask("standard.rate", **{**given, "parameters": cheap}, tenure=tenure)["rate"] == floor


def test_statutory_floors_of_the_nation(ask: Any) -> None:
    assert ask("standard.floor", ecosystem_group="1", tenure="state")["per_mu"] == 10
    assert ask("standard.floor", ecosystem_group="1", tenure="collective")["floor"] == 240
    assert ask("standard.floor", ecosystem_group="1")["floor"] == 240  # unknown owner: the higher
    assert ask("standard.floor", ecosystem_group="3", restriction="ban")["per_mu"] == D("7.5")
    assert ask("standard.floor", on=date(2013, 6, 1), ecosystem_group="3", restriction="balance")["per_mu"] == D("1.5")
    assert ask("standard.floor", ecosystem_group="5")["floors"] == {}


def test_formulas_of_the_sheet(ask: Any) -> None:
    assert ask("standard.development", engel=D("0.5"))["level"] == D("0.2689414214")
    assert ask("standard.development", urban=D("0.3"), rural=D("0.4"), urban_share=D("0.5"))["engel"] == D("0.35")
    assert ask("standard.annuity", capital=D(1000), rate=D("0.06"), years=D(10))["annuity"] == D("135.87")
    assert ask("standard.geometric_cuts", highest=D(7), ratio=D(2), classes=D(3))["cuts"] == [1, 3]
    over = {f"standard.restriction.{n}": v for n, v in (("red_line", D(1)), ("reserve", D("0.8")), ("outside", D("0.4")))}
    assert ask("standard.restriction", red_line=D("0.5"), reserve=D("0.1"), parameters=over)["degree"] == Fraction(74, 100)


def test_what_cannot_be_set_is_a_fault(ask: Any) -> None:
    """Every number that is missing is named at once."""
    with pytest.raises(FaultsError) as caught:
        ask("standard.rate", ecosystem="12", zone="water", grade=2)
    missing = {f.record for f in caught.value.faults}
    assert missing >= {"standard.limit_up", "standard.cap", "standard.protection_cost", "standard.regional_base"}
