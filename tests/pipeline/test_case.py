"""The case file: every key known or a fault, all at once; registers cell by cell."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from ecocomp.cli.template import new_case
from ecocomp.pipeline.case import REGISTERS, SECTIONS, load_case
from ecocomp.pipeline.registers import read_register
from ecocomp.terms.faults import UsageError
from ecocomp.terms.tables import ENVELOPE, HOLDER, RIGHT, TABLES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_case(tmp_path / "case")
    return tmp_path / "case"


def faults_after(folder: Path, old: str, new: str) -> list[str]:
    path = folder / "case.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return [f.say("en") for f in load_case(folder)[1]]


def test_the_template_is_a_case_without_faults(folder: Path) -> None:
    case, faults = load_case(folder)
    assert faults == [] and case is not None
    assert case.years == (2025,) and case.known_on == date(2026, 6, 30)
    assert case.reference_date(2025) == date(2025, 6, 30)


def test_the_template_has_every_register_with_its_headers(folder: Path) -> None:
    for name in REGISTERS:
        head = (folder / "inputs" / f"{name}.csv").read_text(encoding="utf-8").strip()
        assert head == ",".join(c.name for c in TABLES[name].columns)


def test_the_template_mentions_every_section(folder: Path) -> None:
    text = (folder / "case.toml").read_text(encoding="utf-8")
    assert all(f"[{section}]" in text for section in SECTIONS)


def test_a_new_case_never_overwrites(folder: Path) -> None:
    with pytest.raises(UsageError, match="already holds"):
        new_case(folder)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("base_year", "base_yaer", ["line", "Unknown key case.base_yaer", "case.base_year"]),
        ("[zones]", "[zonse]", ["Unknown key zonse", "zones"]),
        ('place = "CN"', "", ["case.place is missing"]),
        ("years = [2025]", "years = []", ["years holds no year"]),
        ('reference_day = "06-30"', 'reference_day = "31-06"', ["reference_day is 31-06"]),
        ('known_on = "2026-06-30"', 'known_on = "soon"', ["known_on is not a date: soon"]),
        ('purpose = "study"', 'purpose = "gift"', ["purpose is gift", "payment, study or assess"]),
        ('parcel_id = "parcel_id"', "parcel_id = 3", ["survey.parcel_id is 3", "wrong type"]),
        ("[agreements]", '[layers.rian]\nfile = "x.tif"\n[agreements]', ["Unknown key layers.rian", "layers.rain"]),
        ("[agreements]", '[layers.rain]\nfile = "x.tif"\nbands = "day"\n[agreements]', ["bands = day", "month"]),
        ("[agreements]", "[layers.rain]\nbands = 'month'\n[agreements]", ["lacks 'file'"]),
        ("folders = []", 'folders = ["nowhere"]', ["nowhere does not exist"]),
        ("[case]", "[case", ["cannot be read"]),
    ],
)
def test_a_wrong_key_is_told(folder: Path, old: str, new: str, words: list[str]) -> None:
    said = faults_after(folder, old, new)
    assert said and all(any(w in line for line in said) for w in words), said


def test_all_faults_of_a_case_file_come_at_once(folder: Path) -> None:
    path = folder / "case.toml"
    text = (
        path.read_text(encoding="utf-8")
        .replace("base_year", "base_yaer")
        .replace('purpose = "study"', 'purpose = "gift"')
        .replace('place = "CN"', "")
    )
    path.write_text(text, encoding="utf-8")
    assert len(load_case(folder)[1]) == 3


def test_no_case_here(tmp_path: Path) -> None:
    case, faults = load_case(tmp_path)
    assert case is None and "ecocomp new" in faults[0].say("en")


def test_a_case_in_gb18030_is_refused_with_a_sentence(folder: Path) -> None:
    path = folder / "case.toml"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert "UTF-8" in load_case(folder)[1][0].say("en")


HOLDERS = {
    "holder_id": ["H1", "H2"],
    "kind": ["household", "collective"],
    "name": ["云一", "石桥集体"],
    "village_code": ["V1", "V1"],
    "members": ["3", "120"],
    "income_fen": ["4500000", ""],
}


def test_a_register_becomes_a_typed_table() -> None:
    table, faults = read_register(HOLDER, pa.table(HOLDERS), "holder.csv")
    assert faults == [] and table is not None
    assert table.schema.equals(HOLDER.schema())
    assert table["income_fen"].to_pylist() == [4500000, None]


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("members", ["3", "three"], ["row 3 members", "'three'", "a whole number"]),
        ("members", ["3.5", "2"], ["row 2 members", "'3.5'"]),
        ("members", ["", "2"], ["row 2 members", "a value"]),
        ("kind", ["household", "family"], ["row 3 kind", "'family'", "one of household"]),
        ("holder_id", ["H1", "H1"], ["H1", "2 rows share"]),
    ],
)
def test_a_wrong_cell_names_row_column_value_and_what_was_expected(column: str, values: list[str], words: list[str]) -> None:
    table, faults = read_register(HOLDER, pa.table(HOLDERS | {column: values}), "holder.csv")
    said = [f.say("en") for f in faults]
    assert table is None and all(any(w in line for line in said) for w in words), said


def test_every_wrong_cell_is_reported() -> None:
    _, faults = read_register(HOLDER, pa.table(HOLDERS | {"members": ["x", "y"], "income_fen": ["1e9", "-"]}), "holder.csv")
    assert len(faults) == 4


def test_missing_and_unknown_columns_name_the_nearest() -> None:
    data = dict(HOLDERS)
    data["vilage_code"] = data.pop("village_code")
    _, faults = read_register(HOLDER, pa.table(data), "holder.csv")
    said = [f.say("en") for f in faults]
    assert any("village_code" in s and "vilage_code" in s for s in said)


@pytest.mark.parametrize("value", ["2023-02-30", "2023/06/30", "30.06.2023"])
def test_an_impossible_date_is_a_fault(value: str) -> None:
    row = {c.name: ["1"] for c in RIGHT.columns} | {
        "kind": ["contract"],
        "state": ["clear"],
        "valid_from": [value],
        "valid_to": [""],
        "known_from": ["2020-01-01"],
        "known_to": [""],
    }
    table, faults = read_register(RIGHT, pa.table(row), "right.csv")
    assert table is None and "valid_from" in faults[0].say("en")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("是", True), ("0", False), ("否", False)])
def test_yes_and_no_in_both_languages(text: str, value: bool) -> None:
    row = {c.name: ["1"] for c in ENVELOPE.columns} | {
        "source": ["green_fund"],
        "earmark_red_line": [text],
        "carry_over": ["no"],
        "earmark_zones": [""],
        "earmark_ecosystems": [""],
        "valid_from": ["2023-01-01"],
        "valid_to": ["2023-12-31"],
    }
    table, faults = read_register(ENVELOPE, pa.table(row), "envelope.csv")
    assert faults == [] and table is not None and table["earmark_red_line"].to_pylist() == [value]
