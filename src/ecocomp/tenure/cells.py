"""What a clerk's cell means: names, codes, areas, shares, dates, terms; and which cells a spreadsheet has spoiled.

For `tenure.sheets` and anyone who reads registers kept by hand. Every function takes the text of one cell and returns a
value, or None for an empty cell, or raises `Unreadable` with the sentence that says what was expected. Nothing is guessed:
a cell that could mean two things is unreadable.

Spreadsheets keep 15 digits of a number: 18-digit identity numbers and 19-digit codes typed into number cells come back
with zeros at the end or as ``1.10105E+17`` (ECMA-376 stores numbers as IEEE 754 doubles; the programs keep 15 digits).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from ecocomp.terms.money import half_even
from ecocomp.terms.text import Text

KEPT_DIGITS = 15
AREA_UNITS: dict[str, Fraction] = {"mu": Fraction(200_000, 3), "ha": Fraction(1_000_000), "m2": Fraction(100)}
"""Whole dm2 (0.01 m2) in one unit; 1 mu = 2000/3 m2."""

_BLANK = re.compile(r"[\s\u00a0\u200b\u2007\u202f\u3000\ufeff]+")
_DOTS = re.compile(r"(?<=[\u3400-\u9fff])[·•‧∙⋅・.](?=[\u3400-\u9fff])")
_HAN_DIGITS = dict(zip("〇零一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_NONE = {"", "-", "--", "—", "——", "/", "\\", "无", "N/A", "n/a", "#N/A", "null", "NULL", "None"}
_FOREVER = {"长期", "永久", "长久不变", "无固定期限", "无期限", "至今"}
_JOINT = re.compile(r"^共同(共有)?$|^家庭共有$|^joint$", re.IGNORECASE)
_EQUAL = re.compile(r"^(各半|各占一半|各占1/2|各1/2|各二分之一|各50%)$")
_ALONE = {"单独所有", "单独", "独有", "全部", "sole"}
_BY_SHARE = {"按份共有", "按份"}


class Unreadable(ValueError):
    """The cell does not say what its column wants; carries what was expected."""

    def __init__(self, wanted: Text) -> None:
        super().__init__(str(wanted))
        self.wanted = wanted


# ---------------------------------------------------------------- text
def plain(text: str) -> str:
    """Return text with full-width letters and digits made plain (NFKC) and every run of blanks as one space, trimmed.

    >>> plain(" ４１\\u00a0０　亩 ")
    '41 0 亩'
    """
    if text.isascii():
        return " ".join(text.split())
    return _BLANK.sub(" ", unicodedata.normalize("NFKC", text.replace("½", "1/2").replace("⅓", "1/3"))).strip()


def word(text: str) -> str:
    """Return a header or label without blanks, brackets made plain, lower case: ``面积\\n（亩）`` is ``面积(亩)``."""
    return plain(text).replace(" ", "").replace("【", "(").replace("】", ")").replace("⁄", "/").lower()


def is_none(text: str) -> bool:
    """Return whether a cell says that there is nothing: blank, a dash, a slash, 无."""
    return plain(text) in _NONE


def name(text: str) -> str | None:
    """Return the name of a person or body; blanks inside Chinese names go, those of Latin names stay.

    >>> name("张　 三"), name("Zhaxi  Dolma")
    ('张三', 'Zhaxi Dolma')
    """
    said = plain(text)
    if said in _NONE:
        return None
    return _DOTS.sub("·", said.replace(" ", "")) if re.search(r"[\u3400-\u9fff]", said) else said


def names(text: str) -> list[str]:
    """Return several names of one cell, parted by ``、 , ; /`` or line breaks; a blank is part of a name.

    >>> names("张三、李 四；王五")
    ['张三', '李四', '王五']
    """
    said = re.sub(r"[\r\n]+", "、", unicodedata.normalize("NFKC", text)).replace("\u00a0", " ")
    parts = [name(p) for p in re.split(r"[、,;/]", said)]
    return [p for p in parts if p]


def code(text: str) -> str | None:
    """Return a code without blanks, apostrophes and full-width signs, letters upper case; None if there is none."""
    said = plain(text).lstrip("'’‘`").replace(" ", "").upper()
    return None if said in _NONE else said


def is_damaged(text: str, kind: str, wanted_digits: int) -> bool:
    """Return whether a spreadsheet has spoiled a code of `wanted_digits` digits: scientific notation, or a number cell too long.

    kind  what the cell was (see `io.foreign.sheets`): ``n`` a number
    """
    said = plain(text).replace(" ", "")
    if wanted_digits > KEPT_DIGITS and re.fullmatch(r"\d(\.\d+)?[eE]\+?\d{2}", said):
        return True
    return kind == "n" and said.isdigit() and len(said) > KEPT_DIGITS


def ends_cut(text: str) -> bool:
    """Return whether a code of 17 digits or more carries only zeros after its 15th, as a damaged one does."""
    return len(text) > KEPT_DIGITS + 1 and text.isdigit() and set(text[KEPT_DIGITS:]) == {"0"}


# ---------------------------------------------------------------- numbers
_NUMBER = Text("一个数，如 12.34", "a number such as 12.34")


def number(text: str) -> Decimal | None:
    """Return a number; thousands separators and a unit behind it are left out.

    >>> number("1,234.50 亩")
    Decimal('1234.50')
    """
    said = plain(text).replace(" ", "")
    if said in _NONE:
        return None
    said = re.sub(r"(亩|公顷|平方米|m2|ha|mu|hm2|人|口)$", "", said, flags=re.IGNORECASE)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", said):
        said = said.replace(",", "")
    if not re.fullmatch(r"[+-]?(\d{1,15}(\.\d*)?|\.\d+)([eE]-\d{1,2})?", said):
        raise Unreadable(_NUMBER)
    return Decimal(said)


def whole(text: str) -> int | None:
    """Return a whole number (persons)."""
    found = number(text)
    if found is None:
        return None
    if found != int(found) or found < 0:
        raise Unreadable(Text("一个整数", "a whole number"))
    return int(found)


def area_dm2(text: str, unit: str) -> int | None:
    """Return an area in whole dm2, half-even, from a cell in ``mu``, ``ha`` or ``m2``; a unit written in the cell wins.

    >>> area_dm2("1.5", "mu"), area_dm2("0.1公顷", "mu")
    (100000, 100000)
    """
    said = word(text)
    own = unit_of(said)
    found = number(said)
    if found is None:
        return None
    if found < 0:
        raise Unreadable(Text("一个非负的面积", "an area of zero or more"))
    exact = Fraction(found) * AREA_UNITS[own or unit]
    return half_even(exact.numerator, exact.denominator)


def unit_of(label: str) -> str | None:
    """Return the unit of area a header or cell names: ``mu``, ``ha``, ``m2`` or None."""
    said = word(label)
    for unit, signs in _UNIT_SIGNS:
        if any(s in said for s in signs):
            return unit
    return None


_UNIT_SIGNS = (("m2", ("平方米", "m2", "㎡", "sqm")), ("ha", ("公顷", "hm2", "(ha)", "hectare")), ("mu", ("亩", "(mu)")))


# ---------------------------------------------------------------- shares
_SHARE = Text("份额，如 1/2、50%、0.5、二分之一、各半、共同共有", "a share such as 1/2, 50%, 0.5, or joint")


def shares(text: str, holders: int = 1) -> list[Fraction] | None:
    """Return the shares of a cell, one for each of `holders`; None for joint ownership, which has none.

    An empty cell and sole ownership are one whole. ``各半`` is a half for each of two; of one holder it is that holder's half.

    >>> shares("1/3，2/3", 2), shares("二分之一"), shares("50%"), shares("共同共有", 3)
    ([Fraction(1, 3), Fraction(2, 3)], [Fraction(1, 2)], [Fraction(1, 2)], None)
    """
    said = word(text)
    if _JOINT.match(said):
        return None
    if said in _NONE or said in _ALONE:
        if holders != 1:
            raise Unreadable(_SHARE)
        return [Fraction(1)]
    if _EQUAL.match(said):
        if holders > 2:
            raise Unreadable(_SHARE)
        return [Fraction(1, 2)] * holders
    parts = [_share(re.sub(r"^各(占)?", "", p)) for p in re.split(r"[,;、:]", said) if p]
    if said.startswith("各") and len(parts) == 1:
        parts = parts * holders
    if len(parts) != holders:
        raise Unreadable(_SHARE)
    return parts


def is_joint(text: str) -> bool:
    """Return whether a cell says joint ownership without shares."""
    return bool(_JOINT.match(word(text)))


def is_by_share(text: str) -> bool:
    """Return whether a cell says ownership by shares without naming them."""
    return word(text) in _BY_SHARE


def _share(said: str) -> Fraction:
    """Return one share; a decimal stands for its exact value, but 0.33 and 33.33 % do not become a third."""
    if found := re.fullmatch(r"(\d{1,9})/(\d{1,9})", said):
        num, den = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"([〇零一二两三四五六七八九十百]+)分之([〇零一二两三四五六七八九十百]+)", said):
        num, den = han_number(found[2]), han_number(found[1])
    elif found := re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)%", said):
        exact = Fraction(found[1]) / 100
        num, den = exact.numerator, exact.denominator
    elif re.fullmatch(r"(0?\.\d{1,9}|1(\.0+)?|0?\.\d{10,17})", said):
        exact = Fraction(round(Decimal(said), 9))
        num, den = exact.numerator, exact.denominator
    else:
        raise Unreadable(_SHARE)
    if den == 0 or not 0 < num <= den:
        raise Unreadable(_SHARE)
    return Fraction(num, den)


def han_number(said: str) -> int:
    """Return a number below a thousand written in Chinese signs.

    >>> han_number("十二"), han_number("三十"), han_number("一百零五"), han_number("二")
    (12, 30, 105, 2)
    """
    total, digit = 0, 0
    for sign in said:
        if sign == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif sign == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _HAN_DIGITS[sign]
    return total + digit


# ---------------------------------------------------------------- dates
_DATE = Text("日期，如 2019-03-01、2019年3月1日、20190301", "a date such as 2019-03-01 or 20190301")
_TERM = Text("期限，如 2019-2049、2019年3月1日至2049年2月28日、30年、长期", "a term such as 2019-2049, two dates, or 30年")
_SERIAL_FROM, _SERIAL_TO = 14_611, 91_313  # 1940-01-01 and 2149-12-31 as spreadsheets count days
_YMD = r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})[日号]?"


def day(text: str, kind: str = "s") -> date | None:
    """Return a date; of a number cell also the serial day of a spreadsheet. Two-digit years are not read.

    >>> day("2019年3月1日"), day("43525", "n"), day("长期")
    (datetime.date(2019, 3, 1), datetime.date(2019, 3, 1), None)
    """
    said = word(text)
    if said in _NONE or said in _FOREVER:
        return None
    said = re.sub(r"(t| )?00:00:00(\.0+)?$", "", said)
    if found := re.fullmatch(_YMD, said):
        return _date(*(int(g) for g in found.groups()))
    if re.fullmatch(r"(19|20|21)\d{6}", said):
        return _date(int(said[:4]), int(said[4:6]), int(said[6:]))
    if re.fullmatch(r"\d{5}(\.0)?", said) and _SERIAL_FROM <= int(said[:5]) <= _SERIAL_TO:
        return date(1899, 12, 30) + timedelta(days=int(said[:5]))
    raise Unreadable(_DATE)


def term(text: str) -> tuple[date | None, date | None, int | None]:
    """Return what a term says: first day, last day, years; None for what it leaves open.

    Two years stand for whole calendar years: 2019-2049 is 2019-01-01 to 2049-12-31. A length alone needs a first day.

    >>> term("2019-2049")
    (datetime.date(2019, 1, 1), datetime.date(2049, 12, 31), None)
    >>> term("30年")
    (None, None, 30)
    """
    said = re.sub(r"[()]", "", word(text).removeprefix("自").removesuffix("止"))
    if said in _NONE or said in _FOREVER:
        return None, None, None
    if found := re.fullmatch(r"(\d{1,3}|[一二三四五六七八九十]+)年", said):
        return None, None, int(found[1]) if found[1].isdigit() else han_number(found[1])
    if found := re.fullmatch(r"(\d{4})年?(?:-|—|–|~|～|至|到)+(\d{4})年?", said):
        return _in_order(_date(int(found[1]), 1, 1), _date(int(found[2]), 12, 31))
    if found := re.fullmatch(rf"{_YMD}起?(?:-|—|–|~|～|至|到)+(?:{_YMD}|(长期|长久不变|永久))", said):
        end = None if found[7] else _date(int(found[4]), int(found[5]), int(found[6]))
        return _in_order(_date(int(found[1]), int(found[2]), int(found[3])), end)
    raise Unreadable(_TERM)


def _in_order(start: date, end: date | None) -> tuple[date, date | None, None]:
    if end is not None and end < start:
        raise Unreadable(_TERM)
    return start, end, None


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unreadable(_DATE) from None


def after_years(start: date, years: int) -> date:
    """Return the last day of a term of so many years from `start`."""
    try:
        return start.replace(year=start.year + years) - timedelta(days=1)
    except ValueError:
        return date(start.year + years, 2, 28)
