"""The coverage matrix: which share of each raster cell every parcel covers, exactly.

For every figure per parcel in the system. The matrix is built once for an edition of the parcels and a grid; then any
layer and year is one pass over it. Slivers far smaller than a cell, holes, parts and parcels that hang over the edge of
the raster are all counted by area; nothing is decided by cell centres.

The matrix is cut into strips of rows (`ecocomp.grid.strip`), is stored as a folder of NumPy files that are mapped into
memory rather than read (`ecocomp.grid.store`), and never depends, to the bit, on threads, batches or strips.

References
----------
1. D. Baston, exactextract, for the definition of coverage fractions and of weighted zonal statistics.
   https://github.com/isciences/exactextract (used in the tests as an independent check)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import STRIP_ROWS, Grid
from ecocomp.grid.strip import (
    NOT_COUNTED,
    Strip,
    frozen,
    reduce_classes,
    reduce_joint,
    reduce_range,
    reduce_sums,
    reduce_weights,
)
from ecocomp.grid.threads import spread
from ecocomp.terms.faults import Fault, UsageError, capped, raise_errors
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Reader = Callable[[int, int], NDArray[Any]]
    Progress = Callable[[int, int], None]

CODE_VERSION = "coverage-2"
"""Changes whenever the numbers of a stored matrix or its strips would; part of its key in the cache."""

NOISE_CELLS = 1e-9
"""Coverage below this is taken for rounding noise, unless the parcel itself is thinner than that."""

SPECK_CELLS = 1e-9
"""A parcel smaller than this is booked whole in the one cell where its middle lies."""

LEAST_COVERAGE = 1e-30
"""Coverage given to a parcel without area (collapsed to a line or point), so that it still has a mean."""

BATCH_CELLS = 4_000_000
"""Cells of the boxes that are worked on at once: 32 MB of scratch, in this many chunks for the threads to share."""
CHUNKS = 64

STRIP_CELLS = 1 << 21
LEAST_ROWS = 16
"""A strip holds at most about so many cells, but no fewer rows: what is computed on it takes the same room on any raster."""

HUGE_BYTES = 1 << 22
"""NumPy asks the system for large pages from this size on."""

_POLYGON, _MULTIPOLYGON = 3, 6


@dataclass(frozen=True, eq=False)
class Coverage:
    """Exact coverage of the cells of `grid` by parcels.

    strips        from north to south, each with the parcels and cells of its rows
    area_cells    area of each parcel in cells of the grid, whether on the grid or not (parcels,)
    inside_cells  covered cells on the grid (parcels,); 1 − inside/area is the share outside the raster
    """

    grid: Grid
    strips: Sequence[Strip]
    area_cells: Floats
    inside_cells: Floats

    def __len__(self) -> int:
        return self.area_cells.size

    def strip(self, k: int) -> Strip:
        """Return strip `k`."""
        return self.strips[k]

    @property
    def entries(self) -> int:
        """Number of (parcel, cell) pairs."""
        return sum(s.cell.size for s in self.strips)

    @property
    def outside_share(self) -> Floats:
        """Share of each parcel that lies outside the raster, 0 to 1; NaN for a parcel without area."""
        area = np.where(self.area_cells > 0, self.area_cells, np.nan)
        return np.asarray(np.clip(1.0 - self.inside_cells / area, 0.0, 1.0))

    def weights(self, row_weight: Floats | None = None) -> Floats:
        """Return the weight of each parcel on the grid: covered cells, or m2 with `cell_area_m2_by_row(grid)`."""
        if row_weight is None:
            return self.inside_cells.copy()
        out = np.zeros(len(self))
        for strip in self.strips:
            reduce_weights(strip, out, row_weight[strip.rows])
        return out

    def save(self, path: Path | str) -> None:
        """Write the matrix as a folder, all of it or nothing; an older one at `path` is replaced."""
        from ecocomp.grid import store

        store.write(Path(path), self.grid, self.strips, self.area_cells)

    @classmethod
    def load(cls, path: Path | str, *, verify: bool = True) -> Coverage:
        """Map a stored matrix into memory.

        Raises `FaultsError` where a file is missing, cut short or altered (checksums are compared unless `verify` is False).
        """
        from ecocomp.grid import store

        return cls(*store.read(Path(path), verify=verify))


def strip_rows(grid: Grid) -> int:
    """Return the rows of a strip: a power of two from `LEAST_ROWS` to 256, by the width of the grid and nothing else."""
    rows = STRIP_ROWS
    while rows > LEAST_ROWS and rows * grid.width > STRIP_CELLS:
        rows //= 2
    return rows


def build_coverage(
    geometries: Sequence[Any] | NDArray[Any], grid: Grid, progress: Progress | None = None, *, rows: int | None = None
) -> Coverage:
    """Compute the coverage matrix of parcels on a grid.

    Parameters
    ----------
    geometries : shapely Polygon or MultiPolygon (parcels,)
        In the reference system of the grid, x = easting or longitude. Missing or empty ones get no cells. Valid geometry
        is assumed; parts that overlap count twice.
    progress : called with (strips done, strips in all), optional
    rows : rows of a strip; without it `strip_rows` of the grid

    Raises
    ------
    FaultsError
        For geometry that is no polygon or has coordinates that are no numbers; every such record is named.
    """
    outline = outlines(geometries, grid)
    inside = np.zeros(outline.area_cells.size)
    strips = list(cover(outline, grid, progress, rows=rows, inside=inside))
    return Coverage(grid, strips, outline.area_cells, inside)


def cached_coverage(
    cache_dir: Path | str,
    edition_fingerprint: str,
    geometries: Sequence[Any] | NDArray[Any],
    grid: Grid,
    progress: Progress | None = None,
) -> Coverage:
    """Return the stored matrix of this edition, grid and code version; build and store it where there is none or it is damaged.

    The strips go to disk as they are made, so memory does not grow with the raster. Two runs that build the same matrix at
    once do not disturb each other.
    """
    from ecocomp.grid import store

    path = Path(cache_dir) / store.key(edition_fingerprint, grid.fingerprint(), CODE_VERSION)
    found = store.try_read(path)
    if found is None or found[2].size != len(geometries):
        outline = outlines(geometries, grid)
        store.write(path, grid, cover(outline, grid, progress), outline.area_cells)
        found = store.read(path, verify=False)
    return Coverage(*found)


@dataclass(frozen=True)
class Outlines:
    """Rings of all parcels in pixel coordinates, ready for the walk.

    x, y         vertices; ring j is x[ring_ptr[j]:ring_ptr[j + 1]], parcel p has rings parcel_ptr[p]:parcel_ptr[p + 1]
    sign         +1 or −1, turns the ring the standard way
    y_range      first and last row of each ring (rings, 2)
    box          first and last column, first and last row on the grid, ends excluded (parcels, 4); empty off the grid
    area_cells   area of each parcel [cells]
    tolerance    coverage up to this is noise (parcels,)
    speck        cell (row · width + column) of parcels too small to walk, else −1 (parcels,)
    """

    x: Floats
    y: Floats
    ring_ptr: NDArray[np.int64]
    parcel_ptr: NDArray[np.int64]
    sign: Floats
    y_range: Floats
    box: NDArray[np.int64]
    area_cells: Floats
    tolerance: Floats
    speck: NDArray[np.int64]


def outlines(geometries: Sequence[Any] | NDArray[Any], grid: Grid) -> Outlines:
    """Bring parcels into pixel coordinates of the grid; the rings turn the standard way whatever the file says."""
    from ecocomp.grid._cover import ring_frames

    xy, ring_ptr, shell, parcel_ptr = _rings(geometries)
    x, y = (frozen(v) for v in grid.to_pixels(xy[:, 0], xy[:, 1]))
    rings = ring_ptr.size - 1
    sign, y_range, area = np.empty(rings), np.empty((rings, 2)), np.empty(rings)
    ring_frames(x, y, frozen(ring_ptr), frozen(shell), sign, y_range, area)
    area_cells = np.maximum(_sums(area, parcel_ptr), 0.0)
    bounds = _bounds(x, y_range, ring_ptr, parcel_ptr)
    box = _boxes(bounds, grid)
    thin = 1e-3 * area_cells / np.maximum(1, (box[:, 1] - box[:, 0]) + (box[:, 3] - box[:, 2]))
    tolerance = np.clip(thin, 1e-15, NOISE_CELLS)
    speck = _speck_cells(bounds, box, area_cells, grid)
    box[speck >= 0] = 0
    arrays = (x, y, ring_ptr, parcel_ptr, sign, y_range, box, area_cells, tolerance, speck)
    return Outlines(*(frozen(v) for v in arrays))


def cover(
    outline: Outlines, grid: Grid, progress: Progress | None = None, *, rows: int | None = None, inside: Floats | None = None
) -> Iterator[Strip]:
    """Yield the strips of the matrix from north to south, holding one at a time.

    `inside` (parcels,) grows by the covered cells of each strip: the bits are those of `reduce_weights` over the strips,
    without a second pass.
    """
    strips, scratch = grid.strips(rows or strip_rows(grid)), _Scratch()
    inside = np.zeros(outline.area_cells.size) if inside is None else inside
    for k, (start, stop) in enumerate(strips):
        yield _strip(outline, grid, start, stop, scratch, inside)
        if progress is not None:
            progress(k + 1, len(strips))


@dataclass(frozen=True, eq=False)
class Zonal:
    """What a parcel holds of each layer; all arrays are (parcels, layers), NaN where nothing was observed.

    mean      weighted mean of the observed cells
    total     sum of value · weight over the observed cells
    observed  share of the parcel's weight *on the grid* that carries a value, 0 to 1
    least     smallest value of the cells touched
    greatest  largest value of the cells touched
    """

    mean: Floats
    total: Floats
    observed: Floats
    least: Floats
    greatest: Floats


def zonal(coverage: Coverage, layers: Sequence[NDArray[Any]] | NDArray[Any] | Reader, row_weight: Floats | None = None) -> Zonal:
    """Return mean, total, share observed, least and greatest value of whole rasters per parcel.

    Parameters
    ----------
    layers : arrays (rows, columns), one array (layers, rows, columns), or a reader
        A reader is called with (first row, row after the last) and returns (layers, rows, columns); NaN is nodata.
    row_weight : float64 (rows of the grid,), optional
        Weight of a cell per row; `cell_area_m2_by_row(grid)` makes `total` a quantity for values per m2.
    """
    read = layers if callable(layers) else _reader(layers, coverage.grid)
    sums: list[Floats] = []
    for strip in coverage.strips:
        values = read(strip.start, strip.stop)
        values = values.reshape(-1, strip.cells)
        sums = sums or _empty_totals(len(coverage), values.shape[0])
        reduce_sums(strip, values, sums[0], sums[1], None if row_weight is None else row_weight[strip.rows])
        reduce_range(strip, values, sums[2], sums[3])
    total, weight, least, greatest = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, observed = total / weight, weight / coverage.weights(row_weight)[:, None]
    return Zonal(mean, np.where(weight > 0, total, np.nan), observed, least, greatest)


def decimation(grid: Grid, max_px: int) -> int:
    """Return the step that brings the longer side of the grid down to at most `max_px` pixels."""
    return max(1, -(-max(grid.width, grid.height) // max_px))


def dominant_parcel(coverage: Coverage, grid: Grid, max_px: int = 2000) -> NDArray[np.int32]:
    """Return a raster of the parcel that covers most of each cell, −1 where there is none: for drawing maps.

    Where the grid is larger than `max_px` on a side, every step-th cell is taken (`decimation`), at the middle of the
    step; the frame of the picture is `grid.decimated(step)`. Parcels smaller than a step may be missing from it.
    """
    from ecocomp.grid._reduce import take_largest

    if grid != coverage.grid:
        raise UsageError(Text("覆盖矩阵属于另一栅格。", "The coverage matrix belongs to another grid.").fill())
    step = decimation(grid, max_px)
    rows, columns = (_middles(n, step) for n in grid.shape)
    picture = np.full((rows.size, columns.size), -1, np.int32)
    for strip in coverage.strips:
        here = (rows >= strip.start) & (rows < strip.stop)
        if not here.any():
            continue
        best, winner = np.zeros(strip.cells, np.float32), np.full(strip.cells, -1, np.int32)
        take_largest(strip.parcel, strip.ptr, strip.cell, strip.coverage, best, winner)
        picture[here] = winner.reshape(-1, strip.width)[np.ix_(rows[here] - strip.start, columns)]
    return picture


def _middles(n: int, step: int) -> NDArray[np.int64]:
    starts = np.arange(0, n, step)
    return (starts + np.minimum(starts + step, n)) // 2


def _rings(geometries: Sequence[Any] | NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Vertices (n, 2), ring offsets, whether a ring is a shell, ring offsets of each parcel.

    Most parcels are one ring; only those with holes or parts are taken apart, which is the slow step.
    """
    import shapely

    geoms = np.asarray(geometries, dtype=object)
    kinds = shapely.get_type_id(geoms)
    raise_errors(_kind_faults(kinds))
    vertices = shapely.get_num_coordinates(geoms).astype(np.int64)
    plain = (kinds == _POLYGON) & (shapely.get_num_interior_rings(geoms) == 0) & (vertices > 0)
    rest = np.flatnonzero(~plain & (vertices > 0))
    parts, of_geometry = shapely.get_parts(geoms[rest], return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    counts = plain.astype(np.int64)
    counts[rest] = np.bincount(of_geometry[of_part], minlength=rest.size)
    taken_apart = np.repeat(~plain, counts)
    lengths, shell = np.zeros(taken_apart.size, np.int64), np.ones(taken_apart.size, np.bool_)
    lengths[~taken_apart], lengths[taken_apart] = vertices[plain], shapely.get_num_coordinates(rings)
    shell[taken_apart] = np.diff(of_part, prepend=-1) > 0
    xy = shapely.get_coordinates(geoms)
    ring_ptr, parcel_ptr = _offsets(lengths), _offsets(counts)
    raise_errors(_number_faults(xy, ring_ptr[parcel_ptr]))
    return xy, ring_ptr, shell, parcel_ptr


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def _kind_faults(kinds: NDArray[np.int32]) -> list[Fault]:
    wrong = np.flatnonzero(~np.isin(kinds, (-1, _POLYGON, _MULTIPOLYGON)))
    return capped([_no_polygon(int(i)) for i in wrong], "grid.geometry_kind", "geometry")


def _no_polygon(record: int) -> Fault:
    clash = Text("地块 {i} 的图形不是面。", "The geometry of parcel {i} is no polygon.").fill(i=record)
    remedy = Text("只保留面（Polygon 或 MultiPolygon）。", "Keep polygons and multipolygons only.")
    return Fault("grid.geometry_kind", "geometry", str(record), clash, remedy)


def _number_faults(xy: Floats, vertex_ptr: NDArray[np.int64]) -> list[Fault]:
    finite = np.isfinite(xy)
    if finite.all():  # axis by axis only where there is something to name, which is the slower way by far
        return []
    wrong = np.flatnonzero(~finite.all(axis=1))
    records = np.unique(np.searchsorted(vertex_ptr, wrong, side="right") - 1)
    return capped([_no_number(int(i)) for i in records], "grid.coordinate", "geometry")


def _no_number(record: int) -> Fault:
    clash = Text("地块 {i} 有非数值坐标。", "Parcel {i} has a coordinate that is no number.").fill(i=record)
    remedy = Text("修复该图形后重试。", "Mend the geometry and try again.")
    return Fault("grid.coordinate", "geometry", str(record), clash, remedy)


def _sums(values: Floats, ptr: NDArray[np.int64]) -> Floats:
    """Sum of values[ptr[p]:ptr[p + 1]], 0 for an empty run; each run is added on its own, so neighbours cannot matter."""
    out = np.zeros(ptr.size - 1)
    some = np.diff(ptr) > 0
    if some.any():
        out[some] = np.add.reduceat(values, ptr[:-1][some])
    return out


def _bounds(x: Floats, y_range: Floats, ring_ptr: NDArray[np.int64], parcel_ptr: NDArray[np.int64]) -> Floats:
    """Columns and rows from and to of each parcel (parcels, 4), NaN for one without rings."""
    out = np.full((parcel_ptr.size - 1, 4), np.nan)
    some = np.diff(parcel_ptr) > 0
    if some.any():
        first = parcel_ptr[:-1][some]
        for column, (ufunc, values, starts) in enumerate(
            (
                (np.minimum, x, ring_ptr[first]),
                (np.maximum, x, ring_ptr[first]),
                (np.minimum, y_range[:, 0], first),
                (np.maximum, y_range[:, 1], first),
            )
        ):
            out[some, column] = ufunc.reduceat(values, starts)
    return out


def _boxes(bounds: Floats, grid: Grid) -> NDArray[np.int64]:
    """Whole cells of each parcel on the grid; all 0 where it lies off the grid."""
    limit = np.array([grid.width, grid.width, grid.height, grid.height], np.float64)
    low = np.clip(np.floor(bounds[:, [0, 0, 2, 2]]), 0.0, limit)
    high = np.clip(np.ceil(bounds[:, [1, 1, 3, 3]]), 0.0, limit)
    box = np.stack([low[:, 0], high[:, 0], low[:, 2], high[:, 2]], axis=1)
    off = ~((box[:, 1] > box[:, 0]) & (box[:, 3] > box[:, 2]))
    box[off] = 0.0
    return box.astype(np.int64)


def _speck_cells(bounds: Floats, box: NDArray[np.int64], area_cells: Floats, grid: Grid) -> NDArray[np.int64]:
    """Cell of each parcel too small to walk, −1 for the others and for those off the grid."""
    with np.errstate(invalid="ignore"):
        touches = (bounds[:, 0] <= grid.width) & (bounds[:, 1] >= 0) & (bounds[:, 2] <= grid.height) & (bounds[:, 3] >= 0)
    speck = touches & (area_cells < SPECK_CELLS)
    out = np.full(area_cells.size, -1, np.int64)
    column = np.clip(np.floor(bounds[speck, :2].mean(axis=1)), 0, grid.width - 1).astype(np.int64)
    row = np.clip(np.floor(bounds[speck, 2:].mean(axis=1)), 0, grid.height - 1).astype(np.int64)
    out[speck] = row * grid.width + column
    return out


class _Scratch:
    """Room for the cells of one batch, kept from batch to batch because fresh memory costs more than the walk."""

    def __init__(self) -> None:
        self.cell, self.coverage = np.empty(0, np.int32), np.empty(0, np.float32)

    def room(self, cells: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        if self.cell.size < cells:
            self.cell, self.coverage = np.empty(cells, np.int32), np.empty(cells, np.float32)
        return self.cell, self.coverage


def _strip(outline: Outlines, grid: Grid, start: int, stop: int, scratch: _Scratch, inside: Floats) -> Strip:
    """Cover the parcels on rows start..stop-1."""
    on = np.flatnonzero((outline.box[:, 2] < stop) & (outline.box[:, 3] > start))
    rows = np.minimum(outline.box[on, 3], stop) - np.maximum(outline.box[on, 2], start)
    room = rows * (outline.box[on, 1] - outline.box[on, 0])
    pieces = [_batch(outline, grid, start, stop, on[a:b], room[a:b], scratch, inside) for a, b in _batches(room)]
    count = _joined([p[0] for p in pieces], np.int64)
    cell, coverage = _joined([p[1] for p in pieces], np.int32), _joined([p[2] for p in pieces], np.float32)
    parcel, count, cell, coverage = _with_specks(outline, grid, start, stop, on.astype(np.int32), count, cell, coverage, inside)
    parcel, count = parcel[count > 0], count[count > 0]
    return Strip(start, stop, grid.width, parcel, _offsets(count), cell, coverage)


def _joined(pieces: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype)


def _batches(room: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Cut the parcels of a strip into runs whose boxes hold a bounded number of cells together."""
    ends = np.cumsum(room)
    cuts = [0]
    while cuts[-1] < room.size:
        before = ends[cuts[-1] - 1] if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(ends, before + BATCH_CELLS, side="right"))))
    return list(pairwise(cuts))


def _batch(
    outline: Outlines,
    grid: Grid,
    start: int,
    stop: int,
    parcels: NDArray[np.int64],
    room: NDArray[np.int64],
    scratch: _Scratch,
    inside: Floats,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Return the number of cells of each parcel, their places and their shares."""
    from ecocomp.grid._cover import cover_batch

    ends = _offsets(room)
    chunks = np.unique(np.searchsorted(ends, np.linspace(0, ends[-1], CHUNKS + 1).astype(np.int64)))
    chunks[-1] = parcels.size
    first, end, count = ends[chunks[:-1]], np.zeros(chunks.size - 1, np.int64), np.zeros(parcels.size, np.int64)
    cell, coverage = scratch.room(int(ends[-1]))
    args = (
        outline.x, outline.y, outline.ring_ptr, outline.sign, outline.y_range, outline.parcel_ptr, outline.box,
        outline.tolerance, frozen(parcels), frozen(chunks), frozen(first), start, stop, grid.width, cell, coverage, count,
        inside, end,
    )  # fmt: skip
    spread(lambda a, b: cover_batch(a, b, *args), chunks.size - 1, int(ends[-1]))
    spans = [slice(a, b) for a, b in zip(first, end, strict=True)]
    cells = int(count.sum())
    np.concatenate([cell[s] for s in spans], out=(places := _fresh(cells, np.int32)))
    np.concatenate([coverage[s] for s in spans], out=(shares := _fresh(cells, np.float32)))
    return count, places, shares


def _fresh(n: int, dtype: type) -> NDArray[Any]:
    """Return an empty array, cut from one of `HUGE_BYTES` where it is nearly as large: then it comes in large pages.

    Small pages are handed out one by one at first touch, which costs more than the walk; what is never touched costs nothing.
    """
    large = HUGE_BYTES // np.dtype(dtype).itemsize
    return np.empty(max(n, large) if n > large // 2 else n, dtype)[:n]


def _with_specks(
    outline: Outlines,
    grid: Grid,
    start: int,
    stop: int,
    parcel: NDArray[np.int32],
    count: NDArray[np.int64],
    cell: NDArray[np.int32],
    coverage: NDArray[np.float32],
    inside: Floats,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Put the specks of a strip at their place among the other parcels."""
    first = start * grid.width
    here = np.flatnonzero((outline.speck >= first) & (outline.speck < stop * grid.width))
    if not here.size:
        return parcel, count, cell, coverage
    at = np.searchsorted(parcel, here)
    ptr = _offsets(count)
    share = np.maximum(outline.area_cells[here], LEAST_COVERAGE).astype(np.float32)
    inside[here] += share
    cell = np.insert(cell, ptr[at], (outline.speck[here] - first).astype(np.int32))
    return np.insert(parcel, at, here.astype(np.int32)), np.insert(count, at, 1), cell, np.insert(coverage, ptr[at], share)


def _reader(layers: Sequence[NDArray[Any]] | NDArray[Any], grid: Grid) -> Reader:
    arrays = [layers] if isinstance(layers, np.ndarray) and layers.ndim == 2 else list(layers)
    for k, array in enumerate(arrays):
        if array.shape != grid.shape:
            text = Text("第 {k} 层为 {a} 行列，栅格为 {b}。", "Layer {k} has shape {a}, the grid {b}.")
            raise UsageError(text.fill(k=k, a=array.shape, b=grid.shape))
    return lambda start, stop: np.stack([array[start:stop] for array in arrays])


def _empty_totals(parcels: int, layers: int) -> list[Floats]:
    shape = (parcels, layers)
    return [np.zeros(shape), np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)]


__all__ = [
    "CODE_VERSION",
    "NOT_COUNTED",
    "Coverage",
    "Strip",
    "Zonal",
    "build_coverage",
    "cached_coverage",
    "decimation",
    "dominant_parcel",
    "reduce_classes",
    "reduce_joint",
    "reduce_range",
    "reduce_sums",
    "reduce_weights",
    "strip_rows",
    "zonal",
]
