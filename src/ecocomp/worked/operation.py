"""What a worked case can ask for: an operation takes plain values and the rules of a place and day, and returns plain values.

An operation is a function in a file of `worked/operations`, listed there in `OPERATIONS`. It must reach the code that
serves users, never compute on its own. Values given are what YAML holds (text, `Decimal`, bool, day, list, table);
values returned are the same or whole numbers, `Fraction` and float. Money goes in and comes out in yuan, as the papers
print it, unless a name ends in `_fen`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.faults import EcocompError, Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.worked.values import CODE, Given, check_plain


@dataclass(frozen=True)
class Setting:
    """Where and when a case is worked: the rules, the place, the day it is about, the day whose knowledge counts, its folder."""

    book: RuleBook
    place: str
    on: date
    known: date
    folder: Path

    @cached_property
    def params(self) -> Parameters:
        """The parameters of the place on the day; they remember which of them the case used."""
        return self.book.resolve(self.place, self.on, self.known)


@dataclass(frozen=True)
class Operation:
    """One operation.

    id     as cases name it, e.g. ``programme.owed``
    name   what it does
    given  name → what it is, with its unit; a name that ends in ``?`` may be left out, ``*`` stands for any name
    found  name → what comes out, with its unit; ``*`` stands for any name
    run    the function
    """

    id: str
    name: Text
    given: Mapping[str, Text]
    found: Mapping[str, Text]
    run: Callable[[Mapping[str, Any], Setting], Mapping[str, Any]]


@cache
def operations() -> dict[str, Operation]:
    """Return every operation by id."""
    package = importlib.import_module("ecocomp.worked.operations")
    out: dict[str, Operation] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if info.name.startswith("_"):
            continue
        for op in importlib.import_module(f"{package.__name__}.{info.name}").OPERATIONS:
            if op.id in out:
                raise TypeError(f"two operations are called {op.id!r}")
            out[op.id] = replace(op, run=partial(_asked, op))
    return out


def _asked(op: Operation, given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Run an operation on values that were looked at first: whatever they are, only faults in words come out.

    raises  FaultsError for values that cannot be read, names that are missing or not known, and values it cannot be done with;
            UsageError
    """
    check_plain(given, op.id)
    asked = Given(given, op.id)
    asked.stop()
    if "*" not in op.given:
        asked.keys(" ".join(op.given)).stop()
    try:
        return op.run(given, setting)
    except EcocompError:
        raise
    except Exception as stop:  # a value of another kind than the operation takes
        clash = Text("{d} 不能用这些值计算（{k}：{e}）。", "{d} cannot be done with these values ({k}: {e}).")
        remedy = Text("核对 given 各项的写法和类型。", "Check how `given` is written, and the kind of each value.")
        clash = clash.fill(d=op.id, k=type(stop).__name__, e=str(stop)[:200])
        raise FaultsError([Fault(CODE, op.id, "", clash, remedy)]) from stop
