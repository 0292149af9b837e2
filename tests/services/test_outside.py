"""A service of somebody else's: one file in another package, found by its entry point, used like our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODEL = '''
"""Meadow flowers: an invented service of an invented package."""

import numpy as np

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.site import Plan, Site, columns, require, table_corners
from ecocomp.terms.text import Text

SPEC = Spec(
    id="meadow_flowers",
    name=Text("草甸花卉", "meadow flowers"),
    summary=Text("草地上的花。", "Flowers on grassland."),
    unit="10^3/a",
    inputs=(Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统", "ecosystem")), Use("rain", "mm", Text("降水", "rain"))),
    arguments=(
        Argument("per_ha", "1/ha", Text("每公顷花数", "flowers on a hectare"), "f", least=0),
        Argument("area_ha", "ha", Text("面积", "area"), "A", least=0),
    ),
    parameters=(Use("services.flowers.per_ha", "1/ha", Text("每公顷花数", "flowers on a hectare")),),
    outputs=(Use("flowers", "10^3/a", Text("花", "flowers"), symbol="N"),),
    formula="N = f·A / 1000",
    references=(Reference("invented for a test", "D"),),
    examples=(Example({"per_ha": 2000.0, "area_ha": 3.0}, {"flowers": 6.0}, "arithmetic"),) * 2,
)


def evaluate(*, per_ha, area_ha):
    return {"flowers": per_ha * area_ha / 1000.0}


def prepare(site: Site) -> Plan:
    require(SPEC.id, site, {"land_cover": (1,), "rain": (1, 12)})
    per_ha = np.full((columns(site.params), 256), np.nan)
    for code, ends in table_corners(site.params, "services.flowers.per_ha", 1).items():
        per_ha[:, int(code)] = ends

    def fill(strip, first, last, out):
        cells = slice(first * strip.width, last * strip.width)
        wet = strip.layer("rain")[:, cells].sum(axis=0)
        out[:, cells] = per_ha[:, strip.layer("land_cover")[0, cells]] / 1000.0 * np.where(wet > 0, 1.0, wet)
        return 0

    return Plan(("land_cover", "rain"), "counted", fill)
'''
RULES = """parameters:
  - key: services.flowers.per_ha
    name: {zh: 每公顷花数, en: flowers on a hectare}
    unit: 1/ha
    kind: table
    values:
      - value: {31: 9000, 32: 4000, 33: 3000}
        low: {31: 8000, 32: 3000, 33: 2000}
        high: {31: 9500, 32: 5000, 33: 4000}
        document: invented for a test
        confidence: S
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package as pip would lay it down: one module, and the entry point that names it."""
    place = tmp_path / "site"
    info = place / "flowers_of_others-1.0.dist-info"
    info.mkdir(parents=True)
    (place / "flowers_of_others").mkdir()
    (place / "flowers_of_others" / "__init__.py").touch()
    (place / "flowers_of_others" / "meadow_flowers.py").write_text(MODEL, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flowers-of-others\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ecocomp]\nservices.models.meadow_flowers = flowers_of_others.meadow_flowers\n")
    return place


def command(package: Path, *args: Any) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ) | {"PYTHONPATH": str(package)}
    return subprocess.run(
        [sys.executable, "-m", "ecocomp", *map(str, args), "--lang", "en"], capture_output=True, text=True, env=env, timeout=300
    )


def test_it_is_listed_described_and_tried(package: Path) -> None:
    listed = json.loads(command(package, "list", "services", "--json").stdout)
    assert any(r["id"] == "meadow_flowers" and r["name_zh"] == "草甸花卉" for r in listed)
    assert "flowers_of_others" not in command(package, "describe", "meadow_flowers").stderr
    told = command(package, "try", "meadow_flowers", "f=2000", "A=3")
    assert "N = 2000·3 / 1000 = 6" in told.stdout, told.stderr


def test_a_year_runs_with_it(package: Path, county_copy: Callable[..., Path]) -> None:
    import pyarrow.parquet as pq

    case = county_copy()
    text = (case / "case.toml").read_text(encoding="utf-8")
    start = text.index("services = [")
    text = text[:start] + 'services = ["meadow_flowers", "soil_retention"]' + text[text.index("]", start) + 1 :]
    (case / "case.toml").write_text(text + '\n[rules]\nfolders = ["own"]\n', encoding="utf-8")
    rules = case / "own" / "990121" / "services"
    rules.mkdir(parents=True)
    (rules / "flowers.yaml").write_text(RULES, encoding="utf-8")
    done = command(package, "run", case, "--year", "2023")
    assert done.returncode == 0, done.stderr
    rows = pq.ParquetFile(case / "bundles" / "2023" / "tables" / "service.parquet").read().to_pylist()
    mine = [r for r in rows if r["service"] == "meadow_flowers" and r["quantity"] is not None]
    assert mine and all(r["low"] <= r["quantity"] <= r["high"] and r["unit"] == "10^3/a" for r in mine)
    assert any(r["quantity"] > 0 for r in mine) and {r["service"] for r in rows} == {"meadow_flowers", "soil_retention"}
    assert "Traceback" not in done.stderr


def test_a_broken_package_is_named_in_a_sentence(package: Path) -> None:
    module = package / "flowers_of_others" / "meadow_flowers.py"
    for text in ("import nothing_of_this_name\n", "def broken(:\n", "SPEC = 3\n"):
        module.write_text(text, encoding="utf-8")
        done = command(package, "list", "services")
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert "flowers-of-others" in done.stderr and "meadow_flowers" in done.stderr
