"""All broken files are made once and opened once, in one worker; the tests read what came of each."""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ecocomp.io.worker import Answer, Job, Limits, SheetsJob, TableJob, VectorJob, Worker

from . import broken

BOUND_S = 20.0
JOBS: dict[str, Any] = {"vector": VectorJob, "table": TableJob, "sheets": SheetsJob}
State = dict[str, tuple[int, str]]


@dataclass(slots=True)
class Opened:
    """What came of one file: the answer, or the traceback of an error that should not be."""

    broken: broken.Broken
    job: str
    path: Path | str
    answer: Answer | None = None
    error: str = ""
    notes: list[str] = field(default_factory=list)


def everything() -> list[broken.Broken]:
    """Return the catalogue, files broken in two ways, and files changed by chance."""
    return [*broken.CATALOGUE.values(), *broken.pairs(120), *broken.fuzz(10)]


def state_of(folder: Path) -> State:
    """Return mode and hash of every file below a folder; links by what they say."""
    out: State = {}
    for place in sorted(folder.rglob("*")):
        info = place.lstat()
        if place.is_symlink():
            out[str(place)] = (info.st_mode, os.readlink(place))
        elif place.is_file():
            out[str(place)] = (info.st_mode, hashlib.sha256(place.read_bytes()).hexdigest())
        else:
            out[str(place)] = (info.st_mode, "")
    return out


@dataclass(slots=True)
class Session:
    """All files opened; the state of everything around them before and after."""

    opened: dict[str, Opened]
    before: State
    after: State
    out: Path


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Make and open every broken file."""
    root = tmp_path_factory.mktemp("hostile")
    bases = broken.make_bases(root / "sound")
    files = root / "files"
    waiting: list[Opened] = []
    for n, one in enumerate(everything()):
        path = broken.copy_of(bases[one.base], files / f"{n:04d}")
        made = one.mutate(path)
        waiting += [Opened(one, kind, made if isinstance(made, str | Path) else path) for kind in one.jobs]
    here = os.getcwd()
    (root / "work").mkdir()
    os.chdir(root / "work")
    before = state_of(root)
    try:
        with Worker(Limits(memory_bytes=1 << 30, cpu_s=int(BOUND_S), wall_s=BOUND_S, output_bytes=1 << 30, parallel=2)) as worker:
            _open(worker, waiting, root / "out")
    finally:
        os.chdir(here)
    after = {k: v for k, v in state_of(root).items() if not k.startswith(str(root / "out"))}
    opened = {f"{o.broken.id} ({o.job})": o for o in waiting}
    assert len(opened) == len(waiting)
    yield Session(opened, before, after, root / "out")


def _open(worker: Worker, waiting: list[Opened], out: Path) -> None:
    """Open all files; where the run itself fails, one by one, to find which."""
    jobs: list[Job] = [JOBS[o.job](f"n{n:04d}", o.path) for n, o in enumerate(waiting)]
    for start in range(0, len(jobs), 100):
        some = slice(start, start + 100)
        try:
            answers: list[Answer | None] = list(worker.run(jobs[some], out))
        except Exception:
            answers = [_one(worker, job, o, out) for job, o in zip(jobs[some], waiting[some], strict=True)]
        for o, answer in zip(waiting[some], answers, strict=True):
            o.answer = answer


def _one(worker: Worker, job: Job, opened: Opened, out: Path) -> Answer | None:
    try:
        return worker.run([job], out)[0]
    except Exception:
        opened.error = traceback.format_exc()
        return None
