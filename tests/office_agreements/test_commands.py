"""The commands that keep agreements in an office, as an officer runs them, on a SQLite office."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.commands.agreements import join_agreement
from ecoweb.office import create_office

SIGNED = Path(__file__).parents[1] / "agreements" / "cases" / "qingxi_lower.yaml"
ID = "qingxi-lower-2022"


@click.group()
def group() -> None:
    """A group of its own for the test."""


join_agreement(group)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_office(tmp_path / "office", None, name="青溪县财政局", region_code="990121").close()
    return tmp_path / "office"


def run(folder: Path, *args: object) -> Any:
    done = CliRunner().invoke(group, [*map(str, args), "--office", str(folder), "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return json.loads(done.stdout)


def test_a_year_from_adoption_to_the_last_fen(folder: Path, tmp_path: Path) -> None:
    assert run(folder, "adopt", SIGNED, "--signed-on", "2022-01-05", "--on", "2022-01-05")["state"] == "signed"
    assert run(folder, "state", ID, "in_force", "--on", "2022-02-01")["state"] == "in_force"
    with (tmp_path / "d.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["断面", "月份", "高锰酸盐指数", "氨氮", "总氮", "总磷"])
        writer.writerows([["QX-OUT", f"2022-{m:02d}", "2.0", "0.20", "1.0", "0.05"] for m in range(1, 13)])
    made = run(folder, "record", ID, "--year", 2022, "--data", tmp_path / "d.csv", "--on", "2023-03-01")
    assert made["complete"] and made["nets_fen"]["990121"] == 200_000_000
    paid = run(
        folder,
        "pay",
        ID,
        "--year",
        2022,
        "--payer",
        "downstream",
        "--payee",
        "upstream",
        "--amount",
        "150万元",
        "--id",
        "P1",
        "--on",
        "2023-05-01",
        "--envelope",
        "E1",
    )
    assert (paid["amount_fen"], paid["journal"]) == (150_000_000, "agreement:P1")
    owed = run(folder, "owed", ID, "--year", 2022, "--on", "2023-06-01")["owed"]
    assert [(o["open_fen"], o["state"]) for o in owed] == [(50_000_000, "open")]
    run(
        folder,
        "dispute",
        "D1",
        "--agreement",
        ID,
        "--year",
        2022,
        "--clause",
        "index_bands",
        "--claim",
        "读数有误",
        "--on",
        "2023-06-02",
    )
    with pytest.raises(FaultsError, match="cannot follow"):
        run(folder, "dispute", "D1", "--to", "decided", "--on", "2023-06-03")
    for step in ("negotiating", "escalated"):
        run(folder, "dispute", "D1", "--to", step, "--on", "2023-06-04")
    run(
        folder,
        "dispute",
        "D1",
        "--to",
        "decided",
        "--payer",
        "990122",
        "--payee",
        "990121",
        "--amount",
        "150万元",
        "--by",
        "市政府",
        "--on",
        "2023-07-01",
    )
    last = run(folder, "record", ID, "--year", 2022, "--data", tmp_path / "d.csv", "--confirm", "--on", "2023-07-02")
    assert last["nets_fen"]["990121"] == 150_000_000
    assert run(folder, "owed", ID, "--year", 2022, "--on", "2023-07-03")["owed"][0]["state"] == "paid"
    kept = run(folder, "register", ID)
    assert [len(kept[k]) for k in ("agreement", "agreement_year", "agreement_dispute", "agreement_payment")] == [1, 1, 1, 1]
    assert kept["agreement"][0]["body"] == SIGNED.read_text(encoding="utf-8")


def told(folder: Path, *args: object, lang: str = "en") -> str:
    done = CliRunner().invoke(group, [*map(str, args), "--office", str(folder), "--lang", lang])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return str(done.stdout)


def test_a_payment_handed_in_again_says_that_nothing_was_done(folder: Path) -> None:
    run(folder, "adopt", SIGNED, "--signed-on", "2022-01-05", "--on", "2022-01-05")
    act = ["pay", ID, "--year", 2022, "--payer", "downstream", "--payee", "upstream", "--id", "P1", "--on", "2023-05-01"]
    first = told(folder, *act, "--amount", "150万元")
    assert "1,500,000.00 yuan" in first and "nothing was done" not in first
    assert "Payment P1 was recorded before; nothing was done this time." in told(folder, *act, "--amount", "1,500,000")
    assert "这次什么也没有做" in told(folder, *act, "--amount", "１５０万", lang="zh")
    assert run(folder, *act, "--amount", "150万元")["new"] is False
    with pytest.raises(FaultsError) as caught:
        run(folder, *act, "--amount", "151万元")
    assert "1,500,000.00 ≠ 1,510,000.00" in caught.value.message.en
    with pytest.raises(UsageError, match="is no amount of money"):
        run(folder, *act, "--amount", "1e6")


def test_the_register_shows_names_in_the_language_asked_for(folder: Path) -> None:
    run(folder, "adopt", SIGNED, "--signed-on", "2022-01-05", "--on", "2022-01-05")
    name = yaml.safe_load(SIGNED.read_text(encoding="utf-8"))["name"]
    en, zh = told(folder, "register"), told(folder, "register", lang="zh")
    assert name["en"][:20] in en and name["zh"][:6] not in en and name["zh"][:6] in zh
    assert run(folder, "register")["agreement"][0]["name"] == name["zh"]  # as it is stored
