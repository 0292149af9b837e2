"""From the tables of the year to the areas that are judged: one area for each function zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.performance.area import Area, Reading, Seen
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault, capped, raise_errors
from ecocomp.terms.text import Text

_Signals = dict[str, dict[str, Seen]]


def areas(
    *,
    parcel: pa.Table,
    parcel_zone: pa.Table,
    observation: pa.Table | None,
    observation_base: pa.Table | None,
    service: pa.Table | None,
    service_base: pa.Table | None,
    compliance: pa.Table | None,
    reading: pa.Table | None,
    parcel_transition: pa.Table | None,
    year: int,
    base_year: int,
) -> dict[str, Area]:
    """Return the area of each function zone that has parcels, in the order of the code list."""
    zone_of = dict(_rows(parcel_zone, "parcel_id", "function_zone"))
    parcels = list(_rows(parcel, "parcel_id", "area_dm2", "ecosystem"))
    raise_errors(capped([_unzoned(p) for p, _, _ in parcels if p not in zone_of], "performance.no_zone", "parcel"))
    area_dm2: dict[str, dict[str, int]] = defaultdict(dict)
    surveyed: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for parcel_id, dm2, ecosystem in parcels:
        area_dm2[zone_of[parcel_id]][parcel_id] = dm2
        surveyed[zone_of[parcel_id]][ecosystem] += dm2
    now, then = _extents(parcel_transition, zone_of, year), _extents(parcel_transition, zone_of, base_year)
    signals, signals_base = (_by_zone(_observed(t, y), zone_of) for t, y in ((observation, year), (observation_base, base_year)))
    services, services_base = (_by_zone(_served(t, y), zone_of) for t, y in ((service, year), (service_base, base_year)))
    lights = _of_year(compliance, year)
    light_of = (
        {} if lights is None else {p: (light, verdict) for p, light, verdict in _rows(lights, "parcel_id", "light", "verdict")}
    )
    readings, readings_base = _readings(reading, year), _readings(reading, base_year)
    return {
        zone: Area(
            zone,
            area_dm2[zone],
            signals.get(zone, {}),
            signals_base.get(zone, {}),
            services.get(zone, {}),
            services_base.get(zone, {}),
            light_of,
            now.get(zone) or surveyed[zone],
            then.get(zone, {}),
            readings,
            readings_base,
        )
        for zone in FUNCTION_ZONES
        if zone in area_dm2
    }


def _observed(table: pa.Table | None, year: int) -> _Signals:
    found: _Signals = defaultdict(dict)
    of_year = _of_year(table, year)
    if of_year is not None:
        for parcel_id, signal, value, coverage in _rows(of_year, "parcel_id", "signal", "value", "coverage"):
            if value is not None:
                found[signal][parcel_id] = Seen(value, value, value, coverage)
    return found


def _served(table: pa.Table | None, year: int) -> _Signals:
    found: _Signals = defaultdict(dict)
    of_year = _of_year(table, year)
    if of_year is not None:
        names = ("parcel_id", "service", "quantity", "low", "high", "coverage", "applicable", "method", "unit")
        for parcel_id, service, value, low, high, coverage, meant, method, unit in _rows(of_year, *names):
            if value is not None and coverage > 0:
                # A gap in the data is no loss of nature: quantities are compared for all the ground the service is
                # meant for, scaled from what was observed of it.
                seen = min(coverage / meant, 1.0) if meant else min(coverage, 1.0)
                ends = (value if low is None else low, value if high is None else high)
                found[service][parcel_id] = Seen(value / seen, ends[0] / seen, ends[1] / seen, seen, f"{method} {unit}")
    return found


def _by_zone(found: _Signals, zone_of: Mapping[str, str]) -> dict[str, _Signals]:
    out: dict[str, _Signals] = defaultdict(lambda: defaultdict(dict))
    for name, by_parcel in found.items():
        for parcel_id, seen in by_parcel.items():
            if parcel_id in zone_of:
                out[zone_of[parcel_id]][name][parcel_id] = seen
    return out


def _extents(transition: pa.Table | None, zone_of: Mapping[str, str], year: int) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    of_year = _of_year(transition, year)
    if of_year is not None:
        for parcel_id, ecosystem, dm2 in _rows(of_year, "parcel_id", "to_ecosystem", "area_dm2"):
            out[zone_of[parcel_id]][ecosystem] += dm2
    return out


def _readings(reading: pa.Table | None, year: int) -> tuple[Reading, ...]:
    if reading is None:
        return ()
    rows = [r for r in _rows(reading, "station_id", "month", "indicator", "value") if r[1].startswith(f"{year:04d}-")]
    made, faults = [], []
    for station, month, indicator, text in sorted(rows):
        plain = text.strip().replace("＜", "<")
        try:
            made.append(Reading(station, month, indicator, float(plain.lstrip("<")), plain.startswith("<")))
        except ValueError:
            faults.append(_unreadable(station, month, indicator, text))
    raise_errors(capped(faults, "performance.reading", "reading"))
    return tuple(made)


def _of_year(table: pa.Table | None, year: int) -> pa.Table | None:
    return None if table is None else table.filter(pc.equal(table["year"], year))


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[n].to_pylist() for n in names), strict=True)


def _unzoned(parcel_id: str) -> Fault:
    return Fault(
        "performance.no_zone",
        "parcel",
        parcel_id,
        Text("地块没有分区结果。", "The parcel has no row in parcel_zone."),
        Text("先对它分区。", "Zone it first."),
    )


def _unreadable(station: str, month: str, indicator: str, text: str) -> Fault:
    return Fault(
        "performance.reading",
        "reading",
        f"{station} {month} {indicator}",
        Text("值是“{v}”。", "The value is '{v}'.").fill(v=text),
        Text(
            "写成数，或“<检出限”；没有测就删去这一行。",
            "Write a number or '<detection limit'; delete the row if nothing was measured.",
        ),
    )
