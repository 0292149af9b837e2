"""The real catchment end to end: real rasters with real gaps; what the data cannot support is said, never guessed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mula_mutha")]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
NOT_HERE = {"water_conservation", "sand_fixation", "carbon_sequestration"}


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Path:
    """The folder of the source rasters."""
    found = sorted(shared_data.rglob("dem_srtm_90m.tif"))
    if not found:
        pytest.skip("the rasters of the catchment are not among the real data here")
    return found[0].parent


@pytest.fixture(scope="module")
def case(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case folder as the example makes it."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp("mula") / "case"
    done = subprocess.run(
        [sys.executable, str(root / "examples" / "mula_mutha" / "prepare.py"), str(source), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def bundle(case: Path, ecocomp: Run) -> Path:
    """The sealed bundle of 2025."""
    done = ecocomp("run", case)
    assert done.returncode == 0, done.stderr
    return case / "bundles" / "2025"


def table(bundle: Path, name: str) -> Any:
    return pq.ParquetFile(bundle / "tables" / f"{name}.parquet").read()


def test_check_finds_no_error(case: Path, ecocomp: Run) -> None:
    done = ecocomp("check", case, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["errors"] == 0
    warned = {f["record"] for f in answer["faults"] if f["code"] == "case.not_assessed"}
    assert warned == NOT_HERE


def test_what_the_data_cannot_support_is_reported_with_its_reason(bundle: Path) -> None:
    facts = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    assert {n["service"] for n in facts["not_assessed"]} == NOT_HERE
    assert all(n["reason_zh"] and n["reason_en"] for n in facts["not_assessed"])
    for lang in ("zh", "en"):
        page = (bundle / "report" / f"report.{lang}.html").read_text(encoding="utf-8")
        for gap in facts["not_assessed"]:
            missing = re.search(r"land_cover|wind|aet", gap[f"reason_{lang}"])
            assert missing and missing.group() in page


def test_soil_retention_is_assessed_with_its_coverage(bundle: Path) -> None:
    service = table(bundle, "service")
    soil = service.filter(pc.equal(service["service"], "soil_retention"))
    seen = soil.filter(pc.is_valid(soil["quantity"]))
    assert 30_000 < len(seen) <= len(table(bundle, "parcel"))
    assert pc.min(seen["quantity"]).as_py() >= 0 and pc.max(seen["quantity"]).as_py() > 0
    assert 0 < pc.min(seen["coverage"]).as_py() <= pc.max(seen["coverage"]).as_py() <= 1 + 1e-9
    assert pc.all(pc.and_(pc.less_equal(seen["low"], seen["quantity"]), pc.less_equal(seen["quantity"], seen["high"]))).as_py()


def test_parcels_red_line_scorecard_and_money(bundle: Path) -> None:
    assert 35_000 < len(table(bundle, "parcel")) < 39_000
    assert len(pq.read_table(bundle / "red_line.parquet")) > 0
    zone = table(bundle, "parcel_zone")
    assert pc.sum(pc.greater(zone["red_line_ppm"], 0)).as_py() > 100
    cards = table(bundle, "scorecard")
    assert len(cards) and pc.max(cards["score"]).as_py() > 0
    claims, allocation, orders = (table(bundle, n) for n in ("entitlement", "allocation", "order"))
    funded = pc.sum(claims["funded_fen"]).as_py()
    assert funded > 0
    assert funded == pc.sum(allocation["amount_fen"]).as_py() == pc.sum(orders["amount_fen"]).as_py()
    assert pc.sum(claims["entitled_fen"]).as_py() == funded + pc.sum(claims["shortfall_fen"]).as_py()
    assert len(set(claims["parcel_id"].to_pylist())) > 30_000


def test_it_verifies(bundle: Path, ecocomp: Run) -> None:
    done = ecocomp("verify", bundle)
    assert done.returncode == 0, done.stderr
