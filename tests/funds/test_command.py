"""`ecocomp funds` as people call it: answers, exit codes, faults together, no traceback for anything a user can cause."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ecocomp.cli.funds import funds, params_of, unverified
from ecocomp.terms.faults import UsageError

SHEET = """某省测算表,,,
县,标准财政收支缺口（万元）,红线占比（%）,考核结果
甲县,"1,200",45,变好
乙县,800,20,变差
合计,2000,,
"""


def call(*args: object) -> Result:
    return CliRunner().invoke(funds, [str(a) for a in args])


def answer(*args: object) -> Any:
    done = call(*args, "--json", "--lang", "en")
    assert done.exit_code in (0, 1), done.output
    return json.loads(done.stdout)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "counties.csv"
    path.write_text(SHEET, encoding="gb18030")
    return path


def test_a_transfer_is_split_written_and_published(sheet: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.csv"
    got = answer(
        "transfer", sheet, "--pool", "100万", "--part", "forbidden=0", "--part", "guiding=0", "--top-up", "1000", "--out", out
    )
    assert got["ok"] and sum(c["total_fen"] for c in got["counties"]) == 100_000_000 == got["pool_fen"]
    assert sum(c["top_up_fen"] for c in got["counties"]) == 100_000 and got["total_rows_passed_over"] == 1
    assert out.read_text(encoding="utf-8-sig").splitlines()[0] == "county,key,forbidden,guiding,reward,limits,total,top_up,held"
    text = tmp_path / "o.md"
    shown = call("transfer", sheet, "--pool", "1000000", "--part", "key=1000000", "--out", text, "--lang", "zh")
    assert shown.exit_code == 0 and "甲县" in shown.output and "系数" in text.read_text(encoding="utf-8")


def test_a_workbook_reads_as_the_same_table(sheet: Path, tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (
        ("标题",),
        ("县", "标准财政收支缺口（万元）", "红线占比（%）", "考核结果"),
        ("甲县", 1200, 45, "变好"),
        ("乙县", 800, 20, "变差"),
    ):
        book.active.append(row)
    path = tmp_path / "c.xlsx"
    book.save(path)
    one, two = (answer("transfer", p, "--pool", 10**6, "--part", "key=1000000")["counties"] for p in (sheet, path))
    assert one == two


def test_faults_come_together_with_exit_one(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("县,标准财政收支缺口,红线占比\n甲,,2\n甲,x,0.1\n", encoding="utf-8")
    done = call("transfer", path, "--pool", 5, "--json")
    got = json.loads(done.stdout)
    assert done.exit_code == 1 and not got["ok"] and len(got["faults"]) >= 3


@pytest.mark.parametrize(
    "args",
    [
        ("transfer", "missing.csv", "--pool", "1"),
        ("transfer", "FILE", "--pool", "lots"),
        ("transfer", "FILE", "--pool", "NaN"),
        ("transfer", "FILE", "--pool", "1.001"),
        ("transfer", "FILE", "--pool", "1", "--part", "key"),
        ("transfer", "FILE", "--pool", "1", "--place", "nowhere"),
        ("transfer", "FILE", "--pool", "1", "--out", "FILE"),
        ("equalise", "FILE", "--pool", "1", "--w1", "x"),
        ("plan", "missing.yaml"),
        ("plan", "FOLDER"),
    ],
)
def test_wrong_use_is_a_sentence(sheet: Path, tmp_path: Path, args: tuple[str, ...]) -> None:
    named = [str(sheet) if a == "FILE" else str(tmp_path) if a == "FOLDER" else a for a in args]
    done = call(*named)
    assert done.exit_code == 1 and isinstance(done.exception, UsageError | SystemExit), done.exception


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"PK\x03\x04broken", "甲\n".encode("utf-16"), b"a,b\n1,2\n", b'"unclosed'])
def test_hostile_files_are_faults(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    for args in (
        ("transfer", path, "--pool", 1),
        ("equalise", path, "--pool", 1),
        ("issued", path),
        ("uses", path),
        ("plan", path),
    ):
        done = call(*args, "--json")
        assert done.exit_code == 1 and json.loads(done.stdout)["faults"], (args, done.output)


def test_equalisation_needs_its_weights(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "地区,标准财政支出（亿元）,标准财政收入（亿元）,必保支出（亿元）,地方标准财政收入（亿元）\n甲,20,10,5,10\n乙,40,30,10,10\n",
        encoding="utf-8",
    )
    refused = call("equalise", path, "--pool", "2亿", "--json", "--lang", "en")
    assert refused.exit_code == 1 and [f["record"] for f in json.loads(refused.stdout)["faults"]] == ["w1", "w2"]
    got = answer("equalise", path, "--pool", "2亿", "--w1", 1, "--w2", "0.5")
    assert [r["equalisation_fen"] for r in got["regions"]] == [5_000_000_000, 15_000_000_000]  # coef 0.1 ∓ 0.05
    assert call("equalise", path, "--pool", 1, "--w1", 1, "--w2", 0, "--lang", "en").exit_code == 0


def test_the_shipped_table_and_ones_own(tmp_path: Path) -> None:
    got = answer("issued")
    assert got["ok"] and got["rows_with_split"] == 12 and got["missing"]["this_time"] == "4.23"
    path = tmp_path / "t.csv"
    path.write_text("地区,合计,已下达,本次下达\n合计,3.00,2.00,1.00\n甲,1.50,1.00,0.50\n乙,1.50,1.00,0.60\n", encoding="utf-8")
    mine = answer("issued", path)
    assert not mine["ok"] and [f["record"] for f in mine["faults"] if f["severity"] == "error"] == ["乙", "this_time"]


def test_a_plan_of_use_is_held_to_articles_13_and_17(tmp_path: Path) -> None:
    path = tmp_path / "u.csv"
    path.write_text(
        "项目,来源,用途,所需,安排,限定用途\n"
        "封育,中央重点生态功能区转移支付,生态修复,100,60,\n"
        "修路,地方财政配套,经济发展,50,50,\n"
        "修路2,流域横向补偿,经济发展,50,50,\n"
        "培训,绿色债券,改善民生,5,5,\n"
        "治污,社会捐赠,污染治理,5,5,restoration\n",
        encoding="utf-8",
    )
    got = answer("uses", path)
    errors = {f["record"] for f in got["faults"] if f["severity"] == "error"}
    assert errors == {"row 3 修路", "row 5 培训", "row 6 治污"}
    late = [f["record"] for f in got["faults"] if f["code"] == "funds.purpose_order"]
    assert late == ["row 3 修路", "row 4 修路2", "row 5 培训"]


def test_the_plan_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "first_year: 2026\nyears: 3\ncommitments:\n  - {name: 公益林, area_ha: 10, rate_yuan_per_ha: 240}\n"
        "envelopes:\n  - {id: C, source: central_transfer, granted_yuan: {2026: 4000}}\n",
        encoding="utf-8",
    )
    got = answer("plan", path)["scenarios"]["expected"]
    assert got["runs_out"] == 2027 and [y["short_fen"] for y in got["years"]] == [0, 80_000, 240_000]
    shown = call("plan", path, "--lang", "en", "--out", tmp_path / "p.csv")
    assert shown.exit_code == 0 and "money runs out in 2027, 800.00 yuan short that year" in shown.output


def test_the_plan_of_a_case_that_has_run(county: Any) -> None:
    got = answer("plan", county.folder, "--years", 3, "--growth", "0.02")["scenarios"]
    years = got["expected"]["years"]
    assert [y["year"] for y in years] == [2026, 2027, 2028] and got["expected"]["runs_out"] == 2026
    again = answer("plan", county.folder, "--years", 3, "--repeat")["scenarios"]["expected"]
    assert again["short_fen"] < got["expected"]["short_fen"]


def test_what_is_not_verified_is_told_without_a_case_to_edit() -> None:
    params = params_of("CN", (), date(2026, 12, 31))
    params.table("funds.transfer.reward")
    (told,) = unverified(params)
    assert (told.code, told.severity) == ("rules.unaccepted", "warning") and "case.toml" not in told.say("en") + told.say("zh")
