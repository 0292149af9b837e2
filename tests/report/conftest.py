"""The synthetic bundle, made once and built once for all tests of the report."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ecocomp.report.build import build_report
from ecocomp.report.maps import MapBase


def _maker() -> ModuleType:
    name = "report_synthetic"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("synthetic.py"))
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """The maker of the synthetic bundle."""
    return _maker()


@pytest.fixture(scope="session")
def built(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MapBase]:
    """A bundle of 400 parcels with its report, and the map base it was built on."""
    folder = tmp_path_factory.mktemp("county") / "bundle"
    folder.mkdir()
    base = synthetic.make(folder, 400)
    build_report(folder, base, folder / "previous")
    return folder, base
