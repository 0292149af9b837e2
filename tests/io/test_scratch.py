"""Folders to work in are gone at the end, or when the next one is made."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ecocomp.io.scratch import LOCK, scratch_folder, sweep_folders


def test_it_is_removed_at_the_end_and_after_an_error(tmp_path: Path) -> None:
    with scratch_folder("w-", tmp_path) as work:
        assert work.stat().st_mode & 0o777 == 0o700
        (work / "in").mkdir()
        (work / "in" / "x").write_text("x")
        (work / "in").chmod(0o500)
    with pytest.raises(RuntimeError), scratch_folder("w-", tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_killed_one_goes_with_the_next(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        with scratch_folder("w-", tmp_path) as work:
            (work / "numbers").write_text("11010519491231002X")
            (tmp_path / "ready").touch()
            time.sleep(60)
        os._exit(0)
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    (held,) = tmp_path.glob("w-*")
    sweep_folders(tmp_path, "w-")
    assert held.exists()  # its process lives
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    sweep_folders(tmp_path, "w-", unused_s=3600)
    assert held.exists()  # it may still go on
    with scratch_folder("w-", tmp_path):
        assert not held.exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / LOCK).touch()
    (tmp_path / "w-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "w-file").touch()
    (tmp_path / "w-fresh").mkdir()  # its maker may be about to lock it
    (tmp_path / "other").mkdir()
    sweep_folders(tmp_path, "w-")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "other", "w-file", "w-fresh", "w-link"]
