"""The whole example of the documentation page, read from the page: sound, paid as the page says, with a county's own amounts."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from ecocomp.cli.programme import check_file
from ecocomp.programmes.programme import load_programmes
from ecocomp.programmes.year import entitlements
from ecocomp.rules import RuleBook, policy_folder

from .conftest import World

PAGES = Path(__file__).parents[2] / "docs"
PLACES = 'places:\n  "990131": {name: {zh: 上县, en: Shang County}, above: "990100"}\n'


@pytest.fixture(params=["en", "zh"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write the two files of the example where the page says they lie."""
    page = (PAGES / request.param / "programmes.md").read_text(encoding="utf-8")
    blocks = [b for b in re.findall(r"```yaml\n(.*?)```", page, re.S) if "marsh_return" in b]
    names = re.findall(r"`rules/(9\d+/programmes/marsh_\w+\.yaml)`", page)
    assert len(blocks) == len(names) == 2
    (tmp_path / "places.yaml").write_text(PLACES, encoding="utf-8")
    for name, text in zip(names, blocks, strict=True):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_files_of_the_example_are_sound(folder: Path) -> None:
    for file in sorted(folder.glob("9*/programmes/*.yaml")):
        assert check_file(file, None, date(2024, 6, 30))[0] == [], file.name


def test_the_example_pays_what_the_page_says(folder: Path) -> None:
    folders = [policy_folder(), folder]
    world = World(RuleBook.load(folders), load_programmes(folders), place="990131")
    world.plot(
        "marsh_return", "M", mu=6, parcel="P", variant="flooded", start=date(2024, 3, 1), class_before="0401", ecosystem="41"
    )
    world.plot("grassland", "G", mu=6, parcel="P", variant="ban", start=date(2022, 1, 1))
    world.inspect("M", 2024, mu=3, result="partial").inspect("G", 2024)
    both = [world.programmes.get(world.book, world.place, i) for i in ("marsh_return", "grassland")]
    found = entitlements(both, world.tables(), world.params(2024), 2024)
    assert not found.faults
    assert {r["contract_id"]: (r["net_fen"], r["state"]) for r in found.due.to_pylist()} == {
        "M": (75_000, "payable"),
        "G": (2_250, "payable"),
    }
    borne = {s["level"]: s["amount_fen"] for s in found.source.to_pylist() if s["due_id"].startswith("marsh")}
    assert borne == {"province": 45_000, "county": 30_000}
