"""Water bodies: which cells are one lake, how large it is, and the capacity of the reservoirs that lie in it.

For flood regulation. Connected water can only be told from the whole raster, so this is made before the pass: rows are
labelled from north to south with what the row before them had (8 neighbours, union-find), twice the same way, first to
measure the waters, then to write the layers. Memory holds two rows and a few numbers for each piece of water.

References
----------
1. Rosenfeld, A., Pfaltz, J. L. (1966), Sequential operations in digital picture processing, J. ACM 13(4):471-494.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from ecocomp.services.derive import Making, StoredLayer, digest_of, keep
from ecocomp.services.site import PASS, StripReader
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.georef import Grid

CODE_VERSION = "water-bodies-1"
"""Changes whenever the stored numbers would; part of the name of the files."""
GIVES = ("lake_km2", "reservoir_capacity_m3_per_ha")
NEEDS = ("land_cover",)
WATER = 42
M2_PER_KM2 = 1e6
M2_PER_HA = 1e4


@dataclass(frozen=True)
class Waters:
    """Every piece of connected water, by the label it was first given.

    root      label → label of the whole water it belongs to
    area_m2   area of the whole water, at its root
    capacity_m3  capacity of the reservoirs in it, at its root
    """

    root: NDArray[np.int64]
    area_m2: NDArray[np.float64]
    capacity_m3: NDArray[np.float64]


def make(making: Making) -> dict[str, StripReader]:
    """Return the area of the lake each cell is part of [km²] and, with a table of reservoirs, their capacity [m3/ha].

    Off water both are 0, without land cover NaN. Water with a reservoir in it is no lake: there `lake_km2` is 0. Reservoirs
    in the same water add up.

    Raises `FaultsError` naming every reservoir whose point lies on no water, with its volume: without it the water that is
    its own would count as a lake, and what it holds would not count at all.
    """
    from ecocomp.grid.georef import STRIP_ROWS

    return dict(water_layers(making, STRIP_ROWS))


def water_layers(making: Making, rows: int) -> dict[str, StoredLayer]:
    """Return the layers, reading and writing `rows` rows at a time; the numbers do not depend on it."""
    cover, grid = making.layers["land_cover"], making.grid
    row, column, capacity, notes = place_reservoirs(making.tables.get("reservoir"), cover, grid)
    if notes:
        raise FaultsError(notes)
    depends = [CODE_VERSION, grid.fingerprint(), digest_of(cover, grid), row.tolist(), column.tolist(), capacity.tolist()]
    found: list[Waters] = []  # measured once, and only if a file is to be written

    def build(path: Path, reservoirs: bool) -> None:
        if not found:
            found.append(measure_waters(cover, grid, row, column, capacity, rows))
        write_layer(path, cover, grid, found[0], reservoirs, rows)

    given = GIVES if capacity.size else GIVES[:1]
    paths = {name: keep(making.folder, name, depends, partial(build, reservoirs=name == GIVES[1])) for name in given}
    return {name: StoredLayer(path, 1) for name, path in paths.items()}


def place_reservoirs(
    table: Any, cover: StripReader, grid: Grid
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], list[Fault]]:
    """Return row, column and capacity [m3] of the reservoirs that lie on water, in order of code, and a note of each other.

    table  rows of `terms.tables.RESERVOIR`, or None
    """
    notes: list[Fault] = []
    found: list[tuple[int, int, float]] = []
    for one in sorted(table.to_pylist() if table is not None else [], key=lambda r: str(r["reservoir_id"])):
        x, y = grid.to_pixels(one["x"], one["y"])
        column, row = int(np.floor(x)), int(np.floor(y))
        inside = 0 <= row < grid.height and 0 <= column < grid.width
        if inside and int(np.asarray(cover.read(row, row + 1))[0, 0, column]) == WATER:
            found.append((row, column, float(one["capacity_m3"])))
        else:
            notes.append(_off_water(one, inside))
    rows, columns, capacity = zip(*found, strict=True) if found else ((), (), ())
    return np.array(rows, np.int64), np.array(columns, np.int64), np.array(capacity, np.float64), notes


def _off_water(one: dict[str, Any], inside: bool) -> Fault:
    where = Text("不在湖库水面（代码 42）上", "lies on no water (code 42)") if inside else Text("在栅格之外", "lies off the raster")
    return Fault(
        "services.reservoir_off_water",
        "flood_regulation.reservoir",
        str(one["reservoir_id"]),
        Text(
            "水库的点（{x}，{y}）{w}；其库容 {v} 立方米未计入。",
            "the point of the reservoir ({x}, {y}) {w}; its capacity of {v} m3 is not counted.",
        ).fill(x=f"{one['x']:g}", y=f"{one['y']:g}", w=where, v=f"{one['capacity_m3']:.0f}"),
        Text("核对坐标及其坐标系，把点移到水面上。", "Check the coordinates and their system, and move the point onto the water."),
    )


def measure_waters(
    cover: StripReader, grid: Grid, row: NDArray[np.int64], column: NDArray[np.int64], capacity_m3: NDArray[np.float64], rows: int
) -> Waters:
    """Return every water of the raster with its area and the capacity in it."""
    from ecocomp.grid.georef import cell_area_m2_by_row

    cell = cell_area_m2_by_row(grid)
    above = np.zeros(grid.width, np.int64)
    parent, area, used = np.zeros(1, np.int64), np.zeros(1), 0
    at = np.zeros(row.size, np.int64)
    for first, last in grid.strips(rows):
        codes = np.ascontiguousarray(np.asarray(cover.read(first, last))[0], np.uint8)
        parent, area = (_grown(x, used + 1 + codes.size // 2 + (last - first)) for x in (parent, area))
        used = int(_label_rows(codes, above, parent, area, cell[first:last], used, row - first, column, at))
    return _whole(parent[: used + 1], area[: used + 1], at, capacity_m3)


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the array with room for `size` numbers, at least doubled when it must move."""
    if array.size >= size:
        return array
    out = np.zeros(max(size, 2 * array.size), array.dtype)
    out[: array.size] = array
    return out


def _whole(parent: NDArray[np.int64], area: NDArray[np.float64], at: NDArray[np.int64], capacity_m3: NDArray[np.float64]) -> Waters:
    root, whole, capacity = parent.copy(), np.zeros(area.size), np.zeros(area.size)
    _gather(root, area, whole)
    for label, volume in zip(at, capacity_m3, strict=True):
        capacity[root[label]] += volume
    return Waters(root, whole, capacity)


def write_layer(path: Path, cover: StripReader, grid: Grid, waters: Waters, reservoirs: bool, rows: int) -> None:
    """Write one of the two layers, labelling the rows once more in the same way."""
    at_root = np.where(waters.capacity_m3 > 0.0, 0.0, waters.area_m2 / M2_PER_KM2)
    if reservoirs:
        with np.errstate(divide="ignore", invalid="ignore"):
            at_root = np.where(waters.capacity_m3 > 0.0, waters.capacity_m3 / (waters.area_m2 / M2_PER_HA), 0.0)
    value = at_root[waters.root].astype(np.float32)
    out = np.lib.format.open_memmap(path, "w+", np.float32, grid.shape)
    above, used = np.zeros(grid.width, np.int64), 0
    parent = np.zeros(waters.root.size, np.int64)
    for first, last in grid.strips(rows):
        codes = np.ascontiguousarray(np.asarray(cover.read(first, last))[0], np.uint8)
        strip = np.empty(codes.shape, np.float32)
        used = int(_write_rows(codes, above, parent, used, value, strip))
        out[first:last] = strip
    out.flush()


@njit(**PASS)  # type: ignore[untyped-decorator]
def _find(parent, label):  # type: ignore[no-untyped-def]
    """Return the root of a label and shorten its path on the way."""
    root = label
    while parent[root] != root:
        root = parent[root]
    while parent[label] != root:
        parent[label], label = root, parent[label]
    return root


@njit(**PASS)  # type: ignore[untyped-decorator]
def _label_row(codes, above, parent, used):  # type: ignore[no-untyped-def]
    """Turn `above`, the labels of the row before, into those of this row; return how many labels are used.

    A cell takes a label of a neighbour to its west, north-west, north or north-east; where neighbours differ their waters
    become one, under the smaller root. `above` holds 0 where there is no water.
    """
    north_west = np.int64(0)
    for c in range(codes.size):
        north = above[c]
        if codes[c] != WATER:
            above[c], north_west = 0, north
            continue
        label = np.int64(0)
        north_east = above[c + 1] if c + 1 < codes.size else np.int64(0)
        west = above[c - 1] if c > 0 else np.int64(0)
        for other in (west, north_west, north, north_east):
            if other == 0:
                continue
            if label == 0:
                label = other
                continue
            one, two = _find(parent, label), _find(parent, other)
            if one != two:
                parent[max(one, two)] = min(one, two)
        if label == 0:
            used += 1
            label = used
            parent[label] = label
        above[c], north_west = label, north
    return used


@njit(**PASS)  # type: ignore[untyped-decorator]
def _label_rows(codes, above, parent, area, cell_m2, used, point_row, point_column, point_label):  # type: ignore[no-untyped-def]
    """Label the rows of a strip, add the area of their cells and note the labels of the points in it."""
    for r in range(codes.shape[0]):
        used = _label_row(codes[r], above, parent, used)
        for c in range(codes.shape[1]):
            area[above[c]] += cell_m2[r]
        for p in range(point_row.size):
            if point_row[p] == r:
                point_label[p] = above[point_column[p]]
    return used


@njit(**PASS)  # type: ignore[untyped-decorator]
def _gather(root, area, whole):  # type: ignore[no-untyped-def]
    """Point every label at its root and add its area there, in order of label; label 0 is no water."""
    for label in range(1, root.size):
        root[label] = _find(root, label)
        whole[root[label]] += area[label]


@njit(**PASS)  # type: ignore[untyped-decorator]
def _write_rows(codes, above, parent, used, value, out):  # type: ignore[no-untyped-def]
    """Label the rows of a strip once more and write the value of each cell's label; 0 off water, NaN without land cover."""
    for r in range(codes.shape[0]):
        used = _label_row(codes[r], above, parent, used)
        for c in range(codes.shape[1]):
            out[r, c] = value[above[c]] if codes[r, c] != 0 else np.nan
    return used


__all__ = [
    "CODE_VERSION",
    "GIVES",
    "NEEDS",
    "Waters",
    "make",
    "measure_waters",
    "place_reservoirs",
    "water_layers",
    "write_layer",
]
