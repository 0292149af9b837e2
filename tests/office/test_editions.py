"""An edition is adopted with its file or not at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ecocomp.io.files import sha256_of
from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.cadastre.operations import adopt_edition, check_editions
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
    for name in (".half.part", "orphan"):
        (office.editions / name).mkdir()
        (office.editions / name / "edition.parquet").write_text("x")
    offices.open(place)
    assert sorted(p.name for p in office.editions.iterdir() if p.is_dir()) == ["parcel-2024"]
    (office.editions / "parcel-2025").mkdir()
    adopt_edition(office, staged(tmp_path, "b"), edition("parcel-2025"), **WHO)  # an orphan of its own name is in no one's way
    assert check_editions(office) == []


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
