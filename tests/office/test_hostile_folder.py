"""Offices whose making was killed, whose settings are nonsense, and results that would be written over what is read."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ecocomp.terms.clocks import end_of_day, start_of_day
from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.commands.base import target
from ecoweb.office import CONFIG, DATABASE, Office, create_office, open_office
from ecoweb.records.queries import changes, rows
from ecoweb.records.store import record

from .conftest import WHO, Delta, right


def _make(place: Path) -> None:
    os.close(2)
    create_office(place, name="x", region_code="990121").close()


def test_an_office_whose_making_was_killed_is_made_again(tmp_path: Path) -> None:
    halves = 0
    for turn in range(12):
        place = tmp_path / str(turn)
        child = multiprocessing.get_context("fork").Process(target=_make, args=(place,))
        child.start()
        until = time.monotonic() + 20
        while not (place / DATABASE).exists() and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(0.012 * turn)
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        if not (place / CONFIG).exists():
            halves += 1
            create_office(place, name="x", region_code="990121").close()
        open_office(place).close()
    assert halves


def test_an_office_that_holds_anything_is_not_made_again(tmp_path: Path) -> None:
    with create_office(tmp_path / "a", name="x", region_code="990121") as office:
        record(office, Delta(added={"tenure": [right()]}), **WHO)
    (tmp_path / "a" / CONFIG).unlink()
    with pytest.raises(FaultsError) as caught:
        create_office(tmp_path / "a", name="x", region_code="990121")
    assert caught.value.faults[0].code == "office.exists"


@pytest.mark.parametrize("line", ['zone = "x"', "zone = [1]", "zone = 99", "database_url = 5", "x = " + "[" * 50_000])
def test_settings_that_are_nonsense_are_a_sentence(tmp_path: Path, line: str) -> None:
    create_office(tmp_path / "a", name="x", region_code="990121").close()
    file = tmp_path / "a" / CONFIG
    kept = [k for k in file.read_text().splitlines() if not k.startswith("zone")]
    file.write_text("\n".join([*kept, line]))
    limit = sys.getrecursionlimit()
    with pytest.raises(FaultsError) as caught:
        open_office(tmp_path / "a")
    assert caught.value.faults[0].code == "office.config"
    assert sys.getrecursionlimit() == limit


def test_results_are_not_written_over_what_is_read_nor_into_the_office(tmp_path: Path) -> None:
    office, file = tmp_path / "office", tmp_path / "in.csv"
    (office / "reports").mkdir(parents=True)
    file.write_text("x")
    (tmp_path / "link.csv").symlink_to(file)
    shutil.copyfile(file, office / DATABASE)
    for bad in (
        file,
        tmp_path / "link.csv",
        office / DATABASE,
        office / "editions" / "x",
        office,
        office / "reports" / ".." / "a.csv",
    ):
        with pytest.raises(UsageError):
            target(bad, office, file)
    for good in (None, office / "reports" / "a.csv", tmp_path / "out.csv"):
        target(good, office, file)


def test_the_first_and_the_last_day_there_are(office: Office) -> None:
    record(office, Delta(added={"tenure": [right()]}), **WHO)
    assert len(rows(office, "tenure", on=date.max, known=date.max)) == 1
    assert len(rows(office, "tenure", on=date.min, known=date.min)) == 0
    assert len(changes(office, date.min, date.max, register="tenure")) == 1
    assert end_of_day(date(2024, 1, 1)) == start_of_day(date(2024, 1, 2)) == datetime(2024, 1, 1, 16, tzinfo=UTC)


def test_a_survey_import_works_in_a_folder_of_its_own(tmp_path: Path) -> None:
    from ecoweb.commands.survey import _own_folder

    place = tmp_path / "staging" / "survey-0123456789abcdef"
    _own_folder(place)
    assert place.stat().st_mode & 0o777 == 0o700
    (place / "clean").mkdir()
    _own_folder(place)
    assert (place / "clean").is_dir()
    place.chmod(0o777)
    _own_folder(place)
    assert list(place.iterdir()) == []
    assert place.stat().st_mode & 0o777 == 0o700
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "survey-link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FaultsError) as caught:
        _own_folder(link)
    assert caught.value.faults[0].code == "office.staging"
