"""`ecocomp envelopes` as a finance desk calls it, from sheets to the register of a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ecoweb.commands.funds import envelopes
from ecoweb.office import Office

TERMS = (
    "资金包编码,来源,名称,拨款单位,起用日,止用日,可结转,限定地区,配套比例（%）,文号\n"
    "C,中央重点生态功能区转移支付,转移支付,省财政厅,2026-01-01,2027-12-31,是,990121,40,财预〔2026〕1号\n"
    "L,地方财政配套,县级配套,县财政局,2026-01-01,2026-12-31,否,,,县财〔2026〕1号\n"
)
EVENTS = (
    "事项编码,资金包编码,事项,金额（万元）,日期,行为,文号\n"
    "1,C,下达,300,2026-03-01,,财预〔2026〕1号\n2,C,利息,0.1,2026-06-30,,对账单\n3,C,减拨,50,2026-07-01,divert,财监〔2026〕2号\n"
)


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> Any:
    if office.vendor != "sqlite":
        pytest.skip("the command line opens the folder; the library is tested on both databases")

    def call(*args: object, code: int = 0) -> Any:
        done = CliRunner().invoke(envelopes, [*map(str, args), "--office", str(office.folder), "--json", "--lang", "en"])
        assert done.exit_code == code, (done.output, done.exception)
        return json.loads(done.stdout)

    for name, text in (("terms.csv", TERMS), ("events.csv", EVENTS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return call


def test_from_sheets_to_the_register_of_a_case(desk: Any, tmp_path: Path) -> None:
    assert desk("load", tmp_path / "terms.csv", "--on", "2026-01-01", "--actor", "u:fin")["rows"] == 2
    assert desk("events", tmp_path / "events.csv", "--actor", "u:fin")["change"] is not None
    assert desk("events", tmp_path / "events.csv", "--actor", "u:fin")["change"] is None
    shown = {e["envelope_id"]: e for e in desk("show", "--on", "2026-12-31")["envelopes"]}
    assert (shown["C"]["usable_fen"], shown["C"]["interest_due_fen"], shown["C"]["reduced_fen"]) == (
        250_000_000,
        100_000,
        50_000_000,
    )
    desk(
        "event",
        "L",
        "grant",
        "--yuan",
        "20万",
        "--on",
        "2026-04-01",
        "--id",
        "L1",
        "--document",
        "县财〔2026〕2号",
        "--actor",
        "u:fin",
    )
    out = tmp_path / "envelope.csv"
    rows = {r["envelope_id"]: r for r in desk("table", "--year", 2026, "--out", out)["envelopes"]}
    assert (rows["C"]["granted_fen"], rows["C"]["match_ppm"], rows["L"]["granted_fen"]) == (250_000_000, 400_000, 20_000_000)
    assert out.read_text(encoding="utf-8-sig").startswith("envelope_id,year,source,")


def test_faults_of_a_sheet_come_at_once_and_nothing_is_written(desk: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(TERMS.replace("2026-01-01", "someday").replace("可结转", "可结转么"), encoding="utf-8")
    found = desk("load", path, "--actor", "u:fin", code=1)["faults"]
    assert [f["record"] for f in found] == ["row 2 usable_from", "row 3 usable_from"]
    path.write_text(EVENTS.replace("C,", "X,"), encoding="utf-8")
    assert len(desk("events", path, "--actor", "u:fin", code=1)["faults"]) == 3
    assert desk("show")["envelopes"] == []
