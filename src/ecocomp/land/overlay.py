"""Which ground two survey editions share: pairs of parcels that are equal to the byte, and pieces measured for all others.

For the comparison of editions (`ecocomp.land.compare`). Nearly all parcels of a new survey are those of the old one, so
shapes are first told apart by a 128-bit hash of their WKB; only what is left is cut, block by block along the Hilbert
order of the files, so that memory does not grow with the edition.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import read_table
from ecocomp.land.area import polygon_areas_m2
from ecocomp.land.pieces import subdivided
from ecocomp.terms.area import DM2_PER_M2
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.land.edition import Edition

Progress = Callable[[int, int, str], None]
MM2_PER_DM2 = 10_000
MM2_PER_M2 = MM2_PER_DM2 * DM2_PER_M2
BLOCK_PARCELS = 10_000
THREAD_PAIRS = 8_192
HASH_BYTES = 16
OPEN_GROUPS = 8
_COLUMNS = ["parcel_id", "village_code", "land_class", "area_dm2", "xmin", "ymin", "xmax", "ymax"]


@dataclass(frozen=True, slots=True)
class Side:
    """The rows of one edition without their shapes, in the order of the file.

    area_dm2  registered area on the ellipsoid; boxes (n, 4) in the edition's own system; prints (n, 2) hashes of the WKB
    """

    edition: Edition
    ids: pa.Array
    villages: pa.Array
    classes: pa.Array
    area_dm2: NDArray[np.int64]
    boxes: NDArray[np.float64]
    prints: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.area_dm2)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Ground shared by an old and a new parcel: rows in their editions, area measured in mm² (int64), sorted, unique."""

    old: NDArray[np.int64]
    new: NDArray[np.int64]
    mm2: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shared:
    """What two editions share.

    twins  pairs equal to the byte; nothing was measured, mm2 is the registered area of the old one
    cut    pairs measured, of parcels that are no twins
    alone_old, alone_new  mm² of each parcel that lie in no parcel of the other edition (measured)
    """

    twins: Pairs
    cut: Pairs
    alone_old: NDArray[np.int64]
    alone_new: NDArray[np.int64]


# ---------------------------------------------------------------- the rows
def read_side(edition: Edition) -> Side:
    """Read the rows of an edition and the hashes of its shapes, a row group at a time."""
    table = read_table(edition.path, _COLUMNS).combine_chunks()
    names = {n: _flat(table[n]) for n in _COLUMNS}
    boxes = np.stack([names[n].to_numpy() for n in _COLUMNS[4:]], axis=1)
    area = names["area_dm2"].to_numpy()
    return Side(edition, names["parcel_id"], names["village_code"], names["land_class"], area, boxes, _prints(edition))


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks)
        if column.num_chunks
        else pa.nulls(0, column.type)
    )


def _prints(edition: Edition) -> NDArray[np.uint64]:
    import pyarrow.parquet as pq

    found = bytearray()
    with pq.ParquetFile(edition.path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(batch_size=BLOCK_PARCELS, columns=["geometry"]):
            for shape in batch.column(0):
                found += hashlib.blake2b(shape.as_buffer(), digest_size=HASH_BYTES).digest()
    return np.frombuffer(bytes(found), "<u8").reshape(-1, 2)


# ---------------------------------------------------------------- one coordinate system
def common_system(old: Edition, new: Edition) -> Any:
    """Return what brings coordinates of the new edition into the system of the old one; None if they have the same.

    raises  `FaultsError` if they stand on different datums, which no formula joins without local control points
    """
    import pyproj

    here, there = pyproj.CRS.from_wkt(old.crs_wkt), pyproj.CRS.from_wkt(new.crs_wkt)
    if old.crs_wkt == new.crs_wkt or here.equals(there, ignore_axis_order=True):
        return None
    if not _same_datum(here, there):
        raise FaultsError([_other_datum(old, new, here, there)])
    return pyproj.Transformer.from_crs(there, here, always_xy=True)


def _same_datum(here: Any, there: Any) -> bool:
    one, two = here.geodetic_crs, there.geodetic_crs
    if one is None or two is None:
        return False
    return bool(one.equals(two, ignore_axis_order=True)) or (_datum_word(one), one.ellipsoid) == (_datum_word(two), two.ellipsoid)


def _datum_word(geodetic: Any) -> str:
    """Return the datum's name as all spellings of it have it: ESRI writes D_China_2000, EPSG China 2000."""
    word = "".join(c for c in geodetic.datum.name.lower().removeprefix("d_") if c.isalnum())
    return "china2000" if word in ("china2000", "chinageodeticcoordinatesystem2000", "cgcs2000") else word


def _other_datum(old: Edition, new: Edition, here: Any, there: Any) -> Fault:
    clash = Text("旧版次的基准是 {a}，新版次的是 {b}。", "the old edition stands on the datum {a}, the new one on {b}.")
    clash = clash.fill(a=_datum_of(here), b=_datum_of(there))
    remedy = Text(
        "请用当地控制点把其中一版转换到同一基准（CGCS2000）后重新导入。",
        "Bring one of them to the same datum (CGCS2000) with local control points, and import it again.",
    )
    return Fault("land.other_datum", str(new.path), "", clash, remedy)


def _datum_of(crs: Any) -> str:
    return str(crs.geodetic_crs.datum.name) if crs.geodetic_crs is not None else str(crs.name)


# ---------------------------------------------------------------- shapes, a row group at a time
class Shapes:
    """Reads the shapes of chosen rows of an edition; keeps a few row groups open.

    change  brings them into another coordinate system, where given
    """

    def __init__(self, edition: Edition, change: Any = None) -> None:
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(edition.path, page_checksum_verification=True)
        meta = self._file.metadata
        self._starts = np.cumsum([0, *(meta.row_group(i).num_rows for i in range(meta.num_row_groups))])
        self._open: OrderedDict[int, pa.Array] = OrderedDict()
        self._change = change

    def __enter__(self) -> Shapes:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the shapes of the rows (ascending)."""
        import shapely

        out = np.empty(len(rows), object)
        group = np.searchsorted(self._starts, rows, "right") - 1
        for g in np.unique(group):
            here = np.flatnonzero(group == g)
            wkb = self._group(int(g)).take(pa.array(rows[here] - self._starts[g]))
            out[here] = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False))
        return out if self._change is None else self._moved(out)

    def _group(self, g: int) -> pa.Array:
        if g not in self._open:
            while len(self._open) >= OPEN_GROUPS:
                self._open.popitem(last=False)
            self._open[g] = _flat(self._file.read_row_group(g, columns=["geometry"])["geometry"])
        self._open.move_to_end(g)
        return self._open[g]

    def _moved(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        import shapely

        moved = shapely.transform(shapes, lambda xy: np.stack(self._change.transform(xy[:, 0], xy[:, 1]), axis=1))
        broken = ~shapely.is_valid(moved)
        if broken.any():
            moved[broken] = shapely.make_valid(moved[broken])
        return np.asarray(moved, object)


def _moved_boxes(boxes: NDArray[np.float64], change: Any) -> NDArray[np.float64]:
    """Return boxes that surely hold what lay in the boxes before: corners and middles moved, and a margin for the bent sides."""
    x0, y0, x1, y1 = boxes.T
    xm, ym = (x0 + x1) / 2, (y0 + y1) / 2
    x, y = change.transform(np.concatenate([x0, xm, x1, x0, x1, x0, xm, x1]), np.concatenate([y0, y0, y0, ym, ym, y1, y1, y1]))
    x, y = np.reshape(x, (8, -1)), np.reshape(y, (8, -1))
    out = np.stack([x.min(0), y.min(0), x.max(0), y.max(0)], axis=1)
    margin = 0.02 * np.maximum(out[:, 2] - out[:, 0], out[:, 3] - out[:, 1])
    return np.asarray(out + margin[:, None] * np.array([-1.0, -1.0, 1.0, 1.0]))


# ---------------------------------------------------------------- twins
def _twins(old: Side, new: Side) -> Pairs:
    """Pair the parcels of equal WKB: first those of equal code, then those of another code, where each occurs once."""
    at = pc.fill_null(pc.index_in(old.ids, value_set=new.ids), -1).to_numpy().astype(np.int64)
    same = at >= 0
    same[same] = (old.prints[same] == new.prints[at[same]]).all(axis=1)
    one, two = np.flatnonzero(same), at[same]
    left_old, left_new = _others(one, len(old)), _others(two, len(new))
    a, b = _by_print(old.prints[left_old], new.prints[left_new])
    one, two = np.concatenate([one, left_old[a]]), np.concatenate([two, left_new[b]])
    order = np.argsort(one, kind="stable")
    return Pairs(one[order], two[order], old.area_dm2[one[order]] * MM2_PER_DM2)


def _others(rows: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    left = np.ones(n, bool)
    left[rows] = False
    return np.flatnonzero(left)


def _by_print(old: NDArray[np.uint64], new: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of hashes that occur exactly once on each side."""
    every = np.concatenate([old, new])
    _, first, kind, times = np.unique(every, axis=0, return_index=True, return_inverse=True, return_counts=True)
    kind = kind.reshape(-1)
    in_old = np.bincount(kind[: len(old)], minlength=len(times))
    both = (times == 2) & (in_old == 1)
    partner = np.full(len(times), -1, np.int64)
    partner[kind[len(old) :]] = np.arange(len(new))
    a = first[both]  # the first one is the old one
    return a.astype(np.int64), partner[kind[a]]


# ---------------------------------------------------------------- cutting
def shared_ground(old: Side, new: Side, progress: Progress | None = None) -> Shared:
    """Return what two editions share; areas of pieces are ellipsoidal, cut in the coordinate system of the old edition."""
    change = common_system(old.edition, new.edition)
    none = np.zeros(0, np.int64)
    twins = _twins(old, new) if change is None else Pairs(none, none, none)
    left_old, left_new = _others(twins.old, len(old)), _others(twins.new, len(new))
    boxes = new.boxes[left_new] if change is None else _moved_boxes(new.boxes[left_new], change)
    cutter = _Cutter(old, new, left_old, left_new, boxes, progress)
    with Shapes(old.edition) as here, Shapes(new.edition, change) as there:
        cut, plane = cutter.cut(here, there)
        alone_old = _alone(old, cut.old, cut.new, plane, cutter.plane_old, here, there, left_old, old.edition.crs_wkt)
        by_new = np.lexsort((cut.old, cut.new))
        alone_new = _alone(
            new, cut.new[by_new], cut.old[by_new], plane[by_new], cutter.plane_new, there, here, left_new, old.edition.crs_wkt
        )
    return Shared(twins, cut, alone_old, alone_new)


class _Cutter:
    """Cuts the parcels that are left with each other, block by block of the old edition's order."""

    def __init__(
        self,
        old: Side,
        new: Side,
        left_old: NDArray[np.int64],
        left_new: NDArray[np.int64],
        boxes: NDArray[np.float64],
        progress: Progress | None,
    ) -> None:
        self.old, self.left_old, self.left_new, self.boxes, self.progress = old, left_old, left_new, boxes, progress
        self.plane_old = np.full(len(old), np.nan)  # area in the plane of the old edition, of what was read
        self.plane_new = np.full(len(new), np.nan)

    def cut(self, here: Shapes, there: Shapes) -> tuple[Pairs, NDArray[np.float64]]:
        """Return the pairs with their measured areas, and their areas in the plane."""
        found = [self._block(rows, here, there) for rows in self._blocks()]
        none = np.zeros(0, np.int64)
        a, b, m2, plane = (np.concatenate(c) for c in zip(*found, strict=True)) if found else (none, none, none, none)
        mm2 = np.rint(m2 * MM2_PER_M2).astype(np.int64)
        real = mm2 > 0
        return Pairs(a[real], b[real], mm2[real]), np.asarray(plane[real], np.float64)

    def _blocks(self) -> Iterator[NDArray[np.int64]]:
        for start in range(0, len(self.left_old), BLOCK_PARCELS):
            yield self.left_old[start : start + BLOCK_PARCELS]
            if self.progress:
                self.progress(min(start + BLOCK_PARCELS, len(self.left_old)), len(self.left_old), "compare")

    def _block(self, rows: NDArray[np.int64], here: Shapes, there: Shapes) -> tuple[Any, Any, Any, Any]:
        import shapely

        shapes = here.take(rows)
        self.plane_old[rows] = shapely.area(shapes)
        near = self._near(rows)
        others = there.take(near)
        self.plane_new[near] = shapely.area(others)
        one, at_one = subdivided(shapes)
        two, at_two = subdivided(others)
        i, j = shapely.STRtree(two).query(one) if len(two) else (np.zeros(0, np.int64),) * 2
        parts, at = shapely.get_parts(_intersections(one, two, i, j), return_index=True)
        flat = np.isin(shapely.get_type_id(parts), (3, 6))
        parts, at = parts[flat], at[flat]
        key = rows[at_one[i[at]]] * np.int64(1 << 32) + near[at_two[j[at]]]
        pairs, place = np.unique(key, return_inverse=True)
        m2 = np.bincount(place, polygon_areas_m2(parts, self.old.edition.crs_wkt), len(pairs)) if len(parts) else np.zeros(0)
        plane = np.bincount(place, shapely.area(parts), len(pairs))
        return pairs >> 32, pairs & 0xFFFFFFFF, m2, plane

    def _near(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the new parcels, of those left, whose boxes meet the box of one of the old ones."""
        import shapely

        mine = self.old.boxes[rows]
        x0, y0, x1, y1 = self.boxes.T
        about = np.flatnonzero(
            (x1 >= mine[:, 0].min()) & (x0 <= mine[:, 2].max()) & (y1 >= mine[:, 1].min()) & (y0 <= mine[:, 3].max())
        )
        _, met = shapely.STRtree(shapely.box(*self.boxes[about].T)).query(shapely.box(*mine.T))
        return np.asarray(self.left_new[about[np.unique(met)]])


def _intersections(
    one: NDArray[np.object_], two: NDArray[np.object_], i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Cut pairs of shapes, in threads; each pair on its own, so that the result does not depend on their number."""
    import shapely

    def cut(start: int) -> NDArray[np.object_]:
        part = slice(start, start + THREAD_PAIRS)
        return np.asarray(shapely.intersection(one[i[part]], two[j[part]]), object)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        found = list(pool.map(cut, range(0, len(i), THREAD_PAIRS)))
    return np.concatenate(found) if found else np.zeros(0, object)


def _alone(
    side: Side,
    mine: NDArray[np.int64],
    theirs: NDArray[np.int64],
    plane: NDArray[np.float64],
    plane_all: NDArray[np.float64],
    shapes: Shapes,
    others: Shapes,
    left: NDArray[np.int64],
    crs: str,
) -> NDArray[np.int64]:
    """Return the mm² of each parcel of one side that no parcel of the other covers.

    Whether there is any is told in the plane, where pieces add up to the last digit; how much, by measuring what is left
    over on the ellipsoid. Less than half a dm² is none. Pairs are sorted by `mine`.
    """
    alone = np.zeros(len(side), np.int64)
    covered = np.bincount(mine, plane, len(side))
    untouched = left[covered[left] == 0.0]
    alone[untouched] = side.area_dm2[untouched] * MM2_PER_DM2
    touched = left[covered[left] > 0.0]
    rest = 1.0 - covered[touched] / plane_all[touched]
    partly = touched[rest * side.area_dm2[touched] >= 0.5]
    for start in range(0, len(partly), BLOCK_PARCELS):
        rows = partly[start : start + BLOCK_PARCELS]
        alone[rows] = _left_over(rows, mine, theirs, shapes, others, crs)
    return alone


def _left_over(
    rows: NDArray[np.int64], mine: NDArray[np.int64], theirs: NDArray[np.int64], shapes: Shapes, others: Shapes, crs: str
) -> NDArray[np.int64]:
    """Return the mm² of each of these parcels outside its partners."""
    import shapely

    low = int(np.searchsorted(mine, rows[0]))
    mine, theirs = mine[low:], theirs[low:]
    first, last = np.searchsorted(mine, rows), np.searchsorted(mine, rows, "right")
    spans = list(zip(first.tolist(), last.tolist(), strict=True))
    needed = np.unique(np.concatenate([theirs[a:b] for a, b in spans]))
    own, partners = shapes.take(rows), others.take(needed)
    covers = np.array([shapely.union_all(partners[np.searchsorted(needed, theirs[a:b])]) for a, b in spans], object)
    parts, at = shapely.get_parts(shapely.difference(own, covers), return_index=True)
    flat = np.isin(shapely.get_type_id(parts), (3, 6))
    m2 = np.bincount(at[flat], polygon_areas_m2(parts[flat], crs), len(rows)) if flat.any() else np.zeros(len(rows))
    return np.rint(m2 * MM2_PER_M2).astype(np.int64)
