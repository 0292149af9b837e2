"""Three lists of land classes: what each code means, which list a layer follows, what becomes of a code."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.land import classes
from ecocomp.land.classes import GBT, HJ1172, MNR, SURVEY, convert, table, tell_scheme, why_not
from ecocomp.terms.codes import ECOSYSTEMS, LAND_CLASSES


def test_the_tables_are_as_long_as_their_standards() -> None:
    assert len(table(GBT)) == 73, "GB/T 21010-2017 has 73 second-level classes"
    assert {c[:2] for c in table(GBT)} == {f"{n:02d}" for n in range(1, 13)}
    assert {c for c in table(SURVEY) if c[-1] not in "KA"} == {*LAND_CLASSES, "1208"}
    assert {c for c in table(SURVEY) if c[-1] == "K"} == {
        "0201K", "0202K", "0203K", "0204K", "0301K", "0302K", "0307K", "0403K", "1104K"}  # fmt: skip
    assert {c for c in table(SURVEY) if c[-1] == "A"} == {"08H2A", "0810A", "1104A", "1107A"}
    assert {c[:2] for c in table(MNR)} == {f"{n:02d}" for n in range(1, 25)}


@pytest.mark.parametrize("scheme", [SURVEY, GBT, MNR, HJ1172])
def test_every_class_leads_to_an_ecosystem_that_exists_or_to_a_fault(scheme: str) -> None:
    for code, found in table(scheme).items():
        to = convert(scheme, code)
        if to is None:
            fault = why_not(scheme, code, "f", "r")
            assert fault.code == "land.open_class" and code in fault.say("zh") and code in fault.say("en")
        else:
            assert to[1] in ECOSYSTEMS
            assert to[0] in table(SURVEY) or to[0] in ECOSYSTEMS
            assert found.survey is None or convert(SURVEY, found.survey) == (found.survey, to[1])


def test_the_code_that_means_three_things() -> None:
    assert convert(GBT, "0501") == ("05H1", "61"), "retail"
    assert convert(MNR, "0501") == ("0304", "41"), "forest swamp"
    assert convert(SURVEY, "0501") is None
    fault = why_not(SURVEY, "0501", "DLTB", "510")
    assert fault.code == "land.unknown_class" and "零售商业用地" in fault.say("zh") and "森林沼泽" in fault.say("zh")
    assert "retail" in fault.say("en") and "forest swamp" in fault.say("en")


def test_parents_of_the_six_digit_codes_have_the_same_meaning() -> None:
    for code in table(MNR):
        if len(code) == 6 and code[:4] in table(MNR):
            assert convert(MNR, code) == convert(MNR, code[:4]), code


@pytest.mark.parametrize(
    ("code", "allowed"), [("0101K", False), ("0305K", False), ("0301A", False), ("0301K", True), ("1104A", True)]
)
def test_letters_only_where_the_survey_has_them(code: str, allowed: bool) -> None:
    assert (convert(SURVEY, code) is not None) is allowed
    if not allowed:
        fault = why_not(SURVEY, code, "f", "r")
        assert fault.code == "land.bad_class_letter" and code[:-1] in fault.say("en")


def test_the_letter_k_is_no_property_of_the_ecosystem() -> None:
    for code in classes.K_NAMES:
        assert convert(SURVEY, code + "K")[1] == convert(SURVEY, code)[1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("codes", "names", "scheme"),
    [
        (["0101", "05H1", "0404"], None, SURVEY),
        (["0101", "0301K"], None, SURVEY),
        (["0101", "0604", "0803", "1101", "0304"], None, GBT),
        (["0101", "060101", "1311"], None, MNR),
        (["0101", "0501"], ["水田", "森林沼泽"], MNR),
        (["0101", "0501"], ["水田", "零售商业用地"], GBT),
        (["0101", "1101"], ["水田", "河流水面"], SURVEY),
        (["0101", "1101"], ["水田", "物流仓储用地"], MNR),
        (["11", "51", "33"], None, HJ1172),
        (["0101", "0301", "0201"], None, SURVEY),
    ],
)
def test_schemes_are_told_apart(codes: list[str], names: list[str | None] | None, scheme: str) -> None:
    told = tell_scheme(codes, names, "f")
    assert told.scheme == scheme and told.faults == () and told.evidence


def test_evidence_names_codes_of_one_list_only() -> None:
    told = tell_scheme(["0101", "05H1", "05H1"], None, "f")
    assert any("05H1" in e.en and "2 of 3" in e.en for e in told.evidence)


@pytest.mark.parametrize(
    ("codes", "kind", "said"),
    [
        (["0101", "0501"], "land.ambiguous_scheme", "retail / forest swamp"),
        (["0101", "1101"], "land.ambiguous_scheme", "river / logistics"),
        (["x", "y"], "land.no_scheme", "x"),
        ([], "land.no_classes", ""),
        (["0101", "05H1", "08H1", "0604", "0803"] * 10, "land.mixed_schemes", "0604"),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(codes: list[str], kind: str, said: str) -> None:
    told = tell_scheme(codes, None, "f")
    assert told.scheme is None and [f.code for f in told.faults] == [kind]
    assert said in told.faults[0].say("en") and told.faults[0].remedy.zh


def test_one_stray_code_among_thousands_decides_nothing() -> None:
    """1101 is a river or a warehouse; a single 0205, which only the list of 2023 has, must not turn rivers into warehouses."""
    told = tell_scheme(["0101"] * 5000 + ["1101"] * 300 + ["0205"], None, "f")
    assert told.scheme is None and told.faults


def test_codes_the_mapping_explains_prove_nothing() -> None:
    assert tell_scheme(["0101", "0501"], None, "f", own=["0501"]).scheme == SURVEY


@given(st.lists(st.sampled_from(sorted(table(SURVEY))), min_size=1, max_size=40))
def test_a_layer_with_names_of_its_own_list_is_always_told(codes: list[str]) -> None:
    """With the names beside the codes, a survey layer is read as the survey's, or as a list in which it means the same."""
    told = tell_scheme(codes, [table(SURVEY)[c].name.zh for c in codes], "f")
    assert told.scheme is not None
    assert all(convert(told.scheme, c) == convert(SURVEY, c) for c in codes)


def test_names_of_classes() -> None:
    assert classes.name_agrees(SURVEY, "0201K", "果园") and classes.name_agrees(SURVEY, "0201K", "可调整果园")
    assert not classes.name_agrees(SURVEY, "0404", "果园")
    assert classes.name_agrees(GBT, "0807", "文体设施用地") and classes.name_agrees(GBT, "0807", "文化设施用地")
    assert classes.name_agrees(SURVEY, "0810", "公园绿地") and not classes.name_agrees(SURVEY, "1101", "湖泊水面")
    assert classes.codes_named(SURVEY, "果园") == ["0201"]
    assert classes.misfits(SURVEY, Counter({("0404", "果园"): 3, ("0101", "水田"): 5})) == 3


def test_a_sea_class_has_no_land_ecosystem() -> None:
    assert convert(MNR, "1802") is None and convert(MNR, "16") is None and convert(SURVEY, "1208") is None
    assert convert(SURVEY, "1208", {"1208": "34"}) == ("1208", "34")
