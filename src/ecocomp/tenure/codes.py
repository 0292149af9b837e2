"""Numbers of people, companies, accounts and land: their shape, check digits and parts.

For registers, imports and deeds. A fault never repeats a number of a person or an account; it names the record, and what
is wrong. A whole column is checked at once: what is plainly right is told apart in bulk, only the rest is looked at singly.

References
----------
1. GB 11643-1999, citizen identification number (ISO 7064 MOD 11-2); 15 digits before 1999.
2. GB 32100-2015, unified social credit code.
3. ISO/IEC 7812-1:2017 (Luhn formula of card numbers); bank cards of China have 16 to 19 digits and mostly begin with 62.
4. GB/T 37346-2019, real-estate unit code, 28 characters; its first 19 are the parcel code.
5. TD/T 1057-2020, identifier BSM of the land survey, 18 digits; GB/T 2260 and the 12-digit codes of towns and villages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from stdnum import luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from ecocomp.terms.faults import Fault, FaultsError, Severity
from ecocomp.terms.text import Text

OWNERSHIP_LETTERS: dict[str, Text] = {
    "G": Text("国家所有", "state"),
    "J": Text("集体所有", "collective"),
    "Z": Text("所有权未确定或有争议", "not determined or disputed"),
}
KIND_LETTERS: dict[str, Text] = {
    "A": Text("集体土地所有权", "collective ownership"),
    "B": Text("建设用地使用权（地表）", "construction land, surface"),
    "S": Text("建设用地使用权（地上）", "construction land, above the surface"),
    "X": Text("建设用地使用权（地下）", "construction land, below the surface"),
    "C": Text("宅基地使用权", "homestead"),
    "D": Text("土地承包经营权（耕地）", "contract right, farmland"),
    "E": Text("林地使用权或承包经营权", "woodland"),
    "F": Text("草原使用权或承包经营权", "grassland"),
    "H": Text("海域使用权", "sea"),
    "G": Text("无居民海岛使用权", "uninhabited island"),
    "W": Text("使用权未确定或有争议", "use right not determined or disputed"),
    "Y": Text("其他", "other"),
}
COLLECTIVE_ONLY = ("A", "C")
ATTACHMENT_LETTERS: dict[str, Text] = {
    "F": Text("房屋等建筑物", "building"),
    "L": Text("森林或林木", "forest or trees"),
    "Q": Text("其他定着物", "other attachment"),
    "W": Text("无定着物", "no attachment"),
}
NUMBERS: dict[str, Text] = {
    "citizen_id": Text("公民身份号码", "citizen identity number"),
    "credit_code": Text("统一社会信用代码", "unified social credit code"),
    "account": Text("银行账号", "bank account"),
    "phone": Text("电话", "telephone"),
    "unit_code": Text("不动产单元代码", "real-estate unit code"),
    "parcel_code": Text("宗地代码", "parcel code"),
    "survey_id": Text("图斑标识码", "identifier of the land survey"),
    "region_code": Text("区划代码", "region code"),
    "village_code": Text("村代码", "village code"),
}
"""Kinds of number that `problem_of` knows."""

_CARD = re.compile(r"62\d{14,17}")
_FIRST_BIRTH = 1880
_REMEDY = Text("对照证件更正。", "Correct it after the document.")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one number: stable code, sentence without the number, remedy."""

    code: str
    clash: Text
    remedy: Text = _REMEDY
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class UnitCode:
    """A real-estate unit code in its parts; a parcel code alone has no attachment.

    county 6 digits, district 3 (地籍区), subdistrict 3 (地籍子区), ownership and kind one letter each (宗地特征码),
    sequence 5, attachment one letter (定着物特征码), attachment_no 8.
    """

    county: str
    district: str
    subdistrict: str
    ownership: str
    kind: str
    sequence: str
    attachment: str = ""
    attachment_no: str = ""

    @property
    def parcel_code(self) -> str:
        """Return the first 19 characters, the parcel code."""
        return "".join((self.county, self.district, self.subdistrict, self.ownership, self.kind, self.sequence))

    def __str__(self) -> str:
        return self.parcel_code + self.attachment + self.attachment_no

    def say(self) -> Text:
        """Return what the code says, in words."""
        parts = [OWNERSHIP_LETTERS[self.ownership], KIND_LETTERS[self.kind]]
        parts += [ATTACHMENT_LETTERS[self.attachment]] if self.attachment else []
        return Text("，".join(p.zh for p in parts), ", ".join(p.en for p in parts))


# ---------------------------------------------------------------- masks
def mask_id(number: str) -> str:
    """Return a number of a person with its first three and last four characters.

    >>> mask_id("11010519491231002X")
    '110***********002X'
    """
    return number[:3] + "*" * (len(number) - 7) + number[-4:] if len(number) > 10 else "*" * len(number)


def mask_account(number: str) -> str:
    """Return an account with its last four characters.

    >>> mask_account("6222020200112230")
    '************2230'
    """
    return "*" * (len(number) - 4) + number[-4:] if len(number) > 8 else "*" * len(number)


def mask_phone(number: str) -> str:
    """Return a telephone number with its first three and last four digits; a short one not at all."""
    return mask_id(number)


# ---------------------------------------------------------------- single numbers
def problem_of(kind: str, number: str) -> Problem | None:
    """Return what is wrong with a number of a kind (`NUMBERS`), or None.

    >>> problem_of("citizen_id", "11010519491231002X") is None
    True
    >>> problem_of("citizen_id", "110105194912310021").code
    'number_check_digit'
    """
    return _CHECKS[kind](number)


def faults_of(kind: str, number: str, *, where: str, record: str) -> list[Fault]:
    """Return the fault of one number, or none; the sentence names the kind of number, never the number."""
    found = problem_of(kind, number)
    return [] if found is None else [_fault(kind, found, where, record)]


def _fault(kind: str, found: Problem, where: str, record: str) -> Fault:
    clash = Text(f"{NUMBERS[kind].zh}{found.clash.zh}", f"the {NUMBERS[kind].en} {found.clash.en}")
    return Fault(f"tenure.{found.code}", where, record, clash, found.remedy, found.severity)


def _length(number: str, wanted: str) -> Problem:
    clash = Text("有 {n} 位，应为 {w} 位。", "has {n} characters, it should have {w}.").fill(n=len(number), w=wanted)
    return Problem("number_length", clash)


def _characters(zh: str, en: str) -> Problem:
    return Problem("number_characters", Text(zh, en))


_DIGIT = Problem(
    "number_check_digit", Text("校验位不符，至少有一位写错。", "fails its check digit: at least one character is wrong.")
)


def _citizen_id(number: str) -> Problem | None:
    if len(number) == 15:
        return _old_citizen_id(number)
    if len(number) != 18:
        return _length(number, "18")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return _characters("应为 17 位数字加一位数字或大写 X。", "should be 17 digits and then a digit or a capital X.")
    if not _birth_possible(number):
        return Problem(
            "number_date", Text("第 7 至 14 位不是可能的出生日期。", "has no possible date of birth at its characters 7 to 14.")
        )
    return None if ric.calc_check_digit(number) == number[-1] else _DIGIT


def _old_citizen_id(number: str) -> Problem | None:
    """Fifteen digits are an old number: right or wrong by its date, to be replaced by the new one."""
    if not number.isascii() or not number.isdigit():
        return _characters("15 位旧号应全是数字。", "of 15 characters should be all digits.")
    if not _birth_possible(f"{number[:6]}19{number[6:]}0"):
        return Problem(
            "number_date", Text("第 7 至 12 位不是可能的出生日期。", "has no possible date of birth at its characters 7 to 12.")
        )
    clash = Text("是 15 位旧号。", "is an old one of 15 digits.")
    return Problem(
        "number_old", clash, Text("换成 18 位（upgrade_citizen_id）。", "Write its 18 digits (upgrade_citizen_id)."), "warning"
    )


def _birth_possible(number: str) -> bool:
    try:
        return ric.get_birth_date(number).year >= _FIRST_BIRTH
    except ValidationError:
        return False


def upgrade_citizen_id(number: str) -> str:
    """Return the 18 digits of an old number of 15: the century 19 put in, the check digit added.

    raises  FaultsError: it is not 15 digits with a possible date

    >>> upgrade_citizen_id("110105491231002")
    '11010519491231002X'
    """
    if len(number) != 15:
        raise FaultsError([_fault("citizen_id", _length(number, "15"), "citizen_id", "")])
    found = _old_citizen_id(number)
    if found is not None and found.severity == "error":
        raise FaultsError([_fault("citizen_id", found, "citizen_id", "")])
    body = f"{number[:6]}19{number[6:]}"
    return body + ric.calc_check_digit(body + "0")


def birth_date_of(citizen_id: str) -> date:
    """Return the date of birth in a right number of 18 digits, e.g. for a match with a list of deaths."""
    return ric.get_birth_date(citizen_id)


def _credit_code(number: str) -> Problem | None:
    if len(number) != 18:
        return _length(number, "18")
    if not re.fullmatch(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}", number):
        return _characters(
            "应为数字和大写字母（没有 I O S V Z），第 3 至 8 位为数字。",
            "should have digits and capitals (no I O S V Z), with digits at characters 3 to 8.",
        )
    return None if uscc.calc_check_digit(number[:-1]) == number[-1] else _DIGIT


def _account(number: str) -> Problem | None:
    """A card number must satisfy its check digit; other accounts are allowed and said not to be one."""
    bare = number.replace(" ", "").replace("-", "")
    if not 6 <= len(bare) <= 32:
        return _length(bare, "6–32")
    if not bare.isascii() or not bare.isalnum():
        return _characters("只应有数字（和字母）。", "should have digits (and letters) only.")
    if 16 <= len(bare) <= 19 and bare.isdigit() and bare[0] != "0" and luhn.is_valid(bare):
        return None
    if _CARD.fullmatch(bare):
        return _DIGIT
    clash = Text("不是银行卡号（16 至 19 位，带校验位）。", "is not a card number (16 to 19 digits with a check digit).")
    return Problem(
        "not_a_card",
        clash,
        Text("存折账号可用；卡号请核对。", "An account of a passbook is fine; check it if it should be a card."),
        "warning",
    )


def _phone(number: str) -> Problem | None:
    if re.fullmatch(r"(\+86[- ]?)?1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}", number):
        return None
    return _characters(
        "应为 11 位手机号或带区号的座机。", "should be a mobile number of 11 digits or a landline with its area code."
    )


def _unit_code(number: str) -> Problem | None:
    if len(number) != 28:
        return _parcel_code(number) if len(number) == 19 else _length(number, "28（宗地代码 19 / parcel code 19）")
    found = _parcel_code(number[:19])
    if found is not None:
        return found
    letter, tail = number[19], number[20:]
    if letter not in ATTACHMENT_LETTERS:
        return _letter(20, letter, ATTACHMENT_LETTERS)
    if not re.fullmatch("[0-9]{8}", tail):
        return _characters("第 21 至 28 位应为数字。", "should have digits at characters 21 to 28.")
    if (letter == "W") != (tail == "00000000"):
        clash = Text(
            "第 20 位 {l} 与定着物单元号 {t} 不合：W 的单元号为 00000000，其他不为 0。",
            "has {l} at character 20 with unit number {t}: W goes with 00000000, the others never do.",
        )
        return Problem("unit_attachment", clash.fill(l=letter, t=tail), severity="warning")
    return None


def _parcel_code(number: str) -> Problem | None:
    if len(number) != 19:
        return _length(number, "19")
    if not re.fullmatch("[0-9]{12}", number[:12]) or not re.fullmatch("[0-9]{5}", number[14:]):
        return _characters("第 1 至 12 位和第 15 至 19 位应为数字。", "should have digits at characters 1 to 12 and 15 to 19.")
    if number[12] not in OWNERSHIP_LETTERS:
        return _letter(13, number[12], OWNERSHIP_LETTERS)
    if number[13] not in KIND_LETTERS:
        return _letter(14, number[13], KIND_LETTERS)
    if number[13] in COLLECTIVE_ONLY and number[12] != "J":
        clash = Text(
            "宗地特征码 {v} 不合：{k} 只用于集体（J）。", "has the parcel feature code {v}: {k} goes with collective land (J) only."
        )
        return Problem("unit_letters", clash.fill(v=number[12:14], k=number[13]))
    if number[14:] == "00000":
        return Problem(
            "unit_sequence", Text("宗地顺序号是 00000，应从 00001 起。", "has the parcel number 00000; they begin with 00001.")
        )
    return None


def _letter(place: int, letter: str, known: dict[str, Text]) -> Problem:
    clash = Text("第 {p} 位是“{v}”，可用 {k}。", "has “{v}” at character {p}; it may be {k}.").fill(
        p=place, v=letter, k=" ".join(known)
    )
    return Problem("unit_letters", clash)


def _survey_id(number: str) -> Problem | None:
    if len(number) != 18:
        return _length(number, "18")
    return None if re.fullmatch("[0-9]{18}", number) else _characters("应全是数字。", "should be all digits.")


def _region_code(number: str) -> Problem | None:
    if not re.fullmatch("[0-9]*", number):
        return _characters("应全是数字。", "should be all digits.")
    if len(number) not in (6, 9, 12, 19):
        return _length(number, "6 / 9 / 12")
    if number[:2] == "00" or (len(number) == 19 and number[12:] != "0000000"):
        return Problem("number_region", Text("不是区划代码的写法。", "is not written as a code of a region."))
    return None


def _village_code(number: str) -> Problem | None:
    if len(number) != 12:
        return _length(number, "12")
    found = _region_code(number)
    if found is None and (number[6:9] == "000" or number[9:] == "000"):
        return Problem(
            "number_region",
            Text("没有写到村（末三位或乡镇段为 000）。", "does not reach a village (its town or village part is 000)."),
        )
    return found


_CHECKS: dict[str, Callable[[str], Problem | None]] = {
    "citizen_id": _citizen_id,
    "credit_code": _credit_code,
    "account": _account,
    "phone": _phone,
    "unit_code": _unit_code,
    "parcel_code": _parcel_code,
    "survey_id": _survey_id,
    "region_code": _region_code,
    "village_code": _village_code,
}


def region_level(code: str) -> int:
    """Return the level of a region code: 1 province, 2 city, 3 county, 4 town, 5 village.

    raises  FaultsError: it is not written as a code of a region

    >>> [region_level(c) for c in ("510000", "513300", "513301", "513301001", "513301001201")]
    [1, 2, 3, 4, 5]
    """
    found = _region_code(code)
    if found is not None:
        raise FaultsError([_fault("region_code", found, "region_code", code[:20])])
    code = code[:12]
    for level, (start, stop) in zip((5, 4, 3, 2), ((9, 12), (6, 9), (4, 6), (2, 4)), strict=True):
        if code[start:stop].strip("0"):
            return level
    return 1


def parse_unit_code(code: str) -> UnitCode:
    """Return the parts of a real-estate unit code (28 characters) or of a parcel code alone (19).

    raises  FaultsError: length, a letter that is not in its table, letters that do not go together

    >>> parse_unit_code("510121001002JD00036W00000000").parcel_code
    '510121001002JD00036'
    """
    found = _unit_code(code)
    if found is not None and found.severity == "error":
        raise FaultsError([_fault("unit_code", found, "unit_code", code[:28])])
    return UnitCode(code[:6], code[6:9], code[9:12], code[12], code[13], code[14:19], code[19:20], code[20:])


# ---------------------------------------------------------------- columns
def check_column(
    kind: str, column: pa.ChunkedArray | pa.Array, *, where: str, records: Sequence[str] | pa.ChunkedArray | pa.Array | None = None
) -> list[Fault]:
    """Return the fault of every number of a column that is not as it should be; empty cells are left out.

    records  what to call each row, such as its code; without it the row number from 1
    """
    rows = suspects(kind, column)
    if not len(rows):
        return []
    values = (
        pa.chunked_array(column).take(pa.array(rows)).to_pylist()
        if isinstance(column, pa.Array)
        else column.take(pa.array(rows)).to_pylist()
    )
    names = _names(records, rows)
    out = []
    for name, value in zip(names, values, strict=True):
        found = problem_of(kind, value)
        if found is not None:
            out.append(_fault(kind, found, where, name))
    return out


def _names(records: Any, rows: NDArray[np.int64]) -> list[str]:
    if records is None:
        return [f"row {i + 1}" for i in rows.tolist()]
    if isinstance(records, pa.Array | pa.ChunkedArray):
        return [str(x) for x in records.take(pa.array(rows)).to_pylist()]
    return [str(records[i]) for i in rows.tolist()]


def suspects(kind: str, column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """Return the rows of a column that are not plainly right, to be looked at singly; never leaves a wrong one out."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    array = array if isinstance(array, pa.Array) else pa.concat_arrays(array.chunks)
    array = array.cast(pa.string())
    there = np.asarray(
        pc.and_kleene(pc.is_valid(array), pc.fill_null(pc.not_equal(array, ""), False)).to_numpy(zero_copy_only=False), bool
    )
    fine = np.zeros(len(array), bool)
    for length, sieve in _SIEVES.get(kind, {}).items():
        rows = np.flatnonzero(
            there & (np.asarray(pc.fill_null(pc.binary_length(array), -1).to_numpy(zero_copy_only=False)) == length)
        )
        if len(rows):
            text = array.take(pa.array(rows)).cast(pa.binary())
            fine[rows] = sieve(_matrix(text, length))
    return np.flatnonzero(there & ~fine)


def _matrix(text: pa.Array, length: int) -> NDArray[np.uint8]:
    """Return values of one length as a matrix of bytes, a row each."""
    fixed = text.cast(pa.binary(length))
    data = np.frombuffer(fixed.buffers()[1], np.uint8)
    start = fixed.offset * length
    return data[start : start + len(fixed) * length].reshape(len(fixed), length)


def _value_table(alphabet: str) -> NDArray[np.int64]:
    table = np.full(256, -1, np.int64)
    table[[ord(c) for c in alphabet]] = np.arange(len(alphabet))
    return table


_DIGITS = _value_table("0123456789")
_ELEVEN = _value_table("0123456789X")
_THIRTY_ONE = _value_table("0123456789ABCDEFGHJKLMNPQRTUWXY")
_ID_WEIGHTS = np.array([pow(2, 17 - i, 11) for i in range(18)], np.int64)
_CREDIT_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], np.int64)


def _id_fine(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    values = _ELEVEN[text]
    plain = (values >= 0).all(1) & (values[:, :17] < 10).all(1)
    year = values[:, 6:10] @ np.array([1000, 100, 10, 1])
    month, day = values[:, 10] * 10 + values[:, 11], values[:, 12] * 10 + values[:, 13]
    dated = (year >= _FIRST_BIRTH) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 28)
    return np.asarray(plain & dated & (values @ _ID_WEIGHTS % 11 == 1), bool)


def _credit_fine(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    values = _THIRTY_ONE[text]
    plain = (values >= 0).all(1) & (values[:, 2:8] < 10).all(1)
    return np.asarray(plain & ((values[:, :17] @ _CREDIT_WEIGHTS + values[:, 17]) % 31 == 0), bool)


def _card_fine(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    values = _DIGITS[text]
    double = values.copy()
    double[:, -2::-2] *= 2
    total = np.where(double > 9, double - 9, double).sum(1)
    return np.asarray((values >= 0).all(1) & (values[:, 0] > 0) & (total % 10 == 0), bool)


def _parcel_fine(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    digits = _DIGITS[text]
    plain = (digits[:, :12] >= 0).all(1) & (digits[:, 14:19] >= 0).all(1) & (digits[:, 14:19] > 0).any(1)
    owner = np.isin(text[:, 12], [ord(c) for c in OWNERSHIP_LETTERS])
    kind = np.isin(text[:, 13], [ord(c) for c in KIND_LETTERS])
    alone = np.isin(text[:, 13], [ord(c) for c in COLLECTIVE_ONLY]) & (text[:, 12] != ord("J"))
    return np.asarray(plain & owner & kind & ~alone, bool)


def _unit_fine(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    digits = _DIGITS[text[:, 20:]]
    known = np.isin(text[:, 19], [ord(c) for c in ATTACHMENT_LETTERS])
    bare = text[:, 19] == ord("W")
    return np.asarray(_parcel_fine(text[:, :19]) & known & (digits >= 0).all(1) & (bare == (digits == 0).all(1)), bool)


def _all_digits(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((_DIGITS[text] >= 0).all(1), bool)


def _region_fine(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(_all_digits(text) & (_DIGITS[text[:, :2]] > 0).any(1), bool)


def _village_fine(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    digits = _DIGITS[text]
    return np.asarray(_region_fine(text) & (digits[:, 6:9] > 0).any(1) & (digits[:, 9:] > 0).any(1), bool)


_SIEVES: dict[str, dict[int, Callable[[NDArray[np.uint8]], NDArray[np.bool_]]]] = {
    "citizen_id": {18: _id_fine},
    "credit_code": {18: _credit_fine},
    "account": dict.fromkeys(range(16, 20), _card_fine),
    "unit_code": {28: _unit_fine, 19: _parcel_fine},
    "parcel_code": {19: _parcel_fine},
    "survey_id": {18: _all_digits},
    "region_code": dict.fromkeys((6, 9, 12), _region_fine),
    "village_code": {12: _village_fine},
}
