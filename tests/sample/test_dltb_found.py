"""The import of a survey finds every planted fault of the invented layer and invents none, in every format."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely

from ecocomp.land.mapping import detect
from ecocomp.land.survey import SurveyOptions, SurveyResult, survey_edition
from ecocomp.sample.dltb import FIELDS, FOUND_AS, HARMLESS, KINDS, TEXT_KINDS, Planted, compare, make_dltb


def surveyed(planted: Planted, work: Path) -> SurveyResult:
    """Import the layer with its control areas and the outline of the county."""
    mapping, faults = detect(FIELDS)
    assert mapping is not None and not faults
    totals = {unit: round(m2 * 100) for unit, m2 in planted.units.items()}
    return survey_edition(
        planted.path, work, replace(mapping, totals_dm2=totals), SurveyOptions(region=shapely.from_wkb(planted.region))
    )


def told(result: SurveyResult) -> list[tuple[str, str]]:
    return [(fault.code, fault.record) for fault, _ in result.faults.rows()]


def test_every_kind_has_a_name_in_the_report() -> None:
    assert set(FOUND_AS) == {*KINDS, *TEXT_KINDS} - HARMLESS


def test_twenty_thousand_patches_with_faults_all_found_none_invented(tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "in", 20_000, 2026)
    result = surveyed(planted, tmp_path / "work")
    found = compare(planted, told(result))
    assert not found.missed and not found.invented
    assert result.edition is None and result.counts["rows_in"] == planted.rows
    assert Counter(f.kind for f in planted.faults if f.must == "must").keys() == set(FOUND_AS) - {"text_area"}


@pytest.mark.parametrize("form", ["shp", "gdb", "parquet"])
def test_the_same_in_every_format(tmp_path: Path, form: Any) -> None:
    planted = make_dltb(tmp_path / "in", 4_000, 11, format=form)
    found = compare(planted, told(surveyed(planted, tmp_path / "work")))
    assert not found.missed and not found.invented


@pytest.mark.parametrize("seed", range(3))
def test_without_faults_nothing_is_told_and_every_patch_comes_out(tmp_path: Path, seed: int) -> None:
    planted = make_dltb(tmp_path / "in", 3_000, seed, faults={"island": 3})
    result = surveyed(planted, tmp_path / "work")
    assert not told(result)
    assert result.edition is not None and result.counts["rows_in"] == result.counts["rows_out"] == planted.rows == 3_003
    assert abs(result.facts["area_dm2"] - round(sum(planted.units.values()) * 100)) <= planted.rows


def test_areas_in_words_are_found(tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "in", 2_000, 5, faults={"text_area": 3, "overlap": 1}, format="parquet")
    found = compare(planted, told(surveyed(planted, tmp_path / "work")))
    assert not found.missed and not found.invented


def test_a_comparison_sees_what_is_missed_and_what_is_invented(tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "in", 2_000, 5, faults={"gap": 2, "overlap": 1})
    all_told = told(surveyed(planted, tmp_path / "work"))
    gaps = {f.record for f in planted.faults if f.kind == "gap"}
    assert {f.record for f in compare(planted, [t for t in all_told if t[0] != "land.gap"]).missed} == gaps
    assert compare(planted, [*all_told, ("land.gap", "X")]).invented == [("gap", "X")]
    sound = next(f for f in planted.faults if f.kind == "overlap").record
    assert compare(planted, [*all_told, ("land.spike", sound)]).invented == [("spike", sound)]
