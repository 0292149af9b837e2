"""A year of compensation run on an office's registers pays what it pays on the case's own, to the fen and to the holder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

MAPPING = """
[fields]
parcel_id = "parcel_id"
land_class = "land_class"
village_code = "village_code"
declared_area = "declared_area_m2"
"""
PAID = (
    "parcel",
    "right",
    "contract",
    "holder",
    "standard",
    "entitlement",
    "allocation",
    "order",
    "order_source",
    "ledger",
    "scorecard",
)


@pytest.fixture(scope="module")
def exported(county, ecocomp, tmp_path_factory) -> Path:
    """The county's parcels and rights, taken into an office and out again, in place of its own."""
    place = tmp_path_factory.mktemp("year")
    mapping = place / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    office, inputs = place / "office", county.folder / "inputs"
    steps = [
        ("survey", "import", inputs / "parcels.gpkg", "--office", office, "--mapping", mapping, "--from", "2020-01-01"),
        ("tenure", "import", inputs, "--office", office),
        ("tenure", "export", "--office", office, "--to", place / "out"),
    ]
    for step in steps:
        done = ecocomp(*step)
        assert done.returncode == 0, done.stdout + done.stderr
    case = place / "case"
    case.mkdir()
    shutil.copytree(inputs, case / "inputs")
    text = (county.folder / "case.toml").read_text(encoding="utf-8")
    for name in ("holder", "right", "contract"):
        shutil.copy(place / "out" / f"{name}.csv", case / "inputs" / f"{name}.csv")
    shutil.copy(place / "out" / "parcels.parquet", case / "inputs")
    (case / "inputs" / "parcels.gpkg").unlink()
    text = text.replace('file = "inputs/parcels.gpkg"\nlayer = "parcels"', 'file = "inputs/parcels.parquet"')
    text = text.replace('declared_area_m2 = "declared_area_m2"', 'declared_area = "declared_area_dm2"\ndeclared_unit = "dm2"')
    (case / "case.toml").write_text(text, encoding="utf-8")
    done = ecocomp("run", case)
    assert done.returncode == 0, done.stderr
    return case


@pytest.mark.slow
@pytest.mark.xdist_group("county")
@pytest.mark.parametrize("year", [2023, 2024, 2025])
def test_every_table_that_leads_to_money_is_the_same(county, exported: Path, year: int) -> None:
    import pyarrow.parquet as pq

    for name in PAID:
        ours = pq.read_table(exported / "bundles" / str(year) / "tables" / f"{name}.parquet")
        theirs = pq.read_table(county.bundle(year) / "tables" / f"{name}.parquet")
        assert ours.equals(theirs), name


@pytest.mark.slow
@pytest.mark.xdist_group("county")
def test_registers_come_out_as_they_went_in(county, exported: Path) -> None:
    for name in ("right", "contract"):
        assert (exported / "inputs" / f"{name}.csv").read_bytes() == (county.folder / "inputs" / f"{name}.csv").read_bytes()
