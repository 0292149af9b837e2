"""The pages: every command they show exists with the options they give it, and one payment goes its way as the page says."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from ecocomp.cli.app import cli, join_commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "README.zh.md",
    *sorted((ROOT / "docs").glob("*/*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", flags=re.M | re.S)
WALK = {lang: ROOT / "docs" / lang / "first_payment.md" for lang in ("en", "zh")}


def shown(page: Path) -> list[str]:
    """The commands in the blocks of a page, without what follows them on the line."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = [*FENCE.findall(text), *(b for b in re.findall(r"(?:^    .*\n)+", text, flags=re.M))]
    lines = [line.strip().removeprefix("$ ").removeprefix(".venv/bin/") for block in blocks for line in block.splitlines()]
    return [re.split(r"\s#|\s*[；;]|\s2>|\s&&", line)[0].strip() for line in lines if line.startswith("ecocomp ")]


def resolved(words: list[str]) -> Iterator[tuple[click.Command, list[str]]]:
    """The command that some words name, with the words left over; `a|b` names two."""
    found: click.Command = cli
    for at, word in enumerate(words):
        if not isinstance(found, click.Group):
            yield found, words[at:]
            return
        if "|" in word:
            for one in word.split("|"):
                yield from resolved([*words[:at], one, *words[at + 1 :]])
            return
        assert word in found.commands, f"no command {' '.join(words[: at + 1])}"
        found = found.commands[word]
    yield found, []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_a_page_shows_exists(page: Path) -> None:
    join_commands(cli)
    wrong = []
    for line in shown(page):
        try:
            for command, rest in resolved(line.split()[1:]):
                known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "-h", "--lang"}
                given = {w.split("=")[0] for w in rest if re.match(r"--[a-z]", w)}
                wrong += [f"{line}: {name} has no {o}" for o in sorted(given - known) for name in [command.name]]
        except AssertionError as error:
            wrong.append(f"{line}: {error}")
    assert not wrong, "\n".join(wrong)


def test_the_pages_show_commands() -> None:
    assert sum(len(shown(page)) for page in PAGES) > 300


def test_both_languages_walk_the_same_way() -> None:
    def ways(lang: str) -> list[str]:
        return [re.sub(r'"[^"]*"', '""', line) for line in shown(WALK[lang])]

    assert ways("en") == ways("zh")


def test_the_walk_comes_to_its_notice(county: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the notice every command of the page runs in one sitting; what follows waits for the next day."""
    join_commands(cli)
    office = tmp_path / "office"
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ECOCOMP_OFFICE", str(office))
    said: dict[str, str] = {}
    for line in shown(WALK["en"])[1:]:
        if line.startswith("ecocomp contracts notice close"):
            break
        if line.startswith("ecocomp payments officer u:admin"):
            shutil.copytree(ROOT / "examples" / "office_year" / "rules", office / "rules")
        words = shlex.split(line.replace(" small/", f" {county.folder}/"))[1:]
        done: Result = CliRunner().invoke(cli, [*words, "--lang", "en"])
        assert done.exit_code == 0, f"{line}\n{done.output}"
        said[" ".join(words[:2])] = done.stdout
    owed = said["contracts owed"]
    assert "980.00" in owed and "126.00" in owed
    assert "N1" in said["contracts notice"]
