"""The rules at the ends of their ranges: every number where it makes the standard lowest, or highest.

A value of a rule file may carry low, high or spread. The range of a rate is what the rule gives with every number at
the end that lowers it and at the end that raises it; numbers that lower the rate as they rise are named by the rules
(`LOWERS`). Where no number has a range, the rate has only the range of the services.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ecocomp.rules import Parameters, RuleValue

CHOICES = frozenset(
    {
        "standard.least_observed",
        "standard.ban_red_line",
        "standard.index_base_year",
        "standard.past_capital.years",
        "standard.restoration.capital.years",
    }
)
"""Numbers that decide what is counted, not how much: they stay as they are."""


@dataclass
class Given(Parameters):
    """Parameters in which some values are replaced; what is used is noted in the parameters they stand over."""

    middle: Parameters | None = None
    values: dict[str, RuleValue] = field(default_factory=dict)

    def get(self, key: str) -> RuleValue:
        """Return the replaced value of `key`, or the one that holds."""
        if self.middle is None:
            return super().get(key)
        if key not in self.values:
            return self.middle.get(key)
        self.used[key] = self.values[key]
        if self.middle.has(key):
            self.middle.get(key)
        return self.values[key]

    def has(self, key: str) -> bool:
        """Return whether a value of `key` is given or holds."""
        return key in self.values or (self.middle.has(key) if self.middle is not None else super().has(key))


@dataclass
class Corner(Given):
    """Parameters at one corner: `towards` −1 lowers the standard, +1 raises it; `lowers` are the keys that turn it round."""

    towards: int = 0
    lowers: Collection[str] = ()

    def get(self, key: str) -> RuleValue:
        """Return the end of the range of `key` that lies towards this corner."""
        held = super().get(key)
        if key in CHOICES or held.kind not in ("number", "table"):
            return held
        up = (self.towards > 0) != (key in self.lowers)
        return replace(held, value=held.high if up else held.low)


def corner(params: Parameters, towards: int, lowers: Collection[str]) -> Corner:
    """Return the parameters at a corner."""
    return Corner(params.book, params.chain, params.valid_on, params.known_on, middle=params, towards=towards, lowers=lowers)


def laid_over(params: Parameters, values: Mapping[str, RuleValue]) -> Given:
    """Return the parameters with values laid over them, also of keys that have none yet."""
    return Given(params.book, params.chain, params.valid_on, params.known_on, middle=params, values=dict(values))


def given(params: Parameters, values: Mapping[str, Any]) -> Given:
    """Return the parameters with other numbers, e.g. ``{"standard.value_cap": Decimal(900)}``; a range moves along whole."""
    held = {k: params.get(k) for k in values}
    made = {k: replace(held[k], value=v, low=v, high=v) for k, v in values.items()}
    return Given(params.book, params.chain, params.valid_on, params.known_on, middle=params, values=made)


def middle_of(params: Parameters) -> Parameters:
    """Return the parameters as they hold, whatever corner these are."""
    return middle_of(params.middle) if isinstance(params, Corner) and params.middle is not None else params


def ranged(params: Parameters) -> bool:
    """Return whether any number of the standard used so far has a range."""
    used = dict(params.used)
    if isinstance(params, Given) and params.middle is not None:
        used = params.middle.used | used
    return any(
        (v.low, v.high) != (v.value, v.value)
        for k, v in used.items()
        if k.startswith("standard.") and k not in CHOICES and v.kind in ("number", "table")
    )


def numbers_of(value: RuleValue) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Return (low, value, high) by code of a number or table; a number has the code ""."""
    if value.kind == "number":
        return {"": (value.low, value.value, value.high)}
    return {c: (value.low[c], v, value.high[c]) for c, v in value.value.items()} if value.kind == "table" else {}
