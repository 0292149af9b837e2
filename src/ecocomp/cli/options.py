"""What every command shares: the language of its help, `--json` and `--lang`, paths and days as the user writes them.

For the commands of the library and for those that other packages join to `ecocomp` (entry points `ecocomp.commands`).
"""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from ecocomp.cli.say import Voice
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text, user_lang


def early_lang() -> str:
    """Return the language for help texts: `--lang` on the command line, else the user's."""
    args = sys.argv[1:]
    for i, a in enumerate(args):
        if a.startswith("--lang="):
            return a[7:]
        if a == "--lang" and i + 1 < len(args):
            return args[i + 1]
    return user_lang()


LANG: Any = early_lang() if early_lang() in ("zh", "en") else "zh"


def t(zh: str, en: str) -> str:
    """Return the words of a help text in the language of this run."""
    return Text(zh, en).to(LANG)


def short_help(text: str, most: int = 110) -> str:
    """Return what a list of commands says of one: its first sentence; where that is long, without what stands in brackets, and
    only up to a semicolon or a colon that has a clause before it. Nothing is cut within a clause.

    most  cells that are still short; Chinese characters count twice

    >>> short_help("Try a model or a factor: on plain numbers (or a table), with the formula. See the docs.", 40)
    'Try a model or a factor.'
    """
    from rich.cells import cell_len

    first = re.split(r"(?<=[。！？])|(?<=[.!?])\s+(?=[A-Z])", " ".join(text.split()), maxsplit=1)[0]
    stop = "。" if first.endswith("。") else "."
    if cell_len(first) > most:
        first = re.sub(r"\s*[（(][^（）()]*[)）]", "", first)
    for mark in ("[；;]", "[：:]"):
        head = re.split(mark, first, maxsplit=1)[0]
        if cell_len(first) > most and cell_len(head) >= 16:
            first = head.rstrip("。.") + stop
    return first


def say_short(group: click.Group) -> None:
    """Give every command below a group its short help, so that lists of commands hold whole sentences."""
    for command in group.commands.values():
        if command.short_help is None and command.help:
            command.short_help = short_help(command.help)
        if isinstance(command, click.Group):
            say_short(command)


def voice_of(kwargs: dict[str, Any]) -> Voice:
    """Return how a command speaks, from its own `--lang` and `--json`, which are taken out of `kwargs`."""
    return Voice(kwargs.pop("lang", None) or LANG, kwargs.pop("json", False))


def common(command: Any) -> Any:
    """Add `--lang` and `--json` to a command."""
    command = click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))(command)
    return click.option("--json", is_flag=True, help=t("以 JSON 输出", "answer as JSON"))(command)


class Named(click.Path):
    """A path to write to; an empty name, which would stand for the working folder, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not value.strip():
            option = param.opts[0] if param is not None else ""
            raise UsageError(Text("{o} 是空的；写明路径。", "{o} is empty; name a path.").fill(o=option))
        return super().convert(value, param, ctx)


def may_write(path: Path | None, *inputs: Path | None) -> None:
    """Refuse to write a result over what is read, into a sealed bundle, or into an office anywhere but its reports; `UsageError`.

    inputs  files and folders the command reads; a file inside such a folder is read too
    """
    if path is None:
        return
    real = path.resolve()
    for given in inputs:
        if given is None or not given.exists() or not real.exists():
            continue
        if real.samefile(given) or (given.is_dir() and real.is_file() and real.is_relative_to(given.resolve())):
            raise UsageError(
                Text("{p} 是要读取的文件，不能写成结果。", "{p} is a file to be read; the result cannot be written over it.").fill(
                    p=path
                )
            )
    for folder in (real, *real.parents):
        if (folder / "bundle.json").is_file():
            raise UsageError(
                Text(
                    "{p} 在封存的成果包 {f} 里；结果写到别处。",
                    "{p} lies in the sealed bundle {f}; write the result elsewhere.",
                ).fill(p=path, f=folder)
            )
        if (folder / "office.toml").is_file() and real.relative_to(folder).parts[:1] != ("reports",):
            raise UsageError(
                Text(
                    "{p} 在办公室文件夹里；结果只能写到它的 reports 或别处。",
                    "{p} lies in the folder of the office; results go into its reports, or elsewhere.",
                ).fill(p=path)
            )


def day_of(text: str | None) -> date | None:
    """Return a day written as 2025-06-30, None if nothing was given; `UsageError` for anything else."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(Text("不是日期：{t}；写成 2025-06-30。", "Not a date: {t}; write 2025-06-30.").fill(t=text)) from None
