"""A run that is killed, locked out or short of room: the old bundle stays whole, and the next run ends with the same bytes."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ecocomp.governance.bundle import checkpoint_root, verify
from ecocomp.pipeline.stages import STAGES

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Copy = Callable[..., Path]
PATIENCE_S = 120


@contextlib.contextmanager
def started(case: Path, *args: Any) -> Iterator[subprocess.Popen[str]]:
    """Start `ecocomp run` in a process group of its own; whatever is left of it is killed in the end."""
    command = [sys.executable, "-m", "ecocomp", "run", str(case), *map(str, args), "--lang", "en"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def kill_when(case: Path, seen: Callable[[], bool], *args: Any) -> bool:
    """Start a run and kill -9 it as soon as `seen()`; return whether it was still running then."""
    with started(case, *args) as process:
        deadline = time.monotonic() + PATIENCE_S
        while not seen():
            if process.poll() is not None:
                return False
            assert time.monotonic() < deadline, "the mark to kill at never came"
            time.sleep(0.002)
        alive = process.poll() is None
        process.kill()
        process.wait()
        return alive


def whole(bundle: Path, roots: set[str]) -> None:
    """Where a bundle stands it is one of the known ones, to the byte; a half-written one is never to be seen."""
    if bundle.exists():
        assert verify(bundle) == []
        assert checkpoint_root(bundle) in roots


@pytest.fixture(scope="module")
def old_bundle(county: Any, tmp_path_factory: pytest.TempPathFactory, ecocomp: Run) -> Path:
    """A bundle of 2023 made from what was known earlier: what stands in place when the new run starts."""
    place = tmp_path_factory.mktemp("old") / "case"
    place.mkdir()
    shutil.copyfile(county.folder / "case.toml", place / "case.toml")
    shutil.copytree(county.folder / "inputs", place / "inputs", copy_function=os.link)
    shutil.copytree(county.folder / ".ecocomp", place / ".ecocomp", ignore=shutil.ignore_patterns("work", "lock"))
    done = ecocomp("run", place, "--year", 2023, "--known", "2023-12-09")
    assert done.returncode == 0, done.stderr
    assert checkpoint_root(place / "bundles" / "2023") != checkpoint_root(county.bundle(2023))
    return place / "bundles" / "2023"


def test_a_kill_after_every_stage_and_while_publishing(county: Any, county_copy: Copy, old_bundle: Path, ecocomp: Run) -> None:
    """One chain: each start is killed one stage further on; the old bundle verifies after each kill, the last run ends as if alone."""
    case = county_copy()
    bundle = case / "bundles" / "2023"
    shutil.copytree(old_bundle, bundle)
    roots = {checkpoint_root(old_bundle), checkpoint_root(county.bundle(2023))}
    work = case / ".ecocomp" / "work" / "2023"
    killed = []
    for stage, _ in STAGES[:-1]:
        mark = work / stage / "done.json"
        if mark.exists():  # an earlier run got past this stage before the kill reached it
            continue
        if kill_when(case, mark.exists, "--year", 2023):
            killed.append(stage)
        whole(bundle, roots)
        assert checkpoint_root(bundle) == checkpoint_root(old_bundle)
    assert len(killed) >= 6
    staged = case / "bundles" / ".2023.staged"
    for mark in (staged / "tables", staged / "report", staged / "manifest.json"):
        assert kill_when(case, mark.exists, "--year", 2023) or mark.name == "manifest.json"
        whole(bundle, roots)
    done = ecocomp("run", case, "--year", 2023)
    assert done.returncode == 0, done.stderr
    assert checkpoint_root(bundle) == checkpoint_root(county.bundle(2023)) and verify(bundle) == []
    assert not staged.exists() and not work.exists()


def test_a_kill_in_the_middle_of_a_stage(county: Any, county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy()
    work = case / ".ecocomp" / "work" / "2023"
    for stage in ("assess", "pay"):
        kill_when(case, (work / f".{stage}.part").exists, "--year", 2023)
        assert not (case / "bundles" / "2023").exists()
    done = ecocomp("run", case, "--year", 2023)
    assert done.returncode == 0, done.stderr
    assert checkpoint_root(case / "bundles" / "2023") == checkpoint_root(county.bundle(2023))
    assert not list((case / ".ecocomp").rglob("*.part"))


def test_a_kill_while_the_inputs_are_taken_in(county: Any, county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy(cache=False)
    cache = case / ".ecocomp"
    assert kill_when(case, (cache / "taking-in").exists, "--year", 2023)
    assert kill_when(case, lambda: any((cache / "inputs").glob("*/answer.json")), "--year", 2023)
    done = ecocomp("run", case, "--year", 2023)
    assert done.returncode == 0, done.stderr
    assert checkpoint_root(case / "bundles" / "2023") == checkpoint_root(county.bundle(2023))
    assert not (cache / "taking-in").exists()


def test_two_runs_at_once(county: Any, county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy()
    with started(case, "--year", 2023) as first:
        lock = case / ".ecocomp" / "lock"
        deadline = time.monotonic() + PATIENCE_S
        while not (lock.exists() and lock.read_text().strip() == str(first.pid)):
            assert first.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        os.kill(first.pid, signal.SIGSTOP)  # holds the lock for as long as the second one needs
        try:
            zh, en = ecocomp("run", case, lang="zh"), ecocomp("run", case, lang="en")
        finally:
            os.kill(first.pid, signal.SIGCONT)
        for second in (zh, en):
            assert second.returncode == 1 and str(first.pid) in second.stderr
        assert "正在使用" in zh.stderr and "is working in this folder" in en.stderr
        _, err = first.communicate(timeout=PATIENCE_S)
        assert first.returncode == 0, err
    assert checkpoint_root(case / "bundles" / "2023") == checkpoint_root(county.bundle(2023))


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_files_that_may_not_grow(county: Any, county_copy: Copy, old_bundle: Path, ecocomp: Run) -> None:
    case = county_copy()
    bundle = case / "bundles" / "2023"
    shutil.copytree(old_bundle, bundle)
    for lang, words in (("zh", "文件大小受限"), ("en", "size of files is limited")):
        done = ecocomp("run", case, "--year", 2023, lang=lang, preexec_fn=small_files)
        assert done.returncode == 1 and words in done.stderr, done.stderr
        assert verify(bundle) == [] and checkpoint_root(bundle) == checkpoint_root(old_bundle)
    done = ecocomp("run", case, "--year", 2023)
    assert done.returncode == 0, done.stderr
    assert checkpoint_root(bundle) == checkpoint_root(county.bundle(2023))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MiB; only where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("this user may not mount a small disk here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=False)


def test_a_full_disk(county: Any, old_bundle: Path, tiny_disk: Path, ecocomp: Run) -> None:
    case = tiny_disk / "case"
    case.mkdir()
    shutil.copy(county.folder / "case.toml", case)
    shutil.copytree(county.folder / "inputs", case / "inputs")
    shutil.copytree(county.folder / ".ecocomp", case / ".ecocomp", ignore=shutil.ignore_patterns("work", "lock"))
    bundle = case / "bundles" / "2023"
    shutil.copytree(old_bundle, bundle)
    ballast = tiny_disk / "ballast"
    free = shutil.disk_usage(tiny_disk).free
    ballast.write_bytes(b"\1" * max(free - 700_000, 0))
    for lang, words in (("zh", "磁盘空间不足"), ("en", "disk is full")):
        done = ecocomp("run", case, "--year", 2023, lang=lang)
        assert done.returncode == 1 and words in done.stderr, done.stderr
        assert verify(bundle) == [] and checkpoint_root(bundle) == checkpoint_root(old_bundle)
    ballast.unlink()
    done = ecocomp("run", case, "--year", 2023)
    assert done.returncode == 0, done.stderr
    assert checkpoint_root(bundle) == checkpoint_root(county.bundle(2023))


def test_checks_beside_a_run_on_an_empty_cache_do_not_disturb_it(county: Any, county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy(cache=False)
    command = [sys.executable, "-m", "ecocomp", "check", str(case), "--json"]
    with started(case, "--year", 2023) as run:
        checks = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for check in checks:
            _, err = check.communicate(timeout=PATIENCE_S)
            assert check.returncode == 0, err
        _, err = run.communicate(timeout=PATIENCE_S)
        assert run.returncode == 0, err
    assert checkpoint_root(case / "bundles" / "2023") == checkpoint_root(county.bundle(2023))


def test_another_declaration_of_the_survey_makes_another_edition(county: Any, county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy()
    text = (case / "case.toml").read_text(encoding="utf-8")
    (case / "case.toml").write_text(text.replace('declared_area_m2 = "declared_area_m2"\n', ""), encoding="utf-8")
    done = ecocomp("run", case, "--year", 2023)
    assert done.returncode == 0, done.stderr
    assert checkpoint_root(case / "bundles" / "2023") != checkpoint_root(county.bundle(2023))
