"""Region code lists: read, compared, followed to a day; the real mismatch of 2,806, 172 and 95 codes explained."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.land.region_compare import KINDS
from ecocomp.land.regions import (
    RegionList,
    change_rows,
    check_region_codes,
    compare_lists,
    full_code,
    level_of,
    list_of_table,
    parent_of,
    read_list,
    region_list,
    region_rows,
    resolve,
)
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.registers import REGION, REGION_CHANGE

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "regions.yaml").read_text(encoding="utf-8"))
KNOWN = {"known_from": datetime(2026, 1, 1, tzinfo=UTC), "known_to": None}


def of(names: dict[str, str], edition: str = "x") -> RegionList:
    made, found = region_list([(c, n, None) for c, n in names.items()], edition, 3)
    assert not found
    return made


# ---------------------------------------------------------------- lists
def test_codes_have_the_digits_of_their_level() -> None:
    for text, code, level, parent in (
        ("51", "510000", 1, None), ("510000", "510000", 1, None), ("5101", "510100", 2, "510000"), ("510182", "510182", 3, "510100"),
        ("510182000000", "510182", 3, "510100"), ("510182001", "510182001", 4, "510182"),
        ("510182001000", "510182001", 4, "510182"), ("510182001001", "510182001001", 5, "510182001"),
        ("５１０１８２", "510182", 3, "510100"),
    ):  # fmt: skip
        assert full_code(text) == code and level_of(code) == level and parent_of(code) == parent
    assert [full_code(t) for t in ("", "5", "51018", "5101821", "51018X", "５１０１８x", "510182.0")] == [None] * 7


def test_every_fault_of_a_list_at_once() -> None:
    rows = [
        ("990000", "云岭省", None), ("9901", "澜川市", "99"), ("990121", "青溪县", "9901"), ("990121", "清溪县", None), ("990122", " ", None),
        ("9901230", "白河县", None), ("190101", "无省县", None), ("990221", "孤县", None), ("990124", "错县", "990200"),
    ]  # fmt: skip
    made, found = region_list(rows, "2024", where="码表.csv")
    assert sorted((f.code, f.record, f.severity) for f in found) == [
        ("region.bad_code", "row 6", "error"),
        ("region.duplicate_code", "990121", "error"),
        ("region.no_name", "990122", "error"),
        ("region.no_parent", "190101", "error"),
        ("region.no_parent", "990124", "error"),
        ("region.no_parent", "990221", "error"),
        ("region.unknown_province", "190101", "error"),
        ("region.wrong_parent", "990124", "warning"),
    ]
    assert list(made.regions) == sorted(made.regions) and made.regions["990121"].name == "青溪县"
    said = {f.code: f for f in found}
    assert "青溪县" in said["region.duplicate_code"].say("zh") and "清溪县" in said["region.duplicate_code"].say("en")
    assert all(f.where == "码表.csv" and f.clash.zh != f.clash.en for f in found)


def test_cities_without_counties_stand_among_the_counties() -> None:
    made, found = region_list([("441900", "东莞市", "4419"), ("440303", "罗湖区", "4403")], "x", level=3)
    assert not found and made.regions["441900"].level == 3 and made.regions["441900"].parent == "440000"


def test_a_csv_and_a_workbook_with_chinese_headers(tmp_path: Path) -> None:
    import openpyxl

    (tmp_path / "a.csv").write_text("序号,行政区划代码,单位名称\n1,990121,青溪县\n2,990122,白 河 县\n", encoding="gb18030")
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (("代码", "名称", "上级代码"), (990121, "青溪县", 9901), ("990122", "白河县", "9901")):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    for name in ("a.csv", "b.xlsx"):
        made, found = read_list(tmp_path / name, "2024")
        assert not found and {c: r.name for c, r in made.regions.items()} == {"990121": "青溪县", "990122": "白河县"}
        assert {r.parent for r in made.regions.values()} == {"990100"}


def test_files_that_are_no_lists(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        read_list(tmp_path / "a.csv", "2024")
    (fault,) = caught.value.faults
    assert fault.code == "region.missing_column" and "甲, 乙" in fault.say("zh")
    made, found = read_list(tmp_path / "a.csv", "2024", {"code": "甲", "name": "乙"})
    assert not made.regions and [f.code for f in found] == ["region.bad_code"]
    (tmp_path / "b.csv").write_bytes(b"%PDF-1.4 \x00")
    with pytest.raises(FaultsError):
        read_list(tmp_path / "b.csv", "2024")
    with pytest.raises(FaultsError):
        read_list(tmp_path / "none.csv", "2024")


# ---------------------------------------------------------------- comparing
@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_worked_case(case: dict[str, Any]) -> None:
    old, new = of(case["old"]), of(case["new"])
    shapes = case.get("shapes")
    one, two = ({c: shapely.box(*b) for c, b in shapes[s].items()} if shapes else {} for s in ("old", "new"))
    table = compare_lists(old, new, (one, two) if shapes else None, tuple(case.get("complete", (True, True)))).to_pylist()
    kept = {("kept", "code")}
    told = {(r["from_code"], r["to_code"], r["kind"], r["basis"]) for r in table}
    wanted = {tuple(t) for t in case["told"]}
    assert wanted <= told and {(k, b) for _, _, k, b in told - wanted} <= kept
    for code, candidates in case.get("candidates", {}).items():
        (row,) = [r for r in table if r["kind"] == "unresolved" and code in (r["from_code"], r["to_code"])]
        assert row["candidates"].split() == candidates
        assert all(c in row["evidence_zh"] and c in row["evidence_en"] for c in candidates)
    assert all(r["evidence_zh"] and r["evidence_en"] and r["kind"] in KINDS for r in table)
    assert {r["from_code"] for r in table} - {""} == set(case["old"]) and {r["to_code"] for r in table} - {""} == set(case["new"])


@settings(max_examples=100, deadline=None)
@given(
    *[
        st.dictionaries(
            st.integers(0, 39), st.sampled_from(["甲县", "甲区", "乙县", "乙市", "丙丁县", "丙区", "甲开发区"]), max_size=8
        )
    ]
    * 2
)
def test_every_code_is_told_and_only_twice_where_ground_is_shared(one: dict[int, str], two: dict[int, str]) -> None:
    old, new = (of({f"9901{40 + k:02d}" if k < 39 else "990201": n for k, n in d.items()}) for d in (one, two))
    table = compare_lists(old, new).to_pylist()
    assert sorted(r["from_code"] for r in table if r["from_code"]) == sorted(old.regions)
    assert sorted(r["to_code"] for r in table if r["to_code"]) == sorted(new.regions)
    back = compare_lists(new, old).to_pylist()
    turn = {"created": "abolished", "abolished": "created"}
    assert {(r["to_code"], r["from_code"], turn.get(r["kind"], r["kind"])) for r in back} == {
        (r["from_code"], r["to_code"], r["kind"]) for r in table
    }


def test_ground_that_changed_under_a_code_that_did_not() -> None:
    names = {"990102": "江口区"}
    table = compare_lists(of(names), of(names), ({"990102": shapely.box(0, 0, 10, 10)}, {"990102": shapely.box(0, 0, 5, 10)}))
    (row,) = table.to_pylist()
    assert row["kind"] == "kept" and "50.0 %" in row["evidence_zh"] and "50.0 %" in row["evidence_en"]


# ---------------------------------------------------------------- the real lists
@pytest.fixture(scope="module")
def china(shared_data: Path) -> tuple[RegionList, RegionList]:
    """The counties of a map of 2018, and those of a list some years younger."""
    folder = shared_data / "china_admin"
    mapped = pq.read_table(folder / "china_counties_2018_osm.parquet", columns=["adcode", "county", "prefecture_code"])
    old, faults = list_of_table(
        mapped, "map 2018", {"code": "adcode", "name": "county", "parent": "prefecture_code"}, 3, "china_counties_2018_osm.parquet"
    )
    assert not faults
    with (folder / "division_areas.csv").open(encoding="utf-8") as file:
        listed = [(r["code"], r["name"], r["cityCode"]) for r in csv.DictReader(file)]
    new, faults = region_list(listed, "list", 3)
    assert not faults
    return old, new


def test_the_real_mismatch_in_three_numbers(china: tuple[RegionList, RegionList]) -> None:
    old, new = (set(lists.regions) for lists in china)
    assert (len(old), len(new)) == (2901, 2978)
    assert (len(old & new), len(new - old), len(old - new)) == (2806, 172, 95)


def test_the_real_mismatch_explained(china: tuple[RegionList, RegionList]) -> None:
    table = compare_lists(*china, complete=(False, True)).to_pylist()  # a map may lack counties
    counts = Counter((r["kind"], r["basis"]) for r in table)
    assert counts == {
        ("kept", "code"): 2804,
        ("renamed", "code"): 2,
        ("recoded", "name"): 4,
        ("recoded", "stem"): 25,
        ("recoded", "moved"): 2,
        ("recoded", "last_pair"): 1,
        ("outside", "zone"): 124,
        ("outside", "coverage"): 40,
        ("abolished", "no_sibling"): 4,
        ("unresolved", ""): 35,
    }
    open_codes = {r["from_code"] or r["to_code"] for r in table if r["kind"] == "unresolved"}
    only = (set(china[0].regions) ^ set(china[1].regions)) - open_codes
    assert (len(only), len(open_codes)) == (232, 35), "of 267 codes that only one of the two has"
    told = {(r["from_name"], r["to_name"]): r for r in table}
    for a, b in (
        ("太谷县", "太谷区"),
        ("公主岭市", "公主岭市"),
        ("沙县", "沙县区"),
        ("横县", "横州市"),
        ("崇川区", "崇川区"),
        ("禄丰县", "禄丰市"),
    ):
        assert told[a, b]["kind"] == "recoded"
    renamed = {(r["from_name"], r["to_name"]) for r in table if r["kind"] == "renamed"}
    assert renamed == {("桥东区", "襄都区"), ("桥西区", "信都区")}
    (yimei,) = [r for r in table if r["to_name"] == "伊美区"]  # made of 伊春区 and 美溪区 and others: lists cannot tell
    assert yimei["kind"] == "unresolved" and set(yimei["candidates"].split()) >= {"230702", "230708"}
    assert {r["from_code"][:2] for r in table if r["basis"] == "coverage"} == {"71", "81", "82"}


def test_the_prefectures_of_the_list_stand_under_its_provinces(shared_data: Path) -> None:
    folder = shared_data / "china_admin"
    rows: list[tuple[str, str, str | None]] = []
    for name, parent in (("provinces", None), ("cities", "provinceCode"), ("areas", "cityCode")):
        with (folder / f"division_{name}.csv").open(encoding="utf-8") as file:
            rows += [(r["code"], r["name"], r[parent] if parent else None) for r in csv.DictReader(file)]
    made, found = region_list(rows, "list")
    twice = {f.record for f in found}
    assert {f.code for f in found} == {"region.duplicate_code"}, "a prefecture without counties is its own county"
    assert twice == {"441900", "442000", "460400"} and len(made) == len(rows) - 3


# ---------------------------------------------------------------- a code on a day
Y = {y: date(y, 1, 1) for y in range(2010, 2031)}


def registers(
    lists: list[tuple[dict[str, str], int, int | None]], changes: list[tuple[str, str, str, int]]
) -> tuple[pa.Table, pa.Table]:
    """Registers of lists (names, from, until) and changes (before, after, kind, year)."""
    regions: list[dict[str, Any]] = []
    for names, start, end in lists:
        made, found = region_list([(c, n, None) for c, n in names.items()], str(start))
        assert not found
        regions += [r | KNOWN for r in region_rows(made, Y[start], Y[end] if end else None)]
    rows: list[dict[str, Any]] = [
        {"from_code": a, "to_code": b, "kind": k, "evidence": "批复", "document": None, "valid_from": Y[y], "valid_to": None}
        | KNOWN
        for a, b, k, y in changes
    ]
    return REGION.table(list[dict[str, object]](regions)), REGION_CHANGE.table(list[dict[str, object]](rows))


@pytest.fixture(scope="module")
def book() -> tuple[pa.Table, pa.Table]:
    first = {
        "990121": "青溪县",
        "990122": "白河县",
        "990123": "大河县",
        "990124": "小河县",
        "990125": "远县",
        "990126": "谜县",
        "990127": "老县",
    }
    second = {"990102": "青溪区", "990122": "白河县", "990103": "河区", "990128": "东县", "990129": "西县", "990130": "谜市"}
    third = {"990112": "青溪区", "990122": "白河县", "990103": "河区", "990128": "东县", "990129": "西县", "990130": "谜市"}
    return registers(
        [(first, 2010, 2016), (second, 2016, 2021), (third, 2021, None)],
        [
            ("990121", "990102", "recoded", 2016), ("990102", "990112", "recoded", 2021), ("990123", "990103", "merged", 2016),
            ("990124", "990103", "merged", 2016), ("990125", "990128", "split", 2016), ("990125", "990129", "split", 2016),
            ("990126", "990130", "unresolved", 2016), ("990127", "", "abolished", 2016),
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "year", "result", "steps", "fault"),
    [
        ("990122", 2025, "990122", 0, ""),
        ("990121", 2012, "990121", 0, ""),
        ("990121", 2018, "990102", 1, ""),
        ("990121", 2025, "990112", 2, ""),
        ("990112", 2012, "990121", 2, ""),
        ("990102", 2012, "990121", 1, ""),
        ("990102", 2025, "990112", 1, ""),
        ("990123", 2025, "990103", 1, ""),
        ("990103", 2012, None, 2, "region.ambiguous_code"),
        ("990125", 2025, None, 2, "region.ambiguous_code"),
        ("990128", 2012, "990125", 1, ""),
        ("990126", 2025, None, 1, "region.unresolved_code"),
        ("990127", 2025, None, 1, "region.unresolved_code"),
        ("990199", 2025, None, 0, "region.unknown_code"),
        ("99012", 2025, None, 0, "region.bad_code"),
        ("990122001", 2025, "990122001", 0, ""),
        ("990121001001", 2025, None, 2, "region.parent_changed"),
    ],
)
def test_a_code_on_a_day(book: tuple[pa.Table, pa.Table], code: str, year: int, result: str | None, steps: int, fault: str) -> None:
    made = resolve(code, Y[year], *book)
    assert made.code == result and len(made.chain) == steps
    assert [f.code for f in made.faults] == ([fault] if fault else [])
    for f in made.faults:
        assert all(s.day.isoformat() in f.say("zh") and s.day.isoformat() in f.say("en") for s in made.chain)


def test_candidates_are_named(book: tuple[pa.Table, pa.Table]) -> None:
    made = resolve("990125", Y[2025], *book)
    assert made.candidates == ("990128", "990129") and all(c in made.faults[0].say("en") for c in made.candidates)
    assert resolve("990103", Y[2012], *book).candidates == ("990123", "990124")
    assert resolve("990121001001", Y[2025], *book).candidates == ("990112001001",)


def test_the_day_of_a_change_is_the_first_day_of_the_new_code(book: tuple[pa.Table, pa.Table]) -> None:
    assert resolve("990121", date(2015, 12, 31), *book).code == "990121"
    assert resolve("990121", date(2016, 1, 1), *book).code == "990102"


def test_changes_that_go_in_a_circle_end() -> None:
    book = registers(
        [({"990101": "甲区"}, 2010, 2012)], [("990101", "990102", "recoded", 2012), ("990102", "990101", "recoded", 2012)]
    )
    made = resolve("990101", Y[2020], *book)
    assert made.code is None and [f.code for f in made.faults] == ["region.unresolved_code"] and len(made.chain) == 2


def test_a_code_that_came_back_holds() -> None:
    book = registers(
        [({"990101": "甲区"}, 2010, 2012), ({"990102": "甲市"}, 2012, 2015), ({"990101": "甲区"}, 2015, None)],
        [("990101", "990102", "recoded", 2012), ("990102", "990101", "recoded", 2015)],
    )
    assert [resolve("990101", Y[y], *book).code for y in (2011, 2013, 2020)] == ["990101", "990102", "990101"]
    assert [resolve("990102", Y[y], *book).code for y in (2011, 2013, 2020)] == ["990101", "990102", "990101"]


def test_what_was_corrected_is_not_followed(book: tuple[pa.Table, pa.Table]) -> None:
    regions, changes = book
    ended = pa.array([datetime(2026, 2, 1, tzinfo=UTC)] * len(changes), changes.schema.field("known_to").type)
    corrected = changes.set_column(changes.schema.get_field_index("known_to"), changes.schema.field("known_to"), ended)
    assert resolve("990121", Y[2025], regions, corrected).code is None


# ---------------------------------------------------------------- codes of parcels
def faults(codes: list[str], book: tuple[pa.Table, pa.Table], year: int = 2025) -> dict[str, Fault]:
    regions, changes = book
    return {f.record: f for f in check_region_codes(codes, regions, Y[year], changes, "DLTB")}


def test_codes_of_a_survey(book: tuple[pa.Table, pa.Table]) -> None:
    codes = (
        ["990122001001"] * 3 + ["990121001001"] * 5 + ["990199001001", "9901", "990125001001", "9901220010010000000", "990127", ""]
    )
    found = faults(codes, book)
    assert {r: (f.code, f.severity) for r, f in found.items()} == {
        "990121001001": ("region.changed_code", "warning"),
        "990199001001": ("region.unknown_code", "error"),
        "9901": ("region.bad_code", "error"),
        "990125001001": ("region.ambiguous_code", "error"),
        "990127": ("region.unresolved_code", "error"),
        "": ("region.bad_code", "error"),
    }
    said = found["990121001001"]
    for lang in ("zh", "en"):
        text = said.say(lang)
        assert "990112" in text and "990102" in text and "2016-01-01" in text and "5" in text
    assert all("DLTB" in f.say("en") for f in found.values())
    assert faults(["990121001001"], book, 2012) == {}


def test_towns_and_villages_are_asked_where_the_list_has_them() -> None:
    names = {"990121": "青溪县", "990121001": "上乡", "990121001001": "一村", "990121002": "下乡", "990122": "白河县"}
    book = registers([(names, 2020, None)], [])
    found = faults(["990121001001", "990121001002", "990121003001", "990121002007", "990122009009"], book)
    assert {r: f.code for r, f in found.items()} == {
        "990121001002": "region.unknown_code",  # the town has villages, not this one
        "990121003001": "region.unknown_code",  # the county has towns, not this one
    }
    assert "990121003" in found["990121003001"].say("zh")


def test_a_list_without_counties_asks_nothing_and_a_city_without_counties_is_one() -> None:
    made, _ = region_list([("990000", "云岭省", None), ("990100", "澜川市", None)], "x")
    regions = REGION.table(list[dict[str, object]](r | KNOWN for r in region_rows(made, Y[2020])))
    assert not check_region_codes(["990121001001"], regions, Y[2025])
    made, _ = region_list([("441900", "东莞市", "4419"), ("440303", "罗湖区", "4403")], "x", level=3)
    regions = REGION.table(list[dict[str, object]](r | KNOWN for r in region_rows(made, Y[2020])))
    assert not check_region_codes(["441900", "441900003001", "440303"], regions, Y[2025])
    assert [f.code for f in check_region_codes(["440300"], regions, Y[2025])] == ["region.bad_code"]


def test_from_two_lists_to_a_followed_code(china: tuple[RegionList, RegionList]) -> None:
    """The whole way with the real lists: compare, enter the changes, follow the codes of an old survey."""
    day = date(2023, 6, 30)
    regions = REGION.table(
        list[dict[str, object]](r | KNOWN for r in [*region_rows(china[0], date(2018, 1, 1), day), *region_rows(china[1], day)])
    )
    table = compare_lists(*china, complete=(False, True))
    rows = change_rows(table, day, "测试")
    assert {r["kind"] for r in rows} == {"renamed", "recoded", "abolished", "unresolved"}
    changes = REGION_CHANGE.table(list[dict[str, object]](r | KNOWN for r in rows))
    assert resolve("140726", date(2024, 1, 1), regions, changes).code == "140703"  # 太谷县 → 太谷区
    assert resolve("140703", date(2020, 1, 1), regions, changes).code == "140726"
    assert resolve("130502", date(2024, 1, 1), regions, changes).code == "130502"  # renamed, code kept
    (fault,) = check_region_codes(["340221001001"] * 2, regions, date(2024, 1, 1), changes)  # 芜湖县
    assert fault.code == "region.unresolved_code" and "340210" in fault.say("zh")


def test_the_way_is_told_in_one_language_at_a_time() -> None:
    old, new = of({"990121": "青溪县"}), of({"990102": "青溪区"})
    rows = change_rows(compare_lists(old, new), Y[2020])
    regions = REGION.table(
        list[dict[str, object]](r | KNOWN for r in [*region_rows(old, Y[2010], Y[2020]), *region_rows(new, Y[2020])])
    )
    changes = REGION_CHANGE.table(list[dict[str, object]](r | KNOWN for r in rows))
    (step,) = resolve("990121", Y[2025], regions, changes).chain
    assert "只差通名" in step.say().zh and "differ only" not in step.say().zh
    assert "differ only" in step.say().en and "只差通名" not in step.say().en
