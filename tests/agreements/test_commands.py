"""`ecocomp agreement`: the commands as a user runs them, on files of readings in every format; shipped agreements and their record."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ecocomp.agreements.agreement import read_agreement
from ecocomp.agreements.diff import renewal_faults
from ecocomp.agreements.shipped import shipped
from ecocomp.cli.agreement import agreement
from ecocomp.terms.faults import FaultsError, UsageError, errors

CASES = Path(__file__).parent / "cases"
SIGNED = CASES / "qingxi_lower.yaml"


def run(*args: object) -> Result:
    return CliRunner().invoke(agreement, [str(a) for a in args])


def answer(*args: object, status: int = 0) -> Any:
    done = run(*args, "--json")
    assert done.exit_code == status, (done.output, done.exception)
    return json.loads(done.stdout)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "读数.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["出境断面监测月报"])
        writer.writerow(["断面", "月份", "高锰酸盐指数(mg/L)", "氨氮(mg/L)", "总氮(mg/L)", "总磷(mg/L)"])
        writer.writerows([["QX-OUT", f"2022年{m}月", "2.0", "0.20", "1.0", "0.05"] for m in range(1, 13)])
    return path


# ---------------------------------------------------------------- shipped
def test_every_shipped_agreement_reads_and_versions_fit() -> None:
    made = {}
    for id, path in shipped().items():
        agreement_, faults = read_agreement(path)
        assert agreement_ is not None, [f.say("en") for f in errors(faults)]
        assert agreement_.id == id and agreement_.data["from_record"]
        made[id] = agreement_
    assert len(made) >= 21 and errors(renewal_faults(made)) == []


def test_the_published_outcomes_are_compared_and_never_bent() -> None:
    found = {(a["id"], p["year"], p["what"]["en"]): p for a in answer("check")["agreements"] for p in a["published"]}
    state = {k: p["state"] for k, p in found.items()}
    by_id = {i: [s for k, s in state.items() if k[0] == i] for i, _, _ in found}
    assert by_id["chishui-1"] == ["agrees"] * 7
    assert sorted(by_id["chishui-2"]) == ["agrees", "agrees", "disagrees"]
    (wrong,) = [p for p in found.values() if p["state"] == "disagrees"]
    assert (wrong["published_fen"], wrong["computed_fen"]) == (2_550_000_000, 3_000_000_000)
    assert [s for k, s in state.items() if k[0] == "yellow-river-henan-shandong-1"] == ["agrees"] * 3 + ["open"]
    assert set(by_id["yellow-river-henan-shandong-2"]) == {"open"}
    dashes = [p for k, p in found.items() if k[0] == "yangtze-main-stem" and p["published_fen"] is None]
    assert len(dashes) == 2 and all("not zero" in p["why"]["en"] for p in dashes)  # Guizhou and Yunnan: no value


def test_what_is_open_says_so() -> None:
    done = run("check", "yellow-river-henan-shandong-2", "--lang", "en")
    assert done.exit_code == 0 and "the amount per month is not published" in done.output
    done = run("settle", "wujiang-1", "--year", "2024", "--lang", "en")
    assert "Not settled: the amount when the limit is kept is not published" in done.output


# ---------------------------------------------------------------- settle
def test_settle_from_csv_xlsx_and_parquet_gives_one_answer(data: Path, tmp_path: Path) -> None:
    import openpyxl
    import pyarrow.parquet as pq

    from ecocomp.cli.agreement import read_data

    first = answer("settle", SIGNED, "--data", data)
    assert first["settlements"][0]["nets_fen"] == {"990121": 200_000_000, "990122": -200_000_000}
    steps = [s["zh"] for s in first["settlements"][0]["clauses"][0]["steps"]]
    assert any("P = k0 × 指数 = 0.9 × 1 = 0.9" in s for s in steps) and any("落入第 1 档" in s for s in steps)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in csv.reader(data.open(encoding="utf-8-sig")):
        sheet.append([float(c) if c.replace(".", "").isdigit() and "年" not in c else c for c in row])
    book.save(tmp_path / "a.xlsx")
    made, _ = read_agreement(SIGNED)
    pq.write_table(read_data((data,), made)[0], tmp_path / "a.parquet")
    for name in ("a.xlsx", "a.parquet"):
        assert answer("settle", SIGNED, "--data", tmp_path / name)["settlements"] == first["settlements"], name


def test_settle_explains_and_writes(data: Path, tmp_path: Path) -> None:
    done = run("settle", SIGNED, "--data", data, "--out", tmp_path / "r.csv", "--lang", "en")
    assert done.exit_code == 0, (done.output, done.exception)
    for part in ("0.25 × 2 ÷ 2 = 0.25", "It falls in band 1 (P ≤ 0.95)", "Linchuan District pays Qingxi County 2,000,000.00 yuan"):
        assert part in done.output
    assert (tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()[0].startswith("agreement_id,year,clause,payer")
    answer("settle", SIGNED, "--data", data, "--out", tmp_path / "r.parquet")


def test_who_owes_what_on_a_day(data: Path, tmp_path: Path) -> None:
    facts = tmp_path / "f.yaml"
    facts.write_text(
        "paid: [{payer: downstream, payee: upstream, year: 2022, amount_yuan: 150万元, on: 2023-03-01}]\n", encoding="utf-8"
    )
    found = answer("settle", SIGNED, "--data", data, "--facts", facts, "--on", "2023-04-01")["settlements"][0]["owed"]
    assert [(o["payer"], o["open_fen"], o["state"]) for o in found] == [("990122", 50_000_000, "open")]


def test_a_missing_month_is_told(data: Path, tmp_path: Path) -> None:
    text = data.read_text(encoding="utf-8-sig").replace("2022年3月,2.0", "2022年3月,-")
    data.write_text(text, encoding="utf-8")
    found = answer("settle", SIGNED, "--data", data)
    assert not found["settlements"][0]["complete"] and found["settlements"][0]["nets_fen"] == {"990121": None, "990122": None}
    assert found["settlements"][0]["clauses"][0]["evidence"]["missing"] == ["QX-OUT codmn 2022-03"]


def test_wrong_use_and_wrong_files(data: Path, tmp_path: Path) -> None:
    assert isinstance(run("settle", "no-such").exception, UsageError)
    assert isinstance(run("settle", SIGNED, "--data", tmp_path / "no.csv").exception, UsageError)
    assert isinstance(run("settle", SIGNED, "--data", data, "--year", "1999").exception, UsageError)
    assert isinstance(run("show", "xinann-1").exception, UsageError)
    (tmp_path / "bad.csv").write_text("断面,月份,指标,值\nQX-OUT,2022-01,tp,约3\n", encoding="utf-8")
    done = run("settle", SIGNED, "--data", tmp_path / "bad.csv")
    assert isinstance(done.exception, FaultsError) and "约3" in str(done.exception)
    (tmp_path / "bad.yaml").write_text("id: x\n", encoding="utf-8")
    assert run("check", tmp_path / "bad.yaml").exit_code == 1
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04nonsense")
    assert isinstance(run("settle", SIGNED, "--data", tmp_path / "x.xlsx").exception, FaultsError)


# ---------------------------------------------------------------- list, show, new, diff
def test_list_show_and_diff() -> None:
    listed = answer("list")
    assert {"xinan-1", "chishui-2", "yangtze-main-stem"} <= {a["id"] for a in listed["agreements"]}
    assert {k["kind"] for k in listed["clauses"]} >= {"index_bands", "class_months", "space_time", "quantity"}
    assert "100000" in answer("show", "xinan-1")["text"]
    assert answer("show", "threshold")["needs"] == ["section", "judge", "met_yuan", "missed_yuan"]
    changes = {c["at"]: (c["before"], c["after"]) for c in answer("diff", "xinan-2", "xinan-3")["changes"]}
    assert changes["clauses.index_bands.k0"] == ("0.89", "0.9") and changes["indicators.tn.weight"] == ("0.25", "0.28")
    assert answer("diff", "xinan-2", "xinan-2")["changes"] == []


def test_a_new_agreement_is_written_checked_and_settled(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    assert run("new", "class_months", "--out", path).exit_code == 0
    assert isinstance(run("new", "class_months", "--out", path).exception, UsageError)  # nothing is overwritten
    assert answer("check", path)["ok"]
    rows = ["断面,月份,CODMn,NH3-N,TP,TN"] + [f"S1,2026-{m:02d},3,0.3,0.05,0.4" for m in range(1, 13)]
    (tmp_path / "d.csv").write_text("\n".join(rows), encoding="utf-8")
    found = answer("settle", path, "--data", tmp_path / "d.csv")["settlements"][0]
    assert found["complete"], found
