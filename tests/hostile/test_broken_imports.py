"""Broken files through the commands of the office: words and an exit status, and the registers stay as they were."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ecocomp.io.worker import Limits, Worker

from . import broken
from .conftest import BOUND_S

pytestmark = pytest.mark.xdist_group("hostile")
Run = Callable[..., tuple[int, str, str]]
_SKIP = ("/path ", "twenty million", "hundred thousand", "grows a thousandfold", "bomb", "twenty megabytes", "nine megabytes")
REFUSED = [b for b in broken.CATALOGUE.values() if b.must == "refuse" and not any(s in b.id for s in _SKIP)]
ALWAYS = ("bytes in a text column", "text that is not UTF-8", "text with wrong bytes", "NaN", "infinite", "1e308", "zip:")
STEP = 1 if os.environ.get("ECOCOMP_ALL_HOSTILE") else 5
"""Every fifth file goes through the commands, all of them with ECOCOMP_ALL_HOSTILE=1; all go through the worker always."""


def some(files: list[broken.Broken]) -> list[str]:
    """Return every fifth, and those that once did harm."""
    return [b.id for n, b in enumerate(files) if n % STEP == 0 or any(a in b.id for a in ALWAYS)]


LAYERS = [b for b in REFUSED if b.jobs == ("vector",)]
SHEETS = [b for b in REFUSED if "sheets" in b.jobs]
DOUBTFUL = [
    b for b in broken.CATALOGUE.values() if b.must == "either" and b.jobs == ("vector",) and not any(s in b.id for s in _SKIP)
]


class _Shared:
    """Stands where the library starts a worker of its own: the one worker of this session, and it is not ended."""

    worker: Worker

    def __init__(self, limits: Limits | None = None) -> None:
        pass

    def __enter__(self) -> Worker:
        return self.worker

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, *args: Any) -> Any:
        return self.worker.run(*args)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def shared() -> Iterator[Worker]:
    with Worker(Limits(memory_bytes=1 << 30, cpu_s=int(BOUND_S), wall_s=BOUND_S, output_bytes=1 << 30, parallel=2)) as worker:
        _Shared.worker = worker
        yield worker


@pytest.fixture
def run(shared: Worker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ecocomp …` in this process; an exception that is no exit is a failure by itself."""
    from ecocomp.cli.app import run as command
    from ecocomp.io import worker
    from ecocomp.land import survey

    for module in (worker, survey):
        monkeypatch.setattr(module, "Worker", _Shared)

    def call(*args: Any) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ecocomp", *map(str, args)])
        status = 0
        try:
            command()
        except SystemExit as stop:
            status = int(stop.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return broken.make_bases(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, bases: dict[str, Path]) -> Path:
    """An office that holds one edition, made by the command itself."""
    import subprocess

    folder = tmp_path_factory.mktemp("office") / "office"
    done = subprocess.run(
        [sys.executable, "-m", "ecocomp", "survey", "import", str(bases["gpkg"]), "--office", str(folder), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def register_state(office: Path) -> dict[str, str]:
    """Return a hash of every table of the office and of every edition."""
    out: dict[str, str] = {}
    db = sqlite3.connect(f"file:{office / 'office.sqlite3'}?mode=ro", uri=True)
    try:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name").fetchall():
            rows = sorted(map(repr, db.execute(f'SELECT * FROM "{name}"').fetchall()))
            out[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    finally:
        db.close()
    for file in sorted((office / "editions").rglob("*")):
        if file.is_file():
            out[str(file.relative_to(office))] = hashlib.sha256(file.read_bytes()).hexdigest()
    return out


def assert_unchanged(before: dict[str, str], office: Path) -> None:
    """The registers and the editions of the office are what they were."""
    assert register_state(office) == before


def check_words(status: int, out: str, err: str) -> dict[str, Any]:
    assert "Traceback" not in out + err, err
    assert status in (0, 1, 2)
    said: dict[str, Any] = json.loads(out) if out.strip() else {}
    return said


@pytest.mark.parametrize("id", some(LAYERS))
def test_a_layer_that_must_be_refused_leaves_the_office_as_it_was(
    run: Run, bases: dict[str, Path], office: Path, tmp_path: Path, id: str
) -> None:
    one = broken.CATALOGUE[id]
    path = broken.copy_of(bases[one.base], tmp_path / "in")
    made = one.mutate(path)
    before, began = register_state(office), time.monotonic()
    status, out, err = run("survey", "import", made if isinstance(made, str | Path) else path, "--office", office, "--json")
    said = check_words(status, out, err)
    assert status in (1, 2), said
    assert said.get("faults") or err.strip(), "a refusal says why"
    assert time.monotonic() - began < BOUND_S
    assert_unchanged(before, office)


@pytest.mark.parametrize("id", some(DOUBTFUL))
def test_a_doubtful_layer_is_checked_dry_and_every_row_is_accounted_for(
    run: Run, bases: dict[str, Path], office: Path, tmp_path: Path, id: str
) -> None:
    one = broken.CATALOGUE[id]
    path = broken.copy_of(bases[one.base], tmp_path / "in")
    made = one.mutate(path)
    before = register_state(office)
    status, out, err = run(
        "survey", "import", made if isinstance(made, str | Path) else path, "--office", office, "--dry-run", "--json"
    )
    said = check_words(status, out, err)
    counts = said.get("counts")
    if counts:
        assert counts["rows_in"] == counts["rows_out"] + counts["rows_refused"] + counts.get("rows_dropped", 0), counts
        assert (status == 0) == (counts["errors_total"] == 0), counts
    else:
        assert status in (1, 2) and (said.get("faults") or err.strip())
    assert_unchanged(before, office)


@pytest.mark.parametrize("id", some(SHEETS))
def test_sheets_that_must_be_refused_leave_the_office_as_it_was(
    run: Run, bases: dict[str, Path], office: Path, tmp_path: Path, id: str
) -> None:
    one = broken.CATALOGUE[id]
    path = broken.copy_of(bases[one.base], tmp_path / "in")
    made = one.mutate(path)
    before = register_state(office)
    status, out, err = run("tenure", "import", made if isinstance(made, str | Path) else path, "--office", office, "--json")
    check_words(status, out, err)
    assert status in (1, 2)
    assert_unchanged(before, office)
