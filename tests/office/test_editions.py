"""An edition is adopted with its file or not at all."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ecocomp.io.files import sha256_of
from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.cadastre import operations
from ecoweb.cadastre.operations import MARK, adopt_edition, check_editions
from ecoweb.cadastre.queries import edition_file, edition_in_force, parcel
from ecoweb.office import Office
from ecoweb.records.queries import rows

from .conftest import Offices, edition

WHO = {"actor": "u:a", "reason": "建库"}


def staged(tmp_path: Path, said: str = "a parquet file") -> Path:
    file = tmp_path / f"{abs(hash(said))}.parquet"
    file.write_text(said)
    return file


def test_file_and_row_go_together(office: Office, tmp_path: Path) -> None:
    file = staged(tmp_path)
    print_of = sha256_of(file)
    change = adopt_edition(office, file, edition(), **WHO)
    assert change.act == "edition.adopt"
    assert not file.exists()
    (row,) = edition_in_force(office).to_pylist()
    assert (row["fingerprint"], row["path"]) == (print_of, "editions/parcel-2024/edition.parquet")
    assert edition_file(office, row).read_text() == "a parquet file"
    assert check_editions(office) == []


def test_faults_leave_neither(office: Office, tmp_path: Path) -> None:
    def code(row: dict[str, object], file: Path) -> str:
        with pytest.raises(FaultsError) as caught:
            adopt_edition(office, file, row, **WHO)
        assert list(office.editions.glob("*")) == kept or not kept
        return caught.value.faults[0].code

    kept: list[Path] = []
    file = staged(tmp_path)
    assert code(edition(kind="roads"), file) == "records.code"
    assert code(edition(valid_to=date(2000, 1, 1)), file) == "records.interval"
    assert code(edition(fingerprint="0" * 64), file) == "cadastre.edition_altered"
    assert code(edition(), tmp_path / "none") == "cadastre.no_file"
    for id in ("../up", "", ".hidden", "a/b"):
        with pytest.raises(UsageError):
            adopt_edition(office, file, edition(id), **WHO)
    assert file.exists()
    assert len(rows(office, "edition")) == 0
    assert [p.name for p in office.editions.iterdir() if p.is_dir()] == []
    adopt_edition(office, file, edition(), **WHO)
    kept = sorted(office.editions.glob("*"))
    assert code(edition(), staged(tmp_path, "other")) == "cadastre.edition_exists"
    assert code(edition(), staged(tmp_path)) == "cadastre.edition_exists"
    assert check_editions(office) == []


def test_what_a_killed_adoption_left_is_swept_and_nothing_else(offices: Offices, tmp_path: Path) -> None:
    place, _ = offices.fresh()
    office = offices.open(place)
    adopt_edition(office, staged(tmp_path), edition(), **WHO)
    for name in (".half.part", "orphan", "mine"):
        (office.editions / name).mkdir()
        (office.editions / name / "edition.parquet").write_text("x")
    (office.editions / "orphan" / MARK).touch()
    (office.editions / "parcel-2024" / MARK).touch()  # killed after the commit
    offices.open(place)
    assert sorted(p.name for p in office.editions.iterdir() if p.is_dir()) == ["mine", "parcel-2024"]
    assert [p.name for p in (office.editions / "parcel-2024").iterdir()] == ["edition.parquet"]
    assert [(f.code, f.record) for f in check_editions(office)] == [("cadastre.edition_unregistered", "mine")]
    (office.editions / "parcel-2025").mkdir()
    (office.editions / "parcel-2025" / MARK).touch()
    adopt_edition(office, staged(tmp_path, "b"), edition("parcel-2025"), **WHO)  # what was left of its own name is in no one's way
    assert not (office.editions / "parcel-2025" / MARK).exists()


def test_an_older_database_costs_no_edition(offices: Offices, tmp_path: Path) -> None:
    """A database put back from a backup, or another office's, names fewer editions: their files stay and are told."""
    place, _ = offices.fresh()
    older, _ = offices.fresh()
    office = offices.open(place)
    change = adopt_edition(office, staged(tmp_path), edition(), **WHO)
    kept = sha256_of(office.editions / "parcel-2024" / "edition.parquet")
    shutil.copytree(place / "editions", older / "editions", dirs_exist_ok=True)
    again = offices.open(older)
    assert sha256_of(again.editions / "parcel-2024" / "edition.parquet") == kept
    assert [f.code for f in check_editions(again)] == ["cadastre.edition_unregistered"]
    with pytest.raises(FaultsError) as caught:
        adopt_edition(again, staged(tmp_path, "other"), edition(), **WHO)
    assert caught.value.faults[0].code == "cadastre.edition_unregistered"
    assert adopt_edition(again, staged(tmp_path), edition(), **WHO).seq == change.seq
    assert check_editions(again) == []


def test_a_staged_file_that_changes_is_not_published(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = staged(tmp_path)
    there = operations._there_already

    def rewritten(*given: Any) -> Any:
        file.write_text("of another import")
        return there(*given)

    monkeypatch.setattr(operations, "_there_already", rewritten)
    with pytest.raises(FaultsError) as caught:
        adopt_edition(office, file, edition(), **WHO)
    assert caught.value.faults[0].code == "cadastre.staged_changed"
    assert check_editions(office) == []
    assert len(rows(office, "edition")) == 0


def test_a_file_changed_or_lost_is_found(office: Office, tmp_path: Path) -> None:
    adopt_edition(office, staged(tmp_path), edition(), **WHO)
    (row,) = edition_in_force(office).to_pylist()
    file = edition_file(office, row)
    file.chmod(0o644)
    file.write_text("another")
    assert [f.record for f in check_editions(office)] == ["parcel-2024"]
    file.unlink()
    assert [f.code for f in check_editions(office)] == ["cadastre.edition_altered"]
    with pytest.raises(FaultsError) as caught:
        parcel(office, "P1", on=date(2024, 6, 1))
    assert caught.value.faults[0].code == "cadastre.edition_file"
