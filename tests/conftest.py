"""What every test may use: the shared real data where present, and a small sample county made once."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from ecocomp.rules import Parameters, RuleBook, RuleValue, policy_folder
from ecocomp.terms.text import same

settings.register_profile("same", derandomize=True)
settings.register_profile("search", derandomize=False)
settings.load_profile("same")
"""Properties try the same examples in every run; ``pytest --hypothesis-profile=search`` looks for new ones."""
ROOT = Path(__file__).resolve().parent.parent


def _shared() -> Path | None:
    named = os.environ.get("ECOCOMP_SHARED_DATA")
    for place in (Path(named) if named else None, ROOT.parent / "shared" / "data"):
        if place and place.is_dir():
            return place
    return None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    place = _shared()
    if place is None:
        pytest.skip("the real data folder is not here (set ECOCOMP_SHARED_DATA to its path)")
    return place


@pytest.fixture
def repo() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def policy_book() -> RuleBook:
    """The dated rules that ship with ecocomp."""
    return RuleBook.load([policy_folder()], check=False)


@pytest.fixture(scope="session")
def given_rules(policy_book: RuleBook) -> Callable[..., Parameters]:
    """Make parameters from values written in a test: `given_rules({key: value}, units={key: unit}, place=None, on=date)`.

    With a place, the values stand over the rules that ship; without one they are all there is. A number may be a
    string, or a (low, value, high) of strings; the unit "text" keeps a string that looks like a number a text.
    """

    def make(
        values: dict[str, Any], *, units: dict[str, str] | None = None, place: str | None = None, on: date = date(2024, 12, 31)
    ) -> Parameters:
        made = [_value(key, value, (units or {}).get(key, "CNY/ha/a"), place or "here") for key, value in values.items()]
        book = RuleBook([*(policy_book.values() if place else ()), *made], policy_book.places)
        return Parameters(book, tuple(policy_book.chain(place)) if place else ("here",), on, date(2030, 1, 1))

    return make


def _value(key: str, value: Any, unit: str, place: str) -> RuleValue:
    low, mid, high = value if isinstance(value, tuple) else (value, value, value)
    kind = "table" if isinstance(mid, dict) else "list" if isinstance(mid, list) else "number"
    if kind == "table":
        low, mid, high = ({str(k): Decimal(str(x)) for k, x in t.items()} for t in (low, mid, high))
    elif unit == "text":
        kind = "text"
    elif kind == "number":
        try:
            low, mid, high = (Decimal(str(x)) for x in (low, mid, high))
        except ArithmeticError:
            kind = "text"
    return RuleValue(
        key,
        same(key),
        unit,
        kind,
        place,
        mid,
        low,
        high,
        date(1900, 1, 1),
        None,
        date(1900, 1, 1),
        "given in the test",
        "",
        "S",
        None,
        "",
        "given",
        0,
        "",
        layer=9,
    )


# ---------------------------------------------------------------- the sample county, made and run once, for whole-program tests
@dataclass(frozen=True)
class County:
    """A sample county that has been run: read it, never write in it."""

    folder: Path

    def bundle(self, year: int) -> Path:
        """The sealed bundle of a year."""
        return self.folder / "bundles" / str(year)

    def rows(self, year: int, table: str) -> list[dict[str, Any]]:
        """The rows of a table of a year's bundle."""
        import pyarrow.parquet as pq

        found: list[dict[str, Any]] = pq.ParquetFile(self.bundle(year) / "tables" / f"{table}.parquet").read().to_pylist()
        return found

    def root(self, year: int) -> str:
        """The checkpoint of a year."""
        return (self.bundle(year) / "checkpoint").read_text(encoding="utf-8")


def ecocomp_command(*args: Any) -> list[str]:
    """The command line that runs ecocomp in a process of its own."""
    return [sys.executable, "-m", "ecocomp", *map(str, args)]


@pytest.fixture(scope="session")
def ecocomp() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `ecocomp ...` in a process of its own and return what came of it; a traceback fails the test."""

    def run(*args: Any, lang: str | None = "en", cwd: Path | None = None, **more: Any) -> subprocess.CompletedProcess[str]:
        command = ecocomp_command(*args, *(["--lang", lang] if lang else []))
        env = dict(os.environ) | more.pop("env", {})
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd, env=env, **more)
        assert "Traceback" not in done.stderr, f"{' '.join(command)}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory, ecocomp: Callable[..., subprocess.CompletedProcess[str]]) -> County:
    """The invented county with 200 parcels and its three bundles, shared by every worker of a test session."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "county-200"
    with open(place.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "bundles" / "2025" / "checkpoint").is_file():
            done = ecocomp("demo", place, "--parcels", 200)
            assert done.returncode == 0, done.stderr
    return County(place)


@pytest.fixture
def county_copy(county: County, tmp_path: Path) -> Callable[..., Path]:
    """Copy the county for a test that changes it: with its cache of inputs unless told, with its bundles if told."""

    def copy(name: str = "case", *, cache: bool = True, bundles: bool = False) -> Path:
        target = tmp_path / name
        target.mkdir()
        shutil.copy(county.folder / "case.toml", target)
        shutil.copytree(county.folder / "inputs", target / "inputs")
        if cache:
            shutil.copytree(county.folder / ".ecocomp", target / ".ecocomp", ignore=shutil.ignore_patterns("work", "lock"))
        if bundles:
            shutil.copytree(county.folder / "bundles", target / "bundles")
        return target

    return copy
