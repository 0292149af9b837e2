"""Work on a grid by tiles until nothing is left to do, with results that the tiles do not show in.

For routing. A kernel does all it can inside one window and says which blocks around it can now go on. Windows are two by
two blocks; every other round they are moved by one block, so that water that runs along the edge of a tile, crossing
it back and forth, lies well inside a window of the next round.
"""

from __future__ import annotations

import math
import mmap
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.threads import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Visit = Callable[[int, int, int, int, NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]], object]

TILE = (1024, 1024)
"""Rows and columns of a tile of the routing."""

HELD_PER_CELL = 128
"""Bytes per cell of a tile that a scratch keeps in memory before it turns to files, or maps before it gives pages back.

A window of the routing needs that much anyway; below it files would only cost time."""

WINDOWS_HELD = 2
"""Windows after which pages of mapped files are given back."""


class Scratch:
    """Arrays of the size of a grid: in memory, or, from a certain size on, in files that are gone when the arrays are.

    folder  where the files live; None keeps everything in memory

    What is read or written through a mapped file counts as memory of this process until it is given back; `release` does
    that now and then, so that what is held does not grow with the grid.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self._folder = None if folder is None else Path(folder)
        self._maps: list[Any] = []
        self._lock, self._visits = threading.Lock(), 0
        self._given, self._mapped, self._held = 0, 0, HELD_PER_CELL * TILE[0] * TILE[1]

    def empty(self, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """Return a new array, of zeros."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if self._folder is None or self._given + size <= self._held:
            self._given += size
            return np.zeros(shape, dtype)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            return self.adopt(np.memmap(file, dtype, "w+", shape=shape))

    def adopt(self, mapped: NDArray[Any]) -> NDArray[Any]:
        """Return a mapped array as a plain one and take over giving back its pages."""
        if isinstance(mapped, np.memmap):
            self._maps.append(mapped._mmap)  # type: ignore[attr-defined]
            self._mapped += mapped.nbytes
        return mapped.view(np.ndarray)

    def release(self) -> None:
        """Give back the pages of mapped files, every few calls."""
        if self._mapped <= self._held:
            return
        with self._lock:
            self._visits += 1
            if self._visits % WINDOWS_HELD or not hasattr(mmap, "MADV_DONTNEED"):
                return
        for mapped in self._maps:
            mapped.madvise(mmap.MADV_DONTNEED)


def by_strips(work: Callable[[int, int], object], rows: int, columns: int, release: Callable[[], None] | None = None) -> None:
    """Call work(first row, row after the last) on strips that make up the grid, on several threads."""
    step = max(1, TILE[0] * TILE[1] // (4 * columns))

    def some(first: int, last: int) -> None:
        for k in range(first, last):
            work(k * step, min((k + 1) * step, rows))
            if release is not None:
                release()

    spread(some, -(-rows // step), rows * columns)


def by_tiles(
    work: Callable[[int, int, int, int], object],
    shape: tuple[int, int],
    tile: tuple[int, int] | None,
    release: Callable[[], None] | None = None,
) -> None:
    """Call work(first row, row after the last, first column, column after the last) on every tile, on several threads."""
    places = tiles_of(shape, tile)

    def some(first: int, last: int) -> None:
        for place in places[first:last]:
            work(*place)
            if release is not None:
                release()

    spread(some, len(places), shape[0] * shape[1])


def settle(shape: tuple[int, int], tile: tuple[int, int] | None, visit: Visit, release: Callable[[], None] | None = None) -> int:
    """Visit windows until none has anything to do; return the number of visits.

    visit    called with (first row, row after the last, first column, column after the last, size of a block, place of the
             window's first block, touched); sets ``touched[i, j]`` for each of the 4 × 4 blocks around that can go on
    release  called after each window, to give back memory
    tile     rows and columns of a window; None for the whole grid at once
    """
    rows, columns = shape
    height, width = tile if tile is not None else (2 * rows, 2 * columns)
    size = np.array([max(1, -(-height // 2)), max(1, -(-width // 2))])
    hot = np.ones((-(-rows // size[0]), -(-columns // size[1])), bool)
    lock, shift, visits = threading.Lock(), 0, 0

    def once(first: int, last: int) -> None:
        for i, j in starts[first:last]:
            with lock:
                hot[max(i, 0) : i + 2, max(j, 0) : j + 2] = False
            touched = np.zeros((4, 4), np.uint8)
            bottom, right = min((i + 2) * size[0], rows), min((j + 2) * size[1], columns)
            visit(max(i, 0) * size[0], bottom, max(j, 0) * size[1], right, size, np.array([i, j]), touched)
            with lock:
                for a, b in np.argwhere(touched):
                    hot[i - 1 + a, j - 1 + b] = True
            if release is not None:
                release()

    while hot.any():
        corners = [(i, j) for i in range(-shift, hot.shape[0], 2) for j in range(-shift, hot.shape[1], 2)]
        starts = [(i, j) for i, j in corners if hot[max(i, 0) : i + 2, max(j, 0) : j + 2].any()]
        spread(once, len(starts), rows * columns)
        visits, shift = visits + len(starts), 1 - shift
    return visits


def tiles_of(shape: tuple[int, int], tile: tuple[int, int] | None) -> list[tuple[int, int, int, int]]:
    """Return (first row, row after the last, first column, column after the last) of the tiles, by rows from the north-west."""
    rows, columns = shape
    height, width = tile if tile is not None else shape
    return [
        (r, min(r + height, rows), c, min(c + width, columns)) for r in range(0, rows, height) for c in range(0, columns, width)
    ]
