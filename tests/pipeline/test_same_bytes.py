"""Equal inputs give equal bundles to the bit, wherever and with however many threads; and the two clocks."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Copy = Callable[..., Path]
YEARS = (2023, 2024, 2025)


def roots(bundles: Path) -> dict[str, str]:
    return {p.name: (p / "checkpoint").read_text(encoding="utf-8") for p in sorted(bundles.iterdir()) if p.name.isdigit()}


def rows(bundle: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.ParquetFile(bundle / "tables" / f"{table}.parquet").read().to_pylist()
    return found


def test_the_same_seed_gives_the_same_bytes_in_another_folder_with_one_thread(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    other = tmp_path / "别处 elsewhere"
    done = ecocomp("demo", other, "--parcels", 200, lang="zh", env={"NUMBA_NUM_THREADS": "1", "TZ": "Asia/Shanghai", "LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    assert roots(other / "bundles") == {str(y): county.root(y) for y in YEARS}


def test_another_seed_gives_another_county(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    from ecocomp.sample.county import make_county

    make_county(tmp_path / "other", parcels=200, seed=7)
    done = ecocomp("run", tmp_path / "other", "--year", 2023)
    assert done.returncode == 0, done.stderr
    assert roots(tmp_path / "other" / "bundles")["2023"] != county.root(2023)


def test_computing_a_year_again_gives_the_same_bytes_and_leaves_nothing_behind(county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy(bundles=True)
    before = sorted(p.name for p in case.iterdir())
    done = ecocomp("verify", case / "bundles" / "2024", "--rerun")
    assert done.returncode == 0, done.stderr
    assert "Computed again: the same bytes" in done.stdout
    assert sorted(p.name for p in case.iterdir()) == before


def test_a_changed_input_is_named_before_anything_is_computed(county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy(bundles=True)
    path = case / "inputs" / "economy.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("335000", "335001"), encoding="utf-8")
    (case / "inputs" / "wind.csv").unlink()
    done = ecocomp("verify", case / "bundles" / "2023", "--rerun")
    assert done.returncode == 1
    assert "economy.csv" in done.stderr and "wind.csv" in done.stderr and "elevation.tif" not in done.stderr
    assert ecocomp("verify", case / "bundles" / "2023").returncode == 0


def test_a_second_run_changes_nothing_and_today_is_the_default(county: Any, county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy(bundles=True)
    stamps = {p: p.stat().st_mtime_ns for p in (case / "bundles").rglob("*")}
    done = ecocomp("run", case, "--known", "2026-06-30")
    assert done.returncode == 0, done.stderr
    assert {p: p.stat().st_mtime_ns for p in (case / "bundles").rglob("*")} == stamps
    assert roots(case / "bundles") == {str(y): county.root(y) for y in YEARS}


@pytest.fixture(scope="module")
def as_known(county: Any, tmp_path_factory: pytest.TempPathFactory, ecocomp: Run) -> Path:
    """The bundles as they would have been on the day before the correction of 2024 was recorded."""
    place = tmp_path_factory.mktemp("known") / "case"
    place.mkdir()
    shutil.copyfile(county.folder / "case.toml", place / "case.toml")
    shutil.copytree(county.folder / "inputs", place / "inputs", copy_function=os.link)
    done = ecocomp("run", place, "--known", "2024-07-08", "--year", 2023, "--year", 2024)
    assert done.returncode == 0, done.stderr
    return place / "bundles"


def late(county: Any, table: str, known: str) -> list[dict[str, str]]:
    """Rows of a register that were recorded, or withdrawn, after a day."""
    with open(county.folder / "inputs" / f"{table}.csv", encoding="utf-8", newline="") as file:
        return [r for r in csv.DictReader(file) if r["known_from"] > known or (r["known_to"] and r["known_to"] > known)]


def test_an_earlier_known_date_changes_exactly_what_was_recorded_later(county: Any, as_known: Path) -> None:
    """In 2024 the transfer of 1 June, recorded on 9 July, moves one parcel to another holder; all else is the same."""
    corrected = {r["parcel_id"] for n in ("right", "contract") for r in late(county, n, "2024-07-08")}
    assert corrected

    def payees(bundle: Path) -> dict[tuple[str, str], tuple[int, str]]:
        return {(e["parcel_id"], e["holder_id"]): (e["gross_fen"], e["state"]) for e in rows(bundle, "entitlement")}

    now, then = payees(county.bundle(2024)), payees(as_known / "2024")
    differing = {k[0] for k in now.keys() | then.keys() if now.get(k) != then.get(k)}
    assert differing and differing <= corrected
    [parcel] = differing
    [change] = [r for r in late(county, "right", "2024-07-08") if r["parcel_id"] == parcel and r["valid_from"] == "2024-06-01"]
    assert {h for p, h in now if p == parcel} - {h for p, h in then if p == parcel} == {change["holder_id"]}
    assert {p for p, _ in now} == {p for p, _ in then}


def test_what_does_not_depend_on_rights_is_the_same_at_any_known_date(county: Any, as_known: Path) -> None:
    for table in ("parcel", "parcel_zone", "service", "observation", "land_account", "standard"):
        for year in (2023, 2024):
            assert rows(as_known / str(year), table) == county.rows(year, table), (table, year)
    facts = json.loads((as_known / "2024" / "bundle.json").read_text(encoding="utf-8"))
    assert facts["known_on"] == "2024-07-08"
