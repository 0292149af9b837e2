"""One strip of the pass: read its layers once, compute every service on it, sum them per parcel.

For the engine, which does strip after strip here or hands them to a cluster (`ecocomp.services.cluster`): `compute_strip`
depends on nothing but its arguments and gives the same bits on any machine and any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.strip import frozen
from ecocomp.grid.threads import spread
from ecocomp.registry import Entry, entry
from ecocomp.rules.overrides import DRAWS_AT_ONCE, INTERVAL, interval_fault
from ecocomp.services.parcel_sums import LANES, rounded
from ecocomp.services.site import (
    IN_PARCEL,
    AtValue,
    Draws,
    NotAssessed,
    Plan,
    Site,
    StripData,
    StripReader,
    missing_rules,
    not_assessed,
)
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.georef import Grid
    from ecocomp.grid.strip import Strip
    from ecocomp.rules import Parameters
    from ecocomp.services.site import Floats

FOLDER = "services.models"
BLOCK_ROWS, BLOCK_CELLS = 8, 1 << 16
"""A thread takes so many rows at a time, fewer where they are wide: they stay in cache while every service passes over them."""
CORNERS = 3
M2_PER_HA = 10_000.0
AT_ONCE = DRAWS_AT_ONCE
"""Draws computed side by side."""
PIECE_BYTES = 128 * 2**20
"""Values of a strip that would take more room than this are computed in pieces of rows, so that wide rasters fit too."""


@dataclass(frozen=True)
class Interval:
    """How low and high are found: by the ends of the ranges, or as quantiles of draws.

    draws      how many draws; 0 by corners
    low, high  the quantiles taken of them
    """

    draws: int = 0
    seed: int = 0
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Run:
    """A service that is being computed.

    plan     its pass at low, value and high; only the value is used where there are draws
    first    the first of its rows in the values of a strip: low, value, high of each product
    drawn    its passes at `AT_ONCE` draws each, in the order of the draws
    at       its first column among the sums of draws: chunk by chunk, product by product, draw by draw
    flagged  which set of ecosystems it has no figures for, −1 for none
    """

    entry: Entry
    plan: Plan
    first: int = 0
    drawn: tuple[Plan, ...] = ()
    at: int = 0
    flagged: int = -1
    interval: Interval = field(default_factory=Interval)

    @property
    def id(self) -> str:
        """The id of the service."""
        return self.entry.spec.id

    @property
    def products(self) -> int:
        """How many products it has; a service without products is one itself."""
        return max(len(self.plan.products), 1)

    @property
    def rows(self) -> slice:
        """The rows of the values that are this service's."""
        return slice(self.first, self.first + CORNERS * self.products)

    @property
    def columns_drawn(self) -> int:
        """How many sums of draws it has."""
        return AT_ONCE * self.products * len(self.drawn)

    def draws_of(self, product: int) -> NDArray[np.int64]:
        """Return the columns of one product among the sums of draws, in the order of the draws."""
        chunk, number = np.indices((len(self.drawn), AT_ONCE))
        return np.asarray(self.at + (chunk * self.products + product) * AT_ONCE + number).reshape(-1)


@dataclass(frozen=True)
class Work:
    """What is computed on every strip.

    runs   services in order of id
    flags  1 for the ecosystems of each set that some method has no figures for (256, sets), empty sets filled in to
           a multiple of four
    """

    runs: tuple[Run, ...] = ()
    flags: Floats = field(default_factory=lambda: np.zeros((256, 0)))

    @property
    def rows(self) -> int:
        """Rows of the values: low, value, high of every product."""
        return self.runs[-1].rows.stop if self.runs else 0

    @property
    def weights(self) -> int:
        """The first column of the weights: one for each product, of the cells where its value was observed."""
        return self.rows

    @property
    def area(self) -> int:
        """The column of the weight of all cells, observed or not."""
        return self.rows + self.rows // CORNERS

    @property
    def columns(self) -> int:
        """Columns of the sums: values, weights, area, area of each flagged set."""
        return self.area + 1 + self.flags.shape[1]

    @property
    def columns_drawn(self) -> int:
        """Columns of the sums of draws."""
        return sum(run.columns_drawn for run in self.runs)

    @property
    def layers(self) -> list[str]:
        """The layers that are read."""
        plans = [plan for run in self.runs for plan in (run.plan, *run.drawn)]
        return sorted({name for plan in plans for name in plan.layers} | ({"land_cover"} if self.flags.size else set()))


@dataclass(frozen=True)
class StripResult:
    """What a strip adds to the totals of the parcels it touches, in the order of `Strip.parcel`.

    sums, rests  sums [unit of the service, ha] and what their additions rounded off (parcels touched, `Work.columns`)
    draws        sums of the draws (parcels touched, `Work.columns_drawn`)
    negative     cells in parcels with a negative value, of each service
    kept         value per hectare of the services whose raster is wanted, all products together (rows, width)
    """

    sums: Floats
    rests: Floats
    draws: Floats
    negative: tuple[int, ...]
    kept: dict[str, NDArray[np.float32]]


class Scratch:
    """Room for the arrays of a strip, kept from strip to strip, because fresh memory costs more than reading into it."""

    def __init__(self) -> None:
        self._room: dict[str, NDArray[np.uint8]] = {}

    def take(self, name: str, shape: tuple[int, int], dtype: Any) -> NDArray[Any]:
        """Return an array that holds anything; the same room as the last of this name."""
        size = shape[0] * shape[1] * np.dtype(dtype).itemsize
        if name not in self._room or self._room[name].size < size:
            self._room.pop(name, None)
            self._room[name] = np.empty(size, np.uint8)
        return self._room[name][:size].view(dtype).reshape(shape)


# ---------------------------------------------------------------- preparing
def prepare_work(models: Iterable[str], site: Site) -> tuple[Work, list[Fault]]:
    """Return what can be computed, in order of id, and the notes of what cannot."""
    runs: list[Run] = []
    notes: list[Fault] = []
    for id in sorted(set(models)):
        found = entry(FOLDER, id)
        try:
            with site.params.read_for(id):
                made = _run(found, site)
        except NotAssessed as reason:
            notes += reason.notes
        except FaultsError as error:
            if any(f.code == "rules.interval" for f in error.faults):
                raise
            notes += missing_rules(id, error).notes
        except (IndexError, KeyError, ValueError) as broken:
            notes.append(_broken(id, site, broken))
        else:
            after = (runs[-1].rows.stop, runs[-1].at + runs[-1].columns_drawn) if runs else (0, 0)
            runs.append(replace(made, first=after[0], at=after[1]))
    return _with_flags(runs), notes


def _broken(service: str, site: Site, error: Exception) -> Fault:
    """Return the note that a value of the rules broke a service, with the case's own values it had read."""
    read_by = site.params.used_by
    own = [v for k, v in sorted(site.params.used.items()) if v.layer and service in read_by.get(k, ())]
    told = ", ".join(f"{v.key} ({v.file}:{v.line})" for v in own[:8]) or "—"
    why = Text(
        "规则中的一个值无法使用（{n}：{e}）；本案自己的、已读取的值：{o}",
        "a value of the rules cannot be used ({n}: {e}); the case's own values read so far: {o}",
    )
    return not_assessed(service, service, why.fill(n=type(error).__name__, e=str(error), o=told))


def _run(found: Entry, site: Site) -> Run:
    """Prepare one service: by corners, or at its value and at draws where a corner may lie on either side of it."""
    params: Any = site.params
    monotone = bool(getattr(found.module, "MONOTONE", True))
    interval = interval_of(params, monotone)
    if not interval.draws:
        return Run(found, found.module.prepare(site))
    central = found.module.prepare(site if monotone else replace(site, params=AtValue.of_all(params)))
    chunks = [tuple(range(k, k + AT_ONCE)) for k in range(0, interval.draws, AT_ONCE)]
    drawn = tuple(found.module.prepare(replace(site, params=Draws(params, chunk, interval.seed))) for chunk in chunks)
    return Run(found, central, drawn=drawn, interval=interval)


def interval_of(params: Parameters, monotone: bool) -> Interval:
    """Return how the interval of a service is found, by the rules `services.interval.*`.

    Raises `FaultsError` for a method, number of draws or quantiles that cannot be.
    """
    chosen = params.text("services.interval.method") if params.has("services.interval.method") or not monotone else "corners"
    if chosen == "corners" and monotone:
        return Interval()
    keys = [INTERVAL + name for name in ("method", "draws", "seed", "quantiles")]
    told = [fault for key in keys if params.has(key) and (fault := interval_fault(params.get(key))) is not None]
    if told:
        raise FaultsError(told)
    draws, seed = params.number(f"{INTERVAL}draws"), params.number(f"{INTERVAL}seed")
    ends = params.table(f"{INTERVAL}quantiles")
    return Interval(int(draws), int(seed), float(ends["low"]), float(ends["high"]))


def _with_flags(runs: Sequence[Run]) -> Work:
    """Return the work with one set of flags for each different set of ecosystems without figures."""
    codes = [frozenset(codes_left_out(run.plan)) for run in runs]
    sets = sorted({c for c in codes if c}, key=sorted)
    flags = np.zeros((256, -(-len(sets) // LANES) * LANES))
    for k, one in enumerate(sets):
        flags[sorted(one), k] = 1.0
    return Work(tuple(replace(r, flagged=sets.index(c) if c else -1) for r, c in zip(runs, codes, strict=True)), flags)


def codes_left_out(plan: Plan) -> set[int]:
    """Return the ecosystem codes a plan says it has no figures for."""
    return {int(code) for note in plan.notes if note.code == "services.class_not_assessed" for code in note.record.split()}


# ---------------------------------------------------------------- one strip
def cell_area_ha(grid: Grid) -> Floats:
    """Return the area of a cell in each row of the grid [ha] (rows,)."""
    from ecocomp.grid.georef import cell_area_m2_by_row

    return cell_area_m2_by_row(grid) / M2_PER_HA


def compute_strip(
    work: Work,
    strip: Strip,
    readers: Mapping[str, StripReader],
    area_ha: Floats,
    *,
    keep: Sequence[str] = (),
    scratch: Scratch | None = None,
    pool: ThreadPoolExecutor | None = None,
) -> StripResult:
    """Compute every service on one strip and sum it over the parcels there.

    Parameters
    ----------
    readers : the layers, each read once
    area_ha : area of a cell in each row of the strip [ha] (rows,)
    keep : services whose raster is wanted
    scratch, pool : room and threads to use; the result does not depend on them
    """
    scratch = scratch or Scratch()
    data = _read(strip, readers, work.layers, bool(keep), scratch, pool)
    n, area_ha = strip.parcel.size, frozen(area_ha)
    made = _Sums(np.zeros((n, work.columns)), np.zeros((n, work.columns)))
    drawn = _Sums(np.zeros((n, work.columns_drawn)), np.zeros((n, work.columns_drawn)))
    kept = {run.id: np.empty((data.rows, strip.width), np.float32) for run in work.runs if run.id in keep}
    negative = [0] * len(work.runs)
    for piece in _pieces(work, strip, data):
        blocks = _blocks(piece.data)
        values = scratch.take(" values", (work.rows, piece.data.rows * strip.width), np.float32)
        counts = _fill([(run.plan, values[run.rows]) for run in work.runs], piece.data, blocks, pool)
        negative = [a + b for a, b in zip(negative, counts, strict=True)]
        _reduce(work, strip, piece, values, area_ha, made)
        for run in work.runs:
            if run.id in kept:
                whole = values[run.rows][1::CORNERS].sum(axis=0)
                kept[run.id][piece.first : piece.first + piece.data.rows] = whole.reshape(-1, strip.width)
        _draw(work, strip, piece, blocks, area_ha, drawn, scratch, pool)
    return StripResult(made.sums, made.rests, rounded(drawn.sums, drawn.rests), tuple(negative), kept)


@dataclass(frozen=True)
class _Sums:
    """Sums and what their additions rounded off, as they grow over the pieces of a strip."""

    sums: Floats
    rests: Floats


@dataclass(frozen=True)
class _Piece:
    """Rows of a strip that are computed at once, and where the cells of each parcel begin and end in them."""

    first: int
    data: StripData
    begin: NDArray[np.int64]
    end: NDArray[np.int64]

    @property
    def base(self) -> int:
        """The cell of the strip that is the first of the piece."""
        return self.first * self.data.width


def _pieces(work: Work, strip: Strip, data: StripData) -> Iterator[_Piece]:
    """Yield the strip as it is, or in pieces of rows where its values would take too much room."""
    from ecocomp.services.parcel_sums import cut_at

    widest = max([work.rows, *(AT_ONCE * run.products for run in work.runs if run.drawn)])
    block = _block_rows(data.width)
    rows = max(block, PIECE_BYTES // (4 * widest * data.width) // block * block)
    begin, end = strip.ptr[:-1], strip.ptr[1:]
    if rows >= data.rows:
        yield _Piece(0, data, frozen(begin), frozen(end))
        return
    for first in range(0, data.rows, rows):
        last = min(first + rows, data.rows)
        a, b = first * data.width, last * data.width
        reached = np.empty_like(end)
        cut_at(frozen(begin), frozen(end), strip.cell, b, reached)
        layers = {name: frozen(layer[:, a:b]) for name, layer in data.layers.items()}
        part = StripData(data.first_row + first, last - first, data.width, layers, frozen(data.covered[a:b]))
        yield _Piece(first, part, frozen(begin), frozen(reached))
        begin = reached


def _read(
    strip: Strip,
    readers: Mapping[str, StripReader],
    names: Sequence[str],
    everywhere: bool,
    scratch: Scratch,
    pool: ThreadPoolExecutor | None,
) -> StripData:
    """Read the layers of one strip, each once, and mark the cells that matter."""
    same_reader: dict[int, list[str]] = {}
    for name in names:
        same_reader.setdefault(id(readers[name]), []).append(name)
    found: dict[str, NDArray[Any]] = {}
    for made in _map(pool, lambda some: [(n, _layer(strip, n, readers[n], scratch)) for n in some], same_reader.values()):
        found.update(made)
    covered = scratch.take(" covered", (1, strip.cells), np.uint8)[0]
    covered[:] = 1 if everywhere else 0
    covered[strip.cell] = IN_PARCEL
    return StripData(strip.start, strip.stop - strip.start, strip.width, found, frozen(covered))


def _layer(strip: Strip, name: str, reader: StripReader, scratch: Scratch) -> NDArray[Any]:
    """Return the rows of a layer as (bands, cells) of the one kind that compiled code is made for."""
    array = np.asarray(reader.read(strip.start, strip.stop))
    wanted = (reader.bands, strip.stop - strip.start, strip.width)
    if array.shape != wanted:
        raise UsageError(
            Text("图层 {l} 的条带为 {s}，栅格要求 {w}。", "Layer {l} gives a strip of {s}; the grid needs {w}.").fill(
                l=name, s=array.shape, w=wanted
            )
        )
    kind = np.uint8 if name in CLASS_LAYERS else np.float32
    if array.dtype == kind and array.flags.c_contiguous and array.flags.aligned:
        return frozen(array.reshape(array.shape[0], -1))
    room = scratch.take(name, (array.shape[0], strip.cells), kind)
    np.copyto(room.reshape(array.shape), array, casting="unsafe")
    return frozen(room)


def _block_rows(width: int) -> int:
    return max(1, min(BLOCK_ROWS, BLOCK_CELLS // width))


def _blocks(data: StripData) -> list[tuple[int, int, frozenset[str]]]:
    """Return the blocks of rows with something to compute, and the layers that hold nothing at all there."""
    from ecocomp.services.tiles import any_covered, any_number

    def empty(name: str, a: int, b: int) -> bool:
        layer = data.layers[name]
        if name in CLASS_LAYERS:
            return not any(any_covered(band, a, b) for band in layer)
        return not any_number(layer, a, b)

    out = []
    step = _block_rows(data.width)
    for first in range(0, data.rows, step):
        last = min(first + step, data.rows)
        a, b = first * data.width, last * data.width
        if any_covered(data.covered, a, b):
            out.append((first, last, frozenset(n for n in data.layers if empty(n, a, b))))
    return out


def _fill(
    plans: Sequence[tuple[Plan, NDArray[np.float32]]],
    data: StripData,
    blocks: Sequence[tuple[int, int, frozenset[str]]],
    pool: ThreadPoolExecutor | None,
) -> list[int]:
    """Let each plan fill its values, block by block; return its negatives. Where all its layers are empty nothing is known."""

    def block(rows: tuple[int, int, frozenset[str]]) -> list[int]:
        first, last, empty = rows
        counts = []
        for plan, out in plans:
            if plan.layers and empty.issuperset(plan.layers):
                out[:, first * data.width : last * data.width] = np.nan
                counts.append(0)
            else:
                counts.append(int(plan.fill(data, first, last, out)))
        return counts

    counted = list(_map(pool, block, blocks))
    return [sum(column) for column in zip(*counted, strict=True)] if counted else [0] * len(plans)


def _map(pool: ThreadPoolExecutor | None, work: Callable[[Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
    return pool.map(work, pieces) if pool else map(work, pieces)


def _reduce(work: Work, strip: Strip, piece: _Piece, values: NDArray[np.float32], area_ha: Floats, made: _Sums) -> None:
    from ecocomp.services.parcel_sums import add_area, add_flagged, add_three

    at, tail = (piece.begin, piece.end, strip.cell), (area_ha, strip.width, made.sums, made.rests)
    view, codes, flags = frozen(values), piece.data.layer("land_cover")[0], frozen(work.flags)

    def parcels(first: int, last: int) -> None:
        add_three(first, last, *at, piece.base, strip.coverage, view, *tail, 0, work.weights)
        add_area(first, last, *at, strip.coverage, *tail, work.area)
        if flags.size:
            add_flagged(first, last, *at, piece.base, strip.coverage, codes, flags, *tail, work.area + 1)

    spread(parcels, strip.parcel.size, strip.cell.size)


def _draw(
    work: Work,
    strip: Strip,
    piece: _Piece,
    blocks: Sequence[tuple[int, int, frozenset[str]]],
    area_ha: Floats,
    made: _Sums,
    scratch: Scratch,
    pool: ThreadPoolExecutor | None,
) -> None:
    """Add the draws, chunk after chunk, so that no more than `AT_ONCE` rasters of a service are held."""
    from ecocomp.services.parcel_sums import add_draws

    head = piece.begin, piece.end, strip.cell, piece.base, strip.coverage
    for run in work.runs:
        for k, plan in enumerate(run.drawn):
            wide = AT_ONCE * run.products
            values = scratch.take(" draws", (wide, piece.data.rows * strip.width), np.float32)
            _fill([(plan, values)], piece.data, blocks, pool)
            args = (*head, frozen(values), area_ha, strip.width, made.sums, made.rests, run.at + k * wide)
            spread(lambda first, last, args=args: add_draws(first, last, *args), strip.parcel.size, strip.cell.size)  # type: ignore[misc]
