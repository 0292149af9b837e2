"""Patches of a mask: cells that hang together, found strip by strip and joined across the seams.

For the red line. A strip is labelled on its own; labels that meet at a seam are one patch (connected components of the
pairs). Only one strip of labels is held, so memory grows with the number of patches and not with the raster, besides the
mask itself, one byte per cell, which may be mapped from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Rows = Callable[[int, int], Mask]

STRIP_CELLS = 1 << 22


@dataclass(frozen=True, eq=False)
class Patches:
    """The patches of a mask, numbered from 1 by their first cell from north to south.

    read    rows of the mask
    strips  rows worked on at a time
    eight   True where corners join cells too
    number  patch of each label, strip after strip
    starts  where the labels of a strip begin in `number`
    area_m2 area of each patch; the first is that of no patch
    """

    read: Rows
    strips: Sequence[tuple[int, int]]
    eight: bool
    number: NDArray[np.int64]
    starts: NDArray[np.int64]
    area_m2: NDArray[np.float64]

    def __len__(self) -> int:
        return self.area_m2.size - 1

    def numbers(self, k: int) -> NDArray[np.int64]:
        """Return the patch of each cell of strip `k`, 0 where there is none."""
        labels, _ = labelled(self.read(*self.strips[k]), self.eight)
        own = np.concatenate([[0], self.number[self.starts[k] : self.starts[k + 1]]])
        return np.asarray(own[labels])

    def touched(self, mask: Callable[[int, int], Mask]) -> NDArray[np.bool_]:
        """Return which patches hold a cell of another mask."""
        out = np.zeros(len(self) + 1, bool)
        for k, (row0, row1) in enumerate(self.strips):
            other = mask(row0, row1)
            if other.any():
                out[self.numbers(k)[other]] = True
        out[0] = False
        return out


def strips_of(grid: Grid, cells: int = STRIP_CELLS) -> list[tuple[int, int]]:
    """Return the strips patches are found in."""
    return grid.strips(max(1, cells // grid.width))


def labelled(mask: Mask, eight: bool) -> tuple[NDArray[np.int32], int]:
    """Return the label of each cell of a piece and how many there are."""
    from scipy import ndimage

    labels, n = ndimage.label(mask, np.ones((3, 3)) if eight else None)
    return np.asarray(labels, np.int32), int(n)


def find_patches(read: Rows, area_by_row: NDArray[np.float64], eight: bool, strips: Sequence[tuple[int, int]]) -> Patches:
    """Find the patches of a mask.

    read         rows of the mask, (row0, row1) → bool (rows, columns)
    area_by_row  area of a cell in each row [m2]
    eight        True where corners join cells too
    """
    starts, areas, pairs = [0], [], []
    last: NDArray[np.int64] | None = None
    for row0, row1 in strips:
        labels, n = labelled(read(row0, row1), eight)
        weight = np.repeat(area_by_row[row0:row1], labels.shape[1])
        areas.append(np.bincount(labels.ravel(), weight, n + 1)[1:])
        if last is not None:
            pairs.append(_seam(last, _global(labels[0], starts[-1]), eight))
        last = _global(labels[-1], starts[-1])
        starts.append(starts[-1] + n)
    number = _components(starts[-1], pairs)
    area = np.bincount(number, np.concatenate(areas), int(number.max(initial=0)) + 1) if starts[-1] else np.zeros(1)
    return Patches(read, strips, eight, number, np.array(starts, np.int64), np.asarray(area, np.float64))


def _global(labels: NDArray[np.int32], start: int) -> NDArray[np.int64]:
    """Return labels of a row counted over all strips, −1 where there is none."""
    return np.where(labels > 0, labels.astype(np.int64) - 1 + start, -1)


def _seam(above: NDArray[np.int64], below: NDArray[np.int64], eight: bool) -> NDArray[np.int64]:
    """Return the pairs of labels that meet between two rows (pairs, 2)."""
    sides = [(above, below)]
    if eight:
        sides += [(above[1:], below[:-1]), (above[:-1], below[1:])]
    found = [np.column_stack([a, b])[(a >= 0) & (b >= 0)] for a, b in sides]
    return np.unique(np.concatenate(found), axis=0)


def _components(labels: int, pairs: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the patch of each label, 1 and up, numbered in the order of the labels."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    joined = np.concatenate([np.zeros((0, 2), np.int64), *pairs])
    if not labels or not len(joined):
        return np.arange(1, labels + 1)
    graph = coo_matrix((np.ones(len(joined), bool), (joined[:, 0], joined[:, 1])), shape=(labels, labels))
    _, of_label = connected_components(graph, directed=False)
    _, first, inverse = np.unique(of_label, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(1, first.size + 1)
    return rank[inverse]


# ---------------------------------------------------------------- operations on masks, in place and by strips
def close_holes(
    inside: Mask, keep_out: Rows, area_by_row: NDArray[np.float64], limit_m2: float, eight: bool, strips: Sequence[tuple[int, int]]
) -> int:
    """Close holes smaller than the limit, in place; return how many cells were taken in. The sea of outside is no hole."""
    if limit_m2 <= 0.0:
        return 0
    outside = find_patches(lambda a, b: ~np.asarray(inside[a:b]), area_by_row, not eight, strips)
    open_ = outside.touched(lambda a, b: _edge(a, b, inside.shape) | keep_out(a, b))
    fill = (outside.area_m2 < limit_m2) & ~open_
    fill[0] = False
    taken = 0
    for k, (row0, row1) in enumerate(strips):
        more = fill[outside.numbers(k)]
        taken += int(more.sum())
        inside[row0:row1] |= more
    return taken


def _edge(row0: int, row1: int, shape: tuple[int, ...]) -> Mask:
    out = np.zeros((row1 - row0, shape[1]), bool)
    out[:, [0, -1]] = True
    if row0 == 0:
        out[0] = True
    if row1 == shape[0]:
        out[-1] = True
    return out


def close_gaps(inside: Mask, keep_out: Rows, gap_cells: tuple[int, int], strips: Sequence[tuple[int, int]], out: Mask) -> int:
    """Take in ground between cells of the mask that is no wider than the gap along rows or columns; write into `out`.

    gap_cells  widest gap (rows, columns) that is closed, in cells

    It is a closing by a rectangle: no cell is ever lost, and more cells inside never mean fewer taken in.
    """
    reach, side = (g + 1 for g in gap_cells)
    taken = 0
    for row0, row1 in strips:
        first, last = max(0, row0 - 2 * reach), min(inside.shape[0], row1 + 2 * reach)
        # The ground goes on beyond the raster, though nothing is known to be inside there.
        piece = np.pad(np.asarray(inside[first:last], np.uint8), ((reach, reach), (side, side)))
        closed = _closed(piece, gap_cells)[reach + row0 - first : reach + row1 - first, side : side + inside.shape[1]]
        here = np.asarray(inside[row0:row1], bool)
        more = closed.astype(bool) & ~here & ~keep_out(row0, row1)
        taken += int(more.sum())
        out[row0:row1] = here | more
    return taken


def _closed(mask: NDArray[np.uint8], gap_cells: tuple[int, int]) -> NDArray[np.uint8]:
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    sizes = [g + 1 for g in gap_cells]
    for axis, size in enumerate(sizes):
        mask = maximum_filter1d(mask, size, axis=axis, mode="constant", cval=0)
    # The window of an even size lies askew; turned round, it goes back over the same ground.
    mask = mask[::-1, ::-1]
    for axis, size in enumerate(sizes):
        mask = minimum_filter1d(mask, size, axis=axis, mode="constant", cval=0)
    return mask[::-1, ::-1]


def traced(patches: Patches, wanted: NDArray[np.int64], grid: Grid) -> list[Any]:
    """Return the outline of each wanted patch along cell borders; parts that meet only at a corner make one multipolygon."""
    place = np.zeros(len(patches) + 1, np.int32)
    place[wanted] = np.arange(1, wanted.size + 1)
    parts: list[list[Any]] = [[] for _ in wanted]
    in_strips = np.zeros(wanted.size, np.int64)
    for k, (row0, _) in enumerate(patches.strips):
        cells = place[patches.numbers(k)]
        for i, polygon in _outlines(cells, grid, row0):
            parts[i - 1].append(polygon)
        in_strips[np.unique(cells)[np.unique(cells) > 0] - 1] += 1
    return [_one(p, seams=n > 1) for p, n in zip(parts, in_strips.tolist(), strict=True)]


def _outlines(cells: NDArray[np.int32], grid: Grid, row0: int) -> list[tuple[int, Any]]:
    import shapely
    from rasterio.features import shapes
    from rasterio.transform import Affine

    a, b, c, d, e, f = grid.transform
    # Tracing side neighbours only keeps every ring valid; the parts of a patch are gathered by its number.
    found = shapes(cells, mask=cells > 0, connectivity=4, transform=Affine(a, b, c, d, e, f + row0 * e))
    return [(int(v), shapely.Polygon(g["coordinates"][0], g["coordinates"][1:])) for g, v in found]


def _one(parts: list[Any], *, seams: bool) -> Any:
    import shapely

    if seams:  # the seam between strips is no border
        return shapely.simplify(shapely.union_all(parts), 0.0)
    made = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return made if made.is_valid else shapely.make_valid(made, method="structure", keep_collapsed=False)
