"""`ecocomp credits` as a user runs it: a plain file, an office from project to proceeds, faults with remedies, no traceback."""

from __future__ import annotations

import json
import shutil
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ecocomp.terms.clocks import OFFICE_ZONE, today
from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.commands.credits import credits
from ecoweb.office import create_office

from .conftest import TICKET, parameter, rules_file

CALL = "order,account,side,quantity,price,time\n1,V,sell,100,14,1\n2,A,buy,80,15,2\n3,B,buy,60,14.5,3\n4,C,buy,60,13,4\n"


class Runner:
    """Runs commands on one office."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str, code: int = 0, office: bool = True) -> Any:
        result = CliRunner().invoke(
            credits, [*args, *(["--office", str(self.folder)] if office else []), "--json"], catch_exceptions=True
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def refused(self, *args: str, office: bool = True) -> list[str]:
        result = CliRunner().invoke(credits, [*args, *(["--office", str(self.folder)] if office else [])])
        if isinstance(result.exception, FaultsError):
            assert all(f.remedy.zh and f.remedy.en for f in result.exception.faults)
            return [f.code for f in result.exception.faults]
        assert isinstance(result.exception, UsageError), (result.exception, result.output)
        return ["usage"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office made once, to be copied."""
    folder = tmp_path_factory.mktemp("credits") / "office"
    with create_office(folder, name="试点县", region_code="990121") as office:
        rules_file(office, "no_wait", "parameters:\n" + parameter("credits.default.delay_hours", "number", "0", "h"))
    return folder


@pytest.fixture
def run(tmp_path: Path, template: Path) -> Runner:
    shutil.copytree(template, tmp_path / "office")
    return Runner(tmp_path / "office")


def test_an_office_from_project_to_proceeds(run: Runner, tmp_path: Path) -> None:
    year = date.today().year
    run(
        "account",
        "V",
        "--party",
        "H1",
        "--name",
        "村集体",
        "--kind",
        "collective",
        "--envelope",
        "QX-CARBON",
        "--from",
        "2020-01-01",
        "--document",
        "d",
    )
    run("account", "A", "--party", "C1", "--name", "甲公司", "--from", "2020-01-01")
    project = [
        "project",
        "PJ1",
        "--instrument",
        "carbon_ticket",
        "--account",
        "V",
        "--from",
        "2015-01-01",
        "--until",
        "2035-01-01",
        "--document",
        "d",
    ]
    assert run(*project, "--parcel", "G1", "--parcel", "G2=1/2")["parcels"] == 2
    assert run.refused(*[p if p != "PJ1" else "PJ2" for p in project], "--parcel", "G2=2/3") == ["credits.double_claim"]
    issue = ["issue", "PJ1", "--from", "2015-01-01", "--until", "2020-01-01", "--quantity", "150600", "--key", "i1"]
    steps = [a for s in TICKET for a in ("--step", s)]
    assert run.refused(*issue) == ["credits.step_missing"] * 4
    assert run(*issue, *steps)["serials"] == "1-150600"
    assert run(*issue, *steps)["again"] is True
    run("trust", "V", "A")
    move = [
        "transfer",
        "carbon_ticket",
        "V",
        "A",
        "--quantity",
        "16500",
        "--amount",
        "247800",
        "--receipt",
        "bank-9",
        "--actor",
        "u:maker",
    ]
    request = run(*move)["request"]
    assert run("list", "--requests")["requests"][0]["request"] == request
    assert run.refused("approve", request, "--actor", "u:maker") == ["credits.one_person"]
    assert run("approve", request, "--actor", "u:checker")["done"] is True
    run("pledge", "carbon_ticket", "A", "--quantity", "100", "--creditor", "Bank", "--document", "p1")
    run("release", "P4", "--document", "r1")
    run("lock", "carbon_ticket", "A", "--quantity", "10", "--document", "court 1")
    run("retire", "carbon_ticket", "A", "--serials", "11-20", "--purpose", "offset", "--beneficiary", "会议")
    run("cancel", "carbon_ticket", "A", "--quantity", "5", "--purpose", "error")
    assert [h["state"] for h in run("show", "carbon_ticket:15")["history"]][-1] == "retired"
    assert run("statement", "V")["lines"][-1]["balance"] in (0, 134_100)
    out = tmp_path / "credit.csv"
    found = run("proceeds", str(year), "--out", str(out))
    assert [(r["sold_t"], r["proceeds_fen"]) for r in found["credit"]] == [(3000, 4_503_000), (13_500, 20_277_000)]
    assert out.read_text().splitlines()[0].startswith("lot_id,year,origin")
    checked = run("check")
    assert (checked["ok"], checked["balances"][0]["minted"]) == (True, 150_600)
    for args in (
        ["list"],
        ["check"],
        ["show", "carbon_ticket:15"],
        ["statement", "A"],
        ["book", "carbon_ticket"],
        ["proceeds", str(year)],
        ["list", "--requests"],
    ):
        for lang in ("zh", "en"):
            shown = CliRunner().invoke(credits, [*args, "--office", str(run.folder), "--lang", lang])
            assert shown.exit_code == 0, shown.output
            assert shown.stdout.strip()


def test_trading_against_deposits(run: Runner, tmp_path: Path) -> None:
    run("account", "V", "--party", "H1", "--name", "V", "--kind", "collective", "--envelope", "E1", "--from", "2020-01-01")
    for a in "ABC":
        run("account", a, "--party", a, "--name", a, "--from", "2020-01-01")
        run("deposit", a, "--amount", "10000", "--document", "bank")
    run("project", "T", "--instrument", "carbon_ticket", "--account", "V", "--from", "2015-01-01", "--parcel", "G1")
    run(
        "issue",
        "T",
        "--from",
        "2015-01-01",
        "--until",
        "2020-01-01",
        "--quantity",
        "500",
        *[a for s in TICKET for a in ("--step", s)],
    )
    orders = tmp_path / "call.csv"
    orders.write_text(CALL)
    found = run("auction", str(orders), "--instrument", "carbon_ticket", "--call", "2026-1")
    assert (found["price_fen"], found["volume"], found["amount_fen"]) == (1450, 100, 145_000)
    first = run("order", "carbon_ticket", "V", "sell", "--quantity", "100", "--price", "15")
    assert run("order", "carbon_ticket", "A", "买", "--quantity", "30", "--price", "15")["trades"] == 1
    assert run("book", "carbon_ticket")["sell"] == [{"price_fen": 1500, "quantity": 70, "orders": 1}]
    assert run("order", "--cancel", first["order"])["cancelled"] == 70
    assert run.refused("order", "carbon_ticket", "A", "buy", "--quantity", "9999", "--price", "15") == ["credits.deposit"]
    assert run.refused("order", "carbon_ticket", "A") == ["usage"]
    assert run("check")["ok"] is True


def test_a_plain_file_needs_no_office(run: Runner, tmp_path: Path) -> None:
    orders = tmp_path / "call.csv"
    orders.write_text(CALL)
    found = run("auction", str(orders), office=False)
    assert (found["price_fen"], found["volume"]) == (1450, 100)
    assert {f["order"]: f["quantity"] for f in found["fills"]} == {"1": 100, "2": 80, "3": 20, "4": 0}
    shown = CliRunner().invoke(credits, ["auction", str(orders), "--lang", "en", "--out", str(tmp_path / "fills.csv")])
    assert "the most volume is 100" in shown.stdout
    assert (tmp_path / "fills.csv").read_text(encoding="utf-8-sig").splitlines()[1] == '"1",100,14.50'
    assert run("auction", str(orders), "--reference", "14.2", "--allocation", "pro_rata", office=False)["price_fen"] == 1450
    assert run.refused("auction", str(orders), "--lot", "30", office=False) == ["credits.lot"] * 2
    assert [f["price_fen"] for f in run("book", str(orders), office=False)["fills"]] == [1400, 1400]
    orders.write_text("order,account\n")
    assert run.refused("auction", str(orders), office=False) == ["credits.columns"]
    assert run.refused("auction", str(tmp_path / "none.csv"), office=False) == ["credits.file"]
    assert run.refused("auction", office=False) == ["usage"]
    assert run("instruments", office=False)["ok"] is True
    assert run("instruments", "ccer", office=False)["fields"][0]["confidence"] == "v"
    assert run.refused("instruments", "ccr", office=False) == ["usage"]


def test_amounts_are_said_in_units_and_a_duty_with_its_fine(run: Runner) -> None:
    run("account", "A", "--party", "A", "--name", "A", "--from", "2020-01-01")
    run("project", "CAP", "--instrument", "pollution_right", "--account", "A", "--from", "2024-01-01")
    steps = ["--step", "verification=2024-02-01,v,env", "--step", "permit=2024-03-01,p,env"]
    run("issue", "CAP", "--from", "2024-01-01", "--until", "2025-01-01", "--quantity", "10", *steps)
    pledged = run("pledge", "pollution_right", "A", "--quantity", "2.5", "--creditor", "Bank", "--document", "d")
    words = ["release", pledged["pledge"], "--quantity", "1", "--document", "d", "--office", str(run.folder), "--lang", "en"]
    assert "1.500" in CliRunner().invoke(credits, words).stdout
    run("duty", "A", "allowance", "2024", "--quantity", "1000")
    due = run("due", "A", "2024", "--price", "90.01")
    assert due["fine"] == {"mean_fen": "9001", "low_fen": 45_005_000, "high_fen": 90_010_000, "cut": 1000}
    assert run.refused("due", "nobody", "2024") == ["credits.no_account"]
    for words in (["due", "A", "2024", "--price", "-5"], ["auction", "--instrument", "ccer", "--call", "c", "--reference", "-1"]):
        assert run.refused(*words) == ["usage"]


def test_today_is_the_day_of_the_office_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """West of the date line or east of it, at least one of which has another day than the office at any moment."""
    for zone in ("Etc/GMT+12", "Etc/GMT-14"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        before = datetime.now(OFFICE_ZONE).date()
        assert before <= today() <= datetime.now(OFFICE_ZONE).date()
    monkeypatch.undo()
    time.tzset()


def test_no_command_or_act_reads_the_day_of_the_machine() -> None:
    root = Path(__file__).resolve().parents[2] / "src" / "ecoweb"
    files = [*(root / "credits").rglob("*.py"), *(root / "commands" / "credits").rglob("*.py")]
    assert len(files) > 20
    assert [f.name for f in files if "date.today()" in f.read_text() or "datetime.now()" in f.read_text()] == []


@pytest.mark.parametrize(
    "args",
    [
        ["show", "carbon_ticket"], ["show", "x:99"], ["statement", "nobody"], ["approve", "T1"], ["withdraw", "'"], ["release", "P1"],
        ["retire", "carbon_ticket", "A", "--purpose", "offset"], ["retire", "nothing", "A", "--quantity", "1", "--purpose", "x"],
        ["transfer", "carbon_ticket", "A", "B", "--quantity", "1"], ["transfer", "carbon_ticket", "A", "B", "--quantity", "1", "--amount", "x"],
        ["project", "P", "--instrument", "ccer", "--account", "A", "--from", "2020-01-01", "--parcel", "G=x"], ["project", "P"],
        ["project", "P", "--end-claim", "2020-01-01"], ["issue", "P", "--from", "2020-01-01", "--until", "2021-01-01", "--quantity", "1"],
        ["issue", "P", "--from", "x", "--until", "2021-01-01", "--quantity", "1"], ["deposit", "A", "--amount", "1"], ["deposit", "A", "--amount", "-0"],
        ["reverse", "P", "--quantity", "1"], ["unbuffer", "P"], ["duty", "A", "allowance", "24", "--quantity", "1"], ["due", "A", "2024", "--price", "x"],
        ["order", "carbon_ticket", "A", "buy", "--quantity", "1"], ["order", "--cancel", "O1"], ["auction", "--instrument", "ccer"],
        ["pledge", "ccer", "A", "--quantity", "1", "--serials", "5-1"], ["import", "ccer", "A", "--quantity", "1", "--from", "2020-01-01", "--until", "2021-01-01"],
        ["account", "a b", "--party", "x", "--name", "y"], ["account", "a", "--party", "x", "--name", "y", "--kind", "ghost", "--role", "king"],
        ["list", "--rules", "/nowhere"], ["trust", "A", "A"], ["export", "ccer", "A", "--quantity", "1"], ["lock", "ccer", "A", "--quantity", "1"],
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(run: Runner, args: list[str]) -> None:
    assert run.refused(*args)
