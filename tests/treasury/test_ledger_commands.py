"""`ecocomp ledger` as a finance officer uses it."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from ecocomp.terms.faults import EcocompError, FaultsError, UsageError
from ecoweb.commands.ledger import ledger
from ecoweb.office import Office

SHEET = """借方,贷方,金额,业务,依据
asset:bank:E1,fund:E1,"10,000.00",grant,财环〔2025〕1号
claim:forest,liability:owed:H7,300,entitlement,R1
fund:E1,claim:forest,300.00,allocation,R1
liability:owed:H7,liability:payable:H7:E1,300.0,allocation,R1
"""


@pytest.fixture
def run(office: Office, tmp_path: Path) -> Any:
    """Run a command on the office and return its exit code and its answer."""

    def call(*args: object, code: int = 0, as_json: bool = True) -> Any:
        words = [str(a) for a in args]
        words += ["--office", str(office.folder), "--lang", "en", *(["--json"] if as_json else [])]
        done = CliRunner().invoke(ledger, words)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if as_json else done.stdout

    return call


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """A sheet of transfers."""
    path = tmp_path / "记账.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


def test_from_sheet_to_close(run: Any, sheet: Path, tmp_path: Path) -> None:
    made = run("post", sheet, "--key", "2025/1", "--on", "2025-01-05", "--actor", "u:acc01", "--dry-run")
    assert run("balance")["accounts"] == []
    made = run("post", sheet, "--key", "2025/1", "--on", "2025-01-05", "--actor", "u:acc01")
    assert made["journal"]["lines"] == 4
    assert run("post", sheet, "--key", "2025/1", "--on", "2025-01-05", "--actor", "u:acc01")["journal"] == made["journal"]
    found = run("balance")
    assert {r["account"]: r["balance_fen"] for r in found["accounts"]} == {
        "asset:bank:E1": 1_000_000, "fund:E1": -970_000, "liability:payable:H7:E1": -30_000
    }  # fmt: skip
    assert found["trial_balance_fen"] == 0
    assert run("balance", "fund:", "--on", "2025-01-04")["accounts"] == []
    assert run("statement", "liability:payable:H7:E1")["rows"][0]["credit_fen"] == 30_000
    assert run("funds", "E1")["funds"][0]["left_fen"] == 970_000
    assert len(run("show", "2025/1")["rows"]) == 4
    assert run("check")["ok"] is True
    assert run("close", "2025-06-30")["carried"]["asset:bank:E1"] == 1_000_000
    with pytest.raises(FaultsError) as stop:
        run("reverse", "2025/1", "--on", "2025-06-30", "--reason", "记错")
    assert stop.value.faults[0].code == "ledger.period"
    assert run("reverse", "2025/1", "--on", "2025-07-01", "--reason", "记错")["journal"]["reverses"] == "2025/1"
    assert run("balance")["accounts"] == []
    for name in ("a.csv", "a.xlsx", "a.parquet"):
        run("statement", "asset:bank:E1", "--out", tmp_path / name, as_json=False)
    rows = list(csv.reader((tmp_path / "a.csv").open(encoding="utf-8-sig")))
    assert rows[1][7:9] == ["10000.00", "0.00"]
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").active.max_row == 3


def test_people_read_words(run: Any, sheet: Path) -> None:
    run("post", sheet, "--key", "k", "--on", "2025-01-05")
    assert "9,700.00" in run("balance", as_json=False)
    assert "300.00" in run("statement", "liability:payable:H7:E1", as_json=False)
    assert "allocated" in run("funds", "E1", as_json=False)
    assert "all as written" in run("check", as_json=False)


def test_watch_says_what_is_due_and_unpaid(run: Any, sheet: Path) -> None:
    run("post", sheet, "--key", "k", "--on", "2025-01-05")
    assert run("watch", "--on", "2025-02-04")["findings"] == []
    found = run("watch", "--on", "2025-02-10", code=1)["findings"]
    assert [(f["finding"], f["first"], f["days"], f["amount_fen"]) for f in found] == [("arrears", "2025-02-05", 6, 30_000)]
    assert run("watch", "--on", "2025-02-10", "--pay-within", "90")["findings"] == []
    assert "arrears" in run("watch", "--on", "2025-02-10", code=1, as_json=False)


def test_bank_statement_is_compared(run: Any, sheet: Path) -> None:
    run("post", sheet, "--key", "k", "--on", "2025-01-05")
    assert run("bank", "asset:bank:E1", "10,000.00", "--on", "2025-01-31", "--document", "对账单1")["ok"] is True
    assert run("bank", "asset:bank:E1", "9000", "--on", "2025-03-31", "--document", "对账单3", code=1)["booked_fen"] == 1_000_000
    found = [f for f in run("watch", "--on", "2025-04-01", code=1)["findings"] if f["finding"] == "bank"]
    assert [(f["first"], f["amount_fen"]) for f in found] == [("2025-03-31", 100_000)]


def test_pending_and_limits(run: Any, sheet: Path, tmp_path: Path) -> None:
    run("post", sheet, "--key", "k", "--on", "2025-01-05")
    pay = tmp_path / "pay.csv"
    pay.write_text("debit,credit,amount,kind,reference\nliability:payable:H7:E1,asset:bank:E1,300,payment,P1\n", encoding="utf-8")
    run("post", pay, "--key", "p", "--on", "2025-02-01", "--pending")
    assert run("settle", "p", "--fraction", "1/3", "--keep-rest")["journal"]["lines"] == 2
    assert run("settle", "p/posted", "--void")["journal"]["settling"] == 1
    assert run("limit", "asset:bank:E1", "--floor", "100.00")["floor_fen"] == 10_000
    row = next(r for r in run("balance")["accounts"] if r["account"] == "asset:bank:E1")
    assert (row["floor_fen"], row["balance_fen"]) == (10_000, 990_000)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("debit,credit\na,b\n", "ledger.columns"),
        ("debit,credit,amount,kind,reference\nasset:bank:E1,fund:E1,1.005,grant,x\n", "ledger.amount"),
        ("debit,credit,amount,kind,reference\nasset:bank:E1,fund:E1,abc,grant,x\n", "ledger.amount"),
        ("debit,credit,amount,kind,reference\nasset:bank:E1,fund:E1,-5,grant,x\n", "ledger.amount"),
        ("debit,credit,amount,kind,reference\nasset:bank:E1,fund:E1,99999999999999999999,grant,x\n", "ledger.amount"),
        ("debit,credit,amount,kind,reference\nbank,fund:E1,5,grant,x\n", "ledger.account"),
        ("debit,credit,amount,kind,reference\n", "ledger.empty"),
    ],
)
def test_sheets_that_cannot_be_booked(run: Any, tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as stop:
        run("post", path, "--key", "k", "--on", "2025-01-05")
    assert code in {f.code for f in stop.value.faults}
    assert run("balance")["accounts"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("statement", "asset:bank:E1", "--out", "a.txt"),
        ("settle", "p", "--fraction", "1/0"),
        ("balance", "--on", "2025-02-30"),
        ("reverse", "k", "--on", "2025-01-05"),
        ("limit", "asset:bank:E1", "--floor", "x"),
        ("bank", "fund:E1", "5", "--on", "2025-01-05", "--document", "d"),
    ],
)
def test_wrong_use(run: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(*words)


@pytest.mark.parametrize("words", [("statement", "asset:bank:E1"), ("statement", "\x00"), ("funds", "E1"), ("show", "k"), ("settle", "k"), ("reverse", "k", "--on", "2025-01-05", "--reason", "r"), ("close", "2999-01-01"), ("limit", "x", "--floor", "1")])  # fmt: skip
def test_what_is_not_there(run: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(EcocompError) as stop:
        run(*words)
    assert "\x00" not in str(stop.value)


def test_days_known_before(run: Any, sheet: Path) -> None:
    run("post", sheet, "--key", "k", "--on", "2025-01-05")
    assert run("balance", "--known", "2020-01-01")["accounts"] == []
    assert run("balance", "--known", date(2999, 1, 1).isoformat())["accounts"]
