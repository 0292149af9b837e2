"""Judge a year: indicators by function zone and for the county, a grade, and the change of next year's standard.

Weights differ by kind of zone and are dated rules. An indicator that could not be assessed keeps its row and says
why; the others share its weight, and how much weight was assessed is shown. Below the least assessed weight there is
no grade and the standard does not move: nobody is rewarded or cut for what nobody saw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from ecocomp.performance.area import Area, Measure, Score, bounds, not_assessed, score
from ecocomp.performance.gather import areas
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.limits import reaches
from ecocomp.terms.tables import INDICATOR, PPM, SCORECARD
from ecocomp.terms.text import Text

_FOLDER = "performance.indicators"
COUNTY = "all"
NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class Judged:
    """One indicator of one area; `score` is None where it was not assessed."""

    indicator: str
    weight_ppm: int
    measure: Measure
    score: Score | None


def judge(
    *,
    parcel: pa.Table,
    parcel_zone: pa.Table,
    params: Parameters,
    year: int,
    base_year: int,
    observation: pa.Table | None = None,
    observation_base: pa.Table | None = None,
    service: pa.Table | None = None,
    service_base: pa.Table | None = None,
    compliance: pa.Table | None = None,
    reading: pa.Table | None = None,
    parcel_transition: pa.Table | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return the `indicator` and `scorecard` tables of `year`.

    parcel, parcel_zone   who lies where; a parcel counts in its dominant zone
    observation           signal ``fvc`` (0..1); `observation_base` the same in the base year
    service               quantities of the year; `service_base` of the base year, by the same method
    compliance            lights of the year
    reading               water quality, both years; all sections stand for every zone
    parcel_transition     closing extents of the year and, where given, of the base year; without it the surveyed
                          ecosystem of each parcel counts
    returns               rows by area_code: each function zone that has parcels, and ``all`` for the county, where
                          zones count by their area and land outside function zones does not count

    Any table may be None: the indicators that need it are then not assessed. A zone without
    `performance.weights.<zone>` has a scorecard that is not assessed.

    Raises `FaultsError` for weights that do not add up to 1, equal bounds, a reading that is no number, an unzoned parcel.
    """
    zones = areas(
        parcel=parcel,
        parcel_zone=parcel_zone,
        observation=observation,
        observation_base=observation_base,
        service=service,
        service_base=service_base,
        compliance=compliance,
        reading=reading,
        parcel_transition=parcel_transition,
        year=year,
        base_year=base_year,
    )
    judged = {zone: _judge_zone(area, params) for zone, area in zones.items()}
    sizes = {zone: area.whole_dm2() for zone, area in zones.items()}
    # Land outside the function zones has no duty to be judged by, so it neither lifts nor lowers the county.
    inside = {zone: rows for zone, rows in judged.items() if zone != "none"}
    everything = _county(inside, sizes)
    indicators = [_indicator_row(zone, zone, year, j) for zone, rows in judged.items() for j in rows]
    indicators += [_indicator_row(COUNTY, "none", year, j) for j in everything]
    cards = [_card(zone, zone, year, _combine({zone: rows}, sizes), params, {zone}) for zone, rows in judged.items()]
    if inside:
        cards.append(_card(COUNTY, "none", year, _combine(inside, sizes), params, set(inside)))
    return INDICATOR.table(indicators), SCORECARD.table(cards)


def weights_of(params: Parameters, zone: str) -> dict[str, int]:
    """Return the weight of each indicator of a zone in ppm, summing to one million; empty where there are none."""
    key = f"performance.weights.{zone}"
    if not params.has(key):
        return {}
    weights = {k: int(v * PPM) for k, v in params.table(key).items()}
    if sum(weights.values()) != PPM or min(weights.values()) < 0:
        held = params.get(key)
        raise FaultsError(
            [
                Fault(
                    "performance.weights",
                    held.file,
                    f"line {held.line}",
                    Text("{k} 的权重之和是 {s}，不是 1。", "The weights of {k} add up to {s}, not 1.").fill(
                        k=key, s=Decimal(sum(weights.values())) / PPM
                    ),
                    Text("对照权重表改正，至多六位小数。", "Mend them against the table of weights; six decimals at most."),
                )
            ]
        )
    return weights


def grade_of(points: float, params: Parameters) -> str:
    """Return the grade whose least score `points` reaches, the best such grade first."""
    least = sorted(params.table("performance.grade").items(), key=lambda g: (-g[1], g[0]))
    return next((name for name, limit in least if reaches(points, float(limit))), least[-1][0])


def reward_ppm(grade: str, params: Parameters) -> int:
    """Return the change of next year's standard for a grade, held inside ± `performance.reward_bound`."""
    bound = params.decimal("performance.reward_bound")
    change = params.table("performance.reward").get(grade, Decimal(0))
    return int(min(max(change, -bound), bound) * PPM)


def _judge_zone(area: Area, params: Parameters) -> list[Judged]:
    weights = weights_of(params, area.function_zone)
    least = params.number("performance.min_coverage")
    out = []
    for name, weight in sorted(weights.items()):
        measure = _measure(name, area, params)
        if not measure.reason and measure.coverage < least:
            measure = not_assessed("low_coverage", measure.coverage)
        points = None if measure.reason else score(measure, *bounds(params, name, area.function_zone))
        out.append(Judged(name, weight, measure, points))
    return out


def _measure(name: str, area: Area, params: Parameters) -> Measure:
    found = entries(_FOLDER).get(name)
    if found is None:
        return not_assessed("no_indicator")
    measure: Measure = found.module.measure(area, params)
    return measure


@dataclass(frozen=True, slots=True)
class _Combined:
    score: Score | None
    assessed_ppm: int


def _combine(judged: Mapping[str, list[Judged]], sizes: Mapping[str, int]) -> _Combined:
    """Return the mean score of all assessed indicators, weighted by area × weight, and the share of weight assessed."""
    parts = [(sizes[z] * j.weight_ppm, j.score) for z, rows in judged.items() for j in rows if j.score is not None]
    assessed, whole = sum(w for w, _ in parts), sum(sizes[z] for z in judged) * PPM
    if not assessed:
        return _Combined(None, 0)
    mean = [
        math.fsum(w * e for w, e in column) / assessed
        for column in ([(w, s.score) for w, s in parts], [(w, s.low) for w, s in parts], [(w, s.high) for w, s in parts])
    ]
    return _Combined(Score(*mean), assessed * PPM // whole)


def _county(judged: Mapping[str, list[Judged]], sizes: Mapping[str, int]) -> list[Judged]:
    """Return the county's row of each indicator: the mean over the zones that assess it, weighted by area × weight."""
    whole = sum(sizes[z] for z in judged)
    names = sorted({j.indicator for rows in judged.values() for j in rows})
    return [
        _county_row(name, [(sizes[z], j) for z, rows in judged.items() for j in rows if j.indicator == name], whole)
        for name in names
    ]


def _county_row(name: str, rows: list[tuple[int, Judged]], whole: int) -> Judged:
    weight_ppm = sum(size * j.weight_ppm for size, j in rows) // whole
    seen = [(size * j.weight_ppm, j.measure, j.score) for size, j in rows if j.score is not None]
    weight = sum(w for w, _, _ in seen)
    if not weight:
        return Judged(name, weight_ppm, not_assessed(rows[0][1].measure.reason or "no_data"), None)

    def mean(values: list[float | None]) -> float | None:
        known = [(w, v) for (w, _, _), v in zip(seen, values, strict=True) if v is not None]
        total = sum(w for w, _ in known)
        return math.fsum(w * v for w, v in known) / total if total else None

    value, low, high, base = (mean([getattr(m, part) for _, m, _ in seen]) for part in ("value", "low", "high", "base"))
    coverage = math.fsum(size * j.weight_ppm * j.measure.coverage for size, j in rows) / sum(s * j.weight_ppm for s, j in rows)
    points = [mean([getattr(s, part) for _, _, s in seen]) or 0.0 for part in ("score", "low", "high")]
    return Judged(name, weight_ppm, Measure(value, low, high, base, coverage), Score(*points))


def _indicator_row(area_code: str, zone: str, year: int, j: Judged) -> dict[str, object]:
    s = j.score
    return {
        "area_code": area_code,
        "function_zone": zone,
        "year": year,
        "indicator": j.indicator,
        "value": j.measure.value,
        "base": j.measure.base,
        "score": s and s.score,
        "score_low": s and s.low,
        "score_high": s and s.high,
        "weight_ppm": j.weight_ppm,
        "coverage": j.measure.coverage,
        "reason": j.measure.reason,
    }


def _card(area_code: str, zone: str, year: int, found: _Combined, params: Parameters, zones: set[str]) -> dict[str, object]:
    least = int(params.decimal("performance.min_assessed_weight") * PPM)
    s = found.score
    grade = grade_of(s.score, params) if s is not None and found.assessed_ppm >= least else NOT_ASSESSED
    return {
        "area_code": area_code,
        "function_zone": zone,
        "year": year,
        "score": s and s.score,
        "score_low": s and s.low,
        "score_high": s and s.high,
        "weight_assessed_ppm": found.assessed_ppm,
        "grade": grade,
        "reward_ppm": 0 if grade == NOT_ASSESSED else reward_ppm(grade, params),
        "parameters": _keys(params, zones),
    }


def _keys(params: Parameters, zones: set[str]) -> str:
    """Return the keys of the rules behind a scorecard: its weights, its indicators', and the grading."""
    weights = [f"performance.weights.{z}" for z in zones if params.has(f"performance.weights.{z}")]
    names = {name for z in zones for name in weights_of(params, z)}
    used = {u.name for n, e in entries(_FOLDER).items() if n in names for u in e.spec.parameters if params.has(u.name)}
    grading = {
        "performance.grade",
        "performance.min_assessed_weight",
        "performance.min_coverage",
        "performance.reward",
        "performance.reward_bound",
    }
    return " ".join(sorted(grading.union(weights, used)))
