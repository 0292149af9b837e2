"""Rights follow the ground when a survey redraws the parcels; ground that would change hands is left to a document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecocomp.sample.store import write_vector

pytestmark = pytest.mark.xdist_group("county")
MAPPING = '[fields]\nparcel_id = "code"\nland_class = "class"\nvillage_code = "village"\ndeclared_area = ""\n'
VILLAGE = "990121100200"


def layer(path: Path, parcels: dict[str, tuple[float, float, float, float]]) -> Path:
    """Write rectangles (x0, y0, x1, y1 in metres from a corner) as a survey layer."""
    import numpy as np
    import shapely

    shapes = np.array([shapely.box(460_000 + a, 3_300_000 + b, 460_000 + c, 3_300_000 + d) for a, b, c, d in parcels.values()])
    fields = {
        "code": np.array(list(parcels)),
        "class": np.array(["0301"] * len(parcels)),
        "village": np.array([VILLAGE] * len(parcels)),
    }
    write_vector(path, "parcels", shapes, fields)
    return path


OLD = {"A": (0, 0, 100, 100), "B": (100, 0, 200, 100), "C": (200, 0, 300, 100), "D": (300, 0, 400, 100), "E": (0, 100, 100, 200)}
NEW = {
    "A1": (0, 0, 50, 100), "A2": (50, 0, 100, 100),  # A is divided
    "BC": (100, 0, 300, 100),  # B and C are joined: of one holder in the first test, of two in the second
    "D9": (300, 0, 400, 100),  # D gets another code
    "E": (0, 100, 100, 200),
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, ecocomp: Callable[..., Any]) -> Callable[[str], Path]:
    """Make an office with both editions and a whole contract right on each old parcel; C belongs to the holder named."""

    def make(holder_of_c: str) -> Path:
        place, inputs = tmp_path / "office", tmp_path / "inputs"
        inputs.mkdir()
        (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
        holders = {"A": "H1", "B": "H2", "C": holder_of_c, "D": "H4", "E": "H5"}
        head = "holder_id,kind,name,village_code,members,income_fen\n"
        rows = [f"{h},household,户{h},{VILLAGE},3,\n" for h in sorted(set(holders.values()))]
        (inputs / "holder.csv").write_text(head + "".join(rows), encoding="utf-8")
        head = "right_id,parcel_id,holder_id,kind,share_num,share_den,state,document,valid_from,valid_to,known_from,known_to\n"
        rows = [f"R{p},{p},{h},contract,1,1,clear,证{p},2020-01-01,,2020-01-01,\n" for p, h in holders.items()]
        (inputs / "right.csv").write_text(head + "".join(rows), encoding="utf-8")
        head = "contract_id,holder_id,parcel_id,programme,duty,signed_on,valid_from,valid_to,known_from,known_to\n"
        (inputs / "contract.csv").write_text(head + "K1,H1,A,eco-zone,管护,2020-01-01,2020-01-01,,2020-01-01,\n", encoding="utf-8")
        for name, parcels, day in (("old", OLD, "2020-01-01"), ("new", NEW, "2025-01-01")):
            file = layer(tmp_path / f"{name}.gpkg", parcels)
            done = ecocomp("survey", "import", file, "--office", place, "--mapping", tmp_path / "map.toml", "--from", day)
            assert done.returncode == 0, done.stderr
            if name == "old":
                done = ecocomp("tenure", "import", inputs, "--office", place)
                assert done.returncode == 0, done.stdout + done.stderr
        return place

    return make


def held(ecocomp: Callable[..., Any], office: Path, parcel: str, on: str) -> set[tuple[str, str, str]]:
    done = ecocomp("tenure", "parcel", parcel, "--office", office, "--on", on, "--json")
    if done.returncode:
        return set()
    rows = json.loads(done.stdout)["tenure"]
    return {(r["holder_id"], r["kind"], f"{r['share_num']}/{r['share_den']}") for r in rows}


def carried(ecocomp: Callable[..., Any], office: Path, status: int) -> dict[str, Any]:
    done = ecocomp("tenure", "carry", "parcel-990121-20200101", "parcel-990121-20250101", "--office", office, "--json")
    assert done.returncode == status, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_rights_and_contracts_follow_the_ground(office: Callable[[str], Path], ecocomp: Callable[..., Any]) -> None:
    place = office("H2")
    carried(ecocomp, place, 0)
    after = {p: held(ecocomp, place, p, "2025-06-01") for p in NEW}
    assert after == {
        "A1": {("H1", "contract", "1/1")},
        "A2": {("H1", "contract", "1/1")},
        "BC": {("H2", "contract", "1/1")},
        "D9": {("H4", "contract", "1/1")},
        "E": {("H5", "contract", "1/1")},
    }
    assert {p: held(ecocomp, place, p, "2024-06-01") for p in OLD}["A"] == {("H1", "contract", "1/1")}
    duties = json.loads(ecocomp("tenure", "holder", "H1", "--office", place, "--on", "2025-06-01", "--json").stdout)["duty"]
    assert {d["parcel_id"] for d in duties} == {"A1", "A2"}
    assert json.loads(ecocomp("tenure", "blocked", "--office", place, "--on", "2025-06-01", "--json").stdout)["by_reason"] == {}
    again = carried(ecocomp, place, 0)
    assert again["change"] is None  # carried once, nothing is left


def test_ground_that_would_change_hands_is_told_and_the_rest_is_carried(
    office: Callable[[str], Path], ecocomp: Callable[..., Any]
) -> None:
    place = office("H3")
    got = carried(ecocomp, place, 1)
    assert got["change"] is not None
    assert [f["record"] for f in got["faults"] if f["code"] == "tenure.moved_ground"] and held(
        ecocomp, place, "BC", "2025-06-01"
    ) == set()
    assert held(ecocomp, place, "A1", "2025-06-01") == {("H1", "contract", "1/1")}
