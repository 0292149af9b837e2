"""`ecocomp target` and `ecocomp auction` as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ecocomp.cli.auction import auction
from ecocomp.cli.target import benefit_words, target
from ecocomp.terms.faults import FaultsError, UsageError

TABLE = "id,cost_yuan,benefit,town,x,y\nA,60,9,N,0,0\nB,50,6,N,5,0\nC,50,5,S,6,0\nD,10,0,S,9,9\n"


def call(command: click.Command, *args: Any) -> str:
    done = CliRunner().invoke(command, [str(a) for a in args], catch_exceptions=True)
    if isinstance(done.exception, FaultsError | UsageError):
        raise done.exception
    assert done.exit_code == 0, done.output + str(done.exception)
    return done.stdout


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "candidates.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_json_holds_the_choice_the_bound_and_every_reason(table: Path) -> None:
    found = json.loads(call(target, table, "--budget", "100", "--json"))
    assert [r["id"] for r in found["rows"] if r["chosen"]] == ["B", "C"]
    assert (found["spent_fen"], found["budget_fen"], found["benefit"]) == (10_000, 10_000, 11)
    assert found["bound"] >= found["benefit"]
    assert {r["id"]: r["reason"] for r in found["rows"]} == {"A": "budget", "B": "chosen", "C": "chosen", "D": "no_benefit"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_tables_for_people_are_printed(table: Path, lang: str, tmp_path: Path) -> None:
    said = call(target, table, "--budget", "100", "--cap", "town=60%", "--lang", lang, "--out", tmp_path / "out.csv")
    assert "100.00" in said and "town = N" in said
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("\n") == 5


def test_a_plan_file_is_read_and_its_faults_are_all_told(table: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "budget_yuan: 120\nlimits:\n  - {by: town, value: S, at_least_share: 0.4}\nneighbours: {radius_m: 2, least_count: 2}\n",
        "utf-8",
    )
    found = json.loads(call(target, table, "--plan", plan, "--json"))
    assert [r["id"] for r in found["rows"] if r["chosen"]] == ["B", "C"]
    plan.write_text(
        "budget_yuan: -1\nlimit: 3\nbenefit: {}\nloss_probability: 2\nlimits: [{by: town, at_most_yuam: 3}, 7]\n"
        "must: 4\ndivisible: perhaps\nneighbours: {radius: 1}\n",
        "utf-8",
    )
    with pytest.raises(FaultsError) as error:
        call(target, table, "--plan", plan)
    assert len(error.value.faults) >= 9
    said = " ".join(f.say("en") for f in error.value.faults)
    assert "limits" in said and "at_most_yuan" in said and "radius_m" in said and "line 1" in said


@pytest.mark.parametrize(
    "args", [(), ("--budget", "much"), ("--budget", "-1"), ("--budget", "1.234"), ("--budget", "1", "--out", "x.xls")]
)
def test_wrong_use(table: Path, args: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        call(target, table, *args)


@pytest.mark.parametrize("limit", ["town", "town=", "town=lots", "=5", "town=-5", "town=NaN"])
def test_a_limit_that_is_none_is_a_fault(table: Path, limit: str) -> None:
    with pytest.raises(FaultsError, match="limit"):
        call(target, table, "--budget", "9", "--cap", limit)


def test_parcels_of_a_case_are_candidates(county: Any) -> None:
    found = json.loads(call(target, county.folder, "--budget", "50000", "--floor", "income:1=10%", "--json"))
    assert 0 < found["spent_fen"] <= 5_000_000
    poor = next(r for r in found["rows_used"] if r["kind"] == "floor")
    assert poor["used"] >= poor["low"]


def test_an_auction(tmp_path: Path) -> None:
    bids = tmp_path / "bids.csv"
    bids.write_text("id,bid_yuan,score\nA,10,1\nB,20,1\nC,30,1\n", encoding="utf-8")
    found = json.loads(call(auction, bids, "--budget", "70", "--json", "--out", tmp_path / "o.csv"))
    assert (found["accepted"], found["paid_fen"], found["price_exact"], found["price_set_by"]) == (2, 6_000, "3000", "C")
    assert (tmp_path / "o.csv").is_file()
    assert "30.0000" in call(auction, bids, "--budget", "70", "--lang", "en")
    with pytest.raises(UsageError):
        call(auction, bids)
    with pytest.raises(UsageError):
        call(auction, bids, "--quantity", "NaN")
    with pytest.raises(FaultsError):
        call(auction, tmp_path / "none.csv", "--budget", "1")


def test_a_choice_that_nothing_beats_says_so(table: Path) -> None:
    assert "no selection reaches more" in call(target, table, "--budget", "100", "--lang", "en")
    said = call(target, table, "--budget", "１００元", "--lang", "zh")
    assert "没有更好的选法" in said and "e+00" not in said


@pytest.mark.parametrize(
    ("gap", "said"),
    [(0, "; no selection reaches more"), (1e-15, "; within rounding, no selection"), (0.5, "at most 0.5000 is missing")],
)
def test_a_gap_of_rounding_is_none(gap: float, said: str) -> None:
    facts = {"benefit": 10.0, "bound": 10.0 + gap, "gap": gap, "proof_zh": "分支定界", "proof_en": "branch and bound"}
    words = benefit_words(facts)
    assert said in words.en
    assert "e-15" not in words.en + words.zh


def test_amounts_of_a_plan_may_be_written_with_their_unit_and_floors_are_rounded_up(table: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("budget_yuan: 0.01万元\nlimits: [{by: town, at_most_yuan: 0.006万}, {at_least_count: 1.5}]\n", encoding="utf-8")
    found = json.loads(call(target, table, "--plan", plan, "--json"))
    assert found["budget_fen"] == 10_000 and found["chosen"] == 2  # at least one and a half are two
    assert any("60.00 yuan" in r["told_en"] for r in found["rows_used"])
    for wrong in ("1e6", "-5", "NaN", "1.005", "lots"):
        with pytest.raises(UsageError):
            call(target, table, f"--budget={wrong}")
        with pytest.raises(FaultsError):
            call(target, table, "--budget", "100", "--cap", f"town={wrong}")
    assert "54.00" in call(target, table, "--budget", "100", "--cap", "town=54元")
