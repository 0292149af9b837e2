"""Numbers of people, companies, accounts and land: vectors of the standards, planted mistakes, columns at once."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from ecocomp.tenure.codes import (
    NUMBERS,
    birth_date_of,
    check_column,
    faults_of,
    mask_account,
    mask_id,
    mask_phone,
    parse_unit_code,
    problem_of,
    region_level,
    suspects,
    upgrade_citizen_id,
)
from ecocomp.terms.faults import FaultsError

GOOD = {
    "citizen_id": ["11010519491231002X", "360426199101010071"],
    "credit_code": ["91110000600037341L"],
    "account": ["6222020200112230", "4111111111111111"],
    "phone": ["13800138000", "+86 13800138000", "0836-2811234"],
    "unit_code": ["510121001002JD00036W00000000", "510121001002GB00001F00010002", "510121001002JD00036"],
    "parcel_code": ["510121001002JD00036"],
    "survey_id": ["510121211000000001"],
    "region_code": ["513301", "513301001", "513301001201", "5133010012010000000"],
    "village_code": ["513301001201"],
}
BAD = {
    "citizen_id": {
        "110105194912310021": "number_check_digit",
        "11010519491331002X": "number_date",
        "11010519491231002x": "number_characters",
        "1101051949123100": "number_length",
        "110105491231002": "number_old",
        "110105491331002": "number_date",
    },
    "credit_code": {
        "91110000600037341M": "number_check_digit",
        "9111000060003734IL": "number_characters",
        "A111000060003": "number_length",
        "911100OO600037341L": "number_characters",
    },
    "account": {
        "6222020200112231": "number_check_digit",
        "123456789012": "not_a_card",
        "1234567890123456": "not_a_card",
        "12345": "number_length",
        "62220202О0112230": "number_characters",
    },
    "phone": {"12345": "number_characters", "23800138000": "number_characters"},
    "unit_code": {
        "510121001002JD00036W0000000": "number_length",
        "510121001002KD00036W00000000": "unit_letters",
        "510121001002JZ00036W00000000": "unit_letters",
        "510121001002GC00036W00000000": "unit_letters",
        "510121001002JD00000W00000000": "unit_sequence",
        "510121001002JD00036W00000001": "unit_attachment",
        "510121001002JD00036F00000000": "unit_attachment",
        "510121001002JD0003600000000X": "unit_letters",
        "5101210010O2JD00036W00000000": "number_characters",
    },
    "survey_id": {"51012121100000000A": "number_characters", "5101": "number_length"},
    "region_code": {"5133": "number_length", "00330100": "number_length", "003301": "number_region", "51330x": "number_characters"},
    "village_code": {"513301001000": "number_region", "513301": "number_length"},
}
CASES = [(k, n, None) for k, ns in GOOD.items() for n in ns] + [(k, n, c) for k, ns in BAD.items() for n, c in ns.items()]


@pytest.mark.parametrize(("kind", "number", "code"), CASES)
def test_numbers_right_and_wrong(kind: str, number: str, code: str | None) -> None:
    found = problem_of(kind, number)
    assert (found.code if found else None) == code
    assert [f.code for f in check_column(kind, pa.array([number, None, ""]), where="t")] == ([f"tenure.{code}"] if code else [])


@pytest.mark.parametrize("kind", ["citizen_id", "credit_code", "account", "phone"])
def test_a_fault_says_what_is_wrong_and_never_the_number(kind: str) -> None:
    for number in BAD[kind]:
        (fault,) = faults_of(kind, number, where="party", record="N1")
        assert (
            NUMBERS[kind].zh in fault.clash.zh and NUMBERS[kind].en in fault.clash.en and fault.remedy.zh and fault.record == "N1"
        )
        assert all(number not in fault.say(lang) and number[-6:] not in fault.say(lang) for lang in ("zh", "en"))


def test_masks_show_three_and_four_or_the_last_four() -> None:
    assert mask_id("11010519491231002X") == "110***********002X" and mask_account("6222020200112230") == "************2230"
    assert mask_phone("13800138000") == "138****8000" and mask_id("12345") == "*****" and mask_account("1234") == "****"


def test_an_old_identity_number_becomes_the_new_one() -> None:
    assert (
        upgrade_citizen_id("110105491231002") == "11010519491231002X"
        and birth_date_of("11010519491231002X").isoformat() == "1949-12-31"
    )
    with pytest.raises(FaultsError):
        upgrade_citizen_id("11010549123100")


def test_a_unit_code_comes_apart_and_together() -> None:
    code = parse_unit_code("510121001002JD00036F00010002")
    assert (code.county, code.district, code.subdistrict, code.ownership, code.kind) == ("510121", "001", "002", "J", "D")
    assert (code.sequence, code.attachment, code.attachment_no, code.parcel_code) == (
        "00036",
        "F",
        "00010002",
        "510121001002JD00036",
    )
    assert str(code) == "510121001002JD00036F00010002" and "耕地" in code.say().zh and "building" in code.say().en
    alone = parse_unit_code("510121001002JD00036")
    assert alone.attachment == "" and str(alone) == alone.parcel_code
    with pytest.raises(FaultsError, match="G J Z"):
        parse_unit_code("510121001002QD00036W00000000")


def test_levels_of_regions() -> None:
    assert region_level("5133010012010000000") == 5
    with pytest.raises(FaultsError):
        region_level("5133")


# ---------------------------------------------------------------- the same as an independent library, and as itself in columns
def _valid(check: object, number: str) -> bool:
    try:
        return bool(check(number))  # type: ignore[operator]
    except ValidationError:
        return False


@given(st.text("0123456789X", min_size=18, max_size=18))
@settings(max_examples=200, deadline=None)
def test_check_digits_agree_with_the_library(body: str) -> None:
    digits = body.replace("X", "7")
    identity = f"{digits[:6]}1990{'0512'}{digits[14:17]}"
    right = identity + ric.calc_check_digit(identity + "0")
    for last in "0123456789X":
        assert (problem_of("citizen_id", identity + last) is None) == (identity + last == right)
    credit = digits[:17]
    for last in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        assert (problem_of("credit_code", credit + last) is None) == _valid(uscc.validate, credit + last)
    card = "62" + digits[2:]
    assert (problem_of("account", card) is None) == luhn.is_valid(card)


_LETTERS = "0123456789ABCDEFGHJKWXZ国"


@given(st.sampled_from(sorted(GOOD)), st.data())
@settings(max_examples=300, deadline=None)
def test_a_column_finds_exactly_what_single_numbers_show(kind: str, data: st.DataObject) -> None:
    def spoiled(number: str, at: int, letter: str) -> str:
        return number[: at % len(number)] + letter + number[at % len(number) + 1 :]

    good = st.sampled_from(GOOD[kind])
    any_one = st.one_of(
        good, st.builds(spoiled, good, st.integers(0, 40), st.sampled_from(_LETTERS)), st.text(_LETTERS, max_size=30), st.none()
    )
    values = data.draw(st.lists(any_one, max_size=20))
    column = pa.chunked_array([pa.array(values[:7], pa.string()), pa.array(values[7:], pa.string())])
    wanted = [i for i, v in enumerate(values) if v and problem_of(kind, v) is not None]
    assert [int(f.record.split()[1]) - 1 for f in check_column(kind, column, where="t")] == wanted
    assert set(wanted) <= set(suspects(kind, column).tolist())


def test_a_million_numbers_are_checked_in_seconds() -> None:
    rng = np.random.default_rng(4)
    body = rng.integers(0, 10, (200_000, 18)).astype(np.uint8) + ord("0")
    body[:, 6:14] = np.frombuffer(b"19900512", np.uint8)
    weights = np.array([pow(2, 17 - i, 11) for i in range(17)])
    total = (body[:, :17] - ord("0")).astype(np.int64) @ weights % 11
    last = (12 - total) % 11
    body[:, 17] = np.where(last == 10, ord("X"), last + ord("0"))
    numbers = pa.array(body.view("S18").ravel().astype("U18"))
    column = pa.chunked_array([numbers] * 5)
    start = time.process_time()
    assert check_column("citizen_id", column, where="t") == []
    assert time.process_time() - start < 5
    spoilt = numbers.to_pylist()
    spoilt[77] = spoilt[77][:17] + ("0" if spoilt[77][17] != "0" else "1")
    (fault,) = check_column("citizen_id", pa.array(spoilt), where="t", records=[f"N{i}" for i in range(len(spoilt))])
    assert fault.record == "N77" and fault.code == "tenure.number_check_digit"
