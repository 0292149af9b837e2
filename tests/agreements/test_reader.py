"""What stands in files: agreements with faults on their lines, data of every layout, facts; nothing is guessed, nothing crashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.agreements.agreement import read_agreement
from ecocomp.agreements.data import Cells, read_cells, table_cells
from ecocomp.agreements.facts import read_facts
from ecocomp.agreements.indicators import code_of, factor
from ecocomp.agreements.shape import money_of, number_of
from ecocomp.agreements.template import template
from ecocomp.registry import entries
from ecocomp.terms.faults import Fault, errors
from ecocomp.terms.tables import READING

GOOD = template("index_bands")


def faults_of(text: str, folder: Path) -> list[Fault]:
    path = folder / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return read_agreement(path)[1]


@pytest.mark.parametrize("kind", sorted(entries("agreements.clauses")))
def test_every_template_reads_without_a_fault(kind: str, tmp_path: Path) -> None:
    assert faults_of(template(kind), tmp_path) == []


MENDED = [
    ("k0: 1", "k_0: 1", ["Unknown key k_0", "nearest known key is k0"]),
    ("kind: index_bands", "kind: index_band", ["no clause kind index_band", "nearest is index_bands"]),
    ("role: upstream}", "role: upper}", ["Role upper is not known"]),
    ("section: S1", "section: S9", ["Section S9 is not among the sections", "nearest is S1"]),
    ("missing: not_settled", "missing: ignore", ["missing says ignore"]),
    ("weight: 0.25}\n  - {code: nh3n", "weight: 0.35}\n  - {code: nh3n", ["add up to 1.1, not 1"]),
    ("due: {month: 6, day: 30}", "due: {month: 6, day: 31}", ["Month 6, day 31 is no day"]),
    ("term:    {from: 2026-01-01, to: 2028-12-31}", "term:    {from: 2028-01-01, to: 2026-12-31}", ["not after its start"]),
    ("breach:  {zh: 逾期按日计收；争议先协商，再报共同上级决定, en: late money is charged by the day}", "breach:  {zh: 罚}", ["needs both languages"]),
    ("amount_yuan: 200}", "amount_yuan: -200}", ["It says '-200'"]),
    ("0.95, payer: downstream", "0.95, payer: middle", ["payer middle is not exactly one party"]),
    ("base_years: [2023, 2024, 2025]", "base_years: [2025]", ["the mean of 1 year"]),
    ("base_years: [2023, 2024, 2025]", "base_years: [2024, 2025, 2026]", ["lies within the term"]),
    ("version: 1", "version: 0", ["version is 0"]),
    ("id: river-2026", "id: a/b", ["has spaces, slashes"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), MENDED, ids=[m[1][:24] for m in MENDED])
def test_each_fault_names_its_line_and_the_remedy(before: str, after: str, said: list[str], tmp_path: Path) -> None:
    assert before in GOOD
    text = GOOD.replace(before, after, 1)
    found = faults_of(text, tmp_path)
    line = text[: text.index(after)].count("\n") + 1 + (after.count("\n") if "\n" in after and "0.35" not in after else 0)
    words = " ".join(f.say("en") for f in found)
    for part in said:
        assert part in words, words
    assert any(f"line {n} " in f.record + " " for f in found for n in range(line - 1, line + 4)), [f.record for f in found]


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    text = GOOD
    for before, after, _ in MENDED[2:10]:
        text = text.replace(before, after, 1)
    found = faults_of(text, tmp_path)
    assert len({f.record for f in found}) >= 6


@pytest.mark.parametrize(
    "text",
    ["", "- 1\n", "{", "a: b: c", "x", "a: &a [1]\nb: *a\n", "[" * 200, "\x00", "id: \u202e\n", "clauses: 5\n", "clauses: [1, null, [], {}]\nparties: [1]\n", "id: {a: 1}\nterm: []\npublished: [{year: x, facts: 5}]\n"],
)  # fmt: skip
def test_hostile_files_are_refused_in_words(text: str, tmp_path: Path) -> None:
    found = faults_of(text, tmp_path)
    assert errors(found) and all(f.say("zh") and f.say("en") for f in found)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    assert read_agreement(tmp_path / "no.yaml")[1][0].code == "agreements.unreadable"
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    assert errors(read_agreement(tmp_path / "b.yaml")[1])


def test_amounts_and_ratios_as_people_write_them() -> None:
    assert [money_of(x) for x in ("2000万元", "1.5亿", "2,000 wan", "300元", "abc", "万", True)] == [
        20_000_000,
        150_000_000,
        20_000_000,
        300,
        None,
        None,
        None,
    ]
    assert str(number_of("85%")) == "17/20" and str(number_of("1/3")) == "1/3" and number_of("1/0") is None
    assert [code_of(x) for x in ("氨氮", "NH3-N", "高锰酸盐指数（CODMn）", "CODCr", "总氮", "pH值", "泥沙", "随便")] == [
        "nh3n",
        "nh3n",
        "codmn",
        "cod",
        "tn",
        "ph",
        "sediment",
        None,
    ]
    assert factor("μg/L", "mg/L") == factor("ug/l", "mg/L") != factor("mg/L", "m3")


# ---------------------------------------------------------------- data
def cells(text: str) -> Cells:
    return Cells("d.csv", [(n, line.split(",")) for n, line in enumerate(text.strip().splitlines(), 1)])


def values(text: str) -> tuple[dict[tuple[str, str, str], str], list[str]]:
    table, faults = read_cells([cells(text)])
    rows = {(r["station_id"], r["month"], r["indicator"]): r["value"] for r in table.to_pylist()}
    return rows, [f.code for f in faults]


def test_three_layouts_say_the_same() -> None:
    long = "断面,月份,指标,值,单位\nS,2024-01,氨氮,<0.02,mg/L\nS,2024-01,总磷,50,μg/L"
    wide = "某站月报表\n,,\nSection,Month,NH3-N (mg/L),总磷（μg/L）\nS,2024年1月,＜0.02,50"
    year = "断面名称,年份,指标,1月,2月\nS,2024,氨氮,0.02L,\nS,2024,TP,0.05,-"
    expected = {("S", "2024-01", "nh3n"): "<0.02", ("S", "2024-01", "tp"): "0.05"}
    assert values(long) == (expected, []) and values(wide) == (expected, [])
    got, said = values(year)
    assert {k: v for k, v in got.items() if v} == expected and said == []
    table = READING.table([{"station_id": s, "month": m, "indicator": i, "value": v} for (s, m, i), v in expected.items()])
    assert read_cells([table_cells(table, "x.parquet")])[0].equals(table)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("断面,月份,指标,值\nS,2024-01,tp,0.1\nS,2024-01,总磷,0.2", "agreements.reading_twice"),
        ("断面,月份,指标,值\nS,2024-01,tp,0.1\nS,2024-01,总磷,0.1", "agreements.reading_repeated"),
        ("断面,月份,指标,值\nS,2024-13,tp,0.1", "agreements.data"),
        ("断面,月份,指标,值\nS,2024-01,总鳞,0.1", "agreements.data"),
        ("断面,月份,指标,值\n,2024-01,tp,0.1", "agreements.data"),
        ("断面,月份,指标,值\nS,2024-01,tp,未检出", "agreements.reading"),
        ("断面,月份,指标,值\nS,2024-01,tp,-0.1", "agreements.reading"),
        ("断面,月份,指标,值\nS,2024-01,tp,500", "agreements.range"),
        ("断面,月份,指标,值\nS,2024-01,ph,70", "agreements.range"),
        ("断面,月份,指标,值,单位\nS,2024-01,tp,0.1,m3", "agreements.unit"),
        ("断面,月份,总氮,氨氮\nS,2024-01,0.3,1.2\nS,2024-02,0.3,1.2", "agreements.swapped"),
        ("a,b,c\n1,2,3", "agreements.data_head"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_data_is_said(text: str, code: str) -> None:
    assert code in values(text)[1]


def test_sections_are_known_by_name_and_strangers_told(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(GOOD, encoding="utf-8")
    agreement, _ = read_agreement(path)
    table, faults = read_cells([cells("断面,月份,指标,值\n出境断面,2026-01,tp,0.1\n别处,2026-01,tp,0.1")], agreement)
    assert set(table["station_id"].to_pylist()) == {"S1", "别处"}
    assert [f.code for f in faults] == ["agreements.station"] and "别处" in faults[0].say("zh")


@given(rows=st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=8), head=st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_cells_are_read_or_refused(rows: list[list[str]], head: bool) -> None:
    given_ = [["断面", "月份", "指标", "值", "单位"], *rows] if head else rows
    table, faults = read_cells([Cells("x", list(enumerate(given_, 1)))])
    assert table.schema.equals(READING.schema()) and all(f.say("zh") and f.say("en") for f in faults)


# ---------------------------------------------------------------- facts
def test_facts_are_read_with_lines(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(
        "paid:\n  - {payer: A, payee: B, year: 2024, amount_yuan: 3000万元, on: 2024-06-24}\n  - {payer: A}\nfoo: 1\n",
        encoding="utf-8",
    )
    facts, faults = read_facts(path)
    assert facts["paid"][0]["amount_yuan"] == 30_000_000
    assert any("line 4" in f.record and "Unknown key foo" in f.say("en") for f in faults)
    assert any("payee, year, amount_yuan, on" in f.say("en") for f in faults)


JUNK: Any = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(["paid", "growth", "decided", "determined", "force_majeure", "year", "on", "x"]), x, max_size=3), max_leaves=8)  # fmt: skip


@given(data=st.dictionaries(st.sampled_from(["paid", "growth", "decided", "determined", "force_majeure", "y"]), JUNK, max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_facts_are_read_or_refused(data: dict[str, Any]) -> None:
    assert all(f.say("en") for f in read_facts(data)[1])
