"""Share of section-months whose water is class III or better (GB 3838-2002).

A section-month conforms when every indicator with a limit is at or below it. A value printed as "<d" lies below the
detection limit d: it surely conforms if d is not above the limit; otherwise it is judged by a fraction of d and
both answers stay in the range.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ecocomp.performance.area import Area, Measure, Reading, not_assessed
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

_K = "performance.water_quality_compliance"
_MONTHS = 12

SPEC = Spec(
    id="water_quality_compliance",
    name=Text("Ⅲ类及以上水质达标率", "water quality at class III or better"),
    summary=Text(
        "断面逐月评价，达到或优于地表水Ⅲ类的断面月数占比。",
        "Share of section-months in which every limited indicator meets class III of the surface-water standard.",
    ),
    unit="1",
    inputs=(Use("reading", "mg/L", Text("断面水质", "water-quality readings")),),
    parameters=(
        Use(f"{_K}.limits", "mg/L", Text("Ⅲ类限值", "class III limits")),
        Use(
            f"{_K}.below_detection",
            "1",
            Text("低于检出限时的取值（检出限的倍数）", "value taken below detection, as a share of the limit"),
        ),
        Use(f"{_K}.bounds", "1", Text("最差与最好", "worst and best")),
    ),
    outputs=(Use("value", "1", Text("达标率", "share that conforms")),),
    formula="months conforming / months judged",
    holds=Text(
        "河流断面；湖库总磷限值不同。缺一项而其余达标的断面月不作判定，计入未观测。",
        "River sections; lakes have another phosphorus limit. A month that lacks an indicator and fails none is not judged.",
    ),
    references=(Reference("GB 3838-2002 地表水环境质量标准 表1", "V"),),
    examples=(
        Example(
            {
                "limits": {"CODMn": 6, "NH3-N": 1, "TP": 0.2},
                "below_detection": 0.5,
                "readings": [
                    ["S1", "2023-01", "CODMn", "5.9"],
                    ["S1", "2023-01", "NH3-N", "<0.025"],
                    ["S1", "2023-01", "TP", "0.2"],
                    ["S1", "2023-02", "CODMn", "6.1"],
                    ["S1", "2023-02", "NH3-N", "0.3"],
                    ["S1", "2023-02", "TP", "0.1"],
                ],
            },
            {"value": 0.5, "low": 0.5, "high": 0.5, "coverage": 2 / 12},
            "by hand: January conforms (0.2 is at the limit), February fails on 6.1 > 6; two of twelve months",
        ),
    ),
)


def measure(area: Area, params: Parameters) -> Measure:
    """Return the share of conforming section-months of the year, with that of the base year."""
    limits = {_plain(k): float(v) for k, v in params.table(f"{_K}.limits").items()}
    below = params.number(f"{_K}.below_detection")
    found = _judge(area.readings, limits, below)
    if found is None:
        return not_assessed("no_data")
    sure, likely, possible, judged, sections = found
    base = _judge(area.readings_base, limits, below)
    return Measure(
        likely / judged,
        sure / judged,
        possible / judged,
        base[1] / base[3] if base else None,
        min(judged / (sections * _MONTHS), 1.0),
    )


def _judge(readings: Iterable[Reading], limits: Mapping[str, float], below: float) -> tuple[int, int, int, int, int] | None:
    """Return months that conform surely, likely, possibly; months judged; sections. None if none could be judged."""
    months: dict[tuple[str, str], dict[str, Reading]] = defaultdict(dict)
    for r in readings:
        if _plain(r.indicator) in limits:
            months[r.station_id, r.month][_plain(r.indicator)] = r
    verdicts = [v for v in (_month(found, limits, below) for found in months.values()) if v is not None]
    if not verdicts:
        return None
    sure, likely, possible = (sum(v[i] for v in verdicts) for i in range(3))
    return sure, likely, possible, len(verdicts), len({station for station, _ in months})


def _month(found: Mapping[str, Reading], limits: Mapping[str, float], below: float) -> tuple[bool, bool, bool] | None:
    """Return whether a section-month conforms surely, likely, possibly; None if it cannot be told."""
    each = [_conforms(r, limits[name], below) for name, r in found.items()]
    possible = all(v[2] for v in each)
    if len(found) < len(limits) and possible:
        return None
    return all(v[0] for v in each), all(v[1] for v in each), possible


def _conforms(reading: Reading, limit: float, below: float) -> tuple[bool, bool, bool]:
    if not reading.below:
        ok = reading.value <= limit
        return ok, ok, ok
    return reading.value <= limit, reading.value * below <= limit, True


def _plain(indicator: str) -> str:
    """Return an indicator's name without case, hyphens and spaces: NH3-N, nh3_n and NH3N are one."""
    return "".join(c for c in indicator.lower() if c.isalnum())
