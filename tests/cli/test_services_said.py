"""How the command line speaks of many services: counted ones in full, the others in a line; classes left out a line each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecocomp.cli.assessed import say_assessed
from ecocomp.cli.result import say_years, summary
from ecocomp.cli.say import Voice
from ecocomp.governance.bundle import open_bundle, read_bundle_table
from ecocomp.governance.why import Account, Why
from ecocomp.pipeline.assess import Assessed
from ecocomp.pipeline.run import Answer
from ecocomp.report.say import budget
from ecocomp.services.site import classes_left_out
from ecocomp.terms.codes import service_words
from ecocomp.terms.faults import Fault
from ecocomp.terms.tables import SERVICE, SERVICE_VALUE
from ecocomp.terms.text import Lang, Text
from ecocomp.valuation.gep import gep_total

COUNTED = ("water_conservation", "soil_retention", "sand_fixation", "carbon_sequestration")


@pytest.fixture(scope="module")
def claim(county: Any) -> Why:
    """The account of one entitlement that is paid."""
    paid = next(e for e in county.rows(2025, "entitlement") if e["funded_fen"])
    head = Account(county.bundle(2025)).explain(paid["entitlement_id"])
    return next(c for c in head.children if c.text.en.startswith("Parcel "))


def test_an_amount_is_explained_by_the_services_that_count_in_it(claim: Why) -> None:
    said = [c.text.en for c in claim.children]
    for service in COUNTED:
        assert sum(s.startswith(str(service_words(service).en)) for s in said) == 1  # type: ignore[union-attr]
    assert not [s for s in said if s.startswith(("air purification", "carbon storage", "oxygen release"))]


def test_services_published_only_take_one_line_and_are_named(claim: Why, county: Any) -> None:
    [line] = [c.text for c in claim.children if "published only" in c.text.en]
    others = {r["service"].partition(".")[0] for r in county.rows(2025, "service")} - set(COUNTED)
    assert line.en.startswith(f"{len(others)} more services")
    for service in others:
        name = service_words(service)
        assert name and name.zh in line.zh and name.en in line.en and service not in line.zh + line.en


def test_no_service_with_products_is_called_not_assessed(county: Any) -> None:
    facts = open_bundle(county.bundle(2025))
    have = {r["service"].partition(".")[0] for r in county.rows(2025, "service") if r["quantity"] is not None}
    assert not have & {n["service"] for n in facts["not_assessed"]}
    assert have | {n["service"] for n in facts["not_assessed"]} == set(facts["services"])


def test_parameters_behind_published_figures_are_known_as_such(county: Any) -> None:
    facts = open_bundle(county.bundle(2025))
    shown, paid = set(facts["unverified_shown"]), set(facts["unverified"]) - set(facts["unverified_shown"])
    assert shown and paid == set(facts["accepted_unverified"])


def _end(county: Any, capsys: pytest.CaptureFixture[str], lang: Lang) -> str:
    say_years(Voice(lang), Answer({2025: county.bundle(2025)}), county.folder)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_run_ends_with_services_product_and_parameters(county: Any, lang: Lang, capsys: pytest.CaptureFixture[str]) -> None:
    said = _end(county, capsys, lang)
    found, facts = summary(county.bundle(2025)), open_bundle(county.bundle(2025))
    account = read_bundle_table(county.bundle(2025), "gep")
    assert account is not None and found["gep"]["value_fen"] == gep_total(account).value_fen
    assert found["services"]["counted"] == len(COUNTED) and found["services"]["assessed"] > len(COUNTED)
    assert budget(found["gep"]["value_fen"]).to(lang) in said
    n, s = len(facts["unverified"]), len(facts["unverified_shown"])
    if lang == "zh":
        assert f"评估 {found['services']['assessed']} 项服务，其中 4 项计入标准" in said
        assert f"金额依据 {n - s} 个未核实参数（案例已逐个认可）；另有 {s} 个" in said
    else:
        assert f"{found['services']['assessed']} services were assessed for 2025; 4 of them count" in said
        assert f"Amounts rest on {n - s} unverified parameters (each accepted by name in the case); {s} more" in said


# ---------------------------------------------------------------- ecocomp assess
def _assessed() -> Assessed:
    import numpy as np

    table = np.full((3, 256), np.nan)
    table[:, [11, 12, 13, 14, 21, 22, 23]] = 1.0
    other = table.copy()
    other[:, 41] = 1.0
    notes = [
        *classes_left_out("air_purification", table, Text("净化能力", "capacity")),
        *classes_left_out("air_purification", other, Text("容量", "capacity")),
        *classes_left_out("carbon_sequestration", other, Text("固碳速率", "rate")),
        *(
            Fault("valuation.unpriced", "service", s, Text("没有方法。", "No method."), Text("写明。", "Name one."), "warning")
            for s in ("carbon_storage.above", "habitat_quality")
        ),
        Fault(
            "services.negative",
            "water_conservation",
            "",
            Text("有负值。", "Some are negative."),
            Text("核对。", "Check."),
            "warning",
        ),
    ]
    row = {"parcel_id": "a", "year": 2025, "service": "air_purification.so2", "quantity": 2.0, "low": 1.0, "high": 3.0}
    more = {"unit": "t/a", "method": "air_purification v1: capacity", "coverage": 1.0, "applicable": 1.0}
    return Assessed(2025, SERVICE.table([row | more]), SERVICE_VALUE.empty(), notes, [], area_ha={"a": 1.0})


def test_classes_left_out_take_one_line_a_service_with_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    say_assessed(Voice("zh"), [_assessed()], [])
    said = capsys.readouterr()
    lines = said.err.splitlines()
    [air] = [line for line in lines if line.strip().startswith("空气净化")]
    [carbon] = [line for line in lines if line.strip().startswith("固碳")]
    assert "除森林、灌丛外的全部" in air and "51 52" in air and "41 42" in air
    assert "除森林、灌丛、沼泽外的全部" in carbon and "41" not in carbon
    assert "class_not_assessed" not in said.err and "services.negative" in said.err
    [bare] = [line for line in lines if "只列实物量" in line]
    assert "碳储量（地上生物量碳）、生境质量" in bare and "valuation.unpriced" not in said.err
    assert "空气净化：v1: capacity" in said.out and "air_purification" not in said.out


def test_json_keeps_every_note_whole(capsys: pytest.CaptureFixture[str]) -> None:
    made = _assessed()
    say_assessed(Voice("en", as_json=True), [made], [])
    said = capsys.readouterr()
    [year] = json.loads(said.out)["years"]
    assert [n["code"] for n in year["notes"]] == [f.code for f in made.notes] and len(year["notes"]) == 6
    assert year["notes"][0] == made.notes[0].as_json() and not said.err


def test_two_years_say_a_note_once(capsys: pytest.CaptureFixture[str]) -> None:
    say_assessed(Voice("en"), [_assessed(), _assessed()], [])
    said = capsys.readouterr().err
    assert said.count("Ecosystems without a coefficient") == 1 and said.count("air purification: all but forest, shrub") == 1
