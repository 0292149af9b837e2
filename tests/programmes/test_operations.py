"""The operations that worked cases use reach the code of the year's run."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ecocomp.worked.operation import Setting
from ecocomp.worked.operations.programmes import OPERATIONS

from .conftest import Programmes, RuleBook

OPS = {o.id: o for o in OPERATIONS}


@pytest.fixture
def run(shipped: tuple[RuleBook, Programmes], tmp_path: Path) -> Any:
    def call(id: str, place: str = "CN", on: date = date(2024, 12, 31), **given: Any) -> Any:
        op = OPS[id]
        found = op.run(given, Setting(shipped[0], place, on, date(2030, 1, 1), tmp_path))
        assert set(found) <= set(op.found)
        assert set(given) <= {n.removesuffix("?") for n in op.given}
        return found

    return call


def test_three_years_of_a_forest(run: Any) -> None:
    plots = [{"mu": Decimal("10"), "from": date(2015, 3, 1), "variant": "forest", "inspections": [{"years": [2015, 2017, 2019]}]}]
    found = run("programme.entitlement", programme="conversion_round2", years=[2015, 2016, 2017, 2018, 2019], plots=plots)
    assert found["total"] == Decimal(12000)
    assert found["years"] == {"2015": 5000, "2016": 0, "2017": 3000, "2018": 0, "2019": 4000}
    assert found["supplier"] == 3000
    assert found["sources"] == {"central": 12000}


def test_local_forest_is_borne_four_three_three(run: Any) -> None:
    plots = [{"mu": 100, "from": date(2020, 1, 1), "inspections": [{"year": 2024}]}]
    found = run("programme.entitlement", programme="welfare_forest_local", year=2024, plots=plots)
    assert found["sources"] == {"city": 240, "county": 240, "province": 320}


def test_the_county_of_pingli_pays_thirteen_net(run: Any) -> None:
    plots = [{"mu": 10, "from": date(2020, 1, 1), "inspections": [{"year": 2024}]}]
    found = run("programme.entitlement", place="610926", programme="welfare_forest", year=2024, plots=plots)
    assert (found["total"], found["gross"], found["deduction"], found["faults"]) == (130, 160, 30, [])


def test_penalty_county_contract_move_sheet_and_steps(run: Any) -> None:
    assert run("programme.penalty", programme="conversion_round2", claimed=Decimal("1000.01")) == {
        "returned": Decimal("1000.01"), "fine_least": Decimal("2000.02"), "fine_most": Decimal("5000.05"),
    }  # fmt: skip
    assert run("programme.county", programme="conversion_round1", mu={"ecological": 240, "economic": 60})["kept"]
    found = run("programme.county", programme="conversion_round1", mu={"ecological": 237, "economic": 63, "grass": 600})
    assert (found["kept"], found["shares"], found["faults"]) == (
        False,
        {"ecological_share": Fraction(79, 100)},
        ["programmes.county_share"],
    )
    found = run(
        "programme.contract",
        programme="welfare_forest",
        **{"from": date(2020, 1, 1)},
        signed_on=date(2020, 1, 1),
        owner="collective",
        plots=[{"mu": 3, "variant": "forest", "ecosystem": "13"}],
    )
    assert (found["sound"], found["missing"]) == (False, ["agreement_id", "compensation"])
    assert run(
        "programme.contract",
        programme="welfare_forest",
        **{"from": date(2020, 1, 1)},
        signed_on=date(2020, 1, 1),
        owner="state",
        plots=[{"mu": 3, "variant": "forest", "ecosystem": "13"}],
    )["sound"]
    assert run("programme.move", state="draft", to="signed") == {"allowed": True}
    assert run("programme.move", state="ended", to="in_force") == {"allowed": False}
    lines = [["户编码", "面积（亩）", "金额（元）"], ["H1", "3", "22.50"], ["合计", "4", "22.50"]]
    found = run("programme.sheet", kind="notice", lines=lines)
    assert (found["used"], found["faults"], found["amount"]) == (False, ["programmes.sheet_total"], Decimal("22.50"))
    plots = [{"mu": 3, "from": date(2015, 3, 1), "variant": "forest", "inspections": [{"year": 2015}]}]
    steps = run("programme.explain", programme="conversion_round2", year=2015, plots=plots)
    assert steps["en"][0] == "cropland to forest and grass, round 2: forest, cash, for 2015 (year 1)."
    assert "500 yuan/mu × 3.00 mu" in steps["en"][2]


def test_escrow_and_sums_are_of_holders_alone_and_a_claim_waits_once(run: Any) -> None:
    plot = {"mu": 10, "from": date(2015, 3, 1), "variant": "forest", "right_state": "disputed"}
    found = run("programme.entitlement", programme="conversion_round2", year=2015, plots=[plot | {"inspections": [{"year": 2015}]}])
    assert [found[k] for k in ("escrow", "total", "gross", "supplier", "deduction")] == [5000, 5000, 5000, 3000, 0]
    waits = run("programme.entitlement", programme="conversion_round2", years=[2017, 2015, 2016], plots=[plot])
    assert (waits["waiting"], waits["total"]) == (8000, 0)
    late = run(
        "programme.entitlement", programme="conversion_round2", years=[2015, 2016], plots=[plot | {"inspections": [{"year": 2016}]}]
    )
    assert (late["waiting"], late["escrow"]) == (0, 5000)


def test_a_conversion_contract_runs_seventy_years_at_most(run: Any) -> None:
    for programme, start in (("conversion_round1", 2003), ("conversion_round2", 2015)):
        variant = "forest" if start == 2015 else "ecological"
        terms = [(date(start + 70, 3, 1), set()), (date(start + 70, 3, 2), {"programmes.term_long"}), (None, set())]
        for to, told in terms:
            given = {"from": date(start, 3, 1), "signed_on": date(start, 3, 1), "plots": [{"mu": 3, "variant": variant}]}
            found = run("programme.contract", programme=programme, **given, **({"to": to} if to else {}))
            assert {f for f in found["faults"] if "term_" in f} == told
    open_end = {"from": date(2021, 1, 1), "signed_on": date(2021, 1, 1), "plots": [{"mu": 3, "variant": "ban"}]}
    assert "programmes.term_long" in run("programme.contract", programme="grassland", **open_end)["faults"]


def test_a_total_of_money_one_fen_off_is_noted_and_two_are_refused(run: Any) -> None:
    for total, faults, used in (
        ("1.06", [], True),
        ("1.05", ["programmes.sheet_total_fen"], True),
        ("1.04", ["programmes.sheet_total"], False),
    ):
        lines = [["户编码", "面积（亩）", "金额（元）"], ["H1", "0.07", "0.53"], ["H2", "0.07", "0.53"], ["合计", "0.14", total]]
        found = run("programme.sheet", kind="notice", lines=lines)
        assert (found["used"], found["faults"]) == (used, faults)


BIRD = """programme:
  id: bird_damage
  name: {zh: 鸟损补偿, en: bird damage}
  document: 县发〔2026〕1号
  confidence: D
  level: county
  element: wildlife
  variants: {crop: {zh: 农作物, en: crops}}
  recipient: {who: right_holder}
  payments:
    - {id: damage, name: {zh: 补偿, en: compensation}, form: yearly_area, unit: CNY/mu, rate: programmes.bird_damage.rate}
  publish: [name]
parameters:
  - key: programmes.bird_damage.rate
    name: {zh: 标准, en: rate}
    unit: CNY/mu
    kind: number
    values: [{from: 2026-01-01, value: 80, document: 县发〔2026〕1号, confidence: D, last_checked: 2026-01-01}]
"""


def test_a_programme_of_a_rule_folder_can_be_worked(tmp_path: Path) -> None:
    from ecocomp.rules import policy_folder

    rules, cases = tmp_path / "county", tmp_path / "cases"
    (rules / "990131" / "programmes").mkdir(parents=True)
    cases.mkdir()
    (rules / "990131" / "programmes" / "bird_damage.yaml").write_text(BIRD, encoding="utf-8")
    (rules / "places.yaml").write_text('places:\n  "990131": {name: {zh: 县, en: County}, above: CN}\n', encoding="utf-8")
    book = RuleBook.load([policy_folder(), rules])
    setting = Setting(book, "990131", date(2026, 12, 31), date(2030, 1, 1), cases)
    plots = [{"mu": Decimal("2.5"), "from": date(2026, 3, 1), "variant": "crop"}]
    found = OPS["programme.entitlement"].run({"programme": "bird_damage", "year": 2026, "plots": plots}, setting)
    assert found["total"] == 200  # 2.5 × 80


def test_places_that_are_no_mapping_are_told(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text("places:\n  - {code: '990131'}\n", encoding="utf-8")
    faults = RuleBook.read([tmp_path])[1]
    assert [(f.where, f.record) for f in faults] == [("places.yaml", "line 2")]
