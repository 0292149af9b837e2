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

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecocomp.grid import threads as grid_threads
from ecocomp.registry import entry
from ecocomp.services.kept import kept
from ecocomp.services.site import Site, StripReader
from ecocomp.services.strip_pass import FOLDER, Run, Scratch, StripResult, Work, cell_area_ha, compute_strip, prepare_work
from ecocomp.services.totals import BLOCK, Block, Totals
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
    ids, order = _in_order(parcel_ids)
    totals = Totals(work, coverage.strips, len(coverage), _inverse(order))
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
    notes += [note for k, run in enumerate(work.runs) for note in (*run.plan.notes, *_negative_note(run, totals.negative[k]))]
    lines = _lines(models, work)
    table = _table(lines, totals, ids, coverage.outside_share[order], year)
    return Assessment(tables.SERVICE.table(table), notes, rasters.cells, rasters.files)


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


@dataclass(frozen=True)
class _Line:
    """What the rows of one service or product have in common; without a run it was not assessed."""

    name: str
    unit: str
    method: str
    run: Run | None = None
    product: int = 0


def _lines(models: Iterable[str], work: Work) -> list[_Line]:
    """Return what each parcel has a row of, in order of the name."""
    runs = {run.id: run for run in work.runs}
    return sorted((line for id in set(models) for line in _lines_of(id, runs.get(id))), key=lambda line: line.name.encode())


def _lines_of(id: str, run: Run | None) -> Iterator[_Line]:
    spec = entry(FOLDER, id).spec
    if run is None:
        yield _Line(id, spec.unit, f"{id} v{spec.version}: not assessed")
        return
    how = f"monte_carlo({run.interval.draws})" if run.drawn else "corners"
    method = f"{id} v{spec.version}: {run.plan.method}; interval={how}"
    units = {use.name: use.unit for use in spec.outputs}
    for p, product in enumerate(run.plan.products or ("",)):
        name, unit = (f"{id}.{product}", units[product]) if product else (id, spec.unit)
        yield _Line(name, unit, method, run, p)


def _table(lines: Sequence[_Line], totals: Totals, ids: pa.Array, outside: Floats, year: int) -> dict[str, pa.ChunkedArray]:
    """Return the columns of the `service` table in order of its key, in pieces, one for each block of parcels.

    What is the same for every parcel is stored once and shared by the pieces, for a table of a million parcels is large.
    The blocks of sums are given back as the table grows.
    """
    import pyarrow as pa

    fields = tables.SERVICE.schema()
    pieces: dict[str, list[pa.Array]] = {name: [] for name in fields.names}
    shared = _shared(lines, min(len(ids), BLOCK), year)
    for block in totals.blocks():
        n, here = block.n * len(lines), slice(block.first, block.first + block.n)
        numbers = _numbers(lines, block, outside[here])
        whose = np.repeat(np.arange(here.start, here.stop, dtype=np.int32), len(lines))
        made = {"parcel_id": ids.take(pa.array(whose)), **{k: v.slice(0, n) for k, v in shared.items()}, **numbers}
        for name in pieces:
            pieces[name].append(made[name])
    return {field.name: pa.chunked_array(pieces[field.name], field.type) for field in fields}


def _shared(lines: Sequence[_Line], parcels: int, year: int) -> dict[str, pa.Array]:
    """Return the columns that repeat from parcel to parcel."""
    import pyarrow as pa

    which = pa.array(np.tile(np.arange(len(lines), dtype=np.int32), parcels))
    texts = {"service": [x.name for x in lines], "unit": [x.unit for x in lines], "method": [x.method for x in lines]}
    out = {name: pa.array(words, pa.string()).take(which) for name, words in texts.items()}
    return {**out, "year": pa.array(np.full(len(which), year, np.int64))}


def _numbers(lines: Sequence[_Line], block: Block, outside: Floats) -> dict[str, pa.Array]:
    """Return the columns of numbers of a block of parcels: all lines of the first parcel, then of the next."""
    import pyarrow as pa

    names = ("low", "quantity", "high", "coverage", "applicable")
    out = np.zeros((len(names), block.n, len(lines)))
    out[4] = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        # The whole parcel, what hangs over the edge of the raster included.
        whole = block.area_ha() / (1.0 - outside)
        for k, line in enumerate(lines):
            if line.run is not None:
                out[:3, :, k] = block.low_value_high(line.run, line.product).T
                out[3, :, k] = np.nan_to_num(np.clip(block.weight_ha(line.run, line.product) / whole, 0.0, 1.0), nan=0.0)
                meant = np.nan_to_num(np.clip(1.0 - block.left_out_ha(line.run) / whole, 0.0, 1.0), nan=1.0)
                out[4, :, k] = np.where(meant < _NOTHING, 0.0, np.where(meant > 1.0 - _NOTHING, 1.0, meant))
    rows = dict(zip(names, out.reshape(len(names), -1), strict=True))
    empty = rows["coverage"] == 0.0
    return {name: pa.array(rows[name], mask=empty if name in names[:3] else None) for name in names}


_NOTHING = 1e-9  # shares within this of 0 or 1 are rounding of sums


def _in_order(parcel_ids: Sequence[str]) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the codes in the order of the table, and which parcel each is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = pa.array(parcel_ids, pa.string())
    order = pc.sort_indices(ids)
    return ids.take(order), order.to_numpy().astype(np.int64)


def _inverse(order: NDArray[np.int64]) -> NDArray[np.int64]:
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return place


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
