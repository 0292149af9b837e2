"""`ecocomp standard`: what its commands say of a bundle, and what wrong use is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from ecocomp.cli.standard import standard
from ecocomp.terms.faults import FaultsError, UsageError


def said(*args: Any, code: int = 0) -> str:
    done = CliRunner().invoke(standard, [*map(str, args)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def test_a_parcel_is_explained_to_the_line_of_its_rules(county: Any) -> None:
    row = county.rows(2024, "standard")[0]
    text = said("show", county.bundle(2024), row["parcel_id"], "--lang", "en")
    assert row["parcel_id"] in text and "What it rests on" in text and "standard.yaml:" in text
    found = json.loads(said("show", county.folder, row["parcel_id"], "--year", 2024, "--json"))
    assert sum(s["amount_fen_per_ha"] for s in found["steps"]) == found["rate_fen_per_ha"] == row["rate_fen_per_ha"]
    assert all(s["words_zh"] and s["words_en"] for s in found["steps"])


def test_the_table_covers_every_parcel(county: Any) -> None:
    rows = json.loads(said("table", county.folder, "--json"))
    assert sum(r["parcels"] for r in rows) == len(county.rows(2025, "standard"))
    assert "range" in said("table", county.bundle(2023), "--lang", "en")


def test_the_sensitivity_starts_from_the_rates_of_the_bundle(county: Any, tmp_path: Path) -> None:
    found = json.loads(said("sensitivity", county.bundle(2024), "--json", "--out", tmp_path))
    means = {
        (r["ecosystem"], r["function_zone"], r["grade"]): r["mean_fen_per_ha"]
        for r in json.loads(said("table", county.bundle(2024), "--json"))
    }
    assert found["sensitivity"] and found["bounds"]
    assert all(r["rate_fen_per_ha"] == means[r["ecosystem"], r["function_zone"], r["grade"]] for r in found["sensitivity"])
    assert pq.ParquetFile(tmp_path / "standard_sensitivity.parquet").metadata.num_rows == len(found["sensitivity"])
    assert "elasticity" in said("sensitivity", county.bundle(2024), "--top", 2, "--lang", "en")


def test_two_years_differ_by_what_the_county_revised(county: Any) -> None:
    rows = json.loads(said("compare", county.bundle(2024), county.bundle(2025), "--json"))
    keys = {r["key"] for row in rows for reason in row["reasons"] for r in reason["rules"]}
    assert {"standard.protection_cost", "standard.value_share"} <= keys
    assert {r["result"] for r in rows} <= {"equal", "explained"}
    assert "存疑" in said("compare", county.bundle(2024), "--level", "village", "--lang", "zh")


def test_rules_are_listed_with_formula_and_parameters() -> None:
    assert {r["id"] for r in json.loads(said("rules", "--json"))} >= {"bounded", "priority", "value_development"}
    assert "standard.affordable" in said("rules", "bounded", "--lang", "en")


def test_wrong_use_is_told(county: Any, tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="no such parcel"):
        said("show", county.bundle(2024), "nobody")
    with pytest.raises(FaultsError, match="There is no bundle here"):
        said("table", tmp_path)
    with pytest.raises(FaultsError, match="2023, 2024, 2025"):
        said("table", county.folder, "--year", 1999)
    with pytest.raises(UsageError, match="This bundle is of 2024"):
        said("table", county.bundle(2024), "--year", 2023)
    for args in (["compare", county.bundle(2024)], ["compare", county.bundle(2024), county.bundle(2025), "--level", "town"]):
        with pytest.raises(UsageError, match="second bundle"):
            said(*args)
    for spread in ("much", "NaN", "2"):
        with pytest.raises(UsageError, match="spread"):
            said("sensitivity", county.bundle(2024), "--spread", spread)
    with pytest.raises(UsageError):
        said("rules", "no_such_rule")
