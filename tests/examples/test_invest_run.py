"""The InVEST run: its tables become rules, the case is assessed, and with the peer's interpreter the cells are compared."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "invest_run"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example run once, with InVEST where ECOCOMP_PEERS names an interpreter."""
    out = tmp_path_factory.mktemp("invest") / "out"
    done = subprocess.run([sys.executable, str(EXAMPLE / "run.py"), str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def table(name: str) -> dict[str, dict[str, str]]:
    with (EXAMPLE / "tables" / f"{name}.csv").open(encoding="utf-8-sig") as stream:
        return {row["lucode"]: row for row in csv.DictReader(stream)}


def test_carbon_is_the_sum_of_the_invest_table(run_folder: Path) -> None:
    pools = {
        int(table("classes")[k]["ecosystem"]): sum(float(v) for c, v in row.items() if c != "lucode")
        for k, row in table("carbon_pools").items()
    }
    with rasterio.open(run_folder / "case" / "inputs" / "land_cover.tif") as file:
        codes = file.read(1)
    with rasterio.open(run_folder / "case" / "assessed" / "2020" / "rasters" / "carbon_storage.tif") as file:
        np.testing.assert_allclose(file.read(1), np.vectorize(pools.get)(codes), rtol=1e-6)


def test_everything_is_assessed_and_every_rule_names_its_table(run_folder: Path) -> None:
    rows = list(csv.DictReader((run_folder / "case" / "assessed" / "2020" / "totals.csv").open(encoding="utf-8-sig")))
    assert len(rows) == 8 and all(float(r["quantity"]) > 0 for r in rows)
    facts = json.loads((run_folder / "case" / "assessed" / "2020" / "facts.json").read_text(encoding="utf-8"))
    own = [p for p in facts["parameters"] if p["place"] == "INVEST-RUN"]
    assert len(own) > 20 and all(p["document"].startswith("InVEST run: ") for p in own)


@pytest.mark.skipif(not os.environ.get("ECOCOMP_PEERS"), reason="ECOCOMP_PEERS names no interpreter with natcap.invest")
def test_the_cells_agree_with_invest(run_folder: Path) -> None:
    found = {r["service"]: r for r in json.loads((run_folder / "differences.json").read_text(encoding="utf-8"))}
    assert set(found) == {"carbon_storage", "habitat_quality", "sediment_delivery", "soil_retention", "water_yield"}
    for row in found.values():
        assert row["same"] == 1.0 and row["cells"] > 9000, row
