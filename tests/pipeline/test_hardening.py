"""Case folders made to mislead: files elsewhere, unseen characters, impossible years and sums, lowered floors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from ecocomp.cli.template import new_case
from ecocomp.pipeline.case import Case, load_case
from ecocomp.pipeline.check import case_agreements, check_case, rule_book
from ecocomp.pipeline.inputs import sources_of
from ecocomp.pipeline.registers import read_register
from ecocomp.terms.faults import Fault
from ecocomp.terms.tables import HOLDER

SECRET = "root:x:0:0"
Change = Callable[[str, str], list[Fault]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_case(tmp_path / "case")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.csv").write_text(SECRET + "\n")
    return tmp_path / "case"


@pytest.fixture
def changed(folder: Path) -> Change:
    def change(old: str, new: str) -> list[Fault]:
        path = folder / "case.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return load_case(folder)[1]

    return change


def loaded(folder: Path) -> Case:
    case = load_case(folder)[0]
    assert case is not None
    return case


# ---------------------------------------------------------------- files outside the case
def test_a_register_elsewhere_is_refused_however_it_is_reached(folder: Path, changed: Change) -> None:
    secret = folder.parent / "elsewhere" / "secret.csv"
    (folder / "inputs" / "link.csv").symlink_to(secret)
    (folder / "inputs" / "over").symlink_to(secret.parent)
    (folder / "inputs" / "loop.csv").symlink_to("loop.csv")
    last = '"inputs/holder.csv"'
    for name in (
        str(secret),
        "../elsewhere/secret.csv",
        "inputs/link.csv",
        "inputs/over/secret.csv",
        "inputs/loop.csv",
        "/etc/passwd",
    ):
        assert changed(f"holder = {last}", f'holder = "{name}"') == []
        last = f'"{name}"'
        sources, faults = sources_of(loaded(folder))
        told = [f for f in faults if f.code == "case.outside"]
        assert [(f.where, f.record) for f in told] == [("case.toml", "registers.holder")], name
        assert "allow_outside" in told[0].say("en") and "register.holder" not in {s.role for s in sources}
        if name.endswith("secret.csv") or "link" in name:
            assert str(secret) in told[0].say("zh")
        assert all(SECRET not in f.say("en") and "secret" not in f.remedy.en for f in check_case(folder).faults)


def test_files_inside_by_a_link_or_a_whole_path_are_read(folder: Path, changed: Change) -> None:
    (folder / "inputs" / "link.csv").symlink_to(folder / "inputs" / "village.csv")
    changed('village = "inputs/village.csv"', 'village = "inputs/link.csv"')
    changed('holder = "inputs/holder.csv"', f'holder = "{folder / "inputs" / "holder.csv"}"')
    sources, faults = sources_of(loaded(folder))
    assert {"register.village", "register.holder"} <= {s.role for s in sources}
    assert "case.outside" not in {f.code for f in faults}


def test_layers_agreements_zones_and_files_beside_a_shapefile(folder: Path, changed: Change) -> None:
    outer = folder.parent / "elsewhere"
    (folder / "inputs" / "p.shp").write_bytes(b"")
    (folder / "inputs" / "p.dbf").symlink_to(outer / "secret.csv")
    changed('file = "inputs/parcels.gpkg"', 'file = "inputs/p.shp"')
    changed(
        "[agreements]\nfiles = []",
        '[layers.rain]\nfile = "../elsewhere/rain_{year}.tif"\n[agreements]\nfiles = ["../elsewhere/a.yaml"]',
    )
    changed("[zones]", '[zones]\nreserves = "../elsewhere/r.gpkg"')
    (outer / "a.yaml").write_text("id: secret")
    case = loaded(folder)
    found = {f.record for f in sources_of(case)[1] if f.code == "case.outside"}
    assert found == {"survey.file", "layers.rain.file", "agreements.files", "zones.reserves"}
    assert case_agreements(case) == ([], [])


def test_rule_folders_elsewhere_are_not_read(folder: Path, changed: Change) -> None:
    rules = folder.parent / "elsewhere" / "rules" / "CN" / "own"
    rules.mkdir(parents=True)
    (rules / "own.yaml").write_text(SECRET)
    faults = changed("folders = []", 'folders = ["../elsewhere/rules"]')
    assert [(f.code, f.record) for f in faults] == [("case.outside", "rules.folders")]
    (folder / "rules" / "CN").mkdir(parents=True)
    (folder / "rules" / "CN" / "own").symlink_to(rules)
    faults = changed('"../elsewhere/rules"', '"rules"')
    assert [(f.code, f.record) for f in faults] == [("case.outside", "rules.folders")]
    assert loaded(folder).rule_folders == ()


def test_a_folder_that_is_allowed_is_read(folder: Path, changed: Change) -> None:
    outer = folder.parent / "elsewhere"
    changed('holder = "inputs/holder.csv"', 'holder = "../elsewhere/secret.csv"')
    assert changed("# allow_outside", f'allow_outside = ["{outer}"]\n#') == []
    assert "register.holder" in {s.role for s in sources_of(loaded(folder))[0]}


@pytest.mark.parametrize("name", ["/", "nowhere", "case.toml"])
def test_what_cannot_be_allowed(changed: Change, name: str) -> None:
    assert [f.code for f in changed("# allow_outside", f'allow_outside = ["{name}"]\n#')] == ["case.allow_outside"]


# ---------------------------------------------------------------- the case file
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[2025, 2025]", "2025 stands 2 times"),
        ("[2024, -1]", "-1 in years is no year"),
        ("[2024, true]", "True in years is no year"),
        ("[2024, 2025.0]", "2025.0 in years is no year"),
        ("[1899, 2024]", "1899 in years is no year"),
        ("[2201, 2024]", "2201 in years is no year"),
        ('["2025", 2024]', "2025 in years is no year"),
        (f"[{'9' * 4000}, 2024]", "… in years is no year"),
        (f"[{'9' * 5000}]", "too large"),
        ("[" * 5000 + "]" * 5000, "too deep"),
        ("[]", "years holds no year"),
    ],
)
def test_years_are_years(changed: Change, value: str, words: str) -> None:
    faults = changed("years = [2025]", f"years = {value}")
    assert any(words in f.say("en") and len(f.say("en")) < 300 for f in faults), [f.say("en")[:200] for f in faults]


@pytest.mark.parametrize("value", ["true", "-2024", "2024.0", '"2024"', "1e400", "9" * 30])
def test_the_base_year_is_a_year(changed: Change, value: str) -> None:
    assert [f.code for f in changed("base_year = 2024", f"base_year = {value}")] == ["case.year"]


@pytest.mark.parametrize("value", ["", "a b", "../x", "生态", "x" * 41, "a\\n"])
def test_a_programme_is_a_code(changed: Change, value: str) -> None:
    assert [f.code for f in changed('programme = "eco-zone"', f'programme = "{value}"')] == ["case.programme"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("06-30", "W01-1"),
        ('known_on = "2026-06-30"', "known_on = 2026-06-30T00:00:00"),
        ("[zones]", "[survey.classes]\nP30 = [1]\n[zones]"),
    ],
)
def test_values_that_only_look_right(changed: Change, old: str, new: str) -> None:
    assert changed(old, new)


@pytest.mark.parametrize("code", ["202E", "2066", "200F", "0007", "001B", "007F", "009B"])
def test_unseen_characters_in_names_are_told(changed: Change, code: str) -> None:
    (fault,) = changed('name_en = "New case"', f'name_en = "New\\u{code} case"')
    assert fault.code == "case.unseen" and f"U+{code}" in fault.say("en") and "case.name_en" in fault.say("zh")
    assert fault.say("en").isprintable()


# ---------------------------------------------------------------- registers
def holders(**cells: str) -> list[Fault]:
    row = {"holder_id": "H1", "kind": "household", "name": "云一", "village_code": "V1", "members": "3", "income_fen": "1"}
    table = pa.table({k: [v, cells.get(k, v) + ("2" if k == "holder_id" else "")] for k, v in row.items()})
    return read_register(HOLDER, table, "holder.csv")[1]


@pytest.mark.parametrize("char", ["\u202e", "\u2069", "\u200e", "\x00", "\x1b", "\r", "\x85"])
def test_unseen_characters_in_cells_are_told_by_row_column_and_code_point(char: str) -> None:
    (fault,) = holders(name=f"云{char}一")
    assert (fault.code, fault.record) == ("register.unseen", "row 3 name")
    assert f"U+{ord(char):04X}" in fault.say("en") and char not in fault.say("zh")


@pytest.mark.parametrize("name", ["云\t一", "云\n一", "云一\r\n", " 云一 ", "𠮷野·阿卜"])
def test_what_people_write_is_taken(name: str) -> None:
    assert holders(name=name) == []


@pytest.mark.parametrize("value", ["9" * 18, "9" * 19, "9" * 400, "-1" + "0" * 30, "+900000000000000000", "00009" + "0" * 17])
def test_a_sum_too_large_is_called_too_large(value: str) -> None:
    (fault,) = holders(income_fen=value)
    assert fault.code == "register.too_large" and "larger than any sum of money" in fault.say("en")
    assert "whole number" not in fault.say("en") and len(fault.say("en")) < 250
    (fault,) = holders(members=value)
    assert fault.code == "register.too_large" and "beyond any number" in fault.say("en")


@pytest.mark.parametrize("value", ["899999999999999999", "-899999999999999999", "0" * 40 + "7"])
def test_sums_in_range_are_taken(value: str) -> None:
    assert holders(income_fen=value) == []


def test_what_is_no_number_is_still_called_so() -> None:
    (fault,) = holders(income_fen="9" * 30 + "x")
    assert fault.code == "register.value" and "a whole number" in fault.say("en")


# ---------------------------------------------------------------- rules
def test_a_case_that_lowers_a_floor_is_stopped_and_one_that_replaces_is_warned(folder: Path, changed: Change) -> None:
    own = folder / "rules" / "CN" / "own"
    own.mkdir(parents=True)
    head = "    name: {zh: a, en: a}\n    kind: number\n"
    row = "    values: [{value: 1, document: d, confidence: V}]\n"
    text = f"parameters:\n  - key: standard.floor.forest_state\n    unit: CNY/mu/a\n{head}{row}"
    text += f'  - key: standard.ban_red_line\n    unit: "1"\n{head}{row}'
    (own / "own.yaml").write_text(text)
    assert changed("folders = []", 'folders = ["rules"]') == []
    found = {f.code: f.severity for f in rule_book(loaded(folder))[1]}
    assert found == {"rules.floor_lowered": "error", "rules.overridden": "warning"}
