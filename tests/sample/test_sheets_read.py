"""The import of clerks' sheets finds every planted fault of the invented workbook, invents none, and reads all the rest."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest

from ecocomp.land.survey import survey_edition
from ecocomp.sample.dltb import make_dltb
from ecocomp.sample.sheets import FOUND_AS, KINDS, PlantedSheets, edition_parcels, invented_parcels, make_sheets
from ecocomp.tenure.sheets import SheetOptions, SheetResult, read_sheets


def read(made: PlantedSheets, work: Path, ground: dict[str, list[tuple[str, int]]]) -> SheetResult:
    """Read the workbook against the parcels of the villages."""
    rows = [(code, dm2, village) for village, parcels in ground.items() for code, dm2 in parcels]
    parcels = pa.table({n: [r[k] for r in rows] for k, n in enumerate(("parcel_id", "area_dm2", "village_code"))})
    return read_sheets([made.path], work, SheetOptions(valid_from=date(2026, 1, 1), parcels=parcels, villages=made.villages))


@pytest.mark.parametrize("seed", [5, 6])
def test_every_planted_fault_is_found_and_none_invented(tmp_path: Path, seed: int) -> None:
    made = make_sheets(tmp_path / "a.xlsx", 4, 40, seed)
    result = read(made, tmp_path / "work", invented_parcels(4, 160, seed))
    wanted = Counter(f"sheets.{FOUND_AS[f.kind]}" for f in made.faults)
    assert set(FOUND_AS) == set(KINDS) == {f.kind for f in made.faults}
    found = Counter(f.code for f in result.faults)
    assert found - wanted == Counter({"sheets.total": 1}), "only the total over the area that was changed"
    assert not wanted - found
    assert all(c.closes for c in result.counts) and sum(c.used + c.refused for c in result.counts) == made.rows
    for planted in made.faults:
        told = [f.record + f.say("en") for f in result.faults if f.code == f"sheets.{FOUND_AS[planted.kind]}"]
        assert any(planted.sheet in t and re.search(rf"(?<!\d){planted.row}(?!\d)", t) for t in told), planted


def test_what_is_only_untidy_goes_in_whole_with_exact_shares(tmp_path: Path) -> None:
    made = make_sheets(tmp_path / "a.xlsx", 3, 60, 8, faults={})
    result = read(made, tmp_path / "work", invented_parcels(3, 240, 8))
    assert not result.faults and sum(c.used for c in result.counts) == made.rows
    names = {r["party_id"]: r["name"] for r in result.registers["party"].to_pylist()}
    assert sorted(names.values()) == sorted(made.heads.values())
    shares = {(r["parcel_id"], names[r["holder_id"]]): Fraction(r["share_num"], r["share_den"])
              for r in result.registers["tenure"].to_pylist()}  # fmt: skip
    assert shares == {(parcel, made.heads[house]): share for (parcel, house), share in made.shares.items()}
    assert all(abs(r["declared_dm2"] - r["edition_dm2"]) <= 4 for r in result.declared.to_pylist())


def test_a_workbook_made_for_a_survey_edition_names_its_parcels(tmp_path: Path) -> None:
    result = survey_edition(make_dltb(tmp_path / "in", 3_000, 4, faults={}).path, tmp_path / "work")
    assert result.edition is not None
    ground = edition_parcels(result.edition.path)
    made = make_sheets(tmp_path / "a.xlsx", 2, 30, 4, faults={"unknown_parcel": 2}, parcels=ground)
    read_back = read(made, tmp_path / "sheets", ground)
    assert [f.code for f in read_back.faults] == ["sheets.unknown_parcel"] * 2
