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
from importlib.metadata import EntryPoint, entry_points
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
    "funds.rations",
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
    made_by: list[tuple[Entry, EntryPoint | None]] = [
        (e, None) for n in sorted(names) for e in _made(folder, importlib.import_module(n))
    ]
    for point in sorted(entry_points(group="ecocomp"), key=lambda p: p.name):
        if point.name.rpartition(".")[0] == folder:
            made_by += [(e, point) for e in _from_outside(folder, point)]
    found: dict[str, Entry] = {}
    for made, source in made_by:
        if made.spec.id in found:
            twin, module = found[made.spec.id].module.__name__, made.module.__name__
            clash = f"two entries of {folder} are called {made.spec.id!r}: {twin}, {module}"
            raise TypeError(clash) if source is None else _broken(source, clash)
        found[made.spec.id] = made
    return dict(sorted(found.items()))


def _made(folder: str, module: ModuleType) -> list[Entry]:
    return _family(folder, module) if folder in FORMULA_FOLDERS else [_single(folder, module)]


def _from_outside(folder: str, point: EntryPoint) -> list[Entry]:
    """Return what a package of somebody else's adds; whatever is wrong with it is a sentence that names it."""
    try:
        return _made(folder, importlib.import_module(point.value))
    except Exception as error:  # code of others may raise anything
        raise _broken(point, f"{type(error).__name__}: {error}") from error


def _broken(point: EntryPoint, why: str) -> UsageError:
    package = point.dist.name if point.dist else "?"
    return UsageError(
        Text(
            "软件包 {p} 的插件 {n}（{v}）不能用：{w}。修好它，或卸载这个软件包。",
            "The plug-in {n} ({v}) of the package {p} cannot be used: {w}. Mend it, or uninstall the package.",
        ).fill(p=package, n=point.name, v=point.value, w=why)
    )


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
