"""A workbook of household rights as clerks keep it: titles, merged cells, two header rows, totals, notes; with planted faults.

For anyone who wants to know what the import of rights reads and what it refuses. One sheet per village, one block of rows
per household (its cells merged over its parcels), areas in mu, dates and shares written in every way people write them,
full-width digits, a header repeated in mid-sheet. All of that is lawful. Faults of chosen kinds are planted besides, each
in a household of its own.

All people are invented: a household is a word of nature and a number. Identity numbers carry a right check digit
(GB 11643) but the area code of the invented county 990121, which belongs to no place and so to no person; accounts begin
with 990121 and pass ISO/IEC 7812-1; telephones begin with 100, which no one has.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ecocomp.sample.frame import COUNTY
from ecocomp.sample.people import chinese_number, household_name
from ecocomp.sample.places import HEADS, TAILS
from ecocomp.terms.money import half_even

HEADER: tuple[tuple[str, str], ...] = (
    ("序号", ""), ("承包方编码", ""), ("承包方代表", "姓名"), ("承包方代表", "身份证号码"), ("承包方代表", "联系电话"),
    ("家庭人口", ""), ("银行账号", ""), ("承包地块", "地块编码"), ("承包地块", "地块名称"), ("承包地块", "面积（亩）"),
    ("权利", "权利类型"), ("权利", "份额"), ("承包期限", "起始日期"), ("承包期限", "终止日期"), ("证书编号", ""), ("备注", ""),
)  # fmt: skip
COLUMNS = tuple(b or a for a, b in HEADER)
HOUSEHOLD_COLUMNS = (1, 2, 3, 4, 5, 6, 7)
HEADER_ROWS = (4, 5)
MU_DM2 = Fraction(200_000, 3)
KINDS: tuple[str, ...] = (
    "damaged_id", "scientific_id", "wrong_check_digit", "short_id", "damaged_parcel_code", "duplicate_household",
    "shares_not_whole", "unknown_parcel", "area_disagrees", "shared_account", "bad_account", "wrong_total", "date_reversed",
    "dead_text", "impossible_date", "missing_name", "unknown_right", "unseen_character", "share_above_one",
)  # fmt: skip
FOUND_AS: dict[str, str] = {
    "damaged_id": "damaged_by_excel", "scientific_id": "damaged_by_excel", "wrong_check_digit": "id_number",
    "short_id": "id_number", "damaged_parcel_code": "damaged_by_excel", "duplicate_household": "code_two_names",
    "shares_not_whole": "shares", "unknown_parcel": "unknown_parcel", "area_disagrees": "area",
    "shared_account": "shared_account", "bad_account": "account", "wrong_total": "total", "date_reversed": "dates",
    "dead_text": "value", "impossible_date": "date", "missing_name": "no_holder", "unknown_right": "kind",
    "unseen_character": "unseen", "share_above_one": "share",
}  # fmt: skip
"""How the import of sheets names each kind (the code of the fault without ``sheets.``)."""
Parcel = tuple[str, int]
"""Parcel code and area in dm2."""


@dataclass(frozen=True, slots=True)
class PlantedCell:
    """One fault: its kind, the sheet and the row (as the spreadsheet counts), the household, the column and what was done."""

    kind: str
    sheet: str
    row: int
    household: str
    column: str
    detail: str


@dataclass(slots=True)
class PlantedSheets:
    """What was made.

    path      the workbook, `rows` rows of rights in it
    heads     name of the head of each household by its code
    shares    exact share of each (parcel, household) pair, as meant before faults
    areas     area of each parcel in dm2
    villages  code of the village of each sheet by its title
    faults    what was planted, beside the workbook as ``….planted.csv``
    """

    path: Path
    rows: int
    heads: dict[str, str]
    shares: dict[tuple[str, str], Fraction]
    areas: dict[str, int]
    villages: dict[str, str]
    faults: list[PlantedCell] = field(default_factory=list)

    def touched(self) -> frozenset[str]:
        """Return the households a fault was planted in."""
        return frozenset(f.household for f in self.faults if f.household)


def identity_number(birth: date, sequence: int) -> str:
    """Return an identity number of nobody: area code 990121, right check digit (GB 11643).

    >>> identity_number(date(1971, 3, 5), 12)
    '990121197103050122'
    """
    body = f"{COUNTY}{birth:%Y%m%d}{sequence % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def account_number(number: int) -> str:
    """Return an account of nobody: 19 digits from 990121 that pass the check digit of ISO/IEC 7812-1.

    >>> account_number(7)
    '9901210000000000071'
    """
    body = f"{COUNTY}{number:012d}"
    total = sum((int(d) * 2 - 9 * (int(d) > 4)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def edition_parcels(edition: Path | str) -> dict[str, list[Parcel]]:
    """Return the parcels of a survey edition (GeoParquet) by village code, in the order of their codes."""
    from ecocomp.io.files import read_table

    out: dict[str, list[Parcel]] = {}
    for row in read_table(edition, ["parcel_id", "village_code", "area_dm2"]).to_pylist():
        out.setdefault(row["village_code"], []).append((row["parcel_id"], row["area_dm2"]))
    return {code: sorted(out[code]) for code in sorted(out)}


def invented_parcels(villages: int, each: int, seed: int) -> dict[str, list[Parcel]]:
    """Return parcels of no survey: codes of 18 digits and areas of 200 to 20,000 m², by village code."""
    rng = np.random.default_rng([seed, 11])
    out: dict[str, list[Parcel]] = {}
    for v in range(villages):
        dm2 = rng.integers(20_000, 2_000_000, each)
        out[f"{COUNTY}100{200 + v}"] = [(f"{COUNTY}2001{v * each + k + 1:08d}", int(dm2[k])) for k in range(each)]
    return out


def make_sheets(
    path: Path | str,
    villages: int = 4,
    households: int = 40,
    seed: int = 2026,
    faults: Mapping[str, int] | None = None,
    parcels: Mapping[str, Sequence[Parcel]] | None = None,
) -> PlantedSheets:
    """Write the workbook and return what is in it and what was planted.

    households  per village; each holds one to four parcels, some of them shared by two
    faults      how many of each kind (see `KINDS`); None: one of each; an empty mapping: none
    parcels     by village code, as from `edition_parcels`; None: invented ones
    raises      `ValueError` for unknown kinds, more faults than households, or too few parcels
    """
    wanted = dict.fromkeys(KINDS, 1) if faults is None else dict(faults)
    unknown = sorted(set(wanted) - set(KINDS))
    if unknown:
        raise ValueError(f"unknown kinds of faults: {', '.join(unknown)}")
    ground = parcels if parcels is not None else invented_parcels(villages, households * 4, seed)
    book = _Book(Path(path), list(ground)[:villages], ground, households, seed)
    book.plan(wanted)
    return book.write()


# ---------------------------------------------------------------- what is written
@dataclass(slots=True)
class _Right:
    parcel: str
    area_dm2: int
    share: Fraction
    cells: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _House:
    code: str
    name: str
    village: str
    rights: list[_Right]
    cells: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


_DATES: tuple[Callable[[date], Any], ...] = (
    lambda d: d.isoformat(), lambda d: f"{d.year}.{d.month}.{d.day}", lambda d: f"{d.year}年{d.month}月{d.day}日",
    lambda d: f"{d.year}/{d.month}/{d.day}", lambda d: f"{d:%Y%m%d}", lambda d: d,
    lambda d: f"{d.year}年{d.month:02d}月{d.day:02d}日",
)  # fmt: skip


def _wide(text: str) -> str:
    """Return text with full-width digits."""
    return text.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


def _mu(dm2: int) -> str:
    """Return an area in mu with four places: exact enough that it comes back to the dm2 within 3."""
    exact = Fraction(dm2) / MU_DM2 * 10_000
    whole = half_even(exact.numerator, exact.denominator)
    return f"{whole // 10_000}.{whole % 10_000:04d}"


def _share_words(share: Fraction, n: int) -> str:
    """Return a share in one of the ways people write it."""
    if share == 1:
        return ("", "1", "1/1", "单独所有", "100%")[n % 5]
    words = f"{chinese_number(share.denominator)}分之{chinese_number(share.numerator)}"
    ways = [f"{share.numerator}/{share.denominator}", words, _wide(f"{share.numerator}") + "/" + _wide(f"{share.denominator}")]
    if 100 % share.denominator == 0:
        ways.append(f"{100 * share.numerator // share.denominator}%")
    return ways[n % len(ways)]


class _Book:
    """Plans households and their rights village by village, then writes sheet by sheet."""

    def __init__(self, path: Path, codes: list[str], ground: Mapping[str, Sequence[Parcel]], households: int, seed: int) -> None:
        self.path, self.codes = path, codes
        self.rng = np.random.default_rng([seed, 13])
        self.houses: list[_House] = []
        self.titles: dict[str, str] = {}
        self.faults: list[PlantedCell] = []
        heads, tails = list(HEADS), list(TAILS)
        for v, code in enumerate(codes):
            self.titles[code] = f"{heads[v % len(heads)]}{heads[(v + 3 + v // len(heads)) % len(heads)]}{tails[v % len(tails)]}村"
            self._village(v, code, list(ground[code]), households)
        self.areas = {p: dm2 for code in codes for p, dm2 in ground[code]}
        self.shares = {(r.parcel, h.code): r.share for h in self.houses for r in h.rights}

    def _village(self, v: int, code: str, parcels: list[Parcel], households: int) -> None:
        """Give parcels to households one after another; every ninth parcel is shared with the household before."""
        if len(parcels) < households:
            raise ValueError(f"village {code} has {len(parcels)} parcels, {households} households need one each")
        most = min(4, len(parcels) // households)
        at = 0
        for k in range(households):
            number = v * households + k
            house = _House(f"H{COUNTY}{number + 1:06d}", household_name(number), code, [])
            for _ in range(int(self.rng.integers(1, most + 1))):
                house.rights.append(_Right(*parcels[at], Fraction(1)))
                at += 1
            if k % 9 == 8:
                one = self.houses[-1].rights[-1]
                part = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 4))[k // 9 % 3]
                one.share = part
                house.rights.append(_Right(one.parcel, one.area_dm2, 1 - part))
            self.houses.append(house)
        for number, house in enumerate(self.houses[-households:], start=v * households):
            self._say(house, number)

    def _say(self, house: _House, number: int) -> None:
        """Write the cells of a household in the manner of the clerk of the day."""
        birth = date(1940, 1, 1) + timedelta(days=int(self.rng.integers(0, 20_000)))
        identity, account, phone = identity_number(birth, number), account_number(number + 1), f"100{number:08d}"
        house.cells = {
            "承包方编码": house.code,
            "姓名": "　".join(house.name) if number % 7 == 3 and len(house.name) == 2 else house.name,
            "身份证号码": _wide(identity) if number % 11 == 5 else f" {identity} " if number % 11 == 6 else identity,
            "联系电话": phone,
            "家庭人口": f"{1 + number % 6}人" if number % 8 == 1 else 1 + number % 6,
            "银行账号": " ".join(account[i : i + 4] for i in range(0, 19, 4)) if number % 6 == 2 else account,
        }
        for k, right in enumerate(house.rights):
            n = number * 3 + k
            start = date(2018, 7, 1) + timedelta(days=31 * (n % 5))
            end = start.replace(year=start.year + 30) - timedelta(days=1)
            area = _mu(right.area_dm2)
            right.cells = {
                "地块编码": _wide(right.parcel) if n % 17 == 4 else right.parcel,
                "地块名称": ("门前田", "后山坡", "河边", "大土", "老屋基")[n % 5],
                "面积（亩）": _wide(area) if n % 13 == 7 else f"{area}亩" if n % 13 == 8 else area if n % 13 == 9 else float(area),
                "权利类型": ("承包经营权", "土地承包经营权", "承包权")[n % 3],
                "份额": _share_words(right.share, n),
                "起始日期": _DATES[n % len(_DATES)](start),
                "终止日期": "长期" if n % 19 == 18 else _DATES[(n + 3) % len(_DATES)](end),
                "证书编号": f"虚构承包〔2018〕{n + 1}号",
                "备注": ("", "", "", "含田坎", "—")[n % 5],
            }

    # ------------------------------------------------------------ faults
    def plan(self, wanted: Mapping[str, int]) -> None:
        """Choose a household for every fault: of those that share nothing, or of those that share where a share goes wrong."""
        shared = {p for (p, _), s in self.shares.items() if s != 1}
        free = [h for h in self.houses if not any(r.parcel in shared for r in h.rights)]
        joint = [h for h in self.houses if sum(r.parcel in shared for r in h.rights) == 1 and h.rights[-1].parcel in shared]
        free = [free[i] for i in self.rng.permutation(len(free)).tolist()]
        self.by_code = {h.code: h for h in self.houses}
        for kind in sorted(wanted):
            for _ in range(wanted[kind]):
                pool = joint if kind in ("shares_not_whole", "share_above_one") else free
                if not pool or (kind in ("duplicate_household", "shared_account") and len(pool) < 2):
                    raise ValueError("more faults than households free of shared parcels")
                house = pool.pop()
                if pool is joint:
                    joint = [h for h in joint if h.rights[-1].parcel != house.rights[-1].parcel]
                house.fault = kind
                self._break(kind, house, free)

    def _break(self, kind: str, house: _House, free: list[_House]) -> None:
        """Spoil the cells of one household; where two are needed, take another from those still sound."""
        cells, first = house.cells, house.rights[0].cells
        identity = "".join(str(cells["身份证号码"]).split()).translate(str.maketrans("０１２３４５６７８９", "0123456789"))
        wrong = "0123456789"[(int(identity[16]) + 1) % 10]
        if kind in ("duplicate_household", "shared_account"):
            other = free.pop()
            other.fault = f"{kind}:{house.code}"
            name = "承包方编码" if kind == "duplicate_household" else "银行账号"
            other.cells[name] = cells[name]
            return
        changes: dict[str, tuple[dict[str, Any], str, Any]] = {
            "damaged_id": (cells, "身份证号码", _number_cell(identity)),
            "scientific_id": (cells, "身份证号码", f"{int(identity[:6]) / 1e5:.5f}E+17"),
            "wrong_check_digit": (cells, "身份证号码", identity[:16] + wrong + identity[17]),
            "short_id": (cells, "身份证号码", identity[:16]),
            "damaged_parcel_code": (first, "地块编码", _number_cell(house.rights[0].parcel)),
            "unknown_parcel": (first, "地块编码", f"{COUNTY}2001{99_000_000 + int(house.code[-6:]):08d}"),
            "area_disagrees": (first, "面积（亩）", round(float(_mu(house.rights[0].area_dm2)) * 1.3, 2)),
            "bad_account": (cells, "银行账号", _other_digit(str(cells["银行账号"]))),
            "date_reversed": (first, "终止日期", "2010-01-01"),
            "dead_text": (first, "面积（亩）", "见附图"),
            "impossible_date": (first, "起始日期", "2018年2月30日"),
            "missing_name": (cells, "姓名", None),
            "unknown_right": (first, "权利类型", "口头约定"),
            "unseen_character": (cells, "姓名", house.name[:1] + "\u202e" + house.name[1:]),
            "shares_not_whole": (house.rights[-1].cells, "份额", "1/7"),
            "share_above_one": (house.rights[-1].cells, "份额", "5/4"),
        }
        if kind in changes:
            row, column, value = changes[kind]
            row[column] = value

    # ------------------------------------------------------------ writing
    def write(self) -> PlantedSheets:
        """Write the workbook and the list of faults."""
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        rows = 0
        for code in self.codes:
            rows += self._sheet(book.create_sheet(self.titles[code]), code)
        notes = book.create_sheet("填表说明")
        notes["A1"] = "填表说明（虚构数据，人名、证号、账号均不属于任何人）"
        notes["A3"] = "一、面积以亩为单位，保留四位小数。"
        notes["A4"] = "二、份额可写分数、百分数或汉字。"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        book.save(self.path)
        with self.path.with_suffix(".planted.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(["kind", "sheet", "row", "household", "column", "detail"])
            out.writerows([f.kind, f.sheet, f.row, f.household, f.column, f.detail] for f in self.faults)
        heads = {h.code: h.name for h in self.houses}
        villages = {self.titles[code]: code for code in self.codes}
        return PlantedSheets(self.path, rows, heads, self.shares, self.areas, villages, self.faults)

    def _sheet(self, sheet: Any, code: str) -> int:
        """Write one village; return its rows of rights."""
        from openpyxl.styles import Alignment, Font
        from openpyxl.utils import get_column_letter

        last = get_column_letter(len(HEADER))
        sheet["A1"] = f"青溪县{self.titles[code]}农户土地承包经营权登记表（虚构）"
        sheet["A1"].font, sheet["A1"].alignment = Font(bold=True, size=16), Alignment(horizontal="center")
        sheet.merge_cells(f"A1:{last}1")
        sheet["A2"] = f"村代码：{code}　　填表日期：2024年3月1日　　面积单位：亩"
        sheet.merge_cells(f"A2:{last}2")
        self._header(sheet, HEADER_ROWS[0])
        at, rows, total = HEADER_ROWS[1] + 1, 0, 0
        mine = [h for h in self.houses if h.village == code]
        for n, house in enumerate(mine, start=1):
            if n == len(mine) // 2 and n > 1:
                self._header(sheet, at + 1)  # as at the top of a printed page
                at += 3
            self._house(sheet, at, n, house)
            at, rows = at + len(house.rights), rows + len(house.rights)
            total += sum(r.area_dm2 for r in house.rights)
        self._foot(sheet, at, total, mine)
        return rows

    def _header(self, sheet: Any, row: int) -> None:
        column = 1
        while column <= len(HEADER):
            top, below = HEADER[column - 1]
            wide = sum(1 for a, b in HEADER[column - 1 :] if a == top) if below else 1
            sheet.cell(row, column, top)
            for k in range(wide if below else 0):
                sheet.cell(row + 1, column + k, HEADER[column - 1 + k][1])
            end_row, end = (row, column + wide - 1) if below else (row + 1, column)
            sheet.merge_cells(start_row=row, start_column=column, end_row=end_row, end_column=end)
            column += wide

    def _house(self, sheet: Any, at: int, n: int, house: _House) -> None:
        values = {"序号": n, **house.cells}
        for k, right in enumerate(house.rights):
            for column, name in enumerate(COLUMNS, start=1):
                value = right.cells[name] if name in right.cells else values.get(name) if k == 0 else None
                if value not in (None, ""):
                    sheet.cell(at + k, column, value)
        for column in HOUSEHOLD_COLUMNS if len(house.rights) > 1 else ():
            sheet.merge_cells(start_row=at, start_column=column, end_row=at + len(house.rights) - 1, end_column=column)
        if house.fault and house.fault != "wrong_total":
            self._note(sheet, at, house)

    def _note(self, sheet: Any, at: int, house: _House) -> None:
        kind, _, other = house.fault.partition(":")
        if kind in ("duplicate_household", "shared_account") and not other:
            return
        column, last = _PLACES[kind]
        row = at + len(house.rights) - 1 if last else at
        said = house.cells.get(column, house.rights[-1 if last else 0].cells.get(column))
        detail = f"{column} {said!r}" + (f", as of {other}" if other else "")
        self.faults.append(PlantedCell(kind, sheet.title, row, house.code, column, detail))

    def _foot(self, sheet: Any, at: int, total_dm2: int, mine: list[_House]) -> None:
        """Write the total and the notes; the total counts shared parcels once for each household, as clerks do."""
        wrong = [h for h in mine if h.fault == "wrong_total"]
        sheet.cell(at, 1, "合计")
        sheet.merge_cells(start_row=at, start_column=1, end_row=at, end_column=3)
        sheet.cell(at, 6, sum(1 + self.houses.index(h) % 6 for h in mine))
        shown = Fraction(_mu(total_dm2)) + (5 if wrong else 0)
        sheet.cell(at, 10, float(shown))
        for house in wrong:
            self.faults.append(PlantedCell("wrong_total", sheet.title, at, house.code, "面积（亩）", "total 5 mu too large"))
            break
        sheet.cell(at + 2, 1, "注：本表一式三份，村、乡、县各存一份；共有地块在各共有人名下分别列出。")
        sheet.merge_cells(start_row=at + 2, start_column=1, end_row=at + 2, end_column=len(HEADER))
        sheet.cell(at + 3, 1, "制表人：云九百（虚构）")
        sheet.cell(at + 3, 8, "审核人：石九百（虚构）")


_PLACES: dict[str, tuple[str, bool]] = {
    "damaged_id": ("身份证号码", False), "scientific_id": ("身份证号码", False), "wrong_check_digit": ("身份证号码", False),
    "short_id": ("身份证号码", False), "damaged_parcel_code": ("地块编码", False), "duplicate_household": ("承包方编码", False),
    "shares_not_whole": ("份额", True), "unknown_parcel": ("地块编码", False), "area_disagrees": ("面积（亩）", False),
    "shared_account": ("银行账号", False), "bad_account": ("银行账号", False), "date_reversed": ("终止日期", False),
    "dead_text": ("面积（亩）", False), "impossible_date": ("起始日期", False), "missing_name": ("姓名", False),
    "unknown_right": ("权利类型", False), "unseen_character": ("姓名", False), "share_above_one": ("份额", True),
}  # fmt: skip


def _number_cell(code: str) -> int | str:
    """Return a long code as a number cell keeps it: 15 digits, then zeros; a code with letters stays as it is, cut short."""
    return int(code[:15].ljust(len(code), "0")) if code[:15].isdigit() else code[:-1]


def _other_digit(account: str) -> str:
    digit = account[-1]
    return account[:-1] + "0123456789"[(int(digit) + 1) % 10]
