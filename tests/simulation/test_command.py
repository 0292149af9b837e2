"""`ecocomp simulate` over the years of the sample county."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ecocomp.cli.simulate import simulate
from ecocomp.terms.faults import FaultsError, UsageError


def call(*args: Any) -> str:
    done = CliRunner().invoke(simulate, [str(a) for a in args])
    if isinstance(done.exception, FaultsError | UsageError):
        raise done.exception
    assert done.exit_code == 0, done.output + str(done.exception)
    return done.stdout


def test_the_year_computed_again_is_the_year_as_run(county: Any) -> None:
    for year in (2023, 2024, 2025):
        found = json.loads(call(county.folder, "--year", year, "--set", "standard.value_cap=*1", "--json"))
        assert found["notes"] == []
        paid = sum(r["funded_fen"] for r in county.rows(year, "entitlement"))
        assert found["before"]["paid_fen"] == paid
        assert found["reforms"][0]["totals"]["net_fen"] == 0


def test_prices_of_services_are_computed_again_when_a_valuation_key_changes(county: Any) -> None:
    (found,) = json.loads(call(county.folder, "--set", "valuation.reservoir_cost.price=*0.2", "--json"))["reforms"]
    assert found["totals"]["after"]["entitled_fen"] < found["totals"]["before"]["entitled_fen"]
    assert found["warnings"] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_tables_for_people_and_files(county: Any, tmp_path: Path, lang: str) -> None:
    reform = tmp_path / "more.yaml"
    reform.write_text('name: {zh: 多付, en: Pay more}\nchanges:\n  standard.protection_cost: "+10%"\n', encoding="utf-8")
    said = call(county.folder / "bundles" / "2024", "--reform", reform, "--lang", lang, "--out", tmp_path / "out")
    assert {"zh": "多付", "en": "Pay more"}[lang] in said
    assert "Pay more" in (tmp_path / "out" / "summary.en.md").read_text(encoding="utf-8")


def test_what_is_missing_is_said(county: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        call(county.folder)
    with pytest.raises(UsageError):
        call(tmp_path / "nowhere", "--set", "a=1")
    with pytest.raises(FaultsError, match="2019"):
        call(county.folder, "--year", 2019, "--set", "standard.value_cap=1")
    with pytest.raises(FaultsError, match="2024"):
        call(county.folder / "bundles" / "2024", "--year", 2023, "--set", "standard.value_cap=1")
    alone = tmp_path / "2024"
    shutil.copytree(county.folder / "bundles" / "2024", alone)
    with pytest.raises(FaultsError, match="2023"):
        call(alone, "--set", "standard.value_cap=1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FaultsError, match="ecocomp run"):
        call(tmp_path / "empty", "--set", "standard.value_cap=1")
