"""Short ways to declare what a formula takes and yields, for specs that have many of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ecocomp.registry.spec import Argument, Example, Formula, Kind, Reference, Spec, Use
from ecocomp.terms.text import Text


def takes(
    name: str,
    unit: str,
    meaning: tuple[str, str],
    symbol: str = "",
    default: object | None = None,
    least: float = -math.inf,
    most: float = math.inf,
    kind: Kind = "number",
    choices: tuple[str, ...] = (),
) -> Argument:
    """Return an argument; `meaning` is (Chinese, English)."""
    return Argument(name, unit, Text(*meaning), symbol, kind, default, least, most, choices)


def gives(name: str, unit: str, meaning: tuple[str, str], symbol: str = "") -> Use:
    """Return an output; `meaning` is (Chinese, English)."""
    return Use(name, unit, Text(*meaning), symbol=symbol)


def formula(
    id: str,
    evaluate: Callable[..., Mapping[str, Any]],
    name: tuple[str, str],
    summary: tuple[str, str],
    lines: str,
    arguments: tuple[Argument, ...],
    outputs: tuple[Use, ...],
    references: tuple[Reference, ...],
    examples: tuple[Example, ...],
    holds: tuple[str, str] = ("", ""),
    differs: tuple[str, str] = ("", ""),
) -> Formula:
    """Return a formula whose main output, the last one declared, gives the unit of the whole."""
    spec = Spec(
        id=id, name=Text(*name), summary=Text(*summary), unit=outputs[-1].unit, inputs=(), outputs=outputs, references=references,
        examples=examples, formula=lines, holds=Text(*holds), differs=Text(*differs), arguments=arguments,
    )  # fmt: skip
    return Formula(spec, evaluate)
