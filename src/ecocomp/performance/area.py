"""What an indicator sees of an area, and what it answers.

An indicator is a file in `performance/indicators` with `SPEC` and `measure(area, params) -> Measure`. The score of a
measure is taken between dated policy bounds (`performance.<id>.bounds`, worst and best), never between the smallest
and the largest value of the sample: otherwise one area's score would move with another area's result.
Sums use `math.fsum`, so the order of rows cannot change a digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

REASONS: dict[str, Text] = {
    "no_data": Text("没有观测", "nothing was observed"),
    "no_base": Text("没有基准年观测", "nothing was observed in the base year"),
    "low_coverage": Text("观测占比过低", "too little of the area was observed"),
    "method_changed": Text("与基准年方法不同，不可比", "the method differs from the base year, so the two cannot be compared"),
    "no_indicator": Text("本平台没有这项指标的算法", "there is no method for this indicator here"),
    "no_service": Text("没有规定该功能区的主导服务", "no dominant service is named for this zone"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A value of one parcel, its range, and the share of the parcel that was observed (0..1)."""

    value: float
    low: float
    high: float
    coverage: float
    method: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading at a section; `below` is set where the text said "<": the value lies under `value`."""

    station_id: str
    month: str
    indicator: str
    value: float
    below: bool


@dataclass(frozen=True, slots=True)
class Area:
    """One area to be judged: a function zone or any other set of parcels, in one year and in the base year.

    area_dm2       by parcel
    signals        by signal, then parcel; `signals_base` the same in the base year
    services       by service, then parcel; quantities per year of the whole parcel
    lights         (light, verdict of the field check) by parcel
    extent_dm2     area by ecosystem code; `extent_base_dm2` is empty where the base year is not known
    readings       of the sections that stand for the area
    """

    function_zone: str
    area_dm2: Mapping[str, int]
    signals: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict)
    signals_base: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict)
    services: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict)
    services_base: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict)
    lights: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    extent_dm2: Mapping[str, int] = field(default_factory=dict)
    extent_base_dm2: Mapping[str, int] = field(default_factory=dict)
    readings: tuple[Reading, ...] = ()
    readings_base: tuple[Reading, ...] = ()

    def whole_dm2(self) -> int:
        """Return the area of all parcels."""
        return sum(self.area_dm2.values())


@dataclass(frozen=True, slots=True)
class Measure:
    """The value of an indicator over what was observed; `reason` is empty where it was assessed."""

    value: float | None
    low: float | None
    high: float | None
    base: float | None
    coverage: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A score 0..100 with its range."""

    score: float
    low: float
    high: float


def not_assessed(reason: str, coverage: float = 0.0) -> Measure:
    """Return a measure without a value and say why; the reason is a code of `REASONS`."""
    if reason not in REASONS:
        raise ValueError(f"unknown reason {reason!r}")
    return Measure(None, None, None, None, coverage, reason)


def score(measure: Measure, worst: float, best: float) -> Score:
    """Return the score of a measure between the policy bounds.

    The point is the score of what was observed. The range takes the low and high value, and lets the part that was
    not observed lie anywhere between the worst and the best: what nobody saw is not assumed to be like the rest.
    """
    if measure.value is None or measure.low is None or measure.high is None:
        raise ValueError("a measure that was not assessed has no score")

    def points(value: float) -> float:
        return min(max((value - worst) / (best - worst), 0.0), 1.0) * 100.0

    point = points(measure.value)
    ends = sorted((points(measure.low), point, points(measure.high)))
    seen = min(max(measure.coverage, 0.0), 1.0)
    return Score(point, ends[0] * seen, ends[2] * seen + 100.0 * (1.0 - seen))


def bounds(params: Parameters, indicator: str, zone: str) -> tuple[float, float]:
    """Return (worst, best) of an indicator, of the zone if it has its own row (`<zone>.worst`), else for all."""
    key = f"performance.{indicator}.bounds"
    table = params.table(key)
    worst, best = (table.get(f"{zone}.{end}", table.get(end)) for end in ("worst", "best"))
    if worst is None or best is None or worst == best:
        held = params.get(key)
        raise FaultsError(
            [
                Fault(
                    "performance.bounds",
                    held.file,
                    f"line {held.line}",
                    Text("{k} 的最差值是 {w}，最好值是 {b}。", "{k} has worst {w} and best {b}.").fill(k=key, w=worst, b=best),
                    Text("两者都要有，且不相等。", "Both are needed and must differ."),
                )
            ]
        )
    return float(worst), float(best)


def area_mean(seen: Mapping[str, Seen], area_dm2: Mapping[str, int], error: float = 0.0) -> Measure:
    """Return the mean of parcels weighted by observed area; `error` widens each bound (same unit as the value)."""
    observed = {p: area_dm2[p] * seen[p].coverage for p in area_dm2 if p in seen and seen[p].coverage > 0}
    weight, whole = math.fsum(observed.values()), sum(area_dm2.values())
    if not weight or not whole:
        return not_assessed("no_data")

    def mean(part: Callable[[Seen], float]) -> float:
        return math.fsum(part(seen[p]) * w for p, w in observed.items()) / weight

    value, low, high = mean(lambda s: s.value), mean(lambda s: s.low) - error, mean(lambda s: s.high) + error
    return Measure(value, low, high, None, weight / whole)


UNIDENTIFIED = "00"
"""Code of land whose ecosystem its source does not name."""


def extent_share(area: Area, codes: Callable[[str], bool]) -> Measure:
    """Return the share of the identified area under the ecosystems that `codes` picks, and the share in the base year.

    Land whose ecosystem is not identified (code 00) may be anything: it widens the interval and lowers the coverage.
    """
    known, whole = _identified(area.extent_dm2), sum(area.extent_dm2.values())
    if not known:
        return not_assessed("no_data")
    picked = _picked(area.extent_dm2, codes)
    base_known = _identified(area.extent_base_dm2)
    base = _picked(area.extent_base_dm2, codes) / base_known if base_known else None
    return Measure(picked / known, picked / whole, (picked + whole - known) / whole, base, known / whole)


def _identified(extent_dm2: Mapping[str, int]) -> int:
    return sum(dm2 for code, dm2 in extent_dm2.items() if code != UNIDENTIFIED)


def of_groups(groups: Iterable[str]) -> Callable[[str], bool]:
    """Return a test whether an ecosystem code belongs to one of the groups (its first digit)."""
    wanted = frozenset(groups)
    return lambda code: code[:1] in wanted


def _picked(extent_dm2: Mapping[str, int], codes: Callable[[str], bool]) -> int:
    return sum(dm2 for code, dm2 in extent_dm2.items() if codes(code))
