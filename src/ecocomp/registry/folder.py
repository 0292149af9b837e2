"""Walk a plug-in folder: every module in it that is not private is an entry and must carry `SPEC`.

Third-party packages add entries by an entry point of group `ecocomp` whose name is
``<folder>.<id>``, e.g. ``services.models.pollination = "mypkg.pollination"``.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType

from ecocomp.registry.spec import Spec
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered plug-in: its spec and the module that holds its functions."""

    folder: str
    spec: Spec
    module: ModuleType


@cache
def entries(folder: str) -> dict[str, Entry]:
    """Return the entries of a plug-in folder (e.g. ``services.models``), sorted by id."""
    if folder not in FOLDERS:
        raise UsageError(
            Text("没有插件目录 {f}。可用：{all}", "No plug-in folder {f}. Known: {all}").fill(f=folder, all=", ".join(FOLDERS))
        )
    package = importlib.import_module(f"ecocomp.{folder}")
    names = [f"{package.__name__}.{m.name}" for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    modules = [importlib.import_module(n) for n in sorted(names)]
    for point in sorted(entry_points(group="ecocomp"), key=lambda p: p.name):
        if point.name.rpartition(".")[0] == folder:
            modules.append(importlib.import_module(point.value))
    found: dict[str, Entry] = {}
    for module in modules:
        spec = getattr(module, "SPEC", None)
        if not isinstance(spec, Spec):
            raise TypeError(f"{module.__name__} must define SPEC = Spec(...)")
        if spec.id != module.__name__.rpartition(".")[2]:
            raise TypeError(f"{module.__name__}: SPEC.id is {spec.id!r}, but the file name is the id")
        if spec.id in found:
            raise TypeError(f"two entries of {folder} are called {spec.id!r}: {found[spec.id].module.__name__}, {module.__name__}")
        found[spec.id] = Entry(folder, spec, module)
    return dict(sorted(found.items()))


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
