"""One place says which rules count in an office, whoever asks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ecocomp.terms.faults import FaultsError
from ecoweb.office import Office, create_office
from ecoweb.records.rules import params_of, rule_book

DAY = date(2024, 6, 1)
RULE = """parameters:
  - key: payments.role_rest_hours
    name: {zh: 静置, en: rest}
    unit: h
    kind: number
    values: [{value: 7, document: 县〔2024〕1号, confidence: V, last_checked: 2024-01-01}]
"""


def written(office: Office, text: str) -> None:
    """Write a rule of the office's own region."""
    place = office.folder / "rules" / "990121" / "payments"
    place.mkdir(parents=True, exist_ok=True)
    (place / "own.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    return create_office(tmp_path / "o", name="试点县", region_code="990121")


def test_a_county_without_rules_takes_those_of_its_province(tmp_path: Path) -> None:
    with create_office(tmp_path / "jx", name="某县", region_code="360123") as office:
        assert params_of(office, DAY).chain[0] == "360000"


def test_a_county_s_own_rule_counts_as_soon_as_it_is_written(desk: Office) -> None:
    with desk as office:
        before = params_of(office, DAY).decimal("payments.role_rest_hours")
        written(office, RULE)
        assert params_of(office, DAY).decimal("payments.role_rest_hours") == 7 != before


def test_a_fault_in_a_county_s_own_rule_is_told_and_not_passed_over(desk: Office) -> None:
    with desk as office:
        written(office, RULE.replace("value: 7", "valeu: 7"))
        with pytest.raises(FaultsError) as caught:
            rule_book(office)
        assert any("valeu" in str(f.clash) for f in caught.value.faults)
