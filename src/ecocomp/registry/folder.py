"""Walk a plug-in folder: every module in it that is not private is an entry and must carry `SPEC`.

In the formula folders a module is a family and lists its entries as `FORMULAS`.

Third-party packages add entries by an entry point of group `ecocomp` whose name is
``<folder>.<id>``, e.g. ``services.models.pollination = "mypkg.pollination"``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from ecocomp.registry.spec import Formula, Spec
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

FOLDERS = (
    "services.models",
    "valuation.methods",
    "standard.rules",
    "funds.sources",
    "performance.indicators",
    "monitoring.signals",
    "agreements.clauses",
)
FORMULA_FOLDERS = (
    "services.factors",
    "zoning.indices",
    "valuation.factors",
    "standard.formulas",
    "performance.indices",
    "performance.weighting",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered plug-in: its spec, the module that holds its functions, and its function of plain numbers if it has one."""

    folder: str
    spec: Spec
    module: ModuleType
    evaluate: Callable[..., Mapping[str, Any]] | None = None


@cache
def entries(folder: str) -> dict[str, Entry]:
    """Return the entries of a plug-in folder (e.g. ``services.models``), sorted by id."""
    if folder not in FOLDERS + FORMULA_FOLDERS:
        known = ", ".join(FOLDERS + FORMULA_FOLDERS)
        raise UsageError(Text("没有插件目录 {f}。可用：{all}", "No plug-in folder {f}. Known: {all}").fill(f=folder, all=known))
    package = importlib.import_module(f"ecocomp.{folder}")
    names = [f"{package.__name__}.{m.name}" for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    modules = [importlib.import_module(n) for n in sorted(names)]
    for point in sorted(entry_points(group="ecocomp"), key=lambda p: p.name):
        if point.name.rpartition(".")[0] == folder:
            modules.append(importlib.import_module(point.value))
    found: dict[str, Entry] = {}
    for module in modules:
        for made in _family(folder, module) if folder in FORMULA_FOLDERS else [_single(folder, module)]:
            if made.spec.id in found:
                twin = found[made.spec.id].module.__name__
                raise TypeError(f"two entries of {folder} are called {made.spec.id!r}: {twin}, {module.__name__}")
            found[made.spec.id] = made
    return dict(sorted(found.items()))


def _single(folder: str, module: ModuleType) -> Entry:
    spec = getattr(module, "SPEC", None)
    if not isinstance(spec, Spec):
        raise TypeError(f"{module.__name__} must define SPEC = Spec(...)")
    if spec.id != module.__name__.rpartition(".")[2]:
        raise TypeError(f"{module.__name__}: SPEC.id is {spec.id!r}, but the file name is the id")
    return Entry(folder, spec, module, getattr(module, "evaluate", None))


def _family(folder: str, module: ModuleType) -> list[Entry]:
    formulas = getattr(module, "FORMULAS", None)
    if not isinstance(formulas, tuple) or not all(isinstance(f, Formula) for f in formulas):
        raise TypeError(f"{module.__name__} must define FORMULAS = (Formula(...), ...)")
    return [Entry(folder, f.spec, module, f.evaluate) for f in formulas]


def entry(folder: str, id: str) -> Entry:
    """Return one entry, or say which ids exist."""
    known = entries(folder)
    if id not in known:
        raise UsageError(
            Text("{folder} 中没有 {id}。可用：{all}", "{folder} has no {id}. Known: {all}").fill(
                folder=folder, id=id, all=", ".join(known)
            )
        )
    return known[id]
