"""Mapping files: read with all their faults, found out from a layer, written as a template."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.land.edition import FieldMap, Tolerances
from ecocomp.land.mapping import MAX_BYTES, Mapping, detect, missing_columns, read_mapping, template
from ecocomp.terms.faults import Fault, FaultsError

COLUMNS = ["BSM", "DLBM", "DLMC", "ZLDWDM", "TBMJ", "TKXS", "geometry"]
ROWS = [{"DLBM": "0101", "DLMC": "水田"}, {"DLBM": "05H1", "DLMC": "商业服务业设施用地"}]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "映射.toml"


def faults_of(path: Path, text: str) -> list[Fault]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        read_mapping(path)
    return list(caught.value.faults)


def test_an_empty_file_is_the_survey(written: Path) -> None:
    written.write_text("", encoding="utf-8")
    assert read_mapping(written) == Mapping()
    assert read_mapping(written).columns() == ("BSM", "DLBM", "ZLDWDM", "TBMJ")


def test_everything_a_file_can_say(written: Path) -> None:
    (written.parent / "units.csv").write_text("﻿单位代码,控制面积\n990121001,12.5\n990121002001,1000.004\n", encoding="utf-8")
    written.write_text(
        """
scheme = "mnr-2023"
layer = "地类图斑"
encoding = "gb18030"
region_code = "990121"
totals_file = "units.csv"
[fields]
parcel_id = "编码"
land_class = "YDYH"
declared_area = "面积"
declared_unit = "mu"
[attributes]
"地类名称" = "名称"
TKXS = "系数"
[constants]
village_code = "990121001002"
[classes]
"2302" = "34"
[totals]
"990121" = 3_000_000.25
[tolerances]
sliver_m2 = 0
declared_area = 0.02
printed_digit = 0.1
""",
        encoding="utf-8",
    )
    assert read_mapping(written) == Mapping(
        FieldMap("编码", "YDYH", None, "面积", "mu", {"2302": "34"}),
        {"DLMC": "名称", "KCXS": "系数"},
        "地类图斑",
        "gb18030",
        "mnr-2023",
        {"2302": "34"},
        {"village_code": "990121001002"},
        {"990121": 300_000_025, "990121001": 1_250, "990121002001": 100_000},
        Tolerances(0.0, 0.02),
        Decimal("0.1"),
        "990121",
    )
    assert read_mapping(written).as_json()["printed_digit"] == "0.1"


def test_all_faults_at_once_with_line_and_nearest_key(written: Path) -> None:
    text = """schema = "dltb-2020"
region_code = "51a"
[fields]
parcel_id = 5
landclass = "DLBM"
declared_unit = "km2"
land_class = ""
[constants]
village_code = "1"
[classes]
"1" = "99"
[attributes]
DLMD = "a"
[totals]
"12" = 3
"990121" = -1
[tolerances]
sliver_m2 = -1
declared_area = nan
"""
    found = {f.record: f for f in faults_of(written, text)}
    assert set(found) == {
        "line 1: schema", "line 2: region_code", "line 4: fields.parcel_id", "line 5: fields.landclass",
        "line 6: fields.declared_unit", "line 7: fields.land_class", "line 9: constants.village_code", "line 11: classes.1",
        "line 13: attributes.DLMD", "line 15: totals.12", "line 16: totals.990121", "line 18: tolerances.sliver_m2",
        "line 19: tolerances.declared_area",
    }  # fmt: skip
    assert "scheme" in found["line 1: schema"].say("en") and "land_class" in found["line 5: fields.landclass"].say("zh")
    assert all(f.severity == "error" and f.where == written.name for f in found.values())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("scheme = ", "land.mapping_unreadable"),
        ("[tolerances]\nsliver_m2 = 1e999999999", "land.mapping_bad_value"),
        ("[totals]\n990121 = 1e9999999", "land.mapping_bad_value"),
        ("a = " + "[" * 5000, "land.mapping_unreadable"),
        ("#" * (MAX_BYTES + 1), "land.mapping_unreadable"),
        ('scheme = "own"', "land.mapping_no_classes"),
        ('scheme = "三调"', "land.mapping_bad_value"),
        ("fields = 3", "land.mapping_bad_value"),
        ('totals_file = "no.csv"', "land.mapping_bad_totals"),
        ('[fields]\nvillage_code = ""', "land.mapping_nothing_for"),
        ('[fields]\nvillage_code = "A"\n[constants]\nvillage_code = "990121001001"', "land.mapping_twice"),
        ('layer = "a\\u0007"', "land.mapping_bad_value"),
    ],
)
def test_what_no_mapping_is(written: Path, text: str, kind: str) -> None:
    assert kind in {f.code for f in faults_of(written, text)}


def test_bytes_that_are_no_text(written: Path) -> None:
    written.write_bytes("scheme = '三调'".encode("gb18030"))
    with pytest.raises(FaultsError, match="UTF-8"):
        read_mapping(written)
    with pytest.raises(FaultsError):
        read_mapping(written.parent)
    with pytest.raises(FaultsError):
        read_mapping(written.parent / "none.toml")


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("m") / "m.toml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        read_mapping(path)
    except FaultsError as exc:
        assert exc.faults


def test_the_survey_layer_is_recognised() -> None:
    mapping, faults = detect(COLUMNS, ROWS, "f")
    assert faults == [] and mapping is not None
    assert mapping.fields == FieldMap() and mapping.scheme == "dltb-2020"
    assert mapping.attributes == {"DLMC": "DLMC", "KCXS": "TKXS"}


def test_chinese_headers_and_their_unit() -> None:
    mapping, faults = detect(["标识码", "地类编码", "坐落单位代码", "图斑面积（亩）"])
    assert mapping is not None and faults == []
    assert mapping.fields == FieldMap("标识码", "地类编码", "坐落单位代码", "图斑面积（亩）", "mu")


def test_a_survey_layer_that_lacks_its_village_says_so() -> None:
    mapping, faults = detect(["BSM", "DLBM", "TBMJ", "TBBH"], (), "f")
    assert mapping is None and [(f.code, f.record) for f in faults] == [("land.missing_field", "ZLDWDM")]


def test_two_columns_for_one_field_and_an_unsure_one() -> None:
    mapping, faults = detect(["BSM", "地类编码", "地类代码", "ZLDWDM", "权属单"], (), "f")
    assert mapping is None
    assert {(f.code, f.severity) for f in faults} == {("land.field_twice", "error"), ("land.unsure_field", "warning")}


def test_a_forest_layer_needs_a_mapping_file() -> None:
    columns = ["XIAO_BAN", "CUN", "TD_QS", "DI_LEI", "LIN_ZHONG", "MIAN_JI"]
    mapping, faults = detect(columns, (), "小班")
    assert mapping is None and faults[0].code == "land.needs_mapping" and "小班" in faults[0].say("zh")
    raw = tomllib.loads(template(columns, [{"DI_LEI": "111"}]))
    assert raw["fields"] == {"parcel_id": "XIAO_BAN", "land_class": "DI_LEI", "village_code": "CUN", "declared_area": "MIAN_JI",
                             "declared_unit": "ha"}  # fmt: skip
    assert raw["attributes"] == {"LIN_ZHONG": "LIN_ZHONG", "TD_QS": "TD_QS"} and raw["scheme"] == "own"


def test_the_template_of_a_recognised_layer_reads_back_as_what_was_recognised(written: Path) -> None:
    written.write_text(template(COLUMNS, ROWS), encoding="utf-8")
    assert read_mapping(written) == detect(COLUMNS, ROWS)[0]


def test_a_poor_sample_is_asked_again_later() -> None:
    mapping, faults = detect(COLUMNS, [{"DLBM": "0101"}, {"DLBM": "1101"}])
    assert mapping is not None and mapping.scheme is None
    assert [(f.code, f.severity) for f in faults] == [("land.ambiguous_scheme", "warning")]


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8, unique=True))
def test_a_template_is_toml_whatever_the_columns_are_called(columns: list[str]) -> None:
    tomllib.loads(template(columns, [dict.fromkeys(columns, 'a"\n\\')]))


def test_a_column_named_as_its_field_is_that_field() -> None:
    columns = ["Parcel_ID", "land_class", "village_code", "declared_area", "other"]
    fields = tomllib.loads(template(columns))["fields"]
    assert [fields[n] for n in ("parcel_id", "land_class", "village_code", "declared_area")] == columns[:4]
    detect(columns, [dict.fromkeys(columns, "0101")])


def test_columns_the_layer_lacks_are_all_named_with_the_nearest() -> None:
    found = missing_columns(Mapping(attributes={"DLMC": "地类名"}), ["BSM", "DLBM", "ZLDWDN", "TBMJ", "地类名称", "geometry"], "f")
    assert [f.record for f in found] == ["ZLDWDM", "地类名"]
    assert "ZLDWDN" in found[0].say("en") and "地类名称" in found[1].say("zh")
