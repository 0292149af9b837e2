"""The example of a new province: every command of its README runs as written and says what the README says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "examples" / "new_province" / "README.md"


def commands() -> list[str]:
    """The commands that the README shows, in its order."""
    blocks = re.findall(r"^```\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("ecocomp ")]


COMMANDS = commands()


def asked(what: str) -> str:
    """The one command of the README that begins so."""
    (found,) = [line for line in COMMANDS if line.startswith(f"ecocomp {what}")]
    return found


def run(line: str, *more: str) -> Result:
    """Run a line of the README in this process."""
    from ecocomp.cli.app import cli, join_commands

    join_commands(cli)
    return CliRunner().invoke(cli, [*shlex.split(line)[1:], *more])


def found(what: str, *more: str) -> Any:
    """What a command of the README answers as JSON."""
    done = run(asked(what), "--json", *more)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand where the README says."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("line", [line for line in COMMANDS if " demo " not in line], ids=lambda s: " ".join(s.split()[1:3]))
def test_every_command_of_the_readme_runs_as_written(line: str, lang: str) -> None:
    done = run(line, "--lang", lang)
    assert done.exit_code == 0, done.output
    assert len(done.stdout.strip()) > 10


def test_the_readme_shows_every_file_of_the_folder() -> None:
    said = README.read_text(encoding="utf-8")
    named = {p.name for p in README.parent.rglob("*") if p.is_file()} - {"README.md"}
    folders = {p.name for p in (README.parent / f for f in ("registers", "cases")) for p in p.iterdir()}
    assert all(name in said for name in named - folders)
    assert len(COMMANDS) == 9


def test_the_programme_owes_what_the_readme_says() -> None:
    rows = found("programme owed")["rows"]
    assert {(r["holder_id"], r["state"], r["net_fen"]) for r in rows} == {
        ("H1", "payable", 98_000),
        ("H1", "payable", 6_300),
        ("H2", "payable", 6_300),
        ("H2", "escrow", 17_500),
    }


def test_the_agreement_settles_as_the_readme_says() -> None:
    out = run(asked("agreement settle"), "--lang", "en").stdout
    assert "13,670,454.55" in out and "2026-11" in out
    assert re.search(r"settlement\s+Xia County\s+Shang County\s+7,800,000\.00.*\b10\b.*in arrears", out)


def test_the_money_of_the_transfer_is_the_pool() -> None:
    rows = found("funds transfer")["counties"]
    assert sum(r["total_fen"] for r in rows) == 5_000_000_000


def test_the_plan_runs_out_when_the_readme_says() -> None:
    out = run(asked("funds plan"), "--lang", "en").stdout
    assert "money runs out in 2026, 240,000.00 yuan short that year, 1,174,192.59 in all" in out


def test_the_selection_keeps_its_limits() -> None:
    out = found("target")
    assert out["spent_fen"] <= 30_000_000 and out["benefit"] <= out["bound"] * (1 + 1e-9)


def test_the_reform_is_laid_over_the_invented_county(county: Any) -> None:
    done = run(asked("simulate").replace(" demo ", f" {county.folder} "), "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "A tenth more where water is kept" in done.stdout
