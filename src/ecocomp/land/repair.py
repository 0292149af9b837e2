"""Repairs of survey shapes, only where asked for, and each written down: what, where, area and vertices before and after.

Nothing here is applied by itself. Of single shapes: doubled vertices, spikes, bow ties. Between shapes: the same row twice,
slivers of overlap, small gaps. Two rules are ours (D, 2026-11-22): a sliver of overlap is taken from the parcel with the
larger code (or the larger area, if asked), and a gap goes to the neighbour with the longest line along it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.land.finds import Find, TopologyLimits, metres
from ecocomp.land.seams import Seams
from ecocomp.land.shapes import Rings, doubled, ground_of, polygons_in, spiked, without
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

SINGLE = ("duplicate_vertices", "spikes", "bow_ties")
COPIES = "duplicates"
BETWEEN = ("overlap_slivers", "small_gaps")
REPAIRS: dict[str, Text] = {
    "duplicate_vertices": Text("删除重复节点", "remove doubled vertices"),
    "spikes": Text("删除尖刺", "remove spikes"),
    "bow_ties": Text("打开自相交的小环", "undo crossings of the boundary"),
    "duplicates": Text("删除完全相同的重复行", "drop rows that are there twice"),
    "overlap_slivers": Text("切去细小重叠", "cut off slivers of overlap"),
    "small_gaps": Text("填补细小空隙", "fill small gaps"),
}
SCHEMA = pa.schema(
    [
        pa.field("parcel_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("other_id", pa.string()),
        pa.field("area_before_dm2", pa.int64(), nullable=False),
        pa.field("area_after_dm2", pa.int64(), nullable=False),
        pa.field("vertices_before", pa.int64(), nullable=False),
        pa.field("vertices_after", pa.int64(), nullable=False),
        pa.field("sha256_before", pa.string(), nullable=False),
        pa.field("sha256_after", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class RepairOptions:
    """Which repairs are asked for, and how far each may go.

    kinds          of `REPAIRS`; none: nothing is changed
    bow_tie_share  a crossing is undone only if the area changes by less than this share
    overlap_m2     overlaps up to this area are slivers (m²)
    gap_m2         gaps up to this area are filled (m²)
    loser          who gives the sliver up: the parcel with the larger code, or with the larger area (ties: larger code)
    limits         what counts as doubled or as a spike
    """

    kinds: frozenset[str] = frozenset()
    bow_tie_share: float = 0.01
    overlap_m2: float = 50.0
    gap_m2: float = 50.0
    loser: Literal["larger_code", "larger_area"] = "larger_code"
    limits: TopologyLimits = field(default_factory=TopologyLimits)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.kinds) - set(REPAIRS))
        if unknown:
            raise UsageError(
                Text("没有修复 {u}；可选：{h}。", "there is no repair {u}; there are: {h}.").fill(
                    u=", ".join(unknown), h=", ".join(REPAIRS)
                )
            )


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair of one parcel; a dropped row has no shape after."""

    parcel_id: str
    kind: str
    other_id: str | None
    area_before_dm2: int
    area_after_dm2: int
    vertices_before: int
    vertices_after: int
    sha256_before: str
    sha256_after: str | None


def table_of(repairs: Iterable[Repair]) -> pa.Table:
    """Return repairs as a table of `SCHEMA`."""
    every = list(repairs)
    return pa.table([pa.array([getattr(r, f.name) for r in every], f.type) for f in SCHEMA], schema=SCHEMA)


Change = tuple[str, str | None, Any, Any]
"""Parcel, the other one if there is, shape before, shape after (None: the row goes)."""


def records(kind: str, changes: Sequence[Change], crs: Any) -> list[Repair]:
    """Write down what changed; the hashes are those of the little-endian WKB."""
    import shapely

    areas = iter(_areas_dm2([shape for _, _, before, after in changes for shape in (before, after)], crs))
    out = []
    for name, other, before, after in changes:
        one, two = (0 if g is None else int(shapely.get_num_coordinates(g)) for g in (before, after))
        out.append(Repair(name, kind, other, next(areas), next(areas), one, two, _hash(before) or "", _hash(after)))
    return out


def _areas_dm2(shapes: Sequence[Any], crs: Any) -> list[int]:
    """Return areas in dm², 0 for None; of a shape that is not valid, that of the ground inside its rings."""
    import shapely

    ground = [None if g is None else g if shapely.is_valid(g) else ground_of(shapely.make_valid(g)) for g in shapes]
    known = np.array([g for g in ground if g is not None], object)
    areas = iter(areas_dm2(polygon_areas_m2(known, crs)).tolist() if len(known) else [])
    return [0 if g is None else next(areas) for g in ground]


def _hash(shape: Any) -> str | None:
    import shapely

    return None if shape is None else hashlib.sha256(shapely.to_wkb(shape, byte_order=1)).hexdigest()


# ---------------------------------------------------------------- single shapes
def repair_shapes(
    ids: Sequence[str], shapes: NDArray[np.object_], crs: Any, options: RepairOptions
) -> tuple[NDArray[np.object_], list[Repair]]:
    """Mend single shapes as asked; return all shapes and a record of each that changed."""
    import shapely

    asked = [k for k in SINGLE if k in options.kinds]
    out = shapes.copy()
    done: list[Repair] = []
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    for kind in asked:
        changes: list[Change] = []
        for i in _suspects(out, polygon, crs, kind, options.limits):
            mended = _mended(out[i], kind, crs, options)
            if mended is not None:
                changes.append((ids[i], None, out[i], mended))
                out[i] = mended
        done += records(kind, changes, crs)
    return out, done


def _suspects(shapes: NDArray[np.object_], polygon: NDArray[np.bool_], crs: Any, kind: str, limits: TopologyLimits) -> Any:
    """Return which shapes may need a repair of this kind."""
    import shapely

    at = np.flatnonzero(polygon)
    if not len(at):
        return at
    if kind == "bow_ties":
        return at[~shapely.is_valid(shapes[at])]
    rings = Rings.of(shapes[at])
    scale = metres(crs, shapely.bounds(shapes[at]))
    twice = doubled(rings, scale, limits.same_vertex_m)
    if kind == "duplicate_vertices":
        return at[np.unique(rings.owner[twice])]
    plain = without(rings, twice)
    return at[np.unique(plain.owner[spiked(plain, scale, limits)])]


def _mended(shape: Any, kind: str, crs: Any, options: RepairOptions) -> Any:
    """Return the shape mended, or None if that cannot be done within the options."""
    if kind == "duplicate_vertices":
        return without_doubled(shape, crs, options.limits)
    if kind == "spikes":
        return without_spikes(shape, crs, options.limits)
    return without_crossings(shape, crs, options.bow_tie_share)


def without_doubled(shape: Any, crs: Any, limits: TopologyLimits) -> Any:
    """Return the shape with each vertex once, None if nothing would be left of it."""
    import shapely

    scale = metres(crs, shapely.bounds(np.atleast_1d(shape)))
    return _by_ring(shape, lambda rings: doubled(rings, scale, limits.same_vertex_m))


def without_spikes(shape: Any, crs: Any, limits: TopologyLimits) -> Any:
    """Return the shape without spikes (and doubled vertices), None if nothing would be left of it."""
    import shapely

    scale = metres(crs, shapely.bounds(np.atleast_1d(shape)))
    plain = without_doubled(shape, crs, limits)
    for _ in range(20):
        if plain is None or not spiked(Rings.of(np.atleast_1d(plain)), scale, limits).any():
            return plain
        plain = _by_ring(plain, lambda rings: spiked(rings, scale, limits))
        plain = None if plain is None else without_doubled(plain, crs, limits)
    return None


def without_crossings(shape: Any, crs: Any, share: float) -> Any:
    """Return the polygons a crossed boundary encloses, None if the area differs by `share` or more from the largest piece."""
    import shapely

    parts = polygons_in(shapely.make_valid(shape))
    if not len(parts):
        return None
    areas = polygon_areas_m2(parts, crs)
    total = float(areas.sum())
    if total <= 0 or float(total - areas.max()) >= share * total:
        return None
    kept = parts[areas >= areas.max()][:1]
    return kept[0]


def _by_ring(shape: Any, gone: Any) -> Any:
    """Return the shape without the vertices that `gone(rings)` says; holes that vanish go, None if the outer ring does."""
    import shapely

    made = []
    for part in shapely.get_parts(np.atleast_1d(shape)):
        loops = [_ring(r, gone) for r in (part.exterior, *part.interiors)]
        if loops[0] is not None:
            made.append(shapely.polygons(loops[0], [hole for hole in loops[1:] if hole is not None] or None))
    if not made:
        return None
    return made[0] if shapely.get_type_id(shape) == 3 else shapely.multipolygons(made)


def _ring(ring: Any, gone: Any) -> Any:
    import shapely

    xy = shapely.get_coordinates(ring)
    rings = Rings(xy, np.zeros(len(xy), np.int64), np.zeros(len(xy), np.int64))
    kept = without(rings, gone(rings)).xy
    return shapely.linearrings(kept) if len(kept) >= 4 else None


# ---------------------------------------------------------------- rows that are there twice
class Copies:
    """Tells, batch by batch, which rows repeat the code and the shape of an earlier row."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def found(self, ids: Sequence[str], wkb: Sequence[bytes | None]) -> NDArray[np.bool_]:
        """Return which of these rows were there before, byte by byte; rows without a code never are."""
        out = np.zeros(len(ids), bool)
        for i, (name, shape) in enumerate(zip(ids, wkb, strict=True)):
            if not name or shape is None:
                continue
            key = hashlib.blake2b(name.encode() + b"\0" + shape, digest_size=16).digest()
            out[i] = key in self._seen
            self._seen.add(key)
        return out


# ---------------------------------------------------------------- between shapes
def repair_seams(seams: Seams, finds: Sequence[Find], options: RepairOptions) -> tuple[dict[int, Any], list[Repair]]:
    """Mend what was found between shapes, as asked; return the new shape of each row that changes.

    finds  of `seams`, with the rows they are about; the gaps in the order of `seams.gap_shapes()`
    """
    asked = [f for f in finds if f.kind in ("overlap", "gap") and (f.area_m2 or 0) <= max(options.overlap_m2, options.gap_m2)]
    work = _Changes(seams, np.array([r for f in asked for r in f.rows if r >= 0], np.int64))
    done: list[Repair] = []
    if "overlap_slivers" in options.kinds:
        done += _cut_slivers(work, [f for f in finds if f.kind == "overlap" and (f.area_m2 or 0) <= options.overlap_m2], options)
    if "small_gaps" in options.kinds:
        gaps = zip([f for f in finds if f.kind == "gap"], seams.gap_shapes(), strict=True)
        done += _fill_gaps(work, [(f, g) for f, g in gaps if (f.area_m2 or 0) <= options.gap_m2])
    return work.new, done


class _Changes:
    """The shapes of some rows as they are after the repairs so far."""

    def __init__(self, seams: Seams, rows: NDArray[np.int64]) -> None:
        self.seams = seams
        self.new: dict[int, Any] = {}
        rows = np.unique(rows)
        self._old = dict(zip(rows.tolist(), seams.shapes(rows)[0], strict=True)) if len(rows) else {}

    def shape(self, row: int) -> Any:
        """Return the shape of a row as it is now."""
        return self.new[row] if row in self.new else self._old[row]


def _cut_slivers(work: _Changes, finds: Collection[Find], options: RepairOptions) -> list[Repair]:
    import shapely

    done: list[Change] = []
    for find in finds:
        one, two = work.shape(find.rows[0]), work.shape(find.rows[1])
        if one is None or two is None or find.other_id is None:
            continue
        named = [(find.parcel_id, find.rows[0], one), (find.other_id, find.rows[1], two)]
        named.sort(key=lambda n: n[0])
        if options.loser == "larger_area":
            named.sort(key=lambda n: float(polygon_areas_m2(np.array([n[2]], object), work.seams.crs)[0]))
        (keeper, _, kept), (loser, row, lost) = named
        after = _polygonal(shapely.difference(lost, kept))
        if after is None:
            continue
        done.append((loser, keeper, lost, after))
        work.new[row] = after
    return records("overlap_slivers", done, work.seams.crs)


def _fill_gaps(work: _Changes, found: Sequence[tuple[Find, Any]]) -> list[Repair]:
    import shapely

    done: list[Change] = []
    for find, gap in found:
        before = work.shape(find.rows[0])
        if before is None:
            continue
        after = _polygonal(shapely.union(before, gap))
        if after is None or shapely.get_num_geometries(after) > shapely.get_num_geometries(before):
            continue
        done.append((find.parcel_id, find.other_id, before, after))
        work.new[find.rows[0]] = after
    return records("small_gaps", done, work.seams.crs)


def _polygonal(shape: Any) -> Any:
    import shapely

    parts = polygons_in(shape)
    if not len(parts):
        return None
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
