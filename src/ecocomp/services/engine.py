"""The one pass: every layer is read once per strip, all chosen services are computed on it and summed per parcel.

For the pipeline (`assess`), and for anyone who has rasters, parcels and rules. A strip is a fixed band of rows and is
computed by itself (`ecocomp.services.strip_pass`), by the threads of this machine or by the workers of a cluster
(`ecocomp.services.cluster`); what it gives is added to the totals from north to south. So the result has the same bits
whatever the number of threads or machines, and memory does not grow with the height of the raster.

A service that cannot be assessed has rows without a quantity and a note that names what is missing. A quantity is that of
the observed part of the parcel; `coverage` says how large that part is, and nothing is scaled up.

Low and high are those of the corners of the parameters; where a service is drawn (its module says ``MONOTONE = False``, or
the rules choose ``monte_carlo``) they are quantiles over draws of the sums of a parcel. A draw takes one set of
parameters for the whole place, so the cells of a parcel are fully correlated and errors do not average out within it. The
quantity is the result at the values of the parameters; where it lies outside the quantiles they are widened to hold it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid import threads as grid_threads
from ecocomp.registry import entry
from ecocomp.services.kept import kept
from ecocomp.services.parcel_sums import add_parts, rounded
from ecocomp.services.site import Plan, Site, StripReader
from ecocomp.services.strip_pass import (
    CORNERS,
    FOLDER,
    Interval,
    Run,
    Scratch,
    StripResult,
    Work,
    cell_area_ha,
    compute_strip,
    prepare_work,
)
from ecocomp.terms import tables
from ecocomp.terms.faults import Fault, UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage
    from ecocomp.grid.georef import Grid
    from ecocomp.grid.strip import Strip
    from ecocomp.rules import Parameters
    from ecocomp.services.site import Floats

PARCELS_AT_ONCE = 65_536
"""Parcels whose draws are put in order at a time."""


@dataclass(frozen=True)
class Assessment:
    """What the pass found.

    service  rows of `terms.tables.SERVICE`, for every parcel and every service asked for
    notes    warnings: what was not assessed and why, classes without coefficients, negative results
    cells    rasters asked for with `keep`, per hectare of the service's unit, NaN where not observed
    files    the same as files, where a folder was given for them
    """

    service: pa.Table
    notes: list[Fault]
    cells: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


class Totals:
    """The sums of all parcels as they grow, strip by strip from north to south."""

    def __init__(self, work: Work, parcels: int) -> None:
        self.work = work
        self._total, self._rest = np.zeros((parcels, work.columns)), np.zeros((parcels, work.columns))
        self.draws = np.zeros((parcels, work.columns_drawn))
        self.negative = [0] * len(work.runs)

    def add(self, strip: Strip, result: StripResult) -> None:
        """Add what a strip gives to the parcels it touches."""
        add_parts(self._total, self._rest, strip.parcel, result.sums, result.rests)
        if self.draws.shape[1]:
            self.draws[strip.parcel] += result.draws
        self.negative = [a + b for a, b in zip(self.negative, result.negative, strict=True)]

    def close(self) -> None:
        """Round the sums, once all strips are in."""
        for a in range(0, len(self._total), PARCELS_AT_ONCE):
            some = slice(a, a + PARCELS_AT_ONCE)
            self._total[some] = rounded(self._total[some], self._rest[some])
        self._rest = np.zeros((0, self.work.columns))

    def three(self, run: Run, product: int) -> Floats:
        """Return low, value and high of a product by corners (parcels, 3)."""
        at = run.first + CORNERS * product
        return self._total[:, at : at + CORNERS]

    def weight_ha(self, run: Run, product: int) -> Floats:
        """Return the area where a product was observed [ha] (parcels,)."""
        return self._total[:, self.work.weights + run.first // CORNERS + product]

    def area_ha(self) -> Floats:
        """Return the area on the grid [ha] (parcels,)."""
        return self._total[:, self.work.area]

    def left_out_ha(self, run: Run) -> Floats:
        """Return the area of ecosystems a service has no figures for [ha] (parcels,): ground it is not meant for."""
        return self._total[:, self.work.area + 1 + run.flagged] if run.flagged >= 0 else np.zeros(len(self._total))


def assess(
    *,
    models: Sequence[str],
    layers: Mapping[str, StripReader],
    grid: Grid,
    coverage: Coverage,
    parcel_ids: Sequence[str],
    params: Parameters,
    year: int,
    wind: pa.Table | None = None,
    keep: Iterable[str] = (),
    keep_folder: Path | None = None,
    threads: int | None = None,
    scheduler: str | None = None,
    matrix: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Assessment:
    """Assess services of all parcels for one year in one pass over the rasters.

    Parameters
    ----------
    models : ids of `services/models`
    layers : variable → reader on `grid`; float32 with NaN = nodata, uint8 with 0 = nodata for classes
    coverage : coverage matrix of the parcels on `grid`
    parcel_ids : code of each parcel, in the order of `coverage`
    params : parameters of the place and day
    wind : daily wind at stations (`terms.tables.WIND`), coordinates in the system of the grid
    keep : services whose raster is wanted, all products together
    keep_folder : where to write them as cloud-optimised GeoTIFF, ``SERVICE.tif``; without it they are held in memory
    threads : threads to use; the result does not depend on it
    scheduler : address of a dask scheduler whose workers compute the strips (`ecocomp.services.cluster`); same bits
    matrix : folder `coverage` was loaded from, so that workers read it there; without it strips are sent to them
    progress : called with (strips done, strips in all)

    Raises
    ------
    UsageError
        For an unknown service, for parcels that do not match the matrix, for a layer of another shape than the grid, for a
        scheduler that cannot be used.
    """
    _check(models, keep, coverage, parcel_ids, grid)
    site = Site(params, {name: reader.bands for name, reader in layers.items()}, grid, year, wind)
    work, notes = prepare_work(models, site)
    wanted = sorted({run.id for run in work.runs} & set(keep))
    totals = Totals(work, len(coverage))
    if scheduler:
        strips = _on_cluster(scheduler, work, layers, site, coverage, wanted, matrix)
    else:
        strips = _here(work, layers, grid, coverage, wanted, threads)
    with closing(strips), kept(wanted, grid, keep_folder) as rasters:
        for done, (strip, result) in enumerate(strips, start=1):
            if result is not None:
                totals.add(strip, result)
                rasters.put(strip, result.kept)
            if progress:
                progress(done, len(coverage.strips))
    totals.close()
    notes += [note for k, run in enumerate(work.runs) for note in (*run.plan.notes, *_negative_note(run, totals.negative[k]))]
    runs = {run.id: run for run in work.runs}
    ids = _strings(parcel_ids)
    columns = [made for id in sorted(set(models)) for made in _columns(id, runs.get(id), totals, coverage, ids, year)]
    merged = {name: _join([c[name] for c in columns]) for name in tables.SERVICE.schema().names}
    return Assessment(tables.SERVICE.table(merged), notes, rasters.cells, rasters.files)


_Strips = Generator[tuple["Strip", StripResult | None], None, None]


def _here(
    work: Work, layers: Mapping[str, StripReader], grid: Grid, coverage: Coverage, keep: Sequence[str], threads: int | None
) -> _Strips:
    """Yield every strip from north to south with what it gives; None where there is nothing to compute."""
    area_ha, scratch, computed = cell_area_ha(grid), Scratch(), _computed(work, coverage, keep)
    workers = threads or len(os.sched_getaffinity(0))
    with grid_threads.limit(threads) if threads else nullcontext(), ThreadPoolExecutor(workers) as pool:
        for strip, wanted in zip(coverage.strips, computed, strict=True):
            if wanted:
                yield strip, compute_strip(work, strip, layers, area_ha[strip.rows], keep=keep, scratch=scratch, pool=pool)
            else:
                yield strip, None


def _on_cluster(
    scheduler: str,
    work: Work,
    layers: Mapping[str, StripReader],
    site: Site,
    coverage: Coverage,
    keep: Sequence[str],
    matrix: Path | None,
) -> _Strips:
    """Yield the same from the workers of a cluster, which are sent only what the services that can be computed read."""
    from ecocomp.services.cluster import Recipe, results

    used = {name: layers[name] for name in work.layers}
    recipe = Recipe(tuple(run.id for run in work.runs), used, site, tuple(keep), matrix)
    return results(scheduler, recipe, coverage, _computed(work, coverage, keep))


def _computed(work: Work, coverage: Coverage, keep: Sequence[str]) -> list[bool]:
    """Return for each strip whether there is anything to compute."""
    return [bool(work.runs and (strip.cell.size or keep)) for strip in coverage.strips]


def _columns(
    id: str, run: Run | None, totals: Totals, coverage: Coverage, parcel_ids: pa.Array, year: int
) -> Iterator[dict[str, Any]]:
    """Yield the columns of each product of a service; one that is not run was not assessed."""
    spec, n = entry(FOLDER, id).spec, len(parcel_ids)
    if run is None:
        nothing = np.zeros((n, CORNERS))
        yield _rows_of(id, spec.unit, f"{id} v{spec.version}: not assessed", nothing, np.zeros(n), np.ones(n), parcel_ids, year)
        return
    how = f"monte_carlo({run.interval.draws})" if run.drawn else "corners"
    method = f"{id} v{spec.version}: {run.plan.method}; interval={how}"
    with np.errstate(divide="ignore", invalid="ignore"):
        # The whole parcel, what hangs over the edge of the raster included.
        whole = totals.area_ha() / (1.0 - coverage.outside_share)
        meant = np.nan_to_num(np.clip(1.0 - totals.left_out_ha(run) / whole, 0.0, 1.0), nan=1.0)
    meant = np.where(meant < _NOTHING, 0.0, np.where(meant > 1.0 - _NOTHING, 1.0, meant))
    units = {use.name: use.unit for use in spec.outputs}
    for p, product in enumerate(run.plan.products or ("",)):
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num(np.clip(totals.weight_ha(run, p) / whole, 0.0, 1.0), nan=0.0)
        name, unit = (f"{id}.{product}", units[product]) if product else (id, spec.unit)
        yield _rows_of(name, unit, method, _low_value_high(run, totals, p), share, meant, parcel_ids, year)


def _low_value_high(run: Run, totals: Totals, product: int) -> Floats:
    """Return low, value and high of a product (parcels, 3), after what the place can supply."""
    three = _limited(totals.three(run, product), _ceiling([run.plan], product))
    if not run.drawn:
        one, value, two = three.T
        return np.stack([np.minimum(np.minimum(one, two), value), value, np.maximum(np.maximum(one, two), value)], axis=1)
    value = three[:, 1]
    low, high = quantiles(_limited(totals.draws[:, run.draws_of(product)], _ceiling(run.drawn, product)), run.interval)
    return np.stack([np.fmin(low, value), value, np.fmax(high, value)], axis=1)


def quantiles(draws: Floats, interval: Interval) -> tuple[Floats, Floats]:
    """Return the lower and upper quantile of each parcel's draws (parcels, draws), linear between neighbours in order."""
    ends = np.empty((2, len(draws)))
    for a in range(0, len(draws), PARCELS_AT_ONCE):
        ordered = np.sort(draws[a : a + PARCELS_AT_ONCE], axis=1)
        for k, share in enumerate((interval.low, interval.high)):
            place = share * (draws.shape[1] - 1)
            i = min(int(place), draws.shape[1] - 2)
            ends[k, a : a + PARCELS_AT_ONCE] = ordered[:, i] + (place - i) * (ordered[:, i + 1] - ordered[:, i])
    return ends[0], ends[1]


def _ceiling(plans: Sequence[Plan], product: int) -> Floats | None:
    """Return the most of a product that the place can supply in each column, or None where nothing is said."""
    found = [plan.ceiling[product] for plan in plans if plan.ceiling is not None]
    return np.concatenate(found) if found else None


def _limited(sums: Floats, ceiling: Floats | None) -> Floats:
    """Return the sums (parcels, columns), cut back in proportion where all of them together exceed what the place can supply."""
    if ceiling is None:
        return sums
    every = np.array([math.fsum(column) for column in sums.T])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(every > ceiling, ceiling / every, 1.0)
    return np.asarray(sums * share)


def _rows_of(
    name: str,
    unit: str,
    method: str,
    three: NDArray[np.float64],
    share: NDArray[np.float64],
    meant: NDArray[np.float64],
    parcel_ids: pa.Array,
    year: int,
) -> dict[str, Any]:
    """Return the columns of the `service` table for one service or product of all parcels."""
    import pyarrow as pa

    n, empty = len(parcel_ids), share == 0.0
    return {
        "parcel_id": parcel_ids,
        "year": pa.array(np.full(n, year, np.int64)),
        "service": _same(name, n),
        "quantity": pa.array(three[:, 1], mask=empty),
        "low": pa.array(three[:, 0], mask=empty),
        "high": pa.array(three[:, 2], mask=empty),
        "unit": _same(unit, n),
        "method": _same(method, n),
        "coverage": pa.array(share),
        "applicable": pa.array(meant),
    }


_NOTHING = 1e-9  # shares within this of 0 or 1 are rounding of sums


def _strings(texts: Sequence[str]) -> pa.Array:
    import pyarrow as pa

    return pa.array(texts, pa.string())


def _same(text: str, n: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(text, pa.string()), n)


def _join(arrays: Sequence[pa.Array]) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array(arrays)


def _negative_note(run: Run, negative: int) -> Iterator[Fault]:
    if negative and run.plan.negative_meaning is not None:
        yield Fault(
            "services.negative",
            run.id,
            "",
            Text("{n} 个像元的结果为负（{w}），照实计入。", "{n} cells come out negative ({w}) and are counted as they are.").fill(
                n=negative, w=run.plan.negative_meaning
            ),
            Text(
                "核对这些像元的输入；外来水补给的地方为负是可能的。",
                "Check the inputs there; land fed by water from outside can be negative.",
            ),
            "warning",
        )


def _check(models: Sequence[str], keep: Iterable[str], coverage: Coverage, parcel_ids: Sequence[str], grid: Grid) -> None:
    for id in (*models, *keep):
        entry(FOLDER, id)
    if len(parcel_ids) != len(coverage):
        raise UsageError(
            Text(
                "地块编码有 {a} 个，覆盖矩阵有 {b} 个地块。", "There are {a} parcel codes, but {b} parcels in the coverage matrix."
            ).fill(a=len(parcel_ids), b=len(coverage))
        )
    unlike = coverage.grid.difference(grid)
    if unlike:
        raise UsageError(
            Text("覆盖矩阵与图层的栅格不一致：{d}", "The coverage matrix and the layers lie on different grids: {d}").fill(
                d=Text(" ".join(t.zh for t in unlike), " ".join(t.en for t in unlike))
            )
        )
