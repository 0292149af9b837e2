"""The yearly judgement: signals of every parcel, its light, the evidence and the verdict of the field check.

For the programme office, the inspector and the holder. A light is a screen, never a verdict: yellow and red send somebody
out to look, and money is held only after red *and* a check that confirms it. Grey means not observed; it never counts as
clean. A drop that parcels of the same ecosystem and zone share turns no light on.

Evidence is one line a machine and a person can read, e.g. ``reason=drop;drop=-0.21;z=-3.4;ref=-0.02;months=5;past=4;refs=210``.

References
----------
1. Area monitoring of the EU Common Agricultural Policy: conform, deviation, insufficient; two thresholds; follow-up before
   any consequence. Ground rules of the supervision sheet: a screen only opens a lead, and one
   whose input is missing reports "not run".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.monitoring.season import CellFunction, Reader, Season, read_season
from ecocomp.registry import Entry, entries
from ecocomp.rules import Parameters
from ecocomp.terms.codes import COMPLIANCE_REASONS
from ecocomp.terms.tables import COMPLIANCE, OBSERVATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage
    from ecocomp.grid.georef import Grid
    from ecocomp.monitoring.signals.ndvi_drop import Departure

REASONS = COMPLIANCE_REASONS
"""Reason codes of the evidence."""

SIGNALS = "monitoring.signals"
_DROP = "ndvi_drop"


def observe(
    *,
    layers: Mapping[int, Reader],
    grid: Grid,
    coverage: Coverage,
    parcel: pa.Table,
    parcel_zone: pa.Table,
    field_check: pa.Table,
    params: Parameters,
    year: int,
    years_available: Sequence[int],
) -> tuple[pa.Table, pa.Table]:
    """Return the `observation` and `compliance` tables of one year.

    layers           NDVI reader of each year (12 monthly bands, or 1)
    coverage         coverage matrix of the parcels, in the order of `parcel`
    field_check      checks of all years; the latest of `year` gives the verdict
    years_available  years that may serve as the past

    Parameters read: ``monitoring.*``.
    """
    if len(coverage) != len(parcel):
        raise ValueError(f"{len(parcel)} parcels, but the coverage matrix has {len(coverage)}")
    verdict, check = verdicts(parcel["parcel_id"], field_check, year)
    if year not in layers:
        return _nothing_seen(parcel, year, verdict, check)
    signals = entries(SIGNALS)
    of_cells: dict[str, CellFunction] = {i: e.module.cells for i, e in signals.items() if hasattr(e.module, "cells")}
    season = read_season(layers, grid, coverage, params, year, years_available, of_cells)
    found = signals[_DROP].module.departure(season, likes(parcel, parcel_zone), params)
    judged = np.isin(np.asarray(parcel["ecosystem"].to_pylist(), object), params.items("monitoring.vegetated_ecosystems"))
    light, reason = lights(found, season, judged, params)
    sure = confidence(season, found, light, verdict)
    lines = evidence(reason, found, season, check)
    values = {i: found.effect if i == _DROP else e.module.observe(season, params) for i, e in signals.items()}
    return _observation(parcel, year, signals, values, season.seen), _compliance(parcel, year, light, lines, sure, verdict)


def likes(parcel: pa.Table, parcel_zone: pa.Table) -> list[NDArray[np.int64]]:
    """Return the groups parcels are compared in: ecosystem and function zone, ecosystem, ecosystem group."""
    at = pc.index_in(parcel["parcel_id"], parcel_zone["parcel_id"].combine_chunks())
    zone = pc.fill_null(parcel_zone["function_zone"].take(at), "none").combine_chunks()
    ecosystem = parcel["ecosystem"].combine_chunks()
    words = (pc.binary_join_element_wise(ecosystem, zone, "/"), ecosystem, pc.utf8_slice_codeunits(ecosystem, 0, 1))
    return [np.asarray(pc.dictionary_encode(w).indices, np.int64) for w in words]


@dataclass(frozen=True)
class _Limits:
    yellow_drop: float
    red_drop: float
    yellow_z: float
    red_z: float

    @classmethod
    def of(cls, params: Parameters) -> _Limits:
        return cls(*(params.number(f"monitoring.{k}") for k in ("yellow_drop", "red_drop", "yellow_z", "red_z")))


def lights(found: Departure, season: Season, judged: NDArray[np.bool_], params: Parameters) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return light and reason of each parcel.

    Red needs a net change of at least the red drop, that many deviations, a drop of its own of at least the yellow drop,
    and references to compare with. Yellow needs the yellow limits. What is not seen is grey.

    Parameters read: ``monitoring.yellow_drop``, ``red_drop`` [NDVI], ``yellow_z``, ``red_z`` [standard deviations].
    """
    limit = _Limits.of(params)
    known = np.isfinite(found.drop)
    effect, z, drop = (np.where(known, v, 0.0) for v in (found.effect, found.z, found.drop))
    compared = np.isfinite(found.reference)
    slight = known & (effect <= -limit.yellow_drop) & (z <= -limit.yellow_z) & (drop < 0)
    strong = slight & (effect <= -limit.red_drop) & (z <= -limit.red_z) & (drop <= -limit.yellow_drop)
    shared = known & ~slight & (drop <= -limit.yellow_drop)
    cases = [
        (~judged, "grey", "not_vegetated"),
        (season.months < season.needed, "grey", "insufficient"),
        (~known, "grey", "no_history"),
        (slight & ~compared, "yellow", "no_reference"),
        (strong, "red", "drop"),
        (slight, "yellow", "slight_drop"),
        (shared, "green", "shared"),
    ]
    masks = [m for m, _, _ in cases]
    return np.select(masks, [c for _, c, _ in cases], "green"), np.select(masks, [r for _, _, r in cases], "steady")


def confidence(season: Season, found: Departure, light: NDArray[Any], verdict: Sequence[str]) -> NDArray[np.float64]:
    """Return how well the light is founded, 0 to 1; NaN for grey.

    Share of the parcel seen, times clear months over months needed (at most 1), times n/(n+1) for n past years; half of it
    for a parcel that only border cells speak for. A field check makes it 1.
    """
    months = np.minimum(1.0, found.months / max(season.needed, 1))
    out = season.seen * months * found.past / (found.past + 1.0) * np.where(season.edge, 0.5, 1.0)
    out[np.asarray(light) == "grey"] = np.nan
    out[np.asarray(verdict, object) != "none"] = 1.0
    return np.clip(out, 0.0, 1.0)


def evidence(reason: NDArray[Any], found: Departure, season: Season, check: Sequence[str]) -> list[str]:
    """Return one line per parcel: reason code and the numbers it rests on."""
    known = np.isfinite(found.drop).tolist()
    columns = (found.drop, found.z, np.nan_to_num(found.reference), found.months, found.past, found.references)
    rows = zip(*(c.tolist() for c in columns), strict=True)
    out = []
    for why, has, edge, done, months, row in zip(
        reason.tolist(), known, season.edge.tolist(), check, season.months.tolist(), rows, strict=True
    ):
        drop, z, ref, compared, past, refs = row
        text = f"reason={why}"
        if has:
            text += f";drop={drop:.3f};z={z:.1f};ref={ref:.3f};months={compared};past={past};refs={refs}"
        else:
            text += f";months={months};past={past}"
        out.append(text + (";edge=1" if edge else "") + (f";check={done}" if done else ""))
    return out


def read_evidence(line: str) -> dict[str, str]:
    """Return the parts of an evidence line by name.

    >>> read_evidence("reason=drop;drop=-0.210;z=-3.4")["z"]
    '-3.4'
    """
    return dict(part.partition("=")[::2] for part in line.split(";") if part)


def verdicts(parcel_id: pa.ChunkedArray, field_check: pa.Table, year: int) -> tuple[list[str], list[str]]:
    """Return verdict and code of the latest field check of `year` for each parcel; ``none`` and empty where there is none."""
    of_year = field_check.filter(pc.equal(pc.year(field_check["checked_on"]), year))
    rows = of_year.sort_by([("checked_on", "ascending"), ("check_id", "ascending")]).to_pylist()
    latest = {r["parcel_id"]: r for r in rows}
    found = [latest.get(p) for p in parcel_id.to_pylist()]
    return [r["verdict"] if r else "none" for r in found], [r["check_id"] if r else "" for r in found]


def _nothing_seen(parcel: pa.Table, year: int, verdict: list[str], check: list[str]) -> tuple[pa.Table, pa.Table]:
    n = len(parcel)
    unseen = np.full(n, np.nan)
    lines = ["reason=no_layer" + (f";check={c}" if c else "") for c in check]
    sure = np.where(np.asarray(verdict, object) != "none", 1.0, np.nan)
    signals = entries(SIGNALS)
    observation = _observation(parcel, year, signals, dict.fromkeys(signals, unseen), np.zeros(n))
    return observation, _compliance(parcel, year, np.full(n, "grey"), lines, sure, verdict)


def _observation(
    parcel: pa.Table, year: int, signals: Mapping[str, Entry], values: Mapping[str, NDArray[np.float64]], seen: NDArray[np.float64]
) -> pa.Table:
    n, names = len(parcel), list(signals)
    ids = parcel["parcel_id"].combine_chunks()
    columns = {
        "parcel_id": pa.concat_arrays([ids] * len(names)),
        "year": np.full(n * len(names), year),
        "signal": np.repeat(names, n),
        "value": pa.array(np.concatenate([values[s] for s in names]), from_pandas=True),
        "unit": np.repeat([signals[s].spec.unit for s in names], n),
        "coverage": np.tile(np.clip(seen, 0.0, 1.0), len(names)),
    }
    return OBSERVATION.table(dict(columns))


def _compliance(
    parcel: pa.Table, year: int, light: NDArray[Any], lines: list[str], sure: NDArray[np.float64], verdict: list[str]
) -> pa.Table:
    columns = {
        "parcel_id": parcel["parcel_id"],
        "year": np.full(len(parcel), year),
        "light": light.tolist(),
        "evidence": lines,
        "confidence": pa.array(sure, from_pandas=True),
        "verdict": verdict,
    }
    return COMPLIANCE.table(dict(columns))
