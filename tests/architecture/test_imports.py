"""The shape of the code: layers, the money half, cheap start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MONEY = [
    "terms",
    "registry",
    "rules",
    "ledger",
    "valuation",
    "standard",
    "agreements",
    "credits",
    "funds",
    "payments",
    "performance",
    "accounts",
    "governance",
]


def test_import_contracts(repo: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=repo, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_money_half_runs_where_no_geospatial_library_exists(repo: Path) -> None:
    """Import every module of the money half with the geospatial libraries made unimportable."""
    program = f"""
import importlib, pkgutil, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {{'rasterio','shapely','pyogrio','pyproj','geopandas','numba','scipy','matplotlib'}}:
            raise ImportError('the money half reached ' + name)
sys.meta_path.insert(0, Refuse())
for half in {MONEY!r}:
    package = importlib.import_module('ecocomp.' + half)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):
        importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv=['ecocomp','--help'];\n"
        "import ecocomp.cli.app\n"
        "heavy={'numpy','pyarrow','numba','rasterio','shapely','pyogrio','matplotlib','scipy','typst','rich'}&set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ecocomp --help loads {done.stderr}"
