"""Canonical variables of rasters: unit, kind, believable range, and what went wrong when a value is not believable.

The list is data (`variables.yaml`). A layer outside the hard range is refused with the likely cause named; no
factor is ever guessed and applied.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

Kind = Literal["intensity", "count", "class"]
Moment = Literal["min", "max", "mean"]
_KEYS = {"zh", "en", "unit", "kind", "hard", "usual_mean", "causes"}
_CAUSE_KEYS = {"of", "range", "zh", "en"}


@dataclass(frozen=True, slots=True)
class Cause:
    """A likely reason when the lowest value, highest value or mean lies in `low..high` (canonical unit)."""

    of: Moment
    low: float
    high: float
    reason: Text


@dataclass(frozen=True, slots=True)
class Variable:
    """One canonical variable.

    unit        canonical unit
    kind        intensity (mean), count (sum) or class (codes): how cells may be joined
    hard        lowest and highest value that can exist
    usual_mean  where the mean of a county normally lies, or None
    causes      known reasons for values outside
    """

    id: str
    name: Text
    unit: str
    kind: Kind
    hard: tuple[float, float]
    usual_mean: tuple[float, float] | None
    causes: tuple[Cause, ...]

    def cause(self, low: float, high: float, mean: float | None) -> Text | None:
        """Return the first known reason for a lowest value, highest value and mean, or None."""
        found = {"min": low, "max": high, "mean": mean}
        for cause in self.causes:
            value = found[cause.of]
            if value is not None and cause.low <= value <= cause.high:
                return cause.reason
        return None

    def judge(self, low: float, high: float, mean: float | None, where: str, record: str = "") -> list[Fault]:
        """Return the faults of a layer whose values (canonical unit) run from `low` to `high` with this mean."""
        reason = self.cause(low, high, mean)
        if low < self.hard[0] or high > self.hard[1]:
            return [self._outside_hard(low, high, reason, where, record)]
        if self.usual_mean and mean is not None and not self.usual_mean[0] <= mean <= self.usual_mean[1]:
            return [self._unusual_mean(mean, reason, where, record)]
        return []

    def _outside_hard(self, low: float, high: float, reason: Text | None, where: str, record: str) -> Fault:
        clash = Text(
            "{v}的值为 {a:g} 至 {b:g} {u}，可能范围是 {c:g} 至 {d:g}。",
            "values of {v} run from {a:g} to {b:g} {u}, but only {c:g} to {d:g} can exist.",
        ).fill(v=self.name, a=low, b=high, u=self.unit, c=self.hard[0], d=self.hard[1])
        return Fault("io.out_of_range", where, record, clash, _remedy(reason))

    def _unusual_mean(self, mean: float, reason: Text | None, where: str, record: str) -> Fault:
        assert self.usual_mean is not None
        clash = Text(
            "{v}的平均值为 {a:g} {u}，一个县通常在 {c:g} 至 {d:g} 之间。",
            "the mean of {v} is {a:g} {u}; in a county it is normally between {c:g} and {d:g}.",
        ).fill(v=self.name, a=mean, u=self.unit, c=self.usual_mean[0], d=self.usual_mean[1])
        return Fault("io.unusual_mean", where, record, clash, _remedy(reason), "error" if reason else "warning")


def _remedy(reason: Text | None) -> Text:
    if reason is None:
        return Text(
            "请核对该图层的单位、比例（scale）、偏移（offset）与填充值声明。",
            "Check the declared unit, scale, offset and fill values of this layer.",
        )
    return Text(
        "可能的原因：{why}。请在图层声明中改正单位、比例、偏移或填充值。",
        "Likely cause: {why}. Correct the unit, scale, offset or fills in the declaration of this layer.",
    ).fill(why=reason)


@cache
def variables() -> dict[str, Variable]:
    """Return all canonical variables by id; unknown keys in the data file are an error of ours (`ValueError`)."""
    raw = yaml.safe_load(Path(__file__).with_name("variables.yaml").read_text(encoding="utf-8"))
    return {key: _read(key, value) for key, value in raw.items()}


def variable(id: str) -> Variable:
    """Return one variable; `KeyError` names the nearest known ids."""
    known = variables()
    if id not in known:
        near = difflib.get_close_matches(id, known, 3)
        raise KeyError(f"unknown variable {id!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
    return known[id]


def _read(key: str, value: dict[str, Any]) -> Variable:
    unknown = set(value) - _KEYS
    if unknown or value.get("kind") not in get_args(Kind):
        raise ValueError(f"variables.yaml: {key}: unknown keys {sorted(unknown)} or kind {value.get('kind')!r}")
    usual = value.get("usual_mean")
    return Variable(
        id=key,
        name=Text(value["zh"], value["en"]),
        unit=value["unit"],
        kind=value["kind"],
        hard=(float(value["hard"][0]), float(value["hard"][1])),
        usual_mean=(float(usual[0]), float(usual[1])) if usual else None,
        causes=tuple(_read_cause(key, c) for c in value.get("causes", ())),
    )


def _read_cause(key: str, cause: dict[str, Any]) -> Cause:
    if set(cause) != _CAUSE_KEYS or cause["of"] not in get_args(Moment):
        raise ValueError(f"variables.yaml: {key}: a cause needs exactly {sorted(_CAUSE_KEYS)}, got {sorted(cause)}")
    return Cause(cause["of"], float(cause["range"][0]), float(cause["range"][1]), Text(cause["zh"], cause["en"]))
