"""What every test may use: the shared real data where present, and a small sample county made once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
