"""The growing season of every parcel: NDVI per month and year, and how much of the parcel was seen.

For the signals, which read one `Season` and nothing else. Cells well inside a parcel speak for it: a cell counts where the
parcel covers at least a declared share of it. A parcel without such a cell is judged from all its cells and marked as edge.
Months in which too little of the parcel was clear count as not seen; they are never filled.

References
----------
1. Area monitoring of the EU Common Agricultural Policy: parcels are looked at from inside, need a least number of clear
   dates, and otherwise stay "insufficient".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.coverage import Coverage, Strip
    from ecocomp.grid.georef import Grid

    Floats = NDArray[np.float64]

MONTHS = 12


class Reader(Protocol):
    """A raster read by rows: float32 (bands, rows, columns), NaN is nodata; 12 bands are months, one band is the year."""

    @property
    def bands(self) -> int:
        """Number of bands: 12 or 1."""

    def read(self, row0: int, row1: int) -> NDArray[np.float32]:
        """Return rows row0 to row1 − 1."""


@dataclass(frozen=True, eq=False)
class Season:
    """NDVI of parcels in the growing seasons up to the year judged.

    years    ascending; the last one is the year judged
    ndvi     mean of the clear part (years, months, parcels), NaN where too little was clear
    seen     share of the parcel's ground seen, mean of the season's months (parcels,), in the year judged
    edge     True where the parcel has no inner cell
    needed   months that must be clear, 1 for yearly layers
    cells    means of what signals made of the cells of the year judged, by signal (months, parcels)
    """

    years: tuple[int, ...]
    ndvi: NDArray[np.float32]
    seen: Floats
    edge: NDArray[np.bool_]
    needed: int
    cells: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def year(self) -> int:
        """The year judged."""
        return self.years[-1]

    @property
    def this(self) -> NDArray[np.float32]:
        """NDVI of the year judged (months, parcels)."""
        return self.ndvi[-1]

    @property
    def past(self) -> NDArray[np.float32]:
        """NDVI of the years before (years, months, parcels)."""
        return self.ndvi[:-1]

    @property
    def months(self) -> NDArray[np.int64]:
        """Clear months of the year judged (parcels,)."""
        return np.isfinite(self.this).sum(axis=0)


CellFunction = Callable[["NDArray[np.float32]", Parameters], "NDArray[np.float32]"]


def read_season(
    layers: Mapping[int, Reader],
    grid: Grid,
    coverage: Coverage,
    params: Parameters,
    year: int,
    years_available: Sequence[int],
    of_cells: Mapping[str, CellFunction] | None = None,
) -> Season:
    """Read the seasons of `year` and the years before it, one year and one strip at a time.

    of_cells  functions of (months, rows, columns) NDVI of the year judged whose parcel means are wanted, by name

    Parameters read: ``monitoring.season_months``, ``monitoring.clear_share``, ``monitoring.clear_months``,
    ``monitoring.inner_coverage``, ``monitoring.past_years_most``. Raises `FaultsError` where years differ in bands.
    """
    from ecocomp.grid.georef import cell_area_m2_by_row

    years = _years(layers, params, year, years_available)
    _same_bands(layers, years)
    monthly = layers[year].bands == MONTHS
    bands = [int(m) - 1 for m in params.items("monitoring.season_months")] if monthly else [0]
    inner = _InnerCells(coverage, params.number("monitoring.inner_coverage"), cell_area_m2_by_row(grid))
    clear_share = params.number("monitoring.clear_share")
    means, cells, seen = [], {}, np.zeros(len(coverage))
    for y in years:
        functions = dict(of_cells or {}) if y == year else {}
        sums = inner.sums(layers[y], bands, functions, params)
        mean, share = _clear_means(*sums, inner.weight, clear_share)
        means.append(mean[: len(bands)])
        if y == year:
            seen = share[: len(bands)].mean(axis=0)
            cells = {n: mean[(1 + k) * len(bands) : (2 + k) * len(bands)] for k, n in enumerate(functions)}
    needed = int(params.decimal("monitoring.clear_months")) if monthly else 1
    return Season(tuple(years), np.stack(means), seen * inner.on_grid, inner.edge, needed, cells)


def _years(layers: Mapping[int, Reader], params: Parameters, year: int, available: Sequence[int]) -> list[int]:
    before = sorted(y for y in set(available) if y < year and y in layers)
    most = int(params.decimal("monitoring.past_years_most"))
    return [*before[max(0, len(before) - most) :], year]


def _same_bands(layers: Mapping[int, Reader], years: Sequence[int]) -> None:
    wrong = [y for y in years if layers[y].bands != layers[years[-1]].bands or layers[y].bands not in (1, MONTHS)]
    if not wrong:
        return
    clash = Text("{y} 年有 {a} 个波段，{z} 年有 {b} 个。", "{y} has {a} bands, {z} has {b}.")
    remedy = Text(
        "各年都用 12 个月或都用一个年值，才能比较。",
        "Use twelve months in every year or one value in every year; only like compares.",
    )
    raise FaultsError(
        Fault(
            "monitoring.bands",
            "layers.ndvi",
            str(y),
            clash.fill(y=y, a=layers[y].bands, z=years[-1], b=layers[years[-1]].bands),
            remedy,
        )
        for y in wrong
    )


class _InnerCells:
    """The coverage matrix without border cells, except for parcels that have no other."""

    def __init__(self, coverage: Coverage, least: float, row_weight: Floats) -> None:
        from ecocomp.grid.coverage import reduce_weights

        self.coverage, self.least, self.row_weight = coverage, least, row_weight
        self.edge = np.ones(len(coverage), bool)
        for strip in coverage.strips:
            starts = strip.ptr[:-1]
            has = np.maximum.reduceat(strip.coverage, starts) >= least if starts.size else np.zeros(0, bool)
            self.edge[strip.parcel[has]] = False
        self.weight = np.zeros(len(coverage))
        for strip in coverage.strips:
            reduce_weights(self._inner(strip), self.weight, row_weight[strip.rows])
        self.on_grid = np.nan_to_num(1.0 - coverage.outside_share)

    def _inner(self, strip: Strip) -> Strip:
        from ecocomp.grid.coverage import Strip

        owner = np.repeat(strip.parcel, np.diff(strip.ptr))
        keep = (strip.coverage >= self.least) | self.edge[owner]
        counts = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep, dtype=np.int64)])
        return Strip(strip.start, strip.stop, strip.width, strip.parcel, counts[strip.ptr], strip.cell[keep], strip.coverage[keep])

    def sums(
        self, layer: Reader, bands: Sequence[int], functions: Mapping[str, CellFunction], params: Parameters
    ) -> tuple[Floats, Floats]:
        """Return weighted sums and weights (parcels, months · (1 + functions)) of one year."""
        from ecocomp.grid.coverage import reduce_sums

        width = len(bands) * (1 + len(functions))
        total, weight = np.zeros((len(self.coverage), width)), np.zeros((len(self.coverage), width))
        for strip in self.coverage.strips:
            ndvi = np.ascontiguousarray(layer.read(strip.start, strip.stop)[list(bands)], np.float32)
            values = np.concatenate([ndvi, *(np.asarray(f(ndvi, params), np.float32) for f in functions.values())])
            reduce_sums(self._inner(strip), values.reshape(width, -1), total, weight, self.row_weight[strip.rows])
        return total, weight


def _clear_means(total: Floats, weight: Floats, whole: Floats, clear_share: float) -> tuple[NDArray[np.float32], Floats]:
    """Return means (months, parcels), NaN where less than the clear share was seen, and the shares seen."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(weight / whole[:, None])
        mean = np.where((share >= clear_share) & (weight > 0), total / weight, np.nan)
    return np.ascontiguousarray(mean.T, np.float32), np.ascontiguousarray(share.T)


def season_means(ndvi: NDArray[Any], needed: int) -> Floats:
    """Return the season's NDVI per year (years, parcels), free of which months happened to be clear.

    Every month is first compared with its own mean over all years, so that a season seen only in May is not taken for a
    poor one. NaN where fewer than `needed` months are clear.
    """
    months = np.isfinite(ndvi).sum(axis=1)
    normal = mean_seen(ndvi, axis=0)
    level = mean_seen(normal, axis=0)
    out = mean_seen(ndvi - normal[None], axis=1) + level[None]
    out[months < max(1, needed)] = np.nan
    return out


def mean_seen(values: NDArray[Any], axis: int) -> Floats:
    """Return the mean of the finite values along an axis, NaN where there is none; no warning, float64."""
    seen = np.isfinite(values)
    total = np.where(seen, values, 0).sum(axis=axis, dtype=np.float64)
    count = seen.sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
