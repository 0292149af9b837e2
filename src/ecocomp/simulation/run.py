"""Run reforms over a year and compare them, the year computed once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ecocomp.simulation.base import Base
from ecocomp.simulation.compare import Comparison, compare, people_of
from ecocomp.simulation.outcome import Outcome, column, outcome
from ecocomp.simulation.reform import Reform, read_reform, reform_of
from ecocomp.simulation.reform import together as laid_together
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text


def simulate(
    base: Base, files: Sequence[Path] = (), settings: Sequence[str] = (), *, together: bool = False
) -> tuple[list[Comparison], list[Fault]]:
    """Return one comparison per reform (and one for all of them together, if asked), with notes on the year itself.

    files     reforms in files or folders
    settings  changes written in place, together one reform
    raises    `FaultsError` with what is wrong with any of the reforms, all at once
    """
    return compare_reforms(base, read_reforms(base, files, settings), together=together)


def read_reforms(base: Base, files: Sequence[Path], settings: Sequence[str]) -> list[Reform]:
    """Return the reforms of files and settings; the faults of all of them are raised together."""
    reforms: list[Reform] = []
    faults: list[Fault] = []
    for path in files:
        try:
            reforms.append(read_reform(path, base.ground))
        except FaultsError as wrong:
            faults += wrong.faults
    if settings:
        try:
            reforms.append(reform_of(settings, base.ground))
        except FaultsError as wrong:
            faults += wrong.faults
    raise_errors(faults)
    return reforms


def compare_reforms(base: Base, reforms: Sequence[Reform], *, together: bool = False) -> tuple[list[Comparison], list[Fault]]:
    """Return the comparison of each reform with the year as run."""
    before = outcome(base)
    notes = as_run(base, before)
    people = people_of(base, before.claims)
    wanted = [*reforms, laid_together(reforms)] if together and len(reforms) > 1 else list(reforms)
    return [compare(base, before, outcome(base, r), people) for r in wanted], notes


def as_run(base: Base, before: Outcome) -> list[Fault]:
    """Return a warning where the year computed again is not what the bundle holds; what follows is compared with the former."""
    stored, again = base.table("entitlement"), before.claims
    if len(stored) == len(again):
        stored = stored.sort_by("entitlement_id")
        if all((column(stored, n) == column(again, n)).all() for n in ("entitled_fen", "funded_fen")):
            return []
    said = Text(
        "用现在的程序重算，当年应付 {a} 行，与成果包的 {b} 行不同；以下与重算的结果相比。",
        "Computed again with this program the year's {a} entitlements differ from the {b} of the bundle;"
        " the comparison is with those computed again.",
    ).fill(a=len(again), b=len(stored))
    remedy = Text("用 ecocomp verify 核验成果包。", "Check the bundle with ecocomp verify.")
    return [Fault("simulate.not_as_run", "entitlement", str(base.year), said, remedy, "warning")]
