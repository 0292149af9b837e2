"""Results never go over what is read, into a sealed bundle, or into an office."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecocomp.cli.auction import auction
from ecocomp.cli.options import may_write
from ecocomp.cli.target import target
from ecocomp.terms.faults import UsageError

BIDS = "id,bidder,area_ha,price_yuan\nb1,H1,1,100\n"


@pytest.fixture
def bids(tmp_path: Path) -> Path:
    path = tmp_path / "bids.csv"
    path.write_text(BIDS, encoding="utf-8")
    return path


def test_sealed_bids_are_never_overwritten(bids: Path, tmp_path: Path) -> None:
    link, twin, round_about = tmp_path / "link.csv", tmp_path / "twin.csv", tmp_path / "x" / ".." / "bids.csv"
    link.symlink_to(bids)
    os.link(bids, twin)
    (tmp_path / "x").mkdir()
    for out in (bids, link, twin, round_about):
        for command in (auction, target):
            done = CliRunner().invoke(command, [str(bids), "--budget", "1000", "--out", str(out)])
            assert isinstance(done.exception, UsageError), (command.name, out)
            assert bids.read_text(encoding="utf-8") == BIDS


def test_where_results_may_go(tmp_path: Path) -> None:
    office, bundle, case = tmp_path / "office", tmp_path / "run" / "2025", tmp_path / "case"
    for folder, mark in ((office, "office.toml"), (bundle, "bundle.json"), (case, "case.yaml")):
        folder.mkdir(parents=True)
        (folder / mark).write_text("", encoding="utf-8")
    for wrong in (
        office / "office.sqlite3-wal",
        office / "bank" / "x.csv",
        office,
        bundle / "tables" / "a.parquet",
        case / "case.yaml",
    ):
        with pytest.raises(UsageError):
            may_write(wrong, case)
    for good in (office / "reports" / "a.csv", case / "simulated", tmp_path / "run" / "a.csv", None):
        may_write(good, case)
