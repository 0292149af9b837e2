"""Rows of parcels put in Hilbert order on disk, so that a million of them need no more memory than a tile of them.

For the making of editions and for topology. Rows come in any order, batch by batch, and are written down as they come;
then each goes to the bucket of its place on the curve, and each bucket, small enough for memory, is put in order.
Only the bounding boxes and three whole numbers per row are held.

Reference: D. E. Knuth, The Art of Computer Programming, vol. 3, section 5.4 (sorting by distribution to files).
"""

from __future__ import annotations

import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from ecocomp.io.files import disk_words
from ecocomp.land.order import hilbert_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE_ROWS = 40_000
KEPT_TILES = 4


class Tiles(Protocol):
    """Parcels in Hilbert order, a tile of rows at a time.

    starts  first row of each tile and, at the end, the number of rows
    boxes   (n, 4) xmin, ymin, xmax, ymax of each row
    """

    starts: NDArray[np.int64]
    boxes: NDArray[np.float64]

    def table(self, tile: int) -> pa.Table:
        """Return the rows of a tile; `parcel_id` and `geometry` (WKB) are among the columns."""
        ...


class Spool:
    """Rows put in order on disk; use it in a `with` statement, the folder goes at the end.

        with Spool(folder) as spool:
            spool.append(table, boxes)      # as often as wanted
            spool.sort()                    # by Hilbert distance of the box centres, ties by parcel code

    `source_rows` tells for each row in order which one it was as it came.
    """

    def __init__(self, folder: Path | str, tile_rows: int = TILE_ROWS) -> None:
        self.folder = Path(folder)
        self.tile_rows = tile_rows
        self.starts: NDArray[np.int64] = np.zeros(1, np.int64)
        self.boxes: NDArray[np.float64] = np.zeros((0, 4))
        self.source_rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._boxes: list[NDArray[np.float64]] = []
        self._ids: list[pa.ChunkedArray] = []
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None
        self._schema: pa.Schema | None = None
        self._kept: OrderedDict[int, pa.Table] = OrderedDict()

    def __enter__(self) -> Spool:
        sweep(self.folder)
        with disk_words(self.folder):
            self.folder.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def append(self, table: pa.Table, boxes: NDArray[np.float64]) -> None:
        """Write rows down; `boxes` (n, 4) are those of their shapes."""
        with disk_words(self.folder, table.nbytes):
            if self._writer is None:
                self._schema = table.schema
                self._writer = _writer(self.folder / "came.arrow", table.schema)
            self._writer.write_table(table.cast(self._schema))
        self._boxes.append(boxes)
        self._ids.append(table["parcel_id"])

    def sort(self) -> None:
        """Put all rows written so far in order."""
        boxes = np.concatenate(self._boxes) if self._boxes else np.zeros((0, 4))
        order = _order(boxes, self._ids)
        self._boxes, self._ids = [], []
        self.boxes, self.source_rows = boxes[order], order
        self.starts = np.append(np.arange(0, len(order), self.tile_rows), len(order)).astype(np.int64)
        if self._writer is None:
            return
        with disk_words(self.folder):
            self._writer.close()
            self._writer = None
            self._scatter(order)
        (self.folder / "came.arrow").unlink()

    def table(self, tile: int) -> pa.Table:
        """Return the rows of a tile in order; a few tiles last asked for are held."""
        if tile in self._kept:
            self._kept.move_to_end(tile)
            return self._kept[tile]
        with pa.OSFile(str(self._place(tile))) as file:
            rows = pa.ipc.open_stream(file).read_all()
        table = rows.take(pa.array(np.argsort(rows["_rank"].to_numpy(), kind="stable"))).drop_columns(["_rank"])
        self._kept[tile] = table
        while len(self._kept) > KEPT_TILES:
            self._kept.popitem(last=False)
        return table

    def tables(self) -> Iterator[pa.Table]:
        """Yield all rows in order, a tile at a time."""
        for tile in range(len(self.starts) - 1):
            yield self.table(tile)

    def _place(self, tile: int) -> Path:
        return self.folder / f"tile{tile:05d}.arrow"

    def _scatter(self, order: NDArray[np.int64]) -> None:
        """Send each row to the file of its tile."""
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        assert self._schema is not None
        schema = self._schema.append(pa.field("_rank", pa.int64()))
        sinks = [_writer(self._place(t), schema) for t in range(len(self.starts) - 1)]
        row = 0
        with pa.OSFile(str(self.folder / "came.arrow")) as file:
            for batch in pa.ipc.open_stream(file):
                here = rank[row : row + len(batch)]
                row += len(batch)
                tile = here // self.tile_rows
                by_tile = np.argsort(tile, kind="stable")
                cuts = np.flatnonzero(np.diff(tile[by_tile])) + 1
                whole = pa.Table.from_batches([batch]).append_column(schema.field("_rank"), pa.array(here))
                for piece in np.split(by_tile, cuts):
                    if len(piece):
                        sinks[int(tile[piece[0]])].write_table(whole.take(pa.array(piece)))
        for sink in sinks:
            sink.close()


class FileTiles:
    """An edition file as tiles: its rows are in Hilbert order already."""

    def __init__(self, path: Path | str, columns: Sequence[str] | None = None, row_groups: int = 4) -> None:
        import pyarrow.parquet as pq

        self.file = pq.ParquetFile(path, page_checksum_verification=True)
        self.columns = list(columns) if columns else None
        self._groups = row_groups
        sizes = [self.file.metadata.row_group(g).num_rows for g in range(self.file.metadata.num_row_groups)]
        ends = np.cumsum(sizes)[row_groups - 1 :: row_groups] if sizes else np.zeros(0, np.int64)
        starts = np.append(0, ends).astype(np.int64)
        total = int(sum(sizes))
        self.starts: NDArray[np.int64] = starts if starts[-1] == total else np.append(starts, total).astype(np.int64)
        boxes = self.file.read(["xmin", "ymin", "xmax", "ymax"])
        self.boxes: NDArray[np.float64] = np.stack([boxes[n].to_numpy() for n in ("xmin", "ymin", "xmax", "ymax")], axis=1)
        self.source_rows: NDArray[np.int64] = np.arange(total)
        self._kept: OrderedDict[int, pa.Table] = OrderedDict()

    def table(self, tile: int) -> pa.Table:
        """Return the rows of a tile."""
        if tile not in self._kept:
            last = min((tile + 1) * self._groups, self.file.metadata.num_row_groups)
            self._kept[tile] = self.file.read_row_groups(range(tile * self._groups, last), self.columns).combine_chunks()
            while len(self._kept) > KEPT_TILES:
                self._kept.popitem(last=False)
        return self._kept[tile]


def rows_of(tiles: Tiles, rows: NDArray[np.int64], columns: Sequence[str] = ("parcel_id", "geometry")) -> pa.Table:
    """Return some rows (ascending, each once) of the tiles, these columns only."""
    if not len(rows):
        return pa.table({c: pa.array([], pa.binary() if c == "geometry" else pa.string()) for c in columns})
    tile = np.searchsorted(tiles.starts, rows, side="right") - 1
    found = []
    for piece in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(tile)) + 1):
        at = int(tile[piece[0]])
        found.append(tiles.table(at).select(list(columns)).take(pa.array(rows[piece] - tiles.starts[at])))
    return pa.concat_tables(found)


def shapes_of(table: pa.Table) -> NDArray[np.object_]:
    """Return the polygons of a table with WKB in `geometry`."""
    import shapely

    column = table["geometry"]
    pieces = [shapely.from_wkb(c.to_numpy(zero_copy_only=False), on_invalid="ignore") for c in column.chunks]
    return np.concatenate(pieces) if pieces else np.zeros(0, object)


def spool_folder(target: Path) -> Path:
    """Return the folder this process may use for what becomes `target`."""
    return target.with_name(f".{target.name}.{os.getpid()}.spool")


def sweep(folder: Path) -> None:
    """Remove what killed processes left of the same work, and what this process left of it before."""
    stem = re.fullmatch(r"(\..+\.)\d+\.spool", folder.name)
    shutil.rmtree(folder, ignore_errors=True)
    if stem is None or not folder.parent.is_dir():
        return
    for other in folder.parent.glob(f"{glob_safe(stem.group(1))}*.spool"):
        number = other.name.removeprefix(stem.group(1)).removesuffix(".spool")
        if number.isdigit() and not _lives(int(number)):
            shutil.rmtree(other, ignore_errors=True)


def glob_safe(text: str) -> str:
    """Return text in which no character is a wildcard."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _writer(path: Path, schema: pa.Schema) -> pa.ipc.RecordBatchStreamWriter:
    return pa.ipc.new_stream(str(path), schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))


def _order(boxes: NDArray[np.float64], ids: list[pa.ChunkedArray]) -> NDArray[np.int64]:
    """Return the rows by Hilbert distance of their centres; of those in one cell, by parcel code."""
    if not len(boxes):
        return np.zeros(0, np.int64)
    key = hilbert_distance((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2)
    order = np.argsort(key, kind="stable").astype(np.int64)
    ranked = key[order]
    tied = np.zeros(len(key), bool)
    tied[1:] = ranked[1:] == ranked[:-1]
    tied[:-1] |= tied[1:]
    place = np.flatnonzero(tied)
    if len(place):
        every = pa.chunked_array([c for column in ids for c in column.chunks])
        rows = order[place]
        names = np.asarray(every.take(pa.array(rows)).to_pylist())
        order[place] = rows[np.lexsort((names, ranked[place]))]
    return order
