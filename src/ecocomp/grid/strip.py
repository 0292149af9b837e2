"""One strip of the coverage matrix, and the sums that run over it.

For the services and monitoring engines: they compute whatever they like on the cells of a strip (a fixed band of rows)
and hand the arrays to the `reduce_*` functions, which add them to one row per parcel. Strips are reduced in order, from
north to south; then every total has the same bits on any number of threads.

Weights are covered cells where `row_weight` is None; give `cell_area_m2_by_row(grid)[strip.rows]` to weight by m2, as
geographic grids need, where cells shrink towards the pole. A value per m2 times such a weight is a quantity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.threads import spread
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.uint8]

NOT_COUNTED = 255
"""In the lookup of `reduce_joint`: a code whose cells are left out."""


@dataclass(frozen=True, eq=False)
class Strip:
    """The parcels on rows start..stop-1 and the cells they cover, as compressed rows.

    start, stop  rows of the grid, the last excluded
    width        columns of the grid
    parcel       index of each parcel that has a cell here, ascending (n,)
    ptr          its cells are cell[ptr[i]:ptr[i + 1]] (n + 1,)
    cell         (row − start) · width + column, ascending within a parcel
    coverage     share of the cell that the parcel covers, above 0 up to 1
    """

    start: int
    stop: int
    width: int
    parcel: NDArray[np.int32]
    ptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    coverage: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name in ("parcel", "ptr", "cell", "coverage"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def rows(self) -> slice:
        """The rows of the strip, to cut an array of the whole grid."""
        return slice(self.start, self.stop)

    @property
    def cells(self) -> int:
        """Number of cells of the strip, covered or not."""
        return (self.stop - self.start) * self.width

    @property
    def nbytes(self) -> int:
        """Bytes of the four arrays."""
        return self.parcel.nbytes + self.ptr.nbytes + self.cell.nbytes + self.coverage.nbytes


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a plain, contiguous, read-only view, so that compiled code meets one kind of array and is compiled once."""
    view = np.ascontiguousarray(array).view(np.ndarray)[...]
    view.flags.writeable = False
    return view


def reduce_sums(strip: Strip, values: NDArray[Any], out_sum: Floats, out_weight: Floats, row_weight: Floats | None = None) -> None:
    """Add weighted sums of `values` to one row per parcel.

    Parameters
    ----------
    values : float32 or float64 (layers, cells) or (cells,)
        NaN is nodata and counts neither in the sum nor in the weight. float32 is half the memory; sums are float64.
    out_sum, out_weight : float64 (parcels, layers)
        Running totals; mean = sum / weight, share observed = weight / `Coverage.weights(row_weight)`.
    row_weight : float64 (rows of the strip,), optional
        Weight of a cell in each row, such as its area [m2].
    """
    from ecocomp.grid._reduce import add_sums

    v = _layers(strip, values)
    _check_out(out_sum, (v.shape[0],))
    _check_out(out_weight, (v.shape[0],))
    _share(strip, add_sums, *_csr(strip), v, _row_weight(strip, row_weight), strip.width, out_sum, out_weight)


def reduce_range(strip: Strip, values: NDArray[Any], out_min: Floats, out_max: Floats) -> None:
    """Widen the least and greatest value of the cells that each parcel touches; start both from NaN (parcels, layers)."""
    from ecocomp.grid._reduce import widen_range

    v = _layers(strip, values)
    _check_out(out_min, (v.shape[0],))
    _check_out(out_max, (v.shape[0],))
    _share(strip, widen_range, strip.parcel, strip.ptr, strip.cell, v, out_min, out_max)


def reduce_weights(strip: Strip, out: Floats, row_weight: Floats | None = None) -> None:
    """Add the weight of every covered cell, observed or not, to `out` (parcels,)."""
    from ecocomp.grid._reduce import add_weights

    _share(strip, add_weights, *_csr(strip), _row_weight(strip, row_weight), strip.width, out)


def reduce_classes(strip: Strip, classes: Codes, out: Floats, row_weight: Floats | None = None) -> None:
    """Add the weight of each class to `out` (parcels, classes).

    Column 0 gathers nodata, so that a row adds up to the parcel's whole weight on the grid.
    A class beyond the last column is refused before anything is added.
    """
    from ecocomp.grid._reduce import add_classes

    codes = _codes(strip, classes)
    _check_classes(codes, out.shape[1])
    _share(strip, add_classes, *_csr(strip), codes, _row_weight(strip, row_weight), strip.width, out)


def reduce_joint(strip: Strip, a: Codes, b: Codes, lookup: Codes, out: Floats, row_weight: Floats | None = None) -> None:
    """Add the weight of each pair of classes to `out` (parcels, n·n), column n · lookup[a] + lookup[b].

    Parameters
    ----------
    a, b : uint8 (cells,)
        Two rasters of codes, such as land cover of two years.
    lookup : uint8 (256,)
        Place of each code, 0..n−1; `NOT_COUNTED` (255) leaves the cell out, as nodata must be.
    """
    from ecocomp.grid._reduce import add_joint

    n = round(out.shape[1] ** 0.5)
    if n * n != out.shape[1] or lookup.shape != (256,) or np.any((lookup >= n) & (lookup != NOT_COUNTED)):
        raise UsageError(
            Text(
                "转移矩阵有 {m} 列，编码对照表的形状为 {s}、最大位置为 {t}；列数应为 n×n，对照表应为 256 个小于 n 的位置或 255。",
                "The transition table has {m} columns and the lookup has shape {s} with places up to {t};"
                " n×n columns and 256 places below n, or 255, are needed.",
            ).fill(m=out.shape[1], s=lookup.shape, t=lookup[lookup != NOT_COUNTED].max(initial=0))
        )
    args = _codes(strip, a), _codes(strip, b), frozen(np.asarray(lookup, np.uint8)), n
    _share(strip, add_joint, *_csr(strip), *args, _row_weight(strip, row_weight), strip.width, out)


def _share(strip: Strip, kernel: Callable[..., object], *args: object) -> None:
    spread(lambda first, last: kernel(first, last, *args), strip.parcel.size, strip.cell.size)


def _csr(strip: Strip) -> tuple[Any, Any, Any, Any]:
    return strip.parcel, strip.ptr, strip.cell, strip.coverage


def _layers(strip: Strip, values: NDArray[Any]) -> NDArray[Any]:
    v = values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
    # A single layer may come as a band of rows; layers come flattened or as (layers, rows, columns).
    v = v.reshape(1, -1) if v.size == strip.cells else v.reshape(v.shape[0], -1)
    if v.shape[1] != strip.cells:
        raise UsageError(_shape_text(strip, values.shape))
    return frozen(v)


def _codes(strip: Strip, codes: Codes) -> Codes:
    if codes.size != strip.cells or codes.dtype != np.uint8:
        raise UsageError(_shape_text(strip, (str(codes.dtype), *codes.shape)))
    return frozen(codes.reshape(-1))


def _row_weight(strip: Strip, row_weight: Floats | None) -> Floats:
    rows = strip.stop - strip.start
    if row_weight is None:
        return frozen(np.ones(rows))
    if row_weight.shape != (rows,):
        raise UsageError(_shape_text(strip, row_weight.shape))
    return frozen(np.asarray(row_weight, np.float64))


def _check_out(out: Floats, tail: tuple[int, ...]) -> None:
    if out.dtype == np.float64 and out.shape[1:] == tail and out.flags.c_contiguous:
        return
    zh, en = (
        "累加数组应为连续的 float64（地块数，{k}），实为 {t} {s}。",
        "Totals must be contiguous float64 (parcels, {k}), not {t} {s}.",
    )
    raise UsageError(Text(zh, en).fill(k=tail[0], t=out.dtype, s=out.shape))


def _check_classes(codes: Codes, columns: int) -> None:
    top = int(codes.max(initial=0))
    if top >= columns:
        text = Text("栅格中有编码 {c}，而统计表只到 {m}。", "The raster holds code {c}, but the table ends at {m}.")
        raise UsageError(text.fill(c=top, m=columns - 1))


def _shape_text(strip: Strip, shape: object) -> Text:
    return Text(
        "条带为 {a}–{b} 行、{w} 列，给出的数组为 {s}。", "The strip has rows {a} to {b} and {w} columns, the array given is {s}."
    ).fill(a=strip.start, b=strip.stop - 1, w=strip.width, s=shape)
