"""The one pass: every layer is read once per strip, all chosen services are computed on it and summed per parcel.

For the pipeline (`assess`), and for anyone who has rasters, parcels and rules. A strip is a fixed band of rows. Threads
share it by rows and every cell is written by one of them; sums per parcel run over the cells in a fixed order. So the
result has the same bits whatever the number of threads, and memory does not grow with the height of the raster.

A service that cannot be assessed has rows without a quantity and a note that names what is missing. A quantity is that of
the observed part of the parcel; `coverage` says how large that part is, and nothing is scaled up.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.registry import Entry, entry
from ecocomp.services.site import IN_PARCEL, NotAssessed, Plan, Site, StripData, StripReader, missing_rules
from ecocomp.terms import tables
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage
    from ecocomp.grid.georef import Grid
    from ecocomp.grid.strip import Strip
    from ecocomp.rules import Parameters

FOLDER = "services.models"
BLOCK_ROWS = 8
"""Rows one thread takes at a time."""
CORNERS = 3
M2_PER_HA = 10_000.0


@dataclass(frozen=True)
class Assessment:
    """What the pass found.

    service  rows of `terms.tables.SERVICE`, for every parcel and every service asked for
    notes    warnings: what was not assessed and why, classes without coefficients, negative results
    cells    rasters asked for with `keep`, per hectare of the service's unit, NaN where not observed
    """

    service: pa.Table
    notes: list[Fault]
    cells: dict[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass
class _Run:
    """A service that is being computed: its plan, the first of its rows in the values of a strip, and what was counted."""

    entry: Entry
    plan: Plan
    first: int = 0
    negative: int = 0

    @property
    def rows(self) -> slice:
        """The rows of the values that are this service's: product by product, low, value and high of each."""
        return slice(self.first, self.first + CORNERS * max(len(self.plan.products), 1))


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
    threads: int | None = None,
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
    keep : services whose raster is wanted
    threads : threads to use; the result does not depend on it
    progress : called with (strips done, strips in all)

    Raises
    ------
    UsageError
        For an unknown service, for parcels that do not match the matrix, for a layer of another shape than the grid.
    """
    _check(models, keep, coverage, parcel_ids, grid)
    site = Site(params, {name: reader.bands for name, reader in layers.items()}, grid, year, wind)
    runs, notes = _prepare(models, site)
    wanted = {r.entry.spec.id for r in runs} & set(keep)
    cells = {id: np.full(grid.shape, np.nan, np.float32) for id in sorted(wanted)}
    sums, weights, left_out = _stream(runs, layers, grid, coverage, cells, threads, progress)
    notes += [note for run in runs for note in (*run.plan.notes, *_negative_note(run))]
    whole = _whole_area_ha(coverage, grid)
    places = {run.entry.spec.id: k for k, run in enumerate(runs)}
    columns = [
        made
        for id in sorted(set(models))
        for made in _columns(id, places.get(id), runs, sums, weights, left_out, whole, parcel_ids, year)
    ]
    merged = {name: _join([c[name] for c in columns]) for name in tables.SERVICE.schema().names}
    return Assessment(tables.SERVICE.table(merged), notes, cells)


def _prepare(models: Sequence[str], site: Site) -> tuple[list[_Run], list[Fault]]:
    """Return the services that can be computed, in order of id, and the notes of those that cannot."""
    runs: list[_Run] = []
    notes: list[Fault] = []
    for id in sorted(set(models)):
        found = entry(FOLDER, id)
        try:
            runs.append(_Run(found, found.module.prepare(site), runs[-1].rows.stop if runs else 0))
        except NotAssessed as reason:
            notes += reason.notes
        except FaultsError as error:
            notes += missing_rules(id, error).notes
    return runs, notes


def _stream(
    runs: list[_Run],
    layers: Mapping[str, StripReader],
    grid: Grid,
    coverage: Coverage,
    cells: dict[str, NDArray[np.float32]],
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return sums and weights [ha] (parcels, 3 · services), reading each layer once.

    The third array is the area [ha] of the ecosystems each method has no figures for (parcels, services): ground the
    service is not meant for, which is not the same as ground that was not seen.
    """
    from ecocomp.grid.georef import cell_area_m2_by_row
    from ecocomp.grid.strip import reduce_classes, reduce_sums

    shape = len(coverage), runs[-1].rows.stop if runs else 0
    sums, weights = np.zeros(shape), np.zeros(shape)
    if not runs:
        return sums, weights, np.zeros((len(coverage), 0))
    codes = [codes_left_out(run.plan) for run in runs]
    every = sorted(set().union(*codes))
    column = np.zeros(256, np.uint8)
    column[every] = np.arange(1, len(every) + 1)
    classes = np.zeros((len(coverage), len(every) + 1))
    area_ha = cell_area_m2_by_row(grid) / M2_PER_HA
    names = sorted({name for run in runs for name in run.plan.layers})
    buffer = np.empty((shape[1], max(s.cells for s in coverage.strips)), np.float32)
    workers = threads or len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as pool:
        for k, strip in enumerate(coverage.strips):
            if strip.cell.size or cells:
                values = buffer.reshape(-1)[: shape[1] * strip.cells].reshape(shape[1], strip.cells)
                data = _read(strip, layers, names, bool(cells))
                _compute(runs, data, values, pool)
                reduce_sums(strip, values, sums, weights, area_ha[strip.rows])
                if every:
                    reduce_classes(strip, column[data.layer("land_cover")[0]], classes, area_ha[strip.rows])
                _keep(runs, cells, strip, values)
            if progress:
                progress(k + 1, len(coverage.strips))
    left_out = np.stack([classes[:, [column[c] for c in sorted(found)]].sum(axis=1) for found in codes], axis=1)
    return sums, weights, left_out


def codes_left_out(plan: Plan) -> set[int]:
    """Return the ecosystem codes a plan says it has no figures for."""
    return {int(code) for note in plan.notes if note.code == "services.class_not_assessed" for code in note.record.split()}


def _read(strip: Strip, layers: Mapping[str, StripReader], names: Sequence[str], everywhere: bool) -> StripData:
    """Read the layers of one strip, each once, and mark the cells that matter."""
    from ecocomp.grid.strip import frozen

    rows = strip.stop - strip.start
    found = {}
    for name in names:
        array = np.asarray(layers[name].read(strip.start, strip.stop))
        kind = np.uint8 if name in CLASS_LAYERS else np.float32
        if array.shape != (layers[name].bands, rows, strip.width):
            raise UsageError(
                Text("图层 {l} 的条带为 {s}，栅格要求 {w}。", "Layer {l} gives a strip of {s}; the grid needs {w}.").fill(
                    l=name, s=array.shape, w=(layers[name].bands, rows, strip.width)
                )
            )
        found[name] = frozen(array.astype(kind, copy=False).reshape(array.shape[0], -1))
    covered = np.ones(strip.cells, np.uint8) if everywhere else np.zeros(strip.cells, np.uint8)
    covered[strip.cell] = IN_PARCEL
    return StripData(strip.start, rows, strip.width, found, frozen(covered))


def _compute(runs: list[_Run], data: StripData, values: NDArray[np.float32], pool: ThreadPoolExecutor) -> None:
    """Fill values (3 · services, cells) of a strip; a block of rows stays in cache while every service passes over it."""

    def block(first: int) -> list[int]:
        last = min(first + BLOCK_ROWS, data.rows)
        return [run.plan.fill(data, first, last, values[run.rows]) for run in runs]

    for counts in pool.map(block, range(0, data.rows, BLOCK_ROWS)):
        for run, negative in zip(runs, counts, strict=True):
            run.negative += negative


def _keep(runs: list[_Run], cells: dict[str, NDArray[np.float32]], strip: Strip, values: NDArray[np.float32]) -> None:
    for run in runs:
        if run.entry.spec.id in cells:
            whole = values[run.rows][1::CORNERS].sum(axis=0)
            cells[run.entry.spec.id][strip.rows] = whole.reshape(-1, strip.width)


def _whole_area_ha(coverage: Coverage, grid: Grid) -> NDArray[np.float64]:
    """Return the area of each parcel by the cells it covers [ha], what hangs over the edge of the raster included."""
    from ecocomp.grid.georef import cell_area_m2_by_row

    inside = coverage.weights(cell_area_m2_by_row(grid)) / M2_PER_HA
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(inside / (1.0 - coverage.outside_share))


def _columns(
    id: str,
    place: int | None,
    runs: list[_Run],
    sums: NDArray[np.float64],
    weights: NDArray[np.float64],
    left_out: NDArray[np.float64],
    whole: NDArray[np.float64],
    parcel_ids: Sequence[str],
    year: int,
) -> Iterator[dict[str, Any]]:
    """Yield the columns of each product of a service; without a place in `runs` it was not assessed."""
    spec, n = entry(FOLDER, id).spec, len(parcel_ids)
    if place is None:
        nothing = np.zeros((n, CORNERS))
        yield _rows_of(id, spec.unit, f"{id} v{spec.version}: not assessed", nothing, np.zeros(n), np.ones(n), parcel_ids, year)
        return
    plan, first = runs[place].plan, runs[place].first
    method = f"{id} v{spec.version}: {plan.method}"
    with np.errstate(divide="ignore", invalid="ignore"):
        meant = np.nan_to_num(np.clip(1.0 - left_out[:, place] / whole, 0.0, 1.0), nan=1.0)
    meant = np.where(meant < _NOTHING, 0.0, np.where(meant > 1.0 - _NOTHING, 1.0, meant))
    units = {use.name: use.unit for use in spec.outputs}
    for p, product in enumerate(plan.products or ("",)):
        at = first + CORNERS * p
        three = _limited(sums[:, at : at + CORNERS], plan.ceiling[p] if plan.ceiling is not None else None)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num(np.clip(weights[:, at + 1] / whole, 0.0, 1.0), nan=0.0)
        name, unit = (f"{id}.{product}", units[product]) if product else (id, spec.unit)
        yield _rows_of(name, unit, method, three, share, meant, parcel_ids, year)


def _limited(three: NDArray[np.float64], ceiling: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return the sums, cut back in proportion where all of them together exceed what the place can supply."""
    if ceiling is None:
        return three
    every = np.array([math.fsum(column) for column in three.T])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(every > ceiling, ceiling / every, 1.0)
    return three * share


def _rows_of(
    name: str,
    unit: str,
    method: str,
    three: NDArray[np.float64],
    share: NDArray[np.float64],
    meant: NDArray[np.float64],
    parcel_ids: Sequence[str],
    year: int,
) -> dict[str, Any]:
    """Return the columns of the `service` table for one service or product of all parcels."""
    import pyarrow as pa

    n, empty = len(parcel_ids), share == 0.0
    return {
        "parcel_id": pa.array(parcel_ids, pa.string()),
        "year": pa.array(np.full(n, year, np.int64)),
        "service": _same(name, n),
        "quantity": pa.array(three[:, 1], mask=empty),
        "low": pa.array(three.min(axis=1), mask=empty),
        "high": pa.array(three.max(axis=1), mask=empty),
        "unit": _same(unit, n),
        "method": _same(method, n),
        "coverage": pa.array(share),
        "applicable": pa.array(meant),
    }


_NOTHING = 1e-9  # shares within this of 0 or 1 are rounding of sums


def _same(text: str, n: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(text, pa.string()), n)


def _join(arrays: Sequence[pa.Array]) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array(arrays)


def _negative_note(run: _Run) -> Iterator[Fault]:
    if run.negative and run.plan.negative_meaning is not None:
        yield Fault(
            "services.negative",
            run.entry.spec.id,
            "",
            Text("{n} 个像元的结果为负（{w}），照实计入。", "{n} cells come out negative ({w}) and are counted as they are.").fill(
                n=run.negative, w=run.plan.negative_meaning
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
