"""Lists of commands hold whole sentences, in both languages."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ecocomp.cli.options import short_help

WALK = """
import click
from ecocomp.cli.app import cli, join_commands
join_commands(cli)
def walk(group, name):
    for word, command in group.commands.items():
        print(f"{name}{word}\\t{command.get_short_help_str()}")
        if isinstance(command, click.Group):
            walk(command, f"{name}{word} ")
walk(cli, "")
"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_list_of_commands_holds_half_a_sentence(lang: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WALK], capture_output=True, encoding="utf-8", check=True, env={**os.environ, "ECOCOMP_LANG": lang}
    )
    said = dict(line.split("\t") for line in done.stdout.splitlines())
    assert len(said) > 100
    end = ("。", ".") if lang == "zh" else (".",)
    assert [k for k, v in said.items() if not v.endswith(end) or v.endswith("..") or len(v) < 2] == []
    assert [k for k, v in said.items() if v.count("（") != v.count("）") or v.count("(") != v.count(")")] == []


def test_a_long_sentence_is_cut_between_clauses() -> None:
    text = "资金包：登记条款，下达；任何一天的状况。另见文档。"
    assert short_help(text) == "资金包：登记条款，下达；任何一天的状况。"
    assert short_help(text, 30) == "资金包：登记条款，下达。"
    assert short_help("Enter one event, e.g. a grant notice. More.") == "Enter one event, e.g. a grant notice."
