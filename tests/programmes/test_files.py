"""Programme files: those that ship are sound, the template is, and a bad one has every fault told with file, line and remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.cli.programme import check_file
from ecocomp.programmes.programme import load_programmes, read_programme
from ecocomp.programmes.shape import SLOTS, Slot
from ecocomp.programmes.template import KINDS, reference, template
from ecocomp.programmes.words import ELEMENTS
from ecocomp.rules import RuleBook, policy_folder

from .conftest import Programmes

FILES = sorted(policy_folder().glob("*/programmes/*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_files_that_ship_are_sound(path: Path) -> None:
    faults, _ = check_file(path, None, date(2024, 6, 30))
    assert [f for f in faults if f.severity == "error"] == []


def test_every_programme_of_the_sheets_is_there() -> None:
    found = load_programmes()
    assert found.faults == ()
    assert {p.id for p in found.all} >= {
        "conversion_round1", "conversion_round1_extension", "conversion_round2", "conversion_extension_2022", "conversion_top_up", "welfare_forest",
        "welfare_forest_local", "grassland", "pasture_retirement", "ranger", "wetland", "soil", "desert", "protected_area", "aquatic",
    }  # fmt: skip


def test_no_programme_is_known_by_name_in_code() -> None:
    code = "".join(p.read_text() for p in Path(load_programmes.__code__.co_filename).parent.glob("*.py"))
    for p in load_programmes().all:
        if p.id not in (*ELEMENTS, "soil"):
            assert f'"{p.id}"' not in code, p.id


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_is_sound(tmp_path: Path, lang: str) -> None:
    file = tmp_path / "990121" / "programmes" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(template("mine", lang), encoding="utf-8")  # type: ignore[arg-type]
    assert check_file(file, None, date(2026, 6, 30))[0] == []


BAD = """
programme:
  id: Bad Name
  name: {zh: 名, en: name, fr: nom}
  document: 文
  confidence: X
  level: nation
  elements: forest
  variants: {a: {zh: 甲, en: a}}
  enrol: {from: 2020-01-01, to: 2019-01-01}
  land: {classes: 01, when: later, exclude: [basic_farmland]}
  recipient: {who: holder, never: [village]}
  inspection: {level: county, each: month, survival_least: {b: 0.85}}
  payments:
    - {id: x, name: {zh: 甲, en: a}, form: yearly_area, unit: CNY/person, rate: rate, by: [varient, region]}
    - {id: x, name: {zh: 甲, en: a}, form: tranches_area, unit: CNY/mu, rate: p.r, years: 5, start_by: June, when_none: {zh: 无, en: none}, optional: true}
  excludes: [{with: [no_such_programme], on: place, document: d, confidence: D}]
  county: [{id: c, name: {zh: 甲, en: a}, of: [z], among: [a], document: d, confidence: D}]
parameters: []
"""


def test_every_fault_of_a_bad_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")
    made, faults = read_programme(path, place="CN")
    assert made is None
    said = [f"{f.record} {f.clash.en} {f.remedy.en}" for f in faults]
    for part in (
        "line 3 The code “Bad Name”", "line 4 Unknown key fr", "line 6 programme.confidence has “X”", "line 7 programme.level has “nation”", "nearest is national",
        "line 8 Unknown key elements in programme. The nearest known key is element", "lacks element", "line 10 enrol ends before", "line 11 programme.land.classes",
        "line 11 programme.land.when has “later”", "line 11 programme.land.exclude has “basic_farmland”", "The nearest is permanent_basic_farmland",
        "line 12 programme.recipient.who has “holder”", "line 12 programme.recipient.never has “village”", "line 13 programme.inspection.each has “month”",
        "line 13 inspection.survival_least speaks of variant “b”", "line 15 payments[1]: form yearly_area cannot be in CNY/person", "line 15 programme.payments[1].rate should be the key",
        "“varient”, which is not known. The nearest is variant", "line 15 payments[1] goes by region", "line 16 Payment x is there twice", "line 16 payments[2]: the years of tranches",
        "line 16 payments[2].start_by", "line 16 payments[2] has both", "line 17 programme.excludes[1].on has “place”", "line 18 county[1] speaks of variant “z”", "line 18 county[1] has neither",
    ):  # fmt: skip
        assert any(part in s for s in said), part
    assert all(f.clash.zh and f.remedy.zh and f.where == "bad.yaml" for f in faults)


def test_a_tie_to_a_programme_that_is_not_there_is_a_fault(written: Callable[..., tuple[RuleBook, Programmes]]) -> None:
    text = template("mine", "en").replace("contract: {items: [DUTY-3]}", "contract: {of: conversion_round3}")
    _, found = written(text)
    assert [f.code for f in found.faults] == ["programmes.unknown_programme"]
    assert "conversion_round2" in found.faults[0].remedy.en


def test_a_parameter_that_is_nowhere_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(template("mine", "en").replace("rate: programmes.mine.rate", "rate: programmes.mine.rates"), encoding="utf-8")
    faults, _ = check_file(file, "990121", date(2026, 6, 30))
    assert [(f.code, "programmes.mine.rate" in f.remedy.en) for f in faults] == [("programmes.no_parameter", True)]


def test_the_reference_names_every_key_with_its_kind() -> None:
    def count(slots: dict[str, Slot]) -> int:
        return sum(1 + count(dict(s.of)) for k, s in slots.items() if k)

    for lang in ("zh", "en"):
        rows = reference(lang)  # type: ignore[arg-type]
        assert len(rows) == count(SLOTS)
        assert all(r[3] for r in rows)
    assert {s.kind for s in SLOTS.values()} <= set(KINDS)


_JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["variant", "CN", "2020-01-01", "a.b", "", "&x", "forest"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*SLOTS, "id", "of", "with", "zh", "en", "rate", "form"]), inner, max_size=5),
    ),
    max_leaves=12,
)


@given(_JUNK)
def test_no_file_brings_it_down(tmp_path_factory: pytest.TempPathFactory, junk: object) -> None:
    import json

    path = tmp_path_factory.mktemp("junk") / "junk.yaml"
    path.write_text(json.dumps({"programme": junk, "parameters": []}), encoding="utf-8")
    made, faults = read_programme(path, place="CN")
    assert made is None or not faults
    assert all(f.clash.zh and f.remedy.en for f in faults)
