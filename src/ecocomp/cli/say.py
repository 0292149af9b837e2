"""How the command line speaks: in the user's language, to people or as JSON, with progress on long work.

Names and cells come from files of others: control characters and marks that turn the direction of writing are
dropped from whatever is printed, and written as escapes in JSON.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Lang, Text
from ecocomp.terms.unseen import escape_unseen, without_unseen


@dataclass
class Voice:
    """The language and form of one run of the command."""

    lang: Lang
    as_json: bool = False

    def say(self, text: Text | str) -> None:
        """Print one line for people; silent when JSON was asked for."""
        if not self.as_json:
            print(without_unseen(text.to(self.lang) if isinstance(text, Text) else text))

    def warn(self, text: Text) -> None:
        """Print one line to standard error."""
        print(without_unseen(text.to(self.lang)), file=sys.stderr)

    def data(self, value: Any) -> None:
        """Print the answer as JSON if that was asked for."""
        if self.as_json:
            print(escape_unseen(json.dumps(_finite(value), ensure_ascii=False, indent=1, default=str, allow_nan=False)))

    def faults(self, found: Iterable[Fault], *, show: int = 40) -> None:
        """Print faults, errors first, each with its code; warnings of one kind are counted after the first few."""
        ordered = sorted(found, key=lambda f: (f.severity != "error", f.code))
        for f in ordered[:show]:
            mark = {"error": Text("错误", "error"), "warning": Text("注意", "warning")}[f.severity].to(self.lang)
            self.warn(Text(f"{mark} {f.say('zh')}　[{f.code}]", f"{mark}: {f.say('en')}  [{f.code}]"))
        if len(ordered) > show:
            self.warn(
                Text("另有 {n} 条，用 --json 取得全部。", "{n} more; use --json for all of them.").fill(n=len(ordered) - show)
            )

    def table(
        self, title: Text, heads: list[Text], rows: list[list[str]], right: tuple[int, ...] = (), whole: tuple[int, ...] = ()
    ) -> None:
        """Print a small table for people. Off a terminal it is as wide as it needs to be: no number or key is broken or cut.

        right  columns of numbers, never folded
        whole  columns that are never folded; if any are named, every row takes one line and on a terminal the others are cut short
        """
        if self.as_json:
            return
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text as Cell

        from ecocomp.cli.layout import EDGE, GAP, broken, widths

        screen = sys.stdout.isatty()
        # without emoji: an account such as asset:bank:E1 is no picture of a bank
        console = Console(emoji=False, highlight=False)
        grid = [[without_unseen(h.to(self.lang)) for h in heads], *([without_unseen(c) for c in row] for row in rows)]
        most = max(map(len, grid))
        grid = [row + [""] * (most - len(row)) for row in grid]
        if whole:
            grid = [[" ".join(c.split()) for c in row] for row in grid]
        limit = console.width if screen else 10**6 if whole else 118
        wide = widths([list(c) for c in zip(*grid, strict=True)], limit, (*whole, *right), fold=screen)
        if not whole:
            grid = [[broken(c, wide[i], fold=screen and i not in right) for i, c in enumerate(row)] for row in grid]
        table = Table(box=SIMPLE_HEAD)
        for i, head in enumerate(grid[0]):
            table.add_column(
                Cell(head), justify="right" if i in right else "left", no_wrap=True, overflow="ellipsis", width=wide[i]
            )
        for row in grid[1:]:
            table.add_row(*(Cell(c) for c in row))
        console.width = max(limit if screen else 0, sum(wide) + GAP * len(wide) + EDGE)
        title_ = without_unseen(title.to(self.lang))
        if screen:
            console.print(Cell(title_, style="bold"), soft_wrap=True)
            console.print(table)
            return
        with console.capture() as got:
            console.print(table)
        print("\n".join([title_, *(line.rstrip() for line in got.get().splitlines())]))


def _finite(value: Any) -> Any:
    """Return the value with infinities and what is no number as null, which JSON can hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, list | tuple) else value


class Progress(Protocol):
    """What long work is handed to report how far it is."""

    def __call__(self, done: int, total: int, what: Text) -> None: ...


@contextmanager
def progress(voice: Voice) -> Iterator[Progress]:
    """Yield a callable that draws bars on a terminal and prints one line per step elsewhere; silent with JSON."""
    if voice.as_json:
        yield lambda done, total, what: None
        return
    if not sys.stderr.isatty():
        yield _Lines(voice)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def show(done: int, total: int, what: Text) -> None:
            name = without_unseen(what.to(voice.lang))
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=max(total, 1))
            bars.update(tasks[name], completed=done if total else 1, total=max(total, 1))

        yield show


class _Lines:
    """Progress without a terminal: a line when a step begins, nothing else."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.seen: set[str] = set()

    def __call__(self, done: int, total: int, what: Text) -> None:
        name = without_unseen(what.to(self.voice.lang))
        if name not in self.seen:
            self.seen.add(name)
            print(f"  · {name}", file=sys.stderr, flush=True)
