"""What a clerk does by commands alone: the same file twice, rights carried over to a new edition, a deed sent in again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
import pytest
import shapely

from ecocomp.sample.dltb import make_dltb
from ecocomp.sample.sheets import edition_parcels, make_sheets


def run(*words: object) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit status and its answer as JSON."""
    command = [sys.executable, "-m", "ecocomp", *map(str, words), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An office with an edition and a workbook of rights in it."""
    place = tmp_path_factory.mktemp("clerk")
    layer = make_dltb(place / "one", 800, faults={}).path
    office = place / "office"
    code, answer = run("survey", "import", layer, "--office", office)
    assert code == 0
    edition = answer["edition"]["edition_id"]
    ground = edition_parcels(office / "editions" / edition / "edition.parquet")
    book = make_sheets(place / "rights.xlsx", faults={}, households=20, parcels=ground)
    code, first = run("tenure", "import", book.path, "--office", office)
    assert code == 0 and first["registers"]["tenure"]["new"] == book.rows
    return {"place": place, "office": office, "edition": edition, "layer": layer, "book": book}


def test_a_workbook_handed_in_twice_changes_nothing(desk: dict[str, Any]) -> None:
    code, again = run("tenure", "import", desk["book"].path, "--office", desk["office"])
    assert code == 0, again["faults"][:2]
    assert all(c["new"] == c["changed"] == 0 for c in again["registers"].values())
    assert again["change"] is None


def test_rights_follow_a_parcel_that_was_split(desk: dict[str, Any]) -> None:
    one = next(p for (p, _), s in desk["book"].shares.items() if s == 1)
    second = _split(desk["layer"], desk["place"] / "two.gpkg", one)
    code, answer = run("survey", "import", second, "--office", desk["office"], "--from", "2024-12-31")
    assert code == 0, answer["faults"][:2]
    new = answer["edition"]["edition_id"]
    code, carried = run("tenure", "carry", desk["edition"], new, "--office", desk["office"])
    assert code == 0, carried["faults"]
    code, found = run("tenure", "parcel", "990121200195000001", "--office", desk["office"])
    assert code == 0 and len(found["tenure"]) == 1


def test_a_deed_sent_in_twice_is_recorded_once(desk: dict[str, Any]) -> None:
    parcel, holder = next(k for k, s in desk["book"].shares.items() if s == 1)
    other = next(h for h in desk["book"].heads if h != holder)
    file = desk["place"] / "deeds.yaml"
    file.write_text(
        f"- deed: transfer\n  'on': '2024-05-01'\n  retroactive: true\n  source: {{number: 转让1号, kind: contract}}\n"
        f"  right_id: {parcel}-C-{holder}\n  to: {other} 1/3\n",
        encoding="utf-8",
    )
    code, first = run("tenure", "record", file, "--office", desk["office"])
    assert code == 0, first["faults"]
    code, again = run("tenure", "record", file, "--office", desk["office"])
    assert code == 1 and again["faults"][0]["code"] == "tenure.recorded_before" and again["change"] is None
    _, changes = run("tenure", "changes", "--since", "2000-01-01", "--office", desk["office"])
    assert {c["source"] for c in changes["changes"] if c["seq"] == first["change"]} == {"转让1号"}


def _split(layer: Path, path: Path, one: str) -> Path:
    """Write the layer again with one parcel cut in two."""
    from shapely.ops import split

    _, table = pyogrio.read_arrow(layer)
    rows = table.to_pylist()
    (name,) = {n for n in table.schema.names if isinstance(rows[0][n], bytes)}
    row = next(r for r in rows if r["BSM"] == one)
    shape = shapely.from_wkb(row[name])
    x, y = shape.centroid.x, shape.centroid.y
    west, east = split(shape, shapely.LineString([(x, y - 500), (x, y + 500)])).geoms
    whole = shape.area
    rows.append({**row, "BSM": "990121200195000001", "TBBH": "95001"})
    for r, part in ((row, west), (rows[-1], east)):
        r[name] = shapely.to_wkb(part)
        r["TBMJ"] = round(r["TBMJ"] * part.area / whole, 2)
        r["KCMJ"] = round(r["TBMJ"] * (r["KCXS"] or 0), 2)
        r["TBDLMJ"] = round(r["TBMJ"] - r["KCMJ"], 2)
    pyogrio.write_arrow(
        pa.Table.from_pylist(rows, schema=table.schema), path, driver="GPKG", layer="DLTB", geometry_name=name,
        geometry_type="Polygon", crs="EPSG:4545",
    )  # fmt: skip
    return path
