"""What the command line prints and writes: nothing unseen, names with endings, keys that can be found, hints that run."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecocomp.cli.export import named
from ecocomp.cli.result import command
from ecocomp.cli.rules import like_keys
from ecocomp.cli.say import Voice
from ecocomp.rules import RuleBook
from ecocomp.terms.text import Text, same
from ecocomp.terms.unseen import first_unseen

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NASTY = "云\u202e一\x1b[2J\x9b"


# ---------------------------------------------------------------- what is printed
def test_nothing_unseen_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Voice("en")
    voice.say(NASTY)
    voice.say(Text(NASTY, NASTY))
    voice.warn(same(NASTY))
    voice.table(same(NASTY), [same("a")], [[NASTY]])
    voice.table(same(NASTY), [same("a")], [[NASTY]], whole=(0,))
    said = capsys.readouterr()
    assert "云一" in said.out and "云一" in said.err
    assert first_unseen(said.out) == first_unseen(said.err) == ""


def test_a_name_with_colons_is_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    account = "asset:bank:E1"
    Voice("en").table(same(account), [same(account)], [[account]])
    Voice("en").table(same(account), [same(account)], [[account]], whole=(0,))
    assert capsys.readouterr().out.count(account) == 6


def test_json_keeps_the_value_and_writes_it_as_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    Voice("en", True).data({"name": NASTY})
    said = capsys.readouterr().out
    assert first_unseen(said) == "" and json.loads(said) == {"name": NASTY}


# ---------------------------------------------------------------- rules
def test_rules_list_gives_each_row_one_line_and_whole_keys(ecocomp: Run) -> None:
    rows = json.loads(ecocomp("rules", "list", "--on", "2024-06-30", "--json").stdout)
    lines = ecocomp("rules", "list", "--on", "2024-06-30").stdout.splitlines()
    for row in rows:
        assert sum(row["key"] in line.split() for line in lines) == 1, row["key"]
    assert len([x for x in lines if x.strip()]) <= len(rows) + 4


def test_rules_list_with_match_looks_at_keys_and_names(ecocomp: Run) -> None:
    keys = {r["key"] for r in json.loads(ecocomp("rules", "list", "--match", "FLOOR", "--json").stdout)}
    assert "standard.floor.forest_state" in keys and all("floor" in k for k in keys)
    assert {r["key"] for r in json.loads(ecocomp("rules", "list", "--match", "禁牧", "--json").stdout)} >= {
        "standard.floor.grassland_ban"
    }
    assert json.loads(ecocomp("rules", "list", "--match", "no such thing", "--json").stdout) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("regional_base", "standard.regional_base"),
        ("standard.regionl_base", "standard.regional_base"),
        ("floor.forest", "standard.floor.forest_state"),
        ("reginal_base", "standard.regional_base"),
        ("FLOORS", "standard.floors"),
    ],
)
def test_a_mistyped_key_is_offered_what_it_may_mean(typed: str, meant: str, policy_book: RuleBook, ecocomp: Run) -> None:
    assert meant in like_keys(policy_book, typed) and len(like_keys(policy_book, typed)) <= 8
    done = ecocomp("rules", "show", typed)
    assert done.returncode == 2 and meant in done.stderr


def test_rules_show_keeps_to_the_chain_of_a_place(ecocomp: Run, policy_book: RuleBook) -> None:
    key = next(k for k in policy_book.keys if {"IN-MM", "science"} <= {v.place for v in policy_book.values(k)})

    def places(*more: str) -> set[str]:
        return {r["place"] for r in json.loads(ecocomp("rules", "show", key, *more, "--json").stdout)}

    everywhere = {v.place for v in policy_book.values(key)}
    assert places() == everywhere & set(policy_book.chain("990121")) and "IN-MM" not in places()
    assert places("--place", "IN-MM") == everywhere & set(policy_book.chain("IN-MM"))
    assert places("--place", "all") == everywhere


def test_rules_show_says_where_a_value_is_when_the_place_has_none(ecocomp: Run) -> None:
    done = ecocomp("rules", "show", "standard.floor.forest_state", "--place", "IN-MM")
    assert done.returncode == 2 and "CN" in done.stderr and "--place all" in done.stderr


# ---------------------------------------------------------------- exports
@pytest.mark.parametrize(
    ("out", "form", "name"),
    [
        ("x", "xlsx", "x.xlsx"),
        ("x.XLSX", "xlsx", "x.XLSX"),
        ("year.2025", "gpkg", "year.2025.gpkg"),
        ("x", "geoparquet", "x.parquet"),
        ("x.geoparquet", "geoparquet", "x.geoparquet"),
        ("x.doc", "pdf", "x.doc.pdf"),
        (None, "pdf", "stem.pdf"),
        (".", "gpkg", "stem.gpkg"),
    ],
)
def test_a_name_without_an_ending_is_given_one(out: str | None, form: str, name: str) -> None:
    assert named(None if out is None else Path(out), form, "stem") == Path(name)


@pytest.mark.parametrize(
    ("form", "end", "word"),
    [
        ("gpkg", ".gpkg", "parcel layer"),
        ("xlsx", ".xlsx", "workbook"),
        ("geoparquet", ".parquet", "GeoParquet"),
        ("pdf", ".pdf", "report"),
    ],
)
def test_an_export_names_what_it_wrote_and_is_otherwise_quiet(
    form: str, end: str, word: str, county: Any, tmp_path: Path, ecocomp: Run
) -> None:
    done = ecocomp("export", county.bundle(2025), "--to", form, "--out", tmp_path / "made")
    assert done.returncode == 0 and done.stderr == ""
    assert (tmp_path / f"made{end}").stat().st_size > 0 and [p.name for p in tmp_path.iterdir()] == [f"made{end}"]
    assert f"made{end}" in done.stdout and word in done.stdout


def test_numbers_stay_numbers_in_a_workbook(county: Any, tmp_path: Path, ecocomp: Run) -> None:
    from openpyxl import load_workbook

    assert ecocomp("export", county.bundle(2025), "--to", "xlsx", "--out", tmp_path / "x.xlsx", lang="en").returncode == 0
    from ecocomp.terms.tables import TABLES

    sheet = load_workbook(tmp_path / "x.xlsx", read_only=True)[TABLES["order"].title.en[:31]]
    at = [c.name for c in TABLES["order"].columns].index("amount_fen")
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert sorted(r[at] for r in rows) == sorted(r["amount_fen"] for r in county.rows(2025, "order"))


# ---------------------------------------------------------------- hints
def test_hints_use_the_name_when_the_shell_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "ecocomp"
    made.write_text("#!/bin/sh\n")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command() == "ecocomp"


def test_hints_use_the_path_of_the_program_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for started, told in [
        (str(tmp_path / "bin" / "ecocomp"), os.path.join("bin", "ecocomp")),
        ("bin/ecocomp", os.path.join("bin", "ecocomp")),
        (str(tmp_path / "ecocomp"), os.path.join(".", "ecocomp")),
        ("/opt/bin/ecocomp", "/opt/bin/ecocomp"),
        ("/x/ecocomp/__main__.py", f"{sys.executable} -m ecocomp"),
    ]:
        monkeypatch.setattr(sys, "argv", [started])
        assert command() == told


def test_figures_are_never_folded_and_lines_have_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["甲县"] + ["12,824,775.98"] * 9 + ["low"], ["a county of a long name in several words"] + ["0.00"] * 9 + [""]]
    heads = [same("county"), *(same(f"sum {i}") for i in range(9)), same("limit")]
    Voice("en").table(same("sums"), heads, rows, right=tuple(range(1, 10)))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.count("12,824,775.98") == 9 and line.endswith("low") for line in lines)
    assert all(line == line.rstrip() for line in lines)
