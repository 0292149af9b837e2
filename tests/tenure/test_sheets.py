"""Sheets as clerks keep them go in whole; every planted mistake is found, and a clean sheet has none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.io.worker import Limits, Worker
from ecocomp.sample.sheets import make_sheets
from ecocomp.tenure.sheets import SheetOptions, SheetResult, detect_header, load_mapping, mapping_template, read_sheets
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.registers import REGISTERS

VILLAGE = "990101001201"
DAY = date(2026, 1, 1)
Read = Callable[..., SheetResult]
Rows = Sequence[Sequence[Any]]


def parcel(n: int, village: str = VILLAGE) -> str:
    return f"{village}JD{n:05d}"


def id_number(n: int, born: str = "19700101") -> str:
    body = f"990101{born}{n:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def card(n: int) -> str:
    body = f"622848{n:012d}"
    total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    with Worker(Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=60, parallel=2)) as made:
        yield made


@pytest.fixture
def read(worker: Worker, tmp_path: Path) -> Read:
    """Write sheets to a workbook and read them: `read({"桃园村": rows}, merged={"桃园村": ["A1:C1"]}, …options)`."""

    def go(
        sheets: dict[str, Rows], merged: dict[str, list[str]] | None = None, hidden: tuple[str, ...] = (), **options: Any
    ) -> SheetResult:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(list(row))
            for span in (merged or {}).get(name, []):
                sheet.merge_cells(span)
            if name in hidden:
                sheet.sheet_state = "hidden"
        path = tmp_path / "户表.xlsx"
        book.save(path)
        return read_sheets([path], tmp_path / "work", SheetOptions(**{"valid_from": DAY, **options}), worker)

    return go


HEAD = ["序号", "户主姓名", "身份证号", "地块编码", "面积（亩）", "份额", "起始日期", "终止日期", "银行账号", "备注"]


def plain_row(n: int, **other: Any) -> list[Any]:
    row = dict(zip(HEAD, [n, f"户{'甲乙丙丁戊己庚辛'[n % 8]}{'一二三四五六七八'[n // 8]}", id_number(n), parcel(n), 1.5, None, "2019-03-01",
                          "2049-02-28", card(n), None], strict=True))  # fmt: skip
    row.update(other)
    return list(row.values())


def one_sheet(*rows: Sequence[Any]) -> dict[str, Rows]:
    return {"桃园村": [HEAD, *rows]}


def codes(result: SheetResult) -> list[str]:
    return sorted(f.code.removeprefix("sheets.") for f in result.faults)


def held(result: SheetResult) -> list[int]:
    return [h.row for h in result.held]


def edition(*numbers: int, area_dm2: int = 100_000) -> pa.Table:
    return pa.table({"parcel_id": [parcel(n) for n in numbers], "area_dm2": pa.array([area_dm2] * len(numbers), pa.int64())})


def check_whole(result: SheetResult) -> None:
    """Counts close, tables fit their registers, nothing dangles, no personal number is said in a fault."""
    assert all(c.closes for c in result.counts)
    assert sum(c.refused for c in result.counts) == len(result.held)
    ids: dict[str, set[str]] = {}
    for name, table in result.registers.items():
        spec = REGISTERS[name]
        assert table.column_names == [c.name for c in spec.columns if c.name not in ("known_from", "known_to")]
        assert all(table[c.name].null_count == 0 for c in spec.columns if not c.nullable and c.name in table.column_names)
        key = [tuple(r[k] for k in spec.key if k in r) for r in table.to_pylist()]
        assert len(set(key)) == len(key)
        ids[name] = set(table.column(0).to_pylist())
    assert set(result.registers["tenure"]["holder_id"].to_pylist()) <= ids["party"]
    assert set(result.registers["tenure"]["source_id"].to_pylist()) <= ids["source"]
    for end in ("group_id", "member_id"):
        assert set(result.registers["member"][end].to_pylist()) <= ids["party"]
    secret = {r[k] for r in result.registers["party"].to_pylist() for k in ("id_number", "account") if r[k]}
    for fault in result.faults:
        assert not any(s in fault.clash.zh or s in fault.clash.en for s in secret)
        assert fault.remedy.zh and fault.remedy.en
    # shares of every parcel and kind are whole
    sums: dict[tuple[str, str], Fraction] = {}
    for r in result.registers["tenure"].to_pylist():
        sums[r["parcel_id"], r["kind"]] = sums.get((r["parcel_id"], r["kind"]), Fraction(0)) + Fraction(
            r["share_num"], r["share_den"]
        )
    assert all(s == 1 for (_, k), s in sums.items() if k != "management")


# ---------------------------------------------------------------- clean sheets
def test_a_clean_sheet_goes_in_without_a_fault(read: Read) -> None:
    result = read(one_sheet(*(plain_row(n) for n in range(1, 9))), parcels=edition(*range(1, 9)))
    assert result.faults == [] and result.ok
    check_whole(result)
    assert result.counts[0].as_json() == {
        "file": "户表.xlsx", "sheet": "桃园村", "rows": 9, "used": 8, "totals": 0, "empty": 0, "headers": 1, "refused": 0,
    }  # fmt: skip
    first = result.registers["tenure"].to_pylist()[0]
    assert first["right_id"] == f"{parcel(1)}-C-{VILLAGE}-H0001" and first["term_to"] == date(2049, 2, 28)
    assert first["valid_from"] == date(2019, 3, 1) and (first["share_num"], first["share_den"]) == (1, 1)
    party = result.registers["party"].to_pylist()[0]
    assert party["id_number"] == id_number(1) and party["account"] == card(1) and party["valid_from"] == date(2019, 3, 1)
    assert result.declared.to_pylist()[0]["declared_dm2"] == 100_000


MESSY: Rows = [
    ["某县某镇桃园村农村土地承包经营权登记表", *[None] * 10],
    ["单位：亩", *[None] * 10],
    ["序号", "承包方（代表）", None, None, None, "承包地块", None, None, "承包期限", None, "备注"],
    [None, "姓名", "证件号码", "家庭\n人口", "联系电话", "地块编码", "地块名称", "实测面积", "起", "止", None],
    ["第一组", *[None] * 10],
    [1, "张　 三", "\u00a0" + id_number(1) + " ", 4, 13800000001, parcel(1), "门前田", 1.5, "2019年3月1日", "2049.2.28", None],
    [None, None, None, None, None, parcel(2), "后坡", "２．５", datetime(2019, 3, 1), 54482, None],
    [None, None, None, None, None, parcel(3), "河边", 0.75, None, None, "共三块"],
    [None, "小 计", None, 4, None, None, None, 4.75, None, None, None],
    [None] * 11,
    [2, "李四", id_number(2), "3人", "0812-1234567", parcel(4), "大田", 3, "20190301", "长期", None],
    [3, "Zhaxi  Dolma", id_number(3), 2, None, parcel(5), "牧场", 10, "2019/3/1", "2049-02-28", None],
    ["序号", "姓名", "证件号码", "家庭人口", "联系电话", "地块编码", "地块名称", "实测面积", "起", "止", "备注"],
    [4, "扎西•顿珠", id_number(4).lower(), 1, None, parcel(6), "草场", 2, None, None, None],
    ["合计", None, None, 10, None, None, None, 19.75, None, None, None],
    ["注：本表一式三份。", *[None] * 10],
    ["填表人：王五", None, None, None, None, "审核人：赵六", *[None] * 5],
]
MERGED = ["A1:K1", "A3:A4", "B3:E3", "F3:H3", "I3:J3", "K3:K4", "B6:B8", "C6:C8", "D6:D8", "E6:E8", "A5:K5"]


def test_titles_merged_headers_group_rows_and_totals_are_understood(read: Read) -> None:
    result = read({"桃园村": MESSY}, {"桃园村": MERGED})
    assert result.faults == []
    check_whole(result)
    count = result.counts[0]
    assert (count.rows, count.used, count.totals, count.empty, count.headers) == (17, 6, 2, 1, 8)
    homes = {r["name"]: r for r in result.registers["party"].to_pylist()}
    assert set(homes) == {"张三", "李四", "Zhaxi Dolma", "扎西·顿珠"}
    assert homes["张三"]["members"] == 4 and homes["张三"]["phone"] == "13800000001" and homes["李四"]["members"] == 3
    rights = {r["parcel_id"]: r for r in result.registers["tenure"].to_pylist()}
    assert [rights[parcel(n)]["holder_id"] for n in (1, 2, 3)] == [homes["张三"]["party_id"]] * 3
    assert rights[parcel(2)]["term_to"] == date(2049, 2, 28) and rights[parcel(3)]["valid_from"] == date(2019, 3, 1)
    assert rights[parcel(4)]["term_to"] is None and rights[parcel(6)]["valid_from"] == DAY
    assert {r["parcel_id"]: r["declared_dm2"] for r in result.declared.to_pylist()}[parcel(2)] == 166_667


def test_the_same_sheet_saved_as_csv_says_the_same(read: Read, worker: Worker, tmp_path: Path) -> None:
    import csv

    path = tmp_path / "户表.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        for row in MESSY:
            csv.writer(file).writerow(["" if c is None else c.date() if isinstance(c, datetime) else c for c in row])
    text = read_sheets([path], tmp_path / "work", SheetOptions(DAY), worker)
    book = read({"桃园村": MESSY}, {"桃园村": MERGED})
    assert text.faults == [] and text.counts[0].used == 6
    for name in ("party", "member"):
        assert text.registers[name] == book.registers[name]
    assert text.registers["tenure"].drop(["document", "source_id"]) == book.registers["tenure"].drop(["document", "source_id"])


def test_several_sheets_and_units_of_area(read: Read) -> None:
    other = "990101001202"
    head = [h.replace("（亩）", "（公顷）") for h in HEAD]
    result = read(
        {
            "封面": [["某镇承包地登记"], ["二〇二六年"]],
            "桃园村": [HEAD, plain_row(1)],
            "柳河村": [head, plain_row(2, 地块编码=parcel(2, other), **{"面积（亩）": 0.1})],
        },
        villages={"桃园村": VILLAGE, "柳河村": other},
    )
    assert result.faults == []
    check_whole(result)
    assert [(c.sheet, c.used) for c in result.counts] == [("封面", 0), ("桃园村", 1), ("柳河村", 1)]
    assert result.declared["declared_dm2"].to_pylist() == [100_000, 100_000]
    assert result.registers["party"]["region_code"].to_pylist() == [VILLAGE, other]


@pytest.mark.parametrize(
    ("one", "two"), [("1/2", "½"), ("50%", 0.5), ("二分之一", "各半"), ("1/3", "三分之二"), ("１/４", "75%"), (0.25, "3/4")]
)
def test_shares_in_every_form(read: Read, one: Any, two: Any) -> None:
    result = read(one_sheet(plain_row(1, 份额=one), plain_row(2, 地块编码=parcel(1), 份额=two)))
    assert result.faults == []
    check_whole(result)
    assert len(result.registers["tenure"]) == 2


def test_holders_of_one_cell_share_or_hold_jointly(read: Read) -> None:
    both = f"{id_number(1)}、{id_number(2)}"
    shared = read(one_sheet(plain_row(1, 户主姓名="张三、李四", 身份证号=both, 份额="1/3，2/3", 银行账号=None)))
    assert shared.faults == []
    check_whole(shared)
    assert sorted(zip(*(shared.registers["tenure"][c].to_pylist() for c in ("share_num", "share_den")), strict=True)) == [
        (1, 3),
        (2, 3),
    ]
    joint = read(one_sheet(plain_row(1, 户主姓名="张三、李四", 身份证号=both, 份额="共同共有", 银行账号=None)))
    assert joint.faults == []
    check_whole(joint)
    (right,) = joint.registers["tenure"].to_pylist()
    assert right["holder_id"] == f"{VILLAGE}-G0001" and right["share_den"] == 1
    assert [m["share_num"] for m in joint.registers["member"].to_pylist()] == [None, None]


def test_rows_of_joint_owners_become_one_group(read: Read) -> None:
    result = read(one_sheet(plain_row(1, 份额="共同共有"), plain_row(2, 地块编码=parcel(1), 份额="共同共有")))
    assert result.faults == []
    check_whole(result)
    assert len(result.registers["tenure"]) == 1 and len(result.registers["member"]) == 2


def test_members_of_households_are_read(read: Read) -> None:
    head = ["户编码", "户主姓名", "家庭成员姓名", "与户主关系", "身份证号", "家庭人口"]
    home, other = f"{VILLAGE}010001", f"{VILLAGE}010002"
    rows = [
        [home, "张三", "张三", "户主", id_number(1), 3],
        [None, None, "王芳", "妻", id_number(2), None],
        [None, None, "张小", "长子", id_number(3, "20010101"), None],
        [other, "李四", "李四", "本人", id_number(4), 1],
    ]
    result = read({"桃园村": [head, *rows]})
    assert result.faults == []
    check_whole(result)
    members = result.registers["member"].to_pylist()
    assert [(m["group_id"], m["role"]) for m in members] == [
        (home, "head"), (home, "spouse"), (home, "child"), (other, "head"),
    ]  # fmt: skip
    assert {p["party_id"] for p in result.registers["party"].to_pylist()} == {home, other, *(m["member_id"] for m in members)}


def test_kinds_of_rights_and_holders(read: Read) -> None:
    head = ["权利人", "权利类型", "不动产单元号", "实测面积", "不动产权证号"]
    unit = f"{parcel(1)}W00000000"
    rows = [
        ["桃园村村民委员会", "集体土地所有权", unit, 2, "川（2020）某县不动产权第0000001号"],
        ["张三", "土地承包经营权", unit, 2, "川（2020）某县不动产权第0000002号"],
        ["绿源农业有限公司", "土地经营权", unit, 2, None],
    ]
    result = read({"桃园村": [head, *rows]})
    assert result.faults == []
    check_whole(result)
    assert [r["kind"] for r in result.registers["tenure"].to_pylist()] == ["contract", "management", "ownership"]
    assert {p["name"]: p["kind"] for p in result.registers["party"].to_pylist()} == {
        "桃园村村民委员会": "collective", "张三": "household", "绿源农业有限公司": "company",
    }  # fmt: skip
    assert {r["unit_code"] for r in result.registers["tenure"].to_pylist()} == {unit}
    assert len(result.registers["source"]) == 3


# ---------------------------------------------------------------- planted mistakes
PLANTED: list[tuple[str, list[list[Any]], str, list[int], dict[str, Any]]] = [
    ("wrong check digit", [plain_row(1, 身份证号=id_number(1)[:-1] + ("1" if id_number(1)[-1] != "1" else "2"))], "id_number", [2], {}),
    ("born in month 13", [plain_row(1, 身份证号=id_number(1, "19701301"))], "id_number", [2], {}),
    ("number cell", [plain_row(1, 身份证号=float(id_number(1)[:17] + "0"))], "damaged_by_excel", [2], {}),
    ("scientific text", [plain_row(1, 身份证号="9.90101E+17")], "damaged_by_excel", [2], {}),
    ("zeros in text", [plain_row(1, 身份证号="990101197001010000")], "damaged_by_excel", [2], {}),
    ("damaged account", [plain_row(1, 银行账号=float(card(1)))], "damaged_by_excel", [2], {}),
    ("damaged parcel", [plain_row(1, 地块编码="9.90101E+18")], "damaged_by_excel", [2], {}),
    ("wrong card", [plain_row(1, 银行账号=card(1)[:-1] + str((int(card(1)[-1]) + 1) % 10))], "account", [2], {}),
    ("two names one id", [plain_row(1), plain_row(2, 身份证号=id_number(1))], "id_two_names", [3], {}),
    ("right twice", [plain_row(1), plain_row(1)], "right_twice", [3], {}),
    ("two whole shares", [plain_row(1), plain_row(2, 地块编码=parcel(1))], "shares", [2, 3], {}),
    ("shares over one", [plain_row(1, 份额="2/3"), plain_row(2, 地块编码=parcel(1), 份额="1/2")], "shares", [2, 3], {}),
    ("share missing", [plain_row(1, 份额="1/3")], "shares", [2], {}),
    ("a third in decimals", [plain_row(1, 份额=0.33), plain_row(2, 地块编码=parcel(1), 份额=0.67, 银行账号=None),
                            plain_row(3, 份额="三份")], "share", [4], {}),
    ("unknown parcel", [plain_row(1), plain_row(2)], "unknown_parcel", [3], {"parcels": edition(1)}),
    ("no parcel", [plain_row(1), plain_row(2, 地块编码=None)], "no_parcel", [3], {}),
    ("wrong day", [plain_row(1, 起始日期="2019-02-30")], "date", [2], {}),
    ("end before start", [plain_row(1, 终止日期="2018-01-01")], "dates", [2], {}),
    ("area in words", [plain_row(1, **{"面积（亩）": "一亩半"})], "value", [2], {}),
    ("unseen character", [plain_row(1, 备注="a\u202eb")], "unseen", [2], {}),
    ("no holder", [plain_row(1, 户主姓名=None, 身份证号=None)], "no_holder", [2], {}),
    ("with and without number", [plain_row(1), plain_row(1, 身份证号=None, 地块编码=parcel(2))], "unclear_person", [3], {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rows", "code", "rows_held", "options"), PLANTED, ids=[p[0] for p in PLANTED])
def test_each_planted_mistake_is_found_and_nothing_else(
    read: Read, name: str, rows: list[list[Any]], code: str, rows_held: list[int], options: dict[str, Any]
) -> None:
    clean = [plain_row(n) for n in range(40, 44)]
    if "parcels" in options:
        options = {"parcels": edition(1, *range(40, 44))}
    result = read(one_sheet(*rows, *clean), **options)
    assert codes(result) == [code], [f.say("en") for f in result.faults]
    assert held(result) == rows_held and not result.ok
    check_whole(result)
    assert len(set(result.registers["tenure"]["parcel_id"].to_pylist()) & {parcel(n) for n in range(40, 44)}) == 4


WARNED: list[tuple[str, list[list[Any]], str, dict[str, Any]]] = [
    ("old id", [plain_row(1, 身份证号="990101700101001")], "old_id_number", {}),
    ("same name", [plain_row(1), plain_row(2, 户主姓名=plain_row(1)[1])], "same_name", {}),
    ("shared account", [plain_row(1), plain_row(2, 银行账号=card(1)), plain_row(3, 银行账号=card(1))], "shared_account", {}),
    ("area far off", [plain_row(1, **{"面积（亩）": 15})], "area", {"parcels": edition(1)}),
    ("parcel of another village", [plain_row(1), plain_row(2), plain_row(3, 地块编码=parcel(3, "990101001299"))], "village_mismatch", {}),
    ("total", [plain_row(1), plain_row(2), ["合计", None, None, None, 3.1]], "total", {}),
    ("subtotal", [plain_row(1), ["小计", None, None, None, 1.5], plain_row(2), ["小计", None, None, None, 3.0]], "total", {}),
    ("wrong village", [plain_row(1)], "village_mismatch", {"villages": {"桃园村": "990101001777"}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rows", "code", "options"), WARNED, ids=[w[0] for w in WARNED])
def test_what_is_only_doubtful_is_warned_of(
    read: Read, name: str, rows: list[list[Any]], code: str, options: dict[str, Any]
) -> None:
    result = read(one_sheet(*rows), **options)
    assert codes(result) == [code], [f.say("en") for f in result.faults]
    assert result.ok and held(result) == []
    check_whole(result)


def test_a_fault_says_sheet_cell_masked_value_and_remedy(read: Read) -> None:
    result = read(one_sheet(plain_row(1), plain_row(2, 身份证号=id_number(2)[:-1])))
    (fault,) = result.faults
    assert (fault.where, fault.record) == ("户表.xlsx · 桃园村", "C3")
    assert id_number(2)[:-1] not in fault.say("zh") and "990" in fault.clash.zh and "对照身份证改正" in fault.remedy.zh


def test_a_total_says_both_numbers(read: Read) -> None:
    result = read(one_sheet(plain_row(1), plain_row(2), ["合计", None, None, None, 3.1]))
    assert "3.1" in result.faults[0].clash.en and "the rows add up to 3" in result.faults[0].clash.en
    assert result.faults[0].record == "E4"


def test_a_household_held_back_holds_the_rows_that_carry_it(read: Read) -> None:
    second = plain_row(2, 序号=None, 户主姓名=None, 身份证号=None, 银行账号=None)
    result = read(one_sheet(plain_row(1, 身份证号="1"), second, plain_row(3)))
    assert codes(result) == ["id_number"] and held(result) == [2, 3]
    assert result.held[1].code == "waits on row 2" and len(result.registers["party"]) == 1
    check_whole(result)


def test_nothing_carries_over_a_total(read: Read) -> None:
    second = plain_row(2, 序号=None, 户主姓名=None, 身份证号=None, 银行账号=None)
    result = read(one_sheet(plain_row(1), ["小计", None, None, None, 1.5], second))
    assert codes(result) == ["no_holder"]


def test_a_person_in_two_households_is_named(read: Read) -> None:
    head = ["户编码", "户主姓名", "成员姓名", "关系", "成员身份证号"]
    rows = [
        [f"{VILLAGE}010001", "张三", "张三", "户主", id_number(1)],
        [None, None, "张小", "子", id_number(2)],
        [f"{VILLAGE}010002", "李四", "李四", "户主", id_number(3)],
        [None, None, "张小", "女婿", id_number(2)],
    ]
    result = read({"桃园村": [head, *rows]})
    assert codes(result) == ["person_twice"] and held(result) == [5]
    check_whole(result)


def test_a_hidden_register_and_a_table_without_header_are_refused(read: Read) -> None:
    result = read({"桃园村": [HEAD, plain_row(1)], "旧表": [HEAD, plain_row(2)], "数据": [[1, 2, 3, 4]] * 5}, hidden=("旧表",))
    assert codes(result) == ["hidden_sheet", "no_header"]
    assert [(c.sheet, c.used, c.refused) for c in result.counts] == [("桃园村", 1, 0), ("旧表", 0, 2), ("数据", 0, 5)]
    check_whole(result)


def test_a_file_that_is_no_workbook_is_refused(worker: Worker, tmp_path: Path) -> None:
    path = tmp_path / "户表.xlsx"
    path.write_bytes(b"PK\x03\x04 not a workbook")
    result = read_sheets([path, tmp_path / "missing.xlsx"], tmp_path / "work", SheetOptions(DAY), worker)
    assert not result.ok and len(result.faults) == 2 and result.counts == []


# ---------------------------------------------------------------- mapping
def test_a_mapping_says_what_headers_do_not(read: Read, tmp_path: Path) -> None:
    head = ["编", "那个人", "证", "田", "多大"]
    rows = [[1, "张三", id_number(1), parcel(1), 0.1], [2, "李四", id_number(2), parcel(2), 0.2]]
    path = tmp_path / "mapping.toml"
    columns = 'holder = "那个人"\nid_number = "C"\nparcel = "田"\narea = "E"'
    path.write_text(f'area_unit = "ha"\n[columns]\n{columns}\n[villages]\n"桃园村" = "{VILLAGE}"\n', encoding="utf-8")
    result = read({"桃园村": [head, *rows]}, mapping=load_mapping(path))
    assert result.faults == [] and result.counts[0].used == 2
    assert result.declared["declared_dm2"].to_pylist() == [100_000, 200_000]


def test_a_wrong_mapping_names_every_key(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text('colums = {}\narea_unit = "acre"\n[columns]\nholdr = "A"\n[rights]\n"自留山" = "own"\n', encoding="utf-8")
    with pytest.raises(FaultsError) as told:
        load_mapping(path)
    assert [f.record for f in told.value.faults] == ["colums", "columns.holdr", "area_unit", "rights.自留山"] or len(
        told.value.faults
    ) == 4


def test_the_template_is_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(mapping_template(), encoding="utf-8")
    assert load_mapping(path).columns == {}


def test_a_title_above_the_header_is_not_the_header() -> None:
    rows = [(1, "s", ["承包经营权登记表", "", ""]), (2, "sss", ["户主", "地块编码", "面积"]), (3, "ssn", ["张三", "1", "2.5"])]
    layout = detect_header(rows)
    assert layout is not None and layout.header == (2, 2) and layout.columns == {"holder": 0, "parcel": 1, "area": 2}


# ---------------------------------------------------------------- properties
@settings(max_examples=25, deadline=None)
@given(
    homes=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    blanks=st.lists(st.booleans(), min_size=24, max_size=24),
    merge=st.booleans(),
    totals=st.booleans(),
)
def test_whatever_the_layout_a_sound_sheet_is_read_whole(
    worker: Worker, tmp_path_factory: pytest.TempPathFactory, homes: list[int], blanks: list[bool], merge: bool, totals: bool
) -> None:
    rows: list[list[Any]] = [["登记表"], HEAD]
    spans: list[str] = []
    n = 0
    for h, size in enumerate(homes):
        first = len(rows) + 1
        for k in range(size):
            n += 1
            own = plain_row(h + 1, 地块编码=parcel(n))
            rows.append(own if k == 0 else [None, None, None, *own[3:8], None, None])
        if merge and size > 1:
            spans += [f"{c}{first}:{c}{first + size - 1}" for c in "BCI"]
        if totals:
            rows.append([None, "小计", None, None, 1.5 * size])
        if blanks[h]:
            rows.append([])
    rows.append(["合计", None, None, None, 1.5 * n])
    folder = tmp_path_factory.mktemp("sheet")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for span in spans:
        sheet.merge_cells(span)
    book.save(folder / "a.xlsx")
    result = read_sheets([folder / "a.xlsx"], folder / "work", SheetOptions(DAY), worker)
    assert result.faults == []
    check_whole(result)
    assert result.counts[0].used == n and len(result.registers["party"]) == len(homes)
    assert result.counts[0].rows == len(rows)


# ---------------------------------------------------------------- a township's workbook
CAUSES = {
    "damaged_id": "damaged_by_excel", "scientific_id": "damaged_by_excel", "wrong_check_digit": "id_number", "short_id": "id_number",
    "damaged_parcel_code": "damaged_by_excel", "duplicate_household": "code_two_names", "shares_not_whole": "shares",
    "unknown_parcel": "unknown_parcel", "area_disagrees": "area", "shared_account": "shared_account", "bad_account": "account",
    "wrong_total": "total", "date_reversed": "dates", "dead_text": "value", "impossible_date": "date", "missing_name": "no_holder",
    "unknown_right": "kind", "unseen_character": "unseen", "share_above_one": "share",
}  # fmt: skip


def township(worker: Worker, folder: Path, faults: dict[str, int]) -> tuple[Any, SheetResult]:
    made = make_sheets(folder / "户表.xlsx", villages=3, households=36, seed=7, faults=faults)
    parcels = pa.table({"parcel_id": list(made.areas), "area_dm2": pa.array(list(made.areas.values()), pa.int64())})
    return made, read_sheets([made.path], folder / "work", SheetOptions(DAY, parcels=parcels), worker)


def test_a_township_without_mistakes_goes_in_whole(worker: Worker, tmp_path: Path) -> None:
    made, result = township(worker, tmp_path, {})
    assert result.faults == []
    check_whole(result)
    assert sum(c.used for c in result.counts) == made.rows and len(result.registers["tenure"]) == made.rows
    names = {p["party_id"]: p["name"] for p in result.registers["party"].to_pylist()}
    assert names == made.heads
    found = {
        (r["parcel_id"], r["holder_id"]): Fraction(r["share_num"], r["share_den"]) for r in result.registers["tenure"].to_pylist()
    }
    assert found == made.shares
    assert all(abs(r["declared_dm2"] - r["edition_dm2"]) <= 4 for r in result.declared.to_pylist())


def test_every_mistake_planted_in_a_township_is_found_and_none_invented(worker: Worker, tmp_path: Path) -> None:
    made, result = township(worker, tmp_path, dict.fromkeys(CAUSES, 1))
    check_whole(result)
    explained: list[Fault] = []
    for planted in made.faults:
        place = re.compile(rf"· {planted.sheet} [A-Z]*{planted.row}\b")
        found = [
            f for f in result.faults
            if f.code == f"sheets.{CAUSES[planted.kind]}" and place.search(f"{f.where} {f.record} {f.clash.en}")
        ]  # fmt: skip
        assert found, planted
        explained += found
    rest = [f for f in result.faults if f not in explained]
    assert {f.code for f in rest} <= {"sheets.total"}  # an area planted wrong makes the sheet's total disagree as well
