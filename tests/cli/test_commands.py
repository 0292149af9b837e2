"""The command line as people meet it: help in both languages, rules, lists, exports that open elsewhere, wrong use."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Copy = Callable[..., Path]
COMMANDS = (
    "", "demo", "new", "check", "run", "explain", "verify", "list", "export", "rules", "rules list", "rules show", "rules audit", "rules diff",
)  # fmt: skip
LISTS = ("services", "methods", "rules", "sources", "indicators", "signals", "clauses")
CHINESE = re.compile("[一-鿿]")


def bare(text: str) -> str:
    """Help without what stands in both languages on purpose."""
    return text.replace("中文：加 --lang zh。", "").replace("English: add --lang en.", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_in_both_languages(command: str, ecocomp: Run) -> None:
    zh, en = (ecocomp(*command.split(), "--help", lang=lang) for lang in ("zh", "en"))
    assert zh.returncode == en.returncode == 0
    assert CHINESE.search(bare(zh.stdout)) and not CHINESE.search(bare(en.stdout)), en.stdout
    options = set(re.findall(r"--[a-z]+", zh.stdout))
    assert options == set(re.findall(r"--[a-z]+", en.stdout)) and "--help" in options


@pytest.mark.parametrize(
    "args",
    [
        ["nothing"], ["run"], ["check"], ["run", "x", "--yaer", "2023"], ["list", "everything"], ["export", "x"], ["demo", "x", "--parcels", "3"],
        ["run", "CASE", "--known", "soon"], ["run", "CASE", "--year", "1999"], ["rules", "show", "no.such.key"], ["rules", "diff", "2024-01-01"],
        ["rules", "list", "--place", "nowhere"], ["rules", "list", "--on", "31.12.2024"],
    ],
)  # fmt: skip
def test_wrong_use_exits_2_with_a_sentence(args: list[str], county: Any, ecocomp: Run) -> None:
    done = ecocomp(*(county.folder if a == "CASE" else a for a in args))
    assert done.returncode == 2 and done.stderr.strip() and not done.stdout.strip()


def test_demo_never_writes_over_other_things(tmp_path: Path, ecocomp: Run) -> None:
    (tmp_path / "thesis.docx").write_text("x")
    done = ecocomp("demo", tmp_path)
    assert done.returncode == 2 and "not overwritten" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_new_case_gives_faults_to_mend_never_a_traceback(tmp_path: Path, ecocomp: Run) -> None:
    case = tmp_path / "case"
    assert ecocomp("new", case).returncode == 0
    assert ecocomp("new", case).returncode == 2
    done = ecocomp("check", case, "--json")
    faults = json.loads(done.stdout)["faults"]
    assert done.returncode == 1 and any("parcels.gpkg" in f["where"] for f in faults)
    assert ecocomp("run", case).returncode == 1
    (case / "case.toml").write_text(
        'case = 3\nregisters = "x"\n[survey]\nclasses = 4\noverlap_tolerance_m2 = "some"\n[layers]\nrain = 1\n'
    )
    for command in ("check", "run"):
        done = ecocomp(command, case)
        assert done.returncode == 1 and "case.toml" in done.stderr
    for missing in (tmp_path / "nowhere", tmp_path / "case" / "case.toml"):
        assert ecocomp("check", missing).returncode == 1


# ---------------------------------------------------------------- rules and lists
def test_rules_list_of_a_day_holds_one_value_for_each_key(ecocomp: Run) -> None:
    rows = json.loads(ecocomp("rules", "list", "--place", "990121", "--on", "2024-06-30", "--json").stdout)
    keys = [r["key"] for r in rows]
    assert len(keys) == len(set(keys)) > 80
    done = ecocomp("rules", "list", "--place", "990121", lang="zh")
    assert done.returncode == 0 and "990121 < " in done.stdout and CHINESE.search(done.stdout)


def test_rules_show_names_file_and_line(ecocomp: Run) -> None:
    done = ecocomp("rules", "show", "standard.regional_base")
    assert done.returncode == 0 and "180" in done.stdout and re.search(r"990121/standard/standard\.yaml:\d+", done.stdout)
    rows = json.loads(ecocomp("rules", "show", "standard.regional_base", "--json").stdout)
    assert rows and all(r["document"] and r["confidence"] for r in rows)


def test_rules_audit_finds_what_is_wrong(tmp_path: Path, ecocomp: Run) -> None:
    assert ecocomp("rules", "audit", "--today", "2026-06-30").returncode == 0
    place = tmp_path / "990121" / "own"
    place.mkdir(parents=True)
    (place / "x.yaml").write_text("parameters:\n  - key: own.x\n    value: 3\n", encoding="utf-8")
    done = ecocomp("rules", "audit", tmp_path, "--today", "2026-06-30", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and any("x.yaml" in f["where"] for f in answer["faults"] if f["severity"] == "error")


def test_rules_diff_of_two_days_is_what_the_county_revised(ecocomp: Run) -> None:
    rows = json.loads(ecocomp("rules", "diff", "2024-06-30", "2025-06-30", "--json").stdout)
    keys = {r["key"] for r in rows}
    assert "standard.protection_cost" in keys and "standard.regional_base" not in keys
    assert all(r["first"]["value"] != r["second"]["value"] for r in rows)
    assert json.loads(ecocomp("rules", "diff", "2025-06-30", "2025-06-30", "--json").stdout) == []
    assert ecocomp("rules", "diff", "CN", "990121", lang="zh").returncode == 0


@pytest.mark.parametrize("what", LISTS)
def test_lists(what: str, ecocomp: Run) -> None:
    rows = json.loads(ecocomp("list", what, "--json").stdout)
    assert rows and all(r["id"] and CHINESE.search(r["name_zh"]) and not CHINESE.search(r["name_en"]) for r in rows)
    said = ecocomp("list", what, lang="en").stdout
    assert all(r["id"][:12] in said for r in rows)


# ---------------------------------------------------------------- exports, opened with other software
def test_geopackage_and_geoparquet_open_with_the_parcels_where_they_are(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    import shapely
    from pyogrio.raw import read

    assert ecocomp("export", county.bundle(2025), "--to", "gpkg", "--out", tmp_path / "x.gpkg").returncode == 0
    meta, _, geometry, values = read(tmp_path / "x.gpkg")
    fields = dict(zip(meta["fields"], values, strict=True))
    source, _, here, source_values = read(county.folder / "inputs" / "parcels.gpkg")
    place = dict(zip(source_values[list(source["fields"]).index("parcel_id")], shapely.from_wkb(here), strict=True))
    rates = {s["parcel_id"]: s["rate_fen_per_ha"] for s in county.rows(2025, "standard")}
    assert len(geometry) == 200 and ("4543" in str(meta["crs"]) or "CGCS2000" in str(meta["crs"]))
    for parcel, shape in zip(fields["parcel_id"], shapely.from_wkb(geometry), strict=True):
        assert shape.symmetric_difference(place[parcel]).area < 1e-3
    rate_field = next(f for f in fields if f.startswith("rate"))
    found = dict(zip(fields["parcel_id"], fields[rate_field], strict=True))
    scale = 1 if "fen" in rate_field else 100
    assert all(round(found[p] * scale) == r for p, r in rates.items())

    assert ecocomp("export", county.bundle(2025), "--to", "geoparquet", "--out", tmp_path / "x.parquet").returncode == 0
    geo = json.loads(pq.read_schema(tmp_path / "x.parquet").metadata[b"geo"])
    assert geo["primary_column"] in pq.read_table(tmp_path / "x.parquet").column_names
    assert geo["columns"][geo["primary_column"]]["encoding"] == "WKB"


def test_xlsx_opens_and_holds_the_orders(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    from python_calamine import CalamineWorkbook

    assert ecocomp("export", county.bundle(2025), "--to", "xlsx", "--out", tmp_path / "x.xlsx", lang="zh").returncode == 0
    book = CalamineWorkbook.from_path(str(tmp_path / "x.xlsx"))
    sheets = {n: book.get_sheet_by_name(n).to_python() for n in book.sheet_names}
    orders = county.rows(2025, "order")
    found = next(
        rows for rows in sheets.values() if any(orders[0]["order_id"] in map(str, r) for r in rows[1:2]) and len(rows[0]) == 6
    )
    assert len(found) == len(orders) + 1
    assert sum(int(r[4]) for r in found[1:]) == sum(o["amount_fen"] for o in orders)
    names = {h["name"] for h in county.rows(2025, "holder") if h["kind"] == "household"}
    assert not [c for rows in sheets.values() for r in rows for c in r if c in names]


def test_csv_and_pdf(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    done = ecocomp("export", county.bundle(2025), "--to", "csv", "--out", tmp_path / "csv", "--json")
    written = [Path(p) for p in json.loads(done.stdout)["written"]]
    assert len(written) > 20 and not (tmp_path / "csv" / "holder.csv").exists()
    with open(tmp_path / "csv" / "order.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(r["amount_fen"]) for r in rows] == [o["amount_fen"] for o in county.rows(2025, "order")]
    for lang in ("zh", "en"):
        assert ecocomp("export", county.bundle(2025), "--to", "pdf", "--out", tmp_path / f"{lang}.pdf", lang=lang).returncode == 0
        assert (tmp_path / f"{lang}.pdf").read_bytes() == (county.bundle(2025) / "report" / f"report.{lang}.pdf").read_bytes()


def test_without_out_files_are_named_after_place_and_year(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    assert ecocomp("export", county.bundle(2024), "--to", "gpkg", cwd=tmp_path).returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["ecocomp-990121-2024.gpkg"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_cell_that_would_act_as_a_formula_is_quieted(form: str, county: Any, tmp_path: Path, ecocomp: Run) -> None:
    bundle = tmp_path / "2025"
    shutil.copytree(county.bundle(2025), bundle)
    path = bundle / "tables" / "field_check.parquet"
    table = pq.ParquetFile(path).read()
    evil = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\t=1"][: len(table)]
    values = evil + table["evidence"].to_pylist()[len(evil) :]
    pq.write_table(table.set_column(table.schema.get_field_index("evidence"), "evidence", pa.array(values)), path)
    out = tmp_path / ("csv" if form == "csv" else "x.xlsx")
    assert ecocomp("export", bundle, "--to", form, "--out", out).returncode == 0
    if form == "csv":
        with open(out / "field_check.csv", encoding="utf-8-sig", newline="") as file:
            cells = [c for r in csv.reader(file) for c in r]
    else:
        from openpyxl import load_workbook

        book = load_workbook(out)
        cells = [c.value for sheet in book for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
        assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert "'=1+1" in cells and not [c for c in cells if c.startswith(("=", "+", "@", "\t"))]


# ---------------------------------------------------------------- what a run says
def test_a_run_says_who_was_paid_and_what_to_do_next(county: Any, county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy(bundles=True)
    zh, en = ecocomp("run", case, lang="zh"), ecocomp("run", case, lang="en")
    assert zh.returncode == en.returncode == 0
    assert "青溪县（虚构）" in zh.stdout and "Qingxi County (invented)" in en.stdout
    from ecocomp.terms.money import say_yuan

    paid = sum(o["amount_fen"] for o in county.rows(2025, "order") if o["state"] == "ready")
    assert say_yuan(paid) in en.stdout and say_yuan(paid) in zh.stdout
    hints = re.findall(r"ecocomp (explain .*|verify .*|export .*|rules diff .*)", en.stdout)
    assert len(hints) >= 4
    answer = json.loads(ecocomp("run", case, "--json").stdout)
    assert answer["years"]["2025"]["paid_fen"] == paid and list(answer["bundles"]) == ["2023", "2024", "2025"]
    explain = next(h for h in hints if h.startswith("explain"))
    assert ecocomp(*explain.split(), lang=None).returncode == 0


def test_json_errors_are_json(tmp_path: Path, ecocomp: Run) -> None:
    done = ecocomp("run", tmp_path, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["ok"] is False and answer["faults"][0]["code"] == "case.none"


def test_what_the_system_refuses_is_a_sentence(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    (tmp_path / "file").write_text("x")
    for lang, words in (("zh", "无法读写"), ("en", "Cannot read or write")):
        done = ecocomp("export", county.bundle(2025), "--to", "csv", "--out", tmp_path / "file", lang=lang)
        assert done.returncode == 1 and words in done.stderr and "file" in done.stderr


def test_a_year_without_the_one_before_is_refused(county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy()
    done = ecocomp("run", case, "--year", 2025)
    assert done.returncode == 1 and "Run 2024 first" in done.stderr and not (case / "bundles" / "2025").exists()
