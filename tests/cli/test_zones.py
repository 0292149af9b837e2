"""`ecocomp zones` as people meet it: both languages, a table, stable JSON, and a sentence for whatever goes wrong."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Copy = Callable[..., Path]
CHINESE = re.compile("[一-鿿]")


@pytest.mark.parametrize("command", ["zones", "zones draw", "zones impact", "zones versions"])
def test_help_in_both_languages(command: str, ecocomp: Run) -> None:
    zh, en = (ecocomp(*command.split(), "--help", lang=lang) for lang in ("zh", "en"))
    assert zh.returncode == en.returncode == 0
    assert CHINESE.search(zh.stdout) and not CHINESE.search(en.stdout)
    assert set(re.findall(r"--[a-z]+", zh.stdout)) == set(re.findall(r"--[a-z]+", en.stdout))


def test_draw_prints_grades_and_line_and_its_json_is_stable(county_copy: Copy, ecocomp: Run, tmp_path: Path) -> None:
    case = county_copy()
    said = ecocomp("zones", "draw", case, "--out", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    for words in (
        "Grading under the rules of 2025",
        "Ecological grade of parcels",
        "Proposed red line (cells)",
        "Candidates for reserves",
    ):
        assert words in said.stdout
    assert "sensitivity to salinisation is not assessed" in said.stderr
    chinese = ecocomp("zones", "draw", case, "--out", tmp_path / "out", lang="zh")
    assert "建议红线" in chinese.stdout and chinese.stdout.count("\n") == said.stdout.count("\n")
    first, second = (ecocomp("zones", "draw", case, "--out", tmp_path / "out", "--json") for _ in range(2))
    assert first.stdout == second.stdout
    found = json.loads(first.stdout)
    assert set(found) >= {
        "year",
        "method",
        "functions",
        "maps_km2",
        "grades",
        "red_line",
        "reserves",
        "notes",
        "unverified",
        "files",
    }
    assert sum(g["parcels"] for g in found["grades"]) == 200 and all(Path(f).is_file() for f in found["files"])
    assert {"patches", "dropped_patches", "kept_small", "filled_cells", "parcels"} <= set(found["red_line"])


def test_impact_prints_totals_and_parcels(county: Any, county_copy: Copy, ecocomp: Run, tmp_path: Path) -> None:
    case = county_copy(bundles=True)
    line = case / "inputs" / "reserves.gpkg"
    said = ecocomp("zones", "impact", case, "--line", line, "--year", 2024, "--out", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    for words in ("Old line: the bundle", "holders touched", "CNY/a", "Parcels touched most", "It closes for every parcel"):
        assert words in said.stdout
    found = json.loads(ecocomp("zones", "impact", case, "--line", line, "--year", 2024, "--out", tmp_path / "out", "--json").stdout)
    totals = found["totals"]
    assert found["closes"] and found["money_known"] and totals["gained_fen"] + totals["lost_fen"] > 0
    assert totals["before_dm2"] + totals["gained_dm2"] - totals["lost_dm2"] == totals["after_dm2"]
    assert 0 < len(found["parcels"]) <= 10 and {"parcel_id", "gained_dm2", "lost_dm2", "rights", "holders"} <= set(
        found["parcels"][0]
    )


def test_versions_lists_the_line_of_each_year(county: Any, ecocomp: Run, tmp_path: Path) -> None:
    found = json.loads(ecocomp("zones", "versions", county.folder, "--json").stdout)["versions"]
    assert [v["year"] for v in found] == [2023, 2024, 2025] and [v["changed"] for v in found] == [None, False, False]
    assert len({v["fingerprint"] for v in found}) == 1 and found[0]["area_dm2"] > 0
    assert "the same" in ecocomp("zones", "versions", county.folder).stdout
    assert ecocomp("zones", "versions", tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (["draw", "CASE", "--year", "1999"], 2, "1999"),
        (["draw", "CASE", "--function", "forest"], 2, "biodiversity"),
        (["draw", "CASE", "--sensitivity", "frost"], 2, "soil_erosion"),
        (["draw", "NOWHERE"], 1, "case.toml"),
        (["impact", "CASE"], 2, "--line"),
        (["impact", "CASE", "--line", "NOWHERE"], 2, "There is no file"),
        (["impact", "CASE", "--line", "TEXT"], 1, "case.toml"),
        (["impact", "NOWHERE", "--line", "TEXT"], 1, "case.toml"),
    ],
)
def test_what_goes_wrong_ends_in_a_sentence(
    args: list[str], status: int, words: str, county: Any, ecocomp: Run, tmp_path: Path
) -> None:
    stand_for = {"CASE": county.folder, "NOWHERE": tmp_path / "nowhere", "TEXT": county.folder / "case.toml"}
    done = ecocomp("zones", *(stand_for.get(a, a) for a in args))
    assert done.returncode == status and words in done.stderr and not done.stdout.strip(), done.stderr
