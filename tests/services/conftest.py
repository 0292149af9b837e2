"""A small invented county on a raster: layers, wind and parcels that the tests of services share."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ecocomp.rules import Parameters, RuleBook, policy_folder


@pytest.fixture(scope="session")
def params() -> Callable[..., Parameters]:
    """Return parameters of a place at the end of 2023, with values laid over them."""
    book = RuleBook.read([policy_folder()])[0]

    def resolve(place: str = "990121", **changes: Any) -> Parameters:
        from dataclasses import replace

        made = book.resolve(place, date(2023, 12, 31), date(2024, 12, 31))
        for key, value in changes.items():
            name = key.replace("__", ".")
            found = made.get(name)
            ends = (value, value) if not isinstance(value, tuple) else value[1:]
            mid = value[0] if isinstance(value, tuple) else value
            made.used[name] = replace(found, value=mid, low=ends[0], high=ends[1])
        return made

    return resolve


@pytest.fixture(scope="session")
def fused(request: pytest.FixtureRequest) -> ModuleType:
    """The benchmark module, whose scene and plain NumPy formulas serve as an independent check."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "fused.py"
    spec = importlib.util.spec_from_file_location("benchmarks_fused", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["benchmarks_fused"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def scene(fused: ModuleType) -> Any:
    """A county of 90 × 90 cells with 100 parcels of 9 × 9 cells."""
    return fused.make_scene(90)
