"""The specification every plug-in file opens with; forms, command line, docs and contract tests read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ecocomp.terms.confidence import MARKS
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a formula or rule comes from: title with year and number or DOI, and how well it is known."""

    title: str
    confidence: str
    note: str = ""

    def __post_init__(self) -> None:
        if self.confidence not in MARKS:
            raise ValueError(f"unknown confidence mark {self.confidence!r}; known: {', '.join(MARKS)}")


@dataclass(frozen=True, slots=True)
class Use:
    """One thing an entry reads or writes: a variable, table or parameter, with its unit and meaning.

    symbol  how `Spec.formula` writes it, where the formula yields it
    """

    name: str
    unit: str
    meaning: Text
    optional: bool = False
    symbol: str = ""


Kind = Literal["number", "list", "matrix", "text"]


@dataclass(frozen=True, slots=True)
class Argument:
    """One plain number (or list, matrix, word) that `evaluate` of an entry takes by name.

    symbol   how `Spec.formula` writes it, such as ``R``; "" where the formula does not name it
    default  taken where nothing is given; None: must be given
    least, most  bounds a value may have (of each number of a list)
    choices  the words a text may be
    """

    name: str
    unit: str
    meaning: Text
    symbol: str = ""
    kind: Kind = "number"
    default: object | None = None
    least: float = -math.inf
    most: float = math.inf
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A checked example: plain inputs, the expected outputs, where the numbers come from, relative tolerance."""

    inputs: Mapping[str, object]
    outputs: Mapping[str, object]
    source: str
    tolerance: float = 1e-5


@dataclass(frozen=True, slots=True)
class Spec:
    """What an entry is.

    id         equals the file name
    name       what people call it
    summary    one sentence an expert would sign
    unit       of the main output
    inputs     variables or tables read
    parameters keys of dated rules read
    outputs    what it yields
    formula    as plain text, in the paper's symbols; a line for each step
    arguments  the plain numbers `evaluate` takes, by which anyone can check it
    holds      where it holds and where it does not
    differs    how it differs from InVEST or another peer, and what may be compared
    valid_from, valid_to   dates between which the entry may be used; None is open
    references at least one
    examples   at least one, run by the contract test
    version    changes whenever a result can change
    """

    id: str
    name: Text
    summary: Text
    unit: str
    inputs: tuple[Use, ...]
    outputs: tuple[Use, ...]
    references: tuple[Reference, ...]
    examples: tuple[Example, ...]
    version: str = "1"
    formula: str = ""
    holds: Text = field(default_factory=lambda: Text("", ""))
    differs: Text = field(default_factory=lambda: Text("", ""))
    arguments: tuple[Argument, ...] = ()
    parameters: tuple[Use, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    def faults(self) -> list[str]:
        """Return what is missing from this spec, as sentences for the developer."""
        out = []
        if not (self.name.zh and self.name.en and self.summary.zh and self.summary.en):
            out.append(f"{self.id}: name and summary must exist in both languages")
        if not self.references:
            out.append(f"{self.id}: at least one reference is needed")
        if not self.examples:
            out.append(f"{self.id}: at least one checked example is needed")
        if not self.outputs:
            out.append(f"{self.id}: declare what it yields")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            out.append(f"{self.id}: valid_to lies before valid_from")
        return out

    def holds_on(self, day: date) -> bool:
        """Return whether the entry may be used on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula that is no whole entry of its own: a factor, an index, a weighting.

    `evaluate` takes the arguments of the spec by name and returns its outputs by name. Modules of the formula folders
    list several of these as ``FORMULAS``, since formulas of one family share their source.
    """

    spec: Spec
    evaluate: Callable[..., Mapping[str, Any]]
