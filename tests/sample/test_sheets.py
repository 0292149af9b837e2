"""The invented workbook of rights: every person invented, every fault where the list says, everything else sound."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from stdnum import luhn
from stdnum.cn import ric

from ecocomp.sample.sheets import COLUMNS, HEADER_ROWS, KINDS, PlantedSheets, account_number, make_sheets


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> PlantedSheets:
    return make_sheets(tmp_path_factory.mktemp("sheets") / "农户.xlsx", 4, 40, 5)


def cells(made: PlantedSheets, column: str) -> list[tuple[str, int, Any]]:
    book = openpyxl.load_workbook(made.path)
    at = COLUMNS.index(column) + 1
    return [
        (name, row, book[name].cell(row, at).value)
        for name in made.villages
        for row in range(HEADER_ROWS[1] + 1, book[name].max_row + 1)
    ]


def plain(text: str) -> str:
    return "".join(str(text).split()).translate(str.maketrans("０１２３４５６７８９", "0123456789"))


def test_one_sheet_per_village_and_one_of_notes(made: PlantedSheets) -> None:
    book = openpyxl.load_workbook(made.path)
    assert book.sheetnames == [*made.villages, "填表说明"]
    first = book[book.sheetnames[0]]
    assert "虚构" in first["A1"].value and len(first.merged_cells.ranges) > 20
    assert [first.cell(HEADER_ROWS[1], c).value or first.cell(HEADER_ROWS[0], c).value for c in range(1, 17)] == list(COLUMNS)


def test_every_kind_is_planted_once_in_a_household_of_its_own(made: PlantedSheets) -> None:
    assert Counter(f.kind for f in made.faults) == dict.fromkeys(KINDS, 1)
    assert len({f.household for f in made.faults}) == len(made.faults)
    book = openpyxl.load_workbook(made.path)
    for f in made.faults:
        assert f.column in COLUMNS and f.sheet in made.villages
        cell = book[f.sheet].cell(f.row, COLUMNS.index(f.column) + 1).value
        assert (cell is None) == (f.kind == "missing_name"), f


def test_identity_numbers_have_a_right_check_digit_but_belong_to_no_place(made: PlantedSheets) -> None:
    bad = {(f.sheet, f.row) for f in made.faults if f.column == "身份证号码"}
    found = 0
    for name, row, value in cells(made, "身份证号码"):
        number = plain(value or "")
        if len(number) == 18 and (name, row) not in bad:
            assert number[-1] == ric.calc_check_digit(number) and number.startswith("990121") and not ric.is_valid(number)
            found += 1
    assert found == 160 - 4
    assert all(luhn.is_valid(account_number(n)) for n in range(100))


def test_shares_of_every_parcel_make_one_whole(made: PlantedSheets) -> None:
    total: Counter[str] = Counter()
    for (parcel, _), share in made.shares.items():
        total[parcel] += share  # type: ignore[assignment]
    assert set(total.values()) == {Fraction(1)} and len(made.shares) > len(total)
    assert made.rows == len(made.shares)


def test_areas_come_back_from_mu_and_totals_add_up(tmp_path: Path) -> None:
    made = make_sheets(tmp_path / "a.xlsx", 2, 30, 9, faults={})
    assert not made.faults
    said: dict[str, float] = {}
    total: dict[str, float] = {}
    codes = {(n, r): v for n, r, v in cells(made, "地块编码")}
    for name, row, value in cells(made, "面积（亩）"):
        parcel = plain(codes[name, row] or "")
        if parcel in made.areas:
            mu = float(plain(value).removesuffix("亩"))
            assert abs(mu * 200_000 / 3 - made.areas[parcel]) <= 4
            total[name] = total.get(name, 0.0) + mu
        elif isinstance(value, float):
            said[name] = value
    assert said.keys() == total.keys() and all(abs(said[n] - total[n]) < 0.01 for n in said)


def test_the_same_seed_gives_the_same_cells_and_parcels_may_be_given(tmp_path: Path) -> None:
    one, two = (make_sheets(tmp_path / n, 2, 30, 4) for n in ("a.xlsx", "b.xlsx"))
    assert cells(one, "身份证号码") == cells(two, "身份证号码") and one.faults == two.faults
    own = {"990121100200": [(f"P{k:03d}", 50_000 + k) for k in range(40)]}
    given = make_sheets(tmp_path / "c.xlsx", 1, 30, 4, faults={"unknown_parcel": 1}, parcels=own)
    assert set(given.areas) == {p for p, _ in own["990121100200"]}


def test_unknown_kinds_and_too_many_faults_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        make_sheets(tmp_path / "a.xlsx", faults={"nonsense": 1})
    with pytest.raises(ValueError, match="more faults"):
        make_sheets(tmp_path / "a.xlsx", 1, 10, faults={"dead_text": 20})
    with pytest.raises(ValueError, match="parcels"):
        make_sheets(tmp_path / "a.xlsx", 1, 10, parcels={"990121100200": [("P1", 1)]})
