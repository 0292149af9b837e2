"""The report of an import: every fault, in every form, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from ecocomp.land import report
from ecocomp.land.report import COLUMNS, FaultLog, counts, write_report
from ecocomp.terms.faults import Fault, Severity
from ecocomp.terms.text import Text
from ecocomp.terms.unseen import guarded_cell


def fault(n: int, code: str = "land.overlap", severity: Severity = "error", record: str | None = None) -> Fault:
    return Fault(code, "图斑.gpkg", record or f"P{n}", Text(f"问题{n}", f"clash {n}"), Text("改正", "mend"), severity)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FaultLog:
    monkeypatch.setattr(report, "HELD", 7)
    made = FaultLog()
    made.add([fault(n) for n in range(60)], 3, [(n, n + 0.5) for n in range(60)])
    made.add([fault(n, "land.gap", "warning") for n in range(5)], 4)
    made.add([fault(99, "land.unknown_class")], 2)
    return made


def test_all_faults_are_kept_in_order_however_many(log: FaultLog) -> None:
    assert len(log) == 66 == len(list(log)) and log[0] == fault(0) and log[-1].code == "land.unknown_class"
    assert [p for _, p in log.rows()][59:61] == [(59, 59.5), None]
    assert log.by_code("error") == {"land.overlap": 60, "land.unknown_class": 1} and log.count("warning") == 5
    assert log.count(fault(3)) == 1


def test_a_screen_shows_fifty_of_a_kind_and_says_how_many_more(log: FaultLog) -> None:
    shown = log.shown("图斑.gpkg")
    assert [f.code for f in shown] == ["land.unknown_class"] + ["land.overlap"] * 51 + ["land.gap"] * 5
    assert "10" in shown[51].say("zh") and "60 in all" in shown[51].say("en")


def test_a_stage_can_be_taken_back(log: FaultLog) -> None:
    log.discard(3)
    assert len(log) == 6 == len(list(log)) and "land.overlap" not in log.by_code("error")


def test_counts_must_add_up(log: FaultLog) -> None:
    made = counts(10, 7, 3, log)
    assert made["rows_in"] == made["rows_out"] + made["rows_refused"] and made["errors_total"] == 61 and made["warnings_total"] == 5
    with pytest.raises(ValueError, match="10 rows in"):
        counts(10, 7, 2, log)


def test_the_three_files_say_the_same(log: FaultLog, tmp_path: Path) -> None:
    paths = [write_report(log, tmp_path / f"faults{s}") for s in (".csv", ".xlsx", ".json")]
    assert paths[0].read_bytes().startswith(b"\xef\xbb\xbfseverity,code")
    with paths[0].open(encoding="utf-8-sig", newline="") as file:
        one = list(csv.DictReader(file))
    sheet = openpyxl.load_workbook(paths[1], read_only=True)["faults"]
    two = list(sheet.iter_rows(min_row=2, values_only=True))
    three = json.loads(paths[2].read_text(encoding="utf-8"))
    assert len(one) == len(two) == len(three) == 66 and tuple(one[0]) == COLUMNS
    for a, b, c in zip(one, two, three, strict=True):
        assert [a[k] for k in COLUMNS[:8]] == list(b[:8]) == [c[k] for k in COLUMNS[:8]]
        assert (float(a["x"]) if a["x"] else None) == (*b, None, None)[8] == c["x"]
    assert one[0]["clash_zh"] == "问题0"


@pytest.mark.parametrize("cell", ["=1+1", "+86+1", "-1-1", "@SUM(A1)", "\t=x", "＝1"])
def test_no_cell_is_a_formula(cell: str, tmp_path: Path) -> None:
    faults = [fault(0, record=cell)]
    assert guarded_cell(cell).startswith("'")
    with write_report(faults, tmp_path / "f.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["record"] == guarded_cell(cell)


def test_control_characters_and_an_empty_report(tmp_path: Path) -> None:
    write_report([fault(0, record="a\x00b")], tmp_path / "f.xlsx")
    for suffix in (".csv", ".xlsx", ".json"):
        assert write_report([], tmp_path / f"none{suffix}").stat().st_size > 0
    assert json.loads((tmp_path / "none.json").read_text()) == []
    with pytest.raises(ValueError, match="csv"):
        write_report([], tmp_path / "f.pdf")
