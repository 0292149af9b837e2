"""`ecocomp try`, `describe` and `list`: any formula on plain numbers, and every fault of what was typed at once."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecocomp.registry.calculate import calculate, say_number, steps
from ecocomp.terms.faults import FaultsError, UsageError

Run = Callable[..., Any]


def test_the_numbers_stand_in_the_formula(ecocomp: Run) -> None:
    done = ecocomp("try", "annuity", "capital=1000", "rate=0.06", "years=10")
    assert done.returncode == 0
    assert "A = P·i·(1 + i)^n / ((1 + i)^n − 1)" in done.stdout
    assert "A = 1000·0.06·(1 + 0.06)^10 / ((1 + 0.06)^10 − 1) = 135.8679582" in done.stdout
    assert "[V]" in done.stdout and "CNY/a" in done.stdout


def test_json_is_stable_and_says_what_was_given(ecocomp: Run) -> None:
    found = json.loads(ecocomp("try", "county_ei", "E_e=70", "environment=80", "--json").stdout)
    assert found["outputs"]["index"] == {"value": pytest.approx(74.0), "unit": "0–100", "symbol": "EI'"}
    assert found["arguments"]["ecology"]["given"] and not found["arguments"]["ecology_weight"]["given"]
    assert found["arguments"]["ecology_weight"]["value"] == 0.6 and found["confidence"] == "R"
    assert set(found) == {
        "id", "name_zh", "name_en", "version", "arguments", "outputs", "formula", "numbers", "confidence", "references",
    }  # fmt: skip


def test_every_fault_of_what_was_typed_is_told_at_once(ecocomp: Run) -> None:
    done = ecocomp("try", "annuity", "capital=-1", "rate=six", "yeers=10", "rate=0.1")
    assert done.returncode == 2 and "twice" in done.stderr
    done = ecocomp("try", "annuity", "capital=-1", "rate=six", "yeers=10")
    assert done.returncode == 1
    for word in ("capital is -1", "rate is six", "Unknown name yeers", "years is missing"):
        assert word in done.stderr
    assert "capital is missing" not in done.stderr


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "0x10", "1,2", "", "١٢", "1/0", "1e5e5", "--1", "[" * 5000])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(FaultsError, match="capital"):
        calculate("annuity", {"capital": value, "rate": "0.1", "years": "3"})


def test_numbers_may_be_typed_as_people_type_them() -> None:
    plain = calculate("annuity", {"P": "1000", "i": "3/50", "n": "1e1"})
    wide = calculate("annuity", {"capital": " １_000 ", "rate": "0.06", "years": "10."})
    assert plain.outputs == wide.outputs and plain.outputs["annuity"] == pytest.approx(135.867958, rel=1e-8)
    rows = calculate("ahp", {"matrix": "1，3；1/3，1"}).outputs["weights"]
    assert rows == calculate("ahp", {"matrix": "[[1, 3], [0.3333333333333333, 1]]"}).outputs["weights"]


def test_numbers_that_have_no_result_say_so() -> None:
    with pytest.raises(FaultsError, match="reciprocal"):
        calculate("ahp", {"matrix": "1,2;3,1"})
    with pytest.raises(FaultsError, match="square"):
        calculate("ahp", {"matrix": "1,2,3;3,1"})


def test_an_unknown_id_names_its_neighbours(ecocomp: Run) -> None:
    done = ecocomp("try", "anuity", "P=1")
    assert done.returncode == 2 and "annuity" in done.stderr
    with pytest.raises(UsageError, match="within a run"):
        calculate("central_transfer", {})


def test_a_table_row_by_row(ecocomp: Run, tmp_path: Path) -> None:
    table, out = tmp_path / "counties.csv", tmp_path / "out.csv"
    table.write_text("engel\n0.5\n\n0.4\n", encoding="gb18030")
    done = ecocomp("try", "development_coefficient", "--table", table, "--out", out)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(out.open(encoding="utf-8-sig")))
    assert [float(r["coefficient"]) for r in rows] == pytest.approx([0.268941, 0.377541], rel=1e-5)
    fixed = json.loads(ecocomp("try", "value_by_development", "value=10000", "--table", table, "--json").stdout)
    assert [r["outputs"]["standard"]["value"] for r in fixed] == pytest.approx([2689.41421, 3775.40669], rel=1e-8)


def test_a_table_with_faults_names_every_row_and_writes_nothing(ecocomp: Run, tmp_path: Path) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "out.csv"
    table.write_text("恩格尔,engel\nA,0.5\nB,x\nC,7\nD,\n", encoding="utf-8-sig")
    done = ecocomp("try", "development_coefficient", "--table", table, "--out", out)
    assert done.returncode == 1 and not out.exists()
    for row in ("row 3", "row 4", "row 5"):
        assert row in done.stderr
    table.write_text("county,engel\nA,0.5\nB,0.4\n", encoding="utf-8")
    named = json.loads(ecocomp("try", "development_coefficient", "--table", table, "--label", "county", "--json").stdout)
    assert [r["labels"]["county"] for r in named] == ["A", "B"]
    assert "Unknown name 恩格尔" in done.stderr


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"engel\n", "heading"),
        (b"engel,engel\n1,2\n", "twice"),
        (b"\xff\xff\xff", "UTF-8"),
    ],
)
def test_a_broken_table_is_told_in_a_sentence(ecocomp: Run, tmp_path: Path, content: bytes, word: str) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(content)
    done = ecocomp("try", "development_coefficient", "--table", table)
    assert done.returncode == 2 and word in done.stderr


def test_a_wrong_heading_is_told_once_and_ragged_rows_stand_among_the_other_faults(ecocomp: Run, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(b"county,engel\nA,0.5\nB,0.4,7\nC,x\nD,0.\x003\nE,0.4,,\n")
    done = ecocomp("try", "development_coefficient", "yeers=1", "--table", table)
    assert done.returncode == 1 and done.stderr.count("Unknown name county") == 1 and "--label county" in done.stderr
    assert done.stderr.count("Unknown name yeers") == 1
    for word in ("longer than the heading", "row 3", "row 4", "U+0000", "row 5"):
        assert word in done.stderr
    assert "row 6" not in done.stderr and "row 2" not in done.stderr


def test_a_table_is_not_written_over_and_labels_belong_to_a_table(ecocomp: Run, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("county,engel\nA,0.5\n=1+1,0.4\n", encoding="utf-8")
    head = ("try", "development_coefficient", "--table", table, "--label")
    same = ecocomp(*head, "county", "--out", tmp_path / "." / "t.csv")
    assert same.returncode == 2 and "--table" in same.stderr and table.read_text(encoding="utf-8").startswith("county")
    assert ecocomp(*head, "village").returncode == 2
    alone = ecocomp("try", "development_coefficient", "engel=0.5", "--label", "county")
    assert alone.returncode == 2 and "--label" in alone.stderr
    empty = ecocomp(*head, "county", "--out", "")
    assert empty.returncode == 2 and "--out is empty" in empty.stderr
    assert ecocomp(*head, "county", "--out", tmp_path / "o.csv").returncode == 0
    assert "'=1+1" in (tmp_path / "o.csv").read_text(encoding="utf-8-sig")


def test_describe_and_list_come_from_the_specs(ecocomp: Run) -> None:
    told = ecocomp("describe", "ahp", lang="zh")
    assert told.returncode == 0 and "层次分析法" in told.stdout and "ecocomp try ahp" in told.stdout
    data = json.loads(ecocomp("describe", "entropy_weights", "--json").stdout)
    assert data["arguments"][1]["default"] == [] and data["folder"] == "performance.weighting"
    for what in ("services", "methods", "factors", "indices", "weightings", "formulas"):
        rows = json.loads(ecocomp("list", what, "--json").stdout)
        assert rows and {"id", "name_zh", "formula", "confidence"} <= set(rows[0])
    services = json.loads(ecocomp("list", "services", "--json").stdout)
    assert services[0]["id"] == "water_conservation" and services[0]["chapter_zh"] == "水"


def test_symbols_are_replaced_whole_and_long_ones_first() -> None:
    from types import SimpleNamespace

    from ecocomp.registry import Argument, Spec, Use
    from ecocomp.terms.text import same

    spec = Spec(
        "x", same("x"), same("x"), "", (), (Use("y", "", same("y"), symbol="y"), Use("Ks", "", same("k"), symbol="K_s")), (), (),
        formula="y = 2K·K_s² + exp(−K) − Kr\nno equation with K",
        arguments=(Argument("k", "", same("k"), "K"),),
    )  # fmt: skip
    one, two = steps(SimpleNamespace(spec=spec), {"k": -1.5}, {"y": 4.0, "Ks": 3})  # type: ignore[arg-type]
    assert one.numbers == "y = 2(-1.5)·3² + exp(−(-1.5)) − Kr" and one.result == 4.0
    assert two.numbers == "no equation with (-1.5)" and two.result is None
    assert say_number([1.0, -2.5]) == "[1, -2.5]"


def test_a_price_table_becomes_rules_that_a_case_can_use(ecocomp: Run, tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    table.write_text(ecocomp("rules", "prices", lang="zh").stdout, encoding="gb18030")
    nowhere = ecocomp("rules", "prices", table, "--to", tmp_path / "rules")
    assert nowhere.returncode == 2 and "--place" in nowhere.stderr and not (tmp_path / "rules").exists()
    place = ("--place", "990121")
    done = ecocomp("rules", "prices", table, "--to", tmp_path / "rules", *place)
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "rules" / "990121" / "valuation" / "prices.yaml").read_text(encoding="utf-8")
    assert "valuation.carbon_price.price" in written and "confidence: D" in written
    table.write_text("service,price\nnowhere,abc\n")
    broken = ecocomp("rules", "prices", table, "--to", tmp_path / "rules", *place)
    assert broken.returncode == 1 and written == (tmp_path / "rules" / "990121" / "valuation" / "prices.yaml").read_text("utf-8")
    assert ecocomp("rules", "prices", table).returncode == 2


def test_prices_take_the_place_of_the_case_beside_and_spare_a_file_written_by_hand(ecocomp: Run, tmp_path: Path) -> None:
    case, table = tmp_path / "mycounty", tmp_path / "prices.csv"
    assert ecocomp("new", case).returncode == 0
    text = (case / "case.toml").read_text(encoding="utf-8")
    (place,) = re.findall(r'^place = "(\w+)"', text, re.M)
    table.write_text(ecocomp("rules", "prices").stdout, encoding="utf-8")
    told = ("rules", "prices", table, "--to", case / "rules")
    done = ecocomp(*told)
    assert done.returncode == 0, done.stderr
    written = case / "rules" / place / "valuation" / "prices.yaml"
    made = written.read_text(encoding="utf-8")
    assert ecocomp(*told).returncode == 0  # its own file is made anew
    written.write_text("# by hand\nparameters:\n", encoding="utf-8")
    spared = ecocomp(*told)
    assert spared.returncode == 2 and "--force" in spared.stderr and written.read_text(encoding="utf-8").startswith("# by hand")
    assert ecocomp(*told, "--force").returncode == 0 and written.read_text(encoding="utf-8") == made
