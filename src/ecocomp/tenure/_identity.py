"""Numbers of people, bodies and units as `tenure.sheets` needs them: read, or said to be wrong, and how they may be shown."""

from __future__ import annotations

from dataclasses import dataclass

from ecocomp.tenure.codes import Problem, mask_id, problem_of, upgrade_citizen_id


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An identity number of 18 characters, or what is wrong with it; `old` if it was written with 15."""

    number: str | None
    problem: Problem | None = None
    old: bool = False


def masked(text: str) -> str:
    """Return a personal number as a fault may show it: its first three and last four characters.

    >>> masked("1101 0519 4912 3100 2X")
    '110***********002X'
    """
    return mask_id(text.replace(" ", ""))


def id_number(text: str) -> IdNumber:
    """Return the identity number a cell holds, in 18 characters.

    >>> id_number("110105491231002")
    IdNumber(number='11010519491231002X', problem=None, old=True)
    """
    found = problem_of("citizen_id", text)
    if found is None:
        return IdNumber(text)
    if found.severity == "warning":
        return IdNumber(upgrade_citizen_id(text), None, True)
    return IdNumber(None, found)


def error_of(kind: str, text: str) -> Problem | None:
    """Return what makes a number unusable; what is only doubtful passes."""
    found = problem_of(kind, text)
    return found if found is not None and found.severity == "error" else None
