"""Maps of zoning: one value and one class per cell, kept in files, with the method they were made by.

A map has one method. Maps made by different methods answer different questions (an index of NPP is no volume of water),
so they are never joined: that is a fault, not a warning. Values are float32 with NaN, classes uint8 with 0, for nodata;
both are read by strips and may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ecocomp.grid.georef import STRIP_ROWS, Grid, cell_area_m2_by_row
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.zoning.importance import check_cuts, classes_above, streamed_limits
from ecocomp.zoning.sensitivity import CLASSES as SENSITIVITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMPORTANCE_METHODS = ("npp_index", "model")
STRIP_CELLS = 1 << 19
"""Cells worked on at a time, so that the temporaries of a strip stay within some tens of megabytes at any width."""


class StripReader(Protocol):
    """One layer on the grid: `read(first row, row after the last)` gives (bands, rows, width)."""

    @property
    def bands(self) -> int: ...

    def read(self, row0: int, row1: int) -> NDArray[Any]: ...


@dataclass(frozen=True)
class Stored:
    """A raster in a NumPy file (rows, columns), mapped and read by strips."""

    path: Path

    @property
    def bands(self) -> int:
        """One."""
        return 1

    def array(self) -> NDArray[Any]:
        """Return the whole raster, mapped from its file: cells are read as they are used."""
        return np.load(self.path, mmap_mode="r")

    def read(self, row0: int, row1: int) -> NDArray[Any]:
        """Return rows row0..row1-1 as (1, rows, columns)."""
        return np.asarray(self.array()[row0:row1])[None]


@dataclass(frozen=True, eq=False)
class InMemory:
    """A raster in memory as a layer: (rows, columns) or (bands, rows, columns)."""

    values: NDArray[Any]

    @property
    def bands(self) -> int:
        """Number of bands."""
        return 1 if self.values.ndim == 2 else int(self.values.shape[0])

    def read(self, row0: int, row1: int) -> NDArray[Any]:
        """Return rows row0..row1-1 as (bands, rows, columns)."""
        return self.values[None, row0:row1] if self.values.ndim == 2 else self.values[:, row0:row1]


@dataclass(frozen=True, eq=False)
class ZoneMap:
    """One map.

    kind     importance or sensitivity
    name     function zone (water, soil, sand, biodiversity, or all) or sensitivity model
    method   how it was made: npp_index, model, or the geometric mean of scores; maps of different methods are never joined
    values   what was graded, NaN for nodata (absent in a joined map)
    classes  importance: 1 the highest; sensitivity: 1 general, 2 sensitive, 3 extreme; 0 not assessed
    limits   least value of each importance class but the last, or the cuts of the sensitivity index
    notes    warnings to be reported
    """

    kind: str
    name: str
    method: str
    classes: Stored
    values: StripReader | None = None
    limits: tuple[float, ...] = ()
    notes: list[Fault] = field(default_factory=list)


def row_strips(grid: Grid) -> list[tuple[int, int]]:
    """Return the fixed strips zoning works in: at most `STRIP_CELLS` cells, but no fewer than 16 rows."""
    return grid.strips(max(16, min(STRIP_ROWS, STRIP_CELLS // grid.width)))


def new_raster(path: Path, grid: Grid, dtype: type) -> np.memmap[Any, Any]:
    """Return a new raster file, mapped for writing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=grid.shape)


def graded(
    name: str, method: str, values: StripReader, grid: Grid, cuts: Sequence[float], folder: Path, inside: StripReader | None = None
) -> ZoneMap:
    """Grade a map by cumulative share of its service, in memory that does not grow with it.

    values  service per area, read by strips; NaN is nodata, 0 and less carry no service
    inside  uint8, 0 where cells are not of the area that is graded (`None`: all are)

    The classes equal those of `importance.grade_units` on the whole raster.
    """
    check_cuts(cuts)
    area = cell_area_m2_by_row(grid)
    passes = [_counted(values, grid, area, inside) for _ in range(2)]
    limits = streamed_limits(passes[0], passes[1], cuts)
    path = folder / f"importance-{name}-{method}-classes.npy"
    out = new_raster(path, grid, np.uint8)
    for row0, row1 in row_strips(grid):
        out[row0:row1] = classes_above(_within(values, inside, row0, row1), limits)
    out.flush()
    return ZoneMap("importance", name, method, Stored(path), values, tuple(limits))


def _within(values: StripReader, inside: StripReader | None, row0: int, row1: int) -> NDArray[np.float32]:
    """Return the values of a strip as float32, NaN outside and where they are not finite."""
    band = np.asarray(values.read(row0, row1)[0], np.float32)
    keep = np.isfinite(band)
    if inside is not None:
        keep &= inside.read(row0, row1)[0] != 0
    return np.where(keep, band, np.float32(np.nan))


def _counted(
    values: StripReader, grid: Grid, area: NDArray[np.float64], inside: StripReader | None
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    for row0, row1 in row_strips(grid):
        band = _within(values, inside, row0, row1)
        with np.errstate(invalid="ignore"):
            counted = band > 0
        yield band[counted], np.broadcast_to(area[row0:row1, None], band.shape)[counted]


def joined(maps: Sequence[ZoneMap], grid: Grid, folder: Path, name: str = "all") -> ZoneMap:
    """Join maps of one kind and one method: each cell gets its highest class of those that know it.

    A cell that no map assesses is not assessed. Raises `FaultsError` where kinds or methods differ, naming the maps.
    """
    if not maps:
        raise ValueError("no maps to join")
    check_one_method(maps)
    first = maps[0]
    path = folder / f"{first.kind}-{name}-{first.method}-classes.npy"
    out = new_raster(path, grid, np.uint8)
    for row0, row1 in row_strips(grid):
        out[row0:row1] = highest([m.classes.read(row0, row1)[0] for m in maps], first.kind)
    out.flush()
    return ZoneMap(first.kind, name, first.method, Stored(path))


def highest(classes: Sequence[NDArray[np.uint8]], kind: str) -> NDArray[np.uint8]:
    """Return the highest class of each cell; of importance 1 is the highest, of sensitivity 3; 0 counts as unknown."""
    if kind == "sensitivity":
        return np.maximum.reduce(list(classes))
    # 0 − 1 wraps to 255, behind every class, and back again.
    shifted = [c - np.uint8(1) for c in classes]
    return np.minimum.reduce(shifted) + np.uint8(1)


def check_one_method(maps: Sequence[ZoneMap]) -> None:
    """Raise `FaultsError` with every map that was made otherwise than the first."""
    first = maps[0]
    wrong = [m for m in maps[1:] if (m.kind, m.method) != (first.kind, first.method)]
    if not wrong:
        return
    clash = Text(
        "由{a}法得出，而 {n} 由{b}法得出；两法的数值不可比。",
        "was made by {a}, but {n} by {b}; the numbers of the two do not compare.",
    )
    remedy = Text(
        "一张图只用一种方法：用 zoning.importance_method 选定后全部重算。",
        "One map has one method: choose it with zoning.importance_method and make all maps anew.",
    )
    raise FaultsError(
        [
            Fault(
                "zoning.mixed_methods",
                m.kind,
                m.name,
                clash.fill(a=f"{m.kind}/{m.method}", b=f"{first.kind}/{first.method}", n=first.name),
                remedy,
            )
            for m in wrong
        ]
    )


def extreme_cells(zone_map: ZoneMap) -> NDArray[np.bool_]:
    """Return the extremely important or extremely sensitive cells of a map (rows, columns)."""
    top = 1 if zone_map.kind == "importance" else SENSITIVITY.index("extreme")
    return np.equal(zone_map.classes.array(), top)
