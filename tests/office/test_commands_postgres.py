"""The commands on a PostgreSQL office give what they give on SQLite."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

MAPPING = '[fields]\nparcel_id = "parcel_id"\nland_class = "land_class"\nvillage_code = "village_code"\ndeclared_area = "declared_area_m2"\n'
PARCEL = "990121100201JE00002"


@pytest.mark.xdist_group("county")
def test_an_office_on_a_server_answers_as_one_in_a_file(postgres: Any, county: Any, ecocomp: Any, tmp_path: Path) -> None:
    name = f"commands_{uuid.uuid4().hex[:8]}"
    postgres.sql(f"CREATE DATABASE {name}")
    mapping = tmp_path / "map.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    found = {}
    for kind, more in (("file", ()), ("server", ("--database", postgres.url(name)))):
        office = tmp_path / kind
        new = ecocomp("office", "new", office, "--name", "青溪", "--region", "990121", *more)
        assert new.returncode == 0 and "a-secret" not in new.stdout + new.stderr, new.stderr
        layer = county.folder / "inputs" / "parcels.gpkg"
        for step in (
            ("survey", "import", layer, "--office", office, "--mapping", mapping, "--from", "2020-01-01"),
            ("tenure", "import", county.folder / "inputs", "--office", office),
            ("office", "verify", "--office", office),
        ):
            done = ecocomp(*step)
            assert done.returncode == 0, done.stdout + done.stderr
        asked = ("tenure", "parcel", PARCEL, "--office", office, "--on", "2025-04-01", "--known", "2025-06-01", "--json")
        blocked = ecocomp("tenure", "blocked", "--office", office, "--json")
        found[kind] = (json.loads(ecocomp(*asked).stdout)["tenure"], json.loads(blocked.stdout)["rows"])
    assert found["file"] == found["server"] and found["file"][0]
