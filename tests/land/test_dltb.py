"""Fields of survey layers are recognised in every spelling people send."""

from __future__ import annotations

import pytest

from ecocomp.land import dltb
from ecocomp.terms.confidence import MARKS


def test_all_tables_are_sound() -> None:
    for aliases, fields in ((dltb.ALIASES, dltb.DLTB), (dltb.FOREST_ALIASES, dltb.FOREST)):
        for name, (to, mark, source) in aliases.items():
            assert to in fields and mark in MARKS and source and name == dltb.plain(name)
    for field in (*dltb.DLTB.values(), *dltb.FOREST.values()):
        assert field.mark in MARKS and field.says.zh and field.says.en


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("BSM", "BSM"), ("dlbm", "DLBM"), ("ＤＬＢＭ", "DLBM"), (" Tbmj ", "TBMJ"), ("TKXS", "KCXS"), ("tkmj", "KCMJ"),
        ("XXTBKD", "XZDWKD"), ("GDZZSXDM", "ZZSXDM"), ("标识码", "BSM"), ("地类编码", "DLBM"), ("图斑面积", "TBMJ"),
        ("图斑面积（平方米）", "TBMJ"), ("坐落单位代码", "ZLDWDM"), ("座落单位代码", "ZLDWDM"),
    ],
)  # fmt: skip
def test_one_column(column: str, field: str) -> None:
    assert dltb.recognise([column]).fields == {field: column}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("field", sorted(dltb.DLTB))
def test_chinese_names_cut_to_ten_bytes_lead_to_their_field_or_to_a_question(field: str, encoding: str) -> None:
    name = dltb.DLTB[field].says.zh
    cut = name.encode(encoding)[:10].decode(encoding, "ignore")
    found = dltb.recognise([cut])
    candidates = {f.name for f in dltb.DLTB.values() if f.says.zh.startswith(cut)}
    if dltb.plain(cut) in dltb.spellings("DLTB") or (len(candidates) == 1 and len(cut) >= 3):
        assert found.fields == {field: cut}
    else:
        assert not found.fields or set(found.fields) == {field}


def test_a_cut_name_that_fits_two_fields_is_a_question() -> None:
    found = dltb.recognise(["权属单", "权属单_1"])
    assert found.fields == {} and found.unsure == {"权属单": ("QSDWDM", "QSDWMC"), "权属单_1": ("QSDWDM", "QSDWMC")}


def test_the_standard_name_goes_before_other_spellings() -> None:
    assert dltb.recognise(["地类编码", "DLBM"]).fields == {"DLBM": "DLBM"}
    both = dltb.recognise(["地类编码", "地类代码"])
    assert both.twice == {"DLBM": ("地类编码", "地类代码")} and "DLBM" not in both.fields


def test_kinds_of_layers() -> None:
    assert dltb.looks_like(["BSM", "DLBM", "ZLDWDM"]) == "DLTB"
    assert dltb.looks_like(["XIAO_BAN", "TD_QS", "LIN_ZHONG", "SHI_QUAN_D", "MIAN_JI"]) == "FOREST"
    assert dltb.looks_like(["gewascode", "jaar", "category"]) is None
    assert dltb.recognise(["SHI_QUAN_D", "GJGYL_BHDJ"], "FOREST").fields.keys() == {"SHI_QUAN_D", "GJGYL_BHDJ"}
