"""Reforms over a year: figures by hand, faults in reform files, and what must hold for every reform."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.simulation.base import Base, read_base
from ecocomp.simulation.candidates import candidates_of_year
from ecocomp.simulation.compare import compare
from ecocomp.simulation.outcome import column, outcome
from ecocomp.simulation.reform import Ground, read_reform, reform_of, together
from ecocomp.simulation.report import summary, write_results
from ecocomp.simulation.run import compare_reforms, simulate
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import TABLES


def rows(table: Any, key: str) -> dict[str, dict[str, Any]]:
    return {r[key]: r for r in table.to_pylist()}


def codes(error: pytest.ExceptionInfo[FaultsError]) -> set[str]:
    return {f.code for f in error.value.faults}


def write(tmp_path: Path, text: str, name: str = "reform.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_higher_rate_for_water_with_the_same_money(base: Base) -> None:
    """Water 1,000 → 1,200: P1 1,200, P3 600, P2 1,000; 2,800 owed, 2,500 there: everyone gets 25/28."""
    (c,), notes = simulate(base, settings=["standard.per_area.rate[water.1]=*1.2"])
    assert notes == []
    t = c.totals
    assert (t["before"]["entitled_fen"], t["before"]["paid_fen"], t["before"]["shortfall_fen"]) == (250_000, 250_000, 0)
    assert (t["after"]["entitled_fen"], t["after"]["paid_fen"], t["after"]["shortfall_fen"]) == (280_000, 250_000, 30_000)
    people = rows(c.holders, "holder_id")
    assert people["H1"]["paid_after_fen"] == 107_143
    assert people["C1"]["paid_after_fen"] == 44_643 + 53_571
    assert people["H2"]["paid_after_fen"] == 44_643
    assert (people["H1"]["reason"], people["H2"]["reason"]) == ("protection", "funding")
    assert (t["winners"], t["losers"], t["unchanged"], t["net_fen"]) == (1, 2, 0, 0)
    groups = {(r["by"], r["value"]): r for r in c.groups.to_pylist()}
    assert groups["income", "1"]["change_fen"] == 7_143
    assert groups["function_zone", "soil"]["change_fen"] == -10_714
    assert groups["owner", "collective"]["losers"] == 1
    assert rows(c.parcels, "parcel_id")["P1"]["rate_after_fen_per_ha"] == 120_000


def test_a_cap_bites_and_is_the_reason(base: Base) -> None:
    (c,), _ = simulate(base, settings=["standard.cap[1]=800"])
    people = rows(c.holders, "holder_id")
    assert people["H1"]["change_fen"] == -20_000
    assert people["H1"]["reason"] == "cap"
    assert c.totals["after"]["cap_bites"] == 2
    assert c.totals["after"]["paid_fen"] == 220_000
    assert rows(c.budget, "envelope_id")["CENTRAL"]["left_after_fen"] == 30_000


def test_a_group_that_is_no_longer_compensated(base: Base) -> None:
    (c,), _ = simulate(base, settings=["standard.eligible_groups=[1]"])
    people = rows(c.holders, "holder_id")
    assert people["H2"]["paid_after_fen"] == 0
    assert people["H2"]["reason"] == "eligibility"


def test_less_money_in_an_envelope(base: Base, tmp_path: Path) -> None:
    path = write(tmp_path, 'name: {zh: 减, en: Cut}\nenvelopes:\n  CENTRAL: {granted_yuan: "-20%"}\n')
    (c,), _ = simulate(base, [path])
    assert c.name.en == "Cut"
    assert c.totals["after"]["paid_fen"] == 200_000
    assert {r["reason"] for r in c.holders.to_pylist() if r["change_fen"]} == {"funding"}


def test_several_reforms_stand_side_by_side_and_together(base: Base, tmp_path: Path) -> None:
    one = write(tmp_path, 'changes:\n  standard.per_area.rate: "+10%"\n', "one.yaml")
    two = write(tmp_path, 'envelopes:\n  CENTRAL: {granted_yuan: "*1.1"}\n', "two.yaml")
    found, _ = simulate(base, [one, two], together=True)
    assert [c.totals["after"]["paid_fen"] for c in found] == [250_000, 250_000, 275_000]
    assert found[2].totals["after"]["shortfall_fen"] == 0
    for lang in ("zh", "en"):
        page = summary(base, found, lang)  # type: ignore[arg-type]
        assert "2,750.00" in page and "one" in page


def test_nothing_changed_changes_nothing(base: Base) -> None:
    before = outcome(base)
    c = compare(base, before, outcome(base, reform_of(["standard.per_area.rate=*1"], base.ground)))
    assert (c.totals["winners"], c.totals["losers"], c.totals["net_fen"]) == (0, 0, 0)
    assert set(c.holders["reason"].to_pylist()) == {""}


def test_steps_add_up_to_the_rate(base: Base) -> None:
    o = outcome(base, reform_of(["standard.cap[1]=800"], base.ground))
    assert (sum(o.steps.values()) == column(o.standard, "rate_fen_per_ha")).all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=st.integers(1, 5000), b=st.integers(1, 5000), money=st.integers(0, 9000))
def test_money_is_kept_and_more_never_lowers_what_is_owed(base: Base, a: int, b: int, money: int) -> None:
    reform = reform_of([f"standard.per_area.rate[water.1]={max(a, b)}", f"standard.per_area.rate[soil.2]={b}"], base.ground)
    lower = reform_of([f"standard.per_area.rate[water.1]={min(a, b)}", f"standard.per_area.rate[soil.2]={b}"], base.ground)

    cut = {"CENTRAL": {"granted_yuan": Decimal(money)}}
    (high, low), _ = compare_reforms(base, [replace(reform, envelopes=cut), replace(lower, envelopes=cut)])
    for c in (high, low):
        after = c.totals["after"]
        assert after["paid_fen"] == min(money * 100, after["entitled_fen"])
        assert c.totals["gained_fen"] + c.totals["lost_fen"] == c.totals["net_fen"]
        assert (
            int(c.groups.filter(c.groups["by"].to_numpy(zero_copy_only=False) == "village")["change_fen"].to_numpy().sum())
            == c.totals["net_fen"]
        )
    assert (column(high.outcome.claims, "entitled_fen") >= column(low.outcome.claims, "entitled_fen")).all()


FAULTS = {
    "misspelt key": ("changes:\n  standard.value_shar: 1\n", "reform.unknown_key", "standard.value_share"),
    "unknown top key": ("change:\n  standard.cap: 1\n", "reform.unknown_key", "changes"),
    "unknown row": ('changes:\n  standard.cap: {"9": "*2"}\n', "reform.value", "9"),
    "no operation": ("changes:\n  standard.cap: twice\n", "reform.value", "twice|table"),
    "divides by zero": ('changes:\n  standard.floor.test: "/0"\n', "reform.value", "zero"),
    "list for a number": ("changes:\n  standard.floor.test: [1]\n", "reform.value", "1"),
    "remove what is not there": ('changes:\n  standard.eligible_groups: {remove: ["7"]}\n', "reform.value", "7"),
    "the land half": ("changes:\n  services.water.runoff: 1\n", "reform.land_half", "run"),
    "unknown envelope": ("envelopes:\n  CENTRL: {granted_yuan: 1}\n", "reform.envelope", "CENTRAL"),
    "unknown column": ("envelopes:\n  CENTRAL: {granted: 1}\n", "reform.unknown_key", "granted_yuan"),
    "negative grant": ("envelopes:\n  CENTRAL: {granted_yuan: -5}\n", "reform.value", "granted_yuan"),
    "nothing": ("note: nothing\n", "reform.empty", ""),
    "a list": ("- 1\n", "reform.shape", ""),
    "an alias": ("changes:\n  standard.cap: *1.1\n", "reform.quotes", "*1.1"),
    "negative rate": ("changes:\n  standard.per_area.rate: {water.1: -5}\n", "rules.sign", ""),
}


@pytest.mark.parametrize(("text", "code", "word"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_with_a_reform_is_said(ground: Ground, tmp_path: Path, text: str, code: str, word: str) -> None:
    with pytest.raises(FaultsError) as error:
        read_reform(write(tmp_path, text), ground)
    assert code in codes(error), [f.say("en") for f in error.value.faults]
    said = " ".join(f.say("en") for f in error.value.faults)
    assert any(w in said for w in word.split("|"))


def test_all_faults_of_all_reforms_at_once(base: Base, tmp_path: Path) -> None:
    bad = write(tmp_path, "changes:\n  standard.capp: 1\n  standard.floor.tst: 2\nenvelopes:\n  X: {granted_yuan: 1}\n")
    with pytest.raises(FaultsError) as error:
        simulate(base, [bad, tmp_path / "none.yaml"], ["=3", "standard.eligible_group=[1]"])
    assert len(error.value.faults) >= 5


def test_a_statutory_floor_is_lowered_only_with_a_reason(base: Base, tmp_path: Path) -> None:
    with pytest.raises(FaultsError) as error:
        read_reform(write(tmp_path, "changes:\n  standard.floor.test: 50\n"), base.ground)
    assert codes(error) == {"rules.floor_lowered"}
    assert "floors_note" in error.value.faults[0].remedy.en
    noted = read_reform(
        write(tmp_path, "floors_note: what the proposal of the committee would do\nchanges:\n  standard.floor.test: 50\n"),
        base.ground,
    )
    assert [w.code for w in noted.warnings] == ["rules.floor_lowered"]
    raised = read_reform(write(tmp_path, "changes:\n  standard.floor.test: 700\n"), base.ground)
    (c,), _ = compare_reforms(base, [raised])
    assert c.totals["after"]["floor_bites"] == 1
    assert rows(c.holders, "holder_id")["H2"]["entitled_after_fen"] == 70_000


def test_a_reform_in_the_form_of_a_rule_file(base: Base, tmp_path: Path) -> None:
    text = """parameters:
  - key: standard.per_area.rate
    name: {zh: 定额, en: rate}
    unit: CNY/ha/a
    kind: table
    values:
      - {value: {water.1: 2000, soil.2: 500}, document: draft, confidence: S}
"""
    for path in (write(tmp_path, text), _folder(tmp_path, text)):
        (c,), _ = simulate(base, [path])
        assert c.totals["after"]["entitled_fen"] == 400_000


def _folder(tmp_path: Path, text: str) -> Path:
    place = tmp_path / "rules" / "990121" / "standard"
    place.mkdir(parents=True)
    write(place, text, "draft.yaml")
    return tmp_path / "rules"


def test_a_key_that_nothing_reads_this_year_is_told(base: Base) -> None:
    (c,), _ = simulate(base, settings=["standard.value_cap=1"])
    assert [w.code for w in c.outcome.warnings] == ["reform.no_effect"]
    assert c.totals["winners"] == 0


def test_two_reforms_of_one_key_cannot_be_laid_together(base: Base) -> None:
    one, two = (reform_of([f"standard.cap[1]={v}"], base.ground, id=str(v)) for v in (1, 2))
    with pytest.raises(FaultsError) as error:
        together([one, two])
    assert codes(error) == {"reform.twice"}


def test_results_are_written(base: Base, tmp_path: Path) -> None:
    found, _ = simulate(base, settings=["standard.cap[1]=800"])
    files = write_results(base, found, tmp_path / "out")
    assert {"summary.zh.md", "summary.en.md", "01-set-holders.csv", "01-set.json"} <= set(files)
    assert all((tmp_path / "out" / f).is_file() for f in files)


def test_the_year_gives_candidates_for_targeting(base: Base) -> None:
    table = candidates_of_year(base, outcome(base))
    found = rows(table, "parcel_id")
    assert set(found) == {"P1", "P2", "P3"}
    assert (found["P1"]["cost_fen"], found["P1"]["income"], found["P3"]["region"]) == ("100000", "1", "V1")
    assert found["P2"]["owner"] == "household"  # equal shares: the first right counts


@pytest.mark.parametrize("change", ["/0", "-150%", "*999999999999999999"])
def test_an_impossible_change_of_an_envelope_is_a_fault(base: Base, tmp_path: Path, change: str) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(f'envelopes: {{CENTRAL: {{granted_yuan: "{change}"}}}}', encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        simulate(base, [file])
    assert [f.code for f in caught.value.faults] == ["reform.value"]


@pytest.mark.parametrize("change", ['{granted_yuan: "-20%"}', '{granted_yuan: "*1"}', "{priority: 1, earmark_red_line: false}"])
def test_a_change_of_an_envelope_that_does_nothing_is_told(base: Base, tmp_path: Path, change: str) -> None:
    register = base.table("envelope").to_pylist()
    derived = {**register[0], "envelope_id": "CARBON", "source": "carbon_credit", "granted_fen": 0, "floor_fen": 0}
    tables = {**base.tables, "envelope": TABLES["envelope"].table([*register, derived])}
    ground = replace(base.ground, envelopes=("CARBON", "CENTRAL"))
    changed = replace(base, tables=tables, ground=ground, kept={})
    (c,), _ = simulate(changed, [write(tmp_path, f"envelopes:\n  CARBON: {change}\n")])
    told = [f for f in c.outcome.warnings if f.code == "reform.no_effect"]
    assert {f.record for f in told} == {"CARBON"} and len(told) == change.count(":")
    assert ("derived from settlement or sale" in told[0].clash.en) == ("granted" in change)
    assert c.totals["net_fen"] == 0


def test_a_bundle_without_what_it_should_state_is_refused_in_words(tmp_path: Path) -> None:
    for text in ('{"year": 2024}', "[]", '{"year": "2024", "case": {"place": 3}, "previous": {"year": "x"}}'):
        (tmp_path / "bundle.json").write_text(text, encoding="utf-8")
        with pytest.raises(FaultsError) as told:
            read_base(tmp_path)
        assert {f.code for f in told.value.faults} == {"bundle.facts"}
        assert "case.programme" in {f.record for f in told.value.faults}
    assert "previous.year" in {f.record for f in told.value.faults}
    (tmp_path / "bundle.json").write_text('{"year": ', encoding="utf-8")
    with pytest.raises(FaultsError, match="cannot be read as JSON"):
        read_base(tmp_path)
