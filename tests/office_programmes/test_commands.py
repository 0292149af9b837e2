"""`ecocomp contracts` from village sheets to what is owed, by the commands alone; dirty sheets are refused in full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.commands.contracts import contracts

from .conftest import ITEMS, MU3, Desk
from .test_seen import ground

SHEET = """退耕还林合同登记表,,,,,,,,
合同编号,项目,权利人编码,村代码,地块编码,措施,合同面积（亩）,原地类,期限起
K1,conversion_round2,H1,990121001001,A,forest,3,0103,2020-05-01
K2,conversion_round2,H2,990121001001,B,grass,3,0103,2020-05-01
合计,,,,,,{total},,
"""
SEEN = """验收编号,合同编号,年度,级别,检查日,检查人,结果,合格面积（亩）,成活率,合格证号
I1,K1,2020,county,2020-10-01,u:inspector,合格,3,90%,证1
I2,K2,2020,county,2020-10-01,u:inspector,部分合格,1.5,,证2
"""


@pytest.fixture
def run(desk: Desk, tmp_path: Path) -> Any:
    ground(desk.office, tmp_path)
    place = desk.office.folder

    def call(*args: str, lang: str = "en") -> Result:
        more = ["--office", str(place), "--lang", lang]
        if args[0] not in ("list", "show", "owed", "export"):
            more += ["--actor", "u:clerk01" if args[0] != "inspect" else "u:recorder", "--reason", "test"]
        return CliRunner().invoke(contracts, [*args, *more])

    return call


def faults(result: Result) -> list[str]:
    assert isinstance(result.exception, FaultsError), result.output
    return [f.code for f in result.exception.faults]


def test_from_sheets_to_what_is_owed(run: Any, tmp_path: Path) -> None:
    sheet, seen, items = tmp_path / "合同.csv", tmp_path / "验收.csv", tmp_path / "items.yaml"
    sheet.write_text(SHEET.format(total=6), encoding="utf-8-sig")
    seen.write_text(SEEN, encoding="gb18030")
    items.write_text("\n".join(f"{k}: {v}" for k, v in json.loads(ITEMS).items()), encoding="utf-8")
    dry = run("draft", str(sheet), "--items", str(items), "--dry-run", "--json")
    assert (dry.exit_code, len(json.loads(dry.output)["contracts"])) == (0, 2), dry.output
    assert run("draft", str(sheet), "--items", str(items), "--on", "2020-04-01").exit_code == 0
    assert run("sign", "K1", "K2", "--on", "2020-05-01", "--activate").exit_code == 0
    assert run("inspect", str(seen)).exit_code == 0
    owed = json.loads(run("owed", "conversion_round2", "--year", "2020", "--json").output)
    cash = {r["contract_id"]: (r["net_fen"], r["state"]) for r in owed["rows"] if r["payment"] == "cash"}
    assert cash == {"K1/1": (150_000, "payable"), "K2/1": (67_500, "payable")}
    said = run("owed", "conversion_round2", "--year", "2020", "--holder", "H2", lang="zh")
    assert "450 元/亩 × 1.50 亩" in said.output
    assert "发改西部〔2014〕1772号" in said.output
    shown = json.loads(run("show", "K1", "--json").output)
    assert [h["state"] for h in shown["history"]] == ["draft", "draft", "in_force"]
    assert len(json.loads(run("list", "--state", "in_force", "--json").output)["contracts"]) == 2
    assert run("export", str(tmp_path / "out")).exit_code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "contract.csv",
        "enrolment.csv",
        "inspection.csv",
        "objection.csv",
    ]
    assert run("suspend", "K1", "--on", "2021-01-01").exit_code == 0
    assert run("resume", "K1", "--on", "2021-06-01").exit_code == 0
    assert faults(run("end", "K9")) == ["programmes.no_contract"]


OWN = """programme:
  id: bird_damage
  name: {zh: 鸟损补偿, en: bird damage}
  document: 县发〔2020〕1号
  confidence: D
  level: county
  element: wildlife
  variants: {crop: {zh: 农作物, en: crops}}
  recipient: {who: right_holder}
  contract: {items: [DUTY-3]}
  payments:
    - {id: damage, name: {zh: 补偿, en: compensation}, form: yearly_area, unit: CNY/mu, rate: programmes.bird_damage.rate, by: [facts.damage]}
  publish: [name, payment]
parameters:
  - key: programmes.bird_damage.rate
    name: {zh: 标准, en: rate}
    unit: CNY/mu
    kind: table
    values: [{from: 2020-01-01, value: {light: 84, heavy: 280}, document: 县发〔2020〕1号, confidence: D, last_checked: 2020-01-01}]
"""


def test_the_offices_own_programme_pays_by_a_fact_of_the_sheet(run: Any, desk: Desk, tmp_path: Path) -> None:
    own = desk.office.folder / "rules" / "990121" / "programmes" / "bird_damage.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(OWN, encoding="utf-8")
    sheet, items = tmp_path / "合同.csv", tmp_path / "items.yaml"
    sheet.write_text(
        "合同编号,项目,权利人编码,村代码,地块编码,措施,合同面积（亩）,期限起,属性.damage\n"
        "K1,bird_damage,H1,990121001001,A,crop,3,2020-05-01,heavy\n"
        "K2,bird_damage,H2,990121001001,B,crop,3,2020-05-01,light\n",
        encoding="utf-8-sig",
    )
    items.write_text("scope_and_area: a\nduty: b\nterm: c", encoding="utf-8")
    assert run("draft", str(sheet), "--items", str(items), "--on", "2020-04-01").exit_code == 0
    assert run("sign", "K1", "K2", "--on", "2020-05-01", "--activate").exit_code == 0
    owed = json.loads(run("owed", "bird_damage", "--year", "2020", "--json").output)
    assert {r["contract_id"]: r["net_fen"] for r in owed["rows"]} == {"K1/1": 84_000, "K2/1": 25_200}  # 3 mu at 280 and 84


def test_totals_that_disagree_are_refused_or_signed_off_by_name(run: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "合同.csv"
    sheet.write_text(SHEET.format(total="6.5"), encoding="utf-8")
    refused = run("draft", str(sheet), "--on", "2020-04-01")
    assert faults(refused) == ["programmes.sheet_total"]
    assert isinstance(refused.exception, FaultsError)
    assert "says 6.50; its 2 rows add up to 6.00, 0.50 apart" in refused.exception.faults[0].clash.en
    assert json.loads(run("list", "--json").output)["contracts"] == []
    done = run("draft", str(sheet), "--on", "2020-04-01", "--sign-off", "镇里改过合计，已逐户核对", "--json")
    assert (done.exit_code, [w["severity"] for w in json.loads(done.output)["warnings"]]) == (0, ["warning"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("某村公示\n共计 20 户 300 亩\n", "sheet_header"), ("", "io"), ("合同编号,项目\nK1,x\n", "sheet_column"),
        (SHEET.split("K1")[0] + "合计,,,,,,600,,\n", "sheet_no_rows"), (SHEET.format(total=6).replace("2020-05-01", "五月"), "sheet_cell"),
        (SHEET.format(total=6).replace(",3,", ",3o,"), "sheet_cell"), (SHEET.format(total=6).replace("conversion_round2,H2", "conversion_round3,H2"), "unknown_programme"),
    ],
)  # fmt: skip
def test_dirty_sheets_are_refused_with_words_and_never_a_traceback(run: Any, tmp_path: Path, text: str, code: str) -> None:
    sheet = tmp_path / "x.csv"
    sheet.write_text(text, encoding="utf-8")
    result = run("draft", str(sheet))
    assert any(code in c for c in faults(result)), faults(result)


def test_wrong_use_is_told(run: Any, tmp_path: Path) -> None:
    assert isinstance(run("list", "--state", "alive").exception, UsageError)
    assert isinstance(run("owed", "nothing", "--year", "2020").exception, UsageError)
    assert isinstance(run("owed", "grassland", "--year", "2020", "--reference-day", "31-12").exception, UsageError)
    assert faults(run("draft", str(tmp_path / "none.csv"))) == ["io.missing_file"]


def test_what_is_exported_is_no_formula_and_is_read_back_whole(run: Any, desk: Desk, tmp_path: Path) -> None:
    from ecocomp.io.files import read_table
    from ecocomp.io.worker import TableJob, Worker

    plain = desk.head(items=json.dumps(json.loads(ITEMS) | {"tending": '=HYPERLINK("http://x","巡护")'}, ensure_ascii=False))
    from datetime import date

    from ecoweb.programmes.operations import draft, sign

    draft(desk.office, desk.rules, [plain], [desk.plot()], desk.by())
    sign(desk.office, desk.rules, ["K1"], date(2020, 5, 1), desk.by("u:clerk02"), activate=True)
    desk.inspected(certificate="+86证")
    out = tmp_path / "out"
    out.mkdir()
    (out / "right.csv").write_text("kept", encoding="utf-8")
    assert run("export", str(out)).exit_code == 0
    assert (out / "right.csv").read_text(encoding="utf-8") == "kept"
    with Worker() as worker:
        answers = worker.run([TableJob(n, out / f"{n}.csv") for n in ("contract", "inspection")], tmp_path)
    (duty,), (paper,) = (read_table(a.path)[c].to_pylist() for a, c in zip(answers, ("duty", "certificate"), strict=True))
    assert (duty, paper) == ("""'=HYPERLINK("http://x","巡护")""", "'+86证")
    assert not [p for p in out.iterdir() if p.name.startswith(".")]
    assert isinstance(run("export", str(out / "right.csv")).exception, UsageError)


def test_an_export_that_fails_leaves_what_was_there(run: Any, desk: Desk, tmp_path: Path) -> None:
    desk.signed()
    out = tmp_path / "out"
    (out / "enrolment.csv").mkdir(parents=True)  # cannot take its place
    (out / "contract.csv").write_text("old", encoding="utf-8")
    assert run("export", str(out)).exit_code != 0
    assert not [p for p in out.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize(
    ("heading", "code", "severity"),
    [
        ("备注", "sheet_unknown_column", "warning"),
        ("措旋", "sheet_unknown_column", "warning"),
        ("面积", "sheet_two_columns", "error"),
    ],
)
def test_columns_that_are_not_used_are_told(run: Any, tmp_path: Path, heading: str, code: str, severity: str) -> None:
    sheet = tmp_path / "x.csv"
    lines = SHEET.format(total=6).splitlines()
    more = ["序号", heading], ["1", "x"], ["2", "x"], ["", ""]
    text = "\n".join([lines[0], *(",".join((a, line, b)) for line, (a, b) in zip(lines[1:], more, strict=True))])
    sheet.write_text(text, encoding="utf-8")
    result = run("draft", str(sheet), "--dry-run", "--json")
    said = (
        [f.as_json() for f in result.exception.faults]
        if isinstance(result.exception, FaultsError)
        else json.loads(result.output)["faults"]
    )
    assert [(f["code"], f["severity"]) for f in said] == [(f"programmes.{code}", severity)], said
    assert heading in json.dumps(said, ensure_ascii=False)


def test_people_read_names_and_units_of_their_own_language(run: Any, desk: Desk) -> None:
    desk.signed()
    desk.inspected(events="logging", accepted_dm2=MU3)
    for lang, there, not_there in (
        (
            "en",
            ["area in ha", "cropland to forest and grass, round 2", "tending duty: 每月巡护", "felling", "forest"],
            ["退耕还林还草补助", "管护责任"],
        ),
        (
            "zh",
            ["面积：公顷", "新一轮退耕还林还草补助", "管护责任：每月巡护", "毁林采伐", "还林"],
            ["cropland to forest", "tending"],
        ),
    ):
        shown = run("show", "K1", lang=lang).output
        assert all(w in shown for w in there), (lang, [w for w in there if w not in shown], shown)
        assert not [w for w in not_there if w in shown], shown
        assert there[1][:10] in run("list", lang=lang).output
